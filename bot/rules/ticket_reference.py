"""Which ticket somebody means who types a number of one, or a device's serial number, into a form."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rules.mail_matching import ticket_numbers_in
from bot.rules.serial_numbers import find_serials

_MOST = 500


@dataclass(frozen=True, slots=True)
class Reference:
    """A ticket's number or a device's serial number; the other one is None."""

    number: str | None = None
    serial: str | None = None


def read_reference(text: str) -> Reference | None:
    """What was typed; None where it is neither, or more than one."""
    text = text[:_MOST]
    numbers = ticket_numbers_in(text)
    if numbers:
        return Reference(number=numbers[0]) if len(numbers) == 1 else None
    found = find_serials(text)
    serials = (*(one.serial for one in found.fortigate), *found.unlisted)
    return Reference(serial=serials[0]) if len(serials) == 1 else None
