"""Hands a payload to Bolt, whichever way it came, and keeps from Bolt what it would stumble over.

Bolt reads parts of a payload before any middleware of ours: where they have another shape than Slack documents, it
raises, and nothing would be recorded or acknowledged. Such a payload is recorded and acknowledged like any other; what
it asks for, if anything, `bot.edges.slack_payloads` finds out.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.edges.slack_listeners import RECORDED, Listeners

log = logging.getLogger(__name__)

Take = Callable[[dict[str, Any]], Awaitable[BoltResponse]]
"""Records a payload, and gives what to acknowledge it with; a status other than 200 is no acknowledgement."""


def take_with(listeners: Listeners) -> Take:
    """What takes payloads for these listeners."""
    app = listeners.app()

    async def take(body: dict[str, Any]) -> BoltResponse:
        RECORDED.set(False)
        if body.get("type") == "event_callback":  # no listener of ours hears of it, and Bolt costs more than recording
            return await _only_recorded(listeners, body)
        if is_as_documented(body):
            answer = await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
            return answer if answer.status == 200 or not RECORDED.get() else BoltResponse(status=200)
        log.warning("a payload is not as Slack documents it", extra={"hezo": {"type": str(body.get("type"))[:40]}})
        return await _only_recorded(listeners, body)

    return take


async def _only_recorded(listeners: Listeners, body: dict[str, Any]) -> BoltResponse:
    try:
        return await listeners.record_only(body)
    except Exception:
        log.exception("a payload was not recorded")
        return BoltResponse(status=200 if RECORDED.get() else 500)


def is_as_documented(body: Mapping[str, object]) -> bool:
    """Whether the parts that Bolt reads have the types that it takes for granted."""
    if not isinstance(body.get("type"), str) and not isinstance(body.get("command"), str):
        return False
    typed = [body[name] for name in ("event", "view") if name in body]
    if body.get("type") == "block_actions" and not body.get("actions"):
        return False
    if body.get("type") == "event_callback":
        typed.append(body.get("event"))
    listed = [item for name in ("actions", "authorizations") for item in _items(body.get(name))]
    named = [body.get(name) for name in ("team", "enterprise", "user", "channel", "container", "message", "action")]
    event = body.get("event")
    if isinstance(event, Mapping):
        inner = ("user", "channel", "team", "item", "message", "previous_message", "assistant_thread", "file")
        named += [event.get(name) for name in inner]
        named += [event["message"].get("user")] if isinstance(event.get("message"), Mapping) else []
    texts = [
        body.get(name) for name in ("team_id", "user_id", "channel_id", "enterprise_id", "trigger_id", "callback_id")
    ]
    return (
        all(isinstance(part, Mapping) and isinstance(part.get("type"), str) for part in typed)
        and all(isinstance(part, Mapping) for part in listed)
        and all(isinstance(part.get("action_id"), str) for part in _mappings(body.get("actions")))
        and all(isinstance(part, Mapping | str | None) for part in named)
        and all(isinstance(part, str | None) for part in texts)
    )


def _items(value: object) -> list[object]:
    """The items of a list; of anything else but nothing, that thing itself, which is none."""
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [item for item in _items(value) if isinstance(item, Mapping)]
