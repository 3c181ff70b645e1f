"""The forms by which engineers act on a ticket: rendered, validated on the spot, and read back as commands."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.commands import NextTurn, NothingToDo
from bot.commands_acting import (
    AskForData,
    AssignTicket,
    CallDirection,
    HoldTicket,
    LinkTickets,
    LogCall,
    MarkSpam,
    MergeTicket,
    ReopenTicket,
    ResolveTicket,
    SnoozeTicket,
    SplitTicket,
    WakeTicket,
)
from bot.edges.slack_acting_views import acting_form
from bot.edges.slack_escalation_payloads import FOUND_TICKET, looked_up, people_named
from bot.edges.slack_ids import ACTING_FORMS, ACTION_IDS, ModalPlace
from bot.edges.slack_payloads import OWN_TEAM, REAL_NAMES, submission_problems, to_command
from bot.errors import StaffError
from bot.model import Direction, Language, Message
from bot.rules.data_requests import Item
from bot.rules.ticket_reference import Reference
from bot.rules.ticket_states import Action
from bot.sandbox.slack.blocks_check import check_view
from tests.edges.slack.office import NOW, ZONE, make_ticket, staff_words
from tests.edges.slack.test_slack_payloads import USER, click

EPOCH = int(NOW.timestamp())
MESSAGES = (
    Message(5, 7, Direction.FROM_CUSTOMER, "anna@klient.example", "Anna", "Nie *działa* <!here> " * 30, NOW),
    Message(6, 7, Direction.TO_CUSTOMER, "U0EWA", "Ewa", "Sprawdzamy", NOW),
    Message(8, 7, Direction.FROM_CUSTOMER, "anna@klient.example", "Anna", "", NOW),
)


def form(action: Action, values: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A submitted form."""
    view = {
        "id": "V1", "hash": "1.h", "callback_id": ACTION_IDS[action],
        "private_metadata": ModalPlace(7, "C1", "1.000100", "Jan Nowak").to_metadata(),
        "blocks": [{"type": "input", "block_id": block_id} for block_id in values],
        "state": {"values": {block_id: {"value": value} for block_id, value in values.items()}},
    }  # fmt: skip
    return {
        "type": "view_submission", "user": USER, "team": {"id": "T1"}, "view": view, OWN_TEAM: "T1",
        REAL_NAMES: {"U0EWA": "Ewa Kowalska"},
    } | changes  # fmt: skip


def said(value: str) -> dict[str, Any]:
    return {"type": "plain_text_input", "value": value}


def one(value: str) -> dict[str, Any]:
    return {"type": "radio_buttons", "selected_option": {"value": value}}


def ticked(*values: str) -> dict[str, Any]:
    return {"type": "checkboxes", "selected_options": [{"value": value} for value in values]}


def at(seconds: int | None) -> dict[str, Any]:
    return {"type": "datetimepicker", "selected_date_time": seconds}


def who(user: str) -> dict[str, Any]:
    return {"type": "users_select", "selected_user": user}


CALL = {
    "direction": one("incoming"), "called_with": said(" Anna "), "summary": said(" Restart pomógł. "),
    "next_turn": one("nobody"), "called_at": at(EPOCH - 600),
}  # fmt: skip


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("action", sorted(ACTING_FORMS))
def test_every_form_is_one_that_slack_takes(action: Action, language: Language) -> None:
    place = ModalPlace(7, "C1", "1.000100", "Jan Nowak")
    view = acting_form(action, make_ticket(), MESSAGES, NOW, staff_words(language), ZONE, place, "12 25 25 600")
    check_view(json.loads(json.dumps(view)), "modal")
    assert view["callback_id"] == ACTION_IDS[action]
    assert "HEZO-2026-000123" in str(view)


def test_nothing_is_split_off_a_ticket_without_words_of_the_customer() -> None:
    with pytest.raises(StaffError):
        acting_form(Action.SPLIT, make_ticket(), MESSAGES[1:2], NOW, staff_words(), ZONE, ModalPlace(7), "")


@pytest.mark.parametrize(
    ("action", "kind"),
    [(Action.REOPEN, ReopenTicket), (Action.HOLD, HoldTicket), (Action.WAKE, WakeTicket), (Action.SPAM, MarkSpam)],
)
def test_presses(action: Action, kind: type) -> None:
    command = to_command(click(ACTION_IDS[action]))
    assert isinstance(command, kind)
    assert command.ticket_id == 7  # type: ignore[union-attr]  # every one of these has it


def test_submissions() -> None:
    assign = to_command(form(Action.ASSIGN, {"person": who("U0EWA")}))
    assert isinstance(assign, AssignTicket)
    assert (assign.to, assign.to_name, assign.by.name, assign.by.thread_ts) == (
        "U0EWA", "Ewa Kowalska", "Jan Nowak", "1.000100",
    )  # fmt: skip
    ask = to_command(form(Action.ASK, {"data_items": ticked("logs", "serial"), "reply_text": said(" Dziś ")}))
    assert isinstance(ask, AskForData)
    assert (ask.items, ask.words) == ((Item.SERIAL, Item.LOGS), "Dziś")
    resolve = to_command(form(Action.RESOLVE, {"reply_text": said(" Kabel "), "internal": said(" x ")}))
    assert isinstance(resolve, ResolveTicket)
    assert (resolve.summary, resolve.internal) == ("Kabel", "x")
    call = to_command(form(Action.CALL, CALL))
    assert isinstance(call, LogCall)
    assert (call.direction, call.person, call.summary, call.next_turn, call.called_at) == (
        CallDirection.INCOMING, "Anna", "Restart pomógł.", NextTurn.NOBODY, NOW - timedelta(minutes=10),
    )  # fmt: skip
    split = to_command(form(Action.SPLIT, {"message": one("5"), "subject": said("VPN")}))
    assert isinstance(split, SplitTicket)
    assert (split.message_id, split.subject) == (5, "VPN")


def test_a_snooze_takes_its_own_instant_where_one_is_chosen() -> None:
    span = {"snooze_span": one(str(EPOCH + 3600)), "snooze_until": at(None), "snooze_why": said("")}
    first, second = (
        to_command(form(Action.SNOOZE, values)) for values in (span, span | {"snooze_until": at(EPOCH + 7200)})
    )
    assert isinstance(first, SnoozeTicket)
    assert isinstance(second, SnoozeTicket)
    assert (first.until, second.until) == (NOW + timedelta(hours=1), NOW + timedelta(hours=2))


def test_another_ticket_is_looked_up_by_number_or_device() -> None:
    merge = form(Action.MERGE, {"number": said("hezo-2026-000009"), "strangers": ticked("strangers_too")})
    assert looked_up(merge["view"]) == ("number", Reference(number="HEZO-2026-000009"))
    command = to_command(merge | {FOUND_TICKET: 9})
    assert isinstance(command, MergeTicket)
    assert (command.target_id, command.strangers_too) == (9, True)
    link = form(Action.LINK, {"number": said("FGT60FTK20012345")})
    assert looked_up(link["view"]) == ("number", Reference(serial="FGT60FTK20012345"))
    assert isinstance(to_command(link | {FOUND_TICKET: 9}), LinkTickets)
    assert isinstance(to_command(link), NothingToDo)
    assert people_named(form(Action.ASSIGN, {"person": who("U0EWA")})) == {"U0000001", "U0EWA"}


@pytest.mark.parametrize(
    ("action", "values", "problems"),
    [
        (Action.ASSIGN, {"person": who("")}, {"person": "nobody_chosen"}),
        (Action.ASSIGN, {"person": who("U0OBCY")}, {"person": "not_staff"}),
        (Action.ASK, {"data_items": ticked()}, {"data_items": "nothing_asked"}),
        (
            Action.ASK, {"data_items": ticked("logs"), "reply_text": said("UWAGA: x")},
            {"reply_text": "looks_like_note"},
        ),
        (Action.RESOLVE, {"reply_text": said("  ")}, {"reply_text": "empty_summary"}),
        (Action.RESOLVE, {"reply_text": said("# x")}, {"reply_text": "looks_like_note"}),
        (Action.SNOOZE, {"snooze_span": one("x")}, {"snooze_span": "not_chosen"}),
        (Action.SNOOZE, {"snooze_span": one(str(EPOCH - 1))}, {"snooze_span": "snooze_out_of_range"}),
        (
            Action.SNOOZE, {"snooze_span": one(str(EPOCH + 60)), "snooze_until": at(EPOCH + 40 * 86_400)},
            {"snooze_until": "snooze_out_of_range"},
        ),
        (Action.CALL, CALL | {"summary": said("")}, {"summary": "empty_call"}),
        (Action.CALL, CALL | {"called_at": at(EPOCH + 3600)}, {"called_at": "call_out_of_range"}),
        (Action.CALL, CALL | {"called_at": at(EPOCH - 8 * 86_400)}, {"called_at": "call_out_of_range"}),
        (Action.CALL, CALL | {"direction": one("x")}, {"direction": "not_chosen"}),
        (Action.SPLIT, {"message": one("")}, {"message": "not_chosen"}),
        (Action.SPLIT, {"message": one("5"), "subject": said("// VPN")}, {"subject": "looks_like_note"}),
        (Action.MERGE, {"number": said("abc")}, {"number": "no_reference"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field(
    action: Action, values: dict[str, Any], problems: dict[str, str]
) -> None:
    body = form(action, values)
    assert submission_problems(body, NOW, ZONE, {"U0EWA"}) == problems
    for language in Language:
        assert all(f"modal_problem.{problem}" in staff_words(language) for problem in problems.values())
