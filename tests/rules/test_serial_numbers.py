"""Serial numbers as people write them: every given case, the traps beside them, and hostile text."""

from __future__ import annotations

import csv
import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.serial_numbers import MAX_READ, SerialFindings, find_serials
from bot.rules.serial_prefixes import canonical, prefix_of

DATA = Path(__file__).parents[1] / "data"
PREFIXES = Path(__file__).parents[2] / "bot" / "rules" / "data" / "serial_prefixes.csv"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CASES = rows(DATA / "serial_text_cases.csv")
SAMPLES = rows(DATA / "serial_samples.csv")
KNOWN = rows(PREFIXES)
COVERED = [row["prefix"] for row in KNOWN if row["is_fortigate"] == "yes"]
RANDOM_TAILS = {"FGTAWS", "FGTAZR", "FGVMEV", "FTKMOB"}


def fortigates(text: str) -> tuple[str, ...]:
    return tuple(found.serial for found in find_serials(text).fortigate)


def suggested(text: str) -> tuple[str, ...]:
    return tuple(suggestion.suggested for suggestion in find_serials(text).suggestions)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_given_case(case: dict[str, str]) -> None:
    found = find_serials(json.loads(case["text_json"]))
    assert "|".join(number.serial for number in found.fortigate) == case["expected_fortigate"]
    assert "|".join(f"{n.serial}:{n.product}" for n in found.other_products) == case["expected_other"]
    assert "|".join(suggestion.suggested for suggestion in found.suggestions) == case["suggest"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["serial"])
def test_given_sample(sample: dict[str, str]) -> None:
    found = find_serials(f"Numer: {sample['serial']}.")
    named = [(n.serial, n.product, n.model) for n in (*found.fortigate, *found.other_products)]
    kind = sample["class"]
    if kind in {"valid_fortigate", "other_fortinet_product"}:
        assert named == [(sample["serial"], sample["product"], sample["model"])]
        assert bool(found.fortigate) == (kind == "valid_fortigate")
    else:
        assert named == []
    assert found.suggestions == ()
    assert found.unlisted == ((sample["serial"],) if kind == "unknown_prefix_sanitised" else ())


def test_the_given_cases_are_all_there() -> None:
    assert (len(CASES), len(SAMPLES), len(KNOWN)) == (43, 79, 347)


def test_no_two_prefixes_are_told_apart_by_what_people_confuse() -> None:
    assert len({canonical(row["prefix"].replace("-", "")) for row in KNOWN}) == len(KNOWN)


def test_what_is_nearly_a_serial_is_named() -> None:
    assert find_serials("FG100D3G1380399").wrong_length == ("FG100D3G1380399",)
    assert find_serials("FG100D3G138039990").wrong_length == ("FG100D3G138039990",)
    assert find_serials("np. FG1234567890").wrong_length == ("FG1234567890",)
    assert find_serials("sn FGVMEVYYQT3AB5352").wrong_length == ("FGVMEVYYQT3AB5352",)
    assert find_serials("FG100DABCDEFGHIJ").wrong_length == ()  # too few digits to be meant as one
    assert find_serials("FG100D3GX1803999").wrong_length == ("FG100D3GX1803999",)  # no year


def test_what_somebody_calls_a_serial_is_never_passed_over_in_silence() -> None:
    assert find_serials("numer seryjny: 1234567890").wrong_length == ("1234567890",)
    assert find_serials("S/N: ABC12345678").wrong_length == ("ABC12345678",)
    assert find_serials("S/N: FGT60D 4614 0447").wrong_length == ("FGT60D 4614 0447",)
    assert find_serials("Numeru seryjnego nie znam, 600 700 800") == SerialFindings()
    assert find_serials("S/N: nie wiem") == SerialFindings()
    assert find_serials("snmp 12345678") == SerialFindings()
    assert find_serials("misc=0 policy_id=4 auth_info=0 serial=0001a2b3 tos=ff/ff") == SerialFindings()  # a session's
    assert find_serials("serial=1234ab56c").wrong_length == ("1234ab56c",)


def test_an_unlicensed_machine_is_told_apart() -> None:
    assert find_serials("Serial-Number: fgvm00unlicensed").unlicensed_vm
    assert not find_serials("FGVM02TM20003062").unlicensed_vm


def test_modules_need_their_chassis() -> None:
    found = find_serials("Chassis F7CF1ATB20000014, module FPM20FTB21900186")
    assert [number.serial for number in found.devices] == ["F7CF1ATB20000014"]
    assert [number.serial for number in found.modules] == ["FPM20FTB21900186"]


def test_a_suggestion_shows_what_was_seen() -> None:
    (suggestion,) = find_serials("mój sprzęt: fg100d3g138o3999!").suggestions
    assert (suggestion.seen, suggestion.suggested, suggestion.product) == (
        "fg100d3g138o3999",
        "FG100D3G13803999",
        "FortiGate",
    )


@pytest.mark.parametrize(
    "text",
    [
        "Fg100d3g13803999",
        "FG100D3G13803999.",
        "„FG100D3G13803999”",
        "(FG100D3G13803999)",
        "[FG100D3G13803999](http://myhezo.pl)",
        "sn:FG100D3G13803999;",
        "S/N FG100D3G13803999",
        "S/NFG100D3G13803999",
        "SNFG100D3G13803999",
        "nr ser.FG100D3G13803999",
        "SerialNumberFG100D3G13803999",
        "#FG100D3G13803999",
        "nr=FG100D3G13803999&x=1",
        "https://portal.example/?sn=FG100D3G13803999",
        "~FG100D3G13803999~",
        "_FG100D3G13803999_",
        "> > FG100D3G13803999",
        "(H)- FG100D3G13803999",
        "(h)-fg100d3g13803999",
        "H-FG100D3G13803999",
        "fw-krakow.FG100D3G13803999.local",
        "FG100D3G13803999_vdom1",
        "FG100D 3G13803999",
        "FG 100D 3G13 8039 99",
        "FG100D-3G13-803999",
        "FG100D - 3G13803999",
        "FG-100D-3G13803999",
        "FG100D\t3G13803999",
        "FG100D\u20113G13803999",
        "FG100D\u2013\u20033G13803999",
        "FG100D\u00a03G13803999",
        "FG100D&nbsp;3G13803999",
        "FG100D3G&#8203;13803999",
        "FG100D3G\u00ad13803999",
        "\ufeffFG100D3G13803999\u200e",
        "FG100D3G13803999\u00b9",  # a footnote mark
        "𝐅𝐆𝟏𝟎𝟎𝐃𝟑𝐆𝟏𝟑𝟖𝟎𝟑𝟗𝟗𝟗",
        "S/N: FG100D\r\n3G13803999",
        "> nr seryjny: FG100D3G\n> 13803999",
        "Serial number: FG100D3G-\n13803999",
        "S/N: FG100D3G=\n13803999 (szafa 2)",
        "S/N: FG-100D 3G13803999",
        "FG100D <tel:3G13803999|3G13803999>",
        "FG100D3G <tel:13803999|13803999>",
        "FG100D3G13803999<tel:13803999>",
        "<https://x.example/FG100D3G13803999|FG100D3G13803999>",
        "FG100D3G13803999, FG100D3G138O3999",  # written right elsewhere: nothing left to ask
        "FG100D3G13803999 2 szt.",
        "FG100D3G13803999 - 2 szt.",
        "https://eur03.safelinks.example/?url=https%3A%2F%2Fportal.example%2Fasset%2F%23%2FFG100D3G13803999&data=05%7C02",
        "S/N: FG100D\n\n3G13803999",
    ],
)
def test_one_serial_in_many_spellings(text: str) -> None:
    found = find_serials(text)
    assert [number.serial for number in found.fortigate] == ["FG100D3G13803999"]
    assert found.suggestions == ()
    assert found.wrong_length == ()


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("FGIOOD3G13803999", "FG100D3G13803999"),
        ("FG100D3GI3803999", "FG100D3G13803999"),
        ("FG100D3Gl3803999", "FG100D3G13803999"),
        ("FG100D 3G13 8O39 99", "FG100D3G13803999"),
        ("F\u0413G", None),  # Cyrillic, and too short
        ("FG100D3G138\u041e3999", "FG100D3G13803999"),
        ("FG1\u041e0D3G13803999", "FG100D3G13803999"),
        ("S248EPTF18OO1384", "S248EPTF18001384"),
        ("FMGVM0000000000", "FMG-VM0000000000"),
        ("FMG VM0000000000", "FMG-VM0000000000"),
        ("FTKM0B433B7004CF", "FTKMOB433B7004CF"),
        ("FG4OFITK21000123", "FG40FITK21000123"),
        ("FG100D\n3G13803999", "FG100D3G13803999"),  # nobody said that it is a serial
        ("FG-100D 3G13803999", "FG100D3G13803999"),  # model and number, or a model and something else
        ("FG100D3G1380399 9 szt.", "FG100D3G13803999"),
        ("FG100D 3G13 8039 99 7", "FG100D3G13803999"),
        ("FGT60D 5213000009", "FGT60D5213000009"),  # a tax number behind a model, perhaps
        ("FGT60D 5270103391", None),  # surely, for there is no year 70
    ],
)
def test_what_is_only_probable_is_asked_back(text: str, suggestion: str | None) -> None:
    found = find_serials(text)
    assert found.fortigate == ()
    assert found.other_products == ()
    assert suggested(text) == (() if suggestion is None else (suggestion,))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FortiGate-60F, FG-60F i FGT60F",
        "FG-80F-POE-BDL-950-36",  # sixteen letters with a known prefix
        "FG-81E-POE-BDL-811-12 FC-10-F60FN-247-02-36 FC-10-FG1HF-950-02-60 FWF-40F-3G4G-E-BDL-950-36",
        "FG80FPOEBDL95036",
        "FGT_60F-v7.2.12.M-build2731-FORTINET.out",
        "FGT60F-7.4.3-FW-build2573-240201",
        "FGT60F-2024-04-30-12.conf, FGT60F_20240430_1215.conf, FGT60F 20240430 12:15",
        "FTLX8574D3BCLFTN FTLF8519P2BCL-FTN FCLF8521P2BTL FN-TRAN-SFP+SR",
        "564d1f0e-36a2-4c0e-8f0d-3e0c1b1a0f99 fd1234567890abcdef1234567890abcd",
        "00:09:0f:09:00:02 0009.0f09.0002 10.0.0.1 fe80::1",
        "ABCDE-12345-FGHIJ-67890-KLMNOP",
        "FG60F-12345-FGHIJ-67890-KLMNOP",
        "tel. +48 600 700 800, NIP 527-010-33-91, REGON 012345678, KRS 0000123456",
        "FG100F\n5270103391\n600700800",
        "FG100D 12 25 25 600",
        "FGT60F 600 700 800",
        "RMA 0012345678, zgłoszenie 10483921, HEZO-2026-000123, HZ360-2026-000123, 1234AB123456",
        "powiadomienie sprzętowego fgfmsd established fortigate",
        "FGTAZR-PRODUCTION",
        "żFG100D3G13803999",
        "FG100D3G13803999ż",
        "aFG100D3G13803999",
    ],
)
def test_what_is_no_serial(text: str) -> None:
    found = find_serials(text)
    assert found.fortigate == ()
    assert found.other_products == ()
    assert found.suggestions == ()


def test_groups_longer_than_a_serial_are_not_cut() -> None:
    for text in ("FG100D-3G13-8039-990", "FG100D-3G13-8039-99-0", "FG100D 3G13 8039 990"):
        assert fortigates(text) == ()
        assert suggested(text) == ()


def test_a_sixteen_letter_group_of_a_product_with_its_own_hyphen() -> None:
    assert [n.serial for n in find_serials("FMG-VM0000000000-backup").other_products] == ["FMG-VM0000000000"]
    assert [n.serial for n in find_serials("fv-1kc3r11700094").other_products] == ["FV-1KC3R11700094"]
    assert fortigates("FG-5KB3E12345678") == ("FG-5KB3E12345678",)
    assert suggested("FG-5KB3E123456789") == ()


def test_the_order_is_that_of_the_text() -> None:
    assert fortigates("FGT60D 4614 0447 25, FG100D3G13803999, fgt60d4614044725 FG800C3912801080") == (
        "FGT60D4614044725",
        "FG100D3G13803999",
        "FG800C3912801080",
    )


hardware_tails = st.from_regex(r"[0-9T][0-9A-HJ-NP-Z][0-3][0-9][0-9]{2}[0-9A-HJ-NP-Z]{2}[0-9]{2}", fullmatch=True)
serials = st.builds(
    str.__add__, st.sampled_from([prefix for prefix in COVERED if prefix not in RANDOM_TAILS]), hardware_tails
)
around = st.sampled_from(["", " ", "\n", "S/N: ", "nr seryjny ", "(", '"', "*", "`", "devid=", "Zażółć ", "/", "> "])


@settings(deadline=None)
@given(serials, around, st.sampled_from(["", ".", ", ", ")", "\n", '"', "*", "/", " pilne", " 2 szt."]), st.booleans())
def test_any_listed_serial_is_found_in_any_company(serial: str, before: str, after: str, lower: bool) -> None:
    text = f"{before}{serial.lower() if lower else serial}{after}"
    (found,) = find_serials(text).fortigate
    assert found.serial == serial
    row = next(row for row in KNOWN if row["prefix"] == serial[:6])
    assert (found.product, found.model) == (row["product"], row["model"])


@settings(deadline=None)
@given(serials, st.sets(st.integers(6, 15), max_size=4), st.sampled_from([" ", "-", "  ", "\u00a0", " - ", "\u2013"]))
def test_any_grouping_behind_a_label_is_found(serial: str, cuts: set[int], separator: str) -> None:
    parts = [serial[i:j] for i, j in zip([0, *sorted(cuts)], [*sorted(cuts), None], strict=True)]
    found = find_serials(f"Numer seryjny: {separator.join(parts)}, proszę o pomoc")
    if separator.isspace() and len(parts) > 1 and len(parts[0]) >= 13:
        assert [s.suggested for s in found.suggestions] == [serial]
    else:
        assert [number.serial for number in found.fortigate] == [serial]


@settings(deadline=None)
@given(serials, st.data())
def test_a_confused_letter_is_asked_back_and_never_taken(serial: str, data: st.DataObject) -> None:
    places = [place for place, char in enumerate(serial) if char in "01" and "-" not in serial[:6]]
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    written = serial[:place] + {"0": "O", "1": "I"}[serial[place]] + serial[place + 1 :]
    if (prefix := prefix_of(written)) is None or prefix.prefix == written[:6] != serial[:6]:
        return
    found = find_serials(f"nr {written}.")
    assert found.fortigate == ()
    assert [(s.seen, s.suggested) for s in found.suggestions] == [(written, serial)]


@settings(deadline=None)
@given(serials, st.integers(0, 15))
def test_a_missing_character_is_never_made_up(serial: str, place: int) -> None:
    text = serial[:place] + serial[place + 1 :]
    assert all(found.serial != serial for found in find_serials(text).fortigate)
    assert len(text) == 15 or find_serials(text).fortigate == ()


@settings(deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for number in find_serials(text).fortigate:
        assert len(number.serial) == 16


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["FGT60D", "4614", "0447", "25", "F", "G", " ", "-", "\n", "S/N:", "O", "0", "&#", "<tel:", "|", ">"]
        ),
        max_size=60,
    )
)
def test_no_mixture_of_parts_breaks_the_reading(parts: list[str]) -> None:
    for number in find_serials("".join(parts)).fortigate:
        assert prefix_of(number.serial.replace("-", "")) is not None


def hostile() -> dict[str, str]:
    chance = random.Random(7)  # noqa: S311 - the same text every time, no secret
    letters = "FGT60D4614 -\n"
    parts = [
        "F ", "F-", "FG-", "F1 ", "FGT60D ", "FGT60D 46 ", "FGT60D-4614-", "FGT60D 4614 0447 2 ", "FGT60D4614044725 ",
        "FGT60D", "A", " ", "\n", "sn ", "s/n:", "numer", "nr ser", "seryjny ", "<tel:", "<tel:1|", "&#1", "&amp;",
        "&#" + "1" * 5000 + ";", "F\u200b", "F\u00a0", "\ufdfa", "\u0415\u0415 ", "s/n FG100 1 1 1 ",
        "serial number: 12a34b56 ",
    ]  # fmt: skip
    texts = {repr(part[:20]): (part * (100_000 // len(part) + 1))[:100_000] for part in parts}
    texts["random"] = "".join(chance.choices(letters, k=100_000))
    texts["a megabyte"] = "F \u00a0" * 333_333
    return texts


@pytest.mark.parametrize(("name", "text"), hostile().items(), ids=hostile().keys())
def test_hostile_text_takes_no_time(name: str, text: str) -> None:
    before = time.process_time()
    find_serials(text)
    # A slow machine needs half a second for a megabyte; a quadratic rule would need minutes for a tenth of it.
    assert time.process_time() - before < 2, name


def test_a_flood_of_serials_is_bounded() -> None:
    text = " ".join(f"FGT60D4614{number:06}" for number in range(5 * MAX_READ))
    assert len(find_serials(text).fortigate) == MAX_READ
