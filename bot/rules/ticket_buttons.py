"""Which of a ticket's actions are buttons of its head message, and how the rest is grouped behind "More…".

A head message with a dozen buttons is read by nobody: at most three stand there, those that are used most in that
state. What may be done at all is decided by `bot.rules.ticket_states` alone.
"""

from __future__ import annotations

from enum import StrEnum

from bot.model import Ticket
from bot.rules.ticket_states import Action, actions_of

AT_MOST = 3


class Group(StrEnum):
    """What the actions behind "More…" are about, in this order."""

    CUSTOMER = "customer"
    WORK = "work"
    ORDER = "order"
    ESCALATION = "escalation"
    END = "end"


GROUPS: dict[Group, tuple[Action, ...]] = {
    Group.CUSTOMER: (
        Action.REPLY,
        Action.ASK,
        Action.CALL,
        Action.AGREE,
        Action.OFFER_TIMES,
        Action.CONFIRM_DATE,
        Action.DATE_KEPT,
        Action.CANCEL_DATE,
    ),
    Group.WORK: (
        Action.TAKE, Action.TAKE_OVER, Action.ASSIGN, Action.PRIORITY, Action.REPLACE, Action.INTERVIEW,
        Action.ENTITLEMENT,
        Action.SNOOZE, Action.WAKE
    ),
    Group.ORDER: (Action.MERGE, Action.SPLIT, Action.LINK, Action.JOIN, Action.SEPARATE),
    Group.ESCALATION: (Action.ESCALATE, Action.LOG_CALL),
    Group.END: (
        Action.RESOLVE, Action.REOPEN, Action.APPROVE, Action.HOLD, Action.REJECT, Action.SPAM, Action.CLOSE
    ),
}  # fmt: skip
"""Every action stands in one group."""

_MOST_USED = (
    Action.APPROVE,
    Action.REJECT,
    Action.JOIN,
    Action.SEPARATE,
    Action.REPLY,
    Action.CONFIRM_DATE,
    Action.DATE_KEPT,
    Action.WAKE,
    Action.TAKE,
    Action.REOPEN,
    Action.RESOLVE,
    Action.PRIORITY,
    Action.ESCALATE,
)
_LAST = (Action.REJECT, Action.SEPARATE)
"""Nobody hits these by mistake where another button was meant."""


def first_buttons(ticket: Ticket) -> tuple[Action, ...]:
    """The buttons of the head message, at most `AT_MOST`."""
    possible = set(actions_of(ticket))
    if ticket.assignee is None:  # whoever resolves it has it
        possible.discard(Action.RESOLVE)
    first = [action for action in _MOST_USED if action in possible][:AT_MOST]
    return tuple(sorted(first, key=lambda action: action in _LAST))


def more_actions(ticket: Ticket) -> dict[Group, tuple[Action, ...]]:
    """What else can be done, by groups; those with nothing in them are left out."""
    rest = set(actions_of(ticket)) - set(first_buttons(ticket))
    grouped = {group: tuple(action for action in actions if action in rest) for group, actions in GROUPS.items()}
    return {group: actions for group, actions in grouped.items() if actions}
