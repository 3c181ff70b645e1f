"""Finds the line on which each key of a TOML file stands, which `tomllib` does not tell."""

from __future__ import annotations

import re
import tomllib

KeyPath = tuple[str | int, ...]

_GAP = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # up to two quotation marks may stand right before the closing three
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}\n#]+")


def key_lines(source: str) -> dict[KeyPath, int]:
    """Give the line number, from 1, of every table, key and list item.

    Args:
        source: TOML that `tomllib.loads` accepts; for anything else the answer is undefined.

    Returns:
        Line by path, for example ("mail", "imap", 0, "port"); a table's line is its first header's.
    """
    scanner = _Scanner(source.replace("\r\n", "\n"))
    scanner.read()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.lines: dict[KeyPath, int] = {}
        self._items: dict[KeyPath, int] = {}  # how many [[tables]] of that path there are so far

    def read(self) -> None:
        table: KeyPath = ()
        self._skip()
        while self.position < len(self.text):
            if self.text.startswith("[", self.position):
                table = self._header()
            else:
                self._pair(table)
            self._skip()

    def _header(self) -> KeyPath:
        at = self.position
        width = 2 if self.text.startswith("[[", at) else 1
        self.position += width
        parts = self._key()
        self._skip()
        self.position += width
        path: KeyPath = ()
        for part in parts[:-1]:
            path = self._newest((*path, part))
            self._mark(path, at)
        path = (*path, parts[-1])
        self._mark(path, at)
        if width == 2:
            self._items[path] = self._items.get(path, 0) + 1
        path = self._newest(path)
        self._mark(path, at)
        return path

    def _newest(self, path: KeyPath) -> KeyPath:
        return (*path, self._items[path] - 1) if path in self._items else path

    def _pair(self, table: KeyPath) -> None:
        at = self.position
        path = table
        for part in self._key():
            path = (*path, part)
            self._mark(path, at)
        self._skip()
        self.position += 1  # the =
        self._skip()
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        if self.text[self.position] == "[":
            self.position += 1
            index = 0
            while not self._closed_by("]"):
                self._mark((*path, index), self.position)
                self._value((*path, index))
                index += 1
        elif self.text[self.position] == "{":
            self.position += 1
            while not self._closed_by("}"):
                self._pair(path)
        else:
            match = _STRING.match(self.text, self.position) or _PLAIN.match(self.text, self.position)
            assert match is not None, "tomllib accepted it"
            self.position = match.end()

    def _closed_by(self, sign: str) -> bool:
        self._skip()
        if self.text[self.position] == ",":
            self.position += 1
            self._skip()
        if self.text[self.position] == sign:
            self.position += 1
            return True
        return False

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._skip()
            if match := _BARE_KEY.match(self.text, self.position):
                parts.append(match[0])
            else:
                match = _STRING.match(self.text, self.position)
                assert match is not None, "tomllib accepted it"
                parts.append(tomllib.loads(f"key = {match[0]}")["key"])
            self.position = match.end()
            self._skip()
            if self.text[self.position] != ".":
                return parts
            self.position += 1

    def _skip(self) -> None:
        match = _GAP.match(self.text, self.position)
        assert match is not None, "the pattern matches an empty text too"
        self.position = match.end()

    def _mark(self, path: KeyPath, position: int) -> None:
        self.lines.setdefault(path, self.text.count("\n", 0, position) + 1)
