"""What is to be done outside, within a transaction."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import JSON, ColumnElement, Row, bindparam, func, select, type_coerce, update
from sqlalchemy.sql.dml import ReturningInsert

from bot.effects import (
    CallWebhook,
    EditProposal,
    Effect,
    FetchCustomerFiles,
    FetchFiles,
    MailKind,
    OfferReport,
    OfferSending,
    PostCard,
    PostEscalationCall,
    PostEscalationCard,
    PostEscalationLine,
    PostInterviewPanel,
    PostInThread,
    PostOperator,
    PostReplacementPanel,
    PostServiceDigest,
    PostToCustomer,
    PublishHome,
    SendMail,
    ShareFiles,
    TellCustomer,
    TellOverview,
    TellUser,
)
from bot.model import Ticket
from bot.ports import OutboxRow, OutboxState
from bot.rules.mail_writing import OutgoingAttachment
from storage.attachments import StoredAttachments
from storage.built_once import built_once
from storage.composing import ComposedMail
from storage.effects_json import effect_from_json, effect_to_json
from storage.schema import Transport, outbox
from storage.tickets import StoredTickets
from storage.transaction import Transaction, Wake, upsert
from storage.types import literal

PENDING = literal(OutboxState.PENDING)
SENDING = literal(OutboxState.SENDING)
IN_DOUBT = literal(OutboxState.IN_DOUBT)
PARKED = literal(OutboxState.PARKED)

# Beside a narrower condition it only names the partial index; the databases do not conclude it.
IS_UNSENT = outbox.c.state.in_([PENDING, SENDING, IN_DOUBT])
WAKES = {
    Transport.MAIL: Wake.MAIL_OUTBOX,
    Transport.SLACK: Wake.SLACK_OUTBOX,
    Transport.FILES: Wake.FILES_OUTBOX,
    Transport.WEBHOOK: Wake.WEBHOOK_OUTBOX,
}

ALWAYS_URGENT = frozenset(
    kind.__name__
    for kind in (
        PostOperator, TellUser, PublishHome, PostToCustomer, OfferSending, FetchFiles, OfferReport, TellCustomer,
        TellOverview,
        PostEscalationCard, PostEscalationCall, PostEscalationLine, CallWebhook,
    )
)  # fmt: skip
IS_URGENT_ITSELF = outbox.c.urgent & (
    outbox.c.type.in_(sorted(ALWAYS_URGENT)) | type_coerce(outbox.c.effect, JSON)["urgent"].as_boolean().is_(True)
)
"""Not only because something urgent stands behind it in its lane."""
CARDS = (PostCard, PostEscalationCard, PostReplacementPanel, PostInterviewPanel)
"""They show things as they are when they are posted: of several that wait one is enough."""

_WAITING_CARD = built_once(
    select(outbox.c.id)
    .where(
        outbox.c.lane == bindparam("its_lane"),
        IS_UNSENT,
        outbox.c.state == PENDING,
        outbox.c.type == bindparam("its_type"),
    )
    .limit(1)
)
_HASTENED = built_once(
    update(outbox)
    .where(outbox.c.lane == bindparam("its_lane"), IS_UNSENT, outbox.c.id < bindparam("its_id"), ~outbox.c.urgent)
    .values(urgent=True)
)
_ID_BY_MESSAGE_ID = built_once(select(outbox.c.id).where(outbox.c.rfc_message_id == bindparam("its_message_id")))
_AUTOMATIC_MAILS_TO = built_once(
    select(func.count())
    .select_from(outbox)
    .where(outbox.c.automatic_to == bindparam("address"), outbox.c.created_at >= bindparam("since"))
)


@cache
def _add(*, is_postgresql: bool) -> ReturningInsert[int]:
    insert = upsert(outbox, is_postgresql=is_postgresql)
    return built_once(insert.on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(outbox.c.id))


_LANES_OF_A_TICKET: dict[type[Effect], str] = {
    PostToCustomer: "customer",
    ShareFiles: "files",
    FetchFiles: "fetch",
    FetchCustomerFiles: "fetch",
}


def lane_of(effect: Effect) -> str:  # one for each kind of lane
    """Rows of one lane go out one after the other.

    A ticket's mails, its posts to the customer, those in its own thread, its files; an escalation; a person.
    """
    match effect:
        case EditProposal() if "message" in effect.data:
            return f"customer:{effect.ticket_id}"  # behind the post whose buttons go
        case SendMail():
            return f"mail:{effect.to.lower() if effect.ticket_id is None else effect.ticket_id}"
        case PostOperator() | PostServiceDigest():
            return "escalation" if isinstance(effect, PostOperator) else "services"
        case PostEscalationCard() | PostEscalationCall() | PostEscalationLine():
            return f"escalation:{effect.escalation_id}"
        case PostReplacementPanel(_, its_id) | PostInterviewPanel(_, its_id):
            return f"{type(effect).__name__}:{its_id}"
        case CallWebhook():
            return f"webhook:{effect.escalation_id}"
        case TellUser() | OfferSending() | OfferReport() | TellCustomer() | TellOverview():
            return f"tell:{effect.user}"
        case PublishHome():
            return f"home:{effect.user}"
        case _:
            return f"{_LANES_OF_A_TICKET.get(type(effect), 'slack')}:{effect.ticket_id}"


def transport_of(effect: Effect) -> Transport:
    """By mail, by Slack, as an upload to Slack, or to the webhook."""
    match effect:
        case SendMail():
            return Transport.MAIL
        case ShareFiles() | FetchFiles() | FetchCustomerFiles():
            return Transport.FILES
        case CallWebhook():
            return Transport.WEBHOOK
        case _:
            return Transport.SLACK


class StoredOutbox:
    """`bot.ports.OutboxRepo` over the table outbox, and a row's outcomes, to be committed with what follows of them."""

    def __init__(self, transaction: Transaction, tickets: StoredTickets, attachments: StoredAttachments) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._tickets = tickets
        self._attachments = attachments

    async def add(self, effect: Effect, *, dedupe_key: str | None = None) -> int | None:
        """Store an effect; gives its row id, or None when the dedupe key was used before.

        A card of a ticket or an escalation that waits already gives that row's id: it shows things as they are when
        it is posted.
        A mail's Message-ID is fixed and its octets are composed here; a `message_id` in the effect gets that
        Message-ID.
        """
        is_card = isinstance(effect, CARDS)
        if is_card and (waiting := await self._waiting_card(effect)) is not None:
            return waiting
        name, values = effect_to_json(effect)
        now = self._transaction.clock.now()
        ready: dict[str, object] = {}
        mail: ComposedMail | None = None
        if isinstance(effect, SendMail):
            ready["id"] = own_id = await self._transaction.next_id(outbox)
            mail = await self._compose(effect, own_id, now)
            ready |= {"rfc_message_id": mail.rfc_message_id, "raw": mail.raw}
        elif not self._transaction.is_postgresql:
            ready["id"] = await self._transaction.next_id(outbox)
        result = await self._connection.execute(
            _add(is_postgresql=self._transaction.is_postgresql),
            {
                **ready,
                "transport": transport_of(effect),
                "lane": lane_of(effect),
                "type": name,
                "effect": values,
                "ticket_id": getattr(effect, "ticket_id", None),
                "urgent": _is_urgent(effect),
                "state": OutboxState.PENDING,
                "created_at": now,
                "next_attempt_at": now,
                "dedupe_key": dedupe_key,
                "automatic_to": _automatic_recipient(effect),
            },
        )
        outbox_id: int | None = result.scalar_one_or_none()
        if outbox_id is None:
            return None
        if mail is not None and isinstance(effect, SendMail) and effect.message_id is not None:
            await self._tickets.set_rfc_message_id(effect.message_id, mail.rfc_message_id)
        if _is_urgent(effect):  # it cannot leave before what stands before it in its lane
            await self._connection.execute(_HASTENED, {"its_lane": lane_of(effect), "its_id": outbox_id})
        self._transaction.wakes.add(WAKES[transport_of(effect)])
        return outbox_id

    async def _waiting_card(self, card: Effect) -> int | None:
        # Until we commit nobody may claim it, or it would show the ticket without our changes.
        query = _WAITING_CARD.with_for_update() if self._transaction.locks_rows else _WAITING_CARD
        found: int | None = await self._connection.scalar(
            query, {"its_lane": lane_of(card), "its_type": type(card).__name__}
        )
        return found

    async def _compose(self, effect: SendMail, outbox_id: int, now: datetime) -> ComposedMail:
        ticket: Ticket | None = None
        if effect.ticket_id is not None:
            ticket = self._transaction.tickets.get(effect.ticket_id) or await self._tickets.get(effect.ticket_id)
        files = [
            OutgoingAttachment(name, content_type, await self._attachments.content(digest))
            for name, content_type, digest in effect.files
        ]
        return self._transaction.compose(effect, outbox_id, ticket, now, files)

    async def get(self, outbox_id: int) -> OutboxRow:
        """One row; LookupError when there is none."""
        row = (await self._connection.execute(select(outbox).where(outbox.c.id == outbox_id))).one_or_none()
        if row is None:
            raise LookupError(f"there is no outbox row with id {outbox_id}")
        return outbox_row_of(row)

    async def state(self, outbox_id: int) -> OutboxState:
        """What became of a row; LookupError when there is none."""
        state = await self._connection.scalar(select(outbox.c.state).where(outbox.c.id == outbox_id))
        if state is None:
            raise LookupError(f"there is no outbox row with id {outbox_id}")
        return OutboxState(state)

    async def settle_by_message_id(self, rfc_message_id: str) -> int | None:
        """A copy of our mail came back: gives the row's id if the row exists, and marks it sent if it was in doubt.

        Also a row that is just being sent or was given up is settled; its sender's later word changes nothing.
        """
        outbox_id: int | None = await self._connection.scalar(_ID_BY_MESSAGE_ID, {"its_message_id": rfc_message_id})
        if outbox_id is not None:
            await self.mark_sent(outbox_id, {"settled_by": "copy"})
        return outbox_id

    async def by_message_id(self, rfc_message_id: str) -> OutboxRow | None:
        """The mail with that Message-ID."""
        row = (
            await self._connection.execute(select(outbox).where(outbox.c.rfc_message_id == rfc_message_id))
        ).one_or_none()
        return None if row is None else outbox_row_of(row)

    async def automatic_mails_to(self, address: str, since: datetime) -> int:
        """How many automatic mails were written to this address since then."""
        count = await self._connection.scalar(_AUTOMATIC_MAILS_TO, {"address": address.lower(), "since": since})
        return count or 0

    async def slack_backlog(self, at_most: int) -> int:
        """How many Slack effects wait to be performed, counted no further than `at_most`."""
        waiting = (
            select(outbox.c.id)
            .where(outbox.c.transport == literal(Transport.SLACK), outbox.c.state.in_([PENDING, IN_DOUBT]))
            .limit(at_most)
            .subquery()
        )
        return await self._connection.scalar(select(func.count()).select_from(waiting)) or 0

    async def mark_sent(self, outbox_id: int, result: dict[str, object]) -> bool:
        """A row was performed now; False when that was known already, or the row waits and was never tried.

        Whoever performed it is believed, also after its row was taken over or given up: it did happen.
        """
        return await self._change(
            {"state": OutboxState.SENT, "sent_at": self._transaction.clock.now(), "result": result, "error": None},
            outbox.c.id == outbox_id,
            outbox.c.state.in_([SENDING, IN_DOUBT, PARKED]),
        )

    async def mark_retry(
        self,
        outbox_id: int,
        at: datetime,
        error: str,
        *,
        in_doubt: bool,
        worker: str | None = None,
        is_attempt: bool = True,
    ) -> bool:
        """A row being performed failed and waits until `at`; False when it was settled or taken over meanwhile.

        Args:
            in_doubt: An attempt (this one, or an earlier one not yet looked up) may have succeeded.
            worker: Who performed it; None asks not whether another took it over.
            is_attempt: False where it only has to wait for its turn: that is no failure, however often it happens.
        """
        values: dict[str, object] = {
            "state": OutboxState.IN_DOUBT if in_doubt else OutboxState.PENDING,
            "next_attempt_at": at,
            "error": error,
            "worker": None,
        }
        if not is_attempt:
            values["attempts"] = outbox.c.attempts - 1
        return await self._change(values, *_being_sent(outbox_id, worker))

    async def mark_parked(self, outbox_id: int, error: str, *, worker: str | None = None) -> bool:
        """A row being performed is given up and its lane goes on; False when it was settled or taken over meanwhile."""
        return await self._change(
            {"state": OutboxState.PARKED, "error": error, "worker": None}, *_being_sent(outbox_id, worker)
        )

    async def _change(self, values: dict[str, object], *conditions: ColumnElement[bool]) -> bool:
        result = await self._connection.execute(
            update(outbox).where(*conditions).values(values).returning(outbox.c.transport)
        )
        transport = result.scalar_one_or_none()
        if transport is None:
            return False
        # The next of the lane may go now.
        self._transaction.wakes.add(WAKES[transport])
        return True


def _being_sent(outbox_id: int, worker: str | None) -> list[ColumnElement[bool]]:
    conditions = [outbox.c.id == outbox_id, outbox.c.state == SENDING]
    return conditions if worker is None else [*conditions, outbox.c.worker == worker]


def _is_urgent(effect: Effect) -> bool:
    return effect.urgent if isinstance(effect, PostInThread) else type(effect).__name__ in ALWAYS_URGENT


def _automatic_recipient(effect: Effect) -> str | None:
    if not isinstance(effect, SendMail | PostToCustomer) or effect.kind is MailKind.REPLY:
        return None
    return effect.to.lower() or None


def outbox_row_of(row: Row[*tuple[Any, ...]]) -> OutboxRow:
    """The value of a whole row of the table."""
    return OutboxRow(
        id=row.id,
        lane=row.lane,
        effect=effect_from_json(row.type, row.effect),
        created_at=row.created_at,
        attempts=row.attempts,
        in_doubt=row.state is OutboxState.IN_DOUBT,
        raw=row.raw,
        rfc_message_id=row.rfc_message_id,
        urgent=row.urgent,
        ticket=getattr(row, "ticket_number", None),
    )
