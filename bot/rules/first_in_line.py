"""Whose stored mails are taken first while many wait: those of people on a contract, as far as their header says.

Only an order: nothing is decided by it, and a forged header gains its mail a place in the line, nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Set

from bot.rules.authentication import is_genuine, read_authentication
from bot.rules.mail_addresses import parse_addresses
from bot.rules.mail_charsets import decode_octets
from bot.rules.mail_parts import Limits, Reader
from bot.rules.mail_reading import read_mail

HEAD = 16 * 1024
"""Octets of a mail that are enough to see who wrote it: Microsoft 365 writes 10 KiB of other fields before that."""


def comes_first(head: bytes, known: Set[str], trusted_ids: Collection[str]) -> bool:
    """Whether the sender named in the header is on a contract.

    Args:
        head: The beginning of a mail, HEAD octets of it.
        known: "anna@klient.example" or "@klient.example", lower case.
        trusted_ids: As `bot.rules.authentication.read_authentication` takes them.
    """
    named = Reader(Limits()).read(_header(head)).header.all("from")
    addresses = parse_addresses(decode_octets(named[0])[0], 1) if named else []
    if not addresses:
        return False
    local, _, domain = addresses[0].address.lower().rpartition("@")
    if known.isdisjoint({f"@{domain}", f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}"}):
        return False
    mail = read_mail(_header(head))
    return is_genuine(mail, read_authentication(mail, trusted_ids)) is not False


def _header(head: bytes) -> bytes:
    ends = [position for mark in (b"\r\n\r\n", b"\n\n") if (position := head.find(mark)) >= 0]
    return head[: min(ends)] + b"\r\n\r\n" if ends else head
