"""Which of several proposed dates the words of an answer choose."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.date_choices import NONE_FITS, chosen

ZONE = ZoneInfo("Europe/Warsaw")
OPTIONS = [
    datetime(2026, 12, 1, 10, 0, tzinfo=ZONE),  # Tuesday
    datetime(2026, 12, 3, 10, 0, tzinfo=ZONE),  # Thursday
    datetime(2026, 12, 3, 14, 30, tzinfo=ZONE),
]
NAMES = "Anna Nowak anna@klient.example"


@pytest.mark.parametrize(
    ("words", "index"),
    [
        ("1", 0),
        ("2.", 1),
        ("3", 2),
        ("Dzień dobry, wybieramy termin nr 2. Pozdrawiam, Anna", 1),
        ("drugi termin", 1),
        ("Pasuje nam pierwszy termin, dziękuję.\n\nAnna Nowak", 0),
        ("opcja 3", 2),
        ("ostatni", 2),
        ("wtorek 10:00", 0),
        ("wtorek", 0),
        ("Może być wtorek o 10.", 0),
        ("czwartek 14:30", 2),
        ("czwartek, 3 grudnia, godz. 10:00", 1),
        ("Pasuje 1.12 o 10:00", 0),
        ("3.12.2026 14.30", 2),
        ("Tak, pasuje nam 1 grudnia", 0),
        ("The second one works, thanks!", 1),
        ("Tuesday at 10:00 is fine.", 0),
        ("Option 3 please", 2),
        ("December 1st works for us", 0),
        ("Żaden nie pasuje", NONE_FITS),
        ("Niestety żaden z tych terminów nam nie odpowiada, może w piątek?", NONE_FITS),
        ("None of these work for us.", NONE_FITS),
        ("żaden", NONE_FITS),
        ("tak", None),
        ("Tak, potwierdzam.", None),
        ("czwartek", None),
        ("10:00", None),
        ("4", None),
        ("0", None),
        ("wtorek 14:30", None),
        ("wtorek 11:00", None),
        ("1, ale dopiero po południu", None),
        ("Czy może być 1?", None),
        ("1 albo 2", None),
        ("Prosimy o 2 godziny przerwy", None),
        ("piątek 10:00", None),
        ("Nie wtorek", None),
        ("", None),
    ],
)
def test_what_is_chosen(words: str, index: int | None) -> None:
    assert chosen(words, NAMES, OPTIONS) == index


@given(st.text(max_size=200))
def test_anything_can_be_read(words: str) -> None:
    assert chosen(words, NAMES, OPTIONS) in {None, NONE_FITS, 0, 1, 2}


SOME_DATES = st.lists(st.integers(0, 2_000_000), min_size=2, max_size=5, unique=True)


@given(SOME_DATES)
def test_every_number_chooses_its_date(minutes: list[int]) -> None:
    options = [OPTIONS[0] + timedelta(minutes=each) for each in minutes]
    for index in range(len(options)):
        assert chosen(str(index + 1), "", options) == index
