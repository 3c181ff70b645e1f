"""What Slack payloads about escalations, duty and `/hezo` ask for: pure reading of payloads as they were recorded.

As in `bot.edges.slack_payloads`, which asks here first: nothing in them is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from bot.commands import NothingToDo, SetShift, SlackCommand, SlackPerson, TypedCommand
from bot.edges import slack_acting_payloads as acting
from bot.edges.slack_escalation_ids import (
    ADDRESS_BLOCK,
    CALL_MODAL,
    CALLER_BLOCK,
    COMMAND,
    DUTY_MODAL,
    FROM_BLOCK,
    LINE_LIMIT,
    NUMBER_BLOCK,
    OPENS_FORM,
    OUTCOME_BLOCK,
    PERSON_BLOCK,
    PRESS_IDS,
    PRESSES_BY_ID,
    PROPOSAL_NO,
    PROPOSAL_YES,
    RAISE_MODAL,
    REASON_BLOCK,
    REFERENCE_BLOCK,
    SAID_BLOCK,
    SPAN_BLOCK,
    SUBSTITUTE_BLOCK,
    TO_BLOCK,
    WORDS_BLOCK,
    Pressed,
)
from bot.edges.slack_fields import choice, chosen_instant, chosen_user, mapping, typed
from bot.edges.slack_ids import ACTION_IDS, REPLY_LIMIT, ModalPlace
from bot.escalation_commands import (
    AcknowledgeEscalation,
    DecideProposal,
    EscalateTicket,
    LogEscalationCall,
    ReassignEscalation,
    ResolveEscalation,
    SnoozeEscalation,
    TakeOverEscalation,
    TieEscalation,
)
from bot.rules.escalation_presses import Press
from bot.rules.mail_writing import can_be_mailed
from bot.rules.notes import is_note
from bot.rules.ticket_reference import Reference, read_reference
from bot.rules.ticket_states import Action

FOUND_TICKET = "hezo360_found_ticket"
"""Added to a submission when it is recorded: the id of the ticket that was named in it."""

_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,6}")
_LONGEST_TEXT = 4_000
_MENTIONED = re.compile(r"<@([UW][A-Z0-9]{2,20})")


def is_press(action_id: str) -> bool:
    """Whether a button is of an escalation or of a proposal."""
    return action_id in PRESSES_BY_ID or action_id in {PROPOSAL_YES, PROPOSAL_NO}


def pressed_command(body: Mapping[str, object], action_id: str, value: object, by: SlackPerson) -> SlackCommand:
    """The command of a button of an escalation or of a proposal.

    Raises:
        ValueError: the button's value is none of ours.
    """
    if action_id in OPENS_FORM:
        return NothingToDo(f"{action_id} only opens a modal")
    pressed = Pressed.from_value(value)
    if action_id in {PROPOSAL_YES, PROPOSAL_NO}:
        container = mapping(body.get("container"), "container")
        ts = str(container.get("message_ts"))
        if not _TS.fullmatch(ts):
            raise ValueError("no message_ts")
        return DecideProposal(by, pressed.ticket_id, pressed.other_id, accept=action_id == PROPOSAL_YES, post_ts=ts)
    if PRESSES_BY_ID[action_id] is Press.ACKNOWLEDGE:
        return AcknowledgeEscalation(by, pressed.ticket_id, pressed.other_id)
    return TakeOverEscalation(by, pressed.ticket_id, pressed.other_id, pressed.owner)


def typed_command(body: Mapping[str, object], by: SlackPerson) -> SlackCommand:
    """The command of `/hezo ...`; what it means is found out later, in the zone in which times are meant."""
    if body.get("command") != COMMAND:
        return NothingToDo(f"a command that we do not know: {str(body.get('command'))[:80]}")
    text = body.get("text")
    return TypedCommand(by, text[:_LONGEST_TEXT] if isinstance(text, str) else "")


def is_form(callback_id: object) -> bool:
    """Whether a modal is one of `bot.edges.slack_escalation_views`."""
    return isinstance(callback_id, str) and callback_id in {*OPENS_FORM, RAISE_MODAL, CALL_MODAL, DUTY_MODAL}


def submitted_command(
    body: Mapping[str, object], view: Mapping[str, object], place: ModalPlace, by: SlackPerson, names: Mapping[str, str]
) -> SlackCommand:
    """The command of a submitted form, in which `form_problems` found none.

    Args:
        names: The real names that are known of the people in it, by Slack id.

    Raises:
        ValueError: it lacks what every one of these forms carries.
    """
    callback_id = view.get("callback_id")
    if callback_id == DUTY_MODAL:
        since, until = chosen_instant(view, FROM_BLOCK), chosen_instant(view, TO_BLOCK)
        return SetShift(by, chosen_user(view, PERSON_BLOCK), since, until, chosen_user(view, SUBSTITUTE_BLOCK) or None)
    ticket_id = place.ticket_id
    if callback_id == CALL_MODAL:
        return _logged_call(body, view, ticket_id, by)
    if ticket_id is None:
        raise ValueError("no ticket")
    if callback_id == RAISE_MODAL:
        return EscalateTicket(by, ticket_id, typed(view, REASON_BLOCK).strip())
    if place.escalation_id is None:
        raise ValueError("no escalation")
    return _submitted(view, ticket_id, place.escalation_id, by, names)


def _logged_call(
    body: Mapping[str, object], view: Mapping[str, object], ticket_id: int | None, by: SlackPerson
) -> SlackCommand:
    found = ticket_id or body.get(FOUND_TICKET)
    named = _reference(view)
    if not isinstance(found, int):
        found = None
        if named is not None and named.number is not None:
            raise ValueError("the ticket was not looked up")
    device = named.serial or "" if named is not None and found is None else ""
    address = typed(view, ADDRESS_BLOCK).strip() or None
    caller, said = typed(view, CALLER_BLOCK).strip(), typed(view, SAID_BLOCK).strip()
    return LogEscalationCall(by, found, caller, said, address, device)


def _submitted(
    view: Mapping[str, object], ticket_id: int, escalation_id: int, by: SlackPerson, names: Mapping[str, str]
) -> SlackCommand:
    match PRESSES_BY_ID.get(str(view.get("callback_id"))):
        case Press.REASSIGN:
            to = chosen_user(view, PERSON_BLOCK)
            return ReassignEscalation(by, ticket_id, escalation_id, to, names.get(to, ""))
        case Press.SNOOZE:
            span = timedelta(seconds=int(choice(view, SPAN_BLOCK)))
            return SnoozeEscalation(by, ticket_id, escalation_id, span)
        case Press.RESOLVE:
            outcome, words = typed(view, OUTCOME_BLOCK).strip(), typed(view, WORDS_BLOCK).strip()
            return ResolveEscalation(by, ticket_id, escalation_id, outcome, words)
        case Press.TIE:
            reference = read_reference(typed(view, NUMBER_BLOCK))
            number = reference.number if reference else None
            return TieEscalation(by, ticket_id, escalation_id, number or "")
        case _:
            raise ValueError("no such form")


def form_problems(
    view: Mapping[str, object], now: datetime | None = None, staff: Collection[str] | None = None
) -> dict[str, str]:
    """What is wrong with a submitted form: block_id -> a sentence "modal_problem.*". Never raises.

    Args:
        now: A shift may not lie before it; without it, only the form of the submission is looked at.
        staff: Whom an escalation or a duty can be given to; without it, anybody.
    """
    callback_id = view.get("callback_id")
    if callback_id == RAISE_MODAL:
        return _wrong_text(view, REASON_BLOCK, "empty_reason")
    if callback_id == CALL_MODAL:
        return _wrong_call(view)
    if callback_id == DUTY_MODAL:
        return _wrong_shift(view, now, staff)
    if callback_id == PRESS_IDS[Press.REASSIGN]:
        return _wrong_person(view, PERSON_BLOCK, staff)
    if callback_id == PRESS_IDS[Press.SNOOZE]:
        return {} if re.fullmatch(r"[1-9][0-9]{0,7}", choice(view, SPAN_BLOCK)) else {SPAN_BLOCK: "not_chosen"}
    if callback_id == PRESS_IDS[Press.TIE]:
        reference = read_reference(typed(view, NUMBER_BLOCK))
        return {} if reference and reference.number else {NUMBER_BLOCK: "no_number"}
    problems = _wrong_text(view, OUTCOME_BLOCK, "empty_outcome")
    words = typed(view, WORDS_BLOCK)
    if len(words) > REPLY_LIMIT:
        problems[WORDS_BLOCK] = "too_long"
    elif is_note(words):
        problems[WORDS_BLOCK] = "looks_like_note"
    return problems


def looked_up(view: Mapping[str, object]) -> tuple[str, Reference] | None:
    """The field of a form that names a ticket which has to be looked up, and what it names; None in all others."""
    callback_id = str(view.get("callback_id"))
    block_id = {PRESS_IDS[Press.TIE]: NUMBER_BLOCK, CALL_MODAL: REFERENCE_BLOCK}.get(callback_id)
    if acting.names_a_ticket(callback_id) and acting.chosen_ticket(view) is None:
        block_id = NUMBER_BLOCK
    reference = read_reference(typed(view, block_id)) if block_id is not None and _has(view, block_id) else None
    return None if block_id is None or reference is None else (block_id, reference)


def people_named(body: Mapping[str, object]) -> frozenset[str]:
    """The Slack ids of who did it and of who is chosen in a form: whose names are to be known."""
    user, view, event = body.get("user"), body.get("view"), body.get("event")
    found = {str(user.get("id"))} if isinstance(user, Mapping) else set()
    if isinstance(event, Mapping) and event.get("type") == "message":
        found |= people_in_message(event)
    chooses = {PRESS_IDS[Press.REASSIGN], ACTION_IDS[Action.ASSIGN]}
    if isinstance(view, Mapping) and str(view.get("callback_id")) in chooses:
        found.add(chosen_user(view, PERSON_BLOCK))
    return frozenset(found - {""})


def people_in_message(event: Mapping[str, object]) -> set[str]:
    """The Slack ids of who wrote a message and of who is mentioned in it."""
    changed = event.get("message")
    message = changed if isinstance(changed, Mapping) else event
    return {str(message.get("user") or ""), *_MENTIONED.findall(str(message.get("text") or "")[:_LONGEST_TEXT])}


def _wrong_text(view: Mapping[str, object], block_id: str, empty: str, limit: int = REPLY_LIMIT) -> dict[str, str]:
    text = typed(view, block_id)
    if not text.strip():
        return {block_id: empty}
    return {block_id: "too_long"} if len(text) > limit else {}


def _wrong_call(view: Mapping[str, object]) -> dict[str, str]:
    problems = {
        **_wrong_text(view, CALLER_BLOCK, "empty_caller", LINE_LIMIT),
        **_wrong_text(view, SAID_BLOCK, "empty_words"),
    }
    address = typed(view, ADDRESS_BLOCK).strip()
    if address and not can_be_mailed(address):
        problems[ADDRESS_BLOCK] = "no_address"
    if _has(view, REFERENCE_BLOCK) and typed(view, REFERENCE_BLOCK).strip() and _reference(view) is None:
        problems[REFERENCE_BLOCK] = "no_reference"
    return problems


def _reference(view: Mapping[str, object]) -> Reference | None:
    return read_reference(typed(view, REFERENCE_BLOCK)) if _has(view, REFERENCE_BLOCK) else None


def _has(view: Mapping[str, object], block_id: str) -> bool:
    """Whether the form has this field."""
    blocks = view.get("blocks")
    return isinstance(blocks, list) and any(
        isinstance(block, Mapping) and block.get("block_id") == block_id for block in blocks
    )


def _wrong_shift(view: Mapping[str, object], now: datetime | None, staff: Collection[str] | None) -> dict[str, str]:
    problems = _wrong_person(view, PERSON_BLOCK, staff)
    who, substitute = chosen_user(view, PERSON_BLOCK), chosen_user(view, SUBSTITUTE_BLOCK)
    if substitute:
        problems |= _wrong_person(view, SUBSTITUTE_BLOCK, staff)
        if substitute == who:
            problems[SUBSTITUTE_BLOCK] = "same_person"
    try:
        since, until = chosen_instant(view, FROM_BLOCK), chosen_instant(view, TO_BLOCK)
    except ValueError:
        return problems | {TO_BLOCK: "not_chosen"}
    if until <= since:
        problems[TO_BLOCK] = "ends_before"
    elif now is not None and until <= now.astimezone(UTC):
        problems[TO_BLOCK] = "shift_is_past"
    return problems


def _wrong_person(view: Mapping[str, object], block_id: str, staff: Collection[str] | None) -> dict[str, str]:
    person = chosen_user(view, block_id)
    if not person:
        return {block_id: "nobody_chosen"}
    return {block_id: "not_staff"} if staff is not None and person not in staff else {}
