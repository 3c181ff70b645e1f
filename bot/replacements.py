"""What a replacement is (AHR 8h), as plain values; which moves are legal is in `bot.rules.replacement`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model import Device


class Stage(StrEnum):
    """Where a replacement stands.

    REPORTED: an engineer began it, nothing is checked yet. VERIFYING: something was checked. VERIFIED: the fault is
    verified by an engineer, the user has not confirmed it. CONFIRMED: both stand, the delivery time runs.
    DISPATCHED: the device is on its way. DELIVERED: it is there, the customer has no waybill yet. RETURN_DUE: they
    have one. RETURNED: the damaged device is here. The others are ends: CLOSED as it should be, UNFOUNDED without a
    fault, DECLINED by the customer, CANCELLED by us before anything was sent.
    """

    REPORTED = "reported"
    VERIFYING = "verifying"
    VERIFIED = "verified"
    CONFIRMED = "confirmed"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    RETURN_DUE = "return_due"
    RETURNED = "returned"
    CLOSED = "closed"
    UNFOUNDED = "unfounded"
    DECLINED = "declined"
    CANCELLED = "cancelled"


ENDS = frozenset({Stage.CLOSED, Stage.UNFOUNDED, Stage.DECLINED, Stage.CANCELLED})


class Check(StrEnum):
    """How a fault is verified (service terms: "wywiad techniczny, wykonanie testów serwisowych i/lub logi")."""

    INTERVIEW = "interview"
    TESTS = "tests"
    LOGS = "logs"


class Via(StrEnum):
    """How the user confirmed."""

    MAIL = "mail"
    SLACK = "slack"
    CALL = "call"


class Fate(StrEnum):
    """What the new device is on the contract: it takes the damaged one's place, or stands beside it."""

    REPLACES = "replaces"
    JOINS = "joins"


@dataclass(frozen=True, slots=True)
class CheckDone:
    """A verification that was done.

    Attributes:
        by: The engineer's Slack user id.
        words: What was found, for colleagues; may be empty.
        files: Ids of files of the ticket (`Attachment.id`) that show it.
    """

    check: Check
    by: str
    at: datetime
    words: str = ""
    files: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel with the new device.

    Attributes:
        lost_at: When it was known to be lost; then another one may be sent.
    """

    carrier: str
    waybill: str
    address: str
    contact: str
    phone: str
    by: str
    sent_at: datetime
    lost_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReturnWaybill:
    """A prepaid waybill that the customer got for the way back.

    Attributes:
        number: "" where it stands only in the file.
        files: The names of the files that went along.
    """

    number: str
    files: tuple[str, ...]
    by: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class SendingWaybill:
    """A waybill whose words wait to go: its files are fetched, and it can be taken back until then.

    Attributes:
        sending_id: The words (`bot.sendings.Sending.id`).
    """

    sending_id: int
    number: str
    by: str


@dataclass(frozen=True, slots=True)
class Replacement:
    """One replacement of one device of a ticket.

    Attributes:
        version: Grows with every change; a guarded update finds out who was first.
        device: The damaged one.
        asked_at: When the user was asked to confirm the fault.
        asks: Whether a plain yes by mail answers that; not any more once somebody wrote something else.
        confirmed_by: An address, a Slack user id, or the name of who said so on the phone.
        new_device: The one that was delivered.
        outcome: Why it ended, for colleagues; "" where there is nothing to say.
        changed_by: Who made the last move: a Slack user id, or an address.
        slack_ts: Its panel, in the ticket's thread.
    """

    id: int
    ticket_id: int
    device: Device
    stage: Stage
    begun_at: datetime
    begun_by: str
    version: int = 1
    contract_id: int | None = None
    checks: tuple[CheckDone, ...] = ()
    verified_at: datetime | None = None
    verified_by: str | None = None
    asked_at: datetime | None = None
    asks: bool = False
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None
    confirmed_via: Via | None = None
    confirmation_logged_by: str | None = None
    delivery_clock_id: int | None = None
    shipments: tuple[Shipment, ...] = ()
    delivered_at: datetime | None = None
    received_by: str | None = None
    new_device: Device | None = None
    fate: Fate | None = None
    waybills: tuple[ReturnWaybill, ...] = ()
    sending_waybill: SendingWaybill | None = None
    return_clock_id: int | None = None
    returned_at: datetime | None = None
    return_note: str = ""
    ended_at: datetime | None = None
    ended_by: str | None = None
    outcome: str = ""
    changed_by: str = ""
    slack_ts: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.stage not in ENDS

    @property
    def accepted_at(self) -> datetime | None:
        """When both stood, the verified fault and the user's word: from then on the delivery time counts."""
        if self.verified_at is None or self.confirmed_at is None:
            return None
        return max(self.verified_at, self.confirmed_at)

    @property
    def shipment(self) -> Shipment | None:
        """The parcel that is on its way or has arrived."""
        return next((each for each in reversed(self.shipments) if each.lost_at is None), None)


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """A device that a replacement brought onto a contract.

    Attributes:
        old: The serial of the damaged device.
        settled_at: When an import first named the new device: from then on the imported file is the truth again.
    """

    id: int
    contract_id: int
    ticket_id: int
    old: str
    new: Device
    fate: Fate
    by: str
    at: datetime
    settled_at: datetime | None = None
