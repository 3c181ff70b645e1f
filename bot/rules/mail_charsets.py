"""Octets of mail to text, whatever their label says: bodies, 8-bit headers and RFC 2047 encoded words.

The order of trust: the declared charset where it works and makes sense, UTF-8, then the two single-byte charsets of
Polish mail, cp1250 and iso-8859-2, told apart by the octets in which they differ.
"""

from __future__ import annotations

import binascii
import codecs
import re
import unicodedata
from functools import lru_cache

# Names seen in real mail that Python's codec registry does not know.
_ALIASES = {
    "8bit": "ascii",
    "ansi_x3.110-1983": "latin-1",
    "cp-1250": "cp1250",
    "cp-1252": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "us-ascii-8bit": "ascii",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "windows1250": "cp1250",
    "x-cp1250": "cp1250",
    "x-mac-ce": "mac_latin2",
    "x-mac-centraleurroman": "mac_latin2",
    "x-sjis": "cp932",
}
# No charsets of mail: they raise, take quadratic time, or interpret backslashes.
_NOT_FOR_MAIL = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs", "oem"})
_WESTERN = frozenset({"ascii", "iso8859-1", "cp1252", "iso8859-15"})
_CENTRAL_EUROPEAN = frozenset({"cp1250", "iso8859-2"})

_UNLABELLED = "8-bit octets without a charset"

# ą ś ź Ą Ś Ź and typographic quotes, where cp1250 and iso-8859-2 differ (ł ż ć ę ń ó are the same in both).
_TELLS_CP1250 = re.compile(rb"[\xb9\x9c\x9f\xa5\x8c\x8f\x84\x93\x94\x96\x97\x85]")
_TELLS_ISO_8859_2 = re.compile(rb"[\xb1\xb6\xbc\xa1\xa6\xac]")
# Superscripts, signs and control characters of the western charsets stand between letters only in mislabelled Polish.
_MISLABELLED_POLISH = re.compile(rb"[A-Za-z][\xb3\xb9\xbf\xb1\xb6\xbc\x9c\x9f][A-Za-z]")
_C1 = re.compile("[\x80-\x9f]")

_ENCODED_WORD = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]{0,20})?\?([bBqQ])\?([^\r\n]{0,2000}?)(?:\?=|$)")
_Q_ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")

_CONTROL_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROL_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
# Marks that turn the direction of writing: in a name or subject they only serve to deceive.
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
# Combining marks are neither letters nor spaces nor among the first characters; few other runs are this long.
_MARKS_ONLY = re.compile("[^\\w\\s\0-\u02ff]{31,}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BEFORE_U0300 = bytes(range(0xCC))  # what UTF-8 writes all earlier letters with


@lru_cache(maxsize=256)
def _codec(charset: str) -> str | None:
    """The codec's normal name for a charset label, or None for what is no charset of mail."""
    label = charset.strip().strip("\"'").lower()
    if not label.isascii() or len(label) > 40:
        return None
    try:
        info = codecs.lookup(_ALIASES.get(label, label))
    except (LookupError, ValueError):
        return None
    # Only text encodings: "base64" and "zip" are codecs too.
    if info.name in _NOT_FOR_MAIL or not getattr(info, "_is_text_encoding", True):
        return None
    return info.name


def decode_octets(data: bytes, declared: str | None = None) -> tuple[str, str | None]:
    """Decode octets to text.

    Args:
        data: The octets, transfer encoding already removed.
        declared: The charset label of the part, if any.

    Returns:
        The text and, where the label was missing the truth, a problem in words.
    """
    if not data:
        return "", None
    codec = _codec(declared) if declared else None
    problem = f"unknown charset {declared!r}"[:80] if declared and codec is None else None
    if data.isascii() and (codec is None or codec in _WESTERN or codec in _CENTRAL_EUROPEAN or codec == "utf-8"):
        return data.decode("ascii"), problem
    if codec in _WESTERN or codec in _CENTRAL_EUROPEAN or codec is None:
        return _decode_single_byte(data, codec, problem)
    try:
        return _SURROGATE.sub("\ufffd", data.decode(codec)), None
    except (UnicodeError, ValueError):
        return _repair(data, f"octets that are no {codec}")


def _decode_single_byte(data: bytes, codec: str | None, problem: str | None) -> tuple[str, str | None]:
    """Any octets are valid in a single-byte charset, so the label is checked against what the octets say."""
    try:
        return data.decode("utf-8"), problem or (f"UTF-8 labelled {codec}" if codec else _UNLABELLED)
    except UnicodeDecodeError:
        pass
    if codec is None or codec == "ascii":
        return _repair(data, problem or _UNLABELLED)
    if codec in _WESTERN:
        if _MISLABELLED_POLISH.search(data):
            return _repair(data, f"Polish octets labelled {codec}")
        return data.decode("cp1252", "replace"), None  # a superset of latin-1 in practice (WHATWG does the same)
    told = _polish_charset(data)
    text = data.decode(codec, "replace")
    if told != codec and (_C1.search(text) or _MISLABELLED_POLISH.search(data)):
        return data.decode(told, "replace"), f"{told} labelled {codec}"
    return text, None


def _repair(data: bytes, problem: str) -> tuple[str, str]:
    """Decode octets whose label is missing or wrong."""
    text = data.decode("utf-8", "replace")
    good = sum(1 for character in text if character > "\x7f" and character != "\ufffd")
    if text.count("\ufffd") * 10 <= good:
        return text, problem
    return data.decode(_polish_charset(data), "replace"), problem


def _polish_charset(data: bytes) -> str:
    cp1250, iso = len(_TELLS_CP1250.findall(data)), len(_TELLS_ISO_8859_2.findall(data))
    return "iso8859-2" if iso > cp1250 else "cp1250"


def decode_header(value: bytes) -> str:
    """Decode a raw, unfolded header value: 8-bit octets, then RFC 2047 encoded words."""
    return decode_words(decode_octets(value)[0])


def decode_words(value: str) -> str:
    """Decode RFC 2047 encoded words wherever they stand, broken ones as far as possible.

    Adjacent words of one charset are joined before decoding, because mailers cut inside of letters; white space
    between two encoded words is dropped (RFC 2047 §6.2).
    """
    if "=?" not in value:
        return value
    pieces: list[str] = []
    pending = bytearray()
    pending_charset, end = "", 0
    for match in _ENCODED_WORD.finditer(value):
        between = value[end : match.start()]
        charset, octets = match[1], _word_octets(match[2], match[3])
        if pending_charset and between.strip():
            pieces.append(_flush(pending, pending_charset))
            pieces.append(between)
        elif pending_charset and charset.lower() != pending_charset.lower():
            pieces.append(_flush(pending, pending_charset))
        elif not pending_charset:
            pieces.append(between)
        pending += octets
        pending_charset, end = charset, match.end()
    if pending_charset:
        pieces.append(_flush(pending, pending_charset))
    pieces.append(value[end:])
    return "".join(pieces)


def _flush(pending: bytearray, charset: str) -> str:
    text = decode_octets(bytes(pending), charset)[0]
    pending.clear()
    return text


def _word_octets(encoding: str, text: str) -> bytes:
    if encoding in "qQ":
        raw = text.replace("_", " ").encode("utf-8", "replace")
        return _Q_ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), raw)
    letters = _NOT_BASE64.sub("", text)
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))


def clean_line(text: str) -> str:
    """One line for people: no control characters, no marks of writing direction, NFC, single spaces."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = _INVISIBLE.sub("", _SURROGATE.sub("\ufffd", _CONTROL_IN_LINE.sub(" ", text)))
    return _composed(" ".join(text.split()))


def clean_text(text: str) -> str:
    """Text for people: lines end in LF, no control characters but tab and LF, NFC."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL_IN_TEXT.sub("", text)
    if text.isascii():
        return text
    if not text.encode("utf-8", "surrogatepass").translate(None, _BEFORE_U0300):
        return unicodedata.normalize("NFC", text)  # the usual Polish text: no marks and no surrogates, seen at once
    return _composed(_SURROGATE.sub("\ufffd", text))


def _composed(text: str) -> str:
    """NFC. Sorting marks takes quadratic time, so that more than 30 on one letter are cut (as UAX #15 §13 does)."""
    return unicodedata.normalize("NFC", _MARKS_ONLY.sub(_thirty_marks, text))


def _thirty_marks(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= 30:
            kept.append(character)
    return "".join(kept)
