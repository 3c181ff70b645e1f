"""The same world, driven by Hypothesis: few tickets, every order of events, and the shortest story of what is wrong."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bot.commands import NextTurn
from bot.model import Priority
from tests.year import mails
from tests.year.expectation import Phase
from tests.year.mails import WISHES, Wish
from tests.year.service_time import HOUR, instant, warsaw
from tests.year.watch import Report
from tests.year.world import EWA, MAREK, World

DAY = 24 * HOUR
BEGINNINGS = (
    warsaw(date(2026, 3, 28), 14),  # the clocks go forward that night
    warsaw(date(2026, 10, 24), 16),  # and back
    warsaw(date(2026, 12, 23), 16),  # three holidays follow, two of them on a weekend
    warsaw(date(2026, 6, 3), 16),
    warsaw(date(2026, 5, 13), 10),
)
SPANS = st.sampled_from([1, 60, 1800, 2880, HOUR, HOUR, 2 * HOUR, 4 * HOUR, 7 * HOUR, DAY, 3 * DAY, 15 * DAY])
BACKLOG = st.sampled_from([0, 0, 0, 60, 2 * HOUR, 5 * HOUR])
"""How long a mail lay in the mailbox before the bot read it."""

HEADER = st.sampled_from([None, 0, 0, 60, HOUR, 4 * HOUR, 4 * HOUR + 1, -60])
"""How long before its arrival the Date header claims that it was written."""


class YearModel(RuleBasedStateMachine):
    """A handful of tickets in awkward nights."""

    @initialize(begin=st.sampled_from(BEGINNINGS))
    def begin(self, begin: int) -> None:
        self.world = World(begin)
        self.tickets: list[Report] = []

    def pick(self, which: int) -> Report:
        return self.tickets[which % len(self.tickets)]

    @rule(
        phase=st.sampled_from([Phase.OPEN, Phase.OPEN, Phase.INCOMPLETE, Phase.HELD]),
        wish=st.sampled_from(WISHES),
        backlog=BACKLOG,
        header=HEADER,
    )
    def somebody_reports(self, phase: Phase, wish: Wish, backlog: int, header: int | None) -> None:
        received = self.world.now - backlog
        written = None if header is None else received - header
        known = phase is not Phase.HELD
        self.tickets.append(self.world.report(phase, wish, received=received, written=written, known=known))

    @precondition(lambda self: self.tickets)
    @rule(
        which=st.integers(0, 3),
        says=st.sampled_from(
            [
                (mails.MORE_WORDS[0], None, None),
                (mails.NUMBERS, "", None),
                (mails.ONLY_THE_SERIAL, "contract", None),
                *((answer, None, priority) for answer, priority in mails.ANSWERS.items()),
            ]
        ),
        backlog=BACKLOG,
        header=HEADER,
    )
    def the_customer_writes(
        self, which: int, says: tuple[str, str | None, Priority | None], backlog: int, header: int | None
    ) -> None:
        body, missing, answer = says
        received = self.world.now - backlog
        written = None if header is None else received - header
        report = self.world.customer_writes(
            self.pick(which), body, missing=missing, answer=answer, received=received, written=written
        )
        if report not in self.tickets:
            self.tickets.append(report)

    @precondition(lambda self: self.tickets)
    @rule(which=st.integers(0, 3), turn=st.sampled_from(NextTurn))
    def an_engineer_replies(self, which: int, turn: NextTurn) -> None:
        self.world.engineer_replies(self.pick(which), turn)

    @precondition(lambda self: self.tickets)
    @rule(which=st.integers(0, 3), priority=st.sampled_from(Priority))
    def an_engineer_sets_the_priority(self, which: int, priority: Priority) -> None:
        self.world.set_priority(self.pick(which), priority)

    @precondition(lambda self: self.tickets)
    @rule(which=st.integers(0, 3), what=st.sampled_from(["take", "take over", "approve", "reject", "close"]))
    def staff_press_a_button(self, which: int, what: str) -> None:
        report = self.pick(which)
        match what:
            case "approve" | "reject":
                self.world.decide_sender(report, approve=what == "approve")
            case "close":
                self.world.close(report)
            case _:
                self.world.take(report, MAREK if what == "take over" else EWA, over=what == "take over")

    @precondition(lambda self: self.tickets)
    @rule(
        which=st.integers(0, 3),
        what=st.sampled_from(["propose", "confirm", "kept"]),
        days=st.integers(0, 3),
        hour=st.sampled_from([7, 9, 12, 17, 19]),
    )
    def a_date(self, which: int, what: str, days: int, hour: int) -> None:
        report = self.pick(which)
        match what:
            case "propose":
                day = instant(self.world.now).date() + timedelta(days=days)
                self.world.propose_date(report, warsaw(day, hour))
            case "confirm":
                self.world.confirm_date(report)
            case _:
                self.world.keep_date(report)

    @precondition(lambda self: self.tickets)
    @rule(which=st.integers(0, 3), backlog=BACKLOG)
    def the_customer_says_yes(self, which: int, backlog: int) -> None:
        report = self.world.customer_writes(
            self.pick(which), mails.YES, confirms=True, received=self.world.now - backlog
        )
        if report not in self.tickets:
            self.tickets.append(report)

    @precondition(lambda self: self.tickets)
    @rule(which=st.integers(0, 3), bounces=st.booleans())
    def a_robot_writes(self, which: int, bounces: bool) -> None:
        report = self.pick(which)
        if bounces and report.to_customer:
            self.world.mail_bounces(report)
        else:
            self.world.robot_answers(report)

    @rule(span=SPANS)
    def time_passes(self, span: int) -> None:
        self.world.advance(self.world.now + span)

    @rule(span=SPANS, timers_first=st.booleans())
    def the_bot_stops(self, span: int, timers_first: bool) -> None:
        self.world.stop()
        self.world.advance(self.world.now + span)
        self.world.start()
        if timers_first:
            self.world.fire_due()

    @rule(span=st.sampled_from([-1, 1, HOUR, DAY]))
    def the_clock_jumps(self, span: int) -> None:
        self.world.jump(span)
        self.world.fire_due()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.advance(self.world.now + 30 * DAY)
            self.world.check_nothing_was_forgotten()


TestYearModel = YearModel.TestCase
TestYearModel.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
