"""The table of questions: each verdict, what was asked before it, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bot.model import Contract, Device
from bot.rules.intake import Given, assess
from bot.rules.mail_matching import KeyKind
from bot.rules.mail_reading import read_mail
from bot.rules.mail_screening import screen
from bot.rules.understanding import QUESTIONS, KnownMail, Match, Standing, Verdict, understand

DEVICE = Device("FG100D3G13803999", "FortiGate-100D")
CONTRACT = Contract(1, "HZ-1", "M", "1", date(2026, 1, 1), date(2026, 12, 31), (DEVICE,), ("@klient.example",))
REPORT = Given((DEVICE,), (CONTRACT,), ("HZ-1",), (CONTRACT,), date(2026, 11, 23))
NOTHING = Given((), (), (), (), date(2026, 11, 23))
ENQUIRY = replace(NOTHING, info_only=True)
TICKET = Match("HEZO-2026-000001", KeyKind.SUBJECT_NUMBER, True, Standing.OPEN)


def known(*fields: str, given: Given = REPORT, **changes: object) -> KnownMail:
    mail = read_mail("\r\n".join(["From: jan@klient.example", *fields, "", "Nie dziala"]).encode())
    screening = screen(mail, {"pomoc@myhezo.pl"}, "myhezo.pl")
    values: dict[str, object] = {
        "mail": mail, "complete": True, "own_copy": False, "screening": screening, "to_escalation": False,
        "sender": "jan@klient.example", "authentic": given.authentic, "match": None, "given": given,
        "assessment": assess(given),
    }  # fmt: skip
    return KnownMail(**(values | changes))  # type: ignore[arg-type]  # a test names the fields it is about


SPAM, LIST, ROBOT = "X-Spam-Flag: YES", "List-Id: <x.example>", "Auto-Submitted: auto-replied"


@pytest.mark.parametrize(
    ("mail", "verdict"),
    [
        (known(), Verdict.REPORT),
        (known(given=NOTHING), Verdict.REPORT),
        (known(given=replace(REPORT, authorised_on=())), Verdict.HELD),
        (known(given=replace(REPORT, authentic=False)), Verdict.HELD),
        (known(given=ENQUIRY), Verdict.ENQUIRY),
        (known(to_escalation=True), Verdict.ESCALATION),
        (known(given=replace(REPORT, authorised_on=()), to_escalation=True), Verdict.HELD),
        (known(match=TICKET), Verdict.FOLLOW_UP),
        (known(match=TICKET, to_escalation=True), Verdict.ESCALATION),
        (known(match=replace(TICKET, standing=Standing.REOPENS)), Verdict.FOLLOW_UP),
        (known(match=replace(TICKET, standing=Standing.TOO_LATE)), Verdict.REPORT),
        (known(match=replace(TICKET, standing=Standing.OTHER_MATTER)), Verdict.REPORT),
        (known(match=replace(TICKET, standing=Standing.NEVER_ACCEPTED)), Verdict.HELD),
        (known(match=replace(TICKET, belongs=False)), Verdict.HELD),
        (known(own_copy=True), Verdict.LOOP),
        (known(ROBOT), Verdict.AUTO_REPLY),
        (known(ROBOT, match=TICKET), Verdict.AUTO_REPLY),
        (known("X-Loop: pomoc@myhezo.pl"), Verdict.LOOP),
        (known("X-Failed-Recipients: anna@klient.example"), Verdict.BOUNCE),
        (known(SPAM), Verdict.REPORT),
        (known(SPAM, given=NOTHING), Verdict.SPAM),
        (known(SPAM, given=NOTHING, match=TICKET), Verdict.FOLLOW_UP),
        (known(LIST), Verdict.REPORT),
        (known(LIST, given=NOTHING), Verdict.LIST),
    ],
)
def test_verdicts(mail: KnownMail, verdict: Verdict) -> None:
    understanding = understand(mail)
    assert understanding.verdict is verdict
    assert understanding.reason
    names = [name for name, _ in QUESTIONS]
    asked = [check.check for check in understanding.checks]
    assert asked[: len(names)] == names[: len(asked)]
    assert all(check.found for check in understanding.checks)


def test_no_reply_senders_are_left_alone_shown_or_taken_by_where_they_write() -> None:
    from_robot = read_mail(b"From: no-reply@klient.example\r\n\r\nx")
    screening = screen(from_robot, frozenset(), "myhezo.pl")
    mail = known(mail=from_robot, screening=screening)
    assert understand(mail).verdict is Verdict.REPORT
    assert understand(replace(mail, given=NOTHING)).verdict is Verdict.AUTO_REPLY
    assert understand(replace(mail, match=TICKET)).verdict is Verdict.AUTO_REPLY


def test_what_names_no_sender_and_no_number_is_for_people() -> None:
    nameless = read_mail(b"Subject: x\r\n\r\nx")
    screening = screen(nameless, frozenset(), "myhezo.pl")
    mail = known(mail=nameless, screening=screening, sender="", given=NOTHING)
    assert understand(mail).verdict is Verdict.UNREADABLE
    broken = replace(nameless, problems=("unreadable (RecursionError)",))
    assert understand(replace(mail, mail=broken)).reason == "unreadable (RecursionError)"


def test_the_reason_says_what_a_report_lacks() -> None:
    assert understand(known(given=NOTHING)).reason == "a report that lacks: no_serial, no_contract"
    assert understand(known(match=replace(TICKET, belongs=False))).reason.startswith("quotes HEZO-2026-000001")
