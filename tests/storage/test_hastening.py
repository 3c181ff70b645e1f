"""A clock that was hours ahead and is set back: what was put off by it goes on; what waits for a reason waits on."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.errors import RetryLater
from bot.model import Ticket, Timer
from bot.sendings import Sending, SendingState
from handlers.sendings import SENDING
from storage.engine import Database
from storage.hastening import hasten
from storage.mail_sink import StoredMailSink
from storage.queues import InboxQueue, OutboxQueue, TimerQueue
from tests.storage.making import NOON, FakeClock, a_mail, fetched, stored_ticket

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LONGEST, UNDO, DOUBT = 15 * MINUTE, timedelta(seconds=20), 5 * MINUTE


async def with_mails(database: Database) -> Ticket:
    """A mail that came and one that is to go, at the time that the clock shows."""
    await StoredMailSink(database).store([fetched(1)])
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        await uow.outbox.add(a_mail(ticket.id))
    return ticket


async def test_what_was_written_by_a_clock_that_was_ahead_goes_on(database: Database, clock: FakeClock) -> None:
    clock.move(hours=3)
    await with_mails(database)
    clock.move(hours=-3)
    inbox, outbox = InboxQueue(database), OutboxQueue(database, "w")
    assert not await inbox.take("mail", NOON, 9)
    assert not await outbox.claim(NOON, 9)
    database.wakes.mail_outbox.clear()
    assert await hasten(database, NOON, LONGEST, UNDO, DOUBT) == 2
    assert database.wakes.mail_outbox.is_set()
    assert len(await inbox.take("mail", NOON, 9)) == len(await outbox.claim(NOON, 9)) == 1
    assert await hasten(database, NOON, LONGEST, UNDO, DOUBT) == 0


async def test_what_failed_while_the_clock_was_ahead_goes_on(database: Database, clock: FakeClock) -> None:
    await with_mails(database)
    inbox, outbox = InboxQueue(database), OutboxQueue(database, "w")
    [mail], [row] = await inbox.take("mail", NOON, 9), await outbox.claim(NOON, 9)
    async with database.begin() as uow:
        await uow.inbox.mark_retry(mail.id, NOON + HOUR, "busy")
    await outbox.retry(row.id, NOON + HOUR, str(RetryLater("busy")), in_doubt=False)
    assert await hasten(database, NOON, HOUR, UNDO, DOUBT) == 0, "something may make it wait so long"
    assert await hasten(database, NOON, LONGEST, UNDO, DOUBT) == 2
    assert len(await inbox.take("mail", NOON, 9)) == len(await outbox.claim(NOON, 9)) == 1


async def test_a_mail_in_doubt_waits_for_its_copy_from_now_on(database: Database, clock: FakeClock) -> None:
    clock.move(hours=3)
    await with_mails(database)
    outbox = OutboxQueue(database, "w")
    [row] = await outbox.claim(clock.now(), 9)
    await outbox.retry(row.id, clock.now() + DOUBT, "broken off", in_doubt=True)
    clock.move(hours=-3)
    assert await hasten(database, NOON, LONGEST, UNDO, DOUBT) == 2, "the mail that came, and this one"
    assert not await outbox.claim(NOON + DOUBT - MINUTE, 9), "its copy may be on its way"
    assert await hasten(database, NOON + MINUTE, LONGEST, UNDO, DOUBT) == 0, "its wait is not begun over and over"
    assert len(await outbox.claim(NOON + DOUBT, 9)) == 1


async def press(database: Database, ticket_id: int, slack_ts: str, send_at: datetime) -> None:
    """An answer that goes out then, with its timer."""
    async with database.begin() as uow:
        sending = Sending(
            0, ticket_id, SendingState.WAITING, "U0EWA", "Proszę o logi.", NOON, slack_ts,
            sent_by="U0EWA", next_turn="customer", pressed_at=NOON, send_at=send_at,
        )  # fmt: skip
        sending = await uow.sendings.add(sending)
        key = f"{SENDING}:{sending.id}:{send_at.isoformat()}"
        await uow.clocks.set_timer(Timer(0, key, SENDING, ticket_id, send_at))


async def test_a_pressed_answer_does_not_wait_for_hours(database: Database, clock: FakeClock) -> None:
    ticket = await stored_ticket(database)
    for ahead, changed in ((UNDO, 0), (3 * HOUR, 1)):
        await press(database, ticket.id, f"1.{changed}", NOON + ahead)
        assert await hasten(database, NOON, LONGEST, UNDO, DOUBT) == changed
    assert await TimerQueue(database).next_fire_at() == NOON + UNDO
    async with database.read() as uow:
        assert {sending.send_at for sending in await uow.sendings.waiting(ticket.id)} == {NOON + UNDO}
