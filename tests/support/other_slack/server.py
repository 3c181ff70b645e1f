"""Another Slack over real sockets, as different from the stand-in as the reference permits.

It shares no code with `bot.sandbox.slack`: it was written from Slack's reference alone, leaves out fields that may be
missing, adds ones that nobody knows, gives pages of two, dresses blocks as Slack does, and has faults of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from tests.support.other_slack.http_mode import HttpMode
from tests.support.other_slack.people import People
from tests.support.other_slack.socket_mode import SocketMode
from tests.support.other_slack.web_api import WebApi
from tests.support.other_slack.workspace import Workspace


@dataclass
class OtherSlack:
    """Its parts."""

    workspace: Workspace
    api: WebApi
    sockets: SocketMode
    http: HttpMode
    people: People
    api_url: str


@asynccontextmanager
async def other_slack(scopes: Set[str]) -> AsyncIterator[OtherSlack]:
    """A workspace with an app that has these scopes."""
    workspace = Workspace()
    api, sockets = WebApi(workspace, scopes), SocketMode(workspace)
    people = People(workspace, sockets)
    http = HttpMode(workspace)
    app = web.Application(client_max_size=50_000_000)
    app.router.add_route("*", "/gateway/api/{method}", api.handle)
    app.router.add_get("/link/", sockets.handle)
    app.router.add_post("/upload/v1/{file}", api.upload)
    app.router.add_get("/files-pri/{file}", api.download)
    app.router.add_get("/sign-in", api.sign_in)
    app.router.add_post("/actions/{team}/{token}", api.respond)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    place = f"127.0.0.1:{runner.addresses[0][1]}"
    api.methods.base = people.base = f"http://{place}"
    api.methods.socket_url = lambda: f"ws://{place}/link/?ticket=1-2%2F3&app_id=x"
    try:
        yield OtherSlack(workspace, api, sockets, http, people, f"http://{place}/gateway/api/")
    finally:
        await http.close()
        await sockets.close()
        await runner.cleanup()
