"""A model of the outbox, driven at random: lanes keep their order, and nothing is lost or sent by two at once."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from bot.effects import Effect, Note, PostInThread, PostOperator
from bot.ports import OutboxState
from storage.queues import OutboxQueue
from storage.schema import Transport, outbox
from tests.storage.conftest import EMPTY, execute
from tests.storage.making import FakeClock, a_mail, a_ticket, make_database
from tests.support.postgres import PostgresServer

T = TypeVar("T")
UNSENT = {OutboxState.PENDING, OutboxState.SENDING, OutboxState.IN_DOUBT}
WAITING = {OutboxState.PENDING, OutboxState.IN_DOUBT}


@dataclass
class Row:
    """What the model knows of a row."""

    lane: str
    transport: Transport
    urgent: bool
    due: datetime
    state: OutboxState = OutboxState.PENDING
    attempts: int = 0


class OutboxModel(RuleBasedStateMachine):
    """Two workers, which may die, on one database."""

    url: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = FakeClock()
        self.database = make_database(self.url(), self.clock)
        self.rows: dict[int, Row] = {}
        self.starts = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def new_worker(self) -> OutboxQueue:
        self.starts += 1
        return OutboxQueue(self.database, f"worker-{self.starts}")

    @initialize()
    def start(self) -> None:
        async def prepare() -> None:
            await self.database.open()
            async with self.database.begin() as uow:
                for _ in range(2):
                    await uow.tickets.add(a_ticket())

        self.run(prepare())
        self.queue = self.new_worker()

    @rule(
        effects=st.lists(
            st.sampled_from(
                [
                    a_mail(1),
                    a_mail(2),
                    a_mail(None),
                    PostInThread(1, Note.MAILED),
                    PostInThread(1, Note.BREACH, urgent=True),
                    PostInThread(2, Note.MAILED),
                    PostOperator("parked"),
                ]
            ),
            min_size=1,
            max_size=3,
        ),
        fails=st.booleans(),
    )
    def write(self, effects: list[Effect], fails: bool) -> None:
        async def add() -> list[int | None]:
            async with self.database.begin() as uow:
                ids = [await uow.outbox.add(effect) for effect in effects]
                if fails:
                    raise RuntimeError("the handler failed")
                return ids

        if fails:
            with pytest.raises(RuntimeError):
                self.run(add())
            return
        for outbox_id, effect in zip(self.run(add()), effects, strict=True):
            assert outbox_id is not None
            is_mail = not isinstance(effect, PostInThread | PostOperator)
            lane = {True: "mail", False: "slack"}[is_mail] + str(getattr(effect, "ticket_id", "op"))
            urgent = isinstance(effect, PostOperator) or (isinstance(effect, PostInThread) and effect.urgent)
            self.rows[outbox_id] = Row(lane, Transport.MAIL if is_mail else Transport.SLACK, urgent, self.clock.now())
            if urgent:  # what stands before it goes out as urgently
                for row in self.rows.values():
                    row.urgent = row.urgent or (row.lane == lane and row.state in UNSENT)

    def heads(self, transport: Transport | None) -> list[int]:
        """Rows whose turn it is, whether due or not."""
        first: dict[str, int] = {}
        for outbox_id, row in sorted(self.rows.items()):
            if row.state in UNSENT:
                first.setdefault(row.lane, outbox_id)
        ids = [i for i in first.values() if self.rows[i].state in WAITING]
        return [i for i in ids if transport is None or self.rows[i].transport is transport]

    @rule(limit=st.integers(1, 3), transport=st.sampled_from([None, *Transport]))
    def claim(self, limit: int, transport: Transport | None) -> None:
        now = self.clock.now()
        due = [i for i in self.heads(transport) if self.rows[i].due <= now]
        expected = sorted(due, key=lambda i: (not self.rows[i].urgent, i))[:limit]
        claimed = self.run(self.queue.claim(now, limit, transport))
        assert [row.id for row in claimed] == expected
        for row in claimed:
            mine = self.rows[row.id]
            assert (row.attempts, row.in_doubt) == (mine.attempts, mine.state is OutboxState.IN_DOUBT)
            mine.state = OutboxState.SENDING
            mine.attempts += 1

    @invariant()
    def the_next_due_is_that_of_a_first_one(self) -> None:
        if self.starts:
            expected = min((self.rows[i].due for i in self.heads(None)), default=None)
            assert self.run(self.queue.next_due()) == expected

    def being_sent(self) -> list[int]:
        return sorted(i for i, row in self.rows.items() if row.state is OutboxState.SENDING)

    @precondition(lambda self: self.being_sent())
    @rule(
        data=st.data(), outcome=st.sampled_from(["sent", "retry", "doubt", "park", "settled"]), wait=st.integers(0, 3)
    )
    def end(self, data: st.DataObject, outcome: str, wait: int) -> None:
        outbox_id = data.draw(st.sampled_from(self.being_sent()))
        row = self.rows[outbox_id]
        at = self.clock.now() + timedelta(minutes=wait)
        if outcome == "sent":
            assert self.run(self.queue.sent(outbox_id, {}))
            row.state = OutboxState.SENT
        elif outcome in {"retry", "doubt"}:
            doubt = outcome == "doubt"
            assert self.run(self.queue.retry(outbox_id, at, "failed", in_doubt=doubt))
            row.state, row.due = (OutboxState.IN_DOUBT if doubt else OutboxState.PENDING), at
        elif outcome == "park":
            assert self.run(self.queue.park(outbox_id, "given up"))
            row.state = OutboxState.PARKED
        elif row.transport is Transport.MAIL:
            self.run(self.settle(outbox_id))
            row.state = OutboxState.SENT

    async def settle(self, outbox_id: int) -> None:
        async with self.database.begin() as uow:
            message_id = (await uow.outbox.get(outbox_id)).rfc_message_id
            assert message_id is not None
            assert await uow.outbox.settle_by_message_id(message_id) == outbox_id

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), word=st.sampled_from(["retry", "park"]))
    def a_late_word_changes_nothing(self, data: st.DataObject, word: str) -> None:
        outbox_id = data.draw(st.sampled_from(sorted(self.rows)))
        if self.rows[outbox_id].state is OutboxState.SENDING:
            return
        now = self.clock.now()
        if word == "retry":
            assert not self.run(self.queue.retry(outbox_id, now, "late", in_doubt=True))
        else:
            assert not self.run(self.queue.park(outbox_id, "late"))

    @rule()
    def die_and_start_again(self) -> None:
        now = self.clock.now()
        in_doubt_until = now + timedelta(minutes=12)
        self.queue = self.new_worker()
        lost = self.being_sent()
        assert self.run(self.queue.recover(now, in_doubt_until)) == len(lost)
        for outbox_id in lost:
            row = self.rows[outbox_id]
            row.state = OutboxState.IN_DOUBT
            row.due = in_doubt_until if row.transport is Transport.MAIL else now

    @rule(minutes=st.integers(1, 15))
    def time_passes(self, minutes: int) -> None:
        self.clock.move(minutes=minutes)

    @invariant()
    def every_row_is_where_it_should_be(self) -> None:
        if not self.starts:
            return

        async def states() -> dict[int, OutboxState]:
            async with self.database.read() as uow:
                rows = await uow.transaction.connection.execute(select(outbox.c.id, outbox.c.state))
                return {row.id: row.state for row in rows}

        assert self.run(states()) == {outbox_id: row.state for outbox_id, row in self.rows.items()}
        lanes = [self.rows[i].lane for i in self.being_sent()]
        assert len(lanes) == len(set(lanes)), "two of a lane are being sent"

    def teardown(self) -> None:
        self.run(self.database.close())
        self.runner.close()


def drive(fresh_url: Callable[[], str], examples: int) -> None:
    class Model(OutboxModel):
        url = staticmethod(fresh_url)

    run_state_machine_as_test(
        Model,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def test_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    names = count()

    def fresh_url() -> str:
        file = tmp_path / f"{next(names)}.sqlite3"
        shutil.copy(sqlite_template, file)
        return f"sqlite+aiosqlite:///{file}"

    drive(fresh_url, 15)


def test_on_postgresql(postgres: PostgresServer) -> None:
    def fresh_url() -> str:
        with asyncio.Runner() as runner:
            runner.run(execute(postgres.dsn("hezo360"), EMPTY))
        return postgres.url("hezo360")

    drive(fresh_url, 5)
