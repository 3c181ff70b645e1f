"""The page drives servers on the visitor's machine: nobody but the page itself may, and nothing breaks it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.demo import Demo
from bot.sandbox.web_feed import MOST_PAGES

pytestmark = pytest.mark.scenario


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


async def act(client: aiohttp.ClientSession, demo: Demo, name: str, body: Any, **headers: str) -> tuple[int, Any]:
    """POST as the page does; `headers` replace its own (an empty one is left out)."""
    own = {"Origin": demo.page.url.rstrip("/"), "Content-Type": "application/json"}
    sent = {key: value for key, value in {**own, **headers}.items() if value}
    async with client.post(f"{demo.page.url}act/{name}", data=json.dumps(body), headers=sent) as response:
        return response.status, await response.json()


STEP = {"seconds": 600}


async def test_the_page_itself_may_act(demo: Demo, client: aiohttp.ClientSession) -> None:
    before = demo.clock.offset
    assert (await act(client, demo, "clock", STEP))[0] == 200
    assert (demo.clock.offset - before).total_seconds() == 600


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Host": "evil.example"}, 421),  # DNS rebinding: the attacker's name resolves to 127.0.0.1
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
        ({"Content-Type": "text/plain"}, 415),  # what a form of another page can send
    ],
)
async def test_other_pages_may_not(
    demo: Demo, client: aiohttp.ClientSession, headers: dict[str, str], status: int
) -> None:
    before = demo.clock.offset
    assert (await act(client, demo, "clock", STEP, **headers))[0] == status
    assert demo.clock.offset == before


async def test_the_host_is_checked_on_reading_too(demo: Demo, client: aiohttp.ClientSession) -> None:
    for path in ("", "events", "page/app.js"):
        async with client.get(demo.page.url + path, headers={"Host": "evil.example"}) as response:
            assert response.status == 421


async def test_every_answer_forbids_what_the_page_does_not_need(demo: Demo, client: aiohttp.ClientSession) -> None:
    for path in ("", "page/app.js", "events", "nothing"):
        async with client.get(demo.page.url + path) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "path", ["page/../web.py", "page/%2e%2e%2fweb.py", "page/..%2f..%2fcli.py", "page/", "page/x.py"]
)
async def test_only_the_pages_own_files_are_served(demo: Demo, client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(demo.page.url + path) as response:
        assert response.status == 404


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("clock", {"seconds": -5}),
        ("clock", {"seconds": 10**9}),
        ("clock", {"seconds": 60, "more": 1}),
        ("clock", [1, 2]),
        ("language", {"language": "de"}),
        ("mail/send", {"person": "anna", "to": 1, "subject": "", "text": ""}),
        ("slack/post", {"user": "U1", "channel": "C1"}),
        ("slack/post", {"user": "U1", "channel": "C1", "text": "x" * 50_000}),
    ],
)
async def test_what_is_not_understood_is_refused_in_words(
    demo: Demo, client: aiohttp.ClientSession, name: str, body: Any
) -> None:
    status, answer = await act(client, demo, name, body)
    assert status == 400
    assert answer["error"]


async def test_what_slack_would_not_offer_is_refused_in_words(demo: Demo, client: aiohttp.ClientSession) -> None:
    stranger = {"user": "U404", "channel": demo.staff.support, "text": "hello"}
    assert await act(client, demo, "slack/post", stranger) == (409, {"ok": False, "error": "there is no user U404"})
    assert (await act(client, demo, "slack/unknown", {}))[0] == 404


async def test_a_mail_that_the_server_refuses_is_told(demo: Demo, client: aiohttp.ClientSession) -> None:
    body = {"person": "anna", "to": "nobody@myhezo.pl", "subject": "x", "text": "y"}
    status, answer = await act(client, demo, "mail/send", body)
    assert status == 409
    assert "550" in answer["error"]


async def test_the_next_opening_is_nine_oclock_of_the_next_working_day(
    demo: Demo, client: aiohttp.ClientSession
) -> None:
    for expected in ("2026-11-25T08:00", "2026-11-26T08:00", "2026-11-27T08:00", "2026-11-30T08:00"):
        _, answer = await act(client, demo, "clock", {"to": "opening"})
        assert answer["now"].startswith(expected)


# --- the stream of what is seen


async def packet(response: aiohttp.ClientResponse) -> tuple[str, Any]:
    """The next event of a stream."""
    event = ""
    async for line in response.content:
        words = line.decode().rstrip("\n")
        if words.startswith("event: "):
            event = words.removeprefix("event: ")
        elif words.startswith("data: "):
            return event, json.loads(words.removeprefix("data: "))
    raise EOFError


async def test_a_stream_begins_with_everything_and_goes_on_with_changes(
    demo: Demo, client: aiohttp.ClientSession
) -> None:
    async with client.get(f"{demo.page.url}events") as response:
        _, first = await packet(response)
        assert first["fresh"]
        assert f"slack/channel/{demo.staff.support}" in first["set"]
        assert "mail/person/anna" in first["set"]
        message = await demo.slack.people.post(demo.staff.ewa, demo.staff.support, "line one\nline two\u2028\r\nthree")
        key = f"slack/message/{demo.staff.support}/{message.ts}"
        while key not in (news := (await packet(response))[1])["set"]:
            assert not news["fresh"]
        assert "mail/person/anna" not in news["set"]
        await demo.slack.people.delete(demo.staff.ewa, demo.staff.support, message.ts)
        while key not in (await packet(response))[1]["gone"]:
            pass


async def test_more_pages_than_a_browser_can_follow_retire_the_oldest(
    demo: Demo, client: aiohttp.ClientSession
) -> None:
    streams = [await client.get(f"{demo.page.url}events") for _ in range(MOST_PAGES)]
    for stream in streams:
        await packet(stream)
    streams.append(await client.get(f"{demo.page.url}events"))
    async with asyncio.timeout(60):
        while (await packet(streams[0]))[0] != "retired":
            pass
        await packet(streams[-1])
    for stream in streams:
        stream.close()
