"""What a report needs, and what is missing or wrong (service terms: "Do przyjęcia zgłoszenia konieczne jest …").

`assess` runs the checks of CHECKS in their order; each records what it found. Who the sender is decides how much an
answer may tell: to somebody who is on no contract of ours, an answer never depends on what the registry holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bot.model import Contract, Device
from bot.rules.lookalikes import looks_like

MAX_OFFERED = 5
"""Of a contract with more devices than this none is proposed: nobody reads a list of forty."""


class Problem(StrEnum):
    """What keeps a report from being accepted; each has its own sentence in the question mail."""

    NO_SERIAL = "no_serial"
    SERIAL_UNCLEAR = "serial_unclear"
    OTHER_PRODUCT = "other_product"
    UNLICENSED_VM = "unlicensed_vm"
    SERIAL_MALFORMED = "serial_malformed"
    MODULE_ONLY = "module_only"
    NO_CONTRACT = "no_contract"
    CONTRACT_NOT_MATCHED = "contract_not_matched"
    CONTRACT_NOT_VALID = "contract_not_valid"
    SERIAL_NOT_COVERED = "serial_not_covered"
    SERIAL_ON_OTHER_CONTRACT = "serial_on_other_contract"
    SEVERAL_CONTRACTS = "several_contracts"


class Outcome(StrEnum):
    """What the report is."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    HELD = "held"
    ENQUIRY = "enquiry"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem and the words it is about (a serial, a number), to quote back.

    Of SERIAL_ON_OTHER_CONTRACT these are the serial, the contract that covers it, and the one that was named.
    """

    problem: Problem
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What the registry knows of this sender that may be meant: to be asked, never assumed.

    Attributes:
        contract: The one contract that the missing number can be.
        devices: What may be the missing device, at most MAX_OFFERED; empty where none is missing.
    """

    contract: Contract | None = None
    devices: tuple[Device, ...] = ()

    @property
    def can_be_confirmed(self) -> bool:
        """Whether "yes" says it all: at most one device to choose from."""
        return len(self.devices) <= 1 and bool(self.devices or self.contract)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found, for the journal."""

    check: str
    found: str


@dataclass(frozen=True, slots=True)
class Given:
    """What is known when a report is assessed.

    Attributes:
        devices: FortiGate serials found, in the order of the text.
        modules: Serials of chassis modules without their chassis.
        other_products: (serial, product) of other Fortinet products.
        unclear: (as written, what it may be) of serials with mistaken letters.
        malformed: Serials of a wrong length.
        unlicensed_vm: An unlicensed VM's placeholder serial was found.
        contracts: Registry entries that the text's numbers name.
        stated_numbers: Contract numbers by label or shape, as written, whether the registry knows them or not.
        authorised_on: Contracts on which the sender may report.
        authentic: What the receiving server says of the sender's domain: None when it says nothing.
        sender: Their address, lower case.
        info_only: The mail went to the enquiries address and to no other of ours.
        day: The day on which the report was sent, in the service's time zone.
    """

    devices: tuple[Device, ...]
    contracts: tuple[Contract, ...]
    stated_numbers: tuple[str, ...]
    authorised_on: tuple[Contract, ...]
    day: date
    modules: tuple[str, ...] = ()
    other_products: tuple[tuple[str, str], ...] = ()
    unclear: tuple[tuple[str, str], ...] = ()
    malformed: tuple[str, ...] = ()
    unlicensed_vm: bool = False
    authentic: bool | None = None
    sender: str = ""
    info_only: bool = False

    @property
    def own_contracts(self) -> tuple[Contract, ...]:
        """The named contracts on which the sender may report."""
        own = {contract.id for contract in self.authorised_on}
        return tuple(contract for contract in self.contracts if contract.id in own)

    @property
    def has_numbers(self) -> bool:
        """Whether the text holds anything that looks like a report's numbers."""
        return bool(
            self.devices
            or self.modules
            or self.other_products
            or self.unclear
            or self.malformed
            or self.unlicensed_vm
            or self.stated_numbers
        )


@dataclass(frozen=True, slots=True)
class Assessment:
    """The decision, and how it came about.

    Attributes:
        contract: The contract the report is on; None unless the outcome is COMPLETE or it is HELD on a known one.
        devices: The devices it is about.
        problems: What to ask the customer; empty when complete.
        offer: What may be proposed to the sender together with the question.
        sole_contract: The only one on which the sender may report.
        hold_reasons: Why an engineer has to decide; never told to the sender.
        checks: Every check that ran, in order.
    """

    outcome: Outcome
    contract: Contract | None
    devices: tuple[Device, ...]
    problems: tuple[Finding, ...]
    hold_reasons: tuple[str, ...]
    checks: tuple[CheckResult, ...]
    offer: Offer | None = None
    sole_contract: Contract | None = None


@dataclass(slots=True)
class _Progress:
    problems: list[Finding] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    contract: Contract | None = None
    enquiry: bool = False


def assess(given: Given) -> Assessment:
    """Decide what a report is and what it lacks."""
    progress = _Progress()
    checks = []
    for name, check in CHECKS:
        found = check(given, progress)
        checks.append(CheckResult(name, found))
        if progress.enquiry:
            break
    if progress.enquiry:
        outcome = Outcome.ENQUIRY
    elif given.authentic is False:
        # Whoever wrote this is perhaps not the sender it names: an engineer decides before anybody is asked anything.
        outcome = Outcome.HELD
    elif progress.problems:
        outcome = Outcome.INCOMPLETE
    elif progress.holds:
        outcome = Outcome.HELD
    else:
        outcome = Outcome.COMPLETE
    return Assessment(
        outcome,
        progress.contract,
        given.devices,
        tuple(progress.problems),
        tuple(progress.holds),
        tuple(checks),
        _offer(given, progress),
        given.authorised_on[0] if len(given.authorised_on) == 1 else None,
    )


CONTRACT_WANTED = frozenset({
    Problem.NO_CONTRACT, Problem.CONTRACT_NOT_MATCHED, Problem.CONTRACT_NOT_VALID, Problem.SERIAL_ON_OTHER_CONTRACT,
})  # fmt: skip
"""Problems for which one contract of the sender's may be the answer."""


def _offer(given: Given, progress: _Progress) -> Offer | None:
    """Proposed is only what is the sender's own: the one contract and the devices on it."""
    problems = {finding.problem for finding in progress.problems}
    valid = [contract for contract in given.authorised_on if contract.valid_on(given.day)]
    if problems & CONTRACT_WANTED:
        serials = {device.serial for device in given.devices}
        fitting = [contract for contract in valid if serials <= {device.serial for device in contract.devices}]
        contract = fitting[0] if len(fitting) == 1 else None
    else:
        contract = None
    of = contract or progress.contract
    wanted = Problem.NO_SERIAL in problems and of is not None and of in valid
    devices = of.devices if wanted and of is not None and len(of.devices) <= MAX_OFFERED else ()
    return Offer(contract, devices) if contract or devices else None


def _is_enquiry(given: Given, progress: _Progress) -> str:
    if given.info_only and not given.authorised_on and not given.has_numbers:
        progress.enquiry = True
        return "to the enquiries address, from nobody on a contract, without any number: an enquiry"
    return "a report"


def _serial(given: Given, progress: _Progress) -> str:
    if given.devices:
        return ", ".join(device.serial for device in given.devices)
    if given.unclear:
        progress.problems.append(Finding(Problem.SERIAL_UNCLEAR, tuple(f"{a}\t{b}" for a, b in given.unclear)))
    elif given.unlicensed_vm:
        progress.problems.append(Finding(Problem.UNLICENSED_VM))
    elif given.modules:
        progress.problems.append(Finding(Problem.MODULE_ONLY, given.modules))
    elif given.malformed:
        progress.problems.append(Finding(Problem.SERIAL_MALFORMED, given.malformed))
    elif given.other_products:
        progress.problems.append(Finding(Problem.OTHER_PRODUCT, tuple(f"{s}\t{p}" for s, p in given.other_products)))
    else:
        progress.problems.append(Finding(Problem.NO_SERIAL))
    return f"none usable: {progress.problems[-1].problem}"


def _contract(given: Given, progress: _Progress) -> str:
    if not given.authorised_on:
        if not given.stated_numbers:
            progress.problems.append(Finding(Problem.NO_CONTRACT))
            return "no number stated"
        progress.contract = given.contracts[0] if len(given.contracts) == 1 else None
        return "stated: " + ", ".join(given.stated_numbers)
    own = given.own_contracts
    if len(own) == 1:
        progress.contract = own[0]
        return own[0].number
    if len(own) > 1:
        return _choose(own, given, progress)
    if given.stated_numbers:  # others of the registry's are not theirs, and nothing that they may learn of
        progress.problems.append(Finding(Problem.CONTRACT_NOT_MATCHED, given.stated_numbers))
        return "stated, but none of the sender's contracts: " + ", ".join(given.stated_numbers)
    progress.problems.append(Finding(Problem.NO_CONTRACT))
    return "no number found"


def _choose(own: tuple[Contract, ...], given: Given, progress: _Progress) -> str:
    serials = {device.serial for device in given.devices}
    covering = [c for c in own if serials and serials <= {device.serial for device in c.devices}]
    if len(covering) == 1:
        progress.contract = covering[0]
        return f"{covering[0].number}, the one of {len(own)} named that covers the device"
    progress.problems.append(Finding(Problem.SEVERAL_CONTRACTS, tuple(contract.number for contract in own)))
    return "several: " + ", ".join(contract.number for contract in own)


def _sender(given: Given, progress: _Progress) -> str:
    if given.authorised_on and (progress.contract is None or progress.contract in given.own_contracts):
        return "authorised"
    progress.holds.append("sender_unknown")
    contacts = [address for contract in given.contracts for address in contract.authorised]
    if twin := looks_like(given.sender, contacts):
        progress.holds.append("sender_lookalike")
        return f"on no contract that the report names, but easily mistaken for {twin}"
    return "on no contract that the report names"


def _validity(given: Given, progress: _Progress) -> str:
    contract = progress.contract
    if contract is None:
        return "not checked: no contract"
    if contract.valid_on(given.day):
        return f"valid until {contract.valid_to.isoformat()}"
    found = (
        f"not valid on {given.day.isoformat()} ({contract.valid_from.isoformat()} to {contract.valid_to.isoformat()})"
    )
    if given.authorised_on:
        progress.problems.append(
            Finding(
                Problem.CONTRACT_NOT_VALID,
                (contract.number, contract.valid_from.isoformat(), contract.valid_to.isoformat()),
            )
        )
    else:
        progress.holds.append("contract_not_valid")
    return found


def _coverage(given: Given, progress: _Progress) -> str:
    contract = progress.contract
    if contract is None or not given.devices:
        return "not checked"
    covered = {device.serial for device in contract.devices}
    foreign = tuple(device.serial for device in given.devices if device.serial not in covered)
    if not foreign:
        return "every device is on the contract"
    if not given.authorised_on:
        progress.holds.append("serial_not_covered")
        return "not on the contract: " + ", ".join(foreign)
    nowhere = []
    for serial in foreign:
        other = next((c for c in given.authorised_on if any(device.serial == serial for device in c.devices)), None)
        if other is None:
            nowhere.append(serial)
        else:
            found = Finding(Problem.SERIAL_ON_OTHER_CONTRACT, (serial, other.number, contract.number))
            progress.problems.append(found)
    if nowhere:
        progress.problems.append(Finding(Problem.SERIAL_NOT_COVERED, (*nowhere, contract.number)))
    return "not on the contract: " + ", ".join(foreign)


def _authenticity(given: Given, progress: _Progress) -> str:
    if given.authentic is False:
        progress.holds.append("sender_not_authentic")
        return "the receiving server's DMARC check failed"
    return "passed" if given.authentic else "the receiving server says nothing"


CHECKS: tuple[tuple[str, Callable[[Given, _Progress], str]], ...] = (
    ("enquiry", _is_enquiry),
    ("serial number", _serial),
    ("contract number", _contract),
    ("sender", _sender),
    ("validity", _validity),
    ("coverage", _coverage),
    ("authenticity", _authenticity),
)
