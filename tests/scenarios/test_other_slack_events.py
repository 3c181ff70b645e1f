"""What people and programs write at another Slack, and what is only told of them (`tests.support.other_slack`)."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.bot_process import rows
from tests.support.other_slack.forms import fill
from tests.support.other_slack.office import Office, logged_errors, opened, reported
from tests.support.other_slack.people import pressable, words
from tests.support.other_slack.workspace import BOT_ID, BOT_USER, OTHER_TEAM, Body, Channel, User

pytestmark = pytest.mark.scenario
SERIAL = "FG121GTK25004672"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path) as office:
        yield office


async def shared(office: Office) -> tuple[Channel, User]:
    """The dairy's channel, and Piotr of their workspace."""
    piotr = office.slack.workspace.add_user("piotr", "Piotr Mleczko", team=OTHER_TEAM)
    channel = office.slack.workspace.add_channel("hezo-mleczarnia", [office.ewa, piotr], private=True, shared=True)
    async with office.bot.database.begin() as uow:
        [contract] = await uow.contracts.with_device(SERIAL)
        await uow.contracts.map_channel(contract.id, channel.id)
    return channel, piotr


async def change(office: Office, channel: Channel, message: Body, text: str) -> None:
    """Its author changes a message."""
    edited = {**message, "text": text, "edited": {"user": message["user"], "ts": office.slack.workspace.new_ts()}}
    event = {"type": "message", "subtype": "message_changed", "channel": channel.id, "ts": "1.1", "hidden": True}
    assert await office.slack.people.event({**event, "message": edited, "previous_message": message})
    channel.messages[message["ts"]] = edited


def said_in(channel: Channel, thread: str) -> str:
    """All that stands in a thread."""
    return "".join(message["text"] + words(message.get("blocks")) for message in channel.thread(thread))


async def test_what_a_customer_changes_before_it_is_a_report_is_heard(office: Office) -> None:
    channel, piotr = await shared(office)
    message = await office.slack.people.write(piotr, channel, "Nie działa urządzenie w serwerowni.")
    await office.until(lambda: piotr.ephemerals, "the question what it is")
    await change(office, channel, message, f"Nie działa urządzenie {SERIAL}, problem krytyczny.")
    office.clock.move(timedelta(minutes=2, seconds=1))
    await office.quiet()
    assert SERIAL in words(office.card["blocks"])
    assert "krytyczny" in words(office.card["blocks"])
    assert office.times(f"Nie działa urządzenie {SERIAL}") == 1
    assert "HEZO-" in said_in(channel, message["ts"])


@pytest.mark.parametrize("says", ["nothing", "the form"])
async def test_what_a_customer_writes_below_an_announcement_is_a_report_in_that_thread(
    office: Office, says: str
) -> None:
    channel, piotr = await shared(office)
    people = office.slack.people
    head = await people.write(office.ewa, channel, "W środę pracujemy na łączu.")
    await people.write(piotr, channel, f"Nie działa {SERIAL}, problem krytyczny.", thread=head["ts"])
    await office.until(lambda: piotr.ephemerals, "the question what it is")
    assert [line["thread_ts"] for line in piotr.ephemerals] == [head["ts"]]
    if says == "nothing":
        office.clock.move(timedelta(minutes=2, seconds=1))
    else:
        [opens] = [one for one in pressable(piotr.ephemerals[0]["blocks"]) if one.action == "report_open"]
        assert (await people.press(piotr, channel, piotr.ephemerals[0], opens)).acked.is_set()
        await office.until(lambda: piotr.views and piotr.views[-1].get("submit"), "the form")
        assert SERIAL in str(piotr.views[-1]["blocks"]), "it begins with their words"
        await fill(office.slack, piotr, piotr.views[-1], random.Random(1))  # noqa: S311  # the same in every run
        assert await people.submit(piotr, piotr.views[-1]) == {}
    await office.quiet()
    assert "HEZO-" in said_in(channel, head["ts"])
    assert len(rows(office.database, "SELECT 1 FROM tickets")) == 1


@pytest.mark.parametrize("profile", [{}, {"real_name": ""}, {"profile": None}])
async def test_a_customer_of_whom_slack_says_nothing(office: Office, profile: Body) -> None:
    channel, piotr = await shared(office)
    office.slack.api.methods.by_name["users.info"] = lambda args: {"user": {"id": args["user"], **profile}}
    with logged_errors() as errors:
        message = await office.slack.people.write(piotr, channel, f"Nie działa {SERIAL}, problem krytyczny.")
        await office.until(lambda: piotr.ephemerals, "the question what it is")
        office.clock.move(timedelta(minutes=2, seconds=1))
        await office.quiet()
    assert errors == []
    assert "HEZO-" in said_in(channel, message["ts"])


async def test_words_of_nobody_start_nothing(office: Office) -> None:
    await reported(office)
    stranger = office.slack.workspace.add_user("obcy", "Obcy", team=OTHER_TEAM)
    at = {"channel": office.support.id, "channel_type": "group", "thread_ts": office.card["ts"]}
    bot = {"bot_id": "B0OTHERBOT1", "app_id": "A0OTHER", "bot_profile": {"name": "Jira"}}
    messages: list[Body] = [
        {"subtype": "bot_message", "username": "Jira", **bot},
        {"user": "U0WORKFLOW1", **bot},
        {"user": BOT_USER, "bot_id": BOT_ID},
        {"user": "USLACKBOT", "subtype": "channel_join", "inviter": office.ewa.id},
        {"user": office.ewa.id, "subtype": "channel_topic", "topic": "nowy"},
        {"user": office.ewa.id, "subtype": "reminder_add"},
        {"user": office.ewa.id, "subtype": "a_subtype_of_tomorrow"},
        {"user": stranger.id, "team": OTHER_TEAM, "user_team": OTHER_TEAM},
        {"user": None, "subtype": "channel_name", "old_name": "a", "name": "b"},
        {"subtype": "message_replied", "message": {"user": office.ewa.id, "ts": "1.1"}},
    ]
    with logged_errors() as errors:
        for message in messages:
            event = {"type": "message", "text": "Cokolwiek", "ts": office.slack.workspace.new_ts(), **at, **message}
            assert await office.slack.people.event(event), message
        head = {"type": "message", "ts": "1.1", "channel": office.support.id, "subtype": "message_changed"}
        assert await office.slack.people.event({**head, "message": office.card, "previous_message": office.card})
        await office.quiet()
    assert errors == []
    assert office.ewa.ephemerals == []
    assert stranger.ephemerals == []
    assert office.times("Cokolwiek") == 0


@pytest.mark.parametrize("subtype", ["me_message", "thread_broadcast", "file_share"])
async def test_words_of_people_in_whatever_form_are_theirs(office: Office, subtype: str) -> None:
    await reported(office)
    await office.slack.people.write(
        office.ewa, office.support, "Sprawdzam.", thread=office.card["ts"], subtype=subtype, files=[]
    )
    await office.until(lambda: office.ewa.ephemerals, "the question whether it shall go")


@pytest.mark.parametrize("leaves", ["nothing", "a tombstone"])
async def test_a_head_message_that_an_administrator_deletes(office: Office, leaves: str) -> None:
    await reported(office)
    head = office.card
    event: Body = {"type": "message", "channel": office.support.id, "ts": "1.1", "hidden": True}
    del office.support.messages[head["ts"]]
    if leaves == "nothing":
        event |= {"subtype": "message_deleted", "deleted_ts": head["ts"], "previous_message": head}
    else:
        tomb = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": head["ts"], "text": "deleted"}
        event |= {"subtype": "message_changed", "message": tomb, "previous_message": head}
    assert await office.slack.people.event(event)
    await office.until(lambda: office.shown("ticket_reply"), "a new head message")
    await office.quiet()
    await office.write("Świeci czerwona dioda.", office.subject)
    await office.once("czerwona dioda")


async def test_who_is_deactivated_or_a_guest_does_nothing(office: Office) -> None:
    await reported(office)
    guest = office.slack.workspace.add_user("gosc", "Gość Niedzielny")
    office.support.members.add(guest.id)
    assert (await office.press(guest, "ticket_reply")).acked.is_set()
    await office.until(lambda: guest.ephemerals, "why nothing happens")
    assert guest.views == []
    await office.slack.people.open_home(guest)
    await office.until(lambda: guest.home, "a Home tab that says so")
    assert "HEZO-" not in words((guest.home or {})["blocks"])
