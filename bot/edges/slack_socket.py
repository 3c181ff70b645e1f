"""Socket Mode: holds the connection to Slack, and rebuilds it when it is lost or suspiciously silent.

slack_sdk's own reconnecting is switched off except for the refresh that Slack asks for: it gives up silently when
`apps.connections.open` fails once, and retries for ever with a used-up address when the WebSocket does not open. Here
each address is tried once, a lost connection ends `run`, and the supervisor starts it anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.config_slack import SlackConfig
from bot.config_values import LOOPBACK
from bot.edges.slack_dispatch import Take, take_with
from bot.edges.slack_errors import TOKEN_ERRORS, named, translate
from bot.edges.slack_listeners import Listeners, Recorder, identify
from bot.edges.slack_log import sdk_logger
from bot.edges.slack_screens import Look, Screens
from bot.errors import HezoError, OperatorError, RetryLater
from bot.rules.retrying import describe

log = logging.getLogger(__name__)

CHECK_EVERY = 0.25
"""Seconds between two looks at the connection."""
FINISH_LIMIT = 3.0
"""Seconds that payloads in hand may take before a connection is closed: as long as Slack waits for them."""
CLOSE_LIMIT = 2.0
"""Seconds for closing; a dead connection would take much longer."""
PING_EVERY = 10.0


class SlackSocket:
    """The way in from Slack.

    Args:
        client: From `slack_client`.
        look: For modals and refusals.
        on_connected: Told when the connection stands.
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
        self._config = config
        self._on_connected = on_connected
        self._recorder = recorder
        self._screens = screens
        self._client = client
        self._look = look
        self._silence_limit = config.silence_limit.total_seconds()

    async def run(self, stopping: asyncio.Event) -> None:
        """Connect and stay connected until `stopping` is set.

        Nothing heard for `slack.silence_limit` does not prove a connection dead, nor do answered pings prove it alive:
        it is replaced, the new one opened before the old one is closed.

        Raises:
            RetryLater: Slack cannot be reached, or the connection was lost.
            OperatorError: Slack does not accept a token.
        """
        identity = await identify(self._client, self._config.timeout)
        listeners = Listeners(self._config, self._recorder, self._screens, self._client, self._look, identity)
        take = take_with(listeners)
        connection = await self._connect(take)
        log.info("connected to Slack", extra={"hezo": {"team": identity.team_id}})
        self._on_connected()
        try:
            while not stopping.is_set():
                await self._watch(connection, stopping)
                if not stopping.is_set():
                    connection = await self._replace(connection, take)
        finally:
            await connection.close()

    async def _replace(self, silent: _Connection, take: Take) -> _Connection:
        """A new connection for a silent one; the silent one itself, where no new one can be had and it still stands."""
        try:
            fresh = await self._connect(take)
        except RetryLater:
            if await silent.problem(refresh_limit=0):
                raise
            silent.wait_anew()
            return silent
        await silent.close()
        return fresh

    async def _watch(self, connection: _Connection, stopping: asyncio.Event) -> None:
        """Return when the connection has been silent for too long, or when `stopping` is set."""
        while not stopping.is_set():
            problem = await connection.problem(self._config.timeout.total_seconds())
            if problem:
                raise RetryLater(f"the connection to Slack was lost: {problem}")
            if connection.silent_for() > self._silence_limit:
                return
            try:
                async with asyncio.timeout(min(CHECK_EVERY, self._silence_limit)):
                    await stopping.wait()
            except TimeoutError:
                continue

    async def _connect(self, take: Take) -> _Connection:
        connection = _Connection(take, self._config, self._client, min(PING_EVERY, self._silence_limit / 4))
        try:
            async with asyncio.timeout(self._config.timeout.total_seconds()):
                await connection.open()
        except Exception as error:
            await connection.close()
            if isinstance(error, SlackApiError):
                self._blame_app_token(error)
            if isinstance(error, aiohttp.WSServerHandshakeError):
                raise RetryLater(
                    f"Slack refuses the socket whose address it has just given (HTTP {error.status})"
                ) from error
            if isinstance(error, HezoError):
                raise
            raise translate(error, "apps.connections.open", repeatable=True) from error
        except asyncio.CancelledError:
            await connection.close()
            raise
        return connection

    @staticmethod
    def _blame_app_token(error: SlackApiError) -> None:
        data = getattr(error.response, "data", None)
        code = data.get("error") if isinstance(data, dict) else None
        if code in TOKEN_ERRORS | {"missing_scope"}:
            raise OperatorError(
                f"Slack does not accept slack.app_token ({code}): take an app-level token with the scope "
                "connections:write from the app's settings (Basic Information), and enable Socket Mode"
            ) from error


class _Client(SocketModeClient):
    """Tries once what slack_sdk would try for ever, and takes no answer of Slack's for granted."""

    async def issue_new_wss_url(self) -> str:
        """Raises RetryLater too, where Slack names no address."""
        answer = await self.web_client.apps_connections_open(app_token=self.app_token)
        return named(answer, "url", str, "apps.connections.open")

    async def connect(self) -> None:
        """Close what was open, which may be one too many for Slack, and open a WebSocket."""
        old = self.current_session
        if old is not None:
            with suppress(TimeoutError, aiohttp.ClientError, OSError):
                async with asyncio.timeout(CLOSE_LIMIT):
                    await old.close()
        self.current_session = await self.aiohttp_client_session.ws_connect(
            str(self.wss_uri), autoping=False, heartbeat=self.ping_interval, proxy=self.proxy
        )
        self.stale, self.last_ping_pong_time = False, None
        for task in (self.current_session_monitor, self.message_receiver):
            if task is not None:
                task.cancel()
        self.current_session_monitor = asyncio.ensure_future(self.monitor_current_session())
        self.message_receiver = asyncio.ensure_future(self.receive_messages())

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """At Slack's wish. Never raises: where it fails, the connection ends, and that is seen by who watches it."""
        try:
            await super().connect_to_new_endpoint(force)
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no connection
            log.warning("Slack asked for another socket, and gave none", extra={"hezo": {"problem": describe(error)}})


class _Connection:
    """One WebSocket, with what slack_sdk runs around it."""

    def __init__(self, take: Take, config: SlackConfig, web_client: AsyncWebClient, ping_every: float) -> None:
        assert config.app_token is not None, "the configuration asks for it"
        self._take = take
        self._client = _Client(
            app_token=config.app_token.get_secret_value(),
            logger=sdk_logger(),
            web_client=web_client,
            ping_interval=ping_every,
        )
        self._client.default_auto_reconnect_enabled = self._client.auto_reconnect_enabled = False
        if urlsplit(config.api_url).hostname in LOOPBACK:
            self._client.proxy = None  # as in `slack_client`
        self._client.on_message_listeners.append(self._heard)
        listeners: list[Any] = self._client.socket_mode_request_listeners  # typed for the base class of the client
        listeners[:] = [self._handle]
        self._loop = asyncio.get_running_loop()
        self._last_heard = self._loop.time()
        self._refreshing_since: float | None = None
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def open(self) -> None:
        """Ask for an address and connect to it. Runs until it is connected; the caller sets the time limit."""
        self._client.wss_uri = await self._client.issue_new_wss_url()
        await self._client.connect()
        self.wait_anew()

    async def problem(self, refresh_limit: float) -> str | None:
        """What is wrong with the connection. While slack_sdk exchanges it at Slack's wish, nothing is, for a time."""
        if await self._client.is_connected():
            self._refreshing_since = None
            return None
        if not self._client.connect_operation_lock.locked():
            return "it was closed, or answers no pings"
        now = self._loop.time()
        self._refreshing_since = self._refreshing_since or now
        return "the exchange that Slack asked for failed" if now - self._refreshing_since > refresh_limit else None

    def silent_for(self) -> float:
        """Seconds since something came."""
        return self._loop.time() - self._last_heard

    def wait_anew(self) -> None:
        """Count the silence from now."""
        self._last_heard = self._loop.time()

    async def close(self) -> None:
        """Finish what is in hand and close, both within a bound; never raises."""
        try:
            async with asyncio.timeout(FINISH_LIMIT):
                await self._idle.wait()
        except TimeoutError:
            log.warning("Slack payloads were still in hand when the connection was closed")
        client = self._client
        try:
            async with asyncio.timeout(CLOSE_LIMIT):
                await self._client.close()  # type: ignore[no-untyped-call]  # slack_sdk has no annotation there
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            log.info("the connection to Slack did not close well", extra={"hezo": {"problem": type(error).__name__}})
        # It stops where the WebSocket does not close: the rest of what it does is done here.
        client.closed = True
        tasks = (client.message_processor, client.current_session_monitor, client.message_receiver)
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)
        await client.aiohttp_client_session.close()

    async def _heard(self, _message: aiohttp.WSMessage) -> None:
        self._last_heard = self._loop.time()

    async def _handle(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        """Take an envelope and acknowledge it; counted, so that closing waits for it."""
        self._in_hand += 1
        self._idle.clear()
        try:
            answer = await self._take(request.payload)
            await send_async_response(client, request, answer, 0.0)
        except (ConnectionError, aiohttp.ClientError) as error:  # it is recorded, and known when Slack sends it again
            log.info("an acknowledgement did not reach Slack", extra={"hezo": {"problem": type(error).__name__}})
        finally:
            self._in_hand -= 1
            if self._in_hand == 0:
                self._idle.set()
