"""Brings a CSV file of contracts into the registry: by contract number, as often as one likes.

The file is the whole truth about the contracts that it names, but for three things: people whom an engineer authorised
stay, while any row of the file is refused no device is taken off a contract, as the refused row may be that device, and
what a replacement brought onto a contract stays until a file names it for the first time.
Contracts that the file does not name stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import and_, bindparam, delete, insert, select, text, update

from bot.model import Device
from bot.replacements import DeviceChange, Fate
from bot.rules.contract_csv import BadRow, ContractRecord, parse_contracts
from bot.rules.contract_numbers import fold
from bot.rules.serial_numbers import find_serials
from storage.contract_tables import ContactSource, contract_contacts, contract_devices, contracts
from storage.engine import Database
from storage.replacement_tables import device_changes
from storage.replacements import change_of
from storage.transaction import Transaction

_CHUNK = 200
_UNLISTED_MODEL = "FortiGate"
_COLUMNS = ("number", "customer", "nip", "valid_from", "valid_to", "language", "on_site")


@dataclass(slots=True)
class ImportResult:
    """What an import did.

    Attributes:
        new, changed, unchanged: Contracts.
        refused: Rows that were left out, in the order of the file.
        ignored_columns: Columns that mean nothing here.
        done: False where nothing was stored because of a refused row (all or nothing).
        kept: Contract numbers with devices that replacements brought and that the file does not know yet.
    """

    refused: tuple[BadRow, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    done: bool = True
    kept: list[tuple[str, DeviceChange]] = field(default_factory=list)


@dataclass(slots=True)
class _Stored:
    """A contract as it stands in the registry."""

    id: int
    values: dict[str, object]
    devices: list[Device] = field(default_factory=list)
    people: dict[str, ContactSource] = field(default_factory=dict)
    replaced: list[DeviceChange] = field(default_factory=list)


async def import_contracts(
    database: Database,
    data: bytes | str,
    *,
    all_or_nothing: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportResult:
    """Store the contracts of a CSV file (`bot.rules.contract_csv` says how it looks).

    Args:
        data: The file's octets, or its text.
        all_or_nothing: Store nothing when any row is refused, and all in one transaction; else 200 contracts each.
        progress: Told how many contracts of how many are done.

    Raises:
        OperatorError: the file as a whole cannot be read.
        DatabaseBusy: the database was not to be had; with `all_or_nothing` nothing was stored.
    """
    parsed = parse_contracts(data.encode() if isinstance(data, str) else data)
    records, refused = _acceptable(parsed.contracts)
    refused = sorted([*parsed.bad_rows, *refused], key=lambda row: row.line)
    result = ImportResult(tuple(refused), parsed.ignored_columns)
    if refused and all_or_nothing:
        result.done = False
        return result
    chunks = [records[start : start + _CHUNK] for start in range(0, len(records), _CHUNK)]
    stored = 0
    for chunks_together in [chunks] if all_or_nothing else [[chunk] for chunk in chunks]:
        async with database.begin() as uow:
            if database.is_postgresql:
                # Two imports at once go one after the other; nobody else is kept from reading.
                await uow.transaction.connection.execute(text("LOCK TABLE contracts IN SHARE ROW EXCLUSIVE MODE"))
            for chunk in chunks_together:
                await _store(uow.transaction, chunk, result, may_remove=not refused)
                stored += len(chunk)
                if progress is not None:
                    progress(stored, len(records))
    return result


def _acceptable(records: Sequence[ContractRecord]) -> tuple[list[ContractRecord], list[BadRow]]:
    """The records with their devices' models, without what is no FortiGate; and why the rest is refused."""
    accepted: list[ContractRecord] = []
    refused: list[BadRow] = []
    first_lines: dict[str, ContractRecord] = {}
    for record in records:
        same = first_lines.setdefault(fold(record.number), record)
        if same is not record:
            reason = f"contract_number: {record.number!r} is the same number as {same.number!r} on line {same.line}"
            refused.append(BadRow(record.line, reason))
            continue
        devices: dict[str, Device] = {}
        for given in record.devices:
            try:
                device = _identified(given)
            except ValueError as error:
                refused.append(BadRow(record.line, f"serial: {error} (contract {record.number})"))
                continue
            if device.serial in devices:
                reason = f"serial: {device.serial} stands twice in contract {record.number}"
                refused.append(BadRow(record.line, reason))
            devices.setdefault(device.serial, device)
        if devices:
            accepted.append(replace(record, devices=tuple(devices.values())))
    return accepted, refused


def _identified(device: Device) -> Device:
    """The device by its serial as the vendor prints it, with the model that the serial tells unless one is given.

    Raises:
        ValueError: the serial is none of a device that the service covers.
    """
    found = find_serials(device.serial)
    if found.fortigate:
        covered = found.fortigate[0]
        if covered.needs_chassis:
            raise ValueError(f"{covered.serial} is a module of {covered.model}; the chassis' serial is needed")
        return Device(covered.serial, device.model or covered.model)
    if found.unlisted:
        return Device(found.unlisted[0], device.model or _UNLISTED_MODEL)
    if found.other_products:
        other = found.other_products[0]
        raise ValueError(f"{other.serial} is a {other.product} ({other.model}), no FortiGate")
    if found.suggestions:
        raise ValueError(f"{device.serial} is no serial number of a FortiGate; is it {found.suggestions[0].suggested}?")
    raise ValueError(f"{device.serial} is no serial number of a FortiGate")


async def _store(
    transaction: Transaction, records: Sequence[ContractRecord], result: ImportResult, *, may_remove: bool
) -> None:
    """Store these contracts, counting into the result what was new, changed or neither."""
    wanted = {fold(record.number): record for record in records}
    stored = await _stored(transaction, list(wanted))
    now = transaction.clock.now()
    changes = _Changes()
    for key, record in wanted.items():
        values = {name: getattr(record, name) for name in _COLUMNS}
        old = stored.get(key)
        if old is None:
            changes.new.append({"key": key, "updated_at": now, **values})
            continue
        known, kept = _with_replacements(old, record)
        result.kept += [(record.number, change) for change in kept]
        changes.settled += [change.id for change in old.replaced if change not in kept]
        if changes.note(old, known, values, may_remove=may_remove):
            changes.updated.append({"its_id": old.id, "updated_at": now, **values})
    result.new += len(changes.new)
    result.changed += len(changes.updated)
    result.unchanged += len(wanted) - len(changes.new) - len(changes.updated)
    if changes.new:
        added = await transaction.connection.execute(
            insert(contracts).returning(contracts.c.id, contracts.c.key), changes.new
        )
        for row in added:
            changes.devices[row.id] = list(wanted[row.key].devices)
            changes.joining += [(row.id, value) for value in wanted[row.key].authorised]
    await changes.write(transaction)
    if changes.settled:
        settled = update(device_changes).where(device_changes.c.id.in_(changes.settled)).values(settled_at=now)
        await transaction.connection.execute(settled)


def _with_replacements(old: _Stored, record: ContractRecord) -> tuple[ContractRecord, list[DeviceChange]]:
    """The record with the devices that replacements brought and that the file does not know yet; and these."""
    devices, kept = list(record.devices), []
    named = {device.serial for device in devices}
    for change in old.replaced:  # in their order: what replaced a device may have been replaced in its turn
        if change.new.serial in named:
            continue
        kept.append(change)
        places = [place for place, device in enumerate(devices) if device.serial == change.old]
        if change.fate is Fate.REPLACES and places:
            devices[places[0]] = change.new
        elif all(device.serial != change.new.serial for device in devices):
            devices.append(change.new)
    return replace(record, devices=tuple(devices)), kept


@dataclass(slots=True)
class _Changes:
    """What a chunk changes, gathered so that it is written in few statements.

    Attributes:
        new, updated: Rows of the table contracts.
        devices: The devices that a contract has from now on.
        joining, leaving: Contract ids and representatives.
        settled: Ids of device changes that the file knows by now.
    """

    new: list[dict[str, object]] = field(default_factory=list)
    updated: list[dict[str, object]] = field(default_factory=list)
    devices: dict[int, list[Device]] = field(default_factory=dict)
    joining: list[tuple[int, str]] = field(default_factory=list)
    leaving: list[tuple[int, str]] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)

    def note(self, old: _Stored, record: ContractRecord, values: dict[str, object], *, may_remove: bool) -> bool:
        """Gather what differs from the contract as it stands; False when nothing does."""
        named = {device.serial for device in record.devices}
        devices = [
            *record.devices,
            *(device for device in old.devices if not may_remove and device.serial not in named),
        ]
        joining = [(old.id, value) for value in record.authorised if value not in old.people]
        leaving = [
            (old.id, value)
            for value, source in old.people.items()
            if source is ContactSource.IMPORT and value not in record.authorised
        ]
        if devices != old.devices:
            self.devices[old.id] = devices
        self.joining += joining
        self.leaving += leaving
        return values != old.values or devices != old.devices or bool(joining or leaving)

    async def write(self, transaction: Transaction) -> None:
        """Write all but the new contracts themselves."""
        connection = transaction.connection
        if self.updated:
            await connection.execute(update(contracts).where(contracts.c.id == bindparam("its_id")), self.updated)
        if self.devices:
            await connection.execute(
                delete(contract_devices).where(contract_devices.c.contract_id.in_(list(self.devices)))
            )
            await connection.execute(
                insert(contract_devices),
                [
                    {"contract_id": contract_id, "position": position, "serial": device.serial, "model": device.model}
                    for contract_id, devices in self.devices.items()
                    for position, device in enumerate(devices)
                ],
            )
        if self.joining:
            # An engineer may approve the same address at the same moment.
            joining = transaction.insert(contract_contacts).on_conflict_do_nothing()
            rows = [{"contract_id": i, "value": value, "source": ContactSource.IMPORT} for i, value in self.joining]
            await connection.execute(joining, rows)
        if self.leaving:
            its_value = and_(
                contract_contacts.c.contract_id == bindparam("its_id"),
                contract_contacts.c.value == bindparam("its_value"),
            )
            rows = [{"its_id": i, "its_value": value} for i, value in self.leaving]
            await connection.execute(delete(contract_contacts).where(its_value), rows)


async def _stored(transaction: Transaction, keys: list[str]) -> dict[str, _Stored]:
    found: dict[int, _Stored] = {}
    by_key: dict[str, _Stored] = {}
    for row in await transaction.connection.execute(select(contracts).where(contracts.c.key.in_(keys))):
        values = {name: getattr(row, name) for name in _COLUMNS}
        found[row.id] = by_key[row.key] = _Stored(row.id, values)
    if not found:
        return {}
    devices = select(contract_devices).where(contract_devices.c.contract_id.in_(list(found)))
    for row in await transaction.connection.execute(devices.order_by(contract_devices.c.position)):
        found[row.contract_id].devices.append(Device(row.serial, row.model))
    replaced = select(device_changes).where(
        device_changes.c.contract_id.in_(list(found)), device_changes.c.settled_at.is_(None)
    )
    for row in await transaction.connection.execute(replaced.order_by(device_changes.c.id)):
        found[row.contract_id].replaced.append(change_of(row))
    people = select(contract_contacts).where(contract_contacts.c.contract_id.in_(list(found)))
    for row in await transaction.connection.execute(people):
        found[row.contract_id].people[row.value] = row.source
    return by_key
