"""Renders what customers read in their thread of a shared channel, as (fallback text, blocks)."""

from __future__ import annotations

from bot.edges.slack_appointments import pick_buttons
from bot.edges.slack_channel_forms import form_button
from bot.edges.slack_channel_ids import Offered
from bot.edges.slack_text import (
    MAX_BLOCKS_JSON,
    Blocks,
    Json,
    block,
    fallback,
    json_size,
    line,
    mention,
    mrkdwn,
    person,
    split,
    text,
)
from bot.effects import PostToCustomer
from bot.rules.customer_channels import is_slack_user


def to_customer(effect: PostToCustomer, offered: Offered | None = None, *, opens_thread: bool) -> tuple[str, Blocks]:
    """The bot's words, or an engineer's below their name; never shortened.

    What is too long for blocks (three thousand letters beyond ASCII are) is given as text alone, where signs that
    would format it are replaced by look-alikes.

    Args:
        offered: The thread, for the button that opens the form; None where there is none yet.
        opens_thread: It stands in the channel itself and begins the thread: whom it is for is mentioned, as a reply
            in their own thread notifies them anyway.
    """
    mentioned = effect.to if opens_thread and is_slack_user(effect.to) else ""
    lines: list[Json] = []
    if effect.author_name:
        lines.append(line(text(f"{effect.author_name}:", "bold")))
    first, *rest = split(effect.text) or [""]
    lines.append(line(*([person(mentioned), text(" ")] if mentioned else []), text(first)))
    picks = pick_buttons(effect.choices)
    blocks = [block(lines), *(block([line(text(piece))]) for piece in rest), *picks]
    if effect.form and offered is not None:
        blocks.append(form_button(effect.form, offered))
    if json_size(blocks) <= MAX_BLOCKS_JSON:
        return fallback(blocks), blocks
    name = f"*{mrkdwn(effect.author_name)}:*\n" if effect.author_name else ""
    return f"{name}{mention(mentioned) + ' ' if mentioned else ''}{mrkdwn(effect.text)}", []
