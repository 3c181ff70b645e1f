"""A stored mail is understood: screened, matched to its ticket, or taken as a new report.

The order of the questions:

| question                             | yes                                                        |
| ------------------------------------ | ---------------------------------------------------------- |
| is it a copy of a mail that we sent? | settles the outbox row; nothing else                       |
| is it over the size limit?           | the sender is told; the engineers see that it came         |
| is it a bounce?                      | the ticket's thread says which address fails               |
| is it written by a program?          | shown on its ticket, if it has one; no answer, no clock    |
| does it belong to a ticket?          | `handlers.customer_answered`                               |
| otherwise                            | `handlers.report_received`                                 |
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands import EmailReceived
from bot.effects import Note, PostInThread
from bot.model import Ticket
from bot.ports import InboxState, UnitOfWork
from bot.rules.mail_matching import match_keys
from bot.rules.mail_reading import IncomingMail, read_mail
from bot.rules.mail_screening import ScreeningKind, screen
from handlers import customer_answered, report_received
from handlers.context import Context, journal
from handlers.received_mail import ReceivedMail, received


@dataclass(frozen=True, slots=True)
class _Match:
    """A ticket that a mail names, and whether its sender belongs there."""

    ticket: Ticket
    belongs: bool


async def handle(command: EmailReceived, uow: UnitOfWork, ctx: Context) -> None:
    """Understand one stored mail; the inbox row is finished in the same transaction."""
    mail = read_mail(command.raw)
    if mail.message_id and await uow.outbox.settle_by_message_id(mail.message_id) is not None:
        await uow.inbox.finish(command.inbox_id, InboxState.DONE, "our own mail, as the mail server delivered it")
        return
    screening = screen(mail, ctx.config.mail.own_addresses, ctx.config.mail.message_id_domain)
    arrived = received(command, mail, screening, ctx)
    if screening.kind is ScreeningKind.BOUNCE:
        await _bounced(command, mail, arrived, uow, ctx)
        return
    match = await _match(mail, arrived, uow)
    if screening.kind is not ScreeningKind.HUMAN:
        await _automatic(command, match, screening.reason, uow, ctx)
        return
    if match is not None and match.belongs:
        await customer_answered.handle(arrived, match.ticket, uow, ctx)
        return
    quoted = match.ticket.number if match is not None else None
    await report_received.handle(arrived, uow, ctx, quoted_ticket=quoted)


async def _match(mail: IncomingMail, arrived: ReceivedMail, uow: UnitOfWork) -> _Match | None:
    """The ticket by our Message-IDs in the thread headers, then by the number in the subject.

    Neither lets anybody in: the sender must be on the ticket, or on its contract.
    """
    keys = match_keys(mail)
    ticket_id = await uow.tickets.ticket_of_message_ids(keys.message_ids) if keys.message_ids else None
    ticket = await uow.tickets.get(ticket_id) if ticket_id is not None else None
    for number in keys.ticket_numbers if ticket is None else ():
        ticket = await uow.tickets.by_number(number)
        if ticket is not None:
            break
    if ticket is None:
        return None
    belongs = arrived.address in await uow.tickets.participants(ticket.id)
    if not belongs and ticket.contract_id is not None and ticket.accepted_at is not None:
        belongs = (await uow.contracts.get(ticket.contract_id)).authorises(arrived.address)
    return _Match(ticket, belongs and arrived.authentic is not False)


async def _bounced(
    command: EmailReceived, mail: IncomingMail, arrived: ReceivedMail, uow: UnitOfWork, ctx: Context
) -> None:
    bounce = arrived.screening.bounce
    original = bounce.original_message_id if bounce else None
    row = await uow.outbox.by_message_id(original) if original else None
    ticket_id = await uow.tickets.ticket_of_message_ids([original]) if original else None
    if ticket_id is None or bounce is None or row is None:
        await uow.inbox.finish(command.inbox_id, InboxState.DONE, f"a bounce of no mail of ours: {mail.subject[:80]}")
        return
    ticket = await uow.tickets.get(ticket_id)
    failing = ", ".join(bounce.recipients) or arrived.address
    data: dict[str, object] = {"address": failing, "reason": bounce.diagnostic, "failed": bounce.failed}
    await journal(uow, ctx, ticket, "mail server", "bounced", **data)
    await uow.outbox.add(
        PostInThread(ticket.id, Note.BOUNCED, data, mention=ctx.on_call(ticket) if bounce.failed else (), urgent=True)
    )
    await uow.inbox.finish(command.inbox_id, InboxState.DONE, "bounce", ticket.id)


async def _automatic(command: EmailReceived, match: _Match | None, reason: str, uow: UnitOfWork, ctx: Context) -> None:
    outcome = f"written by a program, left alone: {reason}"
    if match is None or not match.belongs:
        await uow.inbox.finish(command.inbox_id, InboxState.DONE, outcome)
        return
    await journal(uow, ctx, match.ticket, "customer", "automatic_mail", reason=reason)
    await uow.outbox.add(PostInThread(match.ticket.id, Note.AUTOMATIC_MAIL, {"reason": reason}))
    await uow.inbox.finish(command.inbox_id, InboxState.DONE, outcome, match.ticket.id)
