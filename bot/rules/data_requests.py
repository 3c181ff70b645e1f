"""What engineers can ask customers for at a click, and the mail that asks."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from bot.rules.wording import Words


class Item(StrEnum):
    """A thing to ask for; at most ten, as a block of checkboxes has room for."""

    SERIAL = "serial"
    CONTRACT = "contract"
    DESCRIPTION = "description"
    SYSTEM_STATUS = "system_status"
    LOGS = "logs"
    CONFIG = "config"
    TOPOLOGY = "topology"
    REMOTE_ACCESS = "remote_access"
    PHONE = "phone"
    SCREENSHOTS = "screenshots"


def read_items(names: Sequence[str]) -> tuple[Item, ...]:
    """The items of these names, each once, in the order in which they are asked for; others are left out."""
    return tuple(item for item in Item if item in names)


def request_text(words: Words, number: str, items: Sequence[Item], own_words: str) -> str:
    """The engineer's mail, without the signature.

    Args:
        words: The customer's sentences, in the language of the ticket.
        number: The ticket's.
        own_words: What the engineer adds; may be empty.
    """
    asked = [f"– {words(f'data.{item}')}" for item in items]
    said = own_words.strip()
    parts = [words("greeting"), words("data.opening", number=number), "\n".join(asked), said, words("data.closing")]
    return "\n\n".join(part.strip() for part in parts if part.strip())


def resolution_text(words: Words, number: str, summary: str) -> str:
    """The mail that a report is resolved, without the signature."""
    said = [words("greeting"), words("resolved_opening", number=number), summary, words("resolved_closing")]
    return "\n\n".join(part.strip() for part in said)
