"""Two who press at the same instant, on SQLite and PostgreSQL: one is done, the other learns who was first."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from bot.commands import (
    CloseTicket,
    Command,
    NextTurn,
    ReplyToCustomer,
    SetPriority,
    SetShift,
    SlackPerson,
    TakeTicket,
    TimerDue,
)
from bot.commands_acting import AssignTicket, HoldTicket, LinkTickets, MarkSpam, MergeTicket, SnoozeTicket
from bot.commands_channels import ReportProblem
from bot.commands_sending import UndoSending
from bot.config import Config
from bot.effects import TellUser
from bot.escalation_commands import AcknowledgeEscalation, EscalateTicket
from bot.interview_commands import BeginInterview
from bot.model import Device, Priority, Ticket
from bot.replacement_commands import BeginReplacement
from bot.rules.sla import terms_from_config
from bot.sendings import SendingState
from handlers.context import Context
from handlers.registry import dispatch
from storage.engine import Database
from storage.queues import TimerQueue
from tests.handlers.desk import KEY, Desk
from tests.storage.making import NOON, a_ticket
from tests.storage.ports import StoredPorts
from tests.storage.test_contracts import G121, HEADER, MILK

EWA, JAN = SlackPerson("U0EWA", "Ewa", "C0SUPPORT", saw=0), SlackPerson("U0ZOFIA", "Zofia", "C0SUPPORT", saw=0)
SERIAL = "FG121GTK25004672"
CONFIG: Config = Desk().config
SLOW = CONFIG.model_copy(update={"replies": CONFIG.replies.model_copy(update={"undo_within": timedelta(seconds=20)})})
"""With time for taking words back."""
TERMS = {priority: terms.to_json() for priority, terms in terms_from_config(CONFIG.sla).items()}


async def stored(database: Database) -> Ticket:
    async with database.begin() as uow:
        return await uow.tickets.add(
            a_ticket(
                terms=TERMS,
                priority=Priority.NON_CRITICAL,
                accepted_at=NOON,
                devices=(Device(SERIAL, "FortiGate-121G"),),
            )
        )


async def do(database: Database, command: Command, now: datetime = NOON + timedelta(minutes=1)) -> None:
    async with database.begin() as uow:
        await dispatch(command, uow, Context(now, SLOW, KEY))


async def told(database: Database) -> list[TellUser]:
    """What was said to one person alone, in the order in which it was written."""
    async with database.read() as uow:
        found = []
        for row_id in range(1, 40):
            try:
                effect = (await uow.outbox.get(row_id)).effect
            except LookupError:
                continue
            if isinstance(effect, TellUser):
                found.append(effect)
    return found


@pytest.mark.parametrize(
    "pair",
    [
        (SetPriority(EWA, 1, Priority.CRITICAL), SetPriority(JAN, 1, Priority.QUESTION)),
        (SnoozeTicket(EWA, 1, NOON + timedelta(hours=2)), SnoozeTicket(JAN, 1, NOON + timedelta(hours=5))),
        (AssignTicket(EWA, 1, "U0EWA", "Ewa"), AssignTicket(JAN, 1, "U0ZOFIA", "Zofia")),
        (TakeTicket(EWA, 1), TakeTicket(JAN, 1)),
        (TakeTicket(EWA, 1), CloseTicket(JAN, 1)),
        (CloseTicket(EWA, 1), MarkSpam(JAN, 1)),
        (HoldTicket(EWA, 1), CloseTicket(JAN, 1)),
        (MergeTicket(EWA, 1, 2), MergeTicket(JAN, 1, 3)),
        (MergeTicket(EWA, 1, 2), MergeTicket(JAN, 2, 1)),
        (LinkTickets(EWA, 1, 2), LinkTickets(JAN, 2, 1)),
        (
            SetShift(EWA, "U0EWA", NOON, NOON + timedelta(hours=3)),
            SetShift(JAN, "U0ZOFIA", NOON + timedelta(hours=1), NOON + timedelta(hours=2)),
        ),
    ],
    ids=lambda pair: " ".join(type(each).__name__ for each in pair),
)
async def test_of_two_at_the_same_instant_one_is_done(database: Database, pair: tuple[Command, Command]) -> None:
    for _ in range(3):
        await stored(database)
    await asyncio.gather(*(do(database, command) for command in pair))
    [said] = [each for each in await told(database) if each.what != "shift_set"]
    first = EWA.user if said.user == JAN.user else JAN.user
    assert said.data["who"] == first
    async with database.read() as uow:
        lines = [line for number in (1, 2, 3) for line in await uow.journal_of(number)]
    assert {line.actor for line in lines} - {"bot"} <= {first}


async def test_two_calls_are_two_calls_and_who_has_seen_the_first_may_overrule_it(database: Database) -> None:
    await stored(database)
    await do(database, SetPriority(EWA, 1, Priority.CRITICAL))
    async with database.read() as uow:
        line = await uow.last_line(1)
        [entry] = await uow.journal_since(1, line - 1)
        assert (entry.id, await uow.journal_since(1, line)) == (line, ())
    await do(database, SetPriority(replace(JAN, saw=line), 1, Priority.QUESTION))
    async with database.read() as uow:
        assert (await uow.tickets.get(1)).priority is Priority.QUESTION
    assert await told(database) == []


PRESSES: dict[str, tuple[tuple[Command, ...], Command, Command]] = {
    "escalate": ((), EscalateTicket(EWA, 1, "a"), EscalateTicket(JAN, 1, "b")),
    "acknowledge": (
        (EscalateTicket(EWA, 1, "a"),), AcknowledgeEscalation(EWA, 1, 1), AcknowledgeEscalation(JAN, 1, 1)
    ),
    "replace": ((), BeginReplacement(EWA, 1, SERIAL), BeginReplacement(JAN, 1, SERIAL)),
    "replace from two tickets": ((), BeginReplacement(EWA, 1, SERIAL), BeginReplacement(JAN, 2, SERIAL)),
    "interview": ((), BeginInterview(EWA, 1, SERIAL), BeginInterview(JAN, 1, SERIAL)),
    "undo": (
        (ReplyToCustomer(EWA, 1, "Proszę o logi.", NextTurn.CUSTOMER),), UndoSending(EWA, 1, 1), UndoSending(JAN, 1, 1)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PRESSES)
async def test_of_two_who_press_at_the_same_instant_the_second_learns_who_was_first(
    database: Database, name: str
) -> None:
    before, *pair = PRESSES[name]
    for _ in range(2):
        await stored(database)
    for command in before:
        await do(database, command)
    async with database.read() as uow:
        line = await uow.last_line(1)
    await asyncio.gather(*(as_the_loop_does(database, seen(each, line)) for each in pair))
    [said] = [each for each in await told(database) if each.user != each.data.get("who")]
    assert said.data["who"] in {EWA.user, JAN.user}


def seen(command: Any, line: int) -> Any:
    """The command by somebody who has seen the journal up to that line."""
    return replace(command, by=replace(command.by, saw=line))


async def as_the_loop_does(database: Database, command: Command) -> None:
    """What breaks a rule of the database at the same instant is tried again (`bot.rules.retrying`)."""
    try:
        await do(database, command)
    except IntegrityError:
        await do(database, command)


async def test_of_two_customers_who_report_the_same_message_one_opens_a_ticket_and_one_adds_to_it(
    database: Database,
) -> None:
    await StoredPorts(database).import_contracts(HEADER + MILK.format(G121))
    async with database.begin() as uow:
        [contract] = (await uow.contracts.by_keys(["HZ3602026000101"])).values()
        await uow.contracts.map_channel(contract.id, "C0SHARED")
    serial = contract.devices[0].serial
    reports = [
        ReportProblem(
            SlackPerson(user, name, "C0SHARED", is_stranger=True), "C0SHARED", "1772452740.000100", contract.id, serial,
            Priority.CRITICAL, words,
        )
        for user, name, words in (("U0PIOTR", "Piotr", "Nie działa."), ("U0OLA", "Ola", "Brak dostępu."))
    ]  # fmt: skip
    await asyncio.gather(*(as_the_loop_does(database, each) for each in reports))
    async with database.read() as uow:
        ticket = await uow.tickets.of_customer_thread("C0SHARED", "1772452740.000100")
        assert ticket is not None
        said = " ".join(message.text for message in await uow.tickets.messages(ticket.id))
        with pytest.raises(LookupError):
            await uow.tickets.get(ticket.id + 1)
    assert "Nie działa." in said
    assert "Brak dostępu." in said


@pytest.mark.parametrize("undo_first", [False, True])
async def test_words_that_are_taken_back_as_their_time_ends_either_go_or_do_not(
    database: Database, undo_first: bool
) -> None:
    await stored(database)
    await do(database, ReplyToCustomer(EWA, 1, "Proszę o logi.", NextTurn.CUSTOMER))
    later = NOON + timedelta(minutes=2)
    timer = next(each for each in await TimerQueue(database).due(later, 50) if each.kind == "sending")
    both: list[Command] = [TimerDue(timer), UndoSending(JAN, 1, 1)]
    if undo_first:
        both.reverse()
    await asyncio.gather(*(do(database, each, later) for each in both))
    async with database.read() as uow:
        sending = await uow.sendings.get(1)
        written = [message.text for message in await uow.tickets.messages(1)]
    said = [(each.what, each.data.get("who")) for each in await told(database)]
    if sending.state is SendingState.SENT:
        assert (written, said) == (["Proszę o logi."], [("undo_too_late", EWA.user)])
    else:
        assert (sending.state, written, said) == (SendingState.UNDONE, [], [])
