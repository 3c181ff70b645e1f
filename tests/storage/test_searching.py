"""Tickets are found by words, serial numbers, contracts and customers, as people type them."""

from __future__ import annotations

import pytest

from bot.model import ClockKind, Device, TicketState
from bot.rules.search_words import asked_words, words_of
from storage.contract_import import import_contracts
from storage.engine import Database
from storage.erasing import Eraser, People
from storage.searching import TicketSearch
from tests.storage.making import a_clock, a_message, a_ticket
from tests.storage.test_contracts import G60, G121, HEADER, MILK, WOOD


@pytest.fixture
async def filled(database: Database) -> Database:
    """A dairy's tickets about power and tunnels, and a joiner's about power."""
    await import_contracts(database, HEADER + MILK.format(G121) + WOOD.format(G60))
    async with database.begin() as uow:
        milk, wood = (await uow.contracts.by_keys(["HZ3602026000101", "HZ3602026000102"])).values()
        for number, (contract, text) in enumerate(
            [(milk, "Zasilacz dymi, żółta dioda"), (milk, "Tunel VPN nie wstaje"), (wood, "zasilacze dwa do wymiany")]
        ):
            ticket = await uow.tickets.add(
                a_ticket(subject=f"Awaria {number}", contract_id=contract.id, devices=(Device(G121, "FortiGate-121G"),))
            )
            await uow.tickets.add_message(a_message(ticket.id, text=text, author="jan.kowalski@klient.example"))
        done = await uow.tickets.add(a_ticket(state=TicketState.CLOSED, subject="spam"))
        await uow.clocks.add(a_clock(done.id))
    return database


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("zasilacz", ["Awaria 2", "Awaria 0"]),
        ("ZÓŁTA zasilacz", ["Awaria 0"]),
        ("zasilacz mleczarnia", ["Awaria 0"]),
        ("mleczarnia", ["Awaria 1", "Awaria 0"]),
        ("HZ360-2026-000101 tunel", ["Awaria 1"]),
        (G121.lower(), ["Awaria 1", "Awaria 0"]),
        ("jan.kowalski", ["Awaria 2", "Awaria 1", "Awaria 0"]),
        ("vpn stolarnia", []),
        ("spam", ["spam"]),
        ("? !", []),
        ("%' OR 1=1 --", []),
    ],
)
async def test_what_is_found(filled: Database, query: str, subjects: list[str]) -> None:
    found = await TicketSearch(filled).find(query, 10)
    assert [row.ticket.subject for row in found.tickets] == subjects
    assert found.is_all


async def test_rows_say_whose_they_are_and_what_is_due(filled: Database) -> None:
    search = TicketSearch(filled)
    [row] = (await search.find("tunel", 10)).tickets
    assert (row.customer, row.clock) == ("Mleczarnia", None)
    [closed] = (await search.find("spam", 10)).tickets
    assert closed.clock is not None
    assert closed.clock.kind is ClockKind.REACTION
    assert not (await search.find("zasilacz", 1)).is_all
    assert await search.numbered(row.ticket.number) == row
    assert await search.numbered("HEZO-2026-999999") is None


async def test_contracts_are_found_by_number_device_and_customer(filled: Database) -> None:
    search = TicketSearch(filled)
    for typed in ("hz360 2026 000101", G121, G121.lower()):
        found = await search.contract(typed)
        assert found is not None
        assert found[0].customer == "Mleczarnia"
        assert [row.ticket.subject for row in await search.open_of(found[0].id, 10)] == ["Awaria 0", "Awaria 1"]
    assert await search.contract("HZ360-1") is None
    assert [contract.customer for contract in await search.contracts_of("stolarn", 10)] == ["Stolarnia"]
    assert await search.contracts_of("", 10) == ()


def test_words() -> None:
    assert words_of("Żółw, S/N FG-1! jan.kowalski@klient.example") == (
        "zolw", "fg-1", "fg", "jan.kowalski", "jan", "kowalski", "klient.example", "klient", "example",
    )  # fmt: skip
    assert asked_words("a ŻÓŁW  żółw 'x") == ("zolw",)


@pytest.mark.parametrize("written", ["fg121gtk 25004672", "FG12 1GTK 2500 4672", "FG121GTK-25004672"])
def test_a_serial_number_in_groups_is_looked_for_as_one_word(written: str) -> None:
    assert asked_words(f"{written} awaria") == ("fg121gtk25004672", "awaria")
    assert asked_words("FortiGate 60F 2024-11-23") == ("fortigate", "60f", "2024-11-23")
    assert len(words_of(" ".join(f"slowo{n}" for n in range(5_000)))) <= 1_500


async def test_what_is_erased_is_no_longer_found(filled: Database) -> None:
    search = TicketSearch(filled)
    [row] = (await search.find("tunel", 10)).tickets
    async with filled.begin() as uow:
        await Eraser(uow.transaction).ticket(row.ticket.id, People({"jan.kowalski@klient.example": "x"}), whole=True)
    assert (await search.find("tunel", 10)).tickets == ()
    assert len((await search.find("jan.kowalski", 10)).tickets) == 2
    assert len((await search.find("mleczarnia", 10)).tickets) == 2, "the registry knows its customer"
