"""Booking a meeting with a customer: the form, and the buttons by which one of the offered times is picked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.commands import SlackCommand, SlackPerson
from bot.edges.slack_fields import choice, instant_or_none, typed
from bot.edges.slack_ids import DAYS_AHEAD, REPLY_LIMIT, VALUE, ModalPlace
from bot.edges.slack_text import Blocks, Json, block, line, plain, quote, reached_at, rich, text, topic
from bot.entitlement_commands import OfferTimes, PickDate
from bot.entitlements import EntitlementUse, UseState
from bot.model import Ticket
from bot.replacement_commands import ConfirmFault
from bot.rules.appointments import AT_MOST, DURATIONS, OTHER, offer_text
from bot.rules.notes import is_note
from bot.rules.replacement import read_yes
from bot.rules.wording import Words, format_fixed, format_span
from bot.rules.wording import words as customer_words
from bot.sendings import Seen

OFFER_MODAL = "date_offer"
"""callback_id of the form, and action_id of the ticket's button that opens it."""
PICK = "date_pick_"
"""Begins the action_ids of the buttons that pick a time."""

TIME_BLOCKS = ("offer_first", "offer_second", "offer_third")
DURATION_BLOCK, PURPOSE_BLOCK, WORDS_BLOCK = "offer_minutes", "offer_purpose", "offer_words"

_PICKED = re.compile(r"([1-9][0-9]{0,17}):([1-9][0-9]{5,10})")


def offer_form(
    ticket: Ticket, uses: Sequence[EntitlementUse], now: datetime, words: Words, zone: ZoneInfo, place: ModalPlace
) -> Json:
    """Offering up to three times: who reads it, when, how long, what for, and the words as the customer gets them."""
    begins = int(now.timestamp()) // 3600 * 3600 + 25 * 3600
    spans = [_option(format_span(span, words.language), str(int(span.total_seconds() // 60))) for span in DURATIONS]
    agreed = [use for use in uses if use.state is UseState.AGREED]
    purposes = [_option(_purpose(use, words), str(use.id)) for use in agreed] + [
        _option(words("appointment.meeting"), OTHER)
    ]
    chosen = next((i for i, use in enumerate(agreed) if use.id == place.use_id), 0)
    what = agreed[chosen].kind if agreed else OTHER
    mail = offer_text(
        customer_words("customer", ticket.language),
        ticket.number,
        [words("appointment.times_here")],
        what,
        DURATIONS[1],
        words("modal.words_here"),
    )
    blocks: Blocks = [
        block(
            [
                line(*rich(words, "modal.to", "bold", address=reached_at(ticket) or words("unknown"))),
                line(*rich(words, "modal.about", number=ticket.number, subject=topic(ticket.subject))),
                line(text(words("appointment.zone", zone=zone.key), "italic")),
            ]
        ),
        _input(TIME_BLOCKS[0], "first", _instant(begins), words),
        {**_input(TIME_BLOCKS[1], "second", _instant(), words), "optional": True},
        {**_input(TIME_BLOCKS[2], "third", _instant(), words), "optional": True},
        _input(DURATION_BLOCK, "minutes", _select(spans, 1), words),
        _input(PURPOSE_BLOCK, "purpose", _select(purposes, chosen), words),
        {**_input(WORDS_BLOCK, "words", _text(), words), "optional": True},
        block([line(text(words("appointment.preview"), "bold")), quote(mail)]),
    ]
    return {
        "type": "modal",
        "callback_id": OFFER_MODAL,
        "title": plain(words("appointment.title"), 24),
        "submit": plain(words("appointment.submit"), 24),
        "close": plain(words("modal.cancel"), 24),
        "private_metadata": place.to_metadata(),
        "blocks": blocks,
    }


def offer_problems(view: Mapping[str, object], now: datetime | None = None) -> dict[str, str]:
    """What is wrong with the submitted form: block_id -> a sentence "modal_problem.*". Never raises.

    Args:
        now: The times have to lie ahead; without it only their form is looked at.
    """
    problems: dict[str, str] = {}
    seen: set[datetime] = set()
    for block_id in TIME_BLOCKS:
        time = instant_or_none(view, block_id)
        if time is None:
            if block_id == TIME_BLOCKS[0]:
                problems[block_id] = "not_chosen"
            continue
        if time in seen:
            problems[block_id] = "same_time"
        elif now is not None and not now < time <= now + timedelta(days=DAYS_AHEAD):
            problems[block_id] = "not_on_time_scale"
        seen.add(time)
    if not re.fullmatch(r"[1-9][0-9]{0,3}", choice(view, DURATION_BLOCK)):
        problems[DURATION_BLOCK] = "not_chosen"
    if not re.fullmatch(rf"[1-9][0-9]{{0,17}}|{OTHER}", choice(view, PURPOSE_BLOCK)):
        problems[PURPOSE_BLOCK] = "not_chosen"
    words = typed(view, WORDS_BLOCK)
    if len(words) > REPLY_LIMIT:
        problems[WORDS_BLOCK] = "too_long"
    elif is_note(words):
        problems[WORDS_BLOCK] = "looks_like_note"
    return problems


def offered(view: Mapping[str, object], ticket_id: int, by: SlackPerson, seen: Seen | None = None) -> SlackCommand:
    """The command of the form, in which `offer_problems` found none."""
    times = [time for block_id in TIME_BLOCKS if (time := instant_or_none(view, block_id)) is not None]
    purpose = choice(view, PURPOSE_BLOCK)
    duration = timedelta(minutes=int(choice(view, DURATION_BLOCK)))
    use_id = None if purpose == OTHER else int(purpose)
    return OfferTimes(by, ticket_id, tuple(times), duration, typed(view, WORDS_BLOCK).strip(), use_id, seen)


def is_pick(action_id: str) -> bool:
    """Whether a button picks one of the offered times."""
    return action_id.startswith(PICK)


def picked(value: object, by: SlackPerson) -> SlackCommand:
    """The command of such a button, or of the one that confirms a fault.

    Raises:
        ValueError: its value is none of ours.
    """
    confirmed = read_yes(value)
    if confirmed is not None:
        return ConfirmFault(by, *confirmed)
    found = _PICKED.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("no offered time")
    return PickDate(by, int(found[1]), datetime.fromtimestamp(int(found[2]), UTC))


def pick_buttons(choices: Iterable[tuple[str, str]]) -> Blocks:
    """A row of buttons, each with its label and its value; none where nothing is to be picked."""
    elements: list[Json] = [
        {"type": "button", "action_id": f"{PICK}{place}", "text": plain(label, 75), "value": value}
        for place, (label, value) in enumerate(list(choices)[:AT_MOST], 1)
    ]
    return [{"type": "actions", "elements": elements}] if elements else []


def staff_picks(ticket_id: int, data: Mapping[str, object], words: Words, zone: ZoneInfo) -> Blocks:
    """The buttons for engineers who know of the choice otherwise (`Note.AGREED_DATE`, event "offered")."""
    options = data.get("options")
    if data.get("event") != "offered" or not isinstance(options, list):
        return []
    times = [datetime.fromisoformat(str(option)) for option in options]
    return pick_buttons(
        (words("appointment.pick", at=format_fixed(at, words.language, zone)), f"{ticket_id}:{int(at.timestamp())}")
        for at in times
    )


def _purpose(use: EntitlementUse, words: Words) -> str:
    said = words(f"entitlement_kind.{use.kind}")
    return f"{said} · {use.serial}" if use.serial else said


def _select(options: Sequence[Json], chosen: int) -> Json:
    return {"type": "static_select", "action_id": VALUE, "options": list(options), "initial_option": options[chosen]}


def _instant(seconds: int | None = None) -> Json:
    element: Json = {"type": "datetimepicker", "action_id": VALUE}
    return element if seconds is None else element | {"initial_date_time": seconds}


def _input(block_id: str, label: str, element: Json, words: Words) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(words(f"appointment.{label}"), 2000),
        "element": element,
    }


def _text() -> Json:
    return {"type": "plain_text_input", "action_id": VALUE, "multiline": True, "max_length": REPLY_LIMIT}


def _option(label: str, value: str) -> Json:
    return {"text": plain(label, 75), "value": value}
