"""On which mail servers a scenario is played."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.mailservers import MailServers
from tests.support.world import World, running


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
