"""Renders the modals. What they ask for is read again in `bot.edges.slack_payloads`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.commands import NextTurn
from bot.config_replies import CannedReply
from bot.edges.slack_acting_views import preview_button
from bot.edges.slack_ids import (
    DATE_MODAL,
    DAY_BLOCK,
    FILES_BLOCK,
    PRIORITY_BLOCK,
    PRIORITY_MODAL,
    REPLY_LIMIT,
    REPLY_MODAL,
    TEXT_BLOCK,
    TIME_BLOCK,
    TURN_BLOCK,
    VALUE,
    ModalPlace,
)
from bot.edges.slack_preview import canned_menu
from bot.edges.slack_same_answer import answered_already
from bot.edges.slack_text import (
    Blocks,
    Json,
    block,
    cut,
    line,
    plain,
    quote,
    reached_at,
    rich,
    sentence,
    split,
    text,
    topic,
)
from bot.model import Direction, Message, Priority, TicketView
from bot.rules.agreed_dates import proposal_text
from bot.rules.sla import SlaTerms
from bot.rules.wording import Words, format_instant, format_short_span
from bot.rules.wording import words as customer_words
from bot.sendings import Sending

MAX_FILES = 10
MAX_PIECES = 40
"""Of a whole mail so many texts are shown: 120,000 characters, far below what a view may hold."""
ROOM_FOR_LAST_WORDS = 4_000
"""JSON characters of the customer's last message above the input."""


def reply_modal(
    view: TicketView,
    messages: Sequence[Message],
    now: datetime,
    words: Words,
    zone: ZoneInfo,
    place: ModalPlace,
    *,
    begins_with: str = "",
    generation: int = 0,
    turn: str = "",
    canned: Sequence[CannedReply] = (),
    waiting: Sequence[Sending] = (),
) -> Json:
    """Writing to the customer: who reads it, what they wrote last, the text, and whose turn it is then.

    Args:
        begins_with: The text to begin with.
        generation: How often another text was put in by us.
        turn: The choice to begin with (`NextTurn`); "" for the first.
        canned: Texts that can be put in.
        waiting: Words that wait to go to this customer.
    """
    ticket = view.ticket
    lines = [
        line(*rich(words, "modal.to", "bold", address=reached_at(ticket) or words("unknown"))),
        line(*rich(words, "modal.about", number=ticket.number, subject=topic(ticket.subject))),
    ]
    if place.real_name:
        lines.append(line(*rich(words, "modal.signed", name=place.real_name)))
    lines += answered_already(messages, waiting, now, words, zone)
    theirs = [message for message in messages if message.direction is Direction.FROM_CUSTOMER]
    if theirs:
        at = format_instant(theirs[-1].sent_at, words.language, zone, now)
        lines.append(line(*rich(words, "modal.last_words", at=at)))
        lines.append(quote(cut(theirs[-1].text.strip(), ROOM_FOR_LAST_WORDS, words("cut"))))
    reply: Json = {
        "type": "plain_text_input",
        "action_id": VALUE,
        "multiline": True,
        "min_length": 1,
        "max_length": REPLY_LIMIT,
        "focus_on_load": True,
        **({"initial_value": begins_with} if begins_with else {}),
    }
    turns = [_option(words(f"modal.turn_{turn}"), turn) for turn in NextTurn]
    chosen = turns[list(NextTurn).index(NextTurn(turn))] if turn in set(NextTurn) else turns[0]
    next_turn: Json = {"type": "radio_buttons", "action_id": VALUE, "options": turns, "initial_option": chosen}
    menu = canned_menu(canned, ticket.language, words)
    text_id = f"{TEXT_BLOCK}:{generation}" if generation else TEXT_BLOCK
    files: Json = {"type": "file_input", "action_id": VALUE, "max_files": MAX_FILES}
    blocks: Blocks = [
        block(lines),
        *([menu] if menu else []),
        {**_input(text_id, words("modal.text"), reply), "hint": plain(words("modal.text_hint"), 2000)},
        preview_button(words),
        {**_input(FILES_BLOCK, words("modal.files"), files), "optional": True},
        _input(TURN_BLOCK, words("modal.turn"), next_turn),
    ]
    return _modal("reply", REPLY_MODAL, blocks, words, place)


def priority_modal(view: TicketView, words: Words, place: ModalPlace) -> Json:
    """Choosing the priority, with what each means by the terms that apply to this ticket."""
    ticket = view.ticket
    options = []
    for priority in Priority:
        option = _option(sentence(words(f"priority.{priority}")), priority)
        if priority in ticket.terms:
            reaction = format_short_span(SlaTerms.from_json(ticket.terms[priority]).reaction, words.language)
            option["description"] = plain(words(f"priority_means.{priority}", reaction=reaction), 75)
        options.append(option)
    present = options[list(Priority).index(ticket.priority)]
    choice: Json = {"type": "radio_buttons", "action_id": VALUE, "options": options, "initial_option": present}
    blocks: Blocks = [
        block([line(*rich(words, "modal.about", number=ticket.number, subject=topic(ticket.subject)))]),
        _input(PRIORITY_BLOCK, words("modal.priority"), choice),
        block([line(text(words("modal.priority_note"), "italic"))]),
    ]
    return _modal("priority", PRIORITY_MODAL, blocks, words, place)


def date_modal(view: TicketView, now: datetime, words: Words, zone: ZoneInfo, place: ModalPlace) -> Json:
    """Proposing a date: who reads it, when, words of one's own, and the mail as the customer will get it."""
    ticket = view.ticket
    day: Json = {
        "type": "datepicker",
        "action_id": VALUE,
        "initial_date": (now.astimezone(zone).date() + timedelta(days=1)).isoformat(),
    }
    own: Json = {"type": "plain_text_input", "action_id": VALUE, "multiline": True, "max_length": REPLY_LIMIT}
    mail = proposal_text(
        customer_words("customer", ticket.language), ticket.number, words("modal.date_here"), words("modal.words_here")
    )
    blocks: Blocks = [
        block(
            [
                line(*rich(words, "modal.to", "bold", address=reached_at(ticket) or words("unknown"))),
                line(*rich(words, "modal.about", number=ticket.number, subject=topic(ticket.subject))),
            ]
        ),
        _input(DAY_BLOCK, words("modal.day"), day),
        _input(TIME_BLOCK, words("modal.time"), {"type": "timepicker", "action_id": VALUE, "initial_time": "10:00"}),
        {**_input(TEXT_BLOCK, words("modal.date_words"), own), "optional": True},
        block([line(text(words("modal.date_preview"), "bold")), quote(mail)]),
    ]
    return _modal("date", DATE_MODAL, blocks, words, place)


def original_view(mail: str, words: Words) -> Json:
    """A customer's whole mail as it came, for reading; of a very long one the beginning."""
    pieces = split(mail.strip())
    lines = [block([quote(piece)]) for piece in pieces[:MAX_PIECES] if piece.strip()]
    if len(pieces) > MAX_PIECES:
        lines.append(block([line(text(words("cut"), "italic"))]))
    return {
        "type": "modal",
        "title": plain(words("modal.original_title"), 24),
        "close": plain(words("modal.original_close"), 24),
        "blocks": lines or [block([line(text(words("thread.no_words"), "italic"))])],
    }


def loading_view(words: Words) -> Json:
    """Shown at once when the real modal takes longer than a click may wait; replaced by `views.update`."""
    return {
        "type": "modal",
        "title": plain(words("modal.loading_title"), 24),
        "close": plain(words("modal.cancel"), 24),
        "blocks": [block([line(text(words("modal.loading")))])],
    }


def _modal(name: str, callback_id: str, blocks: Blocks, words: Words, place: ModalPlace) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(words(f"modal.{name}_title"), 24),
        "submit": plain(words(f"modal.{name}_submit"), 24),
        "close": plain(words("modal.cancel"), 24),
        "private_metadata": place.to_metadata(),
        "blocks": blocks,
    }


def _input(block_id: str, label: str, element: Json) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(label, 2000), "element": element}


def _option(label: str, value: str) -> Json:
    return {"text": plain(label, 75), "value": str(value)}
