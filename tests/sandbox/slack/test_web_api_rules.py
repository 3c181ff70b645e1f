"""Tokens, scopes, argument names, unknown methods: what is refused before a method runs; who is who."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import MovableClock
from bot.sandbox.slack import App, SlackSandbox, Workspace
from bot.sandbox.slack.reference import methods
from bot.sandbox.slack.web_api import METHODS


async def error_of(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


def test_every_implemented_method_is_in_the_reference() -> None:
    assert METHODS.keys() <= methods().keys()
    assert len(methods()) == 123


async def test_tokens(slack: SlackSandbox, client: AsyncWebClient) -> None:
    assert (await client.auth_test())["user_id"] == slack.workspace.bot_user.id
    nobody = AsyncWebClient(base_url=slack.api_url)
    assert await error_of(nobody.auth_test()) == "not_authed"
    assert await error_of(AsyncWebClient(token="xoxb-wrong", base_url=slack.api_url).auth_test()) == "invalid_auth"
    assert await error_of(client.apps_connections_open(app_token=slack.workspace.bot_token)) == "not_allowed_token_type"
    slack.workspace.violations.clear()


async def test_unknown_methods_and_methods_without_a_stand_in(client: AsyncWebClient, workspace: Workspace) -> None:
    assert await error_of(client.api_call("chat.shout")) == "unknown_method"
    assert await error_of(client.dnd_info(user="U1")) == "not_implemented_in_sandbox"
    assert len(workspace.violations) == 2
    workspace.violations.clear()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"channel": "C1", "text": "x", "colour": "red"}, "unknown argument: colour"),
        ({"text": "x"}, "missing required field: channel"),
        ({"channel": "C1", "text": 7}, "must be a string"),
    ],
)
async def test_wrong_arguments_are_refused_and_noted(
    client: AsyncWebClient, workspace: Workspace, office: Any, args: dict[str, Any], words: str
) -> None:
    args = {**args, "channel": office.support.id} if "channel" in args else args
    with pytest.raises(SlackApiError) as caught:
        await client.api_call("chat.postMessage", json=args)
    assert caught.value.response["error"] == "invalid_arguments"
    assert words in caught.value.response["response_metadata"]["messages"][0]
    [violation] = workspace.violations
    assert words in violation.what
    workspace.violations.clear()


async def test_form_fields_may_carry_json(client: AsyncWebClient, office: Any, workspace: Workspace) -> None:
    blocks = '[{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}]'
    posted = await client.api_call(
        "chat.postMessage", data={"channel": office.support.id, "text": "[nie JSON", "blocks": blocks}
    )
    assert posted["message"]["blocks"][0]["type"] == "section"
    assert posted["message"]["text"] == "[nie JSON"
    broken = client.api_call("chat.postMessage", data={"channel": office.support.id, "text": "x", "blocks": "[{"})
    assert await error_of(broken) == "invalid_blocks_format"
    workspace.violations.clear()


async def test_a_scope_that_the_manifest_lacks_is_a_violation(clock: MovableClock) -> None:
    slack = SlackSandbox(clock, App(scopes=frozenset({"chat:write"})))
    await slack.start()
    channel = slack.workspace.add_channel("wsparcie")
    client = AsyncWebClient(token=slack.workspace.bot_token, base_url=slack.api_url)
    with pytest.raises(SlackApiError) as caught:
        await client.conversations_history(channel=channel.id)
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "channels:history"
    assert caught.value.response["provided"] == "chat:write"
    assert len(slack.workspace.violations) == 1
    await slack.stop()


async def test_a_revoked_scope_is_a_fault_of_slack_not_of_the_app(
    slack: SlackSandbox, client: AsyncWebClient, office: Any
) -> None:
    slack.faults.revoke_scope("chat:write")
    assert await error_of(client.chat_postMessage(channel=office.support.id, text="x")) == "missing_scope"
    slack.faults.clear()
    await client.chat_postMessage(channel=office.support.id, text="x")


async def test_texts_and_metadata_have_limits(client: AsyncWebClient, office: Any, workspace: Workspace) -> None:
    channel = office.support.id
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}
    event = {"event_type": "t", "event_payload": {"words": "x" * 16_000}}
    assert await error_of(client.chat_postMessage(channel=channel, text="x" * 40_001)) == "msg_too_long"
    assert (
        await error_of(client.chat_postMessage(channel=channel, text="x", blocks=[section] * 5))
        == "msg_blocks_too_long"
    )
    assert await error_of(client.chat_postMessage(channel=channel, text="x", metadata=event)) == "metadata_too_large"
    bad_metadata = client.chat_postMessage(channel=channel, text="x", metadata={"event_type": "t"})
    assert await error_of(bad_metadata) == "invalid_metadata_schema"
    assert await error_of(client.api_call("chat.postMessage", json={"channel": channel})) == "no_text"
    assert len(workspace.violations) == 5
    workspace.violations.clear()


async def test_blocks_without_fallback_text_are_noted_but_posted(
    client: AsyncWebClient, office: Any, workspace: Workspace
) -> None:
    divider: list[dict[str, Any]] = [{"type": "divider"}]
    await client.api_call("chat.postMessage", json={"channel": office.support.id, "blocks": divider})
    [violation] = workspace.violations
    assert "fallback" in violation.what
    workspace.violations.clear()


async def test_people_teams_groups_and_bots(client: AsyncWebClient, office: Any, workspace: Workspace) -> None:
    group = workspace.add_usergroup("inzynierowie", "Inżynierowie", [office.anna.id, office.marek.id])
    robot = workspace.add_bot("jenkins")
    assert (await client.users_info(user=office.anna.id))["user"]["profile"]["email"] == "anna@myhezo.pl"
    customer = (await client.users_info(user=office.customer.id, include_locale=True))["user"]
    assert customer["is_stranger"]
    assert customer["team_id"] == office.customer.team_id != workspace.team.id
    assert customer["locale"] == "pl-PL"
    members = (await client.users_list())["members"]
    assert {member["id"] for member in members} >= {office.anna.id, robot.id}
    assert office.customer.id not in {member["id"] for member in members}
    found = await client.users_lookupByEmail(email="ANNA@myhezo.pl")
    assert found["user"]["id"] == office.anna.id
    assert await error_of(client.users_lookupByEmail(email="jan@klient.pl")) == "users_not_found"
    groups = (await client.usergroups_list(include_users=True))["usergroups"]
    assert [entry["users"] for entry in groups] == [[office.anna.id, office.marek.id]]
    assert (await client.usergroups_users_list(usergroup=group.id))["users"] == group.users
    assert (await client.bots_info(bot=str(robot.bot_id)))["bot"]["user_id"] == robot.id
    assert (await client.team_info())["team"]["id"] == workspace.team.id
    info = (await client.conversations_info(channel=office.shared.id, include_num_members=True))["channel"]
    assert info["is_ext_shared"]
    assert info["num_members"] == 3
    listed = (await client.conversations_members(channel=office.shared.id))["members"]
    assert office.customer.id in listed


async def test_garbage_is_answered_not_crashed_on(slack: SlackSandbox) -> None:
    headers = {"Authorization": f"Bearer {slack.workspace.bot_token}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        for body, error in (("{", "invalid_json"), ("[]", "json_not_object")):
            async with session.post(f"{slack.api_url}chat.postMessage", data=body, headers=headers) as answer:
                assert (await answer.json())["error"] == error


async def test_waiting_wakes_on_change_and_says_what_it_waited_for(slack: SlackSandbox, office: Any) -> None:
    workspace = slack.workspace
    revision = workspace.revision
    waiting = asyncio.create_task(workspace.next_revision(revision))
    seen = asyncio.create_task(workspace.wait_for(lambda: workspace.timeline(office.support.id)))
    await slack.people.post(office.anna.id, office.support.id, "cześć")
    assert await waiting > revision
    assert [message.text for message in await seen] == ["cześć"]
    with pytest.raises(TimeoutError, match="a miracle"):
        await workspace.wait_for(lambda: False, timeout=0.01, what="a miracle")
