"""A Slack stand-in per test, and real slack-bolt apps that connect to it over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import MovableClock
from bot.sandbox.slack import Channel, SlackSandbox, User, Workspace

Connect = Callable[[AsyncApp], Awaitable[AsyncSocketModeHandler]]


@pytest.fixture
def clock() -> MovableClock:
    """Runs with real time, and can be moved."""
    return MovableClock()


@pytest.fixture
async def slack(clock: MovableClock) -> AsyncIterator[SlackSandbox]:
    """A running stand-in; at the end nothing may have been called that Slack refuses or advises against."""
    sandbox = SlackSandbox(clock, ack_timeout=30.0)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()
    assert sandbox.workspace.violations == []


@dataclass(frozen=True)
class Office:
    """Two engineers in #wsparcie with the bot, and a customer of another team in a shared channel."""

    anna: User
    marek: User
    customer: User
    support: Channel
    shared: Channel


@pytest.fixture
def office(slack: SlackSandbox) -> Office:
    """People and channels to start with."""
    workspace = slack.workspace
    anna = workspace.add_user("anna", "Anna Nowak", email="anna@myhezo.pl")
    marek = workspace.add_user("marek", "Marek Zych", email="marek@myhezo.pl")
    team = workspace.add_team("Firma Klienta", "klient")
    customer = workspace.add_user("jan", "Jan Kowalski", email="jan@klient.pl", team=team.id)
    support = workspace.add_channel("wsparcie", [anna.id, marek.id])
    shared = workspace.add_channel("klient-hezo", [anna.id, customer.id])
    return Office(anna, marek, customer, support, shared)


@pytest.fixture
def client(slack: SlackSandbox) -> AsyncWebClient:
    """slack_sdk's client with the bot token."""
    return AsyncWebClient(token=slack.workspace.bot_token, base_url=slack.api_url, timeout=60)


@pytest.fixture
def app(client: AsyncWebClient) -> AsyncApp:
    """A Bolt app without listeners."""
    return AsyncApp(client=client)


@pytest.fixture
async def connect(slack: SlackSandbox) -> AsyncIterator[Connect]:
    """Connects a Bolt app by Socket Mode, and closes it at the end."""
    handlers: list[AsyncSocketModeHandler] = []

    async def start(app: AsyncApp) -> AsyncSocketModeHandler:
        handler = AsyncSocketModeHandler(app, slack.workspace.app_token, ping_interval=1)
        handlers.append(handler)
        await handler.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it without a return type
        await slack.connected(len(handlers))
        return handler

    yield start
    for handler in handlers:
        await handler.close_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it without a return type


@pytest.fixture
def workspace(slack: SlackSandbox) -> Workspace:
    """The stand-in's workspace."""
    return slack.workspace
