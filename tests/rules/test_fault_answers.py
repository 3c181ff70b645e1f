"""Only a clear yes confirms a fault: a device is sent on it."""

from __future__ import annotations

import pytest

from bot.rules.fault_answers import FaultAnswer, fault_answer

YES = (
    "Tak",
    "tak, potwierdzam.",
    "Dzień dobry,\n\ntak, potwierdzamy. Adres dostawy: ul. Mleczna 1, 00-001 Warszawa, Jan K., 600 100 200.\n\nAnna",
    "Potwierdzamy awarię i prosimy o wysyłkę na adres siedziby.",
    "Tak.\nAdres: ul. Prosta 3/5\nKiedy przyjedzie kurier?",
    "Yes, please send it to our Warsaw office.",
    "Confirmed. Please ask for Mr Smith.",
    "OK, zgadza się",
    "1. tak\n2. ul. Mleczna 1, Warszawa\n3. Anna Nowak, 600 100 200",
    "Dzień dobry\n1) Tak, potwierdzamy\n2) na adres siedziby",
    "Ad 1. tak, Ad 2. bez zmian",
)
NO = ("1. nie\n2. -", "Nie, to pomyłka.", "No, it was the cable.", "Nie, dziękujemy")
UNCLEAR = (
    "Tak, ale od rana już działa.",
    "Tak. Chociaż urządzenie znowu działa po restarcie.",
    "chyba tak",
    "Tak? A ile to potrwa?",
    "Nie wiem, muszę zapytać szefa",
    "Yes, but please wait until Monday",
    "Kiedy możemy się spodziewać kuriera?",
    "Potwierdzam odbiór wiadomości, ale jeszcze nie mamy decyzji.",
    "Tak, urządzenie działa już normalnie",
    "Yes, it works again",
    "Tak, rezygnujemy z wymiany",
    "",
)


@pytest.mark.parametrize("text", YES)
def test_a_clear_yes(text: str) -> None:
    assert fault_answer(text) is FaultAnswer.YES


@pytest.mark.parametrize("text", NO)
def test_a_clear_no(text: str) -> None:
    assert fault_answer(text) is FaultAnswer.NO


@pytest.mark.parametrize("text", UNCLEAR)
def test_everything_else_is_for_an_engineer(text: str) -> None:
    assert fault_answer(text) is FaultAnswer.UNCLEAR
