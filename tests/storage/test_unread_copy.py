"""Whether the copy of a mail of ours waits in the inbox is known before it is handled."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.mail_ports import FetchedMail
from bot.ports import InboxState
from storage.engine import Database
from storage.mail_sink import StoredMailSink

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OWN = "<ack.17.7a64e476018b91f5@hezo.test>"


async def test_a_copy_is_found_until_it_is_handled(database: Database) -> None:
    async def waits(message_id: str) -> bool:
        async with database.read() as uow:
            return await uow.inbox.holds_unread_copy(message_id)

    assert not await waits(OWN)
    raw = f"From: pomoc@hezo.test\r\nMessage-ID: {OWN}\r\n\r\nDzień dobry\x00\r\n".encode()
    await StoredMailSink(database).store([FetchedMail("support", 1, 1, NOW, raw, len(raw))])
    assert await waits(OWN)
    assert not await waits("<ack.18.7a64e476018b91f5@hezo.test>")
    async with database.begin() as uow:
        await uow.inbox.finish(1, InboxState.DONE, "our own mail")
    assert not await waits(OWN)
