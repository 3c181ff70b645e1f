"""Finding Fortinet serial numbers in whatever people write.

A serial number is a prefix of six characters that names the model and ten characters behind it: `FG100D3G13803999`.
What is written like one, also in groups or broken over a line, is found; what becomes one by reading O as 0, I as 1 or
a Cyrillic letter as its Latin twin is a suggestion, to be asked back and never assumed; what nearly is one is named, so
that the answer can say what is wrong with it. Nothing is ever cut to fit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice

from bot.rules.folding import readable
from bot.rules.polish_numbers import is_nip
from bot.rules.serial_prefixes import (
    PREFIX_LENGTH,
    SERIAL_LENGTH,
    Reading,
    prefix_of,
    read_serial,
    serial_pattern,
)

MAX_READ = 2000
"""How many pieces of one text are read closely, not counting repetitions; a large network's log names fewer."""

_GLUED_LABEL = re.compile(
    r"[sSnN](?:(?<![^\W_].)(?i:(?<=s)erial(?:number|no)?|(?<=s)eryjny|(?<=n)umer|(?<=s)n|(?<=n)r)|(?<=[sS]/.))"
    r"(?=[FSPEfspe][^\W_]{15}(?![^\W_]))",
    re.ASCII,
)
_SEPARATOR = r"(?=[^0-9A-Za-z])(?:[ \t]{0,9}[-=]?(?:\r?\n[ \t>|]{0,9}){1,2}|[ \t]?-[ \t]?|[ \t]{1,3})"
_SEPARATED = re.compile(_SEPARATOR)
_LONG_WORD = re.compile(r"[FSPEfspeЅѕРрЕеΕΡ](?<![^\W_].)(?=[^\W\d_]*[0-9])[^\W_]{9,}")
_DIGITS_FOLLOW = {
    "space": re.compile(r"[ \t]{1,3}[0-9]{1,16}(?![^\W_])", re.ASCII),
    "hyphen": re.compile(r"[ \t]?-[ \t]?[0-9]{1,16}(?![^\W_])", re.ASCII),
}
_ENDS_LINE = re.compile(r"[ \t.,;)]{0,9}(?:\r?\n|\Z)")
_DATE = re.compile(r"20[0-9]{2}[-. ]?(?:0[1-9]|1[0-2])[-. ]?(?:0[1-9]|[12][0-9]|3[01])", re.ASCII)
_LABEL_PATTERN = (
    r"[sSnN](?<![^\W_].)"
    r"(?i:(?<=s)(?:/?n|erial(?:[ -]?(?:number|num|no|nr))?|eryjn\w{0,4})|(?<=n)(?:umer\w{0,4}|r)\.?[ \t]?ser\w{0,8})"
    r"(?![^\W_])\.?[ \t]{0,9}(?:[:=#-][ \t]{0,9})?(?:\r?\n[ \t>]{0,9})?"
)
_LABEL = re.compile(_LABEL_PATTERN)
_LABEL_BEFORE = re.compile(_LABEL_PATTERN + r"\Z")
_LABELLED = re.compile(r"(?=(?:[A-Za-z]*[0-9]){4})[0-9A-Za-z]{8,40}(?![^\W_])", re.ASCII)
_LABELLED_GROUPS = re.compile(r"F[0-9A-Za-z]{2,15}(?:[ -][0-9]{2,10}){1,5}(?![^\W_])", re.ASCII)
_SESSION = re.compile(r"=[0-9a-f]{8}(?![^\W_])")
"""FortiOS prints the number of a session so (`diagnose sys session list`)."""
_NEAR_MISS = re.compile(r"(?=(?:[A-Z]*[0-9]){4})[0-9A-Z]{10,40}", re.ASCII)
_UNLISTED = re.compile(r"F[GWR][0-9A-Z]{4}[0-9A-Z]{2}[0-9]{2}(?=(?:[A-Z]*[0-9]){2})[0-9A-Z]{6}", re.ASCII)
_UNLISTED_NEAR_MISS = re.compile(r"F[GWR](?=(?:[A-Z]*[0-9]){6})[0-9A-Z]{8,18}", re.ASCII)
_UNLICENSED = re.compile(r"FGVM[0-9A-Z]{2}UNLICENSED", re.ASCII)


@dataclass(frozen=True, slots=True)
class SerialNumber:
    """A well-formed serial number.

    Attributes:
        serial: Upper case, as the vendor prints it.
        product: "FortiGate", "FortiGate-VM", "FortiWiFi", "FortiSwitch" ...
        model: The product as customers know it, for example "FortiGate-100D".
        needs_chassis: It is a module's or blade's serial: the chassis' serial is needed as well.
    """

    serial: str
    product: str
    model: str
    needs_chassis: bool = False


@dataclass(frozen=True, slots=True)
class SerialSuggestion:
    """Something that may be a serial number with mistaken letters; to be asked back, never assumed."""

    seen: str
    suggested: str
    product: str


@dataclass(frozen=True, slots=True)
class SerialFindings:
    """What a text says about serial numbers; everything in the order of the text and once.

    Attributes:
        fortigate: Serials that the service covers: FortiGate, FortiWiFi, their virtual machines and modules.
        other_products: Serials of other Fortinet products.
        suggestions: What is probably meant, but not written.
        unlicensed_vm: The placeholder of a virtual machine without a licence was given.
        wrong_length: Nearly a serial, but of a wrong length or shape; as written.
        unlisted: Well-formed FortiGate serials of a model that is not in the list; the contract registry decides.
    """

    fortigate: tuple[SerialNumber, ...] = ()
    other_products: tuple[SerialNumber, ...] = ()
    suggestions: tuple[SerialSuggestion, ...] = ()
    unlicensed_vm: bool = False
    wrong_length: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()

    @property
    def devices(self) -> tuple[SerialNumber, ...]:
        """The covered serials that stand for a whole device."""
        return tuple(found for found in self.fortigate if not found.needs_chassis)

    @property
    def modules(self) -> tuple[SerialNumber, ...]:
        """The covered serials that are modules: their chassis' serial is to be asked for."""
        return tuple(found for found in self.fortigate if found.needs_chassis)


@dataclass(slots=True)
class _Found:
    """What was found so far; dictionaries keep the order and drop repetitions."""

    fortigate: dict[str, SerialNumber] = field(default_factory=dict)
    other_products: dict[str, SerialNumber] = field(default_factory=dict)
    suggestions: dict[str, SerialSuggestion] = field(default_factory=dict)
    unlicensed_vm: bool = False
    wrong_length: dict[str, None] = field(default_factory=dict)
    unlisted: dict[str, None] = field(default_factory=dict)

    def add(self, reading: Reading, seen: str, *, sure: bool) -> None:
        prefix = reading.prefix
        if not sure:
            suggestion = SerialSuggestion(" ".join(seen.split()), reading.serial, prefix.product)
            self.suggestions.setdefault(reading.serial, suggestion)
            return
        kind = self.fortigate if prefix.is_fortigate else self.other_products
        kind.setdefault(reading.serial, SerialNumber(reading.serial, prefix.product, prefix.model, prefix.is_module))

    def result(self) -> SerialFindings:
        known = self.fortigate.keys() | self.other_products.keys()
        return SerialFindings(
            fortigate=tuple(self.fortigate.values()),
            other_products=tuple(self.other_products.values()),
            suggestions=tuple(s for serial, s in self.suggestions.items() if serial not in known),
            unlicensed_vm=self.unlicensed_vm,
            wrong_length=tuple(self.wrong_length),
            unlisted=tuple(self.unlisted),
        )


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a text that may be a serial number: one word, or a few that belong together."""

    text: str
    start: int
    written: str

    @property
    def end(self) -> int:
        return self.start + len(self.written)

    @property
    def groups(self) -> list[str]:
        return _SEPARATED.split(self.written)

    @property
    def letters(self) -> str:
        return "".join(self.groups)

    @property
    def separators(self) -> set[str]:
        """How the groups are separated: "space", "hyphen", "line"."""
        return {
            "line" if "\n" in separator else "hyphen" if "-" in separator else "space"
            for separator in _SEPARATED.findall(self.written)
        }

    @property
    def hyphen_at(self) -> frozenset[int]:
        """The places in `letters` where a hyphen stood."""
        return frozenset(
            len("".join(_SEPARATED.split(self.written[: separator.start()])))
            for separator in _SEPARATED.finditer(self.written)
            if "-" in separator[0]
        )

    @property
    def is_labelled(self) -> bool:
        """Whether "S/N:", "numer seryjny" or the like stands right before it."""
        return _LABEL_BEFORE.search(self.text[max(0, self.start - 48) : self.start]) is not None

    def digits_follow(self, separator: str) -> bool:
        """Whether more digits stand behind it, separated in that way."""
        return separator in self.separators and bool(_DIGITS_FOLLOW[separator].match(self.text, self.end))


def find_serials(text: str) -> SerialFindings:
    """What a text, as a mail or Slack gives it, says about serial numbers; in time proportional to its length."""
    text = readable(text)
    found = _Found()
    read_at: set[int] = set()
    read_to = 0
    known: set[str] = set()
    reads = 0
    for start, end in _spans(text):
        if start < read_to:
            continue
        written = text[start:end]
        if written not in known:  # a log says the same serial a thousand times
            reads += 1
            if reads > MAX_READ:
                break
            if not _read(_Piece(text, start, written), found):
                continue
            known.add(written)
        read_at.add(start)
        read_to = end
    for label in islice(_LABEL.finditer(text), MAX_READ):
        if label.end() not in read_at:
            _note_labelled(text, label.end(), found)
    return found.result()


def serial_spans(text: str) -> list[tuple[int, int]]:
    """Where a readable text spells or nearly spells serials, for rules that must not take them for something else."""
    return [
        (start, end)
        for start, end in islice(_spans(text), MAX_READ)
        if read_serial(_Piece(text, start, text[start:end]).letters)
    ]


def _spans(text: str) -> list[tuple[int, int]]:
    """Where serials may stand, in the order of the text; of several that start at one place the longest is first."""
    spans = {word.span() for word in _LONG_WORD.finditer(text)}
    spans |= {(match.start(), match.end(1)) for match in serial_pattern(_SEPARATOR).finditer(text)}
    spans |= {(label.end(), label.end() + SERIAL_LENGTH) for label in _GLUED_LABEL.finditer(text)}
    return sorted(spans, key=lambda span: (span[0], -span[1]))


def _read(piece: _Piece, found: _Found) -> bool:
    """Whether the piece was something; what it was is added to what was found."""
    reading = read_serial(piece.letters, piece.hyphen_at)
    if reading is None:
        return _note_unreadable(piece.written, found)
    if len(piece.groups) == 1 or piece.written.upper() == reading.serial:
        sure = reading.exact and not piece.digits_follow("hyphen")
    elif _can_be_one(piece, reading):
        sure = reading.exact and _is_surely_one(piece)
    else:
        return False
    found.add(reading, piece.written, sure=sure)
    return True


def _can_be_one(piece: _Piece, reading: Reading) -> bool:
    """Whether the groups can be one serial, and are no model with a date, a telephone number or an article number."""
    if piece.digits_follow("hyphen"):
        return False  # longer than a serial
    if piece.is_labelled:
        return True
    tail = reading.serial[PREFIX_LENGTH:]
    if _DATE.search(piece.written) or tail[2:4] > "49":
        return False
    return "line" not in piece.separators or (
        not tail.isdigit() and _ENDS_LINE.match(piece.text, piece.end) is not None
    )


def _is_surely_one(piece: _Piece) -> bool:
    """Whether the groups leave no doubt: grouped in one way, and nothing of the text around them fits as well."""
    groups = piece.groups
    if piece.digits_follow("space"):
        return False
    if "space" in piece.separators and len(piece.written.split()[0]) >= SERIAL_LENGTH - 3:
        return False  # "FG100D3G1380399 9 pieces"
    if piece.is_labelled:
        return True
    return len(piece.separators) == 1 and "line" not in piece.separators and not is_nip(groups[-1])


def _note_unreadable(word: str, found: _Found) -> bool:
    """Note a single word that is like a serial of a covered device but does not read as one."""
    if _UNLICENSED.fullmatch(word.upper()):
        found.unlicensed_vm = True
        return True
    if not word.isascii() or not (word.isupper() or word.islower()):
        return False  # base64 and the like
    upper = word.upper()
    if _UNLISTED.fullmatch(upper) and prefix_of(upper) is None:
        found.unlisted.setdefault(upper)
    elif (prefix_of(upper) and _NEAR_MISS.fullmatch(upper)) or _UNLISTED_NEAR_MISS.fullmatch(upper):
        if "BDL" in upper:
            return False  # an article number without its hyphens
        found.wrong_length.setdefault(word)
    else:
        return False
    return True


def _note_labelled(text: str, start: int, found: _Found) -> None:
    """Note what somebody calls a serial number although it reads as none."""
    if _SESSION.match(text, start - 1):
        return
    given = _LABELLED_GROUPS.match(text, start) or _LABELLED.match(text, start)
    if given and given[0] not in found.wrong_length and given[0].upper() not in found.unlisted:
        found.wrong_length.setdefault(given[0])
