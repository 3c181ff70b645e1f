"""What staff see of replacements: the panel in every stage, every form, within Slack's limits; and what comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bot.commands import NothingToDo
from bot.edges.slack_ids import ModalPlace
from bot.edges.slack_payloads import submission_problems, to_command
from bot.edges.slack_replacement_ids import MOVE_IDS, PRESSED_AT_ONCE, START_MODAL
from bot.edges.slack_replacement_panel import ReplacementShown, panel
from bot.edges.slack_replacement_views import FormShown, move_form, start_form
from bot.model import Attachment, AttachmentVerdict, Device, Language
from bot.replacement_commands import (
    AskUser,
    BeginReplacement,
    CancelReplacement,
    CloseReplacement,
    DeclineReplacement,
    DispatchReplacement,
    LogConfirmation,
    RecordCheck,
    RecordDelivery,
    RecordReturn,
    RefuteFault,
    ReportLoss,
    SendReturnWaybill,
    VerifyFault,
    WaiveReturn,
)
from bot.replacements import Check, CheckDone, Fate, Replacement, ReturnWaybill, Shipment, Stage, Via
from bot.rules.clock_terms import Measure
from bot.rules.replacement import Move, moves_of
from bot.rules.replacement_text import Speaker
from bot.rules.wording import words as sentences
from bot.sandbox.slack.blocks_check import check_view
from tests.edges.slack.office import NOW, ZONE, make_ticket, staff_words
from tests.edges.slack.test_slack_blocks import NASTY, check, said
from tests.edges.slack.test_slack_payloads import click, submission

EWA, HOUR = "U0EWA", timedelta(hours=1)
OLD, NEW = Device("FGT60FTK20012345", "FortiGate-60F"), Device("FG121GTK25009999", "FortiGate-121G")
FILE = Attachment(5, 7, 1, 0, "list przewozowy.pdf", "application/pdf", 9, AttachmentVerdict.KEPT, "0" * 64)


def at_stage(stage: Stage, words: str = "") -> Replacement:
    """A replacement to which everything has happened; its stage is what matters for the buttons."""
    waybills = (ReturnWaybill("0000098765432Z", (), EWA, NOW), ReturnWaybill("", ("list.pdf",), EWA, NOW))
    shipment = Shipment("DPD", "0000012345678Q", f"ul. Mleczna 1 {words}", f"Anna {words}", "600 100 200", EWA, NOW)
    return Replacement(
        id=3,
        ticket_id=7,
        device=OLD,
        stage=stage,
        begun_at=NOW,
        begun_by=EWA,
        contract_id=1,
        checks=(CheckDone(Check.INTERVIEW, EWA, NOW, words, (5, 99)), CheckDone(Check.LOGS, EWA, NOW)),
        verified_at=NOW,
        verified_by=EWA,
        confirmed_at=NOW,
        confirmed_by=f"Anna {words}",
        confirmed_via=Via.CALL,
        confirmation_logged_by=EWA,
        shipments=(replace(shipment, lost_at=NOW), shipment),
        delivered_at=NOW + 9 * HOUR,
        received_by=f"Jan {words}",
        new_device=NEW,
        fate=Fate.REPLACES,
        waybills=() if stage is Stage.DELIVERED else waybills,
        returned_at=NOW,
        return_note=words,
        ended_at=NOW,
        ended_by=EWA,
        outcome=words,
        changed_by=EWA,
    )


def shown(it: Replacement) -> ReplacementShown:
    return ReplacementShown(it, NOW + 8 * HOUR, NOW + timedelta(days=7), {5: FILE})


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("stage", Stage)
def test_the_panel_offers_what_can_be_done_in_this_stage(stage: Stage, language: Language) -> None:
    it = at_stage(stage)
    _, blocks = check(panel(shown(it), staff_words(language), ZONE))
    assert staff_words(language)(f"replacement_stage.{stage}") in said(blocks)
    elements: Any = blocks[-1]["elements"] if blocks[-1]["type"] == "actions" else []
    assert [button["action_id"] for button in elements] == [MOVE_IDS[move] for move in moves_of(it)]
    assert len([button for button in elements if button.get("style") == "primary"]) == (1 if it.is_open else 0)
    ask_back = {button["action_id"] for button in elements if "confirm" in button}
    assert ask_back == {MOVE_IDS[move] for move in PRESSED_AT_ONCE & set(moves_of(it))}


def test_the_panel_word_for_word() -> None:
    fresh = Replacement(3, 7, OLD, Stage.VERIFYING, NOW, EWA, checks=(CheckDone(Check.LOGS, EWA, NOW, "dysk", (5,)),))
    assert said(panel(ReplacementShown(fresh, None, None, {5: FILE}), staff_words(), ZONE)[1]).splitlines()[:9] == [
        "📦 Sprzęt zastępczy · weryfikacja usterki",
        "Uszkodzone: FortiGate-60F, numer seryjny FGT60FTK20012345",
        "Rozpoczęto pon., 23 lis 2026, 11:00 (<@U0EWA>)",
        "✅ Logi z urządzenia: <@U0EWA>, pon., 23 lis 2026, 11:00 – „dysk”",
        "    📎 list przewozowy.pdf",
        "⬜ Wywiad techniczny",
        "⬜ Testy serwisowe",
        "⬜ Usterka zweryfikowana przez inżyniera",
        "⬜ Potwierdzona z użytkownikiem",
    ]
    late = said(panel(shown(at_stage(Stage.RETURN_DUE)), staff_words(), ZONE)[1])
    assert "PO TERMINIE (pon., 23 lis 2026, 19:00)" in late


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NASTY)
def test_no_words_break_the_panel(nasty: str) -> None:
    it = at_stage(Stage.CLOSED, nasty)
    it = replace(it, checks=it.checks * 20, shipments=it.shipments * 5, waybills=it.waybills * 5)
    check(panel(shown(it), staff_words(), ZONE))


def form_of(move: Move, *, files: int = 1, language: Language = Language.PL) -> FormShown:
    it = at_stage(Stage.VERIFIED)
    words = sentences("customer", language)
    listed = [replace(FILE, id=each) for each in range(1, files + 1)]
    return FormShown(
        make_ticket(), it, "anna@klient.example", listed, Measure("24x7", 8 * HOUR), timedelta(days=7), NOW,
        Speaker(words, "HEZO-2026-000123", it, ZONE),
    )  # fmt: skip


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("move", [move for move in Move if move not in PRESSED_AT_ONCE])
def test_every_form_is_one_that_slack_takes(move: Move, language: Language) -> None:
    for files in (0, 1, 80):
        form = move_form(move, form_of(move, files=files), staff_words(language), ModalPlace(7, other_id=3))
        check_view(form, "modal")
        assert form["callback_id"] == MOVE_IDS[move]
    check_view(start_form(make_ticket(), [OLD, NEW], staff_words(language), ModalPlace(7)), "modal")


def test_the_question_is_shown_as_the_customer_will_read_it() -> None:
    form = move_form(Move.ASK, form_of(Move.ASK, language=Language.EN), staff_words(), ModalPlace(7, other_id=3))
    assert "we have verified the fault of your device FortiGate-60F (serial number FGT60FTK20012345)" in said(
        form["blocks"]  # type: ignore[arg-type]  # blocks are a list
    )


def chosen(value: str) -> dict[str, Any]:
    return {"selected_option": {"value": value}}


def typed(value: str) -> dict[str, Any]:
    return {"value": value}


def filled(**fields: dict[str, Any]) -> dict[str, Any]:
    return {block_id: {"value": field} for block_id, field in fields.items()}


def submitted(callback_id: str, **fields: dict[str, Any]) -> dict[str, Any]:
    body = submission(callback_id, filled(**fields))
    body["view"]["private_metadata"] = ModalPlace(7, "C0SUPPORT", other_id=3).to_metadata()
    return body


FILES = {"selected_options": [{"value": "5"}, {"value": "x"}]}
AT = {"selected_date_time": int(NOW.timestamp())}
PARCEL = {
    "carrier": typed("DPD"), "waybill": typed("0000 0123"), "address": typed("ul. Mleczna 1, Warszawa"),
    "contact": typed("Anna"), "phone": typed("600100200"),
}  # fmt: skip
FORMS: dict[Move, tuple[dict[str, dict[str, Any]], type[Any]]] = {
    Move.CHECK: ({"check": chosen("logs"), "note": typed(" dysk "), "files": FILES}, RecordCheck),
    Move.REFUTE: ({"to_customer": typed("Działa.")}, RefuteFault),
    Move.ASK: ({"to_customer": typed("")}, AskUser),
    Move.CONFIRM: ({"how": chosen("call"), "who": typed("Anna")}, LogConfirmation),
    Move.DECLINE: ({}, DeclineReplacement),
    Move.CANCEL: ({"reason": typed("pomyłka")}, CancelReplacement),
    Move.DISPATCH: (PARCEL, DispatchReplacement),
    Move.LOSE: ({}, ReportLoss),
    Move.DELIVER: (
        {"at": AT, "who": typed("Jan"), "serial": typed(NEW.serial), "fate": chosen("joins")}, RecordDelivery
    ),
    Move.SEND_WAYBILL: ({"waybill": typed(""), "files": FILES}, SendReturnWaybill),
    Move.RETURN: ({"at": AT, "note": typed("")}, RecordReturn),
    Move.WAIVE: ({"reason": typed("spalone")}, WaiveReturn),
}  # fmt: skip


@pytest.mark.parametrize("move", FORMS)
def test_a_form_that_is_filled_in_is_a_command(move: Move) -> None:
    fields, kind = FORMS[move]
    body = submitted(MOVE_IDS[move], **fields)
    assert submission_problems(body, NOW, ZONE) == {}
    command: Any = to_command(body, NOW)
    assert isinstance(command, kind)
    assert (command.ticket_id, command.replacement_id) == (7, 3)


def test_what_the_fields_hold() -> None:
    done = to_command(submitted(MOVE_IDS[Move.CHECK], **FORMS[Move.CHECK][0]), NOW)
    assert isinstance(done, RecordCheck)
    assert (done.check, done.note, done.files) == (Check.LOGS, "dysk", (5,))
    arrived = to_command(submitted(MOVE_IDS[Move.DELIVER], **FORMS[Move.DELIVER][0]), NOW)
    assert isinstance(arrived, RecordDelivery)
    assert (arrived.at, arrived.serial, arrived.fate) == (NOW, NEW.serial, Fate.JOINS)
    begun = to_command(submission(START_MODAL, filled(device=chosen(OLD.serial))), NOW)
    assert isinstance(begun, BeginReplacement)
    assert begun.serial == OLD.serial


def test_buttons() -> None:
    assert isinstance(to_command(click("replacement_verify", "7:3"), NOW), VerifyFault)
    assert isinstance(to_command(click("replacement_close", "7:3"), NOW), CloseReplacement)
    assert isinstance(to_command(click("replacement_dispatch", "7:3"), NOW), NothingToDo)
    for broken in ("", "7", "x:y", "7:3:4:5"):
        assert isinstance(to_command(click("replacement_verify", broken), NOW), NothingToDo)


@pytest.mark.parametrize(
    ("move", "changed", "problems"),
    [
        (Move.CHECK, {"check": chosen("x")}, {"check": "not_chosen"}),
        (Move.REFUTE, {"to_customer": typed(" ")}, {"to_customer": "empty"}),
        (Move.ASK, {"to_customer": typed("notatka: zapytać")}, {"to_customer": "looks_like_note"}),
        (Move.CONFIRM, {"who": typed("1")}, {"who": "no_name"}),
        (Move.CANCEL, {"reason": typed("")}, {"reason": "empty_reason"}),
        (
            Move.DISPATCH,
            {"waybill": typed("brak"), "phone": typed("x"), "address": typed("Warszawa"), "contact": typed("")},
            {"waybill": "no_waybill", "phone": "no_phone", "address": "no_postal_address", "contact": "no_name"},
        ),
        (Move.DELIVER, {"serial": typed("FG121GTK25O09999")}, {"serial": "new_serial_unclear"}),
        (
            Move.DELIVER,
            {"at": {"selected_date_time": int((NOW + HOUR).timestamp())}, "serial": typed("x")},
            {"at": "not_yet", "serial": "new_no_serial"},
        ),
        (Move.SEND_WAYBILL, {"files": {"selected_options": []}}, {"waybill": "waybill_or_file"}),
        (Move.SEND_WAYBILL, {"files": {}, "upload": {"files": [{"id": "F1", "name": "a.pdf"}]}}, {}),
        (Move.SEND_WAYBILL, {"waybill": typed("123")}, {"waybill": "no_waybill"}),
        (Move.RETURN, {"at": {}}, {"at": "not_chosen"}),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    move: Move, changed: dict[str, dict[str, Any]], problems: dict[str, str]
) -> None:
    body = submitted(MOVE_IDS[move], **(FORMS[move][0] | changed))
    assert submission_problems(body, NOW, ZONE) == problems
    words = staff_words()
    assert all(f"modal_problem.{problem}" in words for problem in problems.values())
    if problems and (move is not Move.DELIVER or "at" not in problems):
        assert isinstance(to_command(body, datetime.max.replace(tzinfo=NOW.tzinfo)), NothingToDo)
