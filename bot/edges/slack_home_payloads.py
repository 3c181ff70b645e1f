"""Reads what somebody chose in the App Home; the view itself carries what was chosen before. Nothing is trusted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from bot.edges.slack_ids import HOME_ALL, HOME_CUSTOMER, HOME_PAGE, HOME_PRIORITY, HOME_REFRESH, HOME_STATE
from bot.home import HomeFilter
from bot.model import Holder

_CHOICES = {HOME_PRIORITY: "priority", HOME_STATE: "state"}
_PAGE = re.compile(r"([a-z]{1,20}):([0-9]{1,4})")


def is_of_home(action_id: str) -> bool:
    """Whether a button or menu is one of the App Home."""
    return action_id in {HOME_REFRESH, HOME_PAGE, HOME_PRIORITY, HOME_STATE, HOME_CUSTOMER}


def chosen(body: Mapping[str, object], action: Mapping[str, object]) -> HomeFilter:
    """What is to be listed now. Never raises."""
    before = _before(body.get("view"))
    action_id = action.get("action_id")
    if action_id == HOME_PAGE:
        found = _PAGE.fullmatch(str(action.get("value")))
        if found is None or found[1] not in set(Holder):
            return before
        return before.turned(Holder(found[1]), int(found[2]))
    option = action.get("selected_option")
    value = option.get("value") if isinstance(option, Mapping) else None
    if not isinstance(value, str):
        return before
    if action_id == HOME_CUSTOMER:
        return replace(before, customer=_customer(option) if value != HOME_ALL else None, pages={})
    name = _CHOICES.get(str(action_id))
    if name is None:
        return before
    changed = before.to_json() | {"pages": {}, name: None if value == HOME_ALL else value}
    return HomeFilter.from_json(changed)


def kept(view: object) -> HomeFilter:
    """What a view that is opened again has filtered, from its first page on; its menus still show it. Never raises."""
    return replace(_before(view), pages={})


def _before(view: object) -> HomeFilter:
    metadata = view.get("private_metadata") if isinstance(view, Mapping) else None
    try:
        return HomeFilter.from_json(json.loads(metadata)) if isinstance(metadata, str) and metadata else HomeFilter()
    except ValueError:
        return HomeFilter()


def _customer(option: object) -> str | None:
    value = option.get("value") if isinstance(option, Mapping) else None
    return value if isinstance(value, str) else None
