"""Renders the forms about entitlements. What they ask for is read in `bot.edges.slack_entitlement_payloads`."""

from __future__ import annotations

from collections.abc import Sequence

from bot.edges.slack_entitlement import short_counts
from bot.edges.slack_entitlement_ids import (
    CHOOSE,
    CORRECT,
    CORRECTION_BLOCK,
    DEVICE_BLOCK,
    DONE_BLOCK,
    KIND_BLOCK,
    NOTE_BLOCK,
    RECORD_MODAL,
    REPORT,
    REPORT_BLOCK,
    WORDS_BLOCK,
)
from bot.edges.slack_ids import REPLY_LIMIT, VALUE, ModalPlace
from bot.edges.slack_text import Blocks, Json, block, line, one_line, plain, reached_at, rich, text, topic
from bot.entitlements import DeviceStanding, Entitlement, EntitlementUse
from bot.model import Ticket
from bot.rules.wording import Words, format_day

MAX_OPTIONS = 100
MAX_COUNTS = 10
MAX_REPORTS = 5


def record_form(ticket: Ticket, devices: Sequence[DeviceStanding], words: Words, place: ModalPlace) -> Json:
    """Recording a use by hand: what, for which device, and whether it is done already."""
    named = {device.serial for device in ticket.devices}
    chosen = next((one.serial for one in devices if one.serial in named), devices[0].serial if devices else None)
    done = _hinted(_input(DONE_BLOCK, "done_on", {"type": "datepicker", "action_id": VALUE}, words), "done_on", words)
    note = _hinted(_input(NOTE_BLOCK, "note", _text(), words), "note", words)
    blocks: Blocks = [
        _about(ticket, devices, words),
        _input(KIND_BLOCK, "kind", _kinds(None, words), words),
        _input(DEVICE_BLOCK, "device", _devices(devices, chosen), words),
        {**done, "optional": True},
        {**note, "optional": True},
    ]
    return _form("record", RECORD_MODAL, blocks, words, place)


def choose_form(
    ticket: Ticket, use: EntitlementUse, devices: Sequence[DeviceStanding], words: Words, place: ModalPlace
) -> Json:
    """Saying what a customer asks for, and for which device."""
    blocks: Blocks = [
        _about(ticket, devices, words),
        _input(KIND_BLOCK, "kind", _kinds(use.kind, words), words),
        _input(DEVICE_BLOCK, "device", _devices(devices, use.serial), words),
    ]
    return _form("choose", CHOOSE, blocks, words, place)


def correct_form(ticket: Ticket, use: EntitlementUse, words: Words, place: ModalPlace) -> Json:
    """Taking a use back."""
    lines = [line(*rich(words, "entitlement.title", kind=words(f"entitlement_kind.{use.kind}")))]
    if use.serial is not None:
        lines.append(line(text(use.serial, "code")))
    reason = _hinted(_input(CORRECTION_BLOCK, "reason", _text(), words), "reason", words)
    return _form("correct", CORRECT, [_head(ticket, words, *lines), reason], words, place)


def report_form(ticket: Ticket, use: EntitlementUse, words: Words, place: ModalPlace) -> Json:
    """Sending the report of a review."""
    lines = [line(*rich(words, "modal.to", "bold", address=reached_at(ticket) or words("unknown")))]
    if use.serial is not None:
        lines.append(line(text(use.serial, "code")))
    files: Json = {"type": "file_input", "action_id": VALUE, "max_files": MAX_REPORTS}
    blocks: Blocks = [
        _head(ticket, words, *lines),
        _input(REPORT_BLOCK, "report_files", files, words),
        {**_input(WORDS_BLOCK, "report_words", _text(), words), "optional": True},
        block([line(text(words("entitlement_modal.report_note"), "italic"))]),
    ]
    return _form("report", REPORT, blocks, words, place)


def _about(ticket: Ticket, devices: Sequence[DeviceStanding], words: Words) -> Json:
    """The ticket, and what its devices have used."""
    lines = []
    for device in devices[:MAX_COUNTS]:
        counts, until = short_counts(device, words)
        if until is not None:
            day = format_day(until, words.language)
            counts = words("entitlement_modal.counts_until", counts=counts, until=day)
        said = {"serial": text(device.serial, "code"), "model": device.model, "counts": text(counts)}
        lines.append(line(*rich(words, "entitlement_modal.counts", **said)))
    return _head(ticket, words, *lines)


def _head(ticket: Ticket, words: Words, *more: Json) -> Json:
    about = rich(words, "modal.about", "bold", number=ticket.number, subject=topic(ticket.subject))
    return block([line(*about), *more])


def _kinds(chosen: Entitlement | None, words: Words) -> Json:
    options = [_option(words(f"entitlement_kind.{kind}"), kind) for kind in Entitlement]
    select: Json = {"type": "static_select", "action_id": VALUE, "options": options}
    return select if chosen is None else select | {"initial_option": options[list(Entitlement).index(chosen)]}


def _devices(devices: Sequence[DeviceStanding], chosen: str | None) -> Json:
    options = [_option(one_line(f"{one.model} · {one.serial}"), one.serial) for one in devices[:MAX_OPTIONS]]
    select: Json = {"type": "static_select", "action_id": VALUE, "options": options}
    first = next((option for option in options if option["value"] == chosen), None)
    return select if first is None else select | {"initial_option": first}


def _form(name: str, callback_id: str, blocks: Blocks, words: Words, place: ModalPlace) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(words(f"entitlement_modal.{name}_title"), 24),
        "submit": plain(words(f"entitlement_modal.{name}_submit"), 24),
        "close": plain(words("modal.cancel"), 24),
        "private_metadata": place.to_metadata(),
        "blocks": blocks,
    }


def _input(block_id: str, label: str, element: Json, words: Words) -> Json:
    said = plain(words(f"entitlement_modal.{label}"), 2000)
    return {"type": "input", "block_id": block_id, "label": said, "element": element}


def _hinted(field: Json, name: str, words: Words) -> Json:
    return {**field, "hint": plain(words(f"entitlement_modal.{name}_hint"), 2000)}


def _text() -> Json:
    return {"type": "plain_text_input", "action_id": VALUE, "multiline": True, "max_length": REPLY_LIMIT}


def _option(label: str, value: str) -> Json:
    return {"text": plain(label, 75), "value": value}
