"""A private PostgreSQL server that lives as long as one test run: real, on a free port, of nobody else's business."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # ships no type information
import pytest

from tests.support.ports import free_port

_TIME_LIMIT = 60


@dataclass(frozen=True)
class PostgresServer:
    """A running cluster with the superuser "hezo360".

    Attributes:
        port: On 127.0.0.1.
        password: The superuser's, made for this run.
    """

    port: int
    password: str

    def url(self, database: str) -> str:
        """What `storage.engine.Database` takes."""
        return f"postgresql+asyncpg://hezo360:{self.password}@127.0.0.1:{self.port}/{database}"

    def dsn(self, database: str) -> str:
        """What asyncpg takes."""
        return self.url(database).replace("+asyncpg", "")

    async def create_database(self, name: str, template: str = "template1") -> None:
        """A database of that name, empty or a copy of one that nobody is connected to."""
        connection = await asyncpg.connect(self.dsn("postgres"))
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        await connection.close()


def find_programs() -> Path | None:
    """The folder that holds initdb and pg_ctl: Debian's newest version, or whatever PATH names."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    if (on_path := shutil.which("pg_ctl")) is not None:
        folders.append(Path(on_path).resolve().parent)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


@contextlib.contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Start a cluster and stop it in the end; skips the test where PostgreSQL is not installed, but fails on CI."""
    programs = find_programs()
    if programs is None:
        missing = "PostgreSQL is not installed (no initdb and pg_ctl); on Debian: apt-get install postgresql"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    account = _unprivileged_account()
    folder = Path(tempfile.mkdtemp(prefix="hezo360-postgres-"))
    password = secrets.token_urlsafe(16)
    try:
        (folder / "password").write_text(password, "utf-8")
        if account is not None:
            for path in (folder, folder / "password"):
                shutil.chown(path, account)
        data = folder / "data"
        _run(
            [
                str(programs / "initdb"),
                *("--pgdata", str(data), "--username", "hezo360", "--pwfile", str(folder / "password")),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
            ],
            account,
        )
        port = free_port()
        # What a test run writes need not survive a power cut; statistics that come at any moment would change plans.
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        options += " -c fsync=off -c autovacuum=off"
        pg_ctl = [str(programs / "pg_ctl"), "--pgdata", str(data), "--wait", "--log", str(folder / "log")]
        _run([*pg_ctl, "--options", options, "start"], account)
        try:
            yield PostgresServer(port, password)
        finally:
            _run([*pg_ctl, "--mode", "immediate", "stop"], account)
    finally:
        shutil.rmtree(folder)


def _unprivileged_account() -> str | None:
    """PostgreSQL refuses to run as root; Debian's package brings an account for it."""
    if os.geteuid() != 0:
        return None
    accounts = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in accounts else "nobody"


def _run(command: list[str], account: str | None) -> None:
    done = subprocess.run(
        command,
        user=account,
        group=pwd.getpwnam(account).pw_gid if account is not None else None,
        extra_groups=[] if account is not None else None,
        cwd="/",
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        # The server keeps what it inherits: a pipe would never end.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if "start" in command else subprocess.PIPE,
        timeout=_TIME_LIMIT,
        check=False,
        text=True,
    )
    assert done.returncode == 0, f"{command[0]} failed: {done.stderr or 'see its log'}"
