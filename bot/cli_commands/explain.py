"""`hezo360 explain`: what the bot would make of a mail, check by check, without touching anything."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import click

from bot.cli import Invocation, pass_invocation
from bot.errors import OperatorError

STDIN = "-"


@click.command()
@click.argument("names", metavar="FILE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a mail, each on a line.")
@click.option(
    "--contracts",
    type=click.File("rb"),
    metavar="CSV",
    help="Ask this registry (the form of `hezo360 contracts import`) instead of the database.",
)
@click.option("--received", "received_at", metavar="INSTANT", default="", help="When our server took the mail.")
@pass_invocation
def explain(
    invocation: Invocation, names: tuple[str, ...], as_json: bool, contracts: BinaryIO | None, received_at: str
) -> None:
    """Explain what the bot would make of a mail.

    Check by check with the reasons, as if it arrived now; nothing is changed and nobody is answered.

    FILE is a mail as a server keeps it (.eml), a folder of such mails, or '-' for the standard input. For a folder
    there is one JSON object a line. The contract registry and the tickets are those of the configured database; without
    a configuration or a database the service terms hold, and who may report is left open.

    Exit code 2 when a file cannot be read; a broken mail is explained like any other.
    """
    as_json = as_json or any(name != STDIN and Path(name).is_dir() for name in names)
    registry = contracts.read() if contracts else None
    asyncio.run(_explain(invocation, _mails(names), registry, received_at, as_json=as_json))


async def _explain(
    invocation: Invocation,
    mails: Iterable[tuple[str, bytes]],
    contracts: bytes | None,
    received_at: str,
    *,
    as_json: bool,
) -> None:
    from bot.cli_commands.explaining import explain_mail, opened_registry
    from bot.cli_commands.explanation_words import as_json_values, as_text, shown
    from bot.cli_commands.sla_words import read_instant

    async with opened_registry(invocation, contracts) as registry:
        zone = ZoneInfo(registry.config.service.timezone)
        arrived_at = read_instant(received_at, zone).at if received_at else None
        if registry.missing_because:
            click.echo(f"The registry was not asked: {registry.missing_because}.", err=True)
        for row in registry.refused_rows:
            click.echo(f"Not taken of the given contracts: {shown(row)}", err=True)
        for number, (name, raw) in enumerate(mails):
            explanation = await explain_mail(registry, raw, arrived_at)
            if as_json:
                _say(json.dumps(as_json_values(name, explanation), ensure_ascii=False))
            else:
                _say(("\n" if number else "") + as_text(name, explanation, zone))


def _mails(names: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """The mails by their names, a folder's in the order of theirs."""
    for name in names:
        if name == STDIN:
            yield STDIN, sys.stdin.buffer.read()
            continue
        path = Path(name)
        for file in sorted(_files_of(path)) if path.is_dir() else [path]:
            try:
                yield str(file), file.read_bytes()
            except OSError as error:
                raise OperatorError(f"{file}: cannot be read: {error.strerror}") from None


def _files_of(folder: Path) -> list[Path]:
    """The .eml files of a folder and those below it; where it has none, as in a Maildir, every file."""
    files = [file for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".")]
    return [file for file in files if file.suffix.lower() == ".eml"] or files


def _say(text: str) -> None:
    """Write to the standard output; what a broken mail leaves that is no character is replaced."""
    click.echo(text.encode("utf-8", "replace").decode("utf-8"))
