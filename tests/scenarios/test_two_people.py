"""Two engineers at once, over real sockets: the second sees in their window, or alone, who was first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.edges.slack_ids import SPLIT_SHORTCUT
from bot.sandbox.slack.model import Message
from tests.scenarios.test_answering import asked
from tests.support.post_office import PATIENCE
from tests.support.world import REPORT, World, running, texts
from tests.support.world_database import on_both_databases

pytestmark = [pytest.mark.scenario, on_both_databases]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The world in which replies go at once."""
    async with running(tmp_path, replies={"undo_within": "0s"}) as world:
        yield world


async def reported(world: World, count: int = 1) -> Message:
    await world.write(world.anna, REPORT, name="Anna Nowak", subject=f"Sprawa {count}")
    return await world.card(world.number(count))


async def opened(world: World, user: str, card: Message, form: str) -> str:
    await world.press(user, card, form)
    return await world.modal(user, form)


async def test_the_second_of_two_priority_windows_is_asked_and_may_overrule(world: World) -> None:
    people, card = world.slack.people, await reported(world)
    second = await opened(world, world.marek, card, "ticket_priority")
    first = await opened(world, world.ewa, card, "ticket_priority")
    assert await people.submit_view(world.ewa, first, {"priority": "non_critical"}) is None
    await world.in_thread(card, "terminy liczone na nowo")

    assert await people.submit_view(world.marek, second, {"priority": "question"}) is None
    shown = people.open_views(world.marek)[-1]
    assert shown.id == second
    assert "zaszła inna zmiana" in texts(shown.body["blocks"])
    assert "priorytet „niekrytyczny”" in texts(shown.body["blocks"])
    assert world.ewa in str(shown.body["blocks"])
    assert shown.state["priority"]["value"]["selected_option"]["value"] == "question"
    refused = await people.submit_view(world.marek, second)
    assert refused is not None
    assert list(refused) == ["first_act_confirm"]
    assert await people.submit_view(world.marek, second, {"first_act_confirm": ["send"]}) is None
    assert people.open_views(world.marek) == []
    await world.in_slack(world.support, lambda m: m.ts == card.ts and "pytanie" in texts(m.blocks))


async def test_the_same_priority_and_an_old_button(world: World) -> None:
    people, card = world.slack.people, await reported(world)
    second = await opened(world, world.marek, card, "ticket_priority")
    first = await opened(world, world.ewa, card, "ticket_priority")
    assert await people.submit_view(world.ewa, first, {"priority": "question"}) is None
    await world.in_thread(card, "terminy liczone na nowo")
    assert await people.submit_view(world.marek, second, {"priority": "question"}) is None
    await asked(world, world.marek, "ma już priorytet „pytanie”")

    assert (await people.click(world.marek, world.support.id, card.ts, "ticket_more")).ok
    more = await world.modal(world.marek, "ticket_more")
    await world.press(world.ewa, card, "ticket_take")
    await world.in_slack(world.support, lambda m: m.ts == card.ts and world.ewa in str(m.blocks))
    assert (await people.click_view(world.marek, more, "ticket_close")).ok
    await asked(world, world.marek, "przejęcie zgłoszenia")
    await world.slack.workspace.wait_for(lambda: "ticket_more" in str(card.blocks), PATIENCE)
    assert "zamknięte" not in texts(card.blocks).split("\n")[0]

    assert (await people.click(world.marek, world.support.id, card.ts, "ticket_more")).ok
    more = await world.modal(world.marek, "ticket_more")
    assert (await people.click_view(world.marek, more, "ticket_close")).ok
    await world.in_slack(world.support, lambda m: m.ts == card.ts and "ticket_reopen" in str(m.blocks))


async def test_what_was_chosen_for_merging_and_ended_since_is_said_beside_the_field(world: World) -> None:
    people = world.slack.people
    target, other = await reported(world, 1), await reported(world, 2)
    form = await opened(world, world.marek, other, "ticket_merge")
    view = people.open_views(world.marek)[-1]
    [chosen] = await people.suggest(world.marek, view, "value", "", "candidate")
    await world.press(world.ewa, target, "ticket_close")
    await world.in_slack(world.support, lambda m: m.ts == target.ts and "ticket_reopen" in str(m.blocks))
    refused = await people.submit_view(world.marek, form, {"candidate": chosen["value"]})
    assert refused is not None
    assert list(refused) == ["candidate"]
    for said in (world.number(1), "„zamknięte”", "Ewa Kowalska"):
        assert said in refused["candidate"]
    [anew] = await people.suggest(world.marek, view, "value", "sprawa 1", "candidate")
    assert await people.submit_view(world.marek, form, {"candidate": anew["value"]}) is None, "who has seen it may"
    await world.in_slack(world.support, lambda m: m.ts == other.ts and "Dołączone" in texts(m.blocks))


async def test_the_split_shortcut_says_why_it_cannot(world: World) -> None:
    people, support = world.slack.people, world.support.id
    card = await reported(world)
    theirs = await world.in_thread(card, "FortiGate nie działa")
    lonely = await people.post(world.marek, support, "Kto ma dyżur?")
    ours = await people.post(world.marek, support, "Zadzwonię do nich.", thread_ts=card.ts)

    async def split(user: str, ts: str) -> None:
        assert (await people.message_shortcut(user, SPLIT_SHORTCUT, support, ts)).ok

    await split(world.marek, lonely.ts)
    await asked(world, world.marek, "To nie jest wątek zgłoszenia")
    await split(world.marek, ours.ts)
    await asked(world, world.marek, "To nie jest wiadomość klienta")
    second = await world.card(world.number(1))
    await split(world.marek, theirs.ts)
    form = await world.modal(world.marek, "ticket_split")
    await split(world.ewa, theirs.ts)
    assert await people.submit_view(world.ewa, await world.modal(world.ewa, "ticket_split"), {}) is None
    await world.in_thread(second, "wydziela wiadomość")
    assert await people.submit_view(world.marek, form, {}) is None
    said = await asked(world, world.marek, "jest już osobnym zgłoszeniem")
    assert world.ewa in said.text
    await world.press(world.ewa, card, "ticket_close")
    await world.in_slack(world.support, lambda m: m.ts == card.ts and "ticket_reopen" in str(m.blocks))
    await split(world.marek, theirs.ts)
    said = await asked(world, world.marek, "Teraz to niemożliwe")
    assert world.ewa in said.text, "it names who was first"
    guest = world.slack.workspace.add_user("gosc", "Gość").id
    world.support.members.append(guest)
    await split(guest, theirs.ts)
    await asked(world, guest, "inżynierowie i menedżerowie")


async def test_snoozing_and_giving_on_from_windows_that_were_open_before(world: World) -> None:
    people, card = world.slack.people, await reported(world)
    second = await opened(world, world.marek, card, "ticket_assign")
    first = await opened(world, world.ewa, card, "ticket_assign")
    assert await people.submit_view(world.ewa, first, {"person": world.zofia}) is None
    await world.in_thread(card, "przekazuje zgłoszenie")
    assert await people.submit_view(world.marek, second, {"person": world.marek}) is None
    shown = str(people.open_views(world.marek)[-1].body["blocks"])
    assert "przekazanie zgłoszenia" in shown
    for named in (world.ewa, world.zofia):
        assert named in shown
    for view in reversed(people.open_views(world.marek)):
        await people.close_view(world.marek, view.id)

    second = await opened(world, world.marek, card, "ticket_snooze")
    first = await opened(world, world.ewa, card, "ticket_snooze")
    assert await people.submit_view(world.ewa, first, {"snooze_why": "magazyn"}) is None
    await world.in_thread(card, "💤")
    later = int((world.clock.now() + timedelta(days=2)).timestamp())
    assert await people.submit_view(world.marek, second, {"snooze_until": later}) is None
    assert "odłożenie zgłoszenia do" in texts(people.open_views(world.marek)[-1].body["blocks"])
    assert await people.submit_view(world.marek, second, {"first_act_confirm": ["send"]}) is None
    await world.in_slack(
        world.support, lambda m: m.thread_ts == card.ts and "💤" in texts(m.blocks) and world.marek in str(m.blocks)
    )


async def test_two_who_submit_at_the_same_instant(world: World) -> None:
    people, card = world.slack.people, await reported(world)
    windows = {user: await opened(world, user, card, "ticket_priority") for user in (world.marek, world.ewa)}
    await asyncio.gather(
        people.submit_view(world.marek, windows[world.marek], {"priority": "question"}),
        people.submit_view(world.ewa, windows[world.ewa], {"priority": "non_critical"}),
    )

    def second_knows() -> bool:
        """One of the two is asked in the window, or reads a line of their own."""
        lines = [line.text for user in windows for line in world.slack.workspace.ephemerals(world.support.id, user)]
        views = [texts(view.body["blocks"]) for user in windows for view in people.open_views(user)]
        return any("zaszła inna" in said for said in [*lines, *views])

    await world.slack.workspace.wait_for(second_knows, PATIENCE, "the second to learn who was first")
    await world.in_thread(card, "terminy liczone na nowo")
    assert sum("terminy liczone na nowo" in said for said in world.thread(card)) == 1


async def test_what_is_not_possible_any_more_is_said_in_the_window_and_no_word_is_lost(world: World) -> None:
    people, card = world.slack.people, await reported(world)
    second = await opened(world, world.marek, card, "ticket_resolve")
    await people.fill(world.marek, second, "reply_text", "Wymieniliśmy kabel.")
    await world.press(world.ewa, card, "ticket_close")
    await world.in_slack(world.support, lambda m: m.ts == card.ts and "ticket_reopen" in str(m.blocks))
    refused = await people.submit_view(world.marek, second)
    assert refused is not None
    assert list(refused) == ["reply_text"]
    assert "„zamknięte”" in refused["reply_text"]
    assert "Ewa Kowalska" in refused["reply_text"], "a field mentions nobody: the name stands there"
    shown = people.open_views(world.marek)[-1]
    assert shown.state["reply_text"]["value"]["value"] == "Wymieniliśmy kabel."
    for view in reversed(people.open_views(world.marek)):
        await people.close_view(world.marek, view.id)

    await world.press(world.marek, card, "ticket_reopen")
    await world.in_slack(world.support, lambda m: m.ts == card.ts and "ticket_reply" in str(m.blocks))
    form = await opened(world, world.ewa, card, "ticket_escalate")
    assert await people.submit_view(world.ewa, form, {"reason": "Klient nie może czekać."}) is None
    alert = await world.in_slack(world.escalation, lambda m: "escalation_resolve" in str(m.blocks))
    windows = {}
    for user in (world.ewa, world.zofia):
        assert (await people.click(user, world.escalation.id, alert.ts, "escalation_resolve")).ok
        windows[user] = await world.modal(user, "escalation_resolve")
    assert await people.submit_view(world.ewa, windows[world.ewa], {"outcome": "Oddzwoniłam."}) is None
    await world.in_slack(world.escalation, lambda m: m.ts == alert.ts and "escalation_resolve" not in str(m.blocks))
    refused = await people.submit_view(world.zofia, windows[world.zofia], {"outcome": "Zadzwonię."})
    assert refused is not None
    assert "jest już zakończona (przez: Ewa Kowalska" in refused["outcome"]
