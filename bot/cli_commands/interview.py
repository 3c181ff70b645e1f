"""`hezo360 interview`: the answers of a device's technical interview, the input of its deployment template."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from bot.cli import Invocation, pass_invocation
from bot.cli_commands.db import opened_database

if TYPE_CHECKING:
    from bot.interviews import Interview


@click.command()
@click.argument("serial")
@click.option("--json", "as_json", is_flag=True, help="JSON for the template instead of text.")
@click.option("--language", type=click.Choice(["pl", "en"]), help="Of the text; the staff's if not given.")
@pass_invocation
@click.pass_context
def interview(ctx: click.Context, invocation: Invocation, serial: str, as_json: bool, language: str | None) -> None:
    """Show the technical interview about the device with this SERIAL number.

    Exit code 1 when there is none.
    """
    from bot.model import Language
    from bot.rules.interview_export import as_json as json_of
    from bot.rules.interview_export import as_text

    found = asyncio.run(_find(invocation, serial.strip().upper()))
    if found is None:
        click.echo(f"There is no interview about a device {serial.strip()!r}.", err=True)
        ctx.exit(1)
    if as_json:
        click.echo(json_of(found))
        return
    chosen = Language(language or invocation.load_config().service.staff_language)
    click.echo(_shown(as_text(found, chosen)), nl=False)


async def _find(invocation: Invocation, serial: str) -> Interview | None:
    async with opened_database(invocation) as database, database.read() as uow:
        return await uow.interviews.of_device(serial)


def _shown(text: str) -> str:
    """The text without what would command a terminal; customers choose their own words."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text)
