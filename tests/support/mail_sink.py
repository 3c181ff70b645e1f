"""A `ports.MailSink` in memory, which tests can wait on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from bot.mail_ports import FetchedMail


class MemorySink:
    """Remembers what a mailbox gave.

    Attributes:
        mails: What was stored, in order.
        unreadable: UID and reason of what could not be fetched.
        stores: How many messages each call of `store` had.
        fault: Raised by the next `store`, once, before anything is remembered.
    """

    def __init__(self) -> None:
        self.mails: list[FetchedMail] = []
        self.unreadable: dict[int, str] = {}
        self.stores: list[int] = []
        self.fault: Exception | None = None
        self._known: set[tuple[str, int, int]] = set()
        self._changed = asyncio.Condition()

    async def stored_uids(self, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> set[int]:
        """Which of these UIDs are stored already."""
        return {uid for uid in uids if (mailbox, uidvalidity, uid) in self._known}

    async def store(self, mails: Sequence[FetchedMail]) -> None:
        """Remember; a mail seen before changes nothing."""
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self.stores.append(len(mails))
        async with self._changed:
            for mail in mails:
                place = mail.mailbox, mail.uidvalidity, mail.uid
                if place not in self._known:
                    self._known.add(place)
                    self.mails.append(mail)
            self._changed.notify_all()

    async def store_unreadable(self, mailbox: str, uidvalidity: int, uid: int, reason: str) -> None:
        """Remember that a message could not be fetched."""
        async with self._changed:
            self._known.add((mailbox, uidvalidity, uid))
            self.unreadable[uid] = reason
            self._changed.notify_all()

    async def wait_until(self, condition: Callable[[MemorySink], bool], within: float = 60) -> None:
        """Wait for a condition on what is remembered; TimeoutError when it does not come."""
        try:
            async with asyncio.timeout(within), self._changed:
                await self._changed.wait_for(lambda: condition(self))
        except TimeoutError:
            raise TimeoutError(f"{len(self.mails)} mails, {len(self.unreadable)} unreadable") from None

    async def wait_for_mails(self, count: int, within: float = 60) -> None:
        """Wait until so many mails are stored."""
        await self.wait_until(lambda sink: len(sink.mails) >= count, within)
