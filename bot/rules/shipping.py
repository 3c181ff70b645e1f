"""What a parcel's form must say: carrier, waybill number, address, and whom to ask for. Pure checks of single fields.

A waybill number has 6 to 35 letters and digits, four digits at least: DPD 14, DHL 10 or 11, UPS 18 ("1Z..."), FedEx 12,
InPost 24, GLS 11, Poczta Polska 13 or 20. Which carrier numbers how is theirs to change, so no more is asked.
"""

from __future__ import annotations

import re

CARRIERS = ("DPD", "DHL", "UPS", "FedEx", "GLS", "InPost", "Poczta Polska")
"""What is offered; any other name may be typed."""

LONGEST_LINE = 200
LONGEST_ADDRESS = 400

_BETWEEN = re.compile(r"[\s./-]+")
_NUMBER = re.compile(r"(?=(?:[A-Z]*[0-9]){4})[A-Z0-9]{6,35}")
_PHONE = re.compile(r"\+?[0-9]{7,15}")


def waybill_number(text: str) -> str | None:
    """The number in capitals without what people write between its groups; None where it is none."""
    number = _BETWEEN.sub("", text).upper()
    return number if number.isascii() and _NUMBER.fullmatch(number) else None


def phone_number(text: str) -> str | None:
    """A phone number as it was written, on one line; None where it is none."""
    digits = re.sub(r"[\s().-]+", "", text)
    return " ".join(text.split()) if _PHONE.fullmatch(digits) else None


def is_address(text: str) -> bool:
    """Whether a courier could find it: some words and a number, in bounds."""
    letters = sum(sign.isalpha() for sign in text)
    return letters >= 5 and any(sign.isdigit() for sign in text) and len(text) <= LONGEST_ADDRESS


def is_name(text: str) -> bool:
    """Whether somebody is named: two letters at least, on one line, in bounds."""
    return sum(sign.isalpha() for sign in text) >= 2 and "\n" not in text.strip() and len(text) <= LONGEST_LINE
