"""What `hezo360 sla` is asked about deadlines and service time, and the answers by the terms in force."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.cli_commands.sla_words import (
    ReadInstant,
    Unanswerable,
    quoted,
    read_calendar,
    read_instant,
    read_priority,
    read_span,
)
from bot.config import ServiceSections
from bot.model import ClockKind, Priority
from bot.rules.business_hours import ServiceCalendar
from bot.rules.calendars import named_calendar
from bot.rules.clock_terms import ENTITLED, measure
from bot.rules.sla import SlaTerms, terms_from_config

T = TypeVar("T")

ELAPSED = "elapsed"
DUE = "due"
_KINDS: dict[str, str] = {
    ELAPSED: ELAPSED,
    DUE: DUE,
    "next_reply": ClockKind.REPLY,
    **{kind: kind for kind in ClockKind if kind not in {ClockKind.AGREED, *ENTITLED}},
}
"""What a question may be about. What runs to a date has no budget: the date is its deadline."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, every part of it settled.

    Attributes:
        kind: What the clock measures ("reaction", "reply", ...), or ELAPSED.
        start: UTC.
        budget: When is so much service time used up? None for ELAPSED.
        end: How much service time passes until then? UTC; None for all other kinds.
        notes: What was presumed about an instant, by its field's name.
    """

    kind: str
    priority: Priority | None
    calendar: str
    start: datetime
    budget: timedelta | None
    end: datetime | None
    notes: Mapping[str, str]


class Promises:
    """The terms in force, and what follows from them."""

    def __init__(self, sections: ServiceSections) -> None:
        self._sections = sections
        self.zone = ZoneInfo(sections.service.timezone)

    @cached_property
    def _terms(self) -> dict[Priority, SlaTerms]:
        return terms_from_config(self._sections.sla)

    def calendar(self, name: str) -> ServiceCalendar:
        """The calendar of that name."""
        return named_calendar(name, self._sections.sla.calendar, self._sections.service.timezone)

    def ask(self, fields: Mapping[str, str]) -> Question:
        """The question that these fields ask; a calendar or duration that is given counts before the priority's.

        Args:
            fields: kind, priority, calendar, start_at, end_at and duration_s, as they were written; what is empty or
                absent is not given.

        Raises:
            Unanswerable: With the field's name.
        """
        kind = _given(fields, "kind", _read_kind)
        priority = _given(fields, "priority", read_priority)
        calendar = _given(fields, "calendar", read_calendar)
        budget = _given(fields, "duration_s", read_span)
        start = _given(fields, "start_at", self._read_instant)
        end = _given(fields, "end_at", self._read_instant) if kind == ELAPSED else None
        if kind is None or start is None:
            raise Unanswerable("is missing", "start_at" if kind else "kind")
        if priority is not None:
            usual_calendar, usual_budget = self._measure(kind, priority)
            calendar = calendar or usual_calendar
            budget = usual_budget if budget is None else budget
        if calendar is None:
            raise Unanswerable("is needed, or a calendar", "priority")
        if kind == ELAPSED and end is None:
            raise Unanswerable("is missing", "end_at")
        if kind != ELAPSED and budget is None:
            raise Unanswerable(f"is needed, as the terms name none for {kind} here", "duration_s")
        read = {"start_at": start} if end is None else {"start_at": start, "end_at": end}
        return Question(
            kind=kind,
            priority=priority,
            calendar=calendar,
            start=start.at,
            budget=None if kind == ELAPSED else budget,
            end=None if end is None else end.at,
            notes={name: instant.note for name, instant in read.items() if instant.note},
        )

    def due(self, question: Question) -> datetime:
        """When the budget is used up, UTC. Raises Unanswerable beyond the years that are known."""
        assert question.budget is not None
        try:
            return self.calendar(question.calendar).due(question.start, question.budget)
        except ValueError as error:
            raise Unanswerable(str(error)) from None

    def elapsed(self, question: Question) -> timedelta:
        """The service time between the two instants. Raises Unanswerable beyond the years that are known."""
        assert question.end is not None
        try:
            return self.calendar(question.calendar).elapsed(question.start, question.end)
        except ValueError as error:
            raise Unanswerable(str(error)) from None

    def _read_instant(self, text: str) -> ReadInstant:
        return read_instant(text, self.zone)

    def _measure(self, kind: str, priority: Priority) -> tuple[str, timedelta | None]:
        """The calendar and the budget that the terms give a kind of clock; no budget where they promise none."""
        terms = self._terms[priority]
        if kind not in {ELAPSED, DUE} and (
            measured := measure(ClockKind(kind), terms, self._sections.intake.reminder_after)
        ):
            return measured
        return terms.calendar, None


def _read_kind(text: str) -> str:
    word = "_".join(re.split(r"[\s_-]+", text.lower()))
    if word not in _KINDS:
        raise Unanswerable(f"{quoted(text)} is unknown; known are {', '.join(_KINDS)}")
    return _KINDS[word]


def _given(fields: Mapping[str, str], name: str, read: Callable[[str], T]) -> T | None:
    text = fields.get(name, "").strip()
    if not text:
        return None
    try:
        return read(text)
    except Unanswerable as error:
        raise Unanswerable(error.words, name) from None
