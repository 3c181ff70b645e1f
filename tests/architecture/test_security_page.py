"""docs/security.md names tests that exist, and a test for every threat."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([a-z_/]+\.py)(?:::(test_\w+))?`", PAGE)


def threats() -> list[str]:
    """The rows of the table of threats."""
    table = PAGE.partition("## Threats")[2].partition("## What is not")[0]
    return [line for line in table.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| threat"))]


def test_every_threat_has_a_test() -> None:
    assert len(threats()) >= 30
    assert [row for row in threats() if not re.search(r"`[a-z_/]+\.py", row.split("|")[3])] == []


def test_every_test_that_is_named_exists() -> None:
    missing = []
    for file, name in NAMED:
        path = ROOT / "tests" / file
        source = path.read_text(encoding="utf-8") if path.exists() else ""
        if not re.search(rf"def {name or 'test_'}", source):
            missing.append(f"{file}::{name}")
    assert missing == []
