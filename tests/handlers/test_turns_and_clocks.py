"""Clocks on the whole desk: whose turn it is, what a moved deadline announces, what a stop leaves to say."""

from __future__ import annotations

import pytest

from bot.commands import NextTurn
from bot.effects import MailKind, Note, SendMail
from bot.model import ClockKind, Priority, TicketState
from handlers import clocks
from handlers.context import Context
from tests.fakes.memory_database import run
from tests.handlers.desk import ANNA, KEY
from tests.handlers.timekeeping import Timekeeper, warsaw

REMINDED = (Note.REMINDER, Note.BREACH)
REACTION, REPLY, THEIRS = ClockKind.REACTION, ClockKind.REPLY, ClockKind.CUSTOMER_REPLY


def test_reaction_reply_and_the_customers_answer_take_turns() -> None:
    desk = Timekeeper()
    assert desk.due(REACTION) == "23 11:00"
    desk.pass_until(warsaw(23, "10:40"))
    assert desk.said(*REMINDED) == ["50"]
    desk.reply()
    assert desk.due(REACTION) == "23 11:00 met"
    assert desk.due(THEIRS) == "23 12:40"
    assert desk.ticket(1).state is TicketState.WAITING
    desk.pass_until(warsaw(23, "11:00"))
    desk.answer("Oto logi.")
    desk.pass_until(warsaw(23, "11:30"))
    desk.answer("I jeszcze jedno.")
    assert desk.due(THEIRS) == "23 12:40 met"
    assert desk.due(REPLY) == "23 13:00", "several messages in a row keep the first one's clock"
    desk.pass_until(warsaw(23, "12:30"))
    desk.reply(NextTurn.NOBODY)
    assert desk.due(REPLY) == "23 13:00 met"
    assert desk.clocks(1) == []
    assert desk.ticket(1).state is TicketState.OPEN, "an information leaves the turn with us"
    desk.reply(NextTurn.CUSTOMER)
    desk.reply(NextTurn.NOBODY)
    assert (desk.clocks(1), desk.ticket(1).state) == ([], TicketState.OPEN)
    assert desk.said(*REMINDED) == ["50", "50"]
    assert desk.escalations() == []


def test_a_reply_that_was_in_time_but_is_handled_late_met_its_clock() -> None:
    desk = Timekeeper()
    desk.pass_until(warsaw(23, "11:05"))
    assert desk.escalations() == ["open"]
    assert desk.clock_of(REACTION).breached_at == warsaw(23, "11:00")
    desk.reply(at=warsaw(23, "10:59"))
    assert desk.clock_of(REACTION).ended_at == warsaw(23, "10:59")
    assert desk.clock_of(REACTION).breached_at is None
    assert desk.escalations() == ["withdrawn"], "the channel does not go on claiming it"


def test_a_reply_in_the_last_second_is_in_time_and_a_late_one_is_a_breach_though_its_timer_never_fired() -> None:
    for at, late in (("11:00:00", False), ("11:00:01", True)):
        desk = Timekeeper()
        desk.clock.time = warsaw(23, at)
        desk.reply()
        assert desk.clock_of(REACTION).breached_at == (warsaw(23, "11:00") if late else None)
        desk.pass_until(warsaw(24, "16:00"))
        assert desk.escalations() == [], "what is answered is not escalated"


def test_a_mail_sent_after_a_reply_that_is_handled_later_has_its_own_clock() -> None:
    desk = Timekeeper()
    desk.pass_until(warsaw(23, "10:10"))
    desk.write(ANNA, "Jeszcze coś.", answer=desk.last_mail)
    desk.reply(at=warsaw(23, "10:05"))
    assert desk.due(REACTION) == "23 11:00 met"
    assert desk.due(REPLY) == "23 12:10"
    assert desk.ticket(1).state is TicketState.OPEN, "the customer spoke last"
    assert THEIRS not in desk.clocks(1)
    desk.reply(NextTurn.RESOLVED, at=warsaw(23, "10:09"))
    assert desk.ticket(1).state is TicketState.OPEN, "nobody resolves what they have not read"


def test_a_mail_that_crossed_our_reply_is_our_turn_from_the_reply_on() -> None:
    desk = Timekeeper()
    written = desk.last_mail
    desk.pass_until(warsaw(23, "10:30"))
    desk.reply()
    desk.clock.time = warsaw(23, "10:20")  # the mail says so, and arrived later
    desk.write(ANNA, "Zapomniałam dodać: VPN też nie działa.", answer=written)
    assert desk.due(REPLY) == "23 12:30"
    assert desk.clock_of(THEIRS).ended_at == warsaw(23, "10:30"), "no clock ends before it starts"


def test_what_is_resolved_or_closed_has_no_clock_and_a_new_message_starts_one() -> None:
    desk = Timekeeper()
    desk.close()
    assert desk.due(REACTION) == "23 11:00 cancelled"
    desk.pass_until(warsaw(23, "12:00"))
    assert desk.said(*REMINDED) == []
    desk.answer("Czy ktoś to przeczytał?")
    assert desk.due(REACTION) == "23 13:00", "nobody had contacted them"
    desk.reply(NextTurn.RESOLVED)
    assert desk.clocks(1) == []
    desk.pass_until(warsaw(23, "13:30"))
    desk.answer("Nadal nie działa.")
    assert desk.due(REPLY) == "23 15:30"


def test_a_moved_deadline_reminds_anew_only_of_what_lies_ahead() -> None:
    desk = Timekeeper()
    desk.pass_until(warsaw(23, "10:50"))
    assert desk.said(*REMINDED) == ["50", "80"]
    desk.set_priority(Priority.QUESTION)
    assert desk.due(REACTION) == "23 12:00"
    desk.pass_until(warsaw(23, "10:59"))
    desk.set_priority(Priority.NON_CRITICAL)
    desk.set_priority(Priority.QUESTION)
    assert desk.said(*REMINDED) == ["50", "80"]
    desk.pass_until(warsaw(23, "11:50"))
    assert desk.said(*REMINDED) == ["50", "80", "50", "80"]
    desk.set_priority(Priority.NON_CRITICAL)
    desk.pass_until(warsaw(23, "11:50"))
    assert desk.said(*REMINDED)[4:] == ["100"], "late all of a sudden: said at once"
    assert desk.clock_of(REACTION).breached_at == warsaw(23, "11:00")
    desk.set_priority(Priority.QUESTION)
    assert desk.clock_of(REACTION).breached_at is None
    assert desk.escalations() == ["withdrawn"]
    desk.set_priority(Priority.NON_CRITICAL)
    desk.pass_until(warsaw(23, "11:51"))
    assert desk.escalations() == ["withdrawn", "open"], "what was taken back and is true again is said again"
    assert desk.clock_of(REACTION).breached_at == warsaw(23, "11:00")


@pytest.mark.parametrize(("woken", "late"), [("23 10:49", ["50", "80"]), ("23 11:05", ["50", "80", "100"])])
def test_after_a_stop_one_message_says_what_was_missed(woken: str, late: list[str]) -> None:
    desk = Timekeeper()
    day, at = woken.split()
    desk.sleep_until(warsaw(int(day), at))
    assert desk.said(*REMINDED) == [late[-1]]
    missed = next(post for post in desk.posts if post.note in REMINDED).data["late"]
    assert isinstance(missed, list)
    assert [str(level) for level, _ in missed] == late
    assert desk.clock_of(REACTION).breached_at == (warsaw(23, "11:00") if "100" in late else None)


def test_at_night_a_breach_is_marked_and_said_when_the_window_opens() -> None:
    desk = Timekeeper()
    desk.sleep_until(warsaw(23, "22:00"))
    assert desk.clock_of(REACTION).breached_at == warsaw(23, "11:00")
    assert desk.said(*REMINDED) == []
    desk.pass_until(warsaw(24, "09:00"))
    assert desk.said(*REMINDED) == ["100"]


def test_a_critical_clock_reminds_at_night() -> None:
    desk = Timekeeper("Awaria całkowita, krytyczny.")
    desk.reply(NextTurn.NOBODY)
    desk.pass_until(warsaw(24, "03:00"))
    desk.answer("Znów nie działa.")
    desk.pass_until(warsaw(24, "04:00"))
    assert desk.said(*REMINDED) == ["50", "80", "100"]
    assert desk.clock_of(REPLY).breached_at == warsaw(24, "04:00")


def test_a_silent_customer_is_reminded_three_times_and_never_twice_in_a_row() -> None:
    desk = Timekeeper()
    desk.reply()
    assert desk.due(THEIRS) == "23 12:00"
    desk.pass_until(warsaw(23, "12:00"))
    desk.set_priority(Priority.CRITICAL)  # three times an hour is due in an hour, two hours behind the first reminder
    desk.sleep_until(warsaw(25, "10:00"))
    assert desk.said(Note.CUSTOMER_SILENT) == ["1", "2"], "one after the other"
    desk.pass_until(warsaw(25, "12:59"))
    assert desk.said(Note.CUSTOMER_SILENT) == ["1", "2"]
    desk.pass_until(warsaw(25, "13:00"))
    assert desk.said(Note.CUSTOMER_SILENT) == ["1", "2", "3"]
    rows = desk.database.tables.outbox.values()
    mails = [row.effect for row in rows if isinstance(row.effect, SendMail) and row.effect.kind is MailKind.REMINDER]
    assert len(mails) == 3
    assert "Nasza ostatnia wiadomość:\n> " in mails[0].text, "nobody has to look for what was asked"
    assert "zamkniemy zgłoszenie" in mails[-1].text
    assert desk.clock_of(THEIRS).breached_at is None, "the customer's clock is never a breach"
    desk.pass_until(warsaw(30, "13:00"))
    assert len(desk.said(Note.CUSTOMER_SILENT)) == 3


def test_a_late_delivery_is_escalated_and_a_late_return_only_told() -> None:
    desk = Timekeeper()
    desk.reply(NextTurn.NOBODY)

    async def start(kind: ClockKind) -> None:
        async with desk.database.begin() as uow:
            ctx = Context(desk.clock.now(), desk.config, KEY)
            await clocks.start(uow, ctx, desk.ticket(1), kind, desk.clock.now(), None)

    run(start(ClockKind.DELIVERY))
    run(start(ClockKind.RETURN))
    assert desk.due(ClockKind.DELIVERY) == "23 18:00", "round the clock"
    assert desk.due(ClockKind.RETURN) == "30 10:00"
    desk.set_priority(Priority.QUESTION)
    assert desk.due(ClockKind.DELIVERY) == "23 18:00", "no delivery is promised there: the one that runs stays"
    with pytest.raises(ValueError, match="promises no delivery"):
        run(start(ClockKind.DELIVERY))
    desk.pass_until(warsaw(23, "18:00"))
    assert desk.said(*REMINDED) == ["50", "80", "100"]
    assert desk.escalations() == ["open"]
    desk.pass_until(warsaw(30, "10:00"))
    assert desk.said(Note.REMINDER) == ["50", "80", "100"]
    assert desk.escalations() == ["open"]
    assert desk.clock_of(ClockKind.RETURN).breached_at is None


def test_every_change_of_a_clock_is_in_the_journal_with_its_reason() -> None:
    desk = Timekeeper()
    desk.set_priority(Priority.QUESTION)
    desk.reply()
    desk.close()
    lines = desk.database.tables.journal[1]
    told = [(line.kind, line.data["kind"], line.data["reason"]) for line in lines if line.kind.startswith("clock_")]
    assert told == [
        ("clock_started", "reaction", "message"),
        ("clock_recomputed", "reaction", "priority"),
        ("clock_met", "reaction", "replied"),
        ("clock_started", "customer_reply", "message"),
        ("clock_cancelled", "customer_reply", "closed"),
    ]
    recomputed = desk.journal(1, "clock_recomputed")[0]
    assert recomputed["by"] == "U0EWA"
    assert recomputed["previous_due_at"] == "2026-11-23T10:00:00+00:00"
    assert recomputed["due_at"] == "2026-11-23T11:00:00+00:00"
