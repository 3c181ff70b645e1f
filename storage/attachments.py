"""Files of messages: each content is kept once, by its hash; each row says what a message called it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from bot.model import Attachment
from storage.built_once import built_once
from storage.schema import attachments, blobs
from storage.transaction import Transaction, Upsert, upsert

_ADD = built_once(attachments.insert().returning(attachments.c.id))
_OF_MESSAGE = built_once(
    select(attachments).where(attachments.c.message_id == bindparam("its_message")).order_by(attachments.c.position)
)
_OF_TICKET = built_once(
    select(attachments).where(attachments.c.ticket_id == bindparam("its_ticket")).order_by(attachments.c.id)
)


@cache
def _keep(*, is_postgresql: bool) -> Upsert:
    return built_once(upsert(blobs, is_postgresql=is_postgresql).on_conflict_do_nothing(index_elements=["sha256"]))


class StoredAttachments:
    """`bot.ports.AttachmentRepo` over the tables attachments and blobs."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection

    async def add(self, attachment: Attachment, content: bytes | None) -> Attachment:
        """Store a file; its id and its hash are made here. None as content: only its name is known."""
        digest = None if content is None else await self.keep(content)
        result = await self._connection.execute(
            _ADD,
            {
                "ticket_id": attachment.ticket_id,
                "message_id": attachment.message_id,
                "position": attachment.position,
                "name": attachment.name,
                "content_type": attachment.content_type,
                "size": attachment.size,
                "sha256": digest,
                "verdict": attachment.verdict,
                "reason": attachment.reason or None,
                "slack_file": attachment.slack_file,
            },
        )
        return replace(attachment, id=result.scalar_one(), sha256=digest)

    async def keep(self, content: bytes) -> str:
        """Keep a content, once; gives its hash."""
        digest = sha256(content).hexdigest()
        await self._connection.execute(
            _keep(is_postgresql=self._transaction.is_postgresql),
            {"sha256": digest, "content": content, "stored_at": self._transaction.clock.now()},
        )
        return digest

    async def get(self, attachment_id: int) -> Attachment:
        """One file; LookupError when there is none."""
        query = select(attachments).where(attachments.c.id == attachment_id)
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            raise LookupError(f"there is no attachment with id {attachment_id}")
        return _attachment_of(row)

    async def of_message(self, message_id: int) -> tuple[Attachment, ...]:
        """The files of a message, in its order."""
        rows = await self._connection.execute(_OF_MESSAGE, {"its_message": message_id})
        return tuple(_attachment_of(row) for row in rows)

    async def of_ticket(self, ticket_id: int) -> tuple[Attachment, ...]:
        """The files of all messages of a ticket, oldest first."""
        rows = await self._connection.execute(_OF_TICKET, {"its_ticket": ticket_id})
        return tuple(_attachment_of(row) for row in rows)

    async def content(self, digest: str) -> bytes:
        """What a file holds, by the hash of it; LookupError when it is not kept."""
        content: bytes | None = await self._connection.scalar(select(blobs.c.content).where(blobs.c.sha256 == digest))
        if content is None:
            raise LookupError(f"there is no content with the hash {digest}")
        return content

    async def set_slack_file(self, attachment_id: int, slack_file: str | None) -> None:
        """Remember which file in Slack it is, or that it is none (any more)."""
        await self._connection.execute(
            update(attachments).where(attachments.c.id == attachment_id).values(slack_file=slack_file)
        )


def _attachment_of(row: Row[*tuple[Any, ...]]) -> Attachment:
    return Attachment(
        id=row.id,
        ticket_id=row.ticket_id,
        message_id=row.message_id,
        position=row.position,
        name=row.name,
        content_type=row.content_type,
        size=row.size,
        verdict=row.verdict,
        sha256=row.sha256,
        reason=row.reason or "",
        slack_file=row.slack_file,
    )
