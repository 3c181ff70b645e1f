"""The legal moves of a replacement; the same table decides which buttons are shown.

| stage      | waits for                        | leaves by                                                       |
| ---------- | -------------------------------- | --------------------------------------------------------------- |
| reported   | a check                          | check; decline, cancel                                          |
| verifying  | the engineer's word on the fault | verify; refute, decline, cancel                                 |
| verified   | the user's word                  | confirm; refute, decline, cancel                                |
| confirmed  | the parcel (the delivery counts) | dispatch; decline, cancel                                       |
| dispatched | its arrival                      | deliver; lose, which leads back to confirmed                    |
| delivered  | the waybill for the way back     | send_waybill; waive                                             |
| return_due | the damaged device               | return; waive                                                   |
| returned   | the engineer who looks at it     | close                                                           |

The user may confirm before the engineer has verified, on the phone for example: the move to `confirmed` is made by
whichever comes last. Everything here is a function from one value to the next; nothing else makes stages.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from bot.model import Device
from bot.replacements import CheckDone, Fate, Replacement, ReturnWaybill, Shipment, Stage, Via


class Move(StrEnum):
    """What people do about a replacement."""

    CHECK = "check"
    VERIFY = "verify"
    REFUTE = "refute"
    ASK = "ask"
    CONFIRM = "confirm"
    DECLINE = "decline"
    CANCEL = "cancel"
    DISPATCH = "dispatch"
    LOSE = "lose"
    DELIVER = "deliver"
    SEND_WAYBILL = "send_waybill"
    RETURN = "return"
    WAIVE = "waive"
    CLOSE = "close"


MOVES: dict[Stage, tuple[Move, ...]] = {
    Stage.REPORTED: (Move.CHECK, Move.CONFIRM, Move.DECLINE, Move.CANCEL),
    Stage.VERIFYING: (Move.VERIFY, Move.CHECK, Move.CONFIRM, Move.REFUTE, Move.DECLINE, Move.CANCEL),
    Stage.VERIFIED: (Move.ASK, Move.CONFIRM, Move.CHECK, Move.REFUTE, Move.DECLINE, Move.CANCEL),
    Stage.CONFIRMED: (Move.DISPATCH, Move.DECLINE, Move.CANCEL),
    Stage.DISPATCHED: (Move.DELIVER, Move.LOSE),
    Stage.DELIVERED: (Move.SEND_WAYBILL, Move.WAIVE),
    Stage.RETURN_DUE: (Move.RETURN, Move.SEND_WAYBILL, Move.WAIVE),
    Stage.RETURNED: (Move.CLOSE,),
    Stage.CLOSED: (),
    Stage.UNFOUNDED: (),
    Stage.DECLINED: (),
    Stage.CANCELLED: (),
}
"""In the order in which the buttons stand."""

_END_OF = {Move.REFUTE: Stage.UNFOUNDED, Move.DECLINE: Stage.DECLINED, Move.CANCEL: Stage.CANCELLED}


class IllegalMove(ValueError):
    """A move that cannot be made as things are.

    Attributes:
        move: What was tried.
        stage: Where the replacement stands.
    """

    def __init__(self, move: Move, stage: Stage) -> None:
        super().__init__(f"{move} is no move of a replacement that is {stage}")
        self.move = move
        self.stage = stage


def moves_of(replacement: Replacement) -> tuple[Move, ...]:
    """What can be done now; the user confirms once."""
    moves = MOVES[replacement.stage]
    return moves if replacement.confirmed_at is None else tuple(move for move in moves if move is not Move.CONFIRM)


def _demand(replacement: Replacement, move: Move) -> None:
    if move not in moves_of(replacement):
        raise IllegalMove(move, replacement.stage)


def check(replacement: Replacement, done: CheckDone) -> Replacement:
    """A technical interview, service tests or logs; each may be done again."""
    _demand(replacement, Move.CHECK)
    stage = Stage.VERIFYING if replacement.stage is Stage.REPORTED else replacement.stage
    return replace(replacement, stage=stage, checks=(*replacement.checks, done))


def verify(replacement: Replacement, by: str, at: datetime) -> Replacement:
    """The engineer says that there is a fault; something must have been checked."""
    _demand(replacement, Move.VERIFY)
    stage = Stage.VERIFIED if replacement.confirmed_at is None else Stage.CONFIRMED
    return replace(replacement, stage=stage, verified_by=by, verified_at=at)


def ask(replacement: Replacement, at: datetime) -> Replacement:
    """The user is asked to confirm; once more where the answer was not clear."""
    _demand(replacement, Move.ASK)
    return replace(replacement, asked_at=at, asks=True)


def no_longer_asks(replacement: Replacement) -> Replacement:
    """Somebody wrote something else since: a plain yes may mean that."""
    return replace(replacement, asks=False)


def confirm(replacement: Replacement, by: str, via: Via, at: datetime, *, logged_by: str | None = None) -> Replacement:
    """The user confirms the fault.

    Args:
        by: An address, a Slack user id, or the name of who said so on the phone.
        logged_by: The engineer who heard it.
    """
    _demand(replacement, Move.CONFIRM)
    stage = Stage.CONFIRMED if replacement.verified_at is not None else replacement.stage
    return replace(
        replacement, stage=stage, confirmed_by=by, confirmed_via=via, confirmed_at=at, confirmation_logged_by=logged_by,
        asks=False,
    )  # fmt: skip


def dispatch(replacement: Replacement, shipment: Shipment) -> Replacement:
    """The new device is on its way."""
    _demand(replacement, Move.DISPATCH)
    if replacement.accepted_at is None:  # no stage says so without both; this holds it whatever the table says
        raise IllegalMove(Move.DISPATCH, replacement.stage)
    return replace(replacement, stage=Stage.DISPATCHED, shipments=(*replacement.shipments, shipment))


def lose(replacement: Replacement, at: datetime) -> Replacement:
    """The parcel is lost: another one has to be sent, and the delivery time runs on."""
    _demand(replacement, Move.LOSE)
    *before, last = replacement.shipments
    return replace(replacement, stage=Stage.CONFIRMED, shipments=(*before, replace(last, lost_at=at)))


def deliver(replacement: Replacement, at: datetime, received_by: str, new_device: Device, fate: Fate) -> Replacement:
    """The new device is there: the delivery time stops."""
    _demand(replacement, Move.DELIVER)
    return replace(
        replacement, stage=Stage.DELIVERED, delivered_at=at, received_by=received_by, new_device=new_device, fate=fate
    )


def send_waybill(replacement: Replacement, waybill: ReturnWaybill) -> Replacement:
    """The customer gets a prepaid waybill: the return counts from now; from a second one it counts anew."""
    _demand(replacement, Move.SEND_WAYBILL)
    return replace(replacement, stage=Stage.RETURN_DUE, waybills=(*replacement.waybills, waybill))


def give_back(replacement: Replacement, at: datetime, note: str) -> Replacement:
    """The damaged device is here."""
    _demand(replacement, Move.RETURN)
    return replace(replacement, stage=Stage.RETURNED, returned_at=at, return_note=note)


def close(replacement: Replacement, by: str, at: datetime) -> Replacement:
    """Everything is done."""
    _demand(replacement, Move.CLOSE)
    return replace(replacement, stage=Stage.CLOSED, ended_by=by, ended_at=at)


def waive(replacement: Replacement, by: str, at: datetime, reason: str) -> Replacement:
    """The damaged device need not come back (burnt, stolen, ...): everything is done."""
    _demand(replacement, Move.WAIVE)
    return replace(replacement, stage=Stage.CLOSED, ended_by=by, ended_at=at, outcome=reason)


def end(replacement: Replacement, move: Move, by: str, at: datetime, reason: str = "") -> Replacement:
    """It ends before anything was sent: REFUTE, DECLINE or CANCEL."""
    _demand(replacement, move)
    return replace(replacement, stage=_END_OF[move], ended_by=by, ended_at=at, outcome=reason, asks=False)


_YES = re.compile(r"fault:([1-9][0-9]{0,17}):([1-9][0-9]{0,17})")


def yes_value(ticket_id: int, replacement_id: int) -> str:
    """The value of the button by which a customer in a shared channel confirms the fault."""
    return f"fault:{ticket_id}:{replacement_id}"


def read_yes(value: object) -> tuple[int, int] | None:
    """The ticket's and the replacement's ids of such a button; None where it is none."""
    found = _YES.fullmatch(value) if isinstance(value, str) else None
    return None if found is None else (int(found[1]), int(found[2]))
