"""What `hezo360 explain` finds out: a mail goes the way of one that arrives, up to where that changes anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bot.cli import Invocation
from bot.cli_commands.db import opened_database
from bot.commands import EmailReceived
from bot.config import Config
from bot.config_loading import config_for_reading
from bot.edges.clock import SystemClock
from bot.errors import ConfigError
from bot.model import Priority
from bot.rules.attachments import AttachmentLimits, Decision, sort_attachments
from bot.rules.contract_csv import BadRow
from bot.rules.first_reading import first_reading
from bot.rules.intake import CheckResult
from bot.rules.mail_charsets import decode_octets
from bot.rules.mail_matching import KeyKind, match_keys
from bot.rules.mail_parts import Limits, Reader
from bot.rules.mail_reading import attachment_contents, parse_date
from bot.rules.priority_answers import priority_answer
from bot.rules.priority_words import Proposal, propose_priority, provisional_priority
from bot.rules.serial_numbers import SerialFindings, find_serials
from bot.rules.understanding import Verdict
from handlers.context import Context
from handlers.received_mail import ReceivedMail, reading_options, received
from handlers.understanding_mail import Understood, understand_mail

if TYPE_CHECKING:
    from storage.engine import Database

KEY_SETTING = "mail.token_key"
LARGEST_MB = 25
"""The limit of a mailbox for which none is configured."""

_MEBIBYTE = 1024**2
_REPORTS = frozenset({Verdict.REPORT, Verdict.HELD, Verdict.ENQUIRY, Verdict.ESCALATION})


@dataclass(frozen=True, slots=True)
class Registry:
    """What is looked up.

    Attributes:
        database: With the registry and the tickets; empty where `missing_because` is not "".
        missing_because: Why there is no registry to ask, in words; "" when there is one.
        has_tickets: Whether the database is the bot's own, with its tickets.
        refused_rows: What of the given contracts could not be taken, and why; the others are there.
    """

    database: Database
    config: Config
    missing_because: str = ""
    has_tickets: bool = True
    refused_rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that the bot makes of one mail.

    Attributes:
        verdict, reason: Those of the table; but where no registry was asked, who may report is left open.
        clock_priority: The one that the clock runs on until the priority is confirmed.
        missing: The problems that the sender would be asked about, by their names.
        serials: As found in the whole text, modules included.
        answer: "" when an automatic answer may go out, else why none does.
    """

    mail: ReceivedMail
    found: Understood
    verdict: Verdict
    reason: str
    proposal: Proposal
    priority: str | None
    clock_priority: str | None
    priority_confirmed: bool
    missing: tuple[str, ...]
    serials: SerialFindings
    contracts: tuple[str, ...]
    files: tuple[Decision, ...]
    quotation_cut: bool
    answer: str

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """Every question that was asked and what it found."""
        return self.found.understanding.checks


@asynccontextmanager
async def opened_registry(invocation: Invocation, contracts: bytes | None) -> AsyncIterator[Registry]:
    """The configured database; one in a temporary folder where contracts are given or nothing is configured.

    Args:
        contracts: The registry as CSV, to be asked in place of the configured one.

    Raises:
        OperatorError: the configuration, the database or the CSV file is wrong.
    """
    config, missing = _config(invocation)
    if contracts is None and not missing and (missing := await _no_database(config)) == "":
        async with opened_database(invocation) as database:
            yield Registry(database, config)
        return
    with TemporaryDirectory(prefix="hezo360-") as folder:
        async with _temporary_database(Path(folder), contracts) as (database, refused):
            missing = "" if contracts is not None else missing
            yield Registry(database, config, missing, has_tickets=False, refused_rows=refused)


def _config(invocation: Invocation) -> tuple[Config, str]:
    """The whole configuration; else what its readable sections promise, and why it is not whole."""
    if not invocation.config_is_named and not invocation.config_path.exists():
        return config_for_reading(invocation.read_sections()), f"there is no {invocation.config_path}"
    try:
        return invocation.load_config(), ""
    except ConfigError as error:
        return config_for_reading(invocation.read_sections()), f"the configuration is not complete: {error}"


async def _no_database(config: Config) -> str:
    """Why the configured database cannot be asked: looking must neither make nor upgrade it."""
    from storage.connecting import may_exist, parse_url
    from storage.migrating import current_revision, head_revision, refuse_newer

    url = config.database.url.get_secret_value()
    if not may_exist(parse_url(url)):
        return f"there is no database {parse_url(url).database}"
    revision = await current_revision(url)
    if revision == head_revision():
        return ""
    refuse_newer(revision)
    return (
        f"the database is at revision {revision or 'none'}, this program needs {head_revision()} (hezo360 db upgrade)"
    )


@asynccontextmanager
async def _temporary_database(folder: Path, contracts: bytes | None) -> AsyncIterator[tuple[Database, tuple[str, ...]]]:
    """A registry for this once, and what of the CSV file was refused."""
    from storage.composing import no_content_key, no_mail
    from storage.contract_import import import_contracts
    from storage.engine import Database
    from storage.migrating import upgrade

    url = f"sqlite+aiosqlite:///{folder}/registry.sqlite3"
    await upgrade(url)
    database = Database(url, clock=SystemClock(), compose=no_mail, read_content_key=no_content_key)
    await database.open()
    refused: Sequence[BadRow] = ()
    try:
        if contracts is not None:
            refused = (await import_contracts(database, contracts)).refused
        yield database, tuple(f"line {row.line}: {row.reason}" for row in refused)
    finally:
        await database.close()


async def explain_mail(registry: Registry, raw: bytes, arrived_at: datetime | None) -> Explanation:
    """Ask what becomes of a mail.

    Args:
        raw: Its octets.
        arrived_at: When our server took it; None takes the time of its top-most Received header, its own date, or now.
    """
    config = registry.config
    largest = max((mailbox.max_size_mb for mailbox in config.mail.imap), default=LARGEST_MB)
    complete = len(raw) <= largest * _MEBIBYTE
    reading = first_reading(raw if complete else _header(raw), reading_options(config))
    mail = reading.mail
    now = SystemClock().now()
    at = arrived_at or _received_at(raw) or mail.date or now
    command = EmailReceived(0, "", raw, at, len(raw), complete)
    async with registry.database.read() as uow:
        key = config.mail.token_key.get_secret_value() if config.mail.token_key else await uow.settings.get(KEY_SETTING)
        ctx = Context(now, config, (key or "").encode())
        arrived = received(command, reading, ctx)
        own_copy = mail.message_id is not None and await uow.outbox.by_message_id(mail.message_id) is not None
        found = await understand_mail(arrived, uow, ctx, own_copy=own_copy)
    verdict, reason = _settled(found, registry)
    proposal = reading.proposal
    priority, confirmed = _priority(verdict, proposal, found, config)
    return Explanation(
        mail=arrived,
        found=found,
        verdict=verdict,
        reason=reason,
        proposal=proposal,
        priority=priority,
        clock_priority=_clock(verdict, proposal, priority, config),
        priority_confirmed=confirmed,
        missing=_missing(verdict, found, confirmed=confirmed),
        serials=find_serials(arrived.all_text),
        contracts=_contracts(found),
        files=sort_attachments(mail.attachments, attachment_contents(raw), AttachmentLimits.of(config.intake)),
        quotation_cut=reading.words.quotation_cut,
        answer=_why_no_answer(verdict, found),
    )


def _header(raw: bytes) -> bytes:
    ends = [position for mark in (b"\r\n\r\n", b"\n\n") if (position := raw.find(mark)) >= 0]
    return raw[: min(ends)] if ends else raw[: 64 * 1024]


def _received_at(raw: bytes) -> datetime | None:
    """When the last server took it (RFC 5321 §4.4)."""
    servers = Reader(Limits()).read(_header(raw)).header.all("received")
    return parse_date(decode_octets(servers[0])[0].rpartition(";")[2].strip()) if servers else None


def _settled(found: Understood, registry: Registry) -> tuple[Verdict, str]:
    """The table's verdict; what only the tickets or the registry could tell is left open where these are not asked."""
    verdict, reason = found.understanding.verdict, found.understanding.reason
    waits_for = set(found.assessment.hold_reasons)
    is_open = verdict in {Verdict.REPORT, Verdict.ENQUIRY} or (
        verdict is Verdict.HELD and waits_for <= {"sender_unknown"}
    )
    if is_open and not registry.has_tickets and (named := _named_ticket(found, registry)):
        return (
            Verdict.FOLLOW_UP,
            f"names {named}; whether its sender is on it, only the tickets say: they were not asked",
        )
    if is_open and verdict is Verdict.HELD and registry.missing_because:
        return Verdict.REPORT, "a report; whether its sender may report, only the registry says: it was not asked"
    return verdict, reason


def _named_ticket(found: Understood, registry: Registry) -> str | None:
    """By what a mail claims to continue a ticket of ours; only what we gave out counts, not other people's ids."""
    for key in match_keys(found.arrived.mail, registry.config.mail.message_id_domain):
        if key.kind is not KeyKind.OTHER_MESSAGE_ID:
            return key.value
    return None


def _priority(verdict: Verdict, proposal: Proposal, found: Understood, config: Config) -> tuple[str | None, bool]:
    """The priority that the words say, else that of the ticket or the configured one; and whether it is certain."""
    ticket = found.ticket
    if verdict is Verdict.ENQUIRY:
        return Priority.QUESTION, True
    if verdict is Verdict.FOLLOW_UP:
        answer = None if ticket and ticket.priority_confirmed else priority_answer(found.arrived.new_text)
        if ticket is None:  # an answer's subject is that of the first mail, and says nothing new
            said = propose_priority(found.arrived.new_text)
            return answer or said.priority, answer is not None or said.stated
        return answer or ticket.priority, ticket.priority_confirmed or answer is not None
    if verdict in _REPORTS:
        return proposal.priority or Priority(config.sla.provisional_priority), proposal.stated
    return None, False


def _clock(verdict: Verdict, proposal: Proposal, priority: str | None, config: Config) -> str | None:
    """The priority that the clock runs on until the customer has chosen one."""
    if verdict not in _REPORTS - {Verdict.ENQUIRY}:
        return priority
    return provisional_priority(proposal, Priority(config.sla.provisional_priority))


def _missing(verdict: Verdict, found: Understood, *, confirmed: bool) -> tuple[str, ...]:
    if verdict is Verdict.FOLLOW_UP and found.ticket is not None:
        known = found.ticket.facts.get("problems")
        problems = [str(problem[0]) for problem in known if problem] if isinstance(known, list) else []
    elif verdict in _REPORTS - {Verdict.ENQUIRY}:
        problems = [finding.problem.value for finding in found.assessment.problems]
    else:
        return ()
    return (*problems, *(() if confirmed else ("priority",)))


def _contracts(found: Understood) -> tuple[str, ...]:
    """The numbers in the mail: as the registry spells them, the others as they were written."""
    from bot.rules.contract_numbers import fold

    known = {fold(contract.number): contract.number for contract in found.given.contracts}
    stated = [number for number in found.heard.stated if fold(number) not in known]
    return (*known.values(), *stated)


def _why_no_answer(verdict: Verdict, found: Understood) -> str:
    if verdict not in _REPORTS | {Verdict.FOLLOW_UP}:
        return "nobody is answered"
    if found.arrived.authentic is False:
        return "the named sender may not have written it"
    hits = found.arrived.screening.hits
    return "" if found.arrived.screening.may_answer else "; ".join(hit.found for hit in hits)
