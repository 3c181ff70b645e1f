"""The legal moves of a ticket, and what may be done in each state.

| state      | waits for                      | leaves by                                                     |
| ---------- | ------------------------------ | ------------------------------------------------------------- |
| incomplete | numbers from the customer      | the missing numbers, an engineer's word                       |
| held       | an engineer's word on the sender | approve, reject                                             |
| open       | an engineer                    | a reply that asks, that resolves; closing                     |
| waiting    | the customer                   | the customer's message, closing                               |
| resolved   | nobody                         | the customer's message within the reopening period            |
| closed     | nobody                         | an engineer's reopening                                       |
"""

from __future__ import annotations

from enum import StrEnum

from bot.model import TicketState

MOVES: dict[TicketState, frozenset[TicketState]] = {
    TicketState.INCOMPLETE: frozenset(
        {TicketState.HELD, TicketState.OPEN, TicketState.RESOLVED, TicketState.CLOSED, TicketState.INCOMPLETE}
    ),
    TicketState.HELD: frozenset({TicketState.OPEN, TicketState.INCOMPLETE, TicketState.CLOSED}),
    TicketState.OPEN: frozenset({TicketState.WAITING, TicketState.RESOLVED, TicketState.CLOSED}),
    TicketState.WAITING: frozenset({TicketState.OPEN, TicketState.RESOLVED, TicketState.CLOSED}),
    TicketState.RESOLVED: frozenset({TicketState.OPEN, TicketState.CLOSED}),
    TicketState.CLOSED: frozenset({TicketState.OPEN}),
}


class Action(StrEnum):
    """What staff can do to a ticket."""

    REPLY = "reply"
    TAKE = "take"
    PRIORITY = "priority"
    APPROVE = "approve"
    REJECT = "reject"
    CLOSE = "close"


ACTIONS: dict[TicketState, tuple[Action, ...]] = {
    TicketState.INCOMPLETE: (Action.REPLY, Action.TAKE, Action.PRIORITY, Action.CLOSE),
    TicketState.HELD: (Action.APPROVE, Action.REJECT, Action.TAKE, Action.PRIORITY),
    TicketState.OPEN: (Action.REPLY, Action.TAKE, Action.PRIORITY, Action.CLOSE),
    TicketState.WAITING: (Action.REPLY, Action.TAKE, Action.PRIORITY, Action.CLOSE),
    TicketState.RESOLVED: (Action.REPLY,),
    TicketState.CLOSED: (),
}


def may_move(current: TicketState, new: TicketState) -> bool:
    """Whether a ticket may go from one state to the other."""
    return new in MOVES[current]


def may(action: Action, state: TicketState) -> bool:
    """Whether staff may do this in that state; the same table decides which buttons are shown."""
    return action in ACTIONS[state]
