"""Mails as customers' programs write them: Gmail, Outlook and Thunderbird quote each in their own way."""

from __future__ import annotations

import html
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid

from bot.sandbox.web_customers import Customer

_WEEKDAYS_PL = ("pon.", "wt.", "śr.", "czw.", "pt.", "sob.", "niedz.")
_MONTHS_PL = ("sty", "lut", "mar", "kwi", "maj", "cze", "lip", "sie", "wrz", "paź", "lis", "gru")
_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file of a mail."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Quoted:
    """The mail that an answer answers.

    Attributes:
        sent_at: In the zone of the person who answers.
        message_id: With angle brackets.
        references: Message-IDs, oldest first.
    """

    author: str
    address: str
    to: str
    subject: str
    sent_at: datetime
    text: str
    message_id: str
    references: tuple[str, ...]


def write(
    person: Customer,
    to: str,
    subject: str,
    text: str,
    now: datetime,
    *,
    answers: Quoted | None = None,
    quote: bool = True,
    automatic: bool = False,
    files: Sequence[Enclosed] = (),
) -> EmailMessage:
    """A finished mail.

    Args:
        text: The new words.
        now: For the Date header, in the person's zone.
        answers: Sets In-Reply-To and References (RFC 5322 §3.6.4).
        quote: Whether the answered mail is quoted below the new words.
        automatic: Marked as an automatic answer (RFC 3834 §5).
        files: Attached, typed by what their names end in.
    """
    mail = EmailMessage()
    mail["From"] = formataddr((person.name, person.address))
    mail["To"] = to
    mail["Subject"] = " ".join(subject.split())
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=person.address.rpartition("@")[2])
    if answers is not None:
        mail["In-Reply-To"] = answers.message_id
        mail["References"] = " ".join([*answers.references, answers.message_id])
    if automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
    quoted = quotation(person, answers) if answers is not None and quote else None
    mail.set_content(text + (f"\n\n{quoted}" if quoted else "") + "\n")
    if person.program != "thunderbird":  # which writes plain text only, as it is often set up
        mail.add_alternative(_html(person, text, answers if quote else None), subtype="html")
    for file in files:
        main, _, kind = (mimetypes.guess_type(file.name)[0] or "application/octet-stream").partition("/")
        mail.add_attachment(file.content, maintype=main, subtype=kind, filename=file.name)
    return mail


def answer_subject(person: Customer, subject: str) -> str:
    """The subject of an answer; Outlook writes RE, the others Re, and nobody writes it twice."""
    if subject[:3].lower() == "re:":
        return subject
    return f"{'RE' if person.program == 'outlook' else 'Re'}: {subject}"


def quotation(person: Customer, mail: Quoted) -> str:
    """What the person's program puts below the new words, as plain text."""
    if person.program == "outlook":
        return f"{'_' * 32}\n{_outlook_head(mail)}\n\n{mail.text.rstrip()}"
    quoted = "\n".join(f"> {line}" if line else ">" for line in mail.text.rstrip().split("\n"))
    return f"{_attribution(person, mail)}\n\n{quoted}"


def _attribution(person: Customer, mail: Quoted) -> str:
    at = mail.sent_at
    if person.program == "thunderbird":
        return f"W dniu {at:%d.%m.%Y} o {at:%H:%M}, {mail.author} pisze:"
    date = f"{_WEEKDAYS_PL[at.weekday()]}, {at.day} {_MONTHS_PL[at.month - 1]} {at.year} o {at:%H:%M}"
    return f"{date} {mail.author} <{mail.address}> napisał(a):"


def _outlook_head(mail: Quoted) -> str:
    at = mail.sent_at
    date = f"{_WEEKDAYS_EN[at.weekday()]}, {_MONTHS_EN[at.month - 1]} {at.day}, {at.year} {at:%I:%M %p}"
    return (
        f"From: {mail.author} <{mail.address}>\nSent: {date.replace(' 0', ' ')}\nTo: {mail.to}\nSubject: {mail.subject}"
    )


def _html(person: Customer, text: str, answers: Quoted | None) -> str:
    if person.program == "outlook":
        below = _outlook_quote(answers) if answers is not None else ""
        return f'<html><body><div class="elementToProof">{_lines(text)}</div>{below}</body></html>'
    below = _gmail_quote(person, answers) if answers is not None else ""
    return f'<div dir="ltr">{_lines(text)}</div>{below}'


def _gmail_quote(person: Customer, mail: Quoted) -> str:
    return (
        '<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        f"{html.escape(_attribution(person, mail))}<br></div>"
        '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;'
        f'border-left:1px solid rgb(204,204,204);padding-left:1ex">{_lines(mail.text)}</blockquote></div>'
    )


def _outlook_quote(mail: Quoted) -> str:
    head = "<br>".join(
        f"<b>{name}:</b>{html.escape(value)}"
        for name, _, value in (line.partition(":") for line in _outlook_head(mail).split("\n"))
    )
    return (
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">'
        f'<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt">{head}</font>'
        f"<div>&nbsp;</div></div><div>{_lines(mail.text)}</div>"
    )


def _lines(text: str) -> str:
    return "<br>".join(html.escape(line) for line in text.split("\n"))
