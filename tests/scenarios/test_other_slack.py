"""A whole ticket, and then what goes wrong, at another Slack than the stand-in (`tests.support.other_slack`).

Each test ends with the question whether a call broke a rule of the reference, of Block Kit or of the manifest's scopes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path

import pytest

from bot.app import Bot
from bot.config import Config
from bot.sandbox.clock import MovableClock
from storage.contract_import import import_contracts
from tests.support.manifest import manifest_app
from tests.support.other_slack.faults import Fault
from tests.support.other_slack.people import Seen, pressable, words
from tests.support.other_slack.server import OtherSlack, other_slack
from tests.support.other_slack.socket_mode import Envelope
from tests.support.other_slack.web_api import APP_TOKEN, BOT_TOKEN
from tests.support.other_slack.workspace import Body, Channel, User
from tests.support.post_office import PATIENCE, EmbeddedOffice
from tests.support.world import CONTRACTS, REPORT, WARSAW, text_of

pytestmark = pytest.mark.scenario
ANNA = "anna@klient.test"
A_WHILE = timedelta(seconds=25)
"""Longer than a reply waits before it goes."""
FLOOD = 300
GARBAGE = (
    "", "{", "null", "[]", '"x"', '{"type": null}', '{"type": "events_api"}', '{"type": "hello"}',
    '{"type": "events_api", "envelope_id": "a", "payload": null}',
    '{"type": "interactive", "envelope_id": "b", "payload": []}',
    '{"type": "interactive", "envelope_id": "c", "payload": {"type": "block_actions"}}',
    '{"type": "slash_commands", "envelope_id": "d", "payload": {}}',
    '{"type": "future", "envelope_id": "e", "payload": {"a": 1}}',
    '{"type": "events_api", "envelope_id": 5, "payload": {"type": "event_callback", "event": null, "event_id": null}}',
)  # fmt: skip


@dataclass
class Office:
    """The bot, its mail and the other Slack."""

    slack: OtherSlack
    mail: EmbeddedOffice
    clock: MovableClock
    bot: Bot
    support: Channel
    ewa: User
    marek: User

    @property
    def card(self) -> Body:
        """The head message of the only ticket."""
        return next(iter(self.support.messages.values()))

    @property
    def subject(self) -> str:
        """That of a mail about it."""
        return f"Re: [HEZO-{self.clock.now().astimezone(WARSAW).year}-000001]"

    async def write(self, text: str, subject: str = "Awaria") -> None:
        """A mail of the customer's."""
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = ANNA, self.mail.support, subject
        mail["Date"], mail["Message-ID"] = format_datetime(self.clock.now()), make_msgid(domain="klient.test")
        mail.set_content(text)
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

    async def form(self, user: User, action: str) -> Body:
        """Press it; gives the form that opens."""
        user.views.clear()
        assert (await self.press(user, action)).acked.is_set()
        await self.until(lambda: user.views, f"the form of {action}")
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


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncIterator[Office]:
    clock = MovableClock()
    mail = EmbeddedOffice(clock)
    await mail.open()
    async with other_slack(manifest_app().scopes) as slack:
        workspace = slack.workspace
        ewa, marek = workspace.add_user("ewa", "Ewa Kowalska"), workspace.add_user("marek", "Marek Zieliński")
        support = workspace.add_channel("hezo-support", [ewa, marek], private=True)
        escalation = workspace.add_channel("hezo-eskalacje", [ewa, marek])
        workspace.groups["S0ENGINEER"] = [ewa.id, marek.id]
        tree = {
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
        bot = Bot(Config.model_validate(tree), clock)
        await bot.database.open()
        await import_contracts(bot.database, CONTRACTS)
        await bot.database.close()
        bot = Bot(Config.model_validate(tree), clock)
        await bot.start()
        try:
            await slack.sockets.connected()
            yield Office(slack, mail, clock, bot, support, ewa, marek)
            assert workspace.violations == []
        finally:
            await bot.stop()
            await mail.close()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path) as office:
        yield office


async def reported(office: Office) -> None:
    """A ticket that Ewa has."""
    await office.write(REPORT)
    await office.mailed("HEZO-")
    assert (await office.press(office.ewa, "ticket_take")).acked.is_set()
    await office.until(lambda: office.ewa.id in str(office.card), "Ewa on the card")


@pytest.mark.parametrize("sparse", [False, True], ids=["all fields", "few fields"])
async def test_a_ticket_from_the_first_mail_to_its_end(office: Office, sparse: bool) -> None:
    office.slack.people.sparse = sparse
    await reported(office)
    view = await office.form(office.ewa, "ticket_reply")
    assert await office.slack.people.submit(office.ewa, view), "an empty reply"
    await office.fill_in(office.ewa, "ticket_reply", "Proszę o zrzut ekranu & <log>.")
    assert office.ewa.views == []
    assert (await office.press(office.marek, "sending_undo")).acked.is_set()
    await office.until(lambda: office.shown("sending_undo") is None, "nothing to undo")
    office.clock.move(A_WHILE)
    await office.fill_in(office.marek, "ticket_reply", "Proszę o wersję & <log>.")
    await office.until(lambda: office.shown("sending_undo"), "a reply that waits")
    office.clock.move(A_WHILE)
    assert "wersję & <log>" in await office.mailed("Marek Zieliński")
    assert office.mails("zrzut") == 0
    await office.write("Wersja 7.2.5 <!channel>", office.subject)
    await office.once("Wersja 7.2.5 <!channel>")
    await office.slack.people.write(office.ewa, office.support, "Zaktualizujmy ją.", thread=office.card["ts"])
    await office.until(lambda: office.ewa.ephemerals, "the question whether it shall go")
    await office.fill_in(office.ewa, "ticket_resolve", "Pomogła aktualizacja.")
    await office.until(lambda: office.shown("sending_undo"), "a summary that waits")
    office.clock.move(A_WHILE)
    await office.mailed("Pomogła aktualizacja.")
    await office.until(lambda: office.shown("ticket_reopen"), "a card of a resolved ticket")
    await office.slack.people.open_home(office.ewa)
    await office.until(lambda: office.ewa.home, "the Home tab")
    assert office.mails("Zaktualizujmy") == 0


FAULTS = [
    Fault("chat.postMessage", "hang", accepted=True, seconds=1.3),
    Fault("chat.postMessage", "reset", accepted=True),
    Fault("chat.postMessage", "page", accepted=True, status=200),
    Fault("chat.postMessage", "cut off", accepted=True),
    Fault("chat.postMessage", "no object", accepted=True),
    Fault("chat.postMessage", "ratelimited"),
]


async def test_what_slack_may_have_taken_is_posted_once(office: Office) -> None:
    await reported(office)
    for count, fault in enumerate(FAULTS):
        office.slack.api.faults.waiting = [replace(fault)]
        await office.write(f"Wiadomość nr {count}.", office.subject)
        await office.until(lambda: not office.slack.api.faults.waiting[0].times, str(fault))  # at once
        await office.once(f"Wiadomość nr {count}.")
    await office.once("Wiadomość nr 0.")


async def test_sockets_that_end_and_payloads_that_come_twice(office: Office) -> None:
    await reported(office)
    sockets, people = office.slack.sockets, office.slack.people
    for reason in ("warning", "refresh_requested"):
        opened = sockets.opened
        await sockets.disconnect(reason)
        await office.until(lambda: sockets.opened > opened, f"a new socket after {reason}")  # noqa: B023  # at once
    for raw in GARBAGE:
        await sockets.raw(raw)
    sockets.cut_at_ack = 1
    await people.write(office.ewa, office.support, "Sprawdzam licencję.", thread=office.card["ts"])
    await office.until(lambda: office.ewa.ephemerals, "the question whether it shall go")
    found = office.shown("ticket_reply")
    assert found is not None
    pressed = people.pressed(office.ewa, office.support, *found)
    twice = await asyncio.gather(*(sockets.interact("interactive", pressed) for _ in range(5)))
    assert all(envelope.acked.is_set() for envelope in twice)
    await office.until(lambda: office.ewa.views, "the form, once")
    assert len(office.ewa.views) == 1
    assert len(office.ewa.ephemerals) == 1


async def test_a_flood_of_events_is_recorded_and_asks_for_each_name_once(office: Office) -> None:
    await reported(office)
    talk = {"type": "message", "channel": office.support.id, "channel_type": "group", "user": office.marek.id}
    told = [office.slack.people.event({**talk, "ts": f"{at}.1", "text": "rozmowa"}) for at in range(FLOOD)]
    assert all(await asyncio.gather(*told))
    calls = office.slack.workspace.calls
    assert len([call for call in calls if call.method == "users.info" and call.args["user"] == office.marek.id]) < 5
    assert (await office.form(office.ewa, "ticket_reply"))["callback_id"]
