"""Broken mails and broken texts: none raises, none is given up as unreadable, none takes long.

These are a sample; `tests/fuzz` takes twenty thousand.
"""

from __future__ import annotations

import random
import time
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.mail_addresses import parse_addresses
from bot.rules.mail_charsets import decode_octets, decode_words
from bot.rules.mail_html import text_from_html
from bot.rules.reply_text import new_words
from tests.support.broken_mails import broken_mail, understand


def test_mutated_mails_are_understood_as_far_as_possible() -> None:
    source = random.Random(20261120)  # noqa: S311  # repeatable mutations, no secret
    slowest = 0.0
    for _ in range(300):
        raw = broken_mail(source)
        started = time.process_time()
        understand(raw)
        slowest = max(slowest, time.process_time() - started)
    assert slowest < 2


@settings(max_examples=80, deadline=20_000)
@given(st.binary(max_size=600))
def test_any_octets_are_a_mail(raw: bytes) -> None:
    understand(raw)
    understand(b"Content-Type: text/html\r\nFrom: " + raw + b"\r\n\r\n" + raw)


@settings(max_examples=80, deadline=20_000)
@given(st.text(max_size=300), st.binary(max_size=100), st.text(max_size=30))
def test_any_text_passes_the_small_readers(text: str, octets: bytes, charset: str) -> None:
    parse_addresses(text)
    decode_words(text)
    text_from_html(text)[0].encode("utf-8")
    decode_octets(octets, charset)[0].encode("utf-8")


def _lines(text: str) -> Counter[str]:
    return Counter(line for line in text.split("\n") if line.strip())


_LINE = st.sampled_from([
    "Dzień dobry", "", "> cytat", ">> starszy", "W dniu 20.11.2026 o 09:58, HEZO 360 pisze:", "-- ", "--",
    "pt., 20 lis 2026 o 09:58 HEZO <p@x.example>", "napisał(a):", "Od: HEZO", "Wysłano: 20 listopada 2026",
    "Do: Jan", "Temat: x", "-----Original Message-----", "---------- Forwarded message ---------",
    "________________________________", "FGT60FTK20001234", "On Fri, Nov 20, 2026 at 9:58 AM x wrote:",
])  # fmt: skip


@settings(max_examples=150, deadline=20_000)
@given(st.lists(_LINE, max_size=25), st.sampled_from(["", "Fwd: x", "Re: x"]))
def test_no_line_is_ever_lost_and_something_new_always_stays(lines: list[str], subject: str) -> None:
    text = "\n".join(lines)
    words = new_words(text, subject)
    assert _lines(words.new_text) + _lines(words.quoted_text) == _lines(text)
    assert bool(words.new_text.strip()) == bool(text.strip())
    assert words.cut == bool(words.quoted_text)
