"""The bot on the fake storage while the time passes, and the comparison of its tickets with what has to be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.commands import (
    Command,
    TimerDue,
)
from bot.config import Config
from bot.effects import Note, PostInThread, SendMail
from bot.model import ClockKind, ClockState, Priority, SlaClock, Ticket, Timer
from bot.ports import OutboxRow, UnitOfWork
from handlers.context import Context
from handlers.registry import dispatch
from storage.composing import ComposedMail
from storage.schema import TimerState
from tests.fakes.memory_database import MemoryDatabase, run
from tests.storage.making import FakeClock
from tests.year import mails
from tests.year.expectation import ENDED, WORKED_ON, Expectation, Phase
from tests.year.hearing import Heard, heard_of
from tests.year.running_clock import PROMISED
from tests.year.service_time import HOUR, instant, second

ENGINEERS = ("U0EWA", "U0MAREK")
CONFIG = Config.model_validate(
    {
        "mail": {
            "imap": [{"name": "pomoc", "host": "localhost", "security": "none", "username": "u", "password": "p"}],
            "smtp": {"host": "localhost", "security": "none"},
        },
        "slack": {
            "bot_token": "xoxb-1",
            "app_token": "xapp-1",
            "support_channel": "C0SUPPORT",
            "escalation_channel": "C0ESCALATION",
            "engineers": ENGINEERS,
            "managers": ["U0ZOFIA"],
        },
        "replies": {"undo_within": "0s"},  # what is taken back was never said (tests/handlers/test_sendings.py)
        # Who is called again and again, and when, has a model of its own; here everybody is called once.
        "escalation": {
            priority: {
                "repeat_every": "366d",
                "ask_again_after": "366d",
                "unassigned_percent": 80,
                "steps": [{"who": ["on_duty"], "after": "0s"}],
            }
            for priority in Priority
        },
    }
)


@dataclass(slots=True)
class Report:
    """A ticket, as the bot has it and as it has to be.

    Attributes:
        first_id: The Message-ID of its first mail.
        to_customer: The Message-ID of our last mail.
        lines: So much of its journal was looked at.
    """

    ticket_id: int
    sender: str
    first_id: str
    expected: Expectation
    to_customer: str = ""
    lines: int = 0


def _compose(effect: SendMail, outbox_id: int, ticket: Ticket | None, now: datetime, files: object) -> ComposedMail:
    del ticket, now, files
    return ComposedMail(f"<{effect.kind}.{outbox_id}.0123456789abcdef@myhezo.pl>", b"")


class Watch:
    """One bot and its tickets.

    Attributes:
        up_since: Since when nothing hindered the timers; None while the bot is stopped.
        counts: How often what was done and said.
    """

    def __init__(self, begin: int) -> None:
        self.clock = FakeClock(instant(begin))
        self.database = MemoryDatabase(clock=self.clock, compose=_compose)
        for contract in mails.CONTRACTS:
            self.database.add_contract(contract)
        self.reports: dict[int, Report] = {}
        self.up_since: int | None = begin
        self.counts: dict[str, int] = {}
        self._firing = False

    @property
    def now(self) -> int:
        return second(self.clock.time)

    def count(self, what: str) -> None:
        """Remember that something was done."""
        self.counts[what] = self.counts.get(what, 0) + 1

    # What passes.

    def advance(self, to: int) -> None:
        """Let the time pass; the timers fire in their seconds, unless the bot is stopped."""
        while self.up_since is not None:
            timer = self.database.tables.first_pending(set())
            if timer is None or second(timer.fire_at) > to:
                break
            self.clock.time = max(self.clock.time, timer.fire_at)
            self.fire_due()
        self.clock.time = max(self.clock.time, instant(to))

    def fire_due(self) -> None:
        """Fire what is due now, in batches as `bot.loops.timers` does."""
        self._firing = True
        while batch := run(self.database.timers.due(self.clock.time, 50)):
            for timer in batch:
                self._fire(timer)
        self._firing = False

    def stop(self) -> None:
        """The bot stops; timers do not fire, mails and clicks wait."""
        self.up_since = None

    def start(self) -> None:
        """The bot runs again; what was missed is caught up with."""
        self.up_since = self.now

    def jump(self, seconds: int) -> None:
        """The machine's clock jumps, back or ahead: nothing fired in between."""
        self.clock.move(seconds=seconds)
        self.up_since = self.now
        for report in self.reports.values():
            for clock in report.expected.clocks.values():
                clock.since = min(clock.since, self.now)

    def _handle(self, command: Command) -> list[OutboxRow]:
        self.count(type(command).__name__)
        return self._transaction(partial(dispatch, command))

    def _transaction(self, handler: Callable[[UnitOfWork, Context], Awaitable[None]]) -> list[OutboxRow]:
        async def transaction() -> None:
            async with self.database.begin() as uow:
                await handler(uow, Context(self.clock.time, CONFIG, b"a key of no importance, 32 octets"))

        run(transaction())
        return self.database.perform()

    def _fire(self, timer: Timer) -> None:
        claimed = self._claimed(timer.id)
        if claimed is None:
            return
        rows = self._handle(TimerDue(claimed))
        heard = heard_of(rows)
        assert self._claimed(timer.id) is None, f"{timer.key} was left due"
        if timer.kind != "clock":
            self._of_an_escalation(timer, heard)
            return
        assert timer.clock_id is not None
        row = self.database.tables.clocks[timer.clock_id]
        if row.kind is ClockKind.AGREED:
            assert heard.no_reminder
            self._of_a_date(timer, row, rows)
            return
        clock = self.reports[timer.ticket_id].expected.clocks.get(row.kind)
        if not heard.said:
            assert heard.no_reminder
            assert not heard.escalates
            assert clock is None or clock.row != row.id or clock.must_say(self.now) is None, f"{timer.key} said nothing"
            return
        assert self.up_since is not None
        [said] = heard.said
        assert (said.ticket_id, said.kind) == (timer.ticket_id, row.kind)
        assert clock is not None, f"{said} of a clock that does not run"
        assert clock.row == row.id, f"{said} of an old clock"
        clock.says(said.level, self.now, self.up_since)
        is_breach = clock.is_breach(said.level)
        assert heard.escalates == is_breach
        assert heard.reminded_by_mail == ([timer.ticket_id] if row.kind is ClockKind.CUSTOMER_REPLY else [])
        if is_breach:
            assert row.breached_at == row.due_at == instant(clock.due)
        self.count(f"{row.kind} {said.level}")

    def _of_an_escalation(self, timer: Timer, heard: Heard) -> None:
        """Neither a clock's nor an agreed date's timer: nobody is called about what is answered or closed."""
        assert heard.no_reminder
        if heard.escalates:
            expected = self.reports[timer.ticket_id].expected
            assert expected.phase not in ENDED
            assert PROMISED & expected.clocks.keys(), "called about a ticket that nobody waits for"
            self.count("escalated")

    def _of_a_date(self, timer: Timer, row: SlaClock, rows: list[OutboxRow]) -> None:
        """A timer of an agreed date: engineers are reminded before, and told once that it passed."""
        report = self.reports[timer.ticket_id]
        clock = report.expected.clocks.get(ClockKind.AGREED)
        told = [
            str(row.effect.data["event"])
            for row in rows
            if isinstance(row.effect, PostInThread) and row.effect.note is Note.AGREED_DATE
        ]
        if not told:
            assert clock is None or clock.row != row.id or clock.must_say(self.now) is None
            return
        assert self.up_since is not None
        assert clock is not None
        assert clock.row == row.id
        self.count(f"agreed {told[0]}")
        if told == ["passed"]:
            clock.says(100, self.now, self.up_since)
            report.expected.date_over(clock.due, self.now, kept=False)
            self.check(report, rows)
            return
        assert told == ["reminder"]
        assert timer.level is not None
        assert timer.level < 0
        assert self.now < clock.due
        assert clock.may_say(timer.level, self.now), "reminded of a date outside the window"
        assert timer.level > clock.said_of_due.get(clock.due, -HOUR * 24 * 365), "reminded of a date twice"
        clock.said_of_due[clock.due] = timer.level

    def _claimed(self, timer_id: int) -> Timer | None:
        kept = self.database.tables.timers.get(timer_id)
        is_due = kept is not None and kept.state is TimerState.PENDING and kept.timer.fire_at <= self.clock.time
        return kept.timer if kept is not None and is_due else None

    # What has to hold.

    def check(self, report: Report, rows: list[OutboxRow] | None = None) -> None:
        """Compare a ticket with what has to be, after a step that must not remind anybody."""
        for row in rows or ():
            if isinstance(row.effect, SendMail) and row.effect.ticket_id == report.ticket_id:
                report.to_customer = row.rfc_message_id or ""
        expected, tables = report.expected, self.database.tables
        assert heard_of(rows or []).no_reminder, "only a timer reminds"
        lines = tables.journal.get(report.ticket_id, ())[report.lines :]
        report.lines += len(lines)
        withdrawn = [line.data["clock"] for line in lines if line.data.get("withdrawn")]
        assert withdrawn == [clock.row for clock in expected.taken_back], "a breach that is none is taken back"
        expected.taken_back.clear()
        ticket = tables.tickets[report.ticket_id]
        assert (ticket.state.value, ticket.priority) == (expected.phase.value, expected.priority)
        clocks = [tables.clocks[clock_id] for clock_id in tables.clocks_of.get(report.ticket_id, ())]
        going_on = [clock for clock in clocks if clock.state in {ClockState.RUNNING, ClockState.PAUSED}]
        assert sorted(clock.kind for clock in going_on) == sorted(expected.clocks)
        for clock in going_on:
            self._compare(clock, expected)
        for ended in expected.ended:
            assert ended.clock.row is not None
            clock = tables.clocks[ended.clock.row]
            assert clock.state is (ClockState.MET if ended.met else ClockState.CANCELLED)
            assert clock.ended_at == instant(ended.at)
            assert clock.breached_at == (instant(ended.clock.due) if ended.late else None)
        expected.ended.clear()
        ours = PROMISED & expected.clocks.keys()
        assert len(ours) <= (expected.phase in WORKED_ON), "one clock of ours, and none on what is not worked on"
        if expected.phase is Phase.OPEN and expected.accepted and expected.last_contact is None:
            assert ours == {ClockKind.REACTION}, "a report waits for its first contact"

    def _compare(self, row: SlaClock, expected: Expectation) -> None:
        clock, kind = expected.clocks[row.kind], row.kind
        clock.row = clock.row or row.id
        assert clock.row == row.id, "the same clock goes on"
        assert row.started_at == instant(clock.started), f"{kind} started elsewhere"
        assert row.due_at == instant(clock.due), f"{kind} is due elsewhere"
        assert clock.date is not None or row.budget.total_seconds() == clock.budget
        assert row.breached_at in {None, row.due_at}
        assert (row.state is ClockState.PAUSED) == (clock.paused_at is not None)
        level = clock.must_say(self.now)
        if level is not None and self.up_since is not None and clock.since < self.now and not self._firing:
            assert self.up_since == self.now, f"nobody was told of {level} % of {kind}"

    def check_nothing_was_forgotten(self) -> None:
        """At the end: every level that was reached was announced."""
        for report in self.reports.values():
            self.check(report)
