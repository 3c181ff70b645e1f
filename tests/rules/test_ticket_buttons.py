"""Few buttons on the head message, the rest behind "More…", and nothing lost between the two."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from bot.model import Language, Priority, Ticket, TicketState
from bot.rules.ticket_buttons import AT_MOST, GROUPS, first_buttons, more_actions
from bot.rules.ticket_states import Action, actions_of

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FACTS: list[dict[str, object]] = [
    {},
    {"quoted_ticket": "HEZO-2026-000002"},
    {"proposed": {"at": NOW.isoformat()}},
    {"agreed": {"at": NOW.isoformat()}, "snoozed": {"until": NOW.isoformat()}},
]


def ticket(state: TicketState, assignee: str | None, facts: dict[str, object]) -> Ticket:
    return Ticket(
        1, "HEZO-2026-000001", state, Priority.QUESTION, False, Language.PL, "?", "a@k.test", "A", NOW, NOW,
        assignee=assignee, facts=facts,
    )  # fmt: skip


@pytest.mark.parametrize(("state", "assignee", "facts"), list(product(TicketState, [None, "U0EWA"], FACTS)))
def test_each_possible_action_stands_once(state: TicketState, assignee: str | None, facts: dict[str, object]) -> None:
    shown = first_buttons(ticket(state, assignee, facts))
    more = [action for actions in more_actions(ticket(state, assignee, facts)).values() for action in actions]
    assert len(shown) <= AT_MOST
    assert sorted([*shown, *more]) == sorted(actions_of(ticket(state, assignee, facts)))


def test_every_action_has_its_group() -> None:
    grouped = [action for actions in GROUPS.values() for action in actions]
    assert sorted(grouped) == sorted(Action)


def test_what_is_asked_first_stands_first() -> None:
    assert first_buttons(ticket(TicketState.HELD, None, {}))[0] is Action.APPROVE
    assert first_buttons(ticket(TicketState.HELD, None, {}))[-1] is Action.REJECT
    assert first_buttons(ticket(TicketState.OPEN, None, {})) == (Action.REPLY, Action.TAKE, Action.PRIORITY)
    assert Action.DATE_KEPT in first_buttons(ticket(TicketState.OPEN, "U0EWA", FACTS[3]))
