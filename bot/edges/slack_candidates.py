"""Offers the tickets that somebody may mean who merges or links one, as they type.

https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select: at most 100 options of 75
characters, within three seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from bot.edges.slack_acting_ids import CANDIDATE_BLOCK
from bot.edges.slack_acting_payloads import names_a_ticket
from bot.edges.slack_fields import mapping
from bot.edges.slack_lookups import Registry
from bot.edges.slack_payloads import modal_place
from bot.edges.slack_text import Json, one_line, plain
from bot.model import DueTicket
from bot.rules.wording import Words

log = logging.getLogger(__name__)

READ_LIMIT = 2.0
"""Seconds; Slack waits 3."""


async def candidates(body: Mapping[str, object], registry: Registry, words: Words) -> list[Json]:
    """The options of the menu; none where they cannot be read in time. Never raises."""
    try:
        view = mapping(body.get("view"), "view")
        ticket_id = modal_place(view).ticket_id
        if body.get("block_id") != CANDIDATE_BLOCK or not names_a_ticket(view.get("callback_id")) or ticket_id is None:
            return []
        async with asyncio.timeout(READ_LIMIT):
            found = await registry.other_tickets(ticket_id, str(body.get("value") or "")[:200])
    except ValueError:
        return []
    except Exception:
        log.exception("the tickets that may be meant were not looked up")
        return []
    return [_option(each, words) for each in found]


def _option(found: DueTicket, words: Words) -> Json:
    ticket = found.ticket
    who = found.customer or ticket.requester
    return {
        "text": plain(f"{ticket.number} · {one_line(ticket.subject)}", 75),
        "value": f"{ticket.id}:{ticket.state}",
        "description": plain(f"{words(f'state.{ticket.state}')} · {one_line(who)}", 75),
    }
