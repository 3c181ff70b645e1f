"""`hezo360 explain` with a real database: whose ticket a mail continues, and that looking changes nothing."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.cli import main
from bot.commands import EmailReceived
from bot.config import Config
from bot.config_loading import load_config
from bot.effects import SendMail
from bot.model import Ticket
from bot.rules.mail_writing import OutgoingAttachment
from bot.rules.outgoing_mail import write_mail
from handlers.context import Context
from handlers.registry import dispatch
from storage.composing import ComposedMail
from storage.contract_import import import_contracts
from storage.engine import Database
from storage.mail_sink import StoredMailSink
from storage.schema import outbox
from tests.storage.making import FakeClock, content_key, fetched

KEY = b"a key of thirty-two octets ......"
CONTRACTS = """contract_number,customer,nip,valid_from,valid_to,serial,authorised
HZ360-2026-000042,Klient,834-171-00-08,2025-03-01,2035-02-28,FGT60FTK20001234,@klient.example
"""
CONFIG = """\
[[mail.imap]]
name = "pomoc"
host = "imap.example"
username = "pomoc@myhezo.pl"
password = "hidden"
[mail.smtp]
host = "smtp.example"
[slack]
bot_token = "xoxb-hidden"
app_token = "xapp-hidden"
support_channel = "C0001"
escalation_channel = "C0002"
engineers = ["U0001"]
[database]
url = "sqlite+aiosqlite:///{file}"
"""
DATE = "Mon, 2 Mar 2026 13:00:00 +0100"


def a_mail(sender: str, text: str, *fields: str) -> bytes:
    head = [f"From: {sender}", "To: pomoc@myhezo.pl", f"Date: {DATE}", *fields]
    return "\r\n".join([*head, "Content-Type: text/plain; charset=utf-8", "", text, ""]).encode()


async def taken_in(file: Path, config: Config, clock: FakeClock, raw: bytes) -> str:
    """A bot with a registry takes a mail in; gives the Message-ID of its answer."""

    def compose(
        effect: SendMail, row_id: int, ticket: Ticket | None, now: datetime, files: Sequence[OutgoingAttachment]
    ) -> ComposedMail:
        return ComposedMail(*write_mail(effect, row_id, ticket.number if ticket else None, now, config, KEY, files))

    database = Database(f"sqlite+aiosqlite:///{file}", clock=clock, compose=compose, read_content_key=content_key)
    await database.open()
    try:
        await import_contracts(database, CONTRACTS)
        await StoredMailSink(database).store([fetched(1, raw)])
        async with database.begin() as uow:
            await dispatch(
                EmailReceived(1, "pomoc", raw, clock.now(), len(raw)), uow, Context(clock.now(), config, KEY)
            )
        async with database.read() as uow:
            found = await uow.transaction.connection.execute(
                select(outbox.c.rfc_message_id).where(outbox.c.rfc_message_id.is_not(None))
            )
            return str(found.scalar_one())
    finally:
        await database.close()


@pytest.fixture
def explained(
    sqlite_template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, Any]]:
    """Explain a mail with the database of a bot that has asked anna@klient.example for a serial number."""
    file = tmp_path / "hezo360.sqlite3"
    shutil.copy(sqlite_template, file)
    config_file = tmp_path / "config.toml"
    config_file.write_text(CONFIG.format(file=file), "utf-8")
    config = load_config(config_file, {})
    raw = a_mail(
        "anna@klient.example", "Firewall działa niestabilnie, umowa HZ360-2026-000042", "Message-ID: <1@k.example>"
    )
    asked = asyncio.run(taken_in(file, config, FakeClock(), raw))
    before = file.read_bytes()

    def explain(raw: bytes) -> dict[str, Any]:
        mail = tmp_path / "mail.eml"
        mail.write_bytes(raw.replace(b"{asked}", asked.encode()))
        assert main(["--config", str(config_file), "explain", "--json", str(mail)]) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        assert {path.name for path in tmp_path.iterdir()} == {"hezo360.sqlite3", "config.toml", "mail.eml"}
        assert file.read_bytes() == before
        seen: dict[str, Any] = json.loads(printed.out)
        return seen

    return explain


def test_whoever_is_on_the_ticket_continues_it(explained: Callable[..., dict[str, Any]]) -> None:
    answer = a_mail(
        "anna@klient.example", "To drugie: FGT60FTK20001234", "In-Reply-To: {asked}", "Message-ID: <2@k.example>"
    )
    seen = explained(answer)
    assert (seen["verdict"], seen["details"]["ticket"]) == ("follow_up", "HEZO-2026-000001")
    assert seen["reason"] == "continues HEZO-2026-000001"
    assert (seen["serials"], seen["priority"]) == (["FGT60FTK20001234"], "non_critical")


@pytest.mark.parametrize("names", ["In-Reply-To: {asked}", "Subject: Re: [HEZO-2026-000001] Awaria"])
def test_a_stranger_who_quotes_the_number_waits_for_an_engineer(
    explained: Callable[..., dict[str, Any]], names: str
) -> None:
    seen = explained(a_mail("obcy@poczta.example", "Proszę mnie dołączyć, umowa HZ360-2026-000042", names))
    assert (seen["verdict"], seen["details"]["ticket"]) == ("held", "HEZO-2026-000001")
    assert seen["reason"] == "quotes HEZO-2026-000001, which its sender is not on: an engineer decides"


def test_our_own_mail_is_known_and_a_colleague_is_let_in(explained: Callable[..., dict[str, Any]]) -> None:
    own = explained(a_mail("pomoc@myhezo.pl", "Prosimy o numer seryjny", "Message-ID: {asked}"))
    assert (own["verdict"], own["reason"]) == ("loop", "our own mail, as the mail server delivered it")
    colleague = explained(a_mail("piotr@klient.example", "Oddzwaniam", "References: <1@k.example>"))
    assert colleague["reason"] == "continues HEZO-2026-000001"


def test_a_database_that_needs_an_upgrade_is_not_upgraded_by_looking(
    sqlite_template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "hezo360.sqlite3"
    shutil.copy(sqlite_template, file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM alembic_version")
    before = file.read_bytes()
    (tmp_path / "config.toml").write_text(CONFIG.format(file=file), "utf-8")
    (tmp_path / "mail.eml").write_bytes(a_mail("anna@klient.example", "Firewall padł"))
    assert main(["--config", str(tmp_path / "config.toml"), "explain", "--json", str(tmp_path / "mail.eml")]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["verdict"] == "report"
    assert "the database is at revision none, this program needs" in printed.err
    assert file.read_bytes() == before
