"""How Slack writes its objects as JSON, in answers and in payloads."""

from __future__ import annotations

import mimetypes

from bot.sandbox.slack.model import Channel, File, Json, Message, User, Usergroup, View
from bot.sandbox.slack.workspace import Workspace


def user_json(workspace: Workspace, user: User, *, with_email: bool) -> Json:
    """A user object; `email` only where the app may read it."""
    profile: Json = {
        "title": user.title,
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "team": user.team_id,
    }
    if with_email and user.email:
        profile["email"] = user.email
    if user.bot_id:
        profile |= {"bot_id": user.bot_id, "api_app_id": user.app_id}
    shape: Json = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "real_name": user.real_name,
        "tz": user.tz,
        "profile": profile,
        "is_bot": user.bot_id is not None,
        "is_app_user": False,
        "is_admin": False,
        "is_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "updated": 0,
    }
    if user.team_id != workspace.team.id:
        shape["is_stranger"] = True
    return shape


def channel_json(workspace: Workspace, channel: Channel) -> Json:
    """A conversation object as the bot sees it."""
    if channel.kind == "im":
        other = next(user for user in channel.members if user != workspace.bot_user.id)
        return {
            "id": channel.id,
            "created": channel.created,
            "is_im": True,
            "is_org_shared": False,
            "is_archived": channel.is_archived,
            "user": other,
            "is_user_deleted": workspace.users[other].deleted,
        }
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "created": channel.created,
        "creator": channel.creator,
        "is_channel": channel.kind == "public",
        "is_group": channel.kind == "private",
        "is_im": False,
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "public",
        "is_archived": channel.is_archived,
        "is_general": False,
        "is_member": workspace.bot_user.id in channel.members,
        "is_shared": channel.is_shared,
        "is_ext_shared": channel.is_shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "context_team_id": workspace.team.id,
        "shared_team_ids": [workspace.team.id, *channel.shared_with],
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
    }


def message_json(workspace: Workspace, message: Message, *, metadata: bool = False) -> Json:
    """A message object; `metadata` only where it was asked for."""
    shape: Json = {"type": "message", "text": message.text, "ts": message.ts}
    if message.user:
        shape |= {"user": message.user, "team": message.team}
    optional = {
        "subtype": message.subtype,
        "bot_id": message.bot_id,
        "app_id": message.app_id,
        "username": message.username,
        "client_msg_id": message.client_msg_id,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "edited": message.edited,
        "thread_ts": message.thread_ts,
        "metadata": message.metadata if metadata else None,
        "pinned_to": [message.channel] if message.pinned else None,
        "reactions": [
            {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
        ],
        "files": [message_file_json(workspace, workspace.files[file], message.channel) for file in message.files],
    }
    shape |= {key: value for key, value in optional.items() if value}
    if message.bot_id and message.subtype is None:
        shape["bot_profile"] = bot_json(workspace, message.bot_id)
    channel = workspace.channels[message.channel]
    if message.thread_ts:
        parent = channel.messages.get(message.thread_ts)
        if parent is not None and parent.user:
            shape["parent_user_id"] = parent.user
        return shape
    replies = channel.replies(message.ts)
    if replies:
        shape |= {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": list(dict.fromkeys(reply.user for reply in replies if reply.user)),
            "reply_users_count": len({reply.user for reply in replies}),
            "latest_reply": replies[-1].ts,
            "subscribed": False,
            "is_locked": False,
        }
    return shape


def bot_json(workspace: Workspace, bot_id: str) -> Json:
    """A bot object, by its `B...` id."""
    user = next(user for user in workspace.users.values() if user.bot_id == bot_id)
    return {
        "id": bot_id,
        "app_id": user.app_id,
        "user_id": user.id,
        "name": user.name,
        "deleted": user.deleted,
        "updated": 0,
        "team_id": user.team_id,
        "icons": {},
    }


def file_json(workspace: Workspace, file: File, base_url: str = "") -> Json:
    """A file object as `files.info` gives it."""
    mimetype = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    address = f"{base_url}/files-pri/{workspace.team.id}-{file.id}"
    places: dict[str, Json] = {}
    for channel, shares in file.shares.items():
        kind = "public" if workspace.channels[channel].kind == "public" else "private"
        places.setdefault(kind, {})[channel] = shares
    kinds = {channel: workspace.channels[channel].kind for channel in file.shares}
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": mimetype,
        "filetype": file.name.rpartition(".")[2].lower() or "binary",
        "pretty_type": mimetype,
        "user": file.user,
        "user_team": workspace.users[file.user].team_id,
        "mode": "hosted",
        "is_external": False,
        "is_public": "public" in places,
        "editable": False,
        "size": file.size,
        "alt_txt": file.alt_txt,
        "url_private": f"{address}/{file.name}",
        "url_private_download": f"{address}/download/{file.name}",
        "permalink": f"https://{workspace.team.domain}.slack.com/files/{file.user}/{file.id}/{file.name}",
        "channels": [channel for channel, kind in kinds.items() if kind == "public"],
        "groups": [channel for channel, kind in kinds.items() if kind in ("private", "mpim")],
        "ims": [channel for channel, kind in kinds.items() if kind == "im"],
        "shares": places,
        "comments_count": 0,
        "has_rich_preview": False,
    }


def message_file_json(workspace: Workspace, file: File, channel: str) -> Json:
    """A file within a message: in shared channels only a hint to call `files.info` (`check_file_info`)."""
    if workspace.channels[channel].is_shared and workspace.is_stranger(file.user):
        return {"id": file.id, "mode": "file_access", "file_access": "check_file_info", "created": 0, "timestamp": 0}
    return file_json(workspace, file, workspace.base_url)


def view_json(workspace: Workspace, view: View) -> Json:
    """A view object as Slack returns it and puts it into payloads."""
    body = view.body
    return {
        "id": view.id,
        "team_id": workspace.team.id,
        "type": body["type"],
        "blocks": body.get("blocks", []),
        "private_metadata": body.get("private_metadata", ""),
        "callback_id": body.get("callback_id", ""),
        "external_id": body.get("external_id", ""),
        "state": {"values": view.state},
        "hash": view.hash,
        "title": body.get("title", {"type": "plain_text", "text": "View Title", "emoji": True}),
        "close": body.get("close"),
        "submit": body.get("submit"),
        "clear_on_close": body.get("clear_on_close", False),
        "notify_on_close": body.get("notify_on_close", False),
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": workspace.app_id,
        "app_installed_team_id": workspace.team.id,
        "bot_id": workspace.bot_id,
    }


def usergroup_json(workspace: Workspace, group: Usergroup, *, with_users: bool) -> Json:
    """A user group object."""
    shape: Json = {
        "id": group.id,
        "team_id": workspace.team.id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "is_external": False,
        "date_create": group.created,
        "date_update": group.created,
        "date_delete": 0,
        "user_count": len(group.users),
    }
    if with_users:
        shape["users"] = list(group.users)
    return shape


def snapshot(workspace: Workspace) -> Json:
    """The whole visible workspace; messages in order, ephemerals and views by the user who sees them."""
    return {
        "revision": workspace.revision,
        "now": workspace.now().isoformat(),
        "team": {"id": workspace.team.id, "name": workspace.team.name, "domain": workspace.team.domain},
        "teams": {team.id: {"name": team.name, "domain": team.domain} for team in workspace.teams.values()},
        "bot_user": workspace.bot_user.id,
        "users": {user.id: user_json(workspace, user, with_email=True) for user in workspace.users.values()},
        "usergroups": [usergroup_json(workspace, group, with_users=True) for group in workspace.usergroups.values()],
        "channels": [_channel_snapshot(workspace, channel) for channel in workspace.channels.values()],
        "views": {
            user: [_view_snapshot(workspace, workspace.views[view]) for view in stack]
            for user, stack in workspace.stacks.items()
            if stack
        },
        "homes": {user: view_json(workspace, view) for user, view in workspace.homes.items()},
        "user_errors": [
            {"user": error.user, "where": error.where, "what": error.what, "at": error.at.isoformat()}
            for error in workspace.user_errors
        ],
        "violations": [{"where": found.where, "what": found.what} for found in workspace.violations],
    }


def _channel_snapshot(workspace: Workspace, channel: Channel) -> Json:
    seen: dict[str, list[Json]] = {}
    for message in channel.ephemerals.values():
        seen.setdefault(str(message.visible_to), []).append(message_json(workspace, message, metadata=True))
    return {
        **channel_json(workspace, channel),
        "kind": channel.kind,
        "members": list(channel.members),
        "messages": [message_json(workspace, message, metadata=True) for message in channel.messages.values()],
        "ephemerals": seen,
    }


def _view_snapshot(workspace: Workspace, view: View) -> Json:
    return {**view_json(workspace, view), "errors": dict(view.errors)}
