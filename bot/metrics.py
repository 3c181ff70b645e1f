"""GET /metrics in the text format of Prometheus, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).

Written by hand: a few gauges, all read from what is stored, need no library and no registry in memory that a restart
would lose. With several processes each shows the same stored figures and its own parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.model import ClockKind
from bot.supervisor import PartStatus
from storage.measures import SLA_WINDOW, Measures
from storage.schema import Transport

_Sample = tuple[Mapping[str, str], float]
_Families = list[tuple[str, str, str, list[_Sample]]]


def of_this_process(parts: Iterable[PartStatus], *, version: str) -> str:
    """Lines that need nothing but the program itself."""
    parts = list(parts)
    families: _Families = [
        ("info", "gauge", "The program that runs.", [({"version": version}, 1)]),
        ("part_running", "gauge", "Whether a part of the program runs and is connected.",
         [({"part": part.name}, float(part.running)) for part in parts]),
        ("part_restarts_total", "counter", "How often a part broke and was started again.",
         [({"part": part.name}, part.restarts) for part in parts]),
    ]  # fmt: skip
    return _lines(families)


def of_the_database(*, answers: bool) -> str:
    """Whether it was there for the lines about what is stored, which are missing otherwise."""
    return _lines([("database_up", "gauge", "Whether the database answered for this page.", [({}, float(answers))])])


def of_what_is_stored(measures: Measures, *, now: datetime, looked_at: datetime | None) -> str:
    """Lines about what waits, is late or was met.

    Args:
        looked_at: When the auditor last looked; None before its first time.
    """
    days = SLA_WINDOW.days
    families: _Families = [
        ("inbox_waiting", "gauge", "Mails and Slack payloads that are stored and not handled.",
         [({"source": source}, measures.inbox.get(source, (0, None))[0]) for source in ("mail", "slack")]),
        ("inbox_lag_seconds", "gauge", "How long the oldest of them has waited.",
         [({"source": source}, _age(measures.inbox.get(source), now)) for source in ("mail", "slack")]),
        ("outbox_waiting", "gauge", "Effects that are decided and not performed.",
         [({"transport": way}, measures.outbox.get(way, (0, None))[0]) for way in Transport]),
        ("outbox_age_seconds", "gauge", "How long the oldest of them has waited.",
         [({"transport": way}, _age(measures.outbox.get(way), now)) for way in Transport]),
        ("timer_lag_seconds", "gauge", "By how much the earliest pending timer is late.",
         [({}, _age((1, measures.timer_due), now))]),
        ("parked", "gauge", "What was set aside for a person (hezo360 parked list).",
         [({"queue": queue}, count) for queue, count in measures.parked.items()]),
        ("tickets_open", "gauge", "Open tickets by state.",
         [({"state": state}, count) for state, count in sorted(measures.tickets_open.items())]),
        ("sla_clocks_ended", "gauge", f"Clocks that ended in the last {days} days, met in time or missed.",
         [({"kind": kind, "result": "met" if kept else "missed"}, measures.sla.get((kind.value, kept), 0))
          for kind in ClockKind for kept in (True, False)]),
        ("sla_clocks_overdue", "gauge", "Running clocks whose deadline has passed.",
         [({"kind": kind}, measures.overdue.get(kind.value, 0)) for kind in ClockKind]),
    ]  # fmt: skip
    if looked_at is not None:
        since = max(0.0, (now - looked_at).total_seconds())
        families.append(("audit_age_seconds", "gauge", "How long ago the auditor looked.", [({}, since)]))
    return _lines(families)


def _age(waiting: tuple[int, datetime | None] | None, now: datetime) -> float:
    oldest = waiting[1] if waiting else None
    return 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())


def _lines(families: _Families) -> str:
    return "".join(_family(*family) for family in families)


def _family(name: str, kind: str, explained: str, samples: list[_Sample]) -> str:
    full = f"hezo360_{name}"
    lines = [f"# HELP {full} {explained}", f"# TYPE {full} {kind}"]
    lines += [f"{full}{_labels(labels)} {value:g}" if value < 1e6 else f"{full}{_labels(labels)} {value:.0f}"
              for labels, value in samples]  # fmt: skip
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inner}}}"


def _escaped(value: str) -> str:
    return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
