"""Every way a report can be complete, incomplete, held or an enquiry; and what a stranger can learn: nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Contract, Device
from bot.rules.intake import CHECKS, MAX_OFFERED, Given, Offer, Outcome, Problem, assess

FIREWALL = Device("FG100D3G13803999", "FortiGate-100D")
OTHER = Device("FGT60D4614044725", "FortiGate-60D")
CONTRACT = Contract(
    id=1,
    number="HZ360-2026-000101",
    customer="Mleczarnia",
    nip="5270103391",
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31),
    devices=(FIREWALL,),
    authorised=("anna@klient.example", "@klient.example"),
)
SECOND = replace(CONTRACT, id=2, number="HZ360-2026-000102", devices=(OTHER,))
FOREIGN = replace(CONTRACT, id=3, number="HZ360-2026-000103", authorised=("@other.example",))
REPORT = Given(
    devices=(FIREWALL,),
    contracts=(CONTRACT,),
    stated_numbers=(CONTRACT.number,),
    authorised_on=(CONTRACT,),
    day=date(2026, 11, 23),
)


def test_a_report_with_everything_is_complete() -> None:
    result = assess(REPORT)
    assert (result.outcome, result.contract, result.devices) == (Outcome.COMPLETE, CONTRACT, (FIREWALL,))
    assert [check.check for check in result.checks] == [name for name, _ in CHECKS]


@pytest.mark.parametrize(
    ("change", "problem", "values"),
    [
        ({"devices": ()}, Problem.NO_SERIAL, ()),
        (
            {"devices": (), "unclear": (("FG100D3G138O3999", "FG100D3G13803999"),)},
            Problem.SERIAL_UNCLEAR,
            ("FG100D3G138O3999\tFG100D3G13803999",),
        ),
        ({"devices": (), "malformed": ("FG100D3G1380399",)}, Problem.SERIAL_MALFORMED, ("FG100D3G1380399",)),
        (
            {"devices": (), "other_products": (("S248EPTF18001384", "FortiSwitch"),)},
            Problem.OTHER_PRODUCT,
            ("S248EPTF18001384\tFortiSwitch",),
        ),
        ({"devices": (), "unlicensed_vm": True}, Problem.UNLICENSED_VM, ()),
        ({"devices": (), "modules": ("FPM20E3E17900133",)}, Problem.MODULE_ONLY, ("FPM20E3E17900133",)),
        ({"contracts": (), "stated_numbers": ()}, Problem.NO_CONTRACT, ()),
        ({"contracts": (), "stated_numbers": ("HZ-9",)}, Problem.CONTRACT_NOT_MATCHED, ("HZ-9",)),
        (
            {"day": date(2027, 1, 1)},
            Problem.CONTRACT_NOT_VALID,
            (CONTRACT.number, "2026-01-01", "2026-12-31"),
        ),
        ({"devices": (FIREWALL, OTHER)}, Problem.SERIAL_NOT_COVERED, (OTHER.serial, CONTRACT.number)),
    ],
)
def test_each_problem_is_named_with_what_it_is_about(
    change: dict[str, object], problem: Problem, values: tuple[str, ...]
) -> None:
    result = assess(replace(REPORT, **change))  # type: ignore[arg-type]  # the table's values fit their fields
    assert result.outcome is Outcome.INCOMPLETE
    assert [(finding.problem, finding.values) for finding in result.problems] == [(problem, values)]


def test_everything_missing_is_listed_at_once() -> None:
    result = assess(replace(REPORT, devices=(), contracts=(), stated_numbers=()))
    assert [finding.problem for finding in result.problems] == [Problem.NO_SERIAL, Problem.NO_CONTRACT]


def test_of_several_own_contracts_the_one_that_covers_the_device_is_meant() -> None:
    both = replace(REPORT, contracts=(CONTRACT, SECOND), authorised_on=(CONTRACT, SECOND))
    assert assess(both).contract == CONTRACT
    unclear = assess(replace(both, devices=()))
    assert Problem.SEVERAL_CONTRACTS in {finding.problem for finding in unclear.problems}


def test_an_unknown_sender_with_numbers_is_held() -> None:
    result = assess(replace(REPORT, authorised_on=()))
    assert (result.outcome, result.hold_reasons) == (Outcome.HELD, ("sender_unknown",))
    assert result.contract == CONTRACT


def test_a_failed_authenticity_check_never_opens_a_ticket_silently() -> None:
    assert assess(replace(REPORT, authentic=False)).outcome is Outcome.HELD
    assert assess(replace(REPORT, authentic=False, devices=())).outcome is Outcome.HELD


def test_an_enquiry_is_only_what_nobody_on_a_contract_asks_without_any_number() -> None:
    enquiry = replace(REPORT, devices=(), contracts=(), stated_numbers=(), authorised_on=(), info_only=True)
    assert assess(enquiry).outcome is Outcome.ENQUIRY
    assert assess(replace(enquiry, info_only=False)).outcome is Outcome.INCOMPLETE
    assert assess(replace(enquiry, authorised_on=(CONTRACT,))).outcome is Outcome.INCOMPLETE
    assert assess(replace(enquiry, devices=(FIREWALL,))).outcome is Outcome.INCOMPLETE
    assert assess(replace(enquiry, stated_numbers=("HZ-9",))).outcome is Outcome.INCOMPLETE


registry = st.lists(st.sampled_from([CONTRACT, SECOND, FOREIGN]), unique=True).map(tuple)


@given(contracts=registry, stated=st.booleans(), device=st.booleans(), day=st.sampled_from([2025, 2026, 2027]))
@settings(max_examples=200)
def test_what_a_stranger_is_told_never_depends_on_the_registry(
    contracts: tuple[Contract, ...], stated: bool, device: bool, day: int
) -> None:
    written = replace(
        REPORT,
        devices=(FIREWALL,) if device else (),
        stated_numbers=("HZ360-2026-000101",) if stated else (),
        authorised_on=(),
        day=date(day, 6, 1),
    )
    known, unknown = assess(replace(written, contracts=contracts)), assess(replace(written, contracts=()))
    assert (known.outcome, known.problems, known.offer) == (unknown.outcome, unknown.problems, None)


@given(contracts=registry)
def test_what_a_customer_is_told_of_a_foreign_number_never_depends_on_the_registry(
    contracts: tuple[Contract, ...],
) -> None:
    foreign = tuple(contract for contract in contracts if contract is FOREIGN)
    probing = replace(REPORT, stated_numbers=(FOREIGN.number,), contracts=foreign)
    told, without = assess(probing), assess(replace(probing, contracts=()))
    assert (told.problems, told.offer) == (without.problems, without.offer)


def test_proposed_is_the_one_own_contract_that_fits_and_its_devices() -> None:
    nothing = replace(REPORT, devices=(), contracts=(), stated_numbers=(), authorised_on=(CONTRACT,))
    assert assess(nothing).offer == Offer(CONTRACT, (FIREWALL,))
    assert assess(replace(nothing, authorised_on=(CONTRACT, SECOND))).offer is None
    only_the_device = replace(nothing, devices=(OTHER,), authorised_on=(CONTRACT, SECOND))
    assert assess(only_the_device).offer == Offer(SECOND)
    only_the_contract = replace(REPORT, devices=())
    assert assess(only_the_contract).offer == Offer(None, (FIREWALL,))
    assert assess(replace(nothing, day=date(2027, 1, 1))).offer is None
    many = replace(CONTRACT, devices=tuple(replace(FIREWALL, serial=str(n)) for n in range(MAX_OFFERED + 1)))
    assert assess(replace(nothing, authorised_on=(many,))).offer == Offer(many)
    assert assess(REPORT).offer is None
    assert assess(replace(nothing, authorised_on=())).offer is None


def test_a_renewed_contract_is_proposed_for_the_one_that_ended() -> None:
    renewed = replace(
        CONTRACT, id=4, number="HZ360-2027-000101", valid_from=date(2027, 1, 1), valid_to=date(2027, 12, 31)
    )
    late = assess(replace(REPORT, day=date(2027, 2, 1), authorised_on=(CONTRACT, renewed)))
    assert [finding.problem for finding in late.problems] == [Problem.CONTRACT_NOT_VALID]
    assert late.offer == Offer(renewed)


def test_of_a_pair_the_device_on_another_own_contract_is_named_with_it() -> None:
    pair = replace(REPORT, devices=(FIREWALL, OTHER), authorised_on=(CONTRACT, SECOND))
    result = assess(pair)
    assert [(finding.problem, finding.values) for finding in result.problems] == [
        (Problem.SERIAL_ON_OTHER_CONTRACT, (OTHER.serial, SECOND.number, CONTRACT.number))
    ]
    assert result.offer is None
    assert assess(replace(pair, devices=(OTHER,))).offer == Offer(SECOND)
    assert Problem.SERIAL_ON_OTHER_CONTRACT not in {
        finding.problem for finding in assess(replace(pair, authorised_on=(CONTRACT,))).problems
    }
