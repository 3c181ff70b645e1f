"""winmail.dat: body, files and attached messages of made streams, and what broken ones still give."""

from __future__ import annotations

import base64
import random
import struct

import pytest

from bot.rules.mail_reading import attachment_content, read_mail
from bot.rules.rtf_text import MAX_RTF, decompress_rtf, text_from_rtf
from bot.rules.tnef import SIGNATURE, charset_of, read_tnef
from tests.support.tnef_writing import BINARY, LONG, OBJECT, STRING8, UNICODE, attachment, attribute, compress, winmail

BODY = "Dzień dobry,\r\nurządzenie FGT60FTK20001234 nie wstaje, umowa HZ360-2026-000042."
CONF = b"#config-version=FGT60F-7.4.5\nconfig system global\n"
PDF = b"%PDF-1.7\n" + bytes(range(256))
RTF = (
    rb"{\rtf1\ansi\ansicpg1250\fromtext \deff0{\fonttbl{\f0\fswiss\fcharset238 Arial;}{\f1\fcharset0 Arial;}}"
    rb"{\*\generator Riched20 16.0.1}{\colortbl;\red0\green0\blue0;}\uc1\pard\plain\f0\fs20 Dzie\'f1 dobry,\par "
    rb"urz\'b9dzenie {\b FGT60FTK20001234} nie wstaje \u8211- umowa HZ360-2026-000042.\par {\v ukryte}\par }"
)


def _mail(stream: bytes, text: str | None = None) -> bytes:
    parts = b"" if text is None else b"--t\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode() + b"\r\n"
    return (
        b"From: jan@klient.example\r\nContent-Type: multipart/mixed; boundary=t\r\n\r\n" + parts + b"--t\r\n"
        b'Content-Type: application/ms-tnef; name="winmail.dat"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + base64.encodebytes(stream) + b"\r\n--t--\r\n"
    )  # fmt: skip


FILES = (
    attachment([(UNICODE, 0x3707, "konfiguracja świeża.conf"), (LONG, 0x3705, 1)], title=b"KONFIG~1.CON", data=CONF),
    attachment([(STRING8, 0x3707, "łącze.pdf".encode("cp1250") + b"\0"), (BINARY, 0x3701, PDF)]),
)


@pytest.mark.parametrize(
    "body",
    [
        (UNICODE, 0x1000, BODY),
        (STRING8, 0x1000, BODY.encode("cp1250") + b"\0"),
        (BINARY, 0x1013, BODY.replace("\r\n", "<br>").encode("utf-8")),
        (BINARY, 0x1009, compress(RTF)),
    ],
    ids=["unicode", "code-page", "html", "rtf"],
)
def test_body_in_every_form_counts_where_the_mail_has_no_other_text(body: tuple[int, int, bytes | str]) -> None:
    mail = read_mail(_mail(winmail([body, (LONG, 0x3FDE, 65001)])))
    lines = mail.text.replace("–", ",").replace(" ,", ",").split("\n")
    assert [line for line in lines if line] == BODY.split("\r\n")
    assert mail.problems[0] == "winmail.dat"
    assert mail.attachments == ()


def test_text_of_the_mail_itself_comes_first() -> None:
    mail = read_mail(_mail(winmail([(UNICODE, 0x1000, "z Outlooka")]), "W załączeniu konfiguracja."))
    assert mail.text == "W załączeniu konfiguracja."


def test_files_inside_are_the_attachments_of_the_mail() -> None:
    raw = _mail(winmail([(UNICODE, 0x1000, BODY)], FILES))
    mail = read_mail(raw)
    assert [(found.name, found.content_type, found.size) for found in mail.attachments] == [
        ("konfiguracja świeża.conf", "application/octet-stream", len(CONF)),
        ("łącze.pdf", "application/pdf", len(PDF)),
    ]
    assert (attachment_content(raw, 0), attachment_content(raw, 1)) == (CONF, PDF)


def test_picture_of_the_body_is_inline() -> None:
    logo = attachment(
        [(UNICODE, 0x3707, "image001.png"), (UNICODE, 0x3712, "image001.png@01DC"), (LONG, 0x3714, 4),
         (UNICODE, 0x370E, "image/png"), (BINARY, 0x3701, b"\x89PNG")]
    )  # fmt: skip
    (found,) = read_mail(_mail(winmail([], [logo]))).attachments
    assert (found.is_inline, found.content_id, found.content_type) == (True, "image001.png@01DC", "image/png")


def test_attached_message_is_read_with_its_files() -> None:
    inner = winmail(
        [(UNICODE, 0x0037, "Awaria"), (UNICODE, 0x0C1A, "Anna"), (UNICODE, 0x5D01, "anna@klient.example"),
         (UNICODE, 0x1000, BODY)], FILES[:1],
    )  # fmt: skip
    message = attachment([(UNICODE, 0x3001, "Awaria"), (LONG, 0x3705, 5), (OBJECT, 0x3701, inner)])
    raw = _mail(winmail([(UNICODE, 0x1000, "Proszę zobaczyć.")], [message]))
    mail = read_mail(raw)
    assert mail.text == "Proszę zobaczyć."
    assert mail.attached_texts[0].startswith("From: Anna <anna@klient.example>\nDate: \nSubject: Awaria\n\nDzień dobry")
    assert [found.name for found in mail.attachments] == ["konfiguracja świeża.conf"]
    assert attachment_content(raw, 0) == CONF


def test_messages_within_messages_end_somewhere() -> None:
    inner = winmail([(UNICODE, 0x1000, "najgłębiej")])
    for _ in range(30):
        inner = winmail([], [attachment([(LONG, 0x3705, 5), (OBJECT, 0x3701, inner)])])
    mail = read_mail(_mail(inner))
    assert [found.name for found in mail.attachments] == ["winmail-1.dat"]
    assert len(mail.attached_texts) <= 10


@pytest.mark.parametrize("stream", [b"", SIGNATURE, b"no winmail", SIGNATURE + bytes(20), SIGNATURE + b"\xff" * 50])
def test_what_cannot_be_read_stays_an_attachment(stream: bytes) -> None:
    mail = read_mail(_mail(stream, "Tekst."))
    assert [found.content_type for found in mail.attachments] == ["application/ms-tnef"]
    assert (mail.text, mail.problems[0]) == ("Tekst.", "winmail.dat")


def test_cut_short_it_gives_what_is_there_and_stays_whole_beside_it() -> None:
    whole = winmail([(UNICODE, 0x1000, BODY)], FILES)
    mail = read_mail(_mail(whole[:-300]))
    assert mail.text.startswith("Dzień dobry")
    assert [found.name for found in mail.attachments] == ["winmail.dat", "konfiguracja świeża.conf"]
    assert "winmail.dat not read to its end" in mail.problems


def test_every_cut_and_every_changed_octet_is_survived() -> None:
    whole = winmail([(UNICODE, 0x1000, BODY), (BINARY, 0x1009, compress(RTF))], FILES)
    for end in range(0, len(whole), 7):
        read_tnef(whole[:end])
    source = random.Random(3)  # noqa: S311  # repeatable damage, no secret
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(3):
            damaged[source.randrange(4, len(damaged))] = source.choice((0, 1, 2, 0x7F, 0xFF, source.randrange(256)))
        read_tnef(bytes(damaged))


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<I", 0xFFFFFFFF) + struct.pack("<HH", UNICODE, 0x1000) + struct.pack("<II", 0xFFFFFFFF, 8),
        struct.pack("<I", 1) + struct.pack("<HH", LONG | 0x1000, 0x1000) + struct.pack("<I", 0xFFFFFFFF),
        struct.pack("<I", 0xFFFFFFFF) + (struct.pack("<HHI", LONG, 0x3001, 0)) * 100_000,
        struct.pack("<I", 1) + struct.pack("<HHI", BINARY | 0x1000, 0x3001, 0xFFFFFFFF) + bytes(400_000),
        struct.pack("<I", 1) + struct.pack("<HH", 0x7777, 0x3001),
        struct.pack("<I", 1) + struct.pack("<HH", UNICODE, 0x8001) + bytes(16) + struct.pack("<II", 1, 0xFFFFFFFF),
    ],
    ids=["count", "several", "many", "many-empty", "unknown-type", "name"],
)
def test_claims_of_gigabytes_are_not_believed(data: bytes) -> None:
    message = read_tnef(SIGNATURE + b"\0\0" + attribute(1, 0x00069003, data))
    assert message is not None
    assert not message.complete


def test_thousands_of_attachments_are_bounded() -> None:
    message = read_tnef(SIGNATURE + b"\0\0" + attachment([(BINARY, 0x3701, b"x")]) * 3_000)
    assert message is not None
    assert (len(message.attachments), message.complete) == (1_000, False)


def test_compressed_rtf_comes_back_as_it_was() -> None:
    assert decompress_rtf(compress(RTF)) == RTF
    assert decompress_rtf(compress(b"")) == b""


def test_examples_of_the_specification() -> None:
    simple = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert decompress_rtf(simple) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert decompress_rtf(crossing) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_stored_rtf_is_taken_as_it_is() -> None:
    assert decompress_rtf(struct.pack("<II", 19, 7) + b"MELA" + bytes(4) + b"{\\rtf1}") == b"{\\rtf1}"


def test_compressed_rtf_is_bounded_and_never_raises() -> None:
    bomb = struct.pack("<II", 0xFFFFFFFF, 0xFFFFFFFF) + b"LZFu" + bytes(4) + (b"\xff" + b"\x00\x0e" * 8) * 50_000
    assert len(decompress_rtf(bomb) or b"") == MAX_RTF
    source = random.Random(4)  # noqa: S311  # repeatable damage, no secret
    for _ in range(300):
        decompress_rtf(struct.pack("<II", 400, 5_000) + b"LZFu" + bytes(4) + source.randbytes(400))
    assert decompress_rtf(b"short") is None
    assert decompress_rtf(bytes(20)) is None


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg1250 Za\'bf\'f3\'b3\'e6}", "Zażółć"),
        (rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f1\fcharset238 A;}}\'f3{\f1 \'b9}\'f3}", "óąó"),
        (rb"{\rtf1\ansi\ansicpg932 \'83\'65}", "テ"),
        (rb"{\rtf1\uc1 \u380?\u322?y \uc0\u261 k\uc2\u263??.}", "żły ąkć."),
        (rb"{\rtf1 \u-10179?\u-8704?}", "\N{GRINNING FACE}"),
        (rb"{\rtf1 \u-10179? sam}", "\ufffd sam"),
        (rb"{\rtf1 a{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}b}", "alinkb"),
        (rb"{\rtf1 a\par b\line c\tab d\~e\_f\{g\}\\}", "a\nb\nc\td e-f{g}\\"),
        (rb"{\rtf1 a{\pict\bin4 }{{{}b}", "ab"),
        (rb"{\rtf1 \trowd Numer\cell FGT60FTK20001234\cell\row}", "Numer  FGT60FTK20001234  "),
        (
            rb"{\rtf1\fromhtml1{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Hej{\*\htmltag72 </p>}\htmlrtf\par}\htmlrtf0}",
            "Hej",
        ),
        (rb"}}}{\rtf1 \'zz \u \ansicpg99999999 x", "'zz x"),
        (b"", ""),
    ],
)
def test_rtf_to_text(rtf: bytes, text: str) -> None:
    assert text_from_rtf(rtf) == text


def test_code_pages_have_charsets() -> None:
    assert [charset_of(page) for page in (1250, 65001, 28592, 0, 10**9, "x", None)] == [
        "cp1250", "utf-8", "iso-8859-2", None, None, None, None
    ]  # fmt: skip
