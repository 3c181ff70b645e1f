"""Broken at the one moment at which nobody can know whether it was done: done once all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.bot_process import BotProcess, until
from tests.support.mailservers import MailServers
from tests.support.post_office import PATIENCE
from tests.support.smtp_tap import Hold
from tests.support.world import REPORT, World, make_world, on_both, running, tapped, text_of

pytestmark = pytest.mark.scenario

SOON = {"first_wait": "1s", "longest_wait": "1s", "in_doubt_wait": "3s"}
ENGLISH = "Hello, the FortiGate FG1K0FTB22900191 is down. The contract is HZ360-2026-000102."


async def assert_all_came_once(world: World, *recipients: str) -> None:
    """Each has the acknowledgement and, since mails of a ticket go out one after the other, all that came before."""
    for recipient in recipients:
        (acknowledged,) = world.mails_to(recipient)
        await world.write(recipient, "1", answer=acknowledged)
    for recipient in recipients:
        await world.mail_to(recipient, after=world.mails_to(recipient)[0])
        assert len(world.mails_to(recipient)) == 2, [text_of(mail) for mail in world.mails_to(recipient)]


@on_both
async def test_killed_while_the_mail_server_answers(tmp_path: Path, servers: MailServers | None) -> None:
    async with tapped(tmp_path, servers, retry=SOON) as (world, tap):
        bot = BotProcess(tmp_path, world.tree)
        await bot.start()
        for hold, sender, report in (
            (Hold.AFTER_THE_ANSWER, world.anna, REPORT),
            (Hold.BEFORE_THE_DOT, world.john, ENGLISH),
        ):
            tap.hold_next(hold)
            await world.write(sender, report)
            await tap.wait_until_held()
            await bot.kill()
            tap.cut()
            await bot.start()
            await world.mail_to(sender)
        await assert_all_came_once(world, world.anna, world.john)
        assert await bot.stop() == 0


async def test_the_connection_breaks_while_the_mail_server_answers(tmp_path: Path) -> None:
    async with tapped(tmp_path, retry=SOON) as (world, tap):
        await world.start_bot()
        for hold, sender, report in (
            (Hold.AFTER_THE_ANSWER, world.anna, REPORT),
            (Hold.BEFORE_THE_DOT, world.john, ENGLISH),
        ):
            tap.hold_next(hold)
            await world.write(sender, report)
            await tap.wait_until_held()
            tap.cut()
            await world.mail_to(sender)
        await assert_all_came_once(world, world.anna, world.john)
        await world.bot.stop()


async def test_no_copy_is_missed_because_the_mailbox_could_not_be_read(tmp_path: Path) -> None:
    async with tapped(tmp_path, retry=SOON) as (world, tap):
        await world.start_bot()
        tap.hold_next(Hold.AFTER_THE_ANSWER)
        await world.write(world.anna, REPORT)
        await tap.wait_until_held()
        await world.sandbox.imap.stop()
        tap.cut()
        asked = "SELECT 1 FROM outbox WHERE state = 'in_doubt' AND error LIKE '%until the mailboxes are read%'"
        await until(lambda: bool(world.ask(asked)), PATIENCE, "the bot waits for the mailbox")
        await world.sandbox.imap.start()
        await assert_all_came_once(world, world.anna)
        await world.bot.stop()


async def test_killed_while_slack_answers(tmp_path: Path) -> None:
    async with make_world(tmp_path, start=None, retry=SOON) as world:
        await world.fill_registry()
        bot = BotProcess(tmp_path, world.tree)
        await bot.start()
        for number in (1, 2):
            world.slack.faults.slow(
                PATIENCE, "chat.postMessage", after_effect=True, when=is_card if number == 1 else is_post
            )
            await world.write(world.anna, REPORT)
            card = await world.card(world.number(number))
            if number == 2:
                await world.in_thread(card, "FortiGate nie działa")
            await bot.kill()
            await bot.start()
            await world.in_thread(card, "✉️")
        assert await bot.stop() == 0
        world.assert_posted_once(cards=2)


def is_card(arguments: dict[str, object]) -> bool:
    return not arguments.get("thread_ts")


def is_post(arguments: dict[str, object]) -> bool:
    return not is_card(arguments)


@pytest.mark.parametrize("effect", [True, False])
async def test_slack_breaks_the_connection_instead_of_an_answer(tmp_path: Path, effect: bool) -> None:
    """A post that may have arrived is looked up soon, without the wait that a mail's copy needs."""
    async with running(tmp_path, retry={**SOON, "in_doubt_wait": "12min"}) as world:
        for method in ("chat.postMessage", "chat.postMessage", "chat.update"):
            (world.slack.faults.drop_after if effect else world.slack.faults.drop_before)(method)
        await world.write(world.anna, REPORT)
        card = await world.card(world.number(1))
        await world.reply(world.ewa, card, "Proszę o logi.")
        answer = await world.mail_to(world.anna, containing="Proszę o logi.")
        await world.write(world.anna, "Oto logi.", answer=answer)
        await world.in_thread(card, "Oto logi.")
        world.assert_posted_once(cards=1)
