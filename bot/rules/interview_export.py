"""The answers of an interview as the template's input: JSON for programs, text for people. Pure."""

from __future__ import annotations

import json

from bot.interviews import Interview
from bot.model import Language
from bot.rules.interview_questions import questions

FORMAT = "hezo360-interview-1"
"""Names the shape of the JSON; another shape gets another name."""


def as_json(interview: Interview) -> str:
    """Every question by its id, None where there is no answer; instants in ISO 8601, UTC."""
    answers = {}
    for question in questions():
        answer = interview.answer(question.id)
        answers[question.id] = (
            None
            if answer is None
            else {"text": answer.text, "by": answer.by, "at": answer.at.isoformat(), "source": answer.source}
        )
    whole = {
        "format": FORMAT,
        "serial": interview.device.serial,
        "model": interview.device.model,
        "answers": answers,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2)


def as_text(interview: Interview, language: Language) -> str:
    """The questions with their answers, one below the other."""
    parts = [f"{interview.device.model} {interview.device.serial}"]
    for question in questions():
        answer = interview.answer(question.id)
        said = "–" if answer is None else answer.text.replace("\n", "\n   ")
        parts.append(f"{question.number}. {question.labels[language]}\n   {said}")
    return "\n\n".join(parts) + "\n"
