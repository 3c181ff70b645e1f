"""The documents' links to files and headings of the repository lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def links_of(document: Path) -> Iterator[str]:
    """Where a document's links lead within the repository; not into the web."""
    for target in _LINK.findall(_FENCED.sub("", document.read_text("utf-8"))):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors_of(document: Path) -> set[str]:
    """What its headings are called in a link, as GitHub does it."""
    headings = _HEADING.findall(_FENCED.sub("", document.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in links_of(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


def test_every_page_is_named_in_the_readme() -> None:
    named = {(ROOT / link).resolve() for link in links_of(ROOT / "README.md")}
    assert {page for page in DOCUMENTS if page.name != "README.md"} - named == set()
