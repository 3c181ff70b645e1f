"""Keeps this process alive among others that share the database, and gives it the roles that only one may have.

One process reads a mailbox, one understands the mails and one the clicks (in their order), one posts to Slack (within
Slack's pace); every process takes payloads, sends mails, shares files and fires timers. When one dies, others have its
roles within seconds, and what it was just doing is looked up. What is committed anywhere wakes whoever acts on it.

With SQLite there is one process, which has every role.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from bot.errors import RetryLater
from bot.ports import Clock
from storage.engine import Database
from storage.leases import TTL, Leases, end_cut_off
from storage.queues import OutboxQueue

log = logging.getLogger(__name__)

BEAT_EVERY = 1.5
"""Seconds; what another process has committed is also looked for as often, should its wake have been lost."""
BEAT_LIMIT = 2.5


class Role:
    """Something that only one process may do at a time.

    Attributes:
        is_well: Whether this process does well in it, so that the others may rely on it.
        well_elsewhere: Whether another process has it and does well.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_well: Callable[[], bool] = lambda: True
        self.well_elsewhere = False
        self._held = asyncio.Event()
        self._over = asyncio.Event()

    @property
    def is_held(self) -> bool:
        """Whether this process has it."""
        return self._held.is_set()

    def take(self) -> None:
        """This process has it now."""
        if not self.is_held:
            self._over = asyncio.Event()
            self._held.set()

    def lose(self) -> None:
        """This process has it no more."""
        self._held.clear()
        self._over.set()

    async def run(self, stopping: asyncio.Event, work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        """Do the work whenever this process has the role, until `stopping` is set. `work` gets what ends it."""
        while not stopping.is_set():
            await _first_of(self._held, stopping)
            if self.is_held and not stopping.is_set():
                await self._work(stopping, work)

    async def _work(self, stopping: asyncio.Event, work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        over = self._over

        async def end_with_us() -> None:
            await stopping.wait()
            over.set()

        watching = asyncio.create_task(end_with_us())
        try:
            await work(over)
        finally:
            watching.cancel()
        if not over.is_set():
            raise RuntimeError(f"{self.name} ended by itself")


class Heard:
    """How long the others are sure that this process lives; past it they look up what it had begun, and do it.

    Attributes:
        until: By the event loop's clock, which goes on while this process stands still and never jumps.
    """

    def __init__(self) -> None:
        self.until = 0.0

    def for_ever(self) -> None:
        """There are no others."""
        self.until = math.inf

    def __bool__(self) -> bool:
        return asyncio.get_running_loop().time() <= self.until

    def make_sure(self) -> None:
        """Asked right before something is done that may be done only once.

        Raises:
            RetryLater: this process was cut off, or stood still; another may be doing it.
        """
        if not self:
            raise RetryLater("the other processes have not heard this one in time; they may be doing it")


class AmongProcesses:
    """The heartbeat.

    Args:
        roles: What this process would do.
        heard: Told how long the others are sure that this process lives.
        doubt: How long a mail waits for its copy when another process died while sending it.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        outbox: OutboxQueue,
        worker: str,
        roles: list[Role],
        heard: Heard,
        *,
        doubt: timedelta,
    ) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox
        self._leases = Leases(database, worker)
        self._roles = roles
        self._doubt = doubt
        self._heard = heard
        if not database.is_postgresql:
            heard.for_ever()

    async def begin(self) -> None:
        """Be heard before anything is begun, or others would take it for a dead process's. Raises as `run`."""
        if self._database.is_postgresql:
            await self._beat()

    async def run(self, stopping: asyncio.Event) -> None:
        """Beat until `stopping` is set. Raises nothing that passes: what cannot be renewed is lost in time."""
        if not self._database.is_postgresql:
            for role in self._roles:
                role.take()
            await stopping.wait()
            return
        listening = asyncio.create_task(self._listen(stopping))
        try:
            while not stopping.is_set():
                await self._beat()
                self._database.wakes.set_all()
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_EVERY):
                        await stopping.wait()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def leave(self) -> None:
        """Give every role back, once nothing is done in it any more."""
        for role in self._roles:
            role.lose()
        if not self._database.is_postgresql:
            return
        try:
            async with asyncio.timeout(BEAT_LIMIT):
                await self._leases.leave(self._database.CHANNEL, ())
        except Exception as error:  # noqa: BLE001 - it ends by itself before long
            log.warning("the roles were not given back", extra={"hezo": {"problem": type(error).__name__}})

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(BEAT_LIMIT):
                held = await self._leases.beat({role.name: role.is_held and role.is_well() for role in self._roles})
        except Exception as error:  # noqa: BLE001 - whatever it is: others have our roles when their time is over
            log.warning("no heartbeat", extra={"hezo": {"problem": str(error) or type(error).__name__}})
            if not self._heard:
                self._lose(self._roles)
            return
        # A little less than what the others think, counted from before they could know.
        self._heard.until = began + TTL.total_seconds() - BEAT_EVERY
        for role in self._roles:
            role.well_elsewhere = role.name in held.well_elsewhere
            if role.name in held.mine:
                if not role.is_held:
                    log.info("has a role now", extra={"hezo": {"role": role.name}})
                role.take()
        self._lose([role for role in self._roles if role.name not in held.mine])
        await self._take_over()

    def _lose(self, roles: list[Role]) -> None:
        for role in roles:
            if role.is_held:
                log.warning("has a role no more", extra={"hezo": {"role": role.name}})
                role.lose()
                self._database.wakes.set_all()

    async def _take_over(self) -> None:
        """See to what dead processes left half done."""
        now = self._clock.now()
        try:
            async with asyncio.timeout(BEAT_LIMIT):
                ended = await end_cut_off(self._database)
                count = await self._outbox.recover(now, now + self._doubt)
        except Exception as error:  # noqa: BLE001 - the next beat tries again
            log.warning("nothing was taken over", extra={"hezo": {"problem": str(error) or type(error).__name__}})
            return
        if ended:
            log.warning("connections that were cut off held locks, and were ended", extra={"hezo": {"count": ended}})
        if count:
            log.warning("effects of a process that died are looked up", extra={"hezo": {"count": count}})

    async def _listen(self, stopping: asyncio.Event) -> None:
        """Hear at once what others committed; while that does not work, the heartbeat's looking has to do."""
        while not stopping.is_set():
            try:
                await self._database.listen()
            except Exception as error:  # noqa: BLE001 - any fault of the connection: it is opened anew
                log.info("not hearing other processes", extra={"hezo": {"problem": str(error) or type(error).__name__}})
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_EVERY):
                    await stopping.wait()


async def _first_of(*events: asyncio.Event) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
