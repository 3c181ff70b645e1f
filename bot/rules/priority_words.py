"""What the words of a report say about its priority. Only a proposal: the customer decides, and is asked.

The three priorities are those of the service terms: "problem krytyczny" (brak dostępu do urządzenia, urządzenie nie
działa), "problem niekrytyczny" (działa niestabilnie, podejrzenie problemu) and "pytanie" (zmiany w konfiguracji,
wyjaśnienia, konsultacje).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.model import Priority
from bot.rules.folding import bare_letters, readable
from bot.rules.needles import found_in
from bot.rules.priority_answers import priority_answer
from bot.rules.priority_signs import DENIAL, SIGNS, SUPPOSITION

__all__ = ["Proposal", "priority_answer", "propose_priority", "provisional_priority"]

_MAX_TEXT = 20_000
"""Whoever has not said how bad it is by then does not say it in the pasted log either."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the words say.

    Attributes:
        priority: None when they say nothing.
        words: The words that say so, as written.
        stated: The priority itself is named ("priorytet: krytyczny", "P1"), and no other one.
    """

    priority: Priority | None = None
    words: tuple[str, ...] = ()
    stated: bool = False


@dataclass(frozen=True, slots=True)
class _Finding:
    priority: Priority
    words: str
    stated: bool


def propose_priority(text: str) -> Proposal:
    """What the words of a report say: the named priority, else that of the worst thing that happened.

    Denials ("to nie jest krytyczne", "nie ma awarii") and suppositions ("w razie awarii") do not count as said.

    Args:
        text: Subject and new words of the first message.
    """
    findings = list(_findings(readable(text[:_MAX_TEXT])))
    stated = {finding.priority for finding in findings if finding.stated}
    said = stated or {finding.priority for finding in findings}
    for priority in Priority:  # from the worst on
        if priority in said:
            words = dict.fromkeys(finding.words for finding in findings if finding.priority is priority)
            return Proposal(priority, tuple(words), stated=stated == {priority})
    return Proposal()


def provisional_priority(proposal: Proposal, default: Priority) -> Priority:
    """The priority that the clock runs on until the customer has chosen one.

    What was stated; else critical where the words say so (service terms: "brak dostępu do urządzenia"); else the
    default. That the words sound like a question alone makes nobody wait longer.
    """
    if proposal.priority is not None and (proposal.stated or proposal.priority is Priority.CRITICAL):
        return proposal.priority
    return default


def _findings(text: str) -> Iterator[_Finding]:
    plain = re.sub(r"[ \t]", " ", bare_letters(text))
    taken: list[tuple[int, int]] = []
    for sign in SIGNS:
        for match in found_in(plain, sign.pattern, sign.needles):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            taken.append((start, end))
            before = plain[max(0, start - 60) : start]
            denial = DENIAL.search(before)
            if SUPPOSITION.search(before):
                continue
            if denial is None:
                yield _Finding(sign.priority, text[start:end].strip(), sign.stated)
            elif sign.denied is not None:
                words = text[start - len(before) + denial.start() : end]
                yield _Finding(sign.denied, words.strip(), stated=False)
