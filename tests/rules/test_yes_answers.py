"""Yes, no, or neither; the same words again; what is output and what is a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.console_text import sentences_of, speaks
from bot.rules.same_words import says_the_same
from bot.rules.yes_answers import yes_or_no


@pytest.mark.parametrize(
    "text",
    [
        "tak", "TAK!!!", "Tak, zgadza się.", "Dzień dobry,\n\ntak, to ten.\nPozdrawiam", "tak to ten numer", "Tak\n1",
        "zgadza się", "Potwierdzam.", "dokładnie", "o ten właśnie", "ok", "Tak proszę", "Tak, dokładnie o to",
        "yes", "Yes, that's the one", "Hello, yes", "Correct", "Hi,\nyes please\nJohn", "Tak - to FG121GTK25004672",
    ],
)  # fmt: skip
def test_a_yes(text: str) -> None:
    assert yes_or_no(text) is True


@pytest.mark.parametrize("text", ["nie", "Nie.", "Nie, to inne urządzenie.", "niestety nie", "No, it is another one"])
def test_a_no(text: str) -> None:
    assert yes_or_no(text) is False


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "tak?", "Tak jak pisałem, nie działa.", "tak nie działa", "tak, ale nie ten numer", "Nie wiem",
        "nie działa nadal", "No access to the device", "not sure", "Yes or no?", "Proszę o telefon", "Takie coś widzę",
    ],
)  # fmt: skip
def test_neither(text: str) -> None:
    assert yes_or_no(text) is None


NOTE = "Dziękujemy za kontakt z działem IT. Państwa sprawa ma numer #4711 i czeka w kolejce."


def test_a_template_is_the_same_but_for_its_numbers() -> None:
    assert says_the_same(NOTE.replace("4711", "4712"), ["coś innego", NOTE])
    assert says_the_same(f"{NOTE} Termin: 24.11.2026.", [NOTE])
    assert says_the_same("tak", ["tak"])
    assert not says_the_same("tak", ["nie"])
    assert not says_the_same("FGT60FTK20001234", ["FGT60FTK20001235"])
    assert not says_the_same("Znowu nie działa. Numer seryjny X, umowa Y", ["FortiGate nie działa. Numer seryjny X"])
    assert not says_the_same(NOTE, [])


@given(st.text(max_size=200), st.text(max_size=200))
@settings(max_examples=50)
def test_sameness_is_mutual(one: str, other: str) -> None:
    assert says_the_same(one, [other]) == says_the_same(other, [one])
    assert says_the_same(one, [one])


def test_output_is_no_sentence() -> None:
    output = (
        "FGT-1K # get system status\nVersion: FortiGate-1000F v7.2.8\nLicense Status: Valid\n"
        'date=2026-11-23 time=10:00 devname="FGT" level="error"\nport1   up   1000full\n2026-11-23 10:00:01 ppp down'
    )
    assert sentences_of(output) == ""
    assert not speaks(output)
    assert not speaks("FGT60FTK20001234")
    assert speaks(f"{output}\nProszę o pomoc w tej sprawie.")
    assert speaks("Dzień dobry: od rana nie działa nam internet")
