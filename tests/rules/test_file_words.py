"""What people are told about a file."""

from __future__ import annotations

import pytest

from bot.model import Language
from bot.rules.file_words import KINDS, file_kind, format_size
from bot.rules.wording import words


@pytest.mark.parametrize(
    ("name", "content_type", "kind"),
    [
        ("zrzut.PNG", "application/octet-stream", "picture"),
        ("faktura.pdf.exe", "application/pdf", "program"),
        ("image", "image/png", "picture"),
        ("get_system_status", "text/plain", "log"),
        ("backup.conf", "text/plain", "config"),
        ("ruch.pcapng", "", "capture"),
        ("dane.zzz", "application/x-unheard-of", "unknown"),
        ("", "", "unknown"),
    ],
)
def test_the_names_end_counts_before_the_declared_type(name: str, content_type: str, kind: str) -> None:
    assert file_kind(name, content_type) == kind


@pytest.mark.parametrize("language", list(Language))
def test_every_kind_has_a_word(language: Language) -> None:
    assert {
        key.removeprefix("file_kind.") for key in words("staff", language).keys if key.startswith("file_kind.")
    } == KINDS


def test_sizes() -> None:
    assert [format_size(octets, Language.PL) for octets in (0, 1023, 1024, 1025, 1_258_291)] == [
        "0 B", "1023 B", "1 KB", "2 KB", "1,2 MB",
    ]  # fmt: skip
    assert format_size(26_214_400, Language.EN) == "25.0 MB"
