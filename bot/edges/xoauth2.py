"""Logging in with an access token, what IMAP and SMTP have in common: SASL XOAUTH2, a mechanism of Google's."""

from __future__ import annotations

from bot.config_oauth import OAuthConfig
from bot.errors import HezoError, LoginRefused, RetryLater

MECHANISM = "XOAUTH2"

# What servers say when the token is right and something else is not.
_ADVICE = (
    ("smtpclientauthentication is disabled", "switch SMTP AUTH on for this mailbox (docs/mail.md)"),
    ("authenticated but not connected", "give the application access to this mailbox (docs/mail.md)"),
    ("imap is disabled", "switch IMAP on for this mailbox"),
    ("not enabled for imap", "switch IMAP on for this mailbox"),
)


def initial_response(username: str, token: str) -> bytes:
    """What the client says first and last, before it is made base64."""
    return f"user={username}\x01auth=Bearer {token}\x01\x01".encode()


def advice_on(words: str) -> str | None:
    """What to do about a server's words; None where they do not say."""
    lower = words.lower()
    return next((advice for sign, advice in _ADVICE if sign in lower), None)


def token_refused(refusal: str, source: OAuthConfig, username: str, *, was_taken: bool) -> HezoError:
    """What to tell when a server refuses a token.

    Args:
        refusal: What the server said, and which server that is; without the token.
        was_taken: It had taken this token before, so that a new one may help.
    """
    advice = advice_on(refusal)
    if advice is None and was_taken:
        return RetryLater(f"{refusal}; the token of {source.called} was revoked or ended early, a new one is asked for")
    advice = advice or f"{username} has to be the mailbox's own address, and the token has to cover it (docs/mail.md)"
    return LoginRefused(f"{refusal}; the token of {source.called} is fresh: {advice}")
