"""Signed HTTP instead of a socket: only what Slack signed, just now, and once; recorded before it is acknowledged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from pydantic import SecretStr
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands import OpenHome, ReplyToCustomer, TakeTicket
from bot.config_slack import SlackConfig, SlackMode
from bot.edges.slack_http import PATH, SlackHttp
from bot.errors import OperatorError
from bot.sandbox.clock import MovableClock
from bot.sandbox.slack import SlackSandbox
from tests.edges.slack.office import NOW, TICKET_ID, Desk, Office, make_config, make_look

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


@dataclass
class Sender:
    """Slack, sending requests to the bot."""

    url: str
    session: aiohttp.ClientSession
    clock: MovableClock

    async def send(
        self,
        body: dict[str, Any] | bytes,
        *,
        form: bool = True,
        secret: str = SECRET,
        headers: dict[str, str] | None = None,
        age: int = 0,
    ) -> tuple[int, str]:
        """Send a payload as Slack does: events as JSON, interactions in a form. Gives status and answer."""
        if isinstance(body, bytes):
            raw = body
        else:
            quoted = body if "command" in body else {"payload": json.dumps(body)}
            raw = urlencode(quoted).encode() if form else json.dumps(body).encode()
        at = str(int(self.clock.now().timestamp()) - age)
        signature = SignatureVerifier(secret).generate_signature(timestamp=at, body=raw.decode("utf-8", "replace"))
        assert signature is not None
        signed = {
            "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": signature,
            **(headers or {}),
        }
        async with self.session.post(self.url, data=raw, headers=signed) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def listening(config: SlackConfig, desk: Desk, client: AsyncWebClient) -> AsyncIterator[Sender]:
    clock, stopping, ready = MovableClock(NOW, frozen=True), asyncio.Event(), asyncio.Event()
    http = SlackHttp(config, desk, desk, client, make_look(config, clock), on_connected=ready.set)
    task = asyncio.create_task(http.run(stopping))
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        await asyncio.wait({task, asyncio.ensure_future(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield Sender(f"http://127.0.0.1:{http.port}{PATH}", session, clock)
        stopping.set()
        await task


@pytest.fixture
def http_config(slack: SlackSandbox, office: Office) -> SlackConfig:
    return make_config(
        slack, office, mode=SlackMode.HTTP, signing_secret=SecretStr(SECRET), http_port=0, app_token=None
    )


@pytest.fixture
async def sender(http_config: SlackConfig, desk: Desk, client: AsyncWebClient) -> AsyncIterator[Sender]:
    async with listening(http_config, desk, client) as sender:
        yield sender


def click(office: Office, trigger: str = "1.2.abc") -> dict[str, Any]:
    team = {"id": "T00000001"}
    return {
        "type": "block_actions",
        "team": team,
        "user": {"id": office.engineer.id, "name": "jan.nowak", "team_id": "T00000001"},
        "trigger_id": trigger,
        "channel": {"id": office.support.id},
        "container": {"type": "message", "message_ts": "1.1", "channel_id": office.support.id},
        "actions": [{"action_id": "ticket_take", "value": str(TICKET_ID)}],
    }


def home(event_id: str, user: str) -> dict[str, Any]:
    event = {"type": "app_home_opened", "user": user, "tab": "home"}
    return {"type": "event_callback", "team_id": "T00000001", "event_id": event_id, "event": event}


async def test_what_slack_signed_is_recorded_and_acknowledged(sender: Sender, desk: Desk, office: Office) -> None:
    assert await sender.send(click(office)) == (200, "")
    assert await sender.send(home("Ev1", office.engineer.id), form=False) == (200, "")
    view = {
        "id": "V1",
        "hash": "1",
        "callback_id": "ticket_reply",
        "private_metadata": json.dumps({"ticket_id": TICKET_ID}),
        "state": {
            "values": {
                "reply_text": {"value": {"type": "plain_text_input", "value": "Proszę o logi."}},
                "next_turn": {"value": {"type": "radio_buttons", "selected_option": {"value": "customer"}}},
            }
        },
    }
    submission = {"type": "view_submission", "team": {"id": "T00000001"}, "user": click(office)["user"], "view": view}
    status, answer = await sender.send(submission)
    assert (status, json.loads(answer)) == (200, {"response_action": "clear"})
    assert [type(command) for command in desk.commands] == [TakeTicket, OpenHome, ReplyToCustomer]
    empty = {**view, "state": {"values": {}}, "hash": "2"}
    status, answer = await sender.send({**submission, "view": empty})
    assert (status, json.loads(answer)["response_action"]) == (200, "errors")
    assert len(desk.bodies) == 3


async def test_a_command_that_opens_a_form_says_something_even_where_the_trigger_is_used_up(
    sender: Sender, desk: Desk, slack: SlackSandbox, office: Office
) -> None:
    typed = {
        "command": "/hezo", "text": "call", "user_id": office.engineer.id, "user_name": "jan", "team_id": "T00000001",
        "channel_id": office.support.id, "trigger_id": "used-up", "api_app_id": "A00000001",
    }  # fmt: skip
    assert (await sender.send(typed))[0] == 200
    shown = await slack.workspace.wait_for(lambda: list(office.support.ephemerals.values()), what="a line")
    assert "Okno się nie otworzyło" in shown[0].text
    assert len(desk.bodies) == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"secret": "another secret"}, 401),
        ({"age": 301}, 401),
        ({"age": -301}, 401),
        ({"headers": {"X-Slack-Signature": ""}}, 401),
        ({"headers": {"X-Slack-Signature": "v0=ąę"}}, 401),
        ({"headers": {"X-Slack-Request-Timestamp": "now"}}, 401),
        ({"headers": {"X-Slack-Request-Timestamp": "9" * 400}}, 401),
    ],
)
async def test_what_is_not_signed_now_is_refused_and_not_recorded(
    sender: Sender, desk: Desk, office: Office, change: dict[str, Any], status: int
) -> None:
    assert (await sender.send(click(office), **change))[0] == status
    assert not desk.seen


async def test_a_replay_is_refused_and_slacks_own_repetition_does_nothing_twice(
    sender: Sender, desk: Desk, office: Office
) -> None:
    event = home("Ev1", office.engineer.id)
    assert (await sender.send(event, form=False))[0] == 200
    assert (await sender.send(event, form=False))[0] == 409
    assert (await sender.send(event, form=False, headers={"X-Slack-Retry-Num": "1"}))[0] == 200
    sender.clock.move(timedelta(seconds=70))
    assert (await sender.send(event, form=False))[0] == 200, "signed anew: known by its event_id"
    assert len(desk.bodies) == 1


async def test_what_could_not_be_recorded_is_not_acknowledged_and_may_come_again(
    sender: Sender, desk: Desk, office: Office
) -> None:
    desk.fail = 1
    event = home("Ev1", office.engineer.id)
    assert (await sender.send(event, form=False))[0] == 500
    assert (await sender.send(event, form=False))[0] == 200
    assert len(desk.bodies) == 1


async def test_slacks_questions_about_the_address_are_answered_once_they_are_signed(sender: Sender) -> None:
    question = {"type": "url_verification", "challenge": "3eZbrw1aB", "token": "t"}
    status, answer = await sender.send(question, form=False)
    assert (status, json.loads(answer)) == (200, {"challenge": "3eZbrw1aB"})
    assert (await sender.send(question, form=False, secret="x"))[0] == 401
    assert (await sender.send(b"ssl_check=1&token=t"))[0] == 200


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe", b"[]", b"null", b"{", b"payload=%7B", b"payload=[]", b"type=1&" * 200, b"[" * 100_000]
)
@pytest.mark.parametrize("form", [True, False])
async def test_what_is_no_payload_is_refused(sender: Sender, desk: Desk, raw: bytes, form: bool) -> None:
    assert (await sender.send(raw, form=form))[0] == 400
    assert not desk.seen


async def test_a_port_that_is_taken_and_a_wrong_token_are_the_operators_to_mend(
    http_config: SlackConfig, desk: Desk, client: AsyncWebClient, slack: SlackSandbox
) -> None:
    async with listening(http_config, desk, client) as sender:
        port = int(sender.url.split(":")[2].split("/")[0])
        with pytest.raises(OperatorError, match=r"slack\.http_port"):
            async with listening(http_config.model_copy(update={"http_port": port}), desk, client):
                pass
    slack.faults.error("auth.test", "account_inactive")
    with pytest.raises(OperatorError, match=r"slack\.bot_token"):
        async with listening(http_config, desk, client):
            pass
