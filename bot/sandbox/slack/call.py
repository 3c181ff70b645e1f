"""One Web API call in the hands of a method: its decoded arguments, scopes, pages, and conversations it may touch."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.sandbox.slack.backstage import Backstage
from bot.sandbox.slack.model import Channel, Json, SlackError
from bot.sandbox.slack.reference import MethodFacts
from bot.sandbox.slack.workspace import Workspace

T = TypeVar("T")

TRUE_WORDS = frozenset({"1", "true", "True"})
FALSE_WORDS = frozenset({"0", "false", "False", ""})


class Arguments:
    """Arguments of a call, whether they came as JSON or as form fields (where JSON is quoted in a string)."""

    def __init__(self, raw: Json) -> None:
        self.raw = raw

    def __contains__(self, name: str) -> bool:
        return self.raw.get(name) is not None

    def text(self, name: str) -> str | None:
        """A string; None when it was not given.

        Raises:
            SlackError: `invalid_arguments` for anything but a string, as a ts given as a number.
        """
        value = self.raw.get(name)
        if value is not None and not isinstance(value, str):
            raise _wrong(name, "must be a string")
        return value

    def required(self, name: str) -> str:
        """A string that must be there and not empty."""
        value = self.text(name)
        if not value:
            raise _wrong(name, "missing required field")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean, also as "1", "0", "true", "false"."""
        value = self.raw.get(name, default)
        if isinstance(value, bool):
            return value
        if str(value) in TRUE_WORDS:
            return True
        if str(value) in FALSE_WORDS:
            return False
        raise _wrong(name, "must be a boolean")

    def number(self, name: str, default: int) -> int:
        """A whole number, also as a string."""
        value = self.raw.get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError):
            raise _wrong(name, "must be an integer") from None

    def structure(self, name: str, error: str = "invalid_arguments") -> Any:
        """A JSON value, also quoted in a string; None when it was not given.

        Raises:
            SlackError: `error`, when the string is no JSON.
        """
        value = self.raw.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(error) from None


def _wrong(name: str, what: str) -> SlackError:
    return SlackError("invalid_arguments", (f"[ERROR] {what} [json-pointer:/{name}]",))


@dataclass(frozen=True, slots=True)
class Call:
    """A call whose token, scopes and argument names were found right."""

    facts: MethodFacts
    args: Arguments
    backstage: Backstage

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return self.backstage.workspace

    def need_scope(self, scope: str) -> None:
        """Refuse unless the scope is granted.

        Raises:
            SlackError: `missing_scope`.
        """
        granted = self.backstage.granted
        if scope not in granted:
            raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(granted)))

    def channel(self, verb: str, name: str = "channel") -> Channel:
        """The conversation named in an argument, if the bot may see it and has the scope `<kind>:<verb>`.

        Raises:
            SlackError: `channel_not_found`, also for private ones that the bot is not in; `missing_scope`.
        """
        slack_id = self.args.required(name)
        channel = self.workspace.channels.get(slack_id)
        if channel is None or (channel.kind != "public" and not self.is_member(channel)):
            if slack_id.startswith("#") or slack_id.islower():
                self.workspace.violation(self.facts.name, f"channel named {slack_id} instead of given by its id")
            raise SlackError("channel_not_found")
        self.need_scope(f"{channel.scope_family}:{verb}")
        return channel

    def channel_to_post(self, slack_id: str) -> Channel:
        """The conversation to write to; a user's id stands for the direct conversation with that user.

        Raises:
            SlackError: `channel_not_found`, `not_in_channel`, `is_archived`.
        """
        if slack_id in self.workspace.users and slack_id != self.workspace.bot_user.id:
            return self.workspace.direct_channel([slack_id])
        channel = self.workspace.channels.get(slack_id)
        if channel is None or (channel.kind != "public" and not self.is_member(channel)):
            if slack_id.startswith("#") or slack_id.islower():
                self.workspace.violation(self.facts.name, f"channel named {slack_id} instead of given by its id")
            raise SlackError("channel_not_found")
        if channel.is_archived:
            raise SlackError("is_archived")
        if not self.is_member(channel):
            raise SlackError("not_in_channel")
        return channel

    def is_member(self, channel: Channel) -> bool:
        """Whether our bot is in the conversation."""
        return self.workspace.bot_user.id in channel.members

    def page(self, items: Sequence[T], shape: Callable[[T], Any], *, most: int = 1000) -> tuple[list[Any], Json]:
        """One page of a list as (shapes, `{"response_metadata": {"next_cursor": ...}}`).

        Raises:
            SlackError: `invalid_limit`, `invalid_cursor`.
        """
        limit = self.args.number("limit", 100)
        if not 1 <= limit <= most:
            raise SlackError("invalid_limit")
        start = _decode_cursor(self.args.text("cursor"))
        chosen = items[start : start + limit]
        following = start + limit
        cursor = base64.b64encode(f"offset:{following}".encode()).decode() if following < len(items) else ""
        return [shape(item) for item in chosen], {"response_metadata": {"next_cursor": cursor}}


def _decode_cursor(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        word, _, offset = base64.b64decode(cursor, validate=True).decode().partition(":")
        if word != "offset":
            raise ValueError(word)
        return int(offset)
    except (ValueError, binascii.Error):
        raise SlackError("invalid_cursor") from None
