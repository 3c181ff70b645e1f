"""Whole conversations, in Polish and English: what customers write, what they get, and what becomes of the report."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.commands import DecideSender, TimerDue
from bot.effects import Note
from bot.model import Language, Priority, TicketState
from tests.fakes.memory_database import run
from tests.handlers.desk import ANNA, BIURO, DAIRY, EWA, HOSPITAL, JOHN, OBCY, Desk

NUMBERS = "Numer seryjny FG121GTK25004672, umowa HZ360-2026-000101."
SERIAL, CONTRACT = "FG121GTK25004672", "HZ360-2026-000101"
JAN = "jan@szpital.example"
MAILS = Path(__file__).parents[1] / "data" / "mails"
QUOTES = ["gmail", "outlook", "bottom", "bare", ""]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def is_accepted(desk: Desk, serials: tuple[str, ...] = (SERIAL,), contract: str = CONTRACT, ticket_id: int = 1) -> None:
    ticket = desk.ticket(ticket_id)
    assert ticket.state is TicketState.OPEN, ticket.facts
    assert tuple(device.serial for device in ticket.devices) == serials
    last = desk.mails[-1].text
    assert contract in last
    assert all(serial in last for serial in serials)
    assert "reaction" in desk.clocks(ticket_id)
    assert "intake" not in desk.clocks(ticket_id)


def test_nothing_but_a_yes_is_needed_where_the_registry_knows_one_device(desk: Desk) -> None:
    desk.write(ANNA, "Dzień dobry,\nzawiesza nam się firewall.\nPozdrawiam, Anna", subject="Problem")
    [question] = desk.mails
    assert f"Czy chodzi o FortiGate-121G, numer seryjny {SERIAL}, i umowę {CONTRACT}?" in question.text
    assert desk.ticket(1).state is TicketState.INCOMPLETE
    assert desk.clocks(1) == ["customer_reply", "intake"]
    desk.write(ANNA, "Tak, zgadza się. To drugie.", answer=question)
    is_accepted(desk)
    ticket = desk.ticket(1)
    assert (ticket.priority, ticket.priority_confirmed) == (Priority.NON_CRITICAL, True)
    assert "Priorytet: problem niekrytyczny" in desk.mails[-1].text
    assert "1 –" not in desk.mails[-1].text
    assert len(desk.mails) == 2


@pytest.mark.parametrize("program", QUOTES)
@pytest.mark.parametrize(
    ("answer", "accepted", "priority"),
    [
        ("tak", True, None),
        ("Dzień dobry,\ntak, 1\n\nPozdrawiam\nAnna", True, Priority.CRITICAL),
        (f"Umowa {CONTRACT}, S/N {SERIAL}", True, None),
        ("KRYTYCZNY!!!", False, Priority.CRITICAL),
        ("to trzecie", False, Priority.QUESTION),
        ("Proszę o pilny kontakt.", False, None),
    ],
)
def test_a_quoted_question_answers_nothing_in_whatever_program(
    desk: Desk, program: str, answer: str, accepted: bool, priority: Priority | None
) -> None:
    desk.write(ANNA, "Zawiesza nam się firewall.", subject="Problem")
    desk.write(ANNA, answer, answer=desk.mails[-1], quote=program)
    ticket = desk.ticket(1)
    assert (ticket.state is TicketState.OPEN) == accepted
    assert (ticket.priority if ticket.priority_confirmed else None) == priority
    assert (Note.NOTHING_NEW in desk.notes(1)) == (not accepted and priority is None)


@pytest.mark.parametrize(
    ("answer", "devices"),
    [
        ("tak", (SERIAL,)),
        ("Nie wiem, sprawdzę jutro.", ()),
        ("Tak jak pisałem, proszę o telefon.", ()),
        ("nie", ()),
        (SERIAL.lower(), (SERIAL,)),
    ],
)
def test_a_suggestion_is_asked_back_and_never_assumed(desk: Desk, answer: str, devices: tuple[str, ...]) -> None:
    desk.write(ANNA, f"VPN nie działa, FG121GTK25OO4672, umowa {CONTRACT}", subject="VPN")
    assert f"„FG121GTK25OO4672” odczytaliśmy jako {SERIAL}" in desk.mails[-1].text
    assert desk.ticket(1).devices == ()
    desk.write(ANNA, answer, answer=desk.mails[-1])
    assert tuple(device.serial for device in desk.ticket(1).devices) == devices


def test_a_wrong_number_is_replaced_by_the_right_one_and_one_by_one(desk: Desk) -> None:
    desk.write(ANNA, "VPN nie działa, s/n FG121GTK2500467, umowa nr 2024/7777", subject="VPN")
    first = desk.mails[-1].text
    assert "„FG121GTK2500467” nie jest pełnym numerem seryjnym" in first
    assert "„2024/7777” nie możemy powiązać" in first
    desk.write(ANNA, SERIAL, answer=desk.mails[-1])
    assert "numer seryjny" not in desk.mails[-1].text.lower()
    assert "„2024/7777”" in desk.mails[-1].text
    desk.write(ANNA, "99/2024/8888\n\nPozdrawiam\nAnna", answer=desk.mails[-1])
    assert "„99/2024/8888” nie możemy powiązać" in desk.mails[-1].text
    desk.write(ANNA, f"Przepraszam, {CONTRACT}", answer=desk.mails[-1])
    is_accepted(desk)


def test_what_stood_in_a_signature_is_not_asked_for_again(desk: Desk) -> None:
    desk.write(ANNA, f"VPN się zrywa.\n\n-- \nAnna Nowak\numowa {CONTRACT}\nS/N {SERIAL[:-1]}", subject="VPN")
    assert CONTRACT not in desk.mails[-1].text
    desk.write(ANNA, f"S/N {SERIAL}", answer=desk.mails[-1])
    is_accepted(desk)


def test_an_answer_may_stand_below_in_what_a_colleague_wrote(desk: Desk) -> None:
    desk.write(JAN, "VPN się zrywa.", subject="VPN")
    below = "W dniu 23.11.2026 o 09:15, Ewa Nowak pisze:\n> S/N FGT70GTK25008471\n> umowa HZ360-2026-000104"
    desk.write(JAN, f"Przesyłam dane od koleżanki.\n\n{below}", answer=desk.mails[-1], quote="")
    is_accepted(desk, ("FGT70GTK25008471",), "HZ360-2026-000104")


def test_the_same_question_is_never_put_twice_and_an_engineer_learns_of_it_once(desk: Desk) -> None:
    desk.write(ANNA, "VPN się zrywa.", subject="VPN")
    for words in ("Czekamy!", "Halo, proszę o telefon.", "Nadal nic?"):
        desk.write(ANNA, words, answer=desk.mails[0])
    assert len(desk.mails) == 1
    assert desk.notes(1).count(Note.NOTHING_NEW) == 1
    assert next(post for post in desk.posts if post.note is Note.NOTHING_NEW).mention == (EWA.user,)
    assert "intake" in desk.clocks(1)


def test_a_no_takes_the_proposal_away(desk: Desk) -> None:
    desk.write(ANNA, "Zawiesza się firewall.", subject="Problem")
    desk.write(ANNA, "Nie, to inne urządzenie.", answer=desk.mails[-1])
    assert len(desk.mails) == 2
    assert SERIAL not in desk.mails[-1].text
    assert CONTRACT not in desk.mails[-1].text
    desk.write(ANNA, "tak", answer=desk.mails[-1])
    assert desk.ticket(1).state is TicketState.INCOMPLETE


def test_one_of_several_devices_is_chosen_by_its_number(desk: Desk) -> None:
    desk.write(JAN, f"Firewall się restartuje, umowa {HOSPITAL.number}", subject="Restarty")
    text = desk.mails[-1].text
    assert "FGT3HD3914800153" in text
    assert "FGT3HD3914800069" in text
    desk.write(JAN, "FGT3HD3914800069", answer=desk.mails[-1], quote="outlook")
    is_accepted(desk, ("FGT3HD3914800069",), HOSPITAL.number)


def test_a_pair_on_one_contract_is_one_report_and_a_foreign_device_in_it_is_named(desk: Desk) -> None:
    pair = ("FGT3HD3914800153", "FGT3HD3914800069")
    desk.write(JAN, f"Klaster {pair[0]} i {pair[1]} nie działa, umowa {HOSPITAL.number}")
    is_accepted(desk, pair, HOSPITAL.number)
    desk.write(JAN, f"Klaster {pair[0]} i FGT70GTK25008471, umowa {HOSPITAL.number}", subject="Drugi klaster")
    text = desk.mails[-1].text
    assert "FGT70GTK25008471 jest objęte inną Państwa umową (HZ360-2026-000104)" in text
    assert pair[0] not in text
    desk.write(JAN, pair[0], answer=desk.mails[-1])
    is_accepted(desk, (pair[0],), HOSPITAL.number, ticket_id=2)


def test_a_device_on_another_own_contract_needs_a_yes(desk: Desk) -> None:
    desk.write(JAN, f"FGT70GTK25008471 nie działa, umowa {HOSPITAL.number}")
    assert "Czy zgłoszenie dotyczy umowy HZ360-2026-000104?" in desk.mails[-1].text
    desk.write(JAN, "Tak.", answer=desk.mails[-1])
    is_accepted(desk, ("FGT70GTK25008471",), "HZ360-2026-000104")


def test_half_a_pair_that_cannot_be_read_is_asked_back_without_holding_up_the_other(desk: Desk) -> None:
    desk.write(JAN, f"Klaster FGT3HD3914800153 i FGT3HD39148OOO69, umowa {HOSPITAL.number}")
    is_accepted(desk, ("FGT3HD3914800153",), HOSPITAL.number)
    assert "„FGT3HD39148OOO69” nie rozpoznaliśmy" in desk.mails[-1].text


@pytest.mark.parametrize(
    ("beside", "note"),
    [
        ("S248EPTF18001384", "Numer S248EPTF18001384 należy do urządzenia FortiSwitch, którego usługa"),
        ("FPM20E3E17900133", "Numer FPM20E3E17900133 należy do modułu."),
        ("FG121GTK2500467", "„FG121GTK2500467” nie jest pełnym numerem seryjnym"),
        ("zasilacz S/N: AS1234567890", None),
    ],
)
def test_what_else_was_named_is_not_passed_over_in_silence(desk: Desk, beside: str, note: str | None) -> None:
    desk.write(ANNA, f"Nie działa VPN. {NUMBERS} Obok: {beside}", subject="VPN")
    is_accepted(desk)
    text = desk.mails[-1].text
    assert note is None or note in text
    assert "AS1234567890" not in text


def test_the_contract_must_be_valid_on_the_day_of_the_report(desk: Desk) -> None:
    desk.write(BIURO, "FGT60D4614044725 nie działa, umowa HZ360-2024-000087")
    assert "od 1 lipca 2023 do 30 czerwca 2024" in desk.mails[-1].text
    expiring = Desk()
    expiring.clock.time = expiring.clock.time.replace(year=2024, month=6, day=30, hour=21, minute=59)
    expiring.write(BIURO, "FGT60D4614044725 nie działa, umowa HZ360-2024-000087")
    assert expiring.ticket(1).state is TicketState.OPEN
    expiring.clock.move(minutes=2)
    expiring.write(BIURO, "FGT60D4614044725 nie działa, umowa HZ360-2024-000087", subject="Po północy")
    assert expiring.ticket(2).state is TicketState.INCOMPLETE


def test_other_products_are_named(desk: Desk) -> None:
    desk.write(ANNA, f"Nie działa S248EPTF18001384, umowa {CONTRACT}")
    assert "Numer S248EPTF18001384 należy do urządzenia FortiSwitch" in desk.mails[-1].text


def test_a_stranger_is_told_nothing_that_the_registry_knows(desk: Desk) -> None:
    desk.write(OBCY, "Firewall się restartuje.", subject="Problem")
    assert "HZ360" not in desk.mails[-1].text
    assert "customer_reply" not in desk.clocks(1)
    desk.write(OBCY, NUMBERS, answer=desk.mails[-1])
    assert desk.ticket(1).state is TicketState.HELD
    assert "Mleczarnia" not in desk.mails[-1].text
    assert SERIAL not in desk.mails[-1].text
    desk.do(DecideSender(EWA, 1, approve=True))
    is_accepted(desk)


def test_whoever_worsens_is_heard_at_once(desk: Desk) -> None:
    desk.write(ANNA, f"VPN się zrywa. {NUMBERS}", subject="VPN")
    assert desk.ticket(1).priority is Priority.NON_CRITICAL
    desk.write(ANNA, "Teraz urządzenie w ogóle nie działa!", answer=desk.mails[-1])
    ticket = desk.ticket(1)
    assert (ticket.priority, ticket.priority_confirmed) == (Priority.CRITICAL, False)


def test_reminders_say_what_is_missing_and_strangers_get_none(desk: Desk) -> None:
    desk.write(ANNA, "VPN się zrywa.", subject="VPN")
    desk.write(OBCY, "Zrywa się tunel.", subject="Tunel")
    for _ in range(30):
        desk.clock.move(hours=6)
        for timer in run(desk.database.timers.due(desk.clock.time, 10)):
            desk.do(TimerDue(timer))
    reminders = desk.mails_to(ANNA)[1:]
    assert len(reminders) == 3
    assert "czekamy na Państwa odpowiedź" in reminders[0].text
    assert SERIAL in reminders[0].text
    assert "zamkniemy zgłoszenie" in reminders[-1].text
    assert SERIAL in reminders[-1].text
    assert len(desk.mails_to(OBCY)) == 1


def test_an_english_dialogue(desk: Desk) -> None:
    desk.write(JOHN, "Hello,\nour firewall keeps rebooting. Please help.\nJohn", subject="Firewall")
    assert "Do you mean FortiGate-1000F, serial number FG1K0FTB22900191" in desk.mails[-1].text
    assert "Prosimy" not in desk.mails[-1].text
    desk.write(JOHN, "Yes, that's the one. The second one.", answer=desk.mails[-1], quote="outlook")
    is_accepted(desk, ("FG1K0FTB22900191",), "HZ360-2026-000102")
    assert desk.ticket(1).priority is Priority.NON_CRITICAL


CONSOLE = """FGT-1K # get system status
Version: FortiGate-1000F v7.2.8,build1639,240313 (GA.M)
Serial-Number: FG1K0FTB22900191
License Status: Valid
Current HA mode: standalone
System time: Mon Nov 23 09:58:11 2026"""


def test_pasted_output_alone_is_answered_in_the_contracts_language(desk: Desk) -> None:
    desk.write(JOHN, CONSOLE, subject="")
    assert desk.ticket(1).language is Language.EN
    desk.write(ANNA, CONSOLE.replace("FG1K0FTB22900191", SERIAL), subject="")
    assert desk.ticket(2).language is Language.PL
    desk.write(ANNA, "Please answer in English, our engineer is from abroad.", answer=desk.mails[-1])
    assert desk.ticket(2).language is Language.EN


@pytest.mark.parametrize("address", ["ANNA@Klient.Example", "kolega@KLIENT.example", "anna+serwis@klient.example"])
def test_representatives_are_known_however_their_address_is_written(desk: Desk, address: str) -> None:
    desk.write(address, NUMBERS)
    assert desk.ticket(1).state is TicketState.OPEN


def test_a_plus_tag_is_the_same_person_also_where_only_the_address_is_authorised(desk: Desk) -> None:
    desk.write("john+firewall@northwind.example", "Firewall down. FG1K0FTB22900191, contract HZ360-2026-000102")
    assert desk.ticket(1).state is TicketState.OPEN
    desk.write("john@mail.northwind.example", "Firewall down. FG1K0FTB22900191, contract HZ360-2026-000102")
    assert desk.ticket(2).state is TicketState.HELD, "a sub-domain is another domain"


def test_an_enquiry_is_answered_and_asked_for_nothing_and_with_numbers_it_is_a_report(desk: Desk) -> None:
    desk.write(OBCY, "Dzień dobry, ile kosztuje HEZO 360?", subject="Oferta", to="info@myhezo.pl")
    [answer] = desk.mails
    assert "dziękujemy za zainteresowanie" in answer.text
    assert "seryjny" not in answer.text
    assert desk.ticket(1).facts["enquiry"] is True
    assert desk.clocks(1) == []
    desk.write(OBCY, "A dla 50 urządzeń?", answer=answer)
    assert len(desk.tickets) == 1
    desk.write(OBCY, f"Kupiliśmy, mamy awarię. {NUMBERS}", answer=answer)
    assert desk.ticket(2).facts["follows"] == desk.ticket(1).number
    assert desk.ticket(1).facts["followed_by"] == desk.ticket(2).number
    assert desk.ticket(2).state is TicketState.HELD


def test_a_mail_over_the_limit_is_asked_for_again_whatever_it_is(desk: Desk) -> None:
    desk.write(ANNA, "", complete=False, subject="Logi")
    assert "dopuszczalny rozmiar 25 MB" in desk.mails[-1].text
    desk.write(ANNA, NUMBERS, answer=desk.mails[-1])
    desk.write(ANNA, "", answer=desk.mails[-1], complete=False)
    assert "bez dużych załączników" in desk.mails[-1].text
    assert "numerem umowy" not in desk.mails[-1].text


def test_an_encrypted_mail_is_told_of_and_reminded_like_any_incomplete_report(desk: Desk) -> None:
    sealed = (MAILS / "unreadable-smime.eml").read_bytes()
    sender = next(line for line in sealed.splitlines() if line.startswith(b"From: "))
    desk.take_in(sealed.replace(sender, f"From: {ANNA}".encode()))
    assert desk.ticket(1).state is TicketState.INCOMPLETE
    assert desk.clocks(1) == ["intake"]
    [mail] = desk.mails_to(ANNA)
    assert "zaszyfrowana i nie możemy jej odczytać" in mail.text
    desk.write(ANNA, "Już bez szyfrowania: FG121GTK25004672, HZ360-2026-000101, krytyczne", answer=mail)
    assert desk.ticket(1).state is TicketState.OPEN


def test_every_check_stands_in_the_journal_with_what_it_found(desk: Desk) -> None:
    desk.write(ANNA, NUMBERS)
    [entry] = desk.journal(1, "report_received")
    checks = dict(entry["checks"])  # type: ignore[call-overload]  # JSON values
    assert checks["written by"] == "no mark of automatic mail"
    assert checks["serial number"] == SERIAL
    assert checks["contract number"] == CONTRACT
    desk.write(ANNA, "Dziękuję", answer=desk.mails[-1])
    [entry] = desk.journal(1, "customer_wrote")
    checks = dict(entry["checks"])  # type: ignore[call-overload]  # JSON values
    assert checks["ticket"].startswith("HEZO-2026-000001, by the Message-ID of a mail of ours; its sender is on it")


def test_a_forged_sender_is_held_and_nobody_is_mailed(desk: Desk) -> None:
    forged = {"Authentication-Results": "mx.myhezo.pl; dmarc=fail header.from=klient.example"}
    desk.write(ANNA, NUMBERS, headers=forged)
    assert desk.ticket(1).state is TicketState.HELD
    assert desk.mails == []


def test_an_answer_after_the_contract_has_changed_hands_is_weighed_on_its_own_day() -> None:
    desk = Desk(DAIRY)
    desk.write(ANNA, "VPN się zrywa.", subject="VPN")
    desk.clock.time += timedelta(days=365 * 10)
    desk.write(ANNA, "tak", answer=desk.mails[-1])
    assert desk.ticket(1).state is TicketState.INCOMPLETE
    assert "od 1 marca 2025 do 28 lutego 2035" in desk.mails[-1].text
