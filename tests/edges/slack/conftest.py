"""The bot's Slack edge against the strict stand-in over real sockets, with the manifest's scopes and nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.config_slack import SlackConfig
from bot.edges import slack_blocks
from bot.edges.slack_chat import SlackChat, slack_client
from bot.sandbox.clock import MovableClock
from bot.sandbox.slack import SlackSandbox
from tests.edges.slack.office import (
    NOW,
    PATIENCE,
    ZONE,
    Desk,
    Office,
    make_clock,
    make_config,
    make_socket,
    make_view,
    running,
    staff_words,
)
from tests.support.manifest import assert_kept_to_the_rules, manifest_app


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """A running stand-in; at the end nothing may have been called that Slack refuses or advises against."""
    sandbox = SlackSandbox(MovableClock(), manifest_app(), ack_timeout=PATIENCE, retries=(timedelta(0), timedelta(0)))
    await sandbox.start()
    yield sandbox
    await sandbox.stop()
    assert_kept_to_the_rules(sandbox)


@pytest.fixture
def office(slack: SlackSandbox) -> Office:
    """People and channels."""
    workspace = slack.workspace
    engineer = workspace.add_user("jan.nowak", "Jan Nowak")
    manager = workspace.add_user("ewa", "Ewa Lis")
    colleague = workspace.add_user("piotr", "Piotr Zych")
    team = workspace.add_team("Firma Klienta", "klient")
    stranger = workspace.add_user("obcy", "Adam Obcy", team=team.id)
    everybody = [engineer.id, manager.id, colleague.id, stranger.id]
    support = workspace.add_channel("wsparcie", everybody)
    escalation = workspace.add_channel("eskalacje", [engineer.id, manager.id], private=True)
    return Office(engineer, manager, colleague, stranger, support, escalation)


@pytest.fixture
def config(slack: SlackSandbox, office: Office) -> SlackConfig:
    """The usual configuration."""
    return make_config(slack, office)


@pytest.fixture
async def client(config: SlackConfig) -> AsyncIterator[AsyncWebClient]:
    """The bot's own client."""
    async with slack_client(config) as client:
        yield client


@pytest.fixture
def chat(client: AsyncWebClient, config: SlackConfig) -> SlackChat:
    """The bot's way out."""
    return SlackChat(client, config.timeout)


@pytest.fixture
def desk() -> Desk:
    """An inbox and a ticket that waits for an engineer."""
    return Desk(make_view(make_clock(left=timedelta(minutes=20))))


@pytest.fixture
async def connected(
    slack: SlackSandbox, config: SlackConfig, desk: Desk, client: AsyncWebClient
) -> AsyncIterator[asyncio.Task[None]]:
    """The socket connected, with the usual configuration; it must not break by itself."""
    async with running(make_socket(config, desk, client), slack) as task:
        yield task
    assert task.exception() is None


@pytest.fixture
async def card_ts(chat: SlackChat, office: Office, desk: Desk) -> str:
    """The ticket's head message, posted."""
    text, blocks = slack_blocks.card(desk.view, NOW, staff_words(), ZONE)
    return await chat.post(office.support.id, text, blocks, key="out-1")
