# ruff: noqa: INP001 - a folder of programs, not a package
"""Reports as customers' mail programs write them, and the registry in which their contracts are; no two are alike.

Of ten mails five are Outlook's by way of Microsoft 365 (text and HTML, the headers that its servers add, in four of
them the logo of a signature, in one a log file), three Gmail's, and two plain text. Each is a complete report of a
contract of its own, its priority in words, so each becomes a ticket with clock, timers and an acknowledgement.
"""

from __future__ import annotations

import email.policy
import hashlib
import textwrap
from base64 import b64encode
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

PEOPLE = ("Anna Nowak", "Jan Kowalski", "Zbigniew Wójcik", "Małgorzata Żółć", "Ewa Dąbrowska")
SUPPORT = "pomoc@myhezo.test"
_HEADER = "contract_number,customer,nip,valid_from,valid_to,serial,model,authorised,language\n"
_NIP = "834-171-00-08"
_WORDS = """Dzień dobry,

zgłaszam problem krytyczny: od godziny 7:40 nie mamy dostępu do urządzenia, cała firma jest bez internetu.
Po restarcie zasilania świeci się tylko dioda STATUS na czerwono, port konsolowy nie odpowiada.

Numer seryjny: {serial}
Numer umowy serwisowej: {contract}

Proszę o kontakt telefoniczny pod numerem 600 100 200, jestem na miejscu do godziny 17.

Pozdrawiam serdecznie
{name}
"""
_SIGNATURE = """--
{name}
Dział IT, Klient {number} Sp. z o.o.
ul. Długa 12, 00-001 Warszawa | NIP 525-000-00-00 | tel. +48 22 100 20 30
Treść tej wiadomości jest przeznaczona wyłącznie dla adresata. Jeżeli otrzymali ją Państwo przez pomyłkę, prosimy o
powiadomienie nadawcy i usunięcie wiadomości wraz z załącznikami.
"""
_LOG = 'date=2026-11-28 time=07:41:02 logid=0100032102 type=event subtype=system level=alert msg="Power supply {n}"\n'
_STYLE = """<style><!--
/* Font Definitions */
@font-face {font-family:"Cambria Math"; panose-1:2 4 5 3 5 4 6 3 2 4;}
@font-face {font-family:Calibri; panose-1:2 15 5 2 2 2 4 3 2 4;}
/* Style Definitions */
p.MsoNormal, li.MsoNormal, div.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif;}
a:link, span.MsoHyperlink {mso-style-priority:99; color:#0563C1; text-decoration:underline;}
span.StylWiadomociE-mail17 {mso-style-type:personal-compose; font-family:"Calibri",sans-serif; color:windowtext;}
.MsoChpDefault {mso-style-type:export-only; font-family:"Calibri",sans-serif; mso-fareast-language:EN-US;}
@page WordSection1 {size:612.0pt 792.0pt; margin:70.85pt 70.85pt 70.85pt 70.85pt;}
div.WordSection1 {page:WordSection1;}
--></style>"""


def serial_of(number: int) -> str:
    """The serial number of the device of a contract."""
    return f"FG121GTK25{number:06d}"


def contract_of(number: int) -> str:
    """The contract's number."""
    return f"HZ360-2026-{number:06d}"


def customer_of(number: int) -> str:
    """The domain of a contract's customer."""
    return f"klient-{number}.test"


def registry(count: int) -> str:
    """So many contracts as the CSV that is imported; whoever writes from the customer's domain may report."""
    rows = (
        f"{contract_of(n)},Klient {n} Sp. z o.o.,{_NIP},2025-03-01,2035-02-28,{serial_of(n)},,@{customer_of(n)},pl\n"
        for n in range(1, count + 1)
    )
    return _HEADER + "".join(rows)


def report(number: int, contract: int, at: datetime, *, sender: str | None = None) -> bytes:
    """The mail of that number, by a representative on that contract, written at that instant (aware)."""
    name = PEOPLE[number % len(PEOPLE)]
    kind = number % 10
    domain = customer_of(contract)
    words = _WORDS.format(serial=serial_of(contract), contract=contract_of(contract), name=name)
    signature = _SIGNATURE.format(name=name, number=contract)
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = f"{name} <{sender or f'it.{number}@{domain}'}>"
    message["To"] = f"HEZO 360 <{SUPPORT}>"
    message["Cc"] = f"Dział IT <it@{domain}>"
    message["Subject"] = f"PILNE: awaria zapory FortiGate, brak dostępu ({number})"
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{number}.PR3P192MB0892DE5A5A5E4C4C1F1B@{domain}>"
    message["Accept-Language"] = "pl-PL, en-US"
    message["Content-Language"] = "pl-PL"
    message.set_content(words + "\n" + signature, cte="base64" if kind < 5 else "quoted-printable")
    if kind < 8:
        message.add_alternative(_html(words, signature, outlook=kind < 5), subtype="html", cte="base64")
    if kind < 4:
        logo = b"\x89PNG\r\n\x1a\n" + b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(180))
        message.add_attachment(logo, maintype="image", subtype="png", filename="image001.png", disposition="inline",
                               cid=f"<image001.png@{number}>")  # fmt: skip
    if kind == 4:
        log = "".join(_LOG.format(n=n + number) for n in range(60))
        message.add_attachment(log.encode(), maintype="text", subtype="plain", filename=f"fortigate-{number}.log")
    return _trace(number, domain, at, microsoft=kind < 5).encode() + message.as_bytes()


def _trace(number: int, domain: str, at: datetime, *, microsoft: bool) -> str:
    """The header lines that servers put on top: those of Microsoft 365 a great deal."""
    headers = _trace_headers(number, domain, at, microsoft=microsoft)
    return "".join(f"{name}: {_folded(value)}\r\n" for name, value in headers)


def _folded(value: str) -> str:
    """In lines, as servers write long values."""
    return "\r\n\t".join(textwrap.wrap(value, 76, break_on_hyphens=False)) or ""


def _trace_headers(number: int, domain: str, at: datetime, *, microsoft: bool) -> list[tuple[str, str]]:
    when = format_datetime(at)
    hop = f"from mx.{domain} (mx.{domain} [192.0.2.10]) by mail.myhezo.test (Postfix) with ESMTPS id 4F1A2B3C4D"
    headers = [
        ("Received", f"{hop} for <{SUPPORT}>; {when}"),
        ("Authentication-Results", f"mx.myhezo.test; dkim=pass header.d={domain}; spf=pass smtp.mailfrom={domain}"),
        ("DKIM-Signature", (f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s1; h=From:Date:Subject:Message-ID; "
                           f"bh={_noise(number, 44)}; b={_noise(number + 1, 344)}")),
    ]  # fmt: skip
    if not microsoft:
        return headers
    headers += [
        (
            "Received",
            (
                f"from PR3P192MB{n:04d}.EURP192.PROD.OUTLOOK.COM (2603:10a6:102:4a::{n}) by "
                f"DB9P192MB{n:04d}.EURP192.PROD.OUTLOOK.COM with Microsoft SMTP Server (version=TLS1_2, "
                f"cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.8207.12; {when}"
            ),
        )
        for n in range(1, 4)
    ]
    return [
        *headers,
        ("ARC-Seal", f"i=1; a=rsa-sha256; s=arcselector10001; d=microsoft.com; cv=none; b={_noise(number + 2, 344)}"),
        ("ARC-Message-Signature", (f"i=1; a=rsa-sha256; c=relaxed/relaxed; d=microsoft.com; s=arcselector10001; "
                                  f"h=From:Date:Subject; bh={_noise(number + 3, 44)}; b={_noise(number + 4, 344)}")),
        ("ARC-Authentication-Results", f"i=1; mx.microsoft.com 1; spf=pass smtp.mailfrom={domain}; dmarc=pass"),
        ("Thread-Topic", f"awaria {number}"),
        ("Thread-Index", "AQHbQH0Y1t2x3y4z5A6B7C8D9E0F1g=="),
        ("X-MS-Has-Attach", "yes"),
        ("X-MS-TNEF-Correlator", ""),
        ("x-ms-publictraffictype", "Email"),
        ("x-ms-traffictypediagnostic", "PR3P192MB0892:EE_|DB9P192MB1537:EE_"),
        ("x-ms-office365-filtering-correlation-id", "1f2e3d4c-5b6a-7988-0a1b-08dd0f6c7d2e"),
        ("x-ms-exchange-senderadcheck", "1"),
        ("x-microsoft-antispam", "BCL:0;ARA:13230040|1800799024|366016|376014|38070700018;"),
        ("x-microsoft-antispam-message-info", _noise(number + 5, 1400)),
        ("x-forefront-antispam-report", "CIP:255.255.255.255;CTRY:;LANG:pl;SCL:1;SRV:;IPV:NLI;SFV:NSPM;H:PR3P192MB08"),
        ("X-MS-Exchange-CrossTenant-Network-Message-Id", "1f2e3d4c-5b6a-7988-0a1b-08dd0f6c7d2e"),
        ("X-MS-Exchange-CrossTenant-originalarrivaltime", when),
        ("X-OriginatorOrg", domain),
    ]  # fmt: skip


def _noise(seed: int, length: int) -> str:
    """Letters like those of a signature."""
    octets = b"".join(hashlib.sha256(b"%d %d" % (seed, n)).digest() for n in range(length // 40 + 1))
    return b64encode(octets).decode()[:length]


def _html(words: str, signature: str, *, outlook: bool) -> str:
    """The same as the mail program shows it."""
    lines = (words + "\n" + signature).splitlines()
    if outlook:
        body = "".join(
            f'<p class="MsoNormal"><span style="font-size:11.0pt;font-family:&quot;Calibri&quot;,sans-serif">'
            f"{line or '&nbsp;'}<o:p></o:p></span></p>\n"
            for line in lines
        )
        return f'<html><head>{_STYLE}</head><body lang="PL"><div class="WordSection1">\n{body}</div></body></html>\n'
    body = "".join(f"<div>{line or '<br>'}</div>" for line in lines)
    return f'<div dir="ltr">{body}</div>\n'
