"""What staff can do about an escalation as it is; the same table decides which buttons are shown."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from bot.escalations import Escalation, EscalationSource
from bot.model import Ticket

PHONE_CASE = "phone_case"
"""The key of the facts of a ticket that was opened for an escalation by phone alone."""


class Press(StrEnum):
    """A button of an escalation's head message."""

    ACKNOWLEDGE = "acknowledge"
    TAKE_OVER = "take_over"
    REASSIGN = "reassign"
    SNOOZE = "snooze"
    RESOLVE = "resolve"
    TIE = "tie"


_OPEN = (Press.TAKE_OVER, Press.REASSIGN, Press.SNOOZE, Press.RESOLVE)


def presses_of(escalation: Escalation, ticket: Ticket) -> tuple[Press, ...]:
    """What can be done now; nothing once it has ended."""
    if not escalation.is_open:
        return ()
    first = () if escalation.acknowledged_at is not None else (Press.ACKNOWLEDGE,)
    last = (Press.TIE,) if can_be_tied(escalation, ticket) else ()
    return (*first, *_OPEN, *last)


def can_be_tied(escalation: Escalation, ticket: Ticket) -> bool:
    """Whether it came by mail or phone without its ticket: what was accepted as a report of its own stays one."""
    came_alone = escalation.source is EscalationSource.MAIL or is_phone_case(ticket)
    return came_alone and ticket.accepted_at is None


def is_phone_case(ticket: Ticket) -> bool:
    """Whether it was opened for a call to the phone for escalations, of somebody without a ticket."""
    return bool(ticket.facts.get(PHONE_CASE))


def may_end(user: str, escalation: Escalation, leaders: Collection[str]) -> bool:
    """What a customer asked for is ended by a manager or a team lead (service terms: they close escalations).

    Args:
        user: The Slack user id.
        leaders: The managers and team leads; where there are none, anybody of the staff may.
    """
    return escalation.requester is None or not leaders or user in leaders
