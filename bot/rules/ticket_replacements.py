"""What a ticket knows of its replacements: by the damaged device's serial, where each stands (`Ticket.facts`).

It is written in the transaction that moves a replacement (`handlers.replacements`), so that whoever has the ticket need
not ask for more.
"""

from __future__ import annotations

from bot.model import Ticket
from bot.replacements import ENDS, Replacement, Stage

FACT = "replacements"
"""The key of the ticket's facts."""


def note(ticket: Ticket, replacement: Replacement) -> None:
    """Write down where a replacement stands. The caller stores the ticket."""
    known = ticket.facts.get(FACT)
    stages = dict(known) if isinstance(known, dict) else {}
    ticket.facts[FACT] = {**stages, replacement.device.serial: replacement.stage.value}


def stages_of(ticket: Ticket) -> dict[str, Stage]:
    """Where the last replacement of each device stands, by the damaged device's serial."""
    known = ticket.facts.get(FACT)
    return {str(serial): Stage(stage) for serial, stage in known.items()} if isinstance(known, dict) else {}


def is_replacing(ticket: Ticket) -> bool:
    """Whether a replacement has not ended."""
    return any(stage not in ENDS for stage in stages_of(ticket).values())


def replaceable(ticket: Ticket) -> tuple[str, ...]:
    """Serials of the ticket's devices for which a replacement can be begun; what was replaced is not there any more."""
    stages = stages_of(ticket)
    begun = {serial for serial, stage in stages.items() if stage not in ENDS or stage is Stage.CLOSED}
    return tuple(device.serial for device in ticket.devices if device.serial not in begun)


def can_be_replaced(ticket: Ticket) -> bool:
    """Whether a replacement can be begun: of an accepted report of a fault (to a question none is promised)."""
    terms = ticket.terms.get(ticket.priority, {})
    return ticket.accepted_at is not None and terms.get("delivery_s") is not None and bool(replaceable(ticket))
