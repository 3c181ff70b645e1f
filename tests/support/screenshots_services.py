"""Takes the pictures of docs/screens.md about contract services anew: `python -m tests.support.screenshots_services`.

As `tests.support.screenshots`, whose scene it plays on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.edges.slack_appointments import DURATION_BLOCK, TIME_BLOCKS
from bot.edges.slack_entitlement_ids import (
    BOOK,
    DEVICE_BLOCK,
    DONE_BLOCK,
    KIND_BLOCK,
    RECORD_MODAL,
    REPORT,
    REPORT_BLOCK,
)
from bot.edges.slack_ids import MORE, SERVICE_OFFER
from bot.sandbox.demo import SUPPORT
from bot.sandbox.slack.model import Message
from bot.sandbox.slack.people_base import Upload
from tests.support.screenshots import FOLDER, Scene, stage

DAIRY = "Numer seryjny FG121GTK25004672, umowa HZ360-2026-000101."
THURSDAY = int(datetime(2026, 11, 26, 9, 0, tzinfo=UTC).timestamp())
FRIDAY = int(datetime(2026, 11, 27, 13, 0, tzinfo=UTC).timestamp())


class ServiceScene(Scene):
    """A scene with the panels and forms of contract services."""

    async def write(self, person: str, subject: str, text: str) -> None:
        """A mail of one's own, taken in."""
        before = len(self._cards())
        await self._demo.customers.send(person, SUPPORT, subject, text)
        await self._until(lambda: len(self._cards()) > before, f"the ticket of {person}")
        await self.says("DO KLIENTA")

    async def panel(self, words: str) -> Message:
        """The post of the newest ticket's thread that says this."""
        await self.says(words)
        thread = self._slack.thread(self._demo.staff.support, self._cards()[-1].ts)
        return next(post for post in thread if words in str(post.blocks))

    async def click(self, message: Message, action_id: str, value: str | None = None) -> None:
        """Ewa presses a button of a message."""
        outcome = await self._demo.slack.people.click(
            self._demo.staff.ewa, self._demo.staff.support, message.ts, action_id, value=value
        )
        assert outcome.ok, outcome.error

    async def fill(self, values: Mapping[str, Any]) -> None:
        """Ewa fills in the open modal and sends it."""

        def ready() -> Any:
            views = self._demo.slack.people.open_views(self._demo.staff.ewa)
            return views[-1] if views and views[-1].state.keys() >= values.keys() else None

        view = await self._slack.wait_for(ready, 20, "the modal")
        problems = await self._demo.slack.people.submit_view(self._demo.staff.ewa, view.id, values)
        assert problems is None, problems

    async def modal(self, name: str, shows: str) -> None:
        """Save the open modal once it shows these words."""
        await self._page.set_viewport_size({"width": 1400, "height": 1100})
        await self._page.get_by_test_id("modal").get_by_text(shows).last.wait_for()
        await self._page.get_by_test_id("modal").last.screenshot(path=FOLDER / f"{name}.png")

    async def record(self, values: Mapping[str, Any]) -> None:
        """Ewa records a service by hand."""
        people, ewa = self._demo.slack.people, self._demo.staff.ewa
        await self.click(self.card, MORE)
        more = await self._slack.wait_for(
            lambda: next((v for v in people.open_views(ewa) if v.body.get("callback_id") == MORE), None), 20, "More…"
        )
        assert more is not None
        outcome = await people.click_view(ewa, more.id, RECORD_MODAL)
        assert outcome.ok, outcome.error
        await self.fill(values)

    async def in_channel(self, words: str) -> Message:
        """The message of the channel itself that says this."""
        timeline = self._slack.timeline

        def found() -> Message | None:
            messages = timeline(self._demo.staff.support)
            return next((message for message in messages if words in str(message.blocks)), None)

        message = await self._slack.wait_for(found, 20, words)
        assert message is not None
        return message

    async def channel_picture(self, name: str, shows: str) -> None:
        """Save the channel."""
        page = self._page
        await page.keyboard.press("Escape")
        await page.set_viewport_size({"width": 1400, "height": 1300})
        await page.get_by_test_id("channel-support").click()
        await page.get_by_test_id("messages").get_by_text(shows).last.scroll_into_view_if_needed()
        await page.locator("#slack").screenshot(path=FOLDER / f"{name}.png")

    @property
    def card(self) -> Message:
        """The newest head message."""
        return self._cards()[-1]


async def play(scene: ServiceScene) -> None:
    """The days of the pictures."""
    await scene.write(
        "anna", "Wdrożenie", f"Dzień dobry,\n\nprosimy o zdalne wdrożenie urządzenia. {DAIRY}\nPytanie.\n\nAnna Nowak"
    )
    wish = await scene.panel("Usługa z umowy")
    await scene.picture("service-wish", "#slack", "Usługa z umowy")
    await scene.click(wish, "entitlement_agree")
    await scene.says("Przyjęte")
    await scene.click(wish, BOOK)
    await scene.modal("booking", "Przewidywany czas")
    await scene.fill({TIME_BLOCKS[0]: THURSDAY, TIME_BLOCKS[1]: FRIDAY, DURATION_BLOCK: "90"})
    await scene.says("Terminy do wyboru")
    await scene.answer("anna", "Drugi termin.")
    await scene.says("Termin uzgodniony")
    await scene.picture("appointment", "#thread-pane", "Termin uzgodniony", height=1500)
    await scene.picture("invitation", "#mail", "invite.ics", person="anna", height=1100)

    await scene.write(
        "john",
        "Review",
        "Hello,\n\nplease arrange a configuration review. Question.\nFG1K0FTB22900191, HZ360-2026-000102\n\nJohn",
    )
    wish = await scene.panel("Usługa z umowy")
    await scene.click(wish, "entitlement_agree")
    await scene.says("Przyjęte")
    await scene.click(wish, REPORT)
    await scene.fill({REPORT_BLOCK: [Upload("report.pdf", b"%PDF-1.7")]})
    await scene.says("Raport czeka na wysłanie")
    scene.pass_time(timedelta(seconds=30))  # nobody takes it back
    await scene.says("Raport: report.pdf")
    await scene.picture("report", "#thread-pane", "Raport: report.pdf", height=1300)

    for done_on in ("2026-11-20", "2026-11-23"):
        await scene.record({KIND_BLOCK: "firmware_upgrade", DEVICE_BLOCK: "FG1K0FTB22900191", DONE_BLOCK: done_on})
    await scene.record({KIND_BLOCK: "firmware_upgrade", DEVICE_BLOCK: "FG1K0FTB22900191"})
    await scene.says("Ponad pulę")
    await scene.picture("over", "#thread-pane", "Ponad pulę", height=1100)

    scene.pass_time(timedelta(days=1))
    daily = await scene.in_channel("Umowy i usługi")
    await scene.click(daily, SERVICE_OFFER, "1")
    await scene.modal("service-offer", "Do kogo")
    await scene.channel_picture("services", "Umowy i usługi")


async def main() -> None:
    """Take them all."""
    FOLDER.mkdir(exist_ok=True)
    async with stage() as (demo, page):
        await play(ServiceScene(demo, page))


if __name__ == "__main__":
    asyncio.run(main())
