"""A stored mail is taken in, as `bot.rules.understanding` says.

| verdict                                  | what is done                                                      |
| ---------------------------------------- | ----------------------------------------------------------------- |
| loop                                     | nothing; the copy of a mail of ours has settled its outbox row    |
| unreadable                               | encrypted: as a report, its sender is told; else set aside and    |
|                                          | shown to the operators                                            |
| bounce                                   | `handlers.mail_bounced`                                           |
| auto_reply, list, spam                   | shown on its ticket, if it has one; no answer, no clock           |
| follow_up, escalation on a ticket        | `handlers.customer_answered`                                      |
| report, enquiry, held, escalation        | `handlers.report_received`                                        |

More of strangers' mails than people write are set aside before that (`handlers.flood`).

A spam mark, a mailing list's header or a no-reply sender alone do not silence a report: when the sender is on a
contract, or the text holds a report's numbers, people see it, and only no automatic answer goes out.
"""

from __future__ import annotations

from dataclasses import replace

from bot.commands import EmailReceived
from bot.effects import Note, PostCard, PostInThread, PostOperator
from bot.ports import InboxState, UnitOfWork
from bot.rules.first_reading import first_reading
from bot.rules.understanding import Standing, Verdict, is_sealed
from handlers import appointments, customer_answered, flood, mail_bounced, report_received
from handlers.context import Context, journal
from handlers.received_mail import ReceivedMail, reading_options, received
from handlers.understanding_mail import Understood, understand_mail


async def handle(command: EmailReceived, uow: UnitOfWork, ctx: Context) -> None:
    """Take one stored mail in; the inbox row is finished in the same transaction."""
    arrived = received(command, ctx.reading or first_reading(command.raw, reading_options(ctx.config)), ctx)
    message_id = arrived.mail.message_id
    own_copy = bool(message_id) and await uow.outbox.settle_by_message_id(message_id or "") is not None
    if not own_copy and (again := await _taken_before(arrived, uow)) is not None:
        await uow.inbox.finish(command.inbox_id, InboxState.DONE, "the same mail, delivered another way", again)
        return
    found = await understand_mail(arrived, uow, ctx, own_copy=own_copy)
    if not arrived.screening.may_answer:
        ctx = replace(ctx, no_mail_because=_signs(arrived))
    await _take_in(found, uow, ctx)


def _signs(arrived: ReceivedMail) -> str:
    """The names of the checks that found something; what they found is for `hezo360 explain`, in English."""
    return ", ".join(hit.check for hit in arrived.screening.hits)


async def _take_in(found: Understood, uow: UnitOfWork, ctx: Context) -> None:
    arrived, reason = found.arrived, found.understanding.reason
    if _people_see(found) and await flood.held_back(
        found, found.ticket if _is_on_its_ticket(found) else None, uow, ctx
    ):
        return
    match found.understanding.verdict:
        case Verdict.LOOP:
            await uow.inbox.finish(arrived.inbox_id, InboxState.DONE, reason)
        case Verdict.UNREADABLE if is_sealed(arrived.mail) and arrived.address:
            await report_received.handle(found, uow, ctx)
        case Verdict.UNREADABLE:
            await _set_aside(arrived, reason, uow)
        case Verdict.BOUNCE:
            await mail_bounced.handle(found, uow, ctx)
        case Verdict.AUTO_REPLY | Verdict.LIST | Verdict.SPAM:
            await _automatic(found, uow, ctx)
        case Verdict.FOLLOW_UP:
            await customer_answered.handle(found, uow, ctx)
        case Verdict.ESCALATION if _is_on_its_ticket(found):
            await customer_answered.handle(found, uow, ctx)
        case Verdict.ESCALATION | Verdict.REPORT | Verdict.ENQUIRY | Verdict.HELD:
            await report_received.handle(found, uow, ctx)


def _people_see(found: Understood) -> bool:
    """Whether it opens a ticket, or goes on with one."""
    verdict = found.understanding.verdict
    sealed = verdict is Verdict.UNREADABLE and is_sealed(found.arrived.mail) and bool(found.arrived.address)
    return sealed or verdict in {
        Verdict.ESCALATION, Verdict.REPORT, Verdict.ENQUIRY, Verdict.HELD, Verdict.FOLLOW_UP,
    }  # fmt: skip


def _is_on_its_ticket(found: Understood) -> bool:
    match = found.match
    return match is not None and match.belongs and match.standing in {Standing.OPEN, Standing.REOPENS}


async def _taken_before(arrived: ReceivedMail, uow: UnitOfWork) -> int | None:
    """The ticket that holds this very mail already, taken from another of our addresses or by way of a list.

    Servers on the way add footers, so the content may differ in its end; an id that a program uses twice for different
    mails must lose none of them: sender and time have to be the same, too.
    """
    message_id = arrived.mail.message_id
    if message_id is None:
        return None
    ticket_id = await uow.tickets.ticket_of_message_ids([message_id])
    if ticket_id is None:
        return None
    for message in await uow.tickets.messages(ticket_id):
        same = (message.message_id, message.author, message.sent_at) == (message_id, arrived.address, arrived.sent_at)
        if same and _same_text(message.text, arrived.new_text):
            return ticket_id
    return None


def _same_text(one: str, other: str) -> bool:
    shorter, longer = sorted((" ".join(one.split()), " ".join(other.split())), key=len)
    return shorter == longer or (bool(shorter) and longer.startswith(shorter))


async def _set_aside(arrived: ReceivedMail, reason: str, uow: UnitOfWork) -> None:
    """Nobody can be answered: people have to look at the mail itself."""
    await uow.inbox.finish(arrived.inbox_id, InboxState.PARKED, reason)
    data: dict[str, object] = {"inbox": arrived.inbox_id, "source": "mail", "reason": reason}
    await uow.outbox.add(PostOperator("inbox_parked", data), dedupe_key=f"parked:{arrived.inbox_id}")


async def _automatic(found: Understood, uow: UnitOfWork, ctx: Context) -> None:
    arrived, reason = found.arrived, found.understanding.reason
    outcome = f"written by a program, left alone: {reason}"
    ticket, match = found.ticket, found.match
    if ticket is None or match is None or not match.belongs:
        await uow.inbox.finish(arrived.inbox_id, InboxState.DONE, outcome)
        return
    if await appointments.heed_calendar(arrived, ticket, uow, ctx):
        await uow.tickets.update(ticket)
        await uow.outbox.add(PostCard(ticket.id))
        await uow.inbox.finish(arrived.inbox_id, InboxState.DONE, f"calendar's answer on {ticket.number}", ticket.id)
        return
    await journal(uow, ctx, ticket, "customer", "automatic_mail", reason=reason)
    data: dict[str, object] = {"signs": _signs(arrived), "address": arrived.address, "text": arrived.new_text}
    await uow.outbox.add(PostInThread(ticket.id, Note.AUTOMATIC_MAIL, data))
    await uow.inbox.finish(arrived.inbox_id, InboxState.DONE, outcome, ticket.id)
