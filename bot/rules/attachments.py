"""Which files of a mail are kept and shown, held for an engineer's decision, or dropped, and why.

The order of the checks, per file; the first that finds something decides:

| check                                                       | verdict | reason               |
| ----------------------------------------------------------- | ------- | -------------------- |
| the mail has more files than allowed                        | dropped | too_many             |
| the file is larger than allowed                             | dropped | too_large            |
| a dangerous type by its name                                | held    | dangerous_name       |
| a program, script, shortcut or disk image by its content    | held    | dangerous_content    |
| an office document with macros                              | held    | macros               |
| an archive whose listing names a dangerous type             | held    | dangerous_in_archive |
| an archive with more entries than are looked at             | held    | archive_too_long     |

Archives are never extracted. What a mail's signature shows (a small picture within the text) is decoration: no file
that anybody sent, neither counted nor shown. The mail itself is kept whole in any case.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from bot.config import IntakeConfig
from bot.model import AttachmentVerdict
from bot.rules.file_names import extensions, unique_name
from bot.rules.mail_charsets import clean_line, decode_octets
from bot.rules.mail_reading import Attachment

_MOST_ENTRIES = 20_000  # mentions of names; every file of an archive is mentioned twice
_LARGEST_DECORATION = 32_768  # octets
_MOST_PIXELS_OF_DECORATION = 150_000
_PICTURES = frozenset({"image/bmp", "image/gif", "image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/webp"})
_PACKED = frozenset({"gz", "bz2", "xz", "zst", "lzma", "z"})

# Central headers and local ones: readers differ in which they believe. The name's length is 28 or 26 octets in.
_ZIP_ENTRY = re.compile(rb"PK(?:\x01\x02.{24}(..).{16}|\x03\x04.{22}(..)..)", re.DOTALL)
_ZIP_BEGINS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK")
_ZIP_NAMES = frozenset({"zip", "zipx", "docx", "xlsx", "pptx", "odt", "ods"})
_MACROS_IN_ZIP = re.compile(r"(?:^|/)(?:vbaproject\.bin|xl/macrosheets/[^/]+|basic/script-lc\.xml)$", re.IGNORECASE)
_OLE_BEGINS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MACROS_IN_OLE = tuple(name.encode("utf-16-le") for name in ("_VBA_PROJECT", "\x05Macros"))
_DANGEROUS_BEGINNINGS = (
    (b"\x7fELF", "ELF program"),
    (b"#!", "script"),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00", "Windows shortcut"),
    (b"\xfe\xed\xfa\xce", "Mach-O program"),
    (b"\xfe\xed\xfa\xcf", "Mach-O program"),
    (b"\xce\xfa\xed\xfe", "Mach-O program"),
    (b"\xcf\xfa\xed\xfe", "Mach-O program"),
    (b"\xca\xfe\xba\xbe", "Java or Mach-O program"),
    (b"dex\n03", "Android program"),
    (b"\0asm", "WebAssembly program"),
    (b"ITSF", "Windows help file"),
    (b"MSCF\0\0\0\0", "cabinet archive"),
    (b"conectix", "disk image"),
    (b"vhdxfile", "disk image"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "OneNote notebook"),
)
_ISO_9660 = (b"CD001", 0x8001)


class Reason(StrEnum):
    """Why a file was held or dropped."""

    TOO_MANY = "too_many"
    TOO_LARGE = "too_large"
    DANGEROUS_NAME = "dangerous_name"
    DANGEROUS_CONTENT = "dangerous_content"
    MACROS = "macros"
    DANGEROUS_IN_ARCHIVE = "dangerous_in_archive"
    ARCHIVE_TOO_LONG = "archive_too_long"


@dataclass(frozen=True, slots=True)
class AttachmentLimits:
    """What is accepted.

    Attributes:
        max_octets: The largest file.
        max_count: How many files of one mail.
        dangerous_types: Extensions without dots, lower case.
    """

    max_octets: int
    max_count: int
    dangerous_types: frozenset[str]

    @classmethod
    def of(cls, intake: IntakeConfig) -> AttachmentLimits:
        """The limits of a configuration."""
        types = (kind.lower().lstrip(".") for kind in intake.dangerous_types)
        return cls(intake.attachment_max_mb * 1024 * 1024, intake.attachments_max_count, frozenset(types))


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one file.

    Attributes:
        index: Which of the mail's attachments it is, from 0.
        name: Safe, and different from the names of this mail's other files in whatever case, decoration aside.
        content_type: As declared.
        size: Octets.
        sha256: Of the content, hex.
        reason: None where it is kept.
        found: What the reason rests on, for people: an extension, a name in an archive, a kind of content.
        is_decoration: A picture of a signature: neither stored nor shown as a file.
    """

    index: int
    name: str
    content_type: str
    size: int
    sha256: str
    verdict: AttachmentVerdict
    reason: Reason | None = None
    found: str = ""
    is_decoration: bool = False


def sort_attachments(
    attachments: Sequence[Attachment], contents: Iterable[bytes], limits: AttachmentLimits
) -> tuple[Decision, ...]:
    """Decide about the files of one mail.

    Args:
        attachments: As `bot.rules.mail_reading.read_mail` gives them.
        contents: Their contents in the same order, as `bot.rules.mail_reading.attachment_contents` gives them: one is
            in memory at a time.
        limits: What is accepted.

    Returns:
        One decision for each, in the same order.
    """
    decisions = []
    taken: dict[str, int] = {}
    count = 0
    for index, (attachment, content) in enumerate(zip(attachments, contents, strict=True)):
        is_decoration = _is_decoration(attachment, content)
        count += not is_decoration
        reason, found = (None, "") if is_decoration else _judge(attachment.name, content, count, limits)
        decisions.append(
            Decision(
                index=index,
                name=attachment.name if is_decoration else unique_name(attachment.name, taken),
                content_type=attachment.content_type,
                size=len(content),
                sha256=sha256(content).hexdigest(),
                verdict=_verdict(reason),
                reason=reason,
                found=found,
                is_decoration=is_decoration,
            )
        )
    return tuple(decisions)


def _verdict(reason: Reason | None) -> AttachmentVerdict:
    if reason is None:
        return AttachmentVerdict.KEPT
    dropped = reason in {Reason.TOO_MANY, Reason.TOO_LARGE}
    return AttachmentVerdict.DROPPED if dropped else AttachmentVerdict.HELD


def _judge(name: str, content: bytes, count: int, limits: AttachmentLimits) -> tuple[Reason | None, str]:
    if count > limits.max_count:
        return Reason.TOO_MANY, str(limits.max_count)
    if len(content) > limits.max_octets:
        return Reason.TOO_LARGE, f"{len(content)} B"
    if kind := _dangerous_extension(name, limits.dangerous_types):
        return Reason.DANGEROUS_NAME, kind
    if kind := _dangerous_content(content):
        return Reason.DANGEROUS_CONTENT, kind
    if content.startswith(_OLE_BEGINS) and any(mark in content for mark in _MACROS_IN_OLE):
        return Reason.MACROS, "VBA"
    if content.startswith(_ZIP_BEGINS) or set(extensions(name)[-1:]) & _ZIP_NAMES:
        return _judge_zip(content, limits)
    return None, ""


def _dangerous_extension(name: str, dangerous: frozenset[str]) -> str:
    """The extension that a name ends in, as the program that opens it sees it; "" where it is harmless."""
    found = extensions(name)
    while found and found[-1] in _PACKED and found[-1] not in dangerous:
        found = found[:-1]  # unpacked, "setup.exe.gz" is setup.exe
    return found[-1] if found and found[-1] in dangerous else ""


def _dangerous_content(content: bytes) -> str:
    for beginning, kind in _DANGEROUS_BEGINNINGS:
        if content.startswith(beginning):
            return kind
    if content.startswith((b"MZ", b"ZM")) and b"\0" in content[:512]:  # a text may begin with these letters
        return "Windows program"
    mark, position = _ISO_9660
    return "disk image" if content.startswith(mark, position) else ""


def _judge_zip(content: bytes, limits: AttachmentLimits) -> tuple[Reason | None, str]:
    for number, name in enumerate(zip_names(content)):
        if number >= _MOST_ENTRIES:
            return Reason.ARCHIVE_TOO_LONG, str(_MOST_ENTRIES)
        if _MACROS_IN_ZIP.search(name):
            return Reason.MACROS, clean_line(name)[:120]
        if _dangerous_extension(name, limits.dangerous_types):
            return Reason.DANGEROUS_IN_ARCHIVE, clean_line(name)[:120]
    return None, ""


def zip_names(content: bytes) -> Iterator[str]:
    """Every name that a zip archive mentions, in its directory and before each entry, encrypted or not.

    `zipfile` reads the directory only, at once, and refuses what is slightly broken; programs that unpack are not so
    strict. Here nothing is unpacked and nothing but names is read; an archive stored in this one shows its names too.
    """
    for match in _ZIP_ENTRY.finditer(content):
        (length,) = struct.unpack("<H", match[1] or match[2])
        name = content[match.end() : match.end() + length]
        yield decode_octets(name, "utf-8")[0]


def _is_decoration(attachment: Attachment, content: bytes) -> bool:
    """A small picture that the text shows: a logo, an icon, a tracking pixel; screenshots have more pixels."""
    if not attachment.is_inline or not attachment.content_id or attachment.content_type not in _PICTURES:
        return False
    return len(content) <= _LARGEST_DECORATION and _pixels(content) <= _MOST_PIXELS_OF_DECORATION


def _pixels(content: bytes) -> int:
    """The area of a PNG, GIF or JPEG by its header; 0 where it does not say."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        width, height = struct.unpack_from(">II", content, 16)
    elif content.startswith((b"GIF87a", b"GIF89a")) and len(content) >= 10:
        width, height = struct.unpack_from("<HH", content, 6)
    elif content.startswith(b"\xff\xd8"):
        width, height = _jpeg_size(content)
    else:
        return 0
    return int(width) * int(height)


def _jpeg_size(content: bytes) -> tuple[int, int]:
    position = 2
    while position + 9 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack_from(">HH", content, position + 5)
            return width, height
        position += 2 + max(2, int.from_bytes(content[position + 2 : position + 4], "big"))
    return 0, 0
