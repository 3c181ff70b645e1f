"""The machine of replacements: whatever is pressed in whatever order, its promises hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Device
from bot.replacements import ENDS, Check, CheckDone, Fate, Replacement, ReturnWaybill, Shipment, Stage, Via
from bot.rules import replacement as machine
from bot.rules.replacement import MOVES, IllegalMove, Move, moves_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEW = Device("FG121GTK25009999", "FortiGate-121G")


def fresh() -> Replacement:
    return Replacement(1, 1, Device("FG121GTK25004672", "FortiGate-121G"), Stage.REPORTED, NOON, "U0EWA")


def pressed(it: Replacement, move: Move, at: datetime) -> Replacement:  # noqa: C901, PLR0911  # one for each move
    """The move, well filled in."""
    match move:
        case Move.CHECK:
            return machine.check(it, CheckDone(Check.LOGS, "U0EWA", at))
        case Move.VERIFY:
            return machine.verify(it, "U0EWA", at)
        case Move.ASK:
            return machine.ask(it, at)
        case Move.CONFIRM:
            return machine.confirm(it, "anna@klient.example", Via.MAIL, at)
        case Move.DISPATCH:
            return machine.dispatch(it, Shipment("DPD", "123456", "ul. Mleczna 1", "Anna", "600100200", "U0EWA", at))
        case Move.LOSE:
            return machine.lose(it, at)
        case Move.DELIVER:
            return machine.deliver(it, at, "Jan", NEW, Fate.REPLACES)
        case Move.SEND_WAYBILL:
            return machine.send_waybill(it, ReturnWaybill("654321", (), "U0EWA", at))
        case Move.RETURN:
            return machine.give_back(it, at, "")
        case Move.CLOSE:
            return machine.close(it, "U0EWA", at)
        case Move.WAIVE:
            return machine.waive(it, "U0EWA", at, "spalone")
        case Move.REFUTE | Move.DECLINE | Move.CANCEL:
            return machine.end(it, move, "U0EWA", at)


def holds(it: Replacement) -> None:
    """What is true of every replacement, whatever happened to it."""
    went_out = {Stage.DISPATCHED, Stage.DELIVERED, Stage.RETURN_DUE, Stage.RETURNED, Stage.CLOSED}
    if it.shipments or it.stage in went_out:
        assert it.verified_at is not None
        assert it.confirmed_at is not None
        assert it.checks
        assert it.shipments[0].sent_at >= max(it.verified_at, it.confirmed_at)
    assert (it.accepted_at is not None) == (it.verified_at is not None and it.confirmed_at is not None)
    if it.accepted_at is not None:
        assert it.stage not in {Stage.REPORTED, Stage.VERIFYING, Stage.VERIFIED}
    assert (it.ended_at is not None) == (it.stage in ENDS) == (moves_of(it) == ())
    assert (it.delivered_at is None) == (it.new_device is None) == (it.fate is None)
    if it.waybills or it.returned_at:
        assert it.delivered_at is not None
    lost = [each.lost_at is not None for each in it.shipments]
    assert lost.count(False) <= 1, "at most one parcel is on its way"
    assert (it.shipment is not None) == (it.stage in went_out)
    if it.asks:
        assert it.stage is Stage.VERIFIED


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(Move), max_size=40))
def test_whatever_is_pressed_no_promise_is_broken(moves: list[Move]) -> None:
    it = fresh()
    for minute, move in enumerate(moves):
        offered = move in moves_of(it)
        at = NOON + timedelta(minutes=minute)
        if not offered:
            with pytest.raises(IllegalMove) as refused:
                pressed(it, move, at)
            assert (refused.value.move, refused.value.stage) == (move, it.stage)
            continue
        after = pressed(it, move, at)
        assert after != it
        it = after
        holds(it)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("move", Move)
def test_every_move_that_the_table_does_not_have_is_refused(stage: Stage, move: Move) -> None:
    there = replace(fresh(), stage=stage)
    if move not in MOVES[stage]:
        with pytest.raises(IllegalMove):
            pressed(there, move, NOON)


def test_every_stage_is_reached_and_every_one_that_is_no_end_is_left() -> None:
    seen: dict[Stage, Replacement] = {Stage.REPORTED: fresh()}
    waiting = [fresh()]
    while waiting:
        it = waiting.pop()
        for move in moves_of(it):
            after = pressed(it, move, NOON)
            if after.stage not in seen:
                seen[after.stage] = after
                waiting.append(after)
    assert set(seen) == set(Stage)
    assert {stage for stage in Stage if not MOVES[stage]} == ENDS


@pytest.mark.parametrize("first", [Move.VERIFY, Move.CONFIRM])
def test_the_time_counts_from_the_later_of_both_confirmations(first: Move) -> None:
    it = pressed(fresh(), Move.CHECK, NOON)
    last = Move.CONFIRM if first is Move.VERIFY else Move.VERIFY
    it = pressed(it, first, NOON + timedelta(minutes=1))
    assert (it.accepted_at, Move.DISPATCH in moves_of(it)) == (None, False)
    it = pressed(it, last, NOON + timedelta(minutes=9))
    assert (it.accepted_at, it.stage) == (NOON + timedelta(minutes=9), Stage.CONFIRMED)


def test_no_table_lets_a_device_go_without_both() -> None:
    forged = replace(fresh(), stage=Stage.CONFIRMED, verified_at=NOON)
    with pytest.raises(IllegalMove):
        pressed(forged, Move.DISPATCH, NOON)
