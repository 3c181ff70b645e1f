"""The main scenarios with Dovecot and Postfix carrying the mails: STARTTLS, logins, three mailboxes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenarios.test_first_light import (
    test_a_report_is_acknowledged_shown_answered_and_continued,
    test_what_is_missing_is_asked_for_and_the_answer_completes_the_report,
)
from tests.support.requirements import require_mailservers
from tests.support.world import World, running

__all__ = [
    "test_a_report_is_acknowledged_shown_answered_and_continued",
    "test_what_is_missing_is_asked_for_and_the_answer_completes_the_report",
]

pytestmark = [pytest.mark.scenario, pytest.mark.mailservers]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    require_mailservers()
    async with running(tmp_path, start=None, real_mail=True) as world:
        yield world
