"""Mails as customers and robots write them: a few texts, put together cheaply, as there are tens of thousands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime

from bot.model import Contract, Device, Language, Priority

SERIAL, NUMBER = "FG121GTK25004672", "HZ360-2026-000101"
CONTRACTS = tuple(
    Contract(
        1 + number, name, "Mleczarnia", "8341710008", date(2025, 3, 1), date(2035, 2, 28),
        (Device(SERIAL, "FortiGate-121G"),), ("@klient.example",), Language.PL,
    )
    for number, name in enumerate((NUMBER, "HZ360-2026-000102"))
)  # fmt: skip
"""Two on the same device: which of them is meant is only known when the customer says so."""

NUMBERS = f"Numer seryjny {SERIAL}, umowa {NUMBER}."
ONLY_THE_SERIAL = f"Numer seryjny {SERIAL}."
SUPPORT, INFO = "pomoc@myhezo.pl", "info@myhezo.pl"


@dataclass(frozen=True, slots=True)
class Wish:
    """How a report speaks of its priority, and what follows of the words."""

    words: str
    priority: Priority
    stated: bool


WISHES = (
    Wish("Dzień dobry, proszę o pomoc z urządzeniem.", Priority.NON_CRITICAL, stated=False),
    Wish("Hello, please help us with our firewall.", Priority.NON_CRITICAL, stated=False),
    Wish("Dzień dobry, FortiGate nie działa, brak dostępu.", Priority.CRITICAL, stated=False),
    Wish("Hello, the device is down, no access.", Priority.CRITICAL, stated=False),
    Wish("Dzień dobry, proszę o pomoc. Priorytet: krytyczny.", Priority.CRITICAL, stated=True),
    Wish("Hello, please help. Priority: non-critical.", Priority.NON_CRITICAL, stated=True),
    Wish("Dzień dobry. Priorytet: pytanie.", Priority.QUESTION, stated=True),
)
ANSWERS = {
    "1": Priority.CRITICAL,
    "krytyczny": Priority.CRITICAL,
    "to drugie": Priority.NON_CRITICAL,
    "question": Priority.QUESTION,
}
YES = "Tak, potwierdzam."
MORE_WORDS = ("Nadal czekamy na odpowiedź.", "Any news?", "W załączeniu przesyłamy opis sytuacji.")
AUTO_REPLIED = "Auto-Submitted: auto-replied\r\n"


def mail(
    sender: str, own_id: str, body: str, *, sent: datetime | None, to: str = SUPPORT, answers: str = "", mark: str = ""
) -> bytes:
    """The octets of a mail.

    Args:
        sent: For the Date header; None leaves it out.
        answers: The Message-ID that it answers.
        mark: Further header lines.
    """
    date_line = f"Date: {format_datetime(sent.astimezone(UTC))}\r\n" if sent else ""
    reply_line = f"In-Reply-To: {answers}\r\n" if answers else ""
    return (
        f"From: Anna Nowak <{sender}>\r\nTo: {to}\r\nSubject: {'Re: ' if answers else ''}Zgłoszenie\r\n{date_line}"
        f"Message-ID: {own_id}\r\n{reply_line}{mark}Content-Type: text/plain; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n"
    ).encode()


def bounce(own_id: str, original_id: str, recipient: str) -> bytes:
    """A delivery status notification (RFC 3464) about a mail of ours."""
    return (
        f"From: MAILER-DAEMON@mx.klient.example\r\nTo: {SUPPORT}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        f"Message-ID: {own_id}\r\nAuto-Submitted: auto-replied\r\nReturn-Path: <>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nCould not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.klient.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {original_id}\r\n\r\n--b--\r\n"
    ).encode()
