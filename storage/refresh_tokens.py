"""The newest refresh token of each [[mail.oauth]], so that a restart goes on with what the provider handed out last.

They are secrets and stand in the database as they are, like the key that signs reply addresses: whoever can read the
database can read the mails anyway.
"""

from __future__ import annotations

import hashlib
import json

from storage.engine import Database

_KEY = "mail.oauth.{}.refresh_token"


class StoredRefreshTokens:
    """`bot.edges.oauth_tokens.RefreshTokens` over the table settings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self, source: str, given: str) -> str:
        """The newest refresh token of a source; "" when none followed from this configured one.

        Args:
            source: The name of the [[mail.oauth]].
            given: The configured refresh token, "" where none is: another one begins anew.
        """
        async with self._database.read() as uow:
            kept = await uow.settings.get(_KEY.format(source))
        stored = json.loads(kept) if kept else {}
        return str(stored["token"]) if stored.get("given") == _digest(given) else ""

    async def keep(self, source: str, given: str, token: str) -> None:
        """Store a newer one, committed when this returns."""
        async with self._database.begin() as uow:
            await uow.settings.put(_KEY.format(source), json.dumps({"given": _digest(given), "token": token}))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
