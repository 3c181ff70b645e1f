# ruff: noqa: INP001 - a folder of programs, not a package
"""Every measurement in one run: a table for people, and the figures as JSON.

    python benchmarks/run.py [--json FILE] [--only NAME,NAME] [--quick]

| name          | what                                                                   | needs                 |
| ------------- | ---------------------------------------------------------------------- | --------------------- |
| ingest        | mails a second from Dovecot to committed tickets, beside two floors    | Dovecot, Postfix      |
| running       | start, memory, time to the acknowledgement, beside its floor           | Dovecot, Postfix      |
| growth        | cost of a mail at 1,000, 100,000 and 1,000,000 stored tickets          | some 6 GB in TMPDIR   |
| business_time | deadlines in service time (`business_hours.py` compares with others)   |                       |
| timers        | finding and claiming among many clocks (`timers.py` has PostgreSQL, too) |                     |

docs/performance.md says what was measured, on what, and what it has to be. --quick takes smaller numbers, to see that
everything works; its figures say little.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # run from a checkout, installed or not

NAMES = ("ingest", "running", "growth", "business_time", "timers")


def say(line: str) -> None:
    """Tell who waits that something goes on."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a program's output


def ingest(folder: Path, *, quick: bool) -> tuple[dict[str, Any], list[str]]:
    """Mails a second."""
    from benchmarks import ingest as measured

    result = measured.measure(folder, count=100 if quick else 500, rounds=2 if quick else 5, say=say)
    lines = [
        f"Ingest, {result.mails} mails of {result.octets_a_mail} octets on average, median of {len(result.bot)} rounds",
        (
            f"  floor, policy.default   {median(result.floor_policy_default):8.0f} mails/s "
            f"{median(result.floor_policy_default_cpu_ms):8.2f} ms of the processor a mail"
        ),
        f"  floor, fastest reader   {median(result.floor_fastest_reader):8.0f} mails/s",
        (
            f"  the bot                 {median(result.bot):8.0f} mails/s {median(result.bot_cpu_ms):8.2f} ms of the "
            f"processor a mail   {result.ratio:.2f} times the first floor (by the processor {result.cpu_ratio:.2f})"
        ),
    ]
    return asdict(result) | {"ratio": result.ratio, "cpu_ratio": result.cpu_ratio}, lines


def running(folder: Path, *, quick: bool) -> tuple[dict[str, Any], list[str]]:
    """The program as it runs."""
    from benchmarks import running as measured

    result = measured.measure(folder, mails=10 if quick else 40, starts=2 if quick else 5, say=say)
    floor = median(result.handover_floor_ms)
    lines = [
        (
            f"Start until every part is up: {median(result.start_ms):.0f} ms (longest {max(result.start_ms):.0f}), "
            f"of them {median(result.start_cpu_ms):.0f} on the processor"
        ),
        (
            f"Acknowledgement accepted by SMTP: {median(result.push_ms):.0f} ms after the IDLE push (longest "
            f"{max(result.push_ms):.0f}), {median(result.arrival_ms):.0f} ms after arrival; floor, only the hand-over: "
            f"{floor:.1f} ms"
        ),
        f"Memory: {result.memory_idle_mb:.0f} MB, {result.memory_with_100000_tickets_mb:.0f} MB with 100,000 tickets",
    ]
    return asdict(result), lines


def growth(folder: Path, *, quick: bool) -> tuple[dict[str, Any], list[str]]:
    """Cost of a mail by what is stored."""
    from benchmarks import growth as measured

    sizes = [1_000, 20_000] if quick else [1_000, 100_000, 1_000_000]
    costs = measured.measure(folder, sizes, rounds=2 if quick else 9, mails=50 if quick else 100, say=say)
    lines = ["A mail with so many tickets stored (wall / processor, and times the smallest):"] + [
        f"  {cost.stored_tickets:>9,}  {cost.wall_ms:6.2f} / {cost.cpu_ms:5.2f} ms   {cost.wall_ratio:.2f} / "
        f"{cost.cpu_ratio:.2f}"
        for cost in costs
    ]
    return {"costs": [asdict(cost) for cost in costs]}, lines


def business_time(_folder: Path, *, quick: bool) -> tuple[dict[str, Any], list[str]]:
    """Service time."""
    from benchmarks import business_hours as measured

    results = measured.measure(200 if quick else 2000)
    lines = ["Business time (microseconds a question):"] + [
        f"  {result.question:<28} {result.ours_us:8.2f}" for result in results
    ]
    return {"questions": [asdict(result) for result in results]}, lines


def timers(folder: Path, *, quick: bool) -> tuple[dict[str, Any], list[str]]:
    """Timers on SQLite."""
    from benchmarks import timers as measured

    sizes = [1_000, 10_000] if quick else [1_000, 100_000]
    urls = [f"sqlite+aiosqlite:///{folder}/clocks-{size}.sqlite3" for size in sizes]
    claimings = asyncio.run(measured.measure_claiming(urls, sizes, 3 if quick else 20))
    return {"claiming": [asdict(each) for each in claimings]}, [measured.as_table(claimings, [])]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--only", default=",".join(NAMES), help="which of them, with commas (default: all)")
    parser.add_argument("--quick", action="store_true", help="small numbers")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    figures: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    }
    tables: list[str] = []
    for name in arguments.only.split(","):
        if name not in NAMES:
            parser.error(f"{name!r} is none of {', '.join(NAMES)}")
        load_before = os.getloadavg()[0]
        with tempfile.TemporaryDirectory(prefix="hezo360-bench-") as folder:
            figures[name], lines = globals()[name](Path(folder), quick=arguments.quick)
        figures[name]["load_average"] = [round(load_before, 1), round(os.getloadavg()[0], 1)]
        tables += [*lines, ""]
    print("\n".join(tables))  # noqa: T201 - a program's output
    print(f"Load average at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")  # noqa: T201 - the same
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
