"""The customers' mails are what real programs write, and the bot can read them."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

import aiosmtplib
import pytest

from bot.rules.contract_csv import parse_contracts
from bot.rules.mail_reading import read_mail
from bot.rules.reply_text import new_words
from bot.rules.serial_numbers import find_serials
from bot.sandbox.clock import MovableClock
from bot.sandbox.mail import MailSandbox
from bot.sandbox.web_customers import CUSTOMERS, Customer, examples
from bot.sandbox.web_letters import Quoted, answer_subject, write
from bot.sandbox.web_mail import CustomerMail

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OURS = Quoted(
    author="Ewa Kowalska (HEZO 360)",
    address="pomoc@myhezo.pl",
    to="klient@firma.example",
    subject="[HEZO-2026-000001] Awaria",
    sent_at=NOW.astimezone(ZoneInfo("Europe/Warsaw")),
    text="Dzień dobry,\n\nproszę o wynik polecenia & <logi>.\n",
    message_id="<reply.1@myhezo.pl>",
    references=("<first@firma.example>",),
)


def registry() -> list[dict[str, str]]:
    text = files("bot.sandbox").joinpath("data", "demo_contracts.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_the_demo_registry_has_no_bad_row() -> None:
    parsed = parse_contracts(files("bot.sandbox").joinpath("data", "demo_contracts.csv").read_bytes())
    assert parsed.bad_rows == ()
    assert parsed.contracts


@pytest.mark.parametrize("person", CUSTOMERS, ids=lambda person: person.key)
def test_the_customers_numbers_are_in_the_registry(person: Customer) -> None:
    rows = [row for row in registry() if row["contract_number"] == person.contract and row["serial"] == person.serial]
    assert len(rows) == 1
    authorised = rows[0]["authorised"].split(";")
    knows = person.address in authorised or "@" + person.address.partition("@")[2] in authorised
    assert knows == (person.key != "jan"), "all but the stranger are on their contract"


@pytest.mark.parametrize("person", CUSTOMERS, ids=lambda person: person.key)
def test_the_ready_made_mails_are_what_their_titles_say(person: Customer) -> None:
    mails = {example.key: example for example in examples(person, "pomoc@x.example", "info@x.example")}
    serials = {key: find_serials(example.text) for key, example in mails.items()}
    assert [device.serial for device in serials["critical"].fortigate] == [person.serial]
    assert not serials["no-numbers"].fortigate
    assert person.serial not in mails["letter-o"].text.upper()
    suggested = [suggestion.suggested for suggestion in serials["letter-o"].suggestions]
    assert [person.serial] in ([device.serial for device in serials["letter-o"].fortigate], suggested)
    assert [other.product for other in serials["other-product"].other_products] == ["FortiSwitch"]
    assert mails["offer"].to == "info@x.example"
    assert [example.key for example in mails.values() if example.automatic] == ["absent"]


@pytest.mark.parametrize("person", CUSTOMERS, ids=lambda person: person.key)
def test_an_answer_quotes_as_the_program_does_and_the_bot_finds_the_new_words(person: Customer) -> None:
    words = "Oto wynik:\n\nVersion: v7.4.4"
    mail = write(person, "pomoc@myhezo.pl", answer_subject(person, OURS.subject), words, NOW, answers=OURS)
    raw = mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))
    assert mail["In-Reply-To"] == "<reply.1@myhezo.pl>"
    assert mail["References"] == "<first@firma.example> <reply.1@myhezo.pl>"
    read = read_mail(raw)
    assert "wynik polecenia" in read.text
    assert new_words(read.text, read.subject).new_text.strip() == words


def test_an_automatic_answer_is_marked_as_one() -> None:
    mail = write(CUSTOMERS[0], "pomoc@myhezo.pl", "Nieobecność", "Jestem na urlopie.", NOW, automatic=True)
    assert mail["Auto-Submitted"] == "auto-replied"


async def test_an_automatic_answer_has_no_reverse_path() -> None:
    clock = MovableClock(NOW)
    person = CUSTOMERS[0]
    server = MailSandbox([person.account], clock=clock)
    mail = CustomerMail([person], server, clock, support="a@x.example", info="a@x.example", escalation="a@x.example")
    await server.start()
    try:
        await mail.send("anna", person.address, "Nieobecność", "Jestem na urlopie.", automatic=True)
        assert [delivery.envelope_from for delivery in server.deliveries] == [""]
    finally:
        await server.stop()


def test_a_subject_is_not_answered_twice() -> None:
    anna, john = CUSTOMERS[0], CUSTOMERS[1]
    assert answer_subject(anna, "Awaria") == "Re: Awaria"
    assert answer_subject(john, "Down") == "RE: Down"
    assert answer_subject(john, "Re: Down") == "Re: Down"


async def test_conversations_hold_together_by_their_message_ids() -> None:
    clock = MovableClock(NOW)
    people = CUSTOMERS[:2]
    server = MailSandbox([person.account for person in people], clock=clock)
    anna, john = (person.address for person in people)
    mail = CustomerMail(people, server, clock, support=john, info=john, escalation=john)
    await server.start()
    try:
        first = await mail.send("anna", john, "Dzień dobry", "Jak tam?")
        got = await mail.wait_for("john", "jak TAM", 5)
        await mail.send("john", anna, "RE: Dzień dobry", "Fine.", answers=got.id, quote=True)
        back = await mail.wait_for("anna", "Fine.", 5)
        assert back.thread == first.thread
        assert "Jak tam?" in back.text
        other = await mail.send("anna", john, "Dzień dobry", "To nowa sprawa.")
        assert other.thread != first.thread
        assert [letter.id for letter in mail.letters("anna")] == [first.id, back.id, other.id]
        with pytest.raises(TimeoutError):
            await mail.wait_for("anna", "never written", 0.05)
        with pytest.raises(LookupError):
            mail.letter("r999")
    finally:
        await server.stop()


async def test_a_mail_that_can_not_be_read_is_shown_as_such() -> None:
    clock = MovableClock(NOW)
    person = CUSTOMERS[0]
    server = MailSandbox([person.account], clock=clock)
    mail = CustomerMail([person], server, clock, support="a@x.example", info="a@x.example", escalation="a@x.example")
    await server.start()
    try:
        for raw in (b"From: =?utf-8?b?4pyT\r\n\r\n\xff\xfe", b"Content-Type: multipart/mixed\r\n\r\n--", b"\r\n\r\n"):
            await aiosmtplib.send(
                raw,
                sender="odd@x.example",
                recipients=[person.address],
                hostname="127.0.0.1",
                port=server.smtp_port,
                start_tls=False,
            )
        await server.wait_for_revision(3, 5)
        assert len([entry for entry in mail.entries() if entry[0].startswith("mail/letter/")]) == 3
    finally:
        await server.stop()
