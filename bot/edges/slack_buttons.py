"""Renders what can be done to a ticket: the few buttons of its head message, and "More…" with all the rest."""

from __future__ import annotations

from bot.edges.slack_ids import ACTION_IDS, MORE, MORE_MODAL, OPENS_MODAL, ModalPlace, PressedTicket
from bot.edges.slack_text import Blocks, Json, block, line, plain, rich, text, topic
from bot.model import Ticket
from bot.rules.ticket_buttons import first_buttons, more_actions
from bot.rules.ticket_states import Action
from bot.rules.wording import Words

PRIMARY = frozenset({Action.REPLY, Action.APPROVE, Action.JOIN})
ASKS_BACK = frozenset(
    {Action.CANCEL_DATE, Action.CLOSE, Action.REJECT, Action.APPROVE, Action.JOIN, Action.HOLD, Action.SPAM}
)


def ticket_buttons(ticket: Ticket, words: Words, saw: int | None = None) -> list[Json]:
    """The buttons of the head message; none where nothing can be done.

    Args:
        saw: What of the ticket's journal the message shows (`bot.commands.SlackPerson`).
    """
    buttons = [_button(action, ticket, words, saw) for action in first_buttons(ticket)]
    if more_actions(ticket):
        buttons.append(
            {
                "type": "button",
                "action_id": MORE,
                "text": plain(words("button.more"), 75),
                "value": str(ticket.id),
                "accessibility_label": plain(words("button.more_label"), 75)["text"],
            }
        )
    return buttons


def more_view(ticket: Ticket, words: Words, place: ModalPlace, user: str = "") -> Json:
    """All that the head message has no button for, by groups; whoever has the ticket cannot take it over.

    Args:
        user: Slack id of who looks.
    """
    blocks: Blocks = [
        block([line(*rich(words, "modal.about", "bold", number=ticket.number, subject=topic(ticket.subject)))])
    ]
    for group, actions in more_actions(ticket).items():
        buttons = [
            _button(action, ticket, words, place.saw)
            for action in actions
            if action is not Action.TAKE_OVER or ticket.assignee != user
        ]
        if not buttons:
            continue
        blocks.append(block([line(text(words(f"more.{group}"), "bold"))]))
        blocks.append({"type": "actions", "elements": buttons})
    if len(blocks) == 1:
        blocks.append(block([line(text(words("more.nothing"), "italic"))]))
    return {
        "type": "modal",
        "callback_id": MORE_MODAL,
        "title": plain(words("more.title"), 24),
        "close": plain(words("more.close"), 24),
        "private_metadata": place.to_metadata(),
        "blocks": blocks,
    }


def note_view(said: str, words: Words, place: ModalPlace) -> Json:
    """One sentence where the buttons were: what became of the press, or why nothing did."""
    return {
        "type": "modal",
        "title": plain(words("more.note"), 24),
        "close": plain(words("more.close"), 24),
        "private_metadata": place.to_metadata(),
        "blocks": [block([line(text(said))])],
    }


def _button(action: Action, ticket: Ticket, words: Words, saw: int | None) -> Json:
    """A button; that of a form carries the ticket alone, as its form looks anew."""
    its_id = ACTION_IDS[action]
    button: Json = {
        "type": "button",
        "action_id": its_id,
        "text": plain(words(f"button.{action}"), 75),
        "value": PressedTicket(ticket.id, None if its_id in OPENS_MODAL else saw).to_value(),
    }
    if action in PRIMARY:
        button["style"] = "primary"
    if action is Action.REJECT:
        button["style"] = "danger"
    if action in ASKS_BACK:
        button["confirm"] = {
            "title": plain(words(f"confirm.{action}_title"), 100),
            "text": plain(words(f"confirm.{action}_text"), 300),
            "confirm": plain(words(f"confirm.{action}_yes"), 30),
            "deny": plain(words("confirm.no"), 30),
        }
    return button
