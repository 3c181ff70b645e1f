"""Watches one mailbox: what arrives is stored and committed first, and only then moved away at the server."""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

from bot.config_mail import ImapConfig
from bot.edges.imap_connection import ImapBroken, ImapConnection, ImapRefused
from bot.edges.imap_syntax import Overview
from bot.edges.oauth_tokens import AccessTokens
from bot.errors import OperatorError, RetryLater
from bot.mail_ports import FetchedMail, MailSink

_log = logging.getLogger(__name__)

_FETCH_FAULTS = (ImapBroken, ImapRefused)
_ATTEMPTS_ALONE = 3
_MOST_OCTETS_IN_A_BATCH = 8 * 1024 * 1024
_MOST_UIDS_IN_A_QUESTION = 500


class ImapInbox:
    """One mailbox, read over one connection.

    Progress lives in the sink and in the folders, never in flags: what the sink knows is only moved away, so a crash
    at any point loses nothing and stores nothing twice. A new UIDVALIDITY makes every message unknown again.

    Args:
        config: Which mailbox, and how to read it.
        sink: Takes the messages.
        tokens: Where `config.oauth` names a source of access tokens, that source.
        on_state: Told of "connecting", "ready" (all that was there is stored; waiting for more) and "degraded"
            (as ready, but something is to be mended; the second argument says what).
        on_waiting: Told how many messages wait, before they are fetched.
    """

    def __init__(
        self,
        config: ImapConfig,
        sink: MailSink,
        *,
        tokens: AccessTokens | None = None,
        on_state: Callable[[str, str | None], None] | None = None,
        on_waiting: Callable[[int], object] | None = None,
    ) -> None:
        self._config = config
        self._tokens = tokens
        self._sink = sink
        self._on_state = on_state or (lambda _state, _detail: None)
        self._on_waiting = on_waiting or (lambda _mails: None)
        self._connection: ImapConnection
        self._uidvalidity = 0
        self._settled: set[int] = set()
        self._not_given: Counter[int] = Counter()
        self._complaint: str | None = None

    async def run(self) -> None:
        """Read and watch until the connection breaks. Never returns; to go on, make a new inbox and run it.

        Raises:
            OperatorError: the login was refused, a folder is missing or cannot be made, TLS is not as configured.
            RetryLater: everything that may pass by itself.
        """
        self._on_state("connecting", None)
        await self._connect()
        try:
            while True:
                await self._take_all()
                self._on_state("degraded" if self._complaint else "ready", self._complaint)
                await self._connection.wait_for_news(self._login_lasts())
                await self._renew_login()
        except ImapRefused as refusal:
            raise RetryLater(str(refusal)) from None
        finally:
            self._connection.abort()

    def _login_lasts(self) -> timedelta | None:
        """How long the connection's token is good; None where it has none, or where renewing it fails for now."""
        if self._tokens is None or self._connection.token is None:
            return None
        return self._tokens.good_for(self._connection.token) or None

    async def _renew_login(self) -> None:
        """Go on over a new connection before the token ends: some servers cut those whose token has ended."""
        token = self._connection.token
        if self._tokens is None or token is None or self._tokens.good_for(token):
            return
        if await self._tokens.get() is not token:
            self._connection.abort()
            await self._connect()

    async def _connect(self) -> None:
        self._connection = await ImapConnection.open(self._config, self._tokens)
        try:
            uidvalidity = await self._open_folders()
        except BaseException:
            self._connection.abort()
            raise
        if uidvalidity != self._uidvalidity:  # the UIDs that were seen to are other messages now (RFC 9051 §2.3.1.1)
            self._uidvalidity = uidvalidity
            self._settled.clear()
            self._not_given.clear()

    async def _open_folders(self) -> int:
        folder, processed = self._config.folder, self._config.processed_folder
        try:
            uidvalidity = await self._connection.select(folder)
        except ImapRefused as refusal:
            if refusal.passing:
                raise RetryLater(str(refusal)) from None
            raise OperatorError(f'{refusal}; set folder ("{folder}") to one that exists') from None
        if processed is not None and not await self._connection.has_folder(processed):
            await self._make_folder(processed)
        return uidvalidity

    async def _make_folder(self, name: str) -> None:
        try:
            await self._connection.create(name)
        except ImapRefused as refusal:
            if not await self._connection.has_folder(name):  # another process may have made it meanwhile
                raise OperatorError(
                    f'{refusal}; make folder "{name}" by hand, or set processed_folder to a name that the server '
                    f'allows (some want "INBOX.{name}")'
                ) from None

    async def _take_all(self) -> None:
        """Store all that is new, and move away what is stored, also what an earlier run left behind."""
        self._complaint = None
        present = set(await self._connection.search())
        self._settled &= present
        self._not_given = Counter({uid: times for uid, times in self._not_given.items() if uid in present})
        waiting = sorted(present - self._settled)
        self._on_waiting(len(waiting))
        stored: set[int] = set()
        for uids in _chunks(waiting, _MOST_UIDS_IN_A_QUESTION):
            stored |= await self._sink.stored_uids(self._config.name, self._uidvalidity, uids)
        for uids in _chunks([uid for uid in waiting if uid not in stored], self._config.batch):
            await self._take(uids)
        for uids in _chunks(sorted(stored), self._config.batch):
            await self._clear_away(uids)

    async def _take(self, uids: Sequence[int]) -> None:
        """Fetch and store new messages."""
        try:
            overviews = await self._connection.overviews(uids)
        except _FETCH_FAULTS:
            await self._isolate(uids)
            return
        unseen = set(uids)
        for batch in _batches([overviews[uid] for uid in uids if uid in overviews]):
            try:
                mails = await self._fetch(batch)
            except _FETCH_FAULTS:
                await self._isolate([overview.uid for overview in batch])
                unseen -= {overview.uid for overview in batch}
            else:
                await self._keep(mails)
                unseen -= {mail.uid for mail in mails}
        for uid in sorted(unseen):
            await self._note_not_given(uid)

    async def _isolate(self, uids: Sequence[int]) -> None:
        """Fetch one by one what failed together, three times each; what fails alone three times is set aside."""
        faults = dict.fromkeys(uids, "")
        for _ in range(_ATTEMPTS_ALONE):
            for uid in tuple(faults):
                fault = await self._take_alone(uid)
                if fault is None:
                    del faults[uid]
                else:
                    faults[uid] = fault
        for uid, fault in faults.items():
            await self._set_aside(uid, fault)

    async def _take_alone(self, uid: int) -> str | None:
        """Fetch and store one message, on a new connection if need be; gives what went wrong, if anything did."""
        await self._reconnect_if_broken()
        try:
            mails = await self._fetch(list((await self._connection.overviews([uid])).values()))
        except _FETCH_FAULTS as fault:
            return str(fault)
        await self._keep(mails)
        return None

    async def _reconnect_if_broken(self) -> None:
        if self._connection.usable:
            return
        before = self._uidvalidity
        await self._connect()
        if self._uidvalidity != before:
            raise RetryLater(f'mailbox "{self._config.name}": UIDVALIDITY changed while it was read')

    async def _fetch(self, overviews: Sequence[Overview]) -> list[FetchedMail]:
        largest = self._config.max_size_mb * 1024 * 1024
        whole = [overview for overview in overviews if overview.size <= largest]
        raws: dict[int, bytes] = {}
        if whole:
            raws = await self._connection.bodies([o.uid for o in whole], sum(o.size for o in whole))
        for overview in overviews:
            if overview.size > largest:
                raws |= await self._connection.header(overview.uid)
        return [
            FetchedMail(
                mailbox=self._config.name,
                uidvalidity=self._uidvalidity,
                uid=overview.uid,
                received_at=overview.received_at,
                raw=raws[overview.uid],
                size=overview.size,
                complete=overview.size <= largest,
            )
            for overview in overviews
            if overview.uid in raws
        ]

    async def _keep(self, mails: Sequence[FetchedMail]) -> None:
        if mails:
            await self._sink.store(mails)
            await self._clear_away([mail.uid for mail in mails])

    async def _note_not_given(self, uid: int) -> None:
        """Another client may have taken it away; if the server goes on listing it, people must hear of it."""
        self._not_given[uid] += 1
        if self._not_given[uid] >= _ATTEMPTS_ALONE:
            await self._set_aside(uid, "the server lists it but does not give it")

    async def _set_aside(self, uid: int, fault: str) -> None:
        await self._reconnect_if_broken()
        _log.error("message UID %d of mailbox %s cannot be read: %s", uid, self._config.name, fault)
        await self._sink.store_unreadable(self._config.name, self._uidvalidity, uid, fault)
        await self._clear_away([uid])

    async def _clear_away(self, uids: Sequence[int]) -> None:
        """Move stored messages out of the way, or mark them as read where they are to stay.

        A refusal (a full quota, a missing right) is reported and tried again at the next look; it holds up nothing.
        """
        processed = self._config.processed_folder
        try:
            if processed is not None and self._connection.can_move:
                await self._connection.move(uids, processed)
            else:
                self._settled.update(uids)
                await self._connection.mark_seen(uids)
        except ImapRefused as refusal:
            _log.warning("stored messages stay in the mailbox: %s", refusal)
            self._complaint = f"stored messages stay in the mailbox: {refusal}"
            if refusal.code == "TRYCREATE" and processed is not None:  # somebody deleted the folder meanwhile
                await self._make_folder(processed)


def _batches(overviews: Sequence[Overview]) -> Iterator[list[Overview]]:
    """Runs of messages that are fetched together: bounded by their octets, not only by their number."""
    batch: list[Overview] = []
    octets = 0
    for overview in overviews:
        if batch and octets + overview.size > _MOST_OCTETS_IN_A_BATCH:
            yield batch
            batch, octets = [], 0
        batch.append(overview)
        octets += overview.size
    if batch:
        yield batch


def _chunks(uids: Iterable[int], size: int) -> Iterator[list[int]]:
    remaining = iter(uids)
    while chunk := list(itertools.islice(remaining, size)):
        yield chunk
