"""The serial number of the device that was delivered: as strict as the registry is about its own devices."""

from __future__ import annotations

from enum import StrEnum

from bot.model import Device
from bot.rules.serial_numbers import find_serials

UNLISTED_MODEL = "FortiGate"
"""What a device is called whose serial is well-formed and whose model we do not know."""


class SerialProblem(StrEnum):
    """Why a device cannot be taken onto a contract."""

    NO_SERIAL = "no_serial"
    SEVERAL = "several_serials"
    UNCLEAR = "serial_unclear"
    MODULE = "serial_of_module"
    OTHER_PRODUCT = "other_product"
    THE_SAME = "the_same_serial"
    ELSEWHERE = "serial_elsewhere"


def new_device(text: str, old_serial: str) -> Device | SerialProblem:
    """The one FortiGate that somebody typed in, or what is wrong with it.

    Args:
        old_serial: That of the damaged device: it is not what was delivered.
    """
    found = find_serials(text)
    chassis = [serial for serial in found.fortigate if not serial.needs_chassis]
    serials = [Device(serial.serial, serial.model) for serial in chassis]
    serials += [Device(serial, UNLISTED_MODEL) for serial in found.unlisted]
    if len(serials) > 1:
        return SerialProblem.SEVERAL
    if not serials:
        if found.fortigate:
            return SerialProblem.MODULE
        if found.other_products:
            return SerialProblem.OTHER_PRODUCT
        return SerialProblem.UNCLEAR if found.suggestions else SerialProblem.NO_SERIAL
    return SerialProblem.THE_SAME if serials[0].serial == old_serial else serials[0]
