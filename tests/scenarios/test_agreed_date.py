"""A date agreed with the customer, pressed and answered over real sockets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.world import REPORT, World, text_of, texts
from tests.support.world_database import on_both_databases

pytestmark = [pytest.mark.scenario, on_both_databases]


async def test_a_date_is_proposed_confirmed_and_reminded_of(world: World) -> None:
    await world.write(world.anna, REPORT, name="Anna Nowak")
    card = await world.card(world.number(1))
    await world.press(world.ewa, card, "date_agree")
    view = await world.modal(world.ewa, "date_agree")
    shown = texts(world.slack.people.open_views(world.ewa)[-1].body["blocks"])
    assert "proponujemy termin: ‹wybrany dzień i godzina›." in shown
    errors = await world.slack.people.submit_view(
        world.ewa, view, {"date_day": "2026-11-23", "date_time": "09:00", "reply_text": "Potrzebna będzie konsola."}
    )
    assert errors == {"date_time": "Ta godzina już minęła."}
    assert (
        await world.slack.people.submit_view(world.ewa, view, {"date_day": "2026-11-25", "date_time": "11:30"}) is None
    )

    proposal = await world.mail_to(world.anna, containing="proponujemy termin: środa, 25 listopada 2026, 11:30 (CET).")
    assert "Potrzebna będzie konsola." in text_of(proposal)
    assert "Ewa Kowalska" in text_of(proposal)
    await world.in_slack(world.support, lambda m: m.ts == card.ts and "Zaproponowany termin" in texts(m.blocks))

    await world.write(world.anna, "Tak, potwierdzam.", answer=proposal, name="Anna Nowak")
    await world.mail_to(world.anna, after=proposal, containing="jest uzgodniony: środa, 25 listopada 2026, 11:30 (CET)")
    await world.in_thread(card, "Termin uzgodniony: śr., 25 lis 2026, 11:30")
    agreed = await world.in_slack(world.support, lambda m: m.ts == card.ts and "date_kept" in str(m.blocks))
    assert "Uzgodniony termin: śr., 25 lis 2026, 11:30" in texts(agreed.blocks)

    world.clock.move(timedelta(days=2, minutes=45))  # Wednesday, 10:45 in Warsaw
    await world.in_thread(card, "Zbliża się termin uzgodniony z klientem")
    await world.press(world.ewa, agreed, "date_kept")
    await world.in_thread(card, "Zrobione w uzgodnionym terminie")
