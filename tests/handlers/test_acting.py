"""What engineers do to a ticket beside answering: each by its rules, the second of two learns who was first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.commands import CloseTicket, DecideSender, NextTurn, SlackPerson, TakeTicket
from bot.commands_acting import (
    AskForData,
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
from bot.effects import Effect, Note, TellUser
from bot.model import ClockKind, ClockState, Direction, Priority, TicketState
from bot.rules.ticket_states import Action, actions_of
from tests.handlers.desk import ANNA, EWA, JOHN, OBCY
from tests.handlers.timekeeping import WARSAW, Timekeeper, warsaw

JAN = SlackPerson("U0JAN", "Jan Nowak", "C0SUPPORT")
GUEST = SlackPerson("U0OBCY", "Obcy", "C0SUPPORT")
HOUR = timedelta(hours=1)


class ActingDesk(Timekeeper):
    """One accepted report of Anna's on Monday at 10:00; Ewa and Jan are engineers."""

    undo = "0s"

    def configured(self, intake: dict[str, Any]) -> dict[str, Any]:
        values = super().configured(intake)
        values["slack"]["engineers"] = [EWA.user, JAN.user]
        return values | {"replies": {"undo_within": self.undo}}

    def pass_time(self, span: timedelta) -> None:
        self.pass_until(self.clock.time + span)

    def effects(self, *kinds: type[Effect]) -> list[Any]:
        return [row.effect for row in self.database.tables.outbox.values() if isinstance(row.effect, kinds)]

    def told(self) -> list[str]:
        return [effect.what for effect in self.effects(TellUser)]

    def acted(self, ticket_id: int) -> list[object]:
        """The events of a ticket's thread that say what was done to it."""
        number = self.ticket(ticket_id).number
        return [post.data["event"] for post in self.posts if post.note is Note.ACTED and post.ticket == number]

    def state(self, ticket_id: int = 1) -> TicketState:
        return self.ticket(ticket_id).state

    def second_report(self, words: str = "Drugi problem, niekrytyczny.", sender: str = ANNA) -> int:
        """Another report; gives its id."""
        self.write(sender, f"{words} FortiGate FG121GTK25004672, umowa HZ360-2026-000101.", subject="Inna sprawa")
        return max(self.database.tables.tickets)


def call(by: SlackPerson = EWA, turn: NextTurn = NextTurn.NOBODY, **changes: Any) -> LogCall:
    return replace(LogCall(by, 1, CallDirection.INCOMING, "Anna", "Restart pomógł.", turn), **changes)


# Giving on


def test_a_colleague_has_it_and_is_told() -> None:
    desk = ActingDesk()
    desk.do(AssignTicket(EWA, 1, JAN.user, JAN.name))
    assert desk.ticket(1).assignee == JAN.user
    [post] = [post for post in desk.posts if post.note is Note.ACTED]
    assert (post.data["to"], post.mention) == (JAN.user, ())  # the line itself mentions the colleague
    desk.do(AssignTicket(JAN, 1, JAN.user, JAN.name))
    desk.do(AssignTicket(EWA, 1, GUEST.user, GUEST.name))
    assert desk.told() == ["already_taken", "assign_not_staff"]
    assert desk.ticket(1).assignee == JAN.user


# Data and resolution


def test_data_are_asked_for_in_the_customers_language_and_the_clock_turns() -> None:
    desk = ActingDesk()
    desk.do(AskForData(EWA, 1, ("logs", "serial", "nonsense"), "Najlepiej dziś."))
    text = desk.last_mail.text
    for said in ("– numeru seryjnego", "– logów urządzenia", "Najlepiej dziś.", "Ewa Kowalska", desk.ticket(1).number):
        assert said in text
    assert text.index("numeru seryjnego") < text.index("logów")
    assert desk.state() is TicketState.WAITING
    assert desk.clocks(1) == [ClockKind.CUSTOMER_REPLY]


def test_english_customers_are_asked_in_english() -> None:
    desk = ActingDesk()
    desk.write(JOHN, "The firewall is down, please help. FG1K0FTB22900191, contract HZ360-2026-000102. Question.")
    ticket_id = max(desk.database.tables.tickets)
    desk.do(AskForData(EWA, ticket_id, ("system_status",)))
    assert "– the output of “get system status” from the device" in desk.mails_to(JOHN)[-1].text


def test_neither_nothing_nor_a_note_is_asked() -> None:
    desk = ActingDesk()
    desk.do(AskForData(EWA, 1, ()))
    desk.do(AskForData(EWA, 1, ("logs",), "Notatka: klient zalega"))
    desk.do(ResolveTicket(EWA, 1, "// koniec"))
    assert desk.told() == ["note_stays"] * 3
    assert desk.state() is TicketState.OPEN


def test_a_resolution_is_mailed_and_ends_everything() -> None:
    desk = ActingDesk()
    desk.do(ResolveTicket(EWA, 1, "Wymieniliśmy kabel.", "Klient sam przyznał."))
    assert "Wymieniliśmy kabel." in desk.last_mail.text
    assert "przyznał" not in "".join(mail.text for mail in desk.mails)
    assert desk.acted(1) == ["resolution_note"]
    assert desk.state() is TicketState.RESOLVED
    assert desk.clocks(1) == []
    desk.do(ResolveTicket(JAN, 1, "Jeszcze raz"))
    [said] = desk.effects(TellUser)
    assert (said.what, said.data["who"]) == ("not_in_this_state", EWA.user), "the second sees who was first"


def test_a_resolution_can_be_taken_back() -> None:
    class Slow(ActingDesk):
        undo = "20s"

    desk = Slow()
    desk.do(ResolveTicket(EWA, 1, "Wymieniliśmy kabel."))
    assert desk.state() is TicketState.OPEN
    [sending] = desk.database.tables.sendings.values()
    desk.do(UndoSending(EWA, 1, sending.id))
    desk.pass_time(HOUR / 2)
    assert desk.state() is TicketState.OPEN
    assert desk.clocks(1) == [ClockKind.REACTION]


def test_reopening_owes_an_answer_from_then_on() -> None:
    desk = ActingDesk()
    desk.do(ResolveTicket(EWA, 1, "Wymieniliśmy kabel."))
    desk.pass_time(HOUR)
    desk.do(ReopenTicket(JAN, 1))
    desk.do(ReopenTicket(EWA, 1))
    assert desk.state() is TicketState.OPEN
    assert desk.due(ClockKind.REPLY) == "23 13:00", "two hours from 11:00"
    assert desk.told() == ["not_in_this_state"]


# Holding


def test_a_held_report_gains_no_time() -> None:
    desk = ActingDesk()
    desk.pass_time(HOUR / 2)
    desk.do(HoldTicket(EWA, 1))
    assert desk.state() is TicketState.HELD
    assert desk.clocks(1) == [ClockKind.INTAKE]
    desk.do(HoldTicket(JAN, 1))
    assert desk.told() == ["not_in_this_state"]
    desk.do(DecideSender(JAN, 1, approve=True))
    assert desk.due(ClockKind.REACTION) == "23 11:00"


# Snoozing


def test_a_snoozed_ticket_is_back_in_time_and_its_clocks_went_on() -> None:
    desk = ActingDesk()
    desk.do(SnoozeTicket(EWA, 1, warsaw(23, "12:00"), "Czekam na magazyn"))
    assert Action.WAKE in actions_of(desk.ticket(1))
    assert Action.SNOOZE not in actions_of(desk.ticket(1))
    desk.pass_until(warsaw(23, "11:30"))
    assert desk.said(Note.REMINDER) == ["50", "80"], "nothing was muted"
    assert Note.BREACH in desk.notes(1)
    desk.pass_until(warsaw(23, "12:00"))
    assert desk.acted(1) == ["snoozed", "snooze_over"]
    assert "snooze" not in desk.ticket(1).facts


def test_the_customer_wakes_it() -> None:
    desk = ActingDesk()
    desk.reply()
    desk.do(SnoozeTicket(EWA, 1, warsaw(27, "12:00")))
    desk.answer("Nadal nie działa.")
    assert desk.acted(1) == ["snoozed", "snooze_answered"]
    desk.pass_until(warsaw(27, "13:00"))
    assert "snooze_over" not in desk.acted(1)


def test_a_snooze_can_be_ended_and_set_anew_and_has_its_bounds() -> None:
    desk = ActingDesk()
    desk.do(SnoozeTicket(EWA, 1, desk.clock.time - HOUR))
    desk.do(SnoozeTicket(EWA, 1, desk.clock.time + timedelta(days=32)))
    assert desk.told() == ["snooze_out_of_range"] * 2
    desk.do(SnoozeTicket(EWA, 1, warsaw(23, "15:00")))
    desk.do(WakeTicket(JAN, 1))
    desk.do(WakeTicket(EWA, 1))
    assert desk.told()[-1] == "not_in_this_state"
    desk.do(SnoozeTicket(EWA, 1, warsaw(23, "16:00")))
    desk.pass_until(warsaw(23, "15:30"))
    assert "snooze_over" not in desk.acted(1)
    desk.pass_until(warsaw(23, "16:00"))
    assert desk.acted(1)[-1] == "snooze_over"


# Calls


@pytest.mark.parametrize(
    ("turn", "state", "clocks"),
    [
        (NextTurn.NOBODY, TicketState.OPEN, []),
        (NextTurn.CUSTOMER, TicketState.WAITING, [ClockKind.CUSTOMER_REPLY]),
        (NextTurn.RESOLVED, TicketState.RESOLVED, []),
    ],
)
def test_a_call_is_a_contact(turn: NextTurn, state: TicketState, clocks: list[ClockKind]) -> None:
    desk = ActingDesk()
    mails = len(desk.mails)
    desk.do(call(turn=turn))
    assert (desk.state(), desk.clocks(1)) == (state, clocks)
    assert desk.clock_of(ClockKind.REACTION).state is ClockState.MET
    assert desk.ticket(1).assignee == EWA.user
    assert len(desk.mails) == mails, "the customer was spoken to"
    assert desk.journal(1, "called")[0]["summary"] == "Restart pomógł."


def test_a_call_logged_late_counts_from_when_it_was() -> None:
    desk = ActingDesk()
    desk.pass_until(warsaw(23, "11:30"))
    assert desk.clock_of(ClockKind.REACTION).breached_at is not None
    desk.do(call(called_at=warsaw(23, "10:40")))
    assert desk.clock_of(ClockKind.REACTION).breached_at is None
    assert desk.ticket(1).contacted_at == warsaw(23, "10:40")
    desk.do(call(called_at=warsaw(24, "10:00")))
    desk.do(call(called_at=warsaw(15, "10:00")))
    assert desk.told() == ["call_out_of_range"] * 2


def test_a_call_before_the_report_counts_from_the_report() -> None:
    desk = ActingDesk()
    desk.do(call(called_at=warsaw(23, "09:30")))
    assert desk.ticket(1).contacted_at == desk.ticket(1).reported_at


# Merging


def test_merging_carries_words_people_and_what_is_waited_for() -> None:
    desk = ActingDesk()
    desk.reply()
    desk.pass_until(warsaw(23, "10:30"))
    second = desk.second_report()
    desk.pass_until(warsaw(23, "10:45"))
    desk.do(MergeTicket(EWA, second, 1))
    assert desk.state(second) is TicketState.CLOSED
    assert desk.ticket(second).facts["joined"] == desk.ticket(1).number
    assert desk.clocks(second) == []
    assert desk.state(1) is TicketState.OPEN
    assert desk.due(ClockKind.REPLY) == "23 12:30", "from when the second report was sent"
    carried = [m for m in desk.database.tables.messages.values() if m.ticket_id == 1 and "Drugi problem" in m.text]
    assert len(carried) == 1
    assert (desk.acted(1), desk.acted(second)) == (["merged_from"], ["merged_into"])
    assert Action.REOPEN not in actions_of(desk.ticket(second))
    desk.do(MergeTicket(JAN, second, 1))
    assert desk.told() == ["not_in_this_state"]
    desk.pass_until(warsaw(23, "17:00"))
    assert not [post for post in desk.posts if post.ticket == desk.ticket(second).number and post.note is Note.BREACH]


@pytest.mark.parametrize("has_survivor", [None, JAN])
def test_who_has_the_merged_one_has_the_survivor_unless_somebody_has_it(has_survivor: SlackPerson | None) -> None:
    desk = ActingDesk()
    second = desk.second_report()
    desk.do(TakeTicket(EWA, second))
    if has_survivor is not None:
        desk.do(TakeTicket(has_survivor, 1))
    desk.do(MergeTicket(EWA, second, 1))
    assert desk.ticket(1).assignee == (has_survivor or EWA).user
    assert desk.notes(1).count(Note.TAKEN) == 1


def test_later_mails_to_the_merged_one_land_in_the_survivor() -> None:
    desk = ActingDesk()
    second = desk.second_report()
    to_second = desk.mails_to(ANNA)[-1]
    assert desk.ticket(second).number in to_second.subject
    desk.do(MergeTicket(EWA, second, 1))
    before = len(desk.database.tables.tickets)
    desk.write(ANNA, "Jeszcze jedno w tej sprawie.", answer=to_second)
    assert len(desk.database.tables.tickets) == before
    [message] = [m for m in desk.database.tables.messages.values() if "Jeszcze jedno" in m.text]
    assert message.ticket_id == 1


def test_strangers_enter_a_conversation_only_at_an_explicit_word() -> None:
    desk = ActingDesk()
    desk.write(JOHN, "Help. FG1K0FTB22900191, contract HZ360-2026-000102. Question.")
    second = max(desk.database.tables.tickets)
    desk.do(MergeTicket(EWA, second, 1))
    [said] = desk.effects(TellUser)
    assert (said.what, said.data["people"]) == ("merge_strangers", [JOHN])
    assert desk.state(second) is TicketState.OPEN
    assert JOHN not in desk.database.tables.participants[1]
    desk.do(MergeTicket(EWA, second, 1, strangers_too=True))
    assert JOHN in desk.database.tables.participants[1]
    [post] = [post for post in desk.posts if post.data.get("event") == "merged_from"]
    assert post.data["people"] == [JOHN]


def test_the_graver_priority_stands_and_an_ended_survivor_is_opened() -> None:
    desk = ActingDesk()
    desk.do(ResolveTicket(EWA, 1, "Gotowe."))
    second = desk.second_report("Awaria całkowita, urządzenie nie działa. Priorytet: krytyczny.")
    desk.do(MergeTicket(EWA, second, 1))
    assert desk.state(1) is TicketState.OPEN
    assert desk.ticket(1).priority is Priority.CRITICAL
    assert ClockKind.REPLY in desk.clocks(1)


def test_what_cannot_be_merged() -> None:
    desk = ActingDesk()
    second, third = desk.second_report(), desk.second_report("Trzeci problem.")
    desk.do(MergeTicket(EWA, 1, 1))
    desk.do(MergeTicket(EWA, second, 1))
    desk.do(MergeTicket(EWA, third, second))
    desk.write(OBCY, "Awaria. FortiGate FG121GTK25004672, umowa HZ360-2026-000101.")
    held = max(desk.database.tables.tickets)
    desk.do(MergeTicket(EWA, third, held, strangers_too=True))
    assert desk.told() == ["merge_itself", "merge_into_merged", "merge_into_held"]
    assert desk.state(third) is TicketState.OPEN


# Linking


def test_links_are_shown_on_both() -> None:
    desk = ActingDesk()
    second = desk.second_report()
    desk.do(LinkTickets(EWA, second, 1))
    desk.do(LinkTickets(JAN, 1, second))
    desk.do(LinkTickets(JAN, 1, 1))
    assert desk.ticket(1).facts["links"] == [desk.ticket(second).number]
    assert desk.ticket(second).facts["links"] == [desk.ticket(1).number]
    assert desk.told() == ["linked_before", "linked_before"]
    assert desk.clocks(1) == [ClockKind.REACTION]


# Splitting


def test_a_message_becomes_a_report_of_its_own() -> None:
    desk = ActingDesk()
    desk.reply()
    desk.pass_until(warsaw(23, "10:20"))
    desk.answer("Druga rzecz: nie działa VPN.")
    message = [m for m in desk.database.tables.messages.values() if m.direction is Direction.FROM_CUSTOMER][-1]
    desk.pass_until(warsaw(23, "10:30"))
    desk.do(SplitTicket(EWA, 1, message.id, "Nie działa VPN"))
    fresh = desk.ticket(max(desk.database.tables.tickets))
    assert (fresh.subject, fresh.requester, fresh.contract_id) == ("Nie działa VPN", ANNA, 1)
    assert fresh.state is TicketState.OPEN
    assert desk.clocks(fresh.id) == [ClockKind.REACTION]
    assert desk.due(ClockKind.REACTION) == "23 11:20", "from when the message was sent"
    assert fresh.number in desk.mails_to(ANNA)[-1].subject
    assert (desk.acted(1), desk.acted(fresh.id)) == (["split_off"], ["split_from"])
    assert desk.ticket(1).facts["links"] == [fresh.number]
    desk.do(SplitTicket(JAN, 1, message.id))
    assert desk.told() == ["split_before"]


def test_what_was_answered_is_waited_for_from_the_split_on() -> None:
    desk = ActingDesk()
    message = min(desk.database.tables.messages)
    desk.pass_until(warsaw(23, "10:50"))
    desk.reply()
    desk.pass_until(warsaw(23, "13:00"))
    desk.do(SplitTicket(EWA, 1, message))
    assert desk.due(ClockKind.REACTION) == "23 14:00"
    desk.do(SplitTicket(EWA, 1, 999_999))
    assert desk.told() == ["split_no_message"]


def test_of_a_split_report_that_lacks_its_numbers_the_customer_learns_what_is_missing() -> None:
    desk = ActingDesk()
    desk.write(ANNA, "Firewall wolno działa. I jeszcze jedno: nie mamy logów.", subject="Dwie sprawy")
    second = max(desk.database.tables.tickets)
    assert desk.state(second) is TicketState.INCOMPLETE
    message = max(desk.database.tables.messages)
    desk.do(SplitTicket(EWA, second, message))
    fresh = max(desk.database.tables.tickets)
    asked = desk.mails_to(ANNA)[-1]
    assert desk.ticket(fresh).number in asked.subject
    assert f"Zapisaliśmy ją pod numerem {desk.ticket(fresh).number}." in asked.text
    assert "numer seryjny" in asked.text
    assert desk.clocks(fresh) == [ClockKind.CUSTOMER_REPLY, ClockKind.INTAKE]


# Spam


def test_spam_ends_without_a_word_and_the_sender_is_read_again() -> None:
    desk = ActingDesk()
    mails = len(desk.mails)
    desk.do(MarkSpam(EWA, 1))
    desk.do(MarkSpam(JAN, 1))
    assert desk.state() is TicketState.CLOSED
    assert desk.clocks(1) == []
    assert len(desk.mails) == mails
    assert desk.told() == ["not_in_this_state"]
    assert desk.second_report() != 1
    desk.do(ReopenTicket(EWA, 1))
    assert "spam" not in desk.ticket(1).facts


# Who may


@pytest.mark.parametrize(
    "command",
    [
        AssignTicket(GUEST, 1, JAN.user, JAN.name), HoldTicket(GUEST, 1), AskForData(GUEST, 1, ("logs",)),
        ResolveTicket(GUEST, 1, "x"), ReopenTicket(GUEST, 1), SnoozeTicket(GUEST, 1, warsaw(23, "15:00")),
        WakeTicket(GUEST, 1), MergeTicket(GUEST, 1, 1), LinkTickets(GUEST, 1, 1), SplitTicket(GUEST, 1, 1),
        MarkSpam(GUEST, 1), call(GUEST),
    ],
    ids=lambda command: type(command).__name__,
)  # fmt: skip
def test_others_get_a_polite_refusal(command: Any) -> None:
    desk = ActingDesk()
    before = replace(desk.ticket(1))
    desk.do(command)
    desk.do(replace(command, by=replace(EWA, is_stranger=True)))
    assert desk.told() == ["not_allowed", "not_allowed"]
    assert desk.ticket(1) == before


def test_nothing_is_done_to_what_has_ended() -> None:
    desk = ActingDesk()
    desk.do(CloseTicket(EWA, 1))
    for command in (AssignTicket(EWA, 1, JAN.user, JAN.name), HoldTicket(EWA, 1), MarkSpam(EWA, 1), call()):
        desk.do(command)
    assert desk.told() == ["not_in_this_state"] * 4
    assert desk.clock.time.astimezone(WARSAW).day == 23
