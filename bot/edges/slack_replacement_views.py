"""Renders the forms about replacements. What they ask for is read in `bot.edges.slack_replacement_payloads`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.edges.slack_ids import REPLY_LIMIT, VALUE, ModalPlace
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
    IN_WRITING,
    MOVE_IDS,
    NOTE_BLOCK,
    PHONE_BLOCK,
    REASON_BLOCK,
    SERIAL_BLOCK,
    START_MODAL,
    UPLOAD_BLOCK,
    WAYBILL_BLOCK,
    WHO_BLOCK,
    WORDS_BLOCK,
)
from bot.edges.slack_text import Blocks, Json, block, line, one_line, plain, quote, rich, text, topic
from bot.model import Attachment, Device, Ticket
from bot.replacements import Check, Fate, Replacement
from bot.rules.clock_terms import Measure
from bot.rules.replacement import Move
from bot.rules.replacement_text import Speaker, asking
from bot.rules.shipping import LONGEST_ADDRESS, LONGEST_LINE
from bot.rules.wording import Words, format_span

MOST_UPLOADS = 3
MOST_FILES = 50
"""Of the ticket's files so many, the newest, can be chosen."""


@dataclass(frozen=True, slots=True)
class FormShown:
    """What a form about a replacement shows.

    Attributes:
        recipient: Where mails to the customer go, as staff read it.
        files: The ticket's kept files, oldest first.
        promised: The delivery time; None where none is promised.
        return_within: The time for the way back.
        now: Aware.
    """

    ticket: Ticket
    replacement: Replacement
    recipient: str
    files: Sequence[Attachment]
    promised: Measure | None
    return_within: timedelta
    now: datetime
    speaker: Speaker


def start_form(ticket: Ticket, devices: Sequence[Device], words: Words, place: ModalPlace) -> Json:
    """Beginning a replacement: of which device."""
    options = [_option(f"{one_line(device.model, 40)} {device.serial}", device.serial) for device in devices[:10]]
    choice: Json = {"type": "radio_buttons", "action_id": VALUE, "options": options, "initial_option": options[0]}
    note = line(text(words("replacement_modal.start_note"), "italic"))
    blocks = [_about(ticket, words), _input(DEVICE_BLOCK, "start_device", choice, words), block([note])]
    return _form("start", START_MODAL, blocks, words, place)


def move_form(move: Move, shown: FormShown, words: Words, place: ModalPlace) -> Json:
    """The form of a move."""
    name, fields = _FORMS[move]
    return _form(name, MOVE_IDS[move], [_about(shown.ticket, words), *fields(shown, words)], words, place)


def _check(shown: FormShown, words: Words) -> Blocks:
    options = [_option(words(f"replacement_check.{check}"), check) for check in Check]
    choice: Json = {"type": "radio_buttons", "action_id": VALUE, "options": options, "initial_option": options[0]}
    return [
        _input(CHECK_BLOCK, "check_what", choice, words),
        _for_team(_optional(_input(NOTE_BLOCK, "check_note", _text(), words)), words),
        *_files("check_files", shown, words),
    ]


def _refute(shown: FormShown, words: Words) -> Blocks:
    return [_input(WORDS_BLOCK, "refute_words", _text(), words), _mailed(shown, words)]


def _ask(shown: FormShown, words: Words) -> Blocks:
    preview = asking(shown.speaker, shown.promised, words("replacement_modal.words_here"))
    return [
        _own_words("ask", words),
        _mailed(shown, words),
        block([line(text(words("replacement_modal.ask_preview"), "bold")), quote(preview)]),
    ]


def _confirm(shown: FormShown, words: Words) -> Blocks:
    options = [
        _option(words("replacement_modal.confirm_call"), BY_PHONE),
        _option(words("replacement_modal.confirm_written"), IN_WRITING),
    ]
    how: Json = {"type": "radio_buttons", "action_id": VALUE, "options": options, "initial_option": options[0]}
    name = _line() | ({"initial_value": one_line(shown.ticket.requester_name)} if shown.ticket.requester_name else {})
    return [
        _input(HOW_BLOCK, "confirm_how", how, words),
        _input(WHO_BLOCK, "confirm_who", name, words),
        block([line(text(words("replacement_modal.confirm_note"), "italic"))]),
    ]


def _decline(shown: FormShown, words: Words) -> Blocks:
    return [_own_words("decline", words), _mailed(shown, words)]


def _cancel(_: FormShown, words: Words) -> Blocks:
    return [
        _for_team(_input(REASON_BLOCK, "cancel_reason", _text(), words), words),
        _own_words("cancel", words),
        block([line(text(words("replacement_modal.cancel_note"), "italic"))]),
    ]


def _dispatch(shown: FormShown, words: Words) -> Blocks:
    last = shown.replacement.shipments[-1] if shown.replacement.shipments else None
    address: Json = {**_text(), "max_length": LONGEST_ADDRESS}
    before = (last.address, last.contact, last.phone) if last is not None else ("", "", "")
    there, contact, phone = ({"initial_value": one_line(value)} if value else {} for value in before)
    return [
        _input(CARRIER_BLOCK, "dispatch_carrier", _line(), words),
        _input(WAYBILL_BLOCK, "dispatch_waybill", _line(), words),
        _input(ADDRESS_BLOCK, "dispatch_address", address | there, words),
        _input(CONTACT_BLOCK, "dispatch_contact", _line() | contact, words),
        _input(PHONE_BLOCK, "dispatch_phone", _line() | phone, words),
        _own_words("dispatch", words),
        _mailed(shown, words),
    ]


def _lose(shown: FormShown, words: Words) -> Blocks:
    note = block([line(text(words("replacement_modal.lose_note"), "italic"))])
    return [_own_words("lose", words), note, _mailed(shown, words)]


def _deliver(shown: FormShown, words: Words) -> Blocks:
    options = [_option(words(f"replacement_modal.fate_{fate}"), fate) for fate in Fate]
    fate: Json = {"type": "radio_buttons", "action_id": VALUE, "options": options, "initial_option": options[0]}
    return [
        _input(AT_BLOCK, "deliver_at", _instant(shown.now), words),
        _input(WHO_BLOCK, "deliver_by", _line(), words),
        _input(SERIAL_BLOCK, "deliver_serial", _line(), words),
        _input(FATE_BLOCK, "deliver_fate", fate, words),
        _own_words("deliver", words),
        _mailed(shown, words),
    ]


def _waybill(shown: FormShown, words: Words) -> Blocks:
    span = format_span(shown.return_within, words.language)
    note = block([line(text(words("replacement_modal.waybill_note", span=span), "italic"))])
    return [
        _optional(_input(WAYBILL_BLOCK, "waybill_number", _line(), words)),
        _optional(_input(UPLOAD_BLOCK, "waybill_upload", _upload(), words)),
        *_files("waybill_files", shown, words),
        note,
        _own_words("waybill", words),
        _mailed(shown, words),
    ]


def _return(shown: FormShown, words: Words) -> Blocks:
    return [
        _input(AT_BLOCK, "return_at", _instant(shown.now), words),
        _for_team(_optional(_input(NOTE_BLOCK, "return_note", _text(), words)), words),
        _mailed(shown, words),
    ]


def _waive(shown: FormShown, words: Words) -> Blocks:
    reason = _for_team(_input(REASON_BLOCK, "waive_reason", _text(), words), words)
    return [reason, _own_words("waive", words), _mailed(shown, words)]


_FORMS: dict[Move, tuple[str, Callable[[FormShown, Words], Blocks]]] = {
    Move.CHECK: ("check", _check),
    Move.REFUTE: ("refute", _refute),
    Move.ASK: ("ask", _ask),
    Move.CONFIRM: ("confirm", _confirm),
    Move.DECLINE: ("decline", _decline),
    Move.CANCEL: ("cancel", _cancel),
    Move.DISPATCH: ("dispatch", _dispatch),
    Move.LOSE: ("lose", _lose),
    Move.DELIVER: ("deliver", _deliver),
    Move.SEND_WAYBILL: ("waybill", _waybill),
    Move.RETURN: ("return", _return),
    Move.WAIVE: ("waive", _waive),
}


def _form(name: str, callback_id: str, blocks: Blocks, words: Words, place: ModalPlace) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(words(f"replacement_modal.{name}_title"), 24),
        "submit": plain(words(f"replacement_modal.{name}_submit"), 24),
        # "Cancel" beside "Cancel the replacement" would be a riddle.
        "close": plain(words("replacement_confirm.no" if name == "cancel" else "modal.cancel"), 24),
        "private_metadata": place.to_metadata(),
        "blocks": blocks,
    }


def _about(ticket: Ticket, words: Words) -> Json:
    return block([line(*rich(words, "modal.about", "bold", number=ticket.number, subject=topic(ticket.subject)))])


def _mailed(shown: FormShown, words: Words) -> Json:
    return block([line(*rich(words, "replacement_modal.mailed_to", "bold", address=shown.recipient))])


def _files(label: str, shown: FormShown, words: Words) -> Blocks:
    """The ticket's files to choose from; nothing where there are none."""
    options = [_option(one_line(file.name, 75), str(file.id)) for file in shown.files[-MOST_FILES:]]
    if not options:
        return []
    choice: Json = {"type": "multi_static_select", "action_id": VALUE, "options": options}
    return [_optional(_input(FILES_BLOCK, label, choice, words))]


def _own_words(name: str, words: Words) -> Json:
    return _optional(_input(WORDS_BLOCK, f"{name}_words", _text(), words))


def _input(block_id: str, label: str, element: Json, words: Words) -> Json:
    said = plain(words(f"replacement_modal.{label}"), 2000)
    return {"type": "input", "block_id": block_id, "label": said, "element": element}


def _optional(field: Json) -> Json:
    return {**field, "optional": True}


def _for_team(field: Json, words: Words) -> Json:
    return {**field, "hint": plain(words("replacement_modal.team_hint"), 2000)}


def _instant(now: datetime) -> Json:
    return {"type": "datetimepicker", "action_id": VALUE, "initial_date_time": int(now.timestamp()) // 60 * 60}


def _upload() -> Json:
    return {"type": "file_input", "action_id": VALUE, "max_files": MOST_UPLOADS}


def _line() -> Json:
    return {"type": "plain_text_input", "action_id": VALUE, "max_length": LONGEST_LINE}


def _text() -> Json:
    return {"type": "plain_text_input", "action_id": VALUE, "multiline": True, "max_length": REPLY_LIMIT}


def _option(label: str, value: str) -> Json:
    return {"text": plain(label, 75), "value": str(value)}
