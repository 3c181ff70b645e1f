"""What a step announced: everything in its effects that reminds or escalates."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.effects import MailKind, Note, PostInThread, SendMail
from bot.model import ClockKind
from bot.ports import OutboxRow
from tests.year.running_clock import PROMISED

ANNOUNCING = frozenset({Note.REMINDER, Note.BREACH, Note.CUSTOMER_SILENT})


@dataclass(slots=True)
class Said:
    """What a step announced: the ticket, the clock's kind, the level."""

    ticket_id: int
    kind: ClockKind
    level: int


@dataclass(slots=True)
class Heard:
    """Everything in a step's effects that reminds or escalates."""

    said: list[Said] = field(default_factory=list)
    escalates: bool = False
    reminded_by_mail: list[int | None] = field(default_factory=list)

    @property
    def no_reminder(self) -> bool:
        """Whether nobody is reminded; what is known already may be told on in the escalation channel."""
        return not (self.said or self.reminded_by_mail)


def heard_of(rows: list[OutboxRow]) -> Heard:
    """What reminds or escalates among these effects."""
    heard = Heard()
    for row in rows:
        match row.effect:
            case PostInThread(note=note) as post if note in ANNOUNCING:
                if note is Note.CUSTOMER_SILENT:
                    count = post.data["count"]
                    assert isinstance(count, int)
                    said = Said(post.ticket_id, ClockKind.CUSTOMER_REPLY, (100, 300, 600)[count - 1])
                else:
                    level = post.data["level"]
                    assert isinstance(level, int)
                    said = Said(post.ticket_id, ClockKind(str(post.data["kind"])), level)
                assert (note is Note.BREACH) == (said.kind in PROMISED and said.level >= 100)
                heard.said.append(said)
            case SendMail(kind=MailKind.REMINDER) as reminder:
                heard.reminded_by_mail.append(reminder.ticket_id)
            case effect if type(effect).__name__.startswith("PostEscalation"):
                heard.escalates = True
            case _:
                pass
    return heard
