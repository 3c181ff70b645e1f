"""The daily look for what is to be said of contracts in time (`bot.rules.service_round`): once, in one message."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from bot.effects import PostServiceDigest
from bot.entitlements import NoticeKind, ServiceNotice
from bot.ports import UnitOfWork
from bot.rules.calendars import OFFICE_HOURS, calendar_from_config
from bot.rules.entitlements import local_day
from bot.rules.service_round import AT_MOST, Due, due_of, next_look
from handlers.context import Context


async def begin(uow: UnitOfWork, ctx: Context) -> None:
    """The very first start looks no sooner than at the next time for it; from then on nothing is missed."""
    if await uow.notices.last_look() is None:
        local = ctx.now.astimezone(ctx.zone)
        is_later = local.time() >= ctx.config.entitlements.look_at
        await uow.notices.take_turn(None, local.date() if is_later else local.date() - timedelta(days=1))


async def next_due(uow: UnitOfWork, ctx: Context) -> datetime:
    """When to look next, UTC; past where a look is overdue. Somebody has begun (`begin`)."""
    calendar = calendar_from_config(OFFICE_HOURS, ctx.config)
    last = await uow.notices.last_look()
    assert last is not None
    return next_look(last, ctx.now, ctx.config.entitlements.look_at, ctx.zone, calendar)


async def find(uow: UnitOfWork, ctx: Context) -> list[Due]:
    """Everything that is to be said today and was not said before, the most urgent first. Changes nothing."""
    today = local_day(ctx.now, ctx.zone)
    uses = await uow.entitlements.by_contract()
    found = [
        due
        for contract in await uow.contracts.valid_on(today)
        for due in due_of(contract, uses.get(contract.id, ()), today, ctx.config.entitlements)
    ]
    known = await uow.notices.known([due.key for due in found])
    new = (due for due in found if due.key not in known)
    return sorted(new, key=lambda due: (due.kind is not NoticeKind.ENDS, due.due_on, due.contract_id, due.kind))


async def tell(uow: UnitOfWork, ctx: Context, last: date | None, found: Iterable[Due]) -> bool:
    """Say the first of it in one message; False where another process has looked meanwhile.

    Args:
        last: The day of the last look as it was when this one began.
    """
    today, waiting = local_day(ctx.now, ctx.zone), list(found)
    if not await uow.notices.take_turn(last, today):
        return False
    told = 0
    for due in waiting[:AT_MOST]:
        notice = ServiceNotice(0, due.key, due.kind, due.contract_id, due.serials, due.due_on, today)
        told += await uow.notices.add(notice) is not None
    if told:
        effect = PostServiceDigest(today.isoformat(), len(waiting) - told)
        await uow.outbox.add(effect, dedupe_key=f"service-digest:{today}")
    return True
