"""Escalations on the whole desk: each way in, each step, who has it, what the customer hears, how it ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.commands import NextTurn, RemoveShift, SetShift, SlackPerson, SwapShifts, TakeTicket
from bot.effects import CallWebhook, Note, PostEscalationCall, PostOperator
from bot.escalation_commands import AcknowledgeEscalation, EscalateTicket, LogEscalationCall, TieEscalation
from bot.model import ClockKind, Priority, TicketState
from tests.handlers.desk import ANNA, EWA, JOHN, OBCY
from tests.handlers.escalating import JAN, MINUTE, OLA, ZOFIA, EscalationDesk
from tests.handlers.timekeeping import WARSAW, warsaw

NIGHTS: dict[str, object] = {"user": EWA.user, "days": [1, 2, 3, 4, 5, 6, 7], "from": "18:00", "to": "08:00"}
NON_CRITICAL = "Problem niekrytyczny."
ALL_MANAGERS = (ZOFIA.user, "U0PREZES")


def test_a_critical_breach_climbs_the_chain_and_repeats_until_somebody_has_it() -> None:
    desk = EscalationDesk()
    desk.pass_until(warsaw(23, "12:10"))
    assert desk.calls() == [
        ("23 11:00", "step", 0, (JAN.user,)),
        ("23 11:10", "repeat", 0, (JAN.user, EWA.user)),
        ("23 11:15", "step", 1, (OLA.user,)),
        ("23 11:25", "repeat", 1, (OLA.user,)),
        ("23 11:30", "step", 2, (ZOFIA.user,)),
        ("23 11:40", "repeat", 2, (ZOFIA.user,)),
        ("23 11:45", "step", 3, ALL_MANAGERS),
        ("23 11:55", "repeat", 3, ALL_MANAGERS),
        ("23 12:05", "repeat", 3, ALL_MANAGERS),
    ]
    assert len(desk.alerts()) == 2, "a mail at each step that mails, none at its repeats"
    assert desk.rings() == ["call"] * 3, "the webhook rings with every call of its step"
    desk.acknowledge()
    desk.pass_until(warsaw(23, "12:39"))
    assert len(desk.calls()) == 9
    assert desk.rings()[-1] == "acknowledged"
    assert desk.posts[-1].data["event"] == "acknowledged"


def test_an_acknowledged_one_on_which_nothing_happens_asks_its_owner_and_then_the_others() -> None:
    desk = EscalationDesk()
    desk.pass_until(warsaw(23, "11:16"))
    desk.acknowledge(EWA)
    desk.pass_until(warsaw(23, "12:20"))
    assert desk.calls()[3:] == [
        ("23 11:46", "ask_again", 1, (EWA.user,)),
        ("23 12:16", "ask_again", 1, (EWA.user, OLA.user)),
    ]


def test_the_second_of_two_learns_who_was_first() -> None:
    desk = EscalationDesk()
    desk.escalate()
    desk.acknowledge(JAN)
    desk.acknowledge(EWA)
    desk.acknowledge(JAN)
    desk.take_over(EWA)
    assert desk.told() == [
        ("escalation_has_somebody", JAN.user),
        ("escalation_is_yours", JAN.user),
        ("escalation_has_somebody", JAN.user),
    ]
    desk.take_over(EWA, owner_shown=JAN.user)
    assert (desk.last.owner, desk.ticket(1).assignee) == (EWA.user, EWA.user)
    desk.resolve()
    desk.acknowledge(JAN)
    assert desk.told()[3:] == [("escalation_resolved", ZOFIA.user)]


def test_strangers_and_customers_cannot_act() -> None:
    desk = EscalationDesk()
    desk.escalate()
    before = desk.last
    desk.acknowledge(SlackPerson("U0KLIENT", "Anna", "C0SHARED", is_stranger=True))
    desk.do(EscalateTicket(SlackPerson("U0OBCY", "Obcy", "C0SHARED"), 1, "x"))
    assert desk.last == before
    assert desk.told() == [("not_allowed", None)] * 2


def test_an_answer_ends_what_a_clock_raised_and_only_that() -> None:
    desk = EscalationDesk()
    desk.pass_until(warsaw(23, "11:05"))
    desk.reply()
    assert desk.escalations() == ["answered"]
    desk.pass_until(warsaw(24, "11:00"))
    assert len(desk.calls()) == 1, "an answered ticket is never escalated further"
    desk = EscalationDesk()
    desk.pass_until(warsaw(23, "11:05"))
    desk.escalate("Klient dzwonił do prezesa")
    assert desk.lines() == ["joined"], "a ticket has one escalation; what raises it again joins it"
    desk.reply()
    assert desk.escalations() == ["open"], "what a person asked for needs an outcome"
    assert (desk.last.owner, desk.last.acknowledged_at) == (EWA.user, warsaw(23, "11:05")), "who answers has it"
    desk.resolve(EWA)
    assert desk.escalations() == ["Wysłano urządzenie"]


def test_a_delivery_that_is_late_is_not_ended_by_words() -> None:
    desk = EscalationDesk()
    desk.reply()
    desk.start_clock(ClockKind.DELIVERY)
    desk.pass_until(warsaw(23, "18:05"))
    desk.reply(NextTurn.NOBODY)
    assert desk.escalations() == ["open"]
    assert desk.last.owner == EWA.user
    desk.close()
    assert desk.escalations() == ["withdrawn"]


def test_what_nobody_takes_is_escalated_before_it_is_late() -> None:
    desk = EscalationDesk(unassigned_percent=50)
    desk.pass_until(warsaw(23, "10:30"))
    assert [each.source for each in desk.database.tables.escalations.values()] == ["unassigned"]
    desk.do(TakeTicket(EWA, 1))
    assert desk.escalations() == ["assigned"]
    desk.pass_until(warsaw(23, "11:00"))
    assert desk.escalations() == ["assigned", "open"], "the breach is a matter of its own"
    over = EscalationDesk(unassigned_percent=50)
    over.pass_until(warsaw(23, "10:30"))
    over.take_over(JAN)
    assert (over.escalations(), over.ticket(1).assignee) == (["assigned"], JAN.user)
    given = EscalationDesk(unassigned_percent=50)
    given.pass_until(warsaw(23, "10:30"))
    given.reassign(EWA)
    assert given.escalations() == ["open"], "whoever was given it is asked until something happens"
    taken = EscalationDesk(unassigned_percent=50)
    taken.do(TakeTicket(EWA, 1))
    taken.pass_until(warsaw(23, "10:59"))
    assert taken.escalations() == []


def test_at_night_an_8x5_one_waits_for_the_opening_and_a_critical_one_does_not() -> None:
    night = EscalationDesk(NON_CRITICAL, weekly=(NIGHTS,))
    night.reply(NextTurn.NOBODY)
    night.pass_until(warsaw(23, "18:30"))
    night.escalate()
    night.pass_until(warsaw(24, "08:59"))
    assert night.calls() == []
    night.pass_until(warsaw(24, "09:00"))
    assert night.calls() == [("24 09:00", "step", 1, (EWA.user, OLA.user))], "a gap by day; Ewa has the ticket"
    assert night.effects(PostEscalationCall)[0].nobody == ("on_duty",)
    urgent = EscalationDesk(NON_CRITICAL, weekly=(NIGHTS,))
    urgent.reply(NextTurn.NOBODY)
    urgent.pass_until(warsaw(23, "18:30"))
    urgent.escalate()
    urgent.set_priority(Priority.CRITICAL)
    assert [call[0] for call in urgent.calls()] == [], "its timer has come, and calls when it fires"
    urgent.pass_until(warsaw(23, "18:31"))
    assert urgent.calls() == [("23 18:30", "step", 0, (EWA.user,))], "what becomes critical waits for no opening"


def test_on_a_holiday_an_8x5_one_waits_and_a_critical_one_does_not() -> None:
    christmas = datetime(2026, 12, 24, 10, 0, tzinfo=WARSAW)  # Thursday; closed until Monday
    desk = EscalationDesk(NON_CRITICAL, weekly=())
    desk.reply(NextTurn.NOBODY)
    desk.pass_until(christmas)
    desk.escalate()
    desk.pass_until(datetime(2026, 12, 28, 8, 59, tzinfo=WARSAW))
    assert desk.calls() == []
    desk.pass_until(datetime(2026, 12, 28, 9, 0, tzinfo=WARSAW))
    assert [call[:3] for call in desk.calls()] == [("28 09:00", "step", 0)]
    urgent = EscalationDesk(weekly=())
    urgent.reply(NextTurn.NOBODY)
    urgent.pass_until(christmas)
    urgent.escalate()
    urgent.pass_until(christmas + 11 * MINUTE)
    assert [call[:2] for call in urgent.calls()] == [("24 10:00", "step"), ("24 10:10", "repeat")]


def test_the_chain_itself_may_say_otherwise() -> None:
    steps = [
        {"who": ["team_lead"], "after": "0s", "calendar": "24x7"},
        {"who": ["manager"], "after": "1h", "calendar": "8x5"},
    ]
    desk = EscalationDesk(NON_CRITICAL, steps=steps, repeat_every="1h")
    desk.reply(NextTurn.NOBODY)
    desk.pass_until(warsaw(23, "18:30"))
    desk.escalate()
    desk.pass_until(warsaw(23, "20:31"))
    assert [call[:3] for call in desk.calls()] == [
        ("23 18:30", "step", 0), ("23 19:30", "repeat", 0), ("23 20:30", "repeat", 0)
    ]  # fmt: skip
    desk.pass_until(warsaw(24, "10:00"))
    assert [call[:3] for call in desk.calls()][-1] == ("24 10:00", "step", 1), "an hour of service time after the first"


def test_a_step_in_service_hours_silences_no_critical_one_at_night() -> None:
    steps = [{"who": ["on_duty"], "after": "0s"}, {"who": ["team_lead"], "after": "15min", "calendar": "8x5"}]
    desk = EscalationDesk(steps=steps, weekly=())
    desk.reply(NextTurn.NOBODY)
    desk.pass_until(warsaw(23, "16:40"))
    desk.escalate()
    desk.pass_until(warsaw(23, "17:06"))
    everybody = (EWA.user, JAN.user, OLA.user)
    assert desk.calls() == [
        ("23 16:40", "step", 0, everybody), ("23 16:50", "repeat", 0, everybody), ("23 16:55", "step", 1, (OLA.user,)),
        ("23 17:05", "repeat", 0, everybody),
    ]  # fmt: skip
    desk.snooze(timedelta(hours=1))
    desk.pass_until(warsaw(23, "18:17"))
    assert [call[:3] for call in desk.calls()][4:] == [("23 18:06", "snooze_over", 0), ("23 18:16", "repeat", 0)]
    desk.pass_until(warsaw(24, "09:31"))
    assert {call[2] for call in desk.calls() if call[0] > "24 09:07"} == {1}, "in the morning the leads again"
    assert [call[:2] for call in desk.calls()].count(("23 16:55", "step")) == 1


def test_a_late_delivery_calls_at_any_hour_also_where_it_joins_or_the_priority_changes() -> None:
    desk = EscalationDesk(NON_CRITICAL)
    desk.reply(NextTurn.NOBODY)
    desk.pass_until(warsaw(23, "16:00"))
    desk.start_clock(ClockKind.DELIVERY)
    desk.pass_until(warsaw(23, "18:30"))
    desk.escalate()
    desk.pass_until(warsaw(24, "00:01"))
    assert [call[:3] for call in desk.calls()] == [("24 00:00", "step", 1)], "nobody is on duty at night"
    desk.set_priority(Priority.CRITICAL)
    desk.set_priority(Priority.NON_CRITICAL)
    desk.pass_until(warsaw(24, "01:01"))
    assert [call[:3] for call in desk.calls()][1:] == [("24 01:00", "repeat", 1)]


def test_with_no_rota_at_all_every_engineer_is_on_duty() -> None:
    desk = EscalationDesk(weekly=())
    desk.escalate()
    assert desk.calls() == [("23 10:00", "step", 0, (EWA.user, JAN.user, OLA.user))]


def test_whoever_has_the_ticket_is_called_with_the_one_on_duty() -> None:
    desk = EscalationDesk()
    desk.do(TakeTicket(EWA, 1))
    desk.escalate()
    assert desk.calls() == [("23 10:00", "step", 0, (EWA.user, JAN.user))]


def test_after_a_stop_one_call_is_made_and_then_the_rest_in_their_time() -> None:
    desk = EscalationDesk()
    desk.pass_until(warsaw(23, "11:00"))
    desk.sleep_until(warsaw(23, "13:00"))
    assert [call[:3] for call in desk.calls()[1:]] == [("23 13:00", "step", 1)]
    desk.pass_until(warsaw(23, "13:16"))
    assert [call[:3] for call in desk.calls()[2:]] == [("23 13:10", "repeat", 1), ("23 13:15", "step", 2)]


def test_a_snoozed_one_is_silent_for_a_bounded_time_and_then_calls_again() -> None:
    desk = EscalationDesk()
    desk.escalate()
    desk.snooze(5 * timedelta(hours=1))
    assert desk.told() == [("snooze_too_long", None)]
    desk.snooze(timedelta(hours=1))
    desk.pass_until(warsaw(23, "10:59"))
    assert len(desk.calls()) == 1
    desk.pass_until(warsaw(23, "11:20"))
    assert desk.calls()[1:] == [
        ("23 11:00", "snooze_over", 0, (JAN.user, EWA.user)),
        ("23 11:10", "repeat", 0, (JAN.user, EWA.user)),
        ("23 11:15", "step", 1, (OLA.user,)),
    ]


def test_the_customer_who_escalated_by_mail_hears_who_has_it_and_how_it_ended() -> None:
    desk = EscalationDesk()
    desk.write(ANNA, "Nikt nie dzwoni!", answer=desk.last_mail, to="escalation@myhezo.pl")
    assert (desk.last.source, desk.last.requester, desk.last.reason) == ("mail", ANNA, "Nikt nie dzwoni!")
    before = len(desk.mails)
    desk.acknowledge(ZOFIA)
    desk.reassign(JAN)
    desk.reassign(JAN)
    said = [mail.text for mail in desk.mails_to(ANNA)[before:]]
    assert ["Zofia Menedżer" in said[0], "Jan Nowak" in said[1], len(said)] == [True, True, 2]
    assert desk.ticket(1).assignee == JAN.user
    desk.resolve(JAN)
    assert desk.told()[-1] == ("escalation_for_managers", None), "who asked for managers is answered by one"
    desk.resolve(ZOFIA, "Urządzenie zastępcze dotrze jutro przed południem.")
    assert "dotrze jutro" in desk.last_mail.text
    assert "Wysłano urządzenie" not in "".join(mail.text for mail in desk.mails), "internal words stay with us"
    assert desk.last_mail.references, "the mails stay in the customer's thread"


def test_an_english_customer_reads_english() -> None:
    desk = EscalationDesk()
    desk.write(
        ANNA, "Nobody calls us back, and the firewall is still down.", answer=desk.last_mail, to="escalation@myhezo.pl"
    )
    desk.acknowledge(ZOFIA)
    assert "It is now with Zofia Menedżer" in desk.last_mail.text


def test_a_customers_words_only_propose_it() -> None:
    desk = EscalationDesk()
    desk.answer("Od rana cisza. Proszę o eskalację!")
    assert desk.escalations() == []
    [post] = [post for post in desk.posts if post.note is Note.ESCALATION_PROPOSED]
    assert post.data["words"] == "Proszę o eskalację"
    assert post.mention == (JAN.user,)
    message = post.data["message"]
    assert isinstance(message, int)
    desk.do(EscalateTicket(EWA, 1, "prosi klient", message))
    assert (desk.last.source, desk.last.requester) == ("customer", ANNA)
    desk.answer("Nadal proszę o eskalację!")
    assert len([post for post in desk.posts if post.note is Note.ESCALATION_PROPOSED]) == 1


def test_a_call_to_the_phone_for_escalations_is_logged_and_meets_no_clock() -> None:
    desk = EscalationDesk()
    desk.do(LogEscalationCall(EWA, 1, "Anna Kowal", "Czekamy na telefon"))
    assert (desk.last.source, desk.last.reason, desk.last.requester) == (
        "phone", "Anna Kowal: Czekamy na telefon", ANNA
    )  # fmt: skip
    assert ClockKind.REACTION in desk.clocks(1)
    desk.do(LogEscalationCall(EWA, 1, "Anna Kowal", "Jeszcze raz", "adres"))
    assert desk.told() == [("no_address", None)]


def test_a_call_of_somebody_without_a_ticket_is_a_case_that_can_be_tied_to_one() -> None:
    desk = EscalationDesk()
    desk.do(LogEscalationCall(EWA, None, "Piotr Nowak", "Od rana nikt nie dzwoni, brak dostępu do urządzenia", OBCY))
    case, target = desk.ticket(desk.last.ticket_id), desk.ticket(1)
    assert (case.state, case.priority, case.requester, case.requester_name, case.subject) == (
        TicketState.INCOMPLETE, Priority.CRITICAL, OBCY, "Piotr Nowak", "Eskalacja telefoniczna"
    )  # fmt: skip
    assert (desk.last.source, desk.last.requester, desk.clocks(case.id)) == ("phone", OBCY, [ClockKind.INTAKE])
    assert desk.calls() == [("23 10:00", "step", 0, (JAN.user,))]
    assert desk.told() == [("escalation_case_opened", None)]
    assert desk.mails_to(OBCY) == [], "they were talked to; a mail tells them who has it"
    desk.acknowledge(JAN)
    assert "Jan Nowak" in desk.mails_to(OBCY)[-1].text
    desk.do(TieEscalation(EWA, case.id, desk.last.id, target.number))
    assert (desk.last.ticket_id, desk.ticket(case.id).state) == (target.id, TicketState.CLOSED)
    [raised] = [post.data for post in desk.posts if post.ticket == target.number and post.note is Note.ESCALATION]
    assert raised["reason"] == "Piotr Nowak: Od rana nikt nie dzwoni, brak dostępu do urządzenia"
    assert OBCY in desk.database.tables.participants[target.id]


def test_a_case_of_a_call_without_an_address_ends_with_its_escalation() -> None:
    desk = EscalationDesk()
    desk.do(LogEscalationCall(EWA, None, "Piotr", "Nikt nie dzwoni", device="FGT70GTK25008471"))
    case = desk.ticket(desk.last.ticket_id)
    assert [device.serial for device in case.devices] == ["FGT70GTK25008471"]
    assert (case.priority, case.priority_confirmed, desk.last.requester) == (Priority.NON_CRITICAL, False, None)
    assert "" not in desk.database.tables.participants.get(case.id, set())
    mails = len(desk.mails)
    desk.acknowledge(JAN)
    desk.resolve(ZOFIA)
    assert (desk.ticket(case.id).state, desk.clocks(case.id), len(desk.mails)) == (TicketState.CLOSED, [], mails)
    desk.do(LogEscalationCall(EWA, None, "Piotr", "Jeszcze raz", "adres"))
    desk.do(LogEscalationCall(SlackPerson("U0OBCY", "Obcy", "C0SHARED"), None, "x", "y"))
    assert [what for what, _ in desk.told()[1:]] == ["no_address", "not_allowed"]
    assert len(desk.tickets) == 2
    desk.do(LogEscalationCall(EWA, None, "Piotr", "Bez adresu"))
    desk.do(TieEscalation(EWA, desk.last.ticket_id, desk.last.id, desk.ticket(1).number))
    assert "" not in desk.database.tables.participants[1]


def test_a_call_with_all_numbers_by_a_representative_is_a_report() -> None:
    desk = EscalationDesk()
    words = "FG1K0FTB22900191, umowa HZ360-2026-000102: device is down, priority critical"
    desk.do(LogEscalationCall(EWA, None, "John", words, JOHN.upper()))
    report = desk.ticket(desk.last.ticket_id)
    assert (report.state, report.language, report.accepted_at) == (TicketState.OPEN, "en", desk.clock.now())
    assert desk.clocks(report.id) == [ClockKind.REACTION]
    assert desk.mails_to(JOHN)[-1].subject == f"[{report.number}] Escalation by phone"
    desk.do(TieEscalation(EWA, report.id, desk.last.id, desk.ticket(1).number))
    assert desk.told()[-1] == ("escalation_has_its_ticket", None), "it has become one of its own"
    desk.resolve(ZOFIA)
    assert desk.ticket(report.id).is_open, "the report goes on"


def test_a_mail_that_names_no_ticket_is_a_case_that_can_be_tied_to_one() -> None:
    desk = EscalationDesk()
    desk.write(OBCY, "To skandal!", subject="Skarga", to="escalation@myhezo.pl")
    case, target = desk.ticket(desk.last.ticket_id), desk.ticket(1)
    assert case.state is TicketState.INCOMPLETE
    desk.do(TieEscalation(EWA, case.id, desk.last.id, "HEZO-2026-000999"))
    desk.do(TieEscalation(EWA, case.id, desk.last.id, target.number))
    assert desk.told() == [("no_such_ticket", None)]
    assert desk.last.ticket_id == target.id
    assert desk.ticket(case.id).state is TicketState.CLOSED
    assert "To skandal!" in [post.data.get("text") for post in desk.posts if post.ticket == target.number]
    desk.do(AcknowledgeEscalation(JAN, case.id, desk.last.id))
    assert desk.told()[1:] == [("escalation_moved", EWA.user)]
    desk.pass_until(desk.clock.now() + 11 * MINUTE)
    assert [call[1] for call in desk.calls()] == ["step", "repeat"], "the chain goes on, and only once"
    desk.acknowledge()
    assert "Jan Nowak" in desk.mails_to(OBCY)[-1].text


def test_a_mail_that_names_the_device_or_the_contract_finds_the_senders_ticket() -> None:
    for words in ("Co z FG121GTK25004672?", "Umowa HZ360-2026-000101, nikt nie dzwoni."):
        desk = EscalationDesk()
        desk.write(ANNA, words, subject="Skarga", to="escalation@myhezo.pl")
        assert (len(desk.tickets), desk.last.ticket_id) == (1, 1)
    desk = EscalationDesk()
    desk.write(OBCY, "Co z FG121GTK25004672?", subject="Skarga", to="escalation@myhezo.pl")
    assert desk.last.ticket_id != 1, "a stranger's word moves nobody's ticket"


def test_what_is_tied_to_an_escalated_ticket_joins_its_escalation() -> None:
    desk = EscalationDesk()
    desk.escalate()
    desk.write(OBCY, "To skandal!", subject="Skarga", to="escalation@myhezo.pl")
    desk.do(TieEscalation(EWA, desk.last.ticket_id, desk.last.id, desk.ticket(1).number))
    assert sorted(desk.escalations()) == ["joined", "open"]
    [first, _] = desk.database.tables.escalations.values()
    assert first.requester == OBCY


def test_while_slack_is_down_a_call_leaves_by_mail_and_webhook_within_a_minute() -> None:
    desk = EscalationDesk()
    desk.slack_takes = False
    desk.pass_until(warsaw(23, "11:00:59"))
    assert len(desk.alerts()) == 1
    [ring] = desk.effects(CallWebhook)
    assert (ring.data["slack_down"], ring.data["ticket"]) == (True, desk.ticket(1).number)
    desk.slack_takes = True
    desk.pass_until(warsaw(23, "11:14"))
    assert (len(desk.alerts()), len(desk.rings())) == (1, 1), "the repeat at 11:10 was taken"
    desk.acknowledge()
    assert desk.rings() == ["call", "acknowledged"], "what rang because Slack was down learns that it may stop"
    desk.resolve()
    assert desk.rings()[-1] == "ended"


def test_shifts_that_people_set_stand_before_the_week_and_can_be_taken_back_and_swapped() -> None:
    desk = EscalationDesk(weekly=({"user": JAN.user, "days": [1, 2], "from": "00:00", "to": "00:00"},))
    desk.do(SetShift(OLA, EWA.user, warsaw(23, "09:00"), warsaw(23, "12:00")))
    desk.escalate()
    assert desk.calls()[-1][3] == (EWA.user,)
    [shift] = desk.database.tables.duty_shifts.values()
    desk.do(RemoveShift(OLA, shift.id))
    desk.do(RemoveShift(OLA, shift.id))
    for wrong in (
        SetShift(OLA, "U0OBCY", warsaw(24, "09:00"), warsaw(24, "12:00")),
        SetShift(OLA, EWA.user, warsaw(24, "12:00"), warsaw(24, "09:00")),
        SetShift(OLA, EWA.user, warsaw(22, "09:00"), warsaw(22, "10:00")),
        SetShift(OLA, EWA.user, warsaw(24, "09:00"), warsaw(24, "10:00"), EWA.user),
        SwapShifts(OLA, warsaw(23, "12:00"), warsaw(26, "12:00")),
        SwapShifts(OLA, warsaw(23, "12:00"), warsaw(24, "12:00")),
    ):
        desk.do(wrong)
    assert [what for what, _ in desk.told() if what != "shift_set"] == [
        "shift_removed", "shift_gone", "shift_not_staff", "shift_no_span", "shift_is_past", "shift_same_person",
        "swap_nobody", "swap_same_person",
    ]  # fmt: skip
    desk.do(SetShift(OLA, EWA.user, warsaw(25, "00:00"), warsaw(26, "00:00")))
    desk.do(SwapShifts(OLA, warsaw(24, "12:00"), warsaw(25, "12:00")))
    assert [on for _, on in desk.duties(warsaw(23, "12:00"), warsaw(27, "00:00"))] == [
        JAN.user, EWA.user, JAN.user, None
    ]  # fmt: skip


def test_who_stands_in_is_announced_as_well() -> None:
    desk = EscalationDesk()
    desk.do(SetShift(OLA, EWA.user, warsaw(24, "09:00"), warsaw(24, "17:00"), JAN.user))
    [told] = [effect for effect in desk.effects(PostOperator) if effect.what.startswith("duty_set")]
    assert (told.what, told.data["user"], told.data["substitute"]) == ("duty_set_with", EWA.user, JAN.user)
    assert desk.told() == [("shift_set_with", EWA.user)]


def test_a_gap_is_announced_once_at_an_hour_at_which_somebody_can_close_it() -> None:
    desk = EscalationDesk(weekly=({"user": JAN.user, "days": [1, 2, 3, 4, 6, 7], "from": "00:00", "to": "00:00"},))
    for hour in ("10:00", "12:00"):  # Friday lies more than three days ahead
        desk.clock.time = warsaw(23, hour)
        desk.look_for_gaps()
    assert desk.gaps() == []
    desk.clock.time = warsaw(24, "20:00")
    desk.look_for_gaps()
    assert desk.gaps() == [], "nobody is told at night of what is far ahead"
    for day in (25, 26):
        desk.clock.time = warsaw(day, "09:00")
        desk.look_for_gaps()
    assert [gap["since"] for gap in desk.gaps()] == ["pt., 27 lis 2026, 00:00"]
