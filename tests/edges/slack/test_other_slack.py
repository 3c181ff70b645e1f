"""Another Slack than the stand-in, as different as Slack's reference permits: what the bot must not take for granted.

It leaves out every field that may be missing, adds ones that nobody knows, answers slowly, has ids of other shapes, and
sends envelopes doubled and in any order.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from bot.commands import OpenHome, TakeTicket
from bot.config_slack import SlackConfig
from bot.edges.slack_chat import SlackChat, slack_client
from bot.edges.slack_files import SlackFiles
from bot.ports import FileState
from tests.edges.slack.office import NOW, TICKET_ID, Desk, make_clock, make_socket, make_view

TEAM, BOT, ENGINEER, CHANNEL = "T9XK2LMNOPQ", "W012A3CDE", "W7ENGINEER9", "G0PRIVATE01"
MORE = {"some_new_field": {"nested": [1, None, True]}, "warning": "something_harmless"}


@dataclass
class OtherSlack:
    """Its Web API and its socket, minimal."""

    port: int = 0
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    acks: list[dict[str, Any]] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def api(self, request: web.Request) -> web.Response:
        """Any method, with the least that an answer has."""
        method = request.match_info["method"]
        is_json = request.content_type == "application/json"
        given = await request.json() if is_json else {**request.query, **await request.post()}
        args = {name: value for name, value in given.items() if name != "token"}
        self.calls.append((method, args))
        await self._change()
        await asyncio.sleep(0.02)
        return web.json_response({"ok": True, **MORE, **self.answer(method, args)})

    def answer(self, method: str, args: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "auth.test":
                return {"team_id": TEAM, "user_id": BOT}
            case "apps.connections.open":
                return {"url": f"ws://127.0.0.1:{self.port}/another/place?ticket=1-2%2F3&app_id=x"}
            case "chat.postMessage":
                metadata = args.get("metadata")
                decoded = json.loads(metadata) if isinstance(metadata, str) else metadata
                self.posts.append({"ts": f"{len(self.posts) + 1}.9", "metadata": decoded})
                return {"channel": CHANNEL, "ts": self.posts[-1]["ts"]}
            case "conversations.history" | "conversations.replies":
                page = int(args.get("cursor") or 0)
                found = [{"type": "message"}, {"ts": "0.1", "metadata": None}, *self.posts][page : page + 1]
                cursor = {"response_metadata": {"next_cursor": str(page + 1)}} if page < 1 + len(self.posts) else {}
                return {"messages": found, **cursor}
            case "files.getUploadURLExternal":
                return {"upload_url": f"http://127.0.0.1:{self.port}/put/here", "file_id": "F1"}
            case "files.info":
                return {"file": {"id": "F1", "shares": {"private": {CHANNEL: [{"ts": "1.9"}]}}}}
            case "users.info":
                return {"user": {"id": ENGINEER, "profile": {"real_name": "Jan Nowak"}}}
            case "views.open":
                return {"view": {"id": "Vx"}}
            case _:
                return {}

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """A socket whose hello says nothing but that."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello"})
        self.sockets.append(socket)
        await self._change()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.acks.append(json.loads(message.data))
                await self._change()
        return socket

    async def _change(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until_acked(self, *envelopes: str) -> None:
        async with asyncio.timeout(60), self.changed:
            await self.changed.wait_for(lambda: set(envelopes) <= {ack.get("envelope_id") for ack in self.acks})

    async def send(self, envelope: str, kind: str, payload: dict[str, Any]) -> None:
        """An envelope with the fields that it must have, and some that nobody knows."""
        body = {"envelope_id": envelope, "type": kind, "payload": {**payload, **MORE}}
        await self.sockets[-1].send_json(body)


@asynccontextmanager
async def other_slack() -> AsyncIterator[OtherSlack]:
    other, app = OtherSlack(), web.Application()
    app.router.add_route("*", "/gateway/api/{method}", other.api)
    app.router.add_get("/another/place", other.socket)

    async def put(request: web.Request) -> web.Response:
        return web.Response(text=f"OK - {len(await request.read())}")

    app.router.add_post("/put/here", put)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    other.port = int(runner.addresses[0][1])
    yield other
    for socket in other.sockets:
        await socket.close()
    await runner.cleanup()


@pytest.fixture
async def other() -> AsyncIterator[OtherSlack]:
    async with other_slack() as other:
        yield other


def config_for(other: OtherSlack) -> SlackConfig:
    values = {
        "bot_token": "xoxb-1",
        "app_token": "xapp-1",
        "api_url": f"http://127.0.0.1:{other.port}/gateway/api/",
        "support_channel": CHANNEL,
        "escalation_channel": CHANNEL,
        "engineers": (ENGINEER,),
        "timeout": timedelta(seconds=3),
    }
    return SlackConfig.model_validate(values)


def click(trigger: str, action_id: str) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": ENGINEER, "team_id": TEAM},
        "team": {"id": TEAM},
        "trigger_id": trigger,
        "channel": {"id": CHANNEL},
        "actions": [{"type": "button", "action_id": action_id, "value": str(TICKET_ID)}],
    }


async def test_payloads_without_what_may_be_missing_doubled_and_out_of_order(other: OtherSlack) -> None:
    desk, config, stopping = Desk(make_view(make_clock(left=timedelta(minutes=20)))), config_for(other), asyncio.Event()
    home = {"type": "event_callback", "team_id": TEAM, "event_id": "EvX", "event": {"type": "app_home_opened"}}
    home["event"] |= {"user": ENGINEER, "tab": "home"}  # type: ignore[operator]
    async with slack_client(config) as client:
        task = asyncio.create_task(make_socket(config, desk, client).run(stopping))
        async with asyncio.timeout(60), other.changed:
            await other.changed.wait_for(lambda: other.sockets)
        await other.send("e3", "events_api", home)
        await other.send("e1", "interactive", click("1.a", "ticket_take"))
        await other.send("e4", "events_api", {**home, "retry": 1})
        await other.send("e2", "interactive", click("1.a", "ticket_take"))
        await other.send("e5", "interactive", click("2.b", "ticket_reply"))
        await other.send("e6", "a_kind_of_tomorrow", {"type": "unheard_of"})
        await other.until_acked("e1", "e2", "e3", "e4", "e5")
        await desk.until(lambda: len(desk.bodies) >= 3)
        async with asyncio.timeout(60), other.changed:
            await other.changed.wait_for(lambda: "views.open" in [method for method, _ in other.calls])
        stopping.set()
        await asyncio.wait_for(task, 8)
    kinds = [type(command) for command in desk.commands]
    assert kinds.count(TakeTicket) == 1
    assert kinds.count(OpenHome) == 1


async def test_answers_with_nothing_but_what_they_must_have(other: OtherSlack) -> None:
    config = config_for(other)
    async with slack_client(config) as client:
        chat, files = SlackChat(client, config.timeout), SlackFiles(client, config.timeout)
        blocks: list[dict[str, object]] = [{"type": "divider"}]
        first = await chat.post(CHANNEL, "Zgłoszenie", blocks, key="out-1")
        reply = await chat.post(CHANNEL, "Wpis", blocks, key="out-2", thread_ts=first)
        await chat.update(CHANNEL, first, "Zgłoszenie", blocks)
        await chat.tell(CHANNEL, ENGINEER, "Nie da się.")
        await chat.publish_home(ENGINEER, {"type": "home", "blocks": blocks})
        assert await chat.workspace_url() == "https://app.slack.com/"
        assert await chat.find(CHANNEL, "out-1", thread_ts=None, since=NOW) == first
        assert await chat.find(CHANNEL, "out-2", thread_ts=first, since=NOW) == reply
        assert await chat.find(CHANNEL, "out-9", thread_ts=None, since=NOW) is None
        file = await files.upload("a.log", b"abc")
        await files.share(CHANNEL, first, "Pliki", [(file, "a.log")])
        assert await files.state(file, CHANNEL) is FileState.SHOWN
