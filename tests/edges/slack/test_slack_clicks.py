"""Clicks and modals through real slack-bolt and real sockets: recorded, acknowledged, answered."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.commands import (
    AgreeDate,
    CloseTicket,
    DecideSender,
    NextTurn,
    NothingToDo,
    ReplyToCustomer,
    SetPriority,
    TakeTicket,
)
from bot.edges import slack_blocks
from bot.edges.slack_chat import SlackChat
from bot.edges.slack_ids import MORE
from bot.edges.slack_payloads import OWN_TEAM
from bot.edges.slack_views import loading_view
from bot.model import Priority, TicketState
from bot.sandbox.slack import Json, SlackSandbox, View
from bot.sendings import Sending, SendingState
from tests.edges.slack.office import IN_VAIN, NOW, PATIENCE, TICKET_ID, ZONE, Desk, Office, make_view, staff_words

pytestmark = pytest.mark.usefixtures("connected")


async def open_modal(slack: SlackSandbox, office: Office, card_ts: str, action_id: str) -> View:
    """Click a button as the engineer and wait for its modal."""
    outcome = await slack.people.click(office.engineer.id, office.support.id, card_ts, action_id)
    assert outcome.ok
    views = await slack.workspace.wait_for(lambda: slack.people.open_views(office.engineer.id), what="a modal")
    return views[-1]


async def only_line(slack: SlackSandbox, office: Office, user: str) -> str:
    """The ephemeral line that this person is shown."""
    lines = await slack.workspace.wait_for(lambda: slack.workspace.ephemerals(office.support.id, user))
    assert len(lines) == 1
    return lines[0].text


def text_of(view: View) -> str:
    """Everything that a modal says."""
    return str(view.body)


async def test_a_click_is_recorded_with_our_team_and_becomes_a_command(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    outcome = await slack.people.click(office.engineer.id, office.support.id, card_ts, "ticket_take")
    assert outcome.ok
    (body,) = desk.bodies.values()
    assert body[OWN_TEAM] == slack.workspace.team.id
    assert "token" not in body
    (command,) = desk.commands
    assert isinstance(command, TakeTicket)
    assert (command.ticket_id, command.by.user, command.by.channel) == (
        TICKET_ID,
        office.engineer.id,
        office.support.id,
    )
    assert not command.by.is_stranger
    assert command.by.thread_ts is None


async def test_two_clicks_are_two_commands(slack: SlackSandbox, office: Office, desk: Desk, card_ts: str) -> None:
    for person in (office.engineer, office.manager):
        assert (await slack.people.click(person.id, office.support.id, card_ts, "ticket_take")).ok
    assert [command.by.user for command in desk.commands if isinstance(command, TakeTicket)] == [
        office.engineer.id,
        office.manager.id,
    ]


async def test_a_strangers_click_is_known_as_such(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    assert (await slack.people.click(office.stranger.id, office.support.id, card_ts, "ticket_take")).ok
    (command,) = desk.commands
    assert isinstance(command, TakeTicket)
    assert command.by.is_stranger


async def test_approving_a_held_sender(slack: SlackSandbox, office: Office, chat: SlackChat, desk: Desk) -> None:
    view = make_view(state=TicketState.HELD, facts={"hold_reasons": ["sender_unknown"]})
    text, blocks = slack_blocks.card(view, NOW, staff_words(), ZONE)
    ts = await chat.post(office.support.id, text, blocks, key="out-2")
    for action_id in ("sender_approve", "sender_reject"):
        assert (await slack.people.click(office.manager.id, office.support.id, ts, action_id)).ok
    assert [command.approve for command in desk.commands if isinstance(command, DecideSender)] == [True, False]


async def test_replying_opens_a_modal_and_what_is_sent_becomes_a_command(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    modal = await open_modal(slack, office, card_ts, "ticket_reply")
    for shown in ("anna@klient.example", "Nie mam dostępu.", "Jan Nowak", "HEZO-2026-000123"):
        assert shown in text_of(modal)
    text = "Dzień dobry,\n\nproszę o logi <z urządzenia> & konfigurację.\n"
    errors = await slack.people.submit_view(
        office.engineer.id, modal.id, {"reply_text": text, "next_turn": NextTurn.NOBODY}
    )
    assert errors is None
    assert slack.people.open_views(office.engineer.id) == []
    command = desk.commands[-1]
    assert isinstance(command, ReplyToCustomer)
    assert (command.ticket_id, command.text, command.next_turn) == (TICKET_ID, text.strip(), NextTurn.NOBODY)
    assert (command.by.user, command.by.name) == (office.engineer.id, "Jan Nowak")
    assert command.by.channel == office.support.id


async def test_the_reply_modal_says_that_a_colleague_answers_already(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    desk.sendings["1.1"] = Sending(
        1, TICKET_ID, SendingState.WAITING, office.manager.id, "Już.", NOW, sent_by=office.manager.id, send_at=NOW
    )
    modal = await open_modal(slack, office, card_ts, "ticket_reply")
    assert "Odpowiedź już czeka na wysłanie" in text_of(modal)
    assert office.manager.id in text_of(modal)


async def test_by_default_the_customer_is_next(slack: SlackSandbox, office: Office, desk: Desk, card_ts: str) -> None:
    modal = await open_modal(slack, office, card_ts, "ticket_reply")
    assert await slack.people.submit_view(office.engineer.id, modal.id, {"reply_text": "Proszę o logi."}) is None
    command = desk.commands[-1]
    assert isinstance(command, ReplyToCustomer)
    assert command.next_turn is NextTurn.CUSTOMER


@pytest.mark.parametrize(
    ("text", "problem"),
    [("   \n ", "empty"), ("Note: nie mówić klientowi", "looks_like_note"), (" // sprawdzić", "looks_like_note")],
)
async def test_what_cannot_be_meant_for_the_customer_is_refused_beside_the_field(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str, text: str, problem: str
) -> None:
    modal = await open_modal(slack, office, card_ts, "ticket_reply")
    errors = await slack.people.submit_view(office.engineer.id, modal.id, {"reply_text": text})
    assert errors == {"reply_text": staff_words()(f"modal_problem.{problem}")}
    assert not any(isinstance(command, ReplyToCustomer) for command in desk.commands)
    assert await slack.people.submit_view(office.engineer.id, modal.id, {"reply_text": "Dzień dobry"}) is None
    assert isinstance(desk.commands[-1], ReplyToCustomer)


async def test_choosing_a_priority(slack: SlackSandbox, office: Office, desk: Desk, card_ts: str) -> None:
    modal = await open_modal(slack, office, card_ts, "ticket_priority")
    assert await slack.people.submit_view(office.engineer.id, modal.id, {"priority": Priority.QUESTION}) is None
    command = desk.commands[-1]
    assert isinstance(command, SetPriority)
    assert (command.ticket_id, command.priority) == (TICKET_ID, Priority.QUESTION)


@pytest.mark.parametrize("who", ["colleague", "stranger"])
async def test_others_get_a_polite_refusal_and_no_modal(
    slack: SlackSandbox, office: Office, card_ts: str, who: str
) -> None:
    person = {"colleague": office.colleague, "stranger": office.stranger}[who]
    assert (await slack.people.click(person.id, office.support.id, card_ts, "ticket_reply")).ok
    assert await only_line(slack, office, person.id) == staff_words()("tell.not_allowed")
    assert slack.people.open_views(person.id) == []


async def test_a_slow_ticket_shows_a_loading_view_first(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.edges.slack_listeners.READ_LIMIT", 0.05)
    desk.delay = 0.3
    modal = await open_modal(slack, office, card_ts, "ticket_reply")
    title = loading_view(staff_words())["title"]
    assert modal.body["title"] == title
    await slack.workspace.wait_for(lambda: modal.body["title"] != title, what="the modal to be updated")
    errors = await slack.people.submit_view(office.engineer.id, modal.id, {"reply_text": "Dzień dobry"})
    assert errors is None


@pytest.mark.parametrize("trouble", ["the ticket is gone", "Slack does not change it"])
async def test_a_loading_view_does_not_load_for_ever(
    slack: SlackSandbox,
    office: Office,
    desk: Desk,
    card_ts: str,
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
) -> None:
    monkeypatch.setattr("bot.edges.slack_listeners.READ_LIMIT", 0.05)
    desk.delay, said = 0.3, "tell.ticket_gone"
    if trouble == "Slack does not change it":
        said = "tell.modal_failed"
        slack.faults.error("views.update", "view_too_large")
        modal = await open_modal(slack, office, card_ts, "ticket_reply")
    else:
        blocks = slack.workspace.message(office.support.id, card_ts).blocks
        for element in blocks[-1]["elements"]:
            element["value"] = "999"
        modal = await open_modal(slack, office, card_ts, "ticket_reply")
    wanted = staff_words()(said)
    await slack.workspace.wait_for(lambda: wanted in text_of(modal) or None, what="a word where it is loading")


async def test_a_button_that_is_out_of_date_says_so(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    desk.view = make_view(state=TicketState.CLOSED)
    assert (await slack.people.click(office.engineer.id, office.support.id, card_ts, "ticket_reply")).ok
    line = await only_line(slack, office, office.engineer.id)
    assert "HEZO-2026-000123" in line
    assert staff_words()("state.closed") in line


async def test_a_ticket_that_is_gone_says_so(
    slack: SlackSandbox, office: Office, chat: SlackChat, card_ts: str
) -> None:
    def other_ticket(blocks: list[Json]) -> list[Json]:
        for element in blocks[-1]["elements"]:
            element["value"] = "999"
        return blocks

    blocks = other_ticket(slack.workspace.message(office.support.id, card_ts).blocks)
    ts = await chat.post(office.support.id, "999", blocks, key="out-3")
    assert (await slack.people.click(office.engineer.id, office.support.id, ts, "ticket_reply")).ok
    assert await only_line(slack, office, office.engineer.id) == staff_words()("tell.ticket_gone")


async def test_a_modal_that_slack_does_not_open_is_not_silent(
    slack: SlackSandbox, office: Office, card_ts: str
) -> None:
    slack.faults.error("views.open", "expired_trigger_id")
    assert (await slack.people.click(office.engineer.id, office.support.id, card_ts, "ticket_reply")).ok
    assert await only_line(slack, office, office.engineer.id) == staff_words()("tell.modal_failed")


async def test_a_name_that_slack_does_not_tell_is_no_obstacle(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    slack.faults.error("users.info", "internal_error", times=3)
    modal = await open_modal(slack, office, card_ts, "ticket_reply")
    assert await slack.people.submit_view(office.engineer.id, modal.id, {"reply_text": "Dzień dobry"}) is None
    command = desk.commands[-1]
    assert isinstance(command, ReplyToCustomer)
    assert command.by.name == "jan.nowak"


async def test_a_submission_that_was_not_recorded_stays_open_and_is_sent_once(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    modal = await open_modal(slack, office, card_ts, "ticket_reply")
    desk.fail, slack.sockets.ack_timeout = 1, IN_VAIN
    assert await slack.people.submit_view(office.engineer.id, modal.id, {"reply_text": "Dzień dobry"}) is not None
    await slack.workspace.wait_for(lambda: desk.fail == 0)
    slack.sockets.ack_timeout = PATIENCE
    assert slack.people.open_views(office.engineer.id)
    assert await slack.people.submit_view(office.engineer.id, modal.id) is None
    assert [type(command) for command in desk.commands].count(ReplyToCustomer) == 1


async def test_a_click_that_was_not_recorded_is_not_acknowledged(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    desk.fail, slack.sockets.ack_timeout = 1, IN_VAIN
    assert not (await slack.people.click(office.engineer.id, office.support.id, card_ts, "ticket_take")).ok
    assert desk.bodies == {}


async def test_a_click_that_comes_twice_opens_one_modal(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    desk.known = 1
    assert (await slack.people.click(office.engineer.id, office.support.id, card_ts, "ticket_reply")).ok
    await open_modal(slack, office, card_ts, "ticket_priority")
    assert len(slack.workspace.calls_of("views.open")) == 1


async def test_a_modal_opens_fast(slack: SlackSandbox, office: Office, card_ts: str) -> None:
    loop = asyncio.get_running_loop()
    times = []
    for _ in range(5):
        started = loop.time()
        modal = await open_modal(slack, office, card_ts, "ticket_priority")
        times.append(loop.time() - started)
        await slack.people.close_view(office.engineer.id, modal.id)
    # The quickest: whatever else the machine does only adds to what opening takes.
    assert min(times) < timedelta(milliseconds=300).total_seconds()


async def test_opening_asks_for_nothing_else(slack: SlackSandbox, office: Office, desk: Desk, card_ts: str) -> None:
    await open_modal(slack, office, card_ts, "ticket_reply")
    (command,) = desk.commands
    assert isinstance(command, NothingToDo)


async def test_what_the_card_has_no_button_for_is_behind_more(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    more = await open_modal(slack, office, card_ts, MORE)
    assert (await slack.people.click_view(office.engineer.id, more.id, "date_agree")).ok
    views = await slack.workspace.wait_for(
        lambda: slack.people.open_views(office.engineer.id)[1:] and slack.people.open_views(office.engineer.id),
        what="a form",
    )
    assert views[-1].body["callback_id"] == "date_agree"
    values = {"date_day": "2026-11-27", "date_time": "10:00", "reply_text": "Dzień dobry"}
    assert await slack.people.submit_view(office.engineer.id, views[-1].id, values) is None
    assert slack.people.open_views(office.engineer.id) == [], "nothing is left open above the ticket"
    command = desk.commands[-1]
    assert isinstance(command, AgreeDate)
    assert (command.ticket_id, command.by.channel) == (TICKET_ID, office.support.id)


async def test_a_press_behind_more_says_that_it_is_taken(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    more = await open_modal(slack, office, card_ts, MORE)
    assert (await slack.people.click_view(office.engineer.id, more.id, "ticket_close")).ok
    said = staff_words()("more.taken")
    await slack.workspace.wait_for(lambda: said in text_of(more) or None, what="a word about the press")
    command = desk.commands[-1]
    assert isinstance(command, CloseTicket)
    assert (command.by.user, command.by.channel) == (office.engineer.id, office.support.id)


async def test_a_press_behind_an_old_more_is_refused_there(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    more = await open_modal(slack, office, card_ts, MORE)
    desk.view = make_view(state=TicketState.CLOSED)
    assert (await slack.people.click_view(office.engineer.id, more.id, "ticket_escalate")).ok
    closed = staff_words()("state.closed")
    await slack.workspace.wait_for(lambda: closed in text_of(more) or None, what="the refusal")
