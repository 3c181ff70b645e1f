"""What every handler gets beside its command and the unit of work."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.commands import SlackPerson
from bot.config import Config
from bot.effects import TellCustomer, TellUser
from bot.model import JournalEntry, Language, Ticket
from bot.ports import Clock, UnitOfWork
from bot.rules.first_reading import FirstReading
from bot.rules.wording import Words, format_instant, words
from bot.staff_directory import StaffDirectory


@dataclass(frozen=True, slots=True)
class Context:
    """The instant of handling and the configuration.

    Attributes:
        now: Aware, UTC.
        token_key: Signs the reply tokens (`bot.rules.mail_matching`).
        reading: What the mail in hand alone says, where it was read ahead (`bot.rules.first_reading`).
        typed: The words that somebody typed for the command in hand: where it cannot be done, they are given back.
        no_mail_because: Why the mail in hand must not be answered automatically (RFC 3834 §2); "" when it may.
        in_touch: An engineer has the customer on the phone: that somebody will get in touch is not promised then.
    """

    now: datetime
    config: Config
    token_key: bytes = field(repr=False)
    no_mail_because: str = ""
    in_touch: bool = False
    reading: FirstReading | None = field(default=None, repr=False)
    typed: str = field(default="", repr=False)

    @property
    def own(self) -> dict[str, object]:
        """The typed words, for `tell`; nothing where there are none."""
        return {"own": self.typed} if self.typed else {}

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which times are shown."""
        return ZoneInfo(self.config.service.timezone)

    def customer_words(self, language: Language) -> Words:
        """The sentences that customers read."""
        return words("customer", language)

    def may_act(self, person: SlackPerson) -> bool:
        """Whether this person may work on tickets: configured, and of our own workspace."""
        slack = self.config.slack
        return not person.is_stranger and person.user in {*slack.engineers, *slack.managers}

    def is_customer(self, person: SlackPerson) -> bool:
        """Whether this person is a customer in a shared channel: of another workspace, or a configured guest."""
        slack = self.config.slack
        is_staff = not person.is_stranger and person.user in {*slack.engineers, *slack.managers}
        return not is_staff and (person.is_stranger or person.user in slack.customers)


@dataclass(frozen=True, slots=True)
class ContextMaker:
    """Makes the context of one handling; what the loops hold."""

    clock: Clock
    config: Config
    token_key: bytes = field(repr=False)
    staff: StaffDirectory | None = None

    def __call__(self) -> Context:
        """The context of now, with everybody who may act as far as that is known."""
        config = self.config if self.staff is None else self.staff.config
        return Context(self.clock.now(), config, self.token_key)


async def journal(uow: UnitOfWork, ctx: Context, ticket: Ticket, actor: str, event: str, /, **data: object) -> None:
    """Write a line into the ticket's journal. `data` holds JSON values."""
    await uow.journal(JournalEntry(ticket.id, ctx.now, actor, event, data))


def said_at(ctx: Context, at: datetime | None) -> str:
    """An instant as staff read it; None is now."""
    return format_instant(at or ctx.now, Language(ctx.config.service.staff_language), ctx.zone, ctx.now)


async def tell(uow: UnitOfWork, person: SlackPerson, what: str, **data: object) -> None:
    """Answer a click with a line that only this person sees; without a channel there is nowhere to show it."""
    if person.channel:
        effect = TellUser(person.channel, person.user, what, data, person.thread_ts, person.response_url)
        await uow.outbox.add(effect)


async def tell_customer(uow: UnitOfWork, person: SlackPerson, what: str, language: Language, **data: object) -> None:
    """Answer a customer's click with a line that only they see: their sentence "tell_<what>"; see `tell`."""
    if person.channel:
        url = person.response_url
        await uow.outbox.add(TellCustomer(person.channel, person.user, what, language, data, person.thread_ts, url))
