"""Only legal moves, and a button for each thing that can be done and for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from bot.model import Language, Priority, Ticket, TicketState
from bot.rules.ticket_states import ACTIONS, MOVES, Action, actions_of, move

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def ticket(state: TicketState, assignee: str | None = None) -> Ticket:
    return Ticket(
        1, "HEZO-2026-000001", state, Priority.QUESTION, False, Language.PL, "?", "a@k.test", "A", NOW, NOW,
        assignee=assignee,
    )  # fmt: skip


@pytest.mark.parametrize(("before", "after"), list(product(TicketState, TicketState)))
def test_a_ticket_moves_as_the_table_says(before: TicketState, after: TicketState) -> None:
    moved = ticket(before)
    if before is after:
        move(moved, after, NOW)
        assert moved.closed_at is None
    elif after in MOVES[before]:
        move(moved, after, NOW)
        assert moved.state is after
        assert moved.closed_at == (None if moved.is_open else NOW)
    else:
        with pytest.raises(ValueError, match="cannot go"):
            move(moved, after, NOW)
        assert moved.state is before


def test_no_held_report_is_accepted_but_by_an_engineer_and_nothing_leaves_closed_silently() -> None:
    assert TicketState.OPEN in MOVES[TicketState.HELD]
    assert Action.REPLY not in ACTIONS[TicketState.HELD]
    assert MOVES[TicketState.CLOSED] == {TicketState.OPEN}


@pytest.mark.parametrize("state", list(TicketState))
def test_taking_is_for_what_nobody_has_and_taking_over_for_what_somebody_has(state: TicketState) -> None:
    assert Action.TAKE_OVER not in actions_of(ticket(state))
    assert Action.TAKE not in actions_of(ticket(state, "U1"))
    assert len(actions_of(ticket(state))) == len(actions_of(ticket(state, "U1")))


def test_what_ended_is_not_snoozed_when_it_is_opened_again() -> None:
    snoozed = ticket(TicketState.OPEN)
    snoozed.facts["snooze"] = {"until": "2026-11-24T09:00:00+00:00", "by": "U1", "reason": ""}
    move(snoozed, TicketState.WAITING, NOW)
    assert Action.WAKE in actions_of(snoozed)
    move(snoozed, TicketState.RESOLVED, NOW)
    move(snoozed, TicketState.OPEN, NOW)
    assert Action.SNOOZE in actions_of(snoozed)
