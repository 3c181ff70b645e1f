"""Reading mails: charsets, addresses, dates, structure, limits, HTML."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime

import pytest

from bot.rules.file_names import safe_name
from bot.rules.mail_addresses import Address, parse_addresses
from bot.rules.mail_charsets import clean_text, decode_octets, decode_words
from bot.rules.mail_flowed import unflow
from bot.rules.mail_html import text_from_html
from bot.rules.mail_parts import Limits, decode_base64
from bot.rules.mail_reading import attachment_content, parse_date, read_mail

PANGRAM = "Zażółć gęślą jaźń"
FROM = b"From: jan@klient.example\r\n"


@pytest.mark.parametrize(
    ("octets", "declared", "text"),
    [
        (PANGRAM.encode("cp1250"), None, PANGRAM),
        (PANGRAM.encode("iso-8859-2"), None, PANGRAM),
        (PANGRAM.encode("iso-8859-2"), "us-ascii", PANGRAM),
        (PANGRAM.encode("cp1250"), "iso-8859-2", PANGRAM),
        (PANGRAM.encode("utf-8"), "iso-8859-1", PANGRAM),
        (PANGRAM.encode("utf-8"), "no-such-charset", PANGRAM),
        ("proszę o szybką pomoc, działa źle".encode("iso-8859-2"), "iso-8859-1", "proszę o szybką pomoc, działa źle"),
        ("5 m³ café".encode("latin-1"), "iso-8859-1", "5 m³ café"),
        ("„ąść”".encode("cp1250"), '"Windows-1250"', "„ąść”"),
        (("ż" * 20).encode()[:-1], "utf-8", "ż" * 19 + "\ufffd"),
        (PANGRAM.encode("utf-16"), "utf-16", PANGRAM),
        (b"abc", "hex", "abc"),
        (b"+2AA-", "utf-7", "\ufffd"),
        (b"xn--", "punycode", "xn--"),
    ],
)
def test_octets_become_the_text_that_was_meant(octets: bytes, declared: str | None, text: str) -> None:
    assert decode_octets(octets, declared)[0] == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?Q?Zg=C5?= =?utf-8?Q?=82oszenie?=", "Zgłoszenie"),
        ("=?utf-8?B?xbzDs8WCdGE?= kartka", "żółta kartka"),
        ("=?iso-8859-2?q?=B1=B6?= i =?utf-8?q?=C4=99?=", "ąś i ę"),
        ("=?utf-8?Q?nie dzia=C5=82a?=", "nie działa"),
        ("=?utf-8?Q?nie_dzia=C5=82a", "nie działa"),
        ("=?no-such?Q?abc?=", "abc"),
        ("2 =? 3", "2 =? 3"),
        ("=?utf-8?Q?czy=3F tak?=", "czy? tak"),
    ],
)
def test_encoded_words_however_broken(value: str, text: str) -> None:
    assert decode_words(value) == text


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ("Jan <Jan@KLIENT.Example>", [("Jan", "Jan@klient.example")]),
        (
            '"Kowalski, Jan" <j@x.example>, a@y.example (Anna)',
            [("Kowalski, Jan", "j@x.example"), ("Anna", "a@y.example")],
        ),
        ("=?utf-8?Q?Kowalski=2C_=C5=81ukasz?= <l@x.example>", [("Kowalski, Łukasz", "l@x.example")]),
        ("=?utf-8?B?SmFuIDxqYW5AeC5wbD4=?=", [("Jan", "jan@x.pl")]),
        ("undisclosed-recipients:;", []),
        ("grupa: a@b.example, d@e.example;", [("", "a@b.example"), ("", "d@e.example")]),
        ("bank@bank.example <evil@evil.example>", [("bank@bank.example", "evil@evil.example")]),
        ('"never closed <a@b.example>', [("never closed", "a@b.example")]),
        ("a@b@c.example", []),
        ("evil@evil.example@klient.example", []),
        ("<<a@b.example>>", [("", "a@b.example")]),
        ('"jan nowak"@x.example', [("", '"jan nowak"@x.example')]),
        ("", []),
    ],
)
def test_addresses(value: str, addresses: list[tuple[str, str]]) -> None:
    assert parse_addresses(value) == tuple(Address(*address) for address in addresses)


def test_addresses_are_bounded() -> None:
    assert len(parse_addresses(", ".join(f"a{n}@b.example" for n in range(500)))) == 100


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("Fri, 20 Nov 2026 10:15:42 +0100 (CET)", datetime(2026, 11, 20, 9, 15, 42, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 10:15:42 CET", datetime(2026, 11, 20, 9, 15, 42, tzinfo=UTC)),
        ("20 Nov 2026 09:15 GMT", datetime(2026, 11, 20, 9, 15, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 09:15:42 -0000", datetime(2026, 11, 20, 9, 15, 42, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 09:15:42", None),
        ("piątek, 20 listopada 2026", None),
        ("Thu, 01 Jan 1970 00:00:00 +0000", None),
        ("Fri, 99 Nov 2026 10:15:42 +0100", None),
        ("Fri, 20 Nov 2026 10:15:42 +999999999999", None),
        ("", None),
    ],
)
def test_dates(value: str, date: datetime | None) -> None:
    assert parse_date(value) == date


def test_content_key_is_the_same_for_two_deliveries_of_one_mail() -> None:
    sent = FROM + b"Message-ID: <1@x>\r\nSubject: a\r\n b\r\nDate: x\r\n\r\nNie dziala\r\n"
    first = b"Received: from a by b\r\nDelivered-To: info@myhezo.pl\r\n" + sent
    second = b"Return-Path: <j@x>\nDelivered-To: pomoc@myhezo.pl\n" + sent.replace(b"\r\n", b"\n") + b"\n"
    other = sent.replace(b"Nie dziala", b"Dziala")
    assert read_mail(first).content_key == read_mail(second).content_key
    assert read_mail(first).content_key != read_mail(other).content_key


def test_ids_in_references_survive_folding_and_encoded_words() -> None:
    long_id = "<AS8PR04MB8675309.eurprd04.prod.outlook.com." + "a" * 60 + "@tenant.example>"
    encoded = "=?utf-8?q?=3Cother=40x=2Eexample=3E?="
    references = f"References: <first@x.example>\r\n {long_id[:50]}\r\n {long_id[50:]} {encoded}\r\n"
    mail = read_mail(references.encode() + b"In-Reply-To: Your mail of <a@b>\r\n\r\n")
    assert mail.references == ("<first@x.example>", long_id, "<other@x.example>")
    assert mail.in_reply_to == "<a@b>"


def test_many_references_keep_the_first_and_the_nearest() -> None:
    mail = read_mail(b"References: " + b" ".join(b"<%d@x>" % n for n in range(300)) + b"\n\n")
    assert len(mail.references) == 100
    assert (mail.references[0], mail.references[1], mail.references[-1]) == ("<0@x>", "<201@x>", "<299@x>")


@pytest.mark.parametrize(
    ("value", "return_path"), [(b"<>", ""), (b"<jan@X.example>", "jan@x.example"), (b"", None), (b"< >", "")]
)
def test_return_path(value: bytes, return_path: str | None) -> None:
    assert read_mail(b"Return-Path: " + value + b"\n\n").return_path == return_path


def test_a_header_without_body_is_read() -> None:
    mail = read_mail(FROM + b"Subject: tylko\x00 nag\xb3\xf3wek\r\n\r\n")
    assert (mail.subject, mail.text, mail.attachments) == ("tylko nagłówek", "", ())


def test_subject_is_one_line_without_controls_and_direction_marks() -> None:
    mail = read_mail(b"Subject: =?utf-8?Q?a=0D=0ABcc:_x=E2=80=AEy=07?=\r\n\r\n")
    assert mail.subject == "a Bcc: xy"


def test_carriage_returns_alone_end_lines() -> None:
    mail = read_mail(b"From: a@b.example\rSubject: x\r\rNie dziala\rwcale\r")
    assert (mail.subject, mail.text) == ("x", "Nie dziala\nwcale")


def test_limits_on_parts_and_text_are_named_as_problems() -> None:
    body = b"".join(b"--b\r\nContent-Type: text/plain\r\n\r\nabcdef\r\n" for _ in range(50)) + b"--b--\r\n"
    raw = FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body
    mail = read_mail(raw, Limits(parts=10, text_octets=20))
    assert mail.text == "abcdef\n\nabcdef\n\nabcdef\n\nab"
    assert {"more than 10 parts", "text longer than 20 octets"} <= set(mail.problems)


def test_hundreds_of_attachments_are_listed_and_readable() -> None:
    part = b"--b\r\nContent-Type: application/x-a; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n"
    parts = b"".join(part % base64.b64encode(b"%d" % number) for number in range(300))
    raw = FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--"
    mail = read_mail(raw)
    assert len(mail.attachments) == 300
    assert attachment_content(raw, 299) == b"299"
    with pytest.raises(IndexError):
        attachment_content(raw, 300)


def test_attached_mail_in_base64_is_read() -> None:
    inner = b"From: a@b.example\nSubject: s\n\nFGT60FTK20001234"
    raw = FROM + b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(inner)
    mail = read_mail(raw)
    assert "FGT60FTK20001234" in mail.attached_texts[0]
    assert attachment_content(raw, 0) == inner


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [
        (b"YWJj", b"abc"),
        (b"YWI=", b"ab"),
        (b"YWI", b"ab"),
        (b"YWJjZ", b"abc"),
        (b"YWI=YWI=", b"abab"),
        (b"Y W\r\nJ!j", b"abc"),
        (b"====", b""),
        (b"", b""),
    ],
)
def test_base64_however_broken(encoded: bytes, decoded: bytes) -> None:
    assert decode_base64(encoded) == decoded


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("raport.pdf", "raport.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\tmp\\NUL", "_NUL"),
        (".bashrc", "bashrc"),
        ("a\r\nb\0c.txt", "a b c.txt"),
        ("fak\u202etura.exe", "faktura.exe"),
        ("", "attachment-3.bin"),
        ("???", "___"),
        ("ł" * 200 + ".pdf", "ł" * 116 + ".pdf"),
        ("o\u0301.txt", "ó.txt"),
        ("faktura" + "a" * 200 + ".pdf.exe", "faktura" + "a" * 105 + ".pdf.exe"),
        ("\U0001f600" * 100, "\U0001f600" * 60),
        ("COM\u00b9 .txt", "_COM\u00b9 .txt"),
        ("zdj\u061c\u2066gpj.exe", "zdjgpj.exe"),
    ],
)
def test_file_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name, "application/x-unknown", 3) == safe


def test_flowed_text_keeps_quotation_depth_and_signature() -> None:
    flowed = "jeden \ndwa\n> trzy \n> cztery\n>> pięć\n spacja\n-- \nJan"
    assert unflow(flowed) == "jeden dwa\n> trzy cztery\n> > pięć\nspacja\n-- \nJan"
    assert unflow("nie \ndziała", delete_space=True) == "niedziała"


def test_marks_on_one_letter_are_bounded() -> None:
    started = time.process_time()
    assert len(clean_text("a" + "\u0300\u0323" * 250_000)) <= 31
    assert clean_text("o\u0301" * 50_000 + "\u2588" * 50) == "ó" * 50_000 + "\u2588" * 50
    assert time.process_time() - started < 1


def test_many_soft_lines_are_joined_in_time() -> None:
    started = time.process_time()
    assert len(unflow("a \n" * 300_000)) == 600_000
    assert time.process_time() - started < 1


def test_html_shows_what_a_reader_sees() -> None:
    source = (
        "<p>Dzień&nbsp;dobry</p><p style='font-size:0px'>ukryte</p><p hidden>ukryte</p><!-- ukryte -->"
        "<div style='MSO-HIDE:all'>ukryte</div>do<b>bre</b><noscript>ukryte</noscript> słowa"
    )
    assert text_from_html(source)[0] == "Dzień dobry\n\ndobre słowa"


HIDING = [
    "display: none", "visibility:hidden", "opacity:0", "opacity: 0.0;x:y", "font-size:0", "font-size:1px;",
    "color:transparent", "max-height:0px;overflow:hidden", "position:absolute;left:-9999px", "text-indent:-5000px",
    "clip:rect(0,0,0,0)", "color:#fff;background-color:#FFFFFF", "background:white;color:#ffffff",
]  # fmt: skip
SHOWING = [
    "font-size:0.8em",
    "opacity:0.9",
    "color:#fff;background:#000080",
    "margin-left:-20px",
    "max-height:100px",
    "color:white",
]


@pytest.mark.parametrize("lay_out", [True, False])
def test_styles_that_hide_and_styles_that_do_not(lay_out: bool) -> None:
    source = "".join(f"<div style='{style}'>NIE<div>NIE</div></div>" for style in HIDING)
    source += "".join(f"<div style='{style}'>tak</div>" for style in SHOWING)
    assert text_from_html(source, lay_out=lay_out)[0].split() == ["tak"] * len(SHOWING)


def test_a_style_element_hides_by_class_and_id_but_not_for_other_screens() -> None:
    source = (
        "<style>/* } */ @media print { .screen {display:none} } td.x, .preheader{display:none} #spam {font-size:0}"
        ".a .b{display:none}</style><p class=screen>ekran<p class='x preheader'>NIE<p id=spam>NIE<p class=b>także"
    )
    assert text_from_html(source)[0].split() == ["ekran", "także"]


def test_beyond_laying_out_what_is_hidden_stays_hidden_and_quotations_are_marked() -> None:
    source = (
        "<div>" * 400 + "<head><title>NIE</title></head><script>NIE</script>ja<span hidden>NIE<span>NIE</span></span>"
        "<blockquote type=cite>ty<blockquote>my</blockquote></blockquote><div style='display:none'>nie zamknięte"
    )
    lines = [line for line in text_from_html(source)[0].split("\n") if line.strip("> ")]
    assert lines == ["ja", "> ty", "> my", "nie zamknięte"]
    assert text_from_html("<div>" * 400 + "<head><title>NIE</title><body>tak")[0] == "tak"


def test_html_marks_quotations_but_not_indentation() -> None:
    source = (
        "ja<blockquote type=cite>ty<blockquote class=gmail_quote>on</blockquote></blockquote>"
        "<blockquote>my</blockquote>"
    )
    lines = [line for line in text_from_html(source)[0].split("\n") if line.strip("> ")]
    assert lines == ["ja", "> ty", "> > on", "my"]


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 400 + "hej" + "</div>" * 400,
        "<div>" * 50_000 + "hej",
        "<table><tr><td>" * 200 + "hej",
        "<p " + " ".join(f"a{n}=1" for n in range(40_000)) + ">hej</p>",
        "<table><tr><td>" + "x" * 100_000 + "<td>" + "<tr><td>a<td>b" * 1_500 + "</table>hej",
        "<table><tr><td>" + "x<br>" * 2_000 + "<td>" + "y" * 300_000 + "</table>hej",
        '<img src="data:image/png;base64,' + "A" * 5_000_000 + '">hej',
        "<" * 300_000 + " hej",
        '<?xml version="1.0" encoding="utf-16"?><html>hej</html>',
        "<html><frameset></frameset>hej",
    ],
    ids=lambda source: source[:12],
)
def test_html_that_chokes_others_is_read_in_time(source: str) -> None:
    started = time.process_time()
    text, _ = text_from_html(source)
    assert text.rstrip().endswith("hej")
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "raw",
    [
        FROM + b"\r\n" + b"\n" * 5_000_000,
        b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(1_000)),
        FROM + b"Content-Type: message/rfc822\n\n" * 5_000,
        FROM + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + b"\n--bx" * 1_000_000,
        FROM
        + b"Content-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 9_000,
        b"To: " + b'(\\"' * 50_000 + b"\n\n",
        b"To: " + b"<" * 50_000 + b"\n\n",
        b"Subject: " + b"=?utf-8?Q?" * 20_000 + b"\n\n",
        b"Content-Type: text/plain; a=" + b'"\\' * 50_000 + b"\n\n",
        b"A: b\n" + b" c\n" * 500_000,
        FROM + b"Content-Type: multipart/mixed\n\n" + b"--a\n" * 500_000,
        FROM
        + b"Content-Type: multipart/mixed; boundary=b\n\n"
        + (b"--b\nContent-Type: text/html\n\n" + b"<p>a" * 10_000) * 100,
        FROM
        + b"Content-Type: multipart/mixed; boundary=b\n\n"
        + (b"--b\nContent-Type: text/html\n\n" + b"<p>a</p>" * 120 + b"\n") * 1_000,
    ],
    ids=lambda raw: raw[-20:].decode("ascii", "replace"),
)
def test_hostile_structure_is_read_in_time(raw: bytes) -> None:
    started = time.process_time()
    mail = read_mail(raw)
    assert not any(problem.startswith("unreadable") for problem in mail.problems)
    assert time.process_time() - started < 2
