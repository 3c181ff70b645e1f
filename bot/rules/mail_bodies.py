"""Which parts of a mail are its text, which are attachments, and what a report is about."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.rules.calendar_invites import invite_text
from bot.rules.mail_charsets import clean_text, decode_octets
from bot.rules.mail_flowed import unflow
from bot.rules.mail_html import text_from_html
from bot.rules.mail_parts import ATTACHED_MAILS, Header, Limits, Part, Reader
from bot.rules.winmail import TNEF, unpack

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{1,40})", re.IGNORECASE)
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_RETURNED = ATTACHED_MAILS | {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}
_TNEF_NAMES = frozenset({"winmail.dat", "win.dat"})
_MOST_TNEF_LEVELS = 5  # messages attached to messages
_MOST_TAGS_LAID_OUT = 20_000  # of all HTML parts together
_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})


@dataclass(slots=True)
class Content:
    """What a mail holds.

    Attributes:
        bodies: The text parts that together are the mail's text, in order.
        attachments: Everything else, in order.
        stand_ins: Text that counts where the bodies say nothing: of a winmail.dat, of an invite.
        attached_mails: The roots of mails attached to this one.
        returned: The header of the mail that a report is about.
    """

    reader: Reader
    tnef_level: int = 0
    bodies: list[Part] = field(default_factory=list)
    attachments: list[Part] = field(default_factory=list)
    stand_ins: list[Part] = field(default_factory=list)
    attached_mails: list[Part] = field(default_factory=list)
    html_present: bool = False
    report_type: str = ""
    delivery_status: str = ""
    returned: Header | None = None
    _texts: dict[int, str] = field(default_factory=dict)

    def text(self) -> str:
        """The body as plain text."""
        texts = (self.text_of(part) for part in self.bodies)
        text = "\n\n".join(text for text in texts if text.strip())
        if text:
            return text
        for part in self.stand_ins:
            if (text := self.text_of(part)).strip():
                self.html_present = self.html_present or part.content_type == "text/html"
                return text
        return ""

    def text_of(self, part: Part) -> str:
        """One text part as plain text, without outer blank lines; read once."""
        if id(part) not in self._texts:
            self._texts[id(part)] = self._read(part).strip("\n")
        return self._texts[id(part)]

    def _read(self, part: Part) -> str:
        octets = part.body(self.reader.text_left)
        self.reader.text_left -= len(octets)
        if self.reader.text_left <= 0:
            self.reader.note(f"text longer than {self.reader.limits.text_octets} octets")
        charset = part.parameters.get("charset")
        is_html = part.content_type == "text/html"
        if charset is None and is_html and (meta := _META_CHARSET.search(octets, 0, 4_000)):
            charset = meta[1].decode("ascii")
        text, problem = decode_octets(octets, charset)
        if problem:
            self.reader.note(problem)
        if is_html:
            tags = text.count("<")
            self.reader.tags_laid_out += tags
            text, problem = text_from_html(text, lay_out=self.reader.tags_laid_out - tags < _MOST_TAGS_LAID_OUT)
            if problem:
                self.reader.note(problem)
            return text
        text = clean_text(text)
        if part.content_type == "text/calendar":
            return invite_text(text)
        if part.parameters.get("format", "").strip().lower() == "flowed":
            return unflow(text, part.parameters.get("delsp", "").strip().lower() == "yes")
        return text


def collect(root: Part, reader: Reader, tnef_level: int = 0) -> Content:
    """Sort the parts of a mail.

    Args:
        root: The tree that `reader` has read.
        reader: Gets the problems found on the way.
        tnef_level: How many messages within a winmail.dat are around this one.
    """
    content = Content(reader, tnef_level)
    content.bodies = _bodies(root, content, is_root=True)
    return content


def _bodies(part: Part, content: Content, *, is_root: bool = False) -> list[Part]:
    """The text parts below a part; everything else goes to the attachments."""
    kind = part.content_type
    if kind in _ENCRYPTED:
        content.reader.note("encrypted")
    elif kind in TNEF or part.filename.lower() in _TNEF_NAMES:
        content.reader.note("winmail.dat")
        return _winmail(part, content)
    if part.children and kind.startswith("multipart/"):
        if kind == "multipart/report":
            return _report(part, content)
        if kind == "multipart/alternative":
            return _alternative(part, content)
        if kind == "multipart/related":
            return _related(part, content)
        return [body for child in part.children for body in _bodies(child, content)]
    if kind in {"text/plain", "text/html"} and (is_root or (part.disposition != "attachment" and not part.filename)):
        content.html_present = content.html_present or kind == "text/html"
        return [part]
    if part.start < part.end or part.filename:
        content.attachments.append(part)
        content.attached_mails.extend(part.children)
        if kind == "text/calendar":
            content.stand_ins.append(part)
    return []


def _winmail(part: Part, content: Content) -> list[Part]:
    """What is in a winmail.dat takes its place; the file itself stays where not everything could be read."""
    unpacked = unpack(part, content.reader) if content.tnef_level < _MOST_TNEF_LEVELS else None
    if unpacked is None or not unpacked.complete or not (unpacked.bodies or unpacked.files or unpacked.messages):
        content.attachments.append(part)
    if unpacked is None:
        return []
    content.stand_ins.extend(unpacked.bodies)
    content.attachments.extend(unpacked.files)
    for message in unpacked.messages:
        content.attached_mails.append(message)
        content.attachments.extend(collect(message, content.reader, content.tnef_level + 1).attachments)
    return []


def _alternative(part: Part, content: Content) -> list[Part]:
    """Plain text where it says anything, else the richest form, which comes last (RFC 2046 §5.1.4)."""
    forms = [bodies for child in part.children if (bodies := _bodies(child, content))]
    for bodies in forms:
        if all(body.content_type == "text/plain" for body in bodies):
            text = " ".join(content.text_of(body) for body in bodies)
            # Some programs put nothing but a note that HTML is needed into the plain form.
            if text.strip() and not (len(forms) > 1 and len(text) < 200 and "HTML" in text):
                return bodies
    return forms[-1] if forms else []


def _related(part: Part, content: Content) -> list[Part]:
    """The first form of text is the body, the others are what it shows (RFC 2387)."""
    bodies: list[Part] = []
    for child in part.children:
        if bodies and not child.content_type.startswith("multipart/"):
            content.attachments.append(child)
        else:
            found = _bodies(child, content)
            bodies = bodies or found
    return bodies


def _report(part: Part, content: Content) -> list[Part]:
    """A report for people, one for machines, and the mail it is about (RFC 6522)."""
    content.report_type = part.parameters.get("report-type", "").strip().lower() or "unknown"
    bodies: list[Part] = []
    for child in part.children:
        if child.content_type in _STATUS:
            content.report_type = "delivery-status"
            content.delivery_status = clean_text(decode_octets(child.body(50_000), "utf-8")[0])
        elif child.content_type in _RETURNED and content.returned is None:
            content.returned = child.children[0].header if child.children else _headers_of(child)
        bodies.extend(_bodies(child, content))
    return bodies


def _headers_of(part: Part) -> Header:
    """The header block that is the content of a text/rfc822-headers part."""
    return Reader(Limits()).read(part.body(100_000)).header
