"""Foreign words stay words, and nothing is longer than Slack takes."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.edges.slack_text import (
    Mrkdwn,
    block,
    clean,
    cut,
    fallback,
    fill,
    json_size,
    line,
    mention,
    mrkdwn,
    one_line,
    person,
    quote,
    rich,
    split,
    text,
)
from tests.edges.slack.office import staff_words

NASTY = st.text(alphabet=st.sampled_from("ab ąż<>&@#!|*_~`:\n\r\t\u202e\u200f\x00\ud83d😀-•")) | st.text()
MARKUP = re.compile(r"<|>|&(?!amp;|lt;|gt;)")


@settings(deadline=None)
@given(NASTY)
def test_foreign_words_in_mrkdwn_are_no_markup(foreign: str) -> None:
    safe = mrkdwn(foreign)
    assert not MARKUP.search(safe)
    for pair in "*_~`":
        assert not re.search(rf"(?<!\w){re.escape(pair)}|{re.escape(pair)}(?!\w)", safe)
    assert not re.search(r":(?:(?![＿ˋ])[\w+-])+:", safe), "no emoji's name holds the look-alikes"
    assert not re.search(r"^&gt;", safe, re.MULTILINE)
    safe.encode()


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        (
            "<!channel> <@U123> <https://zly.example|bank>",
            "&lt;!channel&gt; &lt;@U123&gt; &lt;https://zly.example|bank&gt;",
        ),
        ("*pilne* _bardzo_ `rm` ~nie~", "∗pilne∗ ＿bardzo＿ ˋrmˋ ∼nie∼"),
        ("jan_kowalski@klient.example o 14:30", "jan_kowalski@klient.example o 14:30"),
        ("> cytat", "› cytat"),
        (":fire: i ::", "꞉fire: i ::"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("faktura\u202efdp.exe", "fakturafdp.exe"),
    ],
)
def test_examples(foreign: str, shown: str) -> None:
    assert mrkdwn(foreign) == shown


def test_sentences_escape_their_values_but_not_themselves() -> None:
    said = fill(staff_words(), "tell.already_yours", number="<!here>")
    assert "&lt;!here&gt;" in said
    assert "<@U123>" in fill(staff_words(), "tell.already_yours", number=mention("U123"))
    assert isinstance(said, Mrkdwn)


@settings(deadline=None)
@given(NASTY)
def test_only_slack_ids_are_mentioned(foreign: str) -> None:
    if not re.fullmatch(r"[UWSCDG][A-Z0-9]{2,20}", foreign):
        assert person(foreign)["type"] == "text"
        assert not mention(foreign).startswith("<")


def test_mentions() -> None:
    assert person("U0ABC") == {"type": "user", "user_id": "U0ABC"}
    assert person("S0ABC") == {"type": "usergroup", "usergroup_id": "S0ABC"}
    assert person("C0ABC") == {"type": "channel", "channel_id": "C0ABC"}
    assert (mention("U0ABC"), mention("S0ABC"), mention("C0ABC")) == ("<@U0ABC>", "<!subteam^S0ABC>", "<#C0ABC>")


@settings(deadline=None)
@given(NASTY, st.integers(min_value=2, max_value=50))
def test_pieces_give_the_whole_again(foreign: str, limit: int) -> None:
    pieces = split(foreign, limit)
    assert "".join(pieces) == clean(foreign)
    assert all(0 < len(piece) <= limit for piece in pieces)


@settings(deadline=None)
@given(NASTY.map(lambda foreign: foreign * 5), st.integers(min_value=60, max_value=400))
def test_what_is_cut_fits_and_says_so(foreign: str, room: int) -> None:
    shown = cut(foreign, room, "… (całość w oryginale)")
    assert json_size(shown) <= room
    if shown != clean(foreign):
        assert shown.endswith("… (całość w oryginale)")
        assert clean(foreign).startswith(shown.removesuffix("… (całość w oryginale)"))


@settings(deadline=None)
@given(NASTY, st.integers(min_value=5, max_value=100))
def test_one_line(foreign: str, limit: int) -> None:
    shown = one_line(foreign, limit)
    assert "\n" not in shown
    assert len(shown) <= limit
    assert json_size(shown) <= 2 * limit + 20


@settings(deadline=None)
@given(st.lists(NASTY, min_size=1, max_size=5))
def test_elements_are_never_empty_and_never_parsed(foreign: list[str]) -> None:
    made = block([line(*(text(words_) for words_ in foreign)), quote("\n".join(foreign)), line(text("koniec"))])
    elements = [element for part in made["elements"] for element in part["elements"]]  # type: ignore[attr-defined]  # plain JSON
    assert all(element["type"] == "text" and element["text"] for element in elements)
    json.dumps(made).encode()
    said = fallback([made])
    assert said
    assert not MARKUP.search(said)
    assert len(said) <= 400


def test_a_sentence_takes_elements_in_its_places() -> None:
    elements = rich(staff_words(), "thread.taken_over", by=person("U0ABC"), previous=person("U0DEF"))
    assert [element["type"] for element in elements if element.get("text") != ""] == ["text", "user", "text", "user"]
    with pytest.raises(KeyError):
        rich(staff_words(), "thread.taken_over", by=person("U0ABC"))
