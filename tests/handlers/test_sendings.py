"""Words leave Slack where somebody says so, once, and can be taken back; notes never leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import AgreeDate, CloseTicket, Command, FilesFetched, NextTurn, ReplyToCustomer, SlackPerson
from bot.commands_acting import AskForData, ResolveTicket
from bot.commands_sending import (
    KeepInternal,
    SendThreadMessage,
    ThreadMessage,
    ThreadMessageDeleted,
    ThreadMessageEdited,
    UndoSending,
)
from bot.effects import EditReply, Effect, FetchFiles, Note, OfferSending, PostInThread, TellUser
from bot.entitlement_commands import OfferTimes
from bot.model import ClockKind, TicketState
from bot.sendings import Seen, Sending, SendingState, SharedFile
from tests.fakes.memory_database import run
from tests.handlers.desk import EWA
from tests.handlers.timekeeping import Timekeeper, warsaw
from tests.rules.test_notes import notes

JAN = SlackPerson("U0JAN", "Jan Nowak", "C0SUPPORT")
GUEST = SlackPerson("U0OBCY", "Obcy", "C0SUPPORT")
HEAD, TS, WORDS = "1764000000.000100", "1764000100.000200", "Dzień dobry, proszę o logi."
UNDO = timedelta(seconds=20)
LOG = SharedFile("F1", "log.txt", "text/plain", 3, "https://files.slack.com/1")


class ThreadDesk(Timekeeper):
    """One accepted report of Anna's, shown in Slack; what is pressed waits for twenty seconds."""

    def __init__(self, **replies: Any) -> None:
        self._replies = {"undo_within": "20s", **replies}
        super().__init__()
        self._show()

    def configured(self, intake: dict[str, Any]) -> dict[str, Any]:
        values = super().configured(intake)
        values["slack"]["engineers"] = [EWA.user, JAN.user]
        return values | {"replies": self._replies}

    def pass_time(self, span: timedelta) -> None:
        self.pass_until(self.clock.time + span)

    def _show(self) -> None:
        async def place() -> None:
            async with self.database.begin() as uow:
                ticket = await uow.tickets.get(1)
                ticket.slack_channel, ticket.slack_ts = "C0SUPPORT", HEAD
                await uow.tickets.update(ticket)

        run(place())

    def say(
        self, text: str = WORDS, by: SlackPerson = EWA, ts: str = "1764000100.000200", **changes: Any
    ) -> ThreadMessage:
        """Somebody writes in the thread; gives what was written."""
        message = ThreadMessage(by, "C0SUPPORT", HEAD, ts, text, **changes)
        self.do(message)
        return message

    def edit(self, message: ThreadMessage, text: str, edited_ts: str = "1764000110.000000") -> None:
        self.do(ThreadMessageEdited(message.by, replace(message, text=text), edited_ts))

    def delete(self, message: ThreadMessage) -> None:
        self.do(ThreadMessageDeleted(message.by, message.channel, message.thread_ts, message.ts))

    def send(self, by: SlackPerson = EWA, turn: NextTurn = NextTurn.CUSTOMER) -> None:
        """Press what was offered below the last words."""
        self.do(SendThreadMessage(by, 1, self.sending.id, turn))

    def shortcut(self, text: str = WORDS, by: SlackPerson = JAN, ts: str = TS) -> None:
        """Use the shortcut on the message, and send what the modal shows."""
        self.do(ReplyToCustomer(by, 1, text, NextTurn.CUSTOMER, ts))

    def modal(self, text: str = WORDS, by: SlackPerson = EWA) -> None:
        self.do(ReplyToCustomer(by, 1, text, NextTurn.CUSTOMER))

    def undo(self, by: SlackPerson = EWA) -> None:
        self.do(UndoSending(by, 1, self.sending.id))

    def fetched(self, content: bytes | None, problem: str = "") -> None:
        """The files of the last words are here, or cannot be had."""
        [row] = [row for row in self.database.tables.outbox.values() if isinstance(row.effect, FetchFiles)]
        digests: dict[str, str] = {}

        async def keep() -> None:
            async with self.database.begin() as uow:
                assert content is not None
                digests[LOG.id] = await uow.attachments.keep(content)

        if content is not None:
            run(keep())
        self.do(FilesFetched(row.id, digests, problem))

    @property
    def sending(self) -> Sending:
        return list(self.database.tables.sendings.values())[-1]

    @property
    def replies(self) -> list[str]:
        """The words that engineers mailed, without the signature."""
        mails = (mail.text for mail in self.mails if "Ewa Kowalska" in mail.text or "Jan Nowak" in mail.text)
        return [text.partition("Z poważaniem")[0].strip() for text in mails]

    def effects(self, *kinds: type[Effect]) -> list[Any]:
        return [row.effect for row in self.database.tables.outbox.values() if isinstance(row.effect, kinds)]

    def told(self) -> list[str]:
        return [effect.what for effect in self.effects(TellUser)]

    def statuses(self) -> list[object]:
        """What the thread showed of the words, one after the other."""
        shown = [
            e
            for e in self.effects(PostInThread, EditReply)
            if isinstance(e, EditReply) or e.note is Note.ENGINEER_REPLY
        ]
        return [effect.data["status"] for effect in shown]


def test_thread_messages_are_internal_and_their_author_is_asked() -> None:
    desk = ThreadDesk()
    desk.say()
    assert desk.replies == []
    assert desk.effects(OfferSending) == [OfferSending(1, desk.sending.id, EWA.user)]
    desk.do(KeepInternal(EWA, 1, desk.sending.id))
    desk.pass_time(timedelta(hours=1))
    assert desk.replies == []
    assert desk.clocks(1) == [ClockKind.REACTION]


def test_nobody_else_is_asked_and_nothing_of_others_is_kept() -> None:
    desk = ThreadDesk()
    desk.say(by=GUEST)
    desk.say(by=replace(EWA, is_stranger=True))
    desk.do(ThreadMessage(EWA, "C0SUPPORT", "9.000100", "9.000200", WORDS))
    assert desk.database.tables.sendings == {}
    desk.say("@Marek, zobacz", is_internal=True)
    desk.say("   ", ts="1764000100.000300")
    assert desk.effects(OfferSending) == []


def test_one_press_sends_what_the_author_wrote_in_their_name() -> None:
    desk = ThreadDesk()
    desk.say()
    desk.send()
    assert desk.replies == []
    assert desk.statuses() == ["waiting"]
    assert desk.clocks(1) == [ClockKind.REACTION]
    desk.pass_time(UNDO)
    assert desk.replies == [WORDS]
    assert "Ewa Kowalska" in desk.mails[-1].text
    assert desk.statuses() == ["waiting", "sending"]
    assert desk.ticket(1).state is TicketState.WAITING
    assert desk.ticket(1).assignee == EWA.user
    assert desk.clocks(1) == [ClockKind.CUSTOMER_REPLY]


def test_what_is_pressed_counts_from_then_on() -> None:
    desk = ThreadDesk()
    desk.pass_time(timedelta(minutes=59, seconds=50))
    desk.modal()
    desk.pass_time(timedelta(minutes=1))
    assert Note.BREACH not in desk.notes(1), "it was pressed in time"
    [clock] = [c for c in desk.database.tables.clocks.values() if c.kind is ClockKind.REACTION]
    assert clock.breached_at is None
    assert clock.ended_at == clock.started_at + timedelta(minutes=59, seconds=50)


@pytest.mark.parametrize(
    "second", [ResolveTicket(EWA, 1, "Gotowe."), ReplyToCustomer(EWA, 1, WORDS, NextTurn.RESOLVED)]
)
def test_nobody_resolves_what_comes_while_the_words_wait(second: ResolveTicket | ReplyToCustomer) -> None:
    """Whoever pressed has not read it, though it was sent before: the mail was on its way."""
    desk = ThreadDesk()
    desk.modal()
    desk.pass_time(UNDO + timedelta(minutes=1))
    at = desk.clock.time
    desk.do(second)
    desk.clock.time = at - timedelta(seconds=5)  # the mail says so
    desk.answer("Jednak znowu nie działa.")
    desk.clock.time = at
    desk.pass_time(UNDO)
    assert desk.ticket(1).state is TicketState.OPEN
    assert desk.clocks(1) == [ClockKind.REPLY]
    assert desk.clock_of(ClockKind.REPLY).started_at == at, "until then another one ran"
    desk.do(replace(second, by=replace(EWA, at=desk.clock.time)))
    desk.pass_time(UNDO)
    assert desk.ticket(1).state is TicketState.RESOLVED, "now they have"


def test_what_is_taken_back_after_all_is_a_breach() -> None:
    desk = ThreadDesk()
    desk.pass_time(timedelta(minutes=59, seconds=50))
    desk.modal()
    desk.pass_time(timedelta(seconds=15))
    desk.undo()
    desk.pass_time(timedelta(minutes=1))
    assert Note.BREACH in desk.notes(1)


def test_undo_takes_it_back_and_says_so_and_it_can_be_sent_anew() -> None:
    desk = ThreadDesk()
    desk.say()
    desk.send()
    desk.pass_time(timedelta(seconds=19))
    desk.undo(JAN)
    desk.pass_time(timedelta(hours=1))
    assert desk.replies == []
    assert desk.statuses() == ["waiting", "undone"]
    assert desk.sending.ended_by == JAN.user
    assert desk.journal(1, "reply_undone")
    desk.undo()
    assert desk.told()[-1] == "undone_before"
    desk.send()
    desk.pass_time(UNDO)
    assert desk.replies == [WORDS]


def test_undo_comes_too_late() -> None:
    desk = ThreadDesk()
    desk.modal()
    desk.pass_time(UNDO)
    desk.undo()
    assert desk.told() == ["undo_too_late"]
    assert desk.replies == [WORDS]


@pytest.mark.parametrize("wait", [timedelta(0), timedelta(minutes=5)])
@pytest.mark.parametrize("second", ["shortcut", "send"])
def test_nothing_is_sent_twice_and_the_second_sees_who_was_first(wait: timedelta, second: str) -> None:
    desk = ThreadDesk()
    desk.say()
    desk.send()
    desk.pass_time(wait)
    desk.shortcut() if second == "shortcut" else desk.send(JAN)
    last = desk.effects(TellUser)[-1]
    assert (last.what, last.user, last.data["who"]) == ("already_sent", JAN.user, EWA.user)
    desk.pass_time(timedelta(minutes=5))
    assert desk.replies == [WORDS]


def test_a_colleague_sends_it_by_the_shortcut_in_their_own_name() -> None:
    desk = ThreadDesk()
    desk.say()
    desk.shortcut(WORDS + " Pozdrawiam")
    desk.pass_time(UNDO)
    assert desk.replies == [WORDS + " Pozdrawiam"]
    assert "Jan Nowak" in desk.mails[-1].text


def test_the_shortcut_works_on_what_was_never_heard_of() -> None:
    desk = ThreadDesk()
    desk.shortcut()
    desk.pass_time(UNDO)
    assert desk.replies == [WORDS]
    desk.say()
    assert len(desk.database.tables.sendings) == 1, "the message's own event comes late"


def test_edits_before_sending_replace_and_begin_the_time_anew() -> None:
    desk = ThreadDesk()
    message = desk.say()
    desk.edit(message, "Proszę o logi z dziś.")
    desk.send()
    desk.pass_time(timedelta(seconds=15))
    desk.edit(message, "Proszę o logi z wczoraj.", "1764000120.000000")
    desk.edit(message, "Proszę o logi z kiedyś.", "1764000115.000000")  # came late: an older edit
    desk.pass_time(timedelta(seconds=15))
    assert desk.replies == []
    desk.pass_time(timedelta(seconds=5))
    assert desk.replies == ["Proszę o logi z wczoraj."]


def test_edits_and_deletions_after_sending_warn_the_author() -> None:
    desk = ThreadDesk()
    message = desk.say()
    desk.send()
    desk.pass_time(UNDO)
    desk.edit(message, "Inaczej")
    desk.delete(message)
    assert desk.told()[-2:] == ["edited_after_sending", "deleted_after_sending"]
    assert desk.replies == [WORDS]


def test_a_deletion_before_sending_takes_it_back() -> None:
    desk = ThreadDesk()
    message = desk.say()
    desk.send()
    desk.delete(message)
    desk.pass_time(timedelta(minutes=5))
    assert desk.replies == []
    assert desk.statuses() == ["waiting", "deleted"]


def test_a_deleted_message_cannot_be_sent() -> None:
    desk = ThreadDesk()
    message = desk.say()
    desk.delete(message)
    desk.send()
    desk.pass_time(UNDO)
    assert desk.replies == []
    assert desk.told()[-1] == "message_deleted"


def test_an_edit_that_makes_it_a_note_takes_it_back() -> None:
    desk = ThreadDesk()
    message = desk.say()
    desk.send()
    desk.edit(message, "NOTATKA: klient zalega")
    desk.pass_time(timedelta(minutes=5))
    assert desk.replies == []
    assert desk.statuses() == ["waiting", "became_note"]
    desk.send()
    desk.pass_time(timedelta(minutes=5))
    assert desk.replies == []
    desk.edit(message, "Klient zalega", "1764000120.000000")
    assert len(desk.effects(OfferSending)) == 2, "as of any note whose mark is taken away"


def test_an_edit_of_the_thread_does_not_change_the_words_of_the_modal() -> None:
    desk = ThreadDesk()
    message = desk.say()
    desk.shortcut("Zupełnie inne słowa")
    desk.edit(message, "Zmienione w wątku")
    desk.pass_time(UNDO)
    assert desk.replies == ["Zupełnie inne słowa"]
    assert desk.told() == ["edited_other_words"]


@settings(max_examples=80, deadline=None)
@given(notes(), st.sampled_from(["button", "shortcut", "modal", "edit"]))
def test_no_note_leaves_by_any_way(note: str, way: str) -> None:
    desk = ThreadDesk()
    message = desk.say(WORDS if way == "edit" else note)
    match way:
        case "button":
            assert desk.effects(OfferSending) == []
            desk.send()
        case "shortcut":
            desk.shortcut(note)
        case "modal":
            desk.modal(note)
        case "edit":
            desk.send()
            desk.edit(message, note)
    desk.pass_time(timedelta(minutes=5))
    assert desk.replies == []
    assert desk.sending.state in {SendingState.NOTE, SendingState.INTERNAL, SendingState.UNDONE}


def test_a_ticket_that_ended_meanwhile_gets_nothing_and_the_thread_says_so() -> None:
    desk = ThreadDesk()
    desk.modal()
    desk.do(CloseTicket(JAN, 1))
    desk.pass_time(UNDO)
    assert desk.replies == []
    assert desk.statuses() == ["waiting", "withheld"]


def test_files_go_along_once_they_are_here() -> None:
    desk = ThreadDesk()
    desk.say(files=(LOG,))
    desk.send()
    [wanted] = desk.effects(FetchFiles)
    assert wanted.sending_id == desk.sending.id
    desk.pass_time(UNDO)
    assert desk.replies == []
    desk.fetched(b"abc")
    assert desk.replies == [WORDS]
    assert b"log.txt" in desk.mails[-1].raw
    assert b"YWJj" in desk.mails[-1].raw
    [kept] = desk.database.tables.attachments.values()
    assert (kept.name, kept.size, kept.slack_file) == ("log.txt", 3, LOG.id), "the ticket's, and in its thread already"


def test_files_that_cannot_be_had_hold_the_words_back() -> None:
    desk = ThreadDesk()
    desk.say(files=(LOG,))
    desk.send()
    desk.fetched(None, "za duży")
    desk.pass_time(timedelta(minutes=5))
    assert desk.replies == []
    assert desk.statuses() == ["waiting", "no_files"]


def test_a_file_that_is_too_large_is_told_of_when_it_is_written_and_when_it_is_pressed() -> None:
    desk = ThreadDesk(files_max_mb=1)
    desk.say("W załączniku obraz.", files=(replace(LOG, size=1024 * 1024 + 1),))
    assert desk.effects(OfferSending) == []
    desk.send()
    assert desk.told() == ["file_too_large", "file_too_large"]
    assert desk.sending.state is SendingState.INTERNAL
    desk.say("Mniejszy.", ts="1764000100.000300", files=(replace(LOG, size=1024 * 1024),))
    assert len(desk.effects(OfferSending)) == 1


def test_without_a_time_for_taking_back_it_goes_at_once() -> None:
    desk = ThreadDesk(undo_within="0s")
    desk.modal()
    assert desk.replies == [WORDS]
    assert desk.statuses() == ["sending"]


def test_of_two_windows_sent_at_once_the_second_is_asked_and_loses_nothing() -> None:
    desk, seen = ThreadDesk(), Seen(2)
    desk.do(ReplyToCustomer(EWA, 1, "Słowa Ewy.", NextTurn.CUSTOMER, seen=seen))
    first = desk.sending.id
    desk.do(ReplyToCustomer(JAN, 1, "Słowa Jana.", NextTurn.CUSTOMER, seen=seen))
    second = desk.sending.id
    assert (desk.sending.state, desk.sending.text) == (SendingState.INTERNAL, "Słowa Jana.")
    assert desk.effects(OfferSending) == [OfferSending(1, second, JAN.user, EWA.user, "Słowa Ewy.")]
    desk.do(SendThreadMessage(JAN, 1, second, NextTurn.NOBODY, after=EWA.user))
    assert desk.sending.state is SendingState.WAITING
    desk.do(
        ReplyToCustomer(EWA, 1, "Jeszcze Ewa.", NextTurn.NOBODY, seen=Seen(2, (first,)))
    )  # of Jan's she knows nothing
    assert desk.effects(OfferSending)[-1].first == JAN.user
    desk.do(ReplyToCustomer(EWA, 1, "Jeszcze Ewa.", NextTurn.NOBODY, seen=Seen(2, (first, second))))
    assert desk.sending.state is SendingState.WAITING


def test_what_was_sent_long_ago_is_a_first_answer_too() -> None:
    desk = ThreadDesk()
    desk.modal("Słowa Ewy.")
    desk.pass_time(UNDO)
    desk.do(ReplyToCustomer(JAN, 1, "Słowa Jana.", NextTurn.CUSTOMER, seen=Seen(2)))
    assert desk.effects(OfferSending)[-1].said == "Słowa Ewy."
    desk.do(ReplyToCustomer(EWA, 1, "Ewa pisze dalej.", NextTurn.CUSTOMER, seen=Seen(2)))  # her own is none
    assert desk.replies == ["Słowa Ewy."]
    assert desk.sending.state is SendingState.WAITING


@pytest.mark.parametrize(
    "second",
    [
        ResolveTicket(JAN, 1, "Gotowe.", "Kabel.", seen=Seen(2)),
        AskForData(JAN, 1, ("logs",), "Gotowe.", seen=Seen(2)),
    ],
)
def test_nothing_is_resolved_or_asked_at_the_same_instant(second: Command) -> None:
    desk = ThreadDesk()
    desk.modal("Słowa Ewy.")
    desk.do(second)
    [told] = desk.effects(TellUser)
    assert (told.what, told.data["who"], told.data["words"]) == ("answered_meanwhile", EWA.user, "Słowa Ewy.")
    assert "Gotowe." in str(told.data["own"])
    assert desk.sending.text == "Słowa Ewy."


def test_one_press_asks_again_when_a_colleague_answered_since_the_words_were_written() -> None:
    desk = ThreadDesk()
    desk.say("Słowa Ewy.")
    own = desk.sending.id
    desk.pass_time(timedelta(seconds=5))
    desk.modal("Słowa Jana.", JAN)
    press = SendThreadMessage(EWA, 1, own, NextTurn.CUSTOMER)
    desk.do(press)
    assert desk.effects(OfferSending)[-1] == OfferSending(1, own, EWA.user, JAN.user, "Słowa Jana.")
    assert desk.database.tables.sendings[own].state is SendingState.INTERNAL
    desk.do(replace(press, after=JAN.user))
    assert desk.database.tables.sendings[own].state is SendingState.WAITING


DATE = AgreeDate(EWA, 1, date(2026, 11, 26), time(14, 0), "Proszę o konsolę.")
TIMES = OfferTimes(EWA, 1, (warsaw(26, "14:00"), warsaw(27, "09:00")), timedelta(hours=1))


@pytest.mark.parametrize(("command", "sign"), [(DATE, "proponujemy termin"), (TIMES, "27 listopada")])
def test_proposed_dates_wait_like_all_words_and_can_be_taken_back(command: Command, sign: str) -> None:
    desk = ThreadDesk()
    desk.do(command)
    assert desk.statuses() == ["waiting"]
    assert desk.ticket(1).facts.get("proposed") is None, "the customer has no proposal yet"
    desk.undo(JAN)
    desk.pass_time(UNDO)
    assert desk.replies == []
    assert not {"proposed", "proposing"} & desk.ticket(1).facts.keys()
    assert desk.due(ClockKind.REACTION) == "23 11:00", "nobody contacted the customer"

    desk.do(command)
    pressed = desk.clock.time
    desk.pass_time(UNDO)
    [mail] = desk.replies
    assert sign in mail
    facts = desk.ticket(1).facts
    assert "proposing" not in facts
    assert isinstance(facts["proposed"], dict)
    assert (facts["proposed"]["sent"], facts["proposed"]["open"]) == (pressed.isoformat(), True)
    assert desk.ticket(1).state is TicketState.WAITING


def test_the_second_of_two_who_propose_dates_sees_who_was_first() -> None:
    desk = ThreadDesk()
    desk.do(DATE)
    desk.do(replace(DATE, by=JAN, day=date(2026, 11, 27), seen=Seen(2)))
    [told] = desk.effects(TellUser)
    assert (told.what, told.user, told.data["who"]) == ("answered_meanwhile", JAN.user, EWA.user)
    desk.pass_time(UNDO)
    assert len(desk.replies) == 1


def test_others_may_neither_send_nor_take_back() -> None:
    desk = ThreadDesk()
    desk.say()
    desk.send(GUEST)
    desk.shortcut(by=GUEST)
    desk.send()
    desk.undo(GUEST)
    desk.pass_time(UNDO)
    assert desk.replies == [WORDS]
    assert desk.told() == ["not_allowed", "not_allowed", "on_its_way", "not_allowed"]
