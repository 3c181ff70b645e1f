"""Finding service-contract numbers, whose shape nobody promises.

What is in the contract registry is a contract number, whatever it looks like: so every word that could be one becomes
a key for a single look-up. What stands behind a label ("numer umowy") or matches a configured pattern is stated: when
the registry does not know it, the answer quotes it back. What is surely something else is left out beforehand
(`bot.rules.other_numbers`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from bot.rules.folding import bare_letters, readable
from bot.rules.other_numbers import without_labelled, without_shapes
from bot.rules.polish_numbers import is_nip

MAX_KEYS = 200
"""How many keys one text may ask the registry for, the likeliest first."""

_MAX_TEXT = 120_000
_END_OF_TEXT = 30_000
_LONGEST = 40
_MOST_GROUPS = 5
_TELLING_DIGITS = 5
"""With as many, dots and underscores may stand for the hyphens of a number."""

_FOLDED_AWAY = re.compile(r"[\s/\\-]+")
_CHUNK = re.compile(r"[^\W_](?:[./_-]{0,2}[^\W_])*")
_JOINT = re.compile(r"[ \t]?[-/][ \t]?(?:\r?\n[ \t>]{0,9})?|[ \t]{1,2}")
_LINE_BREAK = re.compile(r"[ \t]?\r?\n[ \t>]*")
_DIGIT = re.compile(r"[0-9]")
_PART = re.compile(r"[./_]+")
_DOTS = re.compile(r"[._]+")
_DATE_OR_TIME = re.compile(
    r"(?:[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{2}){1,2}|(?:19|20)[0-9]{2}[./-][0-9]{1,2}[./-][0-9]{1,2}"
    r"|(?:[01]?[0-9]|2[0-4])[.:][0-5][0-9])r?"
)
_SERVICE_HOURS = re.compile(r"(?:24|12|8)[x/][57](?:[x/]36[05])?", re.IGNORECASE)
_VERSION_OR_ADDRESS = re.compile(r"v?[0-9]{1,3}(?:\.[0-9]{1,5}){2,3}(?:/[0-9]{1,2})?", re.IGNORECASE)
_LABEL = re.compile(
    r"(?<!\w)(?:(?P<numbered>(?:nr|numer\w{0,4})\.?[ \t]{0,3}(?<!\w)(?:(?:umow|kontrakt)\w{0,5}|um\.)"
    r"|um\.[ \t]{0,3}(?:nr|numer)(?!\w)\.?"
    r"|(?:contract|agreement)[ \t]{0,3}(?:(?:no|num|number|nr|id|ref|reference)(?!\w)|\#))"
    r"|(?:umow|kontrakt)\w{0,5}(?!\w)|(?:contracts?|agreement)(?!\w))"
)
_BETWEEN = re.compile(
    r"(?:[ \t\r\n>*_`\"'„”()\[|]{1,9}|(?P<named>[:#=]|(?:nr|numer\w{0,4}|number|no|num|id)(?!\w)\.?)|(?P<stop>[.,])|-"
    r"|(?:serwis\w{0,8}|wspar\w{2,4}|ramow\w{1,3}|swiadczeni\w{1,2}|uslug\w{0,2}|techniczn\w{1,3}|utrzymani\w{1,2}"
    r"|service|support|hezo(?:[ \t-]?360)?|forticare|fortinet|na|o|z|to|jest|is|brzmi)(?!\w)"
    r"|/[ \t]?(?:s/?n|serial\w{0,7}|(?:nr|numer)[ \t]ser\w{1,8})(?!\w)|\x1f{1,48}[ \t]?/"
    r"|(?:z[ \t])?(?:dnia|dn\.)[ \t]{1,3}[0-9./-]{6,10}(?:[ \t]?r\.?)?(?!\w)){0,12}"
)
_COUNTED = re.compile(
    r"[ \t]{1,3}(?:lat|rok|miesi|mies|dni|urzadze|szt|devices|years|months|days|godz|h\b|%|zl|pln|eur)"
)
_BARE = re.compile(r"[0-9A-Z][0-9A-Z./_-]*(?: [0-9A-Z./_-]+){0,3}", re.ASCII)
_GREETING = re.compile(
    r"(?:dzien dobry|witam|hej|czesc|szanowni panstwo|hello|hi|dear \w+|good (?:morning|afternoon))[\s\w,.!]{0,20}"
)
_CLOSING = re.compile(r"(?:pozdr|z powazaniem|dziek|(?:best |kind )?regards|thank|--)")
_OTHER_LABELS = frozenset({"NIP", "TEL", "FV", "VAT", "SN", "KRS", "REGON", "HA", "VPN", "P1", "P2", "P3"})


_Pattern = tuple[re.Pattern[str], re.Pattern[str]]
"""A configured pattern for words as written, and the same for folded keys."""


@dataclass(frozen=True, slots=True)
class LabelledNumber:
    """What somebody calls a contract number: as written, and the keys under which the registry may have it."""

    seen: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContractCandidates:
    """What a text says about contract numbers.

    Attributes:
        keys: Folded words to look up at once, the likeliest first, at most MAX_KEYS.
        labelled: What stands behind a label.
        pattern_hits: What matches a configured pattern, as written.
    """

    keys: tuple[str, ...] = ()
    labelled: tuple[LabelledNumber, ...] = ()
    pattern_hits: tuple[str, ...] = ()

    @property
    def stated(self) -> tuple[str, ...]:
        """Contract numbers by label or pattern, as written, whether the registry knows them or not."""
        once: dict[str, str] = {}
        for seen in (*(number.seen for number in self.labelled), *self.pattern_hits):
            once.setdefault(fold(seen), seen)
        return tuple(once.values())


class _Word(NamedTuple):
    """One or several neighbouring chunks of the text, and where they stand in it."""

    start: int
    end: int
    seen: str

    @property
    def key(self) -> str:
        return _fold_readable(self.seen)

    @property
    def digits(self) -> int:
        return len(_DIGIT.findall(self.seen))


def fold(number: str) -> str:
    """A contract number as the registry compares it: NFKC, upper case, without inner spaces, slashes and hyphens."""
    return _fold_readable(unicodedata.normalize("NFKC", readable(number)))


def bare_number(text: str) -> str | None:
    """The number that an answer consists of, between greeting and closing; None when it says anything else.

    Somebody who was asked for a contract number writes no label before it. Tax and telephone numbers are none.
    """
    plain = without_labelled(without_shapes(unicodedata.normalize("NFKC", readable(text[:_MAX_TEXT]))))
    said = []
    for line in map(str.strip, plain.splitlines()):
        if _CLOSING.match(bare_letters(line)):
            break
        if line and not _GREETING.fullmatch(bare_letters(line)):
            said.append(line)
    if len(said) != 1 or not _BARE.fullmatch(said[0]) or len(_DIGIT.findall(said[0])) < 4:
        return None
    number = said[0].rstrip(".")
    return None if _is_something_else(number) or is_nip(number) else number


def _fold_readable(number: str) -> str:
    return _FOLDED_AWAY.sub("", number).upper()


def candidates(text: str, patterns: Sequence[str]) -> ContractCandidates:
    """What a text may mean as contract numbers.

    Args:
        text: As a mail or Slack gives it; of a very long one the beginning and the end are read.
        patterns: The regular expressions of `intake.contract_patterns`.
    """
    if len(text) > _MAX_TEXT:
        text = f"{text[: _MAX_TEXT - _END_OF_TEXT]}\n{text[-_END_OF_TEXT:]}"
    text = without_shapes(unicodedata.normalize("NFKC", readable(text))[: 2 * _MAX_TEXT])
    matching = _compiled(tuple(patterns))
    labelled = _labelled(text, matching)
    text = without_labelled(text)
    chunks = [_Word(match.start(), match.end(), match[0]) for match in _CHUNK.finditer(text)]
    ranked: dict[str, int] = {key: 0 for number in labelled for key in number.keys}
    hits: dict[str, str] = {}
    seen: set[str] = set()
    for word in _words(text, chunks):
        if word.seen in seen:
            continue
        seen.add(word.seen)
        key = word.key
        if key not in hits and _matches(word, matching):
            hits[key] = word.seen
        rank = 1 if key in hits else _rank(word, key)
        ranked[key] = min(rank, ranked.get(key, rank))
    keys = sorted(ranked, key=lambda key: ranked[key])  # stable: the order of the text within a rank
    return ContractCandidates(tuple(keys[:MAX_KEYS]), tuple(labelled[:MAX_KEYS]), tuple(hits.values())[:MAX_KEYS])


@lru_cache(maxsize=16)
def _compiled(patterns: tuple[str, ...]) -> tuple[_Pattern, ...]:
    return tuple(
        (re.compile(pattern, re.IGNORECASE), re.compile(_folded_pattern(pattern), re.IGNORECASE))
        for pattern in patterns
    )


def _matches(word: _Word, patterns: tuple[_Pattern, ...]) -> bool:
    return any(written.fullmatch(word.seen) or folded.fullmatch(word.key) for written, folded in patterns)


def _folded_pattern(pattern: str) -> str:
    """A pattern for folded keys: without the separators that folding takes away, but with classes such as [A-Z]."""
    kept = re.sub(r"(\[\^?\]?[^\]]*\])|\\([-/ ])|[-/ ]|(\\.)", lambda part: part[1] or part[3] or "", pattern)
    try:
        re.compile(kept)
    except re.error:
        return pattern
    return kept


def _labelled(text: str, patterns: tuple[_Pattern, ...]) -> list[LabelledNumber]:
    plain = bare_letters(text)
    numbers: dict[str, LabelledNumber] = {}
    for label in _LABEL.finditer(plain):
        between = _BETWEEN.match(plain, label.end())
        assert between is not None
        words = _grown(text, between.end())
        named = bool(label["numbered"] or between["named"])
        stopped = between["stop"] is not None
        if words and _is_a_number(words, plain, named=named, stopped=stopped):
            number = LabelledNumber(_quoted(words, patterns), tuple(dict.fromkeys(word.key for word in words)))
            numbers.setdefault(number.keys[-1], number)
    return list(numbers.values())


def _grown(text: str, start: int) -> list[_Word]:
    """The chunk that starts there, then with its next neighbour, and so on, while it may be one number."""
    words: list[_Word] = []
    end = start
    while len(words) < _MOST_GROUPS and (chunk := _CHUNK.match(text, end)):
        if words and not _may_continue(chunk[0]):
            break
        word = _Word(start, chunk.end(), _in_one_line(text[start : chunk.end()]))
        if len(word.seen) > 2 * _LONGEST or _is_something_else(chunk[0]):
            break
        words.append(word)
        joint = _JOINT.match(text, chunk.end())
        if joint is None:
            break
        end = joint.end()
    return words


def _may_continue(chunk: str) -> bool:
    return (
        len(chunk) <= 12 and chunk not in _OTHER_LABELS and (_has_digit(chunk) or (chunk.isupper() and len(chunk) <= 6))
    )


def _is_a_number(words: list[_Word], plain: str, *, named: bool, stopped: bool) -> bool:
    """Whether what follows a label is a number; without "nr" or a colon it takes more to be one."""
    first = words[0]
    if _is_something_else(first.seen) or first.seen in _OTHER_LABELS or len(first.key) > _LONGEST:
        return False
    if first.digits < 5 and _COUNTED.match(plain, first.end):
        return False  # "umowa na: 3 lata"
    if named:
        in_capitals = first.seen.isupper() and (len(words) > 1 or re.search(r"[-/]", first.seen) is not None)
        return first.digits > 0 or (in_capitals and (words[-1].digits > 0 or len(first.key) > 4))
    if stopped:
        return False  # "Mamy umowę. Awaria z 2024/11 ..."
    if first.seen.isdecimal():
        return first.digits >= 5
    return first.digits >= 4 or (first.digits >= 2 and "/" in first.seen)


def _quoted(words: list[_Word], patterns: tuple[_Pattern, ...]) -> str:
    """What to quote back: what matches a pattern, else the first chunk if it can stand alone, else all of it."""
    first = words[0]
    alone = [word for word in words if _matches(word, patterns)] or [first] * (first.digits > 0 and len(first.key) >= 6)
    with_digits = [word for word in words if word.digits]
    return (alone or with_digits[-1:] or [first])[0].seen


def _in_one_line(seen: str) -> str:
    """Words without the line break behind a hyphen, and the quotation mark after it."""
    return _LINE_BREAK.sub("", seen)


def _words(text: str, chunks: list[_Word]) -> Iterator[_Word]:
    """Every word that may be a number: chunks, also with hyphens for dots, their parts, and neighbours joined."""
    for index, chunk in enumerate(chunks):
        if not _may_be_one(text, chunk):
            continue
        yield chunk
        for part in _PART.split(chunk.seen):
            if part != chunk.seen and len(part) > 4 and _has_digit(part):
                yield _Word(chunk.start, chunk.end, part)
        if chunk.digits >= _TELLING_DIGITS and _DOTS.search(chunk.seen):
            yield _Word(chunk.start, chunk.end, _DOTS.sub("-", chunk.seen))
        yield from _joined(text, chunks[index : index + _MOST_GROUPS])


def _joined(text: str, chunks: list[_Word]) -> Iterator[_Word]:
    """The first chunk joined with its next ones, as long as each could be a group of the same number."""
    first = chunks[0]
    has_digit = False
    for before, chunk in pairwise([first, *chunks]):
        if chunk is not first and not _JOINT.fullmatch(text, before.end, chunk.start):
            return
        chunk_has_digit = _has_digit(chunk.seen)
        if not chunk_has_digit and not (chunk.seen.isupper() and len(chunk.seen) <= 6):
            return
        if len(chunk.seen) > 12 or chunk.seen in _OTHER_LABELS:
            return
        has_digit = has_digit or chunk_has_digit
        if has_digit and chunk is not first:
            yield _Word(first.start, chunk.end, _in_one_line(text[first.start : chunk.end]))


def _may_be_one(text: str, chunk: _Word) -> bool:
    if len(chunk.seen) > 2 * _LONGEST or "@" in text[max(0, chunk.start - 1) : chunk.end + 1]:
        return False
    if _has_digit(chunk.seen):
        return not _is_something_else(chunk.seen) and len(chunk.seen) >= 3
    return chunk.seen.isupper() and chunk.seen not in _OTHER_LABELS


def _is_something_else(chunk: str) -> bool:
    return bool(
        _DATE_OR_TIME.fullmatch(chunk) or _SERVICE_HOURS.fullmatch(chunk) or _VERSION_OR_ADDRESS.fullmatch(chunk)
    )


def _rank(word: _Word, key: str) -> int:
    """How likely it is a contract number: 2 is likely, 6 is a mere possibility."""
    is_joined = " " in word.seen or "\n" in word.seen
    if key.isdecimal():
        return 6 if is_joined or len(key) < 5 else 4
    if not word.digits:
        return 6
    if is_joined:
        return 5
    return 2 if len(key) >= 6 else 3


def _has_digit(chunk: str) -> bool:
    return _DIGIT.search(chunk) is not None
