"""Finding work costs what there is to do: the databases say how they would find it among much that is done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy import Connection, event, text

from bot.model import ClockState
from bot.ports import InboxState, OutboxState
from storage.contract_import import import_contracts
from storage.engine import Database
from storage.queues import InboxQueue, OutboxQueue, TimerQueue
from storage.schema import TimerState, Transport, clocks, inbox, outbox, timers
from storage.schema_search import search_words
from storage.searching import TicketSearch
from tests.storage.making import NOON, a_clock, a_ticket, stored_ticket
from tests.storage.test_contracts import G121, HEADER, MILK

DONE, WAITING, UNSENT = 2000, 500, 20
"""Rows of each table, one of those that wait is due; of the outbox fewer wait."""

LATER = NOON + timedelta(days=7)


async def fill(database: Database) -> int:
    """History and what waits in every table that holds work; gives a clock."""
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        clock = await uow.clocks.add(a_clock(ticket.id, state=ClockState.MET))
        for _ in range(200):
            await uow.tickets.add(a_ticket())
        connection = uow.transaction.connection
        states = [(n < DONE, LATER if n > DONE else NOON) for n in range(DONE + WAITING)]
        a_mail = {"place": "pomoc", "body": b"", "size": 0, "complete": True, "received_at": NOON, "stored_at": NOON}
        await connection.execute(
            inbox.insert(),
            [
                {
                    **a_mail,
                    "source": "mail",
                    "source_key": f"{n}",
                    "state": InboxState.DONE if done else InboxState.NEW,
                    "next_attempt_at": at,
                }
                for n, (done, at) in enumerate(states)
            ],
        )
        await connection.execute(
            outbox.insert(),
            [
                {
                    "transport": Transport.MAIL,
                    "lane": f"mail:{n % 700}",
                    "type": "PostCard",
                    "effect": {"ticket_id": ticket.id},
                    "state": OutboxState.SENT if done else OutboxState.PENDING,
                    "created_at": NOON,
                    "next_attempt_at": at,
                }
                for n, (done, at) in enumerate(states[: DONE + UNSENT])
            ],
        )
        await connection.execute(
            timers.insert(),
            [
                {
                    "key": f"{n}",
                    "kind": "clock",
                    "ticket_id": ticket.id,
                    "clock_id": clock.id,
                    "level": 50,
                    "fire_at": at,
                    "state": TimerState.DONE if done else TimerState.PENDING,
                }
                for n, (done, at) in enumerate(states)
            ],
        )
        values = {"ticket_id": ticket.id, "kind": "reaction", "state": "met", "calendar": "8x5", "started_at": NOON}
        more = values | {"budget_us": timedelta(hours=1), "due_at": NOON, "pauses": []}
        await connection.execute(clocks.insert(), [more] * DONE)
    if database.is_postgresql:
        async with database.begin() as uow:
            await uow.transaction.connection.execute(text("ANALYZE"))
    return clock.id


@asynccontextmanager
async def noting(database: Database, plans: list[str]) -> AsyncIterator[None]:
    """Put the plan of every statement that is executed meanwhile into the list."""
    statements: list[tuple[str, object]] = []

    def note(_connection: Connection, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    engines = {database._writer.sync_engine, database._reader.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    async with database.begin() as uow:
        explain = "EXPLAIN" if database.is_postgresql else "EXPLAIN QUERY PLAN"
        for statement, parameters in statements:
            if "advisory" not in statement:
                rows = await uow.transaction.connection.exec_driver_sql(f"{explain} {statement}", parameters)  # type: ignore[arg-type]  # as the driver was given them
                plans.append("\n".join(str(row[-1]) for row in rows))


async def test_tickets_are_searched_by_indexes(database: Database) -> None:
    await import_contracts(database, HEADER + MILK.format(G121))
    async with database.begin() as uow:
        milk = (await uow.contracts.by_keys(["HZ3602026000101"]))["HZ3602026000101"]
        ids = [(await uow.tickets.add(a_ticket(contract_id=milk.id))).id for _ in range(200)]
        connection = uow.transaction.connection
        rare = [{"word": f"slowo{n:05}", "ticket_id": ids[n % 200]} for n in range(DONE * 2)]
        await connection.execute(search_words.insert(), rare + [{"word": "tunel", "ticket_id": id_} for id_ in ids])
        if database.is_postgresql:
            await connection.execute(text("ANALYZE"))
    for query in ("tunel", "slowo00007 tunel", "tun", "mleczarnia slowo00007"):
        plans: list[str] = []
        async with noting(database, plans):
            assert (await TicketSearch(database).find(query, 10)).tickets
        of_words = [plan for plan in plans if "search_words" in plan]
        assert of_words, query
        for plan in of_words:
            assert "Seq Scan on search_words" not in plan, f"{query}: {plan}"
            assert "SCAN search_words" not in plan, f"{query}: {plan}"


async def test_work_is_found_by_the_indexes_of_what_waits(database: Database) -> None:
    clock_id = await fill(database)
    timer_queue, inbox_queue, outbox_queue = TimerQueue(database), InboxQueue(database), OutboxQueue(database, "w")

    async def drop() -> None:
        async with database.begin() as uow:
            await uow.clocks.drop_timers(clock_id)

    async def claim() -> None:
        async with database.begin() as uow:
            await uow.clocks.claim_timer(DONE + 1, NOON)

    works: dict[str, tuple[Callable[[], Awaitable[object]], str]] = {
        "when is the next timer": (timer_queue.next_fire_at, "ix_timers_due"),
        "which timers are due": (lambda: timer_queue.due(NOON, 50, giving_way=("card",)), "ix_timers_due"),
        "take a timer in hand": (claim, "timers"),
        "cancel a clock's timers": (drop, "ix_timers_clock_id"),
        "what arrived": (lambda: inbox_queue.take("mail", NOON, 50), "ix_inbox_new"),
        "when is the next to be read": (lambda: inbox_queue.next_due("mail"), "ix_inbox_new"),
        "when is the next to be sent": (lambda: outbox_queue.next_due(Transport.MAIL), "ix_outbox_due"),
        "what is to be sent": (lambda: outbox_queue.claim(NOON, 1, Transport.MAIL), "ix_outbox_due"),
    }
    for name, (work, index) in works.items():
        plans: list[str] = []
        async with noting(database, plans):
            await work()
        assert any(index in plan for plan in plans), f"{name}: {plans}"
        for plan in plans:
            # There are few tickets here, which PostgreSQL reads at once; elsewhere by their key.
            assert "Seq Scan" not in plan.replace("Seq Scan on tickets", ""), f"{name}: {plan}"
            assert "SCAN" not in plan or "INDEX ix_" in plan, f"{name}: {plan}"
