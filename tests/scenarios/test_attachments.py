"""A customer's files: from a real mailbox to the ticket, and from there into its thread in Slack."""

from __future__ import annotations

import struct
import zlib
from email.message import EmailMessage
from pathlib import Path

import pytest

from bot.sandbox.slack.model import File, Message
from tests.support.post_office import PATIENCE
from tests.support.world import REPORT, World, running, texts

pytestmark = pytest.mark.scenario

LOG = b'date=2026-11-23 level=critical msg="power supply failed"\n' * 400
SOON = {"first_wait": "1s", "longest_wait": "1s", "in_doubt_wait": "3s"}


def png(width: int, height: int) -> bytes:
    """A grey picture of that size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = (b"\0" + b"\x80" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def report(world: World, *files: tuple[str, bytes]) -> EmailMessage:
    """Anna's report with files."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Anna Nowak <{world.anna}>", world.mail.support, "Awaria"
    mail["Message-ID"] = f"<files-{len(files)}@klient.test>"
    mail.set_content(REPORT)
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail


async def send(world: World, mail: EmailMessage) -> Message:
    """Send Anna's mail; gives the ticket's head message."""
    await world.submit(mail.as_bytes(), world.anna, [world.mail.support])
    return await world.card(world.number(1))


def shown(world: World, card: Message) -> list[File]:
    """The files in the ticket's thread, as they stand there."""
    workspace = world.slack.workspace
    return [workspace.files[file] for post in workspace.thread(world.support.id, card.ts)[1:] for file in post.files]


async def until_shown(world: World, card: Message, count: int) -> list[File]:
    """Wait for so many files in the thread."""
    await world.slack.workspace.wait_for(lambda: len(shown(world, card)) >= count, PATIENCE, f"{count} files")
    return shown(world, card)


async def test_screenshots_and_logs_are_shown_programs_are_held_and_logos_left_out(
    tmp_path: Path, world: World
) -> None:
    screenshot, logo = png(1200, 700), png(90, 30)
    mail = report(world)
    html = '<p>Numer seryjny FG121GTK25004672, umowa HZ360-2026-000101</p><img src="cid:a@x"><img src="cid:b@x">'
    mail.add_alternative(html, subtype="html")
    body = mail.get_body(("html",))
    assert body is not None
    body.add_related(screenshot, "image", "png", cid="<a@x>", filename="image001.png", disposition="inline")
    body.add_related(logo, "image", "png", cid="<b@x>", filename="image002.png", disposition="inline")
    mail.add_attachment(LOG, maintype="text", subtype="plain", filename="<!channel> *log*.txt")
    mail.add_attachment(b"MZ\0", maintype="image", subtype="png", filename="naprawa\u202egnp.exe")
    card = await send(world, mail)

    post = await world.in_thread(card, "image001.png")
    said = texts(post.blocks)
    assert "📎 \nimage001.png\n (3 KB, obraz)" in said
    assert "📎 \n_!channel_ _log_.txt\n (23 KB, tekst)" in said
    assert "🔒 \nnaprawagnp.exe\n (3 B, program): zatrzymany, bo typ .exe bywa groźny" in said
    assert f"hezo360 attachments list {world.number(1)}" in said
    assert "image002.png" not in said
    files = await until_shown(world, card, 2)
    assert [file.content for file in files] == [screenshot, LOG]
    with_files = [m for m in world.slack.workspace.thread(world.support.id, card.ts) if m.files]
    assert len(with_files) == 1
    assert with_files[0].text.startswith("📎 Pliki z wiadomości klienta")
    assert not any(file.name.endswith(".exe") for file in world.slack.workspace.files.values())
    stored = "SELECT name, verdict, length(content) FROM attachments JOIN blobs USING (sha256) ORDER BY attachments.id"
    kept = world.ask(stored)
    assert [(verdict, size) for _, verdict, size in kept] == [
        ("kept", len(screenshot)),
        ("kept", len(LOG)),
        ("held", 3),
    ]


async def test_without_the_scope_the_operator_is_told_no_post_waits_and_the_files_come_once_it_is_given(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, retry=SOON) as world:
        world.slack.faults.revoke_scope("files:write")
        card = await send(world, report(world, ("a.log", LOG)))
        await world.in_slack(world.escalation, lambda m: "files:write" in texts(m.blocks))
        await world.write(world.anna, "Jeszcze jedno.", subject=world.number(1))
        await world.in_thread(card, "Jeszcze jedno.")
        assert shown(world, card) == []
        world.slack.faults.clear()
        [file] = await until_shown(world, card, 1)
        assert file.content == LOG
