"""Calls the webhook of a pager or SMS gateway: one POST with JSON, signed; no retries of its own (docs/escalation.md).

A call may be repeated, so nothing is ever in doubt: each carries an id that stays the same, by which the receiver knows
it again. Neither the secret nor the URL, which often holds a token, stands in a message or a log: only its host does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp

from bot.config_escalation import WebhookConfig
from bot.config_values import LOOPBACK
from bot.edges.connecting import quoted_reply
from bot.errors import HezoError, OperatorError, RateLimited, Refused, RetryLater

PASSING = frozenset({408, 425})
"""Answers of the 4xx class that say nothing against the call itself: repeat it (RFC 9110 §15.5.9, RFC 8470 §5.2)."""
TOO_MANY_REQUESTS = 429
DEFAULT_RETRY_AFTER = timedelta(seconds=30)
LONGEST_RETRY_AFTER = timedelta(hours=1)
_MOST_OF_AN_ANSWER = 500
"""Octets that are read of a refusal, to be shown to the operator."""


@asynccontextmanager
async def webhook(config: WebhookConfig) -> AsyncIterator[Webhook]:
    """The webhook, ready to be called; closed at the end.

    Its settings matter: TLS is verified by the machine's own list of authorities, no answer sets a cookie or is
    unpacked, and a new connection for every call, so that one which idled too long never looks like a broken call.
    """
    host = urlsplit(config.url or "").hostname
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=config.timeout.total_seconds()),
        auto_decompress=False,
        trust_env=host not in LOOPBACK,  # a proxy of the environment is for other machines
    ) as session:
        yield Webhook(config, session)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What X-Hezo360-Signature holds: the HMAC-SHA-256 (RFC 2104) of timestamp, a full stop and the body, in hex."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class Webhook:
    """Calls `escalation.webhook.url`.

    Args:
        session: From `webhook`.
    """

    def __init__(self, config: WebhookConfig, session: aiohttp.ClientSession) -> None:
        self._url = config.url
        self._secret = "" if config.secret is None else config.secret.get_secret_value()
        self._session = session
        self._name = f"escalation.webhook ({urlsplit(config.url or '').hostname})"

    def __repr__(self) -> str:
        return f"<Webhook {self._name}>"

    async def call(self, key: str, data: Mapping[str, object], at: datetime) -> None:
        """Hand over a call; returning means that the receiver has taken it (2xx).

        Args:
            key: Names the call, the same at every try.
            data: JSON values.
            at: The present instant, aware; it is signed, so that an old call cannot be sent again by somebody else.

        Raises:
            RetryLater: The receiver cannot be reached, is too slow or in trouble (5xx, 408, 425).
            RateLimited: It asks to wait (429).
            OperatorError: Its certificate is not trusted.
            Refused: It will never take this call (other 4xx), or names another address (3xx, never followed).
        """
        if self._url is None:
            raise Refused("escalation.webhook.url is not set any more, so the webhook was not called")
        body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        timestamp = str(int(at.timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "hezo360-bot",
            "X-Hezo360-Id": key,
            "X-Hezo360-Timestamp": timestamp,
            "X-Hezo360-Signature": signature(self._secret, timestamp, body),
        }
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                if answer.ok and answer.status < 300:
                    return
                error = await self._refusal(answer, at)
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise self._fault(fault) from None  # the original's text may hold the URL
        raise error

    async def _refusal(self, answer: aiohttp.ClientResponse, at: datetime) -> HezoError:
        status = answer.status
        if status < 400:
            return Refused(
                f"{self._name} was answered with a redirection (HTTP {status}), which is not followed: "
                "set escalation.webhook.url to the final address"
            )
        if status == TOO_MANY_REQUESTS:
            return RateLimited(f"{self._name} asks to wait (HTTP 429)", _retry_after(answer.headers, at))
        said = f"{self._name} was answered with HTTP {status}: {await self._words(answer)}"
        return RetryLater(said) if status >= 500 or status in PASSING else Refused(said)

    async def _words(self, answer: aiohttp.ClientResponse) -> str:
        """The beginning of the answer, as far as it came."""
        try:
            said = await answer.content.read(_MOST_OF_AN_ANSWER)
        except (aiohttp.ClientError, TimeoutError):
            said = b""
        return quoted_reply(said or (answer.reason or ""), self._secret, self._url or "")

    def _fault(self, fault: Exception) -> HezoError:
        match fault:
            case aiohttp.ClientConnectorCertificateError(certificate_error=reason):
                why = getattr(reason, "verify_message", "") or type(reason).__name__
                return OperatorError(
                    f"{self._name}: its certificate is not trusted ({why}); the host in escalation.webhook.url has to "
                    "be the name in the certificate, and this machine has to trust the authority that signed it"
                )
            case aiohttp.ClientConnectorError(os_error=reason):
                return RetryLater(f"{self._name} cannot be reached ({reason.strerror or type(reason).__name__})")
            case TimeoutError():
                return RetryLater(f"{self._name} did not answer in time")
            case _:
                return RetryLater(f"the connection to {self._name} broke ({type(fault).__name__})")


def _retry_after(headers: Mapping[str, str], at: datetime) -> timedelta:
    """RFC 9110 §10.2.3: seconds, or the time itself."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        wait = timedelta(seconds=int(value[:9]))
    else:
        try:
            until = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return DEFAULT_RETRY_AFTER
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - at
    return min(max(wait, timedelta(seconds=1)), LONGEST_RETRY_AFTER)
