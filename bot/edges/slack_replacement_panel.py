"""Renders a replacement's message in the ticket's thread, and the thread's lines about it. Pure.

What `PostInThread.data` holds with `Note.REPLACEMENT` (JSON values): event (a `Move`, "begin", "to_send", "answer_yes",
"answer_no", "answer_unclear", "reminded", "overdue" or "stays_open"), serial, by, and what `handlers.replacements`
journals of the move; due_at where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.edges.slack_escalation_ids import Pressed
from bot.edges.slack_replacement_ids import MOVE_IDS, PRESSED_AT_ONCE
from bot.edges.slack_text import Blocks, Json, block, cut, fallback, line, one_line, person, plain, rich, text
from bot.model import Attachment
from bot.replacements import Check, CheckDone, Fate, Replacement, Stage
from bot.rules.replacement import Move, moves_of
from bot.rules.wording import Words, format_fixed

ROOM_FOR_NOTES = 300
"""JSON characters of each note; the whole stands in the journal."""
MAX_CHECKS, MAX_SHIPMENTS, MAX_FILES = 6, 2, 5
"""The latest; all stand in the journal and in the thread."""

_FIRST = {
    Stage.REPORTED: Move.CHECK,
    Stage.VERIFYING: Move.VERIFY,
    Stage.VERIFIED: Move.ASK,
    Stage.CONFIRMED: Move.DISPATCH,
    Stage.DISPATCHED: Move.DELIVER,
    Stage.DELIVERED: Move.SEND_WAYBILL,
    Stage.RETURN_DUE: Move.RETURN,
    Stage.RETURNED: Move.CLOSE,
}
"""What usually comes next."""


@dataclass(frozen=True, slots=True)
class ReplacementShown:
    """What the panel shows.

    Attributes:
        delivery_due, return_due: By when; None where nothing was promised.
        files: The ticket's files, by id.
    """

    replacement: Replacement
    delivery_due: datetime | None
    return_due: datetime | None
    files: Mapping[int, Attachment]


@dataclass(frozen=True, slots=True)
class _Look:
    words: Words
    zone: ZoneInfo

    def say(self, key: str, *styles: str, **params: object) -> Json:
        return line(*rich(self.words, f"replacement_card.{key}", *styles, **params))

    def at(self, instant: datetime | None) -> str:
        return "–" if instant is None else format_fixed(instant, self.words.language, self.zone)

    def note(self, foreign: str) -> Json:
        return text(cut(one_line(foreign, 300), ROOM_FOR_NOTES, self.words("cut")))


def panel(shown: ReplacementShown, words: Words, zone: ZoneInfo) -> tuple[str, Blocks]:
    """The panel: where it stands, the checklist with who and when, and what can be done now."""
    it, look = shown.replacement, _Look(words, zone)
    stage = words(f"replacement_stage.{it.stage}")
    lines = [
        look.say("title", "bold", stage=stage),
        look.say("device", model=text(one_line(it.device.model), "bold"), serial=text(it.device.serial, "code")),
        look.say("begun", by=person(it.begun_by), at=look.at(it.begun_at)),
        *_checks(shown, look),
        *_confirmations(it, look),
        *_parcels(shown, look),
        *_way_back(shown, look),
    ]
    if not it.is_open:
        key = "ended_why" if it.outcome else "ended"
        lines.append(look.say(key, "bold", stage=stage, by=person(it.ended_by or ""), at=look.at(it.ended_at),
                              why=look.note(it.outcome)))  # fmt: skip
    blocks: Blocks = [block(lines)]
    buttons = [_button(move, it, words) for move in moves_of(it)]
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return fallback(blocks), blocks


def _checks(shown: ReplacementShown, look: _Look) -> Iterator[Json]:
    it = shown.replacement
    for done in it.checks[-MAX_CHECKS:]:
        yield from _check(done, shown, look)
    missing = [check for check in Check if check not in {done.check for done in it.checks}]
    if it.verified_at is None and it.is_open:
        for check in missing:
            yield look.say("check_open", check=look.words(f"replacement_check.{check}"))


def _check(done: CheckDone, shown: ReplacementShown, look: _Look) -> Iterator[Json]:
    said = {"check": look.words(f"replacement_check.{done.check}"), "by": person(done.by), "at": look.at(done.at)}
    if done.words:
        yield look.say("check_note", **said, note=look.note(done.words))
    else:
        yield look.say("check_done", **said)
    names = [one_line(shown.files[each].name, 80) for each in done.files[:MAX_FILES] if each in shown.files]
    if names:
        yield look.say("check_files", files=", ".join(names))


def _confirmations(it: Replacement, look: _Look) -> Iterator[Json]:
    if it.verified_at is not None:
        yield look.say("verified", by=person(it.verified_by or ""), at=look.at(it.verified_at))
    elif it.is_open:
        yield look.say("verified_open")
    if it.confirmed_at is not None:
        said = {
            "via": look.words(f"replacement_via.{it.confirmed_via}"),
            "who": person(it.confirmed_by or ""),
            "at": look.at(it.confirmed_at),
        }
        if it.confirmation_logged_by is None:
            yield look.say("confirmed", **said)
        else:
            yield look.say("confirmed_logged", **said, by=person(it.confirmation_logged_by))
    elif it.is_open:
        asked = it.asked_at is not None
        yield look.say("confirmed_asked", at=look.at(it.asked_at)) if asked else look.say("confirmed_open")


def _parcels(shown: ReplacementShown, look: _Look) -> Iterator[Json]:
    it = shown.replacement
    if it.is_open and it.delivered_at is None and shown.delivery_due is not None:
        yield look.say("due", "bold", at=look.at(shown.delivery_due))
    for parcel in it.shipments[-MAX_SHIPMENTS:]:
        said = {"carrier": parcel.carrier, "waybill": text(parcel.waybill, "code"), "at": look.at(parcel.sent_at)}
        if parcel.lost_at is not None:
            yield look.say("shipment_lost", **said, lost=look.at(parcel.lost_at))
            continue
        yield look.say("shipment", **said, by=person(parcel.by))
        yield look.say("shipment_to", address=parcel.address, contact=parcel.contact, phone=parcel.phone)
    if it.delivered_at is None or it.new_device is None:
        return
    late = shown.delivery_due is not None and it.delivered_at > shown.delivery_due
    received = {"at": look.at(it.delivered_at), "who": it.received_by or "–"}
    yield (
        look.say("delivered_late", due=look.at(shown.delivery_due), **received)
        if late
        else look.say("delivered", **received)
    )
    new = {"model": text(one_line(it.new_device.model), "bold"), "serial": text(it.new_device.serial, "code")}
    if it.contract_id is None:
        yield look.say("new_alone", **new)
    else:
        yield look.say("new_replaces" if it.fate is Fate.REPLACES else "new_joins", **new)


def _way_back(shown: ReplacementShown, look: _Look) -> Iterator[Json]:
    it = shown.replacement
    for waybill in it.waybills[-MAX_SHIPMENTS:]:
        said = {"at": look.at(waybill.sent_at), "by": person(waybill.by)}
        if waybill.number:
            yield look.say("waybill", number=text(waybill.number, "code"), **said)
        else:
            yield look.say("waybill_file", files=", ".join(waybill.files), **said)
    if it.sending_waybill is not None and it.is_open:
        yield look.say("waybill_waits", by=person(it.sending_waybill.by))
    if it.stage is Stage.RETURN_DUE and shown.return_due is not None:
        yield look.say("return_due", "bold", at=look.at(shown.return_due))
    if it.returned_at is not None:
        key = "returned_note" if it.return_note else "returned"
        yield look.say(key, at=look.at(it.returned_at), note=look.note(it.return_note))


def _button(move: Move, it: Replacement, words: Words) -> Json:
    repeated = bool(it.waybills) if move is Move.SEND_WAYBILL else move is Move.ASK and it.asked_at is not None
    again = "_again" if repeated else ""
    button: Json = {
        "type": "button",
        "action_id": MOVE_IDS[move],
        "text": plain(words(f"replacement_button.{move}{again}"), 75),
        "value": Pressed(it.ticket_id, it.id).to_value(),
    }
    if move is _FIRST.get(it.stage) and not repeated:
        button["style"] = "primary"
    if move in PRESSED_AT_ONCE:
        button["confirm"] = {
            "title": plain(words(f"replacement_confirm.{move}_title"), 100),
            "text": plain(words(f"replacement_confirm.{move}_text"), 300),
            "confirm": plain(words(f"replacement_confirm.{move}_yes"), 30),
            "deny": plain(words("replacement_confirm.no"), 30),
        }
    return button


def history(data: Mapping[str, object], words: Words, zone: ZoneInfo) -> list[Json]:
    """A line of the ticket's thread."""
    event, look = str(data.get("event")), _Look(words, zone)
    if event == "check" and data.get("note"):
        event = "check_note"
    if event == "deliver" and data.get("late"):
        event = "deliver_late"
    if event == "to_send" and not data.get("due_at"):
        event = "to_send_without_due"
    if f"replacement_line.{event}" not in words:
        return [line(text(one_line(event) or "–"))]
    known = {name: _shown(name, value, look) for name, value in data.items()}
    known["due"] = _instant(data.get("due_at"), look)
    return [line(*rich(words, f"replacement_line.{event}", **{"reason": "–", **known}))]


def _instant(value: object, look: _Look) -> str:
    try:
        return look.at(datetime.fromisoformat(str(value)))
    except ValueError:
        return "–"


def _shown(name: str, value: object, look: _Look) -> object:
    match name:
        case "by" | "who":
            return person(str(value))
        case "serial" | "new" | "waybill":
            return text(one_line(str(value)), "code")
        case "check":
            key = f"replacement_check.{value}"
            return look.words(key) if key in look.words else value
        case "note" | "reason":
            return look.note(str(value)) if value else "–"
        case _:
            return value
