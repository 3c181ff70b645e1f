"""The sections [escalation] and [duty]: chains that can be climbed, duties that people can keep, signed calls."""

from datetime import time, timedelta
from pathlib import Path

import pytest

from bot.config import Config
from bot.config_loading import load_config
from bot.config_secrets import secret_values
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
SIGNED = {"HEZO360_ESCALATION_WEBHOOK_SECRET": "hush"}
MINUTE = timedelta(minutes=1)


def load(folder: Path, text: str, env: dict[str, str] | None = None) -> Config:
    file = folder / "config.toml"
    file.write_text(GOOD + text, encoding="utf-8")
    return load_config(file, env or {})


def test_a_table_changes_what_it_names_and_leaves_the_rest(tmp_path: Path) -> None:
    config = load(tmp_path, '[escalation.critical]\nrepeat_every = "5min"\n')
    critical = config.escalation.critical
    assert critical.repeat_every == 5 * MINUTE
    assert [(step.who, step.after // MINUTE, step.mail, step.webhook) for step in critical.steps] == [
        (("on_duty",), 0, False, False),
        (("team_lead",), 15, False, False),
        (("manager",), 15, True, False),
        (("all_managers",), 15, True, True),
    ]
    assert (critical.unassigned_percent, config.escalation.question.unassigned_percent) == (50, 80)


def test_duties_of_the_week(tmp_path: Path) -> None:
    text = '[[duty.weekly]]\nuser = "U0001"\ndays = [5]\nfrom = "17:00"\nto = "09:00"\nsubstitute = "U0002"\n'
    [duty] = load(tmp_path, text).duty.weekly
    assert (duty.days, duty.begins, duty.ends, duty.substitute) == ((5,), time(17), time(9), "U0002")


def test_the_webhooks_key_is_a_secret(tmp_path: Path) -> None:
    config = load(tmp_path, '[escalation.webhook]\nurl = "https://pager.example/x"\n', SIGNED)
    assert "hush" in secret_values(config)
    assert "hush" not in repr(config)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[escalation.critical]\nsteps = []", "escalation.critical.steps: an empty list is not allowed; a list of at"),
        ('[escalation.critical]\nsteps = [{ who = [], after = "0s" }]', "steps[0].who: an empty list is not allowed"),
        (
            '[escalation.critical]\nsteps = [{ who = ["boss"], after = "0s" }]',
            'who[0]: "boss" is not allowed; "on_duty"',
        ),
        ('[escalation.critical]\nsteps = [{ who = ["on_duty"] }]', "steps[0].after: is missing; a duration from"),
        ('[escalation.question]\nrepeat_every = "30s"', '"30s" is not allowed; a duration from "1min"'),
        ("[escalation.question]\nunassigned_percent = 100", "100 is not allowed; a whole number from 0 to 99"),
        ('[escalation]\nteam_leads = ["C0001"]', 'team_leads[0]: "C0001" is not allowed; the Slack id of a person'),
        ('[escalation]\nmail_to = ["boss"]', 'mail_to[0]: "boss" is not allowed; an e-mail address'),
        ('[escalation.webhook]\nurl = "http://pager.example/x"\nsecret = "s"', "an https:// address; http:// only on"),
        ('[escalation.webhook]\nurl = "https://u:p@pager.example/"\nsecret = "s"', "an https:// address without"),
        ('[escalation.webhook]\nurl = "https://pager.example/"', "webhook.secret: missing, though"),
        ('[[duty.weekly]]\nuser = "U0001"\ndays = []\nfrom = "09:00"\nto = "17:00"', "weekly[0].days: "),
        ('[[duty.weekly]]\nuser = "U0001"\ndays = [1]\nfrom = "9"\nto = "17:00"', 'weekly[0].from: "9" is not allowed'),
        (
            '[[duty.weekly]]\nuser = "U0001"\nsubstitute = "U0001"\ndays = [1]\nfrom = "09:00"\nto = "17:00"',
            "weekly[0].substitute: has to be somebody else than user",
        ),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert len(caught.value.problems) == 1, caught.value.problems
    assert problem in caught.value.problems[0]
