"""Two bots pointed at each other over real servers: ours and any auto-responder, with and without the marks of one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid

import pytest

from bot.sandbox.mail import Delivery
from tests.support.world import World, on_both, parsed, text_of

pytestmark = pytest.mark.scenario

NUMBERS = "Urządzenie FG121GTK25004672, umowa HZ360-2026-000101."
CONFIRMATION = "Dziękujemy za kontakt. Państwa sprawa ma u nas numer #{count} i czeka w kolejce działu IT."
PATIENCE = 60.0


@dataclass
class Robot:
    """An auto-responder that answers every mail at once, for ever.

    Attributes:
        answer: What it makes of a mail of ours, by the count of its answers.
        envelope_from: "" is the null sender.
        answered: How many mails it answered.
    """

    address: str
    answer: Callable[[Robot, Delivery], EmailMessage]
    envelope_from: str | None = None
    answered: int = 0

    async def begin(self, world: World, text: str) -> None:
        """Its first mail, which nobody asked for."""
        message = self.message(f"Sprawa {self.address}", text, world)
        await world.submit(message.as_bytes(policy=SMTP), self.address, [world.mail.support])

    def message(self, subject: str, text: str, world: World) -> EmailMessage:
        """A mail with an id of its own and no mark of a robot."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.address, world.mail.support, subject
        message["Message-ID"] = make_msgid(domain="robot.test")
        message.set_content(text)
        return message

    async def run(self, world: World) -> None:
        """Answer until cancelled."""
        seen = 0
        while True:
            mail = await world.mail.wait_for(lambda d: d.recipient == self.address, PATIENCE, after=seen)
            seen = mail.number
            answer = self.answer(self, mail)
            sender = self.address if self.envelope_from is None else self.envelope_from
            await world.submit(answer.as_bytes(policy=SMTP), sender, [world.mail.support])
            self.answered += 1


def robots(world: World) -> dict[str, Robot]:
    """One of each kind."""

    def vacation(robot: Robot, mail: Delivery) -> EmailMessage:
        message = robot.message(f"Re: {parsed(mail)['Subject']}", "Jestem na urlopie do 7 grudnia.", world)
        message["Auto-Submitted"] = "auto-replied"
        return message

    def ticket_system(robot: Robot, mail: Delivery) -> EmailMessage:
        quote = "\n".join(f"> {line}" for line in text_of(mail).splitlines())
        text = f"{CONFIRMATION.format(count=robot.answered)}\n\nW dniu 23.11.2026 o 10:00 HEZO 360 pisze:\n{quote}"
        message = robot.message(f"Re: {parsed(mail)['Subject']} [IT#{robot.answered}]", text, world)
        message["In-Reply-To"] = parsed(mail)["Message-ID"]
        return message

    def without_threads(robot: Robot, _: Delivery) -> EmailMessage:
        return robot.message(f"Nowa sprawa {robot.answered}", CONFIRMATION.format(count=robot.answered), world)

    def with_serial(robot: Robot, _: Delivery) -> EmailMessage:
        text = f"{CONFIRMATION.format(count=robot.answered)}\n{NUMBERS}"
        return robot.message(f"Zgłoszenie {robot.answered}", text, world)

    def bouncer(robot: Robot, mail: Delivery) -> EmailMessage:
        text = f"Your message to <{robot.address}> could not be delivered.\n\n{text_of(mail)}"
        message = robot.message("Mail delivery problem", text, world)
        del message["From"]
        message["From"] = f"postmaster@{robot.address.partition('@')[2]}"
        return message

    address = world.mail.address_of
    return {
        "vacation": Robot(address("anna@klient.test"), vacation),
        "with serial": Robot(address("kolega@klient.test"), with_serial),
        "ticket system": Robot(address("john@northwind.test"), ticket_system),
        "bouncer": Robot(address("biuro@stolarnia.test"), bouncer, envelope_from=""),
        "without threads": Robot(address("obcy@example.test"), without_threads),
    }


async def all_is_quiet(world: World, them: dict[str, Robot]) -> None:
    """Every robot has answered all its mails, and nothing more came while the bot took in all that they wrote.

    A mail that is written now shows as a card only after all before it: it is stored and taken after them.
    """
    silent = {"X-Auto-Response-Suppress": "All"}
    quiet_for = 0
    for count in range(60):
        before = {kind: len(world.mails_to(robot.address)) for kind, robot in them.items()}
        await world.write("nowak@other.test", "Proszę o pomoc.", subject=f"Wartownik {count}.", headers=silent)
        await world.card(f"Wartownik {count}.")
        after = {kind: len(world.mails_to(robot.address)) for kind, robot in them.items()}
        is_quiet = all(after.values()) and before == after == {kind: robot.answered for kind, robot in them.items()}
        quiet_for = quiet_for + 1 if is_quiet else 0
        if quiet_for == 3:
            return
    raise AssertionError("they never stop")


@on_both
async def test_two_bots_stop_within_three_messages(world: World) -> None:
    them = robots(world)
    tasks = [asyncio.create_task(robot.run(world)) for robot in them.values()]
    try:
        for robot in them.values():
            await robot.begin(world, "Dzień dobry, proszę o pomoc, firewall się restartuje.")
        await all_is_quiet(world, them)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    ours = {kind: len(world.mails_to(robot.address)) for kind, robot in them.items()}
    assert all(1 <= count <= 3 for count in ours.values()), ours
