"""The daily message about contracts and services, and the form that offers a service."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.commands import NothingToDo
from bot.edges.slack_ids import SERVICE_OFFER, ModalPlace
from bot.edges.slack_payloads import submission_problems, to_command
from bot.edges.slack_services import (
    ADDRESS_BLOCK,
    DISMISS,
    OTHER_BLOCK,
    WORDS_BLOCK,
    NoticeShown,
    digest,
    offer_form,
)
from bot.entitlement_commands import DismissNotice, OfferService
from bot.entitlements import DeviceStanding, Entitlement, NoticeDecision, NoticeKind, ServiceNotice, Standing
from bot.model import Language
from bot.sandbox.slack.blocks_check import check_view
from tests.edges.slack.office import staff_words
from tests.edges.slack.test_slack_blocks import check, said
from tests.edges.slack.test_slack_entitlement import CONTRACT, SERIAL, command
from tests.edges.slack.test_slack_payloads import click, submission

DAY = date(2026, 11, 23)
REVIEW = ServiceNotice(3, "k", NoticeKind.REVIEW, 1, (SERIAL,), date(2027, 3, 14), DAY)
DEVICES = (DeviceStanding(SERIAL, "FortiGate-60F", (Standing(Entitlement.REVIEW, 2, 0, 0, date(2027, 3, 14)),)),)


def test_the_message_word_for_word() -> None:
    ends = ServiceNotice(2, "e", NoticeKind.ENDS, 1, (), date(2026, 12, 23), DAY)
    offered = replace(REVIEW, id=4, decision=NoticeDecision.OFFERED, decided_by="U0EWA")
    left = replace(
        REVIEW, id=5, kind=NoticeKind.FIRMWARE_UPGRADE, decision=NoticeDecision.DISMISSED, decided_by="U0EWA"
    )
    shown = [NoticeShown(one, CONTRACT) for one in (ends, REVIEW)]
    shown += [NoticeShown(offered, CONTRACT, "HEZO-2026-000009"), NoticeShown(left, CONTRACT)]
    assert said(check(digest(shown, DAY, 3, staff_words()))[1]).splitlines() == [
        "🗓️ Umowy i usługi: 23 lis 2026",
        "⏳ Umowa HZ360-2026-000101 (Mleczarnia) kończy się za 30 dni: 23 gru 2026",
        "Niewykorzystany przegląd konfiguracji i logów: HZ360-2026-000101 (Mleczarnia), rok umowy do 14 mar 2027",
        f"Urządzenia: {SERIAL}",
        "Zaproponuj klientowi…",
        "Pomiń",
        "Niewykorzystany przegląd konfiguracji i logów: HZ360-2026-000101 (Mleczarnia), rok umowy do 14 mar 2027",
        f"Urządzenia: {SERIAL}",
        "✅ Zaproponowano klientowi (<@U0EWA>), zgłoszenie HEZO-2026-000009",
        "Niewykorzystana aktualizacja firmware: HZ360-2026-000101 (Mleczarnia), rok umowy do 14 mar 2027",
        f"Urządzenia: {SERIAL}",
        "Pominięto (<@U0EWA>)",
        "I jeszcze 3 sprawy; pokażę je w następnych dniach roboczych.",
    ]


def test_a_full_message_is_what_slack_takes() -> None:
    long = replace(CONTRACT, customer="Ż" * 200, number="HZ360-2026-000101")
    serials = tuple(f"FGT60FTK{number:08}" for number in range(40))
    full = [NoticeShown(replace(REVIEW, id=number, serials=serials), long) for number in range(1, 11)]
    check(digest(full, DAY, 500, staff_words()))
    last = replace(REVIEW, kind=NoticeKind.ENDS, due_on=DAY)
    assert "kończy się dziś" in said(check(digest([NoticeShown(last, CONTRACT)], DAY, 0, staff_words()))[1])


@pytest.mark.parametrize("language", list(Language))
def test_the_form_is_what_slack_takes(language: Language) -> None:
    for people in (("@klient.example",), ("anna@klient.example", "@klient.example")):
        contract = replace(CONTRACT, authorised=people, language=language)
        view = offer_form(REVIEW, contract, DEVICES, staff_words(language), ModalPlace(None, use_id=3))
        check_view(view, "modal")


def form(**values: Any) -> dict[str, Any]:
    body = submission(SERVICE_OFFER, {block_id: {"value": value} for block_id, value in values.items()})
    body["view"]["private_metadata"] = ModalPlace(None, use_id=3, real_name="Jan Nowak").to_metadata()
    return body


def test_what_the_form_asks_for() -> None:
    chosen = {"selected_option": {"value": "anna@klient.example"}}
    offer = command(form(**{ADDRESS_BLOCK: chosen, WORDS_BLOCK: {"value": " Zapraszamy "}}), OfferService)
    assert (offer.notice_id, offer.address, offer.words, offer.by.name) == (
        3, "anna@klient.example", "Zapraszamy", "Jan Nowak"
    )  # fmt: skip
    typed = command(form(**{ADDRESS_BLOCK: chosen, OTHER_BLOCK: {"value": "jan@klient.example"}}), OfferService)
    assert typed.address == "jan@klient.example"
    assert submission_problems(form()) == {OTHER_BLOCK: "no_recipient"}
    assert submission_problems(form(**{OTHER_BLOCK: {"value": "jan"}})) == {OTHER_BLOCK: "no_address"}


def test_buttons() -> None:
    assert command(click(DISMISS, "3"), DismissNotice).notice_id == 3
    assert isinstance(to_command(click(DISMISS, "x")), NothingToDo)
    assert isinstance(to_command(click(SERVICE_OFFER, "3")), NothingToDo)
