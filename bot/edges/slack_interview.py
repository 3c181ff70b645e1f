"""Renders the technical interview: its message in the ticket's thread, lines about it, and its forms; reads them back.

What `PostInThread.data` holds with `Note.INTERVIEW`: event ("begin", "asked", "answered", "answered_by_mail" or
"export"), serial; by (who did it); questions and corrected ([ids]); json (the export).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.commands import NothingToDo, SlackCommand, SlackPerson
from bot.edges.slack_escalation_ids import Pressed
from bot.edges.slack_fields import Unreadable, choice, typed
from bot.edges.slack_ids import ACTION_IDS, REPLY_LIMIT, VALUE, ModalPlace
from bot.edges.slack_text import (
    MAX_BLOCKS_JSON,
    Blocks,
    Json,
    block,
    cut,
    fallback,
    line,
    one_line,
    person,
    plain,
    rich,
    text,
    topic,
)
from bot.interview_commands import AnswerInterview, AskInterview, BeginInterview, ExportInterview
from bot.interviews import Interview
from bot.model import Device, Language, Ticket
from bot.rules.interview_questions import LONGEST_ANSWER, questions
from bot.rules.notes import is_note
from bot.rules.ticket_states import Action
from bot.rules.wording import Words, format_fixed

BEGIN_MODAL = ACTION_IDS[Action.INTERVIEW]
FILL, ASK, EXPORT = "interview_fill", "interview_ask", "interview_export"
OPENS_INTERVIEW_FORM = frozenset({FILL, ASK})
"""Buttons whose form has their own name as callback_id."""
DEVICE_BLOCK, WORDS_BLOCK = "device", "to_customer"
_ANSWER = "answer_"

ROOM_FOR_ANSWER = 320
"""JSON characters of each answer on the panel; the form and the export show the whole."""


@dataclass(frozen=True, slots=True)
class InterviewShown:
    """What the forms show; `recipient` is where mails to the customer go, as staff read it."""

    ticket: Ticket
    interview: Interview
    recipient: str


def panel(interview: Interview, words: Words, zone: ZoneInfo) -> tuple[str, Blocks]:
    """The interview as it stands: what is known, what is missing, and what can be done."""
    language = words.language
    known = [question for question in questions() if interview.answer(question.id) is not None]
    missing = [question.labels[language] for question in questions() if interview.answer(question.id) is None]
    device = {"model": one_line(interview.device.model), "serial": text(interview.device.serial, "code")}
    begun_at = format_fixed(interview.begun_at, language, zone)
    lines = [
        line(*rich(words, "interview_card.title", "bold", **device, count=len(known), of=len(questions()))),
        line(*rich(words, "interview_card.begun", by=person(interview.begun_by), at=begun_at)),
    ]
    if interview.asked_at is not None:
        lines.append(line(*rich(words, "interview_card.asked", at=format_fixed(interview.asked_at, language, zone))))
    for question in known:
        answer = interview.answer(question.id)
        said = cut(one_line(answer.text if answer else "", 300), ROOM_FOR_ANSWER, words("cut"))
        label = text(question.labels[language], "bold")
        lines.append(line(*rich(words, "interview_card.answer", label=label, answer=text(said))))
    if missing:
        lines.append(line(*rich(words, "interview_card.missing", labels=text(", ".join(missing), "italic"))))
    names = {FILL: "fill", **({ASK: "ask"} if missing else {}), **({EXPORT: "export"} if known else {})}
    value = Pressed(interview.ticket_id, interview.id).to_value()
    buttons: list[Json] = [
        {"type": "button", "action_id": action_id, "text": plain(words(f"interview_button.{name}"), 75), "value": value}
        for action_id, name in names.items()
    ]
    blocks: Blocks = [block(lines), {"type": "actions", "elements": buttons}]
    return fallback(blocks), blocks


def history(data: Mapping[str, object], words: Words) -> list[Json]:
    """Lines of the ticket's thread."""
    event = str(data.get("event"))
    if f"interview_line.{event}" not in words:
        return [line(text(one_line(event) or "–"))]
    serial = one_line(str(data.get("serial")))
    said = {
        "by": person(str(data.get("by"))),
        "serial": text(serial, "code"),
        "labels": _labels(data.get("questions"), words.language),
        "command": text(f"hezo360 interview {serial} --json", "code"),
    }
    lines = [line(*rich(words, f"interview_line.{event}", **said))]
    corrected = _labels(data.get("corrected"), words.language)
    if corrected:
        lines.append(line(*rich(words, "interview_line.corrected", labels=corrected)))
    if event == "export":
        whole = cut(str(data.get("json")), MAX_BLOCKS_JSON - 1_500, words("cut"))
        lines.append({"type": "rich_text_preformatted", "elements": [text(whole)]})
    return lines


def _labels(ids: object, language: Language) -> str:
    named = {question.id: question.labels[language] for question in questions()}
    return ", ".join(named.get(str(its_id), str(its_id)) for its_id in ids) if isinstance(ids, list) else ""


def begin_form(ticket: Ticket, devices: Sequence[Device], words: Words, place: ModalPlace) -> Json:
    """Beginning an interview: about which device."""
    options: list[Json] = [
        {"text": plain(f"{one_line(device.model, 40)} {device.serial}", 75), "value": device.serial}
        for device in devices[:10]
    ]
    choose: Json = {"type": "radio_buttons", "action_id": VALUE, "options": options, "initial_option": options[0]}
    note = block([line(text(words("interview_modal.begin_note"), "italic"))])
    device = _input(DEVICE_BLOCK, words("interview_modal.begin_device"), choose)
    return _form("begin", BEGIN_MODAL, [_about(ticket, words), device, note], words, place)


def interview_form(what: str, shown: InterviewShown, words: Words, place: ModalPlace) -> Json:
    """The form of a button: writing answers down, or sending the questions."""
    if what == ASK:
        return _ask_form(shown, words, place)
    blocks: Blocks = [_about(shown.ticket, words), block([line(text(words("interview_modal.fill_note"), "italic"))])]
    for question in questions():
        answer = shown.interview.answer(question.id)
        field: Json = {
            "type": "plain_text_input",
            "action_id": VALUE,
            "multiline": True,
            "max_length": LONGEST_ANSWER,
        }
        if answer is not None:
            field["initial_value"] = answer.text
        label = f"{question.number}. {question.texts[words.language]}"
        hint = plain(question.hints[words.language], 2000)
        blocks.append({**_input(f"{_ANSWER}{question.id}", label, field), "optional": True, "hint": hint})
    return _form("fill", FILL, blocks, words, place)


def _ask_form(shown: InterviewShown, words: Words, place: ModalPlace) -> Json:
    missing = [q.labels[words.language] for q in questions() if shown.interview.answer(q.id) is None]
    said = rich(words, "interview_modal.ask_note", address=shown.recipient, labels=text(", ".join(missing)))
    field: Json = {"type": "plain_text_input", "action_id": VALUE, "multiline": True, "max_length": REPLY_LIMIT}
    own = {**_input(WORDS_BLOCK, words("interview_modal.ask_words"), field), "optional": True}
    return _form("ask", ASK, [_about(shown.ticket, words), own, block([line(*said)])], words, place)


def _form(name: str, callback_id: str, blocks: Blocks, words: Words, place: ModalPlace) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(words(f"interview_modal.{name}_title"), 24),
        "submit": plain(words(f"interview_modal.{name}_submit"), 24),
        "close": plain(words("modal.cancel"), 24),
        "private_metadata": place.to_metadata(),
        "blocks": blocks,
    }


def _about(ticket: Ticket, words: Words) -> Json:
    return block([line(*rich(words, "modal.about", "bold", number=ticket.number, subject=topic(ticket.subject)))])


def _input(block_id: str, label: str, element: Json) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(label, 2000), "element": element}


# What comes back.


def is_press(action_id: str) -> bool:
    """Whether a button is of an interview."""
    return action_id in {FILL, ASK, EXPORT}


def is_form(callback_id: object) -> bool:
    """Whether a modal is one of these."""
    return isinstance(callback_id, str) and callback_id in {BEGIN_MODAL, FILL, ASK}


def pressed_command(action_id: str, value: object, by: SlackPerson) -> SlackCommand:
    """The command of a button.

    Raises:
        ValueError: the button's value is none of ours.
    """
    if action_id != EXPORT:
        return NothingToDo(f"{action_id} only opens a modal")
    pressed = Pressed.from_value(value)
    return ExportInterview(by, pressed.ticket_id, pressed.other_id)


def form_problems(view: Mapping[str, object]) -> dict[str, str]:
    """What is wrong with a submitted form: block_id -> a sentence "modal_problem.*". Never raises."""
    if view.get("callback_id") == BEGIN_MODAL:
        return {} if choice(view, DEVICE_BLOCK) else {DEVICE_BLOCK: "not_chosen"}
    words = typed(view, WORDS_BLOCK)
    if len(words) > REPLY_LIMIT:
        return {WORDS_BLOCK: "too_long"}
    return {WORDS_BLOCK: "looks_like_note"} if is_note(words) else {}


def submitted_command(view: Mapping[str, object], place: ModalPlace, by: SlackPerson) -> SlackCommand:
    """The command of a submitted form, in which `form_problems` found none.

    Raises:
        ValueError: it lacks what every one of these forms carries.
    """
    callback_id = view.get("callback_id")
    if place.ticket_id is None:
        raise Unreadable("no ticket")
    if callback_id == BEGIN_MODAL:
        return BeginInterview(by, place.ticket_id, choice(view, DEVICE_BLOCK))
    if place.other_id is None:
        raise Unreadable("no interview")
    if callback_id == ASK:
        return AskInterview(by, place.ticket_id, place.other_id, typed(view, WORDS_BLOCK).strip())
    return AnswerInterview(by, place.ticket_id, place.other_id, _changed(view))


def _changed(view: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """The answers that differ from what the form showed: what came by mail meanwhile is not taken back."""
    shown = _initial_values(view.get("blocks"))
    changed = []
    for question in questions():
        block_id = f"{_ANSWER}{question.id}"
        answer = typed(view, block_id).strip()
        if answer != shown.get(block_id, "").strip():
            changed.append((question.id, answer[:LONGEST_ANSWER]))
    return tuple(changed)


def _initial_values(blocks: object) -> dict[str, str]:
    found = {}
    for one in blocks if isinstance(blocks, list) else ():
        element = one.get("element") if isinstance(one, Mapping) else None
        value = element.get("initial_value") if isinstance(element, Mapping) else None
        if isinstance(value, str):
            found[str(one.get("block_id"))] = value
    return found
