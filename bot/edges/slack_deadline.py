"""A ticket's countdown in words: the line that its head message and the App Home begin with. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model import ClockKind, ClockState, TicketState, TicketView
from bot.rules.countdown import Alarm, Countdown, countdown
from bot.rules.wording import Words, format_fixed, format_instant, format_short_span

COLOURS = {Alarm.CALM: "🟢", Alarm.HALF: "🟡", Alarm.SOON: "🟠", Alarm.LATE: "🔴"}
NO_ALARM, ENDED = "⚪", "⚫"

NOT_COUNTED_ON = timedelta(days=1)
"""From here on a card is not shown anew by itself (`bot.rules.countdown`): "yesterday" would soon be wrong."""


def deadline(view: TicketView, now: datetime, words: Words, zone: ZoneInfo, *, for_good: bool = False) -> str:
    """The clock that counts, when it is due and what is left of it; or why no clock runs.

    Args:
        for_good: It stands in a thread and is never edited, so there is no "today" in it.
    """
    seen = countdown(view.clocks, now)
    if seen is None:
        return _no_deadline(view, words, zone)
    colour = NO_ALARM if seen.is_customers else COLOURS[seen.alarm]
    return f"{colour} {_words(seen, now, words, zone, for_good)}"


def _words(seen: Countdown, now: datetime, words: Words, zone: ZoneInfo, for_good: bool) -> str:
    due = format_instant(seen.clock.due_at, words.language, zone, now)
    if for_good or (seen.late and seen.span >= NOT_COUNTED_ON):  # the card may stand like this for days
        due = format_fixed(seen.clock.due_at, words.language, zone)
    name = words(f"clock.{seen.clock.kind}")
    # That a device is to come back is said as it is: nobody is silent about that.
    whose = "customer_" if seen.is_customers and seen.clock.kind is not ClockKind.RETURN else ""
    if seen.late:
        little = "just_late" if seen.span == timedelta(0) else "late"
        return words(f"due.{whose}{little}", clock=name, late=format_short_span(seen.span, words.language), due=due)
    little = "little_left" if seen.span == timedelta(0) else "left"
    return words(f"due.{whose}{little}", clock=name, left=format_short_span(seen.span, words.language), due=due)


def _no_deadline(view: TicketView, words: Words, zone: ZoneInfo) -> str:
    ticket = view.ticket
    if ticket.closed_at is not None and not ticket.is_open:
        return f"{ENDED} " + words(f"due.{ticket.state}", at=format_fixed(ticket.closed_at, words.language, zone))
    if any(clock.state is ClockState.PAUSED for clock in view.clocks):
        return f"{NO_ALARM} " + words("due.none_paused")
    if ticket.state is TicketState.WAITING:
        return f"{NO_ALARM} " + words("due.none_waiting")
    return f"{NO_ALARM} " + words("due.none_open")
