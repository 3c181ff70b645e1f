"""How the words of several mails add up, and what is put into a question."""

from __future__ import annotations

import json
from datetime import date

import pytest

from bot.model import Contract, Device, Language
from bot.rules.contract_numbers import bare_number
from bot.rules.heard import Heard, hear, with_named
from bot.rules.intake import Problem
from bot.rules.question_text import missing_lines, priority_question, without_our_question
from bot.rules.wording import words

ONE, TWO = Device("FG100D3G13803999", "FortiGate-100D"), Device("FGT60D4614044725", "FortiGate-60D")
PL, EN = words("customer", Language.PL), words("customer", Language.EN)
CONTRACT = Contract(1, "HZ-1", "M", "1", date(2026, 1, 1), date(2026, 12, 31), (ONE,), ("@klient.example",))


def test_what_a_text_says() -> None:
    heard, keys = hear("S/N FG100D3G13803999, FG100D3G138O3998, FortiSwitch S248EPTF18001384, umowa nr HZ/2024/17", ())
    assert heard.devices == (ONE,)
    assert heard.unclear == (("FG100D3G138O3998", "FG100D3G13803998"),)
    assert heard.other_products == (("S248EPTF18001384", "FortiSwitch"),)
    assert heard.stated == ("HZ/2024/17",)
    assert "HZ202417" in keys


def test_what_is_kept_with_a_ticket_comes_back() -> None:
    heard, keys = hear("FG100D3G13803999, FG100D3G138O3998, moduł FPM20E3E17900133, umowa nr HZ/2024/17", ())
    heard = with_named(heard, keys[:1])
    assert Heard.from_json(json.loads(json.dumps(heard.to_json()))) == heard
    assert Heard.from_json(None) == Heard()


def test_the_newest_words_count_where_the_old_ones_were_wrong() -> None:
    wrong = Heard(malformed=("FG100D3G1380399",), stated=("HZ-9",))
    assert wrong.then(Heard(devices=(ONE,)), serial_was_wrong=True) == Heard(devices=(ONE,), stated=("HZ-9",))
    assert wrong.then(Heard(stated=("HZ-1",), named=("HZ1",))).stated == ("HZ-1",)
    assert Heard(devices=(ONE,)).then(Heard(devices=(TWO,)), serial_was_wrong=True).devices == (TWO,)


def test_else_a_device_is_added_and_a_stray_number_takes_none_back() -> None:
    known = Heard(devices=(ONE,), stated=("HZ-1",), named=("HZ1",))
    assert known.then(Heard(devices=(TWO, ONE))).devices == (ONE, TWO)
    assert known.then(Heard(other_products=(("S248EPTF18001384", "FortiSwitch"),))) == known
    assert known.then(Heard()) == known


def test_our_own_numbers_are_taken_out() -> None:
    heard = Heard(devices=(ONE, TWO), unclear=(("X", TWO.serial),), stated=("HZ-1", "HZ-2"), named=("HZ1", "HZ2"))
    left = heard.without({TWO.serial}, {"HZ1"})
    assert left == Heard(devices=(ONE,), stated=("HZ-2",), named=("HZ2",))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("123/2024/HZ", "123/2024/HZ"),
        ("Dzień dobry,\n\nHZ 2024 00012.\n\nPozdrawiam\nJan, tel. 600 700 800", "HZ 2024 00012"),
        ("2024.11.20", None),
        ("8341710008", None),  # a tax number
        ("FGT60FTK20001234", None),
        ("+48 600 700 800", None),
        ("mam 1234 pytania", None),
        ("1", None),
        ("123/2024\n124/2024", None),
    ],
)
def test_a_number_alone_is_an_answer(text: str, number: str | None) -> None:
    assert bare_number(text) == number


def offer(*devices: Device, contract: str | None = "HZ-1") -> dict[str, object]:
    return {"contract": contract, "devices": [[d.serial, d.model] for d in devices], "yes_is_enough": len(devices) < 2}


def test_device_and_contract_are_proposed_in_one_sentence() -> None:
    both = [[Problem.NO_SERIAL], [Problem.NO_CONTRACT]]
    assert missing_lines(PL, both, offer(ONE)).count("–") == 1
    assert ONE.serial in missing_lines(PL, both, offer(ONE))
    assert missing_lines(EN, both, offer(ONE, TWO)).count("–") == 1
    assert missing_lines(EN, both, None).count("–") == 2
    assert "HZ-1" in missing_lines(EN, [[Problem.NO_CONTRACT]], offer())
    assert "HZ-1" not in missing_lines(EN, [[Problem.SERIAL_MALFORMED, "X"], [Problem.SEVERAL_CONTRACTS, "A"]], offer())


VALUES = {
    Problem.SERIAL_UNCLEAR: ["FG1O\tFG10"],
    Problem.OTHER_PRODUCT: ["S248\tFortiSwitch"],
    Problem.SERIAL_MALFORMED: ["FG1"],
    Problem.MODULE_ONLY: ["FPM20"],
    Problem.CONTRACT_NOT_MATCHED: ["HZ-9"],
    Problem.CONTRACT_NOT_VALID: ["HZ-9", "2024-01-01", "2024-12-31"],
    Problem.SERIAL_NOT_COVERED: ["FG1", "FG2", "HZ-9"],
    Problem.SERIAL_ON_OTHER_CONTRACT: ["FG1", "HZ-1", "HZ-9"],
    Problem.SEVERAL_CONTRACTS: ["HZ-8", "HZ-9"],
}


@pytest.mark.parametrize("problem", Problem)
@pytest.mark.parametrize("language", Language)
def test_every_problem_has_a_sentence_that_names_its_values(problem: Problem, language: Language) -> None:
    w = words("customer", language)
    for proposed in (None, offer(ONE), offer(contract="HZ-1")):
        said = missing_lines(w, [[problem, *VALUES.get(problem, [])]], proposed)
        assert said.startswith("– ")
        for value in VALUES.get(problem, []):
            for part in value.split("\t"):
                assert part in said or part.startswith("2024-")


@pytest.mark.parametrize("language", Language)
def test_our_question_quoted_without_marks_is_no_answer(language: Language) -> None:
    w = words("customer", language)
    problems = [[Problem.NO_SERIAL], [Problem.NO_CONTRACT]]
    question = "\n".join([
        w("incomplete", number="HEZO-2026-000001"), missing_lines(w, problems, offer(ONE)),
        priority_question(w, beside_others=True, again=False), w("incomplete_how"),
    ])  # fmt: skip
    left = without_our_question(f"2\n\n{question}", "HEZO-2026-000001", problems, offer(ONE))
    assert left.strip() == "2"
    copied = priority_question(w, beside_others=True, again=False).splitlines()[2]
    assert without_our_question(copied, "HEZO-2026-000001", problems, None) == copied
