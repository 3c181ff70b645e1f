"""Turns what is wrong with a configuration into lines that an operator can act on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic_core import ErrorDetails

from bot.config import Config
from bot.config_values import Missing, NotAllowed
from bot.redaction import looks_secret
from bot.toml_lines import KeyPath

Schema = Mapping[str, Any]
_LONGEST_VALUE = 60


def dotted(path: KeyPath) -> str:
    """Write ("mail", "imap", 0, "port") as "mail.imap[0].port"."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


class Problems:
    """Collects mistakes, each with the place where it can be mended.

    Args:
        file_name: The configuration file, as people call it.
        lines: The line of each key of the file.
    """

    def __init__(self, file_name: str, lines: Mapping[KeyPath, int]) -> None:
        self._file_name = file_name
        self._lines = lines
        self._found: list[tuple[int, str]] = []
        self._origins: dict[KeyPath, str] = {}
        self._variables: dict[KeyPath, str] = {}
        self._settled: set[KeyPath] = set()

    def at_key(self, path: KeyPath, text: str) -> None:
        """Report a mistake at a key of the file, or at what supplied it instead of the file."""
        if path in self._origins:
            self.elsewhere(self._origins[path], text)
            return
        line = self._line(path)
        place = f"{self._file_name}:{line}" if line else self._file_name
        self._found.append((line, f"{place}: {dotted(path)}: {text}"))

    def elsewhere(self, place: str, text: str) -> None:
        """Report a mistake outside the file: an environment variable or a secret's file."""
        self._found.append((1_000_000, f"{place}: {text}"))

    def came_from(self, path: KeyPath, origin: str) -> None:
        """Remember that a key's value was not written in the file."""
        self._origins[path] = origin

    def may_come_from(self, path: KeyPath, variable: str) -> None:
        """Remember which environment variable may supply a secret."""
        self._variables[path] = variable

    def settle(self, path: KeyPath) -> None:
        """Say that a key's mistake was reported, so that its absence is not reported again."""
        self._settled.add(path)

    def add_validation_errors(self, errors: Iterable[ErrorDetails], raw: object) -> None:
        """Report what pydantic refused; `raw` is the tree that it was given."""
        by_path: dict[KeyPath, ErrorDetails] = {tuple(error["loc"]): error for error in errors}
        for path, error in by_path.items():
            # A list whose items are all wrong counts as too short as well; the items' own mistakes say enough.
            said_by_items = any(other[: len(path)] == path and len(other) > len(path) for other in by_path)
            if path not in self._settled and not said_by_items:
                self.at_key(path, _in_words(error, path, raw, self._variables.get(path, "")))

    @property
    def texts(self) -> list[str]:
        """The mistakes in the order of the file, those from elsewhere last."""
        return [text for _, text in sorted(self._found, key=lambda item: item[0])]

    def _line(self, path: KeyPath) -> int:
        """The line of the key or, where it is not written, of the nearest table around it; 0 without one."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 0


def allowed_keys(path: KeyPath) -> list[str]:
    """The keys that a table may hold, with the `_file` forms of its secrets."""
    properties: Schema = _schema_at(path).get("properties", {})
    return list(properties) + [f"{key}_file" for key in properties if is_secret((*path, key))]


def is_secret(path: KeyPath) -> bool:
    """Whether the key holds a secret."""
    return _schema_at(path).get("format") == "password"


def _in_words(error: ErrorDetails, path: KeyPath, raw: object, variable: str) -> str:
    if error["type"] == "extra_forbidden":
        return _unknown_key(path)
    shown = _shown(_value_at(raw, path), secret=is_secret(path))
    reason = error.get("ctx", {}).get("error")
    missing = error["type"] == "missing" or isinstance(reason, Missing)
    if isinstance(reason, NotAllowed) and not missing:
        return str(reason) if reason.rule else f"{shown} is not allowed; {reason}"
    if is_secret(path):
        allowed = f'give it as "{path[-1]}_file" (a file\'s name)' + (f" or in {variable}" if variable else "")
    else:
        allowed = _allowed(_schema_at(path), path)
    if isinstance(reason, Missing):
        allowed += f", {reason}"
    return f"is missing; {allowed}" if missing else f"{shown} is not allowed; {allowed}"


def _unknown_key(path: KeyPath) -> str:
    known = allowed_keys(path[:-1])
    close = get_close_matches(str(path[-1]), known, n=1)
    return f'unknown key; did you mean "{close[0]}"?' if close else f"unknown key; known here: {', '.join(known)}"


def _allowed(schema: Schema, path: KeyPath) -> str:
    if schema.get("type") == "object":
        return f"a table [{dotted(path)}]"
    if "description" in schema:
        return str(schema["description"])
    if "enum" in schema:
        *others, last = [json.dumps(choice) for choice in schema["enum"]]
        return f"{', '.join(others)} or {last}"
    if schema.get("type") == "array":
        return f"a list; each item is {_allowed(_resolved(schema['items']), path)}"
    if schema.get("type") == "integer":
        low, high = schema.get("minimum"), schema.get("maximum")
        return f"a whole number from {low} to {high}" if high is not None else f"a whole number of at least {low}"
    return "a text"


def _shown(value: object, *, secret: bool) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
    if secret or looks_secret(text):
        return "an empty text" if value == "" else "what is given"
    return text if len(text) <= _LONGEST_VALUE else f'{text[:_LONGEST_VALUE]}..."'


def _value_at(raw: Any, path: KeyPath) -> object:
    for part in path:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            return None
    return raw


@cache
def _tree() -> Schema:
    return Config.model_json_schema()


def _schema_at(path: KeyPath) -> Schema:
    """What pydantic says about a key; empty for an unknown one."""
    schema: Schema = _tree()
    for part in path:
        schema = schema.get("items", {}) if isinstance(part, int) else schema.get("properties", {}).get(part, {})
        schema = _resolved(schema)
    return schema


def _resolved(schema: Schema) -> Schema:
    """Follow references and leave "or nothing" out."""
    for option in schema.get("anyOf", ()):
        if option.get("type") != "null":
            schema = option
    if "$ref" in schema:
        schema = {**_tree()["$defs"][schema["$ref"].rpartition("/")[2]], **schema}
    return schema
