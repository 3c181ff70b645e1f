"""A whole ticket, and then what goes wrong, at another Slack than the stand-in (`tests.support.other_slack`).

Each test ends with the question whether a call broke a rule of the reference, of Block Kit or of the manifest's scopes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.other_slack.faults import Fault
from tests.support.other_slack.office import Office, opened, reported

pytestmark = pytest.mark.scenario
A_WHILE = timedelta(seconds=25)
"""Longer than a reply waits before it goes."""
FLOOD = 300
GARBAGE = (
    "", "{", "null", "[]", '"x"', '{"type": null}', '{"type": "events_api"}', '{"type": "hello"}',
    '{"type": "events_api", "envelope_id": "a", "payload": null}',
    '{"type": "interactive", "envelope_id": "b", "payload": []}',
    '{"type": "interactive", "envelope_id": "c", "payload": {"type": "block_actions"}}',
    '{"type": "slash_commands", "envelope_id": "d", "payload": {}}',
    '{"type": "future", "envelope_id": "e", "payload": {"a": 1}}',
    '{"type": "events_api", "envelope_id": 5, "payload": {"type": "event_callback", "event": null, "event_id": null}}',
)  # fmt: skip


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path) as office:
        yield office


@pytest.mark.parametrize("http", [False, True], ids=["sockets", "http"])
@pytest.mark.parametrize("sparse", [False, True], ids=["all fields", "few fields"])
async def test_a_ticket_from_the_first_mail_to_its_end(tmp_path: Path, sparse: bool, http: bool) -> None:
    async with opened(tmp_path, http=http) as office:
        office.slack.people.sparse = sparse
        await a_whole_ticket(office)


async def a_whole_ticket(office: Office) -> None:
    await reported(office)
    view = await office.form(office.ewa, "ticket_reply")
    assert await office.slack.people.submit(office.ewa, view), "an empty reply"
    await office.fill_in(office.ewa, "ticket_reply", "Proszę o zrzut ekranu & <log>.")
    assert office.ewa.views == []
    assert (await office.press(office.marek, "sending_undo")).acked.is_set()
    await office.until(lambda: office.shown("sending_undo") is None, "nothing to undo")
    office.clock.move(A_WHILE)
    await office.fill_in(office.marek, "ticket_reply", "Proszę o wersję & <log>.")
    await office.until(lambda: office.shown("sending_undo"), "a reply that waits")
    office.clock.move(A_WHILE)
    assert "wersję & <log>" in await office.mailed("Marek Zieliński")
    assert office.mails("zrzut") == 0
    await office.write("Wersja 7.2.5 <!channel>", office.subject)
    await office.once("Wersja 7.2.5 <!channel>")
    await office.slack.people.write(office.ewa, office.support, "Zaktualizujmy ją.", thread=office.card["ts"])
    await office.until(lambda: office.ewa.ephemerals, "the question whether it shall go")
    await office.fill_in(office.ewa, "ticket_resolve", "Pomogła aktualizacja.")
    await office.until(lambda: office.shown("sending_undo"), "a summary that waits")
    office.clock.move(A_WHILE)
    await office.mailed("Pomogła aktualizacja.")
    await office.until(lambda: office.shown("ticket_reopen"), "a card of a resolved ticket")
    await office.slack.people.open_home(office.ewa)
    await office.until(lambda: office.ewa.home, "the Home tab")
    assert office.mails("Zaktualizujmy") == 0


FAULTS = [
    Fault("chat.postMessage", "hang", accepted=True, seconds=1.3),
    Fault("chat.postMessage", "reset", accepted=True),
    Fault("chat.postMessage", "page", accepted=True, status=200),
    Fault("chat.postMessage", "cut off", accepted=True),
    Fault("chat.postMessage", "body", accepted=True, body="[1, null]"),
    Fault("chat.postMessage", "ratelimited"),
]


async def test_what_slack_may_have_taken_is_posted_once(office: Office) -> None:
    await reported(office)
    for count, fault in enumerate(FAULTS):
        office.slack.api.faults.waiting = [replace(fault)]
        await office.write(f"Wiadomość nr {count}.", office.subject)
        await office.until(lambda: not office.slack.api.faults.waiting[0].times, str(fault))  # at once
        await office.once(f"Wiadomość nr {count}.")
    await office.once("Wiadomość nr 0.")


async def test_sockets_that_end_and_payloads_that_come_twice(office: Office) -> None:
    await reported(office)
    sockets, people = office.slack.sockets, office.slack.people
    for reason in ("warning", "refresh_requested"):
        opened = sockets.opened
        await sockets.disconnect(reason)
        await office.until(lambda: sockets.opened > opened, f"a new socket after {reason}")  # noqa: B023  # at once
    for raw in GARBAGE:
        await sockets.raw(raw)
    sockets.cut_at_ack = 1
    await people.write(office.ewa, office.support, "Sprawdzam licencję.", thread=office.card["ts"])
    await office.until(lambda: office.ewa.ephemerals, "the question whether it shall go")
    found = office.shown("ticket_reply")
    assert found is not None
    pressed = people.pressed(office.ewa, office.support, *found)
    twice = await asyncio.gather(*(sockets.interact("interactive", pressed) for _ in range(5)))
    assert all(envelope.acked.is_set() for envelope in twice)
    await office.until(lambda: office.ewa.views, "the form, once")
    assert len(office.ewa.views) == 1
    assert len(office.ewa.ephemerals) == 1


async def test_a_flood_of_events_is_recorded_and_asks_for_each_name_once(office: Office) -> None:
    await reported(office)
    talk = {"type": "message", "channel": office.support.id, "channel_type": "group", "user": office.marek.id}
    told = [office.slack.people.event({**talk, "ts": f"{at}.1", "text": "rozmowa"}) for at in range(FLOOD)]
    assert all(await asyncio.gather(*told))
    calls = office.slack.workspace.calls
    assert len([call for call in calls if call.method == "users.info" and call.args["user"] == office.marek.id]) < 5
    assert (await office.form(office.ewa, "ticket_reply"))["callback_id"]
