"""Two people at once: both had the same screen open, or pressed at the same instant. The second learns who was first.

`tests/rules/test_firsts.py` has every command; here the handlers are asked, one pair after the other.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.commands import (
    AgreeDate,
    CloseTicket,
    Command,
    ConfirmDate,
    DecideSender,
    NextTurn,
    SetPriority,
    SlackPerson,
    TakeTicket,
)
from bot.commands_acting import (
    AssignTicket,
    CallDirection,
    HoldTicket,
    LinkTickets,
    LogCall,
    MarkSpam,
    MergeTicket,
    ReopenTicket,
    ResolveTicket,
    SnoozeTicket,
    SplitTicket,
    WakeTicket,
)
from bot.commands_sending import UndoSending
from bot.effects import PostCard, TellUser
from bot.escalation_commands import (
    AcknowledgeEscalation,
    EscalateTicket,
    LogEscalationCall,
    ReassignEscalation,
    ResolveEscalation,
    SnoozeEscalation,
)
from bot.model import Direction, Priority, TicketState
from tests.handlers.desk import ANNA, EWA
from tests.handlers.test_acting import GUEST, JAN, ActingDesk
from tests.handlers.timekeeping import warsaw


class TwoPeopleDesk(ActingDesk):
    """Ewa is first, Jan is second; what he does he does with what he had seen by `look`."""

    saw: int | None = None

    def look(self) -> None:
        """Jan opens a window, or looks at the buttons, now."""
        self.saw = self.database.tables.journal[1][-1].id

    @property
    def jan(self) -> SlackPerson:
        return replace(JAN, saw=self.saw)

    def last_told(self) -> TellUser:
        told = self.effects(TellUser)[-1]
        assert isinstance(told, TellUser)
        return told


def looking() -> TwoPeopleDesk:
    """Jan has looked, and nothing has happened since."""
    desk = TwoPeopleDesk()
    desk.look()
    return desk


# What would be overwritten


def test_another_priority_does_not_pass_over_the_first_in_silence() -> None:
    desk = looking()
    desk.do(SetPriority(EWA, 1, Priority.CRITICAL))
    desk.do(SetPriority(desk.jan, 1, Priority.QUESTION))
    assert desk.ticket(1).priority is Priority.CRITICAL
    told = desk.last_told()
    assert (told.what, told.user, told.data["who"]) == ("was_first", JAN.user, EWA.user)
    assert (told.data["did"], told.data["priority"]) == ("first.priority_set", "krytyczny")
    assert isinstance(list(desk.database.tables.outbox.values())[-1].effect, PostCard), "its buttons know of it now"
    desk.look()
    desk.do(SetPriority(desk.jan, 1, Priority.QUESTION))
    assert desk.ticket(1).priority is Priority.QUESTION, "who has seen it may overrule it"


def test_the_same_priority_again_says_who_set_it() -> None:
    desk = looking()
    desk.do(SetPriority(EWA, 1, Priority.CRITICAL))
    desk.do(SetPriority(desk.jan, 1, Priority.CRITICAL))
    told = desk.last_told()
    assert (told.what, told.data["who"]) == ("priority_is_already", EWA.user)
    assert "at" in told.data


def test_the_customers_word_counts_as_somebodys() -> None:
    desk = TwoPeopleDesk("Dziwnie się zachowuje.")
    desk.look()
    desk.answer("Problem krytyczny.")
    desk.do(SetPriority(desk.jan, 1, Priority.QUESTION))
    assert desk.ticket(1).priority is Priority.CRITICAL
    assert desk.last_told().data["who"] == ANNA


def test_a_second_snooze_does_not_replace_the_first() -> None:
    desk = looking()
    desk.do(SnoozeTicket(EWA, 1, warsaw(23, "12:00"), "magazyn"))
    later = warsaw(27, "12:00")
    desk.do(SnoozeTicket(desk.jan, 1, later))
    told = desk.last_told()
    assert (told.what, told.data["who"], told.data["did"]) == ("was_first", EWA.user, "first.snoozed")
    desk.do(SnoozeTicket(JAN, 1, later))
    assert desk.last_told().what == "snoozed_before", "without a word of what he saw"
    assert desk.ticket(1).facts["snooze"]["until"] == warsaw(23, "12:00").isoformat()  # type: ignore[index]
    desk.look()
    desk.do(SnoozeTicket(desk.jan, 1, later))
    assert desk.ticket(1).facts["snooze"]["until"] == later.isoformat()  # type: ignore[index]
    desk.pass_until(warsaw(23, "12:30"))
    assert "snooze_over" not in desk.acted(1)


def test_a_ticket_that_was_put_off_anew_is_not_woken_by_an_old_button() -> None:
    desk = TwoPeopleDesk()
    desk.do(SnoozeTicket(EWA, 1, warsaw(23, "12:00")))
    desk.look()
    desk.do(WakeTicket(EWA, 1))
    desk.do(SnoozeTicket(EWA, 1, warsaw(27, "12:00")))
    desk.do(WakeTicket(desk.jan, 1))
    assert "snooze" in desk.ticket(1).facts
    assert desk.last_told().data["who"] == EWA.user


def test_a_ticket_is_not_taken_from_somebody_who_was_not_seen_to_have_it() -> None:
    desk = TwoPeopleDesk()
    desk.config = desk.config.model_copy(
        update={"slack": desk.config.slack.model_copy(update={"managers": ("U0ZOFIA", "U0OLA")})}
    )
    ola = SlackPerson("U0OLA", "Ola", "C0SUPPORT")
    desk.do(TakeTicket(ola, 1))
    desk.look()
    desk.do(TakeTicket(EWA, 1, over=True))
    desk.do(TakeTicket(desk.jan, 1, over=True))
    assert desk.ticket(1).assignee == EWA.user
    assert desk.last_told().data["did"] == "first.taken"
    desk.do(AssignTicket(desk.jan, 1, "U0OLA", "Ola"))
    assert desk.ticket(1).assignee == EWA.user
    desk.do(AssignTicket(desk.jan, 1, EWA.user, EWA.name))
    assert (desk.last_told().what, desk.last_told().data["who"]) == ("already_taken", EWA.user)


def test_who_takes_second_learns_who_has_it_and_since_when() -> None:
    desk = looking()
    desk.do(TakeTicket(EWA, 1))
    desk.do(TakeTicket(desk.jan, 1))
    assert (desk.last_told().what, desk.last_told().data["who"]) == ("already_taken", EWA.user)
    assert "at" in desk.last_told().data


# What would end a ticket on which somebody works


@pytest.mark.parametrize("end", [CloseTicket, MarkSpam, HoldTicket], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    "first",
    [
        TakeTicket(EWA, 1),
        LogCall(EWA, 1, CallDirection.INCOMING, "Anna", "Restart pomógł.", NextTurn.NOBODY),
    ],
    ids=lambda command: type(command).__name__,
)
def test_nobodys_work_is_ended_unseen(end: type, first: Command) -> None:
    desk = looking()
    desk.do(first)
    desk.do(end(desk.jan, 1))
    assert desk.ticket(1).state is TicketState.OPEN
    assert (desk.last_told().what, desk.last_told().data["who"]) == ("was_first", EWA.user)
    desk.look()
    desk.do(end(desk.jan, 1))
    assert desk.ticket(1).state is not TicketState.OPEN


def test_of_two_who_end_it_the_second_learns_how_it_ended() -> None:
    desk = looking()
    desk.do(CloseTicket(EWA, 1))
    for second in (MarkSpam(desk.jan, 1), HoldTicket(desk.jan, 1), CloseTicket(desk.jan, 1)):
        desk.do(second)
        assert (desk.last_told().what, desk.last_told().data["did"]) == ("was_first", "first.closed")
    desk.look()
    desk.do(CloseTicket(desk.jan, 1))
    told = desk.last_told()
    assert (told.what, told.data["who"]) == ("not_in_this_state", EWA.user)
    assert "at" in told.data


def test_a_ticket_that_was_closed_anew_is_not_reopened_by_an_old_button() -> None:
    desk = TwoPeopleDesk()
    desk.do(CloseTicket(EWA, 1))
    desk.look()
    desk.do(ReopenTicket(EWA, 1))
    desk.do(MarkSpam(EWA, 1))
    desk.do(ReopenTicket(desk.jan, 1))
    assert desk.ticket(1).state is TicketState.CLOSED
    assert desk.last_told().data["did"] == "first.spam"


def test_an_old_approval_does_not_answer_a_new_doubt() -> None:
    desk = TwoPeopleDesk()
    desk.do(HoldTicket(EWA, 1))
    desk.look()
    desk.do(DecideSender(EWA, 1, approve=True))
    desk.do(HoldTicket(EWA, 1))
    desk.do(DecideSender(desk.jan, 1, approve=True))
    assert desk.ticket(1).state is TicketState.HELD
    assert desk.last_told().data["did"] == "first.held"


def test_two_who_merge_it_into_different_tickets() -> None:
    desk = TwoPeopleDesk()
    second, third = desk.second_report(), desk.second_report("Trzeci.")
    desk.look()
    desk.do(MergeTicket(EWA, 1, second))
    desk.do(MergeTicket(desk.jan, 1, third))
    told = desk.last_told()
    assert (told.data["did"], told.data["other"]) == ("first.merged", desk.ticket(second).number)
    desk.do(MergeTicket(JAN, third, 1))
    told = desk.last_told()
    assert (told.what, told.data["who"]) == ("merge_into_merged", EWA.user)


# Where the second changes nothing


def test_linking_and_splitting_twice_say_who_did_it() -> None:
    desk = TwoPeopleDesk()
    second = desk.second_report()
    message = next(m.id for m in desk.database.tables.messages.values() if m.direction is Direction.FROM_CUSTOMER)
    desk.look()
    desk.do(LinkTickets(EWA, 1, second))
    desk.do(LinkTickets(desk.jan, 1, second))
    told = desk.last_told()
    assert (told.what, told.data["who"]) == ("linked_before", EWA.user)
    desk.do(LinkTickets(replace(JAN), second, 1))
    assert desk.last_told().data["who"] == EWA.user, "seen from the other side"
    desk.do(SplitTicket(EWA, 1, message))
    desk.do(SplitTicket(desk.jan, 1, message))
    told = desk.last_told()
    assert (told.what, told.data["who"]) == ("split_before", EWA.user)
    assert len(desk.tickets) == 3


# Words that are not done are given back


def test_a_resolution_is_held_back_with_its_words_where_somebody_called_meanwhile() -> None:
    desk = looking()
    desk.do(LogCall(EWA, 1, CallDirection.OUTGOING, "Anna", "Będziemy jutro.", NextTurn.NOBODY))
    desk.do(ResolveTicket(desk.jan, 1, "Gotowe, kabel.", "Klient zadowolony."))
    assert desk.ticket(1).state is TicketState.OPEN
    told = desk.last_told()
    assert told.what == "was_first"
    assert "Gotowe, kabel." in str(told.data["own"])
    assert "Klient zadowolony." in str(told.data["own"])
    assert "Gotowe" not in "".join(mail.text for mail in desk.mails)


def test_another_proposal_is_not_confirmed_by_an_old_button() -> None:
    desk = TwoPeopleDesk()
    friday, monday = warsaw(27, "10:00"), warsaw(30, "10:00")
    desk.do(AgreeDate(EWA, 1, friday.date(), friday.timetz().replace(tzinfo=None)))
    desk.look()
    desk.pass_time(timedelta(minutes=1))
    desk.do(AgreeDate(EWA, 1, monday.date(), monday.timetz().replace(tzinfo=None)))
    desk.do(ConfirmDate(desk.jan, 1))
    assert "agreed" not in desk.ticket(1).facts
    assert desk.last_told().data["did"] == "first.date_proposed"


# Who is not asked


def test_whoever_may_not_act_learns_nothing_of_who_was_first() -> None:
    desk = looking()
    desk.do(SetPriority(EWA, 1, Priority.CRITICAL))
    desk.do(SetPriority(replace(GUEST, saw=desk.saw), 1, Priority.QUESTION))
    assert desk.last_told().what == "not_allowed"


def test_ones_own_changes_are_ones_own() -> None:
    desk = looking()
    ewa: Any = replace(EWA, saw=desk.saw)
    desk.do(SetPriority(ewa, 1, Priority.CRITICAL))
    desk.do(SetPriority(ewa, 1, Priority.QUESTION))
    assert desk.ticket(1).priority is Priority.QUESTION
    assert desk.effects(TellUser) == []


def test_words_for_a_ticket_that_was_closed_at_the_same_instant_are_given_back() -> None:
    desk = looking()
    desk.do(CloseTicket(EWA, 1))
    desk.do(ResolveTicket(desk.jan, 1, "Gotowe, kabel."))
    told = desk.last_told()
    assert (told.what, told.data["who"], told.data["own"]) == ("not_in_this_state", EWA.user, "Gotowe, kabel.")


# Escalations


def escalating() -> TwoPeopleDesk:
    """Ewa has escalated the ticket, and Jan looks at it."""
    desk = looking()
    desk.do(EscalateTicket(EWA, 1, "Klient nie może czekać"))
    desk.look()
    return desk


def test_who_escalates_second_joins_and_learns_who_was_first() -> None:
    desk = looking()
    desk.do(EscalateTicket(EWA, 1, "Klient nie może czekać"))
    desk.do(EscalateTicket(desk.jan, 1, "Klient dzwonił"))
    told = desk.last_told()
    assert (told.what, told.data["who"]) == ("escalation_runs", EWA.user)
    assert desk.journal(1, "escalation_joined")[0]["reason"] == "Klient dzwonił"
    desk.do(LogEscalationCall(desk.jan, 1, "Anna", "Nadal nic."))
    assert (desk.last_told().what, desk.last_told().data["who"]) == ("escalation_runs", EWA.user)


def test_an_escalation_is_not_given_on_put_off_or_ended_unseen() -> None:
    desk = escalating()
    [escalation] = desk.database.tables.escalations
    desk.do(AcknowledgeEscalation(EWA, 1, escalation))
    desk.do(AcknowledgeEscalation(desk.jan, 1, escalation))
    assert (desk.last_told().what, desk.last_told().data["who"]) == ("escalation_has_somebody", EWA.user)
    assert "at" in desk.last_told().data
    for second in (
        ReassignEscalation(desk.jan, 1, escalation, JAN.user, JAN.name),
        SnoozeEscalation(desk.jan, 1, escalation, timedelta(minutes=10)),
        ResolveEscalation(desk.jan, 1, escalation, "Załatwione"),
    ):
        desk.do(second)
        assert desk.last_told().data["did"] == "first.escalation_acknowledged"
    assert desk.last_told().data["own"] == "Załatwione", "what was typed is given back"
    assert desk.database.tables.escalations[escalation].owner == EWA.user
    assert desk.database.tables.escalations[escalation].is_open
    desk.look()
    desk.do(ResolveEscalation(desk.jan, 1, escalation, "Załatwione"))
    desk.do(ResolveEscalation(EWA, 1, escalation, "Też"))
    told = desk.last_told()
    assert (told.what, told.data["who"]) == ("escalation_resolved", JAN.user)
    assert "at" in told.data


# Taking words back


def test_of_two_who_take_words_back_and_of_one_who_comes_too_late() -> None:
    class Slow(TwoPeopleDesk):
        undo = "20s"

    desk = Slow()
    desk.reply()
    [sending] = desk.database.tables.sendings
    desk.do(UndoSending(EWA, 1, sending))
    desk.do(UndoSending(JAN, 1, sending))
    told = desk.last_told()
    assert (told.what, told.data["who"]) == ("undone_before", EWA.user)
    assert "at" in told.data
    desk.reply()
    desk.pass_time(timedelta(minutes=1))
    desk.do(UndoSending(JAN, 1, max(desk.database.tables.sendings)))
    assert (desk.last_told().what, desk.last_told().data["who"]) == ("undo_too_late", EWA.user)
