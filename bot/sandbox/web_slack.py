"""What people do in the sandbox's Slack by the page, and what they see there."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from bot.sandbox.slack.model import Message, NotPossible, View
from bot.sandbox.slack.people_base import Outcome
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.web_files import entered, picture_type

Json = dict[str, Any]
Id = Annotated[str, Field(max_length=300)]
Text = Annotated[str, Field(max_length=40_000)]

MOST_MESSAGES = 1000
"""The page shows that many of the latest messages of a channel, replies included."""
_LATEST_TROUBLE = 20
_HANDLE = re.compile(r"(?<![\w<.+-])@([A-Za-z0-9][\w-]*(?:\.[\w-]+)*)")


class Body(BaseModel):
    """What the page sends: nothing but the named fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Post(Body):
    """Write a message, into a thread where `thread_ts` is given; a slash command where the text is one."""

    user: Id
    channel: Id
    text: Text
    thread_ts: Id | None = None
    broadcast: bool = False


class Edit(Body):
    """Change an own message; without text, delete it."""

    user: Id
    channel: Id
    ts: Id
    text: Text | None = None


class React(Body):
    """Add a reaction, or take the own one back."""

    user: Id
    channel: Id
    ts: Id
    emoji: Id


class Click(Body):
    """Use a button or menu of a message (`channel`, `ts`), a modal (`view_id`) or, with neither, the Home tab."""

    user: Id
    action_id: Id
    block_id: Id
    channel: Id | None = None
    ts: Id | None = None
    view_id: Id | None = None
    value: Annotated[str, Field(max_length=2000)] | None = None
    selected: JsonValue = None


class Fill(Body):
    """Enter something into a modal's field that the app wants to hear about at once."""

    user: Id
    view_id: Id
    field: Id
    value: JsonValue = None


class Submit(Body):
    """Submit a modal; field -> value."""

    user: Id
    view_id: Id
    values: dict[Id, JsonValue]


class Close(Body):
    """Close a modal."""

    user: Id
    view_id: Id


class Suggest(Body):
    """Type into an external menu."""

    user: Id
    action_id: Id
    query: Id
    block_id: Id | None = None
    channel: Id | None = None
    ts: Id | None = None
    view_id: Id | None = None


class Shortcut(Body):
    """Use a message shortcut (`channel`, `ts`) or a global one."""

    user: Id
    callback_id: Id
    channel: Id | None = None
    ts: Id | None = None


class Home(Body):
    """Open the app's Home tab."""

    user: Id


Act = tuple[type[Body], Callable[[Any], Awaitable[Json]]]


class SlackActs:
    """Turns the page's requests into acts of `People`.

    Every act raises `NotPossible` where Slack's own client would not offer it, and gives `{"ok": false, "error": ...}`
    where the app did not answer in time.
    """

    def __init__(self, slack: SlackSandbox) -> None:
        self._slack = slack
        self._people = slack.people

    def acts(self) -> dict[str, Act]:
        """Name -> (what it needs, what does it)."""
        return {
            "post": (Post, self.post),
            "edit": (Edit, self.edit),
            "react": (React, self.react),
            "click": (Click, self.click),
            "fill": (Fill, self.fill),
            "submit": (Submit, self.submit),
            "close": (Close, self.close),
            "suggest": (Suggest, self.suggest),
            "shortcut": (Shortcut, self.shortcut),
            "home": (Home, self.home),
        }

    async def post(self, body: Post) -> Json:
        """Write a message or use a slash command; "@ewa" becomes a mention, as by choosing it from Slack's list."""
        text = _HANDLE.sub(self._mention, body.text)
        if text.startswith("/") and body.thread_ts is None:
            command, _, words = text.partition(" ")
            return _outcome(await self._people.slash(body.user, body.channel, command, words.strip()))
        message = await self._people.post(
            body.user, body.channel, text, thread_ts=body.thread_ts, broadcast=body.broadcast
        )
        return {"ok": True, "ts": message.ts}

    def _mention(self, handle: re.Match[str]) -> str:
        users = self._slack.workspace.users.values()
        found = [user for user in users if user.name == handle[1].lower() and not user.deleted]
        return f"<@{found[0].id}|{found[0].name}>" if found else handle[0]

    async def edit(self, body: Edit) -> Json:
        """Change or delete an own message."""
        if body.text is None:
            await self._people.delete(body.user, body.channel, body.ts)
        else:
            await self._people.edit(body.user, body.channel, body.ts, body.text)
        return {"ok": True}

    async def react(self, body: React) -> Json:
        """Add a reaction, or take it back."""
        message = self._slack.workspace.message(body.channel, body.ts)
        if body.user in message.reactions.get(body.emoji, ()):
            await self._people.unreact(body.user, body.channel, body.ts, body.emoji)
        else:
            await self._people.react(body.user, body.channel, body.ts, body.emoji)
        return {"ok": True}

    async def click(self, body: Click) -> Json:
        """Use a button or menu."""
        chosen: Json = {"value": body.value, "selected": body.selected, "block_id": body.block_id}
        if body.view_id is not None:
            return _outcome(await self._people.click_view(body.user, body.view_id, body.action_id, **chosen))
        if body.channel is not None and body.ts is not None:
            return _outcome(await self._people.click(body.user, body.channel, body.ts, body.action_id, **chosen))
        return _outcome(await self._people.click_home(body.user, body.action_id, **chosen))

    async def fill(self, body: Fill) -> Json:
        """Enter something into a modal."""
        await self._people.fill(body.user, body.view_id, body.field, entered(body.value))
        return {"ok": True}

    async def submit(self, body: Submit) -> Json:
        """Submit a modal; what is wrong shows in the modal itself."""
        values = {field: entered(value) for field, value in body.values.items()}
        errors = await self._people.submit_view(body.user, body.view_id, values)
        return {"ok": errors is None, "errors": errors or {}}

    async def close(self, body: Close) -> Json:
        """Close a modal."""
        return _outcome(await self._people.close_view(body.user, body.view_id))

    async def suggest(self, body: Suggest) -> Json:
        """The options that the app offers for what was typed."""
        workspace = self._slack.workspace
        place: Message | View | None
        if body.channel is not None and body.ts is not None:
            place = workspace.message(body.channel, body.ts)
        else:
            place = workspace.views.get(body.view_id) if body.view_id is not None else workspace.home(body.user)
        if place is None:
            raise NotPossible(f"{body.view_id or 'the Home tab'} is not open")
        return {"options": await self._people.suggest(body.user, place, body.action_id, body.query, body.block_id)}

    async def shortcut(self, body: Shortcut) -> Json:
        """Use a shortcut."""
        if body.channel is not None and body.ts is not None:
            return _outcome(await self._people.message_shortcut(body.user, body.callback_id, body.channel, body.ts))
        return _outcome(await self._people.global_shortcut(body.user, body.callback_id))

    async def home(self, body: Home) -> Json:
        """Open the Home tab; the app hears of it and publishes it."""
        await self._people.open_home(body.user)
        return {"ok": True}

    # --- for the page

    def entries(self) -> Iterator[tuple[str, Json]]:
        """People, channels, messages, modals, Home tabs, and what went wrong."""
        seen = self._slack.workspace.snapshot()
        app = self._slack.workspace.app
        yield (
            "slack/app",
            {
                "name": app.name,
                "team": seen["team"],
                "teams": seen["teams"],
                "bot_user": seen["bot_user"],
                "commands": sorted(app.commands or ()),
                "shortcuts": sorted(app.shortcuts or ()),
                "connected": bool(self._slack.sockets.sockets),
            },
        )
        for key, user in seen["users"].items():
            yield f"slack/user/{key}", user
        for group in seen["usergroups"]:
            yield f"slack/usergroup/{group['id']}", group
        for channel in seen["channels"]:
            for message in channel["messages"]:
                for file in message.get("files", ()):
                    file["is_picture"] = picture_type(self._slack.workspace.files[file["id"]].content) is not None
            yield from _channel_entries(channel)
        for user, stack in seen["views"].items():
            yield f"slack/views/{user}", {"stack": stack}
        for user, view in seen["homes"].items():
            yield f"slack/home/{user}", view
        for number, error in enumerate(seen["user_errors"]):
            if number >= len(seen["user_errors"]) - _LATEST_TROUBLE:
                yield f"slack/error/{number}", error


def _channel_entries(channel: Json) -> Iterator[tuple[str, Json]]:
    place = channel["id"]
    for message in channel.pop("messages")[-MOST_MESSAGES:]:
        yield f"slack/message/{place}/{message['ts']}", {**message, "channel": place}
    for user, messages in channel.pop("ephemerals").items():
        for message in messages[-MOST_MESSAGES:]:
            yield f"slack/ephemeral/{user}/{place}/{message['ts']}", {**message, "channel": place, "visible_to": user}
    yield f"slack/channel/{place}", channel


def _outcome(outcome: Outcome) -> Json:
    return {"ok": True} if outcome.ok else {"ok": False, "error": outcome.error}
