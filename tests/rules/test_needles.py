"""A pattern is looked for only where one of its needles is: no match may be missed by that."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.needles import found_in, needles
from bot.rules.priority_signs import SIGNS

PATTERNS = [
    r"\b(?:podejrzen\w{1,3}|drobn\w{1,3}) (?:\w{1,15} )?(?:awari\w{1,3}|usterk\w{1,2})",
    r"\bnie (?:jest )?(?:to )?(?:piln\w{1,2}|urgent)\b",
    r"\b(?:za)?pytani(?:e|a|u)\b",
    r"(?:x+|yy)?abc(?:de){2,3}",
    r"(?:ab){0,2}[cd]",
    r"(?:abc|[0-9])x?",
    r"(?<!no )down(?! to)|dead",
]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"\b(?:za)?pytani(?:e|a)\b", {"pytani"}),
        (r"\b(?:brak|bez) (?:internetu|sieci)\b", {"internetu", "sieci"}),
        (r"ab?c", {"a"}),
        (r"(?:abc|[0-9])x?", set()),
        (r"(?i)abc", set()),
        (r"(?:abc)*", set()),
    ],
)
def test_what_every_match_holds(pattern: str, words: set[str]) -> None:
    assert needles(re.compile(pattern)) == words


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_match_is_missed(pattern: str) -> None:
    compiled = re.compile(pattern)

    @given(st.from_regex(compiled))
    def check(text: str) -> None:
        found = [match.span() for match in found_in(text, compiled, needles(compiled))]
        assert found == [match.span() for match in compiled.finditer(text)]

    check()


def test_most_signs_of_a_priority_have_needles() -> None:
    """Else nothing is gained; the texts of test_priority_words.py try every sign itself."""
    assert sum(bool(sign.needles) for sign in SIGNS) == len(SIGNS)
