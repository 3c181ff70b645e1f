"""Octets of a mail to an IncomingMail: any input, however broken, is read as far as it can be, and nothing raises."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256

from bot.rules.file_names import safe_name
from bot.rules.mail_addresses import LONGEST_HEADER, Address, names_several, parse_addresses
from bot.rules.mail_bodies import Content, collect
from bot.rules.mail_charsets import clean_line, decode_header, decode_octets, decode_words
from bot.rules.mail_parts import Header, Limits, Part, Reader
from bot.rules.winmail import TNEF

__all__ = [
    "Address",
    "Attachment",
    "IncomingMail",
    "Limits",
    "attachment_content",
    "attachment_contents",
    "content_key",
    "read_mail",
]

_MOST_REFERENCES = 100
_MOST_ATTACHED_TEXTS = 10
_LONGEST_ID = 980
_LONGEST_SUBJECT = 500
_ID = re.compile(r"<[^<>]{1,2000}>")
_WHITE = re.compile(r"\s+")
_LONE_RETURN = re.compile(rb"\r(?!\n)")
_COMMENT = re.compile(r"\([^()]*\)")
# parsedate knows the zones of RFC 822 only, which are American.
_EUROPEAN_ZONES = {"CET": "+0100", "CEST": "+0200", "MEZ": "+0100", "MESZ": "+0200"}
_ZONE_NAME = re.compile(r"\b(?:CES?T|MES?Z)\b")

_SCREENED = (
    "auto-submitted", "authentication-results", "content-type", "feedback-id", "from", "importance", "precedence",
    "return-path", "x-auto-response-suppress", "x-autoreply", "x-autorespond", "x-autoresponse", "x-failed-recipients",
    "x-forefront-antispam-report", "x-loop", "x-ms-exchange-generated-message-source", "x-ms-exchange-inbox-rules-loop",
    "x-ms-exchange-organization-scl", "x-priority", "x-spam", "x-spam-flag", "x-spam-status", "x-vacation",
)  # fmt: skip
SEVERAL_SENDERS = "several senders"
"""The problem of a mail whose From names more than one address: servers check one of them, readers see another."""
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a mail, without its content (`attachment_content` gives that).

    Attributes:
        name: Made safe; never empty.
        content_type: As declared, lower case.
        size: Octets of the decoded content.
        content_id: Without its angle brackets; "" where there is none.
        sha256: Of the decoded content, hex.
        is_inline: Shown within the body (a picture of a signature, for example).
    """

    name: str
    content_type: str
    size: int
    content_id: str
    sha256: str
    is_inline: bool


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """A mail as it was understood. Everything in it was written by others: shown escaped, never trusted.

    Attributes:
        message_id: As given, angle brackets included.
        in_reply_to: The first id of In-Reply-To.
        references: Oldest first; of more than 100 the first and the last 99.
        from_: None where no address could be read.
        delivered_to: The envelope recipients that servers noted, without display names.
        return_path: The envelope sender; "" for the null sender `<>`, None where no server noted it.
        subject: Decoded, one line.
        date: The Date header in UTC; None where it is missing, has no zone, or is absurd.
        text: The body as plain text, quotations included; `bot.rules.reply_text` cuts them.
        html_present: Whether a body was also, or only, given in HTML.
        attached_texts: Mails forwarded as attachments, as text with their From, Date and Subject.
        report_type: Of a multipart/report (RFC 6522), for example "delivery-status"; "" otherwise.
        delivery_status: The message/delivery-status part of a bounce (RFC 3464).
        returned_message_id: The Message-ID of the mail that a report is about.
        headers: What screening looks at: lower-case name to decoded values, top-most first.
        problems: What was broken, in words, each once.
        content_key: The same for two deliveries of one mail, whatever servers put on top of it (hex).
    """

    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    from_: Address | None
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    delivered_to: tuple[str, ...]
    return_path: str | None
    subject: str
    date: datetime | None
    text: str
    html_present: bool
    content_key: str
    attachments: tuple[Attachment, ...] = ()
    attached_texts: tuple[str, ...] = ()
    report_type: str = ""
    delivery_status: str = ""
    returned_message_id: str | None = None
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def read_mail(raw: bytes, limits: Limits | None = None) -> IncomingMail:
    """Read a mail.

    Args:
        raw: The octets as the server gave them; a header alone is fine.
        limits: How much is looked at.

    Returns:
        What could be read; never raises.
    """
    return read_with_contents(raw, limits)[0]


def read_with_contents(raw: bytes, limits: Limits | None = None) -> tuple[IncomingMail, Iterator[bytes]]:
    """The same, and the contents of its attachments, decoded as they are asked for: the mail is taken apart once."""
    try:
        mail, files = _read(raw, limits or Limits())
    except Exception as error:  # noqa: BLE001  # a mail that breaks the reader must still become a row for people
        files = []
        mail = IncomingMail(
            message_id=None, in_reply_to=None, references=(), from_=None, sender=None, reply_to=(), to=(), cc=(),
            delivered_to=(), return_path=None, subject="", date=None, text="", html_present=False,
            content_key=sha256(raw).hexdigest(), problems=(f"unreadable ({type(error).__name__})",),
        )  # fmt: skip
    return mail, (part.body() for part in files)


def content_key(raw: bytes) -> str:
    """`read_mail(raw).content_key`, of any mail that can be read; only its header is looked at."""
    try:
        return _content_key(Reader(Limits()).read_header(raw))
    except Exception:  # noqa: BLE001  # as in read_mail
        return sha256(raw).hexdigest()


def attachment_content(raw: bytes, index: int, limits: Limits | None = None) -> bytes:
    """The decoded content of `read_mail(raw, limits).attachments[index]`.

    Raises:
        IndexError: There is no such attachment.
    """
    reader = Reader(limits or Limits())
    return collect(reader.read(raw), reader).attachments[index].body()


def attachment_contents(raw: bytes, limits: Limits | None = None) -> Iterator[bytes]:
    """The decoded contents of all of `read_mail(raw, limits).attachments`, in order, one in memory at a time.

    Of a mail that `read_mail` gives up as unreadable there are none; never raises.
    """
    reader = Reader(limits or Limits())
    try:
        attachments = collect(reader.read(raw), reader).attachments
    except Exception:  # noqa: BLE001  # as in read_mail, which has no attachments then
        attachments = []
    return (part.body() for part in attachments)


def _read(raw: bytes, limits: Limits) -> tuple[IncomingMail, list[Part]]:
    reader = Reader(limits)
    root = reader.read(raw)
    header = root.header
    content = collect(root, reader)
    text = content.text()
    from_ = _addresses(header, "from")
    sender = _addresses(header, "sender")
    for name in ("from", "date", "subject", "message-id"):
        if len(header.all(name)) > 1:
            reader.note(f"more than one {name} field")
    if len({address.address.lower() for address in from_}) > 1 or names_several(_joined(header, "from")):
        reader.note(SEVERAL_SENDERS)
    if not from_:
        reader.note("no sender address")
    date = parse_date(header.text("date", 200))
    if date is None:
        reader.note("no credible date" if header.all("date") else "no date")
    mail = IncomingMail(
        message_id=message_id_in(header.text("message-id")),
        in_reply_to=next(iter(message_ids_in(header.text("in-reply-to"))), None),
        references=_references(header),
        from_=from_[0] if from_ else None,
        sender=sender[0] if sender else None,
        reply_to=_addresses(header, "reply-to"),
        to=_addresses(header, "to"),
        cc=_addresses(header, "cc"),
        delivered_to=_delivered_to(header),
        return_path=_return_path(header),
        subject=clean_line(header.text("subject"))[:_LONGEST_SUBJECT],
        date=date,
        text=text,
        html_present=content.html_present,
        content_key=_content_key(root),
        attachments=tuple(_attachment(part, number) for number, part in enumerate(content.attachments, start=1)),
        attached_texts=_attached_texts(content, reader),
        report_type=content.report_type,
        delivery_status=content.delivery_status,
        returned_message_id=message_id_in(content.returned.text("message-id")) if content.returned else None,
        headers=_screened(header),
        problems=tuple(reader.problems),
    )
    return mail, content.attachments


def parse_date(value: str) -> datetime | None:
    """Read a Date header (RFC 5322 §3.3); None for what names no zone or lies outside of 1990 to 2100."""
    value = _ZONE_NAME.sub(lambda match: _EUROPEAN_ZONES[match[0]], _COMMENT.sub(" ", value))
    try:
        date = parsedate_to_datetime(value)
        if date.tzinfo is None:  # "-0000" means UTC, sender's zone unknown; a missing zone means nothing
            if "-0000" not in value:
                return None
            date = date.replace(tzinfo=UTC)
        date = date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if 1990 <= date.year <= 2100 else None


def message_ids_in(value: str) -> list[str]:
    """Every message id in a field, in order; white space that folding put inside of one is removed."""
    ids = (_WHITE.sub("", match[0]) for match in _ID.finditer(clean_line(value)))
    return [found for found in ids if 2 < len(found) <= _LONGEST_ID]


def message_id_in(value: str) -> str | None:
    """The id of a Message-ID field as given; some mailers leave the angle brackets out."""
    ids = message_ids_in(value)
    return ids[0] if ids else _WHITE.sub("", clean_line(value))[:_LONGEST_ID] or None


def _references(header: Header) -> tuple[str, ...]:
    # Python's own mailer hides long ids in encoded words (cpython 100991); Header.text has decoded them.
    ids = message_ids_in(header.text("references", 100_000))
    return tuple(ids) if len(ids) <= _MOST_REFERENCES else (ids[0], *ids[1 - _MOST_REFERENCES :])


def _addresses(header: Header, name: str) -> tuple[Address, ...]:
    # Encoded words stay as they are here: they may hide commas.
    return parse_addresses(_joined(header, name))


def _joined(header: Header, name: str) -> str:
    return ", ".join(decode_octets(value[: LONGEST_HEADER + 1])[0] for value in header.all(name)[:5])


def _delivered_to(header: Header) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in _DELIVERED:
        for value in header.all(name)[:20]:
            found.update(dict.fromkeys(address.address for address in parse_addresses(decode_header(value[:500]), 20)))
    return tuple(found)[:50]


def _return_path(header: Header) -> str | None:
    value = header.text("return-path", 1_000).strip()
    if not value:
        return None
    addresses = parse_addresses(value, 1)
    return addresses[0].address if addresses else ""


def _screened(header: Header) -> dict[str, tuple[str, ...]]:
    names = [name for name in header.fields if name in _SCREENED or name.startswith("list-")]
    return {name: tuple(clean_line(decode_header(v[:2_000])) for v in header.all(name)[:20]) for name in names[:100]}


def _attachment(part: Part, number: int) -> Attachment:
    content = part.body()
    content_id = clean_line(part.header.text("content-id", 500)).strip("<> ")
    return Attachment(
        name=safe_name(decode_words(part.filename), part.content_type, number),
        content_type=part.content_type,
        size=len(content),
        content_id=content_id,
        sha256=sha256(content).hexdigest(),
        is_inline=part.disposition == "inline" or (bool(content_id) and part.disposition != "attachment"),
    )


def _attached_texts(content: Content, reader: Reader) -> tuple[str, ...]:
    """Forwarded mails as text, those within them too; not those of a report, which are our own coming back."""
    if content.report_type:
        return ()
    texts: list[str] = []
    waiting = [(part, content.tnef_level) for part in content.attached_mails]
    while waiting and len(texts) < _MOST_ATTACHED_TEXTS:
        part, tnef_level = waiting.pop(0)
        heads = [f"{name.title()}: {clean_line(part.header.text(name))}" for name in ("from", "date", "subject")]
        inner = collect(part, reader, tnef_level + (part.content_type in TNEF))
        texts.append("\n".join([*heads, "", inner.text()]))
        waiting.extend((found, inner.tnef_level) for found in inner.attached_mails)
    return tuple(texts)


def _content_key(root: Part) -> str:
    """SHA-256 over what the sender wrote: four fields and the body, line ends made equal, outer blank lines ignored."""
    digest = sha256()
    for name in ("message-id", "from", "date", "subject"):
        value = b" ".join(b" ".join(root.header.all(name)).split())
        digest.update(b"%d:" % len(value) + value)
    body = root.octets[root.start :]
    # The usual mail has no carriage return alone; then leaving them all out is the same, and faster.
    body = body.replace(b"\r\n", b"\n") if _LONE_RETURN.search(body) else body.translate(None, b"\r")
    digest.update(body.strip(b"\n"))
    return digest.hexdigest()
