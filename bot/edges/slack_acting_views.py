"""Renders the forms by which engineers act on a ticket; `bot.edges.slack_acting_payloads` reads what they ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.commands import NextTurn
from bot.commands_acting import CallDirection
from bot.edges.slack_acting_ids import (
    CALLED_BLOCK,
    CANDIDATE_BLOCK,
    DIRECTION_BLOCK,
    INTERNAL_BLOCK,
    ITEMS_BLOCK,
    MESSAGE_BLOCK,
    SPAN_BLOCK,
    STRANGERS_BLOCK,
    STRANGERS_TOO,
    SUBJECT_BLOCK,
    SUMMARY_BLOCK,
    UNTIL_BLOCK,
    WHY_BLOCK,
    WITH_BLOCK,
)
from bot.edges.slack_escalation_ids import LINE_LIMIT, NUMBER_BLOCK, PERSON_BLOCK
from bot.edges.slack_ids import ACTION_IDS, PREVIEW, REPLY_LIMIT, TEXT_BLOCK, TURN_BLOCK, VALUE, ModalPlace
from bot.edges.slack_text import Blocks, Json, block, line, one_line, plain, reached_at, rich, sentence, text, topic
from bot.errors import StaffError
from bot.model import Direction, Message, Ticket
from bot.rules.data_requests import Item
from bot.rules.ticket_states import Action
from bot.rules.wording import Words, format_instant

MOST_MESSAGES = 25
SPANS = (timedelta(hours=1), timedelta(hours=4))
MORNING = time(9, 0)


def acting_form(
    action: Action,
    ticket: Ticket,
    messages: Sequence[Message],
    now: datetime,
    words: Words,
    zone: ZoneInfo,
    place: ModalPlace,
    hotline: str,
) -> Json:
    """The form of one of `ACTING_FORMS`.

    Raises:
        StaffError: There is nothing to choose from; in words for whoever asked.
    """
    match action:
        case Action.ASSIGN:
            blocks = [_input(PERSON_BLOCK, "assign_to", {"type": "users_select", "action_id": VALUE}, words)]
        case Action.ASK:
            blocks = _ask(ticket, words)
        case Action.RESOLVE:
            blocks = _resolve(ticket, words)
        case Action.SNOOZE:
            blocks = _snooze(now, words, zone)
        case Action.CALL:
            blocks = _call(now, words, hotline)
        case Action.SPLIT:
            blocks = _split(ticket, messages, now, words, zone)
        case Action.MERGE:
            blocks = _merge(words)
        case _:
            blocks = [*_other_ticket(words), block([line(text(words("acting.link_note"), "italic"))])]
    about = rich(words, "modal.about", "bold", number=ticket.number, subject=topic(ticket.subject))
    return {
        "type": "modal",
        "callback_id": ACTION_IDS[action],
        "title": plain(words(f"acting.{action}_title"), 24),
        "submit": plain(words(f"acting.{action}_submit"), 24),
        "close": plain(words("modal.cancel"), 24),
        "private_metadata": place.to_metadata(),
        "blocks": [block([line(*about)]), *blocks],
    }


def _ask(ticket: Ticket, words: Words) -> Blocks:
    options = [_option(sentence(words(f"asked.{item}")), item) for item in Item]
    items: Json = {"type": "checkboxes", "action_id": VALUE, "options": options}
    own = _input(TEXT_BLOCK, "ask_words", _text(), words)
    return [
        _to_customer(ticket, words),
        _input(ITEMS_BLOCK, "ask_items", items, words),
        {**own, "optional": True},
        preview_button(words),
    ]


def _resolve(ticket: Ticket, words: Words) -> Blocks:
    summary = _input(TEXT_BLOCK, "resolve_summary", _text(focus=True), words)
    internal = _input(INTERNAL_BLOCK, "resolve_internal", _text(), words)
    hint = plain(words("acting.resolve_internal_hint"), 2000)
    return [
        _to_customer(ticket, words),
        summary,
        preview_button(words),
        {"type": "divider"},
        {**internal, "optional": True, "hint": hint},
    ]


def _to_customer(ticket: Ticket, words: Words) -> Json:
    return block([line(*rich(words, "modal.to", "bold", address=reached_at(ticket) or words("unknown")))])


def preview_button(words: Words) -> Json:
    """Shows the mail as the customer will read it."""
    button: Json = {"type": "button", "action_id": PREVIEW, "text": plain(words("button.preview"), 75), "value": "mail"}
    return {"type": "actions", "elements": [button]}


def _snooze(now: datetime, words: Words, zone: ZoneInfo) -> Blocks:
    mornings = [_next_morning(now, zone, lambda _: True), _next_morning(now, zone, lambda day: day.weekday() == 0)]
    instants = dict.fromkeys([*(now + span for span in SPANS), *mornings])
    options = [
        _option(sentence(format_instant(at, words.language, zone, now)), str(int(at.timestamp()))) for at in instants
    ]
    choice: Json = {"type": "radio_buttons", "action_id": VALUE, "options": options, "initial_option": options[0]}
    other = _input(UNTIL_BLOCK, "snooze_until", {"type": "datetimepicker", "action_id": VALUE}, words)
    why = _input(WHY_BLOCK, "snooze_why", _short(), words)
    return [
        block([line(text(words("acting.snooze_note"), "italic"))]),
        _input(SPAN_BLOCK, "snooze_span", choice, words),
        {**other, "optional": True},
        {**why, "optional": True},
    ]


def _next_morning(now: datetime, zone: ZoneInfo, fits: Callable[[date], bool]) -> datetime:
    day = now.astimezone(zone).date() + timedelta(days=1)
    while not fits(day):
        day += timedelta(days=1)
    return datetime.combine(day, MORNING, tzinfo=zone)


def _call(now: datetime, words: Words, hotline: str) -> Blocks:
    directions = [_option(sentence(words(f"call_direction.{one}")), one) for one in CallDirection]
    turns = [_option(sentence(words(f"call_turn.{turn}")), turn) for turn in NextTurn]
    when: Json = {"type": "datetimepicker", "action_id": VALUE, "initial_date_time": int(now.timestamp()) // 60 * 60}
    with_ = _input(WITH_BLOCK, "call_with", _short(), words)
    return [
        block([line(text(words("acting.call_note", hotline=hotline), "italic"))]),
        _input(DIRECTION_BLOCK, "call_direction", _radio(directions), words),
        {**with_, "optional": True},
        _input(SUMMARY_BLOCK, "call_summary", _text(), words),
        _input(TURN_BLOCK, "call_turn", _radio(turns), words),
        _input(CALLED_BLOCK, "call_at", when, words),
    ]


def _split(ticket: Ticket, messages: Sequence[Message], now: datetime, words: Words, zone: ZoneInfo) -> Blocks:
    theirs = [message for message in messages if message.direction is Direction.FROM_CUSTOMER][-MOST_MESSAGES:]
    if not theirs:
        raise StaffError(words("tell.split_no_message", number=ticket.number))
    options = [_option(_said(message, now, words, zone), str(message.id)) for message in reversed(theirs)]
    choice: Json = {"type": "static_select", "action_id": VALUE, "options": options, "initial_option": options[0]}
    subject = _input(SUBJECT_BLOCK, "split_subject", _short(), words)
    return [
        _input(MESSAGE_BLOCK, "split_message", choice, words),
        {**subject, "optional": True},
        block([line(text(words("acting.split_note"), "italic"))]),
    ]


def _said(message: Message, now: datetime, words: Words, zone: ZoneInfo) -> str:
    at = format_instant(message.sent_at, words.language, zone, now)
    return f"{sentence(at)}: {one_line(message.text) or words('thread.no_words')}"


def _merge(words: Words) -> Blocks:
    box: Json = {
        "type": "checkboxes",
        "action_id": VALUE,
        "options": [_option(words("acting.merge_strangers"), STRANGERS_TOO)],
    }
    return [
        *_other_ticket(words),
        {**_input(STRANGERS_BLOCK, "merge_people", box, words), "optional": True},
        block([line(text(words("acting.merge_note"), "italic"))]),
    ]


def _input(block_id: str, label: str, element: Json, words: Words) -> Json:
    said = plain(words(f"acting.{label}"), 2000)
    return {"type": "input", "block_id": block_id, "label": said, "element": element}


def _other_ticket(words: Words) -> Blocks:
    """Which ticket: chosen among likely and found ones, or by its number."""
    menu: Json = {
        "type": "external_select",
        "action_id": VALUE,
        "min_query_length": 0,
        "placeholder": plain(words("acting.candidate_placeholder"), 150),
    }
    chosen = {**_input(CANDIDATE_BLOCK, "candidate", menu, words), "hint": plain(words("acting.candidate_hint"), 2000)}
    number = {**_input(NUMBER_BLOCK, "or_number", _short(), words), "hint": plain(words("acting.number_hint"), 2000)}
    return [{**chosen, "optional": True}, {**number, "optional": True}]


def _radio(options: list[Json]) -> Json:
    return {"type": "radio_buttons", "action_id": VALUE, "options": options, "initial_option": options[0]}


def _short() -> Json:
    return {"type": "plain_text_input", "action_id": VALUE, "max_length": LINE_LIMIT}


def _text(*, focus: bool = False) -> Json:
    field: Json = {"type": "plain_text_input", "action_id": VALUE, "multiline": True, "max_length": REPLY_LIMIT}
    return field | {"focus_on_load": True} if focus else field


def _option(label: str, value: str) -> Json:
    return {"text": plain(label, 75), "value": str(value)}
