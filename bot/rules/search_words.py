"""The words by which tickets are found: folded, so that letters' case and Polish diacritics make no difference."""

from __future__ import annotations

import re

from bot.rules.folding import bare_letters, readable
from bot.rules.serial_numbers import serial_spans

SHORTEST, LONGEST = 2, 40
MOST = 1_500
"""Different words that are kept of one text; a pasted log has more, and nobody looks a ticket up by those."""
_LOOKED_AT = 60_000
_WORD = re.compile(r"[^\W_]+(?:[-._][^\W_]+)*")
_JOINT = re.compile(r"[-._]")
_MOST_ASKED = 8


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, each once: whole ones ("hz360-2026-000101"), and the parts of those that have some."""
    found: dict[str, None] = {}
    for whole in _WORD.findall(bare_letters(readable(text[:_LOOKED_AT]))):
        for word in (whole,) if whole.isalnum() else (whole, *_JOINT.split(whole)):
            if SHORTEST <= len(word) <= LONGEST:
                found[word] = None
        if len(found) >= MOST:
            break
    return tuple(found)[:MOST]


def asked_words(query: str) -> tuple[str, ...]:
    """What somebody looks for; each word has to be found, as a whole or as the beginning of one.

    A serial number that is written in groups is one word.
    """
    spoken = bare_letters(_with_serials_joined(readable(query[:500])))
    return tuple(dict.fromkeys(m[0][:LONGEST] for m in _WORD.finditer(spoken) if len(m[0]) >= SHORTEST))[:_MOST_ASKED]


def _with_serials_joined(text: str) -> str:
    parts, done = [], 0
    for start, end in serial_spans(text):
        if start >= done:
            parts += [text[done:start], "".join(filter(str.isalnum, text[start:end]))]
            done = end
    return "".join([*parts, text[done:]])


def end_of(beginning: str) -> str:
    """The first text after all that begin so, in the order of code points."""
    return beginning[:-1] + chr(ord(beginning[-1]) + 1)
