"""A man in the middle of SMTP: stops a message at its final dot, where nobody can know whether it was accepted."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import StrEnum
from types import TracebackType

_CHUNK = 64 * 1024
_PATIENCE = 60.0
_END_OF_DATA = b"\r\n.\r\n"


class Hold(StrEnum):
    """Where the next message is stopped."""

    BEFORE_THE_DOT = "before"
    """The server never sees its end: it is not accepted."""
    AFTER_THE_ANSWER = "after"
    """The server has accepted it, and its answer is kept back."""


class SmtpTap:
    """Forwards SMTP without encryption to a port of this machine; for use as an async context manager.

    Args:
        target_port: Where the real server listens, on 127.0.0.1.

    Attributes:
        port: Where it listens itself.
        held: Set while a message is stopped.
    """

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.held = asyncio.Event()
        self._target_port = target_port
        self._plan: deque[Hold] = deque()
        self._released = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> SmtpTap:
        self._listener = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self.cut()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._listener.wait_closed()

    def hold_next(self, hold: Hold) -> None:
        """Stop the next message; `cut` or `release` ends it."""
        self._plan.append(hold)
        self.held.clear()
        self._released.clear()

    async def wait_until_held(self) -> None:
        """Wait for the message that is to be stopped; TimeoutError when none comes."""
        async with asyncio.timeout(_PATIENCE):
            await self.held.wait()

    def release(self) -> None:
        """Let the stopped message, or the answer to it, go on."""
        self.held.clear()
        self._released.set()

    def cut(self) -> None:
        """Break every connection at once."""
        self.held.clear()
        for writer in tuple(self._writers):
            writer.transport.abort()
        for task in tuple(self._connections):
            task.cancel()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection()
        for work in (
            self._to_server(connection, reader, server_writer),
            self._to_client(connection, server_reader, writer),
        ):
            task = asyncio.create_task(work)
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

    async def _to_server(
        self, connection: _Connection, client: asyncio.StreamReader, server: asyncio.StreamWriter
    ) -> None:
        end = b""
        self._writers.add(server)
        try:
            while octets := await client.read(_CHUNK):
                end = (end + octets)[-len(_END_OF_DATA) :]
                if connection.in_data and end == _END_OF_DATA:
                    connection.in_data = False
                    connection.hold = self._plan.popleft() if self._plan else None
                    if connection.hold is Hold.BEFORE_THE_DOT:
                        await self._hold()
                server.write(octets)
                await server.drain()
        except OSError:
            return
        finally:
            server.close()
            self._writers.discard(server)

    async def _to_client(
        self, connection: _Connection, server: asyncio.StreamReader, client: asyncio.StreamWriter
    ) -> None:
        self._writers.add(client)
        try:
            while octets := await server.read(_CHUNK):
                if octets.startswith(b"354"):
                    connection.in_data = True
                elif connection.hold is Hold.AFTER_THE_ANSWER:
                    connection.hold = None
                    await self._hold()
                client.write(octets)
                await client.drain()
        except OSError:
            return
        finally:
            client.close()
            self._writers.discard(client)

    async def _hold(self) -> None:
        self.held.set()
        await self._released.wait()


class _Connection:
    """What both directions of a connection know of it."""

    in_data = False
    hold: Hold | None = None
