"""Uses of entitlements come back as they were stored; of two who decide at once, the second sees what the first did."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from bot.entitlements import (
    Entitlement,
    EntitlementUse,
    NoticeDecision,
    NoticeKind,
    ServiceNotice,
    UseState,
)
from storage.errors import StaleTicket
from tests.storage.making import NOON, FakeClock, make_database, stored_ticket
from tests.storage.ports import Ports

CONTRACTS = """contract_number,customer,nip,valid_from,valid_to,serial,authorised,on_site
HZ360-2026-000101,Mleczarnia,834-171-00-08,2025-03-01,2035-02-28,FG121GTK25004672,anna@klient.example,tak
"""
SERIAL = "FG121GTK25004672"
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


def a_use(ticket_id: int, contract_id: int, **changes: object) -> EntitlementUse:
    values: dict[str, object] = {
        "id": 0, "ticket_id": ticket_id, "contract_id": contract_id, "kind": Entitlement.REVIEW,
        "state": UseState.ASKED, "requested_at": NOON, "requested_by": "anna@klient.example", "serial": SERIAL,
        "words": "Proszę o przegląd", "facts": {"minutes": 60},
    }  # fmt: skip
    return EntitlementUse(**(values | changes))  # type: ignore[arg-type]  # a test names the fields it is about


async def prepared(ports: Ports) -> tuple[int, int]:
    """A ticket and a contract."""
    await ports.import_contracts(CONTRACTS)
    ticket = await stored_ticket(ports)
    async with ports.read() as uow:
        [contract] = await uow.contracts.for_address("anna@klient.example")
        assert contract.on_site
    return ticket.id, contract.id


async def test_a_use_comes_back_as_it_was_stored(ports: Ports) -> None:
    ticket_id, contract_id = await prepared(ports)
    async with ports.begin() as uow:
        first = await uow.entitlements.add(a_use(ticket_id, contract_id))
        second = await uow.entitlements.add(a_use(ticket_id, contract_id, serial=None))
    async with ports.begin() as uow:
        first.state, first.done_on, first.decided_by, first.decided_at = UseState.DONE, date(2026, 3, 2), "U1", NOON
        await uow.entitlements.update(first)
        assert first.version == 2
    async with ports.read() as uow:
        assert await uow.entitlements.get(first.id) == first
        assert await uow.entitlements.of_ticket(ticket_id) == (first, second)
        assert await uow.entitlements.of_contract(contract_id) == (first, second)
        assert await uow.entitlements.of_contract(contract_id + 1) == ()
        with pytest.raises(LookupError):
            await uow.entitlements.get(second.id + 1)


async def test_the_second_of_two_changes_is_refused(ports: Ports) -> None:
    ticket_id, contract_id = await prepared(ports)
    async with ports.begin() as uow:
        added = await uow.entitlements.add(a_use(ticket_id, contract_id))
    stale = replace(added)
    async with ports.begin() as uow:
        await uow.entitlements.update(added)
    with pytest.raises(StaleTicket):
        async with ports.begin() as uow:
            await uow.entitlements.update(stale)


async def test_a_replaced_device_keeps_its_counts(ports: Ports) -> None:
    ticket_id, contract_id = await prepared(ports)
    async with ports.begin() as uow:
        used = await uow.entitlements.add(a_use(ticket_id, contract_id, state=UseState.DONE, done_on=date(2026, 3, 2)))
        other = await uow.entitlements.add(a_use(ticket_id, contract_id, serial="FGT60FTK20012345"))
        await uow.entitlements.device_replaced(contract_id, SERIAL, "FG121GTK25009999")
    async with ports.begin() as uow:
        now = await uow.entitlements.get(used.id)
        assert (now.serial, now.state) == ("FG121GTK25009999", UseState.DONE)
        assert await uow.entitlements.get(other.id) == other
        with pytest.raises(StaleTicket):
            await uow.entitlements.update(used)


async def test_two_processes_never_count_at_the_same_time(postgres_url: str) -> None:
    """The second one waits for the first and then sees its use."""
    here, there = (make_database(postgres_url, FakeClock()) for _ in range(2))
    await here.open()
    await there.open()
    async with here.begin() as uow:
        await uow.transaction.connection.exec_driver_sql(
            "INSERT INTO contracts (key, number, customer, nip, valid_from, valid_to, updated_at)"
            " VALUES ('K', 'K', 'C', '1', '2025-03-01', '2035-02-28', now())"
        )
    ticket, other = await stored_ticket(here), await stored_ticket(here)
    counting, waits = asyncio.Event(), asyncio.Event()
    seen: list[int] = []

    async def first() -> None:
        async with here.begin() as uow:
            seen.append(len(await uow.entitlements.lock(1)))
            counting.set()
            await waits.wait()
            await uow.entitlements.add(a_use(ticket.id, 1, state=UseState.AGREED))

    async def second() -> None:
        await counting.wait()
        async with there.begin() as uow:
            seen.append(len(await uow.entitlements.lock(1)))

    async def let_go() -> None:
        await counting.wait()
        async with here.read() as uow:  # until PostgreSQL says that the second one stands at the lock
            connection = uow.transaction.connection
            while not await connection.scalar(WAITING):
                pass
        async with there.begin() as uow:  # who writes a ticket of the contract need not wait
            other.contract_id = 1
            await uow.tickets.update(other)
        waits.set()

    await asyncio.wait_for(asyncio.gather(first(), second(), let_go()), 60)
    assert seen == [0, 1]
    await here.close()
    await there.close()


async def test_nothing_is_said_twice_and_one_of_several_looks(ports: Ports) -> None:
    _, contract_id = await prepared(ports)
    today, tomorrow = date(2026, 11, 23), date(2026, 11, 24)
    notice = ServiceNotice(0, "review:1:2026-03-01:1", NoticeKind.REVIEW, contract_id, (SERIAL,), tomorrow, today)
    async with ports.begin() as uow:
        assert await uow.notices.take_turn(None, today)
        added = await uow.notices.add(notice)
        assert added is not None
        assert await uow.notices.add(notice) is None
    async with ports.begin() as uow:
        assert not await uow.notices.take_turn(None, today)
        assert await uow.notices.last_look() == today
        assert await uow.notices.take_turn(today, tomorrow)
        assert not await uow.notices.take_turn(today, tomorrow)
        added.decision, added.decided_by, added.decided_at = NoticeDecision.DISMISSED, "U1", NOON
        await uow.notices.update(added)
    async with ports.read() as uow:
        assert await uow.notices.get(added.id) == added
        assert await uow.notices.of_day(today) == (added,)
        assert await uow.notices.of_day(tomorrow) == ()
        with pytest.raises(LookupError):
            await uow.notices.get(added.id + 1)
