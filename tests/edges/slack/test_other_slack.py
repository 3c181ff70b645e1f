"""Another Slack than the stand-in, as different as Slack's reference permits: what the bot must not take for granted.

It leaves out every field that may be missing, adds ones that nobody knows, has ids of other shapes, gives pages of two,
and sends envelopes doubled and in any order. `tests/scenarios/test_other_slack.py` plays a whole ticket there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.commands import OpenHome, TakeTicket
from bot.config_slack import SlackConfig
from bot.edges.slack_chat import SlackChat, slack_client
from bot.edges.slack_files import SlackFiles
from bot.edges.slack_groups import SlackGroups
from bot.errors import HezoError, InDoubt, Refused, RetryLater
from bot.ports import FileState
from bot.sendings import SharedFile
from tests.edges.slack.office import TICKET_ID, Desk, make_clock, make_socket, make_view
from tests.support.manifest import manifest_app
from tests.support.other_slack.faults import Fault
from tests.support.other_slack.server import OtherSlack, other_slack
from tests.support.other_slack.web_api import APP_TOKEN, BOT_TOKEN
from tests.support.other_slack.workspace import TEAM, Channel, User

MORE = {"some_new_field": {"nested": [1, None, True]}, "warning": "something_harmless"}


@pytest.fixture
async def other() -> AsyncIterator[OtherSlack]:
    async with other_slack(manifest_app().scopes) as other:
        yield other
        assert other.workspace.violations == []


@pytest.fixture
def engineer(other: OtherSlack) -> User:
    return other.workspace.add_user("jan", "Jan Nowak")


@pytest.fixture
def channel(other: OtherSlack, engineer: User) -> Channel:
    return other.workspace.add_channel("hezo-support", [engineer], private=True)


@pytest.fixture
def config(other: OtherSlack, engineer: User, channel: Channel) -> SlackConfig:
    values = {
        "bot_token": BOT_TOKEN,
        "app_token": APP_TOKEN,
        "api_url": other.api_url,
        "support_channel": channel.id,
        "escalation_channel": channel.id,
        "engineers": (engineer.id,),
        "timeout": timedelta(seconds=3),
    }
    return SlackConfig.model_validate(values)


def click(trigger: str, action_id: str, engineer: User, channel: Channel) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": engineer.id, "team_id": TEAM},
        "team": {"id": TEAM},
        "trigger_id": trigger,
        "channel": {"id": channel.id},
        "actions": [{"type": "button", "action_id": action_id, "value": str(TICKET_ID)}],
        **MORE,
    }


async def test_payloads_without_what_may_be_missing_doubled_and_out_of_order(
    other: OtherSlack, engineer: User, channel: Channel, config: SlackConfig
) -> None:
    desk, stopping = Desk(make_view(make_clock(left=timedelta(minutes=20)))), asyncio.Event()
    home = {"type": "event_callback", "team_id": TEAM, "event_id": "EvX", **MORE}
    home["event"] = {"type": "app_home_opened", "user": engineer.id, "tab": "home"}
    take = click("1.a", "ticket_take", engineer, channel)
    reply = click(other.workspace.trigger(engineer.id), "ticket_reply", engineer, channel)
    async with slack_client(config) as client:
        task = asyncio.create_task(make_socket(config, desk, client).run(stopping))
        sent = [
            await other.sockets.send("events_api", home),
            await other.sockets.send("interactive", take),
            await other.sockets.send("events_api", {**home, "retry": 1}),
            await other.sockets.send("interactive", take),
            await other.sockets.send("interactive", reply),
        ]
        await other.sockets.send("a_kind_of_tomorrow", {"type": "unheard_of"})
        async with asyncio.timeout(60):
            await asyncio.gather(*(envelope.acked.wait() for envelope in sent))
        await desk.until(lambda: len(desk.bodies) >= 3)
        await other.workspace.wait_for(lambda: engineer.views, "a form")
        stopping.set()
        await asyncio.wait_for(task, 60)
    kinds = [type(command) for command in desk.commands]
    assert kinds.count(TakeTicket) == 1
    assert kinds.count(OpenHome) == 1


async def test_answers_with_nothing_but_what_they_must_have(
    other: OtherSlack, engineer: User, channel: Channel, config: SlackConfig
) -> None:
    async with slack_client(config) as client:
        chat, files = SlackChat(client, config.timeout), SlackFiles(client, config.timeout)
        blocks: list[dict[str, object]] = [{"type": "divider"}]
        since = datetime.now(UTC)
        first = await chat.post(channel.id, "Zgłoszenie", blocks, key="out-1")
        replies = [await chat.post(channel.id, "Wpis", blocks, key=f"re-{at}", thread_ts=first) for at in range(4)]
        await chat.update(channel.id, first, "Zgłoszenie", blocks)
        await chat.tell(channel.id, engineer.id, "Nie da się.")
        await chat.publish_home(engineer.id, {"type": "home", "blocks": blocks})
        assert await chat.find(channel.id, "out-1", thread_ts=None, since=since) == first
        assert await chat.find(channel.id, "re-3", thread_ts=first, since=since) == replies[-1]
        assert await chat.find(channel.id, "out-9", thread_ts=None, since=since) is None
        file = await files.upload("a.log", b"abc")
        await files.share(channel.id, first, "Pliki", [(file, "a.log")])
        assert await files.state(file, channel.id) is FileState.SHOWN


@pytest.mark.parametrize(
    "fault",
    [
        Fault("chat.postMessage", "reset", accepted=True),
        Fault("chat.postMessage", "page", accepted=True, status=200),
        Fault("chat.postMessage", "cut off", accepted=True),
        Fault("chat.postMessage", "body", accepted=True, body="[1, null]"),
        Fault("chat.postMessage", "body", accepted=True, body='{"ok": true}'),
    ],
    ids=str,
)
async def test_an_answer_that_says_nothing_leaves_a_post_in_doubt(
    other: OtherSlack, channel: Channel, config: SlackConfig, fault: Fault
) -> None:
    other.api.faults.waiting = [replace(fault)]
    async with slack_client(config) as client:
        chat, since = SlackChat(client, config.timeout), datetime.now(UTC)
        with pytest.raises(InDoubt):
            await chat.post(channel.id, "Zgłoszenie", [{"type": "divider"}], key="out-1")
        assert await chat.find(channel.id, "out-1", thread_ts=None, since=since) == next(iter(channel.messages))


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method, kind, status=status, body=body, error=error, seconds=60)
        for method in ("auth.test", "apps.connections.open")
        for kind, status, body, error in (
            ("ratelimited", 0, "", ""),
            ("page", 503, "", ""),
            ("page", 200, "", ""),
            ("body", 0, "", ""),
            ("body", 0, "[]", ""),
            ("body", 0, "null", ""),
            ("body", 0, '{"ok": true}', ""),
            ("cut off", 0, "", ""),
            ("redirect", 0, "", ""),
            ("hang", 0, "", ""),
            ("reset", 0, "", ""),
            ("error", 0, "", "internal_error"),
            ("error", 0, "", "an_error_of_tomorrow"),
            ("error", 0, "", "token_revoked"),
            ("error", 0, "", "account_inactive"),
            ("error", 0, "", "missing_scope"),
        )
    ],
    ids=str,
)
async def test_a_connection_that_cannot_be_had_is_no_mistake_of_ours(
    other: OtherSlack, config: SlackConfig, fault: Fault
) -> None:
    config = config.model_copy(update={"timeout": timedelta(seconds=0.5)})
    other.api.faults.waiting = [replace(fault)]
    desk = Desk(make_view(make_clock(left=timedelta(minutes=20))))
    async with slack_client(config) as client, asyncio.timeout(60):
        with pytest.raises(HezoError) as raised:
            await make_socket(config, desk, client).run(asyncio.Event())
    assert len(str(raised.value)) > len("no words at all")
    assert other.sockets.opened == 0


NOTHING = Fault("*", "body", body='{"ok": true}')


async def test_an_answer_without_what_it_is_asked_for_is_trouble_of_slacks(
    other: OtherSlack, channel: Channel, config: SlackConfig
) -> None:
    """Else a group would be empty, a file refused, and a post that is there posted again."""
    async with slack_client(config) as client:
        chat, files = SlackChat(client, config.timeout), SlackFiles(client, config.timeout)
        groups = SlackGroups(client, config.timeout)
        asks: list[Callable[[], Awaitable[object]]] = [
            lambda: groups.members("S0ENGINEER"),
            lambda: files.upload("a.log", b"abc"),
            lambda: files.state("F1", channel.id),
            lambda: files.described(SharedFile("F1", "a", "text/plain", 0)),
            lambda: chat.find(channel.id, "out-1", thread_ts=None, since=datetime.now(UTC)),
        ]
        for ask in asks:
            other.api.faults.waiting = [replace(NOTHING, times=2)]
            with pytest.raises(RetryLater):
                await ask()


@pytest.mark.parametrize("status", [401, 403, 429, 503])
async def test_a_socket_that_is_refused_is_no_mistake_of_ours(
    other: OtherSlack, config: SlackConfig, status: int
) -> None:
    other.sockets.refuses = [status]
    desk = Desk(make_view(make_clock(left=timedelta(minutes=20))))
    async with slack_client(config) as client, asyncio.timeout(60):
        with pytest.raises(RetryLater):
            await make_socket(config, desk, client).run(asyncio.Event())


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("download", "page", status=200), RetryLater),
        (Fault("download", "page", status=503), RetryLater),
        (Fault("download", "cut off"), RetryLater),
        (Fault("download", "hang", seconds=60), RetryLater),
        (Fault("download", "redirect"), Refused),
        (Fault("download", "page", status=404), Refused),
    ],
    ids=str,
)
async def test_a_page_or_half_of_it_is_never_taken_for_a_file(
    other: OtherSlack, config: SlackConfig, fault: Fault, error: type[Exception]
) -> None:
    content = b"config system global\n" * 100
    other.workspace.contents["F1"] = content
    file = SharedFile("F1", "fgt.conf", "text/plain", len(content), f"{other.people.base}/files-pri/F1")
    other.api.faults.waiting = [replace(fault)]
    async with slack_client(config) as client:
        files = SlackFiles(client, timedelta(seconds=0.5))
        with pytest.raises(error):
            await files.fetch(file, 3000)
        assert await files.fetch(file, 3000) == content
