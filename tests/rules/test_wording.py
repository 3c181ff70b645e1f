"""Every sentence: in both languages, with the same places, used, and counted as people count."""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import NextTurn
from bot.effects import MailKind
from bot.escalations import EscalationSource
from bot.model import ClockKind, Language, Priority, TicketState
from bot.rules.intake import Problem
from bot.rules.ticket_states import Action
from bot.rules.wording import (
    Audience,
    Words,
    format_date,
    format_day,
    format_fixed,
    format_full_date,
    format_full_day,
    format_instant,
    format_short_span,
    format_span,
    join_tables,
    plural_form,
    words,
)

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Europe/Warsaw")
NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
AUDIENCES: tuple[Audience, ...] = ("staff", "customer")
FAMILIES = {
    "state": TicketState,
    "priority": Priority,
    "priority_means": Priority,
    "clock": ClockKind,
    "problem": Problem,
    "mail_kind": MailKind,
    "button": Action,
}
"""Staff sentences that are chosen by a value: there must be one for each."""


@pytest.mark.parametrize("audience", AUDIENCES)
def test_both_languages_say_the_same_things(audience: Audience) -> None:
    polish, english = words(audience, Language.PL), words(audience, Language.EN)
    assert polish.keys == english.keys
    for key in polish.keys:
        assert polish.placeholders(key) == english.placeholders(key), key


def test_areas_join_and_no_sentence_stands_twice() -> None:
    table: dict[str, object] = {"card": {"title": "a"}}
    join_tables(table, {"card": {"subject": "b"}, "modal": {"send": "c"}}, "staff_area.en.toml")
    assert table == {"card": {"title": "a", "subject": "b"}, "modal": {"send": "c"}}
    with pytest.raises(ValueError, match=r"staff_more\.en\.toml: card: title stands in another file"):
        join_tables(table, {"card": {"title": "d"}}, "staff_more.en.toml")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_value_has_its_sentence(family: str) -> None:
    staff = words("staff", Language.PL)
    assert {f"{family}.{value}" for value in FAMILIES[family]} <= staff.keys
    assert {f"modal.turn_{turn}" for turn in NextTurn} <= staff.keys


@cache
def used_keys() -> tuple[set[str], list[re.Pattern[str]]]:
    """All texts of the program, and patterns of those that are put together (f"state.{...}" is state\\..*)."""
    texts: set[str] = set()
    patterns = []
    for folder in ("bot", "handlers"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.add(node.value)
                elif isinstance(node, ast.JoinedStr):
                    parts = [
                        re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in node.values
                    ]
                    if any(re.search(r"[a-z]{3}", part) for part in parts if part != r"\w+"):
                        patterns.append(re.compile("".join(parts)))
    return texts, patterns


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_sentence_is_used(audience: Audience) -> None:
    texts, patterns = used_keys()

    def is_used(key: str) -> bool:
        family, _, name = key.rpartition(".")
        return (
            key in texts
            or any(pattern.fullmatch(key) for pattern in patterns)
            # Said by `_Post.say("taken")` and `_Post.named("mail_kind", ...)`, told by `tell(..., "not_allowed")`.
            or (family in {"thread", "tell"} and name in texts)
            or (
                family in {"mail_kind", "state_reason", "escalation_source", "opened_how"}
                and family in texts
                and name in texts | set(MailKind) | set(EscalationSource)
            )
        )

    assert {key for key in words(audience, Language.PL).keys if not is_used(key)} == set()


def test_sentences_for_ephemeral_lines_hold_no_markup() -> None:
    for language in Language:
        staff = words("staff", language)
        for key in staff.keys:
            if key.startswith("tell."):
                literals = "".join(
                    literal for literal, _ in staff.pieces(key, **dict.fromkeys(staff.placeholders(key), 1))
                )
                assert not re.search(r"[<>&*_~`]", literals), key


@pytest.mark.parametrize("language", list(Language))
def test_what_slack_shows_in_small_places_is_short(language: Language) -> None:
    staff = words("staff", language)
    for key in staff.keys:
        family, _, name = key.rpartition(".")
        if family == "modal" and name.endswith(("_title", "_submit", "cancel")):
            assert len(staff(key)) <= 24, key
        if family == "confirm" and not name.endswith("_text"):
            assert len(staff(key)) <= 30, key
        if family == "button" or name.startswith("turn_"):
            assert len(staff(key)) <= 75, key
        if family == "priority_means":
            assert len(staff(key, reaction=format_short_span(timedelta(hours=47), language))) <= 75, key


@pytest.mark.parametrize(
    ("count", "form"),
    [
        (0, "many"), (1, "one"), (2, "few"), (4, "few"), (5, "many"), (11, "many"), (12, "many"), (14, "many"),
        (21, "many"), (22, "few"), (25, "many"), (101, "many"), (102, "few"), (112, "many"), (1.5, "other"),
    ],
)  # fmt: skip
def test_polish_plurals(count: float, form: str) -> None:
    assert plural_form(count, Language.PL) == form


def test_english_plurals() -> None:
    assert [plural_form(count, Language.EN) for count in (0, 1, 2, 21, 1.0)] == [
        "other",
        "one",
        "other",
        "other",
        "other",
    ]


def test_what_is_missing_is_told() -> None:
    some = Words(
        "staff", Language.PL, {"a": {"b": "{x} i {y}"}, "n": dict.fromkeys(("one", "few", "many", "other"), "{count}")}
    )
    assert some("a.b", x=1, y="dwa", z="nadmiar") == "1 i dwa"
    assert some.placeholders("n") == {"count"}
    with pytest.raises(KeyError, match="y"):
        some("a.b", x=1)
    with pytest.raises(KeyError, match=r"no sentence 'a\.c' for staff in pl"):
        some("a.c")
    with pytest.raises(KeyError, match="count"):
        some("n")
    with pytest.raises(KeyError, match="y"):
        some.pieces("a.b", x=1)


@pytest.mark.parametrize(
    "table",
    [
        {"a": {"other": "x", "one": "y"}},
        {"a": "{x.secret}"},
        {"a": "{x!r}"},
        {"a": "{}"},
        {"a": "{x:>9}"},
        {"a": 5},
        {"a": "{x"},
    ],
)
def test_malformed_sentences_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"a: |expected"):
        Words("staff", Language.PL, table)


@pytest.mark.parametrize(
    ("at", "polish", "english"),
    [
        (NOW, "dziś 14:00", "today 14:00"),
        (NOW + timedelta(hours=9, minutes=59), "dziś 23:59", "today 23:59"),
        (NOW + timedelta(hours=10), "jutro (niedz.) 00:00", "tomorrow (Sun) 00:00"),
        (NOW - timedelta(hours=14, seconds=1), "wczoraj (pt.) 23:59", "yesterday (Fri) 23:59"),
        (datetime(2026, 11, 23, 9, 15, tzinfo=UTC), "pon., 23 lis 2026, 10:15", "Mon, 23 Nov 2026, 10:15"),
        (datetime(2027, 5, 2, 22, 0, tzinfo=UTC), "pon., 3 maj 2027, 00:00", "Mon, 3 May 2027, 00:00"),
        # The hour that comes twice in the night of 25 October 2026.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "niedz., 25 paź 2026, 02:30 CEST", "Sun, 25 Oct 2026, 02:30 CEST"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "niedz., 25 paź 2026, 02:30 CET", "Sun, 25 Oct 2026, 02:30 CET"),
        # The night in which an hour is skipped has no such doubt.
        (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "niedz., 28 mar 2027, 03:30", "Sun, 28 Mar 2027, 03:30"),
    ],
)
def test_instants(at: datetime, polish: str, english: str) -> None:
    assert format_instant(at, Language.PL, ZONE, NOW) == polish
    assert format_instant(at, Language.EN, ZONE, NOW) == english


@pytest.mark.parametrize(
    ("span", "polish", "english", "short"),
    [
        (timedelta(hours=2, minutes=5, seconds=59), "2 godziny 5 minut", "2 hours 5 minutes", "2 h 5 min"),
        (timedelta(minutes=1), "1 minuta", "1 minute", "1 min"),
        (timedelta(hours=22), "22 godziny", "22 hours", "22 h"),
        (timedelta(days=1, hours=1, minutes=59), "1 dzień 1 godzina", "1 day 1 hour", "1 dzień 1 h"),
        (timedelta(days=5, minutes=3), "5 dni", "5 days", "5 dni"),
        (-timedelta(minutes=61), "1 godzina 1 minuta", "1 hour 1 minute", "1 h 1 min"),
        (timedelta(seconds=59), "mniej niż minuta", "less than a minute", "mniej niż 1 min"),
        (timedelta(0), "mniej niż minuta", "less than a minute", "mniej niż 1 min"),
    ],
)
def test_spans(span: timedelta, polish: str, english: str, short: str) -> None:
    assert format_span(span, Language.PL) == polish
    assert format_span(span, Language.EN) == english
    assert format_short_span(span, Language.PL) == short


def test_days() -> None:
    assert format_day(date(2026, 12, 31), Language.PL) == "31 gru 2026"
    assert format_day(date(2026, 12, 31), Language.EN) == "31 Dec 2026"
    assert format_full_day(date(2026, 9, 1), Language.PL) == "1 września 2026"
    assert format_full_day(date(2026, 9, 1), Language.EN) == "1 September 2026"


def test_instants_that_are_read_on_any_day() -> None:
    at = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    assert format_fixed(at, Language.PL, ZONE) == "śr., 25 lis 2026, 10:00"
    assert format_date(at, Language.PL, ZONE) == "śr., 25 lis 2026, 10:00 (CET)"
    assert format_full_date(at, Language.PL, ZONE) == "środa, 25 listopada 2026, 10:00 (CET)"
    in_summer = datetime(2027, 7, 3, 22, 30, tzinfo=UTC)
    assert format_full_date(in_summer, Language.EN, ZONE) == "Sunday, 4 July 2027, 00:30 (CEST)"


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=4_000_000_000), st.sampled_from(Language))
def test_any_instant_can_be_said(seconds: int, language: Language) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    said = format_instant(at, language, ZONE, NOW)
    assert f"{at.astimezone(ZONE):%H:%M}" in said
