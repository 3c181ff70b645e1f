"""Looks up what submitted forms name: what is wrong with it is said beside its field, before anything is recorded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.edges.slack_acting_ids import CANDIDATE_BLOCK, STRANGERS_BLOCK
from bot.edges.slack_acting_payloads import chosen_ticket, names_a_ticket
from bot.edges.slack_channel_ids import OPEN_MODAL
from bot.edges.slack_channel_payloads import FIELDS, FOUND_CONTRACT, found_contract
from bot.edges.slack_escalation_ids import NUMBER_BLOCK
from bot.edges.slack_escalation_payloads import FOUND_TICKET, looked_up
from bot.edges.slack_fields import typed
from bot.edges.slack_payloads import modal_place
from bot.edges.slack_replacement_payloads import delivered_serial
from bot.model import DueTicket, JournalEntry, TicketView
from bot.rules.new_devices import SerialProblem
from bot.rules.opening import ADDRESS, CONTRACT, SERIAL, Opening
from bot.rules.ticket_reference import Reference

log = logging.getLogger(__name__)

READ_LIMIT = 1.0
"""Seconds; Slack waits 3 for the acknowledgement, and the payload is recorded within them as well."""


class Registry(Protocol):
    """Knows what can be named in a form."""

    async def tickets_named(self, reference: Reference) -> Sequence[int]:
        """The ids of the tickets that are meant: that of a number, or the open ones about a device."""

    async def other_tickets(self, ticket_id: int, words: str) -> Sequence[DueTicket]:
        """Other tickets that hold the words, newest first; without words the open ones that are likely meant."""

    async def ticket_view(self, ticket_id: int) -> TicketView:
        """The ticket; LookupError when there is none."""

    async def strangers(self, ticket_id: int, other_id: int) -> Sequence[str]:
        """Who would be let into the other ticket's conversation by merging; LookupError when a ticket is missing."""

    async def lines_since(self, ticket_id: int, line: int) -> Sequence[JournalEntry]:
        """What was written into the ticket's journal since that line, oldest first."""

    async def opening(self, serial: str, number: str, address: str) -> Opening | dict[str, str]:
        """Whose ticket is opened with these, or what is wrong with them (`bot.rules.opening.check_opening`)."""

    async def new_device_problem(self, replacement_id: int, serial: str) -> SerialProblem | None:
        """Why a device of this serial number cannot be what a replacement brought; LookupError when there is none."""


class OtherTickets(Protocol):
    """Looks at a ticket that is chosen for merging or linking, as it is now."""

    async def problem(self, view: Mapping[str, object], user: str, ticket_id: int) -> str | None:
        """What is wrong with it, in words for `user`; LookupError when there is none."""

    async def strangers(self, view: Mapping[str, object], ticket_id: int) -> str | None:
        """Who would be let into its conversation though the form does not say so, in words; LookupError as above."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What was found of what a form names: words for its blocks that name nothing, or facts to be recorded with it."""

    errors: dict[str, str] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)


class Lookups:
    """Looks up what a form names.

    Args:
        said: Gives the sentences of problems: block_id -> "modal_problem.*".
        others: Says what is wrong with a ticket that is chosen for merging or linking.
    """

    def __init__(
        self, registry: Registry, said: Callable[[Mapping[str, str]], dict[str, str]], others: OtherTickets
    ) -> None:
        self._registry = registry
        self._said = said
        self._others = others

    async def look_up(self, body: Mapping[str, Any]) -> LookedUp:
        """What the submitted form names: a ticket, a new device, or the contract of a new ticket; or what is wrong."""
        view = body.get("view")
        if body.get("type") != "view_submission" or not isinstance(view, dict):
            return LookedUp()
        if view.get("callback_id") == OPEN_MODAL:
            return await self._look_up_contract(view)
        delivered = delivered_serial(view)
        if delivered is not None:
            return await self._look_up_device(view, *delivered)
        named = looked_up(view)
        found = LookedUp() if named is None else await self._look_up_ticket(view, *named)
        return found if found.errors else await self._look_at_other(body, view, found)

    async def _look_at_other(self, body: Mapping[str, Any], view: Mapping[str, object], found: LookedUp) -> LookedUp:
        """A ticket that was chosen a while ago may have been merged or closed since."""
        chosen, named = chosen_ticket(view), found.facts.get(FOUND_TICKET)
        other_id = chosen or named
        if not names_a_ticket(view.get("callback_id")) or not isinstance(other_id, int):
            return found
        block_id = CANDIDATE_BLOCK if chosen else NUMBER_BLOCK
        try:
            async with asyncio.timeout(READ_LIMIT):
                problem = await self._others.problem(view, str(body["user"]["id"]), other_id)
                strangers = None if problem else await self._others.strangers(view, other_id)
        except LookupError:
            return LookedUp(self._said({block_id: "no_such_ticket"}))
        except Exception:
            log.exception("a ticket chosen in a modal was not looked up")
            return LookedUp(self._said({block_id: "not_looked_up"}))
        if strangers is not None:
            return LookedUp({STRANGERS_BLOCK: strangers})
        return found if problem is None else LookedUp({block_id: problem})

    async def _look_up_ticket(self, view: Mapping[str, object], block_id: str, reference: Reference) -> LookedUp:
        try:
            async with asyncio.timeout(READ_LIMIT):
                found = await self._registry.tickets_named(reference)
        except Exception:
            log.exception("a ticket named in a modal was not looked up")
            return LookedUp(self._said({block_id: "not_looked_up"}))
        own = modal_place(view).ticket_id
        if reference.serial is not None and block_id == NUMBER_BLOCK:  # about the same device, but not this one
            found = [each for each in found if each != own]
        if not found:
            if reference.number:
                return LookedUp(self._said({block_id: "no_such_ticket"}))
            return LookedUp()  # a device without a ticket is a case
        if len(found) > 1:
            return LookedUp(self._said({block_id: "several_tickets"}))
        if block_id == NUMBER_BLOCK and own == found[0]:
            return LookedUp(self._said({block_id: "same_ticket"}))
        return LookedUp(facts={FOUND_TICKET: found[0]})

    async def _look_up_contract(self, view: Mapping[str, object]) -> LookedUp:
        typed_in = {field: typed(view, block_id) for field, block_id in FIELDS.items()}
        try:
            async with asyncio.timeout(READ_LIMIT):
                found = await self._registry.opening(typed_in[SERIAL], typed_in[CONTRACT], typed_in[ADDRESS])
        except Exception:
            log.exception("a contract named in a modal was not looked up")
            return LookedUp(self._said({FIELDS[SERIAL]: "not_looked_up"}))
        if isinstance(found, Opening):
            return LookedUp(facts={FOUND_CONTRACT: found_contract(found)})
        return LookedUp(self._said({FIELDS[field]: problem for field, problem in found.items()}))

    async def _look_up_device(self, view: Mapping[str, object], block_id: str, serial: str) -> LookedUp:
        try:
            its_id = modal_place(view).other_id
            async with asyncio.timeout(READ_LIMIT):
                problem = None if its_id is None else await self._registry.new_device_problem(its_id, serial)
        except Exception:
            log.exception("a device named in a modal was not looked up")
            return LookedUp(self._said({block_id: "not_looked_up"}))
        return LookedUp() if problem is None else LookedUp(self._said({block_id: f"new_{problem}"}))
