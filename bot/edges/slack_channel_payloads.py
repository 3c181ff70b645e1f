"""What Slack payloads about customers' shared channels ask for, and those that open tickets for customers.

As in `bot.edges.slack_payloads`, which asks here: nothing in them is trusted. Who is a customer and which channel is
whose, is found out by who handles the command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.commands import NothingToDo, SlackCommand
from bot.commands_channels import DecideOffer, OpenTicket, ReportProblem
from bot.edges.slack_channel_ids import (
    AT_BLOCK,
    BY_OTHER,
    BY_PHONE,
    CONTRACT_BLOCK,
    DESCRIPTION_BLOCK,
    DESCRIPTION_LIMIT,
    DEVICE_BLOCK,
    LEVEL_BLOCK,
    OPEN_MODAL,
    REPORT_ADD,
    REPORT_MODAL,
    REPORT_NONE,
    REPORT_OPEN,
    SERIAL_BLOCK,
    WAY_BLOCK,
    WHO_BLOCK,
    Offered,
    ReportPlace,
    chosen_device,
)
from bot.edges.slack_fields import choice, typed
from bot.edges.slack_ids import ModalPlace
from bot.model import Language, Priority
from bot.people import SlackPerson
from bot.rules.mail_writing import can_be_mailed
from bot.rules.opening import ADDRESS, CONTRACT, SERIAL, Opening
from bot.rules.wording import words

FOUND_CONTRACT = "hezo360_found_contract"
"""Added to a submission when it is recorded: {"contract": id, "serial": str, "channel": str or null}."""

FIELDS = {SERIAL: SERIAL_BLOCK, CONTRACT: CONTRACT_BLOCK, ADDRESS: AT_BLOCK}
"""The block of each field that `bot.rules.opening` may find wrong."""
_LINE = 200


def is_press(action_id: str) -> bool:
    """Whether a button is one of customers'."""
    return action_id in {REPORT_OPEN, REPORT_ADD, REPORT_NONE}


def pressed_command(action_id: str, value: object, by: SlackPerson) -> SlackCommand:
    """The command of such a button.

    Raises:
        ValueError: the button's value is none of ours, or the click has no channel.
    """
    if action_id == REPORT_OPEN:
        return NothingToDo(f"{action_id} only opens a modal")
    offered = Offered.from_value(value)
    if by.channel is None:
        raise ValueError("no channel")
    ticket_id = offered.ticket_id if action_id == REPORT_ADD else None
    if action_id == REPORT_ADD and ticket_id is None:
        raise ValueError("no ticket")
    return DecideOffer(by, by.channel, offered.ts, ticket_id, offered.language)


def is_form(callback_id: object) -> bool:
    """Whether a modal is the customers' or the one that opens a ticket for them."""
    return callback_id in (REPORT_MODAL, OPEN_MODAL)


def submitted_report(view: Mapping[str, object], by: SlackPerson) -> SlackCommand:
    """The command of the customers' form, in which `report_problems` found nothing.

    Raises:
        ValueError: it is none of ours.
    """
    place = ReportPlace.from_metadata(view.get("private_metadata"))
    device = chosen_device(choice(view, DEVICE_BLOCK))
    return ReportProblem(
        replace(
            by,
            channel=place.channel,
            thread_ts=None if place.response_url else place.thread_ts or place.ts,
            name=place.name or by.name,
            response_url=place.response_url,
        ),
        place.channel,
        place.ts,
        device[0] if device else None,
        device[1] if device else None,
        Priority(choice(view, LEVEL_BLOCK)),
        typed(view, DESCRIPTION_BLOCK).strip(),
        place.thread_ts,
    )


def form_problems(view: Mapping[str, object]) -> dict[str, str]:
    """What is wrong with either form: of the customers' a sentence "form_*" of theirs, else "modal_problem.*"."""
    return report_problems(view) if view.get("callback_id") == REPORT_MODAL else opening_problems(view)


def report_problems(view: Mapping[str, object]) -> dict[str, str]:
    """What is wrong with the customers' form: block_id -> a sentence "form_*" of theirs. Never raises."""
    problems = {}
    try:
        chosen_device(choice(view, DEVICE_BLOCK))
    except ValueError:
        problems[DEVICE_BLOCK] = "not_chosen"
    return problems | _alike(view, "empty")


def submitted_opening(
    body: Mapping[str, object], view: Mapping[str, object], place: ModalPlace, by: SlackPerson
) -> OpenTicket:
    """The command of the engineers' form, in which `opening_problems` and the registry found nothing.

    Raises:
        ValueError: the registry was not asked.
    """
    found = body.get(FOUND_CONTRACT)
    if not isinstance(found, Mapping) or not isinstance(found.get("contract"), int):
        raise ValueError("no contract")
    channel = found.get("channel")
    return OpenTicket(
        by,
        int(found["contract"]),
        str(found.get("serial") or ""),
        typed(view, AT_BLOCK).strip(),
        typed(view, WHO_BLOCK).strip(),
        channel if isinstance(channel, str) else None,
        Priority(choice(view, LEVEL_BLOCK)),
        typed(view, DESCRIPTION_BLOCK).strip(),
        by_phone=choice(view, WAY_BLOCK) == BY_PHONE,
        source=place.source_ts or "",
    )


def opening_problems(view: Mapping[str, object]) -> dict[str, str]:
    """What is wrong with the engineers' form without the registry: block_id -> "modal_problem.*". Never raises."""
    problems = _alike(view, "empty_description")
    who, address = typed(view, WHO_BLOCK).strip(), typed(view, AT_BLOCK).strip()
    if not who:
        problems[WHO_BLOCK] = "empty_who"
    elif len(who) > _LINE:
        problems[WHO_BLOCK] = "too_long"
    if address and not can_be_mailed(address):
        problems[AT_BLOCK] = "no_address"
    if choice(view, WAY_BLOCK) not in {BY_PHONE, BY_OTHER}:
        problems[WAY_BLOCK] = "not_chosen"
    if not typed(view, SERIAL_BLOCK).strip() and not typed(view, CONTRACT_BLOCK).strip():
        problems[SERIAL_BLOCK] = "open_nothing"
    return problems


def found_contract(opening: Opening) -> dict[str, object]:
    """What is recorded of the registry's answer (`FOUND_CONTRACT`)."""
    return {"contract": opening.contract.id, "serial": opening.serial, "channel": opening.channel}


def _alike(view: Mapping[str, object], empty: str) -> dict[str, str]:
    """What both forms ask for."""
    problems = {}
    if choice(view, LEVEL_BLOCK) not in set(Priority):
        problems[LEVEL_BLOCK] = "not_chosen"
    description = typed(view, DESCRIPTION_BLOCK)
    if not description.strip():
        problems[DESCRIPTION_BLOCK] = empty
    elif len(description) > DESCRIPTION_LIMIT:
        problems[DESCRIPTION_BLOCK] = "too_long"
    return problems


def said_to_customer(view: Mapping[str, object], problems: Mapping[str, str]) -> dict[str, str]:
    """What `report_problems` found, in the language in which the form was opened. Never raises."""
    try:
        language = ReportPlace.from_metadata(view.get("private_metadata")).language
    except ValueError:
        language = Language.PL
    w = words("customer", language)
    return {block_id: w(f"form_{problem}", limit=DESCRIPTION_LIMIT) for block_id, problem in problems.items()}
