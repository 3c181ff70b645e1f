# ruff: noqa: INP001 - a folder of programs, not a package
"""Measure service time: ours against the package businesstimedelta, on the same questions.

    python benchmarks/business_hours.py [--questions N] [--json]

Both get the same 8x5 (Monday to Friday, 09:00 to 17:00 in Warsaw, Polish holidays) and the same random instants, in
UTC, and both have to give the same answers to the second; the best of several runs counts for each. Ours keeps the
windows of a year once it has worked them out: what the first question of a year costs is measured by itself.
businesstimedelta keeps nothing; its table of holidays is made beforehand and not measured.

businesstimedelta is no dependency of the bot; without it only our own speed is measured. To compare:

    python -m pip install businesstimedelta pytz

Exit code 1 when answers differ or when ours is not at least 20 times as fast.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import random
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from importlib import metadata
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # run from a checkout, installed or not

from bot.rules.business_hours import ServiceCalendar, public_holidays

Due = Callable[[datetime, timedelta], datetime]
Elapsed = Callable[[datetime, datetime], timedelta]
REPEATS = 5
PROMISED = 20
"""How many times as fast ours has to be."""


@dataclass(frozen=True, slots=True)
class Result:
    """Microseconds per question, best of REPEATS runs.

    Attributes:
        theirs_us: None where the other package is missing.
        differing: To how many of the questions the answers differ.
    """

    question: str
    ours_us: float
    theirs_us: float | None
    differing: int = 0

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


def first_of_a_year() -> float:
    """Microseconds of our first question about a year, whose windows are then worked out."""
    best = float("inf")
    for year in range(2030, 2030 + REPEATS):
        calendar = our_calendar()
        public_holidays("PL", year)
        before = perf_counter()
        calendar.due(datetime(year, 6, 1, tzinfo=UTC), timedelta(hours=1))
        best = min(best, perf_counter() - before)
    return best * 1e6


def measure(count: int) -> list[Result]:
    """Ask both the same questions."""
    ours, theirs = our_calendar(), their_calendar()
    results = []
    for name, (kind, asked) in questions(count).items():
        our_way: Callable[[datetime, Any], object] = ours.due if kind == "due" else ours.elapsed
        for start, other in asked:
            our_way(start, other)  # the years are worked out
        if theirs is None:
            results.append(Result(name, microseconds(our_way, asked), None))
            continue
        their_way = theirs[0] if kind == "due" else theirs[1]
        differing = sum(our_way(start, other) != their_way(start, other) for start, other in asked)
        results.append(Result(name, microseconds(our_way, asked), microseconds(their_way, asked), differing))
    return [*results, Result("due in 1 h, first of a year", first_of_a_year(), results[0].theirs_us)]


def kept(results: list[Result]) -> bool:
    """Whether the answers agree and ours is as fast as promised, once a year is known."""
    ratios = [result.times_as_fast for result in results[:-1] if result.times_as_fast is not None]
    return not any(result.differing for result in results) and all(ratio >= PROMISED for ratio in ratios)


def main() -> int:
    """Measure and print; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=200, help="how many of each kind (default: 200)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    results = measure(arguments.questions)
    print(as_json(results) if arguments.json else as_table(results))  # noqa: T201 - a program's output
    return 0 if kept(results) else 1


def versions() -> dict[str, str | None]:
    """What was measured."""
    try:
        package = metadata.version("businesstimedelta")
    except metadata.PackageNotFoundError:
        package = None
    return {"python": platform.python_version(), "businesstimedelta": package, "processor": platform.machine()}


def as_json(results: list[Result]) -> str:
    """For machines."""
    rows = [{**asdict(result), "times_as_fast": result.times_as_fast} for result in results]
    return json.dumps({**versions(), "results": rows}, indent=2)


def as_table(results: list[Result]) -> str:
    """For people."""
    lines = [", ".join(f"{name} {version}" for name, version in versions().items())]
    lines.append(f"{'question':<30}{'ours':>12}{'businesstimedelta':>20}{'times as fast':>16}{'differing':>12}")
    for result in results:
        theirs = "-" if result.theirs_us is None else f"{result.theirs_us:.1f} us"
        ratio = "-" if result.times_as_fast is None else f"{result.times_as_fast:.3g}"
        differing = "-" if result.theirs_us is None else result.differing
        lines.append(f"{result.question:<30}{result.ours_us:>9.2f} us{theirs:>20}{ratio:>16}{differing:>12}")
    if any(result.theirs_us is None for result in results):
        lines.append("To compare: python -m pip install businesstimedelta pytz")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
