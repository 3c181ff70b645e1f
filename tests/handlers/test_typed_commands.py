"""What is typed behind `/hezo` on the whole desk, and what becomes of proposed escalations."""

from __future__ import annotations

from dataclasses import replace

from bot.commands import SetShift, SlackPerson, TypedCommand
from bot.effects import EditProposal, PostOperator, TellUser
from bot.escalation_commands import DecideProposal
from tests.handlers.desk import ANNA, EWA
from tests.handlers.escalating import JAN, ZOFIA, EscalationDesk
from tests.handlers.timekeeping import warsaw

JANS = replace(JAN, response_url="https://hooks.slack.com/commands/1")


def typed(desk: EscalationDesk, text: str, by: SlackPerson = JANS) -> TellUser:
    """Type it; gives the answer."""
    before = len(desk.effects(TellUser))
    desk.do(TypedCommand(replace(by, at=desk.clock.now()), text))
    [answer] = desk.effects(TellUser)[before:]
    assert isinstance(answer, TellUser)
    assert answer.response_url == by.response_url
    return answer


def test_a_shift_is_typed_shown_and_taken_back() -> None:
    desk = EscalationDesk()  # Monday, 10:00; Jan is on duty on working days from 8:00 to 18:00
    answer = typed(desk, f"on-duty set <@{EWA.user}|ewa> dziś 12:00 14:00 zastępca <@{ZOFIA.user}>")
    assert (answer.what, answer.data["who"]) == ("shift_set_with", EWA.user)
    shown = typed(desk, "on-duty show")
    assert shown.what == "duty_shown"
    entries = shown.data["entries"]
    assert isinstance(entries, list)
    number = entries[1][4]
    assert [entry[2:] for entry in entries[:4]] == [
        [JAN.user, EWA.user, None], [EWA.user, ZOFIA.user, number], [JAN.user, EWA.user, None], [None] * 3
    ]  # fmt: skip
    assert typed(desk, f"on-duty remove #{number}").what == "shift_removed"
    assert typed(desk, f"on-duty remove #{number}").what == "shift_gone"
    [said] = [effect for effect in desk.effects(PostOperator) if effect.what == "duty_removed"]
    assert (said.data["user"], said.data["by"]) == (EWA.user, JAN.user)


def test_me_is_who_types_and_a_swap_exchanges_two() -> None:
    desk = EscalationDesk()
    typed(desk, "dyżur ustaw ja jutro 18:00 20:00", replace(ZOFIA, response_url=JANS.response_url))
    desk.clock.move(minutes=1)
    desk.do(TypedCommand(replace(JAN, at=desk.clock.now()), "on-duty swap jutro 10:00 jutro 19:00"))
    on_duty = desk.duties(warsaw(24, "08:00"), warsaw(24, "20:00"))
    assert [user for _, user in on_duty] == [ZOFIA.user, JAN.user]


def test_a_ticket_is_escalated_by_its_number() -> None:
    desk = EscalationDesk()
    number = desk.ticket(1).number
    assert typed(desk, f"escalate {number} klient stoi").what == "ticket_escalated"
    assert (desk.last.source, desk.last.reason, desk.last.raised_by) == ("engineer", "klient stoi", JAN.user)
    assert typed(desk, "escalate HEZO-2020-000001 klient stoi").what == "ticket_unknown"


def test_help_mistakes_and_strangers_are_answered_and_forms_need_no_answer() -> None:
    desk = EscalationDesk()
    assert typed(desk, "").data == {"phone": "12 25 25 502", "hotline": "12 25 25 600"}
    assert (typed(desk, "listaa").what, typed(desk, "on-duty set @ewa x").what) == ("typed_unknown", "typed_no_person")
    stranger = replace(JANS, user="U0OBCY")
    for by in (stranger, replace(JANS, is_stranger=True)):
        assert typed(desk, "on-duty set ja dziś 12:00 14:00", by).what == "not_allowed"
    told = len(desk.told())
    desk.do(TypedCommand(JANS, "escalate call"))
    assert len(desk.told()) == told
    assert not desk.database.tables.duty_shifts


def proposed(desk: EscalationDesk) -> int:
    """The customer's message whose words are proposed."""
    desk.answer("Od rana cisza. Proszę o eskalację!")
    [line] = desk.journal(1, "escalation_proposed")
    message = line["message"]
    assert isinstance(message, int)
    return message


def test_an_accepted_proposal_escalates_for_the_customer_and_the_second_learns_who_was_first() -> None:
    desk = EscalationDesk()
    message = proposed(desk)
    desk.do(DecideProposal(JAN, 1, message, accept=True, post_ts="1.2"))
    assert (desk.last.source, desk.last.requester, desk.last.reason) == ("customer", ANNA, "Proszę o eskalację")
    desk.do(DecideProposal(EWA, 1, message, accept=False, post_ts="1.2"))
    assert desk.told() == [("proposal_decided", JAN.user)]
    [edit] = desk.effects(EditProposal)
    assert edit.data == {"by": JAN.user, "accepted": True, "words": "Proszę o eskalację", "address": ANNA}
    assert len(desk.escalations()) == 1


def test_a_declined_proposal_escalates_nothing() -> None:
    desk = EscalationDesk()
    message = proposed(desk)
    desk.do(DecideProposal(SlackPerson("U0OBCY", "Obcy", "C1"), 1, message, accept=True, post_ts="1.2"))
    assert desk.told() == [("not_allowed", None)]
    desk.do(DecideProposal(JAN, 1, message, accept=False, post_ts="1.2"))
    desk.do(DecideProposal(JAN, 1, message + 99, accept=True, post_ts="1.2"))
    assert desk.escalations() == []
    assert desk.journal(1, "escalation_proposal_decided") == [{"message": message, "accepted": False}]


def test_of_two_who_set_or_swap_duty_at_once_the_second_learns_what_was_set() -> None:
    desk = EscalationDesk()
    assert typed(desk, f"on-duty set <@{EWA.user}> dziś 12:00 14:00").what == "shift_set"
    zofia = replace(ZOFIA, channel="C0ESCALATION", response_url=JANS.response_url)
    told = typed(desk, f"on-duty set <@{ZOFIA.user}> dziś 13:00 15:00", zofia)
    assert (told.what, told.data["who"], told.data["to"]) == ("shift_meanwhile", JAN.user, EWA.user)
    assert len(desk.database.tables.duty_shifts) == 1
    [first] = desk.database.tables.duty_shifts
    form = SetShift(replace(zofia, saw=0), ZOFIA.user, warsaw(23, "13:00"), warsaw(23, "15:00"))
    desk.clock.move(minutes=5)
    desk.do(form)
    assert len(desk.database.tables.duty_shifts) == 1, "the form was open before"
    desk.do(replace(form, by=replace(zofia, saw=first)))
    assert len(desk.database.tables.duty_shifts) == 2, "who has seen it may"
    desk.clock.move(minutes=5)
    on_duty = desk.duties(warsaw(23, "12:00"), warsaw(23, "15:00"))
    swap = "on-duty swap dziś 12:30 dziś 14:00"
    desk.do(TypedCommand(replace(JANS, at=desk.clock.now()), swap))
    swapped = desk.duties(warsaw(23, "12:00"), warsaw(23, "15:00"))
    assert swapped != on_duty
    desk.do(TypedCommand(replace(zofia, at=desk.clock.now()), swap))
    assert desk.duties(warsaw(23, "12:00"), warsaw(23, "15:00")) == swapped, "two swaps would be none"
