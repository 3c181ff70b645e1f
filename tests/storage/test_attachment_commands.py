"""`hezo360 attachments`, as people type it."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from bot.cli import main
from bot.model import Attachment, AttachmentVerdict
from tests.storage.making import FakeClock, a_message, a_ticket, make_database
from tests.storage.test_commands import CONFIG

HELD = "dangerous_name: exe"


async def fill(url: str) -> str:
    """A ticket with a log, a held program and a video that was not kept; gives its number."""
    database = make_database(url, FakeClock())
    await database.open()
    async with database.begin() as uow:
        ticket = await uow.tickets.add(a_ticket())
        await uow.tickets.add(a_ticket())
        message = await uow.tickets.add_message(a_message(ticket.id))
        for position, (name, verdict, reason, content) in enumerate(
            [
                ("log z urządzenia.txt", AttachmentVerdict.KEPT, "", b"date=2026"),
                ("napraw\x1b[2Ja.exe", AttachmentVerdict.HELD, HELD, b"MZ"),
                ("film.mp4", AttachmentVerdict.DROPPED, "too_large: 99999999 B", None),
            ]
        ):
            size = 99_999_999 if content is None else len(content)
            file = Attachment(0, ticket.id, message.id, position, name, "x/y", size, verdict, reason=reason)
            await uow.attachments.add(file, content)
    await database.close()
    return ticket.number


def test_files_are_listed_and_saved_and_nothing_is_overwritten(
    sqlite_template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite+aiosqlite:///{shutil.copy(sqlite_template, tmp_path / 'hezo360.sqlite3')}"
    number = asyncio.run(fill(url))
    config, folder = tmp_path / "config.toml", tmp_path / "saved"
    config.write_text(CONFIG.format(url=url), "utf-8")
    folder.mkdir()

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["--config", str(config), "attachments", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    code, out, _ = run("list", number.lower())
    assert (code, [line.split() for line in out.splitlines()]) == (
        0,
        [
            ["1", "kept", "9", "log", "z", "urządzenia.txt"],
            ["2", "held", "2", "napraw\ufffd[2Ja.exe", "(dangerous_name:", "exe)"],
            ["3", "dropped", "99999999", "film.mp4", "(too_large:", "99999999", "B)"],
        ],
    )
    listed = json.loads(run("list", number, "--json")[1])
    assert [(file["id"], file["verdict"], file["in_slack"]) for file in listed] == [
        (1, "kept", False), (2, "held", False), (3, "dropped", False),
    ]  # fmt: skip
    assert run("list", number[:-1] + "2")[:2] == (0, "The ticket has no files.\n")
    assert run("list", "HEZO-1999-000001") == (1, "", "There is no ticket HEZO-1999-000001.\n")

    assert run("save", "1", "--to", str(folder))[0] == 0
    assert (folder / "log z urządzenia.txt").read_bytes() == b"date=2026"
    code, _, err = run("save", "1", "--to", str(folder))
    assert code == 2
    assert "there already" in err
    code, _, err = run("save", "2", "--to", str(folder))
    assert code == 0
    assert "It was held (dangerous_name: exe)" in err
    assert [file.read_bytes() for file in folder.glob("*.exe.held")] == [b"MZ"]
    for words, said in ((("3",), "was not kept"), (("9",), "there is no file 9")):
        code, _, err = run("save", *words, "--to", str(folder))
        assert code == 2
        assert said in err
    assert run("save", "1", "--to", str(tmp_path / "nowhere"))[0] == 2
