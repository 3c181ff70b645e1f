"""Block Kit as its reference describes it (docs.slack.dev/reference/block-kit): what Slack refuses in blocks and views.

Written from the reference, and independent of the stand-in's own check: two readers of one text rarely err alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Body = dict[str, Any]

BLOCKS_IN_MESSAGE, BLOCKS_IN_VIEW = 50, 100
VIEW_CHARACTERS, MESSAGE_CHARACTERS = 250_000, 13_000

_COMMON = {"type", "block_id"}
_FIELDS = {
    "section": {"text", "fields", "accessory", "expand"},
    "actions": {"elements"},
    "context": {"elements"},
    "divider": set[str](),
    "header": {"text", "level"},
    "image": {"image_url", "alt_text", "title", "slack_file"},
    "input": {"label", "element", "hint", "optional", "dispatch_action"},
    "rich_text": {"elements"},
    "markdown": {"text"},
}
_ELEMENT_COMMON = {"type", "action_id", "confirm", "focus_on_load", "placeholder"}
_ELEMENTS: dict[str, set[str]] = {
    "button": {"text", "url", "value", "style", "accessibility_label"},
    "checkboxes": {"options", "initial_options"},
    "radio_buttons": {"options", "initial_option"},
    "overflow": {"options"},
    "static_select": {"options", "option_groups", "initial_option"},
    "multi_static_select": {"options", "option_groups", "initial_options", "max_selected_items"},
    "external_select": {"initial_option", "min_query_length"},
    "multi_external_select": {"initial_options", "min_query_length", "max_selected_items"},
    "users_select": {"initial_user"},
    "multi_users_select": {"initial_users", "max_selected_items"},
    "channels_select": {"initial_channel", "response_url_enabled"},
    "conversations_select": {
        "initial_conversation",
        "default_to_current_conversation",
        "filter",
        "response_url_enabled",
    },
    "datepicker": {"initial_date"},
    "timepicker": {"initial_time", "timezone"},
    "datetimepicker": {"initial_date_time"},
    "plain_text_input": {"initial_value", "multiline", "min_length", "max_length", "dispatch_action_config"},
    "number_input": {"initial_value", "is_decimal_allowed", "min_value", "max_value", "dispatch_action_config"},
    "email_text_input": {"initial_value", "dispatch_action_config"},
    "url_text_input": {"initial_value", "dispatch_action_config"},
    "file_input": {"filetypes", "max_files"},
    "image": {"image_url", "alt_text", "slack_file"},
}
_NO_PLACEHOLDER = {"button", "checkboxes", "radio_buttons", "overflow", "file_input", "image", "timepicker_"}
_NO_FOCUS = {"button", "overflow", "file_input", "image"}
_NO_CONFIRM = {"plain_text_input", "number_input", "email_text_input", "url_text_input", "file_input", "image"}
_ONLY_INPUT = {"plain_text_input", "number_input", "email_text_input", "url_text_input", "file_input"}
_NOT_INPUT = {"button", "overflow", "image"}
_NOT_ACTIONS = _ONLY_INPUT | {"image", "multi_static_select", "multi_external_select", "multi_users_select"}


def size(text: str) -> int:
    """Characters as JavaScript counts them, the stricter way: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


class Check:
    """Collects what is wrong, each with the place of it."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.focused = 0

    def no(self, place: str, what: str) -> None:
        self.wrong.append(f"{what} [json-pointer:{place}]")

    def string(self, value: object, place: str, limit: int, least: int = 1) -> bool:
        if not isinstance(value, str):
            self.no(place, f"must be a string, is {value!r:.60}")
            return False
        if size(value) < least:
            self.no(place, f"must be more than {least - 1} characters")
        if size(value) > limit:
            self.no(place, f"must be less than {limit + 1} characters, has {size(value)}")
        return True

    def text(self, value: object, place: str, limit: int, *, plain: bool = False) -> None:
        if not isinstance(value, dict):
            self.no(place, "must be a text object")
            return
        kind = value.get("type")
        if kind not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
            self.no(place, f"a {kind} is not allowed here")
        allowed = {"type", "text", "emoji"} if kind == "plain_text" else {"type", "text", "verbatim"}
        for more in value.keys() - allowed:
            self.no(place, f"additional property {more}")
        for flag in ("emoji", "verbatim"):
            if flag in value and not isinstance(value[flag], bool):
                self.no(place, f"{flag} must be a boolean")
        if self.string(value.get("text"), f"{place}/text", limit) and not value["text"].strip():
            self.no(place, "must not be empty")

    def options(self, value: object, place: str, most: int, kind: str) -> list[Body]:
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            self.no(place, f"must have 1 to {most} options, has {len(value) if isinstance(value, list) else value}")
            return []
        for at, option in enumerate(value):
            self.option(option, f"{place}/{at}", kind)
        values = [option.get("value") for option in value if isinstance(option, dict)]
        if len(set(values)) != len(values):
            self.no(place, "the values of options are not unique")
        return [option for option in value if isinstance(option, dict)]

    def option(self, option: object, place: str, kind: str) -> None:
        if not isinstance(option, dict):
            self.no(place, "must be an option object")
            return
        for more in option.keys() - {"text", "value", "description", "url"}:
            self.no(place, f"additional property {more}")
        mrkdwn = kind in {"checkboxes", "radio_buttons"}
        self.text(option.get("text"), f"{place}/text", 75, plain=not mrkdwn)
        self.string(option.get("value"), f"{place}/value", 150)
        if "description" in option:
            self.text(option["description"], f"{place}/description", 75, plain=not mrkdwn)
        if "url" in option and kind != "overflow":
            self.no(place, "a url is for overflow menus only")

    def confirm(self, value: object, place: str) -> None:
        if not isinstance(value, dict):
            self.no(place, "must be a confirm object")
            return
        for more in value.keys() - {"title", "text", "confirm", "deny", "style"}:
            self.no(place, f"additional property {more}")
        for name, limit in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            self.text(value.get(name), f"{place}/{name}", limit, plain=name != "text")
        if value.get("style", "primary") not in {"primary", "danger"}:
            self.no(place, "style must be primary or danger")

    def element(self, element: object, place: str, surface: str) -> None:
        if not isinstance(element, dict) or element.get("type") not in _ELEMENTS:
            self.no(place, f"no such element: {element!r:.80}")
            return
        kind = element["type"]
        self._fields(element, place)
        if kind == "image":
            self.string(element.get("alt_text"), f"{place}/alt_text", 2000)
            return
        if "action_id" in element:
            self.string(element["action_id"], f"{place}/action_id", 255)
        if element.get("focus_on_load"):
            self.focused += 1
        if "placeholder" in element:
            self.text(element["placeholder"], f"{place}/placeholder", 150, plain=True)
        if "confirm" in element:
            self.confirm(element["confirm"], f"{place}/confirm")
        if kind == "file_input" and surface != "modal":
            self.no(place, "a file_input is for modals only")
        if kind in _DETAILS:
            _DETAILS[kind](self, element, place)

    def _fields(self, element: Body, place: str) -> None:
        kind = element["type"]
        for more in element.keys() - _ELEMENTS[kind] - _ELEMENT_COMMON:
            self.no(place, f"additional property {more} of {kind}")
        for name, without in (("placeholder", _NO_PLACEHOLDER), ("focus_on_load", _NO_FOCUS), ("confirm", _NO_CONFIRM)):
            if name in element and kind in without:
                self.no(place, f"{kind} has no {name}")

    def initial(self, element: Body, place: str, options: list[Body]) -> None:
        chosen = element.get("initial_options", [])
        if "initial_options" in element and not chosen:
            self.no(place, "initial_options must not be empty")
        if "initial_option" in element:
            chosen = [element["initial_option"]]
        for option in chosen:
            if option not in options:
                self.no(place, f"an initial option is none of the options: {option!r:.90}")

    def block(self, block: object, place: str, surface: str) -> None:
        if not isinstance(block, dict) or block.get("type") not in _FIELDS:
            self.no(place, f"no such block: {block!r:.80}")
            return
        kind = block["type"]
        for more in block.keys() - _FIELDS[kind] - _COMMON:
            self.no(place, f"additional property {more} of {kind}")
        if "block_id" in block:
            self.string(block["block_id"], f"{place}/block_id", 255)
        if kind in _BLOCKS:
            _BLOCKS[kind](self, block, place, surface)
        seen: set[str] = set()
        for element in elements_of(block):
            action = element.get("action_id")
            if action is not None and action in seen:
                self.no(place, f"action_id {action} twice in a block")
            seen.add(action or "")


def _section(check: Check, block: Body, place: str, surface: str) -> None:
    if "text" not in block and not block.get("fields"):
        check.no(place, "a section needs text or fields")
    if "text" in block:
        check.text(block["text"], f"{place}/text", 3000)
    if "fields" in block:
        fields = block["fields"]
        if not isinstance(fields, list) or not 1 <= len(fields) <= 10:
            check.no(place, "1 to 10 fields")
        for at, each in enumerate(fields):
            check.text(each, f"{place}/fields/{at}", 2000)
    if "accessory" in block:
        check.element(block["accessory"], f"{place}/accessory", surface)
        if block["accessory"].get("type") in _ONLY_INPUT:
            check.no(place, "this element can not be an accessory")


def _actions(check: Check, block: Body, place: str, surface: str) -> None:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 25:
        check.no(place, "1 to 25 elements")
        return
    for at, element in enumerate(elements):
        check.element(element, f"{place}/elements/{at}", surface)
        if element.get("type") in _NOT_ACTIONS:
            check.no(place, f"{element['type']} can not stand among actions")


def _context(check: Check, block: Body, place: str, surface: str) -> None:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
        check.no(place, "1 to 10 elements")
        return
    for at, element in enumerate(elements):
        if isinstance(element, dict) and element.get("type") == "image":
            check.element(element, f"{place}/elements/{at}", surface)
        else:
            check.text(element, f"{place}/elements/{at}", 3000)


def _header(check: Check, block: Body, place: str, _surface: str) -> None:
    check.text(block.get("text"), f"{place}/text", 150, plain=True)


def _image(check: Check, block: Body, place: str, _surface: str) -> None:
    check.string(block.get("alt_text"), f"{place}/alt_text", 2000)
    if "image_url" in block:
        check.string(block["image_url"], f"{place}/image_url", 3000)


def _input(check: Check, block: Body, place: str, surface: str) -> None:
    check.text(block.get("label"), f"{place}/label", 2000, plain=True)
    if "hint" in block:
        check.text(block["hint"], f"{place}/hint", 2000, plain=True)
    for flag in ("optional", "dispatch_action"):
        if flag in block and not isinstance(block[flag], bool):
            check.no(place, f"{flag} must be a boolean")
    check.element(block.get("element"), f"{place}/element", surface)
    if isinstance(block.get("element"), dict) and block["element"].get("type") in _NOT_INPUT:
        check.no(place, "this element can not be an input")


def _button(check: Check, element: Body, place: str) -> None:
    check.text(element.get("text"), f"{place}/text", 75, plain=True)
    if "value" in element:
        check.string(element["value"], f"{place}/value", 2000)
    if "url" in element and not re.match(r"(https?|mailto|tel|slack):", str(element["url"])[:3000]):
        check.no(place, f"no url: {element['url']!r:.60}")
    if element.get("style", "primary") not in {"primary", "danger"}:
        check.no(place, "style must be primary or danger")


def _few_options(check: Check, element: Body, place: str) -> None:
    most = 5 if element["type"] == "overflow" else 10
    check.initial(element, place, check.options(element.get("options"), f"{place}/options", most, element["type"]))


def _select(check: Check, element: Body, place: str) -> None:
    if ("options" in element) == ("option_groups" in element):
        check.no(place, "either options or option_groups")
    options: list[Body] = []
    if "options" in element:
        options = check.options(element["options"], f"{place}/options", 100, element["type"])
    for at, group in enumerate(element.get("option_groups", [])):
        check.text(group.get("label"), f"{place}/option_groups/{at}/label", 75, plain=True)
        options += check.options(group.get("options"), f"{place}/option_groups/{at}/options", 100, element["type"])
    if len(element.get("option_groups", [])) > 100:
        check.no(place, "at most 100 groups")
    check.initial(element, place, options)


def _text_input(check: Check, element: Body, place: str) -> None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if not 0 <= least <= 3000 or not 1 <= most <= 3000 or least > most:
        check.no(place, "min_length and max_length must be 0 to 3000")
    if "initial_value" in element:
        check.string(element["initial_value"], f"{place}/initial_value", most, least=0)


def _matching(name: str, pattern: str) -> Callable[[Check, Body, str], None]:
    def check_it(check: Check, element: Body, place: str) -> None:
        if name in element and not re.fullmatch(pattern, str(element[name])):
            check.no(place, f"{name} is {element[name]!r}")

    return check_it


def _number(check: Check, element: Body, place: str) -> None:
    if not isinstance(element.get("is_decimal_allowed"), bool):
        check.no(place, "is_decimal_allowed is required")
    for name in ("initial_value", "min_value", "max_value"):
        if name in element and not isinstance(element[name], str):
            check.no(place, f"{name} must be a string")


def _date_time(check: Check, element: Body, place: str) -> None:
    value = element.get("initial_date_time", 1_000_000_000)
    if not isinstance(value, int) or len(str(value)) != 10:
        check.no(place, "initial_date_time must be 10 digits")


def _files(check: Check, element: Body, place: str) -> None:
    if not 1 <= element.get("max_files", 10) <= 10:
        check.no(place, "1 to 10 files")


_BLOCKS: dict[str, Callable[[Check, Body, str, str], None]] = {
    "section": _section, "actions": _actions, "context": _context, "header": _header, "image": _image, "input": _input,
}  # fmt: skip
_DETAILS: dict[str, Callable[[Check, Body, str], None]] = {
    "button": _button, "checkboxes": _few_options, "radio_buttons": _few_options, "overflow": _few_options,
    "static_select": _select, "multi_static_select": _select, "plain_text_input": _text_input,
    "datepicker": _matching("initial_date", r"\d{4}-\d{2}-\d{2}"),
    "timepicker": _matching("initial_time", r"([01]\d|2[0-3]):[0-5]\d"),
    "users_select": _matching("initial_user", r"[UW][A-Z0-9]+"),
    "number_input": _number, "datetimepicker": _date_time, "file_input": _files,
}  # fmt: skip


def elements_of(block: Body) -> Iterator[Body]:
    """What one can act on or type into within a block."""
    found = [*block.get("elements", []), block.get("accessory"), block.get("element")]
    yield from (e for e in found if isinstance(e, dict) and e.get("type") in _ELEMENTS and e["type"] != "image")


def _blocks(check: Check, blocks: object, most: int, surface: str) -> None:
    if not isinstance(blocks, list):
        check.no("/blocks", "must be a list")
        return
    if len(blocks) > most:
        check.no("/blocks", f"no more than {most} items, has {len(blocks)}")
    for at, block in enumerate(blocks):
        check.block(block, f"/blocks/{at}", surface)
    named = [block.get("block_id") for block in blocks if isinstance(block, dict) and block.get("block_id")]
    for twice in {name for name in named if named.count(name) > 1}:
        check.no("/blocks", f"block_id {twice} twice")
    if check.focused > 1:
        check.no("/blocks", "focus_on_load more than once")


def wrong_with_message(blocks: object) -> list[str]:
    """What Slack would refuse in a message's blocks."""
    check = Check()
    _blocks(check, blocks, BLOCKS_IN_MESSAGE, "message")
    return check.wrong


def wrong_with_view(view: object) -> list[str]:
    """What Slack would refuse in a modal or a Home tab."""
    check = Check()
    if not isinstance(view, dict) or view.get("type") not in {"modal", "home"}:
        return ["must be a view of type modal or home"]
    allowed = {"type", "blocks", "private_metadata", "callback_id", "external_id"}
    if view["type"] == "modal":
        allowed |= {"title", "close", "submit", "clear_on_close", "notify_on_close", "submit_disabled"}
        check.text(view.get("title"), "/title", 24, plain=True)
        for name in ("submit", "close"):
            if name in view:
                check.text(view[name], f"/{name}", 24, plain=True)
        has_inputs = any(isinstance(b, dict) and b.get("type") == "input" for b in view.get("blocks") or [])
        if has_inputs and "submit" not in view:
            check.no("/submit", "a modal with inputs needs a submit")
    for more in view.keys() - allowed:
        check.no("/", f"additional property {more}")
    for name, limit in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        if name in view:
            check.string(view[name], f"/{name}", limit, least=0)
    _blocks(check, view.get("blocks"), BLOCKS_IN_VIEW, view["type"])
    return check.wrong
