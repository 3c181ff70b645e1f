"""Performs `SendMail`: hands the finished octets to the mail server and lets the follow-up run."""

from __future__ import annotations

import logging

from bot.commands import MailSent
from bot.effects import SendMail
from bot.ports import Mailer, OutboxRow
from handlers.context import ContextMaker
from handlers.registry import dispatch
from storage.engine import Database

log = logging.getLogger(__name__)


class MailPerformer:
    """Sends one mail.

    With every mail goes a copy to our own mailbox, in the same SMTP transaction: when a connection or this process
    breaks at the wrong moment, the copy's arrival tells that the mail went out (`handlers.email_received`).
    """

    def __init__(self, mailer: Mailer, database: Database, contexts: ContextMaker) -> None:
        self._mailer = mailer
        self._database = database
        self._contexts = contexts

    async def perform(self, row: OutboxRow) -> None:
        """See `bot.loops.outbox.Performer`."""
        effect = row.effect
        assert isinstance(effect, SendMail)
        assert row.raw is not None
        mail = self._contexts.config.mail
        copy_to = mail.support_address if mail.copy_to_self else None
        if row.in_doubt:
            log.warning("no copy came back in time: sent again with the same Message-ID")
        await self._mailer.send(mail.support_address, effect.to, row.raw, copy_to=copy_to)
        async with self._database.begin() as uow:
            if await uow.outbox.mark_sent(row.id, {}):
                await dispatch(MailSent(row.id), uow, self._contexts())
