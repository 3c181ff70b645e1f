"""Two tickets about one matter become one; a message about another matter becomes a ticket of its own; spam goes.

| merging          | what becomes of it                                                                       |
| ---------------- | ---------------------------------------------------------------------------------------- |
| messages, files  | the customer's go over as of when they were sent; ours stay, later mails find their way  |
| people           | go over; where one of them is a stranger to the other ticket, only at an explicit word   |
| clocks           | of the merged ticket are cancelled; what its customer still waits for is waited for on   |
|                  | the surviving one, from the same instant: merging gains no time                          |
| priority         | the graver one stands                                                                    |
| services         | of the contract that are asked for or agreed go over, with the time that was promised    |
| escalation       | goes over, or joins the one that is open there                                           |
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.commands_acting import MarkSpam, MergeTicket, SplitTicket
from bot.effects import Note, PostCard, PostInThread
from bot.model import ClockKind, Direction, Message, Priority, Ticket, TicketState
from bot.people import SlackPerson
from bot.ports import UnitOfWork
from bot.rules.customer_channels import is_slack_user
from bot.rules.mail_writing import bare_subject
from bot.rules.sla import terms_from_config
from bot.rules.ticket_states import Action, move
from handlers import (
    agreed_dates,
    attachments,
    clocks,
    customer_answered,
    customer_mails,
    entitlements,
    escalated_tickets,
    firsts,
    turns,
)
from handlers.acted import said
from handlers.acting import join_links
from handlers.context import Context, journal, tell
from handlers.ticket_actions import allowed, store

OURS = (ClockKind.REACTION, ClockKind.REPLY, ClockKind.INTAKE)
"""The clocks that say that a customer waits for an engineer."""
_EVER = datetime(2020, 1, 1, tzinfo=UTC)
"""Before the first ticket."""
_GRAVITY = [Priority.QUESTION, Priority.NON_CRITICAL, Priority.CRITICAL]


async def merge(command: MergeTicket, uow: UnitOfWork, ctx: Context) -> None:
    """The ticket ends in the other one."""
    both = sorted({command.ticket_id, command.target_id})  # locked in one order: two merges never wait for each other
    locked = {each: await uow.tickets.get(each) for each in both}
    ticket, target, by = locked[command.ticket_id], locked[command.target_id], command.by
    if not await allowed(uow, ctx, by, ticket, Action.MERGE) or not await _can_take(target, ticket, uow, ctx, by):
        return
    strangers = await strangers_to(target, ticket, uow)
    if strangers and not command.strangers_too:
        await tell(uow, by, "merge_strangers", number=target.number, people=strangers)
        return
    waiting = [clock for clock in await clocks.running(uow, ticket, *OURS) if not ticket.facts.get("enquiry")]
    await agreed_dates.forget(uow, ctx, ticket)
    await clocks.cancel_all(uow, ctx, ticket, "merged", by.user)
    move(ticket, TicketState.CLOSED, ctx.now)
    ticket.facts |= {"joined": target.number, "quoted_ticket": None, "hold_reasons": []}
    await journal(uow, ctx, ticket, by.user, "merged", number=target.number)
    await journal(uow, ctx, target, by.user, "merged_with", number=ticket.number, strangers=strangers)
    for address in await uow.tickets.participants(ticket.id):
        await uow.tickets.add_participant(target.id, address)
    await said(uow, ticket, "merged_into", by=by.user, number=target.number)
    await said(uow, target, "merged_from", by=by.user, number=ticket.number, people=strangers)
    if (waiting or await entitlements.promised(uow, ticket)) and not target.is_open:
        await customer_answered.reopen(target, uow, ctx)
    await _take_the_graver(ticket, target, by, uow, ctx)
    carried = [
        await _carry_over(message, ticket, target, uow)
        for message in await uow.tickets.messages(ticket.id)
        if message.direction is Direction.FROM_CUSTOMER
    ]
    since = min((clock.started_at for clock in waiting), default=None)
    if since is not None and carried:
        await _wait_on(since, carried, target, uow, ctx)
    await entitlements.go_over(uow, ctx, ticket, target, by.user)
    await escalated_tickets.move(uow, ctx, ticket, target, by.user)
    await _stay_with_whoever_has_it(ticket, target, by, uow, ctx)
    await store(uow, ticket)
    await store(uow, target)


async def _can_take(target: Ticket, ticket: Ticket, uow: UnitOfWork, ctx: Context, by: SlackPerson) -> bool:
    if target.id == ticket.id:
        await tell(uow, by, "merge_itself", number=ticket.number)
    elif target.facts.get("joined"):
        first = await firsts.who_did(uow, ctx, target, by, {"merged", "joined"})
        await tell(uow, by, "merge_into_merged", number=target.number, other=target.facts["joined"], **first)
    elif target.state is TicketState.HELD:
        await tell(uow, by, "merge_into_held", number=target.number)
    else:
        return True
    return False


async def strangers_to(target: Ticket, ticket: Ticket, uow: UnitOfWork) -> list[str]:
    """Who would be let into the conversation of `target` without having been on it, or on its contract.

    Whoever writes in a shared channel of the contract represents the customer on it. A channel in which nobody has
    written yet, as an engineer opened the ticket, stands for its people.

    Returns:
        Mail addresses, and Slack ids of people or a channel.
    """
    contract = await uow.contracts.get(target.contract_id) if target.contract_id is not None else None
    theirs = await uow.contracts.of_channel(ticket.customer_channel) if ticket.customer_channel else ()
    is_their_channel = contract is not None and contract.id in {one.id for one in theirs}
    people = {_shown(one, ticket) for one in await uow.tickets.participants(ticket.id)}
    there = {_shown(one, target) for one in await uow.tickets.participants(target.id)}
    return [
        one
        for one in sorted(people - there - {""})
        if not (contract is not None and contract.authorises(one)) and not ("@" not in one and is_their_channel)
    ]


def _shown(participant: str, ticket: Ticket) -> str:
    """A participant as they are called elsewhere: participants are stored in lower case, an id of Slack's is not."""
    if not participant:
        return ticket.customer_channel or ""
    return participant.upper() if is_slack_user(participant.upper()) else participant


async def _stay_with_whoever_has_it(
    ticket: Ticket, target: Ticket, by: SlackPerson, uow: UnitOfWork, ctx: Context
) -> None:
    """Who works on the merged one goes on with the other, unless somebody has that already."""
    if not target.is_open or target.assignee is not None or ticket.assignee is None:
        return
    target.assignee = ticket.assignee
    await journal(uow, ctx, target, by.user, "taken", previous=None, assignee=target.assignee)
    await uow.outbox.add(PostInThread(target.id, Note.TAKEN, {"by": target.assignee, "previous": None}))
    await escalated_tickets.has_somebody(uow, ctx, target, by.user)


async def _take_the_graver(ticket: Ticket, target: Ticket, by: SlackPerson, uow: UnitOfWork, ctx: Context) -> None:
    if not target.is_open or _GRAVITY.index(ticket.priority) <= _GRAVITY.index(target.priority):
        return
    previous, target.priority = target.priority, ticket.priority
    target.priority_confirmed = ticket.priority_confirmed
    await journal(uow, ctx, target, by.user, "priority_set", priority=target.priority, previous=previous)
    data: dict[str, object] = {"priority": target.priority, "by": by.user}
    await uow.outbox.add(PostInThread(target.id, Note.PRIORITY_SET, data))
    await clocks.recompute(uow, ctx, target, by=by.user)


async def _carry_over(message: Message, ticket: Ticket, target: Ticket, uow: UnitOfWork) -> Message:
    """One message of the customer's, with its files, as of when it was sent."""
    added = await _copied(message, target, uow)
    subject = bare_subject(ticket.subject)
    data: dict[str, object] = {
        "author": message.author_name,
        "address": message.author,
        "subject": subject if subject != bare_subject(target.subject) else "",
        "text": message.text,
        "files": attachments.listed(await uow.attachments.of_message(added.id)),
        "number": target.number,
        "sent_at": message.sent_at.isoformat(),
        "automatic": message.automatic,
    }
    await uow.outbox.add(PostInThread(target.id, Note.CUSTOMER_WROTE, data, message_id=added.id))
    return added


async def _copied(message: Message, target: Ticket, uow: UnitOfWork) -> Message:
    added = await uow.tickets.add_message(replace(message, ticket_id=target.id, slack_ts=None))
    for file in await uow.attachments.of_message(message.id):
        content = await uow.attachments.content(file.sha256) if file.sha256 else None
        copy = replace(file, id=0, ticket_id=target.id, message_id=added.id, slack_file=None)
        await uow.attachments.add(copy, content)
    return added


async def _wait_on(since: datetime, carried: list[Message], target: Ticket, uow: UnitOfWork, ctx: Context) -> None:
    """The customer waits on the surviving ticket for what they waited for on the merged one."""
    theirs = [message for message in carried if not message.automatic]
    first = next((message for message in theirs if message.sent_at >= since), theirs[0] if theirs else None)
    if first is not None:
        await turns.customer_spoke(uow, ctx, target, first)
        await turns.customer_wrote(uow, ctx, target, first)


async def split(command: SplitTicket, uow: UnitOfWork, ctx: Context) -> None:
    """A message of the customer's becomes a report of its own, with the same people, contract and devices.

    Its reaction time runs from when the message was sent, unless somebody has answered the customer since then: that
    answer was to the whole message, so the rest of it is waited for from now on.
    """
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.SPLIT):
        return
    messages = await uow.tickets.messages(ticket.id)
    message = next((one for one in messages if one.id == command.message_id), None)
    if message is None or message.direction is not Direction.FROM_CUSTOMER:
        await tell(uow, by, "split_no_message", number=ticket.number)
        return
    split_off = ticket.facts.get("split_off")
    known = dict(split_off) if isinstance(split_off, dict) else {}
    if str(message.id) in known:
        first = await firsts.who_did(uow, ctx, ticket, by, {"split_off"}, message=message.id)
        await tell(uow, by, "split_before", number=ticket.number, other=known[str(message.id)], **first)
        return
    last_contact = turns.last_contact_of(ticket)
    since = message.sent_at if last_contact is None or last_contact <= message.sent_at else ctx.now
    fresh = _of_its_own(command, message, ticket, since, ctx)
    fresh.customer_channel = await _channel_of(message, ticket, uow)
    fresh = await uow.tickets.add(fresh)
    for address in (await uow.tickets.participants(ticket.id)) | {message.author.lower()}:
        await uow.tickets.add_participant(fresh.id, address)
    added = await _copied(message, fresh, uow)
    await journal(uow, ctx, fresh, by.user, "split_from", number=ticket.number, message=message.id)
    await journal(uow, ctx, ticket, by.user, "split_off", number=fresh.number, message=message.id)
    ticket.facts["split_off"] = {**known, str(message.id): fresh.number}
    await join_links(uow, ctx, ticket, fresh, by.user)
    await uow.outbox.add(PostCard(fresh.id))
    await _show_split(message, added, fresh, uow)
    await said(uow, fresh, "split_from", by=by.user, number=ticket.number)
    await said(uow, ticket, "split_off", by=by.user, number=fresh.number)
    if fresh.accepted_at is not None:
        await clocks.start(uow, ctx, fresh, ClockKind.REACTION, since, added.id)
        await customer_mails.accepted(uow, ctx, fresh)
    else:
        await clocks.start(uow, ctx, fresh, ClockKind.INTAKE, since, added.id)
        if fresh.facts.get("problems"):
            await customer_mails.ask(uow, ctx, fresh, opening="incomplete")
    await uow.tickets.update(fresh)
    await store(uow, ticket)


def _of_its_own(command: SplitTicket, message: Message, ticket: Ticket, since: datetime, ctx: Context) -> Ticket:
    is_accepted = ticket.accepted_at is not None
    kept = {"heard", "sender", "reply_to_ids", "problems", "offer"}
    facts = {name: value for name, value in ticket.facts.items() if name in kept}
    is_requester = message.author.lower() == ticket.requester.lower()
    return Ticket(
        id=0,
        number="",
        state=TicketState.OPEN if is_accepted else TicketState.INCOMPLETE,
        priority=ticket.priority,
        priority_confirmed=ticket.priority_confirmed,
        language=ticket.language,
        subject=command.subject or ticket.subject,
        requester=message.author,
        requester_name=message.author_name or (ticket.requester_name if is_requester else ""),
        reported_at=message.sent_at,
        created_at=ctx.now,
        contract_id=ticket.contract_id,
        devices=ticket.devices,
        accepted_at=since if is_accepted else None,
        assignee=None,
        terms={priority: terms.to_json() for priority, terms in terms_from_config(ctx.config.sla).items()},
        facts={**facts, "split_from": ticket.number},
    )


async def _channel_of(message: Message, ticket: Ticket, uow: UnitOfWork) -> str | None:
    """The shared channel in which the author of a message is answered; None where that is by mail.

    What was merged into a ticket may have come by the other way than the ticket.
    """
    if message.author == ticket.requester:
        return ticket.customer_channel
    if not is_slack_user(message.author):
        return None
    theirs = await uow.tickets.recent_of(message.author, _EVER)
    channels = (one.customer_channel for one in theirs if one.customer_channel)
    return ticket.customer_channel or next(channels, None)


async def _show_split(message: Message, added: Message, fresh: Ticket, uow: UnitOfWork) -> None:
    data: dict[str, object] = {
        "author": message.author_name,
        "address": message.author,
        "text": message.text,
        "files": attachments.listed(await uow.attachments.of_message(added.id)),
        "number": fresh.number,
        "sent_at": message.sent_at.isoformat(),
    }
    await uow.outbox.add(PostInThread(fresh.id, Note.CUSTOMER_WROTE, data, message_id=added.id))


async def spam(command: MarkSpam, uow: UnitOfWork, ctx: Context) -> None:
    """It ends without a word to anybody. The sender is not remembered: what they write next is read again.

    A filter that forgets nothing would one day swallow a customer's report silently; that costs more than one more
    press does.
    """
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.SPAM):
        return
    await clocks.cancel_all(uow, ctx, ticket, "spam", by.user)
    move(ticket, TicketState.CLOSED, ctx.now)
    ticket.facts["spam"] = True
    await journal(uow, ctx, ticket, by.user, "spam", address=ticket.requester)
    await said(uow, ticket, "spam", by=by.user)
    await store(uow, ticket)
