"""Engineers' words come back as they were stored; a message of a thread is stored once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.sendings import Sending, SendingState, SharedFile
from tests.storage.making import NOON, stored_ticket
from tests.storage.ports import Ports


def words(ticket_id: int, slack_ts: str | None = "1.000200") -> Sending:
    return Sending(
        0, ticket_id, SendingState.INTERNAL, "U0EWA", "Proszę o logi.", NOON, slack_ts,
        files=(SharedFile("F1", "log.txt", "text/plain", 3, "https://files.slack.com/x"),),
    )  # fmt: skip


async def test_words_come_back_as_they_were_stored(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        added = await uow.sendings.add(words(ticket.id))
    async with ports.begin() as uow:
        found = await uow.sendings.of_message(ticket.id, "1.000200")
        assert found == added
        assert await uow.sendings.waiting(ticket.id) == ()
        found.state, found.sent_by, found.next_turn = SendingState.WAITING, "U0EWA", "customer"
        found.pressed_at, found.send_at = NOON, NOON + timedelta(seconds=20)
        await uow.sendings.update(found)
    async with ports.read() as uow:
        assert await uow.sendings.waiting(ticket.id) == (found,)
        assert await uow.sendings.get(added.id) == found
        assert await uow.sendings.of_message(ticket.id, "9.9") is None
        assert await uow.sendings.of_message(ticket.id + 1, "1.000200") is None
        with pytest.raises(LookupError):
            await uow.sendings.get(added.id + 1)


async def test_a_message_is_stored_once_and_words_of_modals_as_often_as_they_come(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        await uow.sendings.add(words(ticket.id))
        await uow.sendings.add(words(ticket.id, None))
        await uow.sendings.add(words(ticket.id, None))
    with pytest.raises((IntegrityError, ValueError)):
        async with ports.begin() as uow:
            await uow.sendings.add(words(ticket.id))


async def test_a_ticket_is_found_by_its_head_message(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        ticket = await uow.tickets.get(ticket.id)
        ticket.slack_channel, ticket.slack_ts = "C1", "1.000100"
        await uow.tickets.update(ticket)
    async with ports.read() as uow:
        assert await uow.tickets.by_slack_place("C1", "1.000100") == ticket
        assert await uow.tickets.by_slack_place("C2", "1.000100") is None
