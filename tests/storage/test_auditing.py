"""The auditor's questions: each finds its neglect and nothing else, by an index, on both databases."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import Connection, event, text, update

from bot.effects import CallWebhook, Note, PostInThread, PostOperator, PublishHome
from bot.escalations import Escalation, EscalationSource
from bot.model import ClockKind, ClockState, TicketState, Timer
from bot.ports import OutboxState
from bot.rules.neglect import PATIENCE, STUCK_AFTER, Finding, Neglect, look_of
from storage.auditing import StoredAudit
from storage.engine import Database
from storage.escalation_tables import escalations
from storage.mail_sink import StoredMailSink
from storage.queues import OutboxQueue
from storage.schema import TimerState, Transport, clocks, outbox, tickets, timers
from tests.storage.making import NOON, FakeClock, a_clock, a_message, a_ticket, fetched, stored_ticket

MINUTE = timedelta(minutes=1)


def an_escalation(ticket_id: int) -> Escalation:
    return Escalation(0, ticket_id, EscalationSource.BREACH, "", "bot", NOON, "24x7", {})


def a_call(ticket_id: int, escalation_id: int, kind: str = "escalation") -> Timer:
    return Timer(0, f"{kind}:{escalation_id}", kind, ticket_id, NOON, escalation_id=escalation_id)


async def found(database: Database, clock: FakeClock, last: timedelta | None = None) -> list[Finding]:
    """What a look finds that comes so long after the last."""
    async with database.read() as uow:
        last_look = None if last is None else clock.now() - last
        return await StoredAudit(uow.transaction).findings(clock.now(), last_look)


async def still(database: Database, clock: FakeClock, finding: Finding) -> bool:
    async with database.begin() as uow:
        return await StoredAudit(uow.transaction).still(finding, clock.now())


async def test_a_deadline_that_nobody_marked(database: Database, clock: FakeClock) -> None:
    async with database.begin() as uow:
        ticket = await uow.tickets.add(a_ticket())
        late = await uow.clocks.add(a_clock(ticket.id, due_at=NOON))
        closed = await uow.tickets.add(a_ticket(state=TicketState.RESOLVED))
        await uow.clocks.add(a_clock(closed.id, due_at=NOON))
        for change in (
            {"breached_at": NOON},
            {"state": ClockState.MET, "ended_at": NOON},
            {"state": ClockState.PAUSED},
            {"kind": ClockKind.CUSTOMER_REPLY},
            {"kind": ClockKind.INTAKE},
            {"kind": ClockKind.AGREED},
            {"due_at": NOON + 3 * MINUTE},
        ):
            await uow.clocks.add(a_clock(ticket.id, **{"due_at": NOON, **change}))
    clock.move(minutes=2)
    assert await found(database, clock) == [], "the timers have a little time"
    clock.move(seconds=1)
    [finding] = await found(database, clock)
    key = f"overdue:{late.id}:{NOON.timestamp():.0f}"
    assert finding == Finding(Neglect.OVERDUE, key, ticket.number, NOON, ticket.id, late.id)
    assert await found(database, clock, timedelta(hours=1)) == [], "it came due while nothing ran"
    assert await found(database, clock, MINUTE) == [finding]
    assert await still(database, clock, finding)
    late.breached_at = NOON
    async with database.begin() as uow:
        await uow.clocks.update(late)
    assert not await still(database, clock, finding)
    assert await found(database, clock) == []


async def test_an_escalation_that_would_call_nobody(database: Database, clock: FakeClock) -> None:
    async with database.begin() as uow:
        made = [await uow.tickets.add(a_ticket()) for _ in range(4)]
        silent, calls, over, delivers = [await uow.escalations.add(an_escalation(ticket.id)) for ticket in made]
        for ticket in made:
            await uow.clocks.add(a_clock(ticket.id))
        await uow.clocks.set_timer(a_call(calls.ticket_id, calls.id))
        await uow.clocks.set_timer(a_call(delivers.ticket_id, delivers.id, "escalation_delivery"))
        over.ended_at = NOON
        await uow.escalations.update(over)
    findings = await found(database, clock)
    assert [(one.kind, one.about, one.subject_id) for one in findings] == [
        (Neglect.SILENT_ESCALATION, made[0].number, silent.id),
        (Neglect.SILENT_ESCALATION, made[3].number, delivers.id),
    ]
    async with database.begin() as uow:
        await uow.clocks.set_timer(a_call(silent.ticket_id, silent.id))
    assert [await still(database, clock, finding) for finding in findings] == [False, True]


async def test_a_ticket_for_which_nothing_runs(database: Database, clock: FakeClock) -> None:
    async with database.begin() as uow:
        forgotten = {state: await uow.tickets.add(a_ticket(state=state)) for state in TicketState}
        for state in ClockState:
            ticket = await uow.tickets.add(a_ticket())
            await uow.clocks.add(a_clock(ticket.id, state=state, ended_at=NOON))
        asked = await uow.tickets.add(a_ticket(state=TicketState.INCOMPLETE))
        await uow.clocks.add(a_clock(asked.id, kind=ClockKind.CUSTOMER_REPLY))
        await uow.tickets.add(a_ticket(facts={"enquiry": True}))
        await uow.tickets.add(a_ticket(facts={"enquiry": False}))
    findings = await found(database, clock)
    kinds = {finding.about: finding.kind for finding in findings}
    assert [kinds.get(forgotten[state].number) for state in TicketState] == [
        Neglect.NO_REMINDER,
        Neglect.NO_REMINDER,
        Neglect.NO_CLOCK,
        None,
        None,
        None,
    ]
    assert sorted(finding.kind for finding in findings) == [Neglect.NO_CLOCK] * 4 + [Neglect.NO_REMINDER] * 2


async def test_after_a_reply_no_clock_runs_until_the_customer_writes(database: Database, clock: FakeClock) -> None:
    async with database.begin() as uow:
        ticket = await uow.tickets.add(a_ticket(contacted_at=NOON))
        await uow.tickets.add_message(a_message(ticket.id, sent_at=NOON - MINUTE))
        await uow.clocks.add(a_clock(ticket.id, state=ClockState.MET, ended_at=NOON))
        await uow.tickets.add_message(a_message(ticket.id, sent_at=NOON + MINUTE, automatic=True))
    assert await found(database, clock) == [], "it is nobody's turn, and a robot does not change that"
    async with database.begin() as uow:
        await uow.tickets.add_message(a_message(ticket.id, sent_at=NOON + MINUTE))
    [finding] = await found(database, clock)
    async with database.begin() as uow:
        running = await uow.clocks.add(a_clock(ticket.id))
    assert not await still(database, clock, finding)
    running.state, running.ended_at = ClockState.CANCELLED, NOON
    async with database.begin() as uow:
        await uow.clocks.update(running)
    [again] = await found(database, clock)
    assert again.key != finding.key, "a clock ran meanwhile, so this is another neglect"


async def test_what_is_urgent_and_does_not_leave(database: Database, clock: FakeClock) -> None:
    ticket = await stored_ticket(database, contacted_at=NOON)
    reminder = PostInThread(ticket.id, Note.REMINDER, urgent=True)
    async with database.begin() as uow:
        await uow.outbox.add(PublishHome("U0EWA", is_staff=True))
        await uow.outbox.add(PostInThread(ticket.id, Note.TAKEN))
    clock.move(minutes=1)
    async with database.begin() as uow:
        oldest = await uow.outbox.add(reminder)
        await uow.outbox.add(PostOperator("parked"))
        rings = await uow.outbox.add(CallWebhook(ticket.id, 1, "call"))
    clock.time += STUCK_AFTER
    assert await found(database, clock) == []
    clock.move(seconds=1)
    findings = await found(database, clock)
    assert {(one.kind, one.subject_id, one.detail, one.count, one.ticket_id) for one in findings} == {
        (Neglect.STUCK, oldest, Transport.SLACK, 2, ticket.id),
        (Neglect.STUCK, rings, Transport.WEBHOOK, 1, ticket.id),
    }
    async with database.read() as uow:
        assert await StoredAudit(uow.transaction).urgent_since() == NOON, "also what nobody is forgotten by"
    async with database.begin() as uow:
        await uow.transaction.connection.execute(update(outbox).values(state=OutboxState.SENT))
        assert await StoredAudit(uow.transaction).urgent_since() is None
    assert await found(database, clock) == []


async def test_what_was_set_aside_and_nobody_was_told(database: Database, clock: FakeClock) -> None:
    others = [await stored_ticket(database, state=TicketState.WAITING) for _ in range(2)]
    sink = StoredMailSink(database)
    await sink.store([fetched(1), fetched(2)])
    await sink.store_unreadable("pomoc", 7, 3, "FETCH answered NO")
    async with database.begin() as uow:
        untold, told = [await uow.outbox.add(PostInThread(ticket.id, Note.TAKEN)) for ticket in others]
        notice = await uow.outbox.add(PostOperator("duty_gap"))
        await uow.outbox.add(CallWebhook(others[0].id, 1, "call"))
    queue = OutboxQueue(database, "w")
    for row in await queue.claim(NOON, 10):
        await queue.park(row.id, "channel_not_found")
    async with database.begin() as uow:
        await uow.inbox.mark_parked(1, "cannot be understood")
        for key in ("parked:1", f"outbox-parked:{told}"):
            await uow.outbox.add(PostOperator("about it"), dedupe_key=key)
    findings = await found(database, clock)
    assert {(one.kind, one.about, one.detail, one.reason, one.ticket_id) for one in findings} == {
        (Neglect.UNTOLD, "inbox 3", "mail", "FETCH answered NO", None),
        (Neglect.UNTOLD, f"outbox {untold}", "outbox", "channel_not_found", None),
        (Neglect.UNTOLD, f"outbox {notice}", "operator", "channel_not_found", None),
    }


async def test_one_process_a_minute_looks(database: Database, clock: FakeClock) -> None:
    async def takes_turn() -> bool:
        async with database.begin() as uow:
            return await StoredAudit(uow.transaction).take_turn(clock.now())

    assert [await takes_turn(), await takes_turn()] == [True, False]
    clock.move(minutes=1)
    assert [await takes_turn(), await takes_turn()] == [True, False]
    clock.move(days=-1)
    assert [await takes_turn(), await takes_turn()] == [True, False], "a clock that is set back stops nobody"


async def test_what_is_kept_of_a_look_and_of_what_was_told(database: Database) -> None:
    finding = Finding(Neglect.NO_CLOCK, "no_clock:1:0", "HEZO-2026-000001", NOON, 1, 1)
    other = Finding(Neglect.NO_CLOCK, "no_clock:2:0", "HEZO-2026-000002", NOON, 2, 2)
    async with database.begin() as uow:
        audit = StoredAudit(uow.transaction)
        assert await audit.last_look() is None
        await audit.keep_look(look_of(NOON, []))
        look = look_of(NOON + MINUTE, [finding] * 30)
        await audit.keep_look(look)
        assert await audit.last_look() == look
        assert (look.counts, len(look.named["no_clock"])) == ({"no_clock": 30}, 20)
        assert await audit.told([finding, other]) == set()
        assert await audit.is_first_to_tell(finding, NOON)
        assert not await audit.is_first_to_tell(finding, NOON + MINUTE)
        assert await audit.told([finding, other]) == {finding.key}


OPEN, ENDED = 30, 100


async def fill(database: Database) -> None:
    """Many tickets that are open and in order, and many more that are over."""
    async with database.begin() as uow:
        one = await uow.tickets.add(a_ticket())
        connection = uow.transaction.connection
        row = dict((await connection.execute(tickets.select())).mappings().one())
        states = [TicketState.OPEN] * OPEN + [TicketState.RESOLVED] * ENDED
        row["unfinished_clocks"] = 1
        rows = [row | {"id": n, "number": f"n{n}", "state": state} for n, state in enumerate(states, one.id + 1)]
        await connection.execute(tickets.insert(), rows)
        values = {"kind": "reaction", "calendar": "8x5", "started_at": NOON, "budget_us": MINUTE, "pauses": []}
        await connection.execute(
            clocks.insert(),
            [
                values | {"ticket_id": r["id"], "state": state, "due_at": NOON + timedelta(days=1)}
                for r in rows
                for state in ("met", "running" if r["state"] is TicketState.OPEN else "met")
            ],
        )
        timer = {"kind": "clock", "fire_at": NOON + timedelta(days=1), "clock_id": 1, "level": 50}
        done = [(n, TimerState.PENDING if n < OPEN else TimerState.DONE) for n in range(OPEN + ENDED)]
        await connection.execute(
            timers.insert(), [timer | {"key": f"{n}", "ticket_id": one.id, "state": state} for n, state in done]
        )
        escalation = await uow.escalations.add(an_escalation(one.id))
        await uow.clocks.set_timer(a_call(one.id, escalation.id))
        ended = dict((await connection.execute(escalations.select())).mappings().one())
        over = [ended | {"id": n, "ended_at": NOON} for n in range(escalation.id + 1, escalation.id + ENDED)]
        await connection.execute(escalations.insert(), over)
        post = {"transport": Transport.SLACK, "lane": "l", "type": "PostCard", "effect": {}, "urgent": True}
        post |= {"created_at": NOON, "next_attempt_at": NOON}
        sent = [OutboxState.SENT] * ENDED + [OutboxState.PENDING] * 3 + [OutboxState.PARKED] * 3
        await connection.execute(outbox.insert(), [post | {"state": state} for state in sent])
        await connection.execute(text("ANALYZE"))  # plans follow what lies in the tables, not what is guessed of it


async def plans_of(database: Database, clock: FakeClock) -> list[str]:
    """How the database would answer each of the auditor's questions."""
    asked: list[tuple[str, object]] = []

    def note(_connection: Connection, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(database._reader.sync_engine, "before_cursor_execute", note)
    assert len(await found(database, clock, MINUTE)) == 4
    event.remove(database._reader.sync_engine, "before_cursor_execute", note)
    explain = "EXPLAIN" if database.is_postgresql else "EXPLAIN QUERY PLAN"
    plans = []
    async with database.read() as uow:
        if database.is_postgresql:  # so few rows are best read as they lie; whether an index would do is the question
            await uow.transaction.connection.execute(text("SET LOCAL enable_seqscan = off"))
        for statement, parameters in asked:
            rows = await uow.transaction.connection.exec_driver_sql(f"{explain} {statement}", parameters)  # type: ignore[arg-type]  # as the driver was given them
            plans.append("\n".join(str(row[-1]) for row in rows))
    return plans


async def test_nothing_that_is_over_is_looked_through(database: Database, clock: FakeClock) -> None:
    await fill(database)
    clock.time += PATIENCE
    plans = await plans_of(database, clock)
    assert len(plans) == 7
    for plan in plans:
        for line in plan.splitlines():
            assert "Seq Scan" not in line, plan
            assert not re.match(r"SCAN (?!anon_|\w+ USING (COVERING )?INDEX [iu][xq]_)", line), plan
    used = (
        "ix_clocks_running uq_escalations_open ix_timers_escalation_id ix_tickets_idle ix_outbox_lane ix_outbox_parked "
        "ix_inbox_parked"
    )
    assert [index for index in used.split() if index not in "".join(plans)] == []
