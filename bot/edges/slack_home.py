"""Renders the App Home: what is due first, for the one who looks. Pure: `now`, words and zone are parameters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.edges.slack_deadline import deadline
from bot.edges.slack_ids import HOME_REFRESH
from bot.edges.slack_text import Blocks, Json, block, header, line, one_line, person, plain, rich, text, topic
from bot.model import DueTicket, DueTickets, Holder, Ticket, TicketState, TicketView
from bot.rules.wording import Words, format_instant

SHOWN = 15
"""Tickets of each holder: three blocks of rows, far below the hundred that a view may have."""
MAX_TOPIC = 100


def home(parts: Mapping[Holder, DueTickets], workspace_url: str, now: datetime, words: Words, zone: ZoneInfo) -> Json:
    """The Home tab of an engineer or a manager.

    Args:
        parts: By their holder, in the order in which they are shown; at most SHOWN of each.
        workspace_url: "https://team.slack.com/", for the links to the head messages.
    """
    shown_at = format_instant(now, words.language, zone, now)
    blocks: Blocks = [
        header(words("home.title")),
        block([line(text(words("home.as_of", at=shown_at), "italic"))]),
        {"type": "actions", "elements": [_refresh(words)]},
    ]
    for holder, part in parts.items():
        blocks += [{"type": "divider"}, header(words(f"home.{holder}", count=part.count))]
        blocks += [_row(row, workspace_url, now, words, zone, holder) for row in part.first]
        if not part.first:
            blocks.append(block([line(text(words(f"home.{holder}_none"), "italic"))]))
        if part.count > len(part.first):
            blocks.append(block([line(*rich(words, "and_more", count=part.count - len(part.first)))]))
    return {"type": "home", "blocks": blocks}


def closed_home(words: Words) -> Json:
    """The Home tab of somebody who does not work on tickets."""
    return {"type": "home", "blocks": [block([line(text(words("home.not_for_you")))])]}


def _row(row: DueTicket, workspace_url: str, now: datetime, words: Words, zone: ZoneInfo, holder: Holder) -> Json:
    ticket = row.ticket
    clocks = (row.clock,) if row.clock else ()
    said = deadline(TicketView(ticket, None, clocks), now, words, zone)
    priority = words(f"priority.{ticket.priority}")
    if not ticket.priority_confirmed:
        priority = words("priority.unconfirmed", priority=priority)
    what = f" · {priority}"
    if ticket.state is not TicketState.OPEN:  # which most of them are
        what += " · " + words(f"state.{ticket.state}")
    lines = [line(text(said, "bold")), line(_number(ticket, workspace_url), text(what))]
    about = topic(ticket.subject, MAX_TOPIC)
    customer = one_line(row.customer or ticket.requester_name or ticket.requester or words("unknown"))
    lines.append(line(text(f"{customer}: {about}")))
    if holder is Holder.OTHERS and ticket.assignee:
        lines.append(line(*rich(words, "card.assignee", assignee=person(ticket.assignee))))
    return block(lines)


def _number(ticket: Ticket, workspace_url: str) -> Json:
    """The ticket's number, as a link to its head message once that is posted."""
    if not (ticket.slack_channel and ticket.slack_ts):
        return text(ticket.number, "bold")
    url = f"{workspace_url.rstrip('/')}/archives/{ticket.slack_channel}/p{ticket.slack_ts.replace('.', '')}"
    return {"type": "link", "url": url, "text": ticket.number, "style": {"bold": True}}


def _refresh(words: Words) -> Json:
    return {"type": "button", "action_id": HOME_REFRESH, "text": plain(words("home.refresh"), 75), "value": "home"}
