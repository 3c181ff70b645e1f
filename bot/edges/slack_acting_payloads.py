"""What the forms and buttons by which engineers act on a ticket ask for: pure reading, nothing in it is trusted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from bot.commands import NextTurn, SlackCommand, SlackPerson
from bot.commands_acting import (
    AskForData,
    AssignTicket,
    CallDirection,
    HoldTicket,
    LinkTickets,
    LogCall,
    MarkSpam,
    MergeTicket,
    ReopenTicket,
    ResolveTicket,
    SnoozeTicket,
    SplitTicket,
    WakeTicket,
)
from bot.edges.slack_acting_ids import (
    CALLED_BLOCK,
    CANDIDATE_BLOCK,
    DIRECTION_BLOCK,
    INTERNAL_BLOCK,
    ITEMS_BLOCK,
    MESSAGE_BLOCK,
    SPAN_BLOCK,
    STRANGERS_BLOCK,
    STRANGERS_TOO,
    SUBJECT_BLOCK,
    SUMMARY_BLOCK,
    UNTIL_BLOCK,
    WHY_BLOCK,
    WITH_BLOCK,
)
from bot.edges.slack_escalation_ids import LINE_LIMIT, NUMBER_BLOCK, PERSON_BLOCK
from bot.edges.slack_fields import Unreadable, choice, chosen_instant, chosen_user, state, typed
from bot.edges.slack_ids import ACTING_FORMS, ACTION_IDS, ACTIONS_BY_ID, REPLY_LIMIT, TEXT_BLOCK, TURN_BLOCK, ModalPlace
from bot.rules.data_requests import read_items
from bot.rules.notes import is_note
from bot.rules.ticket_reference import Reference, read_reference
from bot.rules.ticket_states import Action

LONGEST_SNOOZE = timedelta(days=31)
CALLS_LOGGED_WITHIN = timedelta(days=7)
FORMS = {ACTION_IDS[action]: action for action in ACTING_FORMS}


def press_command(action: Action, by: SlackPerson, ticket_id: int) -> SlackCommand | None:
    """The command of a button that needs no form; None for all others."""
    match action:
        case Action.REOPEN:
            return ReopenTicket(by, ticket_id)
        case Action.HOLD:
            return HoldTicket(by, ticket_id)
        case Action.WAKE:
            return WakeTicket(by, ticket_id)
        case Action.SPAM:
            return MarkSpam(by, ticket_id)
        case _:
            return None


def is_form(callback_id: object) -> bool:
    """Whether a modal is one of `bot.edges.slack_acting_views`."""
    return isinstance(callback_id, str) and callback_id in FORMS


def names_a_ticket(callback_id: object) -> bool:
    """Whether another ticket is named in it, which has to be looked up."""
    return str(callback_id) in {ACTION_IDS[Action.MERGE], ACTION_IDS[Action.LINK]}


def reference_in(view: Mapping[str, object]) -> Reference | None:
    """The ticket that is named, by its number or a device; None where neither is."""
    return read_reference(typed(view, NUMBER_BLOCK))


def chosen_ticket(view: Mapping[str, object]) -> int | None:
    """The other ticket, where it was chosen in the menu."""
    value = choice(view, CANDIDATE_BLOCK).partition(":")[0]
    return int(value) if value.isdecimal() and len(value) < 19 else None


def chosen_state(view: Mapping[str, object]) -> str | None:
    """The state in which the menu showed it."""
    return choice(view, CANDIDATE_BLOCK).partition(":")[2] or None


def keeps_strangers_out(view: Mapping[str, object]) -> bool:
    """Whether tickets are to be merged, and nobody may enter the conversation of the other one by that."""
    is_merging = view.get("callback_id") == ACTION_IDS[Action.MERGE]
    return is_merging and STRANGERS_TOO not in _checked(view, STRANGERS_BLOCK)


def submitted_command(
    view: Mapping[str, object], place: ModalPlace, by: SlackPerson, names: Mapping[str, str], found: object
) -> SlackCommand:
    """The command of a submitted form, in which `form_problems` found none.

    Args:
        names: The real names that are known of the people in it, by Slack id.
        found: The id of the ticket that was named in it and looked up.

    Raises:
        ValueError: it lacks what every one of these forms carries.
    """
    ticket_id = place.ticket_id
    if ticket_id is None:
        raise Unreadable("no ticket")
    match ACTIONS_BY_ID.get(str(view.get("callback_id"))):
        case Action.ASSIGN:
            to = chosen_user(view, PERSON_BLOCK)
            return AssignTicket(by, ticket_id, to, names.get(to, ""))
        case Action.ASK:
            return AskForData(by, ticket_id, chosen_items(view), typed(view, TEXT_BLOCK).strip(), place.seen)
        case Action.RESOLVE:
            internal = typed(view, INTERNAL_BLOCK).strip()
            return ResolveTicket(by, ticket_id, typed(view, TEXT_BLOCK).strip(), internal, place.seen)
        case Action.SNOOZE:
            return SnoozeTicket(by, ticket_id, _until(view), typed(view, WHY_BLOCK).strip())
        case Action.CALL:
            return LogCall(
                by, ticket_id, CallDirection(choice(view, DIRECTION_BLOCK)), typed(view, WITH_BLOCK).strip(),
                typed(view, SUMMARY_BLOCK).strip(), NextTurn(choice(view, TURN_BLOCK)),
                chosen_instant(view, CALLED_BLOCK),
            )  # fmt: skip
        case Action.SPLIT:
            return SplitTicket(by, ticket_id, int(choice(view, MESSAGE_BLOCK)), typed(view, SUBJECT_BLOCK).strip())
        case Action.MERGE:
            return MergeTicket(
                by, ticket_id, _ticket(chosen_ticket(view) or found), STRANGERS_TOO in _checked(view, STRANGERS_BLOCK)
            )
        case _:
            return LinkTickets(by, ticket_id, _ticket(chosen_ticket(view) or found))


def _ticket(found: object) -> int:
    if isinstance(found, bool) or not isinstance(found, int):
        raise Unreadable("no other ticket")
    return found


def chosen_items(view: Mapping[str, object]) -> tuple[str, ...]:
    """What is asked for, in its order."""
    return tuple(read_items(_checked(view, ITEMS_BLOCK)))


def _checked(view: Mapping[str, object], block_id: str) -> list[str]:
    """The values of the checked boxes."""
    options = state(view, block_id).get("selected_options")
    listed = options if isinstance(options, list) else []
    return [str(option.get("value")) for option in listed if isinstance(option, Mapping)]


def _until(view: Mapping[str, object]) -> datetime:
    """The instant of its own, or that of the chosen span."""
    if state(view, UNTIL_BLOCK).get("selected_date_time") is not None:
        return chosen_instant(view, UNTIL_BLOCK)
    value = choice(view, SPAN_BLOCK)
    if not value.isdecimal() or len(value) > 10:
        raise Unreadable("no span")
    return datetime.fromtimestamp(int(value), tz=UTC)


def form_problems(view: Mapping[str, object], now: datetime | None, staff: Collection[str] | None) -> dict[str, str]:
    """What is wrong with a submitted form: block_id -> a sentence "modal_problem.*". Never raises.

    Args:
        now: An instant has to lie before or behind it; without it, only the form is looked at.
        staff: To whom a ticket can be given; without it, to anybody.
    """
    match ACTIONS_BY_ID.get(str(view.get("callback_id"))):
        case Action.ASSIGN:
            user = chosen_user(view, PERSON_BLOCK)
            if not user:
                return {PERSON_BLOCK: "nobody_chosen"}
            return {} if staff is None or user in staff else {PERSON_BLOCK: "not_staff"}
        case Action.ASK:
            nothing = {} if chosen_items(view) else {ITEMS_BLOCK: "nothing_asked"}
            return nothing | wrong_words(view, TEXT_BLOCK)
        case Action.RESOLVE:
            empty = {} if typed(view, TEXT_BLOCK).strip() else {TEXT_BLOCK: "empty_summary"}
            return wrong_words(view, TEXT_BLOCK) | empty | _too_long(view, INTERNAL_BLOCK, REPLY_LIMIT)
        case Action.SNOOZE:
            return _wrong_snooze(view, now) | _too_long(view, WHY_BLOCK, LINE_LIMIT)
        case Action.CALL:
            return _wrong_call(view, now)
        case Action.SPLIT:
            chosen = choice(view, MESSAGE_BLOCK)
            not_chosen = {} if chosen.isdecimal() and len(chosen) < 19 else {MESSAGE_BLOCK: "not_chosen"}
            return not_chosen | wrong_words(view, SUBJECT_BLOCK)  # the subject of the mails that follow
        case _:
            if chosen_ticket(view) is not None or reference_in(view):
                return {}
            return {NUMBER_BLOCK: "no_reference" if typed(view, NUMBER_BLOCK).strip() else "no_ticket_chosen"}


def wrong_words(view: Mapping[str, object], block_id: str) -> dict[str, str]:
    """What is wrong with words that a customer would read."""
    if is_note(typed(view, block_id)):
        return {block_id: "looks_like_note"}
    return _too_long(view, block_id, REPLY_LIMIT)


def _too_long(view: Mapping[str, object], block_id: str, limit: int) -> dict[str, str]:
    return {block_id: "too_long"} if len(typed(view, block_id)) > limit else {}


def _wrong_snooze(view: Mapping[str, object], now: datetime | None) -> dict[str, str]:
    try:
        until = _until(view)
    except ValueError:
        return {SPAN_BLOCK: "not_chosen"}
    if now is None or now < until <= now + LONGEST_SNOOZE:
        return {}
    is_own = state(view, UNTIL_BLOCK).get("selected_date_time") is not None
    return {UNTIL_BLOCK if is_own else SPAN_BLOCK: "snooze_out_of_range"}


def _wrong_call(view: Mapping[str, object], now: datetime | None) -> dict[str, str]:
    problems = {} if typed(view, SUMMARY_BLOCK).strip() else {SUMMARY_BLOCK: "empty_call"}
    problems |= _too_long(view, SUMMARY_BLOCK, REPLY_LIMIT) | _too_long(view, WITH_BLOCK, LINE_LIMIT)
    if choice(view, DIRECTION_BLOCK) not in set(CallDirection):
        problems[DIRECTION_BLOCK] = "not_chosen"
    if choice(view, TURN_BLOCK) not in set(NextTurn):
        problems[TURN_BLOCK] = "not_chosen"
    try:
        at = chosen_instant(view, CALLED_BLOCK)
    except ValueError:
        return problems | {CALLED_BLOCK: "not_chosen"}
    if now is not None and not now - CALLS_LOGGED_WITHIN <= at <= now + timedelta(minutes=1):
        problems[CALLED_BLOCK] = "call_out_of_range"
    return problems
