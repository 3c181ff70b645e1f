"""Access tokens for mailboxes: asked for, kept while they are good, renewed before they end (RFC 6749, RFC 6750).

Neither a token nor a secret stands in a message, a log or a repr.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp

from bot.config_mail import ServerConfig
from bot.config_oauth import OAuthConfig
from bot.config_values import LOOPBACK
from bot.edges.oauth_assertion import GRANT_TYPE, assertion
from bot.edges.oauth_refusals import Asked, needs_a_person, refusal
from bot.errors import HezoError, OperatorError, RetryLater
from bot.ports import Clock

RENEW_BEFORE = timedelta(minutes=5)
"""How long before its end a token is renewed; of one that lives less than four times as long, at its last quarter."""
_USUAL_LIFE = timedelta(hours=1)
"""Of a token whose answer does not say (RFC 6749 §5.1 recommends that it does)."""
_LONGEST_LIFE = timedelta(days=1)
_LARGEST_ANSWER = 256 * 1024
_USELESS = frozenset({"invalid_grant"})


class RefreshTokens(Protocol):
    """Keeps what a provider handed out in place of the refresh token that it was given (RFC 6749 §6)."""

    async def newest(self, source: str, given: str) -> str:
        """The newest refresh token of a source, as long as the configured one (`given`) is the same; "" for none."""

    async def keep(self, source: str, given: str, token: str) -> None:
        """Store a newer one, committed when this returns."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token, and when to use another one."""

    value: str = field(repr=False)
    renew_at: datetime
    ends_at: datetime


class AccessTokens:
    """The tokens of one [[mail.oauth]], shared by the servers that name it.

    Args:
        config: Who asks where for what.
        clock: Tells when a token ends.
        refresh_tokens: Keeps the newest refresh token.
        mailbox: In whose name a service account asks; of no meaning for other grants.
    """

    def __init__(self, config: OAuthConfig, clock: Clock, refresh_tokens: RefreshTokens, mailbox: str = "") -> None:
        self.config = config
        self._mailbox = mailbox
        self._clock = clock
        self._refresh_tokens = refresh_tokens
        self._lock = asyncio.Lock()
        self._current: AccessToken | None = None
        self._accepted_for: set[str] = set()

    def __repr__(self) -> str:
        return f"<AccessTokens {self.config.called}>"

    async def get(self) -> AccessToken:
        """A token that is good for a while; while renewing fails in passing, the old one until it ends.

        Raises:
            OperatorError: The endpoint refuses: what has to be mended is said in one line.
            RetryLater: It cannot be reached or is in trouble, and no token is left.
        """
        async with self._lock:  # several servers may ask at once; one request is enough
            current = self._current
            if current is not None and self._clock.now() < current.renew_at:
                return current
            try:
                self._take(await self._request())
            except RetryLater:
                if current is None or self._clock.now() >= current.ends_at:
                    raise
                return current
            assert self._current is not None
            return self._current

    def good_for(self, token: AccessToken) -> timedelta:
        """How long a connection that was opened with this token may go on with it; zero when it should not."""
        return max(token.renew_at - self._clock.now(), timedelta(0))

    def accepted(self, token: AccessToken, username: str) -> None:
        """A server took the token for this user."""
        if token is self._current:
            self._accepted_for.add(username)

    def refused(self, token: AccessToken, username: str) -> bool:
        """A server refused the token, which is not used again.

        Returns:
            Whether it had been taken for this user before: it was revoked or ended early, and a new one may help.
        """
        if token is not self._current:
            return True  # renewed meanwhile
        had_been_taken = username in self._accepted_for
        self._current = None
        return had_been_taken

    def _take(self, answer: dict[str, Any]) -> None:
        now = self._clock.now()
        life = _life(answer.get("expires_in"))
        self._current = AccessToken(answer["access_token"], now + life - min(RENEW_BEFORE, life / 4), now + life)
        self._accepted_for.clear()

    async def _request(self) -> dict[str, Any]:
        config = self.config
        if config.grant == "client_credentials":
            return await self._ask({"grant_type": "client_credentials"} | _scope(config))
        if config.grant == "service_account":
            signed = assertion(config.account, self._mailbox, config.scopes, config.token_address, self._clock.now())
            return await self._ask({"grant_type": GRANT_TYPE, "assertion": signed}, signed)
        token = await self._refresh_token()
        if not token:
            raise needs_a_person(config)
        try:
            answer = await self._ask(_refresh(token) | _scope(config), token)
        except _GrantRefused:
            newer = await self._refresh_token()
            if newer in {"", token}:
                raise
            token = newer  # another process, or a person, got a newer one meanwhile
            answer = await self._ask(_refresh(token) | _scope(config), token)
        following = answer.get("refresh_token")
        if isinstance(following, str) and following not in {"", token}:
            await self._refresh_tokens.keep(config.name, _given(config), following)
        return answer

    async def _refresh_token(self) -> str:
        given = _given(self.config)
        return await self._refresh_tokens.newest(self.config.name, given) or given

    async def _ask(self, form: dict[str, str], *secrets: str) -> dict[str, Any]:
        return await ask_for_token(self.config, form, *secrets, asked=Asked(self._mailbox, self._clock.now()))


class TokenSources:
    """The tokens of every [[mail.oauth]]: servers of one table share them, those of a service account by mailbox."""

    def __init__(self, sources: Iterable[OAuthConfig], clock: Clock, refresh_tokens: RefreshTokens) -> None:
        self._configs = {source.name: source for source in sources}
        self._clock = clock
        self._refresh_tokens = refresh_tokens
        self._made: dict[tuple[str, str], AccessTokens] = {}

    def of(self, server: ServerConfig) -> AccessTokens | None:
        """What a server is logged in to with; None where it takes a password."""
        if server.oauth is None:
            return None
        config = self._configs[server.oauth]
        mailbox = (server.username or "") if config.grant == "service_account" else ""
        if (config.name, mailbox) not in self._made:
            tokens = AccessTokens(config, self._clock, self._refresh_tokens, mailbox)
            self._made[config.name, mailbox] = tokens
        return self._made[config.name, mailbox]


class _GrantRefused(OperatorError):
    """The refresh token is of no more use."""


async def ask_for_token(
    config: OAuthConfig, form: dict[str, str], *secrets: str, asked: Asked | None = None
) -> dict[str, Any]:
    """One request to the token endpoint (RFC 6749 §4.1.3, §4.4.2, §6).

    TLS is verified by the machine's own list of authorities; no redirection is followed, for it could take the secret
    elsewhere.

    Args:
        form: The parameters, without the client's own.
        secrets: What of them nobody may read.
        asked: In whose name and when, for what is told of a refusal.

    Returns:
        The answer; `access_token` is a text that is not empty.

    Raises:
        OperatorError, RetryLater: as `AccessTokens.get`.
    """
    secret = config.client_secret.get_secret_value() if config.client_secret else ""
    own = {"client_id": config.client_id, "client_secret": secret}
    form = form | {name: value for name, value in own.items() if value}
    host = urlsplit(config.token_address).hostname
    try:
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=config.timeout.total_seconds()),
                trust_env=host not in LOOPBACK,  # a proxy of the environment is for other machines
            ) as session,
            session.post(
                config.token_address, data=form, headers={"Accept": "application/json"}, allow_redirects=False
            ) as response,
        ):
            status, date, answer = response.status, response.headers.get("Date", ""), _parsed(await _read(response))
    except (aiohttp.ClientError, TimeoutError, OSError) as fault:
        raise _fault(config, host or "", fault) from None  # the original's text may hold the form
    token = answer.get("access_token")
    if status == 200 and isinstance(token, str) and token and token.isascii() and token.isprintable():
        return answer
    raise _failure(config, status, answer, (secret, *secrets), _as_answered(asked, date))


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The answer; what is beyond any sensible length is left unread."""
    octets = b""
    while len(octets) < _LARGEST_ANSWER and (more := await response.content.read(_LARGEST_ANSWER)):
        octets += more
    return octets


def _parsed(octets: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(octets)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _as_answered(asked: Asked | None, date: str) -> Asked | None:
    """With the endpoint's own time (RFC 9110 §6.6.1), where it says it."""
    try:
        theirs = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return asked
    return replace(asked, theirs=theirs) if asked is not None and theirs.tzinfo is not None else asked


def _failure(
    config: OAuthConfig, status: int, answer: dict[str, Any], secrets: tuple[str, ...], asked: Asked | None
) -> HezoError:
    if 300 <= status < 400:
        return OperatorError(f"{config.called}: the token endpoint names another address; set token_url to it")
    error, description = (str(answer.get(key) or "") for key in ("error", "error_description"))
    failure = refusal(config, status, error, description, *secrets, asked=asked)
    return _GrantRefused(str(failure)) if error in _USELESS and isinstance(failure, OperatorError) else failure


def _fault(config: OAuthConfig, host: str, fault: Exception) -> HezoError:
    endpoint = f"{config.called}: the token endpoint ({host})"
    match fault:
        case aiohttp.ClientConnectorCertificateError(certificate_error=reason):
            why = getattr(reason, "verify_message", "") or type(reason).__name__
            return OperatorError(f"{endpoint} shows a certificate that is not trusted ({why}); check token_url")
        case aiohttp.ClientConnectorError(os_error=reason):
            return RetryLater(f"{endpoint} cannot be reached ({reason.strerror or type(reason).__name__})")
        case TimeoutError():
            return RetryLater(f"{endpoint} did not answer in time")
        case _:
            return RetryLater(f"{endpoint} broke off ({type(fault).__name__})")


def _given(config: OAuthConfig) -> str:
    return config.refresh_token.get_secret_value() if config.refresh_token else ""


def _refresh(token: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": token}


def _scope(config: OAuthConfig) -> dict[str, str]:
    return {"scope": config.scopes} if config.scopes else {}


def _life(expires_in: object) -> timedelta:
    """How long a token lives; some servers write the seconds as a text."""
    try:
        seconds = float(expires_in)  # type: ignore[arg-type]  # whatever it is, float tells
    except (TypeError, ValueError, OverflowError):
        return _USUAL_LIFE
    if not 0 < seconds < float("inf"):
        return _USUAL_LIFE
    return min(timedelta(seconds=min(seconds, 1e6)), _LONGEST_LIFE)
