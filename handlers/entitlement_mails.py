"""What customers are told about entitlements: each in whole sentences, with what is used of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.entitlements import Entitlement, EntitlementUse, Standing
from bot.model import Contract, Ticket
from bot.ports import UnitOfWork
from bot.rules.entitlements import ONCE
from bot.rules.wording import Words, format_full_date, format_full_day
from handlers import customer_mails
from handlers.context import Context


async def tell(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    what: str,
    use: EntitlementUse,
    contract: Contract,
    standing: Standing,
    *,
    until: datetime | None = None,
) -> None:
    """Write to the customer what was decided. The caller stores the ticket.

    Args:
        what: A sentence "entitlement_<what>": "agreed", "granted", "declined", "done" or "taken_back".
        standing: As it is after the decision.
        until: Until when it is promised.
    """
    w = ctx.customer_words(ticket.language)
    device = next((device for device in contract.devices if device.serial == use.serial), None)
    parts = [
        w(
            f"entitlement_{what}",
            number=ticket.number,
            asked=w(f"entitlement_asked.{use.kind}"),
            model=device.model if device else "FortiGate",
            serial=use.serial or "",
        ),
        w("entitlement_until", until=format_full_date(until, ticket.language, ctx.zone)) if until else "",
        counted(w, use.kind, standing),
    ]
    customer_mails.a_person_wrote(ticket)  # an engineer decided it: no robot answers robots
    await customer_mails.notice(uow, ctx, ticket, parts)


def report_text(
    ctx: Context, ticket: Ticket, use: EntitlementUse, contract: Contract, before: Standing, own_words: str
) -> str:
    """The letter that goes with a review's report, without its signature.

    Args:
        before: What is used without this review, which counts from now on.
    """
    w = ctx.customer_words(ticket.language)
    device = next((device for device in contract.devices if device.serial == use.serial), None)
    said = w(
        "report_delivered",
        number=ticket.number,
        model=device.model if device else "FortiGate",
        serial=use.serial or "",
    )
    after = replace(before, used=before.used + 1)
    return "\n\n".join(filter(None, [w("greeting"), said, own_words.strip(), counted(w, use.kind, after)]))


def counted(w: Words, kind: Entitlement, standing: Standing) -> str:
    """How much is used, in a sentence: "Wykorzystano 3 z 5 zmian konfiguracji w roku umowy do 14 marca 2027."."""
    if not standing.is_valid:
        return w("entitlement_not_valid")
    values = {"used": standing.used, "count": standing.allowance}
    if kind in ONCE:
        return w(f"entitlement_used_once.{kind}", **values)
    until = "" if standing.until is None else format_full_day(standing.until, w.language)
    said = w(f"entitlement_used.{kind}", **values, until=until)
    return f"{said} {w('entitlement_agreed_too', agreed=standing.agreed)}" if standing.agreed else said
