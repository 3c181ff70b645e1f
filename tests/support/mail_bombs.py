"""Mails made to cost much: 25 MB, the size that is still fetched, or less that unfolds to more.

`python -m tests.support.mail_bombs` takes each through the pure rules and prints what it cost as a line of JSON.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import time
import zipfile
from collections.abc import Callable

from tests.support.broken_mails import forget_peak, limit_memory, peak_memory, understand
from tests.support.tnef_writing import BINARY, LONG, OBJECT, UNICODE, attachment, winmail

FROM = b"From: jan@klient.example\r\nTo: pomoc@myhezo.pl\r\n"
LARGEST = 25_000_000
MIXED = FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
FILE = b"Content-Type: application/octet-stream; name=%s\r\nContent-Transfer-Encoding: base64\r\n\r\n"


def _filled(start: bytes, piece: bytes, size: int = LARGEST) -> bytes:
    return start + piece * ((size - len(start)) // len(piece))


def _html(piece: bytes, size: int) -> bytes:
    return _filled(FROM + b"Content-Type: text/html; charset=utf-8\r\n\r\n", piece, size)


def _file(name: bytes, content: bytes) -> bytes:
    return FROM + FILE % name + base64.encodebytes(content)


def _nested_mails() -> bytes:
    """Mails within mails, each in base64."""
    mail = _filled(FROM + b"\r\n", b"x" * 70 + b"\n", 3_000_000)
    while len(mail) < LARGEST * 0.7:
        encoded = base64.encodebytes(mail)
        mail = FROM + b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded
    return mail


def _zip_of_many_names() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(15_000):
            archive.writestr(f"{number}.log", b"")
    return _file(b"a.zip", buffer.getvalue())


def _rtf_bomb() -> bytes:
    rtf = struct.pack("<II", 0xFFFFFFFF, 0xFFFFFFFF) + b"LZFu" + bytes(4) + (b"\xff" + b"\x00\x0e" * 8) * 100_000
    return FROM + b"Content-Type: application/ms-tnef\r\n\r\n" + winmail([(BINARY, 0x1009, rtf)])


def _winmail_of_winmails() -> bytes:
    inner = winmail([(UNICODE, 0x1000, "x" * 1_000_000)], [attachment([(BINARY, 0x3701, bytes(2_000_000))])])
    for _ in range(8):
        inner = winmail([], [attachment([(LONG, 0x3705, 5), (OBJECT, 0x3701, inner)])])
    return FROM + b"Content-Type: application/ms-tnef\r\n\r\n" + inner


BOMBS: dict[str, Callable[[], bytes]] = {
    "10,000 parts": lambda: MIXED + b"--b\r\nContent-Type: application/x; name=a\r\n\r\nx\r\n" * 10_000,
    "1,000 parts of HTML": lambda: (
        MIXED + (b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<p>a</p>" * 99 + b"\r\n") * 1_000
    ),
    "500 files": lambda: MIXED + (b"--b\r\n" + FILE % b"a.zip" + base64.b64encode(b"PK\x03\x04") + b"\r\n") * 500,
    "500 attached mails": lambda: (
        MIXED + (b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + FROM + b"\r\nx\r\n" * 999) * 500
    ),
    "depth 200": lambda: b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (number, number) for number in range(200)
    ),
    "mails within mails": _nested_mails,
    "one header field": lambda: _filled(FROM + b"Subject: ", b"a") + b"\r\n\r\nx",
    "one folded header field": lambda: _filled(FROM + b"To: a@b.example", b",\r\n a@b.example"),
    "half a million header fields": lambda: _filled(FROM, b"X-A: b\r\n", 4_000_000),
    "encoded words": lambda: _filled(FROM + b"Subject: ", b"=?utf-8?B?xYE=?= =?x?Q?", 250_000) + b"\r\n\r\n",
    "one line": lambda: _filled(FROM + b"\r\n", b"x"),
    "empty lines": lambda: _filled(FROM + b"\r\n", b"\n"),
    "lines that look quoted": lambda: _filled(FROM + b"\r\n", b"> >\n"),
    "soft lines": lambda: _filled(FROM + b"Content-Type: text/plain; format=flowed\r\n\r\n", b"a \r\n", 4_000_000),
    "quoted-printable": lambda: _filled(
        FROM + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n", b"=C5=82=\r\n", 4_000_000
    ),
    "a file": lambda: _file(b"a.bin", bytes(18_000_000)),
    "a file of broken base64": lambda: _filled(FROM + FILE % b"a.bin", b"A=A"),
    "a length that is claimed": lambda: FROM + b"Content-Length: 99999999999\r\n" + FILE % b"a.bin" + b"eA==",
    "marks on one letter": lambda: (
        FROM + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + b"\xcc\x80\xcc\xa3" * 250_000
    ),
    "400 nested elements": lambda: _html(b"<div>", 400 * 5) + b"x",
    "tables": lambda: _html(b"<tr><td>a<td>b</tr>", 5_000_000),
    "nested tables": lambda: _html(b"<table><tr><td>x", 5_000_000),
    "quotations": lambda: _html(b"<blockquote type=cite>a", 400_000),
    "attributes": lambda: _html(b"<p style='a:b' class=x ", 400_000),
    "an HTML page": lambda: _html(b"<p>Nie dzia\xc5\x82a <b>urz\xc4\x85dzenie</b></p>\r\n", LARGEST),
    "many names in a zip": _zip_of_many_names,
    "RTF": _rtf_bomb,
    "winmail.dat within itself": _winmail_of_winmails,
}


def main() -> None:
    """Take every bomb and print what it cost."""
    understand(FROM + b"Content-Type: text/html\r\n\r\n<p>x")
    for name, make in BOMBS.items():
        raw = make()
        forget_peak()
        limit_memory()
        started = time.process_time()
        try:
            understand(raw)
            failure = ""
        except Exception as error:  # noqa: BLE001  # any exception at all is what is looked for
            failure = f"{error!r:.300}"
        seconds = time.process_time() - started
        print(json.dumps({"name": name, "failure": failure, "seconds": seconds, "peak": peak_memory()}), flush=True)  # noqa: T201  # its answer


if __name__ == "__main__":
    main()
