"""Servers that the whole test run shares: started when a test first asks for them, stopped at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.mailservers import MailServers
from tests.support.requirements import require_mailservers


@pytest.fixture(scope="session")
def mailservers() -> Iterator[MailServers]:
    """Debian's Dovecot and Postfix, private to this run."""
    require_mailservers()
    with MailServers() as servers:
        yield servers
