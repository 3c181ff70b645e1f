"""Takes secrets and customers' addresses out of text before anybody reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "***"

_SLACK_TOKEN = re.compile(r"\b(?:xox[a-z](?:\.xox[a-z])?|xapp)-[A-Za-z0-9-]+")
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (_SLACK_TOKEN, HIDDEN),
    (re.compile(r"(?i)(authorization['\"]?\s*[:=]\s*['\"]?(?:\w+\s+)?)[A-Za-z0-9._~+/=-]{6,}"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    # Access tokens: as OAuth answers hold them, and as SASL XOAUTH2 speaks them (base64 of "user=").
    (re.compile(r"(?i)(['\"]?\b(?:access|refresh|id)_token['\"]?\s*[:=]\s*['\"]?)[^\s'\"&,}]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\bdXNlcj[A-Za-z0-9+/]{20,}={0,2}"), HIDDEN),
    (re.compile(r"(?i)(['\"]?\b(?:client_secret|api_key)['\"]?\s*[:=]\s*['\"]?)[^\s'\"&,}]+"), rf"\1{HIDDEN}"),
    # Passwords as IMAP and SMTP speak them (RFC 9051 §6.2.3, RFC 4954 §4): what a library might show of a command.
    (re.compile(r"(?i)\b(AUTH(?:ENTICATE)? (?:PLAIN|LOGIN)) [A-Za-z0-9+/]{8,}={0,2}"), rf"\1 {HIDDEN}"),
    # Whoever knows the path of such an address may post by it.
    (re.compile(r"(\bhooks\.slack\.com/\w+/)[\w/-]+"), rf"\1{HIDDEN}"),
    # A signed JWT: what a service account asks with, and what some servers give as tokens.
    (re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"), HIDDEN),
    # Userinfo of a URL (RFC 3986 §3.2.1); greedy, since a careless password may hold a slash or an at sign.
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s\"'<>]*@"), rf"\1{HIDDEN}@"),
    # Slack's socket address carries its ticket as a parameter.
    (re.compile(r"(?i)([?&](?:ticket|token|key|secret|password)=)[^&\s\"']+"), rf"\1{HIDDEN}"),
    # SQLAlchemy quotes a statement's parameters in its errors: they hold customers' words.
    (re.compile(r"\[parameters: .*?\](?=\s*(?:\(Background|\n|$))", re.DOTALL), f"[parameters: {HIDDEN}]"),
)
_ADDRESS = re.compile(r"(?<![\w.+*-])([\w])[\w.+-]*@(?=[\w-]+(?:\.[\w-]+)*)")


def looks_secret(text: str) -> bool:
    """Whether a text holds something shaped like a Slack token."""
    return _SLACK_TOKEN.search(text) is not None


class Redactor:
    """Hides the secrets it was told, whatever has the shape of one, and the local part of e-mail addresses.

    Args:
        secrets: Values that must never be shown; those under four characters would blot out ordinary words
            and are left to the patterns.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= 4}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def secrets(self, text: str) -> str:
        """The text without secrets; e-mail addresses and Message-IDs stay."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def all(self, text: str) -> str:
        """The text without secrets, with "anna.nowak@klient.example" shortened to "a***@klient.example"."""
        return _ADDRESS.sub(rf"\1{HIDDEN}@", self.secrets(text))
