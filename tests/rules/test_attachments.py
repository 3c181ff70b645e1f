"""Files of mails: which are kept, held or dropped, and under which names."""

from __future__ import annotations

import io
import struct
import zipfile
from hashlib import sha256

import pytest

from bot.config import IntakeConfig
from bot.model import AttachmentVerdict
from bot.rules.attachments import AttachmentLimits, Decision, Reason, sort_attachments, zip_names
from bot.rules.file_names import extensions, unique_name
from bot.rules.mail_reading import Attachment

LIMITS = AttachmentLimits.of(IntakeConfig())
KEPT, HELD, DROPPED = AttachmentVerdict.KEPT, AttachmentVerdict.HELD, AttachmentVerdict.DROPPED
MZ = b"MZ\x90\x00\x03" + bytes(200)


def _file(name: str, content: bytes, content_type: str = "application/octet-stream", cid: str = "") -> Attachment:
    return Attachment(name, content_type, len(content), cid, sha256(content).hexdigest(), is_inline=bool(cid))


def _sort(*files: tuple[str, bytes], limits: AttachmentLimits = LIMITS) -> tuple[Decision, ...]:
    return sort_attachments([_file(*file) for file in files], (content for _, content in files), limits)


def _zip(*names: str, **kinds: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kinds.get("compression", zipfile.ZIP_DEFLATED)) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"x" * 100, archive.compression)  # no time of day in it
    return buffer.getvalue()


def _encrypted(archive: bytes) -> bytes:
    """As programs mark an encrypted entry; the names stay readable (APPNOTE §4.4.4)."""
    return archive.replace(b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x01\x00")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("FGT60F_7-4_2573_202611201015.conf", b"#config-version=FGT60F-7.4.5-FW-build2702\n"),
        ("crash.log", b"MZ is how this line of a log begins\n"),
        ("opis.txt", "Nie działa".encode("cp1250")),
        ("wan.pcap", b"\xd4\xc3\xb2\xa1" + bytes(50)),
        ("dioda.png", b"\x89PNG\r\n\x1a\n" + bytes(50)),
        ("zdjecie.JPG", b"\xff\xd8\xff\xe0" + bytes(50)),
        ("faktura.pdf", b"%PDF-1.7"),
        ("logi.zip", _zip("fw/crash.log", "fw/config.conf", "www.klient.pl")),
        ("logi.7z", b"7z\xbc\xaf\x27\x1c" + bytes(50)),
        ("debug.log.gz", b"\x1f\x8b\x08" + bytes(50)),
        ("raport.docx", _zip("[Content_Types].xml", "word/document.xml")),
        ("backup fw.klient.pl", b"config"),
        ("broken.zip", b"PK\x03\x04"),
        ("empty.txt", b""),
        ("image.out", b"\x1f\x8b" + bytes(20)),
    ],
)
def test_what_customers_send_is_kept(name: str, content: bytes) -> None:
    (decision,) = _sort((name, content))
    assert (decision.verdict, decision.reason, decision.found, decision.name) == (KEPT, None, "", name)
    assert (decision.size, decision.sha256) == (len(content), sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("name", "content", "reason", "found"),
    [
        ("Setup.EXE", b"", Reason.DANGEROUS_NAME, "exe"),
        ("faktura.pdf.exe", b"x", Reason.DANGEROUS_NAME, "exe"),
        ("faktura.pdf .scr", b"x", Reason.DANGEROUS_NAME, "scr"),
        ("makro.docm", b"x", Reason.DANGEROUS_NAME, "docm"),
        ("skrypt.js.gz", b"x", Reason.DANGEROUS_NAME, "js"),
        ("obraz.iso", b"x", Reason.DANGEROUS_NAME, "iso"),
        ("logi.txt", MZ, Reason.DANGEROUS_CONTENT, "Windows program"),
        ("logi.log", b"\x7fELF\x02", Reason.DANGEROUS_CONTENT, "ELF program"),
        ("diag.conf", b"#!/bin/sh\nrm -rf /", Reason.DANGEROUS_CONTENT, "script"),
        ("faktura.pdf", b"\x4c\0\0\0\x01\x14\x02\0" + bytes(9), Reason.DANGEROUS_CONTENT, "Windows shortcut"),
        ("film.bin", bytes(0x8001) + b"CD001", Reason.DANGEROUS_CONTENT, "disk image"),
        ("raport.docx", _zip("word/document.xml", "word/vbaProject.bin"), Reason.MACROS, "word/vbaProject.bin"),
        ("stary.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "_VBA_PROJECT".encode("utf-16-le"), Reason.MACROS, "VBA"),
        ("logi.zip", _zip("a.log", "bin/setup.exe"), Reason.DANGEROUS_IN_ARCHIVE, "bin/setup.exe"),
        ("logi.txt", _zip("x.vbs"), Reason.DANGEROUS_IN_ARCHIVE, "x.vbs"),
        ("haslo.zip", _encrypted(_zip("x.lnk")), Reason.DANGEROUS_IN_ARCHIVE, "x.lnk"),
        ("cut.zip", _zip("x.hta")[:60], Reason.DANGEROUS_IN_ARCHIVE, "x.hta"),
        ("sfx.zip", b"prefix" + _zip("x.ps1"), Reason.DANGEROUS_IN_ARCHIVE, "x.ps1"),
        ("ł.zip", _zip("łącze/świeże.exe"), Reason.DANGEROUS_IN_ARCHIVE, "łącze/świeże.exe"),
    ],
)  # fmt: skip
def test_dangerous_types_are_held(name: str, content: bytes, reason: Reason, found: str) -> None:
    (decision,) = _sort((name, content))
    assert (decision.verdict, decision.reason, decision.found) == (HELD, reason, found)


def test_names_differ_between_the_two_places_of_a_zip() -> None:
    archive = _zip("x.exe")
    hidden = archive[:-60] + archive[-60:].replace(b"x.exe", b"x.txt")
    assert sorted(set(zip_names(hidden))) == ["x.exe", "x.txt"]
    assert _sort(("a.zip", hidden))[0].reason is Reason.DANGEROUS_IN_ARCHIVE


def test_archive_within_an_archive_that_is_stored_shows_its_names() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("inner.zip", _zip("x.exe"))
    assert _sort(("a.zip", buffer.getvalue()))[0].found == "x.exe"


def test_archives_with_too_many_entries_are_held() -> None:
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<H", 5) + bytes(16) + b"a.txt"
    (decision,) = _sort(("a.zip", b"PK\x03\x04" + bytes(26) + entry * 20_001))
    assert (decision.verdict, decision.reason) == (HELD, Reason.ARCHIVE_TOO_LONG)


def test_limits_of_size_and_count() -> None:
    limits = AttachmentLimits(max_octets=10, max_count=2, dangerous_types=frozenset({"exe"}))
    files = [("a.txt", b"x" * 10), ("b.txt", b"x" * 11), ("c.txt", b"x"), ("d.exe", b"x")]
    assert [(found.verdict, found.reason) for found in _sort(*files, limits=limits)] == [
        (KEPT, None), (DROPPED, Reason.TOO_LARGE), (DROPPED, Reason.TOO_MANY), (DROPPED, Reason.TOO_MANY),
    ]  # fmt: skip


def test_configured_types_replace_the_usual_ones() -> None:
    limits = AttachmentLimits.of(IntakeConfig(dangerous_types=("conf",), attachment_max_mb=1))
    decisions = _sort(("a.conf", b""), ("a.exe", b""), ("b.txt", bytes(1024 * 1024 + 1)), limits=limits)
    assert [found.verdict for found in decisions] == [HELD, KEPT, DROPPED]


def _png(width: int, height: int, size: int = 3_000) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + bytes(size)


def _gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + bytes(30)


def _jpeg(width: int, height: int) -> bytes:
    app = b"\xff\xe0\x00\x10JFIF" + bytes(10)
    return b"\xff\xd8" + app + b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + bytes(200)


@pytest.mark.parametrize(
    ("content", "kind", "cid", "is_decoration"),
    [
        (_png(180, 60), "image/png", "logo@x", True),
        (_gif(1, 1), "image/gif", "pixel@x", True),
        (_jpeg(300, 100), "image/jpeg", "image001.jpg@01DC", True),
        (b"\x89PNG cut", "image/png", "logo@x", True),
        (_png(1280, 720), "image/png", "screenshot@x", False),
        (_jpeg(1600, 1200), "image/jpeg", "photo@x", False),
        (_png(180, 60, 50_000), "image/png", "large@x", False),
        (_png(180, 60), "image/png", "", False),
        (b"text", "text/plain", "log@x", False),
    ],
)
def test_small_pictures_of_the_text_are_decoration(content: bytes, kind: str, cid: str, is_decoration: bool) -> None:
    limits = AttachmentLimits(max_octets=10**6, max_count=0, dangerous_types=frozenset())
    (decision,) = sort_attachments([_file("image001.png", content, kind, cid)], [content], limits)
    assert decision.is_decoration is is_decoration
    assert decision.verdict is (KEPT if is_decoration else DROPPED)


def test_names_are_unique_within_the_mail_in_whatever_case() -> None:
    names = ["log.txt", "LOG.txt", "log (2).txt", "log.txt", "x" * 116 + ".txt", "x" * 116 + ".txt", "bez"]
    assert [found.name for found in _sort(*((name, b"x") for name in names))] == [
        "log.txt", "LOG (2).txt", "log (2) (2).txt", "log (3).txt", "x" * 116 + ".txt", "x" * 112 + " (2).txt", "bez",
    ]  # fmt: skip


def test_unique_names_stay_within_their_bounds() -> None:
    taken: dict[str, int] = {}
    name = "ł" * 116 + ".pdf"
    found_before = set()
    for _ in range(1_200):
        found = unique_name(name, taken)
        assert len(found) <= 120
        assert len(found.encode()) <= 240
        assert found.endswith(".pdf")
        assert found not in found_before
        found_before.add(found)


@pytest.mark.parametrize(
    ("name", "found"),
    [("a.PDF.exe", ["pdf", "exe"]), ("x/y.z/bez", []), ("a.exe. ", ["exe"]), ("a\\b.js", ["js"])],
)
def test_extensions(name: str, found: list[str]) -> None:
    assert extensions(name) == found
