"""What `hezo360 doctor` found about one thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Checkup:
    """One line of the doctor.

    Attributes:
        about: What was looked at, such as "imap pomoc".
        said: When all is well, what was found; else what is wrong and what to do.
    """

    about: str
    is_well: bool
    said: str
