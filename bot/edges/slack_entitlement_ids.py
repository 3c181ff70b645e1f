"""The names by which Slack tells us what was done about entitlements."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.entitlement_commands import Decision

DECISION_IDS: dict[Decision, str] = {decision: f"entitlement_{decision}" for decision in Decision}
DECISIONS_BY_ID = {action_id: decision for decision, action_id in DECISION_IDS.items()}

CHOOSE, CORRECT = "entitlement_choose", "entitlement_correct"
BOOK, REPORT = "entitlement_book", "entitlement_report"
ENTITLEMENT_FORMS = frozenset({CHOOSE, CORRECT, BOOK, REPORT})
"""Buttons of a use that open a form; all but BOOK are its callback_id, too."""
RECORD_MODAL = "ticket_entitlement"
"""callback_id of the form that a ticket's button opens, and that button's action_id."""

KIND_BLOCK, DEVICE_BLOCK, DONE_BLOCK = "entitlement_kind", "entitlement_device", "entitlement_done_on"
NOTE_BLOCK, CORRECTION_BLOCK = "entitlement_note", "entitlement_reason"
REPORT_BLOCK, WORDS_BLOCK = "report_files", "report_words"

_ID = r"[1-9][0-9]{0,17}"
_PRESSED = re.compile(rf"({_ID}):({_ID}):([0-9]{{1,6}})(?:@([0-9]{{1,18}}))?")


@dataclass(frozen=True, slots=True)
class PressedUse:
    """What a button of a use carries as its value.

    Attributes:
        taken: The count that its message shows.
        saw: As of `bot.commands.SlackPerson`.
    """

    ticket_id: int
    use_id: int
    taken: int
    saw: int | None = None

    def to_value(self) -> str:
        """The value of the button."""
        return f"{self.ticket_id}:{self.use_id}:{self.taken}" + ("" if self.saw is None else f"@{self.saw}")

    @classmethod
    def from_value(cls, value: object) -> PressedUse:
        """The value read back.

        Raises:
            ValueError: it is none of ours.
        """
        found = _PRESSED.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError("no button of an entitlement")
        return cls(int(found[1]), int(found[2]), int(found[3]), None if found[4] is None else int(found[4]))
