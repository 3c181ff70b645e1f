"""Access tokens against a scripted token endpoint: asked for once, renewed in time, every refusal told in one line."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.config_oauth import OAuthConfig
from bot.edges.oauth_tokens import AccessTokens
from bot.errors import HezoError, OperatorError, RetryLater
from tests.storage.making import FakeClock
from tests.support.certificates import make_certificate
from tests.support.token_endpoint import (
    CLIENT_ID,
    CLIENT_SECRET,
    REFRESH_TOKEN,
    TokenEndpoint,
    grants,
    refuses,
    token_endpoint,
)
from tests.support.webhook_receiver import Answer, cuts, never_ends, says, stays_silent

USER = "pomoc@myhezo.pl"
STALE = "AADSTS7000222: The provided client secret keys for 'app' are expired"


class Kept:
    """`bot.edges.oauth_tokens.RefreshTokens` in memory."""

    def __init__(self) -> None:
        self.tokens: dict[str, tuple[str, str]] = {}

    async def newest(self, source: str, given: str) -> str:
        kept_for, token = self.tokens.get(source, ("", ""))
        return token if kept_for == given else ""

    async def keep(self, source: str, given: str, token: str) -> None:
        self.tokens[source] = (given, token)


@pytest.fixture
async def endpoint() -> AsyncIterator[TokenEndpoint]:
    async with token_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def tokens(endpoint: TokenEndpoint, clock: FakeClock, kept: Kept) -> AccessTokens:
    return AccessTokens(endpoint.config(), clock, kept)


def by_refresh_token(endpoint: TokenEndpoint, clock: FakeClock, kept: Kept, **changes: Any) -> AccessTokens:
    config = endpoint.config(**{"grant": "refresh_token", "refresh_token": REFRESH_TOKEN} | changes)
    return AccessTokens(config, clock, kept)


async def failure(tokens: AccessTokens) -> HezoError:
    """What asking raises: one line, without anything that nobody may read, and without what it came from."""
    with pytest.raises(HezoError) as caught:
        await tokens.get()
    told = f"{caught.value!r} {caught.value.__cause__!r} {tokens!r}"
    assert CLIENT_SECRET not in told
    assert REFRESH_TOKEN not in told
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith('mail.oauth "m365": ')
    return caught.value


async def test_an_application_asks_in_its_own_name(endpoint: TokenEndpoint, tokens: AccessTokens) -> None:
    token = await tokens.get()
    assert token.value in endpoint.good
    assert token.value not in repr(token)
    assert endpoint.requests == [
        {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "scope": "mail"}
    ]


async def test_a_refresh_token_asks_in_a_persons_name(endpoint: TokenEndpoint, clock: FakeClock, kept: Kept) -> None:
    await by_refresh_token(endpoint, clock, kept).get()
    assert endpoint.requests[0] == {
        "grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN, "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET, "scope": "mail",
    }  # fmt: skip
    assert kept.tokens == {}


async def test_many_ask_at_once_and_one_request_is_made(endpoint: TokenEndpoint, tokens: AccessTokens) -> None:
    assert len({token.value for token in await asyncio.gather(*(tokens.get() for _ in range(5)))}) == 1
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("expires_in", "good_for"),
    [
        (3600, 3300), ("3600", 3300), (None, 3300), (-1, 3300), ("soon", 3300), (400, 300), (10**30, 86_400 - 300),
        (10**400, 3300), ("nan", 3300),
    ],
)  # fmt: skip
async def test_a_token_is_renewed_before_it_ends(
    endpoint: TokenEndpoint, tokens: AccessTokens, clock: FakeClock, expires_in: int | str | None, good_for: int
) -> None:
    endpoint.expires_in = expires_in
    first = await tokens.get()
    assert tokens.good_for(first) == timedelta(seconds=good_for)
    clock.move(seconds=good_for - 1)
    assert await tokens.get() is first
    clock.move(seconds=1)
    assert (await tokens.get()).value != first.value
    assert tokens.good_for(first) == timedelta(0)


async def test_while_renewing_fails_in_passing_the_old_token_serves_until_its_end(
    endpoint: TokenEndpoint, tokens: AccessTokens, clock: FakeClock
) -> None:
    first = await tokens.get()
    endpoint.answers = [says(503), cuts, says(503)]
    clock.move(minutes=56)
    assert await tokens.get() is first
    clock.move(minutes=3)
    assert await tokens.get() is first
    clock.move(minutes=1)
    assert isinstance(await failure(tokens), RetryLater)
    assert (await tokens.get()).value != first.value


async def test_a_lasting_refusal_is_told_at_once(
    endpoint: TokenEndpoint, tokens: AccessTokens, clock: FakeClock
) -> None:
    await tokens.get()
    endpoint.answers = [refuses(401, "invalid_client")]
    clock.move(minutes=56)
    assert isinstance(await failure(tokens), OperatorError)


async def test_a_rotated_refresh_token_is_kept_before_its_access_token_is_used(
    endpoint: TokenEndpoint, clock: FakeClock, kept: Kept
) -> None:
    endpoint.rotates = True
    await by_refresh_token(endpoint, clock, kept).get()
    assert kept.tokens == {"m365": (REFRESH_TOKEN, "refresh-token-1")}
    after_a_restart = by_refresh_token(endpoint, clock, kept)
    await after_a_restart.get()
    assert [request["refresh_token"] for request in endpoint.requests] == [REFRESH_TOKEN, "refresh-token-1"]
    assert kept.tokens == {"m365": (REFRESH_TOKEN, "refresh-token-2")}


async def test_another_configured_refresh_token_begins_anew(
    endpoint: TokenEndpoint, clock: FakeClock, kept: Kept
) -> None:
    kept.tokens["m365"] = ("an older one", "its follower")
    await by_refresh_token(endpoint, clock, kept).get()
    assert endpoint.requests[0]["refresh_token"] == REFRESH_TOKEN


async def test_what_another_process_got_meanwhile_is_used(endpoint: TokenEndpoint, clock: FakeClock) -> None:
    class Overtaken(Kept):
        """Another process renews between our look and our request."""

        async def newest(self, source: str, given: str) -> str:
            newest = await super().newest(source, given)
            await self.keep(source, given, "refresh-token-of-theirs")
            return newest

    endpoint.refresh_tokens = {"refresh-token-of-theirs"}
    await by_refresh_token(endpoint, clock, Overtaken()).get()
    assert [request["refresh_token"] for request in endpoint.requests] == [REFRESH_TOKEN, "refresh-token-of-theirs"]


async def test_without_any_refresh_token_a_person_is_asked(
    endpoint: TokenEndpoint, clock: FakeClock, kept: Kept
) -> None:
    tokens = by_refresh_token(endpoint, clock, kept, refresh_token=None)
    told = str(await failure(tokens))
    assert "run hezo360 mail authorize m365, or set HEZO360_MAIL_OAUTH_M365_REFRESH_TOKEN" in told
    assert endpoint.requests == []
    kept.tokens["m365"] = ("", REFRESH_TOKEN)
    await tokens.get()


@pytest.mark.parametrize(
    ("error", "description", "advice"),
    [
        (
            "invalid_client",
            f"{STALE}. Visit the Azure portal. Trace ID: 5 Correlation ID: 6 Timestamp: 2026-11-23 10:00:00Z",
            f"set HEZO360_MAIL_OAUTH_M365_CLIENT_SECRET or client_secret_file (invalid_client: {STALE})",
        ),
        (
            "invalid_client",
            "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the value.",
            "the client secret is wrong (it is the secret's value, not its id); set HEZO360_MAIL_OAUTH_M365_CLIENT_",
        ),
        ("invalid_client", "The OAuth client was not found.", "client_id or the client secret is wrong"),
        ("unauthorized_client", "AADSTS700016: Application with identifier 'x' was not found", "check client_id"),
        ("invalid_request", "AADSTS90002: Tenant 'x' not found. Check to make sure", "check tenant"),
        ("invalid_scope", "AADSTS70011: The provided value for 'scope' is not valid.", "the scope is not allowed"),
        ("invalid_scope", "Some requested scopes were invalid.", "the scope is not allowed"),
        ("unsupported_grant_type", "", "check grant and token_url"),
        ("access_denied", "", "nobody has consented"),
        ("something_new", "Nobody knows.", "no token was given (HTTP 400: something_new: Nobody knows); see docs/mail"),
        ("", "", "no token was given (HTTP 400: ***)"),
    ],
)
async def test_every_refusal_says_what_to_do(
    endpoint: TokenEndpoint, tokens: AccessTokens, error: str, description: str, advice: str
) -> None:
    endpoint.answers = [refuses(400, error, f"{description} {CLIENT_SECRET}")]
    told = await failure(tokens)
    assert isinstance(told, OperatorError)
    assert advice in str(told)


@pytest.mark.parametrize(
    ("description", "why"),
    [
        ("Token has been expired or revoked.", "has expired or was revoked"),
        ("AADSTS700082: The refresh token has expired due to inactivity.", "has expired"),
        ("AADSTS70008: The provided authorization code or refresh token has expired.", "has expired"),
        ("AADSTS50173: The provided grant has expired due to it being revoked.", "was revoked"),
    ],
)
async def test_a_refresh_token_that_is_of_no_more_use_needs_a_person(
    endpoint: TokenEndpoint, clock: FakeClock, kept: Kept, description: str, why: str
) -> None:
    endpoint.answers = [refuses(400, "invalid_grant", description)]
    told = await failure(by_refresh_token(endpoint, clock, kept))
    assert isinstance(told, OperatorError)
    assert f"the refresh token {why}; allow it again: hezo360 mail authorize m365 (invalid_grant" in str(told)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says(500, "oops"), "the token endpoint is in trouble now (HTTP 500: no reason given)"),
        (says(429), "in trouble now (HTTP 429"),
        (refuses(400, "temporarily_unavailable", "Later."), "(HTTP 400: temporarily_unavailable: Later)"),
        (cuts, "the token endpoint (127.0.0.1) broke off"),
        (stays_silent, "the token endpoint (127.0.0.1) did not answer in time"),
        (never_ends, "the token endpoint (127.0.0.1) did not answer in time"),
    ],
)
async def test_what_may_pass_is_tried_again(
    endpoint: TokenEndpoint, clock: FakeClock, kept: Kept, answer: Answer, words: str
) -> None:
    # A copy is not validated: a shorter time than operators may set, so that nobody waits for the test.
    hasty = endpoint.config().model_copy(update={"timeout": timedelta(seconds=0.3)})
    endpoint.answers = [answer]
    told = await failure(AccessTokens(hasty, clock, kept))
    assert isinstance(told, RetryLater)
    assert words in str(told)


async def _in_pieces(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for piece in (b'{"access_token": "pie', b'ces", "expires_in"', b": 3600}"):
        await response.write(piece)
        await asyncio.sleep(0)
    return response


async def test_an_answer_may_come_in_pieces(endpoint: TokenEndpoint, tokens: AccessTokens) -> None:
    endpoint.answers = [_in_pieces]
    assert (await tokens.get()).value == "pieces"


@pytest.mark.parametrize(
    "answer",
    [
        says(200, "<html>Sign in</html>"),
        says(200, "[1]"),
        says(200, "x" * 600_000),
        says(200, "[" * 200_000),
        grants(error="x", error_description=f"a{' ' * 200_000}b"),
        refuses(200, "x", headers={"Date": f"Mon, 29 Nov {'9' * 30} 10:00:00 GMT"}),
        grants(),
        grants(access_token=""),
        grants(access_token=7),
        grants(access_token="two\r\nlines"),
        grants(access_token="żółw"),
    ],
)
async def test_an_answer_without_a_token_is_no_answer(
    endpoint: TokenEndpoint, tokens: AccessTokens, answer: Answer
) -> None:
    endpoint.answers = [answer]
    told = await failure(tokens)
    assert isinstance(told, OperatorError)
    assert "no token was given (HTTP 200" in str(told)


async def test_a_redirection_is_not_followed(endpoint: TokenEndpoint, tokens: AccessTokens) -> None:
    endpoint.answers = [says(302, Location=endpoint.url)]
    assert "names another address; set token_url to it" in str(await failure(tokens))
    assert len(endpoint.requests) == 1


async def test_an_endpoint_that_is_not_there(clock: FakeClock, kept: Kept, endpoint: TokenEndpoint) -> None:
    config = endpoint.config(token_url="http://127.0.0.1:9/token")
    told = await failure(AccessTokens(config, clock, kept))
    assert isinstance(told, RetryLater)
    assert "the token endpoint (127.0.0.1) cannot be reached" in str(told)


async def test_a_certificate_that_nobody_trusts_gets_no_secret(tmp_path: Path, clock: FakeClock, kept: Kept) -> None:
    make_certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    async with token_endpoint(tls) as endpoint:
        told = await failure(AccessTokens(endpoint.config(), clock, kept))
        assert endpoint.requests == []
    assert isinstance(told, OperatorError)
    assert "shows a certificate that is not trusted" in str(told)


async def test_a_refused_token_is_not_used_again(endpoint: TokenEndpoint, tokens: AccessTokens) -> None:
    first = await tokens.get()
    assert not tokens.refused(first, USER), "it was never taken: a new one would fare no better"
    second = await tokens.get()
    assert second is not first
    tokens.accepted(second, USER)
    assert tokens.refused(second, USER), "it had been taken: it was revoked meanwhile"
    third = await tokens.get()
    tokens.accepted(third, USER)
    assert not tokens.refused(third, "info@myhezo.pl"), "for another mailbox it never was"
    assert len(endpoint.requests) == 3


def test_microsofts_secrets_come_from_the_environment_by_name() -> None:
    config = OAuthConfig.model_validate(
        {"name": "m-365", "provider": "microsoft", "tenant": "t", "client_id": "c", "client_secret": "s"}
    )
    assert config.variable == "HEZO360_MAIL_OAUTH_M_365"
