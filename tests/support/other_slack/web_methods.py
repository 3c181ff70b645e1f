"""The Web API's methods that the app calls, as its reference has them; each gives what its answer holds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tests.support.other_slack.block_kit import (
    MESSAGE_CHARACTERS,
    VIEW_CHARACTERS,
    size,
    wrong_with_message,
    wrong_with_view,
)
from tests.support.other_slack.workspace import (
    APP,
    BOT_ID,
    BOT_USER,
    ENTERPRISE,
    TEAM,
    Body,
    Channel,
    User,
    Workspace,
)

TEXT_LIMIT, EDITED_TEXT_LIMIT = 40_000, 4_000


class Refused(Exception):  # it is Slack's word, and no error of ours
    """The call is answered with this error, and more fields."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error, self.more = error, more


class Methods:
    """What can be called.

    Attributes:
        page: How many items a page has, whatever was asked for.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.base = ""
        self.page = 2
        self.socket_url: Callable[[], str] = str
        self.by_name: dict[str, Callable[[Body], Body]] = {
            "apps.connections.open": lambda _: {"url": self.socket_url()},
            "auth.test": self._auth_test,
            "users.info": self._users_info,
            "usergroups.users.list": self._group_members,
            "conversations.info": self._channel_info,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.postEphemeral": self._post_ephemeral,
            "views.open": self._open_view,
            "views.push": self._open_view,
            "views.update": self._update_view,
            "views.publish": self._publish_view,
            "files.getUploadURLExternal": self._upload_url,
            "files.completeUploadExternal": self._complete_upload,
            "files.info": self._file_info,
            "files.delete": self._delete_file,
            "users.conversations": self._channels_of,
        }

    # --- people and channels -----------------------------------------------------------------------------------
    def _auth_test(self, _args: Body) -> Body:
        ids = {"team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT_ID, "enterprise_id": ENTERPRISE}
        return {"url": "https://exclusive.enterprise.slack.com/", "team": "Exclusive", "user": "hezo", **ids}

    def _users_info(self, args: Body) -> Body:
        user = self.workspace.users.get(str(args["user"]))
        if user is None:
            raise Refused("user_not_found")
        profile = {"real_name": user.real_name, "display_name": "", "fields": None}
        return {"user": {"id": user.id, "team_id": user.team, "name": user.name, "profile": profile}}

    def _group_members(self, args: Body) -> Body:
        if args["usergroup"] not in self.workspace.groups:
            raise Refused("no_such_subteam")
        return {"users": self.workspace.groups[args["usergroup"]]}

    def _channels_of(self, args: Body) -> Body:
        members = {str(args.get("user") or BOT_USER), BOT_USER}
        found = [each for each in self.workspace.channels.values() if members <= each.members and not each.archived]
        return self._paged([{"id": channel.id, "name": channel.name} for channel in found], args, "channels")

    def _channel(self, args: Body, *, member: bool = True) -> Channel:
        channel = self.workspace.channels.get(str(args["channel"]))
        if channel is None or (channel.private and BOT_USER not in channel.members):
            raise Refused("channel_not_found")
        if member and BOT_USER not in channel.members:
            raise Refused("not_in_channel")
        return channel

    def _channel_to_post_in(self, args: Body) -> Channel:
        channel = self._channel(args)
        if channel.archived:
            raise Refused("is_archived")
        return channel

    def _channel_info(self, args: Body) -> Body:
        channel = self._channel(args, member=False)
        is_member = BOT_USER in channel.members
        return {"channel": {"id": channel.id, "is_archived": channel.archived, "is_member": is_member}}

    def _history(self, args: Body) -> Body:
        heads = [m for m in self._channel(args).messages.values() if m.get("thread_ts") in (None, m["ts"])]
        return self._paged([m for m in reversed(heads) if _within(m, args)], args)

    def _replies(self, args: Body) -> Body:
        thread = self._channel(args).thread(str(args["ts"]))
        if not thread:
            raise Refused("thread_not_found")
        return self._paged([m for m in thread if m["ts"] == args["ts"] or _within(m, args)], args)

    def _paged(self, messages: list[Body], args: Body, name: str = "messages") -> Body:
        start = int(str(args.get("cursor") or "at:0").removeprefix("at:"))
        end = start + min(self.page, int(args.get("limit") or 100))
        shown = messages[start:end]
        if str(args.get("include_all_metadata")).lower() not in {"true", "1"}:
            shown = [{name: value for name, value in m.items() if name != "metadata"} for m in shown]
        following = f"at:{end}" if end < len(messages) else ""
        return {name: shown, "response_metadata": {"next_cursor": following}}

    # --- messages ----------------------------------------------------------------------------------------------
    def _post(self, args: Body) -> Body:
        channel = self._channel_to_post_in(args)
        self._check_content(args, TEXT_LIMIT)
        message = self._posted(channel, args)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def _posted(self, channel: Channel, args: Body) -> Body:
        head = channel.messages.get(str(args.get("thread_ts", "")))
        if "thread_ts" in args and head is None:
            raise Refused("thread_not_found")
        if head is not None and head.get("thread_ts") not in (None, head["ts"]):
            self.workspace.violations.append("thread_ts is a reply's, not the parent's")
        who = {"user": BOT_USER, "bot_id": BOT_ID, "app_id": APP, "team": TEAM}
        message: Body = {"type": "message", **who, "text": args.get("text", ""), "ts": self.workspace.new_ts()}
        if args.get("blocks"):
            message["blocks"] = self.workspace.dress(args["blocks"])
        message |= {name: args[name] for name in ("thread_ts", "metadata") if name in args}
        channel.messages[message["ts"]] = message
        if head is not None:
            head["thread_ts"] = head["ts"]
        return message

    def _update(self, args: Body) -> Body:
        channel = self._channel_to_post_in(args)
        message = channel.messages.get(str(args["ts"]))
        if message is None:
            raise Refused("message_not_found")
        if message.get("user") != BOT_USER:
            raise Refused("cant_update_message")
        self._check_content(args, EDITED_TEXT_LIMIT)
        message |= {"text": args.get("text", ""), "blocks": self.workspace.dress(args.get("blocks", []))}
        return {"channel": channel.id, "ts": message["ts"], "text": message["text"]}

    def _delete(self, args: Body) -> Body:
        channel = self._channel(args)
        if channel.messages.pop(str(args["ts"]), None) is None:
            raise Refused("message_not_found")
        return {"channel": channel.id, "ts": args["ts"]}

    def _post_ephemeral(self, args: Body) -> Body:
        channel = self._channel_to_post_in(args)
        user = self.workspace.users.get(str(args["user"]))
        if user is None or user.id not in channel.members:
            raise Refused("user_not_in_channel")
        self._check_content(args, TEXT_LIMIT)
        shown = {"ts": self.workspace.new_ts(), "channel": channel.id, "text": args.get("text", "")}
        shown |= {"thread_ts": args["thread_ts"]} if "thread_ts" in args else {}
        user.ephemerals.append({**shown, "blocks": self.workspace.dress(args.get("blocks", []))})
        return {"message_ts": shown["ts"]}

    def _check_content(self, args: Body, text_limit: int) -> None:
        text, blocks, metadata = args.get("text", ""), args.get("blocks"), args.get("metadata")
        if not text and not blocks:
            raise Refused("no_text")
        if not text:
            self.workspace.violations.append("blocks without a fallback text")
        if size(text) > text_limit:
            self._broken("msg_too_long", [f"a text of {size(text)} characters"])
        if blocks is not None:
            if len(json.dumps(blocks, ensure_ascii=False)) > MESSAGE_CHARACTERS:
                self._broken("msg_blocks_too_long", [f"blocks of more than {MESSAGE_CHARACTERS} characters"])
            self._broken("invalid_blocks", wrong_with_message(blocks))
        if metadata is not None and set(metadata) != {"event_type", "event_payload"}:
            self._broken("invalid_metadata_format", [f"metadata of {sorted(metadata)}"])

    def _broken(self, error: str, wrong: list[str]) -> None:
        if wrong:
            self.workspace.violations += wrong
            raise Refused(error, errors=wrong, response_metadata={"messages": [f"[ERROR] {each}" for each in wrong]})

    # --- views -------------------------------------------------------------------------------------------------
    def _check_view(self, view: Any, kind: str) -> None:
        if len(json.dumps(view)) > VIEW_CHARACTERS:
            self._broken("view_too_large", ["a view that is too large"])
        self._broken("invalid_blocks", wrong_with_view(view))
        if view["type"] != kind:
            self._broken("invalid_arguments", [f"a view of type {view['type']}"])

    def _triggered(self, args: Body) -> User:
        trigger = self.workspace.triggers.get(str(args.get("trigger_id")))
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            self._broken("exchanged_trigger_id", ["a trigger_id used twice"])
        if time.monotonic() > trigger.until:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return self.workspace.users[trigger.user]

    def _open_view(self, args: Body) -> Body:
        self._check_view(args["view"], "modal")
        user = self._triggered(args)
        if len(user.views) >= 3:
            raise Refused("push_limit_reached")
        view = self.workspace.dress_view(args["view"])
        if user.views:
            view |= {"previous_view_id": user.views[-1]["id"], "root_view_id": user.views[-1]["root_view_id"]}
        user.views.append(view)
        return {"view": view}

    def _update_view(self, args: Body) -> Body:
        found = self.workspace.view(str(args.get("view_id")))
        if found is None or found[1] not in found[0].views:
            raise Refused("not_found")
        user, old = found
        self._check_view(args["view"], "modal")
        if args.get("hash", old["hash"]) != old["hash"]:
            raise Refused("hash_conflict", view=old)
        view = user.views[user.views.index(old)] = self.workspace.dress_view(args["view"], old)
        return {"view": view}

    def _publish_view(self, args: Body) -> Body:
        self._check_view(args["view"], "home")
        user = self.workspace.users.get(str(args["user_id"]))
        if user is None:
            raise Refused("invalid_arguments")
        user.home = self.workspace.dress_view(args["view"], user.home)
        return {"view": user.home}

    # --- files -------------------------------------------------------------------------------------------------
    def _upload_url(self, args: Body) -> Body:
        if int(args["length"]) <= 0:
            raise Refused("invalid_arguments")
        file = self.workspace.new_id("F")
        self.workspace.files[file] = {"id": file, "name": args["filename"], "size": int(args["length"])}
        return {"upload_url": f"{self.base}/upload/v1/{file}", "file_id": file}

    def _complete_upload(self, args: Body) -> Body:
        files = [self.workspace.files[each["id"]] for each in args["files"]]
        if any(file["id"] not in self.workspace.contents for file in files):
            raise Refused("file_not_found")
        if args.get("channel_id"):
            channel = self._channel_to_post_in({"channel": args["channel_id"]})
            thread = {"thread_ts": args["thread_ts"]} if args.get("thread_ts") else {}
            message = self._posted(channel, {"text": args.get("initial_comment", ""), **thread})
            message |= {"files": files, "subtype": "file_share"}
            for file in files:
                kind = "private" if channel.private else "public"
                file.setdefault("shares", {}).setdefault(kind, {})[channel.id] = [{"ts": message["ts"], **thread}]
        return {"files": [{"id": file["id"]} for file in files]}

    def _file_info(self, args: Body) -> Body:
        if args["file"] not in self.workspace.files:
            raise Refused("file_not_found")
        return {"file": self.workspace.files[args["file"]]}

    def _delete_file(self, args: Body) -> Body:
        self._file_info(args)
        del self.workspace.files[args["file"]]
        self.workspace.contents.pop(args["file"], None)
        for channel in self.workspace.channels.values():
            for ts, message in list(channel.messages.items()):
                if any(file["id"] == args["file"] for file in message.get("files", ())):
                    del channel.messages[ts]
        return {}


def _within(message: Body, args: Body) -> bool:
    """Whether a message lies between `oldest` and `latest`; these themselves only with `inclusive`."""
    ts, oldest, latest = float(message["ts"]), float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    return oldest < ts < latest or (str(args.get("inclusive")).lower() in {"true", "1"} and ts in {oldest, latest})
