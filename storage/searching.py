"""Reading only: tickets by words, serial numbers, contracts and customers, in less time than anybody notices.

Every word has to be found: as the beginning of a word of the ticket or its messages, of its customer's name, of its
contract's number, or of a serial number on that contract. The rarest one is looked up, the others are only asked about
the tickets that it gives; where all are as common as "fortigate", the newest tickets are looked through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Contract, DueTicket
from bot.rules.contract_numbers import fold
from bot.rules.folding import bare_letters
from bot.rules.search_words import asked_words, end_of
from storage.contract_tables import contract_devices, contracts
from storage.contracts import StoredContracts
from storage.due_next import IS_OPEN, described
from storage.engine import Database
from storage.schema import tickets
from storage.schema_search import search_words

LOOKED_THROUGH = 1_000
"""The newest tickets of a word that are looked at in one round; a rarer word gives all of its tickets."""
ROUNDS = 5
_MOST_WORDS = 20
"""Different words with the same beginning that are looked for."""
_AT_ONCE = 500
_MOST_CONTRACTS = 300


@dataclass(frozen=True, slots=True)
class Found:
    """The newest tickets that were found.

    Attributes:
        is_all: Whether there are no more.
    """

    tickets: tuple[DueTicket, ...]
    is_all: bool


class TicketSearch:
    """Each answer in a reading transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, query: str, limit: int) -> Found:
        """The newest tickets that hold all words of the query; none for a query without any."""
        asked = asked_words(query)
        if not asked:
            return Found((), is_all=True)
        async with self._database.read() as uow:
            connection = uow.transaction.connection
            terms = [await _term(connection, word) for word in asked]
            candidates = [await term.newest(connection) for term in terms]
            base = min(candidates, key=len)
            rarest = terms[candidates.index(base)]
            others = [term for term in terms if term is not rarest]
            found: list[int] = []
            for _ in range(ROUNDS):
                ids = list(base)
                for term in others:
                    ids = await term.among(connection, ids)
                found += ids
                if len(found) > limit or len(base) < LOOKED_THROUGH:
                    break
                base = await rarest.newest(connection, before=base[-1])
            is_all = len(found) <= limit and len(base) < LOOKED_THROUGH
            return Found(await described(connection, found[:limit]), is_all=is_all)

    async def numbered(self, number: str) -> DueTicket | None:
        """The ticket of that number."""
        async with self._database.read() as uow:
            connection = uow.transaction.connection
            ticket_id = await connection.scalar(select(tickets.c.id).where(tickets.c.number == number))
            return None if ticket_id is None else (await described(connection, [ticket_id]))[0]

    async def open_of(self, contract_id: int, limit: int) -> tuple[DueTicket, ...]:
        """The open tickets of a contract, the longest reported first."""
        query = select(tickets.c.id).where(tickets.c.contract_id == contract_id, IS_OPEN)
        async with self._database.read() as uow:
            connection = uow.transaction.connection
            ids = await connection.scalars(query.order_by(tickets.c.reported_at, tickets.c.id).limit(limit))
            return await described(connection, list(ids))

    async def contract(self, typed: str) -> tuple[Contract, tuple[str, ...]] | None:
        """The contract of that number, or of that device, with its shared channels; None where there is none."""
        key, serial = fold(typed), "".join(typed.split()).replace("-", "").upper()
        async with self._database.read() as uow:
            found = (await uow.contracts.by_keys([key])).get(key) if key else None
            if found is None:
                covering = await uow.contracts.with_device(serial)
                found = covering[-1] if covering else None
            return None if found is None else (found, await uow.contracts.channels_of(found.id))

    async def contracts_of(self, customer: str, limit: int) -> tuple[Contract, ...]:
        """The contracts of customers whose name holds these words."""
        words = asked_words(customer)
        async with self._database.read() as uow:
            rows = await uow.transaction.connection.execute(select(contracts.c.id, contracts.c.customer))
            ids = [row.id for row in rows if words and all(word in bare_letters(row.customer) for word in words)]
            repo = StoredContracts(uow.transaction)
            return tuple([await repo.get(contract_id) for contract_id in ids[:limit]])


@dataclass(frozen=True, slots=True)
class _Term:
    """One word that is looked for.

    Attributes:
        words: Those of tickets that begin with it.
        contracts: Those that it names, by customer, number or device.
    """

    words: tuple[str, ...]
    contracts: tuple[int, ...]

    async def newest(self, connection: AsyncConnection, before: int | None = None) -> tuple[int, ...]:
        """The tickets that it finds, the newest first, no more than LOOKED_THROUGH; only those older than `before`."""
        found: set[int] = set()
        for word in self.words:
            query = select(search_words.c.ticket_id).where(search_words.c.word == word)
            if before is not None:
                query = query.where(search_words.c.ticket_id < before)
            query = query.order_by(search_words.c.ticket_id.desc()).limit(LOOKED_THROUGH)
            found.update(await connection.scalars(query))
        if self.contracts:
            of_contracts = select(tickets.c.id).where(tickets.c.contract_id.in_(self.contracts))
            if before is not None:
                of_contracts = of_contracts.where(tickets.c.id < before)
            found.update(await connection.scalars(of_contracts.order_by(tickets.c.id.desc()).limit(LOOKED_THROUGH)))
        return tuple(sorted(found, reverse=True)[:LOOKED_THROUGH])

    async def among(self, connection: AsyncConnection, ids: Sequence[int]) -> list[int]:
        """Those of these tickets that it finds, too, in their order."""
        found: set[int] = set()
        for start in range(0, len(ids), _AT_ONCE):
            part = ids[start : start + _AT_ONCE]
            if self.words:
                # Asked so, the databases go by the few tickets and not by the many that hold a common word.
                word = search_words.c.word.concat("")
                by_word = select(search_words.c.ticket_id).where(
                    search_words.c.ticket_id.in_(part), word.in_(self.words)
                )
                found.update(await connection.scalars(by_word))
            if self.contracts:
                of_contracts = select(tickets.c.id).where(
                    tickets.c.id.in_(part), tickets.c.contract_id.in_(self.contracts)
                )
                found.update(await connection.scalars(of_contracts))
        return [ticket_id for ticket_id in ids if ticket_id in found]


async def _term(connection: AsyncConnection, word: str) -> _Term:
    """The word with the contracts that it names; a registry has hundreds, not thousands of pages."""
    found: set[int] = set()
    for row in await connection.execute(select(contracts.c.id, contracts.c.customer, contracts.c.key)):
        names = bare_letters(row.customer).split()
        if any(name.startswith(word) for name in names) or row.key.lower().startswith(fold(word).lower() or "\0"):
            found.add(row.id)
    serial = word.replace("-", "").upper()
    if len(serial) >= 4:
        begins = and_(contract_devices.c.serial >= serial, contract_devices.c.serial < end_of(serial))
        found |= set(await connection.scalars(select(contract_devices.c.contract_id).where(begins)))
    return _Term(await _begun_with(connection, word), tuple(sorted(found))[:_MOST_CONTRACTS])


async def _begun_with(connection: AsyncConnection, word: str) -> tuple[str, ...]:
    """The words that begin with it, the shortest way to them: one look into the index for each."""
    found: list[str] = []
    end, after = end_of(word), word
    query = select(search_words.c.word).where(search_words.c.word < end).order_by(search_words.c.word).limit(1)
    first = await connection.scalar(query.where(search_words.c.word >= word))
    while first is not None and len(found) < _MOST_WORDS:
        found.append(first)
        after = first
        first = await connection.scalar(query.where(search_words.c.word > after))
    return tuple(found)
