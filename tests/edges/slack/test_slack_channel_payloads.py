"""What customers press and submit in their shared channels, and engineers for them, read as commands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.commands import NothingToDo
from bot.commands_channels import DecideOffer, OpenTicket, ReportProblem
from bot.edges.slack_channel_ids import (
    BY_PHONE,
    DESCRIPTION_LIMIT,
    OPEN_MODAL,
    OTHER_DEVICE,
    REPORT_ADD,
    REPORT_MODAL,
    REPORT_NONE,
    REPORT_OPEN,
    Offered,
    ReportPlace,
    device_value,
)
from bot.edges.slack_channel_payloads import (
    FOUND_CONTRACT,
    form_problems,
    pressed_command,
    said_to_customer,
    submitted_opening,
    submitted_report,
)
from bot.edges.slack_ids import ModalPlace
from bot.model import Language, Priority
from bot.people import SlackPerson

ANNA = SlackPerson("U0ANNA", "anna", "C0KLIENT", is_stranger=True)
PLACE = ReportPlace("C0KLIENT", Language.EN, "1764000000.000100", "Anna Nowak", "https://hooks.slack.com/x")
NESTED = "[" * 3000
"""JSON that no parser reads to its end."""


def chosen(value: str) -> dict[str, Any]:
    return {"value": {"selected_option": {"value": value}}}


def said(text: str) -> dict[str, Any]:
    return {"value": {"value": text}}


def report(metadata: str | None = None, **changes: dict[str, Any]) -> dict[str, Any]:
    """The customers' form, filled in."""
    values = {
        "report_device": chosen(device_value(3, "FGT60FTK20012345")),
        "report_priority": chosen(Priority.CRITICAL),
        "report_description": said("  Nie ma sieci.  "),
    }
    place = PLACE.to_metadata() if metadata is None else metadata
    return {"callback_id": REPORT_MODAL, "private_metadata": place, "state": {"values": values | changes}}


def opening(**changes: dict[str, Any]) -> dict[str, Any]:
    """The engineers' form, filled in."""
    values = {
        "open_serial": said("FGT60FTK20012345"),
        "open_who": said("Anna Nowak"),
        "open_address": said("anna@klient.example"),
        "open_way": chosen(BY_PHONE),
        "report_priority": chosen(Priority.NON_CRITICAL),
        "report_description": said("Dzwoniła: VPN."),
    }
    return {"callback_id": OPEN_MODAL, "state": {"values": values | changes}}


def test_buttons_below_a_customers_message() -> None:
    value = Offered(Language.EN, "1764000000.000100", 7).to_value()
    added = pressed_command(REPORT_ADD, value, ANNA)
    assert added == DecideOffer(ANNA, "C0KLIENT", "1764000000.000100", 7, Language.EN)
    no_report = pressed_command(REPORT_NONE, value, ANNA)
    assert no_report == DecideOffer(ANNA, "C0KLIENT", "1764000000.000100", None, Language.EN)
    assert isinstance(pressed_command(REPORT_OPEN, None, ANNA), NothingToDo)


def test_a_button_about_a_message_in_a_thread_knows_both() -> None:
    offered = Offered(Language.PL, "1764000060.000100", 7, "1764000000.000100")
    assert Offered.from_value(offered.to_value()) == offered
    place = replace(PLACE, ts="1764000060.000100", thread_ts="1764000000.000100", response_url=None)
    assert ReportPlace.from_metadata(place.to_metadata()) == place
    command = submitted_report(report(place.to_metadata()), ANNA)
    assert isinstance(command, ReportProblem)
    assert (command.ts, command.thread_ts, command.by.thread_ts) == (place.ts, place.thread_ts, place.thread_ts)


@pytest.mark.parametrize("value", [None, "", "de:1764000000.000100", "pl:1764000000", "pl:1.1:0", "pl:1.1:7:8", 7])
def test_a_button_that_is_none_of_ours_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="customer's button"):
        pressed_command(REPORT_NONE, value, ANNA)


def test_a_button_without_its_channel_or_ticket_is_refused() -> None:
    with pytest.raises(ValueError, match="no channel"):
        pressed_command(REPORT_NONE, "pl:1.1:7", SlackPerson("U0ANNA", "anna"))
    with pytest.raises(ValueError, match="no ticket"):
        pressed_command(REPORT_ADD, "pl:1.1", ANNA)


def test_a_report_by_the_form_with_a_device_of_theirs() -> None:
    command = submitted_report(report(), SlackPerson("U0ANNA", "anna"))
    assert isinstance(command, ReportProblem)
    assert (command.contract_id, command.serial, command.priority) == (3, "FGT60FTK20012345", Priority.CRITICAL)
    assert (command.channel, command.ts, command.text) == ("C0KLIENT", "1764000000.000100", "Nie ma sieci.")
    assert (command.by.name, command.by.channel, command.by.thread_ts) == ("Anna Nowak", "C0KLIENT", None)
    other = submitted_report(report(report_device=chosen(OTHER_DEVICE)), ANNA)
    assert isinstance(other, ReportProblem)
    assert (other.contract_id, other.serial) == (None, None)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, {}),
        ({"report_device": chosen("3")}, {"report_device": "not_chosen"}),
        ({"report_device": {}}, {"report_device": "not_chosen"}),
        ({"report_priority": chosen("urgent")}, {"report_priority": "not_chosen"}),
        ({"report_description": said(" \n ")}, {"report_description": "empty"}),
        ({"report_description": said("x" * (DESCRIPTION_LIMIT + 1))}, {"report_description": "too_long"}),
    ],
)
def test_what_is_wrong_with_a_report(changes: dict[str, Any], problems: dict[str, str]) -> None:
    assert form_problems(report(**changes)) == problems


@pytest.mark.parametrize("metadata", ["", "[]", "{}", NESTED, '{"channel": "C0KLIENT", "language": "de"}'])
def test_a_form_that_is_none_of_ours_is_refused_in_words(metadata: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        submitted_report(report(metadata), ANNA)
    told = said_to_customer(report(metadata), {"report_description": "empty"})
    assert told == said_to_customer(
        report(ReportPlace("C1", Language.PL).to_metadata()), {"report_description": "empty"}
    )
    assert said_to_customer(report(), {"report_description": "empty"}) != told, "in the language of the form"


def test_an_engineer_opens_a_ticket_that_the_registry_knows() -> None:
    found = {FOUND_CONTRACT: {"contract": 3, "serial": "FGT60FTK20012345", "channel": None}}
    place = ModalPlace(None, "C0SUPPORT", source_ts="C0SUPPORT/1.1")
    ewa = SlackPerson("U0EWA", "Ewa Kowalska")
    assert submitted_opening(found, opening(), place, ewa) == OpenTicket(
        ewa, 3, "FGT60FTK20012345", "anna@klient.example", "Anna Nowak", None, Priority.NON_CRITICAL, "Dzwoniła: VPN.",
        by_phone=True, source="C0SUPPORT/1.1",
    )  # fmt: skip
    for unknown in ({}, {FOUND_CONTRACT: {"contract": "3"}}):
        with pytest.raises(ValueError, match="no contract"):
            submitted_opening(unknown, opening(), place, ewa)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, {}),
        ({"open_who": said(" ")}, {"open_who": "empty_who"}),
        ({"open_who": said("x" * 201)}, {"open_who": "too_long"}),
        ({"open_address": said("anna@")}, {"open_address": "no_address"}),
        ({"open_way": chosen("fax")}, {"open_way": "not_chosen"}),
        ({"open_serial": said("")}, {"open_serial": "open_nothing"}),
        ({"open_serial": said(""), "open_contract": said("HZ360-2026-000123")}, {}),
        ({"report_description": said("")}, {"report_description": "empty_description"}),
    ],
)
def test_what_is_wrong_with_an_opening(changes: dict[str, Any], problems: dict[str, str]) -> None:
    assert form_problems(opening(**changes)) == problems
