"""`hezo360 backup` and `hezo360 restore`: a copy of everything stored, made while the bot runs, and put back."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli import Invocation, pass_invocation


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@pass_invocation
def backup(invocation: Invocation, file: Path) -> None:
    """Copy everything stored into a new file, while the bot runs.

    The copy is one state of everything, is checked, and is readable by nobody else; an existing file is never
    overwritten. Mails that came later are still in the mailbox's folders. For PostgreSQL use pg_dump.
    """
    from storage.backup import back_up

    revision = back_up(invocation.load_config().database.url.get_secret_value(), file)
    click.echo(f"{file}: {file.stat().st_size} octets, revision {revision}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@pass_invocation
def restore(invocation: Invocation, file: Path) -> None:
    """Put a backup where the configuration says that the database is.

    Nothing is overwritten: an existing database has to be moved away first, with its -wal and -shm files. A backup of a
    newer version is refused; one of an older version is brought up to date by the next start. New tickets are numbered
    10,000 further on, as customers and Slack hold the numbers and buttons of those that were opened after the backup.
    """
    from storage.backup import restore as put_back

    revision = put_back(invocation.load_config().database.url.get_secret_value(), file)
    click.echo(f"restored, revision {revision}; hezo360 doctor, then start the bot")
