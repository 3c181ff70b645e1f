"""`hezo360 gdpr`: what is stored about a person, given to them or taken out."""

from __future__ import annotations

import asyncio
import os
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli import Invocation, pass_invocation
from bot.cli_commands.db import opened_database
from bot.errors import OperatorError
from bot.rules.customer_channels import is_slack_user

if TYPE_CHECKING:
    from storage.people import ErasureReport, Person

_TIME_LIMIT = timedelta(minutes=10)
"""All is taken out in one transaction, which looks through every table."""


@click.group()
def gdpr() -> None:
    """Give a person what is stored about them, or take them out of it.

    A person is a mail address, or the Slack id of a customer in a shared channel. docs/privacy.md says what is found,
    what stays, and what is not the bot's to erase.
    """


@gdpr.command()
@click.argument("address")
@click.option(
    "--to", "target", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The ZIP file to write."
)
@pass_invocation
@click.pass_context
def export(ctx: click.Context, invocation: Invocation, address: str, target: Path) -> None:
    """Write everything that is stored about ADDRESS into a ZIP file, to be given to them; nothing is overwritten.

    Exit code 1 when nothing is stored about them.
    """
    person = asyncio.run(_export(invocation, _address(address), target))
    if not person.is_known:
        click.echo(f"Nothing is stored about {person.address}.", err=True)
        ctx.exit(1)
    click.echo(
        f"wrote {target}: {len(person.own)} tickets of {person.address}, "
        f"{len(person.others)} others that they take part in"
    )


async def _export(invocation: Invocation, address: str, target: Path) -> Person:
    from storage.people import find_person
    from storage.person_export import exported

    async with opened_database(invocation, _TIME_LIMIT) as database:
        person = await find_person(database, address)
        if not person.is_known:
            return person
        try:
            with (
                os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
                zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
            ):
                async for path, content in exported(database, person):
                    archive.writestr(path, content)
        except FileExistsError as error:
            raise OperatorError(f"{target} is there already: choose another name") from error
        except OSError as error:
            raise OperatorError(f"cannot write {target} ({error.strerror})") from error
        return person


@gdpr.command()
@click.argument("address")
@click.option("--yes", "really", is_flag=True, help="Do it. Without this it is only tried, and nothing changes.")
@pass_invocation
@click.pass_context
def erase(ctx: click.Context, invocation: Invocation, address: str, really: bool) -> None:
    """Take ADDRESS, and who it belongs to, out of everything that is stored; the facts stay.

    Without --yes it only says what would go. Tickets of theirs that are open have to be ended first. Make an export and
    a backup before, as it cannot be taken back. Exit code 1 when nothing is stored about them.
    """
    report = asyncio.run(_erase(invocation, _address(address), really))
    person = report.person
    if not report.is_overwritten:
        click.echo("Somebody reads an older state: run this again, or the log (-wal) still holds it.", err=True)
    if not person.is_known and not report.counts:
        click.echo(f"Nothing is stored about {person.address}.", err=True)
        ctx.exit(1)
    click.echo(f"{'Erased' if really else 'Would erase'} {person.address}:")
    click.echo(f"  {len(person.own):>6}  tickets that they reported: all words in them")
    click.echo(f"  {len(person.others):>6}  tickets that they take part in: what they wrote")
    for name, count in sorted(report.counts.items()):
        click.echo(f"  {count:>6}  {name}")
    if report.in_slack:
        click.echo("Posts in Slack stay until somebody deletes them there; head messages are shown anew:")
        for number, channel, ts in report.in_slack:
            click.echo(f"  {number}  channel {channel}, thread {ts}")
    click.echo("Mails in the mailboxes at your provider, and backups, are not the bot's to erase.")
    if not really:
        click.echo("Nothing was changed. Do it with --yes.")


async def _erase(invocation: Invocation, address: str, really: bool) -> ErasureReport:
    from storage.people import erase_person

    async with opened_database(invocation, _TIME_LIMIT) as database:
        return await erase_person(database, address, really=really)


def _address(text: str) -> str:
    address = text.strip()
    if is_slack_user(address.upper()):
        return address.upper()
    if "@" not in address.strip("@") or any(sign.isspace() or not sign.isprintable() for sign in address):
        raise OperatorError(
            "that is no mail address and no Slack id: write it as in anna@klient.example, or as in U0123456789"
        )
    return address.lower()
