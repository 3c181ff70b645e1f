"""Where a mailbox's messages go: the first place of all, and the last one to lose anything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.mail_ports import FetchedMail
from bot.ports import InboxState
from storage.built_once import built_once
from storage.engine import Database
from storage.errors import DatabaseBusy
from storage.inbox import MAIL
from storage.schema import inbox
from storage.transaction import Transaction, Wake
from storage.types import literal

_ADD = built_once(inbox.insert())
_RACES = 3
"""How often a batch is tried while another process stores the same mails."""


def mail_key(mailbox: str, uidvalidity: int, uid: int) -> str:
    """What names a message at its server for ever (RFC 9051 §2.3.1.1)."""
    return f"imap:{mailbox}:{uidvalidity}:{uid}"


class StoredMailSink:
    """`bot.ports.MailSink` over the table inbox.

    The same content under another UID or in another mailbox is kept as DUPLICATE and points to the first; it is never
    handled.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stored_uids(self, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> set[int]:
        """Which of these UIDs are stored already."""
        uid_of = {mail_key(mailbox, uidvalidity, uid): uid for uid in uids}
        keys = list(uid_of)
        found: set[int] = set()
        async with self._database.read() as uow:
            for start in range(0, len(keys), 500):
                chunk = keys[start : start + 500]
                rows = await uow.transaction.connection.scalars(
                    select(inbox.c.source_key).where(inbox.c.source_key.in_(chunk))
                )
                found.update(uid_of[key] for key in rows)
        return found

    async def store(self, mails: Sequence[FetchedMail]) -> None:
        """Store and commit, all in one transaction; a mail seen before changes nothing.

        Raises:
            DatabaseBusy: nothing was stored; try again.
        """
        if not mails:
            return
        # Reading takes its time: not while others wait for their turn to write.
        content_keys = [self._database.read_content_key(mail.raw) for mail in mails]
        for attempt in range(1, _RACES + 1):
            try:
                async with self._database.begin() as uow:
                    await _store(uow.transaction, mails, content_keys)
            except IntegrityError as error:
                # Another process was storing the same mail; the next look finds it.
                if attempt == _RACES:
                    raise DatabaseBusy("inbox: others keep storing the same mails") from error
            else:
                return

    async def store_unreadable(self, mailbox: str, uidvalidity: int, uid: int, reason: str) -> None:
        """Store and commit that a message could not be fetched, so that people see it and the rest goes on."""
        async with self._database.begin() as uow:
            now = uow.transaction.clock.now()
            insert = uow.transaction.insert(inbox).values(
                source=MAIL,
                place=mailbox,
                source_key=mail_key(mailbox, uidvalidity, uid),
                body=b"",
                size=0,
                complete=False,
                received_at=now,
                stored_at=now,
                next_attempt_at=now,
                finished_at=now,
                state=InboxState.PARKED,
                error=reason,
            )
            await uow.transaction.connection.execute(insert.on_conflict_do_nothing(index_elements=["source_key"]))


async def _store(transaction: Transaction, mails: Sequence[FetchedMail], content_keys: Sequence[str]) -> None:
    now = transaction.clock.now()
    connection = transaction.connection
    rows: dict[str, dict[str, Any]] = {}
    for mail, content_key in zip(mails, content_keys, strict=True):
        key = mail_key(mail.mailbox, mail.uidvalidity, mail.uid)
        rows.setdefault(
            key,
            {
                "source": MAIL,
                "place": mail.mailbox,
                "source_key": key,
                "content_key": content_key,
                "body": mail.raw,
                "size": mail.size,
                "complete": mail.complete,
                "received_at": mail.received_at,
                "stored_at": now,
                "next_attempt_at": now,
                "state": InboxState.NEW,
            },
        )
    for key in await connection.scalars(select(inbox.c.source_key).where(inbox.c.source_key.in_(list(rows)))):
        del rows[key]

    contents = {row["content_key"] for row in rows.values()}
    first_of = await _first_of(connection, contents)
    new: dict[str, dict[str, Any]] = {}
    copies: list[dict[str, Any]] = []
    for row in rows.values():
        content = row["content_key"]
        if content in first_of or content in new:
            copies.append(row)
        else:
            new[content] = row

    if new:
        await connection.execute(_ADD, list(new.values()))
        transaction.wakes.add(Wake.MAIL_INBOX)
    if copies:
        first_of = await _first_of(connection, contents)
        await connection.execute(
            inbox.insert(),
            [
                row
                | {
                    "state": InboxState.DUPLICATE,
                    "duplicate_of": first_of[row["content_key"]],
                    "finished_at": now,
                    "outcome": "the same mail was stored before",
                }
                for row in copies
            ],
        )


async def _first_of(connection: AsyncConnection, contents: Collection[str]) -> dict[str, int]:
    """The row that holds each of these contents, as far as there is one."""
    held = select(inbox.c.content_key, inbox.c.id).where(
        inbox.c.content_key.in_(contents), inbox.c.state != literal(InboxState.DUPLICATE)
    )
    return {row.content_key: row.id for row in await connection.execute(held)}
