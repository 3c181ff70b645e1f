"""What the Slack socket needs of us within its three seconds: record a payload, read a ticket for a form."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

from bot.commands import NothingToDo
from bot.commands_channels import ChannelMessage
from bot.config import Config
from bot.edges.slack_interview import InterviewShown
from bot.edges.slack_payloads import to_command
from bot.edges.slack_replacement_views import FormShown
from bot.entitlements import DeviceStanding, EntitlementUse, ServiceNotice
from bot.escalations import Escalation
from bot.loops.posting_entitlements import standings_of
from bot.model import AttachmentVerdict, Contract, DueTicket, JournalEntry, Message, TicketView
from bot.ports import Clock
from bot.rules.contract_numbers import fold
from bot.rules.mail_reading import read_mail
from bot.rules.new_devices import SerialProblem
from bot.rules.opening import Opening, check_opening, serial_in
from bot.rules.replacement_text import Speaker
from bot.rules.ticket_reference import Reference, read_reference
from bot.rules.wording import words as words_of
from bot.sendings import Sending
from handlers.clock_levels import terms_of
from handlers.customer_words import shown_recipient
from handlers.merging import strangers_to
from handlers.replacement_returns import arrived
from handlers.replacements import promised
from storage.engine import Database
from storage.finding_tickets import TicketFinder
from storage.queues import InboxQueue
from storage.searching import TicketSearch

MOST_OTHERS = 20
"""Tickets that are offered in a menu at once; who types on sees others."""


class SlackDesk:
    """Implements `bot.edges.slack_socket.Recorder` and `Screens` over the database."""

    def __init__(self, database: Database, clock: Clock, config: Config) -> None:
        self._database = database
        self._queue = InboxQueue(database)
        self._finder = TicketFinder(database)
        self._search = TicketSearch(database)
        self._clock = clock
        self._config = config

    async def record(self, key: str, kind: str, body: bytes, *, message: str | None = None) -> bool:
        """Store a payload and commit; False when it was seen before."""
        return await self._queue.add_slack(key, kind, body, self._clock.now(), message=message)

    async def ticket_view(self, ticket_id: int) -> TicketView:
        """The ticket as a form shows it; LookupError when there is none."""
        async with self._database.read() as uow:
            return await uow.tickets.view(ticket_id)

    async def messages(self, ticket_id: int) -> tuple[Message, ...]:
        """The conversation so far, oldest first."""
        async with self._database.read() as uow:
            return await uow.tickets.messages(ticket_id)

    async def original(self, message_id: int) -> str:
        """The whole text of a customer's mail, with what was forwarded in it; LookupError when it is not kept."""
        async with self._database.read() as uow:
            message = await uow.tickets.message(message_id)
            if message.inbox_id is None:
                return message.text
            mail = read_mail(await uow.inbox.body(message.inbox_id))
        return "\n\n".join([mail.text, *mail.attached_texts])

    async def escalation(self, escalation_id: int) -> tuple[Escalation, TicketView]:
        """The escalation and its ticket; LookupError when there is none."""
        async with self._database.read() as uow:
            escalation = await uow.escalations.get(escalation_id)
            return escalation, await uow.tickets.view(escalation.ticket_id)

    async def newest_shift(self) -> int:
        """The id of the shift that was set last; 0 where none was."""
        async with self._database.read() as uow:
            return await uow.duty.newest()

    async def ticket_of_thread(self, channel: str, thread_ts: str) -> int | None:
        """The ticket whose thread that is."""
        async with self._database.read() as uow:
            ticket = await uow.tickets.by_slack_place(channel, thread_ts)
        return None if ticket is None else ticket.id

    async def sending_of(self, ticket_id: int, slack_ts: str) -> Sending | None:
        """What is known of a colleague's message in a ticket's thread."""
        async with self._database.read() as uow:
            return await uow.sendings.of_message(ticket_id, slack_ts)

    async def waiting(self, ticket_id: int) -> tuple[Sending, ...]:
        """The words that wait to go to the ticket's customer, the first pressed first."""
        async with self._database.read() as uow:
            return await uow.sendings.waiting(ticket_id)

    async def last_line(self, ticket_id: int) -> int:
        """The id of the newest line of the ticket's journal; 0 where there is none."""
        async with self._database.read() as uow:
            return await uow.last_line(ticket_id)

    async def lines_since(self, ticket_id: int, line: int) -> tuple[JournalEntry, ...]:
        """What was written into the ticket's journal since that line, oldest first."""
        async with self._database.read() as uow:
            return await uow.journal_since(ticket_id, line)

    async def entitlements(self, ticket_id: int) -> tuple[tuple[DeviceStanding, ...], tuple[EntitlementUse, ...]]:
        """What the devices of the ticket's contract have used, and the uses that the ticket is about."""
        async with self._database.read() as uow:
            view = await uow.tickets.view(ticket_id)
            devices = await standings_of(uow, view.contract, self._clock.now(), self._config)
            return devices, await uow.entitlements.of_ticket(ticket_id)

    async def replacement(self, replacement_id: int) -> FormShown:
        """A replacement as its forms show it; LookupError when there is none."""
        async with self._database.read() as uow:
            replacement = await uow.replacements.get(replacement_id)
            ticket = await uow.tickets.get(replacement.ticket_id)
            files = await uow.attachments.of_ticket(ticket.id)
        zone = ZoneInfo(self._config.service.timezone)
        return FormShown(
            ticket,
            replacement,
            shown_recipient(ticket),
            [file for file in files if file.verdict is AttachmentVerdict.KEPT],
            promised(ticket),
            terms_of(ticket).returns.within,
            self._clock.now(),
            Speaker(words_of("customer", ticket.language), ticket.number, replacement, zone),
        )

    async def new_device_problem(self, replacement_id: int, serial: str) -> SerialProblem | None:
        """Why a device of this serial number cannot be what a replacement brought; LookupError when there is none."""
        async with self._database.read() as uow:
            found = await arrived(uow, await uow.replacements.get(replacement_id), serial)
        return found if isinstance(found, SerialProblem) else None

    async def interview(self, interview_id: int) -> InterviewShown:
        """An interview as its forms show it; LookupError when there is none."""
        async with self._database.read() as uow:
            interview = await uow.interviews.get(interview_id)
            ticket = await uow.tickets.get(interview.ticket_id)
        return InterviewShown(ticket, interview, shown_recipient(ticket))

    async def service_notice(self, notice_id: int) -> tuple[ServiceNotice, Contract, tuple[DeviceStanding, ...]]:
        """A notice with its contract and what its devices have used; LookupError when there is none."""
        async with self._database.read() as uow:
            notice = await uow.notices.get(notice_id)
            contract = await uow.contracts.get(notice.contract_id)
            return notice, contract, await standings_of(uow, contract, self._clock.now(), self._config)

    async def tickets_named(self, reference: Reference) -> tuple[int, ...]:
        """The ids of the tickets that are meant: that of a number, or the open ones about a device."""
        return await self._finder.find(reference)

    async def other_tickets(self, ticket_id: int, words: str) -> tuple[DueTicket, ...]:
        """Other tickets that hold the words or are named by them; without words those that are likely meant."""
        if not words.strip():
            return await self._finder.alike(ticket_id, MOST_OTHERS)
        reference = read_reference(words)
        named = await self._finder.find(reference) if reference is not None else ()
        found = await self._finder.described(named[:MOST_OTHERS])
        found += (await self._search.find(words, MOST_OTHERS)).tickets
        others = {each.ticket.id: each for each in found if each.ticket.id != ticket_id}
        return tuple(others.values())[:MOST_OTHERS]

    async def strangers(self, ticket_id: int, other_id: int) -> list[str]:
        """Who would be let into the other ticket's conversation by merging; LookupError when a ticket is missing."""
        async with self._database.read() as uow:
            return await strangers_to(await uow.tickets.get(other_id), await uow.tickets.get(ticket_id), uow)

    async def opening(self, serial: str, number: str, address: str) -> Opening | dict[str, str]:
        """Whose ticket is opened with these, or what is wrong with them (`bot.rules.opening.check_opening`)."""
        key, device = fold(number), serial_in(serial)
        async with self._database.read() as uow:
            named = (await uow.contracts.by_keys([key])).get(key) if key else None
            of_serial = await uow.contracts.with_device(device) if device else ()
            concerned = {contract.id for contract in (*of_serial, *([named] if named else []))}
            channels = {contract_id: await uow.contracts.channels_of(contract_id) for contract_id in concerned}
        day = self._clock.now().astimezone(ZoneInfo(self._config.service.timezone)).date()
        return check_opening(serial, number, address, named, of_serial, channels, day)

    async def contracts_of_channel(self, channel: str) -> tuple[Contract, ...]:
        """The contracts of the customer whose shared channel it is."""
        async with self._database.read() as uow:
            return await uow.contracts.of_channel(channel)

    async def shared_channels(self) -> frozenset[str]:
        """All shared channels that belong to contracts."""
        async with self._database.read() as uow:
            return frozenset(channel for channel, _ in await uow.contracts.channels())

    async def waiting_words(self, key: str) -> str:
        """The words of a message that is no report yet; "" for none."""
        async with self._database.read() as uow:
            body = await uow.inbox.waiting_body(key)
        command = NothingToDo("") if body is None else to_command(json.loads(body))
        return command.text if isinstance(command, ChannelMessage) else ""
