"""Whether a person wrote a mail, and whether it may be answered automatically (RFC 3834 §2).

The table CHECKS is the whole decision. The first check that says what kind of mail it is decides the kind; any check
that finds something forbids an automatic answer. In doubt a mail is human: people still see it, only no robot answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass
from enum import StrEnum

from bot.rules.bounces import BOUNCE_SUBJECT, ids_told_of, looks_like_bounce
from bot.rules.mail_reading import IncomingMail
from bot.rules.message_ids import is_our_message_id
from bot.rules.priority_words import propose_priority
from bot.rules.reply_text import new_words
from bot.rules.serial_numbers import SerialFindings, find_serials


class MailOrigin(StrEnum):
    """Who wrote a mail."""

    HUMAN = "human"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    LOOP = "loop"
    MAILING_LIST = "mailing_list"
    NO_REPLY_SENDER = "no_reply_sender"
    SPAM_MARKED = "spam_marked"


@dataclass(frozen=True, slots=True)
class Hit:
    """A check that found something: its name and what it found, for the journal."""

    check: str
    found: str


@dataclass(frozen=True, slots=True)
class Screening:
    """The verdict.

    Attributes:
        may_answer: Whether an automatic answer is allowed at all.
        reason: The deciding finding in words; "no mark of automatic mail" for a person's mail.
        hits: Every check that found something, in the table's order.
    """

    kind: MailOrigin
    may_answer: bool
    reason: str
    hits: tuple[Hit, ...]

    @property
    def sounds_automatic(self) -> bool:
        """Whether the text itself says that a program wrote it: shown as a report, but no clock heeds it."""
        return any(hit.check == AUTOMATIC_WORDS for hit in self.hits)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the checks look at."""

    mail: IncomingMail
    own_addresses: Set[str]
    message_id_domain: str

    def header(self, name: str) -> str:
        """The top-most value, lower case; "" where there is none."""
        return self.mail.headers.get(name, ("",))[0].strip().lower()

    @property
    def sender(self) -> str:
        return self.mail.from_.address.lower() if self.mail.from_ else ""

    @property
    def local_part(self) -> str:
        return self.sender.rpartition("@")[0]


@dataclass(frozen=True, slots=True)
class _Check:
    """`kind` None: the finding only forbids automatic answers."""

    name: str
    kind: MailOrigin | None
    finds: Callable[[_Seen], str]


_AUTO_SUBJECT = re.compile(
    r"(?:automatyczna odpowied[źz]|odpowied[źz] automatyczna|auto-?odpowied[źz]|autoresponder"
    r"|nieobecność(?=\s*(?:[:-]|$|w biurze|w pracy))|poza biurem(?=\s*(?:[:-]|$))"
    r"|out of (?:the )?office|automatic reply|auto[- ]?(?:reply|response|responder)\b|automatische antwort"
    r"|abwesenheits(?:notiz|nachricht)|réponse automatique|vacation reply|auto:"
    r"|(?:nie)?(?:przeczytan|odczytan)[aeoy]:|(?:not )?read:|potwierdzenie (?:prze|od)czytania)",
    re.IGNORECASE,
)
_ABSENCE_SUBJECT = re.compile(
    r"(?:nieobecność|poza biurem|urlop\b|jestem na urlopie|absence\b|on vacation)", re.IGNORECASE
)
_ABSENT = re.compile(
    r"\b(?:przebywam|jestem|b[ęe]d[ęe])(?: \w+){0,3}"
    r" (?:na (?:\w+ )?(?:urlopie|zwolnieniu)|poza biurem|nieobecn[ya]|niedostępn[ya])\b"
    r"|\bnie ma mnie w (?:biurze|pracy)\b"
    r"|\bI(?:'m| am| will be)(?: \w+){0,2} (?:out of (?:the |my )?office"
    r"|on (?:\w+ )?(?:leave|vacation|holidays?)|away (?:from|until))\b",
    re.IGNORECASE,
)
_ABSENCE_NOTED = re.compile(
    r"\b(?:dziękuję za (?:wiadomość|e?-?maila?|kontakt)|po (?:moim )?powrocie|wracam"
    r"|w (?:dniach|okresie)|do (?:dnia )?\d"
    r"|(?:pilnych|nagłych) (?:sprawach|przypadkach)|sprawach pilnych|dostępu do (?:poczty|skrzynki|e?-?maila?)"
    r"|nie będzie prze(?:kazywana|kierowana)"
    r"|thank(?:s| you) for your (?:e-?mail|message)|(?:when I|(?:up)?on my) return|(?:back|returning) on|until"
    r"|limited access|urgent (?:matters?|issues?|requests?)|in my absence)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(r"\?|\bprosz(?:ę|imy) (?:o (?!kontakt)|pod|przy|wy)|\b(?:could|can) you\b", re.IGNORECASE)
_LONGEST_NOTICE = 1_000
_CALENDAR_ANSWER = "[REPLY]"
"""So begins what `bot.rules.calendar_invites` makes of somebody's answer to an invitation (RFC 5546 §3.2.3)."""
_AUTOMATIC_WORDS = re.compile(
    r"wiadomo[śs][ćc] (?:ta )?(?:zosta[łl]a )?(?:jest )?(?:wygenerowan\w+|generowan\w+|wys[łl]an\w+) automatycznie"
    r"|(?:to|ta wiadomo[śs][ćc]) jest automatyczn\w+ (?:odpowied|wiadomo|potwierdze)"
    r"|prosz?\w{1,3} nie odpowiada[ćc] na (?:t[ęe]|niniejsz[ąa])"
    r"|zg[łl]oszenie zosta[łl]o (?:automatycznie )?(?:zarejestrowane|utworzone)"
    r"|(?:this is an|this) (?:automat(?:ic|ed)|auto-?generated) (?:e-?mail|message|reply|response|confirmation)"
    r"|(?:do not|don't) (?:reply|respond) to this (?:e-?mail|message)"
    r"|(?:ticket|request|case) (?:has been|was) (?:automatically )?(?:received|created|registered|opened|logged)",
    re.IGNORECASE,
)
_SHORT_TEXT = 6_000
"""A longer text that holds such words pastes somebody's mail."""
_SPAM_SUBJECT = re.compile(r"(?:\*{2,}|\[|\{)\s*spam\b", re.IGNORECASE)
_NO_REPLY = re.compile(
    r"(?:.*[._+-])?(?:no[._-]?reply|do[._-]?not[._-]?reply|not?[._-]?respond|nie[._-]?odpowiada[jc]\w{0,3}"
    r"|bez[._-]?odpowiedzi|unattended|devnull)(?:[._+-].*)?",
)
_ROBOT = re.compile(r"(?:mailer-daemon|postmaster|(?:.*[._-])?bounces?(?:[._+-].*)?|listserv|majordomo)")
_SCL = re.compile(r"\bscl:\s*([5-9])\b")
_MICROSOFT_CATEGORY = re.compile(r"\bcat:\s*(spm|hspm|phsh|hphsh|malw|bulk)\b")


def _our_message_id(seen: _Seen) -> str:
    return "a Message-ID that we made" if is_our_message_id(seen.mail.message_id or "", seen.message_id_domain) else ""


def _our_domain(seen: _Seen) -> str:
    """A colleague's mail program also makes ids of our domain, so this alone makes no loop."""
    domain = (seen.mail.message_id or "").rpartition("@")[2].rstrip(">").lower()
    return f"Message-ID of {domain}" if domain and domain == seen.message_id_domain.lower() else ""


def _our_address(seen: _Seen) -> str:
    local, _, domain = seen.sender.rpartition("@")
    plain = f"{local.partition('+')[0]}@{domain}"
    return f"From our own {plain}" if domain and plain in seen.own_addresses else ""


def _our_x_loop(seen: _Seen) -> str:
    return "X-Loop of ours" if seen.header("x-loop") in seen.own_addresses else ""


def _x_loop(seen: _Seen) -> str:
    return "X-Loop" if "x-loop" in seen.mail.headers else ""


def _bounce(seen: _Seen) -> str:
    return "a mail server's report about a delivery" if looks_like_bounce(seen.mail) else ""


def _bounce_subject(seen: _Seen) -> str:
    match = BOUNCE_SUBJECT.match(seen.mail.subject)
    return f'subject begins "{match[0]}"' if match and (seen.mail.return_path == "" or _robot(seen)) else ""


def _bounce_by_id(seen: _Seen) -> str:
    """What a mail server writes that knows no standard, about a mail of ours: only a Message-ID gives it away."""
    if not _robot(seen):
        return ""
    ours = [found for found in ids_told_of(seen.mail) if is_our_message_id(found, seen.message_id_domain)]
    return f"from {seen.local_part}, about {ours[0]}" if ours else ""


def _report(seen: _Seen) -> str:
    return f"multipart/report ({seen.mail.report_type})" if seen.mail.report_type else ""


def _auto_submitted(seen: _Seen) -> str:
    value = re.split(r"[;\s(]", seen.header("auto-submitted"))[0]
    return f"Auto-Submitted: {value}" if value and value != "no" else ""


def _auto_reply_header(seen: _Seen) -> str:
    if seen.header("precedence") == "auto_reply":
        return "Precedence: auto_reply"
    names = ("x-autoreply", "x-autorespond", "x-autoresponse", "x-vacation", "x-ms-exchange-inbox-rules-loop")
    found = next((name for name in names if seen.header(name) not in {"", "no", "false"}), "")
    generated = seen.header("x-ms-exchange-generated-message-source")
    return f"{found} header" if found else (f"generated by {generated}" if "agent" in generated else "")


def _auto_subject(seen: _Seen) -> str:
    match = _AUTO_SUBJECT.match(seen.mail.subject)
    return f'subject begins "{match[0]}"' if match else ""


def _absence_notice(seen: _Seen) -> str:
    """An absence note whose program marks it in no way: short, about nothing else, and asking nothing."""
    text = seen.mail.text
    if len(text) > _SHORT_TEXT or not _ABSENT.search(" ".join(text.split())):
        return ""
    own = new_words(text, seen.mail.subject).new_text
    words = " ".join(own.split())
    absent = _ABSENT.search(words)
    if absent is None or len(words) > _LONGEST_NOTICE or _ASKS.search(words):
        return ""
    is_noted = _ABSENCE_NOTED.search(words) or _ABSENCE_SUBJECT.search(seen.mail.subject)
    if not is_noted or propose_priority(own).priority is not None or find_serials(own) != SerialFindings():
        return ""
    return f'the text says "{absent[0]}" and nothing else'


def _calendar_answer(seen: _Seen) -> str:
    """Accepted or declined by a button: whoever adds words of their own is heard."""
    has_calendar = any(file.content_type == "text/calendar" for file in seen.mail.attachments)
    return "an answer to an invitation" if has_calendar and seen.mail.text.startswith(_CALENDAR_ANSWER) else ""


def _null_return_path(seen: _Seen) -> str:
    return "Return-Path <>" if seen.mail.return_path == "" else ""


def _list_header(seen: _Seen) -> str:
    return next((f"{name} header" for name in seen.mail.headers if name.startswith("list-")), "")


def _precedence(seen: _Seen) -> str:
    value = seen.header("precedence")
    return f"Precedence: {value}" if value in {"bulk", "list", "junk"} else ""


def _robot(seen: _Seen) -> str:
    return f"From {seen.local_part}" if _ROBOT.fullmatch(seen.local_part) else ""


def _no_reply(seen: _Seen) -> str:
    return f"From {seen.local_part}" if _NO_REPLY.fullmatch(seen.local_part) else ""


def _no_sender(seen: _Seen) -> str:
    return "" if seen.mail.from_ else "no sender address"


def _spam_header(seen: _Seen) -> str:
    for name in ("x-spam-flag", "x-spam-status", "x-spam"):
        if seen.header(name).startswith(("yes", "true")):
            return f"{name}: yes"
    scl = seen.header("x-ms-exchange-organization-scl")
    if scl in {"5", "6", "7", "8", "9"}:
        return f"spam confidence {scl}"
    report = seen.header("x-forefront-antispam-report")
    match = _SCL.search(report) or _MICROSOFT_CATEGORY.search(report)
    return f"Microsoft marks it {match[0]}" if match else ""


def _spam_subject(seen: _Seen) -> str:
    return "subject marked as spam" if _SPAM_SUBJECT.match(seen.mail.subject) else ""


def _response_suppressed(seen: _Seen) -> str:
    value = seen.header("x-auto-response-suppress")
    return f"X-Auto-Response-Suppress: {value}" if value and value != "none" else ""


def _absence_subject(seen: _Seen) -> str:
    return "subject could be an absence note" if _ABSENCE_SUBJECT.match(seen.mail.subject) else ""


def _doubtful_bounce_subject(seen: _Seen) -> str:
    return "subject could be a bounce" if BOUNCE_SUBJECT.match(seen.mail.subject) else ""


def _automatic_words(seen: _Seen) -> str:
    text = seen.mail.text
    if len(text) > _SHORT_TEXT or not _AUTOMATIC_WORDS.search(" ".join(text.split())):
        return ""
    own = new_words(text, seen.mail.subject).new_text  # a person may quote a robot
    match = _AUTOMATIC_WORDS.search(" ".join(own.split()))
    return f'the text says "{match[0][:60]}"' if match else ""


AUTOMATIC_WORDS = "automatic words"

CHECKS: tuple[_Check, ...] = (
    # Bounces first: a mail server of our own domain writes them with Message-IDs of that domain.
    _Check("bounce", MailOrigin.BOUNCE, _bounce),
    _Check("bounce subject", MailOrigin.BOUNCE, _bounce_subject),
    _Check("bounce by our id", MailOrigin.BOUNCE, _bounce_by_id),
    _Check("our message id", MailOrigin.LOOP, _our_message_id),
    _Check("our address", MailOrigin.LOOP, _our_address),
    _Check("our x-loop", MailOrigin.LOOP, _our_x_loop),
    _Check("report", MailOrigin.AUTO_REPLY, _report),
    _Check("list header", MailOrigin.MAILING_LIST, _list_header),
    _Check("auto-submitted", MailOrigin.AUTO_REPLY, _auto_submitted),
    _Check("auto-reply header", MailOrigin.AUTO_REPLY, _auto_reply_header),
    _Check("x-loop", MailOrigin.AUTO_REPLY, _x_loop),
    _Check("auto-reply subject", MailOrigin.AUTO_REPLY, _auto_subject),
    _Check("precedence", MailOrigin.MAILING_LIST, _precedence),
    _Check("spam header", MailOrigin.SPAM_MARKED, _spam_header),
    _Check("spam subject", MailOrigin.SPAM_MARKED, _spam_subject),
    _Check("robot sender", MailOrigin.NO_REPLY_SENDER, _robot),
    _Check("no-reply sender", MailOrigin.NO_REPLY_SENDER, _no_reply),
    _Check("null return path", MailOrigin.AUTO_REPLY, _null_return_path),
    _Check("absence notice", MailOrigin.AUTO_REPLY, _absence_notice),
    _Check("calendar answer", MailOrigin.AUTO_REPLY, _calendar_answer),
    _Check("no sender", MailOrigin.NO_REPLY_SENDER, _no_sender),
    _Check("our domain", None, _our_domain),
    _Check("response suppressed", None, _response_suppressed),
    _Check("absence subject", None, _absence_subject),
    _Check("doubtful bounce subject", None, _doubtful_bounce_subject),
    _Check(AUTOMATIC_WORDS, None, _automatic_words),
)


def screen(mail: IncomingMail, own_addresses: Set[str], message_id_domain: str) -> Screening:
    """Judge a mail.

    Args:
        mail: The mail as read.
        own_addresses: Every address that is ours, lower case, without plus tags.
        message_id_domain: The domain of the Message-IDs that we make.

    Returns:
        The verdict with every finding. What is not human is stored and shown all the same.
    """
    seen = _Seen(mail, own_addresses, message_id_domain)
    kind, reason = MailOrigin.HUMAN, ""
    hits: list[Hit] = []
    for check in CHECKS:
        found = check.finds(seen)
        if not found:
            continue
        hits.append(Hit(check.name, found))
        if check.kind is not None and kind is MailOrigin.HUMAN:
            kind, reason = check.kind, found
    reason = reason or (hits[0].found if hits else "no mark of automatic mail")
    return Screening(kind, may_answer=not hits, reason=reason, hits=tuple(hits))
