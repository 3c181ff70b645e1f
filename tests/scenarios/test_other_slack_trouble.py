"""What the bot may not do any more at another Slack, until somebody mends it: nothing is lost, nothing is done twice.

Channels that are archived, left or forbidden, scopes and tokens that are taken away (`tests.support.other_slack`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.other_slack.office import Office, logged_errors, opened, reported
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
