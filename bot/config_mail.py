"""The section [mail]: our addresses, the mailboxes that are read, the server that takes our mails."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.config_oauth import OAuthConfig
from bot.config_values import (
    LOOPBACK,
    Address,
    Domain,
    Duration,
    FileName,
    Folder,
    Host,
    IdleTime,
    MailboxName,
    Missing,
    Name,
    NotAllowed,
    Port,
    Secret,
    Section,
    Security,
)


class ServerConfig(Section):
    """A mail server's address; without encryption it must be on this machine."""

    host: Host
    port: Port
    security: Security = "tls"
    ca_file: FileName | None = None
    username: Name | None = None
    oauth: MailboxName | None = None
    password: Secret | None = None
    timeout: Duration = timedelta(seconds=30)

    @field_validator("security")
    @classmethod
    def _encrypted_unless_loopback(cls, value: Security, info: ValidationInfo) -> Security:
        if value == "none" and info.data.get("host", "localhost") not in LOOPBACK:
            raise NotAllowed('"tls" or "starttls"; "none" only where host is 127.0.0.1, ::1 or localhost')
        return value

    @field_validator("password")
    @classmethod
    def _one_way_to_log_in(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and info.data.get("oauth"):
            raise NotAllowed("has no use beside oauth; keep one of them", rule=True)
        return value


class ImapConfig(ServerConfig):
    """One mailbox that is read."""

    name: MailboxName
    username: Name
    port: Port = 993
    folder: Name = "INBOX"
    processed_folder: Folder = "Processed"
    idle: IdleTime = timedelta(minutes=4)
    poll: Duration = timedelta(minutes=1)
    batch: Annotated[int, Field(strict=True, ge=1, le=50)] = 50
    max_size_mb: Annotated[int, Field(strict=True, ge=1, le=150)] = 25

    @field_validator("processed_folder")
    @classmethod
    def _is_not_read_again(cls, value: str | None, info: ValidationInfo) -> str | None:
        read = str(info.data.get("folder"))
        if value is not None and (value == read or value.upper() == read.upper() == "INBOX"):
            raise NotAllowed('has to be another folder than the one that is read; "" moves nothing', rule=True)
        return value

    @field_validator("password")
    @classmethod
    def _logs_in_somehow(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and info.data.get("oauth", "") is None:
            raise Missing("or set oauth")
        return value


class SmtpConfig(ServerConfig):
    """The server that takes our mail."""

    port: Port = 465

    @field_validator("password")
    @classmethod
    def _has_a_user(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and info.data.get("username", "") is None:
            raise NotAllowed("a password needs mail.smtp.username beside it", rule=True)
        if value is None and info.data.get("username") and info.data.get("oauth", "") is None:
            raise NotAllowed(
                "missing, though mail.smtp.username is given: set HEZO360_MAIL_SMTP_PASSWORD or password_file",
                rule=True,
            )
        return value

    @field_validator("oauth")
    @classmethod
    def _tokens_have_a_user(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("username", "") is None:
            raise NotAllowed("needs mail.smtp.username beside it: the mailbox that mails are sent from", rule=True)
        return value


class MailNamesConfig(Section):
    """Our addresses and how mails look: what can be known without a server."""

    support_address: Address = "pomoc@myhezo.pl"
    info_address: Address = "info@myhezo.pl"
    escalation_address: Address = "escalation@myhezo.pl"
    sender_name: Name = "HEZO 360"
    message_id_domain: Domain = "myhezo.pl"
    trusted_authserv_ids: tuple[Name, ...] = ()
    plus_addressing: bool = False
    copy_to_self: bool = True

    @property
    def own_addresses(self) -> frozenset[str]:
        """Every address that is ours, lower case: mail from them is our own coming back."""
        return frozenset(
            address.lower() for address in (self.support_address, self.info_address, self.escalation_address)
        )


class MailConfig(MailNamesConfig):
    """Addresses, mailboxes and the outgoing server."""

    token_key: Secret | None = None
    oauth: tuple[OAuthConfig, ...] = ()
    imap: Annotated[tuple[ImapConfig, ...], Field(min_length=1, description="at least one [[mail.imap]] table")]
    smtp: SmtpConfig

    @field_validator("imap")
    @classmethod
    def _names_differ(cls, value: tuple[ImapConfig, ...], info: ValidationInfo) -> tuple[ImapConfig, ...]:
        # Names go into environment variables, where - becomes _.
        names = [mailbox.name.replace("-", "_") for mailbox in value]
        if len(set(names)) != len(names):
            raise NotAllowed("every mailbox needs a name of its own (- and _ count as the same)", rule=True)
        for mailbox in value:
            _refuse_unknown_oauth(f'mailbox "{mailbox.name}"', mailbox, info)
        return value

    @field_validator("smtp")
    @classmethod
    def _tokens_come_from_somewhere(cls, value: SmtpConfig, info: ValidationInfo) -> SmtpConfig:
        _refuse_unknown_oauth("it", value, info)
        return value

    @field_validator("oauth")
    @classmethod
    def _sources_differ(cls, value: tuple[OAuthConfig, ...]) -> tuple[OAuthConfig, ...]:
        if len({source.variable for source in value}) != len(value):
            raise NotAllowed("every [[mail.oauth]] needs a name of its own (- and _ count as the same)", rule=True)
        return value


def _refuse_unknown_oauth(who: str, server: ServerConfig, info: ValidationInfo) -> None:
    known = info.data.get("oauth")
    if known is not None and server.oauth is not None and server.oauth not in {source.name for source in known}:
        raise NotAllowed(f'{who} names oauth = "{server.oauth}", but no [[mail.oauth]] has that name', rule=True)
