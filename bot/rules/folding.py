"""Making text comparable: what looks the same to people becomes the same characters.

Customers paste from web pages, Slack and Word: full-width letters, no-break and zero-width spaces, typographic dashes,
HTML entities, and links that clients put around everything that looks like a telephone number.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8}[0-9]{0,2});")
_LINK = re.compile(r"<(?:tel|callto|sip|mailto|https?):([^<>|\n]*)(?:\|([^<>\n]*))?>")
_WRAPPED_LINK = re.compile(r"(?<!\S)\S{0,300}?%3A%2F%2F\S{0,2000}", re.IGNORECASE)
_NOT_LETTERS = {"<super>", "<sub>", "<circle>", "<square>", "<fraction>"}
_DIACRITICS = tuple(zip("ąćęłńóśźż", "acelnoszz", strict=True))


@lru_cache(maxsize=8)  # the rules each ask for the words of the mail in hand
def readable(text: str) -> str:
    """Text with entities decoded and links unwrapped; what only looks different becomes plain ASCII.

    Zero-width characters vanish; every kind of space becomes a space, every dash a hyphen. Footnote marks and circled
    numbers are set apart by spaces, for they never belong to the word before them. Links that a mail filter has put
    into one of its own are decoded. The length may change.
    """
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    text = _LINK.sub(_shown, text)
    if "%2F%2F" in text or "%2f%2f" in text:
        text = _WRAPPED_LINK.sub(lambda link: unquote(link[0], errors="replace"), text)
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    changed = {ord(char): plain for char in set(text) if not char.isascii() and (plain := _plain(char)) != char}
    return text.translate(changed) if changed else text


def bare_letters(text: str) -> str:
    """Text in lower case without Polish diacritics, each character in its old place: "Zgłoszenie" is "zgloszenie"."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(char.lower()[0] for char in text)
    if not lower.isascii():
        for letter, bare in _DIACRITICS:  # faster than str.translate, which asks for every character
            lower = lower.replace(letter, bare)
    return lower


def _shown(link: re.Match[str]) -> str:
    """What a reader sees of a link: its label, or nothing where it only repeats the words before it (Outlook)."""
    if link[2] is not None:
        return link[2]
    before = link.string[link.start() - 1 : link.start()]
    return "" if before.isalnum() else f" {link[1]} "


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Cf", "Me"} or 0xFE00 <= ord(char) <= 0xFE0F:  # invisible, keycaps, variation selectors
        return ""
    if category == "Zs":
        return " "
    if category in {"Zl", "Zp"} or char == "\x85":
        return "\n"
    if category == "Pd" or char == "\N{MINUS SIGN}":
        return "-"
    plain = unicodedata.normalize("NFKC", char)
    if not plain.isascii():
        return char
    return f" {plain} " if unicodedata.decomposition(char).split(" ", 1)[0] in _NOT_LETTERS else plain
