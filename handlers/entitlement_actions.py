"""What engineers decide about entitlements. Each looks at the use and at the count as they are now.

Whoever decides second learns who was first. Over the allowance an engineer decides, and only one who saw the count
that counts: where it changed since their message was shown, they see the new one and decide anew.
"""

from __future__ import annotations

from contextlib import suppress

from bot.commands import SlackPerson
from bot.effects import PostEntitlement
from bot.entitlement_commands import (
    ChooseEntitlement,
    CorrectEntitlement,
    DecideEntitlement,
    Decision,
    RecordEntitlement,
)
from bot.entitlements import EntitlementUse, UseState
from bot.model import ClockState, Ticket
from bot.ports import UnitOfWork
from bot.rules.entitlements import local_day
from handlers import agreed_dates, appointments, entitlement_reports, entitlements
from handlers.context import Context, said_at, tell
from handlers.entitlements import Count
from handlers.ticket_actions import store

_ALLOWED_IN = {
    Decision.AGREE: {UseState.ASKED},
    Decision.GRANT: {UseState.ASKED},
    Decision.DECLINE: {UseState.ASKED},
    Decision.DROP: {UseState.ASKED},
    Decision.DONE: {UseState.AGREED},
    Decision.DONE_BEYOND: {UseState.AGREED},
}
_BEYOND = {Decision.GRANT, Decision.DONE_BEYOND}


async def decide(command: DecideEntitlement, uow: UnitOfWork, ctx: Context) -> None:
    """An engineer pressed a button of a use."""
    by, decision = command.by, command.decision
    ticket = await uow.tickets.get(command.ticket_id)
    use = await _use(uow, ctx, by, ticket, command.use_id, _ALLOWED_IN[decision])
    if use is None:
        return
    day = local_day(by.at or ctx.now, ctx.zone)
    recorded = use.facts.get("done_on")
    counted = await entitlements.count(uow, ctx, use, use.done_on if recorded else day)
    match decision:
        case Decision.DROP:
            await entitlements.drop(uow, ctx, ticket, use, by.user)
        case Decision.DECLINE:
            await entitlements.decline(uow, ctx, ticket, use, by.user, counted)
        case _ if not await _may_be_taken(uow, by, use, counted, command):
            return
        case Decision.AGREE | Decision.GRANT:
            await _agree(uow, ctx, ticket, use, by, counted)
        case _:
            await entitlements.finish(uow, ctx, ticket, use, by.user, counted, day, at=by.at or ctx.now)
            await entitlement_reports.done_by_hand(uow, ctx, ticket, use, by.user)
            await _date_is_kept(uow, ctx, ticket, use, by)
    await store(uow, ticket)


async def choose(command: ChooseEntitlement, uow: UnitOfWork, ctx: Context) -> None:
    """An engineer says what is meant; within the allowance that agrees to it."""
    by = command.by
    ticket = await uow.tickets.get(command.ticket_id)
    use = await _use(uow, ctx, by, ticket, command.use_id, {UseState.ASKED})
    if use is None:
        return
    use.kind, use.serial = command.kind, command.serial
    counted = await entitlements.count(uow, ctx, use)
    if command.serial not in {device.serial for device in counted.contract.devices}:
        await tell(uow, by, "entitlement_no_device", number=ticket.number, serial=command.serial)
        return
    await entitlements.note(uow, ctx, ticket, use, by.user, "chosen")
    await _agree_or_ask(uow, ctx, ticket, use, by, counted)
    await store(uow, ticket)


async def record(command: RecordEntitlement, uow: UnitOfWork, ctx: Context) -> None:
    """An engineer records by hand what was asked for otherwise, or is done already."""
    by = command.by
    ticket = await uow.tickets.get(command.ticket_id)
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return
    if ticket.contract_id is None or ticket.accepted_at is None:
        await tell(uow, by, "entitlement_no_contract", number=ticket.number)
        return
    contract = await uow.contracts.get(ticket.contract_id)
    if command.serial not in {device.serial for device in contract.devices}:
        await tell(uow, by, "entitlement_no_device", number=ticket.number, serial=command.serial)
        return
    at = by.at or ctx.now
    if command.done_on is not None and command.done_on > local_day(at, ctx.zone):
        await tell(uow, by, "entitlement_not_yet_done", number=ticket.number)
        return
    use = await entitlements.ask(
        uow, ctx, ticket, command.kind, at=at, by=by.user, words=command.note, serial=command.serial
    )
    if command.done_on is not None:
        use.done_on, use.facts["done_on"] = command.done_on, command.done_on.isoformat()
    counted = await entitlements.count(uow, ctx, use, command.done_on)
    await _agree_or_ask(uow, ctx, ticket, use, by, counted)
    await store(uow, ticket)


async def correct(command: CorrectEntitlement, uow: UnitOfWork, ctx: Context) -> None:
    """An engineer takes back what was agreed or counted."""
    by = command.by
    ticket = await uow.tickets.get(command.ticket_id)
    use = await _use(uow, ctx, by, ticket, command.use_id, {UseState.AGREED, UseState.DONE})
    if use is None:
        return
    counted = await entitlements.count(uow, ctx, use)
    await entitlements.take_back(uow, ctx, ticket, use, by.user, counted, command.reason)
    if agreed_dates.use_of(ticket) == use.id:
        await appointments.call_off(uow, ctx, ticket, by.user)
    await store(uow, ticket)


async def _use(
    uow: UnitOfWork, ctx: Context, by: SlackPerson, ticket: Ticket, use_id: int, states: set[UseState]
) -> EntitlementUse | None:
    """The use of that button, if this person may decide about it now; else they are told why not."""
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return None
    # With the ticket locked nobody else decides about it; counting locks the contract's other uses as well.
    use = next((each for each in await uow.entitlements.of_ticket(ticket.id) if each.id == use_id), None)
    if use is None:
        await _tell_where(uow, by, ticket, use_id)
        return None
    if use.state not in states:
        since = {"at": said_at(ctx, use.decided_at)} if use.decided_at else {}
        await tell(uow, by, f"entitlement_is_{use.state}", number=ticket.number, who=use.decided_by or "", **since)
        return None
    return use


async def _tell_where(uow: UnitOfWork, by: SlackPerson, ticket: Ticket, use_id: int) -> None:
    """A button of a ticket that was merged; any other is none of ours."""
    with suppress(LookupError):
        use = await uow.entitlements.get(use_id)
        if use.facts.get("merged_from") == ticket.number:
            await tell(uow, by, "entitlement_moved", number=(await uow.tickets.get(use.ticket_id)).number)


async def _may_be_taken(
    uow: UnitOfWork, by: SlackPerson, use: EntitlementUse, counted: Count, command: DecideEntitlement
) -> bool:
    """Whether there is a place, or the engineer goes over the allowance knowing the count."""
    if use.serial is None:
        await tell(uow, by, "entitlement_which_device")
        return False
    before = counted.before
    if not before.is_used_up or (use.beyond and use.state is UseState.AGREED):
        return True
    if command.decision in _BEYOND and command.taken == before.taken:
        return True
    await uow.outbox.add(PostEntitlement(use.ticket_id, use.id))
    await tell(uow, by, "entitlement_used_up", taken=before.taken, allowance=before.allowance)
    return False


async def _agree_or_ask(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, use: EntitlementUse, by: SlackPerson, counted: Count
) -> None:
    """Agree within the allowance; over it, the message asks for a decision of its own."""
    if counted.before.is_used_up:
        await entitlements.store(uow, ticket, use)
        await tell(uow, by, "entitlement_used_up", taken=counted.before.taken, allowance=counted.before.allowance)
        return
    await _agree(uow, ctx, ticket, use, by, counted)


async def _agree(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, use: EntitlementUse, by: SlackPerson, counted: Count
) -> None:
    """Agree, or count at once what was recorded as done."""
    if use.facts.get("done_on") and use.done_on is not None:
        await entitlements.finish(uow, ctx, ticket, use, by.user, counted, use.done_on, at=by.at or ctx.now)
        return
    await entitlements.agree(uow, ctx, ticket, use, by.user, counted)


async def _date_is_kept(uow: UnitOfWork, ctx: Context, ticket: Ticket, use: EntitlementUse, by: SlackPerson) -> None:
    """The appointment for it is over, too."""
    date = agreed_dates.agreed_at(ticket)
    if date is not None and agreed_dates.use_of(ticket) == use.id:
        await agreed_dates.finish(uow, ctx, ticket, by.at or ctx.now, ClockState.MET, "date_kept", by.user)
        await agreed_dates.say(uow, ticket, "kept", date, by=by.user)
