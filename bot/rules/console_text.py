"""Telling a person's sentences from what they pasted of a console: only sentences say in which language to answer."""

from __future__ import annotations

import re

_PROMPT = re.compile(r"\s*[\w.-]{1,60} (?:\([\w. -]{1,60}\) )?[#$>](?:\s|$)")
_LABELLED = re.compile(r"\s*[\w][\w /().-]{0,50}?\s?[:=]\s?\S")
_COLUMNS = re.compile(r"\S[ \t]{3,}\S|\t")
_STAMPED = re.compile(r"\s*[\[(<]?(?:\d{1,4}[-/.:]\d{1,2}[-/.:]|[A-Z][a-z]{2} +\d{1,2} \d)")
_KEY_VALUE = re.compile(r"\b\w{2,20}=[\"\w]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_MOST = 20_000
_ENOUGH_WORDS = 3


def sentences_of(text: str) -> str:
    """The lines that are no console output: no prompt, no label with a value, no columns, no log stamp."""
    return "\n".join(line for line in text[:_MOST].splitlines() if not _is_output(line))


def speaks(text: str) -> bool:
    """Whether a person says enough in this text, output left out, to know their language."""
    return len(_WORD.findall(sentences_of(text))) >= _ENOUGH_WORDS


def _is_output(line: str) -> bool:
    if _PROMPT.match(line) or _STAMPED.match(line) or _COLUMNS.search(line) or len(_KEY_VALUE.findall(line)) >= 2:
        return True
    label = _LABELLED.match(line)
    # "Numer seryjny: FG..." says a value; "Dzień dobry: od rana nie działa nam internet" says a sentence.
    return label is not None and len(_WORD.findall(line[label.end() - 1 :])) <= 3
