"""A small vocabulary for saying what JSON must look like, with errors worded and pointed at as Slack does it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Report:
    """Collects what is wrong, each with the JSON pointer of the place."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def add(self, pointer: str, what: str) -> None:
        """Note one fault at a place such as `/blocks/0/text/text`."""
        self.messages.append(f"[ERROR] {what} [json-pointer:{pointer or '/'}]")


class Shape(Protocol):
    """Anything that can look at a value and report what is wrong with it."""

    def check(self, value: Any, pointer: str, report: Report) -> None:
        """Report what is wrong with the value that stands at the pointer."""


@dataclass(frozen=True, slots=True)
class String:
    """A string of `low` to `high` characters, matching `pattern` as a whole where one is given."""

    high: int
    low: int = 1
    pattern: str = ""

    def check(self, value: Any, pointer: str, report: Report) -> None:
        """See `Shape`."""
        if not isinstance(value, str):
            report.add(pointer, f"must provide a string (not {type(value).__name__})")
        elif len(value) < self.low:
            report.add(pointer, f"must be more than {self.low - 1} characters")
        elif len(value) > self.high:
            report.add(pointer, f"must be less than {self.high + 1} characters")
        elif self.pattern and not re.fullmatch(self.pattern, value):
            report.add(pointer, f"does not match the format {self.pattern}")


@dataclass(frozen=True, slots=True)
class Boolean:
    """true or false."""

    def check(self, value: Any, pointer: str, report: Report) -> None:
        """See `Shape`."""
        if not isinstance(value, bool):
            report.add(pointer, "must be a boolean")


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number within bounds; Slack takes numbers written as strings for some fields only (`as_string`)."""

    low: int
    high: int
    as_string: bool = False

    def check(self, value: Any, pointer: str, report: Report) -> None:
        """See `Shape`."""
        if self.as_string:
            if not isinstance(value, str) or not re.fullmatch(r"-?\d+(\.\d+)?", value):
                report.add(pointer, "must be a number written as a string")
        elif not isinstance(value, int) or isinstance(value, bool):
            report.add(pointer, "must be an integer")
        elif not self.low <= value <= self.high:
            report.add(pointer, f"must be between {self.low} and {self.high}")


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few strings."""

    values: frozenset[str]

    def check(self, value: Any, pointer: str, report: Report) -> None:
        """See `Shape`."""
        if value not in self.values:
            report.add(pointer, f"must be one of {', '.join(sorted(self.values))}")


@dataclass(frozen=True, slots=True)
class AnyJson:
    """Not looked into."""

    def check(self, value: Any, pointer: str, report: Report) -> None:
        """See `Shape`."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text object: `plain_text` (with `emoji`) or `mrkdwn` (with `verbatim`), never empty."""

    high: int
    plain_only: bool = False

    def check(self, value: Any, pointer: str, report: Report) -> None:
        """See `Shape`."""
        if not isinstance(value, dict):
            report.add(pointer, "must be a text object")
            return
        kind = value.get("type")
        if kind not in ("plain_text", "mrkdwn") or (self.plain_only and kind != "plain_text"):
            report.add(f"{pointer}/type", f"unsupported type: {kind}")
            return
        flag = "emoji" if kind == "plain_text" else "verbatim"
        for key in value.keys() - {"type", "text", flag}:
            report.add(f"{pointer}/{key}", f"no more items allowed: {key}")
        if flag in value:
            Boolean().check(value[flag], f"{pointer}/{flag}", report)
        String(self.high).check(value.get("text"), f"{pointer}/text", report)


@dataclass(frozen=True, slots=True)
class Many:
    """A list of `low` to `high` items of one shape."""

    item: Shape
    high: int
    low: int = 1

    def check(self, value: Any, pointer: str, report: Report) -> None:
        """See `Shape`."""
        if not isinstance(value, list):
            report.add(pointer, "must be an array")
            return
        if len(value) < self.low:
            report.add(pointer, f"no fewer than {self.low} items allowed")
        if len(value) > self.high:
            report.add(pointer, f"no more than {self.high} items allowed")
        for index, item in enumerate(value):
            self.item.check(item, f"{pointer}/{index}", report)


@dataclass(frozen=True, slots=True)
class Object:
    """An object with known keys only; of each group in `either` exactly one key is given."""

    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    either: tuple[tuple[str, ...], ...] = field(default=())

    def check(self, value: Any, pointer: str, report: Report) -> None:
        """See `Shape`."""
        if not isinstance(value, dict):
            report.add(pointer, "must be an object")
            return
        for key in self.required:
            if key not in value:
                report.add(pointer, f"missing required field: {key}")
        for group in self.either:
            if sum(key in value for key in group) != 1:
                report.add(pointer, f"exactly one of {', '.join(group)} must be given")
        for key, item in value.items():
            if key in self.fields:
                self.fields[key].check(item, f"{pointer}/{key}", report)
            else:
                report.add(f"{pointer}/{key}", f"invalid additional property: {key}")


@dataclass(frozen=True, slots=True)
class Typed:
    """An object whose `type` says which of several shapes it must have."""

    shapes: Mapping[str, Shape]

    def check(self, value: Any, pointer: str, report: Report) -> None:
        """See `Shape`."""
        if not isinstance(value, dict):
            report.add(pointer, "must be an object")
            return
        shape = self.shapes.get(value.get("type", ""))
        if shape is None:
            report.add(f"{pointer}/type", f"unsupported type: {value.get('type')}")
        else:
            shape.check(value, pointer, report)
