"""The reply window: with a ticket's last words, with a colleague's, with a ready text put in; and its preview."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.commands import SlackPerson
from bot.edges.slack_escalation_payloads import people_in_message
from bot.edges.slack_fields import choice, choice_in, mapping, text_block, typed
from bot.edges.slack_ids import CANNED, REPLY_LIMIT, TURN_BLOCK, ModalPlace
from bot.edges.slack_names import Names
from bot.edges.slack_payloads import modal_place
from bot.edges.slack_preview import preview, with_canned
from bot.edges.slack_screens import Look, Screens
from bot.edges.slack_text import Json, fill, mention
from bot.edges.slack_views import reply_modal
from bot.edges.slack_words_payloads import words_of
from bot.errors import StaffError
from bot.model import Message, Ticket, TicketView
from bot.rules.firsts import who_brought_it_here
from bot.rules.notes import is_note
from bot.rules.same_answer import seen_of
from bot.rules.ticket_states import Action, actions_of
from bot.rules.wording import format_instant
from bot.sendings import Sending, SendingState


async def check_possible(action: Action, view: TicketView, by: SlackPerson, screens: Screens, look: Look) -> None:
    """StaffError when that cannot be done to the ticket as it is now: it says so to who pressed, and who was first."""
    ticket, words = view.ticket, look.words
    possible = actions_of(ticket)
    if action in possible or (action is Action.SNOOZE and Action.WAKE in possible):  # it can be put off anew
        return
    data: dict[str, object] = {"number": ticket.number, "state": words(f"state.{ticket.state}")}
    first = who_brought_it_here(await screens.lines_since(ticket.id, 0), by.user)
    if first is None:
        raise StaffError(fill(words, "tell.not_in_this_state", **data))
    at = format_instant(first.at, words.language, look.zone, look.clock.now())
    raise StaffError(fill(words, "tell.not_in_this_state_by", **data, who=mention(first.actor), at=at))


class ReplyWindow:
    """Renders the window as things are when it is asked for."""

    def __init__(self, screens: Screens, names: Names, look: Look) -> None:
        self._screens = screens
        self._names = names
        self._look = look

    async def signing_name(self, by: SlackPerson) -> str:
        """The name to sign with; where Slack does not tell it in time, the handle."""
        return (await self._names.of({by.user})).get(by.user, by.name)

    async def with_words_of(self, message: Mapping[str, object], by: SlackPerson) -> Json:
        """The reply modal with a colleague's words of a ticket's thread in it; who sends them sees them once more."""
        words, ts, thread_ts = self._look.words, str(message.get("ts")), by.thread_ts
        ticket_id = None
        if by.channel is not None and thread_ts is not None and thread_ts != ts:
            ticket_id = await self._screens.ticket_of_thread(by.channel, thread_ts)
        if ticket_id is None:
            raise StaffError(words("tell.not_a_ticket_thread"))
        user = message.get("user")
        if message.get("bot_id") or not isinstance(user, str) or user not in self._names.staff:
            raise StaffError(words("tell.not_a_colleagues_words"))
        saw = await self._screens.last_line(ticket_id)
        names = await self._names.of(people_in_message(message))
        plain = words_of(message, names).text
        view, known = await asyncio.gather(
            self._screens.ticket_view(ticket_id), self._screens.sending_of(ticket_id, ts)
        )
        await check_possible(Action.REPLY, view, by, self._screens, self._look)
        self._check_words(plain, known, view.ticket)
        place = ModalPlace(ticket_id, by.channel, thread_ts, await self.signing_name(by), source_ts=ts, saw=saw)
        return await self.of(view, await self._screens.messages(ticket_id), place, plain)

    async def of(
        self, view: TicketView, messages: Sequence[Message], place: ModalPlace, text: str = "", generation: int = 0,
        turn: str = "",
    ) -> Json:  # fmt: skip
        """The window for a reply, with `text` in it."""
        look = self._look
        waiting = await self._screens.waiting(view.ticket.id)
        place = place if place.seen is not None else replace(place, seen=seen_of(messages, waiting))
        return reply_modal(
            view, messages, look.clock.now(), look.words, look.zone, place,
            begins_with=text, generation=generation, turn=turn, canned=look.canned, waiting=waiting,
        )  # fmt: skip

    async def preview(self, form: Mapping[str, object], by: SlackPerson) -> Json:
        """The mail as it would go out with what is typed in the window now."""
        look, place = self._look, modal_place(form)
        view = await self._screens.ticket_view(place.ticket_id or 0)
        name = place.real_name or await self.signing_name(by)
        return preview(form, view, name, look.service, look.hotline, look.words)

    async def with_canned(self, body: Mapping[str, object]) -> Json:
        """The reply window with the chosen text at the end of what was typed.

        Raises:
            ValueError, LookupError: the payload is none of ours, or what it is about does not exist any more.
        """
        form = mapping(body.get("view"), "view")
        place = modal_place(form)
        ticket_id = place.ticket_id or 0
        view, messages = await asyncio.gather(self._screens.ticket_view(ticket_id), self._screens.messages(ticket_id))
        chosen = int(choice_in(body, CANNED))
        block_id = text_block(form)
        text = with_canned(typed(form, block_id), self._look.canned[chosen], view, place)
        generation = int(block_id.partition(":")[2] or 0) + 1
        return await self.of(view, messages, place, text[:REPLY_LIMIT], generation, choice(form, TURN_BLOCK))

    def _check_words(self, plain: str, known: Sending | None, ticket: Ticket) -> None:
        look = self._look
        if known is not None and known.state in {SendingState.WAITING, SendingState.SENT}:
            now = look.clock.now()
            at = format_instant(known.pressed_at or now, look.words.language, look.zone, now)
            who = mention(known.sent_by or "")
            raise StaffError(fill(look.words, "tell.already_sent", number=ticket.number, who=who, at=at))
        if is_note(plain):
            raise StaffError(fill(look.words, "tell.note_stays", number=ticket.number))
        if len(plain) > REPLY_LIMIT:
            raise StaffError(fill(look.words, "tell.too_long_for_modal", number=ticket.number))
