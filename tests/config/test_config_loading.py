"""Reading the configuration: every mistake at once, at its place, in words, and never a secret's value."""

import os
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config import Config, ServiceSections
from bot.config_loading import LoadedConfig, load_config, read_config, read_sections
from bot.config_problems import is_secret
from bot.config_secrets import secret_keys
from bot.errors import ConfigError

GOOD = """\
[[mail.imap]]
name = "pomoc"
host = "imap.example"
username = "pomoc"
password = "imap-secret"
[mail.smtp]
host = "smtp.example"
[slack]
bot_token = "xoxb-secret"
app_token = "xapp-secret"
support_channel = "C0001"
escalation_channel = "C0002"
engineers = ["U0001"]
"""

A_SLACK_ID = 'a Slack id such as "C0123456789" or "U0123456789"'
UNKNOWN_VARIABLE = (
    "HEZO360_TYPO: unknown environment variable; known are HEZO360_CONFIG, HEZO360_DATABASE_URL, "
    "HEZO360_ESCALATION_WEBHOOK_SECRET, HEZO360_MAIL_IMAP_POMOC_PASSWORD, HEZO360_MAIL_SMTP_PASSWORD, "
    "HEZO360_MAIL_TOKEN_KEY, HEZO360_SLACK_APP_TOKEN, HEZO360_SLACK_BOT_TOKEN, "
    "HEZO360_SLACK_SIGNING_SECRET, the secrets also with _FILE"
)


class Folder:
    """A folder with a configuration file in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path / "config.toml"

    def load(self, text: str, env: Mapping[str, str] | None = None) -> Config:
        self.file.write_text(text, encoding="utf-8")
        return load_config(self.file, env or {})

    def read(self, text: str, env: Mapping[str, str] | None = None, mode: int = 0o600) -> LoadedConfig:
        self.file.write_text(text, encoding="utf-8")
        self.file.chmod(mode)
        return read_config(self.file, env or {})

    def mistakes(self, text: str, env: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self.load(text, env)
        return [problem.replace(f"{self.path}{os.sep}", "") for problem in caught.value.problems]

    def secret(self, name: str, content: str | bytes, mode: int = 0o600) -> Path:
        path = self.path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def without(key: str) -> str:
    """The good configuration without the lines that set a key."""
    return "".join(line for line in GOOD.splitlines(keepends=True) if not line.startswith(f"{key} ="))


def test_good_configuration_has_the_published_terms(folder: Folder) -> None:
    config = folder.load(GOOD)
    assert config.slack.bot_token.get_secret_value() == "xoxb-secret"
    assert (config.sla.critical.reaction, config.sla.critical.reply) == (timedelta(hours=1), timedelta(hours=1))
    assert (config.sla.non_critical.reaction, config.sla.non_critical.reply) == (timedelta(hours=1), timedelta(hours=2))
    assert (config.sla.question.reaction, config.sla.question.reply) == (timedelta(hours=2), timedelta(hours=4))
    assert (config.sla.calendar.opens, config.sla.calendar.closes) == (time(9), time(17))


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(folder: Folder) -> None:
    text = GOOD.replace('host = "imap.example"', 'host = "imap.example"\nport = 99999').replace('"C0001"', '"#support"')
    text += 'engineer = []\n[sla.calendar]\ncloses = "08:00"\n[log]\nlevel = "loud"\n'
    assert folder.mistakes(text, {"HEZO360_TYPO": "x"}) == [
        "config.toml:4: mail.imap[0].port: 99999 is not allowed; a whole number from 1 to 65535",
        f'config.toml:12: slack.support_channel: "#support" is not allowed; {A_SLACK_ID}',
        'config.toml:15: slack.engineer: unknown key; did you mean "engineers"?',
        "config.toml:17: sla.calendar.closes: has to be after sla.calendar.opens",
        'config.toml:19: log.level: "loud" is not allowed; "debug", "info", "warning" or "error"',
        UNKNOWN_VARIABLE,
    ]


def test_empty_file_names_what_is_missing(folder: Folder) -> None:
    assert folder.mistakes("") == [
        "config.toml: mail: is missing; a table [mail]",
        "config.toml: slack: is missing; a table [slack]",
    ]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("port = true", "mail.smtp.port: true is not allowed; a whole number from 1 to 65535"),
        ('port = "465"', 'mail.smtp.port: "465" is not allowed; a whole number from 1 to 65535'),
        ("host = 1", "mail.smtp.host: 1 is not allowed; a host name or an IP address"),
        (
            "host = 'smtp.example:465'",
            'mail.smtp.host: "smtp.example:465" is not allowed; a host name or an IP address',
        ),
        ("host = '192.0.2.1:465'", 'mail.smtp.host: "192.0.2.1:465" is not allowed; a host name or an IP address'),
        ("host = 'smtp..example'", 'mail.smtp.host: "smtp..example" is not allowed; a host name or an IP address'),
        (f"host = '{'a' * 64}.example'", "mail.smtp.host: "),
        ("timeout = 30", "mail.smtp.timeout: 30 is not allowed; a duration from "),
        ('timeout = "0s"', 'mail.smtp.timeout: "0s" is not allowed; a duration from "1s" to "366d"'),
        ('timeout = "99999999d"', 'mail.smtp.timeout: "99999999d" is not allowed; a duration from'),
        ('timeout = "-1s"', "mail.smtp.timeout: "),
        ('security = "none"', 'mail.smtp.security: "none" is not allowed; "tls" or "starttls"; "none" only where'),
        ('security = "ssl"', 'mail.smtp.security: "ssl" is not allowed; "tls", "starttls" or "none"'),
        ('username = "u"', "mail.smtp.password: missing, though mail.smtp.username is given"),
        ('password = "hidden"', "mail.smtp.password: a password needs mail.smtp.username beside it"),
        ('ca_file = "none.pem"', "none.pem cannot be read: No such file"),
        ('pasword = "hidden"', 'mail.smtp.pasword: unknown key; did you mean "password"?'),
        ('ssl = "hidden"', "mail.smtp.ssl: unknown key; known here: host, port, security"),
        ("[service]\ntimezone = 'Europe/Krakow'", 'service.timezone: "Europe/Krakow" is not allowed; a time zone'),
        ("[service]\ntimezone = '../etc'", "service.timezone: "),
        ("[sla.calendar]\ncountry = 'Polska'", 'sla.calendar.country: "Polska" is not allowed; a country code'),
        ("[sla.calendar]\nopens = 9", 'sla.calendar.opens: 9 is not allowed; a time of day such as "09:00"'),
        (
            "[sla.calendar]\nextra_closed = ['1.5.2026']",
            'sla.calendar.extra_closed[0]: "1.5.2026" is not allowed; a date',
        ),
        ("[sla.calendar]\nextra_closed = [20260501]", "sla.calendar.extra_closed[0]: 20260501 is not allowed; a date"),
        ("[sla.calendar]\nweekdays = []", "sla.calendar.weekdays: an empty list is not allowed; a list of weekdays"),
        ("[sla.calendar.windows]\nmon = ['20:00-24:00', '22:00-23:00']", "sla.calendar.windows.mon: the opening times"),
        ("[sla.calendar.windows]\nsun = []", "sla.calendar.windows: no day has an opening time"),
        ("[sla.calendar.windows]\nmon = ['17:00-09:00']", 'sla.calendar.windows.mon[0]: "17:00-09:00" is not allowed'),
        ("[sla.calendar.windows]\nmon = ['09:00-12:00', '11:00-17:00']", "sla.calendar.windows.mon: the opening times"),
        ("[sla.critical]\nremind_at_percent = [80, 50]", "sla.critical.remind_at_percent: the numbers have to grow"),
        (
            "[sla.critical]\nremind_at_percent = [100]",
            "remind_at_percent[0]: 100 is not allowed; a whole number from 1 to 99",
        ),
        ("[sla.critical]\nreaction = '0s'", 'sla.critical.reaction: "0s" is not allowed; a duration from "1s"'),
        ("[sla]\ncritical = '1h'", 'sla.critical: "1h" is not allowed; a table [sla.critical]'),
        ("[intake]\ncontract_patterns = ['(']", "intake.contract_patterns: '(' is no regular expression"),
        ("[intake]\ncontract_patterns = ['x*']", "intake.contract_patterns: 'x*' matches an empty text"),
        ("[retention]\nmails = 30", 'retention.mails: 30 is not allowed; "0s", which keeps it for ever, or a duration'),
        ("[retention]\nmails = '1h'", 'retention.mails: "1h" is not allowed; "0s", which keeps it for ever, or a'),
        ("[retry]\nfirst_wait = '1h'", "retry.longest_wait: has to be at least retry.first_wait"),
        ("[database]\nurl = 'sqlite:///x.db'", 'database.url: what is given is not allowed; "sqlite+aiosqlite:///'),
        (
            "[database]\nurl = 'postgresql+asyncpg://u:hidden@h/d?ssl=require&sslmode=require'",
            "database.url: sslmode is no option of the driver; it knows gsslib, host, krbsrvname, passfile, port",
        ),
        (
            "[database]\nurl = 'postgresql+asyncpg://u:hidden@h/d?pool_size=hidden'",
            "database.url: pool_size is no option",
        ),
        (
            "[database]\nurl = 'sqlite+aiosqlite:///x.db?mode=ro'",
            "database.url: mode is no option of the driver; it knows none",
        ),
        ("[database]\nurl = 'sqlite+aiosqlite://'", "database.url: what is given is not allowed"),
        ("[database]\nurl = 'postgresql+asyncpg://u:hidden@h:port/d'", "database.url: what is given is not allowed"),
    ],
)
def test_one_mistake_gives_one_line(folder: Folder, lines: str, problem: str) -> None:
    separator = "" if lines.startswith("[") else "[mail.smtp]\nhost = 'x'\n"
    host_given = "host" in lines
    text = GOOD.replace('[mail.smtp]\nhost = "smtp.example"\n', "") if separator else GOOD
    found = folder.mistakes(text + (separator.replace("host = 'x'\n", "") if host_given else separator) + lines)
    assert len(found) == 1
    assert problem in found[0]
    assert found[0].startswith("config.toml:")
    assert "hidden" not in found[0]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "xoxb-secret",
            "xapp-secret",
            'slack.bot_token: what is given is not allowed; a bot token, which starts with "xoxb-"',
        ),
        ("xapp-secret", "hunter2-secret", "slack.app_token: what is given is not allowed; an app-level token"),
        ("xoxb-secret", "xoxb-secret\\n", "slack.bot_token: what is given is not allowed; a bot token"),
        ("xapp-secret", "xapp-secret ", "slack.app_token: what is given is not allowed; an app-level token"),
        ("xapp-secret", "xapp-secret\u0142", "slack.app_token: what is given is not allowed; an app-level token"),
        ("C0001", "xoxb-secret-in-a-wrong-place", "slack.support_channel: what is given is not allowed"),
        ('"imap-secret"', "87654321", "mail.imap[0].password: what is given is not allowed"),
        ("engineers", "#", "slack.managers: slack.engineers and slack.managers are both empty"),
        (
            'bot_token = "xoxb-secret"',
            'api_url = "http://localhost.evil.example/"\nbot_token = "xoxb-secret"',
            "slack.api_url: ",
        ),
    ],
)
def test_wrong_secrets_are_never_quoted(folder: Folder, old: str, new: str, problem: str) -> None:
    found = folder.mistakes(GOOD.replace(old, new))
    assert len(found) == 1
    assert problem in found[0]
    for secret in ("secret", "87654321", "hunter2"):
        assert secret not in found[0]


@pytest.mark.parametrize("address", ["zgłoszenia@myhezo.pl", "pomoc@my..hezo.pl", "po;moc@myhezo.pl", "pomoc@@x"])
def test_our_addresses_can_be_written_to(folder: Folder, address: str) -> None:
    """Else every mail that names them would fail, the copy to ourselves first."""
    [found] = folder.mistakes(f"[mail]\nsupport_address = '{address}'\n{GOOD}")
    assert f'mail.support_address: "{address}" is not allowed; an e-mail address such as' in found
    assert folder.load(f"[mail]\nsupport_address = 'pomoc@żółw.example'\n{GOOD}").mail.support_address


@pytest.mark.parametrize(("read", "processed"), [("INBOX", "Inbox"), ("HEZO", "HEZO")])
def test_what_was_read_is_not_moved_to_where_it_is_read_again(folder: Folder, read: str, processed: str) -> None:
    given = f'name = "pomoc"\nfolder = "{read}"\nprocessed_folder = "{processed}"'
    [found] = folder.mistakes(GOOD.replace('name = "pomoc"', given, 1))
    assert "mail.imap[0].processed_folder: has to be another folder than the one that is read" in found


def test_mailboxes_need_names_that_differ_as_variables(folder: Folder) -> None:
    box = '[[mail.imap]]\nname = "{}"\nhost = "h"\nusername = "u"\npassword = "p"\n'
    text = GOOD.replace('name = "pomoc"', 'name = "a-b"') + box.format("a_b")
    assert folder.mistakes(text) == [
        "config.toml:1: mail.imap: every mailbox needs a name of its own (- and _ count as the same)"
    ]


def test_naming_one_term_keeps_the_others(folder: Folder) -> None:
    terms = folder.load(GOOD + '[sla.critical]\nreply = "30min"\n').sla.critical
    assert (terms.reply, terms.reaction, terms.delivery) == (
        timedelta(minutes=30),
        timedelta(hours=1),
        timedelta(hours=8),
    )
    assert folder.load(GOOD + '[sla.critical]\ndelivery = ""\n').sla.critical.delivery is None


def test_opening_times_in_either_form(folder: Folder) -> None:
    simple = folder.load(GOOD).sla.calendar
    assert simple.spans(5) == ((time(9), time(17)),)
    assert simple.spans(6) == ()
    windows = "[sla.calendar.windows]\nmon = ['08:00-12:00', '13:00-18:00']\nsat = ['10:00-24:00']\n"
    full = folder.load(GOOD + windows).sla.calendar
    assert full.spans(1) == ((time(8), time(12)), (time(13), time(18)))
    assert full.spans(2) == ()
    assert full.spans(6) == ((time(10), time(0)),)


@pytest.mark.parametrize(
    ("write", "problem"),
    [
        (Path.exists, "there is no such file; copy config.example.toml"),
        (Path.mkdir, "is a folder"),
        (lambda path: path.write_bytes(b"ok = 1\nname = '\xb3'"), ":2: is not UTF-8 text; save the file as UTF-8"),
        (lambda path: path.write_text("a = 1\nb = \n"), ":2: is not valid TOML, column 5: this is no value"),
        (
            lambda path: path.write_text("[a]\nb = 1\nb = 2\nc = 3"),
            ":3: is not valid TOML, column 6: this key or table is",
        ),
        (lambda path: path.write_text("a = [1,\n"), ":1: is not valid TOML, at the end of the file"),
    ],
    ids=["missing", "folder", "encoding", "syntax", "twice", "unclosed"],
)
def test_unusable_file_gives_one_message(tmp_path: Path, write: Callable[[Path], object], problem: str) -> None:
    file = tmp_path / "config.toml"
    write(file)
    with pytest.raises(ConfigError) as caught:
        load_config(file, {})
    assert len(caught.value.problems) == 1
    assert problem in str(caught.value)


def test_byte_order_mark_of_windows_editors_is_no_mistake(folder: Folder) -> None:
    folder.load("\ufeff" + GOOD)


def test_every_secret_of_the_tree_can_come_from_elsewhere(folder: Folder) -> None:
    """The table of variables names exactly the keys that hold secrets."""

    def secrets_of(schema_path: tuple[str | int, ...]) -> set[tuple[str | int, ...]]:
        from bot.config_problems import allowed_keys

        found = {schema_path} if is_secret(schema_path) else set()
        table = (*schema_path, 0) if schema_path == ("mail", "imap") else schema_path
        return found.union(*(secrets_of((*table, key)) for key in allowed_keys(table)))

    raw = {"mail": {"imap": [{"name": "pomoc"}]}}
    assert {path for path, _ in secret_keys(raw)} == secrets_of(())


class TestSecrets:
    """Where secrets may come from, and what may be wrong with that."""

    def test_environment_wins(self, folder: Folder) -> None:
        loaded = folder.read(
            GOOD.replace("username =", "password_file = 'absent'\nusername =").replace(
                'password = "imap-secret"\n', ""
            ),
            {
                "HEZO360_SLACK_BOT_TOKEN": "xoxb-env",
                "HEZO360_MAIL_IMAP_POMOC_PASSWORD": "from env",
                "HEZO360_DATABASE_URL": "postgresql+asyncpg://u:p@h/d",
                "HEZO360_MAIL_TOKEN_KEY": "key",
                "HEZO360_CONFIG": "config.toml",
                "PATH": "/bin",
            },
        )
        config = loaded.config
        assert config.slack.bot_token.get_secret_value() == "xoxb-env"
        assert config.mail.imap[0].password == SecretStr("from env")
        assert config.database.url.get_secret_value().startswith("postgresql")
        assert config.mail.token_key is not None
        assert loaded.origins == {
            "database.url": "HEZO360_DATABASE_URL",
            "mail.token_key": "HEZO360_MAIL_TOKEN_KEY",
            "mail.imap[0].password": "HEZO360_MAIL_IMAP_POMOC_PASSWORD",
            "slack.bot_token": "HEZO360_SLACK_BOT_TOKEN",
            "slack.app_token": str(folder.file),
        }

    def test_file_beside_the_configuration(self, folder: Folder) -> None:
        path = folder.secret("token", "xoxb-file\r\n")
        loaded = folder.read(without("bot_token").replace("[slack]", "[slack]\nbot_token_file = 'token'"))
        assert loaded.config.slack.bot_token.get_secret_value() == "xoxb-file"
        assert loaded.origins["slack.bot_token"] == str(path)
        assert loaded.warnings == ()

    def test_file_named_by_the_environment(self, folder: Folder) -> None:
        path = folder.secret("token", "xoxb-file")
        config = folder.load(GOOD, {"HEZO360_SLACK_BOT_TOKEN_FILE": str(path)})
        assert config.slack.bot_token.get_secret_value() == "xoxb-file"

    def test_file_open_to_everybody_is_a_warning(self, folder: Folder) -> None:
        path = folder.secret("token", "xoxb-file", mode=0o644)
        loaded = folder.read(GOOD, {"HEZO360_SLACK_BOT_TOKEN_FILE": str(path)})
        assert loaded.warnings == (f"{path} can be read by every user of this machine; chmod 600 {path}",)

    def test_so_is_the_configuration_itself_where_it_holds_one(self, folder: Folder) -> None:
        [warning] = folder.read(GOOD, mode=0o644).warnings
        assert warning.endswith(
            "holds secrets and can be read by every user of this machine; chmod 600 " + str(folder.file)
        )
        elsewhere = {
            f"HEZO360_{name}_FILE": str(folder.secret(name.lower(), content))
            for name, content in (
                ("MAIL_IMAP_POMOC_PASSWORD", "p"), ("SLACK_BOT_TOKEN", "xoxb-1"), ("SLACK_APP_TOKEN", "xapp-1"),
            )
        }  # fmt: skip
        assert folder.read(GOOD, elsewhere, mode=0o644).warnings == ()

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (b"", "token is empty; put the secret into it"),
            (b"\n", "token is empty; put the secret into it"),
            (b"xoxb-1\nxoxb-2\n", "token holds more than one line"),
            (b"x" * 70000, "token holds more than one line"),
            (b"\xff\xfe", "token is not UTF-8 text"),
            (b"hunter2", "what is given is not allowed; a bot token"),
        ],
        ids=["empty", "newline", "two lines", "huge", "binary", "wrong"],
    )
    def test_useless_file(self, folder: Folder, content: bytes, problem: str) -> None:
        path = folder.secret("token", content)
        in_file = folder.mistakes(without("bot_token").replace("[slack]", "[slack]\nbot_token_file = 'token'"))
        in_variable = folder.mistakes(GOOD, {"HEZO360_SLACK_BOT_TOKEN_FILE": str(path)})
        for found in (in_file, in_variable):
            assert len(found) == 1
            assert problem in found[0]
            assert "hunter2" not in found[0]
        assert in_variable[0].startswith(("HEZO360_SLACK_BOT_TOKEN_FILE: ", "token: "))

    def test_absent_file_is_one_mistake(self, folder: Folder) -> None:
        assert folder.mistakes(without("bot_token").replace("[slack]", "[slack]\nbot_token_file = 'token'")) == [
            "config.toml:9: slack.bot_token_file: there is no file token; create it or correct the name"
        ]

    def test_key_and_file_together(self, folder: Folder) -> None:
        assert folder.mistakes(GOOD.replace("[slack]", "[slack]\nbot_token_file = 'token'")) == [
            'config.toml:9: slack.bot_token_file: "bot_token" and "bot_token_file" are both given; keep one of them'
        ]

    def test_variable_and_its_file_together(self, folder: Folder) -> None:
        env = {"HEZO360_SLACK_BOT_TOKEN": "xoxb-1", "HEZO360_SLACK_BOT_TOKEN_FILE": "token"}
        assert folder.mistakes(GOOD, env) == [
            "HEZO360_SLACK_BOT_TOKEN: HEZO360_SLACK_BOT_TOKEN_FILE is set as well; keep one of them"
        ]

    def test_empty_variable(self, folder: Folder) -> None:
        assert folder.mistakes(GOOD, {"HEZO360_SLACK_BOT_TOKEN": ""}) == [
            "HEZO360_SLACK_BOT_TOKEN: is empty; give it a value or remove it"
        ]

    def test_wrong_variable_is_blamed_and_not_the_file(self, folder: Folder) -> None:
        found = folder.mistakes(GOOD, {"HEZO360_DATABASE_URL": "postgres://u:hunter2@h/d"})
        assert len(found) == 1
        assert found[0].startswith("HEZO360_DATABASE_URL: what is given is not allowed; ")
        assert "hunter2" not in found[0]

    def test_mailbox_variable_with_a_mistyped_name(self, folder: Folder) -> None:
        found = folder.mistakes(GOOD, {"HEZO360_MAIL_IMAP_POMOCY_PASSWORD": "x"})
        assert len(found) == 1
        assert found[0].startswith("HEZO360_MAIL_IMAP_POMOCY_PASSWORD: unknown environment variable; ")
        assert found[0].endswith("did you mean HEZO360_MAIL_IMAP_POMOC_PASSWORD?")

    @pytest.mark.parametrize(
        "mail", ["mail = 1", "[[mail]]\nimap = 1", "[mail]\nimap = {}", "[mail]\nimap = [1]\nsmtp = 2"]
    )
    def test_tables_of_the_wrong_kind_are_named(self, folder: Folder, mail: str) -> None:
        slack = GOOD[GOOD.index("[slack]") :]
        found = folder.mistakes(f"{mail}\n{slack}", {"HEZO360_MAIL_SMTP_PASSWORD": "hidden"})
        assert all(problem.startswith("config.toml:1: ") or "mail." in problem for problem in found)
        assert any("a table" in problem for problem in found)


def test_the_service_terms_stand_where_no_file_is_and_none_was_named(tmp_path: Path) -> None:
    absent = tmp_path / "config.toml"
    assert read_sections(absent, must_exist=False) == ServiceSections()
    with pytest.raises(ConfigError, match="there is no such file"):
        read_sections(absent, must_exist=True)
    absent.symlink_to(tmp_path / "nowhere.toml")
    with pytest.raises(ConfigError, match="there is no such file"):
        read_sections(absent, must_exist=False)


def test_what_the_service_promises_is_read_without_servers_and_secrets(folder: Folder) -> None:
    folder.file.write_text(
        "[[mail.imap]]\nname = 5\n[mail]\ninfo_address = 'biuro@myhezo.pl'\ntoken_key_file = 'absent'\n"
        "[slack]\nbot_token = 'wrong'\n[sla.question]\nreply = '6h'\n[service]\ntimezone = 'Europe/Berlin'\n"
        "[intake]\ncontract_patterns = ['\\d{9}']\n"
    )
    sections = read_sections(folder.file, must_exist=False)
    assert "biuro@myhezo.pl" in sections.mail.own_addresses
    assert (sections.sla.question.reply, sections.sla.question.reaction) == (timedelta(hours=6), timedelta(hours=2))
    assert (sections.service.timezone, sections.intake.contract_patterns) == ("Europe/Berlin", (r"\d{9}",))


def test_of_these_sections_every_mistake_is_named(folder: Folder) -> None:
    folder.file.write_text(
        "[mail]\ninfo_addres = 'a@b.pl'\n[slaa]\n[sla.question]\ncalendar = '9x5'\n[service]\ntimezone = 'Mars/Base'\n"
    )
    with pytest.raises(ConfigError) as caught:
        read_sections(folder.file, must_exist=True)
    assert [problem.removeprefix(str(folder.file)) for problem in caught.value.problems] == [
        ':2: mail.info_addres: unknown key; did you mean "info_address"?',
        ':3: slaa: unknown key; did you mean "sla"?',
        ':5: sla.question.calendar: "9x5" is not allowed; "24x7" or "8x5"',
        ':7: service.timezone: "Mars/Base" is not allowed; a time zone of the IANA database, such as "Europe/Warsaw"',
    ]


@pytest.mark.parametrize("text", ["sla = 3\n", "mail = [1]\n", "service = ''\n"])
def test_a_section_that_is_no_table_is_refused(folder: Folder, text: str) -> None:
    folder.file.write_text(text)
    with pytest.raises(ConfigError, match="a table"):
        read_sections(folder.file, must_exist=True)
