"""Makes the modal that a button or a command asks for, or says why not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.commands import SlackPerson
from bot.edges import slack_entitlement_ids, slack_services
from bot.edges.slack_acting_views import acting_form
from bot.edges.slack_appointments import offer_form
from bot.edges.slack_asked import Asked
from bot.edges.slack_buttons import more_view
from bot.edges.slack_channel_ids import OPEN_MESSAGE_SHORTCUT
from bot.edges.slack_entitlement_ids import BOOK, CHOOSE, CORRECT, REPORT, PressedUse
from bot.edges.slack_entitlement_views import choose_form, correct_form, record_form, report_form
from bot.edges.slack_escalation_ids import PRESSES_BY_ID, Pressed
from bot.edges.slack_escalation_views import (
    call_form,
    duty_form,
    raise_form,
    reassign_form,
    resolve_form,
    snooze_form,
    tie_form,
)
from bot.edges.slack_ids import (
    ACTING_FORMS,
    ACTION_IDS,
    ACTIONS_BY_ID,
    MORE,
    ORIGINAL,
    SEND_SHORTCUT,
    SERVICE_OFFER,
    SPLIT_SHORTCUT,
    ModalPlace,
)
from bot.edges.slack_interview import OPENS_INTERVIEW_FORM, begin_form, interview_form
from bot.edges.slack_names import Names
from bot.edges.slack_open_modal import opening_form
from bot.edges.slack_replacement_ids import MOVES_BY_ID, OPENS_MOVE_FORM
from bot.edges.slack_replacement_views import move_form, start_form
from bot.edges.slack_reply_window import ReplyWindow, check_possible
from bot.edges.slack_screens import Look, Screens
from bot.edges.slack_second_answer import WRITES_TO_CUSTOMER
from bot.edges.slack_text import Json, fill, mention, said
from bot.edges.slack_views import date_modal, original_view, priority_modal
from bot.entitlements import UseState
from bot.errors import StaffError
from bot.escalations import Escalation
from bot.model import Direction, Ticket, TicketView
from bot.rules.escalation_presses import Press, may_end, presses_of
from bot.rules.replacement import Move, moves_of
from bot.rules.same_answer import seen_of
from bot.rules.ticket_reference import read_reference
from bot.rules.ticket_replacements import replaceable
from bot.rules.ticket_states import Action
from bot.rules.typed_commands import CALL_FORM, HOTLINE_FORM, OPEN_FORM
from bot.rules.wording import format_instant
from bot.sendings import Seen

_POSSIBLE = {
    CHOOSE: {UseState.ASKED},
    CORRECT: {UseState.AGREED, UseState.DONE},
    BOOK: {UseState.AGREED},
    REPORT: {UseState.AGREED},
}
"""In which states a use's forms open."""


class Modals:
    """Renders modals as things are when they are asked for.

    Attributes:
        reply: Renders the reply window.
    """

    def __init__(self, screens: Screens, names: Names, look: Look) -> None:
        self._screens = screens
        self._names = names
        self._look = look
        self.reply = ReplyWindow(screens, names, look)

    async def render(self, asked: Asked, by: SlackPerson) -> Json:
        """The modal.

        Raises:
            StaffError: it cannot be done now, or not by this person; in words for them.
            LookupError: what it is about does not exist any more.
        """
        saw = await self._saw(asked)
        place = ModalPlace(asked.ticket_id, by.channel, by.thread_ts, response_url=by.response_url, saw=saw)
        is_words = asked.what == SEND_SHORTCUT
        if asked.what == SPLIT_SHORTCUT:
            return await self._split_off(asked.message or {}, by)
        reply = self.reply
        if asked.form is not None or is_words:
            return await (reply.preview(asked.form, by) if asked.form else reply.with_words_of(asked.message or {}, by))
        if asked.pressed is not None:
            return await self._something_of(asked.what, asked.pressed, by, place)
        if asked.use is not None or asked.what == SERVICE_OFFER:
            return await self._of_contract(asked, by, place)
        if asked.what == MORE:
            view = await self._screens.ticket_view(asked.ticket_id or 0)
            return more_view(view.ticket, self._look.words, place, by.user)
        if asked.what == ORIGINAL:
            return original_view(await self._screens.original(asked.ticket_id or 0), self._look.words)
        if asked.ticket_id is not None:
            return await self._ticket(ACTIONS_BY_ID[asked.what], asked.ticket_id, by, place)
        return await self._typed(asked, by, place)

    async def _saw(self, asked: Asked) -> int | None:
        """What of the ticket's journal the form can show: asked before anything else is read for it."""
        pressed = asked.pressed or asked.use
        if pressed is not None:
            return await self._screens.last_line(pressed.ticket_id)
        is_of_ticket = asked.ticket_id is not None and asked.what not in {ORIGINAL, SERVICE_OFFER}
        return await self._screens.last_line(asked.ticket_id or 0) if is_of_ticket else None

    async def _typed(self, asked: Asked, by: SlackPerson, place: ModalPlace) -> Json:
        """A form that is about no ticket yet."""
        look = self._look
        if asked.what in {OPEN_FORM, OPEN_MESSAGE_SHORTCUT}:
            return await self._opening(asked, place)
        if asked.what == HOTLINE_FORM:
            return await self._hotline(asked, by, place)
        if asked.what == CALL_FORM:
            return call_form(None, asked.words, look.escalation_phone, look.words, place)
        place = replace(place, saw=await self._screens.newest_shift())
        return duty_form(by.user, look.clock.now(), look.words, place)

    async def _ticket(self, action: Action, ticket_id: int, by: SlackPerson, place: ModalPlace) -> Json:
        look = self._look
        view, messages, real_name = await asyncio.gather(
            self._screens.ticket_view(ticket_id), self._screens.messages(ticket_id), self.reply.signing_name(by)
        )
        await check_possible(action, view, by, self._screens, look)
        writes = ACTION_IDS[action] in WRITES_TO_CUSTOMER
        named = replace(place, real_name=real_name, seen=await self._seen(ticket_id) if writes else None)
        if action in ACTING_FORMS:
            return acting_form(
                action, view.ticket, messages, look.clock.now(), look.words, look.zone, named, look.hotline
            )
        match action:
            case Action.REPLY:
                return await self.reply.of(view, messages, named)
            case Action.AGREE:
                return date_modal(view, look.clock.now(), look.words, look.zone, named)
            case Action.ESCALATE:
                return raise_form(view.ticket, look.words, place)
            case Action.REPLACE | Action.INTERVIEW:
                return self._about_device(action, view.ticket, place)
            case Action.LOG_CALL:
                return call_form(view.ticket, "", look.escalation_phone, look.words, place)
            case Action.OFFER_TIMES:
                _, uses = await self._screens.entitlements(ticket_id)
                return offer_form(view.ticket, uses, look.clock.now(), look.words, look.zone, named)
            case Action.ENTITLEMENT:
                standings, _ = await self._screens.entitlements(ticket_id)
                return record_form(view.ticket, standings, look.words, place)
            case _:
                return priority_modal(view, look.words, place)

    async def _split_off(self, message: Mapping[str, object], by: SlackPerson) -> Json:
        """The form for splitting, with the customer's message of a thread chosen on which the shortcut was used."""
        words, ts, thread_ts = self._look.words, str(message.get("ts")), by.thread_ts
        ticket_id = None
        if by.channel is not None and thread_ts is not None:
            ticket_id = await self._screens.ticket_of_thread(by.channel, thread_ts)
        if ticket_id is None:
            raise StaffError(words("tell.not_a_ticket_thread_to_split"))
        saw = await self._screens.last_line(ticket_id)
        view, messages = await asyncio.gather(self._screens.ticket_view(ticket_id), self._screens.messages(ticket_id))
        await check_possible(Action.SPLIT, view, by, self._screens, self._look)
        chosen = [each for each in messages if each.slack_ts == ts and each.direction is Direction.FROM_CUSTOMER]
        if not chosen:
            raise StaffError(fill(words, "tell.not_a_customers_message", number=view.ticket.number))
        place = ModalPlace(ticket_id, by.channel, thread_ts, await self.reply.signing_name(by), saw=saw)
        look = self._look
        return acting_form(
            Action.SPLIT, view.ticket, chosen, look.clock.now(), look.words, look.zone, place, look.hotline
        )

    async def _seen(self, ticket_id: int) -> Seen:
        """What is known of the conversation by who opens a form now."""
        messages, waiting = await asyncio.gather(self._screens.messages(ticket_id), self._screens.waiting(ticket_id))
        return seen_of(messages, waiting)

    async def _hotline(self, asked: Asked, by: SlackPerson, place: ModalPlace) -> Json:
        """The form for a call: about the ticket that is named, or for a new one."""
        reference = read_reference(asked.words)
        found = await self._screens.tickets_named(reference) if reference is not None else ()
        if reference is not None and reference.number is not None and not found:
            raise StaffError(fill(self._look.words, "tell.ticket_unknown", number=reference.number))
        if len(found) == 1:
            saw = await self._screens.last_line(found[0])
            return await self._ticket(Action.CALL, found[0], by, replace(place, ticket_id=found[0], saw=saw))
        return await self._opening(asked, place)

    async def _opening(self, asked: Asked, place: ModalPlace) -> Json:
        return await opening_form(asked, place, self._names, self._look.hotline, self._look.reactions, self._look.words)

    async def _of_contract(self, asked: Asked, by: SlackPerson, place: ModalPlace) -> Json:
        if asked.use is not None:
            return await self._entitlement(asked.what, asked.use, by, place)
        return await self._service_offer(asked.ticket_id or 0, by, place)

    async def _entitlement(self, what: str, pressed: PressedUse, by: SlackPerson, place: ModalPlace) -> Json:
        view, (devices, uses) = await asyncio.gather(
            self._screens.ticket_view(pressed.ticket_id), self._screens.entitlements(pressed.ticket_id)
        )
        use = next((each for each in uses if each.id == pressed.use_id), None)
        if use is None:
            raise LookupError(f"no use {pressed.use_id} of an entitlement")
        words, number = self._look.words, view.ticket.number
        if use.state not in _POSSIBLE[what]:
            since = self._since(use.decided_at, who=mention(use.decided_by or ""), number=number)
            raise StaffError(said(words, f"tell.entitlement_is_{use.state}", since))
        place = replace(place, ticket_id=view.ticket.id, use_id=use.id, real_name=await self.reply.signing_name(by))
        match what:
            case slack_entitlement_ids.CORRECT:
                return correct_form(view.ticket, use, words, place)
            case slack_entitlement_ids.REPORT:
                return report_form(view.ticket, use, words, place)
            case slack_entitlement_ids.BOOK:
                place = replace(place, seen=await self._seen(view.ticket.id))
                return offer_form(view.ticket, uses, self._look.clock.now(), words, self._look.zone, place)
            case _:
                return choose_form(view.ticket, use, devices, words, place)

    def _since(self, at: datetime | None, **data: object) -> dict[str, object]:
        """What a sentence says of who was first, with when, where that is known."""
        look = self._look
        known = {} if at is None else {"at": format_instant(at, look.words.language, look.zone, look.clock.now())}
        return {**data, **known}

    async def _service_offer(self, notice_id: int, by: SlackPerson, place: ModalPlace) -> Json:
        notice, contract, devices = await self._screens.service_notice(notice_id)
        words = self._look.words
        if notice.decision is not None:
            since = self._since(notice.decided_at, who=mention(notice.decided_by or ""))
            raise StaffError(said(words, f"tell.service_{notice.decision}_by", since))
        place = replace(place, ticket_id=None, use_id=notice.id, real_name=await self.reply.signing_name(by))
        return slack_services.offer_form(notice, contract, devices, words, place)

    def _about_device(self, action: Action, ticket: Ticket, place: ModalPlace) -> Json:
        if action is Action.INTERVIEW:
            return begin_form(ticket, ticket.devices, self._look.words, place)
        serials = replaceable(ticket)
        devices = [device for device in ticket.devices if device.serial in serials]
        return start_form(ticket, devices, self._look.words, place)

    async def _something_of(self, what: str, pressed: Pressed, by: SlackPerson, place: ModalPlace) -> Json:
        """The form of an escalation's, a replacement's or an interview's button."""
        if what in OPENS_INTERVIEW_FORM:
            return await self._interview(what, pressed, place)
        if what in OPENS_MOVE_FORM:
            return await self._replacement(MOVES_BY_ID[what], pressed, place)
        return await self._escalation(PRESSES_BY_ID[what], pressed, by, place)

    async def _interview(self, what: str, pressed: Pressed, place: ModalPlace) -> Json:
        words = self._look.words
        try:
            shown = await self._screens.interview(pressed.other_id)
        except LookupError:
            raise StaffError(fill(words, "tell.interview_gone")) from None
        if shown.interview.ticket_id != pressed.ticket_id:
            raise StaffError(fill(words, "tell.interview_gone"))
        place = replace(place, ticket_id=pressed.ticket_id, other_id=shown.interview.id)
        return interview_form(what, shown, words, place)

    async def _replacement(self, move: Move, pressed: Pressed, place: ModalPlace) -> Json:
        words = self._look.words
        try:
            shown = await self._screens.replacement(pressed.other_id)
        except LookupError:
            raise StaffError(fill(words, "tell.replacement_gone")) from None
        it = shown.replacement
        if it.ticket_id != pressed.ticket_id:
            raise StaffError(fill(words, "tell.replacement_gone"))
        if move not in moves_of(it):
            stage, who = words(f"replacement_stage.{it.stage}"), mention(it.changed_by)
            raise StaffError(
                fill(words, "tell.replacement_not_now", number=shown.ticket.number, replacement_stage=stage, who=who)
            )
        return move_form(move, shown, words, replace(place, ticket_id=it.ticket_id, other_id=it.id))

    async def _escalation(self, press: Press, pressed: Pressed, by: SlackPerson, place: ModalPlace) -> Json:
        try:
            escalation, view = await self._screens.escalation(pressed.other_id)
        except LookupError:
            raise StaffError(fill(self._look.words, "tell.escalation_gone")) from None
        self._check_press(press, pressed, escalation, view, by)
        ticket, words = view.ticket, self._look.words
        place = replace(place, ticket_id=ticket.id, escalation_id=escalation.id)
        match press:
            case Press.REASSIGN:
                return reassign_form(ticket, words, place)
            case Press.SNOOZE:
                return snooze_form(ticket, self._look.snooze_at_most, words, place)
            case Press.RESOLVE:
                return resolve_form(ticket, escalation, words, place)
            case _:
                return tie_form(ticket, words, place)

    def _check_press(
        self, press: Press, pressed: Pressed, escalation: Escalation, view: TicketView, by: SlackPerson
    ) -> None:
        words, number = self._look.words, view.ticket.number
        if not escalation.is_open:
            what = "escalation_resolved" if escalation.facts.get("because") == "resolved" else "escalation_over"
            ended_by = escalation.facts.get("ended_by")
            who = {} if ended_by in {None, "bot"} else {"who": mention(str(ended_by))}
            raise StaffError(said(words, f"tell.{what}", self._since(escalation.ended_at, number=number, **who)))
        if escalation.ticket_id != pressed.ticket_id:
            raise StaffError(fill(words, "tell.escalation_moved", number=number))
        if press not in presses_of(escalation, view.ticket):
            raise StaffError(fill(words, "tell.escalation_has_its_ticket", number=number))
        if press is Press.RESOLVE and not may_end(by.user, escalation, self._look.leaders):
            raise StaffError(fill(words, "tell.escalation_for_managers", number=number))
