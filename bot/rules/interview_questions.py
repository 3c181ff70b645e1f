"""The questions of the technical interview, from `data/interview.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from bot.model import Language

LONGEST_ANSWER = 2_000
"""Characters of one answer; what is longer belongs into a file."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        number: Its place in the file, from 1: the number that the customer sees.
        labels, texts, hints: By language.
    """

    id: str
    number: int
    labels: dict[Language, str]
    texts: dict[Language, str]
    hints: dict[Language, str]

    def shown(self, language: Language) -> str:
        """The question as it stands in a mail: its number, the text, and in brackets what belongs into the answer."""
        return f"{self.number}. {self.texts[language]} ({self.hints[language]})"


@cache
def questions() -> tuple[Question, ...]:
    """All questions, in order."""
    text = resources.files("bot.rules").joinpath("data/interview.toml").read_text("utf-8")
    return tuple(
        Question(
            entry["id"],
            number,
            {language: entry[f"label_{language}"] for language in Language},
            {language: entry[language] for language in Language},
            {language: entry[f"hint_{language}"] for language in Language},
        )
        for number, entry in enumerate(tomllib.loads(text)["question"], start=1)
    )
