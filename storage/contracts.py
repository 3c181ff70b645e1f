"""The contract registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, delete, or_, select

from bot.model import Contract, Device
from storage.schema import ContactSource, contract_channels, contract_contacts, contract_devices, contracts
from storage.transaction import Transaction

_MOST_PARAMETERS = 1000


class StoredContracts:
    """`bot.ports.ContractRepo` over the tables contracts, contract_devices and contract_contacts."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def by_keys(self, keys: Sequence[str]) -> dict[str, Contract]:
        """The contracts whose folded number is among the keys; one look-up however many they are."""
        if not keys:
            return {}
        rows = (await self._connection.execute(select(contracts).where(contracts.c.key.in_(keys)))).all()
        whole = await self._with_parts(rows)
        return {row.key: contract for row, contract in zip(rows, whole, strict=True)}

    async def get(self, contract_id: int) -> Contract:
        """One contract; LookupError when there is none."""
        rows = (await self._connection.execute(select(contracts).where(contracts.c.id == contract_id))).all()
        if not rows:
            raise LookupError(f"there is no contract with id {contract_id}")
        return (await self._with_parts(rows))[0]

    async def for_address(self, address: str) -> tuple[Contract, ...]:
        """The contracts on which this address may report, by address or domain; ordered by number."""
        address = address.lower()
        domain = "@" + address.rpartition("@")[2]
        theirs = select(contract_contacts.c.contract_id).where(
            or_(contract_contacts.c.value == address, contract_contacts.c.value == domain)
        )
        rows = await self._connection.execute(
            select(contracts).where(contracts.c.id.in_(theirs)).order_by(contracts.c.number)
        )
        return await self._with_parts(rows.all())

    async def of_channel(self, channel: str) -> tuple[Contract, ...]:
        """The contracts of the customer whose shared channel it is, ordered by number."""
        theirs = select(contract_channels.c.contract_id).where(contract_channels.c.channel == channel)
        rows = await self._connection.execute(
            select(contracts).where(contracts.c.id.in_(theirs)).order_by(contracts.c.number)
        )
        return await self._with_parts(rows.all())

    async def channels_of(self, contract_id: int) -> tuple[str, ...]:
        """The shared channels of a contract, Slack's ids in order."""
        found = await self._connection.scalars(
            select(contract_channels.c.channel)
            .where(contract_channels.c.contract_id == contract_id)
            .order_by(contract_channels.c.channel)
        )
        return tuple(found)

    async def channels(self) -> tuple[tuple[str, str], ...]:
        """Every shared channel with the number of each of its contracts, in order."""
        rows = await self._connection.execute(
            select(contract_channels.c.channel, contracts.c.number)
            .join(contracts, contracts.c.id == contract_channels.c.contract_id)
            .order_by(contract_channels.c.channel, contracts.c.number)
        )
        return tuple((row.channel, row.number) for row in rows)

    async def map_channel(self, contract_id: int, channel: str) -> bool:
        """People of that channel represent the customer on this contract from now on; False when they did before."""
        insert = self._transaction.insert(contract_channels).on_conflict_do_nothing(
            index_elements=["contract_id", "channel"]
        )
        values = {"contract_id": contract_id, "channel": channel}
        result = await self._connection.execute(insert.returning(contract_channels.c.id), values)
        return result.scalar_one_or_none() is not None

    async def unmap_channel(self, contract_id: int, channel: str) -> bool:
        """They no longer do; False when they did not before. What was reported stays where it is."""
        result = await self._connection.execute(
            delete(contract_channels).where(
                contract_channels.c.contract_id == contract_id, contract_channels.c.channel == channel
            )
        )
        return result.rowcount > 0

    async def all(self) -> tuple[Contract, ...]:
        """The whole registry, ordered by number."""
        rows = (await self._connection.execute(select(contracts).order_by(contracts.c.number))).all()
        return await self._with_parts(rows)

    async def authorise(self, contract_id: int, address: str) -> None:
        """Put an address on the contract's list of representatives; twice changes nothing."""
        insert = self._transaction.insert(contract_contacts)
        await self._connection.execute(
            insert.on_conflict_do_nothing(index_elements=["contract_id", "value"]),
            {"contract_id": contract_id, "value": address.lower(), "source": ContactSource.STAFF},
        )

    async def _with_parts(self, rows: Sequence[Row[*tuple[Any, ...]]]) -> tuple[Contract, ...]:
        if not rows:
            return ()
        ids = [row.id for row in rows]
        devices: dict[int, list[Device]] = {}
        for part in await self._connection.execute(
            select(contract_devices)
            .where(_among(contract_devices.c.contract_id, ids))
            .order_by(contract_devices.c.contract_id, contract_devices.c.position)
        ):
            devices.setdefault(part.contract_id, []).append(Device(part.serial, part.model))
        people: dict[int, list[str]] = {}
        for part in await self._connection.execute(
            select(contract_contacts)
            .where(_among(contract_contacts.c.contract_id, ids))
            .order_by(contract_contacts.c.contract_id, contract_contacts.c.value)
        ):
            people.setdefault(part.contract_id, []).append(part.value)
        return tuple(
            Contract(
                id=row.id,
                number=row.number,
                customer=row.customer,
                nip=row.nip,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
                devices=tuple(devices.get(row.id, ())),
                authorised=tuple(people.get(row.id, ())),
                language=row.language,
                on_site=row.on_site,
            )
            for row in rows
        )


def _among(column: Column[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """Rows of these contracts, and perhaps of some more: a statement takes only so many parameters."""
    return column.in_(ids) if len(ids) <= _MOST_PARAMETERS else column.between(min(ids), max(ids))
