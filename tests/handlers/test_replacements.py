"""A replacement on the whole desk: each step, what the customer reads, what the clocks do, and what cannot be done."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cli_commands.sla_explaining import Explanation
from bot.cli_commands.sla_questions import Promises
from bot.commands import FilesFetched, NextTurn, SetPriority, SlackPerson
from bot.commands_sending import UndoSending
from bot.config import ServiceSections
from bot.edges.slack_appointments import picked
from bot.edges.slack_channel_forms import told as sentence
from bot.effects import EditProposal, FetchFiles, PostToCustomer, TellCustomer
from bot.model import ClockKind, ClockState, Language, Priority, TicketState
from bot.replacement_commands import (
    BeginReplacement,
    CancelReplacement,
    ConfirmFault,
    DeclineReplacement,
    LogConfirmation,
    RefuteFault,
    ReplacementPress,
    SendReturnWaybill,
    WaiveReturn,
)
from bot.replacements import Check, Fate, Replacement, Stage, Via
from bot.rules.replacement import moves_of
from bot.rules.ticket_states import Action, actions_of
from bot.sendings import SharedFile
from storage.explaining import TicketClocks
from storage.schema import TimerState
from tests.fakes.memory_database import run
from tests.handlers.desk import ANNA, DAIRY, EWA, HOSPITAL, MONDAY, OBCY
from tests.handlers.escalating import JAN, ZOFIA
from tests.handlers.replacing import BACK, NEW, OLD, WAYBILL, ReplacementDesk
from tests.handlers.timekeeping import warsaw

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_whole_replacement() -> None:
    desk = ReplacementDesk()
    desk.start()
    assert desk.stage == "reported"
    desk.check(Check.INTERVIEW)
    desk.check(Check.LOGS, "superblock", (desk.file("log.txt", b"x"),))
    assert desk.stage == "verifying"
    desk.verify()
    assert (desk.stage, desk.clocks(1)) == ("verified", ["customer_reply"])
    desk.ask_user()
    assert (
        "zweryfikowaliśmy usterkę urządzenia FortiGate-121G o numerze seryjnym FG121GTK25004672"
        in desk.said_to_customer
    )
    assert "(wywiad techniczny, logi z urządzenia)" in desk.said_to_customer
    assert "mamy 8 godzin na dostawę." in desk.said_to_customer

    desk.pass_until(warsaw(23, "11:00"))
    desk.answer("Tak, potwierdzam. Adres: ul. Mleczna 1, Warszawa, Anna Nowak, 600 100 200")
    assert (desk.stage, desk.it.confirmed_via, desk.it.confirmed_by) == ("confirmed", Via.MAIL, ANNA)
    assert desk.due(ClockKind.DELIVERY) == "23 19:00"
    assert "dostarczymy najpóźniej: poniedziałek, 23 listopada 2026, 19:00 (CET)" in desk.said_to_customer
    assert desk.events()[-1] == "to_send"

    desk.reply(NextTurn.NOBODY)
    desk.dispatch()
    assert desk.stage == "dispatched"
    for words in (
        "Przewoźnik: DPD",
        WAYBILL,
        "ul. Mleczna 1, 00-001 Warszawa",
        "Anna Nowak, tel. 600 100 200",
        "19:00",
    ):
        assert words in desk.said_to_customer

    desk.pass_until(warsaw(23, "17:30"))
    desk.deliver(warsaw(23, "17:10"))
    assert desk.due(ClockKind.DELIVERY) == "23 19:00 met"
    assert "objęte umową serwisową HZ360-2026-000101 w miejsce uszkodzonego" in desk.said_to_customer
    assert "opóźnienie" not in desk.said_to_customer
    assert [device.serial for device in desk.database.tables.contracts["HZ3602026000101"].devices] == [NEW]

    desk.send_waybill()
    assert desk.due(ClockKind.RETURN) == "30 17:30"
    assert f"Numer listu przewozowego: {BACK}" in desk.said_to_customer
    assert "w ciągu 7 dni, najpóźniej: poniedziałek, 30 listopada 2026, 17:30 (CET)" in desk.said_to_customer
    desk.pass_until(warsaw(25, "12:00"))
    desk.give_back()
    assert (desk.stage, desk.due(ClockKind.RETURN)) == ("returned", "30 17:30 met")
    assert "dotarło do nas: środa, 25 listopada 2026, 12:00 (CET)" in desk.said_to_customer
    desk.finish()
    assert (desk.stage, desk.it.is_open, desk.clocks(1)) == ("closed", False, [])
    desk.reply(NextTurn.RESOLVED)
    assert desk.ticket(1).state is TicketState.RESOLVED
    assert desk.escalations() == []
    assert {entry.kind for entry in desk.database.tables.journal[1]} >= {
        f"replacement_{move}"
        for move in (
            "begin",
            "check",
            "verify",
            "ask",
            "confirm",
            "dispatch",
            "deliver",
            "send_waybill",
            "return",
            "close",
        )
    }


def test_nothing_is_dispatched_before_both_confirmations_stand() -> None:
    desk = ReplacementDesk()
    desk.start()
    desk.dispatch()
    desk.check()
    desk.dispatch()
    desk.log_confirmation()
    desk.dispatch()
    assert (desk.stage, desk.it.confirmed_at is not None) == ("verifying", True), "the engineer has not verified yet"
    assert ClockKind.DELIVERY not in desk.clocks(1)
    desk.pass_until(warsaw(23, "10:30"))
    desk.verify()
    assert (desk.stage, desk.due(ClockKind.DELIVERY)) == ("confirmed", "23 18:30"), "from the moment that both stand"
    assert "przekazała je nam telefonicznie ta osoba: Anna Nowak" in desk.said_to_customer
    desk.dispatch()
    assert desk.stage == "dispatched"
    assert desk.refusals() == ["replacement_not_now"] * 3


def test_a_written_confirmation_that_an_engineer_logs_is_not_called_a_call() -> None:
    desk = ReplacementDesk()
    desk.start()
    desk.check()
    desk.do(LogConfirmation(EWA, 1, desk.it.id, "Anna Nowak", by_phone=False))
    desk.verify()
    assert (desk.stage, desk.it.confirmed_via) == ("confirmed", Via.MAIL)
    assert "dziękujemy za potwierdzenie awarii" in desk.said_to_customer
    assert "telefonicznie" not in desk.said_to_customer


@pytest.mark.parametrize("steps", range(10))
def test_every_press_that_is_no_legal_move_changes_nothing(steps: int) -> None:
    """From every stage: what `moves_of` does not offer is refused, and whoever pressed is told; so are strangers."""
    way = ["start", "check", "verify", "log_confirmation", "dispatch", "deliver", "send_waybill", "give_back", "finish"]

    def at_this_step() -> ReplacementDesk:
        desk = ReplacementDesk()
        for step in way[: steps + 1]:
            getattr(desk, step)()
        return desk

    desk = at_this_step()
    stranger = SlackPerson("U0KLIENT", "Anna", "C0SHARED", is_stranger=True)
    before, counts = desk.it, desk.counts()
    for who in (stranger, SlackPerson("U0OBCY", "Obcy", "C0SHARED")):
        for press in desk.every_press(who):
            desk.do(press)
    assert set(desk.refusals()) == {"not_allowed"}
    names = [
        "check", "verify", "refute", "ask", "confirm", "decline", "cancel", "dispatch", "lose", "deliver",
        "send_waybill", "return", "waive", "close",
    ]  # fmt: skip
    for name, press in zip(names, desk.every_press(EWA), strict=True):
        if name not in moves_of(desk.it):
            desk.do(press)
    assert (desk.it, desk.counts()) == (before, counts)
    for name in [each for each in names if each in moves_of(before)]:
        again = at_this_step()
        again.do(next(press for each, press in zip(names, again.every_press(EWA), strict=True) if each == name))
        assert again.it.version > before.version, name


def test_a_press_names_its_own_ticket() -> None:
    desk = ReplacementDesk()
    desk.start()
    desk.write("it@szpital.example", "Awaria, krytyczny. FGT3HD3914800153, HZ360-2026-000103")
    before = desk.it
    for press in desk.every_press(EWA, ticket_id=desk.tickets[1].id):
        desk.do(press)
    assert desk.it == before
    assert set(desk.refusals()) == {"ticket_gone"}


def test_the_second_of_two_learns_who_was_first() -> None:
    desk = ReplacementDesk()
    desk.start()
    desk.check()
    desk.verify(JAN)
    desk.verify(EWA)
    assert desk.told() == [("replacement_not_now", JAN.user)]
    desk.start(by=JAN)
    assert desk.told()[1:] == [("replacement_runs", EWA.user)]


@pytest.mark.parametrize(
    ("words", "event"),
    [
        ("Nie, to był kabel.", "answer_no"),
        ("Tak, ale od rana już działa.", "answer_unclear"),
        ("Kiedy?", "answer_unclear"),
    ],
)
def test_no_clear_yes_is_shown_to_the_engineers(words: str, event: str) -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.answer(words)
    assert (desk.stage, desk.events()[-1]) == ("verified", event)
    assert ClockKind.REPLY in desk.clocks(1), "it is our turn"
    desk.answer("Tak")
    assert desk.stage == "verified", "a yes may now mean something else"
    desk.ask_user()
    desk.answer("Tak")
    assert desk.stage == "confirmed"
    assert desk.clocks(1) == ["delivery"], "a plain yes asks for no answer"


def test_who_does_not_represent_the_customer_confirms_nothing() -> None:
    desk = ReplacementDesk()
    desk.asked()
    question = desk.last_mail
    desk.database.tables.participants[1] = frozenset({ANNA, OBCY})
    desk.write(OBCY, "Tak", answer=question)
    assert (desk.stage, desk.events()[-1]) == ("verified", "answer_yes")
    desk.write("szef@klient.example", "Tak, potwierdzam", answer=question)
    assert desk.stage == "verified", "what was unclear before is for an engineer"


def test_another_representative_of_the_customer_may_confirm() -> None:
    desk = ReplacementDesk()
    desk.asked()
    question = desk.last_mail
    desk.database.tables.participants[1] = frozenset({ANNA, "szef@klient.example"})
    desk.write("szef@klient.example", "Tak, potwierdzam", answer=question)
    assert (desk.stage, desk.it.confirmed_by) == ("confirmed", "szef@klient.example")


def test_a_customer_in_a_shared_channel_confirms_by_a_button() -> None:
    desk = ReplacementDesk()
    ticket = desk.database.tables.tickets[1]
    ticket.customer_channel, ticket.customer_ts, ticket.requester = "C0SHARED", "1.2", "U0ANNA"
    desk.asked()
    [(label, value)] = desk.effects(PostToCustomer)[-1].choices
    assert label == "Tak, potwierdzam awarię"
    anna = SlackPerson("U0ANNA", "Anna", "C0SHARED", is_stranger=True)
    press = picked(value, anna)
    assert isinstance(press, ConfirmFault)
    for by in (EWA, replace(anna, channel="C0OTHER"), replace(anna, is_stranger=False)):
        desk.do(replace(press, by=by))
        assert desk.stage == "verified"
    desk.do(press)
    assert (desk.stage, desk.it.confirmed_via, desk.it.confirmed_by) == ("confirmed", Via.SLACK, "U0ANNA")
    [edit] = desk.effects(EditProposal)
    assert edit.data["author_name"] == "Ewa Kowalska (HEZO 360)", "the button goes, the words stay"
    assert (desk.clocks(1), desk.ticket(1).state) == (["delivery"], TicketState.OPEN)
    assert "dostarczymy najpóźniej" in desk.effects(PostToCustomer)[-1].text
    before, posts = desk.it, len(desk.effects(PostToCustomer))
    desk.do(press)
    assert (desk.it, len(desk.effects(PostToCustomer))) == (before, posts), "pressed again it changes nothing"
    told = desk.alone[-1]
    assert isinstance(told, TellCustomer)
    assert sentence(told).startswith(f"Awaria urządzenia {OLD} jest już potwierdzona (zgłoszenie {ticket.number})")
    desk.do(CancelReplacement(EWA, 1, desk.it.id, "pomyłka"))
    desk.ticket(1).language = Language.EN
    desk.do(press)
    told = desk.alone[-1]
    assert isinstance(told, TellCustomer)
    assert sentence(told).startswith(f"The replacement of the device {OLD} (report {ticket.number}) is no longer")


def test_a_guest_of_ours_in_a_shared_channel_confirms_as_well() -> None:
    desk = ReplacementDesk()
    slack = desk.config.slack.model_copy(update={"customers": ("U0GOSC",)})
    desk.config = desk.config.model_copy(update={"slack": slack})
    ticket = desk.database.tables.tickets[1]
    ticket.customer_channel, ticket.customer_ts, ticket.requester = "C0SHARED", "1.2", "U0GOSC"
    desk.asked()
    desk.do(ConfirmFault(SlackPerson("U0GOSC", "Gość", "C0SHARED"), 1, desk.it.id))
    assert (desk.stage, desk.it.confirmed_by) == ("confirmed", "U0GOSC")


def test_an_engineer_who_writes_something_else_makes_a_yes_unclear() -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.pass_until(warsaw(23, "10:05"))
    desk.reply()
    desk.answer("Tak")
    assert desk.stage == "verified"
    desk.do(desk.every_press(EWA)[4])
    assert (desk.stage, desk.it.confirmed_via, desk.it.confirmation_logged_by) == ("confirmed", Via.CALL, EWA.user)


def test_the_delivery_reminds_breaches_and_escalates() -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.answer("Tak")
    desk.pass_until(warsaw(23, "18:05"))
    levels = [entry["level"] for entry in desk.journal(1, "clock_level") if entry["kind"] == "delivery"]
    assert levels == [50, 80, 100]
    assert desk.escalations() == ["open"]
    desk.dispatch()
    assert "Przesyłka dotrze najpóźniej" not in desk.said_to_customer, "nobody promises what is past"
    desk.pass_until(warsaw(23, "20:00"))
    desk.deliver()
    assert desk.escalations() == ["delivered"]
    assert (
        "Obiecaliśmy dostawę najpóźniej: poniedziałek, 23 listopada 2026, 18:00 (CET). Przepraszamy"
        in desk.said_to_customer
    )
    clock = desk.clock_of(ClockKind.DELIVERY)
    assert (clock.state, clock.breached_at) == (ClockState.MET, clock.due_at)
    assert desk.journal(1, "replacement_deliver")[0]["late"] is True


def test_a_delivery_that_is_recorded_late_was_in_time() -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.answer("Tak")
    desk.dispatch()
    desk.pass_until(warsaw(23, "19:00"))
    assert desk.escalations() == ["open"]
    desk.deliver(warsaw(23, "17:55"))
    assert desk.escalations() == ["withdrawn"]
    assert desk.clock_of(ClockKind.DELIVERY).breached_at is None
    assert "opóźnienie" not in desk.said_to_customer


def test_a_lost_parcel_is_sent_again_and_the_time_runs_on() -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.answer("Tak")
    desk.dispatch()
    desk.pass_until(warsaw(23, "12:00"))
    desk.lose()
    assert (desk.stage, desk.due(ClockKind.DELIVERY)) == ("confirmed", "23 18:00")
    assert f"przesyłka {WAYBILL} (DPD)" in desk.said_to_customer
    desk.dispatch(waybill="1111 2222 3333")
    assert "ponownie wysłaliśmy" in desk.said_to_customer
    assert [each.lost_at is not None for each in desk.it.shipments] == [True, False]


@pytest.mark.parametrize(
    "form",
    [
        {"waybill": "brak"}, {"phone": "zadzwonię"}, {"address": "Warszawa"}, {"contact": ""}, {"carrier": " "},
    ],
)  # fmt: skip
def test_a_parcel_needs_its_form(form: dict[str, str]) -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.answer("Tak")
    desk.dispatch(EWA, **form)
    assert (desk.stage, desk.refusals()) == ("confirmed", ["replacement_field"])


@pytest.mark.parametrize(
    ("serial", "refusal"),
    [
        (OLD, "replacement_the_same_serial"),
        ("FG121GTK25O09999", "replacement_serial_unclear"),
        ("FGT3HD3914800153", "replacement_serial_elsewhere"),
        ("nie wiem", "replacement_no_serial"),
    ],
)
def test_the_new_serial_is_looked_at(serial: str, refusal: str) -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.answer("Tak")
    desk.dispatch()
    desk.deliver(serial=serial)
    assert (desk.stage, desk.refusals()) == ("dispatched", [refusal])
    desk.deliver(MONDAY + 9 * HOUR)
    desk.deliver(MONDAY - HOUR)
    assert desk.refusals()[1:] == ["replacement_field"] * 2, "not in the future, and not before it was promised"


def test_a_new_device_may_stand_beside_the_old_one() -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.answer("Tak")
    desk.dispatch()
    desk.deliver(fate=Fate.JOINS)
    assert [each.serial for each in desk.database.tables.contracts["HZ3602026000101"].devices] == [OLD, NEW]
    assert "obok dotychczasowego urządzenia" in desk.said_to_customer


def returning() -> ReplacementDesk:
    desk = ReplacementDesk()
    desk.asked()
    desk.answer("Tak")
    desk.dispatch()
    desk.deliver()
    desk.send_waybill("", (desk.file("list przewozowy.pdf", b"%PDF"),))
    return desk


def test_the_waybill_goes_along_as_a_file() -> None:
    desk = returning()
    parts = list(email.message_from_bytes(desk.last_mail.raw, policy=email.policy.default).iter_attachments())
    assert [(part.get_filename(), part.get_content()) for part in parts] == [("list przewozowy.pdf", b"%PDF")]
    assert "jest w załączniku" in desk.said_to_customer
    assert desk.it.waybills[-1].files == ("list przewozowy.pdf",)


def test_engineers_are_reminded_of_a_step_that_only_they_can_make() -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.answer("Tak")
    desk.dispatch()
    desk.pass_until(warsaw(23, "16:00"))
    desk.deliver()
    desk.pass_until(warsaw(24, "12:00"))
    assert desk.events()[-1] == "waybill_missing", "four hours of service time later"
    desk.pass_until(warsaw(24, "16:00"))
    assert desk.events().count("waybill_missing") == 2
    desk.send_waybill()
    desk.pass_until(warsaw(25, "16:00"))
    assert desk.events().count("waybill_missing") == 2
    desk.give_back()
    desk.pass_until(warsaw(26, "12:00"))
    assert desk.events()[-1] == "not_closed"
    desk.finish()
    desk.pass_until(warsaw(27, "16:00"))
    assert desk.events()[-1] == "close"


def uploading(desk: ReplacementDesk) -> None:
    upload = SharedFile("F1", "list.pdf", "application/pdf", 4, "https://files.slack.com/x")
    desk.do(SendReturnWaybill(EWA, 1, desk.it.id, "", (), (upload,), "Miłego dnia."))


def fetched(desk: ReplacementDesk) -> None:
    """Slack has given what was uploaded."""

    async def keep() -> str:
        async with desk.database.begin() as uow:
            return await uow.attachments.keep(b"%PDF")

    [wanted] = [row for row in desk.database.tables.outbox.values() if isinstance(row.effect, FetchFiles)][-1:]
    desk.do(FilesFetched(wanted.id, {"F1": run(keep())}))


def test_an_uploaded_waybill_counts_when_it_goes_and_can_be_taken_back_before() -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.answer("Tak")
    desk.dispatch()
    desk.deliver()
    uploading(desk)
    assert (desk.stage, desk.clocks(1)) == ("delivered", [])
    assert desk.it.sending_waybill is not None
    desk.do(UndoSending(EWA, 1, desk.it.sending_waybill.sending_id))
    fetched(desk)
    desk.pass_until(warsaw(23, "10:05"))
    assert (desk.stage, desk.clocks(1)) == ("delivered", []), "it was taken back"
    uploading(desk)
    fetched(desk)
    desk.pass_until(warsaw(23, "10:10"))
    assert (desk.stage, desk.clocks(1)) == ("return_due", ["return"])
    went: Replacement = desk.it
    assert (went.sending_waybill, went.waybills[-1].files) == (None, ("list.pdf",))
    assert "jest w załączniku" in desk.said_to_customer
    parts = email.message_from_bytes(desk.last_mail.raw, policy=email.policy.default).iter_attachments()
    assert [part.get_content() for part in parts] == [b"%PDF"]


def test_the_customer_is_reminded_of_the_return_by_day_and_it_is_escalated_in_the_end() -> None:
    desk = returning()
    desk.send_waybill()
    mails = len(desk.mails)
    desk.pass_until(warsaw(26, "09:59"))
    assert len(desk.mails) == mails
    desk.pass_until(warsaw(26, "10:00"))
    assert "przypominamy o odesłaniu uszkodzonego urządzenia" in desk.said_to_customer
    assert f"list przewozowy {BACK} wysłaliśmy" in desk.said_to_customer
    desk.pass_until(warsaw(30, "08:59"))
    assert len(desk.mails) == mails + 1, "day 6 is a Sunday"
    desk.pass_until(warsaw(30, "09:00"))
    assert len(desk.mails) == mails + 2
    desk.pass_until(warsaw(30, "10:00"))
    assert "dziś mija termin odesłania" in desk.said_to_customer
    assert desk.events()[-3:] == ["reminded", "reminded", "overdue"]
    assert desk.escalations() == []
    desk.pass_until(warsaw(30, "10:00") + 3 * DAY)
    assert desk.escalations() == ["open"]
    assert len(desk.mails) == mails + 3
    desk.give_back()
    assert desk.escalations() == ["returned"]


def test_nobody_claims_a_reminder_that_could_not_be_sent() -> None:
    desk = returning()
    desk.send_waybill()
    desk.database.tables.tickets[1].requester = "żółw@klient.example"
    desk.pass_until(warsaw(26, "10:00"))
    assert "reminded" not in desk.events()
    assert desk.posts[-1].note == "mail_withheld"


def test_sla_explain_tells_of_both_clocks() -> None:
    desk = returning()
    desk.pass_until(warsaw(30, "10:00"))
    tables = desk.database.tables
    clocks = tuple(tables.clocks.values())
    pending = {
        kept.timer.clock_id: kept.timer
        for kept in tables.timers.values()
        if kept.state is TimerState.PENDING and kept.timer.clock_id is not None
    }
    found = TicketClocks(desk.ticket(1), clocks, {}, pending, tables.journal[1])
    said = "\n".join(Explanation(found, Promises(ServiceSections()), desk.clock.time).lines())
    assert "delivery: met in time" in said
    assert "reason fault_confirmed" in said
    assert "return: due" in said
    assert "reminder 96 h before announced" in said
    assert "next      escalation is announced" in said


def test_a_stop_reminds_the_customer_once() -> None:
    desk = returning()
    mails = len(desk.mails)
    desk.sleep_until(warsaw(30, "09:30"))
    assert len(desk.mails) == mails + 1


def test_the_way_back_can_be_waived() -> None:
    desk = returning()
    desk.do(WaiveReturn(EWA, 1, desk.it.id, "spalone", "Urządzenie można oddać do utylizacji."))
    assert (desk.stage, desk.clocks(1)) == ("closed", [])
    assert "nie muszą Państwo odsyłać" in desk.said_to_customer
    assert "spalone" not in desk.said_to_customer


@pytest.mark.parametrize("way", ["refute", "decline", "cancel"])
def test_it_can_end_before_anything_was_sent(way: str) -> None:
    desk = ReplacementDesk()
    desk.asked()
    if way != "refute":
        desk.answer("Tak")
    to = (EWA, 1, desk.it.id)
    ends: dict[str, ReplacementPress] = {
        "refute": RefuteFault(*to, "Po resecie działa."),
        "decline": DeclineReplacement(*to),
        "cancel": CancelReplacement(*to, "wewnętrzne", "Napiszemy jutro."),
    }
    desk.do(ends[way])
    assert desk.stage == {"refute": "unfounded", "decline": "declined", "cancel": "cancelled"}[way]
    assert ClockKind.DELIVERY not in desk.clocks(1)
    assert "wewnętrzne" not in desk.said_to_customer
    assert desk.said_to_customer.startswith("Dzień dobry")
    desk.start()
    assert desk.stage == "reported", "it may be begun anew"


def test_who_was_never_told_of_a_replacement_hears_nothing_of_its_end() -> None:
    desk = ReplacementDesk()
    desk.start()
    mails = len(desk.mails)
    desk.do(CancelReplacement(EWA, 1, desk.it.id, "pomyłka"))
    assert (desk.stage, len(desk.mails)) == ("cancelled", mails)


def test_a_ticket_stays_open_while_its_device_is_replaced() -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.answer("Tak")
    desk.close()
    assert desk.refusals() == ["replacement_is_open"]
    desk.reply(NextTurn.RESOLVED)
    assert desk.ticket(1).state is TicketState.OPEN
    assert desk.events()[-1] == "stays_open"
    assert ClockKind.DELIVERY in desk.clocks(1)
    assert Action.CLOSE not in actions_of(desk.ticket(1))


def test_a_change_of_the_priority_leaves_the_promise_alone() -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.answer("Tak")
    for priority in (Priority.NON_CRITICAL, Priority.QUESTION):
        desk.set_priority(priority)
        clock = desk.clock_of(ClockKind.DELIVERY)
        assert (desk.due(ClockKind.DELIVERY), clock.calendar, clock.budget) == ("23 18:00", "24x7", 8 * HOUR)


def test_a_report_that_became_a_question_still_gets_what_was_begun() -> None:
    desk = ReplacementDesk()
    desk.asked()
    desk.do(SetPriority(EWA, 1, Priority.QUESTION))
    desk.answer("Tak")
    assert desk.due(ClockKind.DELIVERY) == "23 18:00"
    question = ReplacementDesk("Pytanie o konfigurację. Priorytet: pytanie.")
    question.start()
    assert question.database.tables.replacements == {}
    assert question.refusals() == ["replacement_for_faults"]


def test_two_devices_of_a_ticket_have_clocks_of_their_own() -> None:
    desk = ReplacementDesk()
    desk.database.add_contract(HOSPITAL)
    desk.database.tables.tickets[1].devices = (*DAIRY.devices, HOSPITAL.devices[0])
    desk.start()
    desk.log_confirmation()
    desk.check()
    desk.verify()
    first = desk.it
    desk.do(BeginReplacement(EWA, 1, HOSPITAL.devices[0].serial))
    desk.pass_until(warsaw(23, "11:00"))
    desk.log_confirmation()
    desk.check()
    desk.verify()
    assert desk.clocks(1).count("delivery") == 2
    desk.dispatch()
    desk.deliver()
    assert [c.id for c in desk.database.tables.clocks.values() if c.kind == "delivery" and c.ended_at is None] == [
        first.delivery_clock_id
    ]


def test_without_an_address_the_engineers_learn_that_nobody_was_told() -> None:
    desk = ReplacementDesk()
    desk.start()
    desk.check()
    desk.verify()
    desk.database.tables.tickets[1].requester = "żółw@klient.example"
    desk.ask_user()
    assert (desk.stage, desk.it.asked_at, desk.refusals()) == ("verified", None, ["no_address"])
    desk.log_confirmation()
    desk.dispatch(ZOFIA)
    assert desk.stage == Stage.DISPATCHED
    assert [post.data["reason"] for post in desk.posts if post.note == "mail_withheld"] == ["no_address"] * 2
