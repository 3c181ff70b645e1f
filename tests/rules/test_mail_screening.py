"""Marks of automatic mail one by one, what is no mark, and bounces in their many forms."""

from __future__ import annotations

import pytest

from bot.rules.bounces import read_bounce
from bot.rules.mail_reading import IncomingMail, read_mail
from bot.rules.mail_screening import CHECKS, Hit, MailOrigin, screen

OWN = frozenset({"pomoc@myhezo.pl", "info@myhezo.pl"})


def _mail(*fields: str, body: str = "") -> IncomingMail:
    usual = [] if any(field.lower().startswith("from:") for field in fields) else ["From: jan@klient.example"]
    return read_mail("\r\n".join([*usual, *fields, "", body]).encode())


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("Auto-Submitted: auto-notified", MailOrigin.AUTO_REPLY),
        ("AUTO-SUBMITTED: Auto-Generated; owner-email=x", MailOrigin.AUTO_REPLY),
        ("X-Autoreply: yes", MailOrigin.AUTO_REPLY),
        ("X-Loop: serwis@klient.example", MailOrigin.AUTO_REPLY),
        ("X-Loop: pomoc@myhezo.pl", MailOrigin.LOOP),
        ("X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent", MailOrigin.AUTO_REPLY),
        ("Return-Path: <>", MailOrigin.AUTO_REPLY),
        ("Precedence: junk", MailOrigin.MAILING_LIST),
        ("List-Help: <https://x.example>", MailOrigin.MAILING_LIST),
        ("From: donotreply@x.example", MailOrigin.NO_REPLY_SENDER),
        ("From: alerts-noreply@x.example", MailOrigin.NO_REPLY_SENDER),
        ("From: no.reply+7@x.example", MailOrigin.NO_REPLY_SENDER),
        ("From: postmaster@x.example", MailOrigin.NO_REPLY_SENDER),
        ("From: bounce-77@x.example", MailOrigin.NO_REPLY_SENDER),
        ("From: nobody", MailOrigin.NO_REPLY_SENDER),
        ("From: INFO@MyHezo.pl", MailOrigin.LOOP),
        ("Subject: Automatic reply: x", MailOrigin.AUTO_REPLY),
        ("Subject: Autoodpowiedź: x", MailOrigin.AUTO_REPLY),
        ("Subject: Poza biurem: x", MailOrigin.AUTO_REPLY),
        ("Subject: Auto: Awaria", MailOrigin.AUTO_REPLY),
        ("Subject: Przeczytano: Awaria", MailOrigin.AUTO_REPLY),
        ("Precedence: auto_reply", MailOrigin.AUTO_REPLY),
        ("Subject: ***SPAM*** x", MailOrigin.SPAM_MARKED),
        ("X-MS-Exchange-Organization-SCL: 6", MailOrigin.SPAM_MARKED),
        ("X-Spam-Status: Yes, score=9", MailOrigin.SPAM_MARKED),
    ],
)
def test_one_mark_is_enough(field: str, kind: MailOrigin) -> None:
    found = screen(_mail(field), OWN, "myhezo.pl")
    assert (found.kind, found.may_answer) == (kind, False)
    assert found.reason == found.hits[0].found


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: no",
        "Auto-Submitted: No (a person)",
        "Precedence: normal",
        "X-Auto-Response-Suppress: None",
        "X-Spam-Status: No, score=-1",
        "X-Spam-Flag: NO",
        "X-Forefront-Antispam-Report: SCL:1;CAT:NONE;",
        "X-MS-Exchange-Organization-SCL: -1",
        "From: noreplyson@klient.example",
        "From: postmaster.jan@klient.example",
        "From: pomoc@klient.example",
        "Return-Path: <jan@klient.example>",
        "Message-ID: <1@notmyhezo.pl>",
        "Subject: Re: Automatyczna odpowiedź: x",
        "Subject: Pytanie o automatyczne odpowiedzi",
        "Subject: Awaria spamfiltra",
    ],
)
def test_what_is_no_mark(field: str) -> None:
    found = screen(_mail(field), OWN, "myhezo.pl")
    assert (found.kind, found.may_answer, found.hits) == (MailOrigin.HUMAN, True, ())
    assert found.reason == "no mark of automatic mail"


@pytest.mark.parametrize(
    "field",
    [
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "Subject: Urlop inżyniera",
        "Subject: Undelivered device",
        "Message-ID: <uuid@myhezo.pl>",
    ],
)
def test_doubtful_marks_only_forbid_answers(field: str) -> None:
    found = screen(_mail(field), OWN, "myhezo.pl")
    assert (found.kind, found.may_answer, len(found.hits)) == (MailOrigin.HUMAN, False, 1)


@pytest.mark.parametrize(
    "words",
    [
        "Ta wiadomość została wygenerowana automatycznie.",
        "Prosimy nie odpowiadać na tę wiadomość.",
        "Państwa zgłoszenie zostało zarejestrowane pod numerem 4711.",
        "This is an automated\nresponse.",
        "Your request has been received and is being reviewed.",
    ],
)
def test_words_of_robots_forbid_answers_but_a_person_may_quote_them(words: str) -> None:
    found = screen(_mail("Content-Type: text/plain; charset=utf-8", body=words), OWN, "myhezo.pl")
    assert (found.kind, found.may_answer, found.sounds_automatic) == (MailOrigin.HUMAN, False, True)
    quote = f"Co to jest?\n\nOn Mon, 23 Nov 2026 at 10:00 X <x@y.example> wrote:\n> {words}"
    quoting = screen(
        _mail("Content-Type: text/plain; charset=utf-8", body=quote.replace("\n", "\r\n")), OWN, "myhezo.pl"
    )
    assert (quoting.may_answer, quoting.sounds_automatic) == (True, False)


def test_a_postmaster_is_a_bouncer_by_two_signs_or_by_our_id() -> None:
    ours = "Message-ID: <ack.1.0123456789abcdef@myhezo.pl>"
    assert screen(_mail("From: postmaster@x.example"), OWN, "myhezo.pl").kind is MailOrigin.NO_REPLY_SENDER
    for bounce in (
        _mail("From: postmaster@x.example", "Subject: Undeliverable: x"),
        _mail("From: postmaster@x.example", "Return-Path: <>"),
        _mail("From: postmaster@x.example", body=f"not delivered:\r\n\r\n{ours}"),
        _mail("From: postmaster@x.example", "In-Reply-To: <ack.1.0123456789abcdef@myhezo.pl>"),
    ):
        assert screen(bounce, OWN, "myhezo.pl").kind is MailOrigin.BOUNCE
    about_another = _mail("From: postmaster@x.example", body="Message-ID: <1@other.example>")
    assert screen(about_another, OWN, "myhezo.pl").kind is MailOrigin.NO_REPLY_SENDER


def test_every_finding_is_recorded_and_the_first_decides() -> None:
    mail = _mail("Precedence: bulk", "X-Loop: x@y.example", "Auto-Submitted: auto-replied", "From: no-reply@x.example")
    found = screen(mail, OWN, "myhezo.pl")
    assert (found.kind, found.reason) == (MailOrigin.AUTO_REPLY, "Auto-Submitted: auto-replied")
    assert found.hits == (
        Hit("auto-submitted", "Auto-Submitted: auto-replied"),
        Hit("x-loop", "X-Loop"),
        Hit("precedence", "Precedence: bulk"),
        Hit("no-reply sender", "From no-reply"),
    )


def test_check_names_are_unique() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)


def _report(*recipients: str, returned: str = "Message-ID: <reply.2.0123456789abcdef@myhezo.pl>") -> IncomingMail:
    status = "\r\n\r\n".join(["Reporting-MTA: dns; mx.example", *recipients])
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nnot delivered\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\n{returned}\r\n\r\nx\r\n--b--\r\n"
    )
    return _mail("Content-Type: multipart/report; report-type=delivery-status; boundary=b", body=body)


def test_of_several_recipients_the_failed_one_is_named() -> None:
    bounce = read_bounce(
        _report(
            "Final-Recipient: rfc822; ok@x.example\r\nAction: delivered\r\nStatus: 2.0.0",
            "Final-Recipient: rfc822; slow@x.example\r\nAction: delayed\r\nStatus: 4.4.1",
            "Final-Recipient: rfc822;bad@X.example\r\nAction: Failed\r\nStatus: 5.1.1 (no such user)\r\n"
            "Diagnostic-Code: smtp; 550 no\r\n  such user",
        )
    )
    assert bounce is not None
    assert (bounce.failed, bounce.recipient, bounce.status) == (True, "bad@x.example", "5.1.1")
    assert bounce.diagnostic == "550 no such user"
    assert bounce.original_message_id == "<reply.2.0123456789abcdef@myhezo.pl>"


@pytest.mark.parametrize(
    ("subject", "body", "kind"),
    [
        ("Re: x", "Dziękuję za wiadomość.\nDo 30 listopada jestem na urlopie.", MailOrigin.AUTO_REPLY),
        ("Jestem poza biurem", "W dniach 16-27.11 przebywam na długim urlopie.", MailOrigin.AUTO_REPLY),
        (
            "x",
            "W dniach 16-27.11 przebywam na urlopie. W pilnych sprawach proszę o kontakt z Anną.",
            MailOrigin.AUTO_REPLY,
        ),
        ("Re: x", "I am currently out of the office and will be back on Monday.", MailOrigin.AUTO_REPLY),
        ("Re: x", "Jestem na urlopie do 30.11, proszę pisać do Anny.\nFirewall dalej nie działa.", MailOrigin.HUMAN),
        ("Re: x", "Jestem na urlopie do 30.11. Czy możemy przełożyć wymianę?", MailOrigin.HUMAN),
        ("Re: x", "Jestem na urlopie do 30.11, numer seryjny to FGT60FTK20001234.", MailOrigin.HUMAN),
        ("Re: x", "Proszę dzwonić.\n> Jestem na urlopie do 30.11.\n", MailOrigin.HUMAN),
    ],
)
def test_an_absence_note_is_known_by_saying_nothing_else(subject: str, body: str, kind: MailOrigin) -> None:
    assert screen(_mail(f"Subject: {subject}", body=body), OWN, "myhezo.pl").kind is kind


@pytest.mark.parametrize(("note", "kind"), [("", MailOrigin.AUTO_REPLY), ("Proszę później", MailOrigin.HUMAN)])
def test_a_button_pressed_on_an_invitation_is_no_letter(note: str, kind: MailOrigin) -> None:
    body = f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{note}\r\n--b\r\nContent-Type: text/calendar\r\n\r\n"
    event = "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nSUMMARY:Accepted: Visit\r\nEND:VEVENT\r\nEND:VCALENDAR"
    mail = _mail('Content-Type: multipart/alternative; boundary="b"', body=f"{body}{event}\r\n--b--\r\n")
    assert screen(mail, OWN, "myhezo.pl").kind is kind


def test_an_answer_to_an_invitation_without_a_title_is_none_either() -> None:
    event = "BEGIN:VEVENT\r\nDTSTART:20261125T090000Z\r\nEND:VEVENT"
    calendar = f"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n{event}\r\nEND:VCALENDAR"
    mail = _mail("Content-Type: text/calendar; method=REPLY", body=calendar)
    assert screen(mail, OWN, "myhezo.pl").kind is MailOrigin.AUTO_REPLY


@pytest.mark.parametrize(("status", "failed"), [("5.0.0", True), ("4.2.2", False)])
def test_a_report_without_action_goes_by_its_status(status: str, failed: bool) -> None:
    bounce = read_bounce(_report(f"Final-Recipient: rfc822; a@x.example\r\nStatus: {status}"))
    assert bounce is not None
    assert bounce.failed is failed


def test_an_original_recipient_counts_before_the_final_one() -> None:
    bounce = read_bounce(
        _report(
            "Final-Recipient: rfc822; internal@host.x.example\r\nOriginal-Recipient: rfc822;anna@x.example\r\n"
            "Action: failed\r\nStatus: 5.0.0",
            returned="Subject: no id",
        )
    )
    assert bounce is not None
    assert (bounce.recipient, bounce.original_message_id) == ("anna@x.example", None)


def test_a_report_that_names_nothing_is_no_bounce_about_a_delivery() -> None:
    assert read_bounce(_report()) is None
    assert read_bounce(_mail("Subject: Undelivered device")) is None


def test_a_warning_in_words_is_a_delay() -> None:
    bounce = read_bounce(
        _mail(
            "From: MAILER-DAEMON@x.example",
            "Return-Path: <>",
            "Subject: Warning: message delayed 4 hours",
            "In-Reply-To: <ack.1.0123456789abcdef@myhezo.pl>",
            body="<anna@x.example> could not be reached yet, we will keep trying.",
        )
    )
    assert bounce is not None
    assert (bounce.failed, bounce.recipient) == (False, "anna@x.example")
    assert bounce.original_message_id == "<ack.1.0123456789abcdef@myhezo.pl>"
