"""Socket Mode, Slack's side: up to ten WebSockets, envelopes, acknowledgements, retries.

https://docs.slack.dev/apis/events-api/using-socket-mode. Events that are not acknowledged in three seconds are sent
again three times (at once, after a minute, after five); interactions are not, the person sees an error.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import WSCloseCode, WSMsgType, web

from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.model import Json
from bot.sandbox.slack.workspace import Workspace

MAX_SOCKETS = 10
TICKET_SECONDS = 30
RETRIES = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))
REMEMBERED_EVENTS = 1000
CLOSE_SECONDS = 1.0


@dataclass(eq=False, slots=True)
class Socket:
    """One open WebSocket; a `silent` one takes envelopes and pings, and does nothing."""

    ws: web.WebSocketResponse
    transport: asyncio.Transport | None
    silent: bool


@dataclass(eq=False, slots=True)
class _Pending:
    socket: Socket
    accepts_payload: bool
    answer: asyncio.Future[Json | None]


@dataclass(frozen=True, slots=True)
class Ack:
    """How an envelope fared.

    Attributes:
        acked: Whether an acknowledgement came in time.
        payload: What it carried.
        reason: Why there was none: `no_socket`, `timeout`, `connection_closed`.
    """

    acked: bool
    payload: Json | None = None
    reason: str = ""


class SocketMode:
    """Delivers envelopes to the app's sockets.

    Attributes:
        ack_timeout: Seconds that an acknowledgement may take.
        retries: Waiting times before the second, third and fourth attempt, by the injected clock.
        sockets: The open ones.
        late_acks: envelope_ids acknowledged too late or twice.
        lost_events: Events given up after the last retry.
    """

    def __init__(
        self,
        workspace: Workspace,
        faults: Faults,
        *,
        ack_timeout: float = 3.0,
        retries: tuple[timedelta, ...] = RETRIES,
    ) -> None:
        self.ack_timeout = ack_timeout
        self.retries = retries
        self.sockets: list[Socket] = []
        self.late_acks: list[str] = []
        self.lost_events: list[Json] = []
        self.sent_events: deque[Json] = deque(maxlen=REMEMBERED_EVENTS)
        self._workspace = workspace
        self._faults = faults
        self._tickets: dict[str, float] = {}
        self._pending: dict[str, _Pending] = {}
        self._finished: deque[str] = deque(maxlen=REMEMBERED_EVENTS)
        self._deliveries: dict[asyncio.Task[None], Json] = {}
        self._undelivered: list[Json] = []
        self._held: list[Json] = []
        self._hold = 0
        self._turn = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is under way: every envelope sent so far was acknowledged, lost, or waits for a retry."""
        return not self._pending

    @property
    def settled(self) -> bool:
        """Whether every event sent so far was acknowledged or given up, retries included."""
        return not self._pending and not self._deliveries

    # --- connecting

    def issue_ticket(self) -> str:
        """A ticket for one WebSocket, for `apps.connections.open`."""
        ticket = secrets.token_hex(16)
        self._tickets[ticket] = asyncio.get_running_loop().time() + TICKET_SECONDS
        return ticket

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket endpoint: takes a ticket once, says hello, then listens for acknowledgements."""
        if self._faults.refuse_sockets:
            return web.Response(status=503, text="unavailable")
        expires = self._tickets.pop(request.query.get("ticket", ""), None)
        if expires is None or expires < asyncio.get_running_loop().time():
            return web.Response(status=401, text="invalid ticket")
        ws = web.WebSocketResponse(autoping=False, timeout=CLOSE_SECONDS)
        try:
            await ws.prepare(request)
        except ConnectionError:
            return web.Response(status=400, text="gone")  # the app went away while it connected; nobody reads this
        if len(self.sockets) >= MAX_SOCKETS:
            await ws.send_json(self._disconnect("too_many_websockets"))
            await ws.close()
            return ws
        socket = Socket(ws, request.transport, self._faults.silent_sockets)
        self.sockets.append(socket)
        try:
            await ws.send_json(self._hello())
            await ws.ping(b"Ping from stand-in")
            self._workspace.changed()
            await self._listen(socket)
        except ConnectionError:
            pass  # the app closed it while we were writing: the same as a close
        finally:
            self._forget(socket)
        return ws

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.sockets),
            "debug_info": {"host": "stand-in", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._workspace.app_id},
        }

    @staticmethod
    def _disconnect(reason: str) -> Json:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "stand-in"}}

    async def _listen(self, socket: Socket) -> None:
        async for message in socket.ws:
            if message.type is WSMsgType.TEXT:
                if not self._take_ack(message.data):
                    await socket.ws.close(code=WSCloseCode.UNSUPPORTED_DATA)
            elif message.type is WSMsgType.PING and not socket.silent:
                await socket.ws.pong(message.data)
            elif message.type is WSMsgType.BINARY:
                self._workspace.violation("socket", "binary frame")
                await socket.ws.close(code=WSCloseCode.UNSUPPORTED_DATA)

    def _forget(self, socket: Socket) -> None:
        if socket in self.sockets:
            self.sockets.remove(socket)
        for pending in self._pending.values():
            if pending.socket is socket and not pending.answer.done():
                pending.answer.set_exception(ConnectionResetError())
        self._workspace.changed()

    def _take_ack(self, text: str) -> bool:
        """Match an acknowledgement with its envelope; False for what is no acknowledgement at all."""
        try:
            ack = json.loads(text)
            envelope_id, payload = ack["envelope_id"], ack.get("payload")
        except (ValueError, TypeError, KeyError, AttributeError):
            self._workspace.violation("socket", f"no acknowledgement: {text[:200]}")
            return False
        pending = self._pending.get(envelope_id)
        if pending is not None and not pending.answer.done():
            if payload and not pending.accepts_payload:
                self._workspace.violation("socket", "payload in an acknowledgement that takes none")
            pending.answer.set_result(payload if isinstance(payload, dict) else None)
        elif pending is not None or envelope_id in self._finished:
            self.late_acks.append(envelope_id)
        else:
            self._workspace.violation("socket", f"acknowledgement of unknown envelope {envelope_id}")
        self._workspace.changed()
        return True

    # --- delivering

    def send_event(self, payload: Json) -> None:
        """Deliver an event_callback in the background, with retries."""
        if self._hold:
            self._hold -= 1
            self._held.append(payload)
            if self._hold == 0:
                held, self._held = self._held, []
                for late in reversed(held):
                    self._start_delivery(late)
            return
        self._start_delivery(payload)
        if self._faults.duplicate_events:
            self._start_delivery(payload)

    def reorder_next(self, count: int) -> None:
        """Hold the next `count` events and deliver them in reverse order."""
        self._hold = count

    def redeliver_last_event(self) -> None:
        """Send the latest event once more, as a retry with the same event_id, though it was acknowledged."""
        self._start_delivery(self.sent_events[-1], first_attempt=1)

    def _start_delivery(self, payload: Json, first_attempt: int = 0) -> None:
        self.sent_events.append(payload)
        task = asyncio.get_running_loop().create_task(self._deliver(payload, first_attempt))
        self._deliveries[task] = payload
        task.add_done_callback(self._finish_delivery)

    def _finish_delivery(self, task: asyncio.Task[None]) -> None:
        del self._deliveries[task]
        self._workspace.changed()

    async def _deliver(self, payload: Json, first_attempt: int) -> None:
        reason = "timeout" if first_attempt else ""
        for attempt in range(first_attempt, len(self.retries) + 1):
            if attempt > first_attempt:
                due = self._workspace.now() + self.retries[attempt - 1]
                await self._workspace.clock.wait_until(due, asyncio.Event())
            ack = await self.send(
                "events_api", payload, accepts_payload=False, retry={"retry_attempt": attempt, "retry_reason": reason}
            )
            if ack.acked:
                return
            reason = ack.reason
        self.lost_events.append(payload)

    async def send(self, kind: str, payload: Json, *, accepts_payload: bool, retry: Json | None = None) -> Ack:
        """Send one envelope to one of the sockets and wait for its acknowledgement, at most `ack_timeout` seconds."""
        socket = self._next_socket()
        if socket is None:
            return Ack(acked=False, reason="no_socket")
        envelope_id = secrets.token_hex(16)
        pending = _Pending(socket, accepts_payload, asyncio.get_running_loop().create_future())
        self._pending[envelope_id] = pending
        envelope = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": kind,
            "accepts_response_payload": accepts_payload,
            **(retry or {}),
        }
        try:
            async with asyncio.timeout(self.ack_timeout):
                if not socket.silent:
                    await socket.ws.send_json(envelope)
                return Ack(acked=True, payload=await pending.answer)
        except TimeoutError:
            return Ack(acked=False, reason="timeout")
        except ConnectionError:
            return Ack(acked=False, reason="connection_closed")
        finally:
            del self._pending[envelope_id]
            self._finished.append(envelope_id)
            self._workspace.changed()

    def _next_socket(self) -> Socket | None:
        usable = [socket for socket in self.sockets if not socket.ws.closed]
        if not usable:
            return None
        self._turn += 1
        return usable[self._turn % len(usable)]

    # --- trouble and the end

    async def disconnect_all(self, reason: str = "refresh_requested") -> None:
        """Ask every socket to reconnect: `warning`, `refresh_requested` or `link_disabled`, as Slack does at times."""
        for socket in list(self.sockets):
            await socket.ws.send_json(self._disconnect(reason))

    def drop_sockets(self) -> None:
        """Cut every connection without a word."""
        for socket in list(self.sockets):
            if socket.transport is not None:
                socket.transport.abort()

    def silence_sockets(self) -> None:
        """From now on the open sockets deliver nothing and answer no ping (a half-open connection)."""
        for socket in self.sockets:
            socket.silent = True

    def resume(self) -> None:
        """Deliver again, as a retry, what was not acknowledged when `stop` was called."""
        undelivered, self._undelivered = self._undelivered, []
        for payload in undelivered:
            self._start_delivery(payload, first_attempt=1)

    async def stop(self) -> None:
        """Close every socket and stop delivering; undelivered events are kept for `resume`."""
        self._undelivered.extend(self._deliveries.values())
        tasks = list(self._deliveries)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for socket in list(self.sockets):
            await socket.ws.close(code=WSCloseCode.GOING_AWAY)
        self._tickets.clear()
