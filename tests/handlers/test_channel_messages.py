"""Customers in their shared channel: reports from the form, from plain words, and what goes on in the thread."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands import ReplyToCustomer, SlackPerson
from bot.commands_acting import MergeTicket, SplitTicket
from bot.commands_channels import ChannelMessageDeleted, DecideOffer, OpenTicket, ReportProblem
from bot.commands_sending import ThreadMessage, ThreadMessageEdited
from bot.effects import Note, OfferReport, TellCustomer, TellUser
from bot.errors import RetryLater
from bot.model import Language, Priority, TicketState
from bot.people import NextTurn
from bot.sendings import SharedFile
from tests.fakes.memory_database import run
from tests.handlers.desk import ANNA, DAIRY, EWA, HOSPITAL, HOSPITAL_BRANCH, MONDAY, NORTHWIND, Desk

CHANNEL, THEIRS = "C0SHARED1", "C0HOSPITAL1"
PIOTR = SlackPerson("U0PIOTR", "Piotr Mleczko", CHANNEL, is_stranger=True)
OLGA = SlackPerson("U0OLGA", "Olga Szpitalna", THEIRS, is_stranger=True)
DEAD = "Firewall padł, nie mamy dostępu do urządzenia, nic nie działa!"
WAIT = timedelta(minutes=2)
[DEVICE] = DAIRY.devices


class ChannelDesk(Desk):
    """The dairy has a shared channel with one device, the hospital one with two contracts."""

    def __init__(self) -> None:
        super().__init__()
        for contract, channel in ((DAIRY, CHANNEL), (HOSPITAL, THEIRS), (HOSPITAL_BRANCH, THEIRS)):
            self.database.tables.contract_channels[contract.id, channel] = None

    def pass_time(self, span: timedelta) -> None:
        self.clock.time += span
        self.handle_waiting()

    def report(self, by: SlackPerson = PIOTR, text: str = DEAD) -> str:
        """A message that nobody says anything about; gives its ts."""
        assert by.channel is not None
        ts = self.post(by, by.channel, text)
        self.pass_time(WAIT)
        return ts

    def said(self) -> str:
        return self.to_customers[-1].text

    def told(self) -> list[str]:
        return [effect.what for effect in self.alone if isinstance(effect, TellUser)]


def form(ts: str | None, **changes: object) -> ReportProblem:
    filled = ReportProblem(
        replace(PIOTR, at=MONDAY), CHANNEL, ts, DAIRY.id, DEVICE.serial, Priority.CRITICAL, "Nie wstaje po restarcie."
    )
    return replace(filled, **changes)  # type: ignore[arg-type]  # a test names the fields it is about


def test_a_message_is_offered_the_form_and_reported_by_itself_when_nobody_answers() -> None:
    desk = ChannelDesk()
    ts = desk.post(PIOTR, CHANNEL, DEAD)
    assert desk.alone == [OfferReport(CHANNEL, ts, PIOTR.user, Language.PL)]
    assert desk.tickets == []
    desk.pass_time(WAIT)
    [ticket] = desk.tickets
    assert (ticket.customer_channel, ticket.customer_ts, ticket.requester) == (CHANNEL, ts, PIOTR.user)
    assert (ticket.priority, ticket.priority_confirmed) == (Priority.CRITICAL, False), "a dead firewall at 3 a.m."
    assert ticket.reported_at == MONDAY, "the message's own timestamp, not when we gave up asking"
    assert (ticket.subject, ticket.requester_name) == (DEAD, "Piotr Mleczko")
    assert ticket.state is TicketState.INCOMPLETE
    assert desk.clocks(1) == ["customer_reply", "intake"]
    assert "Czy chodzi o FortiGate-121G" in desk.said(), "what the channel's contract covers is proposed, never assumed"
    assert desk.mails == []


def test_words_with_both_numbers_are_a_report_like_any_other() -> None:
    desk = ChannelDesk()
    desk.report(text=f"FortiGate nie działa, S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny")
    [ticket] = desk.tickets
    assert (ticket.state, ticket.contract_id, ticket.accepted_at) == (TicketState.OPEN, DAIRY.id, MONDAY)
    assert ticket.number in desk.said()
    assert desk.said().startswith("Dzień dobry,\n\ndziękujemy za zgłoszenie.")
    assert desk.clocks(1) == ["reaction"]


def test_the_answer_in_the_thread_completes_it() -> None:
    desk = ChannelDesk()
    ts = desk.report()
    desk.post(PIOTR, CHANNEL, "tak, 1", thread=ts)
    ticket = desk.ticket(1)
    assert (ticket.state, ticket.priority_confirmed) == (TicketState.OPEN, True)
    assert ticket.devices == (DEVICE,)
    assert desk.clocks(1) == ["reaction"]


def test_the_form_is_a_complete_report_whatever_the_words_seem_to_say() -> None:
    desk = ChannelDesk()
    ts = desk.post(PIOTR, CHANNEL, "Coś nie działa, ale to tylko pytanie.")
    desk.do(form(ts))
    desk.pass_time(WAIT)
    [ticket] = desk.tickets
    assert (ticket.state, ticket.priority, ticket.priority_confirmed) == (TicketState.OPEN, Priority.CRITICAL, True)
    assert (ticket.devices, ticket.contract_id, ticket.customer_ts) == ((DEVICE,), DAIRY.id, ts)
    assert ticket.subject == "Nie wstaje po restarcie."
    [shown] = [post for post in desk.posts if post.note is Note.CUSTOMER_WROTE]
    assert str(shown.data["text"]).startswith(f"Urządzenie: FortiGate-121G, numer seryjny {DEVICE.serial}\n")
    assert len(desk.to_customers) == 1


def test_a_form_without_a_message_gets_its_thread_with_our_first_words() -> None:
    desk = ChannelDesk()
    desk.do(form(None))
    assert desk.ticket(1).customer_ts is not None
    assert desk.ticket(1).reported_at == MONDAY


def test_the_form_of_a_thread_answers_what_the_report_lacked() -> None:
    desk = ChannelDesk()
    ts = desk.report()
    assert desk.to_customers[0].form == "Uzupełnij w formularzu"
    desk.do(form(ts, priority=Priority.NON_CRITICAL))
    [ticket] = desk.tickets
    assert (ticket.state, ticket.priority, ticket.devices) == (TicketState.OPEN, Priority.NON_CRITICAL, (DEVICE,))


def test_a_device_of_another_channel_cannot_be_chosen() -> None:
    desk = ChannelDesk()
    desk.do(form(None, contract_id=HOSPITAL.id, serial=HOSPITAL.devices[0].serial))
    [ticket] = desk.tickets
    assert ticket.state is TicketState.INCOMPLETE
    assert HOSPITAL.devices[0].serial not in desk.said()


def test_who_says_that_it_is_no_report_is_left_alone() -> None:
    desk = ChannelDesk()
    ts = desk.post(PIOTR, CHANNEL, "Czy ktoś z Państwa będzie na konferencji w piątek?")
    desk.do(DecideOffer(PIOTR, CHANNEL, ts, None))
    desk.pass_time(10 * WAIT)
    assert desk.tickets == []
    assert isinstance(desk.alone[-1], TellCustomer)
    assert desk.alone[-1].what == "no_report"


def test_a_deleted_message_is_no_report() -> None:
    desk = ChannelDesk()
    ts = desk.post(PIOTR, CHANNEL, DEAD)
    desk.do(ChannelMessageDeleted(PIOTR, CHANNEL, ts))
    desk.pass_time(10 * WAIT)
    assert desk.tickets == []


@pytest.mark.parametrize(
    "text", ["Dziękujemy bardzo za pomoc! :tada:", "Dzień dobry", "Thanks a lot, have a great day"]
)
def test_small_talk_starts_nothing(text: str) -> None:
    desk = ChannelDesk()
    desk.report(text=text)
    assert (desk.tickets, desk.alone) == ([], [])


def test_people_write_in_several_lines() -> None:
    desk = ChannelDesk()
    desk.report()
    desk.clock.move(minutes=3)
    ts = desk.post(PIOTR, CHANNEL, f"to jest S/N {DEVICE.serial}, umowa {DAIRY.number}")
    [ticket] = desk.tickets
    assert ticket.state is TicketState.OPEN
    assert [m.customer_ts for m in desk.database.tables.messages.values()][-1] == ts


def test_later_words_may_be_put_to_the_ticket_by_their_author() -> None:
    desk = ChannelDesk()
    desk.report()
    desk.do(ReplyToCustomer(EWA, 1, "Zaraz sprawdzę.", NextTurn.NOBODY))
    desk.pass_time(timedelta(minutes=30))
    ts = desk.post(PIOTR, CHANNEL, "Już działa, restart pomógł w serwerowni.")
    offer = desk.alone[-1]
    assert isinstance(offer, OfferReport)
    assert (offer.ticket_id, offer.number) == (1, desk.ticket(1).number)
    desk.do(DecideOffer(PIOTR, CHANNEL, ts, 1))
    desk.handle_waiting()
    assert len(desk.tickets) == 1
    assert [m.text for m in desk.database.tables.messages.values()][-1].startswith("Już działa")


@pytest.mark.parametrize(
    "by",
    [
        EWA,
        SlackPerson("U0KADRY", "Kasia z kadr", CHANNEL),
        replace(PIOTR, channel="C0UNKNOWN1"),
    ],
    ids=["an engineer", "somebody of ours", "a stranger elsewhere"],
)
def test_nobody_else_reports(by: SlackPerson) -> None:
    desk = ChannelDesk()
    desk.post(by, (by.channel if by.is_stranger else None) or CHANNEL, DEAD)
    desk.pass_time(WAIT)
    assert (desk.tickets, desk.alone) == ([], [])


def test_a_configured_guest_is_a_customer() -> None:
    desk = ChannelDesk()
    slack = desk.config.slack.model_copy(update={"customers": ("U0GUEST",)})
    desk.config = desk.config.model_copy(update={"slack": slack})
    desk.report(SlackPerson("U0GUEST", "Gość", CHANNEL))
    assert len(desk.tickets) == 1


def test_the_language_is_that_of_the_words() -> None:
    desk = ChannelDesk()
    desk.report(OLGA, "Our firewall is down and we have no access to it at all, please help us.")
    assert desk.ticket(1).language is Language.EN
    assert desk.said().startswith("Hello,")
    assert desk.to_customers[-1].form == "Answer in a form"


def test_what_our_people_write_in_the_customers_thread_is_a_reply() -> None:
    desk = ChannelDesk()
    ts = desk.report(text=f"S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny, brak dostępu")
    desk.clock.move(minutes=5)
    desk.post(EWA, CHANNEL, "Czy dioda STATUS świeci?", thread=ts)
    ticket = desk.ticket(1)
    assert (ticket.state, ticket.assignee) == (TicketState.WAITING, EWA.user)
    assert ticket.contacted_at == desk.clock.now()
    assert desk.clocks(1) == ["customer_reply"]
    assert len(desk.to_customers) == 1, "they wrote it there themselves"
    [post] = [post for post in desk.posts if post.note is Note.ENGINEER_REPLY]
    assert (post.data["status"], post.data["to"]) == ("sent", CHANNEL)
    desk.post(SlackPerson("U0KADRY", "Kasia z kadr"), CHANNEL, "A co to?", thread=ts)
    assert ticket.state is TicketState.WAITING


def test_a_thread_message_moves_the_turn_and_an_ended_ticket_is_reopened() -> None:
    desk = ChannelDesk()
    ts = desk.report(text=f"S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny, brak dostępu")
    desk.clock.move(minutes=5)
    desk.do(ReplyToCustomer(replace(EWA, at=desk.clock.now()), 1, "Gotowe.", NextTurn.RESOLVED))
    desk.pass_time(timedelta(minutes=5))
    assert desk.ticket(1).state is TicketState.RESOLVED
    desk.post(PIOTR, CHANNEL, "Niestety znowu to samo.", thread=ts)
    assert desk.ticket(1).state is TicketState.OPEN
    assert desk.clocks(1) == ["reply"]


def test_the_same_event_twice_and_words_in_a_thread_that_is_no_report_yet() -> None:
    desk = ChannelDesk()
    ts = desk.post(PIOTR, CHANNEL, DEAD)
    early = ThreadMessage(PIOTR, CHANNEL, ts, "1700000001.000100", f"S/N {DEVICE.serial}")
    with pytest.raises(RetryLater):
        desk.do(early)
    desk.pass_time(WAIT)
    desk.do(early)
    desk.do(early)
    texts = [message.text for message in desk.database.tables.messages.values()]
    assert texts == [DEAD, f"S/N {DEVICE.serial}"]


def test_an_edit_is_heard_and_an_edit_that_says_the_same_is_not() -> None:
    desk = ChannelDesk()
    ts = desk.report()
    same = ThreadMessage(PIOTR, CHANNEL, ts, ts, DEAD.replace("!", "."))
    desk.do(ThreadMessageEdited(PIOTR, same, "1700000009.000100"))
    desk.do(ThreadMessageEdited(PIOTR, replace(same, text=f"S/N {DEVICE.serial}, {DAIRY.number}"), "1700000010.000100"))
    texts = [message.text for message in desk.database.tables.messages.values()]
    assert texts == [DEAD, f"(zmieniona wiadomość) S/N {DEVICE.serial}, {DAIRY.number}"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Poprawny numer seryjny urządzenia: FG121GTK25004671", "Poprawny numer seryjny urządzenia: FG121GTK25004672"),
        ("Proszę o telefon jutro o 10:00 do serwerowni", "Proszę o telefon jutro o 12:00 do serwerowni"),
        (
            "Po wczorajszym restarcie urządzenie w serwerowni głównej działa poprawnie oraz stabilnie",
            "Po wczorajszym restarcie urządzenie w serwerowni głównej nie działa poprawnie oraz stabilnie",
        ),
    ],
)
def test_an_edit_of_one_number_or_one_word_is_heard_and_so_is_the_way_back(before: str, after: str) -> None:
    desk = ChannelDesk()
    ts = desk.report()
    desk.clock.move(minutes=1)
    said = desk.post(PIOTR, CHANNEL, before, thread=ts)
    for count, text in enumerate((after, after, before, before), 1):  # each comes again when Slack adds a preview
        changed = ThreadMessage(PIOTR, CHANNEL, ts, said, text)
        desk.do(ThreadMessageEdited(PIOTR, changed, f"170000001{count}.000100"))
    texts = [message.text for message in desk.database.tables.messages.values()]
    assert texts[2:] == [f"(zmieniona wiadomość) {after}", f"(zmieniona wiadomość) {before}"]


def test_an_edit_and_a_form_in_the_thread_of_a_merged_ticket_go_on_where_it_went() -> None:
    desk = ChannelDesk()
    ts = desk.report(text=f"FortiGate nie działa, S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny")
    desk.write(ANNA, f"S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny, nie działa")
    desk.do(MergeTicket(EWA, 1, 2))
    desk.clock.move(minutes=1)
    said = desk.post(PIOTR, CHANNEL, "Diody nie świecą.", thread=ts)
    for text in ("Diody nie świecą!", "Diody mrugają."):
        desk.do(ThreadMessageEdited(PIOTR, ThreadMessage(PIOTR, CHANNEL, ts, said, text), "1700000011.000100"))
    desk.do(form(ts))
    assert not desk.ticket(1).is_open
    *last, filled_in = [(message.ticket_id, message.text) for message in desk.database.tables.messages.values()][-3:]
    assert filled_in[0] == 2
    assert last == [(2, "Diody nie świecą."), (2, "(zmieniona wiadomość) Diody mrugają.")]


def test_colleagues_read_what_an_engineer_changes_in_the_customers_thread() -> None:
    desk = ChannelDesk()
    ts = desk.report(text=f"FortiGate nie działa, S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny")
    desk.write(ANNA, f"S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny, nie działa")
    desk.do(MergeTicket(EWA, 1, 2))
    desk.clock.move(minutes=1)
    ewa = replace(EWA, channel=CHANNEL)
    said = desk.post(ewa, CHANNEL, "Proszę o restart.", thread=ts)
    clocks = desk.clocks(2)
    desk.clock.move(minutes=1)
    for text in ("Proszę o restart.", "Czy pomógł restart?", "Czy pomógł restart?"):
        desk.do(ThreadMessageEdited(ewa, ThreadMessage(ewa, CHANNEL, ts, said, text), "1700000011.000100"))
    shown = [post.data for post in desk.posts if post.note is Note.ENGINEER_REPLY]
    assert [data["text"] for data in shown] == ["Proszę o restart.", "(zmieniona wiadomość) Czy pomógł restart?"]
    assert {data["to"] for data in shown} == {CHANNEL}, "where it was written, though the ticket is answered by mail"
    assert desk.clocks(2) == clocks, "the reply counts from when it was written"


def test_files_are_fetched_for_the_message_they_came_with() -> None:
    desk = ChannelDesk()
    file = SharedFile("F0LOG", "fgt.log", "text/plain", 5, "https://files.slack.com/x")
    ts = desk.post(PIOTR, CHANNEL, DEAD, files=(file,))
    desk.do(form(ts))
    desk.handle_waiting()
    desk.clock.move(minutes=1)
    desk.post(PIOTR, CHANNEL, "i drugi", thread=ts, files=(file,))
    first, second = (message.id for message in desk.database.tables.messages.values())
    assert [(fetch.message_id, fetch.files) for fetch in desk.to_fetch] == [(first, (file,)), (second, (file,))]


def test_a_request_to_escalate_is_weighed_by_an_engineer() -> None:
    desk = ChannelDesk()
    ts = desk.report()
    desk.post(PIOTR, CHANNEL, "Proszę o eskalację do kierownika, to trwa za długo.", thread=ts)
    [post] = [post for post in desk.posts if post.note is Note.ESCALATION_PROPOSED]
    assert post.data["address"] == PIOTR.user


def test_the_thread_of_a_merged_ticket_goes_on_where_it_went() -> None:
    desk = ChannelDesk()
    ts = desk.report()
    desk.write(ANNA, f"S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny, nie działa")
    desk.do(MergeTicket(EWA, 1, 2, strangers_too=True))
    assert not desk.ticket(1).is_open
    desk.clock.move(minutes=1)
    desk.post(PIOTR, CHANNEL, "Jest jeszcze jeden objaw.", thread=ts)
    assert not desk.ticket(1).is_open
    last = max(desk.database.tables.messages.values(), key=lambda message: message.id)
    assert (last.ticket_id, last.text) == (2, "Jest jeszcze jeden objaw.")


def test_a_thread_below_whatever_belongs_to_a_report_is_the_reports_too() -> None:
    desk = ChannelDesk()
    desk.report(text=f"FortiGate nie działa, S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny")
    goes_on = desk.post(PIOTR, CHANNEL, "Diody nie świecą.")
    desk.clock.move(minutes=1)
    desk.post(PIOTR, CHANNEL, "Zasilacz też.", thread=goes_on)
    desk.clock.move(minutes=1)
    desk.post(replace(EWA, channel=CHANNEL), CHANNEL, "Proszę o zdjęcie.", thread=goes_on)
    assert [message.text for message in desk.database.tables.messages.values()][1:] == [
        "Diody nie świecą.", "Zasilacz też.", "Proszę o zdjęcie.",
    ]  # fmt: skip
    assert desk.ticket(1).contacted_at is not None
    changed = ThreadMessage(PIOTR, CHANNEL, goes_on, goes_on, "Diody mrugają.")
    desk.do(ThreadMessageEdited(PIOTR, changed, f"{desk.clock.now().timestamp():.6f}"))
    [*_, last] = desk.database.tables.messages.values()
    assert last.text == "(zmieniona wiadomość) Diody mrugają."


def test_a_thread_below_what_was_split_off_belongs_to_the_new_ticket() -> None:
    desk = ChannelDesk()
    desk.report(text=f"FortiGate nie działa, S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny")
    goes_on = desk.post(PIOTR, CHANNEL, "A VPN pada co godzinę.")
    desk.clock.move(minutes=1)
    desk.do(SplitTicket(EWA, 1, max(desk.database.tables.messages), ""))
    desk.clock.move(minutes=1)
    desk.post(PIOTR, CHANNEL, "Teraz też.", thread=goes_on)
    [*_, last] = desk.database.tables.messages.values()
    assert (last.ticket_id, last.text) == (2, "Teraz też.")


def test_who_writes_in_a_channel_of_the_contract_is_no_stranger_to_it() -> None:
    desk = ChannelDesk()
    desk.report()
    desk.write(ANNA, f"S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny, nie działa")
    desk.do(MergeTicket(EWA, 1, 2))
    assert not desk.ticket(1).is_open
    assert desk.told() == []


def test_who_opened_it_for_a_channel_lets_nobody_in_and_another_channel_is_named() -> None:
    desk = ChannelDesk()
    desk.write(ANNA, f"S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny, nie działa")
    desk.do(opened(address="", channel=CHANNEL))
    desk.do(MergeTicket(EWA, 2, 1))
    assert not desk.ticket(2).is_open
    desk.do(opened(address="", channel=THEIRS))
    desk.clock.move(minutes=1)
    desk.report(OLGA)
    desk.do(MergeTicket(EWA, 3, 1))
    desk.do(MergeTicket(EWA, 4, 1))
    told = [effect.data for effect in desk.alone if isinstance(effect, TellUser) and effect.what == "merge_strangers"]
    assert [data["people"] for data in told] == [[THEIRS], [OLGA.user]]


def test_a_message_that_is_split_off_is_answered_where_its_author_wrote() -> None:
    """What was merged into a ticket may have come by the other way."""
    desk = ChannelDesk()
    desk.report(text=f"FortiGate nie działa, S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny")
    desk.write(ANNA, f"S/N {DEVICE.serial}, umowa {DAIRY.number}, priorytet: krytyczny, nie działa")
    desk.do(MergeTicket(EWA, 1, 2))
    [by_slack] = [m for m in desk.database.tables.messages.values() if m.ticket_id == 2 and m.author == PIOTR.user]
    desk.do(SplitTicket(EWA, 2, by_slack.id, ""))
    assert (desk.ticket(3).requester, desk.ticket(3).customer_channel) == (PIOTR.user, CHANNEL)
    assert desk.ticket(3).number in desk.said()

    desk.do(MergeTicket(EWA, 2, 3))
    [by_mail] = [m for m in desk.database.tables.messages.values() if m.ticket_id == 3 and m.author == ANNA]
    desk.do(SplitTicket(EWA, 3, by_mail.id, ""))
    assert (desk.ticket(4).requester, desk.ticket(4).customer_channel) == (ANNA, None)
    assert desk.ticket(4).number in desk.mails_to(ANNA)[-1].text


def opened(**changes: object) -> OpenTicket:
    by = replace(EWA, at=MONDAY)
    asked = OpenTicket(by, DAIRY.id, DEVICE.serial, ANNA, "Anna", None, Priority.CRITICAL, "Nie działa od rana.")
    return replace(asked, **changes)  # type: ignore[arg-type]  # a test names the fields it is about


def test_an_engineer_opens_a_ticket_for_a_customer_who_gets_a_mail() -> None:
    desk = ChannelDesk()
    desk.do(opened(address="nowa@inna.example"))
    [ticket] = desk.tickets
    assert (ticket.state, ticket.priority_confirmed) == (TicketState.OPEN, True), "who opens it vouches for them"
    assert ticket.contacted_at is None
    assert desk.clocks(1) == ["reaction"]
    [mail] = desk.mails_to("nowa@inna.example")
    assert ticket.number in mail.text
    [told] = desk.alone
    assert isinstance(told, TellUser)
    assert (told.what, told.data) == ("ticket_opened", {"number": ticket.number})
    assert [data["by_phone"] for data in desk.journal(1, "opened_by_engineer")] == [False]


def test_a_note_in_its_description_is_no_subject_of_the_customers_mail() -> None:
    desk = ChannelDesk()
    desk.do(opened(text="// klient bardzo zły\nNie działa od rana."))
    assert "klient" not in desk.mails_to(ANNA)[-1].subject
    [shown] = [post for post in desk.posts if post.note is Note.CUSTOMER_WROTE]
    assert str(shown.data["text"]).startswith("// klient bardzo zły"), "colleagues read it"


def test_of_two_who_open_a_ticket_from_the_same_message_the_second_learns_who_did() -> None:
    desk = ChannelDesk()
    desk.do(opened(source="1.000100"))
    desk.do(opened(source="1.000100", by=replace(EWA, user="U0ZOFIA"), address=ANNA.upper()))
    assert len(desk.tickets) == 1
    told = desk.alone[-1]
    assert isinstance(told, TellUser)
    assert (told.what, told.user) == ("opened_before", "U0ZOFIA")
    assert (told.data["number"], told.data["who"]) == (desk.ticket(1).number, EWA.user)
    desk.do(opened(source="2.000100", by=replace(EWA, user="U0ZOFIA")))
    desk.do(opened())
    assert len(desk.tickets) == 3, "another message, or a form of its own, is another matter"


def test_a_call_to_the_hotline_was_our_first_contact() -> None:
    desk = ChannelDesk()
    desk.do(opened(by_phone=True))
    ticket = desk.ticket(1)
    assert (ticket.contacted_at, ticket.assignee) == (MONDAY, EWA.user)
    assert desk.clocks(1) == []
    assert "Przyjęliśmy je pod numerem" in desk.mails[-1].text
    assert "skontaktuje się" not in desk.mails[-1].text, "they are on the phone"


def test_it_may_be_answered_in_the_channel_and_lack_its_serial() -> None:
    desk = ChannelDesk()
    desk.do(opened(address="", channel=CHANNEL, serial=""))
    ticket = desk.ticket(1)
    assert (ticket.state, ticket.customer_channel) == (TicketState.INCOMPLETE, CHANNEL)
    assert desk.mails == []
    assert "numer seryjny" in desk.said()


def test_a_customer_opens_no_ticket_as_an_engineer() -> None:
    desk = ChannelDesk()
    desk.do(opened(by=PIOTR))
    assert desk.tickets == []


def test_the_registry_is_asked_by_channel() -> None:
    desk = ChannelDesk()

    async def numbers() -> list[str]:
        async with desk.database.read() as uow:
            return [contract.number for contract in await uow.contracts.of_channel(THEIRS)]

    assert run(numbers()) == [HOSPITAL.number, HOSPITAL_BRANCH.number]
    assert NORTHWIND.number not in run(numbers())
