"""RTF bodies to plain text: decompressed (MS-OXRTFCP), then read without their layout (RTF 1.9.1).

Both steps are one pass with a bound. What an HTML body was wrapped into (MS-OXRTFEX) needs no unwrapping here: the
words are the same, and the tags stand in destinations that are skipped anyway.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from bot.rules.mail_charsets import clean_text, decode_octets

MAX_RTF = 1_000_000

# What the dictionary holds before the first octet (MS-OXRTFCP §2.1.2.1).
DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n" + rb"\par \pard\plain\f0\fs20\b\i\u"
    rb"\tab\tx"
)
_COMPRESSED, _UNCOMPRESSED = b"LZFu", b"MELA"
_WINDOW = 4_096

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|([^\\{}\r\n\0]+)|[\\\r\n\0]"
)
_WORDS = {
    b"par": "\n", b"line": "\n", b"row": "\n", b"nestrow": "\n", b"sect": "\n", b"page": "\n", b"tab": "\t",
    b"cell": "  ", b"nestcell": "  ", b"emdash": "—", b"endash": "–", b"bullet": "•", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"rdblquote": "”", b"emspace": " ", b"enspace": " ", b"qmspace": " ",
}  # fmt: skip
_SYMBOLS = {b"~": " ", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n", b"\r": "\n"}
_SKIPPED = frozenset({
    b"colortbl", b"filetbl", b"footer", b"footerf", b"footerl", b"footerr", b"header", b"headerf", b"headerl",
    b"headerr", b"info", b"listtable", b"listoverridetable", b"object", b"pict", b"revtbl", b"rsidtbl", b"stylesheet",
    b"themedata", b"xmlnstbl",
})  # fmt: skip
_CODE_PAGES = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 134: "cp936", 136: "cp950", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip


def decompress_rtf(octets: bytes, limit: int = MAX_RTF) -> bytes | None:
    """Decompress a PR_RTF_COMPRESSED value.

    Args:
        octets: The value with its header.
        limit: How many octets come out at most, whatever the header claims.

    Returns:
        The RTF as far as it could be read; None for what is no such value.
    """
    if len(octets) < 16:
        return None
    size, kind = struct.unpack_from("<I", octets, 4)[0], octets[8:12]
    limit = min(limit, size)
    if kind == _UNCOMPRESSED:
        return octets[16 : 16 + limit]
    if kind != _COMPRESSED:
        return None
    output = bytearray(DICTIONARY)
    limit += len(DICTIONARY)
    position, end = 16, len(octets)
    while position < end and len(output) < limit:
        control = octets[position]
        position += 1
        for bit in range(8):
            if position >= end:
                break
            if not control >> bit & 1:
                output.append(octets[position])
                position += 1
                continue
            reference = int.from_bytes(octets[position : position + 2], "big")
            position += 2
            distance = (len(output) - (reference >> 4)) % _WINDOW
            if not distance or distance > len(output):  # the end mark, or a window that was never written
                return bytes(output[len(DICTIONARY) : limit])
            length = (reference & 15) + 2
            start = len(output) - distance
            output += (output[start : start + length] * (length // distance + 1))[:length]
    return bytes(output[len(DICTIONARY) : limit])


@dataclass(slots=True)
class _Group:
    """What holds until the closing brace."""

    is_skipped: bool = False
    is_hidden: bool = False
    is_font_table: bool = False
    code_page: str = ""
    fallback: int = 1


@dataclass(slots=True)
class _Reading:
    pieces: list[str] = field(default_factory=list)
    octets: bytearray = field(default_factory=bytearray)
    group: _Group = field(default_factory=_Group)
    outer: list[_Group] = field(default_factory=list)
    default_code_page: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    font: int = 0
    to_skip: int = 0
    star: bool = False

    @property
    def is_silent(self) -> bool:
        return self.group.is_skipped or self.group.is_hidden or self.group.is_font_table

    def flush(self) -> None:
        """Octets are decoded together: a letter may be two of them."""
        if self.octets:
            charset = self.group.code_page or self.default_code_page
            self.pieces.append(decode_octets(bytes(self.octets), charset)[0])
            self.octets.clear()

    def add(self, text: str) -> None:
        if not self.is_silent:
            self.flush()
            self.pieces.append(text)


def text_from_rtf(octets: bytes, limit: int = MAX_RTF) -> str:
    r"""Convert an RTF document to plain text.

    Args:
        octets: The document, decompressed.
        limit: How many octets are looked at.

    Returns:
        The text; \'xx in the code page of its font, \uN as the letter that it names, hidden text left out.
    """
    octets = octets[:limit]
    reading = _Reading()
    position = 0
    while match := _TOKEN.match(octets, position):
        position = match.end()
        word, number, code, symbol, brace, text = match.groups()
        if text is not None:
            _plain(reading, text)
        elif code is not None:
            _plain(reading, bytes([int(code, 16)]))
        elif brace is not None:
            _brace(reading, brace)
        elif word == b"bin":
            position += max(0, min(int(number or 0), len(octets)))
        elif word is not None:
            _word(reading, word, int(number) if number else None)
        elif symbol == b"*":
            reading.star = True
        elif symbol is not None and symbol in _SYMBOLS:
            reading.to_skip, skips = max(0, reading.to_skip - 1), reading.to_skip > 0
            if not skips:
                reading.add(_SYMBOLS[symbol])
    reading.flush()
    return clean_text("".join(reading.pieces)).replace("\xa0", " ").strip("\n")


def _plain(reading: _Reading, text: bytes) -> None:
    skipped = min(reading.to_skip, len(text))  # what stands behind \uN for readers that know no Unicode
    reading.to_skip -= skipped
    if not reading.is_silent:
        reading.octets += text[skipped:]


def _brace(reading: _Reading, brace: bytes) -> None:
    reading.flush()
    reading.to_skip, reading.star = 0, False
    group = reading.group
    if brace == b"{":
        if len(reading.outer) < 1_000:
            reading.outer.append(group)
        reading.group = _Group(group.is_skipped, group.is_hidden, group.is_font_table, group.code_page, group.fallback)
    elif reading.outer:
        reading.group = reading.outer.pop()


def _word(reading: _Reading, word: bytes, number: int | None) -> None:
    """Obey one control word."""
    group = reading.group
    if reading.star:
        reading.star = False
        group.is_skipped = True
    if word == b"u" and number is not None:
        _letter(reading, number)
        return
    reading.to_skip = 0
    if word in _SKIPPED:
        group.is_skipped = True
    elif word in _WORDS:
        reading.add(_WORDS[word])
    elif word == b"uc" and number is not None:
        group.fallback = max(0, min(number, 100))
    elif word == b"v":
        reading.flush()
        group.is_hidden = number != 0
    elif word == b"plain":
        reading.flush()
        group.is_hidden, group.code_page = False, ""
    else:
        _font_word(reading, word, number)


def _font_word(reading: _Reading, word: bytes, number: int | None) -> None:
    """Which font, and with it which code page, the octets of text are in."""
    if word == b"fonttbl":
        reading.group.is_font_table = True
    elif word == b"f" and number is not None:
        reading.font = number
        if not reading.group.is_font_table:
            reading.flush()
            reading.group.code_page = reading.fonts.get(number, "")
    elif word == b"fcharset" and number in _CODE_PAGES and len(reading.fonts) < 1_000:
        reading.fonts[reading.font] = _CODE_PAGES[number]
    elif word == b"ansicpg" and number:
        reading.default_code_page = "utf-8" if number == 65001 else f"cp{number}"


def _letter(reading: _Reading, number: int) -> None:
    r"""\uN: a signed 16-bit number; letters beyond the first 65,536 come as two surrogates."""
    code = number & 0xFFFF
    if not reading.is_silent:
        reading.flush()
        last = reading.pieces[-1] if reading.pieces else ""
        if 0xDC00 <= code <= 0xDFFF and len(last) == 1 and "\ud800" <= last <= "\udbff":
            reading.pieces[-1] = chr(0x10000 + (ord(last) - 0xD800) * 0x400 + code - 0xDC00)
        else:
            reading.pieces.append(chr(code))
    reading.to_skip = reading.group.fallback
