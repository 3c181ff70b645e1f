"""Files are kept once, by their content, in the order of their message, and only with the message itself."""

from __future__ import annotations

from hashlib import sha256

import pytest
from sqlalchemy import func, select

from bot.effects import Note, PostInThread, ShareFiles
from bot.model import Attachment, AttachmentVerdict
from storage.engine import Database
from storage.queues import OutboxQueue
from storage.schema import Transport, blobs
from tests.storage.making import NOON, a_mail, a_message, stored_ticket
from tests.storage.ports import Ports

EVERY_OCTET = bytes(range(256)) * 3


def a_file(ticket_id: int, message_id: int, position: int = 0, **changes: object) -> Attachment:
    values: dict[str, object] = {
        "id": 0,
        "ticket_id": ticket_id,
        "message_id": message_id,
        "position": position,
        "name": f"plik {position}.bin",
        "content_type": "application/octet-stream",
        "size": len(EVERY_OCTET),
        "verdict": AttachmentVerdict.KEPT,
    }
    return Attachment(**(values | changes))  # type: ignore[arg-type]  # a test names the fields it is about


async def count_blobs(database: Database) -> int:
    async with database.read() as uow:
        return await uow.transaction.connection.scalar(select(func.count()).select_from(blobs)) or 0


async def test_files_come_back_in_order_and_the_same_content_is_kept_once(database: Database) -> None:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        first = await uow.tickets.add_message(a_message(ticket.id))
        second = await uow.tickets.add_message(a_message(ticket.id))
        gone = a_file(ticket.id, first.id, 1, verdict=AttachmentVerdict.DROPPED, reason="too_large")
        added = [
            await uow.attachments.add(gone, None),
            await uow.attachments.add(a_file(ticket.id, first.id, 0), EVERY_OCTET),
            await uow.attachments.add(a_file(ticket.id, second.id, verdict=AttachmentVerdict.HELD), EVERY_OCTET),
        ]
    digest = sha256(EVERY_OCTET).hexdigest()
    assert [file.sha256 for file in added] == [None, digest, digest]
    assert await count_blobs(database) == 1
    async with database.read() as uow:
        assert await uow.attachments.of_message(first.id) == (added[1], added[0])
        assert await uow.attachments.of_ticket(ticket.id) == tuple(added)
        assert await uow.attachments.get(added[2].id) == added[2]
        assert await uow.attachments.content(digest) == EVERY_OCTET
        with pytest.raises(LookupError):
            await uow.attachments.get(99)
        with pytest.raises(LookupError):
            await uow.attachments.content("0" * 64)


async def test_slacks_id_is_kept_and_taken_back(database: Database) -> None:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        message = await uow.tickets.add_message(a_message(ticket.id))
        file = await uow.attachments.add(a_file(ticket.id, message.id), b"x")
    for slack_file in ("F00000001", None):
        async with database.begin() as uow:
            await uow.attachments.set_slack_file(file.id, slack_file)
        async with database.read() as uow:
            assert (await uow.attachments.get(file.id)).slack_file == slack_file


async def test_nothing_of_a_file_stays_when_its_message_was_not_stored(database: Database) -> None:
    ticket = await stored_ticket(database)
    with pytest.raises(RuntimeError):
        await store_and_fail(database, ticket.id)
    assert await count_blobs(database) == 0
    async with database.read() as uow:
        assert await uow.attachments.of_ticket(ticket.id) == ()


async def store_and_fail(database: Database, ticket_id: int) -> None:
    async with database.begin() as uow:
        message = await uow.tickets.add_message(a_message(ticket_id))
        await uow.attachments.add(a_file(ticket_id, message.id), EVERY_OCTET)
        raise RuntimeError("power cut")


async def test_an_upload_waits_for_no_post_and_no_post_waits_for_it(database: Database) -> None:
    ticket = await stored_ticket(database)
    async with database.begin() as uow:
        message = await uow.tickets.add_message(a_message(ticket.id))
        share = await uow.outbox.add(ShareFiles(ticket.id, message.id))
        reminder = await uow.outbox.add(PostInThread(ticket.id, Note.REMINDER, urgent=True))
        second = await uow.outbox.add(ShareFiles(ticket.id, message.id))
    queue = OutboxQueue(database, "w1")
    assert [row.id for row in await queue.claim(NOON, 9, Transport.FILES)] == [share]
    assert [row.id for row in await queue.claim(NOON, 9, Transport.SLACK)] == [reminder]
    assert await OutboxQueue(database, "w2").recover(NOON, NOON) == 2
    assert database.wakes.files_outbox.is_set()
    [again] = await queue.claim(NOON, 9, Transport.FILES)
    assert (again.id, again.in_doubt) == (share, True)
    assert second not in {share, reminder}


async def test_a_mail_takes_kept_contents_along(ports: Ports) -> None:
    ticket = await stored_ticket(ports)
    async with ports.begin() as uow:
        digest = await uow.attachments.keep(b"%PDF-1.7")
        assert await uow.attachments.keep(b"%PDF-1.7") == digest
        mail = a_mail(ticket.id, files=(("list przewozowy.pdf", "application/pdf", digest),))
        sent = await uow.outbox.add(mail)
        assert sent is not None
    async with ports.read() as uow:
        row = await uow.outbox.get(sent)
        assert row.effect == mail
        assert row.raw is not None
        assert b"application/pdf b'%PDF-1.7'" in row.raw
    with pytest.raises(LookupError):
        async with ports.begin() as uow:
            await uow.outbox.add(a_mail(ticket.id, files=(("x", "text/plain", "0" * 64),)))
