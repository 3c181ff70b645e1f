"""An engineer decides about a proposal of the bot: the service is offered to the customer, or it is left.

What is offered is a ticket of its own: the customer answers on it, a plain yes is a request that an engineer accepts as
any other (`handlers.entitlements.heed`), and until then no clock runs on anybody. Nobody owes an answer to an offer, so
customers are not reminded of it, and its ticket closes by itself (`entitlements.close_offers_after`); a yes that comes
later reopens it.
"""

from __future__ import annotations

from bot.commands import TimerDue
from bot.effects import Note, PostCard, PostInThread, PostServiceDigest
from bot.entitlement_commands import DismissNotice, OfferService
from bot.entitlements import NoticeDecision, NoticeKind, ServiceNotice
from bot.model import Contract, Language, Priority, Ticket, TicketState, Timer
from bot.people import SlackPerson
from bot.ports import UnitOfWork
from bot.rules.entitlements import local_day, standings
from bot.rules.service_offers import offer_subject, offer_text
from bot.rules.service_round import entitlement_of
from bot.rules.sla import terms_from_config
from bot.rules.ticket_states import move
from handlers import agreed_dates, clocks, customer_mails, turns
from handlers.context import Context, journal, said_at, tell
from handlers.entitlements import OFFER
from handlers.ticket_actions import store

SERVICE_OFFER = "service_offer"
"""The kind of the timers that end what nobody answers."""


async def offer(command: OfferService, uow: UnitOfWork, ctx: Context) -> None:
    """Open a ticket and write to the customer in the engineer's name."""
    by = command.by
    notice = await _undecided(uow, ctx, by, command.notice_id)
    if notice is None:
        return
    contract = await uow.contracts.get(notice.contract_id)
    address = command.address.strip().lower()
    if not contract.authorises(address):
        await tell(uow, by, "service_not_authorised", address=address, number=contract.number)
        return
    language = contract.language or Language.PL
    w = ctx.customer_words(language)
    kind = entitlement_of(notice.kind)
    ticket = await uow.tickets.add(_ticket(notice, contract, address, language, offer_subject(w, kind, contract), ctx))
    await uow.tickets.add_participant(ticket.id, address)
    today = local_day(ctx.now, ctx.zone)
    uses = await uow.entitlements.of_contract(contract.id)
    devices = standings(contract, uses, today, ctx.config.entitlements)
    text = offer_text(w, kind, contract, [each for each in devices if each.serial in notice.serials], command.words)
    await uow.outbox.add(PostCard(ticket.id))
    message = await customer_mails.engineer_reply(uow, ctx, ticket, by.user, by.name, text)
    await journal(uow, ctx, ticket, by.user, "service_offered", notice=notice.id, entitlement=kind, message=message.id)
    data: dict[str, object] = {"author": by.user, "text": text, "to": address, "status": "sending"}
    await uow.outbox.add(PostInThread(ticket.id, Note.ENGINEER_REPLY, data, message_id=message.id))
    ticket.assignee, ticket.contacted_at = by.user, by.at or ctx.now
    ticket.facts[turns.LAST_CONTACT] = ticket.contacted_at.isoformat()
    until = ctx.now + ctx.config.entitlements.close_offers_after
    await uow.clocks.set_timer(Timer(0, f"{SERVICE_OFFER}:{ticket.id}", SERVICE_OFFER, ticket.id, until))
    await uow.tickets.update(ticket)
    await _decided(uow, ctx, by, notice, NoticeDecision.OFFERED, ticket.id)
    await tell(uow, by, "service_offered", number=ticket.number, address=address)


async def dismiss(command: DismissNotice, uow: UnitOfWork, ctx: Context) -> None:
    """The proposal is left."""
    notice = await _undecided(uow, ctx, command.by, command.notice_id)
    if notice is not None:
        await _decided(uow, ctx, command.by, notice, NoticeDecision.DISMISSED, None)


async def unanswered(command: TimerDue, uow: UnitOfWork, ctx: Context) -> None:
    """The offer's time is over: its ticket ends without a word, unless anybody has said more about it."""
    ticket = await uow.tickets.get(command.timer.ticket_id)
    if not await uow.clocks.finish_timer(command.timer.id) or ticket.state is not TicketState.WAITING:
        return
    messages = await uow.tickets.messages(ticket.id)
    if len(messages) > 1 or await clocks.running(uow, ticket) or agreed_dates.proposed_at(ticket) is not None:
        return
    move(ticket, TicketState.CLOSED, ctx.now)
    await journal(uow, ctx, ticket, "bot", "closed", reason="offer_unanswered")
    data: dict[str, object] = {"state": ticket.state, "reason": "offer_unanswered"}
    await uow.outbox.add(PostInThread(ticket.id, Note.STATE_CHANGED, data))
    await store(uow, ticket)


async def _undecided(uow: UnitOfWork, ctx: Context, by: SlackPerson, notice_id: int) -> ServiceNotice | None:
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return None
    try:
        notice = await uow.notices.get(notice_id)
    except LookupError:
        return None  # the button is none of ours
    if notice.kind is NoticeKind.ENDS:
        return None
    if notice.decision is not None:
        since = {"at": said_at(ctx, notice.decided_at)} if notice.decided_at else {}
        await tell(uow, by, f"service_{notice.decision}_by", who=notice.decided_by or "", **since)
        return None
    return notice


async def _decided(
    uow: UnitOfWork,
    ctx: Context,
    by: SlackPerson,
    notice: ServiceNotice,
    decision: NoticeDecision,
    ticket_id: int | None,
) -> None:
    notice.decision, notice.decided_by, notice.decided_at = decision, by.user, by.at or ctx.now
    notice.ticket_id = ticket_id
    await uow.notices.update(notice)
    await uow.outbox.add(PostServiceDigest(notice.told_on.isoformat()))


def _ticket(
    notice: ServiceNotice, contract: Contract, address: str, language: Language, subject: str, ctx: Context
) -> Ticket:
    return Ticket(
        id=0,
        number="",
        state=TicketState.WAITING,
        priority=Priority.QUESTION,
        priority_confirmed=True,
        language=language,
        subject=subject,
        requester=address,
        requester_name="",
        reported_at=ctx.now,
        created_at=ctx.now,
        contract_id=contract.id,
        devices=tuple(device for device in contract.devices if device.serial in notice.serials),
        accepted_at=ctx.now,
        terms={priority: terms.to_json() for priority, terms in terms_from_config(ctx.config.sla).items()},
        facts={
            OFFER: {"entitlement": entitlement_of(notice.kind), "serials": list(notice.serials), "open": True},
            "problems": [],
            "hold_reasons": [],
        },
    )
