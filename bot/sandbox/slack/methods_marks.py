"""reactions.* and pins.*: marks on messages."""

from __future__ import annotations

import re

from bot.sandbox.slack.call import Call
from bot.sandbox.slack.model import Json, Message, SlackError
from bot.sandbox.slack.shapes import message_json


def _marked(call: Call, absent: str = "message_not_found") -> Message:
    channel = call.workspace.channels.get(call.args.required("channel"))
    if channel is None or (channel.kind != "public" and not call.is_member(channel)):
        raise SlackError("channel_not_found")
    timestamp = call.args.text("timestamp")
    if not timestamp:
        raise SlackError("no_item_specified")
    if not re.fullmatch(r"\d{10}\.\d{6}", timestamp):
        raise SlackError("bad_timestamp")
    message = channel.messages.get(timestamp)
    if message is None:
        raise SlackError(absent)
    return message


def _emoji(call: Call) -> str:
    name = call.args.required("name")
    if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", name):
        raise SlackError("invalid_name")
    return name


def add_reaction(call: Call) -> Json:
    """reactions.add."""
    message, name, bot = _marked(call), _emoji(call), call.workspace.bot_user.id
    channel = call.workspace.channels[message.channel]
    if channel.is_archived:
        raise SlackError("is_archived")
    if not call.is_member(channel):
        raise SlackError("no_access")
    users = message.reactions.setdefault(name, [])
    if bot in users:
        raise SlackError("already_reacted")
    users.append(bot)
    call.backstage.events.reaction("reaction_added", bot, name, message)
    return {}


def remove_reaction(call: Call) -> Json:
    """reactions.remove."""
    message, name, bot = _marked(call), _emoji(call), call.workspace.bot_user.id
    if bot not in message.reactions.get(name, ()):
        raise SlackError("no_reaction")
    message.reactions[name].remove(bot)
    if not message.reactions[name]:
        del message.reactions[name]
    call.backstage.events.reaction("reaction_removed", bot, name, message)
    return {}


def get_reactions(call: Call) -> Json:
    """reactions.get."""
    message = _marked(call)
    return {"type": "message", "channel": message.channel, "message": message_json(call.workspace, message)}


def add_pin(call: Call) -> Json:
    """pins.add."""
    message = _marked(call)
    if not call.is_member(call.workspace.channels[message.channel]):
        raise SlackError("not_in_channel")
    if message.pinned:
        raise SlackError("already_pinned")
    message.pinned = True
    call.backstage.events.pin("pin_added", call.workspace.bot_user.id, message)
    return {}


def remove_pin(call: Call) -> Json:
    """pins.remove."""
    message = _marked(call)
    if not message.pinned:
        raise SlackError("no_pin")
    message.pinned = False
    call.backstage.events.pin("pin_removed", call.workspace.bot_user.id, message)
    return {}


METHODS = {
    "reactions.add": add_reaction,
    "reactions.remove": remove_reaction,
    "reactions.get": get_reactions,
    "pins.add": add_pin,
    "pins.remove": remove_pin,
}
