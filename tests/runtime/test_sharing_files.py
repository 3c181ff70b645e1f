"""Files in a ticket's thread: each is shown once, whatever breaks on the way, or people are told that it is not."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.edges.pacing import Pace
from bot.edges.slack_chat import slack_client
from bot.edges.slack_files import SlackFiles
from bot.effects import Note, PostInThread, PostOperator, ShareFiles
from bot.errors import HezoError, InDoubt, RetryLater
from bot.loops.outbox import OutboxLoop
from bot.loops.sharing_files import TRIES, FilesPerformer
from bot.model import Attachment, AttachmentVerdict
from bot.ports import FileState
from bot.sandbox.clock import MovableClock
from bot.sandbox.slack import Channel, SlackSandbox
from bot.sandbox.slack.faults import Faults
from handlers.context import ContextMaker
from storage.engine import Database
from storage.migrating import upgrade
from storage.queues import OutboxQueue
from storage.schema import Transport
from tests.storage.making import a_message, a_ticket
from tests.support.timer_loops import open_database, plain_config

NO_PATIENCE = timedelta(0)


class Died(BaseException):
    """The process ended here."""


class MortalFiles(SlackFiles):
    """Slack's files, in a process that dies: before or after the call number `dies_at` that changes anything."""

    dies_at: float = float("inf")
    calls = 0

    def _step(self) -> None:
        self.calls += 1
        if self.calls == self.dies_at:
            raise Died

    async def upload(self, name: str, content: bytes) -> str:
        self._step()
        done = await super().upload(name, content)
        self._step()
        return done

    async def share(self, channel: str, thread_ts: str, comment: str, files: Sequence[tuple[str, str]]) -> None:
        self._step()
        await super().share(channel, thread_ts, comment, files)
        self._step()

    async def state(self, file_id: str, channel: str) -> FileState:
        found = await super().state(file_id, channel)
        self._step()
        return found


@dataclass
class Stage:
    """A ticket whose head message stands in Slack, and what shares files into its thread.

    Attributes:
        starts: How often the process was started; each start has a name of its own in the outbox.
    """

    slack: SlackSandbox
    channel: Channel
    database: Database
    contexts: ContextMaker
    files: MortalFiles
    ticket_id: int
    head: str
    starts: int = 1
    patience: timedelta = NO_PATIENCE

    @property
    def queue(self) -> OutboxQueue:
        return OutboxQueue(self.database, f"start-{self.starts}")

    @property
    def performer(self) -> FilesPerformer:
        return FilesPerformer(self.files, Pace(timedelta(0), 1), self.database, self.contexts, self.patience)

    async def ask_for(self, *names: str) -> int:
        """A message with files of these names, to be shared."""
        async with self.database.begin() as uow:
            message = await uow.tickets.add_message(a_message(self.ticket_id))
            for position, name in enumerate(names):
                file = Attachment(
                    0, self.ticket_id, message.id, position, name, "text/plain", len(name), AttachmentVerdict.KEPT
                )
                await uow.attachments.add(file, name.encode())
            await uow.outbox.add(ShareFiles(self.ticket_id, message.id))
        return message.id

    async def attempt(self) -> HezoError | Died | None:
        """Perform the row as the outbox does; gives what it failed with."""
        [row] = await self.queue.claim(self.contexts.clock.now(), 1, Transport.FILES)
        try:
            await self.performer.perform(row)
        except HezoError as error:
            now = self.contexts.clock.now()
            await self.queue.retry(row.id, now, str(error), in_doubt=isinstance(error, InDoubt) or row.in_doubt)
            return error
        except Died as death:
            self.starts += 1
            self.files.dies_at = float("inf")
            await self.queue.recover(self.contexts.clock.now(), self.contexts.clock.now())
            return death
        return None

    async def perform(self, at_most: int = TRIES + 1) -> list[HezoError | Died]:
        """Try until it is done with; gives the failures."""
        failures: list[HezoError | Died] = []
        for _ in range(at_most):
            error = await self.attempt()
            if error is None:
                return failures
            failures.append(error)
        raise AssertionError(failures)

    @property
    def shown(self) -> list[str]:
        """The names of all files in the thread, in order; each holds its own name."""
        workspace = self.slack.workspace
        files = [
            workspace.files[file] for post in workspace.thread(self.channel.id, self.head)[1:] for file in post.files
        ]
        assert all(file.content == file.name.encode() for file in files)
        return [file.name for file in files]

    async def told(self) -> tuple[list[str], list[str]]:
        """What the thread is told about files, and the operator: file names, reasons."""
        rows = await self.queue.claim(self.contexts.clock.now(), 99, Transport.SLACK)
        notes = [row.effect for row in rows if isinstance(row.effect, PostInThread)]
        assert all(note.note is Note.FILES_NOT_SHOWN for note in notes)
        names = [str(name) for note in notes if isinstance(listed := note.data["names"], list) for name in listed]
        reasons = [str(row.effect.data["reason"]) for row in rows if isinstance(row.effect, PostOperator)]
        return names, reasons


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy from."""
    file = tmp_path_factory.mktemp("sharing") / "template.sqlite3"
    with asyncio.Runner() as runner:
        runner.run(upgrade(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture
async def stage(template: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    """Everything running; afterwards nothing may have broken Slack's rules."""
    clock = MovableClock()
    slack = SlackSandbox(clock)
    async with AsyncExitStack() as open_:
        await slack.start()
        open_.push_async_callback(slack.stop)
        support = slack.workspace.add_channel("wsparcie", [slack.workspace.add_user("ewa").id])
        places = {"bot_token": slack.workspace.bot_token, "app_token": slack.workspace.app_token}
        places |= {"api_url": slack.api_url, "support_channel": support.id, "escalation_channel": support.id}
        config = plain_config(slack={**places, "engineers": [support.members[0]], "timeout": "2s"})
        client = await open_.enter_async_context(slack_client(config.slack))
        database = open_database(f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'h.sqlite3')}", clock)
        await database.open()
        open_.push_async_callback(database.close)
        head = await slack.people.post(support.members[0], support.id, "HEZO-1")
        async with database.begin() as uow:
            ticket = await uow.tickets.add(a_ticket(slack_channel=support.id, slack_ts=head.ts))
        files = MortalFiles(client, config.slack.timeout)
        contexts = ContextMaker(clock, config, b"")
        yield Stage(slack, support, database, contexts, files, ticket.id, head.ts, patience=timedelta(seconds=2))
        assert slack.workspace.violations == []


FAULTS: dict[str, Callable[[Faults], None]] = {
    "no address": lambda faults: faults.server_error("files.getUploadURLExternal"),
    "the address's answer is lost": lambda faults: faults.drop_after("files.getUploadURLExternal"),
    "the upload is cut": lambda faults: faults.drop_before("upload"),
    "the upload's answer is lost": lambda faults: faults.drop_after("upload"),
    "the upload is refused for a while": lambda faults: faults.server_error("upload", status=503),
    "the upload is too fast": lambda faults: faults.server_error("upload", status=429),
    "the last step is lost": lambda faults: faults.drop_before("files.completeUploadExternal"),
    "the last step's answer is lost": lambda faults: faults.drop_after("files.completeUploadExternal"),
    "the last step fails": lambda faults: faults.server_error("files.completeUploadExternal"),
    "the last step is too fast": lambda faults: faults.rate_limit("files.completeUploadExternal", retry_after=0),
    "nobody tells": lambda faults: faults.server_error("files.info"),
}


async def test_whatever_breaks_once_each_file_is_shown_once(stage: Stage) -> None:
    expected: list[str] = []
    for number, break_it in enumerate(FAULTS.values()):
        break_it(stage.slack.faults)
        expected += [f"{number}a.log", f"{number}b.log"]
        await stage.ask_for(*expected[-2:])
        failures = await stage.perform()
        assert len(failures) == 1, list(FAULTS)[number]
        assert stage.shown == expected, list(FAULTS)[number]
    assert await stage.told() == ([], [])


async def test_killed_at_any_point_each_file_is_shown_once(stage: Stage) -> None:
    expected: list[str] = []
    for point in range(1, 9):
        expected += [f"{point}a.log", f"{point}b.log"]
        await stage.ask_for(*expected[-2:])
        stage.files.calls, stage.files.dies_at = 0, point
        failures = await stage.perform()
        assert [type(failure) for failure in failures] == [Died], point
        assert stage.shown == expected, point


async def test_a_post_that_silently_never_comes_is_asked_for_anew(stage: Stage) -> None:
    stage.patience, stage.slack.faults.unshared_files = NO_PATIENCE, 1
    await stage.ask_for("a.log")
    first = await stage.attempt()
    assert isinstance(first, RetryLater)
    stage.patience = timedelta(seconds=0.2)
    await stage.perform()
    assert stage.shown == ["a.log"]


async def test_a_post_that_comes_too_late_does_not_double_the_file(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sandbox.slack.methods_files.SHARE_DELAY", 0.2)
    stage.patience = NO_PATIENCE
    await stage.ask_for("late.log")
    assert isinstance(await stage.attempt(), RetryLater)
    assert isinstance(await stage.attempt(), RetryLater)  # the first is taken back, the second is asked for
    stage.patience = timedelta(seconds=2)
    await stage.perform()
    assert stage.shown == ["late.log"]


async def test_what_slack_never_shows_is_told(stage: Stage) -> None:
    stage.patience, stage.slack.faults.unshared_files = NO_PATIENCE, 99
    await stage.ask_for("a.log", "b.log")
    failures = await stage.perform()
    assert len(failures) == TRIES
    assert await stage.told() == (["a.log", "b.log"], ["Slack takes the files and does not show them"])
    assert stage.shown == []


async def test_a_file_that_is_refused_holds_up_no_other(stage: Stage) -> None:
    stage.slack.faults.error(
        "files.getUploadURLExternal", "file_type_not_allowed", when=lambda args: args["filename"] == "b.xyz"
    )
    await stage.ask_for("a.log", "b.xyz", "c.log")
    assert await stage.perform() == []
    assert stage.shown == ["a.log", "c.log"]
    names, [reason] = await stage.told()
    assert names == ["b.xyz"]
    assert "do not allow files of this type" in reason


async def test_many_files_come_in_several_posts(stage: Stage) -> None:
    names = [f"{number}.log" for number in range(12)]
    await stage.ask_for(*names)
    assert await stage.perform() == []
    assert stage.shown == names
    posts = stage.slack.workspace.thread(stage.channel.id, stage.head)[1:]
    assert [len(post.files) for post in posts] == [10, 2]


async def test_where_nobody_may_look_the_files_are_shown_and_the_operator_is_told(stage: Stage) -> None:
    stage.slack.faults.revoke_scope("files:read")
    await stage.ask_for("a.log")
    assert await stage.perform() == []
    await stage.slack.workspace.wait_for(lambda: stage.shown == ["a.log"])
    names, [reason] = await stage.told()
    assert names == []
    assert "files:read" in reason


async def test_what_is_given_up_is_told_in_the_thread(stage: Stage) -> None:
    """By the outbox itself: the post that is asked for is refused for good."""
    stage.slack.faults.error("files.completeUploadExternal", "file_type_not_allowed")
    await stage.ask_for("a.log")
    stopping, wakes = asyncio.Event(), stage.database.wakes

    async def ready() -> None:
        """Nothing keeps rows from being performed."""

    loop = OutboxLoop(
        Transport.FILES, stage.performer, stage.database, stage.queue, wakes.files_outbox, stage.contexts, ready
    )
    task = asyncio.create_task(loop.run(stopping))
    async with asyncio.timeout(5):
        await wakes.slack_outbox.wait()
    stopping.set()
    wakes.files_outbox.set()
    await task
    names, [reason] = await stage.told()
    assert names == ["a.log"]
    assert "do not allow files of this type" in reason
