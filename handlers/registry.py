"""Which handler takes which command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.commands import (
    AgreeDate,
    CloseTicket,
    Command,
    ConfirmDate,
    DateKept,
    DecideQuotation,
    DecideSender,
    EmailReceived,
    FilesNotShown,
    MailNotSent,
    MailSent,
    NothingToDo,
    OpenHome,
    ReplyToCustomer,
    SetPriority,
    TakeTicket,
    TimerDue,
)
from bot.ports import UnitOfWork
from handlers import (
    attachments,
    card_refresh,
    date_actions,
    email_received,
    engineer_replied,
    home_opened,
    mail_outcome,
    quoted_ticket,
    ticket_actions,
    timer_due,
)
from handlers.context import Context

Handler = Callable[[Any, UnitOfWork, Context], Awaitable[None]]


async def _nothing(_command: NothingToDo, _uow: UnitOfWork, _ctx: Context) -> None:
    """A recorded payload that asks for nothing."""


async def _timer(command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
    await TIMERS[command.timer.kind](command, uow, ctx)


TIMERS: dict[str, Handler] = {
    "clock": timer_due.handle,
    card_refresh.CARD: card_refresh.handle,
}

HANDLERS: dict[type[Command], Handler] = {
    EmailReceived: email_received.handle,
    ReplyToCustomer: engineer_replied.handle,
    TakeTicket: ticket_actions.take,
    SetPriority: ticket_actions.set_priority,
    DecideSender: ticket_actions.decide_sender,
    DecideQuotation: quoted_ticket.decide,
    CloseTicket: ticket_actions.close,
    AgreeDate: date_actions.propose,
    ConfirmDate: date_actions.confirm,
    DateKept: date_actions.kept,
    TimerDue: _timer,
    MailSent: mail_outcome.sent,
    MailNotSent: mail_outcome.not_sent,
    FilesNotShown: attachments.not_shown,
    OpenHome: home_opened.handle,
    NothingToDo: _nothing,
}


async def dispatch(command: Command, uow: UnitOfWork, ctx: Context) -> None:
    """Let the command's handler run inside the caller's transaction."""
    await HANDLERS[type(command)](command, uow, ctx)
