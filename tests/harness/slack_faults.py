"""Let every call of the Web API meet every fault that another Slack has, and say what became of each.

    python -m tests.harness.slack_faults [METHOD ...] [--json FILE]

For each method people do what it is called for (`tests.support.other_slack.steps`), and the call meets one fault. Then
the thing is done, once; or whoever did it was told in words; or it is set aside, an operator was told in words, and
`hezo360 parked retry` does it. All else is printed as a failure, as is every error in the log that nobody was told of,
and the exit code is 1. About ten minutes, nearly all of it waiting.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from storage.parked import ParkedKind, ParkedRows
from tests.support.other_slack.faults import Fault
from tests.support.other_slack.office import Office, logged_errors, opened, reported
from tests.support.other_slack.steps import STEPS, Wanted

PATIENCE = 60.0
"""Seconds for one step with its fault; Slack alone may take ten to show a file, each time."""
SET_ASIDE = "Odłożone czeka na decyzję"
"""So the operators' message begins."""
CANNED = {"title": "gotowy", "pl": "To jest gotowy tekst."}

_OK_BUT_NOTHING = '{"ok": true}'
BROKEN = [
    *(("body", body) for body in ("", "{", "null", "[1, null]", "5", '"x"', _OK_BUT_NOTHING)),
    ("cut off", ""), ("plain", ""), ("redirect", ""), ("hang", ""), ("reset", ""),
]  # fmt: skip
"""After the work was done, and before."""
OWN: dict[str, tuple[str, ...]] = {
    "chat.update": (
        "message_not_found", "cant_update_message", "edit_window_closed", "msg_too_long", "is_inactive",
        "update_failed", "block_mismatch",
    ),
    "chat.postMessage": ("msg_too_long", "team_access_not_granted", "duplicate_message_not_found"),
    "chat.postEphemeral": ("user_not_in_channel", "messages_tab_disabled", "no_text"),
    "views.open": ("expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "view_too_large"),
    "views.push": ("expired_trigger_id", "exchanged_trigger_id", "push_limit_reached", "view_too_large"),
    "views.update": ("hash_conflict", "not_found", "view_too_large", "duplicate_external_id"),
    "views.publish": ("hash_conflict", "not_enabled", "view_too_large"),
    "files.getUploadURLExternal": ("file_upload_size_restricted", "file_type_not_allowed", "storage_limit_reached"),
    "files.completeUploadExternal": ("file_not_found", "file_update_failed", "access_denied", "thread_not_found"),
    "files.info": ("file_not_found", "file_deleted", "timezone_count"),
    "auth.test": ("invalid_auth", "token_revoked", "account_inactive"),
    "usergroups.users.list": ("no_such_subteam", "missing_scope", "user_is_restricted"),
    "conversations.replies": ("missing_scope",),
}  # fmt: skip
ANYWHERE = ("internal_error", "fatal_error", "service_unavailable", "request_timeout", "an_error_of_tomorrow")
NO_API = {"upload", "download", "response_url"}
IN_DOUBT = {"conversations.replies", "auth.test"}


def faults_of(method: str) -> Iterator[Fault]:
    """All that a call of this method may meet."""
    yield Fault(method, "ratelimited", seconds=1)
    yield Fault(method, "ratelimited", times=3, seconds=1)
    for status in (500, 502, 503):
        yield Fault(method, "page", status=status)
    yield Fault(method, "page", status=503, times=3)
    yield Fault(method, "page", status=200, accepted=method not in NO_API)
    yield Fault(method, "page", status=404)
    for kind, body in BROKEN:
        if (method in NO_API and kind in {"body", "plain"}) or (method, kind) == ("response_url", "cut off"):
            continue  # nobody reads what is answered there
        for accepted in (False, True):
            if (kind == "plain" and not accepted) or (body == _OK_BUT_NOTHING and not accepted):
                continue  # the answer says that it was done
            yield Fault(method, kind, accepted=accepted, body=body, seconds=1.4)
    if method in NO_API:
        return
    for error in (*ANYWHERE, *OWN.get(method, ())):
        yield Fault(method, "error", error=error)
    for error in ("internal_error", "fatal_error"):
        yield Fault(method, "error", error=error, accepted=True)


@dataclass
class Result:
    """What became of a fault."""

    fault: str
    outcome: str
    is_well: bool
    seconds: float
    errors: list[str] = field(default_factory=list)


class Sweep:
    """Plays faults, one after the other, at one bot."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._number = 0

    async def play(self, fault: Fault) -> Result:
        """One fault; what stands before is settled."""
        office, began = self._office, time.monotonic()
        self._number += 1
        waiting = [replace(fault)]
        if fault.method in IN_DOUBT:  # these are asked when a post may have come through
            waiting.append(Fault("chat.postMessage", "reset", accepted=True))
        with logged_errors() as errors:
            if fault.method == "users.info":  # names are remembered
                await office.restart()
            office.slack.api.faults.waiting = waiting
            told_before = office.told(SET_ASIDE)
            wanted = await STEPS[fault.method](office, self._number)
            outcome, is_well = await self._outcome(wanted, waiting, told_before, fault.times)
            office.slack.api.faults.waiting = []
            if left := [each.method for each in waiting if each.times and fault.times == 1]:
                outcome, is_well = f"{outcome}; never met: {left}", False
            await self._settle()
            if (count := wanted.count()) > 1:
                outcome, is_well = f"{count} TIMES", False
            is_announced = wanted.said() or office.told(SET_ASIDE) > told_before
        unannounced = [line for line in errors if not ("given up" in line and is_announced)]
        return Result(str(fault), outcome, is_well, time.monotonic() - began, unannounced)

    async def _outcome(
        self, wanted: Wanted, waiting: list[Fault], told_before: int, fault_times: int
    ) -> tuple[str, bool]:
        office = self._office

        def came_to() -> str:
            if any(each.times for each in waiting) and fault_times == 1:
                return ""
            if wanted.is_there():
                return "done"
            if wanted.said():
                return "said to the person"
            return "set aside" if office.outbox("state = 'parked'") else ""

        found = await self._until(came_to)
        if found == "set aside":
            office.slack.api.faults.waiting = []
            is_told = await self._until(lambda: "told" if wanted.said() or office.told(SET_ASIDE) > told_before else "")
            await self._retry()
            is_done = await self._until(lambda: "done" if wanted.is_there() else "")
            said = f"set aside, {'told' if is_told else 'NOT TOLD'}, {'done by a retry' if is_done else 'LOST'}"
            return said, bool(is_told and is_done)
        return (found, True) if found else ("LOST", False)

    async def _until(self, found: object) -> str:
        """What it comes to, while the clock runs fast."""
        assert callable(found)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if came_to := str(found()):
                return came_to
            self._office.clock.move(timedelta(seconds=0.5))
            await asyncio.sleep(0.05)  # this is run by hand: a look now and then is enough
        return ""

    async def _retry(self) -> None:
        """What `hezo360 parked retry --all` does."""
        parked = ParkedRows(self._office.bot.database)
        for one in await parked.all():
            await parked.retry(ParkedKind(one.kind), one.id, "operator")

    async def _settle(self) -> None:
        """Nothing waits any more; that something was given up is said, too."""
        parked = ParkedRows(self._office.bot.database)
        await self._until(lambda: "" if self._office.outbox("state <> 'parked'") else "settled")
        for one in await parked.all():
            await parked.drop(one.kind, one.id, "sweep")
        await self._until(lambda: "" if self._office.outbox() else "settled")
        for user in (self._office.ewa, self._office.marek):
            user.views.clear()


async def sweep(methods: list[str]) -> list[Result]:
    """All faults of these methods; printed as they come."""
    results: list[Result] = []
    for method in methods:
        with tempfile.TemporaryDirectory() as folder:
            async with opened(Path(folder), replies={"canned": [CANNED]}) as office:
                await reported(office)
                played = Sweep(office)
                for fault in faults_of(method):
                    result = await played.play(fault)
                    results.append(result)
                    _print(result)
    return results


def _print(result: Result) -> None:
    sign = "  " if result.is_well and not result.errors else "!!"
    print(f"{sign} {result.fault:<60} {result.outcome:<40} {result.seconds:5.1f} s", flush=True)  # noqa: T201
    for line in result.errors:
        print(f"       {line.splitlines()[0][:110]} | {line.splitlines()[-1][:120]}")  # noqa: T201


def main() -> int:
    """Gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", nargs="*", metavar="METHOD", help=f"of {', '.join(STEPS)}; all of them if none")
    parser.add_argument("--json", type=Path, help="also write what became of each into this file")
    arguments = parser.parse_args()
    results = asyncio.run(sweep(arguments.methods or list(STEPS)))
    if arguments.json:
        arguments.json.write_text(json.dumps([vars(each) for each in results], ensure_ascii=False, indent=1))
    return 0 if all(each.is_well and not each.errors for each in results) else 1


if __name__ == "__main__":
    sys.exit(main())
