"""Alembic without its command line and configuration file: the same from an installed package as from a checkout."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import OperatorError
from storage.connecting import cannot_use, make_engine, may_exist, parse_url, prepare_file
from storage.revisions import read_revision

_LOCK_KEY = 360_001
"""PostgreSQL advisory lock: two upgrades at once wait for each other."""
STEP_LIMIT = timedelta(hours=2)
"""For one statement: an index over some millions of rows takes its time."""


def _script_directory() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


def head_revision() -> str:
    """The newest revision that this program knows."""
    head = _script_directory().get_current_head()
    assert head is not None, "the package holds its migrations"
    return head


def refuse_newer(revision: str | None) -> None:
    """Raise OperatorError for a revision that this program does not know."""
    if revision is None:
        return
    try:
        _script_directory().get_revision(revision)
    except CommandError:
        raise OperatorError(
            f"the database is at revision {revision}, which this version of hezo360 does not know: "
            "install the version that wrote it, or restore a backup"
        ) from None


def upgrade_connection(connection: Connection, to: str = "head") -> None:
    """Bring the tables to a revision, the newest one, within the connection's open transaction.

    Raises:
        OperatorError: the database is newer than this program.
    """
    script = _script_directory()
    refuse_newer(read_revision(connection))

    def steps(revision: tuple[str, ...], context: MigrationContext) -> list[RevisionStep]:
        del context
        # What alembic.command.upgrade does; the package offers no public name for it.
        return script._upgrade_revs(to, revision)  # type: ignore[arg-type]  # narrower than its callers

    with EnvironmentContext(Config(), script, fn=steps, destination_rev=to) as environment:
        # Every step joins the transaction that is open; SQLite takes back CREATE TABLE, too, when we BEGIN ourselves.
        environment.configure(connection=connection)
        environment.run_migrations()


async def upgrade(database_url: str) -> str:
    """Bring a database to the newest revision, in one transaction; gives that revision.

    Raises:
        OperatorError: the database cannot be reached, or is newer than this program.
    """
    url = parse_url(database_url)
    engine = make_engine(url, statement_limit=STEP_LIMIT)
    try:
        prepare_file(url)
        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text("SET LOCAL lock_timeout = 0"))
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
                await connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))  # a table in use is not waited for
            await connection.run_sync(upgrade_connection)
    except (OSError, SQLAlchemyError) as error:
        raise cannot_use(url, error) from error
    finally:
        await engine.dispose()
    return head_revision()


async def current_revision(database_url: str) -> str | None:
    """The revision of a database; None when it is empty.

    Raises:
        OperatorError: the database cannot be reached.
    """
    url = parse_url(database_url)
    if not may_exist(url):
        return None
    engine = make_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(read_revision)
    except (OSError, SQLAlchemyError) as error:
        raise cannot_use(url, error) from error
    finally:
        await engine.dispose()
