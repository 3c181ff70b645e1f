"""The bot with its mail and another Slack, and what tests do and look at there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any

import aiohttp

from bot.app import Bot
from bot.config import Config
from bot.sandbox.clock import MovableClock
from storage.contract_import import import_contracts
from tests.support.bot_process import rows
from tests.support.manifest import manifest_app
from tests.support.other_slack.http_mode import SIGNING_SECRET
from tests.support.other_slack.people import Seen, pressable, words
from tests.support.other_slack.server import OtherSlack, other_slack
from tests.support.other_slack.socket_mode import Envelope
from tests.support.other_slack.web_api import APP_TOKEN, BOT_TOKEN
from tests.support.other_slack.workspace import Body, Channel, User
from tests.support.ports import free_port
from tests.support.post_office import PATIENCE, EmbeddedOffice
from tests.support.world import CONTRACTS, REPORT, WARSAW, text_of

ANNA = "anna@klient.test"


@dataclass
class Office:
    """The bot, its mail and the other Slack."""

    slack: OtherSlack
    mail: EmbeddedOffice
    clock: MovableClock
    tree: dict[str, Any]
    bot: Bot
    support: Channel
    escalation: Channel
    database: Path
    ewa: User
    marek: User

    @property
    def card(self) -> Body:
        """The head message of the only ticket, the newest where it was posted anew."""
        return [m for m in self.support.messages.values() if m.get("thread_ts") in (None, m["ts"])][-1]

    @property
    def subject(self) -> str:
        """That of a mail about it."""
        return f"Re: [HEZO-{self.clock.now().astimezone(WARSAW).year}-000001]"

    async def write(self, text: str, subject: str = "Awaria", files: Mapping[str, bytes] | None = None) -> None:
        """A mail of the customer's, with these text files."""
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = ANNA, self.mail.support, subject
        mail["Date"], mail["Message-ID"] = format_datetime(self.clock.now()), make_msgid(domain="klient.test")
        mail.set_content(text)
        for name, content in (files or {}).items():
            mail.add_attachment(content, "text", "plain", filename=name)
        await self.mail.submit(mail.as_bytes(), ANNA, [self.mail.support])

    async def mailed(self, containing: str) -> str:
        """The first mail to the customer that holds these words."""
        return text_of(await self.mail.wait_for(lambda d: d.recipient == ANNA and containing in text_of(d), PATIENCE))

    def mails(self, containing: str) -> int:
        """How many mails to the customer hold these words."""
        return sum(containing in text_of(d) for d in self.mail.deliveries if d.recipient == ANNA)

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something in Slack."""
        await self.slack.workspace.wait_for(condition, what)

    def shown(self, action: str) -> tuple[Body, Seen] | None:
        """The newest button of this kind in the support channel, and the message that it stands in."""
        shown = [(m, seen) for m in self.support.messages.values() for seen in pressable(m.get("blocks", []))]
        return next(((m, seen) for m, seen in reversed(shown) if seen.action == action), None)

    def times(self, containing: str) -> int:
        """How many messages in the support channel hold these words."""
        return sum(containing in words(message.get("blocks")) for message in self.support.messages.values())

    async def once(self, containing: str) -> None:
        """These words are posted, once."""
        await self.until(lambda: self.times(containing), f"a post with {containing!r}")
        assert self.times(containing) == 1

    async def press(self, user: User, action: str) -> Envelope:
        """Press the newest button of this kind."""
        await self.until(lambda: self.shown(action), f"the button {action}")
        found = self.shown(action)
        assert found is not None
        return await self.slack.people.press(user, self.support, *found)

    async def press_alone(self, user: User, action: str) -> Envelope:
        """Press this in the newest line that they alone see."""
        line = user.ephemerals[-1]
        seen = next(seen for seen in pressable(line["blocks"]) if seen.action == action)
        return await self.slack.people.press(user, self.support, line, seen)

    async def press_behind_more(self, user: User, action: str) -> Body:
        """Press what is behind "More…"; gives the window that it stands in."""
        user.views.clear()
        await self.press(user, "ticket_more")
        await self.until(lambda: _behind(user, action), f"{action} behind more")
        [more], [seen] = user.views, _behind(user, action)
        assert (await self.slack.people.press_in_view(user, more, seen)).acked.is_set()
        return more

    async def form(self, user: User, action: str) -> Body:
        """Press it, or what is behind "More…"; gives the form that opens, and not what is shown while it loads."""
        user.views.clear()
        if self.shown(action) is None and self.shown("ticket_more") is not None:
            await self.press_behind_more(user, action)
            await self.until(lambda: user.views[1:] and user.views[-1].get("submit"), f"the form of {action}")
        else:
            assert (await self.press(user, action)).acked.is_set()
            await self.until(lambda: user.views and user.views[-1].get("submit"), f"the form of {action}")
        return user.views[-1]

    async def fill_in(self, user: User, action: str, text: str) -> None:
        """Type this into every text field of the form that must have one, and press the form's button."""
        view = await self.form(user, action)
        for block in view["blocks"]:
            if (
                block["type"] == "input"
                and block["element"]["type"] == "plain_text_input"
                and not block.get("optional")
            ):
                self.slack.people.enter(view, block, text)
        assert await self.slack.people.submit(user, view) == {}

    def told(self, containing: str) -> int:
        """How many messages in the escalation channel, where operators read, hold these words."""
        return sum(containing in words(message.get("blocks")) for message in self.escalation.messages.values())

    def outbox(self, condition: str = "1 = 1") -> list[tuple[Any, ...]]:
        """What stands in the outbox and is not done: id, type, state, error."""
        asked = f"SELECT id, type, state, error FROM outbox WHERE state NOT IN ('sent', 'cancelled') AND {condition}"  # noqa: S608
        return rows(self.database, asked)

    def is_idle(self, *, parked: bool = False) -> bool:
        """Whether all that came is understood, and all that was to go has gone; `parked`: or was set aside."""
        # The inbox first: what is understood by then stands in the outbox.
        if rows(self.database, "SELECT 1 FROM inbox WHERE state = 'new'"):
            return False
        return not self.outbox("state <> 'parked'" if parked else "1 = 1")

    async def quiet(self, within: float = 60.0, *, parked: bool = False) -> None:
        """Let the clock run fast until all that came is understood, and all that was to go has gone."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while not self.is_idle(parked=parked):
            assert loop.time() < end, self.outbox()
            self.clock.move(timedelta(seconds=1))
            await asyncio.sleep(0.05)  # the clock is to run, and nothing tells when all is done

    async def health(self) -> tuple[bool, str]:
        """What /healthz answers: whether all is well, and what it says."""
        url = f"http://127.0.0.1:{self.bot.health.port}/healthz"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status == 200, await answer.text()

    async def reports(self, words: str) -> bool:
        """Wait until /healthz says these words; gives whether it says that all is well."""
        async with asyncio.timeout(60):
            while True:
                is_well, said = await self.health()
                if words in said:
                    return is_well
                await asyncio.sleep(0.05)  # nothing tells when it will

    def refused(self, error: str) -> bool:
        """Whether any call was refused with this error."""
        return any(call.error == error for call in self.slack.workspace.calls)

    async def restart(self, **slack: object) -> None:
        """Stop the bot and start it anew, with other settings of the section [slack]."""
        await self.bot.stop()
        self.tree["slack"] |= slack
        self.bot = Bot(Config.model_validate(self.tree), self.clock)
        await self.bot.start()
        await self.slack.people.way.connected()


def _behind(user: User, action: str) -> list[Seen]:
    return [seen for view in user.views[:1] for seen in pressable(view["blocks"]) if seen.action == action]


@asynccontextmanager
async def opened(tmp_path: Path, *, http: bool = False, **changes: dict[str, Any]) -> AsyncIterator[Office]:
    """All of it, running; afterwards no call may have broken a rule.

    Args:
        http: Slack reaches the bot by signed requests instead of sockets.
        changes: Go into the configuration's sections.
    """
    clock = MovableClock()
    mail = EmbeddedOffice(clock)
    await mail.open()
    async with other_slack(manifest_app().scopes) as slack:
        workspace = slack.workspace
        ewa, marek = workspace.add_user("ewa", "Ewa Kowalska"), workspace.add_user("marek", "Marek Zieliński")
        support = workspace.add_channel("hezo-support", [ewa, marek], private=True)
        escalation = workspace.add_channel("hezo-eskalacje", [ewa, marek])
        workspace.groups["S0ENGINEER"] = [ewa.id, marek.id]
        tree: dict[str, Any] = {
            "database": {"url": f"sqlite+aiosqlite:///{tmp_path}/hezo360.sqlite3"},
            "mail": {
                "support_address": mail.support,
                "info_address": mail.info,
                "escalation_address": mail.escalation,
                **mail.settings(),
            },
            "slack": {
                "bot_token": BOT_TOKEN,
                "app_token": APP_TOKEN,
                "api_url": slack.api_url,
                "support_channel": support.id,
                "escalation_channel": escalation.id,
                "engineer_groups": ["S0ENGINEER"],
                "timeout": "1s",
                "posts_per_minute": 60_000,
                "posts_at_once": 1000,
            },
            "entitlements": {"propose_at_percent": [], "announce_end_days": []},
            "retry": {"first_wait": "1s", "longest_wait": "1s", "in_doubt_wait": "1s"},
            "health": {"port": 0},
        }
        if http:
            port = free_port()
            tree["slack"] |= {"mode": "http", "signing_secret": SIGNING_SECRET, "http_port": port}
            slack.http.url, slack.http.clock = f"http://127.0.0.1:{port}/slack/events", clock
            slack.people.way = slack.http
        for section, values in changes.items():
            tree[section] = {**tree.get(section, {}), **values}
        bot = Bot(Config.model_validate(tree), clock)
        await bot.database.open()
        await import_contracts(bot.database, CONTRACTS)
        await bot.database.close()
        bot = Bot(Config.model_validate(tree), clock)
        await bot.start()
        database = tmp_path / "hezo360.sqlite3"
        office = Office(slack, mail, clock, tree, bot, support, escalation, database, ewa, marek)
        try:
            await slack.people.way.connected()
            yield office
            assert workspace.violations == []
        finally:
            await office.bot.stop()
            await mail.close()


async def reported(office: Office) -> None:
    """A ticket that Ewa has."""
    await office.write(REPORT)
    await office.mailed("HEZO-")
    assert (await office.press(office.ewa, "ticket_take")).acked.is_set()
    await office.until(lambda: office.ewa.id in str(office.card), "Ewa on the card")


async def asked(office: Office, text: str) -> None:
    """Ewa writes in the thread, and is asked once whether it shall go."""
    before = len(office.ewa.ephemerals)
    await office.slack.people.write(office.ewa, office.support, text, thread=office.card["ts"])
    await office.until(lambda: len(office.ewa.ephemerals) > before, f"the question about {text!r}")
    assert len(office.ewa.ephemerals) == before + 1


class Errors(logging.Handler):
    """Collects what is logged as an error, with its trace."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def logged_errors() -> Iterator[list[str]]:
    """The errors that are logged inside."""
    handler = Errors()
    logging.getLogger().addHandler(handler)
    try:
        yield handler.lines
    finally:
        logging.getLogger().removeHandler(handler)
