"""`hezo360 doctor`: looks at everything around the bot and says of each thing that it is well, or what to do."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import click

from bot.cli import Invocation, pass_invocation
from bot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.checkups import Checkup
    from bot.config import Config

_LONGEST = 300
"""Seconds for all of it."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of lines.")
@pass_invocation
@click.pass_context
def doctor(ctx: click.Context, invocation: Invocation, as_json: bool) -> None:
    """Look at everything around the bot, and say what to mend.

    Configuration, database, migrations, registry, disk, mailboxes, mail server, clock, Slack's token, scopes, channels
    and people, the health port. Nothing is changed; it may run beside the bot. Exit code 1 when something is to mend.
    """
    from bot.checkups import Checkup
    from bot.config_advice import odd_but_legal

    try:
        loaded = invocation.read_config()
    except ConfigError as error:
        found = [Checkup("configuration", is_well=False, said=problem) for problem in error.problems]
        for line in found:
            _tell(line, as_json=as_json)
    else:
        found = [Checkup("configuration", is_well=True, said=str(invocation.config_path))]
        found += [Checkup("secret files", is_well=False, said=warning) for warning in loaded.warnings]
        if unwise := odd_but_legal(loaded.config):
            said = (
                f"{unwise[0]}" if len(unwise) == 1 else f"{len(unwise)} things are hardly meant: hezo360 config check"
            )
            found.append(Checkup("advice", is_well=True, said=said))
        for line in found:
            _tell(line, as_json=as_json)
        asyncio.run(_examine(loaded.config, found, as_json=as_json))
    if as_json:
        click.echo(json.dumps([_as_json(line) for line in found], ensure_ascii=False, indent=2))
    to_mend = sum(not line.is_well for line in found)
    if not as_json:
        click.echo("All is well." if not to_mend else f"To mend: {to_mend}.")
    ctx.exit(1 if to_mend else 0)


async def _examine(config: Config, found: list[Checkup], *, as_json: bool) -> None:
    from bot.cli_commands.doctor_checks import examine
    from bot.edges.clock import SystemClock

    lines: AsyncIterator[Checkup] = examine(config, SystemClock())
    async with asyncio.timeout(_LONGEST):
        async for line in lines:
            found.append(line)
            _tell(line, as_json=as_json)


def _tell(line: Checkup, *, as_json: bool) -> None:
    if not as_json:
        click.echo(f"{'ok  ' if line.is_well else 'MEND'}  {line.about:<24} {line.said}")


def _as_json(line: Checkup) -> dict[str, object]:
    return {"about": line.about, "ok": line.is_well, "said": line.said}
