"""Renders the answers to `/hezo list`, `search`, `show`, `contract` and the like, as mrkdwn for one person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.edges.slack_deadline import deadline
from bot.edges.slack_entitlement import short_counts
from bot.edges.slack_links import message_url
from bot.edges.slack_text import Mrkdwn, fill, mention, mrkdwn, one_line, topic
from bot.entitlements import DeviceStanding
from bot.model import Contract, DueTicket, Ticket, TicketView
from bot.rules.wording import Words, format_day

MAX_TOPIC = 90
MAX_DEVICES = 30
MAX_PEOPLE = 20


class OverviewLook:
    """How answers are worded at an instant.

    Args:
        workspace_url: "https://team.slack.com/", for links to the head messages.
        now: Aware.
    """

    def __init__(self, workspace_url: str, now: datetime, words: Words, zone: ZoneInfo) -> None:
        self._url = workspace_url
        self._now = now
        self._words = words
        self._zone = zone

    def say(self, key: str, **data: object) -> str:
        """A sentence "overview.*"."""
        return fill(self._words, f"overview.{key}", **data)

    def tickets(self, rows: Iterable[DueTicket]) -> list[str]:
        """Three or four lines for each ticket, its deadline first."""
        return [line for row in rows for line in self._ticket(row)]

    def _ticket(self, row: DueTicket) -> list[str]:
        ticket, words = row.ticket, self._words
        clocks = (row.clock,) if row.clock else ()
        priority = words(f"priority.{ticket.priority}")
        if not ticket.priority_confirmed:
            priority = words("priority.unconfirmed", priority=priority)
        due = deadline(TicketView(ticket, None, clocks), self._now, words, self._zone)
        customer = one_line(row.customer or ticket.requester_name or ticket.requester or words("unknown"))
        lines = [
            self.say("row", due=due),
            self.say("row_ticket", number=self.link(ticket), priority=priority, state=words(f"state.{ticket.state}")),
            self.say("row_about", customer=customer, subject=topic(ticket.subject, MAX_TOPIC)),
        ]
        if ticket.assignee:
            lines.append(self.say("row_assignee", who=mention(ticket.assignee)))
        return lines

    def link(self, ticket: Ticket) -> Mrkdwn:
        """The ticket's number, as a link to its head message once that is posted."""
        if not (ticket.slack_channel and ticket.slack_ts):
            return Mrkdwn(f"*{mrkdwn(ticket.number)}*")
        return Mrkdwn(f"<{message_url(self._url, ticket.slack_channel, ticket.slack_ts)}|{mrkdwn(ticket.number)}>")

    def contract(
        self,
        contract: Contract,
        channels: Sequence[str],
        standings: Sequence[DeviceStanding],
        open_tickets: Sequence[DueTicket],
    ) -> list[str]:
        """A contract: customer, validity, devices with what is used of the entitlements, people, open tickets."""
        words, today = self._words, self._now.astimezone(self._zone).date()
        held = {standing.serial: short_counts(standing, words)[0] for standing in standings}
        validity = "valid" if contract.valid_on(today) else "over" if contract.valid_to < today else "not_yet"
        begins, until = format_day(contract.valid_from, words.language), format_day(contract.valid_to, words.language)
        lines = [
            self.say("contract", number=contract.number, customer=contract.customer, nip=contract.nip),
            self.say(f"contract_{validity}", begins=begins, until=until),
        ]
        for device in contract.devices[:MAX_DEVICES]:
            lines.append(self.say("contract_device", model=device.model, serial=device.serial))
            if held.get(device.serial):
                lines.append(self.say("contract_entitlements", counts=held[device.serial]))
        lines += self._more(len(contract.devices) - MAX_DEVICES)
        people = ", ".join(self._authorised(each) for each in contract.authorised[:MAX_PEOPLE]) or "–"
        lines.append(self.say("contract_people", people=Mrkdwn(people)))
        lines += self._more(len(contract.authorised) - MAX_PEOPLE)
        if channels:
            named = Mrkdwn(" ".join(mention(channel) for channel in channels))
            lines.append(self.say("contract_channels", channels=named))
        if not open_tickets:
            return [*lines, self.say("contract_no_tickets")]
        return [*lines, self.say("contract_tickets", count=len(open_tickets)), *self.tickets(open_tickets)]

    def several(self, contracts: Sequence[Contract], typed: str) -> list[str]:
        """Contracts to choose from."""
        named = [f"• {mrkdwn(one.number)} – {mrkdwn(one_line(one.customer))}" for one in contracts]
        return [self.say("several", words=typed), *named]

    def _authorised(self, who: str) -> str:
        return self.say("contract_domain", domain=who) if who.startswith("@") else mrkdwn(who)

    def _more(self, count: int) -> list[str]:
        return [fill(self._words, "and_more", count=count)] if count > 0 else []
