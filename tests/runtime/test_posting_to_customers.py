"""Posting into a customer's thread: it is opened once, found again when it is gone, and what follows runs with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.edges.pacing import Pace
from bot.edges.slack_customer import to_customer
from bot.effects import EditReply, MailKind, PostToCustomer
from bot.loops.posting_to_slack import SlackPerformer
from bot.model import Direction
from bot.sandbox.clock import MovableClock
from handlers.context import ContextMaker
from storage.migrating import upgrade
from storage.queues import OutboxQueue
from storage.schema import Transport
from tests.runtime.test_posting_escalations import Channel
from tests.storage.making import NOON, a_message, a_ticket
from tests.support.timer_loops import open_database, plain_config


async def test_the_first_words_open_the_thread_and_a_deleted_one_is_opened_anew(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/hezo360.sqlite3"
    await upgrade(url)
    clock, channel = MovableClock(NOON), Channel()
    database = open_database(url, clock)
    await database.open()
    contexts = ContextMaker(clock, plain_config(), b"key")
    performer = SlackPerformer(channel, Pace(timedelta(0), 1), database, contexts)
    queue = OutboxQueue(database, "a start")
    async with database.begin() as uow:
        ticket = await uow.tickets.add(a_ticket(customer_channel="C0SHARED", requester="U0ANNA"))
        reply = await uow.tickets.add_message(a_message(ticket.id, direction=Direction.TO_CUSTOMER, author="U0EWA"))
        await uow.outbox.add(PostToCustomer(MailKind.NOTICE, ticket.id, "U0ANNA", "Dzień dobry"))
        await uow.outbox.add(
            PostToCustomer(MailKind.REPLY, ticket.id, "U0ANNA", "Proszę", "U0EWA", "Ewa (HEZO 360)", reply.id)
        )
    for _ in range(2):
        for row in await queue.claim(clock.now(), limit=1, transport=Transport.SLACK):
            await performer.perform(row)
    assert channel.posted == [(None, "<@U0ANNA> Dzień dobry"), ("1.000100", "Ewa (HEZO 360): · Proszę")]
    async with database.begin() as uow:
        found = await uow.tickets.of_customer_thread("C0SHARED", "1.000100")
        assert found is not None
        assert (await uow.tickets.message(reply.id)).customer_ts == "2.000100"
        assert [entry.kind for entry in await uow.journal_of(ticket.id)] == ["mail_sent", "mail_sent"]
        await uow.outbox.add(PostToCustomer(MailKind.NOTICE, ticket.id, "U0ANNA", "Wciąż tu"))
    channel.is_deleted = True
    rows = await queue.claim(clock.now(), limit=5, transport=Transport.SLACK)
    edits = [row.effect for row in rows if isinstance(row.effect, EditReply)]
    assert [edit.data["to"] for edit in edits] == ["C0SHARED"]
    [lost] = [row for row in rows if isinstance(row.effect, PostToCustomer)]
    await performer.perform(lost)
    assert channel.posted[-1] == (None, "<@U0ANNA> Wciąż tu")
    async with database.read() as uow:
        assert (await uow.tickets.get(ticket.id)).customer_ts == "3.000100", "the conversation goes on there"
    await database.close()


def test_words_are_never_shortened() -> None:
    long = "żółw _kursywa_ <@U0EWA> " * 600
    text, blocks = to_customer(PostToCustomer(MailKind.REPLY, 1, "U0ANNA", long), None, opens_thread=False)
    assert blocks == [], "too much for blocks"
    assert text.count("żółw") == 600
    assert "<@" not in text
    short = to_customer(PostToCustomer(MailKind.REPLY, 1, "U0ANNA", "<@U0EWA> *nie*"), None, opens_thread=False)[1]
    assert short[0]["elements"] == [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "<@U0EWA> *nie*"}]}
    ]
