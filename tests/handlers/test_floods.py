"""A flood of strangers' mails: set aside, told of once, and no customer waits for it."""

from __future__ import annotations

from bot.model import Priority, TicketState
from bot.ports import InboxState
from tests.handlers.desk import ANNA, OBCY, Desk

NUMBERS = "Numer seryjny FG121GTK25004672, umowa HZ360-2026-000101."


def notices(desk: Desk) -> list[tuple[str, object]]:
    return [(post.what, post.data.get("who")) for post in desk.operator]


def set_aside(desk: Desk) -> int:
    return sum(row.state is InboxState.PARKED for row in desk.database.tables.inbox.values())


def test_one_stranger_opens_so_many_tickets_an_hour_and_no_more() -> None:
    desk = Desk(stranger_tickets_per_sender_and_hour=3)
    for number in range(7):
        desk.write(OBCY, f"Sprawa {number}: co oferujecie?", subject=f"Pytanie {number}", to="info@myhezo.pl")
    assert len(desk.database.tables.tickets) == 3
    assert set_aside(desk) == 4
    assert notices(desk) == [("mail_flood", OBCY)]
    desk.clock.move(hours=1, minutes=1)
    desk.write(OBCY, "A teraz?", subject="Jeszcze jedno", to="info@myhezo.pl")
    assert len(desk.database.tables.tickets) == 4


def test_no_limit_is_none() -> None:
    unlimited = {"stranger_tickets_per_sender_and_hour": 0, "stranger_tickets_per_hour": 0}
    desk = Desk(**unlimited, stranger_messages_per_ticket_and_hour=0)
    for number in range(25):
        desk.write(OBCY, f"Sprawa {number}: co oferujecie?", subject=f"Pytanie {number}", to="info@myhezo.pl")
    assert len(desk.database.tables.tickets) == 25
    assert notices(desk) == []


def test_all_strangers_together_and_a_customers_critical_report_goes_through() -> None:
    desk = Desk(stranger_tickets_per_hour=5)
    for number in range(30):
        desk.write(f"bot{number}@spam{number}.example", f"Firewall nie działa {number}", subject=f"Awaria {number}")
    assert len(desk.database.tables.tickets) == 5
    assert notices(desk) == [("mail_flood_of_all", None)]
    mails = len(desk.mails)
    desk.write(ANNA, f"Urządzenie nie działa! {NUMBERS}")
    ticket = desk.ticket(6)
    assert (ticket.state, ticket.priority) == (TicketState.OPEN, Priority.CRITICAL)
    assert "reaction" in desk.clocks(6)
    assert [mail.to for mail in desk.mails[mails:]] == [ANNA]


def test_a_customer_may_write_as_much_as_they_like() -> None:
    desk = Desk(stranger_tickets_per_sender_and_hour=1, stranger_tickets_per_hour=1)
    for number in range(5):
        desk.write(ANNA, f"Urządzenie nie działa {number}. {NUMBERS}", subject=f"Awaria {number}")
    assert len(desk.database.tables.tickets) == 5
    assert notices(desk) == []


def test_whoever_forges_a_customers_address_is_a_stranger() -> None:
    desk = Desk(stranger_tickets_per_sender_and_hour=2)
    forged = {"Authentication-Results": "mx.myhezo.pl; dmarc=fail header.from=klient.example"}
    for number in range(5):
        desk.write(ANNA, f"Urządzenie nie działa {number}. {NUMBERS}", subject=f"Awaria {number}", headers=forged)
    assert len(desk.database.tables.tickets) == 2
    desk.write(ANNA, f"Urządzenie nie działa. {NUMBERS}")
    assert desk.ticket(3).state is TicketState.OPEN


def test_a_stranger_cannot_fill_the_thread_of_their_ticket() -> None:
    desk = Desk(stranger_messages_per_ticket_and_hour=3)
    desk.write(OBCY, "Firewall się restartuje.", subject="Problem")
    question = desk.mails[-1]
    for number in range(6):
        desk.write(OBCY, f"Odpowiedź {number}", answer=question)
    assert len(desk.journal(1, "customer_wrote")) == 2, "beside the first mail"
    assert set_aside(desk) == 4
    assert notices(desk) == [("mail_flood", OBCY)]
