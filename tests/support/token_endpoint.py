"""A token endpoint on loopback (RFC 6749 §3.2) that answers as told, and says which tokens are good (RFC 7662)."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.config_oauth import OAuthConfig
from tests.support.webhook_receiver import Answer

CLIENT_ID = "client-1"
CLIENT_SECRET = "client-secret-that-nobody-may-read"
REFRESH_TOKEN = "refresh-token-that-nobody-may-read"
CODE = "code-that-nobody-may-read"


def refuses(status: int, error: str, description: str = "", **more: Any) -> Answer:
    """A refusal (RFC 6749 §5.2)."""

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"error": error, "error_description": description} | more, status=status)

    return answer


def grants(**answer: Any) -> Answer:
    """This answer, whatever was asked."""

    async def grant(_request: web.Request) -> web.Response:
        return web.json_response(answer)

    return grant


@dataclass
class TokenEndpoint:
    """What was asked, and what is answered.

    Attributes:
        url: Where tokens are given.
        requests: Every form that came.
        answers: What the next requests get; when they are used up, tokens are given to whoever asks rightly.
        rotates: Every use of a refresh token ends it, and the answer holds the next one.
        expires_in: Seconds; None leaves it out.
        refresh_tokens: Those that are good.
        good: The access tokens that are good, and for which mailbox ("" for any).
        mailbox: For which mailbox tokens are given.
    """

    url: str = ""
    requests: list[dict[str, str]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    rotates: bool = False
    expires_in: int | str | None = 3600
    refresh_tokens: set[str] = field(default_factory=lambda: {REFRESH_TOKEN})
    good: dict[str, str] = field(default_factory=dict)
    mailbox: str = ""
    given: int = 0

    def config(self, **changes: Any) -> OAuthConfig:
        """A [[mail.oauth]] that asks here."""
        return OAuthConfig.model_validate(
            {
                "name": "m365", "provider": "other", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
                "scope": "mail", "token_url": self.url,
            }
            | changes
        )  # fmt: skip

    def revoke_all(self) -> None:
        """No access token is good any more."""
        self.good.clear()

    async def _give(self, request: web.Request) -> web.StreamResponse:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.requests.append(form)
        if self.answers:
            return await self.answers.pop(0)(request)
        return await self._right_answer(form)(request)

    def _right_answer(self, form: dict[str, str]) -> Answer:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return refuses(401, "invalid_client")
        self.given += 1
        answer: dict[str, Any] = {"access_token": f"access-{self.given}-{'x' * 60}", "token_type": "Bearer"}
        if self.expires_in is not None:
            answer["expires_in"] = self.expires_in
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.refresh_tokens:
                return refuses(400, "invalid_grant", "Token has been expired or revoked.")
            if self.rotates:
                self.refresh_tokens = {f"refresh-token-{self.given}"}
                answer["refresh_token"] = f"refresh-token-{self.given}"
        if form["grant_type"] == "authorization_code":
            if form["code"] != CODE:
                return refuses(400, "invalid_grant", "Malformed auth code.")
            self.refresh_tokens = {"refresh-token-of-a-person"}
            answer["refresh_token"] = "refresh-token-of-a-person"
        self.good[answer["access_token"]] = self.mailbox
        return grants(**answer)

    async def _introspect(self, request: web.Request) -> web.Response:
        form = dict(request.query) | {key: str(value) for key, value in (await request.post()).items()}
        mailbox = self.good.get(form.get("token", ""))
        return web.json_response({"active": mailbox is not None, "username": mailbox or ""})


@asynccontextmanager
async def token_endpoint(tls: ssl.SSLContext | None = None) -> AsyncIterator[TokenEndpoint]:
    """A running endpoint."""
    endpoint = TokenEndpoint()
    app = web.Application()
    app.router.add_post("/token", endpoint._give)
    app.router.add_route("*", "/introspect", endpoint._introspect)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    scheme = "http" if tls is None else "https"
    endpoint.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}/token"
    yield endpoint
    await runner.cleanup()
