"""The tables [[mail.oauth]]: how to get access tokens (OAuth 2.0, RFC 6749) that stand in for mailbox passwords.

The addresses and scopes of Microsoft 365 and Google are those that both publish for IMAP and SMTP; docs/mail.md says
how to set either up.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.config_service_account import ServiceAccount, service_account
from bot.config_values import LOOPBACK, Duration, MailboxName, NotAllowed, Secret, Section

_MICROSOFT = "https://login.microsoftonline.com"
_GOOGLE_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105  # an address, no secret
_GOOGLE_AUTHORIZE_URL = "https://accounts.google.com/o/oauth2/v2/auth"
_SCOPES = {
    ("microsoft", "client_credentials"): "https://outlook.office365.com/.default",
    ("microsoft", "refresh_token"): "https://outlook.office.com/IMAP.AccessAsUser.All "
    "https://outlook.office.com/SMTP.Send offline_access",
    ("google", "refresh_token"): "https://mail.google.com/",
    ("google", "service_account"): "https://mail.google.com/",
}

Tenant = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$",
        description='the directory (tenant) id, or a domain of it such as "contoso.onmicrosoft.com"',
    ),
]
Scope = Annotated[
    str,
    Field(pattern=r"^[\x21\x23-\x5b\x5d-\x7e ]{1,1000}$", description="scopes with a space between"),
]
Endpoint = Annotated[
    str, Field(pattern=r"^https?://[^\s@#]+$", max_length=2048, description="an https:// address without a password")
]


class OAuthConfig(Section):
    """One way to get tokens; mailboxes and the outgoing server name it in place of a password."""

    name: MailboxName
    provider: Literal["microsoft", "google", "other"]
    tenant: Tenant | None = None
    grant: Literal["client_credentials", "refresh_token", "service_account"] = "client_credentials"
    client_id: Annotated[str, Field(max_length=254, description="a text that is not empty")] = ""
    client_secret: Secret | None = None
    refresh_token: Secret | None = None
    service_account_key: Secret | None = None
    scope: Scope | None = None
    token_url: Endpoint | None = None
    authorize_url: Endpoint | None = None
    timeout: Duration = timedelta(seconds=20)

    @property
    def token_address(self) -> str:
        """Where tokens are asked for (RFC 6749 §3.2)."""
        default = f"{_MICROSOFT}/{self.tenant}/oauth2/v2.0/token" if self.provider == "microsoft" else _GOOGLE_TOKEN_URL
        return self.token_url or default

    @property
    def authorize_address(self) -> str | None:
        """Where a person gives their consent (RFC 6749 §3.1); None where nobody said."""
        if self.authorize_url is not None or self.provider == "other":
            return self.authorize_url
        return f"{_MICROSOFT}/{self.tenant}/oauth2/v2.0/authorize" if self.tenant else _GOOGLE_AUTHORIZE_URL

    @property
    def scopes(self) -> str | None:
        """What is asked for; None leaves it to the server."""
        return self.scope or _SCOPES.get((self.provider, self.grant))

    @property
    def account(self) -> ServiceAccount:
        """The service account; only with its grant."""
        assert self.service_account_key is not None
        return service_account(self.service_account_key.get_secret_value())

    @property
    def called(self) -> str:
        """How people call it in messages."""
        return f'mail.oauth "{self.name}"'

    @property
    def variable(self) -> str:
        """How the environment variables of its secrets begin."""
        return f"HEZO360_MAIL_OAUTH_{self.name.upper().replace('-', '_')}"

    @field_validator("tenant")
    @classmethod
    def _microsoft_has_tenants(cls, value: str | None, info: ValidationInfo) -> str | None:
        provider = info.data.get("provider")
        if value is None and provider == "microsoft":
            raise NotAllowed('missing: the directory (tenant) id that provider "microsoft" needs', rule=True)
        if value is not None and provider in {"google", "other"}:
            raise NotAllowed(f'provider "{provider}" has no tenants; take it out', rule=True)
        return value

    @field_validator("grant")
    @classmethod
    def _served_there(cls, value: str, info: ValidationInfo) -> str:
        provider = info.data.get("provider")
        if value == "client_credentials" and provider == "google":
            raise NotAllowed(
                'Google knows no client credentials for mailboxes; set grant = "service_account" or "refresh_token"',
                rule=True,
            )
        if value == "service_account" and provider == "microsoft":
            raise NotAllowed('Microsoft has no service accounts; set grant = "client_credentials"', rule=True)
        return value

    @field_validator("client_id")
    @classmethod
    def _an_application_has_an_id(cls, value: str, info: ValidationInfo) -> str:
        by_account = info.data.get("grant") == "service_account"
        if value and by_account:
            raise NotAllowed('has no use with grant = "service_account": its key file says who asks', rule=True)
        if not value and not by_account:
            raise NotAllowed("missing: the application's (client) id", rule=True)
        return value

    @field_validator("client_secret")
    @classmethod
    def _an_application_proves_itself(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        grant, provider = info.data.get("grant"), info.data.get("provider")
        if value is not None and grant == "service_account":
            raise NotAllowed('has no use with grant = "service_account"', rule=True)
        if value is None and (grant == "client_credentials" or (grant == "refresh_token" and provider == "google")):
            raise NotAllowed(
                f"missing: set HEZO360_MAIL_OAUTH_{_in_capitals(info)}_CLIENT_SECRET or client_secret_file", rule=True
            )
        return value

    @field_validator("refresh_token")
    @classmethod
    def _only_with_its_grant(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        grant = info.data.get("grant", "refresh_token")
        if value is not None and grant != "refresh_token":
            raise NotAllowed(f'has no use with grant = "{grant}"; set grant = "refresh_token"', rule=True)
        return value

    @field_validator("service_account_key")
    @classmethod
    def _a_service_account_has_a_key(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        grant = info.data.get("grant")
        if value is None and grant == "service_account":
            raise NotAllowed(
                "missing: set service_account_key_file (or "
                f"HEZO360_MAIL_OAUTH_{_in_capitals(info)}_SERVICE_ACCOUNT_KEY_FILE) to the account's key file",
                rule=True,
            )
        if value is not None and grant not in {None, "service_account"}:
            raise NotAllowed(f'has no use with grant = "{grant}"; set grant = "service_account"', rule=True)
        if value is not None:
            service_account(value.get_secret_value())
        return value

    @field_validator("token_url")
    @classmethod
    def _others_say_where(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("provider") == "other":
            raise NotAllowed('missing: where a provider "other" gives tokens', rule=True)
        return value

    @field_validator("token_url", "authorize_url")
    @classmethod
    def _encrypted_unless_loopback(cls, value: str | None) -> str | None:
        if value is not None and value.startswith("http://") and urlsplit(value).hostname not in LOOPBACK:
            raise NotAllowed("an https:// address; http:// only on 127.0.0.1, ::1 and localhost")
        return value


def _in_capitals(info: ValidationInfo) -> str:
    return str(info.data.get("name", "<NAME>")).upper().replace("-", "_")
