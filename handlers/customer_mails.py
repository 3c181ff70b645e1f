"""The bot's own mails to customers: what is said when. The sentences are in `bot/rules/locale/customer.*.toml`.

Every one of them is automatic: it is no contact by an engineer, it is marked as such, and it is capped per sender.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.effects import MailKind, Note, PostInThread, SendMail
from bot.model import ClockKind, ClockState, Direction, Message, Priority, SlaClock, Ticket
from bot.ports import UnitOfWork
from bot.rules.intake import Problem
from bot.rules.mail_writing import can_be_mailed
from bot.rules.wording import Words, format_date, format_day
from handlers import clocks
from handlers.context import Context, journal

PRIORITY_CHOICES = (Priority.CRITICAL, Priority.NON_CRITICAL, Priority.QUESTION)
"""In the order of the numbers 1, 2 and 3 that customers answer with."""


async def accepted(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """The report is complete: its number, its facts, when an engineer gets in touch, and the open priority question."""
    w = ctx.customer_words(ticket.language)
    parts = [
        w("accepted", number=ticket.number),
        await _facts(uow, ticket, w),
        await _promise(uow, ctx, ticket, w),
    ]
    await _send(uow, ctx, ticket, MailKind.ACKNOWLEDGEMENT, parts, dedupe_key=f"accepted:{ticket.id}", asks=True)


async def ask(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """One mail that lists exactly what is missing or wrong; the customer's clock runs if we know them."""
    w = ctx.customer_words(ticket.language)
    problems = ticket.facts["problems"]
    assert isinstance(problems, list)
    listed = "\n".join(f"– {sentence}" for problem, *values in problems for sentence in _problem(w, problem, values))
    parts = [w("incomplete", number=ticket.number), listed, w("incomplete_how")]
    await _send(uow, ctx, ticket, MailKind.QUESTION, parts, asks=True)
    if not ctx.no_mail_because and await uow.contracts.for_address(ticket.requester):
        await clocks.end(uow, ctx, ticket, ClockState.CANCELLED, ctx.now, ClockKind.CUSTOMER_REPLY)
        await clocks.start(uow, ctx, ticket, ClockKind.CUSTOMER_REPLY, ctx.now, None)


async def held(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """The same words whatever the registry holds: a stranger learns nothing about a contract."""
    w = ctx.customer_words(ticket.language)
    parts = [w("held", number=ticket.number)]
    await _send(uow, ctx, ticket, MailKind.ACKNOWLEDGEMENT, parts, dedupe_key=f"held:{ticket.id}", asks=True)


async def rejected(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """An engineer did not confirm the sender."""
    w = ctx.customer_words(ticket.language)
    await _send(uow, ctx, ticket, MailKind.NOTICE, [w("rejected", number=ticket.number)])


async def enquiry(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """A question about the offer: a polite answer, nothing asked."""
    w = ctx.customer_words(ticket.language)
    await _send(uow, ctx, ticket, MailKind.ACKNOWLEDGEMENT, [w("enquiry", number=ticket.number)])


async def too_large(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """The mail was over the size limit and was not read."""
    w = ctx.customer_words(ticket.language)
    limit = max(mailbox.max_size_mb for mailbox in ctx.config.mail.imap)
    await _send(uow, ctx, ticket, MailKind.QUESTION, [w("too_large", number=ticket.number, limit=limit)])


async def priority_confirmed(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """The customer chose the priority: what that means for the time."""
    w = ctx.customer_words(ticket.language)
    name = w(f"priority_{ticket.priority}")
    parts = [w("priority_confirmed", number=ticket.number, priority=name), await _promise(uow, ctx, ticket, w)]
    await _send(uow, ctx, ticket, MailKind.NOTICE, parts)


async def date_confirmed(uow: UnitOfWork, ctx: Context, ticket: Ticket, date: datetime) -> None:
    """The proposed date is agreed: the customer has it in writing, whoever confirmed it."""
    w = ctx.customer_words(ticket.language)
    said = format_date(date, ticket.language, ctx.zone)
    await _send(uow, ctx, ticket, MailKind.NOTICE, [w("date_confirmed", number=ticket.number, date=said)])


async def remind(uow: UnitOfWork, ctx: Context, ticket: Ticket, *, last: bool) -> None:
    """The customer's answer is awaited; the last reminder offers to close."""
    w = ctx.customer_words(ticket.language)
    key = "remind_last" if last else "remind"
    await _send(uow, ctx, ticket, MailKind.REMINDER, [w(key, number=ticket.number, subject=ticket.subject)])


async def engineer_reply(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, author: str, author_name: str, text: str
) -> Message:
    """An engineer's own words: no automatic mail, in the engineer's name. Gives the stored message."""
    w = ctx.customer_words(ticket.language)
    message = await uow.tickets.add_message(
        Message(0, ticket.id, Direction.TO_CUSTOMER, author, author_name, text, ctx.now)
    )
    service = ctx.config.service
    references = _references(ticket)
    signature = w("engineer_signature", name=author_name, service=service.name, hotline=service.hotline)
    await uow.outbox.add(
        SendMail(
            kind=MailKind.REPLY,
            ticket_id=ticket.id,
            to=ticket.requester,
            to_name=ticket.requester_name,
            subject=ticket.subject,
            text=f"{text}\n\n{signature}",
            language=ticket.language,
            author=author,
            from_name=f"{author_name} ({service.name})",
            message_id=message.id,
            in_reply_to=references[-1] if references else None,
            references=references,
        )
    )
    return message


def _references(ticket: Ticket) -> tuple[str, ...]:
    """The thread that our next mail answers, the customer's last mail at its end."""
    ids = ticket.facts.get("reply_to_ids")
    return tuple(str(one) for one in ids) if isinstance(ids, list) else ()


async def _send(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    kind: MailKind,
    parts: list[str],
    *,
    dedupe_key: str | None = None,
    asks: bool = False,
) -> None:
    """Write an automatic mail, unless it must not or cannot be sent; the ticket's thread shows either.

    Args:
        dedupe_key: A mail of this key is written once and never again.
        asks: Append the priority question while the priority is only provisional.
    """
    if await _withheld(uow, ctx, ticket, kind):
        return
    w = ctx.customer_words(ticket.language)
    service = ctx.config.service
    references = _references(ticket)
    said = "\n\n".join(part for part in parts if part)
    question = [_priority_question(w)] if asks and not ticket.priority_confirmed else []
    signature = w("signature", service=service.name, hotline=service.hotline)
    added = await uow.outbox.add(
        SendMail(
            kind=kind,
            ticket_id=ticket.id,
            to=ticket.requester,
            to_name=ticket.requester_name,
            subject=ticket.subject,
            text="\n\n".join([w("greeting"), said, *question, signature]),
            language=ticket.language,
            in_reply_to=references[-1] if references else None,
            references=references,
        ),
        dedupe_key=dedupe_key,
    )
    if added is not None:
        await uow.outbox.add(PostInThread(ticket.id, Note.MAILED, {"kind": kind, "text": said}))


async def _withheld(uow: UnitOfWork, ctx: Context, ticket: Ticket, kind: MailKind) -> bool:
    """Whether no automatic mail may go out now; the engineers then know that the customer read nothing."""
    cap = ctx.config.intake.automatic_mails_per_sender_and_hour
    if not can_be_mailed(ticket.requester):
        reason, detail = "no_address", ticket.requester
    elif ctx.no_mail_because:
        reason, detail = "automatic", ctx.no_mail_because
    elif await uow.outbox.automatic_mails_to(ticket.requester, ctx.now - timedelta(hours=1)) >= cap:
        reason, detail = "cap", str(cap)
    else:
        return False
    await journal(uow, ctx, ticket, "bot", "mail_withheld", kind=kind, reason=reason, detail=detail)
    await uow.outbox.add(PostInThread(ticket.id, Note.MAIL_WITHHELD, {"reason": reason, "detail": detail}))
    return True


async def _facts(uow: UnitOfWork, ticket: Ticket, w: Words) -> str:
    lines = [w("fact_device", model=device.model, serial=device.serial) for device in ticket.devices]
    if ticket.contract_id is not None and ticket.accepted_at is not None:
        contract = await uow.contracts.get(ticket.contract_id)
        lines.append(w("fact_contract", number=contract.number))
    provisional = "" if ticket.priority_confirmed else "_provisional"
    lines.append(w(f"fact_priority{provisional}", priority=w(f"priority_{ticket.priority}")))
    return "\n".join(lines)


async def _promise(uow: UnitOfWork, ctx: Context, ticket: Ticket, w: Words) -> str:
    """Until when an engineer gets in touch; nothing where no such clock runs."""
    waiting: tuple[SlaClock, ...] = await clocks.running(uow, ticket, ClockKind.REACTION, ClockKind.REPLY)
    if not waiting:
        return ""
    due = waiting[0].due_at
    local = due.astimezone(ctx.zone)
    # A mail may be read tomorrow: no "today" in it.
    return w(
        "promise" if due > ctx.now else "promise_late",
        due=f"{format_day(local.date(), ticket.language)}, {local:%H:%M} ({local.tzname()})",
    )


def _priority_question(w: Words) -> str:
    choices = "\n".join(f"{n} – {w(f'choice_{priority}')}" for n, priority in enumerate(PRIORITY_CHOICES, start=1))
    return w("priority_ask") + "\n" + choices


def _problem(w: Words, problem: str, values: list[str]) -> list[str]:
    """The sentences about one problem; those about several serials come once for each."""
    match Problem(problem):
        case Problem.SERIAL_UNCLEAR:
            return [
                w("serial_unclear", seen=seen, suggested=suggested)
                for seen, _, suggested in (value.partition("\t") for value in values)
            ]
        case Problem.OTHER_PRODUCT:
            return [
                w("other_product", serial=serial, product=product)
                for serial, _, product in (value.partition("\t") for value in values)
            ]
        case Problem.SERIAL_NOT_COVERED:
            *serials, contract = values
            return [w("serial_not_covered", serial=serial, contract=contract) for serial in serials]
        case Problem.CONTRACT_NOT_VALID:
            number, begins, ends = values
            return [w("contract_not_valid", contract=number, begins=begins, ends=ends)]
        case Problem.SERIAL_MALFORMED | Problem.MODULE_ONLY | Problem.CONTRACT_NOT_MATCHED:
            return [w(problem, value=value) for value in values]
        case Problem.SEVERAL_CONTRACTS:
            return [w(problem, values=", ".join(values))]
        case Problem.NO_SERIAL | Problem.NO_CONTRACT | Problem.UNLICENSED_VM:
            return [w(problem)]
