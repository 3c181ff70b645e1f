"""Running an `ImapInbox` beside a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.config_mail import ImapConfig
from bot.edges.imap_inbox import ImapInbox
from bot.edges.oauth_tokens import AccessTokens
from bot.errors import OperatorError, RetryLater
from bot.mail_ports import MailSink


class Watch:
    """A running inbox.

    Attributes:
        states: What it said about itself.
        task: Its run.
    """

    def __init__(self) -> None:
        self.states: list[tuple[str, str | None]] = []
        self.task: asyncio.Task[None]
        self._ready = asyncio.Event()

    def on_state(self, state: str, detail: str | None) -> None:
        """Take note."""
        self.states.append((state, detail))
        if state in {"ready", "degraded"}:
            self._ready.set()

    async def until_ready_or_failed(self) -> None:
        """Wait until everything that was there is stored, or the run is over."""
        ready = asyncio.create_task(self._ready.wait())
        async with asyncio.timeout(60):
            await asyncio.wait({ready, self.task}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()


@asynccontextmanager
async def watching(
    config: ImapConfig, sink: MailSink, *, tokens: AccessTokens | None = None, may_fail: bool = False
) -> AsyncIterator[Watch]:
    """Run an inbox and wait until it is ready; on the way out it is stopped. Without `may_fail` a failure is raised."""
    watch = Watch()
    watch.task = asyncio.create_task(ImapInbox(config, sink, tokens=tokens, on_state=watch.on_state).run())
    try:
        await watch.until_ready_or_failed()
        if watch.task.done() and not may_fail:
            watch.task.result()
        yield watch
    finally:
        watch.task.cancel()
        await asyncio.wait({watch.task})


async def run_to_error(
    config: ImapConfig, sink: MailSink, within: float = 60, tokens: AccessTokens | None = None
) -> Exception:
    """What ends the run."""
    with pytest.raises((OperatorError, RetryLater)) as caught:
        await asyncio.wait_for(ImapInbox(config, sink, tokens=tokens).run(), within)
    return caught.value
