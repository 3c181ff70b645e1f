"""Ready texts with the facts of a ticket in their open places."""

from __future__ import annotations

import string

from bot.model import TicketView

UNKNOWN = "…"
"""Stands where a fact is not known: whoever sends it sees that."""


def canned_text(template: str, view: TicketView, engineer: str) -> str:
    """A configured text (`bot.config_replies.CannedReply`) for a ticket; what is foreign in it stays as it is."""
    ticket, contract = view.ticket, view.contract
    device = ticket.devices[0] if ticket.devices else None
    places = {
        "number": ticket.number,
        "name": ticket.requester_name,
        "serial": device.serial if device else "",
        "model": device.model if device else "",
        "contract": contract.number if contract else "",
        "engineer": engineer,
    }
    filled = [
        literal if name is None else f"{literal}{places.get(name) or UNKNOWN}"
        for literal, name, _, _ in string.Formatter().parse(template)
    ]
    return "".join(filled).strip()
