"""An explanation of a mail as JSON values, and as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from bot.cli_commands.explaining import Explanation
    from bot.rules.attachments import Decision
    from bot.rules.serial_numbers import SerialFindings

_WIDTH = 12


def as_json_values(name: str, explanation: Explanation) -> dict[str, object]:
    """One JSON object: what the bot makes of the mail, then how it came to that.

    Serials, contracts, suggestions and other products are lists of texts ("S248EPTF18001384:FortiSwitch" for another
    product); `details` tells more of each.
    """
    arrived, found = explanation.mail, explanation.found
    mail, serials = arrived.mail, explanation.serials
    return {
        "file": name,
        "verdict": explanation.verdict,
        "reason": explanation.reason,
        "language": arrived.language,
        "subject": mail.subject,
        "from": arrived.address,
        "new_text": arrived.new_text,
        "quoted_text_cut": explanation.quotation_cut,
        "serials": [*(serial.serial for serial in serials.fortigate), *serials.unlisted],
        "other_products": [f"{other.serial}:{other.product}" for other in serials.other_products],
        "suggestions": [suggestion.suggested for suggestion in serials.suggestions],
        "contracts": list(explanation.contracts),
        "priority": explanation.priority,
        "missing": list(explanation.missing),
        "attachments": [
            {"name": file.name, "type": file.content_type, "size": file.size, "verdict": file.verdict}
            for file in explanation.files
            if not file.is_decoration
        ],
        "message_id": mail.message_id,
        "references": list(mail.references),
        "sent_at": arrived.sent_at.astimezone(UTC).isoformat(),
        "checks": [{"check": check.check, "found": check.found} for check in explanation.checks],
        "details": {
            "automatic_answer": not explanation.answer,
            "no_answer_because": explanation.answer or None,
            "authentic": arrived.authentic,
            "hold_reasons": list(found.assessment.hold_reasons),
            "in_reply_to": mail.in_reply_to,
            "priority_confirmed": explanation.priority_confirmed,
            "clock_priority": explanation.clock_priority,
            "priority_words": list(explanation.proposal.words),
            "problems": [{"problem": each.problem, "values": list(each.values)} for each in found.assessment.problems],
            "quoted_text": arrived.quoted_text,
            "reading_problems": list(mail.problems),
            "serials": {serial.serial: serial.product for serial in serials.fortigate},
            "suggestions": {suggestion.seen: suggestion.suggested for suggestion in serials.suggestions},
            "ticket": found.ticket.number if found.ticket else None,
            "to": [address.address for address in (*mail.to, *mail.cc)],
            "wrong_length": list(serials.wrong_length),
        },
    }


def as_text(name: str, explanation: Explanation, zone: ZoneInfo) -> str:
    """A few lines about the mail, the checks, the new words; every foreign word on its line and without controls."""
    return "\n".join(_lines(name, explanation, zone))


def _lines(name: str, explanation: Explanation, zone: ZoneInfo) -> Iterator[str]:
    arrived = explanation.mail
    yield f"{shown(name)}: {explanation.verdict}: {shown(explanation.reason)}"
    sent = arrived.sent_at.astimezone(zone)
    yield _line("from", f"{arrived.name} <{arrived.address}>" if arrived.name else arrived.address or "nobody")
    yield _line("sent", f"{sent:%Y-%m-%d %H:%M:%S} {sent.tzname()}")
    yield _line("subject", arrived.mail.subject or "-")
    yield _line("language", str(arrived.language))
    if explanation.found.ticket is not None:
        yield _line("ticket", explanation.found.ticket.number)
    if explanation.priority:
        clock = f"the clock runs on {explanation.clock_priority}, the customer is asked"
        yield _line("priority", f"{explanation.priority} ({'stated' if explanation.priority_confirmed else clock})")
    yield from _serials(explanation.serials)
    yield _line("contracts", ", ".join(explanation.contracts) or "-")
    if explanation.missing:
        yield _line("missing", ", ".join(explanation.missing))
    yield from _files(explanation.files)
    yield _line("answer", f"none: {explanation.answer}" if explanation.answer else "may go out automatically")
    yield "  checks"
    for check in explanation.checks:
        yield f"    {check.check:<24}{shown(check.found)}"
    yield "  new words" + (" (a quotation or signature was set apart)" if arrived.quoted_text else "")
    for line in arrived.new_text.split("\n"):
        yield f"    | {shown(line)}"


def _serials(serials: SerialFindings) -> Iterator[str]:
    listed = [f"{one.serial} ({one.model})" for one in serials.fortigate]
    yield _line("serials", ", ".join([*listed, *(f"{one} (no listed model)" for one in serials.unlisted)]) or "-")
    if serials.suggestions:
        yield _line("meant?", ", ".join(f"{one.seen} -> {one.suggested}" for one in serials.suggestions))
    if serials.other_products:
        yield _line("other", ", ".join(f"{one.serial} ({one.product})" for one in serials.other_products))


def _files(files: Iterable[Decision]) -> Iterator[str]:
    for file in files:
        if not file.is_decoration:
            why = f": {file.reason} {file.found}".rstrip() if file.reason else ""
            yield _line("file", f"{file.name} ({file.content_type}, {file.size} octets) {file.verdict}{why}")


def _line(label: str, value: str) -> str:
    return f"  {label:<{_WIDTH}}{shown(value)}"


def shown(value: str) -> str:
    """Foreign words for a terminal: control characters replaced."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in value)
