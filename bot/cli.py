"""`hezo360`: the commands that people type.

A command that fails for a reason which the operator can mend says so in one message and ends with code 2; a mistake of
ours ends with code 1 and names where its trace is; Ctrl-C ends with 130.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from bot.about import version
from bot.errors import HezoError
from bot.redaction import Redactor

if TYPE_CHECKING:  # pydantic behind it takes longer to load than `hezo360 --help` may take altogether
    from bot.config import Config, ServiceSections
    from bot.config_loading import LoadedConfig

CONFIG_VARIABLE = "HEZO360_CONFIG"


class Entry(NamedTuple):
    """Where a command is ("module:attribute") and what the list of commands says about it."""

    target: str
    help: str


# Modules are loaded only when their command is used: `hezo360 --help` answers at once.
COMMANDS: dict[str, Entry] = {
    "attachments": Entry("bot.cli_commands.attachments:attachments", "Look at the files of a ticket, and save them."),
    "backup": Entry("bot.cli_commands.backup:backup", "Copy everything stored into a new file, while the bot runs."),
    "config": Entry("bot.cli_commands.config:config", "Check or show the configuration."),
    "contracts": Entry("bot.cli_commands.contracts:contracts", "Fill the contract registry and look at it."),
    "db": Entry("bot.cli_commands.db:db", "Look after the database."),
    "demo": Entry("bot.cli_commands.demo:demo", "Play with the bot: mail servers, Slack and a page on this machine."),
    "doctor": Entry("bot.cli_commands.doctor:doctor", "Look at everything around the bot, and say what to mend."),
    "explain": Entry(
        "bot.cli_commands.explain:explain",
        "Explain what the bot would make of a mail.",
    ),
    "gdpr": Entry("bot.cli_commands.gdpr:gdpr", "Give a person what is stored about them, or take them out of it."),
    "health": Entry("bot.cli_commands.health:health", "Ask the running bot whether all is well."),
    "mail": Entry("bot.cli_commands.mail:mail", "Allow the bot to log in to its mailboxes."),
    "interview": Entry(
        "bot.cli_commands.interview:interview", "Show the technical interview about the device with this SERIAL number."
    ),
    "parked": Entry("bot.cli_commands.parked:parked", "Look at what was set aside; try it again, or drop it."),
    "restore": Entry(
        "bot.cli_commands.backup:restore", "Put a backup where the configuration says that the database is."
    ),
    "run": Entry("bot.cli_commands.run:run", "Run the bot until it is stopped by SIGTERM or Ctrl-C."),
    "sla": Entry("bot.cli_commands.sla:sla", "Work out deadlines and service time, and explain a ticket's clocks."),
}


@dataclass(slots=True)
class Invocation:
    """What the commands share: which configuration file, and the environment.

    Attributes:
        config_is_named: Whether somebody named the file: by --config or by the environment.
        secrets: Values that error reports must not show; filled when the configuration was read.
    """

    config_path: Path
    env: Mapping[str, str] = field(default_factory=dict)
    config_is_named: bool = True
    secrets: frozenset[str] = frozenset()

    def load_config(self) -> Config:
        """Read the configuration. Raises ConfigError with every mistake."""
        return self.read_config().config

    def read_config(self) -> LoadedConfig:
        """Read the configuration and tell also where its secrets came from. Raises ConfigError."""
        from bot.config_loading import read_config
        from bot.config_secrets import secret_values

        loaded = read_config(self.config_path, self.env)
        self.secrets = secret_values(loaded.config)
        return loaded

    def read_sections(self) -> ServiceSections:
        """Read only what the service promises; the service terms where there is no file and none was named.

        Raises ConfigError with every mistake in these sections.
        """
        from bot.config_loading import read_sections

        return read_sections(self.config_path, must_exist=self.config_is_named)


pass_invocation = click.make_pass_decorator(Invocation)


class LazyGroup(click.Group):
    """A group whose commands stand in a table and are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        """The names, in alphabetical order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click calls it so
        """Import the command, or give None when there is no such name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].target.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command), f"{COMMANDS[cmd_name].target} is no click command"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in self.list_commands(ctx)])


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"hezo360 {version()}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default="config.toml",
    envvar=CONFIG_VARIABLE,
    show_default=True,
    show_envvar=True,
    help="The configuration file.",
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show it.")
@click.pass_context
def hezo360(ctx: click.Context, config_path: Path) -> None:
    """Support bot of HEZO 360: mail and Slack in, tickets with SLA clocks, answers out."""
    named = ctx.get_parameter_source("config_path") is not click.core.ParameterSource.DEFAULT
    ctx.obj = Invocation(config_path, dict(os.environ), config_is_named=named)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: Without the program's name; None takes those of the process.

    Returns:
        The exit code: 0 done, 1 a mistake of ours or a "no" as an answer, 2 wrong usage or something the operator can
        mend, 130 interrupted.
    """
    try:
        with hezo360.make_context("hezo360", list(sys.argv[1:] if arguments is None else arguments)) as ctx:
            return _run(ctx)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130


def _run(ctx: click.Context) -> int:
    try:
        hezo360.invoke(ctx)
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except HezoError as error:
        click.echo(_hidden(str(error), ctx), err=True)
        return 2
    except BrokenPipeError:
        # The reader of a pipe went away (`hezo360 config show | head`); Python would complain again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the last stop of every mistake of ours
        _report_our_mistake(error, ctx)
        return 1
    return 0


def _report_our_mistake(error: Exception, ctx: click.Context) -> None:
    from bot.logs import logs_are_configured

    if logs_are_configured():
        logging.getLogger(__name__).critical("unexpected error", exc_info=error)
        place = "the log above"
    else:
        with tempfile.NamedTemporaryFile("w", prefix="hezo360-", suffix=".log", delete=False, encoding="utf-8") as file:
            file.write(_hidden("".join(traceback.format_exception(error)), ctx))
        place = file.name
    click.echo(
        f"This is a mistake of the program, not yours: {type(error).__name__}. Its trace is in {place}.", err=True
    )


def _hidden(text: str, ctx: click.Context) -> str:
    secrets = ctx.obj.secrets if isinstance(ctx.obj, Invocation) else ()
    return Redactor(secrets).secrets(text)
