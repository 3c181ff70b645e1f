"""What people do about escalations: each command goes to one handler, like those of `bot.commands`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.people import SlackPerson


@dataclass(frozen=True, slots=True)
class EscalateTicket:
    """Somebody of the staff escalates a ticket.

    Attributes:
        reason: Why, for colleagues.
        message_id: The customer's message that asks for it, where it does: then its author is told what becomes of it.
    """

    by: SlackPerson
    ticket_id: int
    reason: str
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class LogEscalationCall:
    """A customer called the phone number for escalations.

    Attributes:
        ticket_id: None where no ticket of theirs is known: it becomes a case of its own.
        caller: Who called, as they gave their name.
        words: What they said.
        address: Where they are told what becomes of it; None for the ticket's requester, without a ticket for nobody.
        device: The serial number that was given where no ticket about it is open; else "".
    """

    by: SlackPerson
    ticket_id: int | None
    caller: str
    words: str
    address: str | None = None
    device: str = ""


@dataclass(frozen=True, slots=True)
class AcknowledgeEscalation:
    """Somebody has an escalation from now on. `ticket_id` is that of the pressed message, here as below."""

    by: SlackPerson
    ticket_id: int
    escalation_id: int


@dataclass(frozen=True, slots=True)
class TakeOverEscalation:
    """Somebody has an escalation and its ticket from now on.

    Attributes:
        owner_shown: Who had it as the pressed message showed it: of two who press at once, the second learns of the
            first.
    """

    by: SlackPerson
    ticket_id: int
    escalation_id: int
    owner_shown: str | None = None


@dataclass(frozen=True, slots=True)
class ReassignEscalation:
    """Somebody gives an escalation and its ticket to a colleague; `to_name` is what the customer is told."""

    by: SlackPerson
    ticket_id: int
    escalation_id: int
    to: str
    to_name: str


@dataclass(frozen=True, slots=True)
class SnoozeEscalation:
    """Nobody is called for a while (at most `escalation.snooze_at_most`), then again."""

    by: SlackPerson
    ticket_id: int
    escalation_id: int
    span: timedelta


@dataclass(frozen=True, slots=True)
class ResolveEscalation:
    """An escalation is over.

    Attributes:
        outcome: How it ended, for colleagues.
        to_customer: What the customer who asked for it is told; nothing of `outcome` ever is.
    """

    by: SlackPerson
    ticket_id: int
    escalation_id: int
    outcome: str
    to_customer: str = ""


@dataclass(frozen=True, slots=True)
class TieEscalation:
    """An escalation that came without its ticket belongs to the ticket of that number."""

    by: SlackPerson
    ticket_id: int
    escalation_id: int
    number: str


@dataclass(frozen=True, slots=True)
class DecideProposal:
    """An engineer decides whether a customer's words ask for an escalation.

    Attributes:
        message_id: The customer's message.
        post_ts: The post in the ticket's thread that asks, which shows the decision from then on.
    """

    by: SlackPerson
    ticket_id: int
    message_id: int
    accept: bool
    post_ts: str


EscalationCommand = (
    EscalateTicket
    | LogEscalationCall
    | AcknowledgeEscalation
    | TakeOverEscalation
    | ReassignEscalation
    | SnoozeEscalation
    | ResolveEscalation
    | TieEscalation
    | DecideProposal
)
