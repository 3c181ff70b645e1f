"""What can happen in customers' shared channels, and what engineers open for customers."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Language, Priority
from bot.people import SlackPerson
from bot.sendings import SharedFile


@dataclass(frozen=True, slots=True)
class ChannelMessage:
    """Somebody wrote a message in a channel, in no thread; whether it is a customer's is found out by who handles it.

    Attributes:
        ts: The message.
        text: Without Slack's markup.
        inbox_id: The stored payload, which is put off while its author is asked whether it is a report.
    """

    by: SlackPerson
    channel: str
    ts: str
    text: str
    files: tuple[SharedFile, ...] = ()
    inbox_id: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelMessageDeleted:
    """Somebody deleted their message before it became a report."""

    by: SlackPerson
    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class ReportProblem:
    """A customer filled in the form for reports.

    Attributes:
        channel: The shared channel; the form was opened from it, or it is theirs.
        ts: The message that the report is about, or the head of the thread that the form completes; None for neither.
        thread_ts: The thread that the message stands in; None where it stands in none.
        contract_id: With `serial`, the chosen device; both None where it is not on the list.
        text: In their own words.
    """

    by: SlackPerson
    channel: str
    ts: str | None
    contract_id: int | None
    serial: str | None
    priority: Priority
    text: str
    thread_ts: str | None = None


@dataclass(frozen=True, slots=True)
class DecideOffer:
    """A customer says what their message is, without filling in a form.

    Attributes:
        ts: The message.
        ticket_id: The ticket that it belongs to; None where it is no report at all.
        language: In which they were asked.
    """

    by: SlackPerson
    channel: str
    ts: str
    ticket_id: int | None
    language: Language = Language.PL


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """An engineer opens a ticket for a customer.

    Attributes:
        contract_id: The contract, found when the form was checked.
        serial: The device; may be empty where the contract alone is known.
        address: The customer's mail address; "" where they are answered in `channel`.
        caller: The customer's name, as they gave it.
        channel: Their shared channel; None where they are answered by mail.
        by_phone: They called the hotline: the call was our first contact with them.
        source: The message that it was opened from, for the journal: a link or "channel/ts".
    """

    by: SlackPerson
    contract_id: int
    serial: str
    address: str
    caller: str
    channel: str | None
    priority: Priority
    text: str
    by_phone: bool = False
    source: str = ""
