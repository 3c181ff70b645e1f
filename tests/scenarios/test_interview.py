"""The technical interview over real sockets: begun in Slack, answered inside the quoted mail, shown in the thread."""

from __future__ import annotations

import pytest

from tests.scenarios.test_replacement import OLD, shows
from tests.support.world import REPORT, World, text_of
from tests.support.world_database import on_both_databases

pytestmark = [pytest.mark.scenario, on_both_databases]


async def test_the_questions_come_back_answered_inline(world: World) -> None:
    people = world.slack.people
    await world.write(world.anna, f"{REPORT}\nPriorytet: niekrytyczny")
    card = await world.card(world.number(1))
    receipt = await world.mail_to(world.anna)
    await world.press(world.ewa, card, "ticket_more")
    await people.click_view(world.ewa, await world.modal(world.ewa, "ticket_more"), "ticket_interview")
    begin = await world.modal(world.ewa, "ticket_interview")
    assert await people.submit_view(world.ewa, begin, {"device": OLD}) is None
    panel = await world.in_thread(card, "odpowiedzi: 0 z")

    await people.click(world.ewa, world.support.id, panel.ts, "interview_fill")
    form = await world.modal(world.ewa, "interview_fill")
    assert await people.submit_view(world.ewa, form, {"answer_contact": "Jan Kowalski, 600 100 200"}) is None
    await shows(world, panel, "odpowiedzi: 1 z", "Jan Kowalski")
    await people.click(world.ewa, world.support.id, panel.ts, "interview_ask")
    form = await world.modal(world.ewa, "interview_ask")
    assert await people.submit_view(world.ewa, form, {"to_customer": "Zadzwonię jutro."}) is None
    letter = await world.mail_to(world.anna, after=receipt, containing="Jaki ma być adres")

    lines = [f"> {line}" for line in text_of(letter).splitlines()]
    place = next(number for number, line in enumerate(lines) if line.startswith("> 4. "))
    lines.insert(place + 1, "10.0.0.1/24")
    await world.write(world.anna, "Odpowiedź poniżej.\n\n" + "\n".join(lines), answer=letter)
    thanks = await world.mail_to(world.anna, after=letter, containing="dziękujemy za odpowiedzi")
    assert "Brakuje jeszcze odpowiedzi na pytania" in text_of(thanks)
    await shows(world, panel, "odpowiedzi: 2 z", "10.0.0.1/24")
    await people.click(world.ewa, world.support.id, panel.ts, "interview_export")
    await world.in_thread(card, '"format": "hezo360-interview-1"')
