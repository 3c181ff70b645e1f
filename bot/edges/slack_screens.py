"""What modals show: what is read for them, and how staff are spoken to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.config_replies import CannedReply
from bot.edges.slack_customer_screens import CustomerScreens
from bot.edges.slack_interview import InterviewShown
from bot.edges.slack_lookups import Registry
from bot.edges.slack_replacement_views import FormShown
from bot.edges.slack_same_answer import Conversation
from bot.entitlements import DeviceStanding, EntitlementUse, ServiceNotice
from bot.escalations import Escalation
from bot.model import Contract, Priority, TicketView
from bot.ports import Clock
from bot.rules.wording import Words
from bot.sendings import Sending


class Screens(CustomerScreens, Conversation, Registry, Protocol):
    """Reads what modals show, and what is named in them."""

    async def ticket_view(self, ticket_id: int) -> TicketView:
        """The ticket; LookupError when there is none."""

    async def escalation(self, escalation_id: int) -> tuple[Escalation, TicketView]:
        """The escalation and its ticket; LookupError when there is none."""

    async def newest_shift(self) -> int:
        """The id of the shift that was set last; 0 where none was."""

    async def ticket_of_thread(self, channel: str, thread_ts: str) -> int | None:
        """The ticket whose thread that is."""

    async def sending_of(self, ticket_id: int, slack_ts: str) -> Sending | None:
        """What is known of a colleague's message in a ticket's thread."""

    async def entitlements(self, ticket_id: int) -> tuple[Sequence[DeviceStanding], Sequence[EntitlementUse]]:
        """What the devices of the ticket's contract have used, and the uses that the ticket is about."""

    async def replacement(self, replacement_id: int) -> FormShown:
        """A replacement as its forms show it, LookupError when there is none; whose `now` is that of the call."""

    async def interview(self, interview_id: int) -> InterviewShown:
        """An interview as its forms show it; LookupError when there is none."""

    async def service_notice(self, notice_id: int) -> tuple[ServiceNotice, Contract, Sequence[DeviceStanding]]:
        """A notice with its contract and what its devices have used; LookupError when there is none."""


@dataclass(frozen=True, slots=True)
class Look:
    """How staff are spoken to, and what is offered to them.

    Attributes:
        escalation_phone: The phone number for escalations, as customers call it.
        leaders: Who may end what a customer asked for (`bot.rules.escalation_presses.may_end`).
        snooze_at_most: For how long an escalation can be put off at once.
        service: What we are called, and the phone number that customers read below a mail.
        canned: Texts that are ready for replies.
        staff: Who may act, at any time; None for those of the configuration alone.
        reactions: The reaction times, by priority, as configured.
        files_max_mb: How large a file may be that goes along with a reply.
    """

    words: Words
    zone: ZoneInfo
    clock: Clock
    escalation_phone: str
    leaders: Collection[str]
    snooze_at_most: timedelta
    service: str = "HEZO 360"
    hotline: str = ""
    canned: tuple[CannedReply, ...] = ()
    staff: Collection[str] | None = None
    reactions: Mapping[Priority, timedelta] = field(default_factory=dict)
    files_max_mb: int = 15
