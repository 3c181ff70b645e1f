"""Renders what customers see in shared channels besides words: the question about a message, and the form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice

from bot.edges.slack_channel_ids import (
    DESCRIPTION_BLOCK,
    DESCRIPTION_LIMIT,
    DEVICE_BLOCK,
    LEVEL_BLOCK,
    OTHER_DEVICE,
    REPORT_ADD,
    REPORT_MODAL,
    REPORT_NONE,
    REPORT_OPEN,
    Offered,
    ReportPlace,
    device_value,
)
from bot.edges.slack_ids import VALUE
from bot.edges.slack_text import Blocks, Json, block, clean, fallback, line, plain, text
from bot.effects import OfferReport, TellCustomer
from bot.model import Contract, Language, Priority
from bot.rules.question_text import PRIORITY_CHOICES
from bot.rules.wording import Words, format_span, words

_MOST_OPTIONS = 100
_MOST_GROUPS = 99
"""Of the hundred that a menu may have, one is for another device."""


def offer(effect: OfferReport, waits: timedelta) -> tuple[str, Blocks]:
    """The question whether a message is a report, for its author alone.

    Args:
        waits: After which it counts as one.
    """
    w = words("customer", effect.language)
    offered = Offered(effect.language, effect.ts, thread_ts=effect.thread_ts)
    buttons = [_button(REPORT_OPEN, w("offer_report"), offered, style="primary")]
    if effect.ticket_id is not None:
        value = replace(offered, ticket_id=effect.ticket_id)
        buttons.append(_button(REPORT_ADD, w("offer_add", number=effect.number), value))
    buttons.append(_button(REPORT_NONE, w("offer_none"), offered))
    question = block([line(text(w("offer_question", span=format_span(waits, effect.language))))])
    blocks: Blocks = [question, {"type": "actions", "elements": buttons}]
    return fallback(blocks), blocks


def form_button(said: str, offered: Offered) -> Json:
    """The button below a question in the customer's thread, by which it can be answered as well."""
    return {"type": "actions", "elements": [_button(REPORT_OPEN, said, offered)]}


def told(effect: TellCustomer) -> str:
    """An answer to a customer's click, as mrkdwn without any markup."""
    return words("customer", effect.language)(f"tell_{effect.what}", **effect.data)


def told_form(said: str, language: Language) -> Json:
    """A window that only says something, for a shortcut that was used outside of any conversation."""
    w = words("customer", language)
    return {
        "type": "modal",
        "title": plain(w("form_title"), 24),
        "close": plain(w("form_close"), 24),
        "blocks": [block([line(text(said))])],
    }


def report_form(contracts: Sequence[Contract], begun: str, place: ReportPlace) -> Json:
    """The form for reports.

    Args:
        contracts: Of the channel; their devices are offered.
        begun: What the description begins with: the words of the message that it is about.
    """
    w = words("customer", place.language)
    devices = list(_devices(contracts))
    menu: Json = {"type": "static_select", "action_id": VALUE}
    other = _option(w("form_other_device"), OTHER_DEVICE)
    if len(contracts) == 1 and len(devices) < _MOST_OPTIONS:
        menu["options"] = [*devices, other]
    else:
        menu["option_groups"] = [*_groups(contracts), {"label": plain("…", 75), "options": [other]}]
    if len(devices) == 1:
        menu["initial_option"] = devices[0]
    levels: Json = {
        "type": "radio_buttons",
        "action_id": VALUE,
        "options": [_level(w, priority) for priority in PRIORITY_CHOICES],
    }
    description: Json = {
        "type": "plain_text_input",
        "action_id": VALUE,
        "multiline": True,
        "max_length": DESCRIPTION_LIMIT,
    }
    if begun.strip():
        description["initial_value"] = clean(begun).strip()[:DESCRIPTION_LIMIT]
    return {
        "type": "modal",
        "callback_id": REPORT_MODAL,
        "title": plain(w("form_title"), 24),
        "submit": plain(w("form_submit"), 24),
        "close": plain(w("form_cancel"), 24),
        "private_metadata": place.to_metadata(),
        "blocks": [
            _input(DEVICE_BLOCK, w("form_device"), menu),
            _input(LEVEL_BLOCK, w("form_priority"), levels),
            {**_input(DESCRIPTION_BLOCK, w("form_description"), description), "hint": plain(w("form_hint"), 2000)},
        ],
    }


def _devices(contracts: Sequence[Contract]) -> Iterator[Json]:
    for contract in contracts:
        for device in contract.devices:
            yield _option(f"{device.model} · {device.serial}", device_value(contract.id, device.serial))


def _groups(contracts: Sequence[Contract]) -> list[Json]:
    """The devices by contract; one with more than a menu's part can hold takes several parts."""
    groups: list[Json] = []
    for contract in contracts:
        options = _devices([contract])
        while part := list(islice(options, _MOST_OPTIONS)):
            groups.append({"label": plain(contract.number, 75), "options": part})
    return groups[:_MOST_GROUPS]


def _level(w: Words, priority: Priority) -> Json:
    option = _option(w(f"form_choice_{priority}"), priority)
    return {**option, "description": plain(w(f"form_means_{priority}"), 75)}


def _button(action_id: str, said: str, value: Offered, *, style: str = "") -> Json:
    button: Json = {"type": "button", "action_id": action_id, "text": plain(said, 75), "value": value.to_value()}
    return {**button, "style": style} if style else button


def _input(block_id: str, label: str, element: Json) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(label, 2000), "element": element}


def _option(label: str, value: str) -> Json:
    return {"text": plain(label, 75), "value": str(value)}
