"""The fields of the forms by which engineers act on a ticket."""

from __future__ import annotations

ITEMS_BLOCK = "data_items"
INTERNAL_BLOCK = "internal"
SPAN_BLOCK, UNTIL_BLOCK, WHY_BLOCK = "snooze_span", "snooze_until", "snooze_why"
STRANGERS_BLOCK = "strangers"
STRANGERS_TOO = "strangers_too"
"""The value of its one checkbox."""
CANDIDATE_BLOCK = "candidate"
"""Of the menu of tickets to merge with or to link, whose options are asked for as somebody types."""
MESSAGE_BLOCK, SUBJECT_BLOCK = "message", "subject"
DIRECTION_BLOCK, CALLED_BLOCK, WITH_BLOCK, SUMMARY_BLOCK = "direction", "called_at", "called_with", "summary"
