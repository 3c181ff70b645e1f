"""What a newcomer does at the page, clicked in a real browser: the main story from both sides."""

from __future__ import annotations

from importlib.resources import files

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from bot.rules.business_hours import ServiceCalendar
from bot.sandbox.demo import Demo
from bot.sandbox.web import Page as PageServer

PATIENCE_MS = 60_000
TRAP = b"<html><script>parent.hacked = 1</script></html>"

pytestmark = [pytest.mark.scenario, pytest.mark.browser]


async def test_a_report_is_acknowledged_answered_answered_back_and_reminded_of(demo: Demo, page: Page) -> None:
    await page.goto(demo.page.url)
    see = page.get_by_test_id

    # as Anna: a report with all its numbers
    await see("new-mail").click()
    await see("example-critical").click()
    await see("mail-send").click()
    await expect(see("letter")).to_have_count(2)  # hers, and the acknowledgement
    await see("view-text").last.click()
    acknowledgement = see("mail-text").last
    await expect(acknowledgement).to_contain_text("HEZO-2026-000001")
    await expect(acknowledgement).to_contain_text("FG121GTK25004672")

    # as Ewa: the ticket, taken and answered
    card = see("messages").get_by_test_id("message").first
    await expect(card).to_contain_text("Zakłady Mleczarskie")
    await card.get_by_test_id("el-ticket_take").click()
    await expect(card).to_contain_text("@Ewa Kowalska")
    await card.get_by_test_id("el-ticket_reply").click()
    modal = see("modal")
    await expect(modal).to_contain_text("anna.nowak@mleczarnia.example")
    await see("modal-submit").click()
    await expect(see("error-reply_text")).to_be_visible()  # nothing was written yet
    await modal.get_by_role("textbox").fill("Proszę o wynik polecenia: get system status")
    await see("modal-submit").click()
    await expect(modal).to_have_count(0)
    await card.get_by_test_id("open-thread").click()
    await expect(see("thread").get_by_role("button", name="Cofnij")).to_be_visible()
    await see("move-10").click()  # the time for second thoughts is over

    # as Anna: reads it, answers it; her program quotes
    await expect(see("letter")).to_have_count(3)
    await see("view-text").last.click()
    await expect(see("mail-text").last).to_contain_text("get system status")
    await see("answer").last.click()
    await see("mail-body").fill("Version: FortiGate-121G v7.4.4")
    picture = files("bot.sandbox").joinpath("data", "console.jpg").read_bytes()
    await see("mail-files").set_input_files(
        [
            FilePayload(name="konsola.jpg", mimeType="image/jpeg", buffer=picture),
            FilePayload(name="log.txt", mimeType="text/plain", buffer=b"too much"),
            FilePayload(name="trap.png", mimeType="image/png", buffer=TRAP),
        ]
    )
    await page.get_by_role("button", name="Remove log.txt").click()
    await see("mail-send").click()
    await expect(see("letter").last.get_by_test_id("letter-file")).to_have_text(["📎 konsola.jpg", "📎 trap.png"])

    # as Ewa: the answer stands in the thread, without what was quoted
    answer = see("thread").get_by_test_id("message").filter(has_text="FortiGate-121G v7.4.4")
    await expect(answer).to_be_visible()
    await expect(answer).not_to_contain_text("napisał(a)")
    await expect(answer).to_contain_text("📎 konsola.jpg (22 KB, obraz)")

    # and its files: a picture to look at, and everything to save
    await expect(see("thread").get_by_test_id("file")).to_have_count(2)
    shown = see("thread").locator("img")
    await expect(shown).to_have_count(1)
    await shown.scroll_into_view_if_needed()
    await expect(shown).to_have_js_property("naturalWidth", 760)
    async with page.expect_download() as coming:
        await see("file-download").last.click()
    download = await coming.value
    assert (download.suggested_filename, (await download.path()).read_bytes()) == ("trap.png", TRAP)

    # more than half of the hour for an answer is gone
    await see("move-30").click()
    await see("move-10").click()
    await expect(see("thread")).to_contain_text("⏰")
    assert demo.clock.now().hour == 9


async def test_the_staffs_texts_change_their_language_and_the_data_stay(demo: Demo, page: Page) -> None:
    await page.goto(demo.page.url)
    await demo.customers.send("john", "pomoc@myhezo.pl", "Down", "S/N FG1K0FTB22900191, contract HZ360-2026-000102")
    card = page.get_by_test_id("messages").get_by_test_id("message").first
    await expect(card.get_by_test_id("el-ticket_take")).to_have_text("Biorę")
    await page.get_by_test_id("language-en").click()
    await expect(page.get_by_test_id("language-en")).to_have_attribute("aria-pressed", "true")
    await card.get_by_test_id("el-ticket_take").click()
    await expect(card).to_contain_text("Assigned to: @Ewa Kowalska")
    await expect(card.get_by_role("button", name="Reply to customer")).to_be_visible()
    await page.get_by_test_id("health").click()
    await expect(page.get_by_test_id("parts")).to_contain_text("mailbox: pomoc runs")


async def test_the_page_finds_its_way_back_when_its_server_was_away(demo: Demo, browser: Browser) -> None:
    window = await browser.new_page()
    await window.goto(demo.page.url)
    await expect(window.get_by_test_id("channel-support")).to_be_visible()
    await demo.page.stop()
    await expect(window.locator("#connection")).to_contain_text("Connection lost")
    await demo.slack.people.post(demo.staff.marek, demo.staff.support, "written meanwhile")
    again = PageServer(
        clock=demo.clock,
        calendar=ServiceCalendar.always(),
        mail=demo.customers,
        server=demo.mail,
        slack=demo.slack,
        bot=demo,
        port=demo.page.port,
    )
    await again.start()
    try:
        await expect(window.get_by_test_id("messages")).to_contain_text("written meanwhile", timeout=PATIENCE_MS)
        await expect(window.locator("#connection")).to_be_hidden()
    finally:
        await window.close()
        await again.stop()
