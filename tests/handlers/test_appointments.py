"""Appointments: times are offered, one is picked, the customer's calendar is told, and it is an agreed date."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

import pytest

from bot.commands import CloseTicket, NextTurn, SlackPerson
from bot.edges.slack_channel_forms import told as sentence
from bot.effects import EditProposal, Note, PostInThread, PostToCustomer, TellCustomer
from bot.entitlement_commands import CancelDate, CorrectEntitlement, Decision, OfferTimes, PickDate
from bot.model import ClockKind, ClockState, Language, TicketState
from handlers.proposed_dates import posted
from tests.fakes.memory_database import run
from tests.handlers.desk import ANNA, EWA, Mail
from tests.handlers.test_entitlements import EntitledDesk
from tests.handlers.timekeeping import WARSAW, warsaw

AGREED, REPLY, DEPLOYMENT = ClockKind.AGREED, ClockKind.REPLY, ClockKind.DEPLOYMENT
THURSDAY, FRIDAY, LATE = warsaw(26, "14:00"), warsaw(27, "10:00"), datetime(2026, 12, 4, 10, 0, tzinfo=WARSAW)
HOUR = timedelta(hours=1)


class BookingDesk(EntitledDesk):
    """A deployment is agreed, and two times for it are offered on Monday at 10:20."""

    def __init__(self, *times: datetime, words: str = "Proszę o zdalne wdrożenie. Problem niekrytyczny.") -> None:
        super().__init__(words)
        self.pass_until(warsaw(23, "10:20"))
        if self.uses:
            self.decide(Decision.AGREE)
        self.offer(*(times or (THURSDAY, FRIDAY)))

    def offer(self, *times: datetime, words: str = "") -> None:
        use_id = self.uses[0].id if self.uses else None
        self.do(OfferTimes(EWA, 1, times, HOUR, words, use_id))

    def slack_posts_the_times(self, ts: str) -> None:
        """The last post with a button for each time stands in the thread."""
        rows = self.database.tables.outbox.values()
        offers = [row.effect for row in rows if isinstance(row.effect, PostInThread) and "options" in row.effect.data]

        async def keep() -> None:
            async with self.database.begin() as uow:
                await posted(uow, offers[-1], ts)

        run(keep())

    def without_buttons(self) -> list[tuple[str, object]]:
        """Which posts lose their buttons, and the times that they offer."""
        edits = [row.effect for row in self.database.tables.outbox.values() if isinstance(row.effect, EditProposal)]
        return [(edit.ts, edit.data["options"]) for edit in edits]

    @property
    def events(self) -> list[str]:
        """What was said of dates in the thread."""
        return self.said(Note.AGREED_DATE)

    def calendar_answers(self, method: str, uid: str, *more: str, partstat: str = "ACCEPTED", words: str = "") -> None:
        """Anna's calendar program writes."""
        lines = [
            "BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", f"UID:{uid}", *more,
            f"ATTENDEE;PARTSTAT={partstat}:mailto:{ANNA}", "END:VEVENT", "END:VCALENDAR", "",
        ]  # fmt: skip
        message = EmailMessage(policy=email.policy.SMTP)
        message["From"], message["To"], message["Message-ID"] = ANNA, "pomoc@myhezo.pl", make_msgid()
        message["Subject"] = "Zaakceptowano: [HEZO-2026-000001] HEZO 360: zdalne wdrożenie"
        message["Date"] = format_datetime(self.clock.now())
        if words:
            message.set_content(words)
            message.add_alternative("\r\n".join(lines), subtype="calendar", params={"method": method})
        else:
            message.set_content("\r\n".join(lines), subtype="calendar", params={"method": method})
        self.take_in(message.as_bytes())


def calendar_of(mail: Mail) -> dict[str, str]:
    """The invitation in a mail: the calendar's part and the file hold the same."""
    message = email.message_from_bytes(mail.raw, policy=email.policy.default)
    parts = {part.get_content_type(): part for part in message.walk()}
    calendar = parts["text/calendar"]
    source = calendar.get_content()
    assert parts["application/ics"].get_content().decode() == source.replace("\n", "\r\n").replace("\r\r", "\r")
    assert parts["application/ics"].get_filename() == "invite.ics"
    found = dict(
        re.findall(r"^([A-Z-]+)(?:;[^:]*)?:(.*?)\r?$", source.replace("\r\n ", "").replace("\n ", ""), re.MULTILINE)
    )
    assert calendar.get_param("method") == found["METHOD"]
    return found


def test_times_are_offered_in_the_engineers_name() -> None:
    desk = BookingDesk()
    text = desk.last_mail.text.replace("\r\n", "\n")
    assert "proponujemy terminy do wyboru (zdalne wdrożenie urządzenia; przewidywany czas: 1 godzina):" in text
    assert "1. czwartek, 26 listopada 2026, 14:00 (CET)\n2. piątek, 27 listopada 2026, 10:00 (CET)" in text
    assert "numerem wybranego terminu" in text
    assert "Ewa Kowalska" in text
    assert b"Auto-Submitted" not in desk.last_mail.raw
    assert desk.ticket(1).state is TicketState.WAITING
    assert desk.events == ["offered"]


@pytest.mark.parametrize("words", ["2", "drugi termin", "Piątek 10:00", "Pasuje nam piątek, 27 listopada."])
def test_the_customer_picks_one_and_gets_an_invitation(words: str) -> None:
    desk = BookingDesk()
    desk.pass_until(warsaw(23, "11:00"))
    desk.answer(words)
    assert desk.due(AGREED) == "27 10:00"
    assert desk.events == ["offered", "confirmed"]
    assert (
        "jest uzgodniony: piątek, 27 listopada 2026, 10:00 (CET). Czego dotyczy: zdalne wdrożenie"
        in desk.last_mail.text
    )
    found = calendar_of(desk.last_mail)
    assert (found["METHOD"], found["SEQUENCE"], found["UID"]) == ("REQUEST", "0", "HEZO-2026-000001-1@myhezo.pl")
    assert (found["DTSTART"], found["DTEND"]) == ("20261127T090000Z", "20261127T100000Z")
    assert found["SUMMARY"] == "[HEZO-2026-000001] HEZO 360: zdalne wdrożenie urządzenia"
    assert (found["ORGANIZER"], found["ATTENDEE"]) == ("mailto:pomoc@myhezo.pl", f"mailto:{ANNA}")


def test_the_buttons_of_times_that_are_chosen_or_replaced_go() -> None:
    desk = BookingDesk()
    desk.slack_posts_the_times("1.5")
    desk.offer(THURSDAY + HOUR, FRIDAY)
    assert desk.without_buttons() == [("1.5", [THURSDAY.isoformat(), FRIDAY.isoformat()])]
    desk.answer("2")
    desk.slack_posts_the_times("1.6")  # the customer was quicker
    assert [ts for ts, _ in desk.without_buttons()] == ["1.5", "1.6"]


def test_a_digit_picks_a_date_and_no_priority() -> None:
    desk = BookingDesk(words="Proszę o zdalne wdrożenie urządzenia.")
    assert not desk.ticket(1).priority_confirmed
    before = desk.ticket(1).priority
    desk.answer("2")
    assert desk.due(AGREED) == "27 10:00"
    assert (desk.ticket(1).priority, desk.ticket(1).priority_confirmed) == (before, False)


def test_both_sides_are_reminded_and_a_use_that_is_done_keeps_the_date() -> None:
    desk = BookingDesk()
    desk.answer("1")
    before = len(desk.mails_to(ANNA))
    desk.pass_until(warsaw(25, "13:59"))
    assert len(desk.mails_to(ANNA)) == before
    desk.pass_until(warsaw(25, "14:00"))
    assert "przypominamy o uzgodnionym terminie" in desk.last_mail.text
    assert desk.events[2:] == ["customer_reminded", "reminder"] or desk.events[2:] == ["reminder", "customer_reminded"]
    desk.pass_until(warsaw(26, "13:30"))
    desk.decide(Decision.DONE)
    assert desk.events[-1] == "kept"
    assert desk.due(AGREED) == "26 14:00 met"
    assert desk.clock_of(DEPLOYMENT).state is ClockState.MET


def test_a_stop_reminds_once_and_of_nothing_that_is_over() -> None:
    desk = BookingDesk()
    desk.answer("1")
    before = len(desk.mails_to(ANNA))
    desk.sleep_until(warsaw(26, "15:00"))
    assert len(desk.mails_to(ANNA)) == before, "the time is past"
    assert desk.events[-1] == "passed"


def test_none_fits_is_said_to_the_engineers_and_is_our_turn() -> None:
    desk = BookingDesk()
    desk.pass_until(warsaw(23, "11:00"))
    desk.answer("Niestety żaden nie pasuje.")
    assert desk.events == ["offered", "none_fits"]
    assert desk.due(REPLY) == "23 13:00"
    desk.answer("1")
    assert AGREED not in desk.clocks(1), "somebody wrote something else since"


def test_an_open_answer_is_read_by_an_engineer_who_picks() -> None:
    desk = BookingDesk()
    desk.answer("Raczej piątek, ale potwierdzimy jutro.")
    assert AGREED not in desk.clocks(1)
    desk.do(PickDate(EWA, 1, THURSDAY + HOUR))
    assert desk.told()[-1] == "date_not_offered"
    desk.do(PickDate(SlackPerson("U0OBCY", "Obcy", "C0SUPPORT"), 1, FRIDAY))
    assert desk.told()[-1] == "not_allowed"
    desk.do(PickDate(EWA, 1, FRIDAY))
    assert desk.due(AGREED) == "27 10:00"
    desk.do(PickDate(EWA, 1, THURSDAY))
    assert desk.told()[-1] == "date_not_offered"


def test_a_new_time_updates_the_invitation_and_calling_off_cancels_it() -> None:
    desk = BookingDesk()
    desk.answer("1")
    uid = calendar_of(desk.last_mail)["UID"]
    desk.offer(FRIDAY)
    assert "proponujemy termin (zdalne wdrożenie" in desk.last_mail.text
    desk.answer("tak")
    moved = calendar_of(desk.last_mail)
    assert "Nowy termin: piątek, 27 listopada 2026, 10:00 (CET)" in desk.last_mail.text
    assert (moved["UID"], moved["SEQUENCE"], moved["DTSTART"]) == (uid, "1", "20261127T090000Z")
    desk.do(CancelDate(EWA, 1))
    over = calendar_of(desk.last_mail)
    assert (over["UID"], over["SEQUENCE"], over["METHOD"], over["STATUS"]) == (uid, "2", "CANCEL", "CANCELLED")
    assert (
        "odwołujemy termin w sprawie zgłoszenia HEZO-2026-000001 (zdalne wdrożenie urządzenia): piątek"
        in desk.last_mail.text
    )
    assert AGREED not in desk.clocks(1)
    before = len(desk.mails_to(ANNA))
    desk.pass_until(warsaw(26, "10:00"))
    assert not [mail for mail in desk.mails_to(ANNA)[before:] if "przypominamy o uzgodnionym" in mail.text]
    desk.offer(warsaw(30, "12:00"))
    desk.answer("tak")
    assert calendar_of(desk.last_mail)["UID"] == "HEZO-2026-000001-2@myhezo.pl", "another event"


@pytest.mark.parametrize("how", ["close", "resolve", "take_back"])
def test_what_ends_calls_its_appointment_off(how: str) -> None:
    desk = BookingDesk()
    desk.answer("1")
    if how == "close":
        desk.do(CloseTicket(EWA, 1))
    elif how == "resolve":
        desk.reply(NextTurn.RESOLVED)
    else:
        desk.do(CorrectEntitlement(EWA, 1, desk.uses[0].id, "Klient zrezygnował"))
    assert calendar_of(desk.last_mail)["METHOD"] == "CANCEL"
    assert not desk.ticket(1).facts.get("agreed")


def test_what_the_customers_calendar_answers() -> None:
    desk = BookingDesk()
    desk.answer("1")
    uid = calendar_of(desk.last_mail)["UID"]
    before = len(desk.mails_to(ANNA))
    desk.calendar_answers("REPLY", uid)
    desk.calendar_answers("REPLY", uid, partstat="TENTATIVE")
    desk.calendar_answers("COUNTER", uid, "DTSTART:20261127T110000Z")
    assert desk.events[2:5] == ["accepted", "tentative", "counter"]
    assert desk.due(AGREED) == "26 14:00", "it stands until a new one is agreed"
    assert len(desk.mails_to(ANNA)) == before, "a program is not answered"
    desk.calendar_answers("REPLY", "someone-else@klient.example", partstat="DECLINED")
    assert desk.due(AGREED) == "26 14:00"
    desk.pass_until(warsaw(23, "12:00"))
    desk.calendar_answers("REPLY", uid, partstat="DECLINED")
    assert desk.events[-1] == "declined"
    assert desk.posts[-1].mention == (EWA.user,)
    assert desk.due(REPLY) == "23 14:00", "it is our turn"


def test_a_calendar_that_declines_an_older_time_changes_nothing() -> None:
    desk = BookingDesk()
    desk.answer("1")
    uid = calendar_of(desk.last_mail)["UID"]
    desk.offer(FRIDAY)
    desk.answer("tak")
    desk.calendar_answers("REPLY", uid, "SEQUENCE:0", partstat="DECLINED")
    assert desk.due(AGREED) == "27 10:00"


def test_declined_with_words_is_our_turn_once() -> None:
    desk = BookingDesk()
    desk.answer("1")
    uid = calendar_of(desk.last_mail)["UID"]
    desk.calendar_answers(
        "REPLY", uid, partstat="DECLINED", words="Niestety jestem wtedy na urlopie, proszę o inny dzień."
    )
    assert "declined" in desk.events
    assert desk.clocks(1).count(REPLY) == 1


def test_a_time_behind_the_deadline_is_the_customers_wish_where_one_before_it_was_offered() -> None:
    desk = BookingDesk(FRIDAY, LATE)
    desk.answer("2")
    assert desk.clock_of(DEPLOYMENT).state is ClockState.CANCELLED
    assert desk.journal(1, "clock_cancelled")[-1]["reason"] == "later_date"
    ours = BookingDesk(LATE)
    ours.answer("tak")
    assert ours.clock_of(DEPLOYMENT).state is ClockState.RUNNING, "we offered nothing in time"


def test_times_that_are_past_are_not_offered_and_a_past_choice_is_none() -> None:
    desk = EntitledDesk()
    mails = len(desk.mails_to(ANNA))
    desk.do(OfferTimes(EWA, 1, (warsaw(23, "09:00"),), HOUR))
    assert desk.told()[-1] == "date_is_past"
    assert len(desk.mails_to(ANNA)) == mails
    desk = BookingDesk(warsaw(23, "11:00"), FRIDAY)
    desk.pass_until(warsaw(23, "11:30"))
    desk.answer("1")
    assert AGREED not in desk.clocks(1)


def test_in_a_shared_channel_the_customer_picks_by_a_button() -> None:
    desk = EntitledDesk()
    ticket = desk.ticket(1)
    desk.database.tables.tickets[1] = replace(
        ticket, customer_channel="C0KLIENT", customer_ts="1.0", requester="U0KLIENT"
    )
    desk.do(OfferTimes(EWA, 1, (THURSDAY, FRIDAY), HOUR))
    posts = [row.effect for row in desk.database.tables.outbox.values() if isinstance(row.effect, PostToCustomer)]
    labels = [label for label, _ in posts[-1].choices]
    assert labels == ["1. czwartek, 26 listopada 2026, 14:00 (CET)", "2. piątek, 27 listopada 2026, 10:00 (CET)"]
    assert posts[-1].choices[1][1] == f"1:{int(FRIDAY.timestamp())}"
    elsewhere = SlackPerson("U0INNY", "Inny", "C0OBCY", is_stranger=True)
    desk.do(PickDate(elsewhere, 1, FRIDAY))
    assert AGREED not in desk.clocks(1)
    desk.do(PickDate(SlackPerson("U0KLIENT", "Anna", "C0KLIENT", is_stranger=True), 1, FRIDAY))
    assert desk.due(AGREED) == "27 10:00"
    [edit] = [row.effect for row in desk.database.tables.outbox.values() if isinstance(row.effect, EditProposal)]
    assert edit.data == {"message": posts[-1].message_id, "author_name": "Ewa Kowalska (HEZO 360)"}
    message = list(desk.database.tables.messages.values())[-1]
    assert message.automatic
    names = [file.name for file in desk.database.tables.attachments.values() if file.message_id == message.id]
    assert names == ["hezo360.ics"]


def test_a_button_of_a_time_that_is_no_longer_offered_is_answered_politely() -> None:
    desk = EntitledDesk()
    desk.database.tables.tickets[1] = replace(
        desk.ticket(1), customer_channel="C0KLIENT", customer_ts="1.0", requester="U0KLIENT"
    )
    anna = SlackPerson("U0KLIENT", "Anna", "C0KLIENT", thread_ts="1.0", is_stranger=True)

    def told() -> str:
        effect = desk.alone[-1]
        assert isinstance(effect, TellCustomer)
        assert (effect.user, effect.thread_ts, effect.response_url) == (anna.user, "1.0", None)
        return sentence(effect)

    desk.do(OfferTimes(EWA, 1, (THURSDAY,), HOUR))
    desk.do(OfferTimes(EWA, 1, (FRIDAY,), HOUR))
    desk.do(PickDate(anna, 1, THURSDAY))
    assert "ostatniej wiadomości" in told()
    assert AGREED not in desk.clocks(1)
    desk.do(PickDate(anna, 1, FRIDAY))
    posts = len(desk.to_customers)
    for date in (THURSDAY, FRIDAY):
        desk.do(PickDate(anna, 1, date))
        assert "jest już uzgodniony: piątek, 27 listopada 2026, 10:00 (CET)" in told()
    desk.do(CancelDate(EWA, 1))
    desk.do(PickDate(anna, 1, FRIDAY))
    assert told().startswith("Ten termin nie jest już aktualny")
    ticket = desk.ticket(1)
    ticket.state, ticket.language = TicketState.RESOLVED, Language.EN
    desk.do(PickDate(anna, 1, FRIDAY))
    assert told().startswith(f"A time can no longer be chosen, as report {ticket.number} is closed.")
    assert len(desk.to_customers) == posts + 1, "all that the channel reads is that the date was called off"
    assert AGREED not in desk.clocks(1)


def test_a_guest_of_ours_in_a_shared_channel_picks_as_well() -> None:
    desk = EntitledDesk()
    slack = desk.config.slack.model_copy(update={"customers": ("U0GOSC",)})
    desk.config = desk.config.model_copy(update={"slack": slack})
    desk.database.tables.tickets[1] = replace(
        desk.ticket(1), customer_channel="C0KLIENT", customer_ts="1.0", requester="U0GOSC"
    )
    desk.do(OfferTimes(EWA, 1, (THURSDAY, FRIDAY), HOUR))
    desk.do(PickDate(SlackPerson("U0GOSC", "Gość", "C0KLIENT"), 1, FRIDAY))
    assert desk.due(AGREED) == "27 10:00"
