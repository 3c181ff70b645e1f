"""Reads mails ahead in a process beside ours, while more of them wait than one processor gets done at once.

What a mail alone says (`bot.rules.first_reading`) is a third of the work on a report, and the next mail's can be done
while this one's is stored. It is a help and no more: what is not read here in time, because the process is still
starting, died, or hangs, the handlers read themselves.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import bot
from bot.edges.reading_process import LENGTH, READY, frame
from bot.ports import InboxRow
from bot.rules.first_reading import SMALL, FirstReading, ReadingOptions

log = logging.getLogger(__name__)

FROM = 8
"""So many mails must wait before it is worth a second process."""
IDLE = 30.0
STARTING_LIMIT = 30.0
READING_LIMIT = 10.0
"""Seconds that one mail may take."""
PAUSE = 60.0
"""Seconds after a failure before the process is started again."""
MOST_WAITING = 200
MOST_OCTETS = 8 * 1024 * 1024
"""Mails that are read ahead at most, and what they hold together at most: so much waits in the pipe."""
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT", "TZDIR", "VIRTUAL_ENV")
"""What the process is told of our environment: no secret, as it reads what strangers send."""


class ReadingAhead:
    """The process, as far as one is needed.

    Args:
        options: What the configuration says about reading; None where there is nothing to read.
        processors: How many this program may use; with one alone there is nothing to win.
        idle: Seconds after the last mail when the process is ended.
        limit: Seconds that one mail may take.
    """

    def __init__(
        self,
        options: ReadingOptions | None,
        *,
        processors: int | None = None,
        idle: float = IDLE,
        limit: float = READING_LIMIT,
    ) -> None:
        self._options = options
        self._is_worthwhile = options is not None and (processors or _processors()) > 1
        self._idle = idle
        self._limit = limit
        self._asked: dict[int, asyncio.Future[FirstReading | None]] = {}
        self._octets: dict[int, int] = {}
        self._process: Process | None = None
        self._talking: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._ends: asyncio.Timeout | None = None

    @property
    def process_id(self) -> int | None:
        """The running process, once it is ready."""
        return self._process.pid if self._process is not None else None

    def expect(self, mails: int) -> bool:
        """So many mails are coming: be there, if that is worth it. Returns at once; False where it is not."""
        if not self._is_worthwhile or mails < FROM or asyncio.get_running_loop().time() < self._not_before:
            return False
        if self._talking is None:
            self._talking = asyncio.create_task(self._run(), name="reading ahead")
        return True

    def want(self, rows: Sequence[InboxRow]) -> None:
        """These mails are waiting: read them, as far as it is worth it. Returns at once."""
        if not self.expect(len(rows)):
            return
        loop, process = asyncio.get_running_loop(), self._process
        if process is None or process.stdin is None or self._ends is None or self._ends.expired():
            return
        self._ends.reschedule(loop.time() + self._idle)
        octets = sum(self._octets.values())
        for row in rows:
            if row.id in self._asked or len(row.body) > SMALL:
                continue
            octets += len(row.body)
            if len(self._asked) >= MOST_WAITING or octets > MOST_OCTETS:
                break
            self._asked[row.id], self._octets[row.id] = loop.create_future(), len(row.body)
            process.stdin.write(frame((row.id, row.body)))

    def is_settled(self, row_id: int) -> bool:
        """Whether nothing has to be waited for: it was read, or is not being read here at all."""
        asked = self._asked.get(row_id)
        return asked is None or asked.done()

    async def wait(self, row_id: int) -> None:
        """Wait until that is so; a process that takes too long is ended."""
        asked = self._asked.get(row_id)
        if asked is not None and not asked.done():
            await asyncio.wait([asked], timeout=self._limit)
            if not asked.done():
                self._fail("a mail took too long")

    def get(self, row_id: int) -> FirstReading | None:
        """What was read of a mail; None where the caller has to read it."""
        asked = self._asked.get(row_id)
        return asked.result() if asked is not None and asked.done() else None

    def forget(self, row_ids: Iterable[int]) -> None:
        """These mails were handled, well or not."""
        for row_id in row_ids:
            self._asked.pop(row_id, None)
            self._octets.pop(row_id, None)

    async def close(self) -> None:
        """End the process; nothing is asked of it any more."""
        if self._talking is not None:
            self._talking.cancel()
            await asyncio.gather(self._talking, return_exceptions=True)

    async def _run(self) -> None:
        process: Process | None = None
        try:
            async with asyncio.timeout(STARTING_LIMIT):
                process = await self._start()
            self._process = process
            await self._listen(process)
        except Exception as error:  # noqa: BLE001  # whatever it is: the mails are read without it
            self._fail(type(error).__name__)
        finally:
            self._process = self._talking = self._ends = None
            self._give_up_waiting()
            if process is not None and process.returncode is None:
                process.kill()
                await process.wait()

    async def _start(self) -> Process:
        kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        path = os.pathsep.join(filter(None, (str(Path(bot.__file__).parents[1]), os.environ.get("PYTHONPATH"))))
        # -P: nothing is imported from the folder in which the program was started.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "bot.edges.reading_process",
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={**kept, "PYTHONPATH": path},
        )  # fmt: skip
        try:
            assert process.stdin is not None
            process.stdin.write(frame(self._options))
            if await _next(process) != READY:
                raise OSError("the reading process speaks another language")
        except BaseException:
            process.kill()
            await process.wait()
            raise
        return process

    async def _listen(self, process: Process) -> None:
        """Hand on what was read, until nothing was asked for a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._idle) as self._ends:
                while True:
                    its_id, reading = cast("tuple[int, FirstReading | None]", await _next(process))
                    asked = self._asked.get(its_id)
                    if asked is not None and not asked.done():
                        asked.set_result(reading)

    def _fail(self, problem: str) -> None:
        """Do without it for a while."""
        log.warning("mails are not read ahead for a while", extra={"hezo": {"problem": problem}})
        self._not_before = asyncio.get_running_loop().time() + PAUSE
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    def _give_up_waiting(self) -> None:
        for asked in self._asked.values():
            if not asked.done():
                asked.set_result(None)
        self._asked.clear()
        self._octets.clear()


async def _next(process: Process) -> object:
    assert process.stdout is not None
    size = int.from_bytes(await process.stdout.readexactly(LENGTH), "big")
    return pickle.loads(await process.stdout.readexactly(size))  # noqa: S301  # the process is our own


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
