"""Whatever happens in whatever order: nobody waits unheard, nobody is called about what is answered, or twice."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import Command, NextTurn, TakeTicket
from bot.effects import SendMail
from bot.escalations import Escalation, EscalationSource
from bot.model import ClockState, Priority
from handlers.escalations import BY_CLOCKS, ESCALATION, sources_of
from storage.composing import ComposedMail
from storage.schema import TimerState
from tests.fakes.memory_database import MemoryDatabase
from tests.handlers.desk import ANNA, EWA, MONDAY
from tests.handlers.escalating import JAN, MINUTE, EscalationDesk
from tests.storage.making import FakeClock


class WatchedDesk(EscalationDesk):
    """Looks after everything that happens whether all promises hold.

    Attributes:
        stopped: While the bot catches up after a stop, what was missed meanwhile is no fault.
        other_rules_since: When the priority was set last; what was allowed before is no fault.
    """

    def __init__(self) -> None:
        self.stopped = False
        self.other_rules_since = MONDAY
        super().__init__(unassigned_percent=50)

    def do(self, command: Command) -> None:
        if not self.stopped:
            for escalation in self.database.tables.escalations.values():
                self._is_not_silent(escalation)
        super().do(command)
        for escalation in self.database.tables.escalations.values():
            self._has_a_timer(escalation)
            self._is_not_about_what_is_settled(escalation)
        self._calls_nobody_twice()

    def set_priority(self, priority: Priority) -> None:
        self.other_rules_since = self.clock.now()
        super().set_priority(priority)

    def hear(self, words: str, to: str = "pomoc@myhezo.pl") -> None:
        """The customer writes."""
        self.write(ANNA, words, answer=self.last_mail, to=to)

    def stop_for(self, span: timedelta) -> None:
        self.stopped = True
        self.sleep_until(self.clock.now() + span)
        self.stopped = False

    def _is_not_silent(self, escalation: Escalation) -> None:
        """An unacknowledged critical escalation is at no hour silent for longer than its repeat interval."""
        priority = self.ticket(escalation.ticket_id).priority
        if not escalation.is_open or escalation.acknowledged_at is not None or priority is not Priority.CRITICAL:
            return
        silent = self.clock.now() - max(escalation.called_at or escalation.began_at, self.other_rules_since)
        assert silent <= self.config.escalation.critical.repeat_every, f"silent for {silent}"

    def _has_a_timer(self, escalation: Escalation) -> None:
        kept = self.database.tables.timers.values()
        pending = [each.timer for each in kept if each.state is TimerState.PENDING and each.timer.kind == ESCALATION]
        theirs = [timer for timer in pending if timer.escalation_id == escalation.id]
        if escalation.is_open:
            assert any(timer.ticket_id == escalation.ticket_id for timer in theirs)

    def _is_not_about_what_is_settled(self, escalation: Escalation) -> None:
        sources = sources_of(escalation)
        if escalation.is_open and all(source in BY_CLOCKS for source, _ in sources):
            states = {self.database.tables.clocks[clock_id].state for _, clock_id in sources if clock_id is not None}
            assert ClockState.RUNNING in states, "it was answered, or ended"
        if {source for source, _ in sources} == {EscalationSource.UNASSIGNED} and escalation.is_open:
            theirs = self.ticket(escalation.ticket_id).assignee  # of somebody to whom it was given it stays a question
            assert theirs is None or escalation.owner == theirs, "somebody has taken it"

    def _calls_nobody_twice(self) -> None:
        lines = [entry for entry in self.database.tables.journal[1] if entry.kind == "escalation_called"]
        instants = [(entry.data["escalation"], entry.at) for entry in lines]
        assert len(set(instants)) == len(instants), "two calls at once"
        steps = [(entry.data["escalation"], entry.data["step"]) for entry in lines if entry.data["kind"] == "step"]
        assert len(set(steps)) == len(steps), "a step is taken once"
        ended = {each.id: each.ended_at for each in self.database.tables.escalations.values()}
        for escalation_id, at in instants:
            assert isinstance(escalation_id, int)
            over = ended[escalation_id]
            assert over is None or at <= over


def without_octets(_effect: SendMail, row_id: int, *_: object) -> ComposedMail:
    return ComposedMail(f"<{row_id}@myhezo.pl>", b"")


class QuickDesk(WatchedDesk):
    """The same without our mails' octets, and begun with a copy of a desk: a run of it takes a few milliseconds."""

    @classmethod
    def like(cls, begun: WatchedDesk) -> QuickDesk:
        """Another desk in the same state."""
        desk = copy.copy(begun)
        desk.__class__ = cls
        assert isinstance(desk, QuickDesk)
        desk.clock = FakeClock(begun.clock.time)
        desk.database = MemoryDatabase(clock=desk.clock, compose=without_octets)
        desk.database.tables.begin_as(begun.database.tables)
        desk.mails = begun.mails[:]
        return desk

    def perform(self) -> None:
        self.database.perform()

    def hear(self, words: str, to: str = "pomoc@myhezo.pl") -> None:
        answered = self.last_mail
        lines = [
            f"From: {ANNA}", f"To: {to}", f"Subject: Re: {answered.subject}", f"In-Reply-To: {answered.message_id}",
            f"Message-ID: <{self.database.tables.next_id()}@klient.example>",
            f"Date: {format_datetime(self.clock.now())}", "", words,
        ]  # fmt: skip
        self.take_in("\r\n".join(lines).encode())


Event = Callable[[WatchedDesk], None]
Act = Callable[[WatchedDesk, timedelta], None]
"""Something that happens, to which a span belongs (or not)."""


def with_open(act: Act) -> Act:
    """What can only be pressed on an escalation that stands in the channel."""
    return lambda desk, span: act(desk, span) if desk.database.tables.escalations else None


ACTS: dict[str, tuple[int, Act]] = {
    "time passes": (6, lambda desk, span: desk.pass_until(desk.clock.now() + span)),
    "the bot is stopped": (3, lambda desk, span: desk.stop_for(span)),
    "Ewa acknowledges": (1, with_open(lambda desk, _: desk.acknowledge(EWA))),
    "Jan acknowledges": (1, with_open(lambda desk, _: desk.acknowledge(JAN))),
    "Jan takes over": (1, with_open(lambda desk, _: desk.take_over(JAN, desk.last.owner))),
    "Zofia gives it to Ewa": (1, with_open(lambda desk, _: desk.reassign(EWA))),
    "it is put off": (2, with_open(lambda desk, span: desk.snooze(span))),
    "a reply asks": (1, lambda desk, _: desk.reply(NextTurn.CUSTOMER)),
    "a reply tells": (1, lambda desk, _: desk.reply(NextTurn.NOBODY)),
    "a reply resolves": (1, lambda desk, _: desk.reply(NextTurn.RESOLVED)),
    "critical": (1, lambda desk, _: desk.set_priority(Priority.CRITICAL)),
    "not critical": (1, lambda desk, _: desk.set_priority(Priority.NON_CRITICAL)),
    "a question": (1, lambda desk, _: desk.set_priority(Priority.QUESTION)),
    "an engineer escalates": (2, lambda desk, _: desk.escalate()),
    "the customer writes": (2, lambda desk, _: desk.hear("Nadal nic.")),
    "the customer escalates": (2, lambda desk, _: desk.hear("Nadal nic!", "escalation@myhezo.pl")),
    "Ewa takes the ticket": (1, lambda desk, _: desk.do(TakeTicket(EWA, 1, over=True))),
    "it is resolved": (1, with_open(lambda desk, _: desk.resolve())),
    "the ticket is closed": (1, lambda desk, _: desk.close()),
}
"""What may happen, and how often compared with the others."""

NAMES = [name for name, (often, _) in ACTS.items() for _ in range(often)]
Step = tuple[str, int]
"""What happens, and its minutes."""


def play(desk: WatchedDesk, steps: list[Step]) -> None:
    for name, minutes in steps:
        ACTS[name][1](desk, minutes * MINUTE)
    desk.pass_until(desk.clock.now() + 61 * MINUTE)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 90)), min_size=5, max_size=25))
def test_nobody_waits_unheard(steps: list[Step]) -> None:
    play(WatchedDesk(), steps)


RUNS = 2_500


def test_nobody_waits_unheard_in_thousands_of_runs() -> None:
    begun = WatchedDesk()
    for seed in range(RUNS):
        dice = random.Random(seed)  # noqa: S311  # the same runs every time
        steps = [(dice.choice(NAMES), dice.randint(1, 90)) for _ in range(dice.randint(3, 8))]
        try:
            play(QuickDesk.like(begun), steps)
        except AssertionError as error:
            raise AssertionError(f"{steps}: {error}") from error
