"""A short run of the harness (`python -m tests.harness.crash` is the long one): kills, faults, a full disk."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.harness.crash import run
from tests.harness.trouble import Plan

pytestmark = pytest.mark.scenario


async def test_nothing_is_lost_doubled_or_stuck(tmp_path: Path) -> None:
    seed = random.randrange(10**6)  # noqa: S311 - no secret; printed, so that a failure can be repeated
    print(f"seed {seed}")  # noqa: T201 - shown by pytest when the test fails
    plan = Plan(mails=15, kills=4, faults=6, processes=1, servers="embedded", seed=seed, restarts=3, jumps=2)
    outcome = await run(plan, tmp_path, None)
    assert sum(outcome.kills.values()) >= plan.kills
    assert sum(outcome.faults.values()) == plan.faults + plan.restarts + plan.jumps
