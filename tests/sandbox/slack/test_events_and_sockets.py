"""Events over Socket Mode: shapes, retries, duplicates, order, lost and silent sockets."""

from __future__ import annotations

import asyncio
import io
import socket
import struct
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import MovableClock
from bot.sandbox.slack import App, SlackSandbox, Upload

OTHER_EVENTS = (
    "app_mention",
    "reaction_added",
    "file_shared",
    "member_joined_channel",
    "channel_left",
    "channel_archive",
    "channel_unarchive",
    "app_home_opened",
    "subteam_updated",
    "user_change",
)


class Ear:
    """Keeps every event_callback that a Bolt app gets, and acknowledges all of them."""

    def __init__(self, app: AsyncApp) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.retries: list[str] = []

        @app.event({"type": "message", "subtype": None})
        @app.event("message")
        async def message(body: dict[str, Any]) -> None:
            return None

        @app.use
        async def record(body: dict[str, Any], req: Any, next: Any) -> None:  # noqa: A002 (Bolt's argument name)
            if body.get("type") == "event_callback":
                self.bodies.append(body)
                self.retries.append(req.headers.get("x-slack-retry-num", [""])[0])
            await next()

        for name in OTHER_EVENTS:
            app.event(name)(message)

    @property
    def kinds(self) -> list[str]:
        return [body["event"].get("subtype") or body["event"]["type"] for body in self.bodies]


async def test_an_app_that_goes_away_while_it_connects_is_no_fault(
    slack: SlackSandbox, client: AsyncWebClient, caplog: pytest.LogCaptureFixture
) -> None:
    address = ("127.0.0.1", int(slack.workspace.base_url.rpartition(":")[2]))
    head = f"GET /link?ticket={slack.sockets.issue_ticket()} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    head += f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n"
    with socket.create_connection(address) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # its end is a reset
        raw.sendall(head.encode())
    await client.auth_test()  # served after it
    assert not [record for record in caplog.records if record.name.startswith("aiohttp")]


async def test_a_message_event_has_slacks_shape(slack: SlackSandbox, app: AsyncApp, office: Any, connect: Any) -> None:
    ear = Ear(app)
    await connect(app)
    head = await slack.people.post(office.anna.id, office.support.id, "serwer <b> & jan@klient.pl https://a.pl/x.")
    reply = await slack.people.post(office.marek.id, office.support.id, "patrzę", thread_ts=head.ts)
    await slack.settled()
    body = ear.bodies[0]
    event = body["event"]
    assert event["text"] == "serwer &lt;b&gt; &amp; <mailto:jan@klient.pl|jan@klient.pl> <https://a.pl/x>."
    assert event.items() >= {"type": "message", "channel": office.support.id, "channel_type": "channel",
                             "user": office.anna.id, "ts": head.ts, "event_ts": head.ts}.items()  # fmt: skip
    assert body["event_id"].startswith("Ev")
    assert body["authorizations"][0]["user_id"] == slack.workspace.bot_user.id
    assert body["is_ext_shared_channel"] is False
    assert ear.bodies[1]["event"]["thread_ts"] == head.ts
    assert ear.bodies[1]["event"]["parent_user_id"] == office.anna.id
    assert reply.thread_ts == head.ts


async def test_what_else_happens_to_messages(slack: SlackSandbox, app: AsyncApp, office: Any, connect: Any) -> None:
    ear = Ear(app)
    await connect(app)
    people, channel = slack.people, office.support.id
    message = await people.post(office.anna.id, channel, "stare")
    await people.edit(office.anna.id, channel, message.ts, "nowe")
    await people.unfold_links(channel, message.ts)
    await people.react(office.anna.id, channel, message.ts, "eyes")
    await people.delete(office.anna.id, channel, message.ts)
    await people.post(office.anna.id, channel, f"<@{slack.workspace.bot_user.id}> pomóż")
    await slack.settled()
    assert ear.kinds == ["message", "message_changed", "message_changed", "reaction_added", "message_deleted",
                         "message", "app_mention"]  # fmt: skip
    edited, unfolded, reaction, deleted = (body["event"] for body in ear.bodies[1:5])
    assert (edited["previous_message"]["text"], edited["message"]["text"]) == ("stare", "nowe")
    assert edited["message"]["edited"]["user"] == office.anna.id
    assert unfolded["previous_message"]["text"] == unfolded["message"]["text"]
    assert reaction["item"]["ts"] == message.ts
    assert deleted["deleted_ts"] == message.ts


async def test_strangers_and_other_bots(slack: SlackSandbox, app: AsyncApp, office: Any, connect: Any) -> None:
    ear = Ear(app)
    robot = slack.workspace.add_bot("jenkins")
    await connect(app)
    await slack.people.post(office.customer.id, office.shared.id, "mamy awarię")
    await slack.people.post_as_bot(robot.id, office.support.id, "build failed")
    await slack.people.post_as_bot(robot.id, office.support.id, "alert", webhook=True)
    await slack.settled()
    stranger, modern, webhook = (body["event"] for body in ear.bodies)
    assert ear.bodies[0]["is_ext_shared_channel"]
    assert stranger["user_team"] == stranger["team"] == office.customer.team_id != slack.workspace.team.id
    assert (modern["bot_id"], modern["user"]) == (robot.bot_id, robot.id)
    assert webhook["subtype"] == "bot_message"
    assert "user" not in webhook


async def test_channels_people_and_groups_tell_of_changes(
    slack: SlackSandbox, app: AsyncApp, office: Any, connect: Any
) -> None:
    ear = Ear(app)
    group = slack.workspace.add_usergroup("inz", "Inżynierowie", [office.anna.id])
    hired = slack.workspace.add_user("ola")
    await connect(app)
    people = slack.people
    await people.join(hired.id, office.support.id)
    await people.set_usergroup(group.id, [office.anna.id, hired.id])
    await people.deactivate(hired.id)
    await people.archive(office.anna.id, office.support.id)
    await people.unarchive(office.anna.id, office.support.id)
    await people.remove_bot(office.anna.id, office.support.id)
    await people.post(office.anna.id, office.support.id, "teraz nas nie słyszy")
    await people.open_home(office.anna.id)
    await slack.settled()
    assert ear.kinds == [
        "member_joined_channel", "subteam_updated", "user_change", "channel_archive", "channel_unarchive",
        "channel_left", "app_home_opened",
    ]  # fmt: skip


async def test_only_subscribed_events_with_their_scope_are_sent(clock: MovableClock) -> None:
    slack = SlackSandbox(clock, App(events=frozenset({"message.channels", "reaction_added"})))
    await slack.start()
    person = slack.workspace.add_user("anna")
    public = slack.workspace.add_channel("wsparcie", [person.id])
    private = slack.workspace.add_channel("zarzad", [person.id], private=True)
    app = AsyncApp(client=AsyncWebClient(token=slack.workspace.bot_token, base_url=slack.api_url))
    ear = Ear(app)
    handler = AsyncSocketModeHandler(app, slack.workspace.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it without a return type
    await slack.connected()
    slack.faults.revoke_scope("reactions:read")
    message = await slack.people.post(person.id, public.id, "x")
    await slack.people.post(person.id, private.id, "x")
    await slack.people.react(person.id, public.id, message.ts, "eyes")
    await slack.people.open_home(person.id)
    await slack.settled()
    assert ear.kinds == ["message"]
    await handler.close_async()  # type: ignore[no-untyped-call]  # slack_bolt leaves it without a return type
    await slack.stop()


async def test_an_unacknowledged_event_comes_again_three_times_on_schedule(
    slack: SlackSandbox, app: AsyncApp, office: Any, connect: Any, clock: MovableClock
) -> None:
    slack.sockets.ack_timeout = 0.05
    attempts: list[tuple[str, str]] = []

    @app.use
    async def never_ack(body: dict[str, Any], req: Any, next: Any) -> None:  # noqa: A002 (Bolt's argument name)
        attempts.append((body["event_id"], req.headers["x-slack-retry-num"][0]))
        raise RuntimeError("not recorded")

    await connect(app)
    await slack.people.post(office.anna.id, office.support.id, "x")
    wait_for = slack.workspace.wait_for
    await wait_for(lambda: len(attempts) == 2 and slack.sockets.idle)
    clock.move(timedelta(seconds=61))
    await wait_for(lambda: len(attempts) == 3 and slack.sockets.idle)
    assert slack.sockets.lost_events == []
    clock.move(timedelta(minutes=5, seconds=1))
    await slack.settled()
    assert [number for _, number in attempts] == ["0", "1", "2", "3"]
    assert len({event for event, _ in attempts}) == 1
    assert len(slack.sockets.lost_events) == 1


async def test_events_wait_for_a_bot_that_starts_late(
    slack: SlackSandbox, app: AsyncApp, office: Any, connect: Any, clock: MovableClock
) -> None:
    ear = Ear(app)
    await slack.people.post(office.anna.id, office.support.id, "przed startem")
    await connect(app)
    clock.move(timedelta(seconds=61))
    await slack.settled()
    assert ear.kinds == ["message"]
    assert ear.retries == ["2"]


async def test_duplicates_redelivery_and_reordering(
    slack: SlackSandbox, app: AsyncApp, office: Any, connect: Any
) -> None:
    ear = Ear(app)
    await connect(app)
    slack.faults.duplicate_events = True
    await slack.people.post(office.anna.id, office.support.id, "a")
    await slack.settled()
    slack.faults.clear()
    slack.sockets.redeliver_last_event()
    await slack.settled()
    assert len(ear.bodies) == 3
    assert len({body["event_id"] for body in ear.bodies}) == 1
    ear.bodies.clear()
    slack.sockets.reorder_next(3)
    for text in "abc":
        await slack.people.post(office.anna.id, office.support.id, text)
    await slack.settled()
    assert [body["event"]["text"] for body in ear.bodies] == ["c", "b", "a"]


async def test_each_payload_goes_to_one_of_several_sockets(
    slack: SlackSandbox, client: AsyncWebClient, office: Any, connect: Any
) -> None:
    ears = []
    for _ in range(3):
        app = AsyncApp(client=client)
        ears.append(Ear(app))
        await connect(app)
    for number in range(9):
        await slack.people.post(office.anna.id, office.support.id, f"{number}")
    await slack.settled()
    assert [len(ear.bodies) for ear in ears] == [3, 3, 3]


@pytest.mark.parametrize("how", ["refresh", "drop"])
async def test_the_sdk_reconnects_after_a_disconnect(
    slack: SlackSandbox, app: AsyncApp, office: Any, connect: Any, how: str
) -> None:
    ear = Ear(app)
    await connect(app)
    [before] = slack.sockets.sockets
    if how == "refresh":
        await slack.sockets.disconnect_all()
    else:
        slack.sockets.drop_sockets()
    await slack.workspace.wait_for(lambda: slack.sockets.sockets and before not in slack.sockets.sockets)
    await slack.people.post(office.anna.id, office.support.id, "x")
    await slack.settled()
    assert ear.kinds == ["message"]


async def test_a_silent_socket_delivers_nothing_until_the_sdk_notices(
    slack: SlackSandbox, app: AsyncApp, office: Any, connect: Any
) -> None:
    ear = Ear(app)
    slack.sockets.ack_timeout = 0.05
    slack.faults.silent_sockets = True
    await connect(app)
    slack.faults.clear()
    [silent] = slack.sockets.sockets
    await slack.people.post(office.anna.id, office.support.id, "x")
    await slack.workspace.wait_for(lambda: slack.sockets.idle)
    assert ear.bodies == []
    slack.sockets.ack_timeout = 1.0
    await slack.workspace.wait_for(lambda: slack.sockets.sockets and silent not in slack.sockets.sockets, 6)
    await slack.people.post(office.anna.id, office.support.id, "y")
    await slack.workspace.wait_for(lambda: [body["event"]["text"] for body in ear.bodies] == ["y"])


async def test_refused_connections(slack: SlackSandbox) -> None:
    slack.faults.error("apps.connections.open", "internal_error")
    client = AsyncWebClient(base_url=slack.api_url)
    with pytest.raises(Exception, match="internal_error"):
        await client.apps_connections_open(app_token=slack.workspace.app_token)
    url = (await client.apps_connections_open(app_token=slack.workspace.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        slack.faults.refuse_sockets = True
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            await session.ws_connect(url)
        slack.faults.clear()
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await session.ws_connect(url.replace("ticket=", "ticket=x"))
        async with session.ws_connect(url) as ws:
            hello = await ws.receive_json()
            assert hello["type"] == "hello"
            assert hello["connection_info"]["app_id"] == slack.workspace.app_id
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await session.ws_connect(url)


async def test_an_eleventh_socket_is_sent_away_and_garbage_closes_a_socket(slack: SlackSandbox) -> None:
    client = AsyncWebClient(base_url=slack.api_url)
    async with aiohttp.ClientSession() as session:
        sockets = []
        for _ in range(11):
            url = (await client.apps_connections_open(app_token=slack.workspace.app_token))["url"]
            sockets.append(await session.ws_connect(url))
        last = await sockets[10].receive_json()
        assert (last["type"], last["reason"]) == ("disconnect", "too_many_websockets")
        await sockets[0].send_json({"envelope_id": "unknown"})
        await sockets[1].send_str("garbage")
        await sockets[2].send_bytes(b"garbage")
        await slack.workspace.wait_for(lambda: len(slack.workspace.violations) == 3)
        await slack.workspace.wait_for(lambda: len(slack.sockets.sockets) == 8)
        for ws in sockets:
            await ws.close()
    slack.workspace.violations.clear()


async def test_slack_restarts_on_the_same_port_and_delivers_what_was_left(
    slack: SlackSandbox, app: AsyncApp, office: Any, connect: Any
) -> None:
    ear = Ear(app)
    await slack.people.post(office.anna.id, office.support.id, "tuż przed końcem")
    port = int(slack.api_url.split(":")[2].split("/")[0])
    await slack.stop()
    await slack.stop()
    await slack.start(port=port)
    await connect(app)
    await slack.workspace.wait_for(lambda: not slack.sockets.sockets or slack.sockets.idle)
    clock = slack.workspace.clock
    assert isinstance(clock, MovableClock)
    clock.move(timedelta(seconds=61))
    await slack.settled()
    assert ear.kinds == ["message"]
    other = SlackSandbox(clock)
    with pytest.raises(OSError, match="in use"):
        await other.start(port=port)


async def test_files_are_shared_later_downloaded_with_the_token_and_sometimes_not_shared(
    slack: SlackSandbox, client: AsyncWebClient, app: AsyncApp, office: Any, connect: Any
) -> None:
    ear = Ear(app)
    await connect(app)
    head = await slack.people.post(office.anna.id, office.support.id, "log?")
    done = await client.files_upload_v2(
        channel=office.support.id, thread_ts=head.ts, filename="a.log", content="treść", initial_comment="log"
    )
    file_id = done["files"][0]["id"]
    assert slack.workspace.files[file_id].shares == {}
    shared = await slack.workspace.wait_for(lambda: slack.workspace.files[file_id].shares)
    assert shared[office.support.id][0]["thread_ts"] == head.ts
    info = (await client.files_info(file=file_id))["file"]
    assert info["shares"]["public"][office.support.id]
    headers = {"Authorization": f"Bearer {slack.workspace.bot_token}"}
    async with aiohttp.ClientSession() as session:
        async with session.get(info["url_private_download"], headers=headers) as answer:
            assert (await answer.read()).decode() == "treść"
        async with session.get(info["url_private"]) as answer:
            assert answer.status == 200
            assert "Sign in" in await answer.text()
    slack.faults.unshared_files = 1
    lost = (await client.files_upload_v2(channel=office.support.id, filename="b.log", content="x"))["files"][0]["id"]
    message = await slack.people.post(
        office.customer.id, office.shared.id, "zrzut", files=[Upload("zrzut.png", b"png")]
    )
    await slack.settled()
    assert slack.workspace.files[lost].shares == {}
    assert "file_share" in ear.kinds
    event = next(body["event"] for body in ear.bodies if body["event"].get("ts") == message.ts)
    assert event["files"][0]["file_access"] == "check_file_info"
    seen = (await client.files_info(file=event["files"][0]["id"]))["file"]
    assert seen["name"] == "zrzut.png"
    assert seen["mimetype"] == "image/png"


async def test_upload_rules(slack: SlackSandbox, client: AsyncWebClient) -> None:
    place = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    with pytest.raises(Exception, match="file_not_found"):
        await client.files_completeUploadExternal(files=[{"id": place["file_id"], "title": "a"}])
    async with aiohttp.ClientSession() as session:
        async with session.post(place["upload_url"], data=b"four") as answer:
            assert answer.status == 400
        async with session.post(place["upload_url"], data={"file": io.BytesIO(b"abc")}) as answer:
            assert await answer.text() == "OK - 3"
        async with session.post(place["upload_url"], data=b"abc") as answer:
            assert answer.status == 404
    await client.files_completeUploadExternal(files=[{"id": place["file_id"], "title": "a"}])
    assert (await client.files_info(file=place["file_id"]))["file"]["channels"] == []
    assert [violation.where for violation in slack.workspace.violations] == ["upload"]
    slack.workspace.violations.clear()


async def test_acknowledgements_after_the_deadline_are_noted_as_late(
    slack: SlackSandbox, app: AsyncApp, office: Any, connect: Any
) -> None:
    slack.sockets.ack_timeout = 0.05
    release = asyncio.Event()

    @app.shortcut("slow")
    async def slow(ack: Any) -> None:
        await release.wait()
        await ack()

    await connect(app)
    assert not (await slack.people.global_shortcut(office.anna.id, "slow")).ok
    release.set()
    await slack.workspace.wait_for(lambda: slack.sockets.late_acks)
