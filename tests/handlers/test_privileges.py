"""Somebody who is no engineer and no manager presses every button there is: nothing changes.

Slack shows buttons to whoever is in a channel, and a payload may name any ticket; only the handler decides.
"""

from __future__ import annotations

import copy
import dataclasses
import enum
import types
import typing
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import pytest

import bot.model
import bot.people
import bot.sendings
from bot.commands import Command, OpenHome
from bot.commands_channels import ChannelMessage, ChannelMessageDeleted, DecideOffer, ReportProblem
from bot.commands_sending import ThreadMessage, ThreadMessageDeleted, ThreadMessageEdited
from bot.people import SlackPerson
from handlers.registry import HANDLERS
from tests.handlers.desk import ANNA, MONDAY, Desk

OUTSIDER = SlackPerson("U0NOBODY", "Ktoś Obcy", "C0SUPPORT")
FOR_ANYBODY: frozenset[type] = frozenset({
    OpenHome,  # the App Home tells outsiders that there is nothing for them
    ChannelMessage, ChannelMessageDeleted, DecideOffer, ReportProblem,  # customers' own, in their shared channels
    ThreadMessage, ThreadMessageEdited, ThreadMessageDeleted,  # words, no commands: never sent without a press of staff
})  # fmt: skip
STATE = (
    "tickets", "messages", "participants", "contracts", "contract_channels", "clocks", "timers", "escalations",
    "entitlement_uses", "attachments",
)  # fmt: skip


SIMPLE = {bool: True, int: 1, str: "U0NOBODY", bytes: b"", datetime: MONDAY, date: MONDAY.date(), dict: {}}


def _some(kind: Any) -> Any:
    """A value of a field's type."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {types.UnionType, typing.Union}:
        return _some(next(argument for argument in arguments if argument is not type(None)))
    if origin in {typing.Annotated, typing.Literal}:
        return _some(arguments[0]) if origin is typing.Annotated else arguments[0]
    if origin in {tuple, frozenset, list}:
        return origin([_some(arguments[0])]) if arguments else origin()
    return _plain(origin or kind)


def _plain(kind: type) -> Any:
    if kind is SlackPerson:
        return OUTSIDER
    if kind in SIMPLE:
        return SIMPLE[kind]
    if issubclass(kind, enum.Enum):
        return next(iter(kind))
    if dataclasses.is_dataclass(kind):
        return _made(kind)
    return {} if issubclass(kind, Mapping) else kind()


def _made(kind: Any) -> Any:
    return kind(**{field.name: _some(_hints(kind)[field.name]) for field in dataclasses.fields(kind) if field.init})


def _hints(kind: type) -> dict[str, Any]:
    # Some modules import these for type checkers only.
    return typing.get_type_hints(kind, localns={**vars(bot.model), **vars(bot.people), **vars(bot.sendings)})


def of_people() -> list[type[Command]]:
    return [kind for kind in HANDLERS if SlackPerson in _hints(kind).values()]


def test_nearly_every_command_of_people_is_for_staff() -> None:
    assert len([kind for kind in of_people() if kind not in FOR_ANYBODY]) >= 40


@pytest.mark.parametrize("kind", [kind for kind in of_people() if kind not in FOR_ANYBODY], ids=lambda k: k.__name__)
def test_an_outsider_changes_nothing(kind: type[Command]) -> None:
    desk = Desk()
    desk.write(ANNA, "Firewall nie działa. Numer seryjny FG121GTK25004672, umowa HZ360-2026-000101.")
    before = {name: copy.deepcopy(getattr(desk.database.tables, name)) for name in STATE}
    mails = len(desk.mails)
    with suppress(LookupError):  # it names a sending that is not there: nothing is done either
        desk.do(_made(kind))
    assert {name: getattr(desk.database.tables, name) for name in STATE} == before
    assert len(desk.mails) == mails
