"""The bot, which kills itself (SIGKILL) at a named commit point, right before or right after what it commits there.

    CRASH_ORDERS=FOLDER python -m tests.harness.dying_bot --config FILE run

FOLDER holds two files, which the harness writes while the bot runs:

- `dies`: "before:opened:3" kills it at the third commit that opens a ticket; empty or missing: it lives.
- `clock`: seconds by which its clock differs from the machine's.

A point is known by what its transaction wrote. Nothing of the bot is changed for it, and SQLite is asked itself what it
executes: who listened to SQLAlchemy instead would make the bot leave the short way of `storage.built_once`.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.pool import Pool

from bot.cli import COMMANDS, Entry, Invocation, pass_invocation
from bot.cli import main as command_line
from bot.edges.clock import SystemClock

VARIABLE = "CRASH_ORDERS"
DIES, CLOCK = "dies", "clock"
POINTS = {
    "stored": r"INSERT INTO inbox",
    "opened": r"INSERT INTO tickets",
    "heard": r"INSERT INTO messages",
    "understood": r"UPDATE inbox SET",
    "decided": r"INSERT INTO outbox",
    "claimed": r"UPDATE outbox SET .*claimed_at",
    "performed": r"UPDATE outbox SET .*sent_at",
    "posted": r"UPDATE tickets SET .*slack_ts",
    "timed": r"INSERT INTO timers",
    "fired": r"UPDATE timers SET",
    "journalled": r"INSERT INTO journal",
}
"""A mail's way, by what is written at each step."""
POINTS_AMONG_PROCESSES = {"beaten": r"INSERT INTO leases", "left": r"UPDATE outbox SET .*CASE WHEN"}
"""Only with PostgreSQL: a heartbeat, and taking over what a dead process had in hand."""
MOMENTS = ("before", "after")
_PATTERNS = {name: re.compile(rf"\s*{text}", re.DOTALL) for name, text in (POINTS | POINTS_AMONG_PROCESSES).items()}


class File:
    """A small file that another process replaces; read again only when it was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = (0, 0)
        self._text = ""

    def read(self) -> tuple[str, bool]:
        """Its text, and whether it is another file than at the last look; "" where there is none."""
        try:
            state = os.stat(self._path)  # noqa: PTH116 - asked for every statement, and a Path takes longer
            found = (state.st_ino, state.st_mtime_ns)
        except FileNotFoundError:
            found = (0, 0)
        if found == self._seen:
            return self._text, False
        self._seen = found
        self._text = self._path.read_text("utf-8") if found[0] else ""
        return self._text, True


class Death:
    """What is armed, and which open transactions would be it."""

    def __init__(self, folder: Path) -> None:
        self._file = File(folder / DIES)
        self._moment, self._left = "", 0
        self._pattern: re.Pattern[str] | None = None
        self._hit: set[int] = set()

    def note(self, connection: int, statement: str) -> None:
        """A statement is executed."""
        text, is_new = self._file.read()
        if is_new:
            self._moment, point, count = text.split(":") if text else ("", "", "0")
            self._pattern, self._left = _PATTERNS.get(point), int(count)
            self._hit.clear()
        if self._pattern is not None and self._pattern.match(statement):
            self._hit.add(connection)

    def forget(self, connection: int) -> None:
        """It was rolled back."""
        self._hit.discard(connection)

    def commit(self, connection: int, commit: Any) -> None:
        """Commit, unless we die of it."""
        is_here = False
        if connection in self._hit:
            self._hit.discard(connection)
            self._left -= 1
            is_here = self._left == 0
        if is_here and self._moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit()
        if is_here:
            os.kill(os.getpid(), signal.SIGKILL)


def watch(death: Death) -> None:
    """From now on, tell it of every statement, commit and rollback of this process."""

    def opened(connection: Any, _record: object) -> None:
        raw = getattr(connection, "raw", None)  # of SQLite's writing connection
        if raw is not None:
            raw.set_trace_callback(partial(death.note, id(connection)))

    event.listen(Pool, "connect", opened)
    for name in ("do_execute", "do_executemany"):
        _note_first(name, death)
    commit, rollback = DefaultDialect.do_commit, DefaultDialect.do_rollback

    def do_commit(self: DefaultDialect, connection: Any) -> None:
        death.commit(_of(connection), lambda: commit(self, connection))  # type: ignore[no-untyped-call]  # as SQLAlchemy has it

    def do_rollback(self: DefaultDialect, connection: Any) -> None:
        death.forget(_of(connection))
        rollback(self, connection)  # type: ignore[no-untyped-call]  # as SQLAlchemy has it

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]  # to die in the middle of it
    DefaultDialect.do_rollback = do_rollback  # type: ignore[method-assign]  # as above


def _note_first(name: str, death: Death) -> None:
    execute = getattr(PGDialect_asyncpg, name)

    def noted(self: Any, cursor: Any, statement: str, *more: Any) -> None:
        death.note(id(cursor._adapt_connection), statement)
        execute(self, cursor, statement, *more)

    setattr(PGDialect_asyncpg, name, noted)


def _of(connection: Any) -> int:
    return id(getattr(connection, "dbapi_connection", connection))


class JumpingClock(SystemClock):
    """The machine's clock, as wrong as the file says."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._file = File(folder / CLOCK)

    def now(self) -> datetime:
        """What it shows."""
        return super().now() + timedelta(seconds=float(self._file.read()[0] or 0))


@click.command()
@pass_invocation
def run(invocation: Invocation) -> None:
    """As `hezo360 run`, on the clock that jumps."""
    from bot.app import run_until_stopped
    from bot.logs import configure_logs

    config = invocation.load_config()
    configure_logs(config.log, sys.stderr, invocation.secrets)
    asyncio.run(run_until_stopped(config, JumpingClock(Path(os.environ[VARIABLE]))))


def main() -> None:
    """Run the bot's own command line."""
    watch(Death(Path(os.environ[VARIABLE])))
    COMMANDS["run"] = Entry("tests.harness.dying_bot:run", "The bot, on a clock that jumps.")
    sys.argv[0] = "hezo360"
    sys.exit(command_line())


if __name__ == "__main__":
    main()
