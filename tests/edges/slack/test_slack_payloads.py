"""Payloads as commands; whatever has another shape asks for nothing."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import (
    AgreeDate,
    CloseTicket,
    ConfirmDate,
    DateKept,
    DecideSender,
    NextTurn,
    NothingToDo,
    ReplyToCustomer,
    SetPriority,
    TakeTicket,
)
from bot.edges.slack_ids import ModalPlace
from bot.edges.slack_payloads import OWN_TEAM, inbox_key, submission_problems, to_command
from bot.model import Priority

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
"""12:00 in Warsaw."""
NOTE_IN_WORDS = {"reply_text": "looks_like_note"}
USER = {"id": "U0000001", "username": "jan.nowak", "name": "jan.nowak", "team_id": "T1"}


def click(action_id: str, value: object = "7", **changes: Any) -> dict[str, Any]:
    """A button press in the support channel."""
    return {
        "type": "block_actions",
        "user": USER,
        "team": {"id": "T1", "domain": "hezo"},
        "trigger_id": "1.2.abc",
        "container": {"type": "message", "message_ts": "1.000100", "channel_id": "C1"},
        "channel": {"id": "C1", "name": "wsparcie"},
        "actions": [{"type": "button", "action_id": action_id, "value": value}],
        OWN_TEAM: "T1",
    } | changes


def submission(callback_id: str, values: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A modal that was sent."""
    return {
        "type": "view_submission",
        "user": USER,
        "team": {"id": "T1", "domain": "hezo"},
        "trigger_id": "1.2.def",
        "view": {
            "id": "V1",
            "hash": "1.h",
            "callback_id": callback_id,
            "private_metadata": ModalPlace(7, "C1", "1.000100", "Jan Nowak").to_metadata(),
            "state": {"values": values},
        },
        OWN_TEAM: "T1",
    } | changes


def reply(text: str, turn: str = "customer") -> dict[str, Any]:
    """The fields of the reply modal."""
    return {
        "reply_text": {"value": {"type": "plain_text_input", "value": text}},
        "next_turn": {"value": {"type": "radio_buttons", "selected_option": {"value": turn}}},
    }


def agreed(day: str, clock_time: str, words: str = "") -> dict[str, Any]:
    """The values of the modal in which a date is proposed."""
    return {
        "date_day": {"value": {"type": "datepicker", "selected_date": day}},
        "date_time": {"value": {"type": "timepicker", "selected_time": clock_time}},
        "reply_text": {"value": {"type": "plain_text_input", "value": words}},
    }


PRIORITY = {"priority": {"value": {"type": "radio_buttons", "selected_option": {"value": "critical"}}}}
GOOD = [
    click("ticket_take"),
    click("sender_approve"),
    click("sender_reject"),
    click("ticket_close"),
    submission("ticket_reply", reply("Dzień dobry")),
    submission("ticket_priority", PRIORITY),
    click("date_confirm"),
    click("date_kept"),
    submission("date_agree", agreed("2026-11-27", "10:00", " Będziemy dzwonić. ")),
]


def test_clicks() -> None:
    take, approve, reject, close = (to_command(body) for body in GOOD[:4])
    assert isinstance(take, TakeTicket)
    assert (take.ticket_id, take.by.user, take.by.channel, take.by.is_stranger) == (7, "U0000001", "C1", False)
    assert isinstance(approve, DecideSender)
    assert isinstance(reject, DecideSender)
    assert (approve.approve, reject.approve) == (True, False)
    assert isinstance(close, CloseTicket)


def test_submissions() -> None:
    answered, priority = (to_command(body) for body in GOOD[4:6])
    assert isinstance(answered, ReplyToCustomer)
    assert (answered.text, answered.next_turn, answered.ticket_id) == ("Dzień dobry", NextTurn.CUSTOMER, 7)
    assert (answered.by.name, answered.by.channel, answered.by.thread_ts) == ("Jan Nowak", "C1", "1.000100")
    assert isinstance(priority, SetPriority)
    assert priority.priority is Priority.CRITICAL


def test_dates() -> None:
    confirm, kept, propose = (to_command(body, NOON) for body in GOOD[6:])
    assert isinstance(confirm, ConfirmDate)
    assert isinstance(kept, DateKept)
    assert kept.by.at == NOON, "what people do counts from when it was recorded"
    assert isinstance(propose, AgreeDate)
    assert (propose.day, propose.clock_time, propose.words) == (date(2026, 11, 27), time(10), "Będziemy dzwonić.")
    assert (propose.by.name, propose.ticket_id) == ("Jan Nowak", 7)


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        (agreed("2026-11-23", "12:01"), {}),
        (agreed("2026-11-23", "12:00"), {"date_time": "time_is_past"}),
        (agreed("2026-11-22", "13:00"), {"date_day": "day_out_of_range"}),
        (agreed("2028-01-01", "13:00"), {"date_day": "day_out_of_range"}),
        (agreed("2027-03-28", "02:30"), {"date_time": "no_such_time"}),
        (agreed("", "99:00", "notatka: x"), {"date_day": "not_chosen", "date_time": "not_chosen", **NOTE_IN_WORDS}),
        (agreed("2026-11-23", "12:01", "x" * 3001), {"reply_text": "too_long"}),
    ],
)
def test_a_date_has_to_lie_ahead(values: dict[str, Any], problems: dict[str, str]) -> None:
    body = submission("date_agree", values)
    assert submission_problems(body, NOON, ZoneInfo("Europe/Warsaw")) == problems


@pytest.mark.parametrize(
    ("user_team", "payload_team", "own", "stranger"),
    [
        ("T1", "T1", "T1", False),
        ("T2", "T2", "T1", True),
        ("T2", "T1", "T1", True),
        (None, "T2", "T1", True),
        (None, "T1", "T1", False),
        ("T1", "T1", None, False),
        ("T2", "T1", None, True),
    ],
)
def test_people_of_other_workspaces(user_team: str | None, payload_team: str, own: str | None, stranger: bool) -> None:
    body = click("ticket_take", user=USER | {"team_id": user_team}, team={"id": payload_team})
    body[OWN_TEAM] = own
    command = to_command(body)
    assert isinstance(command, TakeTicket)
    assert command.by.is_stranger is stranger


def test_a_click_on_a_reply_is_answered_in_the_thread_and_one_on_the_head_in_the_channel() -> None:
    in_thread = to_command(click("ticket_take", container={"message_ts": "2.0", "thread_ts": "1.0"}))
    on_head = to_command(click("ticket_take", container={"message_ts": "1.0", "thread_ts": "1.0"}))
    assert isinstance(in_thread, TakeTicket)
    assert isinstance(on_head, TakeTicket)
    assert (in_thread.by.thread_ts, on_head.by.thread_ts) == ("1.0", None)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "event_callback", "event_id": "Ev1", "event": {"type": "message", "text": "Note: x"}},
        {"type": "view_closed", "view": {"id": "V1"}},
        {"command": "/hezo", "text": "help", "trigger_id": "1"},
        click("ticket_reply"),
        click("ticket_priority"),
        click("something_else"),
        click("ticket_take", "0"),
        click("ticket_take", "7; drop"),
        click("ticket_take", "9" * 30),
        click("ticket_take", "٧"),
        click("ticket_take", True),
        click("ticket_take", actions=[]),
        click("ticket_take", user=None),
        submission("something_else", {}),
        submission("ticket_reply", {}),
        submission("ticket_reply", reply("  ")),
        submission("ticket_reply", reply("x" * 3001)),
        submission("ticket_reply", reply("Dzień dobry", "somebody")),
        submission("ticket_priority", {}),
        submission("ticket_reply", reply("Dzień dobry")) | {"view": {"callback_id": "ticket_reply"}},
    ],
)
def test_what_asks_for_nothing(body: dict[str, Any]) -> None:
    command = to_command(body)
    assert isinstance(command, NothingToDo)
    assert command.reason


@pytest.mark.parametrize("mark", ["Note: x", "note : x", " NOTATKA: x", "// x", "#x", "\n# x", "wewn.: x"])
def test_notes_for_colleagues_never_leave(mark: str) -> None:
    body = submission("ticket_reply", reply(mark))
    assert submission_problems(body) == {"reply_text": "looks_like_note"}
    assert isinstance(to_command(body), NothingToDo)


@pytest.mark.parametrize("words", ["Notatkę wysłałem.", "Noted.", "https://a.example/#x", "Note that it works"])
def test_words_that_only_look_similar_do(words: str) -> None:
    assert submission_problems(submission("ticket_reply", reply(words))) == {}


def test_keys() -> None:
    event = {"type": "event_callback", "event_id": "Ev1", "event": {"type": "message"}}
    assert inbox_key(event) == inbox_key(copy.deepcopy(event)) == ("event_callback", "event_callback:Ev1")
    assert inbox_key(event)[1] != inbox_key(event | {"event_id": "Ev2"})[1]
    assert inbox_key(click("ticket_take"))[1] != inbox_key(click("ticket_take", trigger_id="9.9.z"))[1]
    # A submission pressed twice is one, though each press has a trigger_id of its own.
    once, twice = submission("ticket_reply", {}), submission("ticket_reply", {}, trigger_id="9.9.z")
    assert inbox_key(once) == inbox_key(twice) == ("view_submission", "view_submission:V1:1.h")
    assert inbox_key({"command": "/hezo", "trigger_id": "5.5"}) == ("slash_command", "slash_command:5.5")
    assert inbox_key({"type": "odd"})[1] == inbox_key({"type": "odd"})[1] != inbox_key({"type": "odd", "x": 1})[1]
    assert len(inbox_key(click("ticket_take", trigger_id="x" * 5000))[1]) <= 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A good payload with something in it replaced or removed."""
    body = copy.deepcopy(draw(st.sampled_from(GOOD)))
    place: Any = body
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        if draw(st.booleans()):
            place[key] = draw(JSON)
        else:
            del place[key]
        return body


@settings(deadline=None)
@given(damaged() | st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_no_payload_raises(body: dict[str, Any]) -> None:
    command = to_command(body)
    submission_problems(body)
    kind, key = inbox_key(body)
    assert key.startswith(kind)
    assert len(key) <= 200
    if isinstance(command, ReplyToCustomer):
        assert command.text.strip()
        assert command.ticket_id > 0
    json.dumps(body)
