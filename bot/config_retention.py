"""The section [retention]: how long what is of what class is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from bot.config_values import NotAllowed, Section, parse_duration

_DAY = timedelta(days=1)
_LONGEST = timedelta(days=36_525)
_ALLOWED = '"0s", which keeps it for ever, or a duration from "1d" to "36525d", such as "365d"'


def _never_or_a_day(value: timedelta) -> timedelta:
    if value and not _DAY <= value <= _LONGEST:
        raise NotAllowed(_ALLOWED)
    return value


KeepTime = Annotated[
    timedelta, BeforeValidator(parse_duration), Field(description=_ALLOWED), AfterValidator(_never_or_a_day)
]


class RetentionConfig(Section):
    """How long each class of data is kept; zero keeps it for ever."""

    mails: KeepTime = timedelta(days=365)
    slack_payloads: KeepTime = timedelta(days=30)
    set_aside: KeepTime = timedelta(days=365)
    files: KeepTime = timedelta(0)
    tickets: KeepTime = timedelta(0)
    traces: KeepTime = timedelta(days=90)
