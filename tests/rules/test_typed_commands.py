"""What people type behind `/hezo`, in Polish and English, and the mistakes that they make."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Language
from bot.rules.typed_commands import (
    Escalate,
    Help,
    Mistake,
    OpenForm,
    RemoveDuty,
    SetDuty,
    ShowDuty,
    SwapDuty,
    form_wanted,
    understand,
)
from bot.rules.typed_dates import NotADate, take_instant
from bot.rules.wording import words

WARSAW = ZoneInfo("Europe/Warsaw")
NOW = datetime(2026, 11, 23, 10, 30, tzinfo=WARSAW)  # a Monday


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("dziś 17:00", (2026, 11, 23, 17, 0)),
        ("Dzisiaj o 9:05", (2026, 11, 23, 9, 5)),
        ("today 17", (2026, 11, 23, 17, 0)),
        ("jutro 9:00", (2026, 11, 24, 9, 0)),
        ("pojutrze 09:00", (2026, 11, 25, 9, 0)),
        ("17:00", (2026, 11, 23, 17, 0)),
        ("fri 17:00", (2026, 11, 27, 17, 0)),
        ("w piątek o 17:00", (2026, 11, 27, 17, 0)),
        ("śr. 8:00", (2026, 11, 25, 8, 0)),
        ("pon 17:00", (2026, 11, 23, 17, 0)),
        ("pon 9:00", (2026, 11, 30, 9, 0)),
        ("nd 24:00", (2026, 11, 30, 0, 0)),
        ("2026-11-27 17:00", (2026, 11, 27, 17, 0)),
        ("2026-11-27T17:00", (2026, 11, 27, 17, 0)),
        ("27.11 17:00", (2026, 11, 27, 17, 0)),
        ("27.11.2027 17:00", (2027, 11, 27, 17, 0)),
        ("2.1 8:00", (2027, 1, 2, 8, 0)),
        ("teraz", (2026, 11, 23, 10, 30)),
    ],
)
def test_instants(typed: str, expected: tuple[int, ...]) -> None:
    at, rest = take_instant(typed.split(), NOW, WARSAW)
    assert at == datetime(*expected, tzinfo=WARSAW)  # type: ignore[misc, arg-type]  # a tuple of unknown length
    assert not rest


@pytest.mark.parametrize(
    ("typed", "problem", "word"),
    [
        ("", "nothing", ""),
        ("o", "nothing", ""),
        ("zaraz", "not_a_date", "zaraz"),
        ("jutro", "no_time", "jutro"),
        ("pt rano", "no_time", "pt"),
        ("2026-02-30 17:00", "no_such_day", "2026-02-30"),
        ("27.13 17:00", "no_such_day", "27.13"),
        ("9999-12-31 24:00", "no_such_day", "24:00"),
        ("dziś 25:00", "no_such_time", "25:00"),
        ("2027-03-28 2:30", "no_such_time", "2:30"),
    ],
)
def test_what_is_no_instant(typed: str, problem: str, word: str) -> None:
    with pytest.raises(NotADate) as caught:
        take_instant(typed.split(), NOW, WARSAW)
    assert (caught.value.problem, caught.value.word) == (problem, word)


@pytest.mark.parametrize(
    ("typed", "ends"),
    [
        ("dziś 17:00 9:00", (2026, 11, 24, 9, 0)),
        ("od dziś 17:00 do jutro 9:00", (2026, 11, 24, 9, 0)),
        ("fri 17:00 mon 9:00", (2026, 11, 30, 9, 0)),
        ("pt 17:00 – pt 23:00", (2026, 11, 27, 23, 0)),
        ("pt 17:00 pt 9:00", (2026, 12, 4, 9, 0)),
        ("2026-11-27 17:00 23:00", (2026, 11, 27, 23, 0)),
    ],
)
def test_the_end_of_a_shift_follows_its_beginning(typed: str, ends: tuple[int, ...]) -> None:
    shift = understand(f"on-duty set <@U12345|ewa> {typed}", NOW, WARSAW)
    assert isinstance(shift, SetDuty)
    assert (shift.user, shift.substitute) == ("U12345", None)
    assert shift.ends_at == datetime(*ends, tzinfo=WARSAW)  # type: ignore[misc, arg-type]  # a tuple of unknown length


def test_commands() -> None:
    assert understand("", NOW, WARSAW) == understand("Pomoc", NOW, WARSAW) == Help()
    assert understand("on-duty", NOW, WARSAW) == understand("dyżur pokaż", NOW, WARSAW) == ShowDuty(timedelta(days=2))
    assert understand("on-duty show week", NOW, WARSAW) == understand("dyżury tydzień", NOW, WARSAW)
    assert understand("on-duty week", NOW, WARSAW) == ShowDuty(timedelta(days=7))
    shift = understand("dyżur ustaw ja dziś 17:00 jutro 9:00, zastępca <@U2222>", NOW, WARSAW)
    assert isinstance(shift, SetDuty)
    assert (shift.user, shift.substitute) == (None, "U2222")
    assert shift.ends_at - shift.starts_at == timedelta(hours=16)
    swapped = understand("on-duty swap fri 17:00 and sat 17:00", NOW, WARSAW)
    assert isinstance(swapped, SwapDuty)
    assert swapped.other_at - swapped.one_at == timedelta(days=1)
    assert understand("on-duty remove #12", NOW, WARSAW) == RemoveDuty(12)
    assert understand("eskaluj hezo-2026-000123 klient  stoi", NOW, WARSAW) == Escalate(
        "HEZO-2026-000123", "klient stoi"
    )
    assert understand("escalate call FGT60FTK20012345", NOW, WARSAW) == OpenForm("call", "FGT60FTK20012345")
    assert form_wanted("on-duty set") == OpenForm("duty")
    assert form_wanted("on-duty set <@U1> dziś 17:00 18:00") is None
    assert form_wanted("") is None


@pytest.mark.parametrize(
    ("typed", "what", "word"),
    [
        ("listy", "unknown", "listy"),
        ("on-duty kiedy", "unknown_duty", "kiedy"),
        ("on-duty show jutro", "superfluous", "jutro"),
        ("on-duty set @ewa dziś 17:00 18:00", "no_person", "@ewa"),
        ("on-duty set od", "nobody", None),
        ("on-duty set <@U2222> dziś", "date_no_time", "dziś"),
        ("on-duty set <@U2222> dziś 17:00", "date_nothing", ""),
        ("on-duty set <@U2222> dziś 17:00 18:00 dziękuję", "superfluous", "dziękuję"),
        ("on-duty set <@U2222> dziś 17:00 18:00 zastępca", "nobody", None),
        ("on-duty set <@U2222> dziś 17:00 18:00 zastępca ja", "no_person", "ja"),
        ("on-duty swap fri 17:00", "date_nothing", ""),
        ("on-duty swap fri 17:00 sat 17:00 sun 17:00", "superfluous", "sun"),
        ("on-duty remove ten", "no_shift", None),
        ("on-duty remove", "no_shift", None),
        ("escalate", "no_number", None),
        ("show 123", "no_words_show", None),
        ("pokaż FG121GTK25004672", "no_words_show", None),
        ("escalate szybko", "no_number", None),
    ],
)
def test_mistakes_are_named(typed: str, what: str, word: str | None) -> None:
    mistake = understand(typed, NOW, WARSAW)
    assert isinstance(mistake, Mistake)
    assert (mistake.what, mistake.data.get("word")) == (what, word)
    for language in Language:
        said = words("staff", language)(f"tell.typed_{what}", **mistake.data)
        assert (word or "") in said


def test_a_reason_is_asked_for() -> None:
    assert understand("escalate HEZO-2026-000123", NOW, WARSAW) == Mistake("no_reason", {"number": "HEZO-2026-000123"})


WORDS = """
on-duty set swap show remove <@U123|x> dziś jutro pt 17:00 25:00 99.99 2026-99-99 0001-01-01 9999-12-31 24:00 od do
zastępca ja T 2026-11-27T T17:00 #1 escalate HEZO-2026-000001 call 29.02 31.02
"""


@settings(max_examples=60)
@given(st.lists(st.sampled_from(WORDS.split()) | st.text(max_size=8), max_size=9))
def test_nothing_that_is_typed_raises(typed: list[str]) -> None:
    understand(" ".join(typed), NOW, WARSAW)
