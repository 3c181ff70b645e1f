"""Every element of Block Kit at the page, against a small Bolt app that uses them all: what is shown, what is sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.rules.business_hours import ServiceCalendar
from bot.sandbox.clock import MovableClock
from bot.sandbox.mail import MailSandbox
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.web import Page as PageServer
from bot.sandbox.web_mail import CustomerMail

pytestmark = [pytest.mark.scenario, pytest.mark.browser]

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def options(*values: str) -> list[Json]:
    return [{"text": plain(value), "value": value} for value in values]


CONFIRM = {
    "title": plain("Sure?"),
    "text": plain("It can not be undone."),
    "confirm": plain("Do it"),
    "deny": plain("No"),
}
MESSAGE: list[Json] = [
    {"type": "header", "text": plain("A header :fire:")},
    {
        "type": "section",
        "text": {
            "type": "mrkdwn",
            "text": "*bold* _it_ ~gone~ `code` <https://example.com|a link> :eyes: a &lt;tag&gt;\n&gt; quoted",
        },
        "fields": [{"type": "mrkdwn", "text": "*One*"}, plain("Two")],
        "accessory": {"type": "button", "text": plain("Beside"), "action_id": "beside"},
    },
    {"type": "divider"},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "small :warning:"}]},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "text": plain("Open"), "action_id": "open", "value": "v1", "style": "primary"},
            {"type": "button", "text": plain("Delete"), "action_id": "delete", "style": "danger", "confirm": CONFIRM},
            {"type": "static_select", "placeholder": plain("Pick"), "action_id": "pick", "options": options("a", "b")},
            {"type": "overflow", "action_id": "more", "options": options("x", "y")},
        ],
    },
]


def input_block(name: str, element: Json, **more: Any) -> Json:
    return {
        "type": "input", "block_id": name, "label": plain(name), "element": {"action_id": "value", **element}, **more
    }  # fmt: skip


MODAL: Json = {
    "type": "modal",
    "callback_id": "all",
    "title": plain("All inputs"),
    "submit": plain("Send"),
    "blocks": [
        input_block("text", {"type": "plain_text_input", "multiline": True}),
        input_block("one", {"type": "static_select", "options": options("a", "b")}),
        input_block("radio", {"type": "radio_buttons", "options": options("r1", "r2")}),
        input_block("boxes", {"type": "checkboxes", "options": options("c1", "c2", "c3")}),
        input_block("day", {"type": "datepicker"}),
        input_block("clock", {"type": "timepicker"}),
        input_block("instant", {"type": "datetimepicker"}),
        input_block("many", {"type": "multi_static_select", "options": options("m1", "m2", "m3")}),
        input_block("who", {"type": "users_select"}),
        input_block("whole", {"type": "multi_users_select"}, optional=True),
        input_block("found", {"type": "external_select", "min_query_length": 0}, optional=True),
        input_block("number", {"type": "number_input", "is_decimal_allowed": False, "min_value": "1"}),
    ],
}


class Robot:
    """A Bolt app that shows everything and remembers what it was told."""

    def __init__(self, slack: SlackSandbox) -> None:
        self.actions: list[Json] = []
        self.submissions: list[Mapping[str, Any]] = []
        self.commands: list[str] = []
        self.app = AsyncApp(client=AsyncWebClient(token=slack.workspace.bot_token, base_url=slack.api_url, timeout=60))
        self.app.action(re.compile(""))(self._acted)
        self.app.options("value")(self._suggested)
        self.app.view("all")(self._submitted)
        self.app.command("/hezo")(self._commanded)
        self.app.event("app_home_opened")(self._home)

    async def _acted(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        self.actions.append(body["actions"][0])
        if body["actions"][0]["action_id"] == "open":
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        if body["actions"][0]["action_id"] == "beside":
            user = body["user"]["id"]
            await client.chat_postEphemeral(channel=body["channel"]["id"], user=user, text="psst, <@U00000001>")

    async def _suggested(self, ack: Any, payload: Json) -> None:
        typed = payload["value"]
        likely = {
            "text": plain(f"{payload['block_id']} {typed}".strip()),
            "value": "e1",
            "description": plain("likely"),
        }
        await ack(options=[] if typed == "nothing" else [likely])

    async def _submitted(self, ack: Any, view: Json) -> None:
        self.submissions.append(view["state"]["values"])
        if len(self.submissions) == 1:
            await ack(response_action="errors", errors={"text": "Too short, says the app."})
        else:
            await ack()

    async def _commanded(self, ack: Any, command: Json) -> None:
        self.commands.append(command["text"])
        await ack(f"You said {command['text']}")

    async def _home(self, client: AsyncWebClient, event: Json) -> None:
        blocks = [{"type": "section", "text": plain(f"Welcome home, {event['user']}")}, MESSAGE[4]]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})


class Desk:
    """A bot without parts."""

    language = "pl"
    health_url = None

    def parts(self) -> Mapping[str, str | None]:
        return {"robot": "feels ill"}

    async def speak(self, language: str) -> None:
        raise AssertionError(language)


@asynccontextmanager
async def stage() -> AsyncIterator[tuple[SlackSandbox, Robot, PageServer]]:
    """A Slack with the robot, and the page."""
    clock = MovableClock()
    slack, server = SlackSandbox(clock), MailSandbox([], clock=clock)
    mail = CustomerMail([], server, clock, support="a@x.example", info="b@x.example", escalation="c@x.example")
    page = PageServer(
        clock=clock, calendar=ServiceCalendar.always(), mail=mail, server=server, slack=slack, bot=Desk(), port=0
    )
    await slack.start()
    await page.start()
    robot = Robot(slack)
    handler = AsyncSocketModeHandler(robot.app, slack.workspace.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it without a return type
    try:
        await slack.connected()
        yield slack, robot, page
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # as above
        await page.stop()
        await slack.stop()
    assert slack.workspace.violations == []


async def test_messages_buttons_and_menus(page: Page) -> None:
    async with stage() as (slack, robot, server):
        ewa = slack.workspace.add_user("ewa", "Ewa Kowalska")
        channel = slack.workspace.add_channel("support", [ewa.id])
        await robot.app.client.chat_postMessage(channel=channel.id, text="fallback", blocks=MESSAGE)
        await page.goto(server.url)
        message = page.get_by_test_id("message")
        see = message.get_by_test_id
        await expect(message.get_by_role("heading")).to_have_text("A header 🔥")
        content = see("message-content")
        for tag, words in {"b": "bold", "i": "it", "s": "gone", "code": "code", "blockquote": "quoted"}.items():
            await expect(content.locator(tag).first).to_have_text(words)
        await expect(content).to_contain_text("👀 a <tag>")
        await expect(content.get_by_role("link")).to_have_attribute("href", "https://example.com")
        await expect(content).to_contain_text("small ⚠️")

        await see("el-delete").click()
        await page.get_by_test_id("confirm-no").click()
        await see("el-delete").click()
        await page.get_by_test_id("confirm-yes").click()
        await see("el-pick").select_option("b")
        await see("el-more").select_option("y")
        await see("el-beside").click()
        await expect(page.get_by_test_id("only-you")).to_be_visible()
        await expect(page.get_by_test_id("messages")).to_contain_text("psst, @hezo360")
        assert [action["action_id"] for action in robot.actions] == ["delete", "pick", "more", "beside"]
        assert [action.get("selected_option", {}).get("value") for action in robot.actions] == [None, "b", "y", None]

        await page.get_by_test_id("composer").fill("/hezo list all")
        await page.get_by_test_id("composer").press("Enter")
        await expect(page.get_by_test_id("messages")).to_contain_text("You said list all")
        await page.get_by_test_id("channel-home").click()
        await expect(page.get_by_test_id("home")).to_contain_text(f"Welcome home, {ewa.id}")
        await page.get_by_test_id("home").get_by_test_id("el-pick").select_option("a")
        await slack.workspace.wait_for(lambda: len(robot.actions) == 5, what="the click at home")
        await expect(page.get_by_test_id("health")).to_have_text("Bot: not ready")


async def test_a_modal_with_every_input(page: Page) -> None:
    async with stage() as (slack, robot, server):
        ewa, marek = (slack.workspace.add_user(name, name.title()).id for name in ("ewa", "marek"))
        channel = slack.workspace.add_channel("support", [ewa, marek])
        await robot.app.client.chat_postMessage(channel=channel.id, text="fallback", blocks=MESSAGE)
        await page.goto(server.url)
        await page.get_by_test_id("el-open").click()
        modal = page.get_by_test_id("modal")

        def block(name: str) -> Locator:
            return modal.get_by_test_id(f"input-{name}")

        await expect(block("text").get_by_role("textbox")).to_be_focused()
        await page.get_by_test_id("modal-submit").click()
        await expect(page.get_by_test_id("error-one")).to_be_visible()
        assert robot.submissions == []  # Slack's own client asks for what is missing

        await block("text").get_by_role("textbox").fill("first line\nsecond <line>")
        await block("one").get_by_role("combobox").select_option("b")
        await block("radio").get_by_label("r2").check()
        await block("boxes").get_by_label("c1").check()
        await block("boxes").get_by_label("c3").check()
        await block("day").get_by_test_id("el-value").fill("2026-12-24")
        await block("clock").get_by_test_id("el-value").fill("14:30")
        await block("instant").get_by_test_id("el-value").fill("2026-07-01T10:00")
        await block("many").get_by_label("m2").check()
        await block("who").get_by_role("combobox").select_option(marek)
        menu = block("found").get_by_role("searchbox")
        await menu.focus()
        await expect(block("found").get_by_role("option")).to_have_text("found — likely")
        await menu.fill("nothing")
        await expect(block("found").get_by_role("option")).to_have_text("No results")
        await menu.fill("x")
        await block("found").get_by_role("listbox").select_option("e1")
        await expect(menu).to_have_value("found x")
        await block("number").get_by_test_id("el-value").fill("0")
        await page.get_by_test_id("modal-submit").click()
        await expect(page.get_by_test_id("error-number")).to_have_text("Must be at least 1.")
        await block("number").get_by_test_id("el-value").fill("7")
        await page.get_by_test_id("modal-submit").click()
        await expect(page.get_by_test_id("error-text")).to_have_text("Too short, says the app.")
        await expect(block("text").get_by_role("textbox")).to_have_value("first line\nsecond <line>")
        await page.get_by_test_id("modal-submit").click()
        await expect(modal).to_have_count(0)

        values = {name: given["value"] for name, given in robot.submissions[-1].items()}
        assert values["text"]["value"] == "first line\nsecond <line>"
        assert values["one"]["selected_option"]["value"] == "b"
        assert values["radio"]["selected_option"]["value"] == "r2"
        assert [option["value"] for option in values["boxes"]["selected_options"]] == ["c1", "c3"]
        assert values["day"]["selected_date"] == "2026-12-24"
        assert values["clock"]["selected_time"] == "14:30"
        assert values["instant"]["selected_date_time"] == 1_782_892_800  # 10:00 in Warsaw's summer is 08:00 UTC
        assert [option["value"] for option in values["many"]["selected_options"]] == ["m2"]
        assert values["who"]["selected_user"] == marek
        assert values["found"]["selected_option"]["value"] == "e1"
        assert values["number"]["value"] == "7"

        await page.get_by_test_id("el-open").click()
        await expect(block("text").get_by_role("textbox")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(modal).to_have_count(0)
        await slack.workspace.wait_for(lambda: not slack.people.open_views(ewa), what="the modal closed")
