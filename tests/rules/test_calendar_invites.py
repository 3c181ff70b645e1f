"""Invites as text, and where they count."""

from __future__ import annotations

import pytest

from bot.rules.calendar_invites import invite_text
from bot.rules.mail_reading import read_mail

ZONE = "BEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
EVENT = (
    'ORGANIZER;CN="Kowalski, Jan":MAILTO:jan@klient.example\r\n'
    "ATTENDEE;CN=HEZO;PARTSTAT=ACCEPTED:mailto:pomoc@myhezo.pl\r\n"
    "SUMMARY;LANGUAGE=pl:Wywiad techniczny\\, FGT60F\r\n TK20001234\r\nLOCATION:Teams\r\n"
    "DESCRIPTION:Dzień dobry\\,\\nproszę o udział.\r\n"
    "BEGIN:VALARM\r\nDESCRIPTION:REMINDER\r\nEND:VALARM\r\n"
)
WARSAW = "DTSTART;TZID=Europe/Warsaw:20261120T100000\r\nDTEND;TZID=Europe/Warsaw:20261120T110000\r\n"


def _calendar(event: str, method: str = "REQUEST") -> str:
    return (
        f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\n{ZONE}BEGIN:VEVENT\r\n{event}END:VEVENT\r\n"
        "BEGIN:VEVENT\r\nSUMMARY:second\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def test_an_invite_is_told_in_the_words_of_its_author() -> None:
    assert invite_text(_calendar(EVENT + WARSAW)) == (
        "[REQUEST] Wywiad techniczny, FGT60FTK20001234\n2026-11-20 10:00 - 11:00 Europe/Warsaw\nTeams\n"
        "Kowalski, Jan <jan@klient.example>\n\nDzień dobry,\nproszę o udział."
    )


def test_an_answer_says_who_answered_what() -> None:
    text = invite_text(_calendar(EVENT, "REPLY"))
    assert text.split("\n")[0] == "[REPLY] Wywiad techniczny, FGT60FTK20001234"
    assert "HEZO <pomoc@myhezo.pl>: ACCEPTED" in text


@pytest.mark.parametrize(
    ("times", "line"),
    [
        ("DTSTART:20261120T090000Z\nDTEND:20261120T100000Z\n", "2026-11-20 10:00 - 11:00 Europe/Warsaw"),
        ("DTSTART:20260720T220000Z\nDTEND:20260721T220000Z\n",
         "2026-07-21 00:00 - 2026-07-22 00:00 Europe/Warsaw"),
        ("DTSTART;TZID=Central European Standard Time:20261120T100000\n",
         "2026-11-20 10:00 Central European Standard Time"),
        ("DTSTART;VALUE=DATE:20261120\nDTEND;VALUE=DATE:20261121\n", "2026-11-20"),
        ("DTSTART:20261120T100000\n", "2026-11-20 10:00"),
        ("DTSTART:jutro\n", "jutro"),
        ("DTSTART:00000000T999999Z\n", "0000-00-00 99:99 UTC"),
    ],
)  # fmt: skip
def test_times_come_with_their_zone(times: str, line: str) -> None:
    assert invite_text(f"BEGIN:VEVENT\nSUMMARY:x\n{times}END:VEVENT").split("\n") == ["x", line]


@pytest.mark.parametrize(
    "source", ["", "BEGIN:VCALENDAR\nEND:VCALENDAR", "END:VEVENT\nSUMMARY:x", "no calendar", "BEGIN:VEVENT\n;;;:::"]
)
def test_nothing_to_tell(source: str) -> None:
    assert invite_text(source) == ""


def _mail(calendar: str, text: str = "") -> bytes:
    return (
        "From: jan@klient.example\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--b\r\n"
        f"Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n{calendar}\r\n--b--\r\n"
    ).encode()


def test_an_invite_counts_where_the_mail_says_nothing_else() -> None:
    alone, with_text = read_mail(_mail(_calendar(EVENT))), read_mail(_mail(_calendar(EVENT), "Zapraszam."))
    assert alone.text.startswith("[REQUEST] Wywiad techniczny")
    assert with_text.text == "Zapraszam."
    assert [found.name for found in (*alone.attachments, *with_text.attachments)] == ["invite-1.ics"] * 2


def test_a_mail_that_is_nothing_but_a_calendar() -> None:
    mail = read_mail(b"From: a@b.example\r\nContent-Type: text/calendar\r\n\r\n" + _calendar(EVENT).encode())
    assert mail.text.startswith("[REQUEST] Wywiad techniczny")
    assert [found.name for found in mail.attachments] == ["invite-1.ics"]
