"""The locator agrees with tomllib about which keys there are, and with the eye about where they stand."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot.toml_lines import KeyPath, key_lines

ROOT = Path(__file__).parents[2]

TRICKY = '''# [not.a.table] and key = 1
top = "a # b" # c
"quoted key".'x y' = 1
text = """
[fake]
fake = 1 \\""" still text""""
raw = \'\'\'
fake = \'\'
\'\'\'
[a]  # table
b.c.d = [ 1, [2, 3], # one
  { e = "}", f = [ "]" ] },
]

[[a.list]]
x = 07:32:00
y = 1979-05-27 07:32:00
[a.list.sub]
z = { p.q = 1, r = {} }
[[a.list]]
x = 'lit # eral'
[[a.list.deep]]
w = []
[[a.list.deep]]
w = ""
'''


def every_path(tree: Any, path: KeyPath = ()) -> set[KeyPath]:
    """The paths of all tables, keys and items."""
    children = list(tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ())
    return {(*path, key) for key, _ in children}.union(*(every_path(value, (*path, key)) for key, value in children))


@pytest.mark.parametrize(
    "source",
    [
        TRICKY,
        TRICKY.replace("\n", "\r\n"),
        "",
        "a = 1",
        *(ROOT.joinpath(f).read_text() for f in ("config.example.toml", "pyproject.toml")),
    ],
    ids=["tricky", "crlf", "empty", "no newline", "example", "pyproject"],
)
def test_finds_every_key(source: str) -> None:
    assert set(key_lines(source)) == every_path(tomllib.loads(source))


def test_lines() -> None:
    lines = key_lines(TRICKY)
    expected: dict[KeyPath, str] = {
        ("top",): "top =",
        ("quoted key", "x y"): '"quoted key"',
        ("a",): "[a]",
        ("a", "b", "c", "d", 1): "b.c.d",
        ("a", "b", "c", "d", 2, "f", 0): '  { e = "}"',
        ("a", "list"): "[[a.list]]",
        ("a", "list", 0, "y"): "y = 1979",
        ("a", "list", 0, "sub", "z", "p", "q"): "z = {",
        ("a", "list", 1, "x"): "x = 'lit",
    }
    source = TRICKY.splitlines()
    assert {path: source[lines[path] - 1].startswith(text) for path, text in expected.items()} == dict.fromkeys(
        expected, True
    )
    assert lines["a", "list", 1, "deep", 1, "w"] == len(source)
    assert lines["a", "list", 1] == lines["a", "list", 1, "x"] - 1
