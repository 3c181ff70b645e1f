"""`hezo360 config check` and `config show`."""

from pathlib import Path

import pytest

from bot.cli import main
from bot.config_loading import load_config

CONFIG = """\
[[mail.imap]]
name = "pomoc"
host = "imap.example"
username = "pomoc@myhezo.pl"
password = "imap-hidden"
processed_folder = ""
[mail.smtp]
host = "smtp.example"
port = 587
username = "smtp-user"
password = "smtp-hidden"
[slack]
bot_token = "xoxb-hidden"
app_token = "xapp-hidden"
support_channel = "C0001"
escalation_channel = "C0002"
engineers = ["U0001"]
managers = ["U0002"]
[database]
url = "postgresql+asyncpg://hezo:dbhidden@db.example:5432/hezo"
[sla.calendar.windows]
mon = ["09:00-12:00", "13:00-24:00"]
[sla.critical]
delivery = ""
[escalation]
team_leads = ["U0002"]
mail_to = ["dyzur@myhezo.pl"]
"""
SECRETS = ("imap-hidden", "smtp-hidden", "xoxb-hidden", "xapp-hidden", "dbhidden")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    path.chmod(0o600)
    return path


def test_check_says_what_is_in_force(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(file), "config", "check"]) == 0
    printed = capsys.readouterr()
    for line in (
        "mailbox      pomoc: pomoc@myhezo.pl at imap.example:993 (tls), folder INBOX",
        "SMTP         smtp-user at smtp.example:587 (tls), from HEZO 360 <pomoc@myhezo.pl>",
        "Slack        https://slack.com/api/, support in C0001, escalations in C0002",
        "database     postgresql+asyncpg://hezo:***@db.example:5432/hezo",
        "SLA          critical: 24x7, reaction 1h, reply 1h, reminders 50 %, 80 %",
        "SLA          non_critical: 8x5, reaction 1h, reply 2h, delivery 8h (24x7), reminders 50 %, 80 %",
        "8x5          Mon 09:00-12:00 13:00-24:00 (Europe/Warsaw; holidays of PL, 0 more)",
        f"secret       slack.bot_token from {file}",
    ):
        assert line in printed.out.splitlines()
    assert printed.out.endswith("can be used, with 2 warning(s).\n")
    assert printed.err.splitlines() == [
        'warning      mail.smtp: port 587 with security "tls"; "starttls" is usual on this port',
        "warning      sla.critical.delivery is off: the service terms promise a replacement device",
    ]
    assert not any(secret in printed.out + printed.err for secret in SECRETS)


def test_check_names_every_mistake(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(CONFIG.replace("587", "0").replace("C0001", "support"))
    assert main(["--config", str(file), "config", "check"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert [line.split(": ")[1] for line in printed.err.splitlines()] == ["mail.smtp.port", "slack.support_channel"]


def test_the_file_may_be_named_by_the_environment(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEZO360_CONFIG", str(file))
    monkeypatch.setenv("HEZO360_SLACK_BOT_TOKEN", "xoxb-other")
    assert main(["config", "check"]) == 0
    assert "secret       slack.bot_token from HEZO360_SLACK_BOT_TOKEN" in capsys.readouterr().out.splitlines()


def test_show_prints_what_can_be_loaded_again(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(file), "config", "show"]) == 0
    shown = capsys.readouterr().out
    assert not any(secret in shown for secret in SECRETS)
    copy = file.with_name("copy.toml")
    copy.write_text(shown)
    environment = {
        "HEZO360_SLACK_BOT_TOKEN": "xoxb-hidden",
        "HEZO360_SLACK_APP_TOKEN": "xapp-hidden",
        "HEZO360_MAIL_SMTP_PASSWORD": "smtp-hidden",
        "HEZO360_MAIL_IMAP_POMOC_PASSWORD": "imap-hidden",
        "HEZO360_DATABASE_URL": "postgresql+asyncpg://hezo:dbhidden@db.example:5432/hezo",
    }
    assert load_config(copy, environment) == load_config(file, {})


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        ('"C0002"', '"C0001"', "slack: support_channel and escalation_channel are the same"),
        ('"imap.example"', '"outlook.office365.com"', 'mail.imap "pomoc": Microsoft 365 ends logins by password'),
        ('managers = ["U0002"]', "", "slack.managers is empty: nobody can close an escalation"),
        (
            '["dyzur@myhezo.pl"]',
            "[]",
            "escalation.mail_to is empty: while Slack is down, nobody hears of an escalation",
        ),
        (
            'team_leads = ["U0002"]',
            'team_leads = ["U0009"]',
            "escalation.team_leads: U0009 is neither in slack.engineers nor in slack.managers",
        ),
        ('username = "smtp-user"\npassword = "smtp-hidden"\n', "", "mail.smtp: no username"),
        ("[slack]", '[mail]\ninfo_address = "pomoc@myhezo.pl"\n[slack]', "mail: two of support_address"),
        ("[slack]", '[mail]\nsupport_address = "a@other.example"\n[slack]', "mail.message_id_domain is not the domain"),
        (
            "[slack]",
            '[sla.question]\nreply = "1h"\n[slack]',
            "sla.question.reply is shorter than sla.non_critical.reply",
        ),
        ("[slack]", "[sla.question]\nremind_at_percent = []\n[slack]", "sla.question.remind_at_percent is empty"),
        ("[slack]", '[sla.calendar]\nopens = "08:00"\n[slack]', "sla.calendar: opens has no effect beside"),
        ("[slack]", '[health]\nhost = "0.0.0.0"\n[slack]', "health.host: 0.0.0.0 can be reached from other machines"),
        ("[slack]", "[health]\nport = 0\n[slack]", "health.port is 0"),
        (
            "postgresql+asyncpg://hezo:dbhidden@db.example:5432/hezo",
            "sqlite+aiosqlite:///x.db",
            "database.url: the file",
        ),
    ],
)
def test_odd_but_legal(file: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, warning: str) -> None:
    assert main(["--config", str(file), "config", "check"]) == 0
    assert warning not in capsys.readouterr().err
    file.write_text(CONFIG.replace(old, new))
    assert main(["--config", str(file), "config", "check"]) == 0
    assert warning in capsys.readouterr().err
