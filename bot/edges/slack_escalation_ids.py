"""The names by which Slack tells us what was done about an escalation or the duty rota."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.rules.escalation_presses import Press

COMMAND = "/hezo"

PRESS_IDS: dict[Press, str] = {press: f"escalation_{press}" for press in Press}
PRESSES_BY_ID = {action_id: press for press, action_id in PRESS_IDS.items()}
OPENS_FORM = frozenset(PRESS_IDS[press] for press in (Press.REASSIGN, Press.SNOOZE, Press.RESOLVE, Press.TIE))
"""Buttons whose form has their own name as callback_id."""

PROPOSAL_YES, PROPOSAL_NO = "proposal_escalate", "proposal_decline"

RAISE_MODAL, CALL_MODAL, DUTY_MODAL = "ticket_escalate", "ticket_log_call", "duty_set"
"""callback_id of the other forms; the first two are also the action_ids of the ticket's buttons."""

PERSON_BLOCK, SUBSTITUTE_BLOCK = "person", "substitute"
SPAN_BLOCK = "span"
OUTCOME_BLOCK, WORDS_BLOCK = "outcome", "to_customer"
REASON_BLOCK = "reason"
REFERENCE_BLOCK, CALLER_BLOCK, SAID_BLOCK, ADDRESS_BLOCK = "reference", "caller", "said", "address"
NUMBER_BLOCK = "number"
FROM_BLOCK, TO_BLOCK = "duty_from", "duty_to"

LINE_LIMIT = 200
"""Characters of a name or an address in a form."""

_ID = r"[1-9][0-9]{0,17}"
_PRESSED = re.compile(rf"({_ID}):({_ID})(?::([UW][A-Z0-9]{{2,20}}))?")


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a button carries as its value.

    Attributes:
        other_id: The escalation's id; that of the message for a proposal.
        owner: Who had the escalation as the message showed it.
    """

    ticket_id: int
    other_id: int
    owner: str | None = None

    def to_value(self) -> str:
        """The value of the button."""
        return f"{self.ticket_id}:{self.other_id}" + (f":{self.owner}" if self.owner else "")

    @classmethod
    def from_value(cls, value: object) -> Pressed:
        """The value read back.

        Raises:
            ValueError: it is none of ours.
        """
        found = _PRESSED.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError("no escalation's button")
        return cls(int(found[1]), int(found[2]), found[3])
