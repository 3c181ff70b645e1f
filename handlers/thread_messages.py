"""What staff write in a ticket's thread stays with colleagues, unless its author, or a colleague, explicitly sends it.

Every message of theirs is kept with the ticket, so that one press sends what stands there now, and an edit or a
deletion is heard of. Messages of anybody else, in any other thread, are nothing to us.
"""

from __future__ import annotations

from bot.commands import FilesFetched
from bot.commands_sending import (
    KeepInternal,
    OwnMessageDeleted,
    SendThreadMessage,
    ThreadMessage,
    ThreadMessageDeleted,
    ThreadMessageEdited,
)
from bot.effects import FetchFiles, OfferSending, PostCard, TellUser
from bot.model import Ticket
from bot.people import SlackPerson
from bot.ports import UnitOfWork
from bot.rules.file_names import too_large
from bot.rules.notes import is_note
from bot.rules.same_answer import Answer, answer_since, seen_of
from bot.rules.ticket_states import Action, actions_of
from bot.sendings import Sending, SendingState
from handlers import customer_words, second_answers, sendings
from handlers.context import Context, journal, said_at, tell


async def written(command: ThreadMessage, uow: UnitOfWork, ctx: Context) -> None:
    """Keep it; whoever wrote it is asked, and nobody else sees that, whether it shall go to the customer."""
    ticket = await _ticket_of(command, uow, ctx)
    if ticket is None or await uow.sendings.of_message(ticket.id, command.ts) is not None:
        return  # an edit, or the same event, was there before
    await _take(command, None, ticket, uow, ctx)


async def _ticket_of(command: ThreadMessage, uow: UnitOfWork, ctx: Context) -> Ticket | None:
    if not ctx.may_act(command.by):
        return None
    return await uow.tickets.by_slack_place(command.channel, command.thread_ts)


async def _take(command: ThreadMessage, edited_ts: str | None, ticket: Ticket, uow: UnitOfWork, ctx: Context) -> None:
    sending = await uow.sendings.add(
        Sending(
            0, ticket.id, _state_of(command), command.by.user, command.text, command.by.at or ctx.now,
            slack_ts=command.ts, edited_ts=edited_ts, files=command.files,
        )
    )  # fmt: skip
    await journal(uow, ctx, ticket, command.by.user, "thread_message", sending=sending.id, state=sending.state)
    await _offer(uow, ctx, ticket, sending, command)


def _state_of(message: ThreadMessage) -> SendingState:
    return SendingState.NOTE if is_note(message.text) else SendingState.INTERNAL


async def _offer(uow: UnitOfWork, ctx: Context, ticket: Ticket, sending: Sending, message: ThreadMessage) -> None:
    """Where it can be sent, says something, and is neither a note nor spoken to colleagues."""
    says_something = bool(sending.text.strip() or sending.files)
    is_possible = Action.REPLY in actions_of(ticket) and customer_words.can_be_reached(ticket)
    if sending.state is not SendingState.INTERNAL or not says_something or not is_possible or message.is_internal:
        return
    if await _fit(uow, ctx, ticket, sending, message.by):
        await uow.outbox.add(OfferSending(ticket.id, sending.id, message.by.user))


async def _fit(uow: UnitOfWork, ctx: Context, ticket: Ticket, sending: Sending, by: SlackPerson) -> bool:
    """Whether its files may go along with a mail; if not, the author is told at once, not when they are fetched."""
    limit = ctx.config.replies.files_max_mb
    names = too_large(sending.files, limit)
    if names:
        await tell(uow, by, "file_too_large", number=ticket.number, files=", ".join(names), limit=limit)
    return not names


async def edited(command: ThreadMessageEdited, uow: UnitOfWork, ctx: Context) -> None:
    """Before it went the new words go; afterwards the author learns that the customer has the old ones."""
    message = command.message
    ticket = await _ticket_of(message, uow, ctx)
    if ticket is None:
        return
    sending = await uow.sendings.of_message(ticket.id, message.ts)
    if sending is None:  # its own event comes later, or was lost
        await _take(message, command.edited_ts, ticket, uow, ctx)
        return
    if sending.edited_ts is not None and float(sending.edited_ts) >= float(command.edited_ts):
        return
    sending.edited_ts = command.edited_ts
    before, state = sending.text, sending.state
    match state:
        case SendingState.SENT:
            await uow.sendings.update(sending)
            await _warn(uow, ctx, ticket, sending, message.by, "edited_after_sending")
        case SendingState.WAITING if sending.own_words:
            await uow.sendings.update(sending)
            await _warn(uow, ctx, ticket, sending, message.by, "edited_other_words")
        case SendingState.WAITING if is_note(message.text) or message.is_internal:
            sending.text = message.text
            await sendings.take_back(uow, ctx, ticket, sending, message.by.user, "became_note")
        case SendingState.WAITING:
            await sendings.change(uow, ctx, ticket, sending, message.text)
        case _:
            sending.text, sending.files, sending.state = message.text, message.files, _state_of(message)
            await uow.sendings.update(sending)
            await journal(uow, ctx, ticket, message.by.user, "thread_edited", sending=sending.id, ts=sending.slack_ts)
            if is_note(before) or not before.strip():
                await _offer(uow, ctx, ticket, sending, message)


async def deleted(command: ThreadMessageDeleted, uow: UnitOfWork, ctx: Context) -> None:
    """A message that waited is taken back with it; of one that went the author learns that the customer has it."""
    ticket = await uow.tickets.by_slack_place(command.channel, command.thread_ts)
    sending = None if ticket is None else await uow.sendings.of_message(ticket.id, command.ts)
    if ticket is None:
        return
    if sending is None:  # its own event comes later, or was lost: then nobody is asked about words that are gone
        if ctx.may_act(command.by):
            at = command.by.at or ctx.now
            gone = Sending(0, ticket.id, SendingState.DELETED, command.by.user, "", at, slack_ts=command.ts)
            await uow.sendings.add(gone)
        return
    if sending.state is SendingState.WAITING:
        await sendings.take_back(uow, ctx, ticket, sending, sending.author, "deleted")
    elif sending.state is SendingState.SENT:
        await _warn(uow, ctx, ticket, sending, command.by, "deleted_after_sending")
    else:
        sending.state = SendingState.DELETED
        await uow.sendings.update(sending)
        await journal(uow, ctx, ticket, command.by.user, "thread_deleted", sending=sending.id, ts=sending.slack_ts)


async def own_deleted(command: OwnMessageDeleted, uow: UnitOfWork, ctx: Context) -> None:
    """A ticket's head message is gone: it is shown at once, which posts it anew and links to the earlier thread."""
    ticket = await uow.tickets.by_slack_place(command.channel, command.ts)
    if ticket is not None:
        await journal(uow, ctx, ticket, "bot", "head_deleted")
        await uow.outbox.add(PostCard(ticket.id))


async def _warn(uow: UnitOfWork, ctx: Context, ticket: Ticket, sending: Sending, by: SlackPerson, what: str) -> None:
    await journal(uow, ctx, ticket, by.user, what, sending=sending.id)
    await tell(uow, by, what, number=ticket.number, at=said_at(ctx, sending.send_at))


async def send(command: SendThreadMessage, uow: UnitOfWork, ctx: Context) -> None:
    """The author pressed what was offered to them: what stands in the thread now goes."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    sending = await uow.sendings.get(command.sending_id)
    if sending.ticket_id != ticket.id or not await sendings.may_be_sent(uow, ctx, ticket, by):
        return
    if sending.state in sendings.GONE:
        await sendings.tell_who_was_first(uow, ctx, by, ticket, sending)
    elif sending.state is SendingState.NOTE or is_note(sending.text):
        await _answer(uow, by, "note_stays", number=ticket.number)
    elif sending.state is SendingState.DELETED:
        await _answer(uow, by, "message_deleted", number=ticket.number)
    elif not await _fit(uow, ctx, ticket, sending, by):
        return
    elif first := await _answered_since(sending, command, uow, ticket):
        await _answer(uow, by, "answered_first", number=ticket.number, who=first.by)
        await second_answers.ask_again(uow, ctx, ticket, sending, by, first)
    else:
        await sendings.press(uow, ctx, ticket, sending, by, command.next_turn)
        await _answer(uow, by, "on_its_way", number=ticket.number, address=customer_words.shown_recipient(ticket))


async def _answered_since(
    sending: Sending, command: SendThreadMessage, uow: UnitOfWork, ticket: Ticket
) -> Answer | None:
    """What a colleague has answered since these words were written, unless the author knows of it."""
    messages, waiting = await uow.tickets.messages(ticket.id), await uow.sendings.waiting(ticket.id)
    before = [message for message in messages if message.sent_at <= sending.written_at]
    known = [one for one in waiting if one.pressed_at is not None and one.pressed_at <= sending.written_at]
    first = answer_since(seen_of(before, known), command.by.user, messages, waiting)
    return None if first is not None and first.by == command.after else first


async def keep_internal(command: KeepInternal, uow: UnitOfWork, ctx: Context) -> None:
    """Nothing goes; the question disappears."""
    ticket = await uow.tickets.get(command.ticket_id)
    if ctx.may_act(command.by):
        await _answer(uow, command.by, "kept_internal", number=ticket.number)


async def _answer(uow: UnitOfWork, by: SlackPerson, what: str, **data: object) -> None:
    """In place of the question, which only its author sees."""
    if by.channel is not None:
        effect = TellUser(by.channel, by.user, what, data, by.thread_ts, by.response_url, replaces=True)
        await uow.outbox.add(effect)


async def files_fetched(command: FilesFetched, uow: UnitOfWork, ctx: Context) -> None:
    """What was to go along is here, and the words go when their time has come; or nothing goes, and people read why."""
    effect = (await uow.outbox.get(command.outbox_id)).effect
    assert isinstance(effect, FetchFiles)
    ticket = await uow.tickets.get(effect.ticket_id)
    sending = await uow.sendings.get(effect.sending_id)
    sendings.with_digests(sending, command.digests)
    await uow.sendings.update(sending)
    if sending.state is not SendingState.WAITING:
        return
    if command.problem:
        await sendings.take_back(uow, ctx, ticket, sending, "bot", "no_files", reason=command.problem)
        return
    await sendings.go_if_due(uow, ctx, ticket, sending)
