"""What is done about a neglect that the auditor found: somebody is called, or told what they were not told before.

| neglect           | what is done                                                                                    |
| ----------------- | ----------------------------------------------------------------------------------------------- |
| overdue           | escalated with the clock that is late, so it ends by itself when that is met                    |
| silent_escalation | the chain goes on: the call that is due is made, the timer of the next is set                   |
| no_clock,         | escalated; somebody has to say what becomes of it                                               |
| no_reminder       |                                                                                                 |
| stuck             | escalated with the ticket that waits longest, so that it leaves by the other ways; where its    |
|                   | escalation is open already, or there is no ticket, operators are told                           |
| untold            | told; what was to tell operators themselves leaves by mail                                      |
"""

from __future__ import annotations

from bot.effects import MailKind, PostOperator, SendMail
from bot.escalations import EscalationSource
from bot.model import Language, SlaClock
from bot.ports import UnitOfWork
from bot.rules.neglect import Finding, Neglect
from bot.rules.wording import format_date, words
from handlers import escalations
from handlers.context import Context

OUTBOX_NOTICE, INBOX_NOTICE = "outbox-parked:", "parked:"
"""What the dedupe keys of notices about rows set aside begin with; their ids follow (`bot.loops`)."""


async def heed(finding: Finding, uow: UnitOfWork, ctx: Context) -> None:
    """Do it. Of a finding with a ticket that is locked, the caller knows that it still holds."""
    match finding.kind:
        case Neglect.OVERDUE:
            await _escalate(finding, uow, ctx, clock=await uow.clocks.get(finding.subject_id))
        case Neglect.SILENT_ESCALATION:
            escalation = await uow.escalations.get(finding.subject_id)
            await escalations.go_on(uow, ctx, await uow.tickets.get(escalation.ticket_id), escalation)
            await tell_operators(finding, uow, ctx)
        case Neglect.NO_CLOCK | Neglect.NO_REMINDER:
            await _escalate(finding, uow, ctx)
        case Neglect.STUCK:
            ticket_id = finding.ticket_id
            if ticket_id is None or await uow.escalations.open_of_ticket(ticket_id) is not None:
                await tell_operators(finding, uow, ctx)
            else:
                await _escalate(finding, uow, ctx)
        case Neglect.UNTOLD:
            await _tell_at_last(finding, uow, ctx)


def described(finding: Finding, ctx: Context) -> str:
    """The finding as a sentence for staff."""
    language = Language(ctx.config.service.staff_language)
    return words("staff", language)(
        f"neglect.{finding.kind}",
        number=finding.about,
        row=finding.about,
        since=format_date(finding.since, language, ctx.zone),
        transport=finding.detail,
        count=finding.count,
        reason=finding.reason,
    )


async def tell_operators(finding: Finding, uow: UnitOfWork, ctx: Context) -> None:
    """Tell of it in the escalation channel, once."""
    notice = PostOperator("neglected", {"what": described(finding, ctx)})
    await uow.outbox.add(notice, dedupe_key=f"neglected:{finding.key}")


async def _escalate(finding: Finding, uow: UnitOfWork, ctx: Context, clock: SlaClock | None = None) -> None:
    assert finding.ticket_id is not None
    ticket = await uow.tickets.get(finding.ticket_id)
    reason = described(finding, ctx)
    await escalations.raise_escalation(uow, ctx, ticket, EscalationSource.AUDIT, reason, "bot", clock=clock)


async def _tell_at_last(finding: Finding, uow: UnitOfWork, ctx: Context) -> None:
    data: dict[str, object] = {"reason": finding.reason}
    match finding.detail:
        case "operator":
            await _mail_operators(finding, uow, ctx)
        case "outbox":
            notice = PostOperator("outbox_parked", {**data, "outbox": finding.subject_id})
            await uow.outbox.add(notice, dedupe_key=f"{OUTBOX_NOTICE}{finding.subject_id}")
        case source:
            notice = PostOperator("inbox_parked", {**data, "inbox": finding.subject_id, "source": source})
            await uow.outbox.add(notice, dedupe_key=f"{INBOX_NOTICE}{finding.subject_id}")


async def _mail_operators(finding: Finding, uow: UnitOfWork, ctx: Context) -> None:
    """The escalation channel does not take what is to be told there. Where no address is known, health names it."""
    language = Language(ctx.config.service.staff_language)
    key: str | None = f"{OUTBOX_NOTICE}{finding.subject_id}"
    for address in ctx.config.escalation.mail_to:
        mail = SendMail(
            kind=MailKind.NOTICE,
            ticket_id=None,
            to=address,
            to_name="",
            subject=words("staff", language)("neglect_mail.subject"),
            text=described(finding, ctx),
            language=language,
        )
        await uow.outbox.add(mail, dedupe_key=key)
        key = None
