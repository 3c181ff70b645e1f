"""Reading the answers to the technical interview out of a mail, however they were written into it.

Understood are: answers below the questions or behind them, in marked quotations ("> ") and in programs that mark
nothing, inside the quotation itself, questions that the program wrapped anew, and a list of one's own ("1. ...",
"Ad 3: ..."). The numbers and the words of the questions are known (`interview_questions`): a line is a question where
both fit, whatever stands before it. What stands above the first question and below the end mark is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.model import Language
from bot.rules.folding import bare_letters, readable
from bot.rules.interview_questions import LONGEST_ANSWER, Question

_MOST = 60_000
_MARKS = re.compile(r"^(?:\s{0,3}(?:>|\|)\s?)+")
_NUMBER = re.compile(r"^\s{0,8}(?:[*•–-]\s?)?(\d{1,2})\s?[.):]\s*")
_OWN_NUMBER = re.compile(
    r"^\s{0,8}(?:ad\.?\s?|pyt(?:anie)?\.?\s?|pkt\.?\s?|odp\.?\s?|q|#)?(\d{1,2})\s?[.):–-]+(?:\s+(?=\S)|(?=[^\W\d_]))",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^\s*(?:odp(?:owied[zź])?|answer|a|re)\s*[.:]+\s*|^\s*(?:->|=>|→|–>|--)\s*", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
END_MARK = "* * *"
"""Stands below the last question."""
_FEWEST = 3
"""So many words of a question at least tell that a line is one."""


@dataclass(slots=True)
class _Found:
    """An answer while it is read."""

    lines: list[str] = field(default_factory=list)


def template(asked: Sequence[Question], language: Language) -> str:
    """The questions as they stand in the mail, each with room below, and the end mark."""
    return "\n\n\n".join([*(question.shown(language) for question in asked), END_MARK])


def read_answers(text: str, new_text: str, asked: Sequence[Question]) -> dict[str, str]:
    """The answers that a mail holds, by the question's id; questions that have none are left out.

    Args:
        text: The whole body, quotations included.
        new_text: The new words, quotations cut, for a list that stands above an untouched quotation.
        asked: The questions; their numbers are those of the mail.
    """
    return _within_the_questions(text[:_MOST], asked) or _own_list(new_text[:_MOST], asked)


def _within_the_questions(text: str, asked: Sequence[Question]) -> dict[str, str]:
    by_number = {question.number: question for question in asked}
    found: dict[str, _Found] = {}
    present: Question | None = None
    pending: list[str] = []  # words of the present question that the program has wrapped to the next line
    for raw in text.splitlines():
        line = _MARKS.sub("", readable(raw).rstrip())
        if line.strip() == END_MARK:
            present, pending = None, []
            continue
        question, rest_words, behind = _question_on(line, by_number)
        if question is not None:
            present, pending = question, rest_words
            found.setdefault(question.id, _Found())
            _add(found, question, behind)
            continue
        if present is None:
            continue
        if pending:
            pending, line = _continued(line, pending)
        if line.strip() and not _is_of_the_question(line, present):
            pending = []
            _add(found, present, line)
    return _cleaned(found)


def _question_on(line: str, by_number: dict[int, Question]) -> tuple[Question | None, list[str], str]:
    """The question that a line is, the words of it that do not stand there any more, and what stands behind it."""
    numbered = _NUMBER.match(line)
    question = by_number.get(int(numbered[1])) if numbered else None
    if numbered is None or question is None:
        return None, [], ""
    rest = line[numbered.end() :]
    for language in Language:
        wanted = _words(f"{question.texts[language]} ({question.hints[language]})")
        taken, end = _taken(rest, wanted)
        if taken >= min(_FEWEST, len(wanted)):
            return question, wanted[taken:], rest[end:].lstrip(" )?:.–-")
    return None, [], ""


def _continued(line: str, pending: list[str]) -> tuple[list[str], str]:
    """What is still missing of a wrapped question, and what stands behind it on this line."""
    taken, end = _taken(line, pending)
    whole = taken == len(pending)
    if not taken or not (whole or taken == len(_words(line))):  # one word in common is chance
        return [], line
    return pending[taken:], line[end:].lstrip(" )?:.") if whole else ""


def _taken(line: str, wanted: list[str]) -> tuple[int, int]:
    """How many of the wanted words the line begins with, and where they end."""
    taken, end = 0, 0
    for match in _WORD.finditer(line):
        if taken == len(wanted) or bare_letters(match[0]) != wanted[taken]:
            break
        taken, end = taken + 1, match.end()
    return taken, end


def _is_of_the_question(line: str, question: Question) -> bool:
    """Whether a line is only a part of the question, such as its hint on a line of its own."""
    said = _words(line)
    if len(said) < _FEWEST:
        return False
    for language in Language:
        whole = _words(f"{question.texts[language]} {question.hints[language]}")
        if any(whole[start : start + len(said)] == said for start in range(len(whole) - len(said) + 1)):
            return True
    return False


def _own_list(text: str, asked: Sequence[Question]) -> dict[str, str]:
    """Numbered answers that stand for themselves; the numbers grow, or they are part of an answer."""
    by_number = {question.number: question for question in asked}
    found: dict[str, _Found] = {}
    present: Question | None = None
    for line in readable(text).splitlines():
        numbered = _OWN_NUMBER.match(line)
        question = by_number.get(int(numbered[1])) if numbered else None
        if numbered is not None and question is not None and (present is None or question.number > present.number):
            present = question
            found[question.id] = _Found()
            is_question, _, behind = _question_on(line, by_number)
            _add(found, question, behind if is_question else line[numbered.end() :])
        elif present is not None and line.strip() != END_MARK:
            if not line.strip() and found[present.id].lines:
                continue
            if not _is_of_the_question(line, present):
                _add(found, present, line)
    return _cleaned(found)


def _add(found: dict[str, _Found], question: Question, line: str) -> None:
    said = _PREFIX.sub("", line).strip()
    if _WORD.search(said):
        found[question.id].lines.append(said)


def _cleaned(found: dict[str, _Found]) -> dict[str, str]:
    return {its_id: "\n".join(one.lines)[:LONGEST_ANSWER].strip() for its_id, one in found.items() if one.lines}


def _words(text: str) -> list[str]:
    return [bare_letters(word) for word in _WORD.findall(readable(text))]
