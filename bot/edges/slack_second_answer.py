"""Who is second sees in the window who was first, and has to say that theirs shall be done as well.

Two things are asked about: words to the customer that a colleague has answered meanwhile (`bot.rules.same_answer`), and
what somebody did to the ticket that this window would pass over (`bot.rules.firsts`).

The window stays open with all that was typed: its fields keep their names, so Slack keeps what they hold.
https://docs.slack.dev/surfaces/modals#updating_views
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.edges.slack_fields import blocks_of, state
from bot.edges.slack_ids import ACTION_IDS, REPLY_MODAL, VALUE, ModalPlace
from bot.edges.slack_payloads import modal_place, to_command
from bot.edges.slack_same_answer import Conversation
from bot.edges.slack_screens import Look
from bot.edges.slack_text import Json, block, cut, line, person, plain, quote, rich
from bot.model import JournalEntry
from bot.rules.first_words import said_of
from bot.rules.firsts import WEIGHS, first_of
from bot.rules.same_answer import Answer, answer_since, seen_of
from bot.rules.ticket_states import Action
from bot.rules.wording import format_instant

log = logging.getLogger(__name__)

READ_LIMIT = 1.0
"""Seconds; without an answer by then the form is taken, and whoever handles it looks once more."""
ROOM = 4_000
"""JSON characters of the first answer."""
WRITES_TO_CUSTOMER = frozenset(
    {REPLY_MODAL, *(ACTION_IDS[each] for each in (Action.AGREE, Action.ASK, Action.RESOLVE, Action.OFFER_TIMES))}
)
"""callback_ids of the forms whose words go by mail."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How one of the two things is asked about.

    Attributes:
        warning: block_id of what is shown.
        confirm: block_id of the box to tick; ":1", ":2" ... behind it when yet another one was first: a new box is not
            ticked.
        sentences: Begins the keys of its sentences: "modal.<sentences>_label" and others.
    """

    warning: str
    confirm: str
    sentences: str


ANSWERS = Asking("second_answer", "second_answer_confirm", "second")
ACTS = Asking("first_act", "first_act_confirm", "first")


def unconfirmed(view: Mapping[str, object]) -> dict[str, str]:
    """What is wrong where somebody else was first and the box is not ticked: block_id -> problem."""
    problems = {}
    for asking in (ANSWERS, ACTS):
        block_id = _confirm_block(view, asking)
        if block_id is not None and not state(view, block_id).get("selected_options"):
            problems[block_id] = f"{asking.sentences}_not_confirmed"
    return problems


def _confirm_block(view: Mapping[str, object], asking: Asking) -> str | None:
    return next((one for one in map(_id, blocks_of(view)) if one.partition(":")[0] == asking.confirm), None)


def _id(shown: Mapping[str, object]) -> str:
    return str(shown.get("block_id") or "")


class SecondAnswers:
    """Looks, when a form is submitted, whether a colleague was first."""

    def __init__(self, conversation: Conversation, look: Look) -> None:
        self._conversation = conversation
        self._look = look

    async def question(self, body: Mapping[str, Any]) -> Json | None:
        """The submitted window with what the colleague did in it; None where it may be taken. Never raises.

        Args:
            body: The submission, with what was looked up of what it names.
        """
        view = body.get("view")
        if body.get("type") != "view_submission" or not isinstance(view, Mapping):
            return None
        try:
            async with asyncio.timeout(READ_LIMIT):
                return await self._about_answers(view, str(body["user"]["id"])) or await self._about_acts(view, body)
        except Exception:
            log.exception("it was not looked up whether somebody else was first")
            return None

    async def _about_answers(self, view: Mapping[str, Any], user: str) -> Json | None:
        if str(view.get("callback_id")) not in WRITES_TO_CUSTOMER:
            return None
        place = modal_place(view)
        if place.ticket_id is None or place.seen is None:
            return None
        messages, waiting = await asyncio.gather(
            self._conversation.messages(place.ticket_id), self._conversation.waiting(place.ticket_id)
        )
        first = answer_since(place.seen, user, messages, waiting)
        if first is None:
            return None
        return self._asked(view, ANSWERS, replace(place, seen=seen_of(messages, waiting)), self._answer(first))

    async def _about_acts(self, view: Mapping[str, Any], body: Mapping[str, Any]) -> Json | None:
        command = to_command(body)
        if type(command) not in WEIGHS:
            return None
        place = modal_place(view)
        if place.ticket_id is None or place.saw is None:
            return None
        lines = await self._conversation.lines_since(place.ticket_id, place.saw)
        first = first_of(command, lines)
        return None if first is None else self._asked(view, ACTS, replace(place, saw=lines[-1].id), self._act(first))

    def _asked(self, view: Mapping[str, Any], asking: Asking, place: ModalPlace, shown: Json) -> Json:
        """The window anew, with what was first above all and a box to tick; `place` knows what is shown."""
        words = self._look.words
        before = _confirm_block(view, asking)
        generation = 0 if before is None else int(before.partition(":")[2] or 0) + 1
        ours = {asking.warning, asking.confirm}
        option: Json = {"text": plain(words(f"modal.{asking.sentences}_confirm"), 75), "value": "send"}
        return {
            "type": "modal",
            **{name: view[name] for name in ("callback_id", "title", "submit", "close") if view.get(name)},
            "private_metadata": place.to_metadata(),
            "blocks": [
                {**shown, "block_id": asking.warning},
                {
                    "type": "input",
                    "block_id": f"{asking.confirm}:{generation}" if generation else asking.confirm,
                    "label": plain(words(f"modal.{asking.sentences}_label"), 2000),
                    "element": {"type": "checkboxes", "action_id": VALUE, "options": [option]},
                },
                *(one for one in blocks_of(view) if _id(one).partition(":")[0] not in ours),
            ],
        }

    def _answer(self, first: Answer) -> Json:
        words = self._look.words
        what = "second_waits" if first.waits else "second_sent"
        said = quote(cut(first.text.strip(), ROOM, words("cut")))
        return block([line(*rich(words, f"modal.{what}", "bold", who=person(first.by))), said])

    def _act(self, first: JournalEntry) -> Json:
        look, words = self._look, self._look.words
        now = look.clock.now()
        at = format_instant(first.at, words.language, look.zone, now)
        did, data = said_of(first, words, look.zone, now)
        named = {name: person(str(value)) if name == "to" else value for name, value in data.items()}
        who = rich(words, "modal.first_acted", "bold", who=person(first.actor), at=at)
        return block([line(*who, *rich(words, did, "bold", **named))])
