"""Which words of customers ask for something that the contract entitles to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.entitlements import Entitlement
from bot.rules.entitlement_words import asked_for

CHANGE, REVIEW, UPGRADE = Entitlement.CONFIGURATION_CHANGE, Entitlement.REVIEW, Entitlement.FIRMWARE_UPGRADE
DEPLOYMENT, ON_SITE = Entitlement.REMOTE_DEPLOYMENT, Entitlement.ON_SITE_INSTALLATION


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Proszę o zmianę konfiguracji urządzenia.", [CHANGE]),
        ("Zmiana konfiguracji\nDzień dobry, jak w temacie.", [CHANGE]),
        ("prosimy o dodanie reguły dla serwera poczty", [CHANGE]),
        ("Chcielibyśmy dodać nowy VLAN dla gości.", [CHANGE]),
        ("Czy mogą Państwo otworzyć port 8443?", [CHANGE]),
        ("Please change the configuration of our VPN.", [CHANGE]),
        ("Could you add a policy for the guest network?", [CHANGE]),
        ("We need a configuration change on both units.", [CHANGE]),
        ("Prosimy o upgrade firmware do 7.4.5.", [UPGRADE]),
        ("Upgrade firmware", [UPGRADE]),
        ("Kiedy możemy umówić aktualizację oprogramowania?", [UPGRADE]),
        ("Please upgrade the firmware on our FortiGate.", [UPGRADE]),
        ("We would like to schedule a firmware upgrade.", [UPGRADE]),
        ("Proszę o przegląd konfiguracji i logów.", [REVIEW]),
        ("Chcemy skorzystać z przeglądu okresowego.", [REVIEW]),
        ("Could we arrange a configuration review?", [REVIEW]),
        ("Please review our logs and tell us what you think.", [REVIEW]),
        ("Proszę o zdalne wdrożenie urządzenia.", [DEPLOYMENT]),
        ("Zamawiamy wdrożenie nowego FortiGate.", [DEPLOYMENT]),
        ("Please plan the remote deployment of the new unit.", [DEPLOYMENT]),
        ("Prosimy o instalację on-site w przyszłym tygodniu.", [ON_SITE]),
        ("Potrzebujemy instalacji urządzenia w naszej siedzibie.", [ON_SITE]),
        ("We need an on-site installation.", [ON_SITE]),
        ("Prosimy o przegląd logów, a potem o aktualizację firmware.", [REVIEW, UPGRADE]),
        ("Po aktualizacji firmware nie działa VPN. Proszę o pomoc.", []),
        ("Proszę o pomoc, po zmianie konfiguracji nic nie działa.", []),
        ("Zrobiliśmy zmianę konfiguracji i od tego czasu prosimy o uwagę.", []),
        ("Nie potrzebujemy przeglądu konfiguracji.", []),
        ("Proszę otworzyć to w przeglądarce.", []),
        ("After the firmware upgrade the tunnel is down, please help.", []),
        ("We made a configuration change yesterday; please check why it fails.", []),
        ("Urządzenie nie działa, proszę o pilny kontakt.", []),
        ("We don't need a firmware upgrade.", []),
        ("", []),
    ],
)
def test_what_is_asked_for(text: str, kinds: list[Entitlement]) -> None:
    assert [one.kind for one in asked_for(text)] == kinds


def test_the_words_are_quoted_as_they_are_written() -> None:
    [asked] = asked_for("Dzień dobry.\nProszę o zmianę konfiguracji VPN-ów. Pozdrawiam")
    assert asked.words == "Proszę o zmianę konfiguracji VPN-ów"


@given(st.text(max_size=400))
def test_anything_can_be_read(text: str) -> None:
    for asked in asked_for(text):
        assert asked.words
