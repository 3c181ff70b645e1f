"""conversations.* and users.conversations: which conversations there are, and what was said in them."""

from __future__ import annotations

import re

from bot.sandbox.slack.call import Call
from bot.sandbox.slack.model import Channel, Json, Message, SlackError
from bot.sandbox.slack.shapes import channel_json, message_json
from bot.sandbox.slack.workspace import is_top_level

KINDS = {"public_channel": "public", "private_channel": "private", "mpim": "mpim", "im": "im"}
MAX_HISTORY_PAGE = 999


def info(call: Call) -> Json:
    """conversations.info."""
    channel = call.channel("read")
    shape = channel_json(call.workspace, channel)
    if call.args.flag("include_num_members"):
        shape["num_members"] = len(channel.members)
    return {"channel": shape}


def _listed(call: Call, channels: list[Channel]) -> Json:
    wanted: set[str] = set()
    for word in (call.args.text("types") or "public_channel").split(","):
        if word.strip() not in KINDS:
            raise SlackError("invalid_types")
        wanted.add(KINDS[word.strip()])
    for channel_kind in sorted(wanted):
        call.need_scope(f"{ {'public': 'channels', 'private': 'groups'}.get(channel_kind, channel_kind) }:read")
    hide_archived = call.args.flag("exclude_archived")
    shown = [
        channel
        for channel in channels
        if channel.kind in wanted
        and (channel.kind == "public" or call.is_member(channel))
        and not (hide_archived and channel.is_archived)
    ]
    shapes, more = call.page(shown, lambda channel: channel_json(call.workspace, channel))
    return {"channels": shapes, **more}


def list_conversations(call: Call) -> Json:
    """conversations.list."""
    return _listed(call, list(call.workspace.channels.values()))


def of_user(call: Call) -> Json:
    """users.conversations."""
    user = call.args.text("user") or call.workspace.bot_user.id
    return _listed(call, [channel for channel in call.workspace.channels.values() if user in channel.members])


def members(call: Call) -> Json:
    """conversations.members."""
    channel = call.channel("read")
    users, more = call.page(channel.members, str)
    return {"members": users, **more}


def _window(call: Call, messages: list[Message]) -> list[Message]:
    oldest, latest = call.args.text("oldest") or "0", call.args.text("latest") or "9999999999"
    for name, value in (("invalid_ts_oldest", oldest), ("invalid_ts_latest", latest)):
        if not re.fullmatch(r"\d+(\.\d+)?", value):
            raise SlackError(name)
    low, high = _micros(oldest), _micros(latest)
    inclusive = call.args.flag("inclusive")
    return [
        message
        for message in messages
        if low < _micros(message.ts) < high or (inclusive and _micros(message.ts) in (low, high))
    ]


def _micros(ts: str) -> int:
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int((fraction + "000000")[:6])


def history(call: Call) -> Json:
    """conversations.history: newest first, without replies."""
    channel = call.channel("history")
    if not call.is_member(channel):
        raise SlackError("not_in_channel")
    found = _window(call, [message for message in channel.messages.values() if is_top_level(message)])
    with_metadata = call.args.flag("include_all_metadata")
    shapes, more = call.page(
        found[::-1],
        lambda message: message_json(call.workspace, message, metadata=with_metadata),
        most=MAX_HISTORY_PAGE,
    )
    return {"messages": shapes, "has_more": bool(more["response_metadata"]["next_cursor"]), "pin_count": 0, **more}


def replies(call: Call) -> Json:
    """conversations.replies: the parent, then the replies, oldest first."""
    channel = call.channel("history")
    if not call.is_member(channel):
        raise SlackError("not_in_channel" if channel.kind == "public" else "channel_not_found")
    parent = channel.messages.get(call.args.required("ts"))
    if parent is None:
        raise SlackError("thread_not_found")
    found = [parent, *_window(call, channel.replies(parent.ts))]
    with_metadata = call.args.flag("include_all_metadata")
    shapes, more = call.page(
        found, lambda message: message_json(call.workspace, message, metadata=with_metadata), most=MAX_HISTORY_PAGE
    )
    return {"messages": shapes, "has_more": bool(more["response_metadata"]["next_cursor"]), **more}


def open_direct(call: Call) -> Json:
    """conversations.open: the direct conversation with one user or several."""
    if "channel" in call.args:
        channel = call.channel("read")
        if channel.kind not in ("im", "mpim"):
            raise SlackError("method_not_supported_for_channel_type")
    else:
        users = [user for user in (call.args.text("users") or "").split(",") if user]
        if not users:
            raise SlackError("users_list_not_supplied")
        if len(users) > 8:
            raise SlackError("too_many_users")
        if any(user not in call.workspace.users for user in users):
            raise SlackError("user_not_found")
        if call.workspace.bot_user.id in users:
            raise SlackError("invalid_user_combination")
        call.need_scope("im:write" if len(users) == 1 else "mpim:write")
        channel = call.workspace.direct_channel(users)
    shape = channel_json(call.workspace, channel) if call.args.flag("return_im") else {"id": channel.id}
    return {"channel": shape}


def join(call: Call) -> Json:
    """conversations.join: public channels only."""
    channel = call.workspace.channels.get(call.args.required("channel"))
    if channel is None or channel.kind == "private":
        raise SlackError("channel_not_found")
    if channel.kind != "public":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    bot = call.workspace.bot_user.id
    if not call.is_member(channel):
        channel.members.append(bot)
        call.backstage.events.member("member_joined_channel", bot, channel)
    return {"channel": channel_json(call.workspace, channel)}


METHODS = {
    "conversations.info": info,
    "conversations.list": list_conversations,
    "conversations.members": members,
    "conversations.history": history,
    "conversations.replies": replies,
    "conversations.open": open_direct,
    "conversations.join": join,
    "users.conversations": of_user,
}
