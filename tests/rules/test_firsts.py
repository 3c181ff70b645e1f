"""Two people at once: for every command that somebody in Slack can give, what becomes of the second of two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from bot import commands as c
from bot import commands_acting as a
from bot import commands_channels as ch
from bot import commands_sending as s
from bot import entitlement_commands as e
from bot import escalation_commands as x
from bot import interview_commands as i
from bot import replacement_commands as r
from bot.commands import SlackCommand, SlackPerson
from bot.entitlements import Entitlement
from bot.model import JournalEntry, Language, Priority
from bot.rules.first_words import said_of
from bot.rules.firsts import DECIDED, WEIGHS, first_of, typed_in, who_brought_it_here
from bot.rules.wording import words

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
EWA, JAN = SlackPerson("U0EWA", "Ewa"), SlackPerson("U0JAN", "Jan")


class Second(StrEnum):
    """What becomes of the second of two who had the same screen open.

    ASKED: a window shows who was first, and asks; a button is not done, and they are told. TOLD: nothing can be done
    any more, the handler says who was first. WORDS: it goes to the customer; `bot.rules.same_answer` asks. BOTH: each
    counts, neither takes anything from the other. OWN: only its author, or a customer, has that screen.
    """

    ASKED = "asked"
    TOLD = "told"
    WORDS = "words"
    BOTH = "both"
    OWN = "own"


TWO_PEOPLE: dict[type, set[Second]] = {
    c.TakeTicket: {Second.ASKED, Second.TOLD},  # over somebody; of a free one the second learns who has it
    a.AssignTicket: {Second.ASKED, Second.TOLD},
    c.SetPriority: {Second.ASKED, Second.TOLD},
    c.DecideSender: {Second.ASKED, Second.TOLD},
    c.DecideQuotation: {Second.ASKED, Second.TOLD},
    c.CloseTicket: {Second.ASKED, Second.TOLD},
    a.MarkSpam: {Second.ASKED, Second.TOLD},
    a.HoldTicket: {Second.ASKED, Second.TOLD},
    a.MergeTicket: {Second.ASKED, Second.TOLD},
    a.ReopenTicket: {Second.ASKED, Second.TOLD},
    a.SnoozeTicket: {Second.ASKED, Second.TOLD},
    a.WakeTicket: {Second.ASKED, Second.TOLD},
    a.LinkTickets: {Second.TOLD},
    a.SplitTicket: {Second.TOLD},
    a.LogCall: {Second.BOTH, Second.ASKED},  # two calls are two calls; one that resolves ends the ticket
    c.ReplyToCustomer: {Second.ASKED, Second.WORDS},
    a.AskForData: {Second.ASKED, Second.WORDS},
    a.ResolveTicket: {Second.ASKED, Second.WORDS},
    c.AgreeDate: {Second.ASKED, Second.WORDS},
    e.OfferTimes: {Second.ASKED, Second.WORDS},
    s.SendThreadMessage: {Second.WORDS, Second.TOLD},
    s.UndoSending: {Second.TOLD},
    s.KeepInternal: {Second.OWN},
    s.ThreadMessage: {Second.OWN},
    s.ThreadMessageEdited: {Second.OWN},
    s.ThreadMessageDeleted: {Second.OWN},
    s.OwnMessageDeleted: {Second.BOTH},
    c.ConfirmDate: {Second.ASKED, Second.TOLD},
    c.DateKept: {Second.ASKED, Second.TOLD},
    e.CancelDate: {Second.ASKED, Second.TOLD},
    e.PickDate: {Second.TOLD},
    x.EscalateTicket: {Second.BOTH},  # the second joins, and is told who escalated
    x.LogEscalationCall: {Second.BOTH},
    x.AcknowledgeEscalation: {Second.TOLD},
    x.TakeOverEscalation: {Second.TOLD},  # the button carries who had it
    x.ReassignEscalation: {Second.ASKED, Second.TOLD},
    x.SnoozeEscalation: {Second.ASKED, Second.TOLD},
    x.ResolveEscalation: {Second.ASKED, Second.TOLD},
    x.TieEscalation: {Second.ASKED, Second.TOLD},
    x.DecideProposal: {Second.TOLD},
    c.TypedCommand: {Second.BOTH},  # what it asks for are commands of their own
    c.SetShift: {Second.TOLD},
    c.SwapShifts: {Second.TOLD},
    c.RemoveShift: {Second.TOLD},
    c.OpenHome: {Second.OWN},
    r.BeginReplacement: {Second.TOLD},
    r.RecordCheck: {Second.BOTH},  # what two people checked are two checks
    r.VerifyFault: {Second.TOLD},
    r.CloseReplacement: {Second.TOLD},
    r.ConfirmFault: {Second.TOLD},
    r.AskUser: {Second.ASKED, Second.TOLD},
    r.LogConfirmation: {Second.ASKED, Second.TOLD},
    r.RefuteFault: {Second.ASKED, Second.TOLD},
    r.DeclineReplacement: {Second.ASKED, Second.TOLD},
    r.CancelReplacement: {Second.ASKED, Second.TOLD},
    r.DispatchReplacement: {Second.ASKED, Second.TOLD},
    r.ReportLoss: {Second.ASKED, Second.TOLD},
    r.RecordDelivery: {Second.ASKED, Second.TOLD},
    r.SendReturnWaybill: {Second.ASKED, Second.TOLD},
    r.RecordReturn: {Second.ASKED, Second.TOLD},
    r.WaiveReturn: {Second.ASKED, Second.TOLD},
    i.BeginInterview: {Second.ASKED},
    i.AskInterview: {Second.ASKED},
    i.AnswerInterview: {Second.ASKED},
    i.ExportInterview: {Second.BOTH},
    e.DecideEntitlement: {Second.ASKED, Second.TOLD},  # the button carries the count that it showed as well
    e.ChooseEntitlement: {Second.ASKED, Second.TOLD},
    e.CorrectEntitlement: {Second.ASKED, Second.TOLD},
    e.RecordEntitlement: {Second.ASKED},
    e.DeliverReport: {Second.ASKED, Second.TOLD},
    e.OfferService: {Second.TOLD},
    e.DismissNotice: {Second.TOLD},
    ch.OpenTicket: {Second.TOLD},
    ch.ReportProblem: {Second.OWN},
    ch.DecideOffer: {Second.OWN},
    ch.ChannelMessage: {Second.OWN},
    ch.ChannelMessageDeleted: {Second.OWN},
    c.NothingToDo: {Second.BOTH},
}
"""Whoever adds a command says here what becomes of the second of two, and makes it so."""


def leaves(union: Any) -> set[type]:
    """The classes of a union of unions."""
    parts = get_args(union)
    return {union} if not parts else set().union(*(leaves(part) for part in parts))


def test_every_command_has_been_thought_about() -> None:
    assert set(TWO_PEOPLE) == leaves(SlackCommand)
    assert {kind for kind, outcomes in TWO_PEOPLE.items() if Second.ASKED in outcomes} == set(WEIGHS)


@pytest.mark.parametrize("language", list(Language))
def test_every_line_that_is_weighed_has_its_words(language: Language) -> None:
    w = words("staff", language)
    kinds = {kind for rule in WEIGHS.values() for kind in rule.kinds}
    assert {f"first.{kind}" for kind in kinds} <= w.keys


def line(kind: str, by: SlackPerson | str = EWA, **data: object) -> JournalEntry:
    return JournalEntry(7, NOON, by if isinstance(by, str) else by.user, kind, data)


def test_another_priority_is_asked_about_the_same_one_is_not() -> None:
    second = c.SetPriority(JAN, 7, Priority.QUESTION)
    first = line("priority_set", priority="critical", previous="non_critical")
    assert first_of(second, [line("snoozed"), first, line("called")]) is first
    assert first_of(c.SetPriority(JAN, 7, Priority.CRITICAL), [first]) is None, "the handler says who set it"
    assert first_of(second, []) is None


def test_ones_own_and_the_bots_lines_are_nobody_elses() -> None:
    second = c.SetPriority(JAN, 7, Priority.QUESTION)
    theirs, own = line("priority_set", priority="critical"), line("priority_set", JAN, priority="non_critical")
    assert first_of(second, [own]) is None
    assert first_of(second, [theirs, own]) is None, "they have seen it, and overruled it"
    assert first_of(second, [own, theirs]) is theirs
    assert first_of(a.SnoozeTicket(JAN, 7, NOON), [line("woken", "bot")]) is None
    by_mail = line("priority_set", "anna@klient.example", priority="critical")
    assert first_of(second, [by_mail]) is by_mail, "a customer is somebody as well"


@pytest.mark.parametrize(
    ("second", "first"),
    [
        (c.TakeTicket(JAN, 7, over=True), line("taken", previous=None)),
        (a.AssignTicket(JAN, 7, "U0OLA", "Ola"), line("taken", assignee="U0MAREK")),
        (a.SnoozeTicket(JAN, 7, NOON), line("snoozed", until=(NOON + timedelta(days=1)).isoformat())),
        (a.WakeTicket(JAN, 7), line("snoozed", until=NOON.isoformat())),
        (c.CloseTicket(JAN, 7), line("reply_pressed")),
        (a.MarkSpam(JAN, 7), line("taken")),
        (a.HoldTicket(JAN, 7), line("called")),
        (a.MergeTicket(JAN, 7, 8), line("merged", number="HEZO-2026-000009")),
        (c.DecideSender(JAN, 7, approve=True), line("held")),
        (c.ConfirmDate(JAN, 7), line("date_proposed", date=NOON.isoformat())),
        (e.CancelDate(JAN, 7), line("date_agreed", "anna@klient.example", date=NOON.isoformat())),
        (a.ResolveTicket(JAN, 7, "Gotowe"), line("replacement_begin", serial="FGT60FTK20001234")),
        (a.LogCall(JAN, 7, a.CallDirection.INCOMING, "", "Już działa", c.NextTurn.RESOLVED), line("asked_for_data")),
        (c.ReplyToCustomer(JAN, 7, "Gotowe", c.NextTurn.RESOLVED), line("taken")),
        (x.ReassignEscalation(JAN, 7, 3, "U0OLA", "Ola"), line("escalation_reassigned", escalation=3, owner="U0MAREK")),
        (x.ResolveEscalation(JAN, 7, 3, "Już"), line("escalation_acknowledged", escalation=3, owner="U0EWA")),
        (r.AskUser(JAN, 7, 2), line("replacement_ask", replacement=2)),
        (r.RefuteFault(JAN, 7, 2, "nie"), line("replacement_verify", replacement=2)),
        (r.SendReturnWaybill(JAN, 7, 2, "1", ()), line("replacement_send_waybill", replacement=2)),
        (i.AnswerInterview(JAN, 7, 4, (("wan", "1"),)), line("interview_answered", interview=4, answers={"wan": "2"})),
        (e.ChooseEntitlement(JAN, 7, 5, Entitlement.REVIEW, "X"), line("entitlement_chosen", use=5)),
        (
            e.RecordEntitlement(JAN, 7, Entitlement.REVIEW, "X"),
            line("entitlement_asked", entitlement="review", serial="X"),
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, JournalEntry) else value.kind,
)
def test_what_would_be_passed_over_is_asked_about(second: Any, first: JournalEntry) -> None:
    assert first_of(second, [first]) is first
    staff = words("staff", Language.PL)
    key, data = said_of(first, staff, ZoneInfo("Europe/Warsaw"), NOON)
    assert key != "first.something"
    assert staff(key, **data)
    assert None not in data.values()


@pytest.mark.parametrize(
    ("second", "first"),
    [
        (c.TakeTicket(JAN, 7), line("taken")),
        (c.TakeTicket(JAN, 7, over=True), line("taken", assignee=JAN.user)),
        (a.AssignTicket(JAN, 7, "U0OLA", "Ola"), line("taken", assignee="U0OLA")),
        (x.ReassignEscalation(JAN, 7, 3, "U0OLA", "Ola"), line("escalation_reassigned", escalation=3, owner="U0OLA")),
        (x.ResolveEscalation(JAN, 7, 3, "Już"), line("escalation_acknowledged", escalation=2, owner="U0EWA")),
        (r.AskUser(JAN, 7, 2), line("replacement_ask", replacement=1)),
        (i.AnswerInterview(JAN, 7, 4, (("wan", "1"),)), line("interview_answered", interview=4, answers={"lan": "2"})),
        (i.AnswerInterview(JAN, 7, 4, (("wan", "1"),)), line("interview_answered", interview=4, answers={"wan": "1"})),
        (
            e.RecordEntitlement(JAN, 7, Entitlement.REVIEW, "X"),
            line("entitlement_asked", entitlement="firmware", serial="X"),
        ),
        (a.LogCall(JAN, 7, a.CallDirection.INCOMING, "", "", c.NextTurn.NOBODY), line("called")),
        (c.ReplyToCustomer(JAN, 7, "Proszę o logi.", c.NextTurn.CUSTOMER), line("taken")),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, JournalEntry) else value.kind,
)
def test_what_is_the_same_or_about_something_else_is_not(second: Any, first: JournalEntry) -> None:
    assert first_of(second, [first]) is None


def test_typed_words_are_given_back() -> None:
    assert typed_in(a.ResolveTicket(JAN, 7, "Dla klienta", "dla nas")) == "Dla klienta\n\ndla nas"
    assert typed_in(c.SetPriority(JAN, 7, Priority.QUESTION)) == ""


def test_who_brought_a_ticket_where_it_is() -> None:
    first = line("closed")
    assert who_brought_it_here([line("reopened", JAN), first, line("mail_sent")], JAN.user) is first
    assert who_brought_it_here([first], EWA.user) is None
    assert who_brought_it_here([line("closed", "bot")], JAN.user) is None
    assert DECIDED
