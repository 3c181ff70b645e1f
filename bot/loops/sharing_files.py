"""Performs `ShareFiles`: uploads the kept files of a message and asks Slack for a post that shows them.

Nothing is shown twice and nothing silently not at all. Each file's id in Slack is stored as soon as the octets are
there, before the post is asked for; so whatever breaks afterwards, the next try asks Slack where that file is:

| Slack says        | the next try                                                                     |
| ----------------- | -------------------------------------------------------------------------------- |
| not shared        | asks for the post                                                                |
| shared, not seen  | waits a little; then takes the file back, so that it cannot come later, and      |
|                   | uploads it anew, a few times                                                     |
| seen              | nothing is left to do                                                            |

What cannot be shown is told in the ticket's thread (`handlers.attachments.not_shown`); no post waits for any of this.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from bot.commands import FilesNotShown
from bot.edges.pacing import Pace
from bot.edges.slack_text import fill
from bot.effects import FetchCustomerFiles, FetchFiles, PostOperator, ShareFiles
from bot.errors import ChannelUnusable, Refused, RetryLater
from bot.loops.fetching_files import FileFetcher
from bot.model import Attachment, Language, Message
from bot.ports import ChatFiles, FileState, OutboxRow
from bot.rules.wording import format_fixed, words
from handlers.context import ContextMaker
from handlers.registry import dispatch
from storage.engine import Database

log = logging.getLogger(__name__)

MOST_FILES = 10
"""Files in one post, as Slack's own client allows."""
TRIES = 5
"""How often files that Slack takes and does not show are uploaded anew."""
PATIENCE = timedelta(seconds=10)
_FIRST_LOOK = 0.1


@dataclass(slots=True)
class _Sharing:
    """One try: what was asked for, and what went wrong without stopping it.

    Attributes:
        refused: Why files cannot be shown, each reason once.
        unchecked: Why Slack does not tell where files are; "" where it does.
    """

    row: OutboxRow
    channel: str
    thread_ts: str
    comment: str
    refused: dict[str, None] = field(default_factory=dict)
    unchecked: str = ""


class FilesPerformer:
    """Shares the files of one message.

    Args:
        patience: How long Slack may take to show what it was asked to show.
    """

    def __init__(
        self,
        files: ChatFiles,
        pace: Pace,
        database: Database,
        contexts: ContextMaker,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._files = files
        self._pace = pace
        self._database = database
        self._contexts = contexts
        self._patience = patience.total_seconds()
        self._fetcher = FileFetcher(files, pace, database, contexts)

    async def perform(self, row: OutboxRow) -> None:
        """See `bot.loops.outbox.Performer`."""
        effect = row.effect
        if isinstance(effect, FetchFiles | FetchCustomerFiles):
            await self._fetcher.perform(row)
            return
        assert isinstance(effect, ShareFiles)
        async with self._database.read() as uow:
            ticket = await uow.tickets.get(effect.ticket_id)
            message = await uow.tickets.message(effect.message_id)
            files = [file for file in await uow.attachments.of_message(effect.message_id) if file.is_for_slack]
        if effect.to_customer:
            channel, thread, comment = ticket.customer_channel, ticket.customer_ts, ""
        else:
            channel, thread, comment = ticket.slack_channel, ticket.slack_ts, self._comment(message)
        if channel is None or thread is None:
            raise RetryLater("the message whose thread they belong to is not in Slack yet")
        sharing = _Sharing(row, channel, thread, comment)
        for group in _groups(files):
            await self._share(group, sharing)
        await self._done(sharing)

    def _comment(self, message: Message) -> str:
        """What stands above the files; no word of it is the customer's."""
        ctx = self._contexts()
        language = Language(ctx.config.service.staff_language)
        zone = ZoneInfo(ctx.config.service.timezone)
        at = format_fixed(message.sent_at, language, zone)
        return fill(words("staff", language), "thread.files_of", at=at)

    async def _share(self, group: Sequence[Attachment], sharing: _Sharing) -> None:
        """Bring up to `MOST_FILES` files into one post; fewer, where an earlier try has shown some already."""
        ready: list[tuple[Attachment, str]] = []
        uploaded_before = [file.slack_file for file in group if file.slack_file is not None]
        all_shown = bool(uploaded_before) and await self._are_shown(uploaded_before, sharing)
        for file in group:
            if file.slack_file is None:
                slack_file = await self._upload(file, sharing)
            elif all_shown:
                continue
            else:
                slack_file = await self._again(file, file.slack_file, sharing)
            if slack_file is not None:
                ready.append((file, slack_file))
        if not ready:
            return
        try:
            async with self._pace.turn("files.completeUploadExternal"):
                titled = [(slack_file, file.name) for file, slack_file in ready]
                await self._files.share(sharing.channel, sharing.thread_ts, sharing.comment, titled)
        except Refused as refusal:
            await self._forget(file for file, _ in ready)
            if "file_not_found" in str(refusal) and sharing.row.attempts < TRIES:
                raise RetryLater("Slack lost what was uploaded") from refusal
            raise
        if not await self._are_shown([slack_file for _, slack_file in ready], sharing):
            raise RetryLater("Slack has taken the files and does not show them yet")

    async def _again(self, file: Attachment, slack_file: str, sharing: _Sharing) -> str | None:
        """What to share of a file that an earlier try has uploaded; None where nothing is to be or can be shared."""
        match await self._files.state(slack_file, sharing.channel):
            case FileState.SHOWN:
                return None
            case FileState.UNKNOWN:
                return slack_file
            case FileState.UNSEEN:
                await self._files.delete(slack_file)
                await self._forget([file])
                if sharing.row.attempts < TRIES:
                    return await self._upload(file, sharing)
                sharing.refused["Slack takes the files and does not show them"] = None
                return None

    async def _are_shown(self, slack_files: Sequence[str], sharing: _Sharing) -> bool:
        """Whether all are in the channel, now or soon; False at once where Slack does not know one of them.

        Where Slack does not let us ask, they count as shown, or they might be shown twice; an operator is told.
        """
        wait, waited = _FIRST_LOOK, 0.0
        while True:
            try:
                states = {await self._files.state(slack_file, sharing.channel) for slack_file in slack_files}
            except (Refused, ChannelUnusable) as refusal:
                sharing.unchecked = str(refusal)
                return True
            if states == {FileState.SHOWN}:
                return True
            if FileState.UNKNOWN in states or waited >= self._patience:
                return False
            await asyncio.sleep(wait)  # nothing tells when Slack is ready, short of a subscription to every file
            wait, waited = 2 * wait, waited + wait

    async def _upload(self, file: Attachment, sharing: _Sharing) -> str | None:
        """Slack's id of the file, stored; None where Slack refuses it."""
        assert file.sha256 is not None, "what is for Slack is kept"
        async with self._database.read() as uow:
            content = await uow.attachments.content(file.sha256)
        try:
            async with self._pace.turn("files.getUploadURLExternal"):
                slack_file = await self._files.upload(file.name, content)
        except Refused as refusal:
            sharing.refused[str(refusal)] = None
            return None
        async with self._database.begin() as uow:
            await uow.attachments.set_slack_file(file.id, slack_file)
        return slack_file

    async def _forget(self, files: Iterable[Attachment]) -> None:
        async with self._database.begin() as uow:
            for file in files:
                await uow.attachments.set_slack_file(file.id, None)

    async def _done(self, sharing: _Sharing) -> None:
        ctx = self._contexts()
        async with self._database.begin() as uow:
            if not await uow.outbox.mark_sent(sharing.row.id, {}):
                return
            if sharing.refused:
                await dispatch(FilesNotShown(sharing.row.id, "; ".join(sharing.refused)), uow, ctx)
            if sharing.unchecked:
                notice = PostOperator("files_unchecked", {"reason": sharing.unchecked})
                await uow.outbox.add(notice, dedupe_key=f"files-unchecked:{ctx.now:%Y-%m-%d}:{sharing.unchecked}")


def _groups(files: Sequence[Attachment]) -> Iterable[Sequence[Attachment]]:
    those = iter(files)
    while group := list(islice(those, MOST_FILES)):
        yield group
