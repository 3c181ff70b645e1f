"""IMAP's grammar, as far as we write and read it ourselves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymap.parsing.modutf7 import modutf7_decode

from bot.edges.imap_syntax import (
    mailbox_name,
    quoted,
    read_bodies,
    read_overviews,
    read_search,
    read_uidvalidity,
    response_code,
)

DONE = b"done"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n")))
def test_every_folder_name_survives(name: str) -> None:
    sent = mailbox_name(name)
    assert sent.isascii()
    plain = sent[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    assert modutf7_decode(plain.encode()) == name


def test_folder_names_as_the_standard_shows_them() -> None:
    assert mailbox_name("~peter/mail/台北/日本語") == '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'
    assert mailbox_name("Załatwione & inne") == '"Za&AUI-atwione &- inne"'


@pytest.mark.parametrize("text", ["a\r\nb", "a\nb", "a\0b"])
def test_a_quoted_string_cannot_hold_line_ends(text: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        quoted(text)


def test_search() -> None:
    assert read_search([b"3 1 2", b"2", DONE]) == [1, 2, 3]
    assert read_search([b"", DONE]) == read_search([DONE]) == []


def test_uidvalidity() -> None:
    assert read_uidvalidity([b"OK [UIDVALIDITY 3857529045] UIDs valid", DONE]) == 3857529045


def test_response_codes() -> None:
    assert response_code(b"[TRYCREATE] no such folder") == "TRYCREATE"
    assert response_code(b"[AUTHENTICATIONFAILED] no") == "AUTHENTICATIONFAILED"
    assert response_code(b"no [X]") == ""


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (b" 1-Nov-2026 00:30:00 +0100", datetime(2026, 10, 31, 23, 30, tzinfo=UTC)),
        (b"31-DEC-2026 23:59:60 -0330", datetime(2027, 1, 1, 3, 29, 59, tzinfo=UTC)),
    ],
)
def test_overviews(date: bytes, expected: datetime) -> None:
    (overview,) = read_overviews(
        [b'1 FETCH (INTERNALDATE "%b" RFC822.SIZE 120 UID 9)' % date, b"2 FETCH (FLAGS (\\Seen))", DONE]
    ).values()
    assert (overview.uid, overview.size, overview.received_at) == (9, 120, expected)


@pytest.mark.parametrize("date", [b"", b'INTERNALDATE "40-Foo-2026 00:30:00 +0100"', b"INTERNALDATE NIL"])
def test_a_date_that_is_none_is_an_error(date: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_overviews([b"1 FETCH (UID 9 RFC822.SIZE 120 %b)" % date, DONE])


def test_bodies_in_every_form_that_a_server_may_choose() -> None:
    lines: list[bytes | bytearray] = [
        b"1 FETCH (UID 11 BODY[] {5}",
        bytearray(b"UID 9"),
        b")",
        b"2 FETCH (BODY[HEADER]<0> {2}",
        bytearray(b"ab"),
        b" UID 12 FLAGS (UID 99))",
        b'3 FETCH (UID 13 BODY[] "a \\"b\\" \\\\")',
        b"4 FETCH (UID 14 BODY[] NIL)",
        b"5 FETCH (FLAGS (\\Seen) UID 15)",
        b"6 FETCH (UID 16 BODY[] {0}",
        bytearray(b""),
        b")",
        DONE,
    ]
    assert read_bodies(lines) == {11: b"UID 9", 12: b"ab", 13: b'a "b" \\', 14: b"", 16: b""}
