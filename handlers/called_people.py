"""Whom a call of an escalation mentions, and by which step: where one finds nobody, the next is taken at once."""

from __future__ import annotations

from dataclasses import dataclass

from bot.escalations import Escalation
from bot.model import Ticket
from bot.ports import UnitOfWork
from bot.rules.escalation import Call, Called, CallKind, Chain, Step
from handlers import duty
from handlers.context import Context

_CLIMBS = frozenset({CallKind.STEP, CallKind.REPEAT})


@dataclass(frozen=True, slots=True)
class People:
    """Whom to mention.

    Attributes:
        mention: Slack ids of people and user groups, each once.
        nobody: Who was to be called and is not there (`Called`), in the order of the steps.
        step: Index of the step that found somebody.
    """

    mention: tuple[str, ...]
    nobody: tuple[str, ...]
    step: int


async def people_of(
    uow: UnitOfWork, ctx: Context, ticket: Ticket, escalation: Escalation, chain: Chain, call: Call
) -> People:
    """Who is called now.

    Whoever has the escalation is asked first, alone; when nothing happens, those of its step are asked with them.
    Where nobody at all is found, everybody who may act is called: no call is made to nobody.
    """
    owner = (escalation.owner,) if escalation.owner is not None and call.kind not in _CLIMBS else ()
    if call.kind is CallKind.ASK_AGAIN and owner and not escalation.facts.get("asked_again"):
        return People(owner, (), call.step)
    repeated = call.kind is not CallKind.STEP
    mention, nobody, number = list(owner), list[str](), call.step
    while True:
        found, missing = await _found_by(uow, ctx, chain.steps[number], repeated=repeated)
        mention += found
        nobody += missing
        if found or call.kind not in _CLIMBS or number + 1 == len(chain.steps):
            break
        number += 1
    if ticket.assignee and any(Called.ON_DUTY in step.who for step in chain.steps[call.step : number + 1]):
        mention.insert(0, ticket.assignee)
    everybody = mention or (*ctx.config.slack.engineers, *ctx.config.slack.managers)
    return People(tuple(dict.fromkeys(everybody)), tuple(dict.fromkeys(nobody)), number)


async def _found_by(uow: UnitOfWork, ctx: Context, step: Step, *, repeated: bool) -> tuple[list[str], list[str]]:
    """The people of a step, and which of those whom it calls are not there."""
    found: list[str] = []
    missing: list[str] = []
    managers = ctx.config.slack.managers
    for who in step.who:
        match who:
            case Called.ON_DUTY:
                people = await duty.on_duty_now(uow, ctx, repeated=repeated)
            case Called.TEAM_LEAD:
                people = ctx.config.escalation.team_leads
            case Called.MANAGER:
                people = managers[:1]
            case Called.ALL_MANAGERS:
                people = managers
            case _:
                people = (who,)
        found += people
        if not people:
            missing.append(who)
    return found, missing
