"""Two people at once about replacements, interviews and services: the second learns who was first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.commands import SlackPerson
from bot.effects import TellUser
from bot.entitlement_commands import ChooseEntitlement, Decision, RecordEntitlement
from bot.entitlements import Entitlement
from bot.escalation_commands import TieEscalation
from bot.interview_commands import AnswerInterview, AskInterview, BeginInterview
from bot.replacement_commands import AskUser, CancelReplacement, RefuteFault, SendReturnWaybill, VerifyFault
from bot.replacements import Stage
from bot.rules.interview_questions import questions
from tests.handlers.desk import ANNA, EWA, OBCY, Desk
from tests.handlers.escalating import ZOFIA, EscalationDesk
from tests.handlers.replacing import BACK, OLD, ReplacementDesk
from tests.handlers.test_entitlements import CHANGE, SERIAL, EntitledDesk
from tests.handlers.test_interviews import InterviewDesk

REVIEW = Entitlement.REVIEW


def zofia(desk: Desk) -> SlackPerson:
    """Zofia as she looks at ticket 1 now; what she does later she does with what she saw."""
    return replace(ZOFIA, channel="C0SUPPORT", saw=desk.database.tables.journal[1][-1].id)


def told(desk: Desk) -> TellUser:
    """The last line that one person alone was shown."""
    return [row.effect for row in desk.database.tables.outbox.values() if isinstance(row.effect, TellUser)][-1]


def assert_was_first(desk: Desk, did: str) -> None:
    said = told(desk)
    assert (said.what, said.user) == ("was_first", ZOFIA.user)
    assert (said.data["who"], said.data["did"]) == (EWA.user, f"first.{did}")


def test_the_customer_is_not_asked_twice_to_confirm_the_fault() -> None:
    desk = ReplacementDesk()
    desk.start()
    desk.check()
    desk.verify()
    second = zofia(desk)
    desk.ask_user()
    mails = len(desk.mails)
    desk.do(AskUser(second, 1, desk.it.id, "Proszę potwierdzić."))
    assert_was_first(desk, "replacement_ask")
    assert told(desk).data["own"] == "Proszę potwierdzić."
    assert len(desk.mails) == mails
    desk.do(AskUser(zofia(desk), 1, desk.it.id, "Proszę potwierdzić."))
    assert len(desk.mails) == mails + 1, "who knows of the first may ask once more"


@pytest.mark.parametrize("end", [RefuteFault, CancelReplacement], ids=lambda kind: kind.__name__)
def test_a_fault_that_was_verified_meanwhile_is_not_denied(end: type) -> None:
    desk = ReplacementDesk()
    desk.start()
    desk.check()
    second = zofia(desk)
    desk.verify()
    desk.do(end(second, 1, desk.it.id, "Działa."))
    assert_was_first(desk, "replacement_verify")
    assert desk.it.stage is Stage.VERIFIED


def test_a_second_waybill_is_not_sent_unseen_and_a_stage_that_is_over_says_since_when() -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.log_confirmation()
    desk.dispatch()
    desk.deliver()
    second = zofia(desk)
    desk.send_waybill()
    desk.do(SendReturnWaybill(second, 1, desk.it.id, BACK, ()))
    assert_was_first(desk, "replacement_send_waybill")
    assert len(desk.it.waybills) == 1
    desk.do(VerifyFault(replace(second, saw=None), 1, desk.it.id))
    said = told(desk)
    assert (said.what, said.data["who"]) == ("replacement_not_now", EWA.user)
    assert "at" in said.data


def test_an_answer_of_the_interview_is_not_replaced_by_one_that_did_not_know_of_it() -> None:
    desk = InterviewDesk()
    second = zofia(desk)
    desk.write_down(("contact", "Jan Kowalski"))
    desk.do(AnswerInterview(second, 1, desk.interview.id, (("contact", "Anna Nowak"),)))
    assert_was_first(desk, "interview_answered")
    assert desk.known() == {"contact": "Jan Kowalski"}
    other = next(question.id for question in questions() if question.id != "contact")
    desk.do(AnswerInterview(second, 1, desk.interview.id, ((other, "10.0.0.1"),)))
    assert desk.known() == {"contact": "Jan Kowalski", other: "10.0.0.1"}, "other questions are nobody's"


def test_the_questions_are_not_sent_twice_and_an_interview_is_begun_once() -> None:
    desk = InterviewDesk()
    second = zofia(desk)
    desk.send_questions()
    mails = len(desk.mails)
    desk.do(AskInterview(second, 1, desk.interview.id, "Zadzwonię."))
    assert_was_first(desk, "interview_asked")
    assert len(desk.mails) == mails
    desk.begin()
    desk.do(BeginInterview(second, 1, OLD))
    assert_was_first(desk, "interview_begin")


def test_a_service_is_not_recorded_or_chosen_twice() -> None:
    desk = EntitledDesk("Problem niekrytyczny.")
    second: Any = zofia(desk)
    desk.do(RecordEntitlement(EWA, 1, REVIEW, SERIAL, "z telefonu"))
    desk.do(RecordEntitlement(second, 1, REVIEW, SERIAL, "z rozmowy"))
    assert_was_first(desk, "entitlement_agreed")
    assert told(desk).data["own"] == "z rozmowy"
    assert len(desk.uses) == 1
    desk.do(RecordEntitlement(second, 1, CHANGE, SERIAL))
    assert len(desk.uses) == 2, "another service is another one"


def test_what_was_decided_about_a_service_says_who_and_when() -> None:
    desk = EntitledDesk()
    second = zofia(desk)
    desk.decide(Decision.AGREE)
    desk.do(ChooseEntitlement(second, 1, desk.uses[0].id, REVIEW, SERIAL))
    assert_was_first(desk, "entitlement_agreed")
    desk.decide(Decision.AGREE, by=replace(second, saw=None))
    said = told(desk)
    assert (said.what, said.data["who"]) == ("entitlement_is_agreed", EWA.user)
    assert "at" in said.data


def test_an_interview_that_is_held_elsewhere_says_who_holds_it() -> None:
    desk = InterviewDesk()
    desk.write(ANNA, f"Problem niekrytyczny. Druga sprawa. {OLD}, HZ360-2026-000101", subject="Wdrożenie")
    desk.begin(ticket_id=desk.tickets[1].id)
    desk.do(AskInterview(replace(zofia(desk), saw=None), 1, desk.interview.id))
    assert (told(desk).what, told(desk).data["who"]) == ("interview_gone", EWA.user)


def test_the_wrong_of_two_tickets_for_an_escalation_is_not_tied_by_a_window_of_before() -> None:
    desk = EscalationDesk()
    desk.write(OBCY, "To skandal!", subject="Skarga", to="escalation@myhezo.pl")
    case = desk.last.ticket_id
    second = replace(ZOFIA, saw=desk.database.tables.journal[case][-1].id)
    number = desk.ticket(1).number
    desk.do(TieEscalation(EWA, case, desk.last.id, number))
    desk.do(TieEscalation(second, case, desk.last.id, "HEZO-2026-000999"))
    assert_was_first(desk, "escalation_tied")
    assert told(desk).data["other"] == number


def test_a_service_that_was_given_another_meaning_is_not_decided_by_a_button_of_before() -> None:
    desk = EntitledDesk()
    [asked] = desk.uses
    second = zofia(desk)
    for _ in range(2):  # both reviews of the year are taken
        desk.do(RecordEntitlement(EWA, 1, REVIEW, SERIAL, done_on=desk.clock.time.date()))
    desk.do(ChooseEntitlement(EWA, 1, asked.id, REVIEW, SERIAL))
    assert desk.uses[0].state == "asked", "nothing is left of it: somebody has to grant it"
    desk.decide(Decision.GRANT, taken=2, use=0, by=second)
    assert_was_first(desk, "entitlement_chosen")
    desk.decide(Decision.GRANT, taken=2, use=0, by=zofia(desk))
    assert desk.uses[0].state == "agreed"
