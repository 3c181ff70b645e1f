"""What all acts of simulated people share: who they are, where they may be, what they type and upload."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from bot.sandbox.slack.backstage import Backstage
from bot.sandbox.slack.model import Channel, File, Json, Message, NotPossible, User

_ENTITY = re.compile(r"<(?:[@#][A-Z0-9]+(?:\|[^<>]*)?|![a-z]+(?:\^[A-Z0-9]+)?(?:\|[^<>]*)?)>")
_LINK = re.compile(r"https?://[^\s<>]+[^\s<>.,;:!?)]")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a person adds to a message or a form."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an interaction went for the person.

    Attributes:
        ok: Whether the app acknowledged in time.
        error: What the person saw otherwise.
    """

    ok: bool
    error: str = ""


def as_typed(text: str) -> str:
    """What Slack makes of typed words: `&`, `<`, `>` escaped, addresses and links in angle brackets.

    Mentions are given in Slack's own form (`<@U...>`, `<#C...>`, `<!subteam^S...>`, `<!here>`) and stay.
    """
    parts: list[str] = []
    position = 0
    for entity in _ENTITY.finditer(text):
        parts += [_escaped(text[position : entity.start()]), entity.group()]
        position = entity.end()
    return "".join([*parts, _escaped(text[position:])])


def _escaped(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    linked = _LINK.sub(lambda link: f"<{link.group()}>", escaped)
    pieces = re.split(r"(<[^>]*>)", linked)
    for index in range(0, len(pieces), 2):
        pieces[index] = _ADDRESS.sub(lambda found: f"<mailto:{found.group()}|{found.group()}>", pieces[index])
    return "".join(pieces)


class PeopleBase:
    """Base of the parts of `People`."""

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage
        self._workspace = backstage.workspace

    def _person(self, user: str) -> User:
        person = self._workspace.user(user)
        if person.deleted:
            raise NotPossible(f"{user} is deactivated")
        return person

    def _inside(self, user: str, channel: str, *, writing: bool = True) -> Channel:
        """The channel, if this person is in it and (for writing) it is not archived."""
        self._person(user)
        place = self._workspace.channel(channel)
        if user not in place.members:
            raise NotPossible(f"{user} is not in {channel}")
        if writing and place.is_archived:
            raise NotPossible(f"{channel} is archived")
        return place

    def _visible(self, user: str, channel: str, ts: str) -> Message:
        """A message that this person can see there."""
        self._inside(user, channel, writing=False)
        message = self._workspace.message(channel, ts)
        if message.visible_to not in (None, user):
            raise NotPossible(f"{user} does not see the message {ts}")
        return message

    def _store(self, user: str, upload: Upload) -> File:
        workspace = self._workspace
        file = File(
            workspace.new_id("F"),
            upload.name,
            len(upload.content),
            user,
            workspace.epoch(),
            secrets.token_hex(16),
            title=upload.name,
            content=upload.content,
            uploaded=True,
            completed=True,
        )
        workspace.files[file.id] = file
        return file

    async def _interact(self, user: str, where: str, payload: Json) -> Outcome:
        """Send an interaction that takes no answer but the acknowledgement."""
        ack = await self._backstage.sockets.send("interactive", payload, accepts_payload=False)
        if ack.acked:
            return Outcome(ok=True)
        return self._failed(user, where, ack.reason)

    def _failed(self, user: str, where: str, reason: str) -> Outcome:
        """Let the person see that the app did not answer."""
        words = "operation_timeout" if reason == "timeout" else "dispatch_failed"
        self._workspace.user_error(user, where, words)
        return Outcome(ok=False, error=words)
