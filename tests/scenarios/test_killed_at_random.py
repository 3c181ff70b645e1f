"""Mails of all kinds on Debian's servers, while the bot is killed again and again: the right tickets and replies, once.

On the embedded servers `test_crash_harness` does it, with more kinds of trouble.
"""

from __future__ import annotations

import asyncio
import random
from functools import partial
from pathlib import Path

import pytest

from tests.harness.mails import (
    NO_CAPS,
    check_replies,
    check_slack,
    check_tickets,
    is_delivered,
    is_idle,
    mixture,
    send_all,
)
from tests.support.bot_process import BotProcess, until
from tests.support.mailservers import MailServers
from tests.support.world import World, make_world

pytestmark = pytest.mark.scenario

KILLS, OF_EACH_KIND, ANSWERS = 10, 5, 8


def has_done(world: World, wanted: int) -> bool:
    return world.mail.revision + len(world.slack.workspace.calls) >= wanted


async def kill_and_start(world: World, bot: BotProcess, chance: random.Random, kills: int) -> None:
    """Kill the bot after a random number of things that it did outside, at once or in the middle of the next one."""
    for _ in range(kills):
        wanted = world.mail.revision + len(world.slack.workspace.calls) + chance.randint(1, 25)
        await until(partial(has_done, world, wanted), 90, "the bot does something")
        await bot.kill()
        await bot.start()


@pytest.mark.parametrize("servers", [pytest.param("debian", marks=pytest.mark.mailservers)], indirect=True)
async def test_many_mails_and_many_kills(tmp_path: Path, servers: MailServers) -> None:
    seed = random.randrange(10**6)  # noqa: S311 - no secret; printed, so that a failure can be repeated
    print(f"seed {seed}")  # noqa: T201 - shown by pytest when the test fails
    chance = random.Random(seed)  # noqa: S311 - as above
    mails = mixture(OF_EACH_KIND, chance)
    many = {"intake": NO_CAPS, "retry": {"in_doubt_wait": "4s"}}
    async with make_world(tmp_path, servers, start=None, **many) as world:
        bot = BotProcess(tmp_path, world.tree)
        registry = tmp_path / "contracts.csv"
        registry.write_text(world.contracts, encoding="utf-8")
        code, said = await bot.command("contracts", "import", str(registry))
        assert code == 0, said
        answers: dict[str, str] = {}
        ask = world.ask
        await bot.start()
        try:
            sending = asyncio.create_task(send_all(world, mails, answers, ANSWERS))
            await kill_and_start(world, bot, chance, KILLS)
            await sending
            await until(lambda: is_idle(ask, len(mails) + len(answers)), 60, "everything is handled and sent")
            await until(partial(is_delivered, world, mails), 60, "the mail server has delivered every reply")
        finally:
            await bot.stop()
        check_tickets(ask, mails)
        assert check_replies(world, mails) == []
        check_slack(world, ask, mails, answers)
        assert len(answers) == ANSWERS
        assert world.slack.workspace.violations == []
