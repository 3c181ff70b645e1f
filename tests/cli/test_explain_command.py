"""`hezo360 explain`: the golden mails through the command line, and what it says where the registry is not known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main

DATA = Path(__file__).parents[1] / "data"
MAILS = DATA / "mails"
EXPECTED: dict[str, dict[str, Any]] = json.loads((MAILS / "expected.json").read_text(encoding="utf-8"))
KEYS = {
    "verdict", "reason", "language", "subject", "from", "new_text", "quoted_text_cut", "serials", "other_products",
    "suggestions", "contracts", "priority", "missing", "attachments", "message_id", "references", "sent_at",
}  # fmt: skip
REGISTRY = """contract_number,customer,nip,valid_from,valid_to,serial,model,authorised,language
HZ360-2026-000042,Klient,834-171-00-08,2025-03-01,2035-02-28,FGT60FTK20001234,,{},pl
"""
TRUSTED = '[mail]\ntrusted_authserv_ids = ["mail.myhezo.pl"]\n'
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a folder without a configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEZO360_CONFIG", raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_every_golden_mail_is_explained_as_expected(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(TRUSTED, encoding="utf-8")
    code, out, err = run("explain", str(MAILS))
    assert code == 0
    assert "The registry was not asked: the configuration is not complete" in err
    explained = {Path(line["file"]).name: line for line in map(json.loads, out.splitlines())}
    assert set(explained) == set(EXPECTED)
    for name, line in explained.items():
        assert set(line) >= KEYS
        expected = EXPECTED[name]
        assert line["verdict"] == expected.get("verdict", line["verdict"]), name
        assert line["new_text"] == expected.get("new_text", line["new_text"]), name
    assert list(tmp_path.iterdir()) == [tmp_path / "config.toml"], "it makes nothing"


@pytest.mark.parametrize(
    ("authorised", "verdict", "missing"),
    [("jan.kowalski@klient.example", "report", []), ("@other.example", "held", [])],
)
def test_a_registry_can_be_given(run: Run, tmp_path: Path, authorised: str, verdict: str, missing: list[str]) -> None:
    registry = tmp_path / "contracts.csv"
    registry.write_text(REGISTRY.format(authorised), encoding="utf-8")
    code, out, err = run("explain", "--json", "--contracts", str(registry), str(MAILS / "report-pl.eml"))
    assert (code, err) == (0, "")
    seen = json.loads(out)
    assert (seen["verdict"], seen["missing"], seen["priority"]) == (verdict, missing, "critical")
    assert seen["serials"] == ["FGT60FTK20001234"]
    assert seen["contracts"] == ["HZ360-2026-000042"]
    assert seen["sent_at"] == "2026-11-20T09:15:42+00:00"
    checks = {check["check"]: check["found"] for check in seen["checks"]}
    assert checks["coverage"] == "every device is on the contract"


def test_a_refused_row_is_named_and_the_others_count(run: Run, tmp_path: Path) -> None:
    registry = tmp_path / "contracts.csv"
    refused = "HZ360-2026-000043,Inny,12,2025-03-01,2035-02-28,FG100D3G13803999,,@inny.example,pl\n"
    registry.write_text(REGISTRY.format("@klient.example") + refused, encoding="utf-8")
    code, out, err = run("explain", "--json", "--contracts", str(registry), str(MAILS / "report-pl.eml"))
    assert (code, json.loads(out)["verdict"]) == (0, "report")
    assert err == "Not taken of the given contracts: line 3: nip: '12' is no NIP; it has ten digits\n"


def test_people_read_it_line_by_line(run: Run) -> None:
    code, out, err = run("explain", str(MAILS / "report-pl.eml"))
    assert code == 0
    assert err == "The registry was not asked: there is no config.toml.\n"
    assert f"{MAILS}/report-pl.eml: report: a report; whether its sender may report" in out
    assert "  from        Jan Kowalski <jan.kowalski@klient.example>\n" in out
    assert "  sent        2026-11-20 10:15:42 CET\n" in out
    assert "  priority    critical (stated)\n" in out
    assert "  serials     FGT60FTK20001234 (FortiGate-60F)\n" in out
    assert "    | Numer seryjny: FGT60FTK20001234\n" in out


def test_suggestions_and_other_products_are_told_apart(run: Run, tmp_path: Path) -> None:
    mail = tmp_path / "mail.eml"
    received = "Received: from a.example by b.example; Fri, 20 Nov 2026 10:15:50 +0100"
    sent = "Date: Fri, 20 Nov 2026 11:15:42 +0100"
    words = "FG100D3G138O3999, switch S248EPTF18001384, karta FPM20E3E17900133\x1b[2J"
    mail.write_text(
        f"\ufeff{received}\n{sent}\nFrom: a@klient.example\nTo: pomoc@myhezo.pl\nSubject: Numery\n\n{words}\n",
        encoding="utf-8",
    )
    seen = json.loads(run("explain", "--json", str(mail))[1])
    assert seen["suggestions"] == ["FG100D3G13803999"]
    assert seen["other_products"] == ["S248EPTF18001384:FortiSwitch"]
    assert seen["serials"] == ["FPM20E3E17900133"]
    assert (seen["from"], seen["sent_at"]) == ("a@klient.example", "2026-11-20T09:15:50+00:00"), "no date is later"
    asked = mail.with_name("question.eml")
    asked.write_text("From: a@klient.example\nTo: pomoc@myhezo.pl\n\nMam pytanie: jak dodać VLAN?\n", encoding="utf-8")
    seen = json.loads(run("explain", "--json", str(asked))[1])
    assert (seen["priority"], seen["details"]["clock_priority"]) == ("question", "non_critical"), "nobody waits longer"
    assert "\x1b" not in run("explain", str(mail))[1]


def test_an_answer_says_its_priority_in_its_own_words(run: Run, tmp_path: Path) -> None:
    mail = tmp_path / "answer.eml"
    head = "From: a@klient.example\nTo: pomoc@myhezo.pl\nSubject: Re: [HEZO-2026-000123] Awaria krytyczna"
    answers = {"nie wiem": None, "2, bo dziala": "non_critical", "teraz firewall nie dziala": "critical"}
    for words, priority in answers.items():
        mail.write_text(f"{head}\n\n{words}\n", encoding="utf-8")
        seen = json.loads(run("explain", "--json", str(mail))[1])
        assert (seen["verdict"], seen["priority"]) == ("follow_up", priority)


def test_what_cannot_be_read_is_said(run: Run, tmp_path: Path) -> None:
    code, _, err = run("explain", "nothing.eml")
    assert (code, "nothing.eml: cannot be read: No such file" in err) == (2, True)
    (tmp_path / "empty.eml").write_bytes(b"")
    code, out, _ = run("explain", "--json", "empty.eml")
    assert (code, json.loads(out)["verdict"]) == (0, "unreadable")
    (tmp_path / "config.toml").write_text('[mail]\nsupport_address = "nobody"\n', encoding="utf-8")
    code, _, err = run("explain", "empty.eml")
    assert code == 2
    assert "support_address" in err
