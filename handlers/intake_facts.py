"""Gathering what intake knows of a report: the rules find words, the registry says what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.model import Contract, Device, Ticket
from bot.ports import UnitOfWork
from bot.rules import intake
from bot.rules.contract_numbers import fold
from bot.rules.heard import Heard, hear, with_named
from handlers.context import Context


@dataclass(frozen=True, slots=True)
class Sender:
    """Who reports, as far as it matters for intake.

    Attributes:
        authentic: What the receiving server's own DMARC check said; None when it said nothing.
        info_only: The mail went to the enquiries address and to no other of ours.
        channel: The shared Slack channel that they wrote in: its people represent the customer on its contracts.
        is_vouched_for: An engineer opened the ticket for them, and so decided that they may report.
    """

    address: str
    authentic: bool | None
    info_only: bool
    channel: str | None = None
    is_vouched_for: bool = False

    def to_json(self) -> dict[str, object]:
        """JSON values, to be kept with the ticket."""
        return {
            "authentic": self.authentic,
            "info_only": self.info_only,
            "channel": self.channel,
            "is_vouched_for": self.is_vouched_for,
        }

    @classmethod
    def from_json(cls, address: str, value: object) -> Sender:
        """What `to_json` gave."""
        kept = value if isinstance(value, dict) else {}
        channel = kept.get("channel")
        return cls(
            address,
            kept.get("authentic"),
            bool(kept.get("info_only")),
            channel if isinstance(channel, str) else None,
            bool(kept.get("is_vouched_for")),
        )


async def hear_words(uow: UnitOfWork, ctx: Context, text: str) -> Heard:
    """What some words say, with the contracts of the registry that they name; one look-up."""
    return await look_up(uow, *hear(text, ctx.config.intake.contract_patterns))


async def look_up(uow: UnitOfWork, heard: Heard, keys: Sequence[str]) -> Heard:
    """What was heard, with the contracts of the registry among these keys; see `bot.rules.heard.hear`."""
    return with_named(heard, tuple(await uow.contracts.by_keys(keys)))


async def without_foreign(uow: UnitOfWork, heard: Heard, sender: Sender) -> Heard:
    """The same without contracts that the registry alone knows for such, by no label or shape, and not the sender's.

    Else whoever writes any word would learn by our answer whether it is the number of somebody's contract.
    """
    if heard.stated or not heard.named or sender.is_vouched_for:
        return heard
    own = {fold(contract.number) for contract in await _authorised_contracts_of(uow, sender)}
    return replace(heard, named=tuple(key for key in heard.named if key in own))


async def authorised_contracts(uow: UnitOfWork, address: str) -> tuple[Contract, ...]:
    """The contracts on which this address may report.

    By address or by its domain, letters' case and plus tags aside; a sub-domain is another domain.
    """
    found = await uow.contracts.for_address(address)
    if not found and "+" in address:
        local, _, domain = address.rpartition("@")
        found = await uow.contracts.for_address(f"{local.partition('+')[0]}@{domain}")
    return found


async def contracts_of_requester(uow: UnitOfWork, ticket: Ticket) -> tuple[Contract, ...]:
    """The contracts on which a ticket's requester may report, by their channel or their address."""
    if ticket.customer_channel is not None:
        return await uow.contracts.of_channel(ticket.customer_channel)
    return await authorised_contracts(uow, ticket.requester)


async def _authorised_contracts_of(uow: UnitOfWork, sender: Sender) -> tuple[Contract, ...]:
    if sender.channel is not None:
        return await uow.contracts.of_channel(sender.channel)
    return await authorised_contracts(uow, sender.address)


async def weigh(uow: UnitOfWork, heard: Heard, sender: Sender, day: date) -> intake.Given:
    """Everything `bot.rules.intake.assess` wants to know about a report.

    Args:
        heard: What all the customer's words together say.
        day: When it was sent, in the service's zone: the contract must be valid then.
    """
    named = await uow.contracts.by_keys(heard.named) if heard.named else {}
    authorised_on = await _authorised_contracts_of(uow, sender)
    if sender.is_vouched_for:
        authorised_on = tuple({c.id: c for c in (*authorised_on, *named.values())}.values())
    return intake.Given(
        devices=_by_registry(heard.devices, (*named.values(), *authorised_on)),
        modules=heard.modules,
        other_products=heard.other_products,
        unclear=heard.unclear,
        malformed=heard.malformed,
        unlicensed_vm=heard.unlicensed_vm,
        contracts=tuple(named.values()),
        stated_numbers=heard.stated,
        authorised_on=authorised_on,
        authentic=sender.authentic,
        sender=sender.address,
        info_only=sender.info_only,
        day=day,
    )


def offer_to_json(offer: intake.Offer | None) -> dict[str, object] | None:
    """What may be proposed, as JSON values kept with the ticket."""
    if offer is None:
        return None
    return {
        "contract": offer.contract.number if offer.contract else None,
        "devices": [[device.serial, device.model] for device in offer.devices],
        "yes_is_enough": offer.can_be_confirmed,
    }


def _by_registry(devices: tuple[Device, ...], contracts: tuple[Contract, ...]) -> tuple[Device, ...]:
    """The devices, by the registry's model name where it has one."""
    registered = {device.serial: device for contract in contracts for device in contract.devices}
    return tuple(registered.get(device.serial, device) for device in devices)
