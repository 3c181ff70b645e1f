"""Buttons, menus, modals, commands, shortcuts, the Home tab: a real Bolt app answers people over real sockets."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import MovableClock
from bot.sandbox.slack import NotPossible, Outcome, SlackSandbox, Upload


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(action_id: str, value: str = "1") -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain(action_id), "value": value}


def actions(*elements: dict[str, Any], block_id: str = "row") -> list[dict[str, Any]]:
    return [{"type": "actions", "block_id": block_id, "elements": list(elements)}]


def option(value: str) -> dict[str, Any]:
    return {"text": plain(value.upper()), "value": value}


def field(block_id: str, element: dict[str, Any], **extra: Any) -> dict[str, Any]:
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element, **extra}


def modal(*blocks: dict[str, Any], **extra: Any) -> dict[str, Any]:
    return {
        "type": "modal", "callback_id": "reply", "title": plain("Odpowiedź"), "submit": plain("Wyślij"),
        "blocks": list(blocks), **extra,
    }  # fmt: skip


TEXT = field("text", {"type": "plain_text_input", "action_id": "words", "multiline": True, "max_length": 20})
PRIORITY = field(
    "priority",
    {"type": "static_select", "action_id": "level", "options": [option("krytyczny"), option("pytanie")]},
)


class Desk:
    """A Bolt app that opens a modal on a button and keeps what it was sent."""

    def __init__(self, app: AsyncApp, view: dict[str, Any]) -> None:
        self.actions: list[dict[str, Any]] = []
        self.submissions: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = {}
        self.opened = asyncio.Event()

        @app.action("reply")
        async def open_modal(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
            await ack()
            self.actions.append(body)
            await client.views_open(trigger_id=body["trigger_id"], view=view)

        @app.view("reply")
        async def submitted(ack: Any, body: dict[str, Any]) -> None:
            self.submissions.append(body)
            await ack(self.answer) if self.answer else await ack()


async def open_reply(slack: SlackSandbox, client: AsyncWebClient, office: Any) -> str:
    posted = await client.chat_postMessage(channel=office.support.id, text="HZ-1", blocks=actions(button("reply")))
    assert await slack.people.click(office.anna.id, office.support.id, posted["ts"], "reply") == Outcome(ok=True)
    views = await slack.workspace.wait_for(lambda: slack.people.open_views(office.anna.id))
    return views[-1].id


async def test_a_click_opens_a_modal_and_its_submission_closes_it(
    slack: SlackSandbox, app: AsyncApp, client: AsyncWebClient, office: Any, connect: Any
) -> None:
    desk = Desk(app, modal(TEXT, PRIORITY, private_metadata="HZ-1"))
    await connect(app)
    view_id = await open_reply(slack, client, office)
    values = {"text": "Dzień dobry", "priority": "krytyczny"}
    assert await slack.people.submit_view(office.anna.id, view_id, values) is None
    assert slack.people.open_views(office.anna.id) == []
    [action] = desk.actions
    assert action["user"]["id"] == office.anna.id
    assert action["actions"][0]["value"] == "1"
    assert action["container"]["message_ts"] == action["message"]["ts"]
    assert action["channel"]["id"] == office.support.id
    [body] = desk.submissions
    state = body["view"]["state"]["values"]
    assert state["text"]["words"] == {"type": "plain_text_input", "value": "Dzień dobry"}
    assert state["priority"]["level"]["selected_option"]["value"] == "krytyczny"
    assert body["view"]["private_metadata"] == "HZ-1"
    assert body["view"]["id"] == body["view"]["root_view_id"] == view_id


async def test_the_client_checks_fields_before_it_sends_them(
    slack: SlackSandbox, app: AsyncApp, client: AsyncWebClient, office: Any, connect: Any
) -> None:
    desk = Desk(app, modal(TEXT, PRIORITY))
    await connect(app)
    view_id = await open_reply(slack, client, office)
    errors = await slack.people.submit_view(office.anna.id, view_id, {"text": "x" * 21})
    assert errors is not None
    assert errors.keys() == {"text", "priority"}
    with pytest.raises(NotPossible, match="no option"):
        await slack.people.submit_view(office.anna.id, view_id, {"priority": "zielony"})
    with pytest.raises(NotPossible, match="field nosuch"):
        await slack.people.submit_view(office.anna.id, view_id, {"nosuch": "x"})
    assert desk.submissions == []


async def test_the_app_answers_a_submission_with_errors_then_update_then_push_then_clear(
    slack: SlackSandbox, app: AsyncApp, client: AsyncWebClient, office: Any, connect: Any
) -> None:
    desk = Desk(app, modal(TEXT))
    await connect(app)
    view_id = await open_reply(slack, client, office)
    desk.answer = {"response_action": "errors", "errors": {"text": "Zły numer"}}
    submit = slack.people.submit_view
    assert await submit(office.anna.id, view_id, {"text": "1"}) == {"text": "Zły numer"}
    assert slack.workspace.snapshot()["views"][office.anna.id][0]["errors"] == {"text": "Zły numer"}
    desk.answer = {"response_action": "update", "view": modal(TEXT, PRIORITY)}
    assert await submit(office.anna.id, view_id) is None
    [view] = slack.people.open_views(office.anna.id)
    assert view.id == view_id
    assert view.state["text"]["words"]["value"] == "1"
    desk.answer = {"response_action": "push", "view": modal(PRIORITY)}
    assert await submit(office.anna.id, view_id, {"priority": "pytanie"}) is None
    below, above = slack.people.open_views(office.anna.id)
    assert (above.previous_id, above.root_id) == (below.id, below.id)
    desk.answer = {"response_action": "clear"}
    assert await submit(office.anna.id, above.id, {"priority": "pytanie"}) is None
    assert slack.people.open_views(office.anna.id) == []


async def test_errors_for_fields_that_do_not_exist_are_a_violation(
    slack: SlackSandbox, app: AsyncApp, client: AsyncWebClient, office: Any, connect: Any
) -> None:
    desk = Desk(app, modal(TEXT))
    await connect(app)
    view_id = await open_reply(slack, client, office)
    desk.answer = {"response_action": "errors", "errors": {"serial": "?"}}
    errors = await slack.people.submit_view(office.anna.id, view_id, {"text": "1"})
    assert errors is not None
    assert "*" in errors
    assert "must name input blocks" in slack.workspace.violations[0].what
    slack.workspace.violations.clear()


async def test_an_unanswered_click_shows_the_person_an_error(
    slack: SlackSandbox, app: AsyncApp, client: AsyncWebClient, office: Any, connect: Any
) -> None:
    slack.sockets.ack_timeout = 0.1
    posted = await client.chat_postMessage(channel=office.support.id, text="x", blocks=actions(button("broken")))
    outcome = await slack.people.click(office.anna.id, office.support.id, posted["ts"], "broken")
    assert outcome == Outcome(ok=False, error="dispatch_failed")

    @app.action("broken")
    async def broken(ack: Any) -> None:
        raise RuntimeError("before the ack")

    await connect(app)
    outcome = await slack.people.click(office.anna.id, office.support.id, posted["ts"], "broken")
    assert outcome == Outcome(ok=False, error="operation_timeout")
    assert [error.what for error in slack.workspace.user_errors] == ["dispatch_failed", "operation_timeout"]


async def test_an_unanswered_submission_keeps_the_modal_open(
    slack: SlackSandbox, app: AsyncApp, client: AsyncWebClient, office: Any, connect: Any
) -> None:
    Desk(app, modal(TEXT, callback_id="nobody-listens"))
    await connect(app)
    view_id = await open_reply(slack, client, office)
    slack.sockets.ack_timeout = 0.1
    errors = await slack.people.submit_view(office.anna.id, view_id, {"text": "1"})
    assert errors is not None
    assert "trouble connecting" in errors["*"]
    assert slack.people.open_views(office.anna.id)


async def test_people_click_only_what_is_there(slack: SlackSandbox, client: AsyncWebClient, office: Any) -> None:
    two = [*actions(button("take", "1")), *actions(button("take", "2"), block_id="row2")]
    posted = await client.chat_postMessage(channel=office.support.id, text="x", blocks=two)
    click = slack.people.click
    with pytest.raises(NotPossible, match="not there"):
        await click(office.anna.id, office.support.id, posted["ts"], "close")
    with pytest.raises(NotPossible, match="more than once"):
        await click(office.anna.id, office.support.id, posted["ts"], "take")
    with pytest.raises(NotPossible, match="not in"):
        await click(office.customer.id, office.support.id, posted["ts"], "take", value="1")
    with pytest.raises(NotPossible, match="no message"):
        await click(office.anna.id, office.support.id, "1.000000", "take")


async def test_a_trigger_opens_one_view_within_three_seconds(
    slack: SlackSandbox, app: AsyncApp, client: AsyncWebClient, office: Any, connect: Any, clock: MovableClock
) -> None:
    errors: list[str] = []
    late = asyncio.Event()
    done = asyncio.Event()

    @app.action("reply")
    async def twice(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await late.wait()
        for _ in range(2):
            try:
                await client.views_open(trigger_id=body["trigger_id"], view=modal(TEXT))
            except SlackApiError as error:
                errors.append(str(error.response["error"]))
        done.set()

    await connect(app)
    late.set()
    await open_reply(slack, client, office)
    await asyncio.wait_for(done.wait(), 5)
    assert errors == ["exchanged_trigger_id"]
    late.clear()
    done.clear()
    posted = await client.chat_postMessage(channel=office.support.id, text="x", blocks=actions(button("reply")))
    await slack.people.click(office.anna.id, office.support.id, posted["ts"], "reply")
    clock.move(timedelta(seconds=4))
    late.set()
    await asyncio.wait_for(done.wait(), 5)
    assert errors[1:] == ["expired_trigger_id", "expired_trigger_id"]
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await client.views_open(trigger_id="made-up", view=modal(TEXT))


async def test_views_push_update_and_hash(
    slack: SlackSandbox, app: AsyncApp, client: AsyncWebClient, office: Any, connect: Any
) -> None:
    closed: list[dict[str, Any]] = []
    Desk(app, modal(TEXT, *actions(button("more"))))

    @app.action("more")
    async def more(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_push(trigger_id=body["trigger_id"], view=modal(PRIORITY, notify_on_close=True))

    @app.view_closed("reply")
    async def on_close(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        closed.append(body)

    await connect(app)
    view_id = await open_reply(slack, client, office)
    await slack.people.fill(office.anna.id, view_id, "text", "wpisane")
    await slack.people.click_view(office.anna.id, view_id, "more")
    await slack.workspace.wait_for(lambda: len(slack.people.open_views(office.anna.id)) == 2)
    with pytest.raises(NotPossible, match="does not look at"):
        await slack.people.submit_view(office.anna.id, view_id)
    above = slack.people.open_views(office.anna.id)[-1]
    await slack.people.close_view(office.anna.id, above.id)
    assert [body["view"]["id"] for body in closed] == [above.id]
    old_hash = slack.workspace.views[view_id].hash
    updated = await client.views_update(view_id=view_id, hash=old_hash, view=modal(TEXT, external_id="HZ-1"))
    assert updated["view"]["state"]["values"]["text"]["words"]["value"] == "wpisane"
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_update(view_id=view_id, hash=old_hash, view=modal(TEXT))
    await client.views_update(external_id="HZ-1", view=modal(PRIORITY, external_id="HZ-1"))
    with pytest.raises(SlackApiError, match="not_found"):
        await client.views_update(view_id=above.id, view=modal(TEXT))


async def test_menus_give_what_was_chosen_and_each_person_has_an_own_choice(
    slack: SlackSandbox, app: AsyncApp, client: AsyncWebClient, office: Any, connect: Any
) -> None:
    seen: list[dict[str, Any]] = []

    @app.action("prio")
    @app.action("more")
    @app.action("who")
    async def chosen(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        seen.append(body)

    await connect(app)
    blocks = actions(
        {"type": "static_select", "action_id": "prio", "options": [option("a"), option("b")]},
        {"type": "overflow", "action_id": "more", "options": [option("x")]},
        {"type": "multi_users_select", "action_id": "who", "placeholder": plain("kto")},
    )
    posted = await client.chat_postMessage(channel=office.support.id, text="x", blocks=blocks)
    place = (office.support.id, posted["ts"])
    await slack.people.click(office.anna.id, *place, "prio", selected="b")
    await slack.people.click(office.marek.id, *place, "more", selected="x")
    await slack.people.click(office.marek.id, *place, "who", selected=[office.anna.id])
    await slack.workspace.wait_for(lambda: len(seen) == 3)
    assert seen[0]["actions"][0]["selected_option"] == option("b")
    assert seen[0]["state"]["values"]["row"]["prio"]["selected_option"] == option("b")
    assert seen[1]["actions"][0]["selected_option"] == option("x")
    assert seen[1]["state"]["values"]["row"]["prio"]["selected_option"] is None
    assert seen[2]["actions"][0]["selected_users"] == [office.anna.id]


async def test_external_menus_ask_the_app(
    slack: SlackSandbox, app: AsyncApp, client: AsyncWebClient, office: Any, connect: Any
) -> None:
    @app.options("serial")
    async def offer(ack: Any, payload: dict[str, Any]) -> None:
        await ack(options=[option(f"{payload['value']}-1"), option(f"{payload['value']}-2")])

    picked: list[str] = []

    @app.action("serial")
    async def chosen(ack: Any, action: dict[str, Any]) -> None:
        await ack()
        picked.append(action["selected_option"]["value"])

    await connect(app)
    menu = {"type": "external_select", "action_id": "serial", "placeholder": plain("SN"), "min_query_length": 2}
    posted = await client.chat_postMessage(channel=office.support.id, text="x", blocks=actions(menu))
    message = slack.workspace.message(office.support.id, posted["ts"])
    offered = await slack.people.suggest(office.anna.id, message, "serial", "fgt")
    assert [entry["value"] for entry in offered] == ["fgt-1", "fgt-2"]
    await slack.people.click(office.anna.id, office.support.id, posted["ts"], "serial", selected="fgt-2")
    await slack.workspace.wait_for(lambda: picked == ["fgt-2"])


async def test_slash_commands_answer_in_the_acknowledgement_or_by_response_url(
    slack: SlackSandbox, app: AsyncApp, office: Any, connect: Any
) -> None:
    @app.command("/hezo")
    async def hezo(ack: Any, command: dict[str, Any], respond: Any) -> None:
        await ack(f"pomoc: {command['text']}")
        await respond(text="dla wszystkich", response_type="in_channel")

    await connect(app)
    assert (await slack.people.slash(office.anna.id, office.support.id, "/hezo", "list")).ok
    await slack.workspace.wait_for(lambda: slack.workspace.timeline(office.support.id))
    assert [message.text for message in slack.workspace.ephemerals(office.support.id, office.anna.id)] == [
        "pomoc: list"
    ]
    assert [message.text for message in slack.workspace.timeline(office.support.id)] == ["dla wszystkich"]
    with pytest.raises(NotPossible, match="not installed"):
        await slack.people.slash(office.customer.id, office.shared.id, "/hezo")


async def test_a_response_url_replaces_and_deletes_and_wears_out(
    slack: SlackSandbox, app: AsyncApp, client: AsyncWebClient, office: Any, connect: Any, clock: MovableClock
) -> None:
    answers: list[Any] = []
    done = asyncio.Event()

    @app.action("go")
    async def go(ack: Any, respond: Any) -> None:
        await ack()
        answers.extend([(await respond(text=f"{turn}", replace_original=True)).status_code for turn in range(5)])
        answers.append((await respond(text="zbyt wiele")).body)
        done.set()

    @app.action("later")
    async def later(ack: Any, respond: Any) -> None:
        await ack()
        clock.move(timedelta(minutes=31))
        answers.append((await respond(text="x")).body)
        done.set()

    @app.action("vanish")
    async def vanish(ack: Any, respond: Any) -> None:
        await ack()
        await respond(delete_original=True)

    await connect(app)
    await client.chat_postEphemeral(
        channel=office.support.id, user=office.anna.id, text="x", blocks=actions(button("go"))
    )
    [message] = slack.workspace.ephemerals(office.support.id, office.anna.id)
    await slack.people.click(office.anna.id, office.support.id, message.ts, "go")
    await asyncio.wait_for(done.wait(), 5)
    assert answers[:5] == [200] * 5
    assert "used_url" in answers[5]
    assert [seen.text for seen in slack.workspace.ephemerals(office.support.id, office.anna.id)] == ["4"]
    done.clear()
    both = actions(button("later"), button("vanish"))
    posted = await client.chat_postMessage(channel=office.support.id, text="x", blocks=both)
    await slack.people.click(office.anna.id, office.support.id, posted["ts"], "later")
    await asyncio.wait_for(done.wait(), 5)
    assert "expired_url" in answers[6]
    await slack.people.click(office.anna.id, office.support.id, posted["ts"], "vanish")
    await slack.workspace.wait_for(lambda: slack.workspace.timeline(office.support.id) == [])


async def test_shortcuts(slack: SlackSandbox, app: AsyncApp, office: Any, connect: Any) -> None:
    seen: list[dict[str, Any]] = []

    @app.shortcut("new_ticket")
    async def used(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        seen.append(body)

    await connect(app)
    message = await slack.people.post(office.anna.id, office.support.id, "firewall nie działa")
    await slack.people.message_shortcut(office.marek.id, "new_ticket", office.support.id, message.ts)
    await slack.people.global_shortcut(office.marek.id, "new_ticket")
    await slack.workspace.wait_for(lambda: len(seen) == 2)
    assert [body["type"] for body in seen] == ["message_action", "shortcut"]
    assert seen[0]["message"]["text"] == "firewall nie działa"
    assert seen[0]["user"]["id"] == office.marek.id


async def test_the_home_tab_and_forms_with_files(
    slack: SlackSandbox, app: AsyncApp, client: AsyncWebClient, office: Any, connect: Any
) -> None:
    upload = field("logs", {"type": "file_input", "action_id": "files", "max_files": 2}, optional=True)
    desk = Desk(app, modal(upload))

    @app.event("app_home_opened")
    async def publish(event: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": actions(button("reply"))})

    await connect(app)
    await slack.people.open_home(office.anna.id)
    await slack.workspace.wait_for(lambda: slack.workspace.home(office.anna.id))
    assert (await slack.people.click_home(office.anna.id, "reply")).ok
    [view] = await slack.workspace.wait_for(lambda: slack.people.open_views(office.anna.id))
    assert desk.actions[0]["view"]["type"] == "home"
    files = [Upload("debug.log", b"abc")]
    assert await slack.people.submit_view(office.anna.id, view.id, {"logs": files}) is None
    [given] = desk.submissions[0]["view"]["state"]["values"]["logs"]["files"]["files"]
    assert given["name"] == "debug.log"
