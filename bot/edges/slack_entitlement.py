"""Renders what staff read of entitlements: a use in its ticket's thread, and the counts on the head message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.edges.slack_entitlement_ids import BOOK, CHOOSE, CORRECT, DECISION_IDS, REPORT, PressedUse
from bot.edges.slack_text import Blocks, Json, block, fallback, line, one_line, people, person, plain, rich, text
from bot.entitlement_commands import Decision
from bot.entitlements import DeviceStanding, Entitlement, EntitlementUse, Standing, UseState
from bot.model import Contract, Ticket
from bot.rules.wording import Words, format_day, format_fixed

MAX_WORDS = 300
MAX_FILES = 5
MAX_FILE_NAME = 80
MAX_DEVICES = 3
"""Devices whose counts a head message shows."""


_OTHER_IDS = {
    "choose": CHOOSE,
    "choose_device": CHOOSE,
    "correct": CORRECT,
    "book": BOOK,
    "report": REPORT,
    "strike": DECISION_IDS[Decision.DROP],
}
_STYLES: dict[str, str] = {
    Decision.AGREE: "primary",
    Decision.DONE: "primary",
    Decision.DECLINE: "danger",
    "choose_device": "primary",
}
_ASKS_BACK: frozenset[str] = frozenset({Decision.GRANT, Decision.DECLINE, Decision.DONE, Decision.DONE_BEYOND})
"""What the customer hears of at once."""


@dataclass(frozen=True, slots=True)
class UseShown:
    """A use with what its message shows.

    Attributes:
        before: What is used without it.
        now: What is used with it.
        until: Until when it is promised.
        saw: The newest line of the ticket's journal before it was read (`bot.commands.SlackPerson`).
    """

    use: EntitlementUse
    ticket: Ticket
    contract: Contract
    before: Standing
    now: Standing
    until: datetime | None
    saw: int | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    words: Words
    zone: ZoneInfo

    def say(self, sentence: str, *styles: str, **params: object) -> Json:
        return line(*rich(self.words, f"entitlement.{sentence}", *styles, **params))

    def at(self, instant: datetime | None) -> str:
        return "–" if instant is None else format_fixed(instant, self.words.language, self.zone)

    def day(self, day: date | None) -> str:
        return "–" if day is None else format_day(day, self.words.language)


def panel(shown: UseShown, words: Words, zone: ZoneInfo, mention: Sequence[str] = ()) -> tuple[str, Blocks]:
    """A use in its ticket's thread: what is asked for, what is used of it, where it stands, what can be decided.

    Args:
        mention: Slack user ids.
    """
    look, use = _Look(words, zone), shown.use
    lines = [
        look.say("title", "bold", kind=words(f"entitlement_kind.{use.kind}")),
        _device(shown, look),
        _whose_wish(use, look),
        line(text(counted(shown.now, words))),
        *_state(shown, look),
    ]
    tail = [line(*people(mention))] if mention else []
    blocks = [block([*lines, *tail])]
    buttons = _buttons(shown, words)
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return fallback(blocks), blocks


def moved_panel(shown: UseShown, words: Words) -> tuple[str, Blocks]:
    """What is left of a use in the thread of a merged ticket: which it is, and where it goes on."""
    kind, number = words(f"entitlement_kind.{shown.use.kind}"), shown.ticket.number
    lines = [
        line(*rich(words, "entitlement.title", "bold", kind=kind)),
        line(*rich(words, "entitlement.moved", number=number)),
    ]
    blocks = [block(lines)]
    return fallback(blocks), blocks


def counted(standing: Standing, words: Words) -> str:
    """How much is used: "Wykorzystano 3 z 5, do 14 mar 2027 (uzgodnione, jeszcze niewykonane: 1)"."""
    if not standing.is_valid:
        return words("entitlement.not_valid")
    values = {"used": standing.used, "allowance": standing.allowance}
    if standing.until is None:
        said = words("entitlement.used_once", **values)
    else:
        said = words("entitlement.used", **values, until=format_day(standing.until, words.language))
    return f"{said} ({words('entitlement.agreed_too', agreed=standing.agreed)})" if standing.agreed else said


def short_counts(device: DeviceStanding, words: Words) -> tuple[str, date | None]:
    """All counts of a device in a line, and the last day of the contract year; None where there is no year."""
    counts = [
        words(
            "entitlement.card_count",
            kind=words(f"entitlement_short.{one.kind}"),
            used=one.used,
            allowance=one.allowance,
        )
        for one in device.standings
    ]
    return ", ".join(counts), next((one.until for one in device.standings if one.until is not None), None)


def card_lines(devices: Iterable[DeviceStanding], ticket: Ticket, words: Words) -> Iterator[list[Json]]:
    """The counts of the ticket's devices for its head message, or of the contract's where it names none."""
    known = list(devices)
    named = {device.serial for device in ticket.devices}
    for device in ([one for one in known if one.serial in named] or known)[:MAX_DEVICES]:
        counts, until = short_counts(device, words)
        serial = text(device.serial, "code")
        if until is None:
            yield rich(words, "entitlement.card_invalid", serial=serial)
        else:
            day = format_day(until, words.language)
            yield rich(words, "entitlement.card", serial=serial, until=day, counts=text(counts))


def _device(shown: UseShown, look: _Look) -> Json:
    use = shown.use
    if use.serial is None:
        return look.say("device_unknown", "italic")
    model = next((device.model for device in shown.contract.devices if device.serial == use.serial), "FortiGate")
    return look.say("device", model=text(model, "bold"), serial=text(use.serial, "code"))


def _whose_wish(use: EntitlementUse, look: _Look) -> Json:
    if use.message_id is not None and use.words:
        return look.say("wish", address=use.requested_by, words=use.words[:MAX_WORDS])
    if use.message_id is not None:
        return look.say("offered")
    who = person(use.requested_by)
    return (
        look.say("recorded", by=who, words=use.words[:MAX_WORDS]) if use.words else look.say("recorded_plain", by=who)
    )


def _state(shown: UseShown, look: _Look) -> Iterator[Json]:
    use = shown.use
    said = {"by": person(use.decided_by or ""), "at": look.at(use.decided_at)}
    match use.state:
        case UseState.ASKED:
            if use.done_on is not None:
                yield look.say("recorded_done", day=look.day(use.done_on))
            if _is_over(shown):
                yield look.say("over", "bold")
        case UseState.AGREED:
            yield look.say("state_granted" if use.beyond else "state_agreed", "bold", **said)
            if shown.until is not None:
                yield look.say("due", until=look.at(shown.until))
            if _is_over(shown):
                yield look.say("done_over", "bold")
            yield from _files(use, look)
        case UseState.DONE:
            sentence = "state_done_beyond" if use.beyond else "state_done"
            yield look.say(sentence, "bold", day=look.day(use.done_on), by=said["by"])
            yield from _files(use, look)
        case UseState.DECLINED:
            yield look.say("state_declined", "bold", **said)
        case UseState.DROPPED:
            taken_back = use.facts.get("taken_back")
            why = {"reason": str(taken_back.get("reason"))} if isinstance(taken_back, dict) else {}
            by_hand = "state_struck" if use.message_id is None else "state_dropped"
            yield look.say("state_taken_back" if why else by_hand, **said, **why)


def _files(use: EntitlementUse, look: _Look) -> Iterator[Json]:
    """The report of a review, or what may be one."""
    names = use.facts.get("sent_files")
    if isinstance(names, list) and names:
        said = ", ".join(one_line(str(name), MAX_FILE_NAME) for name in names[:MAX_FILES])
        yield look.say("report_files" if use.state is UseState.DONE else "sent_files", files=said)
    elif use.state is UseState.AGREED and use.facts.get("report"):
        yield look.say("report_waits", "italic")


def _is_over(shown: UseShown) -> bool:
    """Whether the next step would go over the allowance, and nobody has decided that it may."""
    return shown.use.serial is not None and shown.before.is_used_up and not shown.use.beyond


def _buttons(shown: UseShown, words: Words) -> list[Json]:
    use, over = shown.use, _is_over(shown)
    match use.state:
        case UseState.ASKED if use.serial is None:
            names = ["choose_device", Decision.DROP]
        case UseState.ASKED:
            last = "strike" if use.message_id is None else Decision.DROP
            names = [*([Decision.GRANT, Decision.DECLINE] if over else [Decision.AGREE]), "choose", last]
        case UseState.AGREED:
            names = [Decision.DONE_BEYOND if over else Decision.DONE]
            if shown.ticket.is_open:
                names += ["book", "report"] if use.kind is Entitlement.REVIEW else ["book"]
            names.append("correct")
        case UseState.DONE:
            names = ["correct"]
        case _:
            names = []
    value = PressedUse(use.ticket_id, use.id, shown.before.taken, shown.saw).to_value()
    return [_button(name, value, words) for name in names]


def _button(name: str, value: str, words: Words) -> Json:
    action_id = _OTHER_IDS.get(name) or DECISION_IDS[Decision(name)]
    label = plain(words(f"entitlement_button.{name}"), 75)
    button: Json = {"type": "button", "action_id": action_id, "text": label, "value": value}
    if name in _STYLES:
        button["style"] = _STYLES[name]
    if name in _ASKS_BACK:
        button["confirm"] = {
            "title": plain(words(f"entitlement_confirm.{name}_title"), 100),
            "text": plain(words(f"entitlement_confirm.{name}_text"), 300),
            "confirm": plain(words(f"entitlement_confirm.{name}_yes"), 30),
            "deny": plain(words("confirm.no"), 30),
        }
    return button
