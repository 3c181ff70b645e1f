"""Effects go out in order, once, and what is in doubt is never forgotten."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from bot.effects import (
    CallWebhook,
    EditProposal,
    EditReply,
    Effect,
    MailKind,
    Note,
    PostCard,
    PostEscalationCall,
    PostEscalationCard,
    PostInThread,
    PostOperator,
    PostToCustomer,
    TellUser,
)
from bot.model import JournalEntry
from bot.ports import OutboxRow, OutboxState
from storage.engine import Database
from storage.outbox import lane_of
from storage.queues import OutboxQueue
from storage.schema import Transport, outbox
from tests.storage.making import NOON, FakeClock, Transactions, a_mail, a_message, make_database, stored_ticket
from tests.storage.ports import Ports


async def add(database: Transactions, *effects: Effect, dedupe_key: str | None = None) -> list[int | None]:
    async with database.begin() as uow:
        return [await uow.outbox.add(effect, dedupe_key=dedupe_key) for effect in effects]


async def state_of(database: Database, outbox_id: int) -> OutboxState:
    async with database.read() as uow:
        return await uow.outbox.state(outbox_id)


async def claimed(queue: OutboxQueue, now: datetime = NOON, limit: int = 100) -> list[int]:
    return [row.id for row in await queue.claim(now, limit)]


async def claim_one(queue: OutboxQueue, now: datetime = NOON) -> OutboxRow:
    [row] = await queue.claim(now, 1)
    return row


async def test_a_mail_is_composed_when_its_row_is_written(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        message = await uow.tickets.add_message(a_message(ticket.id))
        ticket.subject = "changed in the same transaction"
        await uow.tickets.update(ticket)
        effect = a_mail(ticket.id, message_id=message.id)
        outbox_id = await uow.outbox.add(effect)
    assert outbox_id is not None
    async with ports.read() as uow:
        row = await uow.outbox.get(outbox_id)
        assert row.effect == effect
        assert row.rfc_message_id == f"<ack.{outbox_id}@myhezo.pl>"
        assert row.raw is not None
        assert f"Subject: [{ticket.number}]".encode() in row.raw
        assert (await uow.tickets.message(message.id)).message_id == row.rfc_message_id
        assert await uow.outbox.by_message_id(row.rfc_message_id) == row
        assert await uow.outbox.by_message_id("<none@myhezo.pl>") is None
        with pytest.raises(LookupError):
            await uow.outbox.get(outbox_id + 1)


async def test_a_dedupe_key_works_once_for_ever(database: Database) -> None:
    ticket = await stored_ticket(database)
    [first] = await add(database, a_mail(ticket.id), dedupe_key="ack:1")
    assert first is not None
    database.wakes.mail_outbox.clear()
    assert await add(database, a_mail(ticket.id), dedupe_key="ack:1") == [None]
    assert not database.wakes.mail_outbox.is_set()
    queue = OutboxQueue(database, "w")
    assert await claimed(queue) == [first]
    await queue.sent(first, {})
    assert await add(database, a_mail(ticket.id), dedupe_key="ack:1") == [None]


async def test_what_failed_leaves_no_effect_and_no_key(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    effects = (PostCard(ticket.id), a_mail(ticket.id))

    async def fail() -> None:
        async with ports.begin() as uow:
            for effect in effects:
                await uow.outbox.add(effect, dedupe_key=type(effect).__name__)
            await uow.tickets.add_participant(ticket.id, "anna@klient.example")
            ticket.subject = "changed"
            await uow.tickets.update(ticket)
            raise RuntimeError("the handler failed")

    with pytest.raises(RuntimeError, match="the handler failed"):
        await fail()
    async with ports.begin() as uow:
        assert await uow.tickets.participants(ticket.id) == frozenset()
        assert (await uow.tickets.get(ticket.id)).subject != "changed"
        assert await uow.outbox.automatic_mails_to("anna@klient.example", NOON) == 0
        card = await uow.outbox.add(PostCard(ticket.id), dedupe_key="PostCard")
        assert card is not None
        assert await uow.outbox.add(PostCard(ticket.id)) == card
        mail = await uow.outbox.add(a_mail(ticket.id), dedupe_key="SendMail")
        assert mail is not None
        assert await uow.outbox.add(a_mail(ticket.id), dedupe_key="SendMail") is None
    async with ports.read() as uow:
        row = await uow.outbox.get(mail)
        assert row.rfc_message_id is not None
        assert await uow.tickets.ticket_of_message_ids([row.rfc_message_id]) == ticket.id


async def test_what_is_kept_is_a_copy(ports: Ports) -> None:
    facts: dict[str, object] = {"list": [1]}
    ticket = await stored_ticket(ports, facts=facts)
    async with ports.begin() as uow:
        post = await uow.outbox.add(PostInThread(ticket.id, Note.MAILED, facts))
        await uow.journal(JournalEntry(ticket.id, NOON, "bot", "x", facts))
    facts["list"] = [2]
    ticket.subject = "changed"
    assert post is not None
    async with ports.read() as uow:
        kept = await uow.tickets.get(ticket.id)
        effect = (await uow.outbox.get(post)).effect
        assert isinstance(effect, PostInThread)
        [entry] = await uow.journal_of(ticket.id)
        assert kept.facts == effect.data == entry.data == {"list": [1]}
        assert kept.subject != "changed"


async def test_the_lanes() -> None:
    assert lane_of(a_mail(7)) == "mail:7"
    assert lane_of(a_mail(None, to="Anna@Klient.example")) == "mail:anna@klient.example"
    assert {lane_of(e) for e in (PostCard(7), PostInThread(7, Note.TAKEN), EditReply(7, 1))} == {"slack:7"}
    told = PostToCustomer(MailKind.REPLY, 7, "U0ANNA", "Pasuje wtorek?")
    assert {lane_of(told), lane_of(EditProposal(7, "", {"message": 3}))} == {"customer:7"}, "its buttons go after it"
    assert lane_of(EditProposal(7, "1.2", {"accepted": True})) == "slack:7"
    assert lane_of(PostOperator("parked")) == "escalation"
    assert lane_of(PostEscalationCard(7, 3)) == lane_of(PostEscalationCall(7, 3, 1, "step", 0)) == "escalation:3"
    assert lane_of(CallWebhook(7, 3, "call")) == "webhook:3", "a gateway that is down holds up no post"
    assert lane_of(TellUser("C1", "U1", "already_taken")) == "tell:U1"


async def test_one_lane_goes_one_after_the_other_others_beside_it(database: Database) -> None:
    one, two = await stored_ticket(database), await stored_ticket(database)
    ids = await add(
        database,
        a_mail(one.id),
        a_mail(one.id),
        PostInThread(one.id, Note.MAILED),
        PostInThread(two.id, Note.MAILED),
        PostInThread(two.id, Note.TAKEN),
    )
    queue, other = OutboxQueue(database, "w1"), OutboxQueue(database, "w2")
    assert await claimed(queue) == [ids[0], ids[2], ids[3]]
    assert await claimed(queue) == []
    assert await claimed(other) == []
    assert ids[0] is not None
    assert await queue.sent(ids[0], {})
    assert await claimed(other) == [ids[1]]


async def test_what_waits_for_a_retry_holds_its_lane(database: Database) -> None:
    ticket = await stored_ticket(database)
    first, second = await add(database, a_mail(ticket.id), a_mail(ticket.id))
    assert first is not None
    queue = OutboxQueue(database, "w")
    assert (await claim_one(queue)).attempts == 0
    later = NOON + timedelta(minutes=1)
    assert await queue.retry(first, later, "421 try again", in_doubt=False)
    assert await claimed(queue, NOON) == []
    assert await queue.next_due() == later
    row = await claim_one(queue, later)
    assert (row.id, row.attempts, row.in_doubt) == (first, 1, False)
    assert await queue.next_due() is None
    assert await queue.park(first, "550 no such user")
    assert await state_of(database, first) is OutboxState.PARKED
    assert await claimed(queue, later) == [second]


async def test_urgent_posts_overtake_those_of_other_lanes(database: Database) -> None:
    one, two, three = [await stored_ticket(database) for _ in range(3)]
    before, behind, urgent, escalation, routine = await add(
        database,
        PostInThread(one.id, Note.MAILED),
        PostInThread(one.id, Note.BREACH, urgent=True),
        PostInThread(two.id, Note.BREACH, urgent=True),
        PostOperator("parked"),
        PostInThread(three.id, Note.MAILED),
    )
    queue = OutboxQueue(database, "w")
    assert await queue.claim(NOON, 9, Transport.MAIL, only_urgent=True) == []
    assert await claimed(queue, limit=2) == [before, urgent], "what an urgent one waits for is as urgent"
    assert [row.id for row in await queue.claim(NOON, 9, only_urgent=True)] == [escalation]
    assert await claimed(queue) == [routine]
    assert before is not None
    await queue.sent(before, {})
    assert await claimed(queue) == [behind]


async def test_waiting_for_a_turn_counts_as_no_failure(database: Database) -> None:
    ticket = await stored_ticket(database)
    (post,) = await add(database, PostInThread(ticket.id, Note.MAILED))
    assert post is not None
    queue = OutboxQueue(database, "w")
    for _ in range(3):
        [row] = await queue.claim(NOON, 1)
        assert row.attempts == 0
        assert await queue.retry(post, NOON, "Slack asked to wait", in_doubt=False, is_attempt=False)
    await queue.claim(NOON, 1)
    assert await queue.retry(post, NOON, "Slack did not answer", in_doubt=False)
    [row] = await queue.claim(NOON, 1)
    assert row.attempts == 1


async def test_unsent_cards_of_a_ticket_become_one(database: Database) -> None:
    one, two = await stored_ticket(database), await stored_ticket(database)
    first, again, others = await add(database, PostCard(one.id), PostCard(one.id), PostCard(two.id))
    assert first == again != others
    queue = OutboxQueue(database, "w")
    assert await claimed(queue) == [first, others]
    # The card that is being posted may not show what changes now.
    [next_card] = await add(database, PostCard(one.id))
    assert next_card not in {None, first}
    assert first is not None
    await queue.retry(first, NOON, "broken", in_doubt=True)
    assert await add(database, PostCard(one.id)) == [next_card]


async def test_unsent_head_messages_of_an_escalation_become_one(database: Database) -> None:
    ticket = await stored_ticket(database)
    head, call, waits = await add(
        database,
        PostEscalationCard(ticket.id, 3),
        PostEscalationCall(ticket.id, 3, 1, "step", 0),
        PostEscalationCard(ticket.id, 3),
    )
    assert head == waits != call


async def test_a_card_that_waits_for_its_retry_takes_in_later_changes(database: Database) -> None:
    ticket = await stored_ticket(database)
    [card] = await add(database, PostCard(ticket.id))
    assert card is not None
    queue = OutboxQueue(database, "w")
    await claim_one(queue)
    await queue.retry(card, NOON, "Slack is down", in_doubt=False)
    assert await add(database, PostCard(ticket.id)) == [card]


async def test_what_a_dead_worker_was_sending_is_in_doubt(database: Database) -> None:
    ticket = await stored_ticket(database)
    mail, post, mine = await add(
        database, a_mail(ticket.id), PostInThread(ticket.id, Note.MAILED), a_mail(None, to="other@klient.example")
    )
    assert mail is not None
    assert post is not None
    assert mine is not None
    await claimed(OutboxQueue(database, "dead"), limit=2)
    queue = OutboxQueue(database, "alive")
    assert await claimed(queue) == [mine]
    database.wakes.mail_outbox.clear()
    now, settled_by = NOON + timedelta(minutes=1), NOON + timedelta(minutes=13)
    assert await queue.recover(now, settled_by) == 2
    assert database.wakes.mail_outbox.is_set()
    assert await state_of(database, mine) is OutboxState.SENDING
    row = await claim_one(queue, now)
    assert (row.id, row.in_doubt, row.attempts) == (post, True, 1)
    assert await queue.next_due() == settled_by
    row = await claim_one(queue, settled_by)
    assert (row.id, row.in_doubt) == (mail, True)
    assert await queue.recover(now, settled_by) == 0


async def test_a_copy_that_came_back_settles_the_doubt(database: Database) -> None:
    ticket = await stored_ticket(database)
    mail, behind = await add(database, a_mail(ticket.id), a_mail(ticket.id))
    assert mail is not None
    queue = OutboxQueue(database, "w")
    row = await claim_one(queue)
    await queue.retry(mail, NOON + timedelta(minutes=12), "connection lost after DATA", in_doubt=True)
    assert await state_of(database, mail) is OutboxState.IN_DOUBT
    assert row.rfc_message_id is not None
    async with database.begin() as uow:
        assert await uow.outbox.settle_by_message_id(row.rfc_message_id) == mail
        assert await uow.outbox.settle_by_message_id("<none@myhezo.pl>") is None
    assert await state_of(database, mail) is OutboxState.SENT
    assert await claimed(queue) == [behind]


async def test_a_mail_settled_while_it_is_sent_stays_settled(database: Database) -> None:
    ticket = await stored_ticket(database)
    [mail] = await add(database, a_mail(ticket.id))
    assert mail is not None
    queue = OutboxQueue(database, "w")
    row = await claim_one(queue)
    assert row.rfc_message_id is not None
    async with database.begin() as uow:
        await uow.outbox.settle_by_message_id(row.rfc_message_id)
    assert not await queue.sent(mail, {})
    assert not await queue.retry(mail, NOON, "connection lost", in_doubt=True)
    assert not await queue.park(mail, "given up")
    assert await queue.recover(NOON, NOON) == 0
    assert await state_of(database, mail) is OutboxState.SENT


async def test_a_mail_that_waits_is_not_settled_by_a_forged_copy(database: Database) -> None:
    ticket = await stored_ticket(database)
    [mail] = await add(database, a_mail(ticket.id))
    assert mail is not None
    async with database.begin() as uow:
        assert await uow.outbox.settle_by_message_id(f"<ack.{mail}@myhezo.pl>") == mail
    assert await state_of(database, mail) is OutboxState.PENDING


async def test_a_worker_whose_row_was_taken_over_cannot_put_it_back(database: Database) -> None:
    ticket = await stored_ticket(database)
    [mail] = await add(database, a_mail(ticket.id))
    assert mail is not None
    slow, quick = OutboxQueue(database, "slow"), OutboxQueue(database, "quick")
    await claim_one(slow)
    await quick.recover(NOON, NOON)
    await claim_one(quick)
    assert not await slow.retry(mail, NOON, "late", in_doubt=False)
    assert not await slow.park(mail, "late")
    assert await slow.sent(mail, {}), "it did send it"
    assert not await quick.sent(mail, {})


async def test_sent_and_what_follows_are_one_transaction(database: Database) -> None:
    ticket = await stored_ticket(database)
    [mail] = await add(database, a_mail(ticket.id))
    assert mail is not None
    await claim_one(OutboxQueue(database, "w"))

    async def follow_up() -> None:
        async with database.begin() as uow:
            assert await uow.outbox.mark_sent(mail, {"code": 250})
            await uow.outbox.add(PostCard(ticket.id))
            raise RuntimeError("the handler failed")

    with pytest.raises(RuntimeError, match="the handler failed"):
        await follow_up()
    assert await state_of(database, mail) is OutboxState.SENDING


async def test_a_row_of_another_version_is_parked_and_the_rest_goes_on(database: Database) -> None:
    one, two = await stored_ticket(database), await stored_ticket(database)
    strange, broken, fine = await add(database, PostCard(one.id), PostCard(two.id), PostOperator("parked"))
    async with database.begin() as uow:
        connection = uow.transaction.connection
        await connection.execute(update(outbox).where(outbox.c.id == strange).values(type="PostCarrierPigeon"))
        await connection.execute(update(outbox).where(outbox.c.id == broken).values(effect={"ticket_id": "seven"}))
    queue = OutboxQueue(database, "w")
    assert await claimed(queue) == [fine]
    assert strange is not None
    assert broken is not None
    assert await state_of(database, strange) is await state_of(database, broken) is OutboxState.PARKED
    assert fine is not None
    await queue.sent(fine, {})
    notice = (await claim_one(queue)).effect
    assert isinstance(notice, PostOperator)
    assert notice.data["outbox"] == strange


async def test_automatic_mails_are_counted_by_recipient(ports: Ports, clock: FakeClock) -> None:
    ticket = await stored_ticket(ports)
    await add(ports, a_mail(ticket.id), a_mail(None, to="ANNA@klient.example", kind=MailKind.NOTICE))
    await add(ports, a_mail(ticket.id, kind=MailKind.REPLY, author="U0ANNA"), a_mail(None, to="bert@klient.example"))
    clock.move(hours=1)
    await add(ports, a_mail(ticket.id, kind=MailKind.REMINDER))
    async with ports.read() as uow:
        assert await uow.outbox.automatic_mails_to("Anna@klient.example", NOON) == 3
        assert await uow.outbox.automatic_mails_to("anna@klient.example", NOON + timedelta(seconds=1)) == 1


async def test_mails_and_posts_are_taken_apart(database: Database) -> None:
    ticket = await stored_ticket(database)
    mail, post, urgent = await add(database, a_mail(ticket.id), PostCard(ticket.id), PostOperator("parked"))
    assert database.wakes.mail_outbox.is_set()
    assert database.wakes.slack_outbox.is_set()
    queue = OutboxQueue(database, "w")
    assert [row.id for row in await queue.claim(NOON, 10, Transport.MAIL)] == [mail]
    assert await queue.next_due(Transport.MAIL) is None
    assert await queue.next_due(Transport.SLACK) == NOON
    assert [row.id for row in await queue.claim(NOON, 10, Transport.SLACK)] == [urgent, post]


async def test_a_mail_given_up_that_did_go_out_counts_as_sent(database: Database) -> None:
    ticket = await stored_ticket(database)
    [mail] = await add(database, a_mail(ticket.id))
    assert mail is not None
    queue = OutboxQueue(database, "w")
    row = await claim_one(queue)
    await queue.park(mail, "tried too often")
    assert row.rfc_message_id is not None
    async with database.begin() as uow:
        await uow.outbox.settle_by_message_id(row.rfc_message_id)
    assert await state_of(database, mail) is OutboxState.SENT


async def test_a_row_committed_late_waits_for_the_one_that_overtook_it(postgres_url: str, clock: FakeClock) -> None:
    """On PostgreSQL ids are given before the commit: a lower one may appear while a higher one is being sent."""
    database = make_database(postgres_url, clock)
    queue = OutboxQueue(database, "w")
    async with database.begin() as slow:
        late = await slow.outbox.add(PostOperator("late"))
        [early] = await add(database, PostOperator("early"))
        assert late is not None
        assert early is not None
        assert late < early
        assert await claimed(queue) == [early]
    assert await claimed(queue) == []
    assert await queue.next_due() is None
    await queue.sent(early, {})
    assert await claimed(queue) == [late]
    await database.close()


async def test_workers_that_claim_at_once_never_share(database: Database, clock: FakeClock) -> None:
    tickets = [await stored_ticket(database) for _ in range(6)]
    for _ in range(2):
        await add(database, *(PostInThread(ticket.id, Note.MAILED) for ticket in tickets))
    # On PostgreSQL these are other processes as far as the database can tell.
    others = [make_database(database._url.render_as_string(hide_password=False), clock) for _ in range(3)]
    try:
        queues = [OutboxQueue(one, f"w{number}") for number, one in enumerate([database, *others])]
        rounds = await asyncio.gather(*(queue.claim(NOON, 2) for queue in queues))
        lanes = [row.lane for rows in rounds for row in rows]
        assert sorted(lanes) == sorted({f"slack:{ticket.id}" for ticket in tickets})
    finally:
        for one in others:
            await one.close()
