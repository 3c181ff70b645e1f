"""The names by which Slack tells us what was done in customers' shared channels, and about tickets opened for them."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field

from bot.model import Language

REPORT_OPEN, REPORT_ADD, REPORT_NONE = "report_open", "report_add", "report_none"
"""Buttons of customers: the form for reports, "add to that ticket", "this is no report"."""
REPORT_MODAL = "report_problem"
REPORT_SHORTCUT, REPORT_MESSAGE_SHORTCUT = "report_problem", "report_problem_message"
"""callback_ids of the shortcuts "Report a problem"; the first one is global."""
OPEN_MODAL = "ticket_open"
OPEN_MESSAGE_SHORTCUT = "ticket_open_message"
"""callback_id of the message shortcut "Open a ticket"."""

DEVICE_BLOCK, LEVEL_BLOCK, DESCRIPTION_BLOCK = "report_device", "report_priority", "report_description"
SERIAL_BLOCK, CONTRACT_BLOCK, WHO_BLOCK, AT_BLOCK, WAY_BLOCK, CHANNEL_BLOCK = (
    "open_serial",
    "open_contract",
    "open_who",
    "open_address",
    "open_way",
    "open_channel",
)
OTHER_DEVICE = "other"
DESCRIPTION_LIMIT = 3_000
"""Characters; the most that a plain_text_input takes."""
BY_PHONE, BY_OTHER = "phone", "other"

_TS = r"[0-9]{1,12}\.[0-9]{1,6}"
_OFFERED = re.compile(rf"(pl|en):({_TS})(?:@({_TS}))?(?::([1-9][0-9]{{0,17}}))?")
_DEVICE = re.compile(r"([1-9][0-9]{0,17}):([A-Z0-9]{1,40})")


@dataclass(frozen=True, slots=True)
class Offered:
    """What a customer's button carries as its value.

    Attributes:
        language: In which they are spoken to.
        ts: The message that it is about, or the head of the ticket's thread.
        ticket_id: The ticket that the message may belong to.
        thread_ts: The thread that the message stands in; None where it stands in none.
    """

    language: Language
    ts: str
    ticket_id: int | None = None
    thread_ts: str | None = None

    def to_value(self) -> str:
        """The value of the button."""
        thread = f"@{self.thread_ts}" if self.thread_ts is not None else ""
        ticket = f":{self.ticket_id}" if self.ticket_id is not None else ""
        return f"{self.language}:{self.ts}{thread}{ticket}"

    @classmethod
    def from_value(cls, value: object) -> Offered:
        """The value read back.

        Raises:
            ValueError: it is none of ours.
        """
        found = _OFFERED.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError("no customer's button")
        return cls(Language(found[1]), found[2], int(found[4]) if found[4] else None, found[3])


@dataclass(frozen=True, slots=True)
class ReportPlace:
    """What the customers' form remembers of how it was opened, as its private_metadata.

    Attributes:
        ts, thread_ts: As of `bot.commands_channels.ReportProblem`.
        name: Of who opened it, as Slack knows it: a submission only carries the handle.
        response_url: Where the question that only they saw gives way to an answer; None where it was opened elsewhere.
    """

    channel: str
    language: Language
    ts: str | None = None
    name: str = ""
    response_url: str | None = field(default=None, repr=False)
    thread_ts: str | None = None

    def to_metadata(self) -> str:
        """The JSON of private_metadata."""
        return json.dumps(asdict(self))

    @classmethod
    def from_metadata(cls, metadata: object) -> ReportPlace:
        """What `to_metadata` gave.

        Raises:
            ValueError: it is none of ours.
        """
        try:
            values = json.loads(metadata) if isinstance(metadata, str) else None
        except RecursionError as error:  # nested deeper than any form of ours
            raise ValueError("no customer's form") from error
        if not isinstance(values, dict) or not isinstance(values.get("channel"), str):
            raise ValueError("no customer's form")
        name, url = values.get("name"), values.get("response_url")
        return cls(
            values["channel"],
            Language(str(values.get("language"))),
            _ts_in(values, "ts"),
            name if isinstance(name, str) else "",
            url if isinstance(url, str) else None,
            _ts_in(values, "thread_ts"),
        )


def _ts_in(values: dict[str, object], key: str) -> str | None:
    ts = values.get(key)
    return ts if isinstance(ts, str) and re.fullmatch(_TS, ts) is not None else None


def device_value(contract_id: int, serial: str) -> str:
    """The value of a device's option."""
    return f"{contract_id}:{serial}"


def chosen_device(value: str) -> tuple[int, str] | None:
    """The contract's id and the serial of a chosen option; None for "another device".

    Raises:
        ValueError: it is none of ours.
    """
    if value == OTHER_DEVICE:
        return None
    found = _DEVICE.fullmatch(value)
    if found is None:
        raise ValueError("no device")
    return int(found[1]), found[2]
