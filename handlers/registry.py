"""Which handler takes which command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
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
    FilesFetched,
    FilesNotShown,
    MailNotSent,
    MailSent,
    NothingToDo,
    OpenHome,
    RemoveShift,
    ReplyToCustomer,
    SetPriority,
    SetShift,
    SwapShifts,
    TakeTicket,
    TimerDue,
    TypedCommand,
)
from bot.commands_acting import (
    AskForData,
    AssignTicket,
    HoldTicket,
    LinkTickets,
    LogCall,
    MarkSpam,
    MergeTicket,
    ReopenTicket,
    ResolveTicket,
    SnoozeTicket,
    SplitTicket,
    WakeTicket,
)
from bot.commands_channels import ChannelMessage, ChannelMessageDeleted, DecideOffer, OpenTicket, ReportProblem
from bot.commands_sending import (
    KeepInternal,
    OwnMessageDeleted,
    SendThreadMessage,
    ThreadMessage,
    ThreadMessageDeleted,
    ThreadMessageEdited,
    UndoSending,
)
from bot.effects import FetchCustomerFiles
from bot.entitlement_commands import (
    CancelDate,
    ChooseEntitlement,
    CorrectEntitlement,
    DecideEntitlement,
    DeliverReport,
    DismissNotice,
    OfferService,
    OfferTimes,
    PickDate,
    RecordEntitlement,
)
from bot.escalation_commands import (
    AcknowledgeEscalation,
    DecideProposal,
    EscalateTicket,
    LogEscalationCall,
    ReassignEscalation,
    ResolveEscalation,
    SnoozeEscalation,
    TakeOverEscalation,
    TieEscalation,
)
from bot.interview_commands import AnswerInterview, AskInterview, BeginInterview, ExportInterview
from bot.ports import UnitOfWork
from bot.replacement_commands import (
    AskUser,
    BeginReplacement,
    CancelReplacement,
    CloseReplacement,
    ConfirmFault,
    DeclineReplacement,
    DispatchReplacement,
    LogConfirmation,
    RecordCheck,
    RecordDelivery,
    RecordReturn,
    RefuteFault,
    ReportLoss,
    SendReturnWaybill,
    VerifyFault,
    WaiveReturn,
)
from bot.rules.firsts import typed_in
from handlers import (
    acted,
    acting,
    agreed_dates,
    appointments,
    attachments,
    calls,
    card_refresh,
    channel_messages,
    clock_levels,
    composed_replies,
    date_actions,
    duty,
    email_received,
    entitlement_actions,
    escalation_actions,
    escalation_alerts,
    escalation_calls,
    escalation_proposals,
    escalations,
    firsts,
    home_opened,
    interviews,
    mail_outcome,
    merging,
    opened_tickets,
    quoted_ticket,
    replacement_actions,
    replacement_answers,
    replacement_returns,
    replacement_timers,
    report_actions,
    sendings,
    service_offers,
    thread_messages,
    ticket_actions,
    timer_due,
    typed_commands,
)
from handlers.context import Context

Handler = Callable[[Any, UnitOfWork, Context], Awaitable[None]]


async def _nothing(_command: NothingToDo, _uow: UnitOfWork, _ctx: Context) -> None:
    """A recorded payload that asks for nothing."""


async def _timer(command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
    await TIMERS[command.timer.kind](command, uow, ctx)


async def _in_thread(command: ThreadMessage, uow: UnitOfWork, ctx: Context) -> None:
    """A thread is a customer's, a ticket's, or none of ours."""
    if not await channel_messages.in_thread(command, uow, ctx):
        await thread_messages.written(command, uow, ctx)


async def _edited_in_thread(command: ThreadMessageEdited, uow: UnitOfWork, ctx: Context) -> None:
    if not await channel_messages.edited_in_thread(command, uow, ctx):
        await thread_messages.edited(command, uow, ctx)


async def _deleted_in_thread(command: ThreadMessageDeleted, uow: UnitOfWork, ctx: Context) -> None:
    await channel_messages.deleted(command, uow, ctx)
    await thread_messages.deleted(command, uow, ctx)


async def _fetched(command: FilesFetched, uow: UnitOfWork, ctx: Context) -> None:
    is_customers = isinstance((await uow.outbox.get(command.outbox_id)).effect, FetchCustomerFiles)
    await (attachments.fetched if is_customers else thread_messages.files_fetched)(command, uow, ctx)


TIMERS: dict[str, Handler] = {
    "clock": timer_due.handle,
    clock_levels.UNASSIGNED: timer_due.unassigned,
    card_refresh.CARD: card_refresh.handle,
    replacement_timers.REPLACEMENT: replacement_timers.due,
    agreed_dates.APPOINTMENT: appointments.reminder_due,
    service_offers.SERVICE_OFFER: service_offers.unanswered,
    escalations.ESCALATION: escalations.call_due,
    sendings.SENDING: sendings.due,
    acted.SNOOZE: acting.snooze_over,
    escalation_alerts.DELIVERY: escalation_alerts.delivery_due,
}

HANDLERS: dict[type[Command], Handler] = {
    EmailReceived: email_received.handle,
    ReplyToCustomer: sendings.reply,
    ThreadMessage: _in_thread,
    ThreadMessageEdited: _edited_in_thread,
    ChannelMessage: channel_messages.written,
    ChannelMessageDeleted: channel_messages.deleted,
    DecideOffer: channel_messages.decided,
    ReportProblem: channel_messages.reported,
    OpenTicket: opened_tickets.handle,
    ThreadMessageDeleted: _deleted_in_thread,
    OwnMessageDeleted: thread_messages.own_deleted,
    SendThreadMessage: thread_messages.send,
    AssignTicket: acting.assign,
    HoldTicket: acting.hold,
    ReopenTicket: acting.reopen,
    SnoozeTicket: acting.snooze,
    WakeTicket: acting.wake,
    LinkTickets: acting.link,
    AskForData: composed_replies.ask,
    ResolveTicket: composed_replies.resolve,
    MergeTicket: merging.merge,
    SplitTicket: merging.split,
    MarkSpam: merging.spam,
    LogCall: calls.handle,
    KeepInternal: thread_messages.keep_internal,
    UndoSending: sendings.undo,
    FilesFetched: _fetched,
    TakeTicket: ticket_actions.take,
    SetPriority: ticket_actions.set_priority,
    DecideSender: ticket_actions.decide_sender,
    DecideQuotation: quoted_ticket.decide,
    CloseTicket: ticket_actions.close,
    AgreeDate: date_actions.propose,
    ConfirmDate: date_actions.confirm,
    DateKept: date_actions.kept,
    EscalateTicket: escalation_actions.raise_by_hand,
    LogEscalationCall: escalation_calls.log,
    AcknowledgeEscalation: escalation_actions.acknowledge,
    TakeOverEscalation: escalation_actions.take_over,
    ReassignEscalation: escalation_actions.reassign,
    SnoozeEscalation: escalation_actions.snooze,
    ResolveEscalation: escalation_actions.resolve,
    TieEscalation: escalation_actions.tie,
    DecideProposal: escalation_proposals.decide,
    TypedCommand: typed_commands.handle,
    SetShift: duty.set_shift,
    SwapShifts: duty.swap,
    RemoveShift: duty.remove,
    BeginInterview: interviews.begin,
    AnswerInterview: interviews.answer,
    AskInterview: interviews.ask,
    ExportInterview: interviews.export,
    BeginReplacement: replacement_actions.begin,
    RecordCheck: replacement_actions.record_check,
    VerifyFault: replacement_actions.verify,
    RefuteFault: replacement_actions.refute,
    AskUser: replacement_actions.ask,
    ConfirmFault: replacement_answers.pressed,
    LogConfirmation: replacement_actions.log_confirmation,
    DeclineReplacement: replacement_actions.decline,
    CancelReplacement: replacement_actions.cancel,
    DispatchReplacement: replacement_actions.dispatch,
    ReportLoss: replacement_actions.lose,
    CloseReplacement: replacement_actions.close,
    RecordDelivery: replacement_returns.deliver,
    SendReturnWaybill: replacement_returns.send_waybill,
    RecordReturn: replacement_returns.give_back,
    WaiveReturn: replacement_returns.waive,
    TimerDue: _timer,
    MailSent: mail_outcome.sent,
    MailNotSent: mail_outcome.not_sent,
    FilesNotShown: attachments.not_shown,
    DecideEntitlement: entitlement_actions.decide,
    ChooseEntitlement: entitlement_actions.choose,
    RecordEntitlement: entitlement_actions.record,
    CorrectEntitlement: entitlement_actions.correct,
    DeliverReport: report_actions.deliver,
    OfferService: service_offers.offer,
    DismissNotice: service_offers.dismiss,
    OfferTimes: appointments.offer,
    PickDate: appointments.pick,
    CancelDate: appointments.cancel,
    OpenHome: home_opened.handle,
    NothingToDo: _nothing,
}


async def dispatch(command: Command, uow: UnitOfWork, ctx: Context) -> None:
    """Let the command's handler run inside the caller's transaction, unless somebody else was first."""
    if not await firsts.somebody_was_first(command, uow, ctx):
        await HANDLERS[type(command)](command, uow, replace(ctx, typed=typed_in(command)))
