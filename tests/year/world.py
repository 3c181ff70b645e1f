"""The bot's handlers on the fake storage, and beside them, for every ticket, what the service terms expect.

Whatever happens is done to both; after each step the bot's clocks and words are compared with what has to be.
"""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

from bot.commands import (
    AgreeDate,
    CloseTicket,
    ConfirmDate,
    DateKept,
    DecideSender,
    EmailReceived,
    NextTurn,
    ReplyToCustomer,
    SetPriority,
    SlackPerson,
    TakeTicket,
)
from bot.model import ClockKind, Priority
from tests.year import mails
from tests.year.expectation import ENDED, WORKED_ON, Expectation, Phase
from tests.year.mails import Wish
from tests.year.reading import Reader
from tests.year.service_time import instant
from tests.year.watch import ENGINEERS, Report, Watch

EWA, MAREK = SlackPerson(ENGINEERS[0], "Ewa"), SlackPerson(ENGINEERS[1], "Marek")
READ_ANEW = 6
"""Of so many reports one is read from its octets; all other mails are."""


class World(Watch):
    """What customers, engineers and robots do, to the bot and to what is expected of it."""

    def __init__(self, begin: int) -> None:
        super().__init__(begin)
        self._mails = 0
        self._reader = Reader()

    def report(
        self,
        phase: Phase,
        wish: Wish,
        *,
        received: int | None = None,
        written: int | None = None,
        enquiry: bool = False,
        known: bool = True,
    ) -> Report:
        """A first mail comes.

        Args:
            phase: Where the ticket has to stand then; decides what the mail holds.
            received: When it arrived at the mailbox, if not now.
            written: What its Date header says; None leaves it out.
        """
        self._mails += 1
        number = self._mails
        sender = f"a{number}@{'klient' if known else 'obcy'}.example"
        body = wish.words if enquiry or phase is Phase.INCOMPLETE else f"{wish.words} {mails.NUMBERS}"
        first_id = f"<{number}@klient.example>"
        received = self.now if received is None else received
        raw = mails.mail(
            sender,
            first_id,
            body,
            sent=None if written is None else instant(written),
            to=mails.INFO if enquiry else mails.SUPPORT,
        )
        expected = Expectation(
            phase,
            Priority.QUESTION if enquiry else wish.priority,
            confirmed=enquiry or wish.stated,
            known=known,
            enquiry=enquiry,
            missing="both" if phase is Phase.INCOMPLETE else "",
        )
        text = "" if number % READ_ANEW == 0 else f"{enquiry} {known} {body}"
        return self._opened(raw, sender, first_id, expected, received, written, text=text)

    def _opened(
        self,
        raw: bytes,
        sender: str,
        first_id: str,
        expected: Expectation,
        received: int,
        written: int | None,
        *,
        text: str = "",
    ) -> Report:
        """Open a ticket.

        Args:
            text: What makes mails the same but for sender, id and time, so that it may be read once; "" reads it.
        """
        command = self.database.receive(raw, instant(received))
        if text:
            at = None if written is None else instant(written)
            rows = self._transaction(partial(self._reader.take_in, command, text, sender, first_id, at))
        else:
            rows = self._handle(command)
        report = Report(len(self.database.tables.tickets), sender, first_id, expected)
        assert report.ticket_id == len(self.reports) + 1, "a report opens one ticket"
        self.reports[report.ticket_id] = report
        expected.reported(credible(written, received), self.now)
        self.check(report, rows)
        return report

    def customer_writes(
        self,
        report: Report,
        body: str,
        *,
        missing: str | None = None,
        answer: Priority | None = None,
        confirms: bool = False,
        received: int | None = None,
        written: int | None = None,
    ) -> Report:
        """The customer writes on a ticket; gives the ticket that then has the message.

        Where that is a new one the mail holds its numbers, whatever `body` says.
        """
        received = self.now if received is None else received
        if report.expected.opens_a_new_one(self.now, numbers=missing is not None):
            known = report.expected.known
            raw = self._reply_of(report, f"{mails.WISHES[0].words} {mails.NUMBERS}", written)
            phase = Phase.OPEN if known else Phase.HELD
            expected = Expectation(phase, mails.WISHES[0].priority, confirmed=False, known=known)
            return self._opened(raw, report.sender, f"<{self._mails}@klient.example>", expected, received, written)
        raw = self._reply_of(report, body, written)
        rows = self._handle(self.database.receive(raw, instant(received)))
        report.expected.customer_wrote(
            credible(written, received), self.now, missing=missing, answer=answer, confirms=confirms
        )
        self.check(report, rows)
        return report

    def _reply_of(self, report: Report, body: str, written: int | None, mark: str = "") -> bytes:
        self._mails += 1
        return mails.mail(
            report.sender,
            f"<{self._mails}@klient.example>",
            body,
            sent=None if written is None else instant(written),
            answers=report.to_customer or report.first_id,
            mark=mark,
        )

    def robot_answers(self, report: Report) -> None:
        """An out-of-office reply: nothing starts, stops or reopens."""
        raw = self._reply_of(report, "Jestem na urlopie.", None, mails.AUTO_REPLIED)
        self.check(report, self._handle(self.database.receive(raw, self.clock.time)))

    def mail_bounces(self, report: Report) -> None:
        """Our last mail came back: nothing starts, stops or reopens."""
        self._mails += 1
        raw = mails.bounce(f"<{self._mails}@mx.klient.example>", report.to_customer, report.sender)
        command: EmailReceived = self.database.receive(raw, self.clock.time)
        self.check(report, self._handle(command))

    def engineer_replies(self, report: Report, turn: NextTurn) -> None:
        """A public reply; nothing where the ticket's state has no such button."""
        rows = self._handle(ReplyToCustomer(EWA, report.ticket_id, "Prosimy o logi.", turn))
        if report.expected.phase not in {Phase.HELD, Phase.CLOSED}:
            report.expected.engineer_wrote(self.now, asks=turn is NextTurn.CUSTOMER, resolves=turn is NextTurn.RESOLVED)
        self.check(report, rows)

    def propose_date(self, report: Report, date: int) -> None:
        """An engineer proposes a date by mail."""
        local = instant(date).astimezone(ZoneInfo("Europe/Warsaw"))
        rows = self._handle(AgreeDate(EWA, report.ticket_id, local.date(), local.time()))
        if report.expected.phase in WORKED_ON and date > self.now:
            report.expected.date_proposed(date, self.now)
        self.check(report, rows)

    def confirm_date(self, report: Report) -> None:
        """The customer agreed by phone."""
        rows = self._handle(ConfirmDate(EWA, report.ticket_id))
        proposed = report.expected.proposed
        if report.expected.phase in WORKED_ON and proposed is not None and proposed.date > self.now:
            report.expected.date_confirmed(self.now, self.now)
        self.check(report, rows)

    def keep_date(self, report: Report) -> None:
        """What was agreed is done."""
        rows = self._handle(DateKept(EWA, report.ticket_id))
        if report.expected.phase in WORKED_ON and ClockKind.AGREED in report.expected.clocks:
            report.expected.date_over(self.now, self.now, kept=True)
        self.check(report, rows)

    def take(self, report: Report, by: SlackPerson, *, over: bool) -> None:
        """Somebody takes the ticket: its clocks run on."""
        self.check(report, self._handle(TakeTicket(by, report.ticket_id, over)))

    def set_priority(self, report: Report, priority: Priority) -> None:
        """An engineer sets the priority."""
        rows = self._handle(SetPriority(EWA, report.ticket_id, priority))
        expected = report.expected
        if expected.phase not in ENDED and (priority is not expected.priority or not expected.confirmed):
            expected.priority_is(priority, self.now)
        self.check(report, rows)

    def decide_sender(self, report: Report, *, approve: bool) -> None:
        """An engineer decides on the sender of a held report."""
        rows = self._handle(DecideSender(MAREK, report.ticket_id, approve))
        if report.expected.phase is Phase.HELD:
            report.expected.sender_decided(self.now, approved=approve)
        self.check(report, rows)

    def close(self, report: Report) -> None:
        """An engineer closes the ticket."""
        rows = self._handle(CloseTicket(MAREK, report.ticket_id))
        if report.expected.phase in {Phase.INCOMPLETE, Phase.OPEN, Phase.WAITING}:
            report.expected.closed_by_hand(self.now)
        self.check(report, rows)


def credible(written: int | None, received: int) -> int:
    """When a mail counts as sent: its Date header if that is not after the arrival and at most 4 h before it."""
    return written if written is not None and 0 <= received - written <= 4 * 3600 else received
