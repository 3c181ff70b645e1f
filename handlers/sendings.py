"""The only way for engineers' words to leave Slack (invariant 8): pressed, waiting for a second thought, mailed.

What was pressed counts for the clocks from when it was pressed; but nothing of a ticket changes before the words go:
taking them back has nothing to undo.
"""

from __future__ import annotations

from dataclasses import replace

from bot.commands import ReplyToCustomer, TimerDue
from bot.commands_sending import UndoSending
from bot.effects import EditReply, FetchFiles, Note, PostCard, PostInThread
from bot.model import Attachment, AttachmentVerdict, Message, Ticket, Timer
from bot.people import NextTurn, SlackPerson
from bot.ports import UnitOfWork
from bot.rules.file_names import safe_name
from bot.rules.notes import is_note
from bot.rules.ticket_states import Action, actions_of
from bot.sendings import Sending, SendingState
from handlers import (
    customer_mails,
    customer_words,
    entitlement_reports,
    escalated_tickets,
    firsts,
    proposed_dates,
    replacement_waybills,
    second_answers,
    turns,
)
from handlers.context import Context, journal, said_at, tell
from handlers.ticket_actions import tell_the_state

SENDING = "sending"
"""The kind of the timers that let words go."""
GONE = frozenset({SendingState.WAITING, SendingState.SENT})
"""What is pressed: nobody presses it again."""


async def reply(command: ReplyToCustomer, uow: UnitOfWork, ctx: Context) -> None:
    """The modal was submitted: words of its own, or those of a message of the thread, perhaps changed."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await may_be_sent(uow, ctx, ticket, by):
        return
    if is_note(command.text):
        await tell(uow, by, "note_stays", number=ticket.number)
        return
    sending = await _of_source(command, uow, ctx)
    if sending.state in GONE:
        await tell_who_was_first(uow, ctx, by, ticket, sending)
        return
    first = await second_answers.first_answer(uow, ticket, by, command.seen)
    sending.own_words = command.source_ts is not None and sending.text != command.text
    sending.text, sending.files = command.text, command.files or sending.files
    if first is not None:
        await second_answers.ask_again(uow, ctx, ticket, sending, by, first)
        return
    await press(uow, ctx, ticket, sending, by, command.next_turn)


async def _of_source(command: ReplyToCustomer, uow: UnitOfWork, ctx: Context) -> Sending:
    found = None
    if command.source_ts is not None:
        found = await uow.sendings.of_message(command.ticket_id, command.source_ts)
    if found is not None:
        return found
    author = command.by.user
    return await uow.sendings.add(
        Sending(0, command.ticket_id, SendingState.INTERNAL, author, command.text, ctx.now, slack_ts=command.source_ts)
    )


async def may_be_sent(uow: UnitOfWork, ctx: Context, ticket: Ticket, by: SlackPerson) -> bool:
    """Whether this person may write to this customer now; if not, they are told why."""
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
    elif Action.REPLY not in actions_of(ticket):
        await tell_the_state(uow, ctx, by, ticket)
    elif not customer_words.can_be_reached(ticket):
        await tell(uow, by, "no_address", number=ticket.number, address=ticket.requester)
    else:
        return True
    return False


async def tell_who_was_first(uow: UnitOfWork, ctx: Context, by: SlackPerson, ticket: Ticket, sending: Sending) -> None:
    """The second presser sees who was first, and when."""
    at = said_at(ctx, sending.pressed_at)
    await tell(uow, by, "already_sent", number=ticket.number, who=sending.sent_by, at=at)


async def press(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, sending: Sending, by: SlackPerson, next_turn: NextTurn
) -> None:
    """The words are on their way: they wait while they can be taken back, then go (`released`).

    The caller has locked the ticket and knows that they may be sent. An earlier post that shows them is replaced.
    """
    undo = ctx.config.replies.undo_within
    sending.state = SendingState.WAITING
    sending.sent_by, sending.sent_by_name, sending.next_turn = by.user, by.name, next_turn
    sending.pressed_at, sending.send_at, sending.ended_by = by.at or ctx.now, ctx.now + undo, None
    await uow.sendings.update(sending)
    if any(file.sha256 is None for file in sending.files):
        await uow.outbox.add(FetchFiles(ticket.id, sending.id))
    if undo or sending.files:
        await journal(
            uow, ctx, ticket, by.user, "reply_pressed", sending=sending.id, send_at=sending.send_at.isoformat()
        )
        await show(uow, ticket, sending, "waiting", until=sending.send_at.isoformat())
        await _set_timer(uow, sending)
        return
    await _release(uow, ctx, ticket, sending)


async def show(uow: UnitOfWork, ticket: Ticket, sending: Sending, status: str, **data: object) -> None:
    """Post, or edit, what the thread shows of it."""
    shown: dict[str, object] = {
        "author": sending.sent_by,
        "text": sending.text,
        "to": customer_words.shown_recipient(ticket),
        "status": status,
        "files": [file.name for file in sending.files],
        "sending": sending.id,
        "from_thread": sending.slack_ts is not None,
        **data,
    }
    post = PostInThread(ticket.id, Note.ENGINEER_REPLY, shown, message_id=sending.message_id, sending_id=sending.id)
    if await uow.outbox.add(post, dedupe_key=f"sending:{sending.id}") is None:
        await uow.outbox.add(EditReply(ticket.id, None, shown, sending_id=sending.id))


async def _set_timer(uow: UnitOfWork, sending: Sending) -> None:
    assert sending.send_at is not None
    key = f"{SENDING}:{sending.id}:{sending.send_at.isoformat()}"
    await uow.clocks.set_timer(Timer(0, key, SENDING, sending.ticket_id, sending.send_at))


async def due(command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
    """The time for taking back is over: what waited for it goes, as soon as its files are here."""
    ticket = await uow.tickets.get(command.timer.ticket_id)
    if not await uow.clocks.finish_timer(command.timer.id):
        return
    for sending in await uow.sendings.waiting(ticket.id):
        await go_if_due(uow, ctx, ticket, sending)


async def go_if_due(uow: UnitOfWork, ctx: Context, ticket: Ticket, sending: Sending) -> None:
    """Let it go where nobody can take it back any more and its files are here; what is missing calls here again."""
    assert sending.send_at is not None
    if sending.send_at <= ctx.now and all(file.sha256 for file in sending.files):
        await _release(uow, ctx, ticket, sending)


async def _release(uow: UnitOfWork, ctx: Context, ticket: Ticket, sending: Sending) -> None:
    """Mail the words, meet our clocks, and start the customer's if they ask for something."""
    assert sending.sent_by is not None
    assert sending.pressed_at is not None
    if Action.REPLY not in actions_of(ticket) or not customer_words.can_be_reached(ticket):
        sending.state, sending.ended_by = SendingState.UNDONE, "bot"
        await uow.sendings.update(sending)
        await journal(uow, ctx, ticket, "bot", "reply_withheld", sending=sending.id, state=ticket.state)
        await proposed_dates.taken_back(uow, ticket, sending)
        await show(uow, ticket, sending, "withheld", state=ticket.state)
        return
    message = await _mail(uow, ctx, ticket, sending)
    sending.state, sending.message_id = SendingState.SENT, message.id
    await uow.sendings.update(sending)
    by, at = sending.sent_by, sending.pressed_at
    next_turn = NextTurn(sending.next_turn)
    await journal(uow, ctx, ticket, by, "engineer_replied", message=message.id, next_turn=next_turn, sending=sending.id)
    await show(uow, ticket, sending, "sending")
    await entitlement_reports.sent(uow, ctx, ticket, sending, message)
    await replacement_waybills.sent(uow, ctx, ticket, sending, message)
    ticket.assignee = ticket.assignee or by
    unread = await _unread(uow, ticket, sending)
    await turns.engineer_contacted(uow, ctx, ticket, next_turn, at=at, by=by, message_id=message.id, unread=unread)
    await escalated_tickets.contacted(uow, ctx, ticket, at, by, sending.sent_by_name)
    await proposed_dates.sent(uow, ctx, ticket, sending, message)
    await uow.tickets.update(ticket)
    await uow.outbox.add(PostCard(ticket.id))


async def _unread(uow: UnitOfWork, ticket: Ticket, sending: Sending) -> frozenset[object]:
    """The customer's messages that came after the words were pressed: they do not answer those."""
    lines = await uow.journal_of(ticket.id)
    pressed = [at for at, e in enumerate(lines) if e.kind == "reply_pressed" and e.data.get("sending") == sending.id]
    since = pressed[-1] if pressed else len(lines)
    return frozenset(line.data.get("message") for line in lines[since:] if line.kind == "customer_wrote")


async def _mail(uow: UnitOfWork, ctx: Context, ticket: Ticket, sending: Sending) -> Message:
    assert sending.sent_by is not None
    files = tuple(
        (safe_name(file.name, file.content_type, number), file.content_type, file.sha256)
        for number, file in enumerate(sending.files, 1)
        if file.sha256 is not None
    )
    message = await customer_mails.engineer_reply(
        uow,
        ctx,
        ticket,
        sending.sent_by,
        sending.sent_by_name,
        sending.text,
        slack_ts=sending.post_ts,
        files=files,
        choices=proposed_dates.choices_of(ticket, sending),
    )
    if not customer_words.goes_by_slack(ticket):  # there they are kept with the post that shows them
        await _keep_files(uow, ticket, sending, message, files)
    return message


async def _keep_files(
    uow: UnitOfWork, ticket: Ticket, sending: Sending, message: Message, files: tuple[tuple[str, str, str], ...]
) -> None:
    """What went along belongs to the ticket, and is shown in its thread already."""
    shown = [file.id for file in sending.files if file.sha256 is not None]
    for position, (slack_file, (name, content_type, digest)) in enumerate(zip(shown, files, strict=True)):
        content = await uow.attachments.content(digest)
        kept = Attachment(
            0, ticket.id, message.id, position, name, content_type, len(content), AttachmentVerdict.KEPT,
            slack_file=slack_file,
        )  # fmt: skip
        await uow.attachments.add(kept, content)


async def undo(command: UndoSending, uow: UnitOfWork, ctx: Context) -> None:
    """Whoever presses in time takes it back, the author or a colleague."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    sending = await uow.sendings.get(command.sending_id)
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
    elif sending.state is SendingState.SENT:
        at = said_at(ctx, sending.send_at)
        await tell(uow, by, "undo_too_late", number=ticket.number, who=sending.sent_by, at=at)
    elif sending.state is not SendingState.WAITING or sending.ticket_id != ticket.id:
        first = await firsts.who_did(uow, ctx, ticket, by, {"reply_undone"}, sending=sending.id)
        await tell(uow, by, "undone_before", number=ticket.number, **{"who": sending.ended_by, **first})
    else:
        await take_back(uow, ctx, ticket, sending, by.user, "undone")


async def take_back(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, sending: Sending, by: str, because: str, **data: object
) -> None:
    """It does not go; the thread keeps the words and says so.

    Args:
        because: "undone", "deleted", "became_note" or "no_files": of the sentence "thread.reply_<because>".
    """
    sending.state, sending.ended_by = SendingState.UNDONE, by
    await uow.sendings.update(sending)
    await proposed_dates.taken_back(uow, ticket, sending)
    await journal(uow, ctx, ticket, by, "reply_undone", sending=sending.id, because=because, ts=sending.slack_ts)
    await show(uow, ticket, sending, because, by=by, **data)


async def change(uow: UnitOfWork, ctx: Context, ticket: Ticket, sending: Sending, text: str) -> None:
    """Other words stand in the thread before it went: they go, and the time for taking back begins anew."""
    sending.text, sending.send_at = text, ctx.now + ctx.config.replies.undo_within
    await uow.sendings.update(sending)
    await journal(uow, ctx, ticket, sending.author, "reply_changed", sending=sending.id)
    await show(uow, ticket, sending, "waiting", until=sending.send_at.isoformat(), changed=ctx.now.isoformat())
    await _set_timer(uow, sending)


def with_digests(sending: Sending, digests: dict[str, str]) -> None:
    """Note which of its files are here."""
    sending.files = tuple(replace(file, sha256=digests.get(file.id, file.sha256)) for file in sending.files)
