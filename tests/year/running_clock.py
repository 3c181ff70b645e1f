"""One clock as the service terms want it: its deadline, and what has to be said of it when."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.model import ClockKind, Priority
from tests.year import service_time
from tests.year.service_time import HOUR

ON_TIME = 60
"""A breach is a fact: within this time it is said also after the close of the window."""

PROMISED = frozenset({ClockKind.REACTION, ClockKind.REPLY})


@dataclass(frozen=True, slots=True)
class Terms:
    """A priority's row of the table in the service terms."""

    always: bool
    reaction: int
    reply: int


TERMS = {
    Priority.CRITICAL: Terms(always=True, reaction=HOUR, reply=HOUR),
    Priority.NON_CRITICAL: Terms(always=False, reaction=HOUR, reply=2 * HOUR),
    Priority.QUESTION: Terms(always=False, reaction=2 * HOUR, reply=4 * HOUR),
}
LEVELS = {
    ClockKind.REACTION: (50, 80, 100),
    ClockKind.REPLY: (50, 80, 100),
    ClockKind.INTAKE: (100, 200, 400, 800),
    ClockKind.CUSTOMER_REPLY: (100, 300, 600),
}


@dataclass(slots=True)
class RunningClock:
    """A clock that runs or stands still.

    Attributes:
        since: When the bot last set its deadline.
        date: Of an agreed date, the date itself: nothing is counted, and the priority's window is for telling only.
        due: When its budget is used up.
        pauses: When it stood still, [since, until).
        paused_at: Since when it stands still; None while it runs.
        left: The levels that are still to be said, with the second from which they may be.
        said: What was said, as (level, when); a breach that was taken back is forgotten.
        last: What was said last, or the highest level and the last time before the deadline was set anew.
        said_of_due: By deadline the highest level that was said of it: of one deadline nothing is said twice.
        row: The id of the clock that the bot made.
    """

    kind: ClockKind
    started: int
    priority: Priority
    since: int
    date: int | None = None
    due: int = 0
    pauses: list[tuple[int, int]] = field(default_factory=list)
    paused_at: int | None = None
    left: dict[int, int] = field(default_factory=dict)
    said: list[tuple[int, int]] = field(default_factory=list)
    last: tuple[int, int] = (0, 0)
    said_of_due: dict[int, int] = field(default_factory=dict)
    row: int | None = None

    def __post_init__(self) -> None:
        self.work_out(self.since)

    @property
    def always(self) -> bool:
        return TERMS[self.priority].always

    @property
    def budget(self) -> int:
        terms = TERMS[self.priority]
        match self.kind:
            case ClockKind.REACTION:
                return terms.reaction
            case ClockKind.INTAKE:
                return HOUR
            case _:
                return terms.reply

    @property
    def highest(self) -> int:
        """The highest level that was said."""
        return max((level for level, _ in self.said), default=0)

    def work_out(self, now: int) -> None:
        """Work the deadline out, from the original start. What was said is not said again, unless it lies ahead."""
        self.since = now
        if self.date is not None:
            self.due = self.date
            leaves_then = service_time.is_open(self.date - 1, always=self.always)
            self.left = {100: self.date if leaves_then else service_time.first_open(self.date, always=self.always)}
            return
        self.due = service_time.due(self.started, self.budget, always=self.always, pauses=self.pauses)
        reached = {level: self._reached_at(level) for level in LEVELS[self.kind]}
        self.left = {
            level: at
            for level, at in reached.items()
            if (level > self.highest or at > now) and level > self.said_of_due.get(self.due, 0)
        }
        self.last = (self.highest, max((at for _, at in self.said), default=0))

    def set_priority(self, priority: Priority, now: int) -> bool:
        """The terms change; gives whether a breach is taken back by that."""
        before = (self.always, self.budget)
        self.priority = priority
        taken_back = False
        if self.date is None and (self.always, self.budget) != before:
            self.due = service_time.due(self.started, self.budget, always=self.always, pauses=self.pauses)
            taken_back = self.takes_back_at(now)
        if self.paused_at is None:
            self.work_out(now)
        return taken_back

    def takes_back_at(self, at: int) -> bool:
        """Whether a breach that was said is none, as the clock ran until `at` only; then it is as if never said."""
        if self.kind not in PROMISED or self.highest < 100 or self.due < self.until(at):
            return False
        self.said = [(level, when) for level, when in self.said if level < 100]
        self.said_of_due.clear()
        return True

    def until(self, now: int) -> int:
        """Up to when it ran."""
        return now if self.paused_at is None else min(now, self.paused_at)

    def is_breach(self, level: int) -> bool:
        """Whether a level is the breach of a promise of ours; all others are reminders."""
        return level == 100 and self.kind in PROMISED

    def _reached_at(self, level: int) -> int:
        """When a level is used up; a reminder that falls on the close of the window comes at the next opening."""
        at = service_time.due(self.started, self.budget * level // 100, always=self.always, pauses=self.pauses)
        return at if self.is_breach(level) else service_time.first_open(at, always=self.always, pauses=self.pauses)

    def comes_at(self, level: int) -> int:
        """From when on a level may be said: two reminders to a customer keep their distance, also when one was late."""
        at = self.left[level]
        last, last_at = self.last
        if self.kind is ClockKind.CUSTOMER_REPLY and 0 < last < level:
            apart = service_time.due(last_at, self.budget * (level - last) // 100, always=self.always)
            if apart - at > ON_TIME:
                return service_time.first_open(apart, always=self.always)
        return at

    def waiting(self, now: int) -> int | None:
        """What has to be announced: of ours the highest level that is reached, of a customer's one after the other."""
        if self.paused_at is not None:
            return None
        if self.kind is ClockKind.CUSTOMER_REPLY:
            level = min(self.left, default=None)
            return level if level is not None and self.comes_at(level) <= now else None
        return max((level for level, at in self.left.items() if at <= now), default=None)

    def may_say(self, level: int, now: int) -> bool:
        """Nobody is reminded outside the window; a breach at its very end is said."""
        on_time = (self.is_breach(level) or self.date is not None) and 0 <= now - self.due <= ON_TIME
        return on_time or service_time.is_open(now, always=self.always)

    def must_say(self, now: int) -> int | None:
        """The level that has to be announced by now."""
        level = self.waiting(now)
        return level if level is not None and service_time.is_open(now, always=self.always) else None

    def says(self, level: int, now: int, up_since: int) -> None:
        """The bot announced a level: it has to be the right one, and as soon as it could be said."""
        assert level == self.waiting(now), f"{self.kind}: said {level}, expected {self.waiting(now)}"
        assert self.may_say(level, now), f"{self.kind}: {level} said outside the window"
        earliest = max(self.comes_at(level), self.since, up_since)
        opening = service_time.first_open(earliest, always=self.always)
        if not self.may_say(level, earliest) or (now == opening and min(self.left) < level):
            earliest = opening  # also where a breach at the very close is caught up with, after lower levels
        assert now == earliest, f"{self.kind}: {level} said {now - earliest} s late"
        self.said.append((level, now))
        self.last = (level, now)
        self.said_of_due[self.due] = level
        self.left = {further: at for further, at in self.left.items() if further > level}

    def pause(self, at: int) -> bool:
        """It stands still from then on; gives whether a breach is taken back by that."""
        self.paused_at = max([at, self.started, *(until for _, until in self.pauses)])
        return self.takes_back_at(self.paused_at)

    def resume(self, at: int, now: int) -> None:
        """It goes on."""
        assert self.paused_at is not None
        if at > self.paused_at:
            self.pauses.append((self.paused_at, at))
        self.paused_at = None
        self.work_out(now)
