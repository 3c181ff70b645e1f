"""Reads the contract registry from CSV: one row per device, rows of one contract share its number.

The columns, in any order (Polish names in brackets): contract_number (numer_umowy), customer (klient), nip,
valid_from (wazna_od), valid_to (wazna_do), serial (numer_seryjny), authorised (upowaznieni); optional: model,
language (jezyk), on_site (instalacja_on_site: yes or no). What spreadsheets make of CSV is understood: `;`, `,` or tab
between the columns, UTF-8 with or without a byte order mark or Windows-1250, dates as 2026-12-31 or 31.12.2026.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from bot.errors import OperatorError
from bot.model import Device, Language

_REQUIRED = ("contract_number", "customer", "nip", "valid_from", "valid_to", "serial", "authorised")
_OPTIONAL = ("model", "language", "on_site")
_ALIASES = {
    "numer_umowy": "contract_number",
    "nr_umowy": "contract_number",
    "umowa": "contract_number",
    "klient": "customer",
    "wazna_od": "valid_from",
    "wazna_do": "valid_to",
    "numer_seryjny": "serial",
    "nr_seryjny": "serial",
    "serial_number": "serial",
    "upowaznieni": "authorised",
    "authorized": "authorised",
    "jezyk": "language",
    "instalacja_on_site": "on_site",
    "instalacja_na_miejscu": "on_site",
}
_CONTRACT_FIELDS = {
    "contract_number": "number",
    "customer": "customer",
    "nip": "nip",
    "valid_from": "valid_from",
    "valid_to": "valid_to",
    "authorised": "authorised",
    "language": "language",
    "on_site": "on_site",
}
_YES, _NO = frozenset(["tak", "t", "yes", "y", "true", "1", "x"]), frozenset(["", "nie", "n", "no", "false", "0", "-"])
_SERIAL = re.compile(r"[A-Z0-9-]{10,20}")
_DOMAIN = re.compile(r"(?=.{4,253}$)([^\W_]([\w-]*[^\W_])?\.)+[^\W\d_]{2,}")
_LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}")
_NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)
# Whoever authorised one of these whole domains would authorise everybody who has a mailbox there.
_PUBLIC_MAIL = frozenset(
    domain
    for line in (
        "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com aol.com gmx.com",
        "gmx.net proton.me protonmail.com wp.pl o2.pl tlen.pl go2.pl onet.pl op.pl vp.pl onet.eu poczta.onet.pl",
        "interia.pl interia.eu poczta.fm int.pl gazeta.pl spoko.pl outlook.pl yahoo.pl",
    )
    for domain in line.split(" ")
)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ContractRecord:
    """One contract of the file.

    Attributes:
        number: As written in the file, outer spaces removed.
        nip: Ten digits, checksum verified.
        devices: In the order of the file; `model` is "" where the file says nothing.
        authorised: Addresses ("anna@klient.example") and whole domains ("@klient.example"), lower case, sorted.
        language: What the customer is answered in; None where the file says nothing.
        on_site: Whether the contract has the installation on site; not where the file says nothing.
        line: The first line of the file that describes the contract.
    """

    number: str
    customer: str
    nip: str
    valid_from: date
    valid_to: date
    devices: tuple[Device, ...]
    authorised: tuple[str, ...]
    language: Language | None
    line: int
    on_site: bool = False


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out: the line on which it starts, from 1, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedContracts:
    """What a file holds.

    Attributes:
        contracts: In the order of the file, without the bad rows.
        bad_rows: In the order of the file.
        ignored_columns: Columns of the header that mean nothing here.
    """

    contracts: tuple[ContractRecord, ...]
    bad_rows: tuple[BadRow, ...]
    ignored_columns: tuple[str, ...]


class _BadRowError(Exception):
    """A row is wrong; each argument is one reason."""


def parse_contracts(data: bytes) -> ParsedContracts:
    """Read a CSV file of contracts.

    Args:
        data: The file's octets.

    Raises:
        OperatorError: The file as a whole cannot be read: no text, no header, a column missing.
    """
    text = _decode(data)
    bad_rows: list[BadRow] = []
    rows = _rows(text, bad_rows)
    _, header = next(rows, (0, []))
    if not header or bad_rows:
        raise OperatorError("the file is empty" if not bad_rows else f"the header: {bad_rows[0].reason}")
    columns, ignored = _columns(header)
    contracts: dict[str, list[ContractRecord]] = {}
    for line, cells in rows:
        try:
            record = _record(line, _by_name(cells, columns, len(header)))
            same = contracts.setdefault(_key(record.number), [])
            _agree(same, record)
        except _BadRowError as error:
            bad_rows.append(BadRow(line, "; ".join(error.args)))
        else:
            same.append(record)
    merged = tuple(_merged(same) for same in contracts.values() if same)
    return ParsedContracts(merged, tuple(sorted(bad_rows, key=lambda row: row.line)), ignored)


def _decode(data: bytes) -> str:
    if b"\0" in data:
        raise OperatorError("the file is no CSV text (a workbook or UTF-16?); save it as CSV UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            return data.decode("cp1250")
        except UnicodeDecodeError:
            raise OperatorError("the file is neither UTF-8 nor Windows-1250 text; save it as CSV UTF-8") from None


def _rows(text: str, bad_rows: list[BadRow]) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, header first, each with the line on which it starts."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(";,\t", key=header.count)  # the columns' names hold none of the three
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            bad_rows.append(BadRow(line, f"cannot be read: {error} (quotation marks have to come in pairs)"))
            continue
        if any(cell.strip() for cell in cells):
            yield line, cells


def _columns(header: list[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where each column is, and which titles mean nothing."""
    columns: dict[str, int] = {}
    ignored: list[str] = []
    for index, title in enumerate(header):
        plain = _plain(title)
        name = _ALIASES.get(plain, plain)
        if name in columns:
            raise OperatorError(f"the header names {name} twice")
        if name in _REQUIRED or name in _OPTIONAL:
            columns[name] = index
        elif name:
            ignored.append(title.strip())
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        known = ", ".join((*_REQUIRED, *_OPTIONAL))
        raise OperatorError(f"the header lacks {', '.join(missing)}; the first line names the columns: {known}")
    return columns, tuple(ignored)


def _plain(title: str) -> str:
    """A title without capitals, Polish marks and spaces: "Ważna od" is wazna_od."""
    letters = unicodedata.normalize("NFKD", title.strip().lower().replace("ł", "l"))
    return re.sub(r"[\s-]+", "_", "".join(sign for sign in letters if not unicodedata.combining(sign)))


def _by_name(cells: list[str], columns: Mapping[str, int], width: int) -> dict[str, str]:
    if any(cell.strip() for cell in cells[width:]):
        hint = "a value that holds the sign between columns needs quotation marks"
        raise _BadRowError(f"has {len(cells)} columns where the header has {width}; {hint}")
    if len(cells) <= max(columns[name] for name in _REQUIRED):
        raise _BadRowError(f"has {len(cells)} columns where the header has {width}")
    return {name: " ".join(cells[index].split()) for name, index in columns.items() if index < len(cells)}


def _record(line: int, values: Mapping[str, str]) -> ContractRecord:
    """The row as a contract with one device. Raises _BadRowError with every reason at once."""
    reasons: list[str] = []

    def read(name: str, convert: Callable[[str], _T], instead: _T) -> _T:
        try:
            return convert(values.get(name, ""))
        except ValueError as error:
            reasons.append(f"{name}: {error}")
            return instead

    record = ContractRecord(
        number=read("contract_number", _number, ""),
        customer=read("customer", _customer, ""),
        nip=read("nip", _nip, ""),
        valid_from=read("valid_from", _day, date.min),
        valid_to=read("valid_to", _day, date.max),
        devices=(Device(read("serial", _serial, ""), values.get("model", "")),),
        authorised=read("authorised", _authorised, ()),
        language=read("language", _language, None),
        line=line,
        on_site=read("on_site", _yes, False),
    )
    if record.valid_from > record.valid_to:
        reasons.append(f"valid_from: {record.valid_from} is after valid_to, {record.valid_to}")
    if reasons:
        raise _BadRowError(*reasons)
    return record


def _number(text: str) -> str:
    if re.fullmatch(r"\d+([.,]\d+)?E\+?\d+", text, re.IGNORECASE):
        raise ValueError(f"{text!r} was rounded by a spreadsheet; format the column as text")
    if len(text) > 64 or not re.search(r"\d", text):
        raise ValueError(f"{text!r} is no contract number; it holds at least one digit and up to 64 signs")
    return text


def _customer(text: str) -> str:
    if not text or len(text) > 200:
        raise ValueError("the customer's name is empty or longer than 200 signs")
    return text


def _nip(text: str) -> str:
    digits = re.sub(r"[\s-]|^PL", "", text.upper())
    if not re.fullmatch(r"[0-9]{10}", digits):
        raise ValueError(f"{text!r} is no NIP; it has ten digits")
    check = sum(weight * int(digit) for weight, digit in zip(_NIP_WEIGHTS, digits[:9], strict=True)) % 11
    if check != int(digits[9]) or digits == "0000000000":
        raise ValueError(f"{text!r} is no NIP; its check digit is wrong")
    return digits


def _day(text: str) -> date:
    try:
        if match := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text, re.ASCII):
            return date(int(match[3]), int(match[2]), int(match[1]))
        if match := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text, re.ASCII):
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise ValueError(f"{text!r} is not in the calendar") from None
    raise ValueError(f"{text!r} is no date such as 2026-12-31 or 31.12.2026")


def _serial(text: str) -> str:
    serial = text.upper().replace(" ", "")
    if not _SERIAL.fullmatch(serial):
        raise ValueError(f"{text!r} is no serial number; it has 10 to 20 letters and digits")
    return serial


def _authorised(text: str) -> tuple[str, ...]:
    entries = set()
    for item in filter(None, re.split(r"[;,|\s]+", text.lower())):
        local, _, domain = item.rpartition("@")
        if not _DOMAIN.fullmatch(domain) or (local and not _LOCAL_PART.fullmatch(local)):
            raise ValueError(f"{item!r} is neither an address nor a domain such as @klient.example")
        if not local and domain in _PUBLIC_MAIL:
            raise ValueError(f"@{domain} is public mail: everybody has addresses there; name the persons' addresses")
        entries.add(f"{local}@{domain}")
    if not entries:
        raise ValueError("nobody is named; give addresses or domains such as @klient.example")
    return tuple(sorted(entries))


def _language(text: str) -> Language | None:
    try:
        return Language(text.lower()) if text else None
    except ValueError:
        raise ValueError(f"{text!r} is neither pl nor en") from None


def _yes(text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise ValueError(f"{text!r} is neither yes nor no")
    return text.lower() in _YES


def _key(number: str) -> str:
    """What two spellings of one number share, so that they meet here and not in the registry."""
    return re.sub(r"[^0-9A-Z]", "", number.upper())


def _agree(earlier: list[ContractRecord], record: ContractRecord) -> None:
    """Raise _BadRowError unless the record describes the same contract and adds a device."""
    if not earlier:
        return
    first = earlier[0]
    reasons = [
        f"{column}: differs from line {first.line} of the same contract"
        for column, name in _CONTRACT_FIELDS.items()
        if getattr(record, name) != getattr(first, name)
    ]
    reasons += [
        f"serial: {record.devices[0].serial} stands on line {other.line} already"
        for other in earlier
        if other.devices[0].serial == record.devices[0].serial
    ]
    if reasons:
        raise _BadRowError(*reasons)


def _merged(records: list[ContractRecord]) -> ContractRecord:
    return replace(records[0], devices=tuple(record.devices[0] for record in records))
