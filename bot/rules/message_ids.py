"""The Message-IDs that we make: `<kind.row.hash@domain>`, fixed when the outbox row is written."""

from __future__ import annotations

import re

_SHAPE = re.compile(r"<[a-z]{1,20}\.\d{1,20}\.[0-9a-z]{8,64}@([^<>@\s]{1,255})>", re.IGNORECASE)


def message_id(kind: str, row_id: int, secret_hash: str, domain: str) -> str:
    """Make a Message-ID.

    Args:
        kind: Why we write (`MailKind`), lower-case letters.
        row_id: The outbox row.
        secret_hash: Lower-case hex or base32, at least 8 characters, that nobody can guess from the row.
        domain: The configured Message-ID domain.

    Returns:
        The id with its angle brackets.

    Raises:
        ValueError: Something in it would make an id that we do not recognise.
    """
    made = f"<{kind}.{row_id}.{secret_hash}@{domain}>"
    if not is_our_message_id(made, domain):
        raise ValueError(f"no Message-ID of ours: {made!r}")
    return made


def is_our_message_id(candidate: str, domain: str) -> bool:
    """Whether an id has our shape and domain. Anybody can write one: only the stored row proves that we sent it."""
    match = _SHAPE.fullmatch(candidate)
    return match is not None and match[1].lower() == domain.lower()
