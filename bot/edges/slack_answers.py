"""Answers by a response_url: seen by one person, in any conversation, also where the bot is no member.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses: five times within half an hour. The
address is a secret of that conversation: it is neither logged nor shown.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.config_values import LOOPBACK
from bot.edges.slack_log import sdk_logger

SLACKS_OWN = "hooks.slack.com"
TIMEOUT = 10


async def answer(response_url: str, text: str, api_url: str, *, replaces: bool = False) -> bool:
    """Show a text to whom the address belongs; False where Slack does not take it there (any more).

    Args:
        text: mrkdwn.
        api_url: Slack's Web API as configured: only Slack itself is ever called, whatever the payload says.
        replaces: It stands in place of the message that was pressed.

    Raises:
        aiohttp.ClientError, TimeoutError: Slack was not reached, or did not answer.
    """
    address, api = urlsplit(response_url), urlsplit(api_url)
    is_slacks = address.scheme == "https" and address.hostname == SLACKS_OWN
    is_local = api.hostname in LOOPBACK and address[:2] == api[:2]
    if not (is_slacks or is_local):
        return False
    client = AsyncWebhookClient(response_url, timeout=TIMEOUT, logger=sdk_logger(), retry_handlers=[])
    if is_local:
        client.proxy = None  # as in `slack_client`
    sent = await client.send_dict({"text": text, "response_type": "ephemeral", "replace_original": replaces})
    return sent.status_code == 200 and not (sent.body or "").lstrip().startswith("<")  # a page is nobody's answer
