"""The whole demo on free ports, and a browser that looks at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.sandbox.demo import Demo
from tests.support.requirements import require_chromium

TUESDAY_10 = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
"""10:00 in Warsaw, within the 8x5 window."""

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 60_000


@pytest.fixture
async def demo() -> AsyncIterator[Demo]:
    """The demo without its story, on Tuesday 10:00; nothing may have broken Slack's rules afterwards."""
    demo = Demo(port=0, story=False, start_at=TUESDAY_10)
    await demo.start()
    try:
        await demo.slack.connected()
        yield demo
    finally:
        await demo.stop()
    assert demo.slack.workspace.violations == []


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Headless Chromium of the distribution."""
    chromium = require_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A fresh browser window; a mistake in the page's own scripts fails the test."""
    mistakes: list[str] = []
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("console", lambda line: mistakes.append(line.text) if line.type == "error" else None)
    yield page
    assert mistakes == []
