"""What had no chance to leave while the program was down is not stuck."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.rules.neglect import LOOK_EVERY, STUCK_AFTER, stuck_before

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_what_waited_for_a_start_is_not_stuck() -> None:
    assert stuck_before(NOW, None) == stuck_before(NOW, NOW - LOOK_EVERY) == NOW - STUCK_AFTER
    down_for = timedelta(hours=1)
    assert stuck_before(NOW, NOW - down_for) < NOW - down_for
