"""Whatever happens in whatever order: nobody waits unheard, nobody is called about what is answered, or twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import Command, NextTurn, TakeTicket
from bot.escalations import Escalation, EscalationSource
from bot.model import ClockState, Priority
from bot.rules.escalation import Chain
from handlers.escalations import BY_CLOCKS, ESCALATION, sources_of
from storage.schema import TimerState
from tests.handlers.desk import ANNA, EWA, MONDAY
from tests.handlers.escalating import JAN, MINUTE, ZOFIA, EscalationDesk


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

    def stop_for(self, span: timedelta) -> None:
        self.stopped = True
        self.sleep_until(self.clock.now() + span)
        self.stopped = False

    def _is_not_silent(self, escalation: Escalation) -> None:
        """An unacknowledged escalation at any hour is never silent for longer than its repeat interval."""
        if not escalation.is_open or escalation.acknowledged_at is not None or escalation.window != "24x7":
            return
        assert escalation.called_at is not None, "the first call is made at once"
        silent = self.clock.now() - max(escalation.called_at, self.other_rules_since)
        assert silent <= Chain.from_json(escalation.chain).repeat_every, f"silent for {silent}"

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
            assert self.ticket(escalation.ticket_id).assignee is None

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


Event = Callable[[WatchedDesk], None]
minutes = st.integers(1, 90).map(lambda count: count * MINUTE)


def with_open(act: Event) -> Event:
    """What can only be pressed on an escalation that stands in the channel."""
    return lambda desk: act(desk) if desk.database.tables.escalations else None


events: st.SearchStrategy[Event] = st.one_of(
    minutes.map(lambda span: lambda desk: desk.pass_until(desk.clock.now() + span)),
    minutes.map(lambda span: lambda desk: desk.pass_until(desk.clock.now() + span)),
    minutes.map(lambda span: lambda desk: desk.stop_for(span)),
    st.sampled_from([EWA, JAN, ZOFIA]).map(lambda by: with_open(lambda desk: desk.acknowledge(by))),
    minutes.map(lambda span: with_open(lambda desk: desk.snooze(span))),
    st.sampled_from(NextTurn).map(lambda turn: lambda desk: desk.reply(turn)),
    st.sampled_from(Priority).map(lambda priority: lambda desk: desk.set_priority(priority)),
    st.just(lambda desk: desk.escalate()),
    st.just(lambda desk: desk.write(ANNA, "Nadal nic.", answer=desk.last_mail)),
    st.just(lambda desk: desk.write(ANNA, "Nadal nic!", answer=desk.last_mail, to="escalation@myhezo.pl")),
    st.just(lambda desk: desk.do(TakeTicket(EWA, 1, over=True))),
    st.just(with_open(lambda desk: desk.resolve())),
    st.just(lambda desk: desk.close()),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(events, min_size=5, max_size=25))
def test_nobody_waits_unheard(happens: list[Event]) -> None:
    desk = WatchedDesk()
    for event in happens:
        event(desk)
    desk.pass_until(desk.clock.now() + timedelta(hours=3))
