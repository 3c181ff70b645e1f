"""Servers go away and come back: without help, nothing lost, nothing doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.mailservers import MailServers
from tests.support.world import REPORT, World, on_both, running

pytestmark = pytest.mark.scenario


async def slack_starts_again(world: World) -> None:
    """Where it was before."""
    await world.slack.start(port=int(world.slack.workspace.base_url.rpartition(":")[2]))


@on_both
async def test_the_mail_servers_are_restarted(world: World) -> None:
    await world.write(world.anna, REPORT)
    await world.mail_to(world.anna)
    card = await world.card(world.number(1))
    await world.mail.stop()
    await world.reply(world.ewa, card, "Proszę o logi.")
    await world.in_thread(card, "Proszę o logi.")
    await world.mail.start()
    answer = await world.mail_to(world.anna, containing="Proszę o logi.")
    await world.write(world.anna, "Oto logi.", answer=answer)
    await world.in_thread(card, "Oto logi.")
    assert len(world.mails_to(world.anna)) == 2
    world.assert_posted_once(cards=1)


async def test_slack_is_restarted(world: World) -> None:
    await world.slack.stop()
    await world.write(world.anna, REPORT)
    acknowledged = await world.mail_to(world.anna)
    await world.write(world.anna, "Dodam, że świeci czerwona dioda.", answer=acknowledged)
    await slack_starts_again(world)
    card = await world.card(world.number(1))
    await world.in_thread(card, "czerwona dioda")
    await world.slack.connected()
    await world.reply(world.ewa, card, "Proszę o logi.")
    await world.mail_to(world.anna, containing="Proszę o logi.")
    world.assert_posted_once(cards=1)


async def test_slack_is_in_trouble_for_a_while(world: World) -> None:
    faults = world.slack.faults
    faults.rate_limit("chat.postMessage", times=2)
    faults.server_error(times=4)
    faults.error("chat.*", "internal_error", times=2)
    faults.server_error("chat.update", times=2, status=503)
    for text in ("Pierwsze.", "Drugie."):
        await world.write(world.anna, f"{REPORT}\n{text}")
    for number, text in enumerate(("Pierwsze.", "Drugie."), start=1):
        await world.in_thread(await world.card(world.number(number)), text)
    first = await world.card(world.number(1))
    await world.reply(world.ewa, first, "Proszę o logi.")
    await world.mail_to(world.anna, containing="Proszę o logi.")
    await world.in_thread(first, "Proszę o logi.")
    world.assert_posted_once(cards=2)


@on_both
async def test_a_start_while_everything_is_down(tmp_path: Path, servers: MailServers | None) -> None:
    async with running(tmp_path, servers) as world:
        await world.bot.stop()
        await world.slack.stop()
        await world.mail.stop()
        await world.start_bot()
        await world.mail.start()
        await world.write(world.anna, REPORT)
        await world.mail_to(world.anna)
        await slack_starts_again(world)
        card = await world.card(world.number(1))
        await world.in_thread(card, "FortiGate nie działa")
        assert len(world.mails_to(world.anna)) == 1
        world.assert_posted_once(cards=1)
