"""Servers that the whole test run shares: started when a test first asks for them, stopped at the end.

What a test looks for is never how busy the machine is: Hypothesis's limits of time for one example are off.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.mailservers import MailServers
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.requirements import require_mailservers

settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where every scenario stores that is not played on both databases anyway."""
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """PostgreSQL, private to this run."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def mailservers() -> Iterator[MailServers]:
    """Debian's Dovecot and Postfix, private to this run."""
    require_mailservers()
    with MailServers() as servers:
        yield servers
