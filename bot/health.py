"""The health endpoint: GET /healthz answers 200 while every part runs and nothing lags, else 503, with why as JSON.

A part may run and do nothing. So what has to happen all the time is measured by what is stored: that the auditor
looked, that what is due was done, that what is urgent left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from bot.config import HealthConfig
from bot.errors import OperatorError
from bot.rules.neglect import STUCK_AFTER

Report = Callable[[], Awaitable[tuple[bool, Mapping[str, object]]]]

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
