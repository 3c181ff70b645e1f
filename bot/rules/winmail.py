"""A winmail.dat within a mail: its body and files as parts of that mail, as if they had been sent by MIME."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass, field

from bot.rules.mail_parts import Header, Part, Reader
from bot.rules.rtf_text import decompress_rtf, text_from_rtf
from bot.rules.tnef import TnefAttachment, TnefMessage, read_tnef

TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

_CONTENT_TYPE = re.compile(r"[\w!#$&^.+-]{1,80}/[\w!#$&^.+-]{1,80}", re.ASCII)


@dataclass(slots=True)
class Unpacked:
    """What was found.

    Attributes:
        bodies: The best form of the body; empty where there is none.
        files: The attachments.
        messages: Attached messages, each as the root of a mail that is again a winmail.dat.
        complete: Whether nothing was cut short or left out.
    """

    complete: bool
    bodies: list[Part] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    messages: list[Part] = field(default_factory=list)


def unpack(part: Part, reader: Reader) -> Unpacked | None:
    """Open a winmail.dat.

    Args:
        part: The part that holds it.
        reader: Counts the parts found, and gets the problems.

    Returns:
        None for what is no TNEF stream.
    """
    message = read_tnef(part.body())
    if message is None:
        return None
    unpacked = Unpacked(message.complete)
    if not message.complete:
        reader.note("winmail.dat not read to its end")
    if (body := _body(message, part)) is not None:
        unpacked.bodies.append(body)
    for attachment in message.attachments:
        if not reader.take_part():
            unpacked.complete = False
            break
        if attachment.is_message:
            unpacked.messages.append(_message(attachment, part))
        else:
            unpacked.files.append(_file(attachment, part))
    return unpacked


def _body(message: TnefMessage, parent: Part) -> Part | None:
    """Plain text where there is some, else HTML, else RTF."""
    if message.text.strip():
        return _text_part(message.text, parent)
    if message.html.strip(b"\0 \r\n"):
        parameters = {"charset": message.html_charset} if message.html_charset else {}
        return Part(message.html, Header(), 0, len(message.html), "text/html", parameters, parent=parent)
    rtf = decompress_rtf(message.compressed_rtf)
    text = text_from_rtf(rtf) if rtf else ""
    return _text_part(text, parent) if text.strip() else None


def _text_part(text: str, parent: Part) -> Part:
    octets = text.encode("utf-8", "replace")
    return Part(octets, Header(), 0, len(octets), "text/plain", {"charset": "utf-8"}, parent=parent)


def _file(attachment: TnefAttachment, parent: Part) -> Part:
    content_type = attachment.content_type
    if not _CONTENT_TYPE.fullmatch(content_type):
        content_type = mimetypes.guess_type(attachment.name)[0] or "application/octet-stream"
    header = Header()
    if attachment.content_id:
        header.fields["content-id"] = [attachment.content_id.encode("utf-8", "replace")]
    return Part(
        attachment.content, header, 0, len(attachment.content), content_type,
        disposition="inline" if attachment.is_inline else "attachment", filename=attachment.name, parent=parent,
    )  # fmt: skip


def _message(attachment: TnefAttachment, parent: Part) -> Part:
    header = Header()
    inner = read_tnef(attachment.content)
    if inner is not None:
        for name, text in (("from", inner.sender), ("subject", inner.subject or attachment.name)):
            if text:
                header.fields[name] = [text.encode("utf-8", "replace")]
    return Part(attachment.content, header, 0, len(attachment.content), "application/ms-tnef", parent=parent)
