"""What somebody typed in Slack as plain text for a mail: no markup of Slack's, and nothing that only Slack understands.

https://docs.slack.dev/messaging/formatting-message-text: entities in angle brackets, `&<>` escaped, signs that format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.edges.slack_text import clean

_ENTITY = re.compile(r"<([^<>\n]{1,3000})>")
_STYLED = re.compile(r"(?<![\w*_~`])([*_])(?=\S)([^\n]*?\S)\1(?![\w*_~`])")
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
    styled = _STYLED.sub(r"\2", without)
    return _unescaped(re.sub(r"(?m)^&gt; ?", "> ", styled))


def _unescaped(typed: str) -> str:
    return typed.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
