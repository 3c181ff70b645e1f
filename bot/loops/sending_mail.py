"""Performs `SendMail`: hands the finished octets to the mail server and lets the follow-up run."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.commands import MailSent
from bot.effects import SendMail
from bot.errors import RetryLater
from bot.loops.noting import noting
from bot.mail_ports import Mailer
from bot.ports import OutboxRow
from handlers.context import ContextMaker
from handlers.registry import dispatch
from storage.engine import Database

log = logging.getLogger(__name__)


class MailPerformer:
    """Sends one mail.

    Args:
        mailboxes_are_read: Whether all that our mailboxes hold is stored: only then a missing copy tells anything.
        make_sure: Asked right before the mail goes out; raises RetryLater where another process may be sending it.

    With every mail goes a copy to our own mailbox, in the same SMTP transaction: when a connection or this process
    breaks at the wrong moment, the copy's arrival tells that the mail went out (`handlers.email_received`).
    """

    def __init__(
        self,
        mailer: Mailer,
        database: Database,
        contexts: ContextMaker,
        mailboxes_are_read: Callable[[], bool],
        make_sure: Callable[[], None] = lambda: None,
    ) -> None:
        self._mailer = mailer
        self._database = database
        self._contexts = contexts
        self._mailboxes_are_read = mailboxes_are_read
        self._make_sure = make_sure

    async def perform(self, row: OutboxRow) -> None:
        """See `bot.loops.outbox.Performer`."""
        effect = row.effect
        assert isinstance(effect, SendMail)
        assert row.raw is not None
        mail = self._contexts.config.mail
        copy_to = mail.support_address if mail.copy_to_self else None
        if row.in_doubt and copy_to is not None:
            await self._look_for_copy(row)
        self._make_sure()
        await self._mailer.send(mail.support_address, effect.to, row.raw, copy_to=copy_to)
        with noting():
            async with self._database.begin() as uow:
                if await uow.outbox.mark_sent(row.id, {}):
                    await dispatch(MailSent(row.id), uow, self._contexts())

    async def _look_for_copy(self, row: OutboxRow) -> None:
        """Make sure that the copy did not come back, as far as that can be known. Raises RetryLater while it cannot.

        The wait before this (`retry.in_doubt_wait`) has given the mail server its time to deliver the copy.
        """
        assert row.rfc_message_id is not None
        if not self._mailboxes_are_read():
            raise RetryLater("in doubt whether it was sent; waiting until the mailboxes are read")
        async with self._database.read() as uow:
            if await uow.inbox.holds_unread_copy(row.rfc_message_id):
                raise RetryLater("in doubt whether it was sent; its copy is stored and about to be handled")
        log.warning("no copy came back in time: sent again with the same Message-ID")
