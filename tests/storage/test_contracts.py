"""The registry: what a file brings in, what it must not take away, and how contracts are found."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from bot.errors import OperatorError
from bot.model import Contract, Device, Language
from storage.contract_import import ImportResult, import_contracts
from storage.contract_tables import contract_devices
from storage.engine import Database
from tests.storage.ports import Ports

HEADER = "contract_number,customer,nip,valid_from,valid_to,serial,model,authorised,language\n"
MILK = "HZ360-2026-000101,Mleczarnia,8341710008,2025-03-01,2035-02-28,{},,anna@klient.example;@klient.example,pl\n"
WOOD = "HZ360/2026 000102,Stolarnia,6181500004,2025-03-01,2035-02-28,{},Mój model,jan@stolarnia.example,\n"
G121, G1000, G60, G300 = "FG121GTK25004672", "FG1K0FTB22900191", "FGT60D4614044725", "FGT3HD3914800153"


def counted(result: ImportResult) -> tuple[int, int, int, int]:
    return result.new, result.changed, result.unchanged, len(result.refused)


async def registry(database: Database) -> dict[str, Contract]:
    async with database.read() as uow:
        return {contract.number: contract for contract in await uow.contracts.all()}


async def test_a_file_becomes_contracts(database: Database) -> None:
    steps: list[tuple[int, int]] = []
    result = await import_contracts(
        database,
        HEADER + MILK.format(G121) + MILK.format(G1000) + WOOD.format(G60),
        progress=lambda done, of: steps.append((done, of)),
    )
    assert counted(result) == (2, 0, 0, 0)
    assert steps == [(2, 2)]
    async with database.read() as uow:
        found = await uow.contracts.by_keys(["HZ3602026000101", "HZ3602026000102", "NONE"])
        milk = found["HZ3602026000101"]
        assert milk == Contract(
            id=milk.id,
            number="HZ360-2026-000101",
            customer="Mleczarnia",
            nip="8341710008",
            valid_from=date(2025, 3, 1),
            valid_to=date(2035, 2, 28),
            devices=(Device(G121, "FortiGate-121G"), Device(G1000, "FortiGate-1000F")),
            authorised=("@klient.example", "anna@klient.example"),
            language=Language.PL,
        )
        wood = found["HZ3602026000102"]
        assert (wood.devices, wood.language) == ((Device(G60, "Mój model"),), None)
        assert len(found) == 2
        assert await uow.contracts.get(milk.id) == milk
        assert await uow.contracts.by_keys([]) == {}
        with pytest.raises(LookupError):
            await uow.contracts.get(milk.id + wood.id)


async def test_the_same_file_twice_changes_nothing(database: Database) -> None:
    text = HEADER + MILK.format(G121) + MILK.format(G1000) + WOOD.format(G60)
    await import_contracts(database, text)
    before = await registry(database)
    async with database.read() as uow:
        rows = (await uow.transaction.connection.execute(select(contract_devices))).all()
    assert counted(await import_contracts(database, text)) == (0, 0, 2, 0)
    assert await registry(database) == before
    async with database.read() as uow:
        assert (await uow.transaction.connection.execute(select(contract_devices))).all() == rows, "not rewritten"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Mleczarnia", "Mleczarnia S.A."),
        ("2035-02-28", "2036-02-29"),
        ("HZ360-2026-000101", "hz360 2026/000101"),
        (";@klient.example", ""),
        ("anna@", "bert@"),
        (",pl", ",en"),
        (G121, G300),
        (f"{G121},", f"{G121},FortiGate 121G"),
    ],
)
async def test_what_a_newer_file_says_holds(database: Database, old: str, new: str) -> None:
    row = MILK.format(G121)
    await import_contracts(database, HEADER + row + WOOD.format(G60))
    [before] = [contract for contract in (await registry(database)).values() if contract.customer == "Mleczarnia"]
    assert counted(await import_contracts(database, HEADER + row.replace(old, new))) == (0, 1, 0, 0)
    after = await registry(database)
    assert len(after) == 2
    [changed] = [contract for contract in after.values() if contract.id == before.id]
    assert counted(await import_contracts(database, HEADER + row.replace(old, new))) == (0, 0, 1, 0)
    assert changed != before


async def test_whom_an_engineer_approved_stays(database: Database) -> None:
    text = HEADER + MILK.format(G121)
    await import_contracts(database, text)
    contract = (await registry(database))["HZ360-2026-000101"]
    async with database.begin() as uow:
        await uow.contracts.authorise(contract.id, "Nowy@Inny.example")
        await uow.contracts.authorise(contract.id, "nowy@inny.example")
        await uow.contracts.authorise(contract.id, "anna@klient.example")
    assert counted(await import_contracts(database, text)) == (0, 0, 1, 0)
    await import_contracts(database, text.replace("anna@klient.example;", ""))
    contract = (await registry(database))["HZ360-2026-000101"]
    assert contract.authorised == ("@klient.example", "nowy@inny.example")


async def test_contracts_are_found_by_address_and_domain(ports: Ports) -> None:
    await ports.import_contracts(HEADER + MILK.format(G121) + WOOD.format(G60))

    async def numbers(address: str) -> list[str]:
        async with ports.read() as uow:
            return [contract.number for contract in await uow.contracts.for_address(address)]

    assert await numbers("Whoever@Klient.example") == ["HZ360-2026-000101"]
    assert await numbers("jan@stolarnia.example") == ["HZ360/2026 000102"]
    assert await numbers("piotr@stolarnia.example") == []
    assert await numbers("x@sub.klient.example") == []


async def test_contracts_are_found_by_their_folded_number(ports: Ports) -> None:
    await ports.import_contracts(HEADER + MILK.format(G121) + WOOD.format(G60))
    async with ports.begin() as uow:
        found = await uow.contracts.by_keys(["HZ3602026000101", "HZ3602026000102", "NONE"])
        assert sorted(found) == ["HZ3602026000101", "HZ3602026000102"]
        milk = found["HZ3602026000101"]
        assert (milk.number, [device.serial for device in milk.devices]) == ("HZ360-2026-000101", [G121])
        await uow.contracts.authorise(milk.id, "Nowy@Inny.example")
        await uow.contracts.authorise(milk.id, "nowy@inny.example")
    async with ports.read() as uow:
        authorised = (await uow.contracts.get(milk.id)).authorised
        assert authorised == ("@klient.example", "anna@klient.example", "nowy@inny.example")
        assert await uow.contracts.for_address("nowy@inny.example") == (await uow.contracts.get(milk.id),)
        assert await uow.contracts.by_keys([]) == {}
        with pytest.raises(LookupError):
            await uow.contracts.get(milk.id + 100)


BAD = (
    HEADER
    + MILK.format(G121)
    + MILK.format("FS1D483Z17000001")
    + WOOD.format("FGT60D46140447")
    + WOOD.replace("HZ360/2026 000102", "HZ360-2026-000103").format(G300)
    + WOOD.replace("HZ360/2026 000102", "HZ360/2026/000101").format(G60)
    + WOOD.replace("6181500004", "6181500005").format(G60)
)


async def test_bad_rows_are_named_and_the_good_ones_go_in(database: Database) -> None:
    result = await import_contracts(database, BAD)
    assert counted(result) == (2, 0, 0, 4)
    reasons = [row.reason for row in result.refused]
    assert "FS1D483Z17000001 is a FortiSwitch" in reasons[0]
    assert "no FortiGate" in reasons[0]
    assert "FGT60D46140447 is no serial number" in reasons[1]
    assert "same" in reasons[2]
    assert "check digit" in reasons[3]
    found = await registry(database)
    assert sorted(found) == ["HZ360-2026-000101", "HZ360-2026-000103"]
    assert [device.serial for device in found["HZ360-2026-000101"].devices] == [G121]


async def test_all_or_nothing(database: Database) -> None:
    result = await import_contracts(database, BAD, all_or_nothing=True)
    assert (result.done, counted(result)) == (False, (0, 0, 0, 4))
    assert await registry(database) == {}
    assert counted(await import_contracts(database, HEADER + MILK.format(G121), all_or_nothing=True)) == (1, 0, 0, 0)


async def test_a_typing_mistake_takes_no_device_away(database: Database) -> None:
    good = HEADER + MILK.format(G121) + MILK.format(G1000)
    await import_contracts(database, good)
    assert counted(await import_contracts(database, good.replace(G1000, "FG1K0FTB2290019"))) == (0, 0, 1, 1)
    assert len((await registry(database))["HZ360-2026-000101"].devices) == 2
    # Without the mistake the file says which devices there are.
    assert counted(await import_contracts(database, HEADER + MILK.format(G1000))) == (0, 1, 0, 0)
    assert [d.serial for d in (await registry(database))["HZ360-2026-000101"].devices] == [G1000]


async def test_a_serial_that_stands_twice_in_other_spellings_is_refused(database: Database) -> None:
    result = await import_contracts(database, HEADER + MILK.format(G60) + MILK.format("FGT60D-4614044725"))
    assert counted(result) == (1, 0, 0, 1)
    assert "twice" in result.refused[0].reason


async def test_modules_need_their_chassis_and_new_models_are_taken(database: Database) -> None:
    unlisted = "FG9Z9ZTK25004672"
    result = await import_contracts(database, HEADER + MILK.format(unlisted))
    assert counted(result) == (1, 0, 0, 0)
    assert (await registry(database))["HZ360-2026-000101"].devices == (Device(unlisted, "FortiGate"),)


async def test_a_large_file_is_stored_in_chunks_and_whole(database: Database) -> None:
    rows = [
        WOOD.replace("000102", f"{number:06d}").replace("/2026 ", "-2026-").format(f"FGT60D46{number:08d}")
        for number in range(1100)
    ]
    steps: list[int] = []
    text = HEADER + "".join(rows)
    result = await import_contracts(database, text, progress=lambda done, of: steps.append(min(done, of)))
    assert counted(result) == (1100, 0, 0, 0)
    assert steps == [200, 400, 600, 800, 1000, 1100]
    # More contracts than a statement takes parameters.
    found = await registry(database)
    assert [found[f"HZ360-2026-{n:06d}"].devices[0].serial for n in (0, 1099)] == [
        "FGT60D4600000000",
        "FGT60D4600001099",
    ]
    assert counted(await import_contracts(database, text, all_or_nothing=True)) == (0, 0, 1100, 0)


async def test_what_is_no_csv_is_named(database: Database) -> None:
    with pytest.raises(OperatorError, match="header lacks"):
        await import_contracts(database, b"hello\n")
