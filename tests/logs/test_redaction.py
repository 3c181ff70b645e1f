"""What must never be read by others is taken out; what people need to find a fault stays."""

import pytest

from bot.redaction import Redactor, looks_secret


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("token xoxb-12-34-abCD used", "token *** used"),
        ("token=xapp-1-A01-2-ff", "token=***"),
        ("xoxe.xoxp-1-abc", "***"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
        ("{'Authorization': 'Basic dXNlcjpwYXNz'}", "{'Authorization': 'Basic ***'}"),
        ("postgresql+asyncpg://hezo:p/a@ss@db:5432/hezo", "postgresql+asyncpg://***@db:5432/hezo"),
        ("wss://x.slack.com/link/?ticket=1a2b&app_id=A1", "wss://x.slack.com/link/?ticket=***&app_id=A1"),
        (
            "[SQL: INSERT INTO t] [parameters: ('Anna', 'nie działa')]\n(Background on",
            "[SQL: INSERT INTO t] [parameters: ***]\n(Background on",
        ),
        ("login hunter2 failed", "login *** failed"),
        ("{'access_token': 'eyJ0eXAi.abc', 'expires_in': 3600}", "{'access_token': '***', 'expires_in': 3600}"),
        ("grant_type=refresh_token&refresh_token=0.AXoA&scope=x", "grant_type=refresh_token&refresh_token=***&scope=x"),
        ("A3 AUTHENTICATE XOAUTH2 dXNlcj1wb21vY0BteWhlem8ucGwBYXV0aD1CZWFyZXIgeAEB", "A3 AUTHENTICATE XOAUTH2 ***"),
        ("POST client_secret=top-secret&scope=x", "POST client_secret=***&scope=x"),
        ("{'client_secret': 'top-secret', 'a': 1}", "{'client_secret': '***', 'a': 1}"),
        ("AUTH PLAIN AGFubmEAc2VjcmV0", "AUTH PLAIN ***"),
        ("A2 AUTHENTICATE PLAIN AGFubmEAc2VjcmV0PQ==", "A2 AUTHENTICATE PLAIN ***"),
        ("https://hooks.slack.com/services/T0/B0/XXabcd failed", "https://hooks.slack.com/services/*** failed"),
        ("assertion=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJib3QifQ.c2ln-bmF0", "assertion=***"),
    ],
)
def test_secrets_are_hidden(text: str, hidden: str) -> None:
    assert Redactor(["hunter2"]).secrets(text) == hidden
    assert Redactor(["hunter2"]).all(text) == hidden


@pytest.mark.parametrize(
    ("text", "shortened"),
    [
        ("from anna.nowak@klient.example:", "from a***@klient.example:"),
        ("<Anna Nowak <anna@klient.example>>", "<Anna Nowak <a***@klient.example>>"),
        ("a@b.example,c+d@e.example", "a***@b.example,c***@e.example"),
        ("żaneta@klient.example", "ż***@klient.example"),
        ("meet @ 9", "meet @ 9"),
    ],
)
def test_addresses_are_shortened_once(text: str, shortened: str) -> None:
    redactor = Redactor()
    assert redactor.all(text) == shortened
    assert redactor.all(shortened) == shortened
    assert redactor.secrets(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "ticket HEZO-2026-000123 is open",
        "https://slack.com/api/chat.postMessage failed",
        "sqlite+aiosqlite:///var/hezo360.sqlite3",
        "basic configuration of FG121GTK25004672",
        "contract HZ360-2026-000101",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert Redactor(["", "abc"]).all(text) == text


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert Redactor(["pass", "password"]).secrets("password pass") == "*** ***"


def test_looks_secret() -> None:
    assert looks_secret("xoxb-1")
    assert looks_secret('"xapp-1"')
    assert not looks_secret("xbox-1")
