"""winmail.dat files for tests, put together octet by octet after MS-OXTNEF and MS-OXRTFCP (no real ones at hand).

The order of the attributes, the paddings and the checksums are those that the specification gives as Outlook's; the
RTF is compressed with literals and back references, as MS-OXRTFCP §3.1 describes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from bot.rules.rtf_text import DICTIONARY
from bot.rules.tnef import SIGNATURE

STRING8, UNICODE, BINARY, OBJECT, LONG, BOOLEAN = 0x1E, 0x1F, 0x102, 0x0D, 0x03, 0x0B
MESSAGE_OBJECT = bytes.fromhex("0703020000000000c000000000000046")  # IID_IMessage

Property = tuple[int, int, bytes | str | int]


def attribute(level: int, identifier: int, data: bytes) -> bytes:
    """An attribute with its checksum (§2.1.1)."""
    return struct.pack("<BII", level, identifier, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def properties(values: Sequence[Property]) -> bytes:
    """A set of MAPI properties (§2.1.3.4); the first is a named one, as Outlook always has some."""
    named = struct.pack("<HH", LONG, 0x8005) + bytes(16) + struct.pack("<II", 0, 0x8205) + struct.pack("<I", 0)
    by_name = "Słowo".encode("utf-16-le") + b"\0\0"
    named += struct.pack("<HH", BOOLEAN, 0x8006) + bytes(16) + struct.pack("<II", 1, len(by_name)) + _pad(by_name)
    named += struct.pack("<I", 1)
    return struct.pack("<I", len(values) + 2) + named + b"".join(_property(*value) for value in values)


def _property(kind: int, identifier: int, value: bytes | str | int) -> bytes:
    head = struct.pack("<HH", kind, identifier)
    if isinstance(value, int):
        return head + struct.pack("<I", value)
    octets = value.encode("utf-16-le") + b"\0\0" if isinstance(value, str) else value
    if kind == OBJECT:
        octets = MESSAGE_OBJECT + octets
    return head + struct.pack("<II", 1, len(octets)) + _pad(octets)


def _pad(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)


def attachment(values: Sequence[Property], *, title: bytes = b"", data: bytes | None = None) -> bytes:
    """The attributes of one attachment: where it is shown, its short name, its content, its properties."""
    rendering = struct.pack("<HIHHI", 1, 0xFFFFFFFF, 0, 0, 0)
    made = attribute(2, 0x00069002, rendering)
    if title:
        made += attribute(2, 0x00018010, title + b"\0")
    if data is not None:
        made += attribute(2, 0x0006800F, data)
    return made + attribute(2, 0x00069005, properties(values))


def winmail(message: Sequence[Property], attachments: Sequence[bytes] = (), *, code_page: int = 1250) -> bytes:
    """A whole stream."""
    made = SIGNATURE + struct.pack("<H", 0x1234)
    made += attribute(1, 0x00089006, struct.pack("<I", 0x00010000))  # attTnefVersion
    made += attribute(1, 0x00069007, struct.pack("<II", code_page, 0))  # attOemCodepage
    made += attribute(1, 0x00078008, b"IPM.Microsoft Mail.Note\0")  # attMessageClass
    made += attribute(1, 0x00069003, properties(message))
    return made + b"".join(attachments)


def compress(rtf: bytes) -> bytes:
    """Compress as MS-OXRTFCP §3.1: the longest match within the last 4,096 octets, else the octet itself."""
    window = bytearray(DICTIONARY)
    tokens: list[tuple[int, bytes]] = []
    position = 0
    while position < len(rtf):
        best, where = 0, 0
        for length in range(min(17, len(rtf) - position), 1, -1):
            where = bytes(window[-4_000:]).rfind(rtf[position : position + length])
            if where >= 0:
                best, where = length, max(0, len(window) - 4_000) + where
                break
        if best:
            tokens.append((1, struct.pack(">H", where % 4_096 << 4 | best - 2)))
        else:
            best = 1
            tokens.append((0, rtf[position : position + 1]))
        window += rtf[position : position + best]
        position += best
    tokens.append((1, struct.pack(">H", len(window) % 4_096 << 4)))
    packed = b""
    for start in range(0, len(tokens), 8):
        run = tokens[start : start + 8]
        packed += bytes([sum(bit << place for place, (bit, _) in enumerate(run))]) + b"".join(data for _, data in run)
    return struct.pack("<II", len(packed) + 12, len(rtf)) + b"LZFu" + struct.pack("<I", 0) + packed
