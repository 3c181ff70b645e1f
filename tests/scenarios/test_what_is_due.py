"""Engineers see what is due: the countdown of a card goes on by itself, the App Home has it in its order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.sandbox.slack.model import Message
from tests.support.post_office import PATIENCE
from tests.support.world import REPORT, World, texts


async def shows(world: World, card: Message, words: str) -> None:
    await world.slack.workspace.wait_for(lambda: words in texts(card.blocks), PATIENCE, f"{words!r} on the card")


async def home_of(world: World, user: str, words: str) -> str:
    """The Home tab of this person, as soon as it holds these words."""

    def shown() -> str | None:
        view = world.slack.workspace.home(user)
        said = texts(view.body["blocks"]) if view else ""
        return said if words in said else None

    said = await world.slack.workspace.wait_for(shown, PATIENCE, f"{words!r} in the App Home")
    assert said is not None
    return said


async def test_the_countdown_of_a_card_goes_on_without_anybody(world: World) -> None:
    await world.write(world.anna, f"{REPORT}\nPriorytet: krytyczny")
    card = await world.card("HEZO-")
    await shows(world, card, "🟢 Czas reakcji: dziś 11:00, zostało ponad 55 min")
    world.clock.move(timedelta(minutes=5, seconds=1))
    await shows(world, card, "🟢 Czas reakcji: dziś 11:00, zostało ponad 50 min")
    world.clock.move(timedelta(minutes=40))
    await shows(world, card, "🟡 Czas reakcji: dziś 11:00, zostało ponad 10 min")
    assert len([text for text in world.thread(card) if "Przypomnienie" in text]) <= 1, "the levels passed are one"


async def test_the_app_home_lists_what_is_due_first(world: World) -> None:
    await world.write(world.anna, f"{REPORT}\nPriorytet: pytanie", subject="Pytanie o VPN")
    question = await world.card("Pytanie o VPN")
    await world.write(world.anna, f"{REPORT}\nPriorytet: krytyczny", subject="Nic nie działa")
    critical = await world.card("Nic nie działa")
    await world.write(world.anna, f"{REPORT}\nPriorytet: krytyczny", subject="Trzecie")
    third = await world.card("Trzecie")
    await world.press(world.ewa, question, "ticket_take")
    await world.press(world.marek, third, "ticket_take")
    await shows(world, third, "Prowadzi")

    await world.slack.people.open_home(world.ewa)
    said = await home_of(world, world.ewa, "Zgłoszenia innych (1)")
    order = ["Moje zgłoszenia (1)", "Pytanie o VPN", "Do wzięcia (1)", "Nic nie działa", "Zgłoszenia innych", "Trzecie"]
    assert [said.index(words) for words in order] == sorted(said.index(words) for words in order)
    assert "Czas reakcji: dziś 11:00" in said
    place = f"{world.support.id}/p{critical.ts.replace('.', '')}"
    assert f"https://{world.slack.workspace.team.domain}.slack.com/archives/{place}" in links(world, world.ewa)

    await world.press(world.ewa, critical, "ticket_take")
    await shows(world, critical, "Prowadzi")
    outcome = await world.slack.people.click_home(world.ewa, "home_refresh")
    assert outcome.ok
    said = await home_of(world, world.ewa, "Moje zgłoszenia (2)")
    assert said.index("Nic nie działa") < said.index("Pytanie o VPN"), "due first, though taken last"


async def test_the_app_home_filters_turns_pages_and_shows_managers_what_is_late(world: World) -> None:
    people = world.slack.people
    for number in range(10):
        priority = "krytyczny" if number == 0 else "pytanie"
        await world.write(world.anna, f"{REPORT}\nPriorytet: {priority}", subject=f"Sprawa {number}")
        await world.card(f"Sprawa {number}")
    world.clock.move(timedelta(minutes=61))
    await world.in_slack(world.support, lambda m: "Termin przekroczony!" in texts(m.blocks))

    await people.open_home(world.zofia)
    said = await home_of(world, world.zofia, "Przekroczone terminy (1)")
    assert "Do wzięcia (10)" in said
    assert "Strona 1 z 2" in said
    assert "Do wzięcia: 10 (po terminie: 1)" in said.replace("\n", "")

    assert (await people.click_home(world.zofia, "home_page", value="nobody:1")).ok
    said = await home_of(world, world.zofia, "Strona 2 z 2")
    assert (await people.click_home(world.zofia, "home_priority", selected="critical")).ok
    said = await home_of(world, world.zofia, "Do wzięcia (1)")
    assert "Sprawa 0" in said
    assert (await people.click_home(world.zofia, "home_customer", selected="Mleczarnia")).ok
    assert (await people.click_home(world.zofia, "home_state", selected="waiting")).ok
    said = await home_of(world, world.zofia, "Do wzięcia (0)")
    world.clock.move(timedelta(minutes=4))
    await people.open_home(world.zofia)
    said = await home_of(world, world.zofia, "Stan na: dziś 11:05")
    assert "Do wzięcia (0)" in said, "its menus still show the filters when it is opened again"

    await people.open_home(world.ewa)
    assert "Przekroczone terminy" not in await home_of(world, world.ewa, "Do wzięcia (10)"), "that is for managers"


async def test_commands_answer_with_links_and_exact_facts(world: World) -> None:
    people, place = world.slack.people, world.support.id
    await world.write(world.anna, f"{REPORT}\nPriorytet: krytyczny", subject="Zasilacz dymi")
    card = await world.card("Zasilacz dymi")

    async def told(command: str, containing: str) -> str:
        assert (await people.slash(world.ewa, place, "/hezo", command)).ok

        def found() -> str | None:
            shown = world.slack.workspace.ephemerals(place, world.ewa)
            return next((m.text for m in shown if containing in m.text), None)

        said = await world.slack.workspace.wait_for(found, PATIENCE, f"the answer to {command}")
        assert said is not None
        return said

    said = await told("szukaj zasilacz mleczarnia", "Znalezione: zasilacz mleczarnia")
    assert f"/archives/{place}/p{card.ts.replace('.', '')}|{world.number(1)}>" in said
    assert "Mleczarnia: Zasilacz dymi" in said
    assert said.index("Czas reakcji: dziś 11:00") < said.index(world.number(1)), "the deadline stands first"
    await told("search tunel", "Nie znaleziono zgłoszeń: tunel")
    await told("lista", "Otwarte zgłoszenia: 1")
    await told("moje", "Nie prowadzisz żadnego otwartego zgłoszenia.")
    await told("due", "Najbliższe terminy")
    await told(f"pokaż {world.number(1)}", "Zasilacz dymi")
    said = await told("umowa mleczarnia", "Umowa HZ360-2026-000101")
    assert "FG121GTK25004672" in said
    assert "Otwarte zgłoszenia (1):" in said
    await told("umowa HZ360-9", "W rejestrze nie ma takiej umowy ani klienta: HZ360-9")
    await told("pokaż HEZO-2020-000009", "Nie ma zgłoszenia HEZO-2020-000009.")
    assert (await people.slash(world.ewa, place, "/hezo", f"call {world.number(1)}")).ok
    await world.modal(world.ewa, "ticket_call")
    assert (await people.slash(world.marek, place, "/hezo", "telefon")).ok
    await world.modal(world.marek, "ticket_open")


async def test_who_does_not_work_on_tickets_sees_none(world: World) -> None:
    await world.write(world.anna, REPORT)
    await world.card("HEZO-")
    outsider = world.slack.workspace.add_user("Olga Recepcja").id
    await world.slack.people.open_home(outsider)
    said = await home_of(world, outsider, "inżynierów")
    assert "HEZO-2" not in said


def links(world: World, user: str) -> list[str]:
    """Every address that the Home tab links to."""
    view = world.slack.workspace.home(user)
    assert view is not None
    found: list[str] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            found.extend([value["url"]] if value.get("type") == "link" else [])
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(view.body["blocks"])
    return found
