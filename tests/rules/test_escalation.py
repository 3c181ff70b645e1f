"""The chain is climbed while nobody acknowledges, and nobody waits unheard."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.business_hours import ServiceCalendar
from bot.rules.escalation import Call, Called, CallKind, Chain, Progress, Step, call_at, next_call

ALWAYS = ServiceCalendar.always()
OFFICE = ServiceCalendar.weekly("Europe/Warsaw", {day: [(time(9), time(17))] for day in range(1, 6)}, country="PL")
CALENDARS = {"24x7": ALWAYS, "8x5": OFFICE}
MINUTE = timedelta(minutes=1)
CHAIN = Chain(
    (
        Step((Called.ON_DUTY,), timedelta(0)),
        Step((Called.TEAM_LEAD,), 15 * MINUTE),
        Step((Called.MANAGER,), 30 * MINUTE, mail=True),
        Step((Called.ALL_MANAGERS,), 15 * MINUTE, calendar="24x7", mail=True, webhook=True),
    ),
    repeat_every=10 * MINUTE,
    ask_again_after=40 * MINUTE,
)
MONDAY_NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
FRIDAY_EVENING = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
MONDAY_OPENING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def after(progress: Progress, window: str = "24x7", chain: Chain = CHAIN) -> Call:
    call = next_call(chain, progress, CALENDARS.__getitem__, window)
    assert call is not None
    return call


def performed(progress: Progress, call: Call, at: datetime) -> Progress:
    """What whoever performs a call writes down."""
    if call.kind is CallKind.STEP:
        return replace(progress, step=call.step, stepped_at=at, called_at=at)
    if call.kind is CallKind.SNOOZE_OVER:
        return replace(progress, snoozed_until=None, acknowledged_at=None, called_at=at)
    return replace(progress, called_at=at)


def calls(progress: Progress, window: str, count: int) -> list[tuple[CallKind, int, datetime]]:
    made = []
    for _ in range(count):
        call = after(progress, window)
        made.append((call.kind, call.step, call.at))
        progress = performed(progress, call, call.at)
    return made


def test_a_critical_one_climbs_and_repeats_between_the_steps() -> None:
    at = MONDAY_NOON
    assert [(kind, step, (when - at) // MINUTE) for kind, step, when in calls(Progress(at), "24x7", 9)] == [
        (CallKind.STEP, 0, 0),
        (CallKind.REPEAT, 0, 10),
        (CallKind.STEP, 1, 15),
        (CallKind.REPEAT, 1, 25),
        (CallKind.REPEAT, 1, 35),
        (CallKind.STEP, 2, 45),
        (CallKind.REPEAT, 2, 55),
        (CallKind.STEP, 3, 60),
        (CallKind.REPEAT, 3, 70),
    ]


def test_what_happens_at_night_waits_for_the_opening_unless_the_chain_says_otherwise() -> None:
    made = calls(Progress(FRIDAY_EVENING), "8x5", 3)
    assert made == [
        (CallKind.STEP, 0, MONDAY_OPENING),
        (CallKind.REPEAT, 0, MONDAY_OPENING + 10 * MINUTE),
        (CallKind.STEP, 1, MONDAY_OPENING + 15 * MINUTE),
    ]
    at_any_hour = replace(CHAIN, steps=(Step((Called.ON_DUTY,), timedelta(0), calendar="24x7"), *CHAIN.steps[1:]))
    assert after(Progress(FRIDAY_EVENING), "8x5", at_any_hour).at == FRIDAY_EVENING


def test_after_a_stop_the_step_that_has_come_goes_before_the_repeat_of_the_one_before() -> None:
    at = MONDAY_NOON
    present = Progress(at, step=0, stepped_at=at, called_at=at)

    def due(minutes: int) -> CallKind | None:
        call = call_at(CHAIN, present, CALENDARS.__getitem__, "24x7", at + minutes * MINUTE)
        return None if call is None else call.kind

    assert [due(minutes) for minutes in (9, 10, 14, 15, 90)] == [
        None, CallKind.REPEAT, CallKind.REPEAT, CallKind.STEP, CallKind.STEP
    ]  # fmt: skip


def test_an_acknowledged_one_asks_again_when_nothing_happens() -> None:
    at = MONDAY_NOON
    known = Progress(at, step=1, stepped_at=at, called_at=at, acknowledged_at=at + 5 * MINUTE)
    assert after(known) == Call(at + 45 * MINUTE, CallKind.ASK_AGAIN, 1)
    touched = replace(known, touched_at=at + 30 * MINUTE)
    assert after(touched).at == at + 70 * MINUTE
    asked = performed(known, after(known), at + 45 * MINUTE)
    assert after(asked).at == at + 85 * MINUTE


def test_a_snoozed_one_is_silent_until_its_time_and_then_calls_again() -> None:
    at = MONDAY_NOON
    snoozed = Progress(at, step=0, stepped_at=at, called_at=at, acknowledged_at=at, snoozed_until=at + 60 * MINUTE)
    over = after(snoozed)
    assert over == Call(at + 60 * MINUTE, CallKind.SNOOZE_OVER, 0)
    assert after(performed(snoozed, over, over.at)).kind is CallKind.STEP, "the chain goes on where it was"


def test_a_step_that_is_taken_in_service_hours_alone_silences_no_critical_one_at_night() -> None:
    at = MONDAY_NOON
    leads = Step((Called.TEAM_LEAD,), 15 * MINUTE, calendar="8x5")
    chain = replace(CHAIN, steps=(CHAIN.steps[0], leads))
    closing = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    climbed = Progress(at, step=1, stepped_at=at, called_at=closing - 3 * MINUTE)
    assert after(climbed, "24x7", chain) == Call(closing + 7 * MINUTE, CallKind.REPEAT, 0), "those of the step before"
    day = replace(climbed, called_at=closing - 30 * MINUTE)
    assert after(day, "24x7", chain) == Call(closing - 20 * MINUTE, CallKind.REPEAT, 1)
    known = replace(climbed, acknowledged_at=closing - 3 * MINUTE)
    assert after(known, "24x7", chain) == Call(closing + 37 * MINUTE, CallKind.ASK_AGAIN, 0)


def test_an_8x5_one_is_silent_at_night_also_after_it_was_put_off() -> None:
    put_off = Progress(
        MONDAY_NOON, step=0, stepped_at=MONDAY_NOON, called_at=MONDAY_NOON, acknowledged_at=MONDAY_NOON,
        snoozed_until=datetime(2026, 11, 23, 18, 0, tzinfo=UTC),
    )  # fmt: skip
    assert after(put_off, "8x5") == Call(datetime(2026, 11, 24, 8, 0, tzinfo=UTC), CallKind.SNOOZE_OVER, 0)
    assert after(put_off, "24x7").at == put_off.snoozed_until


def test_an_ended_one_calls_nobody() -> None:
    ended = Progress(MONDAY_NOON, ended_at=MONDAY_NOON)
    assert next_call(CHAIN, ended, CALENDARS.__getitem__, "24x7") is None


def test_a_chain_survives_json() -> None:
    assert Chain.from_json(json.loads(json.dumps(CHAIN.to_json()))) == CHAIN
    with pytest.raises(ValueError, match="steps"):
        Chain.from_json(CHAIN.to_json() | {"steps": None})
    with pytest.raises(ValueError, match="seconds"):
        Chain.from_json(CHAIN.to_json() | {"repeat_every_s": True})


steps = st.lists(
    st.builds(
        Step,
        st.just(("U1",)),
        st.integers(0, 90).map(lambda minutes: minutes * MINUTE),
        st.sampled_from(["priority", "24x7", "8x5"]),
    ),
    min_size=1,
    max_size=5,
)
chains = st.builds(Chain, steps.map(tuple), st.integers(1, 60).map(lambda m: m * MINUTE), st.just(30 * MINUTE))
happenings = st.lists(
    st.tuples(st.sampled_from(["wait", "acknowledge", "touch", "snooze", "end", "stop"]), st.integers(0, 240)),
    max_size=25,
)


@dataclass
class Played:
    """An escalation of a critical ticket on the way through random events; calls are checked as they are made."""

    chain: Chain
    now: datetime
    progress: Progress
    stopped_until: datetime
    steps: list[int] = field(default_factory=list)

    def pass_time(self, until: datetime) -> None:
        while (call := next_call(self.chain, self.progress, CALENDARS.__getitem__, "24x7")) is not None:
            at = max(call.at, self.stopped_until, self.now)
            if at > until:
                break
            self.check(call, at)
            self.progress, self.now = performed(self.progress, call, at), at
        self.now = until

    def check(self, call: Call, at: datetime) -> None:
        before = self.progress
        assert before.ended_at is None
        assert before.snoozed_until is None or at >= before.snoozed_until
        if before.acknowledged_at is not None:
            assert call.kind in {CallKind.ASK_AGAIN, CallKind.SNOOZE_OVER}
        elif before.called_at is not None and at > self.stopped_until:
            called = self.chain.steps[: before.step + 1]
            if any(step.calendar != "8x5" for step in called) or OFFICE.is_open(at):
                assert at - before.called_at <= self.chain.repeat_every or at == OFFICE.next_opening(at - MINUTE)
        if call.kind is CallKind.STEP:
            assert call.step == len(self.steps), "every step is taken once, in order"
            self.steps.append(call.step)

    def happen(self, what: str) -> None:
        has_it = self.progress.acknowledged_at is not None
        match what:
            case "stop":
                self.stopped_until = self.now + 3 * timedelta(hours=1)
            case "acknowledge" if not has_it and self.progress.step >= 0:
                self.progress = replace(self.progress, acknowledged_at=self.now)
            case "touch" if has_it:
                self.progress = replace(self.progress, touched_at=self.now)
            case "snooze" if has_it:
                self.progress = replace(self.progress, snoozed_until=self.now + 20 * MINUTE)
            case "end":
                self.progress = replace(self.progress, ended_at=self.now)


@settings(max_examples=150, deadline=None)
@given(chains, st.sampled_from([MONDAY_NOON, FRIDAY_EVENING]), happenings)
def test_an_unacknowledged_critical_escalation_is_never_silent_for_longer_than_its_interval(
    chain: Chain, began: datetime, happens: list[tuple[str, int]]
) -> None:
    played = Played(chain, began, Progress(began), began)
    for what, minutes in happens:
        played.pass_time(played.now + minutes * MINUTE)
        played.happen(what)
