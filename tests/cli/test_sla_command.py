"""`hezo360 sla`: the given vectors through the command line, the ways to write a question, and a ticket's clocks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.cli import main
from bot.cli_commands.sla_words import Unanswerable, day_and_time, read_instant, read_span, seconds_text, span_words

VECTORS = Path(__file__).parents[1] / "data" / "sla_vectors.csv"
WARSAW = ZoneInfo("Europe/Warsaw")


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a configuration, in which every command is given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEZO360_CONFIG", raising=False)


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes]) -> Any:
    """Run a command; gives its exit code, what it printed and what it complained about."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["sla", *arguments])
        printed = capsysbinary.readouterr()
        return code, printed.out.decode("utf-8", "surrogateescape"), printed.err.decode()

    return call


def rows_of(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


@pytest.mark.parametrize("command", ["due", "elapsed"])
def test_every_vector_comes_out_exactly(run: Any, command: str, tmp_path: Path) -> None:
    given = rows_of(VECTORS.read_text(encoding="utf-8"))
    questions = tmp_path / "questions.csv"
    asked = ("id", "kind", "priority", "calendar", "start_at", "end_at", "duration_s", "tag")
    with questions.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, asked, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(given)
    code, out, err = run(command, "--csv", str(questions))
    assert (code, err) == (0, "")
    answered = rows_of(out)
    assert len(answered) == 314
    for expected, answer in zip(given, answered, strict=True):
        assert answer == {name: expected[name] for name in (*asked, "due_at_utc", "elapsed_s")}


def test_what_stood_in_the_columns_of_the_answers_gives_way_to_the_answers(run: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(
        "due_at;due_at_utc;elapsed_s;priority;start_at;uwagi\n"
        "never;never;never;critical;2026-10-25T02:30:00+02:00;urządzenie\n"
        "never;never;never;urgent;2026-10-25T02:30:00+02:00;\n",
        encoding="cp1250",  # as Polish spreadsheets write it
    )
    code, out, err = run("due", "--csv", str(wrong))
    assert (code, err[:45]) == (2, 'line 3: priority: "urgent" is no priority; al')
    assert out.encode("utf-8", "surrogateescape").decode("cp1250").splitlines() == [
        "due_at;due_at_utc;elapsed_s;priority;start_at;uwagi",
        "2026-10-25T02:30:00+01:00;2026-10-25T01:30:00Z;;critical;2026-10-25T02:30:00+02:00;urządzenie",
        ";;;urgent;2026-10-25T02:30:00+02:00;",
    ]


def test_a_file_with_mistakes(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "questions.csv"
    file.write_text(
        "ID,Start_at,kind,priority,calendar,end_at,duration_s,notes\n"
        'A,2026-11-16T09:00:00Z,reaction,krytyczny,,,,"two\nlines, and a comma"\n'
        "B,yesterday,reaction,critical,,,,\n"
        "\n"
        "C,2026-11-16T09:00:00Z,tomorrow,critical,,,,\n"
        "D,2026-11-16T09:00:00Z,next-reply,Problem niekrytyczny,,,,kept,too many\n"
        "E,2026-11-16T09:00:00Z,due,,8x5\n"
        "F,2026-11-16T09:00:00Z,,,8/5,,90.5,\n"
        "G,2026-10-25T02:30:00,elapsed,question,24x7,2026-10-25T03:00:00,,\n"
        "H,2026-11-16T09:00:00Z,delivery,question,,,,\n"
        "I,9999-12-31T23:00:00Z,due,,24x7,,2h,\n",
        encoding="utf-8-sig",
    )
    code, out, err = run("due", "--csv", str(file))
    assert code == 2
    answers = {row["ID"]: (row["due_at_utc"] or row["elapsed_s"]) for row in rows_of(out)}
    assert answers == {
        "A": "2026-11-16T10:00:00Z",
        "B": "",
        "C": "",
        "D": "",
        "E": "",
        "F": "2026-11-16T09:01:30.500000Z",
        "G": "5400",
        "H": "",
        "I": "",
    }
    assert rows_of(out)[0]["notes"] == "two\nlines, and a comma"
    assert [line.split(";")[0] for line in err.splitlines()] == [
        'line 4: start_at: "yesterday" is no instant',
        'line 6: kind: "tomorrow" is unknown',
        "line 7: has 9 cells, but there are 8 columns",
        "line 8: duration_s: is needed, as the terms name none for due here",
        "line 10: start_at: 2026-10-25T02:30:00 comes twice in Europe/Warsaw",
        "line 11: duration_s: is needed, as the terms name none for delivery here",
        "line 12: an instant before the year 1 or after the year 9999",
    ]


def test_a_file_may_leave_to_the_options_what_all_rows_share(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sent.csv"
    file.write_text("start_at\tend_at\n2026-11-16T15:30:00+01:00\t2026-11-17T09:30:00+01:00\n")
    with file.open() as standard_input:
        monkeypatch.setattr("sys.stdin", standard_input)
        code, out, err = run("due", "--priority", "pytanie", "--reply", "--csv", "-")
    assert (code, err) == (0, "")
    assert rows_of(out, "\t")[0]["due_at_utc"] == "2026-11-17T10:30:00Z"
    assert rows_of(run("elapsed", "--calendar", "8x5", "--csv", str(file))[1], "\t")[0]["elapsed_s"] == "7200"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "line 1: names each column once, start_at among them"),
        (b"id,sent\n1,2026-11-16\n", "line 1: names each column once, start_at among them"),
        (b"start_at,kind,Kind\n", "line 1: names each column once"),
        (b'start_at,priority\n2026-11-16,critical\n"2026-11-17,critical\n', "line 3: the file is no CSV from here on"),
        (b"\x00\xff\xfe\x80", "line 1: names each column once"),
    ],
)
def test_what_is_no_file_of_questions_is_refused(run: Any, tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "file.csv").write_bytes(content)
    code, _, err = run("due", "--csv", "file.csv")
    assert code == 2
    assert err.startswith(complaint)
    assert err.count("\n") == 1


def test_a_deadline_in_words(run: Any) -> None:
    question = ("due", "--priority", "non-critical", "--sent", "2026-11-20T16:30:00.25+01:00")
    code, out, err = run(*question, "--now", "2026-11-23 09:10")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "due      Mon 23 Nov 2026 09:30:00.25 CET (Europe/Warsaw)",
        "UTC      2026-11-23T08:30:00.250000Z",
        "sent     Fri 20 Nov 2026 16:30:00.25 CET",
        "budget   1 h of service time in 8x5 (reaction, non_critical)",
        "left     20 min 0.25 s of service time, at Mon 23 Nov 2026 09:10:00 CET",
    ]
    assert "left     1 h of service time" in run(*question, "--now", "2026-11-01")[1]
    assert "left     overdue by 30 min of service time" in run(*question, "--now", "2026-11-23T10:00:00.25+01:00")[1]


@pytest.mark.parametrize(
    ("arguments", "kind", "budget", "due"),
    [
        (("--priority", "critical"), "reaction", 3600, "2026-10-25T01:30:00Z"),
        (("--priority", "KRYTYCZNY", "--reply"), "reply", 3600, "2026-10-25T01:30:00Z"),
        (("--priority", "niekrytyczny", "--delivery"), "delivery", 28800, "2026-10-25T08:30:00Z"),
        (("--priority", "Question", "--reply"), "reply", 14400, "2026-10-26T12:00:00Z"),
        (("--priority", "question", "--calendar", "24/7"), "reaction", 7200, "2026-10-25T02:30:00Z"),
        (("--calendar", "24x7", "--seconds", "0.5"), "reaction", 0.5, "2026-10-25T00:30:00.500000Z"),
        (("--calendar", "8x5", "--budget", "1h 30min"), "reaction", 5400, "2026-10-26T09:30:00Z"),
    ],
)
def test_a_deadline_for_programs(run: Any, arguments: Sequence[str], kind: str, budget: float, due: str) -> None:
    code, out, err = run("due", *arguments, "--sent", "2026-10-25T02:30:00+02:00", "--now", due, "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert (answer["kind"], answer["budget_s"], answer["due_at_utc"]) == (kind, budget, due)
    assert datetime.fromisoformat(answer["due_at"]) == datetime.fromisoformat(due)
    assert (answer["sent_at_utc"], answer["left_s"], answer["overdue"]) == ("2026-10-25T00:30:00Z", 0, False)


def test_service_time_between_two_instants(run: Any) -> None:
    span = ("--from", "2026-12-23T16:00:00+01:00", "--to", "2026-12-28T09:00:01+01:00")
    code, out, err = run("elapsed", "--priority", "question", *span)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "elapsed  1 h 1 s of service time in 8x5",
        "seconds  3601",
        "from     Wed 23 Dec 2026 16:00:00 CET (Europe/Warsaw)",
        "to       Mon 28 Dec 2026 09:00:01 CET",
    ]
    backwards = ("--from", span[3], "--to", span[1])
    assert json.loads(run("elapsed", "--calendar", "24x7", *backwards, "--json")[1])["elapsed_s"] == -406801
    assert "elapsed  minus 1 h 1 s" in run("elapsed", "--calendar", "8x5", *backwards)[1]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("due", "--priority", "critical"), "--sent: is missing\n"),
        (("due", "--sent", "2026-11-16T09:00Z"), "--priority: is needed, or a calendar\n"),
        (("due", "--sent", "2026-11-16T09:00Z", "--calendar", "8x5"), "--budget: is needed, "),
        (("due", "--sent", "now", "--priority", "critical"), '--sent: "now" is no instant; allowed is ISO 8601, '),
        (("due", "--sent", "2026-11-16", "--priority", "P1"), '--priority: "P1" is no priority; allowed is critical, '),
        (("due", "--sent", "2026-11-16", "--calendar", "9x5"), '--calendar: "9x5" is no calendar; allowed is 24x7 or'),
        (("due", "--sent", "2026-11-16", "--priority", "question", "--now", "x"), '--now: "x" is no instant'),
        (("due", "--sent", "2026-11-16", "--calendar", "8x5", "--budget", "-1"), '--budget: "-1" is out of range'),
        (("due", "--sent", "2026-11-16", "--priority", "question", "--delivery"), "--budget: is needed, as the terms"),
        (("due", "--sent", "1800-01-01", "--priority", "question"), "service time is known from 1900 to 2199, not in"),
        (("due", "--reply", "--delivery"), "Usage: "),
        (("due", "--csv", "-", "--json"), "Usage: "),
        (("elapsed", "--priority", "question", "--from", "2026-11-16"), "--to: is missing\n"),
        (("elapsed", "--priority", "question", "--to", "2026-11-16"), "--from: is missing\n"),
    ],
)
def test_a_question_without_an_answer(run: Any, arguments: Sequence[str], complaint: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(complaint)
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-16T09:00:00Z", "2026-11-16T09:00:00"),
        (" 2026-11-16 09:00z ", "2026-11-16T09:00:00"),
        ("20261116T090000.5Z", "2026-11-16T09:00:00.500000"),
        ("2026-11-16T09:00:00,123456789+01:00", "2026-11-16T08:00:00.123456"),
        ("2026-11-16T09:00:00 -0330", "2026-11-16T12:30:00"),
        ("2026-11-16T09:00:00+14", "2026-11-15T19:00:00"),
        ("2026-11-16 09:00 UTC", "2026-11-16T09:00:00"),
        ("2026-11-16 09:00 America/New_York", "2026-11-16T14:00:00"),
        ("2026-07-16T09:00:00+02:00[Europe/Warsaw]", "2026-07-16T07:00:00"),
        ("2026-10-25 02:30 CEST", "2026-10-25T00:30:00"),
        ("2026-10-25 02:30 CET", "2026-10-25T01:30:00"),
        ("2026-11-16 09:00", "2026-11-16T08:00:00"),
        ("2026-07-16", "2026-07-15T22:00:00"),
        ("2026-W47-1", "2026-11-15T23:00:00"),
    ],
)
def test_ways_to_write_an_instant(text: str, instant: str) -> None:
    read = read_instant(text, WARSAW)
    assert (read.at.replace(tzinfo=None).isoformat(), read.at.tzinfo, read.note) == (instant, UTC, "")


@pytest.mark.parametrize(
    ("text", "instant", "note"),
    [
        ("2026-10-25T02:30", "2026-10-25T00:30:00", "comes twice in Europe/Warsaw; 2026-10-25T02:30:00+02:00 is taken"),
        ("2027-03-28T02:30", "2027-03-28T01:30:00", "left out in Europe/Warsaw; 2027-03-28T03:30:00+02:00 is taken"),
        ("2027-03-14 02:30 America/New_York", "2027-03-14T07:30:00", "is left out in America/New_York"),
    ],
)
def test_a_local_time_that_names_no_single_instant_is_noted(text: str, instant: str, note: str) -> None:
    read = read_instant(text, WARSAW)
    assert read.at.replace(tzinfo=None).isoformat() == instant
    assert note in read.note


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is no instant"),
        ("16.11.2026 09:00", "is no instant"),
        ("2026-11-16T25:00Z", "is no instant"),
        ("2026-02-29", "is no instant"),
        ("0001-01-01T00:00:00+14:00", "is no instant"),
        ("0001-01-01T00:00:00", "is no instant"),
        ("9999-12-31T23:00:00-05:00", "is no instant"),
        ("2026-11-16T09:00 Mars/Base", '"Mars/Base" is no time zone'),
        ("2026-11-16T09:00 [../../etc/passwd]", "is no instant"),
        ("2026-11-16T09:00 Europe", '"Europe" is no time zone'),
        ("2026-07-16T09:00:00+01:00[Europe/Warsaw]", "the offset is not that of Europe/Warsaw"),
        ("\x1b[2J" * 40, "is no instant"),
    ],
)
def test_what_is_no_instant(text: str, complaint: str) -> None:
    with pytest.raises(Unanswerable, match=complaint) as caught:
        read_instant(text, WARSAW)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", "0"),
        ("3600", "3600"),
        ("0.000001", "0.000001"),
        ("90.50", "90.5"),
        ("2h", "7200"),
        ("1 h 30 min", "5400"),
        ("7d", "604800"),
        ("1d 1s", "86401"),
        ("2h30min15s", "9015"),
    ],
)
def test_ways_to_write_a_span(text: str, seconds: str) -> None:
    assert seconds_text(read_span(text)) == seconds


@pytest.mark.parametrize(
    "text", ["", "h", "2 hours", "1.5h", "-1", "1e9", "NaN", "0.0000001", "99999999999", "9min 2h"]
)
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(Unanswerable):
        read_span(text)


def test_the_terms_of_the_configuration_count_though_it_lacks_its_secrets(run: Any, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        "[service]\ntimezone = 'America/New_York'\n[slack]\nsupport_channel = 'C0001'\n"
        "[sla.question]\nreply = '6h'\n[sla.calendar]\ncountry = 'US'\nopens = '08:00'\nextra_closed = [2026-11-27]\n"
    )
    question = ("due", "--priority", "question", "--reply", "--sent", "2026-11-25 16:00", "--json")
    assert json.loads(run(*question)[1])["due_at"] == "2026-11-30T13:00:00-05:00"  # Thursday is Thanksgiving
    (tmp_path / "config.toml").write_text("[sla.question]\nreply = '6 hours'\n[slaa]\n")
    code, out, err = run(*question)
    assert (code, out) == (2, "")
    assert [line.split(": ")[:2] for line in err.splitlines()] == [
        ["config.toml:2", "sla.question.reply"],
        ["config.toml:3", "slaa"],
    ]


def test_a_configuration_that_was_named_has_to_be_there(
    run: Any, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    question = ("due", "--priority", "question", "--sent", "2026-11-25 16:00")
    assert run(*question)[0] == 0
    assert main(["--config", "config.toml", "sla", *question]) == 2
    assert b"config.toml: there is no such file" in capsysbinary.readouterr().err
    monkeypatch.setenv("HEZO360_CONFIG", "absent.toml")
    assert run(*question)[0] == 2


def test_spans_in_words() -> None:
    assert [span_words(read_span(text)) for text in ("0", "0.5", "59", "3600", "90061")] == [
        "0 s",
        "0.5 s",
        "59 s",
        "1 h",
        "25 h 1 min 1 s",
    ]
    assert seconds_text(timedelta(seconds=-0.25)) == "-0.25"
    assert day_and_time(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), WARSAW) == "Sun 25 Oct 2026 02:30:00 CET"
