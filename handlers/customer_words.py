"""The one way in which words leave for a customer: as they came, by mail or in their thread of a shared channel.

Who writes to customers (`handlers.customer_mails`, `handlers.escalation_mails`, ...) says what; here it is decided
how it goes. A ticket with a `customer_channel` is answered there. Only somebody else's mail address, such as that of a
person who called about it, is written to by mail even then.

| who                 | by mail                                | in the thread                                      |
| ------------------- | -------------------------------------- | -------------------------------------------------- |
| the bot             | greeting, words, the service's name    | greeting, words                                    |
| an engineer (REPLY) | words, the engineer's name, from them  | the engineer's name, words                         |

Both are effects that are performed once, looked up when in doubt, and shown as not sent where they are given up
(`handlers.mail_outcome`).
"""

from __future__ import annotations

from dataclasses import replace

from bot.effects import MailKind, PostToCustomer, SendMail, ShareFiles
from bot.model import Direction, Message, Ticket
from bot.ports import UnitOfWork
from bot.rules.customer_channels import is_slack_user
from bot.rules.mail_writing import can_be_mailed
from bot.rules.reply_letter import signed
from handlers import attachments
from handlers.context import Context

_CALENDAR_FILE = "hezo360.ics"


def goes_by_slack(ticket: Ticket, to: str | None = None) -> bool:
    """Whether words for this recipient go into the ticket's thread in a shared channel.

    Args:
        to: Another recipient than the requester.
    """
    in_channel = to is None or to == ticket.requester or not to or is_slack_user(to)
    return ticket.customer_channel is not None and in_channel


def can_be_reached(ticket: Ticket, to: str | None = None) -> bool:
    """Whether anything can be sent there at all; `to` as in `goes_by_slack`."""
    return goes_by_slack(ticket, to) or can_be_mailed(ticket.requester if to is None else to)


def shown_recipient(ticket: Ticket, to: str | None = None) -> str:
    """Where words go, as staff read it: an address, or the channel of Slack by its id."""
    if goes_by_slack(ticket, to):
        return str(ticket.customer_channel)
    return ticket.requester if to is None else to


async def send(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    kind: MailKind,
    said: str,
    *,
    to: str | None = None,
    author: str = "bot",
    author_name: str = "",
    message_id: int | None = None,
    dedupe_key: str | None = None,
    files: tuple[tuple[str, str, str], ...] = (),
    calendar: str | None = None,
    choices: tuple[tuple[str, str], ...] = (),
) -> int | None:
    """Write words to the customer; gives the outbox row, or None when the dedupe key was used before.

    Nothing here asks whether they may be sent: the limits for automatic words are those of `handlers.customer_mails`.

    Args:
        said: Without greeting and signature.
        to: Another recipient than the requester (`goes_by_slack`).
        author: The Slack user id of the engineer who wrote it, with `kind` REPLY; else "bot".
        author_name: The engineer's name, as the customer reads it.
        message_id: The stored message (`Message.id`) that these words are.
        dedupe_key: Words of this key are written once and never again.
        files: What goes along: (name, content type, hash of a content that `AttachmentRepo` keeps).
        calendar: An iCalendar object: a mail brings it to their calendar, in Slack it is a file.
        choices: Buttons in Slack (`PostToCustomer.choices`); in a mail the words say it all.
    """
    if not goes_by_slack(ticket, to):
        mail = _mail(ctx, ticket, kind, said, to, author, author_name, message_id)
        return await uow.outbox.add(replace(mail, files=files, calendar=calendar), dedupe_key=dedupe_key)
    if calendar is not None:
        files = (*files, (_CALENDAR_FILE, "text/calendar", await uow.attachments.keep(calendar.encode())))
    post = _post(ctx, ticket, kind, said, to, author, author_name, message_id)
    outbox_id = await uow.outbox.add(replace(post, choices=choices), dedupe_key=dedupe_key)
    if outbox_id is not None and files:
        await _share(uow, ctx, ticket, post, files)
    return outbox_id


async def _share(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, post: PostToCustomer, files: tuple[tuple[str, str, str], ...]
) -> None:
    """Files belong to a message, by which a retry knows those that are there already."""
    if post.message_id is None:
        message = await uow.tickets.add_message(
            Message(0, ticket.id, Direction.TO_CUSTOMER, "bot", "", post.text, ctx.now, automatic=True)
        )
    else:
        message = await uow.tickets.message(post.message_id)
    await attachments.keep_ours(uow, ticket, message, files)
    await uow.outbox.add(ShareFiles(ticket.id, message.id, to_customer=True))


def _post(
    ctx: Context,
    ticket: Ticket,
    kind: MailKind,
    said: str,
    to: str | None,
    author: str,
    author_name: str,
    message_id: int | None,
) -> PostToCustomer:
    w = ctx.customer_words(ticket.language)
    name = f"{author_name} ({ctx.config.service.name})" if author_name else ""
    text = said if kind is MailKind.REPLY else f"{w('greeting')}\n\n{said}"
    form = w("offer_fill") if kind is MailKind.QUESTION else ""
    recipient = ticket.requester if to is None else to
    return PostToCustomer(kind, ticket.id, recipient, text, author, name, message_id, form=form)


def _mail(
    ctx: Context,
    ticket: Ticket,
    kind: MailKind,
    said: str,
    to: str | None,
    author: str,
    author_name: str,
    message_id: int | None,
) -> SendMail:
    w, service = ctx.customer_words(ticket.language), ctx.config.service
    if kind is MailKind.REPLY:
        parts = [signed(said, author_name, w, service.name, service.hotline)]
    else:
        parts = [w("greeting"), said, w("signature", service=service.name, hotline=service.hotline)]
    recipient = ticket.requester if to is None else to
    references = _references(ticket)
    return SendMail(
        kind=kind,
        ticket_id=ticket.id,
        to=recipient,
        to_name=ticket.requester_name if recipient == ticket.requester else "",
        subject=ticket.subject,
        text="\n\n".join(parts),
        language=ticket.language,
        author=author,
        from_name=f"{author_name} ({service.name})" if author_name else None,
        message_id=message_id,
        in_reply_to=references[-1] if references else None,
        references=references,
    )


def _references(ticket: Ticket) -> tuple[str, ...]:
    """The thread that our next mail answers, the customer's last mail at its end."""
    ids = ticket.facts.get("reply_to_ids")
    return tuple(str(one) for one in ids) if isinstance(ids, list) else ()
