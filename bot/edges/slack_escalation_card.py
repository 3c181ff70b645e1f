"""Renders an escalation's head message, and what a customer's words propose, as (fallback text, blocks). Pure.

Of `Ticket.facts` and `Escalation.facts` see `bot.edges.slack_blocks` and `handlers.escalations`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.edges.slack_deadline import deadline
from bot.edges.slack_escalation_ids import PRESS_IDS, PROPOSAL_NO, PROPOSAL_YES, Pressed
from bot.edges.slack_ids import ACTION_IDS
from bot.edges.slack_text import (
    Blocks,
    Json,
    block,
    cut,
    fallback,
    header,
    line,
    named,
    one_line,
    person,
    plain,
    quote,
    rich,
    text,
    topic,
)
from bot.edges.slack_thread import thread_post
from bot.effects import PostInThread
from bot.escalations import Escalation
from bot.model import Message, Ticket, TicketView
from bot.rules.escalation import Call, Called, CallKind, Chain
from bot.rules.escalation_presses import Press, presses_of
from bot.rules.ticket_states import Action, actions_of
from bot.rules.wording import Words, format_fixed, format_instant

ROOM_FOR_WORDS = 800
"""JSON characters of each quotation; the whole stands in the ticket's thread."""
MAX_JOINED = 2
"""What raised it once more; the latest, as the whole history is in the thread."""
MAX_DEVICES = 3


@dataclass(frozen=True, slots=True)
class EscalationShown:
    """What the head message shows.

    Attributes:
        next_call: None when nobody will be called any more.
        from_customer: The customer's last message.
        from_us: The last message that one of us wrote; the bot's own do not count.
        thread_url: Where the ticket's head message is; None while it is not posted.
    """

    escalation: Escalation
    view: TicketView
    next_call: Call | None = None
    from_customer: Message | None = None
    from_us: Message | None = None
    thread_url: str | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """How it is said; `who` shows a person. What stands for good says no "today"."""

    words: Words
    zone: ZoneInfo
    now: datetime
    who: Callable[[str], Json]
    for_good: bool

    def say(self, key: str, *styles: str, **params: object) -> Json:
        return line(*rich(self.words, f"escalation_card.{key}", *styles, **params))

    def at(self, instant: datetime) -> str:
        if self.for_good:
            return format_fixed(instant, self.words.language, self.zone)
        return format_instant(instant, self.words.language, self.zone, self.now)

    def source(self, value: object) -> str:
        key = f"escalation_source.{value}"
        return self.words(key) if key in self.words else one_line(str(value))


def head(
    shown: EscalationShown, now: datetime, words: Words, zone: ZoneInfo, *, is_first: bool = False
) -> tuple[str, Blocks]:
    """The head message: how late it is, what and who, who has it, why, how far it has come, and the last words.

    Args:
        is_first: It is posted, not edited. A post notifies whom it mentions, and the call that follows it does that:
            so nobody is mentioned yet; the first edit, which notifies nobody, brings the names.
    """
    escalation, ticket = shown.escalation, shown.view.ticket
    look = _Look(words, zone, now, _unnamed if is_first else person, for_good=not escalation.is_open)
    blocks = [
        header(deadline(shown.view, now, words, zone) if escalation.is_open else words("escalation_card.over_title")),
        block([*_what(shown.view, look), *_standing(shown, look)]),
        block([*_why(shown, look)]),
        block([*_last_words(shown, look), *_link(shown, look)]),
    ]
    buttons = _buttons(escalation, ticket, words)
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return fallback(blocks), blocks


def _unnamed(slack_id: str) -> Json:
    named = person(slack_id)
    return named if named["type"] == "text" else text("…")


def _what(view: TicketView, look: _Look) -> Iterator[Json]:
    ticket, words = view.ticket, look.words
    yield look.say(
        "title", "bold",
        number=ticket.number, priority=_priority(ticket, words), state=words(f"state.{ticket.state}"),
    )  # fmt: skip
    yield line(*rich(words, "card.subject", subject=topic(ticket.subject)))
    customer = text(one_line(view.contract.customer) if view.contract else words("unknown"), "bold")
    address = "" if ticket.customer_channel else ticket.requester
    requester = " ".join(part for part in (ticket.requester_name, address) if part)
    channel = named(ticket.customer_channel) if ticket.customer_channel else words("unknown")
    yield look.say("customer", customer=customer, requester=requester or channel)
    for device in ticket.devices[:MAX_DEVICES]:
        said = {"model": text(one_line(device.model), "bold"), "serial": text(one_line(device.serial), "code")}
        yield line(*rich(words, "card.device", **said))
    if len(ticket.devices) > MAX_DEVICES:
        yield line(*rich(words, "and_more", count=len(ticket.devices) - MAX_DEVICES))
    yield look.say("assignee", assignee=look.who(ticket.assignee) if ticket.assignee else text(words("nobody"), "bold"))


def _priority(ticket: Ticket, words: Words) -> str:
    said = words(f"priority.{ticket.priority}")
    return said if ticket.priority_confirmed else words("priority.unconfirmed", priority=said)


def _standing(shown: EscalationShown, look: _Look) -> Iterator[Json]:
    escalation, words = shown.escalation, look.words
    if escalation.ended_at is not None:
        yield _outcome(escalation, escalation.ended_at, look)
        return
    if escalation.acknowledged_at is None or escalation.owner is None:
        yield look.say("nobody_has", "bold")
    else:
        yield look.say("has", "bold", owner=look.who(escalation.owner), at=look.at(escalation.acknowledged_at))
        if escalation.snoozed_until is not None:
            yield look.say("snoozed", "bold", until=look.at(escalation.snoozed_until))
    if shown.next_call is None:
        return
    chain = Chain.from_json(escalation.chain)
    if escalation.step < 0:
        yield look.say("first_call", at=look.at(shown.next_call.at))
        return
    count = {"step": escalation.step + 1, "of": len(chain.steps), "calls": escalation.calls}
    yield line(*rich(words, "escalation_card.step", **count), text(" · "), *_next(shown.next_call, chain, look))


def _next(call: Call, chain: Chain, look: _Look) -> list[Json]:
    said: dict[str, object] = {"at": text(look.at(call.at), "bold")}
    if call.kind is CallKind.STEP:
        who = chain.steps[call.step].who
        named = [look.words(f"escalation_called.{one}") for one in who if one in set(Called)]
        said["who"] = ", ".join([*named, *(["…"] if len(named) < len(who) else [])])
    return rich(look.words, f"escalation_next.{call.kind}", **said)


def _outcome(escalation: Escalation, ended_at: datetime, look: _Look) -> Json:
    because, by = escalation.facts.get("because"), escalation.facts.get("ended_by")
    key = f"escalation_over.{because}"
    if key in look.words:
        return look.say("ended_by_itself", "bold", outcome=look.words(key), at=look.at(ended_at))
    outcome = text(one_line(escalation.outcome or "–", 500), "bold")
    return look.say("ended", "bold", outcome=outcome, by=look.who(str(by)), at=look.at(ended_at))


def _why(shown: EscalationShown, look: _Look) -> Iterator[Json]:
    escalation, theirs = shown.escalation, shown.from_customer
    at, source = look.at(escalation.began_at), look.source(escalation.source)
    if escalation.raised_by == "bot":
        yield look.say("raised", source=source, at=at)
    else:
        yield look.say("raised_by", source=source, by=look.who(escalation.raised_by), at=at)
    below = "" if theirs is None else theirs.text.strip()
    if escalation.reason.strip() != below:
        yield from _quoted(escalation.reason, look)
    joined = escalation.facts.get("joined")
    for one in joined[-MAX_JOINED:] if isinstance(joined, list) else ():
        source, reason, by, since, _clock_id = one
        at = look.at(datetime.fromisoformat(str(since)))
        sentence = "joined_by_itself" if by == "bot" else "joined"
        yield look.say(sentence, source=look.source(source), by=look.who(str(by)), at=at)
        if str(reason).strip() != below:
            yield from _quoted(str(reason), look)


def _quoted(foreign: str, look: _Look) -> Iterator[Json]:
    if foreign.strip():
        yield quote(cut(foreign.strip(), ROOM_FOR_WORDS, look.words("cut")))


def _last_words(shown: EscalationShown, look: _Look) -> Iterator[Json]:
    theirs, ours = shown.from_customer, shown.from_us
    if theirs is not None:
        yield look.say("customer_said", "bold", at=look.at(theirs.sent_at))
        yield from _said(theirs, look)
    if ours is None and shown.escalation.is_open:  # how it ended was mailed by itself
        yield look.say("we_said_nothing", "bold")
    elif ours is not None:
        yield look.say("we_said", "bold", author=one_line(ours.author_name) or "–", at=look.at(ours.sent_at))
        yield from _said(ours, look)


def _said(message: Message, look: _Look) -> Iterator[Json]:
    yield from _quoted(message.text.strip() or look.words("escalation_card.no_words"), look)


def _link(shown: EscalationShown, look: _Look) -> Iterator[Json]:
    if shown.thread_url is not None:
        said = look.words("escalation_card.thread", number=shown.view.ticket.number)
        yield line({"type": "link", "url": shown.thread_url, "text": said, "style": {"bold": True}})


def _buttons(escalation: Escalation, ticket: Ticket, words: Words) -> list[Json]:
    owner = escalation.owner if escalation.acknowledged_at is not None else None
    pressed = Pressed(ticket.id, escalation.id, owner).to_value()
    buttons = [_button(press, PRESS_IDS[press], pressed, words) for press in presses_of(escalation, ticket)]
    if buttons and Action.REPLY in actions_of(ticket):
        reply = _button("reply", ACTION_IDS[Action.REPLY], str(ticket.id), words)
        buttons.insert([button["action_id"] for button in buttons].index(PRESS_IDS[Press.RESOLVE]), reply)
    for button in buttons:
        if button["action_id"] == PRESS_IDS[Press.ACKNOWLEDGE]:
            button["style"] = "primary"
    return buttons


def _button(name: str, action_id: str, value: str, words: Words) -> Json:
    label = plain(words(f"escalation_button.{name}"), 75)
    return {"type": "button", "action_id": action_id, "text": label, "value": value}


def proposal(post: PostInThread, words: Words, zone: ZoneInfo) -> tuple[str, Blocks]:
    """A customer's words that seem to ask for an escalation, with the choice (`Note.ESCALATION_PROPOSED`)."""
    _, blocks = thread_post(post, words, zone)
    message_id = post.data.get("message")
    if isinstance(message_id, int):
        value = Pressed(post.ticket_id, message_id).to_value()
        buttons = [
            {**_button("propose_yes", PROPOSAL_YES, value, words), "style": "primary"},
            _button("propose_no", PROPOSAL_NO, value, words),
        ]
        blocks = [*blocks, {"type": "actions", "elements": buttons}]
    return fallback(blocks), blocks


def decided_proposal(data: Mapping[str, object], words: Words, _: ZoneInfo) -> tuple[str, Blocks]:
    """What replaces it when somebody has decided (`EditProposal.data`)."""
    decision = "accepted" if data.get("accepted") else "declined"
    said = {"by": person(str(data.get("by"))), "address": str(data.get("address")), "words": str(data.get("words"))}
    blocks = [block([line(*rich(words, f"escalation_proposal.{decision}", **said))])]
    return fallback(blocks), blocks
