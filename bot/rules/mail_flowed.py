"""text/plain with format=flowed (RFC 3676): soft line ends joined again."""

from __future__ import annotations


def unflow(text: str, delete_space: bool = False) -> str:
    """Join the lines that the sending program has broken softly.

    Args:
        text: The decoded body, lines ending in LF.
        delete_space: The DelSp parameter: the space before a soft line end is none of the text.

    Returns:
        The text with one line per paragraph; quotation depth is written as "> > ".
    """
    paragraphs: list[list[str]] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")  # space-stuffing, §4.4
        is_signature = content == "-- "
        is_soft = content.endswith(" ") and not is_signature
        content = content[:-1] if is_soft and delete_space else content
        if open_depth == depth and not is_signature:
            paragraphs[-1].append(content)
        else:
            paragraphs.append(["> " * depth, content])
        open_depth = depth if is_soft else None
    return "\n".join("".join(paragraph) for paragraph in paragraphs)
