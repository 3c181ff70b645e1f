"""The process beside ours that reads mails ahead: `python -m bot.edges.reading_process`, started by `reading_ahead`.

Both ways go frames: eight octets of length, big-endian, and so many octets of pickle. First the options come, answered
with READY; then (id, octets of a mail), each answered with (id, what was read), or None for what could not be read. At
the end of its input it ends, and a mail on which it hangs ends it; so it never survives the program that started it.
"""

from __future__ import annotations

import pickle
import signal
import sys
from dataclasses import fields, is_dataclass
from io import BytesIO
from typing import Any, BinaryIO, cast

from bot.rules.first_reading import FirstReading, ReadingOptions, first_reading

READY = "ready"
LONGEST = 30
"""Seconds on one mail after which the system ends this process: longer than anybody waits for it."""
LENGTH = 8
PROTOCOL = 5


class _Pickler(pickle.Pickler):
    """Writes a dataclass by its fields: made of these, it is read three times as fast as by the state of its slots."""

    def reducer_override(self, value: object) -> Any:
        if is_dataclass(value) and not isinstance(value, type):
            return type(value), tuple(getattr(value, field.name) for field in fields(value))
        return NotImplemented


def frame(value: object) -> bytes:
    """A value as it goes through the pipe."""
    body = BytesIO()
    _Pickler(body, PROTOCOL).dump(value)
    return body.tell().to_bytes(LENGTH, "big") + body.getvalue()


def serve(come: BinaryIO, go: BinaryIO) -> None:
    """Answer until the input ends."""
    options = cast("ReadingOptions | None", _next(come))
    if options is None:
        return
    _say(go, READY)
    while (asked := cast("tuple[int, bytes] | None", _next(come))) is not None:
        its_id, raw = asked
        signal.alarm(LONGEST)  # whoever would have ended it may be gone meanwhile
        reading = _read(raw, options)
        signal.alarm(0)
        _say(go, (its_id, reading))


def _read(raw: bytes, options: ReadingOptions) -> FirstReading | None:
    try:
        return first_reading(raw, options)
    except Exception:  # noqa: BLE001  # the program that asked reads it itself then, and says what is wrong
        return None


def _next(come: BinaryIO) -> object:
    head = come.read(LENGTH)
    if len(head) < LENGTH:
        return None
    size = int.from_bytes(head, "big")
    body = come.read(size)
    return pickle.loads(body) if len(body) == size else None  # noqa: S301  # the pipe's other end is our own program


def _say(go: BinaryIO, value: object) -> None:
    go.write(frame(value))
    go.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal's Ctrl-C only the program itself decides
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        sys.exit(1)
