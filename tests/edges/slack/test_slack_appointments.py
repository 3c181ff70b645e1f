"""Booking a meeting: the form, what is wrong with it, and the buttons that pick a time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.commands import NothingToDo
from bot.edges.slack_appointments import (
    DURATION_BLOCK,
    OFFER_MODAL,
    PURPOSE_BLOCK,
    TIME_BLOCKS,
    WORDS_BLOCK,
    offer_form,
)
from bot.edges.slack_customer import to_customer
from bot.edges.slack_ids import ModalPlace
from bot.edges.slack_payloads import submission_problems, to_command
from bot.edges.slack_thread import decided_dates, thread_post
from bot.effects import MailKind, Note, PostInThread, PostToCustomer
from bot.entitlement_commands import CancelDate, OfferTimes, PickDate
from bot.entitlements import UseState
from bot.model import Language
from bot.sandbox.slack.blocks_check import check_view
from tests.edges.slack.office import NOW, TICKET_ID, ZONE, make_ticket, staff_words
from tests.edges.slack.test_slack_blocks import check, said
from tests.edges.slack.test_slack_entitlement import a_use, command, form
from tests.edges.slack.test_slack_payloads import click

LATER = int(NOW.timestamp()) + 86_400
HOUR = 3_600


def filled(*times: int, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        block_id: {"selected_date_time": time} for block_id, time in zip(TIME_BLOCKS, times, strict=False)
    }
    values[DURATION_BLOCK] = {"selected_option": {"value": "90"}}
    values[PURPOSE_BLOCK] = {"selected_option": {"value": "4"}}
    return values | changes


@pytest.mark.parametrize("language", list(Language))
def test_the_form_is_what_slack_takes_and_shows_the_mail(language: Language) -> None:
    uses = [a_use(UseState.AGREED), a_use(UseState.DONE, id=5)]
    view = offer_form(make_ticket(), uses, NOW, staff_words(language), ZONE, ModalPlace(TICKET_ID, use_id=4))
    check_view(view, "modal")
    assert "Europe/Warsaw" in json.dumps(view, ensure_ascii=False)
    assert "proponujemy termin (zdalna zmiana konfiguracji" in json.dumps(view, ensure_ascii=False)
    check_view(offer_form(make_ticket(), [], NOW, staff_words(language), ZONE, ModalPlace(TICKET_ID)), "modal")


def test_what_the_form_asks_for() -> None:
    offered = command(form(OFFER_MODAL, filled(LATER, LATER + HOUR)), OfferTimes)
    assert offered.times == tuple(datetime.fromtimestamp(at, UTC) for at in (LATER, LATER + HOUR))
    assert (offered.duration, offered.use_id) == (timedelta(minutes=90), 4)
    meeting = {PURPOSE_BLOCK: {"selected_option": {"value": "meeting"}}, WORDS_BLOCK: {"value": " Konsola? "}}
    plain = command(form(OFFER_MODAL, filled(LATER, **meeting)), OfferTimes)
    assert (plain.use_id, plain.words) == (None, "Konsola?")


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        (filled(), {TIME_BLOCKS[0]: "not_chosen"}),
        (filled(LATER, LATER), {TIME_BLOCKS[1]: "same_time"}),
        (filled(LATER - 2 * 86_400), {TIME_BLOCKS[0]: "not_on_time_scale"}),
        (filled(LATER + 500 * 86_400), {TIME_BLOCKS[0]: "not_on_time_scale"}),
        (filled(LATER, **{WORDS_BLOCK: {"value": "notatka: zadzwonić"}}), {WORDS_BLOCK: "looks_like_note"}),
        (filled(LATER, **{DURATION_BLOCK: {}}), {DURATION_BLOCK: "not_chosen"}),
        (filled(LATER, **{PURPOSE_BLOCK: {"selected_option": {"value": "x"}}}), {PURPOSE_BLOCK: "not_chosen"}),
        (filled(LATER, LATER + HOUR, LATER + 2 * HOUR), {}),
    ],
)
def test_what_is_wrong_with_it(values: dict[str, Any], problems: dict[str, str]) -> None:
    assert submission_problems(form(OFFER_MODAL, values), NOW, ZONE) == problems


def test_buttons() -> None:
    picked = command(click("date_pick_2", f"7:{LATER}"), PickDate)
    assert (picked.ticket_id, picked.date) == (7, datetime.fromtimestamp(LATER, UTC))
    for value in ("7", f"7:{LATER}:1", "7:-5", None):
        assert isinstance(to_command(click("date_pick_1", value)), NothingToDo)
    assert command(click("date_cancel", "7"), CancelDate).ticket_id == 7


def test_the_offered_times_in_the_thread_with_a_button_each() -> None:
    dates = [datetime.fromtimestamp(at, UTC).isoformat() for at in (LATER, LATER + HOUR)]
    post = PostInThread(TICKET_ID, Note.AGREED_DATE, {"event": "offered", "at": dates[0], "options": dates})
    _, blocks = check(thread_post(post, staff_words(), ZONE))
    text = said(blocks)
    assert "📅 Terminy do wyboru, czekają na klienta:\n1. " in text
    assert text.count("Klient wybrał: ") == 2
    values = [button["value"] for button in blocks[-1]["elements"]]  # type: ignore[attr-defined]  # JSON
    assert values == [f"{TICKET_ID}:{LATER}", f"{TICKET_ID}:{LATER + HOUR}"]
    for options, told in ((dates, "📅 Do wyboru były terminy:\n1. "), (dates[:1], "📅 Zaproponowany był termin: ")):
        _, blocks = check(decided_dates(post.data | {"options": options}, staff_words(), ZONE))
        assert said(blocks).startswith(told)
        assert [block["type"] for block in blocks] == ["rich_text"], "no button is left to press"


def test_customers_pick_by_buttons_below_the_words() -> None:
    effect = PostToCustomer(MailKind.REPLY, 7, "U0KLIENT", "Terminy:", choices=(("1. wtorek", "7:5000000000"),))
    _, blocks = to_customer(effect, opens_thread=False)
    assert blocks[-1]["type"] == "actions"
    assert "1. wtorek" in said(blocks)
