"""What the headers of an answer of the Web API tell."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any


def header(answer: Any, name: str) -> str:
    """A header of an answer, by its name in lower case; "" where there is none."""
    for key, value in answer.headers.items():
        if key.lower() == name:
            return str(value if isinstance(value, str) else value[0])
    return ""


def slack_time(answer: Any) -> datetime | None:
    """What time it is by Slack's clock (RFC 9110, 6.6.1: Date), aware, UTC; None where the answer does not tell."""
    try:
        return parsedate_to_datetime(header(answer, "date")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
