"""What people and the health endpoint are shown, and that looking costs no search through everything."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from bot.effects import PostCard, PostOperator
from bot.model import TicketState
from bot.ports import InboxState
from storage.contract_import import import_contracts
from storage.engine import Database
from storage.mail_sink import StoredMailSink
from storage.overview import Backlog, OverviewQueries
from storage.queues import InboxQueue, OutboxQueue, TimerQueue
from storage.refresh_tokens import StoredRefreshTokens
from storage.schema import Transport
from tests.storage.making import (
    NOON,
    FakeClock,
    a_clock,
    a_mail,
    a_message,
    a_ticket,
    a_timer,
    fetched,
    make_database,
    stored_ticket,
)
from tests.storage.test_contracts import G121, HEADER, MILK


async def test_a_view_holds_ticket_contract_and_clocks(database: Database) -> None:
    await import_contracts(database, HEADER + MILK.format(G121))
    async with database.begin() as uow:
        [contract] = await uow.contracts.all()
        place = {"slack_channel": "C0SUPPORT", "slack_ts": "1700000000.000100"}
        ticket = await uow.tickets.add(a_ticket(contract_id=contract.id, **place))
        clock = await uow.clocks.add(a_clock(ticket.id))
        bare = await uow.tickets.add(a_ticket())
    queries = OverviewQueries(database)
    view = await queries.ticket_view(ticket.id)
    assert (view.contract, view.clocks) == (contract, (clock,))
    assert (view.ticket.slack_channel, view.ticket.slack_ts) == ("C0SUPPORT", "1700000000.000100")
    assert (await queries.ticket_view(bare.id)).contract is None
    with pytest.raises(LookupError):
        await queries.ticket_view(bare.id + 1)


async def test_open_tickets_the_longest_reported_first(database: Database) -> None:
    await import_contracts(database, HEADER + MILK.format(G121))
    async with database.read() as uow:
        [contract] = await uow.contracts.all()
    late = await stored_ticket(database, reported_at=NOON)
    early = await stored_ticket(database, reported_at=NOON - timedelta(hours=1), contract_id=contract.id)
    for state in (TicketState.RESOLVED, TicketState.CLOSED):
        await stored_ticket(database, state=state, contract_id=contract.id)
    queries = OverviewQueries(database)
    assert await queries.open_tickets(10) == (early, late)
    assert await queries.open_tickets(1) == (early,)
    assert await queries.open_tickets(10, contract_id=contract.id) == (early,)


async def test_the_backlog(database: Database, clock: FakeClock) -> None:
    queries = OverviewQueries(database)
    assert await queries.backlog() == Backlog(0, None, 0, 0, None, 0, None)
    sink = StoredMailSink(database)
    await sink.store([fetched(1), fetched(2)])
    await sink.store_unreadable("pomoc", 7, 3, "FETCH answered NO")
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        await uow.outbox.add(PostOperator("parked"))
        await uow.clocks.set_timer(a_timer(ticket.id, "k", NOON + timedelta(hours=3)))
    clock.move(minutes=5)
    async with database.begin() as uow:
        await uow.outbox.add(PostCard(ticket.id))
    assert await queries.backlog() == Backlog(
        inbox_new=2,
        inbox_oldest=NOON,
        inbox_parked=1,
        outbox_unsent=2,
        outbox_oldest=NOON,
        outbox_parked=0,
        timers_oldest=NOON + timedelta(hours=3),
    )
    queue = OutboxQueue(database, "w")
    [first] = await queue.claim(clock.now(), 1)
    await queue.park(first.id, "given up")
    backlog = await queries.backlog()
    assert (backlog.outbox_unsent, backlog.outbox_oldest, backlog.outbox_parked) == (1, clock.now(), 1)


async def test_the_settings_keep_what_was_first(database: Database) -> None:
    async with database.begin() as uow:
        assert await uow.settings.get("token_key") is None
        assert await uow.settings.keep("token_key", "first") == "first"
        assert await uow.settings.keep("token_key", "second") == "first"
    async with database.read() as uow:
        assert await uow.settings.get("token_key") == "first"


async def test_a_setting_can_be_replaced(database: Database) -> None:
    async with database.begin() as uow:
        await uow.settings.put("state", "one")
        await uow.settings.put("state", "two")
    async with database.read() as uow:
        assert await uow.settings.get("state") == "two"


async def test_the_newest_refresh_token_follows_from_the_configured_one(database: Database) -> None:
    kept = StoredRefreshTokens(database)
    assert await kept.newest("m365", "configured") == ""
    await kept.keep("m365", "configured", "second")
    await kept.keep("m365", "configured", "third")
    await kept.keep("google", "", "of a person")
    after_a_restart = StoredRefreshTokens(database)
    assert await after_a_restart.newest("m365", "configured") == "third"
    assert await after_a_restart.newest("m365", "another one by now") == ""
    assert await after_a_restart.newest("google", "") == "of a person"


async def test_no_everyday_statement_reads_a_whole_table(tmp_path: Path) -> None:
    """SQLite says for each statement of a day's work how it would find its rows."""
    file = tmp_path / "hezo360.sqlite3"
    database = make_database(f"sqlite+aiosqlite:///{file}", FakeClock())
    await database.open()
    seen: dict[str, Sequence[object]] = {}

    def note(
        _connection: Connection, _cursor: object, statement: str, parameters: Sequence[object], *_: object
    ) -> None:
        first = parameters[0] if parameters and isinstance(parameters[0], tuple) else parameters
        assert isinstance(first, Sequence)
        seen[statement] = first

    for engine in (database._writer, database._reader):
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    await a_days_work(database)
    await database.close()

    connection = sqlite3.connect(file)
    scans = []
    for statement, parameters in seen.items():
        if statement.startswith(("SELECT", "UPDATE", "INSERT", "DELETE")):
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            # "SCAN x USING INDEX ix_x_parked" reads a part; a scan without an index, or of a table's key, reads all.
            # A virtual table is the list that came with the statement; sqlite_sequence has a row for each table.
            scans += [
                (line[3], statement)
                for line in plan
                if re.match(r"SCAN (?!\(|.* USING (COVERING )?INDEX ix_|\w+ VIRTUAL TABLE|sqlite_sequence)", line[3])
            ]
    connection.close()
    assert len(seen) > 50
    assert scans == []


async def a_days_work(database: Database) -> None:
    await import_contracts(database, HEADER + MILK.format(G121))
    sink, inboxes, outboxes, timers = (
        StoredMailSink(database),
        InboxQueue(database),
        OutboxQueue(database, "w"),
        TimerQueue(database),
    )
    await sink.store([fetched(1), fetched(2), fetched(3, fetched(1).raw)])
    await sink.store_unreadable("pomoc", 7, 4, "FETCH answered NO")
    await sink.stored_uids("pomoc", 7, [1, 2])
    await inboxes.add_slack("Ev1", "events_api", b"{}", NOON)
    await inboxes.next_due("mail")
    [row, other] = await inboxes.take("mail", NOON, 2)
    await inboxes.retry(other.id, NOON, "failed")
    await inboxes.park(other.id, "failed")
    async with database.begin() as uow:
        await uow.tickets.ticket_of_message_ids(["<a@klient.example>", "<b@klient.example>"])
        [contract] = await uow.contracts.for_address("anna@klient.example")
        await uow.contracts.by_keys(["HZ3602026000101"])
        ticket = await uow.tickets.add(a_ticket(contract_id=contract.id))
        await uow.tickets.add_participant(ticket.id, ticket.requester)
        await uow.tickets.participants(ticket.id)
        message = await uow.tickets.add_message(a_message(ticket.id, inbox_id=row.id))
        await uow.tickets.messages(ticket.id)
        clock = await uow.clocks.add(a_clock(ticket.id, message_id=message.id))
        await uow.clocks.set_timer(a_timer(ticket.id, "k", NOON, clock_id=clock.id))
        await uow.outbox.add(a_mail(ticket.id, message_id=message.id), dedupe_key="d")
        await uow.outbox.add(PostCard(ticket.id))
        await uow.outbox.automatic_mails_to("anna@klient.example", NOON)
        await uow.inbox.finish(row.id, InboxState.DONE, "new ticket", ticket.id)
        await uow.tickets.update(ticket)
    await outboxes.recover(NOON, NOON)
    await outboxes.next_due(Transport.MAIL)
    [mail] = await outboxes.claim(NOON, 1, Transport.MAIL)
    await outboxes.retry(mail.id, NOON, "lost", in_doubt=True)
    async with database.begin() as uow:
        await uow.outbox.settle_by_message_id(mail.rfc_message_id or "")
        await uow.tickets.by_number(ticket.number)
        await uow.journal_of(ticket.id)
    await outboxes.claim(NOON, 1)
    await timers.next_fire_at()
    [timer] = await timers.due(NOON, 1)
    await timers.retry(timer.id, NOON)
    async with database.begin() as uow:
        await uow.clocks.of_ticket(ticket.id)
        await uow.clocks.finish_timer(timer.id)
        await uow.clocks.drop_timers(clock.id)
    queries = OverviewQueries(database)
    await queries.open_tickets(10)
    await queries.open_tickets(10, contract_id=contract.id)
    await queries.backlog()
    await queries.ticket_view(ticket.id)
