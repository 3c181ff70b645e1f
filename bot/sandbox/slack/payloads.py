"""Interaction payloads as Slack words them when somebody clicks, submits, or uses a command or shortcut.

https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

import secrets
from typing import Any

from bot.sandbox.slack.backstage import Backstage
from bot.sandbox.slack.element_state import State, initial_state, state_key
from bot.sandbox.slack.model import Channel, Json, Message, ResponseUrl, User, View
from bot.sandbox.slack.shapes import message_json, view_json

VERIFICATION_TOKEN = "stand-in-verification-token"  # noqa: S105 (the retired field that Slack still sends)


def _user(user: User) -> Json:
    return {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id}


def _channel(channel: Channel) -> Json:
    names = {"private": "privategroup", "im": "directmessage"}
    return {"id": channel.id, "name": names.get(channel.kind, channel.name)}


def _frame(backstage: Backstage, kind: str, user: User) -> Json:
    """What all interaction payloads have; `team` is the person's own team."""
    team = backstage.workspace.teams[user.team_id]
    return {
        "type": kind,
        "user": _user(user),
        "api_app_id": backstage.workspace.app_id,
        "token": VERIFICATION_TOKEN,
        "team": {"id": team.id, "domain": team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def response_url(backstage: Backstage, user: User, channel: Channel, message: Message | None = None) -> str:
    """A new response_url for what this person did in this channel."""
    return backstage.new_response_url(
        ResponseUrl(
            secret=secrets.token_hex(16),
            user=user.id,
            channel=channel.id,
            issued_at=backstage.workspace.now(),
            message_ts=message.ts if message else None,
            thread_ts=message.thread_ts if message else None,
        )
    )


def state_of(message: Message, user: str) -> State:
    """What this person chose in the menus of a message."""
    return initial_state(message.blocks, message.states.get(user))


def action_json(backstage: Backstage, block: Json, element: Json, choice: Any) -> Json:
    """One entry of `actions`."""
    kind = element["type"]
    action: Json = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": backstage.workspace.new_ts(),
    }
    for key in ("text", "value", "style", "placeholder", "confirm", "initial_option", "url"):
        if key in element:
            action[key] = element[key]
    if kind == "overflow":
        action["selected_option"] = choice
    key = str(state_key(kind))
    if state_key(kind):
        action[key] = choice
    return action


def block_actions_in_message(backstage: Backstage, user: User, message: Message, action: Json) -> Json:
    """`block_actions` from a message; for ephemeral ones Slack does not send the message itself."""
    workspace = backstage.workspace
    channel = workspace.channels[message.channel]
    ephemeral = message.visible_to is not None
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = {
        **_frame(backstage, "block_actions", user),
        "container": container,
        "trigger_id": backstage.new_trigger(user.id),
        "channel": _channel(channel),
        "state": {"values": state_of(message, user.id)},
        "response_url": response_url(backstage, user, channel, message),
        "actions": [action],
    }
    if not ephemeral:
        payload["message"] = message_json(workspace, message, metadata=True)
    return payload


def block_actions_in_view(backstage: Backstage, user: User, view: View, action: Json) -> Json:
    """`block_actions` from a modal or the Home tab."""
    return {
        **_frame(backstage, "block_actions", user),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": backstage.new_trigger(user.id, view.id),
        "view": view_json(backstage.workspace, view),
        "actions": [action],
    }


def block_suggestion(
    backstage: Backstage, user: User, block: Json, element: Json, query: str, place: Message | View
) -> Json:
    """`block_suggestion`: somebody typed into an external menu."""
    payload = {
        **_frame(backstage, "block_suggestion", user),
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "value": query,
    }
    if isinstance(place, View):
        container = {"type": "view", "view_id": place.id}
        return {**payload, "container": container, "view": view_json(backstage.workspace, place)}
    channel = backstage.workspace.channels[place.channel]
    return {
        **payload,
        "container": {"type": "message", "message_ts": place.ts, "channel_id": channel.id, "is_ephemeral": False},
        "channel": _channel(channel),
        "message": message_json(backstage.workspace, place, metadata=True),
    }


def view_submission(backstage: Backstage, user: User, view: View) -> Json:
    """`view_submission`."""
    return {
        **_frame(backstage, "view_submission", user),
        "trigger_id": backstage.new_trigger(user.id, view.id),
        "view": view_json(backstage.workspace, view),
        "response_urls": [],
    }


def view_closed(backstage: Backstage, user: User, view: View, *, is_cleared: bool) -> Json:
    """`view_closed`, sent when the view asked for it (`notify_on_close`)."""
    return {
        **_frame(backstage, "view_closed", user),
        "view": view_json(backstage.workspace, view),
        "is_cleared": is_cleared,
    }


def message_action(backstage: Backstage, user: User, callback_id: str, message: Message) -> Json:
    """`message_action`: a message shortcut."""
    channel = backstage.workspace.channels[message.channel]
    return {
        **_frame(backstage, "message_action", user),
        "action_ts": backstage.workspace.new_ts(),
        "callback_id": callback_id,
        "trigger_id": backstage.new_trigger(user.id),
        "response_url": response_url(backstage, user, channel, message),
        "message_ts": message.ts,
        "channel": _channel(channel),
        "message": message_json(backstage.workspace, message, metadata=True),
    }


def shortcut(backstage: Backstage, user: User, callback_id: str) -> Json:
    """`shortcut`: a global shortcut."""
    return {
        **_frame(backstage, "shortcut", user),
        "action_ts": backstage.workspace.new_ts(),
        "callback_id": callback_id,
        "trigger_id": backstage.new_trigger(user.id),
    }


def slash_command(backstage: Backstage, user: User, channel: Channel, command: str, text: str) -> Json:
    """A slash command: flat, as in a form post."""
    team = backstage.workspace.teams[user.team_id]
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": channel.id,
        "channel_name": _channel(channel)["name"],
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": backstage.workspace.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url(backstage, user, channel),
        "trigger_id": backstage.new_trigger(user.id),
    }
