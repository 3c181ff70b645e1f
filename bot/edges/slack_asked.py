"""Which modal a payload asks for: a button, a command or a shortcut that has to be answered while Slack waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.edges.slack_channel_ids import OPEN_MESSAGE_SHORTCUT
from bot.edges.slack_entitlement_ids import ENTITLEMENT_FORMS, PressedUse
from bot.edges.slack_escalation_ids import COMMAND, OPENS_FORM, Pressed
from bot.edges.slack_fields import Unreadable, mapping
from bot.edges.slack_ids import CANNED, MORE_MODAL, OPENS_MODAL, PREVIEW, SHORTCUTS
from bot.edges.slack_interview import OPENS_INTERVIEW_FORM
from bot.edges.slack_payloads import clicked_ticket
from bot.edges.slack_replacement_ids import OPENS_MOVE_FORM
from bot.rules.typed_commands import OpenForm, form_wanted

OPENS_ANY = OPENS_MODAL | OPENS_FORM | ENTITLEMENT_FORMS | OPENS_MOVE_FORM | OPENS_INTERVIEW_FORM
"""Every button for which a form is opened while Slack waits."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which modal is asked for.

    Attributes:
        what: An action_id, or the form of a command ("call", "duty").
        ticket_id: The ticket; of ORIGINAL the message.
        pressed: The ticket and the escalation, or the replacement, of the button.
        use: The ticket and the use of an entitlement's button.
        words: What was typed behind the command.
        message: Of a shortcut, the message that it was used on, as Slack gave it.
        form: Of a preview, the modal as it is filled in, as Slack gave it.
    """

    what: str
    ticket_id: int | None = None
    pressed: Pressed | None = None
    words: str = ""
    message: Mapping[str, object] | None = None
    form: Mapping[str, object] | None = None
    use: PressedUse | None = None


def asked_for(body: Mapping[str, object]) -> str | None:
    """The modal that a payload asks for (`Asked.what`); None when it asks for none. Never raises."""
    if body.get("command") == COMMAND:
        form = _form(body)
        return form.form if form else None
    if body.get("type") == "message_action":
        callback_id = body.get("callback_id")
        return (
            callback_id if isinstance(callback_id, str) and callback_id in {*SHORTCUTS, OPEN_MESSAGE_SHORTCUT} else None
        )
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    action_id = first.get("action_id") if isinstance(first, Mapping) else None
    is_click = body.get("type") == "block_actions" and isinstance(action_id, str)
    if is_click and action_id == PREVIEW:
        return PREVIEW
    return action_id if is_click and action_id in OPENS_ANY else None


def read_asked(body: Mapping[str, object]) -> Asked:
    """The modal that a payload asks for, with what it is about.

    Raises:
        ValueError: it asks for none, or its button carries nothing of ours.
    """
    what = asked_for(body)
    if what is None:
        raise Unreadable("no modal is asked for")
    form = _form(body)
    if form is not None:
        return Asked(what, words=form.words)
    if what == PREVIEW:
        return Asked(what, form=mapping(body.get("view"), "view"))
    if what in {*SHORTCUTS, OPEN_MESSAGE_SHORTCUT}:
        message = body.get("message")
        return Asked(what, message=message if isinstance(message, Mapping) else {})
    if what in OPENS_MODAL:
        return Asked(what, clicked_ticket(body))
    actions = body.get("actions")
    assert isinstance(actions, list)
    if what in ENTITLEMENT_FORMS:
        return Asked(what, use=PressedUse.from_value(actions[0].get("value")))
    return Asked(what, pressed=Pressed.from_value(actions[0].get("value")))


def is_in_modal(body: Mapping[str, object]) -> bool:
    """Whether a click was made in a modal, above which the next one is shown. Never raises."""
    view = body.get("view")
    return body.get("type") == "block_actions" and isinstance(view, Mapping) and view.get("type") == "modal"


def chose_canned(body: Mapping[str, object]) -> bool:
    """Whether a ready text was chosen in the reply window. Never raises."""
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    return is_in_modal(body) and isinstance(first, Mapping) and first.get("action_id") == CANNED


def pressed_in_more(body: Mapping[str, object]) -> bool:
    """Whether a button behind "More…" was pressed, which lies over the message until it is replaced. Never raises."""
    view = body.get("view")
    return body.get("type") == "block_actions" and isinstance(view, Mapping) and view.get("callback_id") == MORE_MODAL


def _form(body: Mapping[str, object]) -> OpenForm | None:
    text = body.get("text")
    return form_wanted(text) if body.get("command") == COMMAND and isinstance(text, str) else None
