"""A form that would not open any more is not taken: what was typed stays, and beside its first field stands why.

Somebody was first, as a rule: the ticket was closed, the replacement went on, the escalation is over. The form's own
checks say so, as when it was opened (`bot.edges.slack_modals`). Whoever handles a submission looks once more.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Any

from bot.edges.slack_asked import Asked
from bot.edges.slack_entitlement_ids import ENTITLEMENT_FORMS, PressedUse
from bot.edges.slack_escalation_ids import OPENS_FORM, Pressed
from bot.edges.slack_fields import blocks_of
from bot.edges.slack_ids import ACTIONS_BY_ID
from bot.edges.slack_interview import OPENS_INTERVIEW_FORM
from bot.edges.slack_modals import Modals
from bot.edges.slack_names import Names
from bot.edges.slack_payloads import modal_place, person_of
from bot.edges.slack_replacement_ids import OPENS_MOVE_FORM
from bot.errors import StaffError
from bot.rules.ticket_states import Action
from bot.rules.wording import Words

log = logging.getLogger(__name__)

READ_LIMIT = 1.0
"""Seconds; without an answer by then the form is taken."""
_HANDLED = frozenset({Action.REPLACE, Action.ESCALATE, Action.LOG_CALL, Action.ENTITLEMENT})
"""Where whoever handles it knows more: these can be done in other states, too, or say which replacement runs."""
_MENTION = re.compile(r"<@([UW][A-Z0-9]{2,20})>")
_ESCAPED = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def asked_anew(view: Mapping[str, object]) -> Asked | None:
    """What would be asked for by who opened the form now; None for forms that are about nothing that changes.

    Raises:
        ValueError: its private_metadata is not ours.
    """
    what = str(view.get("callback_id"))
    is_of_ticket = what in ACTIONS_BY_ID and ACTIONS_BY_ID[what] not in _HANDLED
    if not (is_of_ticket or what in OPENS_MOVE_FORM | OPENS_INTERVIEW_FORM | OPENS_FORM | ENTITLEMENT_FORMS):
        return None
    place = modal_place(view)
    ticket_id = place.ticket_id
    if ticket_id is None:
        return None
    other_id = place.escalation_id if what in OPENS_FORM else place.other_id
    if is_of_ticket:
        return Asked(what, ticket_id)
    if what in ENTITLEMENT_FORMS:
        return None if place.use_id is None else Asked(what, use=PressedUse(ticket_id, place.use_id, 0))
    return None if other_id is None else Asked(what, pressed=Pressed(ticket_id, other_id))


class StillPossible:
    """Asks whether a submitted form would open now."""

    def __init__(self, modals: Modals, names: Names, words: Words) -> None:
        self._modals = modals
        self._names = names
        self._words = words

    async def problems(self, body: Mapping[str, Any]) -> dict[str, str]:
        """Why it would not, beside its first field; {} where it would, or that is not known. Never raises."""
        view = body.get("view")
        if body.get("type") != "view_submission" or not isinstance(view, Mapping):
            return {}
        try:
            by, asked = person_of(body), asked_anew(view)
            if asked is None or by.user not in self._names.staff:
                return {}
            async with asyncio.timeout(READ_LIMIT):
                await self._modals.render(asked, by)
        except StaffError as error:
            return await self._beside_the_first_field(view, str(error))
        except LookupError:
            return await self._beside_the_first_field(view, self._words("tell.ticket_gone"))
        except Exception:
            log.exception("it was not looked up whether a form is still possible")
        return {}

    async def _beside_the_first_field(self, view: Mapping[str, Any], said: str) -> dict[str, str]:
        """Beside a field nobody is mentioned and no markup is read: names stand there."""
        field = next((str(one["block_id"]) for one in blocks_of(view) if one.get("type") == "input"), None)
        if field is None:
            return {}
        names = await self._names.of(set(_MENTION.findall(said)))
        plain = _MENTION.sub(lambda found: names.get(found[1], found[1]), said)
        for escaped, sign in _ESCAPED.items():
            plain = plain.replace(escaped, sign)
        return {field: plain}
