"""What a token endpoint's refusal means (RFC 6749 §5.2): one line that says what the operator has to do.

Microsoft numbers its reasons (AADSTS...), Google tells them in words; both are quoted only in part, for they repeat
ids, times and more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from bot.config_oauth import OAuthConfig
from bot.edges.connecting import quoted_reply
from bot.errors import HezoError, OperatorError, RetryLater
from bot.redaction import HIDDEN

_NUMBER = re.compile(r"AADSTS\d{3,9}")
_SENTENCE = re.compile(
    r"(?:AADSTS\d{3,9}:\s*)?(.+?)(?:\.(?:\s|$)|\s*(?:Trace ID|Correlation ID|Timestamp)\b|$)", re.DOTALL
)
_LOOKED_AT = 2_000
"""Characters of a description: looking for its first sentence takes quadratic time over long gaps."""

_STALE_KEY = "the client secret has expired; make a new one and set {secret}"
_WRONG_KEY = "the client secret is wrong (it is the secret's value, not its id); set {secret}"
_CLIENT = "the client id is not known there; check client_id{tenant}"
_TENANT = "the tenant is not known there; check tenant"
_SCOPE = "the scope is not allowed; check scope, and the permissions of the application (docs/mail.md)"
_CONSENT = "nobody has consented to the permissions of the application yet (docs/mail.md)"
_AGAIN = "the refresh token {why}; allow it again: hezo360 mail authorize {name}"
_EXPIRED, _REVOKED, _WRONG = "has expired", "was revoked", "has expired or was revoked"
_PERSON = "a person has to log in again: hezo360 mail authorize {name}"

_BY_NUMBER = {
    "AADSTS7000215": _WRONG_KEY,
    "AADSTS7000222": _STALE_KEY,
    "AADSTS700016": _CLIENT,
    "AADSTS700038": _CLIENT,
    "AADSTS90002": _TENANT,
    "AADSTS900023": _TENANT,
    "AADSTS65001": _CONSENT,
    "AADSTS70011": _SCOPE,
    "AADSTS1002012": _SCOPE,
    "AADSTS50034": _AGAIN.replace("{why}", "belongs to nobody there"),
    "AADSTS50057": _AGAIN.replace("{why}", "belongs to an account that is disabled"),
    "AADSTS50076": _PERSON,
    "AADSTS50079": _PERSON,
    "AADSTS50173": _AGAIN.replace("{why}", _REVOKED),
    "AADSTS70000": _AGAIN.replace("{why}", _WRONG),
    "AADSTS70008": _AGAIN.replace("{why}", _EXPIRED),
    "AADSTS70043": _AGAIN.replace("{why}", _EXPIRED),
    "AADSTS700082": _AGAIN.replace("{why}", _EXPIRED),
    "AADSTS700084": _AGAIN.replace("{why}", _EXPIRED),
}
_BY_ERROR = {
    "invalid_client": "client_id or the client secret is wrong; check client_id, and set {secret}",
    "invalid_grant": _AGAIN.replace("{why}", _WRONG),
    "invalid_scope": _SCOPE,
    "unauthorized_client": "the application may not ask in this way; check client_id, grant{tenant} (docs/mail.md)",
    "unsupported_grant_type": "this kind of grant is not served there; check grant and token_url",
    "access_denied": _CONSENT,
    "consent_required": _CONSENT,
    "interaction_required": _PERSON,
    "login_required": _PERSON,
    "deleted_client": "the application was deleted there; make a new one and set client_id and {secret}",
    "disabled_client": "the application is disabled there",
    "admin_policy_enforced": "an administrator has forbidden the application's access to mail (docs/mail.md)",
    "org_internal": "the application is for another organisation; check client_id",
}
# Of service accounts; Google says in words what its few codes leave open.
_NOT_DELEGATED = (
    "the service account may not ask for mailboxes: in the Admin console (Security, API controls, Domain-wide "
    "delegation) add the client id {client} with the scope {scope}"
)
_KEY = "service_account_key_file; make a new key and put its file there"
_OF_ACCOUNTS_BY_WORDS = (
    ("invalid jwt signature", "the key was deleted, has expired or is another account's; see " + _KEY),
    ("short-lived token", "{clock}"),
    ("reasonable timeframe", "{clock}"),
    ("account not found", "the service account does not exist any more; see " + _KEY),
    ("invalid email", "{mailbox} is no mailbox of the domain; check username"),
    ("not a valid email", "{mailbox} is no mailbox of the domain; check username"),
)
_OF_ACCOUNTS_BY_ERROR = {
    "access_denied": _NOT_DELEGATED,
    "unauthorized_client": _NOT_DELEGATED,
    "disabled_client": "the service account is disabled; enable it in the Cloud console",
    "deleted_client": "the service account does not exist any more; see " + _KEY,
    "invalid_client": "the service account or its key is not known there; see " + _KEY,
    "invalid_grant": "the service account was refused for {mailbox}; check username, and " + _KEY,
    "invalid_scope": "the scope is not allowed; check scope, and that of the domain-wide delegation (docs/mail.md)",
}
_CLOCK = "this machine's clock is {seconds:.0f} s {how} the token endpoint's; let NTP set it (timedatectl set-ntp true)"
_PASSING = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


@dataclass(frozen=True, slots=True)
class Asked:
    """How it was asked.

    Attributes:
        mailbox: In whose name, "" for nobody's.
        at: When, by our clock.
        theirs: When, by the endpoint's; None where it did not say.
    """

    mailbox: str
    at: datetime
    theirs: datetime | None = None


def refusal(
    config: OAuthConfig, status: int, error: str, description: str, *secrets: str, asked: Asked | None = None
) -> HezoError:
    """What to tell of an answer that holds no token.

    Args:
        status: The HTTP status.
        error: Its code, "" where it has none.
        description: Its words.
        secrets: What we sent and nobody may read.
        asked: In whose name and when.

    Returns:
        RetryLater where it may pass by itself, OperatorError with what to do otherwise.
    """
    said = _said(error, description, secrets)
    if status >= 500 or status in {408, 425, 429} or error in _PASSING:
        return RetryLater(f"{config.called}: the token endpoint is in trouble now (HTTP {status}: {said})")
    if config.grant == "service_account":
        advice = _of_an_account(config, error, description, asked)
    else:
        number = _NUMBER.search(description)
        advice = (_BY_NUMBER.get(number[0]) if number else None) or _BY_ERROR.get(error)
    if advice is None:
        return OperatorError(f"{config.called}: no token was given (HTTP {status}: {said}); see docs/mail.md")
    return OperatorError(f"{config.called}: {_filled_in(advice, config)} ({said})")


def _of_an_account(config: OAuthConfig, error: str, description: str, asked: Asked | None) -> str | None:
    lower = description.lower()
    advice = next((advice for sign, advice in _OF_ACCOUNTS_BY_WORDS if sign in lower), None)
    advice = advice or _OF_ACCOUNTS_BY_ERROR.get(error) or _BY_ERROR.get(error)
    if advice is None:
        return None
    for name, value in (
        ("client", config.account.client_id or config.account.address),
        ("scope", config.scopes or "(scope is not set)"),
        ("mailbox", (asked and asked.mailbox) or "the service account itself"),
        ("clock", _clock(asked)),
    ):
        advice = advice.replace(f"{{{name}}}", value)
    return advice


def _clock(asked: Asked | None) -> str:
    if asked is None or asked.theirs is None:
        return "this machine's clock is wrong; let NTP set it (timedatectl set-ntp true)"
    apart = (asked.at - asked.theirs).total_seconds()
    return _CLOCK.format(seconds=abs(apart), how="ahead of" if apart > 0 else "behind")


def needs_a_person(config: OAuthConfig) -> OperatorError:
    """There is no refresh token yet."""
    return OperatorError(
        f"{config.called}: there is no refresh token yet; run hezo360 mail authorize {config.name}, "
        f"or set {config.variable}_REFRESH_TOKEN"
    )


def _filled_in(advice: str, config: OAuthConfig) -> str:
    secret = f"{config.variable}_CLIENT_SECRET or client_secret_file"
    tenant = " and tenant" if config.provider == "microsoft" else ""
    return advice.format(secret=secret, tenant=tenant, name=config.name)


def _said(error: str, description: str, secrets: tuple[str, ...]) -> str:
    """The code, the provider's number, and its first sentence; what is secret goes before anything is cut in two."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        description = description.replace(secret, HIDDEN)
    number = _NUMBER.search(description)
    sentence = _SENTENCE.match(description.strip()[:_LOOKED_AT])
    words = [error, number[0] if number else "", sentence[1][:120] if sentence else ""]
    return quoted_reply(": ".join(word for word in words if word), *secrets)
