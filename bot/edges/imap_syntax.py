"""The parts of IMAP's grammar that we write and read ourselves (RFC 9051 §9, RFC 3501 §5.1.3). Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_INTERNALDATE = re.compile(
    rb'INTERNALDATE "([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"', re.IGNORECASE
)
_FLAGS = re.compile(rb"FLAGS \([^)]*\)", re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d+)", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)", re.IGNORECASE)
_BODY = re.compile(rb'\bBODY\[[^\]]*\](?:<\d+>)? (?:(\{)|"((?:[^"\\]|\\.)*)"|NIL)', re.IGNORECASE)
_UIDVALIDITY = re.compile(rb"\[UIDVALIDITY (\d+)\]", re.IGNORECASE)
_RESPONSE_CODE = re.compile(rb"^\[([A-Z0-9-]+)")
_ITEM = re.compile(rb"\d+ FETCH \(", re.IGNORECASE)
_PLAIN_RUN = re.compile(r"[\x20-\x7e]+|[^\x20-\x7e]+")

Line = bytes | bytearray  # of a response; a bytearray is a literal's octets


@dataclass(frozen=True, slots=True)
class Overview:
    """What is asked of a message before its text.

    Attributes:
        size: RFC822.SIZE in octets.
        received_at: INTERNALDATE, aware, UTC.
    """

    uid: int
    size: int
    received_at: datetime


def quoted(text: str) -> str:
    """A quoted string; ValueError for what cannot stand in one."""
    if re.search(r"[\x00\r\n]", text):
        raise ValueError("a line break or NUL")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def mailbox_name(name: str) -> str:
    """A folder's name as it is sent: modified UTF-7 (RFC 3501 §5.1.3), quoted."""

    def encode(run: str) -> str:
        if run.isascii() and run.isprintable():
            return run.replace("&", "&-")
        octets = base64.b64encode(run.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
        return f"&{octets.decode()}-"

    return quoted("".join(encode(run) for run in _PLAIN_RUN.findall(name)))


def uid_set(uids: Sequence[int]) -> str:
    """A sequence set of UIDs."""
    return ",".join(map(str, uids))


def response_code(text: bytes) -> str:
    """The code of a status response such as "[TRYCREATE] ...", "" where it has none (RFC 9051 §7.1)."""
    match = _RESPONSE_CODE.match(text.upper())
    return match[1].decode() if match else ""


def read_uidvalidity(lines: Sequence[Line]) -> int:
    """UIDVALIDITY out of the answer to SELECT; ValueError when the server keeps none (RFC 9051 §2.3.1.1)."""
    for line in lines:
        if match := _UIDVALIDITY.search(bytes(line)):
            return int(match[1])
    raise ValueError("no UIDVALIDITY")


def read_search(lines: Sequence[Line]) -> list[int]:
    """The UIDs out of the answer to UID SEARCH, ascending. The last line is the status and not looked at."""
    return sorted({int(word) for line in lines[:-1] for word in line.split()})


def read_overviews(lines: Sequence[Line]) -> dict[int, Overview]:
    """Size and date by UID; items that lack any of the three are other news and left out."""
    found = {}
    for text, _ in _items(lines):
        uid, size = _UID.search(text), _SIZE.search(text)
        if uid and size:
            found[int(uid[1])] = Overview(int(uid[1]), int(size[1]), _received_at(text))
    return found


def read_bodies(lines: Sequence[Line]) -> dict[int, bytes]:
    """The octets of BODY[...] by UID."""
    found = {}
    for text, literals in _items(lines):
        uid, body = _UID.search(text), _BODY.search(text)
        if not uid or not body:
            continue
        if body[1]:
            (octets,) = literals
        else:
            octets = re.sub(rb"\\(.)", rb"\1", body[2] or b"")
        found[int(uid[1])] = octets
    return found


def _items(lines: Sequence[Line]) -> list[tuple[bytes, list[bytes]]]:
    """The FETCH items: their text without flags and literals, and the literals."""
    items: list[tuple[bytearray, list[bytes]]] = []
    for line in lines[:-1]:
        if isinstance(line, bytearray):
            items[-1][1].append(bytes(line))
        elif _ITEM.match(line):
            items.append((bytearray(line), []))
        elif items:
            items[-1][0].extend(line)
    return [(_FLAGS.sub(b"", bytes(text)), literals) for text, literals in items]


def _received_at(text: bytes) -> datetime:
    match = _INTERNALDATE.search(text)
    if match is None:
        raise ValueError("no INTERNALDATE")
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = (part.decode() for part in match.groups())
    offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes)) * (-1 if sign == "-" else 1)
    local = datetime(
        int(year),
        _MONTHS.index(month.lower()) + 1,
        int(day),
        int(hour),
        int(minute),
        min(int(second), 59),  # a leap second has no place in datetime
        tzinfo=timezone(offset),
    )
    return local.astimezone(UTC)
