"""What people filled in: the state of interactive elements, as in `view.state.values` and `state.values`."""

from __future__ import annotations

import copy
import re
import secrets
from typing import Any

from bot.sandbox.slack.blocks_check import elements_of, options_of
from bot.sandbox.slack.model import Json, NotPossible
from bot.sandbox.slack.workspace import Workspace

State = dict[str, dict[str, Json]]

_ONE_OPTION = frozenset({"static_select", "external_select", "radio_buttons"})
_SEVERAL_OPTIONS = frozenset({"multi_static_select", "multi_external_select", "checkboxes"})
_TYPED = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})
_OBJECTS = {
    "users_select": "user",
    "conversations_select": "conversation",
    "channels_select": "channel",
    "multi_users_select": "users",
    "multi_conversations_select": "conversations",
    "multi_channels_select": "channels",
}
_PICKERS = {
    "datepicker": ("date", r"\d{4}-\d\d-\d\d"),
    "timepicker": ("time", r"\d\d:\d\d"),
    "datetimepicker": ("date_time", r"\d{10}"),
}


def state_key(kind: str) -> str | None:
    """Under which key an element of this type keeps its value; None for buttons, which keep none."""
    if kind in _TYPED:
        return "value"
    if kind in _ONE_OPTION:
        return "selected_option"
    if kind in _SEVERAL_OPTIONS:
        return "selected_options"
    if kind in _OBJECTS:
        return f"selected_{_OBJECTS[kind]}"
    if kind in _PICKERS:
        return f"selected_{_PICKERS[kind][0]}"
    return "files" if kind == "file_input" else None


def with_ids(blocks: list[Json]) -> list[Json]:
    """A copy of the blocks in which every block and every interactive element has its id, as Slack fills them in."""
    copied = copy.deepcopy(blocks)
    for block in copied:
        block.setdefault("block_id", secrets.token_urlsafe(4))
    for _, element, _ in elements_of(copied):
        if state_key(element.get("type", "")) or element.get("type") in ("button", "overflow"):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return copied


def initial_state(blocks: list[Json], before: State | None = None) -> State:
    """The state that blocks start with; what people entered `before` in elements with the same ids and type stays."""
    state: State = {}
    for block, element, _ in elements_of(blocks):
        key = state_key(element["type"])
        if key is None:
            continue
        block_id, action_id = block["block_id"], element["action_id"]
        kept = (before or {}).get(block_id, {}).get(action_id)
        if kept is not None and kept["type"] == element["type"]:
            value = kept[key]
        else:
            initial = key.replace("selected_", "initial_") if key != "value" else "initial_value"
            empty: Any = [] if key.endswith("s") else None
            value = copy.deepcopy(element.get(initial, empty))
        state.setdefault(block_id, {})[action_id] = {"type": element["type"], key: value}
    return state


def picked(workspace: Workspace, element: Json, choice: Any, offered: list[Json] | None = None) -> Any:
    """The value to keep when a person chooses: option values become options, ids and dates are looked at.

    Args:
        workspace: For users and channels.
        element: The element in the message or view.
        choice: Option value(s), id(s), text, date, time, or Unix seconds; None clears it.
        offered: What the app answered to a `block_suggestion`, for external menus.

    Raises:
        NotPossible: the element does not offer this choice.
    """
    kind = element["type"]
    if choice is None:
        return [] if str(state_key(kind)).endswith("s") else None
    if kind in _TYPED:
        return str(choice)
    options = offered if offered is not None else options_of(element)
    if kind in _ONE_OPTION or kind == "overflow":
        return _option(options, choice)
    if kind in _SEVERAL_OPTIONS:
        _within_maximum(element, choice)
        return [_option(options, value) for value in choice]
    if kind in _OBJECTS:
        several = kind.startswith("multi_")
        _within_maximum(element, choice if several else [choice])
        for slack_id in choice if several else [choice]:
            if slack_id not in workspace.users and slack_id not in workspace.channels:
                raise NotPossible(f"{slack_id} can not be chosen: it does not exist")
        return list(choice) if several else choice
    if kind in _PICKERS:
        if not re.fullmatch(_PICKERS[kind][1], str(choice)):
            raise NotPossible(f"a {kind} does not give {choice!r}")
        return choice
    return choice


def _option(options: list[Json], value: str) -> Json:
    for option in options:
        if option.get("value") == value:
            return option
    raise NotPossible(f"no option {value!r}; there are {[option.get('value') for option in options]}")


def _within_maximum(element: Json, choice: Any) -> None:
    if not isinstance(choice, list | tuple):
        raise NotPossible(f"a {element['type']} takes a list of choices, not {choice!r}")
    if len(choice) > int(element.get("max_selected_items", 100)):
        raise NotPossible(f"no more than {element['max_selected_items']} can be chosen")


def complaint(block: Json, entry: Json) -> str | None:
    """What Slack's client says about an input before it sends the form; None when it is fine."""
    element, kind = block["element"], entry["type"]
    value = entry[str(state_key(kind))]
    if value in (None, "", []):
        return None if block.get("optional") else "Please complete this required field."
    if kind == "plain_text_input":
        longest = int(element.get("max_length", 3000))
        if len(value) > longest:
            return f"Must be at most {longest} characters."
        if len(value) < int(element.get("min_length", 0)):
            return f"Must be at least {element['min_length']} characters."
    if kind == "email_text_input" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        return "Please enter a valid email address."
    if kind == "url_text_input" and not re.fullmatch(r"https?://\S+", value):
        return "Please enter a valid URL."
    if kind == "number_input":
        return _number_complaint(element, value)
    return None


def _number_complaint(element: Json, value: str) -> str | None:
    pattern = r"-?\d+(\.\d+)?" if element["is_decimal_allowed"] else r"-?\d+"
    if not re.fullmatch(pattern, value):
        return "Please enter a number."
    if "min_value" in element and float(value) < float(element["min_value"]):
        return f"Must be at least {element['min_value']}."
    if "max_value" in element and float(value) > float(element["max_value"]):
        return f"Must be at most {element['max_value']}."
    return None
