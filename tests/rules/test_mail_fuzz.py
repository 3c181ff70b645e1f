"""Thousands of broken mails: none raises, none is given up as unreadable, none takes long.

HEZO_FUZZ_MAILS sets how many mutations are tried (default 800); `HEZO_FUZZ_MAILS=20000` is the long run.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.authentication import read_authentication
from bot.rules.bounces import read_bounce
from bot.rules.language import detect_language
from bot.rules.mail_addresses import parse_addresses
from bot.rules.mail_charsets import decode_octets, decode_words
from bot.rules.mail_html import text_from_html
from bot.rules.mail_matching import match_keys
from bot.rules.mail_reading import attachment_content, read_mail
from bot.rules.mail_screening import screen
from bot.rules.mail_writing import reply_chain, reply_subject
from bot.rules.reply_text import new_words

MUTATIONS = int(os.environ.get("HEZO_FUZZ_MAILS", "800"))
MAILS = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "data" / "mails").glob("*.eml"))]
SPLICES = [
    b"\r\n", b"\n\n", b"\0", b"\xff\xfe", b"=?utf-8?B?", b"=?", b"?=", b"--", b'boundary="', b";", b'"', b"<", b"(",
    b"Content-Type: multipart/mixed; boundary=x\r\n", b"Content-Type: text/html; charset=utf-16\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"charset=punycode", b"charset=utf-7", b"filename*0*=x'y'%zz", b"\xed\xa0\x80", b"=\r\n", b"=ZZ", b"> ", b"-- \r\n",
    b"<table><tr><td>", b"<blockquote type=cite>", b"Date: Fri, 20 Nov 99999999999 10:15:42 +9999\r\n",
    b"W dniu 20.11.2026 o 10:15, x pisze:\r\n", b"From: x\r\nSent: 1\r\nTo: y\r\n",
]  # fmt: skip


def _mutated(source: random.Random) -> bytes:
    raw = bytearray(source.choice(MAILS))
    for _ in range(source.randint(1, 6)):
        position = source.randrange(len(raw) + 1)
        action = source.randrange(6)
        if action == 0:
            raw[position : position + source.randint(1, 60)] = b""
        elif action == 1:
            raw[position:position] = source.choice(SPLICES)
        elif action == 2:
            raw[position : position + 1] = bytes([source.randrange(256)])
        elif action == 3:
            other = source.choice(MAILS)
            start = source.randrange(len(other))
            raw[position:position] = other[start : start + source.randint(1, 400)]
        elif action == 4:
            raw[position:position] = raw[position : position + 200] * source.randint(1, 5)
        else:
            del raw[position:]
    return bytes(raw)


def _understand(raw: bytes) -> None:
    """Everything that the way of a mail through the rules does."""
    mail = read_mail(raw)
    assert not [problem for problem in mail.problems if problem.startswith("unreadable")]
    assert "\0" not in mail.text + mail.subject
    (mail.text + mail.subject + "".join(mail.attached_texts)).encode("utf-8")
    for index, attachment in enumerate(mail.attachments):
        assert attachment.name
        assert len(attachment_content(raw, index)) == attachment.size
    words = new_words(mail.text, mail.subject)
    assert _lines(words.new_text) + _lines(words.quoted_text) == _lines(mail.text)
    screen(mail, frozenset({"pomoc@myhezo.pl"}), "myhezo.pl")
    read_bounce(mail)
    match_keys(mail, "myhezo.pl")
    reply_chain(mail)
    reply_subject(mail.subject, "HEZO-2026-000001")
    detect_language(words.new_text)
    read_authentication(mail, {"myhezo.pl"})


def _lines(text: str) -> Counter[str]:
    return Counter(line for line in text.split("\n") if line.strip())


def test_mutated_mails_are_understood_as_far_as_possible() -> None:
    source = random.Random(20261120)  # noqa: S311  # repeatable mutations, no secret
    slowest = 0.0
    for _ in range(MUTATIONS):
        raw = _mutated(source)
        started = time.perf_counter()
        _understand(raw)
        slowest = max(slowest, time.perf_counter() - started)
    assert slowest < 2


@settings(max_examples=80, deadline=2_000)
@given(st.binary(max_size=600))
def test_any_octets_are_a_mail(raw: bytes) -> None:
    _understand(raw)
    _understand(b"Content-Type: text/html\r\nFrom: " + raw + b"\r\n\r\n" + raw)


@settings(max_examples=80, deadline=2_000)
@given(st.text(max_size=300), st.binary(max_size=100), st.text(max_size=30))
def test_any_text_passes_the_small_readers(text: str, octets: bytes, charset: str) -> None:
    parse_addresses(text)
    decode_words(text)
    text_from_html(text)[0].encode("utf-8")
    decode_octets(octets, charset)[0].encode("utf-8")


_LINE = st.sampled_from([
    "Dzień dobry", "", "> cytat", ">> starszy", "W dniu 20.11.2026 o 09:58, HEZO 360 pisze:", "-- ", "--",
    "pt., 20 lis 2026 o 09:58 HEZO <p@x.example>", "napisał(a):", "Od: HEZO", "Wysłano: 20 listopada 2026",
    "Do: Jan", "Temat: x", "-----Original Message-----", "---------- Forwarded message ---------",
    "________________________________", "FGT60FTK20001234", "On Fri, Nov 20, 2026 at 9:58 AM x wrote:",
])  # fmt: skip


@settings(max_examples=150, deadline=2_000)
@given(st.lists(_LINE, max_size=25), st.sampled_from(["", "Fwd: x", "Re: x"]))
def test_no_line_is_ever_lost_and_something_new_always_stays(lines: list[str], subject: str) -> None:
    text = "\n".join(lines)
    words = new_words(text, subject)
    assert _lines(words.new_text) + _lines(words.quoted_text) == _lines(text)
    assert bool(words.new_text.strip()) == bool(text.strip())
    assert words.cut == bool(words.quoted_text)
