"""`hezo360 run`: the bot itself, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import sys

import click

from bot.cli import Invocation, pass_invocation
from bot.collecting import not_collecting


@click.command()
@pass_invocation
def run(invocation: Invocation) -> None:
    """Run the bot until it is stopped by SIGTERM or Ctrl-C.

    A mail server or Slack that is down does not stop it: it says so, and goes on when they are back.
    """
    with not_collecting():
        from bot.app import run_until_stopped
        from bot.edges.clock import SystemClock
        from bot.logs import configure_logs

    config = invocation.load_config()
    configure_logs(config.log, sys.stderr, invocation.secrets)
    asyncio.run(run_until_stopped(config, SystemClock()))
