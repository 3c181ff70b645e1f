"""The section [replies]: how engineers' words leave Slack."""

from __future__ import annotations

import string
from datetime import timedelta
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from bot.config_values import DurationOrNone, NotAllowed, Section

CannedText = Annotated[str, Field(min_length=1, max_length=2500, description="a text of at most 2500 characters")]
UndoTime = Annotated[
    DurationOrNone, Field(le=timedelta(minutes=10), description='a duration from "0s" to "10min", such as "20s"')
]
PLACES = ("number", "name", "serial", "model", "contract", "engineer")
"""What a canned text may leave open, in braces."""


class CannedReply(Section):
    """A text that engineers need again and again; offered where it exists in the language of the ticket."""

    title: Annotated[str, Field(min_length=1, max_length=70, description="a text of at most 70 characters")]
    pl: CannedText | None = None
    en: CannedText | None = None

    @field_validator("pl", "en")
    @classmethod
    def _only_known_places(cls, value: str | None) -> str | None:
        wanted = "a text with no other {places} than " + ", ".join(f"{{{place}}}" for place in PLACES)
        try:
            pieces = list(string.Formatter().parse(value or ""))
        except ValueError:
            raise NotAllowed(wanted) from None
        if any(name is not None and (name not in PLACES or spec or conversion) for _, name, spec, conversion in pieces):
            raise NotAllowed(wanted)
        return value

    @field_validator("en")
    @classmethod
    def _in_some_language(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("pl") is None:
            raise NotAllowed("a canned reply needs a text: pl, en, or both", rule=True)
        return value


class RepliesConfig(Section):
    """Undo, files, and canned texts."""

    undo_within: UndoTime = timedelta(seconds=20)
    files_max_mb: Annotated[int, Field(strict=True, ge=1, le=100)] = 15
    canned: Annotated[tuple[CannedReply, ...], Field(max_length=50)] = ()
