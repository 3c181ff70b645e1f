"""Escalations and duty shifts come back as they were stored; of two who change one, the second hears of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.escalations import DutyShift, Escalation, EscalationSource
from storage.engine import Database
from storage.errors import StaleTicket
from tests.storage.making import NOON, a_timer, stored_ticket
from tests.storage.ports import Ports

HOUR = timedelta(hours=1)


def an_escalation(ticket_id: int) -> Escalation:
    return Escalation(
        id=0,
        ticket_id=ticket_id,
        source=EscalationSource.MAIL,
        reason="Nikt nie odpisuje",
        raised_by="anna@klient.example",
        began_at=NOON,
        window="24x7",
        chain={"steps": []},
        requester="anna@klient.example",
        facts={"words": "Proszę o kontakt"},
    )


async def test_an_escalation_comes_back_as_it_was_stored(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        added = await uow.escalations.add(an_escalation(ticket.id))
        assert await uow.escalations.open_of_ticket(ticket.id) == added
    async with ports.begin() as uow:
        found = await uow.escalations.get(added.id)
        found.step, found.called_at, found.slack_ts = 1, NOON + HOUR, "1.2"
        await uow.escalations.update(found)
    async with ports.read() as uow:
        assert await uow.escalations.get(added.id) == found
        assert found.version == 2
        assert await uow.escalations.all_open(10) == (found,)
        with pytest.raises(LookupError):
            await uow.escalations.get(added.id + 1)


async def test_the_second_of_two_changes_is_refused(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        added = await uow.escalations.add(an_escalation(ticket.id))
    stale = replace(added)
    async with ports.begin() as uow:
        await uow.escalations.update(added)
    with pytest.raises(StaleTicket):
        async with ports.begin() as uow:
            await uow.escalations.update(stale)


async def test_a_ticket_has_one_that_has_not_ended(database: Database) -> None:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        first = await uow.escalations.add(an_escalation(ticket.id))
    with pytest.raises(IntegrityError):
        async with database.begin() as uow:
            await uow.escalations.add(an_escalation(ticket.id))
    async with database.begin() as uow:
        first.ended_at, first.outcome = NOON + HOUR, "Oddzwoniono"
        await uow.escalations.update(first)
        second = await uow.escalations.add(an_escalation(ticket.id))
    async with database.read() as uow:
        assert await uow.escalations.of_ticket(ticket.id) == (first, second)
        assert await uow.escalations.open_of_ticket(ticket.id) == second


async def test_a_timer_knows_its_escalation(database: Database) -> None:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        escalation = await uow.escalations.add(an_escalation(ticket.id))
        timer = replace(a_timer(ticket.id, "escalation", NOON), escalation_id=escalation.id)
        await uow.clocks.set_timer(timer)
    async with database.read() as uow:
        row = await uow.transaction.connection.exec_driver_sql("SELECT escalation_id FROM timers")
        assert row.scalar_one() == escalation.id


async def test_shifts_are_found_by_the_span_that_they_touch(ports: Ports) -> None:
    def shift(begin: int, end: int) -> DutyShift:
        return DutyShift(0, "U1", NOON + begin * HOUR, NOON + end * HOUR, "U9", NOON, substitute="U2")

    async with ports.begin() as uow:
        early, late, other = [await uow.duty.add(shift(*span)) for span in ((0, 4), (2, 6), (8, 9))]
        assert await uow.duty.between(NOON + 3 * HOUR, NOON + 5 * HOUR) == (early, late)
        assert await uow.duty.between(NOON + 4 * HOUR, NOON + 8 * HOUR) == (late,)
        assert await uow.duty.remove(late.id, NOON)
        assert not await uow.duty.remove(late.id, NOON)
        assert await uow.duty.between(NOON, NOON + 99 * HOUR) == (early, other)
