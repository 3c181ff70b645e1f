"""`hezo360 gdpr`, as people type it."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest

from bot.cli import main
from bot.model import TicketState
from tests.storage.making import NOON, FakeClock, a_message, a_ticket, make_database
from tests.storage.test_commands import CONFIG


async def fill(url: str) -> str:
    database = make_database(url, FakeClock())
    await database.open()
    async with database.begin() as uow:
        ticket = await uow.tickets.add(a_ticket(state=TicketState.RESOLVED, closed_at=NOON))
        await uow.tickets.add_message(a_message(ticket.id))
        await uow.tickets.add(a_ticket(requester="john@northwind.example"))
    await database.close()
    return ticket.number


def test_a_person_is_given_what_is_theirs_and_taken_out_after_a_trial(
    sqlite_template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite+aiosqlite:///{shutil.copy(sqlite_template, tmp_path / 'hezo360.sqlite3')}"
    number = asyncio.run(fill(url))
    config, archive = tmp_path / "config.toml", tmp_path / "anna.zip"
    config.write_text(CONFIG.format(url=url), "utf-8")

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["--config", str(config), "gdpr", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    code, out, _ = run("export", "Anna@Klient.example", "--to", str(archive))
    assert (code, "1 tickets of anna@klient.example" in out) == (0, True)
    assert archive.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(archive) as files:
        assert sorted(files.namelist()) == ["README.txt", "about.json", f"tickets/{number}.json"]
        assert "Nie działa." in files.read(f"tickets/{number}.json").decode()
    code, _, err = run("export", "anna@klient.example", "--to", str(archive))
    assert (code, "is there already" in err) == (2, True)

    file = tmp_path / "hezo360.sqlite3"
    bot = sqlite3.connect(file)  # it runs: nobody brings the log into the file by being the last to close it
    bot.execute("SELECT count(*) FROM tickets").fetchall()
    for really, said in ((), "Would erase"), (("--yes",), "Erased"):
        code, out, _ = run("erase", "anna@klient.example", *really)
        assert (code, out.startswith(f"{said} anna@klient.example:")) == (0, True)
        assert ("Nothing was changed" in out) is not bool(really)
    stored = b"".join(part.read_bytes() for part in tmp_path.glob("hezo360.sqlite3*"))
    assert (tmp_path / "hezo360.sqlite3-wal").exists()
    for needle in ("anna@klient", "Nie działa."):
        assert needle.encode() not in stored, "neither in free pages nor in the log"
    bot.close()
    for words in (("erase",), ("erase", "--yes"), ("export", "--to", str(tmp_path / "none.zip"))):
        code, _, err = run(words[0], "anna@klient.example", *words[1:])
        assert (code, err.strip()) == (1, "Nothing is stored about anna@klient.example.")
    code, _, err = run("erase", "john@northwind.example", "--yes")
    assert (code, "open; resolve or close them first" in err) == (2, True)
    code, _, err = run("erase", "Anna Nowak")
    assert (code, "no mail address and no Slack id" in err) == (2, True)
    assert b"anna@klient" not in file.read_bytes()
