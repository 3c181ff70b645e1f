"""What a contract entitles its devices to, as plain values; what is counted when is in `bot.rules.entitlements`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Entitlement(StrEnum):
    """What can be used up, per device (service terms). Technical help is unlimited and no such thing."""

    CONFIGURATION_CHANGE = "configuration_change"
    REVIEW = "review"
    FIRMWARE_UPGRADE = "firmware_upgrade"
    REMOTE_DEPLOYMENT = "remote_deployment"
    ON_SITE_INSTALLATION = "on_site_installation"


class UseState(StrEnum):
    """Where a use stands.

    ASKED waits for an engineer's decision; AGREED is to be done, and holds its place in the allowance; DONE is counted;
    DECLINED was refused to the customer; DROPPED was no request, or was taken back.
    """

    ASKED = "asked"
    AGREED = "agreed"
    DONE = "done"
    DECLINED = "declined"
    DROPPED = "dropped"


@dataclass(slots=True)
class EntitlementUse:
    """One use of an entitlement, from the wish to the count.

    Attributes:
        serial: The device; None while it is not clear which of several is meant. After a replacement, the new one's.
        requested_at: When the customer sent the wish; deadlines run from it.
        requested_by: An address, a Slack user id, or "bot".
        words: Those of the customer that ask for it; "" where it was recorded by hand.
        version: Grows with every change; a guarded update finds out who was first.
        beyond: It was granted, or counted, over the allowance.
        decided_by: The Slack user id of who agreed, declined or dropped it last.
        done_on: The day it was done on, local; it decides the contract year in which it counts.
        clock_id: The clock that runs to its deadline, if there is one.
        slack_ts: Where in the ticket's thread it is shown.
    """

    id: int
    ticket_id: int
    contract_id: int
    kind: Entitlement
    state: UseState
    requested_at: datetime
    requested_by: str
    serial: str | None = None
    words: str = ""
    message_id: int | None = None
    version: int = 1
    beyond: bool = False
    decided_at: datetime | None = None
    decided_by: str | None = None
    done_on: date | None = None
    clock_id: int | None = None
    slack_ts: str | None = None
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.state in {UseState.ASKED, UseState.AGREED}


@dataclass(frozen=True, slots=True)
class ContractYear:
    """A year of a contract, both days included; the last one ends with the contract."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of one entitlement a device has used.

    Attributes:
        used: Done in the year, or ever for what is promised once.
        agreed: Agreed and not done yet: they hold their places.
        until: The last day of the year in which it counts; None for what is promised once, and on a day without one.
        is_valid: Whether the contract is valid on the day; without that there is no allowance.
    """

    kind: Entitlement
    allowance: int
    used: int
    agreed: int
    until: date | None
    is_valid: bool = True

    @property
    def taken(self) -> int:
        """How many places of the allowance are gone."""
        return self.used + self.agreed

    @property
    def left(self) -> int:
        """How many are left, never less than none."""
        return max(0, self.allowance - self.taken) if self.is_valid else 0

    @property
    def is_used_up(self) -> bool:
        """Whether one more would be over the allowance."""
        return self.left == 0


@dataclass(frozen=True, slots=True)
class DeviceStanding:
    """Everything that one device of a contract is entitled to."""

    serial: str
    model: str
    standings: tuple[Standing, ...]


class NoticeKind(StrEnum):
    """What the bot says of a contract in time."""

    REVIEW = "review"
    FIRMWARE_UPGRADE = "firmware_upgrade"
    ENDS = "ends"


class NoticeDecision(StrEnum):
    """What an engineer made of a proposal."""

    OFFERED = "offered"
    DISMISSED = "dismissed"


@dataclass(slots=True)
class ServiceNotice:
    """Something that was said of a contract in time: a service that is not used, or that the contract ends.

    Attributes:
        key: The same for the same thing for ever: nothing is said twice.
        serials: The devices that it is about; none where a contract ends.
        due_on: The last day of the contract year, or of the contract.
        told_on: The day on which it was said.
        ticket_id: The ticket in which it was offered to the customer.
        slack_ts: The message that shows it.
    """

    id: int
    key: str
    kind: NoticeKind
    contract_id: int
    serials: tuple[str, ...]
    due_on: date
    told_on: date
    decision: NoticeDecision | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    ticket_id: int | None = None
    slack_ts: str | None = None
