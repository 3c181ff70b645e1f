"""File names from mails, made safe for disks, archives and chats."""

from __future__ import annotations

import mimetypes
import re

from bot.rules.mail_charsets import clean_line

_LONGEST = 120
_FORBIDDEN = re.compile(r'[<>:"|?*\\/]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
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
    """A file name without path, control characters or names that systems reserve.

    Args:
        name: The name as the mail gave it, decoded; may be empty.
        content_type: Used for a name where there is none.
        number: Which attachment it is, from 1; part of a made-up name.

    Returns:
        At most 120 characters, never empty, never beginning with a dot.
    """
    base = clean_line(name.replace("\\", "/").rpartition("/")[2])
    base = _FORBIDDEN.sub("_", base).strip(" .")
    if not base:
        return _made_up(content_type, number)
    if _RESERVED.match(base):
        base = "_" + base
    if len(base) > _LONGEST:
        stem, dot, extension = base.rpartition(".")
        keeps_extension = bool(dot) and len(extension) <= 10
        base = stem[: _LONGEST - len(extension) - 1] + "." + extension if keeps_extension else base[:_LONGEST]
    return base


def _made_up(content_type: str, number: int) -> str:
    usual = _USUAL.get(content_type)
    if usual is not None:
        stem, _, extension = usual.rpartition(".")
        return f"{stem}-{number}.{extension}"
    return f"attachment-{number}{mimetypes.guess_extension(content_type, strict=True) or '.bin'}"
