"""The lines with which mail programs introduce an earlier mail, Polish and English: "W dniu ... pisze:", "From: Sent:".

People write such sentences too ("w dniu 20.11 kolega napisał:"), so a head must prove itself: by marked lines below
it, or by what only a program writes (a date with its time, an address, "napisał(a)").
"""

from __future__ import annotations

import quopri
import re

_LONGEST_HEAD = 500
_HEAD_LINES = 5
_BLOCK_LINES = 18
_SHORTEST_WRAPPED = 40

_INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF])
_SPACES = dict.fromkeys([0xA0, 0x2007, 0x2009, 0x202F, 0x3000], " ")
_SEEN_AS = str.maketrans({**_INVISIBLE, **_SPACES, "\t": " ", "\u2236": ":", "\uff1a": ":"})
_QUOTED_PRINTABLE = re.compile(r"=(?:[0-9A-F]{2}|$)")

_DAY = r"(?:pon|wto?|śro?|sro?|czw|pt|pi[aą]|sob|nie|nd|ndz|mon|tue|wed|thu|fri|sat|sun)[a-ząćęłńóśźż]{0,12}\.?,?"
_MONTH = (
    r"(?:sty|lut|mar|kwi|maj|cze|lip|sie|wrz|pa[zź]|lis|gru|jan|feb|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"[a-ząćęłńóśźż]{0,9}\.?"
)
_HEAD_BEGINS = re.compile(
    rf"(?:w dniu\b|w wiadomości z\b|dnia\b|on\b|użytkownik\b|wiadomość napisana przez\b|am\b|(?:we?|at) {_DAY}"
    rf"|{_DAY}\s+(?:\d|{_MONTH}\s)|{_MONTH}\s+\d|\d{{1,4}}[./ -]\S{{1,12}}[./ -]\d)",
    re.IGNORECASE,
)
_WROTE = (
    r"(?:pisze|pisał(?:\(a\)|a)?|napisa[łl](?:\s?\(a\)|/a|-a|eś(?:\(aś\))?|aś|a|o)?|napisali|napisano"
    r"|wrote|writes|schrieb|a écrit|escribió|пише|написа[влa]\S{0,6})"
)
_HEAD_ENDS = re.compile(rf"(?:^|[\s,>\"”)\]]){_WROTE}[\s*_]*:?[\s*_]*$", re.IGNORECASE)
_ONLY_PROGRAMS_WRITE = re.compile(r"napisa[łl](?:\s?\(a\)|/a|-a|eś\(aś\))[\s*_]*:?[\s*_]*$", re.IGNORECASE)
_VERB_ALONE = re.compile(rf"{_WROTE}\s*:?$", re.IGNORECASE)
_APPLE_HEAD = re.compile(r"wiadomość napisana przez\b", re.IGNORECASE)
_ENDS_WITH_TIME = re.compile(r"\d\s{0,2}:$")
_OLD_GMAIL_HEAD = re.compile(r"\d{4}-\d{2}-\d{2} \d{1,2}:\d{2} GMT[+-]\d{1,2}:?\d{2}\b[^<>]*<[^<>]*@[^<>]*>\s*:$")
_GROUPWISE_HEAD = re.compile(r">>> .{3,200}\d{1,2}:\d{2}.{0,40} >>>$")
_BARE_HEAD = re.compile(
    rf"[^\n<]{{0,160}}[<(\[][^<>\s()]{{1,200}}@[^<>\s()]{{1,200}}[>)\]],?\s{{0,3}}{_WROTE}\s?:$", re.IGNORECASE
)
# Yahoo's telephone programs go on in the same line.
_RUNNING_HEAD = re.compile(
    rf"(?:w dniu|dnia|on)\b[^<>]{{8,160}}<[^<>\s]{{1,200}}@[^<>\s]{{1,200}}> {_WROTE}: {{2}}", re.IGNORECASE
)
_CITING = re.compile(r"(?:cytowanie|cytuję|cytat|quoting)\b.{2,200}:$", re.IGNORECASE)
# "Jan Kowalski napisał(a):", and nothing else
_NAMED_HEAD = re.compile(r"(?:[^\W\d_a-z][^\s:]{0,40}\s){1,4}(?:napisa[łl]\s?\(a\)|wrote|writes):$")
_TIME = re.compile(r"(?<![\d.])\d{1,2}[:.]\d{2}(?![\d.])")
_MAIL_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,255}")
_FULL_DATE = re.compile(
    rf"\d{{1,4}}[ ./-]{{1,2}}\S{{1,14}}[ ./-]{{1,2}}\d{{2,4}}|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}",
    re.IGNORECASE,
)
_ZONE = re.compile(r"[+-]\d{4}")
_SENTENCE_ENDS = re.compile(r"[a-ząćęłńóśźż]{5}[.!?]$", re.IGNORECASE)

_RULE = " *_=~–—-\t"
_ORIGINAL = re.compile(
    r"(?:wiadomość )?(?:oryginalna|pierwotna)(?: wiadomość)?|(?:odpowiedź na )?wiadomość oryginalna"
    r"|original (?:message|e-?mail|appointment)|ursprüngliche nachricht|reply message|treść oryginalnej wiadomości"
    r"|oryginalny e-?mail|oryginalna treść",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"(?:(?:treść )?(?:przekaz(?:an|ywan)|przesłan|przesyłan|przekierowan)[aey]j? (?:dalej )?wiadomoś(?:ć|ci)"
    r"|wiadomość (?:przekazana|przesłana)|początek (?:przekazywanej|przesłanej|przekazanej|przesyłanej) "
    r"(?:dalej )?wiadomości|forwarded (?:message|mail|by)|begin forwarded message|start of forwarded message"
    r"|weitergeleitete nachricht)\b[^\n]{0,80}$",
    re.IGNORECASE,
)

_FIELD = re.compile(r"[*_]{0,2}([^\W\d_][^\W\d_/ -]{1,11}(?:[ /-][^\W\d_]{1,12}){0,2})[*_]{0,2}\s?:[*_]{0,2}\s*(.*)$")
_FIELD_NAMES = {
    "from": {"from", "od", "von", "nadawca", "sender"},
    "date": {
        "sent", "date", "wysłano", "wysłane", "wysłany", "wysłana", "wyslano", "wyslane", "data", "gesendet", "datum",
        "sent at", "date sent", "dnia", "data wysłania", "wysłano dnia", "received", "otrzymano",
    },
    "to": {"to", "do", "an", "adresat", "adresaci", "odbiorca", "odbiorcy"},
    "subject": {"subject", "temat", "betreff", "tytuł", "temat wiadomości"},
    "more": {
        "cc", "dw", "udw", "bcc", "kopia", "kopia do", "do wiadomości", "reply-to", "importance", "ważność",
        "priorytet", "priority", "odpowiedź do", "attachments", "załączniki", "organizacja", "sensitivity",
    },
}  # fmt: skip
_FIELD_OF = {name: field for field, names in _FIELD_NAMES.items() for name in names}
_ONE_LINE_BLOCKS = (
    ("from:", "sent:", "to:", "subject:"),
    ("from:", "date:", "to:", "subject:"),
    ("od:", "wysłano:", "do:", "temat:"),
    ("od:", "wysłane:", "do:", "temat:"),
    ("od:", "data:", "do:", "temat:"),
)
SEPARATOR = re.compile(r"[_=*~–—-]{3,}$")
_LONG_SEPARATOR = re.compile(r"[_=*~–—-]{5,}$")


def as_seen(line: str) -> str:
    """A line as a reader sees it: without invisible characters and remains of quoted-printable, spaces plain.

    Args:
        line: One line of a body; what stands behind its 2,000th character is left out.
    """
    line = line[:2_000]
    if not line.isascii() or "\t" in line:
        line = line.translate(_SEEN_AS)
    if "=" in line and _QUOTED_PRINTABLE.search(line):
        octets = quopri.decodestring(line.encode("utf-8", "replace"))
        line = octets.decode("utf-8", "replace")
    if line.lstrip().startswith("&gt;"):
        line = line.replace("&gt;", ">")
    return line.rstrip()


def says_something(text: str) -> bool:
    """Whether there is more than rules, marks and blanks: "?" and an emoji are words too."""
    return bool(text.strip(" \t\r\n\xa0>|.,-–—_=*~#"))


def attribution(lines: list[str], marked: list[bool], position: int) -> int:
    """How many lines from `position` on are a head such as "W dniu ... pisze:".

    Args:
        lines: As `as_seen` gives them.
        marked: Which lines are marked as quoted.
        position: Where to look.

    Returns:
        The number of lines, blank ones below not counted; 0 where no head begins.
    """
    first = _bare(lines[position])
    if not first or len(first) > _LONGEST_HEAD:
        return 0
    if not _HEAD_BEGINS.match(first):
        if not first.endswith(":"):
            return 0
        if _NAMED_HEAD.match(first) or _is_foreign(first):
            return 1 if marked_follows(lines, marked, position + 1) else 0
        stands = _BARE_HEAD.match(first) or _CITING.match(first)
        return 1 if stands and _is_certain(first, lines, marked, position, 1) else 0
    head = ""
    for count in range(1, _HEAD_LINES + 1):
        index = position + count - 1
        if index >= len(lines) or marked[index] or not lines[index].strip() or len(lines[index]) > _LONGEST_HEAD:
            return 0
        line = _bare(lines[index])
        if head and not _goes_on(lines[index - 1].strip(), line):
            return 0
        head = f"{head} {line}".strip()
        if len(head) > 2 * _LONGEST_HEAD:
            return 0
        if _ends(head, lines, marked, position + count):
            return count if _is_certain(head, lines, marked, position, count) else 0
    return 0


def _is_foreign(line: str) -> bool:
    """A head in some other language names date, time and address, too."""
    return bool(_TIME.search(line) and _MAIL_ADDRESS.search(line) and _FULL_DATE.search(line))


def _bare(line: str) -> str:
    """Without the rules around it (Zoho: "---- On ... wrote ----") and marks of bold type."""
    return line.strip(" *_-–—=")


def _goes_on(line: str, following: str) -> bool:
    """Whether a head may go on in the next line: programs wrap full lines, or in front of an address."""
    if _SENTENCE_ENDS.search(line[-8:]):
        return False
    return (
        len(line) >= _SHORTEST_WRAPPED
        or line[-1] in ",<(["
        or following[:1] in {"<", "["}
        or _VERB_ALONE.match(following) is not None
        or _TIME.search(line[-12:]) is not None
        or _ZONE.match(line[-5:]) is not None
    )


def _ends(head: str, lines: list[str], marked: list[bool], below: int) -> bool:
    """Whether a head is complete."""
    if _HEAD_ENDS.search(head[-60:]):
        return True
    if not head.endswith(":"):
        return False
    if _ENDS_WITH_TIME.search(head[-6:]) and _APPLE_HEAD.match(head):
        return True
    return head.endswith(">:") and (_OLD_GMAIL_HEAD.match(head) is not None or marked_follows(lines, marked, below))


def _is_certain(head: str, lines: list[str], marked: list[bool], position: int, count: int) -> bool:
    """Whether a program wrote it: people also write "on Friday he wrote:"."""
    by_program = _ONLY_PROGRAMS_WRITE.search(head) is not None
    has_address = _MAIL_ADDRESS.search(head) is not None
    has_date = _FULL_DATE.search(head) is not None
    if marked_follows(lines, marked, position + count):
        return has_address or has_date or by_program
    if by_program and (has_address or has_date):
        return True
    if not has_date or _TIME.search(head) is None:
        return False
    apart = position == 0 or not lines[position - 1].strip() or SEPARATOR.match(lines[position - 1].strip()) is not None
    return has_address or (apart and not head[0].isdigit())


def marked_follows(lines: list[str], marked: list[bool], position: int) -> bool:
    """Whether the next line that is not blank, a few further on at most, is marked."""
    for index in range(position, min(position + 5, len(lines))):
        if lines[index].strip():
            return marked[index]
    return False


def is_forwarded(line: str) -> bool:
    """Whether a program introduces a forwarded mail with it ("---------- Forwarded message ---------")."""
    return len(line) <= _LONGEST_HEAD and _FORWARDED.match(line.strip(_RULE)) is not None


def original_begins(lines: list[str], position: int) -> bool:
    """Whether an unmarked quotation begins: "-----Original Message-----", or a block of header fields."""
    line = lines[position].strip()
    if _LONG_SEPARATOR.match(line):
        following = next((i for i in range(position + 1, min(position + 4, len(lines))) if lines[i].strip()), None)
        return following is not None and _header_block(lines, following, below_rule=True)
    if len(line) <= _LONGEST_HEAD and (_is_original(line) or _GROUPWISE_HEAD.match(line)):
        return True
    if len(line) > 20 and (head := _RUNNING_HEAD.match(line)) and _TIME.search(head[0]):
        return True
    return _header_block(lines, position, below_rule=False) or _one_line_block(line)


def lines_above_marks(lines: list[str], marked: list[bool], position: int) -> int:
    """How long a head is that ends in marked lines (Interia, Outlook Express); 0 where words stand between.

    Args:
        lines: As `as_seen` gives them.
        marked: Which lines are marked as quoted.
        position: Where `original_begins`.
    """
    for index in range(position, min(position + _BLOCK_LINES + 4, len(lines))):
        text = lines[index].strip()
        if marked[index]:
            return index - position
        is_head = not text or _field_of(text)[0] or SEPARATOR.match(text) or _is_original(text)
        if not is_head and not lines[index].startswith(" "):
            return 0
    return 0


def _is_original(line: str) -> bool:
    """Between two rules: "-----Original Message-----"."""
    words = line.strip(_RULE)
    ruled = not line[:2].strip(_RULE) and not line[-2:].strip(_RULE)
    return ruled and 0 < len(words) <= len(line) - 4 and _ORIGINAL.fullmatch(words) is not None


def _header_block(lines: list[str], position: int, *, below_rule: bool) -> bool:
    """From, a date, and To or Subject, within a few lines (Outlook, o2, WP, Interia, Zimbra, Notes, phones).

    People fill in such forms too, without a time of day or an address.
    """
    first = _field_of(lines[position])[0]
    if first not in {"from", "date", "to", "subject"}:
        return False
    found: set[str] = set()
    proven = below_rule
    fields = blanks = 0
    awaited = ""
    for line in lines[position : position + _BLOCK_LINES]:
        text = line.strip()
        if not text:
            blanks += 1
            if blanks > fields:
                break
            continue
        field, value = _field_of(text)
        fields += bool(field)
        field, value = (field, value) if field else (awaited, text)  # a value below its name (tables, Notes)
        awaited = field if not value else ""
        if field == "from" and "from" in found:
            break
        if not field or not value:
            continue
        if field == "date":
            if not any(letter.isdigit() for letter in value):
                continue
            proven = proven or _TIME.search(value) is not None
        proven = proven or (field in {"from", "to"} and _MAIL_ADDRESS.search(value) is not None)
        found.add(field)
    needed = {"from", "date"} if first == "from" else {"from", "date", "to", "subject"}
    return proven and needed <= found and bool(found & {"to", "subject"})


def _field_of(line: str) -> tuple[str, str]:
    """Which header field a line names, and its value."""
    if ":" not in line[:40]:
        return "", ""
    match = _FIELD.match(line.strip())
    if match is None:
        return "", ""
    return _FIELD_OF.get(match[1].strip().lower(), ""), match[2].strip(" *_")


def _one_line_block(line: str) -> bool:
    """A header block whose line ends were lost."""
    if not line[:8].lstrip("*_").lower().startswith(("from:", "od:")):
        return False
    lower = line.lower().replace("*", "")
    for names in _ONE_LINE_BLOCKS:
        places = [0]
        for name in names:
            places.append(lower.find(name, places[-1]))
            if places[-1] < 0:
                break
        if places[-1] > 0 and _TIME.search(line):
            return True
    return False
