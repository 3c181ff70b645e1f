"""A desk with people who are called: a rota, a team lead, managers, mails and a webhook; and what was called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from bot.commands import SlackPerson
from bot.effects import (
    CallWebhook,
    Effect,
    PostEscalationCall,
    PostEscalationLine,
    PostOperator,
    SendMail,
    TellUser,
)
from bot.escalation_commands import (
    AcknowledgeEscalation,
    EscalateTicket,
    ReassignEscalation,
    ResolveEscalation,
    SnoozeEscalation,
    TakeOverEscalation,
)
from bot.escalations import Escalation
from bot.model import ClockKind, Ticket
from bot.ports import OutboxState, UnitOfWork
from handlers import clocks, duty
from handlers.context import Context
from tests.fakes.memory_database import run
from tests.handlers.desk import EWA, KEY
from tests.handlers.timekeeping import WARSAW, Timekeeper

JAN = SlackPerson("U0JAN", "Jan Nowak", "C0ESCALATION")
OLA = SlackPerson("U0OLA", "Ola Lider", "C0ESCALATION")
ZOFIA = SlackPerson("U0ZOFIA", "Zofia Menedżer", "C0ESCALATION")
STAFF: dict[str, object] = {"engineers": [EWA.user, JAN.user, OLA.user], "managers": [ZOFIA.user, "U0PREZES"]}
DAYS: dict[str, object] = {
    "user": JAN.user, "substitute": EWA.user, "days": [1, 2, 3, 4, 5], "from": "08:00", "to": "18:00"
}  # fmt: skip
RINGS: dict[str, object] = {
    "team_leads": [OLA.user],
    "mail_to": ["dyzur@myhezo.pl"],
    "webhook": {"url": "https://pager.example/x", "secret": "hush"},
}
CRITICAL = "Awaria całkowita, urządzenie nie działa. Priorytet: krytyczny."
MINUTE = timedelta(minutes=1)


class EscalationDesk(Timekeeper):
    """One critical report of Anna's, sent on Monday at 10:00 in Warsaw; Jan is on duty on working days.

    Attributes:
        slack_takes: False while Slack is down: nothing that goes there is performed.
    """

    def __init__(self, words: str = CRITICAL, *, weekly: tuple[dict[str, object], ...] = (DAYS,), **rules: Any) -> None:
        self.slack_takes = True
        self._rules, self._weekly = rules, list(weekly)
        super().__init__(words)

    def configured(self, intake: dict[str, Any]) -> dict[str, Any]:
        values = super().configured(intake)
        values["slack"] |= STAFF
        values["escalation"] = RINGS | {
            priority: rules | self._rules for priority, rules in values["escalation"].items()
        }
        return values | {"duty": {"weekly": self._weekly}}

    def perform(self) -> None:
        if self.slack_takes:
            super().perform()
            return
        tables = self.database.tables
        for outbox_id in [each for each in tables.unsent if isinstance(tables.outbox[each].effect, SendMail)]:
            tables.outbox_states[outbox_id] = OutboxState.SENT
            del tables.unsent[outbox_id]

    # What staff do.

    def escalate(self, reason: str = "Sprawa prezesa") -> None:
        self.do(EscalateTicket(EWA, 1, reason))

    def acknowledge(self, by: SlackPerson = JAN) -> None:
        self.do(AcknowledgeEscalation(by, self.last.ticket_id, self.last.id))

    def take_over(self, by: SlackPerson = JAN, owner_shown: str | None = None) -> None:
        self.do(TakeOverEscalation(by, self.last.ticket_id, self.last.id, owner_shown))

    def reassign(self, to: SlackPerson, by: SlackPerson = ZOFIA) -> None:
        self.do(ReassignEscalation(by, self.last.ticket_id, self.last.id, to.user, to.name))

    def snooze(self, span: timedelta, by: SlackPerson = JAN) -> None:
        self.do(SnoozeEscalation(by, self.last.ticket_id, self.last.id, span))

    def resolve(self, by: SlackPerson = ZOFIA, to_customer: str = "") -> None:
        self.do(ResolveEscalation(by, self.last.ticket_id, self.last.id, "Wysłano urządzenie", to_customer))

    def start_clock(self, kind: ClockKind) -> None:
        """A clock of that kind starts now, whatever would start it."""
        self._with_unit(lambda uow, ctx, ticket: clocks.start(uow, ctx, ticket, kind, ctx.now, None))

    def look_for_gaps(self) -> None:
        self._with_unit(lambda uow, ctx, _: duty.report_gaps(uow, ctx))

    def _with_unit(self, act: Callable[[UnitOfWork, Context, Ticket], Awaitable[object]]) -> None:
        async def handle() -> None:
            async with self.database.begin() as uow:
                await act(uow, Context(self.clock.now(), self.config, KEY), await uow.tickets.get(1))

        run(handle())
        self.perform()

    # What there is to see.

    @property
    def last(self) -> Escalation:
        """The escalation that was raised last."""
        return list(self.database.tables.escalations.values())[-1]

    def effects(self, *kinds: type[Effect]) -> list[Any]:
        """What was wanted outside of these kinds, oldest first."""
        return [row.effect for row in self.database.tables.outbox.values() if isinstance(row.effect, kinds)]

    def calls(self) -> list[tuple[str, str, int, tuple[str, ...]]]:
        """Each call: when ("23 11:00"), why, by which step, and who was mentioned."""
        rows = [row for row in self.database.tables.outbox.values() if isinstance(row.effect, PostEscalationCall)]
        return [
            (f"{row.created_at.astimezone(WARSAW):%d %H:%M}", row.effect.kind, row.effect.step, row.effect.mention)
            for row in rows
            if isinstance(row.effect, PostEscalationCall)
        ]

    def call_times(self) -> list[datetime]:
        rows = self.database.tables.outbox.values()
        return [row.created_at for row in rows if isinstance(row.effect, PostEscalationCall)]

    def lines(self) -> list[str]:
        """The events of the escalations' histories."""
        return [effect.event for effect in self.effects(PostEscalationLine)]

    def told(self) -> list[tuple[str, object]]:
        """What people were told who pressed: the sentence, and who was first."""
        return [(effect.what, effect.data.get("who")) for effect in self.effects(TellUser)]

    def rings(self) -> list[str]:
        """The webhook's events."""
        return [effect.event for effect in self.effects(CallWebhook)]

    def alerts(self) -> list[str]:
        """The subjects of mails to those who are on call."""
        return [effect.subject for effect in self.effects(SendMail) if effect.to == "dyzur@myhezo.pl"]

    def gaps(self) -> list[dict[str, object]]:
        return [effect.data for effect in self.effects(PostOperator) if effect.what.startswith("duty_gap")]

    def duties(self, since: datetime, until: datetime) -> list[tuple[datetime, str | None]]:
        """Who is on duty from when."""
        found: list[tuple[datetime, str | None]] = []

        async def look(uow: UnitOfWork, ctx: Context, _: Ticket) -> None:
            for begins, _ends, shift in await duty.schedule_of(uow, ctx, since, until):
                found.append((begins, None if shift is None else shift.user))

        self._with_unit(look)
        return found
