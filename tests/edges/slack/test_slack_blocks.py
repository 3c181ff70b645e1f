"""What staff see: the right facts in the right order, within Slack's limits, in both languages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.edges.slack_blocks import card, operator_notice, tell, thread_post
from bot.edges.slack_buttons import more_view
from bot.edges.slack_ids import ACTION_IDS, MORE, ModalPlace
from bot.edges.slack_text import Blocks
from bot.edges.slack_views import loading_view, priority_modal, reply_modal
from bot.effects import Note, PostInThread, PostOperator, TellUser
from bot.model import ClockKind, ClockState, Device, Direction, Language, Message, Priority, TicketState, TicketView
from bot.rules.intake import Problem
from bot.rules.mail_screening import CHECKS
from bot.rules.ticket_buttons import first_buttons, more_actions
from bot.rules.ticket_states import Action, actions_of
from bot.sandbox.slack.blocks_check import check_message_blocks, check_view
from bot.sendings import Sending, SendingState
from tests.edges.slack.office import NOW, ZONE, make_clock, make_view, staff_words

NASTY = st.text(max_size=300) | st.sampled_from(
    ["<!channel>", "*x* <@U123|y>", "😀" * 300, "ż" * 5000, "\u202e\x00", "", "a\nb"]
)


def said(blocks: Blocks) -> str:
    """All texts of the blocks, mentions as <@U1>."""

    def texts(value: Any) -> list[str]:
        match value:
            case {"type": "text", "text": str(words)} | {"type": "plain_text", "text": str(words)}:
                return [words]
            case {"type": "user", "user_id": slack_id} | {"type": "usergroup", "usergroup_id": slack_id}:
                return [f"<@{slack_id}>"]
            case {"type": "rich_text_section" | "rich_text_quote", "elements": list(elements)}:
                return ["".join("".join(texts(one)) for one in elements)]
            case dict():
                return [words for one in value.values() for words in texts(one)]
            case list():
                return [words for one in value for words in texts(one)]
        return []

    return "\n".join(texts(blocks))


def check(rendered: tuple[str, Blocks]) -> tuple[str, Blocks]:
    """Slack would take it: by the stand-in's rules, by slack_sdk's models, by the measured size."""
    text, blocks = rendered
    assert 0 < len(text) <= 400
    assert "<!" not in text.replace("<!subteam^", "")
    check_message_blocks(json.loads(json.dumps(blocks)))
    for block in Block.parse_all(json.loads(json.dumps(blocks))):
        block.validate_json()
    assert len(json.dumps(blocks)) < 13_000
    assert len(blocks) <= 50
    return text, blocks


def show(view: TicketView, language: Language = Language.PL) -> str:
    """The words of a card."""
    return said(check(card(view, NOW, staff_words(language), ZONE))[1])


def test_the_deadline_comes_first() -> None:
    text, blocks = check(card(make_view(make_clock(left=timedelta(minutes=20))), NOW, staff_words(), ZONE))
    assert blocks[0] == {
        "type": "header",
        "text": {"type": "plain_text", "text": "🟡 Czas reakcji: dziś 11:20, zostało ponad 15 min", "emoji": False},
    }
    assert text.startswith("🟡 Czas reakcji: dziś 11:20, zostało ponad 15 min · HEZO-2026-000123 · krytyczny · otwarte")


@pytest.mark.parametrize(
    ("left", "beginning"),
    [
        (timedelta(minutes=31), "🟢 Reaction time: today 11:31, over 30 min left"),
        (timedelta(minutes=30), "🟡 Reaction time: today 11:30, over 25 min left"),
        (timedelta(minutes=12), "🟠 Reaction time: today 11:12, over 10 min left"),
        (timedelta(0), "🔴 Reaction time: overdue just now (today 11:00)"),
        (-timedelta(hours=25, minutes=5), "🔴 Reaction time: over 1 day overdue (Sun, 22 Nov 2026, 09:55)"),
        (timedelta(hours=17), "🟢 Reaction time: tomorrow (Tue) 04:00, over 16 h left"),
    ],
)
def test_colours(left: timedelta, beginning: str) -> None:
    assert show(make_view(make_clock(left=left)), Language.EN).startswith(beginning)


def test_our_clock_counts_before_the_customers_and_ended_ones_not_at_all() -> None:
    theirs = make_clock(ClockKind.CUSTOMER_REPLY, left=timedelta(minutes=5))
    later = make_clock(ClockKind.REPLY, left=timedelta(minutes=50))
    ours = make_clock(ClockKind.REPLY, left=timedelta(minutes=40))
    met = make_clock(left=-timedelta(minutes=10), state=ClockState.MET)
    assert show(make_view(theirs, later, met, ours)).startswith(
        "🟢 Odpowiedź dla klienta: dziś 11:40, zostało ponad 35 min"
    )
    assert show(make_view(theirs, met)).startswith("⚪ Czekamy na klienta: dziś 11:05, zostało mniej niż 5 min")
    late = make_clock(ClockKind.CUSTOMER_REPLY, left=-timedelta(minutes=16))
    assert show(make_view(late)).startswith("⚪ Klient milczy: ponad 15 min po terminie (dziś 10:44)")
    paused = make_clock(left=timedelta(minutes=5), state=ClockState.PAUSED)
    assert show(make_view(paused)).startswith("⚪ Termin jest wstrzymany")


@pytest.mark.parametrize(
    ("state", "beginning"),
    [
        (TicketState.OPEN, "⚪ Brak biegnącego terminu"),
        (TicketState.WAITING, "⚪ Czeka na klienta, termin nie biegnie"),
        (TicketState.RESOLVED, "⚫ Rozwiązane: pon., 23 lis 2026, 11:00"),
        (TicketState.CLOSED, "⚫ Zamknięte: pon., 23 lis 2026, 11:00"),
    ],
)
def test_without_a_clock(state: TicketState, beginning: str) -> None:
    ended = None if state in {TicketState.OPEN, TicketState.WAITING} else NOW
    assert show(make_view(state=state, closed_at=ended)).startswith(beginning)


def test_the_facts_of_a_report() -> None:
    shown = show(make_view(assignee="U0JAN", priority_confirmed=False))
    for fact in (
        "HEZO-2026-000123 · krytyczny (do potwierdzenia) · otwarte, czeka na inżyniera",
        "Temat: Brak dostępu do FortiGate",
        "Klient: Żółw i Synowie Sp. z o.o.",
        "Urządzenie: FortiGate 60F, numer seryjny FGT60FTK20012345",
        "Umowa serwisowa: HZ360-2026-000123, ważna do 31 gru 2026",
        "Zgłasza: Anna Kowalska <anna@klient.example>, pon., 23 lis 2026, 10:20",
        "Prowadzi: <@U0JAN>",
    ):
        assert fact in shown
    assert "Prowadzi: nikt" in show(make_view())


def test_a_contract_out_of_its_time() -> None:
    words = staff_words(Language.EN)
    for days, fact in ((400, "⚠️ Service contract: HZ360-2026-000123, expired 31 Dec 2026"), (-400, "valid only from")):
        assert fact in said(card(make_view(), NOW + timedelta(days=days), words, ZONE)[1])


def test_a_held_sender_is_shown_with_the_reason_and_two_choices() -> None:
    facts = {"hold_reasons": ["sender_unknown", "sender_not_authentic", "a new reason"]}
    view = make_view(state=TicketState.HELD, facts=facts)
    shown = show(view)
    assert "⚠️ Wstrzymane: nadawca nie jest upoważnionym przedstawicielem na tej umowie" in shown
    assert "DMARC" in shown
    assert "a new reason" in shown
    assert "Zatwierdź nadawcę" in shown
    assert "Odrzuć nadawcę" in shown


def test_a_mail_that_quotes_a_ticket_says_so_once_and_nothing_is_missed_of_it_yet() -> None:
    facts = {"hold_reasons": ["quotes_ticket"], "quoted_ticket": "HEZO-2026-000001", "problems": [["no_serial"]]}
    shown = show(make_view(state=TicketState.HELD, facts=facts, subject="Odp: RE: [HEZO-2026-000001] Re: Awaria"))
    assert "Wstrzymane: nadawca powołuje się na zgłoszenie HEZO-2026-000001, do którego nie należy\n" in shown
    assert shown.count("HEZO-2026-000001") == 1
    assert "Temat: Awaria\n" in shown
    assert "Brakuje" not in shown


def test_an_incomplete_report_says_what_is_missing() -> None:
    facts = {"problems": [["serial_unclear", "FGT6OF\tFGT60F"], ["no_contract"], ["a new problem"]]}
    shown = show(
        make_view(state=TicketState.INCOMPLETE, facts=facts, contract_id=None, devices=(), with_contract=False)
    )
    assert "⚠️ Brakuje: pewnego numeru seryjnego (podano FGT6OF → FGT60F); numeru umowy serwisowej" in shown
    assert "a new problem" in shown
    assert "Nierozpoznane: klient, urządzenie, umowa serwisowa" in shown
    expired = {"problems": [["contract_not_valid", "HZ360-1", "2023-07-01", "2024-06-30"]]}
    shown = show(make_view(state=TicketState.INCOMPLETE, facts=expired), Language.EN)
    assert "(the contract, its first and last day: HZ360-1, 1 Jul 2023, 30 Jun 2024)" in shown
    assert "Not recognised" not in shown


@pytest.mark.parametrize("problem", list(Problem))
@pytest.mark.parametrize("language", list(Language))
def test_every_problem_has_words(problem: Problem, language: Language) -> None:
    facts = {"problems": [[problem, "to i owo"]]}
    assert str(problem) not in show(make_view(state=TicketState.INCOMPLETE, facts=facts), language)


def test_other_notices() -> None:
    shown = show(make_view(facts={"enquiry": True, "quoted_ticket": "HEZO-2026-000001", "follows": "HEZO-2026-000002"}))
    assert "Zapytanie o ofertę" in shown
    assert "powołuje się na HEZO-2026-000001" in shown
    assert "Ciąg dalszy zgłoszenia HEZO-2026-000002" in shown


@pytest.mark.parametrize("state", list(TicketState))
@pytest.mark.parametrize("language", list(Language))
def test_only_what_can_be_done_has_a_button(state: TicketState, language: Language) -> None:
    _, blocks = check(card(make_view(state=state), NOW, staff_words(language), ZONE))
    buttons = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]  # type: ignore[attr-defined]  # plain JSON
    ticket = make_view(state=state).ticket
    more = [{"action_id": MORE, "value": "7"}] if more_actions(ticket) else []
    assert [one["action_id"] for one in buttons] == [
        *(ACTION_IDS[action] for action in first_buttons(ticket)), *(one["action_id"] for one in more)
    ]  # fmt: skip
    modal = more_view(ticket, staff_words(language), ModalPlace(7))
    check_view(modal, "modal")
    others = [one for block in modal["blocks"] if block["type"] == "actions" for one in block["elements"]]  # type: ignore[attr-defined]  # plain JSON
    everything = {one["action_id"] for one in [*buttons, *others]} - {MORE}
    assert everything == {ACTION_IDS[action] for action in actions_of(ticket)}
    for button in [*buttons, *others]:
        assert button["value"] == "7"
        assert (button.get("style") == "primary") == (
            button["action_id"] in {ACTION_IDS[Action.REPLY], ACTION_IDS[Action.APPROVE]}
        )
    own = more_view(replace(ticket, assignee="U1"), staff_words(language), ModalPlace(7), "U1")
    assert ACTION_IDS[Action.TAKE_OVER] not in str(own)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NASTY, NASTY, NASTY, st.lists(NASTY, max_size=12), st.sampled_from(TicketState))
def test_no_words_break_a_card(subject: str, name: str, address: str, values: list[str], state: TicketState) -> None:
    view = make_view(
        make_clock(left=timedelta(minutes=5)),
        subject=subject,
        requester_name=name,
        requester=address,
        state=state,
        assignee=name,
        devices=tuple(Device(value, value) for value in values),
        facts={
            "hold_reasons": values,
            "problems": [["serial_unclear", *values], *([value] for value in values)],
            "quoted_ticket": subject,
            "follows": name,
        },
    )
    for rendered in (
        card(view, NOW, staff_words(), ZONE),
        operator_notice(PostOperator(name, {value: value for value in values}), staff_words()),
        operator_notice(PostOperator("outbox_parked", {"outbox": 1, "reason": name}), staff_words()),
    ):
        check(rendered)


DATA: dict[Note, list[dict[str, object]]] = {
    Note.INTERVIEW: [
        {"event": "begin", "serial": "FGT60FTK20012345", "by": "U0EWA"},
        {"event": "asked", "serial": "FGT60FTK20012345", "by": "U0EWA"},
        {"event": "answered", "serial": "FGT60FTK20012345", "by": "U0EWA", "questions": ["wan", "ha"]},
        {
            "event": "answered_by_mail",
            "serial": "FGT60FTK20012345",
            "by": "a@k.example",
            "questions": ["wan"],
            "corrected": ["wan"],
        },
        {"event": "export", "serial": "FGT60FTK20012345", "json": "{}"},
    ],
    Note.REPLACEMENT: [
        {"event": "begin", "serial": "FGT60FTK20012345", "by": "U0EWA"},
        {"event": "check", "serial": "FGT60FTK20012345", "by": "U0EWA", "check": "logs", "note": "dysk"},
        {"event": "check", "serial": "FGT60FTK20012345", "by": "U0EWA", "check": "tests", "note": ""},
        {"event": "confirm", "serial": "FGT60FTK20012345", "by": "U0EWA", "who": "Anna Nowak", "via": "call"},
        {"event": "to_send", "serial": "FGT60FTK20012345", "due_at": NOW.isoformat()},
        {"event": "to_send", "serial": "FGT60FTK20012345", "due_at": None},
        {"event": "answer_yes", "serial": "FGT60FTK20012345"},
        {"event": "answer_no", "serial": "FGT60FTK20012345"},
        {"event": "answer_unclear", "serial": "FGT60FTK20012345"},
        {"event": "dispatch", "serial": "FGT60FTK20012345", "by": "U0EWA", "carrier": "DPD", "waybill": "123456"},
        {"event": "deliver", "serial": "FGT60FTK20012345", "by": "U0EWA", "new": "FGT60FTK20099999", "late": True},
        {"event": "cancel", "serial": "FGT60FTK20012345", "by": "U0EWA", "reason": ""},
        {"event": "overdue", "serial": "FGT60FTK20012345", "due_at": NOW.isoformat()},
        {"event": "stays_open", "by": "U0EWA"},
    ],
    Note.OPENED: [{"by": "U0JAN", "how": how} for how in ("phone", "message", "form")],
    Note.CUSTOMER_FILES: [
        {
            "files": [{"name": "fgt.log", "type": "text/plain", "size": 5, "verdict": "kept", "reason": ""}],
            "number": "H",
        },
        {"files": [], "missing": ["fgt.log"], "reason": "gone"},
    ],
    Note.CUSTOMER_WROTE: [
        {"author": "Anna", "address": "a@k.example", "text": "Dzień dobry", "sent_at": NOW.isoformat()},
        {
            "author": "",
            "address": "a@k.example",
            "subject": "Awaria",
            "text": "",
            "sent_at": "kiedyś",
            "number": "HEZO-2026-000123",
            "files": [
                {"name": "log.txt", "type": "text/plain", "size": 1, "verdict": "kept", "reason": ""},
                {"name": "a.exe", "type": "x", "size": 2**31, "verdict": "held", "reason": "dangerous_name: exe"},
                {"name": "", "type": "", "size": 0, "verdict": "dropped", "reason": "a word without sentence"},
            ]
            * 7,
            "complete": False,
            "automatic": True,
        },
    ],
    Note.MAILED: [{"kind": "ack", "text": "Dzień dobry\n\nPrzyjęliśmy zgłoszenie."}],
    Note.ENGINEER_REPLY: [
        {"author": "U0JAN", "to": "a@k.example", "text": "Dzień dobry", "status": "sending"},
        {"author": "U0JAN", "to": "a@k.example", "text": "Dzień dobry", "status": "sent", "at": NOW.isoformat()},
        {"author": "U0JAN", "to": "a@k.example", "text": "Dzień dobry", "status": "failed", "reason": "550 no"},
        {
            "author": "U0JAN",
            "to": "a@k.example",
            "text": "Dzień dobry",
            "status": "waiting",
            "sending": 5,
            "until": NOW.isoformat(),
            "changed": NOW.isoformat(),
            "files": ["log.txt"],
            "from_thread": True,
        },
        {"author": "U0JAN", "to": "a@k.example", "text": "Dzień dobry", "status": "undone", "by": "U0EWA"},
        {"author": "U0JAN", "to": "a@k.example", "text": "Dzień dobry", "status": "became_note", "by": "U0EWA"},
        {"author": "U0JAN", "to": "a@k.example", "text": "Dzień dobry", "status": "deleted", "by": "U0EWA"},
        {"author": "U0JAN", "to": "a@k.example", "text": "Dzień dobry", "status": "no_files", "reason": "za duży"},
        {"author": "U0JAN", "to": "a@k.example", "text": "Dzień dobry", "status": "withheld", "state": "closed"},
    ],
    Note.STATE_CHANGED: [{"state": "open", "reason": "completed"}, {"state": "closed", "by": "U0JAN"}],
    Note.TAKEN: [{"by": "U0JAN", "previous": None}, {"by": "U0JAN", "previous": "U0EWA"}],
    Note.PRIORITY_SET: [{"priority": "critical", "by": "U0JAN"}, {"priority": "question", "by": "a@k.example"}],
    Note.REMINDER: [
        {"kind": "reaction", "level": 80, "due_at": NOW.isoformat()},
        {"kind": "intake", "level": 100, "due_at": NOW.isoformat()},
    ],
    Note.BREACH: [{"kind": "reply", "level": 100, "due_at": NOW.isoformat()}],
    Note.BOUNCED: [
        {"address": "a@k.example", "reason": "no such user", "failed": True},
        {"address": "a@k.example", "reason": "later", "failed": False},
    ],
    Note.AUTOMATIC_MAIL: [{"signs": "auto-submitted, null return path"}, {"reason": "of an earlier version"}],
    Note.SENDER_APPROVED: [{"by": "U0JAN", "address": "a@k.example"}],
    Note.SENDER_REJECTED: [{"by": "U0JAN", "address": "a@k.example"}],
    Note.CUSTOMER_SILENT: [{"count": 1, "of": 3}, {"count": 3, "of": 3}],
    Note.MAIL_NOT_SENT: [{"address": "a@k.example", "reason": "550 no"}],
    Note.MAIL_WITHHELD: [
        {"reason": "automatic", "detail": "response suppressed"},
        {"reason": "cap", "detail": "10"},
        {"reason": "no_address", "detail": ""},
        {"reason": "row", "detail": "3"},
        {"reason": "automatic", "detail": "many_tickets"},
    ],
    Note.AGREED_DATE: [
        {"event": event, "at": NOW.isoformat(), "by": "U0JAN"}
        for event in ("confirmed", "kept", "passed", "reminder", "customer_wrote")
    ],
    Note.NOTHING_NEW: [{"problems": [["no_serial"], ["contract_not_matched", "HZ-9"]]}],
    Note.SIMILAR_TICKETS: [{"numbers": ["HEZO-2026-000001", "HEZO-2026-000002"]}],
    Note.JOINED: [{"by": "U0JAN", "address": "a@k.example", "number": "HEZO-2026-000001", "of": "HEZO-2026-000002"}],
    Note.SEPARATED: [{"by": "U0JAN", "number": "HEZO-2026-000001"}],
    Note.FILES_NOT_SHOWN: [{"names": ["log.txt"] * 20, "reason": "no scope", "number": "HEZO-2026-000123"}],
    Note.ESCALATION: [
        {"event": "raised", "source": "breach", "reason": "", "by": "bot"},
        {"event": "raised", "source": "phone", "reason": "Nikt nie dzwoni", "by": "U0JAN"},
        {"event": "acknowledged", "by": "U0JAN", "owner": "U0EWA"},
        {"event": "ended", "by": "U0JAN", "outcome": "Wysłano urządzenie", "because": "resolved"},
        {"event": "ended", "by": "bot", "outcome": "answered", "because": "answered"},
        {"event": "tied", "by": "U0JAN", "number": "HEZO-2026-000001"},
    ],
    Note.THREAD_BEGUN_ANEW: [{"earlier": "https://hezo360.slack.com/archives/C1/p1"}],
    Note.ACTED: [
        {"event": "assigned", "by": "U0JAN", "to": "U0EWA", "previous": None},
        {"event": "held", "by": "U0JAN"},
        {"event": "reopened", "by": "U0JAN"},
        {"event": "woken", "by": "U0JAN"},
        {"event": "spam", "by": "U0JAN"},
        {"event": "snoozed", "by": "U0JAN", "until": NOW.isoformat(), "reason": "urlop klienta"},
        {"event": "snooze_over", "by": "U0JAN", "reason": ""},
        {"event": "snooze_answered"},
        {"event": "linked", "by": "U0JAN", "number": "HEZO-2026-000002"},
        {"event": "merged_into", "by": "U0JAN", "number": "HEZO-2026-000002"},
        {"event": "merged_from", "by": "U0JAN", "number": "HEZO-2026-000002", "people": ["b@k.example", "U0PIOTR"]},
        {"event": "split_off", "by": "U0JAN", "number": "HEZO-2026-000002"},
        {"event": "split_from", "by": "U0JAN", "number": "HEZO-2026-000002"},
        {
            "event": "call",
            "by": "U0JAN",
            "direction": "incoming",
            "person": "Anna",
            "text": "Restart pomógł.",
            "at": NOW.isoformat(),
            "next_turn": "resolved",
        },
        {"event": "resolution_note", "by": "U0JAN", "text": "Wina kabla."},
        {"event": "unheard_of", "by": "U0JAN"},
    ],
    Note.SERVICES_OPEN: [{"kinds": ["remote_deployment", "firmware_upgrade"]}],
    Note.ESCALATION_PROPOSED: [{"words": "proszę o eskalację", "address": "a@k.example", "message": 5}],
}
TO_CUSTOMER = {Note.MAILED, Note.ENGINEER_REPLY}
GOES = {None, "waiting", "sending", "sent"}
"""The states of an engineer's words in which they go, or went, to the customer."""


def post(note: Note, data: dict[str, object], language: Language = Language.PL, mention: tuple[str, ...] = ()) -> str:
    """The words of a post in a thread."""
    return said(check(thread_post(PostInThread(7, note, data, mention), staff_words(language), ZONE))[1])


@pytest.mark.parametrize("note", list(Note))
@pytest.mark.parametrize("language", list(Language))
def test_every_note_and_the_mark_of_what_went_to_the_customer(note: Note, language: Language) -> None:
    mark = {Language.PL: "✉️ DO KLIENTA", Language.EN: "✉️ TO THE CUSTOMER"}[language]
    for data in DATA[note]:
        shown = post(note, data, language, ("U0EWA", "S0TEAM"))
        assert "<@U0EWA> <@S0TEAM> " in shown
        assert shown.startswith(mark) == (note in TO_CUSTOMER and data.get("status") in GOES)
        assert "None" not in shown


def test_some_posts_word_for_word() -> None:
    sending, sent, failed, *_ = (post(Note.ENGINEER_REPLY, data) for data in DATA[Note.ENGINEER_REPLY])
    assert sending == "✉️ DO KLIENTA od <@U0JAN> na adres a@k.example\nDzień dobry\n⏳ wysyłanie…"
    assert sent.endswith("✅ wysłano pon., 23 lis 2026, 11:00")
    assert failed.endswith("❌ NIE WYSŁANO, klient tego nie dostał: 550 no")
    assert post(Note.STATE_CHANGED, DATA[Note.STATE_CHANGED][0]) == (
        "Stan: otwarte, czeka na inżyniera; klient uzupełnił dane"
    )
    assert post(Note.TAKEN, DATA[Note.TAKEN][1]) == "🙋 <@U0JAN> przejmuje zgłoszenie od <@U0EWA>"
    breach = post(Note.BREACH, DATA[Note.BREACH][0])  # its thread is read on other days as well: no "today"
    assert breach == "🔴 Termin przekroczony! Odpowiedź dla klienta: pon., 23 lis 2026, 11:00"
    full, bare = (post(Note.CUSTOMER_WROTE, data) for data in DATA[Note.CUSTOMER_WROTE])
    assert full == "📨 Klient: Anna <a@k.example>, pon., 23 lis 2026, 11:00\nDzień dobry"
    assert "⚠️ Wiadomość jest za duża i nie została pobrana; leży w skrzynce pocztowej" in bare
    assert "(wiadomość bez tekstu)" not in bare
    assert "i jeszcze 6" in bare


def test_who_has_no_address_is_called_by_name() -> None:
    """A report that an engineer opened for a channel, in which nobody of the customer's wrote."""
    named_only = DATA[Note.CUSTOMER_WROTE][0] | {"author": "Piotr", "address": ""}
    assert post(Note.CUSTOMER_WROTE, named_only).startswith("📨 Klient: Piotr, pon.")


@pytest.mark.parametrize("language", list(Language))
def test_what_shows_a_program_is_said_in_the_language_of_the_staff(language: Language) -> None:
    shown = [post(Note.AUTOMATIC_MAIL, {"signs": check.name}, language).rpartition(": ")[2] for check in CHECKS]
    assert len(set(shown)) == len(CHECKS)
    assert not set(shown) & {check.name for check in CHECKS}
    many = post(Note.AUTOMATIC_MAIL, {"signs": ", ".join(check.name for check in CHECKS)}, language)
    assert "…" not in many
    why = post(Note.MAIL_WITHHELD, {"reason": "automatic", "detail": "response suppressed"}, Language.PL)
    assert "(prośba o brak automatycznych odpowiedzi)" in why


def test_a_ticket_that_was_merged_names_the_other_one_once() -> None:
    ended = make_view(state=TicketState.CLOSED, facts={"joined": "HEZO-2026-000009", "links": ["HEZO-2026-000009"]})
    assert said(card(ended, NOW, staff_words(), ZONE)[1]).count("HEZO-2026-000009") == 1


def test_a_mail_that_escalates_is_not_quoted_again_below_itself() -> None:
    raised: dict[str, object] = {"event": "raised", "reason": "Halo?", "by": "a@k.example"}
    assert "Halo?" not in post(Note.ESCALATION, raised | {"source": "mail"})
    assert "Halo?" in post(Note.ESCALATION, raised | {"source": "engineer"})


def test_a_file_is_a_line_with_its_name_as_code_and_why_it_is_held() -> None:
    nasty = "<!channel> *b* `x` [a](https://zly.example)\u202egpj.exe"
    sizes = {"picture.png": 512, "get_system_status.log": 34_000, nasty: 1_250_000}
    files = [
        {"name": name, "type": "x/y", "size": size, "verdict": "kept", "reason": ""} for name, size in sizes.items()
    ]
    files[2] |= {"verdict": "held", "reason": "dangerous_name: exe"}
    data = DATA[Note.CUSTOMER_WROTE][0] | {"files": files, "number": "HEZO-2026-000123"}
    _, blocks = check(thread_post(PostInThread(7, Note.CUSTOMER_WROTE, data), staff_words(), ZONE))
    assert said(blocks).split("\n")[2:] == [
        "🔒 <!channel> *b* `x` [a](https://zly.example)gpj.exe (1,2 MB, program): zatrzymany, bo typ .exe bywa groźny",
        "📎 picture.png (512 B, obraz)",
        "📎 get_system_status.log (34 KB, tekst)",
        staff_words()("thread.files_held", command="hezo360 attachments list HEZO-2026-000123"),
    ]
    code = {"type": "text", "text": nasty.replace("\u202e", ""), "style": {"code": True}}
    assert code in blocks[0]["elements"][2]["elements"]  # type: ignore[index]  # JSON of our own making


def test_what_slack_does_not_show_is_told_however_many_files_there_are() -> None:
    files = [{"name": f"{number}.log", "type": "", "size": 1, "verdict": "kept", "reason": ""} for number in range(50)]
    files.append({"name": "last.log", "type": "", "size": 1, "verdict": "dropped", "reason": "too_many: 50"})
    shown = post(Note.CUSTOMER_WROTE, DATA[Note.CUSTOMER_WROTE][0] | {"files": files})
    assert "last.log (1 B, tekst): niezachowany, bo przyjmujemy najwyżej 50 plików" in shown
    assert shown.endswith("i jeszcze 36")


def test_many_files_with_long_names_break_no_limit() -> None:
    file = {"name": "😀" * 300, "type": "😀", "size": 1, "verdict": "held", "reason": "😀" * 300}
    data = DATA[Note.CUSTOMER_WROTE][0] | {"files": [file] * 300, "number": "😀" * 300, "text": "ż" * 30_000}
    check(thread_post(PostInThread(7, Note.CUSTOMER_WROTE, data), staff_words(), ZONE))


def test_a_customers_words_are_a_quotation_and_nothing_else() -> None:
    foreign = "<!channel> *pilne* <https://zly.example|bank>\n> cytat :fire:"
    data: dict[str, object] = {"author": "A", "address": "a@k", "text": foreign, "sent_at": NOW.isoformat()}
    _, blocks = check(thread_post(PostInThread(7, Note.CUSTOMER_WROTE, data), staff_words(), ZONE))
    lines = blocks[0]["elements"]
    assert isinstance(lines, list)
    assert {"type": "rich_text_quote", "elements": [{"type": "text", "text": foreign}]} in lines


@pytest.mark.parametrize("letter", ["a", "ż", "😀", "a\n", '"'])
def test_long_words_are_cut_with_a_note_and_use_the_room(letter: str) -> None:
    data: dict[str, object] = {
        "author": "A" * 900,
        "address": "a@k",
        "text": f"{letter * 30_000}.",
        "sent_at": NOW.isoformat(),
    }
    everybody = tuple(f"U{number:08d}" for number in range(30))
    rendered = thread_post(PostInThread(7, Note.CUSTOMER_WROTE, data, everybody), staff_words(), ZONE)
    _, blocks = check(rendered)
    assert "… (całość w oryginale)" in said(blocks)
    assert len(json.dumps(blocks)) > 11_000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(Note), st.dictionaries(st.sampled_from([*"xy", "text", "author", "state"]), NASTY), NASTY)
def test_no_words_break_a_post(note: Note, extra: dict[str, str], nasty: str) -> None:
    for data in DATA[note]:
        hostile: dict[str, object] = {
            key: [nasty] * 30 if isinstance(value, list) else nasty if isinstance(value, str) else value
            for key, value in data.items()
        }
        check(thread_post(PostInThread(7, note, hostile | extra), staff_words(), ZONE))
        check(thread_post(PostInThread(7, note, {}), staff_words(), ZONE))


@pytest.mark.parametrize(
    "earlier",
    ["https://zespół.example/" + "ż" * 2900, "https://a.example/" + "a" * 3000, "😀" * 3000, "javascript:x", ""],
)
def test_an_address_that_slack_would_not_take_leaves_the_words(earlier: str) -> None:
    post = thread_post(PostInThread(7, Note.THREAD_BEGUN_ANEW, {"earlier": earlier}), staff_words(), ZONE)
    _, blocks = check(post)
    assert "Wcześniejsze wpisy: poprzedni wątek" in said(blocks)
    assert '"link"' not in json.dumps(blocks)


def test_the_bots_own_mail_begins_with_a_capital_though_its_greeting_is_left_out() -> None:
    shown = post(Note.MAILED, {"kind": "ack", "text": "żądanie przyjęte.\n\ndrugi akapit."})
    assert shown.endswith("Żądanie przyjęte.\n\ndrugi akapit.")
    assert post(Note.MAILED, {"kind": "ack", "text": ""})


def test_a_card_shows_the_dates_and_a_late_reminder_what_was_missed() -> None:
    tomorrow = (NOW + timedelta(days=1)).isoformat()
    facts: dict[str, object] = {"agreed": {"at": NOW.isoformat()}, "proposed": {"at": tomorrow}}
    shown = said(check(card(make_view(facts=facts), NOW, staff_words(), ZONE))[1])
    assert "📅 Uzgodniony termin: dziś 11:00" in shown
    assert "📅 Zaproponowany termin: jutro (wt.) 11:00, czeka na potwierdzenie klienta" in shown
    ended = check(card(make_view(facts=facts, state=TicketState.RESOLVED), NOW, staff_words(), ZONE))
    assert "📅" not in said(ended[1])
    data: dict[str, object] = {"kind": "reply", "due_at": NOW.isoformat(), "late": [[80, NOW.isoformat()], [100, "?"]]}
    post = thread_post(PostInThread(7, Note.BREACH, data), staff_words(), ZONE)
    assert "przesunął). Wcześniej minęło: 80% – pon., 23 lis 2026, 11:00" in said(check(post)[1])
    data["late"] = [[100, NOW.isoformat()]]  # when that was stands above
    post = thread_post(PostInThread(7, Note.BREACH, data), staff_words(), ZONE)
    assert said(check(post)[1]).endswith("⏳ Powiadomienie spóźnione (bot był zatrzymany albo termin się przesunął)")


def elements_in(blocks: list[Any]) -> list[object]:
    """The elements of the lines of rich text blocks."""
    return [element for one in blocks for said in one["elements"] for element in said["elements"]]


def test_operator_notices() -> None:
    known = PostOperator("inbox_parked", {"inbox": 5, "source": "mail", "reason": "broken"})
    blocks = check(operator_notice(known, staff_words()))[1]
    assert "Nie udało się opracować maila, który przyszedł." in said(blocks)
    for to_copy in ("hezo360 parked show inbox 5", "broken"):  # what is English whatever the staff read stands apart
        assert {"type": "text", "text": to_copy, "style": {"code": True}} in elements_in(blocks)
    for other in (PostOperator("new_thing", {"x": 1}), PostOperator("inbox_parked", {"x": 1})):
        shown = said(check(operator_notice(other, staff_words()))[1])
        assert f"{other.what}: x: 1" in shown
    dropped: dict[str, object] = {"kind": "inbox", "row": 5, "what": "mail", "reason": "broken", "operator": "jan"}
    for ticket, about in (
        ("-", "było odłożone (inbox 5"),
        ("HEZO-2026-000001", "zgłoszenia HEZO-2026-000001 (inbox 5"),
    ):
        notice = operator_notice(PostOperator("parked_dropped", dropped | {"ticket": ticket}), staff_words())
        assert about in said(check(notice)[1])


def test_ephemeral_lines() -> None:
    def line(what: str, **data: object) -> str:
        return tell(TellUser("C1", "U1", what, data), staff_words())

    assert line("not_in_this_state", number="HEZO-1", state="closed") == (
        "Teraz to niemożliwe: zgłoszenie HEZO-1 jest w stanie „zamknięte”."
    )
    assert line("priority_is_already", number="HEZO-1", priority="critical").endswith("priorytet „krytyczny”.")
    assert "&lt;!here&gt;" in line("already_yours", number="<!here>")
    assert "(<@U0PIOTR>, &lt;!here&gt;)" in line("merge_strangers", number="HEZO-1", people=["U0PIOTR", "<!here>"])
    with pytest.raises(KeyError):
        line("no_such_line")


PLACE = ModalPlace(7, "C1", "1.1", "Jan Nowak")
TERMS = {
    priority: {
        "calendar": "24x7",
        "reaction_s": 3600.0 * 25,
        "reply_s": 3600.0,
        "delivery_s": None,
        "delivery_calendar": "24x7",
        "remind_at_percent": [50, 80],
    }
    for priority in Priority
}


@settings(max_examples=40, deadline=None)
@given(NASTY, NASTY, NASTY, st.sampled_from(Language))
def test_no_words_break_a_modal(subject: str, address: str, text: str, language: Language) -> None:
    view = make_view(subject=subject, requester=address, terms=TERMS)
    messages = [Message(1, 7, Direction.FROM_CUSTOMER, address, "", text * 20, NOW)]
    words = staff_words(language)
    for modal in (
        reply_modal(view, messages, NOW, words, ZONE, PLACE),
        reply_modal(view, [], NOW, words, ZONE, ModalPlace(7)),
        priority_modal(view, words, PLACE),
        loading_view(words),
    ):
        check_view(json.loads(json.dumps(modal)), "modal")


def test_the_reply_modal_shows_the_customers_last_words_only() -> None:
    messages = [
        Message(1, 7, Direction.FROM_CUSTOMER, "a@k", "", "pierwsze", NOW - timedelta(hours=2)),
        Message(2, 7, Direction.FROM_CUSTOMER, "a@k", "", "ostatnie", NOW - timedelta(hours=1)),
        Message(3, 7, Direction.TO_CUSTOMER, "bot", "", "nasze", NOW, automatic=True),
    ]
    modal = json.dumps(reply_modal(make_view(), messages, NOW, staff_words(), ZONE, PLACE), ensure_ascii=False)
    assert "Ostatnie słowa klienta (dziś 10:00):" in modal
    assert "ostatnie" in modal
    assert "pierwsze" not in modal
    assert "nasze" not in modal


@pytest.mark.parametrize(
    ("language", "waits", "sent"),
    [
        (Language.PL, "czeka na wysłanie: <@U0EWA>, wyjdzie o 11:00:20.", "już odpowiedź: <@U0EWA>, dziś 10:55."),
        (Language.EN, "waiting to go out: <@U0EWA>, at 11:00:20.", "answered already: <@U0EWA>, today 10:55."),
    ],
)
def test_the_reply_modal_says_who_answers_already(language: Language, waits: str, sent: str) -> None:
    def shown(messages: list[Message], *waiting: Sending) -> str:
        modal = reply_modal(make_view(), messages, NOW, staff_words(language), ZONE, PLACE, waiting=waiting)
        check_view(json.loads(json.dumps(modal)), "modal")
        return said(cast("Blocks", modal["blocks"]))

    asked = Message(1, 7, Direction.FROM_CUSTOMER, "a@k", "", "Co dalej?", NOW - timedelta(hours=1))
    ours = Message(2, 7, Direction.TO_CUSTOMER, "U0EWA", "", "Już.", NOW - timedelta(minutes=5))
    receipt = Message(3, 7, Direction.TO_CUSTOMER, "bot", "", "Przyjęto.", NOW, automatic=True)
    again = Message(4, 7, Direction.FROM_CUSTOMER, "a@k", "", "I jeszcze?", NOW)
    early = replace(ours, sent_at=NOW - timedelta(minutes=16))
    reply = Sending(
        1, 7, SendingState.WAITING, "U0JAN", "Już.", NOW, sent_by="U0EWA", send_at=NOW + timedelta(seconds=20)
    )
    assert waits in shown([asked, receipt], reply)
    assert sent in shown([asked, ours, receipt])
    for quiet in ([asked, receipt], [asked, ours, again], [asked, early], []):
        assert "⚠️" not in shown(quiet)


def test_the_priority_modal_shows_the_present_priority_and_the_terms() -> None:
    modal = priority_modal(make_view(terms=TERMS, priority=Priority.QUESTION), staff_words(), PLACE)
    blocks: Any = modal["blocks"]
    element = blocks[1]["element"]
    assert element["initial_option"]["value"] == "question"
    assert "reakcja 1 dzień 1 h" in element["options"][0]["description"]["text"]


@pytest.mark.parametrize("language", list(Language))
def test_who_was_first_is_named_where_it_is_known(language: Language) -> None:
    data: dict[str, object] = {"number": "HEZO-2026-000001", "state": "closed"}
    alone = tell(TellUser("C1", "U1", "not_in_this_state", data), staff_words(language))
    named = tell(
        TellUser("C1", "U1", "not_in_this_state", {**data, "who": "U0EWA", "at": "10:05"}), staff_words(language)
    )
    assert "<@" not in alone
    assert "<@U0EWA>" in named
    back = tell(TellUser("C1", "U1", "not_in_this_state", data | {"own": "Gotowe & <b>"}), staff_words(language))
    assert back.startswith(alone)
    assert "Gotowe &amp; &lt;b&gt;" in back
