"""Shared channels: which contracts they belong to, and which thread is which ticket's conversation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from storage.engine import Database
from tests.storage.making import a_message, a_ticket, stored_ticket
from tests.storage.ports import Ports
from tests.storage.test_commands import Run, csv, run, url
from tests.storage.test_contracts import G60, G121, HEADER, MILK, WOOD

__all__ = ["csv", "run", "url"]  # fixtures


async def test_a_channel_has_several_contracts_and_a_contract_several_channels(ports: Ports) -> None:
    await ports.import_contracts(HEADER + MILK.format(G121) + WOOD.format(G60))
    async with ports.begin() as uow:
        milk, wood = (await uow.contracts.by_keys(["HZ3602026000101", "HZ3602026000102"])).values()
        for contract, channel in ((wood, "C0SHARED"), (milk, "C0SHARED"), (milk, "C0OTHER")):
            assert await uow.contracts.map_channel(contract.id, channel)
        assert not await uow.contracts.map_channel(milk.id, "C0SHARED")
    async with ports.begin() as uow:
        assert await uow.contracts.of_channel("C0SHARED") == (milk, wood)
        assert await uow.contracts.of_channel("C0NONE") == ()
        assert await uow.contracts.channels_of(milk.id) == ("C0OTHER", "C0SHARED")
        assert await uow.contracts.unmap_channel(milk.id, "C0SHARED")
        assert not await uow.contracts.unmap_channel(milk.id, "C0SHARED")
    async with ports.read() as uow:
        assert await uow.contracts.of_channel("C0SHARED") == (wood,)
        assert await uow.contracts.of_channel("C0OTHER") == (milk,)


async def test_a_thread_is_the_conversation_of_one_ticket(ports: Ports) -> None:
    async with ports.begin() as uow:
        ticket = await uow.tickets.add(a_ticket(customer_channel="C0SHARED"))
        other = await uow.tickets.add(a_ticket(customer_channel="C0SHARED"))
        message = await uow.tickets.add_message(a_message(ticket.id))
        ticket.customer_ts = "1700000000.000100"
        await uow.tickets.update(ticket)
        await uow.tickets.set_message_customer_ts(message.id, "1700000000.000200")
    async with ports.read() as uow:
        found = await uow.tickets.of_customer_thread("C0SHARED", "1700000000.000100")
        assert found is not None
        assert (found.id, found.customer_channel) == (ticket.id, "C0SHARED")
        assert await uow.tickets.of_customer_thread("C0OTHER", "1700000000.000100") is None
        assert (await uow.tickets.get(other.id)).customer_ts is None
        assert (await uow.tickets.message(message.id)).customer_ts == "1700000000.000200"
        found = await uow.tickets.of_customer_message("C0SHARED", "1700000000.000200")
        assert found is not None
        assert found.id == message.ticket_id
        assert await uow.tickets.of_customer_message("C0OTHER", "1700000000.000200") is None
        assert await uow.tickets.of_customer_message("C0SHARED", "1700000000.000300") is None


async def test_two_tickets_never_share_a_thread(database: Database) -> None:
    await stored_ticket(database, customer_channel="C0SHARED", customer_ts="1.1")
    with pytest.raises(IntegrityError):
        await stored_ticket(database, customer_channel="C0SHARED", customer_ts="1.1")


def test_the_commands(run: Run, csv: Callable[[str], str], tmp_path: Path) -> None:
    del tmp_path
    assert run("contracts", "channels", "list")[1].startswith("No channel belongs to a contract")
    run("contracts", "import", csv(HEADER + MILK.format(G121) + WOOD.format(G60)))
    milk = "HZ360-2026-000101 (Mleczarnia)"
    told = run("contracts", "channels", "set", "hz360 2026 000101", "https://x.slack.com/archives/C0SHARED1")
    assert told == (0, f"C0SHARED1 belongs to {milk}\n", "")
    assert run("contracts", "channels", "set", "HZ360-2026-000101", "C0SHARED1")[1].startswith("C0SHARED1 belonged")
    assert run("contracts", "channels", "list")[1] == "C0SHARED1  HZ360-2026-000101\n"
    assert "channel    C0SHARED1 (Slack)\n" in run("contracts", "show", "HZ360-2026-000101")[1]
    assert run("contracts", "channels", "set", "HZ360-1", "C0SHARED1")[0] == 1
    assert run("contracts", "channels", "set", "HZ360-2026-000101", "#klient")[0] == 2
    assert run("contracts", "channels", "set", "HZ360-2026-000101", "C0001")[0] == 2, "our own support channel"
    assert run("contracts", "channels", "unset", "HZ360-2026-000101", "C0SHARED1")[1].startswith("C0SHARED1 no longer")
    assert run("contracts", "channels", "list", "--json")[1] == "[]\n"
