"""Reports whose words were read before: reading mails is the dearest part of a year, and its texts are few."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.commands import EmailReceived
from bot.ports import UnitOfWork
from bot.rules.first_reading import first_reading
from bot.rules.sla import sent_at
from handlers import report_received
from handlers.context import Context
from handlers.received_mail import reading_options, received
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
            arrived = received(command, first_reading(command.raw, reading_options(ctx.config)), ctx)
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
