"""Bounces: which address failed, for good or for now, and for which of our mails.

RFC 3464 reports, and what servers write that know none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.rules.mail_addresses import parse_addresses
from bot.rules.mail_reading import IncomingMail, message_id_in

_FIELD = re.compile(r"^([A-Za-z-]{1,60}):[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
_QUOTED_ID = re.compile(r"^[>\s]{0,10}Message-ID:\s{0,5}(<[^<>\s]{3,980}>)", re.IGNORECASE | re.MULTILINE)
_STATUS_CODE = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_DELAYED_WORDS = re.compile(
    r"\bdelay(?:ed)?\b|opóźnion|opóźnienie|will (?:be retried|keep trying|continue to)|warning: could not send",
    re.IGNORECASE,
)
_ADDRESS_IN_TEXT = re.compile(r"<([^\s<>@\"']{1,64}@[^\s<>@\"']{1,255})>")


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a bounce says.

    Attributes:
        failed: True for good, False while the other server still tries.
        recipient: The failing address, lower-case domain; None where the bounce does not say.
        original_message_id: The Message-ID of the mail that bounced, angle brackets included.
        status: The enhanced status code (RFC 3463), for example "5.1.1"; "" where there is none.
        diagnostic: The other server's own words, one line; "" where there are none.
    """

    failed: bool
    recipient: str | None
    original_message_id: str | None
    status: str
    diagnostic: str


def read_bounce(mail: IncomingMail, *, is_bounce: bool = False) -> Bounce | None:
    """Read a bounce.

    Args:
        is_bounce: It is known to be one, whatever it looks like.

    Returns:
        None for what is no bounce about a delivery: other mail, and reports of success ("delivered", "relayed").
    """
    if mail.delivery_status:
        return _from_report(mail)
    if not (is_bounce or looks_like_bounce(mail)):
        return None
    text = mail.text[:20_000]
    recipient = _address(", ".join(mail.headers.get("x-failed-recipients", ())))
    if recipient is None and (match := _ADDRESS_IN_TEXT.search(text)):
        recipient = _address(match[1])
    status = _STATUS_CODE.search(text)
    return Bounce(
        failed=not _DELAYED_WORDS.search(f"{mail.subject}\n{text[:500]}"),
        recipient=recipient,
        original_message_id=_original(mail),
        status=status[1] if status else "",
        diagnostic="",
    )


def looks_like_bounce(mail: IncomingMail) -> bool:
    """Whether a mail server wrote this about a mail that it could not deliver."""
    if mail.report_type:
        return mail.report_type == "delivery-status"
    local = mail.from_.address.rpartition("@")[0].lower() if mail.from_ else ""
    if "x-failed-recipients" in mail.headers or local == "mailer-daemon":
        return True
    signs = (mail.return_path == "", local == "postmaster", BOUNCE_SUBJECT.match(mail.subject) is not None)
    return sum(signs) >= 2  # a person may well write as postmaster, or about an "undelivered device"


BOUNCE_SUBJECT = re.compile(
    r"(?:niedostarczaln|niedostarczon|nie można dostarczyć|nie dostarczono|nie udało się dostarczyć"
    r"|zwrot (?:wiadomości|poczty|listu)|zwrócon[ay] (?:wiadomość|list|poczta)|opóźnienie (?:w )?dostarcz"
    r"|undeliver(?:able|ed)|mail delivery (?:failed|system|failure)|delivery (?:status notification|failure|has failed)"
    r"|delivery delayed|returned mail|failure notice|message not delivered|non[- ]?deliver|unzustellbar)",
    re.IGNORECASE,
)


def _from_report(mail: IncomingMail) -> Bounce | None:
    """Read the per-recipient blocks: the first that failed for good counts, else the first that is delayed."""
    blocks = [_fields(block) for block in re.split(r"\n[ \t]*\n", mail.delivery_status)]
    recipients = [block for block in blocks if "action" in block or "final-recipient" in block]
    chosen = next((block for block in recipients if _action(block) == "failed"), None)
    chosen = chosen or next((block for block in recipients if _action(block) == "delayed"), None)
    if chosen is None:
        return None
    address = _typed(chosen.get("original-recipient", "")) or _typed(chosen.get("final-recipient", ""))
    return Bounce(
        failed=_action(chosen) == "failed",
        recipient=_address(address) or _address(", ".join(mail.headers.get("x-failed-recipients", ()))),
        original_message_id=_original(mail),
        status=chosen.get("status", "").partition(" ")[0][:12],
        diagnostic=_typed(chosen.get("diagnostic-code", ""))[:300],
    )


def _fields(block: str) -> dict[str, str]:
    return {match[1].lower(): " ".join(match[2].split()) for match in _FIELD.finditer(block)}


def _action(block: dict[str, str]) -> str:
    """RFC 3464 §2.3.3; some servers leave the field out and give a status only."""
    action = block.get("action", "").partition(" ")[0].lower()
    return action or {"5": "failed", "4": "delayed"}.get(block.get("status", "")[:1], "")


def _typed(value: str) -> str:
    """The value behind its type: "rfc822; jan@klient.example"."""
    return value.partition(";")[2].strip() if ";" in value else value.strip()


def _address(value: str) -> str | None:
    addresses = parse_addresses(value, 1)
    return addresses[0].address if addresses else None


def ids_told_of(mail: IncomingMail) -> tuple[str, ...]:
    """The Message-IDs that a bounce may be about, the likeliest first; which of them is ours only storage knows."""
    texts = (*mail.attached_texts, mail.text)
    told = [found for text in texts for match in _QUOTED_ID.finditer(text) if (found := message_id_in(match[1]))]
    claimed = (mail.in_reply_to, *reversed(mail.references))
    return tuple(dict.fromkeys(one for one in (mail.returned_message_id, *told[:20], *claimed) if one))


def _original(mail: IncomingMail) -> str | None:
    """The returned mail's own header, what is pasted of it into the text, or the thread the bounce claims."""
    if mail.returned_message_id:
        return mail.returned_message_id
    for text in (*mail.attached_texts, mail.text):
        if match := _QUOTED_ID.search(text):
            return message_id_in(match[1])
    return mail.in_reply_to or (mail.references[-1] if mail.references else None)
