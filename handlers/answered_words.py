"""What a customer's answer says about the numbers we asked for.

The new words come first. Only where they do not speak of a number, the quotation and the signature below are looked
at, without what we wrote ourselves: a proposal that comes back in a quotation confirms nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.model import Device, Direction, Message, Ticket
from bot.ports import UnitOfWork
from bot.rules.contract_numbers import bare_number, fold
from bot.rules.heard import Heard, hear
from bot.rules.intake import Problem
from bot.rules.question_text import without_our_question
from bot.rules.yes_answers import yes_or_no
from handlers.context import Context
from handlers.intake_facts import hear_words, look_up, without_foreign
from handlers.received_mail import ReceivedMail, sender_of

_ABOUT_SERIAL = frozenset({
    Problem.NO_SERIAL, Problem.SERIAL_UNCLEAR, Problem.OTHER_PRODUCT, Problem.UNLICENSED_VM, Problem.SERIAL_MALFORMED,
    Problem.MODULE_ONLY, Problem.SERIAL_NOT_COVERED, Problem.SERIAL_ON_OTHER_CONTRACT,
})  # fmt: skip
_ABOUT_CONTRACT = frozenset({
    Problem.NO_CONTRACT, Problem.CONTRACT_NOT_MATCHED, Problem.CONTRACT_NOT_VALID, Problem.SEVERAL_CONTRACTS,
    Problem.SERIAL_NOT_COVERED, Problem.SERIAL_ON_OTHER_CONTRACT,
})  # fmt: skip


def own_words(arrived: ReceivedMail, ticket: Ticket) -> str:
    """The customer's own words, without our question where it is quoted without any mark."""
    problems, offer = ticket.facts.get("problems"), ticket.facts.get("offer")
    return without_our_question(
        arrived.new_text,
        ticket.number,
        problems if isinstance(problems, list) else [],
        offer if isinstance(offer, dict) else None,
    )


async def hear_answer(
    arrived: ReceivedMail, ticket: Ticket, earlier: Iterable[Message], uow: UnitOfWork, ctx: Context
) -> Heard:
    """What all the customer's words together say now.

    A yes takes what was proposed, a no takes the proposal away (`ticket.facts["offer_refused"]`).

    Args:
        earlier: The messages on the ticket before this one.
    """
    known = Heard.from_json(ticket.facts.get("heard"))
    problems = problems_of(ticket)
    words = own_words(arrived, ticket)
    subject = [] if ticket.subject and ticket.subject in arrived.mail.subject else [arrived.mail.subject]
    new = await hear_words(uow, ctx, "\n".join([*subject, words, *arrived.mail.attached_texts]))
    new = await without_foreign(uow, new, sender_of(arrived, ctx))
    said = yes_or_no(words)
    if said is True:
        new = _confirmed(ticket, known).then(new, serial_was_wrong=bool(new.devices))
    elif said is False and ticket.facts.get("offer"):
        ticket.facts["offer_refused"] = True
    if not new.speaks_of_contract and problems & _ABOUT_CONTRACT and (bare := bare_number(words)):
        new = new.then(await look_up(uow, Heard(stated=(bare,)), (fold(bare),)))
    new = _chosen_from_offer(ticket, new)
    below = await _below(arrived, ticket, earlier, uow, ctx)
    if not new.speaks_of_serial and problems & _ABOUT_SERIAL:
        new = below.then(new)
    elif not new.speaks_of_contract and problems & _ABOUT_CONTRACT:
        new = Heard(stated=below.stated, named=below.named).then(new)
    heard = known.then(new, serial_was_wrong=bool(problems & _ABOUT_SERIAL))
    return heard if arrived.chosen is None else heard.then(arrived.chosen.heard, serial_was_wrong=True)


def problems_of(ticket: Ticket) -> frozenset[str]:
    """What the ticket lacks, by name."""
    problems = ticket.facts.get("problems")
    return frozenset(problem for problem, *_ in problems) if isinstance(problems, list) else frozenset()


def _confirmed(ticket: Ticket, known: Heard) -> Heard:
    """What a yes confirms: suggestions for mistaken letters, and the one device and contract that were proposed."""
    problems = problems_of(ticket)
    devices: list[Device] = []
    if Problem.SERIAL_UNCLEAR in problems:
        devices += [Device(suggested, _model(suggested)) for _, suggested in known.unclear]
    offer = ticket.facts.get("offer")
    if not isinstance(offer, dict) or not offer.get("yes_is_enough"):
        return Heard(devices=tuple(devices))
    devices += [Device(serial, model) for serial, model in offer["devices"]]
    return Heard(devices=tuple(devices)).then(_naming(offer.get("contract")))


def _chosen_from_offer(ticket: Ticket, new: Heard) -> Heard:
    """Whoever names one of the devices that we listed with their contract has named the contract: we said so."""
    offer = ticket.facts.get("offer")
    if not isinstance(offer, dict) or not offer.get("contract") or new.speaks_of_contract or not new.devices:
        return new
    listed = {serial for serial, _ in offer["devices"]}
    if not {device.serial for device in new.devices} <= listed:
        return new
    return new.then(_naming(offer["contract"]))


def _naming(number: object) -> Heard:
    """What it is to name this contract of the registry; nothing where there is none."""
    return Heard(stated=(str(number),), named=(fold(str(number)),)) if number else Heard()


def _model(serial: str) -> str:
    heard, _ = hear(serial, ())
    return heard.devices[0].model if heard.devices else ""


async def hear_all(arrived: ReceivedMail, ticket: Ticket | None, uow: UnitOfWork, ctx: Context) -> Heard:
    """What a mail says that may be a report of its own: all of it counts, but what is quoted of a ticket's questions.

    Args:
        ticket: The one that the mail names.
    """
    sender = sender_of(arrived, ctx)
    if ticket is None and arrived.reading is not None:
        heard = await look_up(uow, arrived.reading.heard, arrived.reading.contract_keys)
        return await without_foreign(uow, heard, sender)
    if ticket is None:
        return await without_foreign(uow, await hear_words(uow, ctx, arrived.all_text), sender)
    words = "\n".join([arrived.mail.subject, own_words(arrived, ticket), *arrived.mail.attached_texts])
    new = await without_foreign(uow, await hear_words(uow, ctx, words), sender)
    return (await _below(arrived, ticket, (), uow, ctx)).then(new, serial_was_wrong=True)


async def _below(
    arrived: ReceivedMail, ticket: Ticket, earlier: Iterable[Message], uow: UnitOfWork, ctx: Context
) -> Heard:
    """What stands in the quotation and the signature and is not from a mail of ours."""
    if not arrived.quoted_text:
        return Heard()
    ours = _we_wrote(ticket, earlier)
    told, _ = hear(ours, ())
    serials = {device.serial for device in told.devices} | set(told.modules) | {s for s, _ in told.other_products}
    serials |= {text for pair in told.unclear for text in pair} | set(told.malformed)
    heard = await hear_words(uow, ctx, arrived.quoted_text)
    folded = fold(ours)
    contracts = {number for number in (*heard.named, *map(fold, heard.stated)) if number in folded}
    return await without_foreign(uow, heard.without(serials, contracts), sender_of(arrived, ctx))


def _we_wrote(ticket: Ticket, earlier: Iterable[Message]) -> str:
    """The numbers of our questions and the words of our replies, line by line."""
    problems, offer = ticket.facts.get("problems"), ticket.facts.get("offer")
    lines = [
        part
        for problem in (problems if isinstance(problems, list) else ())
        for value in problem[1:]
        for part in str(value).split("\t")
    ]
    if isinstance(offer, dict):
        lines += [str(offer.get("contract") or ""), *(serial for serial, _ in offer["devices"])]
    lines += [message.text for message in earlier if message.direction is Direction.TO_CUSTOMER]
    return "\n".join(lines)
