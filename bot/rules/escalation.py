"""When an escalation calls whom next: the chain is climbed while nobody acknowledges, and it is never silent for long.

Pure: what happened is in `Progress`, the rules in `Chain`, and `next_call` says what is to be done at which instant.
A step that is due at night waits for the opening of its calendar, unless the chain gives it another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from bot.config_escalation import ChainConfig
from bot.rules.business_hours import ServiceCalendar

PRIORITYS_CALENDAR = "priority"
"""A step in this calendar is taken in the service window of the ticket's priority."""

CalendarOf = Callable[[str], ServiceCalendar]


class Called(StrEnum):
    """Whom a step calls; anything else in a step is a Slack id of a user or a user group."""

    ON_DUTY = "on_duty"
    TEAM_LEAD = "team_lead"
    MANAGER = "manager"
    ALL_MANAGERS = "all_managers"


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the chain.

    Attributes:
        who: Values of `Called`, or Slack ids.
        after: Time since the step before (for the first: since the beginning), counted in `calendar`.
        calendar: "24x7", "8x5", or PRIORITYS_CALENDAR.
        mail: Whether it is also mailed to the addresses configured for escalations.
        webhook: Whether the configured webhook is called.
    """

    who: tuple[str, ...]
    after: timedelta
    calendar: str = PRIORITYS_CALENDAR
    mail: bool = False
    webhook: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """The rules of one escalation, frozen when it begins (a changed configuration leaves it alone).

    Attributes:
        repeat_every: An unacknowledged escalation calls again at least this often.
        ask_again_after: An acknowledged one on which nothing happened for this long asks again.
    """

    steps: tuple[Step, ...]
    repeat_every: timedelta
    ask_again_after: timedelta

    def to_json(self) -> dict[str, object]:
        """The chain as JSON values; spans in seconds."""
        return {
            "repeat_every_s": self.repeat_every.total_seconds(),
            "ask_again_after_s": self.ask_again_after.total_seconds(),
            "steps": [
                {
                    "who": list(step.who),
                    "after_s": step.after.total_seconds(),
                    "calendar": step.calendar,
                    "mail": step.mail,
                    "webhook": step.webhook,
                }
                for step in self.steps
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Self:
        """The chain from what `to_json` gave; ValueError or KeyError where it is something else."""
        steps = data["steps"]
        if not isinstance(steps, list):
            raise ValueError(f"steps are no list: {steps!r}")
        return cls(
            tuple(
                Step(tuple(map(str, step["who"])), _span(step["after_s"]), str(step["calendar"]),
                     mail=step["mail"] is True, webhook=step["webhook"] is True)
                for step in steps
            ),
            _span(data["repeat_every_s"]),
            _span(data["ask_again_after_s"]),
        )  # fmt: skip


def chain_from_config(config: ChainConfig) -> Chain:
    """The rules as they are configured."""
    steps = (Step(step.who, step.after, step.calendar, step.mail, step.webhook) for step in config.steps)
    return Chain(tuple(steps), config.repeat_every, config.ask_again_after)


class CallKind(StrEnum):
    """Why somebody is called."""

    STEP = "step"
    REPEAT = "repeat"
    ASK_AGAIN = "ask_again"
    SNOOZE_OVER = "snooze_over"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an escalation has come.

    Attributes:
        began_at: When it was raised.
        step: Index of the last step taken; -1 before the first.
        stepped_at: When that was; `began_at` before the first.
        called_at: The last call of any kind; None before the first.
        acknowledged_at: When somebody said that they have it; None while nobody did.
        touched_at: The last thing that somebody did about it after that.
        snoozed_until: Until when nobody is called.
        ended_at: When its outcome was recorded.
    """

    began_at: datetime
    step: int = -1
    stepped_at: datetime | None = None
    called_at: datetime | None = None
    acknowledged_at: datetime | None = None
    touched_at: datetime | None = None
    snoozed_until: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """The next call: when (UTC), why, and by which step's rules (an index into `Chain.steps`)."""

    at: datetime
    kind: CallKind
    step: int


def next_call(chain: Chain, progress: Progress, calendar_of: CalendarOf, service_window: str) -> Call | None:
    """What is to be done next; None when the escalation has ended.

    Args:
        calendar_of: The calendar of a name.
        service_window: The name of the window of the ticket's priority, for PRIORITYS_CALENDAR.

    Returns:
        A call whose time may have passed. After a stop only the latest matters: whoever performs it at `now` asks
        again with what then happened.
    """
    if progress.ended_at is not None:
        return None
    present = max(progress.step, 0)
    calendars = [calendar_of(_calendar_name(step, service_window)) for step in chain.steps[: present + 1]]
    if progress.snoozed_until is not None:
        over = progress.snoozed_until
        return _soonest(CallKind.SNOOZE_OVER, [calendar.next_opening(over) for calendar in calendars])
    if progress.acknowledged_at is not None:
        last = max(at for at in (progress.acknowledged_at, progress.touched_at, progress.called_at) if at is not None)
        return _soonest(CallKind.ASK_AGAIN, [_then(calendar, last, chain.ask_again_after) for calendar in calendars])
    following = _following_step(chain, progress, calendar_of, service_window)
    if progress.called_at is None or progress.step < 0:
        assert following is not None, "a chain has a step"
        return following
    again = progress.called_at + chain.repeat_every
    repeat = _soonest(CallKind.REPEAT, [calendar.next_opening(again) for calendar in calendars])
    return repeat if following is None or repeat.at < following.at else following


def _soonest(kind: CallKind, instants: Sequence[datetime]) -> Call:
    """The call by the step that may call first, of those taken so far; the latest of them where several may.

    So a step with office hours silences no critical escalation at night: those of the steps before it are called.
    """
    step = max(range(len(instants)), key=lambda number: (min(instants) - instants[number], number))
    return Call(instants[step], kind, step)


def call_at(
    chain: Chain, progress: Progress, calendar_of: CalendarOf, service_window: str, now: datetime
) -> Call | None:
    """The one call that is to be made now; None when none is due yet.

    Where a step and repeats of the one before have both come due, as after a stop, the step is the one.
    """
    call = next_call(chain, progress, calendar_of, service_window)
    if call is None or call.at > now:
        return None
    if call.kind is CallKind.REPEAT:
        following = _following_step(chain, progress, calendar_of, service_window)
        return following if following is not None and following.at <= now else call
    return call


def _following_step(chain: Chain, progress: Progress, calendar_of: CalendarOf, service_window: str) -> Call | None:
    number = progress.step + 1
    if number >= len(chain.steps):
        return None
    step = chain.steps[number]
    calendar = calendar_of(_calendar_name(step, service_window))
    since = progress.stepped_at or progress.began_at
    return Call(_then(calendar, since, step.after), CallKind.STEP, number)


def _then(calendar: ServiceCalendar, since: datetime, span: timedelta) -> datetime:
    """A span of service time later, and at an hour at which somebody is there."""
    return calendar.next_opening(calendar.due(since, span))


def _calendar_name(step: Step, service_window: str) -> str:
    return service_window if step.calendar == PRIORITYS_CALENDAR else step.calendar


def _span(seconds: object) -> timedelta:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError(f"a span is a number of seconds, not {seconds!r}")
    return timedelta(seconds=seconds)
