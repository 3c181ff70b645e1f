"""Switches that make Slack misbehave, as it does: errors, lost answers, doubled and reordered events, dead sockets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from bot.sandbox.slack.model import Json

FaultKind = Literal["status", "error", "slow", "drop"]


@dataclass(slots=True)
class ApiFault:
    """One fault that waits for matching calls.

    Attributes:
        kind: An HTTP status, a Slack error, a delay, or a dropped connection.
        method: Method name or pattern (`chat.*`).
        remaining: How many more calls it hits.
        after_effect: Whether the call has taken effect before the fault shows.
        when: Which arguments it hits.
    """

    kind: FaultKind
    method: str
    remaining: int
    status: int = 200
    error: str = ""
    seconds: float = 0.0
    after_effect: bool = False
    when: Callable[[Json], bool] | None = None


class Faults:
    """Faults of the Web API and of event delivery, to be set by tests and the sandbox page.

    The API faults hit the next `times` calls whose method matches `method` (a name, a pattern such as `chat.*`; `*` is
    any) and whose arguments satisfy `when`. An upload's octets are the method "upload" with `filename` and `length`.

    Attributes:
        duplicate_events: Every event is delivered twice, with the same event_id.
        silent_sockets: Sockets opened from now on never deliver and never pong.
        refuse_sockets: No WebSocket can be opened (503).
        unshared_files: How many of the next completed uploads silently never get shared.
    """

    def __init__(self) -> None:
        self._api: list[ApiFault] = []
        self.duplicate_events = False
        self.silent_sockets = False
        self.refuse_sockets = False
        self.unshared_files = 0
        self.revoked_scopes: set[str] = set()

    def rate_limit(
        self, method: str = "*", *, times: int = 1, retry_after: int = 1, when: Callable[[Json], bool] | None = None
    ) -> None:
        """Answer 429 with Retry-After (seconds)."""
        self._api.append(ApiFault("status", method, times, status=429, seconds=retry_after, when=when))

    def server_error(
        self, method: str = "*", *, times: int = 1, status: int = 500, when: Callable[[Json], bool] | None = None
    ) -> None:
        """Answer 5xx with a page of HTML; the call has no effect."""
        self._api.append(ApiFault("status", method, times, status=status, when=when))

    def error(self, method: str, error: str, *, times: int = 1, when: Callable[[Json], bool] | None = None) -> None:
        """Answer `ok: false` with this error code (`internal_error`, `token_revoked`, ...)."""
        self._api.append(ApiFault("error", method, times, error=error, when=when))

    def slow(
        self,
        seconds: float,
        method: str = "*",
        *,
        times: int = 1,
        after_effect: bool = False,
        when: Callable[[Json], bool] | None = None,
    ) -> None:
        """Wait before the call takes effect, or after it and before the answer."""
        self._api.append(ApiFault("slow", method, times, seconds=seconds, after_effect=after_effect, when=when))

    def drop_before(self, method: str = "*", *, times: int = 1, when: Callable[[Json], bool] | None = None) -> None:
        """Close the connection without an answer; the call has no effect."""
        self._api.append(ApiFault("drop", method, times, when=when))

    def drop_after(self, method: str = "*", *, times: int = 1, when: Callable[[Json], bool] | None = None) -> None:
        """Close the connection without an answer after the call took effect."""
        self._api.append(ApiFault("drop", method, times, after_effect=True, when=when))

    def revoke_scope(self, scope: str) -> None:
        """Answer `missing_scope` where this scope is needed, and send no events that need it."""
        self.revoked_scopes.add(scope)

    def clear(self) -> None:
        """Behave again."""
        self._api.clear()
        self.duplicate_events = self.silent_sockets = self.refuse_sockets = False
        self.unshared_files = 0
        self.revoked_scopes.clear()

    def take(self, method: str, args: Json) -> list[ApiFault]:
        """Use up and return the faults for one call: every delay, and the first of the others."""
        taken: list[ApiFault] = []
        for fault in list(self._api):
            matches = fnmatchcase(method, fault.method) and (fault.when is None or fault.when(args))
            if not matches or (fault.kind != "slow" and any(other.kind != "slow" for other in taken)):
                continue
            fault.remaining -= 1
            if fault.remaining <= 0:
                self._api.remove(fault)
            taken.append(fault)
        return taken

    def take_unshared_file(self) -> bool:
        """Whether the upload that is being completed shall silently not be shared."""
        if self.unshared_files <= 0:
            return False
        self.unshared_files -= 1
        return True
