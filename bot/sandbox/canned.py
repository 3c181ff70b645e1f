"""Ready texts for the demo's reply window, as an operator would configure them."""

from __future__ import annotations

_TEXTS = (
    (
        {"pl": "Logi i stan urządzenia", "en": "Logs and status"},
        (
            "Dzień dobry,\n\nproszę o wynik poleceń „get system status” i „diagnose debug crashlog read” "
            "z urządzenia {serial}. Można je wkleić w odpowiedzi na tę wiadomość albo załączyć jako plik."
        ),
        (
            "Hello,\n\nplease send us the output of “get system status” and “diagnose debug crashlog read” from the "
            "device {serial}. You can paste it into your answer to this message or attach it as a file."
        ),
    ),
    (
        {"pl": "Proszę o zdalny dostęp", "en": "Remote access, please"},
        (
            "Dzień dobry,\n\nżeby zbadać problem, potrzebujemy zdalnego dostępu do urządzenia {serial}. "
            "Proszę o informację, kiedy i w jaki sposób możemy się połączyć."
        ),
        (
            "Hello,\n\nto examine the problem we need remote access to the device {serial}. "
            "Please let us know when and how we can connect."
        ),
    ),
    (
        {"pl": "Czy już działa?", "en": "Does it work now?"},
        "Dzień dobry,\n\nczy po wykonanych zmianach urządzenie {serial} działa poprawnie? Prosimy o odpowiedź.",
        "Hello,\n\nplease confirm whether the device {serial} works properly after the changes.",
    ),
)


def canned(language: str) -> list[dict[str, str]]:
    """`replies.canned` of the demo's configuration: texts for customers of both languages.

    Args:
        language: That of the staff, "pl" or "en": they choose a text by its title.
    """
    return [{"title": titles[language], "pl": polish, "en": english} for titles, polish, english in _TEXTS]
