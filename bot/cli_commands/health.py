"""`hezo360 health`: asks the running bot on this machine; made for a container's HEALTHCHECK."""

from __future__ import annotations

from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

import click

from bot.cli import Invocation, pass_invocation
from bot.config import HealthConfig
from bot.errors import OperatorError

_TIMEOUT_SECONDS = 5
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read here, not listened on


@click.command()
@pass_invocation
@click.pass_context
def health(ctx: click.Context, invocation: Invocation) -> None:
    """Ask the running bot whether all is well.

    Prints the bot's answer. Exit code 0 when all is well, 1 when it is not or nobody answers.
    """
    healthy, answer = ask(invocation.load_config().health)
    click.echo(answer, err=not healthy)
    ctx.exit(0 if healthy else 1)


def ask(config: HealthConfig) -> tuple[bool, str]:
    """Ask the health endpoint; gives whether all is well, and the answer or the reason for its absence.

    Raises:
        OperatorError: The port is not fixed in the configuration.
    """
    if config.port == 0:
        raise OperatorError(
            "health.port is 0, which takes a free port at each start; give it a number to be able to ask"
        )
    host = _ANY_ADDRESS.get(config.host, config.host)
    url = f"http://{f'[{host}]' if ':' in host else host}:{config.port}/healthz"
    try:
        # No proxy: the answer is wanted from this machine, whatever the environment says about others.
        with build_opener(ProxyHandler({})).open(url, timeout=_TIMEOUT_SECONDS) as response:
            return True, response.read(65536).decode(errors="replace")
    except HTTPError as error:
        with error:
            return False, error.read(65536).decode(errors="replace")
    except HTTPException as error:
        said = f"something else than the bot answers there ({type(error).__name__})"
        return False, f"{url}: {said}; give [health] port a number that is free"
    except URLError as error:
        return False, f"{url}: no answer ({error.reason}); is the bot running?"
    except OSError as error:
        return False, f"{url}: no answer ({error}); is the bot running?"
