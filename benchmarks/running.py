# ruff: noqa: INP001 - a folder of programs, not a package
"""The program as its operator runs it: how soon it is up, what memory it takes, how soon a mail is acknowledged.

A process of its own against Dovecot, Postfix and the Slack stand-in. A man in the middle of its IMAP connection notes
when Dovecot's push (EXISTS) passes, one in the middle of SMTP when Postfix's answer to the acknowledgement does, so
nothing is asked of the program itself. Beside it the floor of the same run: handing the same octets to Postfix over a
connection that stands, which no acknowledgement can beat.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import smtplib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.growth import fill_sqlite
from benchmarks.mails import customer_of, registry, report
from bot.edges.clock import SystemClock
from bot.sandbox.slack.server import SlackSandbox
from tests.support.bot_process import BotProcess
from tests.support.mailservers import PASSWORD, MailServers

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    """Times in milliseconds, memory in megabytes (resident set).

    Attributes:
        start_ms: From the start of the process until it says that it is ready (every part connected), of each start.
        start_cpu_ms: How much of that the program spent on the processor: the rest it waited, for other programs too.
        arrival_ms: From the end of the delivery into the mailbox to the acknowledgement's "250" from Postfix.
        push_ms: From Dovecot's push to the same.
        handover_floor_ms: One message of that size handed to Postfix over a standing connection.
    """

    start_ms: list[float]
    start_cpu_ms: list[float]
    arrival_ms: list[float]
    push_ms: list[float]
    handover_floor_ms: list[float]
    memory_idle_mb: float
    memory_with_100000_tickets_mb: float


@dataclass
class Tap:
    """Forwards TCP to a port of this machine and notes when a pattern passes from the server.

    Attributes:
        seen: When, by the performance counter, and what of the stream the pattern matched.
    """

    target: int
    pattern: re.Pattern[bytes]
    seen: list[tuple[float, bytes]] = field(default_factory=list)
    port: int = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Tap]:
        """Listen."""
        tasks: set[asyncio.Task[None]] = set()

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
            for way in (self._forward(reader, back, watch=False), self._forward(there, writer, watch=True)):
                task = asyncio.create_task(way)
                tasks.add(task)
                task.add_done_callback(tasks.discard)

        listener = await asyncio.start_server(take, "127.0.0.1", 0)
        self.port = listener.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            listener.close()
            for task in tuple(tasks):
                task.cancel()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, watch: bool) -> None:
        with suppress(OSError):
            while octets := await reader.read(65536):
                if watch:
                    now = perf_counter()
                    self.seen += [(now, match[0]) for match in self.pattern.finditer(octets)]
                writer.write(octets)
                await writer.drain()
        writer.close()


def measure(folder: Path, *, mails: int, starts: int, say: Callable[[str], None]) -> Running:
    """Start it, let it idle, send it mails one at a time, and start it again with 100,000 tickets."""
    customers = [f"it.{number}@{customer_of(number)}" for number in range(1, mails + 1)]
    with MailServers((*customers, "pomoc@myhezo.test")) as servers:
        return asyncio.run(_measure(folder, servers, mails, starts, say))


async def _measure(folder: Path, servers: MailServers, mails: int, starts: int, say: Callable[[str], None]) -> Running:
    slack = SlackSandbox(SystemClock())
    await slack.start()
    pushes = Tap(servers.ports["imap"], re.compile(rb"\* \d+ EXISTS"))
    answers = Tap(servers.ports["smtp"], re.compile(rb"250 2\.0\.0 Ok: queued"))
    try:
        async with pushes.open(), answers.open():
            tree = _tree(slack, pushes.port, answers.port, folder / "bot.sqlite3")
            bot = BotProcess(folder, tree)
            started = [await _start(bot, tree) for _ in range(1)]
            await bot.command("contracts", "import", str(_registry(folder, mails)))
            for _ in range(starts - 1):
                await bot.stop()
                started.append(await _start(bot, tree))
            walls, processor = [wall for wall, _ in started], [cpu for _, cpu in started]
            say(f"start: {median(walls):.0f} ms, {median(processor):.0f} ms of the processor")
            await asyncio.sleep(2)  # what start-up left behind is gone
            idle = _memory(bot)
            arrival, push = await _acknowledgements(servers, pushes, answers, mails)
            say(f"acknowledged {median(push):.0f} ms after the push")
            await bot.stop()
        async with pushes.open(), answers.open():
            fill_sqlite(folder / "bot.sqlite3", 100_000)
            tree = _tree(slack, pushes.port, answers.port, folder / "bot.sqlite3")
            bot = BotProcess(folder, tree)
            await _start(bot, tree)
            await asyncio.sleep(2)
            full = _memory(bot)
            await bot.stop()
            say(f"memory: {idle:.0f} MB idle, {full:.0f} MB with 100,000 tickets")
    finally:
        await slack.stop()
    return Running(walls, processor, arrival, push, _handovers(servers, mails), idle, full)


async def _acknowledgements(
    servers: MailServers, pushes: Tap, answers: Tap, mails: int
) -> tuple[list[float], list[float]]:
    """Mails one at a time, each delivered when the last one's acknowledgement is out."""
    arrival, push = [], []
    for number in range(1, mails + 1):
        before, pushed_before = len(answers.seen), len(pushes.seen)
        sender = f"it.{number}@{customer_of(number)}"
        mail = report(number, number, datetime.now(UTC), sender=sender)
        await asyncio.to_thread(servers.deliver, "pomoc@myhezo.test", mail)
        delivered = perf_counter()
        async with asyncio.timeout(PATIENCE):
            while len(answers.seen) == before:  # noqa: ASYNC110 - the tap tells nobody
                await asyncio.sleep(0.001)
        accepted = answers.seen[before][0]
        arrival.append((accepted - delivered) * 1000)
        push.append((accepted - pushes.seen[pushed_before][0]) * 1000)
        await asyncio.sleep(0.3)  # its own copy came back, Slack has its posts
    return arrival, push


def _handovers(servers: MailServers, count: int) -> list[float]:
    raw = report(1, 1, datetime.now(UTC))[:6000]
    took = []
    with smtplib.SMTP("127.0.0.1", servers.ports["smtp"]) as smtp:
        smtp.ehlo()
        for _ in range(count):
            before = perf_counter()
            smtp.sendmail("pomoc@myhezo.test", [f"it.1@{customer_of(1)}"], raw)
            took.append((perf_counter() - before) * 1000)
    return took


async def _start(bot: BotProcess, tree: dict[str, Any]) -> tuple[float, float]:
    """Milliseconds from the start of the process until all its parts are up, and those of the processor."""
    before = perf_counter()
    await bot.start()
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(_is_up, tree["health"]["port"]):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
    return (perf_counter() - before) * 1000, _processor(bot)


def _processor(bot: BotProcess) -> float:
    """Milliseconds that the process has spent on the processor."""
    assert bot._process is not None
    fields = Path(f"/proc/{bot._process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _is_up(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(json.load(answer)["healthy"])
    except (URLError, OSError):
        return False


def _memory(bot: BotProcess) -> float:
    assert bot._process is not None
    status = Path(f"/proc/{bot._process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def _registry(folder: Path, count: int) -> Path:
    file = folder / "contracts.csv"
    file.write_text(registry(count), encoding="utf-8")
    return file


def _tree(slack: SlackSandbox, imap: int, smtp: int, file: Path) -> dict[str, Any]:
    workspace = slack.workspace
    ewa = workspace.add_user("ewa", "Ewa Kowalska").id
    channel = workspace.add_channel("hezo-support", [ewa]).id
    server = {"host": "127.0.0.1", "security": "none"}
    login = {"name": "pomoc", "username": "pomoc@myhezo.test", "password": PASSWORD, "port": imap}
    return {
        "database": {"url": f"sqlite+aiosqlite:///{file}"},
        "mail": {
            "support_address": "pomoc@myhezo.test",
            "info_address": "info@myhezo.test",
            "escalation_address": "escalation@myhezo.test",
            "message_id_domain": "myhezo.test",
            "imap": [server | login],
            "smtp": server | {"port": smtp},
        },
        "slack": {
            "bot_token": workspace.bot_token,
            "app_token": workspace.app_token,
            "api_url": slack.api_url,
            "support_channel": channel,
            "escalation_channel": channel,
            "engineers": [ewa],
            "posts_per_minute": 60_000,
            "posts_at_once": 1000,
        },
        "health": {"port": _free_port()},
    }


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])
