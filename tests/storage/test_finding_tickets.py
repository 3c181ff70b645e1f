"""Which tickets somebody means who names a number or a device."""

from __future__ import annotations

from bot.model import Device, TicketState
from bot.rules.ticket_reference import Reference, read_reference
from storage.contract_import import import_contracts
from storage.engine import Database
from storage.finding_tickets import TicketFinder
from tests.storage.making import stored_ticket
from tests.storage.test_contracts import G60, G121, HEADER, MILK


async def test_a_number_finds_any_ticket_and_a_device_the_open_ones_about_it(database: Database) -> None:
    await import_contracts(database, HEADER + MILK.format(G121) + MILK.format(G60))
    async with database.read() as uow:
        (contract,) = await uow.contracts.all()
    closed = await stored_ticket(
        database, contract_id=contract.id, devices=(Device(G121, "FortiGate"),), state=TicketState.CLOSED
    )
    about_it = await stored_ticket(database, contract_id=contract.id, devices=(Device(G121, "FortiGate"),))
    await stored_ticket(database, contract_id=contract.id, devices=(Device(G60, "FortiGate"),))
    find = TicketFinder(database).find
    assert await find(Reference(number=closed.number)) == (closed.id,)
    assert await find(Reference(number="HEZO-2020-000001")) == ()
    assert await find(Reference(serial=G121)) == (about_it.id,)
    assert await find(Reference(serial="FGT60FTK20012345")) == ()


def test_what_is_typed_into_the_field() -> None:
    assert read_reference(" hezo-2026-000123 ") == Reference(number="HEZO-2026-000123")
    assert read_reference("S/N fg121gtk25004672") == Reference(serial=G121)
    for neither in ("", "123", "HEZO-2026-000123 HEZO-2026-000124", f"{G121} {G60}"):
        assert read_reference(neither) is None
