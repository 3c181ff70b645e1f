"""The connection itself: events once, lost and silent sockets, Slack down, wrong tokens, stopping."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands import NothingToDo, OpenHome, TakeTicket
from bot.commands_channels import ChannelMessage
from bot.config_slack import SlackConfig
from bot.edges.slack_chat import slack_client
from bot.edges.slack_socket import SlackSocket
from bot.errors import OperatorError, RetryLater
from bot.sandbox.clock import MovableClock
from bot.sandbox.slack import SUPPORT_SCOPES, App, SlackSandbox
from tests.edges.slack.office import IN_VAIN, PATIENCE, Desk, Office, make_config, make_socket, running


async def run_again_when_lost(socket: SlackSocket, stopping: asyncio.Event, problems: list[str]) -> None:
    """What the supervisor does, without its waits."""
    while not stopping.is_set():
        try:
            await socket.run(stopping)
        except RetryLater as error:
            problems.append(str(error))


@pytest.fixture
async def talkative() -> AsyncIterator[SlackSandbox]:
    """A workspace whose app is subscribed to every event, as it may be one day."""
    sandbox = SlackSandbox(
        MovableClock(), App(scopes=SUPPORT_SCOPES), ack_timeout=PATIENCE, retries=(timedelta(0), timedelta(0))
    )
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


async def test_events_are_recorded_once_acknowledged_and_ask_for_nothing(talkative: SlackSandbox, desk: Desk) -> None:
    workspace = talkative.workspace
    anna = workspace.add_user("anna", "Anna Nowak")
    other_bot = workspace.add_bot("inny-bot")
    support = workspace.add_channel("wsparcie", [anna.id, other_bot.id])
    office = Office(anna, anna, anna, anna, support, support)
    config = make_config(talkative, office, engineers=(anna.id,), managers=())
    async with slack_client(config) as client, running(make_socket(config, desk, client), talkative):
        await talkative.people.post(anna.id, support.id, "Cześć")
        await talkative.people.post_as_bot(other_bot.id, support.id, "bip")
        await talkative.people.open_home(anna.id)
        await talkative.settled()
        stored = set(desk.bodies)
        assert len(stored) == 3
        talkative.sockets.redeliver_last_event()
        await talkative.settled()
        talkative.faults.duplicate_events = True
        await talkative.people.react(anna.id, support.id, next(iter(support.messages)), "eyes")
        await talkative.settled()
        assert len(desk.bodies) == 4
        assert len(desk.seen) == 6
        await client.chat_postMessage(channel=support.id, text="nasz własny wpis")
        await talkative.settled()
        assert len(desk.bodies) == 4
    assert {type(command) for command in desk.commands} == {NothingToDo, OpenHome, ChannelMessage}, (
        "whose it is, is found out later"
    )
    assert talkative.sockets.lost_events == []
    assert workspace.violations == []


async def test_an_event_that_was_not_recorded_comes_again(talkative: SlackSandbox, desk: Desk) -> None:
    anna = talkative.workspace.add_user("anna", "Anna Nowak")
    support = talkative.workspace.add_channel("wsparcie", [anna.id])
    config = make_config(talkative, Office(anna, anna, anna, anna, support, support))
    async with slack_client(config) as client, running(make_socket(config, desk, client), talkative):
        desk.fail, talkative.sockets.ack_timeout = 1, IN_VAIN
        await talkative.people.post(anna.id, support.id, "Cześć")
        await talkative.workspace.wait_for(lambda: desk.fail == 0)
        talkative.sockets.ack_timeout = PATIENCE
        await talkative.settled()
    assert len(desk.bodies) == 1
    assert talkative.sockets.lost_events == []


@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
async def test_a_refresh_that_slack_asks_for_loses_nothing(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str, connected: asyncio.Task[None], reason: str
) -> None:
    old = slack.sockets.sockets[0]
    await slack.sockets.disconnect_all(reason)
    await slack.workspace.wait_for(
        lambda: slack.sockets.sockets and slack.sockets.sockets[0] is not old, what="a new socket"
    )
    assert (await slack.people.click(office.engineer.id, office.support.id, card_ts, "ticket_take")).ok
    assert not connected.done()


async def test_a_cut_connection_is_told_to_the_supervisor(
    slack: SlackSandbox, config: SlackConfig, desk: Desk, client: AsyncWebClient
) -> None:
    async with running(make_socket(config, desk, client), slack) as task:
        slack.sockets.drop_sockets()
        with pytest.raises(RetryLater, match="lost"):
            await asyncio.wait_for(task, 5)


async def test_a_refresh_that_fails_is_told_to_the_supervisor(slack: SlackSandbox, office: Office, desk: Desk) -> None:
    config = make_config(slack, office, timeout=timedelta(seconds=1))
    async with slack_client(config) as client, running(make_socket(config, desk, client), slack) as task:
        slack.faults.refuse_sockets = True
        await slack.sockets.disconnect_all()
        with pytest.raises(RetryLater, match="lost"):
            await asyncio.wait_for(task, 8)


async def test_a_half_open_socket_is_rebuilt_and_clicks_arrive_again(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    config = make_config(slack, office, silence_limit=timedelta(seconds=1))
    stopping, problems = asyncio.Event(), list[str]()
    async with slack_client(config) as client:
        task = asyncio.create_task(run_again_when_lost(make_socket(config, desk, client), stopping, problems))
        await slack.connected()
        slack.sockets.silence_sockets()
        silent = slack.sockets.sockets[0]
        await slack.workspace.wait_for(
            lambda: any(not socket.silent for socket in slack.sockets.sockets), what="a new socket"
        )
        await slack.workspace.wait_for(
            lambda: silent not in slack.sockets.sockets, timeout=8, what="the old one closed"
        )
        assert (await slack.people.click(office.engineer.id, office.support.id, card_ts, "ticket_take")).ok
        stopping.set()
        await asyncio.wait_for(task, 8)
    assert isinstance(desk.commands[-1], TakeTicket)


async def test_a_quiet_connection_is_replaced_without_a_gap(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    config = make_config(slack, office, silence_limit=timedelta(seconds=1))
    async with slack_client(config) as client, running(make_socket(config, desk, client), slack) as task:
        async with asyncio.timeout(60):
            while len(slack.workspace.calls_of("apps.connections.open")) < 3:
                assert (await slack.people.click(office.engineer.id, office.support.id, card_ts, "ticket_take")).ok
                await slack.workspace.next_revision(slack.workspace.revision, 1.2)
        assert not task.done()
    assert slack.workspace.user_errors == []


async def test_a_quiet_connection_is_kept_where_no_other_can_be_had(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str
) -> None:
    config = make_config(slack, office, silence_limit=timedelta(seconds=1))
    async with slack_client(config) as client, running(make_socket(config, desk, client), slack) as task:
        slack.faults.server_error("apps.connections.open", times=2)
        await slack.workspace.wait_for(
            lambda: len(slack.workspace.calls_of("apps.connections.open", ok=False)) == 2, what="two vain attempts"
        )
        assert (await slack.people.click(office.engineer.id, office.support.id, card_ts, "ticket_take")).ok
        assert not task.done()


async def test_starting_while_slack_is_down(slack: SlackSandbox, config: SlackConfig, desk: Desk) -> None:
    await slack.stop()
    async with slack_client(config) as client:
        with pytest.raises(RetryLater, match="cannot be reached"):
            await asyncio.wait_for(make_socket(config, desk, client).run(asyncio.Event()), 5)


async def test_starting_while_only_the_sockets_are_down(slack: SlackSandbox, office: Office, desk: Desk) -> None:
    config = make_config(slack, office, timeout=timedelta(seconds=1))
    slack.faults.refuse_sockets = True
    async with slack_client(config) as client:
        with pytest.raises(RetryLater):
            await asyncio.wait_for(make_socket(config, desk, client).run(asyncio.Event()), 8)
    slack.faults.clear()


async def test_slack_in_trouble_at_the_start(slack: SlackSandbox, config: SlackConfig, desk: Desk) -> None:
    slack.faults.server_error("apps.connections.open", status=503)
    async with slack_client(config) as client:
        with pytest.raises(RetryLater, match="503"):
            await asyncio.wait_for(make_socket(config, desk, client).run(asyncio.Event()), 5)


@pytest.mark.parametrize("key", ["bot_token", "app_token"])
async def test_a_wrong_token_is_named_but_not_shown(
    slack: SlackSandbox, office: Office, desk: Desk, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = {"bot_token": "xoxb-wrong", "app_token": "xapp-1-A00000001-wrong"}[key]
    config = make_config(slack, office, **{key: wrong})
    async with slack_client(config) as client:
        with pytest.raises(OperatorError, match=f"slack.{key}") as caught:
            await asyncio.wait_for(make_socket(config, desk, client).run(asyncio.Event()), 5)
    assert wrong not in str(caught.value)
    assert wrong not in caplog.text


async def test_slack_restarts(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str, config: SlackConfig
) -> None:
    stopping, problems = asyncio.Event(), list[str]()
    port = int(slack.workspace.base_url.rpartition(":")[2])
    async with slack_client(config) as client:
        task = asyncio.create_task(run_again_when_lost(make_socket(config, desk, client), stopping, problems))
        await slack.connected()
        await slack.stop()
        await slack.start(port=port)
        await slack.connected()
        assert (await slack.people.click(office.engineer.id, office.support.id, card_ts, "ticket_take")).ok
        stopping.set()
        await asyncio.wait_for(task, 8)
    assert problems


async def test_stopping_leaves_nothing_behind(
    slack: SlackSandbox, config: SlackConfig, desk: Desk, client: AsyncWebClient
) -> None:
    before = asyncio.all_tasks()
    async with running(make_socket(config, desk, client), slack):
        assert len(asyncio.all_tasks()) > len(before)
    await slack.workspace.wait_for(lambda: not slack.sockets.sockets, what="the socket to be closed")
    ours = {task for task in asyncio.all_tasks() - before if "slack_sdk" in repr(task) or "slack_bolt" in repr(task)}
    assert ours == set()


async def test_no_secrets_and_nothing_that_people_wrote_is_logged(
    slack: SlackSandbox, office: Office, desk: Desk, card_ts: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    config = make_config(slack, office, timeout=timedelta(seconds=1))
    async with slack_client(config) as client:
        socket = make_socket(config, desk, client)
        async with running(socket, slack):
            desk.fail, slack.sockets.ack_timeout = 1, IN_VAIN
            await slack.people.click(office.engineer.id, office.support.id, card_ts, "ticket_take")
            slack.sockets.drop_sockets()
            await slack.workspace.wait_for(lambda: not slack.sockets.sockets)
        slack.faults.refuse_sockets = True
        with pytest.raises(RetryLater, match="HTTP") as refused:
            await socket.run(asyncio.Event())
    logged = "\n".join(record.getMessage() + str(record.exc_info or "") for record in caplog.records)
    assert "the disk is full" in logged
    assert "ticket" not in str(refused.value)
    for secret in (slack.workspace.bot_token, slack.workspace.app_token, "Anna", "anna@klient", "Traceback"):
        assert secret not in logged
