"""The section [slack]: tokens, how Slack reaches the bot, channels and who may act."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from bot.config_values import LOOPBACK, Duration, Host, NotAllowed, Secret, Section, SlackId


class SlackMode(StrEnum):
    """How Slack reaches the bot: by a connection that the bot opens, or by signed HTTP requests."""

    SOCKET = "socket"
    HTTP = "http"


def _is_token(value: SecretStr, start: str) -> bool:
    """Whether it can be sent as a header's value at all, and is of this kind."""
    token = value.get_secret_value()
    return token.startswith(start) and token.isascii() and token.isprintable() and " " not in token


GroupId = Annotated[
    str,
    Field(pattern=r"^S[A-Z0-9]{2,20}$", description='the id of a user group, such as "S0123456789"'),
]


class SlackConfig(Section):
    """The workspace: tokens, channels and who may act."""

    mode: Annotated[SlackMode, Field(strict=False)] = SlackMode.SOCKET
    bot_token: Secret
    app_token: Secret | None = None
    signing_secret: Secret | None = None
    http_host: Host = "127.0.0.1"
    http_port: Annotated[int, Field(strict=True, ge=0, le=65535)] = 3000
    api_url: Annotated[str, Field(pattern=r"^https?://.+/$", description='an https:// address that ends with "/"')] = (
        "https://slack.com/api/"
    )
    support_channel: SlackId
    escalation_channel: SlackId
    enquiries_channel: SlackId | None = None
    engineer_groups: tuple[GroupId, ...] = ()
    manager_groups: tuple[GroupId, ...] = ()
    groups_refresh: Annotated[
        Duration, Field(ge=timedelta(seconds=30), description='a duration from "30s" to "366d", such as "5min"')
    ] = timedelta(minutes=5)
    engineers: tuple[SlackId, ...] = ()
    managers: tuple[SlackId, ...] = ()
    customers: tuple[SlackId, ...] = ()
    report_after: Duration = timedelta(minutes=2)
    timeout: Duration = timedelta(seconds=10)
    silence_limit: Duration = timedelta(minutes=2)
    posts_per_minute: Annotated[int, Field(strict=True, ge=1, le=60_000)] = 60
    posts_at_once: Annotated[int, Field(strict=True, ge=1, le=1000)] = 10

    @field_validator("bot_token")
    @classmethod
    def _is_a_bot_token(cls, value: SecretStr) -> SecretStr:
        if not _is_token(value, "xoxb-"):
            raise NotAllowed(
                'a bot token, which starts with "xoxb-" and holds no spaces (Slack app settings, OAuth & Permissions)'
            )
        return value

    @field_validator("app_token")
    @classmethod
    def _is_an_app_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_token(value, "xapp-"):
            allowed = 'an app-level token, which starts with "xapp-" and holds no spaces'
            raise NotAllowed(f"{allowed} (Slack app settings, Basic Information)")
        return value

    @model_validator(mode="after")
    def _has_what_its_mode_needs(self) -> Self:
        if self.mode is SlackMode.SOCKET and self.app_token is None:
            raise NotAllowed('slack.app_token is missing: Socket Mode needs it (slack.mode = "socket")', rule=True)
        if self.mode is SlackMode.HTTP and self.signing_secret is None:
            raise NotAllowed('slack.signing_secret is missing: signed HTTP needs it (slack.mode = "http")', rule=True)
        return self

    @field_validator("api_url")
    @classmethod
    def _encrypted_unless_loopback(cls, value: str) -> str:
        if value.startswith("http://") and urlsplit(value).hostname not in LOOPBACK:
            raise NotAllowed("an https:// address; http:// only on 127.0.0.1, ::1 and localhost")
        return value

    @field_validator("managers")
    @classmethod
    def _somebody_may_act(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        others = ("engineers", "engineer_groups", "manager_groups")
        if not value and all(info.data.get(name) == () for name in others):
            raise NotAllowed(
                "slack.engineers and slack.managers are both empty, and no groups are named: nobody could answer a "
                "customer",
                rule=True,
            )
        return value
