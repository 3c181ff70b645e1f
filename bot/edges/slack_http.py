"""Slack by signed HTTP requests, where Socket Mode is not wanted: the same recording before the acknowledgement.

https://docs.slack.dev/authentication/verifying-requests-from-slack: each request is signed with the app's signing
secret over its time and its octets. What is not signed, is older than five minutes, or was taken before is refused.
Slack itself sends an event again that was not acknowledged; it marks that, and such a one is acknowledged and does
nothing twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from slack_sdk.signature import Clock as VerifierClock
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.config_slack import SlackConfig
from bot.edges.slack_dispatch import Take, take_with
from bot.edges.slack_listeners import Listeners, Recorder, identify
from bot.edges.slack_screens import Look, Screens
from bot.errors import OperatorError
from bot.ports import Clock

log = logging.getLogger(__name__)

PATH = "/slack/events"
"""Where Slack sends everything: events, clicks, commands."""
LARGEST = 1_000_000
"""Octets of a request; Slack's payloads are far smaller."""
READ_LIMIT = 3.0
"""Seconds that a request may take to arrive: Slack waits no longer for the answer."""
REMEMBERED = 10_000
"""Signatures of requests that were taken; what was forgotten is still known by its key in the inbox."""


class SlackHttp:
    """The way in from Slack, as `bot.edges.slack_socket.SlackSocket` is.

    Args:
        client: From `slack_client`.
        look: For modals and refusals.
        on_connected: Told when Slack knows us and we listen.
    """

    def __init__(
        self,
        config: SlackConfig,
        recorder: Recorder,
        screens: Screens,
        client: AsyncWebClient,
        look: Look,
        *,
        on_connected: Callable[[], None] = lambda: None,
    ) -> None:
        assert config.signing_secret is not None, "the configuration asks for it"
        self._config = config
        self._recorder = recorder
        self._screens = screens
        self._client = client
        self._look = look
        self._on_connected = on_connected
        self._verifier = SignatureVerifier(config.signing_secret.get_secret_value(), _Now(look.clock))
        self._taken: OrderedDict[str, None] = OrderedDict()
        self.port: int | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Listen until `stopping` is set; requests in hand are answered first.

        Raises:
            RetryLater: Slack cannot be reached.
            OperatorError: Slack does not accept the token, or nobody can listen there.
        """
        identity = await identify(self._client, self._config.timeout)
        listeners = Listeners(self._config, self._recorder, self._screens, self._client, self._look, identity)
        pass_on = take_with(listeners)
        server = web.Application(client_max_size=LARGEST)

        async def take(request: web.Request) -> web.Response:
            return await self._take(pass_on, request)

        server.router.add_post(PATH, take)
        runner = web.AppRunner(server, access_log=None, shutdown_timeout=READ_LIMIT)
        await runner.setup()
        try:
            await self._listen(runner)
            log.info("listening for Slack", extra={"hezo": {"team": identity.team_id, "port": self.port}})
            self._on_connected()
            await stopping.wait()
        finally:
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> None:
        host, port = self._config.http_host, self._config.http_port
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise OperatorError(
                f"Slack's requests cannot be taken on {host}:{port} ({error.strerror}); choose another slack.http_port"
            ) from error
        self.port = int(runner.addresses[0][1])

    async def _take(self, pass_on: Take, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(READ_LIMIT):
                raw = await request.read()
            text = raw.decode("utf-8")
        except TimeoutError:
            return _refused(408, "the request did not arrive in time")
        except UnicodeDecodeError:
            return _refused(400, "no payload of Slack's")
        signature = request.headers.get("X-Slack-Signature", "")
        if not self._is_signed(text, request.headers.get("X-Slack-Request-Timestamp", ""), signature):
            return _refused(401, "not signed by Slack, or too old: check slack.signing_secret and this machine's clock")
        if signature in self._taken and "X-Slack-Retry-Num" not in request.headers:
            return _refused(409, "the same request came before")
        try:
            body = _body(text, request.content_type)
        except (ValueError, RecursionError):
            return _refused(400, "no payload of Slack's")
        if body.get("type") == "url_verification":
            return web.json_response({"challenge": str(body.get("challenge", ""))[:1000]})
        if "ssl_check" in body:
            return web.Response()
        answer = await pass_on(body)
        if answer.status == 200:
            self._remember(signature)
        kind = next(iter(answer.headers.get("content-type", [])), "text/plain").partition(";")[0]
        return web.Response(status=answer.status, text=answer.body or "", content_type=kind)

    def _is_signed(self, text: str, timestamp: str, signature: str) -> bool:
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12 and signature.isascii()):
            return False
        return self._verifier.is_valid(text, timestamp, signature)

    def _remember(self, signature: str) -> None:
        self._taken[signature] = None
        while len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)


class _Now(VerifierClock):
    """Our clock, as slack_sdk asks for the time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now().timestamp()


def _body(text: str, content_type: str) -> dict[str, Any]:
    """The payload of a request: JSON, or a form whose field `payload` is JSON, or a command's fields.

    Raises:
        ValueError, RecursionError: it is none of these.
    """
    if content_type == "application/json":
        body = json.loads(text)
    else:
        fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=100))
        body = json.loads(fields["payload"]) if "payload" in fields else fields
    if not isinstance(body, dict) or not body.keys() & {"type", "command", "ssl_check"}:
        raise ValueError("no object")
    return body


def _refused(status: int, why: str) -> web.Response:
    log.warning("a request to Slack's address was refused", extra={"hezo": {"status": status, "problem": why}})
    return web.Response(status=status, text=why + "\n")
