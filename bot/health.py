"""The health endpoint: GET /healthz answers 200 while every part runs, else 503, with the parts' conditions as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from bot.config import HealthConfig
from bot.errors import OperatorError

Report = Callable[[], Awaitable[tuple[bool, Mapping[str, object]]]]


class HealthServer:
    """Serves `report()`; holds no state of its own.

    Args:
        config: Where to listen; port 0 takes any free one.
        report: Gives whether all is well, and the details.
    """

    def __init__(self, config: HealthConfig, report: Report) -> None:
        self._config = config
        self._report = report
        self.port: int | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Serve until `stopping` is set. Raises OperatorError when the port is taken."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._config.host, self._config.port)
            try:
                await site.start()
            except OSError as error:
                raise OperatorError(
                    f"health endpoint: cannot listen on {self._config.host}:{self._config.port} ({error.strerror}); "
                    "choose another [health] port"
                ) from error
            self.port = int(runner.addresses[0][1])
            await stopping.wait()
        finally:
            await runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        healthy, details = await self._report()
        return web.json_response({"healthy": healthy, **details}, status=200 if healthy else 503)
