"""The whole world of a scenario: mailboxes, a Slack workspace and the bot between them, all over real sockets."""

from __future__ import annotations

import email
import email.policy
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.app import Bot
from bot.config import Config
from bot.edges.slack_ids import MORE
from bot.sandbox.clock import MovableClock
from bot.sandbox.mail import Delivery
from bot.sandbox.slack.blocks_check import elements_of
from bot.sandbox.slack.model import Channel, Message
from bot.sandbox.slack.server import SlackSandbox
from storage.contract_import import import_contracts
from tests.support.bot_process import asking
from tests.support.mailservers import MailServers
from tests.support.manifest import assert_kept_to_the_rules, manifest_app
from tests.support.post_office import PATIENCE, PEOPLE, DebianOffice, EmbeddedOffice, PostOffice
from tests.support.smtp_tap import SmtpTap
from tests.support.world_database import database_for

WARSAW = ZoneInfo("Europe/Warsaw")
MONDAY_MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""10:00 in Warsaw, within the 8x5 window."""

CONTRACTS = """contract_number,customer,nip,valid_from,valid_to,serial,model,authorised,language
HZ360-2026-000101,Mleczarnia,834-171-00-08,2025-03-01,2035-02-28,FG121GTK25004672,,anna@klient.test;@klient.test,pl
HZ360-2026-000102,Northwind,521-390-00-03,2025-06-15,2035-06-14,FG1K0FTB22900191,,john@northwind.test,en
HZ360-2024-000087,Stolarnia,618-150-00-04,2023-07-01,2024-06-30,FGT60D4614044725,,biuro@stolarnia.test,pl
"""
SUPPORT, INFO = EmbeddedOffice.support, EmbeddedOffice.info
ACKNOWLEDGED_WITHIN = 30.0

on_both = pytest.mark.parametrize(
    "servers", ["embedded", pytest.param("debian", marks=pytest.mark.mailservers)], indirect=True
)
"""Plays a scenario on the embedded mail servers and on Dovecot and Postfix."""

REPORT = "Dzień dobry, FortiGate nie działa. Numer seryjny FG121GTK25004672, umowa HZ360-2026-000101.\nAnna Nowak"


def parsed(delivery: Delivery) -> EmailMessage:
    """A delivered mail, read by the standard library."""
    return email.message_from_bytes(delivery.raw, policy=email.policy.default)


def text_of(delivery: Delivery) -> str:
    """The plain text of a delivered mail."""
    body = parsed(delivery).get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text


def texts(value: object) -> str:
    """Every text in a Slack message's blocks, for looking something up in it."""
    if isinstance(value, str):
        return value + "\n"
    if isinstance(value, dict):
        return "".join(texts(inner) for key, inner in value.items() if key not in {"type", "block_id", "action_id"})
    if isinstance(value, list):
        return "".join(map(texts, value))
    return ""


@dataclass
class World:
    """Everything a scenario acts on and looks at.

    Attributes:
        tree: The bot's configuration, as TOML would give it; what a scenario changes in it holds from the next start.
        ewa, marek: Engineers.
        zofia: The manager.
    """

    clock: MovableClock
    mail: PostOffice
    slack: SlackSandbox
    tree: dict[str, Any]
    support: Channel
    escalation: Channel
    ewa: str
    marek: str
    zofia: str
    bot: Bot = field(init=False, repr=False)

    @property
    def config(self) -> Config:
        """The configuration, validated."""
        return Config.model_validate(self.tree)

    @property
    def anna(self) -> str:
        """A customer's representative who writes Polish."""
        return self.mail.address_of("anna@klient.test")

    @property
    def john(self) -> str:
        """A customer's representative who writes English."""
        return self.mail.address_of("john@northwind.test")

    @property
    def stranger(self) -> str:
        """Somebody who is on no contract."""
        return self.mail.address_of("obcy@example.test")

    @property
    def contracts(self) -> str:
        """The registry as CSV, with the addresses that the customers have here."""
        registry = CONTRACTS
        for person in PEOPLE:
            registry = registry.replace(person, self.mail.address_of(person))
        return registry

    @property
    def sandbox(self) -> EmbeddedOffice:
        """The embedded mail servers, for their faults."""
        assert isinstance(self.mail, EmbeddedOffice)
        return self.mail

    def number(self, count: int) -> str:
        """The number of the first, second, ... ticket."""
        return f"HEZO-{self.clock.now().astimezone(WARSAW).year}-{count:06d}"

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the bot's database, beside the bot."""
        return asking(self.tree["database"]["url"])(query)

    async def start_bot(self) -> None:
        """Start the bot."""
        self.bot = Bot(self.config, self.clock)
        await self.bot.start()

    async def fill_registry(self) -> None:
        """Bring the contracts into the database of a bot that does not run yet."""
        database = Bot(self.config, self.clock).database
        await database.open()
        await import_contracts(database, self.contracts)
        await database.close()

    async def write(
        self,
        sender: str,
        text: str,
        *,
        subject: str = "Awaria",
        to: str = "",
        answer: Delivery | None = None,
        headers: dict[str, str] | None = None,
        name: str = "",
    ) -> str:
        """Send a customer's mail through the SMTP server, to the support address if no other; gives its Message-ID."""
        to = to or self.mail.support
        message = EmailMessage(policy=email.policy.SMTP)
        message["From"] = f"{name} <{sender}>" if name else sender
        message["To"] = to
        message["Message-ID"] = make_msgid(domain=sender.partition("@")[2])
        message["Date"] = format_datetime(self.clock.now())
        if answer is not None:
            original = parsed(answer)
            subject = f"Re: {original['Subject']}"
            message["In-Reply-To"] = original["Message-ID"]
            message["References"] = f"{original['References'] or ''} {original['Message-ID']}".strip()
        message["Subject"] = subject
        for key, value in (headers or {}).items():
            message[key] = value
        message.set_content(text)
        await self.submit(message.as_bytes(), sender, [address.strip() for address in to.split(",")])
        return str(message["Message-ID"])

    async def submit(self, raw: bytes, sender: str, recipients: list[str]) -> None:
        """Send octets as they are."""
        await self.mail.submit(raw, sender, recipients)

    async def mail_to(self, recipient: str, *, after: Delivery | None = None, containing: str = "") -> Delivery:
        """The next mail from us to this address that holds these words."""
        return await self.mail.wait_for(
            lambda d: d.recipient == recipient and containing in text_of(d),
            PATIENCE,
            after=after.number if after else 0,
        )

    def mails_to(self, recipient: str) -> list[Delivery]:
        """All mails from us to this address so far."""
        return [d for d in self.mail.deliveries if d.recipient == recipient]

    async def card(self, containing: str) -> Message:
        """The head message of a ticket that holds these words."""
        return await self.in_slack(self.support, lambda m: m.thread_ts is None and containing in texts(m.blocks))

    async def in_thread(self, card: Message, containing: str) -> Message:
        """A post in a ticket's thread that holds these words."""
        return await self.in_slack(self.support, lambda m: m.thread_ts == card.ts and containing in texts(m.blocks))

    async def in_slack(self, channel: Channel, matches: Callable[[Message], bool]) -> Message:
        """A message of a channel or its threads."""

        def found() -> Message | None:
            return next((m for m in channel.messages.values() if matches(m)), None)

        message = await self.slack.workspace.wait_for(found, PATIENCE, "a message in Slack")
        assert message is not None
        return message

    def thread(self, card: Message) -> list[str]:
        """What stands in a ticket's thread, as text."""
        return [texts(message.blocks) for message in self.slack.workspace.thread(self.support.id, card.ts)[1:]]

    def assert_posted_once(self, *, cards: int) -> None:
        """There are so many head messages, no effect was posted twice, and no thread says anything twice."""
        messages = list(self.support.messages.values())
        assert len([m for m in messages if m.thread_ts is None]) == cards
        keys = [str((m.metadata or {})["event_payload"]) for m in messages]
        assert len(set(keys)) == len(keys)
        said = [(m.thread_ts, texts(m.blocks)) for m in messages]
        assert len(set(said)) == len(said)

    async def press(self, user: str, card: Message, action_id: str) -> None:
        """Press a button of a head message, or behind its "More…"."""
        people = self.slack.people
        if any(element.get("action_id") == action_id for _, element, _ in elements_of(card.blocks)):
            outcome = await people.click(user, self.support.id, card.ts, action_id)
        else:
            assert (await people.click(user, self.support.id, card.ts, MORE)).ok
            outcome = await people.click_view(user, await self.modal(user, MORE), action_id)
        assert outcome.ok, outcome.error

    async def reply(self, user: str, card: Message, text: str, turn: str = "customer") -> None:
        """Answer the customer by the button and its modal."""
        await self.press(user, card, "ticket_reply")
        view = await self.modal(user, "ticket_reply")
        errors = await self.slack.people.submit_view(user, view, {"reply_text": text, "next_turn": turn})
        assert errors is None, errors

    async def modal(self, user: str, callback_id: str) -> str:
        """Wait for a modal to be shown; gives its id."""

        def shown() -> str | None:
            views = self.slack.people.open_views(user)
            return views[-1].id if views and views[-1].body.get("callback_id") == callback_id else None

        view = await self.slack.workspace.wait_for(shown, PATIENCE, f"the modal {callback_id}")
        assert view is not None
        return view


def config_for(
    mail: PostOffice, slack: SlackSandbox, database: str, people: dict[str, Any], **changes: Any
) -> dict[str, Any]:
    """The configuration of a scenario, as TOML would give it."""
    tree: dict[str, Any] = {
        "database": {"url": database},
        "mail": {
            "support_address": mail.support,
            "info_address": mail.info,
            "escalation_address": mail.escalation,
            "message_id_domain": "hezo.test",
            **mail.settings(),
        },
        "slack": {
            "bot_token": slack.workspace.bot_token,
            "app_token": slack.workspace.app_token,
            "api_url": slack.api_url,
            "posts_per_minute": 60_000,
            "posts_at_once": 1000,
            **people,
        },
        "replies": {"undo_within": "0s"},
        # What is said of contracts in time is a matter of its own (test_services.py).
        "entitlements": {"propose_at_percent": [], "announce_end_days": []},
        "retry": {"first_wait": "1s", "longest_wait": "2s", "in_doubt_wait": "3s"},
        "health": {"port": 0},
        "stop_within": "10s",
    }
    for section, values in changes.items():
        tree[section] = {**tree.get(section, {}), **values}
    return tree


@asynccontextmanager
async def make_world(
    tmp_path: Path, servers: MailServers | None = None, *, start: datetime | None = MONDAY_MORNING, **changes: Any
) -> AsyncIterator[World]:
    """Everything but the bot, running; afterwards nothing may have broken Slack's rules (`tests.support.manifest`).

    Args:
        servers: Debian's mail servers; None takes the embedded ones.
        start: The time at which the world begins; None, and always with Debian's servers, which have a clock of their
            own, is the real time.
        changes: Go into the configuration's sections.
    """
    clock = MovableClock(None if servers else start)
    mail: PostOffice = DebianOffice(servers) if servers else EmbeddedOffice(clock)
    # Slack itself waits three seconds; on a machine with other work a click would fail that was taken up in time.
    slack = SlackSandbox(clock, manifest_app(), ack_timeout=ACKNOWLEDGED_WITHIN)
    await mail.open()
    await slack.start()
    workspace = slack.workspace
    ewa = workspace.add_user("ewa", "Ewa Kowalska").id
    marek = workspace.add_user("marek", "Marek Zieliński").id
    zofia = workspace.add_user("zofia", "Zofia Szefowa").id
    support = workspace.add_channel("hezo-support", [ewa, marek, zofia])
    escalation = workspace.add_channel("hezo-eskalacje", [ewa, zofia])
    people = {
        "support_channel": support.id,
        "escalation_channel": escalation.id,
        "engineers": [ewa, marek],
        "managers": [zofia],
    }
    tree = config_for(mail, slack, await database_for(tmp_path), people, **changes)
    world = World(clock, mail, slack, tree, support, escalation, ewa, marek, zofia)
    try:
        yield world
        assert_kept_to_the_rules(slack)
    finally:
        await slack.stop()
        await mail.close()


@asynccontextmanager
async def tapped(
    tmp_path: Path, servers: MailServers | None = None, **changes: Any
) -> AsyncIterator[tuple[World, SmtpTap]]:
    """The world with a tap before the SMTP server, and the registry filled; the bot does not run yet."""
    async with make_world(tmp_path, servers, start=None, **changes) as world, SmtpTap(world.mail.smtp_port) as tap:
        world.tree["mail"]["smtp"] = {"host": "127.0.0.1", "port": tap.port, "security": "none", "timeout": "10s"}
        await world.fill_registry()
        yield world, tap


@asynccontextmanager
async def running(tmp_path: Path, servers: MailServers | None = None, **changes: Any) -> AsyncIterator[World]:
    """The world with the bot running."""
    async with make_world(tmp_path, servers, **changes) as world:
        await world.fill_registry()
        await world.start_bot()
        try:
            await world.slack.connected()
            yield world
        finally:
            await world.bot.stop()
