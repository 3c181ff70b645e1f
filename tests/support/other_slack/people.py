"""What people do in another Slack: read, write, press what they see, fill in forms. They know blocks, and no code."""

from __future__ import annotations

import copy
import html
import time
from dataclasses import dataclass
from typing import Any

from tests.support.other_slack.block_kit import elements_of, wrong_with_view
from tests.support.other_slack.http_mode import HttpMode
from tests.support.other_slack.socket_mode import Envelope, SocketMode
from tests.support.other_slack.workspace import (
    APP,
    BOT_USER,
    ENTERPRISE,
    TEAM,
    Body,
    Channel,
    User,
    Workspace,
    value_key,
)

CHOSEN = "action_id", "type", "text", "value", "selected_option"
"""What a payload says of an element that was pressed, or in which something was chosen."""
UNKNOWN = {"some_new_field": {"nested": [1, None, True]}, "is_new_thing": False}


@dataclass
class Seen:
    """An element that can be pressed, and where it stands."""

    block: Body
    element: Body

    @property
    def action(self) -> str:
        """Its action_id."""
        return str(self.element["action_id"])


def pressable(blocks: list[Body]) -> list[Seen]:
    """Buttons, menus and the like: whatever sends something at once."""
    return [
        Seen(block, element)
        for block in blocks
        for element in elements_of(block)
        if block["type"] != "input" or block.get("dispatch_action")
    ]


def words(value: object) -> str:
    """All that can be read in blocks."""
    if isinstance(value, dict):
        own = html.unescape(value["text"]) + "\n" if isinstance(value.get("text"), str) else ""
        return own + "".join(words(inner) for inner in value.values())
    return "".join(map(words, value)) if isinstance(value, list) else ""


class People:
    """Acts for persons.

    Attributes:
        way: How the app is told of it.
        sparse: Payloads lack what Slack may leave out.
    """

    def __init__(self, workspace: Workspace, way: SocketMode | HttpMode) -> None:
        self.workspace, self.way = workspace, way
        self.base = ""
        self.sparse = False

    # --- writing -----------------------------------------------------------------------------------------------
    async def write(self, user: User, channel: Channel, text: str, *, thread: str = "", **more: Any) -> Body:
        """Write a message, also into a thread."""
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
        message: Body = {
            "type": "message",
            "user": user.id,
            "ts": self.workspace.new_ts(),
            "text": html.escape(text, quote=False),
            "team": user.team,
            "blocks": [{"type": "rich_text", "block_id": "x1Y", "elements": [section]}],
            **({"thread_ts": thread, "parent_user_id": BOT_USER} if thread else {}),
            **more,
        }
        channel.messages[message["ts"]] = message
        self.event({**message, "channel": channel.id, "event_ts": message["ts"], "channel_type": channel.kind})
        await self.workspace.touch()
        return message

    def event(self, event: Body) -> Any:
        """Something happened; gives the task that tells the app of it, which gives whether it was acknowledged."""
        return self.way.event(self.event_payload(event))

    def event_payload(self, event: Body) -> Body:
        """What the app is told."""
        payload: Body = {
            "type": "event_callback",
            "team_id": TEAM,
            "event_id": self.workspace.new_id("Ev"),
            "event": {**event, **UNKNOWN},
        }
        if not self.sparse:
            whose = {"enterprise_id": ENTERPRISE, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True}
            payload |= {
                "api_app_id": APP,
                "event_time": int(time.time()),
                "context_team_id": TEAM,
                "context_enterprise_id": ENTERPRISE,
                "authorizations": [{**whose, "is_enterprise_install": False}],
                "is_ext_shared_channel": False,
                "event_context": "4-eyJldCI6Im1lc3NhZ2UifQ",
            }
        return payload

    # --- pressing ----------------------------------------------------------------------------------------------
    async def press(self, user: User, channel: Channel, message: Body, seen: Seen) -> Envelope:
        """Press what stands in a message."""
        return await self.way.interact("interactive", self.pressed(user, channel, message, seen))

    def pressed(self, user: User, channel: Channel, message: Body, seen: Seen) -> Body:
        """What the app is told of a press."""
        url = self.workspace.response_url(self.base, channel.id, user.id)
        name = "privategroup" if channel.private else channel.name
        payload = {
            "type": "block_actions",
            **self._who(user),
            "container": {"type": "message", "message_ts": message["ts"], "channel_id": channel.id},
            "trigger_id": self.workspace.trigger(user.id),
            "channel": {"id": channel.id, "name": name},
            "actions": [self._action(seen)],
        }
        return payload if self.sparse else {**payload, "message": copy.deepcopy(message), "response_url": url}

    async def press_in_view(self, user: User, view: Body, seen: Seen) -> Envelope:
        """Press what stands in a modal or the Home tab."""
        payload = {
            "type": "block_actions",
            **self._who(user),
            "container": {"type": "view", "view_id": view["id"]},
            "trigger_id": self.workspace.trigger(user.id),
            "view": copy.deepcopy(view),
            "actions": [self._action(seen)],
        }
        return await self.way.interact("interactive", payload)

    def _who(self, user: User) -> Body:
        if self.sparse:
            return {"user": {"id": user.id, "team_id": user.team}, "team": {"id": user.team}}
        team = {"id": user.team, "domain": "exclusive", "enterprise_id": ENTERPRISE, "enterprise_name": "EX"}
        named = {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team}
        enterprise = {"enterprise": {"id": ENTERPRISE, "name": "EX"}, "is_enterprise_install": False}
        return {"user": named, "team": team, **enterprise, "api_app_id": APP, "token": "verification", **UNKNOWN}

    def _action(self, seen: Seen) -> Body:
        known: Body = {name: seen.element[name] for name in CHOSEN if name in seen.element}
        return {**known, "block_id": seen.block["block_id"], "action_ts": self.workspace.new_ts()}

    # --- forms -------------------------------------------------------------------------------------------------
    def enter(self, view: Body, block: Body, value: Any) -> None:
        """Type or choose in a field of a form."""
        element = block["element"]
        held: Body = {"type": element["type"], str(value_key(element["type"])): value}
        view["state"]["values"].setdefault(block["block_id"], {})[element["action_id"]] = held

    async def suggestions(self, user: User, view: Body, block: Body, typed: str) -> list[Body]:
        """What a menu offers whose options the app gives."""
        payload = {
            "type": "block_suggestion",
            **self._who(user),
            "container": {"type": "view", "view_id": view["id"]},
            "view": copy.deepcopy(view),
            "action_id": block["element"]["action_id"],
            "block_id": block["block_id"],
            "value": typed,
        }
        envelope = await self.way.interact("interactive", payload, accepts=True)
        return list((envelope.answer or {}).get("options") or [])

    async def submit(self, user: User, view: Body) -> dict[str, str]:
        """Press the form's button. Gives the errors shown beside fields, "" for the form itself."""
        if empty := _left_empty(view):
            return dict.fromkeys(empty, "Slack: please complete this required field")
        payload = {
            "type": "view_submission",
            **self._who(user),
            "trigger_id": self.workspace.trigger(user.id),
            "view": copy.deepcopy(view),
            "response_urls": [],
        }
        envelope = await self.way.interact("interactive", payload, accepts=True)
        if not envelope.acked.is_set():
            return {"": "Slack: we had some trouble connecting. Try again?"}
        return self._submitted(user, view, envelope.answer or {})

    def _submitted(self, user: User, view: Body, answer: Body) -> dict[str, str]:
        at = next((at for at, other in enumerate(user.views) if other["id"] == view["id"]), None)
        errors: dict[str, str] = {}
        match answer.get("response_action"):
            case "errors":
                errors = answer["errors"]
                known = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
                if not errors or errors.keys() - known:
                    self.workspace.violations.append(f"errors for fields that are not there: {errors.keys() - known}")
            case "update":
                self.workspace.violations += wrong_with_view(answer["view"])
                if at is not None:
                    user.views[at] = self.workspace.dress_view(answer["view"], user.views[at])
            case "clear":
                user.views.clear()
            case None if not answer:
                del user.views[at or 0 : (at or 0) + 1]
            case other:
                self.workspace.violations.append(f"an answer to a form with {other}, {sorted(answer)}")
        return errors

    # --- the rest ----------------------------------------------------------------------------------------------
    async def command(self, user: User, channel: Channel, text: str) -> Envelope:
        """Type a slash command."""
        payload = {
            "team_id": user.team,
            "channel_id": channel.id,
            "channel_name": channel.name,
            "user_id": user.id,
            "user_name": user.name,
            "command": "/hezo",
            "text": text,
            "is_enterprise_install": "false",
            "trigger_id": self.workspace.trigger(user.id),
            "response_url": self.workspace.response_url(self.base, channel.id, user.id),
        }
        return await self.way.interact("slash_commands", payload, accepts=True)

    async def open_home(self, user: User) -> None:
        """Look at the app's Home tab."""
        event: Body = {"type": "app_home_opened", "user": user.id, "channel": "D0HOME", "tab": "home"}
        await self.event({**event, **({"view": copy.deepcopy(user.home)} if user.home else {})})


def _left_empty(view: Body) -> list[str]:
    """The blocks that have to be filled in, and are not; Slack's own window asks for them."""
    found = []
    for block in view["blocks"]:
        if block["type"] == "input" and not block.get("optional"):
            element = block["element"]
            held = view["state"]["values"].get(block["block_id"], {}).get(element["action_id"], {})
            if not held.get(value_key(element["type"]) or ""):
                found.append(str(block["block_id"]))
    return found
