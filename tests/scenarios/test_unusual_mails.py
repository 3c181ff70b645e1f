"""What else comes to a support mailbox: bounces, lists, robots, copies, ids used twice, mails that are too large."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest

from bot.sandbox.slack.model import Message
from tests.support.mailservers import GHOSTS, MailServers
from tests.support.world import REPORT, World, make_world, on_both, parsed, text_of, texts

pytestmark = pytest.mark.scenario

NUMBERS = "Numer seryjny FG121GTK25004672, umowa HZ360-2026-000101."


@pytest.fixture
async def world(tmp_path: Path, servers: MailServers | None) -> AsyncIterator[World]:
    """The bot takes mails of up to 1 MB."""
    async with make_world(tmp_path, servers) as world:
        for mailbox in world.tree["mail"]["imap"]:
            mailbox["max_size_mb"] = 1
        await world.fill_registry()
        await world.start_bot()
        yield world
        await world.bot.stop()
        assert world.slack.workspace.violations == []


async def ticket(world: World, number: int, containing: str) -> Message:
    """The head message of a ticket, once its thread holds these words."""
    card = await world.card(world.number(number))
    await world.in_thread(card, containing)
    return card


def said_by_customers(world: World) -> list[str]:
    """The customers' mails as they stand in the threads."""
    posts = [texts(message.blocks) for message in world.support.messages.values() if message.thread_ts]
    return [post for post in posts if post.startswith("📨")]


async def all_is_handled(world: World) -> None:
    """A report written now is answered and shown: one comes after the other, so all before it is done."""
    await world.write(world.john, "Hello, FG1K0FTB22900191 is down. HZ360-2026-000102", subject="Last")
    await world.mail_to(world.john, containing="We have accepted it")
    await world.in_slack(world.support, lambda m: m.thread_ts is not None and "is down" in texts(m.blocks))


@on_both
async def test_a_number_in_the_subject_is_enough_for_somebody_on_the_ticket(world: World) -> None:
    await world.write(world.anna, REPORT)
    await world.mail_to(world.anna)
    await world.write(world.anna, "Świeci czerwona dioda.", subject=f"Pytanie do {world.number(1)}")
    await ticket(world, 1, "Świeci czerwona dioda.")
    await all_is_handled(world)
    assert len(said_by_customers(world)) == 3
    assert len(world.mails_to(world.anna)) == 1


@on_both
async def test_a_mail_that_comes_twice_and_an_id_that_is_used_twice(world: World) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = world.anna, world.mail.support, "Awaria"
    mail["Message-ID"] = "<the-same@klient.test>"
    mail["Date"] = format_datetime(world.clock.now())  # or Postfix writes one into each copy, now and then another
    mail.set_content(f"Pierwsze. {NUMBERS}")
    for _ in range(3):
        await world.mail.submit(mail.as_bytes(), world.anna, [world.mail.support])
    await ticket(world, 1, "Pierwsze.")  # Postfix may let a later mail overtake an earlier one
    mail.set_content(f"Drugie. {NUMBERS}")
    await world.mail.submit(mail.as_bytes(), world.anna, [world.mail.support])
    await ticket(world, 2, "Drugie.")
    await all_is_handled(world)
    assert len(said_by_customers(world)) == 3
    assert len(world.mails_to(world.anna)) == 2


@on_both
async def test_a_mail_over_the_size_limit_is_asked_for_again(world: World) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = world.anna, world.mail.support, "Logi"
    mail["Message-ID"] = "<large@klient.test>"
    mail.set_content(NUMBERS)
    mail.add_attachment(b"x" * 1_200_000, maintype="application", subtype="octet-stream", filename="logi.bin")
    await world.mail.submit(mail.as_bytes(), world.anna, [world.mail.support])
    answer = await world.mail_to(world.anna)
    assert parsed(answer)["In-Reply-To"] == "<large@klient.test>"
    assert "rzekracza ona dopuszczalny rozmiar 1 MB" in text_of(answer)
    await ticket(world, 1, "nie została pobrana")


@pytest.mark.parametrize(
    ("sender", "headers"),
    [
        ("obcy@example.test", {"List-Id": "<users.example.test>", "Precedence": "list"}),
        ("no-reply@monitoring.test", {}),
        ("obcy@example.test", {"X-Spam-Flag": "YES"}),
    ],
)
async def test_a_robots_mail_with_numbers_is_shown_and_never_answered(
    world: World, sender: str, headers: dict[str, str]
) -> None:
    await world.write(sender, REPORT, headers=headers)
    await ticket(world, 1, "✋ Klient nie dostał automatycznej odpowiedzi")
    await all_is_handled(world)
    assert world.mails_to(sender) == []


async def test_mails_from_our_own_addresses_and_old_copies_are_left_alone(world: World) -> None:
    await world.write(world.mail.info, REPORT, to=world.mail.support)
    await world.write(world.anna, REPORT, headers={"X-Loop": world.mail.support})
    await all_is_handled(world)
    await world.card(world.number(1))
    assert len(said_by_customers(world)) == 1
    assert world.mails_to(world.anna) == []


async def test_a_bounce_is_shown_where_the_mail_was_written(world: World) -> None:
    await world.write(world.anna, REPORT)
    lost = parsed(await world.mail_to(world.anna))["Message-ID"]
    raw = (
        f"Return-Path: <>\r\nFrom: MAILER-DAEMON@klient.test\r\nTo: {world.mail.support}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <bounce@klient.test>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nyour mail could not be delivered\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.klient.test\r\n\r\n"
        f"Final-Recipient: rfc822; {world.anna}\r\nAction: failed\r\nStatus: 5.2.2\r\n"
        "Diagnostic-Code: smtp; 552 mailbox full\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {lost}\r\nSubject: x\r\n\r\n--b--\r\n"
    )
    await world.mail.submit(raw.encode(), "", [world.mail.support])
    await ticket(world, 1, f"📭 Poczta na adres {world.anna} nie dochodzi")
    await all_is_handled(world)
    assert len(world.mails_to(world.anna)) == 1


@pytest.mark.mailservers
@pytest.mark.parametrize("servers", ["debian"], indirect=True)
async def test_a_real_bounce_is_shown_where_the_mail_was_written(world: World) -> None:
    """Postfix takes our mail and cannot deliver it: the address that its report is about is found on the ticket."""
    await world.write(GHOSTS[0], REPORT)
    await ticket(world, 1, f"📭 Poczta na adres {GHOSTS[0]} nie dochodzi")
    await all_is_handled(world)
    assert len(said_by_customers(world)) == 2
