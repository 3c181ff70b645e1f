"""Broken mails by the thousand, and the whole way of one through the pure rules.

`python -m tests.support.broken_mails SEED COUNT` takes that many in a process of its own, whose memory is limited, and
prints what it measured as one JSON object.
"""

from __future__ import annotations

import base64
import io
import json
import random
import resource
import sys
import time
import zipfile
from collections import Counter
from functools import cache, lru_cache
from pathlib import Path

from bot.config import IntakeConfig
from bot.rules.attachments import AttachmentLimits, sort_attachments
from bot.rules.authentication import read_authentication
from bot.rules.bounces import read_bounce
from bot.rules.contract_numbers import candidates
from bot.rules.language import detect_language
from bot.rules.mail_matching import match_keys
from bot.rules.mail_reading import IncomingMail, attachment_content, attachment_contents, read_mail
from bot.rules.mail_screening import screen
from bot.rules.mail_writing import reply_chain, reply_subject
from bot.rules.priority_answers import priority_answer
from bot.rules.priority_words import propose_priority
from bot.rules.reply_text import new_words
from bot.rules.serial_numbers import find_serials
from tests.support.tnef_writing import BINARY, UNICODE, attachment, compress, winmail

MOST_MEMORY = 200 * 1024 * 1024
"""Octets that one mail may take, on top of what the program takes before its first."""

INTAKE = IntakeConfig()
LIMITS = AttachmentLimits.of(INTAKE)
DATA = Path(__file__).parents[1] / "data"

SPLICES = [
    b"\r\n", b"\n\n", b"\0", b"\xff\xfe", b"=?utf-8?B?", b"=?", b"?=", b"--", b'boundary="', b";", b'"', b"<", b"(",
    b"Content-Type: multipart/mixed; boundary=x\r\n", b"Content-Type: text/html; charset=utf-16\r\n",
    b"Content-Type: application/ms-tnef\r\n", b"Content-Type: text/calendar\r\n", b"Content-Type: message/rfc822\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Content-Transfer-Encoding: x-uuencode\r\n", b"Content-Type: text/plain; format=flowed; delsp=yes\r\n",
    b"charset=punycode", b"charset=utf-7", b"filename*0*=x'y'%zz", b"\xed\xa0\x80", b"=\r\n", b"=ZZ", b"> ", b"-- \r\n",
    b"<table><tr><td>", b"<blockquote type=cite>", b"<style>.a{display:none}", b"<div hidden>", b"x\x9f>\"",
    b"Date: Fri, 20 Nov 99999999999 10:15:42 +9999\r\n", b"Content-Length: 99999999999\r\n",
    b"W dniu 20.11.2026 o 10:15, x pisze:\r\n", b"From: x\r\nSent: 1\r\nTo: y\r\n", b"\xcc\x80\xcc\xa3" * 40,
    b"FGT60FTK2000I234", b"umowa HZ360-2026-", b"1 ", b"KRYTYCZNY!!!",
]  # fmt: skip


@cache
def good_mails() -> tuple[bytes, ...]:
    """The sample mails that the mutations start from."""
    return tuple(path.read_bytes() for folder in ("mails", "mime") for path in sorted((DATA / folder).glob("*.eml")))


def broken_mail(source: random.Random) -> bytes:
    """A good mail or a made one, with a few things done to it."""
    raw = bytearray(made_mail(source) if source.random() < 0.2 else source.choice(good_mails()))
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
            other = source.choice(good_mails())
            start = source.randrange(len(other))
            raw[position:position] = other[start : start + source.randint(1, 400)]
        elif action == 4:
            raw[position:position] = raw[position : position + 200] * source.randint(1, 5)
        else:
            del raw[position + source.randrange(2_000) :]
    return bytes(raw)


def made_mail(source: random.Random) -> bytes:
    """A mail of a random structure, mostly as no program would write it."""
    fields = [b"From: =?utf-8?Q?J=C4=85n?= <jan@klient.example>", b"To: pomoc@myhezo.pl", b"Subject: " + _words(source)]
    fields += source.sample([
        b"Message-ID: <a@b>", b"References: " + b"<x@y> " * source.randrange(200), b"Auto-Submitted: auto-replied",
        b"Authentication-Results: mail.myhezo.pl; dmarc=pass header.from=klient.example", b"Return-Path: <>",
        b"Date: Fri, 20 Nov 2026 10:15:42 +0100", b"In-Reply-To: <" + b"z" * source.randrange(900), b"Received: x" * 9,
    ], source.randrange(8))  # fmt: skip
    return b"\r\n".join(fields) + b"\r\n" + _entity(source, 0)


def _words(source: random.Random) -> bytes:
    words = [
        "Nie działa FGT60FTK20001234",
        "umowa nr HZ360-2026-000042",
        "to drugie",
        "ą" * 50,
        "\u0300" * 60,
        "P1",
        " ",
    ]
    text = " ".join(source.choices(words, k=source.randrange(6)))
    return text.encode(source.choice(["utf-8", "cp1250", "iso-8859-2", "utf-16"]), "replace")


def _entity(source: random.Random, depth: int) -> bytes:
    kind = source.randrange(9 if depth < 6 else 7)
    if kind >= 7:
        boundary = b"b%d" % source.randrange(4)
        family = source.choice(
            [b"mixed", b"alternative", b"related", b"report; report-type=delivery-status", b"digest"]
        )
        parts = b"".join(b"--" + boundary + b"\r\n" + _entity(source, depth + 1) for _ in range(source.randrange(4)))
        end = b"--" + boundary + source.choice([b"--", b"", b"-"]) + b"\r\n"
        return b"Content-Type: multipart/" + family + b"; boundary=" + boundary + b"\r\n\r\n" + parts + end
    content_type, body = _leaf(source, kind, depth)
    encoding = source.choice([b"7bit", b"base64", b"quoted-printable", b"BASE64", b"x-uuencode", b"no-such"])
    if encoding.lower() == b"base64" and source.random() < 0.9:
        body = base64.encodebytes(body)
    name = source.choice(
        [b"", b"; name=a.zip", b"; name*=utf-8''%C5%82.conf", b'; name="..\\..\\con.exe"', b"; name=winmail.dat"]
    )
    disposition = source.choice([b"", b"Content-Disposition: attachment\r\n", b"Content-ID: <x>\r\n"])
    head = b"Content-Type: " + content_type + name + b"\r\n" + disposition
    return head + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body + b"\r\n"


def _leaf(source: random.Random, kind: int, depth: int) -> tuple[bytes, bytes]:
    charset = source.choice([b"utf-8", b"us-ascii", b"iso-8859-2", b"utf-7", b"utf-16", b"punycode", b"hex", b"x" * 50])
    if kind <= 1:
        flowed = source.choice([b"", b"; format=flowed", b"; format=flowed; delsp=yes"])
        lines = [source.choice([b"> ", b"", b">>", b"-- \r\n", b"Od: x\r\n"]) + _words(source) for _ in range(9)]
        return b"text/plain; charset=" + charset + flowed, source.choice([b"\r\n", b" \r\n", b"\n"]).join(lines)
    if kind == 2:
        tags = [
            "<p>", "</p>", "<div style='display:none'>", "</div>", "<table>", "<tr><td>", "<blockquote type=cite>",
            "</blockquote>", "<br>", "<style>.x{display:none}</style>", "<span class=x>", "&nbsp;&#0;&#x110000;",
            "<!--", "<script>", "<![if x]>", "<ul><li>", "<pre>", "<img src=cid:x>",
        ]  # fmt: skip
        html = b"".join(source.choice(tags).encode() + _words(source) for _ in range(source.randrange(40)))
        return b"text/html; charset=" + charset, html
    if kind == 3:
        return b"application/ms-tnef", _damaged(source, _stream())
    if kind == 4:
        event = b"BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nDTSTART:20261120T090000Z\nSUMMARY:" + _words(source)
        return b"text/calendar; charset=" + charset, _damaged(source, event + b"\nEND:VEVENT\n")
    if kind == 5:
        return source.choice([b"application/zip", b"image/png", b"no type"]), _damaged(source, _archive())
    return source.choice([b"message/rfc822", b"message/delivery-status"]), _entity(source, depth + 1)


def _damaged(source: random.Random, octets: bytes) -> bytes:
    damaged = bytearray(octets)
    for _ in range(source.randrange(6)):
        damaged[source.randrange(len(damaged))] = source.randrange(256)
    return bytes(damaged[: source.randrange(len(damaged))] if source.random() < 0.2 else damaged)


@cache
def _stream() -> bytes:
    rtf = compress(rb"{\rtf1\ansi\ansicpg1250{\fonttbl{\f0\fcharset238 A;}}\f0 Nie dzia\'b3a\par {\*\x y}\u261?}")
    files = [attachment([(UNICODE, 0x3707, "a.conf"), (BINARY, 0x3701, b"config")]), attachment([], data=b"x" * 300)]
    return winmail([(BINARY, 0x1009, rtf), (UNICODE, 0x0037, "Temat")], files)


@cache
def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.log", b"x" * 200)
        archive.writestr("b/setup.exe", b"y")
    return buffer.getvalue()


def understand(raw: bytes, *, listens: bool = True) -> None:
    """Everything that the way of a mail through the pure rules does; AssertionError where it does not hold.

    Args:
        raw: The mail.
        listens: Whether the rules that look at words only take part: they cost twice as much as everything before.
    """
    mail = read_mail(raw)
    assert not [problem for problem in mail.problems if problem.startswith("unreadable")]
    everything = "\n".join([mail.subject, mail.text, *mail.attached_texts])
    assert "\0" not in everything
    everything.encode("utf-8")
    if mail.attachments:
        _take_files(raw, mail)
    words = new_words(mail.text, mail.subject)
    assert _lines(words.new_text) + _lines(words.quoted_text) == _lines(mail.text)
    screen(mail, frozenset({"pomoc@myhezo.pl"}), "myhezo.pl")
    read_bounce(mail)
    match_keys(mail, "myhezo.pl")
    reply_chain(mail)
    reply_subject(mail.subject, "HEZO-2026-000001")
    read_authentication(mail, {"mail.myhezo.pl"})
    if listens:
        _find_numbers(everything)
        _listen(words.new_text)


def _take_files(raw: bytes, mail: IncomingMail) -> None:
    decisions = sort_attachments(mail.attachments, attachment_contents(raw), LIMITS)
    names = [decision.name.casefold() for decision in decisions if not decision.is_decoration]
    assert len(set(names)) == len(names)
    for attached, decision in zip(mail.attachments, decisions, strict=True):
        assert attached.name
        assert (decision.size, decision.sha256) == (attached.size, attached.sha256)
    if len(decisions) > 1:  # a reading of the whole mail once more
        assert len(attachment_content(raw, len(decisions) - 1)) == mail.attachments[-1].size


# What looks at words only runs once for the same words: many mutations leave them as they are.
@lru_cache(maxsize=2_000)
def _find_numbers(everything: str) -> None:
    find_serials(everything)
    candidates(everything, INTAKE.contract_patterns)


@lru_cache(maxsize=2_000)
def _listen(new_text: str) -> None:
    detect_language(new_text)
    propose_priority(new_text)
    priority_answer(new_text)


def _lines(text: str) -> Counter[str]:
    return Counter(line for line in text.split("\n") if line.strip())


def limit_memory() -> None:
    """Let this process take no more than MOST_MEMORY on top of what it has; then MemoryError is raised."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    most = pages * resource.getpagesize() + MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def forget_peak() -> None:
    """Let `peak_memory` start from what this process has now (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def peak_memory() -> int:
    """Octets that this process had in memory at most; getrusage would count the parent's before exec, too."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main(seed: int, count: int) -> None:
    """Take broken mails and print what they cost; what fails is kept with its traceback."""
    source = random.Random(seed)  # noqa: S311  # repeatable mutations, no secret
    understand(good_mails()[0])
    limit_memory()
    slowest, failed = 0.0, []
    for number in range(count):
        raw = broken_mail(source)
        started = time.process_time()
        try:
            understand(raw, listens=number % 4 == 0)
        except Exception as error:  # noqa: BLE001  # any exception at all is what is looked for
            failed.append(f"mail {number} of seed {seed}: {error!r:.300}")
        slowest = max(slowest, time.process_time() - started)
    print(json.dumps({"failed": failed[:20], "slowest": slowest, "peak": peak_memory(), "count": count}))  # noqa: T201  # its one answer


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
