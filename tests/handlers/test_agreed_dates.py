"""A date agreed with the customer, from the proposal to its end."""

from __future__ import annotations

import pytest

from bot.commands import NextTurn
from bot.effects import Note
from bot.model import ClockKind, ClockState, Priority, TicketState
from tests.handlers.desk import ANNA
from tests.handlers.timekeeping import Timekeeper, warsaw

AGREED, REPLY, THEIRS = ClockKind.AGREED, ClockKind.REPLY, ClockKind.CUSTOMER_REPLY
THURSDAY = warsaw(26, "14:00")


def agreed_desk() -> Timekeeper:
    """A date is proposed on Monday at 10:20 and confirmed at 11:00."""
    desk = Timekeeper()
    desk.pass_until(warsaw(23, "10:20"))
    desk.propose(THURSDAY, "Będziemy potrzebowali konsoli.")
    desk.pass_until(warsaw(23, "11:00"))
    desk.answer("Tak, potwierdzam.\n\nPozdrawiam\nAnna Nowak")
    return desk


def test_a_proposal_is_mailed_in_the_engineers_name_and_waits_for_the_customer() -> None:
    desk = Timekeeper()
    desk.propose(THURSDAY, "Będziemy potrzebowali konsoli.")
    mail = desk.last_mail
    assert "HEZO-2026-000001 proponujemy termin: czwartek, 26 listopada 2026, 14:00 (CET)." in mail.text
    assert "Będziemy potrzebowali konsoli." in mail.text
    assert "wystarczy odpowiedzieć na tę wiadomość słowem „tak”" in mail.text
    assert "Ewa Kowalska" in mail.text
    assert b"Auto-Submitted" not in mail.raw
    assert desk.due(ClockKind.REACTION) == "23 11:00 met", "an engineer contacted the customer"
    assert desk.due(THEIRS) == "23 12:00"
    assert desk.ticket(1).state is TicketState.WAITING
    desk.pass_until(warsaw(23, "12:00"))
    assert desk.said(Note.CUSTOMER_SILENT) == ["1"]


def test_from_the_confirmation_on_no_reply_clock_runs_and_engineers_are_reminded_of_the_date() -> None:
    desk = agreed_desk()
    assert desk.due(AGREED) == "26 14:00"
    assert desk.ticket(1).state is TicketState.OPEN
    assert "Termin w sprawie zgłoszenia HEZO-2026-000001 jest uzgodniony: czwartek, 26 listopada 2026, 14:00 (CET)" in (
        desk.last_mail.text
    )
    desk.pass_until(warsaw(24, "10:00"))
    desk.answer("Czy mamy coś przygotować?")
    desk.pass_until(warsaw(24, "11:00"))
    desk.answer("Halo?")
    assert desk.clocks(1) == [AGREED], "no reply clock runs"
    assert desk.said(Note.AGREED_DATE) == ["confirmed", "customer_wrote", "customer_wrote"]
    assert desk.posts[-1].mention == ("U0EWA",)
    desk.pass_until(warsaw(26, "13:30"))
    assert desk.said(Note.AGREED_DATE)[3:] == ["reminder", "reminder"]
    desk.pass_until(warsaw(26, "14:00"))
    assert desk.said(Note.AGREED_DATE)[5:] == ["passed"]
    assert desk.clock_of(AGREED).state is ClockState.CANCELLED
    assert desk.due(REPLY) == "26 16:00", "what was unanswered starts at the date"
    desk.pass_until(warsaw(26, "16:00"))
    assert desk.said(Note.BREACH) == ["100"]


def test_a_date_that_is_kept_starts_what_is_unanswered_and_nothing_else() -> None:
    desk = agreed_desk()
    desk.pass_until(warsaw(24, "10:00"))
    desk.kept()
    assert desk.due(AGREED) == "26 14:00 met"
    assert desk.clocks(1) == []
    desk = agreed_desk()
    desk.answer("Czy mamy coś przygotować?")
    desk.reply(NextTurn.NOBODY)
    desk.pass_until(warsaw(24, "10:00"))
    desk.kept()
    assert desk.clocks(1) == [], "it was answered"
    desk = agreed_desk()
    desk.answer("Czy mamy coś przygotować?")
    desk.pass_until(warsaw(24, "10:00"))
    desk.kept()
    assert desk.due(REPLY) == "24 12:00"


def test_other_words_are_no_confirmation_and_the_engineer_confirms_after_a_call() -> None:
    desk = Timekeeper()
    desk.propose(THURSDAY)
    desk.pass_until(warsaw(23, "11:00"))
    desk.answer("Wolelibyśmy piątek. Damy znać.")
    assert desk.due(REPLY) == "23 13:00"
    desk.pass_until(warsaw(23, "11:30"))
    desk.answer("ok")
    assert AGREED not in desk.clocks(1), "an ok may now mean something else"
    desk.pass_until(warsaw(23, "12:30"))
    desk.confirm()
    assert desk.due(REPLY) == "23 13:00 paused"
    assert desk.clock_of(REPLY).remaining is not None
    desk.pass_until(warsaw(26, "14:00"))
    assert desk.due(REPLY) == "26 14:30", "what was waited before the pause is not lost"
    assert desk.said(Note.REMINDER) == ["50"]
    desk.pass_until(warsaw(26, "14:30"))
    assert desk.said(Note.REMINDER, Note.BREACH) == ["50", "80", "100"]
    resumed = desk.journal(1, "clock_resumed")[0]
    assert (resumed["reason"], resumed["previous_due_at"]) == ("date_passed", "2026-11-23T12:00:00+00:00")


def test_a_paused_clock_follows_the_priority_and_a_reply_meets_it() -> None:
    desk = Timekeeper()
    desk.propose(THURSDAY)
    desk.pass_until(warsaw(23, "11:00"))
    desk.answer("Czy można wcześniej? Najlepiej jutro.")
    desk.pass_until(warsaw(23, "11:30"))
    desk.confirm()
    desk.set_priority(Priority.QUESTION)
    assert desk.due(REPLY) == "23 15:00 paused"
    left = desk.clock_of(REPLY).remaining
    assert left is not None
    assert left.total_seconds() == 3.5 * 3600
    desk.set_priority(Priority.NON_CRITICAL)
    assert desk.due(REPLY) == "23 13:00 paused"
    desk.reply(NextTurn.NOBODY)
    assert desk.due(REPLY) == "23 13:00 met"
    assert desk.clocks(1) == [AGREED], "the date stays"
    desk.pass_until(THURSDAY)
    assert desk.due(REPLY) == "26 16:00", "the promise was for this date: it is our turn"


def test_a_new_date_replaces_the_old_one_without_a_gap() -> None:
    desk = agreed_desk()
    desk.pass_until(warsaw(25, "10:00"))
    desk.propose(warsaw(27, "09:00"))
    assert desk.clock_of(AGREED).state is ClockState.RUNNING, "until the new one is confirmed"
    desk.answer("ok")
    dates = [clock for clock in desk.database.tables.clocks.values() if clock.kind is AGREED]
    assert [(clock.state, clock.due_at) for clock in dates] == [
        (ClockState.CANCELLED, THURSDAY),
        (ClockState.RUNNING, warsaw(27, "09:00")),
    ]
    desk.pass_until(warsaw(26, "15:00"))
    assert "passed" not in desk.said(Note.AGREED_DATE)


def test_the_old_date_passes_while_the_customer_has_a_new_one_to_confirm() -> None:
    desk = agreed_desk()
    desk.pass_until(warsaw(26, "13:50"))
    desk.propose(warsaw(27, "09:00"))
    desk.pass_until(warsaw(26, "14:30"))
    assert desk.clocks(1) == [THEIRS], "it is the customer's turn"


@pytest.mark.parametrize("turn", [NextTurn.RESOLVED, None])
def test_resolving_or_closing_forgets_every_date(turn: NextTurn | None) -> None:
    desk = agreed_desk()
    desk.propose(warsaw(27, "09:00"))
    if turn is None:
        desk.close()
    else:
        desk.reply(turn)
    assert desk.clocks(1) == []
    assert not desk.ticket(1).facts.keys() & {"agreed", "proposed"}
    desk.pass_until(warsaw(27, "12:00"))
    assert desk.said(Note.BREACH, Note.REMINDER) == []


def test_a_stop_over_the_date_resumes_from_the_date() -> None:
    desk = agreed_desk()
    desk.answer("Czy mamy coś przygotować?")
    desk.sleep_until(warsaw(26, "15:30"))
    assert desk.said(Note.AGREED_DATE) == ["confirmed", "customer_wrote", "passed"]
    assert desk.due(REPLY) == "26 16:00"
    assert desk.said(Note.REMINDER) == ["50"]


def test_a_date_has_to_lie_ahead_also_when_it_is_handled_late() -> None:
    desk = Timekeeper()
    desk.propose(warsaw(23, "09:59"))
    assert [mail.subject for mail in desk.mails_to(ANNA)] == [desk.last_mail.subject], "nothing was mailed"
    desk.propose(warsaw(23, "10:30"))
    desk.pass_until(warsaw(23, "10:30"))
    desk.answer("tak")
    assert AGREED not in desk.clocks(1)
    desk.confirm()
    assert AGREED not in desk.clocks(1)
