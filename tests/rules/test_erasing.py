"""Facts stay; words, names and addresses go."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.erasing import ALIAS, GONE, mail_names, without_people, without_words

ANNA = "anna@klient.example"
ALIASES = {ANNA: ALIAS.format("1f2e")}


def test_facts_stay_and_words_go() -> None:
    kept: dict[str, object] = {
        "clock": 7, "kind": "reaction", "due_at": "2026-11-23T10:00:00+00:00", "number": "HEZO-2026-000123",
        "devices": [["FG121GTK25004672", "FortiGate-121G"]], "by": "U0123456789", "late": None, "withdrawn": True,
        "ts": "1795510803.818410", "reason": "replied", "checks": [["sender", "authorised"]],
    }  # fmt: skip
    assert without_words(kept) == kept | {"devices": [["FG121GTK25004672", GONE]]}
    said: dict[str, object] = {
        "text": "pomocy", "words": ["awaria", "krytyczny"], "reason": "Nikt nie dzwoni", "address": ANNA,
        "author": "Anna Nowak", "phone": "600 100 200", "other": {"name": "anna", "deep": ["ul. Prosta 1"]},
        "subject": "AWARIA", "shout": "KOWALSKI", "called": "600100200",
    }  # fmt: skip
    gone = without_words(said)
    assert isinstance(gone, dict)
    assert gone.keys() == said.keys()
    assert set(json.dumps(gone).split('"')) & {"pomocy", "awaria", "anna", "Anna Nowak", "AWARIA", "KOWALSKI"} == set()
    assert "600" not in json.dumps(gone)


def test_a_person_gets_another_name_and_nobody_else() -> None:
    data = {"by": ANNA.upper(), "cc": f"joanna@klient.example, {ANNA}; x{ANNA}, {ANNA}.evil.test", "n": [1, None]}
    assert without_people(data, ALIASES) == {
        "by": "erased_1f2e",
        "cc": f"joanna@klient.example, erased_1f2e; x{ANNA}, {ANNA}.evil.test",
        "n": [1, None],
    }
    names = ["Anna Nowak", "Anna"]
    assert without_people("Anna i ANNA NOWAK, Anna Nowakowska", ALIASES, names) == f"Anna i {GONE}, Anna Nowakowska"
    assert without_people(f"<{ANNA}>.", ALIASES) == "<erased_1f2e>."


@pytest.mark.parametrize(
    "text",
    [
        "{}.msg", "logi {}.tar.gz", "{}_2026-11.pdf", "_{}_", "*{}*", "https://x.example/?u={}&v=1", "mailto:{}",
        "…{}…",
    ],
)  # fmt: skip
@pytest.mark.parametrize("written", [ANNA, ANNA.upper(), ANNA.replace("@", "%40")])
def test_an_address_is_found_in_names_of_files_links_and_italics(text: str, written: str) -> None:
    assert without_people(text.format(written), ALIASES) == text.format("erased_1f2e")


@pytest.mark.parametrize("text", [f"{ANNA}.msg.pl", f"{ANNA}-2.pdf", f"{ANNA}.dev", f"x_{ANNA}", f"jo_{ANNA}.pdf"])
def test_an_address_that_contains_it_is_somebody_else_s(text: str) -> None:
    assert without_people(text, ALIASES) == text


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (f"From: Anna <{ANNA.title()}>\r\n\r\nx".encode(), True),
        (b"From: joanna@klient.example\r\n\r\nx", False),
        (b"Content-Transfer-Encoding: base64\r\n\r\nYW5uYUBrbGllbnQuZXhhbXBsZQ==", True),
        (b"Content-Transfer-Encoding: quoted-printable\r\n\r\nanna=40klient.example", True),
        (b"Content-Transfer-Encoding: base64\r\n\r\naGVq", False),
        (b"\xff\xfe broken", False),
    ],
)
def test_mails_that_name_somebody(raw: bytes, names: bool) -> None:
    assert mail_names(raw, ANNA) is names


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_a_value_keeps_its_shape_and_loses_nothing_twice(value: object) -> None:
    once = without_words(value)
    assert without_words(once) == once
    if isinstance(value, dict):
        assert isinstance(once, dict)
        assert once.keys() == value.keys()
