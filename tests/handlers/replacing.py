"""A desk that replaces Anna's device: what Ewa presses, and what there is to see of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.commands import SlackPerson, TakeTicket
from bot.effects import Effect, Note, SendMail, TellUser
from bot.model import Attachment, AttachmentVerdict
from bot.replacement_commands import (
    AskUser,
    BeginReplacement,
    CancelReplacement,
    CloseReplacement,
    DeclineReplacement,
    DispatchReplacement,
    LogConfirmation,
    RecordCheck,
    RecordDelivery,
    RecordReturn,
    RefuteFault,
    ReplacementPress,
    ReportLoss,
    SendReturnWaybill,
    VerifyFault,
    WaiveReturn,
)
from bot.replacements import Check, Fate, Replacement
from tests.fakes.memory_database import run
from tests.handlers.desk import EWA, Mail
from tests.handlers.escalating import CRITICAL, EscalationDesk

OLD, NEW = "FG121GTK25004672", "FG121GTK25009999"
WAYBILL, BACK = "0000012345678Q", "0000098765432Z"
ADDRESS = "ul. Mleczna 1\n00-001 Warszawa"


class ReplacementDesk(EscalationDesk):
    """One critical report of Anna's, sent on Monday at 10:00 in Warsaw and answered at once."""

    def __init__(self, words: str = CRITICAL, **rules: Any) -> None:
        super().__init__(words, **rules)
        self.do(TakeTicket(EWA, 1))
        self.reply()

    def start(self, serial: str = OLD, by: SlackPerson = EWA) -> None:
        self.do(BeginReplacement(by, 1, serial))

    def check(self, check: Check = Check.INTERVIEW, note: str = "nie startuje", files: tuple[int, ...] = ()) -> None:
        self.do(RecordCheck(EWA, 1, self.it.id, check, note, files))

    def verify(self, by: SlackPerson = EWA) -> None:
        self.do(VerifyFault(by, 1, self.it.id))

    def ask_user(self) -> None:
        self.do(AskUser(EWA, 1, self.it.id, "Wyślemy model 121G."))

    def asked(self) -> None:
        """Up to the question to the customer."""
        self.start()
        self.check()
        self.verify()
        self.ask_user()

    def log_confirmation(self, who: str = "Anna Nowak") -> None:
        self.do(LogConfirmation(EWA, 1, self.it.id, who))

    def dispatch(self, by: SlackPerson = EWA, **fields: str) -> None:
        form = {
            "carrier": "DPD", "waybill": WAYBILL, "address": ADDRESS, "contact": "Anna Nowak", "phone": "600 100 200"
        } | fields  # fmt: skip
        self.do(DispatchReplacement(by, 1, self.it.id, **form))

    def lose(self) -> None:
        self.do(ReportLoss(EWA, 1, self.it.id, "Przepraszamy za kłopot."))

    def deliver(self, at: datetime | None = None, serial: str = NEW, fate: Fate = Fate.REPLACES) -> None:
        self.do(RecordDelivery(EWA, 1, self.it.id, at or self.clock.time, "Jan Odbiorca", serial, fate))

    def send_waybill(self, number: str = BACK, files: tuple[int, ...] = ()) -> None:
        self.do(SendReturnWaybill(EWA, 1, self.it.id, number, files))

    def give_back(self) -> None:
        self.do(RecordReturn(EWA, 1, self.it.id, self.clock.time, "bez zasilacza"))

    def finish(self) -> None:
        self.do(CloseReplacement(EWA, 1, self.it.id))

    def every_press(self, by: SlackPerson, ticket_id: int = 1) -> list[ReplacementPress]:
        """Each press that there is, well filled in."""
        to = (by, ticket_id, self.it.id)
        return [
            RecordCheck(*to, Check.LOGS),
            VerifyFault(*to),
            RefuteFault(*to, "Działa."),
            AskUser(*to),
            LogConfirmation(*to, "Anna"),
            DeclineReplacement(*to),
            CancelReplacement(*to, "pomyłka"),
            DispatchReplacement(*to, "DPD", WAYBILL, ADDRESS, "Anna", "600100200"),
            ReportLoss(*to),
            RecordDelivery(*to, self.clock.time, "Jan", NEW, Fate.REPLACES),
            SendReturnWaybill(*to, BACK),
            RecordReturn(*to, self.clock.time),
            WaiveReturn(*to, "spalone"),
            CloseReplacement(*to),
        ]

    def file(self, name: str, content: bytes) -> int:
        """A file of the ticket's first message; gives its id."""
        message = next(each for each in self.database.tables.messages.values() if each.ticket_id == 1)

        async def keep() -> int:
            async with self.database.begin() as uow:
                known = len(await uow.attachments.of_message(message.id))
                file = Attachment(
                    0, 1, message.id, known, name, "application/pdf", len(content), AttachmentVerdict.KEPT
                )
                return (await uow.attachments.add(file, content)).id

        return run(keep())

    # What there is to see.

    @property
    def it(self) -> Replacement:
        """The replacement that was begun last."""
        return list(self.database.tables.replacements.values())[-1]

    @property
    def stage(self) -> str:
        return self.it.stage.value

    @property
    def said_to_customer(self) -> str:
        return self.last_mail.text

    def events(self) -> list[str]:
        """The lines of the thread about replacements."""
        return [str(post.data["event"]) for post in self.posts if post.note is Note.REPLACEMENT]

    def refusals(self) -> list[str]:
        return [effect.what for effect in self.effects(TellUser)]

    def counts(self) -> tuple[int, int]:
        """Mails to customers, and effects of any other kind than an answer to a click."""
        effects: list[Effect] = [row.effect for row in self.database.tables.outbox.values()]
        mails = [each for each in effects if isinstance(each, SendMail)]
        return len(mails), len([each for each in effects if not isinstance(each, TellUser)])

    def mail(self, place: int) -> Mail:
        return self.mails[place]
