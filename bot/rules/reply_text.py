"""The new words of a mail: quotations of earlier mails and signatures set apart, for Polish and English programs.

Nothing is ever lost: every line goes to the new or to the quoted text. In doubt nothing is cut. Marked lines ("> ") are
quotations wherever they stand, so that answers below and between them stay; an unmarked quotation reaches to the end
and is cut only below words of the sender's own. A forwarded mail is content, not a quotation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from bot.rules.reply_heads import (
    SEPARATOR,
    as_seen,
    attribution,
    is_forwarded,
    lines_above_marks,
    marked_follows,
    original_begins,
    says_something,
)
from bot.rules.signatures import CLOSING, GREETING, cut_signatures, is_footer_line

_MOST_LINES = 2_000  # heads are looked for within these; a longer text is a pasted log
_HEAD_LINES = 5
_BLOCK_LINES = 18
_SHORT_NOTE = 400  # characters; whoever refers to the text below does so in a few words

_SUBJECT_TAGS = r"\s*(?:\[[^\]]{0,60}\]\s*)*"
_FORWARDING_SUBJECT = re.compile(rf"{_SUBJECT_TAGS}(?:fwd?|pd|przek(?:az)?|wg|tr)\s*:", re.IGNORECASE)
_ANSWERING_SUBJECT = re.compile(rf"{_SUBJECT_TAGS}(?:re|odp|aw|sv)(?:\[\d+\])?\s*:", re.IGNORECASE)
_MARKED = re.compile(r"\s{0,3}> ?")
_NESTED = re.compile(r"\s{0,3}> ?>")
_ESCAPED_FROM = re.compile(r">From ")
_OTHER_MARK = re.compile(r"\s{0,2}(\||[A-Z][A-Z0-9]{0,3}>)(?:\s|$)")
# Somebody answers between the lines of an unmarked quotation, or wants the mail below to be read.
_ANSWERS_WITHIN = re.compile(
    r"(?:odpowied\w+|odpowiadam|odp\.|odpisuję|komentarz\w*|uwagi|uzupełni\w+|dopis\w+)\b.{0,40}"
    r"(?:poniżej|niżej|w treści|w tekście|w mailu|w wiadomości|pod pytani|czerwon|niebiesk|zielon|kolor|pogrubi)"
    r"|\b(?:na czerwono|na niebiesko|na zielono|innym kolorem)\b"
    r"|(?:answers?|answered|comments?|commented|repl(?:y|ies|ied)|responses?|responded|see)\b.{0,40}"
    r"(?:\bbelow\b|in-?line|in red|in blue|in green|in bold|in colou?r|between the lines)",
    re.IGNORECASE,
)
_CONTENT_BELOW = re.compile(
    r"(?:zgłoszeni\w+|problem\w*|temat\w*|spraw\w+|mail\w*|wiadomoś\w+|korespondencj\w+|prośb\w+|opis\w*|awari\w+|info)"
    r",? (?:(?:jak|jest|są|jw|z|od \w+) )?(?:poniżej|niżej)\b"
    r"|poniższ\w+ (?:zgłoszeni|problem|tema[tc]|spraw|mail|wiadomoś|korespondencj|prośb|awari|wąt)\w*"
    r"|\b(?:patrz|jak|zob\.) (?:po)?niżej\b|przekazuję|przesyłam dalej|\bfyi\b|\bforwarding\b"
    r"|(?:mail|message|report|thread|issue|problem|request|ticket|case|conversation|correspondence)s? below\b"
    r"|\bbelow (?:mail|e-?mail|message|report|thread|issue|problem|request|case)\b|\bas below\b",
    re.IGNORECASE,
)
_BLANK_LINES = re.compile(r"\n(?:[ \t\r]*\n){2,}")


@dataclass(frozen=True, slots=True)
class ReplyText:
    """A mail's text in two.

    Attributes:
        new_text: The sender's own words, without outer blank lines.
        quoted_text: Quotations with their heads, signatures, footers; all other lines of the mail, in order.
        cut: Whether anything was set apart.
        quotation_cut: Whether that is a quotation of an earlier mail, not a mere signature or footer.
    """

    new_text: str
    quoted_text: str
    cut: bool
    quotation_cut: bool = False


def new_words(text: str, subject: str = "") -> ReplyText:
    """Set quotations and signatures apart.

    Args:
        text: The body as plain text (`IncomingMail.text`), lines ending in LF.
        subject: A subject that begins with a forwarding prefix keeps everything below the first head: Outlook
            writes the same block above forwarded and answered mails.

    Returns:
        New and quoted text that together hold every line that is not blank.
    """
    lines = text.split("\n")
    body = _Body(lines)
    kept, end = _cut_quotations(body, len(lines), subject)
    quotation_cut = not all(kept)
    cut_signatures(lines, body.seen, kept, end)
    new = "\n".join(line for line, keep in zip(lines, kept, strict=True) if keep)
    if all(kept) or not says_something(new):
        return ReplyText(text.strip("\r\n"), "", cut=False)
    quoted = "\n".join(line for line, keep in zip(lines, kept, strict=True) if not keep).strip("\r\n")
    return ReplyText(_BLANK_LINES.sub("\n\n", new).strip("\r\n"), quoted, cut=True, quotation_cut=quotation_cut)


def is_answering(subject: str) -> bool:
    """Whether a subject begins as a program's answer does: "Re:", "Odp:"."""
    return _ANSWERING_SUBJECT.match(subject) is not None


class _Body:
    """The lines of a mail.

    Attributes:
        seen: The first lines as a reader sees them; heads are looked for among these only.
        marked: Which of these are marked as quoted.
    """

    def __init__(self, lines: list[str]) -> None:
        self._beyond = lines[_MOST_LINES:]
        self.seen = [as_seen(line) for line in lines[:_MOST_LINES]]
        self.marked = [_MARKED.match(line) is not None for line in self.seen]
        for index, line in enumerate(self.seen):  # mail servers write ">From " for "From " (mbox)
            if self.marked[index] and _ESCAPED_FROM.match(line) and not self._has_marked_neighbour(index):
                self.marked[index] = False

    def all_marks(self) -> list[bool]:
        """Which of all lines are marked."""
        return self.marked + [line[:1] == ">" or line.lstrip()[:1] == ">" for line in self._beyond]

    def _has_marked_neighbour(self, index: int) -> bool:
        return any(self.marked[max(index - 1, 0) : index]) or any(self.marked[index + 1 : index + 2])

    def mark_like(self, position: int) -> bool:
        """Mark lines that begin as the one at `position`, next to a head, does: "| ", or "JK> " (The Bat!)."""
        index = next((i for i in range(position, min(position + 3, len(self.seen))) if self.seen[i].strip()), None)
        match = _OTHER_MARK.match(self.seen[index]) if index is not None else None
        if match is None or index is None:
            return False
        found = [i for i in range(index, len(self.seen)) if _begins_with(self.seen[i], match[1])]
        for i in found:
            self.marked[i] = True
        return bool(found)


def _begins_with(line: str, mark: str) -> bool:
    """Not a table's row, which also ends with the mark."""
    text = line.strip()
    return text.startswith(mark) and not (text.endswith("|") and len(text) > 1)


class _Seen(Enum):
    """What a line begins."""

    WORDS = auto()
    HEAD_OF_MARKED = auto()
    UNMARKED_QUOTATION = auto()
    FORWARDED_MAIL = auto()


def _cut_quotations(body: _Body, total: int, subject: str) -> tuple[list[bool], int]:
    """Which lines are the sender's own, and where content begins that is never cut."""
    kept = [True] * total
    forwards = _FORWARDING_SUBJECT.match(subject) is not None
    headed = _is_headed(body, subject)
    position, end = 0, total
    while position < len(body.seen):
        found, length = _look(body, position)
        if found is _Seen.WORDS:
            position += length
            continue
        if forwards or found is _Seen.FORWARDED_MAIL or _refers_below(body, kept, position, found):
            end = position  # all below is content, its own quotations included
            break
        if found is _Seen.HEAD_OF_MARKED:
            start = _with_rule_above(body, position)
            kept[start : position + length] = [False] * (position + length - start)
            headed = True
        elif _has_words(body, kept, position):
            start = _with_rule_above(body, position)
            kept[start:] = [False] * (total - start)
            break
        else:
            end = position
            break
        position += length
    if headed and not (forwards and end < total):
        kept = [
            keep and not (mark and index < end)
            for index, (keep, mark) in enumerate(zip(kept, body.all_marks(), strict=True))
        ]
    return kept, end


def _look(body: _Body, position: int) -> tuple[_Seen, int]:
    """What begins at a line, and how many lines that takes."""
    lines, marked = body.seen, body.marked
    line = lines[position]
    if marked[position]:
        if line.startswith(">>> ") and line.endswith(">>>") and original_begins(lines, position):
            return _Seen.UNMARKED_QUOTATION, 1  # GroupWise
        return _Seen.WORDS, 1
    if not line:
        return _Seen.WORDS, 1
    if is_forwarded(line):
        return _Seen.FORWARDED_MAIL, 1
    if length := attribution(lines, marked, position):
        marks = marked_follows(lines, marked, position + length) or body.mark_like(position + length)
        return (_Seen.HEAD_OF_MARKED if marks else _Seen.UNMARKED_QUOTATION), length
    if original_begins(lines, position):
        above = lines_above_marks(lines, marked, position)
        return (_Seen.HEAD_OF_MARKED, above) if above else (_Seen.UNMARKED_QUOTATION, 1)
    return _Seen.WORDS, 1


def _is_headed(body: _Body, subject: str) -> bool:
    """Whether marked lines prove to be a quotation by themselves.

    Nested marks do, a head inside (Apple Mail, Open-Xchange), or an answer that begins with a marked line.
    """
    if not any(body.marked):
        return False
    first = next((i for i, line in enumerate(body.seen) if line.strip()), 0)
    if body.marked[first] and is_answering(subject):
        return True
    for index, line in enumerate(body.seen):
        if not body.marked[index]:
            continue
        if _NESTED.match(line):
            return True
        if index and body.marked[index - 1] and body.seen[index - 1].strip(" >"):
            continue  # a head begins a paragraph
        following = body.seen[index : index + _BLOCK_LINES]
        bare = [_MARKED.sub("", candidate, count=1) for candidate in following]
        if attribution(bare[:_HEAD_LINES], [False] * len(bare), 0) or original_begins(bare, 0):
            return True
    return False


def _refers_below(body: _Body, kept: list[bool], position: int, found: _Seen) -> bool:
    """Whether the words above want the mail below to be read."""
    words = " ".join(body.seen[i].strip() for i in range(min(position, 60)) if kept[i] and not body.marked[i])
    if len(words) > _SHORT_NOTE:
        return False
    unmarked = found is _Seen.UNMARKED_QUOTATION
    return _CONTENT_BELOW.search(words) is not None or (unmarked and _ANSWERS_WITHIN.search(words) is not None)


def _with_rule_above(body: _Body, position: int) -> int:
    """Where a quotation begins, the rule above its head included."""
    above = position - 1
    while above >= 0 and not body.seen[above].strip():
        above -= 1
    return above if above > 0 and SEPARATOR.match(body.seen[above].strip()) else position


def _has_words(body: _Body, kept: list[bool], position: int) -> bool:
    """Whether anything of the sender's own stands above; with a mere greeting the answers may be further below."""
    for line in (body.seen[i].strip() for i in range(position) if kept[i] and not body.marked[i]):
        if CLOSING.match(line):
            return False
        greeting = GREETING.match(line)
        rest = line[greeting.end() :] if greeting else line
        if says_something(rest) and not is_footer_line(line):
            return True
    return False
