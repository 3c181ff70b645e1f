"""What becomes of the bot's sockets and of what comes over them at another Slack (`tests.support.other_slack`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.other_slack.faults import Fault
from tests.support.other_slack.office import Office, logged_errors, opened, reported
from tests.support.other_slack.socket_mode import ACK_WITHIN

pytestmark = pytest.mark.scenario


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path, slack={"silence_limit": "2s"}) as office:
        yield office


async def asked(office: Office, text: str) -> None:
    """Ewa writes in the thread, and is asked once whether it shall go."""
    before = len(office.ewa.ephemerals)
    await office.slack.people.write(office.ewa, office.support, text, thread=office.card["ts"])
    await office.until(lambda: len(office.ewa.ephemerals) > before, f"the question about {text!r}")
    assert len(office.ewa.ephemerals) == before + 1


async def test_a_socket_that_cannot_be_had_for_a_while(office: Office) -> None:
    """One failure after the other makes the pauses longer: what each means, `tests/edges` has."""
    await reported(office)
    sockets = office.slack.sockets
    standing = sockets.opened
    office.slack.api.faults.waiting = [Fault("apps.connections.open", "page", status=503)]
    sockets.refuses = [401]
    with logged_errors() as errors:
        sockets.cut()
        await office.until(lambda: sockets.opened > standing, "a socket")
    assert errors == []
    await asked(office, "Sprawdzam.")


@pytest.mark.parametrize("pongs", [True, False])
async def test_a_socket_that_is_silent_is_replaced(office: Office, pongs: bool) -> None:
    await reported(office)
    sockets = office.slack.sockets
    standing = sockets.opened
    sockets.lose_all(pongs=pongs)
    await office.until(lambda: sockets.opened > standing, "a new socket")
    await asked(office, "Sprawdzam.")


async def test_slack_exchanges_a_socket_and_the_old_one_stands_for_a_while(office: Office) -> None:
    await reported(office)
    sockets, faults = office.slack.sockets, office.slack.api.faults
    for reason in ("warning", "refresh_requested", "link_disabled", "a_reason_of_tomorrow"):
        standing = sockets.opened
        if reason == "refresh_requested":
            faults.waiting = [Fault("apps.connections.open", "page", status=503, times=2)]
        await sockets.disconnect(reason, closes=False)
        await asked(office, f"Po {reason}.")
        await office.until(lambda: sockets.opened > standing, f"a new socket after {reason}")  # noqa: B023  # at once
    await asked(office, "Na koniec.")


async def test_acks_that_get_lost_and_payloads_that_come_again_in_another_order(office: Office) -> None:
    await reported(office)
    people, sockets, thread = office.slack.people, office.slack.sockets, office.card["ts"]
    sockets.lost_acks = 1
    await asked(office, "Sprawdzam licencję.")
    await office.until(lambda: sockets.lost_acks == 0, "an ack that got lost")
    message = {"type": "message", "channel": office.support.id, "channel_type": "group", "user": office.ewa.id}
    ts = office.slack.workspace.new_ts()
    written = {**message, "ts": ts, "thread_ts": thread, "text": "Stare słowa"}
    edited = {**written, "text": "Nowe słowa", "edited": {"user": office.ewa.id, "ts": office.slack.workspace.new_ts()}}
    change = {**message, "subtype": "message_changed", "message": edited, "previous_message": written, "ts": "1.1"}
    for event in (change, written, change):
        assert await people.event(event)
    await office.until(lambda: len(office.ewa.ephemerals) == 2, "one question")
    assert (await office.press_alone(office.ewa, "sending_wait")).acked.is_set()
    await office.until(lambda: office.times("Nowe słowa"), "what is about to go")
    assert office.times("Stare słowa") == 0


async def test_a_deletion_that_is_heard_of_before_its_message(office: Office) -> None:
    await reported(office)
    people, thread = office.slack.people, office.card["ts"]
    message = {"type": "message", "channel": office.support.id, "channel_type": "group"}
    ts = office.slack.workspace.new_ts()
    written = {**message, "user": office.ewa.id, "ts": ts, "thread_ts": thread, "text": "Skreślone słowa"}
    gone = {**message, "subtype": "message_deleted", "deleted_ts": ts, "previous_message": written, "ts": "1.1"}
    assert await people.event(gone)
    assert await people.event(written)
    await people.write(office.ewa, office.support, "Inne słowa.", thread=thread)
    await office.until(lambda: office.ewa.ephemerals and office.is_idle(), "a question")
    assert len(office.ewa.ephemerals) == 1


async def test_everything_is_acknowledged_in_time(office: Office) -> None:
    await reported(office)
    people = office.slack.people
    for number in range(3):
        await asked(office, f"Uwaga {number}.")
        view = await office.form(office.ewa, "ticket_reply")
        assert await people.submit(office.ewa, view), "an empty reply"
        await people.open_home(office.marek)
        await people.command(office.marek, office.support, "mine")
    assert office.slack.sockets.slowest < ACK_WITHIN


async def test_payloads_of_tomorrow_and_huge_ones(office: Office) -> None:
    await reported(office)
    people, sockets = office.slack.people, office.slack.sockets
    with logged_errors() as errors:
        for event in (
            {"type": "an_event_of_tomorrow", "user": None},
            {
                "type": "message",
                "channel": office.support.id,
                "user": office.ewa.id,
                "ts": "1.1",
                "text": "x" * 900_000,
            },
            {"type": "channel_rename", "channel": {"id": office.support.id, "name": "nowy", "created": 1}},
            {"type": "channel_archive", "channel": office.support.id, "user": office.ewa.id},
            {"type": "member_left_channel", "channel": office.support.id, "user": office.ewa.id},
            {"type": "app_home_opened", "user": office.ewa.id, "channel": "D1", "tab": "messages"},
            {"type": "app_home_opened", "user": office.ewa.id, "channel": "D1"},
            {"type": "app_uninstalled"},
            {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U1"]}},
        ):
            assert await people.event(event)
        for kind in ("view_closed", "workflow_step_edit", "an_interaction_of_tomorrow", "block_suggestion"):
            asked_ = await sockets.interact("interactive", {"type": kind, "user": {"id": office.ewa.id}, "view": {}})
            assert asked_.acked.is_set(), kind
        await asyncio.sleep(0)
        await asked(office, "Nadal działa.")
    assert errors == []
    assert office.ewa.home is None
