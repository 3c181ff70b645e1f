"""Somebody of the staff typed `/hezo ...` (`bot.rules.typed_commands`); every answer is seen by them alone."""

from __future__ import annotations

from datetime import timedelta

from bot.commands import RemoveShift, SetShift, SlackPerson, SwapShifts, TypedCommand
from bot.effects import TellOverview
from bot.escalation_commands import EscalateTicket
from bot.ports import UnitOfWork
from bot.rules.typed_commands import (
    Escalate,
    Help,
    Mistake,
    OpenForm,
    Question,
    RemoveDuty,
    SetDuty,
    ShowDuty,
    SwapDuty,
    Typed,
    understand,
)
from handlers import duty, escalation_actions
from handlers.context import Context, tell


async def handle(command: TypedCommand, uow: UnitOfWork, ctx: Context) -> None:
    """Do what was typed, as of when it was typed, or say what is wrong with it."""
    by = command.by
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
    else:
        await _do(by, understand(command.text, by.at or ctx.now, ctx.zone), uow, ctx)


async def _do(by: SlackPerson, typed: Typed, uow: UnitOfWork, ctx: Context) -> None:
    match typed:
        case Question():
            await _show_overview(by, typed, uow)
        case Help():
            service = ctx.config.service
            await tell(uow, by, "hezo_help", phone=service.escalation_phone, hotline=service.hotline)
        case ShowDuty(span):
            await _show(by, span, uow, ctx)
        case SetDuty(user, starts_at, ends_at, substitute):
            await duty.set_shift(SetShift(by, user or by.user, starts_at, ends_at, substitute), uow, ctx)
        case SwapDuty(one_at, other_at):
            await duty.swap(SwapShifts(by, one_at, other_at), uow, ctx)
        case RemoveDuty(shift_id):
            await duty.remove(RemoveShift(by, shift_id), uow, ctx)
        case Escalate(number, reason):
            await _escalate(by, number, reason, uow, ctx)
        case OpenForm():
            pass  # it was opened while Slack waited; its submission is a command of its own
        case Mistake(what, data):
            await tell(uow, by, f"typed_{what}", **data)


async def _show_overview(by: SlackPerson, asked: Question, uow: UnitOfWork) -> None:
    if by.channel is not None:
        where = (by.thread_ts, by.response_url)
        await uow.outbox.add(TellOverview(by.channel, by.user, asked.what, asked.words, *where))


async def _show(by: SlackPerson, span: timedelta, uow: UnitOfWork, ctx: Context) -> None:
    until = ctx.now + span
    entries = [
        [since.isoformat(), to.isoformat(), shift and shift.user, shift and shift.substitute, shift and shift.id]
        for since, to, shift in await duty.schedule_of(uow, ctx, ctx.now, until)
    ]
    await tell(uow, by, "duty_shown", until=until.isoformat(), entries=entries)


async def _escalate(by: SlackPerson, number: str, reason: str, uow: UnitOfWork, ctx: Context) -> None:
    ticket = await uow.tickets.by_number(number)
    if ticket is None:
        await tell(uow, by, "ticket_unknown", number=number)
        return
    await escalation_actions.raise_by_hand(EscalateTicket(by, ticket.id, reason), uow, ctx)
    await tell(uow, by, "ticket_escalated", number=number)
