"""Contract numbers of any shape: what to look up, what to quote back, and what is something else."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import IntakeConfig
from bot.rules.contract_numbers import MAX_KEYS, candidates, fold
from bot.rules.polish_numbers import is_nip

PATTERNS = IntakeConfig().contract_patterns


def keys(text: str) -> tuple[str, ...]:
    return candidates(text, PATTERNS).keys


def stated(text: str) -> tuple[str, ...]:
    return candidates(text, PATTERNS).stated


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("HZ360-2026-000123", "HZ3602026000123"),
        (" hz360 / 2026 / 000123 ", "HZ3602026000123"),
        ("HZ360\u20112026\u2013000123", "HZ3602026000123"),
        ("um/12\\2024", "UM122024"),
        ("\uff35\uff2d\uff0f\uff11", "UM1"),
        ("umowa łódź 1", "UMOWAŁÓDŹ1"),
        ("UM.2024_1", "UM.2024_1"),
        ("", ""),
    ],
)
def test_fold(written: str, folded: str) -> None:
    assert fold(written) == folded
    assert fold(folded) == folded


@pytest.mark.parametrize(
    "text",
    [
        "Nr umowy: HZ360-2026-000123",
        "numer umowy serwisowej hz360-2026-000123.",
        "HZ360/2026/000123",
        "umowa HZ360 2026 000123, dziękuję",
        "umowa HZ360 - 2026 - 000123",
        "HZ360\u20132026\u2013000123",
        "HZ360-2026-\n> 000123",
        "*HZ360-2026-000123*",
        "(HZ360-2026-000123)",
        "umowa:HZ360-2026-000123;FG100D3G13803999",
        "FG100D3G13803999/HZ360-2026-000123",
        "HZ360-2026-000123_FG100D3G13803999.txt",
        "zgłoszenie HZ360-2026-000123 - awaria",
        "HZ360-2026-000123\n5270103391",
        "https://portal.example/?umowa=HZ360-2026-000123",
        "Umowa nr\u00a0HZ360-2026-000123",
    ],
)
def test_the_number_is_among_the_keys_however_it_is_written(text: str) -> None:
    assert "HZ3602026000123" in keys(text)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("proszę o pomoc, S/17", "S17"),
        ("nasza umowa to 2024-118", "2024118"),
        ("KONTRAKT ABC", "ABC"),
        ("dot. 1234 AB 123456", "1234AB123456"),
        ("UM.2024.15 w tytule", "UM.2024.15"),
        ("umowa/łódź/12", "UMOWAŁÓDŹ12"),
        ("123456789", "123456789"),  # like a telephone number, but the registry decides
        ("HZ360_2026_000123", "HZ3602026000123"),
        ("HZ360.2026.000123", "HZ3602026000123"),
        ("7", None),
    ],
)
def test_any_shape_can_be_looked_up(text: str, key: str | None) -> None:
    if key is None:
        assert keys(text) == ()
    else:
        assert key in keys(text)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Numer umowy: UM/2024/15", ("UM/2024/15",)),
        ("nr umowy UM-15/24.", ("UM-15/24",)),
        ("Umowa nr 5/2024", ("5/2024",)),
        ("umowę nr 17", ("17",)),
        ("Umowa serwisowa 778899", ("778899",)),
        ("umowa serwisowa nr: UM 2024 00123, NIP 5270103391", ("UM 2024 00123",)),
        ("kontrakt ABC/12/2024", ("ABC/12/2024",)),
        ("nr kontraktu: 4711", ("4711",)),
        ("Contract no. C-4711", ("C-4711",)),
        ("contract number is 1234AB123456", ("1234AB123456",)),
        ("service contract #99-A", ("99-A",)),
        ("contract# 99123", ("99123",)),
        ("numer umowy to „XY-1”", ("XY-1",)),
        ("Numer umowy:\nXY-1\nPozdrawiam", ("XY-1",)),
        ("> Numer umowy: XY-1", ("XY-1",)),
        ("umowa z dnia 12.03.2024 r. nr 5/2024", ("5/2024",)),
        ("Mamy umowę serwisową HEZO 360, numer ZZ-1", ("ZZ-1",)),
        ("Numer umowy 12345678 tel 600700800", ("12345678",)),
        ("numer umowy: ABC-DEF", ("ABC-DEF",)),
        ("bez etykiety: HZ360-2026-000123 oraz 1234ab123456", ("HZ360-2026-000123", "1234ab123456")),
        ("HZ360 2026 000123", ("HZ360 2026 000123",)),
        ("nr umowy HZ360-2026-000123, powtarzam: HZ360/2026/000123", ("HZ360-2026-000123",)),
        ("HZ360-2026-000123/HZ360-2026-000124", ("HZ360-2026-000123", "HZ360-2026-000124")),
        ("nr umowy:\nHZ360-2026-\n000123", ("HZ360-2026-000123",)),
        ("nr umowy:HZ360 - 2026 - 000123", ("HZ360 - 2026 - 000123",)),
        ("Nr um.: 12/2026", ("12/2026",)),
        ("um. nr 12/2026", ("12/2026",)),
        ("umowa ramowa nr 12/2026", ("12/2026",)),
        ("umowa o świadczenie usług serwisowych nr 12/2026", ("12/2026",)),
        ("umowy na wsparcie techniczne nr: UM/7/26", ("UM/7/26",)),
        ("Numer umowy | 12/2026 |", ("12/2026",)),
        ("Umowa (nr): 12/2026", ("12/2026",)),
        ("umowa serwisowa (HEZO 360) 12/2026", ("12/2026",)),
        ("Nr umowy / SN: 12/2026 / FG100D3G13803999", ("12/2026",)),
        ("SN / nr umowy: FG100D3G13803999 / 12/2026", ("12/2026",)),
        ("Contract ref. 12/2026", ("12/2026",)),
        ("number of our contract: C-4711", ("C-4711",)),
        ("the number of the service contract is C-4711", ("C-4711",)),
        ("service agreement no. C-4711", ("C-4711",)),
        ("contracts C-4711", ("C-4711",)),
    ],
)
def test_what_is_stated_is_quoted_as_written(text: str, numbers: tuple[str, ...]) -> None:
    assert stated(text) == numbers
    assert all(fold(number) in keys(text) for number in numbers)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Numeru umowy nie mam",
        "numer umowy: brak",
        "nr umowy i numer seryjny w załączniku",
        "umowa serwisowa 24x7, 8x5 i 24/7",
        "umowa na 3 lata, umowa 36 miesięcy, umowa: 3 lata",
        "Mamy umowę, 12 urządzeń",
        "Mamy umowę serwisową HEZO 360.",
        "umowa z 12.03.2024, umowa z dnia 2024-03-12, umowa 2026",
        "umowa serwisowa na FG100D3G13803999",
        "nr umowy FGT60D 4614 0447 25",
        "numer umowy: FC-10-F60FN-247-02-36",
        "umowa: ABCDE-12345-FGHIJ-67890-KLMNOP",
        "Subcontract 123456, contractor 123456",
        "umowa?\nNIP 5270103391",
        "umowa obejmuje urządzenie nr 12/2026",
        "umowa na serwis, zgłoszenie nr 12/2026",
        "zgodnie z umową proszę o fakturę nr 12/2026",
        "umowa ramowa nr",
        "umowa / SN: FG100D3G13803999",
        "um. około 12/2026",
        "album 12/2026",
    ],
)
def test_what_states_no_number(text: str) -> None:
    assert stated(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "NIP 5270103391",
        "NIP: PL5270103391",
        "NIP 527-010-33-91",
        "527-010-33-91",
        "PL 527 010 33 91",
        "VAT EU PL5270103391",
        "tel. 600 700 800",
        "tel.: (22) 600-70-80",
        "+48 600 700 800",
        "0048600700800",
        "kom. 600700800",
        "Faktura FV/2024/12/001",
        "faktury nr 12/2024",
        "zamówienie ZAM/2024/55",
        "zamówienia nr 4500012345",
        "order 4500012345",
        "PO number 4500012345",
        "invoice INV-2024-1",
        "ABCDE-12345-FGHIJ-67890-KLMNOP",
        "FC-10-F60FN-247-02-36",
        "FG-60F-BDL-950-12",
        "FG100D3G13803999",
        "FGT60D 4614 0447 25",
        "564d1f0e-36a2-4c0e-8f0d-1234ab123456",
        "00:09:0f:09:00:02",
        "jan.kowalski2@klient.example",
        "2024-03-12, 12.03.2024 r., 14:30",
        "10.0.0.1/24, v7.2.8",
    ],
)
def test_what_only_looks_the_part_is_neither_stated_nor_looked_up(text: str) -> None:
    found = candidates(text, PATTERNS)
    assert found.stated == ()
    assert [key for key in found.keys if any(char.isdigit() for char in key)] == []


def test_the_likeliest_come_first_and_their_number_is_bounded() -> None:
    noise = " ".join(f"{number} x{number}" for number in range(1000, 3000))
    found = candidates(f"{noise} HZ360-2026-000123 {noise} nr umowy: Q-9 {noise}", PATTERNS)
    assert len(found.keys) == MAX_KEYS
    assert found.keys[0] == "Q9"
    assert "HZ3602026000123" in found.keys[:10]


def test_the_end_of_a_long_text_is_read() -> None:
    log = "Nov 16 12:00:00 fw kernel: something happened\n" * 10_000
    assert stated(f"{log}\nnr umowy: Q-9") == ("Q-9",)
    assert stated(f"nr umowy: Q-9\n{log}") == ("Q-9",)


def test_configured_patterns_are_used_and_no_others() -> None:
    assert candidates("HZ360-2026-000123", ()).stated == ()
    assert candidates("abc 77-12 xyz", (r"\d{2}-\d{2}",)).stated == ("77-12",)
    assert candidates("abc 7712 xyz", (r"\d{2}[-/ ]?\d{2}",)).stated == ("7712",)
    assert candidates("K-5 K-55", (r"[A-Z]\-\d",)).stated == ("K-5",)


def test_a_labelled_number_has_keys_for_all_it_may_be() -> None:
    (number,) = candidates("numer umowy 123456 78", PATTERNS).labelled
    assert number.seen == "123456"
    assert number.keys == ("123456", "12345678")


@pytest.mark.parametrize(("digits", "valid"), [("5270103391", True), ("5270103392", False), ("527010339", False)])
def test_tax_numbers_have_a_check_digit(digits: str, *, valid: bool) -> None:
    assert is_nip(digits) == valid


registry_numbers = st.from_regex(r"[A-Z]{1,4}[-/ ]?[0-9]{2,4}[-/ ][0-9]{2,6}", fullmatch=True).filter(
    lambda number: (
        not number.startswith(("F", "PL", "S", "P", "E", "FC", "NIP", "TEL", "VAT", "KRS", "KOM", "FAX", "GSM"))
    )
)


@settings(deadline=None)
@given(registry_numbers, st.sampled_from(["", "nr umowy ", "Umowa: ", "Dzień dobry\n", "dot. ", "("]), st.booleans())
def test_a_number_of_the_registry_is_found_with_and_without_a_label(number: str, before: str, lower: bool) -> None:
    assert fold(number) in keys(f"{before}{number.lower() if lower and ' ' not in number else number}, pozdrawiam")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    found = candidates(text, PATTERNS)
    assert len(found.keys) <= MAX_KEYS
    assert all(key == fold(key) for key in found.keys)


@pytest.mark.parametrize(
    "part", ["1 ", "A1 ", "nr umowy ", "umowa: ", "a", "1-", "tel 1 ", "NIP 1", "+1", "A B 1 ", "00 1", "\ufdfa"]
)
def test_hostile_text_takes_no_time(part: str) -> None:
    text = (part * 200_000)[:200_000]
    before = time.process_time()
    candidates(text, PATTERNS)
    assert time.process_time() - before < 1.5  # a sixth of a second at most; a quadratic rule takes a minute
