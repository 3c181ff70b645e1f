"""Mails of all kinds and what must come of each: for the tests that kill the bot while it works on them."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache, partial

import aiosmtplib

from bot.effects import MailKind
from bot.sandbox.mail import Delivery
from tests.support.bot_process import Ask
from tests.support.world import World, parsed, text_of, texts

NO_CAPS = {
    "automatic_mails_per_sender_and_hour": 100_000,
    "automatic_mails_in_a_row": 100_000,
    "stranger_tickets_per_sender_and_hour": 0,
    "stranger_tickets_per_hour": 0,
    "stranger_messages_per_ticket_and_hour": 0,
}
"""Of the section `intake`: a few senders write everything."""

ANNA, JOHN, STRANGER = "anna", "john", "stranger"
SUPPORT, INFO = "support", "info"
NUMBERS = "Numer seryjny FG121GTK25004672, umowa HZ360-2026-000101."
ENGLISH = "The serial number is FG1K0FTB22900191 and the contract number is HZ360-2026-000102, please help us."
HTML = f"<html><body><p>Dzień dobry,</p><p>{NUMBERS}</p><script>alert(1)</script></body></html>"
LIST = {"List-Id": "<news.example.test>", "Precedence": "bulk"}


def address_of(world: World, name: str) -> str:
    address: str = getattr(world if name in {ANNA, JOHN, STRANGER} else world.mail, name)
    return address


@dataclass(frozen=True)
class Kind:
    """A kind of mail and what must come of it: the ticket's state (None: no ticket) and words of the one reply."""

    sender: str
    text: str
    state: str | None
    reply: str | None
    to: tuple[str, ...] = (SUPPORT,)
    headers: tuple[tuple[str, str], ...] = ()
    html: str | None = None


KINDS = {
    "complete": Kind(ANNA, f"FortiGate nie działa. {NUMBERS}", "open", "Przyjęliśmy je pod numerem"),
    "english": Kind(JOHN, f"Hello, the firewall is down. {ENGLISH}", "open", "We have accepted it under the number"),
    "no serial": Kind(ANNA, "Urządzenie nie działa, umowa HZ360-2026-000101.", "incomplete", "Prosimy o numer seryjny"),
    "no contract": Kind(ANNA, "Nie działa FG121GTK25004672.", "incomplete", "Prosimy o numer umowy serwisowej"),
    "letter O": Kind(
        ANNA, "SN FG121GTK25OO4672, umowa HZ360-2026-000101", "incomplete", "odczytaliśmy jako FG121GTK25004672"
    ),
    "other product": Kind(ANNA, "Switch S248EPTF18001384, umowa HZ360-2026-000101", "incomplete", "FortiSwitch"),
    "stranger": Kind(STRANGER, f"Proszę o pomoc. {NUMBERS}", "held", "sprawdzi podane w niej dane"),
    "stranger without numbers": Kind(STRANGER, "Proszę o pomoc z firewallem.", "incomplete", "Prosimy o numer seryjny"),
    "enquiry": Kind(STRANGER, "Ile kosztuje usługa?", "open", "dziękujemy za zainteresowanie", to=(INFO,)),
    "two addresses": Kind(ANNA, f"Awaria. {NUMBERS}", "open", "Przyjęliśmy je", to=(SUPPORT, INFO)),
    "out of office": Kind(ANNA, "Jestem na urlopie.", None, None, headers=(("Auto-Submitted", "auto-replied"),)),
    "newsletter": Kind(STRANGER, "Nowości!", None, None, headers=tuple(LIST.items())),
    "empty": Kind(ANNA, "", "incomplete", "Prosimy o numer seryjny"),
    "html only": Kind(ANNA, "", "open", "Przyjęliśmy je pod numerem", html=HTML),
    "broken": Kind(ANNA, "", "open", "Przyjęliśmy je pod numerem"),
}


def recipients_of(world: World, spec: Kind) -> list[str]:
    return [address_of(world, name) for name in spec.to]


def octets(world: World, kind: str, tag: str) -> bytes:
    """The mail of that kind; its tag stands in its subject and its text."""
    spec = KINDS[kind]
    sender, recipients = address_of(world, spec.sender), ", ".join(recipients_of(world, spec))
    if kind == "broken":
        body = f"\x00Dzień dobry {tag}, {NUMBERS}".encode("cp1250")
        head = f"From: {sender}\r\nTo: {recipients}\r\nSubject: {tag} \xb1\xea\r\n"
        head += "Content-Type: multipart/mixed; boundary=b"
        return head.encode("latin-1") + b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=x-no\r\n\r\n" + body
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipients, f"Sprawa {tag}"
    mail["Message-ID"] = f"<{tag}@{sender.partition('@')[2]}>"
    for name, value in spec.headers:
        mail[name] = value
    if spec.html is not None:
        mail.set_content(spec.html.replace("Dzień dobry", f"Dzień dobry {tag}"), subtype="html")
    else:
        mail.set_content(f"{spec.text}\n{tag}" if spec.text else "")
    return mail.as_bytes()


def mixture(of_each_kind: int, chance: random.Random) -> list[tuple[str, str]]:
    """So many mails of each kind, as (kind, tag), in any order."""
    mails = [(kind, f"T{number}{index:04d}") for number, kind in enumerate(KINDS, 100) for index in range(of_each_kind)]
    chance.shuffle(mails)
    return mails


async def once_reachable(send: Callable[[], Awaitable[object]]) -> None:
    """Send, as often as the server cannot be reached: it may be just starting again."""
    async with asyncio.timeout(60):
        while True:
            with suppress(aiosmtplib.SMTPConnectError):
                await send()
                return
            await asyncio.sleep(0.2)  # nothing tells when it listens again


async def send_all(
    world: World,
    mails: list[tuple[str, str]],
    answers: dict[str, str],
    most_answers: int,
    patience: float = 60,
    turn: Callable[[float], Awaitable[None]] | None = None,
) -> None:
    """Send the mails one after the other; to every acknowledgement of a complete report an answer is written.

    Args:
        turn: Waits until a mail may be sent, given which part of all mails was sent before it.
    """
    for number, (kind, tag) in enumerate(mails):
        if turn is not None:
            await turn(number / len(mails))
        sender, recipients = address_of(world, KINDS[kind].sender), recipients_of(world, KINDS[kind])
        await once_reachable(partial(world.mail.submit, octets(world, kind, tag), sender, recipients))
        if kind in {"english", "complete"} and len(answers) < most_answers:
            answers[tag] = f"R{tag}"
            reply = await world.mail.wait_for(partial(is_about, tag=tag), patience)
            await once_reachable(partial(world.write, sender, f"More details: R{tag}", answer=reply))


def is_about(delivery: Delivery, tag: str) -> bool:
    """Whether it is our reply to the mail of that tag."""
    subject = subject_of(delivery)
    return tag in subject and subject[0].startswith("[HEZO-")


@cache
def subject_of(delivery: Delivery) -> list[str]:
    """The words of its subject; read once, as hundreds of deliveries are looked through for hundreds of tags."""
    return str(parsed(delivery)["Subject"]).split()


def is_idle(ask: Ask, mails: int) -> bool:
    """Whether every customer's mail is handled, and every effect performed; copies of our own mails do not count."""
    handled = ask(
        "SELECT count(*) FROM inbox WHERE source = 'mail' AND state IN ('done', 'parked')"
        " AND coalesce(outcome, '') NOT LIKE 'our own mail%'",
    )
    waiting = ask("SELECT count(*) FROM inbox WHERE state = 'new'")
    unsent = ask("SELECT count(*) FROM outbox WHERE state <> 'sent'")
    return handled == [(mails,)] and waiting == unsent == [(0,)]


def check_tickets(ask: Ask, mails: list[tuple[str, str]]) -> None:
    states: dict[str, str] = dict(ask("SELECT subject, state FROM tickets"))
    tickets = Counter(tag for (subject,) in ask("SELECT subject FROM tickets") for tag in subject.split())
    for kind, tag in mails:
        expected = KINDS[kind].state
        assert tickets[tag] == (0 if expected is None else 1), (kind, tag)
        found = [state for subject, state in states.items() if tag in subject.split()]
        assert found == ([expected] if expected else []), (kind, tag, found)
    parked = ask("SELECT id, error FROM inbox WHERE state = 'parked'")
    assert parked == [], parked


def is_delivered(world: World, mails: list[tuple[str, str]]) -> bool:
    """Whether every reply has reached its customer: a mail server that was restarted delivers a little later."""
    subjects = {word for delivery in world.mail.deliveries for word in subject_of(delivery) if word.startswith("T1")}
    return subjects >= {tag for kind, tag in mails if KINDS[kind].reply is not None}


def check_replies(world: World, mails: list[tuple[str, str]]) -> list[str]:
    """Every reply once, beside reminders; gives the Message-IDs of the mails that came twice."""
    ours = {world.mail.support, world.mail.info, world.mail.escalation}
    customers = [d for d in world.mail.deliveries if d.recipient not in ours]
    seen: dict[tuple[str, str], Delivery] = {}
    twice = []
    for delivery in customers:
        own_id = str(parsed(delivery)["Message-ID"])
        if seen.setdefault((delivery.recipient, own_id), delivery) is not delivery:
            twice.append(own_id)
    once = [delivery for (_, own_id), delivery in seen.items() if not own_id.startswith(f"<{MailKind.REMINDER}")]
    for kind, tag in mails:
        spec = KINDS[kind]
        replies = [d for d in once if d.recipient == address_of(world, spec.sender) and is_about(d, tag)]
        assert len(replies) == (0 if spec.reply is None else 1), (kind, tag, len(replies))
        assert all(spec.reply is not None and spec.reply in text_of(reply) for reply in replies), (kind, tag)
    return twice


def check_mails(world: World, ask: Ask, twice: list[str]) -> int:
    """Every mail that was written has come, and none else; twice only what was tried twice, so what was in doubt.

    Gives how many were in doubt and settled by their copy.
    """
    people = {world.anna, world.john, world.stranger}
    written = {
        own_id: attempts
        for own_id, attempts, effect in ask(
            "SELECT rfc_message_id, attempts, effect FROM outbox WHERE type = 'SendMail'"
        )
        if json.loads(effect)["to"] in people
    }
    come = {str(parsed(delivery)["Message-ID"]) for delivery in world.mail.deliveries if delivery.recipient in people}
    assert come == written.keys(), come ^ written.keys()
    tried_once = [own_id for own_id in twice if written[own_id] < 2]
    assert tried_once == [], tried_once
    return int(ask("SELECT count(*) FROM outbox WHERE CAST(result AS TEXT) LIKE '%settled_by%'")[0][0])


def check_reminders(ask: Ask) -> int:
    """Each level of each clock was announced at most once, and each announcement posted; gives how many there were."""
    said = Counter(
        (data["clock"], data["due_at"], data["level"])
        for (text,) in ask("SELECT data FROM journal WHERE kind = 'clock_level'")
        for data in [json.loads(text)]
    )
    again = [level for level, count in said.items() if count > 1]
    assert again == [], again
    return len(said)


_POSTS = (
    "SELECT id, type, attempts, worker, created_at, claimed_at, sent_at, CAST(result AS TEXT) FROM outbox"
    " WHERE transport = 'slack' AND attempts > 1"
)


def check_slack(world: World, ask: Ask, mails: list[tuple[str, str]], answers: dict[str, str]) -> None:
    places: dict[str, str] = dict(ask("SELECT slack_ts, subject FROM tickets"))
    messages = list(world.support.messages.values())
    keys = Counter(str((m.metadata or {}).get("event_payload", {}).get("key")) for m in messages)
    doubled = [row for row in ask(_POSTS) if keys[f"out-{row[0]}"] > 1]
    assert doubled == [], doubled
    assert max(keys.values()) == 1, keys.most_common(3)
    cards = [message for message in messages if message.thread_ts is None]
    strays = {card.ts for card in cards} ^ places.keys()
    assert not strays, strays
    assert len(cards) == len(places), len(cards)
    in_threads = {f"out-{number}" for (number,) in ask("SELECT id FROM outbox WHERE type = 'PostInThread'")}
    missing = in_threads - keys.keys()
    assert not missing, missing
    posts = Counter(
        (places[str(m.thread_ts)].split()[-1], word)
        for m in messages
        if m.thread_ts and texts(m.blocks).startswith("📨")
        for word in {*texts(m.blocks).replace(",", " ").split()}
    )
    for kind, tag in mails:
        if KINDS[kind].state is not None and KINDS[kind].text:
            assert posts[tag, tag] == 1, (
                kind,
                tag,
                posts[tag, tag],
            )  # an answer's subject is the ticket's own and not said again
    for tag, answer in answers.items():
        assert posts[tag, answer] == 1, (tag, answer, posts[tag, answer])
