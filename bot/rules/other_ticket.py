"""Whether the ticket that somebody chose to merge into, or to link, still is what they chose."""

from __future__ import annotations

from bot.model import Ticket, TicketState
from bot.rules.ticket_states import Action


def other_problem(action: Action, other: Ticket, shown: str | None) -> str | None:
    """What is wrong with it now: the key of a sentence "modal_problem.*"; None where nothing is.

    Args:
        action: MERGE or LINK.
        other: As it is now.
        shown: The state in which it was offered; None where it was named by its number.
    """
    if action is Action.MERGE and other.facts.get("joined"):
        return "other_merged"
    if action is Action.MERGE and other.state is TicketState.HELD:
        return "other_held"
    ended_since = shown is not None and shown != other.state and not other.is_open
    return "other_changed" if ended_since else None
