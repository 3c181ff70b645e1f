"""What goes wrong between us and the database."""

from __future__ import annotations

from bot.errors import OperatorError, RetryLater


class DatabaseBusy(RetryLater):
    """The database is locked, full, restarting or unreachable; the transaction was rolled back."""


class DatabaseUnavailable(OperatorError):
    """The database cannot be opened now, for a reason that may pass: it restarts, or is not reached."""


class StaleTicket(RetryLater):
    """Somebody changed the ticket after it was read; read it again."""


class AlreadyDone(RetryLater):
    """The inbox row was finished or parked meanwhile: nothing may happen for it a second time."""
