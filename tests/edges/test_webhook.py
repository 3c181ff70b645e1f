"""The webhook against a real receiver: what it gets, and every failure told by who can mend it, without any secret."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config_escalation import WebhookConfig
from bot.edges.webhook import DEFAULT_RETRY_AFTER, LONGEST_RETRY_AFTER, Webhook, signature, webhook
from bot.errors import HezoError, OperatorError, RateLimited, Refused, RetryLater
from tests.support.certificates import make_certificate
from tests.support.webhook_receiver import (
    SECRET,
    Answer,
    Receiver,
    cuts,
    never_ends,
    receiving,
    says,
    stays_silent,
)

NOW = datetime(2026, 3, 2, 12, 0, 0, 999_999, tzinfo=UTC)
IN_VAIN = timedelta(seconds=0.2)


def configured(url: str | None, timeout: timedelta = timedelta(seconds=5)) -> WebhookConfig:
    # A copy is not validated: a shorter time than operators may set, so that nobody waits for the test.
    return WebhookConfig(url=url, secret=SecretStr(SECRET)).model_copy(update={"timeout": timeout})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def hook(receiver: Receiver) -> AsyncIterator[Webhook]:
    async with webhook(configured(receiver.url)) as hook:
        yield hook


async def failure(hook: Webhook) -> HezoError:
    """What a call raises; neither the secret nor the way to the receiver is in it, nor in what it came from."""
    with pytest.raises(HezoError) as caught:
        await hook.call("out-1", {"ticket": "HEZO-2026-000001"}, NOW)
    told = f"{caught.value!r} {caught.value.__cause__!r} {hook!r}"
    assert SECRET not in told
    assert "token-in-the-path" not in told
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


async def test_a_call_is_signed_json_that_is_known_again(receiver: Receiver, hook: Webhook) -> None:
    receiver.answers = [says(500), says(200, "taken")]
    data: dict[str, object] = {"ticket": "HEZO-2026-000001", "customer": "Zażółć gęślą jaźń \ud800", "owner": None}
    with pytest.raises(RetryLater):
        await hook.call("out-7", data, NOW)
    await hook.call("out-7", data, NOW + timedelta(minutes=1))
    first, second = receiver.received
    assert first.data == {**data, "customer": "Zażółć gęślą jaźń ?"}
    assert "Zażółć".encode() in first.raw
    assert first.headers["Content-Type"] == "application/json; charset=utf-8"
    assert [one.headers["X-Hezo360-Id"] for one in (first, second)] == ["out-7", "out-7"]
    assert [one.headers["X-Hezo360-Timestamp"] for one in (first, second)] == ["1772452800", "1772452860"]
    assert [one.is_genuine for one in (first, second)] == [True, True]
    assert first.headers["X-Hezo360-Signature"] != second.headers["X-Hezo360-Signature"], "the time is signed as well"


def test_the_signature_is_the_one_of_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "escalation.md").read_text("utf-8")
    made = signature("change-me", "1772452800", b'{"id":"out-7"}')
    assert made in text
    assert "change-me" in text


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (says(500, "busy"), RetryLater, "HTTP 500: busy"),
        (says(503), RetryLater, "HTTP 503"),
        (says(408), RetryLater, "HTTP 408"),
        (says(425), RetryLater, "HTTP 425"),
        (says(400, f"bad\r\n\x1b[31m{SECRET}{'x' * 9000}"), Refused, "HTTP 400: bad"),
        (says(403, "wrong signature"), Refused, "HTTP 403: wrong signature"),
        (says(404), Refused, "HTTP 404"),
        (never_ends, Refused, "HTTP 403"),
        (says(410, "\x1f\x8b", Content_Encoding="gzip"), Refused, "HTTP 410"),
        (says(302, Location="http://127.0.0.1:9/elsewhere"), Refused, "set escalation.webhook.url"),
        (says(308, Location="/hook/token-in-the-path"), Refused, "not followed"),
        (says(304), Refused, "HTTP 304"),
        (cuts, RetryLater, "broke"),
    ],
)
async def test_what_an_answer_means(receiver: Receiver, answer: Answer, kind: type[HezoError], said: str) -> None:
    receiver.answers = [answer]
    timeout = IN_VAIN if answer is never_ends else timedelta(seconds=5)
    async with webhook(configured(receiver.url, timeout)) as hook:
        error = await failure(hook)
    assert type(error) is kind
    assert said in str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 400
    assert len(receiver.received) == 1, "a redirection is not followed, nothing is repeated"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, DEFAULT_RETRY_AFTER),
        ({"Retry_After": "7"}, timedelta(seconds=7)),
        ({"Retry_After": "0"}, timedelta(seconds=1)),
        ({"Retry_After": "9" * 400}, LONGEST_RETRY_AFTER),
        ({"Retry_After": "-5"}, DEFAULT_RETRY_AFTER),
        ({"Retry_After": "Mon, 02 Mar 2026 12:02:00 GMT"}, timedelta(seconds=120) - timedelta(microseconds=999_999)),
        ({"Retry_After": "Mon, 02 Mar 2026 11:00:00 GMT"}, timedelta(seconds=1)),
        ({"Retry_After": "Mon, 02 Mar 99999999999999999999 11:00:00 GMT"}, DEFAULT_RETRY_AFTER),
    ],
)
async def test_a_receiver_may_ask_to_wait(
    receiver: Receiver, hook: Webhook, headers: dict[str, str], wait: timedelta
) -> None:
    receiver.answers = [says(429, **headers)]
    error = await failure(hook)
    assert isinstance(error, RateLimited)
    assert error.retry_after == wait


async def test_one_that_does_not_answer_is_given_up_in_time(receiver: Receiver) -> None:
    receiver.answers = [stays_silent]
    async with webhook(configured(receiver.url, IN_VAIN)) as hook:
        error = await failure(hook)
    assert type(error) is RetryLater
    assert "did not answer in time" in str(error)


async def test_nobody_listens(unused_tcp_port: int) -> None:
    async with webhook(configured(f"http://127.0.0.1:{unused_tcp_port}/hook/token-in-the-path")) as hook:
        error = await failure(hook)
    assert type(error) is RetryLater
    assert "escalation.webhook (127.0.0.1) cannot be reached" in str(error)


async def test_a_certificate_that_nobody_vouches_for_is_not_taken(tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*make_certificate(tmp_path))
    async with receiving(tls) as receiver, webhook(configured(receiver.url)) as hook:
        error = await failure(hook)
    assert type(error) is OperatorError
    assert "certificate is not trusted (self-signed certificate)" in str(error)
    assert receiver.received == []


async def test_a_webhook_that_was_taken_out_of_the_configuration_refuses_what_still_waits() -> None:
    async with webhook(WebhookConfig()) as hook:
        error = await failure(hook)
    assert type(error) is Refused
    assert "escalation.webhook.url is not set any more" in str(error)
