"""Gathering what intake knows of a report: the rules find words, the registry says what they are."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Contract, Device
from bot.ports import UnitOfWork
from bot.rules import contract_numbers, intake
from bot.rules.serial_numbers import SerialFindings, find_serials
from handlers.context import Context

UNLISTED_MODEL = "FortiGate"
"""For a well-formed serial of a model that is newer than our list."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who reports, as far as it matters for intake.

    Attributes:
        authentic: What the receiving server's own DMARC check said; None when it said nothing.
        info_only: The mail went to the enquiries address and to no other of ours.
    """

    address: str
    authentic: bool | None
    info_only: bool


async def gather(uow: UnitOfWork, ctx: Context, text: str, sender: Sender) -> intake.Given:
    """Everything `bot.rules.intake.assess` wants to know about the words of a report.

    Args:
        text: Subject and bodies of all the customer's messages so far; quotes included, since an answer may be there.
    """
    serials = find_serials(text)
    numbers = contract_numbers.candidates(text, ctx.config.intake.contract_patterns)
    known = await uow.contracts.by_keys(numbers.keys)
    authorised_on = await uow.contracts.for_address(sender.address)
    return intake.Given(
        devices=_devices(serials, (*known.values(), *authorised_on)),
        modules=tuple(module.serial for module in serials.modules),
        other_products=tuple((other.serial, other.product) for other in serials.other_products),
        unclear=tuple((suggestion.seen, suggestion.suggested) for suggestion in serials.suggestions),
        malformed=serials.wrong_length,
        unlicensed_vm=serials.unlicensed_vm,
        contracts=tuple(known.values()),
        stated_numbers=numbers.stated,
        authorised_on=authorised_on,
        authentic=sender.authentic,
        info_only=sender.info_only,
        day=ctx.now.astimezone(ctx.zone).date(),
    )


def _devices(serials: SerialFindings, contracts: tuple[Contract, ...]) -> tuple[Device, ...]:
    """The found devices, by the registry's model name where it has one."""
    registered = {device.serial: device for contract in contracts for device in contract.devices}
    found = [Device(serial.serial, serial.model) for serial in serials.devices]
    found += [Device(serial, UNLISTED_MODEL) for serial in serials.unlisted]
    return tuple(registered.get(device.serial, device) for device in found)
