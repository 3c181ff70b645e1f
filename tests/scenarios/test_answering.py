"""Engineers' words leave Slack by three ways, each over real sockets: pressed, taken back, changed, with files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.edges.slack_ids import KEEP_INTERNAL, SEND_AND_WAIT, SEND_AS_NEWS, SEND_SHORTCUT, UNDO
from bot.sandbox.slack.model import Message
from bot.sandbox.slack.people_base import Upload
from tests.support.post_office import PATIENCE
from tests.support.world import REPORT, World, parsed, running, text_of, texts

pytestmark = pytest.mark.scenario
A_WHILE = timedelta(seconds=21)


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[World]:
    """The world in which a reply waits for twenty seconds."""
    async with running(tmp_path, replies={"undo_within": "20s"}) as world:
        yield world


async def reported(world: World) -> Message:
    """A report that is accepted; its head message."""
    await world.write(world.anna, REPORT, name="Anna Nowak")
    card = await world.card(world.number(1))
    await world.mail_to(world.anna)
    return card


async def asked(world: World, user: str, containing: str) -> Message:
    """What only this person sees."""

    def found() -> Message | None:
        lines = world.slack.workspace.ephemerals(world.support.id, user)
        return next((line for line in lines if containing in line.text + texts(line.blocks)), None)

    line = await world.slack.workspace.wait_for(found, PATIENCE, f"an ephemeral line with {containing}")
    assert line is not None
    return line


async def write(world: World, card: Message, text: str, *files: Upload) -> Message:
    return await world.slack.people.post(world.ewa, world.support.id, text, thread_ts=card.ts, files=files)


async def test_one_press_after_writing_with_an_edit_and_a_file(patient: World) -> None:
    world, people = patient, patient.slack.people
    card = await reported(world)
    written = await write(world, card, "Dzień dobry, w załączniku *instrukcja* <x>.", Upload("plan.txt", b"krok 1"))
    question = await asked(world, world.ewa, "Wysłać do klienta")
    assert world.slack.workspace.ephemerals(world.support.id, world.marek) == []
    assert (await people.click(world.ewa, world.support.id, question.ts, SEND_AND_WAIT)).ok
    post = await world.in_thread(card, "do tego czasu można cofnąć")
    assert "plan.txt" in texts(post.blocks)
    await people.edit(world.ewa, world.support.id, written.ts, "Dzień dobry, w załączniku poprawiona instrukcja.")
    await world.in_thread(card, "wyjdzie nowa treść")
    world.clock.move(A_WHILE)
    mail = await world.mail_to(world.anna, containing="poprawiona instrukcja")
    assert "Ewa Kowalska" in text_of(mail)
    [file] = parsed(mail).iter_attachments()
    assert (file.get_filename(), file.get_content().strip()) == ("plan.txt", "krok 1")
    await world.in_thread(card, "✅ wysłano")
    await people.edit(world.ewa, world.support.id, written.ts, "Za późno")
    await asked(world, world.ewa, "Klient dostał już poprzednią treść")


async def test_undo_and_the_shortcut_of_a_colleague(patient: World) -> None:
    world, people = patient, patient.slack.people
    card = await reported(world)
    written = await write(world, card, "Proszę zrestartować urządzenie.")
    question = await asked(world, world.ewa, "Wysłać do klienta")
    assert (await people.click(world.ewa, world.support.id, question.ts, SEND_AS_NEWS)).ok
    post = await world.in_thread(card, "do tego czasu można cofnąć")
    assert (await people.message_shortcut(world.marek, SEND_SHORTCUT, world.support.id, written.ts)).ok
    await asked(world, world.marek, "To już zostało wysłane")
    await world.press(world.marek, card, "ticket_reply")
    window = await world.modal(world.marek, "ticket_reply")
    assert "Odpowiedź już czeka na wysłanie" in texts(people.open_views(world.marek)[-1].body["blocks"])
    await people.close_view(world.marek, window)
    assert (await people.click(world.marek, world.support.id, post.ts, UNDO)).ok
    await world.in_thread(card, "COFNIĘTE")

    assert (await people.message_shortcut(world.marek, SEND_SHORTCUT, world.support.id, written.ts)).ok
    view = await world.modal(world.marek, "ticket_reply")
    assert await people.submit_view(world.marek, view, {"next_turn": "nobody"}) is None
    await world.in_thread(card, "do tego czasu można cofnąć")
    world.clock.move(A_WHILE)
    mail = await world.mail_to(world.anna, containing="Proszę zrestartować urządzenie.")
    assert "Marek Zieliński" in text_of(mail)
    assert len([m for m in world.mails_to(world.anna) if "zrestartować" in text_of(m)]) == 1


async def test_the_second_of_two_open_windows_reads_the_first_answer_and_has_to_say_so(patient: World) -> None:
    world, people = patient, patient.slack.people
    card = await reported(world)
    await world.press(world.marek, card, "ticket_reply")
    window = await world.modal(world.marek, "ticket_reply")
    await people.fill(world.marek, window, "reply_text", "Słowa Marka")
    await world.press(world.ewa, card, "ticket_reply")
    first = await world.modal(world.ewa, "ticket_reply")
    assert await people.submit_view(world.ewa, first, {"reply_text": "Słowa Ewy", "next_turn": "nobody"}) is None
    await world.in_thread(card, "do tego czasu można cofnąć")

    assert await people.submit_view(world.marek, window, {"next_turn": "customer"}) is None
    shown = people.open_views(world.marek)[-1]
    assert shown.id == window
    assert "Słowa Ewy" in texts(shown.body["blocks"])
    assert shown.state["reply_text"]["value"]["value"] == "Słowa Marka"
    assert shown.state["next_turn"]["value"]["selected_option"]["value"] == "customer"
    refused = await people.submit_view(world.marek, window)
    assert refused is not None
    assert list(refused) == ["second_answer_confirm"]
    assert await people.submit_view(world.marek, window, {"second_answer_confirm": ["send"]}) is None
    assert people.open_views(world.marek) == []
    await world.in_thread(card, "Słowa Marka")  # from now on it waits for its own undo to be over
    world.clock.move(A_WHILE)
    for words in ("Słowa Ewy", "Słowa Marka"):
        await world.mail_to(world.anna, containing=words)


async def test_what_waits_survives_a_stop_and_notes_never_go(patient: World) -> None:
    world, people = patient, patient.slack.people
    card = await reported(world)
    note = await write(world, card, ":memo: *NOTATKA* – klient zalega")
    assert (await people.message_shortcut(world.ewa, SEND_SHORTCUT, world.support.id, note.ts)).ok
    await asked(world, world.ewa, "To jest notatka dla zespołu")
    await write(world, card, "Wewnętrznie: sprawdzam")
    kept = await write(world, card, "Marek, zerknij")
    question = await asked(world, world.ewa, "Marek, zerknij")
    assert (await people.click(world.ewa, world.support.id, question.ts, KEEP_INTERNAL)).ok
    await asked(world, world.ewa, "Zostaje w zespole")
    await world.press(world.ewa, card, "ticket_reply")
    window = await world.modal(world.ewa, "ticket_reply")
    values = {
        "reply_text": "Dzień dobry, pracujemy nad tym.", "next_turn": "nobody",
        "reply_files": [Upload("opis.txt", b"krok po kroku")],
    }  # fmt: skip
    assert await people.submit_view(world.ewa, window, values) is None
    await world.in_thread(card, "do tego czasu można cofnąć")
    await world.bot.stop()
    world.clock.move(A_WHILE)
    await world.start_bot()
    mail = await world.mail_to(world.anna, containing="pracujemy nad tym")
    assert [file.get_filename() for file in parsed(mail).iter_attachments()] == ["opis.txt"]
    await world.in_thread(card, "✅ wysłano")
    await people.delete(world.ewa, world.support.id, kept.ts)
    said = "".join(text_of(one) for one in world.mails_to(world.anna))
    assert "NOTATKA" not in said
    assert "Wewn" not in said
    assert "zerknij" not in said
    assert mail.number == world.mails_to(world.anna)[-1].number
