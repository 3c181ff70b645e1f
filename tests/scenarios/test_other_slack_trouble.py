"""What the bot may not do any more at another Slack, until somebody mends it: nothing is lost, nothing is done twice.

Channels that are archived, left or forbidden, scopes and tokens that are taken away (`tests.support.other_slack`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.other_slack.faults import Fault
from tests.support.other_slack.office import Office, logged_errors, opened, reported
from tests.support.other_slack.people import pressable
from tests.support.other_slack.steps import A_WHILE
from tests.support.other_slack.workspace import BOT_USER

pytestmark = pytest.mark.scenario


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path) as office:
        yield office


def archive(office: Office) -> Callable[[], None]:
    office.support.archived = True

    def mend() -> None:
        office.support.archived = False

    return mend


def remove(office: Office) -> Callable[[], None]:
    office.support.members.discard(BOT_USER)
    return lambda: office.support.members.add(BOT_USER)


def remove_from_public(office: Office) -> Callable[[], None]:
    office.support.private = False
    return remove(office)


def take_scope(office: Office) -> Callable[[], None]:
    office.slack.api.scopes.discard("chat:write")
    return lambda: office.slack.api.scopes.add("chat:write")


CHANNEL_TROUBLE = {
    "archived": (archive, "jest zarchiwizowany"),
    "removed": (remove, "nie ma na nim bota"),
    "removed, public": (remove_from_public, "Bota nie ma na kanale"),
}


@pytest.mark.parametrize("trouble", CHANNEL_TROUBLE)
async def test_a_channel_that_cannot_be_used(office: Office, trouble: str) -> None:
    await reported(office)
    begin, said = CHANNEL_TROUBLE[trouble]
    mend = begin(office)
    with logged_errors() as errors:
        await office.write("Świeci czerwona dioda.", office.subject)
        await office.fill_in(office.ewa, "ticket_reply", "Proszę o logi.")
        await office.slack.people.open_home(office.ewa)
        await office.until(lambda: office.told(said), "what an operator has to do")
        await office.until(lambda: office.ewa.home, "the Home tab")
        mend()
        office.clock.move(A_WHILE)
        await office.mailed("Proszę o logi.")
        await office.quiet()
    assert errors == []
    assert office.told(said) == 1
    assert office.times("czerwona dioda") == 1
    assert office.times("Proszę o logi.") == 1
    assert office.mails("Proszę o logi.") == 1


async def test_a_scope_that_is_taken_away(office: Office) -> None:
    await reported(office)
    mend = take_scope(office)
    await office.write("Świeci czerwona dioda.", office.subject)
    await office.until(lambda: office.refused("missing_scope"), "a refused call")
    mend()
    await office.until(lambda: office.told("chat:write"), "what an operator has to do")
    await office.quiet()
    assert office.times("czerwona dioda") == 1


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive", "invalid_auth"])
async def test_a_token_that_is_taken_away(office: Office, error: str) -> None:
    await reported(office)
    office.slack.api.token_trouble = error
    await office.write("Świeci czerwona dioda.", office.subject)
    await office.until(lambda: office.refused(error), "a refused call")
    await office.press(office.ewa, "ticket_reply")
    assert not await office.reports("slack.bot_token")
    office.slack.api.token_trouble = ""
    await office.quiet()
    assert (await office.health())[0]
    assert office.times("czerwona dioda") == 1
    assert (await office.form(office.ewa, "ticket_reply"))["callback_id"]


async def escalated(office: Office) -> None:
    """An escalation with its head message, in the channel that is configured."""
    await reported(office)
    await office.fill_in(office.ewa, "ticket_escalate", "Klient nie może czekać.")
    await office.until(lambda: "escalation_acknowledge" in str(office.escalation.messages), "the escalation")
    await office.quiet()


async def test_escalations_move_with_their_channel(office: Office) -> None:
    await escalated(office)
    before, office.escalation.archived = office.escalation, True
    office.escalation = office.slack.workspace.add_channel("nowe-eskalacje", [office.ewa, office.marek])
    await office.restart(escalation_channel=office.escalation.id)
    (head,) = [m for m in before.messages.values() if "thread_ts" not in m or m["thread_ts"] == m["ts"]]
    seen = next(seen for seen in pressable(head["blocks"]) if seen.action == "escalation_acknowledge")
    assert (await office.slack.people.press(office.marek, before, head, seen)).acked.is_set()
    await office.until(lambda: f"user_id': '{office.marek.id}" in str(office.escalation.messages), "who has it")
    await office.quiet()
    assert office.outbox() == []


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message"])
async def test_an_escalation_that_cannot_be_edited_is_posted_anew(office: Office, error: str) -> None:
    await escalated(office)
    heads = len(office.escalation.messages)
    office.slack.api.faults.waiting = [Fault("chat.update", "error", error=error)]
    found = next(iter(office.escalation.messages.values()))
    seen = next(seen for seen in pressable(found["blocks"]) if seen.action == "escalation_acknowledge")
    await office.slack.people.press(office.marek, office.escalation, found, seen)
    await office.until(lambda: len(office.escalation.messages) > heads, "a new head message")
    await office.quiet()


async def test_edits_that_are_forbidden_hold_nothing_up(office: Office) -> None:
    await reported(office)
    office.slack.api.faults.waiting = [Fault("chat.update", "error", times=1000, error="edit_window_closed")]
    for number in range(3):
        await office.write(f"Wiadomość nr {number}.", office.subject)
        await office.once(f"Wiadomość nr {number}.")
    await office.quiet()
    assert office.told("nie pozwalają botowi zmieniać") == 1
    office.slack.api.faults.waiting = []
    await office.press_behind_more(office.marek, "ticket_take_over")
    await office.until(lambda: f"user_id': '{office.marek.id}" in str(office.card["blocks"]), "who has it")


async def test_a_panel_whose_thread_is_gone_comes_behind_the_new_head(office: Office) -> None:
    await reported(office)
    view = await office.form(office.ewa, "ticket_interview")
    for block in view["blocks"]:
        if block["type"] == "input" and not block.get("optional"):
            office.slack.people.enter(view, block, block["element"]["options"][0])
    office.support.messages.clear()  # no event tells of it
    assert await office.slack.people.submit(office.ewa, view) == {}
    await office.until(lambda: office.shown("interview_fill"), "the panel")
    found = office.shown("interview_fill")
    assert found is not None
    assert found[0]["thread_ts"] == office.card["ts"]
    await office.quiet()
    assert office.told("Odłożone czeka") == 0
