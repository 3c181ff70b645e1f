"""Takes the pictures of docs/screens.md anew: `python -m tests.support.screenshots [scene ...]`.

The demo plays on a clock that starts at a fixed instant, and headless Chromium looks at its page; what a picture shows
is what the bot sent. Look at every picture before committing it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Page, async_playwright

from bot.edges.slack_ids import ACTION_IDS, DAY_BLOCK, KEEP_INTERNAL, MORE, MORE_MODAL, TEXT_BLOCK, TIME_BLOCK
from bot.edges.slack_replacement_ids import DEVICE_BLOCK
from bot.rules.ticket_states import Action
from bot.sandbox.demo import INFO, SUPPORT, Demo
from bot.sandbox.slack.model import Message, View
from bot.sandbox.story import ANSWER, QUESTION
from bot.sandbox.web_customers import customer, examples
from bot.sandbox.web_files import enclosed
from tests.support.requirements import require_chromium

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
TUESDAY_10 = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PATIENCE = 90.0
"""Seconds for what the scenes wait for; on a busy machine it takes its time."""
REPLACED, REPLACEMENT = "FG121GTK25004672", "FG121GTK25004680"


class Scene:
    """One demo with a browser that looks at it."""

    def __init__(self, demo: Demo, page: Page) -> None:
        self._demo = demo
        self._page = page
        self._slack = demo.slack.workspace

    async def report(self, person: str, key: str) -> None:
        """A ready-made mail, taken in and answered."""
        mail = next(one for one in examples(customer(person), SUPPORT, INFO) if one.key == key)
        before = len(self._cards())
        await self._demo.customers.send(
            person, mail.to, mail.subject, mail.text, files=enclosed([], list(mail.files)), automatic=mail.automatic
        )
        await self._until(lambda: len(self._cards()) > before, f"the ticket of {person}")
        await self.says("DO KLIENTA")

    async def answer(self, person: str, text: str) -> None:
        """An answer to the last mail that this person got."""
        last = [letter for letter in self._demo.customers.letters(person) if not letter.sent][-1]
        await self._demo.customers.send(person, last.address, f"Re: {last.subject}", text, answers=last.id)
        await self.says(text.splitlines()[0])

    async def press(self, action: Action) -> None:
        """Ewa presses a button of the newest ticket, or behind its "More…"."""
        people, card = self._demo.slack.people, self._cards()[-1]
        if ACTION_IDS[action] in str(card.blocks):
            await people.click(self._demo.staff.ewa, self._demo.staff.support, card.ts, ACTION_IDS[action])
            return
        await people.click_view(self._demo.staff.ewa, await self.more(), ACTION_IDS[action])

    async def more(self) -> str:
        """Ewa opens "More…" of the newest ticket; gives the window's id."""
        people, ewa = self._demo.slack.people, self._demo.staff.ewa
        await people.click(ewa, self._demo.staff.support, self._cards()[-1].ts, MORE)

        def shown() -> str | None:
            views = people.open_views(ewa)
            return views[-1].id if views and views[-1].body.get("callback_id") == MORE else None

        view = await self._slack.wait_for(shown, PATIENCE, "More…")
        assert view is not None
        return view

    async def write_in_thread(self, text: str) -> None:
        """Ewa writes in the newest ticket's thread, and is asked whether it shall go to the customer."""
        staff = self._demo.staff
        await self._demo.slack.people.post(staff.ewa, staff.support, text, thread_ts=self._cards()[-1].ts)
        await self._until(lambda: bool(self._slack.ephemerals(staff.support, staff.ewa)), "the question")

    async def keep_internal(self) -> None:
        """Ewa says that what she wrote last stays with the team."""
        staff = self._demo.staff
        question = self._slack.ephemerals(staff.support, staff.ewa)[-1]
        await self._demo.slack.people.click(staff.ewa, staff.support, question.ts, KEEP_INTERNAL)

    async def window(self, name: str, shows: str) -> None:
        """Save the open window once it shows these words, and close it."""
        await self._page.set_viewport_size({"width": 1400, "height": 1100})
        modal = self._page.get_by_test_id("modal")
        await modal.get_by_text(shows).last.wait_for()
        await modal.screenshot(path=FOLDER / f"{name}.png")
        while views := self._demo.slack.people.open_views(self._demo.staff.ewa):
            await self._demo.slack.people.close_view(self._demo.staff.ewa, views[-1].id)

    async def submit(self, values: Mapping[str, str]) -> None:
        """Ewa fills in the modal that has these fields, and sends it."""
        await self._demo.slack.people.submit_view(self._demo.staff.ewa, await self._with_fields(values), values)

    async def fill(self, values: Mapping[str, str]) -> None:
        """Ewa fills in the modal that has these fields."""
        view = await self._with_fields(values)
        for field, value in values.items():
            await self._demo.slack.people.fill(self._demo.staff.ewa, view, field, value)

    async def use(self, action_id: str) -> None:
        """Ewa presses a button of the window that lies on top."""
        people, ewa = self._demo.slack.people, self._demo.staff.ewa
        await people.click_view(ewa, people.open_views(ewa)[-1].id, action_id)

    async def _with_fields(self, values: Mapping[str, str]) -> str:
        def ready() -> View | None:
            views = self._demo.slack.people.open_views(self._demo.staff.ewa)
            return views[-1] if views and views[-1].state.keys() >= values.keys() else None

        view = await self._slack.wait_for(ready, PATIENCE, "the modal")
        assert view is not None
        return view.id

    async def begin(self, action: Action, serial: str) -> Message:
        """Ewa begins what "More…" offers, about a device of the newest ticket; gives the panel in its thread."""
        people, staff, card = self._demo.slack.people, self._demo.staff, self._cards()[-1]
        await people.click(staff.ewa, staff.support, card.ts, MORE)
        more = await self._modal(MORE_MODAL)
        await people.click_view(staff.ewa, more, ACTION_IDS[action])
        await people.submit_view(staff.ewa, await self._modal(ACTION_IDS[action]), {DEVICE_BLOCK: serial})
        prefix = "replacement_" if action is Action.REPLACE else "interview_"

        def posted() -> Message | None:
            thread = self._slack.thread(staff.support, card.ts)
            return next((post for post in thread if f"'action_id': '{prefix}" in str(post.blocks)), None)

        panel = await self._slack.wait_for(posted, PATIENCE, "the panel")
        assert panel is not None
        return panel

    async def move(self, panel: Message, action_id: str, fields: Mapping[str, object] | None, shows: str) -> None:
        """Ewa presses a button of a panel and fills in its form, if it has one; the panel then shows this."""
        people, staff = self._demo.slack.people, self._demo.staff
        await people.click(staff.ewa, staff.support, panel.ts, action_id)
        if fields is not None:
            await people.submit_view(staff.ewa, await self._modal(action_id), dict(fields))
        await self._until(lambda: shows in str(panel.blocks), shows)

    async def open(self, panel: Message, action_id: str) -> None:
        """Ewa presses a button of a panel that opens a form."""
        people, staff = self._demo.slack.people, self._demo.staff
        await people.click(staff.ewa, staff.support, panel.ts, action_id)
        await self._modal(action_id)

    async def _modal(self, callback_id: str) -> str:
        def shown() -> str | None:
            views = self._demo.slack.people.open_views(self._demo.staff.ewa)
            return views[-1].id if views and views[-1].body.get("callback_id") == callback_id else None

        view = await self._slack.wait_for(shown, PATIENCE, f"the modal {callback_id}")
        assert view is not None
        return view

    async def says(self, words: str) -> None:
        """Wait until the newest ticket's thread says this."""
        card = self._cards()[-1]
        await self._until(
            lambda: any(words in str(post.blocks) for post in self._slack.thread(self._demo.staff.support, card.ts)),
            words,
        )

    def pass_time(self, span: timedelta) -> None:
        """Move the clock."""
        self._demo.clock.move(span)

    async def picture(
        self, name: str, part: str, shows: str, *, person: str = "", width: int = 1400, height: int = 980
    ) -> None:
        """Save a part of the page once it shows these words.

        Args:
            part: "#slack" or "body" with the newest ticket's thread open, "#thread-pane" for that thread alone,
                "#messages-pane" for the channel of escalations,
                "#home-pane", or "#mail" of that person.
            width, height: Of the window, in pixels.
        """
        page, see = self._page, self._page.get_by_test_id
        await page.set_viewport_size({"width": width, "height": height})
        if part in {"#slack", "#thread-pane", "body"}:
            await see("channel-support").click()
            await see("messages").get_by_test_id("open-thread").last.click()
            await see("thread").get_by_text(shows).last.scroll_into_view_if_needed()
            # The thread beside them has made the messages narrower, and so longer.
            await see("messages").evaluate("box => box.parentElement.scrollTop = box.parentElement.scrollHeight")
        elif part == "#messages-pane":
            await see("channel-eskalacje").click()
            message = see("messages").locator("article", has_text=shows).last
            await message.get_by_test_id("open-thread").wait_for()  # it has called somebody
            await message.scroll_into_view_if_needed()
        elif part == "#home-pane":
            await see("channel-home").click()
            await see("home").get_by_text(shows).last.wait_for()
        else:
            await see(f"person-{person}").click()
            await page.locator("#mail").get_by_text(shows).last.wait_for()
        await page.wait_for_function("[...document.images].every((picture) => picture.complete)")
        await page.evaluate("document.activeElement?.blur()")  # or its message shows its tools
        await page.mouse.move(0, 0)
        await page.locator(part).screenshot(path=FOLDER / f"{name}.png")

    def _cards(self) -> list[Message]:
        return self._slack.timeline(self._demo.staff.support)

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        await self._slack.wait_for(condition, PATIENCE, what)


async def play(scene: Scene) -> None:
    """The day of the pictures."""
    await scene.report("anna", "critical")
    await scene.press(Action.TAKE)
    await scene.more()
    await scene.window("more", "Poproś o dane")
    await scene.press(Action.ASK)
    await scene.window("ask", "O co prosimy")
    await scene.press(Action.REPLY)
    await scene.window("reply", "Co dalej?")
    await scene.press(Action.REPLY)
    await scene.submit({TEXT_BLOCK: QUESTION})
    await scene.says("można cofnąć")
    await scene.press(Action.REPLY)
    await scene.window("reply-twice", "czeka na wysłanie")
    await scene.write_in_thread("Jeśli można, proszę też o zdjęcie diod na panelu.")
    await scene.picture("undo", "#thread-pane", "Wyślij jako informację", height=760)
    await scene.keep_internal()
    scene.pass_time(timedelta(minutes=12))
    await scene.says("wysłano")
    await scene.answer("anna", ANSWER)
    await scene.picture("ticket", "#slack", "unable to read superblock")
    await scene.picture("sandbox", "body", "unable to read superblock", width=1160, height=600)

    await scene.report("john", "no-numbers")
    await scene.picture("question", "#mail", "VPN tunnels keep dropping", person="john", height=1240)
    await scene.answer("john", "Yes, 2")
    await scene.says("Stan: otwarte")
    await scene.picture("answer", "#thread-pane", "Stan: otwarte", height=760)
    await scene.press(Action.REPLY)
    await scene.window("reply-en", "Co dalej?")
    await scene.picture("ticket-en", "#slack", "non-critical problem", height=740)

    await scene.report("piotr", "files")
    await scene.says("naprawa.exe")
    await scene.picture("files", "#thread-pane", "system-status.log", height=1060)

    await scene.report("anna", "english")
    await scene.press(Action.AGREE)
    await scene.submit(
        {DAY_BLOCK: "2026-11-26", TIME_BLOCK: "10:00", TEXT_BLOCK: "I will call you then, and we do it together."}
    )
    await scene.says("wysłano")
    await scene.answer("anna", "Yes, Thursday at 10:00 is fine.")
    await scene.says("Termin uzgodniony")
    await scene.picture("date", "#thread-pane", "Termin uzgodniony", height=1060)

    scene.pass_time(timedelta(minutes=40))
    await scene.picture("home", "#home-pane", "Do wzięcia", height=720)


async def replace_a_device(scene: Scene) -> None:
    """From the verified fault to the waybill; and the technical interview."""
    await scene.report("piotr", "critical")
    await scene.press(Action.TAKE)
    panel = await scene.begin(Action.REPLACE, REPLACED)
    await scene.move(
        panel, "replacement_check", {"check": "interview", "note": "Nie startuje mimo wymiany zasilania"}, "zasilania"
    )
    await scene.move(panel, "replacement_check", {"check": "logs", "note": "unable to read superblock"}, "superblock")
    await scene.move(panel, "replacement_verify", None, "✅ Usterka zweryfikowana")
    await scene.move(panel, "replacement_ask", {"to_customer": ""}, "klient zapytany")
    await scene.says("wysłano")
    await scene.picture("replacement-question", "#mail", "Ewa Kowalska (HEZO 360)", person="piotr", height=1240)
    await scene.answer("piotr", "Tak, potwierdzam.\nul. Mleczna 1, 00-001 Warszawa; Anna Nowak, 600 100 200")
    await scene.says("do wysłania")
    parcel = {
        "carrier": "DPD", "waybill": "0000012345678Q", "address": "ul. Mleczna 1, 00-001 Warszawa",
        "contact": "Anna Nowak", "phone": "600 100 200",
    }  # fmt: skip
    await scene.move(panel, "replacement_dispatch", parcel, "🚚")
    await scene.picture("replacement", "#slack", "Dostarczono", height=900)
    await scene.open(panel, "replacement_deliver")
    await scene.window("replacement-deliver", "Numer seryjny nowego urządzenia")
    await scene.move(panel, "replacement_deliver", {"who": "Anna Nowak", "serial": REPLACEMENT}, "📬")
    await scene.says("sprzęt zastępczy dostarczony")
    await scene.picture("replacement-delivered", "#thread-pane", "sprzęt zastępczy dostarczony", height=980)
    interview = await scene.begin(Action.INTERVIEW, REPLACED)
    answers = {"answer_contact": "Anna Nowak, 600 100 200", "answer_management": "10.0.0.1/24, brama 10.0.0.254"}
    await scene.move(interview, "interview_fill", answers, "10.0.0.254")
    await scene.picture("interview", "#thread-pane", "Wyślij pytania klientowi", height=700)
    await scene.open(interview, "interview_ask")
    await scene.window("interview-ask", "dostanie pytania, na które nie ma jeszcze odpowiedzi")


@asynccontextmanager
async def stage() -> AsyncIterator[tuple[Demo, Page]]:
    """A demo of its own at the fixed instant, and a browser that has its page open."""
    demo = Demo(port=0, story=False, start_at=TUESDAY_10)
    await demo.start()
    try:
        await demo.slack.connected()
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=require_chromium(), args=["--no-sandbox"])
            page = await browser.new_page(locale="pl-PL")
            await page.goto(demo.page.url)
            await page.get_by_test_id("try-close").click()
            yield demo, page
            await browser.close()
    finally:
        await demo.stop()


SCENES = {"day": play, "replacement": replace_a_device}


async def main(names: Sequence[str]) -> None:
    """Take those of these scenes, each on a demo of its own; all where none is named."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or SCENES:
        async with stage() as (demo, page):
            await SCENES[name](Scene(demo, page))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
