"""What somebody means who types `/hezo ...`, in Polish or English.

| typed                                               | means                                         |
| --------------------------------------------------- | --------------------------------------------- |
| help                                                | what can be typed                             |
| on-duty [show [week]]                               | who is on duty, in the next two days or seven |
| on-duty set [@who FROM TO [substitute @who]]        | a shift; without words in a form              |
| on-duty swap WHEN WHEN                              | the two on duty then take each other's duty   |
| on-duty remove NUMBER                               | a shift is taken back                         |
| escalate NUMBER REASON                              | a ticket is escalated                         |
| escalate call [NUMBER or SERIAL]                    | a form: somebody called the escalation phone  |
| call [NUMBER or SERIAL]                             | a form: somebody called the hotline, about    |
|                                                     | that ticket or a new one                      |
| new [SERIAL or CONTRACT]                            | a form: a ticket is opened for a customer     |
| list, mine, due                                     | open tickets, those of who asks, what is due  |
| search WORDS                                        | tickets by words, serial, contract, customer  |
| show NUMBER, or the number alone                    | a ticket                                      |
| contract NUMBER, SERIAL or CUSTOMER                 | a contract                                    |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.rules.folding import bare_letters, readable
from bot.rules.mail_matching import ticket_numbers_in
from bot.rules.typed_dates import NotADate, take_instant

OPEN_FORM, CALL_FORM, HOTLINE_FORM, DUTY_FORM = "new", "call", "hotline", "duty"
"""The forms (`OpenForm.form`): opening a ticket, a call to the phone for escalations, one to the hotline, a shift."""
SHOWN = timedelta(days=2)
SHOWN_OF_A_WEEK = timedelta(days=7)
_MOST = 4_000
"""Characters; a command is a line, not a letter."""

_PERSON = re.compile(r"<@([UW][A-Z0-9]{2,20})(?:\|[^>]*)?>")
_HELP = frozenset(["help", "pomoc", "?"])
_DUTY = frozenset(["on-duty", "onduty", "duty", "dyzur", "dyzury"])
_ESCALATE = frozenset(["escalate", "eskaluj", "eskalacja"])
_CALL = frozenset(["call", "telefon", "phone"])
_NEW = frozenset(["new", "nowe", "nowy", "nowa", "otworz", "zaloz"])
_QUESTIONS = {
    "list": frozenset(["list", "lista", "open", "otwarte", "wszystkie", "all"]),
    "mine": frozenset(["mine", "my", "moje", "me", "ja"]),
    "due": frozenset(["due", "termin", "terminy", "pilne", "next"]),
    "search": frozenset(["search", "find", "szukaj", "znajdz", "wyszukaj"]),
    "show": frozenset(["show", "pokaz", "zgloszenie", "ticket"]),
    "contract": frozenset(["contract", "umowa", "umowy", "contracts", "klient", "customer"]),
}
_NEEDS_WORDS = frozenset(["search", "show", "contract"])
_SHOW = frozenset(["show", "pokaz", "kto", "who"])
_SET = frozenset(["set", "ustaw"])
_SWAP = frozenset(["swap", "zamien", "zamiana"])
_REMOVE = frozenset(["remove", "usun", "cofnij", "delete"])
_WEEK = frozenset(["week", "tydzien"])
_SUBSTITUTE = frozenset(["substitute", "zastepca", "zastepczyni", "zastepstwo", "zastepuje"])
_ME = frozenset(["me", "ja", "mnie"])
_SMALL = frozenset(
    ["od", "do", "from", "to", "until", "till", "and", "i", "a", "z", "with", "na", "-", "–", "za", "for", "ma", "bo:"]
)


@dataclass(frozen=True, slots=True)
class Help:
    """They want to know what can be typed."""


@dataclass(frozen=True, slots=True)
class ShowDuty:
    """They want to know who is on duty from now on."""

    span: timedelta


@dataclass(frozen=True, slots=True)
class SetDuty:
    """Somebody is on duty; the instants are aware. `user` is None for whoever typed it."""

    user: str | None
    starts_at: datetime
    ends_at: datetime
    substitute: str | None = None


@dataclass(frozen=True, slots=True)
class SwapDuty:
    """The two who are on duty at these instants take each other's duty."""

    one_at: datetime
    other_at: datetime


@dataclass(frozen=True, slots=True)
class RemoveDuty:
    """The shift of that number is taken back."""

    shift_id: int


@dataclass(frozen=True, slots=True)
class Escalate:
    """The ticket of that number is escalated."""

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A form is wanted: it was opened while Slack waited.

    Attributes:
        words: What was typed behind it, to begin with.
    """

    form: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Something is to be shown.

    Attributes:
        what: "list", "mine", "due", "search", "show" or "contract".
        words: What was typed behind it; of "show" the ticket's number.
    """

    what: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Mistake:
    """It is not clear what is meant.

    Attributes:
        what: Of the sentence "tell.typed_<what>".
        data: Its placeholders.
    """

    what: str
    data: dict[str, str] = field(default_factory=dict)


Typed = Help | Question | ShowDuty | SetDuty | SwapDuty | RemoveDuty | Escalate | OpenForm | Mistake


def form_wanted(text: str) -> OpenForm | None:
    """The form that a command asks for; None when it asks for none. Needs neither time nor zone."""
    words = readable(text[:_MOST]).split()
    match [_folded(word) for word in words]:
        case [first, second, *_] if first in _ESCALATE and second in _CALL:
            return OpenForm(CALL_FORM, " ".join(words[2:]))
        case [first, *_] if first in _CALL:
            return OpenForm(HOTLINE_FORM, " ".join(words[1:]))
        case [first, *_] if first in _NEW:
            return OpenForm(OPEN_FORM, " ".join(words[1:]))
        case [first, second] if first in _DUTY and second in _SET:
            return OpenForm(DUTY_FORM)
        case _:
            return None


def understand(text: str, now: datetime, zone: ZoneInfo) -> Typed:
    """What was typed behind `/hezo`.

    Args:
        text: As Slack gives it, people as "<@U1|name>" (the command is declared with `should_escape`).
        now: Aware; when it was typed.
        zone: In which times are meant.
    """
    form = form_wanted(text)
    if form is not None:
        return form
    words = readable(text[:_MOST]).split()
    first = _folded(words[0]) if words else "help"
    if first in _HELP:
        return Help()
    if first in _ESCALATE:
        return _escalate(words[1:])
    if first in _DUTY:
        return _duty(words[1:], now, zone)
    return _question(words) or Mistake("unknown", {"word": words[0]})


def _question(words: Sequence[str]) -> Question | Mistake | None:
    """What is to be shown; a ticket's number alone says enough."""
    first = _folded(words[0])
    what = next((name for name, names in _QUESTIONS.items() if first in names), None)
    rest = " ".join(words[1:])
    if what is None:
        numbers = ticket_numbers_in(" ".join(words))
        return Question("show", numbers[0]) if len(numbers) == 1 else None
    if what in _NEEDS_WORDS and not rest:
        return Mistake(f"no_words_{what}")
    if what == "show":
        numbers = ticket_numbers_in(rest)
        return Question("show", numbers[0]) if numbers else Mistake("no_words_show")
    return Question(what, rest)


def _escalate(words: Sequence[str]) -> Typed:
    number = ticket_numbers_in(words[0]) if words else ()
    if not number:
        return Mistake("no_number")
    reason = " ".join(words[1:])
    return Escalate(number[0], reason) if reason else Mistake("no_reason", {"number": number[0]})


def _duty(words: Sequence[str], now: datetime, zone: ZoneInfo) -> Typed:
    what = _folded(words[0]) if words else "show"
    rest = words[1:]
    for names, read in _DUTY_COMMANDS:
        if what in names:
            try:
                return read(rest, now, zone)
            except NotADate as error:
                return Mistake(f"date_{error.problem}", {"word": error.word})
    return Mistake("unknown_duty", {"word": words[0]})


def _show(words: Sequence[str], _now: datetime, _zone: ZoneInfo) -> Typed:
    if not words:
        return ShowDuty(SHOWN)
    is_week = [_folded(word) in _WEEK for word in words] == [True]
    return ShowDuty(SHOWN_OF_A_WEEK) if is_week else Mistake("superfluous", {"word": words[0]})


def _set(words: Sequence[str], now: datetime, zone: ZoneInfo) -> Typed:
    words = _without_small(words)
    who = _person(words)
    if isinstance(who, Mistake):
        return who
    starts_at, rest = take_instant(_without_small(words[1:]), now, zone)
    ends_at, rest = take_instant(_without_small(rest), now, zone, after=starts_at)
    rest = _without_small(rest)
    if not rest:
        return SetDuty(who, starts_at, ends_at)
    if _folded(rest[0]) not in _SUBSTITUTE:
        return Mistake("superfluous", {"word": rest[0]})
    rest = _without_small(rest[1:])
    substitute = _person(rest, or_me=False)
    if isinstance(substitute, Mistake):
        return substitute
    return SetDuty(who, starts_at, ends_at, substitute) if len(rest) == 1 else Mistake("superfluous", {"word": rest[1]})


def _swap(words: Sequence[str], now: datetime, zone: ZoneInfo) -> Typed:
    one_at, rest = take_instant(_without_small(words), now, zone)
    other_at, rest = take_instant(_without_small(rest), now, zone)
    return SwapDuty(one_at, other_at) if not rest else Mistake("superfluous", {"word": rest[0]})


def _remove(words: Sequence[str], _now: datetime, _zone: ZoneInfo) -> Typed:
    found = re.fullmatch(r"#?(\d{1,18})", words[0]) if len(words) == 1 else None
    return RemoveDuty(int(found[1])) if found else Mistake("no_shift")


_Reader = Callable[[Sequence[str], datetime, ZoneInfo], Typed]
_DUTY_COMMANDS: tuple[tuple[frozenset[str], _Reader], ...] = (
    (_SHOW, _show),
    (_WEEK, lambda _words, _now, _zone: ShowDuty(SHOWN_OF_A_WEEK)),
    (_SET, _set),
    (_SWAP, _swap),
    (_REMOVE, _remove),
)


def _person(words: Sequence[str], *, or_me: bool = True) -> str | Mistake | None:
    """The Slack id that the words begin with; None for whoever typed it."""
    if not words:
        return Mistake("nobody")
    if or_me and _folded(words[0]) in _ME:
        return None
    found = _PERSON.fullmatch(words[0].strip(",;"))
    return found[1] if found else Mistake("no_person", {"word": words[0]})


def _without_small(words: Sequence[str]) -> Sequence[str]:
    begins = next((place for place, word in enumerate(words) if _folded(word) not in _SMALL), len(words))
    return words[begins:]


def _folded(word: str) -> str:
    return bare_letters(word).strip(",;")
