"""On which mail servers and which database a scenario is played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.migrating import upgrade
from tests.support.mailservers import MailServers
from tests.support.postgres import PostgresServer
from tests.support.world import World, running
from tests.support.world_database import NewDatabase, in_a_file, on, stored_by

TEMPLATE = "migrated"


@pytest.fixture(scope="session")
def on_postgresql(postgres_server: PostgresServer) -> NewDatabase:
    """Makes databases on a server that this run has for itself."""
    with asyncio.Runner() as runner:
        runner.run(postgres_server.create_database(TEMPLATE))
        runner.run(upgrade(postgres_server.url(TEMPLATE)))
    return on(postgres_server, TEMPLATE)


@pytest.fixture(autouse=True)
def stored(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where the bot stores: as a test with `on_both_databases` says, else as the command line does."""
    kind = getattr(request, "param", None) or request.config.getoption("--database")
    if kind == "postgresql" and (only := request.node.get_closest_marker("sqlite_only")):
        pytest.skip(only.args[0])
    with stored_by(request.getfixturevalue("on_postgresql") if kind == "postgresql" else in_a_file):
        yield


@pytest.fixture
def servers(request: pytest.FixtureRequest) -> MailServers | None:
    """None: the embedded ones. A test with the decorator `on_both` is played on Debian's as well."""
    kind = getattr(request, "param", "embedded")
    found = request.getfixturevalue("mailservers") if kind == "debian" else None
    assert found is None or isinstance(found, MailServers)
    return found


@pytest.fixture
async def world(tmp_path: Path, servers: MailServers | None) -> AsyncIterator[World]:
    """The world with the bot running in this process."""
    async with running(tmp_path, servers) as world:
        yield world
