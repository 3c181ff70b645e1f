"""Waybills, addresses, phones and the new device's serial, as people type them."""

from __future__ import annotations

import pytest

from bot.model import Device
from bot.rules.new_devices import SerialProblem, new_device
from bot.rules.shipping import is_address, is_name, phone_number, waybill_number

OLD = "FG121GTK25004672"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1234 5678 901", "12345678901"),
        ("1z 999-AA1-0123456784", "1Z999AA10123456784"),
        ("0000012345678Q", "0000012345678Q"),
        ("630211111111111111111111", "630211111111111111111111"),
        ("12345", None),
        ("brak numeru", None),
        ("ABCDEFGHIJ", None),
        ("1" * 36, None),
        ("", None),
        ("１２３４５６７８", None),
    ],
)
def test_waybill_numbers(typed: str, number: str | None) -> None:
    assert waybill_number(typed) == number


def test_phones_addresses_and_names() -> None:
    assert phone_number(" +48 600-100 200 ") == "+48 600-100 200"
    assert phone_number("(22) 123 45 67") == "(22) 123 45 67"
    assert phone_number("zadzwonię") is None
    assert phone_number("123") is None
    assert is_address("ul. Mleczna 1, 00-001 Warszawa")
    assert not is_address("Warszawa")
    assert not is_address("00-001 1")
    assert is_name("Jan Kowalski")
    assert not is_name("1")
    assert not is_name("Jan\nKowalski")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("fg121gtk25009999", Device("FG121GTK25009999", "FortiGate-121G")),
        ("S/N: FG121GTK2500 9999", Device("FG121GTK25009999", "FortiGate-121G")),
        (OLD, SerialProblem.THE_SAME),
        ("FG121GTK25009999 FG121GTK25008888", SerialProblem.SEVERAL),
        ("FG121GTK25O09999", SerialProblem.UNCLEAR),
        ("FS1D243Z14000123", SerialProblem.OTHER_PRODUCT),
        ("nie pamiętam", SerialProblem.NO_SERIAL),
    ],
)
def test_the_new_device(typed: str, found: Device | SerialProblem) -> None:
    assert new_device(typed, OLD) == found
