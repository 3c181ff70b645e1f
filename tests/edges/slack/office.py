"""Tickets, people and a memory inbox for the tests of the Slack edge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk.web.async_client import AsyncWebClient

from bot.commands import SlackCommand
from bot.commands_channels import ChannelMessage
from bot.config_escalation import EscalationConfig
from bot.config_slack import SlackConfig
from bot.edges.slack_interview import InterviewShown
from bot.edges.slack_payloads import to_command
from bot.edges.slack_replacement_views import FormShown
from bot.edges.slack_screens import Look
from bot.edges.slack_socket import SlackSocket
from bot.entitlements import DeviceStanding, EntitlementUse, ServiceNotice
from bot.escalations import Escalation, EscalationSource
from bot.model import (
    ClockKind,
    ClockState,
    Contract,
    Device,
    Direction,
    DueTicket,
    JournalEntry,
    Language,
    Message,
    Priority,
    SlaClock,
    Ticket,
    TicketState,
    TicketView,
)
from bot.rules.escalation import chain_from_config
from bot.rules.new_devices import SerialProblem
from bot.rules.opening import Opening
from bot.rules.ticket_reference import Reference
from bot.rules.wording import Words, words
from bot.sandbox.clock import MovableClock
from bot.sandbox.slack import Channel, SlackSandbox, User
from bot.sendings import Sending, SendingState

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Warsaw")
TICKET_ID = 7
PATIENCE = 30.0
"""Seconds that the app may take to acknowledge: Slack's three could run out where the machine has other work."""
IN_VAIN = 0.5
"""Seconds to wait for an acknowledgement that does not come."""


def staff_words(language: Language = Language.PL) -> Words:
    """The staff's sentences."""
    return words("staff", language)


def make_ticket(**changes: Any) -> Ticket:
    """An open, accepted, critical ticket; any attribute can be given."""
    values: dict[str, Any] = {
        "id": TICKET_ID,
        "number": "HEZO-2026-000123",
        "state": TicketState.OPEN,
        "priority": Priority.CRITICAL,
        "priority_confirmed": True,
        "language": Language.PL,
        "subject": "Brak dostępu do FortiGate",
        "requester": "anna@klient.example",
        "requester_name": "Anna Kowalska",
        "reported_at": NOW - timedelta(minutes=40),
        "created_at": NOW - timedelta(minutes=39),
        "contract_id": 1,
        "devices": (Device("FGT60FTK20012345", "FortiGate 60F"),),
    }
    return Ticket(**(values | changes))


def make_view(*clocks: SlaClock, with_contract: bool = True, **changes: Any) -> TicketView:
    """A view of `make_ticket`."""
    contract = Contract(
        1,
        "HZ360-2026-000123",
        "Żółw i Synowie Sp. z o.o.",
        "5260001246",
        date(2026, 1, 1),
        date(2026, 12, 31),
        (Device("FGT60FTK20012345", "FortiGate 60F"),),
        ("anna@klient.example",),
    )
    return TicketView(make_ticket(**changes), contract if with_contract else None, clocks)


def make_clock(kind: ClockKind = ClockKind.REACTION, *, left: timedelta, **changes: Any) -> SlaClock:
    """A running clock of one hour that is due in `left`."""
    due = NOW + left
    values: dict[str, Any] = {
        "id": 1,
        "ticket_id": TICKET_ID,
        "kind": kind,
        "state": ClockState.RUNNING,
        "calendar": "24x7",
        "started_at": due - timedelta(hours=1),
        "budget": timedelta(hours=1),
        "due_at": due,
    }
    return SlaClock(**(values | changes))


def make_escalation(**changes: Any) -> Escalation:
    """An escalation of `make_ticket`, called out twice and not acknowledged."""
    chain = chain_from_config(EscalationConfig().critical).to_json()
    plain = Escalation(3, TICKET_ID, EscalationSource.BREACH, "", "bot", NOW, "24x7", chain, step=1, calls=4)
    return replace(plain, **changes)


REACTIONS = {
    Priority.CRITICAL: timedelta(hours=1),
    Priority.NON_CRITICAL: timedelta(hours=1),
    Priority.QUESTION: timedelta(hours=2),
}


@dataclass
class Desk:
    """What the bot's inside is to the socket: an inbox and tickets, in memory.

    Attributes:
        fail: The next recordings raise.
        known: The next recordings find that they were seen before.
        delay: Seconds that reading a ticket takes.
        raised: The one escalation that there is, of the one ticket.
        replacing: The one replacement that there is, of the one ticket.
        others: Tickets that can be named beside the one, by their number.
        about_device: The tickets about any device.
        strange: Who would be let into a conversation by merging tickets.
        elsewhere: First messages of threads that are no ticket's.
        sendings: What is known of messages of the ticket's thread.
        contracts: Of each shared channel.
        open_with: Whose ticket is opened, whatever is typed.
        names: Recorded messages by their own key.
    """

    view: TicketView
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    fail: int = 0
    known: int = 0
    delay: float = 0.0
    raised: Escalation = field(default_factory=make_escalation)
    replacing: FormShown | None = None
    others: dict[str, tuple[int, ...]] = field(default_factory=dict)
    about_device: tuple[int, ...] = ()
    strange: tuple[str, ...] = ()
    elsewhere: set[str] = field(default_factory=set)
    sendings: dict[str, Sending] = field(default_factory=dict)
    journal: list[JournalEntry] = field(default_factory=list)
    entitled: tuple[DeviceStanding, ...] = ()
    uses: tuple[EntitlementUse, ...] = ()
    contracts: dict[str, tuple[Contract, ...]] = field(default_factory=dict)
    open_with: Opening | dict[str, str] = field(default_factory=dict)
    names: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def record(self, key: str, kind: str, body: bytes, *, message: str | None = None) -> bool:
        """Store once."""
        if message is not None:
            self.names[message] = json.loads(body)
        async with self.changed:
            self.changed.notify_all()
            if self.fail:
                self.fail -= 1
                raise OSError("the disk is full")
            is_new = key not in self.bodies and not self.known
            self.known = max(0, self.known - 1)
            self.bodies.setdefault(key, json.loads(body))
            self.seen.append(key)
            assert key.startswith(kind)
            return is_new

    async def ticket_view(self, ticket_id: int) -> TicketView:
        """The one ticket that there is."""
        await asyncio.sleep(self.delay)
        if ticket_id != TICKET_ID:
            raise LookupError(ticket_id)
        return self.view

    async def newest_shift(self) -> int:
        """None was ever set."""
        return 0

    async def ticket_of_thread(self, channel: str, thread_ts: str) -> int | None:
        """Every thread is that of the one ticket, but for those of `elsewhere`."""
        assert channel
        return None if thread_ts in self.elsewhere else TICKET_ID

    async def sending_of(self, ticket_id: int, slack_ts: str) -> Sending | None:
        assert ticket_id == TICKET_ID
        return self.sendings.get(slack_ts)

    async def waiting(self, ticket_id: int) -> tuple[Sending, ...]:
        assert ticket_id == TICKET_ID
        return tuple(each for each in self.sendings.values() if each.state is SendingState.WAITING)

    async def last_line(self, ticket_id: int) -> int:
        """Of a ticket that does not exist there is no line."""
        return len(self.journal) if ticket_id == TICKET_ID else 0

    async def lines_since(self, ticket_id: int, line: int) -> tuple[JournalEntry, ...]:
        assert ticket_id == TICKET_ID
        return tuple(entry for entry in self.journal if entry.id > line)

    async def strangers(self, ticket_id: int, other_id: int) -> tuple[str, ...]:
        """Those of `strange`."""
        assert ticket_id != other_id
        return self.strange

    async def original(self, message_id: int) -> str:
        raise LookupError(f"message {message_id}")

    async def messages(self, ticket_id: int) -> tuple[Message, ...]:
        """One message from the customer."""
        sent = NOW - timedelta(minutes=40)
        return (
            Message(1, ticket_id, Direction.FROM_CUSTOMER, "anna@klient.example", "Anna", "Nie mam dostępu.", sent),
        )

    async def escalation(self, escalation_id: int) -> tuple[Escalation, TicketView]:
        """The one escalation that there is."""
        if escalation_id != self.raised.id:
            raise LookupError(escalation_id)
        return self.raised, self.view

    async def entitlements(self, ticket_id: int) -> tuple[tuple[DeviceStanding, ...], tuple[EntitlementUse, ...]]:
        """What was used of the one contract, and the uses of the one ticket."""
        assert ticket_id == TICKET_ID
        return self.entitled, self.uses

    async def replacement(self, replacement_id: int) -> FormShown:
        """The one replacement that there is."""
        if self.replacing is None or replacement_id != self.replacing.replacement.id:
            raise LookupError(replacement_id)
        return self.replacing

    async def new_device_problem(self, replacement_id: int, serial: str) -> SerialProblem | None:
        """Every device is free."""
        assert replacement_id
        assert serial
        return None

    async def interview(self, interview_id: int) -> InterviewShown:
        """There is none."""
        raise LookupError(interview_id)

    async def service_notice(self, notice_id: int) -> tuple[ServiceNotice, Contract, tuple[DeviceStanding, ...]]:
        raise LookupError(f"notice {notice_id}")

    async def tickets_named(self, reference: Reference) -> tuple[int, ...]:
        """The one ticket by its number; a device has as many as `about_device`."""
        if reference.number is not None:
            return (
                (TICKET_ID,) if reference.number == self.view.ticket.number else self.others.get(reference.number, ())
            )
        return self.about_device

    async def other_tickets(self, ticket_id: int, words: str) -> tuple[DueTicket, ...]:
        assert ticket_id
        return () if words else (DueTicket(self.view.ticket, None, None),)

    async def opening(self, serial: str, number: str, address: str) -> Opening | dict[str, str]:
        assert serial + number + address
        return self.open_with

    async def contracts_of_channel(self, channel: str) -> tuple[Contract, ...]:
        return self.contracts.get(channel, ())

    async def shared_channels(self) -> frozenset[str]:
        return frozenset(self.contracts)

    async def waiting_words(self, key: str) -> str:
        command = to_command(self.names[key]) if key in self.names else None
        return command.text if isinstance(command, ChannelMessage) else ""

    @property
    def commands(self) -> list[SlackCommand]:
        """What was asked for, in the order of recording."""
        return [to_command(body) for body in self.bodies.values()]

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Wait until it is true after some recording; TimeoutError after 5 seconds."""
        async with asyncio.timeout(60), self.changed:
            await self.changed.wait_for(predicate)


@dataclass(frozen=True)
class Office:
    """An engineer and a manager, a colleague who may nothing, and a customer's man in the shared support channel."""

    engineer: User
    manager: User
    colleague: User
    stranger: User
    support: Channel
    escalation: Channel


def make_config(slack: SlackSandbox, office: Office, **changes: Any) -> SlackConfig:
    """The configuration for the stand-in; even the stranger's id is listed, by somebody's mistake."""
    values: dict[str, Any] = {
        "bot_token": slack.workspace.bot_token,
        "app_token": slack.workspace.app_token,
        "api_url": slack.api_url,
        "support_channel": office.support.id,
        "escalation_channel": office.escalation.id,
        "engineers": (office.engineer.id, office.stranger.id),
        "managers": (office.manager.id,),
        "timeout": timedelta(seconds=2),
        "silence_limit": timedelta(minutes=2),
    }
    return SlackConfig(**(values | changes))


def make_socket(config: SlackConfig, desk: Desk, client: AsyncWebClient) -> SlackSocket:
    """The bot's way in."""
    return SlackSocket(config, desk, desk, client, make_look(config, MovableClock(NOW, frozen=True)))


def make_look(config: SlackConfig, clock: MovableClock) -> Look:
    """How staff are spoken to."""
    leaders = frozenset(config.managers)
    return Look(
        staff_words(), ZONE, clock, "12 25 25 502", leaders, timedelta(hours=4), hotline="12 25 25 600",
        reactions=REACTIONS,
    )  # fmt: skip


@asynccontextmanager
async def running(socket: SlackSocket, slack: SlackSandbox) -> AsyncIterator[asyncio.Task[None]]:
    """The socket connected; at the end it is asked to stop and does so in time."""
    stopping = asyncio.Event()
    task = asyncio.create_task(socket.run(stopping))
    try:
        await slack.connected()
        yield task
    finally:
        stopping.set()
        async with asyncio.timeout(60):
            await asyncio.wait({task})
        task.cancel()
