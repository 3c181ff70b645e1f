"""`hezo360 db` and `hezo360 contracts`, as people type them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.cli import main
from bot.entitlements import Entitlement, UseState
from bot.interviews import Answer, AnswerSource, Interview
from bot.model import Device
from storage.connecting import make_engine, parse_url
from storage.schema import SCHEMA_REVISION
from tests.storage.making import NOON, FakeClock, make_database, stored_ticket
from tests.storage.test_contracts import BAD, G60, G121, HEADER, MILK, WOOD
from tests.storage.test_entitlements import a_use
from tests.support.postgres import PostgresServer

CONFIG = """\
[[mail.imap]]
name = "pomoc"
host = "imap.example"
username = "pomoc@myhezo.pl"
password = "imap-hidden"
[mail.smtp]
host = "smtp.example"
[slack]
bot_token = "xoxb-hidden"
app_token = "xapp-hidden"
support_channel = "C0001"
escalation_channel = "C0002"
engineers = ["U0001"]
[database]
url = "{url}"
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/var/hezo360.sqlite3"


@pytest.fixture
def run(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(url=url), "utf-8")

    def run(*words: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error without the progress bar."""
        code = main(["--config", str(config), *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err.replace("Importing contracts\n", "")

    return run


@pytest.fixture
def csv(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        (tmp_path / "contracts.csv").write_text(text, "utf-8")
        return str(tmp_path / "contracts.csv")

    return write


def test_the_database_is_upgraded_and_says_where_it_stands(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("db", "current")
    assert (code, out) == (1, f"none (this program needs {SCHEMA_REVISION}: hezo360 db upgrade)\n")
    assert not (tmp_path / "var").exists(), "asking makes nothing"
    assert run("db", "upgrade")[:2] == (0, f"The database was at revision none and is now at {SCHEMA_REVISION}.\n")
    assert run("db", "upgrade")[:2] == (0, f"The database is at revision {SCHEMA_REVISION} already.\n")
    assert run("db", "current")[:2] == (0, f"{SCHEMA_REVISION} (up to date)\n")


def test_a_database_that_cannot_be_reached_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG.format(url="postgresql+asyncpg://u:dbhidden@127.0.0.1:1/d"), "utf-8")
    for words in (["db", "current"], ["db", "upgrade"], ["contracts", "list"]):
        code, out, err = run(*words)
        assert (code, out) == (2, "")
        assert err.startswith("cannot use the database postgresql+asyncpg://***@127.0.0.1:1/d: ")
        assert err.count("\n") == 1
        assert "dbhidden" not in err


def test_contracts_go_in(run: Run, csv: Callable[[str], str]) -> None:
    assert run("contracts", "list")[1] == "The registry is empty: hezo360 contracts import FILE.csv\n"
    file = csv(HEADER + MILK.format(G121) + WOOD.format(G60))
    assert run("contracts", "import", file) == (0, "2 new, 0 changed, 0 unchanged, 0 rows refused\n", "")
    assert run("contracts", "import", file) == (0, "0 new, 0 changed, 2 unchanged, 0 rows refused\n", "")
    _, out, _ = run("contracts", "list")
    titles, milk, wood = out.splitlines()
    assert titles.split() == ["CONTRACT", "CUSTOMER", "VALID", "TODAY", "DEVICES"]
    assert milk.split() == ["HZ360-2026-000101", "Mleczarnia", "2025-03-01", "-", "2035-02-28", "valid", "1"]
    assert wood.startswith("HZ360/2026 000102  Stolarnia")
    listed = json.loads(run("contracts", "list", "--json")[1])
    assert listed[0]["devices"] == [{"serial": G121, "model": "FortiGate-121G"}]
    assert listed[0]["authorised"] == ["@klient.example", "anna@klient.example"]
    assert (listed[0]["valid_today"], listed[0]["language"], listed[1]["language"]) == (True, "pl", None)


def test_bad_rows_are_named(run: Run, csv: Callable[[str], str]) -> None:
    file = csv(BAD.replace("contract_number,", "Uwagi,contract_number,").replace("\nHZ", "\nx,HZ"))
    code, out, err = run("contracts", "import", "--all-or-nothing", file)
    assert (code, out) == (1, "nothing was imported: 4 rows refused\n")
    assert run("contracts", "list", "--json")[1] == "[]\n"
    code, out, err = run("contracts", "import", file)
    assert (code, out) == (1, "2 new, 0 changed, 0 unchanged, 4 rows refused\n")
    *bad, ignored = err.splitlines()
    assert len(bad) == 4
    assert all(line.startswith("line ") for line in bad)
    assert bad[-1] == "line 7: nip: '6181500005' is no NIP; its check digit is wrong"
    assert ignored == "columns without meaning here: Uwagi"
    code, out, err = run("contracts", "import", csv("hello\n"))
    assert (code, out) == (2, "")
    assert err.startswith("the header lacks contract_number")
    code, out, err = run("contracts", "import", "/nowhere.csv")
    assert (code, out) == (2, "")
    assert "No such file" in err


def test_a_contract_is_shown_with_its_open_tickets(run: Run, csv: Callable[[str], str], url: str) -> None:
    run("contracts", "import", csv(HEADER + MILK.format(G121)))

    async def report() -> None:
        database = make_database(url, FakeClock())
        await database.open()
        ticket = await stored_ticket(database, contract_id=1, subject="Nie działa \x1b[2J")
        today = datetime.now(ZoneInfo("Europe/Warsaw")).date()
        async with database.begin() as uow:
            use = a_use(ticket.id, 1, kind=Entitlement.CONFIGURATION_CHANGE, serial=G121)
            await uow.entitlements.add(replace(use, state=UseState.AGREED))
            await uow.entitlements.add(replace(use, state=UseState.DONE, done_on=today))
        await database.close()

    asyncio.run(report())
    code, out, _ = run("contracts", "show", "hz360 2026 000101")
    assert code == 0
    for line in (
        "contract   HZ360-2026-000101",
        "customer   Mleczarnia (NIP 8341710008)",
        f"device     {G121}  FortiGate-121G",
        "authorised @klient.example (everybody there)",
        "authorised anna@klient.example",
        "ticket     HEZO-2026-000001  open  non_critical  Nie działa \ufffd[2J",
    ):
        assert line in out.splitlines()
    assert "           1 of 5 configuration changes used, 1 agreed, 3 left, until 2" in out
    assert "           0 of 1 remote deployment used, 1 left" in out.splitlines()
    shown = json.loads(run("contracts", "show", "--json", "HZ360/2026/000101")[1])
    assert shown["entitlements"][0] | {"until": ""} == {
        "serial": G121, "entitlement": "configuration_change", "allowance": 5, "used": 1, "agreed": 1, "left": 3,
        "until": "",
    }  # fmt: skip
    assert shown["open_tickets"][0]["number"] == "HEZO-2026-000001"
    assert run("contracts", "show", "HZ360-1") == (1, "", "There is no contract HZ360-1 in the registry.\n")


def test_on_postgresql_too(run: Run, csv: Callable[[str], str], tmp_path: Path, postgres: PostgresServer) -> None:
    async def execute(statement: str) -> None:
        engine = make_engine(parse_url(postgres.url("postgres"))).execution_options(isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.exec_driver_sql(statement)
        await engine.dispose()

    asyncio.run(execute("CREATE DATABASE commands"))
    (tmp_path / "config.toml").write_text(CONFIG.format(url=postgres.url("commands")), "utf-8")
    file = csv(HEADER + MILK.format(G121))
    code, _, err = run("contracts", "import", file)
    assert (code, err) == (
        2,
        f"the database is at revision none, this program needs {SCHEMA_REVISION}: run hezo360 db upgrade\n",
    )
    assert run("db", "upgrade")[0] == 0
    assert run("contracts", "import", file)[1] == "1 new, 0 changed, 0 unchanged, 0 rows refused\n"
    assert run("contracts", "import", file)[1] == "0 new, 0 changed, 1 unchanged, 0 rows refused\n"
    asyncio.run(execute("DROP DATABASE commands"))


def test_the_interview_about_a_device(run: Run, url: str) -> None:
    run("db", "upgrade")

    async def hold() -> None:
        database = make_database(url, FakeClock())
        await database.open()
        ticket = await stored_ticket(database)
        async with database.begin() as uow:
            answer = Answer("DHCP\x1b[31m\nLTE", "U0EWA", NOON, AnswerSource.FORM)
            device = Device("FG121GTK25004672", "FortiGate-121G")
            await uow.interviews.add(Interview(0, ticket.id, device, answer.at, "U0EWA", answers=(("wan", answer),)))
        await database.close()

    asyncio.run(hold())
    code, out, _ = run("interview", " fg121gtk25004672 ")
    assert code == 0
    assert "5. Łącza WAN\n   DHCP\ufffd[31m\n   LTE\n" in out
    assert "Contact person" in run("interview", "FG121GTK25004672", "--language", "en")[1]
    code, out, _ = run("interview", "FG121GTK25004672", "--json")
    assert json.loads(out)["answers"]["wan"]["source"] == "form"
    code, out, err = run("interview", "FGT60FTK20012345")
    assert (code, out) == (1, "")
    assert "no interview" in err
