"""Says beside its field what has become of a ticket since it was chosen for merging or linking, and by whom."""

from __future__ import annotations

from collections.abc import Mapping

from bot.edges.slack_acting_payloads import chosen_state, keeps_strangers_out
from bot.edges.slack_ids import ACTIONS_BY_ID
from bot.edges.slack_lookups import Registry
from bot.edges.slack_names import Names
from bot.edges.slack_payloads import modal_place
from bot.edges.slack_screens import Look
from bot.edges.slack_text import one_line
from bot.rules.customer_channels import is_slack_user
from bot.rules.firsts import who_brought_it_here
from bot.rules.other_ticket import other_problem
from bot.rules.wording import format_instant


class ChosenTickets:
    """Implements `bot.edges.slack_lookups.OtherTickets`."""

    def __init__(self, registry: Registry, names: Names, look: Look) -> None:
        self._registry = registry
        self._names = names
        self._look = look

    async def problem(self, view: Mapping[str, object], user: str, ticket_id: int) -> str | None:
        """What is wrong with it, in words for `user`; LookupError when there is none."""
        other = (await self._registry.ticket_view(ticket_id)).ticket
        problem = other_problem(ACTIONS_BY_ID[str(view.get("callback_id"))], other, chosen_state(view))
        if problem is None:
            return None
        look, words = self._look, self._look.words
        state = words(f"state.{other.state}")
        data: dict[str, object] = {"number": other.number, "state": state, "other": other.facts.get("joined")}
        first = who_brought_it_here(await self._registry.lines_since(ticket_id, 0), user)
        if first is None:
            return words(f"modal_problem.{problem}", **data)
        names = await self._names.of({first.actor})  # an error beside a field mentions nobody
        at = format_instant(first.at, words.language, look.zone, look.clock.now())
        return words(f"modal_problem.{problem}_by", **data, who=names.get(first.actor, first.actor), at=at)

    async def strangers(self, view: Mapping[str, object], ticket_id: int) -> str | None:
        """Who would be let into its conversation though the form does not say so, in words; LookupError as above."""
        own = modal_place(view).ticket_id
        if own is None or not keeps_strangers_out(view):
            return None
        people = await self._registry.strangers(own, ticket_id)
        if not people:
            return None
        names = await self._names.of({one for one in people if is_slack_user(one)}, anybody=True)
        said = ", ".join(one_line(names.get(one, one)) for one in people)
        return self._look.words("modal_problem.merge_strangers", people=one_line(said))
