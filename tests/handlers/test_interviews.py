"""The technical interview: asked by mail, answered inline or on the phone, kept with the device, exported."""

from __future__ import annotations

import json

from bot.commands import SlackPerson
from bot.effects import Note, PostInterviewPanel
from bot.interview_commands import AnswerInterview, AskInterview, BeginInterview, ExportInterview
from bot.interviews import AnswerSource, Interview
from bot.model import Language
from bot.rules.interview_questions import questions
from tests.handlers.desk import ANNA, EWA, quoted
from tests.handlers.replacing import OLD, ReplacementDesk
from tests.handlers.timekeeping import warsaw


class InterviewDesk(ReplacementDesk):
    """Anna's ticket, in which Ewa holds the interview about her device."""

    def __init__(self) -> None:
        super().__init__("Prosimy o wdrożenie nowego urządzenia. Problem niekrytyczny.")
        self.begin()

    def begin(self, by: SlackPerson = EWA, ticket_id: int = 1) -> None:
        self.do(BeginInterview(by, ticket_id, OLD))

    def send_questions(self) -> None:
        self.do(AskInterview(EWA, 1, self.interview.id, "Zadzwonię w piątek."))

    def write_down(self, *answers: tuple[str, str]) -> None:
        self.do(AnswerInterview(EWA, 1, self.interview.id, answers))

    @property
    def interview(self) -> Interview:
        return list(self.database.tables.interviews.values())[-1]

    def known(self) -> dict[str, str]:
        return {its_id: answer.text for its_id, answer in self.interview.answers}

    def said_in_thread(self) -> list[dict[str, object]]:
        return [post.data for post in self.posts if post.note is Note.INTERVIEW]


def test_the_questions_go_out_and_inline_answers_come_back() -> None:
    desk = InterviewDesk()
    desk.write_down(("contact", "Jan Kowalski"))
    desk.send_questions()
    letter = desk.last_mail
    assert "FortiGate-121G o numerze seryjnym FG121GTK25004672" in letter.text
    assert "Zadzwonię w piątek." in letter.text
    assert "Haseł ani kluczy prosimy nie przesyłać" in letter.text
    assert "\n1. " not in letter.text, "what is known is not asked"
    assert "\n4. Jaki ma być adres do zarządzania urządzeniem? (adres IP" in letter.text
    assert desk.clocks(1) == ["customer_reply"]
    desk.pass_until(warsaw(23, "11:00"))
    lines = quoted(letter, "gmail").splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("> 4. "))
    lines[place] += "\n\n10.0.0.1/24, brama 10.0.0.254\n"
    place = next(number for number, line in enumerate(lines) if line.startswith("> 15. "))
    lines[place] += "\nOdp: nie"
    desk.write(ANNA, "Odpowiedzi poniżej.\n\n" + "\n".join(lines), answer=letter, quote="")
    assert desk.known() == {"contact": "Jan Kowalski", "management": "10.0.0.1/24, brama 10.0.0.254", "ha": "nie"}
    answer = desk.interview.answer("ha")
    assert answer is not None
    assert (answer.by, answer.source) == (ANNA, AnswerSource.MAIL)
    assert "Brakuje jeszcze odpowiedzi na pytania: Okno serwisowe, Miejsce i rola" in desk.last_mail.text
    assert "reply" in desk.clocks(1), "it is our turn"


def test_answers_that_are_names_and_numbers_change_no_language() -> None:
    desk = InterviewDesk()
    desk.send_questions()
    letter = desk.last_mail
    desk.database.tables.tickets[1].language = Language.EN
    desk.pass_until(warsaw(23, "11:00"))
    desk.write(ANNA, "1. Anna Nowak\n4. 10.0.0.1/24\n5. Orange DHCP", answer=letter)
    assert desk.known()["wan"] == "Orange DHCP"
    assert "Thank you for your answers" in desk.last_mail.text, "they wrote English before"


def test_a_mail_without_answers_thanks_nobody() -> None:
    desk = InterviewDesk()
    desk.send_questions()
    mails = len(desk.mails)
    desk.answer("Odpiszę jutro.")
    assert (desk.known(), len(desk.mails)) == ({}, mails)


def test_corrections_are_kept_in_the_journal_and_told() -> None:
    desk = InterviewDesk()
    desk.write_down(("wan", "DHCP"), ("ha", "nie"))
    desk.send_questions()
    number = next(question.number for question in questions() if question.id == "wan")
    desk.write(ANNA, f"{number}. statyczny 203.0.113.5/29", answer=desk.last_mail)
    assert desk.known()["wan"] == "statyczny 203.0.113.5/29"
    desk.write_down(("ha", ""))
    assert "ha" not in desk.known()
    first, second, third = desk.journal(1, "interview_answered")
    assert (first["answers"], first["before"]) == ({"wan": "DHCP", "ha": "nie"}, {})
    assert (second["source"], second["before"]) == ("mail", {"wan": "DHCP"})
    assert (third["answers"], third["before"]) == ({"ha": ""}, {"ha": "nie"})
    assert [line.get("corrected") for line in desk.said_in_thread() if str(line["event"]).startswith("answered")] == [
        [], ["wan"], ["ha"]
    ]  # fmt: skip


def test_what_changes_nothing_says_nothing() -> None:
    desk = InterviewDesk()
    desk.write_down(("wan", "DHCP"))
    before = desk.counts()
    desk.write_down(("wan", "DHCP"), ("unknown", "x"), ("ha", ""))
    assert desk.counts() == before


def test_the_answers_stay_with_the_device_in_another_ticket() -> None:
    desk = InterviewDesk()
    desk.write_down(("wan", "DHCP"))
    first = desk.interview
    desk.write(ANNA, f"Problem niekrytyczny. Druga sprawa. {OLD}, HZ360-2026-000101", subject="Wdrożenie")
    other = desk.tickets[1].id
    desk.begin(ticket_id=other)
    assert (desk.interview.id, desk.interview.ticket_id) == (first.id, other)
    assert desk.known() == {"wan": "DHCP"}
    desk.write_down(("wan", "x"))
    assert desk.refusals()[-1] == "interview_gone"
    assert [each.ticket_id for each in desk.effects(PostInterviewPanel)][-1] == other


def test_the_export_is_the_templates_input() -> None:
    desk = InterviewDesk()
    desk.write_down(("wan", "DHCP\nłącze zapasowe: LTE"))
    desk.do(ExportInterview(EWA, 1, desk.interview.id))
    shown = json.loads(str(desk.said_in_thread()[-1]["json"]))
    assert (shown["format"], shown["serial"]) == ("hezo360-interview-1", OLD)
    assert shown["answers"]["wan"]["text"] == "DHCP\nłącze zapasowe: LTE"
    assert shown["answers"]["ha"] is None
    assert list(shown["answers"]) == [question.id for question in questions()]


def test_only_staff_and_only_of_an_accepted_report() -> None:
    desk = InterviewDesk()
    stranger = SlackPerson("U0KLIENT", "Anna", "C0SHARED", is_stranger=True)
    before = desk.interview
    desk.do(AnswerInterview(stranger, 1, before.id, (("wan", "x"),)))
    desk.do(AskInterview(stranger, 1, before.id))
    desk.begin(stranger)
    assert (desk.interview, desk.refusals()) == (before, ["not_allowed"] * 3)
    desk.write("nikt@poczta.example", "Proszę o wywiad.")
    desk.begin(ticket_id=desk.tickets[1].id)
    assert desk.refusals()[3:] == ["not_in_this_state"]
    desk.write_down(*((question.id, "x") for question in questions()))
    desk.send_questions()
    assert desk.refusals()[4:] == ["interview_complete"]
