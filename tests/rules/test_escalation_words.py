"""Which words of a customer ask for an escalation."""

from __future__ import annotations

import time

from bot.rules.escalation_words import asks_for_escalation

ASKS = [
    "eskalacja",
    "Eskalacja!",
    "ESKALACJA zgłoszenia",
    "Proszę o eskalację.",
    "Prosimy o pilną eskalację zgłoszenia do kierownictwa.",
    "proszę o eskalacje",
    "Wnoszę o eskalację sprawy",
    "Eskaluję to zgłoszenie, bo od rana nikt się nie odezwał.",
    "Eskalujemy sprawę.",
    "Proszę eskalować.",
    "Proszę to wyeskalować",
    "Sprawa musi zostać zeskalowana? Nie wiem, ale proszę o eskalację",
    "Nie działa proszę o eskalację",
    "Nie odpowiadacie, proszę o eskalację",
    "Nie widzę innego wyjścia niż eskalacja.",
    "Czekam trzecią godzinę, to już eskalacja.",
    "Jeżeli nie odpowiecie do 12, będę eskalować.",
    "Jaka jest ścieżka eskalacji?",
    "prosze o escalacje",
    "escalate",
    "Please escalate this ticket.",
    "Could you escalate?",
    "I want to escalate.",
    "I am escalating this case.",
    "We request an escalation.",
    "This has to be escalated now",
    "It is not working. Please escalate",
    "Chcę rozmawiać z kierownikiem.",
    "Chcę porozmawiać z Państwa przełożonym",
    "Chciałbym rozmawiać z menedżerem",
    "Chcielibyśmy porozmawiać z managerem zespołu",
    "Proszę o kontakt z przełożonym.",
    "Proszę o kontakt kierownika działu",
    "Proszę mnie połączyć z szefem",
    "Żądam rozmowy z dyrektorem",
    "Proszę przekazać sprawę kierownikowi.",
    "Kto jest Pana przełożonym?",
    "I'd like to speak to your manager.",
    "Let me talk to a supervisor, please.",
    "Can I speak with the support manager?",
    "Please put me through to your boss",
    "Please involve your management.",
]
DOES_NOT = [
    "",
    "Dziękuję, działa.",
    "bez eskalacji",
    "Na razie bez eskalacji, proszę.",
    "Prosimy o odpowiedź, bez żadnej eskalacji.",
    "Nie eskalujcie tego.",
    "Nie eskaluję, tylko pytam.",
    "Nie chcemy eskalować.",
    "Nie ma potrzeby eskalacji.",
    "Nie proszę o eskalację.",
    "Nie trzeba jeszcze eskalować",
    "To nie jest eskalacja.",
    "Eskalacja nie jest potrzebna.",
    "Chcemy uniknąć eskalacji",
    "deeskalacja",
    "de-eskalacja konfliktu",
    "Problem eskaluje, coraz więcej osób nie ma dostępu.",
    "privilege escalation",
    "Local privilege-escalation in FortiOS 7.2",
    "SSL VPN escalation of privileges",
    "CVE-2024-21762: eskalacja uprawnień w SSL VPN",
    "podatność typu eskalacja uprawnień",
    "Is there an escalation vulnerability in 7.4.3?",
    "no need to escalate",
    "Please do not escalate this yet.",
    "We don't want to escalate",
    "Escalation is not needed.",
    "solved without escalation",
    "Rozmawiałem z kierownikiem i zgadza się na termin.",
    "Chcę porozmawiać z naszym kierownikiem, zanim wybierzemy termin.",
    "Proszę o kontakt z moim przełożonym, Janem Nowakiem.",
    "Nasz kierownik prosi o fakturę.",
    "Nie chcę rozmawiać z kierownikiem.",
    "Proszę o połączenie z FortiManager.",
    "I will talk to my manager about the date.",
    "Our manager approved the maintenance window.",
    "eskalator nie działa",
    "mail eskalacyjny",
]


def test_these_words_ask_for_an_escalation() -> None:
    assert [words for words in ASKS if not asks_for_escalation(words)] == []


def test_these_words_do_not() -> None:
    assert [words for words in DOES_NOT if asks_for_escalation(words)] == []


def test_the_words_are_quoted_with_their_sentence() -> None:
    text = "Dzień dobry.\nOd rana nic, więc proszę o eskalację zgłoszenia. Pozdrawiam"
    assert asks_for_escalation(text) == "Od rana nic, więc proszę o eskalację zgłoszenia"


def test_a_denial_takes_back_only_its_own_word() -> None:
    assert asks_for_escalation("Wczoraj pisałem: bez eskalacji. Dziś proszę o eskalację.") == "Dziś proszę o eskalację"


def test_long_texts_take_no_time() -> None:
    began = time.process_time()
    for text in ("prosze " * 3_000, "nie " * 5_000, "z " * 10_000 + "kierownikiem", "speak to " * 2_000):
        asks_for_escalation(text)
    assert time.process_time() - began < 2
