"""Asks Slack whether the bot can do its work there: token, scopes, channels, people, socket, and Slack's clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.checkups import Checkup
from bot.config_slack import SlackConfig, SlackMode
from bot.edges.slack_errors import named, translate
from bot.edges.slack_groups import SlackGroups
from bot.edges.slack_headers import header, slack_time
from bot.errors import HezoError
from bot.rules.retrying import describe

SCOPES = frozenset(
    {
        "channels:history", "channels:read", "chat:write", "commands", "files:read", "files:write", "groups:history",
        "groups:read", "usergroups:read", "users:read",
    }
)  # fmt: skip
"""What the Slack app has to be granted, as slack-manifest.yaml asks for it; a test compares the two."""

_MOST_PEOPLE = 50


async def examine_slack(client: AsyncWebClient, config: SlackConfig) -> AsyncIterator[Checkup | datetime]:
    """Look at everything, line by line; what Slack's clock shows comes in between.

    Changes nothing, except that a socket address is asked for, which nobody uses.
    """
    try:
        answer = await _call(client.auth_test(), "auth.test")
    except HezoError as error:
        yield Checkup("slack bot token", is_well=False, said=describe(error))
        return
    yield Checkup("slack bot token", is_well=True, said=f"{answer['user']} in {answer['team']}")
    shown = slack_time(answer)
    if shown is not None:
        yield shown
    granted = {scope.strip() for scope in header(answer, "x-oauth-scopes").split(",")}
    missing = sorted(SCOPES - granted)
    if missing:
        said = (
            f"the app lacks {', '.join(missing)}: add them in its settings (OAuth & Permissions), or create it anew "
            "from slack-manifest.yaml, and install it again"
        )
        yield Checkup("slack scopes", is_well=False, said=said)
    else:
        yield Checkup("slack scopes", is_well=True, said=f"all {len(SCOPES)} are granted")
    if config.mode is SlackMode.SOCKET and config.app_token is not None:
        yield await _socket(client, config.app_token.get_secret_value())
    for key in ("support_channel", "escalation_channel", "enquiries_channel"):
        channel = getattr(config, key)
        if channel is not None:
            yield await _channel(client, key, channel)
    yield await _people(client, dict.fromkeys((*config.engineers, *config.managers)))
    if groups := dict.fromkeys((*config.engineer_groups, *config.manager_groups)):
        yield await _groups(SlackGroups(client, config.timeout), groups)


async def _socket(client: AsyncWebClient, app_token: str) -> Checkup:
    try:
        await _call(client.apps_connections_open(app_token=app_token), "apps.connections.open")
    except HezoError as error:
        return Checkup(
            "slack app token",
            is_well=False,
            said=f"{describe(error)}; slack.app_token has to be an app-level token with the scope connections:write "
            "(Basic Information, App-Level Tokens), and Socket Mode has to be on",
        )
    return Checkup("slack app token", is_well=True, said="Socket Mode answers")


async def _channel(client: AsyncWebClient, key: str, channel: str) -> Checkup:
    about = f"slack.{key}"
    try:
        answer = await _call(client.conversations_info(channel=channel), "conversations.info", channel)
        shape: dict[str, Any] = named(answer, "channel", dict, "conversations.info")
    except HezoError as error:
        return Checkup(about, is_well=False, said=describe(error))
    if shape.get("is_archived"):
        return Checkup(about, is_well=False, said=f"{channel} is archived: unarchive it, or configure another one")
    if not shape.get("is_member"):
        return Checkup(
            about, is_well=False, said=f"the bot is not in #{shape.get('name')} ({channel}): invite it there"
        )
    return Checkup(about, is_well=True, said=f"#{shape.get('name')}, the bot is in it")


async def _people(client: AsyncWebClient, people: Iterable[str]) -> Checkup:
    """Whether everybody who may act is there."""
    gone, seen = [], 0
    for person in list(people)[:_MOST_PEOPLE]:
        try:
            answer = await _call(client.users_info(user=person), "users.info")
            known = named(answer, "user", dict, "users.info")
        except HezoError as error:
            gone.append(f"{person} ({describe(error)})")
            continue
        seen += 1
        if known.get("deleted"):
            gone.append(f"{person} (deactivated)")
    if gone:
        said = f"not to be found: {', '.join(gone)}; correct slack.engineers and slack.managers"
        return Checkup("slack people", is_well=False, said=said)
    return Checkup("slack people", is_well=True, said=f"{seen} engineers and managers are there")


async def _groups(slack: SlackGroups, groups: Iterable[str]) -> Checkup:
    """Whether the groups whose members may act are there, and somebody in each."""
    wrong, seen = [], []
    for group in groups:
        try:
            members = await slack.members(group)
        except HezoError as error:
            wrong.append(f"{group}: {describe(error)}")
            continue
        seen.append(f"{group} ({len(members)})")
        if not members:
            wrong.append(f"{group}: nobody is in it")
    if wrong:
        said = f"{'; '.join(wrong)}; correct slack.engineer_groups and slack.manager_groups, or the group in Slack"
        return Checkup("slack groups", is_well=False, said=said)
    return Checkup("slack groups", is_well=True, said=", ".join(seen))


async def _call(answer: Any, method: str, channel: str = "") -> Any:
    """Slack's answer. Raises what `bot.edges.slack_errors` makes of a failure."""
    try:
        return await answer
    except Exception as error:
        raise translate(error, method, repeatable=True, channel=channel) from error
