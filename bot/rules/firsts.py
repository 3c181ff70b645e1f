"""Two people at once: whether somebody else was first with what a press would overwrite or contradict.

A window or a button remembers the newest line of the ticket's journal that it could show (`SlackPerson.saw`). When it
is submitted or pressed, the lines behind that one are looked through for those that this command must not pass over
silently (`WEIGHS`). Whoever comes second is asked, or told who was first; what they have seen they may overrule.

What a second press cannot change anyway (a ticket that is taken, an escalation that is over) its handler says, with who
was first. Words to customers have a rule of their own: `bot.rules.same_answer`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.commands import (
    AgreeDate,
    CloseTicket,
    ConfirmDate,
    DateKept,
    DecideQuotation,
    DecideSender,
    ReplyToCustomer,
    SetPriority,
    TakeTicket,
)
from bot.commands_acting import (
    AskForData,
    AssignTicket,
    HoldTicket,
    LogCall,
    MarkSpam,
    MergeTicket,
    ReopenTicket,
    ResolveTicket,
    SnoozeTicket,
    WakeTicket,
)
from bot.entitlement_commands import (
    CancelDate,
    ChooseEntitlement,
    CorrectEntitlement,
    DecideEntitlement,
    DeliverReport,
    OfferTimes,
    RecordEntitlement,
)
from bot.escalation_commands import ReassignEscalation, ResolveEscalation, SnoozeEscalation, TieEscalation
from bot.interview_commands import AnswerInterview, AskInterview, BeginInterview
from bot.model import JournalEntry
from bot.people import NextTurn
from bot.replacement_commands import (
    AskUser,
    CancelReplacement,
    DeclineReplacement,
    DispatchReplacement,
    LogConfirmation,
    RecordDelivery,
    RecordReturn,
    RefuteFault,
    ReportLoss,
    SendReturnWaybill,
    WaiveReturn,
)
from bot.rules.customer_channels import is_slack_user
from bot.rules.replacement import Move

BOT = "bot"
"""The actor of lines about what nobody did: those are no person who was first."""

DECIDED = frozenset(
    {
        "closed", "spam", "merged", "held", "reopened", "joined", "separated", "sender_approved", "sender_rejected",
    }
)  # fmt: skip
"""Where somebody brought the ticket."""
ANSWERED = frozenset({"reply_pressed", "engineer_replied", "asked_for_data", "called"})
"""The customer hears from us already."""
WORKED_ON = frozenset({"taken", "date_agreed", "replacement_begin", "escalation_raised"})
"""Somebody is about to do something on it, which ending it would undo."""
_DATES = frozenset({"date_agreed", "date_kept", "date_cancelled"})
MOVED = frozenset(f"replacement_{move}" for move in Move)
"""A replacement was moved on."""
_USED = frozenset(f"entitlement_{what}" for what in ("chosen", "agreed", "declined", "dropped", "done", "taken_back"))


def _always(_command: Any, _line: JournalEntry) -> bool:
    return True


def _never(_command: Any, _line: JournalEntry) -> bool:
    return False


def _about(attribute: str, name: str) -> Callable[[Any, JournalEntry], bool]:
    """Of the ticket's escalations, replacements or uses only the same one is of concern."""

    def is_the_same(command: Any, line: JournalEntry) -> bool:
        return bool(line.data.get(name) == getattr(command, attribute))

    return is_the_same


@dataclass(frozen=True, slots=True)
class Rule:
    """What a command must not pass over.

    Attributes:
        kinds: Of lines of the journal (`JournalEntry.kind`).
        concerns: Whether such a line is about the same thing as the command.
        agrees: Whether the first did what the second wants: then the handler says so, and nothing is overruled.
    """

    kinds: frozenset[str]
    concerns: Callable[[Any, JournalEntry], bool] = _always
    agrees: Callable[[Any, JournalEntry], bool] = _never


def _holder(line: JournalEntry) -> object:
    """Who has the ticket since that line."""
    return line.data.get("assignee", line.actor)


def _same_answers(command: AnswerInterview, line: JournalEntry) -> bool:
    """Whether the first answered none of the questions otherwise than the second does."""
    answered = line.data.get("answers")
    theirs = answered if isinstance(answered, dict) else {}
    return all(theirs.get(question, answer) == answer for question, answer in command.answers)


def _same_use(command: RecordEntitlement, line: JournalEntry) -> bool:
    return line.data.get("entitlement") == command.kind and line.data.get("serial") in {command.serial, None}


def _resolves(command: ReplyToCustomer | LogCall, _line: JournalEntry) -> bool:
    """What answers the report for good ends a ticket on which somebody may be working."""
    return command.next_turn is NextTurn.RESOLVED


def _of_reply(command: ReplyToCustomer, line: JournalEntry) -> bool:
    """A call is about any words, work about those that resolve, the rest about the message the window began with."""
    if line.kind in WORKED_ON:
        return _resolves(command, line)
    return line.kind == "called" or (command.source_ts is not None and line.data.get("ts") == command.source_ts)


_ENDS = Rule(DECIDED | ANSWERED | WORKED_ON)
_WRITES = Rule(frozenset({"called"}))
_PROPOSES = Rule(frozenset({"called", "date_agreed", "date_cancelled"}))
_DATE = Rule(_DATES)
_DECIDES = Rule(DECIDED)
_ESCALATION = _about("escalation_id", "escalation")
_REPLACED = Rule(MOVED, _about("replacement_id", "replacement"))
_UNCHECKED = Rule(MOVED - {"replacement_check"}, _about("replacement_id", "replacement"))
_OF_USE = Rule(_USED, _about("use_id", "use"))
_INTERVIEW = _about("interview_id", "interview")

WEIGHS: dict[type, Rule] = {
    TakeTicket: Rule(
        frozenset({"taken"}), agrees=lambda command, line: not command.over or _holder(line) == command.by.user
    ),
    AssignTicket: Rule(frozenset({"taken"}), agrees=lambda command, line: _holder(line) == command.to),
    SetPriority: Rule(
        frozenset({"priority_set"}), agrees=lambda command, line: line.data.get("priority") == command.priority
    ),
    DecideSender: _DECIDES,
    DecideQuotation: _DECIDES,
    ReopenTicket: _DECIDES,
    MergeTicket: _DECIDES,
    CloseTicket: _ENDS,
    MarkSpam: _ENDS,
    HoldTicket: _ENDS,
    SnoozeTicket: Rule(
        frozenset({"snoozed", "woken"}),
        agrees=lambda command, line: line.data.get("until") == command.until.isoformat(),
    ),
    WakeTicket: Rule(frozenset({"snoozed", "woken"})),
    ReplyToCustomer: Rule(WORKED_ON | {"called", "thread_edited", "thread_deleted", "reply_undone"}, _of_reply),
    LogCall: Rule(DECIDED | ANSWERED | WORKED_ON, _resolves),
    AskForData: _WRITES,
    ResolveTicket: Rule(WORKED_ON | {"called", "reopened"}),
    AgreeDate: _PROPOSES,
    OfferTimes: _PROPOSES,
    ConfirmDate: Rule(_DATES | {"date_proposed", "times_offered"}),
    DateKept: _DATE,
    CancelDate: _DATE,
    ReassignEscalation: Rule(
        frozenset({"escalation_acknowledged", "escalation_reassigned", "escalation_ended"}),
        _ESCALATION,
        lambda command, line: line.data.get("owner") == command.to,
    ),
    SnoozeEscalation: Rule(
        frozenset({"escalation_acknowledged", "escalation_reassigned", "escalation_snoozed", "escalation_ended"}),
        _ESCALATION,
    ),
    ResolveEscalation: Rule(
        frozenset({"escalation_acknowledged", "escalation_reassigned", "escalation_snoozed", "escalation_ended"}),
        _ESCALATION,
    ),
    TieEscalation: Rule(DECIDED | {"escalation_tied", "escalation_ended"}),
    AskUser: _UNCHECKED,
    LogConfirmation: _UNCHECKED,
    RefuteFault: _REPLACED,
    DeclineReplacement: _REPLACED,
    CancelReplacement: _REPLACED,
    DispatchReplacement: _REPLACED,
    ReportLoss: _REPLACED,
    RecordDelivery: _REPLACED,
    SendReturnWaybill: _REPLACED,
    RecordReturn: _REPLACED,
    WaiveReturn: _REPLACED,
    BeginInterview: Rule(frozenset({"interview_begin"}), _about("serial", "serial")),
    AskInterview: Rule(frozenset({"interview_asked"}), _INTERVIEW),
    AnswerInterview: Rule(
        frozenset({"interview_answered"}),
        lambda command, line: _INTERVIEW(command, line) and not _same_answers(command, line),
    ),
    ChooseEntitlement: _OF_USE,
    DecideEntitlement: _OF_USE,
    CorrectEntitlement: _OF_USE,
    DeliverReport: _OF_USE,
    RecordEntitlement: Rule(
        frozenset({"entitlement_asked", "entitlement_agreed", "entitlement_done"}), concerns=_same_use
    ),
}
"""By command. What is not here its handler decides; `tests/rules/test_firsts.py` has all of them, with reasons."""


def first_of(command: object, lines: Sequence[JournalEntry]) -> JournalEntry | None:
    """The line of whoever was first with something that the command would pass over; None where it may be done.

    What the same person did last is theirs to change, whatever was before it.

    Args:
        lines: Of the ticket's journal, all that were written since what was seen, oldest first.
    """
    rule = WEIGHS.get(type(command))
    by = getattr(command, "by", None)
    if rule is None or by is None:
        return None
    concerned = [
        line for line in lines if line.kind in rule.kinds and line.actor != BOT and rule.concerns(command, line)
    ]
    if not concerned or concerned[-1].actor == by.user or rule.agrees(command, concerned[-1]):
        return None
    return concerned[-1]


_DECISIONS = DECIDED | {
    "snoozed", "woken", "engineer_replied", "called", "date_agreed", "date_kept", "date_cancelled", "taken",
    "replacement_begin", "replacement_close",
}  # fmt: skip


def who_brought_it_here(lines: Sequence[JournalEntry], user: str) -> JournalEntry | None:
    """The colleague's line that says why something cannot be done to a ticket now; None where it was nobody else.

    Args:
        lines: The ticket's journal, oldest first.
        user: Who is told.
    """
    last = next((line for line in reversed(lines) if line.kind in _DECISIONS), None)
    return last if last is not None and is_slack_user(last.actor) and last.actor != user else None


_TYPED = ("text", "summary", "internal", "words", "to_customer", "outcome", "reason", "note")


def typed_in(command: object) -> str:
    """The words that somebody typed for a command that was not done: they are given back, not lost."""
    return "\n\n".join(said for name in _TYPED if isinstance(said := getattr(command, name, None), str) and said)
