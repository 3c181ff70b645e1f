"""Taking people out of what is kept: the facts stay, words and names go.

A value as it is stored (JSON) keeps its shape, so that whoever reads it finds what they expect. What is a fact is seen
by its form: a word of ours ("clock_met"), an instant, the number of a ticket, a device or a contract, a Slack id. All
other text may be somebody's words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from bot.escalations import EscalationSource
from bot.rules.mail_reading import read_mail

GONE = "[erased]"
"""Stands where words stood."""

ALIAS = "erased_{}"
"""What an address becomes, with a random word: rows of one person still belong together, and to nobody."""

_FACT = re.compile(
    r"[a-z][a-z0-9_]{0,39}"  # a word of ours, or an alias
    r"|[0-9]{1,6}|[0-9]{10}\.[0-9]{6}"  # a small number; where a message is in Slack
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.+Z-]{1,30})?"
    r"|(?=[A-Z._-]*[0-9])(?=[0-9._-]*[A-Z])[A-Z0-9][A-Z0-9_.-]{3,39}"  # HEZO-2026-000123, FG121GTK25004672, U0123456789
)
# A file called by an address: what follows its last dot is no part of a domain.
_FILE_TYPE = (
    "(?:7z|cfg|conf|csv|docx?|eml|gz|html?|ics|jpe?g|json|log|md|msg|od[st]|pcap|pdf|png|pst|rar|rtf|tar|tgz|txt|vcf"
    "|xlsx?|xml|zip)"
)
_WORD_KEYS = frozenset(
    [
        "address", "answer", "author_name", "caller", "comment", "contact", "detail", "from_name", "joined", "name",
        "outcome", "owner_name", "phone", "reason", "received_by", "requester_name", "return_note", "said",
        "subject", "text", "to_name", "words",
    ]
)  # fmt: skip
"""Keys whose texts are somebody's, however short."""

_SOURCES = frozenset(EscalationSource)
_MAY_BE_OURS = frozenset(["address", "answer", "outcome", "reason"])
"""Of those, keys that also hold words of ours, such as "replied"; an address that became an alias looks like one."""


def without_words(value: object) -> object:
    """A JSON value whose texts are gone, but for those that have the form of a fact."""
    return _without_words(value, "")


def _without_words(value: object, key: str) -> object:
    if isinstance(value, str):
        is_fact = _FACT.fullmatch(value) and not (key in _WORD_KEYS and _may_be_a_word(value, key))
        return value if is_fact or not value else GONE
    if isinstance(value, dict):
        return {name: _without_words(item, name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_words(item, key) for item in value]
    return value


def _may_be_a_word(value: str, key: str) -> bool:
    """Whether what looks like a fact may be somebody's single word, under a key that holds such."""
    if key == "joined":  # of `Escalation.facts`
        return value not in _SOURCES and re.fullmatch("[a-z_]+", value) is not None
    return not (key in _MAY_BE_OURS and re.fullmatch(r"[a-z]+(?:_[a-z0-9]+)*", value))


def without_people(value: object, aliases: Mapping[str, str], names: Collection[str] = ()) -> object:
    """A JSON value, or a text, in which these people have other names.

    Args:
        aliases: Address, lower case, to what stands in its place; an address that only contains it stays.
        names: Display names; only those of two words at least are looked for, as others may be anybody's.
    """
    if isinstance(value, str):
        for address, alias in aliases.items():
            if any(spelling in value.lower() for spelling in spellings(address)):
                value = _whole(address).sub(alias, value)
        for name in names:
            if len(name.split()) > 1 and name.lower() in value.lower():
                value = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", GONE, value, flags=re.IGNORECASE)
        return value
    if isinstance(value, dict):
        return {str(without_people(key, aliases)): without_people(item, aliases, names) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_people(item, aliases, names) for item in value]
    return value


def mail_names(raw: bytes, address: str, names: Collection[str] = ()) -> bool:
    """Whether a mail's octets, or its text as a person reads it, hold the address (lower case) or one of the names."""
    wanted = [_whole(address), *(_whole(name) for name in names if len(name.split()) > 1)]

    def holds(text: str) -> bool:
        return any(pattern.search(text) for pattern in wanted)

    lowered = raw.lower()
    if holds(lowered.decode("utf-8", "replace")):
        return True
    if b"base64" not in lowered and b"quoted-printable" not in lowered and b"=?" not in lowered:
        return False
    mail = read_mail(raw)
    return any(holds(text) for text in (mail.subject, mail.text, *mail.attached_texts))


def spellings(address: str) -> tuple[str, ...]:
    """An address as it is written, and as it stands in a link (RFC 3986 §2.1)."""
    return (address, address.replace("@", "%40")) if "@" in address else (address,)


def _whole(address: str) -> re.Pattern[str]:
    """The address, and not one that contains it; the name of a file, or one in _italics_, may."""
    spelled = re.escape(address).replace("@", "(?:@|%40)")
    before = r"(?:(?<![\w.+-])|(?<=_)(?<![\w.+-]_))"
    after = rf"(?![^\W_]|-|\.(?!(?:{_FILE_TYPE}\.)?{_FILE_TYPE}(?![\w-]|\.\w))\w)"
    return re.compile(before + spelled + after, re.IGNORECASE)
