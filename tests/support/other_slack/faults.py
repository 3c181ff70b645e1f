"""What goes wrong at another Slack: refusals, broken answers, silence, before or after the work was done."""

from __future__ import annotations

import asyncio
import fnmatch
import json
from dataclasses import dataclass

from aiohttp import web

from tests.support.other_slack.workspace import Body


@dataclass
class Fault:
    """What happens at the next calls of methods that match.

    Attributes:
        kind: ratelimited, page (HTML with a status), redirect (to a page), cut off, body (what `body` says), plain
            (the right answer, called text), hang, reset, or error (Slack's own word).
        accepted: The work is done before; the caller can not know.
        seconds: Of Retry-After, or of the silence.
    """

    method: str
    kind: str
    times: int = 1
    accepted: bool = False
    seconds: float = 1
    status: int = 503
    error: str = ""
    body: str = ""
    more: Body | None = None

    def __str__(self) -> str:
        what = self.error or {"page": f"HTTP {self.status}", "body": self.body or "empty"}.get(self.kind, self.kind)
        return f"{self.method} {what}{', done' if self.accepted else ''}{f' x{self.times}' if self.times > 1 else ''}"


class Faults:
    """The faults that wait; the first that matches is taken."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def take(self, method: str) -> Fault | None:
        """The fault of this call, if any."""
        for fault in self.waiting:
            if fault.times and fnmatch.fnmatchcase(method, fault.method):
                fault.times -= 1
                return fault
        return None


async def play(fault: Fault, request: web.Request, answer: Body | None) -> web.StreamResponse:
    """Answer as the fault has it; `answer` is what would have been said, where the work was done."""
    body = json.dumps(answer or {"ok": True, "channel": "C1", "ts": "1.1"}).encode()
    match fault.kind:
        case "ratelimited":
            headers = {"Retry-After": str(int(fault.seconds))} if fault.seconds else {}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        case "page":
            page = "<!DOCTYPE html><html><body><h1>Service Unavailable</h1></body></html>"
            return web.Response(text=page, status=fault.status, content_type="text/html")
        case "cut off":
            return web.Response(body=body[: len(body) // 2], content_type="application/json")
        case "body":
            return web.Response(body=fault.body.encode(), content_type="application/json")
        case "plain":
            return web.Response(body=body, content_type="text/plain")
        case "redirect":
            raise web.HTTPFound("/sign-in")
        case "hang":
            await asyncio.sleep(fault.seconds)
        case "reset":
            assert request.transport is not None
            request.transport.abort()
        case "error":
            return web.json_response({"ok": False, "error": fault.error, **(fault.more or {})})
    return web.Response(body=body, content_type="application/json")
