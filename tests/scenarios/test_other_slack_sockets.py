"""What becomes of the bot's sockets and of what comes over them at another Slack (`tests.support.other_slack`)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.other_slack.faults import Fault
from tests.support.other_slack.office import Office, asked, logged_errors, opened, reported

pytestmark = pytest.mark.scenario


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path, slack={"silence_limit": "2s"}) as office:
        yield office


async def test_a_socket_that_cannot_be_had_for_a_while(office: Office) -> None:
    """One failure after the other makes the pauses longer: what each means, `tests/edges` has."""
    await reported(office)
    sockets = office.slack.sockets
    standing = sockets.opened
    office.slack.api.faults.waiting = [Fault("apps.connections.open", "page", status=503)]
    sockets.refuses = [401]
    with logged_errors() as errors:
        sockets.cut()
        await office.until(lambda: sockets.opened > standing, "a socket")
    assert errors == []
    await asked(office, "Sprawdzam.")


@pytest.mark.parametrize("pongs", [True, False])
async def test_a_socket_that_is_silent_is_replaced(office: Office, pongs: bool) -> None:
    await reported(office)
    sockets = office.slack.sockets
    standing = sockets.opened
    sockets.lose_all(pongs=pongs)
    await office.until(lambda: sockets.opened > standing, "a new socket")
    await asked(office, "Sprawdzam.")


async def test_slack_exchanges_a_socket_and_the_old_one_stands_for_a_while(office: Office) -> None:
    await reported(office)
    sockets, faults = office.slack.sockets, office.slack.api.faults
    for reason in ("warning", "refresh_requested", "link_disabled", "a_reason_of_tomorrow"):
        standing = sockets.opened
        if reason == "refresh_requested":
            faults.waiting = [Fault("apps.connections.open", "page", status=503, times=2)]
        await sockets.disconnect(reason, closes=False)
        await asked(office, f"Po {reason}.")
        await office.until(lambda: sockets.opened > standing, f"a new socket after {reason}")  # noqa: B023  # at once
    await asked(office, "Na koniec.")
