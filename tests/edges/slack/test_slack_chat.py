"""The way out: posts found again when in doubt, and every failure told by who can mend it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.edges.slack_blocks import operator_notice
from bot.edges.slack_chat import METADATA_EVENT, SlackChat, slack_client
from bot.edges.slack_errors import UNUSABLE
from bot.edges.slack_text import Blocks, block, line, text
from bot.effects import PostOperator
from bot.errors import ChannelUnusable, InDoubt, OperatorError, RateLimited, Refused, RetryLater
from bot.model import Language
from bot.sandbox.slack import SlackSandbox
from tests.edges.slack.office import Office, make_config, staff_words

BLOCKS: Blocks = [block([line(text("Zgłoszenie"))])]


async def test_a_post_and_its_thread(slack: SlackSandbox, office: Office, chat: SlackChat) -> None:
    head = await chat.post(office.support.id, "Zgłoszenie", BLOCKS, key="out-1")
    reply = await chat.post(office.support.id, "https://klient.example", BLOCKS, key="out-2", thread_ts=head)
    message = slack.workspace.message(office.support.id, reply)
    assert message.thread_ts == head
    assert message.metadata == {"event_type": METADATA_EVENT, "event_payload": {"key": "out-2"}}
    (call, _) = slack.workspace.calls_of("chat.postMessage")
    assert {call.args["unfurl_links"], call.args["unfurl_media"]} <= {"0", "false", "False", False}


async def test_an_edit_keeps_the_key(slack: SlackSandbox, office: Office, chat: SlackChat) -> None:
    since = slack.workspace.now()
    ts = await chat.post(office.support.id, "Zgłoszenie", BLOCKS, key="out-1")
    await chat.update(office.support.id, ts, "Zamknięte", [block([line(text("Zamknięte"))])])
    assert slack.workspace.message(office.support.id, ts).text == "Zamknięte"
    assert await chat.find(office.support.id, "out-1", thread_ts=None, since=since) == ts


async def test_a_post_made_while_our_clock_was_hours_ahead_is_found(office: Office, chat: SlackChat) -> None:
    ts = await chat.post(office.support.id, "Zgłoszenie", BLOCKS, key="out-1")
    ahead = datetime.now(UTC) + timedelta(hours=3)  # Slack's own clock is the machine's here
    assert await chat.find(office.support.id, "out-1", thread_ts=None, since=ahead) == ts


async def test_an_ephemeral_line(slack: SlackSandbox, office: Office, chat: SlackChat) -> None:
    await chat.tell(office.support.id, office.engineer.id, "Już prowadzisz to zgłoszenie.")
    (line_,) = slack.workspace.ephemerals(office.support.id, office.engineer.id)
    assert line_.text == "Już prowadzisz to zgłoszenie."


async def test_a_lost_answer_is_in_doubt_and_the_post_is_found(
    slack: SlackSandbox, office: Office, chat: SlackChat
) -> None:
    since = slack.workspace.now()
    head = await chat.post(office.support.id, "Zgłoszenie", BLOCKS, key="out-1")
    for number, thread_ts in enumerate((None, head), start=2):
        slack.faults.drop_after("chat.postMessage")
        with pytest.raises(InDoubt):
            await chat.post(office.support.id, "Wpis", BLOCKS, key=f"out-{number}", thread_ts=thread_ts)
        found = await chat.find(office.support.id, f"out-{number}", thread_ts=thread_ts, since=since)
        assert found is not None
        metadata = slack.workspace.message(office.support.id, found).metadata
        assert metadata is not None
        assert metadata["event_payload"] == {"key": f"out-{number}"}


async def test_what_was_not_posted_is_not_found(slack: SlackSandbox, office: Office, chat: SlackChat) -> None:
    since = slack.workspace.now()
    head = await chat.post(office.support.id, "Zgłoszenie", BLOCKS, key="out-1")
    slack.faults.drop_before("chat.postMessage")
    with pytest.raises(InDoubt):
        await chat.post(office.support.id, "Wpis", BLOCKS, key="out-2", thread_ts=head)
    assert await chat.find(office.support.id, "out-2", thread_ts=head, since=since) is None
    assert await chat.find(office.support.id, "out-2", thread_ts=None, since=since) is None


async def test_nothing_is_found_in_a_thread_that_is_gone(slack: SlackSandbox, office: Office, chat: SlackChat) -> None:
    since = slack.workspace.now()
    assert await chat.find(office.support.id, "out-2", thread_ts="1600000000.000100", since=since) is None


async def test_a_post_is_found_among_very_many(slack: SlackSandbox, office: Office, chat: SlackChat) -> None:
    since = slack.workspace.now()
    ts = await chat.post(office.support.id, "Zgłoszenie", BLOCKS, key="out-1")
    for _ in range(450):
        await slack.people.post(office.engineer.id, office.support.id, "rozmowa")
    assert await chat.find(office.support.id, "out-1", thread_ts=None, since=since) == ts
    assert len(slack.workspace.calls_of("conversations.history")) == 3


async def test_the_search_has_a_bound(
    slack: SlackSandbox, office: Office, chat: SlackChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.edges.slack_chat.PAGE", 5)
    monkeypatch.setattr("bot.edges.slack_chat.MAX_PAGES", 2)
    since = slack.workspace.now()
    for _ in range(12):
        await slack.people.post(office.engineer.id, office.support.id, "rozmowa")
    with pytest.raises(RetryLater, match="more than 10"):
        await chat.find(office.support.id, "out-1", thread_ts=None, since=since)


async def test_a_rate_limit_says_how_long(slack: SlackSandbox, office: Office, chat: SlackChat) -> None:
    slack.faults.rate_limit("chat.postMessage", retry_after=17)
    with pytest.raises(RateLimited) as limited:
        await chat.post(office.support.id, "Wpis", BLOCKS, key="out-1")
    assert limited.value.retry_after == timedelta(seconds=17)
    assert office.support.messages == {}


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_trouble_at_slack_is_in_doubt_for_posts_only(
    slack: SlackSandbox, office: Office, chat: SlackChat, status: int
) -> None:
    ts = await chat.post(office.support.id, "Zgłoszenie", BLOCKS, key="out-1")
    slack.faults.server_error("chat.*", times=3, status=status)
    with pytest.raises(InDoubt, match=str(status)):
        await chat.post(office.support.id, "Wpis", BLOCKS, key="out-2")
    for harmless in (
        chat.update(office.support.id, ts, "Wpis", BLOCKS),
        chat.tell(office.support.id, office.engineer.id, "Wpis"),
    ):
        with pytest.raises(RetryLater) as again:
            await harmless
        assert not isinstance(again.value, InDoubt)


async def test_a_slow_answer_is_in_doubt(slack: SlackSandbox, office: Office, client: AsyncWebClient) -> None:
    slack.faults.slow(2, "chat.postMessage")
    with pytest.raises(InDoubt, match="in time"):
        await SlackChat(client, timedelta(seconds=0.2)).post(office.support.id, "Wpis", BLOCKS, key="out-1")


@pytest.mark.parametrize(
    ("code", "error"), [("internal_error", InDoubt), ("service_unavailable", InDoubt), ("request_timeout", RetryLater)]
)
async def test_errors_that_pass(
    slack: SlackSandbox, office: Office, chat: SlackChat, code: str, error: type[RetryLater]
) -> None:
    slack.faults.error("chat.postMessage", code)
    with pytest.raises(RetryLater) as caught:
        await chat.post(office.support.id, "Wpis", BLOCKS, key="out-1")
    assert type(caught.value) is error


async def test_slack_out_of_reach_leaves_no_doubt(slack: SlackSandbox, office: Office, chat: SlackChat) -> None:
    await slack.stop()
    with pytest.raises(RetryLater) as caught:
        await chat.post(office.support.id, "Wpis", BLOCKS, key="out-1")
    assert not isinstance(caught.value, InDoubt)


async def test_lasting_refusals_say_what_to_do(slack: SlackSandbox, office: Office, chat: SlackChat) -> None:
    support = office.support.id
    ts = await chat.post(support, "Zgłoszenie", BLOCKS, key="out-1")
    await slack.people.delete_as_admin(office.manager.id, support, ts)
    with pytest.raises(Refused, match=r"deleted.*message_not_found"):
        await chat.update(support, ts, "Wpis", BLOCKS)
    await slack.people.remove_bot(office.manager.id, support)
    with pytest.raises(ChannelUnusable, match=rf"{support}: invite.*not_in_channel"):
        await chat.post(support, "Wpis", BLOCKS, key="out-2")
    await slack.people.archive(office.manager.id, support)
    with pytest.raises(ChannelUnusable, match="archived"):
        await chat.post(support, "Wpis", BLOCKS, key="out-3")
    with pytest.raises(ChannelUnusable, match=r"slack\.support_channel"):
        await chat.post("C99999999", "Wpis", BLOCKS, key="out-4")
    slack.faults.revoke_scope("chat:write")
    with pytest.raises(ChannelUnusable, match=r"scope chat:write.*install") as caught:
        await chat.post(office.escalation.id, "Wpis", BLOCKS, key="out-5")
    assert (caught.value.channel, caught.value.needed) == (office.escalation.id, "chat:write")


async def test_a_reply_to_a_thread_that_is_gone_does_not_stay_in_the_channel(
    slack: SlackSandbox, office: Office, chat: SlackChat
) -> None:
    support = office.support
    head = await chat.post(support.id, "Zgłoszenie", BLOCKS, key="out-1")
    await slack.people.delete_as_admin(office.manager.id, support.id, head)
    with pytest.raises(Refused, match="thread_not_found"):
        await chat.post(support.id, "Wpis", BLOCKS, key="out-2", thread_ts=head)
    assert not support.messages


@pytest.mark.parametrize("language", list(Language))
def test_operators_read_what_to_do_about_everything_that_keeps_the_bot_out(language: Language) -> None:
    words = staff_words(language)
    for code in UNUSABLE:
        notice = PostOperator(f"unusable_{code}", {"channel": "C0SUPPORT", "needed": "chat:write"})
        said, blocks = operator_notice(notice, words)
        assert f"unusable_{code}" not in said, "it has a sentence of its own"
        if "{channel}" in str(words.placeholders(f"operator.unusable_{code}")):
            assert '"channel_id": "C0SUPPORT"' in json.dumps(blocks)


async def test_a_revoked_token_is_the_operators_to_mend(slack: SlackSandbox, office: Office, chat: SlackChat) -> None:
    slack.faults.error("chat.postMessage", "token_revoked")
    with pytest.raises(OperatorError, match=r"slack\.bot_token.*token_revoked") as caught:
        await chat.post(office.support.id, "Wpis", BLOCKS, key="out-1")
    assert slack.workspace.bot_token not in str(caught.value)


async def test_a_channel_that_the_bot_cannot_see(slack: SlackSandbox, office: Office) -> None:
    secret = slack.workspace.add_channel("tajny", [office.manager.id], private=True, bot=False)
    config = make_config(slack, office)
    async with slack_client(config) as client:
        with pytest.raises(ChannelUnusable, match="invite the bot"):
            await SlackChat(client, config.timeout).post(secret.id, "Wpis", BLOCKS, key="out-1")
