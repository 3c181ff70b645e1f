# ruff: noqa: INP001 - a folder of programs, not a package
"""Measure service time: ours against the package businesstimedelta, on the same questions.

    python benchmarks/business_hours.py [--questions N] [--json]

businesstimedelta is no dependency of the bot; without it only our own speed is measured.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # run from a checkout, installed or not

from bot.rules.business_hours import ServiceCalendar, public_holidays

Due = Callable[[datetime, timedelta], datetime]
Elapsed = Callable[[datetime, datetime], timedelta]
REPEATS = 5


@dataclass(frozen=True, slots=True)
class Result:
    """Microseconds per question, best of REPEATS runs; None where the other package is missing."""

    question: str
    ours_us: float
    theirs_us: float | None

    @property
    def times_as_fast(self) -> float | None:
        """How many of our answers fit into one of theirs."""
        return None if self.theirs_us is None else self.theirs_us / self.ours_us


def our_calendar() -> ServiceCalendar:
    """8x5 as the service terms have it."""
    return ServiceCalendar.weekly("Europe/Warsaw", dict.fromkeys(range(1, 6), ((time(9), time(17)),)), country="PL")


def their_calendar() -> tuple[Due, Elapsed] | None:
    """The same 8x5 as a rule of businesstimedelta; None when the package is not installed."""
    try:
        package: Any = importlib.import_module("businesstimedelta")
        pytz: Any = importlib.import_module("pytz")
    except ImportError:
        return None
    holidays = {day: "closed" for year in range(2025, 2032) for day in public_holidays("PL", year)}
    hours = package.Rules(
        [
            package.WorkDayRule(
                start_time=time(9), end_time=time(17), working_days=[0, 1, 2, 3, 4], tz=pytz.timezone("Europe/Warsaw")
            ),
            package.HolidayRule(holidays, tz=pytz.timezone("Europe/Warsaw")),
        ]
    )

    def due(start: datetime, budget: timedelta) -> datetime:
        return start + package.BusinessTimeDelta(hours, timedelta=budget)  # type: ignore[no-any-return] # untyped

    def elapsed(start: datetime, end: datetime) -> timedelta:
        return hours.difference(start, end).timedelta  # type: ignore[no-any-return] # an untyped package

    return due, elapsed


def questions(count: int) -> dict[str, tuple[str, list[tuple[datetime, Any]]]]:
    """Random instants of 2026 to 2029 with the spans that deadlines and reports ask for."""
    chance = random.Random(20260101)  # noqa: S311 - the same questions every time, no secret
    first = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    starts = [datetime.fromtimestamp(first + chance.randrange(4 * 365 * 86400), UTC) for _ in range(count)]
    return {
        "due in 1 h": ("due", [(at, timedelta(hours=1)) for at in starts]),
        "due in 4 h": ("due", [(at, timedelta(hours=4)) for at in starts]),
        "due in 40 h": ("due", [(at, timedelta(hours=40)) for at in starts]),
        "elapsed in 3 days": ("elapsed", [(at, at + timedelta(days=3)) for at in starts]),
        "elapsed in 90 days": ("elapsed", [(at, at + timedelta(days=90)) for at in starts]),
    }


def microseconds(ask: Callable[[datetime, Any], object], asked: list[tuple[datetime, Any]]) -> float:
    """The best time per question."""
    best = float("inf")
    for _ in range(REPEATS):
        before = perf_counter()
        for start, other in asked:
            ask(start, other)
        best = min(best, perf_counter() - before)
    return best / len(asked) * 1e6


def measure(count: int) -> list[Result]:
    """Ask both the same; where both answer they have to agree to the second."""
    ours, theirs = our_calendar(), their_calendar()
    results = []
    for name, (kind, asked) in questions(count).items():
        our_way: Callable[[datetime, Any], object] = ours.due if kind == "due" else ours.elapsed
        their_time = None
        if theirs is not None:
            their_way = theirs[0] if kind == "due" else theirs[1]
            differing = [(start, other) for start, other in asked if our_way(start, other) != their_way(start, other)]
            if differing:
                print(f"{name}: {len(differing)} of {len(asked)} answers differ", file=sys.stderr)  # noqa: T201 - output
            their_time = microseconds(their_way, asked)
        results.append(Result(name, microseconds(our_way, asked), their_time))
    return results


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=500, help="how many of each kind (default: 500)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    results = measure(arguments.questions)
    print(as_json(results) if arguments.json else as_table(results))  # noqa: T201 - a program's output


def as_json(results: list[Result]) -> str:
    """For machines."""
    return json.dumps([{**asdict(result), "times_as_fast": result.times_as_fast} for result in results], indent=2)


def as_table(results: list[Result]) -> str:
    """For people."""
    lines = [f"{'question':<20}{'ours':>12}{'businesstimedelta':>20}{'times as fast':>16}"]
    for result in results:
        theirs = "-" if result.theirs_us is None else f"{result.theirs_us:.1f} us"
        ratio = "-" if result.times_as_fast is None else f"{result.times_as_fast:.0f}"
        lines.append(f"{result.question:<20}{result.ours_us:>9.2f} us{theirs:>20}{ratio:>16}")
    if any(result.theirs_us is None for result in results):
        lines.append("To compare: python -m pip install businesstimedelta pytz")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
