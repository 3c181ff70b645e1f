"""Effects in customers' shared channels, and answers to what staff ask; a part of `bot.effects`."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.model import Language
from bot.sendings import SharedFile


@dataclass(frozen=True, slots=True)
class OfferReport:
    """Asks a customer, and nobody else, whether their message in a shared channel is a report.

    Attributes:
        ts: The message.
        ticket_id: Their newest open ticket there, of that `number`, to which it may belong.
        thread_ts: The thread that it stands in; None where it stands in none.
    """

    channel: str
    ts: str
    user: str
    language: Language
    ticket_id: int | None = None
    number: str | None = None
    thread_ts: str | None = None


@dataclass(frozen=True, slots=True)
class TellCustomer:
    """A line to one customer in a shared channel, seen by them alone: an answer to their click.

    Attributes:
        what: Of the customers' sentence "tell_<what>".
        response_url: As of `TellUser`; what was pressed gives way to the answer.
    """

    channel: str
    user: str
    what: str
    language: Language
    data: dict[str, object] = field(default_factory=dict)
    thread_ts: str | None = None
    response_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class FetchCustomerFiles:
    """What a customer shared with a message in a shared channel is fetched, kept, and shown in the ticket's thread."""

    ticket_id: int
    message_id: int
    files: tuple[SharedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class TellOverview:
    """Shows tickets or a contract to one person alone, as things are when it is shown.

    Attributes:
        what: "list", "mine", "due", "search", "show" or "contract" (`bot.rules.typed_commands.Question`).
        words: What was typed behind it.
        response_url: As of `TellUser`.
    """

    channel: str
    user: str
    what: str
    words: str = ""
    thread_ts: str | None = None
    response_url: str | None = field(default=None, repr=False)
