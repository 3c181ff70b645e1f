"""Which revision of the tables a database has; Alembic itself is loaded only where something is to be done."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import OperatorError
from storage.schema import SCHEMA_REVISION


def read_revision(connection: Connection) -> str | None:
    """The revision that Alembic wrote down; None in an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


async def bring_up_to_date(connection: AsyncConnection) -> None:
    """Migrate SQLite in one transaction; refuse a PostgreSQL database of another revision, which others may be using.

    Raises:
        OperatorError: PostgreSQL is behind, or the database is newer than this program.
    """
    async with connection.begin():
        revision = await connection.run_sync(read_revision)
        if revision == SCHEMA_REVISION:
            return
        from storage.migrating import refuse_newer, upgrade_connection

        if connection.dialect.name == "sqlite":
            await connection.run_sync(upgrade_connection)
            return
        refuse_newer(revision)
        raise OperatorError(
            f"the database is at revision {revision or 'none'}, this program needs {SCHEMA_REVISION}: "
            "run hezo360 db upgrade"
        )
