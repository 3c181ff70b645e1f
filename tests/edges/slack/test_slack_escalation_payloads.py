"""What buttons, forms and commands about escalations ask for, as they are recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.commands import NothingToDo, SetShift, SlackCommand, TypedCommand
from bot.edges.slack_escalation_payloads import FOUND_TICKET
from bot.edges.slack_ids import ModalPlace
from bot.edges.slack_payloads import OWN_TEAM, REAL_NAMES, submission_problems, to_command
from bot.escalation_commands import (
    AcknowledgeEscalation,
    DecideProposal,
    EscalateTicket,
    LogEscalationCall,
    ReassignEscalation,
    ResolveEscalation,
    SnoozeEscalation,
    TakeOverEscalation,
    TieEscalation,
)
from tests.edges.slack.office import NOW
from tests.edges.slack.test_slack_payloads import click, submission

STAFF = frozenset({"U0EWA", "U0JAN"})


def command(body: dict[str, Any], kind: type[SlackCommand]) -> Any:
    found = to_command(body, NOW)
    assert isinstance(found, kind), found
    return found


def test_buttons() -> None:
    names = {REAL_NAMES: {"U0000001": "Jan Nowak"}}
    acknowledged = command(click("escalation_acknowledge", "7:3", **names), AcknowledgeEscalation)
    assert (acknowledged.ticket_id, acknowledged.escalation_id, acknowledged.by.name) == (7, 3, "Jan Nowak")
    taken = command(click("escalation_take_over", "7:3:U0EWA"), TakeOverEscalation)
    assert (taken.escalation_id, taken.owner_shown, taken.by.at) == (3, "U0EWA", NOW)
    decided = command(click("proposal_decline", "7:55"), DecideProposal)
    assert (decided.ticket_id, decided.message_id, decided.accept, decided.post_ts) == (7, 55, False, "1.000100")
    assert command(click("proposal_escalate", "7:55"), DecideProposal).accept
    for action_id, value in (
        ("escalation_resolve", "7:3"),
        ("ticket_escalate", "7"),
        ("escalation_acknowledge", "7"),
        ("escalation_take_over", "7:3:jan"),
        ("escalation_dance", "7:3"),
    ):
        assert isinstance(to_command(click(action_id, value)), NothingToDo), action_id


def form(callback_id: str, values: dict[str, Any], place: ModalPlace | None = None) -> dict[str, Any]:
    body = submission(callback_id, {block_id: {"value": value} for block_id, value in values.items()})
    body["view"]["private_metadata"] = (place or ModalPlace(7, "C1", None, None, 3)).to_metadata()
    body["view"]["blocks"] = [{"type": "input", "block_id": block_id} for block_id in values]
    return body


def text(value: str) -> dict[str, Any]:
    return {"type": "plain_text_input", "value": value}


def user(value: str | None) -> dict[str, Any]:
    return {"type": "users_select", "selected_user": value}


def at(value: Any) -> dict[str, Any]:
    return {"type": "datetimepicker", "selected_date_time": value}


def option(value: str) -> dict[str, Any]:
    return {"type": "radio_buttons", "selected_option": {"value": value}}


def test_forms() -> None:
    body = form("escalation_reassign", {"person": user("U0EWA")}) | {REAL_NAMES: {"U0EWA": "Ewa Lis"}}
    reassigned = command(body, ReassignEscalation)
    assert (reassigned.to, reassigned.to_name, reassigned.escalation_id) == ("U0EWA", "Ewa Lis", 3)
    assert reassigned.by.channel == "C1"
    snoozed = command(form("escalation_snooze", {"span": option("1800")}), SnoozeEscalation)
    assert snoozed.span == timedelta(minutes=30)
    resolved = command(
        form("escalation_resolve", {"outcome": text(" Wymieniono "), "to_customer": text("Jedzie.")}), ResolveEscalation
    )
    assert (resolved.outcome, resolved.to_customer) == ("Wymieniono", "Jedzie.")
    assert command(form("escalation_resolve", {"outcome": text("x")}), ResolveEscalation).to_customer == ""
    tied = command(form("escalation_tie", {"number": text("hezo-2026-000009")}), TieEscalation)
    assert tied.number == "HEZO-2026-000009"
    raised = command(form("ticket_escalate", {"reason": text("pilne")}, ModalPlace(7)), EscalateTicket)
    assert (raised.ticket_id, raised.reason, raised.message_id) == (7, "pilne", None)


def test_a_call_is_logged_for_the_ticket_of_the_button_or_for_the_one_that_was_named() -> None:
    values = {"caller": text("Anna"), "said": text("Czekamy"), "address": {"type": "email_text_input", "value": None}}
    logged = command(form("ticket_log_call", values, ModalPlace(7)), LogEscalationCall)
    assert (logged.ticket_id, logged.caller, logged.words, logged.address) == (7, "Anna", "Czekamy", None)
    named = {**values, "reference": text("HEZO-2026-000009")}
    logged = command(form("ticket_log_call", named, ModalPlace(None)) | {FOUND_TICKET: 9}, LogEscalationCall)
    assert logged.ticket_id == 9
    assert isinstance(to_command(form("ticket_log_call", named, ModalPlace(None))), NothingToDo), "not looked up"
    for reference, device in (("", ""), (" s/n FGT60FTK20012345", "FGT60FTK20012345")):
        alone = {**values, "reference": text(reference)}
        logged = command(form("ticket_log_call", alone, ModalPlace(None)), LogEscalationCall)
        assert (logged.ticket_id, logged.device) == (None, device), "it becomes a case of its own"


def test_a_shift_of_a_form() -> None:
    begins = int(NOW.timestamp())
    values = {
        "person": user("U0EWA"), "substitute": user(None), "duty_from": at(begins), "duty_to": at(begins + 3600)
    }  # fmt: skip
    shift = command(form("duty_set", values, ModalPlace(None, response_url="https://x")), SetShift)
    assert (shift.user, shift.substitute, shift.starts_at) == ("U0EWA", None, NOW)
    assert shift.ends_at - shift.starts_at == timedelta(hours=1)
    assert shift.by.response_url == "https://x"


@pytest.mark.parametrize(
    ("callback_id", "values", "problems"),
    [
        ("escalation_reassign", {"person": user(None)}, {"person": "nobody_chosen"}),
        ("escalation_reassign", {"person": user("U0PIOTR")}, {"person": "not_staff"}),
        ("escalation_reassign", {"person": user("U0JAN")}, {}),
        ("escalation_snooze", {"span": option("0")}, {"span": "not_chosen"}),
        ("escalation_snooze", {}, {"span": "not_chosen"}),
        ("escalation_resolve", {"outcome": text("  ")}, {"outcome": "empty_outcome"}),
        (
            "escalation_resolve",
            {"outcome": text("x"), "to_customer": text("Notatka: nie mówić klientowi")},
            {"to_customer": "looks_like_note"},
        ),
        ("escalation_resolve", {"outcome": text("x"), "to_customer": text("y" * 3001)}, {"to_customer": "too_long"}),
        ("escalation_tie", {"number": text("FGT60FTK20012345")}, {"number": "no_number"}),
        ("ticket_escalate", {"reason": text("")}, {"reason": "empty_reason"}),
        (
            "ticket_log_call",
            {"caller": text(""), "said": text(""), "address": text("nie adres"), "reference": text("?")},
            {"caller": "empty_caller", "said": "empty_words", "address": "no_address", "reference": "no_reference"},
        ),
        (
            "ticket_log_call",
            {"caller": text("Anna"), "said": text("x"), "reference": text("s/n FGT60FTK20012345")},
            {},
        ),
        ("ticket_log_call", {"caller": text("Anna"), "said": text("x"), "reference": text(" ")}, {}),
        (
            "duty_set",
            {"person": user("U0PIOTR"), "substitute": user("U0PIOTR"), "duty_from": at(2), "duty_to": at(1)},
            {"person": "not_staff", "substitute": "same_person", "duty_to": "ends_before"},
        ),
        ("duty_set", {"person": user("U0EWA"), "duty_from": at(1), "duty_to": at(2)}, {"duty_to": "shift_is_past"}),
        ("duty_set", {"person": user("U0EWA"), "duty_from": at(None)}, {"duty_to": "not_chosen"}),
    ],
)
def test_forms_are_validated_on_the_spot(callback_id: str, values: dict[str, Any], problems: dict[str, str]) -> None:
    body = form(callback_id, values)
    assert submission_problems(body, NOW, None, STAFF) == problems
    if problems and not set(problems.values()) & {"not_staff", "shift_is_past"}:
        assert isinstance(to_command(body), NothingToDo)


def test_what_is_typed() -> None:
    body = {
        "command": "/hezo", "text": "on-duty show", "user_id": "U0JAN", "user_name": "jan", "channel_id": "C1",
        "team_id": "T1", OWN_TEAM: "T1", "response_url": "https://hooks.slack.com/commands/1", "trigger_id": "1.2",
    }  # fmt: skip
    typed = command(body, TypedCommand)
    assert (typed.text, typed.by.user, typed.by.channel, typed.by.at) == ("on-duty show", "U0JAN", "C1", NOW)
    assert typed.by.response_url == "https://hooks.slack.com/commands/1"
    assert "hooks" not in repr(typed), "the address is a secret"
    assert command({**body, "team_id": "T2"}, TypedCommand).by.is_stranger
    for nothing in ({**body, "command": "/other"}, {**body, "user_id": None}):
        assert isinstance(to_command(nothing), NothingToDo)
