"""What staff see of entitlements, and what their presses and forms ask for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from bot.commands import NothingToDo, SlackCommand
from bot.edges.slack_blocks import card
from bot.edges.slack_entitlement import UseShown, counted, moved_panel, panel
from bot.edges.slack_entitlement_ids import (
    CHOOSE,
    CORRECT,
    CORRECTION_BLOCK,
    DECISION_IDS,
    DEVICE_BLOCK,
    DONE_BLOCK,
    KIND_BLOCK,
    RECORD_MODAL,
    REPORT,
    REPORT_BLOCK,
    PressedUse,
)
from bot.edges.slack_entitlement_views import choose_form, correct_form, record_form, report_form
from bot.edges.slack_ids import ModalPlace
from bot.edges.slack_payloads import submission_problems, to_command
from bot.entitlement_commands import (
    ChooseEntitlement,
    CorrectEntitlement,
    DecideEntitlement,
    Decision,
    DeliverReport,
    RecordEntitlement,
)
from bot.entitlements import DeviceStanding, Entitlement, EntitlementUse, Standing, UseState
from bot.model import Contract, Device, Language
from bot.sandbox.slack.blocks_check import check_view
from tests.edges.slack.office import NOW, TICKET_ID, ZONE, make_clock, make_ticket, make_view, staff_words
from tests.edges.slack.test_slack_blocks import NASTY, check, said
from tests.edges.slack.test_slack_payloads import click, submission

SERIAL = "FGT60FTK20012345"
CONTRACT = Contract(
    1, "HZ360-2026-000101", "Mleczarnia", "8341710008", date(2025, 3, 15), date(2028, 3, 14),
    (Device(SERIAL, "FortiGate-60F"),), ("@klient.example",),
)  # fmt: skip
CHANGE, DEPLOYMENT = Entitlement.CONFIGURATION_CHANGE, Entitlement.REMOTE_DEPLOYMENT
YEAR = date(2027, 3, 14)
DEVICES = (
    DeviceStanding(
        SERIAL, "FortiGate-60F", (Standing(CHANGE, 5, 3, 1, YEAR), Standing(DEPLOYMENT, 1, 0, 0, None))
    ),
)  # fmt: skip


def a_use(state: UseState, **changes: Any) -> EntitlementUse:
    plain = EntitlementUse(
        4, TICKET_ID, 1, CHANGE, state, NOW, "anna@klient.example", SERIAL, "Proszę o zmianę", 55,
        decided_at=NOW, decided_by="U0EWA",
    )  # fmt: skip
    return replace(plain, **changes)


def shown(use: EntitlementUse, used: int = 3, **changes: Any) -> UseShown:
    standing = Standing(use.kind, 5, used, 0, YEAR)
    return replace(UseShown(use, make_ticket(), CONTRACT, standing, standing, None), **changes)


def lines(what: UseShown, language: Language = Language.PL) -> list[str]:
    return said(check(panel(what, staff_words(language), ZONE, ("U0EWA",)))[1]).splitlines()


def buttons(what: UseShown) -> dict[str, str]:
    _, blocks = check(panel(what, staff_words(), ZONE))
    elements = blocks[-1]["elements"] if blocks[-1]["type"] == "actions" else []
    assert isinstance(elements, list)
    return {button["action_id"]: button["value"] for button in elements}


def test_a_wish_word_for_word() -> None:
    assert lines(shown(a_use(UseState.ASKED))) == [
        "Usługa z umowy: zdalna zmiana konfiguracji",
        f"FortiGate-60F, numer seryjny {SERIAL}",
        "Klient (anna@klient.example) prosi chyba o to: „Proszę o zmianę”",
        "Wykorzystano 3 z 5, do 14 mar 2027",
        "<@U0EWA> ",
        "Przyjmij",
        "Inna usługa lub urządzenie…",
        "To nie prośba",
    ]
    assert "3 of 5 used, until 14 Mar 2027" in lines(shown(a_use(UseState.ASKED)), Language.EN)


@pytest.mark.parametrize("language", Language)
def test_what_is_left_in_a_merged_ticket_says_where_it_goes_on(language: Language) -> None:
    fallback, blocks = check(moved_panel(shown(a_use(UseState.AGREED)), staff_words(language)))
    assert make_ticket().number in fallback
    assert not [block for block in blocks if block["type"] == "actions"]


@pytest.mark.parametrize(
    ("use", "used", "sentence", "actions"),
    [
        (a_use(UseState.ASKED), 5, "⚠️ Ponad pulę", ["grant", "decline", "choose", "drop"]),
        (a_use(UseState.ASKED, serial=None), 0, "trzeba je wskazać", ["choose", "drop"]),
        (a_use(UseState.ASKED, done_on=date(2026, 11, 20)), 3, "wykonane 20 lis 2026", ["agree", "choose", "drop"]),
        (a_use(UseState.AGREED), 3, "✅ Przyjęte (<@U0EWA>", ["done", "book", "correct"]),
        (a_use(UseState.AGREED), 5, "pula jest już wykorzystana", ["done_beyond", "book", "correct"]),
        (a_use(UseState.AGREED, beyond=True), 5, "✅ Przyznane ponad pulę", ["done", "book", "correct"]),
        (
            a_use(UseState.AGREED, kind=Entitlement.REVIEW, facts={"sent_files": ["raport.pdf"]}), 0,
            "📄 Do klienta wysłano: raport.pdf.", ["done", "book", "report", "correct"],
        ),
        (
            a_use(UseState.AGREED, kind=Entitlement.REVIEW, facts={"report": 4}), 0,
            "📄 Raport czeka na wysłanie", ["done", "book", "report", "correct"],
        ),
        (a_use(UseState.DONE, done_on=date(2026, 11, 20)), 3, "☑️ Wykonane 20 lis 2026, policzone (", ["correct"]),
        (a_use(UseState.DONE, beyond=True), 3, "policzone ponad pulę", ["correct"]),
        (a_use(UseState.DECLINED), 5, "🚫 Odmówiono", []),
        (a_use(UseState.DROPPED), 3, "To nie była prośba", []),
        (a_use(UseState.DROPPED, facts={"taken_back": {"was": "done", "reason": "Pomyłka"}}), 3, "Pomyłka", []),
    ],
)  # fmt: skip
def test_each_state_says_where_it_stands_and_offers_what_can_be_done(
    use: EntitlementUse, used: int, sentence: str, actions: list[str]
) -> None:
    what = shown(use, used)
    assert sentence in "\n".join(lines(what))
    assert list(buttons(what)) == [f"entitlement_{action}" for action in actions]
    assert set(buttons(what).values()) <= {f"{TICKET_ID}:4:{used}"}


def test_whose_wish_it_is() -> None:
    by_hand = a_use(UseState.ASKED, requested_by="U0EWA", message_id=None)
    assert "Wpisał(a) <@U0EWA>: Proszę o zmianę" in lines(shown(by_hand))
    assert "Skreśl" in lines(shown(by_hand))
    struck = replace(by_hand, state=UseState.DROPPED)
    assert any(line.startswith("Skreślone (") for line in lines(shown(struck)))
    assert "Wpisał(a) <@U0EWA>" in lines(shown(replace(by_hand, words="")))
    assert "Klient zgodził się na naszą propozycję" in lines(shown(a_use(UseState.ASKED, words="")))


@settings(max_examples=30)
@given(NASTY)
def test_a_deadline_and_foreign_words_are_shown_safely(foreign: str) -> None:
    what = shown(a_use(UseState.AGREED, words=foreign), until=NOW + timedelta(days=7))
    assert any(line.startswith("Do wykonania najpóźniej: ") for line in lines(what))


def test_counts_in_words() -> None:
    words = staff_words()
    assert counted(Standing(CHANGE, 5, 3, 1, YEAR), words) == (
        "Wykorzystano 3 z 5, do 14 mar 2027 (uzgodnione, jeszcze niewykonane: 1)"
    )
    assert counted(Standing(DEPLOYMENT, 1, 1, 0, None), words) == "Wykorzystano 1 z 1 (przysługuje raz)"
    assert counted(Standing(CHANGE, 5, 0, 0, None, is_valid=False), words) == "Umowa nie obejmuje tego dnia"


def test_the_head_message_shows_what_is_used() -> None:
    view = make_view(make_clock(left=timedelta(hours=1)))
    text = said(check(card(view, NOW, staff_words(), ZONE, DEVICES))[1])
    assert f"Wykorzystano ({SERIAL}, do 14 mar 2027): zmiany konfiguracji 3 z 5, wdrożenie 0 z 1" in text
    over = (DeviceStanding(SERIAL, "F", (Standing(CHANGE, 5, 0, 0, None, is_valid=False),)),)
    assert "umowa nie obejmuje dzisiejszego dnia" in said(check(card(view, NOW, staff_words(), ZONE, over))[1])


@pytest.mark.parametrize("language", list(Language))
def test_forms_are_what_slack_takes(language: Language) -> None:
    words, place = staff_words(language), ModalPlace(TICKET_ID)
    many = tuple(replace(DEVICES[0], serial=f"FGT60FTK{number:08}") for number in range(120))
    for view in (
        record_form(make_ticket(), DEVICES, words, place),
        record_form(make_ticket(), many, words, place),
        choose_form(make_ticket(), a_use(UseState.ASKED, serial=None), DEVICES, words, place),
        correct_form(make_ticket(), a_use(UseState.DONE), words, place),
        report_form(make_ticket(), a_use(UseState.AGREED, kind=Entitlement.REVIEW), words, place),
    ):
        check_view(view, "modal")
    assert "zmiany konfiguracji 3 z 5, wdrożenie 0 z 1, do 14 mar 2027" in json.dumps(
        record_form(make_ticket(), DEVICES, staff_words(), place), ensure_ascii=False
    )


def command(body: dict[str, Any], kind: type[SlackCommand]) -> Any:
    found = to_command(body, NOW)
    assert isinstance(found, kind), found
    return found


def test_presses() -> None:
    for decision, action_id in DECISION_IDS.items():
        decided = command(click(action_id, PressedUse(7, 4, 3).to_value()), DecideEntitlement)
        assert (decided.ticket_id, decided.use_id, decided.decision, decided.taken) == (7, 4, decision, 3)
    for value in ("7", "7:4", "7:4:x", None):
        command(click(DECISION_IDS[Decision.AGREE], value), NothingToDo)
    for opens in (CHOOSE, CORRECT, "ticket_entitlement"):
        command(click(opens, "7:4:3"), NothingToDo)


def form(callback_id: str, values: dict[str, Any], use_id: int | None = 4) -> dict[str, Any]:
    body = submission(callback_id, {block_id: {"value": value} for block_id, value in values.items()})
    body["view"]["private_metadata"] = ModalPlace(7, use_id=use_id).to_metadata()
    return body


def test_forms() -> None:
    chosen = {
        KIND_BLOCK: {"selected_option": {"value": "review"}},
        DEVICE_BLOCK: {"selected_option": {"value": SERIAL}},
    }
    choice = command(form(CHOOSE, chosen), ChooseEntitlement)
    assert (choice.use_id, choice.kind, choice.serial) == (4, Entitlement.REVIEW, SERIAL)
    recorded = command(form(RECORD_MODAL, chosen), RecordEntitlement)
    assert (recorded.kind, recorded.done_on) == (Entitlement.REVIEW, None)
    done = form(RECORD_MODAL, {**chosen, DONE_BLOCK: {"selected_date": "2026-11-20"}})
    assert command(done, RecordEntitlement).done_on == date(2026, 11, 20)
    corrected = command(form(CORRECT, {CORRECTION_BLOCK: {"value": " Pomyłka "}}), CorrectEntitlement)
    assert (corrected.use_id, corrected.reason) == (4, "Pomyłka")


def test_a_report_needs_its_file() -> None:
    file = {"id": "F1", "name": "raport.pdf", "mimetype": "application/pdf", "size": 9, "url_private": "https://x/1"}
    delivered = command(form(REPORT, {REPORT_BLOCK: {"files": [file]}}), DeliverReport)
    assert [(one.id, one.name) for one in delivered.files] == [("F1", "raport.pdf")]
    assert submission_problems(form(REPORT, {})) == {REPORT_BLOCK: "no_report"}


def test_what_is_wrong_with_a_form() -> None:
    assert submission_problems(form(CORRECT, {CORRECTION_BLOCK: {"value": "  "}})) == {
        CORRECTION_BLOCK: "empty_correction"
    }
    assert submission_problems(form(CHOOSE, {})) == {KIND_BLOCK: "not_chosen", DEVICE_BLOCK: "not_chosen"}
    ahead = {
        KIND_BLOCK: {"selected_option": {"value": "review"}},
        DEVICE_BLOCK: {"selected_option": {"value": SERIAL}},
        DONE_BLOCK: {"selected_date": "2999-01-01"},
    }
    assert submission_problems(form(RECORD_MODAL, ahead), NOW, ZONE) == {DONE_BLOCK: "done_in_future"}
    command(form(CHOOSE, {}), NothingToDo)
