"""Reads the parts of a Slack payload that are alike everywhere. Nothing in it is trusted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.edges.slack_ids import TEXT_BLOCK, VALUE

_USER = re.compile(r"[UW][A-Z0-9]{2,20}")


class Unreadable(ValueError):
    """The payload does not have the shape that it should have."""


def mapping(value: object, what: str) -> Mapping[str, object]:
    """The value, if it is an object; Unreadable otherwise."""
    if not isinstance(value, Mapping):
        raise Unreadable(f"no {what}")
    return value


def required(values: Mapping[str, object], key: str) -> str:
    """A text that is not empty; Unreadable otherwise."""
    value = values.get(key)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"no {key}")
    return value


def blocks_of(view: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The blocks of a modal, as far as they are any."""
    blocks = view.get("blocks")
    return [one for one in blocks if isinstance(one, Mapping)] if isinstance(blocks, list) else []


def state(view: Mapping[str, object], block_id: str) -> Mapping[str, object]:
    """What a modal's field holds; empty where it is not there."""
    found: object = view
    for step in ("state", "values", block_id, VALUE):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def typed(view: Mapping[str, object], block_id: str) -> str:
    """The text of a field; "" where there is none."""
    value = state(view, block_id).get("value")
    return value if isinstance(value, str) else ""


def text_block(view: Mapping[str, object]) -> str:
    """The block of the reply window that holds its text: only a block of another name takes a text put in by us."""
    blocks = view.get("blocks")
    ids = [block.get("block_id") for block in blocks if isinstance(block, Mapping)] if isinstance(blocks, list) else []
    found = (one for one in ids if isinstance(one, str) and one.partition(":")[0] == TEXT_BLOCK)
    return next(found, TEXT_BLOCK)


def choice(view: Mapping[str, object], block_id: str) -> str:
    """The value of the chosen option; "" where none is chosen."""
    option = state(view, block_id).get("selected_option")
    value = option.get("value") if isinstance(option, Mapping) else None
    return value if isinstance(value, str) else ""


def choice_in(body: Mapping[str, object], action_id: str) -> str:
    """The value of the option that was just chosen in a menu; Unreadable where none was."""
    actions = body.get("actions")
    first = mapping(actions[0] if isinstance(actions, list) and actions else None, "actions")
    option = mapping(first.get("selected_option"), "selected_option")
    value = option.get("value")
    if first.get("action_id") != action_id or not isinstance(value, str) or not value.isdecimal():
        raise Unreadable(f"nothing chosen in {action_id}")
    return value


def chosen_user(view: Mapping[str, object], block_id: str) -> str:
    """The Slack id of the chosen person; "" where nobody is chosen."""
    value = state(view, block_id).get("selected_user")
    return value if isinstance(value, str) and _USER.fullmatch(value) else ""


def instant_or_none(view: Mapping[str, object], block_id: str) -> datetime | None:
    """The chosen instant, UTC; None where none is chosen."""
    try:
        return chosen_instant(view, block_id)
    except Unreadable:
        return None


def chosen_instant(view: Mapping[str, object], block_id: str) -> datetime:
    """The chosen instant, UTC; Unreadable where none is chosen."""
    value = state(view, block_id).get("selected_date_time")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10_000_000_000:
        raise Unreadable(f"no instant in {block_id}")
    return datetime.fromtimestamp(value, UTC)
