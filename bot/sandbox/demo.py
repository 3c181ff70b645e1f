"""The whole sandbox in one process: mail servers, Slack, the bot with a clock that can be moved, and the page."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from bot.app import Bot
from bot.config import Config
from bot.errors import OperatorError
from bot.rules.calendars import OFFICE_HOURS, calendar_from_config
from bot.rules.contract_numbers import fold
from bot.sandbox.canned import canned
from bot.sandbox.clock import MovableClock
from bot.sandbox.mail import Account, MailSandbox
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.story import Cast, tell_story
from bot.sandbox.web import Page
from bot.sandbox.web_customers import CUSTOMERS
from bot.sandbox.web_mail import CustomerMail
from storage.contract_import import import_contracts
from storage.engine import Database

log = logging.getLogger(__name__)

DEFAULT_PORT = 8360
DATABASE = "hezo360.sqlite3"
SUPPORT, INFO, ESCALATION = "pomoc@myhezo.pl", "info@myhezo.pl", "escalation@myhezo.pl"
_CONNECTED_WITHIN = 10.0
"""Seconds that the bot may take to connect to Slack after it was started anew."""
_MAILBOX = Account("pomoc", "sandbox-pomoc", (SUPPORT, INFO, ESCALATION))


@dataclass(frozen=True, slots=True)
class SharedChannel:
    """A customer's channel, with somebody of theirs: people of another workspace (Slack Connect)."""

    channel: str
    customer: str
    contract: str


@dataclass(frozen=True, slots=True)
class Staff:
    """Slack ids of the people of the demo, and of its channels; `shared` are those of customers."""

    ewa: str
    marek: str
    zofia: str
    support: str
    escalation: str
    shared: tuple[SharedChannel, ...]


class Demo:
    """Everything of `hezo360 demo`.

    Args:
        port: The page's port; 0 takes any free one.
        keep: A folder for the database, which then stays; None uses one that is deleted at the end.
        story: Whether a short story plays by itself.
        language: The language of the staff's texts.
        start_at: What the clock shows first, aware; None is the real time.

    Attributes:
        clock: The sandbox's time.
        mail: The mail server.
        customers: The customers' mail programs.
        slack: The Slack stand-in.
        page: The page, with its address.
        bot: The running bot; another one after `speak`.
        staff: Who is who in Slack, once started.
        story: Ends when the story was told; None without one, or before `start`.
    """

    def __init__(
        self,
        *,
        port: int = DEFAULT_PORT,
        keep: Path | None = None,
        story: bool = True,
        language: Literal["pl", "en"] = "pl",
        start_at: datetime | None = None,
    ) -> None:
        self.clock = MovableClock(start_at)
        self.mail = MailSandbox([_MAILBOX, *(person.account for person in CUSTOMERS)], clock=self.clock)
        self.customers = CustomerMail(
            CUSTOMERS, self.mail, self.clock, support=SUPPORT, info=INFO, escalation=ESCALATION
        )
        self.slack = SlackSandbox(self.clock)
        self.staff = _people(self.slack)
        self.bot: Bot | None = None
        self.story: asyncio.Task[None] | None = None
        self._wants_story = story
        self._language: str = language
        self._shown: str = language
        self._keep = keep
        self._folder: Path | None = None
        self._open = AsyncExitStack()
        self.page = Page(
            clock=self.clock,
            calendar=calendar_from_config(OFFICE_HOURS, self._config(Path())),
            mail=self.customers,
            server=self.mail,
            slack=self.slack,
            bot=self,
            port=port,
        )

    async def start(self) -> None:
        """Start everything; the story goes on by itself afterwards.

        Raises:
            OperatorError: the port is taken, or the folder cannot be used; nothing runs then.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        self._folder = self._make_folder()
        await self.page.start()  # first: a taken port is told before anything else is set up
        self._open.push_async_callback(self.page.stop)
        await self.mail.start()
        self._open.push_async_callback(self.mail.stop)
        await self.slack.start()
        self._open.push_async_callback(self.slack.stop)
        await self._start_bot()
        assert self.bot is not None
        registry = files("bot.sandbox").joinpath("data", "demo_contracts.csv").read_bytes()
        await import_contracts(self.bot.database, registry, all_or_nothing=True)
        await self._map_channels(self.bot.database)
        if self._wants_story:
            self.story = asyncio.create_task(self._tell(), name="story")

    async def _map_channels(self, database: Database) -> None:
        """As `hezo360 contracts channels set` does."""
        async with database.begin() as uow:
            for shared in self.staff.shared:
                key = fold(shared.contract)
                await uow.contracts.map_channel((await uow.contracts.by_keys([key]))[key].id, shared.channel)

    async def stop(self) -> None:
        """Stop everything, the bot before the servers that it talks to; delete what is not to be kept."""
        if self.story is not None:
            self.story.cancel()
            await asyncio.gather(self.story, return_exceptions=True)
        await self._stop_bot()
        await self._open.aclose()

    def _make_folder(self) -> Path:
        if self._keep is None:
            return Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="hezo360-demo-")))
        if (self._keep / DATABASE).exists():
            raise OperatorError(
                f"{self._keep / DATABASE} is left from an earlier demo, whose mailboxes and Slack are gone: "
                "choose another folder, or delete the file"
            )
        try:
            self._keep.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OperatorError(f"cannot make the folder {self._keep} ({error.strerror}): choose another") from error
        return self._keep

    async def _tell(self) -> None:
        try:
            await tell_story(self.customers, self.slack, Cast(self.staff.ewa, self.staff.support, SUPPORT, INFO))
        except Exception as error:  # noqa: BLE001  # whoever plays meanwhile may spoil it; the sandbox goes on without
            log.warning("the story ended early", extra={"hezo": {"reason": str(error)}})

    # --- the bot

    @property
    def language(self) -> str:
        """The language of the staff's texts: "pl" or "en"."""
        return self._shown

    @property
    def health_url(self) -> str | None:
        """The address of the health endpoint, once it listens."""
        port = self.bot.health.port if self.bot is not None else None
        return f"http://127.0.0.1:{port}/healthz" if port else None

    def parts(self) -> Mapping[str, str | None]:
        """The bot's parts and what is wrong with each; None where all is well."""
        if self.bot is None:
            return {}
        return {
            name: None if status.running else status.problem or "not ready"
            for name, status in self.bot.supervisor.statuses.items()
        }

    async def speak(self, language: str) -> None:
        """Start the bot again, with the staff's texts in this language and the same data; it answers clicks then.

        Raises:
            TimeoutError: It did not connect to Slack in time.
        """
        await self._stop_bot()
        sockets = self.slack.sockets.sockets
        # The old connection's end and the new one's begin: a click in between would find nobody.
        await self.slack.workspace.wait_for(lambda: not sockets, _CONNECTED_WITHIN, "the old bot's socket closed")
        self._language = language
        await self._start_bot()
        await self.slack.connected(timeout=_CONNECTED_WITHIN)
        self._shown = language

    async def _start_bot(self) -> None:
        assert self._folder is not None
        bot = Bot(self._config(self._folder), self.clock)
        try:
            await bot.start()
        except BaseException:
            await bot.stop()
            raise
        self.bot = bot

    async def _stop_bot(self) -> None:
        bot, self.bot = self.bot, None
        if bot is not None:
            await bot.stop()

    def _config(self, folder: Path) -> Config:
        """The configuration as a file would give it."""
        server: dict[str, Any] = {"host": "127.0.0.1", "security": "none", "timeout": "10s"}
        account = {"username": _MAILBOX.name, "password": _MAILBOX.password}
        return Config.model_validate(
            {
                "service": {"staff_language": self._language},
                "database": {"url": f"sqlite+aiosqlite:///{folder / DATABASE}"},
                "mail": {
                    "support_address": SUPPORT,
                    "info_address": INFO,
                    "escalation_address": ESCALATION,
                    "imap": [{**server, "name": "pomoc", "port": self.mail.imap_port or 143, **account}],
                    "smtp": {**server, "port": self.mail.smtp_port or 25},
                },
                "slack": {
                    "bot_token": self.slack.workspace.bot_token,
                    "app_token": self.slack.workspace.app_token,
                    "api_url": f"{self.slack.workspace.base_url or 'http://127.0.0.1'}/api/",
                    "support_channel": self.staff.support,
                    "escalation_channel": self.staff.escalation,
                    "engineers": [self.staff.ewa, self.staff.marek],
                    "managers": [self.staff.zofia],
                    "posts_per_minute": 600,  # the stand-in is patient, and so people need not be
                },
                "replies": {"canned": canned(self._language)},
                "health": {"port": 0},
                "log": {"level": "warning", "format": "text"},
                "stop_within": "5s",
            }
        )


def _people(slack: SlackSandbox) -> Staff:
    workspace = slack.workspace

    def person(name: str, real_name: str, title: str) -> str:
        user = workspace.add_user(name, real_name, email=f"{name}@myhezo.pl")
        user.title = title
        return user.id

    ewa = person("ewa", "Ewa Kowalska", "engineer")
    marek = person("marek", "Marek Wiśniewski", "engineer")
    zofia = person("zofia", "Zofia Lis", "manager")
    support = workspace.add_channel("support", [ewa, marek, zofia])
    escalation = workspace.add_channel("eskalacje", [ewa, marek, zofia])

    def customer(domain: str, team: str, name: str, real_name: str, contract: str, locale: str) -> SharedChannel:
        theirs = workspace.add_team(team, domain)
        user = workspace.add_user(name, real_name, team=theirs.id, locale=locale)
        user.title = team
        return SharedChannel(workspace.add_channel(f"hezo-{domain}", [ewa, marek, user.id]).id, user.id, contract)

    shared = (
        customer("lowicka-dolina", "Łowicka Dolina", "piotr", "Piotr Mleczko", "HZ360-2026-000101", "pl-PL"),
        customer("northwind", "Northwind", "kate", "Kate Brown", "HZ360-2026-000102", "en-GB"),
    )
    return Staff(ewa, marek, zofia, support.id, escalation.id, shared)
