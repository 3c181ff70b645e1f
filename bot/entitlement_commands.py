"""What can happen to entitlements; more of `bot.commands`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.entitlements import Entitlement

if TYPE_CHECKING:
    from bot.people import SlackPerson
    from bot.sendings import Seen, SharedFile


class Decision(StrEnum):
    """What an engineer decides about a use by one press.

    AGREE: it is to be done, within the allowance; GRANT: also over it; DECLINE: it is not done, and the customer is
    told why; DROP: nobody asked for it. DONE: it is done, and counts; DONE_BEYOND: also over the allowance of the year
    in which it was done.
    """

    AGREE = "agree"
    GRANT = "grant"
    DECLINE = "decline"
    DROP = "drop"
    DONE = "done"
    DONE_BEYOND = "done_beyond"


@dataclass(frozen=True, slots=True)
class DecideEntitlement:
    """An engineer decides about a use.

    Attributes:
        taken: How many places of the allowance were gone as the pressed message showed it: whoever goes over it must
            have seen the count that counts.
    """

    by: SlackPerson
    ticket_id: int
    use_id: int
    decision: Decision
    taken: int = 0


@dataclass(frozen=True, slots=True)
class ChooseEntitlement:
    """An engineer says what a customer asks for, and for which device; with that it is agreed."""

    by: SlackPerson
    ticket_id: int
    use_id: int
    kind: Entitlement
    serial: str


@dataclass(frozen=True, slots=True)
class RecordEntitlement:
    """An engineer records a use by hand, as asked for by phone, for example.

    Attributes:
        done_on: The day on which it was done, local; None where it is still to be done.
    """

    by: SlackPerson
    ticket_id: int
    kind: Entitlement
    serial: str
    note: str = ""
    done_on: date | None = None


@dataclass(frozen=True, slots=True)
class CorrectEntitlement:
    """A use that was agreed or counted is taken back; `reason` is for colleagues."""

    by: SlackPerson
    ticket_id: int
    use_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class DeliverReport:
    """An engineer sends the report of a review to the customer.

    Attributes:
        files: The report.
        words: The engineer's own words to the customer; may be empty.
    """

    by: SlackPerson
    ticket_id: int
    use_id: int
    files: tuple[SharedFile, ...]
    words: str = ""


@dataclass(frozen=True, slots=True)
class OfferService:
    """An engineer offers a service that is not used to the customer.

    Attributes:
        address: Of an authorised representative.
        words: The engineer's own words to the customer; may be empty.
    """

    by: SlackPerson
    notice_id: int
    address: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class DismissNotice:
    """An engineer leaves a proposal of the bot."""

    by: SlackPerson
    notice_id: int


@dataclass(frozen=True, slots=True)
class OfferTimes:
    """An engineer offers times for an appointment to the customer, who picks one.

    Attributes:
        times: Aware.
        words: The engineer's own words to the customer; may be empty.
        use_id: The use of an entitlement that it is for.
        seen: As of `bot.commands.ReplyToCustomer`.
    """

    by: SlackPerson
    ticket_id: int
    times: tuple[datetime, ...]
    duration: timedelta
    words: str = ""
    use_id: int | None = None
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class PickDate:
    """A button chose one of the offered times: an engineer's, or the customer's own in their shared channel."""

    by: SlackPerson
    ticket_id: int
    date: datetime


@dataclass(frozen=True, slots=True)
class CancelDate:
    """The agreed date is off."""

    by: SlackPerson
    ticket_id: int


EntitlementCommand = (
    DecideEntitlement
    | ChooseEntitlement
    | RecordEntitlement
    | CorrectEntitlement
    | DeliverReport
    | OfferService
    | DismissNotice
    | OfferTimes
    | PickDate
    | CancelDate
)
