"""The Web API of another Slack over HTTP: tokens, arguments and scopes as the reference lists them, and faults."""

from __future__ import annotations

import json
import time
from collections.abc import Set as AbstractSet
from functools import cache
from importlib import resources
from typing import Any

from aiohttp import web

from tests.support.other_slack.block_kit import wrong_with_message
from tests.support.other_slack.faults import Faults, play
from tests.support.other_slack.web_methods import Methods, Refused
from tests.support.other_slack.workspace import Body, Call, Workspace

BOT_TOKEN, APP_TOKEN = "xoxb-111-222-abc", "xapp-1-A02-333-def"  # they open nothing
NOBODY_KNOWS = {"some_new_field": {"nested": [1, None, True]}, "response_metadata": {"warnings": ["of_tomorrow"]}}
_AS_JSON = {"blocks", "view", "metadata", "files"}
"""Arguments that a form field holds as JSON."""


@cache
def reference() -> dict[str, Body]:
    """The facts of each method; the data alone, and not how the stand-in reads them."""
    text = resources.files("bot.sandbox").joinpath("data/slack_web_api.json").read_text("utf-8")
    found: dict[str, Body] = json.loads(text)["methods"]
    return found


class WebApi:
    """Answers calls.

    Attributes:
        scopes: Those that the token was given.
        token_trouble: Every call is refused with this error.
    """

    def __init__(self, workspace: Workspace, scopes: AbstractSet[str]) -> None:
        self.workspace, self.scopes = workspace, set(scopes)
        self.methods, self.faults = Methods(workspace), Faults()
        self.token_trouble = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any method, with JSON or a form."""
        method, is_json = request.match_info["method"], request.content_type == "application/json"
        if is_json and method in reference() and reference()[method].get("http") == "GET":
            self.workspace.violations.append(f"{method} takes no JSON")
        given: Body = await request.json() if is_json else {**request.query, **await request.post()}
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or given.get("token", "")
        args = {name: _decoded(name, value) for name, value in given.items() if name != "token"}
        call = Call(method, args, time.monotonic())
        self.workspace.calls.append(call)
        fault = self.faults.take(method)
        answer: Body | None = None
        if fault is None or fault.accepted:
            answer = self._answer(call, token)
        await self.workspace.touch()
        if fault is not None:
            call.error = fault.error or fault.kind
            return await play(fault, request, answer)
        return web.json_response(answer, headers={"X-OAuth-Scopes": ",".join(sorted(self.scopes))})

    def _answer(self, call: Call, token: str) -> Body:
        try:
            if self.token_trouble:
                raise Refused(self.token_trouble)
            if token != (APP_TOKEN if call.method == "apps.connections.open" else BOT_TOKEN):
                raise Refused("invalid_auth")
            self._check(call)
            return {"ok": True, **NOBODY_KNOWS, **self.methods.by_name[call.method](call.args)}
        except Refused as refused:
            call.error = refused.error
            return {"ok": False, "error": refused.error, **refused.more}

    def _check(self, call: Call) -> None:
        facts, violations = reference().get(call.method), self.workspace.violations
        if facts is None or call.method not in self.methods.by_name:
            violations.append(f"{call.method} is not known here")
            raise Refused("unknown_method")
        for name in call.args.keys() - set(facts["args"]) - {"cursor"}:
            violations.append(f"{call.method} has no argument {name}")
        for name, value in call.args.items():
            if value is None or value == "None":
                violations.append(f"{call.method}: {name} is null")
        if missing := set(facts["required"]) - call.args.keys():
            violations.append(f"{call.method} lacks {missing}")
            raise Refused("invalid_arguments", response_metadata={"messages": [f"[ERROR] missing {sorted(missing)}"]})
        needed = self._scopes_for(call, facts["bot_scopes"])
        if needed and not self.scopes & set(needed):
            raise Refused("missing_scope", needed=",".join(needed), provided=",".join(sorted(self.scopes)))

    def _scopes_for(self, call: Call, scopes: list[str]) -> list[str]:
        """One of these is needed; for a channel, that of its kind."""
        channel = self.workspace.channels.get(str(call.args.get("channel", "")))
        if channel is None or not call.method.startswith("conversations."):
            return scopes
        return [scope for scope in scopes if scope.startswith("groups:" if channel.private else "channels:")]

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """The second of an upload's three steps."""
        file, content = self.workspace.files[request.match_info["file"]], await request.read()
        fault = self.faults.take("upload")
        if fault is not None and not fault.accepted:
            return await play(fault, request, None)
        if len(content) != file["size"]:
            self.workspace.violations.append(f"{len(content)} octets, where {file['size']} were announced")
            return web.Response(status=400)
        self.workspace.contents[file["id"]] = content
        if fault is not None:
            return await play(fault, request, None)
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.StreamResponse:
        """What a file holds, for whoever shows the token; others get a page to sign in at."""
        fault, content = self.faults.take("download"), self.workspace.contents[request.match_info["file"]]
        if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            raise web.HTTPFound("/sign-in")
        if fault is not None and fault.kind == "cut off":
            cut = web.StreamResponse(headers={"Content-Length": str(len(content))})
            await cut.prepare(request)
            await cut.write(content[: len(content) // 2])
            assert request.transport is not None
            request.transport.close()
            return cut
        if fault is not None:
            return await play(fault, request, None)
        return web.Response(body=content, content_type="application/octet-stream")

    async def sign_in(self, _request: web.Request) -> web.Response:
        """Where Slack sends whom it does not know."""
        page = "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to your workspace</body></html>"
        return web.Response(text=page, content_type="text/html")

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """A response_url: five times, half an hour."""
        known, body = self.workspace.response_urls[request.match_info["token"]], await request.json()
        fault = self.faults.take("response_url")
        if fault is not None and not fault.accepted:
            return await play(fault, request, None)
        if known["uses"] == 0:
            self.workspace.violations.append("a response_url is used up")
            return web.Response(status=404, text="used_url")
        known["uses"] -= 1
        self.workspace.violations += wrong_with_message(body.get("blocks", []))
        shown = {"ts": self.workspace.new_ts(), "channel": known["channel"], "text": body.get("text", "")}
        blocks = self.workspace.dress(body.get("blocks", []))
        self.workspace.users[known["user"]].ephemerals.append({**shown, "blocks": blocks})
        await self.workspace.touch()
        return await play(fault, request, None) if fault is not None else web.Response(text="ok")


def _decoded(name: str, value: Any) -> Any:
    return json.loads(value) if name in _AS_JSON and isinstance(value, str) else value
