"""Between what was done outside and the commit that says so lies a step that may fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class NotNoted(Exception):
    """An effect was performed, and that could not be stored. Its row is in doubt.

    Attributes:
        why: What went wrong.
    """

    def __init__(self, why: Exception) -> None:
        super().__init__(f"done, and not noted: {why}")
        self.why = why


@contextmanager
def noting() -> Iterator[None]:
    """Around the transaction that stores what was just done and cannot be undone, with all that follows of it.

    Raises:
        NotNoted: whatever goes wrong within. Even our own mistake must not let it be done again.
    """
    try:
        yield
    except Exception as error:
        raise NotNoted(error) from error
