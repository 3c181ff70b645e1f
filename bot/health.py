"""The health endpoint, for those who watch the bot: people, containers, Prometheus.

| path     | what                                                                                                |
| -------- | --------------------------------------------------------------------------------------------------- |
| /healthz | 200 while every part runs and nothing lags, else 503, with why as JSON                                |
| /readyz  | 200 while this process can do its work: the database answers, every part is up; else 503              |
| /metrics | figures in the text format of Prometheus                                                             |

A part may run and do nothing. So what has to happen all the time is measured by what is stored: that the auditor
looked, that what is due was done, that what is urgent left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from aiohttp import web

from bot.config import HealthConfig
from bot.errors import OperatorError, RetryLater
from bot.rules.neglect import STUCK_AFTER

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Reports(Protocol):
    """What the endpoint answers with."""

    async def health(self) -> tuple[bool, Mapping[str, object]]:
        """Whether all is well, and the details."""

    async def readiness(self) -> tuple[bool, Mapping[str, object]]:
        """Whether this process can do its work now, and what it waits for."""

    async def metrics(self) -> str:
        """The figures, in the text format of Prometheus."""


AUDITOR_MAY_REST = timedelta(minutes=3)
TIMERS_MAY_LAG = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Pulse:
    """Since when something waits that should never wait long; instants are aware.

    Attributes:
        started_at: When this process started: what was missed before is being made up for.
        looked_at: When the auditor last looked, in whatever process; None before the first time.
        timer_due: When the earliest pending timer is due; None where there is none.
        urgent_since: When the oldest urgent effect was written that has not left; None where there is none.
    """

    started_at: datetime
    looked_at: datetime | None
    timer_due: datetime | None
    urgent_since: datetime | None


def what_lags(pulse: Pulse, now: datetime) -> list[str]:
    """What stands still, in words for the operator; nothing when all is well."""
    waits = (
        ("the auditor has not looked", pulse.looked_at or pulse.started_at, AUDITOR_MAY_REST),
        ("what is due is not done (timers)", pulse.timer_due, TIMERS_MAY_LAG),
        ("urgent messages do not leave (outbox)", pulse.urgent_since, STUCK_AFTER),
    )
    return [
        f"{what} since {at.isoformat()}"
        for what, at, at_most in waits
        if at is not None and now - max(at, pulse.started_at) > at_most
    ]


class HealthServer:
    """Serves `report()`; holds no state of its own.

    Args:
        config: Where to listen; port 0 takes any free one.
        reports: Gives the answers.
    """

    def __init__(self, config: HealthConfig, reports: Reports) -> None:
        self._config = config
        self._reports = reports
        self.port: int | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Serve until `stopping` is set. Raises OperatorError when the port is taken."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
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
        healthy, details = await self._reports.health()
        return web.json_response({"healthy": healthy, **details}, status=200 if healthy else 503)

    async def _readyz(self, _request: web.Request) -> web.Response:
        try:
            ready, details = await self._reports.readiness()
        except RetryLater as error:
            ready, details = False, {"problem": str(error)}
        return web.json_response({"ready": ready, **details}, status=200 if ready else 503)

    async def _metrics(self, _request: web.Request) -> web.Response:
        text = await self._reports.metrics()
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})
