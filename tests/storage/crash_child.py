"""Works on a database in forked processes that kill themselves at a given point; driven by test_crash.py.

Reads lines "URL WORK POINT" and answers with one line each: "killed" or "finished". Forking an interpreter that has all
modules loaded is what makes dozens of deaths affordable.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import event

from bot.effects import PostCard
from bot.model import JournalEntry
from bot.ports import InboxState
from storage.engine import Database
from storage.mail_sink import StoredMailSink
from storage.queues import InboxQueue, OutboxQueue
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
)


async def store(database: Database) -> None:
    """Three mails in one batch, one of them a copy."""
    await StoredMailSink(database).store([fetched(11), fetched(12), fetched(13, fetched(11).raw)])


async def handle(database: Database) -> None:
    """What a report does: everything that belongs to a new ticket, and the inbox row done."""
    [row] = await InboxQueue(database).take("mail", NOON, 1)
    async with database.begin() as uow:
        ticket = await uow.tickets.add(a_ticket())
        await uow.tickets.add_participant(ticket.id, ticket.requester)
        message = await uow.tickets.add_message(a_message(ticket.id, inbox_id=row.id))
        await uow.journal(JournalEntry(ticket.id, NOON, "bot", "reported", {}))
        clock = await uow.clocks.add(a_clock(ticket.id, message_id=message.id))
        for level in (50, 100):
            key = f"clock:{clock.id}:{level}"
            await uow.clocks.set_timer(a_timer(ticket.id, key, NOON + timedelta(hours=1), clock_id=clock.id))
        await uow.outbox.add(a_mail(ticket.id), dedupe_key=f"ack:{row.id}")
        await uow.outbox.add(PostCard(ticket.id))
        await uow.inbox.finish(row.id, InboxState.DONE, "new ticket", ticket.id)


async def send(database: Database) -> None:
    """Claim a mail, send it (nothing here), mark it as sent with what follows."""
    await OutboxQueue(database, f"worker-{os.getpid()}").claim(NOON, 1)
    async with database.begin() as uow:
        await uow.outbox.mark_sent(1, {"code": 250})
        await uow.journal(JournalEntry(1, NOON, "bot", "mailed", {}))


WORKS: dict[str, Callable[[Database], Awaitable[None]]] = {"store": store, "handle": handle, "send": send}


async def live_until(url: str, work: str, point: int) -> None:
    database = make_database(url, FakeClock())
    await database.open()
    passed = 0

    def maybe_die(*_: object) -> None:
        nonlocal passed
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1

    # Before every statement, and before every COMMIT.
    event.listen(database._writer.sync_engine, "before_cursor_execute", maybe_die)
    event.listen(database._writer.sync_engine, "commit", maybe_die)
    await WORKS[work](database)
    maybe_die()
    await database.close()


def main() -> None:
    for line in sys.stdin:
        url, work, point = line.split()
        child = os.fork()
        if child == 0:
            asyncio.run(live_until(url, work, int(point)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
            sys.exit("the work failed by itself")
        sys.stdout.write("killed\n" if os.WIFSIGNALED(status) else "finished\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
