"""A person who reported, escalated and was answered is taken out of all that the bot has stored, and it runs on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox.slack.model import Message
from storage.people import erase_person, find_person
from storage.person_export import exported
from tests.storage.test_people import everything
from tests.support.world import World, running, texts

pytestmark = pytest.mark.scenario

WORDS = "Tu Grzegorz Brzęczyszczykiewicz z serwerowni na Prostej, tel. 600 700 800."
REPORT = f"{WORDS} FortiGate nie działa. Numer seryjny FG121GTK25004672, umowa HZ360-2026-000101. Priorytet: krytyczny"
SECRETS = ("Brzęczyszczykiewicz", "serwerowni", "Prostej", "600 700 800", "Sza, tajemnica")


async def test_nothing_of_a_person_is_left(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        head = await a_day_with_them(world)
        database = world.bot.database
        address = world.anna
        before = await everything(database)
        assert [secret for secret in SECRETS if secret not in before] == []
        archive = {path: content async for path, content in exported(database, await find_person(database, address))}
        assert any(b"Prostej" in content for content in archive.values())
        report = await erase_person(database, address, really=True)
        assert report.person.own == (1,)
        after = (await everything(database)).splitlines()
        assert [line for line in after if is_secret(line, address)] == []
        octets = [line for line in after if line.startswith(("outbox.raw=", "inbox.body=")) and "Subject:" in line]
        assert octets == [], "encoded words would not be found"

        # Slack's head messages say what is left; the bot goes on.
        database.wakes.set_all()
        card = next(iter(world.support.messages.values()))
        await world.in_slack(world.support, lambda m: m.ts == card.ts and "[erased]" in texts(m.blocks))
        await world.in_slack(world.escalation, lambda m: m.ts == head.ts and "[erased]" in texts(m.blocks))
        assert not any(is_secret(texts(message.blocks), address) for message in (card, head))
        await world.write(world.anna, REPORT.replace(WORDS, "Nowa sprawa."))
        await world.card(world.number(2))


def is_secret(text: str, address: str) -> bool:
    is_settled = "inbox.place=" in text
    return not is_settled and any(secret in text for secret in (*SECRETS, address))


async def a_day_with_them(world: World) -> Message:
    """They report, escalate by mail, are answered, get an outcome, and their ticket is resolved."""
    await world.write(world.anna, REPORT, name="Grzegorz Brzęczyszczykiewicz")
    card = await world.card(world.number(1))
    receipt = await world.mail_to(world.anna)
    await world.write(world.anna, f"{WORDS} Cisza!", answer=receipt, to=world.mail.escalation)
    head = await world.in_slack(world.escalation, lambda m: m.thread_ts is None and "ESKALACJA" in texts(m.blocks))
    outcome = await world.slack.people.click(world.zofia, world.escalation.id, head.ts, "escalation_acknowledge")
    assert outcome.ok
    heard = await world.mail_to(world.anna, after=receipt, containing="Zofia")
    outcome = await world.slack.people.click(world.zofia, world.escalation.id, head.ts, "escalation_resolve")
    assert outcome.ok
    view = await world.modal(world.zofia, "escalation_resolve")
    written = {"outcome": "Sza, tajemnica", "to_customer": "Panie Grzegorzu Brzęczyszczykiewicz, jedzie."}
    assert await world.slack.people.submit_view(world.zofia, view, written) is None
    told = await world.mail_to(world.anna, after=heard, containing="jedzie")
    await world.reply(world.ewa, card, "Panie Grzegorzu, urządzenie na Prostej działa?", "resolved")
    world.clock.move(timedelta(minutes=1))
    await world.mail_to(world.anna, after=told, containing="działa?")
    world.clock.move(timedelta(minutes=5))
    await world.in_thread(card, "wysłano")
    return head
