"""Reads the forms that every ticket has: the reply, the priority, the date. Nothing in them is trusted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.commands import AgreeDate, NothingToDo, ReplyToCustomer, SetPriority, SlackCommand
from bot.edges.slack_acting_payloads import wrong_words
from bot.edges.slack_fields import choice, state, text_block, typed
from bot.edges.slack_ids import (
    DATE_MODAL,
    DAY_BLOCK,
    DAYS_AHEAD,
    FILES_BLOCK,
    PRIORITY_BLOCK,
    PRIORITY_MODAL,
    REPLY_LIMIT,
    REPLY_MODAL,
    TEXT_BLOCK,
    TIME_BLOCK,
    TURN_BLOCK,
    ModalPlace,
)
from bot.edges.slack_words_payloads import shared_files
from bot.model import Priority
from bot.people import NextTurn, SlackPerson
from bot.rules.agreed_dates import local_instant
from bot.rules.file_names import too_large
from bot.rules.notes import is_note


def submitted_command(view: Mapping[str, object], ticket_id: int, place: ModalPlace, by: SlackPerson) -> SlackCommand:
    """The command of a submitted form, in which `form_problems` found none."""
    callback_id = view.get("callback_id")
    if callback_id == REPLY_MODAL:
        text, turn = typed(view, text_block(view)).strip(), choice(view, TURN_BLOCK)
        files = shared_files(state(view, FILES_BLOCK).get("files"))
        return ReplyToCustomer(by, ticket_id, text, NextTurn(turn), place.source_ts, files, place.seen)
    if callback_id == PRIORITY_MODAL:
        return SetPriority(by, ticket_id, Priority(choice(view, PRIORITY_BLOCK)))
    if callback_id == DATE_MODAL:
        day, clock_time = _day(view), _clock_time(view)
        assert day is not None
        assert clock_time is not None
        return AgreeDate(by, ticket_id, day, clock_time, typed(view, TEXT_BLOCK).strip(), place.seen)
    return NothingToDo(f"a modal that we do not know: {str(callback_id)[:80]}")


def form_problems(view: Mapping[str, object], now: datetime | None, zone: ZoneInfo | None) -> dict[str, str]:
    """What is wrong with a submitted form: block_id -> a sentence "modal_problem.*". Never raises.

    Args:
        now: With `zone`: a date has to lie ahead. Without, only its form is looked at.
    """
    callback_id = view.get("callback_id")
    if callback_id == PRIORITY_MODAL:
        return {} if choice(view, PRIORITY_BLOCK) in set(Priority) else {PRIORITY_BLOCK: "not_chosen"}
    if callback_id == DATE_MODAL:
        return _date_problems(view, now, zone)
    return _reply_problems(view) if callback_id == REPLY_MODAL else {}


def oversized(view: Mapping[str, object], megabytes: int) -> dict[str, str]:
    """What is wrong with the files of a reply, as far as Slack tells how large they are. Never raises."""
    files = shared_files(state(view, FILES_BLOCK).get("files"))
    return {FILES_BLOCK: "file_too_large"} if too_large(files, megabytes) else {}


def _reply_problems(view: Mapping[str, object]) -> dict[str, str]:
    block_id = text_block(view)
    problems = wrong_words(view, block_id)
    if not typed(view, block_id).strip():
        problems[block_id] = "empty"
    if choice(view, TURN_BLOCK) not in set(NextTurn):
        problems[TURN_BLOCK] = "not_chosen"
    return problems


def _date_problems(view: Mapping[str, object], now: datetime | None, zone: ZoneInfo | None) -> dict[str, str]:
    day, clock_time, words = _day(view), _clock_time(view), typed(view, TEXT_BLOCK)
    problems = {}
    if day is None:
        problems[DAY_BLOCK] = "not_chosen"
    if clock_time is None:
        problems[TIME_BLOCK] = "not_chosen"
    if len(words) > REPLY_LIMIT:
        problems[TEXT_BLOCK] = "too_long"
    elif is_note(words):
        problems[TEXT_BLOCK] = "looks_like_note"
    if day is None or clock_time is None or now is None or zone is None:
        return problems
    at, today = local_instant(day, clock_time, zone), now.astimezone(zone).date()
    if day < today or day > today + timedelta(days=DAYS_AHEAD):
        problems[DAY_BLOCK] = "day_out_of_range"
    elif at is None:
        problems[TIME_BLOCK] = "no_such_time"
    elif at <= now:
        problems[TIME_BLOCK] = "time_is_past"
    return problems


def _day(view: Mapping[str, object]) -> date | None:
    value = state(view, DAY_BLOCK).get("selected_date")
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _clock_time(view: Mapping[str, object]) -> time | None:
    value = state(view, TIME_BLOCK).get("selected_time")
    if not isinstance(value, str) or not re.fullmatch(r"(?:[01]\d|2[0-3]):[0-5]\d", value):
        return None
    return time.fromisoformat(value)
