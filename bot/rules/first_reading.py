"""What a mail alone says: all that needs neither what is stored nor the clock, so that it can be read ahead."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

from bot.model import Language
from bot.rules.authentication import is_genuine, read_authentication
from bot.rules.console_text import speaks
from bot.rules.entitlement_words import AskedFor, asked_for
from bot.rules.escalation_words import asks_for_escalation
from bot.rules.heard import Heard, hear
from bot.rules.language import language_of_mail, tells_language
from bot.rules.mail_reading import IncomingMail, read_with_contents
from bot.rules.mail_screening import Screening, screen
from bot.rules.priority_words import Proposal, propose_priority
from bot.rules.reply_text import ReplyText, new_words
from bot.rules.search_words import words_of

SMALL = 1024 * 1024
"""Octets of a mail whose files are all held in memory at once."""


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What the configuration says about reading.

    Attributes:
        own_addresses: `mail.own_addresses`, lower case.
        message_id_domain: `mail.message_id_domain`.
        trusted_authserv_ids: `mail.trusted_authserv_ids`.
        contract_patterns: `intake.contract_patterns`.
    """

    own_addresses: Set[str]
    message_id_domain: str
    trusted_authserv_ids: tuple[str, ...]
    contract_patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FirstReading:
    """One mail, read, screened and heard.

    Attributes:
        words: Its text in two, the new and the quoted.
        authentic: See `bot.rules.authentication.is_genuine`.
        language_is_certain: Whether a person's sentences say it, and not only pasted output or a bare number.
        heard: What all of it says about a report's numbers, those of the registry still missing.
        contract_keys: What to look up in the registry for that.
        proposal: What its subject and new words say about the priority.
        asked_for: Which services its subject and new words seem to ask for.
        escalates: The words in both that ask for an escalation; None where none do.
        found_by: By which words its new text is found.
        contents: Those of its files, in their order; None of a mail that is not SMALL.
    """

    mail: IncomingMail
    screening: Screening
    words: ReplyText
    authentic: bool | None
    language: Language
    language_is_certain: bool
    heard: Heard
    contract_keys: tuple[str, ...]
    proposal: Proposal
    asked_for: tuple[AskedFor, ...]
    escalates: str | None
    found_by: tuple[str, ...]
    contents: tuple[bytes, ...] | None = field(repr=False)


def first_reading(raw: bytes, options: ReadingOptions) -> FirstReading:
    """Read a mail.

    Args:
        raw: Its octets as the mailbox gave them (RFC 5322).
    """
    mail, contents = read_with_contents(raw)
    words = new_words(mail.text, mail.subject)
    spoken = f"{mail.subject}\n{words.new_text}"
    heard, keys = hear(all_text(mail), options.contract_patterns)
    return FirstReading(
        mail=mail,
        screening=screen(mail, options.own_addresses, options.message_id_domain),
        words=words,
        authentic=is_genuine(mail, read_authentication(mail, options.trusted_authserv_ids)),
        language=language_of_mail(mail.subject, words.new_text),
        language_is_certain=speaks(words.new_text) and tells_language(words.new_text),
        heard=heard,
        contract_keys=keys,
        proposal=propose_priority(spoken),
        asked_for=asked_for(spoken),
        escalates=asks_for_escalation(spoken),
        found_by=words_of(words.new_text),
        contents=tuple(contents) if len(raw) <= SMALL or not mail.attachments else None,
    )


def all_text(mail: IncomingMail) -> str:
    """Subject, whole body, and mails that were forwarded as attachments."""
    return "\n".join([mail.subject, mail.text, *mail.attached_texts])
