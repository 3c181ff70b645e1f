"""A customer in a shared channel, from the first message to the answer, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.edges.slack_appointments import OFFER_MODAL, PICK, TIME_BLOCKS
from bot.edges.slack_channel_ids import (
    DESCRIPTION_BLOCK,
    DEVICE_BLOCK,
    LEVEL_BLOCK,
    OPEN_MESSAGE_SHORTCUT,
    OPEN_MODAL,
    REPORT_MODAL,
    REPORT_OPEN,
    REPORT_SHORTCUT,
    WHO_BLOCK,
)
from bot.sandbox.slack.model import Channel, Message
from bot.sandbox.slack.people_base import Upload
from tests.scenarios.test_replacement import move, shows
from tests.support.post_office import PATIENCE
from tests.support.world import WARSAW, World, running, texts

SERIAL = "FG121GTK25004672"
DEVICE = f"1:{SERIAL}"


@dataclass
class Shared:
    """The world with the dairy's shared channel and Piotr, who is of their workspace."""

    world: World
    channel: Channel
    piotr: str

    async def told(self, user: str, containing: str) -> Message:
        """What this person alone was shown in the channel."""
        workspace = self.world.slack.workspace

        def found() -> Message | None:
            shown = workspace.ephemerals(self.channel.id, user)
            return next((m for m in shown if containing in m.text + texts(m.blocks)), None)

        message = await workspace.wait_for(found, PATIENCE, f"{user} is told {containing}")
        assert message is not None
        return message

    async def answer(self, thread_ts: str, containing: str) -> Message:
        """What stands in a customer's thread."""
        return await self.world.in_slack(
            self.channel, lambda m: m.thread_ts == thread_ts and containing in m.text + texts(m.blocks)
        )

    async def press(self, message: Message, action_id: str) -> None:
        """Piotr presses a button in his thread."""
        outcome = await self.world.slack.people.click(self.piotr, self.channel.id, message.ts, action_id)
        assert outcome.ok, outcome.error


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    async with running(tmp_path) as world:
        workspace = world.slack.workspace
        team = workspace.add_team("Mleczarnia", "mleczarnia", app_installed=True)
        piotr = workspace.add_user("piotr", "Piotr Mleczko", team=team.id).id
        channel = workspace.add_channel("hezo-mleczarnia", [world.ewa, piotr])
        workspace.update_sharing(channel)
        async with world.bot.database.begin() as uow:
            [contract] = await uow.contracts.with_device("FG121GTK25004672")
            await uow.contracts.map_channel(contract.id, channel.id)
        yield Shared(world, channel, piotr)


async def test_a_report_by_the_form_is_answered_in_its_thread(shared: Shared) -> None:
    world, people = shared.world, shared.world.slack.people
    message = await people.post(shared.piotr, shared.channel.id, "Dzień dobry, firewall w serwerowni nie wstaje.")
    offer = await shared.told(shared.piotr, "Czy to zgłoszenie problemu?")
    assert (await people.click(shared.piotr, shared.channel.id, offer.ts, REPORT_OPEN)).ok
    view = await world.modal(shared.piotr, REPORT_MODAL)
    problems = await people.submit_view(shared.piotr, view, {LEVEL_BLOCK: "critical", DESCRIPTION_BLOCK: "  "})
    assert problems == {DESCRIPTION_BLOCK: "Prosimy opisać problem."}
    filled = {DEVICE_BLOCK: DEVICE, LEVEL_BLOCK: "critical", DESCRIPTION_BLOCK: "Nie wstaje po zaniku prądu."}
    assert await people.submit_view(shared.piotr, view, filled) is None

    await shared.told(shared.piotr, "Dziękujemy, zgłoszenie jest wysłane.")
    assert offer.ts not in [m.ts for m in world.slack.workspace.ephemerals(shared.channel.id, shared.piotr) if m.blocks]

    number = world.number(1)
    accepted = await shared.answer(message.ts, f"Przyjęliśmy je pod numerem {number}")
    assert "Priorytet: problem krytyczny" in texts(accepted.blocks)
    card = await world.card(number)
    assert "Piotr Mleczko" in texts(card.blocks)
    await world.in_thread(card, "Nie wstaje po zaniku prądu.")

    await world.reply(world.ewa, card, "Czy świeci dioda STATUS?")
    reply = await shared.answer(message.ts, "Czy świeci dioda STATUS?")
    assert texts(reply.blocks).startswith("Ewa Kowalska (HEZO 360):")
    await world.in_slack(world.support, lambda m: "✅" in texts(m.blocks) and "STATUS" in texts(m.blocks))

    files = [Upload("fgt.log", b"no power"), Upload("naprawa.cmd", b"format c:")]
    await people.post(shared.piotr, shared.channel.id, "Nie świeci.", thread_ts=message.ts, files=files)
    await world.in_thread(card, "Nie świeci.")
    kept = await world.in_slack(world.support, lambda m: m.thread_ts == card.ts and bool(m.files))
    assert [world.slack.workspace.files[file].name for file in kept.files] == ["fgt.log"], "as the customer called it"
    await world.in_thread(card, "bo typ .cmd bywa groźny")
    assert world.mails_to(world.anna) == []


async def test_a_message_that_nobody_says_anything_about_becomes_a_report(shared: Shared) -> None:
    world, people = shared.world, shared.world.slack.people
    message = await people.post(shared.piotr, shared.channel.id, "AWARIA! brak dostępu do urządzenia, nic nie działa")
    await shared.told(shared.piotr, "Czy to zgłoszenie problemu?")
    await people.post(world.ewa, shared.channel.id, "Patrzymy na to.")
    world.clock.move(timedelta(minutes=2, seconds=1))
    question = await shared.answer(message.ts, "FG121GTK25004672")
    assert REPORT_OPEN in str(question.blocks)
    card = await world.card("brak dostępu do urządzenia")
    assert "krytyczny" in texts(card.blocks)

    await people.post(shared.piotr, shared.channel.id, "tak, krytyczny", thread_ts=message.ts)
    await shared.answer(message.ts, "Przyjęliśmy je pod numerem")
    heads = [texts(m.blocks) for m in world.support.messages.values() if m.thread_ts is None]
    assert len(heads) == 1, heads


async def test_an_engineer_opens_a_ticket_from_a_message_and_a_customer_reports_by_the_shortcut(shared: Shared) -> None:
    world, people = shared.world, shared.world.slack.people
    message = await people.post(
        world.marek, world.support.id, "Dzwonił klient: S/N FG121GTK25004672 restartuje się sam"
    )
    assert (await people.message_shortcut(world.ewa, OPEN_MESSAGE_SHORTCUT, world.support.id, message.ts)).ok
    view = await world.modal(world.ewa, OPEN_MODAL)
    filled = {WHO_BLOCK: "Piotr Mleczko", LEVEL_BLOCK: "non_critical"}
    assert await people.submit_view(world.ewa, view, filled) is None
    opened = await world.in_slack(shared.channel, lambda m: "Przyjęliśmy je pod numerem" in texts(m.blocks))
    assert opened.thread_ts is None, "our first words open the customer's thread"
    card = await world.card(world.number(1))
    await world.in_thread(card, "otwiera zgłoszenie za klienta")

    await people.post(shared.piotr, shared.channel.id, "Dziękuję, to pilne? Proszę o kontakt.", thread_ts=opened.ts)
    await world.in_thread(card, "to pilne?")

    assert (await people.global_shortcut(world.marek, REPORT_SHORTCUT)).ok  # no customer, and in no conversation
    [told] = await world.slack.workspace.wait_for(lambda: people.open_views(world.marek), PATIENCE, "a window")
    assert "Prosimy zgłosić problem w kanale, który mamy wspólny z Państwa firmą" in texts(told.body["blocks"])

    assert (await people.global_shortcut(shared.piotr, REPORT_SHORTCUT)).ok
    view = await world.modal(shared.piotr, REPORT_MODAL)
    filled = {DEVICE_BLOCK: DEVICE, LEVEL_BLOCK: "question", DESCRIPTION_BLOCK: "Jak włączyć VDOM?"}
    assert await people.submit_view(shared.piotr, view, filled) is None
    await world.in_slack(shared.channel, lambda m: world.number(2) in texts(m.blocks))


async def test_a_time_is_picked_and_a_replacement_confirmed_by_buttons_in_their_thread(shared: Shared) -> None:
    world, people = shared.world, shared.world.slack.people
    words = f"FortiGate {SERIAL} nie działa po zaniku prądu, umowa HZ360-2026-000101, problem krytyczny."
    message = await people.post(shared.piotr, shared.channel.id, words)
    await shared.told(shared.piotr, "Czy to zgłoszenie problemu?")
    world.clock.move(timedelta(minutes=2, seconds=1))
    card = await world.card(world.number(1))
    await shared.answer(message.ts, f"Przyjęliśmy je pod numerem {world.number(1)}")

    # Two times are offered, one is picked: the invitation comes as a file, and there is nothing left to press.
    tuesday, friday = (datetime(2026, 11, day, 14, 0, tzinfo=WARSAW) for day in (24, 27))
    await world.press(world.ewa, card, OFFER_MODAL)
    view = await world.modal(world.ewa, OFFER_MODAL)
    times = {TIME_BLOCKS[0]: int(tuesday.timestamp()), TIME_BLOCKS[1]: int(friday.timestamp())}
    assert await people.submit_view(world.ewa, view, times) is None
    offer = await shared.answer(message.ts, "proponujemy terminy do wyboru")
    assert texts(offer.blocks).startswith("Ewa Kowalska (HEZO 360):")
    assert "2. piątek, 27 listopada 2026, 14:00 (CET)" in texts(offer.blocks)
    await shared.press(offer, f"{PICK}2")
    await shared.answer(message.ts, "jest uzgodniony: piątek, 27 listopada 2026, 14:00")
    invitation = await world.in_slack(shared.channel, lambda m: m.thread_ts == message.ts and bool(m.files))
    [file] = [world.slack.workspace.files[each] for each in invitation.files]
    assert file.name == "hezo360.ics"
    assert b"DTSTART:20261127T130000Z" in file.content
    await shows(world, card, "Uzgodniony termin: pt., 27 lis 2026, 14:00")
    await world.slack.workspace.wait_for(lambda: PICK not in str(offer.blocks), PATIENCE, "the buttons go")
    assert texts(offer.blocks).startswith("Ewa Kowalska (HEZO 360):")
    assert "2. piątek, 27 listopada 2026, 14:00 (CET)" in texts(offer.blocks), "what everybody reads stays"
    mine = await world.in_thread(card, "Do wyboru były terminy")
    assert PICK not in str(mine.blocks)

    # An engineer verifies the fault; the user's button starts the eight hours, once.
    await world.press(world.ewa, card, "ticket_replace")
    start = await world.modal(world.ewa, "ticket_replace")
    assert await people.submit_view(world.ewa, start, {"device": SERIAL}) is None
    panel = await world.in_thread(card, "Sprzęt zastępczy · rozpoczęta")
    await move(world, panel, "replacement_check", {"check": "interview", "note": "Nie startuje"})
    await shows(world, panel, "✅ Wywiad techniczny")
    await move(world, panel, "replacement_verify")
    await shows(world, panel, "✅ Usterka zweryfikowana")
    await move(world, panel, "replacement_ask", {"to_customer": "Wyślemy ten sam model."})
    question = await shared.answer(message.ts, "zweryfikowaliśmy usterkę")
    await shared.press(question, f"{PICK}1")
    await shared.answer(message.ts, "dostarczymy najpóźniej")
    await shows(world, panel, "Dostawa najpóźniej", "✅ Potwierdzona z użytkownikiem")
    await world.slack.workspace.wait_for(lambda: PICK not in str(question.blocks), PATIENCE, "the button goes")
    assert "zweryfikowaliśmy usterkę" in texts(question.blocks)
    parcel = {
        "carrier": "DPD", "waybill": "0000012345678Q", "address": "ul. Mleczna 1, 00-001 Warszawa",
        "contact": "Piotr Mleczko", "phone": "600 100 200",
    }  # fmt: skip
    await move(world, panel, "replacement_dispatch", parcel)
    await shared.answer(message.ts, "jest już w drodze")
    said = [m for m in shared.channel.messages.values() if "dostarczymy najpóźniej" in texts(m.blocks)]
    assert len(said) == 1
    assert not world.mail.deliveries


async def test_who_would_enter_another_customers_conversation_is_named_beside_the_field(shared: Shared) -> None:
    world, people = shared.world, shared.world.slack.people
    await world.write(world.john, "It reboots. S/N FG1K0FTB22900191, contract HZ360-2026-000102.", subject="Reboots")
    other = await world.card(world.number(1))
    message = await people.post(shared.piotr, shared.channel.id, "Firewall nie wstaje.")
    await shared.told(shared.piotr, "Czy to zgłoszenie problemu?")
    world.clock.move(timedelta(minutes=3))
    await shared.answer(message.ts, world.number(2))
    await world.press(world.ewa, await world.card(world.number(2)), "ticket_merge")
    view = await world.modal(world.ewa, "ticket_merge")
    problems = await people.submit_view(world.ewa, view, {"number": world.number(1)})
    said = "Do tamtej rozmowy weszłyby osoby, których w niej nie ma: Piotr Mleczko. Jeśli tak ma być, zaznacz to."
    assert problems == {"strangers": said}
    filled = {"number": world.number(1), "strangers": ["strangers_too"]}
    assert await people.submit_view(world.ewa, view, filled) is None
    post = await world.in_thread(other, "Do tej rozmowy dochodzą")
    assert f"'user_id': '{shared.piotr}'" in str(post.blocks)


async def test_operators_read_of_a_customers_channel_that_the_bot_was_removed_from(shared: Shared) -> None:
    world, people = shared.world, shared.world.slack.people
    message = await people.post(shared.piotr, shared.channel.id, "Firewall nie wstaje.")
    await shared.told(shared.piotr, "Czy to zgłoszenie problemu?")
    world.clock.move(timedelta(minutes=3))
    await shared.answer(message.ts, world.number(1))
    card = await world.card(world.number(1))
    await people.remove_bot(world.ewa, shared.channel.id)
    for words in ("Proszę o logi.", "Proszę też o zdjęcie diod."):
        await world.reply(world.ewa, card, words)
        await _not_sent(world, card, words)
    told = await world.in_slack(world.escalation, lambda m: "może nie widzieć, co klient tam pisze" in texts(m.blocks))
    assert shared.channel.id in str(told.blocks)
    assert "hezo360 parked list" in texts(told.blocks)
    notices = [m for m in world.escalation.messages.values() if "może nie widzieć" in texts(m.blocks)]
    assert len(notices) == 1, "once a day"


async def _not_sent(world: World, card: Message, words: str) -> None:
    def is_shown() -> bool:
        return any(words in said and "NIE WYSŁANO" in said for said in world.thread(card))

    await world.slack.workspace.wait_for(is_shown, PATIENCE, f"that {words} did not go")
