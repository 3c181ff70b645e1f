"""What can happen to a technical interview; more of `bot.commands`, under the same rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.people import SlackPerson


@dataclass(frozen=True, slots=True)
class BeginInterview:
    """An engineer begins, or takes up again, the technical interview about a device of the ticket."""

    by: SlackPerson
    ticket_id: int
    serial: str


@dataclass(frozen=True, slots=True)
class AnswerInterview:
    """An engineer writes down answers.

    Attributes:
        answers: (the question's id, the answer) of those that were changed in the form; an empty one takes one back.
    """

    by: SlackPerson
    ticket_id: int
    interview_id: int
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AskInterview:
    """The questions that have no answer yet are sent to the customer; `words` are the engineer's own to them."""

    by: SlackPerson
    ticket_id: int
    interview_id: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class ExportInterview:
    """The answers are posted as JSON in the ticket's thread: the input of the template."""

    by: SlackPerson
    ticket_id: int
    interview_id: int


InterviewPress = AnswerInterview | AskInterview | ExportInterview
InterviewCommand = BeginInterview | InterviewPress
