"""The names by which Slack tells us what was done about a replacement."""

from __future__ import annotations

from bot.edges.slack_ids import ACTION_IDS
from bot.rules.replacement import Move
from bot.rules.ticket_states import Action

MOVE_IDS: dict[Move, str] = {move: f"replacement_{move}" for move in Move}
MOVES_BY_ID = {action_id: move for move, action_id in MOVE_IDS.items()}
PRESSED_AT_ONCE = frozenset({Move.VERIFY, Move.CLOSE})
"""These open no form: Slack asks back."""
OPENS_MOVE_FORM = frozenset(MOVE_IDS[move] for move in Move if move not in PRESSED_AT_ONCE)
"""Buttons whose form has their own name as callback_id."""

START_MODAL = ACTION_IDS[Action.REPLACE]

DEVICE_BLOCK = "device"
CHECK_BLOCK, NOTE_BLOCK, FILES_BLOCK = "check", "note", "files"
WORDS_BLOCK, REASON_BLOCK = "to_customer", "reason"
HOW_BLOCK, WHO_BLOCK = "how", "who"
CARRIER_BLOCK, WAYBILL_BLOCK, ADDRESS_BLOCK, CONTACT_BLOCK, PHONE_BLOCK = (
    "carrier", "waybill", "address", "contact", "phone"
)  # fmt: skip
UPLOAD_BLOCK = "upload"
AT_BLOCK, SERIAL_BLOCK, FATE_BLOCK = "at", "serial", "fate"

BY_PHONE, IN_WRITING = "call", "written"
"""Values of HOW_BLOCK."""
