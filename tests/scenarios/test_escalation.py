"""Nobody waits unheard: an escalation from the customer's words to its outcome, and one while Slack is down."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.sandbox.slack.model import Message
from tests.support.post_office import PATIENCE
from tests.support.webhook_receiver import SECRET, receiving
from tests.support.world import REPORT, World, parsed, running, text_of, texts
from tests.support.world_database import on_both_databases

pytestmark = [pytest.mark.scenario, on_both_databases]

CRITICAL = f"{REPORT}\nPriorytet: krytyczny"
PAGER = "biuro@stolarnia.test"
"""Any mailbox that can be looked into; escalations are mailed there."""


async def said(world: World, head: Message, *containing: str) -> str:
    """What the head message says, as soon as it says all of this."""
    words = " and ".join(containing)
    await world.slack.workspace.wait_for(
        lambda: all(each in texts(head.blocks) for each in containing), PATIENCE, f"{words} on the head message"
    )
    return texts(head.blocks)


def in_thread(world: World, head: Message, containing: str) -> list[Message]:
    thread = world.slack.workspace.thread(world.escalation.id, head.ts)[1:]
    return [message for message in thread if containing in texts(message.blocks)]


async def called(world: World, head: Message, containing: str, *people: str) -> Message:
    """The one call with these words, which mentions all of these people and nobody else."""
    found = await world.slack.workspace.wait_for(
        lambda: in_thread(world, head, containing), PATIENCE, f"a call: {containing}"
    )
    assert found is not None
    (call,) = found
    everybody = {world.ewa, world.marek, world.zofia}
    assert {person for person in everybody if f"'user_id': '{person}'" in str(call.blocks)} == set(people)
    return call


async def press(world: World, user: str, head: Message, action_id: str) -> None:
    outcome = await world.slack.people.click(user, world.escalation.id, head.ts, action_id)
    assert outcome.ok, outcome.error


async def test_from_the_customers_words_to_the_outcome(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        world.slack.workspace.channels[world.escalation.id].members.append(world.marek)
        world.tree["escalation"] = {"team_leads": [world.marek]}
        await world.bot.stop()
        await world.start_bot()
        await world.slack.connected()

        # The customer's words propose it, an engineer decides.
        await world.write(world.anna, CRITICAL, name="Anna Nowak")
        card = await world.card(world.number(1))
        receipt = await world.mail_to(world.anna)
        await world.write(world.anna, "Nadal nic. Proszę o eskalację!", answer=receipt)
        asks = await world.in_thread(card, "prosi chyba o eskalację")
        for user in (world.ewa, world.marek):
            await world.slack.people.click(user, world.support.id, asks.ts, "proposal_escalate")
        await world.in_slack(world.support, lambda m: m.ts == asks.ts and "✅" in texts(m.blocks))
        await told(world, world.support.id, world.marek, "W tej sprawie jest już decyzja")

        # The head message says everything; the call mentions everybody in one message.
        head = await world.in_slack(world.escalation, lambda m: m.thread_ts is None and "ESKALACJA" in texts(m.blocks))
        shown = await said(world, head, "na wniosek klienta", "Krok 1 z 4 · wezwań: 1", world.ewa)
        assert shown.startswith("🟢 Czas reakcji: dziś 11:00")
        for words in ("Mleczarnia", "FG121GTK25004672", "Nadal nic.", "Nikt z nas jeszcze klientowi nie odpowiedział"):
            assert words in shown
        link = f"/archives/{world.support.id}/p{card.ts.replace('.', '')}"
        assert link in str(head.blocks)
        await called(world, head, "krok 1 z 4", world.ewa, world.marek)

        # Neither a reaction nor words acknowledge.
        await world.slack.people.react(world.zofia, world.escalation.id, head.ts, "eyes")
        await world.slack.people.post(world.zofia, world.escalation.id, "Biorę to!", thread_ts=head.ts)
        world.clock.move(timedelta(minutes=10))
        await called(world, head, "Nadal nikt nie potwierdził", world.ewa, world.marek)

        # A stop between two steps loses nothing and calls nobody twice.
        await world.bot.stop()
        world.clock.move(timedelta(minutes=6))
        await world.start_bot()
        await world.slack.connected()
        await called(world, head, "krok 2 z 4", world.marek)

        # Of two who press at once, one has it, and the other learns who; the customer learns it too.
        await asyncio.gather(*(press(world, user, head, "escalation_acknowledge") for user in (world.ewa, world.marek)))
        await said(world, head, "Eskalację ma")
        line = await world.slack.workspace.wait_for(  # it may come after the head message has changed
            lambda: in_thread(world, head, "ma eskalację"), PATIENCE, "a line that says who has it"
        )
        ewa_has_it = f"'user_id': '{world.ewa}'" in str(line)
        has_it, second = (world.ewa, world.marek) if ewa_has_it else (world.marek, world.ewa)
        name = "Ewa Kowalska" if ewa_has_it else "Marek Zieliński"
        assert f"<@{has_it}>" in await told(world, world.escalation.id, second, "ma już")
        heard = await world.mail_to(world.anna, after=receipt, containing=name)

        # The outcome: the customer reads the words that were written for them, and no others.
        await press(world, world.zofia, head, "escalation_resolve")
        view = await world.modal(world.zofia, "escalation_resolve")
        written = {"outcome": "Wina po naszej stronie", "to_customer": "Urządzenie jest już w drodze."}
        assert await world.slack.people.submit_view(world.zofia, view, written) is None
        ended = await said(world, head, "Eskalacja zakończona", "Wina po naszej stronie")
        assert "escalation_" not in str(head.blocks)
        assert world.zofia in ended
        outcome = await world.mail_to(world.anna, after=heard, containing="Urządzenie jest już w drodze.")
        assert not [mail for mail in world.mails_to(world.anna) if "Wina" in text_of(mail)]
        assert parsed(outcome)["Subject"].startswith(f"[{world.number(1)}]")
        in_channel = [message for message in world.escalation.messages.values() if message.thread_ts is None]
        assert [each for each in in_channel if "ESKALACJA" in texts(each.blocks)] == [head], "one message, edited"


HOLIDAY = datetime(2026, 11, 11, 9, 0, tzinfo=UTC)
"""Independence Day, a Wednesday; 10:00 in Warsaw."""


async def test_on_a_holiday_with_a_gap_in_the_rota(tmp_path: Path) -> None:
    async with running(tmp_path, start=HOLIDAY) as world:
        escalation, people = world.escalation, world.slack.people
        escalation.members.append(world.marek)
        weekly = [{"user": world.ewa, "days": [3], "from": "00:00", "to": "00:00"}]
        world.tree |= {"duty": {"weekly": weekly}, "escalation": {"team_leads": [world.marek]}}
        await world.bot.stop()
        await world.start_bot()
        await world.slack.connected()

        # A mail that names no ticket is a case. Of a priority with office hours nobody is called on a holiday.
        await world.write(world.anna, "Nikt się nie odzywa!", subject="Skarga", to=world.mail.escalation)
        card = await world.card(world.number(1))
        by_mail = await world.in_slack(escalation, lambda m: world.number(1) in texts(m.blocks))
        await said(world, by_mail, "Nikt się nie odzywa!", "Pierwsze wezwanie: jutro (czw.) 09:00")

        # Somebody calls who has no ticket; what is critical calls at once, on a holiday too.
        await people.slash(world.ewa, world.support.id, "/hezo", "escalate call")
        view = await world.modal(world.ewa, "ticket_log_call")
        spoken = {"caller": "Jan Prezes", "said": "Awaria całkowita, brak dostępu!", "address": world.john}
        assert await people.submit_view(world.ewa, view, spoken) is None
        by_phone = await world.in_slack(
            escalation, lambda m: m.thread_ts is None and "telefon na numer eskalacji" in texts(m.blocks)
        )
        await called(world, by_phone, "krok 1 z 4", world.ewa)
        await told(world, world.support.id, world.ewa, world.number(2))

        # In the morning the other one calls, too. Nobody is on duty then: the gap is named, the next step is taken.
        world.clock.move(timedelta(hours=23))
        call = await called(world, by_mail, "krok 2 z 4", world.marek)
        assert "Nikt nie ma teraz dyżuru" in texts(call.blocks)
        assert len(world.slack.workspace.thread(escalation.id, by_mail.ts)) == 2, "silent until then"

        # The case proves to be about the call's: it is tied to it, and goes on there.
        await press(world, world.ewa, by_mail, "escalation_tie")
        view = await world.modal(world.ewa, "escalation_tie")
        assert await people.submit_view(world.ewa, view, {"number": world.number(2)}) is None
        await said(world, by_mail, "Eskalacja zakończona", "trwa dalej jako eskalacja innego zgłoszenia")
        await said(world, by_phone, "Kolejny powód", "Nikt się nie odzywa!")
        await world.in_slack(world.support, lambda m: m.ts == card.ts and "Dołączone do" in texts(m.blocks))

        # Whoever called hears who has it, though they have never written to us.
        await press(world, world.marek, by_phone, "escalation_acknowledge")
        heard = await world.mail_to(world.john, containing="Marek Zieliński")
        assert parsed(heard)["Subject"].startswith(f"[{world.number(2)}] ")


async def test_slack_is_down_during_a_critical_breach(tmp_path: Path) -> None:
    rules = {"unassigned_percent": 0, "steps": [{"who": ["on_duty"], "after": "0s"}]}
    async with receiving() as pager:
        webhook = {"url": pager.url, "secret": SECRET}
        escalation = {"mail_to": [PAGER], "webhook": webhook, "critical": rules}
        async with running(tmp_path, escalation=escalation) as world:
            await world.write(world.anna, CRITICAL)
            await world.card(world.number(1))
            world.slack.faults.server_error("chat.*", times=10_000, status=503)
            breach = world.clock.now().replace(minute=0) + timedelta(hours=1, seconds=1)
            world.clock.move(breach - world.clock.now())
            await tried(world)

            # Within a minute of the breach it has left by mail and by the webhook, which nothing but Slack held up.
            world.clock.move(timedelta(seconds=46))
            alarm = await world.mail_to(PAGER, containing=world.number(1))
            assert "Slack nie przyjął tego wezwania" in text_of(alarm)
            [ring] = await pager.calls(1, PATIENCE)
            assert ring.is_genuine
            told_of = {key: ring.data[key] for key in ("event", "slack_down", "ticket", "source", "priority", "link")}
            assert told_of == {
                "event": "call", "slack_down": True, "ticket": world.number(1), "source": "breach",
                "priority": "critical", "link": None,
            }  # fmt: skip
            assert datetime.fromisoformat(ring.data["sent_at"]) - breach < timedelta(minutes=1)
            assert world.clock.now() - breach < timedelta(minutes=1)

            # Slack is there again: the call is made there too, and its thread says by which way it had left.
            world.slack.faults.clear()
            world.clock.move(timedelta(seconds=3))
            head = await world.in_slack(
                world.escalation, lambda m: m.thread_ts is None and "ESKALACJA" in texts(m.blocks)
            )
            await called(world, head, "krok 1 z 1", world.ewa, world.marek)
            await world.slack.workspace.wait_for(
                lambda: in_thread(world, head, "wyszło pocztą"), PATIENCE, "that the call left by mail"
            )
            assert len(world.mails_to(PAGER)) == 1

            # Whoever acknowledges silences the pager, too.
            await press(world, world.ewa, head, "escalation_acknowledge")
            [_, silenced] = await pager.calls(2, PATIENCE)
            assert (silenced.data["event"], silenced.data["owner"]) == ("acknowledged", world.ewa)


async def told(world: World, channel: str, user: str, containing: str) -> str:
    """What this person was told alone."""

    def lines() -> list[str]:
        found = world.slack.workspace.ephemerals(channel, user)
        return [message.text for message in found if containing in message.text]

    found = await world.slack.workspace.wait_for(lines, PATIENCE, containing)
    assert found is not None
    return found[0]


async def tried(world: World) -> None:
    """Wait until something was to be posted in the escalation channel."""
    workspace, channel = world.slack.workspace, world.escalation.id
    await workspace.wait_for(
        lambda: any(call.args["channel"] == channel for call in workspace.calls_of("chat.postMessage")),
        PATIENCE,
        "a post in the escalation channel",
    )
