"""Payloads of every wrong shape: each is recorded and acknowledged, none stops what comes after it."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.config_slack import SlackConfig
from bot.edges.slack_dispatch import Take, take_with
from bot.edges.slack_escalation_ids import CALL_MODAL, DUTY_MODAL, RAISE_MODAL
from bot.edges.slack_listeners import Identity, Listeners
from bot.edges.slack_payloads import inbox_key, submission_problems, to_command
from bot.sandbox.clock import MovableClock
from tests.edges.slack.office import NOW, TICKET_ID, ZONE, Desk, make_look

USER = {"id": "U0000001", "name": "jan", "username": "jan", "team_id": "T00000001"}
PERSON = {"team": {"id": "T00000001", "domain": "d"}, "user": USER, "api_app_id": "A1", "token": "t"}
PLACE = {
    "channel": {"id": "C1", "name": "x"},
    "container": {"type": "message", "message_ts": "1.1", "channel_id": "C1"},
}
VALUES = {
    "reply_text": {"value": {"type": "plain_text_input", "value": "Proszę o logi."}},
    "next_turn": {"value": {"type": "radio_buttons", "selected_option": {"value": "customer"}}},
    "priority": {"value": {"type": "static_select", "selected_option": {"value": "critical"}}},
    "date_day": {"value": {"type": "datepicker", "selected_date": "2026-11-25"}},
    "date_time": {"value": {"type": "timepicker", "selected_time": "12:30"}},
    "reference": {"value": {"type": "plain_text_input", "value": "HEZO-2026-000123"}},
    "reason": {"value": {"type": "plain_text_input", "value": "Klient nie może czekać"}},
    "duty_from": {"value": {"type": "datetimepicker", "selected_date_time": 1795000000}},
    "duty_to": {"value": {"type": "datetimepicker", "selected_date_time": 1795100000}},
    "person": {"value": {"type": "users_select", "selected_user": "U0000001"}},
}


def view(callback_id: str) -> dict[str, Any]:
    """A modal as it comes back."""
    metadata = {"ticket_id": TICKET_ID, "channel": "C1", "thread_ts": "1.1", "real_name": "Jan", "escalation_id": 3}
    return {
        "id": "V1",
        "hash": "156.abc",
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": json.dumps(metadata),
        "blocks": [],
        "state": {"values": VALUES},
    }


def message(**more: Any) -> dict[str, Any]:
    """A message event."""
    event = {"type": "message", "channel": "C1", "user": "U0000001", "text": "Cześć", "ts": "1.1", "event_ts": "1.1"}
    return {"type": "event_callback", "team_id": "T00000001", "event_id": "Ev1", "event": event | more, "token": "t"}


PAYLOADS: list[dict[str, Any]] = [
    *(
        {"type": "block_actions", "trigger_id": "1.2.x", "actions": [{"type": "button", **action}], **PERSON, **PLACE}
        for action in (
            {"action_id": "ticket_take", "value": str(TICKET_ID)},
            {"action_id": "ticket_reply", "value": str(TICKET_ID)},
            {"action_id": "message_original", "value": "1"},
            {"action_id": "escalation_acknowledge", "value": f"{TICKET_ID}:3"},
            {"action_id": "escalation_resolve", "value": f"{TICKET_ID}:3"},
            {"action_id": "home_refresh", "value": "home"},
            {"action_id": "nobody_knows_it", "value": "1"},
        )
    ),
    *(
        {"type": "view_submission", "view": view(callback_id), **PERSON}
        for callback_id in ("ticket_reply", "ticket_priority", "date_agree", RAISE_MODAL, CALL_MODAL, DUTY_MODAL, "x")
    ),
    {"type": "view_closed", "view": view("ticket_reply"), **PERSON},
    {"type": "block_suggestion", "action_id": "a", "block_id": "b", "value": "v", "view": view("x"), **PERSON},
    {"type": "message_action", "callback_id": "report", "trigger_id": "1.3.x", "message_ts": "1.1",
     "message": {"type": "message", "text": "t", "user": "U0000001", "ts": "1.1"}, **PERSON, **PLACE},
    {"type": "shortcut", "callback_id": "report", "trigger_id": "1.4.x", **PERSON},
    *(
        {"command": "/hezo", "text": text, "user_id": "U0000001", "user_name": "jan", "team_id": "T00000001",
         "channel_id": "C1", "trigger_id": "1.5.x", "response_url": "https://hooks.slack.com/x", "token": "t"}
        for text in ("help", "call", "on-duty set <@U0000001|j> today 17:00 fri 9:00", "escalate HEZO-2026-000123 x")
    ),
    {"type": "event_callback", "team_id": "T00000001", "event_id": "Ev2",
     "event": {"type": "app_home_opened", "user": "U0000001", "tab": "home", "view": {"team_id": "T1"}}},
    message(),
    message(thread_ts="1.0"),
    message(subtype="message_changed", message={"user": "U0000001", "text": "b", "ts": "1.1", "edited": {"user": "U1"}},
            previous_message={"text": "a", "user": "U0000001", "ts": "1.1"}),
    message(subtype="message_deleted", deleted_ts="1.1", previous_message={"text": "a", "ts": "1.1"}),
    message(subtype="file_share", files=[{"id": "F1", "name": "a.log"}]),
    message(bot_id="B99", subtype="bot_message"),
]  # fmt: skip
JUNK: list[Any] = [
    None, True, 0, -1, 10**30, 1.5, "", " ", "x" * 4000, "\x00", "\ud800", "ąę", "999999999999999999999", [], {},
    [None], [[]], [{}], {"id": None}, {"type": 5}, {"": ""}, "[" * 3000, "<@U0000001>", "2026-13-45",
    {"value": {"value": []}},
]  # fmt: skip
ROUNDS = 1_500


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The place of everything in a payload."""
    if isinstance(value, dict):
        items: Any = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        return [path]
    return ([path] if path else []) + [found for key, inner in items for found in nodes(inner, (*path, key))]


def mutated(payload: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The payload with some of it replaced by junk, or missing."""
    changed = copy.deepcopy(payload)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        places = nodes(changed)
        if not places:
            break
        *way, last = chance.choice(places)
        holder: Any = changed
        for step in way:
            holder = holder[step]
        if chance.random() < 0.25:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(chance.choice(JUNK))
    return changed


@pytest.fixture
def take(config: SlackConfig, desk: Desk, client: AsyncWebClient) -> Take:
    """The way in, without its connection; nobody is staff, so that no form is opened."""
    nobody = config.model_copy(update={"engineers": (), "managers": ()})
    look = make_look(nobody, MovableClock(NOW, frozen=True))
    return take_with(Listeners(nobody, desk, desk, client, look, Identity("T00000001", "UBOT", "BBOT")))


async def test_payloads_as_documented_go_through_bolt(take: Take, desk: Desk) -> None:
    for payload in PAYLOADS:
        answer = await take(copy.deepcopy(payload))
        assert answer.status == 200, (payload, answer.body)


@pytest.mark.parametrize("seed", range(4))
async def test_no_payload_is_left_unacknowledged_or_breaks_the_reading(take: Take, desk: Desk, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same payloads each time
    for _ in range(ROUNDS // 4):
        payload = mutated(chance.choice(PAYLOADS), chance)
        answer = await take(copy.deepcopy(payload))
        assert answer.status == 200, (payload, answer.body)
    for body in desk.bodies.values():
        to_command(body, NOW)
    assert all(key.isascii() and len(key) <= 200 for key in desk.bodies)


def test_readers_take_anything() -> None:
    chance = random.Random(7)  # noqa: S311 - the same payloads each time
    for _ in range(ROUNDS * 4):
        payload = mutated(chance.choice(PAYLOADS), chance)
        to_command(payload, NOW)
        inbox_key(payload)
        submission_problems(payload, NOW, ZONE, frozenset({"U0000001"}))
