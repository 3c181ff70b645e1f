"""Takes the pictures of customers' shared channels anew: `python -m tests.support.screenshots_channels`.

As `tests.support.screenshots`; look at every picture before committing it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Literal

from playwright.async_api import Page, async_playwright

from bot.edges.slack_channel_ids import DESCRIPTION_BLOCK, DEVICE_BLOCK, LEVEL_BLOCK, REPORT_OPEN
from bot.sandbox.demo import Demo, SharedChannel
from bot.sandbox.slack.model import Message, View
from tests.support.requirements import require_chromium
from tests.support.screenshots import FOLDER, PATIENCE, TUESDAY_10

LINES = {
    "pl": ("Dzień dobry, od rana FortiGate w serwerowni sam się restartuje.", "Restartuje się co kwadrans od rana."),
    "en": ("Hello, our FortiGate in the warehouse keeps restarting.", "It has restarted every few minutes since 9."),
}
KEPT_OF_ENGLISH = {"channel-form", "channel-thread", "open-form", "commands", "home-manager"}
"""The other pictures look alike in both languages; all of them are looked at."""
SERIALS = {"pl": "1:FG121GTK25004672", "en": "2:FG1K0FTB22900191"}


class Shot:
    """A demo with a browser that looks at it as different people."""

    def __init__(self, demo: Demo, page: Page) -> None:
        self.demo = demo
        self._page = page

    async def look(self, name: str, who: str, channel: str, *, thread: bool = False, part: str = "#slack") -> None:
        """Save what this person sees in a channel."""
        page, see = self._page, self._page.get_by_test_id
        if part != "body":  # there a form lies over it, opened by whoever is looked at already
            await see("who").select_option(who)
            await see(f"channel-{channel}").click()
        if thread:
            await see("messages").get_by_test_id("open-thread").last.click()
        await page.evaluate("document.activeElement?.blur()")
        await page.mouse.move(0, 0)
        await page.wait_for_timeout(400)  # the page asks for what is new; nothing says when it has drawn it
        kept = name.endswith("-pl") or name.removesuffix("-en") in KEPT_OF_ENGLISH
        await page.locator(part).screenshot(path=(FOLDER if kept else Path(gettempdir())) / f"{name}.png")


@asynccontextmanager
async def shot(language: Literal["pl", "en"]) -> AsyncIterator[Shot]:
    demo = Demo(port=0, story=False, language=language, start_at=TUESDAY_10)
    await demo.start()
    try:
        await demo.slack.connected()
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=require_chromium(), args=["--no-sandbox"])
            page = await browser.new_page(viewport={"width": 1400, "height": 980})
            await page.goto(demo.page.url)
            await page.get_by_test_id("try-close").click()
            yield Shot(demo, page)
            await browser.close()
    finally:
        await demo.stop()


async def take(language: Literal["pl", "en"], shared: SharedChannel, name: str) -> None:
    """One customer's report by the form, both sides."""
    async with shot(language) as scene:
        demo, people = scene.demo, scene.demo.slack.people
        workspace, (said, described) = demo.slack.workspace, LINES[language]
        message = await people.post(shared.customer, shared.channel, said)

        def offer() -> Message | None:
            return next(iter(workspace.ephemerals(shared.channel, shared.customer)), None)

        def form() -> View | None:
            return next(iter(people.open_views(shared.customer)), None)

        offered = await workspace.wait_for(offer, PATIENCE, "the question")
        assert offered is not None
        await scene.look(f"channel-offer-{language}", shared.customer, name)
        await people.click(shared.customer, shared.channel, offered.ts, REPORT_OPEN)
        view = await workspace.wait_for(form, PATIENCE, "the form")
        assert view is not None
        await scene.look(f"channel-form-{language}", shared.customer, name, part="body")
        filled = {DEVICE_BLOCK: SERIALS[language], LEVEL_BLOCK: "critical", DESCRIPTION_BLOCK: described}
        assert await people.submit_view(shared.customer, view.id, filled) is None
        await workspace.wait_for(
            lambda: len(workspace.thread(shared.channel, message.ts)) > 1, PATIENCE, "the acknowledgement"
        )
        await scene.look(f"channel-thread-{language}", shared.customer, name, thread=True)
        await scene.look(f"channel-support-{language}", demo.staff.ewa, "support", thread=True)
        await people.slash(demo.staff.ewa, demo.staff.support, "/hezo", "search restart")
        await people.slash(demo.staff.ewa, demo.staff.support, "/hezo", f"contract {shared.contract}")
        await people.slash(demo.staff.ewa, demo.staff.support, "/hezo", "help")

        def answers() -> bool:
            return len(workspace.ephemerals(demo.staff.support, demo.staff.ewa)) == 3

        await workspace.wait_for(answers, PATIENCE, "three answers")
        await scene.look(f"commands-{language}", demo.staff.ewa, "support")
        await people.open_home(demo.staff.zofia)
        await workspace.wait_for(lambda: workspace.home(demo.staff.zofia), PATIENCE, "the Home tab")
        await scene.look(f"home-manager-{language}", demo.staff.zofia, "home")
        await scene.look(f"commands-{language}", demo.staff.ewa, "support")
        await people.slash(demo.staff.ewa, demo.staff.support, "/hezo", "new")
        await workspace.wait_for(lambda: people.open_views(demo.staff.ewa), PATIENCE, "the form")
        await scene.look(f"open-form-{language}", demo.staff.ewa, "support", part="body")


async def main() -> None:
    async with shot("pl") as scene:
        polish, english = scene.demo.staff.shared
    await take("pl", polish, "hezo-lowicka-dolina")
    await take("en", english, "hezo-northwind")


if __name__ == "__main__":
    asyncio.run(main())
