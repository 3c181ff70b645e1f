"""`ports.ChatFiles` over Slack's three steps: ask for an address, send the octets there, ask for a message with them.

https://docs.slack.dev/messaging/working-with-files. Until the third step nobody sees anything, so the first two may be
repeated. The third answers before the message is there, and the message may silently never come: `files.info` tells.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.config_values import LOOPBACK
from bot.edges.slack_errors import named, translate
from bot.edges.slack_text import one_line
from bot.edges.slack_words_payloads import shared_file
from bot.errors import Refused, RetryLater
from bot.ports import FileState
from bot.sendings import SharedFile

MAX_NAME = 200
SLOWEST_UPLOAD = 50_000
"""Octets a second; an upload that is slower than this is broken off and tried again."""
SLACKS_FILES = "slack.com"
_GONE = ("file_not_found", "files_not_found")


class SlackFiles:
    """See `ports.ChatFiles`.

    Args:
        client: From `slack_chat.slack_client`; the octets go out through its HTTP session.
        timeout: How long one call may take; sending octets may take longer, as many as they are.
    """

    def __init__(self, client: AsyncWebClient, timeout: timedelta) -> None:
        self._client = client
        self._timeout = timeout.total_seconds()

    async def upload(self, name: str, content: bytes) -> str:
        """Hand over what a file holds (not nothing); gives Slack's id of it. Never in doubt."""
        filename = one_line(name, MAX_NAME) or "file"
        place = await self._call(
            "files.getUploadURLExternal",
            lambda: self._client.files_getUploadURLExternal(filename=filename, length=len(content)),
        )
        file_id = named(place, "file_id", str, "files.getUploadURLExternal")
        await self._send(named(place, "upload_url", str, "files.getUploadURLExternal"), content)
        return file_id

    async def share(self, channel: str, thread_ts: str, comment: str, files: Sequence[tuple[str, str]]) -> None:
        """Ask for one message with these uploaded files, given as (Slack's id, title)."""
        titled: list[dict[str, str | None]] = [
            {"id": file_id, "title": one_line(title, MAX_NAME) or "file"} for file_id, title in files
        ]
        await self._call(
            "files.completeUploadExternal",
            lambda: self._client.files_completeUploadExternal(
                files=titled, channel_id=channel, thread_ts=thread_ts, initial_comment=comment or None
            ),
            repeatable=False,
            channel=channel,
        )

    async def state(self, file_id: str, channel: str) -> FileState:
        """Where a file is; one that somebody deleted counts as shown, or it would come back."""
        try:
            answer = await self._info(file_id)
        except Refused as refusal:
            if any(code in str(refusal) for code in _GONE):
                return FileState.UNKNOWN
            if "file_deleted" in str(refusal):
                return FileState.SHOWN
            raise
        return FileState.SHOWN if _is_in(answer, channel) else FileState.UNSEEN

    async def described(self, file: SharedFile) -> SharedFile:
        """The file with its name, type and address: of one from another workspace a message only gives the id.

        https://docs.slack.dev/apis/slack-connect: such a file says `"file_access": "check_file_info"`.
        """
        if file.url:
            return file
        return shared_file(await self._info(file.id)) or file

    async def _info(self, file_id: str) -> Mapping[str, object]:
        answer = await self._call("files.info", lambda: self._client.files_info(file=file_id))
        return named(answer, "file", dict, "files.info")

    async def fetch(self, file: SharedFile, limit: int) -> bytes:
        """What a file holds; our token goes to Slack's own addresses and nowhere else.

        https://docs.slack.dev/reference/objects/file-object: `url_private_download` takes the bot token as bearer;
        without the right to it Slack answers with a page to sign in at, and status 200.
        """
        url = file.url
        if not url:
            told = shared_file(await self._info(file.id))
            url = told.url if told is not None else ""
        if not self._is_slacks(url):
            raise Refused("Slack named no address of its own for a file")
        session = self._client.session
        assert session is not None, "slack_client gives one"
        longest = aiohttp.ClientTimeout(total=self._timeout + limit / SLOWEST_UPLOAD, connect=self._timeout)
        headers = {"Authorization": f"Bearer {self._client.token}"}
        try:
            async with session.get(
                url, headers=headers, timeout=longest, proxy=self._client.proxy, allow_redirects=False
            ) as answer_:
                status, kind = answer_.status, answer_.content_type
                content = await answer_.content.read(limit + 1) if status == 200 else b""
                while 0 < len(content) <= limit and (more := await answer_.content.read(limit + 1 - len(content))):
                    content += more
        except Exception as error:
            raise translate(error, "a download", repeatable=True) from error
        if status == 429 or status >= 500:
            raise RetryLater(f"Slack is in trouble: a download was answered with HTTP {status}")
        is_page = kind == "text/html" and b"<html" in content[:2_000].lower()
        if status != 200 or (is_page and b"sign" in content.lower() and len(content) != file.size):
            raise Refused(f"Slack does not give a file to the bot (HTTP {status}): it needs the scope files:read")
        if is_page and "html" not in file.content_type and len(content) != file.size:
            raise RetryLater("Slack is in trouble: a download was answered with a page, not with the file")
        if len(content) > limit:
            raise Refused(f"a file is larger than {limit // 1_000_000} MB")
        return content

    def _is_slacks(self, url: str) -> bool:
        address, api = urlsplit(url), urlsplit(self._client.base_url)
        host = address.hostname or ""
        is_slacks = address.scheme == "https" and (host == SLACKS_FILES or host.endswith("." + SLACKS_FILES))
        return is_slacks or (api.hostname in LOOPBACK and address[:2] == api[:2])

    async def delete(self, file_id: str) -> None:
        """Take a file back, so that it cannot be shown later; one that is gone already is no error."""
        try:
            await self._call("files.delete", lambda: self._client.files_delete(file=file_id))
        except Refused as refusal:
            if not any(code in str(refusal) for code in (*_GONE, "file_deleted")):
                raise

    async def _send(self, url: str, content: bytes) -> None:
        """POST the octets to the address that Slack named; our token does not go there."""
        address = urlsplit(url)
        if address.scheme != "https" and address.hostname not in LOOPBACK:
            raise Refused("Slack named an address for the upload that is not encrypted")
        session = self._client.session
        assert session is not None, "slack_client gives one"
        limit = aiohttp.ClientTimeout(total=self._timeout + len(content) / SLOWEST_UPLOAD, connect=self._timeout)
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(len(content))}
        try:
            async with session.post(
                url, data=io.BytesIO(content), headers=headers, timeout=limit, proxy=self._client.proxy,
                allow_redirects=False,
            ) as answer:  # fmt: skip
                status = answer.status
        except Exception as error:
            raise translate(error, "an upload", repeatable=True) from error
        if status == 429 or status >= 500:
            raise RetryLater(f"Slack is in trouble: an upload was answered with HTTP {status}")
        if status != 200:
            raise Refused(f"Slack refused an upload with HTTP {status}")

    async def _call(
        self,
        method: str,
        call: Callable[[], Awaitable[AsyncSlackResponse]],
        *,
        repeatable: bool = True,
        channel: str = "",
    ) -> AsyncSlackResponse:
        try:
            async with asyncio.timeout(self._timeout):
                return await call()
        except Exception as error:
            raise translate(error, method, repeatable=repeatable, channel=channel) from error


def _is_in(file: Mapping[str, object], channel: str) -> bool:
    """Whether a file object says that the file is in a message of the channel."""
    shares = file.get("shares")
    kinds = shares.values() if isinstance(shares, dict) else ()
    return any(isinstance(kind, dict) and kind.get(channel) for kind in kinds)
