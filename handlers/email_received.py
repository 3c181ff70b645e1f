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

A spam mark, a mailing list's header or a no-reply sender alone do not silence a report: when the sender is on a
contract, or the text holds a report's numbers, people see it, and only no automatic answer goes out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.commands import EmailReceived
from bot.effects import Note, PostInThread, SendMail
from bot.model import Ticket
from bot.ports import InboxState, UnitOfWork
from bot.rules.bounces import read_bounce
from bot.rules.mail_matching import KeyKind, MatchKey, check_token, match_keys
from bot.rules.mail_reading import IncomingMail, read_mail
from bot.rules.mail_screening import MailOrigin, screen
from handlers import customer_answered, report_received
from handlers.context import Context, journal
from handlers.intake_facts import gather
from handlers.received_mail import ReceivedMail, received, sender_of

CERTAINLY_AUTOMATIC = frozenset({MailOrigin.AUTO_REPLY, MailOrigin.LOOP})


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
    if screening.kind is MailOrigin.BOUNCE:
        await _bounced(command, mail, uow, ctx)
        return
    match = await _match(arrived, uow, ctx)
    if screening.kind in CERTAINLY_AUTOMATIC or (
        screening.kind is not MailOrigin.HUMAN and not await _may_be_a_report(arrived, uow, ctx)
    ):
        await _automatic(command, match, screening.reason, uow, ctx)
        return
    if not screening.may_answer:
        ctx = replace(ctx, no_mail_because=", ".join(hit.found for hit in screening.hits))
    if match is not None and match.belongs:
        await customer_answered.handle(arrived, match.ticket, uow, ctx)
        return
    quoted = match.ticket.number if match is not None else None
    await report_received.handle(arrived, uow, ctx, quoted_ticket=quoted)


async def _match(arrived: ReceivedMail, uow: UnitOfWork, ctx: Context) -> _Match | None:
    """The ticket that the mail names by its thread headers, its reply address, or the number in its subject.

    None of them lets anybody in: the sender must be on the ticket, or on its contract.
    """
    for key in match_keys(arrived.mail, ctx.config.mail.message_id_domain):
        ticket = await _ticket_of(key, uow, ctx)
        if ticket is not None:
            belongs = await _belongs(arrived.address, ticket, uow)
            return _Match(ticket, belongs and arrived.authentic is not False)
    return None


async def _ticket_of(key: MatchKey, uow: UnitOfWork, ctx: Context) -> Ticket | None:
    match key.kind:
        case KeyKind.OUR_MESSAGE_ID | KeyKind.OTHER_MESSAGE_ID:
            ticket_id = await uow.tickets.ticket_of_message_ids([key.value])
            return None if ticket_id is None else await uow.tickets.get(ticket_id)
        case KeyKind.TOKEN:
            number = check_token(key.value, ctx.token_key)
            return None if number is None else await uow.tickets.by_number(number)
        case KeyKind.SUBJECT_NUMBER:
            return await uow.tickets.by_number(key.value)


async def _may_be_a_report(arrived: ReceivedMail, uow: UnitOfWork, ctx: Context) -> bool:
    given = await gather(uow, ctx, arrived.all_text, sender_of(arrived, ctx))
    return bool(given.authorised_on) or given.has_numbers


async def _belongs(address: str, ticket: Ticket, uow: UnitOfWork) -> bool:
    if address in await uow.tickets.participants(ticket.id):
        return True
    if ticket.contract_id is None or ticket.accepted_at is None:
        return False
    return (await uow.contracts.get(ticket.contract_id)).authorises(address)


async def _bounced(command: EmailReceived, mail: IncomingMail, uow: UnitOfWork, ctx: Context) -> None:
    """Tell the people on the ticket which address fails; the mail that bounced is found by its Message-ID."""
    bounce = read_bounce(mail)
    original = bounce.original_message_id if bounce else None
    row = await uow.outbox.by_message_id(original) if original else None
    ticket_id = row.effect.ticket_id if row is not None and isinstance(row.effect, SendMail) else None
    if bounce is None or ticket_id is None:
        await uow.inbox.finish(command.inbox_id, InboxState.DONE, f"a bounce of no mail of ours: {mail.subject[:80]}")
        return
    assert row is not None
    assert isinstance(row.effect, SendMail)
    ticket = await uow.tickets.get(ticket_id)
    data: dict[str, object] = {
        "address": bounce.recipient or row.effect.to,
        "reason": " ".join(part for part in (bounce.status, bounce.diagnostic) if part),
        "failed": bounce.failed,
    }
    await journal(uow, ctx, ticket, "mail server", "bounced", **data)
    mention = ctx.on_call(ticket) if bounce.failed else ()
    await uow.outbox.add(PostInThread(ticket.id, Note.BOUNCED, data, mention=mention, urgent=bounce.failed))
    await uow.inbox.finish(command.inbox_id, InboxState.DONE, "bounce", ticket.id)


async def _automatic(command: EmailReceived, match: _Match | None, reason: str, uow: UnitOfWork, ctx: Context) -> None:
    outcome = f"written by a program, left alone: {reason}"
    if match is None or not match.belongs:
        await uow.inbox.finish(command.inbox_id, InboxState.DONE, outcome)
        return
    await journal(uow, ctx, match.ticket, "customer", "automatic_mail", reason=reason)
    await uow.outbox.add(PostInThread(match.ticket.id, Note.AUTOMATIC_MAIL, {"reason": reason}))
    await uow.inbox.finish(command.inbox_id, InboxState.DONE, outcome, match.ticket.id)
