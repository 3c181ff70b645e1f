"""What a technical interview is: the answers that are kept with a device, the input of its deployment template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model import Device


class AnswerSource(StrEnum):
    """How an answer came."""

    FORM = "form"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to one question.

    Attributes:
        by: The Slack user id of the engineer who wrote it down, or the customer's address.
    """

    text: str
    by: str
    at: datetime
    source: AnswerSource


@dataclass(frozen=True, slots=True)
class Interview:
    """The interview about one device; a device has one, whatever tickets speak of it.

    Attributes:
        version: Grows with every change; a guarded update finds out who was first.
        ticket_id: The ticket in which it is held now.
        answers: By the question's id (`bot/rules/data/interview.toml`).
        asked_at: When the questions were last sent to the customer.
        slack_ts: Its message in that ticket's thread.
    """

    id: int
    ticket_id: int
    device: Device
    begun_at: datetime
    begun_by: str
    version: int = 1
    contract_id: int | None = None
    answers: tuple[tuple[str, Answer], ...] = ()
    asked_at: datetime | None = None
    slack_ts: str | None = None

    def answer(self, question: str) -> Answer | None:
        """The answer to a question; None while there is none."""
        return dict(self.answers).get(question)
