"""A receiver of the webhook on loopback, as operators would write one: keeps what came, answers as it is told."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SECRET = "a-secret-that-nobody-may-read"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Received:
    """One POST."""

    headers: dict[str, str]
    raw: bytes

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.raw)
        return data

    @property
    def is_genuine(self) -> bool:
        """As docs/escalation.md says to verify it."""
        signed = self.headers["X-Hezo360-Timestamp"].encode() + b"." + self.raw
        expected = "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(self.headers["X-Hezo360-Signature"], expected)


def says(status: int, text: str = "", **headers: str) -> Answer:
    """An answer with that status."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


async def cuts(request: web.Request) -> web.Response:
    """The connection breaks instead of an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def stays_silent(_request: web.Request) -> web.Response:
    """No answer ever comes."""
    await asyncio.Event().wait()
    return web.Response()


async def never_ends(request: web.Request) -> web.StreamResponse:
    """A refusal whose text never comes."""
    response = web.StreamResponse(status=403)
    response.enable_chunked_encoding()
    await response.prepare(request)
    await asyncio.Event().wait()
    return response


@dataclass
class Receiver:
    """What came, and the answers to come; when they are used up it takes every call."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    _came: asyncio.Event = field(default_factory=asyncio.Event, init=False, repr=False)

    async def calls(self, count: int, within: float) -> list[Received]:
        """The first calls, as soon as there are so many; TimeoutError when there are not within these seconds."""
        async with asyncio.timeout(within):
            while len(self.received) < count:
                self._came.clear()
                await self._came.wait()
        return self.received[:count]

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.received.append(Received(dict(request.headers), await request.read()))
        self._came.set()
        return await (self.answers.pop(0) if self.answers else says(204))(request)


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A running receiver."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook/token-in-the-path", receiver._take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    scheme = "http" if tls is None else "https"
    receiver.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}/hook/token-in-the-path"
    yield receiver
    await runner.cleanup()
