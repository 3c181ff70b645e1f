"""Technical interviews: begun, asked by mail, answered in a form or by mail, exported; corrections stay in the journal.

| journal             | data                                                                          |
| ------------------- | ----------------------------------------------------------------------------- |
| interview_begin     | interview, serial                                                             |
| interview_asked     | interview, questions (ids)                                                    |
| interview_answered  | interview, source, answers {id: answer}, before {id: the one that it replaced} |
| interview_exported  | interview                                                                     |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.commands import NextTurn, SlackPerson
from bot.effects import Note, PostCard, PostInterviewPanel, PostInThread
from bot.interview_commands import AnswerInterview, AskInterview, BeginInterview, ExportInterview, InterviewPress
from bot.interviews import Answer, AnswerSource, Interview
from bot.model import Language, Message, Ticket
from bot.ports import UnitOfWork
from bot.rules.interview_answers import read_answers, template
from bot.rules.interview_export import as_json
from bot.rules.interview_questions import LONGEST_ANSWER, Question, questions
from bot.rules.ticket_states import Action
from handlers import customer_mails, customer_words
from handlers.context import Context, journal, said_at, tell
from handlers.replacement_presses import write
from handlers.ticket_actions import allowed

ASKED = "interview_asked"
"""The key of the ticket's facts that says that the customer was sent the questions."""


async def begin(command: BeginInterview, uow: UnitOfWork, ctx: Context) -> None:
    """Hold the device's interview in this ticket; the answers of before are there."""
    ticket, by = await uow.tickets.get(command.ticket_id), command.by
    if not await allowed(uow, ctx, by, ticket, Action.INTERVIEW):
        return
    device = next((each for each in ticket.devices if each.serial == command.serial), None)
    if device is None:
        await tell(uow, by, "not_in_this_state", number=ticket.number, state=ticket.state)
        return
    found = await uow.interviews.of_device(device.serial)
    if found is None:
        at = by.at or ctx.now
        found = await uow.interviews.add(Interview(0, ticket.id, device, at, by.user, contract_id=ticket.contract_id))
    elif found.ticket_id != ticket.id:
        found = await uow.interviews.update(
            replace(found, ticket_id=ticket.id, contract_id=ticket.contract_id, slack_ts=None, asked_at=None)
        )
    await journal(uow, ctx, ticket, by.user, "interview_begin", interview=found.id, serial=device.serial)
    await _say(uow, ticket, found, "begin", {"by": by.user})
    await _show(uow, ticket, found)


async def answer(command: AnswerInterview, uow: UnitOfWork, ctx: Context) -> None:
    """An engineer writes down what the customer says on the phone, or corrects it."""
    found = await _pressed(command, uow, ctx)
    if found is None:
        return
    ticket, interview = found
    known = {question.id for question in questions()}
    given = {its_id: text.strip()[:LONGEST_ANSWER] for its_id, text in command.answers if its_id in known}
    await _take(uow, ctx, ticket, interview, given, command.by.user, AnswerSource.FORM)


async def ask(command: AskInterview, uow: UnitOfWork, ctx: Context) -> None:
    """Mail the questions that have no answer, in the engineer's name: the customer's clock runs."""
    found = await _pressed(command, uow, ctx)
    if found is None:
        return
    ticket, interview = found
    by = command.by
    missing = missing_of(interview)
    if not missing:
        await tell(uow, by, "interview_complete", number=ticket.number)
        return
    if not customer_words.can_be_reached(ticket):
        await tell(uow, by, "no_address", number=ticket.number, address=ticket.requester)
        return
    stored = await uow.interviews.update(replace(interview, asked_at=by.at or ctx.now))
    ticket.facts[ASKED] = True
    await journal(uow, ctx, ticket, by.user, "interview_asked", interview=stored.id, questions=[q.id for q in missing])
    await _say(uow, ticket, stored, "asked", {"by": by.user})
    await write(uow, ctx, ticket, by, letter(ctx, ticket, interview, command.words), NextTurn.CUSTOMER)
    await uow.tickets.update(ticket)
    await _show(uow, ticket, stored)


def letter(ctx: Context, ticket: Ticket, interview: Interview, own_words: str) -> str:
    """The mail with the questions that have no answer yet."""
    w, device = ctx.customer_words(ticket.language), interview.device
    parts = (
        w("greeting"),
        w("interview_intro", model=device.model, serial=device.serial, number=ticket.number),
        own_words.strip(),
        w("interview_how"),
        template(missing_of(interview), ticket.language),
    )
    return "\n\n".join(part.strip() for part in parts if part.strip())


async def export(command: ExportInterview, uow: UnitOfWork, ctx: Context) -> None:
    """Post the answers as the template's input."""
    found = await _pressed(command, uow, ctx)
    if found is None:
        return
    ticket, interview = found
    await journal(uow, ctx, ticket, command.by.user, "interview_exported", interview=interview.id)
    data: dict[str, object] = {"json": as_json(interview)}
    await _say(uow, ticket, interview, "export", data)


async def heed(uow: UnitOfWork, ctx: Context, ticket: Ticket, message: Message, whole_text: str) -> None:
    """Take the answers out of a customer's mail, wherever in it they stand. The caller stores the ticket."""
    if not ticket.facts.get(ASKED):
        return
    for interview in await uow.interviews.of_ticket(ticket.id):
        if interview.asked_at is None or message.sent_at < interview.asked_at.replace(microsecond=0):
            continue
        given = read_answers(whole_text, message.text, questions())
        changed = await _take(uow, ctx, ticket, interview, given, message.author, AnswerSource.MAIL)
        if changed is not None:
            await _thank(uow, ctx, ticket, changed)


async def _thank(uow: UnitOfWork, ctx: Context, ticket: Ticket, interview: Interview) -> None:
    w = ctx.customer_words(ticket.language)
    missing = labels(missing_of(interview), ticket.language)
    parts = [
        w("interview_thanks", serial=interview.device.serial, number=ticket.number),
        w("interview_missing", labels=missing) if missing else "",
    ]
    await customer_mails.notice(uow, ctx, ticket, parts)


async def _take(
    uow: UnitOfWork,
    ctx: Context,
    ticket: Ticket,
    interview: Interview,
    given: Mapping[str, str],
    by: str,
    source: AnswerSource,
) -> Interview | None:
    """Keep what differs from what is known; None where nothing does."""
    known = dict(interview.answers)
    before: dict[str, object] = {}
    new: dict[str, object] = {}
    for its_id, text in given.items():
        old = known.get(its_id)
        if text == (old.text if old else ""):
            continue
        new[its_id] = text
        if old is not None:
            before[its_id] = old.text
        if text:
            known[its_id] = Answer(text, by, ctx.now, source)
        else:
            known.pop(its_id, None)
    if not new:
        return None
    ordered = tuple((question.id, known[question.id]) for question in questions() if question.id in known)
    stored = await uow.interviews.update(replace(interview, answers=ordered))
    await journal(
        uow, ctx, ticket, by, "interview_answered",
        interview=stored.id, source=source, answers=new, before=before,
    )  # fmt: skip
    event = "answered_by_mail" if source is AnswerSource.MAIL else "answered"
    await _say(uow, ticket, stored, event, {"by": by, "questions": list(new), "corrected": list(before)})
    await _show(uow, ticket, stored)
    return stored


def missing_of(interview: Interview) -> tuple[Question, ...]:
    """The questions that have no answer."""
    return tuple(question for question in questions() if interview.answer(question.id) is None)


def labels(asked: tuple[Question, ...], language: Language) -> str:
    """The questions' short names in a row."""
    return ", ".join(question.labels[language] for question in asked)


async def _pressed(command: InterviewPress, uow: UnitOfWork, ctx: Context) -> tuple[Ticket, Interview] | None:
    by: SlackPerson = command.by
    ticket = await uow.tickets.get(command.ticket_id)
    if not ctx.may_act(by):
        await tell(uow, by, "not_allowed")
        return None
    interview = await uow.interviews.get(command.interview_id)
    if interview.ticket_id != ticket.id:  # it is held in another ticket by now
        await tell(uow, by, "interview_gone", **await _who_moved_it(interview, uow, ctx, by))
        return None
    return ticket, interview


async def _who_moved_it(interview: Interview, uow: UnitOfWork, ctx: Context, by: SlackPerson) -> dict[str, object]:
    """Who holds it in its present ticket, which is not locked for that; nothing where it was they themselves."""
    begun = [
        line
        for line in await uow.journal_of(interview.ticket_id)
        if line.kind == "interview_begin" and line.data.get("interview") == interview.id
    ]
    if not begun or begun[-1].actor == by.user:
        return {}
    return {"who": begun[-1].actor, "at": said_at(ctx, begun[-1].at)}


async def _show(uow: UnitOfWork, ticket: Ticket, interview: Interview) -> None:
    await uow.outbox.add(PostCard(ticket.id))
    await uow.outbox.add(PostInterviewPanel(ticket.id, interview.id))


async def _say(uow: UnitOfWork, ticket: Ticket, interview: Interview, event: str, data: Mapping[str, object]) -> None:
    said: dict[str, object] = {"event": event, "serial": interview.device.serial, **data}
    await uow.outbox.add(PostInThread(ticket.id, Note.INTERVIEW, said))
