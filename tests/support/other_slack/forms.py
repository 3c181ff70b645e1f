"""Fills in any form at random, as its fields permit."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.other_slack.server import OtherSlack
from tests.support.other_slack.workspace import Body, User

TEXTS = (
    "Proszę o logi.", "Note: tylko dla nas", "x", "Zażółć & <b> `kod`", "HEZO-2026-000001", "FG121GTK25004672", "2"
)  # fmt: skip


async def fill(slack: OtherSlack, user: User, view: Body, rng: random.Random) -> None:
    """Enter something into most fields of a window."""
    for block in view["blocks"]:
        if block["type"] == "input" and (not block.get("optional") or rng.random() < 0.7):
            if block["element"]["type"] == "external_select":
                offered = await slack.people.suggestions(user, view, block, rng.choice(("", "HEZO")))
                value = rng.choice(offered) if offered else None
            else:
                value = _value(slack, block["element"], rng)
            if value is not None:
                slack.people.enter(view, block, value)


def _value(slack: OtherSlack, element: Body, rng: random.Random) -> Any:
    kind, day = element["type"], datetime.now(UTC) + timedelta(days=rng.randint(-1, 5))
    if kind in {"static_select", "radio_buttons"}:
        return rng.choice(element["options"])
    if kind == "checkboxes":
        return [option for option in element["options"] if rng.random() < 0.5]
    known = {
        "plain_text_input": rng.choice(TEXTS)[: element.get("max_length", 3000)],
        "email_text_input": "anna@klient.test",
        "number_input": str(rng.randint(0, 5)),
        "users_select": rng.choice(list(slack.workspace.users)),
        "datepicker": f"{day:%Y-%m-%d}",
        "timepicker": f"{rng.randint(0, 23):02d}:00",
        "datetimepicker": int(day.timestamp()),
    }
    return known.get(kind)
