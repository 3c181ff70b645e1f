"""`hezo360 demo` as people start it, and the story that it tells."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.errors import OperatorError
from bot.sandbox.demo import DATABASE, Demo
from bot.sandbox.web_customers import customer

pytestmark = pytest.mark.scenario

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`hezo360 demo` in a process of its own, ended at last."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", *arguments, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def line(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    async with asyncio.timeout(60):
        return (await stream.readline()).decode()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_it_prints_its_address_and_stops_cleanly(stop: signal.Signals, tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    async with started("--port", "0", "--no-story", "--keep", str(keep)) as process:
        address = next(word for word in (await line(process.stdout)).split() if word.startswith("http://127.0.0.1:"))
        async with aiohttp.ClientSession() as client, client.get(address) as response:
            assert "HEZO 360 sandbox" in await response.text()
        process.send_signal(stop)
        async with asyncio.timeout(60):
            out, err = await process.communicate()
    assert (process.returncode, err.decode()) == (0, "")
    assert str(keep) in out.decode()
    assert (keep / DATABASE).stat().st_size > 0


async def test_a_taken_port_is_told_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with started("--port", str(taken.getsockname()[1])) as process:
            async with asyncio.timeout(60):
                _, err = await process.communicate()
    assert process.returncode == 2
    assert "--port" in err.decode()
    assert "Traceback" not in err.decode()


async def test_an_earlier_demos_database_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"")
    with pytest.raises(OperatorError, match="earlier demo"):
        await Demo(port=0, keep=tmp_path).start()


async def test_the_story_is_told_by_real_mails_and_real_clicks() -> None:
    demo = Demo(port=0)
    await demo.start()
    try:
        assert demo.story is not None
        async with asyncio.timeout(60):
            await demo.story
        anna, john = demo.customers.letters("anna"), demo.customers.letters("john")
        assert [letter.sent for letter in anna] == [True, False, False, True]
        assert len({letter.thread for letter in anna}) == 1
        assert customer("anna").serial in anna[1].text
        assert [letter.sent for letter in john] == [True, False]
        assert "serial number" in john[1].text
        assert len(demo.slack.workspace.timeline(demo.staff.support)) == 2
        assert demo.slack.workspace.violations == []
        assert demo.slack.workspace.user_errors == []
        assert all(problem is None for problem in demo.parts().values())
    finally:
        await demo.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}
