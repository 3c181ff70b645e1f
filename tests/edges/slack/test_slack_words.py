"""What is typed in Slack as plain words, message events as commands; whatever has another shape asks for nothing."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import NextTurn, NothingToDo
from bot.commands_channels import ChannelMessage
from bot.commands_sending import (
    KeepInternal,
    SendThreadMessage,
    ThreadMessage,
    ThreadMessageDeleted,
    ThreadMessageEdited,
    UndoSending,
)
from bot.edges.slack_payloads import OWN_TEAM, REAL_NAMES, to_command
from bot.edges.slack_plain import plain_words

NAMES = {"U0EWA": "Ewa Kowalska"}
MESSAGE: dict[str, Any] = {
    "type": "message", "user": "U0EWA", "text": "Proszę o <https://x.example|logi> &amp; plik", "ts": "2.000200",
    "thread_ts": "1.000100", "team": "T1", "channel": "C1", "channel_type": "channel",
}  # fmt: skip


def event(**changes: Any) -> dict[str, Any]:
    """A message event as it was recorded."""
    inner = {key: value for key, value in (MESSAGE | changes).items() if value is not None}
    return {"type": "event_callback", "event_id": "Ev1", "event": inner, OWN_TEAM: "T1", REAL_NAMES: NAMES}


def changed(text: str, before: str = "x", **changes: Any) -> dict[str, Any]:
    message = {k: v for k, v in MESSAGE.items() if k != "channel"} | {"text": text, "edited": {"ts": "3.000000"}}
    inner = {"subtype": "message_changed", "message": message | changes, "previous_message": message | {"text": before}}
    return event(**inner, user=None, text=None, ts="3.000001", thread_ts=None)


def test_words_in_a_thread() -> None:
    command = to_command(event())
    assert isinstance(command, ThreadMessage)
    assert (command.by.user, command.by.name, command.by.is_stranger) == ("U0EWA", "Ewa Kowalska", False)
    assert (command.channel, command.thread_ts, command.ts) == ("C1", "1.000100", "2.000200")
    assert (command.text, command.is_internal) == ("Proszę o logi (https://x.example) & plik", False)
    stranger = to_command(event(team="T2"))
    assert isinstance(stranger, ThreadMessage)
    assert stranger.by.is_stranger


def test_files_come_with_them() -> None:
    file = {"id": "F1", "name": "a.txt", "mimetype": "text/plain", "size": 3, "url_private_download": "https://u"}
    command = to_command(event(subtype="file_share", files=[file, {"mode": "tombstone"}, 7]))
    assert isinstance(command, ThreadMessage)
    [shared] = command.files
    assert (shared.id, shared.name, shared.size, shared.url) == ("F1", "a.txt", 3, "https://u")


def test_edits_and_deletions() -> None:
    edited = to_command(changed("nowe"))
    assert isinstance(edited, ThreadMessageEdited)
    assert (edited.message.text, edited.message.ts, edited.edited_ts) == ("nowe", "2.000200", "3.000000")
    assert isinstance(to_command(changed("nowe", "nowe")), NothingToDo), "only a link preview"
    assert isinstance(to_command(changed("nowe", edited=None)), NothingToDo)
    previous = {k: v for k, v in MESSAGE.items() if k != "channel"}
    gone = to_command(event(subtype="message_deleted", previous_message=previous, user=None, text=None))
    assert isinstance(gone, ThreadMessageDeleted)
    assert (gone.ts, gone.thread_ts, gone.by.user) == ("2.000200", "1.000100", "U0EWA")


@pytest.mark.parametrize("thread_ts", [None, "2.000200"], ids=["in no thread", "the head of one"])
def test_words_in_no_thread_are_a_message_of_the_channel(thread_ts: str | None) -> None:
    command = to_command(event(thread_ts=thread_ts))
    assert isinstance(command, ChannelMessage)
    assert (command.channel, command.ts) == ("C1", "2.000200")


@pytest.mark.parametrize(
    "body",
    [
        event(bot_id="B1"), event(thread_ts=None, bot_id="B1"), event(subtype="channel_join"),
        event(user=None), event(user=7), event(ts="x"), event(channel=None), event(subtype="message_changed"),
        event(subtype="bot_message"), changed("nowe", bot_id="B1"),
    ],
)  # fmt: skip
def test_what_nobody_wrote_asks_for_nothing(body: dict[str, Any]) -> None:
    assert isinstance(to_command(body), NothingToDo)


@pytest.mark.parametrize(
    ("action_id", "kind"),
    [("sending_wait", SendThreadMessage), ("sending_news", SendThreadMessage), ("sending_keep", KeepInternal),
     ("sending_undo", UndoSending)],
)  # fmt: skip
def test_presses(action_id: str, kind: type) -> None:
    body = {
        "type": "block_actions", "user": {"id": "U0EWA", "team_id": "T1"}, "team": {"id": "T1"},
        "channel": {"id": "C1"}, "container": {"message_ts": "5.0", "thread_ts": "1.0"}, "response_url": "https://h",
        "actions": [{"action_id": action_id, "value": "7:9"}], OWN_TEAM: "T1",
    }  # fmt: skip
    command = to_command(body)
    assert isinstance(command, kind)
    assert isinstance(command, SendThreadMessage | KeepInternal | UndoSending)
    assert (command.ticket_id, command.sending_id, command.by.response_url) == (7, 9, "https://h")
    if isinstance(command, SendThreadMessage):
        assert command.next_turn is (NextTurn.CUSTOMER if action_id == "sending_wait" else NextTurn.NOBODY)
    assert isinstance(to_command(body | {"actions": [{"action_id": action_id, "value": "9"}]}), NothingToDo)


@pytest.mark.parametrize(
    ("typed", "plain", "mentions"),
    [
        ("*Ważne:* _proszę_ o ~stare~ nowe logi", "Ważne: proszę o ~stare~ nowe logi", False),
        ("<@U0EWA> zobacz", "@Ewa Kowalska zobacz", True),
        ("<@U0OBCY|Obcy>", "@Obcy", True),
        ("<!here> i <!subteam^S1|@dyzur>", "!here i @dyzur", True),
        ("w <#C1|wsparcie>", "w wsparcie", True),
        ("<mailto:a@k.example|a@k.example>, <https://x.example>", "a@k.example, https://x.example", False),
        ("<https://zly.example|https://dobry.example>", "https://dobry.example (https://zly.example)", False),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2", False),
        ("&gt; cytat\nodpowiedź", "> cytat\nodpowiedź", False),
        ("```get system *status*\nend```", "get system *status*\nend", False),
        ("polecenie `diag *x*` i snake_case_name", "polecenie diag *x* i snake_case_name", False),
        ("<!date^1392734382^{date}|18 lutego>", "18 lutego", False),
        ("*a _b_ c* _d_ *e", "a _b_ c d *e", False),
        ("*bez końca\nani tu* i _tak_, 2*3*4 *x*y* * z *", "*bez końca\nani tu* i tak, 2*3*4 x*y * z *", False),
    ],
)
def test_markup_is_read_as_it_is_seen(typed: str, plain: str, mentions: bool) -> None:  # a vector
    found = plain_words(typed, NAMES)
    assert (found.text, found.mentions) == (plain, mentions)


@pytest.mark.parametrize("piece", ["*a ", "_a ", "*a _b ", "`a *b ", "```a ", "<@U0 ", "<a|"])
def test_a_long_message_takes_no_long_time(piece: str) -> None:
    """Slack lets everybody in a shared channel write 40,000 characters."""
    before = time.process_time()
    plain_words(piece * (40_000 // len(piece)), {})
    assert time.process_time() - before < 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*MESSAGE, "message", "edited"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from([*MESSAGE, "subtype", "message", "previous_message", "files"]), JSON))
def test_no_event_breaks_the_reading(inner: dict[str, Any]) -> None:
    to_command({"type": "event_callback", "event": inner | {"type": "message"}, OWN_TEAM: "T1"})


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(typed: str) -> None:
    assert isinstance(plain_words(typed, {}).text, str)
