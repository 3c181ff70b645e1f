"""The new words of a mail: quotations of earlier mails and signatures set apart, for Polish and English programs.

Nothing is ever lost: every line goes to the new or to the quoted text. In doubt nothing is cut. Marked lines ("> ") are
quotations wherever they stand, so that answers below and between them stay; an unmarked quotation reaches to the end
and is cut only below words of the sender's own. A forwarded mail is content, not a quotation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

_LONGEST_HEAD = 500
_HEAD_LINES = 4
_MOST_LINES = 5_000  # heads are looked for within these; a longer text is a pasted log
_LONGEST_SIGNATURE = 15

_DAY = r"(?:pon|wt|śr|sr|czw|pt|pi[aą]t|sob|niedz|nd|ndz|mon|tue|wed|thu|fri|sat|sun)[a-ząćęłńóśźż]{0,12}\.?,?"
_HEAD_BEGINS = re.compile(
    r"\s*(?:w dniu\b|dnia\b|on\b|użytkownik\b|wiadomość napisana przez\b|am\b"
    rf"|{_DAY}\s+\d|\d{{1,4}}[./ -]\S{{1,12}}[./ -]\d)",
    re.IGNORECASE,
)
_WROTE = r"(?:pisze|pisz[ea]|napisał(?:\(a\)|/a|a|o)?|napisali|napisano|wrote|writes|schrieb)"
_HEAD_ENDS = re.compile(rf"{_WROTE}\s*:?\s*$", re.IGNORECASE)
_APPLE_HEAD = re.compile(r"\s*wiadomość napisana przez\b.*\d\s*:\s*$", re.IGNORECASE)
_OLD_GMAIL_HEAD = re.compile(r"\s*\d{4}-\d{2}-\d{2} \d{1,2}:\d{2} GMT[+-]\d{1,2}:?\d{2}\b.*<[^<>]*@[^<>]*>\s*:\s*$")
_BARE_HEAD = re.compile(rf"[^\n<]{{0,120}}<[^<>\s]+@[^<>\s]+>\s*{_WROTE}\s*:\s*$", re.IGNORECASE)
_TIME = re.compile(r"(?<![\d.])\d{1,2}[:.]\d{2}(?![\d.])")
_MAIL_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}")
_FULL_DATE = re.compile(r"\d{1,4}[ ./-]\S{1,14}[ ./-]\d{2,4}")

_RULE = r"[\s*_=-]{2,}"
_ORIGINAL = re.compile(
    rf"{_RULE}(?:(?:wiadomość )?oryginalna(?: wiadomość)?|wiadomość oryginalna|original (?:message|e-?mail)"
    rf"|ursprüngliche nachricht|reply message|treść oryginalnej wiadomości){_RULE}$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"\s*(?:[*_=-]{2,}\s*)?(?:(?:treść )?(?:przekazan[aey]j?|przesłan[aey]j?) (?:dalej )?wiadomoś(?:ć|ci)"
    r"|wiadomość przekazana|początek (?:przekazywanej|przesłanej|przekazanej) (?:dalej )?wiadomości"
    r"|forwarded (?:message|by)|begin forwarded message|start of forwarded message|weitergeleitete nachricht)"
    r"\b[^\n]{0,80}$",
    re.IGNORECASE,
)
_FORWARDING_SUBJECT = re.compile(r"\s*(?:fwd?|pd|przek(?:az)?|wg)\s*:", re.IGNORECASE)

_FIELD = re.compile(r"\s*[*_]{0,2}([A-Za-zŁłśŚćąę/ ]{2,12}?)[*_]{0,2}\s?:[*_]{0,2}\s*(.*)$")
_FIELD_NAMES = {
    "from": {"from", "od", "von", "nadawca"},
    "date": {"sent", "date", "wysłano", "wysłane", "data", "gesendet", "sent at", "dnia"},
    "to": {"to", "do", "an", "adresat", "odbiorca"},
    "subject": {"subject", "temat", "betreff"},
    "more": {
        "cc",
        "dw",
        "udw",
        "bcc",
        "kopia",
        "reply-to",
        "importance",
        "ważność",
        "priorytet",
        "priority",
        "odp. do",
    },
}
_FIELD_OF = {name: field for field, names in _FIELD_NAMES.items() for name in names}
_SEPARATOR = re.compile(r"\s*[_=*-]{5,}\s*$")
_SIGNATURE = re.compile(r"-- ?$")
_MARKED = re.compile(r"\s{0,3}> ?")
_NESTED = re.compile(r"\s{0,3}> ?>")


@dataclass(frozen=True, slots=True)
class ReplyText:
    """A mail's text in two.

    Attributes:
        new_text: The sender's own words, without outer blank lines.
        quoted_text: Quotations with their heads, and signatures; all other lines of the mail, in order.
        cut: Whether anything was set apart.
    """

    new_text: str
    quoted_text: str
    cut: bool


def new_words(text: str, subject: str = "") -> ReplyText:
    """Set quotations and signatures apart.

    Args:
        text: The body as plain text (`IncomingMail.text`), lines ending in LF.
        subject: A subject that begins with a forwarding prefix keeps everything below the first header block:
            Outlook writes the same block above forwarded and answered mails.

    Returns:
        New and quoted text that together hold every line that is not blank.
    """
    lines = text.split("\n")
    kept = _cut_quotations(lines, forwards=_FORWARDING_SUBJECT.match(subject) is not None)
    _cut_signature(lines, kept)
    new = "\n".join(line for line, keep in zip(lines, kept, strict=True) if keep).strip("\n")
    if all(kept) or not new.strip():
        return ReplyText(text.strip("\n"), "", cut=False)
    quoted = "\n".join(line for line, keep in zip(lines, kept, strict=True) if not keep).strip("\n")
    return ReplyText(new, quoted, cut=True)


class _Seen(Enum):
    """What a line begins."""

    WORDS = auto()
    HEAD_OF_MARKED = auto()
    UNMARKED_QUOTATION = auto()
    FORWARDED_MAIL = auto()


def _cut_quotations(lines: list[str], *, forwards: bool) -> list[bool]:
    """Which lines are the sender's own."""
    kept = [True] * len(lines)
    marked = [_MARKED.match(line) is not None for line in lines]
    headed = _head_within_marked(lines, marked)
    position, end = 0, len(lines)
    while position < min(len(lines), _MOST_LINES):
        seen, length = _look(lines, marked, position)
        if seen is _Seen.HEAD_OF_MARKED:
            kept[position : position + length] = [False] * length
            headed = True
        elif seen is _Seen.UNMARKED_QUOTATION and _has_words(lines[:position], marked[:position]) and not forwards:
            kept[position:] = [False] * (len(lines) - position)
            break
        elif seen in {_Seen.UNMARKED_QUOTATION, _Seen.FORWARDED_MAIL}:
            end = position  # all below is content, its own quotations included
            break
        position += length
    if headed:
        kept = [
            keep and not (is_marked and i < end) for i, (keep, is_marked) in enumerate(zip(kept, marked, strict=True))
        ]
    return kept


def _look(lines: list[str], marked: list[bool], position: int) -> tuple[_Seen, int]:
    """What begins at a line, and how many lines that takes."""
    line = lines[position].strip()
    if marked[position] or not line or len(line) > _LONGEST_HEAD:
        return _Seen.WORDS, 1
    if "=" in line:  # rests of quoted-printable in separators
        line = line.replace("=3D", "=").replace("=20", " ")
    if _FORWARDED.match(line):
        return _Seen.FORWARDED_MAIL, 1
    if length := _attribution(lines, position, marked):
        marks = _marked_follows(lines, marked, position + length)
        return (_Seen.HEAD_OF_MARKED if marks else _Seen.UNMARKED_QUOTATION), length
    if _original_begins(lines, position, line):
        return _Seen.UNMARKED_QUOTATION, 1
    return _Seen.WORDS, 1


def _head_within_marked(lines: list[str], marked: list[bool]) -> bool:
    """Whether marked lines prove to be a quotation by themselves: nested marks, or a head inside (Apple Mail)."""
    if not any(marked):
        return False
    for index, line in enumerate(lines[:_MOST_LINES]):
        if not marked[index]:
            continue
        if _NESTED.match(line):
            return True
        following = lines[index : index + _HEAD_LINES]
        bare = [_MARKED.sub("", candidate, count=1) for candidate in following]
        if _attribution(bare, 0, [False] * len(bare)):
            return True
    return False


def _attribution(lines: list[str], position: int, marked: list[bool]) -> int:
    """How many lines from `position` on are a head such as "W dniu ... pisze:"; 0 for none."""
    first = lines[position].strip()
    if not _HEAD_BEGINS.match(first):
        return 1 if _BARE_HEAD.match(first) else 0
    head = ""
    for count in range(1, _HEAD_LINES + 1):
        index = position + count - 1
        if index >= len(lines) or marked[index] or not lines[index].strip() or len(lines[index]) > _LONGEST_HEAD:
            return 0
        head = f"{head} {lines[index].strip()}".strip()
        if _HEAD_ENDS.search(head[-40:]) or _APPLE_HEAD.match(head) or _OLD_GMAIL_HEAD.match(head):
            return count if _is_certain(head, _marked_follows(lines, marked, position + count)) else 0
    return 0


def _is_certain(head: str, marks_follow: bool) -> bool:
    """People also write "on Friday he wrote:"; a program's head names an address or a time, or marks follow."""
    if _MAIL_ADDRESS.search(head):
        return True
    if marks_follow:
        return _FULL_DATE.search(head) is not None
    return _TIME.search(head) is not None and not head[0].isdigit()


def _marked_follows(lines: list[str], marked: list[bool], position: int) -> bool:
    """Whether the next line that is not blank, at most two further on, is marked."""
    for index in range(position, min(position + 3, len(lines))):
        if lines[index].strip():
            return marked[index]
    return False


def _has_words(lines: list[str], marked: list[bool]) -> bool:
    """Whether anything of the sender's own stands there."""
    return any(
        not is_marked and any(letter.isalnum() for letter in line)
        for line, is_marked in zip(lines, marked, strict=True)
    )


def _original_begins(lines: list[str], position: int, line: str) -> bool:
    """Whether an unmarked quotation begins: "-----Original Message-----" or a block of header fields."""
    if _ORIGINAL.match(line):
        return True
    if _SEPARATOR.match(line):
        following = next((i for i in range(position + 1, min(position + 4, len(lines))) if lines[i].strip()), None)
        return following is not None and _header_block(lines, following)
    return _header_block(lines, position)


def _header_block(lines: list[str], position: int) -> bool:
    """From, a date with digits, and To or Subject, within a few lines (Outlook, o2, WP, Interia, phones)."""
    if _field_of(lines[position])[0] != "from":
        return False
    found: set[str] = set()
    fields = blanks = 0
    for line in lines[position : position + 16]:
        if not line.strip():
            blanks += 1
            if blanks > fields:
                break
            continue
        field, value = _field_of(line)
        if field == "date" and not any(letter.isdigit() for letter in value):
            continue
        if field:
            fields += 1
            found.add(field)
    return "date" in found and bool(found & {"to", "subject"})


def _field_of(line: str) -> tuple[str, str]:
    """Which header field a line names, and its value."""
    match = _FIELD.match(line.strip()) if len(line) <= 2_000 else None
    if match is None:
        return "", ""
    return _FIELD_OF.get(match[1].strip().lower(), ""), match[2]


def _cut_signature(lines: list[str], kept: list[bool]) -> None:
    """Set a signature behind "-- " apart (RFC 3676 §4.3), where words stand above it and it is short."""
    words_above = False
    for index, line in enumerate(lines):
        if not kept[index]:
            continue
        if words_above and _SIGNATURE.match(line):
            end = _end_of_signature(lines, kept, index)
            if end:
                kept[index:end] = [False] * (end - index)
                return
        words_above = words_above or bool(line.strip())


def _end_of_signature(lines: list[str], kept: list[bool], start: int) -> int:
    """Where the signature ends that begins at `start`; 0 if it is too long for one."""
    length = 0
    for index in range(start, len(lines)):
        if not kept[index]:
            return index
        length += bool(lines[index].strip())
        if length > _LONGEST_SIGNATURE:
            return 0
    return len(lines)
