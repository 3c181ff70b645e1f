"""File names from mails, made safe for disks, archives and chats."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable

from bot.rules.mail_charsets import clean_line
from bot.sendings import SharedFile

_LONGEST = 120
_MOST_OCTETS = 240  # file systems take 255
_LONGEST_EXTENSION = 10
_FORBIDDEN = re.compile(r'[<>:"|?*\\/]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|$)", re.IGNORECASE)
_USUAL = {
    "application/ms-tnef": "winmail.dat",
    "application/pgp-signature": "signature.asc",
    "application/pkcs7-signature": "smime.p7s",
    "message/delivery-status": "delivery-status.txt",
    "message/rfc822": "message.eml",
    "text/calendar": "invite.ics",
    "text/html": "page.html",
    "text/plain": "text.txt",
    "text/rfc822-headers": "headers.txt",
}


def safe_name(name: str, content_type: str, number: int) -> str:
    """A file name without path, control character, mark of writing direction, or name that systems reserve.

    Args:
        name: The name as the mail gave it, decoded; may be empty.
        content_type: Used for a name where there is none.
        number: Which attachment it is, from 1; part of a made-up name.

    Returns:
        At most 120 characters and 240 octets of UTF-8, never empty, never beginning with a dot; a long name keeps its
        last two extensions, so that "faktura ... .pdf.exe" shows what it is.
    """
    base = clean_line(name.replace("\\", "/").rpartition("/")[2])
    base = _FORBIDDEN.sub("_", base).strip(" .")
    if not base:
        return _made_up(content_type, number)
    if _RESERVED.match(base):
        base = "_" + base
    return _shortened(base)


def unique_name(name: str, taken: dict[str, int]) -> str:
    """A name that no other file of the same mail has, in whatever case; "log.txt" becomes "log (2).txt".

    Args:
        name: A safe name.
        taken: The names given so far, case-folded, each with the number it had last; kept up to date here.
    """
    number = taken.get(name.casefold(), 0)
    candidate = name
    while candidate.casefold() in taken:
        number += 1
        candidate = _shortened(name, f" ({number})")
    taken[name.casefold()] = max(number, 1)
    taken.setdefault(candidate.casefold(), 1)
    return candidate


def extensions(name: str) -> list[str]:
    """What stands behind the dots of a file name, lower case and in order: ["pdf", "exe"] of "faktura.pdf.exe"."""
    base = re.split(r"[\\/]", name.rstrip(" .\0"))[-1]
    return [part.strip().lower() for part in base.split(".")[1:]]


def _shortened(base: str, suffix: str = "") -> str:
    """Put a suffix in front of the extensions, and cut what stands in front of it where all is too long."""
    stem, endings = base, ""
    for _ in range(2):
        head, dot, extension = stem.rpartition(".")
        if not head or not dot or len(extension) > _LONGEST_EXTENSION:
            break
        stem, endings = head, dot + extension + endings
    stem = stem[: _LONGEST - len(suffix + endings)]
    room = _MOST_OCTETS - len((suffix + endings).encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + suffix + endings


def _made_up(content_type: str, number: int) -> str:
    usual = _USUAL.get(content_type)
    if usual is not None:
        stem, _, extension = usual.rpartition(".")
        return f"{stem}-{number}.{extension}"
    return f"attachment-{number}{mimetypes.guess_extension(content_type, strict=True) or '.bin'}"


def too_large(files: Iterable[SharedFile], megabytes: int) -> tuple[str, ...]:
    """The names of the files that are larger than may go along with a mail; whose size is unknown, is none of them."""
    return tuple(file.name for file in files if file.size > megabytes * 1024 * 1024)
