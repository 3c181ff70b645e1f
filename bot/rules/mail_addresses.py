"""Address lists of mail headers (RFC 5322 §3.4), read leniently, in linear time and without recursion."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.rules.mail_charsets import clean_line, decode_words

MAX_ADDRESSES = 100
LONGEST_HEADER = 20_000
# The bounds inside quotes and comments keep a header of nothing but opening marks linear.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.){0,200}"|\((?:[^()\\]|\\.){0,200}\)|<[^<>]*>?|[,;:]|[^",;:<(]+|.', re.DOTALL)
_ADDRESS = re.compile(
    r"(?<![^\s'])[^\s<>@\x00-\x20\x7f\",;:()\[\]\\]{1,64}@[^\s<>@\x00-\x20\x7f\",;:()\\]{1,255}(?![^\s'])"
)
_QUOTED_LOCAL = re.compile(r'"(?:[^"\\\r\n]|\\.){1,62}"@[^\s<>@\x00-\x20\x7f",;:()\\]{1,255}')
_ESCAPED = re.compile(r"\\(.)")
_LIKE_AN_ADDRESS = re.compile(r"[^\s<>\"',;:()\\]{1,64}@[^\s<>\"',;:()\\]{1,255}")


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: the decoded display name (may be empty) and the address with its domain in lower case."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2]


def parse_addresses(value: str, limit: int = MAX_ADDRESSES) -> tuple[Address, ...]:
    """Read an address list.

    Args:
        value: The unfolded header value, RFC 2047 words not yet decoded (they may hide commas).
        limit: How many addresses are given at most.

    Returns:
        The addresses in order; what holds no address is left out. Group names and empty groups vanish.
    """
    found = _parse(value[:LONGEST_HEADER], limit)
    if not found and "=?" in value:  # broken mailers encode the whole list, angle brackets included
        found = _parse(decode_words(value[:LONGEST_HEADER]), limit)
    return tuple(found)


def names_several(value: str) -> bool:
    """Whether a From field names, or to another reader may name, more than one sender.

    A server may check another of them than `parse_addresses` gives: where two stand in angle brackets, or where a
    quoted text or a comment that is never closed, or longer than we look, hides one from one of both.
    """
    if len(value) > LONGEST_HEADER:
        return True
    if len({address.lower() for address in _LIKE_AN_ADDRESS.findall(value)}) < 2:
        return False
    found: set[str] = set()
    words = ""
    for match in _TOKEN.finditer(value + ","):
        piece = match[0]
        if piece in {'"', "("}:
            return True
        if piece[0] == "<":
            words = words if piece == "<>" else ""  # a display name, even if it looks like an address
        elif piece[0] in '"(':
            continue
        elif piece not in {",", ";"}:
            words += piece
            continue
        found.update(address.lower() for address in _LIKE_AN_ADDRESS.findall(piece + words))
        words = ""
    return len(found) > 1


def _parse(value: str, limit: int) -> list[Address]:
    found: list[Address] = []
    words: list[str] = []
    angle = comment = ""
    for match in _TOKEN.finditer(value + ","):
        piece = match[0]
        if piece in {",", ";"}:
            address = _address(words, angle, comment)
            if address is not None:
                found.append(address)
                if len(found) >= limit:
                    break
            words, angle, comment = [], "", ""
        elif piece == ":":  # a group's name ends; "mailto:" of broken mailers goes the same way
            words = []
        elif piece[0] == "<":
            angle = angle or piece.strip("<> \t")
        elif piece[0] == "(":
            comment = comment or piece[1:-1]
        elif piece == '"':  # never closed
            continue
        else:
            words.append(piece)
    return found


def _address(words: list[str], angle: str, comment: str) -> Address | None:
    """Join one mailbox's pieces; None where there is no address in them."""
    text = "".join(words).strip()
    if angle:
        spec = _spec(angle.removeprefix("mailto:"))
        name = _unquoted(text.strip("<> "))
    else:
        spec = _spec(text)
        name = _unquoted(comment)
    if spec is None:
        return None
    local, _, domain = spec.rpartition("@")
    name = clean_line(decode_words(name))[:200]
    return Address("" if name == spec else name, f"{local}@{domain.lower().rstrip('.')}")


def _spec(text: str) -> str | None:
    if match := _QUOTED_LOCAL.fullmatch(text):
        return match[0]
    match = _ADDRESS.fullmatch(text) or _ADDRESS.search(text.strip("'\""))
    return match[0] if match else None


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return _ESCAPED.sub(r"\1", text[1:-1])
    return text.strip('"').strip("'") if text[:1] in "\"'" else text
