"""`/hezo list`, `search`, `show`, `contract`: what is asked goes on as it was typed."""

from __future__ import annotations

import pytest

from bot.commands import TypedCommand
from bot.effects import Effect, TellOverview, TellUser
from bot.rules.typed_commands import CALL_FORM, HOTLINE_FORM, OPEN_FORM, OpenForm, Question, form_wanted, understand
from tests.handlers.desk import EWA, MONDAY, Desk
from tests.handlers.timekeeping import WARSAW


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("list", Question("list")),
        ("Lista", Question("list")),
        ("moje", Question("mine")),
        ("mine", Question("mine")),
        ("termin", Question("due")),
        ("szukaj Zasilacz mleczarnia", Question("search", "Zasilacz mleczarnia")),
        ("znajdź FG121GTK25004672", Question("search", "FG121GTK25004672")),
        ("pokaż HEZO-2026-000123", Question("show", "HEZO-2026-000123")),
        ("hezo-2026-000123", Question("show", "HEZO-2026-000123")),
        ("umowa HZ360-2026-000101", Question("contract", "HZ360-2026-000101")),
        ("contract Mleczarnia", Question("contract", "Mleczarnia")),
    ],
)
def test_polish_and_english_words(typed: str, meant: Question) -> None:
    assert understand(typed, MONDAY, WARSAW) == meant


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("new", OpenForm(OPEN_FORM)),
        ("nowe FG121GTK25004672", OpenForm(OPEN_FORM, "FG121GTK25004672")),
        ("call HEZO-2026-000123", OpenForm(HOTLINE_FORM, "HEZO-2026-000123")),
        ("telefon", OpenForm(HOTLINE_FORM)),
        ("escalate call", OpenForm(CALL_FORM)),
        ("eskalacja telefon FG121GTK25004672", OpenForm(CALL_FORM, "FG121GTK25004672")),
    ],
)
def test_forms(typed: str, form: OpenForm) -> None:
    assert form_wanted(typed) == form


def effects(desk: Desk) -> list[Effect]:
    return [row.effect for row in desk.database.tables.outbox.values()]


def test_the_question_is_answered_to_who_asked_alone() -> None:
    desk = Desk()
    desk.do(TypedCommand(EWA, "search awaria"))
    assert effects(desk) == [TellOverview("C0SUPPORT", EWA.user, "search", "awaria")]


@pytest.mark.parametrize("what", ["search", "show", "contract"])
def test_what_needs_words_says_so(what: str) -> None:
    desk = Desk()
    desk.do(TypedCommand(EWA, what))
    [told] = effects(desk)
    assert isinstance(told, TellUser)
    assert told.what == f"typed_no_words_{what}"


def test_strangers_are_refused() -> None:
    desk = Desk()
    desk.do(TypedCommand(EWA.__class__("U0OBCY", "Obcy", "C0SUPPORT"), "search awaria"))
    [told] = effects(desk)
    assert isinstance(told, TellUser)
    assert told.what == "not_allowed"
