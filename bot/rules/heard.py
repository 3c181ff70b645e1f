"""What a customer's words say about a report's numbers, and how the words of several mails add up.

The newest words count: whoever corrects a number does not want the wrong one kept. What a mail does not speak of stays
as it was heard before, so that nobody is asked for what they have already said.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from bot.model import Device
from bot.rules import contract_numbers
from bot.rules.serial_numbers import find_serials

UNLISTED_MODEL = "FortiGate"
"""For a well-formed serial of a model that is newer than our list."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The numbers in somebody's words.

    Attributes:
        devices: FortiGate serials, in the order of the text.
        modules: Serials of chassis modules without their chassis.
        other_products: (serial, product) of other Fortinet products.
        unclear: (as written, what it may be) of serials with mistaken letters.
        malformed: What nearly is a serial, as written.
        unlicensed_vm: An unlicensed virtual machine's placeholder serial.
        stated: Contract numbers by label or shape, as written, whether the registry knows them or not.
        named: Folded numbers of the contracts in the registry that were named.
    """

    devices: tuple[Device, ...] = ()
    modules: tuple[str, ...] = ()
    other_products: tuple[tuple[str, str], ...] = ()
    unclear: tuple[tuple[str, str], ...] = ()
    malformed: tuple[str, ...] = ()
    unlicensed_vm: bool = False
    stated: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    @property
    def speaks_of_serial(self) -> bool:
        """Whether anything in the words is, or nearly is, a serial number."""
        return bool(
            self.devices or self.modules or self.other_products or self.unclear or self.malformed or self.unlicensed_vm
        )

    @property
    def speaks_of_contract(self) -> bool:
        """Whether anything in the words is, or claims to be, a contract number."""
        return bool(self.stated or self.named)

    def then(self, newer: Heard, *, serial_was_wrong: bool = False) -> Heard:
        """What is heard when these newer words are added.

        Args:
            serial_was_wrong: The serial heard so far cannot be used: whatever is said of one now replaces it. Else a
                further device is added (an HA pair), and a stray serial of another product takes none back.
        """
        contract = newer if newer.speaks_of_contract else self
        if newer.speaks_of_serial and (serial_was_wrong or not self.devices):
            serial = newer
        else:
            serial = replace(self, devices=tuple(dict.fromkeys((*self.devices, *newer.devices))))
        return replace(serial, stated=contract.stated, named=contract.named)

    def without(self, serials: Collection[str], contracts: Collection[str]) -> Heard:
        """The same without these serials and (folded) contract numbers: our own words, quoted back to us."""
        return Heard(
            devices=tuple(d for d in self.devices if d.serial not in serials),
            modules=tuple(m for m in self.modules if m not in serials),
            other_products=tuple(pair for pair in self.other_products if pair[0] not in serials),
            unclear=tuple(pair for pair in self.unclear if not {pair[0], pair[1]} & set(serials)),
            malformed=tuple(m for m in self.malformed if m not in serials),
            unlicensed_vm=self.unlicensed_vm,
            stated=tuple(number for number in self.stated if contract_numbers.fold(number) not in contracts),
            named=tuple(number for number in self.named if number not in contracts),
        )

    def to_json(self) -> dict[str, object]:
        """JSON values, to be kept with the ticket."""
        return {key: value for key, value in asdict(self).items() if value} | (
            {"devices": [[d.serial, d.model] for d in self.devices]} if self.devices else {}
        )

    @classmethod
    def from_json(cls, value: object) -> Heard:
        """What `to_json` gave; nothing heard for anything else."""
        if not isinstance(value, dict):
            return cls()
        kept: dict[str, Any] = value
        return cls(
            devices=tuple(Device(serial, model) for serial, model in kept.get("devices", ())),
            modules=tuple(kept.get("modules", ())),
            other_products=tuple((serial, product) for serial, product in kept.get("other_products", ())),
            unclear=tuple((seen, suggested) for seen, suggested in kept.get("unclear", ())),
            malformed=tuple(kept.get("malformed", ())),
            unlicensed_vm=bool(kept.get("unlicensed_vm")),
            stated=tuple(kept.get("stated", ())),
            named=tuple(kept.get("named", ())),
        )


def hear(text: str, patterns: Sequence[str]) -> tuple[Heard, tuple[str, ...]]:
    """Read some words.

    Args:
        text: As a mail gives it.
        patterns: `intake.contract_patterns`.

    Returns:
        What was heard, `named` still empty, and the keys to look up in the registry; see `with_named`.
    """
    serials = find_serials(text)
    numbers = contract_numbers.candidates(text, patterns)
    devices = [Device(found.serial, found.model) for found in serials.devices]
    devices += [Device(serial, UNLISTED_MODEL) for serial in serials.unlisted]
    heard = Heard(
        devices=tuple(devices),
        modules=tuple(module.serial for module in serials.modules),
        other_products=tuple((other.serial, other.product) for other in serials.other_products),
        unclear=tuple((suggestion.seen, suggestion.suggested) for suggestion in serials.suggestions),
        malformed=serials.wrong_length,
        unlicensed_vm=serials.unlicensed_vm,
        stated=numbers.stated,
    )
    return heard, numbers.keys


def with_named(heard: Heard, keys: Collection[str]) -> Heard:
    """The same with the keys that the registry knows."""
    return replace(heard, named=tuple(keys))
