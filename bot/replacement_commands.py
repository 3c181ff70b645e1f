"""What can happen to a replacement; more of `bot.commands`, under the same rules.

`ticket_id` is that of the pressed message. `words` are an engineer's own words to the customer, `reason` and `note` are
for colleagues.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.replacements import Check, Fate
from bot.sendings import SharedFile

if TYPE_CHECKING:
    from bot.commands import SlackPerson


@dataclass(frozen=True, slots=True)
class BeginReplacement:
    """An engineer begins a replacement of a device of the ticket."""

    by: SlackPerson
    ticket_id: int
    serial: str


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """Something was done to verify the fault.

    Attributes:
        files: Ids of files of the ticket that show it.
    """

    by: SlackPerson
    ticket_id: int
    replacement_id: int
    check: Check
    note: str = ""
    files: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyFault:
    """The engineer says that there is a fault."""

    by: SlackPerson
    ticket_id: int
    replacement_id: int


@dataclass(frozen=True, slots=True)
class RefuteFault:
    """The engineer says that there is no fault that asks for a replacement."""

    by: SlackPerson
    ticket_id: int
    replacement_id: int
    words: str


@dataclass(frozen=True, slots=True)
class AskUser:
    """The user is asked to confirm the fault."""

    by: SlackPerson
    ticket_id: int
    replacement_id: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class LogConfirmation:
    """The user has confirmed the fault to the engineer.

    Attributes:
        who: Who said so, as they gave their name.
        by_phone: In a call; else in writing, in words that the bot did not take for a yes.
    """

    by: SlackPerson
    ticket_id: int
    replacement_id: int
    who: str
    by_phone: bool = True


@dataclass(frozen=True, slots=True)
class ConfirmFault:
    """The customer pressed "yes" below the question in their thread of a shared channel."""

    by: SlackPerson
    ticket_id: int
    replacement_id: int


@dataclass(frozen=True, slots=True)
class DeclineReplacement:
    """The customer wants no replacement."""

    by: SlackPerson
    ticket_id: int
    replacement_id: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class CancelReplacement:
    """It is given up before anything was sent."""

    by: SlackPerson
    ticket_id: int
    replacement_id: int
    reason: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class DispatchReplacement:
    """The new device is on its way."""

    by: SlackPerson
    ticket_id: int
    replacement_id: int
    carrier: str
    waybill: str
    address: str
    contact: str
    phone: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class ReportLoss:
    """The parcel is lost."""

    by: SlackPerson
    ticket_id: int
    replacement_id: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class RecordDelivery:
    """The new device is there.

    Attributes:
        at: When it was received, aware.
        serial: As typed.
    """

    by: SlackPerson
    ticket_id: int
    replacement_id: int
    at: datetime
    received_by: str
    serial: str
    fate: Fate
    words: str = ""


@dataclass(frozen=True, slots=True)
class SendReturnWaybill:
    """The customer gets a prepaid waybill for the way back.

    Attributes:
        number: "" where it stands only in the file.
        files: Ids of files of the ticket.
        uploads: Files that were uploaded in the form.
    """

    by: SlackPerson
    ticket_id: int
    replacement_id: int
    number: str = ""
    files: tuple[int, ...] = ()
    uploads: tuple[SharedFile, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class RecordReturn:
    """The damaged device is here."""

    by: SlackPerson
    ticket_id: int
    replacement_id: int
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class WaiveReturn:
    """The damaged device need not come back."""

    by: SlackPerson
    ticket_id: int
    replacement_id: int
    reason: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class CloseReplacement:
    """Everything is done."""

    by: SlackPerson
    ticket_id: int
    replacement_id: int


ReplacementPress = (
    RecordCheck
    | VerifyFault
    | RefuteFault
    | AskUser
    | LogConfirmation
    | DeclineReplacement
    | CancelReplacement
    | DispatchReplacement
    | ReportLoss
    | RecordDelivery
    | SendReturnWaybill
    | RecordReturn
    | WaiveReturn
    | CloseReplacement
)


ReplacementCommand = BeginReplacement | ReplacementPress | ConfirmFault
