"""A TCP proxy on loopback that fails on command."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType

_CHUNK = 64 * 1024


class Direction(StrEnum):
    """Which way octets go."""

    TO_SERVER = "to server"
    TO_CLIENT = "to client"


@dataclass(slots=True)
class _Way:
    """What happens to the octets of one direction."""

    flows: asyncio.Event = field(default_factory=asyncio.Event)
    octets_per_second: float | None = None
    cut_after: int | None = None


class FaultyProxy:
    """Forwards connections to a port of this machine; for use as an async context manager.

    Args:
        target_port: Where the real server listens, on 127.0.0.1.

    Attributes:
        port: Where the proxy listens.
        connections: How many connections it took so far.
    """

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.connections = 0
        self._target_port = target_port
        self._ways = {direction: _Way() for direction in Direction}
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self._connected = asyncio.Condition()
        self.mend()

    async def __aenter__(self) -> FaultyProxy:
        await self.accept()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.refuse()

    @property
    def target_port(self) -> int:
        """Where the real server listens."""
        return self._target_port

    async def accept(self) -> None:
        """Listen, always on the same port."""
        self._listener = await asyncio.start_server(self._take, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Break every connection and refuse new ones."""
        if self._listener is not None:
            self._listener.close()
            self.cut()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._listener.wait_closed()
            self._listener = None

    def cut(self) -> None:
        """Break every connection at once (RST)."""
        for writer in tuple(self._writers):
            writer.transport.abort()
        for task in tuple(self._tasks):
            task.cancel()

    def stall(self, *directions: Direction) -> None:
        """Hold everything back, in both directions if none is named, and let nobody notice: a half-open connection."""
        for direction in directions or Direction:
            self._ways[direction].flows.clear()

    def stall_open_connections(self) -> None:
        """As `stall`, but only for the connections that are open now; new ones work."""
        for way in self._ways.values():
            way.flows.clear()
            way.flows = asyncio.Event()
            way.flows.set()

    def slow(self, octets_per_second: float, direction: Direction = Direction.TO_CLIENT) -> None:
        """Let at most so much through."""
        self._ways[direction].octets_per_second = octets_per_second

    def cut_after(self, octets: int, direction: Direction = Direction.TO_CLIENT) -> None:
        """Break the next connections after so many octets each."""
        self._ways[direction].cut_after = octets

    def mend(self) -> None:
        """Let everything through again."""
        for way in self._ways.values():
            way.flows.set()
            way.octets_per_second = way.cut_after = None

    async def wait_for_connections(self, number: int, within: float) -> None:
        """Wait until so many connections were taken; TimeoutError when they are not."""
        async with asyncio.timeout(within), self._connected:
            await self._connected.wait_for(lambda: self.connections >= number)

    async def wait_until_unused(self, within: float) -> None:
        """Wait until every connection is closed; TimeoutError when they are not."""
        async with asyncio.timeout(within):
            while self._tasks:
                await asyncio.wait(self._tasks)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        async with self._connected:
            self.connections += 1
            self._connected.notify_all()
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            self._writers.discard(writer)
            return
        self._writers.add(server_writer)
        for way, source, sink in (
            (Direction.TO_SERVER, reader, server_writer),
            (Direction.TO_CLIENT, server_reader, writer),
        ):
            task = asyncio.get_running_loop().create_task(self._pump(self._ways[way], source, sink, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(
        self, way: _Way, source: asyncio.StreamReader, sink: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        remaining, flows = way.cut_after, way.flows
        try:
            while octets := await source.read(_CHUNK):
                await flows.wait()
                sink.write(octets if remaining is None else octets[:remaining])
                await sink.drain()
                if remaining is not None:
                    remaining -= len(octets)
                    if remaining <= 0:
                        break
                if way.octets_per_second:
                    await asyncio.sleep(len(octets) / way.octets_per_second)
            await flows.wait()  # a stalled connection does not even tell of its end
        except OSError:
            client.transport.abort()
        finally:
            sink.close()
            self._writers.discard(sink)
