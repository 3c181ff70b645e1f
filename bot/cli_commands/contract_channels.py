"""`hezo360 contracts channels`: which shared Slack channel belongs to which contracts."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import click

from bot.cli import Invocation, pass_invocation
from bot.cli_commands.db import opened_database

if TYPE_CHECKING:
    from bot.model import Contract


@click.group()
def channels() -> None:
    """Map shared Slack channels to contracts: their people report on them and are answered there.

    People of another workspace (Slack Connect) in such a channel are the customer's representatives on its contracts. A
    channel may have several contracts, a contract several channels. Invite the bot to the channel as well.
    """


@channels.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of lines.")
@pass_invocation
def list_(invocation: Invocation, as_json: bool) -> None:
    """List the channels with their contracts."""
    found = asyncio.run(_all(invocation))
    if as_json:
        click.echo(json.dumps([{"channel": channel, "contract": number} for channel, number in found], indent=2))
        return
    for channel, number in found:
        click.echo(f"{channel}  {number}")
    if not found:
        click.echo("No channel belongs to a contract: hezo360 contracts channels set NUMBER CHANNEL")


async def _all(invocation: Invocation) -> tuple[tuple[str, str], ...]:
    async with opened_database(invocation) as database, database.read() as uow:
        return await uow.contracts.channels()


@channels.command("set")
@click.argument("number")
@click.argument("channel")
@pass_invocation
@click.pass_context
def set_(ctx: click.Context, invocation: Invocation, number: str, channel: str) -> None:
    """Let the people of CHANNEL report on contract NUMBER.

    CHANNEL is its id, such as C0123ABCD (at the end of the channel's details), or a link to the channel; not its name,
    which each workspace may choose. Doing it twice changes nothing. Exit code 1 when there is no such contract.
    """
    _change(ctx, invocation, number, channel, belongs=True)


@channels.command("unset")
@click.argument("number")
@click.argument("channel")
@pass_invocation
@click.pass_context
def unset(ctx: click.Context, invocation: Invocation, number: str, channel: str) -> None:
    """Let them no longer report on it. Tickets that came by the channel go on there."""
    _change(ctx, invocation, number, channel, belongs=False)


def _change(ctx: click.Context, invocation: Invocation, number: str, channel: str, *, belongs: bool) -> None:
    from bot.rules.customer_channels import channel_id

    found = channel_id(channel)
    if found is None:
        raise click.BadParameter(f"{channel!r} is no channel id such as C0123ABCD", param_hint="CHANNEL")
    if found in _own_channels(invocation):
        raise click.BadParameter(f"{found} is one of our own channels (slack.*_channel)", param_hint="CHANNEL")
    said = asyncio.run(_store(invocation, number, found, belongs=belongs))
    if said is None:
        click.echo(f"There is no contract {number!r} in the registry.", err=True)
        ctx.exit(1)
    click.echo(said)


def _own_channels(invocation: Invocation) -> set[str]:
    slack = invocation.load_config().slack
    return {slack.support_channel, slack.escalation_channel, slack.enquiries_channel or ""}


async def _store(invocation: Invocation, number: str, channel: str, *, belongs: bool) -> str | None:
    from bot.rules.contract_numbers import fold

    async with opened_database(invocation) as database, database.begin() as uow:
        contract: Contract | None = (await uow.contracts.by_keys([fold(number)])).get(fold(number))
        if contract is None:
            return None
        if belongs:
            changed = await uow.contracts.map_channel(contract.id, channel)
            now = "belongs to" if changed else "belonged before to"
        else:
            changed = await uow.contracts.unmap_channel(contract.id, channel)
            now = "no longer belongs to" if changed else "did not belong to"
        return f"{channel} {now} {contract.number} ({contract.customer})"
