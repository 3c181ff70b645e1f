"""The escalation channel is told of what is late, not of what was late before it could be posted."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from bot.edges.pacing import Pace
from bot.effects import PostEscalation
from bot.loops.posting_to_slack import SlackPerformer
from bot.model import ClockState
from bot.sandbox.clock import MovableClock
from storage.migrating import upgrade
from storage.queues import OutboxQueue
from tests.storage.making import NOON, a_clock, a_ticket
from tests.support.timer_loops import open_database, plain_config


class Channel:
    """`bot.ports.Chat` that keeps what is posted."""

    def __init__(self) -> None:
        self.posted: list[str] = []

    async def post(
        self, channel: str, text: str, blocks: list[dict[str, object]], *, key: str, thread_ts: str | None = None
    ) -> str:
        del channel, blocks, key, thread_ts
        self.posted.append(text)
        return "1.000100"

    async def update(self, channel: str, ts: str, text: str, blocks: list[dict[str, object]]) -> None:
        raise NotImplementedError("nothing is edited here")

    async def tell(self, channel: str, user: str, text: str, *, thread_ts: str | None = None) -> None:
        raise NotImplementedError("nobody is told here")

    async def workspace_url(self) -> str:
        raise NotImplementedError("no link is shown here")

    async def publish_home(self, user: str, view: dict[str, object]) -> None:
        raise NotImplementedError("no home is shown here")

    async def find(self, channel: str, key: str, *, thread_ts: str | None, since: datetime) -> str | None:
        raise NotImplementedError("nothing is in doubt here")


async def test_what_waited_for_slack_and_was_answered_meanwhile_is_not_posted(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/hezo360.sqlite3"
    await upgrade(url)
    clock, channel = MovableClock(NOON), Channel()
    database = open_database(url, clock)
    await database.open()
    performer = SlackPerformer(channel, Pace(timedelta(0), 1), database, clock, plain_config())
    async with database.begin() as uow:
        ticket = await uow.tickets.add(a_ticket())
        late = await uow.clocks.add(a_clock(ticket.id, due_at=NOON, breached_at=NOON))
        met = await uow.clocks.add(a_clock(ticket.id, due_at=NOON, breached_at=NOON, state=ClockState.MET))
        moved = await uow.clocks.add(a_clock(ticket.id))
        for each in (late, met, moved):
            await uow.outbox.add(PostEscalation(ticket.id, each.id))
        await uow.outbox.add(PostEscalation(ticket.id, moved.id, withdrawn=True))
    queue = OutboxQueue(database, "a start")
    while rows := await queue.claim(clock.now(), 10):
        for row in rows:
            await performer.perform(row)
    assert ["ESKALACJA" in text for text in channel.posted] == [True, False]
    assert "JEDNAK W TERMINIE" in channel.posted[1]
    await database.close()
