"""Uses of entitlements from the customer's words to the count, and two engineers who want the last one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.commands import NextTurn, ReplyToCustomer, SlackPerson
from bot.commands_acting import MergeTicket
from bot.effects import Note, PostEntitlement, TellUser
from bot.entitlement_commands import (
    ChooseEntitlement,
    CorrectEntitlement,
    DecideEntitlement,
    Decision,
    RecordEntitlement,
)
from bot.entitlements import Entitlement, EntitlementUse, UseState
from bot.model import ClockKind, ClockState, Contract
from bot.replacements import Fate
from bot.rules.contract_numbers import fold
from tests.handlers.desk import ANNA, DAIRY, EWA, Desk
from tests.handlers.replacing import NEW, OLD, ReplacementDesk
from tests.handlers.timekeeping import REPORT, Timekeeper, warsaw

SERIAL = "FG121GTK25004672"
JAN = SlackPerson("U0ZOFIA", "Zofia", "C0SUPPORT")
CHANGE, REVIEW, DEPLOYMENT, ON_SITE = (
    Entitlement.CONFIGURATION_CHANGE,
    Entitlement.REVIEW,
    Entitlement.REMOTE_DEPLOYMENT,
    Entitlement.ON_SITE_INSTALLATION,
)
ASKS = "Proszę o zmianę konfiguracji: dodanie reguły dla serwera poczty."


class EntitledDesk(Timekeeper):
    """Anna asks for something that her contract entitles her to."""

    def __init__(self, words: str = ASKS, contract: Contract = DAIRY, **intake: Any) -> None:
        self._contract = contract
        super().__init__(words, **intake)

    def write(self, *args: Any, **more: Any) -> str:
        self.database.tables.contracts[fold(self._contract.number)] = self._contract
        return super().write(*args, **more)

    @property
    def uses(self) -> list[EntitlementUse]:
        return list(self.database.tables.entitlement_uses.values())

    @property
    def states(self) -> list[str]:
        return [str(use.state) for use in self.uses]

    def decide(self, decision: Decision, taken: int = 0, use: int = -1, by: SlackPerson = EWA) -> None:
        which = self.uses[use]
        self.do(DecideEntitlement(by, which.ticket_id, which.id, decision, taken))

    def record(self, kind: Entitlement = CHANGE, done_on: date | None = None, serial: str = SERIAL) -> None:
        self.do(RecordEntitlement(EWA, 1, kind, serial, "Telefon", done_on))

    def told(self) -> list[str]:
        """What people were told alone."""
        rows = self.database.tables.outbox.values()
        return [row.effect.what for row in rows if isinstance(row.effect, TellUser)]

    def panels(self) -> int:
        return sum(isinstance(row.effect, PostEntitlement) for row in self.database.tables.outbox.values())


def used_desk(done: int, words: str = ASKS) -> EntitledDesk:
    """So many configuration changes are done before Anna asks."""
    desk = EntitledDesk("Problem niekrytyczny.")
    for _ in range(done):
        desk.record(done_on=date(2026, 11, 20))
    desk.write(ANNA, words, answer=desk.last_mail)
    return desk


def test_words_are_proposed_to_the_engineers_and_nothing_is_assumed() -> None:
    desk = EntitledDesk()
    [use] = desk.uses
    assert (use.kind, use.state, use.serial, use.words) == (CHANGE, UseState.ASKED, SERIAL, ASKS[:-1])
    assert desk.panels() == 1
    assert len(desk.mails_to(ANNA)) == 1, "the acknowledgement alone"
    desk.answer("Proszę o zmianę konfiguracji, naprawdę.")
    assert len(desk.uses) == 1, "it waits already"
    desk.decide(Decision.DROP)
    assert desk.states == [UseState.DROPPED]
    assert len(desk.mails_to(ANNA)) == 1, "the customer hears nothing of it"


def test_agreed_and_done_is_counted_and_the_customer_reads_the_count() -> None:
    desk = used_desk(2)
    desk.decide(Decision.AGREE, taken=2)
    assert desk.states[-1] == UseState.AGREED
    assert (
        "przyjęliśmy Państwa prośbę o zdalną zmianę konfiguracji (zgłoszenie HEZO-2026-000001)" in desk.last_mail.text
    )
    assert "Wykorzystano 2 z 5 zmian konfiguracji w roku umowy, który trwa do 28 lutego 2027." in desk.last_mail.text
    assert "Uzgodnione, jeszcze niewykonane: 1." in desk.last_mail.text
    desk.decide(Decision.DONE)
    assert desk.states[-1] == UseState.DONE
    assert desk.uses[-1].done_on == date(2026, 11, 23)
    assert "Wykorzystano 3 z 5 zmian konfiguracji" in desk.last_mail.text
    assert "Uzgodnione" not in desk.last_mail.text
    done = desk.journal(1, "entitlement_done")[-1]
    assert (done["used"], done["agreed"], done["allowance"], done["beyond"]) == (2, 0, 5, False)
    desk.decide(Decision.DONE)
    assert desk.told()[-1] == "entitlement_is_done"
    assert desk.states.count(UseState.DONE) == 3


def test_over_the_allowance_an_engineer_decides_and_the_customer_is_told() -> None:
    desk = used_desk(5)
    desk.decide(Decision.AGREE, taken=5)
    assert desk.states[-1] == UseState.ASKED, "nothing is granted silently"
    assert desk.told()[-1] == "entitlement_used_up"
    desk.decide(Decision.GRANT, taken=5)
    assert (desk.states[-1], desk.uses[-1].beyond) == (UseState.AGREED, True)
    assert "wykracza ona poza liczbę przysługującą w ramach umowy" in desk.last_mail.text
    assert desk.journal(1, "entitlement_agreed")[-1]["beyond"] is True
    desk.decide(Decision.DONE)
    assert "Wykorzystano 6 z 5 zmian" in desk.last_mail.text
    declined = used_desk(5)
    declined.decide(Decision.DECLINE, taken=5)
    assert declined.states[-1] == UseState.DECLINED
    assert "nie możemy przyjąć Państwa prośby o zdalną zmianę konfiguracji" in declined.last_mail.text
    assert "Wykorzystano 5 z 5 zmian" in declined.last_mail.text
    declined.decide(Decision.GRANT, taken=5, by=JAN)
    assert declined.told()[-1] == "entitlement_is_declined"


def test_of_two_who_want_the_last_one_the_second_decides_anew() -> None:
    desk = used_desk(4)
    desk.write(ANNA, f"Prosimy też o dodanie nowego VLAN dla gości. {REPORT}", subject="Druga sprawa")
    assert [use.ticket_id for use in desk.uses if use.state is UseState.ASKED] == [1, desk.uses[-1].ticket_id]
    desk.decide(Decision.AGREE, taken=4, use=-2)
    desk.decide(Decision.AGREE, taken=4, by=JAN)
    assert desk.states[-2:] == [UseState.AGREED, UseState.ASKED]
    assert desk.told()[-1] == "entitlement_used_up"
    desk.decide(Decision.GRANT, taken=4, by=JAN)
    assert desk.states[-1] == UseState.ASKED, "who goes over it has to have seen the count that counts"
    desk.decide(Decision.GRANT, taken=5, by=JAN)
    assert desk.states[-1] == UseState.AGREED


def test_what_is_done_in_the_next_year_counts_there_and_needs_a_decision_where_that_is_used_up() -> None:
    desk = EntitledDesk()
    desk.decide(Decision.AGREE)
    desk.clock.time = desk.clock.time.replace(year=2027, month=3, day=2)
    for _ in range(5):
        desk.record(done_on=date(2027, 3, 1))
    assert desk.states[-1] == UseState.ASKED, "what is agreed holds its place in the new year"
    desk.decide(Decision.GRANT, taken=5)
    desk.decide(Decision.DONE, use=0)
    assert desk.states[0] == UseState.AGREED
    assert desk.told()[-1] == "entitlement_used_up"
    desk.decide(Decision.DONE_BEYOND, taken=5, use=0)
    assert (desk.states[0], desk.uses[0].beyond, desk.uses[0].done_on) == (UseState.DONE, True, date(2027, 3, 2))
    assert "Wykorzystano 6 z 5 zmian konfiguracji w roku umowy, który trwa do 29 lutego 2028." in desk.last_mail.text


def test_a_correction_is_journaled_and_frees_the_place() -> None:
    desk = used_desk(5)
    use = desk.uses[0]
    desk.do(CorrectEntitlement(EWA, 1, use.id, "Wpisane dwa razy"))
    assert desk.states[0] == UseState.DROPPED
    taken_back = desk.journal(1, "entitlement_taken_back")[-1]
    assert (taken_back["reason"], taken_back["was"]) == ("Wpisane dwa razy", UseState.DONE)
    assert "nie zostanie policzona" in desk.last_mail.text
    assert "Wykorzystano 4 z 5" in desk.last_mail.text
    assert "dwa razy" not in desk.last_mail.text, "what is for colleagues stays inside"
    desk.decide(Decision.AGREE, taken=4)
    assert desk.states[-1] == UseState.AGREED


def test_a_deployment_runs_against_seven_days_from_the_request() -> None:
    desk = EntitledDesk("Proszę o zdalne wdrożenie nowego urządzenia.")
    desk.pass_until(warsaw(23, "12:00"))
    desk.decide(Decision.AGREE)
    assert desk.due(ClockKind.DEPLOYMENT) == "30 10:00"
    assert "Wykonamy to najpóźniej do: poniedziałek, 30 listopada 2026, 10:00 (CET)." in desk.last_mail.text
    assert "Zdalne wdrożenie przysługuje raz dla każdego urządzenia; wykorzystano 0 z 1." in desk.last_mail.text
    desk.reply(NextTurn.NOBODY)
    desk.pass_until(warsaw(27, "16:00"))
    assert desk.said(Note.REMINDER)[-1] == "50", "half of it ended at night: engineers hear of it at nine"
    desk.decide(Decision.DONE)
    assert desk.clock_of(ClockKind.DEPLOYMENT).state is ClockState.MET
    desk.record(DEPLOYMENT)
    assert desk.states[-1] == UseState.ASKED, "once is once"


def test_an_overdue_deployment_is_a_breach() -> None:
    desk = EntitledDesk("Proszę o zdalne wdrożenie nowego urządzenia.")
    desk.decide(Decision.AGREE)
    desk.reply(NextTurn.NOBODY)
    desk.pass_until(warsaw(30, "10:00"))
    assert desk.said(Note.BREACH)[-1] == "100"
    assert desk.clock_of(ClockKind.DEPLOYMENT).breached_at == warsaw(30, "10:00")
    assert desk.escalations()[-1] == "open"
    desk.decide(Decision.DONE)
    assert desk.escalations()[-1] != "open"


def test_an_installation_on_site_is_for_contracts_that_have_it() -> None:
    words = "Prosimy o instalację on-site."
    desk = EntitledDesk(words)
    desk.decide(Decision.AGREE)
    assert desk.states == [UseState.ASKED]
    entitled = EntitledDesk(words, replace(DAIRY, on_site=True))
    entitled.decide(Decision.AGREE)
    assert entitled.states == [UseState.AGREED]
    assert entitled.clock_of(ClockKind.INSTALLATION).due_at - entitled.uses[0].requested_at == timedelta(days=14)


@pytest.mark.parametrize("turn", [NextTurn.RESOLVED, None])
def test_what_is_agreed_is_asked_for_when_its_ticket_ends(turn: NextTurn | None) -> None:
    desk = EntitledDesk()
    desk.decide(Decision.AGREE)
    if turn is None:
        desk.close()
    else:
        desk.reply(turn)
    [asked] = [post for post in desk.posts if post.note is Note.SERVICES_OPEN]
    assert asked.data == {"kinds": [CHANGE]}
    desk.decide(Decision.DONE)
    assert desk.states == [UseState.DONE], "also afterwards"
    settled = EntitledDesk()
    settled.decide(Decision.DROP)
    settled.close()
    assert Note.SERVICES_OPEN not in settled.notes(1)


def test_taking_back_what_was_agreed_ends_its_clock() -> None:
    desk = EntitledDesk("Proszę o zdalne wdrożenie nowego urządzenia.")
    desk.decide(Decision.AGREE)
    desk.do(CorrectEntitlement(EWA, 1, desk.uses[0].id, "Klient zrezygnował"))
    assert desk.clock_of(ClockKind.DEPLOYMENT).state is ClockState.CANCELLED


def test_an_engineer_says_which_service_and_device_is_meant() -> None:
    desk = EntitledDesk("Proszę o przegląd konfiguracji.")
    use = desk.uses[0]
    desk.do(ChooseEntitlement(EWA, 1, use.id, CHANGE, "FGT60FTK99999999"))
    assert desk.told()[-1] == "entitlement_no_device"
    assert desk.states == [UseState.ASKED]
    desk.do(ChooseEntitlement(EWA, 1, use.id, CHANGE, SERIAL))
    assert (desk.uses[0].kind, desk.uses[0].state) == (CHANGE, UseState.AGREED)
    assert "zdalną zmianę konfiguracji" in desk.last_mail.text


def test_with_several_devices_the_engineer_names_one() -> None:
    two = replace(DAIRY, devices=(*DAIRY.devices, replace(DAIRY.devices[0], serial="FG121GTK25004680")))
    desk = EntitledDesk(f"Klaster: FG121GTK25004680. {ASKS}", two)
    assert desk.uses[0].serial is None
    desk.decide(Decision.AGREE)
    assert desk.told()[-1] == "entitlement_which_device"
    desk.do(ChooseEntitlement(EWA, 1, desk.uses[0].id, CHANGE, "FG121GTK25004680"))
    assert desk.states == [UseState.AGREED]


def test_a_report_that_becomes_complete_is_read_again() -> None:
    desk = Desk()
    desk.write(ANNA, "Proszę o zmianę konfiguracji urządzenia FG121GTK25004672.")
    uses = desk.database.tables.entitlement_uses
    assert not uses, "nobody knows yet of which contract"
    desk.write(ANNA, "Umowa HZ360-2026-000101.", answer=desk.mails[-1])
    assert [use.kind for use in uses.values()] == [CHANGE]


def test_a_stranger_may_not_decide_and_a_recorded_use_needs_a_contract() -> None:
    desk = EntitledDesk()
    desk.decide(Decision.AGREE, by=SlackPerson("U0OBCY", "Obcy", "C0SUPPORT"))
    assert desk.told() == ["not_allowed"]
    desk.record(done_on=date(2026, 11, 24))
    assert desk.told()[-1] == "entitlement_not_yet_done"
    desk.record(serial="FGT60FTK99999999")
    assert desk.told()[-1] == "entitlement_no_device"
    desk.write("ktos@klient.example", "Nie działa nam internet, proszę o pomoc.")
    desk.do(RecordEntitlement(EWA, desk.tickets[-1].id, CHANGE, SERIAL))
    assert desk.told()[-1] == "entitlement_no_contract"


@pytest.mark.parametrize("fate", list(Fate))
def test_a_replaced_device_keeps_its_counts(fate: Fate) -> None:
    desk = ReplacementDesk()
    desk.do(RecordEntitlement(EWA, 1, CHANGE, OLD, "", date(2026, 11, 20)))
    desk.asked()
    desk.log_confirmation()
    desk.dispatch()
    desk.deliver(fate=fate)
    [use] = desk.database.tables.entitlement_uses.values()
    assert use.serial == (NEW if fate is Fate.REPLACES else OLD)
    desk.do(RecordEntitlement(EWA, 1, CHANGE, NEW))
    counts = "Wykorzystano 1 z 5" if fate is Fate.REPLACES else "Wykorzystano 0 z 5"
    assert counts in desk.last_mail.text


def test_english_customers_read_english() -> None:
    desk = EntitledDesk("Hello, please change the configuration of our VPN. Non-critical problem.")
    desk.decide(Decision.AGREE)
    text = desk.last_mail.text
    assert "We have accepted your request for a remote configuration change (report HEZO-2026-000001)" in text
    assert "You have used 0 of 5 configuration changes in the contract year that ends on 28 February 2027." in text
    desk.do(ReplyToCustomer(EWA, 1, "Done.", NextTurn.RESOLVED))
    desk.decide(Decision.DONE)
    assert "You have used 1 of 5 configuration changes" in desk.last_mail.text


def test_what_is_agreed_on_a_merged_ticket_goes_on_on_the_surviving_one() -> None:
    desk = EntitledDesk("Pytanie o licencję.")
    desk.write(ANNA, f"Prosimy o zdalne wdrożenie urządzenia. Pytanie. {REPORT}")
    desk.decide(Decision.AGREE)
    [use] = desk.uses
    assert use.ticket_id == 2
    use.slack_ts = "1700000005.000100"
    due = desk.database.tables.clocks[use.clock_id or 0].due_at
    desk.do(MergeTicket(EWA, 2, 1))
    [use] = desk.uses
    clock = desk.database.tables.clocks[use.clock_id or 0]
    assert (use.ticket_id, use.slack_ts, clock.ticket_id, clock.due_at) == (1, None, 1, due), "the promised time stands"
    left = [row.effect for row in desk.database.tables.outbox.values() if isinstance(row.effect, PostEntitlement)]
    assert PostEntitlement(2, use.id, left_ts="1700000005.000100") in left
    assert Note.SERVICES_OPEN not in [post.note for post in desk.posts]
    desk.do(DecideEntitlement(EWA, 2, use.id, Decision.DONE, 0))
    assert desk.told()[-1] == "entitlement_moved", "a button that was shown before"
    desk.decide(Decision.DONE)
    assert desk.states == ["done"]
    assert desk.database.tables.clocks[use.clock_id or 0].state is ClockState.MET


def test_a_promise_opens_an_ended_ticket_that_a_merge_goes_on_in() -> None:
    desk = EntitledDesk("Pytanie o licencję.")
    desk.write(ANNA, f"Prosimy o zdalne wdrożenie urządzenia. Pytanie. {REPORT}")
    desk.decide(Decision.AGREE)
    desk.do(ReplyToCustomer(EWA, 2, "Przygotowujemy je.", NextTurn.NOBODY))
    desk.do(ReplyToCustomer(EWA, 1, "Gotowe.", NextTurn.RESOLVED))
    desk.do(MergeTicket(EWA, 2, 1))
    assert desk.ticket(1).is_open
    assert ClockKind.DEPLOYMENT in desk.clocks(1)
