"""The state of the workspace: people, conversations, messages, views; and the feed of its changes."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from bot.ports import Clock
from bot.sandbox.slack.model import (
    ApiCall,
    Channel,
    File,
    Json,
    Message,
    NotPossible,
    ResponseUrl,
    Team,
    Trigger,
    User,
    UserError,
    Usergroup,
    View,
    Violation,
)

T = TypeVar("T")

SUPPORT_SCOPES = frozenset(
    {
        "app_mentions:read", "channels:history", "channels:join", "channels:read", "chat:write", "commands",
        "files:read", "files:write", "groups:history", "groups:read", "groups:write", "im:history", "im:read",
        "im:write", "mpim:history", "mpim:read", "mpim:write", "pins:read", "pins:write", "reactions:read",
        "reactions:write", "team:read", "usergroups:read", "users:read", "users:read.email",
    }
)  # fmt: skip
"""Every bot scope that an implemented method or event asks for."""

CALL_LOG_LIMIT = 200_000


@dataclass(frozen=True, slots=True)
class App:
    """Our app as its manifest declares it; None means: everything of that kind.

    Attributes:
        scopes: Granted bot scopes.
        events: Subscribed bot events in manifest words (`message.channels`, `app_home_opened`, ...).
        commands: Slash commands, with the slash.
        shortcuts: callback_ids of global and message shortcuts.
    """

    name: str = "hezo360"
    scopes: frozenset[str] = SUPPORT_SCOPES
    events: frozenset[str] | None = None
    commands: frozenset[str] | None = None
    shortcuts: frozenset[str] | None = None


class Workspace:
    """One workspace with our app installed. Everything is looked up by Slack ids.

    Set it up with the `add_...` methods (no events are sent for those); afterwards people act through `People`.
    """

    def __init__(self, clock: Clock, app: App, *, bot_token: str = "", app_token: str = "") -> None:
        self.clock = clock
        self.app = app
        self.scopes = set(app.scopes)
        self.team = Team("T00000001", "HEZO 360", "hezo360")
        self.app_id = "A00000001"
        self.bot_id = "B00000001"
        self.bot_token = bot_token or f"xoxb-{secrets.token_hex(12)}"
        self.app_token = app_token or f"xapp-1-{self.app_id}-{secrets.token_hex(12)}"
        self.teams: dict[str, Team] = {self.team.id: self.team}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, Usergroup] = {}
        self.files: dict[str, File] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[str]] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.calls: list[ApiCall] = []
        self.violations: list[Violation] = []
        self.user_errors: list[UserError] = []
        self.revision = 0
        self.base_url = ""
        self._numbers = itertools.count(2)
        self._last_micros = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self.bot_user = self._add_user(
            User("U00000001", app.name, app.name, self.team.id, bot_id=self.bot_id, app_id=self.app_id)
        )

    # --- time, ids, the feed of changes

    def now(self) -> datetime:
        """The workspace's time: the injected clock."""
        return self.clock.now()

    def epoch(self) -> int:
        """The workspace's time in whole Unix seconds."""
        return int(self.now().timestamp())

    def new_ts(self) -> str:
        """A new message ts: a string, unique in the workspace, always greater than the one before."""
        self._last_micros = max(int(self.now().timestamp() * 1_000_000), self._last_micros + 1)
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def new_id(self, prefix: str) -> str:
        """A new id such as `U00000002`."""
        return f"{prefix}{next(self._numbers):08d}"

    def changed(self) -> None:
        """Tell everyone who waits that something is different now."""
        self.revision += 1
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def next_revision(self, after: int, timeout: float = 25.0) -> int:  # noqa: ASYNC109 (a page's long poll)
        """Wait until the revision is greater than `after`, at most `timeout` seconds; returns the revision."""
        try:
            async with asyncio.timeout(timeout):
                while self.revision <= after:
                    await self._change()
        except TimeoutError:
            pass
        return self.revision

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 60.0, what: str = "") -> T:  # noqa: ASYNC109 (the point of it)
        """Wait until the predicate gives something true, looking again after every change; returns what it gave.

        Raises:
            TimeoutError: it stayed false for `timeout` seconds; says what was awaited and the latest calls.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (found := predicate()):
                    await self._change()
                return found
        except TimeoutError:
            latest = ", ".join(f"{call.method}:{call.error or call.status}" for call in self.calls[-8:])
            raise TimeoutError(f"not within {timeout} s: {what or predicate}; latest calls: {latest}") from None

    async def _change(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)

    # --- notes for assertions

    def violation(self, where: str, what: str) -> None:
        """Note something that Slack refuses or advises against."""
        self.violations.append(Violation(where, what, self.now()))
        self.changed()

    def user_error(self, user: str, where: str, what: str) -> None:
        """Note what a person saw go wrong."""
        self.user_errors.append(UserError(user, where, what, self.now()))
        self.changed()

    def log_call(self, call: ApiCall) -> None:
        """Note an answered call; the oldest half is dropped when the log is full."""
        self.calls.append(call)
        if len(self.calls) > CALL_LOG_LIMIT:
            del self.calls[: CALL_LOG_LIMIT // 2]
        self.changed()

    def calls_of(self, method: str, *, ok: bool | None = None) -> list[ApiCall]:
        """The logged calls of a method; with `ok` only those answered so."""
        return [call for call in self.calls if call.method == method and ok in (None, call.ok)]

    # --- setting up

    def _add_user(self, user: User) -> User:
        self.users[user.id] = user
        self.changed()
        return user

    def add_team(self, name: str, domain: str, *, slack_id: str = "", app_installed: bool = False) -> Team:
        """Another workspace, for people in shared (Slack Connect) channels."""
        team = Team(slack_id or self.new_id("T"), name, domain, app_installed)
        self.teams[team.id] = team
        return team

    def add_user(
        self,
        name: str,
        real_name: str = "",
        *,
        email: str | None = None,
        team: str = "",
        slack_id: str = "",
        locale: str = "pl-PL",
    ) -> User:
        """A person; of our own team unless `team` names another."""
        user = User(
            slack_id or self.new_id("U"), name, real_name or name, team or self.team.id, email=email, locale=locale
        )
        return self._add_user(user)

    def add_bot(self, name: str) -> User:
        """Another app's bot, in our team."""
        bot_id, app_id = self.new_id("B"), self.new_id("A")
        return self._add_user(User(self.new_id("U"), name, name, self.team.id, bot_id=bot_id, app_id=app_id))

    def add_channel(
        self,
        name: str,
        members: Iterable[str] = (),
        *,
        private: bool = False,
        bot: bool = True,
        slack_id: str = "",
    ) -> Channel:
        """A channel with these people (user ids), and our bot unless `bot` is False.

        Members of other teams make it a shared (Slack Connect) channel.
        """
        people = [*members, *([self.bot_user.id] if bot else [])]
        creator = people[0] if people else self.bot_user.id
        channel = Channel(
            slack_id or self.new_id("C"),
            name,
            "private" if private else "public",
            self.epoch(),
            creator,
            members=people,
        )
        self.channels[channel.id] = channel
        self.update_sharing(channel)
        return channel

    def update_sharing(self, channel: Channel) -> None:
        """Work out anew which other teams are in the channel."""
        teams = {self.user(user).team_id for user in channel.members} - {self.team.id}
        channel.shared_with = sorted({*channel.shared_with, *teams})
        self.changed()

    def add_usergroup(self, handle: str, name: str, users: Iterable[str], *, slack_id: str = "") -> Usergroup:
        """A user group of these people."""
        group = Usergroup(slack_id or self.new_id("S"), handle, name, list(users), self.epoch())
        self.usergroups[group.id] = group
        self.changed()
        return group

    def direct_channel(self, users: Iterable[str]) -> Channel:
        """The direct conversation of our bot with one user (im) or several (mpim), made when missing."""
        members = sorted({*users, self.bot_user.id})
        kind = "im" if len(members) == 2 else "mpim"
        for channel in self.channels.values():
            if channel.kind == kind and sorted(channel.members) == members:
                return channel
        name = "directmessage" if kind == "im" else "mpdm-" + "--".join(self.users[user].name for user in members)
        channel = Channel(
            self.new_id("D" if kind == "im" else "G"), name, kind, self.epoch(), self.bot_user.id, members=members
        )
        self.channels[channel.id] = channel
        self.changed()
        return channel

    # --- looking up

    def channel(self, channel: str) -> Channel:
        """A conversation by id.

        Raises:
            NotPossible: there is none.
        """
        if channel not in self.channels:
            raise NotPossible(f"there is no channel {channel}")
        return self.channels[channel]

    def user(self, user: str) -> User:
        """A user by id.

        Raises:
            NotPossible: there is none.
        """
        if user not in self.users:
            raise NotPossible(f"there is no user {user}")
        return self.users[user]

    def message(self, channel: str, ts: str) -> Message:
        """A message, ephemeral ones included.

        Raises:
            NotPossible: it does not exist (any more).
        """
        place = self.channel(channel)
        found = place.messages.get(ts) or place.ephemerals.get(ts)
        if found is None:
            raise NotPossible(f"there is no message {ts} in {channel}")
        return found

    def timeline(self, channel: str) -> list[Message]:
        """What the channel shows outside threads, oldest first."""
        return [message for message in self.channel(channel).messages.values() if is_top_level(message)]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """A thread: its parent (when not deleted), then the replies, oldest first."""
        place = self.channel(channel)
        return [*([place.messages[ts]] if ts in place.messages else []), *place.replies(ts)]

    def ephemerals(self, channel: str, user: str) -> list[Message]:
        """The messages that only this user sees in the channel, oldest first."""
        return [message for message in self.channel(channel).ephemerals.values() if message.visible_to == user]

    def open_views(self, user: str) -> list[View]:
        """The user's open modals, the visible one last."""
        return [self.views[view] for view in self.stacks.get(user, ())]

    def home(self, user: str) -> View | None:
        """What the app published to this user's Home tab."""
        return self.homes.get(user)

    def is_stranger(self, user: str) -> bool:
        """Whether the user belongs to another team (Slack Connect)."""
        return self.users[user].team_id != self.team.id

    def snapshot(self) -> Json:
        """Everything that can be seen, as JSON for a page that shows it."""
        from bot.sandbox.slack.shapes import snapshot  # shapes reads workspaces: the import would go in a circle

        return snapshot(self)


def is_top_level(message: Message) -> bool:
    """Whether the channel itself shows it: no reply, or one that was also sent to the channel."""
    return message.thread_ts is None or message.subtype == "thread_broadcast"
