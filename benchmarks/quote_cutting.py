# ruff: noqa: INP001 - a folder of programs, not a package
"""Cut quotations off the golden mails: our rules against mail-parser-reply and email-reply-parser.

    python benchmarks/quote_cutting.py [--json] [--write] [--failures]

--write puts the table into docs/quote-cutting.md; --failures names the mails that did not come out as expected. The two
packages are no dependencies of the bot: install them beside it, in an environment of their own,

    python -m venv scratch && scratch/bin/pip install -e . mail-parser-reply email-reply-parser

and run this with scratch/bin/python. What is missing is left out of the table.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # run from a checkout, installed or not

from bot.rules.mail_reading import read_mail
from bot.rules.reply_heads import says_something
from bot.rules.reply_text import new_words
from bot.rules.signatures import is_footer_line

ROOT = Path(__file__).parents[1]
MAILS = ROOT / "tests" / "data" / "mails"
PAGE = ROOT / "docs" / "quote-cutting.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

Cutter = Callable[[str, str], str]  # subject and body to the new words

# The first row whose words stand in a mail's file name is its group.
GROUPS = {
    "Forwarded by a colleague: content stays": ("forward",),
    "In doubt: nothing may be cut": (
        "looks-like-quotes", "lists-and-tables", "without-dashes", "user-wrote", "inline-red", "answer-only-quote",
        "no-letters", "polish-signature",
    ),
    "Answers between and below quoted lines": ("inline", "bottom", "headless", "claws", "the-bat", "nested"),
    "Outlook, Exchange": ("outlook", "exchange"),
    "Gmail": ("gmail",),
    "Apple Mail, iPhone": ("apple", "iphone"),
    "Android: Samsung, K-9": ("samsung", "k9"),
    "o2, WP, Interia, Onet": ("-o2", "-wp", "interia", "onet"),
    "home.pl, nazwa.pl, Roundcube, Zimbra": ("home", "nazwa", "roundcube", "zimbra"),
    "Thunderbird, Evolution, eM Client": ("thunderbird", "evolution", "em-client"),
    "Proton, Yahoo, Notes": ("proton", "yahoo", "notes"),
    "Left-overs of encodings": ("left", "no-break"),
}  # fmt: skip


@dataclass(slots=True)
class Score:
    """Of one cutter on one group: how many mails came out exactly, lost words, or kept quoted lines."""

    mails: int = 0
    exact: int = 0
    words_lost: int = 0
    quote_left: int = 0

    def add(self, expected: str, got: str) -> bool:
        """Compare line by line; returns whether all is as expected.

        Blank lines, outer spaces, mere rules, and footers of programs ("Sent from my iPhone") are left out: whether
        these are a sender's words is a matter of taste.
        """
        wanted, given = _lines(expected), _lines(got)
        self.mails += 1
        self.exact += wanted == given
        self.words_lost += bool(Counter(wanted) - Counter(given))
        self.quote_left += bool(Counter(given) - Counter(wanted))
        return wanted == given


def _lines(text: str) -> list[str]:
    stripped = (line.strip() for line in text.split("\n"))
    return [line for line in stripped if says_something(line) and not is_footer_line(line)]


@dataclass(frozen=True, slots=True)
class Mail:
    """One question: what the mail says, and which words are new."""

    group: str
    subject: str
    text: str
    expected: str


def mails() -> dict[str, Mail]:
    """People's golden mails by name, with what tests/data/mails/expected.json demands; then the hard ones."""
    found = {}
    expectations = json.loads((MAILS / "expected.json").read_text("utf-8"))
    for name, expected in expectations.items():
        group = next((group for group, words in GROUPS.items() if any(word in name for word in words)), None)
        if group and name.startswith(("pl-", "en-")) and expected.get("new_text"):
            mail = read_mail((MAILS / name).read_bytes())
            found[name] = Mail(group, mail.subject, mail.text, expected["new_text"])
    return found | HARD


HARD_GROUP = "Known to be hard, not among the golden mails"
_BLOCK = "Od: HEZO <pomoc@myhezo.pl>\nWysłano: piątek, 20 listopada 2026 09:58\nDo: Jan\nTemat: x\n\n"
HARD = {
    name: Mail(HARD_GROUP, "Re: x", text, expected)
    for name, text, expected in (
        (
            "hard: answers within Outlook's unmarked quotation, not announced",
            f"Dzień dobry,\n\n{_BLOCK}Prosimy o numer umowy.\nHZ360-2026-000042\nProsimy o priorytet.\nkrytyczny",
            "Dzień dobry,\nHZ360-2026-000042\nkrytyczny",
        ),
        (
            "hard: an answer below Outlook's quotation, a greeting above",
            f"Witam\n\n{_BLOCK}Prosimy o numer umowy.\n\nUmowa HZ360-2026-000042",
            "Witam\nUmowa HZ360-2026-000042",
        ),
        (
            "hard: passed on by a reply to a colleague, without a word about it",
            f"Proszę o pomoc.\n\n{_BLOCK.replace('HEZO <pomoc@myhezo.pl>', 'Piotr <p@klient.example>')}Nie działa VPN.",
            f"Proszę o pomoc.\n{_BLOCK.replace('HEZO <pomoc@myhezo.pl>', 'Piotr <p@klient.example>')}Nie działa VPN.",
        ),
        (
            "hard: a head without date above unmarked lines",
            "HZ360-2026-000042\n\nHEZO <pomoc@myhezo.pl> wrote:\n\nPlease send us the contract number.",
            "HZ360-2026-000042",
        ),
        (
            "hard: quoted lines wrapped once more",
            "HZ360-2026-000042\n\nOn Nov 20, 2026 9:58 AM, HEZO <h@h.example> wrote:\n> It is on the\nfirst page.\n> H",
            "HZ360-2026-000042",
        ),
        (
            "hard: a head in a third language, unmarked",
            "HZ360-2026-000042\n\nIl giorno 20 nov 2026 alle ore 09:58 HEZO <pomoc@myhezo.pl> ha scritto:\nNumer?",
            "HZ360-2026-000042",
        ),
        (
            "hard: a signature without dashes (in doubt it stays)",
            "HZ360-2026-000042\n\nPozdrawiam\nJan Kowalski\nKierownik IT\ntel. 600 100 200",
            "HZ360-2026-000042\n\nPozdrawiam\nJan Kowalski",
        ),
    )
}


def cutters() -> dict[str, Cutter]:
    """Ours, and those of the packages that are installed, by name with version."""
    found: dict[str, Cutter] = {"ours": lambda subject, text: new_words(text, subject).new_text}
    try:
        module: Any = importlib.import_module("mailparser_reply")
        parser = module.EmailReplyParser(languages=["pl", "en"])
        found[f"mail-parser-reply {importlib.metadata.version('mail-parser-reply')}"] = lambda _, text: (
            parser.parse_reply(text) or ""
        )
    except ImportError:
        sys.stderr.write("mail-parser-reply is not installed; see the head of this file.\n")
    try:
        other: Any = importlib.import_module("email_reply_parser")
        found[f"email-reply-parser {importlib.metadata.version('email-reply-parser')}"] = lambda _, text: (
            other.EmailReplyParser.parse_reply(text)
        )
    except ImportError:
        sys.stderr.write("email-reply-parser is not installed; see the head of this file.\n")
    return found


@dataclass(slots=True)
class Result:
    """One cutter on all mails."""

    groups: dict[str, Score]
    failures: list[str]
    microseconds_a_mail: float

    @property
    def total(self) -> Score:
        """All groups together."""
        scores = self.groups.values()
        return Score(
            sum(score.mails for score in scores),
            sum(score.exact for score in scores),
            sum(score.words_lost for score in scores),
            sum(score.quote_left for score in scores),
        )


def measure(cut: Cutter, asked: dict[str, Mail]) -> Result:
    """Run one cutter over all mails; one that raises has lost the words."""
    result = Result({group: Score() for group in (*GROUPS, HARD_GROUP)}, [], 0.0)
    spent = 0.0
    for name, mail in asked.items():
        started = perf_counter()
        try:
            got = cut(mail.subject, mail.text)
        except Exception as error:  # noqa: BLE001 - somebody else's code on mails it was not made for
            got = ""
            result.failures.append(f"{name}: {type(error).__name__}")
        spent += perf_counter() - started
        if not result.groups[mail.group].add(mail.expected, got):
            result.failures.append(name)
    result.microseconds_a_mail = round(spent / len(asked) * 1e6, 1)
    return result


def table(results: dict[str, Result]) -> str:
    """Markdown: exact / words lost / quote left, a row for each group."""
    lines = [
        "| mails | number | " + " | ".join(results) + " |",
        "| --- | ---: |" + " ---: |" * len(results),
    ]
    first = next(iter(results.values()))
    rows = [(group, [result.groups[group] for result in results.values()]) for group in first.groups]
    rows.append(("**all**", [result.total for result in results.values()]))
    for name, scores in rows:
        cells = (f"{score.exact} / {score.words_lost} / {score.quote_left}" for score in scores)
        lines.append(f"| {name} | {scores[0].mails} | " + " | ".join(cells) + " |")
    times = (f"{result.microseconds_a_mail:.0f} µs" for result in results.values())
    lines.append("| time a mail | | " + " | ".join(times) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure, and print or write what came out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--write", action="store_true", help="put the table into docs/quote-cutting.md")
    parser.add_argument("--failures", action="store_true", help="name the mails that came out wrongly")
    arguments = parser.parse_args()
    asked = mails()
    results = {name: measure(cut, asked) for name, cut in cutters().items()}
    if arguments.json:
        print(json.dumps({name: asdict(result) for name, result in results.items()}, ensure_ascii=False, indent=1))  # noqa: T201
    else:
        print(table(results))  # noqa: T201 - a program for people
    if arguments.failures:
        for name, result in results.items():
            print(f"\n{name}: " + ", ".join(result.failures or ["none"]))  # noqa: T201
    if arguments.write:
        page = PAGE.read_text("utf-8")
        before, _, rest = page.partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}\n{table(results)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
