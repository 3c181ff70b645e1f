"""Replacements, and the devices that they brought onto contracts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, func, insert, or_, select, update

from bot.model import Device
from bot.replacements import DeviceChange, Fate, Replacement
from storage.contract_tables import contract_devices
from storage.errors import StaleTicket
from storage.replacement_tables import device_changes, replacements
from storage.transaction import Transaction

_IS_OPEN = replacements.c.ended_at.is_(None)
_OWN_COLUMNS = (
    "ticket_id", "contract_id", "stage", "begun_at", "begun_by", "verified_at", "confirmed_at", "delivered_at",
    "returned_at", "ended_at", "delivery_clock_id", "return_clock_id", "slack_ts", "version",
)  # fmt: skip


@cache
def _adapter() -> TypeAdapter[Replacement]:
    return TypeAdapter(Replacement)


class StoredReplacements:
    """`bot.replacement_ports.ReplacementRepo` over the tables replacements, device_changes and contract_devices."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def add(self, replacement: Replacement) -> Replacement:
        """Store a new replacement; its id is made here."""
        result = await self._connection.execute(
            replacements.insert().returning(replacements.c.id), _values(replacement)
        )
        return replace(replacement, id=result.scalar_one())

    async def get(self, replacement_id: int) -> Replacement:
        """One replacement, locked for this transaction; LookupError when there is none."""
        query = select(replacements).where(replacements.c.id == replacement_id)
        row = (await self._connection.execute(self._locked(query))).one_or_none()
        if row is None:
            raise LookupError(f"there is no replacement with id {replacement_id}")
        return _replacement_of(row)

    async def of_ticket(self, ticket_id: int) -> tuple[Replacement, ...]:
        """All replacements of a ticket, oldest first."""
        query = select(replacements).where(replacements.c.ticket_id == ticket_id).order_by(replacements.c.id)
        return tuple(_replacement_of(row) for row in await self._connection.execute(query))

    async def of_contract(self, contract_id: int) -> tuple[Replacement, ...]:
        """All replacements under a contract, oldest first."""
        query = select(replacements).where(replacements.c.contract_id == contract_id).order_by(replacements.c.id)
        return tuple(_replacement_of(row) for row in await self._connection.execute(query))

    async def open_of_device(self, serial: str) -> Replacement | None:
        """The device's replacement that has not ended, whatever its ticket."""
        query = select(replacements).where(replacements.c.serial == serial, _IS_OPEN)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _replacement_of(row)

    async def by_clock(self, clock_id: int) -> Replacement | None:
        """The replacement whose delivery or return that clock measures."""
        its = or_(replacements.c.delivery_clock_id == clock_id, replacements.c.return_clock_id == clock_id)
        row = (await self._connection.execute(select(replacements).where(its))).one_or_none()
        return None if row is None else _replacement_of(row)

    async def update(self, replacement: Replacement) -> Replacement:
        """Store the changes; gives it with its grown version.

        Raises:
            StaleTicket: somebody changed it meanwhile; the handling is repeated with what it is now.
        """
        grown = replace(replacement, version=replacement.version + 1)
        result = await self._connection.execute(
            update(replacements)
            .where(replacements.c.id == replacement.id, replacements.c.version == replacement.version)
            .values(_values(grown))
        )
        if result.rowcount != 1:
            raise StaleTicket(f"replacement {replacement.id} is no longer at version {replacement.version}")
        return grown

    async def change_device(self, change: DeviceChange) -> DeviceChange:
        """Bring the new device onto the contract; a device that stands there already stays as it is."""
        result = await self._connection.execute(
            device_changes.insert().returning(device_changes.c.id),
            {
                "contract_id": change.contract_id, "ticket_id": change.ticket_id, "old_serial": change.old,
                "new_serial": change.new.serial, "new_model": change.new.model, "fate": change.fate,
                "by": change.by, "at": change.at, "settled_at": change.settled_at,
            },
        )  # fmt: skip
        await self._bring(change)
        return replace(change, id=result.scalar_one())

    async def _bring(self, change: DeviceChange) -> None:
        on_contract = contract_devices.c.contract_id == change.contract_id
        serials = set(await self._connection.scalars(select(contract_devices.c.serial).where(on_contract)))
        if change.new.serial in serials:
            return
        new = {"serial": change.new.serial, "model": change.new.model}
        if change.fate is Fate.REPLACES and change.old in serials:
            it = contract_devices.c.serial == change.old
            await self._connection.execute(update(contract_devices).where(on_contract, it).values(new))
            return
        last = await self._connection.scalar(select(func.max(contract_devices.c.position)).where(on_contract))
        position = 0 if last is None else last + 1
        await self._connection.execute(
            insert(contract_devices), [{"contract_id": change.contract_id, "position": position, **new}]
        )

    async def device_changes(self, contract_id: int) -> tuple[DeviceChange, ...]:
        """What replacements brought onto a contract, oldest first."""
        query = select(device_changes).where(device_changes.c.contract_id == contract_id).order_by(device_changes.c.id)
        return tuple(change_of(row) for row in await self._connection.execute(query))

    async def contract_of_device(self, serial: str) -> int | None:
        """The id of a contract on which a device stands; None where it stands on none."""
        query = select(contract_devices.c.contract_id).where(contract_devices.c.serial == serial).limit(1)
        found: int | None = await self._connection.scalar(query)
        return found

    def _locked(self, query: Any) -> Any:
        return query.with_for_update() if self._transaction.locks_rows else query


def change_of(row: Row[*tuple[Any, ...]]) -> DeviceChange:
    """The value of a row of device_changes."""
    return DeviceChange(
        row.id, row.contract_id, row.ticket_id, row.old_serial, Device(row.new_serial, row.new_model), row.fate,
        row.by, row.at, row.settled_at,
    )  # fmt: skip


def _values(replacement: Replacement) -> dict[str, object]:
    facts = _adapter().dump_python(replacement, mode="json")
    for name in ("id", "device", *_OWN_COLUMNS):
        del facts[name]
    own = {name: getattr(replacement, name) for name in _OWN_COLUMNS}
    return {**own, "serial": replacement.device.serial, "model": replacement.device.model, "facts": facts}


def _replacement_of(row: Row[*tuple[Any, ...]]) -> Replacement:
    own = {name: getattr(row, name) for name in _OWN_COLUMNS}
    return _adapter().validate_python({**row.facts, **own, "id": row.id, "device": Device(row.serial, row.model)})
