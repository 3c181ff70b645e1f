"""The answers to the interview are found wherever a mail program or a person has put them."""

from __future__ import annotations

import textwrap

import pytest

from bot.model import Language
from bot.rules.interview_answers import read_answers, template
from bot.rules.interview_questions import questions

ASKED = questions()
GIVEN = {"contact": "Jan Kowalski, 600 100 200", "management": "10.0.0.1/24, brama 10.0.0.254", "ha": "nie"}


def numbers() -> dict[str, int]:
    return {question.id: question.number for question in ASKED}


def letter(language: Language = Language.PL) -> list[str]:
    """Our mail, line by line."""
    return f"Dzień dobry,\n\nprosimy o odpowiedzi.\n\n{template(ASKED, language)}\n\nZ poważaniem\nEwa".splitlines()


def with_answers(lines: list[str], how: str, mark: str = "> ") -> str:
    """The quoted mail with the answers in it: "below", "behind" or "inside" the quotation."""
    answers = {f"{number}. ": GIVEN[its_id] for its_id, number in numbers().items() if its_id in GIVEN}
    out = []
    for line in lines:
        answer = next((given for start, given in answers.items() if line.startswith(start)), None)
        quoted = f"{mark}{line}".rstrip() if mark else line
        match how:
            case "below" if answer:
                out += [quoted, "", answer, ""]
            case "behind" if answer:
                out.append(f"{quoted} {answer}")
            case "inside" if answer:
                out += [quoted, f"{mark}{answer}"]
            case _:
                out.append(quoted)
    return "\n".join(out)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("mark", ["> ", ">", "", ">> "])
@pytest.mark.parametrize("how", ["below", "behind", "inside"])
def test_answers_within_the_quotation(how: str, mark: str, language: Language) -> None:
    text = "Odpowiedzi poniżej.\n\nAnna\n\n" + with_answers(letter(language), how, mark)
    assert read_answers(text, "Odpowiedzi poniżej.\n\nAnna", ASKED) == GIVEN


@pytest.mark.parametrize("width", [40, 60, 76])
def test_questions_that_a_program_wrapped_anew(width: int) -> None:
    wrapped = [part for line in letter() for part in (textwrap.wrap(line, width) or [""])]
    text: list[str] = []
    for place, line in enumerate(wrapped):
        text.append(f"> {line}")
        if not line or (place + 1 < len(wrapped) and wrapped[place + 1]):
            continue
        start = next(s for s in range(place, -1, -1) if s == 0 or not wrapped[s - 1])
        text += [GIVEN[i] for i, n in numbers().items() if wrapped[start].startswith(f"{n}. ") and i in GIVEN]
    assert read_answers("\n".join(text), "", ASKED) == GIVEN


@pytest.mark.parametrize(
    "style", ["{n}. {a}", "{n}) {a}", "Ad {n}: {a}", "ad. {n}) {a}", "{n} - {a}", "Pytanie {n}: {a}"]
)
def test_a_list_of_ones_own_above_an_untouched_quotation(style: str) -> None:
    mine = "\n".join(style.format(n=numbers()[its_id], a=given) for its_id, given in GIVEN.items())
    text = f"{mine}\n\n" + "\n".join(f"> {line}" for line in letter())
    assert read_answers(text, mine, ASKED) == GIVEN


def test_an_answer_of_several_lines_with_numbers_of_its_own() -> None:
    text = "\n".join(
        [
            "> 8. Jakie są VLAN-y? (numer, nazwa, podsieć, port, czy mają się widzieć)",
            "Odp.: 10 biuro 10.0.10.0/24",
            "20 goście 10.0.20.0/24",
            "1. nie widzą się",
            "> 9. Z jakimi lokalizacjami mają być zestawione tunele VPN? (adres drugiej strony)",
            "> ",
        ]
    )
    assert read_answers(text, "", ASKED) == {"vlans": "10 biuro 10.0.10.0/24\n20 goście 10.0.20.0/24\n1. nie widzą się"}


def test_an_address_is_no_number_of_a_list() -> None:
    mine = "4. 10.0.0.1/24\n10.0.0.254 to brama\n15) nie"
    assert read_answers(mine, mine, ASKED) == {"management": "10.0.0.1/24\n10.0.0.254 to brama", "ha": "nie"}


def test_an_untouched_mail_answers_nothing() -> None:
    text = "Odpowiem jutro.\n" + "\n".join(f"> {line}" for line in letter())
    assert read_answers(text, "Odpowiem jutro.", ASKED) == {}
    assert read_answers("", "", ASKED) == {}
    assert read_answers("Proszę o kontakt. 1. grudnia jestem na urlopie.", "", ASKED) == {}


def test_every_question_is_complete() -> None:
    assert len({question.id for question in ASKED}) == len(ASKED) >= 15
    for question in ASKED:
        for language in Language:
            assert question.texts[language].endswith("?")
            assert len(question.labels[language]) <= 40
