"""Shows something to the one who pressed, at once: a window (view), or a line that they alone see.

What Slack does not take for a passing reason is tried again for as long as it can be of use. A window is opened by a
trigger, which lives three seconds and opens one: a second try that finds it used has found that the first one came
through. https://docs.slack.dev/interactivity/handling-user-interaction#trigger_ids
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.config_slack import SlackConfig
from bot.edges.slack_answers import answer
from bot.edges.slack_errors import translate
from bot.edges.slack_text import Json
from bot.errors import HezoError, InDoubt, RateLimited, Refused, RetryLater
from bot.people import SlackPerson
from bot.rules.retrying import describe

log = logging.getLogger(__name__)

TRIGGER_LIVES = 3.0
"""Seconds from the press; ours begin a little later, and Slack says so when it is too late."""
PATIENCE = 10.0
"""Seconds for which a window that stands is tried to be changed, and a line to be shown."""
AGAIN_AFTER = 0.3
"""Seconds between two tries, where Slack does not say."""
_USED = ("exchanged_trigger_id", "trigger_exchanged")


class Windows:
    """Windows and lines; every call has its time limit.

    Args:
        client: From `slack_chat.slack_client`.
    """

    def __init__(self, client: AsyncWebClient, config: SlackConfig) -> None:
        self._client = client
        self._limit = config.timeout.total_seconds()
        self._api_url = config.api_url

    async def open(self, trigger_id: str, view: Json, *, above: bool = False) -> str | None:
        """Open a window; gives its id, or None where it is open and Slack does not say which it is.

        Args:
            above: Over the window that is open, which stays as it is.

        Raises:
            HezoError: Slack did not open it.
        """

        def call() -> Awaitable[AsyncSlackResponse]:
            if above:
                return self._client.views_push(trigger_id=trigger_id, view=view)
            return self._client.views_open(trigger_id=trigger_id, view=view)

        method = "views.push" if above else "views.open"
        answered = await self._until_taken(method, call, TRIGGER_LIVES, came_through=_USED)
        shown = answered.get("view") if answered is not None else None
        return str(shown["id"]) if isinstance(shown, dict) and shown.get("id") else None

    async def change(self, view_id: str, view: Json, seen: str | None = None) -> None:
        """Show something else in a window.

        Args:
            seen: The hash of what stands there; where that is something else by now, it stays.

        Raises:
            HezoError: Slack did not show it.
        """
        told: dict[str, Any] = {"view_id": view_id, "view": view} | ({"hash": seen} if seen else {})
        await self._until_taken(
            "views.update", lambda: self._client.views_update(**told), PATIENCE, came_through=("hash_conflict",)
        )

    async def say(self, by: SlackPerson, text: str) -> None:
        """Show a line to the one who pressed, where they pressed. Never raises: then the log is all that is left."""
        try:
            if by.response_url is not None and await self._is_answered(by.response_url, text):
                return
            if by.channel is None:
                log.warning("a line could be shown nowhere")
                return
            channel = by.channel
            await self._until_taken(
                "chat.postEphemeral",
                lambda: self._client.chat_postEphemeral(
                    channel=channel, user=by.user, text=text, thread_ts=by.thread_ts
                ),
                PATIENCE,
            )
        except Exception as error:  # noqa: BLE001 - the last resort of an error path
            log.warning("an ephemeral line was not shown", extra={"hezo": {"problem": type(error).__name__}})

    async def _is_answered(self, response_url: str, text: str) -> bool:
        try:
            async with asyncio.timeout(self._limit):
                return await answer(response_url, text, self._api_url)
        except Exception as error:  # noqa: BLE001 - there is another way
            log.warning("a response_url was not answered", extra={"hezo": {"problem": type(error).__name__}})
            return False

    async def _until_taken(
        self,
        method: str,
        call: Callable[[], Awaitable[AsyncSlackResponse]],
        patience: float,
        *,
        came_through: tuple[str, ...] = (),
    ) -> AsyncSlackResponse | None:
        """Slack's answer; None where an earlier try, whose answer was lost, was found to have come through.

        Args:
            came_through: How Slack refuses to do again what it has done.
        """
        loop = asyncio.get_running_loop()
        until, is_in_doubt = loop.time() + patience, False
        while True:
            try:
                return await self._call(method, call)
            except Refused as refusal:
                if is_in_doubt and any(code in str(refusal) for code in came_through):
                    return None
                raise
            except RetryLater as trouble:
                wait = trouble.retry_after.total_seconds() if isinstance(trouble, RateLimited) else AGAIN_AFTER
                if loop.time() + wait > until:
                    raise
                is_in_doubt = is_in_doubt or isinstance(trouble, InDoubt)
                log.info("tried again", extra={"hezo": {"problem": describe(trouble)}})
            await asyncio.sleep(wait)

    async def _call(self, method: str, call: Callable[[], Awaitable[AsyncSlackResponse]]) -> AsyncSlackResponse:
        try:
            async with asyncio.timeout(self._limit):
                return await call()
        except Exception as error:
            raise translate(error, method, repeatable=False) from error


def log_failure(what: str, error: Exception, **fields: object) -> None:
    """Say that something was not shown: in one line what Slack or the connection is at fault for, else with a trace."""
    if isinstance(error, HezoError | TimeoutError):
        log.warning(what, extra={"hezo": {"problem": describe(error), **fields}})
    else:
        log.error(what, exc_info=error, extra={"hezo": fields})
