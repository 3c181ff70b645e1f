"""What Slack payloads about entitlements ask for: pure reading of payloads as they were recorded.

As in `bot.edges.slack_payloads`, which asks here: nothing in them is trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.commands import SlackCommand, SlackPerson
from bot.edges import slack_appointments as appointments
from bot.edges import slack_entitlement_ids, slack_ids
from bot.edges import slack_services as services
from bot.edges.slack_entitlement_ids import (
    CHOOSE,
    CORRECT,
    CORRECTION_BLOCK,
    DECISIONS_BY_ID,
    DEVICE_BLOCK,
    DONE_BLOCK,
    ENTITLEMENT_FORMS,
    KIND_BLOCK,
    NOTE_BLOCK,
    RECORD_MODAL,
    REPORT,
    REPORT_BLOCK,
    WORDS_BLOCK,
    PressedUse,
)
from bot.edges.slack_fields import choice, state, typed
from bot.edges.slack_ids import REPLY_LIMIT, SERVICE_OFFER, ModalPlace
from bot.edges.slack_words_payloads import shared_files
from bot.entitlement_commands import (
    ChooseEntitlement,
    CorrectEntitlement,
    DecideEntitlement,
    DeliverReport,
    RecordEntitlement,
)
from bot.entitlements import Entitlement
from bot.rules.notes import is_note


def is_decision(action_id: str) -> bool:
    """Whether a button decides about a use or a proposal, or picks one of the times that were offered."""
    return action_id in DECISIONS_BY_ID or action_id == services.DISMISS or appointments.is_pick(action_id)


def decided_command(action_id: str, value: object, by: SlackPerson) -> SlackCommand:
    """The command of such a button.

    Raises:
        ValueError: its value is none of ours.
    """
    if appointments.is_pick(action_id):
        return appointments.picked(value, by)
    if action_id == services.DISMISS:
        return services.dismissed(value, by)
    pressed = PressedUse.from_value(value)
    by = replace(by, saw=pressed.saw)
    return DecideEntitlement(by, pressed.ticket_id, pressed.use_id, DECISIONS_BY_ID[action_id], pressed.taken)


def is_form(callback_id: object) -> bool:
    """Whether a modal is one of `bot.edges.slack_entitlement_views`, or offers times or a service."""
    others = {RECORD_MODAL, appointments.OFFER_MODAL, SERVICE_OFFER}
    return isinstance(callback_id, str) and callback_id in ENTITLEMENT_FORMS | others


def submitted_command(view: Mapping[str, object], place: ModalPlace, by: SlackPerson) -> SlackCommand:
    """The command of a submitted form, in which `form_problems` found none.

    Raises:
        ValueError: it lacks what every one of these forms carries.
    """
    callback_id = view.get("callback_id")
    if callback_id == SERVICE_OFFER and place.use_id is not None:
        return services.offered(view, place.use_id, by)
    if place.ticket_id is None:
        raise ValueError("no ticket")
    if callback_id == appointments.OFFER_MODAL:
        return appointments.offered(view, place.ticket_id, by, place.seen)
    if callback_id == RECORD_MODAL:
        note, day = typed(view, NOTE_BLOCK).strip(), _day(view)
        kind, serial = Entitlement(choice(view, KIND_BLOCK)), choice(view, DEVICE_BLOCK)
        return RecordEntitlement(by, place.ticket_id, kind, serial, note, day)
    if place.use_id is None:
        raise ValueError("no use")
    if callback_id == REPORT:
        files = shared_files(state(view, REPORT_BLOCK).get("files"))
        return DeliverReport(by, place.ticket_id, place.use_id, files, typed(view, WORDS_BLOCK).strip())
    if callback_id == CORRECT:
        return CorrectEntitlement(by, place.ticket_id, place.use_id, typed(view, CORRECTION_BLOCK).strip())
    kind, serial = Entitlement(choice(view, KIND_BLOCK)), choice(view, DEVICE_BLOCK)
    return ChooseEntitlement(by, place.ticket_id, place.use_id, kind, serial)


def form_problems(
    view: Mapping[str, object], now: datetime | None = None, zone: ZoneInfo | None = None
) -> dict[str, str]:
    """What is wrong with a submitted form: block_id -> a sentence "modal_problem.*". Never raises.

    Args:
        now: With `zone`: nothing is done in the future.
    """
    match view.get("callback_id"):
        case appointments.OFFER_MODAL:
            return appointments.offer_problems(view, now)
        case slack_ids.SERVICE_OFFER:
            return services.offer_problems(view)
        case slack_entitlement_ids.CORRECT:
            return _correction_problems(view)
        case slack_entitlement_ids.REPORT:
            return _report_problems(view)
        case _:
            return _use_problems(view, now, zone)


def _correction_problems(view: Mapping[str, object]) -> dict[str, str]:
    reason = typed(view, CORRECTION_BLOCK)
    if not reason.strip():
        return {CORRECTION_BLOCK: "empty_correction"}
    return {CORRECTION_BLOCK: "too_long"} if len(reason) > REPLY_LIMIT else {}


def _use_problems(view: Mapping[str, object], now: datetime | None, zone: ZoneInfo | None) -> dict[str, str]:
    problems: dict[str, str] = {}
    if choice(view, KIND_BLOCK) not in set(Entitlement):
        problems[KIND_BLOCK] = "not_chosen"
    if not 0 < len(choice(view, DEVICE_BLOCK)) <= 40:
        problems[DEVICE_BLOCK] = "not_chosen"
    if view.get("callback_id") == CHOOSE:
        return problems
    if len(typed(view, NOTE_BLOCK)) > REPLY_LIMIT:
        problems[NOTE_BLOCK] = "too_long"
    day = _day(view)
    if day is not None and now is not None and zone is not None and day > now.astimezone(zone).date():
        problems[DONE_BLOCK] = "done_in_future"
    return problems


def _report_problems(view: Mapping[str, object]) -> dict[str, str]:
    problems: dict[str, str] = {}
    if not shared_files(state(view, REPORT_BLOCK).get("files")):
        problems[REPORT_BLOCK] = "no_report"
    words = typed(view, WORDS_BLOCK)
    if len(words) > REPLY_LIMIT:
        problems[WORDS_BLOCK] = "too_long"
    elif is_note(words):
        problems[WORDS_BLOCK] = "looks_like_note"
    return problems


def _day(view: Mapping[str, object]) -> date | None:
    value = state(view, DONE_BLOCK).get("selected_date")
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
