"""What another Slack remembers: people, channels, messages, views; and the ids and times that it gives."""

from __future__ import annotations

import asyncio
import copy
import html
import itertools
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.other_slack.block_kit import elements_of

Body = dict[str, Any]
PATIENCE = 60.0
"""Seconds that people wait for an ack, and that a trigger_id lives; 3 at Slack, but test machines can be busy."""

TEAM, ENTERPRISE, OTHER_TEAM = "T9XK2LMNOPQ", "E0GRID0001Z", "T0CUSTOMER7"
APP, BOT_USER, BOT_ID = "A02NEWAPPX1", "W012A3CDEBOT", "B0HEZOBOT99"


@dataclass
class User:
    """A person. Ids of the Enterprise Grid begin with W."""

    id: str
    name: str
    real_name: str
    team: str = TEAM
    is_bot: bool = False
    home: Body | None = None
    views: list[Body] = field(default_factory=list)
    ephemerals: list[Body] = field(default_factory=list)


@dataclass
class Channel:
    """A channel with everything posted in it, by time, threads too."""

    id: str
    name: str
    members: set[str]
    private: bool = False
    shared: bool = False
    archived: bool = False
    messages: dict[str, Body] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """As events call it."""
        return "group" if self.private else "channel"

    def thread(self, ts: str) -> list[Body]:
        return [m for m in self.messages.values() if m["ts"] == ts or m.get("thread_ts") == ts]


@dataclass
class Call:
    """A call of the Web API as it came, and the error that it was answered with."""

    method: str
    args: Body
    at: float
    error: str = ""


@dataclass
class Trigger:
    """Opens one view, within a time."""

    user: str
    until: float
    used: bool = False
    view: str = ""


class Workspace:
    """The state. Whoever changes it calls `touch`; whoever waits for it, `wait_for`."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)  # noqa: S311  # no secret: the same ids in every run
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, list[str]] = {}
        self.files: dict[str, Body] = {}
        self.contents: dict[str, bytes] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, Body] = {}
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.changed = asyncio.Condition()
        self.revision = 0
        self._count = itertools.count(1)
        self._last_ts = 0
        self.add_user("hezo", "HEZO 360", id_=BOT_USER).is_bot = True

    def new_id(self, prefix: str) -> str:
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
        return prefix + "".join(self.random.choice(letters) for _ in range(9)) + str(next(self._count) % 10)

    def new_ts(self) -> str:
        now = max(int(time.time() * 1_000_000), self._last_ts + 10)
        self._last_ts = now
        return f"{now // 1_000_000}.{now % 1_000_000:06d}"

    def add_user(self, name: str, real_name: str, *, team: str = TEAM, id_: str = "") -> User:
        user = User(id_ or self.new_id(self.random.choice("UW")), name, real_name, team)
        self.users[user.id] = user
        return user

    def add_channel(self, name: str, members: list[User], *, private: bool = False, shared: bool = False) -> Channel:
        channel = Channel(self.new_id("C"), name, {u.id for u in members} | {BOT_USER}, private, shared)
        self.channels[channel.id] = channel
        return channel

    def trigger(self, user: str, view: str = "") -> str:
        stamp = f"{next(self._count)}.{self.random.randrange(10**12)}.{self.random.randbytes(16).hex()}"
        self.triggers[stamp] = Trigger(user, time.monotonic() + PATIENCE, view=view)
        return stamp

    def response_url(self, base: str, channel: str, user: str, ts: str = "") -> str:
        token = self.random.randbytes(8).hex()
        self.response_urls[token] = {"channel": channel, "user": user, "uses": 5, "until": time.time() + 1800, "ts": ts}
        return f"{base}/actions/{TEAM}/{token}"

    def dress(self, blocks: list[Body]) -> list[Body]:
        """Blocks as Slack gives them back: with ids, with defaults, with the text escaped once."""
        dressed = copy.deepcopy(blocks)
        for block in dressed:
            block.setdefault("block_id", self.random.randbytes(3).hex())
            for element in elements_of(block):
                element.setdefault("action_id", self.random.randbytes(3).hex())
        for text in _texts(dressed):
            if text["type"] == "plain_text":
                text["emoji"] = True
                text["text"] = html.escape(html.unescape(text["text"]), quote=False)
            else:
                text.setdefault("verbatim", False)
        return dressed

    def dress_view(self, view: Body, old: Body | None = None) -> Body:
        """A view as Slack gives it back, and remembers it."""
        now = {
            "id": old["id"] if old else self.new_id("V"),
            "team_id": TEAM,
            "app_id": APP,
            "bot_id": BOT_ID,
            "app_installed_team_id": TEAM,
            "hash": f"{time.time():.6f}.{self.random.randbytes(4).hex()}",
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "title": None,
            "close": None,
            "submit": None,
            "clear_on_close": False,
            "notify_on_close": False,
            "previous_view_id": old["previous_view_id"] if old else None,
            "root_view_id": old["root_view_id"] if old else "",
        }
        entered = old["state"]["values"] if old else {}
        dressed = {**now, **view, "blocks": self.dress(view["blocks"])}
        dressed["root_view_id"] = dressed["root_view_id"] or dressed["id"]
        dressed["state"] = {"values": initial_values(dressed["blocks"], entered)}
        return dressed

    def view(self, id_: str) -> tuple[User, Body] | None:
        for user in self.users.values():
            for view in [*user.views, *([user.home] if user.home else [])]:
                if view["id"] == id_:
                    return user, view
        return None

    async def touch(self) -> None:
        async with self.changed:
            self.revision += 1
            self.changed.notify_all()

    async def wait_for(self, condition: Callable[[], Any], what: str, within: float = PATIENCE) -> Any:
        """The first true value of a condition on this workspace; TimeoutError with `what` if none comes."""
        try:
            async with asyncio.timeout(within), self.changed:
                return await self.changed.wait_for(condition)
        except TimeoutError:
            raise TimeoutError(f"not within {within} s: {what}") from None


def _texts(value: Any) -> Iterator[Body]:
    if isinstance(value, dict):
        if value.get("type") in {"plain_text", "mrkdwn"} and isinstance(value.get("text"), str):
            yield value
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


_SHAPES: dict[str, tuple[str, str | None]] = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", None),
}


def value_key(kind: str) -> str | None:
    """Under which key a payload has what was entered; None for a button."""
    return _SHAPES[kind][0] if kind in _SHAPES else None


def initial_values(blocks: list[Body], entered: dict[str, Any] | None = None) -> dict[str, dict[str, Body]]:
    """The state of what can be entered: what stood under the same block_id and action_id stays, as Slack keeps it."""
    values: dict[str, dict[str, Body]] = defaultdict(dict)
    for block in blocks:
        for element in elements_of(block):
            kind = element["type"]
            if kind not in _SHAPES:
                continue
            key, initial = _SHAPES[kind]
            nothing: Any = [] if key in {"selected_options", "selected_users", "files"} else None
            value = element.get(initial, nothing) if initial else nothing
            old = (entered or {}).get(block["block_id"], {}).get(element["action_id"])
            if old is not None and old["type"] == kind:
                value = old.get(key)
            values[block["block_id"]][element["action_id"]] = {"type": kind, key: value}
    return dict(values)
