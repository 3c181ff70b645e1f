"""What a contract entitles to, from the customer's words to the count, over real sockets."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.edges.slack_entitlement_ids import (
    CHOOSE,
    CORRECT,
    CORRECTION_BLOCK,
    DEVICE_BLOCK,
    DONE_BLOCK,
    KIND_BLOCK,
    RECORD_MODAL,
)
from bot.sandbox.slack.model import Message
from tests.support.post_office import PATIENCE
from tests.support.world import REPORT, World, text_of, texts

pytestmark = pytest.mark.scenario

SERIAL = "FG121GTK25004672"


async def shows(world: World, post: Message, *words: str) -> None:
    """Wait until a message in Slack says all of this."""
    what = " and ".join(words)
    await world.slack.workspace.wait_for(
        lambda: all(each in texts(post.blocks) for each in words), PATIENCE, f"{what} on a message"
    )


async def test_from_the_customers_words_to_the_count(world: World) -> None:
    ask = f"{REPORT}\nProszę też o zmianę konfiguracji. Priorytet: pytanie."
    await world.write(world.anna, ask, name="Anna Nowak")
    card = await world.card(world.number(1))
    await shows(world, card, ", do 28 lut 2027): zmiany konfiguracji 0 z 5")
    wish = await world.in_thread(card, "prosi chyba o to: „Proszę też o zmianę konfiguracji”")
    assert world.ewa in str(wish.blocks)
    receipt = await world.mail_to(world.anna)

    # Another service is meant: an engineer says which; it is agreed, done and counted, and the customer reads it.
    await world.press(world.ewa, wish, CHOOSE)
    view = await world.modal(world.ewa, CHOOSE)
    assert await world.slack.people.submit_view(world.ewa, view, {KIND_BLOCK: "review", DEVICE_BLOCK: SERIAL}) is None
    await shows(world, wish, "✅ Przyjęte", "Usługa z umowy: przegląd konfiguracji i logów")
    agreed = await world.mail_to(world.anna, after=receipt, containing="prośbę o przegląd konfiguracji i logów")
    await world.press(world.ewa, wish, "entitlement_done")
    await shows(world, wish, "☑️ Wykonane 23 lis 2026", "Wykorzystano 1 z 2, do 28 lut 2027")
    done = await world.mail_to(world.anna, after=agreed, containing="wykonaliśmy przegląd konfiguracji i logów")
    assert "Wykorzystano 1 z 2 przeglądów w roku umowy, który trwa do 28 lutego 2027." in text_of(done)
    await shows(world, card, "przeglądy 1 z 2")

    # A second one is recorded by hand; of two who press at once for a third one, nobody goes over it unseen.
    await world.press(world.ewa, card, RECORD_MODAL)
    view = await world.modal(world.ewa, RECORD_MODAL)
    ahead = {KIND_BLOCK: "review", DONE_BLOCK: "2026-11-24"}
    assert await world.slack.people.submit_view(world.ewa, view, ahead) == {
        DONE_BLOCK: "Ten dzień jeszcze nie nadszedł."
    }
    assert await world.slack.people.submit_view(world.ewa, view, {DONE_BLOCK: "2026-11-20"}) is None
    second = await world.in_thread(card, "☑️ Wykonane 20 lis 2026")
    await shows(world, card, "przeglądy 2 z 2")
    await world.write(world.anna, "Prosimy jeszcze o przegląd konfiguracji.", answer=done)
    third = await world.in_thread(card, "⚠️ Ponad pulę")
    clicks = [
        world.slack.people.click(user, world.support.id, third.ts, "entitlement_grant")
        for user in (world.ewa, world.marek)
    ]
    assert all(outcome.ok for outcome in await asyncio.gather(*clicks))
    await shows(world, third, "✅ Przyznane ponad pulę")
    granted = await world.mail_to(world.anna, after=done, containing="wykracza ona poza liczbę")
    assert len([mail for mail in world.mails_to(world.anna) if "wykracza ona" in text_of(mail)]) == 1

    # A correction is told, too; its reason stays inside.
    await world.press(world.ewa, second, CORRECT)
    view = await world.modal(world.ewa, CORRECT)
    assert await world.slack.people.submit_view(world.ewa, view, {CORRECTION_BLOCK: "Wpisane omyłkowo"}) is None
    await shows(world, second, "↩️ Cofnięte", "Wpisane omyłkowo")
    corrected = await world.mail_to(world.anna, after=granted, containing="nie zostanie policzona")
    assert "omyłkowo" not in text_of(corrected)


async def test_a_deployment_runs_against_its_seven_days(world: World) -> None:
    await world.write(world.anna, f"{REPORT}\nProsimy o zdalne wdrożenie urządzenia. Pytanie.", name="Anna Nowak")
    card = await world.card(world.number(1))
    wish = await world.in_thread(card, "Usługa z umowy: zdalne wdrożenie")
    await world.press(world.ewa, wish, "entitlement_agree")
    await shows(world, wish, "Do wykonania najpóźniej: pon., 30 lis 2026, 10:00")
    await world.mail_to(world.anna, containing="najpóźniej do: poniedziałek, 30 listopada 2026, 10:00 (CET)")
    await world.reply(world.ewa, card, "Przygotujemy szablon.", turn="nobody")
    await shows(world, card, "Zdalne wdrożenie")
    world.clock.move(timedelta(days=7, seconds=1))
    await world.in_thread(card, "Termin przekroczony! Zdalne wdrożenie")
    await world.in_slack(world.escalation, lambda m: m.thread_ts is None and "ESKALACJA" in texts(m.blocks))
