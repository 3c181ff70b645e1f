"""How long a process may rely on the others taking it for alive."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.errors import RetryLater
from bot.loops.among_processes import AmongProcesses, Heard, Role
from storage.engine import Database
from storage.leases import TTL
from storage.queues import OutboxQueue
from tests.storage.making import FakeClock

LONG = timedelta(days=1).total_seconds()


def among(database: Database, clock: FakeClock, roles: list[Role], heard: Heard) -> AmongProcesses:
    """One process."""
    return AmongProcesses(database, clock, OutboxQueue(database, "w"), "w", roles, heard, doubt=timedelta(minutes=1))


async def test_it_is_heard_from_its_first_heartbeat_on_for_a_little_less_than_the_others_believe(
    database: Database, clock: FakeClock
) -> None:
    role, heard = Role("outbox: slack"), Heard()
    process = among(database, clock, [role], heard)
    await process.begin()
    heard.make_sure()
    loop = asyncio.get_running_loop()
    if not database.is_postgresql:
        assert heard.until > loop.time() + LONG, "there are no others"
        return
    assert role.is_held
    assert loop.time() < heard.until < loop.time() + TTL.total_seconds()


async def test_who_stood_still_for_too_long_does_nothing_before_it_is_heard_again(
    database: Database, clock: FakeClock
) -> None:
    heard = Heard()
    process = among(database, clock, [], heard)
    await process.begin()
    heard.until = asyncio.get_running_loop().time() - 0.001
    with pytest.raises(RetryLater, match="have not heard this one"):
        heard.make_sure()
    if database.is_postgresql:
        await process.begin()
        heard.make_sure()
