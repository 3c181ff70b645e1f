"""The mails in tests/data/mime: forms of mail that few programs write and all of them read.

Their winmail.dat files were put together octet by octet by `tests.support.tnef_writing`; none is from a real Outlook.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from bot.config import IntakeConfig
from bot.rules.attachments import AttachmentLimits, sort_attachments
from bot.rules.mail_reading import attachment_content, attachment_contents, read_mail

MAILS = Path(__file__).parents[1] / "data" / "mime"
REPORT = (
    "Dzień dobry,\n\nurządzenie FGT60FTK20001234 nie wstaje, umowa HZ360-2026-000042.\nW załączeniu konfiguracja.\n\n"
    "Jan Kowalski"
)
DATE = "Date: Fri, 20 Nov 2026 10:15:42 +0100"
CONF = "konfiguracja świeża.conf"


class Expected(NamedTuple):
    """What is read; `files` without decoration."""

    text: str
    files: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()
    decoration: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


EXPECTED = {
    "tnef-rtf.eml": Expected(REPORT, (CONF,), problems=("winmail.dat",)),
    "tnef-html.eml": Expected(REPORT, (CONF,), decoration=("image001.png",), problems=("winmail.dat",)),
    "tnef-forward.eml": Expected(
        "Przekazuję zgłoszenie koleżanki.", (CONF,), problems=("winmail.dat",),
        attached=(f"From: Anna Nowak <anna.nowak@klient.example>\nDate: \nSubject: Awaria w Łodzi\n\n{REPORT}",),
    ),
    "tnef-cut.eml": Expected(
        REPORT, ("winmail.dat", "KONFIG~1.CON"), problems=("winmail.dat", "winmail.dat not read to its end")
    ),
    "calendar-only.eml": Expected(
        "[REQUEST] Wywiad techniczny, wdrożenie FGT60FTK20001234\n"
        "2026-11-23 10:00 - 11:00 Central European Standard Time\nMicrosoft Teams\n"
        "Kowalski, Jan <jan.kowalski@klient.example>",
        ("invite-1.ics",),
    ),
    "flowed-delsp.eml": Expected(
        "Urządzenie FGT60FTK20001234 nie odpowiada od rana i nie da się do niego zalogować.\n> > starszepytanie\n"
        "> młodsza odpowiedź\n\n-- \nJanKowalski"
    ),
    "forward-of-forward.eml": Expected(
        "Prosze o pomoc.", ("message-1.eml",),
        attached=(
            f"From: Jan Kowalski <jan.kowalski@klient.example>\n{DATE}\nSubject: PD: Awaria\n\nPatrz nizej.",
            f"From: Jan Kowalski <anna.nowak@klient.example>\n{DATE}\nSubject: Awaria\n\nFGT60FTK20001234 nie wstaje.",
        ),
    ),
    "signature-pictures.eml": Expected(
        "Nie działa, zrzut poniżej.\n\nJan Kowalski", ("image002.png",), decoration=("image001.png",)
    ),
    "uuencoded.eml": Expected("Konfiguracja w załączniku.", ("fw.conf",)),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(path.name for path in MAILS.glob("*.eml")))
def test_mime_mail(name: str) -> None:
    raw = (MAILS / name).read_bytes()
    mail = read_mail(raw)
    decisions = sort_attachments(mail.attachments, attachment_contents(raw), AttachmentLimits.of(IntakeConfig()))
    assert EXPECTED[name] == Expected(
        mail.text,
        tuple(decision.name for decision in decisions if not decision.is_decoration),
        mail.attached_texts,
        tuple(decision.name for decision in decisions if decision.is_decoration),
        mail.problems,
    )
    for index, attachment in enumerate(mail.attachments):
        assert len(attachment_content(raw, index)) == attachment.size


def test_uuencoded_file_comes_out_whole() -> None:
    content = attachment_content((MAILS / "uuencoded.eml").read_bytes(), 0)
    assert content.startswith(b"#config-version=FGT60F-7.4.5")
    assert content.endswith(b"end\n")
