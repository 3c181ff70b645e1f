"""Performs the Slack effects: renders them as the ticket then is, posts or edits, and keeps where it stands."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.edges import slack_blocks, slack_duty, slack_home
from bot.edges.pacing import Pace
from bot.edges.slack_escalation_card import decided_proposal, proposal
from bot.edges.slack_links import message_url
from bot.edges.slack_sending import sending_offer
from bot.edges.slack_thread import decided_dates, thread_post
from bot.effects import (
    CallWebhook,
    EditProposal,
    EditReply,
    FetchCustomerFiles,
    FetchFiles,
    Note,
    OfferReport,
    OfferSending,
    PostCard,
    PostEntitlement,
    PostEscalationCall,
    PostEscalationCard,
    PostEscalationLine,
    PostInterviewPanel,
    PostInThread,
    PostOperator,
    PostReplacementPanel,
    PostServiceDigest,
    PostToCustomer,
    PublishHome,
    SendMail,
    ShareFiles,
    TellCustomer,
    TellOverview,
    TellUser,
)
from bot.errors import ChannelUnusable, HezoError, Refused, RetryLater
from bot.home import HomeFilter
from bot.loops.answering import OverviewAnswers
from bot.loops.posting_entitlements import EntitlementPosts, standings_of
from bot.loops.posting_escalations import EscalationPosts
from bot.loops.posting_panels import PanelPosts
from bot.loops.posting_services import ServicePosts
from bot.loops.posting_to_customers import CustomerPosts
from bot.loops.slack_posts import Posts, has_no_thread, is_lost
from bot.model import JournalEntry, Language, Ticket, TicketView
from bot.ports import Chat, OutboxRow, UnitOfWork
from bot.rules.calendars import calendar_from_config
from bot.rules.countdown import leading_clock, out_of_date_at
from bot.rules.wording import words
from bot.sendings import SendingState
from handlers import proposed_dates
from handlers.card_refresh import card_timer
from handlers.context import ContextMaker
from storage.due_next import DueNextQueries
from storage.engine import Database

HOMES = "views.publish"
"""The App Homes are paced together: Slack counts them by method."""


class SlackPerformer:
    """Performs one effect after the other, as `bot.loops.slack_posts` says."""

    def __init__(self, chat: Chat, pace: Pace, database: Database, contexts: ContextMaker) -> None:
        config, clock = contexts.config, contexts.clock
        self._chat = chat
        self._pace = pace
        self._database = database
        self._clock = clock
        self._config = config
        self._words = words("staff", Language(config.service.staff_language))
        self._zone = ZoneInfo(config.service.timezone)
        self._posts = Posts(chat, pace, database)
        self._customers = CustomerPosts(self._posts, chat, pace, database, contexts)
        self._panels = PanelPosts(self._posts, database, self._words, self._zone)
        self._overview = OverviewAnswers(database, chat, contexts)
        self._escalations = EscalationPosts(self._posts, chat, database, clock, config)
        self._entitlements = EntitlementPosts(self._posts, database, clock, config)
        self._services = ServicePosts(self._posts, database, config)

    async def perform(self, row: OutboxRow) -> None:
        """See `bot.loops.outbox.Performer`."""
        match row.effect:
            case PostCard():
                await self._card(row, row.effect)
            case PostToCustomer() | OfferReport() | TellCustomer():
                await self._to_customer(row, row.effect)
            case (
                PostInThread()
                | EditReply()
                | EditProposal()
                | PostEntitlement()
                | PostReplacementPanel()
                | PostInterviewPanel()
            ):
                await self._about_ticket(row, row.effect)
            case PostEscalationCard() | PostEscalationCall() | PostEscalationLine():
                await self._escalations.perform(row, row.effect)
            case OfferSending() | TellUser() | TellOverview():
                await self._tell(row, row.effect)
            case PostOperator() | PostServiceDigest():
                await self._to_all(row, row.effect)
            case PublishHome():
                await self._home(row, row.effect)
            case SendMail() | ShareFiles() | FetchFiles() | FetchCustomerFiles() | CallWebhook():
                raise AssertionError("mails, files and calls of the webhook go other ways")

    async def _to_customer(self, row: OutboxRow, effect: PostToCustomer | OfferReport | TellCustomer) -> None:
        try:
            await self._customers.perform(row, effect)
        except ChannelUnusable as error:  # whoever wrote it has to learn now that it did not go out
            raise Refused(str(error)) from error

    async def _about_ticket(
        self,
        row: OutboxRow,
        effect: PostInThread | EditReply | EditProposal | PostEntitlement | PostReplacementPanel | PostInterviewPanel,
    ) -> None:
        match effect:
            case PostInThread():
                await self._in_thread(row, effect)
            case EditReply() | EditProposal():
                try:
                    await self._edit(row, effect)
                except Refused as refusal:
                    if not is_lost(refusal):
                        raise
                    await self._posts.sent(row)  # nobody sees any more what was to be changed
            case PostEntitlement() | PostReplacementPanel() | PostInterviewPanel():
                try:
                    await self._panel(row, effect)
                except Refused as refusal:
                    if not has_no_thread(refusal):
                        raise
                    await self._behind_a_new_head(row, effect)

    async def _panel(self, row: OutboxRow, effect: PostEntitlement | PostReplacementPanel | PostInterviewPanel) -> None:
        if isinstance(effect, PostEntitlement):
            await self._entitlements.perform(row, effect)
        else:
            await self._panels.perform(row, effect)

    async def _card(self, row: OutboxRow, effect: PostCard) -> None:
        async with self._database.read() as uow:
            saw = await uow.last_line(effect.ticket_id)
            view = await uow.tickets.view(effect.ticket_id)
            now = self._clock.now()
            entitled = await standings_of(uow, view.contract if view.ticket.accepted_at else None, now, self._config)
        text, blocks = slack_blocks.card(view, now, self._words, self._zone, entitled, saw=saw)
        channel, ts = view.ticket.slack_channel, view.ticket.slack_ts
        if channel and ts:
            try:
                await self._posts.update(
                    row, channel, ts, (text, blocks), lambda uow, _: self._show_anew(uow, view, now)
                )
            except HezoError as error:
                if not self._is_lost(error, channel, view.ticket):
                    raise
            else:
                return
        earlier = await self._earlier_thread(channel, ts)
        channel = self._channel_of(view.ticket)

        async def keep(uow: UnitOfWork, ts: str) -> None:
            ticket = await uow.tickets.get(effect.ticket_id)
            ticket.slack_channel, ticket.slack_ts = channel, ts
            await uow.tickets.update(ticket)
            await self._show_anew(uow, view, now)
            if earlier is not None:
                entry = JournalEntry(ticket.id, now, "bot", "head_posted_anew", {"earlier_thread": earlier})
                await uow.journal(entry)
                moved = PostInThread(ticket.id, Note.THREAD_BEGUN_ANEW, {"earlier": earlier})
                await uow.outbox.add(moved, dedupe_key=f"begun-anew:{ticket.id}:{ts}")
            escalation = await uow.escalations.open_of_ticket(ticket.id)
            if escalation is not None:  # it may stand there already, and links to the ticket from now on
                await uow.outbox.add(PostEscalationCard(ticket.id, escalation.id))

        await self._posts.post(row, channel, None, (text, blocks), keep)

    def _is_lost(self, error: HezoError, channel: str, ticket: Ticket) -> bool:
        """Whether a head message can not be edited any more: it was deleted, or its channel is another's by now."""
        is_elsewhere = isinstance(error, ChannelUnusable) and channel != self._channel_of(ticket)
        return is_lost(error) or is_elsewhere

    async def _earlier_thread(self, channel: str | None, ts: str | None) -> str | None:
        """A link to the thread of a head message that is posted anew; Slack keeps the replies to a deleted one."""
        if channel is None or ts is None:
            return None
        return message_url(await self._chat.workspace_url(), channel, ts)

    def _channel_of(self, ticket: Ticket) -> str:
        slack = self._config.slack
        is_enquiry = bool(ticket.facts.get("enquiry"))
        return slack.enquiries_channel if is_enquiry and slack.enquiries_channel else slack.support_channel

    async def _show_anew(self, uow: UnitOfWork, view: TicketView, shown_at: datetime) -> None:
        """Set the timer that lets the card's countdown go on (`handlers.card_refresh`)."""
        clock = leading_clock(view.clocks)
        if clock is None:
            return
        at = out_of_date_at(view.clocks, shown_at, calendar_from_config(clock.calendar, self._config))
        if at is not None:
            await uow.clocks.set_timer(card_timer(view.ticket.id, at))

    async def _in_thread(self, row: OutboxRow, effect: PostInThread) -> None:
        channel, head = await self._place(effect.ticket_id)

        async def keep(uow: UnitOfWork, ts: str) -> None:
            if effect.sending_id is not None:
                await self._keep_sending(uow, effect.ticket_id, effect.sending_id, ts)
            if effect.note is Note.AGREED_DATE and "options" in effect.data:
                await proposed_dates.posted(uow, effect, ts)
            if effect.message_id is None:
                return
            await uow.tickets.set_message_slack_ts(effect.message_id, ts)
            files = await uow.attachments.of_message(effect.message_id)
            if any(file.is_for_slack and file.slack_file is None for file in files):
                share = ShareFiles(effect.ticket_id, effect.message_id)
                await uow.outbox.add(share, dedupe_key=f"files:{effect.message_id}")

        render = proposal if effect.note is Note.ESCALATION_PROPOSED else thread_post
        rendered = render(effect, self._words, self._zone)
        try:
            await self._posts.post(row, channel, head, rendered, keep)
        except (Refused, ChannelUnusable) as error:
            is_moved = isinstance(error, ChannelUnusable) and await self._has_moved(effect.ticket_id)
            if not is_moved and not has_no_thread(error):
                raise
            await self._behind_a_new_head(row, effect)

    async def _has_moved(self, ticket_id: int) -> bool:
        async with self._database.read() as uow:
            ticket = await uow.tickets.get(ticket_id)
        return ticket.slack_channel != self._channel_of(ticket)

    async def _behind_a_new_head(
        self, row: OutboxRow, effect: PostInThread | PostEntitlement | PostReplacementPanel | PostInterviewPanel
    ) -> None:
        """The head message is gone with its thread: the card is shown first, which posts it anew, then this again."""
        async with self._database.begin() as uow:
            if await uow.outbox.mark_sent(row.id, {"again": True}):
                await uow.outbox.add(PostCard(effect.ticket_id))
                await uow.outbox.add(effect)

    async def _keep_sending(self, uow: UnitOfWork, ticket_id: int, sending_id: int, ts: str) -> None:
        """Remember where it is shown, also for the message that became of it while the post was on its way."""
        await uow.tickets.get(ticket_id)  # whoever changes it has locked its ticket
        sending = await uow.sendings.get(sending_id)
        sending.post_ts = ts
        await uow.sendings.update(sending)
        if sending.message_id is not None:
            await uow.tickets.set_message_slack_ts(sending.message_id, ts)

    async def _offer(self, row: OutboxRow, effect: OfferSending) -> None:
        """Ask, unless somebody has sent, changed or deleted it meanwhile."""
        async with self._database.read() as uow:
            ticket = await uow.tickets.get(effect.ticket_id)
            sending = await uow.sendings.get(effect.sending_id)
        if ticket.slack_channel is None or sending.state is not SendingState.INTERNAL:
            await self._posts.sent(row)
            return
        text, blocks = sending_offer(ticket, sending, self._words, first=effect.first, said=effect.said)
        async with self._pace.turn(f"tell:{ticket.slack_channel}", urgent=True):
            try:
                await self._chat.tell(ticket.slack_channel, effect.user, text, thread_ts=ticket.slack_ts, blocks=blocks)
            except ChannelUnusable as error:  # a question below what was just written is worth nothing hours later
                raise Refused(str(error)) from error
        await self._posts.sent(row)

    async def _edit(self, row: OutboxRow, effect: EditReply | EditProposal) -> None:
        if isinstance(effect, EditProposal) and "message" in effect.data:
            await self._customers.without_choices(row, effect)
            return
        channel, _ = await self._place(effect.ticket_id)
        if isinstance(effect, EditProposal):
            decided = decided_dates if "options" in effect.data else decided_proposal
            await self._posts.update(row, channel, effect.ts, decided(effect.data, self._words, self._zone))
            return
        async with self._database.read() as uow:
            if effect.message_id is not None:
                ts = (await uow.tickets.message(effect.message_id)).slack_ts
            else:
                assert effect.sending_id is not None
                ts = (await uow.sendings.get(effect.sending_id)).post_ts
        if ts is None:
            raise RetryLater("the reply's own post is not in Slack yet")
        post = PostInThread(effect.ticket_id, Note.ENGINEER_REPLY, effect.data)
        text, blocks = thread_post(post, self._words, self._zone)
        await self._posts.update(row, channel, ts, (text, blocks))

    async def _to_all(self, row: OutboxRow, effect: PostOperator | PostServiceDigest) -> None:
        if isinstance(effect, PostServiceDigest):
            await self._services.perform(row, effect)
        else:
            await self._to_operators(row, effect)

    async def _to_operators(self, row: OutboxRow, effect: PostOperator) -> None:
        """In the escalation channel; where Slack does not let us in there, in the support channel."""
        slack = self._config.slack
        notice = slack_blocks.operator_notice(effect, self._words)
        try:
            await self._posts.post(row, slack.escalation_channel, None, notice)
        except ChannelUnusable:
            if slack.support_channel == slack.escalation_channel:
                raise
            await self._posts.post(row, slack.support_channel, None, notice)

    async def _tell(self, row: OutboxRow, effect: TellUser | OfferSending | TellOverview) -> None:
        if isinstance(effect, OfferSending):
            await self._offer(row, effect)
            return
        replaces = False
        if isinstance(effect, TellOverview):
            text = await self._overview.text(effect)
        else:
            said = slack_duty.answer(effect, self._clock.now(), self._words, self._zone)
            text, replaces = said if said is not None else slack_blocks.tell(effect, self._words), effect.replaces
        async with self._pace.turn(f"tell:{effect.channel}", urgent=True):
            try:
                await self._chat.tell(
                    effect.channel,
                    effect.user,
                    text,
                    thread_ts=effect.thread_ts,
                    response_url=effect.response_url,
                    replaces=replaces,
                )
            except ChannelUnusable as error:  # an answer to a click is worth nothing hours later
                raise Refused(str(error)) from error
        await self._posts.sent(row)

    async def _home(self, row: OutboxRow, effect: PublishHome) -> None:
        if effect.is_staff:
            queries, shown = DueNextQueries(self._database), HomeFilter.from_json(effect.shown)
            due = await queries.home(effect.user, shown, slack_home.SHOWN)
            customers = await queries.customers(slack_home.MOST_CUSTOMERS)
            managed = await queries.managed(slack_home.MOST_LATE) if effect.is_manager else None
            url = await self._chat.workspace_url()
            now = self._clock.now()
            view = slack_home.home(due, shown, customers, managed, url, now, self._words, self._zone)
        else:
            view = slack_home.closed_home(self._words)
        async with self._pace.turn(HOMES):
            await self._chat.publish_home(effect.user, view)
        await self._posts.sent(row)

    async def _place(self, ticket_id: int) -> tuple[str, str]:
        async with self._database.read() as uow:
            ticket = await uow.tickets.get(ticket_id)
        if ticket.slack_channel is None or ticket.slack_ts is None:
            raise RetryLater("the ticket's head message is not in Slack yet")
        return ticket.slack_channel, ticket.slack_ts
