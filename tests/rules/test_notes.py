"""A note for colleagues is one however it is written; words for customers are none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.notes import is_note

MARKS = (
    "note:", "notes:", "note -", "notatka:", "notatka –", "notatki:", "notka:", "nota:", "uwaga:", "uwaga?", "uwaga!",
    "//", "#", "/*", "internal:", "int.", "int:", "wewn.", "wewn:", "wewnętrzne:", "wewnętrzna:", "notatka wewnętrzna",
    "internal note", "komentarz:", "comment:", "memo:", "todo:", "fyi:", "prywatne:", "private:", "team only",
    "tylko dla nas", "nie wysyłać", "do not send", "nie dla klienta", "dla zespołu:", "robocze:", "draft:",
)  # fmt: skip
BEFORE = st.lists(
    st.sampled_from(
        [" ", "\n", "\t", "\u00a0", "\u200b", "\ufeff", "*", "_", "~", "`", ">", "&gt; ", "• ", "- ", "– ", "1. ", "(",
         "[", "«", "„", '"', "📝", "⚠️ ", "👩‍💻 ", ":memo:", ":pencil2: ", ":+1::skin-tone-3: ", "* ", "…"]
    ),
    max_size=6,
).map("".join)  # fmt: skip
WORDS = st.text(max_size=40)


def spelled(draw: st.DrawFn, mark: str) -> str:
    """The mark in some case, with spaces, invisible characters, and letters that only look like ours."""
    case = draw(st.sampled_from([str.lower, str.upper, str.title, str.capitalize]))
    written = case(mark)
    if draw(st.booleans()):
        written = written.replace("o", "\u043e").replace("a", "\u0430").replace("e", "\u0435")
    if draw(st.booleans()):
        written = written.replace(":", draw(st.sampled_from([" :", "\u00a0:", "：", "*:", ":*", "_:_", "`:"])))
    if draw(st.booleans()):
        place = draw(st.integers(0, len(written)))
        written = written[:place] + draw(st.sampled_from(["\u200b", "\u200d", "\u2060", "\u00ad"])) + written[place:]
    return written


@st.composite
def notes(draw: st.DrawFn) -> str:
    """A note, as carelessly as people write them."""
    mark = spelled(draw, draw(st.sampled_from(MARKS)))
    after = draw(st.sampled_from([" ", "  ", "\n", " *", " _"]))
    return draw(BEFORE) + mark + after + draw(WORDS)


@settings(max_examples=600, deadline=None)
@given(notes())
def test_no_note_is_taken_for_words_to_a_customer(written: str) -> None:
    assert is_note(written)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_no_text_breaks_it(written: str) -> None:
    assert is_note(written) in {True, False}


@pytest.mark.parametrize(
    "written",
    [
        "Dzień dobry,\n\nproszę o logi z urządzenia.", "Note that the device will restart.", "Hello John,\nplease send",
        "Internal storage is full; please free some.", "Interfejs port1 nie działa poprawnie.", "Notebook działa?",
        "Off-site visit is planned for Monday.", "International support is available.", "int1 jest wyłączony",
        "Proszę wykonać:\n# diagnose sys top", "/etc/config nie istnieje", "-5 stopni", "http://docs.example",
        "TeamViewer: proszę podać ID", "Tylko dla pewności: czy działa?", "Nie wysyłamy jeszcze urządzenia.", "",
        "Dla porządku: urządzenie działa.", "Komentując logi: wszystko jest w porządku.", "🙂 Dzień dobry", "OK",
    ],
)  # fmt: skip
def test_words_for_customers_are_no_notes(written: str) -> None:
    assert not is_note(written)


@pytest.mark.parametrize("mark", MARKS)
def test_the_usual_marks(mark: str) -> None:
    assert is_note(f"{mark} klient zalega z płatnością")
    assert is_note(f"{mark.upper()}\nklient zalega")
