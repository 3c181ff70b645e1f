"""A token endpoint on loopback (RFC 6749 §3.2) that answers as told, and says which tokens are good (RFC 7662)."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.config_oauth import OAuthConfig
from tests.support.webhook_receiver import Answer

CLIENT_ID = "client-1"
CLIENT_SECRET = "client-secret-that-nobody-may-read"
REFRESH_TOKEN = "refresh-token-that-nobody-may-read"
ACCOUNT = "bot@hezo.iam.gserviceaccount.example"
CODE = "code-that-nobody-may-read"


@cache
def account_key() -> RSAPrivateKey:
    """A service account's key; made once, for it takes a while."""
    return generate_private_key(65537, 2048)


def key_file(key: Any = None, **changes: Any) -> str:
    """A key file as Google's console makes it."""
    pem = (key or account_key()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    held = {
        "type": "service_account", "project_id": "hezo", "private_key_id": "key-7", "private_key": pem,
        "client_email": ACCOUNT, "client_id": "104857600000000000001",
        "token_uri": "https://oauth2.googleapis.com/token",
    }  # fmt: skip
    return json.dumps(held | changes, indent=2)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def refuses(
    status: int, error: str, description: str = "", headers: dict[str, str] | None = None, **more: Any
) -> Answer:
    """A refusal (RFC 6749 §5.2)."""

    async def answer(_request: web.Request) -> web.Response:
        said = {"error": error, "error_description": description} | more
        return web.json_response(said, status=status, headers=headers)

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
        accounts: The service accounts that are known, with their public keys.
        delegated: In whose name they may ask.
        now: The endpoint's own time.
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
    accounts: dict[str, RSAPublicKey] = field(default_factory=dict)
    delegated: set[str] = field(default_factory=set)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

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

    def service_account(self, **changes: Any) -> OAuthConfig:
        """A [[mail.oauth]] of a service account that is known here."""
        self.accounts[ACCOUNT] = account_key().public_key()
        table = {
            "name": "google", "provider": "other", "grant": "service_account", "scope": "mail", "token_url": self.url,
            "service_account_key": key_file(),
        }  # fmt: skip
        return OAuthConfig.model_validate(table | changes)

    def _to_an_account(self, assertion: str) -> Answer:
        """What Google says: RFC 7523 §3, in its words."""
        head, body, signature = assertion.split(".")
        claims = json.loads(_decoded(body))
        date = {"Date": format_datetime(self.now(), usegmt=True)}
        if claims["iss"] not in self.accounts:
            return refuses(400, "invalid_grant", "Invalid grant: account not found")
        try:
            assert json.loads(_decoded(head))["alg"] == "RS256"
            self.accounts[claims["iss"]].verify(_decoded(signature), f"{head}.{body}".encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return refuses(400, "invalid_grant", "Invalid JWT Signature.")
        now = self.now().timestamp()
        if not claims["iat"] <= now < claims["exp"] <= claims["iat"] + 3600 or claims["aud"] != self.url:
            return refuses(
                400, "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
                "timeframe. Check your iat and exp values in the JWT claim.", headers=date,
            )  # fmt: skip
        if claims.get("sub") not in self.delegated or claims.get("scope") != "mail":
            return refuses(
                401, "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method, or "
                "client not authorized for any of the scopes requested.",
            )  # fmt: skip
        self.given += 1
        token = f"access-{self.given}-{'x' * 60}"
        self.good[token] = claims["sub"]
        return grants(access_token=token, token_type="Bearer", expires_in=self.expires_in)

    def _right_answer(self, form: dict[str, str]) -> Answer:
        if form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return self._to_an_account(form["assertion"])
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
