"""`hezo360 db`: the tables of the database, and how the other commands reach it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from bot.cli import Invocation, pass_invocation

if TYPE_CHECKING:
    from storage.engine import Database


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@pass_invocation
def upgrade(invocation: Invocation) -> None:
    """Bring the tables to what this version of the program needs.

    SQLite is upgraded by every start by itself. Before upgrading PostgreSQL stop the bot everywhere and make a backup.
    """
    from storage.migrating import current_revision, head_revision
    from storage.migrating import upgrade as upgrade_database

    url = invocation.load_config().database.url.get_secret_value()
    before = asyncio.run(current_revision(url))
    if before == head_revision():
        click.echo(f"The database is at revision {before} already.")
        return
    after = asyncio.run(upgrade_database(url))
    click.echo(f"The database was at revision {before or 'none'} and is now at {after}.")


@db.command()
@pass_invocation
@click.pass_context
def current(ctx: click.Context, invocation: Invocation) -> None:
    """Say which revision the tables have. Exit code 1 when it is not the one that this program needs."""
    from storage.migrating import current_revision
    from storage.schema import SCHEMA_REVISION

    revision = asyncio.run(current_revision(invocation.load_config().database.url.get_secret_value()))
    if revision == SCHEMA_REVISION:
        click.echo(f"{revision} (up to date)")
        return
    click.echo(f"{revision or 'none'} (this program needs {SCHEMA_REVISION}: hezo360 db upgrade)")
    ctx.exit(1)


@db.command()
@click.option(
    "--from", "source", required=True, type=click.Path(exists=True, dir_okay=False), help="The SQLite file to copy."
)
@pass_invocation
def copy(invocation: Invocation, source: str) -> None:
    """Move everything from a SQLite file into the configured, empty PostgreSQL database.

    Stop the bot first, set database.url to the new database and run `hezo360 db upgrade`. Both sides are compared
    afterwards, by the number of rows and a checksum of every table; where anything differs, nothing is kept.
    """
    from storage.copying import copy_database

    target = invocation.load_config().database.url.get_secret_value()
    copied = asyncio.run(
        copy_database(f"sqlite+aiosqlite:///{source}", target, lambda name: click.echo(f"{name} ...", err=True))
    )
    for table in copied:
        click.echo(f"{table.name:24} {table.rows:10} rows  {table.checksum[:16]}")
    click.echo(f"Copied and compared: {sum(table.rows for table in copied)} rows in {len(copied)} tables.")


@asynccontextmanager
async def opened_database(invocation: Invocation, time_limit: timedelta | None = None) -> AsyncIterator[Database]:
    """The configured database, for commands that neither take nor write mails.

    Args:
        time_limit: For one transaction, where it may be longer than usual.

    Raises:
        OperatorError: the configuration is wrong, or the database cannot be used.
    """
    from bot.edges.clock import SystemClock
    from storage.composing import no_content_key, no_mail
    from storage.connecting import DEFAULT_TIME_LIMIT
    from storage.engine import Database

    url = invocation.load_config().database.url.get_secret_value()
    limit = time_limit or DEFAULT_TIME_LIMIT
    database = Database(url, clock=SystemClock(), compose=no_mail, read_content_key=no_content_key, time_limit=limit)
    await database.open()
    try:
        yield database
    finally:
        await database.close()
