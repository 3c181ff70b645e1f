"""Answers what staff ask by `/hezo`: looks it up as things are now and words it (`TellOverview`)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.edges.slack_overview import OverviewLook
from bot.effects import TellOverview
from bot.loops.posting_entitlements import standings_of
from bot.model import DueTicket, Holder, Language
from bot.ports import Chat
from bot.rules.wording import words
from handlers.context import ContextMaker
from storage.due_next import DueNextQueries
from storage.engine import Database
from storage.searching import TicketSearch

SHOWN = 15
"""Tickets in one answer."""
MOST_CONTRACTS = 15


class OverviewAnswers:
    """The text of an answer; nothing is changed by it."""

    def __init__(self, database: Database, chat: Chat, contexts: ContextMaker) -> None:
        self._database = database
        self._chat = chat
        self._contexts = contexts
        self._search = TicketSearch(database)
        self._due = DueNextQueries(database)

    async def text(self, effect: TellOverview) -> str:
        """The answer, as mrkdwn. Raises as `bot.ports.Chat.workspace_url`."""
        ctx = self._contexts()
        staff = words("staff", Language(ctx.config.service.staff_language))
        zone = ZoneInfo(ctx.config.service.timezone)
        look = OverviewLook(await self._chat.workspace_url(), ctx.now, staff, zone)
        match effect.what:
            case "search":
                return await self._found(effect.words, look)
            case "show":
                return await self._one(effect.words, look)
            case "contract":
                return await self._contract(effect.words, look)
            case "mine":
                mine = (await self._due.of(effect.user, SHOWN))[Holder.MINE]
                head = look.say("mine", count=mine.count)
                return self._listed(head, mine.first, mine.count, look) if mine.first else look.say("mine_none")
            case what:
                everything = await self._due.everything(SHOWN)
                head = look.say("list", count=everything.count) if what == "list" else look.say("due")
                if not everything.first:
                    return look.say("list_none")
                return self._listed(head, everything.first, everything.count, look)

    def _listed(self, head: str, rows: tuple[DueTicket, ...], count: int, look: OverviewLook) -> str:
        more = [look.say("more_listed")] if count > len(rows) else []
        return "\n".join([head, *look.tickets(rows), *more])

    async def _found(self, query: str, look: OverviewLook) -> str:
        found = await self._search.find(query, SHOWN)
        if not found.tickets:
            return look.say("search_none", words=query)
        lines = [look.say("search", words=query), *look.tickets(found.tickets)]
        return "\n".join(lines if found.is_all else [*lines, look.say("more")])

    async def _one(self, number: str, look: OverviewLook) -> str:
        row = await self._search.numbered(number)
        return "\n".join(look.tickets([row])) if row is not None else look.say("no_ticket", number=number)

    async def _contract(self, typed: str, look: OverviewLook) -> str:
        found = await self._search.contract(typed)
        if found is None:
            of_customer = await self._search.contracts_of(typed, MOST_CONTRACTS)
            if len(of_customer) != 1:
                return "\n".join(
                    look.several(of_customer, typed) if of_customer else [look.say("no_contract", words=typed)]
                )
            found = await self._search.contract(of_customer[0].number)
        assert found is not None
        contract, channels = found
        ctx = self._contexts()
        async with self._database.read() as uow:
            standings = await standings_of(uow, contract, ctx.now, ctx.config)
        open_tickets = await self._search.open_of(contract.id, SHOWN)
        return "\n".join(look.contract(contract, channels, standings, open_tickets))
