"""The bot, which kills itself (SIGKILL) at a named commit point: right before or right after what it commits there.

    HEZO360_DIES=before:opened:1 python -m tests.harness.dying_bot --config FILE run

A point is known by what its transaction wrote; nothing of the bot itself is changed for it.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect

VARIABLE = "HEZO360_DIES"
POINTS = {
    "stored": r"INSERT INTO inbox",
    "opened": r"INSERT INTO tickets",
    "heard": r"INSERT INTO messages",
    "understood": r"UPDATE inbox SET",
    "claimed": r"UPDATE outbox SET .*claimed_at",
    "performed": r"UPDATE outbox SET .*sent_at",
    "posted": r"UPDATE tickets SET .*slack_ts",
    "timed": r"INSERT INTO timers",
}
"""A mail's way, by what is written at each step."""
MOMENTS = ("before", "after")


def die_at(point: str, moment: str, count: int) -> None:
    """From now on, commit number `count` of that kind kills this process."""
    left = count
    pattern = re.compile(POINTS[point], re.DOTALL)
    written: list[str] = []
    commit = DefaultDialect.do_commit

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        written.append(statement)

    def dying_commit(self: DefaultDialect, connection: Any) -> None:
        nonlocal left
        if any(pattern.search(statement) for statement in written):
            left -= 1
        is_here = left == 0
        written.clear()
        if is_here and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, connection)  # type: ignore[no-untyped-call]  # SQLAlchemy has no annotation there
        if is_here:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", note)
    event.listen(Engine, "rollback", lambda _connection: written.clear())
    DefaultDialect.do_commit = dying_commit  # type: ignore[method-assign]  # to die in the middle of it


def main() -> None:
    """Run the bot's own command line."""
    moment, point, count = os.environ.pop(VARIABLE).split(":")
    die_at(point, moment, int(count))
    from bot.cli import main as run

    sys.argv[0] = "hezo360"
    sys.exit(run())


if __name__ == "__main__":
    main()
