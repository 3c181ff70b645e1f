"""Which of several proposed dates a customer chooses by the words of their answer.

"1", "drugi termin", "termin nr 2", "wtorek 10:00", "pasuje nam 26 listopada", "the second one", "Friday works" choose
one; "żaden nie pasuje", "none of these" say that none fits. What says anything more, asks, or fits more than one date
is for an engineer to read: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.rules.agreed_dates import ALLOWED_AROUND, MONTHS, WEEKDAYS, YES_PHRASES, YES_WORDS, spoken_part
from bot.rules.folding import bare_letters, readable

NONE_FITS = -1

_MOST = 2_000
_MOST_WORDS = 30
_ORDINALS = (
    "pierwszy pierwsza pierwsze pierwszego pierwszym first",
    "drugi druga drugie drugiego drugim second",
    "trzeci trzecia trzecie trzeciego trzecim third",
)
_LAST = "ostatni ostatnia ostatnie ostatniego ostatnim last"
_SAID_WITH_IT = """
wybieram wybieramy wybor opcja opcje opcji wariant numer nr termin terminu propozycja propozycje poprosze poprosimy
preferujemy preferuje wole wolimy najlepiej najlepszy najbardziej dogodny dogodna odpowiedni rezerwuje prosze pasowal
pasowalby bysmy za zatem wiec niech w we
option choice number choose choosing pick take prefer prefers would like best one ones work go lets let slot
"""
_CHOICE_WORDS = frozenset(_SAID_WITH_IT.split())
_NONE = re.compile(
    r"\b(?:zaden|zadna|zadne|zadnego)\b(?:\s+\w+){0,5}?\s+(?:nie\s+)?(?:pasuj\w*|odpowiad\w*|mozliw\w*|dogodn\w*)"
    r"|\bnie\s+(?:pasuj\w*|odpowiad\w*)\s+(?:\w+\s+){0,3}?(?:zaden|zadna|zadne)\b"
    r"|\bniestety\s+(?:zaden|zadna)\b|^\W*zaden\W*$"
    r"|\bnone (?:of (?:these|them|those|the (?:dates|times|options))|fits?|works?|suits?)"
    r"|\bneither (?:of (?:these|them)|fits?|works?|suits?)|^\W*none\W*$"
)


def chosen(text: str, names: str, options: Sequence[datetime]) -> int | None:
    """The index of the chosen date; NONE_FITS where none fits; None where the words leave it open.

    Args:
        text: The new words, quotations cut.
        names: What the sender is called, for a name below the words.
        options: The proposed dates in their order, in the zone in which the customer was told them.
    """
    plain = spoken_part(bare_letters(readable(text[:_MOST])))
    if _NONE.search(plain):
        return NONE_FITS
    if "?" in plain:
        return None
    meant, rest = _mentions(YES_PHRASES.sub(" tak ", plain), options)
    words = re.findall(r"[^\W_]+", rest)
    called = re.findall(r"[^\W\d_]+", bare_letters(readable(names)))
    allowed = {*ALLOWED_AROUND, *YES_WORDS, *_CHOICE_WORDS, *called}
    if len(words) > _MOST_WORDS or not allowed.issuperset(words) or not meant:
        return None
    fitting = set.intersection(*meant)
    return fitting.pop() if len(fitting) == 1 else None


def _mentions(plain: str, options: Sequence[datetime]) -> tuple[list[set[int]], str]:
    """Which dates each mention in the words fits, and the words without them."""
    meant: list[set[int]] = []

    def heard(pattern: str, fits: set[int]) -> None:
        nonlocal plain
        plain, count = re.subn(pattern, " ", plain)
        if count:
            meant.append(fits)

    for pattern, fits in _patterns(options):
        heard(pattern, fits)
    # What is left of a time or a date is none of ours, and so no number of a choice either.
    if re.search(r"\d\s*[:./-]\s*\d", plain):
        return [], "?"
    for digits in set(re.findall(r"\b\d+\b", plain)):
        number = int(digits[:4])
        heard(rf"\b{digits}\b", {number - 1} if 1 <= number <= len(options) else set())
    return meant, plain


def _patterns(options: Sequence[datetime]) -> Iterator[tuple[str, set[int]]]:
    """What names a date, the longer ways first, and the indices of the dates that it names."""

    def same(key: tuple[object, ...], *names: str) -> set[int]:
        return {i for i, at in enumerate(options) if tuple(getattr(at, name) for name in names) == key}

    for at in options:
        day = same((at.month, at.day), "month", "day")
        year = rf"(?:[\s./-]{{0,3}}{at.year})?"
        yield rf"\b{at:%Y-%m-%d}\b", day
        yield rf"\b0?{at.day}\.?\s{{0,3}}(?:{'|'.join(MONTHS[at.month - 1].split())})\b{year}", day
        yield rf"\b(?:{'|'.join(MONTHS[at.month - 1].split())})\s{{0,3}}0?{at.day}(?:st|nd|rd|th)?\b", day
        yield rf"\b0?{at.day}[./-]0?{at.month}\b\.?{year}", day
        hour = same((at.hour, at.minute), "hour", "minute")
        yield rf"\b0?{at.hour}[:.]{at.minute:02}\b", hour
        if not at.minute:
            yield rf"\b(?:o|at|godz|godzin\w{{1,2}})\b\.?\s{{0,3}}0?{at.hour}\b(?![:.]\d)", hour
    for number, names in enumerate(WEEKDAYS):
        yield rf"\b(?:{'|'.join(names.split())})\b\.?", {i for i, at in enumerate(options) if at.weekday() == number}
    for number, names in enumerate(_ORDINALS):
        yield rf"\b(?:{'|'.join(names.split())})\b", {number} if number < len(options) else set()
    yield rf"\b(?:{'|'.join(_LAST.split())})\b", {len(options) - 1}
