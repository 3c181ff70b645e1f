"""The questions of intake in a customer's words: what is missing, and which of three priorities it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.model import Language, Priority
from bot.rules.heard import Heard
from bot.rules.intake import Problem
from bot.rules.serial_prefixes import prefix_of
from bot.rules.wording import Words, format_full_day, words

PRIORITY_CHOICES = (Priority.CRITICAL, Priority.NON_CRITICAL, Priority.QUESTION)
"""In the order of the numbers 1, 2 and 3 that customers answer with."""
MOST_NOTES = 5
"""Of a log with more, people read no more."""


def missing_lines(
    w: Words, problems: Sequence[Sequence[str]], offer: Mapping[str, object] | None, *, by_slack: bool = False
) -> str:
    """What is missing or wrong, a line for each, with what may be meant.

    Args:
        problems: [problem, *values], as the ticket's facts keep them.
        offer: What may be proposed (`handlers.intake_facts.offer_to_json`); None where nothing may.
        by_slack: It is read in a shared channel, whose people represent the customer: no address is spoken of.
    """
    contract, devices = _offered(offer)
    named = {problem for problem, *_ in problems}
    together = contract and devices and {Problem.NO_SERIAL, Problem.NO_CONTRACT} <= named
    lines: list[str] = []
    for problem, *values in problems:
        if problem == Problem.NO_SERIAL:
            lines.append(_no_serial(w, devices, contract if together else ""))
        elif problem == Problem.NO_CONTRACT and together:
            continue
        elif problem == Problem.NO_CONTRACT:
            lines.append(w("no_contract_offer", contract=contract) if contract else w("no_contract"))
        elif problem == Problem.SERIAL_ON_OTHER_CONTRACT:
            serial, other, named_contract = values
            lines.append(w(problem, serial=serial, other=other, contract=named_contract))
            lines[-1] += " " + (w("other_contract_offer", other=other) if other == contract else w("which_device"))
        elif problem == Problem.CONTRACT_NOT_MATCHED and by_slack:
            lines += [w("contract_not_matched_channel", value=value) for value in values]
        else:
            lines += _sentences(w, Problem(problem), values)
            if contract and problem in {Problem.CONTRACT_NOT_MATCHED, Problem.CONTRACT_NOT_VALID}:
                lines[-1] += " " + w("other_contract_offer", other=contract)
    return "\n".join(f"– {line}" for line in lines)


def notes_on_acceptance(w: Words, heard: Heard) -> list[str]:
    """What was named beside the accepted devices and is none that the service covers, a sentence for each.

    What only a label calls a serial number ("zasilacz S/N ...") is somebody else's device.
    """
    malformed = [seen for seen in heard.malformed if (prefix := prefix_of(seen)) and prefix.is_fortigate]
    return [
        *(w("accepted_unclear", seen=seen, suggested=suggested) for seen, suggested in heard.unclear),
        *(w("accepted_malformed", value=seen) for seen in malformed),
        *(w("accepted_module", value=serial) for serial in heard.modules),
        *(w("accepted_other", serial=serial, product=product) for serial, product in heard.other_products),
    ][:MOST_NOTES]


def _offered(offer: Mapping[str, object] | None) -> tuple[str, list[tuple[str, str]]]:
    """The contract's number ("" for none) and the devices as (serial, model)."""
    if not offer:
        return "", []
    devices = offer.get("devices")
    pairs = [(str(serial), str(model)) for serial, model in devices] if isinstance(devices, list) else []
    return str(offer.get("contract") or ""), pairs


def _no_serial(w: Words, devices: list[tuple[str, str]], contract: str) -> str:
    if len(devices) == 1:
        [(serial, model)] = devices
        if contract:
            return w("nothing_given_offer", model=model, serial=serial, contract=contract)
        return w("no_serial_offer", model=model, serial=serial)
    if devices:
        listed = "; ".join(w("offered_device", model=model, serial=serial) for serial, model in devices)
        if contract:
            return w("nothing_given_offers", devices=listed, contract=contract)
        return w("no_serial_offers", devices=listed)
    return w("no_serial")


def _sentences(w: Words, problem: Problem, values: Sequence[str]) -> list[str]:
    """The sentences about one problem; those about several numbers come once for each."""
    match problem:
        case Problem.SERIAL_UNCLEAR:
            return [
                w("serial_unclear", seen=seen, suggested=suggested)
                for seen, _, suggested in (value.partition("\t") for value in values)
            ]
        case Problem.OTHER_PRODUCT:
            return [
                w("other_product", serial=serial, product=product)
                for serial, _, product in (value.partition("\t") for value in values)
            ]
        case Problem.SERIAL_NOT_COVERED:
            *serials, contract = values
            return [w("serial_not_covered", serial=serial, contract=contract) for serial in serials]
        case Problem.CONTRACT_NOT_VALID:
            number, begins, ends = values
            return [w("contract_not_valid", contract=number, begins=_day(w, begins), ends=_day(w, ends))]
        case Problem.SEVERAL_CONTRACTS:
            return [w(problem, values=", ".join(values))]
        case Problem.UNLICENSED_VM:
            return [w(problem)]
        case _:
            return [w(problem, value=value) for value in values]


def _day(w: Words, day: str) -> str:
    return format_full_day(date.fromisoformat(day), w.language)


def priority_question(w: Words, *, beside_others: bool, again: bool) -> str:
    """The three choices, with the terms' definitions when they are put for the first time.

    Args:
        beside_others: The mail asks for more, so that a digit alone is no whole answer.
        again: The customer has read them before.
    """
    if again:
        return w("priority_ask_again")
    choices = "\n".join(_choice(w, number) for number in range(1, len(PRIORITY_CHOICES) + 1))
    return w("priority_ask_too" if beside_others else "priority_ask") + "\n" + choices


def _choice(w: Words, number: int) -> str:
    return f"{number} – " + w(f"choice_{PRIORITY_CHOICES[number - 1]}")


def without_our_question(
    text: str, number: str, problems: Sequence[Sequence[str]], offer: Mapping[str, object] | None
) -> str:
    """A customer's words without our own question, where their program quoted it without any mark.

    Otherwise the numbers that we propose and the choices that we give would come back as an answer. Whoever copies a
    line of it answers with that line: only a good part of the question is a quotation.

    Args:
        text: The new words.
        number, problems, offer: What was asked, on which ticket.
    """
    asked = " ".join(
        _squeezed(_question(words("customer", language), number, problems, offer)) for language in Language
    )
    lines = text.splitlines()
    ours = [len(squeezed := _squeezed(line)) >= _TELLING and squeezed in asked for line in lines]
    if sum(len(line) for line, is_ours in zip(lines, ours, strict=True) if is_ours) < _A_GOOD_PART:
        return text
    return "\n".join(line for line, is_ours in zip(lines, ours, strict=True) if not is_ours)


_TELLING = 25
"""So many characters of a line tell that it is ours; a number alone is shorter."""
_A_GOOD_PART = 250
"""Characters; longer than the longest of the choices."""


def _question(w: Words, number: str, problems: Sequence[Sequence[str]], offer: Mapping[str, object] | None) -> str:
    openings = [w(key, number=number) for key in ("incomplete", "incomplete_again", "incomplete_approved", "accepted")]
    choices = priority_question(w, beside_others=True, again=False)
    return "\n".join(
        [*openings, missing_lines(w, problems, offer), choices, w("priority_ask"), w("priority_ask_again"),
         w("incomplete_how")]
    )  # fmt: skip


def _squeezed(text: str) -> str:
    return " ".join(text.split()).lstrip("> ").lower()
