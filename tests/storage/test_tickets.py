"""Tickets, participants and messages: what goes in comes out, and nobody overwrites another's change."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.model import Device, Direction, JournalEntry, Language, Priority, TicketState
from storage.engine import Database
from storage.errors import StaleTicket
from tests.storage.making import NOON, a_mail, a_message, a_ticket, stored_ticket
from tests.storage.ports import Ports


async def test_a_ticket_comes_back_as_it_was_stored(ports: Ports) -> None:
    ticket = a_ticket(
        state=TicketState.WAITING,
        priority=Priority.CRITICAL,
        priority_confirmed=True,
        language=Language.EN,
        devices=(Device("FGT60FTK20001234", "FortiGate 60F"), Device("FGT60FTK20001235", "FortiGate 60F")),
        accepted_at=NOON + timedelta(microseconds=1),
        contacted_at=NOON,
        closed_at=NOON,
        assignee="U0ANNA",
        slack_channel="C0SUPPORT",
        slack_ts="1700000000.000100",
        terms={"critical": {"reaction": 3600}},
        facts={"serials": ["FGT60FTK20001234"], "problem": None},
    )
    async with ports.begin() as uow:
        added = await uow.tickets.add(ticket)
    assert added.id > 0
    assert added.number == f"HEZO-2026-{added.id:06d}"
    async with ports.read() as uow:
        assert await uow.tickets.get(added.id) == added
        assert await uow.tickets.by_number(added.number) == added
        assert await uow.tickets.by_number("HEZO-2026-999999") is None
        with pytest.raises(LookupError):
            await uow.tickets.get(added.id + 1)
    ticket.id, ticket.number = added.id, added.number
    assert added == ticket


@pytest.mark.parametrize(
    ("created_at", "year"),
    [
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), 2026),
        (datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC), 2027),
    ],
)
async def test_the_year_of_a_number_is_that_of_warsaw(ports: Ports, created_at: datetime, year: int) -> None:
    ticket = await stored_ticket(ports, created_at=created_at)
    assert ticket.number == f"HEZO-{year}-{ticket.id:06d}"


async def test_an_update_grows_the_version(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        ticket.state = TicketState.RESOLVED
        ticket.closed_at = NOON
        await uow.tickets.update(ticket)
    assert ticket.version == 2
    async with ports.read() as uow:
        assert await uow.tickets.get(ticket.id) == ticket


async def test_an_update_of_what_was_read_too_early_is_refused(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.read() as uow:
        stale = await uow.tickets.get(ticket.id)
    async with ports.begin() as uow:
        ticket.assignee = "U0ANNA"
        await uow.tickets.update(ticket)
    stale.assignee = "U0BERT"
    with pytest.raises(StaleTicket):
        async with ports.begin() as uow:
            await uow.tickets.update(stale)
    async with ports.read() as uow:
        assert (await uow.tickets.get(ticket.id)).assignee == "U0ANNA"


async def test_two_who_get_a_ticket_change_it_one_after_the_other(ports: Ports) -> None:
    ticket = await stored_ticket(ports, facts={"count": 0})

    async def count() -> None:
        async with ports.begin() as uow:
            mine = await uow.tickets.get(ticket.id)
            seen = mine.facts["count"]
            assert isinstance(seen, int)
            await asyncio.sleep(0)
            mine.facts = {"count": seen + 1}
            await uow.tickets.update(mine)

    await asyncio.gather(*(count() for _ in range(8)))
    async with ports.read() as uow:
        assert (await uow.tickets.get(ticket.id)).facts == {"count": 8}


async def test_participants_are_a_set_in_lower_case(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        await uow.tickets.add_participant(ticket.id, "Anna@Klient.example")
        await uow.tickets.add_participant(ticket.id, "anna@klient.example")
        await uow.tickets.add_participant(ticket.id, "bert@klient.example")
    async with ports.read() as uow:
        assert await uow.tickets.participants(ticket.id) == {"anna@klient.example", "bert@klient.example"}
        assert await uow.tickets.participants(ticket.id + 1) == frozenset()


async def test_messages_come_back_in_order(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        first = await uow.tickets.add_message(a_message(ticket.id, message_id="<1@klient.example>"))
        second = await uow.tickets.add_message(a_message(ticket.id, direction=Direction.TO_CUSTOMER, automatic=True))
        await uow.tickets.set_message_slack_ts(first.id, "1700000000.000200")
    async with ports.read() as uow:
        stored = await uow.tickets.messages(ticket.id)
        assert [message.id for message in stored] == [first.id, second.id]
        assert stored[0].slack_ts == "1700000000.000200"
        assert stored[1] == second == await uow.tickets.message(second.id)
        with pytest.raises(LookupError):
            await uow.tickets.message(second.id + 1)


async def test_what_no_database_keeps_is_replaced_in_text(ports: Ports) -> None:
    ticket = await stored_ticket(ports, subject="a\x00b\udcffc", facts={"te\x00xt": ["\ud800", {"deep": "x\x00"}]})
    async with ports.begin() as uow:
        message = await uow.tickets.add_message(a_message(ticket.id, text="\x00ż\udfff"))
    async with ports.read() as uow:
        stored = await uow.tickets.get(ticket.id)
        assert stored.subject == "a\ufffdb\ufffdc"
        assert stored.facts == {"te\ufffdxt": ["\ufffd", {"deep": "x\ufffd"}]}
        assert (await uow.tickets.message(message.id)).text == "\ufffdż\ufffd"


async def test_the_first_known_message_id_names_the_ticket(ports: Ports) -> None:
    one, two = await stored_ticket(ports), await stored_ticket(ports)
    async with ports.begin() as uow:
        await uow.tickets.add_message(a_message(one.id, message_id="<one@klient.example>"))
        await uow.tickets.add_message(a_message(two.id, message_id="<two@klient.example>"))
        await uow.tickets.add_message(a_message(two.id, message_id="<one@klient.example>"))
        sent = await uow.outbox.add(a_mail(two.id))
        # Somebody claims our Message-ID for a mail of theirs in another ticket.
        await uow.tickets.add_message(a_message(one.id, message_id=f"<ack.{sent}@myhezo.pl>"))
    async with ports.read() as uow:
        find = uow.tickets.ticket_of_message_ids
        assert await find([]) is None
        assert await find(["<none@klient.example>"]) is None
        assert await find(["<none@klient.example>", "<two@klient.example>", "<one@klient.example>"]) == two.id
        assert await find(["<one@klient.example>"]) == one.id
        assert await find([f"<ack.{sent}@myhezo.pl>"]) == two.id


async def test_a_senders_recent_tickets_are_the_open_ones_and_those_of_late(ports: Ports) -> None:
    states = [TicketState.CLOSED, TicketState.WAITING, TicketState.RESOLVED, TicketState.OPEN]
    ages = [timedelta(hours=30), timedelta(days=90), timedelta(hours=2), timedelta(0)]
    tickets = [
        await stored_ticket(ports, state=state, created_at=NOON - age) for state, age in zip(states, ages, strict=True)
    ]
    async with ports.begin() as uow:
        for ticket in tickets:
            await uow.tickets.add_participant(ticket.id, "anna@klient.example")
        await uow.tickets.add_participant(tickets[3].id, "jan@klient.example")
    async with ports.read() as uow:
        recent = await uow.tickets.recent_of("Anna@klient.example", NOON - timedelta(days=1))
        assert [ticket.id for ticket in recent] == [tickets[3].id, tickets[2].id, tickets[1].id]
        assert await uow.tickets.recent_of("nobody@klient.example", NOON) == ()


async def test_the_newest_unaccepted_tickets_are_counted(ports: Ports) -> None:
    for age, accepted in ((2, False), (0, False), (0, True), (0, False)):
        at = NOON - timedelta(hours=age)
        await stored_ticket(ports, created_at=at, accepted_at=at if accepted else None)
    async with ports.read() as uow:
        count = uow.tickets.unaccepted_among_newest
        assert await count(10, NOON - timedelta(hours=1)) == 2
        assert await count(10, NOON - timedelta(hours=3)) == 3
        assert await count(2, NOON - timedelta(hours=3)) == 1
        assert await count(10, NOON + timedelta(hours=1)) == 0


async def test_the_journal_keeps_its_order(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    lines = [
        JournalEntry(
            ticket.id, NOON + timedelta(minutes=-minute), "bot", "mail_received", {"minute": minute, "to": [1]}
        )
        for minute in range(3)
    ]
    async with ports.begin() as uow:
        for line in lines:
            await uow.journal(line)
    async with ports.read() as uow:
        assert await uow.journal_of(ticket.id) == tuple(lines)


async def test_a_naive_instant_is_refused(ports: Ports) -> None:
    with pytest.raises(Exception, match="naive datetime"):
        await stored_ticket(ports, reported_at=datetime(2026, 3, 2, 12))  # noqa: DTZ001  # the naive value is the point


async def test_an_instant_of_another_zone_is_kept_as_utc(ports: Ports) -> None:
    warsaw = datetime.fromisoformat("2026-03-02T13:00:00+01:00")
    ticket = await stored_ticket(ports, reported_at=warsaw)
    async with ports.read() as uow:
        stored = (await uow.tickets.get(ticket.id)).reported_at
    assert stored == warsaw
    assert stored.tzinfo is UTC


async def test_references_must_exist(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.begin() as uow:
            await uow.tickets.add_message(a_message(12345))
