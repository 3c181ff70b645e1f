"""Customers in shared Slack channels (Slack Connect): who and what their ids name."""

from __future__ import annotations

import re

_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")


def is_slack_user(recipient: str) -> bool:
    """Whether this is a Slack user id and no mail address."""
    return _USER.fullmatch(recipient) is not None


def channel_id(typed: str) -> str | None:
    """The Slack id of a channel as somebody gives it: itself, a mention, or a link to the channel; None where none is.

    A channel's name is none: names differ in each workspace of a shared channel, and change.
    """
    words = typed.strip()
    mentioned = re.fullmatch(r"<#([A-Z0-9]+)(?:\|[^>]*)?>", words)
    linked = re.match(r"https://[^/\s]+/(?:archives|client/T[A-Z0-9]+)/([A-Z0-9]+)(?:[/?#]|$)", words)
    found = mentioned or linked
    named = found[1] if found else words.upper() if words.isalnum() else words
    return named if _CHANNEL.fullmatch(named) and any(sign.isdigit() for sign in named) else None
