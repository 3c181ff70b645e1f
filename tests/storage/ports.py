"""What the tests of the ports run on: the real storage and the fake, behind one face."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bot.model import Contract, Timer
from bot.ports import UnitOfWork
from bot.rules.contract_csv import parse_contracts
from storage.contract_import import import_contracts
from storage.engine import Database
from storage.mail_sink import StoredMailSink
from storage.queues import InboxQueue, TimerQueue
from tests.fakes.memory_database import MemoryDatabase
from tests.storage.making import NOON, fetched


class Timers(Protocol):
    """What is due at a time (`storage.queues.TimerQueue`)."""

    async def due(self, now: datetime, limit: int) -> list[Timer]: ...
    async def next_fire_at(self) -> datetime | None: ...
    async def retry(self, timer_id: int, at: datetime) -> bool: ...


class Ports(Protocol):
    """A storage whose transactions keep the promises of `bot.ports`."""

    @property
    def timers(self) -> Timers: ...

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit of work that may write."""

    def read(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit of work for looking."""

    async def import_contracts(self, csv: str) -> None:
        """Fill the registry."""

    async def arrived(self) -> int:
        """Store a mail; gives its inbox row."""


class StoredPorts:
    """The real storage."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.timers = TimerQueue(database)

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self._database.begin()

    def read(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self._database.read()

    async def import_contracts(self, csv: str) -> None:
        await import_contracts(self._database, csv.encode())

    async def arrived(self) -> int:
        await StoredMailSink(self._database).store([fetched(1)])
        [row] = await InboxQueue(self._database).take("mail", NOON, 1)
        return row.id


class FakePorts:
    """The fake."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database
        self.timers = database.timers

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self._database.begin()

    def read(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self._database.read()

    async def import_contracts(self, csv: str) -> None:
        for contract_id, record in enumerate(parse_contracts(csv.encode()).contracts, start=1):
            devices = tuple(replace(device, model=device.model or "FortiGate") for device in record.devices)
            self._database.add_contract(
                Contract(
                    contract_id,
                    record.number,
                    record.customer,
                    record.nip,
                    record.valid_from,
                    record.valid_to,
                    devices,
                    record.authorised,
                    record.language,
                    record.on_site,
                )
            )

    async def arrived(self) -> int:
        return self._database.receive(fetched(1).raw, NOON).inbox_id
