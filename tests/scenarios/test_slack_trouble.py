"""What goes wrong in Slack itself: channels that are archived or left, messages that are deleted, scopes that go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.slack.model import Message
from tests.support.world import REPORT, World, running, texts

pytestmark = pytest.mark.scenario
SOON = {"first_wait": "1s", "longest_wait": "1s"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with running(tmp_path, retry=SOON) as world:
        yield world


async def reported(world: World) -> Message:
    """A ticket with a conversation."""
    await world.write(world.anna, REPORT)
    await world.mail_to(world.anna)
    card = await world.card(world.number(1))
    await world.in_thread(card, "FortiGate nie działa")
    return card


async def test_an_archived_channel_and_a_bot_that_was_removed_lose_nothing(world: World) -> None:
    people = world.slack.people
    card = await reported(world)
    await people.archive(world.ewa, world.support.id)
    await world.write(world.anna, "Świeci czerwona dioda.", subject=world.number(1))
    told = await world.in_slack(world.escalation, lambda m: "jest zarchiwizowany" in texts(m.blocks))
    assert world.support.id in str(told.blocks)
    await people.unarchive(world.ewa, world.support.id)
    await world.in_thread(card, "czerwona dioda")
    await people.remove_bot(world.ewa, world.support.id)
    await world.write(world.anna, "Teraz miga.", subject=world.number(1))
    await world.in_slack(
        world.escalation, lambda m: any(word in texts(m.blocks) for word in ("Bota nie ma na kanale", "nie ma na nim"))
    )
    await people.join(world.slack.workspace.bot_user.id, world.support.id, inviter=world.ewa)
    await world.in_thread(card, "Teraz miga.")
    world.assert_posted_once(cards=1)


async def test_what_is_wrong_with_the_escalation_channel_is_told_in_the_support_channel(world: World) -> None:
    card = await reported(world)
    await world.slack.people.archive(world.ewa, world.escalation.id)
    await world.press(world.ewa, card, "ticket_escalate")
    view = await world.modal(world.ewa, "ticket_escalate")
    errors = await world.slack.people.submit_view(world.ewa, view, {"reason": "Klient nie może czekać"})
    assert errors is None, errors
    told = await world.in_slack(world.support, lambda m: "jest zarchiwizowany" in texts(m.blocks))
    assert world.escalation.id in str(told.blocks)


@pytest.mark.parametrize("has_replies", [True, False])
async def test_a_deleted_head_message_is_posted_anew_and_the_earlier_thread_is_found(
    world: World, has_replies: bool
) -> None:
    people, support = world.slack.people, world.support
    card = await reported(world)
    if not has_replies:
        for reply in world.slack.workspace.thread(support.id, card.ts)[1:]:
            await people.delete_as_admin(world.zofia, support.id, reply.ts)
    await people.delete_as_admin(world.zofia, support.id, card.ts)
    anew = await world.in_slack(support, lambda m: m.ts != card.ts and "ticket_take" in str(m.blocks))  # at once
    await world.write(world.anna, "Świeci czerwona dioda.", subject=world.number(1))
    earlier = await world.in_thread(anew, "Wcześniejsze wpisy")
    assert f"p{card.ts.replace('.', '')}" in str(earlier.blocks)
    await world.press(world.ewa, anew, "ticket_take")
    await world.in_thread(anew, "prowadzi zgłoszenie")
    await world.in_thread(anew, "czerwona dioda")
    assert len([m for m in support.messages.values() if "czerwona dioda" in texts(m.blocks)]) == 1


async def test_a_scope_that_is_taken_away_is_named_and_what_waited_goes_out(world: World) -> None:
    card = await reported(world)
    world.slack.faults.revoke_scope("chat:write")
    await world.write(world.anna, "Świeci czerwona dioda.", subject=world.number(1))
    await world.slack.workspace.wait_for(
        lambda: [call for call in world.slack.workspace.calls if call.error == "missing_scope"], what="a refused call"
    )
    world.slack.faults.clear()
    await world.in_thread(card, "czerwona dioda")
    await world.in_slack(world.escalation, lambda m: "chat:write" in texts(m.blocks))
    world.assert_posted_once(cards=1)
