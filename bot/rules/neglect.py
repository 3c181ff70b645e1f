"""What the auditor looks for: things that should have been said to somebody, and were not.

Every kind stands for a promise that the rest of the program keeps; a finding means that something in it failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import ClockKind

LOOK_EVERY = timedelta(minutes=1)

PATIENCE = timedelta(minutes=2)
"""So much later than its deadline a clock's breach has to be marked; the timers take seconds for it."""

STUCK_AFTER = timedelta(minutes=5)
"""An urgent effect that waits longer is stuck; most leave within a second."""

NAMED = 20
"""So many findings of a kind are named; of more the number is enough."""

ANSWERED_BY = frozenset({ClockKind.REACTION, ClockKind.REPLY, ClockKind.INTAKE, ClockKind.AGREED})
"""Clocks whose end says that whatever the customer had written by then was seen by an engineer."""


class Neglect(StrEnum):
    """Who was forgotten.

    OVERDUE: a clock of ours is past its deadline and that was never marked, so nobody was told.
    SILENT_ESCALATION: an escalation is open and no timer would ever call anybody about it.
    NO_CLOCK: a ticket waits for an engineer, and no clock runs or stands still.
    NO_REMINDER: a report waits for its numbers or for a decision, and nothing reminds anybody.
    STUCK: what is urgent does not leave by a transport.
    UNTOLD: a row of the inbox or the outbox was set aside, and nobody was told.
    """

    OVERDUE = "overdue"
    SILENT_ESCALATION = "silent_escalation"
    NO_CLOCK = "no_clock"
    NO_REMINDER = "no_reminder"
    STUCK = "stuck"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Finding:
    """One neglect.

    Attributes:
        key: Names it for ever: what healed and comes again is another one. At most 50 characters.
        about: For people: the ticket's number, or which row of which table.
        since: Since when it has been so, as far as that is known; aware, UTC.
        ticket_id: The ticket that is neglected; None where it is none.
        subject_id: The clock, the escalation, the ticket or the row that it is about.
        detail: Of STUCK effects the transport. Of UNTOLD rows "outbox", or "operator" where they were to tell
            operators; of the inbox the source, "mail" or "slack".
        reason: Why an UNTOLD row was set aside.
        count: How many effects are STUCK.
    """

    kind: Neglect
    key: str
    about: str
    since: datetime
    ticket_id: int | None
    subject_id: int
    detail: str = ""
    reason: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Look:
    """A look of the auditor.

    Attributes:
        at: Aware, UTC.
        counts: How much it found, by kind; what is healed by then is not among it.
        named: The first of each kind, in the words of `Finding.about`.
    """

    at: datetime
    counts: Mapping[str, int]
    named: Mapping[str, list[str]]


def look_of(at: datetime, found: Iterable[Finding]) -> Look:
    """What is kept of a look."""
    named: dict[str, list[str]] = {}
    for finding in found:
        named.setdefault(finding.kind, []).append(finding.about)
    counts = {kind: len(about) for kind, about in named.items()}
    return Look(at, counts, {kind: about[:NAMED] for kind, about in named.items()})


def stuck_before(now: datetime, last_look: datetime | None) -> datetime:
    """Before which instant an urgent effect has to have been written to be stuck; what waited for a start is not."""
    before = now - STUCK_AFTER
    return before if last_look is None else min(before, last_look - STUCK_AFTER + LOOK_EVERY)


def overdue_before(now: datetime, last_look: datetime | None) -> datetime:
    """Before which instant a deadline has to have passed to be overdue without anybody knowing.

    What came due since the last look may have had no chance yet: the program was down, or the machine slept.
    """
    before = now - PATIENCE
    return before if last_look is None else min(before, last_look)
