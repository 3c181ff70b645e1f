"""What the page shows, as one dictionary that every open page keeps a copy of, by server-sent events.

The dictionary maps keys (`slack/message/C1/1.2`) to JSON. A page that connects gets all of it, from then on only what
differs from what it has; a page that reconnects starts anew. There are no queues: a slow page skips what was between.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from aiohttp import web

from bot.ports import Clock

Json = dict[str, Any]
Source = Callable[[], Iterable[tuple[str, Json]]]

MOST_PAGES = 4
"""A browser opens six connections to one server (HTTP/1.1); the others are for what the page does."""
_COALESCE = 0.03
_HEARTBEAT = 15.0
_WRITE_LIMIT = 10.0
_RETRY_MS = 1000


class Feed:
    """The dictionary, and the pages that follow it.

    Args:
        sources: Give the entries anew whenever something changed.
        clock: Its time goes out with every packet.
    """

    def __init__(self, sources: Sequence[Source], clock: Clock) -> None:
        self._sources = sources
        self._clock = clock
        self._items: dict[str, str] = {}
        self._dirty = asyncio.Event()
        self._changed = asyncio.Event()
        self._pages: list[asyncio.Event] = []
        self._closing = False

    def touch(self) -> None:
        """Something is different now; the pages are told in a moment."""
        self._dirty.set()

    async def run(self) -> None:
        """Keep the dictionary up to date, until cancelled."""
        while True:
            await self._dirty.wait()
            await asyncio.sleep(_COALESCE)  # one act makes many changes; the pages get them in one packet
            self._dirty.clear()
            self._refresh()

    def close(self) -> None:
        """End every stream, for good."""
        self._closing = True
        for retired in self._pages:
            retired.set()
        self._announce()

    def _refresh(self) -> None:
        items = {
            key: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            for source in self._sources
            for key, value in source()
        }
        if items != self._items:
            self._items = items
            self._announce()

    def _announce(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """One page's events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

        `update` carries `{"now": ISO 8601, "fresh": bool, "set": {key: value}, "gone": [key]}`; `fresh` means that
        what the page had is void. `retired` tells a page that newer ones took its place.
        """
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        retired = asyncio.Event()
        self._pages.append(retired)
        if len(self._pages) > MOST_PAGES:
            self._pages.pop(0).set()
        try:
            await self._follow(response, retired)
        except (ConnectionError, TimeoutError):
            pass  # the page went away, or takes nothing any more; it comes back by itself
        finally:
            if retired in self._pages:
                self._pages.remove(retired)
        return response

    async def _follow(self, response: web.StreamResponse, retired: asyncio.Event) -> None:
        await _within_limit(response.write(f"retry: {_RETRY_MS}\n\n".encode()))
        if not self._items:
            self._refresh()
        sent: dict[str, str] | None = None
        while not retired.is_set():
            changed = self._changed
            if sent is not self._items:
                items = self._items
                await _within_limit(response.write(self._packet(sent, items)))
                sent = items
            elif not await _first_of(changed, retired, within=_HEARTBEAT):
                await _within_limit(response.write(b": still here\n\n"))
        if not self._closing:
            await _within_limit(response.write(b"event: retired\ndata: {}\n\n"))

    def _packet(self, sent: dict[str, str] | None, items: dict[str, str]) -> bytes:
        before = sent or {}
        different = ",".join(f"{json.dumps(key)}:{value}" for key, value in items.items() if before.get(key) != value)
        gone = json.dumps([key for key in before if key not in items])
        head = f'"now":"{self._clock.now().isoformat()}","fresh":{json.dumps(sent is None)}'
        return f'event: update\ndata: {{{head},"set":{{{different}}},"gone":{gone}}}\n\n'.encode()


async def _within_limit(writing: Awaitable[None]) -> None:
    async with asyncio.timeout(_WRITE_LIMIT):
        await writing


async def _first_of(*events: asyncio.Event, within: float) -> bool:
    """Wait until one of the events is set; False when none was within that many seconds."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for task in waiting:
            task.cancel()
