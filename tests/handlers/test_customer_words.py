"""Words to a customer go the way the customer came."""

from __future__ import annotations

from dataclasses import replace

from bot.commands import (
    AgreeDate,
    DecideSender,
    MailNotSent,
    MailSent,
    NextTurn,
    ReplyToCustomer,
)
from bot.effects import EditReply, MailKind, Note, ShareFiles
from handlers import customer_words
from handlers.context import Context
from tests.fakes.memory_database import run
from tests.handlers.desk import ANNA, DAIRY, EWA, KEY, MONDAY, Desk

REPORT = f"FortiGate nie działa. S/N {DAIRY.devices[0].serial}, umowa {DAIRY.number}. Priorytet: krytyczny."
CHANNEL, THREAD, PERSON = "C0SHARED", "1700000000.000100", "U0ANNA"


class SlackCustomerDesk(Desk):
    """A desk whose first ticket is Anna's, who is answered in a thread of her company's channel from now on."""

    def __init__(self) -> None:
        super().__init__()
        self.write(ANNA, REPORT)
        self.mails.clear()
        ticket = self.database.tables.tickets[1]
        self.database.tables.tickets[1] = replace(
            ticket, customer_channel=CHANNEL, customer_ts=THREAD, requester=PERSON
        )

    def last_row(self) -> int:
        """The outbox row of the last words to the customer."""
        rows = self.database.tables.outbox.values()
        return max(row.id for row in rows if row.effect in self.to_customers)


def test_a_reply_goes_into_the_thread_with_the_engineers_name() -> None:
    desk = SlackCustomerDesk()
    desk.do(ReplyToCustomer(EWA, 1, "Proszę o wynik polecenia.", NextTurn.CUSTOMER))
    [words] = desk.to_customers
    assert (words.kind, words.to, words.text) == (MailKind.REPLY, PERSON, "Proszę o wynik polecenia.")
    assert words.author_name == "Ewa Kowalska (HEZO 360)"
    assert (words.author, desk.mails) == (EWA.user, [])
    assert desk.clocks(1) == ["customer_reply"], "it counts exactly as a mail does"
    [post] = [post for post in desk.posts if post.note is Note.ENGINEER_REPLY]
    assert post.data["to"] == CHANNEL


def test_what_the_bot_says_has_the_same_sentences_without_a_letters_signature() -> None:
    desk = SlackCustomerDesk()
    desk.do(AgreeDate(EWA, 1, MONDAY.date().replace(day=25), MONDAY.time(), ""))
    assert "środa, 25 listopada 2026" in desk.to_customers[0].text
    desk.do(ReplyToCustomer(EWA, 1, "Czy mogę już zadzwonić?", NextTurn.CUSTOMER))
    desk.clock.move(hours=1)
    desk.do(ReplyToCustomer(EWA, 1, "Gotowe.", NextTurn.RESOLVED))
    assert [words.kind for words in desk.to_customers] == [MailKind.REPLY] * 3
    assert "Z poważaniem" not in "".join(words.text for words in desk.to_customers)


def test_what_became_of_it_is_shown_where_it_was_written() -> None:
    desk = SlackCustomerDesk()
    desk.do(ReplyToCustomer(EWA, 1, "Proszę.", NextTurn.NOBODY))
    desk.do(MailSent(desk.last_row()))
    desk.do(MailNotSent(desk.last_row(), "the channel is archived"))
    edits = [row.effect for row in desk.database.tables.outbox.values() if isinstance(row.effect, EditReply)]
    assert [edit.data["status"] for edit in edits] == ["sent", "failed"]
    [warning] = [post for post in desk.posts if post.note is Note.MAIL_NOT_SENT]
    assert warning.data == {"address": CHANNEL, "reason": "the channel is archived"}
    assert [line["to"] for line in desk.journal(1, "mail_sent")] == [PERSON]


def test_automatic_words_are_limited_as_mails_are() -> None:
    desk = SlackCustomerDesk()
    outbox_limit = desk.config.intake.automatic_mails_per_sender_and_hour

    async def count() -> int:
        async with desk.database.read() as uow:
            return await uow.outbox.automatic_mails_to(PERSON, MONDAY)

    assert run(count()) == 0
    ticket = desk.database.tables.tickets[1]
    ticket.facts["hold_reasons"] = []
    for _ in range(outbox_limit):
        desk.database.tables.automatic[PERSON.lower()] = (desk.clock.now(),) * outbox_limit
    held = replace(desk.database.tables.tickets[1], state=ticket.state.HELD)
    desk.database.tables.tickets[1] = held
    desk.do(DecideSender(EWA, 1, approve=False))
    assert desk.to_customers == []
    [note] = [post for post in desk.posts if post.note is Note.MAIL_WITHHELD]
    assert note.data["reason"] == "cap"


def test_files_go_along_into_the_thread() -> None:
    desk = SlackCustomerDesk()

    async def send() -> None:
        async with desk.database.begin() as uow:
            digest = await uow.attachments.keep(b"%PDF")
            ticket = await uow.tickets.get(1)
            ctx = Context(desk.clock.now(), desk.config, KEY)
            files = (("list.pdf", "application/pdf", digest),)
            await customer_words.send(uow, ctx, ticket, MailKind.NOTICE, "List przewozowy.", files=files)

    run(send())
    desk.perform()
    assert [words.text for words in desk.to_customers] == ["Dzień dobry,\n\nList przewozowy."]
    [share] = [row.effect for row in desk.database.tables.outbox.values() if isinstance(row.effect, ShareFiles)]
    assert share.to_customer
    [file] = [file for file in desk.database.tables.attachments.values() if file.message_id == share.message_id]
    assert (file.name, file.size, file.slack_file) == ("list.pdf", 4, None)
