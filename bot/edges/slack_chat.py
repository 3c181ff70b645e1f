"""`ports.Chat` over Slack's Web API: one call each, no retries of its own; what failed is told by `bot.errors`.

`chat.postMessage` has no idempotency key. So a post carries our key as message metadata, and one that may or may not
have arrived (`InDoubt`) is looked up before it is repeated. Edits and ephemeral lines may be repeated: they are never
in doubt. Metadata can be read by everybody in the workspace and holds nothing but the key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.config_slack import SlackConfig
from bot.config_values import LOOPBACK
from bot.edges.slack_answers import answer
from bot.edges.slack_errors import named, translate
from bot.edges.slack_headers import slack_time
from bot.edges.slack_log import sdk_logger
from bot.edges.slack_text import Blocks, Json
from bot.errors import ChannelUnusable, OperatorError, Refused, RetryLater
from bot.rules.retrying import describe

log = logging.getLogger(__name__)

METADATA_EVENT = "hezo360_post"
ANY_WORKSPACE = "https://app.slack.com/"
"""For links, where `auth.test` does not say where the workspace is: Slack finds it by the channel."""
PAGE = 200
MAX_PAGES = 25
CLOCKS_DIFFER_BY = timedelta(minutes=5)
"""How far our clock may be ahead of Slack's, by which the look-up's lower end is counted."""
LOOKED_THROUGH = timedelta(days=1)
"""Where our clock was so wrong that it cannot tell when something was posted."""


class _Client(AsyncWebClient):
    """Takes an answer that is JSON, but no object, for a failure of Slack's; slack_sdk would stumble over it."""

    async def _request(self, *, http_verb: str, api_url: str, req_args: dict[str, Any]) -> dict[str, Any]:
        answer = await super()._request(http_verb=http_verb, api_url=api_url, req_args=req_args)
        return answer if isinstance(answer["data"], dict | bytes) else {**answer, "data": {}}


@asynccontextmanager
async def slack_client(config: SlackConfig) -> AsyncIterator[AsyncWebClient]:
    """A client for everything that talks to the Web API; closed at the end.

    Its settings matter: no retries (slack_sdk's own would post twice), and a new connection for every call, so that a
    connection which the server closed while it was idle is never taken for a call in doubt.
    """
    seconds = config.timeout.total_seconds()
    limit = aiohttp.ClientTimeout(total=seconds, connect=seconds / 2)
    async with aiohttp.ClientSession(timeout=limit, connector=aiohttp.TCPConnector(force_close=True)) as session:
        client = _Client(
            token=config.bot_token.get_secret_value(),
            base_url=config.api_url,
            timeout=max(1, round(seconds)),
            session=session,
            retry_handlers=[],
            logger=sdk_logger(),
        )
        if urlsplit(config.api_url).hostname in LOOPBACK:
            client.proxy = None  # slack_sdk takes a proxy from the environment for every address
        yield client


class SlackChat:
    """See `ports.Chat`.

    Args:
        client: From `slack_client`.
        timeout: How long one call may take.
    """

    def __init__(self, client: AsyncWebClient, timeout: timedelta) -> None:
        self._client = client
        self._timeout = timeout.total_seconds()
        self._workspace_url: str | None = None
        self._is_token_in_doubt = True

    async def check_token(self) -> None:
        """Ask, at first and whenever it was not taken, whether Slack takes our token. Trouble of Slack's says nothing.

        Raises:
            OperatorError: Slack does not take it; nothing can be posted.
        """
        if not self._is_token_in_doubt:
            return
        try:
            await self._call("auth.test", self._client.auth_test, repeatable=True, channel="")
        except (RetryLater, Refused) as trouble:
            log.info("it is not known whether Slack takes the token", extra={"hezo": {"problem": describe(trouble)}})
        else:
            self._is_token_in_doubt = False

    async def post(self, channel: str, text: str, blocks: Blocks, *, key: str, thread_ts: str | None = None) -> str:
        """Post a message; gives its ts. Raises as `ports.Chat`, and OperatorError for a wrong token."""
        answer = await self._call(
            "chat.postMessage",
            lambda: self._client.chat_postMessage(
                channel=channel,
                text=text,
                blocks=blocks,
                thread_ts=thread_ts,
                metadata={"event_type": METADATA_EVENT, "event_payload": {"key": key}},
                unfurl_links=False,
                unfurl_media=False,
            ),
            repeatable=False,
            channel=channel,
        )
        ts, shown = named(answer, "ts", str, "chat.postMessage", repeatable=False), answer.get("message")
        if thread_ts is not None and isinstance(shown, dict) and "thread_ts" not in shown:
            await self._take_back_unless_in_thread(channel, thread_ts, ts)
        return ts

    async def _take_back_unless_in_thread(self, channel: str, thread_ts: str, ts: str) -> None:
        """Where a thread is gone, Slack puts a reply to it into the channel and only leaves out its thread_ts.

        Raises:
            Refused: the thread is gone; the reply that came into the channel is deleted.
        """
        if await self._page(channel, thread_ts, ts, None) is not None:
            return
        await self._call(
            "chat.delete", lambda: self._client.chat_delete(channel=channel, ts=ts), repeatable=True, channel=channel
        )
        raise Refused(f"the thread's first message in {channel} was deleted (chat.postMessage: thread_not_found)")

    async def update(self, channel: str, ts: str, text: str, blocks: Blocks) -> None:
        """Replace a message; its metadata stay. Raises as `post`, but is never in doubt."""
        await self._call(
            "chat.update",
            lambda: self._client.chat_update(channel=channel, ts=ts, text=text, blocks=blocks),
            repeatable=True,
            channel=channel,
        )

    async def tell(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        thread_ts: str | None = None,
        response_url: str | None = None,
        replaces: bool = False,
        blocks: Blocks | None = None,
    ) -> None:
        """Show a text to one person only. Raises as `post`, but is never in doubt: nobody could look it up."""
        if response_url is not None and await self._answered(response_url, text, replaces=replaces):
            return
        await self._call(
            "chat.postEphemeral",
            lambda: self._client.chat_postEphemeral(
                channel=channel, user=user, text=text, thread_ts=thread_ts, blocks=blocks
            ),
            repeatable=True,
            channel=channel,
        )

    async def _answered(self, response_url: str, text: str, *, replaces: bool) -> bool:
        try:
            async with asyncio.timeout(self._timeout):
                return await answer(response_url, text, self._client.base_url, replaces=replaces)
        except Exception as error:
            raise translate(error, "response_url", repeatable=True) from error

    async def publish_home(self, user: str, view: Json) -> None:
        """Show the App Home to one person. Raises as `post`, but is never in doubt."""
        await self._call(
            "views.publish", lambda: self._client.views_publish(user_id=user, view=view), repeatable=True, channel=user
        )

    async def workspace_url(self) -> str:
        """Where the workspace is; asked once. Raises as `post`, but is never in doubt."""
        if self._workspace_url is None:
            answer = await self._call("auth.test", self._client.auth_test, repeatable=True, channel="")
            self._workspace_url = str(answer.get("url") or ANY_WORKSPACE)
        return self._workspace_url

    async def find(self, channel: str, key: str, *, thread_ts: str | None, since: datetime) -> str | None:
        """The ts of the message with that key, posted after `since` (our clock); None when there is none.

        Raises:
            RetryLater: also when so much was posted since that the look-up had to stop.
        """
        oldest = f"{(await self._oldest(since)).timestamp():.6f}"
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            page = await self._page(channel, thread_ts, oldest, cursor)
            if page is None:
                return None
            for message in named(page, "messages", list, "a look-up"):
                metadata = message.get("metadata") or {}
                payload = metadata.get("event_payload") or {}
                if metadata.get("event_type") == METADATA_EVENT and payload.get("key") == key:
                    return str(message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
        raise RetryLater(f"more than {MAX_PAGES * PAGE} messages in {channel} since {since.isoformat()}")

    async def _oldest(self, since: datetime) -> datetime:
        """From when on, by Slack's clock, to look for what was posted after `since` by ours.

        What lies ahead of Slack's time was written while our clock was wrong, so `since` tells nothing: then a day is
        looked through rather than a message posted twice.
        """
        answer = await self._call("auth.test", self._client.auth_test, repeatable=True, channel="")
        said = slack_time(answer)
        if said is not None and since > said + CLOCKS_DIFFER_BY:
            return said - LOOKED_THROUGH
        return since - CLOCKS_DIFFER_BY

    async def _page(
        self, channel: str, thread_ts: str | None, oldest: str, cursor: str | None
    ) -> AsyncSlackResponse | None:
        """A page of the thread, or of the channel; None when the thread is gone."""
        if thread_ts is None:
            return await self._call(
                "conversations.history",
                lambda: self._client.conversations_history(
                    channel=channel, oldest=oldest, limit=PAGE, cursor=cursor, include_all_metadata=True
                ),
                repeatable=True,
                channel=channel,
            )
        try:
            return await self._call(
                "conversations.replies",
                lambda: self._client.conversations_replies(
                    channel=channel, ts=thread_ts, oldest=oldest, limit=PAGE, cursor=cursor, include_all_metadata=True
                ),
                repeatable=True,
                channel=channel,
            )
        except Refused as refusal:
            if "thread_not_found" in str(refusal):
                return None
            raise

    async def _call(
        self, method: str, call: Callable[[], Awaitable[AsyncSlackResponse]], *, repeatable: bool, channel: str
    ) -> AsyncSlackResponse:
        try:
            async with asyncio.timeout(self._timeout):
                return await call()
        except Exception as error:
            sorted_out = translate(error, method, repeatable=repeatable, channel=channel)
            if isinstance(sorted_out, OperatorError) and not isinstance(sorted_out, ChannelUnusable):
                self._is_token_in_doubt = True
            raise sorted_out from error
