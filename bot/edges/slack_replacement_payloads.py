"""What Slack payloads about replacements and interviews ask for; `bot.edges.slack_payloads` asks here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.commands import NothingToDo, SlackCommand, SlackPerson
from bot.edges import slack_interview
from bot.edges.slack_escalation_ids import Pressed
from bot.edges.slack_fields import Unreadable, choice, chosen_instant, state, typed
from bot.edges.slack_ids import REPLY_LIMIT, ModalPlace
from bot.edges.slack_replacement_ids import (
    ADDRESS_BLOCK,
    AT_BLOCK,
    BY_PHONE,
    CARRIER_BLOCK,
    CHECK_BLOCK,
    CONTACT_BLOCK,
    DEVICE_BLOCK,
    FATE_BLOCK,
    FILES_BLOCK,
    HOW_BLOCK,
    MOVE_IDS,
    MOVES_BY_ID,
    NOTE_BLOCK,
    OPENS_MOVE_FORM,
    PHONE_BLOCK,
    REASON_BLOCK,
    SERIAL_BLOCK,
    START_MODAL,
    UPLOAD_BLOCK,
    WAYBILL_BLOCK,
    WHO_BLOCK,
    WORDS_BLOCK,
)
from bot.edges.slack_words_payloads import shared_files
from bot.replacement_commands import (
    AskUser,
    BeginReplacement,
    CancelReplacement,
    CloseReplacement,
    DeclineReplacement,
    DispatchReplacement,
    LogConfirmation,
    RecordCheck,
    RecordDelivery,
    RecordReturn,
    RefuteFault,
    ReportLoss,
    SendReturnWaybill,
    VerifyFault,
    WaiveReturn,
)
from bot.replacements import Check, Fate
from bot.rules.new_devices import SerialProblem, new_device
from bot.rules.notes import is_note
from bot.rules.replacement import Move
from bot.rules.shipping import is_address, is_name, phone_number, waybill_number
from bot.sendings import SharedFile

_MOMENT = timedelta(minutes=2)
_ID = re.compile(r"[1-9][0-9]{0,17}")


def is_press(action_id: str) -> bool:
    """Whether a button is of a replacement or an interview."""
    return action_id in MOVES_BY_ID or slack_interview.is_press(action_id)


def is_form(callback_id: object) -> bool:
    """Whether a modal is one of `bot.edges.slack_replacement_views` or `bot.edges.slack_interview`."""
    is_ours = isinstance(callback_id, str) and callback_id in {*OPENS_MOVE_FORM, START_MODAL}
    return is_ours or slack_interview.is_form(callback_id)


def pressed_command(action_id: str, value: object, by: SlackPerson) -> SlackCommand:
    """The command of a button.

    Raises:
        ValueError: the button's value is none of ours.
    """
    if slack_interview.is_press(action_id):
        return slack_interview.pressed_command(action_id, value, by)
    if action_id in OPENS_MOVE_FORM:
        return NothingToDo(f"{action_id} only opens a modal")
    pressed = Pressed.from_value(value)
    if MOVES_BY_ID[action_id] is Move.VERIFY:
        return VerifyFault(by, pressed.ticket_id, pressed.other_id)
    return CloseReplacement(by, pressed.ticket_id, pressed.other_id)


def submitted_command(view: Mapping[str, object], place: ModalPlace, by: SlackPerson) -> SlackCommand:
    """The command of a submitted form, in which `form_problems` found none.

    Raises:
        ValueError: it lacks what every one of these forms carries.
    """
    ticket_id, other_id, callback_id = place.ticket_id, place.other_id, view.get("callback_id")
    if slack_interview.is_form(callback_id):
        return slack_interview.submitted_command(view, place, by)
    if ticket_id is None:
        raise Unreadable("no ticket")
    if callback_id == START_MODAL:
        return BeginReplacement(by, ticket_id, choice(view, DEVICE_BLOCK))
    if other_id is None:
        raise Unreadable("no replacement")
    return _COMMANDS[MOVES_BY_ID[str(callback_id)]](view, by, ticket_id, other_id)


def _words(view: Mapping[str, object]) -> str:
    return typed(view, WORDS_BLOCK).strip()


def _confirmed(view: Mapping[str, object], by: SlackPerson, ticket_id: int, its_id: int) -> SlackCommand:
    by_phone = choice(view, HOW_BLOCK) == BY_PHONE
    return LogConfirmation(by, ticket_id, its_id, typed(view, WHO_BLOCK).strip(), by_phone=by_phone)


def _dispatched(view: Mapping[str, object], by: SlackPerson, ticket_id: int, its_id: int) -> SlackCommand:
    blocks = (CARRIER_BLOCK, WAYBILL_BLOCK, ADDRESS_BLOCK, CONTACT_BLOCK, PHONE_BLOCK)
    carrier, waybill, address, contact, phone = (typed(view, block_id).strip() for block_id in blocks)
    return DispatchReplacement(by, ticket_id, its_id, carrier, waybill, address, contact, phone, _words(view))


def _delivered(view: Mapping[str, object], by: SlackPerson, ticket_id: int, its_id: int) -> SlackCommand:
    return RecordDelivery(
        by, ticket_id, its_id, chosen_instant(view, AT_BLOCK), typed(view, WHO_BLOCK).strip(),
        typed(view, SERIAL_BLOCK).strip(), Fate(choice(view, FATE_BLOCK)), _words(view),
    )  # fmt: skip


_COMMANDS: dict[Move, Callable[[Mapping[str, object], SlackPerson, int, int], SlackCommand]] = {
    Move.CHECK: lambda view, by, ticket, its: RecordCheck(
        by, ticket, its, Check(choice(view, CHECK_BLOCK)), typed(view, NOTE_BLOCK).strip(), _chosen_files(view)
    ),
    Move.REFUTE: lambda view, by, ticket, its: RefuteFault(by, ticket, its, _words(view)),
    Move.ASK: lambda view, by, ticket, its: AskUser(by, ticket, its, _words(view)),
    Move.CONFIRM: _confirmed,
    Move.DECLINE: lambda view, by, ticket, its: DeclineReplacement(by, ticket, its, _words(view)),
    Move.CANCEL: lambda view, by, ticket, its: CancelReplacement(
        by, ticket, its, typed(view, REASON_BLOCK).strip(), _words(view)
    ),
    Move.DISPATCH: _dispatched,
    Move.LOSE: lambda view, by, ticket, its: ReportLoss(by, ticket, its, _words(view)),
    Move.DELIVER: _delivered,
    Move.SEND_WAYBILL: lambda view, by, ticket, its: SendReturnWaybill(
        by, ticket, its, typed(view, WAYBILL_BLOCK).strip(), _chosen_files(view), _uploaded(view), _words(view)
    ),
    Move.RETURN: lambda view, by, ticket, its: RecordReturn(
        by, ticket, its, chosen_instant(view, AT_BLOCK), typed(view, NOTE_BLOCK).strip()
    ),
    Move.WAIVE: lambda view, by, ticket, its: WaiveReturn(
        by, ticket, its, typed(view, REASON_BLOCK).strip(), _words(view)
    ),
}


def _uploaded(view: Mapping[str, object]) -> tuple[SharedFile, ...]:
    return shared_files(state(view, UPLOAD_BLOCK).get("files"))


def _chosen_files(view: Mapping[str, object]) -> tuple[int, ...]:
    """Ids of the chosen files of the ticket."""
    options = state(view, FILES_BLOCK).get("selected_options")
    values = (
        [option.get("value") for option in options if isinstance(option, Mapping)] if isinstance(options, list) else []
    )
    return tuple(int(value) for value in values if isinstance(value, str) and _ID.fullmatch(value))


def delivered_serial(view: Mapping[str, object]) -> tuple[str, str] | None:
    """The field of the form for a delivery, and the new device's serial number in it; None for other forms."""
    if view.get("callback_id") != MOVE_IDS[Move.DELIVER]:
        return None
    return SERIAL_BLOCK, typed(view, SERIAL_BLOCK).strip()


def form_problems(view: Mapping[str, object], now: datetime | None = None) -> dict[str, str]:
    """What is wrong with a submitted form: block_id -> a sentence "modal_problem.*". Never raises.

    Args:
        now: What happened may not lie ahead of it; without it, only the form of the submission is looked at.
    """
    callback_id = view.get("callback_id")
    if slack_interview.is_form(callback_id):
        return slack_interview.form_problems(view)
    if callback_id == START_MODAL:
        return {} if choice(view, DEVICE_BLOCK) else {DEVICE_BLOCK: "not_chosen"}
    problems = _wrong_words(view)
    look = _CHECKS.get(MOVES_BY_ID[str(callback_id)])
    return problems if look is None else problems | look(view, now)


def _wrong_words(view: Mapping[str, object]) -> dict[str, str]:
    words = typed(view, WORDS_BLOCK)
    if len(words) > REPLY_LIMIT:
        return {WORDS_BLOCK: "too_long"}
    return {WORDS_BLOCK: "looks_like_note"} if is_note(words) else {}


def _wrong_refusal(view: Mapping[str, object], _: datetime | None) -> dict[str, str]:
    return {} if _words(view) else {WORDS_BLOCK: "empty"}


def _wrong_reason(view: Mapping[str, object], _: datetime | None) -> dict[str, str]:
    return {} if typed(view, REASON_BLOCK).strip() else {REASON_BLOCK: "empty_reason"}


def _wrong_check(view: Mapping[str, object], _: datetime | None) -> dict[str, str]:
    return {} if choice(view, CHECK_BLOCK) in set(Check) else {CHECK_BLOCK: "not_chosen"}


def _wrong_confirmation(view: Mapping[str, object], _: datetime | None) -> dict[str, str]:
    return {} if is_name(typed(view, WHO_BLOCK)) else {WHO_BLOCK: "no_name"}


def _wrong_parcel(view: Mapping[str, object], _: datetime | None) -> dict[str, str]:
    checks = {
        CARRIER_BLOCK: (is_name(typed(view, CARRIER_BLOCK)), "no_carrier"),
        WAYBILL_BLOCK: (waybill_number(typed(view, WAYBILL_BLOCK)) is not None, "no_waybill"),
        ADDRESS_BLOCK: (is_address(typed(view, ADDRESS_BLOCK)), "no_postal_address"),
        CONTACT_BLOCK: (is_name(typed(view, CONTACT_BLOCK)), "no_name"),
        PHONE_BLOCK: (phone_number(typed(view, PHONE_BLOCK)) is not None, "no_phone"),
    }
    return {block_id: problem for block_id, (is_fine, problem) in checks.items() if not is_fine}


def _wrong_delivery(view: Mapping[str, object], now: datetime | None) -> dict[str, str]:
    problems = _wrong_time(view, now)
    if not is_name(typed(view, WHO_BLOCK)):
        problems[WHO_BLOCK] = "no_name"
    device = new_device(typed(view, SERIAL_BLOCK), "")
    if isinstance(device, SerialProblem):
        problems[SERIAL_BLOCK] = f"new_{device}"
    if choice(view, FATE_BLOCK) not in set(Fate):
        problems[FATE_BLOCK] = "not_chosen"
    return problems


def _wrong_waybill(view: Mapping[str, object], _: datetime | None) -> dict[str, str]:
    number = typed(view, WAYBILL_BLOCK).strip()
    if number and waybill_number(number) is None:
        return {WAYBILL_BLOCK: "no_waybill"}
    return {} if number or _chosen_files(view) or _uploaded(view) else {WAYBILL_BLOCK: "waybill_or_file"}


def _wrong_time(view: Mapping[str, object], now: datetime | None) -> dict[str, str]:
    try:
        at = chosen_instant(view, AT_BLOCK)
    except ValueError:
        return {AT_BLOCK: "not_chosen"}
    return {AT_BLOCK: "not_yet"} if now is not None and at > now + _MOMENT else {}


_CHECKS: dict[Move, Callable[[Mapping[str, object], datetime | None], dict[str, str]]] = {
    Move.CHECK: _wrong_check,
    Move.REFUTE: _wrong_refusal,
    Move.CONFIRM: _wrong_confirmation,
    Move.CANCEL: _wrong_reason,
    Move.DISPATCH: _wrong_parcel,
    Move.DELIVER: _wrong_delivery,
    Move.SEND_WAYBILL: _wrong_waybill,
    Move.RETURN: _wrong_time,
    Move.WAIVE: _wrong_reason,
}
