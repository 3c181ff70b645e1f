"""Trouble on demand in the Web API, rate limits, and the snapshot for a page."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import SlackSandbox
from bot.sandbox.slack.rates import Rates


async def test_the_next_matching_calls_fail_and_then_all_is_well(
    slack: SlackSandbox, client: AsyncWebClient, office: Any
) -> None:
    client.retry_handlers.clear()
    faults, channel = slack.faults, office.support.id
    faults.rate_limit("chat.*", retry_after=7)
    faults.server_error("chat.postMessage", status=503)
    faults.error("chat.postMessage", "internal_error", when=lambda args: args["text"] == "boom")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=channel, text="boom")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "7")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=channel, text="x")
    assert caught.value.response.status_code == 503
    with pytest.raises(SlackApiError, match="internal_error"):
        await client.chat_postMessage(channel=channel, text="boom")
    await client.chat_postMessage(channel=channel, text="boom")
    assert [(call.status, call.error) for call in slack.workspace.calls_of("chat.postMessage")] == [
        (429, "ratelimited"), (503, "http_503"), (200, "internal_error"), (200, None),
    ]  # fmt: skip
    assert len(slack.workspace.timeline(channel)) == 1


@pytest.mark.parametrize("took_effect", [False, True])
async def test_a_dropped_connection_before_or_after_the_effect(
    slack: SlackSandbox, client: AsyncWebClient, office: Any, took_effect: bool
) -> None:
    client.retry_handlers.clear()
    if took_effect:
        slack.faults.drop_after("chat.postMessage")
    else:
        slack.faults.drop_before("chat.postMessage")
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.chat_postMessage(channel=office.support.id, text="x")
    [call] = slack.workspace.calls_of("chat.postMessage")
    assert (call.took_effect, call.ok, call.status) == (took_effect, False, 0)
    assert bool(slack.workspace.timeline(office.support.id)) is took_effect


async def test_a_slow_answer_may_have_taken_effect_when_the_caller_gives_up(
    slack: SlackSandbox, client: AsyncWebClient, office: Any
) -> None:
    slack.faults.slow(0.5, "chat.postMessage", after_effect=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.chat_postMessage(channel=office.support.id, text="x")
    assert len(slack.workspace.timeline(office.support.id)) == 1
    loop = asyncio.get_running_loop()
    slack.faults.slow(0.1, "chat.postMessage")
    started = loop.time()
    await client.chat_postMessage(channel=office.support.id, text="y")
    assert loop.time() - started >= 0.1


async def test_posting_too_fast_is_refused_when_asked_for(
    slack: SlackSandbox, client: AsyncWebClient, office: Any
) -> None:
    client.retry_handlers.clear()
    slack.rates.enforced = True
    answers = []
    for _ in range(6):
        try:
            await client.chat_postMessage(channel=office.support.id, text="x")
            answers.append("ok")
        except SlackApiError as error:
            answers.append(error.response.headers["Retry-After"])
    assert answers == ["ok"] * 4 + ["1"] * 2
    await client.chat_postMessage(channel=office.shared.id, text="another channel")


def test_rates_recover_with_time_and_tiers_count_per_minute() -> None:
    rates = Rates(enforced=True)
    posts = [rates.refuse("chat.postMessage", "t5", "C1", 0.1 * step) for step in range(5)]
    assert posts == [None, None, None, None, 1]
    assert rates.refuse("chat.postMessage", "t5", "C1", 1.5) is None
    updates = [rates.refuse("chat.update", "t3", "C1", 0.5 * step) for step in range(51)]
    assert updates[:50] == [None] * 50
    assert updates[50] == 35
    assert rates.refuse("chat.update", "t3", "C1", 61) is None
    assert rates.refuse("auth.test", "t5", "None", 61) is None


async def test_the_snapshot_is_json_and_shows_everything(
    slack: SlackSandbox, client: AsyncWebClient, office: Any
) -> None:
    channel = office.support.id
    head = await slack.people.post(office.anna.id, channel, "głowa")
    await client.chat_postMessage(channel=channel, text="odpowiedź", thread_ts=head.ts)
    await client.chat_postEphemeral(channel=channel, user=office.marek.id, text="tylko Marek")
    home: dict[str, Any] = {"type": "home", "blocks": [{"type": "divider"}]}
    await client.views_publish(user_id=office.anna.id, view=home)
    shown = json.loads(json.dumps(slack.workspace.snapshot()))
    support = next(entry for entry in shown["channels"] if entry["id"] == channel)
    assert [message["text"] for message in support["messages"]] == ["głowa", "odpowiedź"]
    assert support["messages"][0]["reply_count"] == 1
    assert support["ephemerals"][office.marek.id][0]["text"] == "tylko Marek"
    assert shown["homes"][office.anna.id]["blocks"][0]["type"] == "divider"
    assert shown["users"][office.customer.id]["is_stranger"]
    assert shown["revision"] == slack.workspace.revision
