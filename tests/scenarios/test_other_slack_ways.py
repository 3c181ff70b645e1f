"""What comes from another Slack (`tests.support.other_slack`), whether over sockets or as signed requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from tests.support.bot_process import rows
from tests.support.other_slack.events import ACK_WITHIN
from tests.support.other_slack.office import Office, asked, logged_errors, opened, reported

pytestmark = pytest.mark.scenario
FLOOD = 200


@pytest.fixture(params=[False, True], ids=["sockets", "http"])
async def office(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with opened(tmp_path, http=cast("bool", request.param)) as office:
        yield office


async def test_acks_that_get_lost_and_payloads_that_come_again_in_another_order(office: Office) -> None:
    await reported(office)
    people, way, thread = office.slack.people, office.slack.people.way, office.card["ts"]
    way.lost_acks = 1
    await asked(office, "Sprawdzam licencję.")
    await office.until(lambda: way.lost_acks == 0, "an ack that got lost")
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
    await office.until(lambda: office.ewa.ephemerals, "a question")
    await office.quiet()
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
    assert office.slack.people.way.slowest < ACK_WITHIN


async def test_payloads_of_tomorrow_and_huge_ones(office: Office) -> None:
    await reported(office)
    people, way = office.slack.people, office.slack.people.way
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
            asked_ = await way.interact(
                "interactive", {"type": kind, "user": {"id": office.ewa.id}, "view": {}}, accepts=True
            )
            assert asked_.acked.is_set(), kind
        await asyncio.sleep(0)
        await asked(office, "Nadal działa.")
    assert errors == []
    assert office.ewa.home is None


async def test_what_was_acknowledged_before_a_stop_is_done_after_the_start(office: Office) -> None:
    await reported(office)
    talk = {"type": "message", "channel": office.support.id, "channel_type": "group", "user": office.marek.id}
    payloads = [
        office.slack.people.event_payload({**talk, "ts": f"{at}.1", "text": "rozmowa"}) for at in range(1, FLOOD + 1)
    ]
    told = [office.slack.people.way.event(payload) for payload in payloads]
    await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)
    await office.restart()
    await office.quiet()
    acked = {p["event_id"] for p, was in zip(payloads, await asyncio.gather(*told), strict=True) if was}
    kept = {key for (key,) in rows(office.database, "SELECT source_key FROM inbox WHERE source = 'slack'")}
    assert acked
    assert {event_id for event_id in acked if not any(event_id in key for key in kept)} == set()
