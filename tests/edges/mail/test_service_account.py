"""A service account asks in mailboxes' names, against a token endpoint that verifies what it signed."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from pydantic import ValidationError

from bot.config_mail import ImapConfig, SmtpConfig
from bot.config_oauth import OAuthConfig
from bot.config_secrets import secret_values
from bot.edges.oauth_tokens import AccessTokens, TokenSources
from bot.errors import HezoError, OperatorError, RetryLater
from bot.redaction import Redactor
from tests.storage.making import FakeClock
from tests.support.token_endpoint import ACCOUNT, TokenEndpoint, account_key, key_file, refuses, token_endpoint
from tests.support.webhook_receiver import says

MAILBOX = "pomoc@myhezo.pl"


class NothingKept:
    """A service account has no refresh tokens."""

    async def newest(self, source: str, given: str) -> str:
        raise AssertionError(source, given)

    async def keep(self, source: str, given: str, token: str) -> None:
        raise AssertionError(source, given, token)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def endpoint(clock: FakeClock) -> AsyncIterator[TokenEndpoint]:
    async with token_endpoint() as endpoint:
        endpoint.now = clock.now
        endpoint.delegated = {MAILBOX, "info@myhezo.pl"}
        yield endpoint


def tokens_of(config: OAuthConfig, clock: FakeClock, mailbox: str = MAILBOX) -> AccessTokens:
    return AccessTokens(config, clock, NothingKept(), mailbox)


async def told(tokens: AccessTokens, kind: type[HezoError] = OperatorError) -> str:
    """The one line, in which nothing stands that nobody may read."""
    with pytest.raises(kind) as caught:
        await tokens.get()
    line = str(caught.value)
    assert line.startswith('mail.oauth "google": ')
    assert "\n" not in line
    assert "eyJ" not in f"{caught.value!r} {caught.value.__cause__!r} {tokens!r}"
    return line


def claims_of(request: dict[str, str]) -> dict[str, Any]:
    body = request["assertion"].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=="))
    return claims


async def test_it_asks_in_the_mailboxs_name(endpoint: TokenEndpoint, clock: FakeClock) -> None:
    token = await tokens_of(endpoint.service_account(), clock).get()
    assert endpoint.good[token.value] == MAILBOX
    [request] = endpoint.requests
    assert request.keys() == {"grant_type", "assertion"}
    at = int(clock.now().timestamp()) - 30
    assert claims_of(request) == {
        "iss": ACCOUNT, "sub": MAILBOX, "scope": "mail", "aud": endpoint.url, "iat": at, "exp": at + 3600,
    }  # fmt: skip


async def test_every_mailbox_has_its_own_token_and_servers_of_one_share_it(
    endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    sources = TokenSources([endpoint.service_account()], clock, NothingKept())
    common = {"host": "localhost", "oauth": "google"}
    reading = ImapConfig.model_validate(common | {"name": "pomoc", "username": MAILBOX})
    other = ImapConfig.model_validate(common | {"name": "info", "username": "info@myhezo.pl"})
    sending = SmtpConfig.model_validate(common | {"username": MAILBOX})
    first, second, third = sources.of(reading), sources.of(other), sources.of(sending)
    assert first is third
    assert first is not None
    assert second is not None
    assert endpoint.good[(await first.get()).value] == MAILBOX
    assert endpoint.good[(await second.get()).value] == "info@myhezo.pl"


async def test_it_is_signed_anew_before_the_token_ends(endpoint: TokenEndpoint, clock: FakeClock) -> None:
    tokens = tokens_of(endpoint.service_account(), clock)
    first = await tokens.get()
    endpoint.answers = [says(503)]
    clock.move(minutes=56)
    assert await tokens.get() is first
    assert (await tokens.get()).value != first.value
    assert claims_of(endpoint.requests[2])["iat"] - claims_of(endpoint.requests[0])["iat"] == 56 * 60


async def test_a_token_that_is_revoked_is_asked_for_anew(endpoint: TokenEndpoint, clock: FakeClock) -> None:
    tokens = tokens_of(endpoint.service_account(), clock)
    first = await tokens.get()
    tokens.accepted(first, MAILBOX)
    endpoint.revoke_all()
    assert tokens.refused(first, MAILBOX)
    assert (await tokens.get()).value in endpoint.good


async def test_a_key_that_was_deleted_or_is_anothers(endpoint: TokenEndpoint, clock: FakeClock) -> None:
    config = endpoint.service_account()
    endpoint.accounts[ACCOUNT] = generate_private_key(65537, 2048).public_key()
    line = await told(tokens_of(config, clock))
    assert "the key was deleted, has expired or is another account's; see service_account_key_file" in line
    del endpoint.accounts[ACCOUNT]
    assert "the service account does not exist any more" in await told(tokens_of(config, clock))


async def test_delegation_that_is_missing_names_what_to_enter(endpoint: TokenEndpoint, clock: FakeClock) -> None:
    line = await told(tokens_of(endpoint.service_account(), clock, "ktos@myhezo.pl"))
    assert "Domain-wide delegation) add the client id 104857600000000000001 with the scope mail" in line


@pytest.mark.parametrize(("minutes", "said"), [(-90, "5400 s behind"), (10, "600 s ahead of")])
async def test_a_clock_that_is_wrong_is_named_with_how_far(
    endpoint: TokenEndpoint, clock: FakeClock, minutes: int, said: str
) -> None:
    theirs = clock.now()
    endpoint.now = lambda: theirs
    clock.move(minutes=minutes)
    line = await told(tokens_of(endpoint.service_account(), clock))
    assert f"this machine's clock is {said} the token endpoint's; let NTP set it" in line


@pytest.mark.parametrize("seconds", [-60, 25])
async def test_a_clock_that_is_a_little_wrong_does_no_harm(
    endpoint: TokenEndpoint, clock: FakeClock, seconds: int
) -> None:
    theirs = clock.now()
    endpoint.now = lambda: theirs
    clock.move(seconds=seconds)
    assert (await tokens_of(endpoint.service_account(), clock).get()).value in endpoint.good


@pytest.mark.parametrize(
    ("error", "description", "advice"),
    [
        ("invalid_grant", "Invalid email or User ID", f"{MAILBOX} is no mailbox of the domain; check username"),
        ("invalid_grant", "Not a valid email.", f"{MAILBOX} is no mailbox of the domain; check username"),
        ("invalid_grant", "Something else.", f"was refused for {MAILBOX}; check username"),
        ("access_denied", "Requested client not authorized.", "Domain-wide delegation) add the client id 1048576"),
        ("disabled_client", "The OAuth client was disabled.", "the service account is disabled; enable it"),
        ("invalid_scope", "Invalid OAuth scope or ID token audience provided.", "the scope is not allowed; check"),
        ("admin_policy_enforced", "Restricted.", "an administrator has forbidden"),
        ("something_new", "Nobody knows.", "no token was given (HTTP 400: something_new: Nobody knows)"),
    ],
)
async def test_every_refusal_says_what_to_do(
    endpoint: TokenEndpoint, clock: FakeClock, error: str, description: str, advice: str
) -> None:
    endpoint.answers = [refuses(400, error, description)]
    line = await told(tokens_of(endpoint.service_account(), clock))
    assert advice in line
    assert "hezo360 mail authorize" not in line, "no person can help here"


async def test_what_it_signed_is_quoted_to_nobody(endpoint: TokenEndpoint, clock: FakeClock) -> None:
    endpoint.answers = [refuses(500, "oops")]
    tokens = tokens_of(endpoint.service_account(), clock)
    await told(tokens, RetryLater)
    assertion = endpoint.requests[0]["assertion"]
    endpoint.answers = [refuses(400, "bad", assertion)]  # the same second signs the same octets (RFC 8017 §8.2)
    await told(tokens)
    assert Redactor().all(f"POST assertion={assertion}") == "POST assertion=***"


@pytest.mark.parametrize(
    ("held", "problem"),
    [
        ("-----BEGIN PRIVATE KEY-----", "is no key file: give the JSON file"),
        ("[]", "is no key file"),
        (key_file(type="authorized_user"), "is a key file of another kind"),
        (key_file(client_email=""), '"client_email" is missing'),
        (key_file(private_key=7), '"private_key" is missing'),
        (key_file(private_key="hidden"), "damaged or no RSA key"),
        (key_file(ec.generate_private_key(ec.SECP256R1())), "damaged or no RSA key"),
    ],
)
def test_what_is_no_key_file_is_refused_before_anything_is_asked(held: str, problem: str) -> None:
    table = {"name": "google", "provider": "google", "grant": "service_account", "service_account_key": held}
    with pytest.raises(ValidationError) as caught:
        OAuthConfig.model_validate(table)
    assert problem in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_no_part_of_the_key_is_shown() -> None:
    table = {"name": "google", "provider": "google", "grant": "service_account", "service_account_key": key_file()}
    config = OAuthConfig.model_validate(table)
    line = key_file().split("\\n")[3]
    assert len(line) == 64
    assert line not in repr(config)
    assert line not in repr(config.account)
    assert Redactor(secret_values(config)).all(f"ValueError: {line}") == "ValueError: ***"
    assert account_key().key_size == 2048
