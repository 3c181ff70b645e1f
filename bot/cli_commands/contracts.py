"""`hezo360 contracts`: the contract registry, filled from CSV files and looked at."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, BinaryIO

import click

from bot.cli import Invocation, pass_invocation
from bot.cli_commands.contract_channels import channels
from bot.cli_commands.db import opened_database

if TYPE_CHECKING:
    from bot.entitlements import DeviceStanding, Standing
    from bot.model import Contract, Ticket
    from bot.replacements import Replacement
    from storage.contract_import import ImportResult

    _Found = tuple[
        Contract,
        tuple[str, ...],
        tuple[DeviceStanding, ...],
        tuple[tuple[Replacement, str], ...],
        tuple[Ticket, ...],
        date,
    ]

_MOST_TICKETS = 100
_WIDEST = 48


@click.group(commands={"channels": channels})
def contracts() -> None:
    """Fill the contract registry and look at it."""


@contracts.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--all-or-nothing", is_flag=True, help="Store nothing when any row is refused.")
@pass_invocation
@click.pass_context
def import_(ctx: click.Context, invocation: Invocation, file: BinaryIO, all_or_nothing: bool) -> None:
    """Take the contracts of a CSV file into the registry; "-" reads standard input.

    One row per device. The columns, in any order: contract_number, customer, nip, valid_from, valid_to, serial,
    authorised (addresses and domains such as "anna@klient.example; @klient.example") and, if you like, model,
    language (pl or en) and on_site (yes or no: whether the contract has the installation on site). The Polish names
    numer_umowy, klient, wazna_od, wazna_do, numer_seryjny, upowaznieni, jezyk, instalacja_on_site are understood too.

    The file replaces what the registry says about the contracts that it names; others stay. People whom an engineer
    approved stay, too, and while a row is refused no device is taken off a contract. The same file twice changes
    nothing. Exit code 1 when a row was refused.
    """
    result = asyncio.run(_import(invocation, file.read(), all_or_nothing=all_or_nothing))
    for row in result.refused:
        click.echo(f"line {row.line}: {_shown(row.reason)}", err=True)
    if result.ignored_columns:
        click.echo(f"columns without meaning here: {_shown(', '.join(result.ignored_columns))}", err=True)
    for number, change in result.kept:
        place = "in place of" if change.fate == "replaces" else "beside"
        click.echo(
            f"{_shown(number)}: {change.new.serial} stays {place} {change.old} (a replacement, "
            f"{change.at.date()}), as the file does not name it",
            err=True,
        )
    refused = f"{len(result.refused)} {'row' if len(result.refused) == 1 else 'rows'} refused"
    if not result.done:
        click.echo(f"nothing was imported: {refused}")
    else:
        click.echo(f"{result.new} new, {result.changed} changed, {result.unchanged} unchanged, {refused}")
    ctx.exit(1 if result.refused else 0)


async def _import(invocation: Invocation, data: bytes, *, all_or_nothing: bool) -> ImportResult:
    from storage.contract_import import import_contracts

    async with opened_database(invocation) as database:
        with click.progressbar(length=1, label="Importing contracts", file=sys.stderr) as bar:

            def show(done: int, of: int) -> None:
                bar.length = of
                bar.update(done - bar.pos)

            return await import_contracts(database, data, all_or_nothing=all_or_nothing, progress=show)


@contracts.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of a table.")
@pass_invocation
def list_(invocation: Invocation, as_json: bool) -> None:
    """List the whole registry, ordered by contract number."""
    found, today = asyncio.run(_all(invocation))
    if as_json:
        click.echo(json.dumps([_as_json(contract, today) for contract in found], ensure_ascii=False, indent=2))
        return
    if not found:
        click.echo("The registry is empty: hezo360 contracts import FILE.csv")
        return
    rows = [
        (c.number, c.customer, f"{c.valid_from} - {c.valid_to}", _validity(c, today), str(len(c.devices)))
        for c in found
    ]
    for line in _table(("CONTRACT", "CUSTOMER", "VALID", "TODAY", "DEVICES"), rows):
        click.echo(line)


async def _all(invocation: Invocation) -> tuple[tuple[Contract, ...], date]:
    async with opened_database(invocation) as database, database.read() as uow:
        return await uow.contracts.all(), _today(invocation)


@contracts.command()
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
@pass_invocation
@click.pass_context
def show(ctx: click.Context, invocation: Invocation, number: str, as_json: bool) -> None:
    """Show a contract: validity, people, devices, what each has used and has left, open tickets and replacements.

    NUMBER may be written with or without spaces, hyphens and slashes, in any case. Exit code 1 when there is none.
    """
    found = asyncio.run(_one(invocation, number))
    if found is None:
        click.echo(f"There is no contract {_shown(number)} in the registry.", err=True)
        ctx.exit(1)
    contract, of_slack, entitled, replaced, tickets, today = found
    if as_json:
        open_tickets = [
            {"number": t.number, "state": t.state, "priority": t.priority, "subject": t.subject} for t in tickets
        ]
        values = _as_json(contract, today) | {
            "channels": list(of_slack),
            "entitlements": [_entitled_json(device, one) for device in entitled for one in device.standings],
            "replacements": [_replaced_json(replacement, number) for replacement, number in replaced],
            "open_tickets": open_tickets,
        }
        click.echo(json.dumps(values, ensure_ascii=False, indent=2))
        return
    for line in _described(contract, of_slack, entitled, replaced, tickets, today):
        click.echo(_shown(line))


async def _one(invocation: Invocation, number: str) -> _Found | None:
    from bot.rules.contract_numbers import fold
    from bot.rules.entitlements import standings
    from storage.overview import OverviewQueries

    async with opened_database(invocation) as database:
        async with database.read() as uow:
            contract = (await uow.contracts.by_keys([fold(number)])).get(fold(number))
            if contract is None:
                return None
            of_slack = await uow.contracts.channels_of(contract.id)
            uses = await uow.entitlements.of_contract(contract.id)
            replaced = [
                (each, (await uow.tickets.get(each.ticket_id)).number)
                for each in await uow.replacements.of_contract(contract.id)
            ]
        tickets = await OverviewQueries(database).open_tickets(_MOST_TICKETS, contract_id=contract.id)
        today = _today(invocation)
        entitled = standings(contract, uses, today, invocation.load_config().entitlements)
        return contract, of_slack, entitled, tuple(replaced), tickets, today


def _today(invocation: Invocation) -> date:
    from zoneinfo import ZoneInfo

    from bot.edges.clock import SystemClock

    return SystemClock().now().astimezone(ZoneInfo(invocation.load_config().service.timezone)).date()


def _validity(contract: Contract, today: date) -> str:
    if contract.valid_on(today):
        return "valid"
    return "expired" if contract.valid_to < today else "not yet"


def _as_json(contract: Contract, today: date) -> dict[str, object]:
    return {
        "number": contract.number,
        "customer": contract.customer,
        "nip": contract.nip,
        "valid_from": contract.valid_from.isoformat(),
        "valid_to": contract.valid_to.isoformat(),
        "valid_today": contract.valid_on(today),
        "language": contract.language,
        "on_site": contract.on_site,
        "devices": [{"serial": device.serial, "model": device.model} for device in contract.devices],
        "authorised": list(contract.authorised),
    }


def _entitled_json(device: DeviceStanding, standing: Standing) -> dict[str, object]:
    return {
        "serial": device.serial,
        "entitlement": standing.kind,
        "allowance": standing.allowance,
        "used": standing.used,
        "agreed": standing.agreed,
        "left": standing.left,
        "until": standing.until and standing.until.isoformat(),
    }


def _entitled(standing: Standing) -> str:
    """Such as "3 of 5 configuration changes used, 1 agreed, 1 left, until 14 March 2027"."""
    name = str(standing.kind).replace("_", " ") + ("" if standing.allowance == 1 else "s")
    agreed = f", {standing.agreed} agreed" if standing.agreed else ""
    until = f", until {standing.until.day} {standing.until:%B %Y}" if standing.until else ""
    return f"{standing.used} of {standing.allowance} {name} used{agreed}, {standing.left} left{until}"


def _replaced(replacement: Replacement, number: str) -> str:
    """Such as "FG121GTK25004672 by FG121GTK25009999  return_due  HEZO-2026-000001"."""
    new = f" by {replacement.new_device.serial}" if replacement.new_device else ""
    return f"{replacement.device.serial}{new}  {replacement.stage}  {number}"


def _replaced_json(replacement: Replacement, number: str) -> dict[str, object]:
    return {
        "ticket": number,
        "stage": replacement.stage,
        "device": replacement.device.serial,
        "new_device": replacement.new_device and replacement.new_device.serial,
        "begun_at": replacement.begun_at.isoformat(),
        "delivered_at": replacement.delivered_at and replacement.delivered_at.isoformat(),
        "returned_at": replacement.returned_at and replacement.returned_at.isoformat(),
    }


def _described(
    contract: Contract,
    of_slack: Sequence[str],
    entitled: Sequence[DeviceStanding],
    replaced: Sequence[tuple[Replacement, str]],
    tickets: Sequence[Ticket],
    today: date,
) -> Iterable[str]:
    yield f"contract   {contract.number}"
    yield f"customer   {contract.customer} (NIP {contract.nip})"
    yield f"valid      {contract.valid_from} - {contract.valid_to} ({_validity(contract, today)} today, {today})"
    yield f"language   {contract.language or 'as they write'}"
    for device in contract.devices:
        yield f"device     {device.serial}  {device.model}"
        for standing in (one for its in entitled if its.serial == device.serial for one in its.standings):
            yield f"           {_entitled(standing)}"
    for value in contract.authorised:
        yield f"authorised {value}" + (" (everybody there)" if value.startswith("@") else "")
    for channel in of_slack:
        yield f"channel    {channel} (Slack)"
    for replacement, number in replaced:
        yield f"replaced   {_replaced(replacement, number)}"
    for ticket in tickets:
        yield f"ticket     {ticket.number}  {ticket.state}  {ticket.priority}  {ticket.subject}"
    if not tickets:
        yield "ticket     none is open"


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    cells = [list(titles), *([_cut(_shown(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(titles))]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else cell[: _WIDEST - 1] + "…"


def _shown(text: str) -> str:
    """The text without what would command the terminal; customers choose their subjects."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
