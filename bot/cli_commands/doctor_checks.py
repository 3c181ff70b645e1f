"""The doctor's questions, one function each; all of them look only, and each names what to do."""

from __future__ import annotations

import errno
import getpass
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from bot.checkups import Checkup
from bot.cli_commands.health import ask
from bot.config import Config
from bot.config_mail import ImapConfig
from bot.config_slack import SlackMode
from bot.edges.imap_connection import ImapConnection, ImapRefused
from bot.edges.oauth_tokens import AccessTokens, RefreshTokens, TokenSources
from bot.edges.slack_chat import slack_client
from bot.edges.slack_checkup import examine_slack
from bot.edges.smtp_mailer import SmtpMailer
from bot.errors import HezoError, OperatorError, Refused
from bot.ports import Clock
from bot.rules.retrying import describe
from storage.connecting import parse_url
from storage.migrating import current_revision, head_revision, refuse_newer

LEAST_FREE = 1024**3
"""Octets that have to be free where SQLite's file is: a day's mails with their files, and room to mend it."""
CLOCK_MAY_DIFFER = timedelta(seconds=30)
"""Deadlines are minutes; Slack's own answers take seconds."""


class NoRefreshTokens:
    """Refresh tokens as they are configured, where the database cannot be used."""

    async def newest(self, source: str, given: str) -> str:
        """The configured one."""
        del source
        return given

    async def keep(self, source: str, given: str, token: str) -> None:
        """Nothing is kept."""


async def examine(config: Config, clock: Clock, *, least_free: int = LEAST_FREE) -> AsyncIterator[Checkup]:
    """Look at everything that the configuration names.

    Args:
        least_free: Octets that have to be free on the database's disk.
    """
    url = config.database.url.get_secret_value()
    async for found in _database(url, clock, config.mail.own_addresses):
        yield found
    yield _disk(url, least_free)
    async with kept_tokens(config, clock) as kept:
        tokens = TokenSources(config.mail.oauth, clock, kept)
        for mailbox in config.mail.imap:
            yield await _mailbox(mailbox, tokens.of(mailbox))
        yield await _mail_out(config, tokens.of(config.mail.smtp))
    async with slack_client(config.slack) as client:
        async for line in examine_slack(client, config.slack):
            yield _clock(clock.now(), line) if isinstance(line, datetime) else line
    yield _port(config)
    if config.slack.mode is SlackMode.HTTP:
        yield _slack_port(config)


@asynccontextmanager
async def kept_tokens(config: Config, clock: Clock) -> AsyncIterator[RefreshTokens]:
    """The refresh tokens that the bot uses: a provider may give each once, so the next one is kept for it."""
    from storage.composing import no_content_key, no_mail
    from storage.engine import Database
    from storage.refresh_tokens import StoredRefreshTokens

    url = config.database.url.get_secret_value()
    if not any(source.grant == "refresh_token" for source in config.mail.oauth) or not await _is_usable(url):
        yield NoRefreshTokens()
        return
    database = Database(url, clock=clock, compose=no_mail, read_content_key=no_content_key)
    try:
        yield StoredRefreshTokens(database)
    finally:
        await database.close()


async def _is_usable(url: str) -> bool:
    try:
        return await current_revision(url) == head_revision()
    except HezoError:
        return False


async def _database(url: str, clock: Clock, own: frozenset[str]) -> AsyncIterator[Checkup]:
    shown = parse_url(url).render_as_string(hide_password=True)
    try:
        revision = await current_revision(url)
    except HezoError as error:
        yield Checkup("database", is_well=False, said=describe(error))
        return
    is_sqlite = parse_url(url).get_backend_name() == "sqlite"
    unusable = _unusable_folder(Path(str(parse_url(url).database))) if is_sqlite else None
    if unusable:
        yield Checkup("database", is_well=False, said=unusable)
        return
    yield Checkup("database", is_well=True, said=shown)
    try:
        refuse_newer(revision)
    except OperatorError as error:
        yield Checkup("migrations", is_well=False, said=str(error))
        return
    head = head_revision()
    if revision == head:
        yield Checkup("migrations", is_well=True, said=f"revision {revision}")
        yield await _registry(url, clock, own)
    elif is_sqlite:
        said = f"revision {revision or 'none'}; the next start brings it to {head} (make a backup before)"
        yield Checkup("migrations", is_well=True, said=said)
    else:
        said = f"revision {revision or 'none'}, this program needs {head}: stop the bot everywhere, make a backup, "
        yield Checkup("migrations", is_well=False, said=said + "and run hezo360 db upgrade")


def _unusable_folder(file: Path) -> str | None:
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not folder.is_dir():
        return f"{folder} is no folder, so {file} cannot be made: correct database.url"
    if file.exists() and not os.access(file, os.R_OK | os.W_OK):
        return f"{file} may not be read and written by {getpass.getuser()}: give it to whom the bot runs as (chown)"
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return f"nothing can be written into {folder} ({error.strerror}), where {file.name} has to be: mend its rights"
    return None


async def _registry(url: str, clock: Clock, own: frozenset[str]) -> Checkup:
    from storage.composing import no_content_key, no_mail
    from storage.engine import Database

    database = Database(url, clock=clock, compose=no_mail, read_content_key=no_content_key)
    try:
        async with database.read() as uow:
            contracts = await uow.contracts.all()
    finally:
        await database.close()
    ours = next(((one, address) for one in contracts for address in sorted(own) if one.authorises(address)), None)
    if ours is not None:
        said = (
            f"contract {ours[0].number} lets {ours[1]} report, which is our own address, so our mails would count as a "
            "customer's: take it (or its domain) off the contract, or correct [mail]"
        )
        return Checkup("contract registry", is_well=False, said=said)
    count = len(contracts)
    if not count:
        said = "it is empty, so nobody may report: hezo360 contracts import FILE.csv"
        return Checkup("contract registry", is_well=False, said=said)
    return Checkup("contract registry", is_well=True, said=f"{count} contracts")


def _disk(url: str, least_free: int) -> Checkup:
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        return Checkup("disk", is_well=True, said="the database is on its own server: watch the disk there")
    folder = next(parent for parent in Path(str(parsed.database)).absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    said = f"{free / 1024**3:.1f} GB free at {folder}"
    if free < least_free:
        return Checkup("disk", is_well=False, said=f"only {said}: make room, or move the database")
    return Checkup("disk", is_well=True, said=said)


async def _mailbox(config: ImapConfig, tokens: AccessTokens | None) -> Checkup:
    about = f"imap {config.name}"
    try:
        connection = await ImapConnection.open(config, tokens)
    except HezoError as error:
        return Checkup(about, is_well=False, said=describe(error))
    try:
        await connection.select(config.folder)
        processed = config.processed_folder
        there = processed is None or await connection.has_folder(processed)
    except ImapRefused as refusal:
        return Checkup(about, is_well=False, said=f'{refusal}; set folder ("{config.folder}") to one that exists')
    except HezoError as error:
        return Checkup(about, is_well=False, said=describe(error))
    finally:
        connection.abort()
    return Checkup(
        about,
        is_well=True,
        said=f"{config.username} at {config.host}" + ("" if there else f"; {processed} will be made"),
    )


async def _mail_out(config: Config, tokens: AccessTokens | None) -> Checkup:
    smtp = config.mail.smtp
    mailer = SmtpMailer(smtp, tokens=tokens)
    try:
        await mailer.check(config.mail.support_address)
    except Refused as refusal:
        said = f"{refusal}; let {smtp.username or 'this machine'} send as {config.mail.support_address}, or correct "
        return Checkup("smtp", is_well=False, said=said + "mail.support_address")
    except HezoError as error:
        return Checkup("smtp", is_well=False, said=describe(error))
    finally:
        await mailer.close()
    return Checkup("smtp", is_well=True, said=f"{smtp.host}:{smtp.port} takes mail from {config.mail.support_address}")


def _clock(ours: datetime, slacks: datetime) -> Checkup:
    apart = ours - slacks
    if abs(apart) > CLOCK_MAY_DIFFER:
        word = "ahead of" if apart > timedelta(0) else "behind"
        said = (
            f"this machine's clock is {abs(apart.total_seconds()):.0f} s {word} Slack's, and every deadline with it: "
            "let NTP set it (timedatectl set-ntp true)"
        )
        return Checkup("clock", is_well=False, said=said)
    return Checkup("clock", is_well=True, said="agrees with Slack's")


def _port(config: Config) -> Checkup:
    """The health endpoint's port: ours already, or free."""
    health = config.health
    if health.port == 0:
        return Checkup("health port", is_well=True, said="any free one is taken at each start")
    fault = _cannot_listen("health", health.host, health.port)
    if fault is None:
        return Checkup("health port", is_well=True, said=f"{health.host}:{health.port} is free")
    if _is_running(config):
        return Checkup("health port", is_well=True, said="the bot is running and answers there")
    return Checkup("health port", is_well=False, said=fault)


def _slack_port(config: Config) -> Checkup:
    """Where Slack's requests come in: ours already, or free."""
    slack = config.slack
    fault = _cannot_listen("slack", slack.http_host, slack.http_port, "http_") if slack.http_port else None
    if fault is None or _is_running(config):
        return Checkup("slack http port", is_well=True, said=f"{slack.http_host}:{slack.http_port}")
    return Checkup("slack http port", is_well=False, said=fault)


def _is_running(config: Config) -> bool:
    return config.health.port != 0 and '"healthy"' in ask(config.health)[1]


def _cannot_listen(section: str, host: str, port: int, prefix: str = "") -> str | None:
    """Why not, and what to do; None when it can."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return None
    except OSError as error:
        said = f"{host}:{port} cannot be listened on ({error.strerror})"
        # A name that is not known is told by a code of getaddrinfo, which are below zero (EAI_NONAME).
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL or (error.errno or 0) < 0:
            return f"{said}: {host} is no address of this machine, correct [{section}] {prefix}host"
        return f"{said}: choose another [{section}] {prefix}port"
