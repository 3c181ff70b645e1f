"""Renders what is asked about an engineer's words in a ticket's thread, and the button that takes them back."""

from __future__ import annotations

from bot.edges.slack_escalation_ids import Pressed
from bot.edges.slack_ids import KEEP_INTERNAL, SEND_AND_WAIT, SEND_AS_NEWS, UNDO
from bot.edges.slack_text import (
    Blocks,
    Json,
    block,
    cut,
    fallback,
    line,
    one_line,
    person,
    plain,
    quote,
    reached_at,
    rich,
)
from bot.model import Ticket
from bot.rules.wording import Words
from bot.sendings import Sending

ROOM = 600
"""JSON characters of the words in the question: who wrote them knows them."""


def sending_offer(
    ticket: Ticket, sending: Sending, words: Words, *, first: str | None = None, said: str = ""
) -> tuple[str, Blocks]:
    """The question that only the author sees; what they wrote stays with colleagues unless they press.

    Args:
        first: Slack id of a colleague who answered meanwhile, with what they `said`.
    """
    lines = [
        *([line(*rich(words, "modal.answered_meanwhile", "bold", who=person(first)))] if first else []),
        *([quote(cut(said.strip(), ROOM, "…"))] if first and said.strip() else []),
        line(*rich(words, "sending.offer", "bold", address=reached_at(ticket))),
    ]
    if sending.text.strip():
        lines.append(quote(cut(sending.text.strip(), ROOM, "…")))
    if sending.files:
        lines.append(
            line(*rich(words, "sending.with_files", files=", ".join(one_line(f.name, 60) for f in sending.files)))
        )
    value = Pressed(ticket.id, sending.id, first).to_value()
    buttons = [_button(action_id, value, words) for action_id in (SEND_AND_WAIT, SEND_AS_NEWS, KEEP_INTERNAL)]
    blocks: Blocks = [block(lines), {"type": "actions", "elements": buttons}]
    return fallback(blocks), blocks


def undo_button(ticket_id: int, sending_id: object, words: Words) -> Json:
    """Takes back what waits to be sent."""
    value = Pressed(ticket_id, int(str(sending_id))).to_value()
    return {"type": "actions", "elements": [_button(UNDO, value, words) | {"style": "danger"}]}


def _button(action_id: str, value: str, words: Words) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(words(f"button.{action_id}"), 75), "value": value}
