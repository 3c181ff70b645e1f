"""Customers in shared Slack channels: what they write there becomes reports, and goes on as the ticket's conversation.

| what                                     | what becomes of it                                                     |
| ---------------------------------------- | ---------------------------------------------------------------------- |
| a message in a mapped channel            | its author alone is asked: a report (a form), a ticket's, or neither   |
| ... and nothing happens for a while      | a report is opened from the words themselves (`slack.report_after`)    |
| ... right after a report by the same     | it belongs to that report: people write in several lines               |
| the form                                 | a report, or the answer to what the report lacked                      |
| a message in a ticket's thread           | a message of the ticket, with its clocks                               |
| ... in a thread that is no ticket's      | as a message in the channel; the thread becomes the ticket's           |
| words of our own staff in such a thread  | a reply to the customer: it was written where they read it             |

Whoever is of another workspace, or configured in `slack.customers`, is a customer and never staff. They represent the
customer on the contracts of their channel; elsewhere nothing they write is heard. Bots start nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.commands_channels import ChannelMessage, ChannelMessageDeleted, DecideOffer, ReportProblem
from bot.commands_sending import ThreadMessage, ThreadMessageDeleted, ThreadMessageEdited
from bot.effects import FetchCustomerFiles, Note, OfferReport, PostInThread
from bot.errors import RetryLater
from bot.model import Direction, Language, Message, Ticket
from bot.people import NextTurn, SlackPerson
from bot.ports import UnitOfWork
from bot.rules.console_text import speaks
from bot.rules.customer_channels import beginning, form_words, is_small_talk, message_key
from bot.rules.language import language_of_mail
from bot.rules.same_words import has_the_same_words
from bot.sendings import SharedFile
from handlers import customer_answered, customer_mails, escalated_tickets, report_received, turns
from handlers.context import Context, journal, tell_customer
from handlers.received_mail import Chosen, ReceivedMail, SlackPlace, written_in_slack
from handlers.ticket_actions import store
from handlers.understanding_mail import understand_message, where_it_went

ADDED = "added_messages"
"""The key of a ticket's facts that holds the messages (ts) that their author said belong to it."""

TOGETHER = timedelta(minutes=10)
"""What somebody writes in the channel so soon after their report, or after their last words on it, belongs to it."""


async def written(command: ChannelMessage, uow: UnitOfWork, ctx: Context) -> None:
    """Take a message of a customer that stands in no thread."""
    by, channel = command.by, command.channel
    if not ctx.is_customer(by) or not await uow.contracts.of_channel(channel):
        return
    opened = await uow.tickets.of_customer_thread(channel, command.ts)
    if opened is not None:  # the form was quicker; what was shared with the message comes along
        await _fetch(uow, opened, (await uow.tickets.messages(opened.id))[0].id, command.files)
        return
    await _report_or_ask(command, None, uow, ctx)


async def _report_or_ask(
    command: ChannelMessage | ThreadMessage, thread_ts: str | None, uow: UnitOfWork, ctx: Context
) -> None:
    """Whoever wrote it is asked once what it is; when they have had their time, it is a report.

    Args:
        thread_ts: The thread that it stands in, which is no ticket's; None where it stands in none.
    """
    by, channel, words = command.by, command.channel, command.text
    if is_small_talk(words) and not command.files:
        return
    sent_at = instant_of(command.ts)
    recent = await _recent(uow, by, channel, sent_at)
    if recent is not None and (
        command.ts in _added(recent) or (thread_ts is None and await _goes_on(uow, by, recent, sent_at))
    ):
        ticket = await uow.tickets.get(recent.id)
        await answer(uow, ctx, ticket, by, command.ts, words, command.files, channel=channel)
        return
    until = (by.at or ctx.now) + ctx.config.slack.report_after
    if ctx.now < until and command.inbox_id is not None:
        ticket_id, number = (recent.id, recent.number) if recent else (None, None)
        offer = OfferReport(channel, command.ts, by.user, _language(words), ticket_id, number, thread_ts)
        await uow.outbox.add(offer, dedupe_key=f"offer:{channel}:{command.ts}")
        await uow.inbox.postpone(command.inbox_id, until)
        return
    place = SlackPlace(channel, thread_ts or command.ts, command.ts)
    await _report(uow, ctx, by, place, words, command.files, beginning(words))


async def in_thread(command: ThreadMessage, uow: UnitOfWork, ctx: Context) -> bool:
    """Take a message of a customer's, or of a thread of theirs; False for any other.

    Raises:
        RetryLater: the thread's first message is not yet a report, and comes first.
    """
    by, channel = command.by, command.channel
    ticket = await _talked_about_in(channel, command.thread_ts, uow)
    if ticket is None:
        if ctx.is_customer(by) and await uow.inbox.waits(message_key(channel, command.thread_ts)):
            raise RetryLater("the first message of its thread is not yet a report")
        is_theirs = ctx.is_customer(by) and bool(await uow.contracts.of_channel(channel))
        if is_theirs:
            await _report_or_ask(command, command.thread_ts, uow, ctx)
        return is_theirs
    ticket = await where_it_went(ticket, uow)
    known = await uow.tickets.messages(ticket.id)
    if any(message.customer_ts == command.ts for message in known):
        if known[0].customer_ts == command.ts:  # the form was quicker, as above
            await _fetch(uow, ticket, known[0].id, command.files)
        return True
    if ctx.is_customer(by):
        await answer(uow, ctx, ticket, by, command.ts, command.text, command.files, channel=channel)
    elif ctx.may_act(by):
        await _staff_wrote(command, ticket, uow, ctx)
    return True


async def _talked_about_in(channel: str, thread_ts: str, uow: UnitOfWork) -> Ticket | None:
    """The ticket of a thread: its own, or one below another message that belongs to it (`TOGETHER`, `ADDED`)."""
    own = await uow.tickets.of_customer_thread(channel, thread_ts)
    return own or await uow.tickets.of_customer_message(channel, thread_ts)


async def edited_in_thread(command: ThreadMessageEdited, uow: UnitOfWork, ctx: Context) -> bool:
    """Words of a customer's thread were changed: what is new is shown like a message. Else False.

    A customer's are heard like a message; an engineer's count from when they were written.

    Raises:
        RetryLater: they are not yet a report, which they become first.
    """
    message = command.message
    ticket = await _talked_about_in(message.channel, message.thread_ts, uow)
    if ticket is None:
        if ctx.is_customer(command.by) and await uow.inbox.waits(message_key(message.channel, message.ts)):
            raise RetryLater("the words that were changed are not yet a report")
        return False
    ticket = await where_it_went(ticket, uow)
    known = [m for m in await uow.tickets.messages(ticket.id) if m.customer_ts == message.ts]
    changed = ctx.customer_words(ticket.language)("message_changed", words=message.text)
    is_known = known and any(has_the_same_words(known[-1].text, one) for one in (message.text, changed))
    if not is_known and ctx.is_customer(command.by):
        words = changed if known else message.text
        files = () if known else message.files
        await answer(uow, ctx, ticket, command.by, message.ts, words, files, channel=message.channel)
    elif known and not is_known and ctx.may_act(command.by):
        reply = await _keep_reply(replace(message, text=changed), ctx.now, ticket, uow)
        await journal(uow, ctx, ticket, command.by.user, "reply_changed", message=reply.id)
    return True


async def _staff_wrote(command: ThreadMessage, ticket: Ticket, uow: UnitOfWork, ctx: Context) -> None:
    """Written where the customer reads it: a reply like one that was sent, and shown to colleagues as that."""
    by, at = command.by, min(instant_of(command.ts), ctx.now)
    customer_mails.a_person_wrote(ticket)
    message = await _keep_reply(command, at, ticket, uow)
    next_turn = NextTurn.CUSTOMER if "?" in command.text else NextTurn.NOBODY
    await journal(uow, ctx, ticket, by.user, "engineer_replied", message=message.id, next_turn=next_turn)
    ticket.assignee = ticket.assignee or by.user
    if ticket.is_open:
        await turns.engineer_contacted(uow, ctx, ticket, next_turn, at=at, by=by.user, message_id=message.id)
        await escalated_tickets.contacted(uow, ctx, ticket, at, by.user, by.name)
    await store(uow, ticket)


async def _keep_reply(command: ThreadMessage, at: datetime, ticket: Ticket, uow: UnitOfWork) -> Message:
    """Store what staff wrote where the customer reads it, and show it to colleagues."""
    by = command.by
    message = await uow.tickets.add_message(
        Message(
            0, ticket.id, Direction.TO_CUSTOMER, by.user, by.name, command.text, at, customer_ts=command.ts
        )
    )  # fmt: skip
    data: dict[str, object] = {
        "author": by.user, "text": command.text, "to": command.channel, "status": "sent", "at": at.isoformat(),
        "files": [file.name for file in command.files],
    }  # fmt: skip
    await uow.outbox.add(PostInThread(ticket.id, Note.ENGINEER_REPLY, data, message_id=message.id))
    return message


async def deleted(command: ChannelMessageDeleted | ThreadMessageDeleted, uow: UnitOfWork, _ctx: Context) -> None:
    """Who takes their words back before they became a report reports nothing."""
    await uow.inbox.settle_waiting(message_key(command.channel, command.ts), "deleted by its author")


async def decided(command: DecideOffer, uow: UnitOfWork, ctx: Context) -> None:
    """The message is no report, or belongs to a ticket of its author."""
    by, channel, ts = command.by, command.channel, command.ts
    if not ctx.is_customer(by):
        return
    ticket = None if command.ticket_id is None else await uow.tickets.get(command.ticket_id)
    if ticket is not None and (ticket.customer_channel, ticket.requester) != (channel, by.user):
        return
    if ticket is None:
        waited = await uow.inbox.settle_waiting(message_key(channel, ts), "no report, says its author")
    else:
        waited = await uow.inbox.hasten(message_key(channel, ts), ctx.now)
    opened = None if waited else await _talked_about_in(channel, ts, uow)
    if waited and ticket is not None:
        ticket.facts[ADDED] = [*_added(ticket), ts]
        await uow.tickets.update(ticket)
        await tell_customer(uow, by, "added_to_report", command.language, number=ticket.number)
    elif waited:
        await tell_customer(uow, by, "no_report", command.language)
    elif opened is not None:
        await tell_customer(uow, by, "report_stands", command.language, number=opened.number)


async def reported(command: ReportProblem, uow: UnitOfWork, ctx: Context) -> None:
    """Take the form: a new report, or the answer on the one whose thread it was opened from."""
    by, channel, ts = command.by, command.channel, command.ts
    contracts = await uow.contracts.of_channel(channel)
    if not ctx.is_customer(by) or not contracts:
        hotline = ctx.config.service.hotline
        await tell_customer(uow, by, "report_not_here", _language(command.text), hotline=hotline)
        return
    contract = next((one for one in contracts if one.id == command.contract_id), None)
    device = None if contract is None else next((d for d in contract.devices if d.serial == command.serial), None)
    chosen = Chosen(command.priority, device, contract.number if contract and device else None)
    language = _language(command.text, contract.language if contract else None)
    words = form_words(ctx.customer_words(language), command.priority, chosen.device, chosen.contract, command.text)
    if by.response_url is not None:
        await tell_customer(uow, by, "form_taken", language)
    thread_ts = command.thread_ts or ts
    ticket = None if thread_ts is None else await uow.tickets.of_customer_thread(channel, thread_ts)
    if ticket is not None:
        await answer(uow, ctx, await where_it_went(ticket, uow), by, None, words, chosen=chosen, channel=channel)
        return
    about = beginning(command.text)
    await _report(uow, ctx, by, SlackPlace(channel, thread_ts, ts), words, (), about, chosen=chosen, language=language)
    if ts is not None:
        await uow.inbox.hasten(message_key(channel, ts), ctx.now)


async def answer(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    by: SlackPerson,
    ts: str | None,
    text: str,
    files: tuple[SharedFile, ...] = (),
    *,
    chosen: Chosen | None = None,
    channel: str | None = None,
) -> None:
    """Take a customer's words into their ticket.

    Args:
        ts: Their message; None for a form.
        chosen: What they chose in the form.
        channel: Where they wrote, if that is not where the ticket is answered: another one was merged into it.
    """
    place = SlackPlace(channel or ticket.customer_channel or "", ticket.customer_ts, ts)
    arrived = _arrived(by, place, text, ctx, _language(text, ticket.language), chosen, subject="")
    found = await understand_message(arrived, ticket, uow, ctx)
    message = await customer_answered.handle(found, uow, ctx)
    await _fetch(uow, ticket, message.id, files)


async def _report(
    uow: UnitOfWork,
    ctx: Context,
    by: SlackPerson,
    place: SlackPlace,
    text: str,
    files: tuple[SharedFile, ...],
    about: str,
    *,
    chosen: Chosen | None = None,
    language: Language | None = None,
) -> None:
    arrived = _arrived(by, place, text, ctx, language or _language(text), chosen, subject=about)
    found = await understand_message(arrived, None, uow, ctx)
    ticket, message = await report_received.handle(found, uow, ctx)
    await _fetch(uow, ticket, message.id, files)


async def _fetch(uow: UnitOfWork, ticket: Ticket, message_id: int, files: tuple[SharedFile, ...]) -> None:
    if files:
        await uow.outbox.add(FetchCustomerFiles(ticket.id, message_id, files))


def _added(ticket: Ticket) -> list[object]:
    added = ticket.facts.get(ADDED)
    return added if isinstance(added, list) else []


def _arrived(
    by: SlackPerson,
    place: SlackPlace,
    text: str,
    ctx: Context,
    language: Language,
    chosen: Chosen | None,
    *,
    subject: str,
) -> ReceivedMail:
    sent_at = (by.at or ctx.now) if place.ts is None else instant_of(place.ts)
    arrived = written_in_slack(by.user, by.name, place, text, min(sent_at, ctx.now), language, subject=subject)
    return replace(arrived, chosen=chosen)


async def _recent(uow: UnitOfWork, by: SlackPerson, channel: str, sent_at: datetime) -> Ticket | None:
    """The newest open ticket that they reported in this channel."""
    theirs = await uow.tickets.recent_of(by.user, sent_at)
    return next((t for t in theirs if t.is_open and t.customer_channel == channel and t.requester == by.user), None)


async def _goes_on(uow: UnitOfWork, by: SlackPerson, ticket: Ticket, sent_at: datetime) -> bool:
    """Whether words that were sent then are the rest of what they have just written."""
    messages = await uow.tickets.messages(ticket.id)
    last = max((m.sent_at for m in messages if m.author == by.user), default=None)
    answered = any(m.direction is Direction.TO_CUSTOMER and not m.automatic for m in messages)
    return last is not None and not answered and abs(sent_at - last) <= TOGETHER


def _language(text: str, known: Language | None = None) -> Language:
    """That of the words where they say enough, else the known one."""
    return language_of_mail("", text) if known is None or speaks(text) else known


def instant_of(ts: str) -> datetime:
    """When a message was written, by its own timestamp."""
    seconds, _, microseconds = ts.partition(".")
    return datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=int(microseconds.ljust(6, "0")[:6] or 0))
