"""[[mail.oauth]]: what each provider needs, the addresses it brings along, and every mistake in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config import Config
from bot.config_loading import load_config
from bot.config_secrets import secret_values
from bot.errors import ConfigError
from tests.support.token_endpoint import ACCOUNT, key_file

REST = """\
[[mail.imap]]
name = "pomoc"
host = "outlook.office365.com"
username = "pomoc@myhezo.pl"
oauth = "m365"
[mail.smtp]
host = "smtp.office365.com"
port = 587
security = "starttls"
username = "pomoc@myhezo.pl"
oauth = "m365"
[slack]
bot_token = "xoxb-secret"
app_token = "xapp-secret"
support_channel = "C0001"
escalation_channel = "C0002"
engineers = ["U0001"]
"""
MICROSOFT = {"name": "m365", "provider": "microsoft", "tenant": "contoso.example", "client_id": "id-1"}
SECRET = {"HEZO360_MAIL_OAUTH_M365_CLIENT_SECRET": "client-secret"}


def load(folder: Path, oauth: Mapping[str, str], env: Mapping[str, str], rest: str = REST) -> Config:
    table = "".join(f'{key} = "{value}"\n' for key, value in oauth.items())
    file = folder / "config.toml"
    file.write_text(f"[[mail.oauth]]\n{table}{rest}", encoding="utf-8")
    return load_config(file, env)


def mistakes(folder: Path, oauth: Mapping[str, str], env: Mapping[str, str], rest: str = REST) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, oauth, env, rest)
    return [problem.partition(": ")[2] for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("changes", "token_url", "authorize_url", "scopes"),
    [
        (
            {},
            "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token",
            "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/authorize",
            "https://outlook.office365.com/.default",
        ),
        (
            {"grant": "refresh_token"},
            "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token",
            "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/authorize",
            "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
        ),
        (
            {"provider": "google", "grant": "refresh_token"},
            "https://oauth2.googleapis.com/token",
            "https://accounts.google.com/o/oauth2/v2/auth",
            "https://mail.google.com/",
        ),
        ({"provider": "other", "token_url": "https://id.example/token"}, "https://id.example/token", None, None),
        (
            {"provider": "other", "token_url": "http://localhost:1/t", "authorize_url": "https://a/", "scope": "imap"},
            "http://localhost:1/t",
            "https://a/",
            "imap",
        ),
    ],
)
def test_each_provider_brings_its_addresses(
    tmp_path: Path, changes: dict[str, str], token_url: str, authorize_url: str | None, scopes: str | None
) -> None:
    table = MICROSOFT | changes
    if table["provider"] != "microsoft":
        del table["tenant"]
    config = load(tmp_path, table, SECRET)
    [source] = config.mail.oauth
    assert (source.token_address, source.authorize_address, source.scopes) == (token_url, authorize_url, scopes)
    assert config.mail.imap[0].password is None


@pytest.mark.parametrize(
    ("changes", "env", "problem"),
    [
        ({"tenant": ""}, SECRET, 'mail.oauth[0].tenant: "" is not allowed; the directory (tenant) id'),
        ({"tenant": "a/b"}, SECRET, 'mail.oauth[0].tenant: "a/b" is not allowed; the directory (tenant) id'),
        ({"provider": "google", "grant": "refresh_token"}, SECRET, 'tenant: provider "google" has no tenants'),
        ({}, {}, "client_secret: missing: set HEZO360_MAIL_OAUTH_M365_CLIENT_SECRET or client_secret_file"),
        ({"name": "m-1"}, {}, "client_secret: missing: set HEZO360_MAIL_OAUTH_M_1_CLIENT_SECRET"),
        ({"refresh_token": "hidden"}, SECRET, 'refresh_token: has no use with grant = "client_credentials"'),
        ({"token_url": "http://id.example/"}, SECRET, "token_url: "),
        ({"grant": "password"}, SECRET, '"client_credentials", "refresh_token" or "service_account"'),
        ({"client_id": ""}, SECRET, "client_id: missing: the application's (client) id"),
        ({"grant": "service_account"}, {}, "grant: Microsoft has no service accounts"),
        (
            {"service_account_key": "hidden"},
            SECRET,
            'service_account_key: has no use with grant = "client_credentials"',
        ),
        ({"scope": "ą"}, SECRET, "scopes with a space between"),
    ],
)
def test_mistakes_are_told_in_words(tmp_path: Path, changes: dict[str, str], env: dict[str, str], problem: str) -> None:
    found = mistakes(tmp_path, MICROSOFT | changes, env)
    assert any(problem in line for line in found), found
    assert "hidden" not in "\n".join(found)


def test_what_a_provider_needs_is_asked_for(tmp_path: Path) -> None:
    table = MICROSOFT.copy()
    del table["tenant"]
    assert "mail.oauth[0].tenant: missing: the directory (tenant) id" in mistakes(tmp_path, table, SECRET)[0]
    table["provider"] = "other"
    assert 'token_url: missing: where a provider "other" gives tokens' in mistakes(tmp_path, table, SECRET)[0]
    table["provider"] = "google"
    assert "grant: Google knows no client credentials" in mistakes(tmp_path, table, SECRET)[0]


def test_a_server_logs_in_in_one_way(tmp_path: Path) -> None:
    both = mistakes(tmp_path, MICROSOFT, SECRET, REST.replace('oauth = "m365"\n', 'oauth = "m365"\npassword = "p"\n'))
    assert both == [
        "mail.imap[0].password: has no use beside oauth; keep one of them",
        "mail.smtp.password: has no use beside oauth; keep one of them",
    ]
    unknown = mistakes(tmp_path, MICROSOFT | {"name": "google"}, {"HEZO360_MAIL_OAUTH_GOOGLE_CLIENT_SECRET": "s"})
    assert unknown == [
        'mail.imap: mailbox "pomoc" names oauth = "m365", but no [[mail.oauth]] has that name',
        'mail.smtp: it names oauth = "m365", but no [[mail.oauth]] has that name',
    ]
    nobody = mistakes(tmp_path, MICROSOFT, SECRET, REST.replace('[mail.smtp]', "[mail.smtp]#").replace(
        'security = "starttls"\nusername = "pomoc@myhezo.pl"\n', 'security = "starttls"\n'
    ))  # fmt: skip
    assert nobody == ["mail.smtp.oauth: needs mail.smtp.username beside it: the mailbox that mails are sent from"]
    neither = mistakes(tmp_path, MICROSOFT, SECRET, REST.replace('oauth = "m365"\n', "", 1))
    [line] = neither
    assert line.startswith('mail.imap[0].password: is missing; give it as "password_file"')
    assert line.endswith("HEZO360_MAIL_IMAP_POMOC_PASSWORD, or set oauth")


def test_its_secrets_are_secrets(tmp_path: Path) -> None:
    table = MICROSOFT | {"grant": "refresh_token"}
    env = SECRET | {"HEZO360_MAIL_OAUTH_M365_REFRESH_TOKEN": "refresh-1"}
    config = load(tmp_path, table, env)
    assert config.mail.oauth[0].refresh_token == SecretStr("refresh-1")
    assert {"client-secret", "refresh-1"} <= secret_values(config)
    assert "refresh-1" not in repr(config)


def test_a_service_account_needs_its_key_file_and_nothing_else(tmp_path: Path) -> None:
    table = {"name": "m365", "provider": "google", "grant": "service_account"}
    [missing] = mistakes(tmp_path, table, {})
    assert missing.endswith(
        "service_account_key: missing: set service_account_key_file (or "
        "HEZO360_MAIL_OAUTH_M365_SERVICE_ACCOUNT_KEY_FILE) to the account's key file"
    )
    file = tmp_path / "key.json"
    file.write_text(key_file(), encoding="utf-8")  # of many lines, as it comes from the console
    file.chmod(0o600)
    table["service_account_key_file"] = "key.json"
    [source] = load(tmp_path, table, {}).mail.oauth
    assert (source.token_address, source.scopes) == ("https://oauth2.googleapis.com/token", "https://mail.google.com/")
    assert (source.account.address, source.account.client_id) == (ACCOUNT, "104857600000000000001")
    [id_given, secret_given] = mistakes(tmp_path, table | {"client_id": "x", "client_secret": "hidden"}, {})
    assert 'client_id: has no use with grant = "service_account"' in id_given
    assert 'client_secret: has no use with grant = "service_account"' in secret_given
    file.write_text("-----BEGIN PRIVATE KEY-----\nhidden\n", encoding="utf-8")
    [wrong] = mistakes(tmp_path, table, {})
    assert "is no key file: give the JSON file" in wrong
    assert "hidden" not in wrong
