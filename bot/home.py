"""What somebody wants to see in their App Home."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot.model import DueTicket, Holder, Priority, TicketState

MOST_PAGES = 200


@dataclass(frozen=True, slots=True)
class HomeFilter:
    """Which open tickets are listed, and which page of each list.

    Attributes:
        customer: The customer's name as the registry has it; None for all, here as above.
        pages: By the holder's name, from 0.
    """

    priority: Priority | None = None
    state: TicketState | None = None
    customer: str | None = None
    pages: dict[str, int] = field(default_factory=dict)

    def page(self, holder: Holder) -> int:
        """Which page of a holder's list is shown."""
        return self.pages.get(holder, 0)

    def turned(self, holder: Holder, page: int) -> HomeFilter:
        """The same with another page of that list."""
        return replace(self, pages={**self.pages, holder: max(0, min(page, MOST_PAGES))})

    def to_json(self) -> dict[str, object]:
        """JSON values: kept with the view and with what is to be published."""
        return {"priority": self.priority, "state": self.state, "customer": self.customer, "pages": dict(self.pages)}

    @classmethod
    def from_json(cls, value: object) -> HomeFilter:
        """What `to_json` gave; what is none of it filters nothing. Never raises."""
        kept = value if isinstance(value, dict) else {}
        priority, state, customer, pages = (kept.get(name) for name in ("priority", "state", "customer", "pages"))
        listed = pages if isinstance(pages, dict) else {}
        return cls(
            Priority(priority) if isinstance(priority, str) and priority in set(Priority) else None,
            TicketState(state) if isinstance(state, str) and state in set(TicketState) else None,
            customer if isinstance(customer, str) and customer else None,
            {
                str(holder): min(page, MOST_PAGES)
                for holder, page in listed.items()
                if isinstance(page, int) and page > 0
            },
        )


@dataclass(frozen=True, slots=True)
class Load:
    """How much somebody has; `user` is None for what nobody has.

    Attributes:
        late: Of these, with a deadline of ours that has passed.
    """

    user: str | None
    count: int
    late: int


@dataclass(frozen=True, slots=True)
class Managed:
    """What managers see besides: what is late, what is escalated, and who has how much.

    Attributes:
        escalated: Tickets with an escalation that has not ended, the longest waiting first, each with who has it; None
            where nobody has.
        late_count, escalated_count: How many there are; `late` and `escalated` may be fewer.
    """

    late: tuple[DueTicket, ...]
    late_count: int
    escalated: tuple[tuple[DueTicket, str | None], ...]
    escalated_count: int
    load: tuple[Load, ...]
