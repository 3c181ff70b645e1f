"""What customers read when a service of their contract is offered to them."""

from __future__ import annotations

from collections.abc import Iterable

from bot.entitlements import DeviceStanding, Entitlement
from bot.model import Contract
from bot.rules.wording import Words, format_full_day


def offer_subject(customer_words: Words, kind: Entitlement, contract: Contract) -> str:
    """The subject of the mail."""
    return customer_words(f"service_subject.{kind}", contract=contract.number)


def offer_text(
    customer_words: Words, kind: Entitlement, contract: Contract, devices: Iterable[DeviceStanding], own_words: str
) -> str:
    """The words of the mail, without signature.

    Args:
        devices: Those that it is about.
        own_words: What the engineer adds; may be empty.
    """
    w, lines, until = customer_words, [], contract.valid_to
    for device in devices:
        standing = next((one for one in device.standings if one.kind is kind), None)
        if standing is not None:
            until = standing.until or until
            values = {"used": standing.used, "allowance": standing.allowance}
            lines.append(w("service_device", model=device.model, serial=device.serial, **values))
    what = w(f"service_what.{kind}")
    head = w("service_offer", contract=contract.number, what=what, until=format_full_day(until, w.language))
    parts = (w("greeting"), "\n".join([head, *lines]), own_words.strip(), w("service_yes"))
    return "\n\n".join(part for part in parts if part)
