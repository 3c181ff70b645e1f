"""Addresses that only look like a known one, and those that do not."""

from __future__ import annotations

import time

import pytest

from bot.rules.lookalikes import looks_like

KNOWN = ("anna.nowak@poczta.example", "@klient.example", "@mleczarnia.example")


@pytest.mark.parametrize(
    ("address", "twin"),
    [
        ("jan@k1ient.example", "@klient.example"),
        ("jan@kIient.example", "@klient.example"),
        ("jan@kliеnt.example", "@klient.example"),  # a Cyrillic е
        ("jan@klіent.example", "@klient.example"),  # a Cyrillic і
        ("jan@xn--klint-1we.example", "@klient.example"),
        ("jan@klient.examp1e", "@klient.example"),
        ("jan@klientt.example", "@klient.example"),
        ("jan@klinet.example", "@klient.example"),
        ("jan@klent.example", "@klient.example"),
        ("jan@kli-ent.example", "@klient.example"),
        ("jan@rnleczarnia.example", "@mleczarnia.example"),
        ("jan@młeczarnia.example", "@mleczarnia.example"),
        ("anna.novak@poczta.example", "anna.nowak@poczta.example"),
        ("anna.nowak@poczta.example", None),
        ("jan@poczta.example", None),
        ("jan@klient.example", None),
        ("jan@inna-firma.example", None),
        ("jan@klient.example.evil.test", None),
        ("jan@klient-serwis.example", None),
        ("", None),
        ("no address", None),
    ],
)
def test_what_people_mistake_is_found(address: str, twin: str | None) -> None:
    assert looks_like(address, KNOWN) == twin


def test_long_addresses_take_no_time() -> None:
    before = time.process_time()
    for letter in "аrv-":
        looks_like(f"{letter * 300}@{letter * 250}.example", KNOWN * 200)
    assert time.process_time() - before < 1
