"""Whose mails are taken first while many wait."""

from __future__ import annotations

import time

import pytest

from bot.rules.first_in_line import HEAD, comes_first

KNOWN = frozenset({"@klient.example", "jan@o2.example"})
TRUSTED = ("mx.myhezo.pl",)


@pytest.mark.parametrize(
    ("head", "first"),
    [
        (b"From: Anna <anna@klient.example>\r\n\r\nx", True),
        (b"FROM: =?utf-8?q?Anna?= <ANNA@Klient.Example>\n\nx", True),
        (b"From: jan+fw@o2.example\r\n\r\n", True),
        (b"From: anna@o2.example\r\n\r\n", False),
        (b"From: anna@sub.klient.example\r\n\r\n", False),
        (b'From: "anna@klient.example" <eve@evil.example>\r\n\r\n', False),
        (b"Subject: x\r\n\r\nFrom: anna@klient.example\r\n", False),
        (b"Authentication-Results: mx.myhezo.pl; dmarc=fail\r\nFrom: anna@klient.example\r\n\r\n", False),
        (b"Authentication-Results: mx.evil.example; dmarc=fail\r\nFrom: anna@klient.example\r\n\r\n", True),
        (b"X-Forefront: %s\r\n" % (b"x" * 90) * 120 + b"From: anna@klient.example\r\n\r\n", True),
        (b"", False),
        (b"\xff\x00" * 500, False),
        (b"From: \r\n\r\n", False),
    ],
)
def test_people_on_a_contract_go_first(head: bytes, first: bool) -> None:
    assert comes_first(head[:HEAD], KNOWN, TRUSTED) is first


def test_five_thousand_strangers_are_looked_at_in_a_moment() -> None:
    head = b"Received: from a.example by b.example; Mon, 23 Nov 2026 10:15:04 +0100\r\n" * 10
    heads = [head + b"From: bot%d@spam.example\r\nSubject: x\r\n\r\nhello" % number for number in range(5_000)]
    before = time.process_time()
    assert not any(comes_first(each, KNOWN, TRUSTED) for each in heads)
    assert time.process_time() - before < 2
