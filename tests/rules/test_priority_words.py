"""What the words say of the priority, and the answers people give to the three choices."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Priority
from bot.rules.priority_answers import priority_answer
from bot.rules.priority_words import Proposal, propose_priority, provisional_priority

CRITICAL, NON_CRITICAL, QUESTION = Priority


@pytest.mark.parametrize(
    "text",
    [
        "Urządzenie nie działa",
        "URZĄDZENIE NIE DZIAŁA!!!",
        "Dzień dobry, nr seryjny: FG100D3G13803999. Urządzenie nie wstaje.",
        "nasz firewall całkowicie przestał działać",
        "FortiGate 100F nie działa, numeru nie mam",
        "FG100F padł",
        "FGT60FTK20001234 nie działa",
        "Oba węzły klastra nie działają",
        "Urządzenia nie uruchamiają się",
        "FortiGate w bootloopie",
        "Padł nam firewall",
        "Nie działa nam urządzenie",
        "urządzenie w ogóle się nie włącza, nie uruchamia się",
        "klaster leży",
        "Firewall jest martwy",
        "zapora nie odpowiada",
        "sprzęt się spalił",
        "nie możemy się połączyć z firewallem",
        "Brak dostępu do urządzenia",
        "brak dostępu",
        "Nie mamy dostępu do FortiGate",
        "utraciliśmy dostęp do urządzenia",
        "FortiGate się nie uruchamia",
        "Fortigate nie podnosi się po restarcie",
        "Brak możliwości zalogowania do urządzenia",
        "urządzenie jest niedostępne",
        "device not powering on",
        "Awaria całkowita",
        "całkowita awaria urządzenia",
        "Awaria!",
        "Zgłaszam awarię firewalla",
        "cała firma nie ma internetu",
        "brak internetu w całej firmie",
        "sieć leży",
        "Nic nie działa!",
        "to jest krytyczne",
        "sytuacja wygląda na krytyczną",
        "The device is down",
        "FW DOWN",
        "our firewall is dead",
        "FortiGate does not boot",
        "the unit won't power on",
        "No access to the device",
        "we cannot access our firewall",
        "complete outage in Warsaw",
        "The network is down since 3 a.m.",
        "Warsaw is down",
        "Pytanie: dlaczego urządzenie nie działa?",
        "nie wstaje po aktualizacji",
        "URZADZENIE NIE DZIALA",  # without Polish letters
        "urza\u0328dzenie nie dzia\u0142a",  # a combining ogonek
    ],
)
def test_critical_by_the_words(text: str) -> None:
    proposal = propose_priority(text)
    assert proposal.priority is CRITICAL
    assert not proposal.stated
    assert proposal.words


@pytest.mark.parametrize(
    "text",
    [
        "działa niestabilnie",
        "Urządzenie zawiesza się raz dziennie",
        "FortiGate restartuje się sam",
        "podejrzenie awarii",
        "podejrzewam uszkodzenie dysku",
        "nie działa VPN",
        "po aktualizacji nie działa SSL VPN u kilku osób",
        "Urządzenie działa, ale bardzo wolno",
        "Our FortiGate keeps rebooting",
        "Na firewallu nie działa VPN",
        "VPN nie działa jednemu użytkownikowi",
        "tunel do oddziału leży",
        "port 5 nie działa",
        "interface wan2 is down",
        "the tunnel is down",
        "awaria zasilacza",
        "urządzenie nie działa poprawnie",
        "the firewall is not working properly",
        "to nie jest krytyczne",
        "Nie jest to krytyczne, ale uciążliwe",
        "nie jest pilne",
        "not urgent",
        "it is not critical",
        "problem z logowaniem, niekrytyczny",
        "VPN is unstable",
        "zrywa połączenia",
    ],
)
def test_non_critical_by_the_words(text: str) -> None:
    proposal = propose_priority(text)
    assert proposal.priority is NON_CRITICAL
    assert not proposal.stated


@pytest.mark.parametrize(
    "text",
    [
        "Mam pytanie o politykę",
        "Pytanie",
        "zapytanie dotyczące licencji",
        "Jak skonfigurować SSL VPN?",
        "proszę o zmianę konfiguracji",
        "prosimy o dodanie reguły",
        "How do I add a VLAN?",
        "a question about routing",
        "Please open port 443",
        "Czy można włączyć SD-WAN?",
        "konsultacja techniczna",
        "Pytanie: co zrobić w razie awarii?",
        "Jak podłączyć drugi WAN?",
        "Chcemy skonsultować upgrade",
    ],
)
def test_question_by_the_words(text: str) -> None:
    assert propose_priority(text).priority is QUESTION


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Dzień dobry, przesyłam numery: FG100D3G13803999, HZ360-2026-000123",
        "nie ma awarii",
        "bez awarii",
        "there is no outage",
        "procedura na wypadek awarii",
        "w przypadku całkowitej awarii dzwonić",
        "podatność krytyczna? aktualizacja, krytyczna podatność CVE-2024-1",
        "infrastruktura krytyczna",
        "please slow down, scroll down to the end, drop-down, shut down",
        "pilne",
        "P100, P-1, AP1, wp1, P1.5, budynek P1",
        "Usunięto awarię",
        "awaria została usunięta, it is no longer down",
        "brak dostępu do panelu FortiCloud",
        "urządzenie działa",
    ],
)
def test_words_that_say_nothing(text: str) -> None:
    assert propose_priority(text) == Proposal()


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("Priorytet: krytyczny", CRITICAL),
        ("priorytet krytyczny", CRITICAL),
        ("Priorytet - 1", CRITICAL),
        ("[P1] firewall", CRITICAL),
        ("P1", CRITICAL),
        ("krytyczne", CRITICAL),
        ("sev1", None),
        ("Severity: 1", CRITICAL),
        ("Zgłaszam problem krytyczny", CRITICAL),
        ("KRYTYCZNY: brak prądu", CRITICAL),
        ("Re: krytyczne", None),
        ("Critical - HQ", CRITICAL),
        ("Critical issue", None),
        ("Our office is offline. Critical problem.", CRITICAL),
        ("It is a non-critical problem", NON_CRITICAL),
        ("Priorytet: niekrytyczny", NON_CRITICAL),
        ("priorytet: nie krytyczny", NON_CRITICAL),
        ("Problem niekrytyczny: VPN", NON_CRITICAL),
        ("Priority: non-critical", NON_CRITICAL),
        ("P2 VPN", NON_CRITICAL),
        ("Priorytet: pytanie", QUESTION),
        ("priority question", QUESTION),
        ("P3", QUESTION),
        ("Priorytet: pytanie. Urządzenie nie działa.", QUESTION),  # the customer decides
    ],
)
def test_a_named_priority_is_stated(text: str, priority: Priority | None) -> None:
    proposal = propose_priority(text)
    if priority is None:
        assert proposal.priority in {CRITICAL, None}
    else:
        assert (proposal.priority, proposal.stated) == (priority, True)


def test_two_named_priorities_are_none_stated() -> None:
    assert propose_priority("Priorytet: niekrytyczny, a może P1") == Proposal(CRITICAL, ("P1",), stated=False)


def test_the_words_are_shown_as_written() -> None:
    assert propose_priority("Dzień dobry, nasz FortiGate 100F PADŁ.").words == ("FortiGate 100F PADŁ",)
    assert propose_priority("To nie jest krytyczne.").words == ("nie jest krytyczne",)


@pytest.mark.parametrize(
    ("text", "provisional"),
    [
        ("urządzenie nie działa", CRITICAL),
        ("działa niestabilnie", NON_CRITICAL),
        ("mam pytanie", NON_CRITICAL),  # it may still be a fault
        ("Priorytet: pytanie", QUESTION),
        ("", NON_CRITICAL),
    ],
)
def test_the_provisional_priority(text: str, provisional: Priority) -> None:
    assert provisional_priority(propose_priority(text), NON_CRITICAL) is provisional


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1", CRITICAL),
        ("1.", CRITICAL),
        ("1)", CRITICAL),
        ("(1)", CRITICAL),
        ("#1", CRITICAL),
        ("1️⃣", CRITICAL),
        ("①", CRITICAL),
        ("P1", CRITICAL),
        ("p 1", None),
        ("krytyczny", CRITICAL),
        ("KRYTYCZNY!!!", CRITICAL),
        ("Krytyczny.", CRITICAL),
        ("krytyczna", CRITICAL),
        ("problem krytyczny", CRITICAL),
        ("1 - krytyczny", CRITICAL),
        ("pierwsze", CRITICAL),
        ("opcja pierwsza", CRITICAL),
        ("the first one", CRITICAL),
        ("The 1st", CRITICAL),
        ("one", CRITICAL),
        ("Critical, please!", CRITICAL),
        ("Proszę traktować to jako krytyczne, ludzie nie mogą pracować", CRITICAL),
        ("Brak dostępu do urządzenia", CRITICAL),
        ("2", NON_CRITICAL),
        ("2)", NON_CRITICAL),
        ("Opcja 2", NON_CRITICAL),
        ("opcja nr 2.", NON_CRITICAL),
        ("to drugie", NON_CRITICAL),
        ("To drugie, dziękuję", NON_CRITICAL),
        ("raczej drugie", NON_CRITICAL),
        ("2-gie", NON_CRITICAL),
        ("niekrytyczny", NON_CRITICAL),
        ("nie krytyczny", NON_CRITICAL),
        ("Niekrytyczny (2)", NON_CRITICAL),
        ("non-critical", NON_CRITICAL),
        ("non critical", NON_CRITICAL),
        ("Not critical", NON_CRITICAL),
        ("the second one please", NON_CRITICAL),
        ("nie pierwsze, tylko drugie", NON_CRITICAL),
        ("nie 1, tylko 2", NON_CRITICAL),
        ("Dzień dobry,\n\n2\n\nPozdrawiam\nJan Kowalski 1\ntel. 3", NON_CRITICAL),
        ("Dzień dobry, wybieram opcję 2. Numer umowy to HZ360-2026-000123.", NON_CRITICAL),
        ("2 pozdrawiam Jan", NON_CRITICAL),
        ("> 1) problem krytyczny\n> 2) problem niekrytyczny\n2", NON_CRITICAL),
        ("działa niestabilnie", NON_CRITICAL),
        ("3", QUESTION),
        ("opcja 3", QUESTION),
        ("trzecie", QUESTION),
        ("to tylko pytanie", QUESTION),
        ("pytanie", QUESTION),
        ("A question.", QUESTION),
        ("the last one", QUESTION),
        ("W odpowiedzi na pytanie: 2", NON_CRITICAL),
        ("Odpowiadając na pytanie: krytyczny", CRITICAL),
        ("FG100D3G13803999\n2", NON_CRITICAL),
        ("FGT60FTK20001234, umowa HZ360-2026-000042, 1", CRITICAL),
        ("FG121GTK25004672 HZ360-2026-000101 2", NON_CRITICAL),
        ("Nr seryjny: FGT60FTK20001234\nNr umowy: 1234AB123456\nPriorytet: 3", QUESTION),
        ("Odp: 3", QUESTION),
        ("1, bo firma stoi", CRITICAL),
        ("2 bo działa, ale niestabilnie", NON_CRITICAL),
        ("3, ponieważ chodzi tylko o zmianę reguły", QUESTION),
        ("2 because it still works", NON_CRITICAL),
        ("Poproszę dwójkę", NON_CRITICAL),
        ("Dajemy jedynkę", CRITICAL),
        ("Ad. 2", NON_CRITICAL),
        ("zmieniam na 2", NON_CRITICAL),
        ("jednak 2", NON_CRITICAL),
        ("zmieniamy na drugi", NON_CRITICAL),
        ("proszę ustawić 3", QUESTION),
        ("środkowy", NON_CRITICAL),
        ("III", QUESTION),
        ("II", NON_CRITICAL),
        ("opcja I", CRITICAL),
        ("krytczny", CRITICAL),
        ("KRYTUCZNY", CRITICAL),
        ("niekrytczny", NON_CRITICAL),
        ("critcal", CRITICAL),
        ("non-critcal", NON_CRITICAL),
        ("Please set it to 1", CRITICAL),
        ("make it 2 please", NON_CRITICAL),
    ],
)
def test_an_answer_is_understood(text: str, answer: Priority | None) -> None:
    assert priority_answer(text) is answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tak",
        "nie",
        "4",
        "12",
        "1 lub 2",
        "1 albo 2",
        "1, 2",
        "1?",
        "krytyczny?",
        "nie wiem, może 2",
        "nie wiem czy to krytyczne",
        "nie 1",
        "to nie jest krytyczne",
        "it is not a critical one",
        "Czy krytyczny to znaczy, że zadzwonicie?",
        "krytyczny, a może niekrytyczny",
        "1. FG100D3G13803999",
        "1. FG100D3G13803999\n2. HZ360-2026-000123",
        "1 urządzenie",
        "2 sztuki",
        "drugie urządzenie też padło",
        "pierwszy raz widzę taki błąd",
        "Mam jeszcze pytanie: kiedy przyjedzie kurier?",
        "To krytyczna podatność",
        "tel. 1 2 3",
        "Pozdrawiam\n1",
        "--\n1",
        "> 1",
        "FG100D3G13803999, HZ360-2026-000123",
        "Dzień dobry, w załączniku logi.",
        "FGT60FTK20001234 1 szt.",
        "FGT60FTK20001234, umowa HZ360-2026-000042",
        "umowa nr 1",
        "2 bo tak napisał kolega, ale może 1",
        "I",
        "I agree",
        "opcja I albo II",
        "krytyka",
        "2 bo?",
    ],
)
def test_in_doubt_there_is_no_answer(text: str) -> None:
    assert priority_answer(text) is None


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert propose_priority(text).priority in {None, *Priority}
    assert priority_answer(text) in {None, *Priority}


@settings(deadline=None)
@given(
    st.sampled_from(["", "Dzień dobry,\n", "Witam\n\n", "> cytat 1\n"]),
    st.integers(0, 2),
    st.sampled_from(["", ".", ")", "!!!", " "]),
    st.sampled_from(["", "\n\nPozdrawiam\nJan 3", "\n-- \n1 2 3"]),
)
def test_a_number_is_an_answer_in_any_mail(before: str, choice: int, mark: str, after: str) -> None:
    assert priority_answer(f"{before}{choice + 1}{mark}{after}") is list(Priority)[choice]


@pytest.mark.parametrize(
    "part", ["nie ", "a ", "firewall ", "nie dziala ", "awaria ", "1 ", "?", "\n", "p1", "krytyczny ", "vpn x y "]
)
def test_hostile_text_takes_no_time(part: str) -> None:
    text = (part * 200_000)[:200_000]
    before = time.process_time()
    propose_priority(text)
    priority_answer(text)
    assert time.process_time() - before < 1.5
