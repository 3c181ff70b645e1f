"""Says what Slack would say about blocks, views, texts and metadata; raises what the Web API would answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from bot.sandbox.slack.block_shapes import HOME, MESSAGE_BLOCK, METADATA, MODAL, OPTIONS_ANSWER
from bot.sandbox.slack.json_shapes import Many, Report
from bot.sandbox.slack.model import Json, SlackError

MAX_TEXT = 40_000
MAX_BLOCKS_JSON = 13_000
MAX_METADATA_JSON = 16_000
MAX_VIEW_JSON = 250_000


def json_length(value: Any) -> int:
    """Length of the compact JSON text, in characters."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json, str]]:
    """Every element of the blocks as (block, element, pointer below the block list)."""
    for index, block in enumerate(blocks):
        for position, element in enumerate(block.get("elements", ())):
            if isinstance(element, dict):
                yield block, element, f"/{index}/elements/{position}"
        for key in ("accessory", "element"):
            if isinstance(block.get(key), dict):
                yield block, block[key], f"/{index}/{key}"


def check_message_blocks(blocks: Any) -> list[Json]:
    """The blocks of a message, checked.

    Raises:
        SlackError: `invalid_blocks_format`, `msg_blocks_too_long` or `invalid_blocks` with a pointer for each fault.
    """
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SlackError("invalid_blocks_format")
    report = Report()
    Many(MESSAGE_BLOCK, 50, low=0).check(blocks, "/blocks", report)
    _check_across(blocks, "/blocks", report)
    _ask_slack_sdk(blocks, "/blocks", report)
    if report.messages:
        raise SlackError("invalid_blocks", tuple(report.messages))
    if json_length(blocks) > MAX_BLOCKS_JSON:
        raise SlackError("msg_blocks_too_long")
    return blocks


def check_view(view: Any, allowed: str) -> Json:
    """A modal or Home tab, checked; `allowed` is the `type` that the method takes.

    Raises:
        SlackError: `invalid_arguments` with a pointer for each fault, or `view_too_large`.
    """
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments", ("[ERROR] must be an object [json-pointer:/view]",))
    report = Report()
    if view.get("type") != allowed:
        report.add("/view/type", f"must be {allowed}")
    shape = HOME if allowed == "home" else MODAL
    shape.check(view, "/view", report)
    blocks = [block for block in view.get("blocks") or () if isinstance(block, dict)]
    if allowed == "modal" and "submit" not in view and any(block.get("type") == "input" for block in blocks):
        report.add("/view/submit", "a submit button is required when the view has input blocks")
    _check_across(blocks, "/view/blocks", report)
    _ask_slack_sdk(blocks, "/view/blocks", report)
    if report.messages:
        raise SlackError("invalid_arguments", tuple(report.messages))
    if json_length(view) > MAX_VIEW_JSON:
        raise SlackError("view_too_large")
    return view


def check_options(answer: Any) -> Json:
    """The answer to a `block_suggestion`, checked.

    Raises:
        SlackError: `invalid_arguments`; the person sees "no results" then.
    """
    report = Report()
    OPTIONS_ANSWER.check(answer, "", report)
    if report.messages:
        raise SlackError("invalid_arguments", tuple(report.messages))
    assert isinstance(answer, dict)
    return answer


def check_metadata(metadata: Any) -> Json | None:
    """Message metadata, checked; None for the empty object, which removes it.

    Raises:
        SlackError: `invalid_metadata_format`, `invalid_metadata_schema` or `metadata_too_large`.
    """
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    if not metadata:
        return None
    report = Report()
    METADATA.check(metadata, "/metadata", report)
    if not isinstance(metadata.get("event_payload"), dict):
        report.add("/metadata/event_payload", "must be an object")
    if report.messages:
        raise SlackError("invalid_metadata_schema", tuple(report.messages))
    if json_length(metadata) > MAX_METADATA_JSON:
        raise SlackError("metadata_too_large")
    return metadata


def _check_across(blocks: list[Json], pointer: str, report: Report) -> None:
    _check_block_ids(blocks, pointer, report)
    _check_action_ids(blocks, pointer, report)
    _check_initial_choices(blocks, pointer, report)
    for index, block in enumerate(blocks):
        if block.get("type") == "section" and "text" not in block and "fields" not in block:
            report.add(f"{pointer}/{index}", "missing required field: text or fields")
    if sum(len(str(block.get("text"))) for block in blocks if block.get("type") == "markdown") > 12_000:
        report.add(pointer, "all markdown blocks together must be less than 12001 characters")
    if sum(bool(element.get("focus_on_load")) for _, element, _ in elements_of(blocks)) > 1:
        report.add(pointer, "only one element may have focus_on_load")


def _check_block_ids(blocks: list[Json], pointer: str, report: Report) -> None:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            report.add(f"{pointer}/{index}/block_id", f"`block_id` {block_id} already exists in another block")
        seen.add(str(block_id))


def _check_action_ids(blocks: list[Json], pointer: str, report: Report) -> None:
    seen: set[tuple[int, str]] = set()
    for block, element, place in elements_of(blocks):
        action_id = element.get("action_id")
        if action_id is None:
            continue
        key = (id(block), str(action_id))
        if key in seen:
            report.add(f"{pointer}{place}/action_id", f"`action_id` {action_id} already exists in this block")
        seen.add(key)


def options_of(element: Json) -> list[Json]:
    """All options of a menu or choice, out of their groups."""
    options = list(element.get("options") or ())
    for group in element.get("option_groups") or ():
        options.extend(group.get("options") or ())
    return options


def _check_initial_choices(blocks: list[Json], pointer: str, report: Report) -> None:
    for _, element, place in elements_of(blocks):
        if str(element.get("type", "")).endswith("external_select"):
            continue
        initial = [element["initial_option"]] if "initial_option" in element else element.get("initial_options") or []
        options = options_of(element)
        values = [option.get("value") for option in options if isinstance(option, dict)]
        if len(values) != len(set(values)):
            report.add(f"{pointer}{place}/options", "option values must be unique")
        if any(choice not in options for choice in initial):
            report.add(f"{pointer}{place}", "initial_option(s) must exactly match options of the element")


def _ask_slack_sdk(blocks: list[Json], pointer: str, report: Report) -> None:
    """What slack_sdk's own models refuse; only asked where our rules found nothing, so as not to say it twice."""
    if report.messages:
        return
    for index, block in enumerate(blocks):
        try:
            model = Block.parse(block)
            if model is not None:
                model.to_dict()
        except SlackObjectFormationError as error:
            report.add(f"{pointer}/{index}", str(error))
