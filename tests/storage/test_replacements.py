"""Replacements and interviews come back as they were stored, and no import silently undoes what one brought."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.interviews import Answer, AnswerSource, Interview
from bot.model import Device
from bot.replacements import (
    Check,
    CheckDone,
    DeviceChange,
    Fate,
    Replacement,
    ReturnWaybill,
    Shipment,
    Stage,
    Via,
)
from bot.rules.contract_numbers import fold
from bot.rules.erasing import GONE
from storage.contract_import import ImportResult, import_contracts
from storage.engine import Database
from storage.erasing import Eraser, People
from storage.errors import StaleTicket
from tests.storage.making import NOON, stored_ticket
from tests.storage.ports import Ports, StoredPorts

HOUR = timedelta(hours=1)
OLD, NEW, NEWER = "FG121GTK25004672", "FG121GTK25009999", "FG121GTK25008888"
NUMBER = "HZ360-2026-000101"


def registry(*serials: str) -> str:
    rows = [f"{NUMBER},Mleczarnia,834-171-00-08,2025-03-01,2035-02-28,{each},anna@klient.example" for each in serials]
    return "contract_number,customer,nip,valid_from,valid_to,serial,authorised\n" + "\n".join(rows)


def a_replacement(ticket_id: int, serial: str = OLD) -> Replacement:
    return Replacement(0, ticket_id, Device(serial, "FortiGate-121G"), Stage.REPORTED, NOON, "U0EWA")


def whole(replacement: Replacement) -> Replacement:
    """With a value in every field."""
    shipment = Shipment("DHL", "12345678901", "ul. Mleczna 1", "Anna", "600100200", "U0EWA", NOON)
    return replace(
        replacement,
        stage=Stage.CLOSED,
        checks=(CheckDone(Check.LOGS, "U0EWA", NOON, "dysk: błąd\ud800", (7,)),),
        verified_at=NOON,
        verified_by="U0EWA",
        asked_at=NOON,
        asks=True,
        confirmed_at=NOON + HOUR,
        confirmed_by="anna@klient.example",
        confirmed_via=Via.MAIL,
        confirmation_logged_by="U0EWA",
        shipments=(replace(shipment, lost_at=NOON + HOUR), shipment),
        delivered_at=NOON + 2 * HOUR,
        received_by="Anna Nowak",
        new_device=Device(NEW, "FortiGate-121G"),
        fate=Fate.REPLACES,
        waybills=(ReturnWaybill("999", ("list.pdf",), "U0EWA", NOON + 3 * HOUR),),
        returned_at=NOON + 4 * HOUR,
        return_note="pęknięta obudowa",
        ended_at=NOON + 5 * HOUR,
        ended_by="U0EWA",
        outcome="wszystko gotowe",
        slack_ts="1.2",
    )


async def test_a_replacement_comes_back_as_it_was_stored(ports: Ports) -> None:
    await ports.import_contracts(registry(OLD))
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        contract = (await uow.contracts.by_keys([fold(NUMBER)]))[fold(NUMBER)]
        added = await uow.replacements.add(replace(a_replacement(ticket.id), contract_id=contract.id))
        assert await uow.replacements.open_of_device(OLD) == added
    async with ports.begin() as uow:
        clean = replace(whole(added), checks=(CheckDone(Check.LOGS, "U0EWA", NOON, "dysk: błąd", (7,)),))
        changed = await uow.replacements.update(clean)
        assert changed == replace(clean, version=2)
    async with ports.read() as uow:
        assert await uow.replacements.get(added.id) == changed
        assert await uow.replacements.of_ticket(ticket.id) == (changed,)
        assert await uow.replacements.of_contract(contract.id) == (changed,)
        assert await uow.replacements.open_of_device(OLD) is None
        with pytest.raises(LookupError):
            await uow.replacements.get(added.id + 1)


async def test_what_no_database_keeps_is_no_obstacle(database: Database) -> None:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        added = await uow.replacements.add(whole(a_replacement(ticket.id)))
    async with database.read() as uow:
        assert (await uow.replacements.get(added.id)).checks[0].words == "dysk: błąd\ufffd"


async def test_the_second_of_two_changes_is_refused(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        added = await uow.replacements.add(a_replacement(ticket.id))
    async with ports.begin() as uow:
        await uow.replacements.update(replace(added, stage=Stage.VERIFYING))
    with pytest.raises(StaleTicket):
        async with ports.begin() as uow:
            await uow.replacements.update(replace(added, stage=Stage.CANCELLED))


async def test_a_device_has_one_that_has_not_ended(database: Database) -> None:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        await uow.replacements.add(a_replacement(ticket.id))
        await uow.replacements.add(a_replacement(ticket.id, NEW))
    with pytest.raises(IntegrityError):
        async with database.begin() as uow:
            await uow.replacements.add(a_replacement(ticket.id))


async def brought(ports: Ports, old: str, new: str, fate: Fate) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        contract = (await uow.contracts.by_keys([fold(NUMBER)]))[fold(NUMBER)]
        change = DeviceChange(0, contract.id, ticket.id, old, Device(new, "FortiGate-121G"), fate, "U0EWA", NOON)
        added = await uow.replacements.change_device(change)
        assert await uow.replacements.device_changes(contract.id) == (added,)
        assert await uow.replacements.contract_of_device(new) == contract.id


async def devices(ports: Ports) -> list[str]:
    async with ports.read() as uow:
        contract = (await uow.contracts.by_keys([fold(NUMBER)]))[fold(NUMBER)]
        return [device.serial for device in contract.devices]


@pytest.mark.parametrize(("fate", "then"), [(Fate.REPLACES, [NEW, NEWER]), (Fate.JOINS, [OLD, NEWER, NEW])])
async def test_the_new_device_is_on_the_contract(ports: Ports, fate: Fate, then: list[str]) -> None:
    await ports.import_contracts(registry(OLD, NEWER))
    await brought(ports, OLD, NEW, fate)
    assert await devices(ports) == then


async def imported(database: Database, *serials: str) -> ImportResult:
    return await import_contracts(database, registry(*serials))


@pytest.mark.parametrize(("fate", "then"), [(Fate.REPLACES, [NEW]), (Fate.JOINS, [OLD, NEW])])
async def test_an_import_that_does_not_know_the_new_device_leaves_it(
    database: Database, fate: Fate, then: list[str]
) -> None:
    await imported(database, OLD)
    await brought(StoredPorts(database), OLD, NEW, fate)
    result = await imported(database, OLD)
    assert (result.changed, result.unchanged) == (0, 1)
    assert [(number, change.new.serial) for number, change in result.kept] == [(NUMBER, NEW)]
    assert await devices(StoredPorts(database)) == then


async def test_an_import_that_knows_it_is_the_truth_again(database: Database) -> None:
    await imported(database, OLD)
    await brought(StoredPorts(database), OLD, NEW, Fate.REPLACES)
    assert (await imported(database, NEW)).kept == []
    assert await devices(StoredPorts(database)) == [NEW]
    assert (await imported(database, OLD)).changed == 1, "the file knew the new device and has dropped it since"
    assert await devices(StoredPorts(database)) == [OLD]


def an_interview(ticket_id: int) -> Interview:
    return Interview(0, ticket_id, Device(OLD, "FortiGate-121G"), NOON, "U0EWA")


async def test_an_interview_comes_back_as_it_was_stored(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        added = await uow.interviews.add(an_interview(ticket.id))
        answer = Answer("10.0.0.1/24", "anna@klient.example", NOON, AnswerSource.MAIL)
        changed = await uow.interviews.update(replace(added, answers=(("management_ip", answer),), slack_ts="1.2"))
    async with ports.read() as uow:
        assert await uow.interviews.get(added.id) == changed
        assert await uow.interviews.of_device(OLD) == changed
        assert await uow.interviews.of_ticket(ticket.id) == (changed,)
        assert await uow.interviews.of_device(NEW) is None
    with pytest.raises(StaleTicket):
        async with ports.begin() as uow:
            await uow.interviews.update(added)


async def test_a_device_has_one_interview(database: Database) -> None:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        await uow.interviews.add(an_interview(ticket.id))
    with pytest.raises(IntegrityError):
        async with database.begin() as uow:
            await uow.interviews.add(an_interview(ticket.id))


async def test_erased_words_leave_the_facts_readable(database: Database) -> None:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        added = await uow.replacements.add(whole(a_replacement(ticket.id)))
        answer = Answer("Anna, 600 100 200", "anna@klient.example", NOON, AnswerSource.MAIL)
        held = await uow.interviews.add(replace(an_interview(ticket.id), answers=(("contact", answer),)))
        people = People({"anna@klient.example": "erased_1"}, ["Anna Nowak"])
        await Eraser(uow.transaction).ticket(ticket.id, people, whole=True)
    async with database.read() as uow:
        left = await uow.replacements.get(added.id)
        interview = await uow.interviews.get(held.id)
    shipment = left.shipments[-1]
    assert (left.stage, left.delivered_at, left.fate) == (added.stage, added.delivered_at, added.fate)
    assert left.new_device is not None
    assert left.new_device.serial == NEW
    assert (left.confirmed_by, left.received_by, left.return_note, left.outcome) == ("erased_1", GONE, GONE, GONE)
    assert (shipment.address, shipment.contact, shipment.phone) == (GONE, GONE, GONE)
    assert shipment.sent_at == NOON
    assert left.checks[0].words == GONE
    assert dict(interview.answers)["contact"] == Answer(GONE, "erased_1", NOON, AnswerSource.MAIL)
