"""The Web API over HTTP: reads calls as slack_sdk sends them, refuses what Slack refuses, and notes every call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox.slack import (
    methods_chat,
    methods_conversations,
    methods_files,
    methods_marks,
    methods_people,
    methods_views,
)
from bot.sandbox.slack.backstage import Backstage
from bot.sandbox.slack.call import Arguments, Call
from bot.sandbox.slack.faults import ApiFault
from bot.sandbox.slack.model import ApiCall, Json, SlackError
from bot.sandbox.slack.reference import MethodFacts, methods

METHODS: Mapping[str, Callable[[Call], Json]] = {
    **methods_people.METHODS,
    **methods_chat.METHODS,
    **methods_conversations.METHODS,
    **methods_marks.METHODS,
    **methods_views.METHODS,
    **methods_files.METHODS,
}

STRUCTURED = frozenset({"attachments", "blocks", "files", "metadata", "view"})
"""Arguments that are JSON, also when they come quoted in a form field."""

EVERYWHERE = frozenset({"team_id"})
"""Arguments that any method takes: slack-bolt's clients add `team_id` to every call of a listener."""

PROGRAMMING_ERRORS = frozenset(
    {
        "invalid_arguments", "unknown_method", "not_implemented_in_sandbox", "invalid_blocks", "invalid_blocks_format",
        "msg_blocks_too_long", "msg_too_long", "no_text", "invalid_metadata_format", "invalid_metadata_schema",
        "metadata_too_large", "view_too_large", "markdown_text_conflict", "invalid_attachments", "invalid_cursor",
        "invalid_limit", "invalid_types", "invalid_name", "bad_timestamp", "not_allowed_token_type",
    }
)  # fmt: skip
"""Errors that only a mistake in the app can cause, whatever state Slack is in; they are noted as violations."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: Json | None
    error: str | None
    took_effect: bool
    retry_after: int = 0


async def read_call(request: web.Request) -> tuple[str | None, Json]:
    """Token and arguments of a request: query, form fields or a JSON body, the token also in the Authorization header.

    Raises:
        SlackError: `invalid_json` or `json_not_object`.
    """
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        args |= body
    elif request.can_read_body:
        args |= dict(await request.post())
    for name in STRUCTURED & args.keys():
        args[name] = _decoded(args[name])
    scheme, _, header_token = request.headers.get("Authorization", "").partition(" ")
    form_token = args.pop("token", None)
    return (header_token.strip() if scheme == "Bearer" else form_token), args


class WebApi:
    """Answers `POST /api/<method>` and `GET /api/<method>`."""

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call, with the faults that were set for it."""
        method = request.match_info["method"]
        arrived = asyncio.get_running_loop().time()
        try:
            token, args = await read_call(request)
        except SlackError as error:
            self._log(method, {}, self._refusal(method, error), arrived)
            return web.json_response({"ok": False, "error": error.error})
        faults = self._backstage.faults.take(method, args)
        await _delay(faults, after_effect=False)
        fatal = next((fault for fault in faults if fault.kind != "slow"), None)
        if fatal is not None and not fatal.after_effect:
            answer = _faulty(fatal, took_effect=False)
        else:
            answer = self._answer(method, token, args, arrived)
            if fatal is not None:
                answer = _faulty(fatal, took_effect=answer.took_effect)
        self._log(method, args, answer, arrived)
        await _delay(faults, after_effect=True)
        return self._respond(request, answer)

    def _answer(self, method: str, token: str | None, args: Json, arrived: float) -> _Answer:
        try:
            facts = methods().get(method)
            if facts is None:
                raise SlackError("unknown_method", req_method=method)
            self._check_token(method, token)
            retry_after = self._backstage.rates.refuse(method, facts.tier, str(args.get("channel")), arrived)
            if retry_after is not None:
                body: Json = {"ok": False, "error": "ratelimited"}
                return _Answer(429, body, "ratelimited", took_effect=False, retry_after=retry_after)
            return _Answer(200, {"ok": True, **self._run(facts, args)}, None, took_effect=True)
        except SlackError as error:
            return self._refusal(method, error)

    def _check_token(self, method: str, token: str | None) -> None:
        workspace = self._backstage.workspace
        if not token:
            raise SlackError("not_authed")
        if token not in (workspace.bot_token, workspace.app_token):
            raise SlackError("invalid_auth")
        for_app = method == "apps.connections.open"
        if (token == workspace.app_token) is not for_app:
            raise SlackError("not_allowed_token_type")

    def _run(self, facts: MethodFacts, args: Json) -> Json:
        if facts.name == "apps.connections.open":
            return methods_views.app_connections_open(self._backstage)
        run = METHODS.get(facts.name)
        if run is None:
            raise SlackError("not_implemented_in_sandbox")
        call = Call(facts, Arguments(args), self._backstage)
        if len(facts.bot_scopes) == 1:
            call.need_scope(facts.bot_scopes[0])
        wrong = [f"[ERROR] unknown argument: {name}" for name in args if name not in facts.arguments | EVERYWHERE]
        wrong += [f"[ERROR] missing required field: {name}" for name in facts.required if args.get(name) in (None, "")]
        if wrong:
            raise SlackError("invalid_arguments", tuple(wrong))
        return run(call)

    def _refusal(self, method: str, error: SlackError) -> _Answer:
        """The answer to a refused call; the app's own mistakes are noted as violations."""
        body: Json = {"ok": False, "error": error.error, **error.extra}
        if error.messages:
            body["response_metadata"] = {"messages": list(error.messages)}
            if error.error == "invalid_blocks":
                body["errors"] = [message.removeprefix("[ERROR] ") for message in error.messages]
        never_granted = error.extra.get("needed") not in self._backstage.workspace.scopes
        if error.error in PROGRAMMING_ERRORS or (error.error == "missing_scope" and never_granted):
            detail = "; ".join(error.messages) or str(error.extra or "")
            self._backstage.workspace.violation(method, f"{error.error} {detail}".strip())
        return _Answer(200, body, error.error, took_effect=False)

    def _respond(self, request: web.Request, answer: _Answer) -> web.StreamResponse:
        if answer.status == 0:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if answer.body is None:
            text = "<!DOCTYPE html><html><title>Server Error</title></html>"
            return web.Response(status=answer.status, text=text, content_type="text/html")
        headers = {"X-OAuth-Scopes": ",".join(sorted(self._backstage.granted)), "X-Slack-Req-Id": "stand-in"}
        if answer.status == 429:
            headers["Retry-After"] = str(answer.retry_after)
        return web.json_response(answer.body, status=answer.status, headers=headers)

    def _log(self, method: str, args: Json, answer: _Answer, arrived: float) -> None:
        workspace = self._backstage.workspace
        number = workspace.calls[-1].number + 1 if workspace.calls else 1
        workspace.log_call(
            ApiCall(number, method, args, answer.error, answer.status, answer.took_effect, workspace.now(), arrived)
        )


def _decoded(value: Any) -> Any:
    """JSON that was quoted into a form field, decoded; what is no JSON as it came, for the method to refuse."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _faulty(fault: ApiFault, *, took_effect: bool) -> _Answer:
    if fault.kind == "drop":
        return _Answer(0, None, "connection_dropped", took_effect)
    if fault.kind == "error":
        return _Answer(200, {"ok": False, "error": fault.error}, fault.error, took_effect)
    if fault.status == 429:
        body: Json = {"ok": False, "error": "ratelimited"}
        return _Answer(429, body, "ratelimited", took_effect, retry_after=int(fault.seconds))
    return _Answer(fault.status, None, f"http_{fault.status}", took_effect)


async def _delay(faults: list[ApiFault], *, after_effect: bool) -> None:
    for fault in faults:
        if fault.kind == "slow" and fault.after_effect is after_effect:
            await asyncio.sleep(fault.seconds)
