"""What is old goes, class by class and in batches; what is younger, open or waiting stays. On both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, text, update

from bot.effects import MailKind, Note, PostCard, PostInThread, SendMail, TellUser
from bot.model import Attachment, AttachmentVerdict, ClockState, JournalEntry, Language, TicketState
from bot.ports import InboxState, OutboxState
from storage.engine import Database
from storage.inbox import SLACK
from storage.mail_sink import StoredMailSink
from storage.queues import InboxQueue, OutboxQueue
from storage.retention import CLASSES
from storage.schema import TimerState, attachments, blobs, inbox, outbox, tickets, timers
from tests.storage.making import NOON, FakeClock, a_clock, a_message, a_timer, fetched, stored_ticket

DAY = timedelta(days=1)


async def let_go(database: Database, name: str, *, limit: int = 100) -> int:
    """What is older than a day goes, as of a day and a minute after NOON."""
    async with database.begin() as uow:
        return await CLASSES[name](uow, NOON + timedelta(minutes=1), limit)


async def test_octets_of_mails_go_and_that_they_came_stays(database: Database, clock: FakeClock) -> None:
    sink = StoredMailSink(database)
    await sink.store([fetched(number) for number in (1, 2, 3)])
    await sink.store_unreadable("pomoc", 7, 9, "too odd")
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        for number in (1, 2):
            await uow.inbox.finish(number, InboxState.DONE, "opened", ticket.id)
        for to in ("a@klient.example", "b@klient.example"):
            await uow.outbox.add(SendMail(MailKind.NOTICE, ticket.id, to, "", "x", "y", Language.PL))
    [sent] = await OutboxQueue(database, "w").claim(NOON, 1)
    async with database.begin() as uow:
        await uow.outbox.mark_sent(sent.id, {})
    assert [await let_go(database, "mails", limit=1) for _ in range(3)] == [1, 1, 0]
    clock.time += 2 * DAY
    await sink.store([fetched(4)])
    async with database.begin() as uow:
        await uow.inbox.finish(5, InboxState.DONE, "opened", ticket.id)
    assert await let_go(database, "mails") == 0, "a younger one"
    async with database.read() as uow:
        rows = (await uow.transaction.connection.execute(select(inbox).order_by(inbox.c.id))).all()
        assert [bool(row.body) for row in rows] == [False, False, True, False, True]
        raws = (await uow.transaction.connection.execute(select(outbox.c.raw).order_by(outbox.c.id))).all()
        assert [row.raw is not None for row in raws] == [False, True], "what waits keeps its octets"
    await sink.store([fetched(1)])
    async with database.read() as uow:
        assert await uow.transaction.connection.scalar(select(func.count()).select_from(inbox)) == 5, "known by its UID"


async def test_slack_payloads_and_what_was_set_aside_go(database: Database, clock: FakeClock) -> None:
    queue = InboxQueue(database)
    for number in (1, 2, 3):
        await queue.add_slack(f"k{number}", "block_actions", b"{}", NOON)
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        await uow.inbox.finish(1, InboxState.DONE, "clicked")
        await uow.inbox.mark_parked(2, "Anna Nowak: cannot be read")
        await uow.outbox.add(
            PostInThread(ticket.id, Note.CUSTOMER_WROTE, {"text": "Nie działa", "address": "a@b.example"})
        )
    outbox_queue = OutboxQueue(database, "w")
    [row] = await outbox_queue.claim(NOON, 5)
    await outbox_queue.park(row.id, "channel_not_found")
    assert [await let_go(database, "slack_payloads"), await let_go(database, "slack_payloads")] == [1, 0]
    assert [await let_go(database, "set_aside"), await let_go(database, "set_aside")] == [1, 0]
    async with database.read() as uow:
        came = (
            await uow.transaction.connection.execute(select(inbox).where(inbox.c.source == SLACK).order_by(inbox.c.id))
        ).all()
        assert [(one.state, bool(one.body)) for one in came] == [
            (InboxState.DONE, False), (InboxState.DONE, False), (InboxState.NEW, True)
        ]  # fmt: skip
        [given_up] = (await uow.transaction.connection.execute(select(outbox))).all()
        assert (given_up.state, given_up.effect["data"]["text"], given_up.error) == (
            OutboxState.CANCELLED,
            "[erased]",
            None,
        )


async def ended_and_open(database: Database) -> list[int]:
    """Two tickets that have ended, one of them lately, and one that is open; each with words and the same file."""
    made = []
    for state, closed_at in (
        (TicketState.RESOLVED, NOON),
        (TicketState.CLOSED, NOON + 2 * DAY),
        (TicketState.OPEN, None),
    ):
        ticket = await stored_ticket(database, state=state, closed_at=closed_at, slack_ts="1.1", slack_channel="C0")
        async with database.begin() as uow:
            await uow.tickets.add_participant(ticket.id, "szef@klient.example")
            message = await uow.tickets.add_message(a_message(ticket.id))
            file = Attachment(0, ticket.id, message.id, 0, "logi.txt", "text/plain", 4, AttachmentVerdict.KEPT)
            await uow.attachments.add(file, b"logi")
            said: dict[str, object] = {"words": ["Nie działa"], "by": "szef@klient.example", "outcome": "complete"}
            await uow.journal(JournalEntry(ticket.id, NOON, "szef@klient.example", "report_received", said))
        made.append(ticket.id)
    return made


async def test_files_go_with_their_last_ticket(database: Database, clock: FakeClock) -> None:
    await ended_and_open(database)
    assert [await let_go(database, "files"), await let_go(database, "files")] == [1, 0]
    async with database.read() as uow:
        rows = (await uow.transaction.connection.execute(select(attachments).order_by(attachments.c.id))).all()
        assert [(row.name, row.sha256 is not None) for row in rows] == [("logi.txt", False), *[("logi.txt", True)] * 2]
        assert await uow.transaction.connection.scalar(select(func.count()).select_from(blobs)) == 1
    async with database.begin() as uow:
        await uow.transaction.connection.execute(update(tickets).values(state=TicketState.CLOSED, closed_at=NOON))
    assert [await let_go(database, "files", limit=1) for _ in range(3)] == [1, 1, 0]
    async with database.read() as uow:
        assert await uow.transaction.connection.scalar(select(func.count()).select_from(blobs)) == 0


async def test_words_and_people_of_an_ended_ticket_go_and_what_happened_stays(
    database: Database, clock: FakeClock
) -> None:
    old, *others = await ended_and_open(database)
    assert [await let_go(database, "tickets"), await let_go(database, "tickets")] == [1, 0]
    async with database.read() as uow:
        ticket = await uow.tickets.get(old)
        assert ticket.requester.startswith("erased_")
        assert (ticket.requester_name, ticket.subject, ticket.state) == ("", "[erased]", TicketState.RESOLVED)
        assert all(who.startswith("erased_") for who in await uow.tickets.participants(old))
        [message] = await uow.tickets.messages(old)
        assert (message.text, message.author, message.sent_at) == ("[erased]", ticket.requester, NOON)
        line, erased = await uow.journal_of(old)
        assert (line.kind, line.actor, line.data["by"]) == ("report_received", line.data["by"], line.actor)
        assert (line.data["words"], line.data["outcome"], erased.kind) == (["[erased]"], "complete", "words_erased")
        for other in others:
            assert (await uow.tickets.get(other)).requester == "anna@klient.example"
            assert [message.text for message in await uow.tickets.messages(other)] == ["Nie działa."]
        effects = list(await uow.transaction.connection.scalars(select(outbox.c.type)))
        assert effects == ["PostCard"], "its head message says what is left"


async def test_traces_go(database: Database, clock: FakeClock) -> None:
    ended = await stored_ticket(database, state=TicketState.CLOSED, closed_at=NOON)
    going_on = await stored_ticket(database)
    async with database.begin() as uow:
        clocks = [
            await uow.clocks.add(a_clock(ended.id, state=ClockState.MET, ended_at=NOON)),
            await uow.clocks.add(a_clock(going_on.id)),
        ]
        for clock_ in clocks:
            for number in (1, 2):
                key = f"{clock_.id}:{number}"
                await uow.clocks.set_timer(a_timer(clock_.ticket_id, key, NOON, clock_id=clock_.id))
        await uow.transaction.connection.execute(
            update(timers).where(timers.c.key.like("%:1")).values(state=TimerState.DONE)
        )
        await uow.outbox.add(TellUser("C0", "U0", "not_allowed"))
        await uow.outbox.add(PostCard(ended.id))
        await uow.outbox.add(PostInThread(ended.id, Note.TAKEN))
        await uow.transaction.connection.execute(update(outbox).values(state=OutboxState.SENT))
        await uow.outbox.add(PostCard(going_on.id))
    assert [await let_go(database, "traces"), await let_go(database, "traces")] == [2, 0]
    async with database.read() as uow:
        kept = list(await uow.transaction.connection.scalars(select(timers.c.key).order_by(timers.c.id)))
        assert kept == ["1:2", "2:1", "2:2"], "what has acted on a ticket that goes on keeps its key from acting again"
        types = list(await uow.transaction.connection.scalars(select(outbox.c.type).order_by(outbox.c.id)))
        assert types == ["PostInThread", "PostCard"]


async def plans_of(database: Database, name: str) -> str:
    """How the database finds what is old of a class."""
    statements: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and "advisory" not in statement:
            statements.append((statement, parameters))

    event.listen(database._writer.sync_engine, "before_cursor_execute", note)
    await let_go(database, name)
    event.remove(database._writer.sync_engine, "before_cursor_execute", note)
    explain = "EXPLAIN" if database.is_postgresql else "EXPLAIN QUERY PLAN"
    found: list[str] = []
    async with database.begin() as uow:
        connection = uow.transaction.connection
        if database.is_postgresql:  # an empty table is best read as it lies; whether an index would do is asked
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        for statement, parameters in statements:
            rows = await connection.exec_driver_sql(f"{explain} {statement}", parameters)  # type: ignore[arg-type]  # as the driver was given them
            found += [str(row[-1]) for row in rows]
    return "\n".join(found)


@pytest.mark.parametrize(
    ("name", "indexes"),
    [
        ("mails", ["ix_inbox_kept", "ix_outbox_octets"]),
        ("slack_payloads", ["ix_inbox_kept"]),
        ("set_aside", ["ix_inbox_parked", "ix_outbox_parked"]),
        ("tickets", ["ix_tickets_ended"]),
        ("traces", ["ix_timers_over", "ix_outbox_passing"]),
    ],
)
async def test_finding_what_is_old_looks_through_nothing_else(
    database: Database, name: str, indexes: list[str]
) -> None:
    plans = await plans_of(database, name)
    assert [index for index in indexes if index not in plans] == [], plans
    assert "Seq Scan" not in plans
