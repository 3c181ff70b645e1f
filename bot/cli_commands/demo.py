"""`hezo360 demo`: the bot with everything around it on this machine, and a page to play both sides."""

from __future__ import annotations

import asyncio
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.errors import OperatorError

if TYPE_CHECKING:
    from bot.sandbox.demo import Demo


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8360, show_default=True, help="Of the page; 0 is any.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder in which the database stays; else it is deleted at the end.",
)
@click.option("--no-story", is_flag=True, help="Start with an empty page.")
@click.option(
    "--language", type=click.Choice(["pl", "en"]), default="pl", show_default=True, help="Of the texts for staff."
)
def demo(port: int, keep: Path | None, no_story: bool, language: str) -> None:
    """Play with the bot: mail servers, Slack and a page on this machine.

    Needs no configuration, no account and no network. Ends with Ctrl-C.
    """
    if find_spec("aiosmtpd") is None or find_spec("pymap") is None:
        raise OperatorError("the demo's mail servers are not installed: pip install -r requirements/demo.txt")
    from bot.config import LogConfig
    from bot.logs import configure_logs
    from bot.sandbox.demo import Demo

    configure_logs(LogConfig(level="warning", format="text"), sys.stderr)
    asyncio.run(_run(Demo(port=port, keep=keep, story=not no_story, language="en" if language == "en" else "pl"), keep))


async def _run(demo: Demo, keep: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    starting = asyncio.ensure_future(demo.start())
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return
    starting.result()
    click.echo(f"The sandbox is at {demo.page.url}  (Ctrl-C ends it)")
    await stopped
    click.echo("Stopping ...")
    await demo.stop()
    if keep is not None:
        click.echo(f"The database is in {keep}.")
