"""`hezo360 parked`: what the bot set aside, for a person to look at, to try again, or to give up."""

from __future__ import annotations

import asyncio
import getpass
import json
from typing import TYPE_CHECKING

import click

from bot.cli import Invocation, pass_invocation
from bot.cli_commands.db import opened_database
from bot.errors import OperatorError

if TYPE_CHECKING:
    from storage.parked import Parked, ParkedKind

_KINDS = click.Choice(["inbox", "outbox", "timer"])
_NUMBER = click.IntRange(1, 2**63 - 1)
_SHOWN = 20_000


@click.group()
def parked() -> None:
    """Look at what was set aside; try it again, or drop it.

    All of it works while the bot runs.
    """


@parked.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of lines.")
@pass_invocation
def list_(invocation: Invocation, as_json: bool) -> None:
    """List all that is set aside: queue, number, what it is, its ticket, since when, why."""
    found = asyncio.run(_all(invocation))
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        since = f"{one.since:%Y-%m-%d %H:%M}" if one.since else "-"
        click.echo(
            f"{one.kind:<6} {one.id:>7}  {since}  {one.ticket or '-':<16}  {_plain(one.what)}: {_plain(one.reason)}"
        )
    if not found:
        click.echo("Nothing is set aside.")


@parked.command()
@click.argument("kind", type=_KINDS)
@click.argument("number", metavar="ID", type=_NUMBER)
@click.option(
    "--content", is_flag=True, help="Also what it holds: a mail with its text, a payload, an effect's fields."
)
@pass_invocation
def show(invocation: Invocation, kind: str, number: int, content: bool) -> None:
    """Show one thing that is set aside. Its content is customers' data: it is shown only with --content."""
    one, held = asyncio.run(_one(invocation, kind, number))
    for name, value in _as_json(one).items():
        click.echo(f"{name:<9} {_plain(str(value))}")
    if not content:
        return
    click.echo("")
    if isinstance(held, bytes):
        text = held[:_SHOWN].decode("utf-8", "replace")
        click.echo("\n".join(_plain(line) for line in text.splitlines()))
        if len(held) > _SHOWN:
            click.echo(f"... ({len(held)} octets)")
    else:
        fields = json.dumps(held, ensure_ascii=False, indent=2)
        click.echo("\n".join(_plain(line) for line in fields.split("\n")))  # JSON leaves U+0080 and above as they are


@parked.command()
@click.argument("kind", type=_KINDS, required=False)
@click.argument("number", metavar="ID", type=_NUMBER, required=False)
@click.option("--all", "everything", is_flag=True, help="Everything that is set aside, or all of one queue.")
@pass_invocation
@click.pass_context
def retry(ctx: click.Context, invocation: Invocation, kind: str | None, number: int | None, everything: bool) -> None:
    """Let it be tried again from the beginning; the running bot takes it up within half a minute.

    Effects are looked up first, so nothing goes out twice. Exit code 1 when it is not set aside any more.
    """
    if everything == (number is not None):
        raise click.UsageError("Name one by its queue and number, or say --all.")
    done = asyncio.run(_change(invocation, "retry", kind, number))
    click.echo(f"{done} will be tried again.")
    ctx.exit(0 if done or everything else 1)


@parked.command()
@click.argument("kind", type=_KINDS)
@click.argument("number", metavar="ID", type=_NUMBER)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_invocation
@click.pass_context
def drop(ctx: click.Context, invocation: Invocation, kind: str, number: int, yes: bool) -> None:
    """Give it up for good: it is never tried again.

    Who did it is written into the ticket's journal and said in the escalation channel. Exit code 1 when it is not set
    aside any more.
    """
    one, _ = asyncio.run(_one(invocation, kind, number))
    click.echo(f"{one.kind} {one.id}: {_plain(one.what)}, ticket {one.ticket or '-'}, {_plain(one.reason)}")
    if not yes:
        click.confirm("Drop it for good?", abort=True)
    done = asyncio.run(_change(invocation, "drop", kind, number))
    click.echo("Dropped." if done else "It is not set aside any more: nothing was done.")
    ctx.exit(0 if done else 1)


async def _all(invocation: Invocation) -> list[Parked]:
    from storage.parked import ParkedRows

    async with opened_database(invocation) as database:
        return await ParkedRows(database).all()


async def _one(invocation: Invocation, kind: str, number: int) -> tuple[Parked, bytes | dict[str, object]]:
    from storage.parked import ParkedKind, ParkedRows

    async with opened_database(invocation) as database:
        rows = ParkedRows(database)
        one = await rows.get(ParkedKind(kind), number)
        if one is None:
            raise OperatorError(f"{kind} {number} is not set aside: hezo360 parked list")
        return one, await rows.content(ParkedKind(kind), number)


async def _change(invocation: Invocation, how: str, kind: str | None, number: int | None) -> int:
    """How many were changed; without a number all of a queue, without a queue all of all."""
    from storage.parked import ParkedKind, ParkedRows

    by = getpass.getuser()
    async with opened_database(invocation) as database:
        rows = ParkedRows(database)
        wanted: list[tuple[ParkedKind, int]]
        if kind is None or number is None:
            wanted = [(one.kind, one.id) for one in await rows.all() if kind in {None, one.kind.value}]
        else:
            wanted = [(ParkedKind(kind), number)]
        act = rows.retry if how == "retry" else rows.drop
        return sum([await act(kind, number, by) for kind, number in wanted])


def _as_json(one: Parked) -> dict[str, object]:
    return {
        "queue": one.kind.value,
        "id": one.id,
        "what": one.what,
        "ticket": one.ticket,
        "since": one.since.isoformat() if one.since else None,
        "attempts": one.attempts,
        "reason": one.reason,
    }


def _plain(text: str) -> str:
    """The text without what would command the terminal; others wrote parts of it."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
