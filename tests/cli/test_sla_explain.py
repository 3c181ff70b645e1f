"""`hezo360 sla explain`: every clock of a ticket, what is due first, and why."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.cli import main
from bot.model import ClockKind, ClockState, Direction, JournalEntry, Pause
from storage.engine import Database
from tests.storage.making import FakeClock, a_clock, a_message, a_ticket, a_timer, make_database

WARSAW = ZoneInfo("Europe/Warsaw")
CONFIG = """\
[[mail.imap]]
name = "pomoc"
host = "imap.example"
username = "pomoc"
password = "imap-secret"
[mail.smtp]
host = "smtp.example"
[slack]
bot_token = "xoxb-secret"
app_token = "xapp-secret"
support_channel = "C0001"
escalation_channel = "C0002"
engineers = ["U0001"]
[database]
url = "sqlite+aiosqlite:///bot.sqlite3"
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW)


@pytest.fixture
def ticket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ticket whose reaction came late, whose customer answered, and whose reply clock stood still for a while."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEZO360_CONFIG", raising=False)
    (tmp_path / "config.toml").write_text(CONFIG)
    asyncio.run(_fill(make_database("sqlite+aiosqlite:///bot.sqlite3", FakeClock())))


async def _fill(database: Database) -> None:
    await database.open()
    async with database.begin() as uow:
        ticket = await uow.tickets.add(a_ticket(created_at=at("2026-11-20T16:31"), subject="Pytanie\x1b[2J o VPN"))
        report = await uow.tickets.add_message(a_message(ticket.id, sent_at=at("2026-11-20T16:30")))
        answer = await uow.tickets.add_message(
            a_message(ticket.id, direction=Direction.TO_CUSTOMER, author="U0001", author_name="U0001")
        )
        await uow.clocks.add(
            a_clock(
                ticket.id,
                state=ClockState.MET,
                started_at=at("2026-11-20T16:30"),
                due_at=at("2026-11-23T09:30"),
                breached_at=at("2026-11-23T09:30"),
                ended_at=at("2026-11-23T10:00"),
                message_id=report.id,
            )
        )
        await uow.clocks.add(
            a_clock(
                ticket.id,
                kind=ClockKind.CUSTOMER_REPLY,
                state=ClockState.CANCELLED,
                budget=timedelta(hours=2),
                started_at=at("2026-11-23T10:00"),
                due_at=at("2026-11-23T12:00"),
                ended_at=at("2026-11-23T11:00"),
                message_id=answer.id,
            )
        )
        running = await uow.clocks.add(
            a_clock(
                ticket.id,
                kind=ClockKind.REPLY,
                budget=timedelta(hours=2),
                started_at=at("2026-11-23T11:00"),
                due_at=at("2026-11-23T14:30"),
                pauses=(Pause(at("2026-11-23T11:30"), at("2026-11-23T13:00")),),
            )
        )
        date = await uow.clocks.add(
            a_clock(
                ticket.id,
                kind=ClockKind.AGREED,
                state=ClockState.PAUSED,
                calendar="24x7",
                started_at=at("2026-11-23T11:00"),
                due_at=at("2026-11-25T09:00"),
                pauses=(Pause(at("2026-11-23T11:30")),),
                remaining=timedelta(hours=5),
            )
        )
        await uow.clocks.set_timer(a_timer(ticket.id, "k", at("2026-11-23T13:30"), clock_id=running.id))
        lines: tuple[tuple[str, str, str, dict[str, object]], ...] = (
            ("2026-11-20T16:31", "anna@klient.example", "report_accepted", {}),
            ("2026-11-20T16:31", "bot", "clock_started", {"kind": "reaction", "due_at": "2026-11-23T08:30:00+00:00"}),
            (
                "2026-11-23T09:00",
                "bot",
                "clock_level",
                {"kind": "reaction", "level": 50, "late": [[50, "2026-11-20T16:00:00+00:00"], "?"]},
            ),
            ("2026-11-23T09:30", "bot", "clock_level", {"kind": "reaction", "level": 100, "late": []}),
            ("2026-11-23T10:00", "U0001", "engineer_replied", {"message": 2}),
            ("2026-11-23T10:00", "bot", "clock_met", {"kind": "reaction", "late": True}),
            ("2026-11-23T10:00", "bot", "clock_started", {"kind": "customer_reply", "message": 2}),
            ("2026-11-23T11:00", "bot", "clock_cancelled", {"kind": "customer_reply", "reason": "answered"}),
            ("2026-11-23T11:00", "bot", "clock_started", {"kind": "reply"}),
            ("2026-11-23T11:30", "U0002", "clock_paused", {"clock": running.id, "remaining_s": 5400.0, "at": "x"}),
            ("2026-11-23T13:00", "bot", "clock_rewound", {"kind": "reply", "clock": running.id, "how": "by hand"}),
            ("2026-11-23T13:00", "bot", "clock_resumed", {"kind": "return"}),
            ("2026-11-23T13:30", "bot", "clock_level", {"clock": date.id, "level": -3600}),
        )
        for when, actor, kind, data in lines:
            await uow.journal(JournalEntry(ticket.id, at(when), actor, kind, data))
    await database.close()


EXPLAINED = """\
HEZO-2026-000001  open, non_critical (provisional)  Pytanie\ufffd[2J o VPN
times are those of Europe/Warsaw, now Mon 23 Nov 2026 14:00:00 CET

reply: due Mon 23 Nov 2026 14:30:00 CET, 30 min of service time left
  budget    2 h of service time in 8x5
  runs from Mon 23 Nov 2026 11:00:00 CET
  paused    Mon 23 Nov 2026 11:30:00 CET - Mon 23 Nov 2026 13:00:00 CET
  next      50 % is announced Mon 23 Nov 2026 13:30:00 CET
    Mon 23 Nov 2026 11:00:00 CET  started
    Mon 23 Nov 2026 11:30:00 CET  paused, at x, remaining 1 h 30 min by U0002
    Mon 23 Nov 2026 13:00:00 CET  rewound, how by hand

agreed: paused with 5 h of service time left; it was due Wed 25 Nov 2026 09:00:00 CET
  budget    1 h of service time in 24x7
  runs from Mon 23 Nov 2026 11:00:00 CET
  paused    Mon 23 Nov 2026 11:30:00 CET - now
    Mon 23 Nov 2026 13:30:00 CET  reminder 1 h before announced

customer_reply: cancelled; it was due Mon 23 Nov 2026 12:00:00 CET
  budget    2 h of service time in 8x5
  runs from Mon 23 Nov 2026 10:00:00 CET, message 2 to the customer by U0001
  ended     Mon 23 Nov 2026 11:00:00 CET, cancelled
    Mon 23 Nov 2026 10:00:00 CET  started, message 2 (engineer_replied by U0001)
    Mon 23 Nov 2026 11:00:00 CET  cancelled, reason answered

reaction: met late; it was due Mon 23 Nov 2026 09:30:00 CET
  budget    1 h of service time in 8x5
  runs from Fri 20 Nov 2026 16:30:00 CET, message 1 from the customer by Anna Nowak <anna@klient.example>
  breached  Mon 23 Nov 2026 09:30:00 CET
  ended     Mon 23 Nov 2026 10:00:00 CET, met
    Fri 20 Nov 2026 16:31:00 CET  started, due Mon 23 Nov 2026 09:30:00 CET (report_accepted by anna@klient.example)
    Mon 23 Nov 2026 09:00:00 CET  50 % announced, late: 50 % of Fri 20 Nov 2026 17:00:00 CET, ?
    Mon 23 Nov 2026 09:30:00 CET  100 % announced
    Mon 23 Nov 2026 10:00:00 CET  met, late (engineer_replied by U0001)

journaled without a clock of theirs
    Mon 23 Nov 2026 13:00:00 CET  resumed
"""


@pytest.mark.usefixtures("ticket")
def test_a_ticket_s_clocks_are_explained_with_the_deadline_first(capsys: pytest.CaptureFixture[str]) -> None:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["sla", *arguments])
        return code, *capsys.readouterr()

    code, out, err = run("explain", "HEZO-2026-000001", "--now", "2026-11-23 14:00")
    assert (code, err) == (0, "")
    assert out == EXPLAINED
    overdue = run("explain", "1", "--now", "2026-11-23 16:00")[1]
    assert "reply: due Mon 23 Nov 2026 14:30:00 CET, overdue by 1 h 30 min of service time" in overdue
    code, out, err = run("explain", "hezo-2026-1", "--json", "--now", "2026-11-23 14:00")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert [(c["kind"], c["left_s"], c["overdue"], len(c["events"])) for c in answer["clocks"]] == [
        ("reply", 1800, False, 3),
        ("agreed", 18000, False, 1),
        ("customer_reply", None, False, 2),
        ("reaction", None, False, 4),
    ]
    assert answer["clocks"][0]["pauses"] == [{"since_utc": "2026-11-23T10:30:00Z", "until_utc": "2026-11-23T12:00:00Z"}]
    assert answer["clocks"][0]["next"] == {"level": 50, "at_utc": "2026-11-23T12:30:00Z"}
    reaction = answer["clocks"][3]
    assert (reaction["due_at"], reaction["message"]["id"]) == ("2026-11-23T09:30:00+01:00", 1)
    assert reaction["events"][3] == {
        "at_utc": "2026-11-23T09:00:00Z",
        "event": "met",
        "by": "bot",
        "because": {"event": "engineer_replied", "by": "U0001"},
        "data": {"kind": "reaction", "late": True},
    }
    assert [event["event"] for event in answer["other_events"]] == ["resumed"]
    for number in ("2", "HEZO-2025-000001", "HEZO", "9" * 30):
        assert run("explain", number) == (1, "", f"There is no ticket {number}.\n")
