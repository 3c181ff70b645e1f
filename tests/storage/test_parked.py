"""What was set aside is found, tried again and dropped, guarded against whoever was first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.effects import MailKind, Note, PostInThread, PostOperator, SendMail
from bot.mail_ports import FetchedMail
from bot.model import Language
from bot.ports import OutboxState
from storage.engine import Database
from storage.inbox import MAIL
from storage.mail_sink import StoredMailSink
from storage.parked import ParkedKind, ParkedRows
from storage.queues import InboxQueue, OutboxQueue, TimerQueue
from storage.schema import outbox
from tests.storage.making import NOON, a_timer, stored_ticket


async def park_a_mail(database: Database) -> int:
    raw = b"From: a@b.test\r\nMessage-ID: <1@b.test>\r\n\r\nWords\r\n"
    await StoredMailSink(database).store([FetchedMail("pomoc", 1, 1, NOON, raw, len(raw))])
    [row] = await InboxQueue(database).take(MAIL, NOON + timedelta(days=1), 1)
    assert await InboxQueue(database).park(row.id, "it breaks us")
    return row.id


async def park_a_post(database: Database) -> tuple[int, str]:
    ticket = await stored_ticket(database)
    queue = OutboxQueue(database, "w")
    async with database.begin() as uow:
        row_id = await uow.outbox.add(PostInThread(ticket.id, Note.TAKEN))
    assert row_id is not None
    assert [row.id for row in await queue.claim(NOON, 1)] == [row_id]
    async with database.begin() as uow:
        assert await uow.outbox.mark_parked(row_id, "channel_not_found")
    return row_id, ticket.number


async def park_a_timer(database: Database) -> int:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        await uow.clocks.set_timer(a_timer(ticket.id, "clock:1", NOON))
    [timer] = await TimerQueue(database).due(NOON, 1)
    async with database.begin() as uow:
        assert await uow.clocks.park_timer(timer.id)
        await uow.outbox.add(PostOperator("timer_parked", {"timer": "clock:1", "reason": "KeyError: 'x'"}),
                             dedupe_key=f"timer-parked:{timer.id}")  # fmt: skip
    return timer.id


async def test_everything_that_was_set_aside_is_listed_with_its_reason(database: Database) -> None:
    assert await ParkedRows(database).all() == []
    mail = await park_a_mail(database)
    post, number = await park_a_post(database)
    timer = await park_a_timer(database)
    found = await ParkedRows(database).all()
    assert [(one.kind, one.id, one.reason) for one in found] == [
        (ParkedKind.INBOX, mail, "it breaks us"),
        (ParkedKind.OUTBOX, post, "channel_not_found"),
        (ParkedKind.TIMER, timer, "KeyError: 'x'"),
    ]
    assert [one.ticket for one in found][:2] == [None, number]
    assert await ParkedRows(database).get(ParkedKind.INBOX, post + 4711) is None
    assert b"Words" in bytes(await ParkedRows(database).content(ParkedKind.INBOX, mail))  # type: ignore[arg-type]  # octets


async def test_a_mail_is_tried_again_from_the_beginning(database: Database) -> None:
    mail = await park_a_mail(database)
    assert await ParkedRows(database).retry(ParkedKind.INBOX, mail, "root")
    assert not await ParkedRows(database).retry(ParkedKind.INBOX, mail, "root"), "it waits already"
    [row] = await InboxQueue(database).take(MAIL, NOON + timedelta(days=1), 5)
    assert (row.id, row.attempts) == (mail, 0)
    assert database.wakes.mail_inbox.is_set()


async def test_an_effect_is_looked_up_before_it_is_repeated(database: Database) -> None:
    post, number = await park_a_post(database)
    assert await ParkedRows(database).retry(ParkedKind.OUTBOX, post, "root")
    [row] = await OutboxQueue(database, "other").claim(NOON, 5)
    assert (row.id, row.in_doubt, row.attempts) == (post, True, 0)
    async with database.begin() as uow:
        ticket = await uow.tickets.by_number(number)
        assert ticket is not None
        assert [(entry.actor, entry.kind) for entry in await uow.journal_of(ticket.id)] == [
            ("operator: root", "parked_retried")
        ]


async def test_a_timer_fires_again(database: Database) -> None:
    timer = await park_a_timer(database)
    assert await TimerQueue(database).due(NOON, 5) == []
    assert await ParkedRows(database).retry(ParkedKind.TIMER, timer, "root")
    assert [due.id for due in await TimerQueue(database).due(NOON + timedelta(days=1), 5)] == [timer]


@pytest.mark.parametrize("kind", list(ParkedKind))
async def test_what_is_dropped_stays_dropped_and_is_told(database: Database, kind: ParkedKind) -> None:
    makers = {ParkedKind.INBOX: park_a_mail, ParkedKind.TIMER: park_a_timer}
    row_id = (await park_a_post(database))[0] if kind is ParkedKind.OUTBOX else await makers[kind](database)
    rows = ParkedRows(database)
    assert await rows.drop(kind, row_id, "root")
    assert not await rows.drop(kind, row_id, "root")
    assert not await rows.retry(kind, row_id, "root")
    assert await rows.all() == []
    async with database.read() as uow:
        told = list(
            await uow.transaction.connection.scalars(select(outbox.c.effect).where(outbox.c.type == "PostOperator"))
        )
    assert [one["what"] for one in told][-1] == "parked_dropped"


async def test_what_went_out_after_all_is_not_tried_again(database: Database) -> None:
    """A mail's copy may come back after its row was given up."""
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        mail = SendMail(MailKind.NOTICE, ticket.id, "a@b.test", "", "Re", "text", Language.PL)
        row_id = await uow.outbox.add(mail)
    assert row_id is not None
    await OutboxQueue(database, "w").claim(NOON, 1)
    async with database.begin() as uow:
        await uow.outbox.mark_parked(row_id, "550 no")
        await uow.outbox.mark_sent(row_id, {"settled_by": "copy"})
    assert not await ParkedRows(database).retry(ParkedKind.OUTBOX, row_id, "root")
    async with database.read() as uow:
        assert await uow.outbox.state(row_id) is OutboxState.SENT
