"""The public Web API reference as data: which methods exist, their arguments, scopes and rate tiers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class MethodFacts:
    """One Web API method of the public reference.

    Attributes:
        name: Such as `chat.postMessage`.
        arguments: Every argument that it knows, without `token`.
        required: Those without which it answers `invalid_arguments`.
        bot_scopes: Scopes of a bot token that allow it; for conversations one per kind of channel.
        tier: `t1` to `t4`, or `t5` for a rule of its own.
    """

    name: str
    arguments: frozenset[str]
    required: tuple[str, ...]
    bot_scopes: tuple[str, ...]
    tier: str


@cache
def methods() -> Mapping[str, MethodFacts]:
    """All methods of the reference by name."""
    text = resources.files("bot.sandbox").joinpath("data/slack_web_api.json").read_text("utf-8")
    return {
        name: MethodFacts(
            name=name,
            arguments=frozenset(facts["args"]),
            required=tuple(facts["required"]),
            bot_scopes=tuple(facts["bot_scopes"]),
            tier=facts["tier"],
        )
        for name, facts in json.loads(text)["methods"].items()
    }
