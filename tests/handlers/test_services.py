"""The bot proposes in time: one message a day, nothing twice, and what engineers make of a proposal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.commands import TimerDue
from bot.effects import PostServiceDigest
from bot.entitlement_commands import DismissNotice, OfferService
from bot.entitlements import Entitlement, NoticeDecision, NoticeKind, ServiceNotice, UseState
from bot.model import ClockKind, Contract, Language, TicketState
from handlers import service_round
from handlers.context import Context
from tests.fakes.memory_database import run
from tests.handlers.desk import ANNA, DAIRY, EWA, KEY, NORTHWIND, Desk
from tests.handlers.timekeeping import WARSAW

AUGUST = datetime(2026, 8, 3, 9, 0, tzinfo=WARSAW)
"""A Monday; 42 per cent of the dairy's contract year from 1 March are over."""
SHORT = replace(DAIRY, id=7, number="HZ360-2026-000777", valid_to=date(2026, 9, 2), authorised=("@klient.example",))


class ServiceDesk(Desk):
    """A desk that looks when it is time."""

    def __init__(self, *contracts: Contract) -> None:
        super().__init__(*(contracts or (DAIRY,)))
        self.clock.time = AUGUST

    def pass_days(self, count: int) -> None:
        """Let the time pass; what is due fires when it is due."""
        until = self.clock.time + timedelta(days=count)
        while (timer := self.database.tables.first_pending(set())) is not None and timer.fire_at <= until:
            self.clock.time = max(self.clock.time, timer.fire_at)
            self.do(TimerDue(timer))
        self.clock.time = until

    def look(self) -> bool:
        """Look as the loop does; gives whether this process told."""

        async def both() -> bool:
            ctx = Context(self.clock.now(), self.config, KEY)
            async with self.database.read() as uow:
                last, found = await uow.notices.last_look(), await service_round.find(uow, ctx)
            async with self.database.begin() as uow:
                return await service_round.tell(uow, ctx, last, found)

        told = run(both())
        self.perform()
        return told

    def next_look(self) -> datetime:
        async def ask() -> datetime:
            async with self.database.read() as uow:
                return await service_round.next_due(uow, Context(self.clock.now(), self.config, KEY))

        return run(ask()).astimezone(WARSAW)

    @property
    def notices(self) -> list[ServiceNotice]:
        return list(self.database.tables.notices.values())

    def digests(self) -> list[PostServiceDigest]:
        rows = self.database.tables.outbox.values()
        return [row.effect for row in rows if isinstance(row.effect, PostServiceDigest)]


def test_what_is_not_used_is_proposed_once_in_one_message() -> None:
    desk = ServiceDesk(DAIRY, SHORT)
    assert desk.look()
    kinds = [(notice.kind, notice.contract_id) for notice in desk.notices]
    assert kinds[0] == (NoticeKind.ENDS, SHORT.id), "what ends comes first"
    assert {(NoticeKind.REVIEW, DAIRY.id), (NoticeKind.FIRMWARE_UPGRADE, DAIRY.id)} < set(kinds)
    assert desk.digests() == [PostServiceDigest("2026-08-03")]
    assert desk.next_look() == AUGUST + timedelta(days=1)
    desk.clock.time = AUGUST + timedelta(days=1)
    assert desk.look()
    assert len(desk.digests()) == 1, "nothing new, nothing said"


def test_the_very_first_start_says_nothing_at_once_and_a_later_one_makes_up_for_what_it_missed() -> None:
    for hour, first in ((7, AUGUST), (12, AUGUST + timedelta(days=1))):
        desk = ServiceDesk()
        desk.clock.time = AUGUST.replace(hour=hour)

        async def begin(desk: ServiceDesk = desk) -> None:
            async with desk.database.begin() as uow:
                await service_round.begin(uow, Context(desk.clock.now(), desk.config, KEY))

        run(begin())
        assert desk.next_look() == first
        desk.clock.time = AUGUST + timedelta(days=2)
        run(begin())
        assert desk.next_look() == AUGUST + timedelta(days=2), "overdue"


def test_of_two_processes_that_look_at_once_one_tells() -> None:
    desk = ServiceDesk()

    async def second() -> bool:
        ctx = Context(desk.clock.now(), desk.config, KEY)
        async with desk.database.read() as uow:
            last, found = await uow.notices.last_look(), await service_round.find(uow, ctx)
        async with desk.database.begin() as uow:
            assert await service_round.tell(uow, ctx, last, found)
        async with desk.database.begin() as uow:
            return await service_round.tell(uow, ctx, last, found)

    assert not run(second())
    assert len(desk.digests()) == 1


def test_after_a_long_stop_one_message_says_what_is_now() -> None:
    desk = ServiceDesk()
    desk.look()
    desk.clock.time = datetime(2027, 1, 30, 12, 0, tzinfo=WARSAW)  # a Saturday, 92 per cent of the year
    assert desk.next_look() == datetime(2027, 2, 1, 9, 0, tzinfo=WARSAW)
    desk.clock.time = desk.next_look()
    desk.look()
    assert [notice.key.rpartition(":")[2] for notice in desk.notices[2:]] == ["2", "2"]
    assert len(desk.digests()) == 2


def test_more_than_a_message_holds_comes_the_next_day() -> None:
    many = [replace(DAIRY, id=number, number=f"HZ360-2026-{number:06}") for number in range(1, 11)]
    desk = ServiceDesk(*many)
    desk.look()
    assert (len(desk.notices), desk.digests()[-1].more) == (10, 10)
    desk.clock.time += timedelta(days=1)
    desk.look()
    assert (len(desk.notices), desk.digests()[-1].more) == (20, 0)


def test_an_offer_is_a_mail_in_the_engineers_name_on_a_ticket_of_its_own() -> None:
    desk = ServiceDesk()
    desk.look()
    review = next(notice for notice in desk.notices if notice.kind is NoticeKind.REVIEW)
    desk.do(OfferService(EWA, review.id, "szef@gdzieindziej.example"))
    assert desk.mails == [], "only a representative is written to"
    desk.do(OfferService(EWA, review.id, ANNA, "Zapraszamy."))
    [mail] = desk.mails_to(ANNA)
    assert mail.subject.endswith("Przegląd konfiguracji i logów w ramach umowy HZ360-2026-000101")
    assert "w ramach umowy serwisowej HZ360-2026-000101 przysługuje Państwu przegląd konfiguracji i logów" in mail.text
    assert "FortiGate-121G, numer seryjny FG121GTK25004672: 0 z 2" in mail.text
    assert "trwa do 28 lutego 2027" in mail.text
    assert "Zapraszamy." in mail.text
    assert b"Auto-Submitted" not in mail.raw
    [ticket] = desk.tickets
    assert (ticket.state, ticket.assignee, desk.clocks(ticket.id)) == (TicketState.WAITING, EWA.user, [])
    assert desk.notices[review.id - desk.notices[0].id].decision is NoticeDecision.OFFERED
    assert desk.digests()[-1] == PostServiceDigest("2026-08-03"), "the message shows it"
    desk.do(OfferService(EWA, review.id, ANNA))
    desk.do(DismissNotice(EWA, review.id))
    assert len(desk.mails_to(ANNA)) == 1, "whoever presses second changes nothing"

    # A plain yes asks for it; an engineer accepts it as any other, and it is done.
    desk.write(ANNA, "Tak, prosimy.", answer=mail)
    [use] = desk.database.tables.entitlement_uses.values()
    assert (use.kind, use.state, use.serial) == (Entitlement.REVIEW, UseState.ASKED, "FG121GTK25004672")
    assert desk.clocks(ticket.id) == [ClockKind.REPLY]
    desk.write(ANNA, "Tak.", answer=mail)
    assert len(desk.database.tables.entitlement_uses) == 1


def test_a_no_asks_for_nothing() -> None:
    desk = ServiceDesk()
    desk.look()
    desk.do(OfferService(EWA, desk.notices[0].id, ANNA))
    desk.write(ANNA, "Nie, dziękujemy.", answer=desk.mails_to(ANNA)[-1])
    assert not desk.database.tables.entitlement_uses


def test_an_offer_that_nobody_answers_closes_by_itself_and_a_late_yes_reopens_it() -> None:
    desk = ServiceDesk()
    desk.look()
    desk.do(OfferService(EWA, desk.notices[0].id, ANNA))
    [mail] = desk.mails_to(ANNA)
    desk.pass_days(29)
    assert [ticket.state for ticket in desk.tickets] == [TicketState.WAITING]
    desk.pass_days(1)
    assert [ticket.state for ticket in desk.tickets] == [TicketState.CLOSED]
    assert len(desk.mails_to(ANNA)) == 1, "nobody owes an answer to an offer: no word about it"
    desk.write(ANNA, "Tak, prosimy.", answer=mail)
    [use] = desk.database.tables.entitlement_uses.values()
    assert (desk.tickets[0].state, use.state) == (TicketState.OPEN, UseState.ASKED)


def test_an_offer_that_was_answered_stays() -> None:
    desk = ServiceDesk()
    desk.look()
    desk.do(OfferService(EWA, desk.notices[0].id, ANNA))
    desk.write(ANNA, "Jeszcze nie wiemy.", answer=desk.mails_to(ANNA)[-1])
    desk.pass_days(31)
    assert desk.tickets[0].is_open


def test_a_proposal_that_is_left_stays_left() -> None:
    desk = ServiceDesk()
    desk.look()
    notice = desk.notices[0]
    desk.do(DismissNotice(EWA, notice.id))
    assert desk.notices[0].decision is NoticeDecision.DISMISSED
    desk.do(OfferService(EWA, notice.id, ANNA))
    assert desk.mails == []
    desk.clock.time += timedelta(days=1)
    desk.look()
    assert len(desk.notices) == 2


def test_english_customers_are_offered_in_english() -> None:
    desk = ServiceDesk(replace(NORTHWIND, valid_from=date(2026, 3, 1)))
    desk.look()
    desk.do(OfferService(EWA, desk.notices[0].id, NORTHWIND.authorised[0]))
    assert NORTHWIND.language is Language.EN
    assert "Your service contract HZ360-2026-000102 includes" in desk.mails[-1].text
