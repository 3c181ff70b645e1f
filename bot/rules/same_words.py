"""Whether somebody says the same again: how robots give themselves away that carry no mark of one.

A ticket system's confirmation or an absence note is the same text each time, but for its numbers and dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.rules.folding import bare_letters

_WORD = re.compile(r"[^\W\d_]{3,}")
_MOST = 4_000
_FEWEST_WORDS = 5
"""Shorter texts (a number, "tak, to ten") are the same only when every character is."""
_ALIKE = 0.75
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
        if min(len(words), len(others)) >= _FEWEST_WORDS and len(words & others) >= _ALIKE * len(words | others):
            return True
    return False


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(bare_letters(text[:_MOST])))
