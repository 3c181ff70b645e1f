"""A mail that our own mail server says is not from whom it names: held, and nobody is told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.world import REPORT, World, make_world, text_of, texts

pytestmark = pytest.mark.scenario

FORGED = {"Authentication-Results": "mx.hezo.test; dmarc=fail header.from=klient.test"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with make_world(tmp_path) as world:
        world.tree["mail"]["trusted_authserv_ids"] = ["mx.hezo.test"]
        await world.fill_registry()
        await world.start_bot()
        yield world
        await world.bot.stop()
        assert world.slack.workspace.violations == []


async def test_a_forged_report_is_held_and_its_refusal_tells_nobody(world: World) -> None:
    await world.write(world.anna, REPORT, headers=FORGED)
    card = await world.card(world.number(1))
    await world.press(world.ewa, card, "sender_reject")
    await world.in_slack(world.support, lambda m: m.ts == card.ts and "zamknięte" in texts(m.blocks))
    await world.write(world.john, "Hello, FG1K0FTB22900191 is down. HZ360-2026-000102")
    await world.mail_to(world.john)
    assert world.mails_to(world.anna) == []


async def test_a_forged_answer_never_joins_the_ticket(world: World) -> None:
    await world.write(world.anna, REPORT)
    acknowledged = await world.mail_to(world.anna)
    first = await world.card(world.number(1))
    await world.write(world.anna, "Proszę zamknąć zgłoszenie.", answer=acknowledged, headers=FORGED)
    second = await world.card(world.number(2))
    await world.in_thread(second, "Proszę zamknąć zgłoszenie.")
    assert not any("Proszę zamknąć" in post for post in world.thread(first))


async def test_an_approved_report_without_numbers_is_asked_for_them_before_it_is_accepted(world: World) -> None:
    await world.write(world.anna, "FortiGate nie działa!", headers=FORGED)
    card = await world.card(world.number(1))
    assert world.mails_to(world.anna) == []
    await world.press(world.ewa, card, "sender_approve")
    assert "Prosimy o numer seryjny" in text_of(await world.mail_to(world.anna))
    await world.in_slack(world.support, lambda m: m.ts == card.ts and "niekompletne" in texts(m.blocks))
