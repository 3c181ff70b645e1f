"""`hezo360 parked`, `backup` and `restore`, as people type them, on both databases, while the bot has them open."""

from __future__ import annotations

import asyncio
import getpass
import io
import json
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.cli import main
from bot.effects import PostOperator
from storage.engine import Database
from storage.inbox import MAIL
from storage.parked import ParkedKind, ParkedRows
from storage.queues import InboxQueue
from storage.schema import SCHEMA_REVISION, outbox
from tests.storage.making import FakeClock, make_database, stored_ticket
from tests.storage.test_commands import CONFIG
from tests.storage.test_parked import park_a_mail, park_a_post, park_a_timer


class Operator:
    """Somebody at a terminal."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], url: str) -> None:
        self.config = folder / "config.toml"
        self._capsys = capsys
        self.names(url)

    def names(self, url: str) -> None:
        """Set database.url."""
        self.config.write_text(CONFIG.format(url=url), "utf-8")

    def types(self, *words: object) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        code = main(["--config", str(self.config), *map(str, words)])
        printed = self._capsys.readouterr()
        assert "mistake of the program" not in printed.err
        return code, printed.out, printed.err

    async def says(self, *words: object) -> tuple[int, str, str]:
        """The same, beside an event loop in which a database is open."""
        return await asyncio.to_thread(self.types, *words)


@pytest.fixture
def operator(database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(tmp_path, capsys, database_url)


async def test_what_is_set_aside_is_listed_shown_and_tried_again_while_the_bot_runs(
    operator: Operator, database: Database
) -> None:
    assert await operator.says("parked", "list") == (0, "Nothing is set aside.\n", "")
    mail = await park_a_mail(database)
    post, number = await park_a_post(database)
    timer = await park_a_timer(database)

    code, listed, _ = await operator.says("parked", "list")
    assert code == 0
    first, second, third = listed.splitlines()
    assert first.split()[:2] == ["inbox", str(mail)]
    assert first.endswith("mail pomoc: it breaks us")
    assert f"{number}  " in second
    assert second.endswith("PostInThread: channel_not_found")
    assert third.endswith(": KeyError: 'x'")
    _, as_json, _ = await operator.says("parked", "list", "--json")
    assert [one["id"] for one in json.loads(as_json)] == [mail, post, timer]

    _, shown, _ = await operator.says("parked", "show", "inbox", mail)
    assert "it breaks us" in shown
    assert "Words" not in shown, "a customer's words only when they are asked for"
    assert (await operator.says("parked", "show", "inbox", mail, "--content"))[1].endswith("\n\nWords\n")
    assert '"ticket_id"' in (await operator.says("parked", "show", "outbox", post, "--content"))[1]
    assert '"fire_at"' in (await operator.says("parked", "show", "timer", timer, "--content"))[1]

    assert await operator.says("parked", "retry", "inbox", mail) == (0, "1 will be tried again.\n", "")
    assert await operator.says("parked", "retry", "inbox", mail) == (1, "0 will be tried again.\n", "")
    assert [row.id for row in await InboxQueue(database).take(MAIL, FakeClock().move(days=9999), 5)] == [mail]
    assert await operator.says("parked", "retry", "outbox", "--all") == (0, "1 will be tried again.\n", "")
    assert [one.kind for one in await ParkedRows(database).all()] == [ParkedKind.TIMER], "the other queue is left alone"
    assert await operator.says("parked", "retry", "--all") == (0, "1 will be tried again.\n", "")
    assert await operator.says("parked", "retry", "--all") == (0, "0 will be tried again.\n", "")


async def test_what_is_dropped_is_asked_for_first_and_told_with_who_did_it(
    operator: Operator, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, number = await park_a_post(database)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    code, out, _ = await operator.says("parked", "drop", "outbox", post)
    assert (code, "Drop it for good?" in out) == (130, True)
    assert len(await ParkedRows(database).all()) == 1
    code, out, _ = await operator.says("parked", "drop", "outbox", post, "--yes")
    assert (code, out) == (0, f"outbox {post}: PostInThread, ticket {number}, channel_not_found\nDropped.\n")
    async with database.read() as uow:
        [told] = await uow.transaction.connection.scalars(
            select(outbox.c.effect).where(outbox.c.type == PostOperator.__name__)
        )
    assert told["data"]["operator"] == getpass.getuser()
    code, _, err = await operator.says("parked", "drop", "outbox", post, "--yes")
    assert (code, err) == (2, f"outbox {post} is not set aside: hezo360 parked list\n")


@pytest.mark.parametrize("number", [4711, 2**40, 2**63 - 1])
def test_a_number_that_is_none_of_ours(operator: Operator, number: int) -> None:
    for words in (["show"], ["show", "--content"], ["drop", "--yes"]):
        code, _, err = operator.types("parked", *words, "timer", number)
        assert (code, err) == (2, f"timer {number} is not set aside: hezo360 parked list\n")
    assert operator.types("parked", "retry", "outbox", number)[:2] == (1, "0 will be tried again.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("show outbox", "Missing argument 'ID'"),
        ("show mail 1", "'mail' is not one of 'inbox', 'outbox', 'timer'"),
        ("show inbox 0", "0 is not in the range"),
        ("show inbox -1", "No such option"),
        ("drop inbox 9223372036854775808", "is not in the range"),
        ("retry", "Name one by its queue and number, or say --all."),
        ("retry inbox", "Name one by its queue and number, or say --all."),
        ("retry --all inbox 1", "Name one by its queue and number, or say --all."),
        ("retry inbox one", "'one' is not a valid integer"),
    ],
)
def test_a_slip_of_the_hand_is_told_and_does_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    operator = Operator(tmp_path, capsys, f"sqlite+aiosqlite:///{tmp_path}/none.sqlite3")
    code, _, err = operator.types("parked", *words.split())
    assert code == 2
    assert said in err
    assert not (tmp_path / "none.sqlite3").exists()


async def test_what_others_wrote_does_not_command_the_terminal(operator: Operator, database: Database) -> None:
    post, _ = await park_a_post(database)
    async with database.begin() as uow:
        nasty = {"type": "PostInThread", "words": "\u009b2J \u202e txt.exe \x1b]0;x\x07"}
        await uow.transaction.connection.execute(
            update(outbox).where(outbox.c.id == post).values(effect=nasty, error="no\u009b31m \x1b[2J")
        )
    for words in (("list",), ("show", "outbox", post, "--content")):
        _, out, _ = await operator.says("parked", *words)
        assert not {sign for sign in out if not sign.isprintable()} - {"\n"}


async def test_what_is_set_aside_again_after_it_was_tried_again_is_told_again(
    operator: Operator, database: Database
) -> None:
    timer = await park_a_timer(database)
    assert (await operator.says("parked", "retry", "timer", timer))[0] == 0
    async with database.begin() as uow:
        assert await uow.clocks.park_timer(timer)
        again = PostOperator("timer_parked", {"timer": "clock:1", "reason": "KeyError: 'y'"})
        assert await uow.outbox.add(again, dedupe_key=f"timer-parked:{timer}") is not None
    assert (await operator.says("parked", "list"))[1].endswith(": KeyError: 'y'\n")


@pytest.fixture
def filled(tmp_path: Path, sqlite_template: Path) -> Path:
    """A database with a ticket in it, where paths are not as one would like them."""
    folder = tmp_path / "100% ours? #1"
    folder.mkdir()
    file = Path(shutil.copy(sqlite_template, folder / "hezo360.sqlite3"))

    async def fill() -> None:
        database = make_database(f"sqlite+aiosqlite:///{file}".replace("?", "%3F"), FakeClock())
        await database.open()
        await stored_ticket(database, subject="x" * 300_000)
        await database.close()

    asyncio.run(fill())
    return file


@pytest.fixture
def at_sqlite(filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(tmp_path, capsys, f"sqlite+aiosqlite:///{filled}".replace("?", "%3F"))


@contextmanager
def nothing_larger_than(octets: int) -> Iterator[None]:
    """As on a full disk or over a quota: the kernel writes no file any further (setrlimit(2))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_backup_is_made_while_somebody_writes_and_put_back_elsewhere(
    at_sqlite: Operator, filled: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy #1 100%.sqlite3"
    with sqlite3.connect(filled) as writing:
        writing.execute("BEGIN IMMEDIATE")
        code, out, err = at_sqlite.types("backup", copy)
        assert (code, err) == (0, "")
        assert out == f"{copy}: {copy.stat().st_size} octets, revision {SCHEMA_REVISION}\n"
    assert copy.stat().st_mode & 0o777 == 0o600
    code, _, err = at_sqlite.types("backup", copy)
    assert (code, err) == (2, f"{copy} is there already and is not overwritten: move it away, or name another file\n")

    before = filled.read_bytes()
    code, _, err = at_sqlite.types("restore", copy)
    assert (code, err) == (2, f"{filled} is there already and is not overwritten: move it away, or name another file\n")
    assert filled.read_bytes() == before
    for leftover in ("-wal", "-shm"):
        at_sqlite.names(f"sqlite+aiosqlite:///{tmp_path}/new/hezo360.sqlite3")
        (tmp_path / "new").mkdir(exist_ok=True)
        file = tmp_path / "new" / f"hezo360.sqlite3{leftover}"
        file.touch()
        code, _, err = at_sqlite.types("restore", copy)
        assert (code, str(file) in err) == (2, True)
        file.unlink()
    code, out, _ = at_sqlite.types("restore", copy)
    assert (code, out) == (0, f"restored, revision {SCHEMA_REVISION}; hezo360 doctor, then start the bot\n")
    assert at_sqlite.types("db", "current")[:2] == (0, f"{SCHEMA_REVISION} (up to date)\n")
    assert at_sqlite.types("backup", tmp_path / "second.sqlite3")[0] == 0


def test_where_there_is_no_room_or_no_right_nothing_is_left_behind(
    at_sqlite: Operator, filled: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copies" / "copy.sqlite3"
    code, _, err = at_sqlite.types("backup", copy)
    assert (code, err) == (2, f"cannot write {copy} (No such file or directory)\n")
    code, _, err = at_sqlite.types("backup", "/proc/copy.sqlite3")
    assert (code, err.startswith("cannot write /proc/copy.sqlite3 (")) == (2, True)
    copy.parent.mkdir()
    with nothing_larger_than(200_000):
        code, _, err = at_sqlite.types("backup", copy)
    assert code == 2
    assert err.startswith(f"cannot copy {filled} to {copy}: ")
    assert "make room" in err
    assert list(copy.parent.iterdir()) == []
    assert at_sqlite.types("backup", copy)[0] == 0, "and it goes through when there is room"
    at_sqlite.names(f"sqlite+aiosqlite:///{tmp_path}/new/hezo360.sqlite3")
    with nothing_larger_than(200_000):
        code, _, err = at_sqlite.types("restore", copy)
    assert (code, "make room" in err) == (2, True)
    assert list((tmp_path / "new").iterdir()) == []
    code, _, err = at_sqlite.types("backup", tmp_path / "x")
    assert (code, err.endswith("correct database.url\n")) == (2, True)
    for words in (("backup", tmp_path), ("restore", tmp_path)):
        code, _, err = at_sqlite.types(*words)
        assert (code, "is a directory" in err) == (2, True)


def test_a_backup_that_is_damaged_newer_or_no_backup_is_not_put_back(
    at_sqlite: Operator, filled: Path, tmp_path: Path
) -> None:
    at_sqlite.types("backup", tmp_path / "good")
    at_sqlite.names(f"sqlite+aiosqlite:///{tmp_path}/new.sqlite3")
    octets = bytearray((tmp_path / "good").read_bytes())
    octets[4096 * 3 : 4096 * 30] = b"\xff" * (4096 * 27)
    (tmp_path / "damaged").write_bytes(octets)
    (tmp_path / "cut").write_bytes((tmp_path / "good").read_bytes()[:100_000])
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("[mail]\n" * 1000, "utf-8")
    shutil.copy(tmp_path / "good", tmp_path / "newer")
    with sqlite3.connect(tmp_path / "newer") as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    for name in ("damaged", "cut", "empty", "text", "newer", "missing"):
        code, _, err = at_sqlite.types("restore", tmp_path / name)
        assert (code, err.count("\n"), name in err or "9999" in err) == (2, 1, True), err
    assert not list(tmp_path.glob("new.sqlite3*"))
    assert filled.exists()


def test_postgresql_is_left_to_its_own_tools(
    postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    operator = Operator(tmp_path, capsys, postgres_url)
    code, _, err = operator.types("backup", tmp_path / "x.dump")
    assert (code, f"pg_dump --format=custom --file={tmp_path / 'x.dump'}" in err) == (2, True)
    code, _, err = operator.types("restore", tmp_path / "x.dump")
    assert (code, "pg_restore --dbname=NAME" in err) == (2, True)
    assert not list(tmp_path.glob("x.dump*"))
