"""Whatever customers and staff write, the page shows it and does nothing with it."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage

import aiosmtplib
import pytest
from playwright.async_api import Browser, expect

from bot.sandbox.demo import Demo

pytestmark = [pytest.mark.scenario, pytest.mark.browser]

SCRIPT = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"
HTML_MAIL = f"""<html><head><base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/">
<style>body {{ background: url(https://evil.example/pixel) }}</style></head>
<body onload="parent.hacked = 3">{SCRIPT}<svg onload="top.hacked = 4"></svg><img src="https://evil.example/pixel.png">
<iframe src="https://evil.example/"></iframe><form action="https://evil.example/"><input autofocus></form>
<a href="javascript:top.hacked = 5" target="_top" id="trap">click me</a> the visible words</body></html>"""


async def test_hostile_mails_and_messages_stay_words(demo: Demo, browser: Browser) -> None:
    page = await browser.new_page()
    page.set_default_timeout(60_000)
    tried: dict[str, str] = {}
    page.on("request", lambda request: tried.update({request.url: "allowed"}))
    page.on("requestfailed", lambda request: tried.update({request.url: request.failure or ""}))
    mishaps: list[str] = []
    page.on("dialog", lambda dialog: mishaps.append(dialog.message))
    page.on("pageerror", lambda error: mishaps.append(str(error)))
    await demo.customers.send("anna", "pomoc@myhezo.pl", f"subject {SCRIPT}", f"words {SCRIPT} <!channel> *b* :x:")
    await _deliver_html_to_anna(demo)
    people, ewa, support = demo.slack.people, demo.staff.ewa, demo.staff.support
    await people.post(ewa, support, f"typed {SCRIPT} & <b>not bold</b> javascript:alert(1)")
    robot = demo.slack.workspace.add_bot(f"robot {SCRIPT}")
    demo.slack.workspace.channel(support).members.append(robot.id)
    await people.post_as_bot(
        robot.id,
        support,
        "fallback",
        blocks=[
            {"type": "section", "text": {"type": "mrkdwn", "text": f"<javascript:window.hacked=6|trap> {SCRIPT}"}},
            {"type": "header", "text": {"type": "plain_text", "text": SCRIPT}},
            {"type": "image", "image_url": "https://evil.example/pixel.png", "alt_text": SCRIPT},
            {
                "type": "actions",
                "elements": [{"type": "button", "text": {"type": "plain_text", "text": SCRIPT}, "action_id": "a"}],
            },
            {
                "type": "rich_text",
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [{"type": "link", "url": "data:text/html,<script>1</script>", "text": "trap"}],
                    }
                ],
            },
        ],
    )

    await page.goto(demo.page.url)
    see = page.get_by_test_id
    messages = see("messages")
    await expect(messages).to_contain_text(f"typed {SCRIPT} & <b>not bold</b>")
    await expect(messages).to_contain_text("<javascript:window.hacked=6|trap>")
    await expect(messages.locator("a", has_text="trap")).to_have_count(0)
    await expect(messages.locator("img, script, iframe")).to_have_count(0)

    await see("conversation").filter(has_text="HTML trap").click()
    frame = page.frame_locator("[data-testid=mail-html]")
    await expect(frame.locator("body")).to_contain_text("the visible words")
    await frame.locator("#trap").click()
    await see("view-source").click()
    await expect(see("mail-source")).to_contain_text("window.hacked = 1")
    await see("view-text").click()
    await expect(see("mail-text")).to_contain_text(SCRIPT)
    await see("conversation").filter(has_text="subject <script>").click()
    await expect(see("conversation-subject")).to_contain_text(SCRIPT)

    assert await page.evaluate("window.hacked") is None
    assert page.url == demo.page.url
    assert mishaps == []
    outside = {url: end for url, end in tried.items() if not url.startswith((demo.page.url, "data:"))}
    assert outside, "the mail did not even try"
    assert set(outside.values()) == {"csp"}
    await page.close()


async def _deliver_html_to_anna(demo: Demo) -> None:
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = f'"{SCRIPT}" <evil@evil.example>'.replace("\n", "")
    mail["To"] = "anna.nowak@mleczarnia.example"
    mail["Subject"] = "HTML trap"
    mail["Message-ID"] = "<trap@evil.example>"
    mail.set_content(f"text {SCRIPT}")
    mail.add_alternative(HTML_MAIL, subtype="html")
    mail.add_attachment(b"x", maintype="text", subtype="html", filename=f"{SCRIPT}.html")
    await aiosmtplib.send(
        mail.as_bytes(),
        sender="evil@evil.example",
        recipients=["anna.nowak@mleczarnia.example"],
        hostname="127.0.0.1",
        port=demo.mail.smtp_port,
        start_tls=False,
    )
