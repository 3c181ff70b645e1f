"""The report of a review: delivered by mail, journaled, and counted as the review done."""

from __future__ import annotations

import email
import email.policy

import pytest

from bot.commands import FilesFetched, NextTurn, ReplyToCustomer
from bot.effects import FetchFiles
from bot.entitlement_commands import Decision, DeliverReport
from bot.entitlements import UseState
from bot.ports import OutboxRow
from bot.sendings import SharedFile
from tests.fakes.memory_database import run
from tests.handlers.desk import ANNA, EWA
from tests.handlers.test_entitlements import EntitledDesk

REPORT = SharedFile("F1", "raport.pdf", "application/pdf", 9, "https://files.slack.com/1")


class ReviewDesk(EntitledDesk):
    """A review is agreed."""

    def __init__(self) -> None:
        super().__init__("Proszę o przegląd konfiguracji i logów. Pytanie.")
        self.decide(Decision.AGREE)

    def deliver(self, words: str = "") -> None:
        self.do(DeliverReport(EWA, 1, self.uses[0].id, (REPORT,), words))

    def fetched(self, problem: str = "") -> None:
        """Slack has given what the file holds, or not."""
        rows: list[OutboxRow] = [r for r in self.database.tables.outbox.values() if isinstance(r.effect, FetchFiles)]

        async def keep() -> str:
            async with self.database.begin() as uow:
                return await uow.attachments.keep(b"%PDF-1.7.")

        digests = {} if problem else {REPORT.id: run(keep())}
        self.do(FilesFetched(rows[-1].id, digests, problem))


def test_a_report_is_delivered_with_its_file_and_counted() -> None:
    desk = ReviewDesk()
    desk.deliver("Szczegóły omówimy telefonicznie.")
    assert desk.states == [UseState.AGREED], "nothing is counted before it goes"
    desk.fetched()
    mail = desk.last_mail
    assert "w załączniku przesyłamy raport z przeglądu konfiguracji i logów (zgłoszenie HEZO-2026-000001)" in mail.text
    assert "Szczegóły omówimy telefonicznie." in mail.text
    assert "Wykorzystano 1 z 2 przeglądów w roku umowy, który trwa do 28 lutego 2027." in mail.text
    assert "Ewa Kowalska" in mail.text
    message = email.message_from_bytes(mail.raw, policy=email.policy.default)
    [attached] = list(message.iter_attachments())
    assert (attached.get_filename(), attached.get_content()) == ("raport.pdf", b"%PDF-1.7.")
    assert desk.states == [UseState.DONE]
    assert desk.journal(1, "report_delivered")[0]["files"] == ["raport.pdf"]
    assert desk.journal(1, "entitlement_done")[0]["used"] == 0
    before = len(desk.mails_to(ANNA))
    desk.deliver()
    assert desk.told()[-1] == "entitlement_is_done"
    assert len(desk.mails_to(ANNA)) == before


def test_a_report_that_is_on_its_way_is_not_sent_twice_and_one_that_failed_may_go_again() -> None:
    desk = ReviewDesk()
    desk.deliver()
    desk.deliver()
    assert desk.told()[-1] == "report_on_its_way"
    desk.fetched("Slack nie dał pliku")
    assert desk.states == [UseState.AGREED]
    desk.deliver()
    desk.fetched()
    assert desk.states == [UseState.DONE]


def test_a_file_that_was_sent_otherwise_may_be_the_report() -> None:
    desk = ReviewDesk()
    desk.do(ReplyToCustomer(EWA, 1, "Raport w załączniku.", NextTurn.NOBODY, None, (REPORT,)))
    desk.fetched()
    assert desk.states == [UseState.AGREED], "nothing is assumed"
    assert desk.uses[0].facts["sent_files"] == ["raport.pdf"]
    desk.decide(Decision.DONE)
    assert desk.journal(1, "report_delivered")[0]["files"] == ["raport.pdf"]


@pytest.mark.parametrize("others", [2])
def test_in_a_new_year_that_is_used_up_the_report_goes_and_an_engineer_decides(others: int) -> None:
    desk = ReviewDesk()
    desk.clock.time = desk.clock.time.replace(year=2027, month=3, day=2)
    for _ in range(others):
        desk.record(desk.uses[0].kind, done_on=desk.clock.time.date())
    desk.decide(Decision.GRANT, taken=2)
    desk.deliver()
    desk.fetched()
    assert desk.states[0] == UseState.AGREED
    assert desk.journal(1, "report_delivered")
    desk.decide(Decision.DONE_BEYOND, taken=2, use=0)
    assert (desk.states[0], desk.uses[0].beyond) == (UseState.DONE, True)
