"""A person is found, given what is theirs, and taken out of every table, on both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import LargeBinary, select

from bot.effects import MailKind, Note, PostCard, PostInThread, SendMail
from bot.errors import OperatorError
from bot.escalations import Escalation, EscalationSource
from bot.model import Attachment, AttachmentVerdict, Direction, JournalEntry, Language, TicketState
from bot.ports import InboxState, OutboxState
from storage.contract_tables import contract_contacts, contracts
from storage.effects_json import effect_from_json
from storage.engine import Database
from storage.mail_sink import StoredMailSink
from storage.people import erase_person, find_person
from storage.person_export import exported
from storage.queues import InboxQueue, OutboxQueue
from storage.schema import inbox, metadata, outbox, tickets
from tests.storage.making import NOON, FakeClock, a_message, a_ticket, fetched

ANNA, BOSS = "anna@klient.example", "szef@klient.example"
SECRETS = ("anna@klient", "Anna Nowak", "serwerownia", "ANNA@KLIENT", "tajne-logi")
"""None of these may be anywhere afterwards."""


def mail(sender: str, text: str, number: int) -> bytes:
    head = (
        f"From: <{sender}>\r\nTo: pomoc@myhezo.pl\r\nMessage-ID: <{number}@klient.example>\r\nSubject: Sprawa\r\n\r\n"
    )
    return (head + text).encode()


async def a_history(database: Database) -> dict[str, int]:
    """Anna's ended report, a colleague's in which she takes part, and somebody else's that has her file."""
    await StoredMailSink(database).store(
        [
            fetched(1, mail(ANNA, "Nie dziala w serwerownia", 1)),
            fetched(2, mail(BOSS, f"Prosze pisac do {ANNA}", 2)),
            fetched(3, mail(ANNA.upper(), "Oferta?", 3)),
            fetched(4, mail(BOSS, "Moja sprawa", 4)),
            fetched(5, mail(ANNA, "zepsuta", 5)),
        ]
    )
    await StoredMailSink(database).store_unreadable("pomoc", 7, 6, "FETCH answered NO")
    await InboxQueue(database).add_slack("k1", "view_submission", json.dumps({"address": ANNA}).encode(), NOON)
    async with database.begin() as uow:
        own = await uow.tickets.add(
            a_ticket(
                state=TicketState.RESOLVED,
                closed_at=NOON,
                subject="serwerownia",
                slack_channel="C0",
                slack_ts="1.1",
                facts={"sender": {"authentic": None}, "reply_to_ids": ["<1@klient.example>"], "enquiry": False},
            )
        )
        other = await uow.tickets.add(
            a_ticket(state=TicketState.CLOSED, closed_at=NOON, requester=BOSS, requester_name="Jan Szef", subject="VPN")
        )
        foreign = await uow.tickets.add(a_ticket(requester="john@northwind.example", requester_name="John"))
        await uow.tickets.add_participant(own.id, ANNA)
        for address in (BOSS, ANNA):
            await uow.tickets.add_participant(other.id, address)
        wrote = await uow.tickets.add_message(a_message(own.id, text="serwerownia", inbox_id=1))
        await uow.tickets.add_message(
            replace(
                a_message(own.id),
                direction=Direction.TO_CUSTOMER,
                author="U0EWA",
                author_name="Ewa",
                text="Pani Anna Nowak!",
            )
        )
        joined = await uow.tickets.add_message(a_message(other.id, text="też serwerownia"))
        theirs = await uow.tickets.add_message(
            a_message(other.id, author=BOSS, author_name="Jan Szef", text=f"Anna Nowak ({ANNA}) potwierdza, VPN stoi.")
        )
        for message, ticket, content in (
            (wrote, own, b"tajne-logi"),
            (joined, other, b"shared"),
            (theirs, other, b"vpn"),
        ):
            file = Attachment(
                0, ticket.id, message.id, 0, "logi Anna Nowak.txt", "text/plain", 9, AttachmentVerdict.KEPT
            )
            await uow.attachments.add(file, content)
        shared = await uow.tickets.add_message(
            a_message(foreign.id, author="john@northwind.example", author_name="John")
        )
        await uow.attachments.add(
            Attachment(0, foreign.id, shared.id, 0, "a.txt", "text/plain", 6, AttachmentVerdict.KEPT), b"shared"
        )
        await uow.journal(
            JournalEntry(own.id, NOON, ANNA, "report_received", {"words": ["serwerownia"], "outcome": "complete"})
        )
        await uow.journal(JournalEntry(foreign.id, NOON, "U0EWA", "joined_by", {"address": ANNA, "number": own.number}))
        await uow.escalations.add(
            Escalation(
                0, own.id, EscalationSource.MAIL, "serwerownia stoi", ANNA, NOON, "24x7", {"steps": []},
                requester=ANNA, ended_at=NOON,
                facts={"joined": [["mail", "serwerownia", ANNA, NOON.isoformat(), None]]},
            )
        )  # fmt: skip
        for ticket_id, to, words in ((own.id, ANNA, "serwerownia"), (other.id, BOSS, "VPN"), (None, ANNA, "Oferta")):
            mail_to = SendMail(MailKind.NOTICE, ticket_id, to, "", words, f"{words}: Anna Nowak", Language.PL)
            await uow.outbox.add(mail_to)
        note: dict[str, object] = {"author": "Anna Nowak", "address": ANNA, "text": "serwerownia"}
        await uow.outbox.add(PostInThread(own.id, Note.CUSTOMER_WROTE, note))
        connection = uow.transaction.connection
        values = {"key": "k", "number": "HZ", "customer": "Mleczarnia", "nip": "1", "valid_from": NOON.date()}
        await connection.execute(contracts.insert(), values | {"valid_to": NOON.date(), "updated_at": NOON, "id": 1})
        for value in (ANNA, "joanna@klient.example", "@klient.example"):
            await connection.execute(contract_contacts.insert(), {"contract_id": 1, "value": value, "source": "import"})
        for number, ticket_id in ((1, own.id), (2, other.id), (3, None), (4, other.id), (7, None)):
            await uow.inbox.finish(number, InboxState.DONE, f"from {ANNA}", ticket_id)
        await uow.inbox.mark_parked(5, f"{ANNA}: cannot be understood")
    queue = OutboxQueue(database, "w")
    for row in await queue.claim(NOON + timedelta(days=1), 20):
        async with database.begin() as uow:
            await uow.outbox.mark_sent(row.id, {})
    return {"own": own.id, "other": other.id, "foreign": foreign.id}


async def everything(database: Database) -> str:
    """All that is stored, as one text."""
    found: list[str] = []
    async with database.read() as uow:
        for table in metadata.sorted_tables:
            for row in await uow.transaction.connection.execute(select(table)):
                for column, value in zip(table.c, row, strict=True):
                    shown = (
                        bytes(value).decode("utf-8", "replace")
                        if isinstance(column.type, LargeBinary) and value
                        else value
                    )
                    found.append(f"{table.name}.{column.name}={json.dumps(shown, ensure_ascii=False, default=str)}")
    return "\n".join(found)


def leaks(text: str) -> list[str]:
    return [line for line in text.splitlines() if any(secret.lower() in line.lower() for secret in SECRETS)]


async def test_a_person_is_taken_out_of_everything_and_the_facts_stay(database: Database, clock: FakeClock) -> None:
    ids = await a_history(database)
    before = await everything(database)
    tried = await erase_person(database, ANNA, really=False)
    assert await everything(database) == before, "a trial changes nothing"
    report = await erase_person(database, f" {ANNA.upper()} ", really=True, alias=lambda: "1f2e")
    assert report.counts == tried.counts
    assert (report.person.own, report.person.others) == ((ids["own"],), (ids["other"],))
    assert report.person.names == ("Anna Nowak",)
    assert [place[1:] for place in report.in_slack] == [("C0", "1.1")]
    after = await everything(database)
    assert [line for line in leaks(after) if "joanna@" not in line] == []
    assert "joanna@klient.example" in after, "another person"
    async with database.read() as uow:
        own, other = await uow.tickets.get(ids["own"]), await uow.tickets.get(ids["other"])
        assert (own.requester, own.requester_name, own.subject) == ("erased_1f2e", "", "[erased]")
        assert (own.state, own.number, own.closed_at, own.devices) == (TicketState.RESOLVED, own.number, NOON, ())
        assert (other.requester, other.subject) == (BOSS, "VPN"), "a colleague's ticket is theirs"
        _, words = await uow.tickets.messages(other.id)
        assert words.text == "[erased] (erased_1f2e) potwierdza, VPN stoi."
        files = [await uow.attachments.of_ticket(each) for each in ids.values()]
        assert [[file.sha256 is not None for file in those] for those in files] == [[False], [False, True], [True]]
        assert await uow.attachments.content(files[2][0].sha256 or "") == b"shared", "somebody else has it, too"
        lines = [(line.kind, line.actor, line.data) for line in await uow.journal_of(own.id)]
        assert lines == [
            ("report_received", "erased_1f2e", {"words": ["[erased]"], "outcome": "complete"}),
            ("words_erased", "bot", {"because": "request", "whole": True}),
        ]
        rows = (await uow.transaction.connection.execute(select(outbox).order_by(outbox.c.id))).all()
        assert [type(effect_from_json(row.type, row.effect)) for row in rows] == [SendMail] * 3 + [
            PostInThread,
            PostCard,
        ]
        assert (rows[1].raw, rows[1].effect["text"]) == (None, "VPN: [erased]"), "its octets name her"
        states = list(await uow.transaction.connection.scalars(select(inbox.c.state).order_by(inbox.c.id)))
        parked = InboxState.PARKED  # of the mail that nobody could read nothing is known
        assert states == [*[InboxState.DONE] * 5, parked, InboxState.DONE], "what is empty cannot be tried again"
        contacts = set(await uow.transaction.connection.scalars(select(contract_contacts.c.value)))
        assert contacts == {"joanna@klient.example", "@klient.example"}
    again = await erase_person(database, ANNA, really=True)
    assert (again.person.is_known, again.counts) == (False, {})


async def test_nothing_is_taken_out_while_something_is_under_way(database: Database, clock: FakeClock) -> None:
    ids = await a_history(database)
    async with database.begin() as uow:
        await uow.outbox.add(SendMail(MailKind.NOTICE, ids["own"], ANNA, "", "x", "y", Language.PL))
    with pytest.raises(OperatorError, match="1 mails to or from"):
        await erase_person(database, ANNA, really=True)
    async with database.begin() as uow:
        ticket = await uow.tickets.get(ids["other"])
        ticket.state = TicketState.OPEN
        await uow.tickets.update(ticket)
    with pytest.raises(OperatorError, match=f"open; resolve or close them first: {ticket.number}$"):
        await erase_person(database, ANNA, really=False)
    assert leaks(await everything(database))


async def test_what_was_set_aside_for_them_is_given_up(database: Database, clock: FakeClock) -> None:
    """It has neither words nor anybody to go to: tried again, it would only be set aside once more."""
    ids = await a_history(database)
    async with database.begin() as uow:
        await uow.outbox.add(SendMail(MailKind.NOTICE, ids["own"], ANNA, "", "x", "y", Language.PL))
    for row in await OutboxQueue(database, "w").claim(NOON + timedelta(days=1), 20):
        async with database.begin() as uow:
            await uow.outbox.mark_parked(row.id, f"550 {ANNA} unknown")
    await erase_person(database, ANNA, really=True)
    async with database.read() as uow:
        states = list(await uow.transaction.connection.scalars(select(outbox.c.state).where(outbox.c.ticket_id == 1)))
    assert OutboxState.PARKED not in states
    assert OutboxState.CANCELLED in states


async def test_an_address_outside_of_ascii_is_found_everywhere(database: Database, clock: FakeClock) -> None:
    address = "łucja@żółw.example"
    async with database.begin() as uow:
        ticket = await uow.tickets.add(a_ticket(state=TicketState.CLOSED, closed_at=NOON))
        await uow.tickets.add_message(a_message(ticket.id, text=f"Proszę pisać do {address.title()}"))
        await uow.journal(JournalEntry(ticket.id, NOON, "U0EWA", "joined_by", {"address": address}))
    report = await erase_person(database, address, really=True, alias=lambda: "1f2e")
    assert (report.counts["messages"], report.counts["journal"]) == (1, 1)
    assert "żółw" not in (await everything(database)).lower()


async def test_an_export_holds_what_is_theirs_and_nobody_elses(database: Database, clock: FakeClock) -> None:
    ids = await a_history(database)
    person = await find_person(database, ANNA)
    files = {path: content async for path, content in exported(database, person)}
    numbers = [await _number(database, ids[name]) for name in ("own", "other")]
    assert sorted(path for path in files if not path.startswith("files/")) == sorted(
        ["README.txt", "about.json", f"mails/{numbers[0]}/from-them-1.eml", "mails/no-ticket/from-them-3.eml",
         "mails/no-ticket/from-them-5.eml",
         f"mails/{numbers[0]}/to-them-1.eml", *(f"tickets/{number}.json" for number in numbers)]
    )  # fmt: skip
    assert sorted(content for path, content in files.items() if path.startswith("files/")) == [b"shared", b"tajne-logi"]
    own: dict[str, Any] = json.loads(files[f"tickets/{numbers[0]}.json"])
    other: dict[str, Any] = json.loads(files[f"tickets/{numbers[1]}.json"])
    assert [message["text"] for message in own["messages"]] == ["serwerownia", "Pani Anna Nowak!"]
    assert [message["text"] for message in other["messages"]] == ["też serwerownia"]
    assert "VPN" not in json.dumps(other), "what the colleague wrote is not given away"
    assert json.loads(files["about.json"])["representative_on"] == [{"contract": "HZ", "customer": "Mleczarnia"}]
    assert not (await find_person(database, "nobody@klient.example")).is_known


async def test_a_customer_of_a_shared_channel_is_known_by_their_slack_id(database: Database, clock: FakeClock) -> None:
    async with database.begin() as uow:
        ticket = await uow.tickets.add(
            a_ticket(
                state=TicketState.CLOSED, closed_at=NOON, requester="U0GUEST11", customer_channel="C0SHARED",
                assignee="U0EWA", facts={"by": "U0GUEST11"},
            )
        )  # fmt: skip
        wrote = await uow.tickets.add_message(a_message(ticket.id, author="U0GUEST11"))
        file = Attachment(0, ticket.id, wrote.id, 0, "a.txt", "text/plain", 1, AttachmentVerdict.KEPT)
        await uow.attachments.add(file, b"x")
        ours = replace(a_message(ticket.id), direction=Direction.TO_CUSTOMER, author="U0EWA", author_name="Ewa")
        await uow.tickets.add_message(ours)
        await uow.journal(JournalEntry(ticket.id, NOON, "U0GUEST11", "customer_wrote", {"message": wrote.id}))
    await InboxQueue(database).add_slack("k1", "event_callback", b'{"event": {"user": "U0GUEST11"}}', NOON)
    async with database.begin() as uow:
        await uow.inbox.finish(1, InboxState.DONE, "wrote")
    assert [path async for path, _ in exported(database, await find_person(database, "u0guest11"))][-1].startswith(
        "files/"
    )
    with pytest.raises(OperatorError, match="U0EWA works on tickets"):
        await erase_person(database, "U0EWA", really=True)
    report = await erase_person(database, "U0GUEST11", really=True)
    assert (report.person.own, report.counts["files"], report.counts["mails"]) == ((ticket.id,), 1, 1)
    assert "guest11" not in (await everything(database)).lower()


async def _number(database: Database, ticket_id: int) -> str:
    async with database.read() as uow:
        return str(await uow.transaction.connection.scalar(select(tickets.c.number).where(tickets.c.id == ticket_id)))
