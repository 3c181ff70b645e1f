"""SIGTERM: what is in hand is finished, within a bound; nothing is lost by it."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from tests.support.bot_process import BotProcess, until
from tests.support.post_office import PATIENCE
from tests.support.smtp_tap import Hold
from tests.support.world import REPORT, make_world, tapped, text_of

pytestmark = pytest.mark.scenario

STATES = "SELECT state FROM outbox WHERE transport = 'mail'"


async def is_stopping(bot: BotProcess) -> None:
    await until(lambda: '"stopping"' in bot.log.read_text(), PATIENCE, "the bot knows that it is to stop")


async def test_the_mail_in_hand_is_finished_and_more_signals_do_no_harm(tmp_path: Path) -> None:
    async with tapped(tmp_path) as (world, tap):
        bot = BotProcess(tmp_path, world.tree)
        await bot.start()
        tap.hold_next(Hold.AFTER_THE_ANSWER)
        await world.write(world.anna, REPORT)
        await tap.wait_until_held()
        bot.signal(signal.SIGTERM)
        await is_stopping(bot)
        bot.signal(signal.SIGTERM)
        bot.signal(signal.SIGINT)
        tap.release()
        assert await bot.ended() == 0
        assert world.ask(STATES) == [("sent",)]
        assert len(world.mails_to(world.anna)) == 1
        said = bot.log.read_text()
        assert '"stopped"' in said
        assert "Traceback" not in said
        assert "cancelled" not in said


async def test_a_server_that_never_answers_holds_up_the_stop_only_for_the_bound(tmp_path: Path) -> None:
    async with tapped(tmp_path, retry={"in_doubt_wait": "3s"}) as (world, tap):
        world.tree["stop_within"] = "1s"
        bot = BotProcess(tmp_path, world.tree)
        await bot.start()
        tap.hold_next(Hold.AFTER_THE_ANSWER)
        await world.write(world.anna, REPORT)
        await tap.wait_until_held()
        started = asyncio.get_running_loop().time()
        assert await bot.stop() == 0
        assert asyncio.get_running_loop().time() - started < 30  # without the bound: until the server answers
        assert world.ask(STATES) == [("sending",)]
        assert "Traceback" not in bot.log.read_text()
        await bot.start()
        await until(lambda: world.ask(STATES) == [("sent",)], PATIENCE, "the doubt is settled")
        assert len(world.mails_to(world.anna)) == 1
        assert await bot.stop() == 0


async def test_stopped_and_started_within_a_flood(tmp_path: Path) -> None:
    no_caps = {"automatic_mails_per_sender_and_hour": 100, "automatic_mails_in_a_row": 100}
    async with make_world(tmp_path, start=None, intake=no_caps) as world:
        await world.fill_registry()
        bot = BotProcess(tmp_path, world.tree)
        await bot.start()
        numbers = [world.number(count) for count in range(1, 13)]
        for count in range(len(numbers)):
            await world.write(world.anna, REPORT, subject=f"Sprawa {count}.")
        await world.mail_to(world.anna, containing=numbers[2])
        assert await bot.stop() == 0
        await bot.start()
        for number in numbers:
            await world.in_thread(await world.card(number), "✉️")
            await world.mail_to(world.anna, containing=number)
        assert await bot.stop() == 0
        mails = [text_of(mail) for mail in world.mails_to(world.anna)]
        assert sorted(number for mail in mails for number in numbers if number in mail) == numbers
        assert len(mails) == len(numbers)
        world.assert_posted_once(cards=len(numbers))
        assert "cancelled" not in bot.log.read_text()
        assert "interrupted" not in bot.log.read_text()
