"""Our invitations, read by a strict reader of their own, and the answers of customers' calendars to them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.calendar_answers import Answer, CalendarAnswer, read_calendar_answer
from bot.rules.calendar_invites import invite_text
from bot.rules.calendar_writing import Invitation, Method, write_invitation
from bot.rules.mail_addresses import Address

AT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
INVITATION = Invitation(
    Method.REQUEST,
    "HEZO-2026-000001-1@hezo.test",
    0,
    datetime(2026, 11, 23, 9, 0, 7, tzinfo=UTC),
    AT,
    timedelta(minutes=90),
    "HEZO 360: zdalne wdrożenie; klaster, węzeł 1",
    "Zgłoszenie HEZO-2026-000001\nInżynier połączy się zdalnie.",
    Address("HEZO 360", "pomoc@hezo.test"),
    Address('Anna "Ania" Nowak', "anna@klient.test"),
)


def strictly(source: str) -> dict[str, tuple[str, str]]:
    """The event's properties: name -> (parameters, value), as RFC 5545 §3.1 spells them and nothing else."""
    assert source.endswith("\r\n")
    lines = source.split("\r\n")[:-1]
    assert all(len(line.encode()) <= 75 for line in lines)
    assert not any(re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line) for line in lines)
    unfolded = source.replace("\r\n ", "").split("\r\n")[:-1]
    assert unfolded[0] == "BEGIN:VCALENDAR"
    assert unfolded[-1] == "END:VCALENDAR"
    found: dict[str, tuple[str, str]] = {}
    for line in unfolded:
        match = re.fullmatch(r'([A-Z-]+)((?:;[A-Z-]+=(?:"[^"]*"|[^";:,]*))*):(.*)', line)
        assert match, line
        if match[1] not in {"BEGIN", "END"}:
            assert match[1] not in found, line
            found[match[1]] = (match[2], match[3])
    return found


def unescaped(value: str) -> str:
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value)
    return re.sub(r"\\([\\;,n])", lambda match: "\n" if match[1] == "n" else match[1], value)


def test_an_invitation_line_by_line() -> None:
    found = strictly(write_invitation(INVITATION))
    assert found["METHOD"] == ("", "REQUEST")
    assert found["UID"] == ("", "HEZO-2026-000001-1@hezo.test")
    assert found["DTSTAMP"][1] == "20261123T090007Z"
    assert found["DTSTART"][1] == "20261201T090000Z"
    assert found["DTEND"][1] == "20261201T103000Z"
    assert unescaped(found["SUMMARY"][1]) == INVITATION.summary
    assert unescaped(found["DESCRIPTION"][1]) == INVITATION.description
    assert found["ORGANIZER"] == (';CN="HEZO 360"', "mailto:pomoc@hezo.test")
    parameters, address = found["ATTENDEE"]
    assert address == "mailto:anna@klient.test"
    assert ";PARTSTAT=NEEDS-ACTION;RSVP=TRUE" in parameters
    assert ";CN=\"Anna 'Ania' Nowak\"" in parameters
    assert found["STATUS"][1] == "CONFIRMED"


def test_an_update_and_a_cancellation_are_of_the_same_event() -> None:
    moved = strictly(write_invitation(replace(INVITATION, sequence=1, starts_at=AT + timedelta(days=1))))
    over = strictly(write_invitation(replace(INVITATION, method=Method.CANCEL, sequence=2)))
    assert moved["UID"] == over["UID"] == strictly(write_invitation(INVITATION))["UID"]
    assert (moved["SEQUENCE"][1], over["SEQUENCE"][1]) == ("1", "2")
    assert (over["METHOD"][1], over["STATUS"][1]) == ("CANCEL", "CANCELLED")
    assert "RSVP" not in over["ATTENDEE"][0]


def test_our_own_reader_of_invitations_understands_it() -> None:
    told = invite_text(write_invitation(INVITATION))
    assert told.startswith(
        "[REQUEST] HEZO 360: zdalne wdrożenie; klaster, węzeł 1\n2026-12-01 10:00 - 11:30 Europe/Warsaw"
    )


foreign = st.text(max_size=300)


@settings(max_examples=60)
@given(foreign, foreign, foreign)
def test_foreign_words_break_nothing_out(summary: str, description: str, name: str) -> None:
    attendee = Address(name, "anna@klient.test")
    one = replace(INVITATION, summary=summary, description=description, attendee=attendee)
    found = strictly(write_invitation(one))
    unescaped(found["SUMMARY"][1])
    unescaped(found["DESCRIPTION"][1])
    assert found["ATTENDEE"][1] == "mailto:anna@klient.test"


def answer(method: str, *more: str, attendee: str = "PARTSTAT=ACCEPTED") -> str:
    lines = [
        "BEGIN:VCALENDAR",
        f"METHOD:{method}",
        "BEGIN:VTIMEZONE",
        "TZID:Central European Standard Time",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
        f"ATTENDEE;{attendee};CN=Anna:mailto:anna@klient.test",
        "UID:HEZO-2026-000001-1@hezo.test",
        *more,
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\r\n".join(lines) + "\r\n"


UID = "HEZO-2026-000001-1@hezo.test"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (answer("REPLY", "SEQUENCE:2"), CalendarAnswer(UID, Answer.ACCEPTED, 2)),
        (answer("REPLY", attendee="PARTSTAT=DECLINED"), CalendarAnswer(UID, Answer.DECLINED)),
        (answer("reply", attendee="PARTSTAT=tentative"), CalendarAnswer(UID, Answer.TENTATIVE)),
        (answer("COUNTER", "DTSTART:20261202T090000Z"), CalendarAnswer(UID, Answer.COUNTER, 0, AT + timedelta(days=1))),
        (
            answer("COUNTER", "DTSTART;TZID=Central European Standard Time:20261202T100000"),
            CalendarAnswer(UID, Answer.COUNTER, 0, AT + timedelta(days=1)),
        ),
        (answer("COUNTER", "DTSTART;VALUE=DATE:20261202"), CalendarAnswer(UID, Answer.COUNTER)),
        (answer("COUNTER", "DTSTART;TZID=../../etc:20261202T100000"), CalendarAnswer(UID, Answer.COUNTER)),
        (answer("REPLY", attendee="PARTSTAT=NEEDS-ACTION"), None),
        (answer("REQUEST"), None),
        ("", None),
        ("BEGIN:VCALENDAR", None),
    ],
)
def test_answers_of_calendars(source: str, expected: CalendarAnswer | None) -> None:
    assert read_calendar_answer(source) == expected


@given(st.text(max_size=400))
def test_any_text_can_be_read(source: str) -> None:
    read_calendar_answer(source)
