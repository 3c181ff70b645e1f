"""What arrives is stored once, waits its turn, and is finished once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.mail_ports import MailSink
from bot.ports import InboxRow, InboxState
from storage.engine import Database
from storage.errors import AlreadyDone
from storage.mail_sink import StoredMailSink
from storage.overview import OverviewQueries
from storage.queues import MOST_OCTETS, InboxQueue
from storage.schema import inbox
from tests.storage.making import NOON, FakeClock, fetched, stored_ticket
from tests.storage.ports import Ports


async def states(database: Database) -> list[tuple[str, InboxState, int | None]]:
    """Source key, state and what it duplicates, in the order of arrival."""
    async with database.read() as uow:
        rows = await uow.transaction.connection.execute(
            select(inbox.c.source_key, inbox.c.state, inbox.c.duplicate_of).order_by(inbox.c.id)
        )
        return [(row.source_key, row.state, row.duplicate_of) for row in rows]


async def test_a_stored_mail_is_taken_as_it_came(database: Database) -> None:
    sink: MailSink = StoredMailSink(database)
    mail = fetched(5, bytes(range(256)))
    await sink.store([mail])
    [row] = await InboxQueue(database).take("mail", NOON, 10)
    assert (row.source, row.place, row.body, row.received_at) == ("mail", "pomoc", mail.raw, mail.received_at)
    assert (row.size, row.complete, row.attempts) == (256, True, 0)
    assert await InboxQueue(database).take("slack", NOON, 10) == []
    assert await sink.stored_uids("pomoc", 7, [4, 5, 6]) == {5}
    assert await sink.stored_uids("info", 7, [5]) == set()
    assert await sink.stored_uids("pomoc", 8, [5]) == set()


async def test_the_same_uid_again_changes_nothing(database: Database) -> None:
    sink = StoredMailSink(database)
    await sink.store([fetched(1), fetched(2)])
    database.wakes.mail_inbox.clear()
    await sink.store([fetched(1), fetched(1), fetched(2, b"other octets, same UID")])
    await sink.store([])
    assert [key for key, _, _ in await states(database)] == ["imap:pomoc:7:1", "imap:pomoc:7:2"]
    assert not database.wakes.mail_inbox.is_set()


async def test_the_same_mail_to_two_addresses_is_handled_once(database: Database) -> None:
    sink = StoredMailSink(database)
    await sink.store([fetched(1, b"same"), fetched(2, b"other")])
    await sink.store([fetched(9, b"same", mailbox="info"), fetched(10, b"new", mailbox="info")])
    # A new UIDVALIDITY numbers everything afresh (RFC 9051 §2.3.1.1); two copies also within one batch.
    await sink.store([fetched(1, b"same", uidvalidity=8), fetched(2, b"twin", uidvalidity=8), fetched(3, b"twin")])
    first = 1
    assert await states(database) == [
        ("imap:pomoc:7:1", InboxState.NEW, None),
        ("imap:pomoc:7:2", InboxState.NEW, None),
        ("imap:info:7:10", InboxState.NEW, None),
        ("imap:info:7:9", InboxState.DUPLICATE, first),
        ("imap:pomoc:8:2", InboxState.NEW, None),
        ("imap:pomoc:8:1", InboxState.DUPLICATE, first),
        ("imap:pomoc:7:3", InboxState.DUPLICATE, 5),
    ]
    bodies = [row.body for row in await InboxQueue(database).take("mail", NOON, 10)]
    assert bodies == [b"same", b"other", b"new", b"twin"]


async def test_mails_stored_at_the_same_time_by_two_are_stored_once(database: Database) -> None:
    sinks = [StoredMailSink(database) for _ in range(6)]
    await asyncio.gather(*(sink.store([fetched(uid) for uid in range(20)]) for sink in sinks))
    assert len(await InboxQueue(database).take("mail", NOON, 100)) == 20
    assert len(await states(database)) == 20


async def test_a_mail_that_cannot_be_fetched_is_set_aside_and_seen(database: Database) -> None:
    sink = StoredMailSink(database)
    await sink.store_unreadable("pomoc", 7, 3, "FETCH answered NO")
    await sink.store_unreadable("pomoc", 7, 3, "FETCH answered NO again")
    await sink.store([fetched(3)])
    assert await states(database) == [("imap:pomoc:7:3", InboxState.PARKED, None)]
    assert await sink.stored_uids("pomoc", 7, [3]) == {3}
    assert (await OverviewQueries(database).backlog()).inbox_parked == 1


async def test_a_slack_payload_is_recorded_once(database: Database) -> None:
    queue = InboxQueue(database)
    assert await queue.add_slack("Ev1", "events_api", b'{"a":1}', NOON)
    assert database.wakes.slack_inbox.is_set()
    database.wakes.slack_inbox.clear()
    assert not await queue.add_slack("Ev1", "events_api", b'{"a":1}', NOON)
    assert not database.wakes.slack_inbox.is_set()
    [row] = await queue.take("slack", NOON, 10)
    assert (row.source, row.place, row.body, row.complete) == ("slack", "events_api", b'{"a":1}', True)


async def test_a_retried_row_waits_for_its_time(database: Database) -> None:
    queue = InboxQueue(database)
    await StoredMailSink(database).store([fetched(1), fetched(2)])
    first, second = await queue.take("mail", NOON, 10)
    later = NOON + timedelta(minutes=5)
    assert await queue.retry(first.id, later, "KeyError: 'x'")
    assert [row.id for row in await queue.take("mail", NOON, 10)] == [second.id]
    assert await queue.next_due("mail") == NOON
    assert await queue.park(second.id, "broken")
    assert await queue.next_due("mail") == later
    assert await queue.next_due("slack") is None
    [again] = await queue.take("mail", later, 10)
    assert (again.id, again.attempts) == (first.id, 1)


async def test_the_longest_waiting_come_first(database: Database, clock: FakeClock) -> None:
    sink, queue = StoredMailSink(database), InboxQueue(database)
    for uid in range(3):
        await sink.store([fetched(uid)])
        clock.move(seconds=1)
    assert [row.body for row in await queue.take("mail", clock.now(), 2)] == [fetched(0).raw, fetched(1).raw]


async def test_no_more_is_taken_at_once_than_fits_into_memory(database: Database) -> None:
    """After a weekend's stop dozens of mails may wait, with dozens of megabytes each."""
    queue, files = InboxQueue(database), b"x" * (MOST_OCTETS // 3)
    await StoredMailSink(database).store([fetched(uid, b"Message-ID: <%d>\r\n\r\n" % uid + files) for uid in range(7)])
    await StoredMailSink(database).store([fetched(9, b"Message-ID: <9>\r\n\r\n" + 4 * files)])
    ids = list(range(1, 9))
    ways: list[Callable[[], Awaitable[list[InboxRow]]]] = [
        lambda: queue.take("mail", NOON, 50),
        lambda: queue.take_these("mail", NOON, ids),
    ]
    for take in ways:
        taken: list[int] = []
        while rows := await take():
            assert len(rows) == 1 or sum(len(row.body) for row in rows) <= MOST_OCTETS
            for row in rows:
                taken.append(row.id)
                await queue.retry(row.id, NOON + timedelta(hours=1), "later")
        assert taken == ids
        for row_id in ids:
            await queue.retry(row_id, NOON, "again")


async def test_a_row_is_finished_once(database: Database) -> None:
    await StoredMailSink(database).store([fetched(1)])
    queue = InboxQueue(database)
    [row] = await queue.take("mail", NOON, 1)
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        await uow.inbox.finish(row.id, InboxState.DONE, "new ticket", ticket.id)

    async def handle_again() -> None:
        async with database.begin() as uow:
            await uow.tickets.add_participant(ticket.id, "second@klient.example")
            await uow.inbox.finish(row.id, InboxState.DONE, "new ticket", ticket.id)

    with pytest.raises(AlreadyDone):
        await handle_again()
    async with database.read() as uow:
        assert await uow.tickets.participants(ticket.id) == frozenset()
    assert not await queue.retry(row.id, NOON, "late")
    assert not await queue.park(row.id, "late")
    assert await queue.take("mail", NOON, 10) == []


async def test_a_row_that_is_finished_takes_back_what_is_done_for_it_again(ports: Ports) -> None:
    inbox_id = await ports.arrived()
    ticket = await stored_ticket(ports)

    async def handle(address: str) -> None:
        async with ports.begin() as uow:
            await uow.tickets.add_participant(ticket.id, address)
            await uow.inbox.finish(inbox_id, InboxState.DONE, "new ticket", ticket.id)

    await handle("first@klient.example")
    with pytest.raises(AlreadyDone):
        await handle("second@klient.example")
    async with ports.read() as uow:
        assert await uow.tickets.participants(ticket.id) == {"first@klient.example"}


async def test_of_two_who_handle_a_row_one_commits(database: Database) -> None:
    await StoredMailSink(database).store([fetched(1)])
    [row] = await InboxQueue(database).take("mail", NOON, 1)
    ticket = await stored_ticket(database)

    async def handle(name: str) -> bool:
        try:
            async with database.begin() as uow:
                await uow.tickets.add_participant(ticket.id, name)
                await uow.inbox.finish(row.id, InboxState.DONE, name, ticket.id)
        except AlreadyDone:
            return False
        return True

    assert sorted(await asyncio.gather(*(handle(f"{n}@klient.example") for n in range(4)))) == [False] * 3 + [True]
    async with database.read() as uow:
        assert len(await uow.tickets.participants(ticket.id)) == 1


async def test_a_message_is_put_off_and_found_again_by_its_own_key(database: Database) -> None:
    queue, key = InboxQueue(database), "slack-message:C0SHARED:1.1"
    assert await queue.add_slack("event_callback:Ev1", "event_callback", b"{}", NOON, message=key)
    assert not await queue.add_slack("event_callback:Ev2", "event_callback", b"{}", NOON, message=key), (
        "the same message"
    )
    [row] = await queue.take("slack", NOON, 10)
    later = NOON + timedelta(minutes=2)
    async with database.begin() as uow:
        await uow.inbox.postpone(row.id, later)
        await uow.inbox.finish_unless_postponed(row.id, NOON, "it waits")
    assert await queue.take("slack", NOON, 10) == []
    assert await queue.next_due("slack") == later
    async with database.begin() as uow:
        assert await uow.inbox.waits(key)
        assert not await uow.inbox.waits("slack-message:C0SHARED:1.2")
        assert await uow.inbox.waiting_body(key) == b"{}"
        assert await uow.inbox.hasten(key, NOON)
    assert [again.id for again in await queue.take("slack", NOON, 10)] == [row.id]
    async with database.begin() as uow:
        assert await uow.inbox.settle_waiting(key, "no report")
        assert not await uow.inbox.settle_waiting(key, "no report")
        assert not await uow.inbox.hasten(key, NOON)
        assert await uow.inbox.waiting_body(key) is None
        with pytest.raises(AlreadyDone):
            await uow.inbox.postpone(row.id, later)
    assert await queue.take("slack", later, 10) == []


async def test_payloads_of_one_moment_are_stored_together_those_of_people_who_wait_first(database: Database) -> None:
    queue, ready = InboxQueue(database), asyncio.Event()

    async def add(key: str, kind: str) -> bool:
        await ready.wait()
        return await queue.add_slack(key, kind, b"{}", NOON)

    kinds = [(f"Ev{number}", "event_callback") for number in range(300)]
    adding = [asyncio.create_task(add(*one)) for one in [*kinds, ("Ev7", "event_callback"), ("1.a", "block_actions")]]
    await asyncio.sleep(0)
    ready.set()
    assert sum(await asyncio.gather(*adding)) == 301
    found = [key for key, _, _ in await states(database)]
    assert len(set(found)) == len(found) == 301
    assert found.index("slack:1.a") == 0


async def test_a_payload_that_cannot_be_stored_takes_no_other_with_it(database: Database) -> None:
    queue = InboxQueue(database)
    bodies: list[Any] = [b"{}", {"no": "octets"}, b"{}"]
    adding = [queue.add_slack(f"k{at}", "block_actions", body, NOON) for at, body in enumerate(bodies)]
    first, broken, last = await asyncio.gather(*adding, return_exceptions=True)
    assert (first, last) == (True, True)
    assert isinstance(broken, Exception)


async def test_who_gives_up_waiting_holds_nobody_up(database: Database) -> None:
    queue = InboxQueue(database)
    async with database.begin():
        adding = [asyncio.create_task(queue.add_slack(f"k{at}", "block_actions", b"{}", NOON)) for at in range(3)]
        await asyncio.sleep(0)
        adding[0].cancel()
    assert await asyncio.gather(*adding[1:]) == [True, True]
    assert adding[0].cancelled()
