"""Renders the App Home: what is due first, for the one who looks. Pure: `now`, words and zone are parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.edges.slack_deadline import deadline
from bot.edges.slack_ids import HOME_ALL, HOME_CUSTOMER, HOME_PAGE, HOME_PRIORITY, HOME_REFRESH, HOME_STATE
from bot.edges.slack_text import Blocks, Json, block, header, line, one_line, person, plain, rich, text, topic
from bot.home import HomeFilter, Managed
from bot.model import DueTicket, DueTickets, Holder, Priority, Ticket, TicketState, TicketView
from bot.rules.wording import Words, format_instant

SHOWN = 8
"""Tickets of each list on a page."""
MOST_CUSTOMERS = 99
"""In the menu; with "all" a hundred, which is the most that it may have."""
MOST_LATE = 8
MAX_TOPIC = 100
MAX_VALUE = 150
MAX_LOADS = 30
STATES = (TicketState.OPEN, TicketState.WAITING, TicketState.INCOMPLETE, TicketState.HELD)


def home(
    parts: Mapping[Holder, DueTickets],
    shown: HomeFilter,
    customers: Sequence[str],
    managed: Managed | None,
    workspace_url: str,
    now: datetime,
    words: Words,
    zone: ZoneInfo,
) -> Json:
    """The Home tab of an engineer or a manager; far below the hundred blocks that a view may have.

    Args:
        parts: By their holder, in the order in which they are shown; a page of each.
        shown: What is filtered, and which pages these are.
        customers: To choose from.
        managed: What managers see besides; None for engineers.
        workspace_url: "https://team.slack.com/", for the links to the head messages.
    """
    shown_at = format_instant(now, words.language, zone, now)
    blocks: Blocks = [
        header(words("home.title")),
        block([line(text(words("home.as_of", at=shown_at), "italic"))]),
        {
            "type": "actions",
            "block_id": "home_filters",
            "elements": [*_menus(shown, customers, words), _refresh(words)],
        },
    ]
    if managed is not None:
        blocks += _managed(managed, workspace_url, now, words, zone)
    for holder, part in parts.items():
        blocks += [{"type": "divider"}, header(words(f"home.{holder}", count=part.count))]
        blocks += [_row(row, workspace_url, now, words, zone, holder) for row in part.first]
        if not part.first:
            blocks.append(block([line(text(words(f"home.{holder}_none"), "italic"))]))
        blocks += _pager(holder, shown.page(holder), part.count, words)
    return {"type": "home", "private_metadata": json.dumps(shown.to_json()), "blocks": blocks}


def _menus(shown: HomeFilter, customers: Sequence[str], words: Words) -> list[Json]:
    priorities = [(words(f"priority.{one}"), str(one)) for one in Priority]
    states = [(words(f"state.{one}"), str(one)) for one in STATES]
    named = [(one, one) for one in customers[:MOST_CUSTOMERS] if len(one) <= MAX_VALUE]
    menus = [
        _menu(HOME_PRIORITY, words("home.all_priorities"), priorities, shown.priority),
        _menu(HOME_STATE, words("home.all_states"), states, shown.state),
    ]
    if named:
        menus.append(_menu(HOME_CUSTOMER, words("home.all_customers"), named, shown.customer))
    return menus


def _menu(action_id: str, everything: str, choices: Sequence[tuple[str, str]], chosen: str | None) -> Json:
    options: list[Json] = [
        {"text": plain(label, 75), "value": value} for label, value in [(everything, HOME_ALL), *choices]
    ]
    initial = next((option for option in options if option["value"] == chosen), options[0])
    return {"type": "static_select", "action_id": action_id, "options": options, "initial_option": initial}


def _pager(holder: Holder, page: int, count: int, words: Words) -> Blocks:
    pages = (count + SHOWN - 1) // SHOWN
    if pages <= 1 and page == 0:
        return []
    buttons: list[Json] = []
    if page > 0:
        buttons.append(_button(f"{holder}:{page - 1}", words("home.back")))
    if page + 1 < pages:
        buttons.append(_button(f"{holder}:{page + 1}", words("home.further")))
    said = block([line(text(words("home.page", page=min(page + 1, pages), of=pages), "italic"))])
    # Two buttons of one action_id are told apart by Slack only where their block differs.
    actions: Blocks = [{"type": "actions", "elements": [button]} for button in buttons]
    return [said, *actions]


def _button(value: str, said: str) -> Json:
    return {"type": "button", "action_id": HOME_PAGE, "text": plain(said, 75), "value": value}


def _managed(managed: Managed, workspace_url: str, now: datetime, words: Words, zone: ZoneInfo) -> Blocks:
    """For managers: what is late, what is escalated, and who has how much."""

    def row(listed: DueTicket, *more: Json) -> Json:
        return _row(listed, workspace_url, now, words, zone, Holder.OTHERS, *more)

    def rest(count: int) -> Blocks:
        return [block([line(*rich(words, "home.and_more", count=count))])] if count > 0 else []

    blocks: Blocks = [{"type": "divider"}, header(words("home.late", count=managed.late_count))]
    blocks += [row(one) for one in managed.late] or [_nothing(words("home.late_none"))]
    blocks += rest(managed.late_count - len(managed.late))
    blocks += [{"type": "divider"}, header(words("home.escalated", count=managed.escalated_count))]
    for one, owner in managed.escalated:
        has_it = (
            rich(words, "home.escalation_owner", who=person(owner)) if owner else [text(words("home.no_owner"), "bold")]
        )
        blocks.append(row(one, line(*has_it)))
    if not managed.escalated:
        blocks.append(_nothing(words("home.escalated_none")))
    blocks += rest(managed.escalated_count - len(managed.escalated))
    blocks += [{"type": "divider"}, header(words("home.load"))]
    loads = [
        line(
            *rich(
                words,
                "home.load_of",
                who=person(one.user) if one.user else text(words("home.unassigned"), "bold"),
                count=one.count,
                late=one.late,
            )
        )
        for one in managed.load[:MAX_LOADS]
    ]
    return [*blocks, block(loads) if loads else _nothing(words("home.load_none"))]


def _nothing(said: str) -> Json:
    return block([line(text(said, "italic"))])


def closed_home(words: Words) -> Json:
    """The Home tab of somebody who does not work on tickets."""
    return {"type": "home", "blocks": [block([line(text(words("home.not_for_you")))])]}


def _row(
    row: DueTicket, workspace_url: str, now: datetime, words: Words, zone: ZoneInfo, holder: Holder, *more: Json
) -> Json:
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
    return block([*lines, *more])


def _number(ticket: Ticket, workspace_url: str) -> Json:
    """The ticket's number, as a link to its head message once that is posted."""
    if not (ticket.slack_channel and ticket.slack_ts):
        return text(ticket.number, "bold")
    url = f"{workspace_url.rstrip('/')}/archives/{ticket.slack_channel}/p{ticket.slack_ts.replace('.', '')}"
    return {"type": "link", "url": url, "text": ticket.number, "style": {"bold": True}}


def _refresh(words: Words) -> Json:
    return {"type": "button", "action_id": HOME_REFRESH, "text": plain(words("home.refresh"), 75), "value": "home"}
