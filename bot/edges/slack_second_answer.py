"""Who is about to send a second answer sees the first one in the window, and has to say that theirs shall go as well.

The window stays open with all that was typed: its fields keep their names, so Slack keeps what they hold.
https://docs.slack.dev/surfaces/modals#updating_views
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.edges.slack_fields import state
from bot.edges.slack_ids import ACTION_IDS, REPLY_MODAL, VALUE
from bot.edges.slack_payloads import modal_place
from bot.edges.slack_same_answer import Conversation
from bot.edges.slack_text import Json, block, cut, line, person, plain, quote, rich
from bot.rules.same_answer import Answer, answer_since, seen_of
from bot.rules.ticket_states import Action
from bot.rules.wording import Words

log = logging.getLogger(__name__)

READ_LIMIT = 1.0
"""Seconds; without an answer by then the words are taken, and whoever handles them looks once more."""
ROOM = 4_000
"""JSON characters of the first answer."""
WRITES_TO_CUSTOMER = frozenset(
    {REPLY_MODAL, *(ACTION_IDS[each] for each in (Action.AGREE, Action.ASK, Action.RESOLVE, Action.OFFER_TIMES))}
)
"""callback_ids of the forms whose words go by mail."""
WARNING_BLOCK = "second_answer"
CONFIRM_BLOCK = "second_answer_confirm"
"""Of the box to tick; ":1", ":2" ... behind it when yet another answer came: a new box is not ticked."""


def unconfirmed(view: Mapping[str, object]) -> dict[str, str]:
    """What is wrong where a second answer was asked about and its box is not ticked: block_id -> problem."""
    block_id = _confirm_block(view)
    if block_id is None or state(view, block_id).get("selected_options"):
        return {}
    return {block_id: "second_not_confirmed"}


def _confirm_block(view: Mapping[str, object]) -> str | None:
    return next((one for one in map(_id, _blocks(view)) if one.partition(":")[0] == CONFIRM_BLOCK), None)


def _blocks(view: Mapping[str, object]) -> list[Mapping[str, object]]:
    blocks = view.get("blocks")
    return [one for one in blocks if isinstance(one, Mapping)] if isinstance(blocks, list) else []


def _id(shown: Mapping[str, object]) -> str:
    return str(shown.get("block_id") or "")


class SecondAnswers:
    """Looks, when words are submitted, whether a colleague was first."""

    def __init__(self, conversation: Conversation, words: Words) -> None:
        self._conversation = conversation
        self._words = words

    async def question(self, body: Mapping[str, Any]) -> Json | None:
        """The submitted window with the colleague's answer in it; None where the words may go. Never raises."""
        view = body.get("view")
        if body.get("type") != "view_submission" or not isinstance(view, Mapping):
            return None
        if str(view.get("callback_id")) not in WRITES_TO_CUSTOMER:
            return None
        try:
            async with asyncio.timeout(READ_LIMIT):
                return await self._question(view, str(body["user"]["id"]))
        except Exception:
            log.exception("it was not looked up whether somebody else answers the same words")
            return None

    async def _question(self, view: Mapping[str, Any], user: str) -> Json | None:
        place = modal_place(view)
        if place.ticket_id is None or place.seen is None:
            return None
        messages, waiting = await asyncio.gather(
            self._conversation.messages(place.ticket_id), self._conversation.waiting(place.ticket_id)
        )
        first = answer_since(place.seen, user, messages, waiting)
        if first is None:
            return None
        before = _confirm_block(view)
        generation = 0 if before is None else int(before.partition(":")[2] or 0) + 1
        kept = [one for one in _blocks(view) if _id(one).partition(":")[0] not in {WARNING_BLOCK, CONFIRM_BLOCK}]
        return {
            "type": "modal",
            **{name: view[name] for name in ("callback_id", "title", "submit", "close") if view.get(name)},
            "private_metadata": replace(place, seen=seen_of(messages, waiting)).to_metadata(),
            "blocks": [*self._warning(first, generation), *kept],
        }

    def _warning(self, first: Answer, generation: int) -> list[Json]:
        words = self._words
        what = "second_waits" if first.waits else "second_sent"
        option: Json = {"text": plain(words("modal.second_confirm"), 75), "value": "send"}
        return [
            {
                **block(
                    [
                        line(*rich(words, f"modal.{what}", "bold", who=person(first.by))),
                        quote(cut(first.text.strip(), ROOM, words("cut"))),
                    ]
                ),
                "block_id": WARNING_BLOCK,
            },
            {
                "type": "input",
                "block_id": f"{CONFIRM_BLOCK}:{generation}" if generation else CONFIRM_BLOCK,
                "label": plain(words("modal.second_label"), 2000),
                "element": {"type": "checkboxes", "action_id": VALUE, "options": [option]},
            },
        ]
