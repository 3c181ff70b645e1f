"""Nobody finds out which contracts exist: whatever a stranger names, the answers and their time are the same."""

from __future__ import annotations

import re
import statistics
import time
from dataclasses import replace

import pytest

from bot.model import TicketState
from tests.handlers.desk import DAIRY, EXPIRED, HOSPITAL, JOHN, NORTHWIND, OBCY, Desk

SERIAL = "FG1K0FTB22900191"
NOWHERE = "HZ360-2026-999999"
NAMED = {
    "of the device": NORTHWIND.number,
    "of other devices": HOSPITAL.number,
    "expired": EXPIRED.number,
    "in no registry": NOWHERE,
}


def answers(text: str, named: str, subject: str, sender: str = OBCY) -> list[str]:
    """What a stranger is answered who writes this, then asks again; the numbers of tickets and contracts left out."""
    desk = Desk()
    desk.write(sender, text.format(named), subject=subject)
    if desk.mails:
        desk.write(sender, f"Powtarzam: {named}, {SERIAL}", answer=desk.mails[-1])
    told = [f"{mail.to}\n{mail.subject}\n{mail.text}" for mail in desk.mails]
    return [re.sub(r"HEZO-\d{4}-\d{6}", "HEZO", one).replace(named, "NAMED") for one in told]


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (f"Dzień dobry, firewall {SERIAL} nie działa, umowa {{}}.", "Awaria"),
        (f"Hello, our firewall {SERIAL} is down. Contract number {{}}.", "Outage"),
        ("Nasza umowa to {}, firewall się restartuje.", "Problem"),
        (f"{SERIAL}\n{{}}", ""),  # no language but the contract's
        ("{}", "1"),
    ],
)
@pytest.mark.parametrize("named", NAMED.values(), ids=NAMED)
def test_a_stranger_reads_the_same_whatever_is_named(text: str, subject: str, named: str) -> None:
    assert answers(text, named, subject) == answers(text, NOWHERE, subject)


@pytest.mark.parametrize("named", NAMED.values(), ids=NAMED)
def test_a_customer_learns_nothing_of_other_customers_contracts(named: str) -> None:
    sender = "anna@klient.example"  # on a contract of her own
    text = f"Dzień dobry, firewall {SERIAL} nie działa, umowa {{}}."
    assert answers(text, named, "Awaria", sender) == answers(text, NOWHERE, "Awaria", sender)


UNUSUAL = replace(NORTHWIND, number="12/ST/2025")
"""A contract whose number neither has a configured shape nor needs a label: the registry alone knows it for one."""


@pytest.mark.parametrize("sender", [OBCY, "anna@klient.example"])
@pytest.mark.parametrize(
    "mails",
    [
        (f"Firewall {SERIAL} nie działa. {{}}",),
        ("{}",),
        ("Nasz firewall nie działa, {} Kraków",),
        (f"Firewall {SERIAL} nie działa.", "{}"),
        (f"Firewall {SERIAL} nie działa.", "Chodzi o {} w Krakowie."),
        (f"Firewall {SERIAL} nie działa, umowa {NOWHERE}.", "Chodzi o {} w Krakowie."),
        ("Firewall nie działa.", f"Chodzi o {{}} w Krakowie, {SERIAL}."),
        ("Firewall nie działa.", f"{SERIAL}", "{}"),
    ],
)
def test_a_number_that_only_the_registry_knows_for_one_tells_nothing(mails: tuple[str, ...], sender: str) -> None:
    def told(named: str) -> list[str]:
        desk = Desk(DAIRY, UNUSUAL, EXPIRED)
        for text in mails:
            desk.write(sender, text.format(named), answer=desk.mails[-1] if desk.mails else None, quote="")
        return [f"{mail.to}\n{mail.subject}\n{mail.text}".replace(named, "NAMED") for mail in desk.mails]

    assert told(UNUSUAL.number) == told("13/ST/2025")


def test_a_number_that_only_the_registry_knows_is_still_found_for_those_on_the_contract() -> None:
    desk = Desk(DAIRY, UNUSUAL)
    desk.write(JOHN, f"The firewall {SERIAL} is down, 12/ST/2025 in Kraków.")
    assert desk.ticket(1).contract_id == UNUSUAL.id
    desk.write(OBCY, f"Firewall {SERIAL} nie działa.")
    desk.write(OBCY, "12/ST/2025", answer=desk.mails[-1])
    assert desk.ticket(2).state is TicketState.HELD
    assert desk.ticket(2).contract_id == UNUSUAL.id, "for the engineer who decides"


def test_the_time_tells_nothing_that_a_mail_could_carry() -> None:
    """A mail takes half a second and more on its way; what the look-up adds is a thousandth of that."""

    def spent(named: str) -> float:
        desk = Desk()
        before = time.process_time()
        desk.write(OBCY, f"Firewall {SERIAL} nie działa, umowa {named}.")
        return time.process_time() - before

    pairs = [(spent(NORTHWIND.number), spent(NOWHERE)) for _ in range(15)]
    known, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert abs(known - unknown) < 0.02
