"""By what a mail can be matched to a ticket, the strongest first. Who may join a ticket is decided elsewhere."""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from bot.rules.mail_reading import IncomingMail
from bot.rules.message_ids import is_our_message_id

TICKET_NUMBER = re.compile(r"\bHEZO-([0-9]{4})-([0-9]{6})\b", re.IGNORECASE)
_TOKEN = re.compile(r"([0-9]{4})([0-9]{6})([a-z2-7]{16})", re.IGNORECASE | re.ASCII)
_TOKEN_TAG = "t."  # noqa: S105  # the mark before a token in a plus address, no secret
_MOST_IDS = 50


class KeyKind(StrEnum):
    """How strong a key is, in this order."""

    OUR_MESSAGE_ID = "our_message_id"
    TOKEN = "token"  # noqa: S105  # a kind's name, no secret
    OTHER_MESSAGE_ID = "other_message_id"
    SUBJECT_NUMBER = "subject_number"
    NUMBERS = "numbers"  # a serial or contract number, of mails to the address for escalations alone


@dataclass(frozen=True, slots=True)
class MatchKey:
    """One thing to look up: an id with its angle brackets, an unchecked reply token, or a ticket number."""

    kind: KeyKind
    value: str


def match_keys(mail: IncomingMail, message_id_domain: str) -> tuple[MatchKey, ...]:
    """Find the keys in a mail.

    Args:
        mail: The mail as read.
        message_id_domain: The domain of the Message-IDs that we make.

    Returns:
        Each key once: our own Message-IDs (In-Reply-To, then References from the nearest on), reply tokens from
        plus addresses, other people's Message-IDs (a colleague answering the customer's first mail), and last the
        numbers in the subject, which anybody can guess.
    """
    ids = [mail.in_reply_to] if mail.in_reply_to else []
    ids += reversed(mail.references)
    ids = ids[:_MOST_IDS]
    ours = [found for found in ids if is_our_message_id(found, message_id_domain)]
    keys = [MatchKey(KeyKind.OUR_MESSAGE_ID, found) for found in ours]
    keys += [MatchKey(KeyKind.TOKEN, token) for token in _tokens(mail)]
    keys += [MatchKey(KeyKind.OTHER_MESSAGE_ID, found) for found in ids if found not in ours]
    keys += [MatchKey(KeyKind.SUBJECT_NUMBER, number) for number in ticket_numbers_in(mail.subject)]
    return tuple(dict.fromkeys(keys))


def _tokens(mail: IncomingMail) -> list[str]:
    addresses = [address.address for address in (*mail.to, *mail.cc)] + list(mail.delivered_to)
    tags = (address.rpartition("@")[0].partition("+")[2] for address in addresses)
    return [tag[len(_TOKEN_TAG) :].lower() for tag in tags if tag.lower().startswith(_TOKEN_TAG)]


def ticket_numbers_in(text: str) -> tuple[str, ...]:
    """The ticket numbers in a subject, upper case, each once, in order."""
    return tuple(dict.fromkeys(match[0].upper() for match in TICKET_NUMBER.finditer(text)))


def make_token(ticket_number: str, key: bytes) -> str:
    """Make the token of a ticket's reply address: the number's digits and 80 bits of HMAC-SHA256, lower case.

    Raises:
        ValueError: `ticket_number` is none.
    """
    match = TICKET_NUMBER.fullmatch(ticket_number)
    if match is None:
        raise ValueError(f"no ticket number: {ticket_number!r}")
    digits = match[1] + match[2]
    return digits + _signature(digits, key)


def check_token(token: str, key: bytes) -> str | None:
    """The ticket number of a token that was made with this key, else None; the comparison takes constant time."""
    match = _TOKEN.fullmatch(token)
    if match is None or not hmac.compare_digest(_signature(match[1] + match[2], key), match[3].lower()):
        return None
    return f"HEZO-{match[1]}-{match[2]}"


def reply_address(address: str, token: str) -> str:
    """The address with the token as its plus tag: pomoc+t.<token>@domain."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{_TOKEN_TAG}{token}@{domain}"


def _signature(digits: str, key: bytes) -> str:
    digest = hmac.new(key, b"ticket reply " + digits.encode("ascii"), sha256).digest()
    return b32encode(digest[:10]).decode("ascii").lower()
