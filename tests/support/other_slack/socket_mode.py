"""Socket Mode of another Slack: envelopes to any of its sockets, acks within three seconds, events sent again."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.support.other_slack.events import ACK_WITHIN, Events
from tests.support.other_slack.workspace import APP, PATIENCE, Body, Workspace


@dataclass
class Envelope:
    """What was sent, and how it was acknowledged.

    Attributes:
        answer: The payload of the ack; None without one.
        waited: Seconds until the ack.
    """

    id: str
    payload: Body
    acked: asyncio.Event = field(default_factory=asyncio.Event)
    answer: Body | None = None
    sent_at: float = field(default_factory=time.monotonic)
    waited: float | None = None


class SocketMode(Events):
    """The sockets of an app.

    Attributes:
        opened: How many sockets were opened so far.
        patience: Seconds that people wait for an ack.
        cut_at_ack: So many sockets are cut when an ack comes, which is lost with them.
        lost_acks: So many acks are lost, and the socket stands.
        refuses: With these statuses sockets are refused, one after the other.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace = workspace
        self.opened = 0
        self.patience = PATIENCE
        self.cut_at_ack = self.lost_acks = 0
        self.refuses: list[int] = []
        self._half_open: dict[web.WebSocketResponse, bool] = {}
        self._sockets: dict[web.WebSocketResponse, asyncio.Transport] = {}
        self._envelopes: dict[str, Envelope] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A socket, from its hello to its end."""
        if self.refuses:
            await self.workspace.touch()
            return web.Response(status=self.refuses.pop(0), text="no")
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        info = {"host": "applink-canary-7", "approximate_connection_time": 18060}
        hello = {"type": "hello", "num_connections": len(self._sockets) + 1, "debug_info": info}
        await socket.send_json({**hello, "connection_info": {"app_id": APP}, "some_new_field": None})
        assert isinstance(request.transport, asyncio.Transport)
        self._sockets[socket] = request.transport
        self.opened += 1
        await self.workspace.touch()
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT and socket not in self._half_open:
                    await self._acknowledged(socket, message.data)
                elif message.type is WSMsgType.PING and self._half_open.get(socket, True):
                    await socket.pong(message.data)
        finally:
            self._half_open.pop(socket, None)
            self._sockets.pop(socket, None)
            await self.workspace.touch()
        return socket

    async def _acknowledged(self, socket: web.WebSocketResponse, data: str) -> None:
        if self.lost_acks:
            self.lost_acks -= 1
            return
        if self.cut_at_ack:
            self.cut_at_ack -= 1
            self._sockets[socket].abort()
            return
        ack = json.loads(data)
        envelope = self._envelopes.get(ack["envelope_id"])
        if envelope is not None:
            envelope.answer = ack.get("payload")
            if envelope.waited is None:
                envelope.waited = time.monotonic() - envelope.sent_at
            envelope.acked.set()
        await self.workspace.touch()

    def lose_all(self, *, pongs: bool) -> None:
        """From now on all that goes either way over the sockets that stand is lost, and no end of them is seen.

        Args:
            pongs: But pings are answered.
        """
        self._half_open.update(dict.fromkeys(self._sockets, pongs))

    @property
    def standing(self) -> int:
        """How many sockets are open."""
        return len(self._open())

    @property
    def slowest(self) -> float:
        """Seconds that the slowest ack took so far."""
        return max((envelope.waited or 0.0 for envelope in self._envelopes.values()), default=0.0)

    @property
    def sent(self) -> int:
        """How many envelopes were sent so far."""
        return len(self._envelopes)

    async def connected(self) -> None:
        """Wait for a socket."""
        await self.workspace.wait_for(self._open, "a socket")

    def _open(self) -> list[web.WebSocketResponse]:
        return [socket for socket in self._sockets if not socket.closed]

    async def send(self, kind: str, payload: Body, **more: Any) -> Envelope:
        """One envelope to one of the sockets; does not wait for the ack."""
        await self.connected()
        id_ = f"{self.workspace.random.getrandbits(32):08x}-0000-4000-8000-{len(self._envelopes):012x}"
        envelope = self._envelopes[id_] = Envelope(id_, payload)
        with suppress(ConnectionError):  # then it is lost, as at Slack
            body = {"envelope_id": id_, "payload": payload, "type": kind, **more}
            socket = self.workspace.random.choice(self._open())
            if socket not in self._half_open:
                await socket.send_json(body)
        return envelope

    async def interact(self, kind: str, payload: Body, *, accepts: bool = False) -> Envelope:
        """An envelope that a person waits for; sent once."""
        envelope = await self.send(kind, payload, accepts_response_payload=accepts)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.patience):
                await envelope.acked.wait()
        return envelope

    async def tell(self, payload: Body, attempt: int) -> bool:
        """One envelope of an event. Gives whether it was acknowledged in time."""
        reason = "timeout" if attempt else ""
        envelope = await self.send("events_api", payload, retry_attempt=attempt, retry_reason=reason)
        with suppress(TimeoutError):
            async with asyncio.timeout(ACK_WITHIN):
                await envelope.acked.wait()
        return envelope.acked.is_set()

    async def raw(self, text: str) -> None:
        """Anything at all, to every socket."""
        for socket in self._open():
            await socket.send_str(text)

    async def disconnect(self, reason: str, *, closes: bool = True) -> None:
        """Announce the end of every socket as Slack does, and end it, or let it stand for a while."""
        for socket in self._open():
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-canary-7"}})
            if closes:
                await socket.close()

    def cut(self) -> None:
        """End every socket without a word."""
        for transport in list(self._sockets.values()):
            transport.abort()

    async def close(self) -> None:
        """Send nothing any more."""
        self.stop_telling()
        for socket in list(self._sockets):
            await socket.close()
