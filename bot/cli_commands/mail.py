"""`hezo360 mail`: how the bot logs in to its mailboxes."""

from __future__ import annotations

import asyncio
import secrets

import click

from bot.cli import Invocation, pass_invocation
from bot.cli_commands.db import opened_database
from bot.errors import OperatorError


@click.group()
def mail() -> None:
    """Allow the bot to log in to its mailboxes."""


@mail.command()
@click.argument("name")
@pass_invocation
def authorize(invocation: Invocation, name: str) -> None:
    """Let a person allow the access to a mailbox, in a browser anywhere.

    NAME is that of a [[mail.oauth]] table with grant = "refresh_token". The refresh token that the provider gives is
    kept in the database; a running bot uses it from its next try on.
    """
    from bot.edges.oauth_consent import code_of, consent_url, redeem
    from storage.refresh_tokens import StoredRefreshTokens

    config = invocation.load_config()
    source = next((one for one in config.mail.oauth if one.name == name), None)
    if source is None:
        known = ", ".join(one.name for one in config.mail.oauth) or "there is none"
        raise OperatorError(f'there is no [[mail.oauth]] with the name "{name}"; known: {known}')
    servers = [*config.mail.imap, config.mail.smtp]
    mailbox = next((server.username for server in servers if server.oauth == name and server.username), "")
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    url = consent_url(source, state, verifier, mailbox)
    click.echo(
        f"Open this address in a browser, log in as {mailbox or 'the mailbox'}, and allow the access:\n\n{url}\n"
    )
    click.echo("The browser ends at http://localhost/..., which shows no page. Copy that whole address.")
    code = code_of(click.prompt("The address", prompt_suffix=":\n"), source, state)

    async def get_and_keep() -> None:
        token = await redeem(source, code, verifier)
        given = source.refresh_token.get_secret_value() if source.refresh_token else ""
        async with opened_database(invocation) as database:
            await StoredRefreshTokens(database).keep(name, given, token)

    asyncio.run(get_and_keep())
    click.echo(f"{source.called}: the access is allowed, and kept in the database.")
