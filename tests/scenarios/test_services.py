"""The bot proposes in time: an engineer offers, the customer says yes, a report ends it; over real sockets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.edges.slack_entitlement_ids import REPORT, REPORT_BLOCK
from bot.edges.slack_ids import SERVICE_OFFER
from bot.edges.slack_services import ADDRESS_BLOCK, DISMISS
from bot.sandbox.slack.people_base import Upload
from tests.scenarios.test_entitlements import shows
from tests.support.world import parsed, running, text_of, texts
from tests.support.world_database import on_both_databases

pytestmark = [pytest.mark.scenario, on_both_databases]

EARLY = datetime(2026, 8, 3, 5, 0, tzinfo=UTC)
"""A Monday, 7:00 in Warsaw; 42 per cent of the dairy's contract year are over."""


async def test_a_review_is_proposed_offered_and_ends_in_a_report(tmp_path: Path) -> None:
    async with running(tmp_path, start=EARLY, entitlements={"propose_at_percent": [40, 80]}) as world:
        # Stopped over the hour of the look, it is made up for at once, and a restart says nothing twice.
        await world.bot.stop()
        world.clock.move(timedelta(hours=5))
        await world.start_bot()
        await world.slack.connected()
        daily = await world.in_slack(world.support, lambda m: "Umowy i usługi: 3 sie 2026" in texts(m.blocks))
        assert "Niewykorzystany przegląd konfiguracji i logów: HZ360-2026-000101 (Mleczarnia)" in texts(daily.blocks)
        await world.bot.stop()
        await world.start_bot()
        await world.slack.connected()

        outcome = await world.slack.people.click(world.ewa, world.support.id, daily.ts, SERVICE_OFFER, value="2")
        assert outcome.ok, outcome.error
        view = await world.modal(world.ewa, SERVICE_OFFER)
        shown = texts(world.slack.people.open_views(world.ewa)[-1].body["blocks"])
        assert "przysługuje Państwu przegląd konfiguracji i logów" in shown
        assert await world.slack.people.submit_view(world.ewa, view, {ADDRESS_BLOCK: world.anna}) is None
        offer = await world.mail_to(world.anna, containing="Czy możemy ustalić termin?")
        await shows(world, daily, "✅ Zaproponowano klientowi", world.number(1))
        assert len([m for m in world.support.messages.values() if "Umowy i usługi" in texts(m.blocks)]) == 1
        outcome = await world.slack.people.click(world.marek, world.support.id, daily.ts, DISMISS)
        assert outcome.ok, outcome.error

        card = await world.card("Przegląd konfiguracji i logów w ramach umowy")
        await world.write(world.anna, "Tak, poprosimy.", answer=offer, name="Anna Nowak")
        wish = await world.in_thread(card, "Klient zgodził się na naszą propozycję")
        await world.press(world.ewa, wish, "entitlement_agree")
        await shows(world, wish, "✅ Przyjęte")

        # The report: a file in a form, delivered by mail, is the review done.
        await world.press(world.ewa, wish, REPORT)
        view = await world.modal(world.ewa, REPORT)
        file = Upload("raport.pdf", b"%PDF-1.7 wszystko dobrze")
        assert await world.slack.people.submit_view(world.ewa, view, {REPORT_BLOCK: [file]}) is None
        report = await world.mail_to(world.anna, after=offer, containing="w załączniku przesyłamy raport z przeglądu")
        [attached] = list(parsed(report).iter_attachments())
        assert (attached.get_filename(), attached.get_content()) == ("raport.pdf", b"%PDF-1.7 wszystko dobrze")
        assert "Wykorzystano 1 z 2 przeglądów" in text_of(report)
        await shows(world, wish, "☑️ Wykonane 3 sie 2026", "📄 Raport: raport.pdf")
