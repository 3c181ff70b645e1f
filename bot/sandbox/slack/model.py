"""What a Slack workspace consists of, as plain mutable records; how Slack writes them as JSON is in `shapes`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]
"""A JSON object as Slack sends and takes it."""


class SlackError(Exception):
    """A call answered `{"ok": false, "error": ...}`.

    Attributes:
        error: Slack's error code.
        messages: What `response_metadata.messages` says, where Slack says more.
        extra: Further keys of the answer, such as `needed` and `provided`.
    """

    def __init__(self, error: str, messages: tuple[str, ...] = (), **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages
        self.extra = extra


class NotPossible(Exception):
    """A person tried what Slack's own client would not offer: no such button, not a member, archived channel."""


@dataclass(slots=True)
class Team:
    """A workspace; `app_installed` says whether our app is installed there as well (Slack Connect)."""

    id: str
    name: str
    domain: str
    app_installed: bool = False


@dataclass(slots=True)
class User:
    """A person, or the user that stands for a bot (`bot_id` set)."""

    id: str
    name: str
    real_name: str
    team_id: str
    email: str | None = None
    tz: str = "Europe/Warsaw"
    locale: str = "pl-PL"
    title: str = ""
    bot_id: str | None = None
    app_id: str | None = None
    deleted: bool = False


@dataclass(slots=True)
class File:
    """A file; `uploaded` is False while only its upload address was issued, `completed` until it may be shared."""

    id: str
    name: str
    size: int
    user: str
    created: int
    secret: str
    title: str = ""
    alt_txt: str = ""
    content: bytes = b""
    uploaded: bool = False
    completed: bool = False
    deleted: bool = False
    shares: dict[str, list[Json]] = field(default_factory=dict)


@dataclass(slots=True)
class Message:
    """One message of a channel, or an ephemeral one (`visible_to` set).

    Attributes:
        ts: Its id within the channel.
        thread_ts: The thread's parent; equal to `ts` is never stored, replies make a parent.
        metadata: `event_type` and `event_payload` as the app gave them.
        edited: Who and when, where the client shows "(edited)".
        visible_to: The only user who sees it (ephemeral).
        states: What each user chose in its menus: user -> block_id -> action_id -> value.
    """

    ts: str
    channel: str
    user: str | None
    text: str
    team: str
    thread_ts: str | None = None
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    bot_id: str | None = None
    app_id: str | None = None
    username: str | None = None
    subtype: str | None = None
    metadata: Json | None = None
    edited: Json | None = None
    files: list[str] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    pinned: bool = False
    client_msg_id: str | None = None
    visible_to: str | None = None
    states: dict[str, dict[str, dict[str, Json]]] = field(default_factory=dict)

    @property
    def is_tombstone(self) -> bool:
        """Whether only "This message was deleted." is left, because replies hang on it."""
        return self.subtype == "tombstone"


@dataclass(slots=True)
class Channel:
    """A conversation of any kind; `messages` and `ephemerals` by ts, in posting order."""

    id: str
    name: str
    kind: str
    created: int
    creator: str
    members: list[str] = field(default_factory=list)
    is_archived: bool = False
    shared_with: list[str] = field(default_factory=list)
    topic: str = ""
    purpose: str = ""
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: dict[str, Message] = field(default_factory=dict)
    threads: dict[str, list[Message]] = field(default_factory=dict)

    def add(self, message: Message) -> None:
        """Put a message in, and into its thread."""
        self.messages[message.ts] = message
        if message.thread_ts is not None:
            self.threads.setdefault(message.thread_ts, []).append(message)

    def remove(self, message: Message) -> None:
        """Take a message out."""
        del self.messages[message.ts]
        if message.thread_ts is not None:
            self.threads[message.thread_ts].remove(message)

    @property
    def scope_family(self) -> str:
        """The first part of the scopes that rule this kind: channels, groups, im, mpim."""
        return {"public": "channels", "private": "groups"}.get(self.kind, self.kind)

    @property
    def channel_type(self) -> str:
        """The `channel_type` of message events."""
        return {"public": "channel", "private": "group"}.get(self.kind, self.kind)

    @property
    def is_shared(self) -> bool:
        """Whether people of another workspace are in it (Slack Connect)."""
        return bool(self.shared_with)

    def replies(self, parent: str) -> list[Message]:
        """The replies of a thread, oldest first."""
        return list(self.threads.get(parent, ()))


@dataclass(slots=True)
class Usergroup:
    """A user group (`S...`), mentioned as `<!subteam^S...>`."""

    id: str
    handle: str
    name: str
    users: list[str]
    created: int


@dataclass(slots=True)
class View:
    """A modal or a Home tab: the app's definition, and what the user filled in.

    Attributes:
        body: The view as the app gave it, block and action ids filled in.
        state: block_id -> action_id -> value, as in `view.state.values`.
        root_id: The first view of the stack.
        previous_id: The view below.
    """

    id: str
    user: str
    body: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    state: dict[str, dict[str, Json]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Trigger:
    """A `trigger_id`: good for one view, for three seconds (by the injected clock and by real time)."""

    id: str
    user: str
    issued_at: datetime
    issued_monotonic: float
    view_id: str | None = None
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """A `response_url`: five uses in thirty minutes."""

    secret: str
    user: str
    channel: str
    issued_at: datetime
    message_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call of the Web API or of a response_url, as it was answered.

    Attributes:
        number: Counts from 1, in order of arrival.
        method: Such as `chat.postMessage`; `response_url` for those.
        args: Decoded arguments, without the token.
        error: Slack's error code; None when it was answered ok.
        status: The HTTP status; 0 where the connection was dropped instead of an answer.
        took_effect: Whether the method ran (a dropped answer may have taken effect).
        at: By the injected clock.
        monotonic: The loop's time of arrival in seconds, for measuring rates.
    """

    number: int
    method: str
    args: Json
    error: str | None
    status: int
    took_effect: bool
    at: datetime
    monotonic: float

    @property
    def ok(self) -> bool:
        """Whether the caller got `ok: true`."""
        return self.status == 200 and self.error is None


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that Slack refuses or advises against, noted so that a test can demand that there is none."""

    where: str
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UserError:
    """What a person saw go wrong, such as "We had some trouble connecting."."""

    user: str
    where: str
    what: str
    at: datetime
