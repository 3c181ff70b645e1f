"""What our own mail server found out about a sender (Authentication-Results, RFC 8601), read leniently.

Only a header of a server that the operator trusts counts; whatever the sender wrote into the mail is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from bot.rules.mail_reading import SEVERAL_SENDERS, IncomingMail

MICROSOFT_365 = "microsoft365"
"""Write this as the trusted id for Exchange Online: its header names no server, and it removes foreign ones."""

_COMMENT = re.compile(r"\([^()]{0,500}\)")
_RESULT = re.compile(r"^(dmarc|spf|dkim|compauth)(?:/\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"\b(header\.from|header\.d|header\.i|smtp\.mailfrom)\s*=\s*\"?([^\s;\"]{1,320})", re.IGNORECASE)
_AUTHSERV_ID = re.compile(r"([^\s;=]{1,255})(?:\s+\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Authentication:
    """The results, lower case ("pass", "fail", "none", "softfail", ...); None where the server did not say.

    Attributes:
        dkim: "pass" where any signature passed, else the first result.
        dkim_domains: The domains of the signatures that passed.
        from_domain: The domain that DMARC was checked for.
        server: The trusted authserv-id that said so; None where no trusted header was found.
    """

    dmarc: str | None = None
    spf: str | None = None
    dkim: str | None = None
    dkim_domains: tuple[str, ...] = ()
    from_domain: str | None = None
    server: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the sender's domain disowns this mail: DMARC failed."""
        return self.dmarc == "fail"

    def vouches_for(self, domain: str) -> bool:
        """Whether the sender's domain is proven: DMARC passed for it, or its own signature is valid."""
        domain = domain.lower()
        passed = self.dmarc == "pass" and (self.from_domain or domain) == domain
        return passed or domain in self.dkim_domains


def read_authentication(mail: IncomingMail, trusted_ids: Collection[str]) -> Authentication:
    """Read the Authentication-Results of trusted servers.

    Args:
        mail: The mail as read.
        trusted_ids: The authserv-ids of our own servers (RFC 8601 §2.5); MICROSOFT_365 for Exchange Online.

    Returns:
        For each method the result of the top-most trusted header that has one: filters of one server often add a
        header each. RFC 8601 §5 obliges that server to remove headers that arrive under its name.
    """
    trusted: set[str | None] = {trusted_id.lower() for trusted_id in trusted_ids}
    if MICROSOFT_365 in trusted:  # a header that spells this word as its id comes from elsewhere
        trusted = trusted - {MICROSOFT_365} | {None}
    merged: dict[str, list[tuple[str, dict[str, str]]]] = {}
    server = None
    for value in mail.headers.get("authentication-results", ()):
        identifier, results = _split(value)
        if identifier not in trusted:
            continue
        if identifier is None:
            trusted.discard(None)  # Exchange Online writes one header; a second one without an id is not its own
        server = server or identifier or MICROSOFT_365
        for method, found in results.items():
            merged.setdefault(method, found)
    signatures = merged.get("dkim", [])
    passed = [properties for result, properties in signatures if result == "pass"]
    dmarc = merged.get("dmarc", [])
    return Authentication(
        dmarc=dmarc[0][0] if dmarc else None,
        spf=merged["spf"][0][0] if "spf" in merged else None,
        dkim="pass" if passed else (signatures[0][0] if signatures else None),
        dkim_domains=tuple(dict.fromkeys(domain for properties in passed if (domain := _signer(properties)))),
        from_domain=_domain(dmarc[0][1].get("header.from", "")) if dmarc else None,
        server=server,
    )


def is_genuine(mail: IncomingMail, found: Authentication) -> bool | None:
    """Whether the sender that we read is the one who wrote a mail; None when our servers say nothing.

    False also where they may have checked another sender than we read: From names several, or DMARC was looked up for
    another domain, also when that one has no policy ("none").
    """
    if found.failed or SEVERAL_SENDERS in mail.problems:
        return False
    domain = mail.from_.address.rpartition("@")[2] if mail.from_ else ""
    if found.from_domain is not None and _in_ascii(found.from_domain) != _in_ascii(domain):
        return False
    return True if found.dmarc == "pass" else None


def _in_ascii(domain: str) -> str:
    try:
        return domain.lower().encode("idna").decode()
    except UnicodeError:
        return domain.lower()


def _split(value: str) -> tuple[str | None, dict[str, list[tuple[str, dict[str, str]]]]]:
    """A header's authserv-id and its results by method; Microsoft 365 writes no id and no space after semicolons."""
    for _ in range(3):  # comments nest (RFC 5322 §3.2.2), in practice not deeper
        value = _COMMENT.sub(" ", value)
    first, *rest = (item.strip() for item in value.split(";"))
    match = _AUTHSERV_ID.fullmatch(first)
    identifier = match[1].lower() if match else None
    results: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for item in rest if match else [first, *rest]:
        if found := _RESULT.match(item):
            properties = {name.lower(): text.lower() for name, text in _PROPERTY.findall(item)}
            results.setdefault(found[1].lower(), []).append((found[2].lower(), properties))
    return identifier, results


def _signer(properties: dict[str, str]) -> str | None:
    return _domain(properties.get("header.d", "")) or _domain(properties.get("header.i", ""))


def _domain(value: str) -> str | None:
    return value.rpartition("@")[2].strip(".<>") or None
