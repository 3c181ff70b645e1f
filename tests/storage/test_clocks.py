"""Clocks and timers: what is due is found in its order, and nothing fires twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.model import ClockKind, ClockState, Pause
from storage.engine import Database
from tests.storage.making import NOON, a_clock, a_message, a_timer, stored_ticket
from tests.storage.ports import Ports

HOUR = timedelta(hours=1)


async def test_a_clock_comes_back_as_it_was_stored(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        message = await uow.tickets.add_message(a_message(ticket.id))
        clock = await uow.clocks.add(
            a_clock(
                ticket.id,
                kind=ClockKind.REPLY,
                budget=timedelta(hours=8, microseconds=1),
                message_id=message.id,
                breached_at=NOON + HOUR,
                pauses=(Pause(NOON, NOON + HOUR), Pause(NOON + 2 * HOUR)),
                remaining=timedelta(minutes=20, microseconds=7),
            )
        )
        second = await uow.clocks.add(a_clock(ticket.id))
    async with ports.begin() as uow:
        assert await uow.clocks.of_ticket(ticket.id) == (clock, second)
        clock.state, clock.ended_at = ClockState.MET, NOON + 2 * HOUR
        await uow.clocks.update(clock)
    async with ports.read() as uow:
        assert await uow.clocks.get(clock.id) == clock
        with pytest.raises(LookupError):
            await uow.clocks.get(second.id + 1)
    clock.id = second.id + 1
    async with ports.begin() as uow:
        with pytest.raises(LookupError):
            await uow.clocks.update(clock)


async def test_what_is_due_comes_in_the_order_of_its_times(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    queue = ports.timers
    assert await queue.next_fire_at() is None
    async with ports.begin() as uow:
        for key, hours in (("late", 3), ("first", 1), ("second", 2)):
            assert await uow.clocks.set_timer(a_timer(ticket.id, key, NOON + hours * HOUR))
    assert await queue.next_fire_at() == NOON + HOUR
    assert await queue.due(NOON, 10) == []
    due = await queue.due(NOON + 2 * HOUR, 10)
    assert [timer.key for timer in due] == ["first", "second"]
    assert [timer.key for timer in await queue.due(NOON + 9 * HOUR, 1)] == ["first"]
    assert (due[0].ticket_id, due[0].kind, due[0].level, due[0].fire_at) == (ticket.id, "clock", 50, NOON + HOUR)


async def test_the_loop_is_woken_by_the_commit(database: Database) -> None:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        assert await uow.clocks.set_timer(a_timer(ticket.id, "k", NOON))
        assert not database.wakes.timers.is_set(), "nobody may look before the commit"
    assert database.wakes.timers.is_set()


async def test_a_timer_fires_once(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    queue = ports.timers
    async with ports.begin() as uow:
        assert await uow.clocks.set_timer(a_timer(ticket.id, "k", NOON))
        assert not await uow.clocks.set_timer(a_timer(ticket.id, "k", NOON + HOUR))
    [timer] = await queue.due(NOON, 10)
    async with ports.begin() as uow:
        assert await uow.clocks.finish_timer(timer.id)
    async with ports.begin() as uow:
        assert not await uow.clocks.finish_timer(timer.id)
        assert not await uow.clocks.set_timer(a_timer(ticket.id, "k", NOON))
    assert await queue.due(NOON + HOUR, 10) == []


async def test_a_deadline_that_moves_away_and_back_still_fires(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        clock = await uow.clocks.add(a_clock(ticket.id))
        other = await uow.clocks.add(a_clock(ticket.id))
        await uow.clocks.set_timer(a_timer(ticket.id, "at ten", NOON, clock_id=clock.id))
        await uow.clocks.set_timer(a_timer(ticket.id, "other", NOON, clock_id=other.id))
        await uow.clocks.drop_timers(clock.id)
        assert await uow.clocks.set_timer(a_timer(ticket.id, "at eleven", NOON + HOUR, clock_id=clock.id))
    queue = ports.timers
    assert [timer.key for timer in await queue.due(NOON + HOUR, 10)] == ["other", "at eleven"]
    async with ports.begin() as uow:
        await uow.clocks.drop_timers(clock.id)
        assert await uow.clocks.set_timer(a_timer(ticket.id, "at ten", NOON, clock_id=clock.id))
    assert sorted(timer.key for timer in await queue.due(NOON + HOUR, 10)) == ["at ten", "other"]


async def test_a_timer_is_postponed_or_tried_again(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    queue = ports.timers
    async with ports.begin() as uow:
        await uow.clocks.set_timer(a_timer(ticket.id, "k", NOON))
    [timer] = await queue.due(NOON, 10)
    async with ports.begin() as uow:
        await uow.clocks.postpone_timer(timer.id, NOON + HOUR)
    assert await queue.next_fire_at() == NOON + HOUR
    assert await queue.retry(timer.id, NOON + 2 * HOUR)
    [timer] = await queue.due(NOON + 2 * HOUR, 10)
    assert (timer.attempts, timer.fire_at) == (1, NOON + 2 * HOUR)
    async with ports.begin() as uow:
        await uow.clocks.finish_timer(timer.id)
        await uow.clocks.postpone_timer(timer.id, NOON)
    assert not await queue.retry(timer.id, NOON)
    assert await queue.due(NOON + 9 * HOUR, 10) == []
