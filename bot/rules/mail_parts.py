"""MIME structure of a mail (RFC 2045, 2046) as a bounded tree of ranges: nothing is copied, nothing recurses deeply.

The standard library's parser takes 11 s for 25 MB of empty lines and raises RecursionError on nested multiparts, so
the structure is found here by searching for boundaries; the standard library only reads the parameters of a header.
"""

from __future__ import annotations

import binascii
import codecs
import re
from dataclasses import dataclass, field
from email.message import Message

from bot.rules.mail_charsets import decode_header

_HEADER_LINE = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
_CONTENT_TYPE = re.compile(r"[\w!#$&^.+-]{1,80}/[\w!#$&^.+-]{1,80}", re.ASCII)
_GUESSED_BOUNDARY = re.compile(rb"(?<![^\n])--([^\r\n]{1,200}?)[ \t]*\r?\n(?=[Cc]ontent-[A-Za-z-]{1,40}[ \t]*:)")
_MULTIPART = "multipart/"
ATTACHED_MAILS = frozenset({"message/rfc822", "message/global"})
_LONGEST_PARAMETERS = 4_000
_UUENCODED = frozenset({"x-uuencode", "x-uue", "uuencode", "uue"})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a mail is looked at; what is beyond is named in the mail's problems.

    Attributes:
        header_octets: Length of one header block.
        header_fields: Fields in one header block.
        parts: MIME parts in the whole mail.
        depth: Nesting of multiparts and attached mails.
        boundary_candidates: Lines that begin like a boundary, looked at in the whole mail.
        text_octets: All text parts together, decoded, attached mails included.
    """

    header_octets: int = 262_144
    header_fields: int = 1_000
    parts: int = 1_000
    depth: int = 20
    boundary_candidates: int = 20_000
    text_octets: int = 1_000_000


@dataclass(slots=True)
class Header:
    """A header block: raw, unfolded values by lower-case name, and where the body begins."""

    fields: dict[str, list[bytes]] = field(default_factory=dict)
    body_start: int = 0

    def all(self, name: str) -> list[bytes]:
        """Every value of a field, top-most first."""
        return self.fields.get(name, [])

    def text(self, name: str, limit: int = 10_000) -> str:
        """The top-most value with its octets and encoded words decoded; "" where there is none."""
        values = self.fields.get(name)
        return decode_header(values[0][:limit]) if values else ""


@dataclass(slots=True)
class Part:
    """One MIME entity: its header and the range of its body in `octets`."""

    octets: bytes
    header: Header
    start: int
    end: int
    content_type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    filename: str = ""
    parent: Part | None = None
    children: list[Part] = field(default_factory=list)

    def body(self, limit: int | None = None) -> bytes:
        """The content with its transfer encoding removed, however broken that is; at most `limit` octets."""
        encoding = self.header.text("content-transfer-encoding", 100).strip().strip("\"'").lower()
        # Four octets of base64 carry three, and lines end; three octets of quoted-printable carry one at worst.
        end = self.end if limit is None else min(self.end, self.start + 3 * limit)
        if encoding == "base64":
            content = decode_base64(self.octets, self.start, end)
        elif encoding == "quoted-printable":
            content = binascii.a2b_qp(memoryview(self.octets)[self.start : end])
        elif encoding in _UUENCODED:
            content = _decode_uu(self.octets[self.start : end])
        else:
            content = self.octets[self.start : end]
        return content if limit is None else content[:limit]


@dataclass(slots=True)
class Reader:
    """Reads one mail into a tree of parts, within limits, noting what was broken.

    Attributes:
        text_left: How many octets of text may still be read.
        tags_laid_out: How many tags of HTML were, over all parts.
    """

    limits: Limits
    problems: list[str] = field(default_factory=list)
    text_left: int = field(init=False)
    tags_laid_out: int = 0
    _parts: int = 0
    _candidates: int = 0

    def __post_init__(self) -> None:
        self.text_left = self.limits.text_octets

    def take_part(self) -> bool:
        """Count one more part; False, and noted, where the mail has too many."""
        if self._parts >= self.limits.parts:
            self.note(f"more than {self.limits.parts} parts")
            return False
        self._parts += 1
        return True

    def read(self, octets: bytes) -> Part:
        """Read a whole mail; its root part has the mail's own header."""
        octets = _straightened(octets)
        return self._entity(octets, 0, len(octets), parent=None, depth=0)

    def read_header(self, octets: bytes) -> Part:
        """The same, but of its root part only the header is read, and nothing of what that says about the content."""
        octets = _straightened(octets)
        header = self._header(octets, 0, len(octets))
        return Part(octets, header, header.body_start, len(octets), parent=None)

    def note(self, problem: str) -> None:
        """Remember what was broken, each thing once."""
        if problem not in self.problems and len(self.problems) < 30:
            self.problems.append(problem)

    def _entity(self, octets: bytes, start: int, end: int, parent: Part | None, depth: int) -> Part:
        self._parts += 1
        header = self._header(octets, start, end)
        part = Part(octets, header, header.body_start, end, parent=parent)
        self._describe(part)
        if part.content_type.startswith(_MULTIPART) or part.content_type in ATTACHED_MAILS:
            if depth >= self.limits.depth:
                self.note(f"parts nested deeper than {self.limits.depth}")
            elif part.content_type in ATTACHED_MAILS:
                self._attached_mail(part, depth)
            else:
                self._multipart(part, depth)
        return part

    def _header(self, octets: bytes, start: int, end: int) -> Header:
        """Read a header block (RFC 5322 §2.2), forgiving mbox lines, stray lines and a missing blank line."""
        header = Header()
        limit = min(end, start + self.limits.header_octets)
        position, count = start, 0
        current: list[bytes] = []
        name = ""
        while position < limit and count < self.limits.header_fields:
            following = octets.find(b"\n", position, limit) + 1 or limit
            line = octets[position:following].rstrip(b"\r\n")
            if not line:
                position = following
                break
            if line[:1] in b" \t":
                current.append(line)
            elif match := _HEADER_LINE.match(line):
                self._finish_field(header, name, current)
                name, current = match[1].decode("ascii").lower(), [match[2]]
                count += 1
            elif not line.startswith((b"From ", b">From ")):
                after = octets[following : following + 200]
                if not _HEADER_LINE.match(after.partition(b"\n")[0]):
                    self.note("no blank line after the header")
                    break
                self.note("a line in the header that is no field")
            position = following
        else:
            if position < end:
                self.note("header too long")
        self._finish_field(header, name, current)
        header.body_start = position
        return header

    def _finish_field(self, header: Header, name: str, lines: list[bytes]) -> None:
        if name:
            value = b"".join(lines).strip().replace(b"\0", b"")
            header.fields.setdefault(name, []).append(value)

    def _describe(self, part: Part) -> None:
        """Work out type, parameters, disposition and file name."""
        default = "message/rfc822" if part.parent and part.parent.content_type == "multipart/digest" else "text/plain"
        content_type, part.parameters = self._parameters(part.header, "content-type")
        if content_type and not _CONTENT_TYPE.fullmatch(content_type):
            self.note(f"content type {content_type[:40]!r}")
            content_type = "application/octet-stream" if part.parent else "text/plain"
        part.content_type = content_type or default
        part.disposition, parameters = self._parameters(part.header, "content-disposition")
        part.filename = parameters.get("filename") or part.parameters.get("name") or ""

    def _parameters(self, header: Header, name: str) -> tuple[str, dict[str, str]]:
        """A structured field's first word, lower case, and its parameters (RFC 2045 §5.1, RFC 2231)."""
        values = header.all(name)
        if not values:
            return "", {}
        # Encoded words stay: decoded now, their text could not be told from the syntax around them.
        text = values[0][:_LONGEST_PARAMETERS].decode("utf-8", "replace")
        message = Message()
        message[name] = text.replace("\r", " ").replace("\n", " ")
        try:
            pairs = message.get_params([], header=name)
            # The first of a name counts; RFC 2231 forms count before plain ones, which stand by for old programs.
            decoded: dict[str, str] = {}
            for is_extended in (True, False):
                for key, value in pairs[1:]:
                    if isinstance(value, tuple) is is_extended:
                        decoded.setdefault(key.lower(), _collapse(value))
        except Exception as error:  # noqa: BLE001  # the standard library raises all sorts on broken parameters
            self.note(f"{name} parameters ({type(error).__name__})")
            return text.partition(";")[0].strip().lower(), {}
        first = pairs[0][0] if pairs else ""
        return first.strip().lower(), decoded

    def _multipart(self, part: Part, depth: int) -> None:
        boundary = part.parameters.get("boundary", "").encode("utf-8", "replace")
        if not boundary or part.octets.find(b"--" + boundary, part.start, part.end) < 0:
            guess = _GUESSED_BOUNDARY.search(part.octets, part.start, min(part.end, part.start + 20_000))
            if guess is None:
                self.note("multipart without its boundary")
                part.content_type = "text/plain"
                return
            self.note("boundary guessed")
            boundary = guess[1]
        for start, end in self._ranges(part, b"--" + boundary):
            if self._parts >= self.limits.parts:
                self.note(f"more than {self.limits.parts} parts")
                return
            part.children.append(self._entity(part.octets, start, end, part, depth + 1))

    def _ranges(self, part: Part, delimiter: bytes) -> list[tuple[int, int]]:
        """Where the parts between delimiter lines are (RFC 2046 §5.1.1)."""
        octets, ranges = part.octets, []
        position, opened = part.start, -1
        while (found := octets.find(delimiter, position, part.end)) >= 0:
            self._candidates += 1
            if self._candidates > self.limits.boundary_candidates:
                self.note("too many boundary lines")
                break
            line_end = octets.find(b"\n", found, part.end) + 1 or part.end
            rest = octets[found + len(delimiter) : min(line_end, found + len(delimiter) + 80)].strip()
            position = found + len(delimiter)
            if (found > part.start and octets[found - 1] != 0x0A) or rest not in {b"", b"--"}:
                continue
            if opened >= 0:
                ranges.append((opened, _before_line_end(octets, opened, found)))
            opened, position = line_end, line_end
            if rest == b"--":
                return ranges
            if len(ranges) > self.limits.parts:
                break
        if opened >= 0:
            self.note("last boundary missing")
            ranges.append((opened, part.end))
        return ranges

    def _attached_mail(self, part: Part, depth: int) -> None:
        encoding = part.header.text("content-transfer-encoding", 100).strip().lower()
        if encoding in {"base64", "quoted-printable"}:  # RFC 2046 §5.2.1 forbids it, mailers do it
            octets = part.body()
            part.children.append(self._entity(octets, 0, len(octets), part, depth + 1))
        else:
            part.children.append(self._entity(part.octets, part.start, part.end, part, depth + 1))


def _before_line_end(octets: bytes, start: int, end: int) -> int:
    """The line end before a delimiter belongs to the delimiter."""
    if end > start and octets[end - 1] == 0x0A:
        end -= 1
        if end > start and octets[end - 1] == 0x0D:
            end -= 1
    return max(start, end)


def _collapse(value: str | tuple[str | None, str | None, str]) -> str:
    """A parameter's text; RFC 2231 gives it as charset, language and percent-decoded octets in latin-1."""
    if isinstance(value, tuple):
        charset, _, text = value
        try:
            return text.encode("latin-1").decode(charset or "utf-8", "replace")
        except (LookupError, UnicodeError):
            return text
    return value


def decode_base64(octets: bytes, start: int = 0, end: int | None = None) -> bytes:
    """Decode base64 however broken: foreign octets skipped, padding missing or in the middle, cut in a quadruple."""
    end = len(octets) if end is None else end
    padding = octets.find(b"=", start, end)
    if padding < 0 or not octets[padding : min(end, padding + 10_000)].strip(b"\r\n\t ="):
        try:
            return binascii.a2b_base64(memoryview(octets)[start:end])  # without another copy of a large attachment
        except binascii.Error:
            pass
    return b"".join(_decode_run(run) for run in re.split(rb"=+", octets[start:end], maxsplit=1_000))


_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))


def _decode_run(run: bytes) -> bytes:
    letters = run.translate(None, _NOT_BASE64)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _decode_uu(content: bytes) -> bytes:
    """Decode uuencoded lines; what is none is skipped."""
    decoded = []
    for line in content.split(b"\n")[:1_000_000]:
        if line.startswith((b"begin ", b"end")) or not line.strip():
            continue
        try:
            decoded.append(binascii.a2b_uu(line.rstrip(b"\r")))
        except binascii.Error:
            try:  # some encoders count or fill wrongly: believe the length octet (as uuencode.py of old did)
                decoded.append(binascii.a2b_uu(line[: (((line[0] - 32) & 63) * 4 + 5) // 3]))
            except binascii.Error:
                continue
    return b"".join(decoded)


def _straightened(octets: bytes) -> bytes:
    octets = octets.removeprefix(codecs.BOM_UTF8)  # editors put it before what they save
    has_only_returns = octets.find(b"\n") < 0 and octets.find(b"\r") >= 0
    return octets.replace(b"\r", b"\n") if has_only_returns else octets
