"""Confirming a proposed date in words, and being reminded of one within the window."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.config import CalendarConfig
from bot.rules.agreed_dates import confirms, local_instant, reminders
from bot.rules.calendars import named_calendar

WARSAW = ZoneInfo("Europe/Warsaw")
OFFICE = named_calendar("8x5", CalendarConfig(), "Europe/Warsaw")
ALWAYS = named_calendar("24x7", CalendarConfig(), "Europe/Warsaw")
FRIDAY = datetime(2026, 11, 27, 10, 0, tzinfo=WARSAW)
SPANS = (timedelta(days=1), timedelta(hours=1))


def warsaw(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW)


YES = (
    "tak", "Tak, potwierdzam.", "OK", "ok!", "Zgoda.", "yes, fine", "Yes, Friday at 10:00 is fine.", "TAK\nAnna Nowak",
    "Dzień dobry,\n\npotwierdzam termin 27 listopada, godz. 10:00.\n\nPozdrawiam\nAnna Nowak\nMleczarnia sp. z o.o.",
    "Potwierdzam 27.11.2026 10:00", "Może być, dziękuję", "W porządku, pasuje nam", "jak najbardziej",
    "Okay, thank you",
    "Tak, piątek o 10 mi pasuje.", "I confirm the date. Kind regards, John", "Confirmed, 27 Nov 2026", "sounds good",
    "Tak. Pozdrawiam, Anna", "Ok, zgadzam się",
)  # fmt: skip
NOT_YES = (
    "", "nie", "Nie, ten termin nie pasuje.", "Tak, ale w poniedziałek.", "tak, ale o 12", "Tak?",
    "Czy może być później?",
    "Czy to tak?", "ok, o 12", "ok, 28.11", "Zgoda na 11:00", "Dzień dobry", "Good morning", "Dziękuję za wiadomość.",
    "Tak, a kto przyjedzie?", "Potwierdzam. Proszę też sprawdzić VPN.", "Tak, tylko nie rano", "raczej tak",
    "Wolelibyśmy czwartek", "czwartek ok", "Yes, but Monday", "no", "27.11.2026 10:00", "tak " * 40, "ok, 27 grudnia",
)  # fmt: skip


def test_only_a_plain_yes_confirms() -> None:
    confirming = [said for said in YES + NOT_YES if confirms(said, "Anna Nowak anna@klient.test John", FRIDAY)]
    assert confirming == list(YES)


def test_a_name_of_digits_confirms_no_other_hour() -> None:
    assert not confirms("ok 12", "firma 12", FRIDAY)
    assert confirms("ok", "", FRIDAY)


def test_a_local_time_is_an_instant_unless_the_clocks_skip_it() -> None:
    assert local_instant(date(2026, 11, 27), time(10), WARSAW) == FRIDAY
    assert local_instant(date(2026, 3, 29), time(2, 30), WARSAW) is None
    twice = local_instant(date(2026, 10, 25), time(2, 30), WARSAW)
    assert twice is not None
    assert twice.isoformat() == "2026-10-25T00:30:00+00:00"


@pytest.mark.parametrize(
    ("confirmed", "agreed", "expected"),
    [
        ("2026-11-23T10:00", "2026-11-27T10:00", {-86400: "2026-11-26T10:00", -3600: "2026-11-27T09:00"}),
        # Sunday 10:00 is closed: an hour before Friday's close; Monday's opening is an hour before the date.
        ("2026-11-23T10:00", "2026-11-30T10:00", {-86400: "2026-11-27T16:00", -3600: "2026-11-30T09:00"}),
        # Both would be outside the window: the nearer one stays.
        ("2026-11-23T10:00", "2026-11-30T09:00", {-3600: "2026-11-27T16:00"}),
        ("2026-11-27T10:00", "2026-11-27T12:00", {-3600: "2026-11-27T11:00"}),
        ("2026-11-27T10:00", "2026-11-27T10:30", {}),
        # Confirmed when everybody had left: the opening before the date is the first chance.
        ("2026-11-27T18:00", "2026-11-30T09:30", {-3600: "2026-11-30T09:00"}),
        ("2026-11-27T16:30", "2026-11-30T08:00", {-3600: "2026-11-27T16:30"}),
    ],
)
def test_reminders_come_before_the_date_and_within_the_window(
    confirmed: str, agreed: str, expected: dict[int, str]
) -> None:
    *before, (last, at) = reminders(warsaw(confirmed), warsaw(agreed), SPANS, OFFICE)
    assert {level: instant.astimezone(WARSAW) for level, instant in before} == {
        level: warsaw(text) for level, text in expected.items()
    }
    assert last == 100
    assert at >= warsaw(agreed)


@pytest.mark.parametrize(
    ("agreed", "said_at"),
    [
        ("2026-11-27T17:00", "2026-11-27T17:00"),
        ("2026-11-28T10:00", "2026-11-30T09:00"),
        ("2026-11-27T17:30", "2026-11-30T09:00"),
    ],
)
def test_the_date_itself_is_said_when_somebody_is_there(agreed: str, said_at: str) -> None:
    assert reminders(warsaw("2026-11-23T10:00"), warsaw(agreed), (), OFFICE) == [(100, warsaw(said_at))]
    assert reminders(warsaw("2026-11-23T10:00"), warsaw(agreed), (), ALWAYS) == [(100, warsaw(agreed))]
