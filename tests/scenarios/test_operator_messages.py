"""What the operator did wrong, or what is out of order: one clear message that says what to do, no trace, no secret."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.supervisor import LOGIN_ADVICE
from tests.support.bot_process import BotProcess, until
from tests.support.ports import free_port
from tests.support.post_office import PATIENCE
from tests.support.world import World, make_world

pytestmark = pytest.mark.scenario

SECRETS = {
    "imap": "imap-secret-4711",
    "smtp": "smtp-secret-4712",
    "bot_token": "xoxb-secret-4713",
    "app_token": "xapp-secret-4714",
}


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with make_world(tmp_path, start=None) as world:
        yield world


@asynccontextmanager
async def started(world: World, folder: Path) -> AsyncIterator[BotProcess]:
    bot = BotProcess(folder, world.tree)
    await bot.start()
    yield bot
    assert await bot.stop() == 0
    text = bot.log.read_text()
    assert "Traceback" not in text
    assert not [secret for secret in SECRETS.values() if secret in text]


def events(bot: BotProcess) -> list[dict[str, Any]]:
    """The log so far; every line is JSON."""
    whole, _, _unfinished = bot.log.read_text().rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


async def problems_of(bot: BotProcess, *parts: str) -> dict[str, str]:
    """What each part says is wrong; all that it says, since it says one thing only."""

    def said() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {part: set() for part in parts}
        for event in events(bot):
            if event.get("part") in found and event["message"] == "part is down and will be restarted":
                found[event["part"]].add(event["problem"])
        return found

    await until(lambda: all(said().values()), PATIENCE, f"{parts} say what is wrong")
    assert all(len(problems) == 1 for problems in said().values()), said()
    return {part: min(problems) for part, problems in said().items()}


async def test_wrong_passwords_a_wrong_token_and_a_port_that_is_taken(
    world: World, tmp_path: Path, taken_port: int
) -> None:
    world.tree["mail"]["imap"][0]["password"] = SECRETS["imap"]
    world.tree["mail"]["smtp"] |= {"username": "support", "password": SECRETS["smtp"]}
    world.tree["slack"]["bot_token"] = SECRETS["bot_token"]
    world.tree["health"]["port"] = taken_port
    async with started(world, tmp_path) as bot:
        problems = await problems_of(bot, "mailbox: support", "outbox: mail", "slack", "health")
        assert (
            f'mailbox "support" (127.0.0.1:{world.sandbox.imap_port}): it refused LOGIN' in problems["mailbox: support"]
        )
        advice = f"check username (support) and password of this mailbox ({LOGIN_ADVICE})"
        assert problems["mailbox: support"].endswith(advice)
        assert f"mail server 127.0.0.1:{world.sandbox.smtp_port}: it refused the login" in problems["outbox: mail"]
        assert problems["outbox: mail"].endswith(f"check username (support) and password ({LOGIN_ADVICE})")
        assert (
            "Slack does not accept slack.bot_token (invalid_auth): take the Bot User OAuth Token" in problems["slack"]
        )
        assert f"cannot listen on 127.0.0.1:{taken_port}" in problems["health"]
        assert problems["health"].endswith("choose another [health] port")
        assert {event["level"] for event in events(bot)} <= {"info", "warning"}


async def test_the_health_command_names_the_servers_that_cannot_be_reached(world: World, tmp_path: Path) -> None:
    closed, health = free_port(), free_port()
    world.tree["mail"]["imap"][0]["port"] = world.tree["mail"]["smtp"]["port"] = closed
    world.tree["slack"]["api_url"] = f"http://127.0.0.1:{closed}/api/"
    world.tree["health"]["port"] = health
    async with started(world, tmp_path) as bot:
        await problems_of(bot, "mailbox: support", "outbox: mail", "slack")
        code, answer = await bot.command("health")
        assert code == 1
        said = json.loads(answer)
        problems = {name: part["problem"] for name, part in said["parts"].items() if not part["running"]}
        assert said["healthy"] is False
        assert problems.keys() == {"mailbox: support", "outbox: mail", "slack"}
        for name, server in (
            ("mailbox: support", f'mailbox "support" (127.0.0.1:{closed})'),
            ("outbox: mail", f"mail server 127.0.0.1:{closed}"),
        ):
            assert problems[name].startswith(f"{server}: cannot be reached")
            assert problems[name].endswith("check host, port and firewall")
        assert "Slack cannot be reached" in problems["slack"]


async def test_a_wrong_app_token_and_the_wrong_kind_of_encryption(world: World, tmp_path: Path) -> None:
    world.tree["mail"]["imap"][0]["security"] = world.tree["mail"]["smtp"]["security"] = "tls"
    world.tree["slack"]["app_token"] = SECRETS["app_token"]
    async with started(world, tmp_path) as bot:
        problems = await problems_of(bot, "mailbox: support", "outbox: mail", "slack")
        assert problems["mailbox: support"].endswith("check port and security (tls or starttls)")
        assert problems["outbox: mail"].endswith("check port and security (tls or starttls)")
        assert "Slack does not accept slack.app_token (invalid_auth): take an app-level token" in problems["slack"]
        assert not [event for event in events(bot) if event["level"] == "error"]


async def test_every_mistake_in_the_configuration_at_once(world: World, tmp_path: Path) -> None:
    world.tree["mail"]["imap"][0]["port"] = 99_999
    world.tree["mail"]["smtp"] |= {"host": "mail.example.test", "security": "none"}
    world.tree["slack"] |= {"bot_token": "4713-secret", "support_channel": "#hezo-support", "chanel": "C1"}
    world.tree["sla"] = {"critical": {"reaction": "1 hour"}}
    code, said = await BotProcess(tmp_path, world.tree).command("run")
    assert code == 2
    for key in (
        "mail.imap[0].port",
        "mail.smtp.security",
        "slack.bot_token",
        "slack.support_channel",
        "slack.chanel",
        "sla.critical.reaction",
    ):
        assert len([line for line in said.splitlines() if key in line]) == 1, (key, said)
    assert "Traceback" not in said
    assert "4713-secret" not in said


async def test_databases_that_cannot_be_used(world: World, tmp_path: Path) -> None:
    (tmp_path / "no-folder").write_text("a file")
    (tmp_path / "text.sqlite3").write_text("no database " * 1000)
    urls = {
        "folder": f"sqlite+aiosqlite:///{tmp_path}/no-folder/hezo360.sqlite3",
        "file": f"sqlite+aiosqlite:///{tmp_path}/text.sqlite3",
        "server": f"postgresql+asyncpg://hezo:database-secret@127.0.0.1:{free_port()}/hezo",
    }

    async def run(name: str) -> tuple[int, str]:
        folder = tmp_path / name
        folder.mkdir()
        database = {"url": urls[name], "start_patience": "0s"}
        return await BotProcess(folder, {**world.tree, "database": database}).command("run")

    for code, said in await asyncio.gather(*map(run, urls)):
        assert code == 2, said
        (line,) = said.splitlines()
        assert line.startswith("cannot use the database ")
        assert "check database.url" in line
        assert "database-secret" not in line


async def test_rows_of_the_registry_that_cannot_be_read(world: World, tmp_path: Path) -> None:
    table = tmp_path / "contracts.csv"
    bad = "HZ360-2026-000102,Northwind,521-390-00-03,2025-06-15,tomorrow,FG1K0FTB22900191,,john@northwind.test,en"
    table.write_text("\n".join([*world.contracts.splitlines()[:2], bad, ""]), encoding="utf-8")
    bot = BotProcess(tmp_path, world.tree)
    code, said = await bot.command("contracts", "import", str(table))
    assert code != 0
    assert "line 3" in said
    assert "tomorrow" in said
    assert "Traceback" not in said
    code, listed = await bot.command("contracts", "list")
    assert code == 0
    assert "HZ360-2026-000101" in listed
    assert "HZ360-2026-000102" not in listed
