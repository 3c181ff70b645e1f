"""What Slack payloads about the words of a thread ask for: messages, edits, deletions, and the buttons about them.

As in `bot.edges.slack_payloads`, which asks here first: nothing in them is trusted. Messages of bots, our own included,
start nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.commands import NothingToDo, SlackCommand
from bot.commands_channels import ChannelMessage, ChannelMessageDeleted
from bot.commands_sending import (
    KeepInternal,
    OwnMessageDeleted,
    SendThreadMessage,
    ThreadMessage,
    ThreadMessageDeleted,
    ThreadMessageEdited,
    UndoSending,
)
from bot.edges.slack_escalation_ids import Pressed
from bot.edges.slack_fields import mapping, required
from bot.edges.slack_ids import KEEP_INTERNAL, SEND_AND_WAIT, SEND_AS_NEWS, UNDO
from bot.edges.slack_plain import Plain, plain_words
from bot.people import NextTurn, SlackPerson
from bot.rules.customer_channels import is_slack_user, message_key
from bot.sendings import SharedFile

PEOPLE_WRITE = frozenset({"", "file_share", "thread_broadcast", "me_message"})
"""The subtypes of `message` events that are somebody's own words
(https://docs.slack.dev/reference/events/message#subtypes)."""
MAX_FILES = 20

_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,6}")
_PRESSES = frozenset({SEND_AND_WAIT, SEND_AS_NEWS, KEEP_INTERNAL, UNDO})


def is_press(action_id: str) -> bool:
    """Whether a button is about an engineer's words."""
    return action_id in _PRESSES


def pressed_command(action_id: str, value: object, by: SlackPerson) -> SlackCommand:
    """The command of such a button.

    Raises:
        ValueError: the button's value is none of ours.
    """
    pressed = Pressed.from_value(value)
    if action_id == UNDO:
        return UndoSending(by, pressed.ticket_id, pressed.other_id)
    if action_id == KEEP_INTERNAL:
        return KeepInternal(by, pressed.ticket_id, pressed.other_id)
    turn = NextTurn.CUSTOMER if action_id == SEND_AND_WAIT else NextTurn.NOBODY
    return SendThreadMessage(by, pressed.ticket_id, pressed.other_id, turn, pressed.owner)


def message_command(body: Mapping[str, object], names: Mapping[str, str], own_team: object) -> SlackCommand:
    """What a `message` event says: only people's own words in threads are of any concern here.

    Args:
        names: Real names that are known, by Slack id.
        own_team: Our workspace's id.

    Raises:
        ValueError: the event lacks what every message has.
    """
    event = mapping(body.get("event"), "event")
    channel, subtype = required(event, "channel"), event.get("subtype") or ""
    if is_gone(event):
        previous = mapping(event.get("previous_message"), "previous_message")
        if previous.get("bot_id"):
            user = str(previous.get("user") or previous["bot_id"])[:40]
            return OwnMessageDeleted(SlackPerson(user, user, channel), channel, _ts(previous, "ts"))
    if subtype == "message_changed":
        return _changed(event, channel, names, own_team)
    if subtype == "message_deleted":
        previous = mapping(event.get("previous_message"), "previous_message")
        gone = _of_people(previous, channel, names, own_team)
        if isinstance(gone, ChannelMessage):
            return ChannelMessageDeleted(gone.by, channel, gone.ts)
        return ThreadMessageDeleted(gone.by, channel, gone.thread_ts, gone.ts) if gone else _nothing(subtype)
    written = _of_people(event, channel, names, own_team)
    return written or _nothing(subtype)


def is_gone(event: Mapping[str, object]) -> bool:
    """Whether a `message` event tells of a deletion: of a message with replies a tombstone stays."""
    message = event.get("message")
    is_tombstone = isinstance(message, Mapping) and message.get("subtype") == "tombstone"
    return event.get("subtype") == "message_deleted" or (event.get("subtype") == "message_changed" and is_tombstone)


def _changed(event: Mapping[str, object], channel: str, names: Mapping[str, str], own_team: object) -> SlackCommand:
    """An edit by somebody; Slack changes messages by itself, too, for link previews."""
    message = mapping(event.get("message"), "message")
    previous = event.get("previous_message")
    edited = message.get("edited")
    if not isinstance(edited, Mapping) or (
        isinstance(previous, Mapping) and previous.get("text") == message.get("text")
    ):
        return NothingToDo("event message: changed, but not its words")
    written = _of_people(message, channel, names, own_team)
    if isinstance(written, ChannelMessage):  # it may be the head of a customer's thread
        written = ThreadMessage(
            written.by, channel, written.ts, written.ts, written.text, files=written.files
        )  # fmt: skip
    if written is None:
        return _nothing("message_changed")
    return ThreadMessageEdited(written.by, written, _ts(edited, "ts"))


def _nothing(subtype: object) -> NothingToDo:
    return NothingToDo(
        f"event message {str(subtype)[:40]}: nobody's words in a thread".replace("message :", "message:")
    )


def _of_people(
    message: Mapping[str, object], channel: str, names: Mapping[str, str], own_team: object
) -> ThreadMessage | ChannelMessage | None:
    """A person's message, in a thread or in none; None for all else."""
    user, thread_ts = message.get("user"), message.get("thread_ts")
    is_bot = message.get("bot_id") or message.get("app_id") or message.get("subtype") == "bot_message"
    if is_bot or not isinstance(user, str) or str(message.get("subtype") or "") not in PEOPLE_WRITE:
        return None
    ts = _ts(message, "ts")
    plain = words_of(message, names)
    team = message.get("user_team") or message.get("source_team") or message.get("team") or own_team
    is_stranger = team != (own_team or team)
    if not isinstance(thread_ts, str) or thread_ts == ts:
        by = SlackPerson(user, names.get(user, user), channel, is_stranger=is_stranger)
        return ChannelMessage(by, channel, ts, plain.text, shared_files(message.get("files")))
    by = SlackPerson(user, names.get(user, user), channel, thread_ts, is_stranger=is_stranger)
    return ThreadMessage(by, channel, thread_ts, ts, plain.text, plain.mentions, shared_files(message.get("files")))


def words_of(message: Mapping[str, object], names: Mapping[str, str]) -> Plain:
    """What somebody wrote, as a mail would say it."""
    text = message.get("text")
    return plain_words(text if isinstance(text, str) else "", names)


def shared_files(files: object) -> tuple[SharedFile, ...]:
    """The files of a message or a form, as far as they are described at all."""
    listed = files if isinstance(files, list) else []
    return tuple(shared for file in listed[:MAX_FILES] if (shared := shared_file(file)) is not None)


def shared_file(file: object) -> SharedFile | None:
    """A file object of Slack's; None for what is none."""
    if not isinstance(file, Mapping) or not isinstance(file.get("id"), str):
        return None
    size, url = file.get("size"), file.get("url_private_download") or file.get("url_private")
    return SharedFile(
        str(file["id"])[:40],
        str(file.get("name") or file.get("title") or file["id"])[:200],
        str(file.get("mimetype") or "application/octet-stream")[:120],
        size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else 0,
        url if isinstance(url, str) else "",
    )


def _ts(values: Mapping[str, object], key: str) -> str:
    ts = required(values, key)
    if not _TS.fullmatch(ts):
        raise ValueError(f"no {key}")
    return ts


def message_name(body: Mapping[str, object]) -> str | None:
    """By which somebody's message is found again (`bot.rules.customer_channels.message_key`); None for all else."""
    event = body.get("event")
    if not isinstance(event, Mapping) or event.get("type") != "message":
        return None
    channel, ts, subtype = event.get("channel"), event.get("ts"), event.get("subtype") or ""
    if not (isinstance(subtype, str) and isinstance(channel, str) and isinstance(ts, str)):
        return None
    is_message = subtype in PEOPLE_WRITE and not event.get("bot_id") and _TS.fullmatch(ts)
    return message_key(channel, ts) if is_message else None


def writer(body: Mapping[str, object]) -> str | None:
    """Who wrote a message, a person of any workspace; None for all else."""
    event = body.get("event")
    if not isinstance(event, Mapping) or event.get("type") != "message" or event.get("bot_id"):
        return None
    inner = event.get("message") if event.get("subtype") == "message_changed" else event
    user = inner.get("user") if isinstance(inner, Mapping) else None
    return user if isinstance(user, str) and is_slack_user(user) else None
