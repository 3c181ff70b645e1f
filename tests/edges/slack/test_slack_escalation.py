"""What staff see of escalations: the head message, calls, history, proposals, forms and answers to `/hezo`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.edges import slack_duty
from bot.edges.slack_escalation import call, history
from bot.edges.slack_escalation_card import EscalationShown, decided_proposal, head, proposal
from bot.edges.slack_escalation_ids import PRESS_IDS, Pressed
from bot.edges.slack_escalation_views import (
    call_form,
    duty_form,
    raise_form,
    reassign_form,
    resolve_form,
    snooze_form,
    tie_form,
)
from bot.edges.slack_ids import ModalPlace
from bot.effects import Note, PostEscalationCall, PostEscalationLine, PostInThread, TellUser
from bot.escalations import Escalation, EscalationSource
from bot.model import Direction, Language, Message, TicketState
from bot.rules.escalation import Call, Called, CallKind
from bot.rules.escalation_presses import Press, may_end, presses_of
from bot.sandbox.slack.blocks_check import check_view
from tests.edges.slack.office import NOW, ZONE, make_clock, make_escalation, make_ticket, make_view, staff_words
from tests.edges.slack.test_slack_blocks import NASTY, check, said

LATE = make_clock(left=-timedelta(minutes=12))
EWA, JAN = "U0EWA", "U0JAN"


def message(direction: Direction, text: str, author_name: str = "Anna Nowak") -> Message:
    return Message(1, 7, direction, "a@k.example", author_name, text, NOW - timedelta(minutes=40))


def shown(escalation: Escalation, **values: Any) -> EscalationShown:
    plain = EscalationShown(
        escalation,
        make_view(LATE, assignee=JAN),
        Call(NOW + timedelta(minutes=10), CallKind.REPEAT, 1),
        message(Direction.FROM_CUSTOMER, "Nic nie działa!"),
        None,
        "https://hezo.slack.com/archives/C0SUPPORT/p1000200",
    )
    return replace(plain, **values)


def words_of(what: EscalationShown, language: Language = Language.PL, *, is_first: bool = False) -> str:
    return said(check(head(what, NOW, staff_words(language), ZONE, is_first=is_first))[1])


def buttons_of(what: EscalationShown) -> list[tuple[str, str]]:
    _, blocks = check(head(what, NOW, staff_words(), ZONE))
    elements = blocks[-1]["elements"] if blocks[-1]["type"] == "actions" else []
    assert isinstance(elements, list)
    return [(button["action_id"], button["value"]) for button in elements]


def test_the_head_message_word_for_word() -> None:
    escalation = make_escalation(source=EscalationSource.PHONE, reason="Prezes: kiedy koniec?", raised_by=EWA)
    assert words_of(shown(escalation)).splitlines() == [
        "🔴 Czas reakcji: termin właśnie minął (dziś 10:48)",
        "ESKALACJA HEZO-2026-000123 · krytyczny · otwarte, czeka na inżyniera",
        "Temat: Brak dostępu do FortiGate",
        "Klient: Żółw i Synowie Sp. z o.o., Anna Kowalska anna@klient.example",
        "Urządzenie: FortiGate 60F, numer seryjny FGT60FTK20012345",
        "Zgłoszenie prowadzi: <@U0JAN>",
        "🔴 Nikt jeszcze nie potwierdził",
        "Krok 2 z 4 · wezwań: 4 · następne wezwanie: dziś 11:10",
        "Powód: telefon na numer eskalacji (<@U0EWA>), dziś 11:00",
        "Prezes: kiedy koniec?",
        "Ostatnie słowa klienta (dziś 10:20):",
        "Nic nie działa!",
        "Nikt z nas jeszcze klientowi nie odpowiedział.",
        "",  # the link
        *("Potwierdź", "Przejmij ze zgłoszeniem", "Przekaż", "Odłóż", "Napisz do klienta", "Zakończ"),
    ]
    link = {
        "type": "link",
        "url": "https://hezo.slack.com/archives/C0SUPPORT/p1000200",
        "text": "Wątek zgłoszenia HEZO-2026-000123",
        "style": {"bold": True},
    }
    assert json.dumps(link) in json.dumps(head(shown(escalation), NOW, staff_words(), ZONE)[1])


def test_the_first_post_mentions_nobody_and_the_edit_does() -> None:
    escalation = make_escalation(owner=EWA, acknowledged_at=NOW, raised_by=EWA, reason="x")
    assert "<@" not in words_of(shown(escalation), is_first=True)
    assert "🙋 Eskalację ma <@U0EWA>, od dziś 11:00" in words_of(shown(escalation))
    by_mail = make_escalation(source=EscalationSource.MAIL, raised_by="anna@klient.example")
    assert "(anna@klient.example)" in words_of(shown(by_mail), is_first=True)


def test_the_head_message_as_things_change() -> None:
    acknowledged = make_escalation(owner=EWA, acknowledged_at=NOW)
    asks = Call(NOW + timedelta(minutes=30), CallKind.ASK_AGAIN, 1)
    ours = message(Direction.TO_CUSTOMER, "Pracujemy.", "Jan Nowak")
    text = words_of(shown(acknowledged, next_call=asks, from_us=ours))
    assert "jeśli nic się nie wydarzy, zapytam znowu: dziś 11:30" in text
    assert "Nasze ostatnie słowa (Jan Nowak, dziś 10:20):\nPracujemy." in text
    snoozed = make_escalation(owner=EWA, acknowledged_at=NOW, snoozed_until=NOW + timedelta(hours=1))
    assert "😴 Odłożona do: dziś 12:00" in words_of(shown(snoozed))
    climbs = Call(NOW + timedelta(minutes=5), CallKind.STEP, 2)
    assert "następny krok (menedżer): dziś 11:05" in words_of(shown(make_escalation(), next_call=climbs))
    waits = make_escalation(step=-1, calls=0)
    assert "Pierwsze wezwanie: dziś 11:10" in words_of(shown(waits))
    words = make_escalation(source=EscalationSource.MAIL, reason="Nic nie działa!\n")
    assert words_of(shown(words)).count("Nic nie działa!") == 1
    joined = make_escalation(facts={"joined": [["mail", "Halo?", "a@k.example", NOW.isoformat(), None]]})
    assert "Kolejny powód: wiadomość na adres eskalacji (a@k.example), dziś 11:00\nHalo?" in words_of(shown(joined))
    again = make_escalation(facts={"joined": [["mail", "Nic nie działa!", "a@k.example", NOW.isoformat(), None]]})
    assert words_of(shown(again)).count("Nic nie działa!") == 1, "it stands below as their last words"


def test_an_ended_escalation_says_how_and_offers_nothing() -> None:
    ended = make_escalation(ended_at=NOW, outcome="Wysłano urządzenie", facts={"because": "resolved", "ended_by": EWA})
    text = words_of(shown(ended, next_call=None))
    assert "Nikt z nas jeszcze klientowi nie odpowiedział" not in text, "they were told how it ended"
    assert text.startswith("🟢 Eskalacja zakończona\n")
    assert "Zakończenie: Wysłano urządzenie (<@U0EWA>," in text
    assert "dziś" not in text, "it stands like this for good"
    assert buttons_of(shown(ended, next_call=None)) == []
    by_itself = make_escalation(ended_at=NOW, outcome="answered", facts={"because": "answered", "ended_by": EWA})
    assert "Zakończenie: na zgłoszenie odpowiedziano (" in words_of(shown(by_itself, next_call=None))


def test_buttons_by_state() -> None:
    names = [name for name, _ in buttons_of(shown(make_escalation()))]
    every = ["acknowledge", "take_over", "reassign", "snooze", "reply", "resolve"]
    assert names == [f"escalation_{name}" if name != "reply" else "ticket_reply" for name in every]
    acknowledged = make_escalation(owner=EWA, acknowledged_at=NOW)
    buttons = dict(buttons_of(shown(acknowledged)))
    assert "escalation_acknowledge" not in buttons
    assert buttons["escalation_take_over"] == "7:3:U0EWA"
    assert buttons["ticket_reply"] == "7"
    held = make_view(LATE, state=TicketState.HELD)
    assert "ticket_reply" not in dict(buttons_of(shown(make_escalation(), view=held)))
    by_mail = make_escalation(source=EscalationSource.MAIL)
    assert "escalation_tie" in dict(buttons_of(shown(by_mail)))
    assert Press.TIE not in presses_of(by_mail, make_ticket(accepted_at=NOW))


def test_what_a_button_carries_comes_back_or_is_refused() -> None:
    for pressed in (Pressed(7, 3), Pressed(2**53, 1, EWA)):
        assert Pressed.from_value(pressed.to_value()) == pressed
    for value in ("7", "7:0", "07:3", "7:3:jan", "7:3:U0EWA:1", None, 7, "9" * 19 + ":1", "7:3\n"):
        with pytest.raises(ValueError, match="no escalation"):
            Pressed.from_value(value)


def test_who_may_end_what_a_customer_asked_for() -> None:
    asked = make_escalation(requester="a@k.example")
    assert may_end(JAN, make_escalation(), {EWA})
    assert not may_end(JAN, asked, {EWA})
    assert may_end(EWA, asked, {EWA})
    assert may_end(JAN, asked, set())


@pytest.mark.parametrize("language", list(Language))
def test_every_call_and_every_line(language: Language) -> None:
    staff = staff_words(language)
    for kind in CallKind:
        effect = PostEscalationCall(7, 3, 4, kind, 1, (JAN, "S0TEAM"), tuple(Called))
        text, blocks = check(call(effect, shown(make_escalation()), NOW, staff, ZONE))
        first, deadline, *gaps = said(blocks).splitlines()
        assert "HEZO-2026-000123" in first
        assert first.rstrip().endswith("<@U0JAN> <@S0TEAM>")
        assert deadline.startswith("🔴 ")
        assert " 12 min " in deadline, "to the minute: nobody edits it"
        assert "2026, 10:48" in deadline, "nor is it read on its day alone"
        assert "<@U0JAN> <!subteam^S0TEAM>" in text, "the notification mentions as the message does"
        assert len(gaps) == len(Called)
    first_call = PostEscalationCall(7, 3, 1, CallKind.STEP, 0, (JAN,))
    *_, how = said(check(call(first_call, shown(make_escalation()), NOW, staff, ZONE))[1]).splitlines()
    assert how == staff("escalation_call.how")
    for line in (
        line_of("joined", source="breach", reason="", by="bot"),
        line_of("joined", source="phone", reason="Dzwonił prezes", by=JAN),
        line_of("acknowledged", by=JAN, owner=JAN, previous=None),
        line_of("reassigned", by=JAN, owner=EWA, previous=JAN),
        line_of("snoozed", by=JAN, until=NOW.isoformat()),
        line_of("ended", by=JAN, because="resolved", outcome="Wysłano urządzenie"),
        line_of("tied", by=JAN, number="HEZO-2026-000001", of="HEZO-2026-000002"),
        line_of("priority", priority="critical"),
        line_of("slack_down", at=NOW.isoformat()),
    ):
        told = said(check(history(line, staff, ZONE))[1])
        assert told
        assert "None" not in told
        assert "bot" not in told


def line_of(event: str, **data: object) -> PostEscalationLine:
    return PostEscalationLine(7, 3, event, data)


def test_words_of_a_customer_are_proposed_with_two_choices_and_then_with_the_decision() -> None:
    data: dict[str, object] = {"words": "proszę o eskalację", "address": "a@k.example", "message": 55}
    post = PostInThread(7, Note.ESCALATION_PROPOSED, data, (JAN,))
    _, blocks = check(proposal(post, staff_words(), ZONE))
    assert said(blocks).splitlines()[-3:] == ["<@U0JAN> ", "Eskaluj", "To nie eskalacja"]
    buttons = blocks[-1]["elements"]
    assert isinstance(buttons, list)
    assert {button["value"] for button in buttons} == {"7:55"}
    for accepted, beginning in ((True, "✅ <@U0EWA>: eskalacja."), (False, "✖️ <@U0EWA>: to nie eskalacja.")):
        _, blocks = check(decided_proposal(data | {"by": EWA, "accepted": accepted}, staff_words(), ZONE))
        assert said(blocks).startswith(beginning)
        assert "actions" not in json.dumps(blocks)


def forms(language: Language, **changes: Any) -> list[dict[str, object]]:
    words, place, ticket = staff_words(language), ModalPlace(7, "C1", None, None, 3), make_ticket(**changes)
    return [
        reassign_form(ticket, words, place),
        snooze_form(ticket, timedelta(hours=4), words, place),
        resolve_form(ticket, make_escalation(requester=ticket.requester), words, place),
        resolve_form(ticket, make_escalation(), words, place),
        tie_form(ticket, words, place),
        raise_form(ticket, words, place),
        call_form(ticket, "", "12 25 25 502", words, place),
        call_form(None, ticket.subject, "12 25 25 502", words, ModalPlace(None)),
        duty_form("U0EWA1", NOW, words, ModalPlace(None)),
    ]


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.generate),  # nobody waits for the smallest of long texts
)
@given(NASTY, NASTY, st.sampled_from(Language))
def test_no_words_break_anything(subject: str, name: str, language: Language) -> None:
    for form in forms(language, subject=subject, requester=name):
        check_view(json.loads(json.dumps(form)), "modal")
        assert len(json.dumps(form)) < 20_000
    escalation = make_escalation(
        reason=subject, owner=EWA, raised_by=name, requester=name, acknowledged_at=NOW,
        facts={"joined": [[name, subject, name, NOW.isoformat(), None]] * 9},
    )  # fmt: skip
    what = shown(
        escalation,
        view=make_view(LATE, subject=subject, requester=name, assignee=name),
        from_customer=message(Direction.FROM_CUSTOMER, subject),
        from_us=message(Direction.TO_CUSTOMER, name, subject),
    )
    words = staff_words(language)
    check(head(what, NOW, words, ZONE))
    check(head(replace(what, escalation=replace(escalation, ended_at=NOW, outcome=name)), NOW, words, ZONE))
    check(call(PostEscalationCall(7, 3, 4, "step", 1, (name, subject)), what, NOW, words, ZONE))
    check(history(line_of("ended", outcome=subject, by=name, because=name), words, ZONE))
    check(decided_proposal({"by": name, "address": name, "words": subject}, words, ZONE))


def test_what_goes_to_the_customer_is_marked_and_apart_from_what_never_does() -> None:
    ticket, place = make_ticket(), ModalPlace(7, None, None, None, 3)
    form = resolve_form(ticket, make_escalation(requester="anna@klient.example"), staff_words(), place)
    blocks = form["blocks"]
    assert isinstance(blocks, list)
    labels = [block["label"]["text"] for block in blocks if block["type"] == "input"]
    assert labels == ["🔒 DLA ZESPOŁU: jak się skończyło", "✉️ DO KLIENTA: co mu piszemy"]
    assert [block["type"] for block in blocks].count("divider") == 1
    assert "✉️ Mail o zakończeniu dostanie: anna@klient.example" in said(blocks)
    nobody = resolve_form(ticket, make_escalation(), staff_words(), place)["blocks"]
    assert "nikt nie dostanie maila" in said(nobody)  # type: ignore[arg-type]  # a list, as above
    assert "to_customer" not in json.dumps(nobody)


def test_an_escalation_is_put_off_for_no_longer_than_is_configured() -> None:
    form = snooze_form(make_ticket(), timedelta(minutes=90), staff_words(), ModalPlace(7))
    values = [int(option["value"]) // 60 for option in form["blocks"][1]["element"]["options"]]  # type: ignore[index]
    assert values == [15, 30, 60, 90]


def test_the_answer_to_on_duty_show() -> None:
    def entry(hours: int, until: int, *rest: object) -> list[object]:
        return [(NOW + timedelta(hours=hours)).isoformat(), (NOW + timedelta(hours=until)).isoformat(), *rest]

    entries = [entry(-1, 6, JAN, EWA, 12), entry(6, 20, None, None, None), entry(20, 48, EWA, None, None)]
    data: dict[str, object] = {"until": (NOW + timedelta(days=2)).isoformat(), "entries": entries}
    text = slack_duty.answer(TellUser("C1", JAN, slack_duty.SHOWN, data), NOW, staff_words(), ZONE)
    assert text is not None
    first, now, gap, then = text.splitlines()
    assert first.startswith("*Dyżury do: ")
    assert now == "👉 dziś 10:00 – dziś 17:00: <@U0JAN> (zastępca: <@U0EWA>, nr 12)"
    assert gap.endswith(": ⚠️ nikt")
    assert then.endswith(": <@U0EWA>")
    none = slack_duty.answer(TellUser("C1", JAN, slack_duty.SHOWN, {"entries": []}), NOW, staff_words(), ZONE)
    assert none is not None
    assert none.startswith("Nikt nie ustawił dyżurów")
    assert slack_duty.answer(TellUser("C1", JAN, "not_allowed"), NOW, staff_words(), ZONE) is None


@pytest.mark.parametrize("language", list(Language))
def test_help_names_every_command_and_the_phone_number(language: Language) -> None:
    effect = TellUser("C1", JAN, slack_duty.HELP, {"phone": "12 25 25 502", "hotline": "12 25 25 600"})
    text = slack_duty.answer(effect, NOW, staff_words(language), ZONE)
    assert text is not None
    for command in (
        "on-duty show",
        "on-duty set",
        "on-duty swap",
        "on-duty remove",
        "escalate",
        "escalate call",
        "call",
        "new",
        "search",
    ):
        assert f"`/hezo {command}" in text
    assert "12 25 25 502" in text


def test_every_form_of_a_button_has_its_own_name() -> None:
    names = [form["callback_id"] for form in forms(Language.EN)]
    assert {PRESS_IDS[press] for press in (Press.REASSIGN, Press.SNOOZE, Press.RESOLVE, Press.TIE)} < set(names)
