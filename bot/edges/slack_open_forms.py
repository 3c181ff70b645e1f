"""Renders the form by which engineers open a ticket for a customer; `slack_channel_payloads` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from bot.edges.slack_channel_ids import (
    AT_BLOCK,
    BY_OTHER,
    BY_PHONE,
    CONTRACT_BLOCK,
    DESCRIPTION_BLOCK,
    DESCRIPTION_LIMIT,
    LEVEL_BLOCK,
    OPEN_MODAL,
    SERIAL_BLOCK,
    WAY_BLOCK,
    WHO_BLOCK,
)
from bot.edges.slack_ids import VALUE, ModalPlace
from bot.edges.slack_text import Blocks, Json, clean, one_line, plain, sentence
from bot.model import Priority
from bot.rules.question_text import PRIORITY_CHOICES
from bot.rules.wording import Words, format_short_span

_LINE = 200


def open_form(
    serial: str,
    number: str,
    begun: str,
    hotline: str,
    reactions: Mapping[Priority, timedelta],
    words: Words,
    place: ModalPlace,
) -> Json:
    """Opening a ticket for a customer.

    Args:
        serial: What the field begins with.
        number: The same of the contract's number.
        begun: What the description begins with: the words of the message that it is opened from.
        hotline: The number that customers call.
        reactions: The reaction times, by priority.
    """
    description: Json = {
        "type": "plain_text_input",
        "action_id": VALUE,
        "multiline": True,
        "max_length": DESCRIPTION_LIMIT,
    }
    if begun.strip():
        description["initial_value"] = clean(begun).strip()[:DESCRIPTION_LIMIT]
    ways = [
        _option(words("open_modal.by_phone", hotline=hotline), BY_PHONE),
        _option(words("open_modal.by_other"), BY_OTHER),
    ]
    levels = [_level(one, reactions[one], words) for one in PRIORITY_CHOICES]
    blocks: Blocks = [
        _optional(SERIAL_BLOCK, words("open_modal.serial"), _line(serial), words("open_modal.serial_hint")),
        _optional(CONTRACT_BLOCK, words("open_modal.contract"), _line(number), words("open_modal.contract_hint")),
        _input(WHO_BLOCK, words("open_modal.who"), _line("")),
        _optional(
            AT_BLOCK,
            words("open_modal.address"),
            {"type": "email_text_input", "action_id": VALUE},
            words("open_modal.address_hint"),
        ),
        _input(
            WAY_BLOCK,
            words("open_modal.way"),
            {
                "type": "radio_buttons",
                "action_id": VALUE,
                "options": ways,
                "initial_option": ways[1 if begun.strip() else 0],
            },
        ),
        _input(
            LEVEL_BLOCK,
            words("open_modal.priority"),
            {"type": "radio_buttons", "action_id": VALUE, "options": levels},
        ),
        _input(DESCRIPTION_BLOCK, words("open_modal.description"), description),
    ]
    return {
        "type": "modal",
        "callback_id": OPEN_MODAL,
        "title": plain(words("open_modal.title"), 24),
        "submit": plain(words("open_modal.submit"), 24),
        "close": plain(words("modal.cancel"), 24),
        "private_metadata": place.to_metadata(),
        "blocks": blocks,
    }


def _level(priority: Priority, reaction: timedelta, words: Words) -> Json:
    means = words(f"priority_means.{priority}", reaction=format_short_span(reaction, words.language))
    return {**_option(sentence(words(f"priority.{priority}")), priority), "description": plain(means, 75)}


def _line(begun: str) -> Json:
    element: Json = {"type": "plain_text_input", "action_id": VALUE, "max_length": _LINE}
    return {**element, "initial_value": one_line(begun)} if begun else element


def _input(block_id: str, label: str, element: Json) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(label, 2000), "element": element}


def _optional(block_id: str, label: str, element: Json, hint: str) -> Json:
    return {**_input(block_id, label, element), "optional": True, "hint": plain(hint, 2000)}


def _option(label: str, value: str) -> Json:
    return {"text": plain(label, 75), "value": str(value)}
