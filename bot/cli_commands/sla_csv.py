"""Questions in a CSV file: each row comes out again with its answer."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from bot.cli_commands.sla_questions import ELAPSED, Promises, Question
from bot.cli_commands.sla_words import Unanswerable, seconds_text, shown, utc_text
from bot.errors import OperatorError

COLUMNS = ("kind", "priority", "calendar", "start_at", "end_at", "duration_s")
DUE_COLUMN = "due_at_utc"
ELAPSED_COLUMN = "elapsed_s"
_LOCAL_DUE_COLUMN = "due_at"
_ANSWERS = (_LOCAL_DUE_COLUMN, DUE_COLUMN, ELAPSED_COLUMN)


def answer_csv(
    source: BinaryIO, target: BinaryIO, presumed: dict[str, str], promises: Promises, tell: Callable[[str], None]
) -> int:
    """Write every row of `source` to `target` with its answer; gives the number of rows that have none.

    The columns stand in any order; unknown ones pass as they are. `due_at_utc` and `elapsed_s` are put behind them;
    where they, or a local `due_at`, are in the file already, what stood there gives way to the answer.

    Args:
        source: UTF-8, with commas, semicolons or tabs between the columns; other octets in unknown columns pass, too.
        target: Gets the same form.
        presumed: Fields of rows that leave them empty.
        promises: The terms in force.
        tell: Takes a line for people about a row: why there is no answer, or what was presumed.

    Raises:
        OperatorError: There is no header with `start_at`, or the rest of the file is no CSV.
    """
    lines = io.TextIOWrapper(source, "utf-8-sig", "surrogateescape", newline="")
    out = io.TextIOWrapper(target, "utf-8", "surrogateescape", newline="")
    try:
        return _answer(lines, out, presumed, promises, tell)
    finally:
        out.flush()
        out.detach()  # the streams belong to whoever opened them
        lines.detach()


def _answer(
    lines: io.TextIOWrapper,
    out: io.TextIOWrapper,
    presumed: dict[str, str],
    promises: Promises,
    tell: Callable[[str], None],
) -> int:
    first = lines.readline()
    delimiter = max(",;\t", key=first.count)
    rows = _rows(csv.reader(_again(first, lines), delimiter=delimiter, strict=True))
    titles = next(rows, (0, []))[1]
    names = [title.strip().lower() for title in titles]
    if "start_at" not in names or len(set(names)) != len(names):
        raise OperatorError(f"line 1: names each column once, start_at among them; known are {', '.join(COLUMNS)}")
    added = [column for column in (DUE_COLUMN, ELAPSED_COLUMN) if column not in names]
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([*titles, *added])
    refused = 0
    for line, cells in rows:
        fields = dict(zip(names, cells, strict=False))
        answers = dict.fromkeys(_ANSWERS, "")
        try:
            if len(cells) > len(names):
                raise Unanswerable(f"has {len(cells)} cells, but there are {len(names)} columns")
            question = promises.ask(presumed | {name: text for name, text in fields.items() if text.strip()})
            answers |= _answers(question, promises)
            for name, note in question.notes.items():
                tell(f"line {line}: {name}: {shown(note)}")
        except Unanswerable as error:
            refused += 1
            tell(f"line {line}: {error}")
        kept = [answers.get(name, fields.get(name, "")) for name in names]
        writer.writerow([*kept, *(answers[column] for column in added), *cells[len(names) :]])
    return refused


def _again(first: str, rest: io.TextIOWrapper) -> Iterator[str]:
    yield first
    yield from rest


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, with the lines that they start on."""
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise OperatorError(f"line {line}: the file is no CSV from here on: {error}") from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1  # type: ignore[attr-defined]  # typeshed names the class of csv.reader privately


def _answers(question: Question, promises: Promises) -> dict[str, str]:
    if question.kind == ELAPSED:
        return {ELAPSED_COLUMN: seconds_text(promises.elapsed(question))}
    due = promises.due(question)
    return {_LOCAL_DUE_COLUMN: due.astimezone(promises.zone).isoformat(), DUE_COLUMN: utc_text(due)}
