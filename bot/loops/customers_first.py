"""While many mails wait, those of customers are taken first: a flood of strangers' mails delays nobody's report."""

from __future__ import annotations

from collections.abc import Sequence

from bot.config_mail import MailConfig
from bot.loops.inbox import GoesFirst
from bot.rules.first_in_line import comes_first
from storage.engine import Database


def customers_first(database: Database, config: MailConfig) -> GoesFirst:
    """What `InboxLoop` asks about the mails that wait; the registry is read anew each time."""

    async def goes_first(heads: Sequence[tuple[int, bytes]]) -> list[int]:
        async with database.read() as uow:
            known = await uow.contracts.contacts()
        return [row for row, head in heads if comes_first(head, known, config.trusted_authserv_ids)]

    return goes_first
