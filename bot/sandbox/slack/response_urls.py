"""response_url: answers to what a person did, five times within thirty minutes.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

from aiohttp import web

from bot.sandbox.slack.backstage import Backstage
from bot.sandbox.slack.call import Arguments
from bot.sandbox.slack.methods_chat import apply_content, bot_message, read_content
from bot.sandbox.slack.model import ApiCall, Json, Message, ResponseUrl, SlackError

LIFETIME = timedelta(minutes=30)
MAX_USES = 5
KNOWN = frozenset(
    {
        "text", "blocks", "attachments", "response_type", "replace_original", "delete_original", "thread_ts",
        "metadata", "unfurl_links", "unfurl_media", "mrkdwn",
    }
)  # fmt: skip


class ResponseUrls:
    """Answers `POST /response/<team>/<secret>`."""

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One use of a response_url."""
        workspace = self._backstage.workspace
        arrived = asyncio.get_running_loop().time()
        body: Json = {}
        try:
            body = _object(await request.text())
            respond(self._backstage, self._take(request.match_info["secret"]), body)
            error, status = None, 200
        except SlackError as refusal:
            error, status = refusal.error, 404 if refusal.error in ("expired_url", "used_url") else 400
            if status == 400:
                detail = "; ".join(refusal.messages)
                workspace.violation("response_url", f"{refusal.error} {detail}".strip())
        number = workspace.calls[-1].number + 1 if workspace.calls else 1
        workspace.log_call(
            ApiCall(number, "response_url", body, error, status, error is None, workspace.now(), arrived)
        )
        answer: Json = {"ok": True} if error is None else {"ok": False, "error": error}
        return web.json_response(answer, status=status)

    def _take(self, secret: str) -> ResponseUrl:
        workspace = self._backstage.workspace
        response = workspace.response_urls.get(secret)
        if response is None or workspace.now() - response.issued_at > LIFETIME:
            raise SlackError("expired_url")
        if response.uses >= MAX_USES:
            raise SlackError("used_url")
        response.uses += 1
        return response


def respond(backstage: Backstage, response: ResponseUrl, body: Json) -> None:
    """Do what the app answered: replace, delete, or add a message, seen by one person or by all.

    Raises:
        SlackError: as for `chat.postMessage`.
    """
    unknown = body.keys() - KNOWN
    if unknown:
        raise SlackError("invalid_arguments", tuple(f"[ERROR] unknown argument: {name}" for name in unknown))
    workspace, args = backstage.workspace, Arguments(body)
    original = _original(backstage, response)
    if args.flag("delete_original"):
        if original is not None:
            backstage.delete(original)
        return
    content = read_content(workspace, args, "response_url")
    if content.is_empty:
        raise SlackError("no_text")
    if args.flag("replace_original") and original is not None:
        edited = {"user": workspace.bot_user.id, "ts": workspace.new_ts()}
        backstage.change(original, lambda message: apply_content(message, content, edited))
        return
    channel = workspace.channels[response.channel]
    in_channel = args.text("response_type") == "in_channel"
    message = bot_message(
        workspace,
        channel,
        content,
        thread_ts=backstage.thread_for(channel, args.text("thread_ts"), "response_url"),
        visible_to=None if in_channel else response.user,
    )
    if in_channel:
        backstage.post(message)
    else:
        backstage.post_ephemeral(message)


def _original(backstage: Backstage, response: ResponseUrl) -> Message | None:
    channel = backstage.workspace.channels[response.channel]
    if response.message_ts is None:
        return None
    return channel.messages.get(response.message_ts) or channel.ephemerals.get(response.message_ts)


def _object(text: str) -> Json:
    try:
        body = json.loads(text)
    except ValueError:
        raise SlackError("invalid_payload") from None
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    return body
