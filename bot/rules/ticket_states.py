"""The legal moves of a ticket, and what may be done in each state.

| state      | waits for                      | leaves by                                                     |
| ---------- | ------------------------------ | ------------------------------------------------------------- |
| incomplete | numbers from the customer      | the missing numbers, an engineer's word                       |
| held       | an engineer's word on the sender | approve, reject                                             |
| open       | an engineer                    | a reply that asks, that resolves; closing, doubt in its sender |
| waiting    | the customer                   | the customer's message, closing, doubt in its sender          |
| resolved   | nobody                         | the customer's message within the reopening period, our reopening |
| closed     | nobody                         | an engineer's reopening                                       |
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from bot.model import Ticket, TicketState
from bot.rules.ticket_replacements import can_be_replaced, is_replacing

MOVES: dict[TicketState, frozenset[TicketState]] = {
    TicketState.INCOMPLETE: frozenset({TicketState.HELD, TicketState.OPEN, TicketState.RESOLVED, TicketState.CLOSED}),
    TicketState.HELD: frozenset({TicketState.OPEN, TicketState.INCOMPLETE, TicketState.CLOSED}),
    TicketState.OPEN: frozenset({TicketState.WAITING, TicketState.RESOLVED, TicketState.CLOSED, TicketState.HELD}),
    TicketState.WAITING: frozenset({TicketState.OPEN, TicketState.RESOLVED, TicketState.CLOSED, TicketState.HELD}),
    TicketState.RESOLVED: frozenset({TicketState.OPEN, TicketState.WAITING, TicketState.CLOSED}),
    TicketState.CLOSED: frozenset({TicketState.OPEN}),
}


class Action(StrEnum):
    """What staff can do to a ticket."""

    REPLY = "reply"
    TAKE = "take"
    TAKE_OVER = "take_over"
    PRIORITY = "priority"
    APPROVE = "approve"
    REJECT = "reject"
    JOIN = "join"
    SEPARATE = "separate"
    CLOSE = "close"
    AGREE = "agree"
    CONFIRM_DATE = "confirm_date"
    DATE_KEPT = "date_kept"
    ESCALATE = "escalate"
    LOG_CALL = "log_call"
    ASSIGN = "assign"
    ASK = "ask"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    HOLD = "hold"
    SNOOZE = "snooze"
    WAKE = "wake"
    CALL = "call"
    MERGE = "merge"
    LINK = "link"
    SPLIT = "split"
    SPAM = "spam"
    ENTITLEMENT = "entitlement"
    REPLACE = "replace"
    OFFER_TIMES = "offer_times"
    CANCEL_DATE = "cancel_date"
    INTERVIEW = "interview"


_ESCALATED = (Action.ESCALATE, Action.LOG_CALL)
_SORTED = (Action.ASSIGN, Action.CALL, Action.SNOOZE, Action.WAKE, Action.MERGE, Action.LINK, Action.SPLIT)
"""What is done with any open ticket, whatever it is about."""
_WORKED_ON = (
    Action.REPLY,
    Action.TAKE,
    Action.TAKE_OVER,
    Action.PRIORITY,
    Action.AGREE,
    Action.CONFIRM_DATE,
    Action.DATE_KEPT,
    Action.CANCEL_DATE,
    Action.OFFER_TIMES,
    Action.ENTITLEMENT,
    Action.REPLACE,
    Action.ASK,
    Action.RESOLVE,
    *_SORTED,
    Action.INTERVIEW,
    *_ESCALATED,
    Action.HOLD,
    Action.SPAM,
    Action.CLOSE,
)
ACTIONS: dict[TicketState, tuple[Action, ...]] = {
    TicketState.INCOMPLETE: (
        Action.REPLY, Action.TAKE, Action.TAKE_OVER, Action.PRIORITY, Action.ASK, *_SORTED, *_ESCALATED, Action.HOLD,
        Action.SPAM, Action.CLOSE
    ),
    TicketState.HELD: (
        Action.APPROVE, Action.REJECT, Action.TAKE, Action.TAKE_OVER, Action.PRIORITY, Action.ASSIGN, Action.SNOOZE,
        Action.WAKE, Action.MERGE, Action.LINK, *_ESCALATED, Action.SPAM
    ),
    TicketState.OPEN: _WORKED_ON,
    TicketState.WAITING: _WORKED_ON,
    TicketState.RESOLVED: (
        Action.REPLY, Action.REOPEN, Action.CALL, Action.ENTITLEMENT, Action.LINK, Action.SPLIT, *_ESCALATED
    ),
    TicketState.CLOSED: (Action.REOPEN, Action.LINK),
}  # fmt: skip


QUOTATION_ACTIONS = (
    Action.JOIN, Action.SEPARATE, Action.CLOSE, Action.TAKE, Action.TAKE_OVER, Action.PRIORITY, Action.ASSIGN,
    Action.SNOOZE, Action.WAKE, Action.LINK, *_ESCALATED, Action.SPAM
)  # fmt: skip
"""While a held mail names a ticket that its sender is not on: that is decided before the sender is."""


def move(ticket: Ticket, state: TicketState, at: datetime) -> None:
    """Bring the ticket into a state; staying where it is is always possible. What ends is not snoozed any more.

    Args:
        at: The present instant; kept as the ticket's end when it is resolved or closed.

    Raises:
        ValueError: The table has no such move.
    """
    if state is ticket.state:
        return
    if state not in MOVES[ticket.state]:
        raise ValueError(f"{ticket.number} cannot go from {ticket.state} to {state}")
    ticket.state = state
    ticket.closed_at = None if ticket.is_open else at
    if not ticket.is_open:  # whoever opens it again wants to see it
        ticket.facts.pop("snooze", None)


def actions_of(ticket: Ticket) -> tuple[Action, ...]:
    """What staff can do to the ticket now; the same table decides which buttons are shown.

    Taking is for a ticket that nobody has: of two people who press at once, the second learns who was first. Taking
    over is for one that somebody has. What a contract entitles to is for reports that were accepted on one. A date is
    confirmed while one is proposed (of several each has a button of its own), and kept or called off while one is
    agreed (`handlers.agreed_dates`). While a device is being replaced, the ticket does not
    end. What was merged goes on in the other ticket, and is not reopened.
    """
    impossible = {Action.TAKE if ticket.assignee else Action.TAKE_OVER}
    proposed = ticket.facts.get("proposed")
    if not isinstance(proposed, dict) or len(proposed.get("options", [])) > 1:
        impossible.add(Action.CONFIRM_DATE)
    if ticket.contract_id is None or ticket.accepted_at is None:
        impossible.add(Action.ENTITLEMENT)
    if not ticket.facts.get("agreed"):
        impossible |= {Action.DATE_KEPT, Action.CANCEL_DATE}
    if is_replacing(ticket):
        impossible |= {Action.CLOSE, Action.RESOLVE, Action.SPAM, Action.MERGE, Action.HOLD}
    if not can_be_replaced(ticket):
        impossible.add(Action.REPLACE)
    impossible.add(Action.SNOOZE if ticket.facts.get("snooze") else Action.WAKE)
    if ticket.facts.get("joined"):
        impossible.add(Action.REOPEN)
    if ticket.accepted_at is None or not ticket.devices:
        impossible.add(Action.INTERVIEW)
    actions = ACTIONS[ticket.state]
    if ticket.state is TicketState.HELD and ticket.facts.get("quoted_ticket"):
        actions = QUOTATION_ACTIONS
    return tuple(action for action in actions if action not in impossible)
