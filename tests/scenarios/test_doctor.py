"""The doctor against real sockets: all is well, and each of many planted mistakes is found with what to do."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.app import Bot
from bot.checkups import Checkup
from bot.cli import Invocation
from bot.cli_commands.doctor import doctor
from bot.cli_commands.doctor_checks import LEAST_FREE, examine, kept_tokens
from bot.config import Config
from bot.edges.clock import SystemClock
from bot.edges.oauth_tokens import AccessTokens
from bot.edges.slack_checkup import SCOPES
from storage.refresh_tokens import StoredRefreshTokens
from tests.support.bot_process import to_toml
from tests.support.certificates import make_certificate
from tests.support.manifest import manifest_app
from tests.support.ports import free_port
from tests.support.token_endpoint import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, token_endpoint
from tests.support.world import World, make_world

pytestmark = pytest.mark.sqlite_only("what is planted here is planted in SQLite's file")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Everything is as it has to be, on this machine's own time; the database was opened and filled once."""
    async with make_world(tmp_path, start=None) as made:
        made.tree["health"] = {"port": free_port()}
        await made.fill_registry()
        yield made


class ClockOff(SystemClock):
    """A machine that nobody set the clock of."""

    def __init__(self, by: timedelta) -> None:
        super().__init__()
        self._by = by

    def now(self) -> datetime:
        return datetime.now(UTC) + self._by


async def found(world: World, *, clock: SystemClock | None = None, least_free: int = LEAST_FREE) -> dict[str, Checkup]:
    config = Config.model_validate(world.tree)
    lines = examine(config, clock or SystemClock(), least_free=least_free)
    return {line.about: line async for line in lines}


async def the_problem(world: World, **how: Any) -> Checkup:
    """The one line that says that something is to be mended."""
    [problem] = [line for line in (await found(world, **how)).values() if not line.is_well]
    return problem


async def test_all_is_well(world: World) -> None:
    lines = await found(world)
    assert [line for line in lines.values() if not line.is_well] == []
    assert list(lines) == [
        "database", "migrations", "contract registry", "disk", "imap support", "smtp", "slack bot token", "clock",
        "slack scopes", "slack app token", "slack.support_channel", "slack.escalation_channel", "slack people",
        "health port",
    ]  # fmt: skip


def test_the_scopes_are_those_of_the_manifest() -> None:
    assert manifest_app().scopes == SCOPES


Plant = Callable[[World], object]


def mailbox(**changes: Any) -> Plant:
    return lambda world: world.tree["mail"]["imap"][0].update(changes)


def smtp(**changes: Any) -> Plant:
    return lambda world: world.tree["mail"]["smtp"].update(changes)


def slack(**changes: Any) -> Plant:
    return lambda world: world.tree["slack"].update(changes)


def database_file(world: World) -> Path:
    return Path(str(world.tree["database"]["url"]).partition(":///")[2])


def newer_database(world: World) -> None:
    with sqlite3.connect(database_file(world)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def empty_registry(world: World) -> None:
    with sqlite3.connect(database_file(world)) as connection:
        for table in ("contract_contacts", "contract_devices", "contracts"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own words


def no_folder(world: World) -> None:
    file = database_file(world).parent / "a-file"
    file.write_text("no folder")
    world.tree["database"]["url"] = f"sqlite+aiosqlite:///{file}/hezo360.sqlite3"


def no_database(world: World) -> None:
    database_file(world).write_bytes(b"notes of somebody else, long enough to be looked at" * 100)


def we_are_our_own_customer(world: World) -> None:
    with sqlite3.connect(database_file(world)) as connection:
        connection.execute("UPDATE contract_contacts SET value = '@hezo.test' WHERE value LIKE 'anna%'")


def sender_refused(world: World) -> None:
    world.sandbox.faults.reply_next(1, "553 5.7.1 Sender address rejected: not owned by user", at="MAIL")


def relaying_denied(world: World) -> None:
    world.sandbox.faults.reply_next(1, "554 5.7.1 Relay access denied", at="RCPT")


def health_elsewhere(world: World) -> None:
    world.tree["health"] = {"host": "192.0.2.1", "port": 8080}


def health_nowhere(world: World) -> None:
    world.tree["health"] = {"host": "health.invalid", "port": 8080}


def an_empty_group(world: World) -> None:
    world.tree["slack"]["manager_groups"] = [world.slack.workspace.add_usergroup("szefowie", "Szefowie", []).id]


def mail_servers_swapped(world: World) -> None:
    world.tree["mail"]["smtp"]["port"] = world.tree["mail"]["imap"][0]["port"]


def submission_read_as_a_mailbox(world: World) -> None:
    world.tree["mail"]["imap"][0]["port"] = world.tree["mail"]["smtp"]["port"]


def no_authority(world: World) -> None:
    file = database_file(world).parent / "authority.pem"
    file.write_text("ask the network people", encoding="utf-8")
    world.tree["mail"]["imap"][0] |= {"security": "tls", "ca_file": str(file)}


def archived(world: World) -> None:
    world.support.is_archived = True


def not_invited(world: World) -> None:
    world.escalation.members.remove(world.slack.workspace.bot_user.id)


@pytest.mark.parametrize(
    ("plant", "about", "said"),
    [
        (no_folder, "database", "is no folder"),
        (newer_database, "migrations", "install the version that wrote it"),
        (empty_registry, "contract registry", "hezo360 contracts import"),
        (no_database, "database", "file is not a database; check database.url"),
        (we_are_our_own_customer, "contract registry", "take it (or its domain) off the contract"),
        (sender_refused, "smtp", "let this machine send as pomoc@hezo.test, or correct mail.support_address"),
        (relaying_denied, "smtp", "Relay access denied; let this machine send"),
        (health_elsewhere, "health port", "is no address of this machine, correct [health] host"),
        (health_nowhere, "health port", "is no address of this machine, correct [health] host"),
        (mailbox(password="wrong"), "imap support", "refused"),
        (mailbox(folder="Nowhere"), "imap support", "set folder"),
        (mailbox(port=1), "imap support", "127.0.0.1"),
        (smtp(port=1), "smtp", "127.0.0.1"),
        (smtp(security="starttls"), "smtp", "STARTTLS"),
        (slack(bot_token="xoxb-of-another-app"), "slack bot token", "bot_token"),
        (slack(app_token="xapp-of-another-app"), "slack app token", "connections:write"),
        (slack(support_channel="C0NOWHERE"), "slack.support_channel", "invite the bot"),
        (archived, "slack.support_channel", "unarchive"),
        (not_invited, "slack.escalation_channel", "invite it there"),
        (slack(engineers=["U0NOBODY"]), "slack people", "U0NOBODY"),
        (slack(engineer_groups=["S0NOWHERE"]), "slack groups", "S0NOWHERE"),
        (an_empty_group, "slack groups", "nobody is in it"),
        (no_authority, "imap support", "authority.pem cannot be used: it holds no certificate in PEM form"),
        (mail_servers_swapped, "smtp", "no SMTP server answers there; check host and port"),
        (submission_read_as_a_mailbox, "imap support", "no IMAP server answers there; check host and port"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_planted_mistake_is_found_and_nothing_else(world: World, plant: Plant, about: str, said: str) -> None:
    plant(world)
    problem = await the_problem(world)
    assert problem.about == about
    assert said in problem.said


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        ({"host": "imap.other.example", "address": "192.0.2.1"}, "set host to a name that stands in the certificate"),
        ({"days": (-30, -1)}, "whoever runs the server has to renew it"),
        ({"days": (1, 30)}, "this machine's clock is behind"),
        (None, "set ca_file to the authority that signed it"),
    ],
)
async def test_a_certificate_that_is_not_as_it_has_to_be(
    world: World, tmp_path: Path, certificate: dict[str, Any] | None, said: str
) -> None:
    made, key = make_certificate(tmp_path, **certificate or {})
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(made, key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=tls)
    changes = {"security": "tls", "port": server.sockets[0].getsockname()[1]}
    mailbox(**changes | ({} if certificate is None else {"ca_file": str(made)}))(world)
    problem = await the_problem(world)
    server.close()
    assert problem.about == "imap support"
    assert said in problem.said


async def test_user_groups_are_looked_at(world: World) -> None:
    group = world.slack.workspace.add_usergroup("inzynierowie", "Inżynierowie", [world.ewa]).id
    world.tree["slack"] |= {"engineer_groups": [group], "manager_groups": [group]}
    assert (await found(world))["slack groups"] == Checkup("slack groups", is_well=True, said=f"{group} (1)")


async def test_a_missing_scope_is_named(world: World) -> None:
    world.slack.faults.revoke_scope("files:write")
    problem = await the_problem(world)
    assert problem.about == "slack scopes"
    assert "files:write" in problem.said
    assert "install it again" in problem.said


@pytest.mark.parametrize(("by", "word"), [(timedelta(minutes=5), "ahead of"), (timedelta(minutes=-5), "behind")])
async def test_a_clock_that_is_wrong(world: World, by: timedelta, word: str) -> None:
    problem = await the_problem(world, clock=ClockOff(by))
    assert problem.about == "clock"
    assert word in problem.said
    assert "NTP" in problem.said


async def test_a_full_disk(world: World) -> None:
    problem = await the_problem(world, least_free=1024**6)
    assert problem.about == "disk"
    assert "make room" in problem.said


async def test_a_folder_that_nobody_can_write_into(world: World) -> None:
    world.tree["database"]["url"] = "sqlite+aiosqlite:////proc/hezo360.sqlite3"  # not even root may make a file there
    line = (await found(world))["database"]
    assert not line.is_well
    assert "nothing can be written into /proc" in line.said
    assert "mend its rights" in line.said


async def test_a_port_that_another_program_has(world: World) -> None:
    listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    world.tree["health"] = {"port": listening.sockets[0].getsockname()[1]}
    problem = await the_problem(world)
    listening.close()
    assert problem.about == "health port"
    assert "choose another" in problem.said


async def test_it_uses_the_refresh_token_that_the_bot_would_use_and_keeps_the_next(world: World) -> None:
    """A provider may take each but once: a doctor that asked with an old one would end the bot's."""
    async with token_endpoint() as endpoint:
        endpoint.rotates = True
        world.tree["mail"]["oauth"] = [
            {
                "name": "ours", "provider": "other", "token_url": endpoint.url, "grant": "refresh_token",
                "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
            }
        ]  # fmt: skip
        config = Config.model_validate(world.tree)
        bot = Bot(config, world.clock)
        await bot.database.open()
        await StoredRefreshTokens(bot.database).keep("ours", "", REFRESH_TOKEN)  # as `mail authorize` does
        await bot.database.close()
        for _ in range(2):
            async with kept_tokens(config, SystemClock()) as kept:
                await AccessTokens(config.mail.oauth[0], SystemClock(), kept).get()
    assert [request["refresh_token"] for request in endpoint.requests] == [REFRESH_TOKEN, "refresh-token-1"]


async def test_the_command_tells_and_changes_nothing(world: World, tmp_path: Path) -> None:
    mailbox(password="wrong")(world)
    secret = tmp_path / "bot-token"
    secret.write_text(str(world.tree["slack"].pop("bot_token")), encoding="utf-8")
    secret.chmod(0o644)
    world.tree["slack"]["bot_token_file"] = str(secret)
    file = tmp_path / "config.toml"
    file.write_text(to_toml(world.tree), encoding="utf-8")
    file.chmod(0o600)
    before = database_file(world).read_bytes()
    run = CliRunner().invoke
    result = await asyncio.to_thread(run, doctor, [], obj=Invocation(file))
    assert result.exit_code == 1, result.output
    assert "MEND  imap support" in result.output
    assert (
        f"MEND  secret files             {secret} can be read by every user of this machine; chmod 600" in result.output
    )
    assert "To mend: 2." in result.output
    assert "wrong" not in result.output
    as_json = await asyncio.to_thread(run, doctor, ["--json"], obj=Invocation(file))
    assert [line["about"] for line in json.loads(as_json.output) if not line["ok"]] == ["secret files", "imap support"]
    assert database_file(world).read_bytes() == before


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("[mail]\nsuport_address = 'x'\n", "suport_address"),
        ("[slack]\nbot_token = 'xapp-1'\napp_token = 'xoxb-1'\n", 'a bot token, which starts with "xoxb-"'),
        ("[service]\ntimezone = 'Europe/Warszawa'\n", "a time zone of the IANA database"),
        ("[slack]\nbot_token_file = 'nowhere'\n", "nowhere; create it or correct the name"),
        ("[slack]\nbot_token_file = '.'\n", "cannot be read: Is a directory"),
    ],
)
async def test_a_configuration_that_cannot_be_read(tmp_path: Path, planted: str, said: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(planted, encoding="utf-8")
    result = await asyncio.to_thread(CliRunner().invoke, doctor, [], obj=Invocation(file))
    assert result.exit_code == 1
    assert "MEND  configuration" in result.output
    assert said in result.output
