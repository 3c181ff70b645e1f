"""What a failed Slack call means: who can mend it, and what they have to do.

Error codes: https://docs.slack.dev/reference/methods/chat.postMessage#errors and those of the other methods.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import ChannelUnusable, HezoError, InDoubt, OperatorError, RateLimited, Refused, RetryLater

T = TypeVar("T")

DEFAULT_RETRY_AFTER = timedelta(seconds=30)
LONGEST_RETRY_AFTER = timedelta(hours=1)

TOKEN_ERRORS = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)
PASSING = frozenset({"request_timeout", "team_added_to_org"})
IN_DOUBT = frozenset({"internal_error", "fatal_error", "service_unavailable"})
"""Slack: "it is possible that some aspect of the operation succeeded before the error was raised"; of the last it does
not say so, and a look-up costs little."""

UNUSABLE = frozenset(
    {
        "not_in_channel", "channel_not_found", "is_archived", "missing_scope", "restricted_action",
        "restricted_action_read_only_channel", "restricted_action_thread_only_channel", "ekm_access_denied",
        "access_denied", "team_access_not_granted", "no_permission",
    }
)  # fmt: skip
"""Nothing can be done in the channel until a person mends it; then what waited goes out."""

WHAT_TO_DO: Mapping[str, str] = {
    "not_in_channel": "the bot is not in the channel {channel}: invite it there",
    "channel_not_found": (
        "Slack knows no channel {channel}, or it is private and the bot is not in it: invite the bot, or correct "
        "slack.support_channel and slack.escalation_channel"
    ),
    "is_archived": "the channel {channel} is archived: unarchive it, or configure another one",
    "missing_scope": (
        "the Slack app lacks the scope {needed}: add it in the app's settings (OAuth & Permissions) and install the "
        "app again"
    ),
    "restricted_action": "the workspace's settings forbid the bot to post in {channel}: allow it there",
    "restricted_action_read_only_channel": "only some may post in {channel}: allow the bot there",
    "restricted_action_thread_only_channel": "in {channel} only replies may be posted: allow the bot to post there",
    "message_not_found": "the message in {channel} was deleted",
    "thread_not_found": "the thread's first message in {channel} was deleted",
    "user_not_in_channel": "the person is not in the channel {channel} any more",
    "cant_update_message": "the message in {channel} was not posted with this bot token: it cannot be edited",
    "no_such_subteam": (
        "Slack knows no user group {channel}: correct slack.engineer_groups and slack.manager_groups, or enable it"
    ),
    "file_uploads_disabled": "the workspace's administrators have switched uploads off",
    "file_uploads_except_images_disabled": "the workspace's administrators allow pictures only",
    "file_type_not_allowed": "the workspace's administrators do not allow files of this type",
    "file_upload_size_restricted": "the workspace does not take files this large",
    "storage_limit_reached": "the workspace has no room left for files: make some",
    "ekm_access_denied": "the workspace's administrators have suspended posting (Enterprise Key Management)",
    "access_denied": "the workspace's administrators deny the app access: approve it",
    "team_access_not_granted": "the app is not installed in the workspace of {channel}: install it there",
    "no_permission": "the bot may not do this in {channel}: give its app the permission, and install the app again",
    "not_enabled": "the app's Home tab is switched off: enable it (App Home) in the app's settings",
    "user_not_found": "Slack knows the person no more: their account is gone",
    "user_disabled": "the person's account is deactivated",
    "messages_tab_disabled": "the person cannot be written to directly",
}


def translate(error: Exception, method: str, *, repeatable: bool, channel: str = "") -> HezoError:
    """Our error for what a call raised.

    Args:
        error: From `slack_sdk` or from the connection.
        method: The Web API method, for the message.
        repeatable: Whether doing it twice does no harm; then nothing is ever in doubt.
        channel: The channel it was about, for the message.

    Raises:
        Exception: the error itself, when it is no failure of Slack's or of the connection: a mistake of ours.
    """
    doubt = RetryLater if repeatable else InDoubt
    if isinstance(error, SlackApiError):
        return _of_answer(error, method, doubt, channel)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return RetryLater(
            f"Slack cannot be reached for {method} ({_reason(error)}); it is tried again, if it was never reached "
            "check this machine's way to the internet (DNS, firewall, proxy)"
        )
    if isinstance(error, asyncio.TimeoutError):
        return doubt(f"Slack did not answer {method} in time")
    if isinstance(error, aiohttp.ClientError | OSError):
        return doubt(f"the connection to Slack broke during {method} ({type(error).__name__})")
    raise error


def named(answer: AsyncSlackResponse, name: str, kind: type[T], method: str, *, repeatable: bool = True) -> T:
    """What an answer has to hold; where it does not, Slack is in trouble, and nothing is known of what was asked.

    Args:
        repeatable: As of `translate`.

    Raises:
        RetryLater: it does not; InDoubt where doing it twice does harm.
    """
    value = answer.get(name)
    if isinstance(value, kind) and (value or kind is list):
        return value
    raise (RetryLater if repeatable else InDoubt)(f"Slack is in trouble: {method} was answered without {name}")


def _reason(error: aiohttp.ClientError) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return str(getattr(cause, "strerror", None) or cause or type(error).__name__)


def _of_answer(error: SlackApiError, method: str, doubt: type[RetryLater], channel: str) -> HezoError:
    status, headers, data = _parts(error.response)
    code = str(data.get("error", ""))
    if status == 429 or code in {"ratelimited", "rate_limited"}:
        return RateLimited(f"Slack asks to wait before the next {method}", _retry_after(headers))
    if status >= 500 or not code:
        return doubt(f"Slack is in trouble: {method} was answered with HTTP {status}")
    if code in TOKEN_ERRORS:
        return OperatorError(
            f"Slack does not accept slack.bot_token ({code}): take the Bot User OAuth Token from the app's settings "
            "(OAuth & Permissions)"
        )
    if code in PASSING:
        return RetryLater(f"Slack is in trouble: {method} was answered with {code}")
    if code in IN_DOUBT:
        return doubt(f"Slack is in trouble: {method} was answered with {code}")
    advice, needed = WHAT_TO_DO.get(code, "Slack refused the call"), str(data.get("needed") or "")
    said = f"{advice.format(channel=channel or 'of the message', needed=needed or '(unnamed)')} ({method}: {code})"
    return ChannelUnusable(said, channel, code, needed) if code in UNUSABLE else Refused(said)


def _parts(response: object) -> tuple[int, Mapping[str, str], Mapping[str, object]]:
    """HTTP status, headers and body of what slack_sdk raised: its own response object, or aiohttp's."""
    status = getattr(response, "status_code", None) or getattr(response, "status", None) or 0
    headers = getattr(response, "headers", None) or {}
    data = getattr(response, "data", None)
    return int(status), headers, data if isinstance(data, Mapping) else {}


def _retry_after(headers: Mapping[str, str]) -> timedelta:
    value = headers.get("Retry-After", "")
    if not value.isdecimal():
        return DEFAULT_RETRY_AFTER
    return min(max(timedelta(seconds=int(value[:9])), timedelta(seconds=1)), LONGEST_RETRY_AFTER)
