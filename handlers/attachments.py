"""The files of a customer's mail: kept with the ticket in the transaction that stores the message, named in Slack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.commands import FilesFetched, FilesNotShown
from bot.effects import FetchCustomerFiles, Note, PostInThread, PostOperator, ShareFiles
from bot.model import Attachment, AttachmentVerdict, Message, Ticket
from bot.ports import UnitOfWork
from bot.rules.attachments import AttachmentLimits, Decision, sort_attachments
from bot.rules.file_names import safe_name
from bot.rules.first_reading import SMALL
from bot.rules.mail_reading import Attachment as Described
from bot.rules.mail_reading import IncomingMail, attachment_contents
from bot.sendings import SharedFile
from handlers.context import Context, journal


async def keep(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    message: Message,
    mail: IncomingMail,
    raw: bytes,
    contents: Sequence[bytes] | None = None,
) -> None:
    """Store what the mail carries, as `bot.rules.attachments` decides; the pictures of its signature stay out.

    Args:
        contents: Those of its files, where they are at hand.
    """
    if not mail.attachments:
        return
    # Of a large mail one content at a time is in memory, for which it is taken apart twice.
    at_hand = contents or (list(attachment_contents(raw)) if len(raw) <= SMALL else None)
    limits = AttachmentLimits.of(ctx.config.intake)
    decisions = sort_attachments(mail.attachments, at_hand or attachment_contents(raw), limits)
    kept: list[Attachment] = []
    for decision, content in zip(decisions, at_hand or attachment_contents(raw), strict=True):
        if decision.is_decoration:
            continue
        file = _attachment(decision, message, len(kept))
        is_dropped = file.verdict is AttachmentVerdict.DROPPED
        kept.append(await uow.attachments.add(file, None if is_dropped else content))
    if kept:
        files = [[file.id, file.name, file.size, file.verdict, file.reason] for file in kept]
        await journal(uow, ctx, ticket, message.author, "files_received", message=message.id, files=files)


def _attachment(decision: Decision, message: Message, position: int) -> Attachment:
    reason = f"{decision.reason}: {decision.found}" if decision.reason else ""
    return Attachment(
        id=0,
        ticket_id=message.ticket_id,
        message_id=message.id,
        position=position,
        name=decision.name,
        content_type=decision.content_type,
        size=decision.size,
        verdict=decision.verdict,
        reason=reason,
    )


async def fetched(command: FilesFetched, uow: UnitOfWork, ctx: Context) -> None:
    """Put what a customer shared in Slack to their message, by the rules for files of mails, and show it."""
    effect = (await uow.outbox.get(command.outbox_id)).effect
    assert isinstance(effect, FetchCustomerFiles)
    ticket = await uow.tickets.get(effect.ticket_id)
    message = await uow.tickets.message(effect.message_id)
    files_as_called = [_as_called(file, command) for file in effect.files]
    here = [file for file in files_as_called if file.id in command.digests]
    contents = [await uow.attachments.content(command.digests[file.id]) for file in here]
    described = [
        Described(
            safe_name(file.name, file.content_type, number),
            file.content_type,
            len(content),
            "",
            command.digests[file.id],
            is_inline=False,
        )
        for number, (file, content) in enumerate(zip(here, contents, strict=True), start=1)
    ]
    decisions = sort_attachments(described, iter(contents), AttachmentLimits.of(ctx.config.intake))
    kept: list[Attachment] = []
    for decision, content in zip(decisions, contents, strict=True):
        file = _attachment(decision, message, len(kept))
        is_dropped = file.verdict is AttachmentVerdict.DROPPED
        kept.append(await uow.attachments.add(file, None if is_dropped else content))
    files = [[file.id, file.name, file.size, file.verdict, file.reason] for file in kept]
    await journal(uow, ctx, ticket, message.author, "files_received", message=message.id, files=files)
    missing = [file.name for file in files_as_called if file.id not in command.digests]
    data: dict[str, object] = {"files": listed(kept), "number": ticket.number, "missing": missing}
    await uow.outbox.add(PostInThread(ticket.id, Note.CUSTOMER_FILES, data | {"reason": command.problem}))
    if any(file.is_for_slack for file in kept):
        await uow.outbox.add(ShareFiles(ticket.id, message.id), dedupe_key=f"files:{message.id}")


def _as_called(file: SharedFile, command: FilesFetched) -> SharedFile:
    name, content_type = command.named.get(file.id, (file.name, file.content_type))
    return replace(file, name=name, content_type=content_type)


async def keep_ours(uow: UnitOfWork, ticket: Ticket, message: Message, files: Iterable[tuple[str, str, str]]) -> None:
    """Put files of ours to a message of ours.

    Args:
        files: (name, content type, hash of a kept content).
    """
    for position, (name, content_type, digest) in enumerate(files):
        content = await uow.attachments.content(digest)
        verdict = AttachmentVerdict.KEPT
        file = Attachment(0, ticket.id, message.id, position, name, content_type, len(content), verdict)
        await uow.attachments.add(file, content)


def listed(files: Iterable[Attachment]) -> list[dict[str, object]]:
    """What `Note.CUSTOMER_WROTE` says about files, as JSON values."""
    return [
        {
            "name": file.name,
            "type": file.content_type,
            "size": file.size,
            "verdict": file.verdict,
            "reason": file.reason,
        }
        for file in files
    ]


async def not_shown(command: FilesNotShown, uow: UnitOfWork, ctx: Context) -> None:
    """Say in the thread which files are not there, and tell an operator why, each reason once a day."""
    effect = (await uow.outbox.get(command.outbox_id)).effect
    assert isinstance(effect, ShareFiles)
    ticket = await uow.tickets.get(effect.ticket_id)
    files = [file for file in await uow.attachments.of_message(effect.message_id) if file.is_for_slack]
    names = [file.name for file in files if file.slack_file is None] or [file.name for file in files]
    await journal(uow, ctx, ticket, "bot", "files_not_shown", reason=command.reason, names=names)
    if effect.to_customer:
        lost: dict[str, object] = {
            "address": ticket.customer_channel,
            "reason": f"{', '.join(names)}: {command.reason}",
        }
        await uow.outbox.add(PostInThread(ticket.id, Note.MAIL_NOT_SENT, lost, urgent=True))
        return
    data: dict[str, object] = {"names": names, "reason": command.reason, "number": ticket.number}
    await uow.outbox.add(PostInThread(ticket.id, Note.FILES_NOT_SHOWN, data))
    notice = PostOperator("files_not_shown", {"reason": command.reason})
    await uow.outbox.add(notice, dedupe_key=f"files-not-shown:{ctx.now:%Y-%m-%d}:{command.reason}")
