"""The members of Slack user groups (https://docs.slack.dev/reference/methods/usergroups.users.list)."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from slack_sdk.web.async_client import AsyncWebClient

from bot.edges.slack_errors import named, translate

MOST = 1_000
"""Members of a group that count; a larger one is no team of engineers."""
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")


class SlackGroups:
    """Asks Slack who is in a group.

    Args:
        client: From `slack_chat.slack_client`.
        timeout: How long one call may take.
    """

    def __init__(self, client: AsyncWebClient, timeout: timedelta) -> None:
        self._client = client
        self._timeout = timeout.total_seconds()

    async def members(self, group: str) -> tuple[str, ...]:
        """The Slack ids of its members, deactivated people left out.

        Raises:
            HezoError: as `bot.errors` sorts what failed.
        """
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._client.usergroups_users_list(usergroup=group, include_disabled=False)
        except Exception as error:
            raise translate(error, "usergroups.users.list", repeatable=True, channel=group) from error
        listed = named(answer, "users", list, "usergroups.users.list")  # else nobody could act any more
        return tuple(user for user in listed[:MOST] if isinstance(user, str) and _USER.fullmatch(user))
