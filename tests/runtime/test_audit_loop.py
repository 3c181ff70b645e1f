"""The auditor's loop: what it finds is escalated once, what heals is left alone, and health knows that it looked."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.config import Config
from bot.effects import Effect, Note, PostCard, PostEscalationCall, PostInThread, PostOperator, SendMail
from bot.escalations import Escalation, EscalationSource
from bot.health import Pulse, what_lags
from bot.loops.audit import AuditLoop
from bot.model import Ticket
from bot.rules.neglect import LOOK_EVERY, Look
from bot.rules.sla import terms_from_config
from bot.sandbox.clock import MovableClock
from handlers.context import Context, ContextMaker
from handlers.escalations import raise_escalation
from storage.auditing import StoredAudit
from storage.effects_json import effect_from_json
from storage.engine import Database
from storage.escalation_tables import escalations
from storage.migrating import upgrade
from storage.queues import OutboxQueue, TimerQueue
from storage.schema import outbox, timers
from tests.storage.making import NOON, a_clock, a_ticket
from tests.support.timer_loops import PATIENCE, open_database, plain_config

CONFIG = plain_config(escalation={"mail_to": ["szef@myhezo.pl"]})
MINUTE = timedelta(minutes=1)
AT_ONCE = 2


@dataclass
class Watch:
    """A database, an auditor that runs, and a clock that stands still until it is moved."""

    database: Database
    clock: MovableClock
    contexts: ContextMaker

    async def ticket(self, **changes: object) -> Ticket:
        terms = {priority: terms.to_json() for priority, terms in terms_from_config(CONFIG.sla).items()}
        async with self.database.begin() as uow:
            return await uow.tickets.add(a_ticket(terms=terms, **changes))

    async def in_order(self) -> Ticket:
        """A ticket that nobody has forgotten."""
        ticket = await self.ticket()
        async with self.database.begin() as uow:
            await uow.clocks.add(a_clock(ticket.id, due_at=NOON + timedelta(days=9)))
        return ticket

    async def look(self) -> Look:
        """A minute passes; gives what the auditor found then."""
        self.clock.move(LOOK_EVERY)
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self.database.read() as uow:
                    look = await StoredAudit(uow.transaction).last_look()
                if look is not None and look.at == self.clock.now():
                    return look
                await asyncio.sleep(0.005)

    async def raised(self) -> list[Escalation]:
        async with self.database.read() as uow:
            return list(await uow.escalations.all_open(100))

    async def effects(self, *kinds: type[Effect]) -> list[Effect]:
        async with self.database.read() as uow:
            rows = await uow.transaction.connection.execute(select(outbox.c.type, outbox.c.effect))
            effects = [effect_from_json(row.type, row.effect) for row in rows]
        return [effect for effect in effects if isinstance(effect, kinds)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy from."""
    file = tmp_path_factory.mktemp("audit") / "template.sqlite3"
    with asyncio.Runner() as runner:
        runner.run(upgrade(f"sqlite+aiosqlite:///{file}"))
    return file


@asynccontextmanager
async def auditing(database: Database, contexts: ContextMaker) -> AsyncIterator[None]:
    """An auditor that runs meanwhile."""
    stopping = asyncio.Event()
    task = asyncio.create_task(AuditLoop(database, contexts, at_once=AT_ONCE, glance=0.02).run(stopping))
    await asyncio.sleep(0)  # it waits for its minute from now on
    try:
        yield
    finally:
        stopping.set()
        async with asyncio.timeout(PATIENCE):
            await task


def contexts_of(config: Config) -> ContextMaker:
    """With a clock that stands still."""
    return ContextMaker(MovableClock(NOON, frozen=True), config, b"key")


@asynccontextmanager
async def watching(tmp_path: Path, template: Path, contexts: ContextMaker) -> AsyncIterator[Watch]:
    clock = contexts.clock
    assert isinstance(clock, MovableClock)
    async with AsyncExitStack() as stack:
        database = open_database(f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'h.sqlite3')}", clock)
        await database.open()
        stack.push_async_callback(database.close)
        await stack.enter_async_context(auditing(database, contexts))
        yield Watch(database, clock, contexts)


@pytest.fixture
async def watch(tmp_path: Path, template: Path) -> AsyncIterator[Watch]:
    async with watching(tmp_path, template, contexts_of(CONFIG)) as watch:
        yield watch


async def test_a_gap_in_the_rota_is_announced_in_advance_and_once(tmp_path: Path, template: Path) -> None:
    office = {"user": "U0EWA", "days": [1, 2, 3, 4, 5], "from": "09:00", "to": "17:00"}
    rota = plain_config(duty={"weekly": [office]})
    async with watching(tmp_path, template, contexts_of(rota)) as watch:
        for _ in range(3):
            await watch.look()
        gaps = [effect for effect in await watch.effects(PostOperator) if "duty_gap" in str(effect)]
        assert len(gaps) == len({str(gap) for gap in gaps}) > 0


async def test_a_deadline_that_nobody_heard_of_is_escalated_once(watch: Watch) -> None:
    ticket = await watch.in_order()
    async with watch.database.begin() as uow:
        late = await uow.clocks.add(a_clock(ticket.id, due_at=NOON))
    assert [(await watch.look()).counts for _ in range(2)] == [{}, {}]
    for _ in range(3):
        look = await watch.look()
        assert (look.counts, look.named) == ({"overdue": 1}, {"overdue": [ticket.number]})
        [escalation] = await watch.raised()
    assert (escalation.source, escalation.clock_id) == (EscalationSource.AUDIT, late.id)
    assert escalation.reason == (
        f"Nikt się nie dowiedział, że minął termin zgłoszenia {ticket.number}: pon., 2 mar 2026, 13:00 (CET)."
    )
    assert "joined" not in escalation.facts
    assert len(await watch.effects(PostEscalationCall)) == 1
    async with watch.database.begin() as uow:
        await uow.clocks.update(replace(late, breached_at=NOON))
    assert (await watch.look()).counts == {}, "the timers woke up"


async def test_tickets_for_which_nothing_runs_are_escalated(watch: Watch) -> None:
    for state in ("open", "held"):
        await watch.ticket(state=state)
    look = await watch.look()
    assert look.counts == {"no_clock": 1, "no_reminder": 1}
    assert [escalation.source for escalation in await watch.raised()] == [EscalationSource.AUDIT] * 2
    await watch.look()
    assert len(await watch.raised()) == 2


async def test_the_chain_of_a_silent_escalation_goes_on(watch: Watch) -> None:
    ticket = await watch.in_order()
    async with watch.database.begin() as uow:
        raised = await raise_escalation(uow, watch.contexts(), ticket, EscalationSource.ENGINEER, "proszę", "U0EWA")
        await uow.transaction.connection.execute(timers.delete().where(timers.c.escalation_id == raised.id))
    assert (await watch.look()).counts == {"silent_escalation": 1}
    assert (await watch.look()).counts == {}, "a timer would call again"
    [escalation] = await watch.raised()
    assert (escalation.source, "joined" in escalation.facts) == (EscalationSource.ENGINEER, False)
    [told] = await watch.effects(PostOperator)
    assert isinstance(told, PostOperator)
    assert ticket.number in str(told.data["what"])
    next_call = await TimerQueue(watch.database).next_fire_at()
    assert next_call is not None


async def test_what_is_stuck_in_slack_leaves_by_other_ways(watch: Watch) -> None:
    ticket, other = await watch.in_order(), await watch.in_order()
    async with watch.database.begin() as uow:
        for one in (ticket, other):
            await uow.outbox.add(PostInThread(one.id, Note.REMINDER, urgent=True))
    for _ in range(5):
        assert (await watch.look()).counts == {}
    assert (await watch.look()).counts == {"stuck": 1}
    [escalation] = await watch.raised()
    assert escalation.ticket_id == ticket.id, "one for all, which calls by mail when Slack does not take it"
    await watch.look()
    assert len(await watch.raised()) == 1
    assert await watch.effects(PostOperator) == []


async def test_what_operators_cannot_read_in_slack_is_mailed(watch: Watch) -> None:
    ticket = await watch.in_order()
    async with watch.database.begin() as uow:
        await uow.outbox.add(PostOperator("duty_gap"))
        await uow.outbox.add(PostInThread(ticket.id, Note.TAKEN))
    queue = OutboxQueue(watch.database, "w")
    for row in await queue.claim(NOON, 2):
        await queue.park(row.id, "the channel C0ESCALATE is archived")
    assert (await watch.look()).counts == {"untold": 2}
    assert (await watch.look()).counts == {}
    [mail] = await watch.effects(SendMail)
    assert isinstance(mail, SendMail)
    assert (mail.to, "is archived" in mail.text) == ("szef@myhezo.pl", True)
    told = [effect.what for effect in await watch.effects(PostOperator) if isinstance(effect, PostOperator)]
    assert told == ["duty_gap", "outbox_parked"]


async def test_when_everything_broke_people_are_told_of_a_few_a_minute(watch: Watch) -> None:
    for _ in range(AT_ONCE + 2):
        await watch.ticket()
    counts = []
    for _ in range(3):
        assert (await watch.look()).counts == {"no_clock": AT_ONCE + 2}
        counts.append(len(await watch.raised()))
    assert counts == [AT_ONCE, AT_ONCE + 2, AT_ONCE + 2]


async def test_what_cannot_be_escalated_is_at_least_told(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    async with watch.database.begin() as uow:
        broken = await uow.tickets.add(a_ticket())  # it has no terms, so no chain can be made for it
    fine = await watch.ticket()
    for _ in range(2):
        assert (await watch.look()).counts == {"no_clock": 2}
    assert [escalation.ticket_id for escalation in await watch.raised()] == [fine.id]
    [told] = await watch.effects(PostOperator)
    assert isinstance(told, PostOperator)
    assert (told.what, told.data["about"]) == ("audit_failed", broken.number)
    assert "a finding could not be heeded" in caplog.text


async def test_of_two_processes_one_looks_and_each_finding_is_told_once(watch: Watch) -> None:
    await watch.ticket()
    async with auditing(watch.database, watch.contexts):
        for _ in range(3):
            await watch.look()
    assert [escalation.calls for escalation in await watch.raised()] == [1]
    async with watch.database.read() as uow:
        query = select(escalations.c.facts)
        assert [row.facts for row in await uow.transaction.connection.execute(query)] == [{}]


@pytest.mark.parametrize("looked_before", [True, False])
async def test_after_a_stop_the_timers_have_their_minute(watch: Watch, looked_before: bool) -> None:
    ticket = await watch.in_order()
    if looked_before:
        await watch.look()
    async with watch.database.begin() as uow:
        await uow.outbox.add(PostInThread(ticket.id, Note.REMINDER, urgent=True))
    async with watch.database.begin() as uow:
        await uow.clocks.add(a_clock(ticket.id, due_at=NOON + timedelta(hours=1)))
    watch.clock.move(timedelta(hours=3))  # the machine slept
    assert [(await watch.look()).counts for _ in range(2)] == [{}, {"overdue": 1, "stuck": 1}]


@dataclass(frozen=True)
class SlowContexts(ContextMaker):
    """The first look with it takes a minute."""

    asked: list[Context] = field(default_factory=list)

    def __call__(self) -> Context:
        made = super().__call__()
        if not self.asked and isinstance(self.clock, MovableClock):
            self.clock.move(LOOK_EVERY)
        self.asked.append(made)
        return made


async def test_after_a_look_that_took_a_minute_the_next_is_due(tmp_path: Path, template: Path) -> None:
    contexts = SlowContexts(MovableClock(NOON, frozen=True), CONFIG, b"key")
    async with watching(tmp_path, template, contexts) as watch:
        look = await watch.look()
    assert (len(contexts.asked), look.at) == (2, NOON + 2 * LOOK_EVERY)


def pulse(**changes: datetime | None) -> Pulse:
    return replace(Pulse(NOON, NOON + timedelta(hours=1), None, None), **changes)  # type: ignore[arg-type]  # fields


@pytest.mark.parametrize(
    ("changes", "after", "lags"),
    [
        ({}, 3 * MINUTE, []),
        ({}, 3.1 * MINUTE, ["the auditor has not looked since 2026-03-02T13:00:00+00:00"]),
        ({"looked_at": None}, -57 * MINUTE, []),
        ({"looked_at": None}, -56.9 * MINUTE, ["the auditor has not looked since 2026-03-02T12:00:00+00:00"]),
        ({"looked_at": NOON - timedelta(days=1)}, -57 * MINUTE, []),
        ({"timer_due": NOON + timedelta(hours=1)}, 2 * MINUTE, []),
        (
            {"timer_due": NOON + timedelta(hours=1)},
            2.1 * MINUTE,
            ["what is due is not done (timers) since 2026-03-02T13:00:00+00:00"],
        ),
        ({"timer_due": NOON - timedelta(days=1), "looked_at": None}, -58 * MINUTE, []),
        ({"urgent_since": NOON + timedelta(minutes=55)}, timedelta(0), []),
        (
            {"urgent_since": NOON + timedelta(minutes=54)},
            timedelta(0),
            ["urgent messages do not leave (outbox) since 2026-03-02T12:54:00+00:00"],
        ),
    ],
)
def test_what_makes_health_red(changes: dict[str, datetime | None], after: timedelta, lags: list[str]) -> None:
    assert what_lags(pulse(**changes), NOON + timedelta(hours=1) + after) == lags


async def test_what_a_wrong_clock_put_off_goes_on_as_soon_as_it_is_set_back(watch: Watch) -> None:
    watch.clock.move(timedelta(hours=3))
    await watch.look()
    ticket = await watch.ticket()
    async with watch.database.begin() as uow:
        await uow.outbox.add(PostCard(ticket.id))
    watch.clock.move(-timedelta(hours=3))
    queue = OutboxQueue(watch.database, "a start")
    async with asyncio.timeout(PATIENCE):
        while not await queue.claim(watch.clock.now(), 1):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.005)
