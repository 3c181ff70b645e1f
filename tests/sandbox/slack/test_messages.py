"""Messages, threads, metadata, pages: chat.* and conversations.* through slack_sdk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import NotPossible, SlackSandbox, Workspace

BUTTONS: list[dict[str, Any]] = [
    {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "take", "text": {"type": "plain_text", "text": "Biorę"}}],
    }
]


def refused(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(caught.value.response["error"])


async def test_a_posted_message_comes_back_in_the_history_with_its_metadata(
    client: AsyncWebClient, office: Any, workspace: Workspace
) -> None:
    metadata = {"event_type": "hezo_ticket", "event_payload": {"key": "HZ-1/1"}}
    posted = await client.chat_postMessage(
        channel=office.support.id, text="Zgłoszenie", blocks=BUTTONS, metadata=metadata
    )
    plain = await client.conversations_history(channel=office.support.id)
    full = await client.conversations_history(channel=office.support.id, include_all_metadata=True)
    assert plain["messages"][0]["ts"] == posted["ts"]
    assert "metadata" not in plain["messages"][0]
    assert full["messages"][0]["metadata"] == metadata
    assert full["messages"][0]["blocks"][0]["block_id"]
    assert full["messages"][0]["bot_id"] == workspace.bot_id
    [call] = workspace.calls_of("chat.postMessage")
    assert call.ok
    assert call.args["metadata"]["event_payload"]["key"] == "HZ-1/1"


async def test_timestamps_grow_though_the_clock_stands_or_goes_back(
    client: AsyncWebClient, office: Any, clock: Any
) -> None:
    stamps = []
    for _ in range(4):
        clock.move(timedelta(seconds=-30))
        stamps.append((await client.chat_postMessage(channel=office.support.id, text="x"))["ts"])
    assert stamps == sorted(stamps)
    assert len(set(stamps)) == 4


async def test_a_thread_counts_its_replies_and_pages_oldest_first(client: AsyncWebClient, office: Any) -> None:
    parent = (await client.chat_postMessage(channel=office.support.id, text="parent"))["ts"]
    for number in range(5):
        await client.chat_postMessage(channel=office.support.id, text=f"{number}", thread_ts=parent)
    texts = []
    async for page in await client.conversations_replies(channel=office.support.id, ts=parent, limit=2):
        texts += [message["text"] for message in page["messages"]]
    assert texts == ["parent", "0", "1", "2", "3", "4"]
    history = await client.conversations_history(channel=office.support.id)
    assert [message["text"] for message in history["messages"]] == ["parent"]
    assert history["messages"][0]["reply_count"] == 5


async def test_history_can_be_cut_by_time(client: AsyncWebClient, office: Any) -> None:
    first, second, third = [
        (await client.chat_postMessage(channel=office.support.id, text=text))["ts"] for text in "abc"
    ]
    after = await client.conversations_history(channel=office.support.id, oldest=first)
    assert [message["ts"] for message in after["messages"]] == [third, second]
    both = await client.conversations_history(channel=office.support.id, oldest=first, latest=second, inclusive=True)
    assert [message["ts"] for message in both["messages"]] == [second, first]


async def test_text_without_blocks_removes_them_and_blocks_without_text_keep_the_text(
    client: AsyncWebClient, office: Any, workspace: Workspace
) -> None:
    ts = (await client.chat_postMessage(channel=office.support.id, text="a", blocks=BUTTONS))["ts"]
    await client.chat_update(channel=office.support.id, ts=ts, text="b", blocks=BUTTONS)
    assert workspace.message(office.support.id, ts).edited is None
    await client.chat_update(channel=office.support.id, ts=ts, text="c")
    message = workspace.message(office.support.id, ts)
    assert (message.text, message.blocks) == ("c", [])
    assert message.edited is not None


async def test_an_update_keeps_metadata_that_it_does_not_name(
    client: AsyncWebClient, office: Any, workspace: Workspace
) -> None:
    metadata = {"event_type": "t", "event_payload": {"n": 1}}
    ts = (await client.chat_postMessage(channel=office.support.id, text="a", metadata=metadata))["ts"]
    await client.chat_update(channel=office.support.id, ts=ts, text="b")
    assert workspace.message(office.support.id, ts).metadata == metadata
    await client.chat_update(channel=office.support.id, ts=ts, text="b", metadata={})
    assert workspace.message(office.support.id, ts).metadata is None


async def test_a_reply_to_a_deleted_message_silently_lands_in_the_channel(
    client: AsyncWebClient, office: Any, workspace: Workspace
) -> None:
    ts = (await client.chat_postMessage(channel=office.support.id, text="head"))["ts"]
    await client.chat_delete(channel=office.support.id, ts=ts)
    reply = await client.chat_postMessage(channel=office.support.id, text="reply", thread_ts=ts)
    assert "thread_ts" not in reply["message"]
    assert [message.text for message in workspace.timeline(office.support.id)] == ["reply"]


async def test_a_deleted_parent_with_replies_leaves_a_tombstone(
    client: AsyncWebClient, slack: SlackSandbox, office: Any
) -> None:
    ts = (await client.chat_postMessage(channel=office.support.id, text="head"))["ts"]
    await client.chat_postMessage(channel=office.support.id, text="reply", thread_ts=ts)
    await slack.people.delete_as_admin(office.anna.id, office.support.id, ts)
    thread = (await client.conversations_replies(channel=office.support.id, ts=ts))["messages"]
    assert [message.get("subtype") for message in thread] == ["tombstone", None]
    with pytest.raises(SlackApiError) as caught:
        await client.chat_update(channel=office.support.id, ts=ts, text="x")
    assert refused(caught) == "message_not_found"


async def test_a_reply_as_thread_ts_is_a_violation(client: AsyncWebClient, office: Any, workspace: Workspace) -> None:
    head = (await client.chat_postMessage(channel=office.support.id, text="head"))["ts"]
    reply = (await client.chat_postMessage(channel=office.support.id, text="reply", thread_ts=head))["ts"]
    await client.chat_postMessage(channel=office.support.id, text="second", thread_ts=reply)
    [violation] = workspace.violations
    assert "parent" in violation.what
    workspace.violations.clear()


async def test_only_own_messages_can_be_changed(client: AsyncWebClient, slack: SlackSandbox, office: Any) -> None:
    theirs = await slack.people.post(office.anna.id, office.support.id, "moje")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_update(channel=office.support.id, ts=theirs.ts, text="x")
    assert refused(caught) == "cant_update_message"
    with pytest.raises(SlackApiError) as caught:
        await client.chat_delete(channel=office.support.id, ts=theirs.ts)
    assert refused(caught) == "cant_delete_message"


async def test_channels_refuse_who_may_not_write(client: AsyncWebClient, slack: SlackSandbox, office: Any) -> None:
    public = slack.workspace.add_channel("ogolny", [office.anna.id], bot=False)
    private = slack.workspace.add_channel("zarzad", [office.anna.id], private=True, bot=False)
    for channel, error in ((public.id, "not_in_channel"), (private.id, "channel_not_found")):
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel=channel, text="x")
        assert refused(caught) == error
    await client.conversations_join(channel=public.id)
    await client.chat_postMessage(channel=public.id, text="x")
    await slack.people.archive(office.anna.id, public.id)
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=public.id, text="x")
    assert refused(caught) == "is_archived"


async def test_ephemeral_messages_are_seen_by_one_person_only(
    client: AsyncWebClient, slack: SlackSandbox, office: Any
) -> None:
    await client.chat_postEphemeral(channel=office.support.id, user=office.anna.id, text="tylko ty", blocks=BUTTONS)
    [message] = slack.workspace.ephemerals(office.support.id, office.anna.id)
    assert slack.workspace.ephemerals(office.support.id, office.marek.id) == []
    with pytest.raises(NotPossible):
        await slack.people.click(office.marek.id, office.support.id, message.ts, "take")
    history = await client.conversations_history(channel=office.support.id)
    assert history["messages"] == []
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postEphemeral(channel=office.support.id, user=office.customer.id, text="x")
    assert refused(caught) == "user_not_in_channel"


async def test_a_user_id_opens_the_direct_conversation(client: AsyncWebClient, office: Any) -> None:
    posted = await client.chat_postMessage(channel=office.anna.id, text="cześć")
    opened = await client.conversations_open(users=office.anna.id)
    assert posted["channel"] == opened["channel"]["id"]
    assert posted["channel"].startswith("D")


async def test_marks_and_permalinks(client: AsyncWebClient, office: Any, workspace: Workspace) -> None:
    ts = (await client.chat_postMessage(channel=office.support.id, text="x"))["ts"]
    await client.reactions_add(channel=office.support.id, timestamp=ts, name="eyes")
    with pytest.raises(SlackApiError) as caught:
        await client.reactions_add(channel=office.support.id, timestamp=ts, name="eyes")
    assert refused(caught) == "already_reacted"
    shown = await client.reactions_get(channel=office.support.id, timestamp=ts)
    assert shown["message"]["reactions"] == [{"name": "eyes", "users": [workspace.bot_user.id], "count": 1}]
    await client.reactions_remove(channel=office.support.id, timestamp=ts, name="eyes")
    await client.pins_add(channel=office.support.id, timestamp=ts)
    assert workspace.message(office.support.id, ts).pinned
    await client.pins_remove(channel=office.support.id, timestamp=ts)
    link = await client.chat_getPermalink(channel=office.support.id, message_ts=ts)
    assert link["permalink"].endswith(ts.replace(".", ""))


async def test_lists_come_in_pages(client: AsyncWebClient, office: Any, workspace: Workspace) -> None:
    for number in range(7):
        workspace.add_channel(f"k-{number}", bot=False)
    names = []
    async for page in await client.conversations_list(types="public_channel", limit=4):
        names += [channel["name"] for channel in page["channels"]]
    assert len(names) == len(set(names)) == 9
    mine = await client.users_conversations(types="public_channel,private_channel")
    assert {channel["name"] for channel in mine["channels"]} == {"wsparcie", "klient-hezo"}
    with pytest.raises(SlackApiError) as caught:
        await client.conversations_list(cursor="!!")
    assert refused(caught) == "invalid_cursor"
    workspace.violations.clear()
