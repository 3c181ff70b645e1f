# ruff: noqa: INP001 - a folder of programs, not a package
"""How many mails a second become tickets, beside two floors in the same run.

Every contender empties a mailbox of its own at Dovecot, filled with the same mails; they take turns, so that what else
the machine does is shared by all. From the connection to the last COMMIT, on files in one folder:

- floor, policy.default: bare IMAP fetch in batches of 50, Python's own reader with `email.policy.default` (the headers
  that the bot reads, the body, the files), and one INSERT and COMMIT a mail, WAL and synchronous=FULL;
- floor, fastest reader: the same with the bot's reader (`email.policy.compat32` and decoding of its own);
- the bot: its mailbox reader, its inbox loop, and the process that reads ahead, whose start is within the time. Stored,
  moved away at the server, read, screened, matched, checked against the registry; ticket, journal, clock, timers, Slack
  posts and the acknowledgement's octets committed.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import imaplib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from time import perf_counter, process_time

from sqlalchemy import text

from benchmarks.bot_core import make_database, plain_config
from benchmarks.mails import registry, report
from bot.collecting import collect_seldom
from bot.commands import EmailReceived
from bot.edges.clock import SystemClock
from bot.edges.imap_inbox import ImapInbox
from bot.edges.reading_ahead import ReadingAhead
from bot.loops.inbox import InboxLoop
from bot.ports import InboxRow
from bot.rules.mail_reading import attachment_contents, read_mail
from handlers.context import ContextMaker
from handlers.received_mail import reading_options
from storage.contract_import import import_contracts
from storage.engine import Database
from storage.inbox import MAIL
from storage.mail_sink import StoredMailSink
from tests.support.mailservers import PASSWORD, MailServers

_HEADERS = (
    "From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
    "Auto-Submitted", "Precedence", "Return-Path", "Authentication-Results", "X-Spam-Flag",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ingest:
    """Mails a second, of each round, and how many times the floor with policy.default the bot reaches."""

    mails: int
    octets_a_mail: int
    floor_policy_default: list[float]
    floor_fastest_reader: list[float]
    bot: list[float]
    floor_policy_default_cpu_ms: list[float]
    bot_cpu_ms: list[float]

    @property
    def cpu_ratio(self) -> float:
        """The same by the time on the processor, that of the bot's second process and its start included."""
        pairs = zip(self.bot_cpu_ms, self.floor_policy_default_cpu_ms, strict=True)
        return median(floor / ours for ours, floor in pairs)

    @property
    def ratio(self) -> float:
        """The median over the rounds of the bot's rate by that of the floor with policy.default of the same round."""
        return median(ours / floor for ours, floor in zip(self.bot, self.floor_policy_default, strict=True))


def measure(folder: Path, *, count: int, rounds: int, say: Callable[[str], None]) -> Ingest:
    """Fill the mailboxes and let the contenders take turns."""
    now = datetime.now(UTC)
    mails = [report(number, number, now) for number in range(1, count + 1)]
    by_default, by_ours, bot, default_cpu, bot_cpu = [], [], [], [], []
    with MailServers() as servers:
        for turn in range(rounds):
            accounts = [servers.fresh_address() for _ in range(3)]
            for account in accounts:
                servers.deliver(account, *mails)
            place = folder / f"round-{turn}"
            place.mkdir()
            before = process_time()
            by_default.append(count / _floor(servers, accounts[0], place / "default.sqlite3", _read_by_default, count))
            default_cpu.append((process_time() - before) / count * 1000)
            by_ours.append(count / _floor(servers, accounts[1], place / "fastest.sqlite3", _read_by_ours, count))
            took, cpu = asyncio.run(_bot(servers, accounts[2], place / "bot.sqlite3", count))
            bot.append(count / took)
            bot_cpu.append(cpu / count * 1000)
            rates = f"floors {by_default[-1]:.0f} and {by_ours[-1]:.0f}, bot {bot[-1]:.0f} mails/s"
            say(f"ingest, round {turn + 1}: {rates}")
    return Ingest(count, sum(map(len, mails)) // count, by_default, by_ours, bot, default_cpu, bot_cpu)


def _read_by_default(raw: bytes) -> str:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    headers = [str(value) for name in _HEADERS for value in mail.get_all(name, ())]
    body = mail.get_body(("plain", "html"))
    files = [part.get_content() for part in mail.iter_attachments()]
    return f"{headers[0]} {len(body.get_content() if body else '')} {len(files)}"


def _read_by_ours(raw: bytes) -> str:
    mail = read_mail(raw)
    files = list(attachment_contents(raw)) if mail.attachments else []
    return f"{mail.from_} {len(mail.text)} {len(files)}"


def _floor(servers: MailServers, account: str, file: Path, read: Callable[[bytes], str], count: int) -> float:
    """Seconds."""
    started = perf_counter()
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE mails (id INTEGER PRIMARY KEY, told TEXT NOT NULL, raw BLOB NOT NULL)")
    with imaplib.IMAP4("127.0.0.1", servers.ports["imap"]) as imap:
        imap.login(account, PASSWORD)
        imap.select("INBOX")
        uids = imap.uid("SEARCH", "ALL")[1][0].split()
        for first in range(0, len(uids), 50):
            batch = b",".join(uids[first : first + 50]).decode()
            for answer in imap.uid("FETCH", batch, "(UID BODY.PEEK[])")[1]:
                if isinstance(answer, tuple):
                    raw = answer[1]
                    database.execute("INSERT INTO mails (told, raw) VALUES (?, ?)", (read(raw), raw))  # autocommit
    (stored,) = database.execute("SELECT count(*) FROM mails").fetchone()
    took = perf_counter() - started
    database.close()
    assert stored == count, f"the floor stored {stored} of {count}"
    return took


async def _bot(servers: MailServers, account: str, file: Path, count: int) -> tuple[float, float]:
    """Seconds, and seconds of the processor in both processes; what is stored afterwards is checked."""
    collect_seldom()  # as the program does once it is up
    config = plain_config(mail=_mail_section(servers, account))
    clock = SystemClock()
    database = make_database(f"sqlite+aiosqlite:///{file}", clock, config)
    await database.open()
    try:
        await import_contracts(database, registry(count))
        read_mail(report(0, 1, datetime.now(UTC)))  # the floors' readers are imported and compiled, too
        stopping = asyncio.Event()
        contexts = ContextMaker(clock, config, b"a key of thirty-two octets ......")
        reader = ReadingAhead(reading_options(config))
        loop = InboxLoop(MAIL, database, _command, database.wakes.mail_inbox, contexts, reader=reader)
        mailbox = config.mail.imap[0]
        started, cpu, ended_before = perf_counter(), process_time(), _processor_of_ended()
        tasks = [
            asyncio.create_task(loop.run(stopping)),
            asyncio.create_task(ImapInbox(mailbox, StoredMailSink(database), on_waiting=reader.expect).run()),
        ]
        queued = database.wakes.mail_outbox  # set by every commit that wrote an acknowledgement; nobody sends here
        with closing(sqlite3.connect(file)) as looking:
            while looking.execute("SELECT count(*) FROM tickets").fetchone()[0] < count:
                await queued.wait()
                queued.clear()
        took, cpu = perf_counter() - started, process_time() - cpu
        stopping.set()
        database.wakes.mail_inbox.set()
        await tasks[0]
        tasks[1].cancel()
        await asyncio.gather(tasks[1], return_exceptions=True)
        await reader.close()
        cpu += _processor_of_ended() - ended_before
        await _check(database, count)
    finally:
        await database.close()
    return took, cpu


def _processor_of_ended() -> float:
    """Seconds of the processor that processes of ours took which have ended."""
    ended = getrusage(RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


async def _check(database: Database, count: int) -> None:
    """Everything that the issue names is there, and was synced to the disk."""
    expected = {
        "tickets WHERE state = 'open' AND accepted_at IS NOT NULL": count,
        "outbox WHERE type = 'SendMail' AND raw IS NOT NULL AND dedupe_key LIKE 'accepted:%'": count,
        "clocks WHERE state = 'running' AND kind = 'reaction'": count,
        "timers WHERE state = 'pending' AND kind = 'clock'": count,
        "inbox WHERE state = 'done'": count,
        "(SELECT DISTINCT ticket_id FROM journal WHERE kind = 'report_received')": count,
    }
    for what, wanted in expected.items():
        found = await _count(database, what)
        assert found == wanted, f"{what}: {found} instead of {wanted}"
    async with database.begin() as uow:
        assert (await uow.transaction.connection.exec_driver_sql("PRAGMA synchronous")).scalar() == 2, "not FULL"


async def _count(database: Database, what: str) -> int:
    async with database.read() as uow:
        found: int = await uow.transaction.connection.scalar(text(f"SELECT count(*) FROM {what}"))  # noqa: S608 - our own words
        return found


def _mail_section(servers: MailServers, account: str) -> dict[str, object]:
    server = {"host": "127.0.0.1", "security": "none"}
    mailbox = {"name": "pomoc", "username": account, "password": PASSWORD, "port": servers.ports["imap"]}
    return {"imap": [server | mailbox], "smtp": server}


def _command(row: InboxRow) -> EmailReceived:
    return EmailReceived(row.id, row.place, row.body, row.received_at, row.size, row.complete)
