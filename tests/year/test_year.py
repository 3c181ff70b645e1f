"""A simulated year of 10,000 tickets: random instants, random orders of events, stops, late mails, clock jumps.

Ten bots have a thousand tickets each. The oracle (`tests.year.expectation`) checks every step.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from itertools import count
from random import Random

import pytest

from bot.commands import (
    AgreeDate,
    CloseTicket,
    ConfirmDate,
    DateKept,
    DecideSender,
    EmailReceived,
    NextTurn,
    ReplyToCustomer,
    SetPriority,
    TakeTicket,
    TimerDue,
)
from bot.model import ClockKind, Priority
from tests.year import mails
from tests.year.expectation import ENDED, Phase
from tests.year.running_clock import LEVELS
from tests.year.service_time import HOUR, instant, warsaw
from tests.year.watch import Report
from tests.year.world import EWA, MAREK, World

TICKETS = 1000
DAY = 24 * HOUR
BEGIN, END = warsaw(date(2026, 1, 1), 6), warsaw(date(2026, 12, 31), 23)
HOLIDAYS = (date(2026, 4, 3), date(2026, 4, 30), date(2026, 6, 3), date(2026, 11, 10), date(2026, 12, 23))
CHANGES = (date(2026, 3, 28), date(2026, 10, 24))
"""The eves of holidays and of the nights in which the clocks change."""

HAPPENS = {
    *(command.__name__ for command in (EmailReceived, ReplyToCustomer, TakeTicket, SetPriority, DecideSender)),
    *(command.__name__ for command in (CloseTicket, AgreeDate, ConfirmDate, DateKept, TimerDue)),
    *(f"{kind} {level}" for kind, levels in LEVELS.items() for level in levels),
    "agreed reminder",
    "agreed passed",
}


class Year:
    """Chooses what happens when, and lets it happen."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311  # the same year for the same seed, no secret
        self.world = World(BEGIN)
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._back_at = BEGIN

    def at(self, when: int, what: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._order), what))

    def play(self, tickets: int) -> None:
        """A whole year."""
        for _ in range(tickets):
            self.at(self.some_time(), self.somebody_reports)
        for _ in range(40):
            self.at(self.some_time(), self.the_bot_stops)
        while self._agenda:
            when, _, what = heapq.heappop(self._agenda)
            self.world.advance(when)
            what()
        self.world.advance(END + 60 * DAY)
        self.world.check_nothing_was_forgotten()

    def some_time(self) -> int:
        """An instant of the year; one in six is one of the awkward kind."""
        kind = self.random.random()
        if kind < 0.04:
            day, minutes = self.random.choice(CHANGES), self.random.randrange(18 * 60)
            return warsaw(day, 16) + minutes * 60
        day = date(2026, 1, 2) + timedelta(days=self.random.randrange(363))
        if kind < 0.08:
            day = self.random.choice(HOLIDAYS)
        if kind < 0.17:
            return warsaw(day, self.random.choice((8, 9, 13, 15, 16, 17))) + self.random.choice((-1, 0, 0, 0, 1))
        return warsaw(day, 4) + self.random.randrange(DAY)

    def some_wait(self) -> int:
        """From minutes to weeks; sometimes to the second what a clock needs."""
        if self.random.random() < 0.1:
            return self.random.choice((1800, 2880, HOUR, HOUR, 2 * HOUR, 4 * HOUR))
        return int(self.random.lognormvariate(8.5, 2)) % (20 * DAY) + 1

    def the_bot_stops(self) -> None:
        if self.world.up_since is None:
            return
        if self.random.random() < 0.2:
            self.world.jump(self.random.choice((-1, 1, HOUR, DAY)))
            self.world.fire_due()
            return
        self.world.stop()
        self._back_at = self.world.now + int(self.random.lognormvariate(9, 1.5)) % (4 * DAY)
        self.at(self._back_at, self.the_bot_starts)

    def the_bot_starts(self) -> None:
        self.world.start()
        if self.random.random() < 0.5:  # else the mails that waited are handled before the timers
            self.world.fire_due()

    def later(self, what: Callable[[int], None], when: int) -> None:
        """Do something with the second in which it happened; while the bot is stopped it waits."""
        if self.world.up_since is None:
            self.at(self._back_at, lambda: self.later(what, when))
        else:
            what(when)

    def somebody_reports(self) -> None:
        self.later(self._report, self.world.now)

    def written(self, received: int) -> int | None:
        """A Date header: mostly right, sometimes missing, old or from the future."""
        kind = self.random.random()
        if kind < 0.1:
            return None
        if kind < 0.2:
            return received - self.random.choice((-600, HOUR, 4 * HOUR, 4 * HOUR + 1, DAY))
        return received - self.random.randrange(180)

    def _report(self, received: int) -> None:
        wish = self.random.choice(mails.WISHES)
        kind = self.random.random()
        written = self.written(received)
        if kind < 0.66:
            report = self.world.report(Phase.OPEN, wish, received=received, written=written)
        elif kind < 0.82:
            report = self.world.report(Phase.INCOMPLETE, wish, received=received, written=written)
        elif kind < 0.95:
            report = self.world.report(Phase.HELD, wish, received=received, written=written, known=False)
        else:
            report = self.world.report(Phase.OPEN, wish, received=received, written=written, known=False, enquiry=True)
        self.go_on(report)

    def go_on(self, report: Report) -> None:
        """Plan what happens next on a ticket; at last most are finished, the others left to their reminders."""
        wait = self.some_wait()
        step: Callable[[Report, int], None] = self.next_step
        ended = report.expected.phase in ENDED
        if self.random.random() < (0.8 if ended else 0.33):
            if ended or self.random.random() < 0.3:
                return
            wait, step = wait % HOUR, self.finish
        self.at(self.world.now + wait, lambda: self.later(partial(step, report), self.world.now))

    def finish(self, report: Report, _: int) -> None:
        if report.expected.phase is Phase.HELD:
            self.world.decide_sender(report, approve=False)
        else:
            self.world.engineer_replies(report, NextTurn.RESOLVED)

    def next_step(self, report: Report, when: int) -> None:
        steps = {
            Phase.HELD: ((6, self.decide), (2, self.write), (1, self.robot), (2, self.staff)),
            Phase.INCOMPLETE: ((6, self.write), (2, self.reply), (1, self.robot), (2, self.staff)),
            Phase.OPEN: ((5, self.reply), (3, self.write), (1, self.robot), (2, self.staff), (4, self.date)),
            Phase.WAITING: ((6, self.write), (2, self.reply), (1, self.robot), (2, self.staff), (3, self.date)),
            Phase.RESOLVED: ((4, self.write), (1, self.reply), (2, self.robot), (1, self.staff)),
            Phase.CLOSED: ((4, self.write), (2, self.robot), (1, self.staff)),
        }[report.expected.phase]
        [step] = self.random.choices([step for _, step in steps], [weight for weight, _ in steps])
        self.go_on(step(report, when))

    def write(self, report: Report, received: int) -> Report:
        written = self.written(received)
        kind = self.random.random()
        if kind < 0.2:
            body, answer = self.random.choice(list(mails.ANSWERS.items()))
            return self.world.customer_writes(report, body, answer=answer, received=received, written=written)
        if kind < 0.5:
            return self.world.customer_writes(report, mails.NUMBERS, missing="", received=received, written=written)
        if kind < 0.6:
            return self.world.customer_writes(
                report, mails.ONLY_THE_SERIAL, missing="contract", received=received, written=written
            )
        words = self.random.choice(mails.MORE_WORDS)
        return self.world.customer_writes(report, words, received=received, written=written)

    def date(self, report: Report, _: int) -> Report:
        """A date is proposed, confirmed or kept, whatever is possible."""
        day = instant(self.world.now).date() + timedelta(days=self.random.randrange(10))
        if ClockKind.AGREED in report.expected.clocks and self.random.random() < 0.7:
            self.world.keep_date(report)
        elif report.expected.proposed is None:
            self.world.propose_date(report, warsaw(day, self.random.choice((7, 9, 12, 16, 17, 19))))
        elif self.random.random() < 0.3:
            self.world.confirm_date(report)
        else:
            return self.world.customer_writes(report, mails.YES, confirms=True)
        return report

    def reply(self, report: Report, _: int) -> Report:
        self.world.engineer_replies(report, self.random.choice(list(NextTurn)))
        return report

    def decide(self, report: Report, _: int) -> Report:
        self.world.decide_sender(report, approve=self.random.random() < 0.8)
        return report

    def robot(self, report: Report, _: int) -> Report:
        if report.to_customer and self.random.random() < 0.5:
            self.world.mail_bounces(report)
        else:
            self.world.robot_answers(report)
        return report

    def staff(self, report: Report, _: int) -> Report:
        kind = self.random.random()
        if kind < 0.3:
            self.world.take(report, self.random.choice((EWA, MAREK)), over=self.random.random() < 0.5)
        elif kind < 0.7:
            self.world.set_priority(report, self.random.choice(list(Priority)))
        else:
            self.world.close(report)
        return report


@pytest.mark.parametrize("seed", range(10))
def test_a_year_of_tickets(seed: int) -> None:
    year = Year(seed)
    year.play(TICKETS)
    # A year in which nothing of a kind happened would prove nothing about it.
    assert year.world.counts.keys() >= HAPPENS
