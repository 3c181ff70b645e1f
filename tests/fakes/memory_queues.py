"""Inbox, outbox, clocks and timers of the fake."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from datetime import datetime
from itertools import islice

from bot.effects import (
    CallWebhook,
    EditReply,
    Effect,
    FetchCustomerFiles,
    FetchFiles,
    MailKind,
    PostEscalationLine,
    PostInThread,
    PostOperator,
    PostToCustomer,
    SendMail,
    ShareFiles,
    TellUser,
)
from bot.model import SlaClock, Timer
from bot.ports import Clock, InboxState, OutboxRow, OutboxState
from bot.rules.mail_writing import OutgoingAttachment
from storage.composing import ComposedMail, MailComposer
from storage.errors import AlreadyDone
from storage.outbox import CARDS, lane_of
from storage.schema import TimerState
from tests.fakes.memory_tables import (
    KeptInbox,
    KeptTimer,
    Tables,
    clock_to_keep,
    kept_clock,
    kept_facts,
    kept_text,
    kept_ticket,
    utc,
)
from tests.fakes.memory_tickets import MemoryTickets


class MemoryInbox:
    """`bot.ports.InboxRepo` over a dictionary."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def finish(self, inbox_id: int, state: InboxState, outcome: str, ticket_id: int | None = None) -> None:
        """Say what became of a row; AlreadyDone when that was said before."""
        kept = self._tables.inbox.get(inbox_id)
        if kept is None or kept.state is not InboxState.NEW:
            raise AlreadyDone(f"inbox row {inbox_id} was finished before")
        self._tables.put(self._tables.inbox, inbox_id, KeptInbox(state, outcome, ticket_id))

    async def postpone(self, inbox_id: int, until: datetime) -> None:
        """Handle a row anew then."""
        kept = self._tables.inbox[inbox_id]
        self._tables.put(self._tables.inbox, inbox_id, replace(kept, due_at=until))

    async def finish_unless_postponed(self, inbox_id: int, now: datetime, outcome: str) -> None:
        """The handler is done with a row, but for one that it put off beyond `now`."""
        due_at = self._tables.inbox[inbox_id].due_at
        if due_at is None or due_at <= now:
            await self.finish(inbox_id, InboxState.DONE, outcome)

    async def waits(self, key: str) -> bool:
        """Whether the message of that key is postponed."""
        return self._waiting(key) is not None

    async def hasten(self, key: str, at: datetime) -> bool:
        """Handle the postponed message of that key already then; False when none waits."""
        found = self._waiting(key)
        if found is not None:
            await self.postpone(found, at)
        return found is not None

    async def settle_waiting(self, key: str, outcome: str) -> bool:
        """Never handle the postponed message of that key; False when none waits."""
        found = self._waiting(key)
        if found is not None:
            await self.finish(found, InboxState.DONE, outcome)
        return found is not None

    def _waiting(self, key: str) -> int | None:
        rows = self._tables.inbox.items()
        return next((each for each, kept in rows if kept.key == key and kept.state is InboxState.NEW), None)


def _content(tables: Tables, digest: str) -> bytes:
    if digest not in tables.contents:
        raise LookupError(f"there is no content with the hash {digest}")
    return tables.contents[digest]


class MemoryOutbox:
    """`bot.ports.OutboxRepo` over dictionaries."""

    def __init__(self, tables: Tables, tickets: MemoryTickets, clock: Clock, compose: MailComposer) -> None:
        self._tables = tables
        self._tickets = tickets
        self._clock = clock
        self._compose = compose

    async def add(self, effect: Effect, *, dedupe_key: str | None = None) -> int | None:
        """Store an effect; gives its row id, or None when the dedupe key was used before."""
        tables = self._tables
        lane, is_card = lane_of(effect), isinstance(effect, CARDS)
        if is_card and lane in tables.waiting_cards:
            return tables.waiting_cards[lane]
        if dedupe_key is not None and dedupe_key in tables.dedupe_keys:
            return None
        outbox_id = tables.next_id()
        now = utc(self._clock.now())
        mail = self._composed(outbox_id, effect, now) if isinstance(effect, SendMail) else None
        row = OutboxRow(
            outbox_id,
            lane,
            _kept_effect(effect),
            now,
            attempts=0,
            in_doubt=False,
            raw=None if mail is None else mail.raw,
            rfc_message_id=None if mail is None else mail.rfc_message_id,
        )
        tables.put(tables.outbox, outbox_id, row)
        tables.put(tables.outbox_states, outbox_id, OutboxState.PENDING)
        tables.put(tables.unsent, outbox_id, outbox_id)
        if isinstance(effect, PostToCustomer) and effect.kind is not MailKind.REPLY:
            self._count_automatic(effect.to, now)
        if is_card:
            tables.put(tables.waiting_cards, lane, outbox_id)
        if dedupe_key is not None:
            tables.put(tables.dedupe_keys, dedupe_key, outbox_id)
        return outbox_id

    def _composed(self, outbox_id: int, effect: SendMail, now: datetime) -> ComposedMail:
        tables = self._tables
        ticket = None if effect.ticket_id is None else kept_ticket(tables.tickets[effect.ticket_id])
        files = [
            OutgoingAttachment(name, content_type, _content(tables, digest))
            for name, content_type, digest in effect.files
        ]
        mail = self._compose(effect, outbox_id, ticket, now, files)
        tables.put(tables.sent_ids, mail.rfc_message_id, outbox_id)
        if effect.message_id is not None:
            self._tickets.set_rfc_message_id(effect.message_id, mail.rfc_message_id)
        if effect.kind is not MailKind.REPLY:
            self._count_automatic(effect.to, now)
        return mail

    def _count_automatic(self, recipient: str, now: datetime) -> None:
        to = recipient.lower()
        self._tables.put(self._tables.automatic, to, (*self._tables.automatic.get(to, ()), now))

    async def get(self, outbox_id: int) -> OutboxRow:
        """One row; LookupError when there is none."""
        row = self._tables.outbox.get(outbox_id)
        if row is None:
            raise LookupError(f"there is no outbox row with id {outbox_id}")
        return replace(row, effect=_kept_effect(row.effect))

    async def state(self, outbox_id: int) -> OutboxState:
        """What became of a row; LookupError when there is none."""
        if outbox_id not in self._tables.outbox_states:
            raise LookupError(f"there is no outbox row with id {outbox_id}")
        return self._tables.outbox_states[outbox_id]

    async def settle_by_message_id(self, rfc_message_id: str) -> int | None:
        """A copy of our mail came back: gives the row's id if the row exists; one that waits is not settled by it."""
        return self._tables.sent_ids.get(rfc_message_id)

    async def by_message_id(self, rfc_message_id: str) -> OutboxRow | None:
        """The mail with that Message-ID."""
        outbox_id = self._tables.sent_ids.get(rfc_message_id)
        return None if outbox_id is None else await self.get(outbox_id)

    async def automatic_mails_to(self, address: str, since: datetime) -> int:
        """How many automatic mails were written to this address since then."""
        written = self._tables.automatic.get(address.lower(), ())
        return len(written) - bisect_left(written, since)

    async def slack_backlog(self, at_most: int) -> int:
        """How many Slack effects wait to be performed, counted no further than `at_most`."""
        effects = (self._tables.outbox[outbox_id].effect for outbox_id in self._tables.unsent)
        elsewhere = (SendMail, ShareFiles, FetchFiles, FetchCustomerFiles, CallWebhook)
        waiting = (effect for effect in effects if not isinstance(effect, elsewhere))
        return sum(1 for _ in islice(waiting, at_most))


class MemoryClocks:
    """`bot.ports.ClockRepo` over dictionaries."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, clock: SlaClock) -> SlaClock:
        """Store a clock; its id is made here."""
        tables = self._tables
        if clock.ticket_id not in tables.tickets:
            raise LookupError(f"there is no ticket with id {clock.ticket_id}")
        added = replace(clock, id=tables.next_id())
        tables.put(tables.clocks, added.id, clock_to_keep(added))
        tables.put(tables.clocks_of, added.ticket_id, (*tables.clocks_of.get(added.ticket_id, ()), added.id))
        return added

    async def get(self, clock_id: int) -> SlaClock:
        """One clock; LookupError when there is none."""
        return kept_clock(self._kept(clock_id))

    def _kept(self, clock_id: int) -> SlaClock:
        if clock_id not in self._tables.clocks:
            raise LookupError(f"there is no clock with id {clock_id}")
        return self._tables.clocks[clock_id]

    async def of_ticket(self, ticket_id: int) -> tuple[SlaClock, ...]:
        """All clocks of a ticket, oldest first."""
        return tuple(kept_clock(self._tables.clocks[each]) for each in self._tables.clocks_of.get(ticket_id, ()))

    async def update(self, clock: SlaClock) -> None:
        """Store the changes; LookupError when there is no such clock."""
        self._kept(clock.id)
        self._tables.put(self._tables.clocks, clock.id, clock_to_keep(clock))

    async def set_timer(self, timer: Timer) -> bool:
        """Store a timer, or set a cancelled one of that key again; False when it waits already or has fired."""
        tables = self._tables
        timer_id = tables.timer_keys.get(timer.key)
        if timer_id is None:
            timer_id = tables.next_id()
            tables.put(tables.timer_keys, timer.key, timer_id)
            if timer.clock_id is not None:
                tables.put(tables.timers_of, timer.clock_id, (*tables.timers_of.get(timer.clock_id, ()), timer_id))
        elif tables.timers[timer_id].state is not TimerState.CANCELLED:
            return False
        kept = replace(timer, id=timer_id, fire_at=utc(timer.fire_at), attempts=0)
        tables.put_timer(KeptTimer(kept, TimerState.PENDING))
        return True

    async def drop_timers(self, clock_id: int) -> None:
        """Cancel what is still to come of a clock."""
        for timer_id in self._tables.timers_of.get(clock_id, ()):
            self._end(timer_id, TimerState.CANCELLED)

    def _end(self, timer_id: int, state: TimerState) -> bool:
        kept = self._tables.timers.get(timer_id)
        if kept is None or kept.state is not TimerState.PENDING:
            return False
        self._tables.put_timer(replace(kept, state=state))
        return True

    async def postpone_timer(self, timer_id: int, fire_at: datetime) -> None:
        """Fire a pending timer later."""
        self.move_timer(timer_id, fire_at, failed=0)

    def move_timer(self, timer_id: int, fire_at: datetime, *, failed: int) -> bool:
        """Fire a pending timer at another time; False when it was done or cancelled before."""
        kept = self._tables.timers.get(timer_id)
        if kept is None or kept.state is not TimerState.PENDING:
            return False
        moved = replace(kept.timer, fire_at=utc(fire_at), attempts=kept.timer.attempts + failed)
        self._tables.put_timer(KeptTimer(moved, TimerState.PENDING))
        return True

    async def claim_timer(self, timer_id: int, now: datetime) -> Timer | None:
        """A timer that is due; None when it was done, cancelled or moved meanwhile."""
        kept = self._tables.timers.get(timer_id)
        is_due = kept is not None and kept.state is TimerState.PENDING and kept.timer.fire_at <= now
        return kept.timer if kept is not None and is_due else None

    async def finish_timer(self, timer_id: int) -> bool:
        """Mark a timer done; False when it was done or cancelled before."""
        return self._end(timer_id, TimerState.DONE)

    async def remove_timer(self, timer_id: int) -> bool:
        """Forget a pending timer, so that its key may be set again; False when it was done or cancelled before."""
        kept = self._tables.timers.get(timer_id)
        if kept is None or kept.state is not TimerState.PENDING:
            return False
        self._tables.drop(self._tables.timers, timer_id)
        self._tables.drop(self._tables.timer_keys, kept.timer.key)
        return True


def _kept_effect(effect: Effect) -> Effect:
    match effect:
        case SendMail():
            text, subject = kept_text(effect.text), kept_text(effect.subject)
            same = text == effect.text and subject == effect.subject
            return effect if same else replace(effect, text=text, subject=subject)
        case PostToCustomer():
            return replace(effect, text=kept_text(effect.text), author_name=kept_text(effect.author_name))
        case PostInThread(ticket_id, note, data, mention, message_id, urgent, sending_id):
            return PostInThread(ticket_id, note, kept_facts(data), mention, message_id, urgent, sending_id)
        case EditReply() | PostOperator() | TellUser() | PostEscalationLine() | CallWebhook():
            return replace(effect, data=kept_facts(effect.data))
        case _:
            return effect
