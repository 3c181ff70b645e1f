"""Makes the modal that a button or a command asks for, or says why not."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.commands import SlackPerson
from bot.config_replies import CannedReply
from bot.edges import slack_entitlement_ids, slack_services
from bot.edges.slack_acting_views import acting_form
from bot.edges.slack_appointments import offer_form
from bot.edges.slack_asked import Asked
from bot.edges.slack_buttons import more_view
from bot.edges.slack_channel_ids import OPEN_MESSAGE_SHORTCUT
from bot.edges.slack_customer_screens import CustomerScreens
from bot.edges.slack_entitlement_ids import BOOK, CHOOSE, CORRECT, REPORT, PressedUse
from bot.edges.slack_entitlement_views import choose_form, correct_form, record_form, report_form
from bot.edges.slack_escalation_ids import PRESSES_BY_ID, Pressed
from bot.edges.slack_escalation_payloads import people_in_message
from bot.edges.slack_escalation_views import (
    call_form,
    duty_form,
    raise_form,
    reassign_form,
    resolve_form,
    snooze_form,
    tie_form,
)
from bot.edges.slack_fields import choice, choice_in, mapping, text_block, typed
from bot.edges.slack_ids import (
    ACTING_FORMS,
    ACTIONS_BY_ID,
    CANNED,
    MORE,
    ORIGINAL,
    REPLY_LIMIT,
    SERVICE_OFFER,
    TURN_BLOCK,
    ModalPlace,
)
from bot.edges.slack_interview import OPENS_INTERVIEW_FORM, InterviewShown, begin_form, interview_form
from bot.edges.slack_lookups import Registry
from bot.edges.slack_names import Names
from bot.edges.slack_open_modal import opening_form
from bot.edges.slack_payloads import modal_place
from bot.edges.slack_preview import preview, with_canned
from bot.edges.slack_replacement_ids import MOVES_BY_ID, OPENS_MOVE_FORM
from bot.edges.slack_replacement_views import FormShown, move_form, start_form
from bot.edges.slack_same_answer import Conversation
from bot.edges.slack_text import Json, fill, mention
from bot.edges.slack_views import date_modal, original_view, priority_modal, reply_modal
from bot.edges.slack_words_payloads import words_of
from bot.entitlements import DeviceStanding, EntitlementUse, ServiceNotice, UseState
from bot.errors import StaffError
from bot.escalations import Escalation
from bot.model import Contract, Message, Priority, Ticket, TicketView
from bot.ports import Clock
from bot.rules.escalation_presses import Press, may_end, presses_of
from bot.rules.notes import is_note
from bot.rules.replacement import Move, moves_of
from bot.rules.ticket_reference import read_reference
from bot.rules.ticket_replacements import replaceable
from bot.rules.ticket_states import Action, actions_of
from bot.rules.typed_commands import CALL_FORM, HOTLINE_FORM, OPEN_FORM
from bot.rules.wording import Words, format_instant
from bot.sendings import Sending, SendingState

_POSSIBLE = {
    CHOOSE: {UseState.ASKED},
    CORRECT: {UseState.AGREED, UseState.DONE},
    BOOK: {UseState.AGREED},
    REPORT: {UseState.AGREED},
}
"""In which states a use's forms open."""


class Screens(CustomerScreens, Conversation, Registry, Protocol):
    """Reads what modals show, and what is named in them."""

    async def ticket_view(self, ticket_id: int) -> TicketView:
        """The ticket; LookupError when there is none."""

    async def escalation(self, escalation_id: int) -> tuple[Escalation, TicketView]:
        """The escalation and its ticket; LookupError when there is none."""

    async def ticket_of_thread(self, channel: str, thread_ts: str) -> int | None:
        """The ticket whose thread that is."""

    async def sending_of(self, ticket_id: int, slack_ts: str) -> Sending | None:
        """What is known of a colleague's message in a ticket's thread."""

    async def entitlements(self, ticket_id: int) -> tuple[Sequence[DeviceStanding], Sequence[EntitlementUse]]:
        """What the devices of the ticket's contract have used, and the uses that the ticket is about."""

    async def replacement(self, replacement_id: int) -> FormShown:
        """A replacement as its forms show it, LookupError when there is none; whose `now` is that of the call."""

    async def interview(self, interview_id: int) -> InterviewShown:
        """An interview as its forms show it; LookupError when there is none."""

    async def service_notice(self, notice_id: int) -> tuple[ServiceNotice, Contract, Sequence[DeviceStanding]]:
        """A notice with its contract and what its devices have used; LookupError when there is none."""


@dataclass(frozen=True, slots=True)
class Look:
    """How staff are spoken to, and what is offered to them.

    Attributes:
        escalation_phone: The phone number for escalations, as customers call it.
        leaders: Who may end what a customer asked for (`bot.rules.escalation_presses.may_end`).
        snooze_at_most: For how long an escalation can be put off at once.
        service: What we are called, and the phone number that customers read below a mail.
        canned: Texts that are ready for replies.
        staff: Who may act, at any time; None for those of the configuration alone.
        reactions: The reaction times, by priority, as configured.
    """

    words: Words
    zone: ZoneInfo
    clock: Clock
    escalation_phone: str
    leaders: Collection[str]
    snooze_at_most: timedelta
    service: str = "HEZO 360"
    hotline: str = ""
    canned: tuple[CannedReply, ...] = ()
    staff: Collection[str] | None = None
    reactions: Mapping[Priority, timedelta] = field(default_factory=dict)


class Modals:
    """Renders modals as things are when they are asked for."""

    def __init__(self, screens: Screens, names: Names, look: Look) -> None:
        self._screens = screens
        self._names = names
        self._look = look

    async def render(self, asked: Asked, by: SlackPerson) -> Json:
        """The modal.

        Raises:
            StaffError: it cannot be done now, or not by this person; in words for them.
            LookupError: what it is about does not exist any more.
        """
        place = ModalPlace(asked.ticket_id, by.channel, by.thread_ts, response_url=by.response_url)
        is_words = asked.message is not None and asked.what != OPEN_MESSAGE_SHORTCUT
        if asked.form is not None or is_words:
            return await (self._preview(asked.form, by) if asked.form else self._words_of(asked.message or {}, by))
        if asked.pressed is not None:
            return await self._something_of(asked.what, asked.pressed, by, place)
        if asked.use is not None or asked.what == SERVICE_OFFER:
            return await self._of_contract(asked, by, place)
        if asked.what == MORE:
            view = await self._screens.ticket_view(asked.ticket_id or 0)
            return more_view(view.ticket, self._look.words, place)
        if asked.what == ORIGINAL:
            return original_view(await self._screens.original(asked.ticket_id or 0), self._look.words)
        if asked.ticket_id is not None:
            return await self._ticket(ACTIONS_BY_ID[asked.what], asked.ticket_id, by, place)
        return await self._typed(asked, by, place)

    async def _typed(self, asked: Asked, by: SlackPerson, place: ModalPlace) -> Json:
        """A form that is about no ticket yet."""
        look = self._look
        if asked.what in {OPEN_FORM, OPEN_MESSAGE_SHORTCUT}:
            return await self._opening(asked, place)
        if asked.what == HOTLINE_FORM:
            return await self._hotline(asked, by, place)
        if asked.what == CALL_FORM:
            return call_form(None, asked.words, look.escalation_phone, look.words, place)
        return duty_form(by.user, look.clock.now(), look.words, place)

    async def _ticket(self, action: Action, ticket_id: int, by: SlackPerson, place: ModalPlace) -> Json:
        look = self._look
        view, messages, real_name = await asyncio.gather(
            self._screens.ticket_view(ticket_id), self._screens.messages(ticket_id), self._real_name(by)
        )
        self._check(action, view)
        named = replace(place, real_name=real_name)
        if action in ACTING_FORMS:
            return acting_form(
                action, view.ticket, messages, look.clock.now(), look.words, look.zone, named, look.hotline
            )
        match action:
            case Action.REPLY:
                return await self._reply(view, messages, named)
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

    async def _hotline(self, asked: Asked, by: SlackPerson, place: ModalPlace) -> Json:
        """The form for a call: about the ticket that is named, or for a new one."""
        reference = read_reference(asked.words)
        found = await self._screens.tickets_named(reference) if reference is not None else ()
        if reference is not None and reference.number is not None and not found:
            raise StaffError(fill(self._look.words, "tell.ticket_unknown", number=reference.number))
        if len(found) == 1:
            return await self._ticket(Action.CALL, found[0], by, replace(place, ticket_id=found[0]))
        return await self._opening(asked, place)

    async def _opening(self, asked: Asked, place: ModalPlace) -> Json:
        return await opening_form(asked, place, self._names, self._look.hotline, self._look.reactions, self._look.words)

    async def _words_of(self, message: Mapping[str, object], by: SlackPerson) -> Json:
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
        names = await self._names.of(people_in_message(message))
        plain = words_of(message, names).text
        view, known = await asyncio.gather(
            self._screens.ticket_view(ticket_id), self._screens.sending_of(ticket_id, ts)
        )
        self._check(Action.REPLY, view)
        self._check_words(plain, known, view.ticket)
        place = ModalPlace(ticket_id, by.channel, thread_ts, await self._real_name(by), source_ts=ts)
        return await self._reply(view, await self._screens.messages(ticket_id), place, plain)

    async def _reply(
        self, view: TicketView, messages: Sequence[Message], place: ModalPlace, text: str = "", generation: int = 0,
        turn: str = "",
    ) -> Json:  # fmt: skip
        look = self._look
        waiting = await self._screens.waiting(view.ticket.id)
        return reply_modal(
            view, messages, look.clock.now(), look.words, look.zone, place,
            begins_with=text, generation=generation, turn=turn, canned=look.canned, waiting=waiting,
        )  # fmt: skip

    async def _preview(self, form: Mapping[str, object], by: SlackPerson) -> Json:
        look, place = self._look, modal_place(form)
        view = await self._screens.ticket_view(place.ticket_id or 0)
        name = place.real_name or await self._real_name(by)
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
        return await self._reply(view, messages, place, text[:REPLY_LIMIT], generation, choice(form, TURN_BLOCK))

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

    def _check(self, action: Action, view: TicketView) -> None:
        ticket, words = view.ticket, self._look.words
        if action not in actions_of(ticket):
            state = words(f"state.{ticket.state}")
            raise StaffError(fill(words, "tell.not_in_this_state", number=ticket.number, state=state))

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
            who = mention(use.decided_by or "")
            raise StaffError(fill(words, f"tell.entitlement_is_{use.state}", number=number, who=who))
        place = replace(place, ticket_id=view.ticket.id, use_id=use.id, real_name=await self._real_name(by))
        match what:
            case slack_entitlement_ids.CORRECT:
                return correct_form(view.ticket, use, words, place)
            case slack_entitlement_ids.REPORT:
                return report_form(view.ticket, use, words, place)
            case slack_entitlement_ids.BOOK:
                return offer_form(view.ticket, uses, self._look.clock.now(), words, self._look.zone, place)
            case _:
                return choose_form(view.ticket, use, devices, words, place)

    async def _service_offer(self, notice_id: int, by: SlackPerson, place: ModalPlace) -> Json:
        notice, contract, devices = await self._screens.service_notice(notice_id)
        words = self._look.words
        if notice.decision is not None:
            who = mention(notice.decided_by or "")
            raise StaffError(fill(words, f"tell.service_{notice.decision}_by", who=who))
        place = replace(place, ticket_id=None, use_id=notice.id, real_name=await self._real_name(by))
        return slack_services.offer_form(notice, contract, devices, words, place)

    async def _real_name(self, by: SlackPerson) -> str:
        """The name to sign with; where Slack does not tell it in time, the handle."""
        return (await self._names.of({by.user})).get(by.user, by.name)

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
            if escalation.facts.get("because") == "resolved":
                who = mention(str(escalation.facts.get("ended_by")))
                raise StaffError(fill(words, "tell.escalation_resolved", number=number, who=who))
            raise StaffError(fill(words, "tell.escalation_over", number=number))
        if escalation.ticket_id != pressed.ticket_id:
            raise StaffError(fill(words, "tell.escalation_moved", number=number))
        if press not in presses_of(escalation, view.ticket):
            raise StaffError(fill(words, "tell.escalation_has_its_ticket", number=number))
        if press is Press.RESOLVE and not may_end(by.user, escalation, self._look.leaders):
            raise StaffError(fill(words, "tell.escalation_for_managers", number=number))
