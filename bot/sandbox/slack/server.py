"""The stand-in as one object: start it, set up the workspace, let people act, look at what the app did."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from bot.ports import Clock
from bot.sandbox.slack import methods_files
from bot.sandbox.slack.backstage import Backstage
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.model import Channel
from bot.sandbox.slack.people import People
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.response_urls import ResponseUrls
from bot.sandbox.slack.socket_mode import RETRIES, SocketMode
from bot.sandbox.slack.web_api import WebApi
from bot.sandbox.slack.workspace import App, Workspace

MAX_REQUEST = 60 * 1024 * 1024
STOP_SECONDS = 1.0


class SlackSandbox:
    """A Slack that runs in this process and listens on loopback.

    Args:
        clock: The workspace's time; moving it moves retries, trigger_ids and response_urls.
        app: What the manifest declares; the default allows everything that is implemented.
        bot_token: `xoxb-...`; made up when empty.
        app_token: `xapp-...`; made up when empty.
        ack_timeout: Seconds that the app may take to acknowledge an envelope.
        retries: Waiting times before an event is sent again, by the clock.

    Attributes:
        workspace: The state, the call log, the violations, `wait_for`.
        people: Everything that people can do.
        faults: Switches for trouble.
        sockets: Socket Mode: redelivery, reordering, disconnects.
        rates: Rate limits, off unless `rates.enforced`.
    """

    def __init__(
        self,
        clock: Clock,
        app: App | None = None,
        *,
        bot_token: str = "",
        app_token: str = "",
        ack_timeout: float = 3.0,
        retries: tuple[timedelta, ...] = RETRIES,
    ) -> None:
        self.workspace = Workspace(clock, app or App(), bot_token=bot_token, app_token=app_token)
        self.faults = Faults()
        self.rates = Rates()
        self.sockets = SocketMode(self.workspace, self.faults, ack_timeout=ack_timeout, retries=retries)
        self._backstage = Backstage(self.workspace, self.faults, self.sockets, self.rates)
        self.people = People(self._backstage)
        self._runner: web.AppRunner | None = None

    @property
    def api_url(self) -> str:
        """The Web API's address, ending in `/api/`; what slack_sdk takes as `base_url`."""
        return f"{self.workspace.base_url}/api/"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen, on a free port when `port` is 0; after a `stop` it goes on where it was.

        Raises:
            OSError: the port is taken.
        """
        app = web.Application(client_max_size=MAX_REQUEST)
        api, responses = WebApi(self._backstage), ResponseUrls(self._backstage)
        app.router.add_route("*", "/api/{method}", api.handle)
        app.router.add_post("/response/{team}/{secret}", responses.handle)
        app.router.add_get("/link", self.sockets.connect)
        app.router.add_post("/upload/v1/{secret}", self._upload)
        app.router.add_get("/files-pri/{file}/{name}", self._download)
        app.router.add_get("/files-pri/{file}/download/{name}", self._download)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        bound = runner.addresses[0][1]
        self.workspace.base_url = f"http://{host}:{bound}"
        self.sockets.resume()

    async def stop(self) -> None:
        """Close every socket and stop listening; the workspace and undelivered events stay for the next `start`."""
        if self._runner is None:
            return
        self._backstage.cancel_timers()
        await self.sockets.stop()
        await self._runner.cleanup()
        self._runner = None

    async def settled(self, timeout: float = 60.0) -> None:  # noqa: ASYNC109 (as `Workspace.wait_for`)
        """Wait until every event was acknowledged or given up.

        Raises:
            TimeoutError: not within `timeout` seconds.
        """
        await self.workspace.wait_for(lambda: self.sockets.settled, timeout, "all events acknowledged")

    async def connected(self, sockets: int = 1, timeout: float = 60.0) -> None:  # noqa: ASYNC109 (as `Workspace.wait_for`)
        """Wait until the app holds at least this many WebSockets.

        Raises:
            TimeoutError: not within `timeout` seconds.
        """
        await self.workspace.wait_for(lambda: len(self.sockets.sockets) >= sockets, timeout, "the app connected")

    def channel_named(self, name: str) -> Channel:
        """A channel by its name, for tests and pages.

        Raises:
            KeyError: there is none.
        """
        for channel in self.workspace.channels.values():
            if channel.name == name:
                return channel
        raise KeyError(name)

    async def _upload(self, request: web.Request) -> web.Response:
        return await methods_files.take_upload(self._backstage, request)

    async def _download(self, request: web.Request) -> web.Response:
        return methods_files.download(self._backstage, request)
