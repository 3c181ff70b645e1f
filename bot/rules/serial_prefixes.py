"""The known prefixes of Fortinet serial numbers, and how a piece of text reads as a serial number of one of them."""

from __future__ import annotations

import csv
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

PREFIX_LENGTH = 6
SERIAL_LENGTH = 16

_TAIL_LENGTH = SERIAL_LENGTH - PREFIX_LENGTH
# Behind the prefix: two characters for the factory, two digits for the year, six that count, hardly ever letters only.
_TAIL = re.compile(r"[0-9A-Z]{2}[0-9]{2}(?=(?:[A-Z]*[0-9]){2})[0-9A-Z]{6}", re.ASCII)
_RANDOM_TAIL = re.compile(r"(?=[A-Z]*[0-9])[0-9A-Z]{10}", re.ASCII)
_RANDOM_PREFIXES = frozenset({"FGTAWS", "FGTAZR", "FGVMEV", "FTKMOB"})  # on-demand and trial machines, mobile tokens
_LOOKALIKES = str.maketrans("АВЕЅЗІКМНОРСТУХΑΒΕΖΗΙΚΜΝΟΡΤΥΧØаеорсухіѕο", "ABES3IKMHOPCTYXABEZHIKMNOPTYX0AEOPCYXISO")
_O_AND_I = str.maketrans("OI", "01")
_WRITTEN = string.digits + string.ascii_letters + "".join(map(chr, _LOOKALIKES))


@dataclass(frozen=True, slots=True)
class Prefix:
    """One row of the list of prefixes; `letters` is the prefix without its hyphen, which people leave out."""

    prefix: str
    letters: str
    product: str
    model: str
    is_fortigate: bool
    is_module: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """The serial that a piece of text spells; `exact` is False where that takes reading O as 0, I as 1 and the like."""

    serial: str
    prefix: Prefix
    exact: bool


def canonical(letters: str) -> str:
    """Letters as they are compared: upper case, Latin for its look-alikes, 0 for O, 1 for I."""
    return letters.translate(_LOOKALIKES).upper().translate(_O_AND_I)


@cache
def _by_letters() -> dict[str, Prefix]:
    table = (resources.files("bot.rules") / "data" / "serial_prefixes.csv").read_text(encoding="utf-8")
    rows = [
        Prefix(
            prefix=row["prefix"],
            letters=row["prefix"].replace("-", ""),
            product=row["product"],
            model=row["model"],
            is_fortigate=row["is_fortigate"] == "yes",
            is_module=row["is_module"] == "yes",
        )
        for row in csv.DictReader(table.splitlines())
    ]
    return {canonical(row.letters): row for row in rows}


@cache
def serial_pattern(separator: str) -> re.Pattern[str]:
    """A pattern for serials of known prefixes, in any spelling: each match is the first letter, group 1 the others.

    It finds more than there is (only the first letters of a prefix are compared), overlapping ones too; `read_serial`
    decides. Every part of it is bounded, so that searching takes time proportional to the text.

    Args:
        separator: A pattern for what may stand between two characters. It must match neither the empty text nor
            letters, and where several of its branches match, the first of them has to be the longest.
    """
    between = f"(?>{separator})?+"  # atomic: what was skipped is never gone back into
    character = _class_of(string.digits + string.ascii_uppercase)
    digit = _class_of(string.digits)
    known = _by_letters()
    whole = _any_of({row.letters for row in known.values() if "-" in row.prefix}, between)
    head = _any_of({letters[:3] for letters in known}, between) + (between + character) * (PREFIX_LENGTH - 3)
    tail = (between + character) * 2 + (between + digit) * 2 + (between + character) * 6
    # The first letter stands in front for speed: the engine searches for a class of characters best.
    first = _class_of({letters[0] for letters in known})
    return re.compile(rf"{first}(?<![^\W_].)(?=((?:{whole}|{head}){tail})(?![^\W_]))")


def _any_of(words: Iterable[str], between: str, *, is_first: bool = True) -> str:
    """A pattern for any of these words, in any spelling; their first letter has just been matched."""
    following: dict[str, set[str]] = {}
    for word in words:
        following.setdefault(canonical(word[0]), set()).add(word[1:])
    branches = [
        (f"(?<={_class_of(letter)})" if is_first else _class_of(letter))
        + ("" if "" in rests else between + _any_of(sorted(rests), between, is_first=False))
        for letter, rests in sorted(following.items())
    ]
    return f"(?:{'|'.join(branches)})"


def _class_of(letters: Iterable[str]) -> str:
    return f"[{''.join(sorted({spelling for letter in letters for spelling in spellings(canonical(letter))}))}]"


def spellings(letter: str) -> str:
    """Every character that may stand for a canonical letter."""
    return "".join(char for char in _WRITTEN if canonical(char) == letter) + ("l" if letter == "1" else "")


def prefix_of(letters: str) -> Prefix | None:
    """The known prefix that these letters, in any spelling but without separators, begin with."""
    known = _by_letters()
    head = canonical(letters[:PREFIX_LENGTH])
    return known.get(head) or known.get(head[: PREFIX_LENGTH - 1])


def read_serial(letters: str, hyphen_at: frozenset[int] = frozenset()) -> Reading | None:
    """The serial that a piece of text spells or nearly spells; None when it is none of a known prefix.

    Args:
        letters: The text without separators.
        hyphen_at: The places in it where a hyphen stood; a few prefixes have one of their own (FMG-VM).
    """
    if not SERIAL_LENGTH - 1 <= len(letters) <= SERIAL_LENGTH:
        return None
    prefix = prefix_of(_without_small_l(letters))
    if prefix is None or len(letters) != len(prefix.letters) + _TAIL_LENGTH:
        return None
    tail = _without_small_l(letters)[len(prefix.letters) :].translate(_LOOKALIKES).upper()
    if prefix.prefix in _RANDOM_PREFIXES:
        shape = _RANDOM_TAIL
    else:
        tail, shape = tail.translate(_O_AND_I), _TAIL
    if not shape.fullmatch(tail):
        return None
    own_hyphen = prefix.prefix.find("-")
    exact = letters.upper() == prefix.letters + tail and (own_hyphen < 0 or own_hyphen in hyphen_at)
    return Reading(prefix.prefix + tail, prefix, exact)


def _without_small_l(letters: str) -> str:
    """A small l among nothing but capitals and digits was meant for a 1."""
    replaced = letters.replace("l", "1")
    return replaced if replaced.isupper() else letters
