"""The only place where the parts are joined: configuration in, a running bot out."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from slack_sdk.web.async_client import AsyncWebClient

from bot.collecting import collect_seldom
from bot.commands import Command, EmailReceived
from bot.commands_channels import ChannelMessage
from bot.commands_sending import ThreadMessage
from bot.config import Config
from bot.config_mail import ImapConfig
from bot.config_slack import SlackMode
from bot.edges.imap_inbox import ImapInbox
from bot.edges.oauth_tokens import TokenSources
from bot.edges.pacing import Pace
from bot.edges.reading_ahead import ReadingAhead
from bot.edges.slack_chat import SlackChat, slack_client
from bot.edges.slack_files import SlackFiles
from bot.edges.slack_groups import SlackGroups
from bot.edges.slack_http import SlackHttp
from bot.edges.slack_payloads import to_command
from bot.edges.slack_screens import Look
from bot.edges.slack_socket import SlackSocket
from bot.edges.smtp_mailer import SmtpMailer
from bot.edges.webhook import Webhook, webhook
from bot.effects import SendMail
from bot.errors import HezoError
from bot.health import HealthServer
from bot.loops.among_processes import AmongProcesses, Heard, Role
from bot.loops.audit import AuditLoop, hasten_what_a_wrong_clock_put_off
from bot.loops.calling_webhook import WebhookPerformer
from bot.loops.customers_first import customers_first
from bot.loops.inbox import InboxLoop
from bot.loops.opening import once_usable
from bot.loops.outbox import OutboxLoop
from bot.loops.posting_to_slack import SlackPerformer
from bot.loops.retention import RetentionLoop
from bot.loops.sending_mail import MailPerformer
from bot.loops.service_round import ServiceRoundLoop
from bot.loops.sharing_files import FilesPerformer
from bot.loops.slack_desk import SlackDesk
from bot.loops.staff_groups import StaffGroups
from bot.loops.timers import TimerLoop
from bot.model import Language, Ticket
from bot.ports import Clock, InboxRow
from bot.reporting import Reporter
from bot.rules.mail_reading import content_key
from bot.rules.mail_writing import OutgoingAttachment
from bot.rules.outgoing_mail import write_mail
from bot.rules.sla import terms_from_config
from bot.rules.wording import words
from bot.staff_directory import StaffDirectory
from bot.supervisor import Supervisor
from handlers.context import ContextMaker
from handlers.received_mail import reading_options
from storage.composing import ComposedMail
from storage.engine import Database
from storage.inbox import MAIL, SLACK
from storage.mail_sink import StoredMailSink
from storage.queues import OutboxQueue
from storage.refresh_tokens import StoredRefreshTokens
from storage.schema import Transport

log = logging.getLogger(__name__)

KEY_SETTING = "mail.token_key"
MAIL_OUTBOX, SLACK_OUTBOX = "outbox: mail", "outbox: slack"
SLACK_ABREAST, SLACK_KEPT_FOR_URGENT = 6, 2
"""While posts of a busy channel wait for their turn, those of other channels go on, and above all what is urgent."""
NOTHING_IS_IN_HAND = timedelta(seconds=2)
"""How long connections to the database are waited for in the end: a silent one must not make the stop last longer than
service managers wait."""


class Bot:
    """The whole program, started and stopped as one.

    Args:
        config: The validated configuration.
        clock: The machine's, or the sandbox's movable one.
    """

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._key = b""
        self._staff = StaffDirectory(config)
        self.database = Database(
            config.database.url.get_secret_value(),
            clock=clock,
            compose=self._compose,
            read_content_key=content_key,
        )
        self.supervisor = Supervisor(clock, config.stop_within)
        self.health = HealthServer(config.health, Reporter(self.database, self.supervisor, clock))
        kept = StoredRefreshTokens(self.database)
        self._tokens = TokenSources(config.mail.oauth, clock, kept)
        self._mailer = SmtpMailer(config.mail.smtp, tokens=self._tokens.of(config.mail.smtp))
        self._reader = ReadingAhead(reading_options(config))
        self._open = AsyncExitStack()
        self._unread_mailboxes = {mailbox.name for mailbox in config.mail.imap}
        self._roles: list[Role] = []
        self._heard = Heard()
        self._among: AmongProcesses | None = None

    async def start(self) -> None:
        """Open the database, settle what a crash left half-way, start every part.

        Raises:
            HezoError: The database cannot be used, or not within `database.start_patience`; everything else is retried
                while we run.
        """
        worker = f"{os.getpid()}-{secrets.token_hex(6)}"
        outbox = OutboxQueue(self.database, worker, finished_within=self._config.slack.timeout)
        patience = self._config.database.start_patience
        await once_usable(lambda: self._open_database(outbox), patience)
        client = await self._open.enter_async_context(slack_client(self._config.slack))
        pager = await self._open.enter_async_context(webhook(self._config.escalation.webhook))
        await once_usable(lambda: self._add_groups(client), patience)
        self._add_parts(ContextMaker(self._clock, self._config, self._key, self._staff), outbox, client, pager)
        self._among = among = AmongProcesses(
            self.database, self._clock, outbox, worker, self._roles, self._heard, doubt=self._config.retry.in_doubt_wait
        )
        await among.begin()
        self.supervisor.add("processes", lambda: among.run(self.supervisor.stopping))
        self.supervisor.start()

    async def _open_database(self, outbox: OutboxQueue) -> None:
        await self.database.open()
        self._key = await self._token_key()
        await hasten_what_a_wrong_clock_put_off(self.database, self._clock.now(), self._config)
        doubts = await outbox.recover(self._clock.now(), self._clock.now() + self._config.retry.in_doubt_wait)
        if doubts:
            log.warning("effects were interrupted and are looked up", extra={"hezo": {"count": doubts}})

    async def stop(self) -> None:
        """Finish what is in hand within `stop_within`, then close everything."""
        self.supervisor.stopping.set()
        self.database.wakes.set_all()
        await self.supervisor.stop()
        if self._among is not None:
            await self._among.leave()
        await self._reader.close()
        await self._mailer.close()
        await self._open.aclose()
        await self.database.close(NOTHING_IS_IN_HAND)

    async def _add_groups(self, client: AsyncWebClient) -> None:
        """Who is in the configured user groups: what was known at the last stop, and from then on what Slack says."""
        slack = self._config.slack
        if not self._staff.groups:
            return
        groups = SlackGroups(client, slack.timeout)
        part = StaffGroups(groups, self._staff, self.database, self._clock, slack.groups_refresh)
        await part.restore()
        self.supervisor.add("slack: groups", lambda: part.run(self.supervisor.stopping))

    def _add_parts(self, contexts: ContextMaker, outbox: OutboxQueue, client: AsyncWebClient, pager: Webhook) -> None:
        config, database, clock, stopping = self._config, self.database, self._clock, self.supervisor.stopping
        wakes = database.wakes
        make_sure = self._heard.make_sure
        pace = Pace(timedelta(minutes=1) / config.slack.posts_per_minute, config.slack.posts_at_once, make_sure)
        chat = SlackChat(client, config.slack.timeout)
        slack_performer = SlackPerformer(chat, pace, database, contexts)
        files_performer = FilesPerformer(SlackFiles(client, config.slack.timeout), pace, database, contexts)
        webhook_performer = WebhookPerformer(pager, database, clock, chat.workspace_url)
        mail_performer = MailPerformer(self._mailer, database, contexts, self._mailboxes_are_read, make_sure)
        desk = SlackDesk(database, clock, config)
        way_in = SlackHttp if config.slack.mode is SlackMode.HTTP else SlackSocket
        socket = way_in(
            config.slack, desk, desk, client, self._look(),
            on_connected=lambda: self.supervisor.report("slack", None),
        )  # fmt: skip

        async def check_slack() -> None:
            await chat.check_token()
            self.supervisor.report(SLACK_OUTBOX, None)

        mail_inbox = InboxLoop(
            MAIL, database, _mail_command, wakes.mail_inbox, contexts, customers_first(database, config.mail),
            self._reader,
        )  # fmt: skip
        slack_inbox = InboxLoop(SLACK, database, _slack_command, wakes.slack_inbox, contexts)
        mail_outbox = OutboxLoop(
            Transport.MAIL, mail_performer, database, outbox, wakes.mail_outbox, contexts, self._check_mail_server
        )
        slack_outbox = OutboxLoop(
            Transport.SLACK, slack_performer, database, outbox, wakes.slack_outbox, contexts, check_slack,
            abreast=SLACK_ABREAST, kept_for_urgent=SLACK_KEPT_FOR_URGENT,
        )  # fmt: skip
        files_outbox = OutboxLoop(
            Transport.FILES, files_performer, database, outbox, wakes.files_outbox, contexts, _no_check
        )
        webhook_outbox = OutboxLoop(
            Transport.WEBHOOK, webhook_performer, database, outbox, wakes.webhook_outbox, contexts, _no_check
        )
        timers = TimerLoop(database, wakes.timers, contexts)
        audit = AuditLoop(database, contexts)
        services = ServiceRoundLoop(database, contexts)
        retention = RetentionLoop(database, clock, config)

        add = self.supervisor.add
        mails, clicks, posts = map(self._role, ("inbox: mail", "inbox: slack", SLACK_OUTBOX))
        add("inbox: mail", lambda: mails.run(stopping, mail_inbox.run))
        add("inbox: slack", lambda: clicks.run(stopping, slack_inbox.run))
        add(MAIL_OUTBOX, lambda: mail_outbox.run(stopping), connects=True)
        add(SLACK_OUTBOX, lambda: self._post_or_stand_by(posts, slack_outbox), connects=True)
        add("outbox: files", lambda: files_outbox.run(stopping))
        add("outbox: webhook", lambda: webhook_outbox.run(stopping))
        add("timers", lambda: timers.run(stopping))
        add("audit", lambda: audit.run(stopping))
        add("services", lambda: services.run(stopping))
        add("retention", lambda: retention.run(stopping))
        add("slack", lambda: socket.run(stopping), connects=True)
        add("health", lambda: self.health.run(stopping))
        for mailbox in config.mail.imap:
            self._add_mailbox(mailbox)

    def _role(self, name: str) -> Role:
        role = Role(name)
        self._roles.append(role)
        return role

    def _look(self) -> Look:
        config = self._config
        return Look(
            words("staff", Language(config.service.staff_language)),
            ZoneInfo(config.service.timezone),
            self._clock,
            config.service.escalation_phone,
            self._staff.leaders,
            config.escalation.snooze_at_most,
            config.service.name,
            config.service.hotline,
            config.replies.canned,
            self._staff,
            {priority: terms.reaction for priority, terms in terms_from_config(config.sla).items()},
            config.replies.files_max_mb,
        )

    def _add_mailbox(self, mailbox: ImapConfig) -> None:
        name = f"mailbox: {mailbox.name}"
        role = self._role(name)
        role.is_well = lambda: mailbox.name not in self._unread_mailboxes
        sink = StoredMailSink(self.database)

        def tell(state: str, detail: str | None) -> None:
            if state == "connecting":  # the last problem stands meanwhile
                self._unread_mailboxes.add(mailbox.name)
                return
            self._unread_mailboxes.discard(mailbox.name)
            self.supervisor.report(name, detail)

        async def read(over: asyncio.Event) -> None:
            # Reading waits on the server, mostly; what it has stored is committed, so it can be cut off at any point.
            inbox = ImapInbox(
                mailbox, sink, tokens=self._tokens.of(mailbox), on_state=tell, on_waiting=self._reader.expect
            )
            reading = asyncio.ensure_future(inbox.run())
            stopped = asyncio.ensure_future(over.wait())
            try:
                await asyncio.wait({reading, stopped}, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    reading.result()
            finally:
                self._unread_mailboxes.add(mailbox.name)  # from now on, not only from the next connection on
                for task in (reading, stopped):
                    task.cancel()
                await asyncio.gather(reading, stopped, return_exceptions=True)

        self.supervisor.add(name, lambda: self._run_or_stand_by(role, read), connects=True)

    async def _post_or_stand_by(self, role: Role, posts: OutboxLoop) -> None:
        if not role.is_held:  # else the loop does it when it begins
            await posts.take_back()
        await self._run_or_stand_by(role, posts.run)

    async def _run_or_stand_by(self, role: Role, run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        if not role.is_held and self.database.is_postgresql:
            self.supervisor.report(role.name, None)  # another process does it, or this one will in a moment
        await role.run(self.supervisor.stopping, run)

    def _mailboxes_are_read(self) -> bool:
        """Whether all that our mailboxes hold is stored, by this process or by those that read them."""
        elsewhere = {role.name for role in self._roles if role.well_elsewhere}
        return all(f"mailbox: {name}" in elsewhere for name in self._unread_mailboxes)

    async def _check_mail_server(self) -> None:
        await self._mailer.check()
        self.supervisor.report(MAIL_OUTBOX, None)

    def _compose(
        self, effect: SendMail, row_id: int, ticket: Ticket | None, now: datetime, files: Sequence[OutgoingAttachment]
    ) -> ComposedMail:
        number = ticket.number if ticket else None
        return ComposedMail(*write_mail(effect, row_id, number, now, self._config, self._key, files))

    async def _token_key(self) -> bytes:
        """The configured key, or one that is made once and kept."""
        configured = self._config.mail.token_key
        if configured is not None:
            return configured.get_secret_value().encode()
        async with self.database.begin() as uow:
            return (await uow.settings.keep(KEY_SETTING, secrets.token_hex(32))).encode()


async def _no_check() -> None:
    """Whether Slack takes our token, the posts find out; the webhook is not called but to ring somebody."""


def _mail_command(row: InboxRow) -> Command:
    return EmailReceived(row.id, row.place, row.body, row.received_at, row.size, row.complete)


def _slack_command(row: InboxRow) -> Command:
    command = to_command(json.loads(row.body), row.received_at)
    return replace(command, inbox_id=row.id) if isinstance(command, ChannelMessage | ThreadMessage) else command


async def run_until_stopped(config: Config, clock: Clock) -> None:
    """Run the bot until SIGTERM or SIGINT; what `hezo360 run` does.

    Raises:
        HezoError: It could not be started.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    bot = Bot(config, clock)
    starting, stopped = asyncio.create_task(bot.start()), asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        try:
            starting.result()
        except HezoError:
            stopped.cancel()
            await bot.database.close()
            raise
        collect_seldom()
        log.info("started", extra={"hezo": {"mailboxes": [mailbox.name for mailbox in config.mail.imap]}})
        await stopped
    else:  # it waits for the database
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
    log.info("stopping")
    await bot.stop()
    log.info("stopped")
