"""The files of a mail: stored whole, or by their name alone, each with its reason."""

from __future__ import annotations

from email.message import EmailMessage
from hashlib import sha256

from bot.commands import FilesNotShown
from bot.effects import Note, PostInThread, PostOperator, ShareFiles
from bot.model import Attachment, Ticket
from bot.rules.mail_reading import read_mail
from handlers import attachments
from handlers.context import Context
from tests.fakes.memory_database import MemoryDatabase, run
from tests.storage.making import NOON, FakeClock, a_message, a_ticket, compose
from tests.support.timer_loops import plain_config

CTX = Context(NOON, plain_config(intake={"attachment_max_mb": 1, "attachments_max_count": 4}), b"")
LOG = bytes(range(256)) * 200


def a_mail(*files: tuple[str, bytes]) -> bytes:
    mail = EmailMessage()
    mail["From"] = "anna@klient.example"
    mail.set_content("W załączeniu pliki.")
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


async def received(database: MemoryDatabase, raw: bytes) -> tuple[Ticket, tuple[Attachment, ...]]:
    """Keep the files of a mail."""
    async with database.begin() as uow:
        ticket = await uow.tickets.add(a_ticket())
        message = await uow.tickets.add_message(a_message(ticket.id))
        await attachments.keep(uow, CTX, ticket, message, read_mail(raw), raw)
        return ticket, await uow.attachments.of_message(message.id)


def make_database() -> MemoryDatabase:
    return MemoryDatabase(clock=FakeClock(), compose=compose)


def test_each_file_is_kept_held_or_dropped_and_the_journal_says_why() -> None:
    database = make_database()
    big = b"x" * (1024 * 1024 + 1)
    raw = a_mail(("a.log", LOG), ("b.exe", b"MZ\0"), ("c.bin", big), ("a.log", LOG), ("e.txt", b"e"))
    ticket, files = run(received(database, raw))
    assert [(file.name, file.verdict, file.reason, file.size) for file in files] == [
        ("a.log", "kept", "", len(LOG)),
        ("b.exe", "held", "dangerous_name: exe", 3),
        ("c.bin", "dropped", f"too_large: {len(big)} B", len(big)),
        ("a (2).log", "kept", "", len(LOG)),
        ("e.txt", "dropped", "too_many: 4", 1),
    ]
    assert [file.sha256 for file in files] == [
        sha256(LOG).hexdigest(), sha256(b"MZ\0").hexdigest(), None, sha256(LOG).hexdigest(), None,
    ]  # fmt: skip
    assert sorted(map(len, database.tables.contents.values())) == [3, len(LOG)]
    (line,) = database.tables.journal[ticket.id]
    assert (line.kind, line.actor) == ("files_received", "anna@klient.example")
    assert [shown["name"] for shown in attachments.listed(files)] == [file.name for file in files]


def test_a_mail_without_files_leaves_no_trace() -> None:
    database = make_database()
    ticket, files = run(received(database, a_mail()))
    assert files == ()
    assert ticket.id not in database.tables.journal


def test_what_slack_did_not_show_is_told_in_the_thread_and_once_a_day_to_an_operator() -> None:
    database = make_database()
    ticket, files = run(received(database, a_mail(("a.log", LOG), ("b.log", b"b"), ("c.exe", b"MZ"))))

    async def tell() -> None:
        async with database.begin() as uow:
            await uow.attachments.set_slack_file(files[0].id, "F1")
            for _ in range(2):
                outbox_id = await uow.outbox.add(ShareFiles(ticket.id, files[0].message_id))
                assert outbox_id is not None
                await attachments.not_shown(FilesNotShown(outbox_id, "no scope"), uow, CTX)

    run(tell())
    effects = [row.effect for row in database.perform()]
    notes = [effect for effect in effects if isinstance(effect, PostInThread)]
    assert [note.note for note in notes] == [Note.FILES_NOT_SHOWN] * 2
    assert notes[0].data == {"names": ["b.log"], "reason": "no scope", "number": ticket.number}
    notices = [effect for effect in effects if isinstance(effect, PostOperator)]
    assert notices == [PostOperator("files_not_shown", {"reason": "no scope"})]
