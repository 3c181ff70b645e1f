"""What customers write in threads of their shared channel that are no ticket's: below a greeting, an announcement."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands_channels import DecideOffer
from bot.commands_sending import ThreadMessageDeleted
from bot.effects import OfferReport
from bot.model import Direction, Language, TicketState
from bot.people import SlackPerson
from bot.sendings import SharedFile
from tests.handlers.desk import EWA, Desk
from tests.handlers.test_channel_messages import CHANNEL, DEAD, DEVICE, PIOTR, THEIRS, WAIT, ChannelDesk, form

HOUR = timedelta(hours=1)
ZOSIA = SlackPerson("U0ZOSIA", "Zosia Mleczko", CHANNEL, is_stranger=True)


def announced(desk: Desk) -> str:
    """An engineer tells the customers something in their channel; gives the head of what becomes a thread."""
    head = desk.post(EWA, CHANNEL, "W środę pracujemy na łączu, może być krótka przerwa.")
    desk.clock.time += HOUR
    return head


def authors(desk: Desk, ticket_id: int) -> list[str]:
    """Who of the customers wrote on a ticket, in order."""
    messages = desk.database.tables.messages.values()
    return [m.author for m in messages if m.ticket_id == ticket_id and m.direction is Direction.FROM_CUSTOMER]


def test_what_a_customer_writes_below_an_announcement_becomes_a_report_in_that_thread() -> None:
    desk = ChannelDesk()
    head = announced(desk)
    ts = desk.post(PIOTR, CHANNEL, DEAD, thread=head)
    assert desk.alone == [OfferReport(CHANNEL, ts, PIOTR.user, Language.PL, thread_ts=head)]
    assert desk.tickets == []
    desk.pass_time(WAIT)
    [ticket] = desk.tickets
    assert (ticket.customer_channel, ticket.customer_ts, ticket.requester) == (CHANNEL, head, PIOTR.user)
    assert (ticket.state, ticket.subject) == (TicketState.INCOMPLETE, DEAD)
    desk.post(ZOSIA, CHANNEL, f"Chodzi o {DEVICE.serial}", thread=head)
    assert authors(desk, 1) == [PIOTR.user, ZOSIA.user]
    assert len(desk.alone) == 1, "the thread is the ticket's by now, and nobody is asked again"


def test_below_words_that_are_no_report_a_report_may_follow() -> None:
    desk = ChannelDesk()
    head = desk.post(PIOTR, CHANNEL, "Kiedy przyjedziecie na kawę?")
    desk.do(DecideOffer(PIOTR, CHANNEL, head, None))
    desk.clock.time += HOUR
    desk.post(PIOTR, CHANNEL, DEAD, thread=head)
    desk.pass_time(WAIT)
    assert [ticket.customer_ts for ticket in desk.tickets] == [head]


def test_two_who_write_in_one_thread_have_one_report() -> None:
    desk = ChannelDesk()
    head = announced(desk)
    desk.post(PIOTR, CHANNEL, DEAD, thread=head)
    desk.clock.time += WAIT / 2
    desk.post(ZOSIA, CHANNEL, "U mnie też nic nie działa!", thread=head)
    desk.pass_time(WAIT)
    desk.pass_time(WAIT)
    [ticket] = desk.tickets
    assert authors(desk, ticket.id) == [PIOTR.user, ZOSIA.user]


def test_the_form_answers_in_the_thread_and_takes_the_files_along() -> None:
    desk = ChannelDesk()
    head, file = announced(desk), SharedFile("F0LOG", "log.txt", "text/plain", 10, "https://files.slack.com/log.txt")
    ts = desk.post(PIOTR, CHANNEL, DEAD, thread=head, files=(file,))
    desk.do(replace(form(ts), thread_ts=head))
    desk.handle_waiting()
    [ticket] = desk.tickets
    assert (ticket.state, ticket.customer_ts) == (TicketState.OPEN, head)
    assert [effect.files for effect in desk.to_fetch] == [(file,)]
    assert authors(desk, 1) == [PIOTR.user]


def test_they_may_add_it_to_their_ticket_instead() -> None:
    desk = ChannelDesk()
    desk.report()
    desk.clock.time += HOUR
    head = announced(desk)
    ts = desk.post(PIOTR, CHANNEL, "Dosyłam: dioda świeci na czerwono.", thread=head)
    assert desk.alone[-1] == OfferReport(CHANNEL, ts, PIOTR.user, Language.PL, 1, desk.ticket(1).number, head)
    desk.do(DecideOffer(PIOTR, CHANNEL, ts, 1))
    desk.handle_waiting()
    assert len(desk.tickets) == 1
    assert authors(desk, 1) == [PIOTR.user, PIOTR.user]


@pytest.mark.parametrize("ends", ["no report", "deleted"])
def test_they_may_say_that_it_is_no_report_or_take_it_back(ends: str) -> None:
    desk = ChannelDesk()
    head = announced(desk)
    ts = desk.post(PIOTR, CHANNEL, "W środę nam nie pasuje.", thread=head)
    if ends == "deleted":
        desk.do(ThreadMessageDeleted(PIOTR, CHANNEL, head, ts))
    else:
        desk.do(DecideOffer(PIOTR, CHANNEL, ts, None))
    desk.pass_time(WAIT)
    assert desk.tickets == []


@pytest.mark.parametrize(
    ("by", "channel", "text"),
    [(PIOTR, CHANNEL, "ok, dziękuję!"), (EWA, CHANNEL, DEAD), (PIOTR, "C0OTHER1", DEAD), (EWA, THEIRS, DEAD)],
)
def test_thanks_colleagues_and_other_channels_ask_for_nothing(by: SlackPerson, channel: str, text: str) -> None:
    desk = ChannelDesk()
    desk.post(by, channel, text, thread=announced(desk))
    desk.pass_time(WAIT)
    assert (desk.alone, desk.tickets) == ([], [])
