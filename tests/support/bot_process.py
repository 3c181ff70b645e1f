"""The bot as its operator runs it: a process of its own, with a configuration file, killed and started at will."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # ships no type information

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 120.0
"""Seconds for what takes two on a free machine: several Pythons may start at once on a busy one."""


def to_toml(tree: dict[str, Any], prefix: str = "") -> str:
    """A tree of tables, arrays of tables and plain values as TOML."""
    plain = [f"{key} = {json.dumps(value)}" for key, value in tree.items() if not _is_table(value)]
    lines = ([f"[{prefix}]"] if prefix and plain else []) + plain
    for key, value in tree.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            lines.append(to_toml(value, name))
        elif _is_table(value):
            lines += [f"[[{name}]]\n{to_toml(table)}" for table in value]
    return "\n".join(lines) + "\n"


def _is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


class BotProcess:
    """`python -m bot --config FILE ...`.

    Attributes:
        log: What every start so far wrote to standard error, one after the other.
    """

    def __init__(self, folder: Path, tree: dict[str, Any]) -> None:
        self._config = folder / "config.toml"
        self._config.write_text(to_toml(tree), encoding="utf-8")
        self.log = folder / "bot.log"
        self._process: asyncio.subprocess.Process | None = None

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run a command to its end; gives its exit code and all that it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "--config", str(self._config), *arguments,
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(_PATIENCE):
            output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode()

    async def start(self, module: str = "bot", more: dict[str, str] | None = None) -> None:
        """Start `hezo360 run`, or another module that does the same, with more in its environment."""
        # Twenty starts are quicker when what was compiled once is kept.
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment |= more or {}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, "--config", str(self._config), "run",
                cwd=ROOT, stdout=log, stderr=log, env=environment,
            )  # fmt: skip

    @property
    def pid(self) -> int | None:
        """The process's id; None while it does not run."""
        return None if self._process is None else self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it ended by itself, and nobody has seen to it yet."""
        return self._process is not None and self._process.returncode is not None

    async def kill(self) -> None:
        """SIGKILL: no goodbye, no cleaning up."""
        await self._end("kill")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal and go on."""
        assert self._process is not None
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Wait until it has ended by itself or at a signal; gives the exit code."""
        assert self._process is not None
        process, self._process = self._process, None
        async with asyncio.timeout(_PATIENCE):
            return await process.wait()

    async def died(self, within: float) -> bool:
        """Whether it ends by SIGKILL within so many seconds; then it may be started again."""
        assert self._process is not None
        try:
            async with asyncio.timeout(within):
                code = await self._process.wait()
        except TimeoutError:
            return False
        assert code == -signal.SIGKILL, f"the bot ended by itself ({code}):\n{self.log.read_text()[-3000:]}"
        self._process = None
        return True

    async def make_sure_it_is_dead(self) -> None:
        """SIGKILL, also where it was just dying of one."""
        process, self._process = self._process, None
        assert process is not None
        with suppress(ProcessLookupError):
            process.kill()
        code = await process.wait()
        assert code == -signal.SIGKILL, f"the bot ended by itself ({code}):\n{self.log.read_text()[-3000:]}"

    async def stop(self) -> int:
        """SIGTERM, and wait for its end; gives the exit code."""
        return await self._end("terminate")

    async def _end(self, how: str) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        assert process.returncode is None, f"the bot ended by itself:\n{self.log.read_text()[-3000:]}"
        getattr(process, how)()
        async with asyncio.timeout(_PATIENCE):
            return await process.wait()


async def until(condition: Callable[[], bool], within: float, what: str) -> None:
    """Wait for something that another process does, and that nobody tells us of."""
    try:
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110  # another process sets no event of ours
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise TimeoutError(f"not within {within} s: {what}") from None


Ask = Callable[[str], list[tuple[Any, ...]]]
"""Asks the bot's database, beside the running bots."""


def asking(url: str) -> Ask:
    """Questions to the database that a configuration names."""
    scheme, _, place = url.partition(":///")
    return partial(rows, Path(place)) if scheme.startswith("sqlite") else partial(_rows_of_postgresql, url)


def _rows_of_postgresql(url: str, query: str) -> list[tuple[Any, ...]]:
    async def fetch() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as pool:  # the caller's loop is busy with the world
        return pool.submit(asyncio.run, fetch()).result()


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask the bot's SQLite database, beside the running bot; nothing while it is not there yet."""
    if not database.exists():
        return []
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
