"""One fault of each kind at each call of another Slack, and people who act at random.

`tests.harness.slack_faults` has all faults, `tests.harness.slack_monkey` plays longer and in trouble.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.slack_faults import CANNED, Sweep
from tests.harness.slack_monkey import play
from tests.support.other_slack.faults import Fault
from tests.support.other_slack.office import opened, reported

pytestmark = pytest.mark.scenario

DONE = (
    Fault("chat.update", "reset", accepted=True),
    Fault("chat.update", "page", status=502, times=3),
    Fault("chat.update", "body", body="[1, null]"),
    Fault("chat.update", "error", error="cant_update_message"),
    Fault("chat.postEphemeral", "cut off"),
    Fault("views.open", "page", status=503),
    Fault("views.open", "error", error="internal_error", accepted=True),
    Fault("views.push", "reset"),
    Fault("views.update", "redirect"),
    Fault("views.publish", "body", body="null"),
    Fault("files.getUploadURLExternal", "body", body='{"ok": true}'),
    Fault("upload", "page", status=503),
    Fault("files.info", "plain", accepted=True),
    Fault("download", "page", status=200),
    Fault("response_url", "reset"),
    Fault("auth.test", "body", body="5"),
    Fault("conversations.replies", "error", error="service_unavailable"),
)
SAID = (
    Fault("views.open", "error", error="expired_trigger_id"),
    Fault("views.push", "error", error="push_limit_reached"),
    Fault("views.update", "error", error="hash_conflict"),
    Fault("download", "redirect"),
    Fault("files.getUploadURLExternal", "error", error="storage_limit_reached"),
)
SET_ASIDE = (
    Fault("chat.update", "error", error="an_error_of_tomorrow"),
    Fault("chat.postMessage", "error", error="an_error_of_tomorrow"),
    Fault("views.publish", "error", error="view_too_large"),
)


async def test_what_becomes_of_calls_that_slack_does_not_take(tmp_path: Path) -> None:
    async with opened(tmp_path, replies={"canned": [CANNED]}) as office:
        await reported(office)
        sweep = Sweep(office)
        for faults, outcome in (
            (DONE, "done"),
            (SAID, "said to the person"),
            (SET_ASIDE, "set aside, told, done by a retry"),
        ):
            for fault in faults:
                result = await sweep.play(fault)
                assert (result.outcome, result.errors) == (outcome, []), fault
        # A trigger is used twice where nobody can know that it was used once.
        office.slack.workspace.violations = [v for v in office.slack.workspace.violations if "used twice" not in v]


async def test_people_who_press_whatever_they_see(tmp_path: Path) -> None:
    assert await play(tmp_path, seed=1, acts=60, is_calm=True) == []
