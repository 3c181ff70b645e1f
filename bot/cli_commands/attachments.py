"""`hezo360 attachments`: the files that customers sent, also those that are held and shown to nobody."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli import Invocation, pass_invocation
from bot.cli_commands.db import opened_database
from bot.errors import OperatorError

if TYPE_CHECKING:
    from bot.model import Attachment


@click.group()
def attachments() -> None:
    """Look at the files of a ticket, and save them."""


@attachments.command("list")
@click.argument("ticket")
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of lines.")
@pass_invocation
@click.pass_context
def list_(ctx: click.Context, invocation: Invocation, ticket: str, as_json: bool) -> None:
    """List the files of a ticket, oldest first: number, what became of it, size, name, and why it was held or dropped.

    TICKET is the ticket's number, such as HEZO-2026-000123. Exit code 1 when there is none.
    """
    found = asyncio.run(_of_ticket(invocation, ticket))
    if found is None:
        click.echo(f"There is no ticket {_shown(ticket)}.", err=True)
        ctx.exit(1)
    if as_json:
        click.echo(json.dumps([_as_json(file) for file in found], ensure_ascii=False, indent=2))
        return
    for file in found:
        reason = f"  ({file.reason})" if file.reason else ""
        click.echo(f"{file.id:>6}  {file.verdict:<7}  {file.size:>10}  {_shown(file.name + reason)}")
    if not found:
        click.echo("The ticket has no files.")


async def _of_ticket(invocation: Invocation, number: str) -> tuple[Attachment, ...] | None:
    async with opened_database(invocation) as database, database.read() as uow:
        ticket = await uow.tickets.by_number(number.strip().upper())
        return None if ticket is None else await uow.attachments.of_ticket(ticket.id)


@attachments.command()
@click.argument("number", metavar="ID", type=click.IntRange(1))
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False, writable=True),
    required=True,
    help="The folder to save it in.",
)
@pass_invocation
def save(invocation: Invocation, number: int, folder: Path) -> None:
    """Save a file, by the number that `list` shows, under its own name; nothing is overwritten.

    A held file is saved as "NAME.held", so that no double click starts it.
    """
    file, content = asyncio.run(_content(invocation, number))
    name = f"{file.name}.held" if file.verdict == "held" else file.name
    target = folder / Path(name).name
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
    except FileExistsError as error:
        raise OperatorError(f"{_shown(str(target))} is there already: choose another folder") from error
    except OSError as error:
        raise OperatorError(f"cannot write {_shown(str(target))} ({error.strerror})") from error
    click.echo(f"saved {_shown(str(target))} ({len(content)} octets)")
    if file.verdict == "held":
        click.echo(f"It was held ({_shown(file.reason)}): do not open it where it can do harm.", err=True)


async def _content(invocation: Invocation, number: int) -> tuple[Attachment, bytes]:
    async with opened_database(invocation) as database, database.read() as uow:
        try:
            file = await uow.attachments.get(number)
        except LookupError:
            raise OperatorError(f"there is no file {number}: hezo360 attachments list TICKET") from None
        if file.sha256 is None:
            raise OperatorError(f"file {number} was not kept ({_shown(file.reason)}); its mail is in the mailbox")
        return file, await uow.attachments.content(file.sha256)


def _as_json(file: Attachment) -> dict[str, object]:
    return {
        "id": file.id,
        "name": file.name,
        "type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "verdict": file.verdict,
        "reason": file.reason,
        "message": file.message_id,
        "in_slack": file.slack_file is not None,
    }


def _shown(text: str) -> str:
    """The text without what would command the terminal; customers choose their files' names."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
