"""The customers' mail program: reads what reached their mailboxes, sends through the sandbox's SMTP server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

import aiosmtplib

from bot.ports import Clock
from bot.sandbox.mail import MailSandbox
from bot.sandbox.web_customers import Customer, customer, examples
from bot.sandbox.web_letters import Enclosed, Quoted, answer_subject, quotation, write

Json = dict[str, Any]

MOST_LETTERS = 400
"""The page shows that many of the latest mails of one person."""
_SEND_LIMIT = 10.0
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in somebody's program.

    Attributes:
        id: "r7" for the seventh delivery, "s2" for the second mail sent here.
        person: Whose it is.
        at: When it was delivered or sent, aware, UTC.
        thread: The id of the first mail of its conversation.
    """

    id: str
    person: Customer
    sent: bool
    at: datetime
    raw: bytes = field(repr=False)
    author: str
    address: str
    to: str
    subject: str
    text: str
    html: str | None
    files: tuple[str, ...]
    message_id: str
    references: tuple[str, ...]
    thread: str


class MailNotSent(Exception):
    """The SMTP server did not take the mail; says what it answered."""


class CustomerMail:
    """The mailboxes of the customers.

    Args:
        people: Who they are; each needs an account in `server`.
        server: Where their mail goes and comes from.
        clock: Dates what they write.
        support: The service's address for reports.
        info: The service's address for enquiries.
        escalation: The service's address for escalations.
        zone: The zone in which they read the clock.
    """

    def __init__(
        self,
        people: Sequence[Customer],
        server: MailSandbox,
        clock: Clock,
        *,
        support: str,
        info: str,
        escalation: str,
        zone: str = "Europe/Warsaw",
    ) -> None:
        self.people = tuple(people)
        self._server = server
        self._clock = clock
        self._addresses = (support, info, escalation)
        self._zone = ZoneInfo(zone)
        self._letters: dict[str, Letter] = {}
        self._threads: dict[tuple[str, str], str] = {}
        self._seen_delivery = 0
        self._sent_count = 0

    # --- reading

    def letters(self, person: str) -> list[Letter]:
        """What this person sent and received, oldest first."""
        self._collect()
        return [letter for letter in self._letters.values() if letter.person.key == person]

    def letter(self, letter_id: str) -> Letter:
        """A mail by its id.

        Raises:
            LookupError: there is none.
        """
        self._collect()
        if letter_id not in self._letters:
            raise LookupError(f"there is no mail {letter_id!r}")
        return self._letters[letter_id]

    async def wait_for(self, person: str, words: str, within: float, *, after: datetime | None = None) -> Letter:
        """The first mail received by this person with these words in subject or text, past or to come.

        Args:
            words: In any case.
            within: The patience in seconds.
            after: Only mails delivered later than this count.

        Raises:
            TimeoutError: none came.
        """

        def found() -> Letter | None:
            return next(
                (
                    letter
                    for letter in self.letters(person)
                    if not letter.sent
                    and (after is None or letter.at > after)
                    and words.lower() in f"{letter.subject}\n{letter.text}".lower()
                ),
                None,
            )

        deadline = asyncio.get_running_loop().time() + within
        while (letter := found()) is None:
            remaining = deadline - asyncio.get_running_loop().time()
            if remaining <= 0 or not await self._server.wait_for_revision(self._server.revision + 1, remaining):
                raise TimeoutError(f"{person} got no mail with {words!r} within {within} s")
        return letter

    def _collect(self) -> None:
        """Read what was delivered since the last time."""
        by_account = {person.account.name: person for person in self.people}
        for delivery in self._server.deliveries:
            if delivery.number <= self._seen_delivery:
                continue
            self._seen_delivery = delivery.number
            person = by_account.get(delivery.account)
            if person is not None:
                self._keep(f"r{delivery.number}", person, delivery.raw, delivery.at, sent=False)

    def _keep(self, letter_id: str, person: Customer, raw: bytes, at: datetime, *, sent: bool) -> Letter:
        fields = _read(raw)
        earlier = (self._threads.get((person.key, known)) for known in reversed(fields["references"]))
        thread = next((found for found in earlier if found), letter_id)
        letter = Letter(id=letter_id, person=person, sent=sent, at=at, raw=raw, thread=thread, **fields)
        self._threads.setdefault((person.key, letter.message_id), thread)
        self._letters[letter_id] = letter
        return letter

    # --- writing

    async def send(
        self, person: str, to: str, subject: str, text: str, *, answers: str | None = None, quote: bool = True,
        automatic: bool = False, files: Sequence[Enclosed] = (),
    ) -> Letter:  # fmt: skip
        """Send a mail through the SMTP server and keep it among the sent ones.

        Args:
            person: Who writes.
            text: The new words.
            answers: The id of the mail that this one answers.
            quote: Whether that mail is quoted.
            automatic: Whether it pretends to be an automatic answer; its reverse path is empty then (RFC 3834 §3.3).
            files: What is attached.

        Raises:
            LookupError: no such person or mail.
            MailNotSent: the server did not take it.
        """
        author = customer(person)
        answered = self._quoted(self.letter(answers)) if answers is not None else None
        now = self._clock.now()
        mail = write(
            author, to, subject, text, now.astimezone(self._zone), answers=answered, quote=quote, automatic=automatic,
            files=files,
        )  # fmt: skip
        raw = mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))
        try:
            async with aiosmtplib.SMTP(
                hostname="127.0.0.1", port=self._server.smtp_port, start_tls=False, timeout=_SEND_LIMIT
            ) as client:
                await client.sendmail("" if automatic else author.address, [to], raw)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailNotSent(str(error)) from error
        self._sent_count += 1
        return self._keep(f"s{self._sent_count}", author, raw, now, sent=True)

    def draft(self, letter_id: str) -> Json:
        """What the person's program puts into the window when they press "Reply".

        Raises:
            LookupError: there is no such mail.
        """
        letter = self.letter(letter_id)
        quoted = self._quoted(letter)
        return {
            "to": letter.to if letter.sent else letter.address,
            "subject": answer_subject(letter.person, letter.subject),
            "quote": quotation(letter.person, quoted),
        }

    def _quoted(self, letter: Letter) -> Quoted:
        return Quoted(
            author=letter.author,
            address=letter.address,
            to=letter.to,
            subject=letter.subject,
            sent_at=letter.at.astimezone(self._zone),
            text=letter.text,
            message_id=letter.message_id,
            references=letter.references,
        )

    # --- for the page

    def entries(self) -> Iterator[tuple[str, Json]]:
        """Everybody, their mails, and their ready-made mails."""
        support, info, _ = self._addresses
        for place, person in enumerate(self.people):
            yield (
                f"mail/person/{person.key}",
                {
                    "key": person.key,
                    "name": person.name,
                    "address": person.address,
                    "about": person.about,
                    "place": place,
                    "to": list(self._addresses),
                    "examples": [
                        {
                            "key": example.key,
                            "title": example.title,
                            "to": example.to,
                            "subject": example.subject,
                            "text": example.text,
                            "automatic": example.automatic,
                            "files": list(example.files),
                        }
                        for example in examples(person, support, info)
                    ],
                },
            )
            for letter in self.letters(person.key)[-MOST_LETTERS:]:
                yield f"mail/letter/{letter.id}", _letter_json(letter)


def _letter_json(letter: Letter) -> Json:
    return {
        "id": letter.id,
        "person": letter.person.key,
        "sent": letter.sent,
        "at": letter.at.isoformat(),
        "author": letter.author,
        "address": letter.address,
        "to": letter.to,
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html is not None,
        "files": list(letter.files),
        "thread": letter.thread,
    }


def _read(raw: bytes) -> Json:
    """The fields of a `Letter` that come from the mail itself; what can not be read is said so."""
    try:
        return _fields(message_from_bytes(raw, policy=default_policy))
    except Exception as error:  # noqa: BLE001  # Python's mail parser raises nearly anything on broken mail
        return {
            "author": "?",
            "address": "",
            "to": "",
            "subject": "(unreadable mail)",
            "text": f"This mail can not be shown ({type(error).__name__}); look at its source.",
            "html": None,
            "files": (),
            "message_id": "",
            "references": (),
        }


def _fields(mail: EmailMessage) -> Json:
    name, address = parseaddr(str(mail["From"] or ""))
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    known = f"{mail['References'] or ''} {mail['In-Reply-To'] or ''}"
    return {
        "author": name or address,
        "address": address,
        "to": str(mail["To"] or ""),
        "subject": str(mail["Subject"] or ""),
        "text": str(plain.get_content()) if plain is not None else "",
        "html": str(rich.get_content()) if rich is not None else None,
        "files": tuple(part.get_filename() or "attachment" for part in mail.iter_attachments()),
        "message_id": str(mail["Message-ID"] or "").strip(),
        "references": tuple(dict.fromkeys(_MESSAGE_ID.findall(known))),
    }
