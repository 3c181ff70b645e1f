"""What somebody typed in Slack as plain text for a mail: no markup of Slack's, and nothing that only Slack understands.

https://docs.slack.dev/messaging/formatting-message-text: entities in angle brackets, `&<>` escaped, signs that format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.edges.slack_text import clean

_ENTITY = re.compile(r"<([^<>\n]{1,3000})>")
_OPENING = re.compile(r"(?<![\w*_~`])([*_])(?=\S)")
_CLOSING = {sign: re.compile(rf"(?<=\S)\{sign}(?![\w*_~`])") for sign in "*_"}
"""What is struck out keeps its tildes: without them it would say what its author took back."""
_CODE = re.compile(r"```\n?(.*?)```|`([^`\n]+)`", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Plain:
    """A text, and whether it speaks to colleagues: it mentions somebody, a group or a channel."""

    text: str
    mentions: bool


def plain_words(typed: str, names: Mapping[str, str]) -> Plain:
    """The text of a message.

    Args:
        typed: mrkdwn, as Slack gives it.
        names: Real names that are known, by Slack id; others are left as "@?".
    """
    mentions = False

    def shown(entity: re.Match[str]) -> str:
        nonlocal mentions
        body, _, label = entity[1].partition("|")
        if body.startswith(("@", "!", "#")):
            is_date = body.startswith("!date")
            mentions = mentions or not is_date
            if body.startswith("@"):
                return f"@{names.get(body[1:]) or label or '?'}"
            return label or ("" if is_date else body)
        address = body.removeprefix("mailto:").removeprefix("tel:")
        return address if label in {"", address, body} else f"{label} ({address})"

    pieces: list[str] = []
    position = 0
    for code in _CODE.finditer(typed):  # what is code says what it says
        pieces += [
            _plain(typed[position : code.start()], shown),
            _unescaped(_ENTITY.sub(shown, code[1] or code[2] or "")),
        ]
        position = code.end()
    pieces.append(_plain(typed[position:], shown))
    return Plain(clean("".join(pieces)).strip(), mentions)


def _plain(typed: str, shown: Callable[[re.Match[str]], str]) -> str:
    without = _ENTITY.sub(shown, typed)
    styled = "\n".join(map(_without_styles, without.split("\n")))
    return _unescaped(re.sub(r"(?m)^&gt; ?", "> ", styled))


def _without_styles(line: str) -> str:
    """The line without the signs around what is bold or in italics; each piece of it is looked at once."""
    pieces: list[str] = []
    position = 0
    unclosed: set[str] = set()
    opening = _OPENING.search(line)
    while opening is not None:
        sign, after = opening[1], opening.end()
        closing = None if sign in unclosed else _CLOSING[sign].search(line, after + 1)
        if closing is None:
            unclosed.add(sign)  # nor will one that comes later be closed
        else:
            pieces += [line[position : opening.start()], line[after : closing.start()]]
            position = after = closing.end()
        opening = _OPENING.search(line, after)
    return "".join([*pieces, line[position:]])


def _unescaped(typed: str) -> str:
    return typed.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
