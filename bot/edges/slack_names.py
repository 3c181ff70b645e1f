"""What staff are called: customers are told a person's name, and a click only carries a handle."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from slack_sdk.web.async_client import AsyncWebClient

log = logging.getLogger(__name__)

LIMIT = 0.5
"""Seconds that a name may take: a click is acknowledged within three, and is recorded before."""
MOST = 5_000
"""Names that are remembered at a time."""
KEEP = 3600.0
"""Seconds that a name is remembered."""


class Names:
    """The real names of the staff; Slack is asked once an hour for each.

    Args:
        client: From `slack_client`.
        staff: Whose names are asked for, whoever that is at the time; those of others concern nobody.
    """

    def __init__(self, client: AsyncWebClient, staff: Collection[str]) -> None:
        self._client = client
        self._staff = staff
        self._known: dict[str, tuple[float, str]] = {}
        self._asking: dict[str, asyncio.Task[str | None]] = {}

    @property
    def staff(self) -> Collection[str]:
        """Whose names are asked for."""
        return self._staff

    async def of(self, users: Collection[str], *, anybody: bool = False) -> dict[str, str]:
        """The names of those of them who are staff, as far as Slack tells them in time. Never raises.

        Args:
            anybody: Also of those who are not: of a customer who writes to us.
        """
        wanted = sorted(user for user in set(users) if anybody or user in self._staff)
        names = await asyncio.gather(*(self._name(user) for user in wanted))
        return {user: name for user, name in zip(wanted, names, strict=True) if name}

    async def _name(self, user: str) -> str | None:
        asked_at, name = self._known.get(user, (0.0, ""))
        if name and asyncio.get_running_loop().time() - asked_at < KEEP:
            return name
        # Payloads that come while somebody is asked for wait for that one answer: a call for each of a flood would hold
        # all of them up beyond the time in which they have to be acknowledged.
        asking = self._asking.get(user)
        if asking is None:
            asking = self._asking[user] = asyncio.create_task(self._ask(user, name))
            asking.add_done_callback(lambda _: self._asking.pop(user))
        return await asyncio.shield(asking)

    async def _ask(self, user: str, before: str) -> str | None:
        """The name as Slack tells it now; what it was before, where Slack does not."""
        try:
            async with asyncio.timeout(LIMIT):
                profile = (await self._client.users_info(user=user))["user"]
            name = str(profile.get("real_name") or (profile.get("profile") or {}).get("real_name") or "")
        except Exception as error:  # noqa: BLE001 - a name is no reason to hold anything up, whatever went wrong
            log.warning("no real name", extra={"hezo": {"problem": type(error).__name__}})
            return before or None
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[user] = (asyncio.get_running_loop().time(), name)
        return name or None
