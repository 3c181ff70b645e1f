"""What engineers do to tickets behind "More…", each form over real sockets, by a member of a user group."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.edges.slack_ids import SPLIT_SHORTCUT
from bot.sandbox.slack.model import Message
from tests.scenarios.test_answering import asked
from tests.support.post_office import PATIENCE
from tests.support.world import REPORT, World, make_world, text_of, texts
from tests.support.world_database import on_both_databases

pytestmark = [pytest.mark.scenario, on_both_databases]
CANNED = {"title": "Prośba o logi", "pl": "Proszę o logi urządzenia {serial} (zgłoszenie {number}).", "en": "Logs."}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The world in which engineers are the members of a user group, and a text is ready for them."""
    async with make_world(tmp_path, replies={"undo_within": "0s", "canned": [CANNED]}) as world:
        workspace = world.slack.workspace
        group = workspace.add_usergroup("inzynierowie", "Inżynierowie", [world.ewa, world.marek])
        world.tree["slack"] |= {"engineers": [], "engineer_groups": [group.id]}
        await world.fill_registry()
        await world.start_bot()
        try:
            await world.slack.connected()
            await workspace.wait_for(lambda: workspace.calls_of("usergroups.users.list"), PATIENCE)
            yield world
        finally:
            await world.bot.stop()
        assert workspace.violations == []


async def submit(world: World, user: str, form: str, values: dict[str, object]) -> dict[str, str] | None:
    """Fill in and send the form that is open."""
    return await world.slack.people.submit_view(user, await world.modal(user, form), values)


async def report(world: World, count: int, words: str = "") -> Message:
    await world.write(world.anna, f"{words}\n{REPORT}", name="Anna Nowak", subject=f"Sprawa {count}")
    return await world.card(world.number(count))


async def test_the_reply_window_offers_texts_and_shows_the_mail(world: World) -> None:
    people = world.slack.people
    card = await report(world, 1)
    await world.press(world.ewa, card, "ticket_reply")
    view = await world.modal(world.ewa, "ticket_reply")
    await people.fill(world.ewa, view, "reply_text", "Dzień dobry,")
    await people.fill(world.ewa, view, "canned_reply", "0")

    def put_in() -> bool:
        return "reply_text:1" in str(people.open_views(world.ewa)[-1].body["blocks"])

    await world.slack.workspace.wait_for(put_in, PATIENCE, "the text to be put in")
    assert (await people.click_view(world.ewa, view, "mail_preview")).ok
    preview = await world.slack.workspace.wait_for(lambda: people.open_views(world.ewa)[1:], PATIENCE, "the preview")
    shown = texts(preview[0].body["blocks"])
    for said in (
        "Dzień dobry,",
        "Proszę o logi urządzenia FG121GTK25004672",
        "Z poważaniem\nEwa Kowalska",
        "Re: Sprawa 1",
    ):
        assert said in shown
    await people.close_view(world.ewa, preview[0].id)
    assert await people.submit_view(world.ewa, view, {}) is None
    mail = await world.mail_to(world.anna, containing="Proszę o logi urządzenia FG121GTK25004672")
    assert "Z poważaniem\nEwa Kowalska" in text_of(mail).replace("\r\n", "\n")


async def test_asking_calling_snoozing_and_resolving(world: World) -> None:
    card = await report(world, 1)
    await world.press(world.ewa, card, "ticket_ask")
    assert await submit(world, world.ewa, "ticket_ask", {}) is not None
    assert await submit(world, world.ewa, "ticket_ask", {"data_items": ["logs", "phone"]}) is None
    asked_for = await world.mail_to(world.anna, containing="– logów urządzenia")
    assert "– numeru telefonu" in text_of(asked_for)

    await world.press(world.marek, card, "ticket_call")
    wrong = await submit(world, world.marek, "ticket_call", {"summary": ""})
    assert wrong is not None
    assert await submit(world, world.marek, "ticket_call", {"summary": "Anna podała hasło do panelu."}) is None
    await world.in_thread(card, "📞 Rozmowa")

    await world.press(world.ewa, card, "ticket_snooze")
    assert await submit(world, world.ewa, "ticket_snooze", {"snooze_why": "czekam na magazyn"}) is None
    await world.in_thread(card, "💤")
    world.clock.move(timedelta(hours=1, minutes=1))
    await world.in_thread(card, "Odłożone zgłoszenie wraca")

    await world.press(world.ewa, card, "ticket_resolve")
    errors = await submit(world, world.ewa, "ticket_resolve", {"reply_text": "NOTATKA: kabel"})
    assert errors is not None
    assert "notatkę" in errors["reply_text"]
    assert await submit(world, world.ewa, "ticket_resolve", {"reply_text": "Wymieniliśmy kabel."}) is None
    await world.mail_to(world.anna, containing="Wymieniliśmy kabel.")
    await world.in_slack(world.support, lambda m: m.ts == card.ts and "ticket_reopen" in str(m.blocks))


async def test_splitting_merging_linking_and_giving_on(world: World) -> None:
    first, second = await report(world, 1), await report(world, 2, "Druga sprawa.")
    await world.press(world.ewa, first, "ticket_merge")
    assert await submit(world, world.ewa, "ticket_merge", {"number": "HEZO-2026-999999"}) == {
        "number": "Nie ma zgłoszenia o tym numerze."
    }
    await world.press(world.ewa, second, "ticket_merge")
    people = world.slack.people
    form = await world.modal(world.ewa, "ticket_merge")
    view = next(each for each in people.open_views(world.ewa) if each.id == form)
    likely = await people.suggest(world.ewa, view, "value", "", "candidate")
    assert [each["text"]["text"] for each in likely] == [f"{world.number(1)} · Sprawa 1"], "of the same contract, open"
    assert await people.suggest(world.ewa, view, "value", "druga sprawa", "candidate") == [], "itself is not offered"
    [found] = await people.suggest(world.ewa, view, "value", "sprawa 1", "candidate")
    assert await submit(world, world.ewa, "ticket_merge", {}) == {
        "number": "Wybierz zgłoszenie z listy albo podaj jego numer."
    }
    assert await submit(world, world.ewa, "ticket_merge", {"candidate": found["value"]}) is None
    await world.in_thread(first, "Druga sprawa.")
    joined = f"Dołączone do zgłoszenia {world.number(1)}"
    await world.in_slack(world.support, lambda m: m.ts == second.ts and joined in texts(m.blocks))

    talk = await people.post(world.ewa, world.support.id, "Kto ma dziś dyżur?")
    assert (await people.message_shortcut(world.ewa, SPLIT_SHORTCUT, world.support.id, talk.ts)).ok
    await asked(world, world.ewa, "To nie jest wątek zgłoszenia, więc nie ma z czego wydzielić wiadomości.")
    joined_post = await world.in_thread(first, "Druga sprawa.")
    assert (await people.message_shortcut(world.ewa, SPLIT_SHORTCUT, world.support.id, joined_post.ts)).ok
    assert await submit(world, world.ewa, "ticket_split", {"subject": "Osobno"}) is None
    third = await world.card("Temat: Osobno")
    await world.mail_to(world.anna, containing=world.number(3))

    await world.press(world.ewa, third, "ticket_link")
    assert await submit(world, world.ewa, "ticket_link", {"number": world.number(2)}) is None
    await world.in_thread(third, f"wiąże ze zgłoszeniem {world.number(2)}")

    await world.press(world.ewa, third, "ticket_assign")
    stranger = world.slack.workspace.add_user("gosc", "Gość").id
    assert await submit(world, world.ewa, "ticket_assign", {"person": stranger}) is not None
    assert await submit(world, world.ewa, "ticket_assign", {"person": world.marek}) is None
    await world.in_thread(third, "przekazuje zgłoszenie")

    world.support.members.append(stranger)
    outcome = await world.slack.people.click(stranger, world.support.id, third.ts, "ticket_more")
    assert outcome.ok
    await asked(world, stranger, "inżynierowie i menedżerowie")
