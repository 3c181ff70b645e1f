"""The contract registry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Column, CompoundSelect, Row, Select, bindparam, delete, literal, or_, select, union_all

from bot.model import Contract, Device
from storage.built_once import built_once
from storage.contract_tables import ContactSource, contract_channels, contract_contacts, contract_devices, contracts
from storage.transaction import Transaction, is_among

_MOST_PARAMETERS = 1000

# Built once: composing a statement takes as long as executing it.
_BY_ID = built_once(select(contracts).where(contracts.c.id == bindparam("its_id")))
_FOR_ADDRESS = built_once(
    select(contracts)
    .where(
        contracts.c.id.in_(
            select(contract_contacts.c.contract_id).where(
                or_(contract_contacts.c.value == bindparam("address"), contract_contacts.c.value == bindparam("domain"))
            )
        )
    )
    .order_by(contracts.c.number)
)
_DEVICES = select(
    contract_devices.c.contract_id, contract_devices.c.position, contract_devices.c.serial, contract_devices.c.model
)
_PEOPLE = select(contract_contacts.c.contract_id, literal(-1), contract_contacts.c.value, literal(""))


@cache
def _by_keys(*, is_postgresql: bool) -> Select[*tuple[Any, ...]]:
    return built_once(select(contracts).where(is_among(contracts.c.key, "keys", is_postgresql=is_postgresql)))


@cache
def _parts(*, is_postgresql: bool) -> CompoundSelect[*tuple[Any, ...]]:
    """The devices and, at position -1, the representatives of some contracts, in no order."""
    devices = is_among(contract_devices.c.contract_id, "ids", is_postgresql=is_postgresql)
    people = is_among(contract_contacts.c.contract_id, "ids", is_postgresql=is_postgresql)
    return built_once(union_all(_DEVICES.where(devices), _PEOPLE.where(people)))


class StoredContracts:
    """`bot.ports.ContractRepo` over the tables contracts, contract_devices and contract_contacts."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def by_keys(self, keys: Sequence[str]) -> dict[str, Contract]:
        """The contracts whose folded number is among the keys; one look-up however many they are."""
        known, ids = self._transaction.contracts, self._transaction.contract_ids
        asked = [key for key in keys if ids.get(key) not in known]
        if asked:
            query = _by_keys(is_postgresql=self._transaction.is_postgresql)
            rows = (await self._connection.execute(query, {"keys": asked})).all()
            await self._with_parts(rows)
            ids |= {row.key: row.id for row in rows}
        return {key: known[ids[key]] for key in keys if key in ids}

    async def get(self, contract_id: int) -> Contract:
        """One contract; LookupError when there is none."""
        known = self._transaction.contracts.get(contract_id)
        if known is not None:
            return known
        rows = (await self._connection.execute(_BY_ID, {"its_id": contract_id})).all()
        if not rows:
            raise LookupError(f"there is no contract with id {contract_id}")
        return (await self._with_parts(rows))[0]

    async def valid_on(self, day: date) -> tuple[Contract, ...]:
        """The contracts that are valid on a day, ordered by number."""
        valid = select(contracts).where(contracts.c.valid_from <= day, contracts.c.valid_to >= day)
        return await self._with_parts((await self._connection.execute(valid.order_by(contracts.c.number))).all())

    async def for_address(self, address: str) -> tuple[Contract, ...]:
        """The contracts on which this address may report, by address or domain; ordered by number."""
        address = address.lower()
        domain = "@" + address.rpartition("@")[2]
        rows = await self._connection.execute(_FOR_ADDRESS, {"address": address, "domain": domain})
        return await self._with_parts(rows.all())

    async def contacts(self) -> frozenset[str]:
        """Everybody who may report on any contract: "anna@klient.example", "@klient.example"."""
        return frozenset(await self._connection.scalars(select(contract_contacts.c.value).distinct()))

    async def of_channel(self, channel: str) -> tuple[Contract, ...]:
        """The contracts of the customer whose shared channel it is, ordered by number."""
        theirs = select(contract_channels.c.contract_id).where(contract_channels.c.channel == channel)
        rows = await self._connection.execute(
            select(contracts).where(contracts.c.id.in_(theirs)).order_by(contracts.c.number)
        )
        return await self._with_parts(rows.all())

    async def with_device(self, serial: str) -> tuple[Contract, ...]:
        """The contracts that cover a device, ordered by number."""
        theirs = select(contract_devices.c.contract_id).where(contract_devices.c.serial == serial)
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
        self._transaction.contracts.pop(contract_id, None)
        insert = self._transaction.insert(contract_contacts)
        await self._connection.execute(
            insert.on_conflict_do_nothing(index_elements=["contract_id", "value"]),
            {"contract_id": contract_id, "value": address.lower(), "source": ContactSource.STAFF},
        )

    async def _with_parts(self, rows: Sequence[Row[*tuple[Any, ...]]]) -> tuple[Contract, ...]:
        """The contracts of these rows; a contract is read once in a transaction."""
        known = self._transaction.contracts
        missing = [row for row in rows if row.id not in known]
        if missing:
            devices, people = await self._parts([row.id for row in missing])
            for row in missing:
                known[row.id] = Contract(
                    id=row.id,
                    number=row.number,
                    customer=row.customer,
                    nip=row.nip,
                    valid_from=row.valid_from,
                    valid_to=row.valid_to,
                    devices=tuple(device for _, device in sorted(devices.get(row.id, ()), key=lambda pair: pair[0])),
                    authorised=tuple(sorted(people.get(row.id, ()))),
                    language=row.language,
                    on_site=row.on_site,
                )
        return tuple(known[row.id] for row in rows)

    async def _parts(self, ids: Sequence[int]) -> tuple[dict[int, list[tuple[int, Device]]], dict[int, list[str]]]:
        """By contract, the devices with their positions, and the representatives."""
        devices: dict[int, list[tuple[int, Device]]] = {}
        people: dict[int, list[str]] = {}
        if len(ids) <= _MOST_PARAMETERS:
            rows = await self._connection.execute(
                _parts(is_postgresql=self._transaction.is_postgresql), {"ids": list(ids)}
            )
        else:
            rows = await self._connection.execute(
                union_all(
                    _among(_DEVICES, contract_devices.c.contract_id, ids),
                    _among(_PEOPLE, contract_contacts.c.contract_id, ids),
                )
            )
        for contract_id, position, value, model in rows:
            if position < 0:
                people.setdefault(contract_id, []).append(value)
            else:
                devices.setdefault(contract_id, []).append((position, Device(value, model)))
        return devices, people


def _among(query: Select[*tuple[Any, ...]], column: Column[int], ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """The query's rows of these contracts, and perhaps of some more: a statement takes only so many parameters."""
    return query.where(column.between(min(ids), max(ids)))
