"""Every mail in tests/data/mails is understood as expected.json beside it says."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bot.rules.bounces import read_bounce
from bot.rules.language import detect_language
from bot.rules.mail_reading import attachment_content, attachment_contents, read_mail, read_with_contents
from bot.rules.mail_screening import screen
from bot.rules.reply_text import new_words

MAILS = Path(__file__).parents[1] / "data" / "mails"
OWN = frozenset({"pomoc@myhezo.pl", "info@myhezo.pl", "escalation@myhezo.pl"})
EXPECTED: dict[str, dict[str, Any]] = json.loads((MAILS / "expected.json").read_text(encoding="utf-8"))
VERDICT_OF_KIND = {
    "auto_reply": {"auto_reply"},
    "bounce": {"bounce"},
    "loop": {"loop"},
    "mailing_list": {"list"},
    "spam_marked": {"spam"},
    "human": {"report", "follow_up", "enquiry", "escalation", "held", "unreadable"},
}
"""What becomes of a mail, by who wrote it; which of the last set depends on tickets and addresses."""


def test_every_mail_has_an_expectation() -> None:
    assert {path.name for path in MAILS.glob("*.eml")} == set(EXPECTED)
    verdicts = [expected["verdict"] for expected in EXPECTED.values() if "verdict" in expected]
    assert set(verdicts) == set().union(*VERDICT_OF_KIND.values())
    assert len(EXPECTED) >= 140


@pytest.mark.parametrize("name", EXPECTED)
def test_golden_mail(name: str) -> None:
    expected = dict(EXPECTED[name])
    if "verdict" in expected:
        assert expected.pop("verdict") in VERDICT_OF_KIND[expected["kind"]]
    raw = (MAILS / name).read_bytes()
    mail = read_mail(raw)
    again, contents = read_with_contents(raw)
    assert (again, list(contents)) == (mail, list(attachment_contents(raw)))
    screening = screen(mail, OWN, "myhezo.pl")
    words = new_words(mail.text, mail.subject)
    bounce = read_bounce(mail)
    seen: dict[str, Any] = {
        "kind": screening.kind.value,
        "may_answer": screening.may_answer,
        "attachments": [[attachment.name, attachment.content_type] for attachment in mail.attachments],
        "problems": list(mail.problems),
        "new_text": words.new_text,
        "cut": words.cut,
        "language": detect_language(words.new_text).value,
        "subject": mail.subject,
        "from": mail.from_.address if mail.from_ else None,
        "bounce": bounce
        and {key: getattr(bounce, key) for key in ("failed", "recipient", "original_message_id", "status")},
    }
    everything = "\n".join([mail.text, *mail.attached_texts])
    for needed in expected.pop("text_has", []):
        assert needed in everything
    assert {key: seen[key] for key in expected} == expected
    assert _lines(words.new_text) + _lines(words.quoted_text) == _lines(mail.text)
    for index, attachment in enumerate(mail.attachments):
        assert len(attachment_content(raw, index)) == attachment.size


def _lines(text: str) -> Counter[str]:
    return Counter(line for line in text.split("\n") if line.strip())
