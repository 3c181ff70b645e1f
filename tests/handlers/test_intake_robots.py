"""Robots, with and without marks of one: they get no answers that could loop, and move no clock."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from bot.commands import NextTurn, ReplyToCustomer
from bot.effects import Note
from bot.model import TicketState
from bot.ports import InboxState
from tests.handlers.desk import ANNA, EWA, OBCY, Desk, Mail, quoted

NUMBERS = "Numer seryjny FG121GTK25004672, umowa HZ360-2026-000101."
HELPDESK, SERVICE = "helpdesk@klient.example", "support@robot.example"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def play(desk: Desk, robot: str, answer_of: dict[str, object], rounds: int = 12) -> list[Mail]:
    """Let a robot answer every mail it gets; gives all our mails to it."""
    answered = 0
    for count in range(rounds):
        mails = desk.mails_to(robot)[answered:]
        answered += len(mails)
        desk.clock.move(minutes=1)
        for mail in mails:
            text = str(answer_of["text"]).format(n=4000 + count, quote=quoted(mail, "gmail"))
            if answer_of.get("threads"):
                desk.write(robot, text, answer=mail, quote=str(answer_of.get("quote", "gmail")))
            else:
                subject = str(answer_of["subject"]).format(n=4000 + count)
                desk.write(robot, text, subject=subject)
    return desk.mails_to(robot)


TICKET_SYSTEM = "Dzień dobry,\ndziękujemy za kontakt z działem IT. Twoja sprawa ma numer #{n} i czeka w kolejce."
THREADS: dict[str, object] = {"threads": True, "text": TICKET_SYSTEM}
OWN_THREAD: dict[str, object] = {"text": TICKET_SYSTEM, "subject": "[#{n}] Nowa sprawa w kolejce"}
QUOTING: dict[str, object] = {"text": TICKET_SYSTEM + "\n\n{quote}", "subject": "Re: [IT #{n}] sprawa"}
WITH_SERIAL: dict[str, object] = {
    "text": TICKET_SYSTEM + "\nUrządzenie FG121GTK25004672, umowa HZ360-2026-000101",
    "subject": "Nowa sprawa {n}",
}
NUMBER_LIKE_A_SERIAL: dict[str, object] = {"threads": True, "text": "Numer seryjny sprawy: FGT60F{n}2025 przyjęto."}


@pytest.mark.parametrize("robot", [HELPDESK, SERVICE])
@pytest.mark.parametrize("kind", [THREADS, OWN_THREAD, QUOTING, WITH_SERIAL, NUMBER_LIKE_A_SERIAL])
@pytest.mark.parametrize("to", ["pomoc@myhezo.pl", "info@myhezo.pl"])
@pytest.mark.parametrize("first", [NUMBERS, "Proszę o pomoc."])
def test_a_robot_without_marks_gets_three_mails_at_most(
    desk: Desk, robot: str, kind: dict[str, object], to: str, first: str
) -> None:
    desk.write(robot, first, to=to)
    assert 1 <= len(play(desk, robot, kind)) <= 3


VARIED = ["Zażółć gęślą jaźń", "Lorem ipsum dolor sit amet", "Ala ma kota i psa", "Litwo ojczyzno moja ty jesteś",
          "Wlazł kotek na płotek i mruga", "Był sobie król i paź", "W Szczebrzeszynie chrząszcz brzmi"]  # fmt: skip


def test_however_a_robot_varies_its_words_it_gets_three_answers_a_day(desk: Desk) -> None:
    for number, words in enumerate(VARIED):
        desk.write(SERVICE, f"{words}. Numer {number}.", subject=f"Sprawa {number}")
    assert len(desk.mails_to(SERVICE)) == 3
    withheld = [post for post in desk.posts if post.note is Note.MAIL_WITHHELD]
    assert [post.data["detail"] for post in withheld] == ["many_tickets"] * 4


def test_somebody_with_many_broken_devices_is_answered_each_time(desk: Desk) -> None:
    for serial in ("FGT3HD3914800153", "FGT3HD3914800069"):
        desk.write("jan@szpital.example", f"Nie działa {serial}, umowa HZ360-2026-000103", subject=serial)
    desk.write("jan@szpital.example", "Nie działa FGT70GTK25008471, umowa HZ360-2026-000104", subject="70G")
    assert len(desk.mails) == 3


def test_the_cap_of_a_ticket_is_said_once_and_an_engineers_word_lifts_it() -> None:
    desk = Desk(automatic_mails_in_a_row=1)
    desk.write(ANNA, "Zrywa się VPN w oddziale od samego rana.", subject="VPN")
    for answer in ("S/N FG121GTK2500467", "S/N FG121GTK250046"):
        desk.write(ANNA, answer, answer=desk.mails[0], quote="")
    assert len(desk.mails) == 1
    assert [post.data["reason"] for post in desk.posts if post.note is Note.MAIL_WITHHELD] == ["row"]
    desk.do(ReplyToCustomer(EWA, 1, "Proszę o numer.", NextTurn.CUSTOMER))
    desk.write(ANNA, NUMBERS, answer=desk.mails[-1])
    assert "Przyjęliśmy" in desk.mails[-1].text


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"X-Autoreply": "yes"},
        {"Precedence": "auto_reply"},
        {"Return-Path": "<>"},
    ],
)
def test_a_vacation_note_gets_nothing_and_moves_no_clock(desk: Desk, headers: dict[str, str]) -> None:
    desk.write(ANNA, NUMBERS)
    desk.do(ReplyToCustomer(EWA, 1, "Proszę o logi.", NextTurn.CUSTOMER))
    before = desk.clocks(1)
    desk.write(ANNA, "Jestem na urlopie do poniedziałku.", answer=desk.mails[-1], headers=headers)
    if "Precedence" in headers:
        assert desk.notes(1)[-1] in {Note.AUTOMATIC_MAIL, Note.CUSTOMER_WROTE}
        return
    assert desk.clocks(1) == before == ["customer_reply"]
    assert desk.ticket(1).state is TicketState.WAITING
    assert desk.notes(1)[-1] is Note.AUTOMATIC_MAIL
    assert len(desk.mails) == 2


def test_words_that_sound_automatic_are_shown_and_move_nothing(desk: Desk) -> None:
    desk.write(ANNA, NUMBERS)
    desk.do(ReplyToCustomer(EWA, 1, "Proszę o logi.", NextTurn.RESOLVED))
    text = "Twoje zgłoszenie zostało zarejestrowane pod numerem 4711.\nProsimy nie odpowiadać na tę wiadomość."
    desk.write(ANNA, text, answer=desk.mails[-1])
    assert desk.ticket(1).state is TicketState.RESOLVED
    assert desk.posts[-1].note is Note.CUSTOMER_WROTE
    assert desk.posts[-1].data["automatic"] is True


def test_a_no_reply_sender_on_a_ticket_moves_no_clock_and_its_report_is_seen(desk: Desk) -> None:
    desk.write(ANNA, NUMBERS)
    desk.do(ReplyToCustomer(EWA, 1, "Proszę o logi.", NextTurn.CUSTOMER))
    desk.write("no-reply@klient.example", "Sprawa 7 zamknięta.", answer=desk.mails[-1])
    assert desk.clocks(1) == ["customer_reply"]
    desk.write("no-reply@klient.example", f"Alert: device down. {NUMBERS}", subject="Zabbix")
    assert desk.ticket(2).state is TicketState.OPEN
    assert desk.mails_to("no-reply@klient.example") == []


def report(recipient: str, original: str, action: str = "failed") -> bytes:
    about = f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {original}\r\n\r\n" if original else ""
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: pomoc@myhezo.pl\r\nSubject: Undelivered\r\n"
        "Message-ID: <b@mx.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: 5.1.1\r\n\r\n{about}--b--\r\n"
    ).encode()


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("action", ["failed", "delayed"])
def test_a_bounce_finds_its_ticket_by_the_mail_or_the_address(desk: Desk, named: bool, action: str) -> None:
    desk.write(ANNA, NUMBERS)
    desk.take_in(report(ANNA, desk.mails[-1].message_id if named else "", action))
    post = desk.posts[-1]
    assert (post.note, post.ticket, post.data["address"]) == (Note.BOUNCED, "HEZO-2026-000001", ANNA)
    assert post.data["failed"] is (action == "failed")
    assert bool(post.mention) is (action == "failed")
    assert len(desk.tickets) == 1
    assert len(desk.mails) == 1


@pytest.mark.parametrize(
    ("sender", "subject", "with_id"),
    [
        ("postmaster@mx.example", "Mail status", True),
        ("postmaster@mx.example", "Undeliverable: [HEZO-2026-000001]", False),
        ("MAILER-DAEMON@mx.example", "failure", False),
    ],
)
def test_a_bounce_by_nobodys_standard_is_one_all_the_same(desk: Desk, sender: str, subject: str, with_id: bool) -> None:
    desk.write(ANNA, f"FortiGate nie działa. {NUMBERS}")
    lost = desk.mails[-1]
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "pomoc@myhezo.pl", subject
    message["Message-ID"] = "<b@mx.example>"
    header = f"Message-ID: {lost.message_id}\n" if with_id else ""
    message.set_content(f"Your message to <{ANNA}> was not delivered.\n\n{header}Subject: {lost.subject}\n{NUMBERS}")
    desk.take_in(message.as_bytes())
    assert desk.posts[-1].note is Note.BOUNCED
    assert desk.posts[-1].data["address"] == ANNA
    assert len(desk.tickets) == 1


def test_what_nobody_can_read_or_answer_is_set_aside_with_its_reason(desk: Desk) -> None:
    assert desk.take_in(b"Subject: ?\r\n\r\nhello") is InboxState.PARKED
    assert desk.operator[-1].what == "inbox_parked"
    assert "no sender address" in str(desk.operator[-1].data["reason"])
    assert desk.tickets == []


def test_newsletters_and_spam_of_strangers_are_left_alone_with_a_reason(desk: Desk) -> None:
    desk.write(OBCY, "Kup teraz!", headers={"List-Unsubscribe": "<mailto:x@y.example>"})
    desk.write(OBCY, "Kup teraz!", headers={"X-Spam-Flag": "YES"})
    assert desk.tickets == []
    assert desk.mails == []


def test_what_a_robot_wrote_on_a_ticket_is_kept_as_a_robots() -> None:
    desk = Desk()
    desk.write(ANNA, "FortiGate nie działa. Numer seryjny FG121GTK25004672, umowa HZ360-2026-000101.")
    desk.write(
        ANNA, "Ta wiadomość została wygenerowana automatycznie, prosimy na nią nie odpowiadać.", answer=desk.mails[-1]
    )
    first, second = sorted(desk.database.tables.messages.values(), key=lambda message: message.id)[:2]
    assert (first.automatic, second.automatic) == (False, True)
