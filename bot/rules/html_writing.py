"""Plain text to the HTML part of our mails: safe, plain, without anything that a mail program would have to fetch."""

from __future__ import annotations

import re
from html import escape

_LINK = re.compile(r"https://[^\s<>\"']{1,500}[^\s<>\"'.,;:!?)\]}]")
_MARKS = re.compile(r"(?:> ?)+")
_PAGE = "font-family:Segoe UI,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.5;color:#1f2933"
_PARAGRAPH = "margin:0 0 1em 0"
_QUOTATION = "margin:0 0 1em 0;padding:0 0 0 1em;border-left:3px solid #c5ccd3;color:#52606d"


def html_from_text(text: str) -> str:
    """Render plain text.

    Args:
        text: Lines ending in LF; blank lines part paragraphs, "> " marks quotations, "-- " begins the signature.

    Returns:
        A whole HTML document. Everything is escaped; only https addresses become links.
    """
    blocks: list[str] = []
    for paragraph in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").strip("\n")):
        for quoted, lines in _runs(paragraph.split("\n")):
            content = "<br>\n".join(_line(line) for line in lines)
            tag, style = ("blockquote", _QUOTATION) if quoted else ("p", _PARAGRAPH)
            blocks.append(f'<{tag} style="{style}">{content}</{tag}>')
    body = "\n".join(blocks)
    return (
        f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head>\n<body style="{_PAGE}">\n{body}\n</body></html>\n'
    )


def _runs(lines: list[str]) -> list[tuple[bool, list[str]]]:
    """Neighbouring lines that are quoted, or not, together; quoted ones without their marks."""
    runs: list[tuple[bool, list[str]]] = []
    for line in lines:
        quoted = line.startswith(">")
        shown = _MARKS.sub("", line, count=1) if quoted else line
        if runs and runs[-1][0] == quoted:
            runs[-1][1].append(shown)
        else:
            runs.append((quoted, [shown]))
    return runs


def _line(line: str) -> str:
    pieces: list[str] = []
    position = 0
    for match in _LINK.finditer(line):
        address = escape(match[0])
        pieces += [_spaced(line[position : match.start()]), f'<a href="{address}">{address}</a>']
        position = match.end()
    return "".join([*pieces, _spaced(line[position:])])


def _spaced(text: str) -> str:
    """Escaped, with runs of spaces kept: people align columns with them."""
    return escape(text).replace("  ", "&nbsp; ")
