"""What is said of a ticket that was chosen for merging or linking, and has changed since."""

from __future__ import annotations

import pytest

from bot.model import TicketState
from bot.rules.other_ticket import other_problem
from bot.rules.ticket_states import Action
from tests.storage.making import a_ticket


@pytest.mark.parametrize(
    ("action", "state", "facts", "shown", "problem"),
    [
        (Action.MERGE, "open", {}, "open", None),
        (Action.MERGE, "waiting", {}, "open", None),  # somebody has answered: it is the same ticket
        (Action.MERGE, "closed", {}, "open", "other_changed"),
        (Action.MERGE, "closed", {}, "closed", None),  # whoever chose it saw that
        (Action.MERGE, "closed", {}, None, None),  # so did who typed its number
        (Action.MERGE, "resolved", {}, "waiting", "other_changed"),
        (Action.MERGE, "closed", {"joined": "HEZO-2026-000003"}, "closed", "other_merged"),
        (Action.MERGE, "closed", {"joined": "HEZO-2026-000003"}, None, "other_merged"),
        (Action.MERGE, "held", {}, "open", "other_held"),
        (Action.LINK, "held", {}, "open", None),
        (Action.LINK, "closed", {"joined": "HEZO-2026-000003"}, "open", "other_changed"),
        (Action.LINK, "closed", {}, None, None),
    ],
)
def test_what_is_wrong_with_it(
    action: Action, state: str, facts: dict[str, object], shown: str | None, problem: str | None
) -> None:
    assert other_problem(action, a_ticket(state=TicketState(state), facts=facts), shown) == problem
