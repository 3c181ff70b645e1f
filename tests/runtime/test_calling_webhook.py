"""Calls of the webhook: they say what is stored, once each, none that is over, and they hold up nobody."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.config_escalation import WebhookConfig
from bot.edges.webhook import webhook
from bot.effects import CallWebhook, PostOperator
from bot.errors import RetryLater
from bot.escalations import Escalation, EscalationSource
from bot.loops.calling_webhook import WebhookPerformer
from bot.loops.outbox import OutboxLoop
from bot.model import JournalEntry, Ticket
from bot.ports import OutboxState
from bot.sandbox.clock import MovableClock
from handlers.context import ContextMaker
from handlers.escalation_alerts import body
from storage.engine import Database
from storage.migrating import upgrade
from storage.queues import OutboxQueue
from storage.schema import Transport, outbox
from tests.storage.making import NOON, a_clock, a_ticket
from tests.support.timer_loops import PATIENCE, open_database, plain_config
from tests.support.webhook_receiver import SECRET, Receiver, cuts, receiving, says, stays_silent

MINUTE = timedelta(minutes=1)


@dataclass
class Stage:
    """An escalation of a breached clock, a receiver, and the loop between them.

    Attributes:
        slack_is_up: Whether Slack says where its messages are.
    """

    database: Database
    clock: MovableClock
    receiver: Receiver
    ticket: Ticket
    escalation: Escalation
    slack_is_up: bool = True

    async def workspace_url(self) -> str:
        if not self.slack_is_up:
            raise RetryLater("Slack cannot be reached")
        return "https://hezo.slack.com/"

    async def change(self, **values: object) -> None:
        """Something happens to the escalation."""
        async with self.database.begin() as uow:
            kept = await uow.escalations.get(self.escalation.id)
            await uow.escalations.update(replace(kept, **values))  # type: ignore[arg-type]  # a test names fields
        async with self.database.read() as uow:
            self.escalation = await uow.escalations.get(self.escalation.id)

    async def decide(self, event: str = "call") -> int:
        """The webhook is to be called about the escalation as it is now; gives the row."""
        data = {**body(self.ticket, self.escalation, self.clock.now()), "event": event, "slack_down": False}
        async with self.database.begin() as uow:
            row = await uow.outbox.add(CallWebhook(self.ticket.id, self.escalation.id, event, data))
        assert row is not None
        return row

    async def states(self) -> list[OutboxState]:
        async with self.database.read() as uow:
            query = select(outbox.c.state).where(outbox.c.transport == Transport.WEBHOOK).order_by(outbox.c.id)
            return list(await uow.transaction.connection.scalars(query))

    async def tried(self) -> int:
        async with self.database.read() as uow:
            query = select(func.sum(outbox.c.attempts)).where(outbox.c.transport == Transport.WEBHOOK)
            return await uow.transaction.connection.scalar(query) or 0

    async def notices(self) -> list[str]:
        """What operators are told."""
        queue = OutboxQueue(self.database, "reader")
        rows = await queue.claim(self.clock.now(), 10, Transport.SLACK)
        return [str(row.effect.data["reason"]) for row in rows if isinstance(row.effect, PostOperator)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy from."""
    file = tmp_path_factory.mktemp("webhook") / "template.sqlite3"
    with asyncio.Runner() as runner:
        runner.run(upgrade(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture
async def stage(tmp_path: Path, template: Path) -> AsyncIterator[Stage]:
    shutil.copy(template, tmp_path / "hezo360.sqlite3")
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(receiving())
        clock = MovableClock(NOON, frozen=True)
        database = open_database(f"sqlite+aiosqlite:///{tmp_path}/hezo360.sqlite3", clock)
        await database.open()
        stack.push_async_callback(database.close)
        async with database.begin() as uow:
            ticket = await uow.tickets.add(a_ticket())
            late = await uow.clocks.add(a_clock(ticket.id, due_at=NOON - 3 * MINUTE, breached_at=NOON - 3 * MINUTE))
            escalation = await uow.escalations.add(
                Escalation(
                    0, ticket.id, EscalationSource.BREACH, "po terminie", "bot", NOON, "24x7", {}, clock_id=late.id,
                    calls=1, step=0, called_at=NOON,
                )
            )  # fmt: skip
            for call, mention in enumerate((["U0OLD"], ["U0JAN", "U0EWA"])):
                data: dict[str, object] = {"escalation": escalation.id, "mention": mention, "kind": "step"}
                await uow.journal(JournalEntry(ticket.id, NOON + call * MINUTE, "bot", "escalation_called", data))
        yield Stage(database, clock, receiver, ticket, escalation)


async def calling(stage: Stage, until: list[OutboxState], *, tried: int = 0) -> None:
    """Let the loop run until the rows are in these states, and were tried so often together."""
    config = WebhookConfig(url=stage.receiver.url, secret=SecretStr(SECRET))
    config = config.model_copy(update={"timeout": timedelta(seconds=0.2)})
    contexts = ContextMaker(stage.clock, plain_config(), b"key")
    wake, stopping = stage.database.wakes.webhook_outbox, asyncio.Event()
    async with (
        webhook(config.model_copy(update={"timeout": timedelta(seconds=0.2)})) as hook,
        asyncio.timeout(PATIENCE),
    ):
        performer = WebhookPerformer(hook, stage.database, stage.clock, stage.workspace_url)
        queue = OutboxQueue(stage.database, "a start")
        loop = OutboxLoop(Transport.WEBHOOK, performer, stage.database, queue, wake, contexts, _no_check)
        task = asyncio.create_task(loop.run(stopping))
        while await stage.states() != until or await stage.tried() < tried:
            await asyncio.sleep(0.01)
            if task.done():
                task.result()
        stopping.set()
        wake.set()
        await task


async def _no_check() -> None:
    """Nothing keeps all rows from being performed."""


async def test_a_call_says_what_is_stored_when_it_is_made(stage: Stage) -> None:
    row = await stage.decide()
    stage.clock.move(2 * MINUTE)
    await stage.change(slack_channel="C0ESCALATE", slack_ts="1700000000.000100")
    await calling(stage, [OutboxState.SENT])
    (got,) = stage.receiver.received
    assert got.is_genuine
    assert got.data == {
        "at": "2026-03-02T12:00:00+00:00",
        "sent_at": "2026-03-02T12:02:00+00:00",
        "id": f"out-{row}",
        "event": "call",
        "slack_down": False,
        "escalation": stage.escalation.id,
        "call": 1,
        "step": 1,
        "ticket": stage.ticket.number,
        "subject": "FortiGate nie działa",
        "priority": "non_critical",
        "customer": None,
        "source": "breach",
        "reason": "po terminie",
        "since": "2026-03-02T12:00:00+00:00",
        "clock": {"kind": "reaction", "due_at": "2026-03-02T11:57:00+00:00", "late_s": 300},
        "called": ["U0JAN", "U0EWA"],
        "owner": None,
        "outcome": None,
        "link": "https://hezo.slack.com/archives/C0ESCALATE/p1700000000000100",
    }


async def test_it_rings_while_slack_is_down(stage: Stage) -> None:
    stage.slack_is_up = False
    await stage.change(slack_channel="C0ESCALATE", slack_ts="1700000000.000100")
    await stage.decide()
    await calling(stage, [OutboxState.SENT])
    assert stage.receiver.received[0].data["link"] is None


async def test_what_breaks_is_repeated_under_the_same_id_and_in_its_order(stage: Stage) -> None:
    stage.receiver.answers = [cuts, says(503)]
    await stage.decide()
    await calling(stage, [OutboxState.PENDING], tried=1)
    for tried, state in ((2, OutboxState.PENDING), (3, OutboxState.SENT)):
        stage.clock.move(MINUTE)
        await calling(stage, [state], tried=tried)
    await stage.change(acknowledged_at=stage.clock.now(), owner="U0JAN")
    await stage.decide("acknowledged")
    await calling(stage, [OutboxState.SENT] * 2)
    assert [(got.data["event"], got.data["owner"]) for got in stage.receiver.received] == [
        *[("call", None)] * 3,
        ("acknowledged", "U0JAN"),
    ]
    assert len({got.headers["X-Hezo360-Id"] for got in stage.receiver.received}) == 2
    assert await stage.notices() == []


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"acknowledged_at": NOON, "owner": "U0JAN"},
        {"ended_at": NOON, "outcome": "answered"},
        {"calls": 2},
    ],
)
async def test_nobody_is_rung_for_what_is_over(stage: Stage, meanwhile: dict[str, object]) -> None:
    await stage.decide()
    await stage.change(**meanwhile)
    await stage.decide("ended")
    await calling(stage, [OutboxState.SENT] * 2)
    assert [got.data["event"] for got in stage.receiver.received] == ["ended"]


async def test_whoever_has_it_is_rung_again_when_it_asks_again(stage: Stage) -> None:
    await stage.change(acknowledged_at=NOON, owner="U0JAN")
    await stage.decide()
    await calling(stage, [OutboxState.SENT])
    assert [got.data["owner"] for got in stage.receiver.received] == ["U0JAN"]


async def test_a_refusal_is_told_once_for_an_escalation_and_tells_no_secret(stage: Stage) -> None:
    stage.receiver.answers = [says(403, f"wrong key {SECRET}"), says(403, "wrong key"), stays_silent]
    for count in (1, 2):
        await stage.change(calls=count)
        await stage.decide()
        await calling(stage, [OutboxState.PARKED] * count)
    await stage.change(calls=3)
    await stage.decide()
    await calling(stage, [OutboxState.PARKED, OutboxState.PARKED, OutboxState.PENDING])
    assert await stage.notices() == ["escalation.webhook (127.0.0.1) was answered with HTTP 403: wrong key ***"]
