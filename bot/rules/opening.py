"""What an engineer types who opens a ticket for a customer: which contract and device are meant, or what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.model import Contract
from bot.rules.ticket_reference import read_reference

SERIAL, CONTRACT, ADDRESS = "serial", "contract", "address"
"""The fields that can be wrong."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Whose ticket it becomes.

    Attributes:
        serial: "" where only the contract was given: the customer is asked for it.
        channel: The shared channel in which the customer is answered; None where they are by mail.
    """

    contract: Contract
    serial: str
    channel: str | None


def serial_in(typed: str) -> str | None:
    """The serial number that was typed; None where there is none, or more than one."""
    reference = read_reference(typed)
    return reference.serial if reference else None


def check_opening(
    typed_serial: str,
    typed_number: str,
    address: str,
    named: Contract | None,
    of_serial: Sequence[Contract],
    channels: dict[int, tuple[str, ...]],
    day: date,
) -> Opening | dict[str, str]:
    """The contract and the device that are meant, or what is wrong: field -> a sentence "modal_problem.<value>".

    Args:
        typed_serial: As typed; may be empty where a contract is named.
        typed_number: As typed; may be empty where a serial number says the contract.
        address: The customer's mail address; empty where they are to be answered in their shared channel.
        named: The contract of the typed number.
        of_serial: Those that cover the typed device.
        channels: The shared channels of these contracts, by the contract's id.
        day: The contract has to be valid on it.
    """
    serial = serial_in(typed_serial) if typed_serial.strip() else ""
    if not typed_serial.strip() and not typed_number.strip():
        return {SERIAL: "open_nothing"}
    if serial is None:
        return {SERIAL: "open_no_serial"}
    if typed_number.strip() and named is None:
        return {CONTRACT: "open_no_contract"}
    contract = named
    if contract is None:
        valid = [one for one in of_serial if one.valid_on(day)]
        if not of_serial:
            return {SERIAL: "open_serial_unknown"}
        if len(valid) > 1:
            return {CONTRACT: "open_which_contract"}
        contract = (valid or list(of_serial))[0]
    elif serial and contract.id not in {one.id for one in of_serial}:
        return {SERIAL: "open_serial_elsewhere" if of_serial else "open_serial_unknown"}
    if not contract.valid_on(day):
        return {CONTRACT: "open_not_valid"}
    shared = channels.get(contract.id, ())
    if not address.strip() and len(shared) != 1:
        return {ADDRESS: "open_several_channels" if shared else "open_no_address"}
    return Opening(contract, serial, None if address.strip() else shared[0])
