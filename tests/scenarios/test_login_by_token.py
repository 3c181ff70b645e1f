"""The whole bot with access tokens for passwords, on Debian's servers, over a restart and a revocation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.mailservers import MailServers
from tests.support.requirements import require_mailservers
from tests.support.token_endpoint import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, token_endpoint
from tests.support.world import REPORT, make_world, text_of

pytestmark = [pytest.mark.scenario, pytest.mark.mailservers]


async def test_the_bot_lives_on_tokens_and_a_refresh_token_that_changes_with_each(tmp_path: Path) -> None:
    require_mailservers()
    async with token_endpoint() as endpoint:
        endpoint.rotates = True
        with MailServers(introspection_url=endpoint.url.replace("/token", "/introspect")) as servers:
            async with make_world(tmp_path, servers) as world:
                endpoint.mailbox = world.mail.support
                mail = world.tree["mail"]
                mail["oauth"] = [
                    {
                        "name": "ours", "provider": "other", "token_url": endpoint.url, "grant": "refresh_token",
                        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN,
                    }
                ]  # fmt: skip
                for server in (mail["imap"][0], mail["smtp"]):
                    del server["password"]
                    server["oauth"] = "ours"
                await world.fill_registry()
                await world.start_bot()
                await world.write(world.anna, REPORT)
                assert "Przyjęliśmy je pod numerem" in text_of(await world.mail_to(world.anna))
                await world.bot.stop()
                assert [request["refresh_token"] for request in endpoint.requests] == [REFRESH_TOKEN]

                endpoint.revoke_all()
                await world.start_bot()
                await world.write(world.john, "Hello, FG1K0FTB22900191 is down. HZ360-2026-000102", subject="Down")
                assert "We have accepted it" in text_of(await world.mail_to(world.john))
                await world.bot.stop()
                assert endpoint.requests[1]["refresh_token"] == "refresh-token-1"
