"""Whether somebody says the same again: how robots give themselves away that carry no mark of one.

A ticket system's confirmation or an absence note is the same text each time, but for its numbers and dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.rules.folding import bare_letters

_WORD = re.compile(r"[^\W\d_]{3,}")
_MOST = 4_000
_FEW_WORDS, _FEWEST_WORDS = 8, 3
"""Texts of few words are the same when all of these are; of fewest ("tak", a number) when every character is."""
_ALIKE = 0.8
"""Share of words in common, of all words of both."""


def says_the_same(text: str, earlier: Iterable[str]) -> bool:
    """Whether a text repeats one of the earlier ones, numbers aside.

    Args:
        text: The new words of a mail.
        earlier: The new words of the same sender's earlier mails.
    """
    words = _words(text)
    squeezed = " ".join(text.split()).lower()
    for other in earlier:
        if squeezed == " ".join(other.split()).lower():
            return True
        others = _words(other)
        fewer = min(len(words), len(others))
        alike = 1.0 if fewer < _FEW_WORDS else _ALIKE
        if fewer >= _FEWEST_WORDS and len(words & others) >= alike * len(words | others):
            return True
    return False


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(bare_letters(text[:_MOST])))


def has_the_same_words(text: str, other: str) -> bool:
    """Whether two versions of a message differ in nothing but case, spaces and punctuation; each number counts."""
    return re.findall(r"\w+", bare_letters(text)) == re.findall(r"\w+", bare_letters(other))
