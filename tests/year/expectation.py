"""What the service terms expect of a ticket's clocks: an oracle of its own, fed with what happens.

It knows nothing of handlers, rows or rules of the bot; it counts with `tests.year.service_time`. Instants are whole
seconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.model import ClockKind, Priority
from tests.year.running_clock import PROMISED, RunningClock
from tests.year.service_time import HOUR

INTAKE, REACTION, REPLY = ClockKind.INTAKE, ClockKind.REACTION, ClockKind.REPLY
CUSTOMER_REPLY, AGREED = ClockKind.CUSTOMER_REPLY, ClockKind.AGREED


class Phase(StrEnum):
    """Where the ticket has to stand, in the words of `bot.model.TicketState`."""

    INCOMPLETE = "incomplete"
    HELD = "held"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


ENDED = frozenset({Phase.RESOLVED, Phase.CLOSED})
WORKED_ON = frozenset({Phase.OPEN, Phase.WAITING})
REOPENS_FOR = 14 * 24 * HOUR


@dataclass(frozen=True, slots=True)
class Ended:
    """A clock that ended: when it did, and whether it was met."""

    clock: RunningClock
    at: int
    met: bool

    @property
    def late(self) -> bool:
        """Whether it broke a promise."""
        return self.clock.kind in PROMISED and self.clock.due < self.clock.until(self.at)


@dataclass(slots=True)
class Proposed:
    """A date that waits for the customer's yes; not `open` once anybody wrote anything else since."""

    date: int
    sent: int
    open: bool = True


@dataclass(slots=True)
class Expectation:
    """A ticket as the terms want it.

    Attributes:
        known: The reporter is on a contract: they are asked and reminded.
        missing: Which numbers are missing, in any words.
        accepted: Whether it became a report.
        completed: When the message was sent that completed it.
        last_contact: When an engineer last wrote.
        sents: When the customer's messages were sent.
        unanswered: When the customer's first message was sent that came while a date was agreed.
        ended: Clocks that ended in the last event.
        taken_back: Clocks whose announced breach was taken back in the last event.
    """

    phase: Phase
    priority: Priority
    confirmed: bool
    known: bool
    enquiry: bool = False
    missing: str = ""
    accepted: bool = False
    completed: int = 0
    last_contact: int | None = None
    closed: int | None = None
    sents: list[int] = field(default_factory=list)
    clocks: dict[ClockKind, RunningClock] = field(default_factory=dict)
    proposed: Proposed | None = None
    unanswered: int | None = None
    ended: list[Ended] = field(default_factory=list)
    taken_back: list[RunningClock] = field(default_factory=list)

    def start(self, kind: ClockKind, started: int, now: int) -> None:
        """A clock of that kind runs from now on."""
        self.clocks[kind] = RunningClock(kind, started, self.priority, since=now)

    def date_proposed(self, date: int, now: int) -> None:
        """An engineer proposes a date: a reply that asks for something."""
        self.engineer_wrote(now, asks=True, resolves=False)
        self.proposed = Proposed(date, now)

    def date_confirmed(self, at: int, now: int) -> None:
        """The customer confirmed it: what we owe stands still, and a clock runs to the date."""
        assert self.proposed is not None
        self.end(at, AGREED, CUSTOMER_REPLY, met=False)
        self.taken_back += [
            clock
            for kind, clock in self.clocks.items()
            if kind in PROMISED and clock.paused_at is None and clock.pause(at)
        ]
        self.clocks[AGREED] = RunningClock(AGREED, at, self.priority, since=now, date=self.proposed.date)
        self.proposed = None
        self.phase = Phase.OPEN

    def date_over(self, at: int, now: int, *, kept: bool) -> None:
        """The date was kept, or it passed: what stood still goes on."""
        self.end(at, AGREED, met=kept)
        for clock in self.clocks.values():
            if clock.paused_at is not None:
                clock.resume(at, now)
        unanswered, self.unanswered = self.unanswered, None
        if unanswered is not None and not PROMISED & self.clocks.keys():
            self.start(REPLY, max(at, unanswered), now)
        if not kept and not self.clocks.keys() & {REACTION, REPLY, CUSTOMER_REPLY}:
            self.start(REPLY, at, now)
            self.phase = Phase.OPEN

    def end(self, at: int, *kinds: ClockKind, met: bool) -> None:
        """Clocks of these kinds run no longer."""
        for kind in kinds:
            clock = self.clocks.pop(kind, None)
            if clock is not None:
                ended_at = max(at, clock.started)
                if clock.takes_back_at(ended_at):
                    self.taken_back.append(clock)
                self.ended.append(Ended(clock, ended_at, met))

    def reported(self, sent: int, now: int) -> None:
        """The first message came."""
        self.completed = sent
        self.sents.append(sent)
        if self.enquiry:
            return
        if self.phase is Phase.OPEN:
            self.accepted = True
            self.start(REACTION, sent, now)
            return
        self.start(INTAKE, sent, now)
        if self.phase is Phase.INCOMPLETE:
            self.ask(now)

    def ask(self, now: int) -> None:
        """The customer is asked for what is missing."""
        self.end(now, CUSTOMER_REPLY, met=False)
        if self.known:
            self.start(CUSTOMER_REPLY, now, now)

    def opens_a_new_one(self, now: int, *, numbers: bool) -> bool:
        """Whether a message is a matter of its own: numbers after an enquiry, or what comes long after the end.

        Also what was closed before it was a report is not reopened by whoever wrote it.
        """
        if self.enquiry and numbers:
            return True
        if self.phase is Phase.CLOSED and not self.accepted and not self.enquiry:
            return True
        return self.phase in ENDED and self.closed is not None and now - self.closed > REOPENS_FOR

    def customer_wrote(
        self, sent: int, now: int, *, missing: str | None, answer: Priority | None, confirms: bool = False
    ) -> None:
        """A message from the customer.

        Args:
            missing: What is still missing when its words are added; None when it says nothing about numbers.
            answer: The priority that it chooses.
            confirms: It says yes and nothing else.
        """
        self.sents.append(sent)
        if self.phase in ENDED:
            self.phase, self.closed = Phase.OPEN, None
        self.end(sent, CUSTOMER_REPLY, met=True)
        chosen = answer is not None and not self.confirmed
        if chosen:
            assert answer is not None
            self.priority_is(answer, now)
        if self.phase is Phase.INCOMPLETE:
            before, self.missing = self.missing, self.missing if missing is None else missing
            if not self.missing:
                self.completed_by(sent, now)
            elif self.missing != before or chosen:
                self.ask(now)
        self.our_turn(sent, now, confirms=confirms)

    def our_turn(self, sent: int, now: int, *, confirms: bool = False) -> None:
        """The customer spoke last. Several messages in a row keep the first one's clock."""
        if self.phase in WORKED_ON:
            proposed = self.proposed
            if proposed is not None and sent >= proposed.sent:
                if confirms and proposed.open and proposed.date > now:
                    self.date_confirmed(sent, now)
                    return
                proposed.open = False
            self.phase = Phase.OPEN
            if self.enquiry:
                return
            if AGREED in self.clocks:
                self.unanswered = sent if self.unanswered is None else self.unanswered
                return
            if self.clocks.keys() & {REACTION, REPLY, INTAKE}:
                return
            if self.last_contact is not None:
                self.start(REPLY, max(sent, self.last_contact), now)
            else:
                self.start(REACTION if self.accepted else INTAKE, sent, now)
        elif self.phase not in ENDED and not self.clocks.keys() & {INTAKE, CUSTOMER_REPLY}:
            self.start(INTAKE, sent, now)

    def completed_by(self, sent: int, now: int) -> None:
        """The report has its numbers."""
        self.phase = Phase.OPEN
        self.accepted = True
        self.completed = sent
        self.end(now, INTAKE, met=True)
        if self.last_contact is None:
            self.start(REACTION, sent, now)

    def priority_is(self, priority: Priority, now: int) -> None:
        """The priority is known: every deadline is worked out again from the original start."""
        self.priority, self.confirmed = priority, True
        self.taken_back += [clock for clock in self.clocks.values() if clock.set_priority(priority, now)]

    def engineer_wrote(self, now: int, *, asks: bool, resolves: bool) -> None:
        """A public reply."""
        self.last_contact = max(now, self.last_contact or now)
        if self.proposed is not None:
            self.proposed.open = False
        if self.unanswered is not None and self.unanswered <= now:
            self.unanswered = None
        written_since = [sent for sent in self.sents if sent > now]  # the machine's clock was set back
        ours = [kind for kind in (REACTION, REPLY, INTAKE) if kind in self.clocks and self.clocks[kind].started <= now]
        if written_since:
            self.end(now, *ours, met=True)
            self.our_turn(min(written_since), now)
        elif resolves:
            self.end(now, REACTION, REPLY, INTAKE, AGREED, met=True)
            self.end(now, CUSTOMER_REPLY, met=False)
            self.proposed = self.unanswered = None
            self.closed = self.closed if self.phase is Phase.RESOLVED else now
            self.phase = Phase.RESOLVED
        elif asks:
            self.end(now, *ours, met=True)
            self.end(now, CUSTOMER_REPLY, met=False)
            self.start(CUSTOMER_REPLY, now, now)
            self.phase = Phase.INCOMPLETE if self.phase is Phase.INCOMPLETE else Phase.WAITING
            self.closed = None
        elif self.phase is not Phase.INCOMPLETE:
            self.end(now, *ours, met=True)
            self.end(now, CUSTOMER_REPLY, met=False)
            self.phase = Phase.OPEN if self.phase is Phase.WAITING else self.phase

    def sender_decided(self, now: int, *, approved: bool) -> None:
        """An engineer decided on a held report's sender."""
        self.end(now, INTAKE, met=True)
        if approved:
            self.phase = Phase.OPEN
            self.accepted = True
            self.start(REACTION if self.last_contact is None else REPLY, self.completed, now)
        else:
            self.phase, self.closed = Phase.CLOSED, now

    def closed_by_hand(self, now: int) -> None:
        """An engineer closed it."""
        self.phase, self.closed = Phase.CLOSED, now
        self.proposed = self.unanswered = None
        self.end(now, *ClockKind, met=False)
