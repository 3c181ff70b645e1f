"""winmail.dat: what Outlook and Exchange hide in it (MS-OXTNEF), read leniently and within bounds.

A stream is a signature, a key and attributes; each has a level, an id, a length, its data and a checksum (§2.1.1).
Attributes that hold MAPI properties (§2.1.3.4) carry the body in up to three forms and, per attachment, its name and
content. Checksums are not looked at: a damaged file is read as far as it goes, and said to be incomplete.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.rules.mail_charsets import decode_octets

SIGNATURE = b"\x78\x9f\x3e\x22"

_MOST_ATTRIBUTES = 20_000
_MOST_PROPERTIES = 50_000
_MOST_ATTACHMENTS = 1_000

# Attributes (§2.1.3.3): the type is in the upper half of the id.
_BODY, _CODE_PAGE, _MESSAGE_PROPERTIES = 0x0002800C, 0x00069007, 0x00069003
_SUBJECT = 0x00018004
_NEW_ATTACHMENT, _TITLE, _DATA, _ATTACHMENT_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005

# Properties (MS-OXPROPS).
_PR_SUBJECT, _PR_BODY, _PR_HTML, _PR_RTF = 0x0037, 0x1000, 0x1013, 0x1009
_PR_INTERNET_CODE_PAGE = 0x3FDE
_PR_SENDER, _PR_SENDER_SMTP = 0x0C1A, 0x5D01
_PR_DATA, _PR_METHOD, _PR_LONG_NAME, _PR_SHORT_NAME, _PR_DISPLAY_NAME = 0x3701, 0x3705, 0x3707, 0x3704, 0x3001
_PR_MIME_TYPE, _PR_CONTENT_ID, _PR_FLAGS = 0x370E, 0x3712, 0x3714
_EMBEDDED_MESSAGE = 5
_RENDERED_IN_BODY = 4

_SIZES = {
    0x0002: 2, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 2, 0x0014: 8, 0x0040: 8,
    0x0048: 16,
}  # fmt: skip
_OBJECT, _STRING8, _UNICODE, _BINARY = 0x000D, 0x001E, 0x001F, 0x0102
_SEVERAL = 0x1000
_CODE_PAGES = {
    437: "cp437", 1200: "utf-16-le", 20127: "ascii", 20866: "koi8-r", 28591: "iso-8859-1", 28592: "iso-8859-2",
    28605: "iso-8859-15", 50220: "iso-2022-jp", 51949: "euc-kr", 54936: "gb18030", 65000: "utf-7", 65001: "utf-8",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TnefAttachment:
    """A file in a winmail.dat.

    Attributes:
        name: As given, the long name where there is one; may be empty.
        content_type: As given, lower case; "" where there is none.
        content_id: As given.
        content: The file, or the inner stream of an embedded message.
        is_inline: The body shows it (a picture).
        is_message: The content is again a TNEF stream: a message that was attached.
    """

    name: str
    content_type: str
    content_id: str
    content: bytes
    is_inline: bool = False
    is_message: bool = False


@dataclass(frozen=True, slots=True)
class TnefMessage:
    """What a winmail.dat holds.

    Attributes:
        subject, sender: Of an embedded message; the mail around it has its own.
        text: The plain body; "" where there is none.
        html: The HTML body's octets.
        html_charset: Their charset; None where the stream does not say.
        compressed_rtf: The RTF body, compressed (MS-OXRTFCP); `bot.rules.rtf_text` reads it.
        complete: Whether everything was read: nothing cut short, no bound reached.
    """

    subject: str
    sender: str
    text: str
    html: bytes
    html_charset: str | None
    compressed_rtf: bytes
    attachments: tuple[TnefAttachment, ...]
    complete: bool


_Value = bytes | str | int


@dataclass(slots=True)
class _Reading:
    octets: bytes
    complete: bool = True
    properties_left: int = _MOST_PROPERTIES
    code_page: int = 1252
    message: dict[int, _Value] = field(default_factory=dict)
    body: bytes = b""
    subject: bytes = b""
    attachments: list[dict[int, _Value]] = field(default_factory=list)


def read_tnef(octets: bytes) -> TnefMessage | None:
    """Read a winmail.dat.

    Args:
        octets: The decoded content of the part.

    Returns:
        None for what is no TNEF stream; never raises on broken ones.
    """
    if not octets.startswith(SIGNATURE):
        return None
    reading = _Reading(octets)
    for identifier, start, end in _attributes(reading):
        _take(reading, identifier, start, end)
    message = reading.message
    internet_code_page = message.get(_PR_INTERNET_CODE_PAGE)
    html = message.get(_PR_HTML, b"")
    rtf = message.get(_PR_RTF, b"")
    sender = [text for key in (_PR_SENDER, _PR_SENDER_SMTP) if (text := _text(message.get(key), reading.code_page))]
    return TnefMessage(
        subject=_text(message.get(_PR_SUBJECT) or reading.subject, reading.code_page),
        sender=" ".join([*sender[:1], *(f"<{address}>" for address in sender[1:])]),
        text=_text(message.get(_PR_BODY) or reading.body, reading.code_page),
        html=html.encode("utf-8", "replace") if isinstance(html, str) else html if isinstance(html, bytes) else b"",
        html_charset="utf-8" if isinstance(html, str) else charset_of(internet_code_page),
        compressed_rtf=rtf if isinstance(rtf, bytes) else b"",
        attachments=tuple(_attachment(found, reading.code_page) for found in reading.attachments if _PR_DATA in found),
        complete=reading.complete,
    )


def charset_of(code_page: object) -> str | None:
    """The charset label of a Windows code page number; None for what is no number of one."""
    if not isinstance(code_page, int) or not 0 < code_page < 65_536:
        return None
    return _CODE_PAGES.get(code_page, f"cp{code_page}")


def _attributes(reading: _Reading) -> Iterator[tuple[int, int, int]]:
    """Each attribute's id and where its data is; what is cut short is given as far as it is there."""
    octets = reading.octets
    position = len(SIGNATURE) + 2
    for _ in range(_MOST_ATTRIBUTES):
        if position + 9 > len(octets):
            reading.complete = reading.complete and position >= len(octets)
            return
        level, identifier, length = struct.unpack_from("<BII", octets, position)
        if level not in {1, 2}:  # out of step: whatever follows would be noise
            reading.complete = False
            return
        start = position + 9
        end = min(start + length, len(octets))
        if start + length > len(octets):
            reading.complete = False
        yield identifier, start, end
        position = start + length + 2
    reading.complete = False


def _take(reading: _Reading, identifier: int, start: int, end: int) -> None:
    """Keep what one attribute says."""
    octets = reading.octets
    if identifier == _NEW_ATTACHMENT:
        if len(reading.attachments) >= _MOST_ATTACHMENTS:
            reading.complete = False
        else:
            reading.attachments.append({})
    elif identifier == _MESSAGE_PROPERTIES:
        reading.message.update(_properties(reading, start, end))
    elif identifier == _CODE_PAGE and end - start >= 4:
        reading.code_page = struct.unpack_from("<I", octets, start)[0]
    elif identifier == _BODY:
        reading.body = octets[start:end]
    elif identifier == _SUBJECT:
        reading.subject = octets[start:end]
    elif reading.attachments:
        _take_of_attachment(reading, identifier, start, end)


def _take_of_attachment(reading: _Reading, identifier: int, start: int, end: int) -> None:
    attachment = reading.attachments[-1]
    if identifier == _TITLE:
        attachment.setdefault(_PR_SHORT_NAME, reading.octets[start:end])
    elif identifier == _DATA:
        attachment.setdefault(_PR_DATA, reading.octets[start:end])
    elif identifier == _ATTACHMENT_PROPERTIES:
        attachment.update(_properties(reading, start, end))


def _properties(reading: _Reading, start: int, end: int) -> dict[int, _Value]:
    """Read a set of MAPI properties (§2.1.3.4); of several values the first counts."""
    octets = reading.octets
    found: dict[int, _Value] = {}
    try:
        (count,) = struct.unpack_from("<I", octets, start)
        position = start + 4
        for _ in range(count):
            if reading.properties_left <= 0 or position + 4 > end:
                reading.complete = False
                break
            kind, identifier = struct.unpack_from("<HH", octets, position)
            position += 4
            if identifier >= 0x8000:
                position = _after_name(octets, position)
            value, position = _value(reading, kind, position, end)
            if value is not None:
                found.setdefault(identifier, value)
    except (struct.error, _OutOfStep):
        reading.complete = False
    return found


class _OutOfStep(Exception):
    """A length points out of the data, or a type is unknown, so that the next property cannot be found."""


def _after_name(octets: bytes, position: int) -> int:
    """A named property has a GUID and a number or a name in front of its value."""
    kind, length = struct.unpack_from("<II", octets, position + 16)
    return position + 24 + (_padded(length) if kind == 1 else 0)


def _value(reading: _Reading, kind: int, position: int, end: int) -> tuple[_Value | None, int]:
    """A property's first value and where the next property begins."""
    base = kind & ~_SEVERAL
    size = _SIZES.get(base)
    count = 1
    if size is None or kind != base:
        (count,) = struct.unpack_from("<I", reading.octets, position)
        position += 4
    if size is None:
        return _long_values(reading, base, count, position, end)
    reading.properties_left -= 1
    following = position + _padded(size) * count
    if following > end:
        raise _OutOfStep
    is_number = bool(count) and base in {0x0002, 0x0003, 0x000B}
    return int.from_bytes(reading.octets[position : position + size], "little") if is_number else None, following


def _long_values(reading: _Reading, base: int, count: int, position: int, end: int) -> tuple[_Value | None, int]:
    """Values that state their own length."""
    first: bytes | None = None
    if base not in {_OBJECT, _STRING8, _UNICODE, _BINARY}:
        raise _OutOfStep
    for _ in range(count):
        (length,) = struct.unpack_from("<I", reading.octets, position)
        position += 4
        reading.properties_left -= 1
        if position + length > end or reading.properties_left < 0:
            raise _OutOfStep
        if first is None:
            first = reading.octets[position : position + length]
        position += _padded(length)
    if first is not None and base == _UNICODE:
        return first.decode("utf-16-le", "replace").rstrip("\0"), position
    if first is not None and base == _OBJECT:
        return first[16:], position  # behind the interface's GUID
    return first, position


def _padded(length: int) -> int:
    return (length + 3) & ~3


def _attachment(found: dict[int, _Value], code_page: int) -> TnefAttachment:
    content = found[_PR_DATA]
    content = content if isinstance(content, bytes) else b""
    names = (_text(found.get(key), code_page) for key in (_PR_LONG_NAME, _PR_SHORT_NAME, _PR_DISPLAY_NAME))
    flags = found.get(_PR_FLAGS, 0)
    return TnefAttachment(
        name=next((name for name in names if name), ""),
        content_type=_text(found.get(_PR_MIME_TYPE), code_page).strip().lower(),
        content_id=_text(found.get(_PR_CONTENT_ID), code_page),
        content=content,
        is_inline=isinstance(flags, int) and bool(flags & _RENDERED_IN_BODY),
        is_message=found.get(_PR_METHOD) == _EMBEDDED_MESSAGE and content.startswith(SIGNATURE),
    )


def _text(value: _Value | None, code_page: int) -> str:
    if isinstance(value, bytes):
        value = decode_octets(value.rstrip(b"\0"), charset_of(code_page))[0]
    return value if isinstance(value, str) else ""
