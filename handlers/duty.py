"""Who is on duty, from the weekly pattern of the configuration and the shifts set in Slack; and setting those.

Where nobody ever said who is on duty, every engineer is. A span in which nobody is on duty although others are covered
is a gap: it is announced in advance, once, and an escalation that meets it names it.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from bot.commands import RemoveShift, SetShift, SlackPerson, SwapShifts
from bot.effects import PostOperator
from bot.escalations import DutyShift
from bot.model import Language, Ticket
from bot.ports import UnitOfWork
from bot.rules.calendars import OFFICE_HOURS, calendar_from_config
from bot.rules.duty_rota import Rota, Shift, WeeklyShift, on_duty, schedule
from bot.rules.wording import format_fixed
from handlers.context import Context, said_at, tell

LONGEST_SHIFT = timedelta(days=31)
"""A longer one is a slip of the pen; whoever means it sets two."""

_LOOK_BACK = LONGEST_SHIFT
"""A rota whose last shift ended within this time is still a rota: that nobody is on duty now is a gap."""

_UNREAD = timedelta(seconds=10)
"""Whoever types a command has not read what somebody else set so shortly before."""

_FAR = timedelta(days=366)
_WEEK = timedelta(days=7)

Schedule = list[tuple[datetime, datetime, Shift | None]]


async def rota_of(uow: UnitOfWork, ctx: Context) -> Rota:
    """Everything that says who is on duty around now: up to 31 days ago and a year ahead."""
    kept = await uow.duty.between(ctx.now - _LOOK_BACK, ctx.now + _FAR)
    return Rota(
        tuple(Shift(shift.user, shift.starts_at, shift.ends_at, shift.substitute, shift.id) for shift in kept),
        tuple(
            WeeklyShift(each.user, frozenset(each.days), each.begins, each.ends, each.substitute)
            for each in ctx.config.duty.weekly
        ),
        ctx.zone,
    )


async def on_duty_now(uow: UnitOfWork, ctx: Context, *, repeated: bool = False) -> tuple[str, ...]:
    """Slack ids of who is to be called as on duty: nobody in a gap, every engineer where there is no rota.

    Args:
        repeated: Somebody was called before and did not answer: the substitute is called as well.
    """
    rota = await rota_of(uow, ctx)
    if rota.is_empty:
        return ctx.config.slack.engineers or ctx.config.slack.managers
    shift = on_duty(rota, ctx.now)
    if shift is None:
        return ()
    return (shift.user, shift.substitute) if repeated and shift.substitute else (shift.user,)


async def on_call(uow: UnitOfWork, ctx: Context, ticket: Ticket, *, repeated: bool = False) -> tuple[str, ...]:
    """Whom to mention about a ticket: who has it, else who is on duty, else, in a gap, every engineer."""
    if ticket.assignee:
        return (ticket.assignee,)
    return await on_duty_now(uow, ctx, repeated=repeated) or ctx.config.slack.engineers


async def schedule_of(uow: UnitOfWork, ctx: Context, since: datetime, until: datetime) -> Schedule:
    """Who is on duty from one instant to another, without holes: (from, to, shift), None for a gap; [] without rota."""
    rota = await rota_of(uow, ctx)
    return [] if rota.is_empty else schedule(rota, since, until)


async def report_gaps(uow: UnitOfWork, ctx: Context) -> None:
    """Announce, once each, the spans of the next `duty.warn_ahead` in which nobody is on duty.

    At an hour at which somebody can do something about it: within 8x5, or at once where the gap begins before that
    opens again. A gap that lasts for more than a week is announced again every day. Cheap enough for every minute.
    """
    rota = await rota_of(uow, ctx)
    if rota.is_empty:
        return
    office = calendar_from_config(OFFICE_HOURS, ctx.config)
    opens, horizon = office.next_opening(ctx.now), ctx.now + ctx.config.duty.warn_ahead
    midnight = datetime.combine(ctx.now.astimezone(ctx.zone), time(), ctx.zone)
    for begins, ends, shift in schedule(rota, midnight - _WEEK, horizon):
        if shift is not None or ends <= ctx.now or (opens > ctx.now and begins >= opens):
            continue
        language = Language(ctx.config.service.staff_language)
        data: dict[str, object] = {
            "since": format_fixed(max(begins, ctx.now), language, ctx.zone),
            "until": format_fixed(ends, language, ctx.zone),
        }
        what = "duty_gap" if ends < horizon else "duty_gap_open"
        await uow.outbox.add(PostOperator(what, data), dedupe_key=f"duty-gap:{begins.isoformat()}")


async def set_shift(command: SetShift, uow: UnitOfWork, ctx: Context) -> None:
    """Somebody is on duty in a span, whatever was said of it before."""
    by, span = command.by, command.ends_at - command.starts_at
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
    elif command.ends_at <= ctx.now:
        await tell(uow, by, "shift_is_past")
    elif not timedelta(0) < span <= LONGEST_SHIFT:
        await tell(uow, by, "shift_no_span", days=LONGEST_SHIFT.days)
    elif unknown := [user for user in (command.user, command.substitute) if user and not _is_staff(user, ctx)]:
        await tell(uow, by, "shift_not_staff", who=unknown[0])
    elif command.user == command.substitute:
        await tell(uow, by, "shift_same_person", who=command.user)
    elif not await _is_set_meanwhile(uow, ctx, by, (command.starts_at, command.ends_at)):
        await _keep(uow, ctx, by, Shift(command.user, command.starts_at, command.ends_at, command.substitute))
        await report_gaps(uow, ctx)


async def swap(command: SwapShifts, uow: UnitOfWork, ctx: Context) -> None:
    """The two who are on duty at two instants take each other's duty, from now on where one has begun."""
    by = command.by
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return
    await uow.duty.hold()
    rota = await rota_of(uow, ctx)
    one, other = on_duty(rota, command.one_at), on_duty(rota, command.other_at)
    if one is None or other is None or min(one.ends_at, other.ends_at) <= ctx.now:
        await tell(uow, by, "swap_nobody")
        return
    if one.user == other.user:
        await tell(uow, by, "swap_same_person", who=one.user)
        return
    if await _is_set_meanwhile(uow, ctx, by, *((each.starts_at, each.ends_at) for each in (one, other))):
        return
    for mine, theirs in ((one, other), (other, one)):
        substitute = mine.substitute if mine.substitute != theirs.user else mine.user
        for begins, ends, present in schedule(rota, max(mine.starts_at, ctx.now), mine.ends_at):
            if present is not None and present.user == mine.user:  # not where somebody else stands in already
                await _keep(uow, ctx, by, Shift(theirs.user, begins, ends, substitute))


async def remove(command: RemoveShift, uow: UnitOfWork, ctx: Context) -> None:
    """What was set before it, or the weekly pattern, counts again; nobody is taken off duty in silence either."""
    by = command.by
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return
    await uow.duty.hold()
    standing = await uow.duty.between(ctx.now - _LOOK_BACK, ctx.now + _FAR)
    if not await uow.duty.remove(command.shift_id, ctx.now):
        await tell(uow, by, "shift_gone")
        return
    await tell(uow, by, "shift_removed")
    for shift in standing:
        if shift.id == command.shift_id:
            known = _span_of(ctx, shift.starts_at, shift.ends_at) | {"user": shift.user, "by": by.user}
            await uow.outbox.add(PostOperator("duty_removed", known))
    await report_gaps(uow, ctx)


def _span_of(ctx: Context, starts_at: datetime, ends_at: datetime) -> dict[str, object]:
    """When a shift begins and ends, as those who are called read it."""
    language = Language(ctx.config.service.staff_language)
    return {
        "since": format_fixed(starts_at, language, ctx.zone),
        "until": format_fixed(ends_at, language, ctx.zone),
    }


async def _is_set_meanwhile(uow: UnitOfWork, ctx: Context, by: SlackPerson, *spans: tuple[datetime, datetime]) -> bool:
    """Whether somebody else has set a shift in one of these spans that `by` cannot know of; they are told which."""
    await uow.duty.hold()
    for begins, ends in spans:
        for shift in reversed(await uow.duty.between(begins, ends)):
            unknown = shift.set_at > (by.at or ctx.now) - _UNREAD if by.saw is None else shift.id > by.saw
            if unknown and shift.set_by != by.user:
                await tell(
                    uow, by, "shift_meanwhile", who=shift.set_by, at=said_at(ctx, shift.set_at), to=shift.user,
                    since=said_at(ctx, shift.starts_at), until=said_at(ctx, shift.ends_at),
                )  # fmt: skip
                return True
    return False


def _is_staff(user: str, ctx: Context) -> bool:
    return user in {*ctx.config.slack.engineers, *ctx.config.slack.managers}


async def _keep(uow: UnitOfWork, ctx: Context, by: SlackPerson, shift: Shift) -> None:
    """Store a shift and say it where those read who are called: nobody is put on duty in silence."""
    await uow.duty.add(DutyShift(0, shift.user, shift.starts_at, shift.ends_at, by.user, ctx.now, shift.substitute))
    data = _span_of(ctx, shift.starts_at, shift.ends_at)
    # Whoever stands in is called as well, and so has to read it.
    extent, known = ("_with", data | {"substitute": shift.substitute}) if shift.substitute else ("", data)
    await uow.outbox.add(PostOperator(f"duty_set{extent}", known | {"user": shift.user, "by": by.user}))
    await tell(uow, by, f"shift_set{extent}", who=shift.user, **known)
