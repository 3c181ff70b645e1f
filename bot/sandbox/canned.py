"""Ready texts for the demo's reply window, as an operator would configure them."""

from __future__ import annotations

CANNED = (
    {
        "title": "Logi i stan urządzenia / Logs and status",
        "pl": "Dzień dobry,\n\nproszę o wynik poleceń „get system status” i „diagnose debug crashlog read” "
        "z urządzenia {serial}. Można je wkleić w odpowiedzi na tę wiadomość albo załączyć jako plik.",
        "en": "Hello,\n\nplease send us the output of “get system status” and “diagnose debug crashlog read” from the "
        "device {serial}. You can paste it into your answer to this message or attach it as a file.",
    },
    {
        "title": "Proszę o zdalny dostęp / Remote access, please",
        "pl": "Dzień dobry,\n\nżeby zbadać problem, potrzebujemy zdalnego dostępu do urządzenia {serial}. "
        "Proszę o informację, kiedy i w jaki sposób możemy się połączyć.",
        "en": "Hello,\n\nto examine the problem we need remote access to the device {serial}. "
        "Please let us know when and how we can connect.",
    },
    {
        "title": "Czy już działa? / Does it work now?",
        "pl": "Dzień dobry,\n\nczy po wykonanych zmianach urządzenie {serial} działa poprawnie? Prosimy o odpowiedź.",
        "en": "Hello,\n\nplease confirm whether the device {serial} works properly after the changes.",
    },
)
