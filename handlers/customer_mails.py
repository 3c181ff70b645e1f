"""The bot's own words to customers: what is said when. The sentences are in `bot/rules/locale/customer.*.toml`.

They go by mail or into the customer's Slack thread (`handlers.customer_words`). Every one of them is automatic: it is
no contact by an engineer, it is marked as such, and it is capped per sender and per ticket.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.effects import MailKind, Note, PostInThread
from bot.model import ClockKind, ClockState, Direction, Message, SlaClock, Ticket, TicketState
from bot.ports import UnitOfWork
from bot.rules.heard import Heard
from bot.rules.mail_writing import bare_subject
from bot.rules.question_text import missing_lines, notes_on_acceptance, priority_question
from bot.rules.wording import Words, format_full_date
from handlers import clocks, customer_words
from handlers.context import Context, journal
from handlers.intake_facts import contracts_of_requester

ROW = "automatic_in_a_row"
"""The key of a ticket's facts that counts its automatic mails since a person last wrote anything new."""


async def accepted(uow: UnitOfWork, ctx: Context, ticket: Ticket, *, promised: SlaClock | None = None) -> None:
    """The report is complete: its number, its facts, when an engineer gets in touch, and the open priority question.

    Args:
        promised: The only clock of that which runs, where the caller has just started it.
    """
    w = ctx.customer_words(ticket.language)
    heard = Heard.from_json(ticket.facts.get("heard"))
    follows = ticket.facts.get("follows")
    parts = [
        w("accepted", number=ticket.number),
        w("accepted_follows", number=follows) if follows else "",
        await _facts(uow, ticket, w),
        *notes_on_acceptance(w, heard),
        await _promise(uow, ctx, ticket, w, promised),
    ]
    await _send(uow, ctx, ticket, MailKind.ACKNOWLEDGEMENT, parts, dedupe_key=f"accepted:{ticket.id}", asks=True)


async def ask(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, *, opening: str = "incomplete_approved", priority_noted: bool = False
) -> None:
    """One mail that lists exactly what is missing or wrong; the customer's clock runs if we know them.

    Args:
        opening: The sentence before the list: "incomplete", "incomplete_again" or "incomplete_approved".
        priority_noted: The customer's last mail said the priority; that is confirmed with it.
    """
    w = ctx.customer_words(ticket.language)
    noted = w("priority_noted", priority=w(f"priority_{ticket.priority}")) if priority_noted else ""
    parts = [w(opening, number=ticket.number), missing(ticket, w), noted]
    asked = await _send(uow, ctx, ticket, MailKind.QUESTION, parts, asks=True, closing=w("incomplete_how"))
    if asked and await contracts_of_requester(uow, ticket):
        await clocks.end(uow, ctx, ticket, ClockState.CANCELLED, ctx.now, ClockKind.CUSTOMER_REPLY)
        await clocks.start(uow, ctx, ticket, ClockKind.CUSTOMER_REPLY, ctx.now, None)


def missing(ticket: Ticket, w: Words) -> str:
    """The lines about what the ticket lacks."""
    problems, offer = ticket.facts.get("problems"), ticket.facts.get("offer")
    by_slack = ticket.customer_channel is not None
    said = problems if isinstance(problems, list) else []
    return missing_lines(w, said, offer if isinstance(offer, dict) else None, by_slack=by_slack)


async def held(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """The same words whatever the registry holds: a stranger learns nothing about a contract."""
    w = ctx.customer_words(ticket.language)
    asks = not ticket.facts.get("quoted_ticket")  # that may be no report at all
    parts = [w("held_again" if ticket.facts.get("priority_asked") else "held", number=ticket.number)]
    await _send(uow, ctx, ticket, MailKind.ACKNOWLEDGEMENT, parts, dedupe_key=f"held:{ticket.id}", asks=asks)


async def rejected(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """An engineer did not confirm the sender."""
    w = ctx.customer_words(ticket.language)
    await _send(uow, ctx, ticket, MailKind.NOTICE, [w("rejected", number=ticket.number)])


async def enquiry(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """A question about the offer: a polite answer, nothing asked."""
    w = ctx.customer_words(ticket.language)
    await _send(uow, ctx, ticket, MailKind.ACKNOWLEDGEMENT, [w("enquiry", number=ticket.number)])


async def too_large(uow: UnitOfWork, ctx: Context, ticket: Ticket, *, again: bool = False) -> None:
    """The mail was over the size limit and was not read.

    Args:
        again: The report stands already: its numbers need no repetition.
    """
    w = ctx.customer_words(ticket.language)
    limit = max(mailbox.max_size_mb for mailbox in ctx.config.mail.imap)
    key = "too_large_again" if again else "too_large"
    await _send(uow, ctx, ticket, MailKind.QUESTION, [w(key, number=ticket.number, limit=limit)])


async def sealed(uow: UnitOfWork, ctx: Context, ticket: Ticket, *, again: bool = False) -> None:
    """The mail was encrypted and could not be read; `again` as in `too_large`."""
    w = ctx.customer_words(ticket.language)
    await _send(uow, ctx, ticket, MailKind.QUESTION, [w("sealed_again" if again else "sealed", number=ticket.number)])


async def priority_confirmed(uow: UnitOfWork, ctx: Context, ticket: Ticket) -> None:
    """The customer chose the priority: what that means for the time."""
    w = ctx.customer_words(ticket.language)
    name = w(f"priority_{ticket.priority}")
    parts = [w("priority_confirmed", number=ticket.number, priority=name), await _promise(uow, ctx, ticket, w)]
    await _send(uow, ctx, ticket, MailKind.NOTICE, parts)


async def date_confirmed(uow: UnitOfWork, ctx: Context, ticket: Ticket, date: datetime) -> None:
    """The proposed date is agreed: the customer has it in writing, whoever confirmed it."""
    w = ctx.customer_words(ticket.language)
    said = format_full_date(date, ticket.language, ctx.zone)
    await _send(uow, ctx, ticket, MailKind.NOTICE, [w("date_confirmed", number=ticket.number, date=said)])


async def notice(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    parts: list[str],
    kind: MailKind = MailKind.NOTICE,
    *,
    calendar: str | None = None,
) -> bool:
    """Tell the customer something that asks for nothing; gives whether it was written now. See `_send`."""
    return await _send(uow, ctx, ticket, kind, parts, calendar=calendar)


async def remind(uow: UnitOfWork, ctx: Context, ticket: Ticket, *, last: bool) -> None:
    """The customer's answer is awaited; the last reminder offers to close."""
    w = ctx.customer_words(ticket.language)
    sentence, subject = "remind_last" if last else "remind", bare_subject(ticket.subject)
    report = w("named_report", number=ticket.number, subject=subject) if subject else ticket.number
    if ticket.state is TicketState.INCOMPLETE:
        parts = [w(f"{sentence}_missing", report=report), missing(ticket, w), w("incomplete_how")]
    else:
        parts = [w(sentence, report=report), await _our_last_words(uow, ticket, w)]
    await _send(uow, ctx, ticket, MailKind.REMINDER, parts)


async def _our_last_words(uow: UnitOfWork, ticket: Ticket, w: Words) -> str:
    """What an engineer wrote last, as a quotation: whoever is reminded need not look for what was asked."""
    ours = [
        m.text
        for m in await uow.tickets.messages(ticket.id)
        if m.direction is Direction.TO_CUSTOMER and not m.automatic
    ]
    if not ours:
        return ""
    quoted = "\n".join(f"> {line}".rstrip() for line in ours[-1].strip().splitlines())
    return f"{w('our_last_words')}\n{quoted}"


async def engineer_reply(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    author: str,
    author_name: str,
    text: str,
    *,
    slack_ts: str | None = None,
    files: tuple[tuple[str, str, str], ...] = (),
    choices: tuple[tuple[str, str], ...] = (),
) -> Message:
    """An engineer's own words: no automatic mail, in the engineer's name. Gives the stored message.

    The caller stores the ticket.

    Args:
        slack_ts: The post that shows it, where there is one already.
        files, choices: What goes along (`customer_words.send`).
    """
    a_person_wrote(ticket)
    message = await uow.tickets.add_message(
        Message(0, ticket.id, Direction.TO_CUSTOMER, author, author_name, text, ctx.now, slack_ts=slack_ts)
    )
    await customer_words.send(
        uow, ctx, ticket, MailKind.REPLY, text,
        author=author, author_name=author_name, message_id=message.id, files=files, choices=choices,
    )  # fmt: skip
    return message


async def _send(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    kind: MailKind,
    parts: list[str],
    *,
    dedupe_key: str | None = None,
    asks: bool = False,
    closing: str = "",
    calendar: str | None = None,
) -> bool:
    """Write an automatic mail, unless it must not or cannot be sent; the ticket's thread shows either.

    The caller stores the ticket.

    Returns:
        Whether it was written now.

    Args:
        dedupe_key: A mail of this key is written once and never again.
        asks: Append the priority question while the priority is only provisional.
        closing: What is said below that question.
        calendar: An iCalendar object that goes along.
    """
    if await _withheld(uow, ctx, ticket, kind):
        return False
    w = ctx.customer_words(ticket.language)
    said = "\n\n".join(part for part in parts if part)
    with_question = asks and not ticket.priority_confirmed
    again = bool(ticket.facts.get("priority_asked"))
    question = [priority_question(w, beside_others=kind is MailKind.QUESTION, again=again)] if with_question else []
    text = "\n\n".join(filter(None, [said, *question, closing]))
    added = await customer_words.send(uow, ctx, ticket, kind, text, dedupe_key=dedupe_key, calendar=calendar)
    if added is None:
        return False
    ticket.facts["priority_asked"] = again or with_question
    if kind is not MailKind.REMINDER:  # those are few by their own rule, and whatever is answered ends them
        ticket.facts[ROW] = in_a_row(ticket) + 1
    await uow.outbox.add(PostInThread(ticket.id, Note.MAILED, {"kind": kind, "text": said}))
    return True


def a_person_wrote(ticket: Ticket) -> None:
    """Somebody said something new: automatic mails are counted from here on. The caller stores the ticket."""
    ticket.facts[ROW] = 0
    ticket.facts.pop("withheld", None)


def in_a_row(ticket: Ticket) -> int:
    """How many automatic mails the ticket got since a person last wrote anything new."""
    count = ticket.facts.get(ROW, 0)
    return count if isinstance(count, int) else 0


async def _withheld(uow: UnitOfWork, ctx: Context, ticket: Ticket, kind: MailKind) -> bool:
    """Whether no automatic mail may go out now; the engineers then know that the customer read nothing.

    That too many went out already is said once on a ticket: a robot that writes on must not flood the thread.
    """
    an_hour, in_row = ctx.config.intake.automatic_mails_per_sender_and_hour, ctx.config.intake.automatic_mails_in_a_row
    if not customer_words.can_be_reached(ticket):
        reason, detail = "no_address", ticket.requester
    elif ctx.no_mail_because:
        reason, detail = "automatic", ctx.no_mail_because
    elif kind is not MailKind.REMINDER and in_a_row(ticket) >= in_row:
        reason, detail = "row", str(in_row)
    elif await uow.outbox.automatic_mails_to(ticket.requester, ctx.now - timedelta(hours=1)) >= an_hour:
        reason, detail = "cap", str(an_hour)
    else:
        return False
    await journal(uow, ctx, ticket, "bot", "mail_withheld", kind=kind, reason=reason, detail=detail)
    said = ticket.facts.get("withheld")
    if said != reason or reason not in {"row", "cap"}:
        ticket.facts["withheld"] = reason
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


async def _promise(uow: UnitOfWork, ctx: Context, ticket: Ticket, w: Words, promised: SlaClock | None = None) -> str:
    """Until when an engineer gets in touch; nothing where no such clock runs."""
    if promised is None:
        promised = next(iter(await clocks.running(uow, ticket, ClockKind.REACTION, ClockKind.REPLY)), None)
    if promised is None or ctx.in_touch:
        return ""
    due = promised.due_at
    # A mail may be read tomorrow: no "today" in it.
    return w("promise" if due > ctx.now else "promise_late", due=format_full_date(due, ticket.language, ctx.zone))
