"""Waits at the start for a database that is down or just restarting, for a bounded time.

A database that is rebooted at night comes back within minutes; nobody should have to start the bot again for that, and
no supervisor that gives up after some tries may decide whether it runs in the morning.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.rules.retrying import backoff
from storage.errors import DatabaseBusy, DatabaseUnavailable

log = logging.getLogger(__name__)

PAUSES = timedelta(seconds=0.5), timedelta(seconds=10)
"""The first and the longest wait between two tries."""


async def once_usable(work: Callable[[], Awaitable[None]], patience: timedelta) -> None:
    """Do what needs the database, again and again while that is not to be had.

    Says once what is waited for and how long, and again when the reason changes. `work` is begun anew each time.

    Args:
        patience: From the first try on; zero tries once.

    Raises:
        DatabaseUnavailable, DatabaseBusy: not within that time.
        HezoError: what waiting does not mend, at once.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + patience.total_seconds()
    tries, said = 0, ""
    while True:
        try:
            await work()
        except (DatabaseUnavailable, DatabaseBusy) as error:
            tries += 1
            left, wait = until - loop.time(), backoff(tries, *PAUSES).total_seconds()
            if left <= 0:
                raise
            if str(error) != said:
                said = str(error)
                log.warning("waiting for the database", extra={"hezo": {"problem": said, "at_most_s": round(left)}})
            await asyncio.sleep(min(wait, left))
        else:
            if tries:
                log.info("the database is there", extra={"hezo": {"tries": tries + 1}})
            return
