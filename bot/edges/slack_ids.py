"""The names by which Slack tells us what was clicked: given with a button or modal, read when it comes back."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field

from bot.rules.ticket_states import Action
from bot.sendings import Seen

ACTING_FORMS = frozenset(
    {
        Action.ASSIGN, Action.ASK, Action.RESOLVE, Action.SNOOZE, Action.CALL, Action.MERGE, Action.LINK, Action.SPLIT
    }
)  # fmt: skip
"""Actions with a form (`bot.edges.slack_acting_views`) that has the button's name as callback_id."""
ACTING_PRESSES = frozenset({Action.REOPEN, Action.HOLD, Action.WAKE, Action.SPAM})
"""Actions that a press is enough for."""

ACTION_IDS: dict[Action, str] = {
    Action.REPLY: "ticket_reply",
    Action.TAKE: "ticket_take",
    Action.TAKE_OVER: "ticket_take_over",
    Action.PRIORITY: "ticket_priority",
    Action.APPROVE: "sender_approve",
    Action.REJECT: "sender_reject",
    Action.JOIN: "quotation_join",
    Action.SEPARATE: "quotation_separate",
    Action.CLOSE: "ticket_close",
    Action.AGREE: "date_agree",
    Action.CONFIRM_DATE: "date_confirm",
    Action.DATE_KEPT: "date_kept",
    Action.ESCALATE: "ticket_escalate",
    Action.LOG_CALL: "ticket_log_call",
    Action.ENTITLEMENT: "ticket_entitlement",
    Action.REPLACE: "ticket_replace",
    **{action: f"ticket_{action}" for action in ACTING_FORMS | ACTING_PRESSES},
    Action.OFFER_TIMES: "date_offer",
    Action.CANCEL_DATE: "date_cancel",
    Action.INTERVIEW: "ticket_interview",
}
SERVICE_OFFER = "service_offer"
"""Opens the form that offers a service to a customer; the button's value is the notice's id."""
MORE = "ticket_more"
"""Opens the rest of what can be done, as buttons in a modal."""
ORIGINAL = "message_original"
"""Shows a customer's whole mail; the button's value is the message's id."""
ACTIONS_BY_ID = {action_id: action for action, action_id in ACTION_IDS.items()}
OPENS_MODAL = frozenset(
    ACTION_IDS[action]
    for action in (
        Action.REPLY,
        Action.PRIORITY,
        Action.AGREE,
        Action.ESCALATE,
        Action.LOG_CALL,
        Action.REPLACE,
        Action.INTERVIEW,
        Action.ENTITLEMENT,
        Action.OFFER_TIMES,
    )
) | {ORIGINAL, SERVICE_OFFER, MORE, *(ACTION_IDS[action] for action in ACTING_FORMS)}

PREVIEW = "mail_preview"
"""A button of a form: the mail as the customer will read it."""
CANNED = "canned_reply"
"""A menu of the reply window, whose choice is put into its text; its block has the same name."""

HOME_REFRESH, HOME_PAGE = "home_refresh", "home_page"
HOME_PRIORITY, HOME_STATE, HOME_CUSTOMER = "home_priority", "home_state", "home_customer"
HOME_ALL = "all"
"""The value of the options that filter nothing."""

SEND_AND_WAIT, SEND_AS_NEWS, KEEP_INTERNAL, UNDO = "sending_wait", "sending_news", "sending_keep", "sending_undo"
"""Buttons about an engineer's words; their value is that of `bot.edges.slack_escalation_ids.Pressed`."""
SEND_SHORTCUT = "message_send"
"""callback_id of the message shortcut "Send to the customer"."""
SPLIT_SHORTCUT = "message_split"
"""callback_id of the message shortcut "Make a ticket of its own"."""
SHORTCUTS = frozenset({SEND_SHORTCUT, SPLIT_SHORTCUT})
"""callback_ids of all shortcuts; each opens a modal."""

REPLY_MODAL = "ticket_reply"
PRIORITY_MODAL = "ticket_priority"
DATE_MODAL = "date_agree"
MORE_MODAL = MORE
"""callback_id of the modals."""

TEXT_BLOCK = "reply_text"
"""Of the reply window, its text may also stand in "reply_text:1", ...: only a new block takes another text."""
FILES_BLOCK = "reply_files"
TURN_BLOCK = "next_turn"
PRIORITY_BLOCK = "priority"
DAY_BLOCK = "date_day"
TIME_BLOCK = "date_time"
VALUE = "value"
"""action_id of the one element of each input block."""

REPLY_LIMIT = 3_000
"""Characters; the most that a plain_text_input takes."""

DAYS_AHEAD = 366
"""So far ahead a date can be agreed."""


@dataclass(frozen=True, slots=True)
class ModalPlace:
    """What a modal remembers of the click that opened it, as its private_metadata.

    Attributes:
        ticket_id: None where the ticket is only named in the modal, or it is about none.
        channel: Where an answer to the submission is shown; None when it was opened outside of a channel.
        real_name: Of who opened it, for the mail: a submission only carries the handle.
        escalation_id: The escalation that it is about, if any.
        other_id: The replacement or the interview that it is about, if any.
        response_url: As of `bot.commands.SlackPerson`.
        source_ts: The message of the thread whose words it began with, if any.
        use_id: The use of an entitlement that it is about, if any.
        seen: What was known of the conversation when it was opened, where the modal writes to the customer.
        saw: As of `bot.commands.SlackPerson`.
    """

    ticket_id: int | None
    channel: str | None = None
    thread_ts: str | None = None
    real_name: str | None = None
    escalation_id: int | None = None
    other_id: int | None = None
    response_url: str | None = field(default=None, repr=False)
    source_ts: str | None = None
    use_id: int | None = None
    seen: Seen | None = None
    saw: int | None = None

    def to_metadata(self) -> str:
        """The JSON of private_metadata."""
        return json.dumps(asdict(self))


_PRESSED_TICKET = re.compile(r"([1-9][0-9]{0,17})@([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class PressedTicket:
    """What a button carries that acts on a ticket at once; `saw` is as of `bot.commands.SlackPerson`."""

    ticket_id: int
    saw: int | None = None

    def to_value(self) -> str:
        """The value of the button."""
        return str(self.ticket_id) if self.saw is None else f"{self.ticket_id}@{self.saw}"

    @classmethod
    def from_value(cls, value: object) -> PressedTicket | None:
        """The value read back; None where it says nothing of what was seen, or is none of ours."""
        found = _PRESSED_TICKET.fullmatch(value) if isinstance(value, str) else None
        return None if found is None else cls(int(found[1]), int(found[2]))
