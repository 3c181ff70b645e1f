"""`hezo360 mail authorize`: from the address to open to the refresh token in the database."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import pytest
from click.testing import CliRunner, Result

from bot.cli import hezo360
from bot.config_loading import load_config
from bot.edges.clock import SystemClock
from storage.composing import no_content_key, no_mail
from storage.engine import Database
from storage.refresh_tokens import StoredRefreshTokens
from tests.support.token_endpoint import CLIENT_ID, CLIENT_SECRET, CODE, TokenEndpoint, token_endpoint

CONFIG = """\
[database]
url = "sqlite+aiosqlite:///{folder}/hezo360.sqlite3"
[[mail.oauth]]
name = "person"
provider = "{provider}"
client_id = "{client}"
client_secret = "{secret}"
grant = "{grant}"
token_url = "{token_url}"
{more}
[[mail.imap]]
name = "pomoc"
host = "imap.example"
username = "pomoc@myhezo.pl"
oauth = "person"
[mail.smtp]
host = "smtp.example"
[slack]
bot_token = "xoxb-secret"
app_token = "xapp-secret"
support_channel = "C0001"
escalation_channel = "C0002"
engineers = ["U0001"]
"""


@pytest.fixture
def endpoint() -> Iterator[TokenEndpoint]:
    """A token endpoint in a thread of its own: the command brings its own event loop."""
    ready, stop = threading.Event(), threading.Event()
    running: list[TokenEndpoint] = []

    async def serve() -> None:
        async with token_endpoint() as served:
            running.append(served)
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    yield running[0]
    stop.set()
    thread.join()


def configured(folder: Path, endpoint: TokenEndpoint, **changes: str) -> Path:
    values = {
        "folder": str(folder), "provider": "google", "client": CLIENT_ID, "secret": CLIENT_SECRET,
        "grant": "refresh_token", "token_url": endpoint.url, "more": "",
    }  # fmt: skip
    file = folder / "config.toml"
    file.write_text(CONFIG.format_map(values | changes), encoding="utf-8")
    return file


def authorize(file: Path, monkeypatch: pytest.MonkeyPatch, answer: str, name: str = "person") -> Result:
    """Run the command; in the address that the person copies, {state} is what the command asked for."""

    def copied(text: str, **_options: object) -> str:  # what click.prompt gives
        assert text == "The address"
        return answer.format(state=asked["state"][0])

    asked: dict[str, list[str]] = {}
    told = click.echo

    def echo(message: str, **options: Any) -> None:
        for line in str(message).splitlines():
            if line.startswith("https://"):
                asked.update(parse_qs(urlsplit(line).query))
        told(message, **options)

    monkeypatch.setattr("click.prompt", copied)
    monkeypatch.setattr("click.echo", echo)
    return CliRunner().invoke(hezo360, ["--config", str(file), "mail", "authorize", name])


async def kept(file: Path) -> str:
    url = load_config(file, {}).database.url.get_secret_value()
    database = Database(url, clock=SystemClock(), compose=no_mail, read_content_key=no_content_key)
    await database.open()
    token = await StoredRefreshTokens(database).newest("person", "")
    await database.close()
    return token


def test_a_person_allows_it_once(tmp_path: Path, endpoint: TokenEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    file = configured(tmp_path, endpoint)
    done = authorize(file, monkeypatch, f"http://localhost/?state={{state}}&code={CODE}&scope=x")
    assert done.exit_code == 0, done.output
    url = next(line for line in done.output.splitlines() if line.startswith("https://accounts.google.com/"))
    asked = {key: value[0] for key, value in parse_qs(urlsplit(url).query).items()}
    assert asked["login_hint"] == "pomoc@myhezo.pl"
    assert (asked["scope"], asked["access_type"]) == ("https://mail.google.com/", "offline")
    [redeemed] = endpoint.requests
    digest = hashlib.sha256(redeemed["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    assert redeemed["redirect_uri"] == asked["redirect_uri"] == "http://localhost"
    assert asyncio.run(kept(file)) == "refresh-token-of-a-person"
    assert "refresh-token-of-a-person" not in done.output
    assert CLIENT_SECRET not in done.output


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            "http://localhost/?error=access_denied&error_description=No%0Athanks",
            "not allowed: access_denied (No thanks)",
        ),
        ("http://localhost/?state={state}", "that address holds no code"),
        (f"http://localhost/?state=forged&code={CODE}", "answers another request"),
        ("http://localhost/?state={state}&code=wrong", "has expired or was revoked"),
    ],
)
def test_what_goes_wrong_is_told_and_nothing_is_kept(
    tmp_path: Path, endpoint: TokenEndpoint, monkeypatch: pytest.MonkeyPatch, answer: str, words: str
) -> None:
    file = configured(tmp_path, endpoint)
    done = authorize(file, monkeypatch, answer)
    assert words in str(done.exception)
    assert "wrong" not in str(done.exception)
    assert asyncio.run(kept(file)) == ""


def test_what_needs_no_person_says_so(tmp_path: Path, endpoint: TokenEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    file = configured(tmp_path, endpoint, provider="other", grant="client_credentials")
    assert "needs nobody's consent" in str(authorize(file, monkeypatch, "").exception)
    file = configured(tmp_path, endpoint, provider="other")
    assert "set authorize_url" in str(authorize(file, monkeypatch, "").exception)
    assert 'no [[mail.oauth]] with the name "nobody"; known: person' in str(
        authorize(file, monkeypatch, "", "nobody").exception
    )
