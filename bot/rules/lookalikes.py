"""Addresses that only look like one that is known: another alphabet's letters, a digit for a letter, one letter more.

An engineer who has to decide about an unknown sender is told of it; nothing is decided by it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_TWINS = str.maketrans(
    "аеорсухіјѕһԁոցքԛѡӏвкмнтαεικνορτυχ01345$|!",
    "aeopcyxijshdngpqwlbkmhtaeiknoptyxoleassll",
)
"""Cyrillic, Greek and Armenian letters, digits and signs, and the Latin letters that they look like."""
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("-", ""), (".", ""))
_SHORTEST = 5
"""Of a shorter domain one other letter makes another word ("o2.pl")."""


def looks_like(address: str, known: Iterable[str]) -> str | None:
    """The known address or domain that an address may be mistaken for; None when there is none, or it is that one.

    Args:
        address: Lower case; its domain as written or in its ASCII form (RFC 5890).
        known: "anna@klient.example" or "@klient.example".
    """
    local, _, domain = address.lower().rpartition("@")
    for one in known:
        known_local, _, known_domain = one.lower().rpartition("@")
        if known_domain == domain:
            if known_local and known_local != local and _similar(local, known_local):
                return one
        elif _similar(domain, known_domain):
            return one
    return None


def _similar(one: str, other: str) -> bool:
    one, other = _unicode(one), _unicode(other)
    if _skeleton(one) == _skeleton(other):
        return True
    return min(len(one), len(other)) >= _SHORTEST and _one_slip(one, other)


def _unicode(text: str) -> str:
    try:
        return text.encode("ascii").decode("idna") if "xn--" in text else text
    except UnicodeError:
        return text


def _skeleton(text: str) -> str:
    """What is left when everything that looks alike is made the same."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(char for char in plain if not unicodedata.combining(char)).replace("ł", "l").translate(_TWINS)
    plain = plain.replace("i", "l")
    for pair, letter in _PAIRS:
        plain = plain.replace(pair, letter)
    return plain


def _one_slip(one: str, other: str) -> bool:
    """Whether one letter was added, left out or changed, or two neighbours changed places."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, its_rest = one[start:], other[start:]
    swapped = rest[1:2] + rest[:1] + rest[2:]
    return rest[1:] == its_rest or rest == its_rest[1:] or rest[1:] == its_rest[1:] or swapped == its_rest
