"""What a text must hold for a pattern to be found in it: looking for a plain word is a hundred times as fast.

Python's engine tries a pattern that begins with a word boundary at every letter of a text. With some dozens of them
most of a mail's reading time went into patterns of which not one word was in the mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from re import _constants, _parser  # type: ignore[attr-defined]  # the engine's own reading of a pattern; typeshed hides it
from typing import Any

Needles = frozenset[str]


def needles(pattern: re.Pattern[str] | str) -> Needles:
    """Words of which every match holds at least one; empty where nothing is certain, and the pattern has to be tried.

    For patterns that tell upper from lower case.
    """
    written, flags = (pattern, 0) if isinstance(pattern, str) else (pattern.pattern, pattern.flags)
    if flags & re.IGNORECASE:
        return frozenset()
    return _of_sequence(_parser.parse(written, flags)) or frozenset()


def found_in(text: str, pattern: re.Pattern[str] | str, words: Needles) -> Iterator[re.Match[str]]:
    """The pattern's matches in the text; the pattern is not even tried where none of its needles is there.

    One that is a string is compiled when it is first tried: of many that is most of what a start takes.
    """
    if words and not any(word in text for word in words):
        return iter(())
    return (_compiled(pattern) if isinstance(pattern, str) else pattern).finditer(text)


_compiled = cache(re.compile)


def _of_sequence(items: Iterable[tuple[Any, Any]]) -> Needles | None:
    """The most telling of what the parts that must occur demand: long words, then few of them."""
    demands: list[Needles] = []
    literal = ""
    for kind, what in items:
        if kind is _constants.LITERAL:
            literal += chr(what)
            continue
        if literal:
            demands.append(frozenset({literal}))
            literal = ""
        inner = _of_part(kind, what)
        if inner:
            demands.append(inner)
    if literal:
        demands.append(frozenset({literal}))
    return max(demands, key=lambda words: (min(map(len, words)), -len(words)), default=None)


def _of_part(kind: Any, what: Any) -> Needles | None:
    if kind is _constants.SUBPATTERN:
        return _of_sequence(what[-1])
    if kind is _constants.ATOMIC_GROUP:
        return _of_sequence(what)
    if kind in {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT}:
        least, _, repeated = what
        return _of_sequence(repeated) if least else None
    if kind is _constants.BRANCH:
        branches = [_of_sequence(branch) for branch in what[1]]
        known = [words for words in branches if words]
        return frozenset().union(*known) if len(known) == len(branches) else None
    return None
