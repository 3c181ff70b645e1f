"""Every contract test of the mail edges runs against the embedded servers and against Debian's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.mail_providers import EmbeddedProvider, Provider, RealProvider
from tests.support.mail_sink import MemorySink
from tests.support.mailservers import MailServers


@pytest.fixture
async def embedded() -> AsyncIterator[EmbeddedProvider]:
    provider = EmbeddedProvider()
    await provider.sandbox.start()
    yield provider
    await provider.sandbox.stop()


@pytest.fixture
def real(mailservers: MailServers) -> RealProvider:
    return RealProvider(mailservers)


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.mailservers)])
def provider(request: pytest.FixtureRequest) -> Provider:
    chosen: Provider = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()
