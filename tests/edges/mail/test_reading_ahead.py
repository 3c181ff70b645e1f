"""The process that reads mails ahead: it reads as we do, and whatever becomes of it, nobody waits for it in vain."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.edges.reading_ahead import FROM, MOST_OCTETS, ReadingAhead
from bot.ports import InboxRow
from bot.rules.first_reading import SMALL, ReadingOptions, first_reading

PATIENCE = 60.0
MAILS = Path(__file__).parents[2] / "data" / "mails"
OPTIONS = ReadingOptions(
    own_addresses=frozenset({"pomoc@myhezo.pl", "info@myhezo.pl", "escalation@myhezo.pl"}),
    message_id_domain="myhezo.pl",
    trusted_authserv_ids=("mx.myhezo.pl",),
    contract_patterns=(r"HZ360-\d{4}-\d{6}",),
)
PARENT = """
import asyncio
from tests.edges.mail.test_reading_ahead import a_reader, ready, rows_of

async def main():
    async with a_reader() as reader:
        await ready(reader)
        reader.want(rows_of([b"Subject: another\\r\\n\\r\\nwords"] * 20, first=1000))
        print(reader.process_id, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def rows_of(mails: Sequence[bytes], first: int = 1) -> list[InboxRow]:
    at = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    return [
        InboxRow(number, "mail", "pomoc", raw, at, len(raw), complete=True, attempts=0)
        for number, raw in enumerate(mails, first)
    ]


@asynccontextmanager
async def a_reader(
    *, processors: int | None = 2, idle: float = PATIENCE, limit: float = PATIENCE
) -> AsyncIterator[ReadingAhead]:
    reader = ReadingAhead(OPTIONS, processors=processors, idle=idle, limit=limit)
    try:
        yield reader
    finally:
        await reader.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  # another process tells nobody
            await asyncio.sleep(0.01)


async def ready(reader: ReadingAhead) -> int:
    """Ask for so many that it is worth a process; gives its id once it is up."""
    reader.want(rows_of([b"Subject: so that it starts\r\n\r\nwords"] * FROM, first=-FROM))
    await until(lambda: reader.process_id is not None)
    assert reader.process_id is not None
    return reader.process_id


def is_there(process_id: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return False


def told(process_id: int) -> bytes:
    """The process's arguments and environment."""
    return b"".join(Path(f"/proc/{process_id}/{what}").read_bytes() for what in ("cmdline", "environ"))


def starts() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "reading ahead"]


async def test_it_reads_every_golden_mail_as_we_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "email.py").write_text("raise AssertionError('imported from where the program was started')")
    monkeypatch.chdir(tmp_path)
    raws = [path.read_bytes() for path in sorted(MAILS.glob("*.eml"))]
    rows = rows_of(raws)
    async with a_reader() as reader:
        await ready(reader)
        for start in range(0, len(rows), 50):
            batch = rows[start : start + 50]
            reader.want([*batch, *rows[:FROM]])  # those in hand are not read again
            for row in batch:
                await reader.wait(row.id)
        for row in rows:
            assert reader.get(row.id) == first_reading(row.body, OPTIONS), f"mail {row.id}"
        reader.forget(row.id for row in rows)
        assert reader.is_settled(1)
        assert reader.get(1) is None, "kept for nobody"


async def test_it_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEZO360_SECRET_OF_THE_TEST", "hush")
    async with a_reader() as reader:
        process_id = await ready(reader)
        environment = told(process_id)
    assert b"PATH=" in environment
    assert b"hush" not in environment


async def test_when_it_is_killed_nobody_waits_and_it_is_left_alone_for_a_while() -> None:
    async with a_reader() as reader:
        process_id = await ready(reader)
        rows = rows_of([b"Subject: in hand\r\n\r\nwords"] * 20)
        os.kill(process_id, signal.SIGSTOP)  # it has read none of them
        reader.want(rows)
        assert not reader.is_settled(20)
        os.kill(process_id, signal.SIGKILL)
        for row in rows:
            await reader.wait(row.id)
            assert reader.get(row.id) is None
        await until(lambda: not starts())
        reader.want(rows)
        assert not starts()
        assert reader.is_settled(20)


async def test_one_that_hangs_is_ended() -> None:
    async with a_reader(limit=0.2) as reader:
        process_id = await ready(reader)
        os.kill(process_id, signal.SIGSTOP)
        rows = rows_of([b"Subject: in hand\r\n\r\nwords"] * 10)
        reader.want(rows)
        for row in rows:
            await reader.wait(row.id)
            assert reader.get(row.id) is None
        await until(lambda: not is_there(process_id))


async def test_it_ends_with_the_program_however_that_ended() -> None:
    paths = os.pathsep.join([str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")])
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": paths}
    )
    assert program.stdout is not None
    process_id = int(await asyncio.wait_for(program.stdout.readline(), PATIENCE))
    assert is_there(process_id)
    program.kill()
    await program.wait()
    await until(lambda: not is_there(process_id))


async def test_it_ends_when_there_is_nothing_to_do_and_comes_back() -> None:
    async with a_reader(idle=0.2) as reader:
        first = await ready(reader)
        rows = rows_of([b"Subject: x\r\n\r\n"] * FROM)
        reader.want(rows)
        for row in rows:
            await reader.wait(row.id)
        reader.forget(row.id for row in rows)
        await until(lambda: not is_there(first) and not starts())
        second = await ready(reader)
        assert second != first
    assert not is_there(second), "closed with the program"


async def test_it_is_not_started_for_a_few_mails_or_on_one_processor() -> None:
    many, few = rows_of([b"Subject: x\r\n\r\n"] * FROM), rows_of([b"Subject: x\r\n\r\n"] * (FROM - 1))
    async with a_reader() as reader, a_reader(processors=1) as alone:
        alone.want(many)
        reader.want(few)
        assert not starts()
        reader.want(many)
        assert starts() == ["reading ahead"]


async def test_what_waits_in_the_pipe_is_bounded() -> None:
    async with a_reader() as reader:
        os.kill(await ready(reader), signal.SIGSTOP)
        rows = rows_of([b"x" * (SMALL + 1), *[b"x" * SMALL] * 12])
        reader.want(rows)
        asked = [row.id for row in rows if not reader.is_settled(row.id)]
        assert asked == list(range(2, 2 + len(asked))), "the large one is left to us"
        assert 0 < len(asked) * SMALL <= MOST_OCTETS
