"""Signed HTTP of another Slack: requests to the app's one address; events come again that were not acknowledged."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlencode

import aiohttp

from bot.ports import Clock
from tests.support.other_slack.events import ACK_WITHIN, Events
from tests.support.other_slack.socket_mode import Envelope
from tests.support.other_slack.workspace import PATIENCE, Body, Workspace

SIGNING_SECRET = "0f4b2c1d8e6a49f7b35d21c09a8e7f60"  # of a workspace that exists only here


class HttpMode(Events):
    """The requests of an app; what `SocketMode` is over its sockets.

    Attributes:
        url: Where the app listens.
        clock: Dates the requests, as the app's clock is moved.
        patience: Seconds that people wait for an answer.
        lost_acks: So many requests arrive, and their answers are lost.
        slowest: Seconds that the slowest answer took so far.
        refused: The statuses other than 200 that the app answered with.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace = workspace
        self.url = ""
        self.clock: Clock | None = None
        self.patience = PATIENCE
        self.lost_acks = 0
        self.slowest = 0.0
        self.refused: list[int] = []

    async def interact(self, kind: str, payload: Body, *, accepts: bool = False) -> Envelope:
        """A request that a person waits for; sent once.

        Args:
            kind: "slash_commands", whose fields are the form, or anything whose payload is one field of it.
            accepts: Whether Slack reads the answer; else it has to be empty.
        """
        fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
        envelope = Envelope(f"http-{self.workspace.new_ts()}", payload)
        content_type = "application/x-www-form-urlencoded"
        if (
            await self._ask(urlencode(fields), content_type, envelope, self.patience)
            and not accepts
            and envelope.answer
        ):
            self.workspace.violations.append(f"an answer to {payload.get('type')} that nobody reads: {envelope.answer}")
        return envelope

    async def tell(self, payload: Body, attempt: int) -> bool:
        """One request of an event. Gives whether it was acknowledged in time."""
        again = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"} if attempt else {}
        envelope = Envelope(f"http-{self.workspace.new_ts()}", payload)
        return await self._ask(json.dumps(payload), "application/json", envelope, ACK_WITHIN, again)

    async def _ask(
        self, body: str, content_type: str, envelope: Envelope, patience: float, more: Mapping[str, str] | None = None
    ) -> bool:
        assert self.clock is not None
        at = str(int(self.clock.now().timestamp()))
        digest = hmac.new(SIGNING_SECRET.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        signed = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}", "Content-Type": content_type}
        loop = asyncio.get_running_loop()
        begun, loses = loop.time(), self.lost_acks > 0
        self.lost_acks -= loses
        with suppress(TimeoutError, aiohttp.ClientError):
            async with (
                asyncio.timeout(patience),
                aiohttp.ClientSession() as session,
                session.post(self.url, data=body.encode(), headers={**signed, **(more or {})}) as answer,
            ):
                text = await answer.text()
            if answer.status != 200:
                self.refused.append(answer.status)
            elif not loses:
                envelope.waited = loop.time() - begun
                self.slowest = max(self.slowest, envelope.waited)
                envelope.answer = self._read(text, answer.content_type)
                envelope.acked.set()
        await self.workspace.touch()
        return envelope.acked.is_set()

    def _read(self, text: str, content_type: str) -> Body | None:
        if not text:
            return None
        if content_type == "application/json":
            read: Body = json.loads(text)
            return read
        return {"text": text}

    async def connected(self) -> None:
        """Wait until the app listens."""
        host, _, port = self.url.removeprefix("http://").partition("/")[0].partition(":")
        async with asyncio.timeout(self.patience):
            while True:
                with suppress(OSError):
                    _, writer = await asyncio.open_connection(host, int(port))
                    writer.close()
                    return
                await asyncio.sleep(0.05)  # nothing tells when it will

    async def close(self) -> None:
        """Send nothing any more."""
        self.stop_telling()
