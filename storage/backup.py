"""A copy of everything stored, made while the bot runs, and put back.

SQLite's own backup (sqlite.org/backup.html) copies one state of the file, whoever writes meanwhile; nobody waits for
it, as readers and writers do not in WAL mode. PostgreSQL has tools for this that nobody should do again: the errors
name them.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.engine import URL

from bot.errors import OperatorError
from storage.connecting import parse_url
from storage.migrating import refuse_newer

_WAIT = 30.0
TICKETS_LEFT_OUT, IDS_LEFT_OUT = 10_000, 1_000_000
"""By so much the ids of what comes after a restore lie behind those of the backup: of tickets, and of all else.

What was opened between the two is gone here, but customers hold its numbers, Message-IDs and reply addresses, and Slack
its cards and buttons: if the next tickets were given the same ids, what comes back to these would be theirs.
"""


def back_up(database_url: str, target: Path) -> str:
    """Copy the database into a new file, checked before it gets its name; gives the copy's revision.

    Raises:
        OperatorError: it is PostgreSQL, the target exists, or the copy cannot be made or is damaged.
    """
    url = parse_url(database_url)
    file = _file(url, "back up", f"pg_dump --format=custom --file={target}")
    if not file.exists():
        raise OperatorError(f"there is no database {file}: correct database.url")
    _refuse_existing(target)
    return _copy(file, target)


def restore(database_url: str, source: Path) -> str:
    """Put a backup where the configuration says that the database is; gives its revision.

    No id comes again that was given after the backup.

    Raises:
        OperatorError: it is PostgreSQL, a database is there already, or the backup is damaged, no backup of ours, or of
            a newer version of this program.
    """
    url = parse_url(database_url)
    file = _file(url, "restore", f"pg_restore --dbname=NAME {source}, into an empty database")
    if not source.is_file():
        raise OperatorError(f"there is no backup {source}")
    for leftover in (file, file.with_name(file.name + "-wal"), file.with_name(file.name + "-shm")):
        _refuse_existing(leftover)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(f"cannot make {file.parent} ({error.strerror})") from error
    revision = _copy(source, file, _leave_out_ids)
    _give_to_the_service(file)
    return revision


def _give_to_the_service(file: Path) -> None:
    """What root puts back belongs to whose folder it lies in: a service with a user of its own could not open it."""
    owner = file.parent.stat()
    if os.geteuid() == 0:
        with suppress(PermissionError):  # a share that squashes root: the doctor tells when it cannot be used
            os.chown(file, owner.st_uid, owner.st_gid)


def _file(url: URL, what: str, tool: str) -> Path:
    if url.get_backend_name() != "sqlite":
        shown = url.set(drivername="postgresql").render_as_string(hide_password=True)
        raise OperatorError(f"to {what} {shown} use PostgreSQL's own tool, which works while the bot runs: {tool}")
    return Path(str(url.database))


def _refuse_existing(file: Path) -> None:
    if file.exists():
        raise OperatorError(f"{file} is there already and is not overwritten: move it away, or name another file")


def _copy(source: Path, target: Path, change: Callable[[sqlite3.Connection], None] = lambda _: None) -> str:
    unfinished = target.with_name(target.name + ".part")
    try:
        os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # customers' mails are in it
        try:
            with (
                closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=_WAIT)) as there,
                closing(sqlite3.connect(unfinished, isolation_level=None)) as copy,
            ):
                there.backup(copy)  # in one step: a copy in several begins anew whenever somebody writes
                revision = _checked(copy, source)
                change(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
            _sync(unfinished)
            os.link(unfinished, target)  # unlike a rename it never replaces
            _sync(target.parent)
        finally:
            for part in (unfinished, unfinished.with_name(unfinished.name + "-journal")):
                with suppress(FileNotFoundError):
                    part.unlink()
    except FileExistsError as error:
        raise OperatorError(f"{error.filename2 or error.filename} is there already and is not overwritten") from error
    except OSError as error:
        raise OperatorError(f"cannot write {target} ({error.strerror})") from error
    except sqlite3.Error as error:
        # sqlite.org/rescode.html: FULL, or IOERR, as which it tells of a quota; CORRUPT, NOTADB
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        advice = "; is the disk full? make room, or name a file on another disk" if code in {10, 13} else ""
        advice = {11: "; it is damaged, take an older backup", 26: "; that is no backup of hezo360"}.get(code, advice)
        raise OperatorError(f"cannot copy {source} to {target}: {error}{advice}") from error
    return revision


def _checked(copy: sqlite3.Connection, source: Path) -> str:
    """The copy's revision, once it is known to be whole and ours."""
    [(verdict,)] = copy.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise OperatorError(f"{source} is damaged ({verdict}): take an older backup")
    try:
        [(revision,)] = copy.execute("SELECT version_num FROM alembic_version").fetchall()
    except (sqlite3.Error, ValueError):
        raise OperatorError(f"{source} holds no database of hezo360") from None
    refuse_newer(revision)
    return str(revision)


def _leave_out_ids(copy: sqlite3.Connection) -> None:
    """See `IDS_LEFT_OUT`; a table that was never used has no row of its own yet (sqlite.org/autoinc.html)."""
    copy.execute(
        "INSERT INTO sqlite_sequence (name, seq) SELECT name, 0 FROM sqlite_master"
        " WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%' AND name NOT IN (SELECT name FROM sqlite_sequence)"
    )
    copy.execute(
        "UPDATE sqlite_sequence SET seq = seq + CASE name WHEN 'tickets' THEN ? ELSE ? END",
        (TICKETS_LEFT_OUT, IDS_LEFT_OUT),
    )


def _sync(path: Path) -> None:
    """Make sure that it survives the machine."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
