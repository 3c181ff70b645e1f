"""The people who write mails in the sandbox, and ready-made mails for those who only want to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.sandbox.mail import Account

Program = Literal["gmail", "outlook", "thunderbird"]


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who writes to the service.

    Attributes:
        key: How the page names them.
        about: Who they are to the service, for the page.
        language: The one they write in.
        program: The mail program they use: it decides how an answer quotes.
        serial: The device they would report, as the registry has it.
        contract: Its service contract.
    """

    key: str
    name: str
    address: str
    about: str
    language: Literal["pl", "en"]
    program: Program
    serial: str
    contract: str

    @property
    def account(self) -> Account:
        """Their mailbox; the sandbox needs no secret for it."""
        return Account(self.address, f"sandbox-{self.key}", (self.address,))


@dataclass(frozen=True, slots=True)
class Example:
    """A ready-made mail.

    Attributes:
        automatic: Marked as written by a machine (RFC 3834 §5), as an out-of-office answer is.
        files: Names of what is attached (`example_file`).
    """

    key: str
    title: str
    to: str
    subject: str
    text: str
    automatic: bool = False
    files: tuple[str, ...] = ()


_DAIRY = ("FG121GTK25004672", "HZ360-2026-000101")
_NORTHWIND = ("FG1K0FTB22900191", "HZ360-2026-000102")

CUSTOMERS = (
    Customer("anna", "Anna Nowak", "anna.nowak@mleczarnia.example", "on the contract", "pl", "gmail", *_DAIRY),
    Customer("john", "John Smith", "john.smith@northwind.example", "writes English", "en", "outlook", *_NORTHWIND),
    Customer(
        "piotr",
        "Piotr Zieliński",
        "piotr.zielinski@mleczarnia.example",
        "Anna's colleague",
        "pl",
        "thunderbird",
        *_DAIRY,
    ),
    Customer("jan", "Jan Obcy", "jan.obcy@poczta.example", "a stranger", "pl", "gmail", *_DAIRY),
)
"""Their numbers are those of the demo registry; the stranger has learnt somebody else's."""


def customer(key: str) -> Customer:
    """The person of that key.

    Raises:
        LookupError: there is none.
    """
    for person in CUSTOMERS:
        if person.key == key:
            return person
    raise LookupError(f"nobody is called {key!r}")


def examples(person: Customer, support: str, info: str) -> list[Example]:
    """Ready-made mails for this person, in the language they write in.

    Args:
        support: The service's address for reports.
        info: The service's address for enquiries.
    """
    if person.language == "en":
        return _english(person, support, info)
    return _polish(person, support, info)


def _letter_o(serial: str) -> str:
    """The serial as people misread it: the last zeros written as the letter O."""
    return serial[:8] + serial[8:].replace("0", "O")


def _polish(person: Customer, support: str, info: str) -> list[Example]:
    end = f"\n\nPozdrawiam\n{person.name}"
    numbers = f"Numer seryjny: {person.serial}\nNumer umowy serwisowej: {person.contract}"
    return [
        Example(
            "critical", "Critical, all numbers", support, "FortiGate nie działa, brak internetu w biurze",
            "Dzień dobry,\n\nnasz FortiGate nie działa: po porannym zaniku prądu nie uruchamia się, diody nie świecą. "
            f"Całe biuro jest bez internetu. Problem krytyczny.\n\n{numbers}{end}",
        ),
        Example(
            "no-numbers", "No numbers", support, "Problem z firewallem",
            f"Dzień dobry,\n\nod wczoraj zrywa nam tunele VPN co kilka minut. Proszę o pomoc.{end}",
        ),
        Example(
            "files", "With files", support, "Urządzenie nie uruchamia się, zdjęcie konsoli",
            "Dzień dobry,\n\nFortiGate nie uruchamia się po aktualizacji. W załączeniu zdjęcie konsoli, wynik "
            f"polecenia i program, który przysłał nam ktoś z internetu.\n\n{numbers}{end}",
            files=("konsola.jpg", "system-status.log", "naprawa.exe"),
        ),
        Example(
            "letter-o", "O instead of 0", support, "Niestabilne połączenie",
            "Dzień dobry,\n\nurządzenie co jakiś czas się restartuje, ale działa.\n\n"
            f"S/N: {_letter_o(person.serial).lower()}\nUmowa: {person.contract}{end}",
        ),
        Example(
            "english", "Question in English", support, "Question about SSL VPN",
            "Hello,\n\nI would like to ask how to enable two-factor authentication for SSL VPN users on our FortiGate. "
            f"It is only a question, nothing is broken.\n\nS/N {person.serial}, contract {person.contract}\n\n"
            f"Regards,\n{person.name}",
        ),
        Example(
            "other-product", "Another product", support, "Awaria przełącznika",
            "Dzień dobry,\n\nnie działa nam FortiSwitch, numer seryjny S108EN5918001234, "
            f"umowa {person.contract}.{end}",
        ),
        Example(
            "offer", "Asks for the offer", info, "Pytanie o ofertę",
            "Dzień dobry,\n\nproszę o informację, ile kosztuje pakiet HEZO 360 i co obejmuje."
            f"{end}",
        ),
        Example(
            "absent", "Out of office", support, "Odpowiedź automatyczna: nieobecność",
            f"Jestem na urlopie do piątku. W pilnych sprawach proszę o kontakt z sekretariatem.{end}", automatic=True,
        ),
    ]  # fmt: skip


def _english(person: Customer, support: str, info: str) -> list[Example]:
    end = f"\n\nBest regards,\n{person.name}"
    numbers = f"Serial number: {person.serial}\nService contract: {person.contract}"
    return [
        Example(
            "critical", "Critical, all numbers", support, "Firewall down",
            "Hello,\n\nour FortiGate does not work any more: it does not start, there is no access to it and the whole "
            f"office is offline. Critical problem.\n\n{numbers}{end}",
        ),
        Example(
            "no-numbers", "No numbers", support, "VPN tunnels keep dropping",
            "Hello,\n\nsince yesterday our VPN tunnels drop every few minutes. The firewall itself still works. "
            f"Could you please help?{end}",
        ),
        Example(
            "files", "With files", support, "Device does not start, photo of the console",
            "Hello,\n\nour FortiGate does not start after the upgrade. Attached are a photo of the console, the output "
            f"of a command and a program that somebody on the internet sent us.\n\n{numbers}{end}",
            files=("konsola.jpg", "system-status.log", "naprawa.exe"),
        ),
        Example(
            "letter-o", "O instead of 0", support, "Unstable connection",
            "Hello,\n\nthe device restarts now and then, but it works.\n\n"
            f"S/N: {_letter_o(person.serial).lower()}\nContract no.: {person.contract}{end}",
        ),
        Example(
            "english", "Question in English", support, "Question about SSL VPN",
            "Hello,\n\nhow do I enable two-factor authentication for SSL VPN users? Only a question, nothing is broken."
            f"{end}",
        ),
        Example(
            "other-product", "Another product", support, "Broken switch",
            f"Hello,\n\nour FortiSwitch is dead, S/N S108EN5918001234, contract {person.contract}.{end}",
        ),
        Example(
            "offer", "Asks for the offer", info, "Your offer",
            f"Hello,\n\nhow much is the HEZO 360 package, and what does it include?{end}",
        ),
        Example(
            "absent", "Out of office", support, "Automatic reply: out of office",
            f"I am out of the office until Friday. In urgent cases please call our front desk.{end}", automatic=True,
        ),
    ]  # fmt: skip
