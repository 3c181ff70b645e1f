"""Events as the Events API words them: what happened in the workspace, for those events our app subscribed to.

https://docs.slack.dev/reference/events. An event is sent when the manifest subscribes to it, the scope that it needs
is granted, and the bot is a member of the conversation.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.model import Channel, Json, Message
from bot.sandbox.slack.shapes import channel_json, message_json, user_json, usergroup_json, view_json
from bot.sandbox.slack.socket_mode import SocketMode
from bot.sandbox.slack.workspace import Workspace


class Events:
    """Words events and hands them to Socket Mode."""

    def __init__(self, workspace: Workspace, sockets: SocketMode, faults: Faults) -> None:
        self._workspace = workspace
        self._sockets = sockets
        self._faults = faults

    # --- messages

    def message_posted(self, message: Message) -> None:
        """A new message; also `app_mention` where it mentions our bot."""
        channel = self._workspace.channels[message.channel]
        event = self._posted(message, channel)
        self._emit_message(event, channel)
        if f"<@{self._workspace.bot_user.id}>" in message.text and message.bot_id != self._workspace.bot_id:
            mention = {key: value for key, value in event.items() if key not in ("channel_type", "subtype")}
            self._emit({**mention, "type": "app_mention"}, "app_mention", "app_mentions:read", channel)

    def _posted(self, message: Message, channel: Channel) -> Json:
        event = message_json(self._workspace, message, metadata=True)
        if message.files:
            event["upload"] = False
            event["display_as_bot"] = False
        if channel.is_shared and message.user:
            user = self._workspace.users[message.user]
            profile = user_json(self._workspace, user, with_email=False)["profile"]
            event |= {"user_team": user.team_id, "source_team": user.team_id, "user_profile": profile}
        return {**event, "channel": channel.id, "event_ts": message.ts, "channel_type": channel.channel_type}

    def message_changed(self, message: Message, previous: Json) -> None:
        """A message looks different: edited, updated by its app, or its links were unfolded."""
        channel = self._workspace.channels[message.channel]
        event = {
            "type": "message",
            "subtype": "message_changed",
            "message": message_json(self._workspace, message, metadata=True),
            "previous_message": previous,
            "hidden": True,
        }
        self._emit_message(self._stamped(event, channel), channel)

    def message_deleted(self, channel: Channel, previous: Json) -> None:
        """A message is gone."""
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "deleted_ts": previous["ts"],
            "previous_message": previous,
            "hidden": True,
        }
        self._emit_message(self._stamped(event, channel), channel)

    def _stamped(self, event: Json, channel: Channel) -> Json:
        ts = self._workspace.new_ts()
        return {**event, "channel": channel.id, "ts": ts, "event_ts": ts, "channel_type": channel.channel_type}

    def _emit_message(self, event: Json, channel: Channel) -> None:
        family = channel.scope_family
        self._emit(event, f"message.{family}", f"{family}:history", channel)

    # --- around messages

    def reaction(self, kind: str, user: str, name: str, message: Message) -> None:
        """`reaction_added` or `reaction_removed`."""
        event = {
            "type": kind,
            "user": user,
            "reaction": name,
            "item": {"type": "message", "channel": message.channel, "ts": message.ts},
            "item_user": message.user,
        }
        self._emit(event, kind, "reactions:read", self._workspace.channels[message.channel])

    def file_shared(self, file: str, user: str, channel: Channel) -> None:
        """A file appeared in a conversation."""
        event = {
            "type": "file_shared",
            "file_id": file,
            "user_id": user,
            "file": {"id": file},
            "channel_id": channel.id,
        }
        self._emit(event, "file_shared", "files:read", channel)

    def pin(self, kind: str, user: str, message: Message) -> None:
        """`pin_added` or `pin_removed`."""
        channel = self._workspace.channels[message.channel]
        item = {"type": "message", "channel": channel.id, "message": message_json(self._workspace, message)}
        self._emit({"type": kind, "user": user, "channel_id": channel.id, "item": item}, kind, "pins:read", channel)

    # --- conversations, people, the Home tab

    def member(self, kind: str, user: str, channel: Channel, inviter: str | None = None) -> None:
        """`member_joined_channel` or `member_left_channel`."""
        event: Json = {
            "type": kind,
            "user": user,
            "channel": channel.id,
            "channel_type": "G" if channel.kind == "private" else "C",
            "team": self._workspace.users[user].team_id,
        }
        if inviter:
            event["inviter"] = inviter
        self._emit(event, kind, f"{channel.scope_family}:read", channel)

    def bot_left(self, channel: Channel, actor: str) -> None:
        """Our bot was removed; the last that it hears of that channel."""
        kind = "group_left" if channel.kind == "private" else "channel_left"
        event = {"type": kind, "channel": channel.id, "actor_id": actor}
        self._emit(event, kind, f"{channel.scope_family}:read", None)

    def channel_state(self, verb: str, channel: Channel, user: str) -> None:
        """`channel_archive`, `channel_unarchive`, `channel_rename`, and the same for private ones (`group_...`)."""
        kind = f"{'group' if channel.kind == 'private' else 'channel'}_{verb}"
        event: Json = {"type": kind, "channel": channel.id, "user": user}
        if verb == "rename":
            event["channel"] = channel_json(self._workspace, channel)
        self._emit(event, kind, f"{channel.scope_family}:read", channel)

    def app_home_opened(self, user: str, tab: str) -> None:
        """Somebody opened the app's Home or Messages tab."""
        channel = self._workspace.direct_channel([user])
        event: Json = {"type": "app_home_opened", "user": user, "channel": channel.id, "tab": tab}
        home = self._workspace.home(user)
        if home is not None and tab == "home":
            event["view"] = view_json(self._workspace, home)
        self._emit(event, "app_home_opened", None, channel)

    def usergroup_changed(self, group: str) -> None:
        """The members of a user group changed."""
        subteam = usergroup_json(self._workspace, self._workspace.usergroups[group], with_users=True)
        self._emit({"type": "subteam_updated", "subteam": subteam}, "subteam_updated", "usergroups:read", None)

    def user_changed(self, user: str) -> None:
        """Somebody's profile or state changed."""
        with_email = "users:read.email" in self.granted
        shape = user_json(self._workspace, self._workspace.users[user], with_email=with_email)
        event = {"type": "user_change", "user": shape, "cache_ts": self._workspace.epoch()}
        self._emit(event, "user_change", "users:read", None)

    # --- the envelope's inside

    @property
    def granted(self) -> set[str]:
        """Scopes that are granted and not revoked."""
        return self._workspace.scopes - self._faults.revoked_scopes

    def _emit(self, event: Json, name: str, scope: str | None, channel: Channel | None) -> None:
        workspace = self._workspace
        workspace.changed()
        subscribed = workspace.app.events is None or name in workspace.app.events
        present = channel is None or workspace.bot_user.id in channel.members
        if not subscribed or not present or (scope is not None and scope not in self.granted):
            return
        event.setdefault("event_ts", workspace.new_ts())
        self._sockets.send_event(self._callback(event, channel))

    def _callback(self, event: Json, channel: Channel | None) -> Json:
        workspace = self._workspace
        authorization: Json = {
            "enterprise_id": None,
            "team_id": workspace.team.id,
            "user_id": workspace.bot_user.id,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        payload: dict[str, Any] = {
            "token": "stand-in-verification-token",
            "team_id": workspace.team.id,
            "context_team_id": workspace.team.id,
            "context_enterprise_id": None,
            "api_app_id": workspace.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": workspace.new_id("Ev"),
            "event_time": int(float(event["event_ts"])),
            "authorizations": [authorization],
            "is_ext_shared_channel": channel is not None and channel.is_shared,
            "event_context": f"4-{workspace.new_id('ctx')}",
        }
        return payload
