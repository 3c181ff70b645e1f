"""An escalation in its channel: one head message that is edited, calls in its thread, none that is over by then."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from bot.edges.pacing import Pace
from bot.effects import Effect, PostEscalationCall, PostEscalationCard, PostEscalationLine
from bot.errors import Refused
from bot.escalations import Escalation, EscalationSource
from bot.loops.posting_to_slack import SlackPerformer
from bot.rules.escalation import chain_from_config
from bot.sandbox.clock import MovableClock
from handlers.context import ContextMaker
from storage.migrating import upgrade
from storage.queues import OutboxQueue
from tests.storage.making import NOON, a_clock, a_ticket
from tests.support.timer_loops import open_database, plain_config


class Channel:
    """`bot.ports.Chat` that keeps what is posted."""

    def __init__(self) -> None:
        self.posted: list[tuple[str | None, str]] = []
        self.heads: list[str] = []
        self.is_deleted = False

    async def post(
        self, channel: str, text: str, blocks: list[dict[str, object]], *, key: str, thread_ts: str | None = None
    ) -> str:
        del channel, blocks, key
        if thread_ts is not None and self.is_deleted:
            raise Refused("the thread's first message was deleted (chat.postMessage: thread_not_found)")
        self.posted.append((thread_ts, text))
        return f"{len(self.posted)}.000100"

    async def update(self, channel: str, ts: str, text: str, blocks: list[dict[str, object]]) -> None:
        del channel, ts, blocks
        if self.is_deleted:
            self.is_deleted = False
            raise Refused("the message was deleted (chat.update: message_not_found)")
        self.heads.append(text)

    async def tell(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        thread_ts: str | None = None,
        response_url: str | None = None,
        replaces: bool = False,
        blocks: list[dict[str, object]] | None = None,
    ) -> None:
        raise NotImplementedError("nobody is told here")

    async def workspace_url(self) -> str:
        raise NotImplementedError("no link is shown here")

    async def publish_home(self, user: str, view: dict[str, object]) -> None:
        raise NotImplementedError("no home is shown here")

    async def find(self, channel: str, key: str, *, thread_ts: str | None, since: datetime) -> str | None:
        raise NotImplementedError("nothing is in doubt here")


async def test_the_head_is_edited_and_calls_that_are_over_are_not_made(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/hezo360.sqlite3"
    await upgrade(url)
    clock, channel = MovableClock(NOON), Channel()
    database = open_database(url, clock)
    await database.open()
    performer = SlackPerformer(channel, Pace(timedelta(0), 1), database, ContextMaker(clock, plain_config(), b"key"))
    queue = OutboxQueue(database, "a start")

    async with database.begin() as uow:
        ticket = await uow.tickets.add(a_ticket())
        late = await uow.clocks.add(a_clock(ticket.id, due_at=NOON - timedelta(minutes=3), breached_at=NOON))
        chain = chain_from_config(plain_config().escalation.critical).to_json()
        escalation = await uow.escalations.add(
            Escalation(0, ticket.id, EscalationSource.BREACH, "", "bot", NOON, "24x7", chain, clock_id=late.id, calls=2)
        )

    def call(number: int, kind: str) -> PostEscalationCall:
        return PostEscalationCall(ticket.id, escalation.id, number, kind, 0, ("U0JAN",), ("on_duty",))

    async def perform(*effects: Effect) -> None:
        async with database.begin() as uow:
            for effect in effects:
                await uow.outbox.add(effect)
        while rows := await queue.claim(clock.now(), 10):
            for row in rows:
                await performer.perform(row)

    await perform(PostEscalationCard(ticket.id, escalation.id), call(1, "step"), call(2, "repeat"))
    async with database.begin() as uow:
        escalation = await uow.escalations.get(escalation.id)
        escalation.owner, escalation.acknowledged_at = "U0EWA", NOON
        await uow.escalations.update(escalation)
    line = PostEscalationLine(ticket.id, escalation.id, "acknowledged", {"by": "U0EWA", "owner": "U0EWA"})
    await perform(line, PostEscalationCard(ticket.id, escalation.id), call(2, "repeat"), call(2, "ask_again"))
    (where, head), *thread = channel.posted
    assert where is None
    assert head.startswith("🔴 Czas reakcji: termin właśnie minął")
    assert f"ESKALACJA {ticket.number}" in head
    assert {thread_ts for thread_ts, _ in thread} == {"1.000100"}
    lateness = " · 🔴 Czas reakcji: 3 min po terminie (pon., 2 mar 2026, 12:57) · ⚠️ Nikt nie ma teraz dyżuru,"
    assert [text.split(" dlatego ")[0] for _, text in thread] == [
        f"🔁 Nadal nikt nie potwierdził eskalacji {ticket.number} (wezwanie 2): <@U0JAN>{lateness}",
        "🙋 <@U0EWA> ma eskalację",
        f"❓ Eskalacja {ticket.number} jest potwierdzona, ale nic się nie dzieje: <@U0JAN>{lateness}",
    ]
    assert "🙋 Eskalację ma <@U0EWA>" in channel.heads[-1]

    # A deleted head message silences nobody: the call goes to the channel, and another head message is posted.
    channel.is_deleted = True
    await perform(call(2, "ask_again"), PostEscalationCard(ticket.id, escalation.id))
    (no_thread, called), (_, head) = channel.posted[-2:]
    assert no_thread is None
    assert called.startswith("❓ ")
    assert "ESKALACJA" in head
    await perform(call(2, "ask_again"))
    assert channel.posted[-1][0] == f"{len(channel.posted) - 1}.000100", "in the thread of the new one"
    await database.close()
