"""What every part of the stand-in shares, and the changes to messages that bots and people make alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.sandbox.slack.events import Events
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.model import Channel, Json, Message, ResponseUrl, Trigger
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.shapes import message_json
from bot.sandbox.slack.socket_mode import SocketMode
from bot.sandbox.slack.workspace import Workspace

TOMBSTONE = "This message was deleted."


class Backstage:
    """Workspace, faults, Socket Mode, events and rates in one hand."""

    def __init__(self, workspace: Workspace, faults: Faults, sockets: SocketMode, rates: Rates) -> None:
        self.workspace = workspace
        self.faults = faults
        self.sockets = sockets
        self.rates = rates
        self.events = Events(workspace, sockets, faults)
        self._timers: set[asyncio.TimerHandle] = set()

    @property
    def granted(self) -> set[str]:
        """The scopes that work now."""
        return self.events.granted

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Do something asynchronously, as Slack does."""

        def run() -> None:
            self._timers.discard(timer)
            work()

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)

    def cancel_timers(self) -> None:
        """Forget what `later` was asked to do."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    # --- messages

    def thread_for(self, channel: Channel, thread_ts: str | None, where: str) -> str | None:
        """The thread in which a post with this `thread_ts` appears.

        As Slack does: a post into the thread of a message that is gone appears in the channel instead, and nothing
        but the missing `thread_ts` of the answer says so.
        """
        if thread_ts is None:
            return None
        parent = channel.messages.get(thread_ts)
        if parent is None:
            return None
        if parent.thread_ts is not None:
            self.workspace.violation(where, f"thread_ts {thread_ts} is a reply; it must be the parent's ts")
            return parent.thread_ts
        return thread_ts

    def post(self, message: Message) -> Message:
        """Put a message into its channel and tell the app."""
        self.workspace.channels[message.channel].add(message)
        self.events.message_posted(message)
        self.workspace.changed()
        return message

    def post_ephemeral(self, message: Message) -> Message:
        """Show a message to one person; no event tells of it."""
        self.workspace.channels[message.channel].ephemerals[message.ts] = message
        self.workspace.changed()
        return message

    def change(self, message: Message, apply: Callable[[Message], None]) -> None:
        """Change a message and tell the app what it was before."""
        previous = self._message_json(message)
        apply(message)
        if message.visible_to is None:
            self.events.message_changed(message, previous)
        self.workspace.changed()

    def delete(self, message: Message) -> None:
        """Remove a message; one with replies leaves a tombstone that carries the thread."""
        channel = self.workspace.channels[message.channel]
        if message.visible_to is not None:
            del channel.ephemerals[message.ts]
        elif channel.replies(message.ts):
            self.change(message, _bury)
        else:
            previous = self._message_json(message)
            channel.remove(message)
            self.events.message_deleted(channel, previous)
        self.workspace.changed()

    def _message_json(self, message: Message) -> Json:
        return message_json(self.workspace, message, metadata=True)

    # --- the keys that an interaction hands to the app

    def new_trigger(self, user: str, view_id: str | None = None) -> str:
        """A `trigger_id` for what this person did, in this view where it was in one."""
        workspace = self.workspace
        trigger = Trigger(
            workspace.new_id("trigger."), user, workspace.now(), asyncio.get_running_loop().time(), view_id
        )
        workspace.triggers[trigger.id] = trigger
        return trigger.id

    def new_response_url(self, response: ResponseUrl) -> str:
        """The address for answers to what a person did."""
        self.workspace.response_urls[response.secret] = response
        return f"{self.workspace.base_url}/response/{self.workspace.team.id}/{response.secret}"


def _bury(message: Message) -> None:
    message.subtype = "tombstone"
    message.text = TOMBSTONE
    message.user = "USLACKBOT"
    message.blocks, message.attachments, message.files = [], [], []
    message.metadata = message.edited = message.bot_id = message.app_id = None
    message.reactions.clear()
