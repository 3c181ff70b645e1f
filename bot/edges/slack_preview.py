"""Renders a mail as the customer will read it, before it goes; and the texts that are ready for the reply window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.config_replies import CannedReply
from bot.edges.slack_acting_payloads import chosen_items, wrong_words
from bot.edges.slack_fields import text_block, typed
from bot.edges.slack_ids import ACTION_IDS, CANNED, REPLY_MODAL, TEXT_BLOCK, ModalPlace
from bot.edges.slack_text import Blocks, Json, block, line, plain, reached_at, rich, split, text
from bot.errors import StaffError
from bot.model import Language, TicketView
from bot.rules.canned_texts import canned_text
from bot.rules.data_requests import read_items, request_text, resolution_text
from bot.rules.mail_writing import reply_subject
from bot.rules.reply_letter import signed
from bot.rules.ticket_states import Action
from bot.rules.wording import Words
from bot.rules.wording import words as words_in

MAX_PIECES = 40
_MISSING = {ACTION_IDS[Action.ASK]: "nothing_asked", ACTION_IDS[Action.RESOLVE]: "empty_summary"}
"""What is said of a form without which there is no mail."""


def preview(form: Mapping[str, object], view: TicketView, name: str, service: str, hotline: str, words: Words) -> Json:
    """What stands in a form, as the mail that comes of it.

    Args:
        form: The open modal, as Slack gave it.
        name: Of who sends it.
        service: What we are called, below the name.

    Raises:
        StaffError: There is nothing to show, or it would not be sent; in words for whoever asked.
    """
    ticket = view.ticket
    problems = wrong_words(form, text_block(form) if form.get("callback_id") == REPLY_MODAL else TEXT_BLOCK)
    if problems:
        raise StaffError(words(f"modal_problem.{next(iter(problems.values()))}"))
    said = _said(form, ticket.number, words_in("customer", ticket.language))
    if not said:
        raise StaffError(words(f"modal_problem.{_MISSING.get(str(form.get('callback_id')), 'empty')}"))
    blocks: Blocks = [block([line(*rich(words, "modal.to", "bold", address=reached_at(ticket) or words("unknown")))])]
    if ticket.customer_channel:  # in their thread the name stands above the words, and nothing below
        said = f"{name} ({service}):\n{said}"
    else:
        said = signed(said, name, words_in("customer", ticket.language), service, hotline)
        blocks.append(
            block([line(*rich(words, "preview.subject", subject=reply_subject(ticket.subject, ticket.number)))])
        )
    blocks += [{"type": "divider"}, *(block([line(text(piece))]) for piece in split(said)[:MAX_PIECES])]
    return {
        "type": "modal",
        "title": plain(words("preview.title"), 24),
        "close": plain(words("preview.close"), 24),
        "blocks": blocks,
    }


def _said(form: Mapping[str, object], number: str, words: Words) -> str:
    if form.get("callback_id") == REPLY_MODAL:
        return typed(form, text_block(form)).strip()
    own = typed(form, TEXT_BLOCK).strip()
    if form.get("callback_id") == ACTION_IDS[Action.ASK]:
        items = read_items(chosen_items(form))
        return request_text(words, number, items, own) if items else ""
    return resolution_text(words, number, own) if own else ""


def canned_menu(canned: Sequence[CannedReply], language: Language, words: Words) -> Json | None:
    """The menu of the texts that exist in this language; None where there is none."""
    options: list[Json] = [
        {"text": plain(reply.title, 75), "value": str(place)}
        for place, reply in enumerate(canned)
        if getattr(reply, language) is not None
    ]
    if not options:
        return None
    menu: Json = {
        "type": "static_select",
        "action_id": CANNED,
        "placeholder": plain(words("canned.placeholder"), 75),
        "options": options,
    }
    return {
        "type": "input",
        "block_id": CANNED,
        "optional": True,
        "dispatch_action": True,
        "label": plain(words("canned.label"), 2000),
        "element": menu,
    }


def with_canned(typed_so_far: str, chosen: CannedReply, view: TicketView, place: ModalPlace) -> str:
    """The text of the window with a ready text at its end."""
    said = canned_text(getattr(chosen, view.ticket.language) or "", view, place.real_name or "")
    return "\n\n".join(part for part in (typed_so_far.rstrip(), said) if part.strip())
