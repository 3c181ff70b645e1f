"""Renders the forms about escalations and duty. What they ask for is read in `bot.edges.slack_escalation_payloads`."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.edges.slack_escalation_ids import (
    ADDRESS_BLOCK,
    CALL_MODAL,
    CALLER_BLOCK,
    DUTY_MODAL,
    FROM_BLOCK,
    LINE_LIMIT,
    NUMBER_BLOCK,
    OUTCOME_BLOCK,
    PERSON_BLOCK,
    PRESS_IDS,
    RAISE_MODAL,
    REASON_BLOCK,
    REFERENCE_BLOCK,
    SAID_BLOCK,
    SPAN_BLOCK,
    SUBSTITUTE_BLOCK,
    TO_BLOCK,
    WORDS_BLOCK,
)
from bot.edges.slack_ids import REPLY_LIMIT, VALUE, ModalPlace
from bot.edges.slack_text import Blocks, Json, block, line, named, one_line, plain, reached_at, rich, text, topic
from bot.escalations import Escalation
from bot.model import Ticket
from bot.rules.escalation_presses import Press
from bot.rules.wording import Words, format_span

SPANS = tuple(timedelta(minutes=minutes) for minutes in (15, 30, 60, 120, 240, 480))
"""What is offered within the bound; with it no more than the ten radio buttons that a block may have."""


def reassign_form(ticket: Ticket, words: Words, place: ModalPlace) -> Json:
    """Giving an escalation and its ticket to a colleague."""
    blocks = [_about(ticket, words), _hinted(_input(PERSON_BLOCK, "reassign_to", _people(), words), "reassign", words)]
    return _form("reassign", PRESS_IDS[Press.REASSIGN], blocks, words, place)


def snooze_form(ticket: Ticket, at_most: timedelta, words: Words, place: ModalPlace) -> Json:
    """Putting an escalation off, for no longer than is configured."""
    spans = [*(span for span in SPANS if span < at_most), at_most]
    options = [_option(format_span(span, words.language), str(int(span.total_seconds()))) for span in spans]
    choice: Json = {"type": "radio_buttons", "action_id": VALUE, "options": options, "initial_option": options[0]}
    note = line(text(words("escalation_modal.snooze_note"), "italic"))
    blocks = [_about(ticket, words), _input(SPAN_BLOCK, "snooze_span", choice, words), block([note])]
    return _form("snooze", PRESS_IDS[Press.SNOOZE], blocks, words, place)


def resolve_form(ticket: Ticket, escalation: Escalation, words: Words, place: ModalPlace) -> Json:
    """Ending an escalation: what colleagues read, and below, apart, what the customer who asked for it reads."""
    outcome = _hinted(_input(OUTCOME_BLOCK, "resolve_outcome", _text(focus=True), words), "resolve_outcome", words)
    blocks: Blocks = [_about(ticket, words), outcome, {"type": "divider"}]
    if escalation.requester is None:
        blocks.append(block([line(text(words("escalation_modal.resolve_nobody"), "italic"))]))
    else:
        to = rich(
            words, "escalation_modal.resolve_to", "bold", address=named(escalation.requester) or reached_at(ticket)
        )
        own = _input(WORDS_BLOCK, "resolve_words", _text(), words)
        blocks += [block([line(*to)]), {**_hinted(own, "resolve_words", words), "optional": True}]
    return _form("resolve", PRESS_IDS[Press.RESOLVE], blocks, words, place)


def tie_form(ticket: Ticket, words: Words, place: ModalPlace) -> Json:
    """Naming the ticket that an escalation belongs to."""
    note = line(text(words("escalation_modal.tie_note"), "italic"))
    blocks: Blocks = [_about(ticket, words), _input(NUMBER_BLOCK, "tie_number", _short(), words), block([note])]
    return _form("tie", PRESS_IDS[Press.TIE], blocks, words, place)


def raise_form(ticket: Ticket, words: Words, place: ModalPlace) -> Json:
    """Escalating a ticket."""
    reason = _hinted(_input(REASON_BLOCK, "raise_reason", _text(focus=True), words), "raise", words)
    return _form("raise", RAISE_MODAL, [_about(ticket, words), reason], words, place)


def call_form(ticket: Ticket | None, reference: str, phone: str, words: Words, place: ModalPlace) -> Json:
    """Logging a call to the phone number for escalations.

    Args:
        ticket: None where the form asks for it; who calls may have none.
        reference: What the field for it begins with, as typed.
        phone: The number that was called.
    """
    lines = [line(text(words("escalation_modal.call_phone", phone=phone)))]
    blocks: Blocks = [block(lines)] if ticket is None else [_about(ticket, words, *lines)]
    if ticket is None:
        element = _short() | ({"initial_value": one_line(reference)} if reference else {})
        reference_field = _hinted(_input(REFERENCE_BLOCK, "call_reference", element, words), "call_reference", words)
        blocks.append(reference_field | {"optional": True})
    address = _input(ADDRESS_BLOCK, "call_address", {"type": "email_text_input", "action_id": VALUE}, words)
    hint = words("escalation_modal.call_address_of_case" if ticket is None else "escalation_modal.call_address_hint")
    if ticket is not None and ticket.customer_channel:
        hint = words("escalation_modal.call_address_in_slack")
    elif ticket is not None and ticket.requester:
        hint = words("escalation_modal.call_address_of", address=ticket.requester)
    blocks += [
        _input(CALLER_BLOCK, "call_caller", _short(), words),
        _input(SAID_BLOCK, "call_words", _text(), words),
        {**address, "optional": True, "hint": plain(hint, 2000)},
    ]
    return _form("call", CALL_MODAL, blocks, words, place)


def duty_form(user: str, now: datetime, words: Words, place: ModalPlace) -> Json:
    """Setting a shift; Slack shows the times in the zone of whoever looks.

    Args:
        user: Chosen to begin with.
        now: Aware; the shift begins at the next full hour to begin with.
    """
    begins = int(now.timestamp()) // 3600 * 3600 + 3600
    substitute = _hinted(_input(SUBSTITUTE_BLOCK, "duty_substitute", _people(), words), "duty_substitute", words)
    blocks = [
        _input(PERSON_BLOCK, "duty_who", _people() | {"initial_user": user}, words),
        _input(FROM_BLOCK, "duty_from", _instant(begins), words),
        _input(TO_BLOCK, "duty_to", _instant(begins + 12 * 3600), words),
        {**substitute, "optional": True},
    ]
    return _form("duty", DUTY_MODAL, blocks, words, place)


def _form(name: str, callback_id: str, blocks: Blocks, words: Words, place: ModalPlace) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(words(f"escalation_modal.{name}_title"), 24),
        "submit": plain(words(f"escalation_modal.{name}_submit"), 24),
        "close": plain(words("modal.cancel"), 24),
        "private_metadata": place.to_metadata(),
        "blocks": blocks,
    }


def _about(ticket: Ticket, words: Words, *more: Json) -> Json:
    about = rich(words, "modal.about", "bold", number=ticket.number, subject=topic(ticket.subject))
    return block([line(*about), *more])


def _input(block_id: str, label: str, element: Json, words: Words) -> Json:
    said = plain(words(f"escalation_modal.{label}"), 2000)
    return {"type": "input", "block_id": block_id, "label": said, "element": element}


def _hinted(field: Json, name: str, words: Words) -> Json:
    return {**field, "hint": plain(words(f"escalation_modal.{name}_hint"), 2000)}


def _people() -> Json:
    return {"type": "users_select", "action_id": VALUE}


def _instant(seconds: int) -> Json:
    return {"type": "datetimepicker", "action_id": VALUE, "initial_date_time": seconds}


def _short() -> Json:
    return {"type": "plain_text_input", "action_id": VALUE, "max_length": LINE_LIMIT}


def _text(*, focus: bool = False) -> Json:
    field: Json = {"type": "plain_text_input", "action_id": VALUE, "multiline": True, "max_length": REPLY_LIMIT}
    return field | {"focus_on_load": True} if focus else field


def _option(label: str, value: str) -> Json:
    return {"text": plain(label, 75), "value": value}
