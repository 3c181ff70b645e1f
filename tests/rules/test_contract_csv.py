"""Contracts from CSV: what spreadsheets write is understood, what is wrong is named with its line."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import OperatorError
from bot.model import Device, Language
from bot.rules.contract_csv import BadRow, parse_contracts

DATA = Path(__file__).parents[1] / "data"
HEADER = ["contract_number", "customer", "nip", "valid_from", "valid_to", "serial", "model", "authorised", "language"]
GOOD = {
    "contract_number": "HZ360-2026-000001",
    "customer": "Klient S.A.",
    "nip": "525-240-00-03",
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
    "serial": "FG101E4Q17000045",
    "model": "FortiGate-101E",
    "authorised": "anna@klient.example",
    "language": "pl",
}


def table(*rows: dict[str, str]) -> bytes:
    """A file of these rows, each the good one with differences."""
    lines = [HEADER, *([({**GOOD, **row})[name] for name in HEADER] for row in rows)]
    return "\n".join(",".join(f'"{cell}"' for cell in line) for line in lines).encode()


def reason(**changes: str) -> str:
    """Why a row with these differences is left out."""
    parsed = parse_contracts(table(changes))
    assert parsed.contracts == ()
    (bad,) = parsed.bad_rows
    assert bad.line == 2
    return bad.reason


def test_a_file_as_a_polish_spreadsheet_writes_it() -> None:
    parsed = parse_contracts((DATA / "contracts.csv").read_bytes())
    first, second = parsed.contracts
    assert first.number == "1234AB123456"
    assert first.customer == "Klient Przykładowy S.A."
    assert first.nip == "5252400003"
    assert (first.valid_from, first.valid_to) == (date(2026, 1, 1), date(2026, 12, 31))
    assert first.devices == (Device("FG101E4Q17000045", "FortiGate-101E"), Device("FG100D3G13803999", ""))
    assert first.authorised == ("@klient.example", "anna@klient.example")
    assert (first.language, first.line) == (Language.PL, 2)
    assert second.customer == 'Gąsior "Gęś" Sp. z o.o.'
    assert second.devices == (Device("FG800C3912801080", "FortiGate-800C"),)
    assert second.language is None
    assert parsed.bad_rows == (
        BadRow(5, "nip: '8982000017' is no NIP; its check digit is wrong"),
        BadRow(6, "valid_to: differs from line 4 of the same contract"),
    )
    assert parsed.ignored_columns == ("Uwagi",)


def test_the_demo_registry_is_without_fault() -> None:
    parsed = parse_contracts(files("bot.sandbox").joinpath("data/demo_contracts.csv").read_bytes())
    assert parsed.bad_rows == ()
    assert parsed.ignored_columns == ()
    assert len(parsed.contracts) == 6
    by_number = {contract.number: contract for contract in parsed.contracts}
    assert "anna.nowak@mleczarnia.example" in by_number["HZ360-2026-000101"].authorised
    assert by_number["HZ360-2026-000102"].language is Language.EN
    assert len(by_number["HZ360-2026-000103"].devices) == 2
    expired = [contract.number for contract in parsed.contracts if contract.valid_to < date(2026, 1, 1)]
    assert expired == ["HZ360-2024-000087"]
    serials = [device.serial for contract in parsed.contracts for device in contract.devices]
    real = {line.split(",")[0] for line in (DATA / "serial_samples.csv").read_text().splitlines()}
    assert len(set(serials)) == len(serials)
    assert set(serials) <= real


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1250"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends(encoding: str, delimiter: str, ending: str) -> None:
    text = ending.join(
        delimiter.join(f'"{cell}"' for cell in line)
        for line in (HEADER, [*GOOD.values()], ["", *[""] * 8], [*GOOD.values()])
    )
    parsed = parse_contracts(text.replace("Klient S.A.", "Żółw Łódź").encode(encoding))
    assert [contract.customer for contract in parsed.contracts] == ["Żółw Łódź"]
    assert parsed.bad_rows == (BadRow(4, "serial: FG101E4Q17000045 stands on line 2 already"),)


def test_columns_in_any_order_by_either_name() -> None:
    titles = ["Upoważnieni", "NUMER SERYJNY", "ważna-do", "Ważna  od", "nip", "klient", "Numer umowy"]
    cells = ["@klient.example", "FG101E4Q17000045", "31.12.2026", "1.1.2026", "5252400003", "Klient", "U/1/2026"]
    (contract,) = parse_contracts("\n".join(map(";".join, (titles, cells))).encode()).contracts
    assert (contract.number, contract.valid_from, contract.language) == ("U/1/2026", date(2026, 1, 1), None)


def test_missing_cells_of_optional_columns_at_the_end() -> None:
    row = table({}).replace(b',"pl"', b"")
    assert parse_contracts(row).contracts[0].language is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"contract_number": ""}, "contract_number: '' is no contract number"),
        ({"contract_number": "brak"}, "contract_number: 'brak' is no contract number"),
        ({"contract_number": "1,23457E+11"}, "contract_number: '1,23457E+11' was rounded by a spreadsheet"),
        ({"customer": " "}, "customer: the customer's name is empty"),
        ({"nip": "525-240-00-04"}, "nip: '525-240-00-04' is no NIP; its check digit is wrong"),
        ({"nip": "0000000000"}, "nip: '0000000000' is no NIP; its check digit is wrong"),
        ({"nip": "52524000031"}, "nip: '52524000031' is no NIP; it has ten digits"),
        ({"nip": "٥252400003"}, "nip: "),
        ({"valid_from": "31.02.2026"}, "valid_from: '31.02.2026' is not in the calendar"),
        ({"valid_from": "01/02/2026"}, "valid_from: '01/02/2026' is no date such as 2026-12-31 or 31.12.2026"),
        ({"valid_to": "2025-12-31"}, "valid_from: 2026-01-01 is after valid_to, 2025-12-31"),
        ({"serial": "FG1"}, "serial: 'FG1' is no serial number"),
        ({"serial": "FG101E4Q1700004Ż"}, "serial: "),
        ({"authorised": ""}, "authorised: nobody is named"),
        ({"authorised": "anna@klient"}, "authorised: 'anna@klient' is neither an address nor a domain"),
        ({"authorised": "a@b@klient.example"}, "authorised: 'a@b@klient.example' is neither"),
        ({"authorised": "anna@klient.example; @GMAIL.com"}, "authorised: @gmail.com is public mail"),
        ({"authorised": "wp.pl"}, "authorised: @wp.pl is public mail"),
        ({"language": "de"}, "language: 'de' is neither pl nor en"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, str], expected: str) -> None:
    assert reason(**changes).startswith(expected)


def test_every_reason_of_a_row_is_said_at_once() -> None:
    assert [part.split(":")[0] for part in reason(nip="1", serial="2", language="x").split("; ") if ":" in part] == [
        "nip",
        "serial",
        "language",
    ]


@pytest.mark.parametrize(
    ("authorised", "expected"),
    [
        ("Anna@Klient.example", ("anna@klient.example",)),
        ("klient.example", ("@klient.example",)),
        ("@klient.example;klient.example", ("@klient.example",)),
        ("b@x.example, a@x.example | c@x.example", ("a@x.example", "b@x.example", "c@x.example")),
        ("jan+it@sub.klient.com.pl", ("jan+it@sub.klient.com.pl",)),
        ("someone@gmail.com", ("someone@gmail.com",)),
        ("a@żółw.pl", ("a@żółw.pl",)),
    ],
)
def test_representatives(authorised: str, expected: tuple[str, ...]) -> None:
    assert parse_contracts(table({"authorised": authorised})).contracts[0].authorised == expected


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("contract_number", "hz360/2026/000001"),
        ("customer", "Another S.A."),
        ("nip", "7792100004"),
        ("valid_from", "2026-01-02"),
        ("valid_to", "2027-12-31"),
        ("authorised", "@klient.example"),
        ("language", ""),
    ],
)
def test_rows_of_one_contract_have_to_agree(column: str, value: str) -> None:
    parsed = parse_contracts(table({}, {"serial": "FG100D3G13803999", column: value}))
    assert [len(contract.devices) for contract in parsed.contracts] == [1]
    assert parsed.bad_rows == (BadRow(3, f"{column}: differs from line 2 of the same contract"),)


def test_a_contract_goes_on_after_a_bad_row() -> None:
    parsed = parse_contracts(table({"serial": "bad"}, {}, {"serial": "FG100D3G13803999"}))
    (contract,) = parsed.contracts
    assert [device.serial for device in contract.devices] == ["FG101E4Q17000045", "FG100D3G13803999"]
    assert contract.line == 3
    assert [bad.line for bad in parsed.bad_rows] == [2]


def test_one_device_may_be_on_two_contracts() -> None:
    renewal = {"contract_number": "HZ360-2027-000001", "valid_from": "2027-01-01", "valid_to": "2027-12-31"}
    assert len(parse_contracts(table({}, renewal)).contracts) == 2


def test_lines_are_those_of_the_file_also_behind_values_with_line_breaks() -> None:
    parsed = parse_contracts(table({"customer": "Klient\nS.A."}, {"serial": "FG100D3G13803999"}, {"nip": "1"}))
    assert parsed.contracts[0].customer == "Klient S.A."
    assert [bad.line for bad in parsed.bad_rows] == [5]


def test_too_many_columns_hint_at_quotation_marks() -> None:
    text = ";".join(HEADER) + "\n" + ";".join({**GOOD, "authorised": "a@x.example;b@x.example"}.values())
    (bad,) = parse_contracts(text.encode()).bad_rows
    assert bad.line == 2
    assert bad.reason.startswith("has 10 columns where the header has 9; a value that holds the sign between columns")


def test_a_row_that_is_cut_off() -> None:
    (bad,) = parse_contracts(table({}) + b"\nHZ360-2026-000002,Klient").bad_rows
    assert bad == BadRow(3, "has 2 columns where the header has 9")


def test_a_quotation_mark_without_its_pair_costs_its_row_only_or_what_follows() -> None:
    parsed = parse_contracts(table({}) + b'\n"HZ360"x,\n' + table({"serial": "FG100D3G13803999"}).split(b"\n")[1])
    assert len(parsed.contracts[0].devices) == 2
    assert [bad.line for bad in parsed.bad_rows] == [3]
    assert parsed.bad_rows[0].reason.startswith("cannot be read: ")
    parsed = parse_contracts(table({}) + b'\n"HZ360,\n,,')
    assert [bad.line for bad in parsed.bad_rows] == [3]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"\n ;\n", "the file is empty"),
        (
            b"contract_number;nip\n",
            "the header lacks customer, valid_from, valid_to, serial, authorised; the first line",
        ),
        (",".join([*HEADER, "Klient"]).encode(), "the header names customer twice"),
        (b'"contract_number\n', "the header: cannot be read"),
        (b"PK\x03\x04\x00\x00", "the file is no CSV text"),
        ("contract_number".encode("utf-16"), "the file is no CSV text"),
        (b"\x81\x83", "the file is neither UTF-8 nor Windows-1250 text"),
    ],
)
def test_files_that_cannot_be_read_at_all(data: bytes, message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        parse_contracts(data)


@given(st.binary(max_size=300), st.booleans())
def test_no_octets_break_it(data: bytes, with_header: bool) -> None:
    """Whatever comes: contracts, named bad rows, or one OperatorError; nothing else."""
    try:
        parsed = parse_contracts((",".join(HEADER).encode() + b"\n" + data) if with_header else data)
    except OperatorError:
        return
    assert all(bad.line >= 2 and bad.reason for bad in parsed.bad_rows)
    assert len({contract.number for contract in parsed.contracts}) == len(parsed.contracts)
