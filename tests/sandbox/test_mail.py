"""The mail sandbox, as mail programs see it: Python's own smtplib and imaplib talk to it."""

from __future__ import annotations

import asyncio
import imaplib
import smtplib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.sandbox.clock import MovableClock
from bot.sandbox.imap_server import ImapServer
from bot.sandbox.mail import Account, MailSandbox

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SUPPORT = Account("pomoc", "s3cret", ("pomoc@myhezo.test", "info@myhezo.test"))
ANNA = Account("anna", "haslo", ("anna@klient.test",))
MESSAGE = b"From: Anna <anna@klient.test>\r\nSubject: broken\r\n\r\nIt smokes.\r\n"


@pytest.fixture
async def box() -> AsyncIterator[MailSandbox]:
    sandbox = MailSandbox(
        [SUPPORT, ANNA],
        clock=MovableClock(NOON, frozen=True),
        authserv_id="mx.myhezo.test",
        authentication={"klient.test": "pass", "fraud.test": "fail"},
    )
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


async def send(box: MailSandbox, recipient: str, message: bytes = MESSAGE, sender: str = "anna@klient.test") -> None:
    def talk() -> None:
        with smtplib.SMTP("127.0.0.1", box.smtp_port, timeout=60) as smtp:
            smtp.sendmail(sender, [recipient], message)

    await asyncio.to_thread(talk)


async def test_a_mail_is_found_by_imap_with_trace_fields_on_top(box: MailSandbox) -> None:
    await send(box, "pomoc+HZ-1.abc@myhezo.test")

    def read() -> bytes:
        with imaplib.IMAP4("127.0.0.1", box.imap_port, timeout=60) as imap:
            imap.login("pomoc", "s3cret")
            imap.select()
            _, data = imap.fetch("1", "(INTERNALDATE BODY.PEEK[])")
            assert isinstance(data[0], tuple)
            assert b'INTERNALDATE "24-Nov-2026 12:00:00 +0000"' in data[0][0]
            return bytes(data[0][1])

    stored = await asyncio.to_thread(read)
    names = [line.split(b":")[0] for line in stored.split(b"\r\n\r\n")[0].split(b"\r\n") if not line.startswith(b"\t")]
    assert names == [b"Return-Path", b"Delivered-To", b"Received", b"Authentication-Results", b"From", b"Subject"]
    assert b"Delivered-To: pomoc+HZ-1.abc@myhezo.test\r\n" in stored
    assert b"Tue, 24 Nov 2026 12:00:00 +0000" in stored
    assert stored.endswith(MESSAGE)


@pytest.mark.parametrize("address", ["info@myhezo.test", "POMOC@MyHezo.TEST", "pomoc+a+b@myhezo.test"])
async def test_aliases_cases_and_details_reach_the_same_mailbox(box: MailSandbox, address: str) -> None:
    await send(box, address, sender="")
    delivery = await box.wait_for(lambda d: d.account == "pomoc", 5)
    assert (delivery.number, delivery.recipient, delivery.envelope_from) == (1, address, "")
    assert (delivery.raw, delivery.at) == (MESSAGE, NOON)


@pytest.mark.parametrize("address", ["nobody@myhezo.test", "pomoc@other.test", "pomocnik@myhezo.test"])
async def test_unknown_recipients_are_refused(box: MailSandbox, address: str) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        await send(box, address)
    assert caught.value.recipients[address][0] == 550


@pytest.mark.parametrize(
    ("author", "verdict"),
    [(b"anna@klient.test", b"dmarc=pass"), (b"boss@fraud.test", b"dmarc=fail"), (b"a@new.test", b"dmarc=none")],
)
async def test_verdicts_go_by_the_authors_domain_and_forged_ones_are_removed(
    box: MailSandbox, author: bytes, verdict: bytes
) -> None:
    forged = b"Authentication-Results: mx.myhezo.test; dmarc=pass header.from=any\r\nReturn-Path: <forged@x>\r\n"
    message = b"From: A <" + author + b">\r\n" + forged + b"Subject: x\r\n\r\nAuthentication-Results: in the body\r\n"
    await send(box, "pomoc@myhezo.test", message)
    (stored,) = (await box.imap.messages("pomoc")).values()
    assert verdict + b" header.from=" + author.split(b"@")[1] in stored
    assert b"header.from=any" not in stored
    assert stored.count(b"Return-Path:") == 1
    assert stored.endswith(b"Authentication-Results: in the body\r\n")


async def test_logins(box: MailSandbox) -> None:
    def log_in(password: str) -> None:
        with smtplib.SMTP("127.0.0.1", box.smtp_port, timeout=60) as smtp:
            smtp.login("anna", password)

    await asyncio.to_thread(log_in, "haslo")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        await asyncio.to_thread(log_in, "wrong")
    box.faults.refuse_logins = True
    with pytest.raises(smtplib.SMTPAuthenticationError):
        await asyncio.to_thread(log_in, "haslo")


async def test_mail_only_after_a_login() -> None:
    box = MailSandbox([SUPPORT], require_login=True)
    await box.start()
    try:
        with pytest.raises(smtplib.SMTPSenderRefused, match="Authentication required"):
            await send(box, "pomoc@myhezo.test")
    finally:
        await box.stop()


async def test_waiting_for_what_comes_later_and_only_for_that(box: MailSandbox) -> None:
    await send(box, "pomoc@myhezo.test")
    later = asyncio.create_task(box.wait_for(lambda d: d.account == "pomoc", 5, after=1))
    revision = asyncio.create_task(box.wait_for_revision(2, 5))
    await asyncio.sleep(0)
    assert not later.done()
    await send(box, "pomoc@myhezo.test")
    assert (await later).number == 2
    assert await revision
    assert not await box.wait_for_revision(3, 0.01)
    with pytest.raises(TimeoutError, match="none of 2 deliveries"):
        await box.wait_for(lambda d: d.account == "anna", 0.01)


async def test_a_restart_keeps_ports_and_mails(box: MailSandbox) -> None:
    await send(box, "pomoc@myhezo.test")
    ports = box.imap_port, box.smtp_port
    await box.stop()
    with pytest.raises(ConnectionRefusedError):
        await send(box, "pomoc@myhezo.test")
    await box.start()
    assert (box.imap_port, box.smtp_port) == ports
    await send(box, "pomoc@myhezo.test")
    assert len(await box.imap.messages("pomoc")) == 2


async def test_an_account_made_later(box: MailSandbox) -> None:
    await box.add_account(Account("jan", "x", ("jan@klient.test",)))
    await send(box, "jan@klient.test")
    assert len(await box.imap.messages("jan")) == 1


async def test_mail_that_came_between_two_commands_wakes_idle(box: MailSandbox) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", box.imap_port)

    async def say(command: bytes, until: bytes) -> bytes:
        writer.write(command)
        async with asyncio.timeout(60):
            return await reader.readuntil(until)

    await say(b"a LOGIN pomoc s3cret\r\n", b"a OK")
    await say(b"b SELECT INBOX\r\n", b"b OK")
    await send(box, "pomoc@myhezo.test")
    await say(b"c IDLE\r\n", b"1 EXISTS\r\n")
    await send(box, "pomoc@myhezo.test")
    await say(b"", b"2 EXISTS\r\n")
    writer.close()
    await writer.wait_closed()


async def test_the_clock_dates_the_mails() -> None:
    clock = MovableClock(NOON, frozen=True)
    box = MailSandbox([SUPPORT], clock=clock)
    await box.start()
    try:
        await send(box, "pomoc@myhezo.test")
        clock.move(timedelta(days=3))
        await send(box, "pomoc@myhezo.test")
        assert [delivery.at for delivery in box.deliveries] == [NOON, NOON + timedelta(days=3)]
    finally:
        await box.stop()


HEADER = st.sampled_from(["Content-Type: ", "Subject: ", "Message-ID: ", "References: ", "From: ", ""])
LINE = st.tuples(HEADER, st.text(st.characters(codec="latin-1"), max_size=40)).map("".join)


@settings(max_examples=60, deadline=None)
@example("Content-Type: x; charset*=\0utf-8''%\r\n\r\nPython's header parser raises on this one\r\n")
@given(st.lists(LINE, max_size=6).map("\r\n".join))
def test_any_octets_are_taken_and_given_back(text: str) -> None:
    raw = text.encode("latin-1")

    async def put_and_get() -> list[bytes]:
        server = ImapServer()
        await server.add_account("a", "b")
        await server.append("a", raw, NOON)
        return list((await server.messages("a")).values())

    assert asyncio.run(put_and_get()) == [raw]


def test_no_password_in_a_repr() -> None:
    assert "s3cret" not in repr(SUPPORT)
