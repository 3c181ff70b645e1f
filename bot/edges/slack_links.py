"""Addresses of Slack messages."""

from __future__ import annotations


def message_url(workspace_url: str, channel: str, ts: str) -> str:
    """Where a message is, for a link to it.

    Args:
        workspace_url: "https://team.slack.com/", with or without the slash at its end.
    """
    return f"{workspace_url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"
