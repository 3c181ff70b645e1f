"""What a Slack payload asks for: pure reading of payloads as they were recorded.

Payloads: https://docs.slack.dev/reference/interaction-payloads and https://docs.slack.dev/apis/events-api. Nothing in
them is trusted: what does not have the expected shape asks for nothing, with a reason.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.commands import (
    CloseTicket,
    ConfirmDate,
    DateKept,
    DecideQuotation,
    DecideSender,
    NothingToDo,
    OpenHome,
    SlackCommand,
    SlackPerson,
    TakeTicket,
)
from bot.edges import slack_acting_payloads as acting
from bot.edges import slack_channel_payloads as channels
from bot.edges import slack_entitlement_payloads as entitlements
from bot.edges import slack_escalation_payloads as escalations
from bot.edges import slack_home_payloads
from bot.edges import slack_replacement_payloads as replacements
from bot.edges import slack_ticket_payloads as tickets
from bot.edges import slack_words_payloads as words
from bot.edges.slack_channel_ids import OPEN_MODAL, REPORT_MODAL
from bot.edges.slack_fields import Unreadable, mapping, required
from bot.edges.slack_ids import (
    ACTIONS_BY_ID,
    OPENS_MODAL,
    ModalPlace,
    PressedTicket,
)
from bot.entitlement_commands import CancelDate
from bot.rules.ticket_states import Action
from bot.sendings import Seen

OWN_TEAM = "hezo360_own_team"
"""Added to a payload when it is recorded: our workspace's id, by which strangers are known (Slack Connect)."""

REAL_NAMES = "hezo360_real_names"
"""Added when it is recorded: Slack id -> real name, where known; a click only carries the handle."""

_MAX_ID = 2**63 - 1
MAX_SEEN = 100


def inbox_key(body: Mapping[str, object]) -> tuple[str, str]:
    """The kind of a payload and a key that the same payload has again when Slack sends it twice.

    Events have an event_id; a click has a trigger_id of its own. A modal is submitted once, whoever presses twice:
    its key is that of the view. What has none of these is known by its content.
    """
    kind = _kind(body)
    view, event_id, trigger_id = body.get("view"), body.get("event_id"), body.get("trigger_id")
    if kind == "view_submission" and isinstance(view, Mapping) and view.get("id"):
        own = f"{view.get('id')}:{view.get('hash')}"
    elif kind == "event_callback" and event_id:
        own = str(event_id)
    elif trigger_id:
        own = str(trigger_id)
    else:
        own = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()
    key = f"{kind}:{own}"
    if len(key) > 200 or not key.isascii() or not key.isprintable():
        key = f"{kind}:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return kind, key


def _kind(body: Mapping[str, object]) -> str:
    kind = body.get("type")
    if isinstance(kind, str) and re.fullmatch(r"[a-z_]{1,40}", kind):
        return kind
    return "slash_command" if isinstance(body.get("command"), str) else "unknown"


def to_command(body: Mapping[str, object], received_at: datetime | None = None) -> SlackCommand:
    """The command of a payload; `NothingToDo` with a reason for all that asks for nothing. Never raises.

    Args:
        received_at: When the payload was recorded: what people do counts from then, however late it is handled.
    """
    command = _to_command(body)
    if isinstance(command, NothingToDo):
        return command
    return replace(command, by=replace(command.by, at=received_at))


def _to_command(body: Mapping[str, object]) -> SlackCommand:
    try:
        match _kind(body):
            case "block_actions":
                return _click(body)
            case "view_submission":
                return _submission(body)
            case "slash_command":
                return escalations.typed_command(body, typist_of(body))
            case "event_callback" if _event_type(body) == "event app_home_opened":
                return _home_opened(body)
            case "event_callback" if _event_type(body) == "event message":
                return words.message_command(body, real_names(body), body.get(OWN_TEAM))
            case kind:
                return NothingToDo(f"{_event_type(body) or kind}: nothing to do")
    except ValueError as error:
        return NothingToDo(f"unreadable payload: {error}")


def _event_type(body: Mapping[str, object]) -> str | None:
    event = body.get("event")
    kind = event.get("type") if isinstance(event, Mapping) else None
    return f"event {kind[:60]}" if isinstance(kind, str) else None


def _home_opened(body: Mapping[str, object]) -> SlackCommand:
    """https://docs.slack.dev/reference/events/app_home_opened: also sent for the app's Messages tab."""
    event = mapping(body.get("event"), "event")
    if event.get("tab") != "home":
        return NothingToDo("another tab than Home was opened")
    user = required(event, "user")
    # The event's outer team is where it happened, the view's team (where there is one) that of the app.
    is_stranger = body.get("team_id") != (body.get(OWN_TEAM) or body.get("team_id"))
    return OpenHome(
        SlackPerson(user=user, name=user, is_stranger=is_stranger), slack_home_payloads.kept(event.get("view"))
    )


def _click(body: Mapping[str, object]) -> SlackCommand:
    actions = body.get("actions")
    first = mapping(actions[0] if isinstance(actions, list) and actions else None, "actions")
    action_id = required(first, "action_id")
    if slack_home_payloads.is_of_home(action_id):
        return OpenHome(person_of(body), slack_home_payloads.chosen(body, first))
    if channels.is_press(action_id):
        return channels.pressed_command(
            action_id, first.get("value"), replace(person_of(body), response_url=_url(body))
        )
    if words.is_press(action_id):
        return words.pressed_command(action_id, first.get("value"), replace(person_of(body), response_url=_url(body)))
    if replacements.is_press(action_id):
        return replacements.pressed_command(action_id, first.get("value"), person_of(body))
    if escalations.is_press(action_id):
        return escalations.pressed_command(body, action_id, first.get("value"), person_of(body))
    if entitlements.is_decision(action_id):
        return entitlements.decided_command(action_id, first.get("value"), person_of(body))
    action = ACTIONS_BY_ID.get(action_id)
    if action is None:
        return NothingToDo(f"an action that we do not know: {action_id[:80]}")
    if action_id in OPENS_MODAL:
        return NothingToDo(f"{action_id} only opens a modal")
    pressed = PressedTicket.from_value(first.get("value")) or PressedTicket(clicked_ticket(body))
    return _ticket_click(action, replace(person_of(body), saw=pressed.saw), pressed.ticket_id)


def _url(body: Mapping[str, object]) -> str | None:
    url = body.get("response_url")
    return url if isinstance(url, str) else None


def _ticket_click(action: Action, by: SlackPerson, ticket_id: int) -> SlackCommand:
    match action:
        case Action.TAKE | Action.TAKE_OVER:
            return TakeTicket(by, ticket_id, over=action is Action.TAKE_OVER)
        case Action.CLOSE:
            return CloseTicket(by, ticket_id)
        case Action.CONFIRM_DATE:
            return ConfirmDate(by, ticket_id)
        case Action.DATE_KEPT:
            return DateKept(by, ticket_id)
        case Action.CANCEL_DATE:
            return CancelDate(by, ticket_id)
        case Action.APPROVE | Action.REJECT:
            return DecideSender(by, ticket_id, approve=action is Action.APPROVE)
        case Action.JOIN | Action.SEPARATE:
            return DecideQuotation(by, ticket_id, join=action is Action.JOIN)
        case _:
            command = acting.press_command(action, by, ticket_id)
            if command is None:
                raise Unreadable(f"{action} is no click")
            return command


def _submission(body: Mapping[str, object]) -> SlackCommand:
    problems = submission_problems(body)
    if problems:
        return NothingToDo("refused in the modal: " + ", ".join(f"{at} {what}" for at, what in problems.items()))
    view = mapping(body.get("view"), "view")
    if view.get("callback_id") == REPORT_MODAL:
        return channels.submitted_report(view, person_of(body))
    place = modal_place(view)
    person = person_of(body)
    by = replace(
        person,
        channel=place.channel,
        thread_ts=place.thread_ts,
        name=place.real_name or person.name,
        response_url=place.response_url,
        saw=place.saw,
    )
    callback_id = view.get("callback_id")
    if callback_id == OPEN_MODAL:
        return channels.submitted_opening(body, view, place, by)
    if escalations.is_form(callback_id):
        return escalations.submitted_command(body, view, place, by, real_names(body))
    if entitlements.is_form(callback_id):
        return entitlements.submitted_command(view, place, by)
    if replacements.is_form(callback_id):
        return replacements.submitted_command(view, place, by)
    if acting.is_form(callback_id):
        return acting.submitted_command(view, place, by, real_names(body), body.get(escalations.FOUND_TICKET))
    return tickets.submitted_command(view, _ticket_id(place.ticket_id), place, by)


def submission_problems(
    body: Mapping[str, object],
    now: datetime | None = None,
    zone: ZoneInfo | None = None,
    staff: Collection[str] | None = None,
) -> dict[str, str]:
    """What is wrong with a submitted modal: block_id -> a sentence "modal_problem.*".

    Where it is not empty, the modal is answered with it and nothing is recorded. Never raises.

    Args:
        now: With `zone`: a date has to lie ahead. Without, only its form is looked at.
        staff: To whom something can be given; without, to anybody.
    """
    view = body.get("view")
    if body.get("type") != "view_submission" or not isinstance(view, Mapping):
        return {}
    callback_id = view.get("callback_id")
    if channels.is_form(callback_id):
        return channels.form_problems(view)
    if escalations.is_form(callback_id):
        return escalations.form_problems(view, now, staff)
    if entitlements.is_form(callback_id):
        return entitlements.form_problems(view, now, zone)
    if replacements.is_form(callback_id):
        return replacements.form_problems(view, now)
    if acting.is_form(callback_id):
        return acting.form_problems(view, now, staff)
    return tickets.form_problems(view, now, zone)


def person_of(body: Mapping[str, object]) -> SlackPerson:
    """Who clicked or submitted, and where.

    Raises:
        ValueError: the payload names nobody.
    """
    user = mapping(body.get("user"), "user")
    user_id = required(user, "id")
    name = real_names(body).get(user_id) or user.get("name") or user.get("username") or user_id
    channel, container = body.get("channel"), body.get("container")
    channel_id = channel.get("id") if isinstance(channel, Mapping) else None
    thread_ts = container.get("thread_ts") if isinstance(container, Mapping) else None
    view = body.get("view")
    if channel_id is None and isinstance(view, Mapping) and view.get("private_metadata"):
        with suppress(ValueError):  # a button of a modal of ours that was opened from a message
            place = modal_place(view)
            channel_id, thread_ts = place.channel, place.thread_ts
    message = body.get("message")
    if body.get("type") == "message_action" and isinstance(message, Mapping):
        thread_ts = message.get("thread_ts")
    if isinstance(container, Mapping) and thread_ts == container.get("message_ts"):
        thread_ts = None  # the head message: what it was clicked on stands in the channel
    return SlackPerson(
        user=user_id,
        name=str(name)[:200],
        channel=channel_id if isinstance(channel_id, str) else None,
        thread_ts=thread_ts if isinstance(thread_ts, str) else None,
        is_stranger=_is_stranger(body, user),
    )


def typist_of(body: Mapping[str, object]) -> SlackPerson:
    """Who typed a command, and where.

    Raises:
        ValueError: the payload names nobody.
    """
    user_id, channel, url = required(body, "user_id"), body.get("channel_id"), body.get("response_url")
    name = real_names(body).get(user_id) or str(body.get("user_name") or user_id)[:200]
    return SlackPerson(
        user=user_id,
        name=name,
        channel=channel if isinstance(channel, str) else None,
        is_stranger=body.get("team_id") != (body.get(OWN_TEAM) or body.get("team_id")),
        response_url=url if isinstance(url, str) else None,
    )


def real_names(body: Mapping[str, object]) -> dict[str, str]:
    """The real names that were found when the payload was recorded, by Slack id."""
    names = body.get(REAL_NAMES)
    return {str(user): str(name)[:200] for user, name in names.items()} if isinstance(names, Mapping) else {}


def _is_stranger(body: Mapping[str, object], user: Mapping[str, object]) -> bool:
    team = body.get("team")
    payload_team = team.get("id") if isinstance(team, Mapping) else None
    own = body.get(OWN_TEAM) or payload_team
    return (user.get("team_id") or payload_team) != own


def clicked_ticket(body: Mapping[str, object]) -> int:
    """The ticket whose button was pressed.

    Raises:
        ValueError: the button carries no ticket id.
    """
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    return _ticket_id(mapping(first, "actions").get("value"))


def modal_place(view: Mapping[str, object]) -> ModalPlace:
    """What a modal was opened for.

    Raises:
        ValueError: its private_metadata is not ours.
    """
    try:
        metadata = json.loads(required(view, "private_metadata"))
    except (ValueError, RecursionError) as error:
        raise Unreadable("private_metadata is no JSON") from error
    metadata = mapping(metadata, "private_metadata")
    texts = {key: value for key, value in metadata.items() if isinstance(value, str)}
    ticket_id, escalation_id, use_id = (metadata.get(key) for key in ("ticket_id", "escalation_id", "use_id"))
    other_id = metadata.get("other_id")
    return ModalPlace(
        None if ticket_id is None else _ticket_id(ticket_id),
        texts.get("channel"),
        texts.get("thread_ts"),
        texts.get("real_name"),
        None if escalation_id is None else _ticket_id(escalation_id),
        None if other_id is None else _ticket_id(other_id),
        texts.get("response_url"),
        texts.get("source_ts"),
        None if use_id is None else _ticket_id(use_id),
        _seen(metadata.get("seen")),
        _line(metadata.get("saw")),
    )


def _line(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_ID:
        raise Unreadable("no line of a journal")
    return value


def _seen(value: object) -> Seen | None:
    if value is None:
        return None
    seen = mapping(value, "seen")
    message, waiting = seen.get("message"), seen.get("waiting")
    if isinstance(message, bool) or not isinstance(message, int) or not isinstance(waiting, list):
        raise Unreadable("nothing seen")
    return Seen(message, tuple(_ticket_id(one) for one in waiting[:MAX_SEEN]))


def _ticket_id(value: object) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,19}", str(value)) or not 0 < int(str(value)) <= _MAX_ID:
        raise Unreadable("no ticket id")
    return int(str(value))
