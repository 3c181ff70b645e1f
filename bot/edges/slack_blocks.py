"""Renders what staff read in Slack's channels, as (fallback text, blocks). Pure: `now`, words and zone are parameters.

Of `Ticket.facts` these keys are shown: "problems" ([[problem, *values]], of `bot.rules.intake`), "hold_reasons"
([str]), "enquiry" and "escalated" (bool), "quoted_ticket", "follows", "followed_by" and "joined" (a ticket's number),
"similar" and "links" (such numbers), "snooze" ({until, by, reason}), "spam" (bool).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from string import Formatter
from zoneinfo import ZoneInfo

from bot.edges.slack_buttons import ticket_buttons
from bot.edges.slack_deadline import deadline
from bot.edges.slack_entitlement import card_lines
from bot.edges.slack_text import (
    Blocks,
    Json,
    Mrkdwn,
    block,
    fallback,
    fill,
    header,
    line,
    mention,
    one_line,
    person,
    problems_said,
    reached_at,
    rich,
    said,
    text,
    topic,
)
from bot.edges.slack_thread import thread_post
from bot.effects import PostOperator, TellUser
from bot.entitlements import DeviceStanding
from bot.model import Contract, Ticket, TicketState, TicketView
from bot.replacements import ENDS
from bot.rules.ticket_replacements import stages_of
from bot.rules.wording import Words, format_day, format_fixed, format_instant

__all__ = ["card", "described", "operator_notice", "tell", "thread_post", "titled"]

MAX_DEVICES = 5
MAX_PROBLEMS = 8
MAX_REASON = 500
"""Characters of what a program said of its failure; the log has the rest."""


def card(
    view: TicketView,
    now: datetime,
    words: Words,
    zone: ZoneInfo,
    entitled: Sequence[DeviceStanding] = (),
    *,
    saw: int | None = None,
) -> tuple[str, Blocks]:
    """The ticket's head message: the deadline first, then what an engineer needs, then what can be done now.

    Args:
        entitled: What the devices of its contract have used of what they are entitled to.
        saw: The newest line of the ticket's journal before `view` was read (`bot.commands.SlackPerson`).
    """
    title = "card.title" if view.ticket.is_open else "card.title_ended"  # how it ended is what it begins with
    lines = [
        line(*rich(words, title, "bold", **titled(view.ticket, words))),
        line(*rich(words, "card.subject", subject=topic(view.ticket.subject))),
        *(line(*elements) for elements in _warnings(view.ticket, now, words, zone)),
        *(line(*elements) for elements in described(view, now, words, zone)),
        *(line(*elements) for elements in card_lines(entitled, view.ticket, words)),
    ]
    blocks = [header(deadline(view, now, words, zone)), block(lines)]
    buttons = ticket_buttons(view.ticket, words, saw)
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return fallback(blocks), blocks


def operator_notice(effect: PostOperator, words: Words) -> tuple[str, Blocks]:
    """Something that an operator must look at. What has no sentence of its own is shown as it is: it must be seen."""
    key, data = f"operator.{effect.what}", _with_command(effect)
    if data.get("ticket") == "-":
        key += "_alone"
    if key in words and words.placeholders(key) <= data.keys():
        said = rich(words, key, **{name: _shown(name, value, words) for name, value in data.items()})
    else:
        details = ", ".join(f"{name}: {value}" for name, value in effect.data.items())
        said = rich(words, "operator.unknown", what=effect.what, details=details)
    title = f"operator.title_{effect.what}"
    head = rich(words, title if title in words else "operator.title", "bold")
    blocks = [block([line(*head), line(*said)])]
    return fallback(blocks), blocks


_COMMANDS = {
    "inbox_parked": "hezo360 parked show inbox {inbox}",
    "customers_channel": "hezo360 parked list",
    "outbox_parked": "hezo360 parked show outbox {outbox}",
    "timer_parked": "hezo360 parked list",
    "mail_flood": "hezo360 parked list",
    "mail_flood_of_all": "hezo360 parked list",
}
"""What shows, on the bot's server, the things that a notice is about."""
_AS_THEY_ARE = frozenset({"command", "needed", "reason", "timer", "finding", "error"})
"""What is to be copied or searched for: typed, or said by a program, in English whatever the staff read."""


def _with_command(effect: PostOperator) -> dict[str, object]:
    command = _COMMANDS.get(effect.what)
    if command is None or not {name for _, name, _, _ in Formatter().parse(command) if name} <= effect.data.keys():
        return effect.data
    return effect.data | {"command": command.format_map(effect.data)}


def _shown(name: str, value: object, words: Words) -> object:
    if name in {"user", "by", "substitute"}:
        return person(str(value))
    if name == "channel" and re.fullmatch(r"[CG][A-Z0-9]+", str(value)):
        return {"type": "channel", "channel_id": str(value)}
    if name == "source" and f"operator_source.{value}" in words:
        return words(f"operator_source.{value}")
    if name in _AS_THEY_ARE and str(value).strip():
        return text(one_line(str(value), MAX_REASON), "code")
    return value


_SAYS_OWN = frozenset({"answered_meanwhile"})
"""What holds the reader's own words in its sentence."""


def tell(effect: TellUser, words: Words) -> str:
    """An ephemeral line, as mrkdwn: the sentence "tell.<what>"; `who`, `to`, `substitute` and `people` become mentions.

    Where it is known who did it, or when, `said` says more. `own` are words of the reader's that came to nothing.

    Raises:
        KeyError: there is no such sentence, or `data` lacks one of its placeholders.
    """
    named: dict[str, object] = {
        name: words(f"{name}.{value}") if f"{name}.{value}" in words else value for name, value in effect.data.items()
    }
    named |= {name: mention(str(named[name])) for name in ("who", "to", "substitute") if name in named}
    if isinstance(people := effect.data.get("people"), list):
        named["people"] = Mrkdwn(", ".join(mention(str(one)) for one in people))
    if "did" in named:  # what somebody did is a sentence of its own (`bot.rules.first_words`)
        named["did"] = fill(words, str(named["did"]), **named)
    told = said(words, f"tell.{effect.what}", named)
    own = effect.data.get("own")
    if not own or effect.what in _SAYS_OWN:
        return told
    return f"{told}\n{fill(words, 'tell.words_back', own=own)}"


def titled(ticket: Ticket, words: Words) -> dict[str, str]:
    """The values of the sentence "card.title"."""
    priority = words(f"priority.{ticket.priority}")
    if not ticket.priority_confirmed:
        priority = words("priority.unconfirmed", priority=priority)
    return {"number": ticket.number, "priority": priority, "state": words(f"state.{ticket.state}")}


def _warnings(ticket: Ticket, now: datetime, words: Words, zone: ZoneInfo) -> Iterator[list[Json]]:
    facts = ticket.facts
    if facts.get("enquiry"):
        yield rich(words, "card.enquiry", "bold")
    listed = facts.get("hold_reasons")
    reasons = listed if ticket.state is TicketState.HELD and isinstance(listed, list) else []
    if reasons:
        said = "; ".join(_hold_reason(str(reason), ticket, words) for reason in reasons[:MAX_PROBLEMS])
        yield [text("⚠️ "), *rich(words, "hold.title", "bold", reason=said)]
    problems = facts.get("problems")
    # Whether a mail belongs to another ticket is decided before anything of it is missed.
    waits_for = {TicketState.INCOMPLETE} if facts.get("quoted_ticket") else {TicketState.INCOMPLETE, TicketState.HELD}
    if ticket.state in waits_for and isinstance(problems, list) and problems:
        yield [text("⚠️ "), *rich(words, "card.missing", "bold", problems=problems_said(problems, words))]
    for serial, stage in stages_of(ticket).items():
        if stage not in ENDS:
            yield rich(words, "replacement_card.line", "bold", serial=serial, stage=words(f"replacement_stage.{stage}"))
    yield from _dates(ticket, now, words, zone)
    yield from _put_aside(ticket, now, words, zone)
    for key in ("escalated", "quoted_ticket", "follows", "followed_by", "joined"):
        if facts.get(key) and not (key == "quoted_ticket" and "quotes_ticket" in reasons):
            yield rich(words, f"card.{key}", number=facts[key])
    links = facts.get("links")
    others = [str(link) for link in links if link != facts.get("joined")] if isinstance(links, list) else []
    if others:
        yield rich(words, "card.links", numbers=", ".join(others))
    similar = facts.get("similar")
    if isinstance(similar, list) and similar:
        yield rich(words, "card.similar", numbers=", ".join(map(str, similar)))


def _put_aside(ticket: Ticket, now: datetime, words: Words, zone: ZoneInfo) -> Iterator[list[Json]]:
    """Until when it is snoozed, and why; or that it was spam."""
    fact = ticket.facts.get("snooze")
    if ticket.is_open and isinstance(fact, dict):
        at = format_instant(datetime.fromisoformat(str(fact["until"])), words.language, zone, now)
        yield [text("💤 "), *rich(words, "card.snoozed", "bold", at=at, by=person(str(fact.get("by"))))]
        if fact.get("reason"):
            yield rich(words, "card.snoozed_why", reason=str(fact["reason"]))
    if ticket.facts.get("spam") and not ticket.is_open:
        yield rich(words, "card.spam", "bold")


def _hold_reason(reason: str, ticket: Ticket, words: Words) -> str:
    key = f"hold.{reason}"
    number = ticket.facts.get("quoted_ticket") or words("unknown")
    return words(key, number=number) if key in words else reason


def _dates(ticket: Ticket, now: datetime, words: Words, zone: ZoneInfo) -> Iterator[list[Json]]:
    """The date that is agreed with the customer, and the one that waits for their confirmation."""
    for key in ("agreed", "proposed"):
        fact = ticket.facts.get(key)
        if ticket.is_open and isinstance(fact, dict):
            at = format_instant(datetime.fromisoformat(str(fact["at"])), words.language, zone, now)
            yield [text("📅 "), *rich(words, f"card.date_{key}", "bold", at=at)]


def described(view: TicketView, now: datetime, words: Words, zone: ZoneInfo) -> Iterator[list[Json]]:
    """The lines that say whose ticket it is: customer, devices, contract, reporter, and who has it."""
    ticket = view.ticket
    if view.contract is not None:
        yield rich(words, "card.customer", customer=text(one_line(view.contract.customer), "bold"))
    yield from _devices(ticket, words)
    if view.contract is not None:
        yield _contract(view.contract, now, words, zone)
    yield from _unknown(view, words)
    at = format_fixed(ticket.reported_at, words.language, zone)  # the card stands for days
    reached = reached_at(ticket)
    if ticket.requester_name:
        said = "requester" if isinstance(reached, str) else "requester_in_slack"
        yield rich(words, f"card.{said}", name=ticket.requester_name, address=reached, at=at)
    else:
        yield rich(words, "card.requester_without_name", address=reached or words("unknown"), at=at)
    assignee = person(ticket.assignee) if ticket.assignee else text(words("nobody"), "bold")
    yield rich(words, "card.assignee", assignee=assignee)


def _unknown(view: TicketView, words: Words) -> Iterator[list[Json]]:
    """One line for all that is not recognised; nobody needs it of an enquiry, or of a ticket that has ended."""
    ticket = view.ticket
    known = {"customer": view.contract, "device": ticket.devices, "contract": view.contract}
    unknown = [words(f"card.unknown_{name}") for name, value in known.items() if not value]
    if unknown and ticket.is_open and not ticket.facts.get("enquiry"):
        yield rich(words, "card.unknown", what=", ".join(unknown))


def _devices(ticket: Ticket, words: Words) -> Iterator[list[Json]]:
    for device in ticket.devices[:MAX_DEVICES]:
        yield rich(
            words,
            "card.device",
            model=text(one_line(device.model), "bold"),
            serial=text(one_line(device.serial), "code"),
        )
    if len(ticket.devices) > MAX_DEVICES:
        yield rich(words, "and_more", count=len(ticket.devices) - MAX_DEVICES)


def _contract(contract: Contract, now: datetime, words: Words, zone: ZoneInfo) -> list[Json]:
    today = now.astimezone(zone).date()
    until, begins = format_day(contract.valid_to, words.language), format_day(contract.valid_from, words.language)
    if today > contract.valid_to:
        return [text("⚠️ "), *rich(words, "card.contract_over", "bold", number=contract.number, until=until)]
    if today < contract.valid_from:
        return [text("⚠️ "), *rich(words, "card.contract_not_yet", "bold", number=contract.number, begins=begins)]
    return rich(words, "card.contract", number=contract.number, until=until)
