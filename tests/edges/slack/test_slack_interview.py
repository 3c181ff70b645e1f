"""The interview in Slack: its message, its forms within Slack's limits, and what comes back of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bot.commands import NothingToDo
from bot.edges.slack_ids import ModalPlace
from bot.edges.slack_interview import (
    ASK,
    BEGIN_MODAL,
    EXPORT,
    FILL,
    InterviewShown,
    begin_form,
    interview_form,
    panel,
)
from bot.edges.slack_payloads import submission_problems, to_command
from bot.interview_commands import AnswerInterview, AskInterview, BeginInterview, ExportInterview
from bot.interviews import Answer, AnswerSource, Interview
from bot.model import Device, Language
from bot.rules.interview_questions import questions
from bot.sandbox.slack.blocks_check import check_view
from tests.edges.slack.office import NOW, ZONE, make_ticket, staff_words
from tests.edges.slack.test_slack_blocks import NASTY, check, said
from tests.edges.slack.test_slack_payloads import click, submission

DEVICE = Device("FGT60FTK20012345", "FortiGate-60F")


def with_answers(text: str, *ids: str) -> Interview:
    answers = tuple((its_id, Answer(text, "U0EWA", NOW, AnswerSource.FORM)) for its_id in ids)
    return Interview(3, 7, DEVICE, NOW, "U0EWA", answers=answers, asked_at=NOW)


ALL = [question.id for question in questions()]


@pytest.mark.parametrize("language", Language)
def test_the_message_shows_what_is_known_and_what_is_missing(language: Language) -> None:
    _, blocks = check(panel(with_answers("10.0.0.1/24", "management"), staff_words(language), ZONE))
    words = said(blocks)
    assert f"1 {'z' if language is Language.PL else 'of'} {len(ALL)}" in words
    assert "10.0.0.1/24" in words
    shown = [button["action_id"] for button in blocks[-1]["elements"]]  # type: ignore[attr-defined]  # a list
    assert shown == [FILL, ASK, EXPORT]
    _, blocks = check(panel(with_answers("x", *ALL), staff_words(language), ZONE))
    assert ASK not in str(blocks)
    _, blocks = check(panel(with_answers(""), staff_words(language), ZONE))
    assert EXPORT not in str(blocks)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NASTY)
def test_no_words_break_it(nasty: str) -> None:
    check(panel(with_answers(nasty or "x", *ALL), staff_words(), ZONE))


@pytest.mark.parametrize("language", Language)
def test_forms_are_such_that_slack_takes_them(language: Language) -> None:
    words, place = staff_words(language), ModalPlace(7, other_id=3)
    for interview in (with_answers(""), with_answers("ż" * 2000, *ALL)):
        shown = InterviewShown(make_ticket(), interview, "anna@klient.example")
        check_view(interview_form(FILL, shown, words, place), "modal")
        check_view(interview_form(ASK, shown, words, place), "modal")
    check_view(begin_form(make_ticket(), [DEVICE], words, place), "modal")


def submitted(callback_id: str, values: dict[str, Any], blocks: object = None) -> dict[str, Any]:
    body = submission(callback_id, {block_id: {"value": field} for block_id, field in values.items()})
    body["view"] |= {"private_metadata": ModalPlace(7, other_id=3).to_metadata(), "blocks": blocks}
    return body


def test_only_what_was_changed_in_the_form_is_an_answer() -> None:
    """What came by mail while the form was open stands in a field that was empty and still is."""
    shown = InterviewShown(make_ticket(), with_answers("DHCP", "wan", "ha"), "a@k.example")
    form: Any = interview_form(FILL, shown, staff_words(), ModalPlace(7, other_id=3))
    values = {"answer_wan": {"value": "DHCP "}, "answer_ha": {"value": ""}, "answer_lan": {"value": "10.0.0.0/24"}}
    command = to_command(submitted(FILL, values, form["blocks"]), NOW)
    assert isinstance(command, AnswerInterview)
    assert command.answers == (("lan", "10.0.0.0/24"), ("ha", ""))
    assert (command.ticket_id, command.interview_id) == (7, 3)


def test_the_other_forms_and_buttons() -> None:
    asked = to_command(submitted(ASK, {"to_customer": {"value": " Dziękuję "}}), NOW)
    assert isinstance(asked, AskInterview)
    assert asked.words == "Dziękuję"
    note = submitted(ASK, {"to_customer": {"value": "notatka: x"}})
    assert submission_problems(note, NOW, ZONE) == {"to_customer": "looks_like_note"}
    begun = to_command(submitted(BEGIN_MODAL, {"device": {"selected_option": {"value": DEVICE.serial}}}), NOW)
    assert isinstance(begun, BeginInterview)
    assert begun.serial == DEVICE.serial
    assert submission_problems(submitted(BEGIN_MODAL, {}), NOW, ZONE) == {"device": "not_chosen"}
    exported = to_command(click(EXPORT, "7:3"), NOW)
    assert isinstance(exported, ExportInterview)
    assert (exported.ticket_id, exported.interview_id) == (7, 3)
    assert isinstance(to_command(click(EXPORT, "x"), NOW), NothingToDo)
    assert isinstance(to_command(click(FILL, "7:3"), NOW), NothingToDo)
