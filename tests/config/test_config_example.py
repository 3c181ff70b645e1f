"""The example file is the reference of the configuration: complete, and true about the defaults."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot.config_loading import load_config
from bot.config_problems import allowed_keys
from bot.config_values import OpeningTime

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
SECRETS = {
    "HEZO360_SLACK_BOT_TOKEN": "xoxb-1",
    "HEZO360_SLACK_APP_TOKEN": "xapp-1",
    "HEZO360_MAIL_IMAP_POMOC_PASSWORD": "mailbox password",
}
# What only the operator can know; everything else in the example stands at its default.
FILLED_IN = {
    "mail.imap.0.name",
    "mail.imap.0.host",
    "mail.imap.0.username",
    "mail.imap.0.password",
    "mail.smtp.host",
    "slack.bot_token",
    "slack.app_token",
    "slack.support_channel",
    "slack.escalation_channel",
    "slack.engineers",
}


def differences(section: BaseModel, where: str = "") -> Iterator[str]:
    """Keys of a section that do not stand at their default."""
    for name, field in type(section).model_fields.items():
        value, path = getattr(section, name), f"{where}{name}"
        if path == "mail.imap":
            yield from differences(value[0], f"{path}.0.")
        elif isinstance(value, BaseModel) and not path.startswith(("sla.", "escalation.")):
            yield from differences(value, f"{path}.")
        elif field.is_required() or value != field.default:
            yield path


def switched_on() -> dict[str, Any]:
    """The example with every key that is off switched on."""
    return tomllib.loads(re.sub(r"^#(?=[a-z_]+ = |\[)", "", EXAMPLE.read_text(), flags=re.MULTILINE))


def test_example_with_secrets_from_the_environment_is_the_defaults() -> None:
    config = load_config(EXAMPLE, SECRETS)
    assert set(differences(config)) == FILLED_IN


def test_every_key_is_in_the_example() -> None:
    def compare(tree: object, path: tuple[str | int, ...]) -> None:
        if isinstance(tree, list) and tree and isinstance(tree[0], dict):
            compare(tree[0], (*path, 0))
        elif isinstance(tree, dict):
            assert set(tree) == set(allowed_keys(path)), f"in table {path}"
            for key, value in tree.items():
                compare(value, (*path, key))

    compare(switched_on(), ())


def test_opening_times_of_the_example_are_valid(tmp_path: Path) -> None:
    text = EXAMPLE.read_text().replace("#[sla.calendar.windows]", "[sla.calendar.windows]")
    text = re.sub(r"^#(?=(mon|tue|wed|thu|fri|sat|sun) = )", "", text, flags=re.MULTILINE)
    file = tmp_path / "config.toml"
    file.write_text(text)
    windows = load_config(file, SECRETS).sla.calendar.windows
    assert windows is not None
    assert [str(part) for part in windows.wed[1]] == ["13:00:00", "17:00:00"]
    assert isinstance(windows.wed[0], OpeningTime)
    assert windows.sun == ()
