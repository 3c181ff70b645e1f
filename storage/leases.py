"""Which processes live, and which of them has a role that only one may have; for PostgreSQL, which several share.

A process that dies, or that the database does not hear for `TTL`, loses what it had. Its time is the database server's:
the clocks of the machines need not agree, and may jump.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Interval, bindparam, delete, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert

from storage.connecting import APPLICATION
from storage.engine import Database
from storage.process_tables import leases, workers
from storage.schema import outbox

TTL = timedelta(seconds=6)
"""How long a process counts as alive after it was last heard."""
_FORGOTTEN = timedelta(days=1)
_KEEP_NO_LOCKS = text("SET LOCAL idle_in_transaction_session_timeout = '2s'")
"""All processes write the same rows. One that is cut off within its heartbeat must not keep them locked for as long as
any transaction may (`storage.connecting`): the others would not be heard for that long, and count as dead with it."""

_END_CUT_OFF = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename = current_user AND application_name = :application AND state = 'active'"
    " AND wait_event = 'ClientRead' AND state_change < clock_timestamp() - :silent"
).bindparams(bindparam("silent", type_=Interval))

_NOW = func.clock_timestamp()


@dataclass(frozen=True, slots=True)
class Held:
    """What became of one heartbeat.

    Attributes:
        mine: The roles that this process has now.
        well_elsewhere: Those that another has, and does well in.
    """

    mine: frozenset[str]
    well_elsewhere: frozenset[str]


def is_dead(worker: str, since: timedelta = timedelta(0)) -> ColumnElement[bool]:
    """Whether the process that performs an outbox row is another one, and not alive; only for PostgreSQL.

    Args:
        since: For how long it has counted as dead, by the database server's clock.
    """
    heard = workers.c.expires_at > _NOW - literal(since)
    alive = select(workers.c.name).where(workers.c.name == outbox.c.worker, heard).exists()
    return (outbox.c.worker != worker) & ~alive


async def end_cut_off(database: Database) -> int:
    """End connections of ours that wait within a statement for a client which has given up; only for PostgreSQL.

    A statement is announced (Parse) before it is sent on (Bind). Where the line is cut between the two and does not
    even tell of its end, no timeout of the server counts, and what the transaction has locked stays locked until TCP
    notices, if it does. No transaction of ours waits as long as this for its next octet. Gives how many were ended.
    """
    async with database.begin() as uow:
        values = {"application": APPLICATION, "silent": database.time_limit}
        ended: int = await uow.transaction.connection.scalar(_END_CUT_OFF, values)
    return ended


class Leases:
    """The heartbeat of one process.

    Args:
        worker: Names this start of this process, as for `storage.queues.OutboxQueue`.
    """

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker

    async def beat(self, wanted: Mapping[str, bool]) -> Held:
        """Stay alive, keep the roles that this process has, and take those that nobody has.

        Args:
            wanted: The roles, and whether this process does well in them, as far as it has them.
        """
        until = _NOW + literal(TTL)
        async with self._database.begin() as uow:
            connection = uow.transaction.connection
            await connection.execute(_KEEP_NO_LOCKS)
            alive = insert(workers).values(name=self._worker, expires_at=until)
            await connection.execute(
                alive.on_conflict_do_update(index_elements=["name"], set_={"expires_at": alive.excluded.expires_at})
            )
            mine = set()
            for role in sorted(wanted):  # in one order, or two processes could wait for each other
                take = insert(leases).values(name=role, worker=self._worker, expires_at=until, is_well=wanted[role])
                taken = take.on_conflict_do_update(
                    index_elements=["name"],
                    set_={name: take.excluded[name] for name in ("worker", "expires_at", "is_well")},
                    where=(leases.c.worker == self._worker) | (leases.c.expires_at < _NOW),
                ).returning(leases.c.name)
                if await connection.scalar(taken) is not None:
                    mine.add(role)
            well = select(leases.c.name).where(
                leases.c.is_well, leases.c.expires_at > _NOW, leases.c.worker != self._worker
            )
            well_elsewhere = frozenset(await connection.scalars(well))
            await connection.execute(delete(workers).where(workers.c.expires_at < _NOW - literal(_FORGOTTEN)))
        return Held(frozenset(mine), well_elsewhere)

    async def leave(self, channel: str, wakes: Collection[str]) -> None:
        """Give everything back and tell the others, so that they need not wait."""
        async with self._database.begin() as uow:
            connection = uow.transaction.connection
            await connection.execute(delete(leases).where(leases.c.worker == self._worker))
            await connection.execute(delete(workers).where(workers.c.name == self._worker))
            await connection.execute(
                text("SELECT pg_notify(:channel, :wakes)"), {"channel": channel, "wakes": ",".join(wakes)}
            )
