"""A device is replaced, from the first mail to the closed ticket: by mail and in Slack, the clock moved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.sandbox.slack.model import Message
from tests.support.post_office import PATIENCE
from tests.support.world import REPORT, WARSAW, World, parsed, text_of, texts
from tests.support.world_database import on_both_databases

pytestmark = [pytest.mark.scenario, on_both_databases]

OLD, NEW = "FG121GTK25004672", "FG121GTK25009999"
NORTHWINDS = "FG1K0FTB22900191"


async def shows(world: World, message: Message, *containing: str) -> str:
    """What a message says, as soon as it says all of this."""
    await world.slack.workspace.wait_for(
        lambda: all(each in texts(message.blocks) for each in containing), PATIENCE, " and ".join(containing)
    )
    return texts(message.blocks)


async def move(world: World, panel: Message, action_id: str, fields: dict[str, Any] | None = None) -> None:
    """Ewa presses a button of the panel and fills in its form, if it has one."""
    outcome = await world.slack.people.click(world.ewa, world.support.id, panel.ts, action_id)
    assert outcome.ok, outcome.error
    if fields is not None:
        view = await world.modal(world.ewa, action_id)
        assert await world.slack.people.submit_view(world.ewa, view, fields) is None


def stamp(at: datetime) -> int:
    return int(at.timestamp())


async def test_from_the_first_mail_to_the_closed_ticket(world: World) -> None:
    people = world.slack.people
    await world.write(world.anna, f"{REPORT}\nPriorytet: krytyczny", name="Anna Nowak")
    card = await world.card(world.number(1))
    receipt = await world.mail_to(world.anna)
    await world.press(world.ewa, card, "ticket_more")
    more = await world.modal(world.ewa, "ticket_more")
    await people.click_view(world.ewa, more, "ticket_replace")
    start = await world.modal(world.ewa, "ticket_replace")
    assert await people.submit_view(world.ewa, start, {"device": OLD}) is None

    # Verified by an engineer; nothing can be sent before the user has confirmed.
    panel = await world.in_thread(card, "Sprzęt zastępczy · rozpoczęta")
    assert "replacement_dispatch" not in str(panel.blocks)
    await move(world, panel, "replacement_check", {"check": "interview", "note": "Nie startuje, wymieniono zasilanie"})
    await shows(world, panel, "✅ Wywiad techniczny", "wymieniono zasilanie")
    await move(world, panel, "replacement_check", {"check": "logs", "note": ""})
    await shows(world, panel, "✅ Logi z urządzenia")
    await move(world, panel, "replacement_verify")
    await shows(world, panel, "✅ Usterka zweryfikowana")
    await move(world, panel, "replacement_ask", {"to_customer": "Wyślemy ten sam model."})
    question = await world.mail_to(world.anna, after=receipt, containing="zweryfikowaliśmy usterkę")
    assert "wywiad techniczny, logi z urządzenia" in text_of(question)
    assert "Ewa Kowalska" in text_of(question)
    assert parsed(question)["Auto-Submitted"] in {None, "no"}
    await shows(world, panel, "klient zapytany")

    # The user's plain yes starts the eight hours; the customer and the card say until when.
    world.clock.move(timedelta(minutes=10))
    await world.write(
        world.anna, "Tak, potwierdzam.\nAdres: ul. Mleczna 1, Warszawa", answer=question, name="Anna Nowak"
    )
    promise = await world.mail_to(world.anna, after=question, containing="dostarczymy najpóźniej")
    due = world.clock.now().astimezone(WARSAW) + timedelta(hours=8)
    assert f"23 listopada 2026, {due:%H:%M} (CET)" in text_of(promise)
    await shows(world, panel, "Dostawa najpóźniej", "✅ Potwierdzona z użytkownikiem pisemnie")
    await world.reply(world.ewa, card, "Dziękuję za adres.", "nobody")
    await shows(world, card, "🟢 Dostawa urządzenia zastępczego: dziś 18:10", "Wymiana FG121GTK25004672")

    # Sent, half of the time gone, a form that is wrong says so beside its fields, delivered.
    parcel = {"carrier": "DPD", "waybill": "brak", "address": "Warszawa", "contact": "Anna Nowak", "phone": "x"}
    await people.click(world.ewa, world.support.id, panel.ts, "replacement_dispatch")
    view = await world.modal(world.ewa, "replacement_dispatch")
    errors = await people.submit_view(world.ewa, view, parcel)
    assert set(errors or {}) == {"waybill", "address", "phone"}
    parcel |= {"waybill": "0000 0123 4567 8Q", "address": "ul. Mleczna 1, 00-001 Warszawa", "phone": "600 100 200"}
    assert await people.submit_view(world.ewa, view, parcel) is None
    on_its_way = await world.mail_to(world.anna, after=promise, containing="jest już w drodze")
    assert "Numer listu przewozowego: 0000012345678Q" in text_of(on_its_way)
    world.clock.move(timedelta(hours=4))
    await world.in_thread(card, "Dostawa urządzenia zastępczego: pon., 23 lis 2026, 18:10, minęło 50% czasu")
    await shows(world, panel, "🚚 DPD")
    received = {
        "at": stamp(world.clock.now()), "who": "Anna Nowak", "serial": NEW.lower(), "fate": "replaces"
    }  # fmt: skip
    await people.click(world.ewa, world.support.id, panel.ts, "replacement_deliver")
    view = await world.modal(world.ewa, "replacement_deliver")
    for wrong, problem in ((NORTHWINDS, "To urządzenie jest na innej umowie."), (OLD, "To numer uszkodzonego")):
        errors = await people.submit_view(world.ewa, view, received | {"serial": wrong})
        assert errors is not None
        assert set(errors) == {"serial"}
        assert problem in errors["serial"]
    assert await people.submit_view(world.ewa, view, received) is None
    delivered = await world.mail_to(world.anna, after=on_its_way, containing="jest już u Państwa")
    assert f"o numerze seryjnym {NEW}" in text_of(delivered)
    assert "w miejsce uszkodzonego" in text_of(delivered)
    await shows(world, panel, "📬 Dostarczono", NEW)

    # The new device is on the contract from now on: a report about it is complete.
    await world.write(world.anna, REPORT.replace(OLD, NEW), subject="Nowe urządzenie")
    about_new = await world.card(world.number(2))
    assert NEW in texts(about_new.blocks)

    # The waybill, a reminder, the way back, and the end.
    await move(world, panel, "replacement_send_waybill", {"waybill": "0000098765432Z"})
    waybill = await world.mail_to(world.anna, after=delivered, containing="z góry opłacony list przewozowy")
    await shows(world, panel, "↩️ Zwrot najpóźniej")
    world.clock.move(timedelta(days=3))
    await world.mail_to(world.anna, after=waybill, containing="przypominamy o odesłaniu")
    await move(world, panel, "replacement_return", {"at": stamp(world.clock.now()), "note": "komplet"})
    thanks = await world.mail_to(world.anna, after=waybill, containing="dotarło do nas")
    assert "komplet" not in text_of(thanks)
    await shows(world, panel, "uszkodzone urządzenie wróciło")
    await world.reply(world.ewa, card, "Zamykamy zgłoszenie.", "resolved")
    await world.in_thread(card, "Zgłoszenie pozostaje otwarte")
    await move(world, panel, "replacement_close")
    await shows(world, panel, "⚫ zakończona")
    assert "replacement_" not in str(panel.blocks)
    await world.reply(world.ewa, card, "Dziękujemy za współpracę.", "resolved")
    await shows(world, card, "Rozwiązane")
    assert not [text for text in world.thread(card) if "przekroczony" in text]
