"""Renders the posts of a ticket's thread, one function per `Note`, as (fallback text, blocks).

What `PostInThread.data` holds (JSON values; instants in ISO 8601 with offset):

| note                             | data                                                                  |
| -------------------------------- | --------------------------------------------------------------------- |
| CUSTOMER_WROTE                   | author, address, text, sent_at; subject?, number? (the ticket's),     |
|                                  | files? [{name, type, size, verdict (`AttachmentVerdict`), reason}],   |
|                                  | complete? (False: over the size limit), automatic? (bool),            |
|                                  | has_more? (True: not the whole mail is shown; then there is a button) |
| MAILED                           | kind (`MailKind`), text                                               |
| ENGINEER_REPLY                   | author (user id), text, to, status ("waiting", "sending", "sent",     |
|                                  | "failed", "undone", "deleted", "became_note", "no_files", "withheld");|
|                                  | at? (sent), until?, changed? (waiting), by? (undone), reason?, state?;|
|                                  | files? [str], sending? (`Sending.id`), from_thread? (bool)            |
| STATE_CHANGED                    | state; by? (user id), reason? (of "state_reason")                     |
| TAKEN                            | by; previous? (user ids)                                              |
| PRIORITY_SET                     | priority, by (user id, or the customer's address)                     |
| REMINDER, BREACH                 | kind (`ClockKind`), due_at; level (REMINDER); late? [[level, at]]:    |
|                                  | what could not be said in time                                        |
| BOUNCED                          | address, reason, failed (False: only delayed)                         |
| AUTOMATIC_MAIL                   | signs? (names of checks); address?, text? (what it said)              |
| SENDER_APPROVED, SENDER_REJECTED | by (user id), address                                                 |
| CUSTOMER_SILENT                  | count, of (the last reminder where they are equal)                    |
| MAIL_NOT_SENT                    | address, reason                                                       |
| MAIL_WITHHELD                    | reason ("automatic", "cap", "row", "no_address"), detail              |
| AGREED_DATE                      | event ("confirmed", "kept", "passed", "reminder", "customer_wrote"),  |
|                                  | at (the date); by (user id or address, or null)                       |
| NOTHING_NEW                      | problems (as in `Ticket.facts`)                                       |
| SERVICES_OPEN                    | kinds [`Entitlement`]: neither counted nor taken back                 |
| SIMILAR_TICKETS                  | numbers [str]                                                         |
| JOINED                           | by (user id), address, number (of the ticket it joined), of (its own) |
| SEPARATED                        | by (user id), number (of the ticket that it names)                    |
| FILES_NOT_SHOWN                  | names [str], reason, number (the ticket's)                            |
| OPENED                           | by (user id), how ("phone", "message", "form")                        |
| CUSTOMER_FILES                   | files (as above), number; missing [str] with a reason                 |
| ESCALATION                       | event ("raised", "acknowledged", "ended", "tied"), by (user id,       |
|                                  | address or "bot"); source, reason (raised); owner (acknowledged);     |
|                                  | outcome, because ("resolved", ...: ended); number (tied)              |
| THREAD_BEGUN_ANEW                | earlier (link to the thread of the head message that was deleted)     |
| INTERVIEW                        | see `bot.edges.slack_interview`                                       |
| REPLACEMENT                      | see `bot.edges.slack_replacement_panel`                               |
| ACTED                            | event, ... (`bot.edges.slack_thread_acts`)                            |
| ESCALATION_PROPOSED              | words (what the customer wrote), address, message (`Message.id`)      |

What went to a customer begins with ✉️ and the words "to the customer" in capitals, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.edges.slack_appointments import staff_picks
from bot.edges.slack_ids import ORIGINAL
from bot.edges.slack_interview import history as interview_history
from bot.edges.slack_replacement_panel import history as replacement_history
from bot.edges.slack_sending import undo_button
from bot.edges.slack_text import (
    Blocks,
    Json,
    block,
    cut,
    fallback,
    line,
    link,
    named,
    people,
    person,
    plain,
    problems_said,
    quote,
    rich,
    sentence,
    text,
)
from bot.edges.slack_thread_acts import acted
from bot.edges.slack_thread_files import customer_files, files_not_shown, files_of
from bot.edges.slack_thread_post import Post
from bot.edges.slack_thread_reply import engineer_reply
from bot.effects import MailKind, Note, PostInThread
from bot.escalations import EscalationSource
from bot.model import ClockKind
from bot.rules.sla import BREACH
from bot.rules.wording import Words

ROOM_FOR_OWN_MAILS = 1_500
"""JSON characters; the bot's own mails are shown in short: engineers know them."""


def thread_post(post: PostInThread, words: Words, zone: ZoneInfo) -> tuple[str, Blocks]:
    """Render a post; `post.mention` are mentioned in its last line.

    Raises:
        KeyError: the ticket's data names a sentence that does not exist.
    """
    tail = [line(*people(post.mention))] if post.mention else []
    buttons = _buttons(post, words, zone)
    lines = _RENDERERS[post.note](Post(post.data, words, zone, [*tail, *buttons]))
    blocks = [block([*lines, *tail]), *buttons]
    return fallback(blocks), blocks


def decided_dates(data: Mapping[str, object], words: Words, zone: ZoneInfo) -> tuple[str, Blocks]:
    """The times that were offered, when one is chosen or others are offered (`EditProposal.data`): without buttons."""
    blocks = [block(_offered("date_were_offered", Post(data, words, zone, [])))]
    return fallback(blocks), blocks


def _buttons(post: PostInThread, words: Words, zone: ZoneInfo) -> Blocks:
    """The whole mail, where the post leaves something of it out; undo, while a reply waits; dates to pick from."""
    if post.note is Note.AGREED_DATE:
        return staff_picks(post.ticket_id, post.data, words, zone)
    if post.note is Note.ENGINEER_REPLY and post.data.get("status") == "waiting":
        return [undo_button(post.ticket_id, post.data.get("sending"), words)]
    if post.message_id is None or not post.data.get("has_more"):
        return []
    name = plain(words("button.original"), 75)
    button: Json = {"type": "button", "action_id": ORIGINAL, "text": name, "value": str(post.message_id)}
    return [{"type": "actions", "elements": [button]}]


def _customer_wrote(post: Post) -> list[Json]:
    known = post.get("address") or post.get("author")  # a report opened for a channel has no address
    address = named(known or post.words("unknown"))
    has_name = post.get("author") not in {"", known} and isinstance(address, str)  # Slack shows a mention as the name
    who = "customer_wrote" if has_name else "customer_wrote_without_name"
    above = [post.say(who, "bold", author=post.get("author"), address=address, at=post.instant("sent_at"))]
    if post.data.get("automatic"):
        above.append(post.say("automatic", "italic"))
    if post.get("subject"):
        above.append(post.say("subject", subject=post.get("subject")))
    incomplete = post.data.get("complete") is False  # then nobody knows whether it has words
    below = files_of(post)
    quoted = post.quoted(*above, *below)
    if incomplete or not quoted["elements"]:
        quoted = post.say("not_complete", "bold") if incomplete else post.say("no_words", "italic")
    return [*above, quoted, *below]


def _opened(post: Post) -> list[Json]:
    return [post.say("opened", "bold", by=person(post.get("by")), how=post.named("opened_how", "how"))]


def _mailed(post: Post) -> list[Json]:
    head = post.say("mailed", "bold", what=post.named("mail_kind", "kind"))
    if post.get("kind") == MailKind.REMINDER:  # what it reminds of stands above; how often it came stands below
        return [head]
    said = post.get("text").strip()  # without its greeting, which Polish goes on from with a small letter
    shown = replace(post, data={**post.data, "text": sentence(said)})
    return [head, shown.quoted(most=ROOM_FOR_OWN_MAILS)]


def _state_changed(post: Post) -> list[Json]:
    state = post.named("state", "state")
    why = [part for part in (post.named("state_reason", "reason"),) if part]
    by = post.get("by")
    elements = (
        rich(post.words, "thread.state_changed_by", state=state, by=person(by))
        if by
        else rich(post.words, "thread.state_changed", state=state)
    )
    return [line(*elements, *(text(f"; {part}") for part in why))]


def _taken(post: Post) -> list[Json]:
    by, previous = person(post.get("by")), post.get("previous")
    return [post.say("taken_over", by=by, previous=person(previous)) if previous else post.say("taken", by=by)]


def _priority_set(post: Post) -> list[Json]:
    priority = text(post.named("priority", "priority"), "bold")
    return [post.say("priority_set", priority=priority, by=person(post.get("by")))]


def _reminder(post: Post) -> list[Json]:
    due = post.instant("due_at")
    if post.get("kind") == ClockKind.INTAKE:
        return [post.say("reminder_intake", "bold", due=due)]
    said = post.say("reminder", "bold", clock=post.named("clock", "kind"), due=due, level=post.get("level"))
    return [said, *_late(post)]


def _breach(post: Post) -> list[Json]:
    return [post.say("breach", "bold", clock=post.named("clock", "kind"), due=post.instant("due_at")), *_late(post)]


def _late(post: Post) -> list[Json]:
    """What could not be said when it was time: we were stopped, or the deadline was moved."""
    late = post.data.get("late")
    if not isinstance(late, list) or not late:
        return []
    levels = "; ".join(f"{level}% – {post.moment(str(at))}" for level, at in late if level != BREACH)
    return [post.say("late", levels=levels) if levels else post.say("late_breach")]


def _bounced(post: Post) -> list[Json]:
    sentence = "bounced" if post.data.get("failed") else "delayed"
    return [post.say(sentence, "bold", address=named(post.get("address")), reason=post.reason())]


def _automatic_mail(post: Post) -> list[Json]:
    head = post.say("automatic_mail")
    why = [post.say("automatic_mail_why", "italic", signs=post.signs("signs"))] if post.get("signs") else []
    return [head, post.quoted(head, *why, most=ROOM_FOR_OWN_MAILS), *why]


def _sender_approved(post: Post) -> list[Json]:
    return [post.say("sender_approved", by=person(post.get("by")), address=named(post.get("address")))]


def _sender_rejected(post: Post) -> list[Json]:
    return [post.say("sender_rejected", by=person(post.get("by")), address=named(post.get("address")))]


def _customer_silent(post: Post) -> list[Json]:
    count, of = post.data.get("count"), post.data.get("of")
    if count == of:
        return [post.say("customer_silent_last", "bold")]
    return [post.say("customer_silent", count=count, of=of)]


def _mail_not_sent(post: Post) -> list[Json]:
    return [post.say("mail_not_sent", "bold", address=named(post.get("address")), reason=post.reason())]


def _agreed_date(post: Post) -> list[Json]:
    sentence = f"date_{post.get('event')}"
    known = f"thread.{sentence}" in post.words
    if post.get("event") == "offered" and isinstance(post.data.get("options"), list):
        return _offered(sentence, post)
    return [post.say(sentence if known else "date_reminder", "bold", at=post.instant("at"), by=named(post.get("by")))]


def _offered(sentence: str, post: Post) -> list[Json]:
    listed = post.data.get("options")
    dates = [post.moment(str(at)) for at in listed] if isinstance(listed, list) else []
    if len(dates) == 1:
        return [post.say(f"{sentence}_one", "bold", at=dates[0])]
    return [post.say(sentence, "bold"), *(line(text(f"{place}. {at}")) for place, at in enumerate(dates, 1))]


def _mail_withheld(post: Post) -> list[Json]:
    sentence = f"withheld_{post.get('reason')}"
    known = f"thread.{sentence}" in post.words
    return [post.say(sentence if known else "withheld_automatic", "bold", detail=post.signs("detail"))]


def _nothing_new(post: Post) -> list[Json]:
    problems = post.data.get("problems")
    said = problems_said(problems if isinstance(problems, list) else [], post.words)
    return [post.say("nothing_new", "bold", problems=said)]


def _services_open(post: Post) -> list[Json]:
    kinds = post.data.get("kinds")
    sentences = [f"entitlement_kind.{kind}" for kind in kinds] if isinstance(kinds, list) else []
    services = ", ".join(post.words(sentence) for sentence in sentences if sentence in post.words)
    return [post.say("services_open", "bold", services=services)]


def _similar_tickets(post: Post) -> list[Json]:
    numbers = post.data.get("numbers")
    said = ", ".join(str(number) for number in numbers) if isinstance(numbers, list) else ""
    return [post.say("similar_tickets", "bold", numbers=said)]


def _joined(post: Post) -> list[Json]:
    data = {key: post.get(key) for key in ("address", "number", "of")}
    return [post.say("joined", by=person(post.get("by")), **data)]


def _separated(post: Post) -> list[Json]:
    return [post.say("separated", by=person(post.get("by")), number=post.get("number"))]


def _begun_anew(post: Post) -> list[Json]:
    return [post.say("begun_anew", earlier=link(post.get("earlier"), post.words("thread.earlier_thread")))]


def _escalation(post: Post) -> list[Json]:
    match post.get("event"):
        case "acknowledged":
            return [post.say("escalation_acknowledged", "bold", owner=person(post.get("owner")))]
        case "ended":
            known = f"escalation_over.{post.get('because')}" in post.words
            outcome = post.named("escalation_over", "because") if known else post.get("outcome")
            return [post.say("escalation_ended", "bold", by=post.by(), outcome=outcome)]
        case "tied":
            return [post.say("escalation_tied", by=person(post.get("by")), number=post.get("number"))]
        case _:
            source = post.named("escalation_source", "source")
            said = post.say("escalation_raised", "bold", source=source, by=post.by())
            # A mail that escalates stands above already.
            why = "" if post.get("source") == EscalationSource.MAIL else post.get("reason").strip()
            reason = cut(why, ROOM_FOR_OWN_MAILS, post.words("cut"))
            return [said, quote(reason)] if reason else [said]


def _escalation_proposed(post: Post) -> list[Json]:
    return [post.say("escalation_proposed", "bold", words=post.get("words"), address=named(post.get("address")))]


def _interview(post: Post) -> list[Json]:
    return interview_history(post.data, post.words)


def _replacement(post: Post) -> list[Json]:
    return replacement_history(post.data, post.words, post.zone)


_RENDERERS: dict[Note, Callable[[Post], list[Json]]] = {
    Note.CUSTOMER_WROTE: _customer_wrote,
    Note.MAILED: _mailed,
    Note.ENGINEER_REPLY: engineer_reply,
    Note.STATE_CHANGED: _state_changed,
    Note.TAKEN: _taken,
    Note.PRIORITY_SET: _priority_set,
    Note.REMINDER: _reminder,
    Note.BREACH: _breach,
    Note.BOUNCED: _bounced,
    Note.AUTOMATIC_MAIL: _automatic_mail,
    Note.SENDER_APPROVED: _sender_approved,
    Note.SENDER_REJECTED: _sender_rejected,
    Note.CUSTOMER_SILENT: _customer_silent,
    Note.MAIL_NOT_SENT: _mail_not_sent,
    Note.MAIL_WITHHELD: _mail_withheld,
    Note.AGREED_DATE: _agreed_date,
    Note.NOTHING_NEW: _nothing_new,
    Note.SERVICES_OPEN: _services_open,
    Note.SIMILAR_TICKETS: _similar_tickets,
    Note.JOINED: _joined,
    Note.SEPARATED: _separated,
    Note.FILES_NOT_SHOWN: files_not_shown,
    Note.OPENED: _opened,
    Note.CUSTOMER_FILES: customer_files,
    Note.ESCALATION: _escalation,
    Note.ESCALATION_PROPOSED: _escalation_proposed,
    Note.ACTED: acted,
    Note.THREAD_BEGUN_ANEW: _begun_anew,
    Note.REPLACEMENT: _replacement,
    Note.INTERVIEW: _interview,
}
