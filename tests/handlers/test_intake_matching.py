"""Which ticket a mail belongs to, who may join one, and what becomes of mails to ended tickets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.commands import CloseTicket, DecideQuotation, DecideSender, NextTurn, ReplyToCustomer
from bot.effects import Note
from bot.model import Direction, TicketState
from bot.ports import InboxState
from bot.rules.mail_matching import make_token, reply_address
from tests.handlers.desk import ANNA, EWA, KEY, OBCY, Desk

NUMBERS = "Numer seryjny FG121GTK25004672, umowa HZ360-2026-000101."
COLLEAGUE = "piotr@klient.example"


@pytest.fixture
def desk() -> Desk:
    """Anna's report stands."""
    desk = Desk()
    desk.write(ANNA, f"FortiGate nie działa. {NUMBERS}")
    return desk


def words_of(desk: Desk, ticket_id: int) -> list[str]:
    """What customers said on a ticket."""
    messages = [m for m in desk.database.tables.messages.values() if m.ticket_id == ticket_id]
    return [m.text for m in messages if m.direction is Direction.FROM_CUSTOMER]


def test_a_colleague_of_the_same_contract_is_on_it_also_before_it_is_accepted(desk: Desk) -> None:
    desk.write(COLLEAGUE, "Zasilanie jest.", answer=desk.mails[-1])
    assert words_of(desk, 1)[-1] == "Zasilanie jest."
    desk.write(ANNA, "Drugi firewall się restartuje.", subject="Restarty")
    desk.write(COLLEAGUE, "tak", answer=desk.mails[-1])
    assert desk.ticket(2).state is TicketState.OPEN
    assert len(desk.tickets) == 2


def test_whoever_was_not_on_it_waits_for_an_engineer_and_joins_by_their_word(desk: Desk) -> None:
    desk.write(OBCY, "Dołączam logi.", subject="Odp: [HEZO-2026-000001] Awaria")
    held = desk.ticket(2)
    assert (held.state, held.facts["quoted_ticket"]) == (TicketState.HELD, "HEZO-2026-000001")
    assert held.facts["hold_reasons"] == ["quotes_ticket", "sender_unknown"]
    assert "intake" in desk.clocks(2)
    assert words_of(desk, 1) == [f"FortiGate nie działa. {NUMBERS}"]
    held_mail = desk.mails_to(OBCY)[-1]
    assert "Mleczarnia" not in held_mail.text
    desk.do(DecideQuotation(EWA, 2, join=True))
    assert words_of(desk, 1)[-1] == "Dołączam logi."
    assert desk.ticket(2).state is TicketState.CLOSED
    assert desk.ticket(2).facts["joined"] == "HEZO-2026-000001"
    assert desk.clocks(2) == []
    assert Note.JOINED in desk.notes(1)
    assert Note.JOINED in desk.notes(2)
    desk.write(OBCY, "I jeszcze jedno.", answer=held_mail)
    desk.write(OBCY, "I ostatnie.", subject="HEZO-2026-000001")
    assert words_of(desk, 1)[-2:] == ["I jeszcze jedno.", "I ostatnie."]
    assert len(desk.tickets) == 2


def test_a_mail_of_its_own_is_taken_for_what_it_is(desk: Desk) -> None:
    desk.write(OBCY, "Mamy podobny problem.", subject="HEZO-2026-000001")
    desk.do(DecideQuotation(EWA, 2, join=False))
    assert desk.ticket(2).state is TicketState.INCOMPLETE
    assert "Prosimy o numer seryjny" in desk.mails[-1].text
    desk.write(OBCY, f"My też. {NUMBERS}", subject="HEZO-2026-000001, HEZO-2026-000002")
    desk.do(DecideQuotation(EWA, 3, join=False))
    assert desk.ticket(3).state is TicketState.HELD
    assert desk.ticket(3).facts["hold_reasons"] == ["sender_unknown"]
    desk.do(DecideSender(EWA, 3, approve=True))
    assert desk.ticket(3).state is TicketState.OPEN
    desk.do(DecideQuotation(EWA, 3, join=True))
    assert desk.ticket(3).state is TicketState.OPEN, "decided already"


def test_a_forged_sender_who_quotes_is_told_nothing(desk: Desk) -> None:
    forged = {"Authentication-Results": "mx.myhezo.pl; dmarc=fail header.from=klient.example"}
    desk.write(ANNA, "Proszę zamknąć.", answer=desk.mails[-1], headers=forged)
    assert desk.ticket(2).facts["hold_reasons"] == ["quotes_ticket", "sender_not_authentic"]
    assert len(desk.mails) == 1


def test_an_open_ticket_about_the_same_device_is_named_and_not_assumed(desk: Desk) -> None:
    desk.write(ANNA, f"Znowu nie działa. {NUMBERS}", subject="Nowa awaria")
    assert desk.ticket(2).facts["similar"] == ["HEZO-2026-000001"]
    [post] = [post for post in desk.posts if post.note is Note.SIMILAR_TICKETS]
    assert (post.ticket, post.data["numbers"]) == ("HEZO-2026-000002", ["HEZO-2026-000001"])
    assert "HEZO-2026-000002" in desk.mails[-1].text
    desk.write(COLLEAGUE, f"U mnie też. {NUMBERS}", subject="Trzecia")
    assert desk.ticket(3).facts["similar"] == []


def reply(desk: Desk, turn: NextTurn) -> None:
    desk.do(ReplyToCustomer(EWA, 1, "Prosimy sprawdzić.", turn))


def test_an_ended_ticket_is_opened_again_for_a_while_and_then_followed_by_another(desk: Desk) -> None:
    reply(desk, NextTurn.RESOLVED)
    desk.clock.move(days=13)
    desk.write(ANNA, "Jednak nie działa.", answer=desk.mails[-1])
    assert desk.ticket(1).state is TicketState.OPEN
    assert desk.clocks(1) == ["reply"]
    reply(desk, NextTurn.RESOLVED)
    desk.clock.move(days=15)
    desk.write(ANNA, "Znowu to samo.", answer=desk.mails[-1])
    assert desk.ticket(1).state is TicketState.RESOLVED
    new = desk.ticket(2)
    assert (new.facts["follows"], desk.ticket(1).facts["followed_by"]) == ("HEZO-2026-000001", "HEZO-2026-000002")
    assert "Poprzednie zgłoszenie w tej sprawie (HEZO-2026-000001)" in desk.mails[-1].text
    assert new.state is TicketState.OPEN, "device and contract are known from the old one"
    assert new.devices == desk.ticket(1).devices
    desk.write(ANNA, "Dodaję opis.", answer=desk.mails[-1])
    assert words_of(desk, 2)[-1] == "Dodaję opis."


def test_an_auto_reply_opens_nothing_again(desk: Desk) -> None:
    reply(desk, NextTurn.RESOLVED)
    desk.write(ANNA, "Jestem na urlopie.", answer=desk.mails[-1], headers={"Auto-Submitted": "auto-replied"})
    assert desk.ticket(1).state is TicketState.RESOLVED
    [post] = [post for post in desk.posts if post.note is Note.AUTOMATIC_MAIL]
    assert post.data["text"] == "Jestem na urlopie."


def test_a_refused_stranger_who_writes_again_is_heard_by_an_engineer_and_answered_by_no_robot() -> None:
    desk = Desk()
    desk.write(OBCY, NUMBERS)
    desk.do(DecideSender(EWA, 1, approve=False))
    sent = len(desk.mails)
    desk.write(OBCY, "Ale ja tu pracuję!", answer=desk.mails[-1])
    assert desk.ticket(1).state is TicketState.CLOSED
    assert desk.ticket(2).state is TicketState.HELD
    assert desk.ticket(2).facts["hold_reasons"] == ["answers_closed", "sender_unknown"]
    assert desk.ticket(2).facts["follows"] == "HEZO-2026-000001"
    assert len(desk.mails) == sent


def test_a_representative_answers_what_was_closed_without_a_word(desk: Desk) -> None:
    desk.write(ANNA, "VPN się zrywa.", subject="VPN")
    question = desk.mails[-1]
    desk.do(CloseTicket(EWA, 2))
    desk.write(ANNA, "tak, proszę o pomoc", answer=question)
    assert desk.ticket(2).state is TicketState.CLOSED
    assert desk.ticket(3).state is TicketState.INCOMPLETE
    assert desk.ticket(3).facts["follows"] == "HEZO-2026-000002"


def copy(text: str, *, to: str = "pomoc@myhezo.pl", top: str = "", date: str = "23 Nov 2026 10:00:00 +0100") -> bytes:
    return (
        f"{top}From: {ANNA}\r\nTo: {to}\r\nSubject: Awaria\r\nMessage-ID: <same@klient.example>\r\n"
        f"Date: Mon, {date}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()


def test_one_mail_by_two_ways_is_one_message() -> None:
    desk = Desk()
    desk.take_in(copy(NUMBERS))
    footer = "\r\n--\r\nWiadomość sprawdzona przez program antywirusowy.\r\nwww.antywirus.example"
    state = desk.take_in(copy(NUMBERS + footer, to="info@myhezo.pl", top="Received: from list.example\r\n"))
    assert state is InboxState.DONE
    assert len(desk.tickets) == 1
    assert len(words_of(desk, 1)) == 1
    assert len(desk.mails) == 1


def test_an_id_used_twice_loses_no_mail() -> None:
    desk = Desk()
    desk.take_in(copy(NUMBERS))
    desk.clock.move(minutes=5)
    desk.take_in(copy(f"{NUMBERS} Proszę o telefon.", date="23 Nov 2026 10:05:00 +0100"))
    desk.take_in(copy("Zupełnie coś innego."))
    assert len(words_of(desk, 1)) + sum(len(words_of(desk, ticket.id)) for ticket in desk.tickets[1:]) == 3


def test_a_mail_to_the_address_for_escalations_marks_its_ticket_and_calls_managers(desk: Desk) -> None:
    desk.write(ANNA, "Nikt nie dzwoni!", answer=desk.mails[-1], to="escalation@myhezo.pl")
    assert desk.ticket(1).facts["escalated"] is True
    [post] = [post for post in desk.posts if post.note is Note.ESCALATION]
    assert post.data == {"event": "raised", "by": ANNA, "source": "mail", "reason": "Nikt nie dzwoni!"}
    desk.write(OBCY, "Skarga!", to="Eskalacje <escalation@myhezo.pl>", subject="Skarga")
    assert desk.ticket(2).state is TicketState.INCOMPLETE
    assert desk.ticket(2).facts["escalated"] is True
    assert [each.source for each in desk.database.tables.escalations.values()] == ["mail", "mail"]


def test_a_token_names_its_ticket_and_a_foreign_one_lets_nobody_in(desk: Desk) -> None:
    address = reply_address("pomoc@myhezo.pl", make_token("HEZO-2026-000001", KEY))
    desk.write(ANNA, "Bez wątku.", subject="Bez numeru", to=address)
    assert words_of(desk, 1)[-1] == "Bez wątku."
    desk.write(OBCY, "Znalazłem adres.", subject="Bez numeru", to=address)
    assert desk.ticket(2).facts["quoted_ticket"] == "HEZO-2026-000001"


def test_reopening_is_seen_by_whoever_had_it(desk: Desk) -> None:
    reply(desk, NextTurn.RESOLVED)
    desk.clock.time += timedelta(hours=1)
    desk.write(ANNA, "Nie pomogło.", answer=desk.mails[-1])
    [post] = [post for post in desk.posts if post.data.get("reason") == "reopened"]
    assert post.mention == (EWA.user,)


@pytest.mark.parametrize("sender", ["anna@k1ient.example", "anna@xn--klent-o2e.example", "anna@klientt.example"])
def test_an_address_that_looks_like_a_representative_s_is_held_and_shown_for_what_it_is(
    desk: Desk, sender: str
) -> None:
    desk.write(sender, f"Firewall nie działa. {NUMBERS}")
    assert desk.ticket(2).state is TicketState.HELD
    assert desk.ticket(2).facts["hold_reasons"] == ["sender_unknown", "sender_lookalike"]
    told = "".join(mail.text for mail in desk.mails_to(sender))
    assert "klient.example" not in told
    assert "Mleczarnia" not in told
    desk.write('"anna@klient.example" <eve@evil.example>', f"Firewall nie działa. {NUMBERS}", subject="Druga")
    assert desk.ticket(3).facts["hold_reasons"] == ["sender_unknown"]
