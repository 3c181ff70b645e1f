"""Uses of entitlements: asked for, agreed, done, taken back. Every change is journaled with the count it rested on.

| journal                 | data                                                                     |
| ----------------------- | ------------------------------------------------------------------------ |
| entitlement_asked       | use, entitlement, serial, words, message                                 |
| entitlement_agreed      | use, entitlement, serial, used, agreed, allowance, beyond                |
| entitlement_declined    | the same                                                                 |
| entitlement_done        | the same, and day                                                        |
| entitlement_dropped     | use, entitlement, serial; nobody asked for it                            |
| entitlement_taken_back  | use, entitlement, serial, reason, was (the state)                        |
| entitlement_chosen      | use, entitlement, serial: an engineer said what is meant                 |
| entitlement_moved       | use, entitlement, serial, number: of the merged ticket that it came from |

`used`, `agreed` and `allowance` are what was before the decision, without the use itself. Counting and deciding happen
with the contract's uses locked: of two who take the last place at once, the second sees that it is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.effects import Note, PostEntitlement, PostInThread
from bot.entitlements import Entitlement, EntitlementUse, Standing, UseState
from bot.model import ClockKind, ClockState, Contract, Direction, Message, Ticket
from bot.ports import UnitOfWork
from bot.rules.clock_terms import ENTITLED
from bot.rules.entitlement_words import AskedFor, asked_for
from bot.rules.entitlements import deadline, local_day, standing
from bot.rules.yes_answers import yes_or_no
from handlers import clocks, duty, entitlement_mails
from handlers.context import Context, journal

_CLOCKS = {
    Entitlement.REMOTE_DEPLOYMENT: ClockKind.DEPLOYMENT,
    Entitlement.ON_SITE_INSTALLATION: ClockKind.INSTALLATION,
}


OFFER = "service_offer"
"""The key of a ticket's facts that holds what we offered: entitlement, serials, open (until the customer's yes)."""


@dataclass(frozen=True, slots=True)
class Count:
    """A contract with all its uses, locked, and what is used as of a day, without the use that is decided."""

    contract: Contract
    uses: tuple[EntitlementUse, ...]
    before: Standing


async def heed(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    message: Message,
    subject: str = "",
    wishes: Sequence[AskedFor] | None = None,
) -> None:
    """Propose to the engineers what the customer's words seem to ask for; nothing is assumed.

    Nothing is proposed while the report is not accepted: then it is not known whose words they are, or of which
    contract (`heed_all` makes up for it).

    Args:
        subject: The mail's, where it is no answer.
        wishes: What both seem to ask for, where it is known.
    """
    if ticket.contract_id is None or ticket.accepted_at is None or message.automatic:
        return
    await _accepts_offer(uow, ctx, ticket, message)
    waiting = {use.kind for use in await uow.entitlements.of_ticket(ticket.id) if use.is_open}
    for asked in asked_for(f"{subject}\n{message.text}") if wishes is None else wishes:
        if asked.kind not in waiting:
            await ask(
                uow, ctx, ticket, asked.kind, at=message.sent_at, by=message.author, words=asked.words,
                message_id=message.id,
            )  # fmt: skip


async def _accepts_offer(uow: UnitOfWork, ctx: Context, ticket: Ticket, message: Message) -> None:
    """A plain yes to a service that we offered asks for it, for each of the devices."""
    offer = ticket.facts.get(OFFER)
    if not isinstance(offer, dict) or not offer["open"] or yes_or_no(message.text) is not True:
        return
    ticket.facts[OFFER] = {**offer, "open": False}
    for serial in offer["serials"]:
        await ask(
            uow, ctx, ticket, Entitlement(offer["entitlement"]), at=message.sent_at, by=message.author,
            message_id=message.id, serial=str(serial),
        )  # fmt: skip


async def heed_all(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """The report is accepted now: propose what its earlier messages ask for."""
    known = {use.message_id for use in await uow.entitlements.of_ticket(ticket.id)}
    theirs = [m for m in await uow.tickets.messages(ticket.id) if m.direction is Direction.FROM_CUSTOMER]
    for position, message in enumerate(theirs):
        if message.id not in known:
            await heed(uow, ctx, ticket, message, ticket.subject if position == 0 else "")


async def ask(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    kind: Entitlement,
    *,
    at: datetime,
    by: str,
    words: str = "",
    message_id: int | None = None,
    serial: str | None = None,
) -> EntitlementUse:
    """Somebody wants a use: it waits for an engineer's decision in the ticket's thread.

    Args:
        at: When it was asked for.
        serial: The device; None takes the ticket's, or the contract's, where there is only one.
    """
    assert ticket.contract_id is not None
    use = await uow.entitlements.add(
        EntitlementUse(
            id=0,
            ticket_id=ticket.id,
            contract_id=ticket.contract_id,
            kind=kind,
            state=UseState.ASKED,
            requested_at=at,
            requested_by=by,
            serial=serial or await _only_device(uow, ticket),
            words=words,
            message_id=message_id,
        )
    )
    await note(uow, ctx, ticket, use, by, "asked", words=words, message=message_id)
    await uow.outbox.add(PostEntitlement(ticket.id, use.id, await duty.on_call(uow, ctx, ticket)))
    return use


async def _only_device(uow: UnitOfWork, ticket: Ticket) -> str | None:
    assert ticket.contract_id is not None
    covered = [device.serial for device in (await uow.contracts.get(ticket.contract_id)).devices]
    named = [device.serial for device in ticket.devices if device.serial in covered]
    candidates = named or covered
    return candidates[0] if len(candidates) == 1 else None


async def count(uow: UnitOfWork, ctx: Context, use: EntitlementUse, day: date | None = None) -> Count:
    """Lock the contract's uses and count, without this one.

    Args:
        day: On which it was done; None is today.
    """
    uses = await uow.entitlements.lock(use.contract_id)
    contract = await uow.contracts.get(use.contract_id)
    return Count(contract, uses, _standing(ctx, contract, uses, use, day, without=use.id))


def _standing(
    ctx: Context,
    contract: Contract,
    uses: tuple[EntitlementUse, ...],
    use: EntitlementUse,
    day: date | None,
    *,
    without: int | None = None,
) -> Standing:
    today = local_day(ctx.now, ctx.zone)
    return standing(
        use.kind, use.serial or "", contract, uses, day or today, today, ctx.config.entitlements, without=without
    )


async def agree(uow: UnitOfWork, ctx: Context, ticket: Ticket, use: EntitlementUse, by: str, counted: Count) -> None:
    """It is to be done, within the allowance or granted over it; its deadline runs, and the customer is told."""
    use.state, use.beyond = UseState.AGREED, counted.before.is_used_up
    _decided(ctx, use, by)
    until = await _start_clock(uow, ctx, ticket, use, by)
    await store(uow, ticket, use)
    await note(uow, ctx, ticket, use, by, "agreed", counted.before, beyond=use.beyond)
    await _tell(uow, ctx, ticket, use, "granted" if use.beyond else "agreed", counted.contract, until=until)


async def decline(uow: UnitOfWork, ctx: Context, ticket: Ticket, use: EntitlementUse, by: str, counted: Count) -> None:
    """It is not done; the customer reads what is used of the allowance."""
    use.state = UseState.DECLINED
    _decided(ctx, use, by)
    await store(uow, ticket, use)
    await note(uow, ctx, ticket, use, by, "declined", counted.before, beyond=counted.before.is_used_up)
    await _tell(uow, ctx, ticket, use, "declined", counted.contract)


async def drop(uow: UnitOfWork, ctx: Context, ticket: Ticket, use: EntitlementUse, by: str) -> None:
    """Nobody asked for it: the customer hears nothing."""
    use.state = UseState.DROPPED
    _decided(ctx, use, by)
    await store(uow, ticket, use)
    await note(uow, ctx, ticket, use, by, "dropped")


async def finish(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    use: EntitlementUse,
    by: str,
    counted: Count,
    day: date,
    *,
    at: datetime,
    told: bool = True,
) -> None:
    """It is done and counts in the contract year of that day.

    Args:
        at: When the engineer said so.
        told: Whether the customer is told here.
    """
    use.beyond = use.beyond or counted.before.is_used_up
    use.state, use.done_on = UseState.DONE, day
    _decided(ctx, use, by)
    await _end_clock(uow, ctx, ticket, use, ClockState.MET, at, "done", by)
    await store(uow, ticket, use)
    await note(uow, ctx, ticket, use, by, "done", counted.before, beyond=use.beyond, day=day.isoformat())
    if told:
        await _tell(uow, ctx, ticket, use, "done", counted.contract, day=day)


async def take_back(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, use: EntitlementUse, by: str, counted: Count, reason: str
) -> None:
    """What was agreed or counted is neither any more; the customer reads the count as it is then."""
    was, day = use.state, use.done_on
    use.state = UseState.DROPPED
    use.facts["taken_back"] = {"was": was, "reason": reason}
    _decided(ctx, use, by)
    await _end_clock(uow, ctx, ticket, use, ClockState.CANCELLED, ctx.now, "taken_back", by)
    await store(uow, ticket, use)
    await note(uow, ctx, ticket, use, by, "taken_back", was=was, reason=reason)
    await _tell(uow, ctx, ticket, use, "taken_back", counted.contract, day=day)


async def promised(uow: UnitOfWork, ticket: Ticket) -> bool:
    """Whether the customer was promised that a service is done by a day, and it is not."""
    return any(use.is_open and use.clock_id is not None for use in await uow.entitlements.of_ticket(ticket.id))


async def go_over(uow: UnitOfWork, ctx: Context, ticket: Ticket, target: Ticket, by: str) -> None:
    """What is open on a merged ticket goes on on the surviving one; what is done or decided stays where it was.

    A promised time stays the one that the customer has in writing. The clocks of `ticket` are cancelled already.
    """
    for use in await uow.entitlements.of_ticket(ticket.id):
        if not use.is_open:
            continue
        if use.slack_ts is not None:
            await uow.outbox.add(PostEntitlement(ticket.id, use.id, left_ts=use.slack_ts))
        use.ticket_id, use.slack_ts, use.facts["merged_from"] = target.id, None, ticket.number
        if use.clock_id is not None and target.is_open:
            old = await uow.clocks.get(use.clock_id)
            clock = await clocks.start(
                uow, ctx, target, old.kind, old.started_at, use.message_id, reason="merged", by=by, until=old.due_at
            )
            use.clock_id = clock.id
        await uow.entitlements.update(use)
        await note(uow, ctx, target, use, by, "moved", number=ticket.number)
        await uow.outbox.add(PostEntitlement(target.id, use.id, await duty.on_call(uow, ctx, target)))


async def ticket_ended(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """Nobody forgets what was agreed on a ticket that ends: whether it was done is asked in its thread."""
    kinds = [use.kind for use in await uow.entitlements.of_ticket(ticket.id) if use.is_open]
    if kinds:
        mention = await duty.on_call(uow, ctx, ticket)
        await uow.outbox.add(PostInThread(ticket.id, Note.SERVICES_OPEN, {"kinds": kinds}, mention=mention))


async def store(uow: UnitOfWork, ticket: Ticket, use: EntitlementUse) -> None:
    """Store the use and show it."""
    await uow.entitlements.update(use)
    await uow.outbox.add(PostEntitlement(ticket.id, use.id))


async def note(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    use: EntitlementUse,
    by: str,
    event: str,
    before: Standing | None = None,
    /,
    **more: object,
) -> None:
    """Write a line "entitlement_<event>" into the ticket's journal."""
    counts = {} if before is None else {"used": before.used, "agreed": before.agreed, "allowance": before.allowance}
    await journal(
        uow,
        ctx,
        ticket,
        by,
        f"entitlement_{event}",
        use=use.id,
        entitlement=use.kind,
        serial=use.serial,
        **counts,
        **more,
    )


def _decided(ctx: Context, use: EntitlementUse, by: str) -> None:
    use.decided_at, use.decided_by = ctx.now, by


async def _start_clock(uow: UnitOfWork, ctx: Context, ticket: Ticket, use: EntitlementUse, by: str) -> datetime | None:
    until = deadline(use, ctx.config.entitlements)
    if until is not None and ticket.is_open:
        clock = await clocks.start(
            uow, ctx, ticket, _CLOCKS[use.kind], use.requested_at, use.message_id, reason="agreed", by=by, until=until
        )
        use.clock_id = clock.id
    return until


async def _end_clock(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    use: EntitlementUse,
    state: ClockState,
    at: datetime,
    reason: str,
    by: str,
) -> None:
    if use.clock_id is not None:
        await clocks.end(uow, ctx, ticket, state, at, *ENTITLED, reason=reason, by=by, only=use.clock_id)


async def _tell(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    use: EntitlementUse,
    what: str,
    contract: Contract,
    *,
    day: date | None = None,
    until: datetime | None = None,
) -> None:
    uses = await uow.entitlements.of_contract(use.contract_id)
    now = _standing(ctx, contract, uses, use, day)
    await entitlement_mails.tell(uow, ctx, ticket, what, use, contract, now, until=until)
