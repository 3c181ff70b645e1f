"""Takes the pictures of trouble, and of the menu of tickets, anew: `python -m tests.support.screenshots_trouble`.

As `tests.support.screenshots`, whose scene it plays on.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import aiosmtplib

from bot.edges.slack_escalation_ids import DUTY_MODAL, PERSON_BLOCK, SUBSTITUTE_BLOCK
from bot.rules.ticket_states import Action
from bot.sandbox.demo import SUPPORT
from tests.support.screenshots import FOLDER, PATIENCE, REPLACED, REPLACEMENT, Scene, stage

ABSENT = "Jestem na urlopie do piątku. W pilnych sprawach proszę o kontakt z sekretariatem.\n\nAnna Nowak"
NOT_DELIVERED = """From: MAILER-DAEMON@mx.example
To: {support}
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full
--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}

--b--
"""


class TroubleScene(Scene):
    """A scene with robots, a Slack that refuses, and typing into a menu."""

    async def robots(self, person: str) -> None:
        """An absence is noted, and then the mailbox is full."""
        last = [letter for letter in self._demo.customers.letters(person) if not letter.sent][-1]
        subject = f"Odpowiedź automatyczna: {last.subject}"
        await self._demo.customers.send(person, last.address, subject, ABSENT, answers=last.id, automatic=True)
        await self.says("🤖")
        report = NOT_DELIVERED.format(support=SUPPORT, address=last.person.address, message_id=last.message_id)
        port = self._demo.mail.smtp_port
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            await client.sendmail("", [SUPPORT], report.replace("\n", "\r\n").encode())
        await self.says("📭")

    async def search(self, typed: str, shows: str) -> None:
        """Ewa types into the open window's menu of tickets, which then offers this."""
        await self._page.set_viewport_size({"width": 1400, "height": 1100})
        modal = self._page.get_by_test_id("modal")
        await modal.get_by_role("searchbox").fill(typed)
        await modal.get_by_role("option").get_by_text(shows).first.wait_for(state="attached")
        await modal.screenshot(path=FOLDER / "merge-search.png")
        while views := self._demo.slack.people.open_views(self._demo.staff.ewa):
            await self._demo.slack.people.close_view(self._demo.staff.ewa, views[-1].id)

    async def second(self) -> None:
        """Ewa has chosen a priority in her window after Marek set another one in his."""
        people, staff, card = self._demo.slack.people, self._demo.staff, self._cards()[-1]
        await self.press(Action.PRIORITY)
        mine = await self._modal("ticket_priority")
        await people.click(staff.marek, staff.support, card.ts, "ticket_priority")

        def theirs() -> str | None:
            views = people.open_views(staff.marek)
            return views[-1].id if views else None

        view = await self._slack.wait_for(theirs, PATIENCE, "Marek's window")
        assert view is not None
        await people.submit_view(staff.marek, view, {"priority": "non_critical"})
        await self.says("terminy liczone na nowo")
        await people.submit_view(staff.ewa, mine, {"priority": "question"})
        await self.window("second", "zaszła inna zmiana")

    async def duty(self) -> None:
        """Ewa sets who is on duty by the form."""
        people, staff = self._demo.slack.people, self._demo.staff
        await people.slash(staff.ewa, staff.support, "/hezo", "on-duty set")
        view = await self._modal(DUTY_MODAL)
        values = {PERSON_BLOCK: staff.marek, SUBSTITUTE_BLOCK: staff.zofia}
        for field, value in values.items():
            await people.fill(staff.ewa, view, field, value)
        await self.window("duty", "Zastępca")
        await people.slash(staff.ewa, staff.support, "/hezo", "on-duty set")
        await people.submit_view(staff.ewa, await self._modal(DUTY_MODAL), values)

    def lose_uploads(self) -> None:
        """The workspace takes no files any more."""
        self._demo.slack.faults.error("files.getUploadURLExternal", "file_uploads_disabled", times=99)

    async def announced(self, words: str) -> None:
        """Wait until the channel of escalations says this, and save it."""
        page, channel = self._page, self._demo.staff.escalation
        await self._until(lambda: any(words in str(post.blocks) for post in self._slack.timeline(channel)), words)
        await page.set_viewport_size({"width": 1400, "height": 620})
        await page.get_by_test_id("channel-eskalacje").click()
        await page.get_by_test_id("messages").get_by_text(words).last.wait_for()
        await page.locator("#messages-pane").screenshot(path=FOLDER / "operator.png")


async def play(scene: TroubleScene) -> None:
    """What is not in the pictures of a good day."""
    await scene.report("anna", "critical")
    await scene.robots("anna")
    await scene.picture("robots", "#thread-pane", "Mailbox full", height=900)
    await scene.report("john", "critical")
    await scene.report("piotr", "critical")
    await scene.press(Action.MERGE)
    await scene.search("firewall", "Firewall down")

    await scene.second()

    panel = await scene.begin(Action.REPLACE, REPLACED)
    await scene.move(panel, "replacement_check", {"check": "tests", "note": "Nie startuje"}, "Nie startuje")
    await scene.move(panel, "replacement_verify", None, "✅ Usterka zweryfikowana")
    await scene.move(panel, "replacement_confirm", {"who": "Piotr Zieliński"}, "telefonicznie")
    parcel = {
        "carrier": "DPD", "waybill": "0000012345678Q", "address": "ul. Mleczna 1, 00-001 Warszawa",
        "contact": "Anna Nowak", "phone": "600 100 200",
    }  # fmt: skip
    await scene.move(panel, "replacement_dispatch", parcel, "🚚")
    await scene.move(panel, "replacement_deliver", {"who": "Anna Nowak", "serial": REPLACEMENT}, "📬")
    await scene.move(panel, "replacement_send_waybill", {"waybill": "0000098765432Z"}, "🏷️")
    scene.pass_time(timedelta(days=3, minutes=5))
    await scene.says("Przypomnieliśmy klientowi")
    await scene.picture("return-reminder", "#mail", "przypominamy o odesłaniu", person="piotr", height=1240)

    await scene.duty()
    scene.lose_uploads()
    await scene.report("john", "files")
    await scene.announced("Plików klientów nie można pokazać")


async def main() -> None:
    async with stage() as (demo, page):
        await play(TroubleScene(demo, page))


if __name__ == "__main__":
    asyncio.run(main())
