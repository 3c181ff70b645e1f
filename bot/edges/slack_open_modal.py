"""Makes the form that opens a ticket for a customer, begun with what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot.edges.slack_asked import Asked
from bot.edges.slack_escalation_payloads import people_in_message
from bot.edges.slack_ids import ModalPlace
from bot.edges.slack_names import Names
from bot.edges.slack_open_forms import open_form
from bot.edges.slack_text import Json
from bot.edges.slack_words_payloads import words_of
from bot.model import Priority
from bot.rules.heard import hear
from bot.rules.opening import serial_in
from bot.rules.wording import Words


async def opening_form(
    asked: Asked, place: ModalPlace, names: Names, hotline: str, reactions: Mapping[Priority, timedelta], words: Words
) -> Json:
    """The form, with the numbers that the typed words or the message say, and the message as the description."""
    begun = asked.words
    if asked.message is not None:
        known = await names.of(people_in_message(asked.message))
        begun = words_of(asked.message, known).text
        place = replace(place, source_ts=str(asked.message.get("ts") or "") or None)
    serial, stated = serial_in(begun) or "", hear(begun, ())[0].stated
    number = stated[0] if stated else begun if begun and not serial and asked.message is None else ""
    return open_form(serial, number, begun if asked.message is not None else "", hotline, reactions, words, place)
