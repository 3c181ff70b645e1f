"""The main job: a customer's mail becomes a ticket, the engineer answers in Slack, the conversation goes both ways."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.support.world import REPORT, World, on_both, parsed, text_of, texts

pytestmark = pytest.mark.scenario


@on_both
async def test_a_report_is_acknowledged_shown_answered_and_continued(world: World) -> None:
    reported = await world.write(world.anna, REPORT, name="Anna Nowak")

    acknowledged = await world.mail_to(world.anna)
    mail = parsed(acknowledged)
    assert mail["Subject"] == f"[{world.number(1)}] Re: Awaria"
    assert mail["In-Reply-To"] == reported
    assert mail["Auto-Submitted"] == "auto-replied"
    assert "FortiGate-121G, numer seryjny FG121GTK25004672" in text_of(acknowledged)

    card = await world.card(world.number(1))
    for fact in ("Mleczarnia", "FG121GTK25004672", "HZ360-2026-000101", world.anna):
        assert fact in texts(card.blocks)
    await world.in_thread(card, "FortiGate nie działa")

    await world.reply(world.ewa, card, "Proszę o wynik polecenia „get system status”.")
    answer = await world.mail_to(world.anna, containing="get system status")
    reply = parsed(answer)
    assert reply["From"] == f'"Ewa Kowalska (HEZO 360)" <{world.mail.support}>'
    assert reply["Auto-Submitted"] is None
    assert reported in reply["References"]
    await world.in_thread(card, "✉️")

    await world.write(world.anna, "Version: FortiGate-121G v7.4.4", answer=answer, name="Anna Nowak")
    await world.in_thread(card, "FortiGate-121G v7.4.4")
    assert len(world.mails_to(world.anna)) == 2


@on_both
async def test_what_is_missing_is_asked_for_and_the_answer_completes_the_report(world: World) -> None:
    await world.write(world.anna, "Firewall nie działa, proszę o pomoc!")
    question = await world.mail_to(world.anna)
    assert "numer seryjny" in text_of(question)
    assert "numer umowy serwisowej" in text_of(question)
    card = await world.card(world.number(1))

    await world.write(world.anna, "SN fg121gtk25004672, umowa nr HZ360-2026-000101", answer=question)
    accepted = await world.mail_to(world.anna, after=question)
    assert f"Przyjęliśmy je pod numerem {world.number(1)}" in text_of(accepted)
    await world.in_slack(world.support, lambda m: m.ts == card.ts and "FG121GTK25004672" in texts(m.blocks))


@on_both
async def test_a_stranger_with_valid_numbers_waits_for_an_engineer(world: World) -> None:
    await world.write(world.stranger, REPORT)
    told = text_of(await world.mail_to(world.stranger))
    assert "Mleczarnia" not in told
    assert "HZ360" not in told
    card = await world.card("HEZO-2026-000001")

    await world.press(world.ewa, card, "sender_approve")
    accepted = await world.mail_to(world.stranger, containing="Przyjęliśmy")
    assert "HZ360-2026-000101" in text_of(accepted)


async def test_a_stranger_never_joins_a_ticket_by_its_number(world: World) -> None:
    await world.write(world.anna, REPORT)
    await world.mail_to(world.anna)
    first = await world.card("HEZO-2026-000001")

    await world.write(world.stranger, "Proszę o status.", subject="Re: [HEZO-2026-000001] Awaria")
    second = await world.card("HEZO-2026-000002")
    await world.in_thread(second, "Proszę o status.")
    assert not any("Proszę o status." in post for post in world.thread(first))


async def test_the_priority_question_is_answered_by_a_digit(world: World) -> None:
    await world.write(world.anna, REPORT.replace("nie działa", "czasem gubi pakiety"))
    accepted = await world.mail_to(world.anna)
    assert "1 – problem krytyczny" in text_of(accepted)

    await world.write(world.anna, "1", answer=accepted)
    confirmed = await world.mail_to(world.anna, after=accepted)
    assert "problem krytyczny" in text_of(confirmed)


async def test_an_enquiry_is_never_asked_for_a_serial_number(world: World) -> None:
    await world.write(world.stranger, "Ile kosztuje HEZO 360?", subject="Oferta", to=world.mail.info)
    answer = text_of(await world.mail_to(world.stranger))
    assert "zainteresowanie" in answer
    assert "seryjn" not in answer


@on_both
async def test_the_same_mail_to_two_of_our_addresses_is_one_ticket(world: World) -> None:
    await world.write(world.anna, REPORT, to=f"{world.mail.support}, {world.mail.info}")
    await world.mail_to(world.anna)
    await world.write(world.john, "Hello, the FortiGate FG1K0FTB22900191 is down. HZ360-2026-000102")
    await world.mail_to(world.john)
    await world.card("HEZO-2026-000002")
    assert len(world.mails_to(world.anna)) == 1


async def test_an_out_of_office_answer_is_left_alone(world: World) -> None:
    await world.write(world.anna, REPORT)
    acknowledged = await world.mail_to(world.anna)
    card = await world.card("HEZO-2026-000001")
    await world.write(world.anna, "Jestem na urlopie.", answer=acknowledged, headers={"Auto-Submitted": "auto-replied"})
    await world.slack.workspace.wait_for(lambda: len(world.thread(card)) >= 3, 10, "the robot's mail is mentioned")
    assert len(world.mails_to(world.anna)) == 1


async def test_reminders_and_the_breach_come_when_the_clock_moves(world: World) -> None:
    await world.write(world.anna, REPORT.replace("nie działa", "nie działa (krytyczny)"))
    await world.mail_to(world.anna)
    card = await world.card("HEZO-2026-000001")
    world.clock.move(timedelta(minutes=31))
    await world.in_thread(card, "50")
    world.clock.move(timedelta(minutes=20))
    await world.in_thread(card, "80")
    world.clock.move(timedelta(minutes=15))
    escalation = await world.in_slack(world.escalation, lambda m: "HEZO-2026-000001" in texts(m.blocks))
    thread = escalation.ts
    await world.in_slack(world.escalation, lambda m: m.thread_ts == thread and "przekroczony termin" in texts(m.blocks))
    await world.in_slack(world.escalation, lambda m: m.thread_ts == thread and world.zofia in texts(m.blocks))


async def test_two_people_press_take_and_the_second_learns_who_was_first(world: World) -> None:
    await world.write(world.anna, REPORT)
    await world.mail_to(world.anna)
    card = await world.card("HEZO-2026-000001")
    await asyncio.gather(*(world.press(user, card, "ticket_take") for user in (world.ewa, world.marek)))

    def told() -> list[str]:
        users = {world.ewa: world.marek, world.marek: world.ewa}
        shown = world.slack.workspace.ephemerals
        return [first for user, first in users.items() if any(first in m.text for m in shown(world.support.id, user))]

    (first,) = await world.slack.workspace.wait_for(told, 10, "the second is told who has it")
    await world.in_slack(world.support, lambda m: m.ts == card.ts and first in texts(m.blocks))


@on_both
async def test_after_a_restart_everything_goes_on(world: World) -> None:
    await world.write(world.anna, REPORT)
    acknowledged = await world.mail_to(world.anna)
    await world.bot.stop()
    await world.write(world.anna, "Dodam, że świeci czerwona dioda.", answer=acknowledged)
    await world.start_bot()
    card = await world.card("HEZO-2026-000001")
    await world.in_thread(card, "czerwona dioda")
