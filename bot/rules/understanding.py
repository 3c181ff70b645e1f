"""What the bot makes of a mail, and why: one table of questions, asked from the top; the first answer decides.

Everything here was looked up before (`handlers.understanding_mail`); the same table serves the mail that is taken in
and `hezo360 explain`, which takes nothing in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.rules.intake import Assessment, CheckResult, Given, Outcome
from bot.rules.mail_matching import KeyKind
from bot.rules.mail_reading import SEVERAL_SENDERS, IncomingMail
from bot.rules.mail_screening import MailOrigin, Screening


class Verdict(StrEnum):
    """What becomes of a mail."""

    REPORT = "report"
    FOLLOW_UP = "follow_up"
    ENQUIRY = "enquiry"
    ESCALATION = "escalation"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    LOOP = "loop"
    LIST = "list"
    SPAM = "spam"
    HELD = "held"
    UNREADABLE = "unreadable"


class Standing(StrEnum):
    """What a mail of somebody on the ticket does to it, by where the ticket stands."""

    OPEN = "open"
    REOPENS = "reopens"
    TOO_LATE = "too_late"  # ended long ago (`intake.reopen_within`), or without being accepted: a new ticket follows it
    OTHER_MATTER = "other_matter"  # an enquiry; a mail with numbers is a report
    NEVER_ACCEPTED = "never_accepted"  # closed as spam or refused, by a stranger: an engineer decides anew


@dataclass(frozen=True, slots=True)
class Match:
    """The ticket that a mail names.

    Attributes:
        number: The ticket's.
        by: By what it was found.
        belongs: Whether the sender is on the ticket or its contract, and no check says that they are not who they say.
    """

    number: str
    by: KeyKind
    belongs: bool
    standing: Standing


@dataclass(frozen=True, slots=True)
class KnownMail:
    """All that the questions need to know.

    Attributes:
        complete: False for a mail over the size limit, of which only the header was read.
        own_copy: It carries the Message-ID of a mail that we sent.
        to_escalation: It went to the address for escalations.
        sender: The address, lower case; "" where none could be read.
        authentic: What the receiving server's own DMARC check said; None when it said nothing.
        given, assessment: The mail as a report of its own.
    """

    mail: IncomingMail
    complete: bool
    own_copy: bool
    screening: Screening
    to_escalation: bool
    sender: str
    authentic: bool | None
    match: Match | None
    given: Given
    assessment: Assessment

    @property
    def may_be_a_report(self) -> bool:
        """Whether a list, a no-reply sender or a spam mark is not enough to leave it alone."""
        return bool(self.given.authorised_on) or self.given.has_numbers

    @property
    def joins(self) -> bool:
        """Whether it goes to a ticket that stands or is opened again."""
        return (
            self.match is not None and self.match.belongs and self.match.standing in {Standing.OPEN, Standing.REOPENS}
        )


@dataclass(frozen=True, slots=True)
class Understanding:
    """The decision.

    Attributes:
        reason: The finding that decided, in words.
        checks: Every question that was asked and what it found, in order.
    """

    verdict: Verdict
    reason: str
    checks: tuple[CheckResult, ...]


Finding = tuple[str, Verdict | None]
"""What a question found, and the verdict if that settles it."""


def understand(known: KnownMail) -> Understanding:
    """Ask the questions of QUESTIONS until one settles what the mail is."""
    checks: list[CheckResult] = []
    for name, question in QUESTIONS:
        found, verdict = question(known)
        checks.append(CheckResult(name, found))
        if verdict is not None:
            return Understanding(verdict, found, tuple(checks))
    assessment = known.assessment
    verdict = _VERDICTS[assessment.outcome]
    if known.to_escalation and verdict is not Verdict.HELD:
        verdict = Verdict.ESCALATION
    return Understanding(verdict, _reason(assessment), (*checks, *assessment.checks))


_VERDICTS = {
    Outcome.COMPLETE: Verdict.REPORT,
    Outcome.INCOMPLETE: Verdict.REPORT,
    Outcome.HELD: Verdict.HELD,
    Outcome.ENQUIRY: Verdict.ENQUIRY,
}


def _reason(assessment: Assessment) -> str:
    match assessment.outcome:
        case Outcome.COMPLETE:
            return "a complete report"
        case Outcome.INCOMPLETE:
            return "a report that lacks: " + ", ".join(finding.problem for finding in assessment.problems)
        case Outcome.HELD:
            return "waits for an engineer: " + ", ".join(assessment.hold_reasons)
        case Outcome.ENQUIRY:
            return assessment.checks[-1].found


def _readable(known: KnownMail) -> Finding:
    broken = [problem for problem in known.mail.problems if problem.startswith("unreadable")]
    if broken:
        return broken[0], Verdict.UNREADABLE
    return "; ".join(known.mail.problems) or "well formed", None


def _our_copy(known: KnownMail) -> Finding:
    return ("our own mail, as the mail server delivered it", Verdict.LOOP) if known.own_copy else ("no", None)


def _size(known: KnownMail) -> Finding:
    return "within the limit" if known.complete else "over the limit: only the header was read", None


def _origin(known: KnownMail) -> Finding:
    screening = known.screening
    found = "; ".join(f"{hit.check}: {hit.found}" for hit in screening.hits) or screening.reason
    verdict = {
        MailOrigin.BOUNCE: Verdict.BOUNCE,
        MailOrigin.LOOP: Verdict.LOOP,
        MailOrigin.AUTO_REPLY: Verdict.AUTO_REPLY,
    }.get(screening.kind)
    return found, verdict


def _authenticity(known: KnownMail) -> Finding:
    if known.authentic is None:
        return "our mail server says nothing of it", None
    if known.authentic:
        return "DMARC passed", None
    why = "From names several senders" if SEVERAL_SENDERS in known.mail.problems else "DMARC failed"
    return f"{why}: the named sender may not have written it", None


def _ticket(known: KnownMail) -> Finding:
    match = known.match
    if match is None:
        return "names none of our tickets", None
    where = f"{match.number}, by {_BY[match.by]}"
    if not match.belongs:
        return f"{where}; its sender is not on it", None
    return f"{where}; its sender is on it; {_STANDS[match.standing]}", None


_BY = {
    KeyKind.OUR_MESSAGE_ID: "the Message-ID of a mail of ours",
    KeyKind.TOKEN: "the reply address",
    KeyKind.OTHER_MESSAGE_ID: "the Message-ID of another mail on it",
    KeyKind.SUBJECT_NUMBER: "the number in the subject",
    KeyKind.NUMBERS: "the device or contract that an escalation names",
}
_STANDS = {
    Standing.OPEN: "it is open",
    Standing.REOPENS: "it is opened again",
    Standing.TOO_LATE: "it ended and is not opened again",
    Standing.OTHER_MATTER: "it is an enquiry, and this mail holds a report's numbers",
    Standing.NEVER_ACCEPTED: "it was closed without being accepted",
}


def _program(known: KnownMail) -> Finding:
    kind, reason = known.screening.kind, known.screening.reason
    is_on_ticket = known.match is not None and known.match.belongs
    match kind:
        case MailOrigin.NO_REPLY_SENDER if not known.sender and not known.given.has_numbers:
            return "no sender address and no number: nobody could be answered", Verdict.UNREADABLE
        case MailOrigin.NO_REPLY_SENDER if is_on_ticket or not known.may_be_a_report:
            return reason, Verdict.AUTO_REPLY
        case MailOrigin.MAILING_LIST if not is_on_ticket and not known.may_be_a_report:
            return reason, Verdict.LIST
        case MailOrigin.SPAM_MARKED if not is_on_ticket and not known.may_be_a_report:
            return reason, Verdict.SPAM
        case MailOrigin.HUMAN:
            return "no list, no robot, no spam mark", None
        case _:
            return f"{reason}, but it may be a report: people see it, no automatic answer", None


def _belongs(known: KnownMail) -> Finding:
    match = known.match
    if match is None:
        return "no", None
    if known.joins:
        return f"continues {match.number}", Verdict.ESCALATION if known.to_escalation else Verdict.FOLLOW_UP
    if not match.belongs:
        return f"quotes {match.number}, which its sender is not on: an engineer decides", Verdict.HELD
    if match.standing is Standing.NEVER_ACCEPTED:
        return f"answers {match.number}, which was closed without being accepted: an engineer decides", Verdict.HELD
    return f"a new ticket that continues {match.number}", None


def _encryption(known: KnownMail) -> Finding:
    """Whoever encrypts their report means it: people see that it came, and the sender is told."""
    if not is_sealed(known.mail):
        return "no" if "encrypted" not in known.mail.problems else "in part", None
    return "the words are encrypted and cannot be read", Verdict.UNREADABLE


def is_sealed(mail: IncomingMail) -> bool:
    """Whether a mail is encrypted (OpenPGP, S/MIME) and says nothing beside that."""
    return "encrypted" in mail.problems and not mail.text.strip()


def _destination(known: KnownMail) -> Finding:
    if known.to_escalation:
        return "the address for escalations", None
    return "the address for enquiries only" if known.given.info_only else "the support address", None


QUESTIONS: tuple[tuple[str, Callable[[KnownMail], Finding]], ...] = (
    ("readable", _readable),
    ("our own copy", _our_copy),
    ("size", _size),
    ("written by", _origin),
    ("sender is who they say", _authenticity),
    ("ticket", _ticket),
    ("list, robot or spam", _program),
    ("continues", _belongs),
    ("encrypted", _encryption),
    ("sent to", _destination),
)
"""In this order; then the checks of `bot.rules.intake`."""
