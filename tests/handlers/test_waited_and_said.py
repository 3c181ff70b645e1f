"""What the customer waited is never lost, and of one deadline nothing is said twice."""

from __future__ import annotations

from datetime import datetime

from bot.commands import DecideSender, SetPriority, TimerDue
from bot.effects import Note
from bot.model import ClockKind, ClockState, Priority
from tests.handlers.desk import ANNA, EWA, OBCY, Desk
from tests.handlers.timekeeping import REPORT, warsaw


def pass_until(desk: Desk, at: datetime) -> None:
    while (timer := desk.database.tables.first_pending(set())) is not None and timer.fire_at <= at:
        desk.clock.time = max(desk.clock.time, timer.fire_at)
        desk.do(TimerDue(timer))
    desk.clock.time = at


def reaction_started_at(desk: Desk) -> datetime:
    [clock] = [clock for clock in desk.database.tables.clocks.values() if clock.kind is ClockKind.REACTION]
    assert clock.state is ClockState.RUNNING
    return clock.started_at


def test_a_held_report_has_waited_since_it_had_its_numbers_whatever_is_written_after() -> None:
    desk = Desk()
    desk.write(OBCY, f"Problem niekrytyczny. {REPORT}")
    pass_until(desk, warsaw(23, "12:00"))
    desk.write(OBCY, "Czy jest jakaś odpowiedź?", answer=desk.mails_to(OBCY)[-1])
    desk.do(DecideSender(EWA, 1, approve=True))
    assert reaction_started_at(desk) == warsaw(23, "10:00")


def test_a_level_said_together_with_a_lower_one_is_not_said_again_of_the_same_deadline() -> None:
    desk = Desk()
    pass_until(desk, warsaw(23, "15:00"))
    desk.write(ANNA, "Pytanie o konfigurację. Priorytet: pytanie.")
    pass_until(desk, warsaw(24, "10:30"))

    def reminders() -> list[object]:
        return [post.data["level"] for post in desk.posts if post.note is Note.REMINDER]

    assert reminders() == [100, 200]
    desk.do(SetPriority(EWA, 1, Priority.CRITICAL))  # by 24x7 the same deadline, and all levels have passed
    pass_until(desk, warsaw(24, "10:31"))
    assert reminders() == [100, 200, 800]
    desk.do(SetPriority(EWA, 1, Priority.QUESTION))
    pass_until(desk, warsaw(25, "16:00"))
    assert reminders() == [100, 200, 800]


def test_a_reminder_whose_timer_fires_after_the_close_waits_for_the_opening_and_a_breach_does_not() -> None:
    desk = Desk()
    pass_until(desk, warsaw(23, "16:29:59"))
    desk.write(ANNA, f"Problem niekrytyczny. {REPORT}")
    desk.clock.time = warsaw(23, "17:00:00")  # half of the hour was used up a second before
    pass_until(desk, warsaw(23, "23:00"))
    assert [post.data.get("level") for post in desk.posts if post.note is Note.REMINDER] == []
    pass_until(desk, warsaw(24, "09:00"))
    assert [post.data.get("level") for post in desk.posts if post.note is Note.REMINDER] == [50]

    desk = Desk()
    pass_until(desk, warsaw(23, "16:00"))
    desk.write(ANNA, f"Problem niekrytyczny. {REPORT}")
    pass_until(desk, warsaw(23, "16:59"))
    desk.clock.time = warsaw(23, "17:00:01")
    pass_until(desk, warsaw(23, "17:00:01"))
    assert [post.note for post in desk.posts if post.note is Note.BREACH] == [Note.BREACH]
