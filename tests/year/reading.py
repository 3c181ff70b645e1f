"""Reports whose words were read before: reading mails is the dearest part of a year, and its texts are few."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.commands import EmailReceived
from bot.ports import UnitOfWork
from bot.rules.mail_reading import read_mail
from bot.rules.mail_screening import screen
from bot.rules.sla import sent_at
from handlers import report_received
from handlers.context import Context
from handlers.received_mail import received
from handlers.understanding_mail import Understood, understand_mail


class Reader:
    """Takes reports in as `handlers.email_received` does, but reads and understands each text only once."""

    def __init__(self) -> None:
        self._understood: dict[str, Understood] = {}

    async def take_in(
        self,
        command: EmailReceived,
        text: str,
        sender: str,
        message_id: str,
        written: datetime | None,
        uow: UnitOfWork,
        ctx: Context,
    ) -> None:
        """Take a report in.

        Args:
            text: What makes two mails the same but for their sender, id and time.
            written: Its Date header.
        """
        if text not in self._understood:
            mail = read_mail(command.raw)
            screening = screen(mail, ctx.config.mail.own_addresses, ctx.config.mail.message_id_domain)
            arrived = received(command, mail, screening, ctx)
            self._understood[text] = await understand_mail(arrived, uow, ctx, own_copy=False)
        found = self._understood[text]
        arrived = replace(
            found.arrived,
            inbox_id=command.inbox_id,
            mail=replace(found.arrived.mail, message_id=message_id),
            address=sender,
            sent_at=sent_at(written, command.received_at, ctx.config.intake.date_header_trusted_for),
        )
        await report_received.handle(replace(found, arrived=arrived), uow, ctx)
