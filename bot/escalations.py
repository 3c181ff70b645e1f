"""What an escalation is, as plain values; when it calls whom is in `bot.rules.escalation`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EscalationSource(StrEnum):
    """What raised it (service terms: "Eskalacja")."""

    MAIL = "mail"
    ENGINEER = "engineer"
    CUSTOMER = "customer"
    PHONE = "phone"
    BREACH = "breach"
    UNASSIGNED = "unassigned"
    AUDIT = "audit"


@dataclass(slots=True)
class Escalation:
    """One escalation of a ticket; a ticket has at most one that has not ended.

    Attributes:
        version: Grows with every change; a guarded update finds out who was first.
        reason: Why, in the words of who raised it; shown to staff only.
        raised_by: A Slack user id, an address, or "bot".
        requester: The customer who asked for it and is told what becomes of it; None when none did.
        window: In which hours it calls ("24x7" or "8x5"): those of its priority, or of the clock that raised it.
        chain: The frozen rules (`bot.rules.escalation.Chain.to_json`).
        step: Index of the last step taken, -1 before the first.
        calls: How many calls there were, repeats included.
        owner: Who has it, a Slack user id; None until somebody acknowledged.
        outcome: How it ended, in the words of who ended it.
    """

    id: int
    ticket_id: int
    source: EscalationSource
    reason: str
    raised_by: str
    began_at: datetime
    window: str
    chain: dict[str, object]
    version: int = 1
    requester: str | None = None
    clock_id: int | None = None
    step: int = -1
    calls: int = 0
    stepped_at: datetime | None = None
    called_at: datetime | None = None
    acknowledged_at: datetime | None = None
    touched_at: datetime | None = None
    snoozed_until: datetime | None = None
    owner: str | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    slack_channel: str | None = None
    slack_ts: str | None = None
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.ended_at is None


@dataclass(frozen=True, slots=True)
class DutyShift:
    """One person's duty that somebody set in Slack, half-open [starts_at, ends_at), UTC.

    Attributes:
        substitute: Who is called as well when the person does not answer.
        set_by: The Slack user who set it.
    """

    id: int
    user: str
    starts_at: datetime
    ends_at: datetime
    set_by: str
    set_at: datetime
    substitute: str | None = None
