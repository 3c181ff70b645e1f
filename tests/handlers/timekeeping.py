"""A desk whose time passes: its timers fire in their order, as `bot.loops.timers` lets them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from bot.commands import AgreeDate, CloseTicket, ConfirmDate, DateKept, NextTurn, ReplyToCustomer, SetPriority, TimerDue
from bot.effects import Note
from bot.model import ClockKind, ClockState, Priority, SlaClock
from tests.handlers.desk import ANNA, EWA, Desk, Mail

WARSAW = ZoneInfo("Europe/Warsaw")
REPORT = "FortiGate FG121GTK25004672, umowa HZ360-2026-000101."


def warsaw(day: int, clock_time: str) -> datetime:
    """That time on that day of November 2026; the 23rd is a Monday."""
    return datetime.combine(date(2026, 11, day), time.fromisoformat(clock_time), tzinfo=WARSAW)


class Timekeeper(Desk):
    """A desk with one ticket of Anna's, her report sent on Monday at 10:00 in Warsaw."""

    def __init__(self, words: str = "Problem niekrytyczny.", **intake: Any) -> None:
        super().__init__(**intake)
        self.write(ANNA, f"{words} {REPORT}")

    def pass_until(self, at: datetime) -> None:
        """Let the time pass; what is due fires when it is due."""
        while (timer := self.database.tables.first_pending(set())) is not None and timer.fire_at <= at:
            self.clock.time = max(self.clock.time, timer.fire_at)
            self.do(TimerDue(timer))
        self.clock.time = at

    def sleep_until(self, at: datetime) -> None:
        """The bot is stopped until then, and catches up."""
        self.clock.time = at
        self.pass_until(at)

    def reply(self, turn: NextTurn = NextTurn.CUSTOMER, *, at: datetime | None = None) -> None:
        """Ewa writes to the customer; recorded at `at`, if it is handled later."""
        self.do(ReplyToCustomer(replace(EWA, at=at), 1, "Prosimy o logi.", turn))

    def set_priority(self, priority: Priority) -> None:
        self.do(SetPriority(EWA, 1, priority))

    def propose(self, at: datetime, words: str = "") -> None:
        local = at.astimezone(WARSAW)
        self.do(AgreeDate(EWA, 1, local.date(), local.time(), words))

    def confirm(self) -> None:
        self.do(ConfirmDate(EWA, 1))

    def kept(self) -> None:
        self.do(DateKept(EWA, 1))

    def close(self) -> None:
        self.do(CloseTicket(EWA, 1))

    @property
    def last_mail(self) -> Mail:
        return self.mails_to(ANNA)[-1]

    def answer(self, words: str) -> None:
        """Anna answers our last mail."""
        self.write(ANNA, words, answer=self.last_mail)

    def clock_of(self, kind: ClockKind) -> SlaClock:
        """The last clock of a kind."""
        return [clock for clock in self.database.tables.clocks.values() if clock.kind is kind][-1]

    def due(self, kind: ClockKind) -> str:
        """When the clock of a kind is due, as "24 10:00"; with its state unless it runs."""
        clock = self.clock_of(kind)
        at = f"{clock.due_at.astimezone(WARSAW):%d %H:%M}"
        return at if clock.state is ClockState.RUNNING else f"{at} {clock.state}"

    def escalations(self) -> list[str]:
        """What was escalated: how it ended, "open" where it did not."""
        return [each.outcome or "open" for each in self.database.tables.escalations.values()]

    def said(self, *notes: Note) -> list[str]:
        """What was posted of these kinds: when, and the level or event."""
        return [
            str(post.data.get("level") or post.data.get("event") or post.data.get("count"))
            for post in self.posts
            if post.note in notes
        ]
